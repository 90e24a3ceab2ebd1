//! How many calls may be under way, and the line in which the others wait for their turn.
//!
//! Many come at once when a thousand clients come back together: who waits a moment need not come back again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::StorageError;
use crate::storage::closed;

/// Calls that may wait: a line that a database works off before most callers give up.
const WAITING_MAX: usize = 16 * 1024;
/// How long a call may wait for its turn: its caller has given up by then.
const TURN_WAIT: Duration = Duration::from_secs(10);

/// The entrance.
pub(crate) struct Admission {
    calls_max: usize,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Admission {
    /// Lets so many in at once.
    pub(crate) fn new(calls_max: usize) -> Self {
        Self {
            calls_max,
            turns: Arc::new(Semaphore::new(calls_max)),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Waits for a turn, which lasts until what is returned is dropped; whoever came first is first.
    ///
    /// `Overloaded` when the line is too long, or too slow.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, StorageError> {
        let line = || StorageError::Overloaded("the queue of database calls");
        let _place = Place::take(&self.waiting).ok_or_else(line)?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = timeout(TURN_WAIT, turn).await.map_err(|_| line())?;
        turn.map_err(|_| closed())
    }

    /// Waits until everybody who is in or in the line has left, and lets nobody in any more; `false` when it was closed before.
    pub(crate) async fn close(&self) -> bool {
        let everybody = u32::try_from(self.calls_max).unwrap_or(u32::MAX);
        let Ok(all) = self.turns.acquire_many(everybody).await else {
            return false;
        };
        self.turns.close();
        all.forget();
        true
    }
}

/// A place in the line, given back however its holder leaves.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let place = Self(waiting);
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        (before < WAITING_MAX).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use futures::future::{join_all, poll_immediate};

    use super::*;

    #[tokio::test]
    async fn whoever_came_first_is_first_and_one_who_leaves_the_line_holds_nobody_up() {
        let admission = Admission::new(1);
        let inside = admission.enter().await.unwrap();
        let mut first = Box::pin(admission.enter());
        let mut left = Box::pin(admission.enter());
        let mut last = Box::pin(admission.enter());
        for waiting in [&mut first, &mut left, &mut last] {
            assert!(poll_immediate(waiting).await.is_none());
        }
        drop(left);
        drop(inside);
        assert!(poll_immediate(&mut last).await.is_none());
        let inside = first.now_or_never().unwrap().unwrap();
        assert!(poll_immediate(&mut last).await.is_none());
        drop(inside);
        drop(last.now_or_never().unwrap().unwrap());
        assert_eq!(admission.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_is_too_long_or_too_slow_is_an_overload() {
        let admission = Admission::new(1);
        let inside = admission.enter().await.unwrap();
        let line = (0..=WAITING_MAX).map(|_| admission.enter());
        let ends = join_all(line).await;
        let overloaded = |end: &Result<_, StorageError>| {
            matches!(
                end,
                Err(StorageError::Overloaded("the queue of database calls"))
            )
        };
        assert!(ends.iter().all(overloaded));
        drop(inside);
        assert!(admission.enter().await.is_ok());
    }

    #[tokio::test]
    async fn whoever_is_in_the_line_is_served_before_it_closes() {
        let admission = Admission::new(2);
        let inside = admission.enter().await.unwrap();
        let other = admission.enter().await.unwrap();
        let mut waiting = Box::pin(admission.enter());
        assert!(poll_immediate(&mut waiting).await.is_none());
        let mut closing = Box::pin(admission.close());
        assert!(poll_immediate(&mut closing).await.is_none());
        drop(inside);
        let served = waiting.await.unwrap();
        assert!(poll_immediate(&mut closing).await.is_none());
        drop((other, served));
        assert!(closing.await);
        assert!(!admission.close().await);
        assert!(matches!(
            admission.enter().await,
            Err(StorageError::Unavailable(_))
        ));
    }
}
