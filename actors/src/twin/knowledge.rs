//! What a twin knows: its documents' chunks and their vectors, searched exactly.

use std::collections::HashMap;

use protocol::{DocumentId, GroupId, Source, UserId};
use storage::{Audience, Chunk, Document};
use unicode_segmentation::UnicodeSegmentation;

use super::audience::{Listeners, Told};

/// Sentences of one passage that may stand in a prompt: a small model answers from one or two, and gets lost in more.
const SENTENCES_MAX: usize = 2;

/// Sentences less alike to the query than this share of the best one are noise to a small model.
const SHARE_OF_BEST_MIN: f32 = 0.8;

/// What is at least this alike to a correction is about the same matter: of 56 pairs of sentences about different matters all-MiniLM
/// gives all but one less, half of them under 0.14, and "I live in a small flat in Bergen." is 0.36 to "I moved to Oslo in May.".
pub(super) const SAME_MATTER_SCORE_MIN: f32 = 0.33;

/// The chunks of one twin; a person's corpus is small, so every vector is compared.
#[derive(Default)]
pub(super) struct Knowledge {
    chunks: Vec<Chunk>,
    /// Whom the twin may tell what each document says; nobody what none is named for.
    told: HashMap<DocumentId, (Audience, Told)>,
}

impl Knowledge {
    /// Takes the documents of one twin and their chunks, whose vectors are L2-normalised.
    pub(super) fn new(
        documents: &[Document],
        chunks: Vec<Chunk>,
        in_groups: &HashMap<GroupId, Vec<UserId>>,
    ) -> Self {
        let told = documents.iter().map(|document| {
            let told = Told::of(&document.audience, in_groups);
            (document.id, (document.audience.clone(), told))
        });
        Self {
            chunks,
            told: told.collect(),
        }
    }

    fn heard_by(&self, listeners: &Listeners) -> impl Iterator<Item = &Chunk> {
        self.chunks.iter().filter(|chunk| {
            let told = self.told.get(&chunk.document_id);
            told.is_some_and(|(_, told)| told.reaches(listeners))
        })
    }

    /// Whom the twin may tell what the document says that is about the same matter as a vector, if one is.
    pub(super) fn audience_of_nearest(&self, vector: &[f32]) -> Option<Audience> {
        let scored = self
            .chunks
            .iter()
            .map(|chunk| (dot(vector, &chunk.vector), chunk));
        let (score, chunk) = scored.max_by(|(left, _), (right, _)| left.total_cmp(right))?;
        let (audience, _) = self.told.get(&chunk.document_id)?;
        (score >= SAME_MATTER_SCORE_MIN).then(|| audience.clone())
    }

    /// Whether there is nothing that those who listen may be told.
    pub(super) fn is_empty_for(&self, listeners: &Listeners) -> bool {
        self.heard_by(listeners).next().is_none()
    }

    /// The at most `count` chunks most alike to a normalised query of those that all who listen may be told, best first, none
    /// under `score_min`.
    ///
    /// The score is the cosine of the two vectors: their dot product, as both have length 1.
    pub(super) fn search(
        &self,
        query: &[f32],
        listeners: &Listeners,
        count: usize,
        score_min: f32,
    ) -> Vec<Source> {
        let mut scored: Vec<(f32, &Chunk)> = self
            .heard_by(listeners)
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
/// after the other. A sentence about what something in `overruled_by` says otherwise does not stay.
pub(super) fn cut_to_sentences(
    passages: Vec<Source>,
    query: &[f32],
    vectors: &[Vec<f32>],
    overruled_by: &[&[f32]],
) -> Vec<Source> {
    let scores: Vec<f32> = vectors
        .iter()
        .map(|vector| {
            let same_matter = |by: &&[f32]| dot(by, vector) >= SAME_MATTER_SCORE_MIN;
            match overruled_by.iter().any(same_matter) {
                true => f32::NEG_INFINITY,
                false => dot(query, vector),
            }
        })
        .collect();
    let best = scores.iter().copied().fold(0.0, f32::max);
    let mut scores = scores.into_iter();
    let mut cut: Vec<(f32, Source)> = Vec::new();
    for mut passage in passages {
        let mut stay: Vec<(usize, f32, String)> = sentences(&passage.quote)
            .into_iter()
            .zip(scores.by_ref())
            .enumerate()
            .map(|(place, (sentence, score))| (place, score, sentence))
            .filter(|(_, score, _)| score.is_finite() && *score >= best * SHARE_OF_BEST_MIN)
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
pub(super) fn dot(left: &[f32], right: &[f32]) -> f32 {
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
    use protocol::{ChunkId, TwinId};
    use storage::{Audience, DocumentState, FileKey};

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

    fn document(chunk: &Chunk, audience: Audience) -> Document {
        Document {
            id: chunk.document_id,
            twin_id: TwinId::new(),
            name: chunk.document_name.clone(),
            media_type: "text/markdown".to_owned(),
            size_bytes: 1,
            sha256: [0; 32],
            file_key: FileKey::new(),
            chunk_count: 1,
            created_at: 0,
            state: DocumentState::Ready,
            failure: None,
            audience,
        }
    }

    fn public(chunks: Vec<Chunk>) -> Knowledge {
        let documents: Vec<Document> = chunks
            .iter()
            .map(|chunk| document(chunk, Audience::Public))
            .collect();
        Knowledge::new(&documents, chunks, &HashMap::new())
    }

    fn quotes(sources: &[Source]) -> Vec<&str> {
        sources.iter().map(|source| source.quote.as_str()).collect()
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
        let knowledge = public(vec![
            chunk("One. Two. Three.", vec![1.0, 0.0]),
            chunk("Four.", vec![0.9, 0.0]),
        ]);
        let passages = knowledge.search(&[1.0, 0.0], &Listeners::nobody(), 2, 0.0);
        let vectors = [0.42, 0.1, 0.45, 0.5].map(|score| vec![score, 0.0]);
        let cut = cut_to_sentences(passages, &[1.0, 0.0], &vectors, &[]);
        assert_eq!(quotes(&cut), ["Four.", "One. Three."]);
    }

    #[test]
    fn what_was_corrected_does_not_stand() {
        let knowledge = public(vec![chunk("I live in Bergen. I like it.", vec![1.0, 0.0])]);
        let passages = knowledge.search(&[1.0, 0.0], &Listeners::nobody(), 1, 0.0);
        let vectors = [vec![0.8, 0.6], vec![0.8, -0.6]];
        let correction: &[f32] = &[0.6, 0.8];
        let cut = cut_to_sentences(passages, &[1.0, 0.0], &vectors, &[correction]);
        assert_eq!(quotes(&cut), ["I like it."]);
    }

    #[test]
    fn the_most_alike_come_first_and_the_unlike_not_at_all() {
        let knowledge = public(vec![
            chunk("across", vec![0.0, 1.0]),
            chunk("near", vec![0.8, 0.6]),
            chunk("same", vec![1.0, 0.0]),
            chunk("of another model", vec![1.0, 0.0, 0.0]),
        ]);
        let found = knowledge.search(&[1.0, 0.0], &Listeners::nobody(), 3, 0.1);
        assert_eq!(quotes(&found), ["same", "near"]);
    }

    #[test]
    fn what_somebody_who_listens_may_not_be_told_is_not_found() {
        let (sam, lou) = (UserId::new(), UserId::new());
        let family = GroupId::new();
        let in_groups = HashMap::from([(family, vec![lou])]);
        let named = |people: &[UserId], groups: &[GroupId]| Audience::Named {
            people: people.to_vec(),
            groups: groups.to_vec(),
        };
        let audiences = [
            ("owner", Audience::Owner),
            ("sam", named(&[sam], &[])),
            ("family", named(&[], &[family])),
            ("both", named(&[sam], &[family])),
            ("link", Audience::Link),
            ("public", Audience::Public),
        ];
        let mut chunks = Vec::new();
        let mut documents = Vec::new();
        for (text, audience) in audiences {
            let chunk = chunk(text, vec![1.0]);
            documents.push(document(&chunk, audience));
            chunks.push(chunk);
        }
        chunks.push(chunk("of no document", vec![1.0]));
        let knowledge = Knowledge::new(&documents, chunks, &in_groups);
        let found = |listeners: &Listeners| {
            let found = knowledge.search(&[1.0], listeners, 10, 0.0);
            quotes(&found).join(" ")
        };
        let all = "owner sam family both link public";
        assert_eq!(found(&Listeners::nobody()), all);
        assert_eq!(
            found(&Listeners::some(&[sam], false)),
            "sam both link public"
        );
        assert_eq!(
            found(&Listeners::some(&[lou], false)),
            "family both link public"
        );
        assert_eq!(
            found(&Listeners::some(&[sam, lou], false)),
            "both link public"
        );
        assert_eq!(found(&Listeners::some(&[sam, lou], true)), "both public");
        let stranger = Listeners::some(&[sam, lou, UserId::new()], false);
        assert_eq!(found(&stranger), "link public");
        assert!(!knowledge.is_empty_for(&stranger));
    }
}
