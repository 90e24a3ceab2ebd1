//! Who we are to push services (RFC 8292): a key on P-256, configured or made once and kept in the data folder.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::config::Config;
use crate::kept_file::{KeptFileError, VAPID_KEY_FILE, kept_text};

/// How long a token holds, in seconds: push services accept at most a day.
const TOKEN_LIFETIME_S: i64 = 12 * 60 * 60;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum VapidError {
    /// The file can't be made, written or read.
    #[error("the key of web push {0}; set TWIN_VAPID_PRIVATE_KEY or DATA_DIR")]
    File(#[from] KeptFileError),
    /// The text is no key.
    #[error(
        "{from} is no key of web push: it is 32 bytes in base64url, a number below the order of P-256"
    )]
    Malformed {
        /// Where it came from.
        from: String,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// The key that push services know us by.
pub struct VapidKey {
    signing: SigningKey,
    public: String,
    subject: Option<String>,
}

/// The configured key, or the one of the data folder, which is made when it is absent.
///
/// # Errors
/// See [`VapidError`].
pub fn vapid_key(config: &Config) -> Result<VapidKey, VapidError> {
    let subject = config.delivery.vapid_subject.clone();
    match &config.delivery.vapid_private_key {
        Some(text) => VapidKey::read(text.expose_secret(), subject, "TWIN_VAPID_PRIVATE_KEY"),
        None => {
            let path: PathBuf = config.data_dir.join(VAPID_KEY_FILE);
            let text = kept_key(&path)?;
            VapidKey::read(&text, subject, &path.display().to_string())
        }
    }
}

fn kept_key(path: &Path) -> Result<String, VapidError> {
    kept_text(path, || {
        loop {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes)?;
            // Nearly every number is a key.
            if SigningKey::from_slice(&bytes).is_ok() {
                return Ok(URL_SAFE_NO_PAD.encode(bytes));
            }
        }
    })
}

impl VapidKey {
    fn read(text: &str, subject: Option<String>, from: &str) -> Result<Self, VapidError> {
        let malformed = || VapidError::Malformed {
            from: from.to_owned(),
        };
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim())
            .map_err(|_| malformed())?;
        let signing = SigningKey::from_slice(&bytes).map_err(|_| malformed())?;
        let public = signing.verifying_key().to_encoded_point(false);
        Ok(Self {
            public: URL_SAFE_NO_PAD.encode(public.as_bytes()),
            signing,
            subject,
        })
    }

    /// The public key, as browsers want it: 65 bytes in base64url.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The `Authorization` of a call to the push service of this origin.
    pub(super) fn authorization(&self, origin: &str, now_ms: i64) -> String {
        let mut claims = json!({"aud": origin, "exp": now_ms / 1_000 + TOKEN_LIFETIME_S});
        if let Some(subject) = &self.subject {
            claims["sub"] = json!(subject);
        }
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signed = format!("{header}.{claims}");
        let signature: Signature = self.signing.sign(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        format!("vapid t={signed}.{signature}, k={}", self.public)
    }
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("VapidKey")
            .field(&self.public)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;

    use super::*;

    /// The private and the public key of RFC 8291, appendix A.
    const PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    const PUBLIC: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

    #[test]
    fn a_key_has_its_public_key() {
        let key = VapidKey::read(PRIVATE, None, "the RFC").unwrap();
        assert_eq!(key.public(), PUBLIC);
        for text in ["", "x", PUBLIC, &"A".repeat(43), &"_".repeat(43)] {
            assert!(VapidKey::read(text, None, "a test").is_err(), "{text}");
        }
    }

    #[test]
    fn a_call_is_signed_for_its_origin_and_half_a_day() {
        let subject = Some("mailto:ops@example.com".to_owned());
        let key = VapidKey::read(PRIVATE, subject, "the RFC").unwrap();
        let authorization = key.authorization("https://push.example.com", 1_000_000);
        let token = authorization.strip_prefix("vapid t=").unwrap();
        let (token, public) = token.split_once(", k=").unwrap();
        assert_eq!(public, PUBLIC);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let signature = Signature::from_slice(&signature).unwrap();
        let verifying = URL_SAFE_NO_PAD.decode(public).unwrap();
        let verifying = VerifyingKey::from_sec1_bytes(&verifying).unwrap();
        verifying.verify(signed.as_bytes(), &signature).unwrap();
        let (_, claims) = signed.split_once('.').unwrap();
        let claims: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let expected = json!({
            "aud": "https://push.example.com",
            "exp": 1_000 + TOKEN_LIFETIME_S,
            "sub": "mailto:ops@example.com",
        });
        assert_eq!(claims, expected);
    }

    #[test]
    fn a_key_that_was_made_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vapid-key");
        let made = kept_key(&path).unwrap();
        assert_eq!(kept_key(&path).unwrap(), made);
        VapidKey::read(&made, None, "the file").unwrap();
    }
}
