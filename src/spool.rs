//! A file without a name, for what comes over the network and is too large for the memory. It is gone when nobody holds it any more, also
//! when the process dies.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use storage::StorageError;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

/// The file while it is written.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    file: File,
}

impl Spool {
    /// Begins one on the disk that this folder is on.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(crate) async fn begin(folder: &Path) -> Result<Self, StorageError> {
        let folder = folder.to_owned();
        let there = folder.clone();
        let made = tokio::task::spawn_blocking(move || tempfile::tempfile_in(there));
        let made = made.await.map_err(Error::other).flatten();
        let file = made.map_err(|error| unusable(&folder, &error))?;
        Ok(Self {
            folder,
            file: File::from_std(file),
        })
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// When the disk is full or broken.
    pub(crate) async fn write(&mut self, piece: &[u8]) -> Result<(), StorageError> {
        let written = self.file.write_all(piece).await;
        written.map_err(|error| unusable(&self.folder, &error))
    }

    /// The file, to be read from its beginning.
    ///
    /// # Errors
    /// When the disk is full or broken.
    pub(crate) async fn finish(mut self) -> Result<std::fs::File, StorageError> {
        let rewound = async {
            self.file.flush().await?;
            self.file.rewind().await
        };
        let rewound = rewound.await;
        rewound.map_err(|error| unusable(&self.folder, &error))?;
        Ok(self.file.into_std().await)
    }
}

fn unusable(folder: &Path, error: &Error) -> StorageError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StorageError::DiskFull,
        _ => StorageError::CannotWrite {
            path: folder.to_owned(),
            reason: error.to_string(),
        },
    }
}
