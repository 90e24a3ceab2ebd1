//! A connection to the SQLite file: its settings, its permissions, and its errors in our words.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::ffi::{
    SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE,
};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::StorageError;
use crate::engine::DatabaseError;

/// How long a connection waits for another process that writes.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Statements kept prepared: all that the program has.
const STATEMENTS_MAX: usize = 128;
/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// Opens the file, which is made, readable for its owner alone, when it is absent.
pub(crate) fn open(path: &Path, access: Access) -> Result<Connection, StorageError> {
    if access == Access::Write {
        prepare_file(path)?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .and_then(|connection| {
            configure(&connection, access)?;
            Ok(connection)
        })
        .map_err(|error| name_file(path, &error))
}

fn prepare_file(path: &Path) -> Result<(), StorageError> {
    let cannot_write = |reason: String| StorageError::CannotWrite {
        path: path.to_owned(),
        reason,
    };
    if path.is_dir() {
        return Err(cannot_write("it is a folder".into()));
    }
    let mut file = owned_file(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => cannot_write("its folder does not exist".into()),
        _ => cannot_write(error.to_string()),
    })?;
    let mut start = Vec::new();
    file.by_ref()
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(|error| cannot_write(error.to_string()))?;
    if !start.is_empty() && start != MAGIC {
        return Err(StorageError::NotADatabase {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// Opens a file for reading and writing; a new one may be read by its owner alone.
pub(crate) fn owned_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn configure(connection: &Connection, access: Access) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "foreign_keys", true)?;
    // FULL: in WAL mode only this makes a commit survive a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    match access {
        Access::Write => connection.pragma_update(None, "journal_mode", "WAL"),
        Access::Read => connection.pragma_update(None, "query_only", true),
    }
}

fn name_file(path: &Path, error: &rusqlite::Error) -> StorageError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StorageError::NotADatabase {
            path: path.to_owned(),
        },
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            StorageError::CannotWrite {
                path: path.to_owned(),
                reason: error.to_string(),
            }
        }
        _ => StorageError::Unavailable(format!("{}: {error}", path.display())),
    }
}

/// What a failed statement means to the queries.
pub(crate) fn classify(error: rusqlite::Error) -> DatabaseError {
    let reason = error.to_string();
    let rusqlite::Error::SqliteFailure(failure, _) = &error else {
        let missing = reason.starts_with("no such table");
        return if missing {
            StorageError::SchemaMissing.into()
        } else {
            StorageError::Internal(reason).into()
        };
    };
    match failure.extended_code {
        SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY => return DatabaseError::Unique,
        SQLITE_CONSTRAINT_FOREIGNKEY => return DatabaseError::ForeignKey,
        _ => {}
    }
    match failure.code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly => StorageError::Unavailable(reason).into(),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StorageError::Corrupt(reason).into()
        }
        _ if reason.contains("no such table") => StorageError::SchemaMissing.into(),
        _ => StorageError::Internal(reason).into(),
    }
}
