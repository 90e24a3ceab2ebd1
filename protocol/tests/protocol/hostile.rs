//! Bytes that somebody sends to do harm, or by mistake: each gets an error, and the process lives.

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::limits::{
    BROADCAST_BYTES_MAX, CLIENT_ID_BYTES_MAX, DEPTH_MAX, EVENT_NAME_BYTES_MAX,
    EXPLANATION_CHARS_MAX, REF_BYTES_MAX, SEQ_MAX, SUBSCRIPTIONS_MAX, TOKEN_BYTES_MAX,
};
use protocol::{
    ClientFrame, Codec, DecodeError, ErrorCode, ServerFrame, decode_client, decode_server,
};
use serde_json::{Value, json};

const CONVERSATION: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn encode(codec: Codec, value: &Value) -> Vec<u8> {
    match codec {
        Codec::Json => serde_json::to_vec(value).unwrap(),
        Codec::MessagePack => rmp_serde::to_vec_named(value).unwrap(),
    }
}

/// The error that both encodings of a frame give; they may explain it differently.
fn refusal(value: &Value) -> DecodeError {
    let [json, msgpack] =
        Codec::ALL.map(|codec| decode_client(codec, &encode(codec, value)).unwrap_err());
    assert_eq!(
        json.code, msgpack.code,
        "{} / {}",
        json.message, msgpack.message
    );
    assert_eq!(json.request_ref, msgpack.request_ref);
    json
}

fn is_accepted(value: &Value) -> bool {
    let [json, msgpack] = Codec::ALL.map(|codec| decode_client(codec, &encode(codec, value)));
    assert_eq!(json, msgpack);
    json.is_ok()
}

/// The bytes of a frame with a value that is nested this deep, in a field of this name.
fn nested(codec: Codec, field: &str, depth: usize) -> Vec<u8> {
    match codec {
        Codec::Json => {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!(
                r#"{{"op":"typing","conversation_id":"{CONVERSATION}","{field}":{open}{close}}}"#
            )
            .into_bytes()
        }
        Codec::MessagePack => {
            let mut bytes = encode(
                codec,
                &json!({ "op": "typing", "conversation_id": CONVERSATION }),
            );
            bytes[0] += 1;
            bytes.extend(rmp_serde::to_vec(field).unwrap());
            bytes.extend(vec![0x91; depth - 1]);
            bytes.push(0x90);
            bytes
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_at_all_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        for codec in Codec::ALL {
            let _ = decode_client(codec, &bytes);
            let _ = decode_server(codec, &bytes);
        }
    }

    #[test]
    fn a_frame_with_a_byte_changed_is_read_or_refused(
        sample in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let samples = crate::samples::client_samples();
        let (_, request) = &samples[sample.index(samples.len())];
        for codec in Codec::ALL {
            let mut bytes = protocol::encode_client(codec, request).unwrap();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            let _ = decode_client(codec, &bytes);
        }
    }

    #[test]
    fn any_json_map_is_read_or_refused_in_both_encodings_alike(
        op in prop_oneof![prop::sample::select(ClientFrame::OPS).prop_map(str::to_owned), "[a-z]{0,6}"],
        fields in prop::collection::btree_map(
            prop::sample::select(vec!["ref", "token", "cursors", "conversation_id", "seq", "text", "client_id", "later"]),
            prop_oneof![
                Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from),
                any::<u64>().prop_map(Value::from), "[ -~]{0,70}".prop_map(Value::from), Just(json!(CONVERSATION)),
                Just(json!([])), Just(json!({})), Just(json!([{ "conversation_id": CONVERSATION, "after_seq": 1 }])),
            ],
            0..6,
        ),
    ) {
        let mut frame = json!(fields);
        frame["op"] = json!(op);
        let [json, msgpack] = Codec::ALL.map(|codec| {
            decode_client(codec, &encode(codec, &frame)).map_err(|error| (error.code, error.request_ref))
        });
        prop_assert_eq!(json, msgpack);
    }
}

#[test]
fn nesting_is_refused_at_any_depth_on_a_thread_with_a_small_stack() {
    let deep = || {
        for codec in Codec::ALL {
            for field in ["later", "ref", "conversation_id", "op"] {
                for depth in [DEPTH_MAX, 128, 600, 1_023, 100_000] {
                    let bytes = nested(codec, field, depth);
                    let error = decode_client(codec, &bytes).unwrap_err();
                    assert_eq!(
                        error.code,
                        ErrorCode::Malformed,
                        "{codec:?} {field} {depth}"
                    );
                    assert!(decode_server(codec, &bytes).is_err());
                }
            }
        }
    };
    // What an actix worker thread has.
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    thread.spawn(deep).unwrap().join().unwrap();
}

#[test]
fn nesting_up_to_the_limit_is_no_error_in_a_field_that_is_not_known() {
    for codec in Codec::ALL {
        // The frame's own map is the first level.
        let bytes = nested(codec, "later", DEPTH_MAX - 1);
        assert!(decode_client(codec, &bytes).is_ok(), "{codec:?}");
        let known = decode_client(codec, &nested(codec, "conversation_id", 2)).unwrap_err();
        assert!(
            [ErrorCode::Invalid, ErrorCode::Malformed].contains(&known.code),
            "{codec:?}"
        );
    }
}

#[test]
fn the_ref_of_a_refused_frame_is_given_back_when_it_can_be_read() {
    for frame in [
        json!({ "ref": "r-7" }),
        json!({ "ref": "r-7", "op": 1 }),
        json!({ "ref": "r-7", "op": "dance" }),
        json!({ "ref": "r-7", "op": "typing" }),
        json!({ "ref": "r-7", "op": "identify", "token": "" }),
    ] {
        let given = refusal(&frame).request_ref.unwrap();
        assert_eq!(given.as_str(), "r-7", "{frame}");
    }
}

#[test]
fn a_ref_that_is_null_is_a_ref_that_is_absent() {
    for codec in Codec::ALL {
        let bytes = encode(codec, &json!({ "op": "ping", "ref": null }));
        assert_eq!(decode_client(codec, &bytes).unwrap().request_ref, None);
    }
}

#[test]
fn short_texts_are_held_to_their_lengths_and_to_printable_ascii() {
    let send = |client_id: &str| json!({ "op": "send", "conversation_id": CONVERSATION, "client_id": client_id, "text": "hi" });
    let ping = |request_ref: &str| json!({ "op": "ping", "ref": request_ref });
    assert!(is_accepted(&send(&"a".repeat(CLIENT_ID_BYTES_MAX))));
    assert!(is_accepted(&ping(&"a".repeat(REF_BYTES_MAX))));
    let long = "a".repeat(CLIENT_ID_BYTES_MAX.max(REF_BYTES_MAX) + 1);
    for bad in ["", " ", "a b", "tab\t", "caf\u{e9}", "nul\0", &long] {
        let error = refusal(&send(bad));
        assert_eq!(error.code, ErrorCode::Invalid, "{bad:?}");
        assert!(error.message.contains("client_id"), "{}", error.message);
        let error = refusal(&ping(bad));
        assert_eq!(error.code, ErrorCode::Invalid, "{bad:?}");
        assert!(error.message.contains("ref"), "{}", error.message);
    }
}

#[test]
fn tokens_cursors_and_seqs_are_held_to_their_limits() {
    let cursors = |count: usize, after_seq: u64| {
        let cursor = json!({ "conversation_id": CONVERSATION, "after_seq": after_seq });
        json!({ "op": "resume", "token": "t", "cursors": vec![cursor; count] })
    };
    let identify = |bytes: usize| json!({ "op": "identify", "token": "t".repeat(bytes) });
    let read = |seq: u64| json!({ "op": "read", "conversation_id": CONVERSATION, "seq": seq });
    let subscribe =
        |seq: u64| json!({ "op": "subscribe", "conversation_id": CONVERSATION, "after_seq": seq });
    let broadcast = |event: usize, data: usize| {
        json!({
            "op": "broadcast",
            "conversation_id": CONVERSATION,
            "event": "e".repeat(event),
            "data": "é".repeat(data / 2),
        })
    };
    for allowed in [
        broadcast(EVENT_NAME_BYTES_MAX, BROADCAST_BYTES_MAX),
        broadcast(1, 0),
        cursors(SUBSCRIPTIONS_MAX, SEQ_MAX),
        identify(TOKEN_BYTES_MAX),
        read(SEQ_MAX),
        subscribe(SEQ_MAX),
    ] {
        assert!(is_accepted(&allowed));
    }
    for refused in [
        broadcast(EVENT_NAME_BYTES_MAX + 1, 0),
        broadcast(0, 0),
        broadcast(1, BROADCAST_BYTES_MAX + 2),
        cursors(SUBSCRIPTIONS_MAX + 1, 0),
        cursors(1, SEQ_MAX + 1),
        identify(TOKEN_BYTES_MAX + 1),
        identify(0),
        read(SEQ_MAX + 1),
        read(u64::MAX),
        subscribe(SEQ_MAX + 1),
    ] {
        assert_eq!(refusal(&refused).code, ErrorCode::Invalid);
    }
}

#[test]
fn a_seq_is_a_whole_number_that_is_not_negative() {
    for seq in [
        json!(-1),
        json!(1.5),
        json!(1e30),
        json!("1"),
        json!(null),
        json!(true),
    ] {
        let frame = json!({ "op": "read", "conversation_id": CONVERSATION, "seq": seq });
        assert_eq!(refusal(&frame).code, ErrorCode::Invalid, "{frame}");
    }
    let beyond_64_bits =
        format!(r#"{{"op":"read","conversation_id":"{CONVERSATION}","seq":18446744073709551616}}"#);
    let error = decode_client(Codec::Json, beyond_64_bits.as_bytes()).unwrap_err();
    assert_eq!(error.code, ErrorCode::Invalid);
}

#[test]
fn an_explanation_is_short_however_long_the_frame() {
    let long = "x".repeat(50_000);
    for frame in [
        json!({ "op": "read", "conversation_id": CONVERSATION, "seq": long }),
        json!({ "op": "typing", "conversation_id": long }),
        json!({ "op": long }),
        json!(long),
    ] {
        let message = refusal(&frame).message;
        let chars = message.chars().count();
        assert!(chars <= EXPLANATION_CHARS_MAX + 1, "{chars}: {message}");
    }
}

#[test]
fn explanations_name_what_is_wrong() {
    for (frame, part) in [
        (
            json!({ "op": "dance" }),
            r#"unknown op "dance"; known are identify, resume"#,
        ),
        (
            json!({ "op": "typing" }),
            "typing: missing field `conversation_id`",
        ),
        (
            json!({ "op": "typing", "conversation_id": "house" }),
            r#""house" is not an id: an id is a UUID such as"#,
        ),
        (json!({}), "the frame has no `op`"),
        (json!([]), "the frame is not a JSON map"),
    ] {
        let message = refusal(&frame).message;
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_server_frame_of_a_later_version_is_told_from_a_broken_one() {
    for codec in Codec::ALL {
        let later = encode(codec, &json!({ "op": "telepathy", "thought": 1 }));
        let error = decode_server(codec, &later).unwrap_err();
        assert_eq!(error.code, ErrorCode::UnknownOp);
        let broken = encode(codec, &json!({ "op": "reconnect", "after_ms": "soon" }));
        let error = decode_server(codec, &broken).unwrap_err();
        assert_eq!(error.code, ErrorCode::Invalid);
        let pong = encode(codec, &json!({ "op": "pong" }));
        let frame = ServerFrame::Pong { request_ref: None };
        assert_eq!(decode_server(codec, &pong), Ok(frame));
    }
}
