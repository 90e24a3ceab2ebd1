//! Counts tokens on any thread, so that a prompt can be built to fit while the engine is busy.

use std::sync::Arc;

use crate::model::TextTokenizer;

/// Counts as one engine counts; cheap to clone.
#[derive(Debug, Clone)]
pub struct TokenCounter(Counting);

#[derive(Debug, Clone)]
enum Counting {
    Words,
    Tokens(Arc<TextTokenizer>),
}

impl TokenCounter {
    /// The counter of the scripted engine: words between white space.
    pub fn words() -> Self {
        Self(Counting::Words)
    }

    pub(crate) fn of(tokenizer: Arc<TextTokenizer>) -> Self {
        Self(Counting::Tokens(tokenizer))
    }

    /// How many tokens a text has when it stands alone in a message.
    pub fn count(&self, text: &str) -> usize {
        match &self.0 {
            Counting::Words => text.split_whitespace().count(),
            // A text that cannot be tokenized is refused when it is generated from; here it counts as its bytes.
            Counting::Tokens(tokenizer) => tokenizer
                .encode(&tokenizer.disarm(text))
                .map_or(text.len(), |ids| ids.len()),
        }
    }
}
