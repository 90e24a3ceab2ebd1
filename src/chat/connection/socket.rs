//! One WebSocket connection to a server: frames out, frames in, and how it ended.

use futures::{SinkExt, StreamExt};
use protocol::{ClientRequest, Codec, ErrorCode, ServerFrame, decode_server, encode_client};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as WireCloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, protocol::CloseFrame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::ClientError;

/// Bytes of one frame from the server: the longest text and its sources fit ten times over.
const SERVER_FRAME_BYTES_MAX: usize = 1024 * 1024;

/// A WebSocket connection. It neither identifies itself nor connects again: that is the [`Client`](super::Client)'s
/// business, and of tests that want to do it wrongly.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    codec: Codec,
}

/// What a connection brings.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// A frame.
    Frame(ServerFrame),
    /// A sign of life: a ping, which is answered already, or a frame whose `op` this version does not know.
    Alive,
    /// The end of the connection.
    Closed(Closed),
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The close code; absent when the connection broke off without one.
    pub code: Option<u16>,
    /// The server's reason, or what broke.
    pub reason: String,
}

impl Socket {
    /// Connects to a server's WebSocket at `ws://HOST:PORT/ws`, and agrees on the encoding.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] and [`ClientError::Handshake`].
    pub async fn open(url: &str, codec: Codec) -> Result<Self, ClientError> {
        let handshake = |reason: String| ClientError::Handshake {
            url: url.to_owned(),
            reason,
        };
        let uri: Uri = url
            .parse()
            .map_err(|error| handshake(format!("not an address: {error}")))?;
        if uri.scheme_str() != Some("ws") {
            let reason = "only ws:// is supported, TLS is not";
            return Err(handshake(reason.to_owned()));
        }
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(codec.subprotocol());
        let limits = WebSocketConfig::default()
            .max_message_size(Some(SERVER_FRAME_BYTES_MAX))
            .max_frame_size(Some(SERVER_FRAME_BYTES_MAX));
        let without_nagle = true;
        let connected = connect_async_with_config(request, Some(limits), without_nagle).await;
        match connected {
            Ok((stream, _)) => Ok(Self { stream, codec }),
            Err(Error::Io(error)) => Err(ClientError::Unreachable {
                url: url.to_owned(),
                reason: error.to_string(),
            }),
            Err(error) => Err(handshake(error.to_string())),
        }
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn send(&mut self, request: &ClientRequest) -> Result<(), Closed> {
        let bytes = encode_client(self.codec, request).expect("every client frame can be encoded");
        self.send_message(match self.codec {
            Codec::Json => Message::text(String::from_utf8(bytes).expect("JSON is UTF-8")),
            Codec::MessagePack => Message::binary(bytes),
        })
        .await
    }

    /// Sends any WebSocket message, such as one that is no frame.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn send_message(&mut self, message: Message) -> Result<(), Closed> {
        self.stream
            .send(message)
            .await
            .map_err(|error| Closed::broken(&error))
    }

    /// Waits for what comes next; dropping the wait loses nothing. After [`Received::Closed`] there is nothing.
    pub async fn receive(&mut self) -> Received {
        let bytes = match self.stream.next().await {
            Some(Ok(Message::Text(text))) => text.into(),
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                return Received::Alive;
            }
            Some(Ok(Message::Close(frame))) => return Received::Closed(Closed::by(frame)),
            Some(Err(error)) => return Received::Closed(Closed::broken(&error)),
            None => return Received::Closed(Closed::by(None)),
        };
        match decode_server(self.codec, &bytes) {
            Ok(frame) => Received::Frame(frame),
            Err(error) if error.code == ErrorCode::UnknownOp => Received::Alive,
            Err(error) => {
                let reason = format!("the server sent no frame: {error}");
                Received::Closed(Closed::without_code(&reason))
            }
        }
    }

    /// Closes the connection normally, and waits for the server to agree.
    pub async fn close(mut self) {
        let normal = CloseFrame {
            code: WireCloseCode::Normal,
            reason: "".into(),
        };
        if self.stream.close(Some(normal)).await.is_ok() {
            while let Some(Ok(_)) = self.stream.next().await {}
        }
    }
}

impl Closed {
    fn by(frame: Option<CloseFrame>) -> Self {
        match frame {
            Some(frame) => Self {
                code: Some(frame.code.into()),
                reason: frame.reason.to_string(),
            },
            None => Self::without_code("the connection ended"),
        }
    }

    fn broken(error: &Error) -> Self {
        Self::without_code(&error.to_string())
    }

    pub(super) fn without_code(reason: &str) -> Self {
        Self {
            code: None,
            reason: reason.to_owned(),
        }
    }
}
