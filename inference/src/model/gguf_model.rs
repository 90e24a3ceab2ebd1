//! A language model in one GGUF file: its keys become a configuration, its tensors get our names.

mod config;
mod weights;

use std::path::Path;

use super::gguf::{Gguf, Value};
use super::text_tokenizer::{GgufVocabulary, Splitting, TokenKind};
use super::{ChatTemplate, Family, LanguageModel, TextTokenizer};
use crate::LoadError;
use weights::GgufWeights;

/// Opens a `.gguf` file.
pub(super) fn open(path: &Path) -> Result<LanguageModel, LoadError> {
    let mut gguf = Gguf::open(path)?;
    let architecture = gguf.text("general.architecture")?;
    let family =
        Family::from_architecture(architecture).ok_or_else(|| LoadError::UnknownArchitecture {
            path: path.to_owned(),
            architecture: architecture.to_owned(),
            known: Family::KNOWN,
        })?;
    let config = config::decoder_config(&mut gguf, family)?;
    config
        .check()
        .map_err(|reason| LoadError::malformed(path, reason))?;
    let tokenizer = tokenizer(&gguf)?;
    tokenizer
        .check_fits(config.vocabulary)
        .map_err(|reason| LoadError::malformed(path, reason))?;
    let end_tokens = super::end_tokens(named_end_tokens(&gguf), &tokenizer);
    Ok(LanguageModel {
        name: name(&gguf),
        quantisation: gguf
            .main_encoding()
            .map_or("none", |encoding| encoding.name())
            .to_owned(),
        bytes: gguf.bytes(),
        template: template(&gguf, &tokenizer)?,
        end_tokens,
        tokenizer,
        family,
        weights: Box::new(GgufWeights::new(gguf, family, &config)),
        config,
    })
}

fn name(gguf: &Gguf) -> String {
    let stem = || {
        gguf.path()
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    gguf.text("general.name")
        .map_or_else(|_| stem(), str::to_owned)
}

pub(super) fn tokenizer(gguf: &Gguf) -> Result<TextTokenizer, LoadError> {
    let path = gguf.path();
    let tokens = gguf.texts("tokenizer.ggml.tokens")?;
    let splitting = match gguf.text("tokenizer.ggml.model")? {
        "gpt2" => Splitting::ByteLevel {
            merges: gguf.texts("tokenizer.ggml.merges")?,
            pre_tokenizer: match gguf.key("tokenizer.ggml.pre") {
                None => "default",
                Some(_) => gguf.text("tokenizer.ggml.pre")?,
            },
        },
        "llama" | "gemma" => Splitting::Pieces {
            scores: match gguf.key("tokenizer.ggml.scores") {
                Some(Value::Floats(scores)) if scores.len() == tokens.len() => scores,
                found => {
                    return Err(gguf.wrong_key(
                        "tokenizer.ggml.scores",
                        "one float a token",
                        found,
                    ));
                }
            },
            space_prefix: !matches!(
                gguf.key("tokenizer.ggml.add_space_prefix"),
                Some(Value::Bool(false))
            ),
        },
        model => {
            let reason = format!(
                "its tokenizer is of the kind {model:?}; known here: \"gpt2\" (byte-level BPE), \"llama\" and \"gemma\" (SentencePiece)"
            );
            return Err(LoadError::unsupported(path, reason));
        }
    };
    let kinds = match gguf.key("tokenizer.ggml.token_type") {
        Some(Value::Integers(kinds)) if kinds.len() == tokens.len() => kinds,
        found => {
            return Err(gguf.wrong_key("tokenizer.ggml.token_type", "one integer a token", found));
        }
    };
    let kinds = kinds.iter().map(|kind| match kind {
        // Unknown and control.
        2 | 3 => TokenKind::Special,
        4 => TokenKind::Added,
        _ => TokenKind::Normal,
    });
    let vocabulary = GgufVocabulary {
        tokens: tokens.iter().map(String::as_str).zip(kinds).collect(),
        splitting,
    };
    TextTokenizer::from_gguf(path, &vocabulary)
}

/// The end tokens under the keys of llama.cpp and, several at once, of Ollama.
fn named_end_tokens(gguf: &Gguf) -> Vec<u32> {
    let mut ids: Vec<i64> = Vec::new();
    for key in [
        "eos_token_id",
        "eot_token_id",
        "eom_token_id",
        "eos_token_ids",
    ] {
        match gguf.key(&format!("tokenizer.ggml.{key}")) {
            Some(Value::Integer(id)) => ids.push(*id),
            Some(Value::Integers(several)) => ids.extend(several),
            _ => {}
        }
    }
    ids.into_iter()
        .filter_map(|id| u32::try_from(id).ok())
        .collect()
}

fn template(gguf: &Gguf, tokenizer: &TextTokenizer) -> Result<ChatTemplate, LoadError> {
    let Ok(source) = gguf.text("tokenizer.chat_template") else {
        return Err(LoadError::unsupported(
            gguf.path(),
            "it has no chat template (tokenizer.chat_template)",
        ));
    };
    let token = |key: &str| {
        gguf.count(key)
            .ok()
            .and_then(|id| tokenizer.special_text(id as u32))
    };
    let beginning = token("tokenizer.ggml.bos_token_id");
    let end = token("tokenizer.ggml.eos_token_id");
    ChatTemplate::new(source, beginning, end)
        .map_err(|reason| LoadError::malformed(gguf.path(), reason))
}

#[cfg(test)]
mod tests;
