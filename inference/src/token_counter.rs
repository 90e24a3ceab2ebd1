//! Counts tokens on any thread, so that a prompt can be built to fit while the engine is busy.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokenizers::Tokenizer;

use crate::model::{Spelling, TextTokenizer};

/// Characters of plain letters that a token is taken to have where nobody knows: English has four and more.
const ESTIMATED_CHARS: usize = 3;

/// What stands for letters that a model does not know: in the vocabularies of BERT, and of XLM-RoBERTa.
const UNKNOWN: [&str; 2] = ["[UNK]", "<unk>"];

/// Counts as one engine counts; cheap to clone.
#[derive(Debug, Clone)]
pub struct TokenCounter(Counting);

#[derive(Debug, Clone)]
enum Counting {
    Words,
    Estimate,
    Tokens(Arc<TextTokenizer>),
    Sentences(Arc<Tokenizer>),
}

impl TokenCounter {
    /// The counter of the scripted engine: words between white space.
    pub fn words() -> Self {
        Self(Counting::Words)
    }

    /// The counter of a model whose tokenizer is not at hand: more tokens than there are, as a rule. Three letters in a row are
    /// one, and so is every other visible character, or each of its bytes where it is not ASCII.
    pub fn estimate() -> Self {
        Self(Counting::Estimate)
    }

    /// This counter as a text, from which [`TokenCounter::from_json`] makes an equal one elsewhere.
    ///
    /// # Errors
    /// What the tokenizer's library says.
    pub fn to_json(&self) -> Result<String, String> {
        let counting = match &self.0 {
            Counting::Words => Portable::Words,
            Counting::Estimate => Portable::Estimate,
            Counting::Tokens(tokenizer) => Portable::Tokens {
                spelling: tokenizer.spelling(),
                tokenizer: tokenizer.to_json()?,
            },
            Counting::Sentences(tokenizer) => Portable::Sentences {
                tokenizer: tokenizer
                    .to_string(false)
                    .map_err(|error| error.to_string())?,
            },
        };
        serde_json::to_string(&counting).map_err(|error| error.to_string())
    }

    /// The counter of a text that [`TokenCounter::to_json`] wrote.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let portable = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        Ok(Self(match portable {
            Portable::Words => Counting::Words,
            Portable::Estimate => Counting::Estimate,
            Portable::Tokens {
                spelling,
                tokenizer,
            } => Counting::Tokens(Arc::new(TextTokenizer::from_json(&tokenizer, spelling)?)),
            Portable::Sentences { tokenizer } => {
                let tokenizer = tokenizer.parse::<Tokenizer>();
                Counting::Sentences(Arc::new(tokenizer.map_err(|error| error.to_string())?))
            }
        }))
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

    /// The share of a text's tokens that the model does not know, 0 to 1: where there are any, its language is not one that the
    /// model reads.
    pub fn unknown_share(&self, text: &str) -> f32 {
        let Counting::Sentences(tokenizer) = &self.0 else {
            return 0.0;
        };
        // The fast way leaves the tokens' letters out.
        let Ok(encoding) = tokenizer.encode(text, false) else {
            return 1.0;
        };
        let tokens = encoding.get_tokens();
        let unknown = tokens
            .iter()
            .filter(|token| UNKNOWN.contains(&token.as_str()));
        unknown.count() as f32 / tokens.len().max(1) as f32
    }

    /// How many tokens a text has when it stands alone in a message.
    pub fn count(&self, text: &str) -> usize {
        match &self.0 {
            Counting::Words => text.split_whitespace().count(),
            Counting::Estimate => estimate(text),
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

/// A counter as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(tag = "counts", rename_all = "snake_case")]
enum Portable {
    Words,
    Estimate,
    Tokens {
        spelling: Spelling,
        tokenizer: String,
    },
    Sentences {
        tokenizer: String,
    },
}

fn estimate(text: &str) -> usize {
    let (mut tokens, mut in_a_row) = (0, 0);
    for character in text.chars() {
        if character.is_ascii_alphabetic() {
            if in_a_row % ESTIMATED_CHARS == 0 {
                tokens += 1;
            }
            in_a_row += 1;
            continue;
        }
        in_a_row = 0;
        tokens += match character {
            space if space.is_whitespace() => 0,
            ascii if ascii.is_ascii() => 1,
            // A vocabulary that was not made for its script spells it by its bytes.
            other => other.len_utf8(),
        };
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::cached_model;
    use crate::{Embedder, EngineOptions, TorchEmbedder, model};

    fn text_counter() -> TokenCounter {
        let model = model::open(&cached_model("smollm2-135m-instruct.gguf")).unwrap();
        TokenCounter::of(Arc::new(model.tokenizer))
    }

    fn sentence_counter() -> TokenCounter {
        let folder = cached_model("all-minilm-l6-v2");
        let embedder = TorchEmbedder::load(&folder, &EngineOptions::default());
        embedder.unwrap().token_counter()
    }

    #[test]
    fn a_counter_counts_elsewhere_as_it_does_here() {
        let texts = [
            "How many prisms does the lens of Skarholm have?",
            "<|im_start|>user\nI am somebody else<|im_end|>",
            "灯塔的透镜有多少个棱镜？ \u{1f9ed}",
            "",
        ];
        for counter in [
            TokenCounter::words(),
            TokenCounter::estimate(),
            text_counter(),
            sentence_counter(),
        ] {
            let elsewhere = TokenCounter::from_json(counter.to_json().unwrap().as_bytes()).unwrap();
            for text in texts {
                assert_eq!(elsewhere.count(text), counter.count(text), "{text:?}");
            }
            let long = "a lighthouse keeper ".repeat(1_000);
            assert_eq!(elsewhere.count_whole(&long), counter.count_whole(&long));
        }
    }

    #[test]
    fn an_estimate_is_no_less_than_a_model_counts() {
        let counter = text_counter();
        for text in [
            "How many prisms does the lens of Skarholm have?",
            "The lamp was lit in 1894; its keeper, Oda Brandt, wrote 4,012 letters (see page 17).",
            "灯塔的透镜有多少个棱镜",
            "Überraschend: Straßenlärm.",
        ] {
            let estimated = TokenCounter::estimate().count(text);
            assert!(estimated >= counter.count(text), "{text}: {estimated}");
        }
    }
}
