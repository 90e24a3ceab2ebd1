//! The checker of a conversation between somebody and a twin whose owner steps in: each question has one reply, which says what
//! the twin would have said or begins so and ends with what its owner wrote.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Violations;

/// A message of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its id.
    pub(crate) message_id: String,
    /// What it answers, by its id.
    pub(crate) reply_to: Option<String>,
    /// Its text.
    pub(crate) text: String,
    /// Code points at the end of the text that the twin's owner is said to have written.
    pub(crate) by_owner: usize,
    /// Why it failed, if it is a reply that did.
    pub(crate) failure: Option<String>,
}

/// What became of what the owner wrote in a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nobody knows.
    Unknown,
    /// It was acknowledged with this place.
    Acknowledged(u64),
    /// It was refused the only time that it was sent.
    Refused,
}

#[derive(Debug)]
struct Question {
    text: String,
    /// What the twin says when nobody takes its reply over, if that is known.
    script: Option<String>,
    acknowledged: Option<(String, u64)>,
}

/// What the person and the owner know of one conversation.
#[derive(Debug, Default)]
pub(crate) struct Dialogue {
    questions: Vec<Question>,
    /// What the owner wrote, by the reply.
    spoken: HashMap<String, (String, Outcome)>,
    /// Violations that both saw while it ran.
    pub(crate) seen: Violations,
}

impl Dialogue {
    /// The person asks something; the twin would say `script`, if that is known.
    pub(crate) fn asks(&mut self, text: String, script: Option<String>) {
        self.questions.push(Question {
            text,
            script,
            acknowledged: None,
        });
    }

    /// The last question was acknowledged.
    pub(crate) fn acknowledged(&mut self, message_id: &str, seq: u64) {
        if let Some(question) = self.questions.last_mut() {
            let now = (message_id.to_owned(), seq);
            let before = question.acknowledged.replace(now.clone());
            self.seen.duplicated += u64::from(before.is_some_and(|before| before != now));
        }
    }

    /// The owner writes the rest of a reply.
    pub(crate) fn speaks(&mut self, reply: &str, text: String) {
        self.spoken
            .insert(reply.to_owned(), (text, Outcome::Unknown));
    }

    /// What the owner wrote was acknowledged.
    pub(crate) fn spoken(&mut self, reply: &str, seq: u64) {
        self.comes_out(reply, Outcome::Acknowledged(seq));
    }

    /// What the owner wrote was refused the only time that it was sent.
    pub(crate) fn refused(&mut self, reply: &str) {
        self.comes_out(reply, Outcome::Refused);
    }

    fn comes_out(&mut self, reply: &str, outcome: Outcome) {
        if let Some((_, known)) = self.spoken.get_mut(reply) {
            *known = outcome;
        }
    }

    /// Questions, and replies that were taken over.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let taken = |(_, outcome): &&(String, Outcome)| matches!(outcome, Outcome::Acknowledged(_));
        (
            self.questions.len(),
            self.spoken.values().filter(taken).count(),
        )
    }

    /// Holds what both know against the messages of the log as it is at the end.
    pub(crate) fn check(&self, log: &BTreeMap<u64, Line>) -> Violations {
        let mut found = self.seen;
        let mut known = 0;
        for question in &self.questions {
            let asked: Vec<(&u64, &Line)> = log
                .iter()
                .filter(|(_, line)| line.text == question.text && line.reply_to.is_none())
                .collect();
            let Some((seq, line)) = asked.first() else {
                found.lost += 1;
                continue;
            };
            let place = (line.message_id.clone(), **seq);
            if question
                .acknowledged
                .as_ref()
                .is_some_and(|told| *told != place)
            {
                found.lost += 1;
            }
            let replies: Vec<(&u64, &Line)> = log
                .iter()
                .filter(|(_, reply)| reply.reply_to.as_ref() == Some(&line.message_id))
                .collect();
            found.lost += u64::from(replies.is_empty());
            found.duplicated += asked.len() as u64 - 1;
            found.duplicated += replies.len().saturating_sub(1) as u64;
            known += asked.len() + replies.len();
            for (place, reply) in replies {
                found.reordered += u64::from(place < *seq);
                self.check_reply(*place, reply, question.script.as_deref(), &mut found);
            }
        }
        found.phantom += log.len().saturating_sub(known) as u64;
        found
    }

    /// How many of these replies say what their script says, in the log as it is at the end.
    pub(crate) fn as_scripted(
        &self,
        log: &BTreeMap<u64, Line>,
        replies: &HashSet<String>,
    ) -> usize {
        let replies = log
            .values()
            .filter(|line| replies.contains(&line.message_id));
        let says_its_script = |reply: &&Line| {
            let question = log
                .values()
                .find(|line| reply.reply_to.as_ref() == Some(&line.message_id));
            let known = question
                .and_then(|line| self.questions.iter().find(|known| known.text == line.text));
            known.is_some_and(|known| known.script.as_ref() == Some(&reply.text))
        };
        replies.filter(says_its_script).count()
    }

    fn check_reply(&self, place: u64, reply: &Line, script: Option<&str>, found: &mut Violations) {
        let is_whole = script.is_none_or(|script| reply.text == script) && reply.by_owner == 0;
        let is_completed = |text: &str| {
            let said = reply.text.strip_suffix(text);
            said.is_some_and(|said| script.is_none_or(|script| script.starts_with(said)))
                && reply.by_owner == text.chars().count()
        };
        let before = *found;
        let spoken = self.spoken.get(&reply.message_id);
        match spoken {
            Some((text, Outcome::Acknowledged(told))) => {
                found.lost += u64::from(!is_completed(text) || *told != place);
            }
            Some((text, Outcome::Unknown)) => {
                found.corrupted += u64::from(!is_whole && !is_completed(text));
            }
            Some((text, Outcome::Refused)) if is_completed(text) => found.phantom += 1,
            Some((_, Outcome::Refused)) | None => found.corrupted += u64::from(!is_whole),
        }
        if *found != before {
            eprintln!(
                "{place}: {reply:?} where the twin would say {script:?} and its owner said {spoken:?}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, reply_to: Option<&str>, text: &str, by_owner: usize) -> Line {
        Line {
            message_id: id.to_owned(),
            reply_to: reply_to.map(str::to_owned),
            text: text.to_owned(),
            by_owner,
            failure: None,
        }
    }

    /// A question whose reply was taken over, and one whose reply was not.
    fn dialogue() -> Dialogue {
        let mut dialogue = Dialogue::default();
        dialogue.asks("first".to_owned(), Some("one two".to_owned()));
        dialogue.acknowledged("q1", 1);
        dialogue.speaks("r1", "mine".to_owned());
        dialogue.spoken("r1", 2);
        dialogue.asks("second".to_owned(), Some("three four".to_owned()));
        dialogue.acknowledged("q2", 3);
        dialogue.speaks("r2", "late".to_owned());
        dialogue.refused("r2");
        dialogue
    }

    fn found(change: impl Fn(&mut BTreeMap<u64, Line>)) -> Violations {
        let mut log = BTreeMap::from([
            (1, line("q1", None, "first", 0)),
            (2, line("r1", Some("q1"), "one mine", 4)),
            (3, line("q2", None, "second", 0)),
            (4, line("r2", Some("q2"), "three four", 0)),
        ]);
        change(&mut log);
        dialogue().check(&log)
    }

    #[test]
    fn every_broken_promise_of_a_dialogue_is_found() {
        let none = Violations::default();
        assert_eq!(found(|_| {}), none);
        let lost = Violations { lost: 1, ..none };
        assert_eq!(found(|log| drop(log.remove(&4))), lost);
        assert_eq!(
            found(|log| log.get_mut(&2).unwrap().text = "one two".to_owned()),
            lost
        );
        assert_eq!(found(|log| log.get_mut(&2).unwrap().by_owner = 3), lost);
        let again = line("r3", Some("q2"), "three four", 0);
        let duplicated = Violations {
            duplicated: 1,
            ..none
        };
        assert_eq!(found(|log| drop(log.insert(5, again.clone()))), duplicated);
        let stranger = line("x", None, "who is this", 0);
        let phantom = Violations { phantom: 1, ..none };
        assert_eq!(found(|log| drop(log.insert(5, stranger.clone()))), phantom);
        let late = line("r2", Some("q2"), "three late", 4);
        assert_eq!(found(|log| drop(log.insert(4, late.clone()))), phantom);
        let torn = line("r2", Some("q2"), "three", 0);
        let corrupted = Violations {
            corrupted: 1,
            ..none
        };
        assert_eq!(found(|log| drop(log.insert(4, torn.clone()))), corrupted);
    }

    #[test]
    fn replies_are_held_against_what_their_questions_have_the_twin_say() {
        let mut dialogue = Dialogue::default();
        dialogue.asks("first".to_owned(), Some("one two".to_owned()));
        dialogue.asks("second".to_owned(), Some("three four".to_owned()));
        let log = BTreeMap::from([
            (1, line("q1", None, "first", 0)),
            (2, line("r1", Some("q1"), "one two", 0)),
            (3, line("q2", None, "second", 0)),
            (4, line("r2", Some("q2"), "one two", 0)),
        ]);
        let count = |replies: &[&str]| {
            let replies = replies.iter().map(|reply| (*reply).to_owned()).collect();
            dialogue.as_scripted(&log, &replies)
        };
        assert_eq!(
            [count(&["r1"]), count(&["r2"]), count(&["r1", "r3"])],
            [1, 0, 1]
        );
    }

    #[test]
    fn what_has_no_outcome_may_stand_there_or_not() {
        let mut dialogue = Dialogue::default();
        dialogue.asks("first".to_owned(), Some("one two".to_owned()));
        dialogue.acknowledged("q1", 1);
        dialogue.speaks("r1", "mine".to_owned());
        for (text, by_owner, corrupted) in
            [("one two", 0, 0), ("one mine", 4, 0), ("one mine", 0, 1)]
        {
            let log = BTreeMap::from([
                (1, line("q1", None, "first", 0)),
                (2, line("r1", Some("q1"), text, by_owner)),
            ]);
            assert_eq!(dialogue.check(&log).corrupted, corrupted, "{text}");
        }
        assert_eq!(dialogue.counts(), (1, 0));
    }
}
