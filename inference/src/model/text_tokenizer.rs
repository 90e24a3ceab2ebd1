//! Text to tokens and tokens to bytes, from `tokenizer.json` or from the vocabulary of a GGUF file.

mod gguf_vocabulary;

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tokenizers::Tokenizer;

use super::hugging_face::read_bounded;
use crate::LoadError;
pub(crate) use gguf_vocabulary::{GgufVocabulary, Splitting, TokenKind};

/// Stands in a rendered prompt where a message held the text of a special token; Unicode promises never to assign it.
pub(crate) const BREAK: char = '\u{fdd0}';

/// The greatest number of a token believed; the largest vocabularies have some hundred thousand tokens.
const TOKEN_MAX: u32 = 1 << 21;

/// A tokenizer together with the bytes that each token stands for.
pub(crate) struct TextTokenizer {
    tokenizer: Tokenizer,
    spelling: Spelling,
    /// The bytes of all tokens, one after the other; special tokens have none.
    bytes: Vec<u8>,
    /// Where in `bytes` the bytes of token `i` end.
    ends: Vec<u32>,
    /// One more than the greatest token that is not special.
    plain_tokens: usize,
    /// The texts of the special tokens.
    special_texts: Vec<String>,
    /// Their first characters.
    special_beginnings: BTreeSet<char>,
}

/// How the texts of a vocabulary stand for bytes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spelling {
    /// Each byte is one character of GPT-2's alphabet.
    ByteLevel,
    /// `▁` is a space and `<0x0A>` a byte, as in SentencePiece.
    ByteFallback,
}

impl TextTokenizer {
    /// Reads a `tokenizer.json`.
    pub(crate) fn from_file(path: &Path) -> Result<Self, LoadError> {
        let bytes = read_bounded(path)?;
        let mut tokenizer = Tokenizer::from_bytes(bytes)
            .map_err(|error| LoadError::malformed(path, error.to_string()))?;
        // The limits of a prompt are ours to choose.
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|error| LoadError::malformed(path, error.to_string()))?;
        let decoder = serde_json::to_string(&tokenizer.get_decoder()).unwrap_or_default();
        let spelling = if decoder.contains(r#""ByteLevel""#) {
            Spelling::ByteLevel
        } else if decoder.contains(r#""ByteFallback""#) {
            Spelling::ByteFallback
        } else {
            return Err(LoadError::unsupported(
                path,
                "its tokens are neither byte-level nor with byte fall-back",
            ));
        };
        Self::new(tokenizer, spelling).map_err(|reason| LoadError::malformed(path, reason))
    }

    fn new(tokenizer: Tokenizer, spelling: Spelling) -> Result<Self, String> {
        let added = tokenizer.get_added_tokens_decoder();
        let alphabet = byte_level_alphabet();
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        let last = tokenizer.get_vocab(true).into_values().max().unwrap_or(0);
        if last > TOKEN_MAX {
            return Err(format!(
                "a token has the number {last}, the greatest believed is {TOKEN_MAX}"
            ));
        }
        let mut plain_tokens = 0;
        for id in 0..=last {
            if !added.get(&id).is_some_and(|token| token.special) {
                plain_tokens = id as usize + 1;
            }
            match (added.get(&id), tokenizer.id_to_token(id)) {
                (Some(token), _) if token.special => {}
                (Some(token), _) => bytes.extend(token.content.as_bytes()),
                (None, Some(token)) => spell(&token, spelling, &alphabet, &mut bytes),
                (None, None) => {}
            }
            ends.push(bytes.len() as u32);
        }
        let special = added
            .values()
            .filter(|token| token.special && !token.content.is_empty());
        let special_texts: Vec<String> = special.map(|token| token.content.clone()).collect();
        let special_beginnings = special_texts
            .iter()
            .filter_map(|text| text.chars().next())
            .collect();
        Ok(Self {
            tokenizer,
            spelling,
            bytes,
            ends,
            plain_tokens,
            special_texts,
            special_beginnings,
        })
    }

    /// The tokenizer as [`TextTokenizer::to_json`] wrote it.
    pub(crate) fn from_json(json: &str, spelling: Spelling) -> Result<Self, String> {
        let tokenizer = json
            .parse::<Tokenizer>()
            .map_err(|error| error.to_string())?;
        Self::new(tokenizer, spelling)
    }

    /// The content of a `tokenizer.json`.
    pub(crate) fn to_json(&self) -> Result<String, String> {
        let json = self.tokenizer.to_string(false);
        json.map_err(|error| error.to_string())
    }

    /// How its tokens stand for bytes.
    pub(crate) fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// How many tokens there are, gaps included.
    pub(crate) fn vocabulary(&self) -> usize {
        self.ends.len()
    }

    /// Refuses a network that knows fewer tokens. Special ones it need not know: Gemma's text models lack the one of pictures.
    pub(crate) fn check_fits(&self, network_tokens: usize) -> Result<(), String> {
        let tokens = self.plain_tokens;
        if tokens > network_tokens {
            return Err(format!(
                "its tokenizer has {tokens} tokens, its network {network_tokens}"
            ));
        }
        Ok(())
    }

    /// The bytes that a token stands for; none for special and for unknown tokens.
    pub(crate) fn bytes_of(&self, token: u32) -> &[u8] {
        let end = |index: usize| {
            self.ends
                .get(index)
                .map_or(self.bytes.len(), |end| *end as usize)
        };
        let index = token as usize;
        let start = if index == 0 { 0 } else { end(index - 1) };
        &self.bytes[start..end(index)]
    }

    /// The text of a special token.
    pub(crate) fn special_text(&self, token: u32) -> Option<&str> {
        self.special_texts
            .iter()
            .map(String::as_str)
            .find(|text| self.tokenizer.token_to_id(text) == Some(token))
    }

    /// The id of a special token.
    pub(crate) fn special_id(&self, text: &str) -> Option<u32> {
        self.special_texts
            .iter()
            .any(|special| special == text)
            .then(|| self.tokenizer.token_to_id(text))
            .flatten()
    }

    /// Puts a [`BREAK`] into every text of a special token, so that [`TextTokenizer::encode`] sees plain text there.
    pub(crate) fn disarm(&self, text: &str) -> String {
        // One that is there already goes first: without it, a special token may come together.
        let text = text.replace(BREAK, "");
        let mut disarmed = String::with_capacity(text.len());
        for (at, character) in text.char_indices() {
            disarmed.push(character);
            let begins_special = || {
                let rest = &text[at..];
                self.special_texts
                    .iter()
                    .any(|special| rest.starts_with(special.as_str()))
            };
            if self.special_beginnings.contains(&character) && begins_special() {
                disarmed.push(BREAK);
            }
        }
        disarmed
    }

    /// The tokens of a text that stands for itself: special tokens in it count as such, and those that the tokenizer's own files
    /// put around every text are there.
    pub(crate) fn encode_alone(&self, text: &str) -> Result<Vec<u32>, String> {
        let encoding = self.tokenizer.encode_fast(text, true);
        Ok(encoding
            .map_err(|error| error.to_string())?
            .get_ids()
            .to_vec())
    }

    /// The tokens of a rendered prompt; special tokens in it count as such unless they were disarmed.
    pub(crate) fn encode(&self, prompt: &str) -> Result<Vec<u32>, String> {
        let mut tokens = Vec::new();
        for part in prompt.split(BREAK) {
            let encoding = self
                .tokenizer
                .encode_fast(part, false)
                .map_err(|error| error.to_string())?;
            tokens.extend_from_slice(encoding.get_ids());
        }
        Ok(tokens)
    }
}

impl std::fmt::Debug for TextTokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TextTokenizer({} tokens)", self.vocabulary())
    }
}

fn spell(token: &str, spelling: Spelling, alphabet: &[(char, u8)], bytes: &mut Vec<u8>) {
    match spelling {
        Spelling::ByteLevel => {
            let start = bytes.len();
            for character in token.chars() {
                match alphabet.binary_search_by_key(&character, |(character, _)| *character) {
                    Ok(place) => bytes.push(alphabet[place].1),
                    Err(_) => {
                        // Not of the alphabet: the token stands for its own text.
                        bytes.truncate(start);
                        bytes.extend(token.as_bytes());
                        return;
                    }
                }
            }
        }
        Spelling::ByteFallback => {
            let byte = token
                .strip_prefix("<0x")
                .and_then(|rest| rest.strip_suffix('>'));
            match byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                Some(byte) => bytes.push(byte),
                None => bytes.extend(token.replace('▁', " ").as_bytes()),
            }
        }
    }
}

/// GPT-2's `bytes_to_unicode`: printable bytes are themselves, the others follow from U+0100 on. Sorted by character.
fn byte_level_alphabet() -> Vec<(char, u8)> {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut others = '\u{100}'..;
    let mut alphabet: Vec<(char, u8)> = (0..=u8::MAX)
        .map(|byte| match printable(byte) {
            true => (char::from(byte), byte),
            false => (
                others.next().expect("there are more than 256 characters"),
                byte,
            ),
        })
        .collect();
    alphabet.sort_unstable();
    alphabet
}

#[cfg(test)]
mod tests;
