//! The lease of a reply, explored by a model checker: every order in which a few nodes claim it, write it down, are slow, die, and are
//! overtaken, and in which its twin's owner takes it over.
//!
//! The model has the conditions of the statements in `storage/src/replies.rs` and `storage/src/oversight.rs`. What a node sends to the
//! database arrives later, in any order, or never; a lease is over whenever the model likes, since clocks promise nothing.

#![allow(
    clippy::print_stdout,
    reason = "how many states there are is the result"
)]

use stateright::{Checker, Model, Property};

/// Nodes, each of which may write the reply.
const NODES: usize = 3;
/// Pieces of which the twin's text consists.
const PIECES: u8 = 2;
/// Claims and takings-over in one history: enough for two nodes to be overtaken.
const EPOCHS_MAX: u8 = 3;
/// Statements of one history that are on their way at once.
const UNDER_WAY_MAX: usize = 2;

/// A reply and all that can happen to it.
struct Lease {
    /// The writes name the epoch of their claim. Without that the protocol is broken.
    writes_carry_epoch: bool,
}

/// The row of the order, and the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Row {
    state: State,
    epoch: u8,
    /// Nobody but the node that claimed it last may claim it.
    is_leased: bool,
    node: Option<usize>,
    /// What is written down: pieces of the twin's.
    text: u8,
    /// The twin's owner writes the rest.
    is_taken: bool,
    /// The messages that the reply has become, each with the epoch of its writer.
    messages: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Pending,
    Running,
    Done,
}

/// What a node knows of the reply that it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Writer {
    epoch: u8,
    text: u8,
}

/// A statement on its way to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Write {
    epoch: u8,
    text: u8,
    /// It makes the reply a message.
    finishes: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct History {
    row: Row,
    writers: [Option<Writer>; NODES],
    under_way: Vec<Write>,
    /// Something that was written down by a newer epoch was overwritten by an older one.
    is_overwritten: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    LeaseEnds,
    Claims(usize),
    Generates(usize),
    WritesDown(usize),
    Finishes(usize),
    /// A node dies, or learns that it was overtaken; what it has sent may still arrive.
    Dies(usize),
    OwnerTakesOver,
    OwnerFinishes,
    Arrives(usize),
    IsLost(usize),
}

impl Model for Lease {
    type State = History;
    type Action = Step;

    fn init_states(&self) -> Vec<History> {
        let row = Row {
            state: State::Pending,
            epoch: 0,
            is_leased: false,
            node: None,
            text: 0,
            is_taken: false,
            messages: Vec::new(),
        };
        vec![History {
            row,
            writers: [None; NODES],
            under_way: Vec::new(),
            is_overwritten: false,
        }]
    }

    fn actions(&self, history: &History, steps: &mut Vec<Step>) {
        let row = &history.row;
        steps.extend(row.is_leased.then_some(Step::LeaseEnds));
        if row.state == State::Running && !row.is_taken && row.epoch < EPOCHS_MAX {
            steps.push(Step::OwnerTakesOver);
        }
        steps.extend((row.is_taken && row.state == State::Running).then_some(Step::OwnerFinishes));
        for (node, writer) in history.writers.iter().enumerate() {
            let Some(writer) = writer else {
                steps.extend((row.epoch < EPOCHS_MAX).then_some(Step::Claims(node)));
                continue;
            };
            steps.push(Step::Dies(node));
            steps.extend((writer.text < PIECES).then_some(Step::Generates(node)));
            if history.under_way.len() < UNDER_WAY_MAX {
                steps.push(Step::WritesDown(node));
                steps.extend((writer.text == PIECES).then_some(Step::Finishes(node)));
            }
        }
        for write in 0..history.under_way.len() {
            steps.extend([Step::Arrives(write), Step::IsLost(write)]);
        }
    }

    fn next_state(&self, history: &History, step: Step) -> Option<History> {
        let mut next = history.clone();
        let row = &mut next.row;
        match step {
            Step::LeaseEnds => row.is_leased = false,
            Step::Claims(node) => {
                let is_free = !row.is_leased || row.node == Some(node);
                if row.state == State::Done || row.is_taken || !is_free {
                    return None;
                }
                row.node = Some(node);
                row.state = State::Running;
                row.epoch += 1;
                row.is_leased = true;
                let (epoch, text) = (row.epoch, row.text);
                next.writers[node] = Some(Writer { epoch, text });
            }
            Step::Generates(node) => next.writers[node].as_mut()?.text += 1,
            Step::WritesDown(node) => send(&mut next, node, false)?,
            Step::Finishes(node) => send(&mut next, node, true)?,
            Step::Dies(node) => next.writers[node] = None,
            Step::OwnerTakesOver => {
                row.epoch += 1;
                row.is_taken = true;
            }
            Step::OwnerFinishes => {
                row.state = State::Done;
                row.messages.push(row.epoch);
            }
            Step::Arrives(write) => {
                let write = next.under_way.remove(write);
                self.arrives(&mut next, write);
            }
            Step::IsLost(write) => drop(next.under_way.remove(write)),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the reply is one message", |_, history: &History| {
                history.row.messages.len() <= 1
            }),
            Property::always(
                "the message is of the newest epoch",
                |_, history: &History| {
                    let epoch = history.row.epoch;
                    history.row.messages.iter().all(|writer| *writer == epoch)
                },
            ),
            Property::always(
                "nothing older overwrites what is newer",
                |_, history: &History| !history.is_overwritten,
            ),
            Property::sometimes(
                "a node finishes what another began",
                |_, history: &History| {
                    let row = &history.row;
                    row.state == State::Done && row.epoch > 1 && !row.is_taken
                },
            ),
            Property::sometimes("the owner finishes it", |_, history: &History| {
                history.row.state == State::Done && history.row.is_taken
            }),
        ]
    }
}

impl Lease {
    /// `… WHERE message_id = $1 AND epoch = $2 AND state = 'running'`
    fn arrives(&self, history: &mut History, write: Write) {
        let row = &mut history.row;
        let is_stale = write.epoch != row.epoch;
        if row.state != State::Running || self.writes_carry_epoch && is_stale {
            return;
        }
        if write.finishes {
            row.state = State::Done;
            row.messages.push(write.epoch);
        } else {
            history.is_overwritten |= is_stale && (row.is_taken || write.text < row.text);
            row.text = write.text;
            row.is_leased = true;
        }
    }
}

fn send(history: &mut History, node: usize, finishes: bool) -> Option<()> {
    let Writer { epoch, text } = history.writers[node]?;
    history.under_way.push(Write {
        epoch,
        text,
        finishes,
    });
    // Which of them was sent first means nothing.
    history.under_way.sort();
    Some(())
}

fn explored(writes_carry_epoch: bool) -> impl Checker<Lease> {
    let lease = Lease { writes_carry_epoch };
    let checked = lease.checker().spawn_bfs().join();
    println!(
        "writes carry their epoch: {writes_carry_epoch}; {} states, {} of them different",
        checked.state_count(),
        checked.unique_state_count()
    );
    checked
}

#[test]
fn a_reply_is_finished_once_and_by_the_newest_writer_whatever_happens() {
    explored(true).assert_properties();
}

#[test]
fn writes_without_their_epoch_are_found_out() {
    let checked = explored(false);
    for broken in [
        "the message is of the newest epoch",
        "nothing older overwrites what is newer",
    ] {
        assert!(checked.discovery(broken).is_some(), "{broken}");
    }
}
