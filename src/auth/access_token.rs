//! Access tokens: short-lived JWTs, HS256 only, that say who somebody is and which log-in they come from.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actors::{Authenticate, AuthenticationError, Claim, Identity};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use protocol::limits::TOKEN_BYTES_MAX;
use protocol::{TokenFamilyId, UserId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{BOT_TOKEN_MARK, BotToken, hs256};

/// How long past its expiry a token still counts, and how far in the future it may be dated: clocks of nodes differ.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// Who the tokens are for: a token of another service that shares the secret by mistake is refused.
const AUDIENCE: &str = "digital-twin";

/// Makes and checks access tokens. Clones share the key.
#[derive(Clone)]
pub struct AccessTokens {
    key: Arc<Key>,
}

struct Key {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    header: Header,
    issuer: String,
    lifetime: Duration,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: TokenFamilyId,
    iat: u64,
    exp: u64,
}

impl AccessTokens {
    /// Tokens of this issuer, signed with this secret, that last this long.
    pub fn new(secret: &SecretString, issuer: &str, lifetime: Duration) -> Self {
        hs256::install();
        let secret = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY.as_secs();
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let key = Key {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            header: Header::new(Algorithm::HS256),
            issuer: issuer.to_owned(),
            lifetime,
        };
        Self { key: Arc::new(key) }
    }

    /// How long a token lasts.
    pub fn lifetime(&self) -> Duration {
        self.key.lifetime
    }

    /// Makes a token.
    pub fn issue(&self, user: UserId, family: TokenFamilyId, now_ms: i64) -> String {
        let iat = u64::try_from(now_ms / 1_000).unwrap_or_default();
        let claims = Claims {
            iss: self.key.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            sid: family,
            iat,
            exp: iat + self.key.lifetime.as_secs(),
        };
        jsonwebtoken::encode(&self.key.header, &claims, &self.key.encoding)
            .expect("claims of texts and numbers serialise, and HMAC takes any key")
    }

    /// Says whose token this is.
    ///
    /// # Errors
    /// [`AuthenticationError::Expired`] for a token that was valid once, else [`AuthenticationError::Invalid`].
    pub fn verify(&self, token: &str) -> Result<Identity, AuthenticationError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthenticationError::Invalid);
        }
        let decoded =
            jsonwebtoken::decode::<Claims>(token, &self.key.decoding, &self.key.validation)
                .map_err(|error| match error.kind() {
                    ErrorKind::ExpiredSignature => AuthenticationError::Expired,
                    _ => AuthenticationError::Invalid,
                })?;
        let claims = decoded.claims;
        let issued_ahead = claims.iat > jsonwebtoken::get_current_timestamp() + LEEWAY.as_secs();
        // A key id, an embedded key or a critical extension in the header is never ours.
        if decoded.header != self.key.header || issued_ahead {
            return Err(AuthenticationError::Invalid);
        }
        Ok(Identity {
            user_id: claims.sub,
            expires_at: i64::try_from(claims.exp.saturating_mul(1_000)).unwrap_or(i64::MAX),
            family: claims.sid,
        })
    }
}

impl Authenticate for AccessTokens {
    fn authenticate(&self, token: &str) -> Result<Claim, AuthenticationError> {
        if !token.starts_with(BOT_TOKEN_MARK) {
            return self.verify(token).map(Claim::LogIn);
        }
        let token: BotToken = token.parse().map_err(|_| AuthenticationError::Invalid)?;
        Ok(Claim::Bot(token.hash()))
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessTokens")
            .field("issuer", &self.key.issuer)
            .field("lifetime", &self.key.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
