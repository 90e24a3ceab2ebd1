//! What a client sends: frames decoded, fragments joined under a limit, and each breach of the protocol named.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_http::ws::{Codec as FrameCodec, Item};
use actix_web::rt::net::TcpStream;
use actix_web_actors::ws::{Frame, ProtocolError};
use bytes::{Bytes, BytesMut};
use protocol::CloseCode;
use socket2::SockRef;
use tokio::io::Interest;
use tokio_util::codec::Decoder;

/// Bytes of the longest frame header: two, a 64-bit length and the mask.
const HEADER_BYTES_MAX: usize = 14;

/// Bytes read from a socket at a time.
const READ_BYTES: usize = 16 * 1024;

thread_local! {
    /// Where bytes are read; what is no whole frame yet moves to its connection's own buffer.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// One thing that a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A whole text message: UTF-8.
    Text(Bytes),
    /// A whole binary message.
    Binary(Bytes),
    /// A ping.
    Ping(Bytes),
    /// The answer to a ping.
    Pong,
    /// The client closes.
    Closed,
    /// The client broke the protocol in this way; nothing follows.
    Violation(CloseCode, &'static str),
}

/// A message whose last fragment has not come.
struct Unfinished {
    is_text: bool,
    bytes: BytesMut,
}

/// Reads and decodes what comes on one socket.
pub(super) struct Receiver {
    stream: Rc<TcpStream>,
    codec: FrameCodec,
    buffer: BytesMut,
    unfinished: Option<Unfinished>,
    message_bytes_max: usize,
    state: State,
    /// Frames that came with the last read.
    frames: usize,
}

#[derive(PartialEq)]
enum State {
    Open,
    /// Read and thrown away, so that the client can read why it is being closed before the socket goes.
    Discarding,
    Over,
}

impl Receiver {
    /// Begins with what was read together with the handshake.
    pub(super) fn new(stream: Rc<TcpStream>, buffer: BytesMut, message_bytes_max: usize) -> Self {
        Self {
            stream,
            codec: FrameCodec::new().max_size(message_bytes_max),
            buffer,
            unfinished: None,
            message_bytes_max,
            state: State::Open,
            frames: 0,
        }
    }

    /// The next thing; `None` when the connection is over.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Received>> {
        loop {
            if self.state == State::Over {
                return Poll::Ready(None);
            }
            if self.state == State::Open
                && let Some(received) = self.decode()
            {
                return Poll::Ready(Some(received));
            }
            if self.buffer.is_empty() {
                // An idle connection keeps no memory.
                self.buffer = BytesMut::new();
            }
            match ready!(self.poll_read(context)) {
                Ok(0) | Err(_) => self.state = State::Over,
                Ok(_) => {}
            }
        }
    }

    /// Reads what has come, and says how many bytes that was; 0 is the end.
    ///
    /// A read that does not fill the buffer has emptied the socket, which is then not read again before the system says that
    /// more has come. A client from which several frames came at once is read until nothing is there: what it sent while they
    /// were served then leaves together with them, which halves the cost of fan-out under load.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let is_busy = self.frames > 1;
        loop {
            ready!(self.stream.poll_read_ready(context))?;
            let mut read = None;
            let tried = self.stream.try_io(Interest::READABLE, || {
                READ.with_borrow_mut(|bytes| {
                    let length = (&*SockRef::from(&*self.stream)).read(bytes)?;
                    if self.state == State::Open {
                        self.buffer.extend_from_slice(&bytes[..length]);
                    }
                    read = Some(length);
                    let is_empty = length < bytes.len() && length > 0 && !is_busy;
                    match is_empty {
                        true => Err(io::ErrorKind::WouldBlock.into()),
                        false => Ok(()),
                    }
                })
            });
            match (read, tried) {
                (Some(length), _) => {
                    self.frames = 0;
                    return Poll::Ready(Ok(length));
                }
                (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                (None, Err(error)) => return Poll::Ready(Err(error)),
                (None, Ok(())) => unreachable!("a read that succeeds has a length"),
            }
        }
    }

    fn decode(&mut self) -> Option<Received> {
        loop {
            let received = match self.codec.decode(&mut self.buffer) {
                // The codec would wait for all of a frame, however large, before it says that it is too large.
                Ok(None) if self.buffer.len() > self.message_bytes_max + HEADER_BYTES_MAX => {
                    Err(too_large())
                }
                Ok(None) => return None,
                Ok(Some(frame)) => {
                    self.frames += 1;
                    self.frame(frame)
                }
                Err(ProtocolError::Overflow) => Err(too_large()),
                Err(error) => Err(violation(&error)),
            };
            match received {
                Ok(None) => {}
                Ok(Some(received)) => {
                    if received == Received::Closed {
                        self.state = State::Over;
                    }
                    return Some(received);
                }
                Err(violation) => {
                    // What is left of a frame that is too large still comes; other breaches end at once.
                    let large = matches!(violation, Received::Violation(CloseCode::TooLarge, _));
                    self.state = if large {
                        State::Discarding
                    } else {
                        State::Over
                    };
                    self.buffer = BytesMut::new();
                    return Some(violation);
                }
            }
        }
    }

    fn frame(&mut self, frame: Frame) -> Result<Option<Received>, Received> {
        match frame {
            Frame::Text(bytes) => text(bytes).map(Some),
            Frame::Binary(bytes) => Ok(Some(Received::Binary(bytes))),
            Frame::Continuation(item) => self.fragment(item),
            Frame::Ping(payload) => Ok(Some(Received::Ping(payload))),
            Frame::Pong(_) => Ok(Some(Received::Pong)),
            Frame::Close(_) => Ok(Some(Received::Closed)),
        }
    }

    fn fragment(&mut self, item: Item) -> Result<Option<Received>, Received> {
        let (bytes, last) = match item {
            Item::FirstText(bytes) => {
                self.unfinished = Some(Unfinished {
                    is_text: true,
                    bytes: BytesMut::new(),
                });
                (bytes, false)
            }
            Item::FirstBinary(bytes) => {
                self.unfinished = Some(Unfinished {
                    is_text: false,
                    bytes: BytesMut::new(),
                });
                (bytes, false)
            }
            Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        let out_of_order =
            Received::Violation(CloseCode::Protocol, "a continuation without a beginning");
        let mut unfinished = self.unfinished.take().ok_or(out_of_order)?;
        if unfinished.bytes.len() + bytes.len() > self.message_bytes_max {
            return Err(too_large());
        }
        unfinished.bytes.extend_from_slice(&bytes);
        if !last {
            self.unfinished = Some(unfinished);
            return Ok(None);
        }
        let bytes = unfinished.bytes.freeze();
        if unfinished.is_text {
            text(bytes).map(Some)
        } else {
            Ok(Some(Received::Binary(bytes)))
        }
    }
}

fn text(bytes: Bytes) -> Result<Received, Received> {
    match std::str::from_utf8(&bytes) {
        Ok(_) => Ok(Received::Text(bytes)),
        Err(_) => Err(Received::Violation(
            CloseCode::InvalidText,
            "the text is not UTF-8",
        )),
    }
}

fn too_large() -> Received {
    Received::Violation(
        CloseCode::TooLarge,
        "the frame or message is over the limit",
    )
}

fn violation(error: &ProtocolError) -> Received {
    let reason = match error {
        ProtocolError::UnmaskedFrame => "a client's frames must be masked",
        ProtocolError::InvalidOpcode(_) | ProtocolError::BadOpCode => "unknown frame type",
        ProtocolError::InvalidLength(_) => "a control frame is too long",
        ProtocolError::ContinuationNotStarted => "a continuation without a beginning",
        ProtocolError::ContinuationStarted => "a new message inside a fragmented one",
        ProtocolError::ContinuationFragment(_) => "a fragmented control frame",
        _ => "the frame breaks the WebSocket protocol",
    };
    Received::Violation(CloseCode::Protocol, reason)
}
