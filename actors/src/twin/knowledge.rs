//! What knows the answer: a twin's passages, searched by meaning and by words at once.

use std::collections::HashMap;

use protocol::{DocumentId, GroupId, Source, UserId};
use storage::{Audience, Chunk, Document};

use super::audience::{Listeners, Told};
use super::index::{Found, Index, IndexBuilder, Query, SAME_MATTER_MIN, alike};
use super::lexical::Asked;

/// The passages of one twin.
#[derive(Default)]
pub struct Knowledge {
    documents: Vec<Known>,
    passages: Vec<Passage>,
    index: Index,
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
        let mut index = IndexBuilder::default();
        for chunk in chunks {
            // Nobody may be told what no document says.
            let Some(document) = places.get(&chunk.document_id) else {
                continue;
            };
            index.add(&[&chunk.section, &chunk.text], &chunk.vector);
            passages.push(Passage {
                document: *document,
                section: chunk.section.into(),
                text: chunk.text.into(),
            });
        }
        Self {
            documents: known.collect(),
            passages,
            index: index.finish(),
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

    /// Whom the twin may tell what the document says that is about the same matter as a vector of a model with this cosine of
    /// unrelated texts, if one is.
    pub(super) fn audience_of_nearest(&self, vector: &[f32], unrelated: f32) -> Option<Audience> {
        let nearest = self.index.by_meaning(vector, |_| true, 1);
        let (place, cosine) = nearest.first()?;
        let document = self.passages[*place as usize].document;
        let audience = &self.documents[document as usize].audience;
        (alike(*cosine, unrelated) >= SAME_MATTER_MIN).then(|| audience.clone())
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
        self.index
            .by_meaning(vector, self.heard_by(listeners), count)
    }

    /// The at most `count` passages that hold most of a question's words of those that all who listen may be told, with their
    /// scores (BM25), best first; and what it asks for.
    pub fn by_words(
        &self,
        text: &str,
        listeners: &Listeners,
        count: usize,
    ) -> (Asked, Vec<(u32, f32)>) {
        self.index.by_words(text, self.heard_by(listeners), count)
    }

    /// The at most `count` passages that answer a question best of those that all who listen may be told, best first, by their
    /// ranks by meaning and by words together; and what it asks for.
    pub fn search(
        &self,
        query: Query<'_>,
        listeners: &Listeners,
        count: usize,
    ) -> (Asked, Vec<Found>) {
        let parts = |place: u32| {
            let passage: &Passage = &self.passages[place as usize];
            [&*passage.section, &*passage.text]
        };
        let heard = self.heard_by(listeners);
        self.index.search(query, heard, parts, count)
    }

    /// A passage as a citation.
    pub fn source(&self, found: Found) -> Source {
        let passage = &self.passages[found.place as usize];
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
        let [vectors, words] = self.index.bytes();
        [texts.sum(), vectors, words]
    }
}

#[cfg(test)]
mod tests {
    use protocol::{ChunkId, TwinId};
    use storage::{Audience, DocumentState, FileKey};

    use super::super::index::MEASURED_UNRELATED;
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
