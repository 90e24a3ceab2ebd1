//! A message of a conversation as everybody sees it: in live frames, in history and in exports.

use serde::{Deserialize, Serialize};

use crate::{
    AttachmentId, Authorship, ClientId, ConversationId, DocumentId, Emoji, ErrorCode, MessageId,
    TwinId, UserId, Writer,
};

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Author {
    /// A person.
    User {
        /// The person's id.
        id: UserId,
        /// The person's name when the message was written.
        name: String,
    },
    /// A twin: the text was written by a model.
    Twin {
        /// The twin's id.
        id: TwinId,
        /// The twin's name when the message was written.
        name: String,
    },
    /// A bot: a program of a person wrote the text, by whatever means.
    Bot {
        /// The bot's id; where people and bots are named by their ids alone, it stands among those of people.
        id: UserId,
        /// The bot's name when the message was written.
        name: String,
    },
}

impl Author {
    /// Whether a model wrote what this author writes.
    pub fn is_ai(&self) -> bool {
        matches!(self, Self::Twin { .. })
    }

    /// Whether a model wrote any of a text of this author, of which these wrote the parts.
    pub fn is_ai_with(&self, authorship: Option<&Authorship>) -> bool {
        let is_owners = |authorship: &Authorship| authorship.is_all_by(Writer::Owner);
        self.is_ai() && !authorship.is_some_and(is_owners)
    }

    /// Whether a machine wrote what this author writes: a model, or the program behind a bot.
    pub fn is_machine(&self) -> bool {
        match self {
            Self::Twin { .. } | Self::Bot { .. } => true,
            Self::User { .. } => false,
        }
    }

    /// The name when the message was written.
    pub fn name(&self) -> &str {
        match self {
            Self::User { name, .. } | Self::Twin { name, .. } | Self::Bot { name, .. } => name,
        }
    }
}

/// A message: an entry of the log, as it stands after all changes that were made to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// The conversation that the message stands in.
    pub conversation_id: ConversationId,
    /// The message's place in the conversation: 1, 2, 3, …
    pub seq: u64,
    /// The message's id.
    pub message_id: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// Whether a model wrote it, or a part of it.
    pub ai_written: bool,
    /// The text, as it was edited last: plain text or Markdown; empty when the message was deleted.
    pub text: String,
    /// Who wrote which part of the text of a twin's message; absent when its author wrote all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorship: Option<Authorship>,
    /// When it was committed, in UTC milliseconds since 1970.
    pub created_at: i64,
    /// The sender's own id for the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// The message in whose thread this one stands; absent outside of threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<MessageId>,
    /// What stands in this message's thread; only over HTTP, and absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_summary: Option<ThreadSummary>,
    /// The first attempt at the same reply, when this is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_of: Option<MessageId>,
    /// Whether another attempt at the same reply is the one that counts; absent when this one does.
    #[serde(default, skip_serializing_if = "crate::client::is_false")]
    pub superseded: bool,
    /// What a twin's reply was drawn from; absent on a person's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<Source>>,
    /// What a twin's reply cost; absent on a person's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Why a twin's reply ended; absent on a person's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// The model that wrote a twin's reply; absent on a person's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The adapter that the model wrote a twin's reply with; absent where it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// The seed that a twin's reply was sampled with: at most 2^53 − 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How long a twin's reply took; absent on a person's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// How far machines have set each other off: on messages of machines that answer machines, or that ask for answers of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
    /// Why a reply failed; present exactly when `stop_reason` is `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// When its author edited it last, in UTC milliseconds since 1970; absent when it was never edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<i64>,
    /// When it was deleted, in UTC milliseconds since 1970; absent when it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<i64>,
    /// Whether it is kept in view; absent when it is not.
    #[serde(default, skip_serializing_if = "crate::client::is_false")]
    pub pinned: bool,
    /// The files that belong to it, in the order of the sender; absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What people put beside it, those used first first; absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
}

impl Message {
    /// Notes who wrote which part of the text. Where a model wrote nothing of it, it is not written by AI any more.
    pub fn set_authorship(&mut self, authorship: Option<Authorship>) {
        self.ai_written = self.author.is_ai_with(authorship.as_ref());
        self.authorship = authorship.filter(|authorship| {
            !authorship.is_all_by(Writer::Twin) && !authorship.spans().is_empty()
        });
    }

    /// A message that has no place yet, and nothing that only some messages have.
    pub fn new(
        conversation_id: ConversationId,
        message_id: MessageId,
        author: Author,
        text: String,
    ) -> Self {
        Self {
            conversation_id,
            seq: 0,
            message_id,
            ai_written: author.is_ai(),
            author,
            text,
            authorship: None,
            created_at: 0,
            client_id: None,
            reply_to: None,
            thread: None,
            thread_summary: None,
            variant_of: None,
            superseded: false,
            sources: None,
            usage: None,
            stop_reason: None,
            model: None,
            adapter: None,
            seed: None,
            latency: None,
            chain: None,
            failure: None,
            edited_at: None,
            deleted_at: None,
            pinned: false,
            attachments: Vec::new(),
            reactions: Vec::new(),
        }
    }
}

/// What stands in a message's thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadSummary {
    /// How many messages, without those that were deleted.
    pub replies: u64,
    /// The `seq` of the newest of them.
    pub last_seq: u64,
    /// Who wrote them, those who came first first; five at most.
    pub participants: Vec<Author>,
}

/// A file that belongs to a message; its bytes are read over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Attachment {
    /// The file's id.
    pub id: AttachmentId,
    /// The name that its sender gave it, without folders.
    pub name: String,
    /// What its bytes are, whatever the name says.
    pub media_type: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Pixels from left to right, where it is an image that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels from top to bottom, where it is an image that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// An emoji beside a message, and who put it there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reaction {
    /// The emoji.
    pub emoji: Emoji,
    /// Those who put it there, in that order.
    pub users: Vec<UserId>,
}

/// A place in a document that a reply was drawn from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    /// The document.
    pub document_id: DocumentId,
    /// The document's name.
    pub document: String,
    /// The headings above the quoted text, outermost first, joined by " › "; empty where there are none.
    pub section: String,
    /// The text that stood in the prompt.
    pub quote: String,
    /// Cosine similarity of question and quote, −1 to 1.
    pub score: f32,
}

/// What a reply cost, in tokens of its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens that were generated.
    pub completion_tokens: u32,
}

/// How long a reply took, from when its twin was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Latency {
    /// Milliseconds until its first text; absent when it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_text_ms: Option<u64>,
    /// Milliseconds until it was whole.
    pub whole_ms: u64,
}

/// Where a machine's message stands among those that go back to one message of a person, and how much there may still be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Chain {
    /// The person's message.
    pub cause: MessageId,
    /// How many messages of machines it stands after that, each an answer to the one before; itself counted.
    pub hops: u64,
    /// Tokens that may still be generated for replies that go back to the cause.
    pub tokens_left: u64,
    /// Why some of those that it asks for an answer give none; absent when all may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<ChainEnd>,
}

/// The limit that ended a chain of machines' messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChainEnd {
    /// So many in a row.
    Hops,
    /// So many replies in all.
    Replies,
    /// So many tokens.
    Tokens,
}

impl ChainEnd {
    /// Every limit.
    pub const ALL: [Self; 3] = [Self::Hops, Self::Replies, Self::Tokens];

    /// The limit in the words of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hops => "hops",
            Self::Replies => "replies",
            Self::Tokens => "tokens",
        }
    }
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The model ended its turn.
    EndOfTurn,
    /// The reply reached its longest allowed length.
    Length,
    /// A person stopped it.
    Stopped,
    /// The twin's owner stopped it, and wrote the rest.
    TakenOver,
    /// It failed; `failure` says why.
    Failed,
}

impl StopReason {
    /// Whether the reply came to an end that somebody gave it, not to one because of a person who wished no more or of a fault.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::EndOfTurn | Self::Length | Self::TakenOver)
    }
}

/// Why a reply failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failure {
    /// A stable code.
    pub code: ErrorCode,
    /// What failed, for a person to read.
    pub message: String,
}
