//! Any frame at all.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use protocol::limits::{
    CLIENT_ID_BYTES_MAX, EMOJI_BYTES_MAX, EVENT_NAME_BYTES_MAX, REF_BYTES_MAX, SEED_MAX, SEQ_MAX,
};
use protocol::{
    Attachment, AttachmentId, Author, Authorship, Chain, ChainEnd, Change, ClientFrame, ClientId,
    ClientRequest, Cursor, Emoji, ErrorCode, EventName, Failure, Latency, Message, Reaction,
    ReadyUser, RequestRef, Role, ServerFrame, Source, StopReason, ThreadSummary, TwinMode,
    TwinPolicy, Usage, What, Writer,
};

/// Any of our ids: 16 bytes of any value.
fn id<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    any::<u128>().prop_map(|bits| {
        let hex = format!("{bits:032x}");
        hex.parse().expect("32 hexadecimal digits are a UUID")
    })
}

/// Any text, with every plane of Unicode.
fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..40).prop_map(String::from_iter)
}

fn graphic(bytes_max: usize) -> impl Strategy<Value = String> {
    vec(b'!'..=b'~', 1..=bytes_max).prop_map(|bytes| String::from_utf8(bytes).expect("ASCII"))
}

fn client_id() -> impl Strategy<Value = ClientId> {
    graphic(CLIENT_ID_BYTES_MAX).prop_map(|text| text.try_into().expect("printable"))
}

fn event_name() -> impl Strategy<Value = EventName> {
    graphic(EVENT_NAME_BYTES_MAX).prop_map(|text| text.try_into().expect("printable"))
}

/// Any visible characters, of any plane of Unicode.
fn emoji() -> impl Strategy<Value = Emoji> {
    let visible = any::<char>().prop_filter("visible", |character| {
        !character.is_whitespace() && !character.is_control()
    });
    vec(visible, 1..=EMOJI_BYTES_MAX / 4)
        .prop_map(|text| String::from_iter(text).try_into().expect("visible"))
}

fn request_ref() -> impl Strategy<Value = Option<RequestRef>> {
    let request_ref = graphic(REF_BYTES_MAX).prop_map(|text| text.try_into().expect("printable"));
    option::of(request_ref)
}

fn seq() -> impl Strategy<Value = u64> {
    prop_oneof![0..100_u64, 0..=SEQ_MAX]
}

/// Any client frame that keeps the limits.
pub(crate) fn client_request() -> impl Strategy<Value = ClientRequest> {
    let cursor = (id(), seq()).prop_map(|(conversation_id, after_seq)| Cursor {
        conversation_id,
        after_seq,
    });
    let token = || graphic(300);
    let frame = prop_oneof![
        (token(), any::<bool>())
            .prop_map(|(token, presence)| ClientFrame::Identify { token, presence }),
        (token(), vec(cursor, 0..5), any::<bool>()).prop_map(|(token, cursors, presence)| {
            ClientFrame::Resume {
                token,
                cursors,
                presence,
            }
        }),
        (id(), option::of(seq())).prop_map(|(conversation_id, after_seq)| {
            ClientFrame::Subscribe {
                conversation_id,
                after_seq,
            }
        }),
        id().prop_map(|conversation_id| ClientFrame::Unsubscribe { conversation_id }),
        (
            id(),
            client_id(),
            text(),
            option::of(id()),
            option::of(id()),
            attachment_ids()
        )
            .prop_map(
                |(conversation_id, client_id, text, reply_to, thread, attachments)| {
                    ClientFrame::Send {
                        conversation_id,
                        client_id,
                        text,
                        reply_to,
                        thread,
                        attachments,
                    }
                }
            ),
        (id(), client_id(), id(), text()).prop_map(
            |(conversation_id, client_id, message_id, text)| ClientFrame::Edit {
                conversation_id,
                client_id,
                message_id,
                text,
            }
        ),
        (id(), client_id(), id()).prop_map(|(conversation_id, client_id, message_id)| {
            ClientFrame::Delete {
                conversation_id,
                client_id,
                message_id,
            }
        }),
        (id(), client_id(), id(), emoji()).prop_map(
            |(conversation_id, client_id, message_id, emoji)| ClientFrame::React {
                conversation_id,
                client_id,
                message_id,
                emoji,
            }
        ),
        (id(), client_id(), id(), emoji()).prop_map(
            |(conversation_id, client_id, message_id, emoji)| ClientFrame::Unreact {
                conversation_id,
                client_id,
                message_id,
                emoji,
            }
        ),
        id().prop_map(|conversation_id| ClientFrame::Typing { conversation_id }),
        (id(), client_id(), id()).prop_map(|(conversation_id, client_id, message_id)| {
            ClientFrame::Pin {
                conversation_id,
                client_id,
                message_id,
            }
        }),
        (id(), client_id(), id()).prop_map(|(conversation_id, client_id, message_id)| {
            ClientFrame::Unpin {
                conversation_id,
                client_id,
                message_id,
            }
        }),
        (id(), event_name(), text()).prop_map(|(conversation_id, event, data)| {
            ClientFrame::Broadcast {
                conversation_id,
                event,
                data,
            }
        }),
        (id(), seq()).prop_map(|(conversation_id, seq)| ClientFrame::Read {
            conversation_id,
            seq
        }),
        (id(), id()).prop_map(|(conversation_id, message_id)| ClientFrame::Stop {
            conversation_id,
            message_id
        }),
        (id(), id()).prop_map(|(conversation_id, message_id)| ClientFrame::Regenerate {
            conversation_id,
            message_id
        }),
        (id(), id()).prop_map(|(conversation_id, message_id)| ClientFrame::Continue {
            conversation_id,
            message_id
        }),
        (id(), client_id(), id()).prop_map(|(conversation_id, client_id, message_id)| {
            ClientFrame::Choose {
                conversation_id,
                client_id,
                message_id,
            }
        }),
        (id(), id()).prop_map(|(conversation_id, message_id)| ClientFrame::TakeOver {
            conversation_id,
            message_id
        }),
        (
            id(),
            client_id(),
            id(),
            text(),
            option::of(id()),
            option::of(id())
        )
            .prop_map(
                |(conversation_id, client_id, twin_id, text, message_id, reply_to)| {
                    ClientFrame::Speak {
                        conversation_id,
                        client_id,
                        twin_id,
                        text,
                        message_id,
                        reply_to,
                    }
                }
            ),
        Just(ClientFrame::Ping),
    ];
    (request_ref(), frame).prop_map(|(request_ref, frame)| ClientRequest { request_ref, frame })
}

fn author() -> impl Strategy<Value = Author> {
    prop_oneof![
        (id(), text()).prop_map(|(id, name)| Author::User { id, name }),
        (id(), text()).prop_map(|(id, name)| Author::Twin { id, name }),
        (id(), text()).prop_map(|(id, name)| Author::Bot { id, name }),
    ]
}

/// Any authorship of a text that was written by turns.
fn authorship() -> impl Strategy<Value = Authorship> {
    vec((any::<bool>(), "[a語]{1,5}"), 1..4).prop_map(|parts| {
        let parts = parts.into_iter();
        parts.fold(Authorship::default(), |whole, (is_twins, text)| {
            let by = if is_twins {
                Writer::Twin
            } else {
                Writer::Owner
            };
            whole.then(by, &text)
        })
    })
}

fn role() -> impl Strategy<Value = Role> {
    proptest::sample::select(Role::ALL.to_vec())
}

fn error_code() -> impl Strategy<Value = ErrorCode> {
    proptest::sample::select(ErrorCode::ALL)
}

fn source() -> impl Strategy<Value = Source> {
    (id(), text(), text(), text(), -1.0..=1.0_f32).prop_map(
        |(document_id, document, section, quote, score)| Source {
            document_id,
            document,
            section,
            quote,
            score,
        },
    )
}

fn usage() -> impl Strategy<Value = Usage> {
    (any::<u32>(), any::<u32>()).prop_map(|(prompt_tokens, completion_tokens)| Usage {
        prompt_tokens,
        completion_tokens,
    })
}

/// Ids of different attachments.
fn attachment_ids() -> impl Strategy<Value = Vec<AttachmentId>> {
    vec(id(), 0..4).prop_map(|mut ids: Vec<AttachmentId>| {
        ids.sort();
        ids.dedup();
        ids
    })
}

fn attachment() -> impl Strategy<Value = Attachment> {
    let size = (
        any::<u64>(),
        option::of(any::<u32>()),
        option::of(any::<u32>()),
    );
    (id(), text(), text(), size).prop_map(|(id, name, media_type, (size_bytes, width, height))| {
        Attachment {
            id,
            name,
            media_type,
            size_bytes,
            width,
            height,
        }
    })
}

fn message() -> impl Strategy<Value = Message> {
    let stop_reason = proptest::sample::select(vec![
        StopReason::EndOfTurn,
        StopReason::Length,
        StopReason::Stopped,
        StopReason::TakenOver,
        StopReason::Failed,
    ]);
    let failure = (error_code(), text()).prop_map(|(code, message)| Failure { code, message });
    let begin = (
        id(),
        seq(),
        id(),
        author(),
        any::<bool>(),
        text(),
        any::<i64>(),
    );
    let rest = (
        option::of(client_id()),
        option::of(id()),
        option::of(vec(source(), 0..3)),
        option::of(usage()),
        option::of(stop_reason),
        option::of(text()),
        option::of(failure),
    );
    let latency =
        (option::of(any::<u64>()), any::<u64>()).prop_map(|(first_text_ms, whole_ms)| Latency {
            first_text_ms,
            whole_ms,
        });
    let chain = (
        id(),
        any::<u64>(),
        any::<u64>(),
        option::of(proptest::sample::select(&ChainEnd::ALL[..])),
    )
        .prop_map(|(cause, hops, tokens_left, ended)| Chain {
            cause,
            hops,
            tokens_left,
            ended,
        });
    let provenance = (
        option::of(text()),
        option::of(0..=SEED_MAX),
        option::of(latency),
        option::of(id()),
        any::<bool>(),
        option::of(chain),
    );
    let summary =
        (any::<u64>(), seq(), vec(author(), 0..3)).prop_map(|(replies, last_seq, participants)| {
            ThreadSummary {
                replies,
                last_seq,
                participants,
            }
        });
    let thread = (
        option::of(id()),
        option::of(summary),
        option::of(authorship()),
    );
    let reaction = (emoji(), vec(id(), 0..3)).prop_map(|(emoji, users)| Reaction { emoji, users });
    let later = (
        option::of(any::<i64>()),
        option::of(any::<i64>()),
        any::<bool>(),
        vec(attachment(), 0..3),
        vec(reaction, 0..3),
    );
    (begin, rest, thread, provenance, later).prop_map(|(begin, rest, thread, provenance, later)| {
        let (conversation_id, seq, message_id, author, ai_written, text, created_at) = begin;
        let (client_id, reply_to, sources, usage, stop_reason, model, failure) = rest;
        let (thread, thread_summary, authorship) = thread;
        let (adapter, seed, latency, variant_of, superseded, chain) = provenance;
        let (edited_at, deleted_at, pinned, attachments, reactions) = later;
        Message {
            conversation_id,
            seq,
            message_id,
            author,
            ai_written,
            text,
            authorship,
            created_at,
            client_id,
            reply_to,
            thread,
            thread_summary,
            variant_of,
            superseded,
            sources,
            usage,
            stop_reason,
            model,
            adapter,
            seed,
            latency,
            chain,
            failure,
            edited_at,
            deleted_at,
            pinned,
            attachments,
            reactions,
        }
    })
}

fn change() -> impl Strategy<Value = Change> {
    let what = prop_oneof![
        (id(), text(), option::of(authorship())).prop_map(|(message_id, text, authorship)| {
            What::Edited {
                message_id,
                text,
                authorship,
            }
        }),
        id().prop_map(|message_id| What::Deleted { message_id }),
        id().prop_map(|message_id| What::Chosen { message_id }),
        (id(), emoji()).prop_map(|(message_id, emoji)| What::Reacted { message_id, emoji }),
        (id(), emoji()).prop_map(|(message_id, emoji)| What::Unreacted { message_id, emoji }),
        id().prop_map(|message_id| What::Pinned { message_id }),
        id().prop_map(|message_id| What::Unpinned { message_id }),
        (author(), option::of(role())).prop_map(|(member, role)| What::Joined { member, role }),
        author().prop_map(|member| What::Left { member }),
        author().prop_map(|member| What::Removed { member }),
        author().prop_map(|member| What::Banned { member }),
        author().prop_map(|member| What::Unbanned { member }),
        (author(), role()).prop_map(|(member, role)| What::RoleSet { member, role }),
        (author(), proptest::sample::select(&TwinPolicy::ALL[..]))
            .prop_map(|(member, policy)| What::PolicySet { member, policy }),
        (author(), proptest::sample::select(&TwinMode::ALL[..]))
            .prop_map(|(member, mode)| What::ModeSet { member, mode }),
        (author(), option::of(any::<i64>()))
            .prop_map(|(member, until)| What::Muted { member, until }),
        author().prop_map(|member| What::Unmuted { member }),
        vec(text(), 0..4).prop_map(|words| What::WordsForbidden { words }),
        option::of(any::<u32>()).prop_map(|seconds| What::SlowModeSet { seconds }),
        option::of(text()).prop_map(|title| What::Titled { title }),
        option::of(text()).prop_map(|topic| What::TopicSet { topic }),
    ];
    let client_id = option::of(client_id());
    (id(), seq(), author(), any::<i64>(), client_id, what).prop_map(
        |(conversation_id, seq, author, created_at, client_id, what)| Change {
            conversation_id,
            seq,
            author,
            created_at,
            client_id,
            what,
        },
    )
}

/// Any server frame.
pub(crate) fn server_frame() -> impl Strategy<Value = ServerFrame> {
    let ready = (request_ref(), id(), id(), text(), any::<u64>()).prop_map(
        |(request_ref, session_id, id, name, heartbeat_ms)| ServerFrame::Ready {
            request_ref,
            session_id,
            user: ReadyUser { id, name },
            heartbeat_ms,
        },
    );
    let subscribed =
        (request_ref(), id(), seq()).prop_map(|(request_ref, conversation_id, last_seq)| {
            ServerFrame::Subscribed {
                request_ref,
                conversation_id,
                last_seq,
            }
        });
    let unsubscribed = (request_ref(), id()).prop_map(|(request_ref, conversation_id)| {
        ServerFrame::Unsubscribed {
            request_ref,
            conversation_id,
        }
    });
    let ack = (request_ref(), id(), client_id(), seq(), id()).prop_map(
        |(request_ref, conversation_id, client_id, seq, message_id)| ServerFrame::Ack {
            request_ref,
            conversation_id,
            client_id,
            seq,
            message_id,
        },
    );
    let others = (option::of(id()), option::of(id()));
    let message_start = (id(), id(), author(), any::<bool>(), id(), others).prop_map(
        |(conversation_id, message_id, author, ai_written, reply_to, others)| {
            let (thread, variant_of) = others;
            ServerFrame::MessageStart {
                conversation_id,
                message_id,
                author,
                ai_written,
                reply_to,
                thread,
                variant_of,
            }
        },
    );
    let delta = (id(), id(), any::<u64>(), text()).prop_map(
        |(conversation_id, message_id, index, text)| ServerFrame::Delta {
            conversation_id,
            message_id,
            index,
            text,
        },
    );
    let typing = (id(), id()).prop_map(|(conversation_id, user_id)| ServerFrame::Typing {
        conversation_id,
        user_id,
    });
    let presence =
        (id(), vec(id(), 0..5)).prop_map(|(conversation_id, online)| ServerFrame::Presence {
            conversation_id,
            online,
        });
    let broadcast =
        (id(), id(), event_name(), text()).prop_map(|(conversation_id, user_id, event, data)| {
            ServerFrame::Broadcast {
                conversation_id,
                user_id,
                event,
                data,
            }
        });
    let reset = (id(), error_code(), text(), option::of(any::<u64>())).prop_map(
        |(conversation_id, code, message, retry_after_ms)| ServerFrame::Reset {
            conversation_id,
            code,
            message,
            retry_after_ms,
        },
    );
    let draft = (
        id(),
        option::of(text()),
        option::of(id()),
        option::of(seq()),
        any::<i64>(),
    )
        .prop_map(|(conversation_id, text, reply_to, revision, changed_at)| {
            ServerFrame::Draft {
                conversation_id,
                text,
                reply_to,
                revision,
                changed_at,
            }
        });
    let membership =
        (id(), option::of(role())).prop_map(|(conversation_id, role)| ServerFrame::Membership {
            conversation_id,
            role,
        });
    let receipt =
        (id(), id(), seq()).prop_map(|(conversation_id, user_id, seq)| ServerFrame::Receipt {
            conversation_id,
            user_id,
            seq,
        });
    let error = (
        request_ref(),
        error_code(),
        text(),
        option::of(any::<u64>()),
    )
        .prop_map(
            |(request_ref, code, message, retry_after_ms)| ServerFrame::Error {
                request_ref,
                code,
                message,
                retry_after_ms,
            },
        );
    prop_oneof![
        ready,
        subscribed,
        unsubscribed,
        ack,
        message().prop_map(ServerFrame::Message),
        message_start,
        delta,
        message().prop_map(ServerFrame::MessageDone),
        message().prop_map(ServerFrame::Proposal),
        (id(), id(), any::<u64>()).prop_map(|(conversation_id, message_id, index)| {
            ServerFrame::TakenOver {
                conversation_id,
                message_id,
                index,
            }
        }),
        change().prop_map(ServerFrame::Change),
        typing,
        presence,
        broadcast,
        reset,
        request_ref().prop_map(|request_ref| ServerFrame::Resumed { request_ref }),
        draft,
        membership,
        receipt,
        error,
        request_ref().prop_map(|request_ref| ServerFrame::Pong { request_ref }),
        any::<u64>().prop_map(|after_ms| ServerFrame::Reconnect { after_ms }),
    ]
}
