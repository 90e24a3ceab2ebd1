//! The frames that the server sends.

use serde::{Deserialize, Serialize};

use crate::{
    Author, Change, ClientId, ConversationId, ErrorCode, EventName, Job, Message, MessageId,
    RequestRef, Role, SessionId, UserId,
};

/// What the server says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to `identify` and `resume`.
    Ready {
        /// The request's `ref`.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        request_ref: Option<RequestRef>,
        /// This connection's id.
        session_id: SessionId,
        /// Who the client is.
        user: ReadyUser,
        /// The server pings this often, in milliseconds, and gives up after two and a half times that.
        heartbeat_ms: u64,
    },
    /// The answer to `subscribe`, after everything that was missed: from here on the conversation is live.
    Subscribed {
        /// The request's `ref`.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        request_ref: Option<RequestRef>,
        /// The conversation.
        conversation_id: ConversationId,
        /// The last `seq` of the conversation that has been sent.
        last_seq: u64,
    },
    /// The answer to `resume`, after all of its conversations: each is live, or a `reset` said why it is not.
    Resumed {
        /// The request's `ref`.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        request_ref: Option<RequestRef>,
    },
    /// The server cannot go on with a conversation from where the client is: it is not followed any more.
    Reset {
        /// The conversation.
        conversation_id: ConversationId,
        /// Why, as a stable code.
        code: ErrorCode,
        /// Why, for a person to read.
        message: String,
        /// When to subscribe again, in milliseconds from now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// The answer to `unsubscribe`.
    Unsubscribed {
        /// The request's `ref`.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        request_ref: Option<RequestRef>,
        /// The conversation.
        conversation_id: ConversationId,
    },
    /// The answer to whatever adds to the log: it is committed and will not be lost.
    Ack {
        /// The request's `ref`.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        request_ref: Option<RequestRef>,
        /// The conversation.
        conversation_id: ConversationId,
        /// The sender's own id for the message or the change.
        client_id: ClientId,
        /// Its place in the conversation.
        seq: u64,
        /// The message that is new or different now.
        message_id: MessageId,
    },
    /// A message of the log: somebody's new message, or one that was missed.
    Message(Message),
    /// A twin begins a reply.
    MessageStart {
        /// The conversation.
        conversation_id: ConversationId,
        /// The reply's id.
        message_id: MessageId,
        /// The twin.
        author: Author,
        /// Always true: a model writes this.
        ai_written: bool,
        /// The message that is answered.
        reply_to: MessageId,
        /// The root of the thread that it is written in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<MessageId>,
        /// The first attempt at the same reply, when this is another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        variant_of: Option<MessageId>,
    },
    /// A piece of a reply.
    Delta {
        /// The conversation.
        conversation_id: ConversationId,
        /// The reply's id.
        message_id: MessageId,
        /// How many Unicode code points of the reply stand before this piece; 0 begins it anew.
        index: u64,
        /// The piece.
        text: String,
    },
    /// The twin's owner writes the rest of a reply.
    TakenOver {
        /// The conversation.
        conversation_id: ConversationId,
        /// The reply's id.
        message_id: MessageId,
        /// How many Unicode code points the twin wrote.
        index: u64,
    },
    /// A reply that nobody but the twin's owner sees, who says whether it is sent: it has no place in the log.
    Proposal(Message),
    /// A reply is finished and committed: the whole message, now an entry of the log.
    MessageDone(Message),
    /// A change: an entry of the log.
    Change(Change),
    /// Somebody is writing.
    Typing {
        /// The conversation.
        conversation_id: ConversationId,
        /// Who.
        user_id: UserId,
    },
    /// Who follows the conversation now, on any device: all of them, each time that somebody comes or goes.
    Presence {
        /// The conversation.
        conversation_id: ConversationId,
        /// The people, in the order of their ids.
        online: Vec<UserId>,
    },
    /// Somebody tells everybody something that is never kept.
    Broadcast {
        /// The conversation.
        conversation_id: ConversationId,
        /// Who.
        user_id: UserId,
        /// What kind of event it is.
        event: EventName,
        /// What happened.
        data: String,
    },
    /// One's own draft was changed, on whichever device; only for its writer, and never kept.
    Draft {
        /// The conversation that it is for.
        conversation_id: ConversationId,
        /// The text so far; absent when there is no draft any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The message that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<MessageId>,
        /// Rises with every change; absent when there is no draft any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<u64>,
        /// When it was changed, in UTC milliseconds since 1970.
        changed_at: i64,
    },
    /// How far a document of one's own twin is; only for its owner, and never kept.
    Job(Job),
    /// One takes part in a conversation from now on, as something else, or no longer; only for oneself, and never kept.
    Membership {
        /// The conversation.
        conversation_id: ConversationId,
        /// As what; absent for who takes part no longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
    },
    /// Somebody has read this far.
    Receipt {
        /// The conversation.
        conversation_id: ConversationId,
        /// Who.
        user_id: UserId,
        /// The last `seq` that was read.
        seq: u64,
    },
    /// A request failed, or something about this connection did.
    Error {
        /// The request's `ref`.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        request_ref: Option<RequestRef>,
        /// A stable code.
        code: ErrorCode,
        /// What was wrong, for a person to read.
        message: String,
        /// When to try again, in milliseconds from now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// The answer to `ping`.
    Pong {
        /// The request's `ref`.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        request_ref: Option<RequestRef>,
    },
    /// The server is about to close: come back after this time, and resume.
    Reconnect {
        /// Milliseconds to wait before the next attempt; different for each client.
        after_ms: u64,
    },
}

impl ServerFrame {
    /// Every `op`, in the order of the documentation.
    pub const OPS: &[&str] = &[
        "ready",
        "subscribed",
        "resumed",
        "reset",
        "unsubscribed",
        "ack",
        "message",
        "message_start",
        "delta",
        "taken_over",
        "proposal",
        "message_done",
        "change",
        "typing",
        "presence",
        "broadcast",
        "draft",
        "job",
        "membership",
        "receipt",
        "error",
        "pong",
        "reconnect",
    ];

    /// The frame's `op`.
    pub fn op(&self) -> &'static str {
        match self {
            Self::Ready { .. } => "ready",
            Self::Subscribed { .. } => "subscribed",
            Self::Resumed { .. } => "resumed",
            Self::Reset { .. } => "reset",
            Self::Unsubscribed { .. } => "unsubscribed",
            Self::Ack { .. } => "ack",
            Self::Message(_) => "message",
            Self::MessageStart { .. } => "message_start",
            Self::Delta { .. } => "delta",
            Self::TakenOver { .. } => "taken_over",
            Self::Proposal(_) => "proposal",
            Self::MessageDone(_) => "message_done",
            Self::Change(_) => "change",
            Self::Typing { .. } => "typing",
            Self::Presence { .. } => "presence",
            Self::Broadcast { .. } => "broadcast",
            Self::Draft { .. } => "draft",
            Self::Job(_) => "job",
            Self::Membership { .. } => "membership",
            Self::Receipt { .. } => "receipt",
            Self::Error { .. } => "error",
            Self::Pong { .. } => "pong",
            Self::Reconnect { .. } => "reconnect",
        }
    }
}

/// Who a client is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadyUser {
    /// The person's id.
    pub id: UserId,
    /// The person's name.
    pub name: String,
}
