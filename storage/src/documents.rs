//! Documents of twins and the chunks that retrieval searches.

use protocol::{ChunkId, DocumentId, TwinId};

use crate::{FileKey, Storage, StorageError};

/// A document of a twin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The document's id.
    pub id: DocumentId,
    /// The twin that knows it.
    pub twin_id: TwinId,
    /// The name that its owner gave it.
    pub name: String,
    /// Its media type, such as `text/plain`.
    pub media_type: String,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// SHA-256 of the file; one twin has it once.
    pub sha256: [u8; 32],
    /// Where the file is kept.
    pub file_key: FileKey,
    /// How many chunks it was cut into.
    pub chunk_count: u32,
    /// When it was uploaded, in UTC milliseconds.
    pub created_at: i64,
}

/// A piece of a document, the unit of retrieval.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The chunk's id.
    pub id: ChunkId,
    /// The document that it is cut from.
    pub document_id: DocumentId,
    /// That document's name; read from the document, so its value does not matter when a chunk is stored.
    pub document_name: String,
    /// Its place in the document: 0, 1, 2, …
    pub ordinal: u32,
    /// The headings above it, outermost first, joined by " › "; empty where there are none.
    pub section: String,
    /// Its text.
    pub text: String,
    /// Its embedding.
    pub vector: Vec<f32>,
}

impl Storage {
    /// Stores a document with all its chunks, or nothing. `Conflict` when the twin has the same file already,
    /// `LimitReached` when it has `documents_max`, `NotFound` when the twin is gone.
    pub async fn insert_document(
        &self,
        document: Document,
        chunks: Vec<Chunk>,
        documents_max: u64,
    ) -> Result<(), StorageError> {
        let _ = (document, chunks, documents_max);
        unimplemented!()
    }

    /// A twin's documents, oldest first.
    pub async fn documents_of(&self, twin: TwinId) -> Result<Vec<Document>, StorageError> {
        let _ = twin;
        unimplemented!()
    }

    /// The document with this id.
    pub async fn document(&self, id: DocumentId) -> Result<Option<Document>, StorageError> {
        let _ = id;
        unimplemented!()
    }

    /// Deletes a document with its chunks and every quote of it under a reply. Returns its file. `NotFound` when
    /// it is gone.
    pub async fn delete_document(&self, id: DocumentId) -> Result<FileKey, StorageError> {
        let _ = id;
        unimplemented!()
    }

    /// All chunks of a twin, document by document, in their order.
    pub async fn chunks_of(&self, twin: TwinId) -> Result<Vec<Chunk>, StorageError> {
        let _ = twin;
        unimplemented!()
    }
}
