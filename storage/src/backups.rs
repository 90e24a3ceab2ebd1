//! What is known of backups: which were written, which were restored to see whether they can be, and which were copied away.

use crate::value::params;
use crate::{Storage, StorageError};

/// Backups that are told of at once: years of daily ones.
const BACKUPS_MAX: u32 = 1000;

const NOTE: &str = "INSERT INTO backups (name, taken_at, size_bytes) VALUES ($1, $2, $3)";
const NOTE_VERIFIED: &str = "UPDATE backups SET verified_at = $2 WHERE name = $1 RETURNING name";
const NOTE_COPYING: &str =
    "UPDATE backups SET copy_begun_at = $2 WHERE name = $1 AND copied_at IS NULL";
const NOTE_COPIED: &str = "UPDATE backups SET copied_at = $2 WHERE name = $1 AND copied_at IS NULL";
const LIST: &str = "SELECT name, taken_at, size_bytes, verified_at, copy_begun_at, copied_at FROM backups \
     ORDER BY taken_at DESC, name LIMIT $1";
const FORGET: &str = "DELETE FROM backups WHERE name = $1";

/// A backup that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The archive's file name.
    pub name: String,
    /// When its snapshot was taken, in UTC milliseconds.
    pub taken_at: i64,
    /// The archive's size.
    pub size_bytes: u64,
    /// When it was last seen to restore, in UTC milliseconds.
    pub verified_at: Option<i64>,
    /// When it was last begun to copy it away, in UTC milliseconds.
    pub copy_begun_at: Option<i64>,
    /// When it was copied away, in UTC milliseconds.
    pub copied_at: Option<i64>,
}

impl Storage {
    /// Notes a backup that was written. `Conflict` when there is one of this name.
    pub async fn note_backup(
        &self,
        name: &str,
        taken_at: i64,
        size_bytes: u64,
    ) -> Result<(), StorageError> {
        let noted = self.write(NOTE, params![name, taken_at, size_bytes]).await;
        noted.map(drop)
    }

    /// Notes that a backup was restored and was as it should be; says whether there is one of this name.
    pub async fn note_verified_backup(&self, name: &str, now: i64) -> Result<bool, StorageError> {
        let noted = self.write(NOTE_VERIFIED, params![name, now]).await?;
        Ok(noted.affected > 0)
    }

    /// Notes that it is begun to copy these backups away; what was copied already stays so.
    pub async fn note_copying_backups(
        &self,
        names: &[String],
        now: i64,
    ) -> Result<(), StorageError> {
        self.note_each(NOTE_COPYING, names, now).await
    }

    /// Notes that these backups were copied away.
    pub async fn note_copied_backups(
        &self,
        names: &[String],
        now: i64,
    ) -> Result<(), StorageError> {
        self.note_each(NOTE_COPIED, names, now).await
    }

    async fn note_each(
        &self,
        statement: &'static str,
        names: &[String],
        now: i64,
    ) -> Result<(), StorageError> {
        for name in names {
            self.write(statement, params![name, now]).await?;
        }
        Ok(())
    }

    /// The backups that were written and not forgotten, newest first.
    pub async fn backups(&self) -> Result<Vec<Backup>, StorageError> {
        let rows = self.read(LIST, params![BACKUPS_MAX]).await?;
        rows.map(|mut row| {
            Ok(Backup {
                name: row.text()?,
                taken_at: row.int()?,
                size_bytes: row.count()?,
                verified_at: row.optional_int()?,
                copy_begun_at: row.optional_int()?,
                copied_at: row.optional_int()?,
            })
        })
    }

    /// Forgets a backup whose archive is deleted.
    pub async fn forget_backup(&self, name: &str) -> Result<(), StorageError> {
        self.write(FORGET, params![name]).await.map(drop)
    }
}
