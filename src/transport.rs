//! The WebSocket transport: handshake by `actix-web-actors`, frames by actix-http's codec, an outbox as response body.
//!
//! 1. [`upgrade`] answers the handshake; the request's payload becomes a stream of [`Received`].
//! 2. Fragments are joined under a total limit, text is checked to be UTF-8, and what breaks the protocol is named.
//! 3. The response's body takes frames out of the [`Outbox`], as many as wait, up to one chunk for each write.
//!
//! The outbox is the seam: how bytes reach the socket may change without anything else knowing.

use std::task::{Context, Poll, ready};

use actix_http::ws::{CloseCode as WireCloseCode, CloseReason, OpCode, Parser};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws::{HandshakeError, handshake_with_protocols};
use actors::limits::OUTBOX_CHUNK_BYTES_MAX;
use actors::{Outbox, Outgoing};
use bytes::{Bytes, BytesMut};
use futures::stream::{self, Stream, StreamExt};

mod receive;
pub mod route;

pub use receive::Received;
use receive::Receiver;

/// A connection that has been upgraded.
pub struct Upgraded<S> {
    /// The answer to the handshake; its body writes what is put into the outbox.
    pub response: HttpResponse,
    /// Where frames for this connection go.
    pub outbox: Outbox,
    /// What the client sends.
    pub received: S,
}

/// Answers a WebSocket handshake; of the client's subprotocols the first that stands in `protocols` is chosen.
///
/// # Errors
/// When the request is no valid handshake.
pub fn upgrade(
    request: &HttpRequest,
    payload: web::Payload,
    protocols: &[&str],
    message_bytes_max: usize,
) -> Result<Upgraded<impl Stream<Item = Received> + 'static>, HandshakeError> {
    let mut response = handshake_with_protocols(request, protocols)?;
    let outbox = Outbox::new();
    let body = write_outbox(outbox.clone()).map(Ok::<Bytes, actix_web::Error>);
    let mut receiver = Receiver::new(payload, message_bytes_max);
    Ok(Upgraded {
        response: response.streaming(body),
        outbox,
        received: stream::poll_fn(move |context| receiver.poll_next(context)),
    })
}

/// The outbox as chunks of WebSocket frames, each a system call's worth.
fn write_outbox(outbox: Outbox) -> impl Stream<Item = Bytes> {
    stream::poll_fn(move |context| next_chunk(&outbox, context))
}

fn next_chunk(outbox: &Outbox, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
    let Some(first) = ready!(outbox.poll_next(context)) else {
        return Poll::Ready(None);
    };
    let mut chunk = BytesMut::new();
    let mut next = Some(first);
    while let Some(outgoing) = next {
        write_frame(outgoing, &mut chunk);
        next = if chunk.len() < OUTBOX_CHUNK_BYTES_MAX {
            outbox.try_next()
        } else {
            None
        };
    }
    Poll::Ready(Some(chunk.freeze()))
}

/// Adds one whole frame, unmasked as a server's frames are.
fn write_frame(outgoing: Outgoing, chunk: &mut BytesMut) {
    let (opcode, payload) = match outgoing {
        Outgoing::Text(text) => (OpCode::Text, text),
        Outgoing::Binary(bytes) => (OpCode::Binary, bytes),
        Outgoing::Ping => (OpCode::Ping, Bytes::new()),
        Outgoing::Pong(payload) => (OpCode::Pong, payload),
        Outgoing::Close(code, reason) => {
            let reason = CloseReason {
                code: WireCloseCode::from(code.as_u16()),
                description: (!reason.is_empty()).then(|| reason.to_owned()),
            };
            return Parser::write_close(chunk, Some(reason), false);
        }
    };
    Parser::write_message(chunk, payload, opcode, true, false);
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use protocol::CloseCode;

    use super::*;

    async fn chunk(outbox: &Outbox) -> Option<Bytes> {
        poll_fn(|context| next_chunk(outbox, context)).await
    }

    #[actix_web::test]
    async fn frames_that_wait_together_leave_together() {
        let outbox = Outbox::new();
        for text in ["one", "two"] {
            outbox
                .push(Outgoing::Text(Bytes::from_static(text.as_bytes())))
                .unwrap();
        }
        outbox.close(CloseCode::Restart, "bye");
        outbox.finish();
        let expected = b"\x81\x03one\x81\x03two\x88\x05\x03\xf4bye";
        assert_eq!(chunk(&outbox).await.as_deref(), Some(&expected[..]));
        assert_eq!(chunk(&outbox).await, None);
    }
}
