//! Taking documents in. What is uploaded is kept at once and read afterwards, as a job that survives a restart.
//!
//! 1. [`Ingest::add`] keeps the file and a document in the state `processing`; the same content is kept once for each twin, and
//!    begun anew when it could not be read before.
//! 2. One node claims the document for as long as it works on it, with a lease that it keeps (`jobs.rs`).
//! 3. The file is read in a process of its own (`crate::extract`).
//! 4. `pieces` cuts the text along sections, paragraphs and sentences, to the length that the embedding model reads.
//! 5. The pieces are embedded, in batches; the owner's connections are told how far it is.
//! 6. Text and pieces go to the database in one transaction, which makes the document `ready`; or it is `failed`, with a reason.

mod blocks;
mod file_name;
mod jobs;
pub mod metrics;
mod pieces;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use protocol::{DocumentId, TwinId};
use sha2::{Digest, Sha256};
use storage::{
    Audience, Document, DocumentState, FileKey, Files, Forgotten, Storage, StorageError,
};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use file_name::display_name;
pub use pieces::{PIECE_TOKENS_MAX, embedded_text};

use crate::clock::Clock;
use crate::embeddings::{EmbeddingError, Embeddings};
use crate::extract::{ExportError, ExportReader, ExtractError, Extractor, Unreadable, kind};
use jobs::Jobs;
pub(crate) use jobs::code_of;

/// Pieces of one document: about 1.4 MB of text, a long book; a twin holds all of its pieces in memory.
pub const CHUNKS_PER_DOCUMENT_MAX: usize = 2_000;

/// The name of a document whose client gave none that could be shown.
const NAMELESS: &str = "document.txt";

/// The media type of what nobody has read yet.
const UNREAD: &str = "application/octet-stream";

/// How often somebody who waits for a document looks whether another node has finished it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Takes documents in and lets files go. Clones share everything.
#[derive(Debug, Clone)]
pub struct Ingest {
    parts: Arc<IngestParts>,
    extractor: Extractor,
    jobs: Jobs,
    /// Wakes whoever looks for work.
    added: Arc<Notify>,
    /// Wakes whoever waits for a document.
    ended: Arc<Notify>,
    /// The process is about to end.
    stopping: CancellationToken,
}

/// What the ingest is built from.
#[derive(Debug)]
pub struct IngestParts {
    /// The database.
    pub storage: Storage,
    /// The files.
    pub files: Files,
    /// Turns pieces into vectors, and knows how long they may be.
    pub embeddings: Embeddings,
    /// What time it is.
    pub clock: Clock,
    /// Documents that one twin may have.
    pub documents_max: u64,
    /// The program that reads documents: this one.
    pub extractor: PathBuf,
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
    /// Whom the twin may tell what it says.
    pub audience: Audience,
}

/// The file of a document that is not there yet: noted and written.
#[derive(Debug)]
pub struct StoredFile {
    /// Where it is kept.
    pub key: FileKey,
    /// Its size.
    pub size_bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

impl StoredFile {
    /// The document that has this file and is still to be read.
    pub fn document(self, of: DocumentOf) -> Document {
        Document {
            id: DocumentId::new(),
            twin_id: of.twin_id,
            name: display_name(of.file_name.as_deref(), NAMELESS),
            media_type: UNREAD.to_owned(),
            size_bytes: self.size_bytes,
            sha256: self.sha256,
            file_key: self.key,
            chunk_count: 0,
            created_at: of.created_at,
            state: DocumentState::Processing,
            failure: None,
            audience: of.audience,
        }
    }
}

/// What is known of a document beside its file.
#[derive(Debug)]
pub struct DocumentOf {
    /// The twin that is to know it.
    pub twin_id: TwinId,
    /// The name that the client gave; it may be anything.
    pub file_name: Option<String>,
    /// When it was uploaded, in UTC milliseconds.
    pub created_at: i64,
    /// Whom the twin may tell what it says.
    pub audience: Audience,
}

/// Why a document is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The bytes are no document.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
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
    /// Whatever works on the document failed.
    #[error("the task that works on the document failed: {0}")]
    Task(String),
}

impl Ingest {
    /// Puts the parts together.
    pub fn new(parts: IngestParts) -> Self {
        Self {
            extractor: Extractor::new(parts.extractor.clone()),
            parts: Arc::new(parts),
            jobs: Jobs::default(),
            added: Arc::default(),
            ended: Arc::default(),
            stopping: CancellationToken::new(),
        }
    }

    /// Keeps a document, which is read afterwards.
    ///
    /// # Errors
    /// See [`IngestError`]; then nothing of it is left behind.
    pub async fn add(&self, new: NewDocument) -> Result<Document, IngestError> {
        let added = self.keep(new).await;
        match &added {
            Ok(_) => self.look(),
            Err(error) => metrics::not_taken(error),
        }
        added
    }

    async fn keep(&self, new: NewDocument) -> Result<Document, IngestError> {
        // On a task of its own: a client that hangs up must not leave a file without a document.
        let this = self.clone();
        let kept = tokio::spawn(async move {
            let file = this.store(new.content).await?;
            let document = file.document(DocumentOf {
                twin_id: new.twin_id,
                file_name: new.file_name,
                created_at: this.parts.clock.now_ms(),
                audience: new.audience,
            });
            let (storage, max) = (&this.parts.storage, this.parts.documents_max);
            let inserted = storage.insert_document(document.clone(), Vec::new(), max);
            match inserted.await {
                Ok(let_go) => this.delete_files(let_go.as_slice()).await,
                Err(error) => {
                    this.delete_files(&[document.file_key]).await;
                    return Err(error.into());
                }
            }
            Ok(document)
        });
        let kept = kept.await;
        kept.map_err(|error| IngestError::Task(error.to_string()))?
    }

    /// Keeps the file of a document that is about to be stored with others; [`Ingest::look`] has it read then.
    ///
    /// # Errors
    /// See [`IngestError`]; then nothing of it is left behind.
    pub async fn store(&self, content: Bytes) -> Result<StoredFile, IngestError> {
        if content.is_empty() {
            return Err(Unreadable::Empty.into());
        }
        if let Some(found) = kind::not_accepted(&content) {
            let found = found.to_owned();
            return Err(Unreadable::NotAccepted { found }.into());
        }
        let file = StoredFile {
            key: FileKey::new(),
            size_bytes: content.len() as u64,
            sha256: Sha256::digest(&content).into(),
        };
        // A process that dies from here on leaves no file that nobody knows of.
        let now = self.parts.clock.now_ms();
        self.parts.storage.note_file(file.key, now).await?;
        if let Err(error) = self.parts.files.put(file.key, content).await {
            self.delete_files(&[file.key]).await;
            return Err(error.into());
        }
        Ok(file)
    }

    /// Has it looked for documents that are to be read, now.
    pub fn look(&self) {
        self.added.notify_one();
    }

    /// The document when it is ready or failed, or as it is after this time. `None` when it is gone.
    ///
    /// # Errors
    /// See [`StorageError`].
    pub async fn wait_for(
        &self,
        id: DocumentId,
        within: Duration,
    ) -> Result<Option<Document>, StorageError> {
        let begun = Instant::now();
        loop {
            // Whoever ends from here on is heard, also while the database is asked.
            let ended = self.ended.notified();
            let document = self.parts.storage.document(id).await?;
            let is_processing =
                matches!(&document, Some(document) if document.state == DocumentState::Processing);
            let left = within.saturating_sub(begun.elapsed());
            if !is_processing || left.is_zero() {
                return Ok(document);
            }
            let _ = timeout(left.min(LOOK_EVERY), ended).await;
        }
    }

    /// Opens an export of an account, in a process of its own.
    ///
    /// # Errors
    /// See [`ExportError`].
    pub fn open_export(&self, archive: File) -> Result<ExportReader, ExportError> {
        self.extractor.open_export(archive)
    }

    /// The bytes of a document, as they were uploaded.
    ///
    /// # Errors
    /// See [`StorageError`].
    pub async fn content(&self, document: &Document) -> Result<Bytes, StorageError> {
        self.parts.files.get(document.file_key).await
    }

    /// What a document says; what citations quote stands in it. Empty while it is not ready.
    ///
    /// # Errors
    /// See [`StorageError`].
    pub async fn text(&self, document: &Document) -> Result<Bytes, StorageError> {
        if document.state != DocumentState::Ready {
            return Ok(Bytes::new());
        }
        match self.parts.storage.document_text(document.id).await? {
            Some(text) => Ok(text.into()),
            None => self.content(document).await,
        }
    }

    /// Deletes a document from the database and stops the work on it. Its file is let go.
    ///
    /// # Errors
    /// See [`StorageError`]; `NotFound` when it is gone.
    pub async fn delete(&self, id: DocumentId) -> Result<Forgotten, StorageError> {
        let now = self.parts.clock.now_ms();
        let forgotten = self.parts.storage.delete_document(id, now).await?;
        self.jobs.cancel(id);
        self.ended.notify_waiters();
        Ok(forgotten)
    }

    /// Deletes files that were let go. One that cannot be deleted now is left to the sweep.
    pub async fn delete_files(&self, files: &[FileKey]) {
        let storage = &self.parts.storage;
        storage.delete_let_go(&self.parts.files, files).await;
    }
}

impl From<ExtractError> for IngestError {
    fn from(error: ExtractError) -> Self {
        match error {
            ExtractError::Unreadable(unreadable) => Self::Unreadable(unreadable),
            ExtractError::Process(reason) => Self::Task(reason),
        }
    }
}
