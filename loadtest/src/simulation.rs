//! A discrete-event simulation of messages that are kept: senders that wait for each acknowledgement, some nodes, one PostgreSQL and one
//! Redis, all on the processors of one machine.
//!
//! 1. The load generator, one thread, sends a message; the sender's node reads it, and it waits there.
//! 2. A node has one transaction under way at a time, of all that waits for it. It locks the conversations of its messages in their
//!    order, which another node may hold, and has PostgreSQL store them, in some round trips between the two.
//! 3. The commit waits for the disk, where one flush at a time carries all commits that waited for it, and for threads to wake up.
//! 4. The locks are released, the node answers, tells Redis, and each sender sends its next message.
//!
//! Work takes turns on the processors, a slice at a time.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use hdrhistogram::Histogram;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;

/// The most messages of one transaction, as in the product.
const BATCH_MAX: usize = 256;

/// Round trips of a transaction: it counts conversations up, inserts messages, and commits.
const ROUND_TRIPS: usize = 3;

/// How long a piece of work has a processor before the next one has its turn, in nanoseconds.
const SLICE_NS: u64 = 500_000;

/// What messages cost, in microseconds of one processor unless it says otherwise.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Costs {
    /// The load generator's work for each message.
    pub(crate) generator_us: f64,
    /// A node's work for each message.
    pub(crate) node_us: f64,
    /// A node's work for each transaction.
    pub(crate) node_batch_us: f64,
    /// PostgreSQL's work for each message.
    pub(crate) postgres_us: f64,
    /// PostgreSQL's work for each transaction.
    pub(crate) postgres_batch_us: f64,
    /// Redis' work for each message.
    pub(crate) redis_us: f64,
    /// How long a flush of the disk takes, in microseconds that no processor works.
    pub(crate) flush_us: f64,
    /// How long a transaction waits besides, for threads to wake up and bytes to arrive, in microseconds that no processor works.
    pub(crate) wait_us: f64,
}

/// What is simulated.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Setting {
    /// Processors of the machine.
    pub(crate) processors: usize,
    /// Nodes.
    pub(crate) nodes: usize,
    /// Senders, one after the other at each node.
    pub(crate) senders: usize,
    /// Conversations that they share.
    pub(crate) conversations: usize,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Outcome {
    /// Messages acknowledged in a second.
    pub(crate) per_second: f64,
    /// Half of the acknowledgements took less than this, in milliseconds.
    pub(crate) p50_ms: f64,
    /// 99 of 100 took less than this, in milliseconds.
    pub(crate) p99_ms: f64,
    /// Messages of a transaction, on average.
    pub(crate) batch: f64,
}

/// Who does one thing at a time, whatever processors there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worker {
    Generator,
    Redis,
    /// Of a node or of one of PostgreSQL's processes, of which no two pieces of work are at odds.
    Any,
}

/// What happens when a piece of work is done.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// The sender's node has it before it.
    Sent(usize),
    /// It waits to be stored.
    Read(usize),
    /// The node has asked PostgreSQL for the next step.
    Asked(usize),
    /// PostgreSQL has done this step.
    Stepped(usize),
    /// The node has heard of the commit.
    Committed(usize),
    /// The sender is answered.
    Answered(usize),
    /// The sender has read the answer.
    Acknowledged(usize),
    Nothing,
}

/// A piece of work.
struct Work {
    left_ns: u64,
    worker: Worker,
    then: Then,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The slice of the work on this processor is over.
    Slice(usize),
    /// This node has waited for what it waits for beside the disk.
    Waited(usize),
    Flushed,
}

#[derive(Default)]
struct Node {
    waiting: VecDeque<usize>,
    /// The senders whose messages its transaction has; empty where it has none.
    batch: Vec<usize>,
    /// The conversations that it has still to lock.
    to_lock: VecDeque<usize>,
    /// Round trips that are done.
    round_trips: usize,
}

struct Simulation<'a> {
    costs: &'a Costs,
    random: StdRng,
    now_ns: u64,
    /// Sets events of one moment apart.
    number: u64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    processors: Vec<Option<Work>>,
    ready: VecDeque<Work>,
    /// What the generator and Redis have still to do, and whether each is at work.
    queues: [VecDeque<Work>; 2],
    busy: [bool; 2],
    nodes: Vec<Node>,
    /// By conversation: the nodes that have or wait for its lock, the one that has it first.
    locks: Vec<VecDeque<usize>>,
    /// Nodes whose commits are flushed now, and those that wait for the next flush.
    flushing: Vec<usize>,
    to_flush: Vec<usize>,
    /// When each sender sent what has no answer yet.
    sent_ns: Vec<u64>,
    measured_from_ns: u64,
    latencies: Histogram<u64>,
    batches: u64,
}

/// Simulates so many seconds, after a quarter of them to warm up.
///
/// # Panics
/// Never: the bounds of the histogram are right.
pub(crate) fn simulate(costs: &Costs, setting: Setting, seconds: f64, seed: u64) -> Outcome {
    let warm_up_ns = (seconds * 0.25e9) as u64;
    let mut simulation = Simulation {
        costs,
        random: StdRng::seed_from_u64(seed),
        now_ns: 0,
        number: 0,
        events: BinaryHeap::new(),
        processors: (0..setting.processors.max(1)).map(|_| None).collect(),
        ready: VecDeque::new(),
        queues: [VecDeque::new(), VecDeque::new()],
        busy: [false; 2],
        nodes: (0..setting.nodes.max(1)).map(|_| Node::default()).collect(),
        locks: vec![VecDeque::new(); setting.conversations.max(1)],
        flushing: Vec::new(),
        to_flush: Vec::new(),
        sent_ns: vec![0; setting.senders],
        measured_from_ns: warm_up_ns,
        latencies: Histogram::new_with_bounds(1, 600_000_000, 3).expect("the bounds are right"),
        batches: 0,
    };
    for sender in 0..setting.senders {
        simulation.send(sender);
    }
    let end_ns = warm_up_ns + (seconds * 1e9) as u64;
    while let Some(Reverse((at_ns, _, event))) = simulation.events.pop() {
        if at_ns > end_ns {
            break;
        }
        simulation.now_ns = at_ns;
        match event {
            Event::Slice(processor) => simulation.slice_is_over(processor),
            Event::Waited(node) => {
                simulation.to_flush.push(node);
                simulation.flush();
            }
            Event::Flushed => simulation.flushed(),
        }
    }
    let done = simulation.latencies.len();
    let ms = |quantile| simulation.latencies.value_at_quantile(quantile) as f64 / 1_000.0;
    Outcome {
        per_second: done as f64 / seconds,
        p50_ms: ms(0.5),
        p99_ms: ms(0.99),
        batch: done as f64 / simulation.batches.max(1) as f64,
    }
}

impl Simulation<'_> {
    fn at(&mut self, after_ns: u64, event: Event) {
        self.number += 1;
        let at_ns = self.now_ns + after_ns;
        self.events.push(Reverse((at_ns, self.number, event)));
    }

    /// Has somebody do something that takes so many microseconds of a processor.
    fn work(&mut self, worker: Worker, microseconds: f64, then: Then) {
        let work = Work {
            left_ns: (microseconds * 1_000.0).max(1.0) as u64,
            worker,
            then,
        };
        match queue_of(worker) {
            Some(queue) if self.busy[queue] => self.queues[queue].push_back(work),
            Some(queue) => {
                self.busy[queue] = true;
                self.ready.push_back(work);
            }
            None => self.ready.push_back(work),
        }
        self.fill_processors();
    }

    fn fill_processors(&mut self) {
        while let Some(free) = self.processors.iter().position(Option::is_none) {
            let Some(work) = self.ready.pop_front() else {
                return;
            };
            self.at(work.left_ns.min(SLICE_NS), Event::Slice(free));
            self.processors[free] = Some(work);
        }
    }

    fn slice_is_over(&mut self, processor: usize) {
        let Some(mut work) = self.processors[processor].take() else {
            return;
        };
        work.left_ns = work.left_ns.saturating_sub(SLICE_NS);
        if work.left_ns > 0 {
            self.ready.push_back(work);
            return self.fill_processors();
        }
        if let Some(queue) = queue_of(work.worker) {
            match self.queues[queue].pop_front() {
                Some(next) => self.ready.push_back(next),
                None => self.busy[queue] = false,
            }
        }
        self.done(work.then);
        self.fill_processors();
    }

    fn done(&mut self, then: Then) {
        let costs = self.costs;
        match then {
            Then::Sent(sender) => self.work(Worker::Any, costs.node_us / 2.0, Then::Read(sender)),
            Then::Read(sender) => {
                let node = sender % self.nodes.len();
                self.nodes[node].waiting.push_back(sender);
                self.begin(node);
            }
            Then::Asked(node) => self.lock(node),
            Then::Stepped(node) => {
                self.nodes[node].round_trips += 1;
                match self.nodes[node].round_trips {
                    ROUND_TRIPS => {
                        self.at((costs.wait_us * 1_000.0) as u64, Event::Waited(node));
                    }
                    _ => self.ask(node),
                }
            }
            Then::Committed(node) => {
                for sender in std::mem::take(&mut self.nodes[node].batch) {
                    self.work(Worker::Redis, costs.redis_us, Then::Nothing);
                    self.work(Worker::Any, costs.node_us / 2.0, Then::Answered(sender));
                }
                self.begin(node);
            }
            Then::Answered(sender) => {
                let half = costs.generator_us / 2.0;
                self.work(Worker::Generator, half, Then::Acknowledged(sender));
            }
            Then::Acknowledged(sender) => {
                if self.now_ns >= self.measured_from_ns {
                    let took_us = (self.now_ns - self.sent_ns[sender]) / 1_000;
                    self.latencies.saturating_record(took_us);
                }
                self.send(sender);
            }
            Then::Nothing => {}
        }
    }

    fn send(&mut self, sender: usize) {
        self.sent_ns[sender] = self.now_ns;
        let half = self.costs.generator_us / 2.0;
        self.work(Worker::Generator, half, Then::Sent(sender));
    }

    /// Begins a transaction of what waits, unless one is under way.
    fn begin(&mut self, node: usize) {
        let conversations = self.locks.len();
        let this = &mut self.nodes[node];
        if !this.batch.is_empty() || this.waiting.is_empty() {
            return;
        }
        let taken = this.waiting.len().min(BATCH_MAX);
        this.batch = this.waiting.drain(..taken).collect();
        let named = this.batch.iter().map(|sender| sender % conversations);
        this.to_lock = named.collect::<BTreeSet<_>>().into_iter().collect();
        if self.now_ns >= self.measured_from_ns {
            self.batches += 1;
        }
        self.nodes[node].round_trips = 0;
        self.ask(node);
    }

    /// Has a node ask PostgreSQL for the next step of its transaction.
    fn ask(&mut self, node: usize) {
        let takes = self.costs.node_batch_us / ROUND_TRIPS as f64;
        self.work(Worker::Any, takes, Then::Asked(node));
    }

    /// Takes one lock after the other, until one is held by another node or all are there; then PostgreSQL does a step.
    fn lock(&mut self, node: usize) {
        while let Some(conversation) = self.nodes[node].to_lock.pop_front() {
            let lock = &mut self.locks[conversation];
            lock.push_back(node);
            if lock.len() > 1 {
                return;
            }
        }
        let messages = self.nodes[node].batch.len() as f64;
        let takes = self.costs.postgres_batch_us + messages * self.costs.postgres_us;
        self.work(Worker::Any, takes / ROUND_TRIPS as f64, Then::Stepped(node));
    }

    fn flush(&mut self) {
        if !self.flushing.is_empty() || self.to_flush.is_empty() {
            return;
        }
        self.flushing = std::mem::take(&mut self.to_flush);
        // A disk takes now less, now more.
        let takes = self.costs.flush_us * self.random.random_range(0.5..1.5);
        self.at((takes * 1_000.0) as u64, Event::Flushed);
    }

    fn flushed(&mut self) {
        for node in std::mem::take(&mut self.flushing) {
            for conversation in 0..self.locks.len() {
                if self.locks[conversation].front() != Some(&node) {
                    continue;
                }
                self.locks[conversation].pop_front();
                if let Some(next) = self.locks[conversation].front().copied() {
                    self.lock(next);
                }
            }
            self.done(Then::Committed(node));
        }
        self.flush();
    }
}

fn queue_of(worker: Worker) -> Option<usize> {
    match worker {
        Worker::Generator => Some(0),
        Worker::Redis => Some(1),
        Worker::Any => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSTS: Costs = Costs {
        generator_us: 10.0,
        node_us: 20.0,
        node_batch_us: 50.0,
        postgres_us: 10.0,
        postgres_batch_us: 100.0,
        redis_us: 2.0,
        flush_us: 600.0,
        wait_us: 210.0,
    };

    fn setting(nodes: usize, senders: usize) -> Setting {
        Setting {
            processors: 2,
            nodes,
            senders,
            conversations: 16,
        }
    }

    #[test]
    fn one_sender_waits_for_everything_in_turn() {
        let outcome = simulate(&COSTS, setting(1, 1), 20.0, 1);
        // 10 + 20 + 50 + 10 + 100 + 600 + 210 microseconds.
        assert!((outcome.per_second - 1_000.0).abs() < 10.0, "{outcome:?}");
        assert_eq!(outcome.batch, 1.0);
    }

    #[test]
    fn processors_bound_what_many_senders_can_have() {
        let outcome = simulate(&COSTS, setting(1, 200), 5.0, 1);
        let each = COSTS.generator_us + COSTS.node_us + COSTS.postgres_us + COSTS.redis_us;
        let most = 2.0 * 1e6 / each;
        let least = most * 0.6;
        assert!(
            (least..most).contains(&outcome.per_second),
            "{outcome:?}, {most}"
        );
        assert!(outcome.batch > 10.0, "{outcome:?}");
    }

    #[test]
    fn nodes_wait_for_each_others_conversations() {
        let far = Costs {
            wait_us: 10_000.0,
            ..COSTS
        };
        let few = |conversations| Setting {
            conversations,
            ..setting(2, 2)
        };
        // Two nodes with one conversation take turns; with two they do not.
        let same = simulate(&far, few(1), 10.0, 1).per_second;
        let different = simulate(&far, few(2), 10.0, 1).per_second;
        assert!(different > same * 1.5, "{same} {different}");
    }

    #[test]
    fn the_same_seed_gives_the_same_outcome() {
        let outcome = || format!("{:?}", simulate(&COSTS, setting(3, 64), 2.0, 7));
        assert_eq!(outcome(), outcome());
    }
}
