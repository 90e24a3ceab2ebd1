//! What must hold for any bytes at all.

use protocol::limits::{EXPLANATION_CHARS_MAX, FRAME_BYTES_MAX};
use protocol::{Codec, decode_client, decode_server, encode_client, encode_server};

/// Reads bytes as a client's frame and as the server's.
///
/// # Panics
/// When a frame that can be read is not written as it was read, in either encoding, or an error explains nothing.
pub fn read(codec: Codec, bytes: &[u8]) {
    if bytes.len() > FRAME_BYTES_MAX {
        return;
    }
    match decode_client(codec, bytes) {
        Ok(request) => {
            for other in Codec::ALL {
                let written = encode_client(other, &request).expect("what was read can be written");
                let again = decode_client(other, &written);
                assert_eq!(again.as_ref(), Ok(&request), "written as {other:?}");
            }
        }
        Err(error) => {
            let explained = error.message.chars().count();
            assert!(
                (1..=EXPLANATION_CHARS_MAX + 1).contains(&explained),
                "{error:?}"
            );
        }
    }
    // What the server says is ours: a client that reads another's must only not break.
    if let Ok(frame) = decode_server(codec, bytes) {
        let written = encode_server(codec, &frame);
        assert!(written.is_ok(), "{frame:?}");
    }
}
