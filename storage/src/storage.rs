//! The door to the database: opening, migrating, closing, and how every call gets in.
//!
//! Calls run on a runtime of storage's own with one thread. So no busy actor thread can hold a transaction open, and a
//! caller that gives up cannot cut one in two.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;

use crate::StorageError;
use crate::admission::Admission;
use crate::append::{self, Appender};
use crate::engine::{DatabaseError, Engine, Postgres, PostgresConfig, Query, Rows, Sqlite, only};
use crate::lease_clock::LeaseClock;
use crate::metrics::{self, Call};
use crate::migrations::{self, MigrationStatus};
use crate::search::Unindexed;
use crate::value::Value;

/// Calls that may be under way at once: each holds its arguments in memory, and the database works on a few at a time.
pub(crate) const CALLS_MAX: usize = 1024;
/// Entries of one page of any list: the largest a screen or an export asks for at once.
const PAGE_MAX: u32 = 1000;
/// How long the database may take to say that it is there.
const PING_WAIT: Duration = Duration::from_secs(3);

/// Which database to use.
#[derive(Clone)]
pub enum Database {
    /// A SQLite file of this process's machine.
    Sqlite {
        /// The file; it is made when it is absent, in a folder that exists.
        path: PathBuf,
    },
    /// A PostgreSQL server, shared by any number of processes.
    Postgres {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
        /// User.
        user: String,
        /// Password.
        password: String,
        /// Database name.
        database: String,
        /// How many connections this process may hold.
        pool_size: u32,
    },
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => formatter
                .debug_struct("Sqlite")
                .field("path", path)
                .finish(),
            Self::Postgres {
                host,
                port,
                user,
                database,
                pool_size,
                password: _,
            } => formatter
                .debug_struct("Postgres")
                .field("host", host)
                .field("port", port)
                .field("user", user)
                .field("database", database)
                .field("pool_size", pool_size)
                .finish_non_exhaustive(),
        }
    }
}

/// The database, open. Clones share it.
#[derive(Clone)]
pub struct Storage {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    appender: Appender,
    unindexed: Arc<Unindexed>,
    lease_clock: LeaseClock,
    /// Files were let go.
    let_go: Notify,
    admission: Admission,
    runtime: OwnRuntime,
}

impl fmt::Debug for Storage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Storage")
            .field(&self.shared.engine)
            .finish()
    }
}

impl Storage {
    /// Opens the database; it may still lack migrations.
    ///
    /// Fails when it cannot be reached or written within a few seconds, is no database, or has a newer schema.
    pub async fn open(database: &Database) -> Result<Self, StorageError> {
        let storage = Self::connect(database).await?;
        let engine = storage.engine();
        let check = async move { Ok(migrations::check(&engine).await?) };
        storage.call(Call::Read, check).await?;
        storage.look_at_lease_clock().await?;
        Ok(storage)
    }

    /// Says which migrations a database has and lacks, also one that a newer program has changed.
    pub async fn migration_status_of(database: &Database) -> Result<MigrationStatus, StorageError> {
        let storage = Self::connect(database).await?;
        let status = storage.migration_status().await;
        storage.close().await;
        status
    }

    async fn connect(database: &Database) -> Result<Self, StorageError> {
        let runtime = OwnRuntime::start()?;
        let database = database.clone();
        let unindexed = Arc::new(Unindexed::default());
        let of_appender = Arc::clone(&unindexed);
        let opened = runtime.handle().spawn(async move {
            let (appender, queue) = Appender::new(of_appender);
            let engine = open_engine(&database, queue).await?;
            Ok::<_, StorageError>((appender, engine))
        });
        let (appender, engine) = opened.await.map_err(|_| panicked())??;
        Ok(Self {
            shared: Arc::new(Shared {
                engine,
                appender,
                unindexed,
                lease_clock: LeaseClock::of_this_machine(),
                let_go: Notify::new(),
                admission: Admission::new(CALLS_MAX),
                runtime,
            }),
        })
    }

    /// Applies the migrations that the database lacks and returns their names. Any number of processes may do this at once.
    pub async fn migrate(&self) -> Result<Vec<String>, StorageError> {
        self.apply(None).await
    }

    /// Applies those of them that are not newer than the one of this name. `NotFound` when this program has none of it.
    pub async fn migrate_to(&self, newest: &str) -> Result<Vec<String>, StorageError> {
        self.apply(Some(newest.to_owned())).await
    }

    async fn apply(&self, newest: Option<String>) -> Result<Vec<String>, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            Ok(migrations::apply(&engine, newest.as_deref()).await?)
        })
        .await
    }

    /// Says which migrations the database has and lacks.
    pub async fn migration_status(&self) -> Result<MigrationStatus, StorageError> {
        let engine = self.engine();
        self.call(
            Call::Read,
            async move { Ok(migrations::status(&engine).await?) },
        )
        .await
    }

    /// Asks the database for an answer.
    pub async fn ping(&self) -> Result<(), StorageError> {
        let answer = self.read("SELECT 1", Vec::new());
        match tokio::time::timeout(PING_WAIT, answer).await {
            Ok(outcome) => outcome.map(drop),
            Err(_) => Err(StorageError::Unavailable(format!(
                "no answer within {} s",
                PING_WAIT.as_secs()
            ))),
        }
    }

    /// Waits until every message that was handed over is stored or refused, and accepts no more of them.
    pub async fn stop_appending(&self) {
        self.shared.appender.close().await;
    }

    /// Waits until every call that has begun is done, and accepts no more.
    pub async fn close(&self) {
        self.stop_appending().await;
        if self.shared.admission.close().await {
            self.shared.engine.close().await;
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.shared.engine.clone()
    }

    pub(crate) fn appender(&self) -> &Appender {
        &self.shared.appender
    }

    pub(crate) fn unindexed(&self) -> &Unindexed {
        &self.shared.unindexed
    }

    pub(crate) fn lease_clock(&self) -> &LeaseClock {
        &self.shared.lease_clock
    }

    pub(crate) fn let_go(&self) -> &Notify {
        &self.shared.let_go
    }

    /// Runs one statement that changes nothing.
    pub(crate) async fn read(
        &self,
        sql: &'static str,
        parameters: Vec<Value>,
    ) -> Result<Rows, StorageError> {
        let queries: Vec<Query> = vec![(sql, parameters)];
        let engine = self.engine();
        self.call(Call::Read, async move { only(engine.read(queries).await?) })
            .await
    }

    /// Runs one statement that changes nothing more when it is run twice.
    pub(crate) async fn write(
        &self,
        sql: &'static str,
        parameters: Vec<Value>,
    ) -> Result<Rows, StorageError> {
        let engine = self.engine();
        self.call(
            Call::Write,
            async move { engine.write(sql, parameters).await },
        )
        .await
    }

    /// Runs a call on storage's own runtime, when its turn has come.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        kind: Call,
        work: impl Future<Output = Result<T, DatabaseError>> + Send + 'static,
    ) -> Result<T, StorageError> {
        let begun = Instant::now();
        let failed = |error: &StorageError| metrics::failed(kind, error);
        let permit = self.shared.admission.enter().await.inspect_err(failed)?;
        let task = self.shared.runtime.handle().spawn(async move {
            let outcome = work.await;
            drop(permit);
            outcome
        });
        let outcome = task.await.map_err(|_| panicked()).inspect_err(failed)?;
        metrics::called(kind, begun.elapsed());
        outcome.map_err(StorageError::from).inspect_err(failed)
    }
}

/// Opens a database, and has what waits in the queue appended to it: in the writer's own thread where there is one.
async fn open_engine(database: &Database, queue: append::Queue) -> Result<Engine, StorageError> {
    let runtime = Handle::current();
    match database {
        // The broken server of the torture test keeps transactions open, which would keep the thread from all others.
        Database::Sqlite { path } if cfg!(feature = "ack-before-commit") => {
            let engine = Engine::Sqlite(Sqlite::open(path, |_| std::future::ready(()))?);
            tokio::spawn(append::work(engine.clone(), queue, runtime));
            Ok(engine)
        }
        Database::Sqlite { path } => {
            let work = |resident| append::work(Engine::Resident(resident), queue, runtime);
            Ok(Engine::Sqlite(Sqlite::open(path, work)?))
        }
        Database::Postgres {
            host,
            port,
            user,
            password,
            database,
            pool_size,
        } => {
            let config = PostgresConfig::new(host, *port, user, password, database);
            let engine = Engine::Postgres(Postgres::open(config, *pool_size).await?);
            tokio::spawn(append::work(engine.clone(), queue, runtime));
            Ok(engine)
        }
    }
}

/// Above every id: where a list begins that goes downwards.
pub(crate) const ABOVE_ALL: [u8; 16] = [0xff; 16];

/// The number of entries that a page may really have.
pub(crate) fn page(limit: u32) -> u32 {
    limit.min(PAGE_MAX)
}

pub(crate) fn closed() -> StorageError {
    StorageError::Unavailable("storage is closed".into())
}

fn panicked() -> StorageError {
    StorageError::Internal("a call on the database panicked".into())
}

/// A runtime with one thread that may be dropped anywhere, also on another runtime.
struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    fn start() -> Result<Self, StorageError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(2)
            .thread_name("storage")
            .enable_all()
            .build()
            .map_err(|error| StorageError::Internal(format!("cannot start a thread: {error}")))?;
        Ok(Self(Some(runtime)))
    }

    fn handle(&self) -> &Handle {
        self.0
            .as_ref()
            .expect("the runtime is taken only when this is dropped")
            .handle()
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
