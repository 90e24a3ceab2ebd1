//! Why a client gave up.

use protocol::ErrorCode;

use super::Closed;

/// Why a client gave up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// There is nobody at that address.
    #[error("no server can be reached at {url}: {reason}")]
    Unreachable {
        /// The address.
        url: String,
        /// What the operating system says.
        reason: String,
    },
    /// There is somebody, but not our server.
    #[error("{url} did not accept the connection: {reason}")]
    Handshake {
        /// The address.
        url: String,
        /// What was wrong.
        reason: String,
    },
    /// The token was refused or has expired: call [`Client::set_token`](super::Client::set_token) and go on.
    #[error("not authenticated: {message}")]
    Unauthenticated {
        /// `unauthenticated` or `token_expired`.
        code: ErrorCode,
        /// What the server says.
        message: String,
    },
    /// The server refused to let the client in for another reason.
    #[error("the server refused: {message} ({code})")]
    Refused {
        /// A stable code.
        code: ErrorCode,
        /// What the server says.
        message: String,
    },
    /// The server closed the connection in a way after which connecting again would not help.
    #[error("the server closed the connection ({}): {}", .0.code.unwrap_or(1006), .0.reason)]
    Closed(Closed),
}
