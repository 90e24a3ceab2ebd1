//! The two encodings of the one schema: JSON for chat clients, MessagePack (named maps) for bots.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::{ClientFrame, ClientRequest, RequestRef};
use crate::limits::DEPTH_MAX;
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

/// A client's frame that cannot be read, with the `ref` to answer where that much could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// The frame's `ref`.
    pub request_ref: Option<RequestRef>,
    /// `malformed`, `unknown_op` or `invalid`.
    pub code: ErrorCode,
    /// What was wrong, for a person to read.
    pub message: String,
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

/// What every client frame begins with: read first, so that an error can name the `op` and carry the `ref`.
#[derive(Deserialize)]
struct Header {
    op: Option<String>,
    #[serde(rename = "ref", default)]
    request_ref: Option<RequestRef>,
}

/// Reads a client's frame.
///
/// # Errors
/// `malformed` for bytes that are no frame, `unknown_op` for an `op` that is not in [`ClientFrame::OPS`], and
/// `invalid` for fields that are missing or wrong.
pub fn decode_client(codec: Codec, bytes: &[u8]) -> Result<ClientRequest, DecodeError> {
    let header: Header = decode(codec, bytes).map_err(|message| DecodeError {
        request_ref: None,
        code: ErrorCode::Malformed,
        message: format!("the frame is not a {} map: {message}", encoding_name(codec)),
    })?;
    let request_ref = header.request_ref;
    let Some(op) = header.op else {
        let message = "the frame has no `op`".to_owned();
        return Err(DecodeError {
            request_ref,
            code: ErrorCode::Malformed,
            message,
        });
    };
    if !ClientFrame::OPS.contains(&op.as_str()) {
        let op: String = op.chars().take(64).collect();
        let message = format!(
            "unknown op {op:?}; known are {}",
            ClientFrame::OPS.join(", ")
        );
        return Err(DecodeError {
            request_ref,
            code: ErrorCode::UnknownOp,
            message,
        });
    }
    match decode(codec, bytes) {
        Ok(frame) => Ok(ClientRequest { request_ref, frame }),
        Err(message) => {
            let message = format!("{op}: {message}");
            Err(DecodeError {
                request_ref,
                code: ErrorCode::Invalid,
                message,
            })
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

/// Reads a server's frame, as clients, tests and other nodes do.
///
/// # Errors
/// `malformed` for bytes that are no server frame.
pub fn decode_server(codec: Codec, bytes: &[u8]) -> Result<ServerFrame, DecodeError> {
    decode(codec, bytes).map_err(|message| DecodeError {
        request_ref: None,
        code: ErrorCode::Malformed,
        message: format!("not a server frame: {message}"),
    })
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
            deserializer.set_max_depth(DEPTH_MAX);
            let value = T::deserialize(&mut deserializer).map_err(|error| error.to_string())?;
            drop(deserializer);
            match rest.len() {
                0 => Ok(value),
                left => Err(format!("{left} bytes after the map")),
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
