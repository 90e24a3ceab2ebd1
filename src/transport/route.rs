//! The route `/ws`: who may connect, which encoding, and the connection's actor.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::{Inbound, WorkerNode, serve_connection};
use futures::StreamExt;
use protocol::limits::FRAME_BYTES_MAX;
use protocol::{CloseCode, Codec, ErrorCode};

use super::{Received, upgrade};
use crate::http::problem::Problem;

/// Whom the route lets in.
#[derive(Debug, Clone)]
pub struct WebSocketEdge {
    /// Pages of these origins may connect, beside those of this server itself; a client that is no page names none.
    pub origins: Vec<String>,
    /// Connections that this process holds at most.
    pub connections_max: u64,
}

/// Serves `/ws`.
///
/// # Errors
/// When the server is stopping or full, the page's origin is not allowed, or the handshake is not valid.
pub async fn websocket(
    request: HttpRequest,
    payload: web::Payload,
    edge: web::Data<WebSocketEdge>,
    worker: web::Data<WorkerNode>,
) -> Result<HttpResponse, Problem> {
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
    check_origin(&request, &edge.origins)?;
    let codec = requested_codec(&request)?;
    let upgraded =
        upgrade(&request, payload, &[codec.subprotocol()], FRAME_BYTES_MAX).map_err(|error| {
            Problem::new(
                ErrorCode::Malformed,
                format!("WebSocket handshake: {error}"),
            )
        })?;
    let inbound = upgraded
        .received
        .map(move |received| inbound(codec, received));
    serve_connection(worker.get_ref().clone(), codec, upgraded.outbox, inbound);
    Ok(upgraded.response)
}

/// The first of the client's subprotocols that is one of ours.
fn requested_codec(request: &HttpRequest) -> Result<Codec, Problem> {
    let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL);
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
fn check_origin(request: &HttpRequest, allowed: &[String]) -> Result<(), Problem> {
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = request
        .headers()
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
            let outcome = check_origin(&request.to_http_request(), &allowed);
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
                requested_codec(&request.to_http_request()).ok(),
                expected,
                "{offered:?}"
            );
        }
        assert_eq!(
            requested_codec(&TestRequest::get().to_http_request()).ok(),
            None
        );
    }
}
