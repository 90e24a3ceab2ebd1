//! What the files of sentence-transformers say beyond the network: pooling, prompts and tokenizer.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use tokenizers::{Tokenizer, TruncationParams};

use crate::bert::BertConfig;
use crate::model::hugging_face::{read_bounded, read_json};
use crate::{LoadError, TextForm};

/// How the vectors of the tokens become the vector of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    Mean,
    FirstToken,
}

/// The pooling that `modules.json` leads to.
pub(super) fn pooling(
    directory: &Path,
    hidden: usize,
    prompts: &Prompts,
) -> Result<Pooling, LoadError> {
    #[derive(Deserialize)]
    struct Module {
        path: String,
        r#type: String,
    }
    #[derive(Deserialize)]
    struct PoolingConfig {
        #[serde(alias = "embedding_dimension")]
        word_embedding_dimension: usize,
        /// Since sentence-transformers 6, in the place of the four below.
        pooling_mode: Option<String>,
        #[serde(default)]
        pooling_mode_cls_token: bool,
        #[serde(default)]
        pooling_mode_mean_tokens: bool,
        #[serde(default)]
        pooling_mode_max_tokens: bool,
        #[serde(default)]
        pooling_mode_mean_sqrt_len_tokens: bool,
        /// Whether the tokens of a prompt count in a mean.
        include_prompt: Option<bool>,
    }
    let modules_path = directory.join("modules.json");
    let mut found = None;
    for module in read_json::<Vec<Module>>(&modules_path)? {
        match module.r#type.rsplit('.').next() {
            Some("Transformer" | "Normalize") => {}
            Some("Pooling") => found = Some(module.path),
            _ => {
                let reason = format!(
                    "it has a module of the type {:?}, which is not computed here",
                    module.r#type
                );
                return Err(LoadError::unsupported(&modules_path, reason));
            }
        }
    }
    let folder =
        found.filter(|folder| Path::new(folder).components().count() == 1 && folder != "..");
    let folder = folder.ok_or_else(|| {
        LoadError::malformed(&modules_path, "it names no pooling module beside it")
    })?;
    let path = directory.join(folder).join("config.json");
    let config: PoolingConfig = read_json(&path)?;
    if config.word_embedding_dimension != hidden {
        let reason = format!(
            "it pools vectors of {}, the network has {hidden}",
            config.word_embedding_dimension
        );
        return Err(LoadError::malformed(&path, reason));
    }
    if config.include_prompt == Some(false) && !prompts.are_empty() {
        let reason = "its mean leaves the prompt out, which is not computed here";
        return Err(LoadError::unsupported(&path, reason));
    }
    let modes = (
        config.pooling_mode_mean_tokens,
        config.pooling_mode_cls_token,
        config.pooling_mode_max_tokens || config.pooling_mode_mean_sqrt_len_tokens,
    );
    match (config.pooling_mode.as_deref(), modes) {
        (Some("mean"), _) => Ok(Pooling::Mean),
        (Some("cls"), _) => Ok(Pooling::FirstToken),
        (None, (true, false, false)) => Ok(Pooling::Mean),
        (None, (false, true, false)) => Ok(Pooling::FirstToken),
        _ => Err(LoadError::unsupported(
            &path,
            "it pools neither by the mean nor by the first token alone",
        )),
    }
}

/// What goes before the texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Prompts {
    pub(super) query: String,
    pub(super) passage: String,
    pub(super) plain: String,
}

impl Prompts {
    pub(super) fn of(&self, form: TextForm) -> &str {
        match form {
            TextForm::Query => &self.query,
            TextForm::Passage => &self.passage,
            TextForm::Plain => &self.plain,
        }
    }

    fn are_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What `config_sentence_transformers.json` says goes before the texts, by the names that sentence-transformers knows: `query`
/// before what is looked for; `document`, `passage` or `corpus` before what is to be found; and where none of these is there,
/// or neither is meant, the default prompt, if any.
pub(super) fn prompts(directory: &Path) -> Result<Prompts, LoadError> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(default)]
        prompts: BTreeMap<String, String>,
        default_prompt_name: Option<String>,
    }
    let path = directory.join("config_sentence_transformers.json");
    if !path.exists() {
        return Ok(Prompts::default());
    }
    let config: Config = read_json(&path)?;
    let plain = match &config.default_prompt_name {
        None => String::new(),
        Some(name) => config.prompts.get(name).cloned().ok_or_else(|| {
            LoadError::malformed(&path, format!("its default prompt {name:?} is not there"))
        })?,
    };
    // Files that were saved again have empty prompts beside the one that is meant.
    let named = |names: &[&str]| {
        let named = names.iter().filter_map(|name| config.prompts.get(*name));
        named.max_by_key(|prompt| !prompt.is_empty()).cloned()
    };
    Ok(Prompts {
        query: named(&["query"]).unwrap_or_else(|| plain.clone()),
        passage: named(&["corpus", "passage", "document"]).unwrap_or_else(|| plain.clone()),
        plain,
    })
}

/// The tokenizer, which cuts texts to the length that `sentence_bert_config.json` asks for, or `tokenizer_config.json`.
pub(super) fn tokenizer(directory: &Path, config: &BertConfig) -> Result<Tokenizer, LoadError> {
    #[derive(Deserialize)]
    struct Lengths {
        max_seq_length: Option<f64>,
        model_max_length: Option<f64>,
    }
    let path = directory.join("tokenizer.json");
    let bytes = read_bounded(&path)?;
    let malformed = |reason: String| LoadError::malformed(&path, reason);
    let mut tokenizer =
        Tokenizer::from_bytes(bytes).map_err(|error| malformed(error.to_string()))?;
    if tokenizer.get_vocab_size(true) > config.vocabulary() {
        let (has, network) = (tokenizer.get_vocab_size(true), config.vocabulary());
        return Err(malformed(format!(
            "it has {has} tokens, the network {network}"
        )));
    }
    let mut max_length = config.positions();
    for name in ["sentence_bert_config.json", "tokenizer_config.json"] {
        let path = directory.join(name);
        if !path.exists() {
            continue;
        }
        let lengths: Lengths = read_json(&path)?;
        if let Some(asked) = lengths.max_seq_length.or(lengths.model_max_length) {
            // Where nothing is asked for, 1e30 is.
            max_length = max_length.min(asked as usize);
            break;
        }
    }
    // A batch is padded by hand, to its own longest text.
    tokenizer.with_padding(None);
    let truncation = TruncationParams {
        max_length,
        ..TruncationParams::default()
    };
    tokenizer
        .with_truncation(Some(truncation))
        .map_err(|error| malformed(error.to_string()))?;
    Ok(tokenizer)
}
