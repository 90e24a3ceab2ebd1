//! What a twin knows: its documents' chunks and their vectors, searched exactly.

use protocol::Source;
use storage::Chunk;
use unicode_segmentation::UnicodeSegmentation;

/// Sentences of one passage that may stand in a prompt: a small model answers from one or two, and gets lost in more.
const SENTENCES_MAX: usize = 2;

/// Sentences less alike to the query than this share of the best one are noise to a small model.
const SHARE_OF_BEST_MIN: f32 = 0.8;

/// The chunks of one twin; a person's corpus is small, so every vector is compared.
#[derive(Default)]
pub(super) struct Knowledge {
    chunks: Vec<Chunk>,
}

impl Knowledge {
    /// Takes the chunks of one twin; their vectors are L2-normalised.
    pub(super) fn new(chunks: Vec<Chunk>) -> Self {
        Self { chunks }
    }

    /// Whether there is anything to search.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The at most `count` chunks most alike to a normalised query, best first, none under `score_min`.
    ///
    /// The score is the cosine of the two vectors: their dot product, as both have length 1.
    pub(super) fn search(&self, query: &[f32], count: usize, score_min: f32) -> Vec<Source> {
        let mut scored: Vec<(f32, &Chunk)> = self
            .chunks
            .iter()
            .map(|chunk| (dot(query, &chunk.vector), chunk))
            .filter(|(score, _)| *score >= score_min)
            .collect();
        scored.sort_by(|(left, _), (right, _)| right.total_cmp(left));
        scored.truncate(count);
        scored
            .into_iter()
            .map(|(score, chunk)| source(score, chunk))
            .collect()
    }
}

fn source(score: f32, chunk: &Chunk) -> Source {
    Source {
        document_id: chunk.document_id,
        document: chunk.document_name.clone(),
        section: chunk.section.clone(),
        quote: chunk.text.clone(),
        score,
    }
}

/// The sentences of a passage, in order; lines that were wrapped are joined first.
pub(super) fn sentences(passage: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    for paragraph in passage.split("\n\n") {
        let joined = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        let whole = joined
            .unicode_sentences()
            .map(|sentence| sentence.trim().to_owned());
        sentences.extend(whole.filter(|sentence| !sentence.is_empty()));
    }
    sentences
}

/// Cuts passages down to their sentences most alike to the query, and puts the passage with the best sentence first.
///
/// Of each passage at most [`SENTENCES_MAX`] stay, and only those at least [`SHARE_OF_BEST_MIN`] times as alike as the
/// best of all; a passage of which none stays is left out. `vectors` are those of [`sentences`] of each passage, one
/// after the other.
pub(super) fn cut_to_sentences(
    passages: Vec<Source>,
    query: &[f32],
    vectors: &[Vec<f32>],
) -> Vec<Source> {
    let scores: Vec<f32> = vectors.iter().map(|vector| dot(query, vector)).collect();
    let best = scores.iter().copied().fold(0.0, f32::max);
    let mut scores = scores.into_iter();
    let mut cut: Vec<(f32, Source)> = Vec::new();
    for mut passage in passages {
        let mut stay: Vec<(usize, f32, String)> = sentences(&passage.quote)
            .into_iter()
            .zip(scores.by_ref())
            .enumerate()
            .map(|(place, (sentence, score))| (place, score, sentence))
            .filter(|(_, score, _)| *score >= best * SHARE_OF_BEST_MIN)
            .collect();
        stay.sort_by(|(_, left, _), (_, right, _)| right.total_cmp(left));
        stay.truncate(SENTENCES_MAX);
        let Some((_, best_of_passage, _)) = stay.first() else {
            continue;
        };
        let best_of_passage = *best_of_passage;
        stay.sort_by_key(|(place, _, _)| *place);
        let sentences: Vec<String> = stay.into_iter().map(|(_, _, sentence)| sentence).collect();
        passage.quote = sentences.join(" ");
        cut.push((best_of_passage, passage));
    }
    cut.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    cut.into_iter().map(|(_, passage)| passage).collect()
}

/// The dot product; a vector of another width (another model's) matches nothing.
fn dot(left: &[f32], right: &[f32]) -> f32 {
    if left.len() != right.len() {
        return f32::NEG_INFINITY;
    }
    left.iter()
        .zip(right)
        .map(|(left, right)| left * right)
        .sum()
}

#[cfg(test)]
mod tests {
    use protocol::{ChunkId, DocumentId};

    use super::*;

    fn chunk(text: &str, vector: Vec<f32>) -> Chunk {
        Chunk {
            id: ChunkId::new(),
            document_id: DocumentId::new(),
            document_name: "notes.md".to_owned(),
            ordinal: 0,
            section: String::new(),
            text: text.to_owned(),
            vector,
        }
    }

    #[test]
    fn a_wrapped_paragraph_gives_whole_sentences() {
        let text = "The lens has 214\nprisms. It weighs 980 kg!\n\nUlla died\nin Kalmar.";
        let expected = [
            "The lens has 214 prisms.",
            "It weighs 980 kg!",
            "Ulla died in Kalmar.",
        ];
        assert_eq!(sentences(text), expected);
    }

    #[test]
    fn passages_are_cut_to_their_best_sentences_in_order_and_the_best_passage_comes_first() {
        let knowledge = Knowledge::new(vec![
            chunk("One. Two. Three.", vec![1.0, 0.0]),
            chunk("Four.", vec![0.9, 0.0]),
        ]);
        let passages = knowledge.search(&[1.0, 0.0], 2, 0.0);
        let vectors = [0.42, 0.1, 0.45, 0.5].map(|score| vec![score, 0.0]);
        let cut = cut_to_sentences(passages, &[1.0, 0.0], &vectors);
        let quotes: Vec<&str> = cut.iter().map(|source| source.quote.as_str()).collect();
        assert_eq!(quotes, ["Four.", "One. Three."]);
    }

    #[test]
    fn the_most_alike_come_first_and_the_unlike_not_at_all() {
        let knowledge = Knowledge::new(vec![
            chunk("across", vec![0.0, 1.0]),
            chunk("near", vec![0.8, 0.6]),
            chunk("same", vec![1.0, 0.0]),
            chunk("of another model", vec![1.0, 0.0, 0.0]),
        ]);
        let found = knowledge.search(&[1.0, 0.0], 3, 0.1);
        let quotes: Vec<&str> = found.iter().map(|source| source.quote.as_str()).collect();
        assert_eq!(quotes, ["same", "near"]);
    }
}
