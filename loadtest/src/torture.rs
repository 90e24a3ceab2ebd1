//! The torture test: clients that lose their connections, a server that is killed, and a history that is checked at the end.
//!
//! 1. Each client follows some conversations and sends to them, one message of a conversation at a time, until all are
//!    acknowledged; what it does comes from the seed. Some of what it sends are edits and reactions, entries of the log like
//!    messages.
//! 2. Connections are cut at random bytes of what they send and of what they receive; clients come back, resume, and send
//!    again what has no outcome.
//! 3. The server is killed and started again on the same data, at fixed shares of the messages.
//! 4. Slow readers on narrow lines read nothing for a tenth of the run, are cut off, come back and resume, again and again.
//! 5. A fresh reader reads every conversation; [`crate::history`] says what was lost, doubled, reordered or made up.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::connection::{Closed, Receiver, Sender};
use crate::history::{History, Reader, Sent, Violations};
use crate::target::{Access, Kind, Programs, Target};

/// How long a client waits before it connects again.
const BACK_OFF: Duration = Duration::from_millis(50);

/// How long a client waits for anything at all before it connects again.
const SILENCE: Duration = Duration::from_secs(10);

/// How long the fresh reader may take for one conversation.
const READ_WITHIN: Duration = Duration::from_secs(60);

/// How long a slow reader that reads waits for more.
const QUIET: Duration = Duration::from_secs(1);

/// Frames that a slow reader takes before it stops reading again.
const SLOW_READER_TAKES: usize = 4096;

/// Into so many shares the acknowledged messages are divided, to tell the slow readers the time.
const SHARES: u64 = 100;

/// Conversations that a slow reader follows: what comes between two kills is more than may wait for it.
const SLOW_READER_FOLLOWS: usize = 4;

/// A client reads about so many times for each message that it sends: connections are cut as often when it reads.
const READS_FOR_A_MESSAGE: u32 = 4;

/// For so many shares a slow reader reads nothing.
const SHARES_OF_SILENCE: u64 = 10;

/// The close code for readers that are too slow.
const TRY_AGAIN_LATER: u16 = 1013;

/// Of so many acknowledged messages one is sent again, and one is sent again with another text.
const REPEAT_ONE_IN: u32 = 20;

/// Of so many messages one is an edit instead, and one a reaction.
const CHANGE_ONE_IN: u64 = 8;

/// What the torture test does.
#[derive(Debug, Args)]
pub(crate) struct Torture {
    /// Where all random choices come from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Messages
    #[arg(long, default_value_t = 20_000)]
    messages: u64,
    /// Clients
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// Conversations, of which each client follows two
    #[arg(long, default_value_t = 16)]
    conversations: usize,
    /// How often the server is killed
    #[arg(long, default_value_t = 5)]
    kills: u64,
    /// How often a connection is cut, about
    #[arg(long, default_value_t = 500)]
    cuts: u64,
    /// Slow readers: connections that follow a conversation and read nothing for a tenth of the run
    #[arg(long, default_value_t = 50)]
    slow_readers: usize,
    /// Succeed only if a promise was broken: for a server that is broken on purpose
    #[arg(long)]
    must_be_caught: bool,
    /// The PostgreSQL to keep messages in, postgres://USER:PASSWORD@HOST:PORT/DATABASE, which must be empty; SQLite if absent
    #[arg(long)]
    postgres: Option<Url>,
    /// After so many seconds the test has failed
    #[arg(long, default_value_t = 600)]
    limit_seconds: u64,
}

/// What all clients share.
struct Shared {
    access: RefCell<Access>,
    rooms: Vec<String>,
    histories: Vec<RefCell<History>>,
    /// Messages that are still to be sent for the first time.
    left: Cell<u64>,
    acknowledged: watch::Sender<u64>,
    /// Shares of the messages that are acknowledged; beyond [`SHARES`] once the clients are done.
    shares: watch::Sender<u64>,
    messages: u64,
    cuts: Cell<u64>,
    resumed: Cell<u64>,
    refused_as_conflict: Cell<u64>,
    /// Slow readers that were closed with 1013.
    closed_as_slow: Cell<u64>,
    /// Connections of slow readers that ended, however.
    slow_ended: Cell<u64>,
    cut_one_in: u32,
}

impl Shared {
    /// The place of a conversation that a frame names.
    fn room(&self, name: &Value) -> Option<usize> {
        let name = name.as_str()?;
        self.rooms.iter().position(|room| room == name)
    }

    /// What a reader has seen of a conversation is not there any more.
    fn forgotten(&self, room: usize) {
        self.histories[room].borrow_mut().seen.lost += 1;
    }
}

/// Runs the test, prints its line, and fails when a promise was broken.
///
/// # Errors
/// When a promise was broken, the time is over, or the server does not start.
pub(crate) async fn run(torture: &Torture, mut programs: Programs) -> anyhow::Result<()> {
    if let Some(postgres) = &torture.postgres {
        programs.use_postgres(postgres).await?;
    }
    let limit = Duration::from_secs(torture.limit_seconds);
    timeout(limit, torture_server(torture, &programs))
        .await
        .context("the torture test took too long")?
}

async fn torture_server(torture: &Torture, programs: &Programs) -> anyhow::Result<()> {
    let mut target = Target::start(Kind::Product, programs).await?;
    let mut rooms = Vec::new();
    for number in 0..torture.conversations.max(2) {
        rooms.push(target.make_room(number).await?);
    }
    let cut_one_in = u32::try_from(torture.messages / torture.cuts.max(1)).unwrap_or(u32::MAX);
    let shared = Rc::new(Shared {
        access: RefCell::new(target.access.clone()),
        histories: rooms.iter().map(|_| RefCell::default()).collect(),
        rooms,
        left: Cell::new(torture.messages),
        acknowledged: watch::Sender::new(0),
        shares: watch::Sender::new(0),
        messages: torture.messages,
        cuts: Cell::new(0),
        resumed: Cell::new(0),
        refused_as_conflict: Cell::new(0),
        closed_as_slow: Cell::new(0),
        slow_ended: Cell::new(0),
        cut_one_in: cut_one_in.max(2),
    });
    let mut slow_readers = JoinSet::new();
    for number in 0..torture.slow_readers {
        slow_readers.spawn_local(SlowReader::new(number, shared.clone()).run());
    }
    let mut clients = JoinSet::new();
    for number in 0..torture.clients {
        let random = StdRng::seed_from_u64(torture.seed.wrapping_add(number as u64));
        clients.spawn_local(Client::new(number, random, shared.clone()).run());
    }
    let mut kills = 0;
    let mut readers = Vec::new();
    let mut acknowledged = shared.acknowledged.subscribe();
    while !clients.is_empty() {
        let so_far = *acknowledged.borrow_and_update();
        if kills < torture.kills && so_far >= torture.messages * (kills + 1) / (torture.kills + 1) {
            kills += 1;
            // The clients that hold the old address fail, and look it up again.
            target.kill_and_restart(programs).await?;
            *shared.access.borrow_mut() = target.access.clone();
            eprintln!("kill {kills}: {so_far} acknowledged");
        }
        tokio::select! {
            Some(ended) = clients.join_next() => readers.extend(ended??),
            Ok(()) = acknowledged.changed() => {}
        }
    }
    shared.shares.send_replace(SHARES + 1);
    let mut caught_up = Vec::new();
    while let Some(ended) = slow_readers.join_next().await {
        caught_up.extend(ended??);
    }
    let mut found = Violations::default();
    let (mut sent, mut acknowledged) = (0, 0);
    for (number, room) in shared.rooms.iter().enumerate() {
        let log = timeout(READ_WITHIN, read_all(&target.access, room)).await??;
        let history = shared.histories[number].borrow();
        found.add(history.check(&log));
        let counts = history.counts();
        sent += counts.0;
        acknowledged += counts.1;
        let disagree =
            |(room, reader): &&(usize, Reader)| *room == number && !reader.agrees_with(&log);
        found.reordered += readers.iter().chain(&caught_up).filter(disagree).count() as u64;
        let missed = |(room, reader): &&(usize, Reader)| {
            *room == number && reader.cursor() < log.len() as u64
        };
        found.gaps += caught_up.iter().filter(missed).count() as u64;
    }
    let cuts = shared.cuts.get();
    println!(
        "{sent} sent, {acknowledged} acked, {} unknown, {} faults, {found}",
        sent - acknowledged,
        kills + cuts,
    );
    println!(
        "seed {}: {kills} kills, {cuts} cuts, {} resumes, {} refused as conflict, {} slow readers cut off {} times, {} of \
         them told 1013",
        torture.seed,
        shared.resumed.get(),
        shared.refused_as_conflict.get(),
        torture.slow_readers,
        shared.slow_ended.get(),
        shared.closed_as_slow.get(),
    );
    if torture.must_be_caught {
        anyhow::ensure!(!found.none(), "the broken server was not caught");
        println!("the broken server was caught");
        return Ok(());
    }
    anyhow::ensure!(found.none(), "a promise was broken");
    anyhow::ensure!(
        acknowledged as u64 == torture.messages,
        "not everything was acknowledged"
    );
    Ok(())
}

/// Reads a conversation from its beginning, as somebody who comes for the first time.
async fn read_all(access: &Access, room: &str) -> anyhow::Result<BTreeMap<u64, String>> {
    let (sender, mut receiver) = access.join(None).await?;
    let subscribe = json!({ "op": "subscribe", "conversation_id": room, "after_seq": 0 });
    sender.send(&subscribe.to_string()).await?;
    let mut log = BTreeMap::new();
    let mut done = false;
    while !done {
        for frame in frames(&mut receiver).await? {
            match frame["op"].as_str() {
                Some("message" | "message_done" | "change") => {
                    let (seq, text) = entry(&frame)?;
                    log.insert(seq, text);
                }
                Some("subscribed") => done = true,
                Some("error" | "reset") => bail!("the reader was refused: {frame}"),
                _ => {}
            }
        }
    }
    Ok(log)
}

async fn frames(receiver: &mut Receiver) -> anyhow::Result<Vec<Value>> {
    let mut frames = Vec::new();
    let received = receiver.receive(|payload| frames.push(serde_json::from_slice(payload)));
    timeout(SILENCE, received).await.context("silence")??;
    Ok(frames.into_iter().collect::<Result<_, _>>()?)
}

/// The place of an entry, and the text that its sender gave it: a change has it by its client id.
fn entry(frame: &Value) -> anyhow::Result<(u64, String)> {
    let seq = frame["seq"].as_u64().context("an entry without seq")?;
    if frame["op"] == "change" {
        let client_id = frame["client_id"]
            .as_str()
            .context("a change without client_id")?;
        let sent = Sent::of_client_id(client_id).context("a change of somebody else")?;
        return Ok((seq, sent.text()));
    }
    let text = frame["text"].as_str().context("an entry without text")?;
    Ok((seq, text.to_owned()))
}

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

struct Client {
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
}

impl Client {
    fn new(number: usize, random: StdRng, shared: Rc<Shared>) -> Self {
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
        }
    }

    /// Works until nothing is left; gives what it has read of each conversation.
    async fn run(mut self) -> anyhow::Result<Vec<(usize, Reader)>> {
        while self.shared.left.get() > 0 || !self.waiting.is_empty() {
            // A connection that ends is what this test is about.
            let ended = self.connection().await;
            if ended.is_err() {
                sleep(BACK_OFF).await;
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
        let access = self.shared.access.borrow().clone();
        let (sender, mut receiver) = timeout(SILENCE, access.resume(&cursors)).await??;
        for room in self.follows {
            self.send_next(room, &sender).await?;
        }
        while self.shared.left.get() > 0 || !self.waiting.is_empty() {
            let mut frames = frames(&mut receiver).await?;
            let is_cut = self
                .random
                .random_ratio(1, READS_FOR_A_MESSAGE * self.shared.cut_one_in);
            if is_cut {
                // The rest was lost on the way.
                frames.truncate(self.random.random_range(0..=frames.len()));
            }
            for frame in frames {
                self.take(&frame, &sender).await?;
            }
            if is_cut {
                self.shared.cuts.set(self.shared.cuts.get() + 1);
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
                let (seq, text) = entry(frame)?;
                let mut history = self.shared.histories[room].borrow_mut();
                let reader = self.readers.entry(room).or_default();
                reader.entry(seq, &text, &mut history.seen);
            }
            Some("ack") => {
                let room = room.context("an unknown conversation")?;
                let seq = frame["seq"].as_u64().context("an ack without seq")?;
                self.acknowledged(room, frame, seq);
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
            Some("resumed") => self.shared.resumed.set(self.shared.resumed.get() + 1),
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
        if self.random.random_ratio(1, self.shared.cut_one_in) {
            self.shared.cuts.set(self.shared.cuts.get() + 1);
            sender.cut(&frame, self.random.random_range(0.0..=1.0));
            bail!("cut");
        }
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

/// A reader that does not read: what it is sent piles up, it is cut off, and it comes back.
struct SlowReader {
    number: usize,
    shared: Rc<Shared>,
    /// What it has read of each conversation that it follows, by their place.
    readers: BTreeMap<usize, Reader>,
}

impl SlowReader {
    fn new(number: usize, shared: Rc<Shared>) -> Self {
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
    async fn run(mut self) -> anyhow::Result<BTreeMap<usize, Reader>> {
        let mut shares = self.shared.shares.subscribe();
        // They do not all wake up at once.
        let mut until = 1 + self.number as u64 % SHARES_OF_SILENCE;
        while *shares.borrow_and_update() <= SHARES {
            let access = self.shared.access.borrow().clone();
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
        let access = self.shared.access.borrow().clone();
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
                    let (seq, text) = entry(&frame)?;
                    let mut history = self.shared.histories[room].borrow_mut();
                    let reader = self.readers.entry(room).or_default();
                    reader.entry(seq, &text, &mut history.seen);
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
