//! A worker: the actor that owns one engine on a thread of its own, and starts the thread again when it dies.
//!
//! 1. The thread loads its engine, sits it at a [`Desk`], and takes jobs from a bounded queue between two turns.
//! 2. A panic, or an engine that says it is useless, ends the thread. The desk says which jobs are to be tried again.
//! 3. The worker waits a little and starts the next thread on the same queue: jobs that wait are not lost.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix::prelude::*;
use tokio::sync::oneshot;

use super::PoolError;
use crate::back_off::BackOff;
use crate::limits::{ENGINE_QUEUE_MAX, FORGET_QUEUE_MAX};
use crate::metrics;

/// An engine at work, on the thread that owns it.
pub(super) trait Desk<J> {
    /// Takes a job in; its place is given up when the job has ended.
    fn take(&mut self, job: J, place: Place);

    /// Whether jobs may be taken in now; until then they stay in the bounded queue.
    fn has_room(&self) -> bool {
        true
    }

    /// Whether there is nothing to do until the next job comes; then there is room for it.
    fn is_idle(&self) -> bool;

    /// Works a little: so long as nobody should have to wait for it before the next job is taken.
    ///
    /// # Errors
    /// Why the engine is useless from now on.
    fn turn(&mut self) -> Result<(), String>;

    /// Forgets what was computed of the prompts of an owner.
    fn forget(&mut self, owner: u128) {
        let _ = owner;
    }

    /// Ends everything: gives the jobs that the next engine should take, and fails the others.
    fn abandon(self: Box<Self>) -> Vec<(J, Place)>;
}

/// Loads an engine on the thread that will own it.
pub(super) type Load<J> = Arc<dyn Fn(Arc<Gauge>) -> Result<Box<dyn Desk<J>>, String> + Send + Sync>;

/// How busy a worker is, readable from outside.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    waiting: AtomicUsize,
    /// A moving average of the time that a job takes.
    job_ms: AtomicU64,
    /// The engine has died and is not back yet.
    is_down: AtomicBool,
}

/// What an engine that is down counts like, in jobs: more than any other has.
const DOWN_JOBS: usize = 1 << 20;

impl Gauge {
    /// Jobs that wait or run.
    pub(super) fn jobs(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How much there is to do before another job would be done: its jobs, and far more if there is no engine to do them.
    pub(super) fn burden(&self) -> usize {
        match self.is_down.load(Ordering::Acquire) {
            true => self.jobs() + DOWN_JOBS,
            false => self.jobs(),
        }
    }

    /// When a place in the queue is likely to be free, in milliseconds.
    pub(super) fn retry_after_ms(&self) -> u64 {
        self.job_ms.load(Ordering::Relaxed).clamp(250, 30_000)
    }

    fn finished(&self, took: Duration) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let average = self.job_ms.load(Ordering::Relaxed);
        self.job_ms
            .store((average * 7 + took_ms) / 8, Ordering::Relaxed);
    }
}

/// A job that counts as waiting or running until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    gauge: Arc<Gauge>,
    since: Instant,
}

impl Place {
    pub(super) fn new(gauge: Arc<Gauge>) -> Self {
        gauge.waiting.fetch_add(1, Ordering::Relaxed);
        Self {
            gauge,
            since: Instant::now(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gauge.finished(self.since.elapsed());
    }
}

/// What comes through a worker's queue.
enum Errand<J> {
    Job(J, Place),
    /// There is an owner to forget.
    Look,
}

/// An owner whose prompts an engine is to forget.
struct Owner {
    owner: u128,
    forgotten: oneshot::Sender<()>,
}

/// Jobs on their way to an engine.
struct Queue<J> {
    jobs: Receiver<Errand<J>>,
    /// Looked at before each job and each turn, so that they never wait behind jobs.
    owners: Receiver<Owner>,
    /// Jobs of the engine before, which died.
    again: Vec<(J, Place)>,
}

/// The actor.
pub(super) struct Worker<J: Send + 'static> {
    kind: &'static str,
    load: Load<J>,
    jobs: SyncSender<Errand<J>>,
    owners: SyncSender<Owner>,
    queue: Arc<Mutex<Queue<J>>>,
    gauge: Arc<Gauge>,
    back_off: BackOff,
    first_load: Option<oneshot::Sender<Result<(), String>>>,
}

impl<J: Send + 'static> Worker<J> {
    /// Makes a worker; `first_load` is told how the first engine's loading ended.
    pub(super) fn new(
        kind: &'static str,
        load: Load<J>,
        gauge: Arc<Gauge>,
        first_load: Option<oneshot::Sender<Result<(), String>>>,
    ) -> Self {
        let (jobs, waiting) = sync_channel(ENGINE_QUEUE_MAX);
        let (owners, owners_to_forget) = sync_channel(FORGET_QUEUE_MAX);
        let queue = Arc::new(Mutex::new(Queue {
            jobs: waiting,
            owners: owners_to_forget,
            again: Vec::new(),
        }));
        Self {
            kind,
            load,
            jobs,
            owners,
            queue,
            gauge,
            back_off: BackOff::default(),
            first_load,
        }
    }

    fn start_thread(&mut self, context: &mut Context<Self>) {
        let load = self.load.clone();
        let queue = self.queue.clone();
        let gauge = self.gauge.clone();
        let first_load = self.first_load.take();
        let worker = context.address();
        let body = move || {
            let born = Instant::now();
            let error = run_engine(&load, &queue, &gauge, first_load);
            // A worker that is gone needs no word of its thread's end.
            let _ = worker.try_send(EngineDown {
                lived: born.elapsed(),
                error,
            });
        };
        let spawned = std::thread::Builder::new()
            .name(format!("engine-{}", self.kind))
            .spawn(body);
        if let Err(error) = spawned {
            self.engine_down(Duration::ZERO, &error.to_string(), context);
        }
    }

    fn engine_down(&mut self, lived: Duration, error: &str, context: &mut Context<Self>) {
        let wait = self.back_off.crashed(lived);
        metrics::restarted("engine");
        tracing::error!(
            kind = self.kind,
            error,
            wait_ms = wait.as_millis(),
            "engine stopped; starting it again"
        );
        context.run_later(wait, Self::start_thread);
    }
}

/// Loads the engine and does jobs until it dies; returns why it did.
fn run_engine<J>(
    load: &Load<J>,
    queue: &Mutex<Queue<J>>,
    gauge: &Arc<Gauge>,
    first_load: Option<oneshot::Sender<Result<(), String>>>,
) -> String {
    let loaded = catch_unwind(AssertUnwindSafe(|| load(gauge.clone())))
        .unwrap_or_else(|panic| Err(format!("loading panicked: {}", panic_text(&*panic))));
    if let Some(first_load) = first_load {
        let outcome = loaded.as_ref().map(|_| ()).map_err(String::clone);
        // Nobody waits any more when the start was given up.
        let _ = first_load.send(outcome);
    }
    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    let mut desk = match loaded {
        Ok(desk) => desk,
        Err(error) => {
            // Whoever asked sees the channel close: there is no engine to try again on.
            queue.again.clear();
            return error;
        }
    };
    gauge.is_down.store(false, Ordering::Release);
    let worked = catch_unwind(AssertUnwindSafe(|| work(&mut *desk, &mut queue)));
    let error =
        worked.unwrap_or_else(|panic| format!("the engine panicked: {}", panic_text(&*panic)));
    gauge.is_down.store(true, Ordering::Release);
    queue.again = desk.abandon();
    error
}

/// Takes jobs and turns until the engine says that it is useless; returns why.
fn work<J>(desk: &mut dyn Desk<J>, queue: &mut MutexGuard<'_, Queue<J>>) -> String {
    for (job, place) in std::mem::take(&mut queue.again) {
        desk.take(job, place);
    }
    loop {
        for Owner { owner, forgotten } in queue.owners.try_iter() {
            desk.forget(owner);
            // Whoever asked may have given up waiting.
            let _ = forgotten.send(());
        }
        let next = match desk.is_idle() {
            true => queue.jobs.recv().map_err(|_| TryRecvError::Disconnected),
            false if desk.has_room() => queue.jobs.try_recv(),
            false => Err(TryRecvError::Empty),
        };
        match next {
            Ok(Errand::Job(job, place)) => desk.take(job, place),
            Ok(Errand::Look) => {}
            Err(TryRecvError::Disconnected) => return "its worker is gone".to_owned(),
            Err(TryRecvError::Empty) => {
                if let Err(error) = desk.turn() {
                    return error;
                }
            }
        }
    }
}

/// What a panic said.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

impl<J: Send + 'static> Actor for Worker<J> {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.start_thread(context);
    }
}

/// The engine's thread has ended.
#[derive(Message)]
#[rtype(result = "()")]
struct EngineDown {
    lived: Duration,
    error: String,
}

impl<J: Send + 'static> Handler<EngineDown> for Worker<J> {
    type Result = ();

    fn handle(&mut self, down: EngineDown, context: &mut Self::Context) {
        self.engine_down(down.lived, &down.error, context);
    }
}

/// A job for this worker's engine; answered when it is queued.
#[derive(Message)]
#[rtype(result = "Result<(), PoolError>")]
pub(super) struct Job<J: 'static>(pub(super) J);

impl<J: Send + 'static> Handler<Job<J>> for Worker<J> {
    type Result = Result<(), PoolError>;

    fn handle(&mut self, job: Job<J>, _: &mut Self::Context) -> Self::Result {
        let place = Place::new(self.gauge.clone());
        self.jobs
            .try_send(Errand::Job(job.0, place))
            .map_err(|error| match error {
                TrySendError::Full(_) => PoolError::Overloaded {
                    retry_after_ms: self.gauge.retry_after_ms(),
                },
                TrySendError::Disconnected(_) => PoolError::Failed("the engine is gone".to_owned()),
            })
    }
}

/// Forget what the engine computed of an owner's prompts: answered when it is done, with `Err` when it cannot be known.
#[derive(Message)]
#[rtype(result = "Result<(), ()>")]
pub(super) struct Forget(pub(super) u128);

impl<J: Send + 'static> Handler<Forget> for Worker<J> {
    type Result = ResponseFuture<Result<(), ()>>;

    fn handle(&mut self, Forget(owner): Forget, _: &mut Self::Context) -> Self::Result {
        let (forgotten, done) = oneshot::channel();
        let queued = self.owners.try_send(Owner { owner, forgotten });
        // An engine without jobs sleeps in front of their queue; one whose queue is full is awake.
        let _ = self.jobs.try_send(Errand::Look);
        Box::pin(async move {
            queued.map_err(drop)?;
            done.await.map_err(drop)
        })
    }
}
