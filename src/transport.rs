//! The WebSocket transport: the socket taken raw from the HTTP server, frames by actix-http's codec, an outbox for each.
//!
//! 1. [`upgrade`] answers the handshake and takes the socket; what the client sends becomes a stream of [`Received`].
//! 2. Fragments are joined under a total limit, text is checked to be UTF-8, and what breaks the protocol is named.
//! 3. One pump for each thread ([`pump`]) writes what waits in the [`Outbox`]es of its connections.
//!
//! An idle connection owns no buffer and no task: bytes are read into, and written from, buffers that its thread's connections
//! share.

use std::io;
use std::rc::Rc;

use actix_codec::Framed;
use actix_http::body::BodySize;
use actix_http::ws::handshake_response;
use actix_http::{RequestHead, h1};
use actix_web::http::header::{self, HeaderValue};
use actix_web::rt::net::TcpStream;
use actors::Outbox;
use bytes::BytesMut;
use futures::SinkExt;
use futures::stream::{self, Stream};

mod pump;
mod receive;
pub mod route;

pub use receive::Received;
use receive::Receiver;

/// A socket on which a client asked for an upgrade.
pub type Upgrading = Framed<TcpStream, h1::Codec>;

/// A connection that has been upgraded.
pub struct Upgraded<S> {
    /// Where frames for this connection go.
    pub outbox: Outbox,
    /// What the client sends.
    pub received: S,
}

/// Answers a WebSocket handshake that has been verified, in this subprotocol, and takes the socket.
///
/// # Errors
/// When the client has gone.
pub async fn upgrade(
    request: &RequestHead,
    mut socket: Upgrading,
    subprotocol: Option<&'static str>,
    message_bytes_max: usize,
) -> io::Result<Upgraded<impl Stream<Item = Received> + 'static>> {
    let mut response = handshake_response(request);
    if let Some(name) = subprotocol {
        let name = HeaderValue::from_static(name);
        response.insert_header((header::SEC_WEBSOCKET_PROTOCOL, name));
    }
    let response = response.finish().drop_body();
    socket
        .send(h1::Message::Item((response, BodySize::None)))
        .await?;
    let parts = socket.into_parts();
    // A copy, since the handshake's buffers are as long as the longest handshake; they go before anything is made that stays.
    let buffer = BytesMut::from(&parts.read_buf[..]);
    drop((parts.read_buf, parts.write_buf));
    let stream = Rc::new(parts.io);
    let outbox = Outbox::new();
    pump::add(stream.clone(), outbox.clone());
    let mut receiver = Receiver::new(stream, buffer, message_bytes_max);
    Ok(Upgraded {
        outbox,
        received: stream::poll_fn(move |context| receiver.poll_next(context)),
    })
}
