//! Dumps: every row of every table as it was at one moment, in lines that both databases write and read alike, and the way back.
//!
//! Which tables, columns and keys there are is asked of the database itself, so that no migration can be forgotten here.

pub(crate) mod lines;

use std::fmt;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::metrics::Call;
use crate::value::Value;
use crate::{FileKey, Storage, StorageError};

/// A piece of a table ends with the row that fills so many bytes.
pub const PIECE_BYTES: usize = 1 << 20;
/// Pieces that wait for whoever takes them.
const PIECES_WAITING_MAX: usize = 2;

/// Tables in which a migration puts rows: they have some in a database that nobody has used yet.
pub(crate) const FILLED_BY_MIGRATIONS: &[&str] = &["audit_ends", "scrub"];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// A whole number of 64 bits.
    Int,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Int => "number",
            Self::Text => "text",
            Self::Bytes => "bytes",
        })
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds; any of them may hold nothing.
    pub kind: ColumnKind,
}

/// A table, with its columns in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// Some rows of a table, each a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The table's place in the list of tables.
    pub table: usize,
    /// The rows.
    pub lines: Vec<u8>,
}

/// What a database holds before its rows are read.
#[derive(Debug)]
pub(crate) struct Contents {
    /// The tables in the order of their names, each with the columns of its key.
    pub(crate) tables: Vec<(Table, Vec<String>)>,
    /// Names of the migrations that made them, oldest first.
    pub(crate) schema: Vec<String>,
    /// The files that rows refer to.
    pub(crate) files: Vec<FileKey>,
}

/// The database as it was at one moment. The rows come piece by piece, those of one table together and in one order.
#[derive(Debug)]
pub struct Snapshot {
    tables: Vec<Table>,
    schema: Vec<String>,
    files: Vec<FileKey>,
    pieces: mpsc::Receiver<Result<Piece, StorageError>>,
}

impl Snapshot {
    /// The tables, in the order in which their rows come.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Names of the migrations that made them, oldest first.
    pub fn schema(&self) -> &[String] {
        &self.schema
    }

    /// The files that rows refer to.
    pub fn files(&self) -> &[FileKey] {
        &self.files
    }

    /// Whether there are other rows than migrations make; takes the rows up to the first such.
    pub async fn has_been_used(&mut self) -> Result<bool, StorageError> {
        while let Some(piece) = self.next().await? {
            if !FILLED_BY_MIGRATIONS.contains(&self.tables[piece.table].name.as_str()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next rows; none when there are no more.
    pub async fn next(&mut self) -> Result<Option<Piece>, StorageError> {
        self.pieces.recv().await.transpose()
    }
}

/// What becomes of rows that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// They keep a dump from being loaded.
    Refuse,
    /// They go.
    Replace,
}

/// A dump that is being loaded, in one transaction: unless it is committed, nothing of it stays.
#[derive(Debug)]
pub struct Load {
    steps: mpsc::Sender<Step>,
    ended: oneshot::Receiver<Result<(), StorageError>>,
}

/// What the one who loads is told.
#[derive(Debug)]
pub(crate) enum Step {
    Piece(Piece),
    Commit,
}

impl Load {
    /// Adds rows; those of one table must come together.
    pub async fn add(&mut self, piece: Piece) -> Result<(), StorageError> {
        if self.steps.send(Step::Piece(piece)).await.is_ok() {
            return Ok(());
        }
        match (&mut self.ended).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) | Err(_) => Err(ended_early()),
        }
    }

    /// Keeps what was added, all of it at once. `Corrupt` when rows refer to some that are not there.
    pub async fn commit(self) -> Result<(), StorageError> {
        // Who has ended already says why below.
        let _ = self.steps.send(Step::Commit).await;
        self.ended.await.unwrap_or_else(|_| Err(ended_early()))
    }
}

impl Storage {
    /// Takes a snapshot of everything that is committed now. It holds a connection of its own until its last piece is read
    /// or it is dropped, and waits for nobody who writes.
    pub async fn snapshot(&self) -> Result<Snapshot, StorageError> {
        let engine = self.engine();
        self.call(Call::Read, async move {
            let (pieces, taken) = mpsc::channel(PIECES_WAITING_MAX);
            let contents = engine.read_snapshot(pieces).await?;
            Ok(Snapshot {
                tables: contents
                    .tables
                    .into_iter()
                    .map(|(table, _)| table)
                    .collect(),
                schema: contents.schema,
                files: contents.files,
                pieces: taken,
            })
        })
        .await
    }

    /// Begins to load a dump of these tables into a database that has the same. `Refused` when it has others, or rows that
    /// are not to go.
    pub async fn load(&self, tables: Vec<Table>, existing: Existing) -> Result<Load, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            let (steps, orders) = mpsc::channel(PIECES_WAITING_MAX);
            let ended = engine.load(tables, existing, orders).await?;
            Ok(Load { steps, ended })
        })
        .await
    }
}

/// Collects rows of one table into pieces.
pub(crate) struct PieceWriter<'a> {
    table: usize,
    columns: &'a [Column],
    lines: Vec<u8>,
}

impl<'a> PieceWriter<'a> {
    pub(crate) fn new(place: usize, table: &'a Table) -> Self {
        Self {
            table: place,
            columns: &table.columns,
            lines: Vec::new(),
        }
    }

    /// Adds a row; gives a piece when it is full.
    pub(crate) fn add(&mut self, values: &[Value]) -> Result<Option<Piece>, StorageError> {
        lines::write_row(self.columns, values, &mut self.lines)?;
        Ok(match self.lines.len() {
            bytes if bytes >= PIECE_BYTES => self.rest(),
            _ => None,
        })
    }

    /// What was added since the last piece.
    pub(crate) fn rest(&mut self) -> Option<Piece> {
        let piece = Piece {
            table: self.table,
            lines: std::mem::take(&mut self.lines),
        };
        (!piece.lines.is_empty()).then_some(piece)
    }
}

/// The lines of a piece, without their ends.
pub(crate) fn lines_of(piece: &Piece) -> impl Iterator<Item = &[u8]> {
    let lines = piece.lines.split(|byte| *byte == b'\n');
    lines.filter(|line| !line.is_empty())
}

/// Reads every row of a table, in an order that both databases know: that of its key or, where it has none, of all columns.
/// Texts are ordered by their bytes.
pub(crate) fn select(table: &Table, key: &[String], byte_order: &str) -> String {
    let ordered = table
        .columns
        .iter()
        .filter(|column| key.is_empty() || key.contains(&column.name));
    let mut ordered: Vec<&Column> = ordered.collect();
    ordered.sort_by_key(|column| key.iter().position(|name| *name == column.name));
    let ordered: Vec<String> = ordered
        .into_iter()
        .map(|column| {
            let collation = match column.kind {
                ColumnKind::Text => format!(" COLLATE {byte_order}"),
                ColumnKind::Int | ColumnKind::Bytes => String::new(),
            };
            // A key is never null, and its index serves only who does not ask.
            let nulls = if key.is_empty() { " NULLS FIRST" } else { "" };
            format!("{}{collation}{nulls}", quoted(&column.name))
        })
        .collect();
    format!(
        "SELECT {} FROM {} ORDER BY {}",
        column_names(table),
        quoted(&table.name),
        ordered.join(", ")
    )
}

/// The names of a table's columns, as a list.
pub(crate) fn column_names(table: &Table) -> String {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|column| quoted(&column.name))
        .collect();
    names.join(", ")
}

/// The columns whose values are keys of files that must be there. The table that notes files before they are written is none of
/// them: what it alone knows may be unfinished.
pub(crate) fn file_columns(tables: &[(Table, Vec<String>)]) -> Option<String> {
    let with_files = tables.iter().filter(|(table, _)| {
        let refers = |column: &Column| column.name == "file_key";
        table.name != "attachment_files" && table.columns.iter().any(refers)
    });
    let selects: Vec<String> = with_files
        .map(|(table, _)| format!("SELECT file_key FROM {}", quoted(&table.name)))
        .collect();
    (!selects.is_empty()).then(|| selects.join(" UNION "))
}

/// A file key as it stands in a row.
pub(crate) fn file_key(text: &str) -> Result<FileKey, StorageError> {
    text.parse()
        .map_err(|_| StorageError::Corrupt("a stored file key is none".into()))
}

/// Refuses a dump of other tables than the database has.
pub(crate) fn check_tables(
    wanted: &[Table],
    present: &[(Table, Vec<String>)],
) -> Result<(), StorageError> {
    match wanted.iter().eq(present.iter().map(|(table, _)| table)) {
        true => Ok(()),
        false => Err(StorageError::Refused(
            "the dump has other tables than the database",
        )),
    }
}

/// The table of a piece.
pub(crate) fn table_of<'a>(tables: &'a [Table], piece: &Piece) -> Result<&'a Table, StorageError> {
    tables
        .get(piece.table)
        .ok_or_else(|| StorageError::Internal("a piece of a table that there is not".into()))
}

/// Rows are in the way.
pub(crate) fn not_empty() -> StorageError {
    StorageError::Refused("the database is not empty")
}

/// A name in SQL; whatever it is, it is one word.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn ended_early() -> StorageError {
    StorageError::Internal("loading ended by itself".into())
}
