//! The shape of a message for the description of the API: the wire's own type lives in `protocol`, which knows no OpenAPI.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::problem::ProblemCode;

/// A message, as it stands after all changes that were made to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(super) struct MessageSchema {
    /// The conversation that the message stands in.
    conversation_id: Uuid,
    /// The message's place in the conversation: 1, 2, 3, …; 0 while it waits for the word of its twin's owner.
    #[schema(minimum = 0)]
    seq: u64,
    /// The message's id.
    message_id: Uuid,
    /// Who wrote it.
    author: AuthorSchema,
    /// Whether a model wrote it, or a part of it.
    ai_written: bool,
    /// The text, as it was edited last: plain text or Markdown; empty when the message was deleted.
    text: String,
    /// Who wrote which part of the text of a twin's message; absent when its author wrote all of it.
    #[schema(required = false, nullable = false)]
    authorship: Option<Vec<SpanSchema>>,
    /// When it was committed, in UTC milliseconds since 1970.
    created_at: i64,
    /// The sender's own id for the message.
    #[schema(required = false, nullable = false)]
    client_id: Option<String>,
    /// The message that this one answers.
    #[schema(required = false, nullable = false)]
    reply_to: Option<Uuid>,
    /// The message in whose thread this one stands; absent outside of threads.
    #[schema(required = false, nullable = false)]
    thread: Option<Uuid>,
    /// What stands in this message's thread; absent where there is none.
    #[schema(required = false, nullable = false)]
    thread_summary: Option<ThreadSummarySchema>,
    /// The first attempt at the same reply, when this is another one.
    #[schema(required = false, nullable = false)]
    variant_of: Option<Uuid>,
    /// Whether another attempt at the same reply is the one that counts; absent when this one does.
    #[schema(required = false)]
    superseded: bool,
    /// What a twin's reply was drawn from; absent on a person's message.
    #[schema(required = false, nullable = false)]
    sources: Option<Vec<SourceSchema>>,
    /// What a twin's reply cost; absent on a person's message.
    #[schema(required = false, nullable = false)]
    usage: Option<UsageSchema>,
    /// Why a twin's reply ended; absent on a person's message.
    #[schema(required = false, nullable = false)]
    stop_reason: Option<StopReasonSchema>,
    /// The model that wrote a twin's reply; absent on a person's message.
    #[schema(required = false, nullable = false)]
    model: Option<String>,
    /// The adapter that the model wrote a twin's reply with; absent where it had none.
    #[schema(required = false, nullable = false)]
    adapter: Option<String>,
    /// The seed that a twin's reply was sampled with; absent on a person's message.
    #[schema(
        required = false,
        nullable = false,
        maximum = 9_007_199_254_740_991_i64
    )]
    seed: Option<u64>,
    /// How long a twin's reply took; absent on a person's message.
    #[schema(required = false, nullable = false)]
    latency: Option<LatencySchema>,
    /// How far machines have set each other off: on messages of machines that answer machines, or that ask for answers of theirs.
    #[schema(required = false, nullable = false)]
    chain: Option<ChainSchema>,
    /// Why a reply failed; present exactly when `stop_reason` is `failed`.
    #[schema(required = false, nullable = false)]
    failure: Option<FailureSchema>,
    /// When its author edited it last, in UTC milliseconds since 1970; absent when it was never edited.
    #[schema(required = false, nullable = false)]
    edited_at: Option<i64>,
    /// When it was deleted, in UTC milliseconds since 1970; absent when it was not.
    #[schema(required = false, nullable = false)]
    deleted_at: Option<i64>,
    /// Whether it is kept in view; absent when it is not.
    #[schema(required = false)]
    pinned: bool,
    /// The files that belong to it, in the order of the sender; absent when there are none.
    #[schema(required = false)]
    attachments: Vec<AttachmentSchema>,
    /// What people put beside it, those used first first; absent when there are none.
    #[schema(required = false)]
    reactions: Vec<ReactionSchema>,
}

/// What stands in a message's thread.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ThreadSummary)]
pub(super) struct ThreadSummarySchema {
    /// How many messages, without those that were deleted.
    replies: u64,
    /// The `seq` of the newest of them.
    last_seq: u64,
    /// Who wrote them, those who came first first; five at most.
    participants: Vec<AuthorSchema>,
}

/// A file that belongs to a message, or will.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attachment)]
pub(super) struct AttachmentSchema {
    /// The file's id: its bytes are at `/api/v1/attachments/{attachment}`.
    id: Uuid,
    /// The name that its sender gave it, without folders.
    name: String,
    /// What its bytes are, whatever the name says.
    media_type: String,
    /// Its size in bytes.
    size_bytes: u64,
    /// Pixels from left to right, where it is an image that says so.
    #[schema(required = false, nullable = false)]
    width: Option<u32>,
    /// Pixels from top to bottom, where it is an image that says so.
    #[schema(required = false, nullable = false)]
    height: Option<u32>,
}

/// An emoji beside a message, and who put it there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reaction)]
pub(super) struct ReactionSchema {
    /// The emoji.
    emoji: String,
    /// Those who put it there, in that order.
    users: Vec<Uuid>,
}

/// Who wrote a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = Author)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "it only describes what protocol serialises")
)]
pub(super) enum AuthorSchema {
    /// A person.
    User {
        /// The person's id.
        id: Uuid,
        /// The person's name when the message was written.
        name: String,
    },
    /// A twin: the text was written by a model.
    Twin {
        /// The twin's id.
        id: Uuid,
        /// The twin's name when the message was written.
        name: String,
    },
    /// A bot: a program of a person wrote the text.
    Bot {
        /// The bot's id.
        id: Uuid,
        /// The bot's name when the message was written.
        name: String,
    },
}

/// What a person may do in a room; each may whatever those before it may.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
#[expect(dead_code, reason = "it only describes what protocol serialises")]
pub(super) enum RoleName {
    /// Only reads: the owner of a twin that takes part, who may write in the twin's place.
    Watcher,
    /// Reads, writes and reacts.
    Guest,
    /// Takes part in everything, and brings others along.
    Member,
    /// Keeps order.
    Moderator,
    /// Decides who moderates.
    Owner,
}

/// When a twin answers in a room of more than two; between two it always does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TwinPolicy)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "it only describes what protocol serialises")
)]
pub(super) enum TwinPolicyName {
    /// Not at all.
    Never,
    /// When it is mentioned, or one of its messages is answered.
    WhenAddressed,
    /// Then, and to a person's message about something that it knows.
    WhenConfident,
}

/// How far a twin writes on its own in one conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TwinMode)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "it only describes what protocol serialises")
)]
pub(super) enum TwinModeName {
    /// Not at all: it is paused.
    Off,
    /// Its owner approves each reply before anybody else sees it.
    Draft,
    /// It replies where it knows something, and asks its owner otherwise.
    Ask,
    /// On its own.
    Auto,
}

/// A part of a twin's message that one of them wrote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Span)]
pub(super) struct SpanSchema {
    /// Who.
    by: WriterSchema,
    /// How long it is, in Unicode code points.
    chars: u64,
}

/// Who wrote a part of a twin's message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Writer)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "it only describes what protocol serialises")
)]
pub(super) enum WriterSchema {
    /// The twin's model.
    Twin,
    /// The person whose twin it is.
    Owner,
}

/// A place in a document that a reply was drawn from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub(super) struct SourceSchema {
    /// The document.
    document_id: Uuid,
    /// The document's name.
    document: String,
    /// The headings above the quoted text, outermost first, joined by " › "; empty where there are none.
    section: String,
    /// The text that stood in the prompt.
    quote: String,
    /// Cosine similarity of question and quote, −1 to 1.
    score: f32,
}

/// What a reply cost, in tokens of its model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
pub(super) struct UsageSchema {
    /// Tokens of the prompt.
    prompt_tokens: u32,
    /// Tokens that were generated.
    completion_tokens: u32,
}

/// How long a reply took, from when its twin was asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Latency)]
pub(super) struct LatencySchema {
    /// Milliseconds until its first text; absent when it says nothing.
    #[schema(required = false, nullable = false)]
    first_text_ms: Option<u64>,
    /// Milliseconds until it was whole.
    whole_ms: u64,
}

/// Where a machine's message stands among those that go back to one message of a person, and how much there may still be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chain)]
pub(super) struct ChainSchema {
    /// The person's message.
    cause: Uuid,
    /// How many messages of machines it stands after that, each an answer to the one before; itself counted.
    hops: u64,
    /// Tokens that may still be generated for replies that go back to the cause.
    tokens_left: u64,
    /// Why some of those that it asks for an answer give none; absent when all may.
    #[schema(required = false, nullable = false)]
    ended: Option<ChainEndSchema>,
}

/// The limit that ended a chain of machines' messages.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChainEnd)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "it only describes what protocol serialises")
)]
pub(super) enum ChainEndSchema {
    /// So many in a row.
    Hops,
    /// So many replies in all.
    Replies,
    /// So many tokens.
    Tokens,
}

/// Why a reply ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StopReason)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "it only describes what protocol serialises")
)]
pub(super) enum StopReasonSchema {
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

/// Why a reply failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Failure)]
pub(super) struct FailureSchema {
    /// A stable code.
    #[schema(value_type = ProblemCode)]
    code: String,
    /// What failed, for a person to read.
    message: String,
}

#[cfg(test)]
mod tests {
    use protocol::{
        Attachment, Author, Authorship, Chain, ChainEnd, ErrorCode, Failure, Latency, Message,
        Reaction, Source, StopReason, ThreadSummary, Usage, Writer,
    };
    use serde::Serialize;
    use serde_json::Value;

    use super::*;

    const ID: Uuid = Uuid::from_u128(7);

    fn full_message() -> Message {
        Message {
            conversation_id: protocol::ConversationId::from_uuid(ID),
            seq: 1,
            message_id: protocol::MessageId::from_uuid(ID),
            author: Author::Twin {
                id: protocol::TwinId::from_uuid(ID),
                name: "Ada".to_owned(),
            },
            ai_written: true,
            text: "text".to_owned(),
            authorship: Some(Authorship::of(Writer::Twin, "a").then(Writer::Owner, "bc")),
            created_at: 2,
            client_id: Some("client".to_owned().try_into().unwrap()),
            reply_to: Some(protocol::MessageId::from_uuid(ID)),
            thread: Some(protocol::MessageId::from_uuid(ID)),
            thread_summary: Some(ThreadSummary {
                replies: 8,
                last_seq: 9,
                participants: vec![Author::User {
                    id: protocol::UserId::from_uuid(ID),
                    name: "Bo".to_owned(),
                }],
            }),
            variant_of: Some(protocol::MessageId::from_uuid(ID)),
            superseded: true,
            sources: Some(vec![Source {
                document_id: protocol::DocumentId::from_uuid(ID),
                document: "document".to_owned(),
                section: "section".to_owned(),
                quote: "quote".to_owned(),
                score: 0.5,
            }]),
            usage: Some(Usage {
                prompt_tokens: 3,
                completion_tokens: 4,
            }),
            stop_reason: Some(StopReason::Failed),
            model: Some("model".to_owned()),
            adapter: Some("adapter".to_owned()),
            seed: Some(8),
            latency: Some(Latency {
                first_text_ms: Some(9),
                whole_ms: 10,
            }),
            chain: Some(Chain {
                cause: protocol::MessageId::from_uuid(ID),
                hops: 11,
                tokens_left: 12,
                ended: Some(ChainEnd::Hops),
            }),
            failure: Some(Failure {
                code: ErrorCode::Overloaded,
                message: "message".to_owned(),
            }),
            edited_at: Some(5),
            deleted_at: Some(6),
            pinned: true,
            attachments: vec![Attachment {
                id: protocol::AttachmentId::from_uuid(ID),
                name: "porch.png".to_owned(),
                media_type: "image/png".to_owned(),
                size_bytes: 13,
                width: Some(14),
                height: Some(15),
            }],
            reactions: vec![Reaction {
                emoji: "👀".to_owned().try_into().unwrap(),
                users: vec![protocol::UserId::from_uuid(ID)],
            }],
        }
    }

    fn full_schema() -> MessageSchema {
        MessageSchema {
            conversation_id: ID,
            seq: 1,
            message_id: ID,
            author: AuthorSchema::Twin {
                id: ID,
                name: "Ada".to_owned(),
            },
            ai_written: true,
            text: "text".to_owned(),
            authorship: Some(vec![
                SpanSchema {
                    by: WriterSchema::Twin,
                    chars: 1,
                },
                SpanSchema {
                    by: WriterSchema::Owner,
                    chars: 2,
                },
            ]),
            created_at: 2,
            client_id: Some("client".to_owned()),
            reply_to: Some(ID),
            thread: Some(ID),
            thread_summary: Some(ThreadSummarySchema {
                replies: 8,
                last_seq: 9,
                participants: vec![AuthorSchema::User {
                    id: ID,
                    name: "Bo".to_owned(),
                }],
            }),
            variant_of: Some(ID),
            superseded: true,
            sources: Some(vec![SourceSchema {
                document_id: ID,
                document: "document".to_owned(),
                section: "section".to_owned(),
                quote: "quote".to_owned(),
                score: 0.5,
            }]),
            usage: Some(UsageSchema {
                prompt_tokens: 3,
                completion_tokens: 4,
            }),
            stop_reason: Some(StopReasonSchema::Failed),
            model: Some("model".to_owned()),
            adapter: Some("adapter".to_owned()),
            seed: Some(8),
            latency: Some(LatencySchema {
                first_text_ms: Some(9),
                whole_ms: 10,
            }),
            chain: Some(ChainSchema {
                cause: ID,
                hops: 11,
                tokens_left: 12,
                ended: Some(ChainEndSchema::Hops),
            }),
            failure: Some(FailureSchema {
                code: "overloaded".to_owned(),
                message: "message".to_owned(),
            }),
            edited_at: Some(5),
            deleted_at: Some(6),
            pinned: true,
            attachments: vec![AttachmentSchema {
                id: ID,
                name: "porch.png".to_owned(),
                media_type: "image/png".to_owned(),
                size_bytes: 13,
                width: Some(14),
                height: Some(15),
            }],
            reactions: vec![ReactionSchema {
                emoji: "👀".to_owned(),
                users: vec![ID],
            }],
        }
    }

    #[test]
    fn the_described_message_is_the_message_on_the_wire() {
        assert_eq!(json(&full_schema()), json(&full_message()));
    }

    #[test]
    fn the_described_words_are_the_words_on_the_wire() {
        for (described, real) in [
            (StopReasonSchema::EndOfTurn, StopReason::EndOfTurn),
            (StopReasonSchema::Length, StopReason::Length),
            (StopReasonSchema::Stopped, StopReason::Stopped),
            (StopReasonSchema::TakenOver, StopReason::TakenOver),
            (StopReasonSchema::Failed, StopReason::Failed),
        ] {
            assert_eq!(json(&described), json(&real));
        }
        for (described, real) in [
            (TwinPolicyName::Never, protocol::TwinPolicy::Never),
            (
                TwinPolicyName::WhenAddressed,
                protocol::TwinPolicy::WhenAddressed,
            ),
            (
                TwinPolicyName::WhenConfident,
                protocol::TwinPolicy::WhenConfident,
            ),
        ] {
            assert_eq!(json(&described), json(&real));
        }
        for (described, real) in [
            (TwinModeName::Off, protocol::TwinMode::Off),
            (TwinModeName::Draft, protocol::TwinMode::Draft),
            (TwinModeName::Ask, protocol::TwinMode::Ask),
            (TwinModeName::Auto, protocol::TwinMode::Auto),
        ] {
            assert_eq!(json(&described), json(&real));
        }
        for (described, real) in [
            (ChainEndSchema::Hops, ChainEnd::Hops),
            (ChainEndSchema::Replies, ChainEnd::Replies),
            (ChainEndSchema::Tokens, ChainEnd::Tokens),
        ] {
            assert_eq!(json(&described), json(&real));
        }
        let described = AuthorSchema::User {
            id: ID,
            name: "Bo".to_owned(),
        };
        let real = Author::User {
            id: protocol::UserId::from_uuid(ID),
            name: "Bo".to_owned(),
        };
        assert_eq!(json(&described), json(&real));
        let described = AuthorSchema::Bot {
            id: ID,
            name: "Weather".to_owned(),
        };
        let real = Author::Bot {
            id: protocol::UserId::from_uuid(ID),
            name: "Weather".to_owned(),
        };
        assert_eq!(json(&described), json(&real));
    }

    fn json(value: &impl Serialize) -> Value {
        serde_json::to_value(value).unwrap()
    }
}
