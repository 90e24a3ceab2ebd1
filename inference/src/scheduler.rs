//! Decides which tokens run in the next step: queue, fair shares, priorities, blocks, preemption. Pure: no tensor, no clock.
//!
//! 1. [`Scheduler::submit`] takes a request into a bounded queue; a full one refuses whoever has the most in it.
//! 2. [`Scheduler::plan`] admits by free blocks and gives the step: one token of each sequence that decodes, and a bounded
//!    number of prompt tokens of those that stand best ([`shares`]).
//! 3. The caller computes the step, says so ([`Scheduler::computed`]), and pushes the tokens it has chosen.
//! 4. [`Scheduler::remove`] frees slot and blocks at once, wherever the sequence is.
//!
//! Who is short of blocks, or has nothing running where others have several, takes them from the sequence that stands worst:
//! that one goes back to the queue with the tokens it has written, and is computed again later. Nothing fails by it.

mod sequence;
mod shares;

use std::cmp::Ordering;
use std::collections::HashSet;
use std::time::Instant;

use crate::block_pool::BlockId;
use crate::prefix_cache::PrefixCache;
use crate::request::{Account, Origin, Priority};
use sequence::Sequence;
use shares::{Shares, different};

/// The number by which a caller knows its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What decoding a token counts against computing one of a prompt; the paper behind [`shares`] has the same.
const DECODE_COST: u64 = 2;

/// The bounds of a scheduler.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SchedulerLimits {
    /// Tokens of a block.
    pub(crate) block_tokens: usize,
    /// Blocks of the cache.
    pub(crate) blocks: u32,
    /// Sequences that run at once.
    pub(crate) running_max: usize,
    /// Requests that wait.
    pub(crate) waiting_max: usize,
    /// Prompt tokens of one step for each who waits for a first word: what everyone who decodes waits for.
    pub(crate) chunk_tokens: usize,
    /// Prompt tokens of one step at most, and of one in which nobody decodes.
    pub(crate) chunk_tokens_max: usize,
}

/// A request as the scheduler takes it.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) ticket: Ticket,
    pub(crate) origin: Origin,
    /// At least one token.
    pub(crate) prompt: Vec<u32>,
    pub(crate) deadline: Option<Instant>,
}

/// What runs in one step.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// What runs, one segment a sequence.
    pub(crate) segments: Vec<Segment>,
    /// Requests that leave the queue for the first time.
    pub(crate) begun: Vec<Ticket>,
}

/// Neighbouring tokens of one sequence.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) ticket: Ticket,
    /// The position of the first.
    pub(crate) start: usize,
    pub(crate) tokens: Vec<u32>,
    /// The sequence's blocks up to these tokens.
    pub(crate) blocks: Vec<BlockId>,
    /// These are the last tokens known: the next one is to be chosen.
    pub(crate) wants_logits: bool,
}

/// What became of a request that was submitted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Submitted {
    /// It waits.
    Queued,
    /// It waits, and another one that had to make room for it is gone.
    InPlaceOf(Ticket),
    /// The queue is full.
    Full,
}

/// How much there is, and how much was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SchedulerLoad {
    pub(crate) running: usize,
    pub(crate) waiting: usize,
    pub(crate) blocks_used: usize,
    pub(crate) blocks_total: usize,
    /// Prompt tokens that were found in the cache, since the beginning.
    pub(crate) tokens_reused: u64,
    /// Sequences that were put back into the queue, since the beginning.
    pub(crate) preemptions: u64,
}

/// The scheduler of one engine.
#[derive(Debug)]
pub(crate) struct Scheduler {
    limits: SchedulerLimits,
    cache: PrefixCache,
    shares: Shares,
    waiting: Vec<Sequence>,
    running: Vec<Sequence>,
    arrivals: u64,
    tokens_reused: u64,
    preemptions: u64,
}

/// Where a sequence stands; the least is served first.
type Rank = (Priority, (u64, u64), u64);

impl Scheduler {
    /// A scheduler without any request.
    pub(crate) fn new(limits: SchedulerLimits) -> Self {
        Self {
            limits,
            cache: PrefixCache::new(limits.blocks, limits.block_tokens),
            shares: Shares::default(),
            waiting: Vec::new(),
            running: Vec::new(),
            arrivals: 0,
            tokens_reused: 0,
            preemptions: 0,
        }
    }

    /// Queues a request. The caller has made sure that its prompt and reply fit into the cache when it is alone.
    pub(crate) fn submit(&mut self, arrival: Arrival) -> Submitted {
        let mut outcome = Submitted::Queued;
        if self.waiting.len() >= self.limits.waiting_max {
            let unfair = |theirs, ours| theirs > ours + 1;
            let Some(victim) = worst(&self.waiting, &arrival.origin, unfair) else {
                return Submitted::Full;
            };
            self.remove(victim);
            outcome = Submitted::InPlaceOf(victim);
        }
        self.shares.enter(arrival.origin.accounts);
        self.arrivals += 1;
        self.waiting.push(Sequence::new(arrival, self.arrivals));
        outcome
    }

    /// Takes a request out, wherever it is; its slot and blocks are free when this returns. `false` when there is none.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> bool {
        let mut sequence = match self.position(ticket) {
            Some(index) => self.running.swap_remove(index),
            None => match self.waiting.iter().position(|other| other.ticket == ticket) {
                Some(index) => self.waiting.swap_remove(index),
                None => return false,
            },
        };
        sequence.drop_blocks(&mut self.cache);
        self.shares.leave(sequence.origin.accounts);
        true
    }

    /// The requests whose time is over, waiting or running; the caller removes them.
    pub(crate) fn expired(&self, now: Instant) -> Vec<Ticket> {
        let all = self.running.iter().chain(&self.waiting);
        all.filter(|sequence| sequence.deadline.is_some_and(|deadline| deadline <= now))
            .map(|sequence| sequence.ticket)
            .collect()
    }

    /// Forgets the prompts of an owner: what was computed of them is found by nobody any more, and requests that are here
    /// already end without leaving anything to be found.
    pub(crate) fn forget(&mut self, owner: u128) {
        self.cache.forget(owner);
        for sequence in self.running.iter_mut().chain(&mut self.waiting) {
            sequence.forgotten |= sequence.origin.scope.owner == owner;
        }
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_empty() && self.waiting.is_empty()
    }

    /// How much there is.
    pub(crate) fn load(&self) -> SchedulerLoad {
        SchedulerLoad {
            running: self.running.len(),
            waiting: self.waiting.len(),
            blocks_used: self.cache.total() - self.cache.available(),
            blocks_total: self.cache.total(),
            tokens_reused: self.tokens_reused,
            preemptions: self.preemptions,
        }
    }

    /// Chooses what runs next; empty only when there is no request.
    pub(crate) fn plan(&mut self) -> Step {
        self.make_room_to_decode();
        let mut step = Step::default();
        self.admit(&mut step);
        let mut order: Vec<(Rank, usize)> = (0..self.running.len())
            .map(|index| (self.rank(&self.running[index]), index))
            .collect();
        order.sort_unstable();
        let mut left = self.prompt_tokens();
        let block_tokens = self.limits.block_tokens;
        for (_, index) in order {
            let sequence = &mut self.running[index];
            let reused = sequence.catch_up(&mut self.cache, block_tokens);
            self.tokens_reused += reused as u64;
            let uncomputed = sequence.uncomputed();
            let count = if uncomputed == 1 {
                1
            } else {
                let count = uncomputed.min(left);
                left -= count;
                count
            };
            if count == 0 {
                continue;
            }
            let (start, end) = (sequence.computed, sequence.computed + count);
            step.segments.push(Segment {
                ticket: sequence.ticket,
                start,
                tokens: sequence.tokens[start..end].to_vec(),
                blocks: sequence.blocks[..end.div_ceil(block_tokens)].to_vec(),
                wants_logits: count == uncomputed,
            });
        }
        step
    }

    /// Prompt tokens of the next step. Where many wait for their first words it is they who are to be served: a larger step
    /// reads more in the same time. Several requests of the same two accounts count as one.
    fn prompt_tokens(&self) -> usize {
        let (prompts, decode): (Vec<_>, Vec<_>) =
            (self.running.iter()).partition(|one| one.uncomputed() > 1);
        if decode.is_empty() {
            return self.limits.chunk_tokens_max;
        }
        let who: HashSet<_> = prompts.iter().map(|one| one.origin.accounts).collect();
        (self.limits.chunk_tokens * who.len()).min(self.limits.chunk_tokens_max)
    }

    /// Notes that a step's keys and values are in the cache. Sequences that were removed since are left out.
    pub(crate) fn computed(&mut self, step: &Step) {
        for segment in &step.segments {
            let Some(index) = self.position(segment.ticket) else {
                continue;
            };
            let sequence = &mut self.running[index];
            sequence.advance(
                segment.tokens.len(),
                &mut self.cache,
                self.limits.block_tokens,
            );
            let cost = match segment.tokens.len() {
                1 => DECODE_COST,
                tokens => tokens as u64,
            };
            self.shares.charge(sequence.origin.accounts, cost);
        }
    }

    /// Adds the token that was chosen to a sequence whose tokens are all computed.
    pub(crate) fn push(&mut self, ticket: Ticket, token: u32) {
        if let Some(index) = self.position(ticket) {
            self.running[index].tokens.push(token);
        }
    }

    fn position(&self, ticket: Ticket) -> Option<usize> {
        let mut tickets = self.running.iter().map(|sequence| sequence.ticket);
        tickets.position(|other| other == ticket)
    }

    fn rank(&self, sequence: &Sequence) -> Rank {
        let Origin {
            accounts, priority, ..
        } = sequence.origin;
        (priority, self.shares.standing(accounts), sequence.number)
    }

    /// Gives each sequence that decodes a block for its next token; the one that stands worst makes room if it must.
    fn make_room_to_decode(&mut self) {
        let mut tickets: Vec<(Rank, Ticket)> = (self.running.iter())
            .map(|sequence| (self.rank(sequence), sequence.ticket))
            .collect();
        tickets.sort_unstable();
        for (index, (_, ticket)) in tickets.iter().enumerate() {
            let mut worst = tickets[index..].iter().rev();
            while let Some(position) = self.position(*ticket) {
                let sequence = &mut self.running[position];
                let needed = sequence.tokens.len().div_ceil(self.limits.block_tokens);
                if sequence.blocks.len() >= needed {
                    break;
                }
                if let Some(block) = self.cache.take() {
                    sequence.blocks.push(block);
                    continue;
                }
                let (_, victim) = worst.next().expect("the sequence itself is the last one");
                self.preempt(*victim);
            }
        }
    }

    /// Lets in who waits, the best first, as long as there are slots and blocks.
    fn admit(&mut self, step: &mut Step) {
        while let Some(index) = self.best_waiting() {
            while !self.fits(&self.waiting[index]) {
                let Sequence { origin, begun, .. } = self.waiting[index];
                // Someone who has nothing running takes from those who have two or more; only for a request that has not
                // begun, so that no two take from each other for ever.
                let unfair = |theirs, ours| !begun && ours == 0 && theirs >= 2;
                let Some(victim) = worst(&self.running, &origin, unfair) else {
                    return;
                };
                self.preempt(victim);
            }
            let mut sequence = self.waiting.swap_remove(index);
            let reused = sequence.take_blocks(&mut self.cache, self.limits.block_tokens);
            self.tokens_reused += reused as u64;
            if !std::mem::replace(&mut sequence.begun, true) {
                step.begun.push(sequence.ticket);
            }
            self.running.push(sequence);
        }
    }

    fn best_waiting(&self) -> Option<usize> {
        (0..self.waiting.len()).min_by_key(|index| self.rank(&self.waiting[*index]))
    }

    /// Whether there is a slot and blocks for a sequence's tokens and the next one, and a block for each that runs, so that
    /// letting it in throws nobody out a step later.
    fn fits(&self, sequence: &Sequence) -> bool {
        if self.running.len() >= self.limits.running_max {
            return false;
        }
        let tokens = &sequence.tokens;
        let reusable = &tokens[..tokens.len() - 1];
        let (known, idle) = self.cache.count(sequence.origin.scope, reusable);
        let (own, spare) = match self.running.len() {
            0 => (tokens.len(), 0),
            running => (tokens.len() + 1, running),
        };
        let needed = own.div_ceil(self.limits.block_tokens) - known;
        needed + spare + idle <= self.cache.available()
    }

    /// Puts a running sequence back into the queue.
    fn preempt(&mut self, ticket: Ticket) {
        if let Some(index) = self.position(ticket) {
            let mut sequence = self.running.swap_remove(index);
            sequence.drop_blocks(&mut self.cache);
            self.waiting.push(sequence);
            self.preemptions += 1;
        }
    }
}

/// Of some sequences the one that should rather give way to a request of `origin`: a less urgent one, or one of an account that
/// is `unfair`, by how many it has in there and how many the request's own accounts have. Accounts of both don't count.
fn worst(
    among: &[Sequence],
    origin: &Origin,
    unfair: impl Fn(usize, usize) -> bool,
) -> Option<Ticket> {
    let most = |accounts: [Account; 2], without: [Account; 2]| {
        different(accounts)
            .filter(|account| !without.contains(account))
            .map(|account| load(among, account))
            .max()
    };
    let candidates = among.iter().filter_map(|sequence| {
        let theirs = most(sequence.origin.accounts, origin.accounts).unwrap_or(0);
        let ours = most(origin.accounts, sequence.origin.accounts).unwrap_or(usize::MAX - 1);
        let gives_way = match sequence.origin.priority.cmp(&origin.priority) {
            Ordering::Greater => true,
            Ordering::Equal => unfair(theirs, ours),
            Ordering::Less => false,
        };
        let Sequence { number, ticket, .. } = *sequence;
        gives_way.then_some((sequence.origin.priority, theirs, number, ticket))
    });
    candidates.max().map(|(.., ticket)| ticket)
}

/// How many of some sequences count against an account.
fn load(sequences: &[Sequence], account: Account) -> usize {
    let of = |sequence: &&Sequence| sequence.origin.accounts.contains(&account);
    sequences.iter().filter(of).count()
}

#[cfg(test)]
mod tests;
