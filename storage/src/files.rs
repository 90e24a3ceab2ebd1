//! Files: what people upload, under generated keys, in a folder or in a bucket of S3. Both are the same to whoever uses them.

mod connection;
mod key;
mod s3;

use std::error::Error;
use std::fmt;
use std::io::{ErrorKind, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{
    GetOptions, GetResult, GetResultPayload, MultipartUpload, ObjectStore, ObjectStoreExt,
    PutPayload,
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::runtime::Handle;
use tokio_util::io::ReaderStream;

pub use key::{FileKey, InvalidFileKey};
pub use s3::S3Config;

use crate::StorageError;

/// What the object store adds to the name of a file that is not finished; a key is used once, so that there is one at most.
const UNFINISHED: &str = "#1";

/// Bytes that are read from a folder at once.
const READ_BYTES: usize = 64 * 1024;

/// Bytes that are sent to S3 at once, which takes no part of less than 5 MiB but the last; a file of fewer goes in one request.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// What stands in a bucket to be asked for: a look at whether the store works must not add to it each time.
const PROBE: &str = "probe";

/// Where files are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileStore {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a bucket.
    S3(S3Config),
}

impl fmt::Display for FileStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(formatter, "the folder {}", path.display()),
            Self::S3(config) => config.fmt(formatter),
        }
    }
}

/// The file store. Clones share it.
#[derive(Debug, Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    place: Arc<FileStore>,
}

impl Files {
    /// Opens a store, which must be writable; a folder is made when it is absent, a bucket is not.
    pub async fn open(place: &FileStore) -> Result<Self, StorageError> {
        let files = match place {
            FileStore::Folder(folder) => Self {
                store: Arc::new(open_folder(folder, place).await?),
                place: Arc::new(place.clone()),
            },
            FileStore::S3(config) => {
                let store = config.store().map_err(|error| unusable(place, &error))?;
                let files = Self {
                    store: Arc::new(store),
                    place: Arc::new(place.clone()),
                };
                files.write_probe().await?;
                files
            }
        };
        files.check().await?;
        Ok(files)
    }

    /// Opens a store in a folder; see [`Files::open`].
    pub async fn in_folder(folder: &Path) -> Result<Self, StorageError> {
        Self::open(&FileStore::Folder(folder.to_owned())).await
    }

    /// Stores a file whole; a reader never sees half of it.
    pub async fn put(&self, key: FileKey, content: Bytes) -> Result<(), StorageError> {
        let stored = self.store.put(&object(key), content.into()).await;
        stored.map(drop).map_err(|error| self.unusable(&error))
    }

    /// Begins a file that comes in pieces; no reader sees it before it is finished.
    pub async fn create(&self, key: FileKey) -> Result<FileWriter, StorageError> {
        let mut writer = FileWriter {
            key,
            upload: None,
            waiting: Vec::new(),
            files: self.clone(),
        };
        if let FileStore::Folder(_) = *self.place {
            writer.begin().await?;
        }
        Ok(writer)
    }

    /// Opens a file, to be read in pieces. `NotFound` when there is none.
    pub async fn read(&self, key: FileKey) -> Result<FileReader, StorageError> {
        self.open_file(key, GetOptions::new()).await
    }

    /// Opens these bytes of a file, of which it must have some.
    pub async fn read_range(
        &self,
        key: FileKey,
        range: Range<u64>,
    ) -> Result<FileReader, StorageError> {
        let options = GetOptions::new().with_range(Some(range));
        self.open_file(key, options).await
    }

    async fn open_file(
        &self,
        key: FileKey,
        options: GetOptions,
    ) -> Result<FileReader, StorageError> {
        let found = self.store.get_opts(&object(key), options).await;
        let found = found.map_err(|error| self.unreadable(&error))?;
        let bytes = found.range.end - found.range.start;
        let pieces = pieces_of(found).await;
        let pieces = pieces.map_err(|error| self.unreadable(&error))?;
        Ok(FileReader {
            bytes,
            pieces,
            files: self.clone(),
        })
    }

    /// Reads a file. `NotFound` when there is none.
    pub async fn get(&self, key: FileKey) -> Result<Bytes, StorageError> {
        let found = self.store.get(&object(key)).await;
        let content = match found {
            Ok(found) => found.bytes().await,
            Err(error) => Err(error),
        };
        content.map_err(|error| self.unreadable(&error))
    }

    /// Deletes a file, and what a process that died left of it; one that is gone already is no error.
    pub async fn delete(&self, key: FileKey) -> Result<(), StorageError> {
        if let FileStore::Folder(folder) = &*self.place {
            let unfinished = folder.join(format!("{key}{UNFINISHED}"));
            match tokio::fs::remove_file(&unfinished).await {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(unusable(&self.place, &error));
                }
                _ => {}
            }
        }
        match self.store.delete(&object(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.unusable(&error)),
        }
    }

    /// The keys of all files that there are, in any order, also those of which nobody knows.
    pub fn keys(&self) -> BoxStream<'static, Result<FileKey, StorageError>> {
        let this = self.clone();
        let listed = self.store.list(None).try_filter_map(|object| async move {
            let key = object
                .location
                .filename()
                .and_then(|name| name.parse().ok());
            Ok(key)
        });
        listed.map_err(move |error| this.unusable(&error)).boxed()
    }

    /// Looks whether the store can be used: a folder is written, a bucket is asked for what stands there for that.
    pub async fn check(&self) -> Result<(), StorageError> {
        match &*self.place {
            FileStore::Folder(_) => {
                let probe = FileKey::new();
                self.put(probe, Bytes::from_static(b"probe")).await?;
                self.delete(probe).await
            }
            FileStore::S3(_) => match self.store.head(&ObjectPath::from(PROBE)).await {
                Ok(_) => Ok(()),
                Err(object_store::Error::NotFound { .. }) => self.write_probe().await,
                Err(error) => Err(self.unusable(&error)),
            },
        }
    }

    async fn write_probe(&self) -> Result<(), StorageError> {
        let probe =
            PutPayload::from_static(b"digital-twin looks for this to see whether it works\n");
        let written = self.store.put(&ObjectPath::from(PROBE), probe).await;
        written.map(drop).map_err(|error| self.unusable(&error))
    }

    fn unreadable(&self, error: &object_store::Error) -> StorageError {
        match error {
            object_store::Error::NotFound { .. } => StorageError::NotFound("file"),
            error => self.unusable(error),
        }
    }

    fn unusable(&self, error: &object_store::Error) -> StorageError {
        if is_disk_full(error) {
            return StorageError::DiskFull;
        }
        match *self.place {
            FileStore::Folder(_) => unusable(&self.place, error),
            FileStore::S3(_) => unusable(&self.place, &s3::words(error)),
        }
    }
}

/// A file that is being written. One that is dropped before it is finished leaves nothing behind.
#[derive(Debug)]
pub struct FileWriter {
    key: FileKey,
    /// Where the parts go; a file that is smaller than one needs none.
    upload: Option<Box<dyn MultipartUpload>>,
    waiting: Vec<Bytes>,
    files: Files,
}

impl FileWriter {
    /// Adds a piece at the end.
    pub async fn write(&mut self, piece: Bytes) -> Result<(), StorageError> {
        self.waiting.push(piece);
        let enough = match *self.files.place {
            FileStore::Folder(_) => 1,
            FileStore::S3(_) => PART_BYTES,
        };
        if self.waiting.iter().map(Bytes::len).sum::<usize>() >= enough {
            self.write_part().await?;
        }
        Ok(())
    }

    /// Makes the file what readers see; from here on it survives a power cut.
    pub async fn finish(mut self) -> Result<(), StorageError> {
        if self.upload.is_none() {
            let content: PutPayload = std::mem::take(&mut self.waiting).into_iter().collect();
            let stored = self.files.store.put(&object(self.key), content).await;
            return stored
                .map(drop)
                .map_err(|error| self.files.unusable(&error));
        }
        if !self.waiting.is_empty() {
            self.write_part().await?;
        }
        let mut upload = self.upload.take().expect("it was begun");
        match upload.complete().await {
            Ok(_) => Ok(()),
            Err(error) => {
                self.upload = Some(upload);
                Err(self.give_up(&error).await)
            }
        }
    }

    async fn begin(&mut self) -> Result<(), StorageError> {
        let begun = self.files.store.put_multipart(&object(self.key)).await;
        self.upload = Some(begun.map_err(|error| self.files.unusable(&error))?);
        Ok(())
    }

    async fn write_part(&mut self) -> Result<(), StorageError> {
        if self.upload.is_none() {
            self.begin().await?;
        }
        let part: PutPayload = std::mem::take(&mut self.waiting).into_iter().collect();
        let upload = self.upload.as_mut().expect("it was begun");
        match upload.put_part(part).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.give_up(&error).await),
        }
    }

    /// Takes away what there is of the file before anybody is told that it failed.
    async fn give_up(&mut self, error: &object_store::Error) -> StorageError {
        if let Some(upload) = self.upload.take() {
            abort(upload).await;
        }
        self.files.unusable(error)
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        // A folder's file goes with its writer; parts in a bucket have to be asked away.
        if let (FileStore::S3(_), Some(upload)) = (&*self.files.place, self.upload.take())
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(abort(upload));
        }
    }
}

async fn abort(mut upload: Box<dyn MultipartUpload>) {
    if let Err(error) = upload.abort().await {
        tracing::warn!(%error, "an unfinished file cannot be removed");
    }
}

/// A file, or a part of one, that is read in pieces.
pub struct FileReader {
    bytes: u64,
    pieces: BoxStream<'static, object_store::Result<Bytes>>,
    files: Files,
}

impl FileReader {
    /// How many bytes will come.
    pub fn size_bytes(&self) -> u64 {
        self.bytes
    }

    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        let next = self.pieces.try_next().await;
        next.map_err(|error| self.files.unreadable(&error))
    }
}

impl fmt::Debug for FileReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("FileReader");
        shown.field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// The pieces of what was found. Those that the store cuts a folder's file into are small, and each is a task of its own.
async fn pieces_of(
    found: GetResult,
) -> object_store::Result<BoxStream<'static, object_store::Result<Bytes>>> {
    let range = found.range.clone();
    let (file, path) = match found.payload {
        GetResultPayload::File(file, path) => (file, path),
        GetResultPayload::Stream(pieces) => return Ok(pieces),
    };
    let unreadable = move |error: std::io::Error| object_store::Error::Generic {
        store: "folder",
        source: format!("{}: {error}", path.display()).into(),
    };
    let mut file = tokio::fs::File::from_std(file);
    file.seek(SeekFrom::Start(range.start))
        .await
        .map_err(&unreadable)?;
    let part = file.take(range.end - range.start);
    let pieces = ReaderStream::with_capacity(part, READ_BYTES);
    Ok(pieces.map_err(unreadable).boxed())
}

async fn open_folder(folder: &Path, place: &FileStore) -> Result<LocalFileSystem, StorageError> {
    tokio::fs::create_dir_all(folder)
        .await
        .map_err(|error| unusable(place, &error))?;
    let store =
        LocalFileSystem::new_with_prefix(folder).map_err(|error| unusable(place, &error))?;
    // A file that is named in the database must survive a power cut as the database does.
    Ok(store.with_fsync(true))
}

fn unusable(place: &FileStore, reason: &dyn fmt::Display) -> StorageError {
    StorageError::FilesUnusable {
        place: place.to_string(),
        reason: reason.to_string(),
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
