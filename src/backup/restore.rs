//! Putting a backup back: nothing is touched before all of it was read and found whole, and the rows come back in one transaction,
//! behind everything that they refer to.
//!
//! Where it ends before that transaction is committed, the database is as it was; the same command once more finishes it.

use std::collections::HashSet;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use futures::TryStreamExt;
use storage::{Existing, FileKey, Files, Load, Piece, Storage, known_migrations};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::archive::{self, OnlyRead, Take};
use super::kept_secrets;
use super::key::{self, Key};
use super::manifest::{About, Manifest};
use crate::config::Config;
use crate::database;
use crate::file_store;
use crate::kept_file::replace_text;

/// A file is copied in pieces of so many bytes.
const FILE_PIECE_BYTES: usize = 1 << 20;

/// What was put back.
#[derive(Debug)]
pub struct Restored {
    /// What the archive was.
    pub about: About,
    /// What it held.
    pub manifest: Manifest,
    /// Secrets that were left as they are, since there are others here.
    pub secrets_left: Vec<String>,
    /// Files that nothing refers to any more and that were deleted.
    pub files_deleted: u64,
}

/// Puts a backup back into the database, the files and the secrets that the configuration names. No server may run on them.
///
/// # Errors
/// When the archive does not open, is damaged or of a newer program: then nothing was touched. When the database has rows that are not
/// to go, or another schema than the archive and its forerunners.
pub async fn restore(
    config: &Config,
    path: &Path,
    key: Key,
    existing: Existing,
) -> anyhow::Result<Restored> {
    let (path, config) = (path.to_owned(), config.clone());
    let runtime = Handle::current();
    spawn_blocking(move || {
        let whole = archive::read(key::open(&path, &key)?, &mut OnlyRead)?;
        let newest = check_schema(&whole.0)?;
        let restoring = Restoring::begin(&config, &whole.0, newest, existing, &runtime);
        let loaded = runtime
            .block_on(restoring)?
            .put_back(&path, &key, &whole)
            .with_context(|| {
                format!(
                    "{} is as it was: mend this, then run the same command again",
                    database::describe(&config.database)
                )
            })?;
        let (secrets_left, files_deleted) = loaded.finish(existing)?;
        let (about, manifest) = whole;
        Ok(Restored {
            about,
            manifest,
            secrets_left,
            files_deleted,
        })
    })
    .await?
}

/// The newest migration of an archive, all of which this program must know.
pub(super) fn check_schema(about: &About) -> anyhow::Result<&str> {
    let known = known_migrations();
    if let Some(unknown) = about.schema.iter().find(|name| !known.contains(name)) {
        bail!(
            "the archive has the migration {unknown}, which this program does not know: run the newer program, {} or later",
            about.program
        );
    }
    let newest = about.schema.last();
    newest
        .map(String::as_str)
        .context("the archive is of a database without tables")
}

/// Puts back what comes out of an archive.
struct Restoring {
    load: Load,
    secret_files: Vec<(&'static str, PathBuf)>,
    existing: Existing,
    /// Without the rows, as far as the archive was read.
    loaded: Loaded,
}

/// What there is besides the rows, and is left to do when these are back.
struct Loaded {
    storage: Storage,
    files: Files,
    runtime: Handle,
    file_keys: HashSet<FileKey>,
    secrets: Vec<(PathBuf, Vec<u8>)>,
    secrets_left: Vec<String>,
}

impl Restoring {
    async fn begin(
        config: &Config,
        about: &About,
        newest: &str,
        existing: Existing,
        runtime: &Handle,
    ) -> anyhow::Result<Self> {
        let storage = database::open(config).await?;
        let database = database::describe(&config.database);
        let mut present = storage.snapshot().await?;
        if existing == Existing::Refuse && present.has_been_used().await? {
            bail!("{database} is not empty: name an empty one, or say --replace");
        }
        if let Some(newer) = present
            .schema()
            .iter()
            .find(|name| !about.schema.contains(name))
        {
            bail!(
                "{database} has the migration {newer}, which the archive lacks: name an empty one, without any table"
            );
        }
        drop(present);
        storage.migrate_to(newest).await?;
        let files = file_store::open(config).await?;
        let load = storage.load(about.tables.clone(), existing).await?;
        Ok(Self {
            load,
            secret_files: kept_secrets(config),
            existing,
            loaded: Loaded {
                storage,
                files,
                runtime: runtime.clone(),
                file_keys: HashSet::new(),
                secrets: Vec::new(),
                secrets_left: Vec::new(),
            },
        })
    }

    /// Reads the archive once more and puts back what it holds, all rows of it at the end.
    fn put_back(
        mut self,
        path: &Path,
        key: &Key,
        whole: &(About, Manifest),
    ) -> anyhow::Result<Loaded> {
        let read_again = archive::read(key::open(path, key)?, &mut self)?;
        ensure!(
            read_again == *whole,
            "the archive changed while it was read"
        );
        let mut loaded = self.loaded;
        if self.existing == Existing::Refuse {
            // Where nothing was, a server that starts finds them as soon as it finds the rows.
            write_secrets(&loaded.secrets)?;
            loaded.secrets.clear();
        }
        loaded.runtime.block_on(self.load.commit())?;
        Ok(loaded)
    }
}

impl Loaded {
    /// Replaces secrets and deletes files that belonged to what was there, and brings the schema up to date. Gives the names of the
    /// secrets that were left, and how many files were deleted.
    fn finish(self, existing: Existing) -> anyhow::Result<(Vec<String>, u64)> {
        let files_deleted = match existing {
            Existing::Refuse => 0,
            Existing::Replace => {
                let replaced = write_secrets(&self.secrets).and_then(|()| self.delete_others());
                replaced.context("the rows are back, and what belongs to them is not: run the same command again")?
            }
        };
        let migrated = self.runtime.block_on(self.storage.migrate());
        migrated.context(
            "what was restored cannot be brought up to date: run `digital-twin migrate`",
        )?;
        self.runtime.block_on(self.storage.close());
        Ok((self.secrets_left, files_deleted))
    }

    fn delete_others(&self) -> anyhow::Result<u64> {
        let mut files_deleted = 0;
        let mut keys = self.files.keys();
        while let Some(key) = self.runtime.block_on(keys.try_next())? {
            if !self.file_keys.contains(&key) {
                self.runtime.block_on(self.files.delete(key))?;
                files_deleted += 1;
            }
        }
        Ok(files_deleted)
    }
}

impl Take for Restoring {
    fn about(&mut self, _: &About) -> anyhow::Result<()> {
        Ok(())
    }

    fn rows(&mut self, table: usize, lines: Vec<u8>) -> anyhow::Result<()> {
        let adding = self.load.add(Piece { table, lines });
        Ok(self.loaded.runtime.block_on(adding)?)
    }

    fn file(&mut self, key: FileKey, content: &mut dyn Read) -> anyhow::Result<()> {
        let into = &mut self.loaded;
        into.file_keys.insert(key);
        let mut writer = into.runtime.block_on(into.files.create(key))?;
        loop {
            let mut piece = Vec::with_capacity(FILE_PIECE_BYTES);
            content
                .take(FILE_PIECE_BYTES as u64)
                .read_to_end(&mut piece)?;
            if piece.is_empty() {
                break;
            }
            into.runtime.block_on(writer.write(Bytes::from(piece)))?;
        }
        Ok(into.runtime.block_on(writer.finish())?)
    }

    fn secret(&mut self, name: &str, content: Vec<u8>) -> anyhow::Result<()> {
        let Some((_, path)) = self.secret_files.iter().find(|(known, _)| *known == name) else {
            // It is a setting here.
            self.loaded.secrets_left.push(name.to_owned());
            return Ok(());
        };
        match std::fs::read(path) {
            Ok(present) if present == content => {}
            Ok(_) if self.existing == Existing::Refuse => {
                self.loaded.secrets_left.push(name.to_owned())
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => self.loaded.secrets.push((path.clone(), content)),
        }
        Ok(())
    }
}

fn write_secrets(secrets: &[(PathBuf, Vec<u8>)]) -> anyhow::Result<()> {
    for (path, content) in secrets {
        let written = replace_text(path, content);
        written.with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
