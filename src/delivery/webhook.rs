//! Calls to a person's webhook, signed as <https://www.standardwebhooks.com> says: HMAC-SHA256 over id, time and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use storage::NotificationTarget;

use super::body::Body;
use super::outbound::{Call, NotCalled, parse};

/// The call that brings a body to a webhook.
pub(super) fn call(target: &NotificationTarget, body: &Body, now: i64) -> Result<Call, NotCalled> {
    let (id, seconds, body) = (body.id(), (now / 1_000).to_string(), body.to_bytes());
    let signature = signature(&target.secret, &id, &seconds, &body);
    Ok(Call {
        url: parse(&target.url)?,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", seconds),
            ("webhook-signature", signature),
        ],
        body,
    })
}

fn signature(key: &[u8], id: &str, seconds: &str, body: &[u8]) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
        hmac.update(part);
    }
    format!("v1,{}", STANDARD.encode(hmac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_signed_as_the_standard_shows() {
        // The example of the Standard Webhooks libraries.
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
