//! Random bits that are shown once, and of which the server keeps only a hash.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroize;
use sha2::{Digest, Sha256};
use storage::TokenHash;

/// So many random bytes; they are wiped when they are dropped, and never shown by mistake.
pub(super) struct RandomBits<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> RandomBits<BYTES> {
    /// New ones.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut bits = [0; BYTES];
        getrandom::fill(&mut bits)?;
        Ok(Self(bits))
    }

    /// These.
    pub(super) const fn new(bits: [u8; BYTES]) -> Self {
        Self(bits)
    }

    /// The bits of a text, if it is one of so many.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut bits = [0; BYTES];
        let decoded = URL_SAFE_NO_PAD.decode_slice(text, &mut bits).ok()?;
        (decoded == BYTES).then_some(Self(bits))
    }

    /// The bits as letters, digits, hyphens and underscores.
    pub(super) fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    /// What the database keeps, and finds them by. So many random bits need no salt and no slow hash, and how long a search by
    /// the hash takes says nothing of them.
    pub(super) fn hash(&self) -> TokenHash {
        Sha256::digest(self.0).into()
    }
}

impl<const BYTES: usize> Drop for RandomBits<BYTES> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const BYTES: usize> fmt::Debug for RandomBits<BYTES> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}
