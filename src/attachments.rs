//! Taking attachments in: told by their bytes what they are, streamed to the file store, kept until they are sent or a day is over.
//!
//! 1. `kind` says from the first bytes what the file is, or that it is not accepted; nothing is written before that.
//! 2. The file is noted in the database and written as it comes, so that a process that dies leaves nothing unknown behind.
//! 3. The upload is kept with its file: both or neither.

mod kind;

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use protocol::{Attachment, AttachmentId, UserId};
use storage::{
    FileKey, FileReader, FileWriter, Files, NewUpload, Storage, StorageError, UnsentLimits,
};

pub use kind::{ACCEPTED, KindError};
use kind::{HEAD_BYTES, Kind, TextCheck};

use crate::clock::Clock;
use crate::ingest::display_name;

/// Bytes that are gathered before they are written: each write is a task of its own.
const WRITE_BYTES: usize = 256 * 1024;

/// Characters of a text file that are kept for twins to read: a prompt of the default model has room for no more.
const EXCERPT_CHARS_MAX: usize = 2_000;

/// Takes attachments in. Clones share everything.
#[derive(Debug, Clone)]
pub struct Attachments {
    storage: Storage,
    files: Files,
    clock: Clock,
    limits: UnsentLimits,
}

/// Why a file is not taken in; then nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// It is nothing that is accepted.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// The database or the file store refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The task that keeps it ended.
    #[error("the task that keeps the file failed: {0}")]
    Task(String),
}

impl Attachments {
    /// Takes attachments into this database and file store.
    pub fn new(storage: Storage, files: Files, clock: Clock, limits: UnsentLimits) -> Self {
        Self {
            storage,
            files,
            clock,
            limits,
        }
    }

    /// Begins to take a file in.
    ///
    /// # Errors
    /// When there is too much unsent of the account already.
    pub async fn begin(&self, user: UserId) -> Result<Receiving, AttachmentError> {
        self.storage.check_unsent(user, self.limits).await?;
        Ok(Receiving {
            attachments: self.clone(),
            user,
            waiting: BytesMut::new(),
            size_bytes: 0,
            writing: None,
        })
    }

    /// Opens the bytes of an attachment.
    ///
    /// # Errors
    /// When they are gone or cannot be read.
    pub async fn open(&self, file: FileKey) -> Result<FileReader, StorageError> {
        self.files.read(file).await
    }

    /// Opens some of the bytes of an attachment.
    ///
    /// # Errors
    /// When they are gone or cannot be read.
    pub async fn open_part(
        &self,
        file: FileKey,
        range: Range<u64>,
    ) -> Result<FileReader, StorageError> {
        self.files.read_range(file, range).await
    }

    /// Deletes what nobody refers to any more.
    ///
    /// # Errors
    /// When the database or the file store cannot be reached; then the rest is deleted later.
    pub async fn sweep(&self) -> Result<u64, StorageError> {
        self.storage
            .sweep_files(&self.files, self.clock.now_ms())
            .await
    }

    async fn start(&self, head: &[u8]) -> Result<Writing, AttachmentError> {
        let kind = Kind::of(head)?;
        let key = FileKey::new();
        self.storage.note_file(key, self.clock.now_ms()).await?;
        Ok(Writing {
            key,
            file: self.files.create(key).await?,
            text: (kind == Kind::TEXT).then(TextCheck::default),
            excerpt: (kind == Kind::TEXT).then(|| excerpt(head)),
            dimensions: kind.dimensions(head),
            kind,
        })
    }
}

/// A file on its way in. Dropped before its end, it leaves nothing behind.
#[derive(Debug)]
pub struct Receiving {
    attachments: Attachments,
    user: UserId,
    /// Bytes that are not written yet.
    waiting: BytesMut,
    size_bytes: u64,
    writing: Option<Writing>,
}

/// A file of which it is known what it is.
#[derive(Debug)]
struct Writing {
    key: FileKey,
    file: FileWriter,
    kind: Kind,
    text: Option<TextCheck>,
    excerpt: Option<String>,
    dimensions: Option<(u32, u32)>,
}

impl Receiving {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// See [`AttachmentError`].
    pub async fn take(&mut self, piece: &[u8]) -> Result<(), AttachmentError> {
        self.size_bytes += piece.len() as u64;
        self.waiting.extend_from_slice(piece);
        let enough = match self.writing {
            Some(_) => WRITE_BYTES,
            None => HEAD_BYTES,
        };
        match self.waiting.len() >= enough {
            true => self.write().await,
            false => Ok(()),
        }
    }

    /// Writes what waits.
    async fn write(&mut self) -> Result<(), AttachmentError> {
        let piece: Bytes = self.waiting.split().freeze();
        let writing = match &mut self.writing {
            Some(writing) => writing,
            None => self.writing.insert(self.attachments.start(&piece).await?),
        };
        if let Some(text) = &mut writing.text {
            text.check(&piece)?;
        }
        writing.file.write(piece).await?;
        Ok(())
    }

    /// Keeps the file under the name that the client gave it.
    ///
    /// # Errors
    /// See [`AttachmentError`].
    pub async fn finish(mut self, name: Option<&str>) -> Result<Attachment, AttachmentError> {
        if self.writing.is_none() || !self.waiting.is_empty() {
            self.write().await?;
        }
        let writing = self.writing.expect("the first write has begun it");
        if let Some(text) = &writing.text {
            text.check_end()?;
        }
        let attachment = Attachment {
            id: AttachmentId::new(),
            name: display_name(name, writing.kind.nameless()),
            media_type: writing.kind.media_type().to_owned(),
            size_bytes: self.size_bytes,
            width: writing.dimensions.map(|(width, _)| width),
            height: writing.dimensions.map(|(_, height)| height),
        };
        let upload = NewUpload {
            attachment: attachment.clone(),
            user_id: self.user,
            excerpt: writing.excerpt,
            file_key: writing.key,
            created_at: self.attachments.clock.now_ms(),
        };
        let this = self.attachments;
        let file = writing.file;
        // On a task of its own: a client that hangs up must not leave a file without an upload.
        let kept = tokio::spawn(async move {
            file.finish().await?;
            let kept = this.storage.keep_upload(upload, this.limits).await;
            if kept.is_err() {
                this.forget(writing.key).await;
            }
            kept
        });
        kept.await
            .map_err(|error| AttachmentError::Task(error.to_string()))??;
        Ok(attachment)
    }
}

impl Attachments {
    /// Deletes a file that was written for nothing; where that fails, the sweep does it later.
    async fn forget(&self, key: FileKey) {
        if let Err(error) = self.files.delete(key).await {
            tracing::warn!(file = %key, %error, "a file could not be deleted now");
        }
    }
}

/// How a text begins.
fn excerpt(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // The head may end within a character.
    let text = text.trim_end_matches('\u{fffd}');
    text.chars().take(EXCERPT_CHARS_MAX).collect()
}
