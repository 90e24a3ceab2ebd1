//! A queue that is bounded in items and in bytes, and whose reader learns that items were lost.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};

/// Makes a queue of at most `items_max` items and `bytes_max` bytes.
pub(crate) fn bounded<T>(items_max: usize, bytes_max: usize) -> (Sender<T>, Receiver<T>) {
    let (items, queued) = mpsc::channel(items_max);
    let sender = Sender {
        items,
        room: Arc::new(Semaphore::new(bytes_max)),
        loss: Arc::new(Notify::new()),
    };
    let loss = Arc::clone(&sender.loss);
    (sender, Receiver { queued, loss })
}

/// The writing end; clones share the room.
#[derive(Debug)]
pub(crate) struct Sender<T> {
    items: mpsc::Sender<Queued<T>>,
    room: Arc<Semaphore>,
    loss: Arc<Notify>,
}

impl<T> Sender<T> {
    /// Queues an item that holds this many bytes, or refuses it. A queue without a reader takes everything.
    pub(crate) fn try_send(&self, item: T, bytes: usize) -> Result<(), Full> {
        let permits = u32::try_from(bytes).map_err(|_| Full)?;
        let room = Arc::clone(&self.room)
            .try_acquire_many_owned(permits)
            .map_err(|_| Full)?;
        match self.items.try_send(Queued { item, _room: room }) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Full),
        }
    }

    /// Tells the reader that items were lost; telling it twice before it looks is telling it once.
    pub(crate) fn report_loss(&self) {
        self.loss.notify_one();
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            items: self.items.clone(),
            room: Arc::clone(&self.room),
            loss: Arc::clone(&self.loss),
        }
    }
}

/// The reading end.
#[derive(Debug)]
pub(crate) struct Receiver<T> {
    queued: mpsc::Receiver<Queued<T>>,
    loss: Arc<Notify>,
}

/// What a reader finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received<T> {
    /// The next item.
    Item(T),
    /// Items were lost since the last look. It goes before the items that are queued, which are older or younger.
    Loss,
}

impl<T> Receiver<T> {
    /// Waits for the next item; `None` once every sender is dropped and the queue is empty.
    pub(crate) async fn recv(&mut self) -> Option<Received<T>> {
        tokio::select! {
            biased;
            () = self.loss.notified() => Some(Received::Loss),
            queued = self.queued.recv() => queued.map(|queued| Received::Item(queued.item)),
        }
    }

    /// The next item, if one is queued.
    pub(crate) fn try_recv(&mut self) -> Option<T> {
        self.queued.try_recv().ok().map(|queued| queued.item)
    }
}

/// An item with the room that it holds until it is read.
#[derive(Debug)]
struct Queued<T> {
    item: T,
    _room: OwnedSemaphorePermit,
}

/// The queue is full.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_queue_is_full_by_items_or_by_bytes_and_reading_makes_room() {
        let (sender, mut receiver) = bounded(2, 10);
        assert_eq!(sender.try_send('a', 1), Ok(()));
        assert_eq!(sender.try_send('b', 10), Err(Full), "11 bytes");
        assert_eq!(sender.try_send('b', 9), Ok(()));
        assert_eq!(sender.try_send('c', 0), Err(Full), "3 items");
        assert_eq!(receiver.recv().await, Some(Received::Item('a')));
        assert_eq!(sender.try_send('c', 1), Ok(()));
        assert_eq!(receiver.try_recv(), Some('b'));
        assert_eq!(receiver.try_recv(), Some('c'));
        assert_eq!(receiver.try_recv(), None);
    }

    #[tokio::test]
    async fn a_loss_is_told_once_and_before_what_is_queued() {
        let (sender, mut receiver) = bounded(2, 10);
        sender.try_send('a', 1).unwrap();
        sender.report_loss();
        sender.report_loss();
        assert_eq!(receiver.recv().await, Some(Received::Loss));
        assert_eq!(receiver.recv().await, Some(Received::Item('a')));
        drop(sender);
        assert_eq!(receiver.recv().await, None);
    }
}
