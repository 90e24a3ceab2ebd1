//! Secrets of programs: a mark that scanners for leaked secrets can look for, and 256 random bits that the server never stores.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use storage::TokenHash;

use super::random_bits::RandomBits;

/// How every API key begins.
pub const API_KEY_MARK: &str = "dtwin_";

/// How every bot's token begins.
pub const BOT_TOKEN_MARK: &str = "dtbot_";

/// Characters behind the mark by which a secret's owner knows it again; 220 of its bits stay unknown.
const SHOWN_CHARS: usize = 6;

/// A key that a program calls `/v1` with.
pub type ApiKeySecret = ProgramSecret<ApiKeys>;

/// The token of a bot.
pub type BotToken = ProgramSecret<Bots>;

/// What a secret is for.
pub trait Purpose {
    /// How it begins.
    const MARK: &'static str;
    /// What it is called.
    const NAME: &'static str;
}

/// Of API keys.
#[derive(Debug)]
pub enum ApiKeys {}

/// Of bots' tokens.
#[derive(Debug)]
pub enum Bots {}

impl Purpose for ApiKeys {
    const MARK: &'static str = API_KEY_MARK;
    const NAME: &'static str = "an API key";
}

impl Purpose for Bots {
    const MARK: &'static str = BOT_TOKEN_MARK;
    const NAME: &'static str = "a bot's token";
}

/// A secret of a program.
pub struct ProgramSecret<P> {
    bits: RandomBits<32>,
    purpose: PhantomData<P>,
}

/// A text that is no such secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {name}: {name} is `{mark}` and 43 letters, digits, hyphens and underscores")]
pub struct InvalidProgramSecret {
    name: &'static str,
    mark: &'static str,
}

impl<P: Purpose> ProgramSecret<P> {
    /// A new secret.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        RandomBits::random().map(Self::from_bits)
    }

    const fn from_bits(bits: RandomBits<32>) -> Self {
        Self {
            bits,
            purpose: PhantomData,
        }
    }

    /// What the database keeps, and finds the secret by.
    pub fn hash(&self) -> TokenHash {
        self.bits.hash()
    }

    /// The secret as its owner sees it, once.
    pub fn to_text(&self) -> String {
        format!("{}{}", P::MARK, self.bits.to_text())
    }

    /// How the secret begins.
    pub fn prefix(&self) -> String {
        let mut text = self.to_text();
        text.truncate(P::MARK.len() + SHOWN_CHARS);
        text
    }
}

impl<P: Purpose> FromStr for ProgramSecret<P> {
    type Err = InvalidProgramSecret;

    fn from_str(text: &str) -> Result<Self, InvalidProgramSecret> {
        let invalid = InvalidProgramSecret {
            name: P::NAME,
            mark: P::MARK,
        };
        let random = text.strip_prefix(P::MARK);
        let bits = random.and_then(RandomBits::from_text);
        bits.map(Self::from_bits).ok_or(invalid)
    }
}

impl<P> fmt::Debug for ProgramSecret<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ProgramSecret([redacted])")
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
        let good = ApiKeySecret::from_bits(RandomBits::new([7; 32])).to_text();
        for text in [
            "",
            "dtwin_",
            "dtwin_x",
            &good[1..],
            &format!("{good}A"),
            "sk-abc",
            &BotToken::from_bits(RandomBits::new([7; 32])).to_text(),
        ] {
            let error = text.parse::<ApiKeySecret>().unwrap_err().to_string();
            assert!(
                error.starts_with("not an API key: an API key is `dtwin_`"),
                "{error}"
            );
        }
    }

    #[test]
    fn no_secret_shows_in_debug() {
        assert_eq!(
            format!("{:?}", BotToken::from_bits(RandomBits::new([7; 32]))),
            "ProgramSecret([redacted])"
        );
    }
}
