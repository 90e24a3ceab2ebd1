//! The torture test: clients that lose their connections, a server that is killed, and a history that is checked at the end.
//!
//! 1. Each client follows some conversations and sends to them, one message of a conversation at a time, until all are
//!    acknowledged; what it does comes from the seed. Some of what it sends are edits and reactions, entries of the log like
//!    messages.
//! 2. Connections are cut at random bytes of what they send and of what they receive; clients come back, resume, and send
//!    again what has no outcome.
//! 3. The server is killed and started again on the same data, at fixed shares of the messages. A server of several nodes, on a
//!    PostgreSQL and a Redis of its own, is hurt in many more ways ([`faults`]), until all are done.
//! 4. Slow readers on narrow lines read nothing for a tenth of the run, are cut off, come back and resume, again and again.
//! 5. Each room has a keeper, who brings guests in, puts them out, bans, mutes and gives roles, title and topic, all the while.
//!    Guests write wherever they are let in; nobody may be heard who is out or muted, as the log says it.
//! 6. In further conversations somebody asks a twin one question after the other, and the twin's owner takes most replies over: each
//!    has one reply, with the owner's part as it was acknowledged. Of several nodes the twins have their say, also where their node
//!    dies in the middle of it ([`mid_reply`]).
//! 7. A fresh reader reads every conversation; [`crate::history`] says what was lost, doubled, reordered or made up.

mod client;
mod entry;
mod faults;
mod guest;
mod keeper;
mod mid_reply;
mod slow_reader;
mod step_in;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::client::Client;
use self::entry::read_all;
use self::guest::{Guest, Place};
use self::keeper::Keeper;
use self::mid_reply::Engine;
use self::slow_reader::SlowReader;
use self::step_in::{Side, Talk};
use crate::cluster::Cluster;
use crate::connection::{Closed, Sender};
use crate::history::{History, Reader, Violations};
use crate::target::{Access, Kind, Programs, Target};

/// How long a client waits before it connects again.
const BACK_OFF: Duration = Duration::from_millis(50);

/// How long the fresh reader may take for one conversation.
const READ_WITHIN: Duration = Duration::from_secs(60);

/// Into so many shares the acknowledged messages are divided, to tell the slow readers the time.
const SHARES: u64 = 100;

/// A client reads about so many times for each message that it sends: connections are cut as often when it reads.
const READS_FOR_A_MESSAGE: u32 = 4;

/// What sets the random choices of guests and of keepers apart from those of clients.
const GUESTS_SEED: u64 = 1 << 32;
const KEEPERS_SEED: u64 = 1 << 33;

/// The same of those who ask twins, and of the twins' owners.
const ASKERS_SEED: u64 = 1 << 34;
const OWNERS_SEED: u64 = 1 << 35;

/// The same of what is done to several nodes.
const FAULTS_SEED: u64 = 1 << 36;

/// Replies that another node than the first went on with, or the same one after its death.
const FAIL_OVERS: &str = "SELECT count(*) FROM reply_orders WHERE epoch > 1";

/// What the torture test does.
#[derive(Debug, Args)]
pub(crate) struct Torture {
    /// Where all random choices come from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Messages; of several nodes as many as are sent until all faults are done
    #[arg(long, default_value_t = 20_000)]
    messages: u64,
    /// Nodes; several have a PostgreSQL and a Redis of their own, whose programs are where TEST_POSTGRES_PROGRAMS and PATH say
    #[arg(long, default_value_t = 1)]
    nodes: usize,
    /// What is done to several nodes beside killing them
    #[arg(long, default_value_t = 24)]
    faults: usize,
    /// Instead of all other faults: how often every one of several nodes is replaced, one after the other
    #[arg(long, default_value_t = 0)]
    rolling_restarts: usize,
    /// Partitions: how often packets of several nodes are lost, where each can have a network of its own
    #[arg(long, default_value_t = 5)]
    partitions: usize,
    /// Milliseconds that a client waits before it sends the next message
    #[arg(long, default_value_t = 0)]
    pace: u64,
    /// Clients
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// Conversations, of which each client follows two
    #[arg(long, default_value_t = 16)]
    conversations: usize,
    /// How often the server, or one of its nodes, is killed
    #[arg(long, default_value_t = 5)]
    kills: u64,
    /// How often a connection is cut, about
    #[arg(long, default_value_t = 500)]
    cuts: u64,
    /// Slow readers: connections that follow a conversation and read nothing for a tenth of the run
    #[arg(long, default_value_t = 50)]
    slow_readers: usize,
    /// Guests: people who write in four conversations each, and come and go there
    #[arg(long, default_value_t = 8)]
    guests: usize,
    /// Changes of who takes part, of roles, mutes, titles and topics, about
    #[arg(long, default_value_t = 500)]
    room_changes: u64,
    /// Conversations with twins, whose owners take replies over where the server is one node
    #[arg(long, default_value_t = 4)]
    talks: usize,
    /// What writes the replies; with the model each that lost its node is held against what it says when it is written anew
    #[arg(long, value_enum, default_value = "scripted")]
    engine: Engine,
    /// Of several nodes more are killed, one after the other, until so many replies were finished by another process after some of
    /// their text was written down
    #[arg(long, default_value_t = 0)]
    kills_in_mid_reply: usize,
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
    accesses: RefCell<Vec<Access>>,
    /// Which node is next.
    turn: Cell<usize>,
    /// How long a client waits before it sends the next message.
    pace: Duration,
    /// When entries were acknowledged, by their conversation and place.
    acknowledged_at: RefCell<HashMap<(usize, u64), Instant>>,
    /// From an acknowledgement to when the last client had read the entry, at most.
    longest_catch_up: Cell<Duration>,
    /// From the acknowledgement of a question to its reply, at most.
    longest_reply: Cell<Duration>,
    rooms: Vec<String>,
    /// The id of who owns them.
    owner: String,
    /// Where the guests are.
    places: Vec<Place>,
    histories: Vec<RefCell<History>>,
    /// Messages that are still to be sent for the first time.
    left: Cell<u64>,
    acknowledged: watch::Sender<u64>,
    /// Shares of the messages that are acknowledged; beyond [`SHARES`] once the clients are done.
    shares: watch::Sender<u64>,
    /// Whether the clients are done, so that no server is killed any more.
    is_written: watch::Sender<bool>,
    /// Whether the keepers are done too.
    is_over: watch::Sender<bool>,
    messages: u64,
    /// Guests' messages that were acknowledged.
    of_guests: Cell<u64>,
    cuts: Cell<u64>,
    resumed: Cell<u64>,
    refused_as_conflict: Cell<u64>,
    /// Slow readers that were closed with 1013.
    closed_as_slow: Cell<u64>,
    /// Connections of slow readers that ended, however.
    slow_ended: Cell<u64>,
    cut_one_in: u32,
    /// How connections of clients ended.
    ends: RefCell<Ends>,
}

/// How connections ended that had resumed.
#[derive(Default)]
struct Ends {
    /// Without a frame that says so, though nobody cut them.
    unsaid: u64,
    /// From each end until the client had resumed on another connection.
    gaps: Vec<Duration>,
}

impl Ends {
    fn count(&mut self, error: &anyhow::Error) {
        self.unsaid += u64::from(error.downcast_ref::<Closed>().is_none());
    }

    /// The gap that this share of them did not exceed.
    fn gap(&mut self, share: f64) -> Duration {
        self.gaps.sort_unstable();
        let place = (self.gaps.len() as f64 * share) as usize;
        let last = self.gaps.len().saturating_sub(1);
        self.gaps.get(place.min(last)).copied().unwrap_or_default()
    }
}

impl Shared {
    /// How the server is reached: one node after the other.
    fn access(&self) -> Access {
        let accesses = self.accesses.borrow();
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        accesses[turn % accesses.len()].clone()
    }

    /// A client has read an entry.
    fn is_read(&self, room: usize, seq: u64) {
        if let Some(at) = self.acknowledged_at.borrow().get(&(room, seq)) {
            let longest = self.longest_catch_up.get().max(at.elapsed());
            self.longest_catch_up.set(longest);
        }
    }

    /// The place of a conversation that a frame names.
    fn room(&self, name: &Value) -> Option<usize> {
        let name = name.as_str()?;
        self.rooms.iter().position(|room| room == name)
    }

    /// What a reader has seen of a conversation is not there any more.
    fn forgotten(&self, room: usize) {
        self.histories[room].borrow_mut().seen.lost += 1;
    }

    /// Whether a connection is cut while it reads: of what has just come, the rest was lost on the way.
    fn cuts_a_reader(&self, random: &mut StdRng, frames: &mut Vec<Value>) -> bool {
        let is_cut = random.random_ratio(1, READS_FOR_A_MESSAGE * self.cut_one_in);
        if is_cut {
            frames.truncate(random.random_range(0..=frames.len()));
            self.cuts.set(self.cuts.get() + 1);
        }
        is_cut
    }

    /// Cuts a connection now and then, instead of writing a frame, after a share of it: then there is nothing more to write.
    fn cut_a_writer(
        &self,
        random: &mut StdRng,
        sender: &Sender,
        frame: &str,
    ) -> anyhow::Result<()> {
        if random.random_ratio(1, self.cut_one_in) {
            self.cuts.set(self.cuts.get() + 1);
            sender.cut(frame, random.random_range(0.0..=1.0));
            bail!("cut");
        }
        Ok(())
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
    timeout(limit, torture_server(torture, &mut programs))
        .await
        .context("the torture test took too long")?
}

async fn torture_server(torture: &Torture, programs: &mut Programs) -> anyhow::Result<()> {
    let mut cluster = match torture.nodes {
        0 | 1 => None,
        nodes => Some(Cluster::start(nodes).await?),
    };
    let mut target = match &cluster {
        None => Target::start(Kind::Product, programs).await?,
        Some(cluster) => {
            programs.settings.extend(cluster.settings());
            programs.settings.extend(torture.engine.settings());
            programs.migrate(tempfile::tempdir()?.path()).await?;
            mid_reply::watch(&cluster.postgres).await?;
            let nodes = cluster.settings_of_nodes();
            Target::start_nodes(Kind::Product, programs, nodes).await?
        }
    };
    let is_one = cluster.is_none();
    let mut rooms = Vec::new();
    for number in 0..torture.conversations.max(2) {
        rooms.push(target.make_room(number).await?);
    }
    let mut places = Vec::new();
    for number in 0..torture.guests {
        let (token, user) = target.register("guest").await?;
        places.push(Place::new(number, user, token, rooms.len()));
    }
    let [owner, _] = target.founders();
    let cut_one_in = match torture.cuts {
        0 => u32::MAX,
        cuts => u32::try_from(torture.messages / cuts).unwrap_or(u32::MAX),
    };
    let shared = Rc::new(Shared {
        accesses: RefCell::new(target.accesses()),
        turn: Cell::new(0),
        pace: Duration::from_millis(torture.pace),
        acknowledged_at: RefCell::default(),
        longest_catch_up: Cell::default(),
        longest_reply: Cell::default(),
        histories: rooms.iter().map(|_| RefCell::default()).collect(),
        rooms,
        owner,
        places,
        // Of several nodes the faults say when it is enough.
        left: Cell::new(if is_one { torture.messages } else { u64::MAX }),
        acknowledged: watch::Sender::new(0),
        shares: watch::Sender::new(0),
        is_written: watch::Sender::new(false),
        is_over: watch::Sender::new(false),
        messages: torture.messages,
        of_guests: Cell::new(0),
        cuts: Cell::new(0),
        resumed: Cell::new(0),
        refused_as_conflict: Cell::new(0),
        closed_as_slow: Cell::new(0),
        slow_ended: Cell::new(0),
        cut_one_in: cut_one_in.clamp(2, u32::MAX / READS_FOR_A_MESSAGE),
        ends: RefCell::default(),
    });
    let mut slow_readers = JoinSet::new();
    for number in 0..torture.slow_readers {
        slow_readers.spawn_local(SlowReader::new(number, shared.clone()).run());
    }
    let random = |kind: u64, number: usize| {
        StdRng::seed_from_u64(torture.seed.wrapping_add(kind).wrapping_add(number as u64))
    };
    let mut guests = JoinSet::new();
    for number in 0..torture.guests {
        guests.spawn_local(Guest::new(number, random(GUESTS_SEED, number), shared.clone()).run());
    }
    let mut keepers = JoinSet::new();
    for room in 0..shared.rooms.len() {
        let invitation = invite(&target.access, &shared.rooms[room]).await?;
        let random = random(KEEPERS_SEED, room);
        let keeper = Keeper::new(room, random, invitation, shared.clone());
        keepers.spawn_local(keeper.run(torture.room_changes / shared.rooms.len() as u64));
    }
    let mut talks = Vec::new();
    for number in 0..torture.talks {
        let talk = Rc::new(Talk::begin(&target, torture.engine).await?);
        let asker = Side::asker(talk.clone(), random(ASKERS_SEED, number), shared.clone());
        let owner = Side::owner(talk.clone(), random(OWNERS_SEED, number), shared.clone());
        // Of several nodes every epoch beyond the first is to be that of a fail-over.
        let sides = [Some(asker), is_one.then_some(owner)];
        let sides = sides.into_iter().flatten();
        let sides: Vec<_> = sides
            .map(|side| tokio::task::spawn_local(side.run()))
            .collect();
        talks.push((talk, sides));
    }
    let mut clients = JoinSet::new();
    for number in 0..torture.clients {
        let random = random(0, number);
        clients.spawn_local(Client::new(number, random, shared.clone()).run());
    }
    let hurt = async {
        match &mut cluster {
            None => faults::kills(torture, programs, &mut target, &shared).await,
            Some(_) if torture.rolling_restarts > 0 => {
                faults::rolling_restarts(torture, programs, &mut target, &shared).await
            }
            Some(cluster) => {
                let random = random(FAULTS_SEED, 0);
                faults::all(torture, programs, &mut target, cluster, (&shared, random)).await
            }
        }
    };
    let clients = async {
        let mut readers = Vec::new();
        while let Some(ended) = clients.join_next().await {
            readers.extend(ended??);
        }
        anyhow::Ok(readers)
    };
    let (faults, readers) = tokio::try_join!(hurt, clients)?;
    shared.is_written.send_replace(true);
    while let Some(ended) = keepers.join_next().await {
        ended??;
    }
    shared.is_over.send_replace(true);
    let guests = guests.join_all().await;
    // Whoever reads from now on gets at least this much; what nobody waits for any more may still come behind it.
    let mut written = Vec::new();
    for room in &shared.rooms {
        let log = timeout(READ_WITHIN, read_all(&shared.access(), room)).await??;
        written.push(log.len() as u64);
    }
    let mut last_reads = JoinSet::new();
    for guest in guests {
        last_reads.spawn_local(guest.catch_up());
    }
    shared.shares.send_replace(SHARES + 1);
    let mut caught_up: Vec<(usize, Reader)> = Vec::new();
    while let Some(ended) = last_reads.join_next().await {
        caught_up.extend(ended?);
    }
    while let Some(ended) = slow_readers.join_next().await {
        caught_up.extend(ended??);
    }
    let in_mid_text = match &cluster {
        Some(cluster) => mid_reply::finished(&cluster.postgres).await?,
        None => HashSet::new(),
    };
    let mut found = Violations::default();
    let (mut questions, mut taken_over, mut as_scripted) = (0, 0, 0);
    for (talk, sides) in talks {
        let mut readers = Vec::new();
        for side in sides {
            readers.push(side.await?);
        }
        let checked = talk.check(&shared, &readers, &in_mid_text);
        let checked = timeout(READ_WITHIN, checked).await??;
        found.add(checked.0);
        as_scripted += checked.1;
        let counts = talk.counts();
        questions += counts.0;
        taken_over += counts.1;
    }
    if let Some(cluster) = &cluster {
        // So far it has only what became of questions and replies.
        let fail_overs = cluster.postgres.number(FAIL_OVERS).await?;
        let Violations {
            lost,
            duplicated,
            corrupted,
            ..
        } = found;
        let other_texts = match torture.engine {
            Engine::Scripted => in_mid_text.len() - as_scripted,
            Engine::Model => mid_reply::others_than_anew(&in_mid_text, programs).await?,
        };
        let seconds = |duration: &Cell<Duration>| duration.get().as_secs_f64();
        println!(
            "{} nodes: {questions} replies, {fail_overs} of them finished by another process than they were begun by, {} in the middle of \
             their text, {other_texts} of these with another text than undisturbed; stale writes accepted {corrupted}, double replies {duplicated}, stuck {lost}; longest reply {:.1} s, longest catch-up {:.1} s",
            torture.nodes,
            in_mid_text.len(),
            seconds(&shared.longest_reply),
            seconds(&shared.longest_catch_up),
        );
        if torture.rolling_restarts > 0 {
            let mut ends = shared.ends.borrow_mut();
            let [half, most, longest] =
                [0.5, 0.99, 1.0].map(|share| ends.gap(share).as_secs_f64() * 1_000.0);
            println!(
                "{} rolling restarts of {} nodes: {} connections resumed elsewhere, {} ended without a close frame; gap p50 {half:.0} ms, \
                 p99 {most:.0} ms, longest {longest:.0} ms",
                torture.rolling_restarts,
                torture.nodes,
                ends.gaps.len(),
                ends.unsaid,
            );
            anyhow::ensure!(!ends.gaps.is_empty(), "no connection was ended");
            anyhow::ensure!(ends.unsaid == 0, "a connection ended without a close frame");
        }
        anyhow::ensure!(
            torture.kills == 0 || fail_overs > 0,
            "no reply was in progress when its node died"
        );
        anyhow::ensure!(
            other_texts == 0,
            "a reply says something else than undisturbed"
        );
    }
    let founders = target.founders();
    let (mut sent, mut acknowledged) = (0, 0);
    let (mut changes, mut refusals) = (0, 0);
    for (number, room) in shared.rooms.iter().enumerate() {
        let log = timeout(READ_WITHIN, read_all(&shared.access(), room)).await??;
        let history = shared.histories[number].borrow();
        found.add(history.check(&founders, &log));
        let counts = history.counts();
        sent += counts.0;
        acknowledged += counts.1;
        changes += history.changes();
        refusals += history.refusals();
        let disagree =
            |(room, reader): &&(usize, Reader)| *room == number && !reader.agrees_with(&log);
        found.reordered += readers.iter().chain(&caught_up).filter(disagree).count() as u64;
        for (_, reader) in caught_up.iter().filter(|(room, _)| *room == number) {
            found.gaps += u64::from(reader.misses(written[number], &format!("room {number}")));
        }
    }
    let cuts = shared.cuts.get();
    println!(
        "{sent} sent, {acknowledged} acked, {} unknown, {} faults, {found}",
        sent - acknowledged,
        faults + cuts,
    );
    println!(
        "seed {}: {faults} faults of nodes, {cuts} cuts, {} resumes, {} refused as conflict, {} slow readers cut off {} times, {} of \
         them told 1013",
        torture.seed,
        shared.resumed.get(),
        shared.refused_as_conflict.get(),
        torture.slow_readers,
        shared.slow_ended.get(),
        shared.closed_as_slow.get(),
    );
    let of_guests = shared.of_guests.get();
    println!(
        "{} guests: {of_guests} messages acked, {refusals} refused; {changes} changes of rooms; {questions} replies of twins, \
         {taken_over} of them taken over",
        torture.guests,
    );
    if torture.must_be_caught {
        anyhow::ensure!(!found.none(), "the broken server was not caught");
        println!("the broken server was caught");
        return Ok(());
    }
    anyhow::ensure!(found.none(), "a promise was broken");
    // Of several nodes nobody says beforehand how many there will be; each client goes on until all of its own are.
    anyhow::ensure!(
        !is_one || acknowledged as u64 == torture.messages + of_guests + changes as u64,
        "not everything was acknowledged"
    );
    let is_tried = torture.guests == 0 || of_guests > 0 && refusals > 0;
    anyhow::ensure!(is_tried, "no guest was heard, or none refused");
    let is_tried = !is_one || torture.talks == 0 || taken_over > 0 && taken_over < questions;
    anyhow::ensure!(is_tried, "no reply was taken over, or every one");
    Ok(())
}

/// Makes a link by which guests join a room, and gives its code.
async fn invite(access: &Access, room: &str) -> anyhow::Result<String> {
    let path = format!("/api/v1/conversations/{room}/invitations");
    let (status, answer) = access.call(Method::POST, &path, Some(&json!({}))).await?;
    let code = answer["code"].as_str().map(str::to_owned);
    code.with_context(|| format!("no invitation: {status} {answer}"))
}
