//! Counts tokens on any thread, so that a prompt can be built to fit while the engine is busy.

use std::sync::Arc;

use tokenizers::Tokenizer;

use crate::model::TextTokenizer;

/// Counts as one engine counts; cheap to clone.
#[derive(Debug, Clone)]
pub struct TokenCounter(Counting);

#[derive(Debug, Clone)]
enum Counting {
    Words,
    Tokens(Arc<TextTokenizer>),
    Sentences(Arc<Tokenizer>),
}

impl TokenCounter {
    /// The counter of the scripted engine: words between white space.
    pub fn words() -> Self {
        Self(Counting::Words)
    }

    pub(crate) fn of(tokenizer: Arc<TextTokenizer>) -> Self {
        Self(Counting::Tokens(tokenizer))
    }

    /// The counter of an embedder: with the tokens that stand around a text, and without those that are cut off.
    pub(crate) fn of_sentences(tokenizer: Arc<Tokenizer>) -> Self {
        Self(Counting::Sentences(tokenizer))
    }

    /// How many tokens a text has of which nothing is cut off.
    ///
    /// # Errors
    /// How many tokens are read of a text that is longer.
    pub fn count_whole(&self, text: &str) -> Result<usize, usize> {
        let Counting::Sentences(tokenizer) = &self.0 else {
            return Ok(self.count(text));
        };
        match tokenizer.encode_fast(text, true) {
            Ok(encoding) if !encoding.get_overflowing().is_empty() => Err(encoding.len()),
            Ok(encoding) => Ok(encoding.len()),
            // It is refused when it is embedded.
            Err(_) => Ok(text.len()),
        }
    }

    /// How many tokens a text has when it stands alone in a message.
    pub fn count(&self, text: &str) -> usize {
        match &self.0 {
            Counting::Words => text.split_whitespace().count(),
            // A text that cannot be tokenized is refused when it is generated from; here it counts as its bytes.
            Counting::Tokens(tokenizer) => tokenizer
                .encode(&tokenizer.disarm(text))
                .map_or(text.len(), |ids| ids.len()),
            Counting::Sentences(tokenizer) => tokenizer
                .encode_fast(text, true)
                .map_or(text.len(), |encoding| encoding.len()),
        }
    }
}
