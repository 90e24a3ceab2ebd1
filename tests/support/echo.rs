//! An echo server on the product's own WebSocket transport, for the Autobahn suite.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use actors::Outgoing;
use digital_twin::transport::{Received, upgrade};
use futures::StreamExt;
use protocol::CloseCode;

/// The suite's largest messages outside its performance cases.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

async fn echo(request: HttpRequest, payload: web::Payload) -> actix_web::Result<HttpResponse> {
    let upgraded = upgrade(&request, payload, &[], MESSAGE_BYTES_MAX)?;
    let (outbox, received) = (upgraded.outbox, upgraded.received);
    actix_web::rt::spawn(async move {
        let mut received = Box::pin(received);
        while let Some(received) = received.next().await {
            let echoed = match received {
                Received::Text(bytes) => outbox.push(Outgoing::Text(bytes)),
                Received::Binary(bytes) => outbox.push(Outgoing::Binary(bytes)),
                Received::Ping(payload) => outbox.push(Outgoing::Pong(payload)),
                Received::Pong => Ok(()),
                Received::Closed => {
                    outbox.close(CloseCode::Normal, "");
                    break;
                }
                Received::Violation(code, reason) => {
                    outbox.close(code, reason);
                    break;
                }
            };
            if echoed.is_err() {
                break;
            }
            outbox.room().await;
        }
        outbox.finish();
    });
    Ok(upgraded.response)
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let server = HttpServer::new(|| App::new().default_service(web::get().to(echo)))
        .workers(1)
        .tcp_nodelay(true)
        .client_disconnect_timeout(std::time::Duration::ZERO)
        .bind(("127.0.0.1", 0))?;
    for address in server.addrs() {
        println!("listening on {address}");
    }
    server.run().await
}
