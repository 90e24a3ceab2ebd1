//! Taking documents in: checked, cut along their structure, embedded, kept.
//!
//! 1. `content` says what the bytes are, or why they are not accepted.
//! 2. `sections` and `pieces` cut the text along headings, paragraphs and sentences.
//! 3. The pieces are embedded, in batches.
//! 4. The file goes to the file store and the document with all its pieces to the database: both or neither.

mod blocks;
mod content;
mod file_name;
pub mod metrics;
mod pieces;
mod sections;

use std::time::Instant;

use bytes::Bytes;
use protocol::{ChunkId, DocumentId, TwinId};
use sha2::{Digest, Sha256};
use storage::{Chunk, Document, FileKey, Files, Storage, StorageError};

pub use content::{ContentError, MediaType};
pub(crate) use content::{is_binary, recognised};
pub use file_name::display_name;
pub use pieces::{PIECE_TOKENS_MAX, Piece};

use crate::clock::Clock;
use crate::embeddings::{EmbeddingError, Embeddings};

/// Pieces of one document: about 1.4 MB of text, a long book; a twin holds all of its pieces in memory.
pub const CHUNKS_PER_DOCUMENT_MAX: usize = 2_000;

/// Bytes of text of one document: what makes so many pieces and more is refused before any work is done on it.
pub const TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The name of a document whose client gave none that could be shown.
const NAMELESS: &str = "document.txt";

/// Pieces that are embedded at once: enough to fill the model's batch, few enough that replies get their turn between.
const EMBED_BATCH: usize = 32;

/// Takes documents in and lets files go. Clones share everything.
#[derive(Debug, Clone)]
pub struct Ingest {
    storage: Storage,
    files: Files,
    embeddings: Embeddings,
    clock: Clock,
    documents_max: u64,
}

/// A document as it was uploaded.
#[derive(Debug)]
pub struct NewDocument {
    /// The twin that is to know it.
    pub twin_id: TwinId,
    /// The name that the client gave; it may be anything.
    pub file_name: Option<String>,
    /// The bytes.
    pub content: Bytes,
}

/// Why a document is not taken in; then nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The bytes are no text that is accepted.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// There is more text than a twin may keep of one document.
    #[error(
        "the document makes more than {CHUNKS_PER_DOCUMENT_MAX} pieces, which is about a megabyte of text: split it"
    )]
    TooManyPieces,
    /// The pieces could not be embedded.
    #[error(transparent)]
    Embedding(#[from] EmbeddingError),
    /// The database or the file store refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The task that cuts or stores the document ended.
    #[error("the task that works on the document failed: {0}")]
    Task(String),
}

impl Ingest {
    /// Takes documents into this database and file store.
    pub fn new(
        storage: Storage,
        files: Files,
        embeddings: Embeddings,
        clock: Clock,
        documents_max: u64,
    ) -> Self {
        Self {
            storage,
            files,
            embeddings,
            clock,
            documents_max,
        }
    }

    /// Takes a document in.
    ///
    /// # Errors
    /// See [`IngestError`].
    pub async fn add(&self, new: NewDocument) -> Result<Document, IngestError> {
        let begun = Instant::now();
        let outcome = self.take_in(new).await;
        metrics::ended(&outcome, begun.elapsed());
        outcome
    }

    async fn take_in(&self, new: NewDocument) -> Result<Document, IngestError> {
        let name = display_name(new.file_name.as_deref(), NAMELESS);
        let media_type = MediaType::of(&name);
        let content = new.content.clone();
        // Megabytes take seconds to cut: not on a thread that serves sockets.
        let cut = tokio::task::spawn_blocking(move || cut(&content, media_type))
            .await
            .map_err(|error| IngestError::Task(error.to_string()))??;
        let vectors = self.embed(&cut).await?;
        let id = DocumentId::new();
        let document = Document {
            id,
            twin_id: new.twin_id,
            name: name.clone(),
            media_type: media_type.as_str().to_owned(),
            size_bytes: new.content.len() as u64,
            sha256: Sha256::digest(&new.content).into(),
            file_key: FileKey::new(),
            chunk_count: u32::try_from(cut.len()).expect("checked against the limit above"),
            created_at: self.clock.now_ms(),
        };
        let chunks = (0_u32..)
            .zip(cut.into_iter().zip(vectors))
            .map(|(ordinal, (piece, vector))| Chunk {
                id: ChunkId::new(),
                document_id: id,
                document_name: name.clone(),
                ordinal,
                section: piece.section,
                text: piece.text,
                vector,
            })
            .collect();
        self.keep(document, chunks, new.content).await
    }

    /// The bytes of a document, as they were uploaded.
    ///
    /// # Errors
    /// See [`StorageError`].
    pub async fn content(&self, document: &Document) -> Result<Bytes, StorageError> {
        self.files.get(document.file_key).await
    }

    /// Deletes files that nothing refers to any more. One that cannot be deleted now is named in the log.
    pub async fn delete_files(&self, files: Vec<FileKey>) {
        for file in files {
            if let Err(error) = self.files.delete(file).await {
                tracing::error!(%file, %error, "a file could not be deleted");
            }
        }
    }

    async fn embed(&self, pieces: &[Piece]) -> Result<Vec<Vec<f32>>, EmbeddingError> {
        let mut vectors = Vec::with_capacity(pieces.len());
        for batch in pieces.chunks(EMBED_BATCH) {
            let texts: Vec<String> = batch.iter().map(Piece::embedded_text).collect();
            let wanted = texts.len();
            let mut embedded = self.embeddings.embed_document(texts).await?;
            if embedded.len() != wanted {
                let got = embedded.len();
                let reason = format!("{got} vectors came back for {wanted} texts");
                return Err(EmbeddingError::Failed(reason));
            }
            vectors.append(&mut embedded);
        }
        Ok(vectors)
    }

    /// Keeps the file and the document, on a task of its own: a client that hangs up must not leave a file without a document.
    async fn keep(
        &self,
        document: Document,
        chunks: Vec<Chunk>,
        content: Bytes,
    ) -> Result<Document, IngestError> {
        let this = self.clone();
        let kept = tokio::spawn(async move {
            let file = document.file_key;
            let stored = async {
                this.files.put(file, content).await?;
                this.storage
                    .insert_document(document.clone(), chunks, this.documents_max)
                    .await
            };
            if let Err(error) = stored.await {
                this.delete_files(vec![file]).await;
                return Err(error);
            }
            Ok(document)
        });
        let kept = kept
            .await
            .map_err(|error| IngestError::Task(error.to_string()))?;
        Ok(kept?)
    }
}

/// Checks the bytes and cuts them; stops at the first piece too many.
fn cut(content: &[u8], media_type: MediaType) -> Result<Vec<Piece>, IngestError> {
    let text = content::text(content)?;
    if text.len() > TEXT_BYTES_MAX {
        return Err(IngestError::TooManyPieces);
    }
    let pieces = match media_type {
        MediaType::Markdown => pieces::of_markdown(text, CHUNKS_PER_DOCUMENT_MAX + 1),
        MediaType::Plain => pieces::of_plain_text(text, CHUNKS_PER_DOCUMENT_MAX + 1),
    };
    match pieces.len() > CHUNKS_PER_DOCUMENT_MAX {
        true => Err(IngestError::TooManyPieces),
        false => Ok(pieces),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use inference::{Embedder, EngineError, HashedEmbedder, TextForm, TokenCounter};
    use protocol::UserId;
    use storage::{Database, Twin, User, Visibility};

    use super::*;

    /// Notes what it is asked to embed.
    struct Noting(Arc<Mutex<Vec<(TextForm, String)>>>);

    impl Embedder for Noting {
        fn name(&self) -> &str {
            "noting"
        }

        fn dimensions(&self) -> usize {
            1
        }

        fn token_counter(&self) -> TokenCounter {
            HashedEmbedder::new(1).token_counter()
        }

        fn embed_as(
            &mut self,
            form: TextForm,
            texts: &[&str],
        ) -> Result<Vec<Vec<f32>>, EngineError> {
            let noted = texts.iter().map(|text| (form, (*text).to_owned()));
            self.0.lock().unwrap().extend(noted);
            Ok(vec![vec![1.0]; texts.len()])
        }
    }

    #[actix_web::test]
    async fn the_pieces_of_a_document_are_embedded_as_passages() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db.sqlite");
        let storage = Storage::open(&Database::Sqlite { path }).await.unwrap();
        storage.migrate().await.unwrap();
        let (owner_id, twin_id) = (UserId::new(), TwinId::new());
        let owner = User {
            id: owner_id,
            email: "kim@example.com".to_owned(),
            name: "Kim".to_owned(),
            password_hash: String::new(),
            created_at: 0,
            invisible: false,
            is_admin: false,
            disabled_at: None,
        };
        storage.create_user(owner).await.unwrap();
        let twin = Twin {
            id: twin_id,
            owner_id,
            name: "Ada".to_owned(),
            persona: "You keep a lighthouse.".to_owned(),
            greeting: String::new(),
            language: String::new(),
            visibility: Visibility::Private,
            created_at: 0,
            updated_at: 0,
            oversight_since: None,
        };
        storage.create_twin(twin, 1).await.unwrap();
        let noted = Arc::default();
        let ingest = Ingest::new(
            storage,
            Files::in_folder(&folder.path().join("files"))
                .await
                .unwrap(),
            Embeddings::own(Box::new(Noting(Arc::clone(&noted)))),
            Clock::System,
            10,
        );
        let document = NewDocument {
            twin_id,
            file_name: Some("ferry.txt".to_owned()),
            content: Bytes::from_static(b"The ferry has the colour of ripe apricots."),
        };
        ingest.add(document).await.unwrap();
        let noted = noted.lock().unwrap();
        let [(TextForm::Passage, text)] = &noted[..] else {
            panic!("{noted:?}")
        };
        assert!(text.contains("ripe apricots"), "{text}");
    }
}
