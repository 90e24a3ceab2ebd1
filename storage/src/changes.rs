//! Changes of messages: each an entry of the log, numbered like the messages, made once however often it is sent.

use protocol::{Author, Change, ClientId, ConversationId, MessageId, UserId, What};

use crate::append::COUNT_UP;
use crate::engine::{DatabaseError, Engine, Query, each, until_no_collision};
use crate::messages::{author_kind, read_author, read_client_id, read_emoji};
use crate::metrics::Call;
use crate::search::{forget_block, forget_block_at_first_reaction};
use crate::value::{Row, Value, params};
use crate::{Storage, StorageError};

/// Edits of one message: each is kept.
const EDITS_MAX: u64 = 100;
/// Reactions of one person beside one message.
const REACTIONS_MAX: u64 = 20;

/// The columns of a change; the text of an edit is what its message says now.
macro_rules! columns {
    () => {
        "c.conversation_id, c.seq, c.author_kind, c.author_id, c.author_name, c.client_id, c.created_at, \
         c.kind, c.message_id, c.emoji, m.text"
    };
}
pub(crate) const AFTER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM changes c JOIN messages m ON m.message_id = c.message_id \
     WHERE c.conversation_id = $1 AND c.seq > $2 AND c.seq <= $3 ORDER BY c.seq"
);
/// A change that was sent before, with the text that it was sent with as long as its message has one.
const FIND_SENT: &str = concat!(
    "SELECT ",
    columns!(),
    ", v.text FROM changes c JOIN messages m ON m.message_id = c.message_id \
     LEFT JOIN message_versions v ON v.conversation_id = m.conversation_id AND v.seq = m.seq \
     AND v.changed_seq = c.seq WHERE c.author_id = $1 AND c.client_id = $2"
);
/// How a message stands, for a person who is about to change it.
const STATE: &str = "SELECT seq, deleted_at, \
     (SELECT COUNT(*) FROM message_versions v WHERE v.conversation_id = m.conversation_id AND v.seq = m.seq), \
     (SELECT COUNT(*) FROM reactions r WHERE r.conversation_id = m.conversation_id AND r.seq = m.seq \
     AND r.user_id = $3), \
     (SELECT COUNT(*) FROM reactions r WHERE r.conversation_id = m.conversation_id AND r.seq = m.seq \
     AND r.user_id = $3 AND r.emoji = $4) \
     FROM messages m WHERE m.message_id = $1 AND m.conversation_id = $2";
const INSERT: &str = "INSERT INTO changes \
     (conversation_id, seq, author_kind, author_id, author_name, client_id, created_at, kind, message_id, emoji) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const KEEP_FIRST_TEXT: &str = "INSERT INTO message_versions \
     (conversation_id, seq, changed_seq, text, created_at) \
     SELECT conversation_id, seq, 0, text, created_at FROM messages \
     WHERE conversation_id = $1 AND seq = $2 AND edited_at IS NULL";
const KEEP_TEXT: &str = "INSERT INTO message_versions \
     (conversation_id, seq, changed_seq, text, created_at) VALUES ($1, $2, $3, $4, $5)";
const EDIT: &str =
    "UPDATE messages SET text = $3, edited_at = $4 WHERE conversation_id = $1 AND seq = $2";
const DELETE: &str = "UPDATE messages SET text = '', edited_at = NULL, deleted_at = $3, reacted = 0, \
     failure_message = CASE WHEN failure_message IS NULL THEN NULL ELSE '' END \
     WHERE conversation_id = $1 AND seq = $2";
const DELETE_TEXTS: &str = "DELETE FROM message_versions WHERE conversation_id = $1 AND seq = $2";
const DELETE_SOURCES: &str = "DELETE FROM message_sources WHERE conversation_id = $1 AND seq = $2";
const DELETE_REACTIONS: &str = "DELETE FROM reactions WHERE conversation_id = $1 AND seq = $2";
const REACT: &str = "INSERT INTO reactions (conversation_id, seq, user_id, emoji, changed_seq) \
     VALUES ($1, $2, $3, $4, $5)";
const NOTE_REACTION: &str =
    "UPDATE messages SET reacted = 1 WHERE conversation_id = $1 AND seq = $2";
const UNREACT: &str = "DELETE FROM reactions \
     WHERE conversation_id = $1 AND seq = $2 AND user_id = $3 AND emoji = $4";

/// A change that is to be made. Whether its author may make it is the caller's business.
#[derive(Debug, Clone)]
pub struct NewChange {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Who changes it.
    pub user_id: UserId,
    /// The name of who changes it.
    pub name: String,
    /// Whether that is a bot.
    pub is_bot: bool,
    /// The sender's own id for the change: the same one again changes nothing.
    pub client_id: ClientId,
    /// What is to be different.
    pub what: What,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

impl NewChange {
    fn author(&self) -> Author {
        let (id, name) = (self.user_id, self.name.clone());
        match self.is_bot {
            true => Author::Bot { id, name },
            false => Author::User { id, name },
        }
    }
}

/// What became of a change; it is committed in both cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It is made.
    New(Change),
    /// Its author had sent it before.
    Duplicate(Change),
}

impl Storage {
    /// Makes a change; it is committed when this ends with `Ok`.
    ///
    /// `Conflict` when its author has used the client id for something else, or when the reaction is there already;
    /// `NotFound` when the message is not there any more, or the reaction is not; `LimitReached` when the message was edited too
    /// often or has too many reactions of this person.
    pub async fn change(&self, change: NewChange) -> Result<Changed, StorageError> {
        let engine = self.engine();
        let conversation = change.conversation_id;
        let changed = self.call(Call::Write, async move {
            until_no_collision!(make(&engine, &change))
        });
        let changed = changed.await?;
        self.unindexed().note(conversation);
        Ok(changed)
    }
}

async fn make(engine: &Engine, new: &NewChange) -> Result<Changed, DatabaseError> {
    let emoji = match &new.what {
        What::Reacted { emoji, .. } | What::Unreacted { emoji, .. } => emoji.as_str(),
        What::Edited { .. } | What::Deleted { .. } => "",
    };
    let (id, no_activity) = (new.conversation_id, 0_i64);
    let message_id = new.what.message_id();
    // The conversation's row is locked by the first statement: what the others find stays as it is.
    let queries = vec![
        (COUNT_UP, params![id, 1_u64, no_activity]),
        (FIND_SENT, params![new.user_id, &new.client_id]),
        (STATE, params![message_id, id, new.user_id, emoji]),
    ];
    let (transaction, results) = engine.begin(queries).await?;
    let [counted, sent, state] = each(results)?;
    if let Some(row) = sent.first() {
        transaction.roll_back().await;
        let (change, text) = read_sent(row)?;
        return match same_request(&change, text.as_deref(), new) {
            true => Ok(Changed::Duplicate(change)),
            false => Err(StorageError::Conflict("client id").into()),
        };
    }
    let (Some(mut counted), Some(state)) = (counted.first(), state.first()) else {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("message").into());
    };
    let seq = counted.count()?;
    let statements = match State::read(state)?.statements(new, seq) {
        Ok(statements) => statements,
        Err(refused) => {
            transaction.roll_back().await;
            return Err(refused.into());
        }
    };
    let made = transaction.commit(statements).await;
    made.map_err(|error| match error {
        // The same client id was used in another conversation since we looked: now it will be found.
        DatabaseError::Unique => DatabaseError::Collision("a client id was used twice".into()),
        error => error.missing("account"),
    })?;
    Ok(Changed::New(Change {
        conversation_id: new.conversation_id,
        seq,
        author: new.author(),
        created_at: new.created_at,
        client_id: new.client_id.clone(),
        what: new.what.clone(),
    }))
}

/// How a message stands.
struct State {
    seq: u64,
    deleted: bool,
    /// Texts that it has had, when it was edited.
    versions: u64,
    /// Reactions of the person.
    reactions: u64,
    /// The person's reaction with this emoji is there.
    reacted: bool,
}

impl State {
    fn read(mut row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            seq: row.count()?,
            deleted: row.optional_int()?.is_some(),
            versions: row.count()?,
            reactions: row.count()?,
            reacted: row.int()? > 0,
        })
    }

    /// The statements that make a change, numbered `changed_seq`, of the message that stands like this.
    fn statements(&self, new: &NewChange, changed_seq: u64) -> Result<Vec<Query>, StorageError> {
        if self.deleted {
            return Err(StorageError::NotFound("message"));
        }
        let conversation = new.conversation_id;
        let message = || params![conversation, self.seq];
        let with = |more: Vec<Value>| [message(), more].concat();
        let mut emoji_of_change = None;
        let mut statements = match &new.what {
            What::Edited { text, .. } => {
                if self.versions > EDITS_MAX {
                    return Err(StorageError::LimitReached {
                        what: "edits of this message",
                        max: EDITS_MAX,
                    });
                }
                vec![
                    forget_block(conversation, self.seq),
                    (KEEP_FIRST_TEXT, message()),
                    (KEEP_TEXT, with(params![changed_seq, text, new.created_at])),
                    (EDIT, with(params![text, new.created_at])),
                ]
            }
            What::Deleted { .. } => vec![
                forget_block(conversation, self.seq),
                (DELETE, with(params![new.created_at])),
                (DELETE_TEXTS, message()),
                (DELETE_SOURCES, message()),
                (DELETE_REACTIONS, message()),
            ],
            What::Reacted { emoji, .. } => {
                if self.reacted {
                    return Err(StorageError::Conflict("this reaction"));
                }
                if self.reactions >= REACTIONS_MAX {
                    return Err(StorageError::LimitReached {
                        what: "reactions of yours beside this message",
                        max: REACTIONS_MAX,
                    });
                }
                emoji_of_change = Some(emoji.as_str());
                let reaction = params![new.user_id, emoji.as_str(), changed_seq];
                vec![
                    forget_block_at_first_reaction(conversation, self.seq),
                    (REACT, with(reaction)),
                    (NOTE_REACTION, message()),
                ]
            }
            What::Unreacted { emoji, .. } => {
                if !self.reacted {
                    return Err(StorageError::NotFound("reaction"));
                }
                emoji_of_change = Some(emoji.as_str());
                vec![(UNREACT, with(params![new.user_id, emoji.as_str()]))]
            }
        };
        let parameters = params![
            conversation,
            changed_seq,
            author_kind(&new.author()),
            new.user_id,
            &new.name,
            &new.client_id,
            new.created_at,
            kind(&new.what),
            new.what.message_id(),
            emoji_of_change,
        ];
        statements.push((INSERT, parameters));
        Ok(statements)
    }
}

/// Whether a change that was stored, an edit with this text, is the one that is sent now. Of an edit whose message was deleted
/// no text is left to compare.
fn same_request(stored: &Change, stored_text: Option<&str>, new: &NewChange) -> bool {
    if stored.conversation_id != new.conversation_id {
        return false;
    }
    match (&stored.what, &new.what) {
        (
            What::Edited { message_id, .. },
            What::Edited {
                message_id: other,
                text,
            },
        ) => message_id == other && stored_text.is_none_or(|stored| stored == text),
        (stored, new) => stored == new,
    }
}

const fn kind(what: &What) -> &'static str {
    match what {
        What::Edited { .. } => "edited",
        What::Deleted { .. } => "deleted",
        What::Reacted { .. } => "reacted",
        What::Unreacted { .. } => "unreacted",
    }
}

pub(crate) fn read_change(mut row: Row) -> Result<Change, StorageError> {
    read_change_from(&mut row)
}

/// Reads a change, and the text that it was sent with.
fn read_sent(mut row: Row) -> Result<(Change, Option<String>), StorageError> {
    Ok((read_change_from(&mut row)?, row.optional_text()?))
}

fn read_change_from(row: &mut Row) -> Result<Change, StorageError> {
    let conversation_id = row.id()?;
    let seq = row.count()?;
    let author = read_author(row)?;
    let client_id = read_client_id(row.text()?)?;
    let created_at = row.int()?;
    let kind = row.text()?;
    let message_id: MessageId = row.id()?;
    let emoji = row.optional_text()?.map(read_emoji).transpose()?;
    let text = row.text()?;
    let what = match (kind.as_str(), emoji) {
        ("edited", None) => What::Edited { message_id, text },
        ("deleted", None) => What::Deleted { message_id },
        ("reacted", Some(emoji)) => What::Reacted { message_id, emoji },
        ("unreacted", Some(emoji)) => What::Unreacted { message_id, emoji },
        _ => return Err(StorageError::Corrupt("a stored change is none".into())),
    };
    Ok(Change {
        conversation_id,
        seq,
        author,
        created_at,
        client_id,
        what,
    })
}
