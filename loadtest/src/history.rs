//! The checker: what clients did and saw, held against the log that the server has at the end.
//!
//! **Invariant**: no IO. A message that was acknowledged and is not in the log at its place is lost; one that is there twice
//! is duplicated; one that overtook an earlier one of its sender is reordered; one that nobody sent is a phantom.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

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
    /// After a later message of its sender, or readers that disagree.
    pub(crate) reordered: u64,
    /// In the log and never sent.
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

    /// Messages sent and acknowledged.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.sent.len(), self.acked.len())
    }

    /// Holds the history against the log as it is at the end.
    pub(crate) fn check(&self, log: &BTreeMap<u64, String>) -> Violations {
        let mut found = self.seen;
        let last = log.keys().next_back().copied().unwrap_or(0);
        found.gaps += last - log.len() as u64;
        let mut places: HashMap<Sent, u64> = HashMap::new();
        let mut latest: HashMap<usize, u64> = HashMap::new();
        for (seq, text) in log {
            let Some(sent) = Sent::read(text) else {
                found.corrupted += 1;
                continue;
            };
            if !self.sent.contains(&sent) {
                found.phantom += 1;
            }
            let earlier = latest.insert(sent.client, sent.number);
            if earlier.is_some_and(|earlier| earlier > sent.number) {
                found.reordered += 1;
            }
            found.duplicated += u64::from(places.insert(sent, *seq).is_some());
        }
        for (sent, seq) in &self.acked {
            found.lost += u64::from(places.get(sent) != Some(seq));
        }
        found
    }
}

/// What one reader has seen of one conversation, over all its connections.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// A hash of the text of each entry.
    seen: Vec<u64>,
}

impl Reader {
    /// The last entry that was seen.
    pub(crate) fn cursor(&self) -> u64 {
        self.seen.len() as u64
    }

    /// Takes an entry: the next one, or one that was seen before and has not changed.
    pub(crate) fn entry(&mut self, seq: u64, text: &str, violations: &mut Violations) {
        if seq == 0 || seq > self.cursor() + 1 {
            violations.gaps += 1;
        } else if seq == self.cursor() + 1 {
            self.seen.push(hash(text));
        } else if self.seen[seq as usize - 1] != hash(text) {
            violations.reordered += 1;
        }
    }

    /// Whether what was seen is how the log begins.
    pub(crate) fn agrees_with(&self, log: &BTreeMap<u64, String>) -> bool {
        let log = log.values().take(self.seen.len());
        log.map(|text| hash(text)).eq(self.seen.iter().copied())
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(client: usize, number: u64) -> Sent {
        Sent { client, number }
    }

    fn log(texts: &[String]) -> BTreeMap<u64, String> {
        (1..).zip(texts.iter().cloned()).collect()
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
        assert!(history().check(&log(&texts())).none());
    }

    #[test]
    fn every_broken_promise_is_found() {
        let with = |change: fn(&mut Vec<String>)| {
            let mut texts = texts();
            change(&mut texts);
            history().check(&log(&texts))
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
        gap.insert(5, sent(1, 2).text());
        assert_eq!(history().check(&gap).gaps, 1);
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
            reader.entry(seq, text, &mut violations);
        }
        assert!(violations.none());
        assert_eq!(reader.cursor(), 3);
        reader.entry(5, "e", &mut violations);
        reader.entry(2, "x", &mut violations);
        let expected = Violations {
            gaps: 1,
            reordered: 1,
            ..Violations::default()
        };
        assert_eq!(violations, expected);
    }
}
