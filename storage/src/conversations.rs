//! Conversations, who takes part in them, and how far each has read.

use protocol::{Author, ConversationId, TwinId, UserId};

use crate::{Storage, StorageError};

/// A conversation: one to one or a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// The conversation's id.
    pub id: ConversationId,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Who began it; the account may be gone.
    pub created_by: UserId,
    /// When it began, in UTC milliseconds.
    pub created_at: i64,
    /// The `seq` of its newest message; 0 when it has none.
    pub last_seq: u64,
}

/// A conversation that is to begin.
#[derive(Debug, Clone)]
pub struct NewConversation {
    /// The conversation's id.
    pub id: ConversationId,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Who begins it.
    pub created_by: UserId,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

/// Who is to take part in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NewMember {
    /// A person.
    User(UserId),
    /// A twin.
    Twin(TwinId),
}

/// Who takes part in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// A person.
    User {
        /// The person's id.
        id: UserId,
        /// The person's name now.
        name: String,
        /// Since when, in UTC milliseconds.
        joined_at: i64,
    },
    /// A twin.
    Twin {
        /// The twin's id.
        id: TwinId,
        /// The twin's name now.
        name: String,
        /// Since when, in UTC milliseconds.
        joined_at: i64,
    },
}

/// The newest message of a conversation, for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePreview {
    /// Its place in the conversation.
    pub seq: u64,
    /// Who wrote it.
    pub author: Author,
    /// The beginning of its text.
    pub text: String,
    /// When it was committed, in UTC milliseconds.
    pub created_at: i64,
}

/// A conversation in a person's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationSummary {
    /// The conversation.
    pub conversation: Conversation,
    /// Who takes part, in the order of joining.
    pub members: Vec<Member>,
    /// Its newest message, if it has any.
    pub last_message: Option<MessagePreview>,
    /// The last `seq` that the person whose list it is has read.
    pub read_seq: u64,
    /// When something happened last, in UTC milliseconds: its newest message or its beginning.
    pub active_at: i64,
}

impl ConversationSummary {
    /// Where the list goes on after this entry.
    pub fn cursor(&self) -> ActivityCursor {
        ActivityCursor {
            active_at: self.active_at,
            conversation_id: self.conversation.id,
        }
    }
}

/// A place in a list of conversations that is sorted by activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityCursor {
    /// `active_at` of the last entry seen.
    pub active_at: i64,
    /// The last entry seen.
    pub conversation_id: ConversationId,
}

impl Storage {
    /// Begins a conversation with these members, each once. `NotFound` when one of them is gone.
    pub async fn create_conversation(
        &self,
        conversation: NewConversation,
        members: Vec<NewMember>,
    ) -> Result<Conversation, StorageError> {
        let _ = (conversation, members);
        unimplemented!()
    }

    /// The conversation with this id.
    pub async fn conversation(
        &self,
        id: ConversationId,
    ) -> Result<Option<Conversation>, StorageError> {
        let _ = id;
        unimplemented!()
    }

    /// A person's conversations, those with the newest activity first, beginning after `before`.
    pub async fn conversations_of(
        &self,
        user: UserId,
        before: Option<ActivityCursor>,
        limit: u32,
    ) -> Result<Vec<ConversationSummary>, StorageError> {
        let _ = (user, before, limit);
        unimplemented!()
    }

    /// Who takes part in a conversation, in the order of joining.
    pub async fn members(&self, id: ConversationId) -> Result<Vec<Member>, StorageError> {
        let _ = id;
        unimplemented!()
    }

    /// Whether a person takes part in a conversation.
    pub async fn is_member(&self, id: ConversationId, user: UserId) -> Result<bool, StorageError> {
        let _ = (id, user);
        unimplemented!()
    }

    /// Notes that a person has read up to `seq`; it only ever advances, and never beyond the newest message.
    /// Returns how far the person has read then. `NotFound` when the person takes no part.
    pub async fn set_read(
        &self,
        id: ConversationId,
        user: UserId,
        seq: u64,
    ) -> Result<u64, StorageError> {
        let _ = (id, user, seq);
        unimplemented!()
    }

    /// How far each person in a conversation has read.
    pub async fn reads(&self, id: ConversationId) -> Result<Vec<(UserId, u64)>, StorageError> {
        let _ = id;
        unimplemented!()
    }
}
