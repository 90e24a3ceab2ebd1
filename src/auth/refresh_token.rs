//! Refresh tokens: 256 random bits that the server never stores, each with one possible successor.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use storage::TokenHash;

use super::random_bits::RandomBits;

/// What the key of successors is derived for; another use of the same secret has another text.
const PURPOSE: &[u8] = b"digital-twin: successors of refresh tokens, version 1";

/// The key from which successors are derived.
pub struct RefreshKey(Hmac<Sha256>);

/// A refresh token.
#[derive(Debug)]
pub struct RefreshToken(RandomBits<32>);

/// A text that is no refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token: a refresh token is 43 letters, digits, hyphens and underscores")]
pub struct InvalidRefreshToken;

impl RefreshKey {
    /// Derives the key from the secret of the access tokens.
    pub fn new(secret: &SecretString) -> Self {
        let key = tag(&keyed(secret.expose_secret().as_bytes()), PURPOSE);
        Self(keyed(&key))
    }
}

impl RefreshToken {
    /// A new token.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        RandomBits::random().map(Self)
    }

    /// The token that follows this one: the same however often it is asked for, and of no use without the key.
    pub fn successor(&self, key: &RefreshKey) -> Self {
        Self(RandomBits::new(tag(&key.0, self.0.as_bytes())))
    }

    /// What the database keeps.
    pub fn hash(&self) -> TokenHash {
        self.0.hash()
    }

    /// The token as a client sees it.
    pub fn to_text(&self) -> String {
        self.0.to_text()
    }
}

impl FromStr for RefreshToken {
    type Err = InvalidRefreshToken;

    fn from_str(text: &str) -> Result<Self, InvalidRefreshToken> {
        let token = RandomBits::from_text(text).map(Self);
        token.ok_or(InvalidRefreshToken)
    }
}

impl fmt::Debug for RefreshKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshKey([redacted])")
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn tag(hmac: &Hmac<Sha256>, message: &[u8]) -> [u8; 32] {
    hmac.clone()
        .chain_update(message)
        .finalize()
        .into_bytes()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> RefreshKey {
        RefreshKey::new(&SecretString::from(secret))
    }

    #[test]
    fn the_successor_depends_on_the_token_and_on_the_key_alone() {
        let token = RefreshToken(RandomBits::new([7; 32]));
        let same = token.successor(&key("one")).to_text();
        assert_eq!(token.successor(&key("one")).to_text(), same);
        assert_ne!(token.successor(&key("two")).to_text(), same);
        assert_ne!(
            RefreshToken(RandomBits::new([8; 32]))
                .successor(&key("one"))
                .to_text(),
            same
        );
    }

    #[test]
    fn the_text_of_a_token_reads_back_as_the_token() {
        let token = RefreshToken::random().unwrap();
        let text = token.to_text();
        assert_eq!(
            (text.len(), text.parse::<RefreshToken>().unwrap().hash()),
            (43, token.hash())
        );
    }

    #[test]
    fn a_text_that_is_no_token_is_refused() {
        let long = "A".repeat(44);
        for text in [
            "",
            "short",
            "A",
            long.as_str(),
            "not+url/safe+base64+not+url/safe+base64+aaaa",
        ] {
            assert_eq!(
                text.parse::<RefreshToken>().unwrap_err(),
                InvalidRefreshToken,
                "{text}"
            );
        }
    }

    #[test]
    fn no_token_shows_in_debug() {
        assert_eq!(
            format!("{:?}", RefreshToken(RandomBits::new([7; 32]))),
            "RefreshToken([redacted])"
        );
    }
}
