//! The one vocabulary of errors: wire codes, problem codes over HTTP, log fields and metric labels; and close codes.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[$doc:meta])+ $name:ident = $text:literal),+ $(,)?) => {
        /// A stable code for what went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum ErrorCode {
            $($(#[$doc])+ #[serde(rename = $text)] $name,)+
        }

        impl ErrorCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

error_codes! {
    /// The frame or body is not valid JSON or MessagePack, or the frame is no map with an `op`.
    Malformed = "malformed",
    /// The frame's `op` is not known.
    UnknownOp = "unknown_op",
    /// A field is missing, has the wrong type or a value that is not allowed; the message says which.
    Invalid = "invalid",
    /// There is no token, or it is forged, or the account is gone, or the password is wrong.
    Unauthenticated = "unauthenticated",
    /// The token was valid once and is no longer.
    TokenExpired = "token_expired",
    /// The person may not do this.
    Forbidden = "forbidden",
    /// There is no such thing, or the person may not know that there is.
    NotFound = "not_found",
    /// It contradicts what is there: an e-mail in use, or a `client_id` used before for another text.
    Conflict = "conflict",
    /// A frame, body, text or file is larger than its limit.
    TooLarge = "too_large",
    /// The file or frame is of a kind that is not accepted.
    UnsupportedMedia = "unsupported_media",
    /// There are as many as there may be: documents, twins, subscriptions, connections.
    LimitReached = "limit_reached",
    /// Too many requests; `retry_after_ms` says when to come back.
    RateLimited = "rate_limited",
    /// The inference pool's queue is full; `retry_after_ms` says when to come back.
    Overloaded = "overloaded",
    /// Something this needs (database, bus, model) cannot be reached now.
    Unavailable = "unavailable",
    /// The server has no room for a file; `retry_after_ms` says when to come back.
    StorageFull = "storage_full",
    /// The method is not allowed on this path.
    MethodNotAllowed = "method_not_allowed",
    /// A fault of the server.
    Internal = "internal",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why the server closes a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[repr(u16)]
pub enum CloseCode {
    /// The client closed, and the server agrees.
    Normal = 1000,
    /// The client broke the WebSocket protocol.
    Protocol = 1002,
    /// A text frame under MessagePack, or a binary frame under JSON.
    Unsupported = 1003,
    /// A text frame that is not UTF-8.
    InvalidText = 1007,
    /// A frame, or a message joined from fragments, over the limit.
    TooLarge = 1009,
    /// A fault of the server.
    Internal = 1011,
    /// The server restarts: reconnect after the time that the `reconnect` frame names, and resume.
    Restart = 1012,
    /// The client reads too slowly: reconnect later and resume.
    TryLater = 1013,
    /// No valid `identify` or `resume` came in time, or the token is refused or has expired.
    Unauthenticated = 4401,
    /// Nothing was heard from the client for too long.
    Silent = 4408,
}

impl CloseCode {
    /// Every code, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::Normal,
        Self::Protocol,
        Self::Unsupported,
        Self::InvalidText,
        Self::TooLarge,
        Self::Internal,
        Self::Restart,
        Self::TryLater,
        Self::Unauthenticated,
        Self::Silent,
    ];

    /// The code as it stands on the wire.
    pub const fn as_u16(self) -> u16 {
        self as u16
    }

    /// The code that stands on the wire, if it is one of ours.
    pub fn from_u16(code: u16) -> Option<Self> {
        let known = Self::ALL.iter().copied();
        known.into_iter().find(|known| known.as_u16() == code)
    }

    /// What a client does after a close with this code.
    pub const fn recovery(self) -> Recovery {
        match self {
            Self::Normal
            | Self::Protocol
            | Self::Unsupported
            | Self::InvalidText
            | Self::TooLarge => Recovery::Stop,
            Self::Internal | Self::Restart | Self::TryLater | Self::Silent => Recovery::Resume,
            Self::Unauthenticated => Recovery::Reauthenticate,
        }
    }
}

/// What a client does after its connection was closed. A connection that ends without a close frame, or with a code
/// that is not ours, is resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Connect again after a while, and `resume`.
    Resume,
    /// Get a new access token first, then connect again and `resume`.
    Reauthenticate,
    /// Connecting again would end the same way: the client has a fault, or it was the one who left.
    Stop,
}
