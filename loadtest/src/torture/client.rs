//! A client of the torture test: it sends until everything is acknowledged, through connections that are cut.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::entry::{SILENCE, entry, frames};
use super::{BACK_OFF, SHARES, Shared};
use crate::connection::Sender;
use crate::history::{Reader, Sent};

/// Of so many acknowledged messages one is sent again, and one is sent again with another text.
const REPEAT_ONE_IN: u32 = 20;

/// Of so many messages one is an edit instead, and one a reaction.
const CHANGE_ONE_IN: u64 = 8;

/// What is sent as an entry of the log.
#[derive(Debug, Clone)]
enum What {
    Message,
    /// The text that a message has already is given to it once more, so that it can still be checked.
    Edit(Changeable),
    /// An emoji of this change's own.
    React(Changeable),
}

/// A message that can be changed: its id and its text.
#[derive(Debug, Clone)]
struct Changeable {
    message_id: String,
    text: String,
}

/// An entry whose acknowledgement has not come.
struct Waiting {
    sent: Sent,
    what: What,
    /// It is a repetition that says something else, which must be refused.
    altered: bool,
}

impl Waiting {
    fn frame(&self, room: usize, conversation: &str) -> String {
        let text = |text: String| match self.altered {
            true => format!("{text} altered"),
            false => text,
        };
        let (op, target, content) = match &self.what {
            What::Message => ("send", None, ("text", text(self.sent.text()))),
            What::Edit(target) => ("edit", Some(target), ("text", text(target.text.clone()))),
            What::React(target) => {
                let emoji = format!(":{}:", self.sent.number + u64::from(self.altered));
                ("react", Some(target), ("emoji", emoji))
            }
        };
        let mut frame = json!({
            "op": op,
            "ref": room.to_string(),
            "conversation_id": conversation,
            "client_id": self.sent.client_id(room),
        });
        frame[content.0] = content.1.into();
        if let Some(target) = target {
            frame["message_id"] = target.message_id.clone().into();
        }
        frame.to_string()
    }
}

/// A client that follows two conversations and writes to them.
pub(super) struct Client {
    number: usize,
    random: StdRng,
    shared: Rc<Shared>,
    /// The conversations that it follows, by their place.
    follows: [usize; 2],
    readers: HashMap<usize, Reader>,
    next: HashMap<usize, u64>,
    waiting: HashMap<usize, Waiting>,
    /// The last acknowledged entry of each conversation, to be repeated now and then.
    acknowledged: HashMap<usize, (Sent, What)>,
    /// The last acknowledged message of each conversation, to be changed now and then.
    targets: HashMap<usize, Changeable>,
    /// Whether its connection has resumed.
    is_live: bool,
    /// When its last connection that had resumed ended, until another one has.
    ended_at: Option<Instant>,
    /// When it shall come back, as a server said that is about to end.
    comes_back_after: Option<Duration>,
}

impl Client {
    /// The client with this number, which has not connected yet.
    pub(super) fn new(number: usize, random: StdRng, shared: Rc<Shared>) -> Self {
        let rooms = shared.rooms.len();
        Self {
            number,
            random,
            follows: [number % rooms, (number + 1) % rooms],
            shared,
            readers: HashMap::new(),
            next: HashMap::new(),
            waiting: HashMap::new(),
            acknowledged: HashMap::new(),
            targets: HashMap::new(),
            is_live: false,
            ended_at: None,
            comes_back_after: None,
        }
    }

    /// Works until nothing is left; gives what it has read of each conversation.
    pub(super) async fn run(mut self) -> anyhow::Result<Vec<(usize, Reader)>> {
        while self.shared.left.get() > 0 || !self.waiting.is_empty() {
            // A connection that ends is what this test is about.
            if let Err(ended) = self.connection().await {
                if std::mem::take(&mut self.is_live) {
                    self.ended_at = Some(Instant::now());
                    self.shared.ends.borrow_mut().count(&ended);
                }
                sleep(self.comes_back_after.take().unwrap_or(BACK_OFF)).await;
            }
        }
        Ok(self.readers.into_iter().collect())
    }

    /// One connection, from `resume` until it is lost, is cut, or nothing is left to do.
    async fn connection(&mut self) -> anyhow::Result<()> {
        let cursors = self.follows.map(|room| {
            let cursor = self.readers.entry(room).or_default().cursor();
            (self.shared.rooms[room].clone(), cursor)
        });
        let access = self.shared.access();
        let (sender, mut receiver) = timeout(SILENCE, access.resume(&cursors)).await??;
        for room in self.follows {
            self.send_next(room, &sender).await?;
        }
        while self.shared.left.get() > 0 || !self.waiting.is_empty() {
            let mut frames = frames(&mut receiver).await?;
            let is_cut = self.shared.cuts_a_reader(&mut self.random, &mut frames);
            for frame in frames {
                self.take(&frame, &sender).await?;
            }
            if is_cut {
                sender.reset();
                bail!("cut");
            }
        }
        Ok(())
    }

    async fn take(&mut self, frame: &Value, sender: &Sender) -> anyhow::Result<()> {
        let room = self.shared.room(&frame["conversation_id"]);
        match frame["op"].as_str() {
            Some("message" | "message_done" | "change") => {
                let room = room.context("an unknown conversation")?;
                let (seq, entry) = entry(frame)?;
                let mut history = self.shared.histories[room].borrow_mut();
                let reader = self.readers.entry(room).or_default();
                reader.entry(seq, &entry, &mut history.seen);
                self.shared.is_read(room, seq);
            }
            Some("ack") => {
                let room = room.context("an unknown conversation")?;
                let seq = frame["seq"].as_u64().context("an ack without seq")?;
                self.acknowledged(room, frame, seq);
                sleep(self.shared.pace).await;
                self.send_next(room, sender).await?;
            }
            Some("error") => {
                let room = frame["ref"].as_str().and_then(|room| room.parse().ok());
                let room: usize = room.with_context(|| format!("{frame}"))?;
                let waiting = self.waiting.get(&room);
                let altered = waiting.is_some_and(|waiting| waiting.altered);
                let is_change = waiting.is_some_and(|one| !matches!(one.what, What::Message));
                match (frame["code"].as_str(), altered) {
                    (Some("not_found"), _) if is_change => {
                        // The message was acknowledged, and is not there any more.
                        self.shared.forgotten(room);
                        self.waiting.remove(&room);
                        self.targets.remove(&room);
                        self.acknowledged.remove(&room);
                    }
                    (Some("conflict"), true) => {
                        let count = &self.shared.refused_as_conflict;
                        count.set(count.get() + 1);
                        self.waiting.remove(&room);
                    }
                    (Some("unavailable" | "overloaded" | "rate_limited"), _) => {
                        sleep(BACK_OFF).await
                    }
                    _ => bail!("{frame}"),
                }
                self.send_next(room, sender).await?;
            }
            Some("resumed") => {
                self.is_live = true;
                if let Some(at) = self.ended_at.take() {
                    self.shared.ends.borrow_mut().gaps.push(at.elapsed());
                }
                self.shared.resumed.set(self.shared.resumed.get() + 1);
            }
            Some("reconnect") => {
                let after = frame["after_ms"].as_u64();
                self.comes_back_after = after.map(Duration::from_millis);
            }
            Some("reset") => {
                let room = room.context("an unknown conversation")?;
                if frame["code"] == "conflict" {
                    self.shared.forgotten(room);
                    self.readers.remove(&room);
                }
                bail!("{frame}");
            }
            _ => {}
        }
        Ok(())
    }

    fn acknowledged(&mut self, room: usize, ack: &Value, seq: u64) {
        let Some(waiting) = self.waiting.get(&room) else {
            return;
        };
        if ack["client_id"].as_str() != Some(&waiting.sent.client_id(room)) {
            return;
        }
        let (sent, what) = (waiting.sent.clone(), waiting.what.clone());
        if let (What::Message, Some(message_id)) = (&what, ack["message_id"].as_str()) {
            let target = Changeable {
                message_id: message_id.to_owned(),
                text: sent.text(),
            };
            self.targets.insert(room, target);
        }
        let mut history = self.shared.histories[room].borrow_mut();
        if waiting.altered {
            // The other text was taken under an id that was taken already.
            history.seen.corrupted += 1;
        }
        history.acknowledged(sent.clone(), seq);
        let mut acknowledged_at = self.shared.acknowledged_at.borrow_mut();
        acknowledged_at
            .entry((room, seq))
            .or_insert_with(Instant::now);
        self.waiting.remove(&room);
        self.acknowledged.insert(room, (sent, what));
        self.shared.acknowledged.send_modify(|count| *count += 1);
        let acknowledged = *self.shared.acknowledged.borrow();
        // Repetitions are acknowledged too: the last share ends with the clients.
        let shares = (acknowledged * SHARES / self.shared.messages.max(1)).min(SHARES);
        self.shared.shares.send_if_modified(|before| {
            let is_more = shares > *before;
            *before = shares.max(*before);
            is_more
        });
    }

    /// Sends what has no outcome yet, or the next message of a conversation; now and then an old one again, and now and
    /// then half a frame, after which the connection is cut.
    async fn send_next(&mut self, room: usize, sender: &Sender) -> anyhow::Result<()> {
        if !self.waiting.contains_key(&room) {
            let Some(waiting) = self.choose(room) else {
                return Ok(());
            };
            self.waiting.insert(room, waiting);
        }
        let waiting = &self.waiting[&room];
        if !waiting.altered {
            let mut history = self.shared.histories[room].borrow_mut();
            history.sends(waiting.sent.clone());
        }
        let frame = waiting.frame(room, &self.shared.rooms[room]);
        self.shared.cut_a_writer(&mut self.random, sender, &frame)?;
        Ok(sender.send(&frame).await?)
    }

    fn choose(&mut self, room: usize) -> Option<Waiting> {
        let again = self.acknowledged.get(&room).cloned();
        let again = again.filter(|_| self.random.random_ratio(1, REPEAT_ONE_IN));
        if let Some((sent, what)) = again {
            // Not twice in a row, so that the run ends.
            self.acknowledged.remove(&room);
            let altered = self.random.random_bool(0.5);
            return Some(Waiting {
                sent,
                what,
                altered,
            });
        }
        let left = self.shared.left.get();
        self.shared.left.set(left.checked_sub(1)?);
        let number = self.next.entry(room).or_default();
        let sent = Sent {
            client: self.number,
            number: *number,
        };
        let what = match (self.targets.get(&room), *number % CHANGE_ONE_IN) {
            (Some(target), 3) => What::Edit(target.clone()),
            (Some(target), 6) => What::React(target.clone()),
            _ => What::Message,
        };
        *number += 1;
        Some(Waiting {
            sent,
            what,
            altered: false,
        })
    }
}
