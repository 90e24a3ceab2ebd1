//! A WebSocket client that costs next to nothing: frames are found, not decoded.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Bytes read from a socket at a time.
const READ_BYTES: usize = 64 * 1024;

/// Bytes that a narrow line holds at its reader's end.
const NARROW_BYTES: usize = 2048;

/// Bytes of a segment on a narrow line.
const NARROW_SEGMENT: u32 = 536;

/// Bytes of the answer to a handshake.
const HEAD_BYTES_MAX: usize = 8 * 1024;

thread_local! {
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// The writing half of a connection; clones share it.
#[derive(Clone)]
pub(crate) struct Sender {
    stream: Rc<TcpStream>,
}

/// The reading half of a connection.
pub(crate) struct Receiver {
    stream: Rc<TcpStream>,
    rest: Vec<u8>,
    /// The code that the server closed the connection with, behind its last frames.
    closed: Option<u16>,
}

/// The server closed the connection with this code.
#[derive(Debug)]
pub(crate) struct Closed(pub(crate) u16);

impl fmt::Display for Closed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the server closed the connection with {}",
            self.0
        )
    }
}

impl std::error::Error for Closed {}

/// Connects to `host:port` at a path, offering a subprotocol if there is one.
///
/// # Errors
/// When the server does not answer with 101.
pub(crate) async fn connect(
    address: &str,
    path: &str,
    subprotocol: Option<&str>,
) -> anyhow::Result<(Sender, Receiver)> {
    let stream = TcpStream::connect(address).await?;
    hand_shake(stream, address, path, subprotocol).await
}

/// The same on a line that holds little: the server's writes wait as soon as nobody reads.
///
/// # Errors
/// When the server does not answer with 101.
pub(crate) async fn connect_narrow(
    address: &str,
    path: &str,
    subprotocol: Option<&str>,
) -> anyhow::Result<(Sender, Receiver)> {
    let socket = TcpSocket::new_v4()?;
    let narrow = SockRef::from(&socket);
    narrow.set_recv_buffer_size(NARROW_BYTES)?;
    // The sender's buffer grows with the size of a segment, which on the loopback is 64 KiB.
    narrow.set_tcp_mss(NARROW_SEGMENT)?;
    let stream = socket.connect(address.parse()?).await?;
    hand_shake(stream, address, path, subprotocol).await
}

async fn hand_shake(
    mut stream: TcpStream,
    address: &str,
    path: &str,
    subprotocol: Option<&str>,
) -> anyhow::Result<(Sender, Receiver)> {
    stream.set_nodelay(true)?;
    let offered = subprotocol.map_or_else(String::new, |name| {
        format!("Sec-WebSocket-Protocol: {name}\r\n")
    });
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{offered}\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    let end = loop {
        if let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut head).await? == 0 || head.len() > HEAD_BYTES_MAX {
            bail!("the handshake ended without an answer");
        }
    };
    let status = String::from_utf8_lossy(&head[..end.min(60)]);
    if !status.starts_with("HTTP/1.1 101") {
        bail!(
            "the handshake was refused: {}",
            status.lines().next().unwrap_or_default()
        );
    }
    let rest = head.split_off(end);
    let stream = Rc::new(stream);
    let sender = Sender {
        stream: stream.clone(),
    };
    let receiver = Receiver {
        stream,
        rest,
        closed: None,
    };
    Ok((sender, receiver))
}

impl Sender {
    /// Sends one text frame.
    ///
    /// # Errors
    /// When the connection is over.
    pub(crate) async fn send(&self, text: &str) -> io::Result<()> {
        self.send_frame(0x81, text.as_bytes()).await
    }

    /// Sends this share of a frame, 0 to 1, and has the connection reset when it is dropped.
    pub(crate) fn cut(&self, text: &str, share: f64) {
        let frame = client_frame(0x81, text.as_bytes());
        let part = (frame.len() as f64 * share) as usize;
        let _ = self.stream.try_write(&frame[..part.min(frame.len())]);
        self.reset();
    }

    /// Has the connection reset when it is dropped.
    pub(crate) fn reset(&self) {
        let _ = SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO));
    }

    async fn send_frame(&self, first: u8, payload: &[u8]) -> io::Result<()> {
        let frame = client_frame(first, payload);
        let mut unsent = &frame[..];
        while !unsent.is_empty() {
            match self.stream.try_write(unsent) {
                Ok(written) => unsent = &unsent[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.writable().await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A whole client frame; its mask is zero, which leaves the payload as it is.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

impl Receiver {
    /// Waits for bytes and hands the payload of each whole data frame in them to `frame`; pings are answered.
    ///
    /// # Errors
    /// When the connection is over, once all frames before its end were handed over.
    pub(crate) async fn receive(&mut self, mut frame: impl FnMut(&[u8])) -> anyhow::Result<()> {
        if let Some(code) = self.closed {
            return Err(Closed(code).into());
        }
        let mut pings = Vec::new();
        let mut closed = None;
        let mut has_data = false;
        let mut on_frame = |first: u8, payload: &[u8]| match first & 0x0f {
            1 | 2 => {
                has_data = true;
                frame(payload);
            }
            8 => closed = Some(close_code(payload)),
            9 => pings.push(payload.to_vec()),
            _ => {}
        };
        // What came with the handshake may hold whole frames.
        let taken = scan(&self.rest, &mut on_frame);
        self.rest.drain(..taken);
        if taken == 0 {
            self.stream.readable().await?;
            read(&self.stream, &mut self.rest, &mut on_frame)?;
        }
        self.closed = closed;
        if let Some(code) = closed
            && !has_data
        {
            return Err(Closed(code).into());
        }
        let sender = Sender {
            stream: self.stream.clone(),
        };
        for ping in pings {
            sender.send_frame(0x8a, &ping).await?;
        }
        Ok(())
    }

    /// Waits until a frame holds `marker`, and gives that frame; others are passed over.
    ///
    /// # Errors
    /// When the connection ends first, or a frame holds `refusal`.
    pub(crate) async fn wait_for(&mut self, marker: &str, refusal: &str) -> anyhow::Result<String> {
        let mut found = None;
        let mut refused = None;
        while found.is_none() {
            self.receive(|payload| {
                let text = String::from_utf8_lossy(payload);
                if text.contains(marker) {
                    found.get_or_insert(text.into_owned());
                } else if text.contains(refusal) {
                    refused.get_or_insert(text.into_owned());
                }
            })
            .await
            .with_context(|| format!("waiting for {marker}"))?;
            if let (Some(refused), None) = (&refused, &found) {
                bail!("refused: {refused}");
            }
        }
        Ok(found.unwrap_or_default())
    }
}

/// Reads what has come: whole frames go to `frame`, the beginning of one stays in `rest`.
fn read(
    stream: &TcpStream,
    rest: &mut Vec<u8>,
    frame: &mut impl FnMut(u8, &[u8]),
) -> anyhow::Result<()> {
    READ.with_borrow_mut(|bytes| {
        let read = match stream.try_read(bytes) {
            Ok(0) => bail!("the connection ended"),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if rest.is_empty() {
            let taken = scan(&bytes[..read], frame);
            rest.extend_from_slice(&bytes[taken..read]);
        } else {
            rest.extend_from_slice(&bytes[..read]);
            let taken = scan(rest, frame);
            rest.drain(..taken);
        }
        Ok(())
    })
}

fn close_code(payload: &[u8]) -> u16 {
    match payload {
        [high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => 1005,
    }
}

/// Hands each whole frame of a server to `frame` (first byte, payload), and says how many bytes they were.
fn scan(bytes: &[u8], frame: &mut impl FnMut(u8, &[u8])) -> usize {
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let [first, length, ..] = *rest else {
            return at;
        };
        let (header, length) = match (length & 0x7f, rest) {
            (126, [_, _, high, low, ..]) => (4, u64::from(u16::from_be_bytes([*high, *low]))),
            (127, [_, _, long @ ..]) if long.len() >= 8 => {
                let eight: [u8; 8] = long[..8].try_into().expect("eight bytes");
                (10, u64::from_be_bytes(eight))
            }
            (126 | 127, _) => return at,
            (short, _) => (2, u64::from(short)),
        };
        let end = header + usize::try_from(length).unwrap_or(usize::MAX - header);
        let Some(payload) = rest.get(header..end) else {
            return at;
        };
        frame(first, payload);
        at += end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_frame(payload: &[u8]) -> Vec<u8> {
        let masked = client_frame(0x81, payload);
        let header = masked.len() - payload.len() - 4;
        let mut frame = masked[..header].to_vec();
        frame[1] &= 0x7f;
        frame.extend(payload);
        frame
    }

    #[test]
    fn whole_frames_of_every_length_are_found_wherever_the_bytes_are_cut() {
        let payloads = [0, 1, 125, 126, 127, 65_535, 65_536].map(|bytes| vec![b'x'; bytes]);
        let stream: Vec<u8> = payloads
            .iter()
            .flat_map(|payload| server_frame(payload))
            .collect();
        for cut in [
            0,
            1,
            2,
            3,
            5,
            130,
            300,
            70_000,
            stream.len() - 1,
            stream.len(),
        ] {
            let mut found = Vec::new();
            let mut frame = |_: u8, payload: &[u8]| found.push(payload.to_vec());
            let taken = scan(&stream[..cut], &mut frame);
            let rest = scan(&stream[taken..], &mut frame);
            assert_eq!(taken + rest, stream.len(), "cut at {cut}");
            assert_eq!(found, payloads, "cut at {cut}");
        }
    }
}
