//! What a twin knows: its documents' chunks and their vectors, searched exactly.

use protocol::Source;
use storage::Chunk;

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
