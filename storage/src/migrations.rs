//! Migrations: forward only, embedded in the program, and safe to start from any number of processes at once.
//!
//! The runner has no lock of its own. PostgreSQL lends an advisory lock on the connection that migrates; for SQLite it
//! is a lock on a file beside the database.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use refinery::{Migration, Runner, Target};
use tokio::time::{Instant, sleep};

use crate::StorageError;
use crate::engine::{Engine, Postgres, PostgresConfig, Sqlite, no_file, sqlite_connection};

/// How long a process waits for another that migrates: the longest migration should take less.
const LOCK_WAIT: Duration = Duration::from_secs(60);
/// How often a process looks whether another has finished migrating.
const LOCK_LOOK: Duration = Duration::from_millis(20);
/// "digital-" in ASCII: the number of our advisory lock.
const ADVISORY_LOCK: i64 = 0x6469_6769_7461_6c2d;
/// A migration may take long; waiting for the lock may not.
const MIGRATION_OPTIONS: &str = "-c statement_timeout=0 -c lock_timeout=60000";

mod embedded {
    refinery::embed_migrations!("../migrations");
}

/// Which migrations the database has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Names of those it has as this program knows them, oldest first.
    pub applied: Vec<String>,
    /// Names of those it lacks, oldest first.
    pub pending: Vec<String>,
    /// Names of those it has and this program does not know.
    pub unknown: Vec<String>,
    /// Names of those it has, but made from another text than this program's.
    pub changed: Vec<String>,
}

/// A migration that the database has.
struct Applied {
    version: i32,
    name: String,
    checksum: String,
}

/// The migrations of this program by their names, oldest first.
pub fn known_migrations() -> Vec<String> {
    let known = known();
    known
        .iter()
        .map(|migration| name(migration.version(), migration.name()))
        .collect()
}

/// Applies what the database lacks, up to the migration of this name where one is named, and returns the names.
pub(crate) async fn apply(
    engine: &Engine,
    newest: Option<&str>,
) -> Result<Vec<String>, StorageError> {
    let mut runner = embedded::migrations::runner();
    if let Some(newest) = newest {
        runner = runner.set_target(Target::Version(version_of(newest)?));
    }
    let report = match engine {
        Engine::Sqlite(sqlite) => apply_to_sqlite(engine, sqlite, runner).await?,
        Engine::Postgres(postgres) => apply_to_postgres(engine, postgres, runner).await?,
        Engine::Resident(_) => return Err(no_file()),
    };
    let applied = report.applied_migrations();
    Ok(applied
        .iter()
        .map(|migration| name(migration.version(), migration.name()))
        .collect())
}

/// Which migrations the database has and lacks.
pub(crate) async fn status(engine: &Engine) -> Result<MigrationStatus, StorageError> {
    let known = known();
    let history = history(engine).await?;
    let newest = history.last().map_or(0, |applied| applied.version);
    let mut status = MigrationStatus::default();
    for applied in history {
        let found = known
            .iter()
            .find(|migration| migration.version() == applied.version);
        let list = match found {
            None => &mut status.unknown,
            Some(known) if is_same(known, &applied) => &mut status.applied,
            Some(_) => &mut status.changed,
        };
        list.push(name(applied.version, &applied.name));
    }
    let pending = known
        .iter()
        .filter(|migration| migration.version() > newest);
    status.pending = pending
        .map(|migration| name(migration.version(), migration.name()))
        .collect();
    Ok(status)
}

/// Refuses, with `SchemaNewer`, a database that a newer program has changed.
pub(crate) async fn check(engine: &Engine) -> Result<(), StorageError> {
    let known = known().last().map_or(0, Migration::version);
    let found = history(engine)
        .await?
        .last()
        .map_or(0, |applied| applied.version);
    match found > known {
        true => Err(StorageError::SchemaNewer { found, known }),
        false => Ok(()),
    }
}

fn known() -> Vec<Migration> {
    let mut known = embedded::migrations::runner().get_migrations().clone();
    known.sort();
    known
}

fn is_same(known: &Migration, applied: &Applied) -> bool {
    known.name() == applied.name && known.checksum().to_string() == applied.checksum
}

/// The number of the migration of this name.
fn version_of(migration: &str) -> Result<i32, StorageError> {
    let known = known();
    let found = known
        .iter()
        .find(|known| name(known.version(), known.name()) == migration);
    found
        .map(Migration::version)
        .ok_or(StorageError::NotFound("migration"))
}

async fn history(engine: &Engine) -> Result<Vec<Applied>, StorageError> {
    let mut history = Vec::new();
    if history_exists(engine).await? {
        let sql = "SELECT version, name, checksum FROM refinery_schema_history ORDER BY version";
        for rows in engine.read(vec![(sql, Vec::new())]).await? {
            history = rows.map(|mut row| {
                Ok(Applied {
                    version: row.count()?,
                    name: row.text()?,
                    checksum: row.text()?,
                })
            })?;
        }
    }
    Ok(history)
}

async fn history_exists(engine: &Engine) -> Result<bool, StorageError> {
    let sql = match engine {
        Engine::Sqlite(_) | Engine::Resident(_) => {
            "SELECT name FROM sqlite_master WHERE name = 'refinery_schema_history'"
        }
        Engine::Postgres(_) => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name = 'refinery_schema_history'"
        }
    };
    let results = engine.read(vec![(sql, Vec::new())]).await?;
    Ok(results.iter().any(|rows| !rows.rows.is_empty()))
}

async fn apply_to_postgres(
    engine: &Engine,
    postgres: &Postgres,
    runner: Runner,
) -> Result<refinery::Report, StorageError> {
    let mut client = postgres.config().connect_with(MIGRATION_OPTIONS).await?;
    client
        .execute("SELECT pg_advisory_lock($1)", &[&ADVISORY_LOCK])
        .await
        .map_err(|error| PostgresConfig::failure(&error))?;
    // The lock goes with the connection, however this ends.
    check(engine).await?;
    runner
        .run_async(&mut client)
        .await
        .map_err(|error| failed(&error))
}

async fn apply_to_sqlite(
    engine: &Engine,
    sqlite: &Sqlite,
    runner: Runner,
) -> Result<refinery::Report, StorageError> {
    let _lock = lock_beside(sqlite.path()).await?;
    check(engine).await?;
    let path = sqlite.path().to_owned();
    let migration = tokio::task::spawn_blocking(move || {
        let mut connection = sqlite_connection(&path)?;
        runner.run(&mut connection).map_err(|error| failed(&error))
    });
    migration
        .await
        .map_err(|_| StorageError::Internal("the migration panicked".into()))?
}

/// Opens a file for reading and writing; a new one may be read by its owner alone.
fn owned_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Takes the lock on the file beside the database; dropping it releases the lock.
async fn lock_beside(database: &Path) -> Result<File, StorageError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let cannot_write = |error: std::io::Error| StorageError::CannotWrite {
        path: path.clone(),
        reason: error.to_string(),
    };
    let file = owned_file(&path).map_err(cannot_write)?;
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(cannot_write(error)),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                return Err(StorageError::Unavailable(format!(
                    "another process has been migrating for {} s",
                    LOCK_WAIT.as_secs()
                )));
            }
            Err(TryLockError::WouldBlock) => sleep(LOCK_LOOK).await,
        }
    }
}

/// A migration's name, as its file is called.
pub(crate) fn name(version: i32, text: &str) -> String {
    format!("V{version:04}__{text}")
}

fn failed(error: &refinery::Error) -> StorageError {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    StorageError::Internal(reason)
}
