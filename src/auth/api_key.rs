//! Keys of programs: a mark that scanners for leaked secrets can look for, and 256 random bits that the server never stores.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroize;
use sha2::{Digest, Sha256};
use storage::TokenHash;

/// How every key begins.
pub const API_KEY_MARK: &str = "dtwin_";

/// Characters behind the mark by which a key's owner knows it again; 220 of its bits stay unknown.
const SHOWN_CHARS: usize = 6;

/// A key of a program.
pub struct ApiKeySecret([u8; 32]);

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key: an API key is `dtwin_` and 43 letters, digits, hyphens and underscores")]
pub struct InvalidApiKey;

impl ApiKeySecret {
    /// A new key.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// What the database keeps, and finds the key by. So many random bits need no salt and no slow hash, and how long a search
    /// by the hash takes says nothing of the key.
    pub fn hash(&self) -> TokenHash {
        Sha256::digest(self.0).into()
    }

    /// The key as its owner sees it, once.
    pub fn to_text(&self) -> String {
        format!("{API_KEY_MARK}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// How the key begins.
    pub fn prefix(&self) -> String {
        let mut text = self.to_text();
        text.truncate(API_KEY_MARK.len() + SHOWN_CHARS);
        text
    }
}

impl FromStr for ApiKeySecret {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, InvalidApiKey> {
        let mut bytes = [0; 32];
        let random = text.strip_prefix(API_KEY_MARK).ok_or(InvalidApiKey)?;
        match URL_SAFE_NO_PAD.decode_slice(random, &mut bytes) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(InvalidApiKey),
        }
    }
}

impl Drop for ApiKeySecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKeySecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_key_reads_back_as_the_key_and_begins_with_its_prefix() {
        let key = ApiKeySecret::random().unwrap();
        let text = key.to_text();
        assert_eq!(text.len(), 49);
        assert_eq!(text.parse::<ApiKeySecret>().unwrap().hash(), key.hash());
        assert!(text.starts_with(&key.prefix()) && key.prefix().len() == 12);
        assert_ne!(ApiKeySecret::random().unwrap().hash(), key.hash());
    }

    #[test]
    fn a_text_that_is_no_key_is_refused() {
        let good = ApiKeySecret([7; 32]).to_text();
        for text in [
            "",
            "dtwin_",
            "dtwin_x",
            &good[1..],
            &format!("{good}A"),
            "sk-abc",
        ] {
            let parsed = text.parse::<ApiKeySecret>();
            assert_eq!(parsed.unwrap_err(), InvalidApiKey, "{text}");
        }
    }

    #[test]
    fn no_key_shows_in_debug() {
        assert_eq!(
            format!("{:?}", ApiKeySecret([7; 32])),
            "ApiKeySecret([redacted])"
        );
    }
}
