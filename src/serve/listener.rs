//! The socket that the server listens on, and what it does to those that it accepts.

use std::any::Any;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use anyhow::{Context, anyhow};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::config::HttpConfig;

/// Connections that may wait to be accepted: a burst of reconnects after a restart.
const BACKLOG: i32 = 1_024;

/// Bytes that the kernel takes for a client that does not read. By default it grows to megabytes, which hides slow
/// readers from our own outboxes; much less would cost throughput on a line with a long round trip.
const SEND_BUFFER_BYTES: usize = 128 * 1024;

/// How long bytes may wait for a client that does not read before the kernel ends the connection: nothing else reaches a
/// socket whose buffer is full. By then its session has long been closed as too slow or too silent.
#[cfg(target_os = "linux")]
const UNREAD_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// Binds the address.
///
/// # Errors
/// Names the address, and how to choose another.
pub(super) fn bind(http: &HttpConfig) -> anyhow::Result<TcpListener> {
    let address = resolve(http)?;
    let listener = listen(address);
    listener.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow!(
            "port {} of {} is in use: stop what listens there, or choose another with --port or PORT",
            address.port(),
            address.ip()
        ),
        std::io::ErrorKind::PermissionDenied => anyhow!(
            "port {} needs more rights: choose one from 1024 on with --port or PORT",
            address.port()
        ),
        _ => anyhow!("cannot listen on {address}: {error}; choose another with --host and --port"),
    })
}

/// Prepares an accepted connection.
pub(super) fn prepare(connection: &dyn Any) {
    if let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>() {
        let socket = SockRef::from(stream);
        // A connection that is gone already has nothing to set.
        let _ = socket.set_send_buffer_size(SEND_BUFFER_BYTES);
        #[cfg(target_os = "linux")]
        let _ = socket.set_tcp_user_timeout(Some(UNREAD_TIMEOUT));
    }
}

/// The address that the settings name.
///
/// # Errors
/// When it is none of this machine.
pub(super) fn resolve(http: &HttpConfig) -> anyhow::Result<SocketAddr> {
    let mut addresses = (http.host.as_str(), http.port)
        .to_socket_addrs()
        .with_context(|| {
            format!(
                "HOST is {:?}, which is no address of this machine",
                http.host
            )
        })?;
    addresses
        .next()
        .ok_or_else(|| anyhow!("HOST is {:?}, which has no address", http.host))
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // Without this a restarted server would wait for the last connections of the old one to be forgotten.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use actix_web::rt::net::TcpStream;

    use super::*;

    #[actix_web::test]
    #[cfg(target_os = "linux")]
    async fn an_accepted_connection_may_not_be_stuck_for_ever() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (_client, accepted) = tokio::join!(client, listener.accept());
        let (stream, _) = accepted.unwrap();
        prepare(&stream);
        let timeout = SockRef::from(&stream).tcp_user_timeout().unwrap();
        assert_eq!(timeout, Some(UNREAD_TIMEOUT));
    }
}
