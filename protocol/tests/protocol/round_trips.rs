//! What is written is read again, in both encodings alike.

use proptest::prelude::*;
use protocol::limits::{FRAME_BYTES_MAX, SEQ_MAX, SUBSCRIPTIONS_MAX, TOKEN_BYTES_MAX};
use protocol::{
    ClientFrame, ClientRequest, Codec, ConversationId, Cursor, ErrorCode, decode_client,
    decode_server, encode_client, encode_server,
};
use serde_json::Value;

use crate::arbitrary::{client_request, server_frame};

/// What an encoding says, as JSON, whichever it is.
fn meaning(codec: Codec, bytes: &[u8]) -> Value {
    match codec {
        Codec::Json => serde_json::from_slice(bytes).unwrap(),
        Codec::MessagePack => rmp_serde::from_slice(bytes).unwrap(),
    }
}

/// Numbers of 32 bits print differently when they are read as 64; nothing else may differ.
fn rounded(mut value: Value) -> Value {
    match &mut value {
        Value::Number(number) if number.is_f64() => {
            let single = number.as_f64().unwrap() as f32;
            value = serde_json::to_value(single.to_string()).unwrap();
        }
        Value::Array(items) => {
            for item in items {
                *item = rounded(item.take());
            }
        }
        Value::Object(entries) => {
            for (_, entry) in entries {
                *entry = rounded(entry.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

proptest! {
    #[test]
    fn every_client_frame_is_read_as_it_was_written(request in client_request()) {
        for codec in Codec::ALL {
            let bytes = encode_client(codec, &request).unwrap();
            let decoded = decode_client(codec, &bytes);
            prop_assert_eq!(decoded.as_ref(), Ok(&request));
        }
    }

    #[test]
    fn every_server_frame_is_read_as_it_was_written(frame in server_frame()) {
        for codec in Codec::ALL {
            let bytes = encode_server(codec, &frame).unwrap();
            let decoded = decode_server(codec, &bytes);
            prop_assert_eq!(decoded.as_ref(), Ok(&frame));
        }
    }

    #[test]
    fn both_encodings_say_the_same(request in client_request(), frame in server_frame()) {
        let client = Codec::ALL.map(|codec| meaning(codec, &encode_client(codec, &request).unwrap()));
        prop_assert_eq!(&client[0], &client[1]);
        let server = Codec::ALL.map(|codec| rounded(meaning(codec, &encode_server(codec, &frame).unwrap())));
        prop_assert_eq!(&server[0], &server[1]);
    }

    #[test]
    fn fields_that_are_not_known_are_ignored(request in client_request(), frame in server_frame()) {
        for codec in Codec::ALL {
            let extended = extend(codec, &encode_client(codec, &request).unwrap());
            let decoded = decode_client(codec, &extended);
            prop_assert_eq!(decoded.as_ref(), Ok(&request));
            let extended = extend(codec, &encode_server(codec, &frame).unwrap());
            let decoded = decode_server(codec, &extended);
            prop_assert_eq!(decoded.as_ref(), Ok(&frame));
        }
    }

    #[test]
    fn a_frame_that_is_cut_anywhere_is_refused(request in client_request(), cut in any::<prop::sample::Index>()) {
        for codec in Codec::ALL {
            let bytes = encode_client(codec, &request).unwrap();
            let cut = &bytes[..cut.index(bytes.len())];
            prop_assert_eq!(decode_client(codec, cut).unwrap_err().code, ErrorCode::Malformed);
        }
    }
}

/// Adds fields of a later version to a frame.
fn extend(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    let mut value = meaning(codec, bytes);
    value["later"] = serde_json::json!({ "list": [1, null, { "op": "ping" }], "flag": true });
    value["aaa"] = serde_json::json!("before all others");
    match codec {
        Codec::Json => serde_json::to_vec(&value).unwrap(),
        Codec::MessagePack => rmp_serde::to_vec_named(&value).unwrap(),
    }
}

#[test]
fn the_longest_resume_fits_a_frame() {
    let cursors = (0..SUBSCRIPTIONS_MAX).map(|_| Cursor {
        conversation_id: ConversationId::new(),
        after_seq: SEQ_MAX,
    });
    let request = ClientRequest {
        request_ref: None,
        frame: ClientFrame::Resume {
            token: "t".repeat(TOKEN_BYTES_MAX),
            cursors: cursors.collect(),
            presence: true,
        },
    };
    for codec in Codec::ALL {
        let bytes = encode_client(codec, &request).unwrap();
        assert!(bytes.len() <= FRAME_BYTES_MAX, "{codec:?}: {}", bytes.len());
        assert_eq!(decode_client(codec, &bytes).as_ref(), Ok(&request));
    }
}
