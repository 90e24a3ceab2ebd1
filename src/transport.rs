//! The WebSocket transport: the socket taken raw from the HTTP server, frames by actix-http's codec, an outbox for each.
//!
//! 1. [`upgrade`] answers the handshake and takes the socket; what the client sends becomes a stream of [`Received`].
//! 2. Fragments are joined under a total limit, text is checked to be UTF-8, and what breaks the protocol is named.
//! 3. A task for each connection takes frames out of its [`Outbox`], as many as wait, in one write; the runtime takes such
//!    tasks in slices and looks at its sockets in between, so a large room holds nobody up.
//!
//! An idle connection owns no buffer: bytes are read into, and written from, two that its thread's connections share.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_codec::Framed;
use actix_http::body::BodySize;
use actix_http::ws::{OpCode, Parser, handshake_response};
use actix_http::{RequestHead, h1};
use actix_web::http::header::{self, HeaderValue};
use actix_web::rt::net::TcpStream;
use actix_web_actors::ws::{CloseCode as WireCloseCode, CloseReason};
use actors::limits::OUTBOX_CHUNK_BYTES_MAX;
use actors::{Outbox, Outgoing};
use bytes::{Bytes, BytesMut};
use futures::SinkExt;
use futures::stream::{self, Stream};
use socket2::SockRef;

mod receive;
pub mod route;

pub use receive::Received;
use receive::Receiver;

/// How long a connection that is over may take to read what is left for it.
const FLUSH_GRACE: Duration = Duration::from_secs(1);

thread_local! {
    /// Where frames that wait together become one write.
    static CHUNK: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

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
    let stream = Rc::new(parts.io);
    let outbox = Outbox::new();
    actix_web::rt::spawn(write_until_over(stream.clone(), outbox.clone()));
    let mut receiver = Receiver::new(stream, parts.read_buf, message_bytes_max);
    Ok(Upgraded {
        outbox,
        received: stream::poll_fn(move |context| receiver.poll_next(context)),
    })
}

/// Writes what is put into the outbox until the connection is over, and shuts the socket, whoever still reads from it.
async fn write_until_over(stream: Rc<TcpStream>, outbox: Outbox) {
    // A client that has gone, or reads nothing more, has no use for the rest.
    let _ = write(&stream, &outbox).await;
    let _ = SockRef::from(&*stream).shutdown(Shutdown::Both);
}

async fn write(stream: &TcpStream, outbox: &Outbox) -> io::Result<()> {
    while let Some(unsent) = poll_fn(|context| poll_write(stream, outbox, context)).await? {
        // In a box: few connections are stuck, and the others should not pay for it.
        Box::pin(write_rest(stream, outbox, unsent)).await?;
    }
    Ok(())
}

/// Writes what waits as far as the socket takes it at once: gives what it did not take, or `None` at the end.
fn poll_write(
    stream: &TcpStream,
    outbox: &Outbox,
    context: &mut Context<'_>,
) -> Poll<io::Result<Option<Bytes>>> {
    CHUNK.with_borrow_mut(|chunk| {
        loop {
            if ready!(next_chunk(outbox, chunk, context)).is_none() {
                return Poll::Ready(Ok(None));
            }
            let written = match stream.try_write(chunk) {
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Poll::Ready(Err(error)),
            };
            if written < chunk.len() {
                let unsent = Bytes::copy_from_slice(&chunk[written..]);
                return Poll::Ready(Ok(Some(unsent)));
            }
        }
    })
}

/// Writes what the socket did not take, as it takes it, and gives up soon after the connection's end.
async fn write_rest(stream: &TcpStream, outbox: &Outbox, unsent: Bytes) -> io::Result<()> {
    let given_up = async {
        outbox.finished().await;
        actix_web::rt::time::sleep(FLUSH_GRACE).await;
    };
    tokio::select! {
        written = write_all(stream, &unsent) => written,
        () = given_up => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn write_all(stream: &TcpStream, mut unsent: &[u8]) -> io::Result<()> {
    while !unsent.is_empty() {
        stream.writable().await?;
        match stream.try_write(unsent) {
            Ok(written) => unsent = &unsent[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills the chunk with the frames that wait, a system call's worth at most; `None` when the connection is over.
fn next_chunk(
    outbox: &Outbox,
    chunk: &mut BytesMut,
    context: &mut Context<'_>,
) -> Poll<Option<()>> {
    chunk.clear();
    let mut next = ready!(outbox.poll_next(context));
    if next.is_none() {
        return Poll::Ready(None);
    }
    while let Some(outgoing) = next {
        write_frame(outgoing, chunk);
        next = if chunk.len() < OUTBOX_CHUNK_BYTES_MAX {
            outbox.try_next()
        } else {
            None
        };
    }
    Poll::Ready(Some(()))
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
    use protocol::CloseCode;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    async fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        (client.unwrap(), accepted.unwrap().0)
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
        let mut chunk = BytesMut::new();
        let first = poll_fn(|context| next_chunk(&outbox, &mut chunk, context)).await;
        assert_eq!(first, Some(()));
        assert_eq!(&chunk[..], b"\x81\x03one\x81\x03two\x88\x05\x03\xf4bye");
        let end = poll_fn(|context| next_chunk(&outbox, &mut chunk, context)).await;
        assert_eq!(end, None);
    }

    #[actix_web::test]
    async fn a_client_that_reads_late_gets_every_byte_and_then_the_end() {
        let (mut client, server) = connected().await;
        let outbox = Outbox::new();
        let written = actix_web::rt::spawn(write_until_over(Rc::new(server), outbox.clone()));
        let mut frames = 0;
        // More than the kernel takes, so that the writer is stuck until the client reads.
        let payload = Bytes::from(vec![b'x'; 60_000]);
        for _ in 0..200 {
            outbox.room().await;
            outbox.push(Outgoing::Binary(payload.clone())).unwrap();
            frames += 1;
            tokio::task::yield_now().await;
            if frames * payload.len() > 8 * 1024 * 1024 {
                break;
            }
            // Reads behind, so that neither side waits for the other for ever.
            let mut some = vec![0; 50_000];
            client.read_exact(&mut some).await.unwrap();
        }
        outbox.finish();
        let read_before = (frames - 1) * 50_000;
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        let header = 4;
        assert_eq!(read_before + rest.len(), frames * (payload.len() + header));
        written.await.unwrap();
    }

    #[actix_web::test]
    async fn a_client_that_never_reads_is_shut_down_soon_after_its_session_ends() {
        let (_client, server) = connected().await;
        let outbox = Outbox::new();
        let written = actix_web::rt::spawn(write_until_over(Rc::new(server), outbox.clone()));
        let payload = Bytes::from(vec![b'x'; 60_000]);
        // The kernel takes some megabytes; the outbox overflows once it takes no more.
        while outbox.push(Outgoing::Binary(payload.clone())).is_ok() {
            tokio::task::yield_now().await;
        }
        outbox.finish();
        written.await.unwrap();
    }
}
