//! What of the passages that were found is shown: the sentences that a question is about.

use protocol::Source;
use unicode_segmentation::UnicodeSegmentation;

use super::index::{Query, SAME_MATTER_MIN, alike, dot};
use super::lexical::Asked;

/// Sentences of one passage that may stand in a prompt: a small model answers from one or two, and gets lost in more.
const SENTENCES_MAX: usize = 2;

/// Sentences less alike to the query than this share of the best one are noise to a small model.
const SHARE_OF_BEST_MIN: f32 = 0.8;

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
    (query, asked): (Query<'_>, &Asked),
    vectors: &[Vec<f32>],
    overruled_by: &[&[f32]],
) -> Vec<Source> {
    let all = passages
        .iter()
        .flat_map(|passage| sentences(&passage.quote));
    let scores: Vec<f32> = all
        .zip(vectors)
        .map(|(sentence, vector)| {
            let unrelated = query.unrelated_cosine;
            let same_matter = |by: &&[f32]| alike(dot(by, vector), unrelated) >= SAME_MATTER_MIN;
            match overruled_by.iter().any(same_matter) {
                true => f32::NEG_INFINITY,
                false => query.relevance(
                    Some(dot(query.vector, vector)),
                    asked.share_in(&[&sentence]),
                ),
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

#[cfg(test)]
mod tests {
    use protocol::DocumentId;

    use super::*;

    fn passage(text: &str) -> Source {
        Source {
            document_id: DocumentId::new(),
            document: "notes.md".to_owned(),
            section: String::new(),
            quote: text.to_owned(),
            score: 0.0,
        }
    }

    fn query() -> Query<'static> {
        Query {
            text: "",
            vector: &[1.0, 0.0],
            unknown_share: 0.0,
            unrelated_cosine: 0.077,
        }
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
        let passages = vec![passage("One. Two. Three."), passage("Four.")];
        let vectors = [0.42, 0.1, 0.45, 0.5].map(|score| vec![score, 0.0]);
        let cut = cut_to_sentences(passages, (query(), &Asked::default()), &vectors, &[]);
        assert_eq!(quotes(&cut), ["Four.", "One. Three."]);
    }

    #[test]
    fn what_was_corrected_does_not_stand() {
        let passages = vec![passage("I live in Bergen. I like it.")];
        let vectors = [vec![0.8, 0.6], vec![0.8, -0.6]];
        let correction: &[f32] = &[0.6, 0.8];
        let cut = cut_to_sentences(
            passages,
            (query(), &Asked::default()),
            &vectors,
            &[correction],
        );
        assert_eq!(quotes(&cut), ["I like it."]);
    }
}
