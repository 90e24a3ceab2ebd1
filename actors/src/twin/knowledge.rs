//! What knows the answer: a twin's passages, searched by meaning and by words at once.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use half::f16;
use half::slice::HalfFloatSliceExt;
use protocol::{DocumentId, GroupId, Source, UserId};
use storage::{Audience, Chunk, Document};

use super::audience::{Listeners, Told};
use super::lexical::{Asked, Lexical, LexicalBuilder};

/// What is at least this alike to a correction is about the same matter: of 56 pairs of sentences about different matters all-MiniLM
/// gives all but one less, half of them under 0.14, and "I live in a small flat in Bergen." is 0.36 to "I moved to Oslo in May.".
pub(super) const SAME_MATTER_SCORE_MIN: f32 = 0.33;

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
const MEASURED_UNRELATED: f32 = 0.077;

/// Passages of each of the two lists that are fused: what stands lower in one of them changes nothing about the first few.
const FUSED_FROM: usize = 100;

/// The passages of one twin; a person's corpus is small, so every vector is compared.
#[derive(Default)]
pub struct Knowledge {
    documents: Vec<Known>,
    passages: Vec<Passage>,
    /// The vectors by their width: those of another model than the question's match nothing.
    vectors: BTreeMap<usize, Vectors>,
    words: Lexical,
}

/// A document, and whom the twin may tell what it says.
struct Known {
    id: DocumentId,
    name: String,
    audience: Audience,
    told: Told,
}

/// A piece of a document.
struct Passage {
    /// Its place among the documents.
    document: u32,
    section: Box<str>,
    text: Box<str>,
}

/// Vectors of one width, in half precision: the rounding is a thousandth of what tells one passage from another.
#[derive(Default)]
struct Vectors {
    /// The passages that they are of, in order.
    passages: Vec<u32>,
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
    fn is_read(&self) -> bool {
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

/// The cosine of a model that is so alike, as [`alike`] tells it.
pub(super) fn cosine_of(alike: f32, unrelated: f32) -> f32 {
    let related = (alike - MEASURED_UNRELATED) / (1.0 - MEASURED_UNRELATED);
    unrelated + (1.0 - unrelated) * related
}

/// A passage that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Its place among all of the twin's.
    pub passage: u32,
    /// How alike it is to the question: the cosine of the two vectors, 0 where they are of different models.
    pub cosine: f32,
    /// How much of the question's words it holds, 0 to 1.
    pub words: f32,
    /// How sure it is that it is about what is asked.
    pub relevance: f32,
}

impl Knowledge {
    /// Takes the documents of one twin and their chunks, whose vectors are L2-normalised. It takes a while: nobody waits for
    /// the thread that does it.
    pub fn new(
        documents: &[Document],
        chunks: Vec<Chunk>,
        in_groups: &HashMap<GroupId, Vec<UserId>>,
    ) -> Self {
        let known = documents.iter().map(|document| Known {
            id: document.id,
            name: document.name.clone(),
            told: Told::of(&document.audience, in_groups),
            audience: document.audience.clone(),
        });
        let places = documents.iter().map(|document| document.id).zip(0_u32..);
        let places: HashMap<DocumentId, u32> = places.collect();
        let mut passages = Vec::with_capacity(chunks.len());
        let mut vectors: BTreeMap<usize, Vectors> = BTreeMap::new();
        let mut words = LexicalBuilder::default();
        for chunk in chunks {
            // Nobody may be told what no document says.
            let Some(document) = places.get(&chunk.document_id) else {
                continue;
            };
            let alike = vectors.entry(chunk.vector.len()).or_default();
            alike.passages.push(passages.len() as u32);
            let numbers = chunk.vector.iter().map(|number| f16::from_f32(*number));
            alike.numbers.extend(numbers);
            words.add(&[&chunk.section, &chunk.text]);
            passages.push(Passage {
                document: *document,
                section: chunk.section.into(),
                text: chunk.text.into(),
            });
        }
        for alike in vectors.values_mut() {
            alike.passages.shrink_to_fit();
            alike.numbers.shrink_to_fit();
        }
        Self {
            documents: known.collect(),
            passages,
            vectors,
            words: words.finish(),
        }
    }

    /// Whether those who listen may be told a passage.
    fn heard_by(&self, listeners: &Listeners) -> impl Fn(u32) -> bool {
        let documents = self.documents.iter();
        let heard: Vec<bool> = documents
            .map(|document| document.told.reaches(listeners))
            .collect();
        move |passage| heard[self.passages[passage as usize].document as usize]
    }

    /// Whom the twin may tell what the document says that is about the same matter as a vector, if one is.
    pub(super) fn audience_of_nearest(&self, vector: &[f32]) -> Option<Audience> {
        let scored = self.cosines(vector, |_| true);
        let best = scored.into_iter().min_by(best_first)?;
        let document = self.passages[best.0 as usize].document;
        let audience = &self.documents[document as usize].audience;
        (best.1 >= SAME_MATTER_SCORE_MIN).then(|| audience.clone())
    }

    /// Whether there is nothing that those who listen may be told.
    pub(super) fn is_empty_for(&self, listeners: &Listeners) -> bool {
        let heard = self.heard_by(listeners);
        !(0..self.passages.len() as u32).any(heard)
    }

    /// The at most `count` passages most alike to a question's vector of those that all who listen may be told, with their
    /// cosines, best first.
    pub fn by_meaning(
        &self,
        vector: &[f32],
        listeners: &Listeners,
        count: usize,
    ) -> Vec<(u32, f32)> {
        best(self.cosines(vector, self.heard_by(listeners)), count)
    }

    /// The at most `count` passages that hold most of a question's words of those that all who listen may be told, with their
    /// scores (BM25), best first; and what it asks for.
    pub fn by_words(
        &self,
        text: &str,
        listeners: &Listeners,
        count: usize,
    ) -> (Asked, Vec<(u32, f32)>) {
        let (asked, scored) = self.words.search(text, self.heard_by(listeners));
        (asked, best(scored, count))
    }

    /// The at most `count` passages that answer a question best of those that all who listen may be told, best first, by their
    /// ranks by meaning and by words together; and what it asks for.
    pub fn search(
        &self,
        query: Query<'_>,
        listeners: &Listeners,
        count: usize,
    ) -> (Asked, Vec<Found>) {
        let by_meaning = self.by_meaning(query.vector, listeners, FUSED_FROM);
        let (asked, by_words) = self.by_words(query.text, listeners, FUSED_FROM);
        let weight = match query.is_read() {
            true => READ_WEIGHT,
            false => UNREAD_WEIGHT,
        };
        let fused = fuse(&[(weight, &by_meaning), (1.0, &by_words)]);
        let found = fused.into_iter().take(count).map(|(place, _)| {
            let passage = &self.passages[place as usize];
            let cosine = self.cosine(query.vector, place);
            let words = asked.share_in(&[&passage.section, &passage.text]);
            Found {
                passage: place,
                cosine: cosine.unwrap_or_default(),
                words,
                relevance: query.relevance(cosine, words),
            }
        });
        let found = found.collect();
        (asked, found)
    }

    /// A passage as a citation.
    pub fn source(&self, found: Found) -> Source {
        let passage = &self.passages[found.passage as usize];
        let document = &self.documents[passage.document as usize];
        Source {
            document_id: document.id,
            document: document.name.clone(),
            section: passage.section.to_string(),
            quote: passage.text.to_string(),
            score: found.cosine,
        }
    }

    /// How many passages there are.
    pub fn len(&self) -> usize {
        self.passages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.passages.is_empty()
    }

    /// Bytes that it holds: texts, vectors, and the index of words.
    pub fn bytes(&self) -> [usize; 3] {
        let texts = self.passages.iter();
        let texts =
            texts.map(|passage| size_of::<Passage>() + passage.section.len() + passage.text.len());
        let vectors = self.vectors.values().map(|alike| {
            size_of_val(alike.passages.as_slice()) + size_of_val(alike.numbers.as_slice())
        });
        [texts.sum(), vectors.sum(), self.words.bytes()]
    }

    /// The cosine of a vector and each passage that may be searched: their dot product, as both have length 1.
    fn cosines(&self, vector: &[f32], may_search: impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
        let Some(alike) = self.vectors.get(&vector.len()) else {
            return Vec::new();
        };
        let mut row = vec![0.0; vector.len()];
        let mut cosines = Vec::with_capacity(alike.passages.len());
        let rows = alike.numbers.chunks_exact(vector.len().max(1));
        for (passage, numbers) in alike.passages.iter().zip(rows) {
            if may_search(*passage) {
                numbers.convert_to_f32_slice(&mut row);
                cosines.push((*passage, dot(vector, &row)));
            }
        }
        cosines
    }

    fn cosine(&self, vector: &[f32], passage: u32) -> Option<f32> {
        let width = vector.len();
        let alike = self.vectors.get(&width)?;
        let row = alike.passages.binary_search(&passage).ok()?;
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
        for (rank, (passage, _)) in (1_u16..).zip(*ranking) {
            *scores.entry(*passage).or_default() += weight / (RANK_OFFSET + f32::from(rank));
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

    fn query<'a>(text: &'a str, vector: &'a [f32]) -> Query<'a> {
        Query {
            text,
            vector,
            unknown_share: 0.0,
            unrelated_cosine: MEASURED_UNRELATED,
        }
    }

    /// What is found for a question, as citations.
    fn search(
        knowledge: &Knowledge,
        text: &str,
        vector: &[f32],
        listeners: &Listeners,
    ) -> Vec<Source> {
        let (_, found) = knowledge.search(query(text, vector), listeners, 10);
        found
            .into_iter()
            .map(|found| knowledge.source(found))
            .collect()
    }

    #[test]
    fn the_most_alike_come_first_and_those_of_another_model_not_at_all() {
        let knowledge = public(vec![
            chunk("across", vec![0.0, 1.0]),
            chunk("near", vec![0.8, 0.6]),
            chunk("same", vec![1.0, 0.0]),
            chunk("of another model", vec![1.0, 0.0, 0.0]),
        ]);
        let found = search(&knowledge, "", &[1.0, 0.0], &Listeners::nobody());
        assert_eq!(quotes(&found), ["same", "near", "across"]);
    }

    #[test]
    fn what_stands_in_both_rankings_comes_before_what_is_first_in_one() {
        let knowledge = public(vec![
            chunk("It sings at noon.", vec![1.0, 0.0]),
            chunk("Only the canary sings.", vec![0.8, 0.6]),
            chunk("A canary, canary, canary.", vec![1.0]),
        ]);
        let listeners = Listeners::nobody();
        let (_, by_words) = knowledge.by_words("canary", &listeners, 10);
        let by_words: Vec<u32> = by_words.iter().map(|(place, _)| *place).collect();
        assert_eq!(by_words, [2, 1]);
        let found = search(&knowledge, "canary", &[1.0, 0.0], &listeners);
        let expected = [
            "Only the canary sings.",
            "It sings at noon.",
            "A canary, canary, canary.",
        ];
        assert_eq!(quotes(&found), expected);
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
            let found = search(&knowledge, "", &[1.0], listeners);
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
