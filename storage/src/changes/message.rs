//! Changes of messages: their texts, what stands beside them, and whether they are kept in view.

use protocol::{Authorship, MessageId, What, Writer};

use super::{NewChange, Statements};
use crate::attachments::detach;
use crate::engine::Query;
use crate::memories::{FORGET_MESSAGE, NOTE_MESSAGE};
use crate::messages::read_authorship;
use crate::recaps::FORGET_RECAPS_OF_MESSAGE;
use crate::replies::{FORGET_BEGINNING, FORGET_PENDING};
use crate::search::{forget_block, forget_block_at_first_reaction};
use crate::value::{Row, Value, params};
use crate::{StorageError, feedback, origins, scrub};

/// Edits of one message: each is kept.
const EDITS_MAX: u64 = 100;
/// Reactions of one person beside one message.
const REACTIONS_MAX: u64 = 20;
/// Messages of one conversation that are kept in view: more is no view.
const PINS_MAX: u64 = 50;

/// How a message stands, for a person who is about to change it.
const STATE: &str = "SELECT seq, deleted_at, \
     (SELECT COUNT(*) FROM message_versions v WHERE v.conversation_id = m.conversation_id AND v.seq = m.seq), \
     (SELECT COUNT(*) FROM reactions r WHERE r.conversation_id = m.conversation_id AND r.seq = m.seq \
     AND r.user_id = $3), \
     (SELECT COUNT(*) FROM reactions r WHERE r.conversation_id = m.conversation_id AND r.seq = m.seq \
     AND r.user_id = $3 AND r.emoji = $4), pinned_seq, \
     (SELECT COUNT(*) FROM messages p WHERE p.conversation_id = m.conversation_id AND p.pinned_seq IS NOT NULL), \
     COALESCE(m.variant_of, m.message_id), m.superseded, \
     (SELECT COUNT(*) FROM messages v WHERE v.variant_of = COALESCE(m.variant_of, m.message_id)), \
     CASE WHEN CAST($5 AS BIGINT) = 1 AND m.author_kind = 'twin' THEN m.text END, m.authorship \
     FROM messages m WHERE m.message_id = $1 AND m.conversation_id = $2";
const KEEP_FIRST_TEXT: &str = "INSERT INTO message_versions \
     (conversation_id, seq, changed_seq, text, created_at) \
     SELECT conversation_id, seq, 0, text, created_at FROM messages \
     WHERE conversation_id = $1 AND seq = $2 AND edited_at IS NULL";
const KEEP_TEXT: &str = "INSERT INTO message_versions \
     (conversation_id, seq, changed_seq, text, created_at) VALUES ($1, $2, $3, $4, $5)";
const EDIT: &str = "UPDATE messages SET text = $3, edited_at = $4, authorship = $5 WHERE conversation_id = $1 AND seq = $2";
const DELETE: &str = "UPDATE messages SET text = '', authorship = NULL, edited_at = NULL, deleted_at = $3, reacted = 0, attached = 0, pinned_seq = NULL, \
     failure_message = CASE WHEN failure_message IS NULL THEN NULL ELSE '' END \
     WHERE conversation_id = $1 AND seq = $2";
const DELETE_TEXTS: &str = "DELETE FROM message_versions WHERE conversation_id = $1 AND seq = $2";
const DELETE_SOURCES: &str = "DELETE FROM message_sources WHERE conversation_id = $1 AND seq = $2";
const DELETE_REACTIONS: &str = "DELETE FROM reactions WHERE conversation_id = $1 AND seq = $2";
/// Of all attempts at a reply one counts.
const CHOOSE: &str = "UPDATE messages SET superseded = CASE WHEN message_id = $3 THEN 0 ELSE 1 END \
     WHERE conversation_id = $1 AND (message_id = $2 OR variant_of = $2) AND deleted_at IS NULL";
/// When the attempt that counted is deleted, the newest that is left and says something does.
const CHOOSE_NEWEST: &str = "UPDATE messages SET superseded = 0 WHERE conversation_id = $1 AND seq = \
     (SELECT MAX(seq) FROM messages WHERE conversation_id = $1 AND (message_id = $2 OR variant_of = $2) \
     AND deleted_at IS NULL AND text <> '' AND stop_reason <> 'failed')";
const REACT: &str = "INSERT INTO reactions (conversation_id, seq, user_id, emoji, changed_seq) \
     VALUES ($1, $2, $3, $4, $5)";
const NOTE_REACTION: &str =
    "UPDATE messages SET reacted = 1 WHERE conversation_id = $1 AND seq = $2";
const UNREACT: &str = "DELETE FROM reactions \
     WHERE conversation_id = $1 AND seq = $2 AND user_id = $3 AND emoji = $4";

const PIN: &str = "UPDATE messages SET pinned_seq = $3 WHERE conversation_id = $1 AND seq = $2";

/// The statement that reads how a message stands.
pub(super) fn state(new: &NewChange, message_id: MessageId) -> Query {
    let emoji = match &new.what {
        What::Reacted { emoji, .. } | What::Unreacted { emoji, .. } => emoji.as_str(),
        _ => "",
    };
    let is_edit = i64::from(matches!(new.what, What::Edited { .. }));
    let parameters = params![message_id, new.conversation_id, new.user_id, emoji, is_edit];
    (STATE, parameters)
}

fn read_of_twin(row: &mut Row) -> Result<Option<(String, Authorship)>, StorageError> {
    let text = row.optional_text()?;
    let authorship = read_authorship(row)?;
    Ok(text.map(|text| {
        let authorship = authorship.unwrap_or_else(|| Authorship::of(Writer::Twin, &text));
        (text, authorship)
    }))
}

/// How a message stands.
pub(super) struct MessageState {
    seq: u64,
    deleted: bool,
    /// Texts that it has had, when it was edited.
    versions: u64,
    /// Reactions of the person.
    reactions: u64,
    /// The person's reaction with this emoji is there.
    reacted: bool,
    pinned: bool,
    /// Messages of the conversation that are pinned.
    pins: u64,
    /// The first attempt at the same reply.
    first: MessageId,
    /// Another attempt counts.
    superseded: bool,
    /// There are further attempts.
    attempted_again: bool,
    /// What a twin's message that is edited says, and who wrote it.
    of_twin: Option<(String, Authorship)>,
}

impl MessageState {
    pub(super) fn read(mut row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            seq: row.count()?,
            deleted: row.optional_int()?.is_some(),
            versions: row.count()?,
            reactions: row.count()?,
            reacted: row.int()? > 0,
            pinned: row.optional_int()?.is_some(),
            pins: row.count()?,
            first: row.id()?,
            superseded: row.int()? != 0,
            attempted_again: row.int()? > 0,
            of_twin: read_of_twin(&mut row)?,
        })
    }

    /// What the change is, told with who wrote the text then: what its owner changes in a twin's message is the owner's.
    pub(super) fn completed(&self, what: &What) -> What {
        match (what, &self.of_twin) {
            (
                What::Edited {
                    message_id, text, ..
                },
                Some((before, authorship)),
            ) => {
                let authorship = authorship.edited(before, text, Writer::Owner);
                What::Edited {
                    message_id: *message_id,
                    text: text.clone(),
                    authorship: Some(authorship),
                }
            }
            _ => what.clone(),
        }
    }

    /// The statements that make a change, numbered `changed_seq`, of the message that stands like this.
    pub(super) fn statements(&self, new: &NewChange, changed_seq: u64) -> Statements {
        if self.deleted {
            return Err(StorageError::NotFound("message"));
        }
        let conversation = new.conversation_id;
        let message = || params![conversation, self.seq];
        let with = |more: Vec<Value>| [message(), more].concat();
        Ok(match &new.what {
            What::Edited {
                text, authorship, ..
            } => {
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
                    (
                        EDIT,
                        with(params![
                            text,
                            new.created_at,
                            authorship.as_ref().map(Authorship::to_stored)
                        ]),
                    ),
                    (FORGET_RECAPS_OF_MESSAGE, message()),
                    (NOTE_MESSAGE, params![new.what.message_id()]),
                    (FORGET_MESSAGE, params![new.what.message_id()]),
                ]
            }
            What::Deleted { .. } => {
                let mut statements = vec![
                    forget_block(conversation, self.seq),
                    (DELETE, with(params![new.created_at])),
                    (DELETE_TEXTS, message()),
                    (DELETE_SOURCES, message()),
                    (DELETE_REACTIONS, message()),
                ];
                statements.extend(detach(conversation, self.seq));
                statements.extend([
                    (feedback::REMOVE_ALL, message()),
                    (FORGET_PENDING, params![new.what.message_id()]),
                    (FORGET_RECAPS_OF_MESSAGE, message()),
                    (NOTE_MESSAGE, params![new.what.message_id()]),
                    (FORGET_MESSAGE, params![new.what.message_id()]),
                    (origins::FORGET, params![new.what.message_id()]),
                    (FORGET_BEGINNING, params![new.what.message_id()]),
                    scrub::mark(),
                ]);
                if self.attempted_again && !self.superseded {
                    statements.push((CHOOSE_NEWEST, params![conversation, self.first]));
                }
                statements
            }
            What::Chosen { message_id } => {
                if !self.attempted_again {
                    return Err(StorageError::NotFound("other attempt at this message"));
                }
                if !self.superseded {
                    return Err(StorageError::Refused("this attempt counts already"));
                }
                vec![(CHOOSE, params![conversation, self.first, *message_id])]
            }
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
                vec![(UNREACT, with(params![new.user_id, emoji.as_str()]))]
            }
            What::Pinned { .. } => {
                if self.pinned {
                    return Err(StorageError::Conflict("this pin"));
                }
                if self.pins >= PINS_MAX {
                    return Err(StorageError::LimitReached {
                        what: "pinned messages in this conversation",
                        max: PINS_MAX,
                    });
                }
                vec![(PIN, with(params![changed_seq]))]
            }
            What::Unpinned { .. } => {
                if !self.pinned {
                    return Err(StorageError::NotFound("pin"));
                }
                vec![(PIN, with(params![None::<i64>]))]
            }
            _ => {
                let reason = "a change of a room was taken for one of a message";
                return Err(StorageError::Internal(reason.into()));
            }
        })
    }
}
