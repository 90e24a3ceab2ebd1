//! The two encodings of the one schema: JSON for chat clients, MessagePack (named maps) for bots.

mod depth;
mod header;

use std::fmt;

use serde::de::DeserializeOwned;

use self::header::Header;
use crate::client::{ClientFrame, ClientRequest, RequestRef};
use crate::limits::{DEPTH_MAX, EXPLANATION_CHARS_MAX};
use crate::{ErrorCode, ServerFrame};

/// An encoding of frames, chosen by the WebSocket subprotocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Text frames, subprotocol `twin.v1.json`.
    Json,
    /// Binary frames, subprotocol `twin.v1.msgpack`.
    MessagePack,
}

impl Codec {
    /// Every codec.
    pub const ALL: [Self; 2] = [Self::Json, Self::MessagePack];

    /// The WebSocket subprotocol that chooses this codec.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "twin.v1.json",
            Self::MessagePack => "twin.v1.msgpack",
        }
    }

    /// The codec that a subprotocol chooses.
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.subprotocol() == name)
    }
}

/// A frame that cannot be read, with the `ref` to answer where that much could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// The frame's `ref`.
    pub request_ref: Option<RequestRef>,
    /// `malformed`, `unknown_op` or `invalid`.
    pub code: ErrorCode,
    /// What was wrong, for a person to read. It may quote the frame, so it is no text for a log.
    pub message: String,
}

impl DecodeError {
    fn new(request_ref: Option<RequestRef>, code: ErrorCode, message: &str) -> Self {
        let message = match message.char_indices().nth(EXPLANATION_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &message[..end]),
            None => message.to_owned(),
        };
        Self {
            request_ref,
            code,
            message,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

/// A frame that cannot be written; no frame of this crate gives it.
#[derive(Debug, thiserror::Error)]
#[error("frame cannot be encoded: {0}")]
pub struct EncodeError(String);

/// Reads a client's frame. Fields that it does not know are ignored.
///
/// # Errors
/// `malformed` for bytes that are no map with an `op`, `unknown_op` for an `op` that is not in [`ClientFrame::OPS`], and
/// `invalid` for fields that are missing, of the wrong type or over a limit.
pub fn decode_client(codec: Codec, bytes: &[u8]) -> Result<ClientRequest, DecodeError> {
    let Read {
        op,
        request_ref,
        has_more,
    } = decode_header(codec, bytes, ClientFrame::OPS)?;
    if let (Some(frame), false) = (ClientFrame::without_fields(op), has_more) {
        return Ok(ClientRequest { request_ref, frame });
    }
    let decoded = decode(codec, bytes).and_then(|frame: ClientFrame| {
        frame.check()?;
        Ok(frame)
    });
    match decoded {
        Ok(frame) => Ok(ClientRequest { request_ref, frame }),
        Err(message) => {
            let message = format!("{op}: {message}");
            Err(DecodeError::new(request_ref, ErrorCode::Invalid, &message))
        }
    }
}

/// Reads a server's frame, as clients, tests and other nodes do. Fields that it does not know are ignored.
///
/// # Errors
/// As [`decode_client`]. A client should skip an `unknown_op`: the server is newer than the client.
pub fn decode_server(codec: Codec, bytes: &[u8]) -> Result<ServerFrame, DecodeError> {
    let Read {
        op, request_ref, ..
    } = decode_header(codec, bytes, ServerFrame::OPS)?;
    decode(codec, bytes).map_err(|message| {
        let message = format!("{op}: {message}");
        DecodeError::new(request_ref, ErrorCode::Invalid, &message)
    })
}

/// What every frame has.
struct Read {
    op: &'static str,
    request_ref: Option<RequestRef>,
    /// There is more than that.
    has_more: bool,
}

/// Reads what every frame has, so that an error about the rest can name the `op` and carry the `ref`.
fn decode_header(codec: Codec, bytes: &[u8], known: &[&'static str]) -> Result<Read, DecodeError> {
    let encoding = encoding_name(codec);
    let malformed = |message: String| DecodeError::new(None, ErrorCode::Malformed, &message);
    if codec == Codec::Json && depth::json_depth(bytes) > DEPTH_MAX {
        let message = format!("the frame is nested deeper than {DEPTH_MAX}");
        return Err(malformed(message));
    }
    let header: Header = decode(codec, bytes)
        .map_err(|message| malformed(format!("the frame is not a {encoding} map: {message}")))?;
    let has_more = header.has_more();
    let request_ref = header
        .request_ref()
        .map_err(|message| DecodeError::new(None, ErrorCode::Invalid, &message))?;
    let op = match header.op() {
        Ok(op) => op,
        Err(message) => {
            return Err(DecodeError::new(request_ref, ErrorCode::Malformed, message));
        }
    };
    match known.iter().find(|known| **known == op) {
        Some(op) => Ok(Read {
            op,
            request_ref,
            has_more,
        }),
        None => {
            let op: String = op.chars().take(64).collect();
            let message = format!("unknown op {op:?}; known are {}", known.join(", "));
            let code = ErrorCode::UnknownOp;
            Err(DecodeError::new(request_ref, code, &message))
        }
    }
}

/// Writes a client's frame, as clients and tests do.
///
/// # Errors
/// None for the frames of this crate.
pub fn encode_client(codec: Codec, request: &ClientRequest) -> Result<Vec<u8>, EncodeError> {
    #[derive(serde::Serialize)]
    struct Envelope<'a> {
        #[serde(flatten)]
        frame: &'a ClientFrame,
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        request_ref: Option<&'a RequestRef>,
    }
    encode(
        codec,
        &Envelope {
            frame: &request.frame,
            request_ref: request.request_ref.as_ref(),
        },
    )
}

/// Writes a server's frame.
///
/// # Errors
/// None for the frames of this crate.
pub fn encode_server(codec: Codec, frame: &ServerFrame) -> Result<Vec<u8>, EncodeError> {
    encode(codec, frame)
}

fn encode(codec: Codec, value: &impl serde::Serialize) -> Result<Vec<u8>, EncodeError> {
    match codec {
        Codec::Json => serde_json::to_vec(value).map_err(|error| EncodeError(error.to_string())),
        Codec::MessagePack => {
            rmp_serde::to_vec_named(value).map_err(|error| EncodeError(error.to_string()))
        }
    }
}

fn decode<T: DeserializeOwned>(codec: Codec, bytes: &[u8]) -> Result<T, String> {
    match codec {
        Codec::Json => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
        Codec::MessagePack => {
            let mut rest = bytes;
            let mut deserializer = rmp_serde::Deserializer::new(&mut rest);
            // It refuses the depth that it is given, and allows one less.
            deserializer.set_max_depth(DEPTH_MAX + 1);
            let value = T::deserialize(&mut deserializer).map_err(|error| error.to_string())?;
            drop(deserializer);
            match rest.len() {
                0 => Ok(value),
                left => Err(format!("trailing bytes after the map: {left}")),
            }
        }
    }
}

fn encoding_name(codec: Codec) -> &'static str {
    match codec {
        Codec::Json => "JSON",
        Codec::MessagePack => "MessagePack",
    }
}
