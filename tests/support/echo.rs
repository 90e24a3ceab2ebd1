//! An echo server on the product's own WebSocket transport, for the Autobahn suite.

use std::io;

use actix_http::{HttpService, Request, Response};
use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actors::Outgoing;
use digital_twin::transport::{Received, Upgrading, upgrade};
use futures::StreamExt;
use protocol::CloseCode;

/// The suite's largest messages outside its performance cases.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

async fn echo(request: Request, socket: Upgrading) -> actix_web::Result<()> {
    let upgraded = upgrade(request.head(), socket, None, MESSAGE_BYTES_MAX).await?;
    let (outbox, mut received) = (upgraded.outbox, Box::pin(upgraded.received));
    actix_web::rt::spawn(async move {
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
    Ok(())
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    println!("listening on {}", listener.local_addr()?);
    let server = Server::build().workers(1).listen("echo", listener, || {
        HttpService::build()
            .tcp_nodelay(true)
            .upgrade(|(request, socket): (Request, Upgrading)| echo(request, socket))
            .finish(|_: Request| async {
                Ok::<_, actix_web::Error>(Response::new(StatusCode::UPGRADE_REQUIRED))
            })
            .tcp()
    })?;
    server.run().await
}
