//! Orders to reply: rows written with the message that caused them, so that a reply survives its node.

use protocol::{
    Author, ConversationId, Failure, Message, MessageId, NodeId, Source, StopReason, TwinId, Usage,
};

use crate::{Storage, StorageError};

/// How far a reply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyState {
    /// No node has begun it.
    Pending,
    /// A node writes it.
    Running,
    /// It is a message of the log.
    Done,
}

/// An order to reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyOrder {
    /// The reply's id.
    pub message_id: MessageId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The twin that replies.
    pub twin_id: TwinId,
    /// The message that is answered.
    pub reply_to: MessageId,
    /// How far it has come.
    pub state: ReplyState,
    /// Rises with every claim; a write with an older one is refused.
    pub epoch: u64,
    /// The node that writes it, or should.
    pub node_id: NodeId,
    /// Until when other nodes leave it alone, in UTC milliseconds.
    pub lease_until: i64,
    /// The text so far.
    pub text: String,
    /// When it was ordered, in UTC milliseconds.
    pub created_at: i64,
}

/// A reply that is complete, or failed for good.
#[derive(Debug, Clone)]
pub struct FinishedReply {
    /// The twin, with the name that it has now.
    pub author: Author,
    /// The whole text.
    pub text: String,
    /// What it was drawn from.
    pub sources: Vec<Source>,
    /// What it cost; `None` when nothing was generated.
    pub usage: Option<Usage>,
    /// Why it ended.
    pub stop_reason: StopReason,
    /// The model that wrote it; `None` when none was reached.
    pub model: Option<String>,
    /// Why it failed, when it did.
    pub failure: Option<Failure>,
    /// The seed that it was sampled with.
    pub seed: u64,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

/// What became of a finished reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// It is a message of the log now.
    Done(Message),
    /// Another node has claimed it since, or it is gone: nothing was written.
    Stale,
    /// It was finished before, and this is the message.
    AlreadyDone(Message),
}

impl Storage {
    /// Claims a reply that nobody writes: one that is pending, whose lease is over, or that is this node's already.
    /// Returns the epoch that every write of it must carry, or `None` when it is another's, done or gone.
    pub async fn claim_reply(
        &self,
        reply: MessageId,
        node: NodeId,
        now: i64,
        lease_until: i64,
    ) -> Result<Option<u64>, StorageError> {
        let _ = (reply, node, now, lease_until);
        unimplemented!()
    }

    /// Stores the text so far and extends the lease. `false` when the epoch is stale: stop writing.
    pub async fn progress_reply(
        &self,
        reply: MessageId,
        epoch: u64,
        text_so_far: &str,
        lease_until: i64,
    ) -> Result<bool, StorageError> {
        let _ = (reply, epoch, text_so_far, lease_until);
        unimplemented!()
    }

    /// Extends the lease. `false` when the epoch is stale: stop writing.
    pub async fn renew_reply(
        &self,
        reply: MessageId,
        epoch: u64,
        lease_until: i64,
    ) -> Result<bool, StorageError> {
        let _ = (reply, epoch, lease_until);
        unimplemented!()
    }

    /// Makes a reply a message of the log, if the epoch is not stale.
    pub async fn finish_reply(
        &self,
        reply: MessageId,
        epoch: u64,
        finished: FinishedReply,
    ) -> Result<Finished, StorageError> {
        let _ = (reply, epoch, finished);
        unimplemented!()
    }

    /// The order with this id, done or not.
    pub async fn reply_order(&self, reply: MessageId) -> Result<Option<ReplyOrder>, StorageError> {
        let _ = reply;
        unimplemented!()
    }

    /// The replies of a conversation that are not done, oldest first.
    pub async fn open_replies(
        &self,
        conversation: ConversationId,
    ) -> Result<Vec<ReplyOrder>, StorageError> {
        let _ = conversation;
        unimplemented!()
    }

    /// Replies that are not done and whose lease is over, those waiting longest first.
    pub async fn expired_replies(
        &self,
        now: i64,
        limit: u32,
    ) -> Result<Vec<ReplyOrder>, StorageError> {
        let _ = (now, limit);
        unimplemented!()
    }
}
