//! The one way to either database: `pipe` a list of statements, inside a transaction or not.
//!
//! PostgreSQL gets the list in one flight (a pipeline), SQLite runs it in a loop. **Invariant**: outside this folder
//! nothing knows which of the two it is.

mod postgres;
mod rewrite;
mod sqlite;

pub(crate) use postgres::{Postgres, PostgresConfig};
pub(crate) use sqlite::{Resident, Sqlite, sqlite_connection};

use tokio::sync::{mpsc, oneshot};

use crate::StorageError;
use crate::dump::{Contents, Existing, Piece, Step, Table};
use crate::scrub::Scrubbed;
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
    /// SQLite as its writer's own thread sees it.
    Resident(Resident),
    Postgres(Postgres),
}

impl Engine {
    /// Runs statements that change nothing. They are run again when the connection is lost.
    pub(crate) async fn read(&self, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
        check_texts(&queries)?;
        match self {
            Self::Sqlite(sqlite) => sqlite.read(queries).await,
            Self::Resident(resident) => resident.run(&queries),
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
            Self::Resident(resident) => resident.run(&queries),
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
            Self::Resident(resident) => resident
                .begin(&queries)
                .map(|(transaction, rows)| (Transaction::Resident(transaction), rows)),
            Self::Postgres(postgres) => postgres
                .begin(&queries)
                .await
                .map(|(transaction, rows)| (Transaction::Postgres(Box::new(transaction)), rows)),
        }
    }

    /// Says what the database holds now, and has every row of it sent in pieces, as it is now.
    pub(crate) async fn read_snapshot(
        &self,
        pieces: mpsc::Sender<Result<Piece, StorageError>>,
    ) -> Result<Contents, StorageError> {
        match self {
            Self::Sqlite(sqlite) => sqlite::read_snapshot(sqlite.path(), pieces).await,
            Self::Postgres(postgres) => postgres::read_snapshot(postgres.config(), pieces).await,
            Self::Resident(_) => Err(no_file()),
        }
    }

    /// Loads what the orders bring; the receiver is told how it ended.
    pub(crate) async fn load(
        &self,
        tables: Vec<Table>,
        existing: Existing,
        orders: mpsc::Receiver<Step>,
    ) -> Result<oneshot::Receiver<Result<(), StorageError>>, StorageError> {
        match self {
            Self::Sqlite(sqlite) => sqlite::load(sqlite.path(), tables, existing, orders).await,
            Self::Postgres(postgres) => {
                postgres::load(postgres.config(), tables, existing, orders).await
            }
            Self::Resident(_) => Err(no_file()),
        }
    }

    /// Whether a scrub keeps nobody from reading.
    pub(crate) const fn is_scrubbed_in_use(&self) -> bool {
        matches!(self, Self::Sqlite(_) | Self::Resident(_))
    }

    /// Takes out of the files what was deleted.
    pub(crate) async fn scrub(&self) -> Result<Scrubbed, StorageError> {
        match self {
            Self::Sqlite(sqlite) => sqlite::scrub(sqlite.path()).await,
            Self::Postgres(postgres) => postgres::scrub(postgres.config()).await,
            Self::Resident(_) => Err(no_file()),
        }
    }

    /// How many rows one `INSERT` should carry: a statement costs PostgreSQL more than a row, and SQLite next to nothing.
    pub(crate) fn rows_together(&self) -> usize {
        match self {
            Self::Sqlite(_) | Self::Resident(_) => 1,
            Self::Postgres(_) => 32,
        }
    }

    /// Closes every connection, after what they have begun.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            // A connection that is dropped says good-bye, and a resident goes with its thread.
            Self::Resident(_) | Self::Postgres(_) => {}
        }
    }
}

/// A transaction that is under way. One that is dropped, or in which a statement failed, is rolled back.
pub(crate) enum Transaction {
    Sqlite(sqlite::Transaction),
    Resident(sqlite::ResidentTransaction),
    Postgres(Box<postgres::Transaction>),
}

impl Transaction {
    /// Runs statements. After an error the transaction is over.
    pub(crate) async fn pipe(&mut self, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
        check_texts(&queries)?;
        match self {
            Self::Sqlite(transaction) => transaction.pipe(queries).await,
            Self::Resident(transaction) => transaction.pipe(&queries),
            Self::Postgres(transaction) => transaction.pipe(&queries).await,
        }
    }

    /// Runs statements and commits, in one flight.
    pub(crate) async fn commit(self, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
        check_texts(&queries)?;
        match self {
            Self::Sqlite(transaction) => transaction.commit(queries).await,
            Self::Resident(transaction) => transaction.commit(&queries),
            Self::Postgres(transaction) => transaction.commit(&queries).await,
        }
    }

    /// Rolls back and waits until that is done.
    pub(crate) async fn roll_back(self) {
        match self {
            Self::Sqlite(transaction) => transaction.roll_back().await,
            Self::Resident(transaction) => drop(transaction),
            Self::Postgres(transaction) => transaction.roll_back().await,
        }
    }
}

/// The task in the writer's thread has a connection and no more.
pub(crate) fn no_file() -> StorageError {
    StorageError::Internal("the task in the writer's thread has no file of its own".into())
}

/// The rows of the only statement of a list.
pub(crate) fn only(results: Vec<Rows>) -> Result<Rows, DatabaseError> {
    let [rows] = each(results)?;
    Ok(rows)
}

/// The rows of each statement of a list of this many.
pub(crate) fn each<const STATEMENTS: usize>(
    results: Vec<Rows>,
) -> Result<[Rows; STATEMENTS], DatabaseError> {
    <[Rows; STATEMENTS]>::try_from(results).map_err(|results| {
        let results = results.len();
        StorageError::Internal(format!("{results} results of {STATEMENTS} statements")).into()
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::params;

    const MAKE: &str = "CREATE TABLE IF NOT EXISTS engine_test (number BIGINT PRIMARY KEY)";
    const CLEAR: &str = "DELETE FROM engine_test";
    const INSERT: &str = "INSERT INTO engine_test (number) VALUES ($1)";
    const NONE: [i64; 0] = [];
    const ALL: &str = "SELECT number FROM engine_test ORDER BY number";

    /// An engine with one connection that writes: whoever comes next gets the one that was used before.
    async fn sqlite(folder: &tempfile::TempDir) -> Engine {
        let path = folder.path().join("engine.db");
        let sqlite = Sqlite::open(&path, |_| std::future::ready(())).unwrap();
        Engine::Sqlite(sqlite)
    }

    async fn postgres() -> Engine {
        let url = std::env::var("TEST_POSTGRES_URL").expect(
            "TEST_POSTGRES_URL is not set: run `make test`, which starts a private PostgreSQL",
        );
        let server: tokio_postgres::Config = url.parse().unwrap();
        let [tokio_postgres::config::Host::Tcp(host)] = server.get_hosts() else {
            panic!("TEST_POSTGRES_URL names no host and port");
        };
        let config = PostgresConfig::new(
            host,
            server.get_ports()[0],
            server.get_user().unwrap(),
            std::str::from_utf8(server.get_password().unwrap()).unwrap(),
            server.get_dbname().unwrap(),
        );
        Engine::Postgres(Postgres::open(config, 1).await.unwrap())
    }

    async fn numbers(engine: &Engine) -> Vec<i64> {
        let rows = only(engine.read(vec![(ALL, Vec::new())]).await.unwrap()).unwrap();
        rows.map(|mut row| row.int()).unwrap()
    }

    /// What a transaction leaves behind when it is dropped, refused, cancelled or rolled back: nothing.
    async fn leaves_nothing_behind(engine: Engine) {
        engine.write(MAKE, Vec::new()).await.unwrap();
        engine.write(CLEAR, Vec::new()).await.unwrap();
        let insert = |number: i64| vec![(INSERT, params![number])];

        let (dropped, _) = engine.begin(insert(1)).await.unwrap();
        drop(dropped);
        assert_eq!(numbers(&engine).await, NONE);

        let (mut refused, _) = engine.begin(insert(1)).await.unwrap();
        let error = refused.pipe(insert(1)).await.unwrap_err();
        assert!(matches!(error, DatabaseError::Unique), "{error:?}");
        assert!(refused.pipe(insert(2)).await.is_err());
        assert!(refused.commit(insert(2)).await.is_err());
        assert_eq!(numbers(&engine).await, NONE);

        let (failing, _) = engine.begin(insert(1)).await.unwrap();
        let queries = [insert(2), insert(2), insert(3)].concat();
        let error = failing.commit(queries).await.unwrap_err();
        assert!(matches!(error, DatabaseError::Unique), "{error:?}");
        assert_eq!(numbers(&engine).await, NONE);

        let mut cancelled = Box::pin(engine.begin(insert(1)));
        // Begun, and perhaps already done; nobody waits for it either way.
        drop(futures::poll!(cancelled.as_mut()));
        drop(cancelled);
        assert_eq!(numbers(&engine).await, NONE);

        let (rolled_back, _) = engine.begin(insert(1)).await.unwrap();
        rolled_back.roll_back().await;
        let (kept, _) = engine.begin(insert(4)).await.unwrap();
        kept.commit(insert(5)).await.unwrap();
        assert_eq!(numbers(&engine).await, [4, 5]);
    }

    #[tokio::test]
    async fn a_sqlite_transaction_that_is_not_committed_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        leaves_nothing_behind(sqlite(&folder).await).await;
    }

    #[tokio::test]
    async fn a_postgres_transaction_that_is_not_committed_leaves_nothing_behind() {
        leaves_nothing_behind(postgres().await).await;
    }

    /// Parameters are numbered, not taken in the order in which they appear.
    async fn numbers_parameters(engine: Engine) {
        let sql = "SELECT CAST($2 AS TEXT) || CAST($1 AS TEXT) || CAST($2 AS TEXT)";
        let results = engine
            .read(vec![(sql, params!["one", "two"])])
            .await
            .unwrap();
        let text = only(results).unwrap().first().unwrap().text().unwrap();
        assert_eq!(text, "twoonetwo");
    }

    #[tokio::test]
    async fn sqlite_takes_parameters_by_number() {
        let folder = tempfile::tempdir().unwrap();
        numbers_parameters(sqlite(&folder).await).await;
    }

    #[tokio::test]
    async fn postgres_takes_parameters_by_number() {
        numbers_parameters(postgres().await).await;
    }
}
