//! The frames that a client sends.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::{
    ATTACHMENTS_MAX, BROADCAST_BYTES_MAX, CLIENT_ID_BYTES_MAX, EMOJI_BYTES_MAX,
    EVENT_NAME_BYTES_MAX, REF_BYTES_MAX, SEQ_MAX, SUBSCRIPTIONS_MAX, TOKEN_BYTES_MAX,
};
use crate::{AttachmentId, ConversationId, MessageId, TwinId};

/// A client's frame with the `ref` that its answer will carry.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientRequest {
    /// What the answer carries back.
    pub request_ref: Option<RequestRef>,
    /// What is asked.
    pub frame: ClientFrame,
}

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ClientFrame {
    /// The first frame of a new client: says who it is.
    Identify {
        /// An access token.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TOKEN_BYTES_MAX)))]
        token: String,
        /// Wishes for `presence` in what is followed.
        #[serde(default, skip_serializing_if = "is_false")]
        presence: bool,
    },
    /// The first frame of a client that comes back: identifies it and subscribes to what it followed.
    Resume {
        /// An access token.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TOKEN_BYTES_MAX)))]
        token: String,
        /// What the client followed, and how far it had read.
        #[cfg_attr(feature = "schema", schemars(length(max = SUBSCRIPTIONS_MAX)))]
        cursors: Vec<Cursor>,
        /// Wishes for `presence` in what is followed.
        #[serde(default, skip_serializing_if = "is_false")]
        presence: bool,
    },
    /// Follows a conversation: first what came after `after_seq`, then live.
    Subscribe {
        /// The conversation.
        conversation_id: ConversationId,
        /// The last `seq` that the client has; absent means from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_seq: Option<u64>,
    },
    /// Stops following a conversation.
    Unsubscribe {
        /// The conversation.
        conversation_id: ConversationId,
    },
    /// Sends a message.
    Send {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's own id for the message: sending it again is harmless.
        client_id: ClientId,
        /// The text; it may be empty where there are attachments.
        #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::TEXT_BYTES_MAX)))]
        text: String,
        /// The message that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<MessageId>,
        /// The message whose thread it goes into.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<MessageId>,
        /// Files that were uploaded before and belong to the message, each by the id that the upload was given.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "schema", schemars(length(max = ATTACHMENTS_MAX)))]
        attachments: Vec<AttachmentId>,
    },
    /// Gives one's own message another text.
    Edit {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's own id for the change: sending it again is harmless.
        client_id: ClientId,
        /// The message.
        message_id: MessageId,
        /// The new text.
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = crate::limits::TEXT_BYTES_MAX)))]
        text: String,
    },
    /// Deletes a message.
    Delete {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's own id for the change: sending it again is harmless.
        client_id: ClientId,
        /// The message.
        message_id: MessageId,
    },
    /// Puts an emoji beside a message.
    React {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's own id for the change: sending it again is harmless.
        client_id: ClientId,
        /// The message.
        message_id: MessageId,
        /// The emoji.
        emoji: Emoji,
    },
    /// Takes an emoji back.
    Unreact {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's own id for the change: sending it again is harmless.
        client_id: ClientId,
        /// The message.
        message_id: MessageId,
        /// The emoji.
        emoji: Emoji,
    },
    /// Keeps a message in view.
    Pin {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's own id for the change: sending it again is harmless.
        client_id: ClientId,
        /// The message.
        message_id: MessageId,
    },
    /// No longer keeps a message in view.
    Unpin {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's own id for the change: sending it again is harmless.
        client_id: ClientId,
        /// The message.
        message_id: MessageId,
    },
    /// Says that the person is writing; it is shown for a few seconds and never kept.
    Typing {
        /// The conversation.
        conversation_id: ConversationId,
    },
    /// Tells everybody who follows the conversation something that is never kept: a cursor, a move in a game.
    Broadcast {
        /// The conversation, which one must follow.
        conversation_id: ConversationId,
        /// What kind of event it is, as the clients agree among themselves.
        event: EventName,
        /// What happened, in whatever form the clients agree on.
        #[cfg_attr(feature = "schema", schemars(length(max = BROADCAST_BYTES_MAX)))]
        data: String,
    },
    /// Says how far the person has read.
    Read {
        /// The conversation.
        conversation_id: ConversationId,
        /// The last `seq` that was read.
        seq: u64,
    },
    /// Stops a reply that is being written; what was said is kept.
    Stop {
        /// The conversation.
        conversation_id: ConversationId,
        /// The reply.
        message_id: MessageId,
    },
    /// Has a twin make another attempt at a reply, with another seed.
    Regenerate {
        /// The conversation.
        conversation_id: ConversationId,
        /// The reply, whichever attempt at it.
        message_id: MessageId,
    },
    /// Has a twin go on with a reply that did not come to its end: another attempt that begins with what this one says.
    Continue {
        /// The conversation.
        conversation_id: ConversationId,
        /// The attempt that ended too early.
        message_id: MessageId,
    },
    /// Says which attempt at a reply counts.
    Choose {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's own id for the change: sending it again is harmless.
        client_id: ClientId,
        /// The attempt.
        message_id: MessageId,
    },
    /// The owner of a twin takes a reply over that the twin is writing: it stops, and the owner writes the rest with `speak`.
    TakeOver {
        /// The conversation.
        conversation_id: ConversationId,
        /// The reply.
        message_id: MessageId,
    },
    /// The owner of a twin writes in its place.
    Speak {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's own id for the message: sending it again is harmless.
        client_id: ClientId,
        /// The twin.
        twin_id: TwinId,
        /// The text: a message of its own, or the rest of a reply.
        text: String,
        /// The reply that is taken over and ends with this text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<MessageId>,
        /// The message that a message of its own answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<MessageId>,
    },
    /// Asks for a `pong`.
    Ping,
}

impl ClientFrame {
    /// Every `op`, in the order of the documentation.
    pub const OPS: &[&str] = &[
        "identify",
        "resume",
        "subscribe",
        "unsubscribe",
        "send",
        "edit",
        "delete",
        "react",
        "unreact",
        "pin",
        "unpin",
        "typing",
        "broadcast",
        "read",
        "stop",
        "regenerate",
        "continue",
        "choose",
        "take_over",
        "speak",
        "ping",
    ];

    /// The frame's `op`.
    pub fn op(&self) -> &'static str {
        match self {
            Self::Identify { .. } => "identify",
            Self::Resume { .. } => "resume",
            Self::Subscribe { .. } => "subscribe",
            Self::Unsubscribe { .. } => "unsubscribe",
            Self::Send { .. } => "send",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::React { .. } => "react",
            Self::Unreact { .. } => "unreact",
            Self::Pin { .. } => "pin",
            Self::Unpin { .. } => "unpin",
            Self::Typing { .. } => "typing",
            Self::Broadcast { .. } => "broadcast",
            Self::Read { .. } => "read",
            Self::Stop { .. } => "stop",
            Self::Regenerate { .. } => "regenerate",
            Self::Continue { .. } => "continue",
            Self::Choose { .. } => "choose",
            Self::TakeOver { .. } => "take_over",
            Self::Speak { .. } => "speak",
            Self::Ping => "ping",
        }
    }

    /// The frame of this `op`, if it has no fields.
    pub(crate) fn without_fields(op: &str) -> Option<Self> {
        (op == "ping").then_some(Self::Ping)
    }

    /// Holds the frame to the limits that its types do not carry. A text's length is the business of whoever stores
    /// it.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Identify { token, .. } => check_token(token),
            Self::Resume { token, cursors, .. } => {
                check_token(token)?;
                if cursors.len() > SUBSCRIPTIONS_MAX {
                    return Err(format!(
                        "cursors may be {SUBSCRIPTIONS_MAX} at most, not {}",
                        cursors.len()
                    ));
                }
                let mut seqs = cursors.iter().map(|cursor| cursor.after_seq);
                seqs.try_for_each(|after_seq| check_seq("after_seq", after_seq))
            }
            Self::Subscribe { after_seq, .. } => {
                check_seq("after_seq", after_seq.unwrap_or_default())
            }
            Self::Read { seq, .. } => check_seq("seq", *seq),
            Self::Broadcast { data, .. } => match data.len() {
                0..=BROADCAST_BYTES_MAX => Ok(()),
                bytes => Err(format!(
                    "data may be {BROADCAST_BYTES_MAX} bytes at most, not {bytes}"
                )),
            },
            Self::Send { attachments, .. } => check_attachments(attachments),
            Self::Unsubscribe { .. }
            | Self::Edit { .. }
            | Self::Delete { .. }
            | Self::React { .. }
            | Self::Unreact { .. }
            | Self::Pin { .. }
            | Self::Unpin { .. }
            | Self::Typing { .. }
            | Self::Stop { .. }
            | Self::Regenerate { .. }
            | Self::Continue { .. }
            | Self::Choose { .. }
            | Self::TakeOver { .. }
            | Self::Speak { .. }
            | Self::Ping => Ok(()),
        }
    }
}

/// Whether a wish is absent, which is how it is written when it is not made.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
pub(crate) fn is_false(wish: &bool) -> bool {
    !wish
}

fn check_token(token: &str) -> Result<(), String> {
    match token.len() {
        1..=TOKEN_BYTES_MAX => Ok(()),
        bytes => Err(format!(
            "token must be 1 to {TOKEN_BYTES_MAX} bytes, not {bytes}"
        )),
    }
}

fn check_attachments(attachments: &[AttachmentId]) -> Result<(), String> {
    if attachments.len() > ATTACHMENTS_MAX {
        return Err(format!(
            "attachments may be {ATTACHMENTS_MAX} at most, not {}",
            attachments.len()
        ));
    }
    let twice = |(index, id)| attachments[..index].contains(id);
    match attachments.iter().enumerate().any(twice) {
        true => Err("attachments: the same one stands there twice".to_owned()),
        false => Ok(()),
    }
}

fn check_seq(name: &str, seq: u64) -> Result<(), String> {
    if seq > SEQ_MAX {
        return Err(format!("{name} may be {SEQ_MAX} at most, not {seq}"));
    }
    Ok(())
}

/// How far a client had followed a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cursor {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The last `seq` that the client has; 0 for none.
    pub after_seq: u64,
}

/// A text that is no client id, `ref`, event name or emoji.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be 1 to {bytes_max} bytes {of}")]
pub struct InvalidShortText {
    name: &'static str,
    bytes_max: usize,
    of: &'static str,
}

/// The characters that a short text may have: in words, as a test, and as a regular expression for a whole text.
type Alphabet = (&'static str, fn(char) -> bool, &'static str);

const PRINTABLE_ASCII: Alphabet = (
    "of printable ASCII without spaces",
    |character| character.is_ascii_graphic(),
    "^[!-~]+$",
);

const VISIBLE: Alphabet = (
    "without spaces and control characters",
    |character| !character.is_whitespace() && !character.is_control(),
    r"^[^\s\u0000-\u001f\u007f-\u009f]+$",
);

macro_rules! token_text {
    ($(#[$doc:meta])+ $name:ident, $wire:literal, $bytes_max:expr, $alphabet:expr) => {
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "schema", schemars(extend(
            "minLength" = 1, "maxLength" = $bytes_max, "pattern" = $alphabet.2
        )))]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidShortText;

            fn try_from(text: String) -> Result<Self, InvalidShortText> {
                let (of, allowed, _): Alphabet = $alphabet;
                if text.is_empty() || text.len() > $bytes_max || !text.chars().all(allowed) {
                    return Err(InvalidShortText { name: $wire, bytes_max: $bytes_max, of });
                }
                Ok(Self(text.into_boxed_str()))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0.into_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

token_text! {
    /// A sender's own id for a message: the same id with the same text is the same message, for ever.
    ClientId, "client_id", CLIENT_ID_BYTES_MAX, PRINTABLE_ASCII
}

token_text! {
    /// A text that ties an answer to its request.
    RequestRef, "ref", REF_BYTES_MAX, PRINTABLE_ASCII
}

token_text! {
    /// The name of a kind of event that clients tell each other about.
    EventName, "event", EVENT_NAME_BYTES_MAX, PRINTABLE_ASCII
}

token_text! {
    /// An emoji, or its short name.
    Emoji, "emoji", EMOJI_BYTES_MAX, VISIBLE
}
