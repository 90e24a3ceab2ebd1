//! The threads of the fused forward: few, short jobs in quick succession, and other programs beside them.
//!
//! 1. [`Pool::run`] publishes a job of numbered tasks, and takes tasks itself until there are none; so do the workers.
//!    Nobody waits for a worker that has not begun: on a busy machine the caller simply does more of the job.
//!    Each thread has an equal share of neighbouring tasks, which it takes first, so that it reads from its own cache what it wrote
//!    in the job before, where the tasks of both go through the same rows.
//! 2. A worker that finds no task spins for some microseconds, which is shorter than the way into the kernel and back, and
//!    then sleeps.
//! 3. What still hurts is a worker that loses its core in the middle of a task. [`Pool::run`] notes how long it waited in
//!    vain, and [`Pool::end_step`] decides by that whether the next steps are done without workers ([`Pace`]).

#![expect(
    unsafe_code,
    reason = "a job borrows from the caller's stack, and threads that outlive it carry it out"
)]

mod pace;

use std::any::Any;
use std::cell::UnsafeCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pace::Pace;

/// Tasks of one job.
const TASKS_MAX: usize = u32::MAX as usize;
/// Looks for work before a worker goes to sleep: some 50 µs.
const LOOKS_BEFORE_SLEEP: u32 = 2_000;
/// Looks of the caller before it lets others have the core: some 5 µs.
const LOOKS_BEFORE_YIELD: u32 = 200;
/// A wait for the last task that is longer than this means that a worker lost its core.
const LONG_WAIT: Duration = Duration::from_micros(200);

/// Threads that carry out jobs together with the thread that asks.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    pace: Pace,
    step_began: Instant,
    /// Waited in vain in this step.
    lost: Duration,
}

type Task = dyn Fn(usize) + Sync;

/// The tasks of a thread that nobody has taken: the next one in the lower half, the one behind the last in the upper half. In two
/// lines of the cache of its own, since processors fetch lines in pairs.
#[repr(align(128))]
struct Untaken(AtomicU64);

impl Untaken {
    fn none() -> Self {
        Self(AtomicU64::new(0))
    }

    fn publish(&self, tasks: Range<usize>) {
        let both = (tasks.end as u64) << 32 | tasks.start as u64;
        self.0.store(both, Ordering::SeqCst);
    }

    fn take(&self) -> Option<usize> {
        let more = |both: u64| ((both as u32) < (both >> 32) as u32).then_some(both + 1);
        let before = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        before.ok().map(|both| both as u32 as usize)
    }

    fn is_empty(&self) -> bool {
        let both = self.0.load(Ordering::SeqCst);
        (both as u32) >= (both >> 32) as u32
    }
}

struct Shared {
    /// Of the caller, then of each worker.
    shares: Vec<Untaken>,
    finished: AtomicUsize,
    /// The job that the untaken tasks belong to.
    job: UnsafeCell<Option<*const Task>>,
    failure: Mutex<Option<Box<dyn Any + Send>>>,
    asleep: AtomicUsize,
    bed: Mutex<()>,
    alarm: Condvar,
    stop: AtomicBool,
}

// SAFETY: everything but `job` is made for sharing. `job` is written by the one caller while no task is untaken or
// unfinished, and read by who has taken a task and not finished it.
unsafe impl Sync for Shared {}
// SAFETY: the pointer in `job` leads to a `Sync` closure, which any thread may call.
unsafe impl Send for Shared {}

impl Pool {
    /// A pool of `threads` threads, the caller among them.
    pub(crate) fn new(threads: usize) -> std::io::Result<Self> {
        let threads = threads.max(1);
        let shared = Arc::new(Shared {
            shares: (0..threads).map(|_| Untaken::none()).collect(),
            finished: AtomicUsize::new(0),
            job: UnsafeCell::new(None),
            failure: Mutex::new(None),
            asleep: AtomicUsize::new(0),
            bed: Mutex::new(()),
            alarm: Condvar::new(),
            stop: AtomicBool::new(false),
        });
        let workers = (1..threads).map(|number| {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name(format!("forward-{number}"))
                .spawn(move || shared.work(number))
        });
        Ok(Self {
            workers: workers.collect::<Result<_, _>>()?,
            shared,
            pace: Pace::default(),
            step_began: Instant::now(),
            lost: Duration::ZERO,
        })
    }

    /// How many threads there are, the caller among them.
    pub(crate) fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// How many threads take part at present, the caller among them.
    pub(crate) fn active(&self) -> usize {
        if self.pace.is_alone() {
            1
        } else {
            self.threads()
        }
    }

    /// Calls `task` with each number below `tasks` once, on any of the threads, and returns when all calls have.
    ///
    /// # Panics
    /// As `task` does.
    pub(crate) fn run(&mut self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        assert!(tasks <= TASKS_MAX, "a job has fewer tasks");
        if tasks <= 1 || self.active() == 1 {
            (0..tasks).for_each(task);
            return;
        }
        let shared = &*self.shared;
        // SAFETY: only the lifetime is changed. This function returns, or unwinds, when all tasks are finished, and after
        // that nobody reads the pointer.
        let job =
            unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const Task>(task) };
        shared.finished.store(0, Ordering::Relaxed);
        // SAFETY: all tasks of the job before are finished, and none of this one can be taken before the lines after.
        unsafe { *shared.job.get() = Some(job) };
        let threads = shared.shares.len();
        for (thread, share) in shared.shares.iter().enumerate() {
            share.publish(tasks * thread / threads..tasks * (thread + 1) / threads);
        }
        if shared.asleep.load(Ordering::SeqCst) > 0 {
            drop(shared.bed.lock().unwrap_or_else(PoisonError::into_inner));
            shared.alarm.notify_all();
        }
        while shared.take_and_do(0) {}
        self.lost += wait_for(&shared.finished, tasks);
        let mut failure = shared
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(panic) = failure.take() {
            drop(failure);
            resume_unwind(panic);
        }
    }

    /// Notes that a step begins.
    pub(crate) fn begin_step(&mut self) {
        self.step_began = Instant::now();
        self.lost = Duration::ZERO;
    }

    /// Notes that a step ends, and chooses how many threads the next one has.
    pub(crate) fn end_step(&mut self) {
        if self.threads() > 1 {
            self.pace.note(self.step_began.elapsed(), self.lost);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        drop(
            self.shared
                .bed
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.shared.alarm.notify_all();
        for worker in self.workers.drain(..) {
            // A worker catches the panics of tasks; there is nothing else in it that could fail.
            let _ = worker.join();
        }
    }
}

/// Waits until all tasks are finished; gives the time if it was long.
fn wait_for(finished: &AtomicUsize, tasks: usize) -> Duration {
    let mut looks = 0;
    let mut began = None;
    while finished.load(Ordering::Acquire) < tasks {
        looks += 1;
        if looks < LOOKS_BEFORE_YIELD {
            std::hint::spin_loop();
        } else {
            began.get_or_insert_with(Instant::now);
            // Perhaps the worker waits for this very core.
            thread::yield_now();
        }
    }
    let waited = began.map_or(Duration::ZERO, |began: Instant| began.elapsed());
    if waited > LONG_WAIT {
        waited
    } else {
        Duration::ZERO
    }
}

impl Shared {
    /// Takes a task, of its own share while there is one, and does it; `false` if there is none.
    fn take_and_do(&self, thread: usize) -> bool {
        let (before, own) = self.shares.split_at(thread);
        let Some(task) = own.iter().chain(before).find_map(Untaken::take) else {
            return false;
        };
        // SAFETY: this thread has taken a task of the job and not finished it, so the pointer is not written, and what it
        // leads to is still borrowed by `run`.
        let job = unsafe { (*self.job.get()).map(|job| &*job) };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            job.expect("a job stands before its tasks")(task);
        }));
        if let Err(panic) = outcome {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(panic);
        }
        self.finished.fetch_add(1, Ordering::Release);
        true
    }

    fn has_work(&self) -> bool {
        !self.shares.iter().all(Untaken::is_empty) || self.stop.load(Ordering::SeqCst)
    }

    /// What a worker does until the end.
    fn work(&self, thread: usize) {
        let mut looks = 0;
        while !self.stop.load(Ordering::SeqCst) {
            if self.take_and_do(thread) {
                looks = 0;
            } else if looks < LOOKS_BEFORE_SLEEP {
                looks += 1;
                std::hint::spin_loop();
            } else {
                self.sleep();
                looks = 0;
            }
        }
    }

    fn sleep(&self) {
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        self.asleep.fetch_add(1, Ordering::SeqCst);
        while !self.has_work() {
            bed = self.alarm.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once_however_many_jobs_follow_each_other() {
        let mut pool = Pool::new(4).unwrap();
        for tasks in (0..2_000).map(|job| job % 67) {
            let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            pool.run(tasks, &|task| {
                counts[task].fetch_add(1, Ordering::Relaxed);
            });
            assert!(
                counts
                    .iter()
                    .all(|count| count.load(Ordering::Relaxed) == 1)
            );
        }
    }

    #[test]
    fn workers_that_sleep_are_woken() {
        let mut pool = Pool::new(2).unwrap();
        for _ in 0..20 {
            while pool.shared.asleep.load(Ordering::SeqCst) == 0 {
                thread::yield_now();
            }
            // The two tasks wait for each other, so they end only if two threads do them.
            let both = std::sync::Barrier::new(2);
            pool.run(2, &|_| {
                both.wait();
            });
        }
    }

    #[test]
    fn a_panic_of_a_task_reaches_the_caller_and_the_pool_works_on() {
        let mut pool = Pool::new(3).unwrap();
        let failed = catch_unwind(AssertUnwindSafe(|| {
            pool.run(10, &|task| assert!(task != 7, "task seven"));
        }));
        assert!(failed.is_err());
        let done = AtomicUsize::new(0);
        pool.run(10, &|_| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 10);
    }
}
