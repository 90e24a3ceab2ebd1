//! What the torture test does to a server while clients write: nodes are killed, stopped and paused, and what several nodes share, and
//! the lines to it, is hurt.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use tokio::time::sleep;

use super::{SHARES, Shared, Torture, mid_reply};
use crate::cluster::{Cluster, Lost, State};
use crate::machine::Signal;
use crate::target::{Programs, Target};

/// From the end of a fault to the next one.
const REST: Duration = Duration::from_secs(2);
/// How long what crashed stays away.
const DOWN: Duration = Duration::from_secs(3);
/// How long a line is cut.
const CUT: Duration = Duration::from_secs(3);
/// How long a node is paused, or it and the database do not hear each other: longer than a lease, so that others go on with its replies before it wakes up.
const PAUSED: Duration = Duration::from_secs(20);
/// How long a node and the others hear nothing of each other.
const SILENT: Duration = Duration::from_secs(8);
/// How late a line hands on what it is given, and for how long.
const LATE: Duration = Duration::from_millis(100);
const LATE_FOR: Duration = Duration::from_secs(5);

/// A fault of several nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// A node dies.
    NodeKilled,
    /// A node is told to end, as when it is replaced by a newer one.
    NodeReplaced,
    /// A node is replaced by one whose clock is a day ahead, until it is killed or replaced again.
    ClockAhead,
    /// The same with a clock that is behind by more than three leases, and by less than what tokens are granted.
    ClockBehind,
    /// A node does nothing for longer than a lease, and then goes on as if nothing had happened.
    NodePaused,
    /// The line between a node and the database is cut.
    DatabaseCut,
    /// The line between a node and the database says nothing for longer than a lease.
    DatabaseSilent,
    /// The line between a node and the database is slow.
    DatabaseLate,
    /// The database ends every connection.
    BackendsTerminated,
    /// The database dies and comes back.
    DatabaseCrashed,
    /// The line between a node and Redis is cut.
    BusCut,
    /// The line between a node and Redis says nothing.
    BusSilent,
    /// Redis dies and comes back.
    BusKilled,
    /// Redis forgets everything.
    BusFlushed,
    /// Redis ends every subscription.
    SubscribersKilled,
    /// A node neither hears nor reaches anybody for longer than a lease: no other node, no client, neither database nor Redis.
    NodeIsolated,
    /// A node does not hear the database for longer than a lease, and what it says arrives.
    DatabaseUnheard,
    /// What a node says to the database is lost for longer than a lease, and it hears it.
    DatabaseUnreached,
    /// A node does not hear Redis, and what it says arrives.
    BusUnheard,
    /// What a node says to Redis is lost, and it hears it.
    BusUnreached,
}

/// Every fault but the death of a node and the loss of packets, which have numbers of their own.
const OTHERS: [Fault; 14] = [
    Fault::NodePaused,
    Fault::BusKilled,
    Fault::DatabaseCrashed,
    Fault::NodeReplaced,
    Fault::DatabaseSilent,
    Fault::BusCut,
    Fault::BackendsTerminated,
    Fault::BusSilent,
    Fault::DatabaseCut,
    Fault::SubscribersKilled,
    Fault::DatabaseLate,
    Fault::BusFlushed,
    Fault::ClockAhead,
    Fault::ClockBehind,
];

/// Those that lose packets, which takes networks of the nodes' own.
const PARTITIONS: [Fault; 5] = [
    Fault::NodeIsolated,
    Fault::DatabaseUnheard,
    Fault::BusUnreached,
    Fault::DatabaseUnreached,
    Fault::BusUnheard,
];

/// The library with which a process's clock is moved, as Debian packages it, and what has it leave the monotonic one alone.
const CLOCK_MOVED: [(&str, &str); 2] = [
    ("LD_PRELOAD", "/usr/$LIB/faketime/libfaketimeMT.so.1"),
    ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
];

/// Kills a server of one node at fixed shares of the messages, and gives how often.
pub(super) async fn kills(
    torture: &Torture,
    programs: &Programs,
    target: &mut Target,
    shared: &Rc<Shared>,
) -> anyhow::Result<u64> {
    let mut acknowledged = shared.acknowledged.subscribe();
    for kill in 1..=torture.kills {
        let from = torture.messages * kill / (torture.kills + 1);
        let so_far = *acknowledged.wait_for(|so_far| *so_far >= from).await?;
        // The clients that hold the old address fail, and look it up again.
        target.kill_and_restart(0, programs).await?;
        *shared.accesses.borrow_mut() = target.accesses();
        eprintln!("kill {kill}: {so_far} acknowledged");
    }
    Ok(torture.kills)
}

/// Replaces the nodes of a server, one after the other and all of them some times, while clients write; gives how many that were.
pub(super) async fn rolling_restarts(
    torture: &Torture,
    programs: &Programs,
    target: &mut Target,
    shared: &Rc<Shared>,
) -> anyhow::Result<u64> {
    let (begun, before) = (Instant::now(), *shared.acknowledged.borrow());
    for round in 1..=torture.rolling_restarts {
        for node in 0..torture.nodes {
            sleep(REST).await;
            target.stop_and_restart(node, programs, &[]).await?;
            *shared.accesses.borrow_mut() = target.accesses();
        }
        let acknowledged = *shared.acknowledged.borrow() - before;
        let rate = acknowledged as f64 / begun.elapsed().as_secs_f64();
        eprintln!("round {round}: {acknowledged} acknowledged, {rate:.0} a second");
    }
    sleep(REST).await;
    shared.left.set(0);
    Ok((torture.rolling_restarts * torture.nodes) as u64)
}

/// Hurts a server of several nodes, one fault after the other, in an order that comes from the seed; when all are done nothing more is
/// sent. Gives how many there were.
pub(super) async fn all(
    torture: &Torture,
    programs: &Programs,
    target: &mut Target,
    cluster: &mut Cluster,
    (shared, mut random): (&Rc<Shared>, StdRng),
) -> anyhow::Result<u64> {
    let others = OTHERS.iter().cycle().take(torture.faults);
    let mut faults: Vec<Fault> = others.copied().collect();
    if cluster.network(0).is_some() {
        let partitions = PARTITIONS.iter().cycle().take(torture.partitions);
        faults.extend(partitions);
    }
    faults.extend((0..torture.kills).map(|_| Fault::NodeKilled));
    faults.shuffle(&mut random);
    let nodes: Vec<usize> = (0..torture.nodes).collect();
    for (number, fault) in (1..).zip(&faults) {
        let node = *nodes.choose(&mut random).unwrap_or(&0);
        let begun = Instant::now();
        hurt(*fault, node, programs, target, cluster).await?;
        *shared.accesses.borrow_mut() = target.accesses();
        let so_far = *shared.acknowledged.borrow();
        let took = begun.elapsed().as_secs_f64();
        eprintln!("fault {number}: {fault:?}, node {node}, {took:.1} s; {so_far} acknowledged");
        let shares = number * SHARES / faults.len() as u64;
        shared.shares.send_replace(shares);
        sleep(REST.mul_f64(random.random_range(0.5..1.5))).await;
    }
    let mut kills = 0;
    while mid_reply::finished(&cluster.postgres).await?.len() < torture.kills_in_mid_reply {
        mid_reply::one_is_under_way(&cluster.postgres).await?;
        let node = *nodes.choose(&mut random).unwrap_or(&0);
        target.kill_and_restart(node, programs).await?;
        *shared.accesses.borrow_mut() = target.accesses();
        kills += 1;
        eprintln!("kill {kills}, node {node}");
        // Until others have gone on with what it wrote: who waits for that asks nothing, and loses no node.
        sleep(PAUSED.mul_f64(random.random_range(0.9..1.1))).await;
    }
    shared.left.set(0);
    Ok(faults.len() as u64 + kills)
}

async fn hurt(
    fault: Fault,
    node: usize,
    programs: &Programs,
    target: &mut Target,
    cluster: &mut Cluster,
) -> anyhow::Result<()> {
    let lines = cluster.lines(node);
    match fault {
        Fault::NodeKilled => target.kill_and_restart(node, programs).await?,
        Fault::NodeReplaced => target.stop_and_restart(node, programs, &[]).await?,
        Fault::ClockAhead | Fault::ClockBehind => {
            let offset = match fault {
                Fault::ClockAhead => "+20h",
                _ => "-50s",
            };
            let [library, monotonic] = CLOCK_MOVED;
            let moved = [library, monotonic, ("FAKETIME", offset)];
            target.stop_and_restart(node, programs, &moved).await?;
        }
        Fault::NodePaused => {
            target.signal(node, Signal::SIGSTOP)?;
            sleep(PAUSED).await;
            target.signal(node, Signal::SIGCONT)?;
        }
        Fault::DatabaseCut => lines.postgres.for_a_while(State::Cut, CUT).await,
        Fault::DatabaseSilent => lines.postgres.for_a_while(State::Silent, PAUSED).await,
        Fault::DatabaseLate => {
            lines
                .postgres
                .for_a_while(State::Late(LATE), LATE_FOR)
                .await
        }
        Fault::BusCut => lines.redis.for_a_while(State::Cut, CUT).await,
        Fault::BusSilent => lines.redis.for_a_while(State::Silent, SILENT).await,
        Fault::BackendsTerminated => drop(cluster.postgres.terminate_backends().await?),
        Fault::DatabaseCrashed => cluster.postgres.crash(DOWN).await?,
        Fault::BusKilled => cluster.redis.kill(DOWN).await?,
        Fault::BusFlushed => cluster.redis.tell("FLUSHALL").await?,
        Fault::SubscribersKilled => cluster.redis.tell("CLIENT KILL TYPE pubsub").await?,
        Fault::NodeIsolated
        | Fault::DatabaseUnheard
        | Fault::DatabaseUnreached
        | Fault::BusUnheard
        | Fault::BusUnreached => {
            let network = cluster.network(node).context("no network of its own")?;
            let (lost, duration) = match fault {
                Fault::DatabaseUnheard => (Lost::From(lines.postgres.port()), PAUSED),
                Fault::DatabaseUnreached => (Lost::To(lines.postgres.port()), PAUSED),
                Fault::BusUnheard => (Lost::From(lines.redis.port()), SILENT),
                Fault::BusUnreached => (Lost::To(lines.redis.port()), SILENT),
                _ => (Lost::All, PAUSED),
            };
            network.lose_for_a_while(lost, duration).await?;
        }
    }
    Ok(())
}
