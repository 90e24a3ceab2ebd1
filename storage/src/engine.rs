//! The one way to either database: `pipe` a list of statements, inside a transaction or not.
//!
//! PostgreSQL gets the list in one flight (a pipeline), SQLite runs it in a loop. **Invariant**: outside this folder
//! nothing knows which of the two it is.

mod postgres;
mod rewrite;
mod sqlite;

pub(crate) use postgres::{Postgres, PostgresConfig};
pub(crate) use sqlite::{Sqlite, owned_file, sqlite_connection};

use crate::StorageError;
use crate::value::{Row, Value};

/// A statement of the portable subset, with `$1`, `$2`, … for its parameters.
pub(crate) type Query = (&'static str, Vec<Value>);

/// What one statement returned.
#[derive(Debug)]
pub(crate) struct Rows {
    /// The rows of a `SELECT` or a `RETURNING`.
    pub(crate) rows: Vec<Row>,
    /// How many rows it returned or, if it returns none, changed.
    pub(crate) affected: u64,
}

impl Rows {
    /// The only row, or the first of them.
    pub(crate) fn first(self) -> Option<Row> {
        self.rows.into_iter().next()
    }

    /// Every row, read by `read`.
    pub(crate) fn map<T>(
        self,
        mut read: impl FnMut(Row) -> Result<T, StorageError>,
    ) -> Result<Vec<T>, StorageError> {
        let mut values = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            values.push(read(row)?);
        }
        Ok(values)
    }
}

/// Why a statement failed, as far as the queries tell cases apart.
#[derive(Debug, Clone)]
pub(crate) enum DatabaseError {
    /// A unique index has the value already.
    Unique,
    /// A row that is referred to does not exist.
    ForeignKey,
    /// Two transactions were in each other's way and this one was rolled back: running it again will do.
    Collision(String),
    /// The connection is gone; whether a `COMMIT` under way took place is not known.
    Lost(String),
    /// No answer came in time; what became of the statements is not known.
    Silent(String),
    /// Anything else.
    Other(StorageError),
}

impl From<StorageError> for DatabaseError {
    fn from(error: StorageError) -> Self {
        Self::Other(error)
    }
}

impl From<DatabaseError> for StorageError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unique => Self::Conflict("a value that must be unique"),
            DatabaseError::ForeignKey => Self::NotFound("thing that this refers to"),
            DatabaseError::Collision(reason)
            | DatabaseError::Lost(reason)
            | DatabaseError::Silent(reason) => Self::Unavailable(reason),
            DatabaseError::Other(error) => error,
        }
    }
}

impl DatabaseError {
    /// Names what a unique index refused.
    pub(crate) fn conflict(self, what: &'static str) -> Self {
        match self {
            Self::Unique => Self::Other(StorageError::Conflict(what)),
            other => other,
        }
    }

    /// Names what a reference did not find.
    pub(crate) fn missing(self, what: &'static str) -> Self {
        match self {
            Self::ForeignKey => Self::Other(StorageError::NotFound(what)),
            other => other,
        }
    }
}

/// How often a transaction that collided with another is tried: a collision needs a third party each time.
pub(crate) const ATTEMPTS_MAX: u32 = 4;

/// Runs a transaction again when it collided with another.
macro_rules! until_no_collision {
    ($transaction:expr) => {{
        let mut attempts = 1;
        loop {
            match $transaction.await {
                Err($crate::engine::DatabaseError::Collision(_))
                    if attempts < $crate::engine::ATTEMPTS_MAX =>
                {
                    attempts += 1;
                }
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use until_no_collision;

/// One of the two databases. Clones share it.
#[derive(Debug, Clone)]
pub(crate) enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Engine {
    /// Runs statements that change nothing. They are run again when the connection is lost.
    pub(crate) async fn read(&self, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
        check_texts(&queries)?;
        match self {
            Self::Sqlite(sqlite) => sqlite.read(queries).await,
            Self::Postgres(postgres) => postgres.run(&queries).await,
        }
    }

    /// Runs one statement that changes something, and nothing more when it is run twice: when the connection is
    /// lost, it is.
    pub(crate) async fn write(
        &self,
        sql: &'static str,
        parameters: Vec<Value>,
    ) -> Result<Rows, DatabaseError> {
        let queries = vec![(sql, parameters)];
        check_texts(&queries)?;
        let results = match self {
            Self::Sqlite(sqlite) => sqlite.write(queries).await,
            Self::Postgres(postgres) => {
                until_no_collision!(postgres.run(&queries))
            }
        };
        only(results?)
    }

    /// Begins a transaction with these statements.
    pub(crate) async fn begin(
        &self,
        queries: Vec<Query>,
    ) -> Result<(Transaction, Vec<Rows>), DatabaseError> {
        check_texts(&queries)?;
        match self {
            Self::Sqlite(sqlite) => sqlite
                .begin(queries)
                .await
                .map(|(transaction, rows)| (Transaction::Sqlite(transaction), rows)),
            Self::Postgres(postgres) => postgres
                .begin(&queries)
                .await
                .map(|(transaction, rows)| (Transaction::Postgres(Box::new(transaction)), rows)),
        }
    }

    /// Closes every connection, after what they have begun.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            // A connection that is dropped says good-bye; there is nothing of ours to finish.
            Self::Postgres(_) => {}
        }
    }
}

/// A transaction that is under way. One that is dropped, or in which a statement failed, is rolled back.
pub(crate) enum Transaction {
    Sqlite(sqlite::Transaction),
    Postgres(Box<postgres::Transaction>),
}

impl Transaction {
    /// Runs statements. After an error the transaction is over.
    pub(crate) async fn pipe(&mut self, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
        check_texts(&queries)?;
        match self {
            Self::Sqlite(transaction) => transaction.pipe(queries).await,
            Self::Postgres(transaction) => transaction.pipe(&queries).await,
        }
    }

    /// Runs statements and commits, in one flight.
    pub(crate) async fn commit(self, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
        check_texts(&queries)?;
        match self {
            Self::Sqlite(transaction) => transaction.commit(queries).await,
            Self::Postgres(transaction) => transaction.commit(&queries).await,
        }
    }

    /// Rolls back and waits until that is done.
    pub(crate) async fn roll_back(self) {
        match self {
            Self::Sqlite(transaction) => transaction.roll_back().await,
            Self::Postgres(transaction) => transaction.roll_back().await,
        }
    }
}

/// The rows of the only statement of a list.
pub(crate) fn only(results: Vec<Rows>) -> Result<Rows, DatabaseError> {
    let [rows] = <[Rows; 1]>::try_from(results).map_err(|results| {
        StorageError::Internal(format!("{} results of one statement", results.len()))
    })?;
    Ok(rows)
}

/// Refuses what PostgreSQL cannot store, on both databases.
fn check_texts(queries: &[Query]) -> Result<(), StorageError> {
    for (_, parameters) in queries {
        for value in parameters {
            if let Value::Text(text) = value {
                check_text(text)?;
            }
        }
    }
    Ok(())
}

/// Refuses a text that cannot be stored.
pub(crate) fn check_text(text: &str) -> Result<(), StorageError> {
    if text.contains('\0') {
        return Err(StorageError::Invalid(
            "a text contains the character U+0000",
        ));
    }
    Ok(())
}
