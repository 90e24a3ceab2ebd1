//! What answers a question: texts that are searched by meaning and by words at once, of those that may be searched.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::lexical::{Asked, Lexical, LexicalBuilder};

/// What is at least this alike to a correction is about the same matter: of 56 pairs of sentences about different matters all-MiniLM
/// gives all but one less, half of them under 0.14, and "I live in a small flat in Bergen." is 0.36 to "I moved to Oslo in May.".
pub(super) const SAME_MATTER_MIN: f32 = 0.33;

/// What is added to a rank before it counts. Cormack, Clarke and Büttcher ("Reciprocal Rank Fusion outperforms Condorcet and
/// individual Rank Learning Methods", SIGIR 2009) took 60 for rankings of thousands; among a person's passages the first few are
/// told apart better by less (`docs/benchmarks.md`).
const RANK_OFFSET: f32 = 10.0;

/// How much the ranking by meaning counts beside the one by words, where the model reads the question's language.
const READ_WEIGHT: f32 = 1.5;

/// How much where it does not: it then sees names and loan words, and little else.
const UNREAD_WEIGHT: f32 = 0.5;

/// From this share of unknown tokens on a model does not read a text: for all-MiniLM none of 289 English questions has one, and of
/// each of 114 Chinese ones they are an eighth at least.
const UNKNOWN_SHARE_MIN: f32 = 0.1;

/// How much the share of a question's words in a text counts beside its cosine: of the weights that were tried it tells questions with
/// and without an answer apart best (`docs/benchmarks.md`).
const WORDS_WEIGHT: f32 = 0.3;

/// How much that share counts where nothing can be told by meaning.
const WORDS_ALONE_WEIGHT: f32 = 2.0;

/// What [`inference::unrelated_cosine`] is for all-MiniLM.
pub(super) const MEASURED_UNRELATED: f32 = 0.077;

/// Texts of each of the two lists that are fused: what stands lower in one of them changes nothing about the first few.
const FUSED_FROM: usize = 100;

/// Texts, known by their place: 0, 1, 2, …; a person's are few, so every vector is compared.
#[derive(Default)]
pub(super) struct Index {
    /// The vectors by their width: those of another model than the question's match nothing.
    vectors: BTreeMap<usize, Vectors>,
    words: Lexical,
}

/// Vectors of one width, in half precision: the rounding is a thousandth of what tells one text from another.
#[derive(Default)]
struct Vectors {
    /// The texts that they are of, in order.
    texts: Vec<u32>,
    /// Their numbers, one vector after the other.
    numbers: Vec<f16>,
}

/// A question, as it is searched for.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// What it says.
    pub text: &'a str,
    /// Its vector, of length 1.
    pub vector: &'a [f32],
    /// The share of its tokens that the embedding model does not know.
    pub unknown_share: f32,
    /// The cosine that the embedding model gives to texts that have nothing to do with each other.
    pub unrelated_cosine: f32,
}

impl Query<'_> {
    /// Whether the embedding model reads the language that it is in.
    pub(super) fn is_read(&self) -> bool {
        self.unknown_share < UNKNOWN_SHARE_MIN
    }

    /// How sure it is that a text is about what is asked, by its cosine, if that can be told, and by how much of the question's words
    /// it holds.
    pub(super) fn relevance(&self, cosine: Option<f32>, words: f32) -> f32 {
        // Texts of letters that it does not know are all alike to a model.
        match cosine.filter(|_| self.is_read()) {
            Some(cosine) => alike(cosine, self.unrelated_cosine) + WORDS_WEIGHT * words,
            None => WORDS_ALONE_WEIGHT * words,
        }
    }
}

/// A cosine of a model as it would be of all-MiniLM, which what is compared with it was measured with: unrelated texts have the same.
pub(super) fn alike(cosine: f32, unrelated: f32) -> f32 {
    let related = (cosine - unrelated) / (1.0 - unrelated).max(f32::EPSILON);
    MEASURED_UNRELATED + (1.0 - MEASURED_UNRELATED) * related
}

/// A text that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Its place among all of the twin's.
    pub place: u32,
    /// How alike it is to the question: the cosine of the two vectors, 0 where they are of different models.
    pub cosine: f32,
    /// How much of the question's words it holds, 0 to 1.
    pub words: f32,
    /// How sure it is that it is about what is asked.
    pub relevance: f32,
}

/// Gathers texts, one after the other.
#[derive(Default)]
pub(super) struct IndexBuilder {
    vectors: BTreeMap<usize, Vectors>,
    words: LexicalBuilder,
    texts: u32,
}

impl IndexBuilder {
    /// Adds the next text, which may come in parts, and its vector, of length 1.
    pub(super) fn add(&mut self, parts: &[&str], vector: &[f32]) {
        let alike = self.vectors.entry(vector.len()).or_default();
        alike.texts.push(self.texts);
        let numbers = vector.iter().map(|number| f16::from_f32(*number));
        alike.numbers.extend(numbers);
        self.words.add(parts);
        self.texts += 1;
    }

    /// The index of all that was added.
    pub(super) fn finish(mut self) -> Index {
        for alike in self.vectors.values_mut() {
            alike.texts.shrink_to_fit();
            alike.numbers.shrink_to_fit();
        }
        Index {
            vectors: self.vectors,
            words: self.words.finish(),
        }
    }
}

impl Index {
    /// The at most `count` texts most alike to a vector, with their cosines, best first.
    pub(super) fn by_meaning(
        &self,
        vector: &[f32],
        may_search: impl Fn(u32) -> bool,
        count: usize,
    ) -> Vec<(u32, f32)> {
        best(self.cosines(vector, may_search), count)
    }

    /// The at most `count` texts that hold most of a question's words, with their scores (BM25), best first; and what it asks for.
    pub(super) fn by_words(
        &self,
        text: &str,
        may_search: impl Fn(u32) -> bool,
        count: usize,
    ) -> (Asked, Vec<(u32, f32)>) {
        let (asked, scored) = self.words.search(text, may_search);
        (asked, best(scored, count))
    }

    /// The at most `count` texts that answer a question best, best first, by their ranks by meaning and by words together; and what it
    /// asks for. `parts` gives what a text says.
    pub(super) fn search<'a, const N: usize>(
        &self,
        query: Query<'_>,
        may_search: impl Fn(u32) -> bool,
        parts: impl Fn(u32) -> [&'a str; N],
        count: usize,
    ) -> (Asked, Vec<Found>) {
        let by_meaning = self.by_meaning(query.vector, &may_search, FUSED_FROM);
        let (asked, by_words) = self.by_words(query.text, &may_search, FUSED_FROM);
        let weight = match query.is_read() {
            true => READ_WEIGHT,
            false => UNREAD_WEIGHT,
        };
        let fused = fuse(&[(weight, &by_meaning), (1.0, &by_words)]);
        let found = fused.into_iter().take(count).map(|(place, _)| {
            let cosine = self.cosine(query.vector, place);
            let words = asked.share_in(&parts(place));
            Found {
                place,
                cosine: cosine.unwrap_or_default(),
                words,
                relevance: query.relevance(cosine, words),
            }
        });
        let found = found.collect();
        (asked, found)
    }

    /// Bytes that it holds: vectors, and the index of words.
    pub(super) fn bytes(&self) -> [usize; 2] {
        let vectors = self.vectors.values().map(|alike| {
            size_of_val(alike.texts.as_slice()) + size_of_val(alike.numbers.as_slice())
        });
        [vectors.sum(), self.words.bytes()]
    }

    /// The cosine of a vector and each text that may be searched: their dot product, as both have length 1.
    fn cosines(&self, vector: &[f32], may_search: impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
        let Some(alike) = self.vectors.get(&vector.len()) else {
            return Vec::new();
        };
        let mut row = vec![0.0; vector.len()];
        let mut cosines = Vec::with_capacity(alike.texts.len());
        let rows = alike.numbers.chunks_exact(vector.len().max(1));
        for (text, numbers) in alike.texts.iter().zip(rows) {
            if may_search(*text) {
                numbers.convert_to_f32_slice(&mut row);
                cosines.push((*text, dot(vector, &row)));
            }
        }
        cosines
    }

    fn cosine(&self, vector: &[f32], text: u32) -> Option<f32> {
        let width = vector.len();
        let alike = self.vectors.get(&width)?;
        let row = alike.texts.binary_search(&text).ok()?;
        let row = &alike.numbers[row * width..(row + 1) * width];
        Some(dot(vector, &row.to_f32_vec()))
    }
}

/// The first `count` of what was scored, best first; of two that are as good the earlier one.
fn best(mut scored: Vec<(u32, f32)>, count: usize) -> Vec<(u32, f32)> {
    if count < scored.len() {
        scored.select_nth_unstable_by(count, best_first);
        scored.truncate(count);
    }
    scored.sort_unstable_by(best_first);
    scored
}

fn best_first(left: &(u32, f32), right: &(u32, f32)) -> Ordering {
    right.1.total_cmp(&left.1).then(left.0.cmp(&right.0))
}

/// One ranking of several: each adds its weight / ([`RANK_OFFSET`] + rank) to what stands in it.
fn fuse(rankings: &[(f32, &[(u32, f32)])]) -> Vec<(u32, f32)> {
    let mut scores: BTreeMap<u32, f32> = BTreeMap::new();
    for (weight, ranking) in rankings {
        for (rank, (place, _)) in (1_u16..).zip(*ranking) {
            *scores.entry(*place).or_default() += weight / (RANK_OFFSET + f32::from(rank));
        }
    }
    best(scores.into_iter().collect(), usize::MAX)
}

/// The dot product; a vector of another width (another model's) matches nothing.
pub(super) fn dot(left: &[f32], right: &[f32]) -> f32 {
    if left.len() != right.len() {
        return f32::NEG_INFINITY;
    }
    // Eight sums that do not wait for each other: the compiler may not reorder one.
    let (lefts, rights) = (left.chunks_exact(8), right.chunks_exact(8));
    let rest = lefts.remainder().iter().zip(rights.remainder());
    let rest: f32 = rest.map(|(left, right)| left * right).sum();
    let mut sums = [0.0_f32; 8];
    for (left, right) in lefts.zip(rights) {
        for lane in 0..8 {
            sums[lane] += left[lane] * right[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}
