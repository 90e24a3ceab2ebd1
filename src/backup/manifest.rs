//! What a backup says of itself: what it is before its contents, and what they must be behind them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use storage::{FileKey, Snapshot, StorageError, Table};

use crate::hexadecimal::hexadecimal;

/// The layout of archives that this program writes and reads.
pub(super) const FORMAT: u32 = 1;

/// What a backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The layout of the archive.
    pub format: u32,
    /// The archive's file name.
    pub name: String,
    /// Version of the program that wrote it.
    pub program: String,
    /// When its snapshot was taken, in UTC milliseconds: everything that was committed before is in it.
    pub taken_at: i64,
    /// Names of the migrations that made the tables, oldest first.
    pub schema: Vec<String>,
    /// The tables.
    pub tables: Vec<Table>,
}

/// What the contents of a backup must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The rows of every table, in the order of their names.
    pub tables: Vec<TableDigest>,
    /// The files.
    pub files: FilesDigest,
    /// Files that rows refer to and that people deleted before they could be copied.
    pub files_gone: Vec<String>,
    /// Names of the secrets.
    pub secrets: Vec<String>,
}

/// The rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableDigest {
    /// Its name.
    pub name: String,
    /// How many.
    pub rows: u64,
    /// SHA-256 of all their lines, in hexadecimal.
    pub sha256: String,
}

/// All files together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesDigest {
    /// How many.
    pub count: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// SHA-256 of each one's key and SHA-256, one after the other, in hexadecimal.
    pub sha256: String,
}

/// Adds rows up to what the manifest says of them.
#[derive(Default)]
pub(super) struct RowsSum(BTreeMap<usize, (u64, Sha256)>);

impl RowsSum {
    pub(super) fn add(&mut self, table: usize, lines: &[u8]) {
        let (rows, sum) = self.0.entry(table).or_default();
        *rows += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        sum.update(lines);
    }

    /// The sums of these tables.
    pub(super) fn of(mut self, tables: &[Table]) -> Vec<TableDigest> {
        let sums = tables.iter().enumerate().map(|(place, table)| {
            let (rows, sum) = self.0.remove(&place).unwrap_or_default();
            TableDigest {
                name: table.name.clone(),
                rows,
                sha256: hexadecimal(&sum.finalize()),
            }
        });
        sums.collect()
    }
}

/// Adds files up to what the manifest says of them.
#[derive(Default)]
pub(super) struct FilesSum {
    count: u64,
    bytes: u64,
    sum: Sha256,
}

impl FilesSum {
    pub(super) fn add(&mut self, key: FileKey, bytes: u64, sha256: &[u8]) {
        self.count += 1;
        self.bytes += bytes;
        self.sum.update(key.to_string());
        self.sum.update(sha256);
    }

    pub(super) fn of_all(self) -> FilesDigest {
        FilesDigest {
            count: self.count,
            bytes: self.bytes,
            sha256: hexadecimal(&self.sum.finalize()),
        }
    }
}

/// Reads a snapshot to its end and adds it up.
pub(super) async fn sum_of(mut snapshot: Snapshot) -> Result<Vec<TableDigest>, StorageError> {
    let mut sum = RowsSum::default();
    while let Some(piece) = snapshot.next().await? {
        sum.add(piece.table, &piece.lines);
    }
    Ok(sum.of(snapshot.tables()))
}
