//! The log of a conversation: messages, and changes of what was there before.

use serde::{Deserialize, Serialize};

use crate::{Author, ClientId, ConversationId, Emoji, Message, MessageId};

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
pub struct Change {
    /// The conversation in which something changed.
    pub conversation_id: ConversationId,
    /// The change's place in the conversation.
    pub seq: u64,
    /// Who changed it.
    pub author: Author,
    /// When it was committed, in UTC milliseconds since 1970.
    pub created_at: i64,
    /// The sender's own id for the change.
    pub client_id: ClientId,
    /// What is different now.
    #[serde(flatten)]
    pub what: What,
}

/// What a change does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A message has another text.
    Edited {
        /// The message.
        message_id: MessageId,
        /// Its text; read from the log, the one that it was given last, or none when it was deleted since.
        text: String,
    },
    /// A message is gone: its place stays, its text does not.
    Deleted {
        /// The message.
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
}

impl What {
    /// The message that is different now.
    pub fn message_id(&self) -> MessageId {
        match self {
            Self::Edited { message_id, .. }
            | Self::Deleted { message_id }
            | Self::Reacted { message_id, .. }
            | Self::Unreacted { message_id, .. } => *message_id,
        }
    }
}
