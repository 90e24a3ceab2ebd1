//! Files: what people upload, under generated keys, in a folder.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt};
use uuid::Uuid;

use crate::StorageError;

/// What the object store adds to the name of a file that is not finished; a key is used once, so that there is one at most.
const UNFINISHED: &str = "#1";

/// A text that is no file key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a file key: a file key is a generated id")]
pub struct InvalidFileKey;

/// Where a file is kept: a generated id, never a name that a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileKey(Uuid);

impl FileKey {
    /// Makes a new key.
    #[expect(
        clippy::new_without_default,
        reason = "a default key would suggest a fixed value"
    )]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(formatter)
    }
}

impl FromStr for FileKey {
    type Err = InvalidFileKey;

    fn from_str(text: &str) -> Result<Self, InvalidFileKey> {
        Uuid::try_parse(text).map(Self).map_err(|_| InvalidFileKey)
    }
}

/// The file store. Clones share it.
#[derive(Debug, Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    folder: Arc<PathBuf>,
}

impl Files {
    /// Opens the store in a folder; the folder is made when it is absent. `CannotWrite` when it cannot be written.
    pub async fn open(folder: &Path) -> Result<Self, StorageError> {
        let cannot_write = |reason: String| StorageError::CannotWrite {
            path: folder.to_owned(),
            reason,
        };
        tokio::fs::create_dir_all(folder)
            .await
            .map_err(|error| cannot_write(error.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| cannot_write(error.to_string()))?;
        let files = Self {
            // A file that is named in the database must survive a power cut as the database does.
            store: Arc::new(store.with_fsync(true)),
            folder: Arc::new(folder.to_owned()),
        };
        files.check().await?;
        Ok(files)
    }

    /// Stores a file whole; a reader never sees half of it.
    pub async fn put(&self, key: FileKey, content: Bytes) -> Result<(), StorageError> {
        let stored = self.store.put(&object(key), content.into()).await;
        stored.map(drop).map_err(|error| self.cannot_write(&error))
    }

    /// Begins a file that comes in pieces; no reader sees it before it is finished.
    pub async fn create(&self, key: FileKey) -> Result<FileWriter, StorageError> {
        let begun = self.store.put_multipart(&object(key)).await;
        let upload = begun.map_err(|error| self.cannot_write(&error))?;
        Ok(FileWriter {
            upload,
            files: self.clone(),
        })
    }

    /// Opens a file, to be read in pieces and from any place. `NotFound` when there is none.
    pub async fn open_file(&self, key: FileKey) -> Result<std::fs::File, StorageError> {
        let opened = tokio::fs::File::open(self.folder.join(key.to_string())).await;
        match opened {
            Ok(file) => Ok(file.into_std().await),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(StorageError::NotFound("file"))
            }
            Err(error) => {
                let reason = format!("{}: {error}", self.folder.display());
                Err(StorageError::Unavailable(reason))
            }
        }
    }

    /// Reads a file. `NotFound` when there is none.
    pub async fn get(&self, key: FileKey) -> Result<Bytes, StorageError> {
        let found = self.store.get(&object(key)).await;
        let content = match found {
            Ok(found) => found.bytes().await,
            Err(error) => Err(error),
        };
        content.map_err(|error| match error {
            object_store::Error::NotFound { .. } => StorageError::NotFound("file"),
            error => StorageError::Unavailable(format!("{}: {error}", self.folder.display())),
        })
    }

    /// Deletes a file, and what a process that died left of it; one that is gone already is no error.
    pub async fn delete(&self, key: FileKey) -> Result<(), StorageError> {
        let unfinished = self.folder.join(format!("{key}{UNFINISHED}"));
        match tokio::fs::remove_file(&unfinished).await {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(StorageError::CannotWrite {
                    path: unfinished,
                    reason: error.to_string(),
                });
            }
            _ => {}
        }
        match self.store.delete(&object(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.cannot_write(&error)),
        }
    }

    /// Writes and deletes a small file, to see whether the store can be written.
    pub async fn check(&self) -> Result<(), StorageError> {
        let probe = FileKey::new();
        self.put(probe, Bytes::from_static(b"probe")).await?;
        self.delete(probe).await
    }

    fn cannot_write(&self, error: &object_store::Error) -> StorageError {
        if is_disk_full(error) {
            return StorageError::DiskFull;
        }
        StorageError::CannotWrite {
            path: self.folder.to_path_buf(),
            reason: error.to_string(),
        }
    }
}

/// A file that is being written. One that is dropped before it is finished leaves nothing behind.
#[derive(Debug)]
pub struct FileWriter {
    upload: Box<dyn MultipartUpload>,
    files: Files,
}

impl FileWriter {
    /// Adds a piece at the end.
    pub async fn write(&mut self, piece: Bytes) -> Result<(), StorageError> {
        match self.upload.put_part(piece.into()).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.give_up(&error).await),
        }
    }

    /// Makes the file what readers see; from here on it survives a power cut.
    pub async fn finish(mut self) -> Result<(), StorageError> {
        match self.upload.complete().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.give_up(&error).await),
        }
    }

    /// Takes away what there is of the file before anybody is told that it failed.
    async fn give_up(&mut self, error: &object_store::Error) -> StorageError {
        if let Err(error) = self.upload.abort().await {
            tracing::warn!(%error, "an unfinished file cannot be removed");
        }
        self.files.cannot_write(error)
    }
}

/// Whether there is an operating system's word behind an error that its disk, or a share of it, is full.
fn is_disk_full(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<std::io::Error>().map(|io| io.kind());
        if matches!(
            kind,
            Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        ) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn object(key: FileKey) -> ObjectPath {
    ObjectPath::from(key.to_string())
}
