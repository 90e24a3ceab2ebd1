//! The log of each conversation: gapless, in one order, and each message once.

use protocol::{Author, ClientId, ConversationId, Message, MessageId, NodeId, TwinId};

use crate::{Storage, StorageError};

/// A message that is to be appended.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message's id.
    pub message_id: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// The sender's own id for it: the same one again appends nothing.
    pub client_id: Option<ClientId>,
    /// The text.
    pub text: String,
    /// The message of the same conversation that it answers.
    pub reply_to: Option<MessageId>,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
    /// The replies that it asks for; they are ordered in the same transaction.
    pub replies: Vec<NewReplyOrder>,
}

/// A twin's reply to the message that is appended with it.
#[derive(Debug, Clone)]
pub struct NewReplyOrder {
    /// The reply's id.
    pub message_id: MessageId,
    /// The twin that is to reply.
    pub twin_id: TwinId,
    /// The node that will write it.
    pub node_id: NodeId,
    /// Until when other nodes leave it alone, in UTC milliseconds.
    pub lease_until: i64,
}

/// What became of a message; it is committed in both cases.
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    /// It is new.
    New(Message),
    /// Its author had sent it before: this is what was stored then.
    Duplicate(Message),
}

impl Storage {
    /// Appends a message; it is committed when this returns `Ok`, with every message that shares its transaction.
    ///
    /// `Conflict` when its author has used the client id for something else, `NotFound` when the conversation, the
    /// message that it answers or a twin that should reply is gone, `Overloaded` when too many messages wait.
    pub async fn append_message(&self, message: NewMessage) -> Result<Appended, StorageError> {
        let _ = message;
        unimplemented!()
    }

    /// The messages after `after_seq`, oldest first.
    pub async fn messages_after(
        &self,
        conversation: ConversationId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<Message>, StorageError> {
        let _ = (conversation, after_seq, limit);
        unimplemented!()
    }

    /// The newest messages before `before_seq`, or of all, oldest first.
    pub async fn messages_before(
        &self,
        conversation: ConversationId,
        before_seq: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Message>, StorageError> {
        let _ = (conversation, before_seq, limit);
        unimplemented!()
    }

    /// The message with this id.
    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, StorageError> {
        let _ = id;
        unimplemented!()
    }
}
