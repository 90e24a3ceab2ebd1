//! Opening the file store that the configuration names, and reading its files where nothing else is to be done meanwhile.

use std::io::{self, Read};

use anyhow::Context;
use bytes::{Buf, Bytes};
use storage::{FileReader, FileStore, Files};
use tokio::runtime::Handle;

use crate::config::Config;

/// Opens the file store.
///
/// # Errors
/// Names the folder or the bucket, what is wrong with it, and which settings say so.
pub async fn open(config: &Config) -> anyhow::Result<Files> {
    let opened = Files::open(&config.files).await;
    opened.with_context(|| format!("the files cannot be used: {}", advice(&config.files)))
}

/// How to mend a file store that cannot be used.
pub fn advice(store: &FileStore) -> &'static str {
    match store {
        FileStore::Folder(_) => {
            "choose a folder that can be written with --upload-dir or UPLOAD_DIR"
        }
        FileStore::S3(_) => {
            "check S3_ENDPOINT, S3_REGION and S3_BUCKET, which must be there, and S3_ACCESS_KEY_ID with its S3_SECRET_ACCESS_KEY"
        }
    }
}

/// A file that is read on a thread that may wait.
#[derive(Debug)]
pub struct WaitingReader {
    file: FileReader,
    piece: Bytes,
    runtime: Handle,
}

impl WaitingReader {
    /// Reads this file.
    pub fn new(file: FileReader, runtime: Handle) -> Self {
        Self {
            file,
            piece: Bytes::new(),
            runtime,
        }
    }
}

impl Read for WaitingReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            let next = self.runtime.block_on(self.file.next());
            match next.map_err(io::Error::other)? {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let bytes = self.piece.len().min(into.len());
        self.piece.copy_to_slice(&mut into[..bytes]);
        Ok(bytes)
    }
}
