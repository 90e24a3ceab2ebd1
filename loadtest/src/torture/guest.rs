//! A guest of the torture test: somebody with an account of their own, who is brought into rooms and put out of them while they
//! write there.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use anyhow::{Context, bail};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::entry::{SILENCE, entry, frames};
use super::{BACK_OFF, Shared};
use crate::connection::{Receiver, Sender};
use crate::history::{Reader, Sent};

/// Rooms that a guest may be brought into.
const ROOMS: usize = 4;

/// A guest writes when it reads one of so many entries.
const WRITE_ONE_IN: u32 = 8;

/// Guests' numbers as senders begin here, beyond those of clients.
const FIRST_NUMBER: usize = 1_000_000;

/// A guest's account, and where it is as far as the keepers know.
pub(super) struct Place {
    /// The person's id.
    pub(super) user: String,
    /// The person's access token.
    pub(super) token: String,
    /// The rooms that the guest may be brought into.
    pub(super) rooms: Vec<usize>,
    /// The rooms that it is in now.
    pub(super) inside: watch::Sender<BTreeSet<usize>>,
}

impl Place {
    /// The place of the guest with this number, who is nowhere yet.
    pub(super) fn new(number: usize, user: String, token: String, rooms: usize) -> Self {
        let first = number * ROOMS;
        let own: BTreeSet<usize> = (first..first + ROOMS).map(|room| room % rooms).collect();
        Self {
            user,
            token,
            rooms: own.into_iter().collect(),
            inside: watch::Sender::default(),
        }
    }
}

/// A message whose outcome has not come.
struct Waiting {
    sent: Sent,
    /// It may have been taken on a connection before.
    is_unsure: bool,
}

/// A guest and all that it has seen.
pub(super) struct Guest {
    number: usize,
    random: RefCell<StdRng>,
    shared: Rc<Shared>,
    /// What it has asked to follow and was not refused or put out of.
    follows: RefCell<HashSet<usize>>,
    readers: RefCell<BTreeMap<usize, Reader>>,
    next: RefCell<HashMap<usize, u64>>,
    waiting: RefCell<HashMap<usize, Waiting>>,
}

impl Guest {
    /// The guest with this number, which has not connected yet.
    pub(super) fn new(number: usize, random: StdRng, shared: Rc<Shared>) -> Self {
        let rooms = shared.places[number].rooms.iter();
        Self {
            number,
            random: RefCell::new(random),
            readers: RefCell::new(rooms.map(|room| (*room, Reader::default())).collect()),
            shared,
            follows: RefCell::default(),
            next: RefCell::default(),
            waiting: RefCell::default(),
        }
    }

    /// Reads and writes wherever it is let in, until the keepers are done and nothing waits for an outcome.
    pub(super) async fn run(self) -> Self {
        while !self.is_done() {
            // A connection that ends is what this test is about.
            if self.connection().await.is_err() {
                sleep(BACK_OFF).await;
            }
        }
        self
    }

    fn is_done(&self) -> bool {
        *self.shared.is_over.borrow() && self.waiting.borrow().is_empty()
    }

    /// Reads the rest of every room, being in all of them; gives what it has read.
    pub(super) async fn catch_up(self) -> BTreeMap<usize, Reader> {
        while self.read_to_the_end().await.is_err() {
            sleep(BACK_OFF).await;
        }
        self.readers.into_inner()
    }

    async fn read_to_the_end(&self) -> anyhow::Result<()> {
        let (sender, mut receiver) = self.resume().await?;
        loop {
            for frame in frames(&mut receiver).await? {
                if frame["op"] == "resumed" {
                    let everything = self.follows.borrow().len() == self.readers.borrow().len();
                    anyhow::ensure!(everything, "the guest was put out of a room");
                    return Ok(());
                }
                self.take(&frame, &sender).await?;
            }
        }
    }

    /// One connection, from `resume` until it is lost or cut, or the guest is done.
    async fn connection(&self) -> anyhow::Result<()> {
        let (sender, receiver) = self.resume().await?;
        for waiting in self.waiting.borrow_mut().values_mut() {
            waiting.is_unsure = true;
        }
        let rooms: Vec<usize> = self.waiting.borrow().keys().copied().collect();
        for room in rooms {
            self.send(room, &sender).await?;
        }
        tokio::select! {
            ended = self.read(receiver, &sender) => ended,
            ended = self.follow_when_let_in(&sender) => ended,
            ended = self.end_of_the_idle() => ended,
        }
    }

    /// Waits until the keepers are done; whoever waits for an outcome then goes on reading.
    async fn end_of_the_idle(&self) -> anyhow::Result<()> {
        let mut is_over = self.shared.is_over.subscribe();
        is_over.wait_for(|is_over| *is_over).await?;
        match self.is_done() {
            true => Ok(()),
            false => std::future::pending().await,
        }
    }

    async fn resume(&self) -> anyhow::Result<(Sender, Receiver)> {
        let place = self.place();
        let inside = place.inside.borrow().clone();
        let cursors = inside.iter().map(|room| {
            let cursor = self.readers.borrow()[room].cursor();
            (self.shared.rooms[*room].clone(), cursor)
        });
        let cursors: Vec<(String, u64)> = cursors.collect();
        *self.follows.borrow_mut() = inside.into_iter().collect();
        let access = self.shared.access().with_token(&place.token);
        timeout(SILENCE, access.resume(&cursors)).await?
    }

    fn place(&self) -> &Place {
        &self.shared.places[self.number]
    }

    async fn read(&self, mut receiver: Receiver, sender: &Sender) -> anyhow::Result<()> {
        while !self.is_done() {
            let mut frames = frames(&mut receiver).await?;
            let is_cut = self
                .shared
                .cuts_a_reader(&mut self.random.borrow_mut(), &mut frames);
            for frame in frames {
                self.take(&frame, sender).await?;
            }
            if is_cut {
                sender.reset();
                bail!("cut");
            }
        }
        Ok(())
    }

    /// Subscribes to each room as soon as it is let in.
    async fn follow_when_let_in(&self, sender: &Sender) -> anyhow::Result<()> {
        let mut inside = self.place().inside.subscribe();
        inside.mark_changed();
        loop {
            inside.changed().await?;
            let rooms: Vec<usize> = inside.borrow_and_update().iter().copied().collect();
            for room in rooms {
                self.follow(room, sender).await?;
            }
        }
    }

    async fn follow(&self, room: usize, sender: &Sender) -> anyhow::Result<()> {
        if !self.follows.borrow_mut().insert(room) {
            return Ok(());
        }
        let cursor = self.readers.borrow()[&room].cursor();
        let subscribe = json!({
            "op": "subscribe",
            "ref": format!("follow-{room}"),
            "conversation_id": self.shared.rooms[room],
            "after_seq": cursor,
        });
        Ok(sender.send(&subscribe.to_string()).await?)
    }

    async fn take(&self, frame: &Value, sender: &Sender) -> anyhow::Result<()> {
        let room = self.shared.room(&frame["conversation_id"]);
        match frame["op"].as_str() {
            Some("message" | "message_done" | "change") => {
                let room = room.context("an unknown conversation")?;
                let (seq, entry) = entry(frame)?;
                {
                    let mut history = self.shared.histories[room].borrow_mut();
                    if !self.follows.borrow().contains(&room) {
                        // It was told that it is out.
                        history.seen.phantom += 1;
                        return Ok(());
                    }
                    let mut readers = self.readers.borrow_mut();
                    let reader = readers.entry(room).or_default();
                    reader.entry(seq, &entry, &mut history.seen);
                }
                if self.random.borrow_mut().random_ratio(1, WRITE_ONE_IN) {
                    self.write(room, sender).await?;
                }
            }
            Some("ack") => {
                let room = room.context("an unknown conversation")?;
                let seq = frame["seq"].as_u64().context("an ack without seq")?;
                self.acknowledged(room, frame, seq);
            }
            Some("reset") => {
                let room = room.context("an unknown conversation")?;
                match frame["code"].as_str() {
                    Some("not_found") => {
                        self.follows.borrow_mut().remove(&room);
                        // It may have been let in again since.
                        if self.place().inside.borrow().contains(&room) {
                            self.follow(room, sender).await?;
                        }
                    }
                    Some("conflict") => {
                        self.shared.forgotten(room);
                        self.readers.borrow_mut().insert(room, Reader::default());
                        bail!("{frame}");
                    }
                    _ => bail!("{frame}"),
                }
            }
            Some("error") => self.refused(frame, sender).await?,
            _ => {}
        }
        Ok(())
    }

    fn acknowledged(&self, room: usize, ack: &Value, seq: u64) {
        let mut waiting = self.waiting.borrow_mut();
        let is_it = |one: &Waiting| ack["client_id"].as_str() == Some(&one.sent.client_id(room));
        if waiting.get(&room).is_none_or(|one| !is_it(one)) {
            return;
        }
        let done = waiting.remove(&room).expect("it is there");
        let of_guests = &self.shared.of_guests;
        of_guests.set(of_guests.get() + 1);
        let mut history = self.shared.histories[room].borrow_mut();
        history.acknowledged(done.sent, seq);
    }

    /// A room that it is out of, or muted in, refuses what it asks.
    async fn refused(&self, frame: &Value, sender: &Sender) -> anyhow::Result<()> {
        let reference = frame["ref"].as_str().with_context(|| format!("{frame}"))?;
        let code = frame["code"].as_str();
        if let Some(room) = reference.strip_prefix("follow-") {
            anyhow::ensure!(code == Some("not_found"), "{frame}");
            self.follows.borrow_mut().remove(&room.parse()?);
            return Ok(());
        }
        let room: usize = reference.parse()?;
        match code {
            Some("not_found" | "forbidden") => {
                let waiting = self.waiting.borrow_mut().remove(&room);
                if let Some(Waiting {
                    sent,
                    is_unsure: false,
                }) = waiting
                {
                    self.shared.histories[room].borrow_mut().refused(sent);
                }
                Ok(())
            }
            Some("unavailable" | "overloaded" | "rate_limited") => {
                sleep(BACK_OFF).await;
                if let Some(waiting) = self.waiting.borrow_mut().get_mut(&room) {
                    waiting.is_unsure = true;
                }
                self.send(room, sender).await
            }
            _ => bail!("{frame}"),
        }
    }

    /// Sends the next message to a room, unless one has no outcome yet.
    async fn write(&self, room: usize, sender: &Sender) -> anyhow::Result<()> {
        if *self.shared.is_over.borrow() || self.waiting.borrow().contains_key(&room) {
            return Ok(());
        }
        let number = {
            let mut next = self.next.borrow_mut();
            let next = next.entry(room).or_default();
            *next += 1;
            *next
        };
        let sent = Sent {
            client: FIRST_NUMBER + self.number,
            number,
        };
        self.shared.histories[room].borrow_mut().sends(sent.clone());
        let waiting = Waiting {
            sent,
            is_unsure: false,
        };
        self.waiting.borrow_mut().insert(room, waiting);
        self.send(room, sender).await
    }

    async fn send(&self, room: usize, sender: &Sender) -> anyhow::Result<()> {
        let frame = match self.waiting.borrow().get(&room) {
            Some(waiting) => json!({
                "op": "send",
                "ref": room.to_string(),
                "conversation_id": self.shared.rooms[room],
                "client_id": waiting.sent.client_id(room),
                "text": waiting.sent.text(),
            }),
            None => return Ok(()),
        };
        let frame = frame.to_string();
        self.shared
            .cut_a_writer(&mut self.random.borrow_mut(), sender, &frame)?;
        Ok(sender.send(&frame).await?)
    }
}
