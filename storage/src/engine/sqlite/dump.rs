//! Dumps of a SQLite file: a thread and a connection of their own, beside those of the pool.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params_from_iter};
use tokio::sync::{mpsc, oneshot};

use super::connection::{self, Access, classify};
use super::{gone, read_values, spawn};
use crate::StorageError;
use crate::dump::{
    Column, ColumnKind, Contents, Existing, FILLED_BY_MIGRATIONS, Piece, PieceWriter, Step, Table,
    check_tables, column_names, file_columns, file_key, lines, lines_of, not_empty, quoted, select,
    table_of,
};
use crate::engine::DatabaseError;

const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
     AND name <> 'refinery_schema_history' ORDER BY name";
const COLUMNS: &str = "SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY name";
const HAS_HISTORY: &str =
    "SELECT COUNT(*) FROM sqlite_master WHERE name = 'refinery_schema_history'";
const HISTORY: &str = "SELECT version, name FROM refinery_schema_history ORDER BY version";

type Pieces = mpsc::Sender<Result<Piece, StorageError>>;

/// Says what the file holds now, and has every row of it sent, as it is now.
pub(crate) async fn read_snapshot(path: &Path, pieces: Pieces) -> Result<Contents, StorageError> {
    let (begun, contents) = oneshot::channel();
    let path = path.to_owned();
    spawn("storage-snapshot", move || match begin(&path) {
        Ok((connection, contents)) => {
            let tables = contents.tables.clone();
            if begun.send(Ok(contents)).is_ok() {
                send_rows(&connection, &tables, &pieces);
            }
        }
        // Nobody waits for it any more when this fails.
        Err(error) => drop(begun.send(Err(error))),
    })?;
    contents.await.map_err(|_| StorageError::from(gone()))?
}

fn begin(path: &Path) -> Result<(Connection, Contents), StorageError> {
    let connection = connection::open(path, Access::Read)?;
    connection.execute_batch("BEGIN").map_err(classify)?;
    let contents = describe(&connection)?;
    Ok((connection, contents))
}

/// What stands in the file, as the transaction sees it that is open.
fn describe(connection: &Connection) -> Result<Contents, StorageError> {
    let tables = tables(connection)?;
    let files = match file_columns(&tables) {
        Some(sql) => texts(connection, &sql)?,
        None => Vec::new(),
    };
    let files: Result<_, _> = files.iter().map(|text| file_key(text)).collect();
    Ok(Contents {
        schema: schema(connection).map_err(classify)?,
        files: files?,
        tables,
    })
}

fn schema(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let has_history: i64 = connection.query_row(HAS_HISTORY, [], |row| row.get(0))?;
    if has_history == 0 {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(HISTORY)?;
    let names = statement.query_map([], |row| {
        let name: String = row.get(1)?;
        Ok(crate::migrations::name(row.get(0)?, &name))
    })?;
    names.collect()
}

/// The tables, each with the columns of its key.
fn tables(connection: &Connection) -> Result<Vec<(Table, Vec<String>)>, StorageError> {
    let names = texts(connection, TABLES)?;
    names
        .into_iter()
        .map(|name| table(connection, name))
        .collect()
}

/// A table, and the columns of its key.
fn table(connection: &Connection, name: String) -> Result<(Table, Vec<String>), StorageError> {
    let mut statement = connection.prepare(COLUMNS).map_err(classify)?;
    let found = statement.query_map([&name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let found: rusqlite::Result<Vec<(String, String, i64)>> = found.and_then(Iterator::collect);
    let (mut columns, mut key) = (Vec::new(), Vec::new());
    for (column, kind, place) in found.map_err(classify)? {
        if place > 0 {
            key.push((place, column.clone()));
        }
        let kind = match kind.as_str() {
            "BIGINT" => ColumnKind::Int,
            "TEXT" => ColumnKind::Text,
            "BYTEA" => ColumnKind::Bytes,
            other => {
                let reason = format!("the column {column} of {name} is of the kind {other}");
                return Err(StorageError::Internal(reason));
            }
        };
        columns.push(Column { name: column, kind });
    }
    key.sort();
    let key = key.into_iter().map(|(_, column)| column).collect();
    Ok((Table { name, columns }, key))
}

fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>, StorageError> {
    let mut statement = connection.prepare(sql).map_err(classify)?;
    let found = statement.query_map([], |row| row.get(0));
    let found: rusqlite::Result<Vec<String>> = found.and_then(Iterator::collect);
    Ok(found.map_err(classify)?)
}

fn send_rows(connection: &Connection, tables: &[(Table, Vec<String>)], pieces: &Pieces) {
    for (place, (table, key)) in tables.iter().enumerate() {
        if pieces.is_closed() {
            return;
        }
        let sql = select(table, key, "BINARY");
        if let Err(error) = send_table(connection, &sql, place, table, pieces) {
            // Nobody takes the pieces any more when this fails.
            let _ = pieces.blocking_send(Err(error.into()));
            return;
        }
    }
}

fn send_table(
    connection: &Connection,
    sql: &str,
    place: usize,
    table: &Table,
    pieces: &Pieces,
) -> Result<(), DatabaseError> {
    let mut statement = connection.prepare(sql).map_err(classify)?;
    let mut rows = statement.query([]).map_err(classify)?;
    let mut writer = PieceWriter::new(place, table);
    while let Some(row) = rows.next().map_err(classify)? {
        let values = read_values(row, table.columns.len())?;
        if let Some(piece) = writer.add(&values)? {
            pieces.blocking_send(Ok(piece)).map_err(|_| gone())?;
        }
    }
    if let Some(piece) = writer.rest() {
        pieces.blocking_send(Ok(piece)).map_err(|_| gone())?;
    }
    Ok(())
}

/// Loads what the orders bring; the receiver is told how it ended.
pub(crate) async fn load(
    path: &Path,
    tables: Vec<Table>,
    existing: Existing,
    orders: mpsc::Receiver<Step>,
) -> Result<oneshot::Receiver<Result<(), StorageError>>, StorageError> {
    let (begun, ready) = oneshot::channel();
    let (outcome, ended) = oneshot::channel();
    let path = path.to_owned();
    spawn("storage-load", move || {
        match begin_load(path, &tables, existing) {
            Ok(connection) => {
                if begun.send(Ok(())).is_ok() {
                    // A connection that is dropped before its commit rolls back.
                    let _ = outcome.send(take_pieces(&connection, &tables, orders));
                }
            }
            // Nobody waits for it any more when this fails.
            Err(error) => drop(begun.send(Err(error))),
        }
    })?;
    ready.await.map_err(|_| StorageError::from(gone()))??;
    Ok(ended)
}

fn begin_load(
    path: PathBuf,
    tables: &[Table],
    existing: Existing,
) -> Result<Connection, StorageError> {
    let connection = connection::open(&path, Access::Write)?;
    // Rows come before those that they refer to; whether all are there is looked at before the commit.
    connection
        .pragma_update(None, "foreign_keys", false)
        .map_err(classify)?;
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(classify)?;
    check_tables(tables, &self::tables(&connection)?)?;
    for table in tables {
        let name = quoted(&table.name);
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {name})");
        let has_rows: bool = connection
            .query_row(&sql, [], |row| row.get(0))
            .map_err(classify)?;
        let may_go =
            existing == Existing::Replace || FILLED_BY_MIGRATIONS.contains(&table.name.as_str());
        if has_rows && !may_go {
            return Err(not_empty());
        }
        if has_rows {
            let sql = format!("DELETE FROM {name}");
            connection.execute(&sql, []).map_err(classify)?;
        }
    }
    Ok(connection)
}

fn take_pieces(
    connection: &Connection,
    tables: &[Table],
    mut orders: mpsc::Receiver<Step>,
) -> Result<(), StorageError> {
    loop {
        match orders.blocking_recv() {
            Some(Step::Piece(piece)) => insert(connection, table_of(tables, &piece)?, &piece)?,
            Some(Step::Commit) => break,
            None => return Ok(()),
        }
    }
    let check = connection.query_row("PRAGMA foreign_key_check", [], |row| row.get(0));
    match check {
        Err(rusqlite::Error::QueryReturnedNoRows) => {}
        Ok(table) => return Err(refers_to_nothing(&table)),
        Err(error) => return Err(classify(error).into()),
    }
    connection
        .execute_batch("COMMIT")
        .map_err(|error| classify(error).into())
}

fn insert(connection: &Connection, table: &Table, piece: &Piece) -> Result<(), StorageError> {
    let places: Vec<String> = (1..=table.columns.len())
        .map(|place| format!("?{place}"))
        .collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quoted(&table.name),
        column_names(table),
        places.join(", ")
    );
    let mut statement = connection.prepare_cached(&sql).map_err(classify)?;
    for line in lines_of(piece) {
        let values = lines::read_row(&table.columns, line)?;
        statement
            .execute(params_from_iter(&values))
            .map_err(|error| does_not_fit(table, classify(error)))?;
    }
    Ok(())
}

fn does_not_fit(table: &Table, error: DatabaseError) -> StorageError {
    match error {
        DatabaseError::Unique => {
            StorageError::Corrupt(format!("the dump has a row of {} twice", table.name))
        }
        other => other.into(),
    }
}

fn refers_to_nothing(table: &String) -> StorageError {
    StorageError::Corrupt(format!("the dump has rows of {table} that refer to none"))
}
