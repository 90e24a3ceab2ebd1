//! The route `/ws`: who may connect, which encoding, and the connection's actor.

use std::io;
use std::time::Instant;

use actix_http::body::BodySize;
use actix_http::{Request, RequestHead, Response, h1};
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, ResponseError, web};
use actix_web_actors::ws::HandshakeError;
use actors::{Inbound, WorkerNode, serve_connection};
use futures::{SinkExt, StreamExt};
use protocol::limits::FRAME_BYTES_MAX;
use protocol::{CloseCode, Codec, ErrorCode};

use super::{Received, Upgrading, upgrade};
use crate::http::metrics;
use crate::http::problem::Problem;

/// Where clients connect for messages; it stands in no description, since OpenAPI knows no WebSockets.
pub const WEBSOCKET_PATH: &str = "/ws";

/// Whom the route lets in.
#[derive(Debug, Clone)]
pub struct WebSocketEdge {
    /// Pages of these origins may connect, beside those of this server itself; a client that is no page names none.
    pub origins: Vec<String>,
    /// Connections that this process holds at most.
    pub connections_max: u64,
}

/// Serves a request for an upgrade: a connection's actor takes the socket, or the client is told why not.
///
/// # Errors
/// When the client has gone.
pub async fn serve_upgrade(
    request: Request,
    socket: Upgrading,
    edge: &WebSocketEdge,
    worker: &WorkerNode,
) -> io::Result<()> {
    let started = Instant::now();
    let head = request.head();
    let admitted = admit(head, edge, worker);
    let status = match &admitted {
        Ok(_) => StatusCode::SWITCHING_PROTOCOLS,
        Err(problem) => problem.status_code(),
    };
    let route = match head.uri.path() {
        WEBSOCKET_PATH => WEBSOCKET_PATH,
        _ => "unmatched",
    };
    let (method, elapsed) = (metrics::method_label(&head.method), started.elapsed());
    metrics::request_ended(method, route, status, elapsed);
    tracing::info!(method, route, status = status.as_u16(), "upgrade answered");
    let codec = match admitted {
        Ok(codec) => codec,
        Err(problem) => return refuse(socket, &problem).await,
    };
    let subprotocol = Some(codec.subprotocol());
    let upgraded = upgrade(head, socket, subprotocol, FRAME_BYTES_MAX).await?;
    let inbound = upgraded
        .received
        .map(move |received| inbound(codec, received));
    serve_connection(worker.clone(), codec, upgraded.outbox, inbound);
    Ok(())
}

/// Answers a request for the route that asks for no upgrade.
///
/// # Errors
/// Always: it says what a handshake lacks.
pub async fn without_upgrade(_: HttpRequest, _: web::Payload) -> Result<&'static str, Problem> {
    Err(handshake_problem(&HandshakeError::NoWebsocketUpgrade))
}

/// The encoding that the client asks for, if it may connect.
fn admit(
    request: &RequestHead,
    edge: &WebSocketEdge,
    worker: &WorkerNode,
) -> Result<Codec, Problem> {
    if request.uri.path() != WEBSOCKET_PATH {
        let detail = format!("WebSockets are served at {WEBSOCKET_PATH} only");
        return Err(Problem::new(ErrorCode::NotFound, detail));
    }
    let node = worker.node();
    if node.is_draining() {
        return Err(Problem::new(
            ErrorCode::Unavailable,
            "the server is stopping",
        ));
    }
    if node.connections() >= edge.connections_max {
        let detail = format!(
            "this server holds {} connections already",
            edge.connections_max
        );
        return Err(Problem::new(ErrorCode::Unavailable, detail));
    }
    check_origin(request.headers(), &edge.origins)?;
    let codec = requested_codec(request.headers())?;
    actix_http::ws::verify_handshake(request).map_err(|error| handshake_problem(&error))?;
    Ok(codec)
}

fn handshake_problem(error: &HandshakeError) -> Problem {
    Problem::new(
        ErrorCode::Malformed,
        format!("WebSocket handshake: {error}"),
    )
}

/// Answers with the problem and closes.
async fn refuse(mut socket: Upgrading, problem: &Problem) -> io::Result<()> {
    let mut response = problem.error_response();
    let close = header::HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    let (head, body) = Response::from(response).into_parts();
    let body = to_bytes(body).await.unwrap_or_default();
    let size = BodySize::Sized(body.len() as u64);
    socket.send(h1::Message::Item((head, size))).await?;
    socket.send(h1::Message::Chunk(Some(body))).await?;
    socket.send(h1::Message::Chunk(None)).await
}

/// The first of the client's subprotocols that is one of ours.
fn requested_codec(headers: &HeaderMap) -> Result<Codec, Problem> {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let names = offered
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    names
        .map(str::trim)
        .find_map(Codec::from_subprotocol)
        .ok_or_else(|| {
            let known = Codec::ALL.map(Codec::subprotocol).join(" or ");
            Problem::new(
                ErrorCode::Invalid,
                format!("Sec-WebSocket-Protocol must name {known}"),
            )
        })
}

/// A page may connect from this server's own origin and from those allowed; what names no origin is no page.
fn check_origin(headers: &HeaderMap, allowed: &[String]) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let own = host.is_some_and(|host| {
        origin == format!("http://{host}") || origin == format!("https://{host}")
    });
    if own || allowed.iter().any(|allowed| allowed == origin) {
        return Ok(());
    }
    Err(Problem::new(
        ErrorCode::Forbidden,
        "pages of this origin may not connect",
    ))
}

fn inbound(codec: Codec, received: Received) -> Inbound {
    match (received, codec) {
        (Received::Text(bytes), Codec::Json) | (Received::Binary(bytes), Codec::MessagePack) => {
            Inbound::Message(bytes)
        }
        (Received::Text(_), Codec::MessagePack) => Inbound::Violation(
            CloseCode::Unsupported,
            ErrorCode::UnsupportedMedia,
            "twin.v1.msgpack takes binary frames only",
        ),
        (Received::Binary(_), Codec::Json) => Inbound::Violation(
            CloseCode::Unsupported,
            ErrorCode::UnsupportedMedia,
            "twin.v1.json takes text frames only",
        ),
        (Received::Ping(payload), _) => Inbound::Ping(payload),
        (Received::Pong, _) => Inbound::Pong,
        (Received::Closed, _) => Inbound::Closed,
        (Received::Violation(close, reason), _) => {
            let code = match close {
                CloseCode::TooLarge => ErrorCode::TooLarge,
                _ => ErrorCode::Malformed,
            };
            Inbound::Violation(close, code, reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_listed_origins_and_the_servers_own_may_connect() {
        let allowed = ["https://app.example.com".to_owned()];
        let cases = [
            (None, true),
            (Some("https://app.example.com"), true),
            (Some("http://127.0.0.1:8000"), true),
            (Some("https://127.0.0.1:8000"), true),
            (Some("http://app.example.com"), false),
            (Some("https://app.example.com.evil.example"), false),
            (Some("https://app.example.com:8443"), false),
            (Some("https://APP.example.com"), false),
            (Some("http://127.0.0.1:9000"), false),
            (Some("null"), false),
            (Some(""), false),
            (Some("https://evil.example"), false),
        ];
        for (origin, expected) in cases {
            let mut request = TestRequest::get().insert_header(("host", "127.0.0.1:8000"));
            if let Some(origin) = origin {
                request = request.insert_header(("origin", origin));
            }
            let outcome = check_origin(request.to_http_request().headers(), &allowed);
            assert_eq!(outcome.is_ok(), expected, "{origin:?}");
        }
    }

    #[test]
    fn the_first_known_subprotocol_is_taken_and_none_is_refused() {
        let cases = [
            ("twin.v1.json", Some(Codec::Json)),
            ("twin.v1.msgpack", Some(Codec::MessagePack)),
            (
                "chat, twin.v1.msgpack, twin.v1.json",
                Some(Codec::MessagePack),
            ),
            ("twin.v1.json,twin.v1.msgpack", Some(Codec::Json)),
            ("TWIN.V1.JSON", None),
            ("twin.v2.json", None),
            ("", None),
        ];
        for (offered, expected) in cases {
            let request = TestRequest::get().insert_header(("sec-websocket-protocol", offered));
            assert_eq!(
                requested_codec(request.to_http_request().headers()).ok(),
                expected,
                "{offered:?}"
            );
        }
        assert_eq!(
            requested_codec(TestRequest::get().to_http_request().headers()).ok(),
            None
        );
    }
}
