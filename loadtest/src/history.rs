//! The checker: what clients did and saw, held against the log that the server has at the end.
//!
//! **Invariant**: no IO. A message that was acknowledged and is not in the log at its place is lost; one that is there twice
//! is duplicated; one that overtook an earlier one of its sender is reordered; one that nobody sent is a phantom, and so is one
//! of somebody who took no part or was muted when it got its place.

mod dialogue;
mod room;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

pub(crate) use dialogue::{Dialogue, Line};
pub(crate) use room::Made;
use room::Membership;

/// An entry of a log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Entry {
    /// A message, or a change of one, with the text that its sender gave it.
    Said {
        /// Who, by the id.
        author: String,
        /// The text.
        text: String,
    },
    /// A change of the room.
    Changed {
        /// Who made it, by the id.
        author: String,
        /// What kind of change it is.
        kind: String,
        /// Whose place in the room is different.
        member: Option<String>,
        /// The role, the title or the topic, where the change has one.
        detail: String,
    },
}

/// One message as its sender numbers it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Sent {
    /// The sender.
    pub(crate) client: usize,
    /// Its number among the sender's messages to this conversation.
    pub(crate) number: u64,
}

impl Sent {
    /// The client id on the wire, which tells the conversations of a sender apart.
    pub(crate) fn client_id(&self, room: usize) -> String {
        format!("{}-{room}-{}", self.client, self.number)
    }

    /// Reads a client id.
    pub(crate) fn of_client_id(client_id: &str) -> Option<Self> {
        let mut parts = client_id.split('-');
        let client = parts.next()?.parse().ok()?;
        let number = parts.nth(1)?.parse().ok()?;
        Some(Self { client, number })
    }

    /// The text: who, what, and a check that it arrived whole.
    pub(crate) fn text(&self) -> String {
        let body = format!("{}:{}", self.client, self.number);
        format!("{body}:{:08x}", checksum(&body))
    }

    /// Reads a text; `None` when it is not whole.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (body, check) = text.rsplit_once(':')?;
        if check != format!("{:08x}", checksum(body)) {
            return None;
        }
        let (client, number) = body.split_once(':')?;
        Some(Self {
            client: client.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

/// FNV-1a, 32 bits.
fn checksum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// What became of the messages of one conversation, as the clients know it.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Messages that were sent at least once.
    sent: HashSet<Sent>,
    /// Acknowledged messages and their places.
    acked: HashMap<Sent, u64>,
    /// Messages that were refused the only time that they were sent.
    refused: HashSet<Sent>,
    /// Changes of the room that were made, in their order.
    made: Vec<Made>,
    /// Violations that clients saw while it ran.
    pub(crate) seen: Violations,
}

/// How often each promise was broken.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Violations {
    /// Acknowledged and not in the log at its place.
    pub(crate) lost: u64,
    /// In the log twice, or acknowledged with two places.
    pub(crate) duplicated: u64,
    /// After a later message of its sender, both acknowledged, or readers that disagree.
    pub(crate) reordered: u64,
    /// In the log and never sent, or refused, or sent by somebody who took no part or was muted.
    pub(crate) phantom: u64,
    /// A number that no entry has, or a hole in what a reader saw.
    pub(crate) gaps: u64,
    /// Not what was sent.
    pub(crate) corrupted: u64,
}

impl Violations {
    /// Whether every promise was kept.
    pub(crate) fn none(&self) -> bool {
        *self == Self::default()
    }

    /// Adds those of another conversation.
    pub(crate) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.phantom += other.phantom;
        self.gaps += other.gaps;
        self.corrupted += other.corrupted;
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "lost {}, duplicated {}, reordered {}, phantom {}, gaps {}, corrupted {}",
            self.lost, self.duplicated, self.reordered, self.phantom, self.gaps, self.corrupted
        )
    }
}

impl History {
    /// A client sends a message, perhaps not for the first time.
    pub(crate) fn sends(&mut self, sent: Sent) {
        self.sent.insert(sent);
    }

    /// A message was acknowledged: the same one always with the same place.
    pub(crate) fn acknowledged(&mut self, sent: Sent, seq: u64) {
        let before = self.acked.insert(sent, seq);
        self.seen.duplicated += u64::from(before.is_some_and(|before| before != seq));
    }

    /// A message was refused the only time that it was sent.
    pub(crate) fn refused(&mut self, sent: Sent) {
        self.refused.insert(sent);
    }

    /// A change of the room was made, after all those before.
    pub(crate) fn made(&mut self, change: Made) {
        self.made.push(change);
    }

    /// Messages and changes of the room: sent and not refused, and acknowledged.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let made = self.made.len();
        (
            self.sent.len() - self.refused.len() + made,
            self.acked.len() + made,
        )
    }

    /// How many messages were refused.
    pub(crate) fn refusals(&self) -> usize {
        self.refused.len()
    }

    /// How many changes of the room were made.
    pub(crate) fn changes(&self) -> usize {
        self.made.len()
    }

    /// Holds the history against the log as it is at the end, of a room that began with these people.
    pub(crate) fn check(&self, founders: &[String], log: &BTreeMap<u64, Entry>) -> Violations {
        let mut found = self.seen;
        let mut room = Membership::of(founders);
        let mut changes = Vec::new();
        let last = log.keys().next_back().copied().unwrap_or(0);
        found.gaps += last - log.len() as u64;
        let mut places: HashMap<Sent, u64> = HashMap::new();
        let mut latest: HashMap<usize, u64> = HashMap::new();
        for (seq, entry) in log {
            let (author, text) = match entry {
                Entry::Said { author, text } => (author, text),
                Entry::Changed { kind, member, .. } => {
                    room.changes(kind, member.as_deref().unwrap_or_default());
                    changes.push(entry);
                    continue;
                }
            };
            let Some(sent) = Sent::read(text) else {
                found.corrupted += 1;
                continue;
            };
            let is_sent = self.sent.contains(&sent) && !self.refused.contains(&sent);
            if !is_sent || !room.may_speak(author) {
                found.phantom += 1;
            }
            // Whoever went on without knowing what became of a message has not said that it comes first.
            if self.acked.contains_key(&sent) {
                let earlier = latest.insert(sent.client, sent.number);
                found.reordered += u64::from(earlier.is_some_and(|earlier| earlier > sent.number));
            }
            found.duplicated += u64::from(places.insert(sent, *seq).is_some());
        }
        for (sent, seq) in &self.acked {
            found.lost += u64::from(places.get(sent) != Some(seq));
        }
        room::check_changes(&self.made, &changes, &mut found);
        found
    }
}

/// What one reader has seen of one conversation, over all its connections.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// A hash of each entry.
    seen: Vec<u64>,
}

impl Reader {
    /// The last entry that was seen.
    pub(crate) fn cursor(&self) -> u64 {
        self.seen.len() as u64
    }

    /// Takes an entry: the next one, or one that was seen before and has not changed.
    pub(crate) fn entry(&mut self, seq: u64, entry: &Entry, violations: &mut Violations) {
        if seq == 0 || seq > self.cursor() + 1 {
            eprintln!("a hole: {seq} after {}", self.cursor());
            violations.gaps += 1;
        } else if seq == self.cursor() + 1 {
            self.seen.push(hash(entry));
        } else if self.seen[seq as usize - 1] != hash(entry) {
            violations.reordered += 1;
        }
    }

    /// Whether it misses something of a log that had `written` entries before it read the last time; says so.
    pub(crate) fn misses(&self, written: u64, place: &str) -> bool {
        let misses = self.cursor() < written;
        if misses {
            eprintln!("{place}: a reader has {} of {written}", self.cursor());
        }
        misses
    }

    /// Whether what was seen is how the log begins.
    pub(crate) fn agrees_with(&self, log: &BTreeMap<u64, Entry>) -> bool {
        let log = log.values().take(self.seen.len());
        log.map(hash).eq(self.seen.iter().copied())
    }
}

fn hash(entry: &Entry) -> u64 {
    let mut hasher = DefaultHasher::new();
    entry.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(client: usize, number: u64) -> Sent {
        Sent { client, number }
    }

    fn said(text: &str) -> Entry {
        Entry::Said {
            author: "ana".to_owned(),
            text: text.to_owned(),
        }
    }

    fn log(texts: &[String]) -> BTreeMap<u64, Entry> {
        (1..).zip(texts.iter().map(|text| said(text))).collect()
    }

    fn check(history: &History, log: &BTreeMap<u64, Entry>) -> Violations {
        history.check(&["ana".to_owned()], log)
    }

    fn history() -> History {
        let mut history = History::default();
        for number in 0..3 {
            history.sends(sent(1, number));
            history.acknowledged(sent(1, number), number + 1);
        }
        history
    }

    fn texts() -> Vec<String> {
        (0..3).map(|number| sent(1, number).text()).collect()
    }

    #[test]
    fn a_log_that_keeps_every_promise_has_no_violations() {
        assert!(check(&history(), &log(&texts())).none());
    }

    #[test]
    fn every_broken_promise_is_found() {
        let with = |change: fn(&mut Vec<String>)| {
            let mut texts = texts();
            change(&mut texts);
            check(&history(), &log(&texts))
        };
        let none = Violations::default();
        let lost = with(|texts| drop(texts.pop()));
        assert_eq!(lost, Violations { lost: 1, ..none });
        let duplicated = with(|texts| texts.push(texts[2].clone()));
        // The message stands at another place than the one that was acknowledged, too.
        assert_eq!(
            duplicated,
            Violations {
                duplicated: 1,
                lost: 1,
                ..none
            }
        );
        let reordered = with(|texts| texts.swap(1, 2));
        assert_eq!(
            reordered,
            Violations {
                reordered: 1,
                lost: 2,
                ..none
            }
        );
        let phantom = with(|texts| texts.push(sent(9, 9).text()));
        assert_eq!(phantom, Violations { phantom: 1, ..none });
        let corrupted = with(|texts| texts.push("1:3:00000000".to_owned()));
        assert_eq!(
            corrupted,
            Violations {
                corrupted: 1,
                ..none
            }
        );
        let mut gap = log(&texts());
        gap.insert(5, said(&sent(1, 2).text()));
        assert_eq!(check(&history(), &gap).gaps, 1);
    }

    #[test]
    fn what_was_refused_or_came_from_outside_is_a_phantom() {
        let phantom = Violations {
            phantom: 1,
            ..Violations::default()
        };
        let mut history = history();
        history.sends(sent(1, 3));
        history.refused(sent(1, 3));
        let mut texts = texts();
        texts.push(sent(1, 3).text());
        assert_eq!(check(&history, &log(&texts)), phantom);
        texts.pop();
        let mut log = log(&texts);
        let removed = Entry::Changed {
            author: "owner".to_owned(),
            kind: "removed".to_owned(),
            member: Some("ana".to_owned()),
            detail: String::new(),
        };
        history.made(Made {
            entry: removed.clone(),
            unanswered: 0,
        });
        log.insert(4, removed);
        assert!(check(&history, &log).none());
        history.sends(sent(1, 4));
        log.insert(5, said(&sent(1, 4).text()));
        assert_eq!(check(&history, &log), phantom);
    }

    #[test]
    fn what_has_no_outcome_may_come_late() {
        let mut history = history();
        history.sends(sent(1, 3));
        history.sends(sent(1, 4));
        history.acknowledged(sent(1, 4), 4);
        let late = [texts(), vec![sent(1, 4).text(), sent(1, 3).text()]].concat();
        assert!(check(&history, &log(&late)).none());
    }

    #[test]
    fn a_second_place_for_the_same_message_is_a_violation() {
        let mut history = history();
        history.acknowledged(sent(1, 1), 2);
        assert!(history.seen.none());
        history.acknowledged(sent(1, 1), 7);
        assert_eq!(history.seen.duplicated, 1);
    }

    #[test]
    fn a_reader_takes_repeats_and_names_holes_and_changes() {
        let mut reader = Reader::default();
        let mut violations = Violations::default();
        for (seq, text) in [(1, "a"), (2, "b"), (1, "a"), (3, "c")] {
            reader.entry(seq, &said(text), &mut violations);
        }
        assert!(violations.none());
        assert_eq!(reader.cursor(), 3);
        reader.entry(5, &said("e"), &mut violations);
        reader.entry(2, &said("x"), &mut violations);
        let expected = Violations {
            gaps: 1,
            reordered: 1,
            ..Violations::default()
        };
        assert_eq!(violations, expected);
    }
}
