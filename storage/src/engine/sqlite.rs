//! SQLite: one thread that writes and a few that read, each with a connection of its own, behind bounded queues.
//!
//! SQLite takes one writer at a time, so one thread has it all; a transaction occupies that thread until it ends. A task may
//! live in that thread, and write there without the way to it and back.
//! Readers see the last commit (WAL) and never wait for the writer.

mod connection;
mod dump;
mod scrub;

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self as commands, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use futures::FutureExt;
use futures::executor::block_on;
use futures::future::join;
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::rewrite::numbered;
use super::{DatabaseError, Query, Rows};
use crate::StorageError;
use crate::value::{Row, Value};

use connection::{Access, classify};

pub(crate) use dump::{load, read_snapshot};
pub(crate) use scrub::scrub;

/// Jobs that may wait for a thread: as many as storage admits at all.
const JOBS_MAX: usize = crate::storage::CALLS_MAX;
/// How long a transaction may wait for the writer: longer, and its client has given up.
const WRITER_WAIT: Duration = Duration::from_secs(5);
/// How long a transaction may hold the writer without a word from its owner: all owners run on storage's own
/// runtime, so one this silent is lost.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// Threads that read, at most: more than a few only take turns on the same pages.
const READERS_MAX: usize = 4;

/// A SQLite file. Clones share its threads, which end when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Sqlite {
    path: Arc<PathBuf>,
    writer: mpsc::Sender<Job>,
    readers: mpsc::Sender<Job>,
    reader_count: usize,
}

type Reply<T> = oneshot::Sender<Result<T, DatabaseError>>;

enum Job {
    /// Statements in a transaction of their own.
    Pipe(Vec<Query>, Reply<Vec<Rows>>),
    /// A transaction that begins with these statements and then does as it is told.
    Transaction(Vec<Query>, Reply<Vec<Rows>>, commands::Receiver<Command>),
    /// The end of the thread.
    Stop(oneshot::Sender<()>),
}

enum Command {
    Pipe(Vec<Query>, Reply<Vec<Rows>>),
    Commit(Vec<Query>, Reply<Vec<Rows>>),
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SQLite at {}", self.path.display())
    }
}

impl Sqlite {
    /// Opens the file, making it when it is absent, and starts the threads. The task that `resident` makes runs in the
    /// writer's thread, takes turns there with what others ask for, and uses the connection without a word to anybody.
    pub(crate) fn open<F: Future<Output = ()>>(
        path: &Path,
        resident: impl FnOnce(Resident) -> F + Send + 'static,
    ) -> Result<Self, StorageError> {
        let reader_count =
            thread::available_parallelism().map_or(1, |cores| cores.get().min(READERS_MAX));
        let writer = start_writer(connection::open(path, Access::Write)?, resident)?;
        let readers = start_readers(reader_count, path)?;
        Ok(Self {
            path: Arc::new(path.to_owned()),
            writer,
            readers,
            reader_count,
        })
    }

    /// The database file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn read(&self, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
        pipe(&self.readers, queries).await
    }

    pub(super) async fn write(&self, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
        pipe(&self.writer, queries).await
    }

    pub(super) async fn begin(
        &self,
        queries: Vec<Query>,
    ) -> Result<(Transaction, Vec<Rows>), DatabaseError> {
        let (commands, orders) = commands::channel();
        let (reply, begun) = oneshot::channel();
        send(&self.writer, Job::Transaction(queries, reply, orders)).await?;
        let rows = match timeout(WRITER_WAIT, begun).await {
            Ok(answer) => answer.map_err(|_| gone())??,
            // Our end of the commands is dropped here: when its turn comes, the thread ends it at once.
            Err(_) => return Err(busy()),
        };
        Ok((Transaction { commands }, rows))
    }

    /// Ends the threads; the last connection to go folds the log into the file.
    pub(super) async fn close(&self) {
        let readers = vec![&self.readers; self.reader_count];
        for jobs in readers.into_iter().chain([&self.writer]) {
            let (reply, stopped) = oneshot::channel();
            if jobs.send(Job::Stop(reply)).await.is_ok() {
                // An error means that the thread is gone already.
                let _ = stopped.await;
            }
        }
    }
}

/// A transaction that has the writer thread.
pub(crate) struct Transaction {
    commands: commands::Sender<Command>,
}

impl Transaction {
    pub(super) async fn pipe(&mut self, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(Command::Pipe(queries, reply))
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    pub(super) async fn commit(self, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(Command::Commit(queries, reply))
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    pub(super) async fn roll_back(self) {
        // Dropping the sender says it; whoever begins next comes after the rollback.
    }
}

async fn pipe(thread: &mpsc::Sender<Job>, queries: Vec<Query>) -> Result<Vec<Rows>, DatabaseError> {
    let (reply, answer) = oneshot::channel();
    send(thread, Job::Pipe(queries, reply)).await?;
    answer.await.map_err(|_| gone())?
}

async fn send(thread: &mpsc::Sender<Job>, job: Job) -> Result<(), DatabaseError> {
    match timeout(WRITER_WAIT, thread.send(job)).await {
        Ok(sent) => sent.map_err(|_| gone()),
        Err(_) => Err(busy()),
    }
}

fn busy() -> DatabaseError {
    let waited = WRITER_WAIT.as_secs();
    StorageError::Unavailable(format!("SQLite was busy for {waited} s")).into()
}

fn gone() -> DatabaseError {
    StorageError::Unavailable("the SQLite thread has ended".into()).into()
}

/// A connection of its own that writes, beside the threads.
pub(crate) fn sqlite_connection(path: &Path) -> Result<Connection, StorageError> {
    connection::open(path, Access::Write)
}

/// Starts the thread that writes.
fn start_writer<F: Future<Output = ()>>(
    connection: Connection,
    resident: impl FnOnce(Resident) -> F + Send + 'static,
) -> Result<mpsc::Sender<Job>, StorageError> {
    let (sender, mut jobs) = mpsc::channel(JOBS_MAX);
    let worker = Arc::new(Mutex::new(Worker::new(connection)));
    spawn("storage-writer", move || {
        let serve = async {
            while let Some(job) = jobs.recv().await {
                if lock(&worker).serve(job).is_break() {
                    return;
                }
                // The resident's turn.
                tokio::task::yield_now().await;
            }
        };
        let resident = AssertUnwindSafe(resident(Resident(worker.clone()))).catch_unwind();
        let resident = resident.map(|ended| {
            if ended.is_err() {
                tracing::error!("the task in the writer's thread panicked");
            }
        });
        block_on(join(serve, resident));
    })?;
    Ok(sender)
}

/// Starts threads that read, and take their jobs from one queue.
fn start_readers(count: usize, path: &Path) -> Result<mpsc::Sender<Job>, StorageError> {
    let (sender, receiver) = mpsc::channel(JOBS_MAX);
    let jobs = Arc::new(Mutex::new(receiver));
    for _ in 0..count {
        let mut worker = Worker::new(connection::open(path, Access::Read)?);
        let queue = Arc::clone(&jobs);
        spawn("storage-reader", move || {
            loop {
                // One idle thread waits in the queue, the others for the lock.
                let job = lock(&queue).blocking_recv();
                match job.map(|job| worker.serve(job)) {
                    Some(ControlFlow::Continue(())) => {}
                    Some(ControlFlow::Break(())) | None => return,
                }
            }
        })?;
    }
    Ok(sender)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StorageError> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(work);
    match spawned {
        Ok(_) => Ok(()),
        Err(error) => Err(StorageError::Internal(format!(
            "cannot start a thread: {error}"
        ))),
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The writer's connection in the hands of the task in its thread. Nothing here waits, and so nothing comes between.
#[derive(Clone)]
pub(crate) struct Resident(Arc<Mutex<Worker>>);

impl fmt::Debug for Resident {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SQLite, in its writer's thread")
    }
}

impl Resident {
    pub(super) fn run(&self, queries: &[Query]) -> Result<Vec<Rows>, DatabaseError> {
        lock(&self.0).pipe_and_commit(queries)
    }

    pub(super) fn begin(
        &self,
        queries: &[Query],
    ) -> Result<(ResidentTransaction, Vec<Rows>), DatabaseError> {
        lock(&self.0).control("BEGIN IMMEDIATE")?;
        let mut transaction = ResidentTransaction {
            resident: self.clone(),
            is_over: false,
        };
        let rows = transaction.pipe(queries)?;
        Ok((transaction, rows))
    }
}

/// A transaction of the task in the writer's thread. Dropped without a commit, it is rolled back.
pub(crate) struct ResidentTransaction {
    resident: Resident,
    /// A statement failed: whatever came now would be outside the transaction.
    is_over: bool,
}

impl ResidentTransaction {
    pub(super) fn pipe(&mut self, queries: &[Query]) -> Result<Vec<Rows>, DatabaseError> {
        if self.is_over {
            let reason = "the transaction has failed before";
            return Err(StorageError::Internal(reason.into()).into());
        }
        let mut worker = lock(&self.resident.0);
        let outcome = worker.pipe(queries);
        if outcome.is_err() {
            self.is_over = true;
            worker.roll_back();
        }
        outcome
    }

    pub(super) fn commit(mut self, queries: &[Query]) -> Result<Vec<Rows>, DatabaseError> {
        let rows = self.pipe(queries)?;
        // Where this fails, the drop rolls back.
        lock(&self.resident.0).control("COMMIT")?;
        Ok(rows)
    }
}

impl Drop for ResidentTransaction {
    fn drop(&mut self) {
        lock(&self.resident.0).roll_back();
    }
}

/// What a thread owns.
struct Worker {
    connection: Connection,
    /// Statements as SQLite wants them, by the statement as it is written.
    rewritten: HashMap<&'static str, String>,
}

impl Worker {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            rewritten: HashMap::new(),
        }
    }

    /// Does one job; a break is the end of the thread.
    fn serve(&mut self, job: Job) -> ControlFlow<()> {
        // A reply that nobody waits for any more is dropped: its caller was cancelled.
        match job {
            Job::Pipe(queries, reply) => {
                let _ = reply.send(self.pipe_and_commit(&queries));
            }
            Job::Transaction(queries, begun, orders) => {
                self.transaction(&queries, begun, &orders);
            }
            Job::Stop(stopped) => {
                if let Ok(memory) = Connection::open_in_memory() {
                    drop(std::mem::replace(&mut self.connection, memory));
                }
                let _ = stopped.send(());
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn pipe_and_commit(&mut self, queries: &[Query]) -> Result<Vec<Rows>, DatabaseError> {
        if let [query] = queries {
            // One statement is a transaction by itself.
            return self.pipe(std::slice::from_ref(query));
        }
        self.control("BEGIN")?;
        let outcome = self.pipe(queries).and_then(|rows| {
            self.control("COMMIT")?;
            Ok(rows)
        });
        if outcome.is_err() {
            self.roll_back();
        }
        outcome
    }

    fn transaction(
        &mut self,
        queries: &[Query],
        begun: Reply<Vec<Rows>>,
        orders: &commands::Receiver<Command>,
    ) {
        if begun.is_closed() {
            return;
        }
        let first = self
            .control("BEGIN IMMEDIATE")
            .and_then(|()| self.pipe(queries));
        let mut failed = first.is_err();
        if begun.send(first).is_err() {
            failed = true;
        }
        while !failed {
            match orders.recv_timeout(SILENCE_MAX) {
                Ok(Command::Pipe(queries, reply)) => {
                    let outcome = self.pipe(&queries);
                    failed = outcome.is_err();
                    if failed {
                        self.roll_back();
                    }
                    let _ = reply.send(outcome);
                }
                Ok(Command::Commit(queries, reply)) => {
                    let outcome = self.pipe(&queries).and_then(|rows| {
                        self.control("COMMIT")?;
                        Ok(rows)
                    });
                    if outcome.is_err() {
                        self.roll_back();
                    }
                    let _ = reply.send(outcome);
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {
                    tracing::error!("a transaction was silent for too long and is rolled back");
                    failed = true;
                }
                Err(RecvTimeoutError::Disconnected) => failed = true,
            }
        }
        self.roll_back();
    }

    fn pipe(&mut self, queries: &[Query]) -> Result<Vec<Rows>, DatabaseError> {
        let mut results = Vec::with_capacity(queries.len());
        for (sql, parameters) in queries {
            results.push(self.run(sql, parameters)?);
        }
        Ok(results)
    }

    fn run(&mut self, sql: &'static str, parameters: &[Value]) -> Result<Rows, DatabaseError> {
        let rewritten = self.rewritten.entry(sql).or_insert_with(|| numbered(sql));
        let mut statement = self
            .connection
            .prepare_cached(rewritten)
            .map_err(classify)?;
        let column_count = statement.column_count();
        if column_count == 0 {
            let affected = statement
                .execute(rusqlite::params_from_iter(parameters))
                .map_err(classify)?;
            return Ok(Rows {
                rows: Vec::new(),
                affected: affected as u64,
            });
        }
        let mut answers = statement
            .query(rusqlite::params_from_iter(parameters))
            .map_err(classify)?;
        let mut rows = Vec::new();
        while let Some(row) = answers.next().map_err(classify)? {
            rows.push(Row::new(read_values(row, column_count)?));
        }
        let affected = rows.len() as u64;
        Ok(Rows { rows, affected })
    }

    fn control(&self, sql: &'static str) -> Result<(), DatabaseError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(classify)?;
        statement.execute([]).map_err(classify)?;
        Ok(())
    }

    fn roll_back(&self) {
        // SQLite may have rolled back by itself, after an error of the disk for instance.
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "SQLite refused to roll back");
        }
    }
}

fn read_values(row: &rusqlite::Row<'_>, columns: usize) -> Result<Vec<Value>, DatabaseError> {
    let mut values = Vec::with_capacity(columns);
    for index in 0..columns {
        values.push(read_value(row.get_ref(index).map_err(classify)?)?);
    }
    Ok(values)
}

fn read_value(value: ValueRef<'_>) -> Result<Value, DatabaseError> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Value::Text(text.to_owned())),
            Err(_) => Err(StorageError::Corrupt("a text is not UTF-8".into()).into()),
        },
        ValueRef::Blob(bytes) => Ok(Value::Blob(bytes.to_vec())),
        ValueRef::Real(_) => {
            Err(StorageError::Corrupt("a floating-point number is stored".into()).into())
        }
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
