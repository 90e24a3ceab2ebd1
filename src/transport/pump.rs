//! The pump of one thread: writes what waits in the outboxes of its connections.
//!
//! 1. An outbox in which something is put makes its connection *due*, once.
//! 2. The pump's task writes to due connections, one after the other: of each as many frames as wait in one write.
//! 3. After a slice of them it lets the thread look at its sockets: what comes in meanwhile leaves together with what waits,
//!    and a large room holds nobody up.
//! 4. A socket that takes no more gets a task of its own until it does.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::Duration;

use actix_http::ws::{OpCode, Parser};
use actix_web::rt::net::TcpStream;
use actix_web_actors::ws::{CloseCode as WireCloseCode, CloseReason};
use actors::limits::OUTBOX_CHUNK_BYTES_MAX;
use actors::{Outbox, Outgoing};
use bytes::{Bytes, BytesMut};
use slab::Slab;
use socket2::SockRef;

/// How long a connection that is over may take to read what is left for it.
const FLUSH_GRACE: Duration = Duration::from_secs(1);

/// Connections that are written to before the thread looks at its sockets.
const SLICE: usize = 64;

thread_local! {
    static PUMP: RefCell<Pump> = RefCell::new(Pump::default());
    /// Where frames that wait together become one write.
    static CHUNK: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// The connections of one thread.
#[derive(Default)]
struct Pump {
    connections: Slab<Rc<Connection>>,
    due: VecDeque<usize>,
    task: Option<Waker>,
    running: bool,
}

struct Connection {
    stream: Rc<TcpStream>,
    outbox: Outbox,
    waker: Waker,
    /// A task of its own writes what the socket did not take.
    stuck: Cell<bool>,
}

/// Makes a connection due; on its own thread, where its outbox lives.
struct MakeDue(usize);

impl Wake for MakeDue {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        make_due(self.0);
    }
}

fn make_due(key: usize) {
    PUMP.with_borrow_mut(|pump| {
        pump.due.push_back(key);
        if let Some(task) = pump.task.take() {
            task.wake();
        }
    });
}

/// Writes from here on what is put into the outbox; at its end, or the socket's, the socket is shut, whoever still reads from it.
pub(super) fn add(stream: Rc<TcpStream>, outbox: Outbox) {
    let (key, is_first) = PUMP.with_borrow_mut(|pump| {
        let entry = pump.connections.vacant_entry();
        let key = entry.key();
        entry.insert(Rc::new(Connection {
            stream,
            outbox,
            waker: Waker::from(Arc::new(MakeDue(key))),
            stuck: Cell::new(false),
        }));
        (key, !std::mem::replace(&mut pump.running, true))
    });
    make_due(key);
    if is_first {
        actix_web::rt::spawn(run(Running));
    }
}

/// The pump's task while it lives; it ends with its thread's runtime.
struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        // Connections have outboxes, whose wakers end here: they are dropped when the pump can be borrowed again.
        let ended = PUMP.try_with(|pump| std::mem::take(&mut *pump.borrow_mut()));
        drop(ended);
    }
}

async fn run(_running: Running) {
    loop {
        poll_fn(poll_due).await;
        for _ in 0..SLICE {
            match PUMP.with_borrow_mut(|pump| pump.due.pop_front()) {
                Some(key) => write_due(key),
                None => break,
            }
        }
        if PUMP.with_borrow(|pump| !pump.due.is_empty()) {
            actix_web::rt::task::yield_now().await;
        }
    }
}

/// Waits until a connection is due.
fn poll_due(context: &mut Context<'_>) -> Poll<()> {
    PUMP.with_borrow_mut(|pump| {
        if pump.due.is_empty() {
            pump.task = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    })
}

fn write_due(key: usize) {
    let connection = PUMP.with_borrow(|pump| pump.connections.get(key).cloned());
    let Some(connection) = connection.filter(|connection| !connection.stuck.get()) else {
        return;
    };
    match connection.write() {
        Ok(Written::All) => {}
        Ok(Written::Some(unsent)) => {
            connection.stuck.set(true);
            actix_web::rt::spawn(write_stuck(key, connection, unsent));
        }
        // A client that has gone has no use for the rest.
        Ok(Written::End) | Err(_) => end(key),
    }
}

/// Takes a connection out of the pump, and shuts its socket.
fn end(key: usize) {
    let connection = PUMP.with_borrow_mut(|pump| pump.connections.try_remove(key));
    if let Some(connection) = connection {
        let _ = SockRef::from(&*connection.stream).shutdown(Shutdown::Both);
    }
}

/// What became of an attempt to write what waits.
enum Written {
    /// All of it is written.
    All,
    /// The socket did not take this.
    Some(Bytes),
    /// All of it is written, and nothing will follow.
    End,
}

impl Connection {
    /// Writes what waits as far as the socket takes it at once.
    fn write(&self) -> io::Result<Written> {
        let mut context = Context::from_waker(&self.waker);
        CHUNK.with_borrow_mut(|chunk| {
            loop {
                match next_chunk(&self.outbox, chunk, &mut context) {
                    Poll::Ready(Some(())) => {}
                    Poll::Ready(None) => return Ok(Written::End),
                    Poll::Pending => return Ok(Written::All),
                }
                // Straight to the socket: it almost always takes everything, whatever it took before.
                let written = match SockRef::from(&*self.stream).send(chunk) {
                    Ok(written) => written,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                    Err(error) => return Err(error),
                };
                if written < chunk.len() {
                    return Ok(Written::Some(Bytes::copy_from_slice(&chunk[written..])));
                }
            }
        })
    }
}

/// Writes what the socket did not take, as it takes it, and gives up soon after the connection's end.
async fn write_stuck(key: usize, connection: Rc<Connection>, unsent: Bytes) {
    let given_up = async {
        connection.outbox.finished().await;
        actix_web::rt::time::sleep(FLUSH_GRACE).await;
    };
    let written = tokio::select! {
        written = write_all(&connection.stream, &unsent) => written,
        () = given_up => Err(io::ErrorKind::TimedOut.into()),
    };
    connection.stuck.set(false);
    match written {
        Ok(()) => make_due(key),
        Err(_) => end(key),
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
        add(Rc::new(server), outbox.clone());
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
    }

    #[actix_web::test]
    async fn a_client_that_never_reads_is_shut_down_soon_after_its_session_ends() {
        let (_client, server) = connected().await;
        let (server, outbox) = (Rc::new(server), Outbox::new());
        add(server.clone(), outbox.clone());
        let payload = Bytes::from(vec![b'x'; 60_000]);
        // The kernel takes some megabytes; the outbox overflows once it takes no more.
        while outbox.push(Outgoing::Binary(payload.clone())).is_ok() {
            tokio::task::yield_now().await;
        }
        outbox.finish();
        while Rc::strong_count(&server) > 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!(PUMP.with_borrow(|pump| pump.connections.len()), 0);
    }

    #[actix_web::test]
    async fn many_connections_are_each_written_to_in_order() {
        let mut clients = Vec::new();
        let mut outboxes = Vec::new();
        for _ in 0..3 * SLICE {
            let (client, server) = connected().await;
            let outbox = Outbox::new();
            add(Rc::new(server), outbox.clone());
            clients.push(client);
            outboxes.push(outbox);
        }
        for round in [&b"one"[..], b"two"] {
            for outbox in &outboxes {
                outbox
                    .push(Outgoing::Text(Bytes::from_static(round)))
                    .unwrap();
            }
            tokio::task::yield_now().await;
        }
        outboxes.iter().for_each(Outbox::finish);
        for mut client in clients {
            let mut read = Vec::new();
            client.read_to_end(&mut read).await.unwrap();
            assert_eq!(read, b"\x81\x03one\x81\x03two");
        }
        assert_eq!(PUMP.with_borrow(|pump| pump.connections.len()), 0);
    }
}
