//! PostgreSQL: pooled connections that keep their prepared statements, pipelines, and transactions that cannot leak.
//!
//! A connection is *unsettled* from the moment something is sent until all its answers are in and no transaction is
//! open. One that comes back to the pool unsettled (its user was cancelled, or an answer never came) is closed, never
//! lent again: the server rolls its transaction back.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bb8::{ErrorSink, ManageConnection, Pool, PooledConnection, RunError};
use bb8_postgres::PostgresConnectionManager;
use futures::TryStreamExt;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, NoTls, Statement};

use super::{DatabaseError, Query, Rows};
use crate::StorageError;
use crate::metrics;
use crate::value::{Row, Value};

/// How long a call waits for a connection, new ones included: longer, and its client has given up.
const CONNECTION_WAIT: Duration = Duration::from_secs(3);
/// How long a flight of statements may take before the connection is given up: the server's own limits come first,
/// this one is for a server that has stopped or cannot be reached any more.
const ANSWER_WAIT: Duration = Duration::from_secs(8);
/// How long unacknowledged bytes may be under way before the system gives the connection up.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a statement finds its connection dead before the database counts as unavailable.
const LOST_MAX: u32 = 3;
/// The server's limits for one statement, for waiting on a lock and for a transaction that does nothing; and the
/// promise that an acknowledged message is on disk, whatever the server's default is.
const SESSION_OPTIONS: &str = "-c statement_timeout=5000 -c lock_timeout=3000 \
     -c idle_in_transaction_session_timeout=10000 -c synchronous_commit=on";

/// Where the server is, and who we are.
#[derive(Clone)]
pub(crate) struct PostgresConfig {
    config: Config,
    /// For error texts: everything but the password.
    place: String,
}

impl PostgresConfig {
    pub(crate) fn new(host: &str, port: u16, user: &str, password: &str, database: &str) -> Self {
        let mut config = Config::new();
        config
            .host(host)
            .port(port)
            .user(user)
            .password(password)
            .dbname(database)
            .application_name("digital-twin")
            .connect_timeout(CONNECTION_WAIT)
            .tcp_user_timeout(TCP_USER_TIMEOUT)
            .options(SESSION_OPTIONS);
        let place = format!("PostgreSQL at {host}:{port}, database {database}, user {user}");
        Self { config, place }
    }

    /// A connection of its own, outside the pool, with other options.
    pub(crate) async fn connect_with(&self, options: &str) -> Result<Client, StorageError> {
        let mut config = self.config.clone();
        config.options(options);
        let manager = PostgresConnectionManager::new(config, NoTls);
        match timeout(CONNECTION_WAIT, manager.connect()).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(self.unreachable(&describe(&error))),
            Err(_) => Err(self.unreachable("no answer")),
        }
    }

    /// A failure on a connection outside the pool.
    pub(crate) fn failure(error: &tokio_postgres::Error) -> StorageError {
        classify(error).into()
    }

    fn unreachable(&self, reason: &str) -> StorageError {
        StorageError::Unavailable(format!("{}: {reason}", self.place))
    }
}

/// A PostgreSQL database. Clones share its pool.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool<Manager>,
    config: PostgresConfig,
    last_failure: LastFailure,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.config.place)
    }
}

impl Postgres {
    /// Opens a pool, and one connection to see that it works.
    pub(crate) async fn open(config: PostgresConfig, size: u32) -> Result<Self, StorageError> {
        drop(config.connect_with(SESSION_OPTIONS).await?);
        let last_failure = LastFailure::default();
        let pool = Pool::builder()
            .max_size(size)
            .connection_timeout(CONNECTION_WAIT)
            .error_sink(Box::new(last_failure.clone()))
            .build(Manager {
                connections: PostgresConnectionManager::new(config.config.clone(), NoTls),
            })
            .await
            .map_err(|Refused(reason)| config.unreachable(&reason))?;
        Ok(Self {
            pool,
            config,
            last_failure,
        })
    }

    /// How to connect beside the pool.
    pub(crate) fn config(&self) -> &PostgresConfig {
        &self.config
    }

    /// Runs statements, each in a transaction of its own; again when the connection turns out to be dead.
    pub(super) async fn run(&self, queries: &[Query]) -> Result<Vec<Rows>, DatabaseError> {
        let mut lost = 0;
        loop {
            let mut lent = self.lend().await?;
            match lent.flight(&[], queries, &[]).await {
                Err(DatabaseError::Lost(_)) if lost < LOST_MAX => lost += 1,
                outcome => {
                    lent.connection.unsettled = is_gone(&outcome);
                    return outcome;
                }
            }
        }
    }

    /// Begins a transaction. As nothing has happened yet, a dead connection costs only another try.
    pub(super) async fn begin(
        &self,
        queries: &[Query],
    ) -> Result<(Transaction, Vec<Rows>), DatabaseError> {
        let mut lost = 0;
        loop {
            let mut transaction = Transaction {
                lent: self.lend().await?,
            };
            match transaction.lent.flight(&["BEGIN"], queries, &[]).await {
                Ok(rows) => return Ok((transaction, rows)),
                Err(DatabaseError::Lost(_)) if lost < LOST_MAX => lost += 1,
                Err(error @ DatabaseError::Silent(_)) => return Err(error),
                Err(error) => {
                    transaction.end().await;
                    return Err(error);
                }
            }
        }
    }

    async fn lend(&self) -> Result<Lent, DatabaseError> {
        match self.pool.get_owned().await {
            Ok(connection) => {
                metrics::connection_lent();
                Ok(Lent { connection })
            }
            Err(RunError::User(Refused(reason))) => Err(self.config.unreachable(&reason).into()),
            Err(RunError::TimedOut) => {
                let waited = CONNECTION_WAIT.as_secs();
                let reason = match self.last_failure.take() {
                    Some(failure) => format!("no connection within {waited} s: {failure}"),
                    None => format!("no free connection within {waited} s"),
                };
                Err(self.config.unreachable(&reason).into())
            }
        }
    }
}

/// A transaction on a connection of its own.
pub(crate) struct Transaction {
    lent: Lent,
}

impl Transaction {
    pub(super) async fn pipe(&mut self, queries: &[Query]) -> Result<Vec<Rows>, DatabaseError> {
        let outcome = self.lent.flight(&[], queries, &[]).await;
        if outcome.is_err() && !is_gone(&outcome) {
            self.end().await;
        }
        outcome
    }

    pub(super) async fn commit(mut self, queries: &[Query]) -> Result<Vec<Rows>, DatabaseError> {
        // The server answers COMMIT of a failed transaction without an error, having rolled it back. That is no
        // danger: the statement that failed stands in the same flight or in one before, and its error is returned.
        let outcome = self.lent.flight(&[], queries, &["COMMIT"]).await;
        match &outcome {
            Ok(_) => self.lent.connection.unsettled = false,
            Err(_) if is_gone(&outcome) => {}
            Err(_) => self.end().await,
        }
        outcome
    }

    pub(super) async fn roll_back(mut self) {
        self.end().await;
    }

    async fn end(&mut self) {
        if self.lent.flight(&["ROLLBACK"], &[], &[]).await.is_ok() {
            self.lent.connection.unsettled = false;
        }
    }
}

/// Whether the connection is of no use any more after this.
fn is_gone<T>(outcome: &Result<T, DatabaseError>) -> bool {
    matches!(
        outcome,
        Err(DatabaseError::Lost(_) | DatabaseError::Silent(_))
    )
}

/// A connection on loan.
struct Lent {
    connection: PooledConnection<'static, Manager>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        metrics::connection_returned();
    }
}

impl Lent {
    /// Sends statements at once and gathers all their answers: those of `queries`, or the first error.
    async fn flight(
        &mut self,
        before: &[&'static str],
        queries: &[Query],
        after: &[&'static str],
    ) -> Result<Vec<Rows>, DatabaseError> {
        let connection = &mut *self.connection;
        connection.unsettled = true;
        let answers = timeout(ANSWER_WAIT, connection.exchange(before, queries, after)).await;
        match answers {
            Ok(outcome) => outcome,
            Err(_) => Err(DatabaseError::Silent(format!(
                "PostgreSQL did not answer within {} s",
                ANSWER_WAIT.as_secs()
            ))),
        }
    }
}

/// A connection and the statements prepared on it.
struct Connection {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    unsettled: bool,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Rows, tokio_postgres::Error>> + Send + 'a>>;

impl Connection {
    async fn exchange(
        &mut self,
        before: &[&'static str],
        queries: &[Query],
        after: &[&'static str],
    ) -> Result<Vec<Rows>, DatabaseError> {
        let bare = |sql: &&'static str| (*sql, &[][..]);
        let all: Vec<(&'static str, &[Value])> = before
            .iter()
            .map(bare)
            .chain(queries.iter().map(|(sql, values)| (*sql, &values[..])))
            .chain(after.iter().map(bare))
            .collect();
        for (sql, _) in &all {
            if !self.statements.contains_key(sql) {
                let statement = self
                    .client
                    .prepare(sql)
                    .await
                    .map_err(|error| classify(&error))?;
                self.statements.insert(sql, statement);
            }
        }
        let mut answers: Vec<(Option<Result<Rows, tokio_postgres::Error>>, Answer<'_>)> = all
            .iter()
            .map(|(sql, values)| {
                let answer = run(&self.client, &self.statements[sql], values);
                (None, Box::pin(answer) as Answer<'_>)
            })
            .collect();
        // The first poll of an answer sends its statement: so all are sent, in order, before any is waited for.
        poll_fn(|context| {
            for (ready, answer) in &mut answers {
                if let Poll::Ready(outcome) = answer.as_mut().poll(context) {
                    *ready = Some(outcome);
                }
            }
            Poll::Ready(())
        })
        .await;
        let mut rows = Vec::with_capacity(all.len());
        let mut failure = None;
        for (ready, answer) in answers {
            let outcome = match ready {
                Some(outcome) => outcome,
                None => answer.await,
            };
            match outcome {
                Ok(answered) => rows.push(answered),
                // Later ones only say that the transaction has failed; but every answer must be taken in.
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(error) = failure {
            return Err(classify(&error));
        }
        rows.truncate(before.len() + queries.len());
        rows.drain(..before.len());
        Ok(rows)
    }
}

async fn run(
    client: &Client,
    statement: &Statement,
    values: &[Value],
) -> Result<Rows, tokio_postgres::Error> {
    let parameters = values.iter().map(|value| value as &(dyn ToSql + Sync));
    let mut stream = std::pin::pin!(client.query_raw(statement, parameters).await?);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(read_row(&row)?);
    }
    let affected = stream.rows_affected().unwrap_or_default();
    Ok(Rows { rows, affected })
}

fn read_row(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    let mut values = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map(Value::Int),
            Type::INT4 => {
                let number = row.try_get::<_, Option<i32>>(index)?;
                number.map(|number| Value::Int(i64::from(number)))
            }
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.map(Value::Blob),
            // Whatever is no text after all is refused by `try_get`, which names the column's type.
            _ => row.try_get::<_, Option<String>>(index)?.map(Value::Text),
        };
        values.push(value.unwrap_or(Value::Null));
    }
    Ok(Row::new(values))
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql_checked(kind, out),
            Self::Text(text) => text.to_sql_checked(kind, out),
            Self::Blob(bytes) => bytes.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Decided value by value, above.
        true
    }

    to_sql_checked!();
}

/// Makes connections for the pool and decides which may be lent again.
struct Manager {
    connections: PostgresConnectionManager<NoTls>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = Refused;

    async fn connect(&self) -> Result<Connection, Refused> {
        let client = match timeout(CONNECTION_WAIT, self.connections.connect()).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Err(Refused(describe(&error))),
            Err(_) => return Err(Refused("no answer".into())),
        };
        Ok(Connection {
            client,
            statements: HashMap::new(),
            unsettled: false,
        })
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), Refused> {
        // A test over the network on every loan would double the time of a read. This one finds what is known to be
        // dead; whoever finds another dead takes the next.
        if connection.client.is_closed() {
            return Err(Refused("the server closed the connection".into()));
        }
        Ok(())
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.unsettled || connection.client.is_closed()
    }
}

/// Why a connection could not be made the last time.
#[derive(Debug, Clone, Default)]
struct LastFailure(Arc<Mutex<Option<String>>>);

impl LastFailure {
    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ErrorSink<Refused> for LastFailure {
    fn sink(&self, Refused(reason): Refused) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<Refused>> {
        Box::new(self.clone())
    }
}

fn classify(error: &tokio_postgres::Error) -> DatabaseError {
    let reason = describe(error);
    let Some(answer) = error.as_db_error() else {
        return if error.is_closed() || is_io(error) {
            DatabaseError::Lost(reason)
        } else {
            StorageError::Internal(reason).into()
        };
    };
    match answer.code() {
        &SqlState::UNIQUE_VIOLATION => DatabaseError::Unique,
        &SqlState::FOREIGN_KEY_VIOLATION => DatabaseError::ForeignKey,
        &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE => {
            DatabaseError::Collision(reason)
        }
        &SqlState::ADMIN_SHUTDOWN
        | &SqlState::CRASH_SHUTDOWN
        | &SqlState::CANNOT_CONNECT_NOW
        | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => DatabaseError::Lost(reason),
        &SqlState::UNDEFINED_TABLE => StorageError::SchemaMissing.into(),
        code if is_passing(code) => StorageError::Unavailable(reason).into(),
        _ => StorageError::Internal(reason).into(),
    }
}

/// Whether trying again later may help: a limit of time or resources, or a server that is only a replica for now.
fn is_passing(code: &SqlState) -> bool {
    let class = code.code().get(..2);
    matches!(class, Some("08" | "53" | "57" | "58"))
        || [
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(code)
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// The error in words, without the details, which may quote a message.
fn describe(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(answer), _) => format!("{} ({})", answer.message(), answer.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
