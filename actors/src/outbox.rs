//! What waits for one connection's socket: bounded in frames and bytes, and owned by the connection's thread.
//!
//! Fan-out pushes shared bytes here and never waits; the transport takes them out in chunks. A reader that falls
//! behind the limits is cut off with [`CloseCode::TryLater`] and can resume, because every message is in the log.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use protocol::CloseCode;

use crate::limits::{OUTBOX_BYTES_MAX, OUTBOX_FRAMES_MAX};
use crate::metrics;

/// One thing to write to a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// A text frame.
    Text(Bytes),
    /// A binary frame.
    Binary(Bytes),
    /// A ping without payload.
    Ping,
    /// The answer to a ping, with its payload.
    Pong(Bytes),
    /// The end.
    Close(CloseCode, &'static str),
}

impl Outgoing {
    fn len(&self) -> usize {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) | Self::Pong(bytes) => bytes.len(),
            Self::Ping => 0,
            Self::Close(_, reason) => reason.len(),
        }
    }
}

/// Why nothing more can be pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The reader was too slow and has been cut off just now.
    #[error("the reader is too slow")]
    Overflow,
    /// The connection is closing.
    #[error("the connection is closing")]
    Closed,
}

#[derive(Default)]
struct Inner {
    queue: VecDeque<Outgoing>,
    bytes: usize,
    /// A close frame is queued: nothing may follow it.
    closing: bool,
    /// The queue's end is the connection's end.
    finished: bool,
    writer: Option<Waker>,
    /// The writer waits for something to write.
    writer_waits: bool,
    /// The writer again, while its socket takes nothing more.
    stuck_writer: Option<Waker>,
    waiting_for_room: Vec<Waker>,
}

/// A handle on one connection's queue; clones share it.
#[derive(Clone, Default)]
pub struct Outbox {
    inner: Rc<RefCell<Inner>>,
}

impl Outbox {
    /// Makes an empty outbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Queues something that must arrive or the connection must end.
    ///
    /// # Errors
    /// [`PushError::Overflow`] when this push is the one that cut the reader off, [`PushError::Closed`] later.
    pub fn push(&self, outgoing: Outgoing) -> Result<(), PushError> {
        let mut inner = self.inner.borrow_mut();
        if inner.closing {
            return Err(PushError::Closed);
        }
        let full = inner.queue.len() >= OUTBOX_FRAMES_MAX
            || inner.bytes + outgoing.len() > OUTBOX_BYTES_MAX;
        if full {
            inner.close(CloseCode::TryLater, "reading too slowly");
            metrics::slow_reader_cut_off();
            return Err(PushError::Overflow);
        }
        inner.enqueue(outgoing);
        Ok(())
    }

    /// Queues something that may be dropped (typing, presence), and says whether it was queued.
    pub fn push_droppable(&self, outgoing: Outgoing) -> bool {
        let mut inner = self.inner.borrow_mut();
        if inner.closing {
            return false;
        }
        if inner.half_full() {
            metrics::outbox_dropped();
            return false;
        }
        inner.enqueue(outgoing);
        true
    }

    /// Queues a close frame; nothing can be pushed after it.
    pub fn close(&self, code: CloseCode, reason: &'static str) {
        self.inner.borrow_mut().close(code, reason);
    }

    /// Ends the connection once the queue has been written.
    pub fn finish(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.closing = true;
        inner.finished = true;
        inner.wake_all();
    }

    /// Waits until the connection is to end, for a writer whose socket takes nothing more.
    pub async fn finished(&self) {
        poll_fn(|context| {
            let mut inner = self.inner.borrow_mut();
            if inner.finished {
                return Poll::Ready(());
            }
            inner.stuck_writer = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Gives the memory of an empty queue back: a burst is rare, and ten thousand connections are idle.
    pub fn shrink(&self) {
        let mut inner = self.inner.borrow_mut();
        if inner.queue.is_empty() {
            inner.queue = VecDeque::new();
        }
    }

    /// How many frames wait.
    pub(crate) fn frames(&self) -> usize {
        self.inner.borrow().queue.len()
    }

    /// Whether a close frame has been queued.
    pub fn is_closing(&self) -> bool {
        self.inner.borrow().closing
    }

    /// Waits until at least half of the queue is free, or the connection is closing.
    pub async fn room(&self) {
        poll_fn(|context| {
            let mut inner = self.inner.borrow_mut();
            if inner.closing || !inner.half_full() {
                return Poll::Ready(());
            }
            inner.waiting_for_room.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Takes the next thing to write; `None` means that the connection is over.
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Outgoing>> {
        let mut inner = self.inner.borrow_mut();
        match inner.queue.pop_front() {
            Some(outgoing) => {
                inner.bytes -= outgoing.len();
                if !inner.half_full() {
                    inner.waiting_for_room.drain(..).for_each(Waker::wake);
                }
                Poll::Ready(Some(outgoing))
            }
            None if inner.finished => Poll::Ready(None),
            None => {
                // Kept from one time to the next, which spares the counting of its owners.
                if !matches!(&inner.writer, Some(writer) if writer.will_wake(context.waker())) {
                    inner.writer = Some(context.waker().clone());
                }
                inner.writer_waits = true;
                Poll::Pending
            }
        }
    }

    /// Takes what is queued without waiting, as a writer does that has begun a chunk.
    pub fn try_next(&self) -> Option<Outgoing> {
        let mut inner = self.inner.borrow_mut();
        let outgoing = inner.queue.pop_front()?;
        inner.bytes -= outgoing.len();
        if !inner.half_full() {
            inner.waiting_for_room.drain(..).for_each(Waker::wake);
        }
        Some(outgoing)
    }
}

impl Inner {
    fn half_full(&self) -> bool {
        self.queue.len() >= OUTBOX_FRAMES_MAX / 2 || self.bytes >= OUTBOX_BYTES_MAX / 2
    }

    fn enqueue(&mut self, outgoing: Outgoing) {
        self.bytes += outgoing.len();
        self.queue.push_back(outgoing);
        self.wake_writer();
    }

    fn wake_writer(&mut self) {
        if std::mem::take(&mut self.writer_waits)
            && let Some(writer) = &self.writer
        {
            writer.wake_by_ref();
        }
    }

    fn close(&mut self, code: CloseCode, reason: &'static str) {
        if self.closing {
            return;
        }
        self.enqueue(Outgoing::Close(code, reason));
        self.closing = true;
        self.wake_all();
    }

    fn wake_all(&mut self) {
        self.wake_writer();
        self.stuck_writer.take().into_iter().for_each(Waker::wake);
        self.waiting_for_room.drain(..).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize) -> Outgoing {
        Outgoing::Text(Bytes::from(vec![b'x'; bytes]))
    }

    fn take_all(outbox: &Outbox) -> Vec<Outgoing> {
        std::iter::from_fn(|| outbox.try_next()).collect()
    }

    #[test]
    fn a_reader_that_falls_too_many_frames_behind_is_cut_off_after_what_was_queued() {
        let outbox = Outbox::new();
        for _ in 0..OUTBOX_FRAMES_MAX {
            outbox.push(frame(1)).unwrap();
        }
        assert_eq!(outbox.push(frame(1)), Err(PushError::Overflow));
        assert_eq!(outbox.push(frame(1)), Err(PushError::Closed));
        let taken = take_all(&outbox);
        assert_eq!(taken.len(), OUTBOX_FRAMES_MAX + 1);
        assert_eq!(
            taken.last(),
            Some(&Outgoing::Close(CloseCode::TryLater, "reading too slowly"))
        );
    }

    #[test]
    fn bytes_are_bounded_too() {
        let outbox = Outbox::new();
        outbox.push(frame(OUTBOX_BYTES_MAX)).unwrap();
        assert_eq!(outbox.push(frame(1)), Err(PushError::Overflow));
    }

    #[test]
    fn what_may_be_dropped_is_dropped_from_half_full_on() {
        let outbox = Outbox::new();
        for _ in 0..OUTBOX_FRAMES_MAX / 2 {
            assert!(outbox.push_droppable(frame(1)));
        }
        assert!(!outbox.push_droppable(frame(1)));
        assert_eq!(outbox.push(frame(1)), Ok(()));
    }

    #[test]
    fn the_connection_ends_only_after_everything_was_taken() {
        let outbox = Outbox::new();
        outbox.push(frame(1)).unwrap();
        outbox.close(CloseCode::Restart, "restarting");
        outbox.finish();
        let mut context = Context::from_waker(Waker::noop());
        let mut polls = Vec::new();
        for _ in 0..3 {
            polls.push(outbox.poll_next(&mut context));
        }
        assert_eq!(
            polls,
            [
                Poll::Ready(Some(frame(1))),
                Poll::Ready(Some(Outgoing::Close(CloseCode::Restart, "restarting"))),
                Poll::Ready(None),
            ]
        );
    }
}
