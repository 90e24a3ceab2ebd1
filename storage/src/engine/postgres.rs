//! PostgreSQL: pooled connections that keep their prepared statements, pipelines, and transactions that cannot leak.
//!
//! A connection is *unsettled* from the moment something is sent until all its answers are in and no transaction is
//! open. One that comes back to the pool unsettled (its user was cancelled, or an answer never came) is closed, never
//! lent again: the server rolls its transaction back.

mod connection;
mod dump;
mod failure;
mod scrub;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bb8::{ErrorSink, ManageConnection, Pool, PooledConnection, RunError};
use bb8_postgres::PostgresConnectionManager;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls};

use self::connection::Connection;
use self::failure::{classify, describe};
use super::{DatabaseError, Query, Rows};
use crate::StorageError;
use crate::metrics;

pub(crate) use self::dump::{load, read_snapshot};
pub(crate) use self::scrub::scrub;

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
    config: Arc<PostgresConfig>,
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
                last_failure: last_failure.clone(),
            })
            .await
            .map_err(|Refused(reason)| config.unreachable(&reason))?;
        metrics::pool_opened(size);
        Ok(Self {
            pool,
            config: Arc::new(config),
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
                is_over: false,
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
    /// A statement failed: whatever came now would be outside the transaction.
    is_over: bool,
}

impl Transaction {
    pub(super) async fn pipe(&mut self, queries: &[Query]) -> Result<Vec<Rows>, DatabaseError> {
        self.check_open()?;
        let outcome = self.lent.flight(&[], queries, &[]).await;
        self.is_over = outcome.is_err();
        if outcome.is_err() && !is_gone(&outcome) {
            self.end().await;
        }
        outcome
    }

    pub(super) async fn commit(mut self, queries: &[Query]) -> Result<Vec<Rows>, DatabaseError> {
        self.check_open()?;
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

    fn check_open(&self) -> Result<(), StorageError> {
        if self.is_over {
            return Err(StorageError::Internal(
                "the transaction has failed before".into(),
            ));
        }
        Ok(())
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

/// Makes connections for the pool and decides which may be lent again.
struct Manager {
    connections: PostgresConnectionManager<NoTls>,
    last_failure: LastFailure,
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
        self.last_failure.take();
        Ok(Connection::new(client))
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), Refused> {
        // A test over the network on every loan would double the time of a read. This one finds what is known to be
        // dead; whoever finds another dead takes the next.
        if connection.is_closed() {
            return Err(Refused("the server closed the connection".into()));
        }
        Ok(())
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.unsettled || connection.is_closed()
    }
}

/// Why no connection could be made since the last one that was.
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
