//! Taking a backup: a snapshot of the rows, then the files that they refer to, into a file that is there when it is whole.
//!
//! Rows come first, so that every file which they refer to existed at that moment; one that people delete before it can be copied is
//! noted. Files are written once and never changed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use storage::{Files, Snapshot, Storage, StorageError};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::archive::ArchiveWriter;
use super::copy::copy_away;
use super::kept_secrets;
use super::key::{self, Key, Seal, SealedWriter};
use super::manifest::{About, FORMAT, Manifest};
use super::retention::{self, ENCRYPTED, Keep, OPEN};
use super::verify::verify;
use crate::clock::Clock;
use crate::config::Config;
use crate::database;
use crate::file_store::{self, WaitingReader};
use crate::hexadecimal::hexadecimal;

/// How the name of an archive ends while it is written.
const UNFINISHED: &str = ".part";

/// A backup that is wanted.
#[derive(Debug)]
pub struct NewBackup {
    /// The folder of the archives; it is made, for its owner alone, when it is absent.
    pub folder: PathBuf,
    /// Who will be able to open it.
    pub seal: Seal,
    /// Whether it is restored into a scratch database, to see that it can be.
    pub verify: bool,
    /// Which older ones are kept; none deletes nothing.
    pub keep: Option<Keep>,
    /// Where the archives of the folder are copied to, as rclone knows it.
    pub copy_to: Option<String>,
}

/// A backup that was written.
#[derive(Debug)]
pub struct Created {
    /// The archive.
    pub path: PathBuf,
    /// Its size.
    pub size_bytes: u64,
    /// What it is.
    pub about: About,
    /// What its contents are.
    pub manifest: Manifest,
    /// Older archives that were deleted.
    pub deleted: Vec<String>,
}

/// Takes a backup.
///
/// # Errors
/// When the database, the files or the folder of the archives cannot be used, another backup is being taken there, or what was
/// written cannot be restored or cannot be copied away; in these two cases the archive stays, and does not count as verified or copied.
pub async fn create(config: &Config, new: NewBackup) -> anyhow::Result<Created> {
    make_folder(&new.folder)?;
    let _lock = lock(&new.folder)?;
    delete_unfinished(&new.folder)?;
    let storage = database::open(config).await?;
    let files = file_store::open(config).await?;
    let clock = Clock::System;

    let taken_at = clock.now_ms();
    let snapshot = storage.snapshot().await?;
    let end = match new.seal {
        Seal::Recipients(_) | Seal::Passphrase(_) => ENCRYPTED,
        Seal::Open => OPEN,
    };
    let about = About {
        format: FORMAT,
        name: retention::name_of(taken_at, &mark()?, end)?,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at,
        schema: snapshot.schema().to_vec(),
        tables: snapshot.tables().to_vec(),
    };
    let path = new.folder.join(&about.name);
    let secrets = match new.seal {
        Seal::Recipients(_) | Seal::Passphrase(_) => kept_secrets(config),
        // They would let whoever finds the archive in.
        Seal::Open => Vec::new(),
    };
    let contents = ArchiveContents {
        about: about.clone(),
        snapshot,
        files,
        secrets,
    };
    let (manifest, size_bytes, key) = write(contents, &path, &new.seal)
        .await
        .map_err(|error| name_full_disk(error, &new.folder))?;
    note(&storage, &about, size_bytes).await?;
    if new.verify {
        let verified = verify(&path, key, &config.data_dir).await;
        verified
            .with_context(|| format!("{} was written and cannot be restored", path.display()))?;
        let noted = storage.note_verified_backup(&about.name, clock.now_ms());
        where_known(noted.await)?;
    }
    let deleted = match new.keep {
        Some(keep) => delete_expired(&storage, &new.folder, keep).await?,
        None => Vec::new(),
    };
    if let Some(target) = new.copy_to {
        let mut names = names_in(&new.folder)?;
        names.retain(|name| retention::is_archive(name));
        where_known(storage.note_copying_backups(&names, clock.now_ms()).await)?;
        let copied = copy_away(&new.folder, &target).await;
        copied.with_context(|| format!("{} was written and is not copied", path.display()))?;
        where_known(storage.note_copied_backups(&names, clock.now_ms()).await)?;
    }
    storage.close().await;
    Ok(Created {
        path,
        size_bytes,
        about,
        manifest,
        deleted,
    })
}

/// What goes into an archive.
pub(super) struct ArchiveContents {
    pub(super) about: About,
    pub(super) snapshot: Snapshot,
    pub(super) files: Files,
    pub(super) secrets: Vec<(&'static str, PathBuf)>,
}

/// Writes an archive: it has its name when it is whole and on the disk. Gives what it holds, its size, and a key that opens it.
pub(super) async fn write(
    contents: ArchiveContents,
    path: &Path,
    seal: &Seal,
) -> anyhow::Result<(Manifest, u64, Key)> {
    let (path, seal) = (path.to_owned(), seal.clone());
    let runtime = Handle::current();
    spawn_blocking(move || {
        let unfinished = unfinished(&path);
        let written = write_to(contents, &unfinished, &seal, &runtime).and_then(|written| {
            std::fs::rename(&unfinished, &path)?;
            sync_folder(&path)?;
            Ok(written)
        });
        if written.is_err() {
            // What is left is deleted by the next backup as well.
            let _ = std::fs::remove_file(&unfinished);
        }
        written
    })
    .await?
}

fn write_to(
    contents: ArchiveContents,
    path: &Path,
    seal: &Seal,
    runtime: &Handle,
) -> anyhow::Result<(Manifest, u64, Key)> {
    let file = owned_file(path).with_context(|| format!("{} cannot be made", path.display()))?;
    let (writer, key) = seal.begin(file)?;
    let archive = ArchiveWriter::begin(writer, contents.about)?;
    let (writer, manifest) = fill(
        archive,
        contents.snapshot,
        &contents.files,
        &contents.secrets,
        runtime,
    )?;
    let size_bytes = key::finish(writer)?.metadata()?.len();
    Ok((manifest, size_bytes, key))
}

fn fill(
    mut archive: ArchiveWriter<SealedWriter>,
    mut snapshot: Snapshot,
    files: &Files,
    secrets: &[(&'static str, PathBuf)],
    runtime: &Handle,
) -> anyhow::Result<(SealedWriter, Manifest)> {
    while let Some(piece) = runtime.block_on(snapshot.next())? {
        archive.add_rows(piece.table, &piece.lines)?;
    }
    let mut gone = Vec::new();
    for key in snapshot.files() {
        match runtime.block_on(files.read(*key)) {
            Ok(file) => {
                let bytes = file.size_bytes();
                let content = WaitingReader::new(file, runtime.clone());
                archive.add_file(*key, bytes, content)?;
            }
            Err(StorageError::NotFound(_)) => gone.push(key.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    for (name, path) in secrets {
        match std::fs::read(path) {
            Ok(content) => archive.add_secret(name, &content)?,
            // No server has needed it yet.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(anyhow!(error).context(format!("{} cannot be read", path.display())));
            }
        }
    }
    archive.finish(gone)
}

/// Notes the backup, so that every node tells of it.
async fn note(storage: &Storage, about: &About, size_bytes: u64) -> anyhow::Result<()> {
    let noted = storage.note_backup(&about.name, about.taken_at, size_bytes);
    if where_known(noted.await)?.is_none() {
        tracing::warn!("no node is told of the backup: the database lacks migrations");
    }
    Ok(())
}

/// A database that lacks its newest tables is backed up all the same, and knows of no backup.
fn where_known<T>(outcome: Result<T, StorageError>) -> Result<Option<T>, StorageError> {
    match outcome {
        Err(StorageError::SchemaMissing) => Ok(None),
        known => known.map(Some),
    }
}

async fn delete_expired(
    storage: &Storage,
    folder: &Path,
    keep: Keep,
) -> anyhow::Result<Vec<String>> {
    let Some(noted) = where_known(storage.backups().await)? else {
        tracing::warn!(
            "no older backup is deleted: the database lacks migrations, and cannot tell which were verified"
        );
        return Ok(Vec::new());
    };
    let is_verified = |name: &str| {
        let found = noted.iter().find(|backup| backup.name == name);
        found.is_some_and(|backup| backup.verified_at.is_some())
    };
    let names = names_in(folder)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut deleted = Vec::new();
    for name in retention::expired(&names, keep, is_verified) {
        let path = folder.join(name);
        std::fs::remove_file(&path)
            .with_context(|| format!("{} cannot be deleted", path.display()))?;
        storage.forget_backup(name).await?;
        deleted.push(name.to_owned());
    }
    Ok(deleted)
}

/// Makes the folder, readable for its owner alone.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(folder);
    made.with_context(|| format!("the folder of backups {} cannot be made", folder.display()))
}

/// Keeps others from taking a backup into the same folder until it is dropped.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join(".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let file = options
        .open(&path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("another backup is being taken into {}", folder.display())
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Deletes what backups left that did not come to their end; nobody else is at work here.
fn delete_unfinished(folder: &Path) -> anyhow::Result<()> {
    for name in names_in(folder)? {
        if name.ends_with(UNFINISHED) {
            std::fs::remove_file(folder.join(name))?;
        }
    }
    Ok(())
}

fn names_in(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        // What has no name in Unicode is not ours.
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(UNFINISHED);
    PathBuf::from(name)
}

/// Makes a new file that its owner alone can read.
fn owned_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A name survives a power cut when its folder is on the disk.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

fn name_full_disk(error: anyhow::Error, folder: &Path) -> anyhow::Error {
    let is_full = error.chain().any(|cause| {
        let kind = cause
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind);
        matches!(
            kind,
            Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        )
    });
    match is_full {
        true => error.context(format!(
            "there is no room for the backup in {}",
            folder.display()
        )),
        false => error,
    }
}

/// What tells archives of one moment apart.
fn mark() -> anyhow::Result<String> {
    let mut bytes = [0; 3];
    getrandom::fill(&mut bytes)?;
    Ok(hexadecimal(&bytes))
}
