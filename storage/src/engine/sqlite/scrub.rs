//! Scrubbing of a SQLite file: a thread and a connection of their own.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection::{self, Access, BUSY_WAIT, classify};
use super::{gone, spawn};
use crate::StorageError;
use crate::scrub::Scrubbed;

/// How long the log waits for those who read an older state: while it does, nobody writes.
const READERS_WAIT: Duration = Duration::from_millis(500);

const TABLES: &str = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'";

/// Writes the file anew and empties its log.
pub(crate) async fn scrub(path: &Path) -> Result<Scrubbed, StorageError> {
    let (done, scrubbed) = oneshot::channel();
    let path = path.to_owned();
    spawn("storage-scrub", move || {
        // Nobody waits for it any more when this fails.
        let _ = done.send(write_anew(&path));
    })?;
    scrubbed.await.map_err(|_| StorageError::from(gone()))?
}

fn write_anew(path: &Path) -> Result<Scrubbed, StorageError> {
    let connection = connection::open(path, Access::Write)?;
    let tables: i64 = connection
        .query_row(TABLES, [], |row| row.get(0))
        .map_err(classify)?;
    // While a backup reads, the log would only grow.
    empty_log(&connection)?;
    // A cell that was moved leaves a copy in the free part of its page, which `secure_delete` does not know of.
    let written = connection.execute_batch("VACUUM").map_err(classify);
    // Where there was no room for it, the log gives back what it took.
    let emptied = empty_log(&connection);
    written?;
    emptied?;
    Ok(Scrubbed {
        tables: u64::try_from(tables).unwrap_or_default(),
        left: Vec::new(),
    })
}

fn empty_log(connection: &Connection) -> Result<(), StorageError> {
    connection.busy_timeout(READERS_WAIT).map_err(classify)?;
    let is_busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(classify)?;
    connection.busy_timeout(BUSY_WAIT).map_err(classify)?;
    match is_busy {
        0 => Ok(()),
        _ => {
            let reason =
                "somebody reads an older state of the database, so its log cannot be emptied";
            Err(StorageError::Unavailable(reason.into()))
        }
    }
}
