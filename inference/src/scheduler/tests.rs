//! The scheduler on a machine of numbers, where every slot of the cache remembers what was computed into it.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::request::CacheScope;

const BLOCK_TOKENS: usize = 4;

fn limits(blocks: u32, running_max: usize, chunk_tokens: usize) -> SchedulerLimits {
    SchedulerLimits {
        block_tokens: BLOCK_TOKENS,
        blocks,
        running_max,
        waiting_max: 1_000,
        chunk_tokens,
        chunk_tokens_max: chunk_tokens,
    }
}

fn origin(account: u128) -> Origin {
    Origin {
        accounts: [Account(account); 2],
        scope: CacheScope {
            owner: account,
            audience: 0,
        },
        priority: Priority::Person,
    }
}

/// A request and how long its reply becomes.
#[derive(Debug, Clone)]
struct Wish {
    origin: Origin,
    prompt: Vec<u32>,
    reply: usize,
}

fn wish(account: u128, prompt: usize, reply: usize) -> Wish {
    Wish {
        origin: origin(account),
        // Different for each account, so that nothing is shared by chance.
        prompt: (0..prompt as u32)
            .map(|token| token + 1_000 * account as u32)
            .collect(),
        reply,
    }
}

/// Computes the scheduler's steps: a slot remembers its scope and all tokens up to it, which is what keys and values stand for.
struct Machine {
    scheduler: Scheduler,
    slots: HashMap<(BlockId, usize), (CacheScope, Vec<u32>)>,
    requests: HashMap<Ticket, (Wish, Vec<u32>)>,
    tickets: u64,
    /// When the first token of a request came: steps and rows since the beginning.
    first: HashMap<Ticket, (usize, usize)>,
    done: HashMap<Ticket, Vec<u32>>,
    steps: usize,
    rows: usize,
    prompt_rows: usize,
}

/// The next token: it depends on all before it.
fn next_token(tokens: &[u32]) -> u32 {
    tokens.iter().fold(7_u32, |sum, token| {
        sum.wrapping_mul(31).wrapping_add(*token)
    })
}

impl Machine {
    fn new(limits: SchedulerLimits) -> Self {
        Self {
            scheduler: Scheduler::new(limits),
            slots: HashMap::new(),
            requests: HashMap::new(),
            tickets: 0,
            first: HashMap::new(),
            done: HashMap::new(),
            steps: 0,
            rows: 0,
            prompt_rows: 0,
        }
    }

    fn submit(&mut self, wish: Wish) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let arrival = Arrival {
            ticket,
            origin: wish.origin,
            prompt: wish.prompt.clone(),
            deadline: None,
        };
        match self.scheduler.submit(arrival) {
            Submitted::Full => return ticket,
            Submitted::InPlaceOf(victim) => drop(self.requests.remove(&victim)),
            Submitted::Queued => {}
        }
        let tokens = wish.prompt.clone();
        self.requests.insert(ticket, (wish, tokens));
        ticket
    }

    fn cancel(&mut self, ticket: Ticket) {
        assert_eq!(
            self.scheduler.remove(ticket),
            self.requests.remove(&ticket).is_some()
        );
    }

    fn step(&mut self) -> Step {
        let step = self.scheduler.plan();
        let limits = self.scheduler.limits;
        assert!(self.scheduler.load().running <= limits.running_max);
        assert!(!step.segments.is_empty() || self.requests.is_empty());
        self.steps += 1;
        self.rows += step
            .segments
            .iter()
            .map(|segment| segment.tokens.len())
            .sum::<usize>();
        let long = step
            .segments
            .iter()
            .filter(|segment| segment.tokens.len() > 1);
        self.prompt_rows = long.map(|segment| segment.tokens.len()).sum();
        assert!(self.prompt_rows <= limits.chunk_tokens_max);
        for segment in &step.segments {
            let (wish, tokens) = &self.requests[&segment.ticket];
            let end = segment.start + segment.tokens.len();
            assert_eq!(segment.tokens, tokens[segment.start..end]);
            assert_eq!(segment.blocks.len(), end.div_ceil(BLOCK_TOKENS));
            for position in 0..end {
                let slot = (
                    segment.blocks[position / BLOCK_TOKENS],
                    position % BLOCK_TOKENS,
                );
                let content = (wish.origin.scope, tokens[..=position].to_vec());
                if position >= segment.start {
                    self.slots.insert(slot, content);
                } else {
                    assert_eq!(self.slots[&slot], content, "what attention would read");
                }
            }
        }
        // A second look, since a block given to two would have been overwritten by now.
        for segment in &step.segments {
            let (wish, tokens) = &self.requests[&segment.ticket];
            for position in 0..segment.start + segment.tokens.len() {
                let slot = (
                    segment.blocks[position / BLOCK_TOKENS],
                    position % BLOCK_TOKENS,
                );
                assert_eq!(
                    self.slots[&slot],
                    (wish.origin.scope, tokens[..=position].to_vec())
                );
            }
        }
        self.scheduler.computed(&step);
        for segment in step.segments.iter().filter(|segment| segment.wants_logits) {
            let ticket = segment.ticket;
            let (wish, tokens) = self.requests.get_mut(&ticket).unwrap();
            let token = next_token(tokens);
            tokens.push(token);
            self.first.entry(ticket).or_insert((self.steps, self.rows));
            if tokens.len() == wish.prompt.len() + wish.reply {
                assert!(self.scheduler.remove(ticket));
                let (_, tokens) = self.requests.remove(&ticket).unwrap();
                self.done.insert(ticket, tokens);
            } else {
                self.scheduler.push(ticket, token);
            }
        }
        step
    }

    fn run_until_first(&mut self, ticket: Ticket) -> (usize, usize) {
        while !self.first.contains_key(&ticket) {
            self.step();
        }
        self.first[&ticket]
    }

    fn run(&mut self) {
        while !self.scheduler.is_idle() {
            self.step();
        }
    }
}

/// What a request writes, whatever else happens.
fn alone(wish: &Wish) -> Vec<u32> {
    let mut tokens = wish.prompt.clone();
    for _ in 0..wish.reply {
        tokens.push(next_token(&tokens));
    }
    tokens
}

#[test]
fn decoding_goes_on_in_every_step_beside_a_bounded_chunk_of_a_prompt() {
    let mut machine = Machine::new(limits(100, 8, 8));
    let talker = machine.submit(wish(1, 3, 50));
    machine.run_until_first(talker);
    machine.submit(wish(2, 20, 1));
    let lengths: Vec<Vec<usize>> = (0..3)
        .map(|_| {
            let step = machine.step();
            let mut lengths: Vec<usize> = step.segments.iter().map(|s| s.tokens.len()).collect();
            lengths.sort_unstable();
            lengths
        })
        .collect();
    assert_eq!(lengths, [vec![1, 8], vec![1, 8], vec![1, 4]]);
}

#[test]
fn the_more_people_wait_for_a_first_word_the_larger_are_the_pieces_of_their_prompts() {
    let limits = SchedulerLimits {
        chunk_tokens_max: 24,
        ..limits(1_000, 16, 8)
    };
    let prompt_rows_beside_a_talker = |accounts: &[u128]| {
        let mut machine = Machine::new(limits);
        let talker = machine.submit(wish(1, 3, 50));
        machine.run_until_first(talker);
        for account in accounts {
            machine.submit(wish(*account, 100, 1));
        }
        machine.step();
        machine.prompt_rows
    };
    assert_eq!(prompt_rows_beside_a_talker(&[2]), 8);
    assert_eq!(prompt_rows_beside_a_talker(&[2, 3]), 16);
    assert_eq!(prompt_rows_beside_a_talker(&[2, 3, 4, 5]), 24);
    assert_eq!(prompt_rows_beside_a_talker(&[2, 2, 2, 2]), 8);
    let mut alone = Machine::new(limits);
    alone.submit(wish(2, 100, 1));
    alone.step();
    assert_eq!(alone.prompt_rows, 24);
}

#[test]
fn an_account_that_floods_costs_a_quiet_one_at_most_twice_its_time_to_first_token() {
    let (prompt, chunk, running) = (60, 16, 8);
    let quiet = wish(2, prompt, 5);
    let mut machine = Machine::new(limits(1_000, running, chunk));
    let ticket = machine.submit(quiet.clone());
    let solo = machine.run_until_first(ticket);

    // Whether it comes while the others' prompts are computed or while all of them write.
    for steps_before in [1, 3, 40] {
        let mut machine = Machine::new(limits(1_000, running, chunk));
        for _ in 0..200 {
            machine.submit(wish(1, prompt, 100));
        }
        for _ in 0..steps_before {
            machine.step();
        }
        let (steps, rows) = (machine.steps, machine.rows);
        let ticket = machine.submit(quiet.clone());
        let first = machine.run_until_first(ticket);
        let flooded = (first.0 - steps, first.1 - rows);
        assert!(
            flooded.0 <= 2 * solo.0 && flooded.1 <= 2 * solo.1,
            "steps and rows {flooded:?}, alone {solo:?}"
        );
    }
}

#[test]
fn a_person_who_floods_many_twins_is_one_account_and_so_is_a_twin_that_is_flooded() {
    let asks = |twin: u128, person: u128| Wish {
        origin: Origin {
            accounts: [Account(twin), Account(person)],
            ..origin(twin)
        },
        ..wish(twin, 30, 50)
    };
    let mut machine = Machine::new(limits(1_000, 4, 8));
    for twin in 0..50 {
        machine.submit(asks(100 + twin, 1));
    }
    machine.step();
    let quiet = machine.submit(asks(200, 2));
    let step = machine.step();
    assert!(step.begun.contains(&quiet), "against a person");

    let mut machine = Machine::new(limits(1_000, 4, 8));
    for person in 0..50 {
        machine.submit(asks(100, person));
    }
    machine.step();
    let quiet = machine.submit(asks(200, 99));
    let step = machine.step();
    assert!(step.begun.contains(&quiet), "against a twin");
}

#[test]
fn background_work_gives_way_to_a_person_and_is_finished_later() {
    let mut machine = Machine::new(limits(1_000, 2, 8));
    let background = |account| Wish {
        origin: Origin {
            priority: Priority::Background,
            ..origin(account)
        },
        ..wish(account, 10, 10)
    };
    let jobs = [1, 2].map(|account| machine.submit(background(account)));
    for _ in 0..4 {
        machine.step();
    }
    let person = machine.submit(wish(3, 10, 10));
    let step = machine.step();
    assert_eq!(step.begun, [person]);
    assert_eq!(machine.scheduler.load().preemptions, 1);
    machine.run();
    for (job, account) in jobs.into_iter().zip([1, 2]) {
        assert_eq!(machine.done[&job], alone(&background(account)));
    }
}

#[test]
fn too_few_blocks_put_a_sequence_back_and_it_still_ends_as_it_would_have() {
    // Twelve blocks hold 48 tokens: three sequences that grow to 24 do not fit.
    let mut machine = Machine::new(limits(12, 8, 16));
    let wishes = [1, 2, 3].map(|account| wish(account, 8, 16));
    let tickets = wishes.clone().map(|wish| machine.submit(wish));
    machine.run();
    assert!(machine.scheduler.load().preemptions > 0);
    for (ticket, wish) in tickets.iter().zip(&wishes) {
        assert_eq!(machine.done[ticket], alone(wish));
    }
    assert_eq!(machine.scheduler.load().blocks_used, 0);
}

#[test]
fn a_full_queue_refuses_and_whoever_has_most_in_it_makes_room_for_a_quiet_one() {
    let mut machine = Machine::new(SchedulerLimits {
        waiting_max: 3,
        ..limits(100, 1, 8)
    });
    let arrival = |ticket: u64, account: u128| Arrival {
        ticket: Ticket(ticket),
        origin: origin(account),
        prompt: vec![1],
        deadline: None,
    };
    let outcomes = [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (6, 2), (7, 3)]
        .map(|(ticket, account)| machine.scheduler.submit(arrival(ticket, account)));
    let expected = [
        Submitted::Queued,
        Submitted::Queued,
        Submitted::Queued,
        Submitted::Full,
        Submitted::InPlaceOf(Ticket(3)),
        Submitted::Full,
        Submitted::InPlaceOf(Ticket(2)),
    ];
    assert_eq!(outcomes, expected);
}

#[test]
fn a_cancelled_sequence_frees_slot_and_blocks_before_the_next_step() {
    let mut machine = Machine::new(limits(16, 1, 8));
    let running = machine.submit(wish(1, 20, 30));
    let waiting = machine.submit(wish(1, 20, 30));
    machine.step();
    assert_eq!(machine.scheduler.load().blocks_used, 5);
    machine.cancel(waiting);
    assert_eq!(machine.scheduler.load().waiting, 0);
    machine.cancel(running);
    assert_eq!(machine.scheduler.load().blocks_used, 0);
    let next = machine.submit(wish(2, 20, 1));
    assert_eq!(machine.step().begun, [next]);
}

#[test]
fn those_whose_time_is_over_are_named_wherever_they_are() {
    let mut scheduler = Scheduler::new(limits(16, 1, 8));
    let start = Instant::now();
    for (ticket, seconds) in [(1, Some(5)), (2, Some(9)), (3, Some(5)), (4, None)] {
        let deadline = seconds.map(|seconds| start + Duration::from_secs(seconds));
        scheduler.submit(Arrival {
            ticket: Ticket(ticket),
            origin: origin(1),
            prompt: vec![1],
            deadline,
        });
    }
    scheduler.plan();
    let at = |seconds| scheduler.expired(start + Duration::from_secs(seconds));
    assert_eq!(at(4), []);
    assert_eq!(at(5), [Ticket(1), Ticket(3)]);
    assert_eq!(at(9), [Ticket(1), Ticket(2), Ticket(3)]);
}

#[test]
fn a_common_beginning_is_computed_once_within_a_scope_even_by_those_who_come_together() {
    let ask = |owner: u128, audience: u128, last: u32| {
        let mut prompt: Vec<u32> = (0..40).collect();
        prompt.push(last);
        Wish {
            origin: Origin {
                accounts: [Account(owner), Account(u128::from(last))],
                scope: CacheScope { owner, audience },
                priority: Priority::Person,
            },
            prompt,
            reply: 3,
        }
    };
    let rows_of = |wishes: &[Wish]| {
        let mut machine = Machine::new(limits(200, 8, 8));
        for wish in wishes {
            machine.submit(wish.clone());
        }
        machine.run();
        (machine.rows, machine.scheduler.load().tokens_reused)
    };
    let (one, _) = rows_of(&[ask(1, 1, 100)]);
    let same: Vec<Wish> = (100..104).map(|last| ask(1, 1, last)).collect();
    // Each computes its last prompt token and two tokens of its reply.
    assert_eq!(rows_of(&same), (one + 3 * 3, 3 * 40));
    let others = [ask(1, 1, 100), ask(1, 2, 101), ask(2, 1, 102)];
    assert_eq!(rows_of(&others), (3 * one, 0));
}

#[test]
fn what_is_forgotten_is_found_by_nobody_even_if_it_was_being_written() {
    let mut machine = Machine::new(limits(200, 8, 8));
    machine.submit(wish(1, 40, 3));
    machine.submit(wish(2, 40, 3));
    machine.run();
    // One of the owner is in the middle of its prompt, and one has not begun.
    let mut longer = wish(1, 60, 20);
    longer.prompt.rotate_left(1);
    machine.submit(longer.clone());
    machine.step();
    machine.scheduler.forget(1);
    machine.run();
    let reused = machine.scheduler.load().tokens_reused;
    machine.submit(wish(1, 40, 3));
    machine.submit(longer);
    machine.run();
    assert_eq!(machine.scheduler.load().tokens_reused, reused);
    machine.submit(wish(2, 40, 3));
    machine.run();
    let reused_by_another = machine.scheduler.load().tokens_reused - reused;
    assert_eq!(
        reused_by_another, 36,
        "all blocks but that of the last token"
    );
}

#[derive(Debug, Clone)]
enum Order {
    Submit(Wish),
    Cancel(u64),
    Forget(u128),
    Step,
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let wish = (
        0_u128..3,
        0_u128..3,
        0_u128..2,
        any::<bool>(),
        proptest::collection::vec(0_u32..2, 1..24),
        1_usize..12,
    );
    let wish = wish.prop_map(|(twin, person, audience, urgent, prompt, reply)| Wish {
        origin: Origin {
            accounts: [Account(twin), Account(10 + person)],
            scope: CacheScope {
                owner: twin,
                audience,
            },
            priority: match urgent {
                true => Priority::Person,
                false => Priority::Background,
            },
        },
        prompt,
        reply,
    });
    let order = prop_oneof![
        3 => wish.prop_map(Order::Submit),
        1 => (0_u64..20).prop_map(Order::Cancel),
        1 => (0_u128..3).prop_map(Order::Forget),
        6 => Just(Order::Step),
    ];
    proptest::collection::vec(order, 0..60)
}

proptest! {
    #[test]
    fn every_request_writes_what_it_would_write_alone(
        orders in orders(),
        blocks in 9_u32..30,
        running_max in 1_usize..6,
        chunk_tokens in 1_usize..12,
        waiting_max in 1_usize..8,
    ) {
        let limits = SchedulerLimits {
            waiting_max,
            chunk_tokens_max: chunk_tokens * 3,
            ..limits(blocks, running_max, chunk_tokens)
        };
        let mut machine = Machine::new(limits);
        let mut wishes = HashMap::new();
        for order in orders {
            match order {
                Order::Submit(wish) => {
                    let ticket = machine.submit(wish.clone());
                    wishes.insert(ticket, wish);
                }
                Order::Cancel(number) => machine.cancel(Ticket(number)),
                Order::Forget(twin) => machine.scheduler.forget(twin),
                Order::Step => drop(machine.step()),
            }
        }
        // Whatever is left comes to its end, in a bounded number of steps.
        let mut left = 2_000;
        while !machine.scheduler.is_idle() && left > 0 {
            machine.step();
            left -= 1;
        }
        prop_assert!(machine.requests.is_empty(), "someone starves");
        for (ticket, tokens) in &machine.done {
            prop_assert_eq!(tokens, &alone(&wishes[ticket]));
        }
        let load = machine.scheduler.load();
        prop_assert_eq!((load.running, load.waiting, load.blocks_used), (0, 0, 0));
    }
}
