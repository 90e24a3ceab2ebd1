//! The jobs: each reads one document, cuts and embeds it, and makes it ready or failed.
//!
//! A job is the document's row in the state `processing`. Whoever claims it works on it and keeps its lease; when that process
//! dies the lease runs out, and another node, or the same one after its restart, begins anew. A claim that was lost stops the
//! work, and what it would still write finds no row.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use dashmap::DashMap;
use protocol::{
    ChunkId, DocumentId, ErrorCode, Failure, Job, JobState, JobStep, ServerFrame, UserId,
};
use storage::{Chunk, ClaimedDocument, Document, ReadDocument, StorageError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::pieces::{self, Piece, embedded_text};
use super::{CHUNKS_PER_DOCUMENT_MAX, Ingest, IngestError, metrics};
use crate::clock::as_millis;
use crate::embeddings::{EmbeddingError, Embeddings};
use crate::extract::{Kind, Unreadable};

/// Documents that are worked on at once: while one is embedded the next are read.
const AT_ONCE_MAX: usize = 3;

/// How often is looked for documents whose node has died; those that were uploaded here are heard of at once.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long a document is ours without a word from us.
const LEASE: Duration = Duration::from_secs(15);

/// Claims of one document: each that ended neither way took its process along, or was cut off by a restart.
const CLAIMS_MAX: u64 = 5;

/// Pieces that are embedded at once: enough to fill the model's batch, few enough that replies get their turn between.
const EMBED_BATCH: usize = 32;

/// Times that a batch is tried again while the model has no room, each after the time that it names.
const OVERLOADS_MAX: u32 = 60;

/// The jobs of this process that may be stopped.
#[derive(Debug, Clone, Default)]
pub(super) struct Jobs(Arc<DashMap<DocumentId, CancellationToken>>);

impl Jobs {
    /// Stops the work on a document, if it is done here.
    pub(super) fn cancel(&self, id: DocumentId) {
        if let Some(token) = self.0.get(&id) {
            token.cancel();
        }
    }
}

impl Ingest {
    /// Works on documents for as long as the handle is not aborted.
    pub fn start(&self) -> JoinHandle<()> {
        let this = self.clone();
        actix_web::rt::spawn(async move { this.work().await })
    }

    async fn work(self) {
        let places = Arc::new(Semaphore::new(AT_ONCE_MAX));
        let mut working = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            while working.try_join_next().is_some() {}
            if self.stopping.is_cancelled() {
                // Those that are worked on give their documents back.
                while working.join_next().await.is_some() {}
                return;
            }
            match self.claim_next().await {
                Ok(Some(claimed)) => {
                    let this = self.clone();
                    working.spawn(async move {
                        this.work_on(claimed).await;
                        drop(place);
                    });
                }
                Ok(None) => {
                    drop(place);
                    let _ = timeout(LOOK_EVERY, self.added.notified()).await;
                }
                Err(error) => {
                    drop(place);
                    tracing::warn!(%error, "documents to read cannot be looked for");
                    sleep(LOOK_EVERY).await;
                }
            }
        }
    }

    /// Lets other nodes have the documents that this one works on: it is about to end.
    pub async fn hand_over(&self) {
        self.stopping.cancel();
        // Each job gives its document back when it has been cancelled.
        let all_gone = async {
            loop {
                let ended = self.ended.notified();
                if self.jobs.0.is_empty() {
                    break;
                }
                ended.await;
            }
        };
        if timeout(LEASE, all_gone).await.is_err() {
            tracing::warn!("documents are handed over when their leases run out");
        }
    }

    /// Reads a document now, here: what `seed` does, where no server runs.
    ///
    /// # Errors
    /// See [`StorageError`].
    pub async fn read_now(&self, document: &Document) -> Result<(), StorageError> {
        if let Some(claimed) = self.claim(document.id).await? {
            self.work_on(claimed).await;
        }
        Ok(())
    }

    async fn claim_next(&self) -> Result<Option<ClaimedDocument>, StorageError> {
        let now = self.parts.clock.now_ms();
        for id in self
            .parts
            .storage
            .due_documents(now, AT_ONCE_MAX as u32)
            .await?
        {
            if let Some(claimed) = self.claim(id).await? {
                return Ok(Some(claimed));
            }
        }
        Ok(None)
    }

    async fn claim(&self, id: DocumentId) -> Result<Option<ClaimedDocument>, StorageError> {
        let now = self.parts.clock.now_ms();
        let lease_until = now + as_millis(LEASE);
        self.parts
            .storage
            .claim_document(id, now, lease_until)
            .await
    }

    async fn work_on(&self, claimed: ClaimedDocument) {
        let id = claimed.document.id;
        let cancelled = self.stopping.child_token();
        self.jobs.0.insert(id, cancelled.clone());
        let worked = tokio::select! {
            worked = self.finish(&claimed) => worked,
            lost = self.keep_claim(&claimed) => lost,
            () = cancelled.cancelled() => {
                // Of a document that was deleted there is no row to give back.
                self.parts.storage.keep_document_claim(&claimed, 0).await.map(drop)
            }
        };
        if let Err(error) = worked {
            // The lease runs out, and it is begun anew.
            tracing::warn!(document = %id, %error, "the work on a document is left for later");
        }
        self.jobs.0.remove(&id);
        self.ended.notify_waiters();
    }

    /// Keeps the lease until it is lost.
    async fn keep_claim(&self, claimed: &ClaimedDocument) -> Result<(), StorageError> {
        loop {
            sleep(LEASE / 3).await;
            let until = self.parts.clock.now_ms() + as_millis(LEASE);
            if !self
                .parts
                .storage
                .keep_document_claim(claimed, until)
                .await?
            {
                tracing::info!(document = %claimed.document.id, "a document is ours no more");
                return Ok(());
            }
        }
    }

    /// Takes the document in, and writes how that went.
    async fn finish(&self, claimed: &ClaimedDocument) -> Result<(), StorageError> {
        let storage = &self.parts.storage;
        let twin = storage.twin(claimed.document.twin_id).await?;
        let telling = Telling {
            embeddings: &self.parts.embeddings,
            owner: twin.map(|twin| twin.owner_id),
            document: &claimed.document,
        };
        let begun = Instant::now();
        let taken = match claimed.epoch > CLAIMS_MAX {
            true => Err(IngestError::Task(format!(
                "it ended the process or was cut off {CLAIMS_MAX} times"
            ))),
            false => self.take_in(&claimed.document, &telling).await,
        };
        match taken {
            Ok(read) => {
                let pieces = read.chunks.len();
                if storage.finish_document(claimed, read).await? {
                    metrics::taken(begun.elapsed());
                    telling.tell(JobState::Ready, JobStep::Embedding, pieces, pieces, None);
                }
                Ok(())
            }
            Err(IngestError::Storage(error)) => Err(error),
            Err(error) => {
                let failure = failure(&error);
                tracing::info!(document = %claimed.document.id, code = %failure.code.as_str(), "a document cannot be read");
                if storage.fail_document(claimed, &failure).await? {
                    metrics::not_taken(&error);
                    telling.tell(JobState::Failed, JobStep::Extracting, 0, 0, Some(failure));
                }
                Ok(())
            }
        }
    }

    async fn take_in(
        &self,
        document: &Document,
        telling: &Telling<'_>,
    ) -> Result<ReadDocument, IngestError> {
        telling.running(JobStep::Extracting, 0, 0);
        let content = self.parts.files.get(document.file_key).await?;
        let extracted = self.extractor.read(content.clone(), &document.name).await?;
        telling.running(JobStep::Chunking, 0, 0);
        let counter = self.parts.embeddings.counter();
        // Megabytes take seconds to cut: not on a thread that serves sockets.
        let cut = tokio::task::spawn_blocking(move || {
            let pieces = pieces::of(&extracted, &counter, CHUNKS_PER_DOCUMENT_MAX + 1);
            (extracted, pieces)
        });
        let (extracted, pieces) = cut
            .await
            .map_err(|error| IngestError::Task(error.to_string()))?;
        if pieces.len() > CHUNKS_PER_DOCUMENT_MAX {
            return Err(IngestError::TooManyPieces);
        }
        let vectors = self.embed(&pieces, telling).await?;
        let chunks = (0_u32..)
            .zip(pieces.into_iter().zip(vectors))
            .map(|(ordinal, (piece, vector))| Chunk {
                id: ChunkId::new(),
                document_id: document.id,
                document_name: document.name.clone(),
                ordinal,
                section: piece.section,
                text: piece.text,
                vector,
            })
            .collect();
        let is_file = matches!(extracted.kind, Kind::Plain | Kind::Markdown)
            && extracted.text.as_bytes() == &content[..];
        Ok(ReadDocument {
            media_type: extracted.kind.media_type().to_owned(),
            text: (!is_file).then_some(extracted.text),
            chunks,
        })
    }

    async fn embed(
        &self,
        pieces: &[Piece],
        telling: &Telling<'_>,
    ) -> Result<Vec<Vec<f32>>, EmbeddingError> {
        let mut vectors = Vec::with_capacity(pieces.len());
        for batch in pieces.chunks(EMBED_BATCH) {
            telling.running(JobStep::Embedding, vectors.len(), pieces.len());
            let texts: Vec<String> = batch
                .iter()
                .map(|piece| embedded_text(&piece.section, &piece.text))
                .collect();
            let wanted = texts.len();
            let mut embedded = self.embed_patiently(texts).await?;
            if embedded.len() != wanted {
                let got = embedded.len();
                let reason = format!("{got} vectors came back for {wanted} texts");
                return Err(EmbeddingError::Failed(reason));
            }
            vectors.append(&mut embedded);
        }
        Ok(vectors)
    }

    /// Waits its turn when people ask more than the model can do: a document has time.
    async fn embed_patiently(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbeddingError> {
        let mut overloads = 0;
        loop {
            match self.parts.embeddings.embed_document(texts.clone()).await {
                Err(EmbeddingError::Overloaded { retry_after }) if overloads < OVERLOADS_MAX => {
                    overloads += 1;
                    sleep(retry_after).await;
                }
                embedded => return embedded,
            }
        }
    }
}

/// Tells the owner's connections how far a document is.
struct Telling<'a> {
    embeddings: &'a Embeddings,
    owner: Option<UserId>,
    document: &'a Document,
}

impl Telling<'_> {
    fn running(&self, step: JobStep, done: usize, total: usize) {
        self.tell(JobState::Processing, step, done, total, None);
    }

    fn tell(
        &self,
        state: JobState,
        step: JobStep,
        done: usize,
        total: usize,
        failure: Option<Failure>,
    ) {
        let (Embeddings::Node(node), Some(owner)) = (self.embeddings, self.owner) else {
            return;
        };
        let job = Job {
            twin_id: self.document.twin_id,
            document_id: self.document.id,
            state,
            step,
            done: done as u64,
            total: total as u64,
            failure,
        };
        node.tell_person(owner, ServerFrame::Job(job));
    }
}

/// Why a document cannot be read, for its owner.
fn failure(error: &IngestError) -> Failure {
    let code = match error {
        IngestError::Unreadable(unreadable) => code_of(unreadable),
        IngestError::TooManyPieces => ErrorCode::TooLarge,
        IngestError::Embedding(EmbeddingError::Overloaded { .. }) => ErrorCode::Overloaded,
        _ => ErrorCode::Internal,
    };
    let message = match code {
        // What went wrong inside is for the log.
        ErrorCode::Internal => {
            tracing::error!(%error, "a document could not be worked on");
            "the server could not read the document; upload it again".to_owned()
        }
        _ => error.to_string(),
    };
    Failure { code, message }
}

/// The code of why nothing can be read from a document.
pub(crate) fn code_of(unreadable: &Unreadable) -> ErrorCode {
    match unreadable {
        Unreadable::NotAccepted { .. } => ErrorCode::UnsupportedMedia,
        Unreadable::TooMuchText
        | Unreadable::TooMuchUnpacked
        | Unreadable::TooManyFiles { .. }
        | Unreadable::TooMuchMemory { .. }
        | Unreadable::TooSlow { .. } => ErrorCode::TooLarge,
        _ => ErrorCode::Invalid,
    }
}
