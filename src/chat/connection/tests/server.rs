//! A server that follows a script, for the tests of the client.

use futures::{SinkExt, StreamExt};
use protocol::{
    Author, ClientFrame, ClientRequest, Codec, ConversationId, Cursor, Message, MessageId,
    ReadyUser, RequestRef, ServerFrame, SessionId, TwinId, UserId, decode_client, encode_server,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message as WireMessage;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::super::ClientConfig;

/// A server that does what its test says.
pub(super) struct Server {
    listener: TcpListener,
    codec: Codec,
    pub(super) conversation: ConversationId,
}

/// One connection of the server.
pub(super) struct Peer {
    stream: WebSocketStream<TcpStream>,
    codec: Codec,
}

impl Server {
    pub(super) async fn start(codec: Codec) -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            codec,
            conversation: ConversationId::new(),
        }
    }

    pub(super) fn config(&self) -> ClientConfig {
        ClientConfig {
            url: format!("ws://{}/ws", self.listener.local_addr().unwrap()),
            codec: self.codec,
            token: "first".to_owned(),
        }
    }

    /// Accepts a connection.
    pub(super) async fn accept(&self) -> Peer {
        let (socket, _) = self.listener.accept().await.unwrap();
        let codec = self.codec;
        #[expect(clippy::result_large_err, reason = "the WebSocket library wants it so")]
        let choose = |request: &Request, mut response: Response| {
            assert_eq!(
                request.headers()["sec-websocket-protocol"],
                codec.subprotocol()
            );
            let chosen = HeaderValue::from_static(codec.subprotocol());
            response
                .headers_mut()
                .insert("sec-websocket-protocol", chosen);
            Ok(response)
        };
        Peer {
            stream: accept_hdr_async(socket, choose).await.unwrap(),
            codec,
        }
    }

    /// Accepts a connection and lets it in; gives what it began with.
    pub(super) async fn let_in(&self) -> (Peer, ClientFrame) {
        let mut peer = self.accept().await;
        let first = peer.hears().await.frame;
        peer.says(&ready()).await;
        (peer, first)
    }

    /// Accepts a client that follows the conversation from its beginning.
    pub(super) async fn let_in_and_subscribe(&self) -> Peer {
        let (mut peer, _) = self.let_in().await;
        let subscribe = peer.hears().await;
        assert_eq!(
            subscribe.frame,
            ClientFrame::Subscribe {
                conversation_id: self.conversation,
                after_seq: Some(0)
            }
        );
        peer.says(&self.subscribed(subscribe.request_ref, 0)).await;
        peer
    }

    pub(super) fn subscribed(&self, request_ref: Option<RequestRef>, last_seq: u64) -> ServerFrame {
        ServerFrame::Subscribed {
            request_ref,
            conversation_id: self.conversation,
            last_seq,
        }
    }

    pub(super) fn message(&self, seq: u64, text: &str) -> Message {
        let author = Author::User {
            id: UserId::new(),
            name: "Bo".to_owned(),
        };
        let (id, text) = (MessageId::new(), text.to_owned());
        Message {
            seq,
            ..Message::new(self.conversation, id, author, text)
        }
    }

    pub(super) fn start_of(&self, reply: MessageId) -> ServerFrame {
        ServerFrame::MessageStart {
            conversation_id: self.conversation,
            message_id: reply,
            author: Author::Twin {
                id: TwinId::from_uuid(uuid::Uuid::nil()),
                name: "Ada".to_owned(),
            },
            ai_written: true,
            reply_to: reply,
            thread: None,
            variant_of: None,
        }
    }

    pub(super) fn delta(&self, reply: MessageId, index: u64, text: &str) -> ServerFrame {
        ServerFrame::Delta {
            conversation_id: self.conversation,
            message_id: reply,
            index,
            text: text.to_owned(),
        }
    }

    pub(super) fn resume(&self, token: &str, after_seq: u64) -> ClientFrame {
        ClientFrame::Resume {
            token: token.to_owned(),
            cursors: vec![Cursor {
                conversation_id: self.conversation,
                after_seq,
            }],
            presence: false,
        }
    }
}

impl Peer {
    pub(super) async fn hears(&mut self) -> ClientRequest {
        let message = self.stream.next().await.unwrap().unwrap();
        decode_client(self.codec, &message.into_data()).unwrap()
    }

    pub(super) async fn says(&mut self, frame: &ServerFrame) {
        let bytes = encode_server(self.codec, frame).unwrap();
        let message = match self.codec {
            Codec::Json => WireMessage::text(String::from_utf8(bytes).unwrap()),
            Codec::MessagePack => WireMessage::binary(bytes),
        };
        self.stream.send(message).await.unwrap();
    }

    pub(super) async fn closes(mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "because".into(),
        };
        self.stream.close(Some(frame)).await.unwrap();
        while let Some(Ok(_)) = self.stream.next().await {}
    }
}

pub(super) fn ready() -> ServerFrame {
    ServerFrame::Ready {
        request_ref: None,
        session_id: SessionId::new(),
        user: ReadyUser {
            id: UserId::from_uuid(uuid::Uuid::nil()),
            name: "Ana".to_owned(),
        },
        heartbeat_ms: 25_000,
    }
}
