//! The log of a conversation: messages, and changes of what was there before.

use serde::{Deserialize, Serialize};

use crate::{
    Author, Authorship, ClientId, ConversationId, Emoji, Message, MessageId, Role, TwinMode,
    TwinPolicy,
};

/// One entry of a conversation's log. The log is gapless: entry `seq + 1` follows entry `seq`.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// Somebody says something.
    Message(Message),
    /// Something that was there is different now.
    Change(Change),
}

impl Entry {
    /// Its place in the conversation: 1, 2, 3, …
    pub fn seq(&self) -> u64 {
        match self {
            Self::Message(message) => message.seq,
            Self::Change(change) => change.seq,
        }
    }

    /// The message, if it is one.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Change(_) => None,
        }
    }
}

/// A change: an entry of the log with a place of its own, so that whoever comes back learns of it like of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// The conversation in which something changed.
    pub conversation_id: ConversationId,
    /// The change's place in the conversation.
    pub seq: u64,
    /// Who changed it.
    pub author: Author,
    /// When it was committed, in UTC milliseconds since 1970.
    pub created_at: i64,
    /// The sender's own id for the change; absent for one that was made over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// What is different now.
    #[serde(flatten)]
    pub what: What,
}

/// What a change does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A message has another text.
    Edited {
        /// The message.
        message_id: MessageId,
        /// Its text; read from the log, the one that it was given last, or none when it was deleted since.
        text: String,
        /// Who wrote which part of that text, as in a message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authorship: Option<Authorship>,
    },
    /// A message is gone: its place stays, its text does not.
    Deleted {
        /// The message.
        message_id: MessageId,
    },
    /// Of the attempts at a reply another one counts.
    Chosen {
        /// The attempt that counts now.
        message_id: MessageId,
    },
    /// Somebody put an emoji beside a message.
    Reacted {
        /// The message.
        message_id: MessageId,
        /// The emoji.
        emoji: Emoji,
    },
    /// Somebody took an emoji back.
    Unreacted {
        /// The message.
        message_id: MessageId,
        /// The emoji.
        emoji: Emoji,
    },
    /// A message is kept in view.
    Pinned {
        /// The message.
        message_id: MessageId,
    },
    /// A message is no longer kept in view.
    Unpinned {
        /// The message.
        message_id: MessageId,
    },
    /// Somebody takes part from now on: by an invitation, or because the author of the change brought them in.
    Joined {
        /// Who.
        member: Author,
        /// As what; a twin has no role.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
    },
    /// The author of the change takes part no longer.
    Left {
        /// The author.
        member: Author,
    },
    /// Somebody was put out, and may come back.
    Removed {
        /// Who.
        member: Author,
    },
    /// Somebody was put out, if they were in, and may not come back.
    Banned {
        /// Who.
        member: Author,
    },
    /// Somebody may come back.
    Unbanned {
        /// Who.
        member: Author,
    },
    /// Somebody has another role.
    RoleSet {
        /// Who.
        member: Author,
        /// Which.
        role: Role,
    },
    /// Somebody may read and not write.
    Muted {
        /// Who.
        member: Author,
        /// Until when, in UTC milliseconds since 1970; for good when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<i64>,
    },
    /// Somebody may write again.
    Unmuted {
        /// Who.
        member: Author,
    },
    /// A twin answers in another way.
    PolicySet {
        /// The twin.
        member: Author,
        /// When it answers.
        policy: TwinPolicy,
    },
    /// A twin writes more or less on its own.
    ModeSet {
        /// The twin.
        member: Author,
        /// How far.
        mode: TwinMode,
    },
    /// The room forbids other words.
    WordsForbidden {
        /// All of them; none when nothing is forbidden any more.
        words: Vec<String>,
    },
    /// One waits otherwise in the room between two messages.
    SlowModeSet {
        /// How many seconds; absent when one need not wait any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u32>,
    },
    /// The conversation has another title.
    Titled {
        /// The title; absent when it has none any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// The conversation is about something else.
    TopicSet {
        /// What it is about; absent when that is not said any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
    },
}

impl What {
    /// The message that is different now; none where the room is.
    pub fn message_id(&self) -> Option<MessageId> {
        match self {
            Self::Edited { message_id, .. }
            | Self::Deleted { message_id }
            | Self::Chosen { message_id }
            | Self::Reacted { message_id, .. }
            | Self::Unreacted { message_id, .. }
            | Self::Pinned { message_id }
            | Self::Unpinned { message_id } => Some(*message_id),
            Self::Joined { .. }
            | Self::Left { .. }
            | Self::Removed { .. }
            | Self::Banned { .. }
            | Self::Unbanned { .. }
            | Self::RoleSet { .. }
            | Self::PolicySet { .. }
            | Self::ModeSet { .. }
            | Self::Muted { .. }
            | Self::Unmuted { .. }
            | Self::WordsForbidden { .. }
            | Self::SlowModeSet { .. }
            | Self::Titled { .. }
            | Self::TopicSet { .. } => None,
        }
    }

    /// Whether what the room asks of those who write is different now.
    pub fn is_of_rules(&self) -> bool {
        matches!(self, Self::WordsForbidden { .. } | Self::SlowModeSet { .. })
    }

    /// Whose place in the room is different now.
    pub fn member(&self) -> Option<&Author> {
        match self {
            Self::Joined { member, .. }
            | Self::Left { member }
            | Self::Removed { member }
            | Self::Banned { member }
            | Self::Unbanned { member }
            | Self::RoleSet { member, .. }
            | Self::PolicySet { member, .. }
            | Self::ModeSet { member, .. }
            | Self::Muted { member, .. }
            | Self::Unmuted { member } => Some(member),
            Self::Edited { .. }
            | Self::Deleted { .. }
            | Self::Chosen { .. }
            | Self::Reacted { .. }
            | Self::Unreacted { .. }
            | Self::Pinned { .. }
            | Self::Unpinned { .. }
            | Self::WordsForbidden { .. }
            | Self::SlowModeSet { .. }
            | Self::Titled { .. }
            | Self::TopicSet { .. } => None,
        }
    }
}
