//! Does one work on one running server, and measures it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{interval_at, sleep, sleep_until};

use crate::connection::{Receiver, Sender};
use crate::machine::Ticks;
use crate::nats::NatsStream;
use crate::people::{self, Pairs, count_stamps};
use crate::scenario::{Pace, WorkKind};
use crate::target::{Kind, Parts, Target};

/// Begins the data of an event: 20 digits of nanoseconds and 10 of the event's number follow.
const MARK: u8 = b'@';

/// Bytes of the mark and its numbers.
const STAMP_BYTES: usize = 31;

/// Events of a room whose deliveries are counted at once.
const COUNTED_MAX: usize = 65_536;

/// How long the clients of a work may take to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(120);

/// How long a client waits that is told to come back later, about.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How often a measurement says how it goes.
const PROGRESS: Duration = Duration::from_secs(1);

/// What the product's metrics say of its engines: tokens of prompts and of replies that they computed.
const TOKENS: &str = "twin_step_tokens_sum";

/// The same of transactions that append messages: how many, and messages in all of them.
const BATCHES: &str = "twin_storage_append_batch_messages_count";
const BATCHED: &str = "twin_storage_append_batch_messages_sum";

/// How long memory may settle before it is read.
const SETTLE: Duration = Duration::from_secs(2);

/// What one work on one server gave.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measured {
    /// Deliveries, echoes or acknowledgements in a second.
    pub(crate) per_second: f64,
    /// Half of the latencies were below this, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 latencies were below this, in milliseconds.
    pub p99_ms: f64,
    /// The mean of the latencies, in milliseconds.
    pub(crate) mean_ms: f64,
    /// Processor time of the server's nodes for each delivery, in microseconds.
    pub(crate) server_cpu_us: f64,
    /// Processor time of every part for each delivery, in microseconds.
    pub(crate) parts_us: Parts,
    /// Messages that shared one transaction, on average; 0 where it was not looked at.
    pub(crate) batch: f64,
    /// Memory of the server, in bytes: all of it, or for each idle connection.
    pub(crate) server_bytes: f64,
    /// Tokens of prompts and replies that its engines computed in a second.
    pub(crate) tokens_per_second: f64,
    /// The share of all processors that neither the server nor the load generator used; 0 where it was not looked at.
    pub(crate) foreign_share: f64,
}

/// What the clients of a work count together.
pub(crate) struct Counts {
    pub(crate) began: Instant,
    measuring: Cell<bool>,
    done: Cell<u64>,
    latencies: RefCell<Histogram<u64>>,
}

impl Counts {
    pub(crate) fn new() -> anyhow::Result<Rc<Self>> {
        Ok(Rc::new(Self {
            began: Instant::now(),
            measuring: Cell::new(false),
            done: Cell::new(0),
            latencies: RefCell::new(Histogram::new_with_bounds(1, 600_000_000, 3)?),
        }))
    }

    pub(crate) fn now_ns(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Counts something that was due at `due_ns` and is done now.
    pub(crate) fn done(&self, due_ns: u64, now_ns: u64) {
        if self.measuring.get() {
            self.done.set(self.done.get() + 1);
            let latency_us = now_ns.saturating_sub(due_ns) / 1_000;
            self.latencies.borrow_mut().saturating_record(latency_us);
        }
    }

    /// Counts while the future runs, says every second how it goes, and gives the time that it took.
    pub(crate) async fn measure<T>(&self, work: impl Future<Output = T>) -> Duration {
        let since = Instant::now();
        self.measuring.set(true);
        let progress = async {
            let mut tick = interval_at((since + PROGRESS).into(), PROGRESS);
            loop {
                tick.tick().await;
                let rate = self.done.get() as f64 / since.elapsed().as_secs_f64();
                let p99_us = self.latencies.borrow().value_at_quantile(0.99);
                eprintln!(
                    "  {:.0} s: {rate:.0}/s, p99 {:.2} ms",
                    since.elapsed().as_secs_f64(),
                    p99_us as f64 / 1_000.0
                );
            }
        };
        tokio::select! {
            _ = work => {}
            () = progress => {}
        }
        self.measuring.set(false);
        since.elapsed()
    }

    /// What was counted in this time, without what only the server knows.
    pub(crate) fn measured(&self, elapsed: Duration) -> Measured {
        let latencies = self.latencies.borrow();
        Measured {
            per_second: self.done.get().max(1) as f64 / elapsed.as_secs_f64(),
            p50_ms: latencies.value_at_quantile(0.5) as f64 / 1_000.0,
            p99_ms: latencies.value_at_quantile(0.99) as f64 / 1_000.0,
            mean_ms: latencies.mean() / 1_000.0,
            server_cpu_us: f64::NAN,
            parts_us: Parts::default(),
            batch: 0.0,
            server_bytes: f64::NAN,
            tokens_per_second: 0.0,
            foreign_share: 0.0,
        }
    }
}

/// Does the work for this long.
///
/// # Errors
/// When the server refuses, or a connection is lost.
pub(crate) async fn run(
    target: &Target,
    work: &WorkKind,
    warm_up: Duration,
    duration: Duration,
) -> anyhow::Result<Measured> {
    let counts = Counts::new()?;
    let mut clients = JoinSet::new();
    if let WorkKind::ResumeStorm {
        connections,
        conversations,
        messages,
    } = *work
    {
        let storm = resume_storm(target, connections, conversations, messages, &counts);
        let elapsed = tokio::time::timeout(CONNECT_WITHIN, storm).await??;
        return Ok(Measured {
            server_bytes: target.resident_bytes()? as f64,
            ..counts.measured(elapsed)
        });
    }
    connect(target, work, &counts, &mut clients).await?;
    if let WorkKind::Idle { .. } = work {
        sleep(SETTLE).await;
        // The first half also fills what the server freed before and kept: the second half shows what each one costs.
        let before = target.resident_bytes()?;
        let connections = connect(target, work, &counts, &mut clients).await?;
        sleep(SETTLE).await;
        let grown = target.resident_bytes()?.saturating_sub(before);
        return Ok(Measured {
            per_second: 0.0,
            server_cpu_us: 0.0,
            server_bytes: grown as f64 / connections as f64,
            ..counts.measured(SETTLE)
        });
    }
    watched(sleep(warm_up), &mut clients).await?;
    // Only where these are looked at does the server say them.
    let looked_at: &[&str] = match work {
        WorkKind::People { .. } => &[TOKENS],
        WorkKind::Durable { .. } => &[BATCHES, BATCHED],
        _ => &[],
    };
    let figures = async || {
        let mut figures = HashMap::new();
        for name in looked_at {
            figures.insert(*name, target.figure(name).await?);
        }
        anyhow::Ok(figures)
    };
    let before = figures().await?;
    let cpu = target.cpu_seconds()?;
    let ticks = Ticks::now()?;
    let elapsed = watched(counts.measure(sleep(duration)), &mut clients).await?;
    let cpu = target
        .cpu_seconds()?
        .zip(cpu, |after, before| after - before);
    let foreign_share = match work {
        WorkKind::People { .. } => Ticks::now()?.foreign_share(ticks, cpu.nodes + cpu.generator),
        _ => 0.0,
    };
    let after = figures().await?;
    let grown = |name| match (after.get(name), before.get(name)) {
        (Some(after), Some(before)) => after - before,
        _ => 0.0,
    };
    let done = counts.done.get().max(1) as f64;
    let parts_us = cpu.map(|seconds| seconds * 1e6 / done);
    Ok(Measured {
        foreign_share,
        tokens_per_second: grown(TOKENS) / elapsed.as_secs_f64(),
        server_cpu_us: parts_us.nodes,
        parts_us,
        batch: grown(BATCHED) / grown(BATCHES).max(1.0),
        server_bytes: target.resident_bytes()? as f64,
        ..counts.measured(elapsed)
    })
}

/// Connects the clients of a work, and says how many they are.
async fn connect(
    target: &Target,
    work: &WorkKind,
    counts: &Rc<Counts>,
    clients: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<usize> {
    let connected = connect_clients(target, work, counts, clients);
    tokio::time::timeout(CONNECT_WITHIN, connected)
        .await
        .context("the clients did not connect in time")?
}

/// Waits, unless a client fails first.
async fn watched<T>(
    wait: impl Future<Output = T>,
    clients: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<T> {
    tokio::select! {
        waited = wait => Ok(waited),
        Some(ended) = clients.join_next() => match ended? {
            Ok(()) => anyhow::bail!("a client stopped"),
            Err(error) => Err(error.context("a client failed")),
        },
    }
}

async fn connect_clients(
    target: &Target,
    work: &WorkKind,
    counts: &Rc<Counts>,
    clients: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<usize> {
    match work.clone() {
        WorkKind::FanOut {
            rooms,
            members,
            event_bytes,
            pace,
            never_reading,
            apart,
        } => {
            let at_members = match apart {
                true => target.at_last_node(&target.access),
                false => target.access.clone(),
            };
            for number in 0..rooms {
                let name = target.make_room(number).await?;
                let room = Rc::new(Room::new(name, members));
                let mut publisher = None;
                if apart {
                    let (sender, receiver) = target.access.join(Some(&room.name)).await?;
                    publisher = Some(sender);
                    // What it is told is not what is measured.
                    clients.spawn_local(count_stamps(receiver, Counts::new()?));
                }
                for _ in 0..members {
                    let (sender, receiver) = at_members.join(Some(&room.name)).await?;
                    publisher.get_or_insert_with(|| sender.clone());
                    let member =
                        Member::new(target.access.kind, sender, room.clone(), counts.clone());
                    clients.spawn_local(member.receive(receiver));
                }
                for _ in 0..if number == 0 { never_reading } else { 0 } {
                    let cursors = [(room.name.clone(), 0)];
                    let connection = target.access.resume_narrow(&cursors).await?;
                    clients.spawn_local(async move {
                        let _connection = connection;
                        std::future::pending().await
                    });
                }
                let publisher = Publisher {
                    frame: target
                        .access
                        .publish_frame(&room.name, &"x".repeat(event_bytes.max(STAMP_BYTES))),
                    sender: publisher.context("a room has members")?,
                    room,
                    counts: counts.clone(),
                };
                clients.spawn_local(match pace {
                    Pace::InFlight(window) => publisher.closed(window).boxed(),
                    Pace::EventsPerSecond(rate) => {
                        let every = Duration::from_secs_f64(rooms as f64 / rate);
                        // Rooms take turns, so that events do not come in bursts.
                        publisher
                            .open(every, every.mul_f64(number as f64 / rooms as f64))
                            .boxed()
                    }
                });
            }
            Ok(rooms * members)
        }
        WorkKind::Echo { connections } => {
            for _ in 0..connections {
                let (sender, receiver) = target.access.join(None).await?;
                let echo = echo(
                    target.access.ping_frame(),
                    target.access.kind,
                    sender,
                    receiver,
                    counts.clone(),
                );
                clients.spawn_local(echo);
            }
            Ok(connections)
        }
        WorkKind::Idle { connections } => {
            let room = target.make_room(0).await?;
            for _ in 0..connections {
                let (sender, mut receiver) = target.access.join(Some(&room)).await?;
                let kind = target.access.kind;
                clients.spawn_local(async move {
                    loop {
                        receive_and_live(kind, &sender, &mut receiver, |_| {}).await?;
                    }
                });
            }
            Ok(connections)
        }
        WorkKind::ResumeStorm { .. } => anyhow::bail!("a storm has no clients that stay"),
        WorkKind::Chat { people, text } => {
            let twin = target.make_twin().await?;
            for _ in 0..people {
                let room = target.make_chat(&twin).await?;
                let (sender, receiver) = target.access.join(Some(&room)).await?;
                clients.spawn_local(talk(sender, receiver, room, text.clone(), counts.clone()));
            }
            Ok(people)
        }
        WorkKind::People {
            pairs,
            messages_per_second,
            talkers,
            question,
        } => {
            for _ in 0..talkers {
                let room = target.make_chat(&target.make_twin().await?).await?;
                let (sender, receiver) = target.access.join(Some(&room)).await?;
                // What they hear is not what is measured.
                let talk = talk(sender, receiver, room, question.clone(), Counts::new()?);
                clients.spawn_local(talk);
            }
            let pairs = Pairs {
                number: pairs,
                messages_per_second,
                apart: false,
            };
            people::connect(target, pairs, [counts, counts], clients).await?;
            Ok(2 * pairs.number + talkers)
        }
        WorkKind::Arrivals {
            pairs,
            messages_per_second,
            apart,
        } => {
            let pairs = Pairs {
                number: pairs,
                messages_per_second,
                apart,
            };
            // Acknowledgements are not what is measured.
            people::connect(target, pairs, [&Counts::new()?, counts], clients).await?;
            Ok(2 * pairs.number)
        }
        WorkKind::Durable {
            senders,
            conversations,
            text_bytes,
        } => {
            anyhow::ensure!(
                target.access.kind == Kind::Product,
                "only digital-twin keeps messages"
            );
            let mut rooms = Vec::new();
            for number in 0..conversations {
                rooms.push(target.make_room(number).await?);
            }
            let nodes = target.accesses();
            for number in 0..senders {
                let (sender, receiver) = nodes[number % nodes.len()].join(None).await?;
                let room = rooms[number % conversations].clone();
                let text = "x".repeat(text_bytes);
                clients.spawn_local(durable(
                    sender,
                    receiver,
                    room,
                    number,
                    text,
                    counts.clone(),
                ));
            }
            Ok(senders)
        }
    }
}

/// One room under load.
struct Room {
    name: String,
    members: usize,
    /// Deliveries of each event that is on its way, by its number.
    delivered: RefCell<Vec<usize>>,
    completed: Cell<u64>,
    one_completed: Notify,
}

impl Room {
    fn new(name: String, members: usize) -> Self {
        Self {
            name,
            members,
            delivered: RefCell::new(vec![0; COUNTED_MAX]),
            completed: Cell::new(0),
            one_completed: Notify::new(),
        }
    }

    fn delivered(&self, number: u64) {
        let mut delivered = self.delivered.borrow_mut();
        let count = &mut delivered[number as usize % COUNTED_MAX];
        *count += 1;
        if *count == self.members {
            *count = 0;
            self.completed.set(self.completed.get() + 1);
            self.one_completed.notify_one();
        }
    }
}

struct Member {
    kind: Kind,
    sender: Sender,
    room: Rc<Room>,
    counts: Rc<Counts>,
}

impl Member {
    fn new(kind: Kind, sender: Sender, room: Rc<Room>, counts: Rc<Counts>) -> Self {
        Self {
            kind,
            sender,
            room,
            counts,
        }
    }

    async fn receive(self, mut receiver: Receiver) -> anyhow::Result<()> {
        let mut nats = NatsStream::default();
        loop {
            let now_ns = Cell::new(0);
            let mut event = |payload: &[u8]| {
                if let Some((due_ns, number)) = stamp(payload) {
                    if now_ns.get() == 0 {
                        now_ns.set(self.counts.now_ns());
                    }
                    self.counts.done(due_ns, now_ns.get());
                    self.room.delivered(number);
                }
            };
            receive_and_live(
                self.kind,
                &self.sender,
                &mut receiver,
                |payload| match self.kind {
                    Kind::Nats => nats.take(payload, &mut event),
                    _ => event(payload),
                },
            )
            .await?;
        }
    }
}

/// Receives, and answers the signs of life that some servers ask for.
async fn receive_and_live(
    kind: Kind,
    sender: &Sender,
    receiver: &mut Receiver,
    mut frame: impl FnMut(&[u8]),
) -> anyhow::Result<()> {
    let mut asked = false;
    receiver
        .receive(|payload| {
            if kind == Kind::SocketIo && payload == b"2" {
                asked = true;
            } else {
                frame(payload);
            }
        })
        .await?;
    if asked {
        sender.send("3").await?;
    }
    Ok(())
}

/// When the event in this frame was due, and its number.
pub(crate) fn stamp(payload: &[u8]) -> Option<(u64, u64)> {
    let at = payload.iter().position(|byte| *byte == MARK)?;
    let digits = payload.get(at + 1..at + STAMP_BYTES)?;
    let number = |digits: &[u8]| {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
        digits.iter().try_fold(0_u64, |sum, byte| {
            Some(sum.wrapping_mul(10) + digit(*byte)?)
        })
    };
    Some((number(&digits[..20])?, number(&digits[20..])?))
}

struct Publisher {
    /// The frame with data of the right length, whose beginning the stamp overwrites.
    frame: String,
    sender: Sender,
    room: Rc<Room>,
    counts: Rc<Counts>,
}

impl Publisher {
    async fn publish(&self, due_ns: u64, number: u64) -> anyhow::Result<()> {
        let stamp = format!("@{due_ns:020}{number:010}");
        let frame = self.frame.replacen(&"x".repeat(STAMP_BYTES), &stamp, 1);
        Ok(self.sender.send(&frame).await?)
    }

    async fn closed(self, window: usize) -> anyhow::Result<()> {
        for number in 0.. {
            while number - self.room.completed.get() >= window as u64 {
                self.room.one_completed.notified().await;
            }
            self.publish(self.counts.now_ns(), number).await?;
        }
        Ok(())
    }

    async fn open(self, every: Duration, offset: Duration) -> anyhow::Result<()> {
        let first = self.counts.began + self.counts.began.elapsed() + offset;
        for number in 0_u32.. {
            let due = first + every * number;
            sleep_until(due.into()).await;
            let due_ns = u64::try_from((due - self.counts.began).as_nanos())?;
            self.publish(due_ns, u64::from(number)).await?;
        }
        Ok(())
    }
}

async fn echo(
    ping: &'static str,
    kind: Kind,
    sender: Sender,
    mut receiver: Receiver,
    counts: Rc<Counts>,
) -> anyhow::Result<()> {
    loop {
        let sent_ns = counts.now_ns();
        sender.send(ping).await?;
        let mut answered = false;
        while !answered {
            receive_and_live(kind, &sender, &mut receiver, |payload| {
                answered |= payload.windows(4).any(|four| four == b"pong");
            })
            .await?;
        }
        counts.done(sent_ns, counts.now_ns());
    }
}

async fn durable(
    sender: Sender,
    mut receiver: Receiver,
    room: String,
    who: usize,
    text: String,
    counts: Rc<Counts>,
) -> anyhow::Result<()> {
    for number in 0_u64.. {
        let sent_ns = counts.now_ns();
        let frame = format!(
            r#"{{"op":"send","conversation_id":"{room}","client_id":"{who}-{number}","text":"{text}"}}"#
        );
        sender.send(&frame).await?;
        receiver
            .wait_for(r#""op":"ack""#, r#""op":"error""#)
            .await?;
        counts.done(sent_ns, counts.now_ns());
    }
    Ok(())
}

/// Asks a twin, and asks again as soon as it has answered.
async fn talk(
    sender: Sender,
    mut receiver: Receiver,
    room: String,
    text: String,
    counts: Rc<Counts>,
) -> anyhow::Result<()> {
    for number in 0_u64.. {
        let sent_ns = counts.now_ns();
        let frame = json!({
            "op": "send", "conversation_id": room, "client_id": format!("{room}-{number}"), "text": text
        });
        sender.send(&frame.to_string()).await?;
        receiver
            .wait_for(r#""op":"message_done""#, r#""op":"error""#)
            .await?;
        counts.done(sent_ns, counts.now_ns());
    }
    Ok(())
}

/// Fills conversations, connects everybody, cuts all of them off, and has them come back at once: gives how long it took until
/// the last one had everything.
async fn resume_storm(
    target: &Target,
    connections: usize,
    conversations: usize,
    messages: usize,
    counts: &Rc<Counts>,
) -> anyhow::Result<Duration> {
    let mut rooms = Vec::new();
    for number in 0..conversations.max(1) {
        let room = target.make_room(number).await?;
        let (sender, mut receiver) = target.access.join(None).await?;
        for message in 0..messages {
            let frame = json!({
                "op": "send", "conversation_id": room, "client_id": format!("{room}-{message}"), "text": "before the storm"
            });
            sender.send(&frame.to_string()).await?;
            receiver
                .wait_for(r#""op":"ack""#, r#""op":"error""#)
                .await?;
        }
        rooms.push(room);
    }
    let mut before = Vec::new();
    for number in 0..connections {
        let room = &rooms[number % rooms.len()];
        let connection = target.access.join(Some(room)).await?;
        connection.0.reset();
        before.push(connection);
    }
    drop(before);
    let mut clients = JoinSet::new();
    let since = Instant::now();
    counts.measuring.set(true);
    for number in 0..connections {
        let (access, counts) = (target.access.clone(), counts.clone());
        let room = rooms[number % rooms.len()].clone();
        clients.spawn_local(async move {
            let began_ns = counts.now_ns();
            let cursors = [(room, 0)];
            loop {
                let (_sender, mut receiver) = access.resume(&cursors).await?;
                let resumed = receiver
                    .wait_for(r#""op":"resumed""#, r#""retry_after_ms""#)
                    .await;
                let Err(refused) = resumed else { break };
                // A server that has too much to do says so, and is asked again.
                anyhow::ensure!(refused.to_string().contains("overloaded"), refused);
                sleep(RETRY_AFTER).await;
            }
            counts.done(began_ns, counts.now_ns());
            anyhow::Ok(())
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    Ok(since.elapsed())
}

/// Clients of different kinds in one set.
trait Boxed: Future + Sized {
    fn boxed<'a>(self) -> std::pin::Pin<Box<dyn Future<Output = Self::Output> + 'a>>
    where
        Self: 'a,
    {
        Box::pin(self)
    }
}

impl<F: Future> Boxed for F {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_in_the_frame_of_any_server() {
        let stamped = format!("@{:020}{:010}xxxx", 123_456_789_u64, 42);
        for frame in [
            format!(r#"{{"op":"broadcast","data":"{stamped}"}}"#),
            format!(r#"42["event",{{"room":"r","data":"{stamped}"}}]"#),
        ] {
            assert_eq!(stamp(frame.as_bytes()), Some((123_456_789, 42)));
        }
        assert_eq!(stamp(br#"{"op":"pong"}"#), None);
    }

    #[test]
    fn an_event_is_complete_when_every_member_has_it() {
        let room = Room::new(String::new(), 3);
        for _ in 0..2 {
            room.delivered(7);
        }
        assert_eq!(room.completed.get(), 0);
        room.delivered(7);
        assert_eq!(room.completed.get(), 1);
    }
}
