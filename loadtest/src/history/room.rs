//! The changes of a room, held against its log: each that was made stands there once, in the order in which they were made, and
//! nobody who was out or muted has said anything.

use std::collections::{HashMap, HashSet};

use super::{Entry, Violations};

/// A change of a room whose outcome is known: it was made.
#[derive(Debug)]
pub(crate) struct Made {
    /// What the log says of it.
    pub(crate) entry: Entry,
    /// How often it was asked for without an answer: each time it may have been made once more, then or later.
    pub(crate) unanswered: usize,
}

/// Holds the changes that were made, in their order, against those of the log.
pub(super) fn check_changes(made: &[Made], log: &[&Entry], found: &mut Violations) {
    let mut rest = log;
    let mut before = None;
    let mut late = HashMap::new();
    for change in made {
        let Some(place) = rest.iter().position(|entry| **entry == change.entry) else {
            found.lost += 1;
            continue;
        };
        check_others(&rest[..place], before, &mut late, found);
        rest = &rest[place + 1..];
        before = Some(&change.entry);
        *late.entry(&change.entry).or_default() += change.unanswered;
    }
    check_others(rest, before, &mut late, found);
}

/// What stands between two changes came late, stands there a second time, or was never made.
fn check_others(
    others: &[&Entry],
    before: Option<&Entry>,
    late: &mut HashMap<&Entry, usize>,
    found: &mut Violations,
) {
    for entry in others {
        match late.get_mut(*entry) {
            Some(copies) if *copies > 0 => *copies -= 1,
            _ if before == Some(*entry) => found.duplicated += 1,
            _ => found.phantom += 1,
        }
    }
}

/// Who takes part and who is muted, as the log says so far.
pub(super) struct Membership {
    members: HashSet<String>,
    muted: HashSet<String>,
}

impl Membership {
    /// A room that has just begun.
    pub(super) fn of(founders: &[String]) -> Self {
        Self {
            members: founders.iter().cloned().collect(),
            muted: HashSet::new(),
        }
    }

    /// Whether somebody may say something now.
    pub(super) fn may_speak(&self, author: &str) -> bool {
        self.members.contains(author) && !self.muted.contains(author)
    }

    /// Takes a change of who takes part.
    pub(super) fn changes(&mut self, kind: &str, member: &str) {
        match kind {
            "joined" => {
                self.members.insert(member.to_owned());
            }
            "left" | "removed" | "banned" => {
                // Who was muted and comes back is muted still.
                self.members.remove(member);
            }
            "muted" => {
                self.muted.insert(member.to_owned());
            }
            "unmuted" => {
                self.muted.remove(member);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(title: &str) -> Entry {
        Entry::Changed {
            author: "owner".to_owned(),
            kind: "titled".to_owned(),
            member: None,
            detail: title.to_owned(),
        }
    }

    /// Of changes to the titles a, b and c, of which b was asked for once without an answer.
    fn found(log: &[&str]) -> Violations {
        let made = [("a", 0), ("b", 1), ("c", 0)];
        let made = made.map(|(title, unanswered)| Made {
            entry: titled(title),
            unanswered,
        });
        let log: Vec<Entry> = log.iter().map(|title| titled(title)).collect();
        let mut found = Violations::default();
        check_changes(&made, &log.iter().collect::<Vec<_>>(), &mut found);
        found
    }

    #[test]
    fn changes_stand_in_the_log_in_their_order_and_as_often_as_they_were_made() {
        let none = Violations::default();
        assert_eq!(found(&["a", "b", "c"]), none);
        assert_eq!(found(&["a", "b", "b", "c"]), none);
        assert_eq!(found(&["a", "b", "c", "b"]), none);
        assert_eq!(found(&["a", "b"]), Violations { lost: 1, ..none });
        assert_eq!(found(&["b", "c"]), Violations { lost: 1, ..none });
        let duplicated = Violations {
            duplicated: 1,
            ..none
        };
        assert_eq!(found(&["a", "a", "b", "c"]), duplicated);
        assert_eq!(found(&["a", "b", "b", "b", "c"]), duplicated);
        let phantom = Violations { phantom: 1, ..none };
        assert_eq!(found(&["a", "x", "b", "c"]), phantom);
        assert_eq!(found(&["a", "b", "c", "a"]), phantom);
        assert!(!found(&["b", "a", "c"]).none());
    }

    #[test]
    fn who_is_out_or_muted_may_not_speak() {
        let mut room = Membership::of(&["owner".to_owned()]);
        let mut ways = Vec::new();
        let kinds = [
            "", "joined", "muted", "unmuted", "muted", "removed", "joined", "unmuted", "banned",
            "unbanned",
        ];
        for kind in kinds {
            room.changes(kind, "guest");
            ways.push(room.may_speak("guest"));
        }
        let expected = [
            false, true, false, true, false, false, false, true, false, false,
        ];
        assert_eq!(ways, expected);
        assert!(room.may_speak("owner"));
    }
}
