//! Two of the torture test: somebody who asks a twin one question after the other, and the twin's owner, who watches and takes over
//! most of the replies, while connections are cut and the server is killed.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context, bail};
use rand::Rng;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::entry::{SILENCE, entry, frames, read_frames};
use super::mid_reply::Engine;
use super::{BACK_OFF, Shared};
use crate::connection::{Receiver, Sender};
use crate::history::{Dialogue, Entry, Line, Reader, Violations};
use crate::target::{Access, Target};

/// Of so many replies the owner leaves one to the twin.
const LEAVE_ONE_IN: u32 = 4;

/// The seconds that a twin of the scripted engine takes for its reply.
const REPLY_SECONDS: u64 = 2;

/// A conversation that is asked in and stepped into.
pub(super) struct Talk {
    room: String,
    twin: String,
    asker: String,
    owner: String,
    engine: Engine,
    dialogue: RefCell<Dialogue>,
    /// Whether no question comes any more.
    is_asked: watch::Sender<bool>,
}

impl Talk {
    /// Begins a conversation of somebody new with a new twin, which its owner watches.
    pub(super) async fn begin(target: &Target, engine: Engine) -> anyhow::Result<Self> {
        let (asker, _) = target.register("asker").await?;
        let (owner, _) = target.register("owner").await?;
        let owns = target.access.with_token(&owner);
        let twin = json!({ "name": "Ada", "persona": "You are brief.", "visibility": "public", "oversight": true });
        let twin = make(&owns, "/api/v1/twins", &twin).await?;
        let asks = target.access.with_token(&asker);
        let with = json!({ "twins": [twin] });
        let room = make(&asks, "/api/v1/conversations", &with).await?;
        let watch = format!("/api/v1/conversations/{room}/twins/{twin}/watch");
        let (status, answer) = owns.call(Method::PUT, &watch, None).await?;
        anyhow::ensure!(status.is_success(), "{watch}: {status} {answer}");
        Ok(Self {
            room,
            twin,
            asker,
            owner,
            engine,
            dialogue: RefCell::default(),
            is_asked: watch::Sender::new(false),
        })
    }

    /// Questions, and replies that were taken over.
    pub(super) fn counts(&self) -> (usize, usize) {
        self.dialogue.borrow().counts()
    }

    /// Reads the log as somebody who comes for the first time, and holds it against what both know and have read; gives also how many
    /// of these replies say what they would have said undisturbed, as far as that is known.
    pub(super) async fn check(
        &self,
        shared: &Shared,
        readers: &[Reader],
        replies: &HashSet<String>,
    ) -> anyhow::Result<(Violations, usize)> {
        let access = shared.access().with_token(&self.asker);
        let mut log = BTreeMap::new();
        let mut lines = BTreeMap::new();
        for frame in read_frames(&access, &self.room).await? {
            let (seq, entry) = entry(&frame)?;
            if let Entry::Said { .. } = &entry {
                lines.insert(seq, line(&frame)?);
            }
            log.insert(seq, entry);
        }
        let dialogue = self.dialogue.borrow();
        let mut found = dialogue.check(&lines);
        for reader in readers {
            found.reordered += u64::from(!reader.agrees_with(&log));
            found.gaps += u64::from(reader.misses(log.len() as u64, "a talk with a twin"));
        }
        Ok((found, dialogue.as_scripted(&lines, replies)))
    }
}

/// Has something made, and gives its id.
async fn make(access: &Access, path: &str, body: &Value) -> anyhow::Result<String> {
    let (status, answer) = access.call(Method::POST, path, Some(body)).await?;
    let id = answer["id"].as_str().map(str::to_owned);
    id.with_context(|| format!("{path}: {status} {answer}"))
}

fn line(frame: &Value) -> anyhow::Result<Line> {
    let text = |name: &str| frame[name].as_str().map(str::to_owned);
    let spans = frame["authorship"].as_array().into_iter().flatten();
    let last = spans.last().filter(|span| span["by"] == "owner");
    let by_owner = last.and_then(|span| span["chars"].as_u64()).unwrap_or(0);
    Ok(Line {
        message_id: text("message_id").context("a message without an id")?,
        reply_to: text("reply_to"),
        text: text("text").context("a message without a text")?,
        by_owner: usize::try_from(by_owner)?,
        failure: frame["failure"]["code"].as_str().map(str::to_owned),
    })
}

/// Who of the two.
enum Who {
    Asker {
        asked: u64,
        /// The question whose reply has not come.
        open: Option<Open>,
        /// The last question whose reply has come.
        answered: Option<String>,
    },
    Owner {
        /// The replies of which it is decided who ends them.
        decided: HashSet<String>,
    },
}

/// A question that was acknowledged.
struct Open {
    message_id: String,
    acknowledged: Instant,
    /// The log has it.
    is_there: bool,
}

/// A frame whose outcome has not come.
struct Waiting {
    client_id: String,
    frame: Value,
    /// The reply that is taken over, if it is one.
    reply: Option<String>,
    /// It may have been taken on a connection before.
    is_unsure: bool,
}

/// One of the two, and all that it has seen.
pub(super) struct Side {
    talk: Rc<Talk>,
    shared: Rc<Shared>,
    random: StdRng,
    reader: Reader,
    waiting: Option<Waiting>,
    who: Who,
}

impl Side {
    /// Who asks.
    pub(super) fn asker(talk: Rc<Talk>, random: StdRng, shared: Rc<Shared>) -> Self {
        let who = Who::Asker {
            asked: 0,
            open: None,
            answered: None,
        };
        Self::new(talk, random, shared, who)
    }

    /// Who takes over.
    pub(super) fn owner(talk: Rc<Talk>, random: StdRng, shared: Rc<Shared>) -> Self {
        let decided = HashSet::new();
        Self::new(talk, random, shared, Who::Owner { decided })
    }

    fn new(talk: Rc<Talk>, random: StdRng, shared: Rc<Shared>, who: Who) -> Self {
        Self {
            talk,
            shared,
            random,
            reader: Reader::default(),
            waiting: None,
            who,
        }
    }

    /// Asks, or takes over, until the clients are done and everything has its outcome; gives what it has read by then, which is
    /// everything.
    pub(super) async fn run(mut self) -> Reader {
        while !self.is_done() {
            // A connection that ends is what this test is about.
            if self.connection().await.is_err() {
                sleep(BACK_OFF).await;
            }
        }
        if let Who::Asker { .. } = self.who {
            self.talk.is_asked.send_replace(true);
        }
        while self.catch_up().await.is_err() {
            sleep(BACK_OFF).await;
        }
        self.reader
    }

    fn is_done(&self) -> bool {
        let is_open = match &self.who {
            Who::Asker { open, .. } => open.is_some() || !*self.shared.is_written.borrow(),
            Who::Owner { .. } => !*self.talk.is_asked.borrow(),
        };
        !is_open && self.waiting.is_none()
    }

    async fn catch_up(&mut self) -> anyhow::Result<()> {
        let (_sender, mut receiver) = self.resume().await?;
        loop {
            for frame in frames(&mut receiver).await? {
                match frame["op"].as_str() {
                    Some("resumed") => return Ok(()),
                    Some("reset") => return self.reset(&frame),
                    _ => self.read(&frame)?,
                }
            }
        }
    }

    async fn resume(&self) -> anyhow::Result<(Sender, Receiver)> {
        let token = match self.who {
            Who::Asker { .. } => &self.talk.asker,
            Who::Owner { .. } => &self.talk.owner,
        };
        let access = self.shared.access().with_token(token);
        let cursors = [(self.talk.room.clone(), self.reader.cursor())];
        timeout(SILENCE, access.resume(&cursors)).await?
    }

    /// One connection, from `resume` until it is lost or cut, or nothing is left to do.
    async fn connection(&mut self) -> anyhow::Result<()> {
        let (sender, mut receiver) = self.resume().await?;
        if let Some(waiting) = &mut self.waiting {
            waiting.is_unsure = true;
            self.send(&sender).await?;
        }
        let mut is_written = self.shared.is_written.subscribe();
        let mut is_asked = self.talk.is_asked.subscribe();
        while !self.is_done() {
            let reply_within = self.talk.engine.reply_within();
            self.give_up(|open| open.acknowledged.elapsed() > reply_within);
            self.ask(&sender).await?;
            let mut frames = tokio::select! {
                frames = frames(&mut receiver) => frames?,
                // There may be nothing to wait for any more.
                Ok(()) = is_written.changed() => return Ok(()),
                Ok(()) = is_asked.changed() => return Ok(()),
            };
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

    /// Asks the next question, once the reply to the last one has come.
    async fn ask(&mut self, sender: &Sender) -> anyhow::Result<()> {
        let Who::Asker {
            open: None, asked, ..
        } = &mut self.who
        else {
            return Ok(());
        };
        if self.waiting.is_some() || *self.shared.is_written.borrow() {
            return Ok(());
        }
        *asked += 1;
        let (text, script) = self.talk.engine.question(*asked, REPLY_SECONDS);
        let frame = json!({ "op": "send", "text": text });
        let client_id = format!("question-{asked}");
        self.talk.dialogue.borrow_mut().asks(text, script);
        self.wait_for(client_id, frame, None);
        self.send(sender).await
    }

    fn wait_for(&mut self, client_id: String, mut frame: Value, reply: Option<String>) {
        frame["ref"] = client_id.as_str().into();
        frame["client_id"] = client_id.as_str().into();
        frame["conversation_id"] = self.talk.room.as_str().into();
        self.waiting = Some(Waiting {
            client_id,
            frame,
            reply,
            is_unsure: false,
        });
    }

    async fn send(&mut self, sender: &Sender) -> anyhow::Result<()> {
        let Some(waiting) = &self.waiting else {
            return Ok(());
        };
        let frame = waiting.frame.to_string();
        self.shared.cut_a_writer(&mut self.random, sender, &frame)?;
        Ok(sender.send(&frame).await?)
    }

    async fn take(&mut self, frame: &Value, sender: &Sender) -> anyhow::Result<()> {
        match frame["op"].as_str() {
            Some("message_start") => self.decide(frame, sender).await,
            Some("ack") => self.acknowledged(frame),
            Some("error") => self.refused(frame, sender).await,
            Some("reset") => self.reset(frame),
            Some("resumed") => {
                self.give_up(|open| !open.is_there);
                Ok(())
            }
            _ => self.read(frame),
        }
    }

    /// The server cannot go on from where this reader was. If the log ends before that, what was read is lost, and the reader begins
    /// anew.
    fn reset(&mut self, frame: &Value) -> anyhow::Result<()> {
        if frame["code"] == "conflict" {
            self.talk.dialogue.borrow_mut().seen.lost += 1;
            self.reader = Reader::default();
        }
        bail!("{frame}");
    }

    /// Waits no longer for the reply to a question of which this holds: if it is not in the log at the end, it is lost.
    fn give_up(&mut self, is_lost: impl FnOnce(&Open) -> bool) {
        if let Who::Asker { open, .. } = &mut self.who {
            open.take_if(|open| is_lost(open));
        }
    }

    /// Takes an entry of the log, if the frame is one.
    fn read(&mut self, frame: &Value) -> anyhow::Result<()> {
        if !matches!(
            frame["op"].as_str(),
            Some("message" | "message_done" | "change")
        ) {
            return Ok(());
        }
        let (seq, entry) = entry(frame)?;
        let mut dialogue = self.talk.dialogue.borrow_mut();
        self.reader.entry(seq, &entry, &mut dialogue.seen);
        let Who::Asker { open, answered, .. } = &mut self.who else {
            return Ok(());
        };
        let id = |name: &str| frame[name].as_str().unwrap_or_default();
        if let Some(open) = open {
            open.is_there |= open.message_id == id("message_id");
        }
        if !id("reply_to").is_empty() {
            *answered = Some(id("reply_to").to_owned());
            if let Some(open) = open.take_if(|open| open.message_id == id("reply_to")) {
                let longest = &self.shared.longest_reply;
                longest.set(longest.get().max(open.acknowledged.elapsed()));
            }
        }
        Ok(())
    }

    /// The owner decides who ends a reply that has begun, and begins with it.
    async fn decide(&mut self, start: &Value, sender: &Sender) -> anyhow::Result<()> {
        let reply = start["message_id"].as_str().context("a reply without id")?;
        let Who::Owner { decided } = &mut self.who else {
            return Ok(());
        };
        let is_left = self.random.random_ratio(1, LEAVE_ONE_IN) || self.waiting.is_some();
        if !decided.insert(reply.to_owned()) || is_left {
            return Ok(());
        }
        let number = decided.len();
        let text = format!(" but its owner says {number}");
        let frame = json!({
            "op": "speak", "twin_id": self.talk.twin, "message_id": reply, "text": text
        });
        self.talk.dialogue.borrow_mut().speaks(reply, text);
        self.wait_for(format!("speech-{number}"), frame, Some(reply.to_owned()));
        if self.random.random_bool(0.5) {
            let frame = json!({
                "op": "take_over", "conversation_id": self.talk.room, "message_id": reply
            });
            sender.send(&frame.to_string()).await?;
        }
        self.send(sender).await
    }

    fn acknowledged(&mut self, ack: &Value) -> anyhow::Result<()> {
        let seq = ack["seq"].as_u64().context("an ack without seq")?;
        let message_id = ack["message_id"].as_str().context("an ack without id")?;
        let is_it = |one: &mut Waiting| ack["client_id"].as_str() == Some(&one.client_id);
        let Some(done) = self.waiting.take_if(is_it) else {
            return Ok(());
        };
        let mut dialogue = self.talk.dialogue.borrow_mut();
        match (&mut self.who, done.reply) {
            (_, Some(reply)) => dialogue.spoken(&reply, seq),
            (Who::Asker { open, answered, .. }, None) => {
                dialogue.acknowledged(message_id, seq);
                let is_answered = answered.as_deref() == Some(message_id);
                *open = (!is_answered).then(|| Open {
                    message_id: message_id.to_owned(),
                    acknowledged: Instant::now(),
                    is_there: self.reader.cursor() >= seq,
                });
            }
            (Who::Owner { .. }, None) => {}
        }
        Ok(())
    }

    /// A reply that the twin has ended cannot be taken over; everything else is sent again.
    async fn refused(&mut self, error: &Value, sender: &Sender) -> anyhow::Result<()> {
        let is_it = |one: &mut Waiting| error["ref"].as_str() == Some(&one.client_id);
        match error["code"].as_str() {
            Some("not_found") => {
                let refused = self.waiting.take_if(is_it);
                if let Some(Waiting {
                    reply: Some(reply),
                    is_unsure: false,
                    ..
                }) = refused
                {
                    self.talk.dialogue.borrow_mut().refused(&reply);
                }
                Ok(())
            }
            Some("unavailable" | "overloaded" | "rate_limited") => {
                sleep(BACK_OFF).await;
                if let Some(waiting) = &mut self.waiting {
                    waiting.is_unsure = true;
                }
                self.send(sender).await
            }
            _ => bail!("{error}"),
        }
    }
}
