//! The rows of changes.

use std::borrow::Cow;

use protocol::{Author, Authorship, Change, Emoji, MessageId, TwinId, UserId, What};

use crate::StorageError;
use crate::engine::Query;
use crate::messages::{
    author_kind, author_parts, read_author, read_authorship, read_client_id, read_emoji,
};
use crate::rules::{read_words, written_words};
use crate::value::{Row, params, word};

/// The columns of a change; the text of an edit is what its message says now.
macro_rules! columns {
    () => {
        "c.conversation_id, c.seq, c.author_kind, c.author_id, c.author_name, c.client_id, c.created_at, c.kind, \
         c.message_id, c.member_kind, c.member_id, c.member_name, c.value, c.until, m.text, m.authorship"
    };
}
pub(crate) const AFTER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM changes c LEFT JOIN messages m ON m.message_id = c.message_id \
     WHERE c.conversation_id = $1 AND c.seq > $2 AND c.seq <= $3 ORDER BY c.seq"
);
/// A change that was sent before, with the text that it was sent with as long as its message has one.
pub(super) const FIND_SENT: &str = concat!(
    "SELECT ",
    columns!(),
    ", v.text FROM changes c LEFT JOIN messages m ON m.message_id = c.message_id \
     LEFT JOIN message_versions v ON v.conversation_id = m.conversation_id AND v.seq = m.seq \
     AND v.changed_seq = c.seq WHERE c.author_id = $1 AND c.client_id = $2"
);
const INSERT: &str = "INSERT INTO changes \
     (conversation_id, seq, author_kind, author_id, author_name, client_id, created_at, kind, message_id, \
     member_kind, member_id, member_name, value, until) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

/// The statement that inserts a change.
pub(super) fn insert(change: &Change) -> Query {
    let (author_id, author_name) = author_parts(&change.author);
    let member = change.what.member();
    let parts = member.map(author_parts);
    let parameters = params![
        change.conversation_id,
        change.seq,
        author_kind(&change.author),
        author_id.into_bytes(),
        author_name,
        change.client_id.as_ref(),
        change.created_at,
        kind(&change.what),
        change.what.message_id(),
        member.map(author_kind),
        parts.map(|(id, _)| id.into_bytes()),
        parts.map(|(_, name)| name),
        value(&change.what).map(Cow::into_owned),
        until(&change.what),
    ];
    (INSERT, parameters)
}

const fn kind(what: &What) -> &'static str {
    match what {
        What::Edited { .. } => "edited",
        What::Deleted { .. } => "deleted",
        What::Chosen { .. } => "chosen",
        What::Reacted { .. } => "reacted",
        What::Unreacted { .. } => "unreacted",
        What::Pinned { .. } => "pinned",
        What::Unpinned { .. } => "unpinned",
        What::Joined { .. } => "joined",
        What::Left { .. } => "left",
        What::Removed { .. } => "removed",
        What::Banned { .. } => "banned",
        What::Unbanned { .. } => "unbanned",
        What::RoleSet { .. } => "role_set",
        What::PolicySet { .. } => "policy_set",
        What::ModeSet { .. } => "mode_set",
        What::Muted { .. } => "muted",
        What::Unmuted { .. } => "unmuted",
        What::WordsForbidden { .. } => "words_forbidden",
        What::SlowModeSet { .. } => "slow_mode_set",
        What::Titled { .. } => "titled",
        What::TopicSet { .. } => "topic_set",
    }
}

/// What stands in the one column that kinds share.
fn value(what: &What) -> Option<Cow<'_, str>> {
    match what {
        What::Reacted { emoji, .. } | What::Unreacted { emoji, .. } => Some(emoji.as_str().into()),
        What::Joined { role, .. } => role.map(|role| role.as_str().into()),
        What::RoleSet { role, .. } => Some(role.as_str().into()),
        What::PolicySet { policy, .. } => Some(policy.as_str().into()),
        What::ModeSet { mode, .. } => Some(mode.as_str().into()),
        What::WordsForbidden { words } => Some(written_words(words).into()),
        What::SlowModeSet { seconds } => seconds.map(|seconds| seconds.to_string().into()),
        What::Titled { title } => title.as_deref().map(Into::into),
        What::TopicSet { topic } => topic.as_deref().map(Into::into),
        _ => None,
    }
}

const fn until(what: &What) -> Option<i64> {
    match what {
        What::Muted { until, .. } => *until,
        _ => None,
    }
}

pub(crate) fn read_change(mut row: Row) -> Result<Change, StorageError> {
    read_change_from(&mut row)
}

/// Reads a change, and the text that it was sent with.
pub(super) fn read_sent(mut row: Row) -> Result<(Change, Option<String>), StorageError> {
    Ok((read_change_from(&mut row)?, row.optional_text()?))
}

fn read_change_from(row: &mut Row) -> Result<Change, StorageError> {
    let conversation_id = row.id()?;
    let seq = row.count()?;
    let author = read_author(row)?;
    let client_id = row.optional_text()?.map(read_client_id).transpose()?;
    let created_at = row.int()?;
    let kind = row.text()?;
    let columns = Columns {
        message_id: row.optional_id()?,
        member: read_named(row)?,
        value: row.optional_text()?,
        until: row.optional_int()?,
        text: row.optional_text()?,
        authorship: read_authorship(row)?,
    };
    let what = columns.what(&kind)?;
    let none = || StorageError::Corrupt(format!("a stored change is no {kind:?}"));
    Ok(Change {
        conversation_id,
        seq,
        author,
        created_at,
        client_id,
        what: what.ok_or_else(none)?,
    })
}

/// Somebody who is named with kind, id and name, if anybody is.
fn read_named(row: &mut Row) -> Result<Option<Author>, StorageError> {
    let kind = row.optional_text()?;
    let id: Option<UserId> = row.optional_id()?;
    let name = row.optional_text()?;
    let (Some(kind), Some(id), Some(name)) = (kind, id, name) else {
        return Ok(None);
    };
    Ok(Some(match kind.as_str() {
        "user" => Author::User { id, name },
        "bot" => Author::Bot { id, name },
        "twin" => Author::Twin {
            id: TwinId::from_uuid(id.as_uuid()),
            name,
        },
        other => {
            return Err(StorageError::Corrupt(format!(
                "a member that is a {other:?}"
            )));
        }
    }))
}

/// What the columns of a change say besides its kind.
struct Columns {
    message_id: Option<MessageId>,
    member: Option<Author>,
    value: Option<String>,
    until: Option<i64>,
    text: Option<String>,
    authorship: Option<Authorship>,
}

impl Columns {
    /// The change of this kind; none when a column that it needs is empty.
    fn what(self, kind: &str) -> Result<Option<What>, StorageError> {
        let Self {
            message_id,
            member,
            value,
            until,
            text,
            authorship,
        } = self;
        let of_message = |make: fn(MessageId) -> What| message_id.map(make);
        let with_emoji = |make: fn(MessageId, Emoji) -> What, value: Option<String>| {
            let emoji = value.map(read_emoji).transpose()?;
            Ok::<_, StorageError>(message_id.zip(emoji).map(|(id, emoji)| make(id, emoji)))
        };
        Ok(match kind {
            "edited" => message_id.zip(text).map(|(message_id, text)| What::Edited {
                message_id,
                text,
                authorship,
            }),
            "deleted" => of_message(|message_id| What::Deleted { message_id }),
            "chosen" => of_message(|message_id| What::Chosen { message_id }),
            "reacted" => with_emoji(
                |message_id, emoji| What::Reacted { message_id, emoji },
                value,
            )?,
            "unreacted" => with_emoji(
                |message_id, emoji| What::Unreacted { message_id, emoji },
                value,
            )?,
            "pinned" => of_message(|message_id| What::Pinned { message_id }),
            "unpinned" => of_message(|message_id| What::Unpinned { message_id }),
            "joined" => {
                let role = word(value)?;
                member.map(|member| What::Joined { member, role })
            }
            "left" => member.map(|member| What::Left { member }),
            "removed" => member.map(|member| What::Removed { member }),
            "banned" => member.map(|member| What::Banned { member }),
            "unbanned" => member.map(|member| What::Unbanned { member }),
            "role_set" => member
                .zip(word(value)?)
                .map(|(member, role)| What::RoleSet { member, role }),
            "policy_set" => member
                .zip(word(value)?)
                .map(|(member, policy)| What::PolicySet { member, policy }),
            "mode_set" => member
                .zip(word(value)?)
                .map(|(member, mode)| What::ModeSet { member, mode }),
            "muted" => member.map(|member| What::Muted { member, until }),
            "unmuted" => member.map(|member| What::Unmuted { member }),
            "words_forbidden" => value.map(|words| What::WordsForbidden {
                words: read_words(&words),
            }),
            "slow_mode_set" => {
                let seconds = value.map(|seconds| seconds.parse::<u32>()).transpose();
                let seconds = seconds.map_err(|error| StorageError::Corrupt(error.to_string()))?;
                Some(What::SlowModeSet { seconds })
            }
            "titled" => Some(What::Titled { title: value }),
            "topic_set" => Some(What::TopicSet { topic: value }),
            _ => None,
        })
    }
}
