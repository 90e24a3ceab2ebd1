//! Files: what people upload, under generated keys, in a folder.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use bytes::Bytes;
use uuid::Uuid;

use crate::StorageError;

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
pub struct Files {}

impl Files {
    /// Opens the store in a folder; the folder is made when it is absent. `CannotWrite` when it cannot be written.
    pub async fn open(folder: &Path) -> Result<Self, StorageError> {
        let _ = folder;
        unimplemented!()
    }

    /// Stores a file whole; a reader never sees half of it.
    pub async fn put(&self, key: FileKey, content: Bytes) -> Result<(), StorageError> {
        let _ = (key, content);
        unimplemented!()
    }

    /// Reads a file. `NotFound` when there is none.
    pub async fn get(&self, key: FileKey) -> Result<Bytes, StorageError> {
        let _ = key;
        unimplemented!()
    }

    /// Deletes a file; one that is gone already is no error.
    pub async fn delete(&self, key: FileKey) -> Result<(), StorageError> {
        let _ = key;
        unimplemented!()
    }

    /// Writes and deletes a small file, to see whether the store can be written.
    pub async fn check(&self) -> Result<(), StorageError> {
        unimplemented!()
    }
}
