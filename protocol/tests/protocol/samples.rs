//! The frames of the golden files: every kind of frame, with and without what it may lack.

use protocol::{
    Attachment, Author, Authorship, Chain, ChainEnd, Change, ClientFrame, ClientId, ClientRequest,
    Codec, Cursor, Emoji, ErrorCode, EventName, Failure, Job, JobState, JobStep, Latency, Message,
    Reaction, ReadyUser, RequestRef, Role, ServerFrame, Source, StopReason, TwinMode, TwinPolicy,
    Usage, What, Writer, decode_client, encode_client, encode_server,
};
use serde_json::{Value, json};

/// The golden files: name and content.
pub(crate) fn fixture_files() -> [(&'static str, String); 3] {
    let client = client_samples().into_iter().map(|(name, request)| {
        let encoded = Codec::ALL.map(|codec| encode_client(codec, &request).expect("it encodes"));
        fixture(name, request.frame.op(), encoded)
    });
    let server = server_samples().into_iter().map(|(name, frame)| {
        let encoded = Codec::ALL.map(|codec| encode_server(codec, &frame).expect("it encodes"));
        fixture(name, frame.op(), encoded)
    });
    let rejected = rejected_samples().into_iter().map(|(name, codec, bytes)| {
        let error = decode_client(codec, &bytes).expect_err(name);
        let bytes = match codec {
            Codec::Json => json!({ "json": String::from_utf8_lossy(&bytes) }),
            Codec::MessagePack => json!({ "msgpack": hex(&bytes) }),
        };
        let mut fixture = json!({ "name": name, "code": error.code, "message": error.message });
        if let Some(request_ref) = error.request_ref {
            fixture["ref"] = json!(request_ref);
        }
        merge(fixture, bytes)
    });
    [
        ("client_frames.json", file(client.collect())),
        ("server_frames.json", file(server.collect())),
        ("rejected_frames.json", file(rejected.collect())),
    ]
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fixture(name: &str, op: &str, [json, msgpack]: [Vec<u8>; 2]) -> Value {
    let json = String::from_utf8(json).expect("JSON is UTF-8");
    let frame: Value = serde_json::from_str(&json).expect("JSON is JSON");
    json!({ "name": name, "op": op, "frame": frame, "json": json, "msgpack": hex(&msgpack) })
}

fn merge(mut one: Value, mut other: Value) -> Value {
    let entries = other.as_object_mut().expect("an object");
    one.as_object_mut().expect("an object").append(entries);
    one
}

fn file(fixtures: Vec<Value>) -> String {
    let text = serde_json::to_string_pretty(&fixtures).expect("it encodes");
    text + "\n"
}

const CONVERSATION: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const ANA: &str = "01890a5d-ac96-7ab2-80e2-4536629c90de";
const BO: &str = "01890a5d-ac98-7c1e-8d2f-5a6b7c8d9e0f";
const ADA: &str = "01890a5d-ac97-7b2a-9c1e-3f5a7d2b8e41";
const WEATHER: &str = "01890a5d-ac98-7c3d-8e4f-506172839415";
const QUESTION: &str = "01890a5d-b1f0-7c3d-8a4b-5e6f70819293";
const ROOT: &str = "01890a5d-b0f0-7b3c-8f4a-4d5e6f708192";
const REPLY: &str = "01890a5d-b200-7d4e-9b5c-6f7081929304";
const VARIANT: &str = "01890a5d-b300-7e5f-8c6d-708192930416";
const DOCUMENT: &str = "01890a5d-9000-7e5f-8c6d-708192930415";
const PHOTO: &str = "01890a5d-9100-7e5f-8c6d-708192930417";
const NOTES: &str = "01890a5d-9200-7e5f-8c6d-708192930418";
const SESSION: &str = "01890a5d-a000-7f60-9d7e-819293041526";
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl";

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("an id")
}

fn request_ref(text: &str) -> Option<RequestRef> {
    Some(text.to_owned().try_into().expect("a ref"))
}

/// Every kind of client frame.
pub(crate) fn client_samples() -> Vec<(&'static str, ClientRequest)> {
    let conversation_id = id(CONVERSATION);
    let with = |text, frame| ClientRequest {
        request_ref: request_ref(text),
        frame,
    };
    let without = |frame| ClientRequest {
        request_ref: None,
        frame,
    };
    let send = |text: &str, reply_to| ClientFrame::Send {
        conversation_id,
        client_id: client_id(),
        text: text.to_owned(),
        reply_to,
        thread: None,
        attachments: Vec::new(),
    };
    let cursor = Cursor {
        conversation_id,
        after_seq: 41,
    };
    vec![
        (
            "identify",
            with(
                "1",
                ClientFrame::Identify {
                    token: TOKEN.to_owned(),
                    presence: false,
                },
            ),
        ),
        (
            "identify with the wish for presence",
            without(ClientFrame::Identify {
                token: TOKEN.to_owned(),
                presence: true,
            }),
        ),
        (
            "resume with a cursor",
            with(
                "1",
                ClientFrame::Resume {
                    token: TOKEN.to_owned(),
                    cursors: vec![cursor],
                    presence: true,
                },
            ),
        ),
        (
            "resume without cursors and without ref",
            without(ClientFrame::Resume {
                token: TOKEN.to_owned(),
                cursors: vec![],
                presence: false,
            }),
        ),
        (
            "subscribe after the last seq seen",
            with(
                "2",
                ClientFrame::Subscribe {
                    conversation_id,
                    after_seq: Some(41),
                },
            ),
        ),
        (
            "subscribe from now on",
            with(
                "2",
                ClientFrame::Subscribe {
                    conversation_id,
                    after_seq: None,
                },
            ),
        ),
        (
            "unsubscribe",
            with("3", ClientFrame::Unsubscribe { conversation_id }),
        ),
        (
            "send",
            with("4", send("Where do you keep the spare key?", None)),
        ),
        (
            "send into a thread",
            with(
                "12",
                ClientFrame::Send {
                    conversation_id,
                    client_id: client_id(),
                    text: "Where do you keep the spare key?".to_owned(),
                    reply_to: None,
                    thread: Some(id(ROOT)),
                    attachments: Vec::new(),
                },
            ),
        ),
        (
            "send files without a text",
            with(
                "15",
                ClientFrame::Send {
                    conversation_id,
                    client_id: client_id(),
                    text: String::new(),
                    reply_to: None,
                    thread: None,
                    attachments: vec![id(PHOTO), id(NOTES)],
                },
            ),
        ),
        (
            "send an answer with every kind of character",
            without(send(
                "你好 🦊 \"quoted\" \\ \n\t\u{1}\u{2028}é",
                Some(id(QUESTION)),
            )),
        ),
        (
            "edit",
            with(
                "8",
                ClientFrame::Edit {
                    conversation_id,
                    client_id: client_id(),
                    message_id: id(QUESTION),
                    text: "Where do you keep the spare keys?".to_owned(),
                },
            ),
        ),
        (
            "delete",
            with(
                "9",
                ClientFrame::Delete {
                    conversation_id,
                    client_id: client_id(),
                    message_id: id(QUESTION),
                },
            ),
        ),
        (
            "react",
            with(
                "10",
                ClientFrame::React {
                    conversation_id,
                    client_id: client_id(),
                    message_id: id(REPLY),
                    emoji: emoji("👍🏽"),
                },
            ),
        ),
        (
            "unreact",
            with(
                "11",
                ClientFrame::Unreact {
                    conversation_id,
                    client_id: client_id(),
                    message_id: id(REPLY),
                    emoji: emoji("👍🏽"),
                },
            ),
        ),
        (
            "pin",
            with(
                "12",
                ClientFrame::Pin {
                    conversation_id,
                    client_id: client_id(),
                    message_id: id(REPLY),
                },
            ),
        ),
        (
            "unpin",
            with(
                "13",
                ClientFrame::Unpin {
                    conversation_id,
                    client_id: client_id(),
                    message_id: id(REPLY),
                },
            ),
        ),
        ("typing", without(ClientFrame::Typing { conversation_id })),
        (
            "broadcast",
            without(ClientFrame::Broadcast {
                conversation_id,
                event: event("cursor"),
                data: r#"{"x":12,"y":7}"#.to_owned(),
            }),
        ),
        (
            "read",
            without(ClientFrame::Read {
                conversation_id,
                seq: 42,
            }),
        ),
        (
            "stop",
            with(
                "5",
                ClientFrame::Stop {
                    conversation_id,
                    message_id: id(REPLY),
                },
            ),
        ),
        (
            "regenerate",
            with(
                "12",
                ClientFrame::Regenerate {
                    conversation_id,
                    message_id: id(REPLY),
                },
            ),
        ),
        (
            "continue",
            with(
                "13",
                ClientFrame::Continue {
                    conversation_id,
                    message_id: id(REPLY),
                },
            ),
        ),
        (
            "choose",
            with(
                "14",
                ClientFrame::Choose {
                    conversation_id,
                    client_id: client_id(),
                    message_id: id(REPLY),
                },
            ),
        ),
        (
            "take_over",
            with(
                "15",
                ClientFrame::TakeOver {
                    conversation_id,
                    message_id: id(REPLY),
                },
            ),
        ),
        (
            "speak",
            with(
                "16",
                ClientFrame::Speak {
                    conversation_id,
                    client_id: client_id(),
                    twin_id: id(ADA),
                    text: "pot, and the blue one at that.".to_owned(),
                    message_id: Some(id(REPLY)),
                    reply_to: None,
                },
            ),
        ),
        (
            "speak: a message of its own",
            with(
                "17",
                ClientFrame::Speak {
                    conversation_id,
                    client_id: client_id(),
                    twin_id: id(ADA),
                    text: "I shall look myself.".to_owned(),
                    message_id: None,
                    reply_to: Some(id(QUESTION)),
                },
            ),
        ),
        ("ping", with("6", ClientFrame::Ping)),
        ("ping without ref", without(ClientFrame::Ping)),
    ]
}

fn client_id() -> ClientId {
    let text = "7f3c1a52-5b7e-4d53-9a60-0c5f3f9c2b11".to_owned();
    text.try_into().expect("a client id")
}

fn emoji(text: &str) -> Emoji {
    text.to_owned().try_into().expect("an emoji")
}

fn event(name: &str) -> EventName {
    name.to_owned().try_into().expect("the name of an event")
}

/// A person's message.
fn question() -> Message {
    let author = Author::User {
        id: id(ANA),
        name: "Ana".to_owned(),
    };
    let text = "Where do you keep the spare key?".to_owned();
    Message {
        seq: 42,
        created_at: 1_792_000_000_000,
        ..Message::new(id(CONVERSATION), id(QUESTION), author, text)
    }
}

fn ana() -> Author {
    question().author
}

fn bo() -> Author {
    Author::User {
        id: id(BO),
        name: "Bo".to_owned(),
    }
}

fn ada() -> Author {
    Author::Twin {
        id: id(ADA),
        name: "Ada".to_owned(),
    }
}

fn weather() -> Author {
    Author::Bot {
        id: id(WEATHER),
        name: "Weather".to_owned(),
    }
}

/// A twin's finished reply.
fn reply() -> Message {
    Message {
        seq: 43,
        message_id: id(REPLY),
        author: ada(),
        ai_written: true,
        text: "Under the blue pot on the porch.".to_owned(),
        created_at: 1_792_000_001_250,
        reply_to: Some(id(QUESTION)),
        sources: Some(vec![Source {
            document_id: id(DOCUMENT),
            document: "house.md".to_owned(),
            section: "House › Keys".to_owned(),
            quote: "The spare key is under the blue pot on the porch.".to_owned(),
            score: 0.71,
        }]),
        usage: Some(Usage {
            prompt_tokens: 212,
            completion_tokens: 9,
        }),
        stop_reason: Some(StopReason::EndOfTurn),
        model: Some("smollm2-135m-instruct".to_owned()),
        seed: Some(4_503_599_627_370_495),
        latency: Some(Latency {
            first_text_ms: Some(310),
            whole_ms: 1_240,
        }),
        ..question()
    }
}

/// A change of one of the two.
fn change(what: What) -> ServerFrame {
    ServerFrame::Change(Change {
        conversation_id: id(CONVERSATION),
        seq: 44,
        author: question().author,
        created_at: 1_792_000_060_000,
        client_id: Some(client_id()),
        what,
    })
}

/// A change of the room, made over HTTP.
fn room_change(what: What) -> ServerFrame {
    match change(what) {
        ServerFrame::Change(change) => ServerFrame::Change(Change {
            client_id: None,
            ..change
        }),
        frame => frame,
    }
}

/// Every kind of server frame, every error code and every reason to stop.
pub(crate) fn server_samples() -> Vec<(&'static str, ServerFrame)> {
    let conversation_id = id(CONVERSATION);
    let mut samples = vec![
        (
            "ready",
            ServerFrame::Ready {
                request_ref: request_ref("1"),
                session_id: id(SESSION),
                user: ReadyUser {
                    id: id(ANA),
                    name: "Ana".to_owned(),
                },
                heartbeat_ms: 20_000,
            },
        ),
        (
            "subscribed",
            ServerFrame::Subscribed {
                request_ref: request_ref("2"),
                conversation_id,
                last_seq: 41,
            },
        ),
        (
            "resumed",
            ServerFrame::Resumed {
                request_ref: request_ref("1"),
            },
        ),
        (
            "reset: the cursor is beyond the log",
            ServerFrame::Reset {
                conversation_id,
                code: ErrorCode::Conflict,
                message: "the cursor 41 is beyond the last entry, 30".to_owned(),
                retry_after_ms: None,
            },
        ),
        (
            "reset: not now",
            ServerFrame::Reset {
                conversation_id,
                code: ErrorCode::Unavailable,
                message: "the conversation is being restarted".to_owned(),
                retry_after_ms: Some(1_000),
            },
        ),
        (
            "unsubscribed",
            ServerFrame::Unsubscribed {
                request_ref: request_ref("3"),
                conversation_id,
            },
        ),
        (
            "ack",
            ServerFrame::Ack {
                request_ref: request_ref("4"),
                conversation_id,
                client_id: client_id(),
                seq: 42,
                message_id: id(QUESTION),
            },
        ),
        ("message of somebody else", ServerFrame::Message(question())),
        (
            "message of one's own",
            ServerFrame::Message(Message {
                client_id: Some(client_id()),
                ..question()
            }),
        ),
        (
            "message of a bot",
            ServerFrame::Message(Message {
                author: weather(),
                text: "Storm from the north-west at four.".to_owned(),
                ..question()
            }),
        ),
        (
            "message that was missed: a twin's reply",
            ServerFrame::Message(reply()),
        ),
        (
            "message that was missed: edited, with reactions",
            ServerFrame::Message(Message {
                text: "Where do you keep the spare keys?".to_owned(),
                edited_at: Some(1_792_000_060_000),
                reactions: vec![Reaction {
                    emoji: emoji("👀"),
                    users: vec![id(ANA)],
                }],
                ..question()
            }),
        ),
        (
            "message that was missed: deleted",
            ServerFrame::Message(Message {
                text: String::new(),
                deleted_at: Some(1_792_000_060_000),
                ..question()
            }),
        ),
        (
            "message with files",
            ServerFrame::Message(Message {
                attachments: vec![
                    Attachment {
                        id: id(PHOTO),
                        name: "porch.png".to_owned(),
                        media_type: "image/png".to_owned(),
                        size_bytes: 48_213,
                        width: Some(1_280),
                        height: Some(960),
                    },
                    Attachment {
                        id: id(NOTES),
                        name: "keys.txt".to_owned(),
                        media_type: "text/plain".to_owned(),
                        size_bytes: 311,
                        width: None,
                        height: None,
                    },
                ],
                ..question()
            }),
        ),
        (
            "message in a thread",
            ServerFrame::Message(Message {
                thread: Some(id(ROOT)),
                ..question()
            }),
        ),
        (
            "message_start",
            ServerFrame::MessageStart {
                conversation_id,
                message_id: id(REPLY),
                author: ada(),
                ai_written: true,
                reply_to: id(QUESTION),
                thread: None,
                variant_of: None,
            },
        ),
        (
            "message_start in a thread",
            ServerFrame::MessageStart {
                conversation_id,
                message_id: id(REPLY),
                author: ada(),
                ai_written: true,
                reply_to: id(QUESTION),
                thread: Some(id(ROOT)),
                variant_of: None,
            },
        ),
        (
            "message_start of another attempt",
            ServerFrame::MessageStart {
                conversation_id,
                message_id: id(VARIANT),
                author: ada(),
                ai_written: true,
                reply_to: id(QUESTION),
                thread: None,
                variant_of: Some(id(REPLY)),
            },
        ),
        (
            "delta, the first",
            ServerFrame::Delta {
                conversation_id,
                message_id: id(REPLY),
                index: 0,
                text: "Under the blue ".to_owned(),
            },
        ),
        (
            "delta, the next",
            ServerFrame::Delta {
                conversation_id,
                message_id: id(REPLY),
                index: 15,
                text: "pot on the porch.".to_owned(),
            },
        ),
        (
            "taken_over",
            ServerFrame::TakenOver {
                conversation_id,
                message_id: id(REPLY),
                index: 15,
            },
        ),
        (
            "proposal",
            ServerFrame::Proposal(Message { seq: 0, ..reply() }),
        ),
        ("message_done", ServerFrame::MessageDone(reply())),
        (
            "message_done of a reply that its twin's owner took over",
            ServerFrame::MessageDone(Message {
                text: "It is under the pot, and the blue one at that.".to_owned(),
                authorship: Some(
                    Authorship::of(Writer::Twin, "It is under the ")
                        .then(Writer::Owner, "pot, and the blue one at that."),
                ),
                client_id: Some(client_id()),
                stop_reason: Some(StopReason::TakenOver),
                ..reply()
            }),
        ),
        (
            "message_done of what an owner wrote in a twin's place",
            ServerFrame::MessageDone(Message {
                ai_written: false,
                authorship: Some(Authorship::of(Writer::Owner, "I shall look myself.")),
                text: "I shall look myself.".to_owned(),
                author: ada(),
                ..question()
            }),
        ),
        (
            "message_done of another attempt",
            ServerFrame::MessageDone(Message {
                seq: 44,
                message_id: id(VARIANT),
                text: "The spare key is under the blue pot.".to_owned(),
                variant_of: Some(id(REPLY)),
                seed: Some(2_251_799_813_685_249),
                ..reply()
            }),
        ),
        (
            "message that was missed: an attempt that does not count",
            ServerFrame::Message(Message {
                superseded: true,
                ..reply()
            }),
        ),
        (
            "message_done of a reply to a twin, which asks for another",
            ServerFrame::MessageDone(Message {
                text: "@Bo keeps it, don't you?".to_owned(),
                chain: Some(Chain {
                    cause: id(QUESTION),
                    hops: 2,
                    tokens_left: 1_519,
                    ended: None,
                }),
                ..reply()
            }),
        ),
        (
            "message_done of a reply that would have been answered",
            ServerFrame::MessageDone(Message {
                text: "@Bo keeps it, don't you?".to_owned(),
                chain: Some(Chain {
                    cause: id(QUESTION),
                    hops: 4,
                    tokens_left: 812,
                    ended: Some(ChainEnd::Hops),
                }),
                ..reply()
            }),
        ),
        (
            "message_done of a reply that was written with an adapter",
            ServerFrame::MessageDone(Message {
                adapter: Some("ada-2026-11".to_owned()),
                ..reply()
            }),
        ),
        (
            "message_done without sources, cut off by its longest length",
            ServerFrame::MessageDone(Message {
                sources: Some(vec![]),
                stop_reason: Some(StopReason::Length),
                ..reply()
            }),
        ),
        (
            "message_done of a reply that was stopped",
            ServerFrame::MessageDone(Message {
                text: "Under the blue ".to_owned(),
                stop_reason: Some(StopReason::Stopped),
                ..reply()
            }),
        ),
        (
            "message_done of a reply that failed",
            ServerFrame::MessageDone(Message {
                text: String::new(),
                sources: Some(vec![]),
                seed: None,
                latency: Some(Latency {
                    first_text_ms: None,
                    whole_ms: 3,
                }),
                stop_reason: Some(StopReason::Failed),
                failure: Some(Failure {
                    code: ErrorCode::Overloaded,
                    message: "the inference pool is full".to_owned(),
                }),
                ..reply()
            }),
        ),
        (
            "change: edited",
            change(What::Edited {
                message_id: id(QUESTION),
                text: "Where do you keep the spare keys?".to_owned(),
                authorship: None,
            }),
        ),
        (
            "change: edited by a twin's owner",
            change(What::Edited {
                message_id: id(REPLY),
                text: "It is under the red pot.".to_owned(),
                authorship: Some(
                    Authorship::of(Writer::Twin, "It is under the ")
                        .then(Writer::Owner, "red")
                        .then(Writer::Twin, " pot."),
                ),
            }),
        ),
        (
            "change: deleted",
            change(What::Deleted {
                message_id: id(QUESTION),
            }),
        ),
        (
            "change: chosen",
            change(What::Chosen {
                message_id: id(REPLY),
            }),
        ),
        (
            "change: reacted",
            change(What::Reacted {
                message_id: id(REPLY),
                emoji: emoji("👍🏽"),
            }),
        ),
        (
            "change: unreacted",
            change(What::Unreacted {
                message_id: id(REPLY),
                emoji: emoji("👍🏽"),
            }),
        ),
        (
            "change: pinned",
            change(What::Pinned {
                message_id: id(REPLY),
            }),
        ),
        (
            "change: unpinned",
            change(What::Unpinned {
                message_id: id(REPLY),
            }),
        ),
        (
            "change: joined",
            room_change(What::Joined {
                member: bo(),
                role: Some(Role::Member),
            }),
        ),
        (
            "change: a twin joined",
            room_change(What::Joined {
                member: ada(),
                role: None,
            }),
        ),
        ("change: left", room_change(What::Left { member: ana() })),
        (
            "change: removed",
            room_change(What::Removed { member: bo() }),
        ),
        ("change: banned", room_change(What::Banned { member: bo() })),
        (
            "change: unbanned",
            room_change(What::Unbanned { member: bo() }),
        ),
        (
            "change: role_set",
            room_change(What::RoleSet {
                member: bo(),
                role: Role::Moderator,
            }),
        ),
        (
            "change: policy_set",
            room_change(What::PolicySet {
                member: ada(),
                policy: TwinPolicy::WhenConfident,
            }),
        ),
        (
            "change: a twin's owner watches",
            room_change(What::Joined {
                member: ana(),
                role: Some(Role::Watcher),
            }),
        ),
        (
            "change: mode_set",
            room_change(What::ModeSet {
                member: ada(),
                mode: TwinMode::Draft,
            }),
        ),
        (
            "change: muted",
            room_change(What::Muted {
                member: bo(),
                until: Some(1_792_000_360_000),
            }),
        ),
        (
            "change: muted for good",
            room_change(What::Muted {
                member: bo(),
                until: None,
            }),
        ),
        (
            "change: unmuted",
            room_change(What::Unmuted { member: bo() }),
        ),
        (
            "change: words_forbidden",
            room_change(What::WordsForbidden {
                words: vec!["free money".to_owned(), "赌博".to_owned()],
            }),
        ),
        (
            "change: slow_mode_set",
            room_change(What::SlowModeSet { seconds: Some(30) }),
        ),
        (
            "change: without slow mode",
            room_change(What::SlowModeSet { seconds: None }),
        ),
        (
            "change: titled",
            room_change(What::Titled {
                title: Some("House keys".to_owned()),
            }),
        ),
        (
            "change: without a title",
            room_change(What::Titled { title: None }),
        ),
        (
            "change: topic_set",
            room_change(What::TopicSet {
                topic: Some("Who has which key".to_owned()),
            }),
        ),
        (
            "typing",
            ServerFrame::Typing {
                conversation_id,
                user_id: id(ANA),
            },
        ),
        (
            "presence",
            ServerFrame::Presence {
                conversation_id,
                online: vec![id(ANA), id(ADA)],
            },
        ),
        (
            "broadcast",
            ServerFrame::Broadcast {
                conversation_id,
                user_id: id(ANA),
                event: event("cursor"),
                data: r#"{"x":12,"y":7}"#.to_owned(),
            },
        ),
        (
            "draft",
            ServerFrame::Draft {
                conversation_id,
                text: Some("Where do you ke".to_owned()),
                reply_to: Some(id(REPLY)),
                revision: Some(1_792_000_000_000),
                changed_at: 1_792_000_000_000,
            },
        ),
        (
            "draft that is gone",
            ServerFrame::Draft {
                conversation_id,
                text: None,
                reply_to: None,
                revision: None,
                changed_at: 1_792_000_001_000,
            },
        ),
        (
            "job",
            ServerFrame::Job(Job {
                twin_id: id(ADA),
                document_id: id(DOCUMENT),
                state: JobState::Processing,
                step: JobStep::Embedding,
                done: 64,
                total: 211,
                failure: None,
            }),
        ),
        (
            "job that failed",
            ServerFrame::Job(Job {
                twin_id: id(ADA),
                document_id: id(DOCUMENT),
                state: JobState::Failed,
                step: JobStep::Extracting,
                done: 0,
                total: 0,
                failure: Some(Failure {
                    code: ErrorCode::Invalid,
                    message: "the file is encrypted: save it without a password".to_owned(),
                }),
            }),
        ),
        (
            "membership",
            ServerFrame::Membership {
                conversation_id,
                role: Some(Role::Member),
            },
        ),
        (
            "membership that is over",
            ServerFrame::Membership {
                conversation_id,
                role: None,
            },
        ),
        (
            "receipt",
            ServerFrame::Receipt {
                conversation_id,
                user_id: id(ANA),
                seq: 43,
            },
        ),
        (
            "pong",
            ServerFrame::Pong {
                request_ref: request_ref("6"),
            },
        ),
        ("pong without ref", ServerFrame::Pong { request_ref: None }),
        ("reconnect", ServerFrame::Reconnect { after_ms: 1_730 }),
    ];
    samples.extend(ErrorCode::ALL.iter().map(|&code| {
        let frame = ServerFrame::Error {
            request_ref: request_ref("7"),
            code,
            message: "what was wrong, for a person to read".to_owned(),
            retry_after_ms: match code {
                ErrorCode::RateLimited | ErrorCode::Overloaded | ErrorCode::Unavailable => {
                    Some(1_500)
                }
                _ => None,
            },
        };
        (code.as_str(), frame)
    }));
    samples
}

/// Bytes that are no client frame: an implementation of the server refuses each with the code that the file names.
pub(crate) fn rejected_samples() -> Vec<(&'static str, Codec, Vec<u8>)> {
    let json = |name, text: &str| (name, Codec::Json, text.as_bytes().to_vec());
    let msgpack = |name, bytes: &[u8]| (name, Codec::MessagePack, bytes.to_vec());
    vec![
        json("no bytes", ""),
        json("no JSON", "hello"),
        json("a cut frame", r#"{"op":"ping","ref":"1""#),
        json("bytes after the frame", r#"{"op":"ping"}{"op":"ping"}"#),
        json("an array", r#"["ping"]"#),
        json("a lone surrogate", r#"{"op":"ping","note":"\ud800"}"#),
        json("no op", r#"{"ref":"1"}"#),
        json("an op that is no string", r#"{"op":7,"ref":"1"}"#),
        json("an unknown op", r#"{"op":"dance","ref":"1"}"#),
        json("two ops", r#"{"op":"ping","op":"typing"}"#),
        json("a ref that is no string", r#"{"op":"ping","ref":1}"#),
        json("a ref with a space", r#"{"op":"ping","ref":"a b"}"#),
        json(
            "an empty token",
            r#"{"op":"identify","ref":"1","token":""}"#,
        ),
        json("a missing field", r#"{"op":"subscribe","ref":"1"}"#),
        json(
            "a field of the wrong type",
            r#"{"op":"read","ref":"1","conversation_id":"01890a5d-ac96-774b-bcce-b302099a8057","seq":"42"}"#,
        ),
        json(
            "an id that is none",
            r#"{"op":"subscribe","ref":"1","conversation_id":"house"}"#,
        ),
        json(
            "a field twice",
            r#"{"op":"read","ref":"1","conversation_id":"01890a5d-ac96-774b-bcce-b302099a8057","seq":1,"seq":2}"#,
        ),
        json(
            "a negative seq",
            r#"{"op":"read","ref":"1","conversation_id":"01890a5d-ac96-774b-bcce-b302099a8057","seq":-1}"#,
        ),
        json(
            "a seq that no browser can hold",
            r#"{"op":"read","ref":"1","conversation_id":"01890a5d-ac96-774b-bcce-b302099a8057","seq":9007199254740992}"#,
        ),
        json(
            "an empty client_id",
            r#"{"op":"send","ref":"1","conversation_id":"01890a5d-ac96-774b-bcce-b302099a8057","client_id":"","text":"hi"}"#,
        ),
        json(
            "the same attachment twice",
            r#"{"op":"send","ref":"1","conversation_id":"01890a5d-ac96-774b-bcce-b302099a8057","client_id":"x","text":"hi","attachments":["01890a5d-9100-7e5f-8c6d-708192930417","01890a5d-9100-7e5f-8c6d-708192930417"]}"#,
        ),
        msgpack("no bytes", &[]),
        msgpack("a number", &[0x07]),
        msgpack("a byte that MessagePack never uses", &[0xc1]),
        msgpack("an array", b"\x91\xa4ping"),
        msgpack("a number as key", b"\x81\x00\xa4ping"),
        msgpack("a cut frame", b"\x81\xa2op\xa4pi"),
        msgpack("bytes after the frame", b"\x81\xa2op\xa4ping\xc0"),
        msgpack(
            "a string that claims 4 GiB",
            b"\x81\xa2op\xdb\xff\xff\xff\xffping",
        ),
        msgpack(
            "a map that claims 4 billion keys",
            b"\xdf\xff\xff\xff\xff\xa2op\xa4ping",
        ),
        msgpack("an unknown op", b"\x82\xa2op\xa5dance\xa3ref\xa11"),
        msgpack("a missing field", b"\x82\xa2op\xa6typing\xa3ref\xa11"),
    ]
}
