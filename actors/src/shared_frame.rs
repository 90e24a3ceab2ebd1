//! A server frame on its way to many connections: encoded at most once per codec, its bytes shared by all.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use protocol::{Codec, ServerFrame};

use crate::outbox::Outgoing;

/// A frame whose encodings are made on demand and shared; clones are cheap.
#[derive(Debug, Clone)]
pub struct SharedFrame {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    frame: ServerFrame,
    json: OnceLock<Bytes>,
    message_pack: OnceLock<Bytes>,
}

impl SharedFrame {
    /// Wraps a frame.
    pub fn new(frame: ServerFrame) -> Self {
        let inner = Inner {
            frame,
            json: OnceLock::new(),
            message_pack: OnceLock::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The frame itself.
    pub fn frame(&self) -> &ServerFrame {
        &self.inner.frame
    }

    /// The frame's bytes in one encoding.
    pub fn bytes(&self, codec: Codec) -> Bytes {
        let cell = match codec {
            Codec::Json => &self.inner.json,
            Codec::MessagePack => &self.inner.message_pack,
        };
        cell.get_or_init(|| encode(codec, &self.inner.frame))
            .clone()
    }

    /// The frame as something to write.
    pub fn outgoing(&self, codec: Codec) -> Outgoing {
        outgoing(codec, self.bytes(codec))
    }
}

/// A frame for one connection alone.
pub(crate) fn encode_outgoing(codec: Codec, frame: &ServerFrame) -> Outgoing {
    outgoing(codec, encode(codec, frame))
}

fn encode(codec: Codec, frame: &ServerFrame) -> Bytes {
    protocol::encode_server(codec, frame)
        .expect("every server frame can be encoded")
        .into()
}

fn outgoing(codec: Codec, bytes: Bytes) -> Outgoing {
    match codec {
        Codec::Json => Outgoing::Text(bytes),
        Codec::MessagePack => Outgoing::Binary(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_made_once_and_shared() {
        let frame = SharedFrame::new(ServerFrame::Pong { request_ref: None });
        for codec in Codec::ALL {
            let first = frame.bytes(codec);
            let second = frame.clone().bytes(codec);
            assert_eq!(first.as_ptr(), second.as_ptr());
        }
    }
}
