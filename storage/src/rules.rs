//! What a room asks of those who write in it: which words are forbidden, and how long one waits between two messages.

use std::sync::Arc;

use protocol::{Attachment, ConversationId, UserId};

use crate::StorageError;
use crate::engine::Query;
use crate::messages::NewMessage;
use crate::search::ForbiddenWords;
use crate::value::{Row, params};

/// The columns of a room's rules, of a row that may be absent.
macro_rules! rules_columns {
    () => {
        "r.changed_seq, r.slow_mode_seconds, r.words"
    };
}
pub(crate) use rules_columns;

const SET_WORDS: &str = "INSERT INTO room_rules (conversation_id, changed_seq, words) VALUES ($1, $2, $3) \
     ON CONFLICT (conversation_id) DO UPDATE SET changed_seq = excluded.changed_seq, words = excluded.words";
const SET_SLOW_MODE: &str = "INSERT INTO room_rules (conversation_id, changed_seq, slow_mode_seconds) VALUES ($1, $2, $3) \
     ON CONFLICT (conversation_id) DO UPDATE SET changed_seq = excluded.changed_seq, \
     slow_mode_seconds = excluded.slow_mode_seconds";
const FORGET_LAST_SENT: &str = "DELETE FROM last_sent WHERE conversation_id = $1";
/// Whoever has judged by older rules is to judge anew.
const COUNT_UP: &str = "UPDATE conversations SET rules_revision = rules_revision + 1 WHERE id = $1";
/// A time that is far ahead is that of a clock that was wrong.
const NOTE_SENT: &str = "INSERT INTO last_sent (conversation_id, user_id, sent_at) VALUES ($1, $2, $3) \
     ON CONFLICT (conversation_id, user_id) DO UPDATE SET sent_at = excluded.sent_at \
     WHERE last_sent.sent_at <= $4 OR last_sent.sent_at > $5 RETURNING sent_at";
const LAST_SENT: &str = "SELECT sent_at FROM last_sent WHERE conversation_id = $1 AND user_id = $2";

/// What a room asks of those who write in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomRules {
    /// Words that nobody may write, twins and bots included.
    pub words: Arc<ForbiddenWords>,
    /// Seconds between two messages of one person or bot who doesn't keep order there; none when one need not wait.
    pub slow_mode_seconds: Option<u32>,
    /// The `seq` of the newest change of them; 0 when there was none.
    pub seq: u64,
}

/// What a room asks of one message that only the transaction which stores it can judge.
#[derive(Debug, Clone, Default)]
pub struct MessageRules {
    /// Who sends it and has to wait between two messages.
    pub pace: Option<Pace>,
    /// Words that must not stand in the names of its files.
    pub words: Arc<ForbiddenWords>,
}

/// How long somebody waits between two messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Who.
    pub user: UserId,
    /// At least so many milliseconds.
    pub wait_ms: u32,
}

impl MessageRules {
    /// Refuses files whose names say what the room forbids.
    pub(crate) fn check_names(&self, files: &[Attachment]) -> Result<(), StorageError> {
        let is_forbidden = |file: &Attachment| self.words.find(&file.name).is_some();
        match files.iter().any(is_forbidden) {
            true => Err(StorageError::Forbidden(
                "a word in the name of a file is forbidden in this room",
            )),
            false => Ok(()),
        }
    }
}

impl RoomRules {
    /// Reads [`rules_columns`].
    pub(crate) fn read(row: &mut Row) -> Result<Self, StorageError> {
        let seq = row.optional_int()?;
        let seconds = row.optional_int()?.unwrap_or_default();
        let words = row.optional_text()?.unwrap_or_default();
        let corrupt = |what: String| StorageError::Corrupt(format!("rules of a room: {what}"));
        let seconds = u32::try_from(seconds).map_err(|error| corrupt(error.to_string()))?;
        let words = ForbiddenWords::new(read_words(&words));
        Ok(Self {
            words: Arc::new(words.map_err(|error| corrupt(error.to_string()))?),
            slow_mode_seconds: Some(seconds).filter(|seconds| *seconds > 0),
            seq: u64::try_from(seq.unwrap_or_default())
                .map_err(|error| corrupt(error.to_string()))?,
        })
    }
}

/// Words as one text of the database: one a line.
pub(crate) fn written_words(words: &[String]) -> String {
    words.join("\n")
}

pub(crate) fn read_words(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The statements that forbid these words, by the change `changed_seq`.
pub(crate) fn set_words(room: ConversationId, changed_seq: u64, words: &[String]) -> Vec<Query> {
    let parameters = params![room, changed_seq, written_words(words)];
    vec![(SET_WORDS, parameters), (COUNT_UP, params![room])]
}

/// The statements that have people wait so long between two messages, by the change `changed_seq`.
pub(crate) fn set_slow_mode(
    room: ConversationId,
    changed_seq: u64,
    seconds: Option<u32>,
) -> Vec<Query> {
    let parameters = params![room, changed_seq, seconds.unwrap_or_default()];
    let mut statements = vec![(SET_SLOW_MODE, parameters), (COUNT_UP, params![room])];
    if seconds.is_none() {
        statements.push((FORGET_LAST_SENT, params![room]));
    }
    statements
}

/// A message that somebody may send only so long after the last one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paced {
    room: ConversationId,
    user: UserId,
    sent_at: i64,
    wait_ms: i64,
}

impl Paced {
    /// A message, if it is one of those.
    pub(crate) fn of(message: &NewMessage) -> Option<Self> {
        let Pace { user, wait_ms } = message.rules.pace?;
        Some(Self {
            room: message.conversation_id,
            user,
            sent_at: message.created_at,
            wait_ms: wait_ms.into(),
        })
    }

    /// The statement that notes that it is sent, and finds nothing when it is too soon.
    pub(crate) fn note(self) -> Query {
        let (earliest, absurd) = (self.sent_at - self.wait_ms, self.sent_at + self.wait_ms);
        let parameters = params![self.room, self.user, self.sent_at, earliest, absurd];
        (NOTE_SENT, parameters)
    }

    /// The statement that reads when the last one was sent.
    pub(crate) fn last(self) -> Query {
        (LAST_SENT, params![self.room, self.user])
    }

    /// Why it is refused.
    pub(crate) fn too_soon(self, last_sent_at: i64) -> StorageError {
        let wait = (last_sent_at + self.wait_ms - self.sent_at).clamp(1, self.wait_ms.max(1));
        StorageError::TooSoon {
            retry_after_ms: wait.unsigned_abs(),
        }
    }
}
