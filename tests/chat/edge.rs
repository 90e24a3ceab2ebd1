use futures::{SinkExt, StreamExt};
use protocol::ErrorCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;

type Raw = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn raw(server: &TestServer, subprotocol: &str) -> Raw {
    let url = format!("{}/ws", server.url.replacen("http", "ws", 1));
    let mut request = url.into_client_request().unwrap();
    let name = HeaderValue::from_str(subprotocol).unwrap();
    request.headers_mut().insert("sec-websocket-protocol", name);
    connect_async(request).await.unwrap().0
}

fn read(codec: Codec, frame: &Frame) -> Option<ServerFrame> {
    match (codec, frame) {
        (Codec::Json, Frame::Text(text)) => {
            Some(protocol::decode_server(codec, text.as_bytes()).unwrap())
        }
        (Codec::MessagePack, Frame::Binary(bytes)) => {
            Some(protocol::decode_server(codec, bytes).unwrap())
        }
        _ => None,
    }
}

/// The code of the next error frame, or the close code if the server closes first.
async fn error_or_close(codec: Codec, raw: &mut Raw) -> Result<ErrorCode, u16> {
    let found = async {
        loop {
            let frame = raw
                .next()
                .await
                .expect("the server says why before it goes")
                .unwrap();
            if let Some(ServerFrame::Error { code, .. }) = read(codec, &frame) {
                return Ok(code);
            }
            if let Frame::Close(close) = &frame {
                return Err(close.as_ref().map_or(1005, |close| close.code.into()));
            }
        }
    };
    tokio::time::timeout(PATIENCE, found)
        .await
        .expect("an answer comes in time")
}

/// Whether the connection still answers.
async fn answers(codec: Codec, raw: &mut Raw) -> bool {
    let ping = encoded(codec, ClientFrame::Ping);
    let frame = match codec {
        Codec::Json => Frame::text(String::from_utf8(ping).unwrap()),
        Codec::MessagePack => Frame::binary(ping),
    };
    raw.send(frame).await.unwrap();
    loop {
        let frame = raw.next().await.unwrap().unwrap();
        if let Some(ServerFrame::Pong { .. }) = read(codec, &frame) {
            return true;
        }
    }
}

#[actix_web::test]
async fn frames_that_cannot_be_read_are_named_and_the_connection_goes_on() {
    let server = TestServer::start().await;
    let mut json = raw(&server, "twin.v1.json").await;
    let cases = [
        ("{", ErrorCode::Malformed),
        ("[]", ErrorCode::Malformed),
        (r#"{"ref":"1"}"#, ErrorCode::Malformed),
        (r#"{"op":"fly"}"#, ErrorCode::UnknownOp),
        (r#"{"op":"send","text":"x"}"#, ErrorCode::Invalid),
        (
            r#"{"op":"subscribe","conversation_id":"x"}"#,
            ErrorCode::Invalid,
        ),
        (
            r#"{"op":"typing","conversation_id":"01890a5d-ac96-774b-bcce-b302099a8057"}"#,
            ErrorCode::Unauthenticated,
        ),
    ];
    for (text, expected) in cases {
        json.send(Frame::text(text)).await.unwrap();
        assert_eq!(
            error_or_close(Codec::Json, &mut json).await,
            Ok(expected),
            "{text}"
        );
    }
    let deep = format!("{}{}", "[".repeat(600), "]".repeat(600));
    json.send(Frame::text(deep)).await.unwrap();
    assert_eq!(
        error_or_close(Codec::Json, &mut json).await,
        Ok(ErrorCode::Malformed)
    );
    assert!(answers(Codec::Json, &mut json).await);

    let mut pack = raw(&server, "twin.v1.msgpack").await;
    let deep = [vec![0x91; 60_000], vec![0xc0]].concat();
    for bytes in [vec![0xc1], vec![], vec![0x91; 600], deep] {
        pack.send(Frame::binary(bytes)).await.unwrap();
        let answer = error_or_close(Codec::MessagePack, &mut pack).await;
        assert_eq!(answer, Ok(ErrorCode::Malformed));
    }
    assert!(answers(Codec::MessagePack, &mut pack).await);
    server.running.stop().await;
}

#[actix_web::test]
async fn what_breaks_the_protocol_is_closed_with_its_reason() {
    let server = TestServer::start().await;
    let mut text_under_pack = raw(&server, "twin.v1.msgpack").await;
    text_under_pack.send(Frame::text("{}")).await.unwrap();
    let mut binary_under_json = raw(&server, "twin.v1.json").await;
    binary_under_json
        .send(Frame::binary(vec![0x80]))
        .await
        .unwrap();
    let mut large = raw(&server, "twin.v1.json").await;
    large
        .send(Frame::text("x".repeat(1024 * 1024)))
        .await
        .unwrap();
    let cases = [
        (
            Codec::MessagePack,
            text_under_pack,
            ErrorCode::UnsupportedMedia,
            1003,
        ),
        (
            Codec::Json,
            binary_under_json,
            ErrorCode::UnsupportedMedia,
            1003,
        ),
        (Codec::Json, large, ErrorCode::TooLarge, 1009),
    ];
    for (codec, mut raw, error, close) in cases {
        assert_eq!(error_or_close(codec, &mut raw).await, Ok(error));
        assert_eq!(error_or_close(codec, &mut raw).await, Err(close));
    }
    server.running.stop().await;
}

#[actix_web::test]
async fn a_frame_that_never_ends_is_cut_off_at_the_limit() {
    let server = TestServer::start().await;
    let address = server.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let handshake = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: twin.v1.json\r\n\r\n"
    );
    socket.write_all(handshake.as_bytes()).await.unwrap();
    // One frame of a gigabyte, of which four times the limit ever comes.
    let mut frame = vec![0x81, 0xff];
    frame.extend_from_slice(&(1_u64 << 30).to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.resize(4 * protocol::limits::FRAME_BYTES_MAX, b'x');
    socket.write_all(&frame).await.unwrap();
    let mut answer = Vec::new();
    let closed = async {
        while !answer
            .windows(4)
            .any(|window| window[0] == 0x88 && window[2..] == 1009_u16.to_be_bytes())
        {
            assert_ne!(
                socket.read_buf(&mut answer).await.unwrap(),
                0,
                "closed without a word"
            );
        }
    };
    tokio::time::timeout(PATIENCE, closed)
        .await
        .expect("the server closes in time");
    server.running.stop().await;
}

#[actix_web::test]
async fn a_closed_connection_ends_at_once() {
    let server = TestServer::start().await;
    let mut raw = raw(&server, "twin.v1.json").await;
    raw.close(None).await.unwrap();
    let ended = async { while raw.next().await.is_some_and(|frame| frame.is_ok()) {} };
    tokio::time::timeout(PATIENCE, ended)
        .await
        .expect("the socket ends");
    assert_eq!(server.running.node().connections(), 0);
    server.running.stop().await;
}

#[actix_web::test]
async fn a_handshake_without_a_known_subprotocol_or_from_a_foreign_page_is_refused() {
    let server = TestServer::start().await;
    let url = format!("{}/ws", server.url.replacen("http", "ws", 1));
    for (header, value) in [
        ("sec-websocket-protocol", "chat"),
        ("origin", "https://evil.example"),
    ] {
        let mut request = url.clone().into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert(
            "sec-websocket-protocol",
            HeaderValue::from_static("twin.v1.json"),
        );
        headers.insert(header, HeaderValue::from_static(value));
        assert!(connect_async(request).await.is_err(), "{header}: {value}");
    }
    server.running.stop().await;
}

#[actix_web::test]
async fn a_connection_that_does_not_say_who_it_is_gets_no_service() {
    let server = TestServer::start().await;
    let mut json = raw(&server, "twin.v1.json").await;
    for token in ["not a token", "x.y.z", "a.b.c.d"] {
        let mut json = raw(&server, "twin.v1.json").await;
        let identify = encoded(
            Codec::Json,
            ClientFrame::Identify {
                token: token.to_owned(),
                presence: false,
            },
        );
        json.send(Frame::text(String::from_utf8(identify).unwrap()))
            .await
            .unwrap();
        let refused = error_or_close(Codec::Json, &mut json).await;
        assert_eq!(refused, Ok(ErrorCode::Unauthenticated));
        assert_eq!(error_or_close(Codec::Json, &mut json).await, Err(4401));
    }
    assert!(answers(Codec::Json, &mut json).await);
    server.running.stop().await;
}
