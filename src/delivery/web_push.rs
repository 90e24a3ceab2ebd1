//! Web push: a body encrypted to the browser (RFC 8291), sent to its push service (RFC 8030).

use storage::NotificationTarget;
use web_push_native::{Auth, p256::PublicKey};

use super::body::Body;
use super::outbound::{Call, NotCalled, parse};
use super::vapid::VapidKey;

/// How long a push service keeps what it cannot deliver, in seconds: a day later nobody wants to be woken by it.
const TTL_S: &str = "86400";

/// Bytes of the secret that a browser shares with us.
pub(crate) const AUTH_BYTES: usize = 16;

/// Whether these bytes are a browser's public key.
pub(crate) fn is_public_key(bytes: &[u8]) -> bool {
    bytes.len() == 65 && PublicKey::from_sec1_bytes(bytes).is_ok()
}

/// The call that brings a body to a browser.
pub(super) fn call(
    vapid: &VapidKey,
    target: &NotificationTarget,
    public_key: &[u8],
    body: &Body,
    now: i64,
) -> Result<Call, NotCalled> {
    let public_key = PublicKey::from_sec1_bytes(public_key)
        .map_err(|_| NotCalled::Unusable("the browser's key is none"))?;
    if target.secret.len() != AUTH_BYTES {
        return Err(NotCalled::Unusable("the browser's secret is none"));
    }
    let auth = Auth::clone_from_slice(&target.secret);
    let encrypted = web_push_native::encrypt(body.to_bytes(), &public_key, &auth)
        .map_err(|_| NotCalled::Unusable("the body cannot be encrypted"))?;
    let url = parse(&target.url)?;
    let authorization = vapid.authorization(&url.origin().ascii_serialization(), now);
    let header = |name, text: &str| (name, text.to_owned());
    Ok(Call {
        url,
        headers: vec![
            ("authorization", authorization),
            header("content-encoding", "aes128gcm"),
            header("content-type", "application/octet-stream"),
            header("ttl", TTL_S),
            header("urgency", "normal"),
            // What was not delivered yet is replaced.
            header("topic", "new-message"),
        ],
        body: encrypted,
    })
}
