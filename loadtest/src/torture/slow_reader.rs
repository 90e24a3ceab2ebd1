//! A slow reader of the torture test: it is cut off again and again, and must miss nothing.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use anyhow::bail;
use tokio::time::{sleep, timeout};

use super::entry::{SILENCE, entry, frames};
use super::{BACK_OFF, SHARES, Shared};
use crate::connection::{Closed, Receiver};
use crate::history::Reader;

/// How long a slow reader that reads waits for more.
const QUIET: Duration = Duration::from_secs(1);

/// Frames that a slow reader takes before it stops reading again.
const SLOW_READER_TAKES: usize = 4096;

/// Conversations that a slow reader follows: what comes between two kills is more than may wait for it.
const SLOW_READER_FOLLOWS: usize = 4;

/// For so many shares a slow reader reads nothing.
const SHARES_OF_SILENCE: u64 = 10;

/// The close code for readers that are too slow.
const TRY_AGAIN_LATER: u16 = 1013;

/// A reader that does not read: what it is sent piles up, it is cut off, and it comes back.
pub(super) struct SlowReader {
    number: usize,
    shared: Rc<Shared>,
    /// What it has read of each conversation that it follows, by their place.
    readers: BTreeMap<usize, Reader>,
}

impl SlowReader {
    /// The reader with this number, which has not connected yet.
    pub(super) fn new(number: usize, shared: Rc<Shared>) -> Self {
        let rooms = shared.rooms.len();
        let follows = (0..SLOW_READER_FOLLOWS).map(|next| (number + next) % rooms);
        Self {
            number,
            shared,
            readers: follows.map(|room| (room, Reader::default())).collect(),
        }
    }

    /// Reads nothing for some shares, reads what there is, and comes back, until the clients are done; gives what it has
    /// read by then, which is everything.
    pub(super) async fn run(mut self) -> anyhow::Result<BTreeMap<usize, Reader>> {
        let mut shares = self.shared.shares.subscribe();
        // They do not all wake up at once.
        let mut until = 1 + self.number as u64 % SHARES_OF_SILENCE;
        while *shares.borrow_and_update() <= SHARES {
            let access = self.shared.access();
            let connected = timeout(SILENCE, access.resume_narrow(&self.cursors())).await?;
            shares.wait_for(|now| *now >= until).await?;
            until = (*shares.borrow() + SHARES_OF_SILENCE).min(SHARES + 1);
            // A connection that ends is what this reader is about.
            let Ok((_sender, mut receiver)) = connected else {
                continue;
            };
            if let Err(error) = self.read_for_a_while(&mut receiver).await {
                let ended = &self.shared.slow_ended;
                ended.set(ended.get() + 1);
                if let Some(Closed(TRY_AGAIN_LATER)) = error.downcast_ref() {
                    let closed = &self.shared.closed_as_slow;
                    closed.set(closed.get() + 1);
                }
            }
        }
        // All of them at once are more than the server has time for: who is turned away comes again.
        while self.catch_up().await.is_err() {
            sleep(BACK_OFF).await;
        }
        Ok(self.readers)
    }

    /// Reads everything that it has missed.
    async fn catch_up(&mut self) -> anyhow::Result<()> {
        let access = self.shared.access();
        let (_sender, mut receiver) = access.resume(&self.cursors()).await?;
        while !self.read(&mut receiver).await?.resumed {}
        Ok(())
    }

    fn cursors(&self) -> Vec<(String, u64)> {
        let cursor =
            |(room, reader): (&usize, &Reader)| (self.shared.rooms[*room].clone(), reader.cursor());
        self.readers.iter().map(cursor).collect()
    }

    /// Reads until the connection ends, nothing comes any more, or it has taken enough.
    async fn read_for_a_while(&mut self, receiver: &mut Receiver) -> anyhow::Result<()> {
        let mut taken = 0;
        while taken < SLOW_READER_TAKES {
            match timeout(QUIET, self.read(receiver)).await {
                Ok(read) => taken += read?.frames,
                Err(_) => break,
            }
        }
        Ok(())
    }

    async fn read(&mut self, receiver: &mut Receiver) -> anyhow::Result<Read> {
        let frames = frames(receiver).await?;
        let mut read = Read {
            frames: frames.len(),
            resumed: false,
        };
        for frame in frames {
            let room = self.shared.room(&frame["conversation_id"]);
            match (frame["op"].as_str(), room) {
                (Some("message" | "change"), Some(room)) => {
                    let (seq, entry) = entry(&frame)?;
                    let mut history = self.shared.histories[room].borrow_mut();
                    let reader = self.readers.entry(room).or_default();
                    reader.entry(seq, &entry, &mut history.seen);
                }
                (Some("reset"), Some(room)) if frame["code"] == "conflict" => {
                    self.shared.forgotten(room);
                    self.readers.insert(room, Reader::default());
                }
                // It says that the reader does not follow any more: it has to come again.
                (Some("reset"), _) => bail!("{frame}"),
                (Some("resumed"), _) => read.resumed = true,
                _ => {}
            }
        }
        Ok(read)
    }
}

/// What a slow reader has read at once.
struct Read {
    frames: usize,
    resumed: bool,
}
