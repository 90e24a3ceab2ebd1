//! A connection to the SQLite file: its settings, its permissions, and its errors in our words.

use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::ffi::{
    SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE,
};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::StorageError;
use crate::engine::DatabaseError;

/// How long a connection waits for another process that writes.
pub(crate) const BUSY_WAIT: Duration = Duration::from_secs(5);
/// How often a connection looks whether another has turned the log on.
const BUSY_LOOK: Duration = Duration::from_millis(5);
/// Memory for pages of the file, for each connection.
const CACHE_KIB: i64 = 16 * 1024;
/// Pages that the log may hold before they move to the file (32 MiB): a page that many commits change moves once.
const LOG_PAGES: i64 = 8192;
/// Statements kept prepared: all that the program has.
const STATEMENTS_MAX: usize = 128;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// Opens the file, which is made, readable for its owner alone, when it is absent.
///
/// Nothing but SQLite opens the file: closing any descriptor of it drops every lock that this process has on it
/// (POSIX), and the connections that had them would not know.
pub(crate) fn open(path: &Path, access: Access) -> Result<Connection, StorageError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut is_new = false;
    if access == Access::Write {
        refuse_unusable(path)?;
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
        is_new = !path.exists();
    }
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| name_file(path, &error))?;
    if is_new {
        // Before its first byte; the files that SQLite puts beside it get the same permissions.
        keep_for_owner(path)?;
    }
    configure(&connection, access).map_err(|error| name_file(path, &error))?;
    Ok(connection)
}

fn refuse_unusable(path: &Path) -> Result<(), StorageError> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let reason = match std::fs::metadata(folder) {
        _ if path.is_dir() => "it is a folder".to_owned(),
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => "its folder does not exist".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(StorageError::CannotWrite {
        path: path.to_owned(),
        reason,
    })
}

fn keep_for_owner(path: &Path) -> Result<(), StorageError> {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(
        |error| StorageError::CannotWrite {
            path: path.to_owned(),
            reason: error.to_string(),
        },
    )?;
    Ok(())
}

fn configure(connection: &Connection, access: Access) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "foreign_keys", true)?;
    // FULL: in WAL mode only this makes a commit survive a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // What is deleted is overwritten at once.
    connection.pragma_update(None, "secure_delete", true)?;
    match access {
        Access::Write => {
            connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
            write_ahead(connection)
        }
        Access::Read => connection.pragma_update(None, "query_only", true),
    }
}

/// Turns the write-ahead log on. Of several that turn it on at once SQLite refuses all but one without waiting, as
/// each has what the others wait for; so they try again.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite tells nobody that a lock is free, and this thread has nothing else to do"
)]
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let deadline = Instant::now() + BUSY_WAIT;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < deadline =>
            {
                thread::sleep(BUSY_LOOK);
            }
            outcome => return outcome,
        }
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
