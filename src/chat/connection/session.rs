//! The beginning of a connection: who we say we are, and who the server says we are.

use std::time::Duration;

use protocol::{ClientFrame, ClientRequest, ErrorCode, ReadyUser, ServerFrame, SessionId};
use tokio::time::timeout;

use super::{ClientConfig, ClientError, Received, Socket};

/// How long a connection and its identification may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Who the server says we are.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) user: ReadyUser,
    /// After this long without a word the server is gone.
    pub(super) silence_max: Duration,
}

/// Connects, and says who we are.
pub(super) async fn enter(
    config: &ClientConfig,
    first: ClientFrame,
) -> Result<(Socket, Session), ClientError> {
    let entered = async {
        let mut socket = Socket::open(&config.url, config.codec).await?;
        let request = ClientRequest {
            request_ref: None,
            frame: first,
        };
        socket.send(&request).await.map_err(ClientError::Closed)?;
        loop {
            match socket.receive().await {
                Received::Frame(ServerFrame::Ready {
                    session_id,
                    user,
                    heartbeat_ms,
                    ..
                }) => {
                    let session = Session {
                        id: session_id,
                        user,
                        silence_max: Duration::from_millis(heartbeat_ms).mul_f64(2.5),
                    };
                    return Ok((socket, session));
                }
                Received::Frame(ServerFrame::Error { code, message, .. }) => {
                    return Err(match code {
                        ErrorCode::Unauthenticated | ErrorCode::TokenExpired => {
                            ClientError::Unauthenticated { code, message }
                        }
                        _ => ClientError::Refused { code, message },
                    });
                }
                Received::Frame(_) | Received::Alive => {}
                Received::Closed(closed) => return Err(ClientError::Closed(closed)),
            }
        }
    };
    match timeout(CONNECT_TIMEOUT, entered).await {
        Ok(entered) => entered,
        Err(_) => Err(ClientError::Unreachable {
            url: config.url.clone(),
            reason: format!("no answer in {} seconds", CONNECT_TIMEOUT.as_secs()),
        }),
    }
}
