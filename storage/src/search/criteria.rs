//! What a search asks of a message, with every name resolved: as terms of the index, and as a look at the message itself.

use std::collections::HashSet;

use protocol::{Author, Authorship, ConversationId, MessageId, UserId};
use uuid::Uuid;

use super::block::{EVERYWHERE, NOWHERE, Places, both, either, find, may_have};
use super::index::{
    HAS_ATTACHMENT, HAS_FILE, HAS_IMAGE, HAS_LINK, HAS_REACTION, HAS_SOURCE, author_term,
    images_and_files,
};
use super::query::{Has, Phrase, Who};
use super::snippet::Snippet;
use super::text::{Term, hash, words};
use super::{Search, SearchHit, SearchSort};
use crate::StorageError;
use crate::engine::{DatabaseError, Engine, only};
use crate::messages::{author_parts, read_author, read_authorship};
use crate::value::{Row, params};

const NAMES: &str = "SELECT DISTINCT COALESCE(o.user_id, o.twin_id), COALESCE(u.name, t.name) FROM members m \
     JOIN members o ON o.conversation_id = m.conversation_id \
     LEFT JOIN users u ON u.id = o.user_id LEFT JOIN twins t ON t.id = o.twin_id WHERE m.user_id = $1";
/// Messages of a conversation that the person takes part in, in the order of `read_candidate`.
pub(super) const MESSAGES: &str = concat!(
    "SELECT n.conversation_id, n.seq, n.message_id, n.created_at, n.text, \
     CASE WHEN n.stop_reason IS NULL THEN 0 ELSE (SELECT COUNT(*) FROM message_sources s \
     WHERE s.conversation_id = n.conversation_id AND s.seq = n.seq) END, \
     CASE WHEN n.reacted = 0 THEN 0 ELSE (SELECT COUNT(*) FROM reactions r \
     WHERE r.conversation_id = n.conversation_id AND r.seq = n.seq) END, ",
    images_and_files!(),
    ", n.thread, n.author_kind, n.author_id, n.author_name, n.authorship \
     FROM members m JOIN messages n ON n.conversation_id = m.conversation_id \
     WHERE m.user_id = $1 AND m.conversation_id = $2 AND n.seq >= $3 AND n.seq <= $4 \
     AND n.created_at >= $5 AND n.created_at <= $6 AND n.deleted_at IS NULL AND n.superseded = 0"
);

/// What a message must be, with every name resolved.
pub(super) struct Criteria {
    phrases: Vec<Phrase>,
    without: Vec<Phrase>,
    /// Its author is one of these, if there are any.
    from: Option<HashSet<Uuid>>,
    not_from: HashSet<Uuid>,
    /// It is older than this.
    before: i64,
    /// It is of this moment or newer.
    after: i64,
    has: Vec<Has>,
    has_not: Vec<Has>,
    /// It comes after this in the order of time, the newest first.
    older_than: Option<(i64, MessageId)>,
    /// The index knows it by all of these.
    all_of: Vec<Term>,
    /// The index knows it by one of these, if there are any.
    any_of: Option<Vec<Term>>,
}

impl Criteria {
    pub(super) async fn new(engine: &Engine, search: &Search) -> Result<Self, DatabaseError> {
        let query = search.query.clone();
        let everybody = match query.names_somebody() {
            true => {
                let rows = only(engine.read(vec![(NAMES, params![search.user])]).await?)?;
                rows.map(|mut row| Ok((row.id::<UserId>()?.as_uuid(), row.text()?)))?
            }
            false => Vec::new(),
        };
        let ids = |people: &[Who]| -> HashSet<Uuid> {
            let ids = people.iter().flat_map(|who| match who {
                Who::Me => vec![search.user.as_uuid()],
                Who::Id(id) => vec![*id],
                Who::Named(phrase) => everybody
                    .iter()
                    .filter(|(_, name)| phrase.stands_in(&words(name)))
                    .map(|(id, _)| *id)
                    .collect(),
            });
            ids.collect()
        };
        let from = (!query.from.is_empty()).then(|| ids(&query.from));
        let mut all_of: Vec<Term> = query
            .phrases
            .iter()
            .flat_map(|phrase| phrase.terms.iter().copied())
            .chain(query.has.iter().map(|has| has.term()))
            .collect();
        all_of.sort_unstable();
        all_of.dedup();
        let authors = from.iter().flatten();
        let any_of = authors.map(|id| author_term(id.as_bytes())).collect();
        let older_than = match search.sort {
            SearchSort::Newest => search
                .after
                .map(|place| (place.created_at, place.message_id)),
            SearchSort::Best => None,
        };
        Ok(Self {
            not_from: ids(&query.not_from),
            phrases: query.phrases,
            without: query.without,
            before: query.before.unwrap_or(i64::MAX),
            after: query.after.unwrap_or(i64::MIN),
            has: query.has,
            has_not: query.has_not,
            older_than,
            all_of,
            any_of: from.is_some().then_some(any_of),
            from,
        })
    }

    /// The oldest and the newest time that a message may have.
    pub(super) fn times(&self) -> (i64, i64) {
        let newest_at = self.before.saturating_sub(1);
        let older_than = self.older_than.map_or(i64::MAX, |(at, _)| at);
        (self.after, newest_at.min(older_than))
    }

    /// Whether the index says anything about what is looked for.
    pub(super) fn are_indexed(&self) -> bool {
        !self.all_of.is_empty() || self.any_of.is_some()
    }

    /// Whether a block with this filter may have something.
    pub(super) fn may_be_in(&self, filter: &[u8]) -> bool {
        let may_have = |term: &Term| may_have(filter, *term);
        self.all_of.iter().all(may_have)
            && self
                .any_of
                .as_ref()
                .is_none_or(|any| any.iter().any(may_have))
    }

    /// Where in a block with these hits something may be.
    pub(super) fn places(&self, hits: &[u8]) -> Result<Places, StorageError> {
        let all = find(hits, &self.all_of)?;
        let places = all.into_iter().fold(EVERYWHERE, both);
        match &self.any_of {
            Some(any) => {
                let any = find(hits, any)?;
                Ok(both(places, any.into_iter().fold(NOWHERE, either)))
            }
            None => Ok(places),
        }
    }

    /// The message as a hit, if it is what is looked for.
    fn hit(&self, message: Candidate) -> Option<SearchHit> {
        let (author, _) = author_parts(&message.author);
        let is_by = self.from.as_ref().is_none_or(|from| from.contains(&author))
            && !self.not_from.contains(&author);
        let place = (message.created_at, message.message_id);
        let is_of_the_time = message.created_at < self.before
            && message.created_at >= self.after
            && self.older_than.is_none_or(|older_than| place < older_than);
        let has = |has: &Has| match has {
            Has::Link => has_link(&message.text),
            Has::Reaction => message.reactions > 0,
            Has::Source => message.sources > 0,
            Has::Attachment => message.images + message.files > 0,
            Has::Image => message.images > 0,
            Has::File => message.files > 0,
        };
        if !is_by || !is_of_the_time || !self.has.iter().all(has) || self.has_not.iter().any(has) {
            return None;
        }
        let text = words(&message.text);
        let mut places = Vec::new();
        let mut score = 0;
        for phrase in &self.phrases {
            let of_phrase = phrase.places(&text);
            if of_phrase.is_empty() {
                return None;
            }
            score += score_of(of_phrase.len(), text.len());
            places.extend(of_phrase);
        }
        if self.without.iter().any(|phrase| phrase.stands_in(&text)) {
            return None;
        }
        Some(SearchHit {
            conversation_id: message.conversation_id,
            seq: message.seq,
            message_id: message.message_id,
            thread: message.thread,
            authorship: message.authorship,
            author: message.author,
            created_at: message.created_at,
            snippet: Snippet::new(&message.text, places),
            score,
        })
    }
}

impl Has {
    fn term(self) -> Term {
        Term(hash(match self {
            Self::Link => HAS_LINK,
            Self::Reaction => HAS_REACTION,
            Self::Source => HAS_SOURCE,
            Self::Attachment => HAS_ATTACHMENT,
            Self::Image => HAS_IMAGE,
            Self::File => HAS_FILE,
        }))
    }
}

/// How good it is that a phrase stands so often in a text of so many words: BM25's share for one term in millionths, with
/// k1 = 1.2, b = 0.75 and texts of 32 words as the usual ones. In whole numbers, so that it is the same everywhere.
fn score_of(often: usize, words: usize) -> u32 {
    let often = often as u64 * 1000;
    let length = 300 + 900 * words as u64 / 32;
    u32::try_from(often * 2_200_000 / (often + length)).unwrap_or(u32::MAX)
}

/// Whether a text has a web address.
pub(super) fn has_link(text: &str) -> bool {
    text.match_indices("://").any(|(at, mark)| {
        let (before, after) = (&text.as_bytes()[..at], &text[at + mark.len()..]);
        let is_scheme = |scheme: &str| {
            let begin = before.len().checked_sub(scheme.len());
            begin.is_some_and(|begin| before[begin..].eq_ignore_ascii_case(scheme.as_bytes()))
        };
        (is_scheme("http") || is_scheme("https")) && after.starts_with(char::is_alphanumeric)
    })
}

/// A message that may be meant.
struct Candidate {
    conversation_id: ConversationId,
    seq: u64,
    message_id: MessageId,
    author: Author,
    created_at: i64,
    text: String,
    sources: u64,
    reactions: u64,
    images: u64,
    files: u64,
    thread: Option<MessageId>,
    authorship: Option<Authorship>,
}

fn read_candidate(mut row: Row) -> Result<Candidate, StorageError> {
    Ok(Candidate {
        conversation_id: row.id()?,
        seq: row.count()?,
        message_id: row.id()?,
        created_at: row.int()?,
        text: row.text()?,
        sources: row.count()?,
        reactions: row.count()?,
        images: row.count()?,
        files: row.count()?,
        thread: row.optional_id()?,
        author: read_author(&mut row)?,
        authorship: read_authorship(&mut row)?,
    })
}

/// Those of these messages that are what is looked for.
pub(super) fn hits(criteria: &Criteria, rows: Vec<Row>) -> Result<Vec<SearchHit>, StorageError> {
    let mut hits = Vec::new();
    for row in rows {
        hits.extend(criteria.hit(read_candidate(row)?));
    }
    Ok(hits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_web_address() {
        for (text, expected) in [
            ("see https://example.com", true),
            ("HTTP://x", true),
            ("看http://例子", true),
            ("https:// nothing", false),
            ("ftp://example.com", false),
            ("xhttps:/", false),
            ("://x", false),
            ("", false),
        ] {
            assert_eq!(has_link(text), expected, "{text}");
        }
    }

    #[test]
    fn the_more_of_a_text_a_phrase_makes_up_the_better() {
        let scores = [(1, 1000), (1, 32), (1, 3), (2, 32), (9, 32), (1000, 1000)]
            .map(|(often, words)| score_of(often, words));
        assert!(scores[0] < scores[1] && scores[1] < scores[2]);
        assert!(scores[1] < scores[3] && scores[3] < scores[4]);
        assert!(scores.iter().all(|score| (1..=2_200_000).contains(score)));
    }
}
