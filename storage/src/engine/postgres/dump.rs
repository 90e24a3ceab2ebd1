//! Dumps of a PostgreSQL database: a connection of their own, beside those of the pool.

use std::pin::Pin;

use bytes::Bytes;
use futures::TryStreamExt;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Client;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use super::PostgresConfig;
use super::connection::read_values;
use super::failure::classify;
use crate::StorageError;
use crate::dump::{
    Column, ColumnKind, Contents, Existing, FILLED_BY_MIGRATIONS, Piece, PieceWriter, Step, Table,
    check_tables, column_names, file_columns, file_key, lines, lines_of, not_empty, quoted, select,
    table_of,
};
use crate::engine::DatabaseError;

/// A table may take long to read and an archive long to write; who waits for a lock for a minute gives up, and who
/// says nothing for ten is lost.
const DUMP_OPTIONS: &str = "-c statement_timeout=0 -c lock_timeout=60000 \
     -c idle_in_transaction_session_timeout=600000 -c synchronous_commit=on";
const COLUMNS: &str = "SELECT c.relname::text, a.attname::text, t.typname::text, \
     COALESCE(array_position(i.indkey::int2[], a.attnum), -1)::int8 \
     FROM pg_class c \
     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema() \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     JOIN pg_type t ON t.oid = a.atttypid \
     LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary \
     WHERE c.relkind IN ('r', 'p') AND c.relname <> 'refinery_schema_history' \
     ORDER BY c.relname::text COLLATE \"C\", a.attname::text COLLATE \"C\"";
const HAS_HISTORY: &str = "SELECT to_regclass('refinery_schema_history') IS NOT NULL";
const HISTORY: &str = "SELECT version, name FROM refinery_schema_history ORDER BY version";
/// The references between tables, each with the statements that drop it and that make it anew.
const REFERENCES: &str = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', r.conrelid::regclass, r.conname), \
     format('ALTER TABLE %s ADD CONSTRAINT %I %s', r.conrelid::regclass, r.conname, pg_get_constraintdef(r.oid)) \
     FROM pg_constraint r JOIN pg_namespace n ON n.oid = r.connamespace AND n.nspname = current_schema() \
     WHERE r.contype = 'f' ORDER BY r.conname";

type Pieces = mpsc::Sender<Result<Piece, StorageError>>;

/// Says what the database holds now, and has every row of it sent, as it is now.
pub(crate) async fn read_snapshot(
    config: &PostgresConfig,
    pieces: Pieces,
) -> Result<Contents, StorageError> {
    let client = config.connect_with(DUMP_OPTIONS).await?;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    run(&client, begin).await?;
    let contents = describe(&client).await?;
    let tables = contents.tables.clone();
    tokio::spawn(async move {
        if let Err(error) = send_rows(&client, &tables, &pieces).await {
            // Nobody takes the pieces any more when this fails.
            let _ = pieces.send(Err(error)).await;
        }
    });
    Ok(contents)
}

/// What stands in the database, as the transaction sees it that is open.
async fn describe(client: &Client) -> Result<Contents, StorageError> {
    let tables = tables(client).await?;
    lock(
        client,
        tables.iter().map(|(table, _)| table),
        "ACCESS SHARE",
    )
    .await?;
    let mut files = Vec::new();
    if let Some(sql) = file_columns(&tables) {
        let found = client.query(sql.as_str(), &[]).await.map_err(failure)?;
        for row in found {
            files.push(file_key(row.try_get(0).map_err(failure)?)?);
        }
    }
    Ok(Contents {
        schema: schema(client).await.map_err(failure)?,
        files,
        tables,
    })
}

/// Locks all tables at once, in the one order of their names: who reads them all and who fills them all wait for each other
/// and never in a circle.
async fn lock(
    client: &Client,
    tables: impl Iterator<Item = &Table>,
    mode: &str,
) -> Result<(), StorageError> {
    let names: Vec<String> = tables.map(|table| quoted(&table.name)).collect();
    match names.is_empty() {
        true => Ok(()),
        false => {
            run(
                client,
                &format!("LOCK TABLE {} IN {mode} MODE", names.join(", ")),
            )
            .await
        }
    }
}

async fn schema(client: &Client) -> Result<Vec<String>, tokio_postgres::Error> {
    let has_history: bool = client.query_one(HAS_HISTORY, &[]).await?.try_get(0)?;
    if !has_history {
        return Ok(Vec::new());
    }
    let found = client.query(HISTORY, &[]).await?;
    let names = found.iter().map(|row| {
        let name: String = row.try_get(1)?;
        Ok(crate::migrations::name(row.try_get(0)?, &name))
    });
    names.collect()
}

/// The tables, each with the columns of its key.
async fn tables(client: &Client) -> Result<Vec<(Table, Vec<String>)>, StorageError> {
    let mut tables: Vec<(Table, Vec<(i64, String)>)> = Vec::new();
    for row in client.query(COLUMNS, &[]).await.map_err(failure)? {
        let text = |place: usize| row.try_get::<_, String>(place).map_err(failure);
        let (name, column, kind) = (text(0)?, text(1)?, text(2)?);
        let place: i64 = row.try_get(3).map_err(failure)?;
        let kind = match kind.as_str() {
            "int8" => ColumnKind::Int,
            "text" => ColumnKind::Text,
            "bytea" => ColumnKind::Bytes,
            other => {
                let reason = format!("the column {column} of {name} is of the kind {other}");
                return Err(StorageError::Internal(reason));
            }
        };
        if tables.last().is_none_or(|(table, _)| table.name != name) {
            let columns = Vec::new();
            tables.push((Table { name, columns }, Vec::new()));
        }
        let (table, key) = tables.last_mut().expect("a table was pushed");
        if place >= 0 {
            key.push((place, column.clone()));
        }
        table.columns.push(Column { name: column, kind });
    }
    let ordered = tables.into_iter().map(|(table, mut key)| {
        key.sort();
        (table, key.into_iter().map(|(_, column)| column).collect())
    });
    Ok(ordered.collect())
}

async fn send_rows(
    client: &Client,
    tables: &[(Table, Vec<String>)],
    pieces: &Pieces,
) -> Result<(), StorageError> {
    for (place, (table, key)) in tables.iter().enumerate() {
        if pieces.is_closed() {
            return Err(unwanted());
        }
        let sql = select(table, key, "\"C\"");
        let none: [&(dyn ToSql + Sync); 0] = [];
        let rows = client
            .query_raw(sql.as_str(), none)
            .await
            .map_err(failure)?;
        let mut rows = std::pin::pin!(rows);
        let mut writer = PieceWriter::new(place, table);
        while let Some(row) = rows.try_next().await.map_err(failure)? {
            let values = read_values(&row).map_err(failure)?;
            if let Some(piece) = writer.add(&values)? {
                pieces.send(Ok(piece)).await.map_err(|_| unwanted())?;
            }
        }
        if let Some(piece) = writer.rest() {
            pieces.send(Ok(piece)).await.map_err(|_| unwanted())?;
        }
    }
    Ok(())
}

/// Loads what the orders bring; the receiver is told how it ended.
pub(crate) async fn load(
    config: &PostgresConfig,
    tables: Vec<Table>,
    existing: Existing,
    orders: mpsc::Receiver<Step>,
) -> Result<oneshot::Receiver<Result<(), StorageError>>, StorageError> {
    let client = config.connect_with(DUMP_OPTIONS).await?;
    run(&client, "BEGIN").await?;
    check_tables(&tables, &self::tables(&client).await?)?;
    lock(&client, tables.iter(), "ACCESS EXCLUSIVE").await?;
    make_room(&client, &tables, existing).await?;
    let references = drop_references(&client).await?;
    let (outcome, ended) = oneshot::channel();
    tokio::spawn(async move {
        // A connection that is dropped before its commit rolls back.
        let taken = take_pieces(&client, &tables, &references, orders).await;
        let _ = outcome.send(taken);
    });
    Ok(ended)
}

async fn make_room(
    client: &Client,
    tables: &[Table],
    existing: Existing,
) -> Result<(), StorageError> {
    if existing == Existing::Replace && !tables.is_empty() {
        let names: Vec<String> = tables.iter().map(|table| quoted(&table.name)).collect();
        return run(client, &format!("TRUNCATE {}", names.join(", "))).await;
    }
    for table in tables {
        if FILLED_BY_MIGRATIONS.contains(&table.name.as_str()) {
            run(client, &format!("DELETE FROM {}", quoted(&table.name))).await?;
            continue;
        }
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", quoted(&table.name));
        let row = client.query_one(sql.as_str(), &[]).await.map_err(failure)?;
        if row.try_get(0).map_err(failure)? {
            return Err(not_empty());
        }
    }
    Ok(())
}

/// Drops every reference, and gives the statements that make them anew: rows come before those that they refer to.
async fn drop_references(client: &Client) -> Result<Vec<String>, StorageError> {
    let found = client.query(REFERENCES, &[]).await.map_err(failure)?;
    let mut made_anew = Vec::with_capacity(found.len());
    for row in found {
        run(client, row.try_get(0).map_err(failure)?).await?;
        made_anew.push(row.try_get(1).map_err(failure)?);
    }
    Ok(made_anew)
}

async fn take_pieces(
    client: &Client,
    tables: &[Table],
    references: &[String],
    mut orders: mpsc::Receiver<Step>,
) -> Result<(), StorageError> {
    let mut copy: Option<(usize, Copy)> = None;
    loop {
        let piece = match orders.recv().await {
            Some(Step::Piece(piece)) => piece,
            Some(Step::Commit) => break,
            None => return Ok(()),
        };
        let table = table_of(tables, &piece)?;
        let mut current = match copy.take() {
            Some((place, current)) if place == piece.table => current,
            other => {
                end(other, tables).await?;
                begin_copy(client, table).await?
            }
        };
        for line in lines_of(&piece) {
            let values = lines::read_row(&table.columns, line)?;
            let added = current.as_mut().write_raw(&values).await;
            added.map_err(|error| does_not_fit(table, &error))?;
        }
        copy = Some((piece.table, current));
    }
    end(copy, tables).await?;
    for statement in references {
        run(client, statement).await?;
    }
    run(client, "COMMIT").await
}

/// Rows on their way into a table.
type Copy = Pin<Box<BinaryCopyInWriter>>;

async fn begin_copy(client: &Client, table: &Table) -> Result<Copy, StorageError> {
    let sql = format!(
        "COPY {} ({}) FROM STDIN BINARY",
        quoted(&table.name),
        column_names(table)
    );
    let sink = client
        .copy_in::<_, Bytes>(sql.as_str())
        .await
        .map_err(failure)?;
    let kinds: Vec<Type> = table
        .columns
        .iter()
        .map(|column| match column.kind {
            ColumnKind::Int => Type::INT8,
            ColumnKind::Text => Type::TEXT,
            ColumnKind::Bytes => Type::BYTEA,
        })
        .collect();
    Ok(Box::pin(BinaryCopyInWriter::new(sink, &kinds)))
}

async fn end(copy: Option<(usize, Copy)>, tables: &[Table]) -> Result<(), StorageError> {
    let Some((place, mut copy)) = copy else {
        return Ok(());
    };
    match copy.as_mut().finish().await {
        Ok(_) => Ok(()),
        Err(error) => Err(does_not_fit(&tables[place], &error)),
    }
}

async fn run(client: &Client, sql: &str) -> Result<(), StorageError> {
    match client
        .batch_execute(sql)
        .await
        .map_err(|error| classify(&error))
    {
        Ok(()) => Ok(()),
        Err(DatabaseError::ForeignKey) => Err(StorageError::Corrupt(
            "the dump has rows that refer to none".into(),
        )),
        Err(error) => Err(error.into()),
    }
}

fn does_not_fit(table: &Table, error: &tokio_postgres::Error) -> StorageError {
    match classify(error) {
        DatabaseError::Unique => {
            StorageError::Corrupt(format!("the dump has a row of {} twice", table.name))
        }
        other => other.into(),
    }
}

fn failure(error: tokio_postgres::Error) -> StorageError {
    classify(&error).into()
}

fn unwanted() -> StorageError {
    StorageError::Unavailable("nobody takes the snapshot any more".into())
}
