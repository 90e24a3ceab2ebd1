//! A language model in a directory of the layout of Hugging Face.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::safetensors_files::SafetensorsFiles;
use super::{
    ChatTemplate, KNOWN_ARCHITECTURES, LanguageModel, LlamaConfig, TextTokenizer, Weights,
};
use crate::LoadError;

/// The longest JSON file believed; tokenizer.json, the longest of real ones, has some tens of megabytes.
const JSON_BYTES_MAX: u64 = 128 << 20;

/// Opens a model directory.
pub(super) fn open(directory: &Path) -> Result<LanguageModel, LoadError> {
    let config_path = directory.join("config.json");
    let architecture = architecture(&config_path)?;
    if architecture != "llama" {
        return Err(LoadError::UnknownArchitecture {
            path: config_path,
            architecture,
            known: KNOWN_ARCHITECTURES,
        });
    }
    let config_file: ConfigFile = read_json(&config_path)?;
    let unsupported = |reason: String| LoadError::unsupported(&config_path, reason);
    config_file.refuse_what_is_not_done().map_err(unsupported)?;
    let config = config_file.sizes();
    config
        .check()
        .map_err(|reason| LoadError::malformed(&config_path, reason))?;

    let tokenizer_path = directory.join("tokenizer.json");
    let tokenizer = TextTokenizer::from_file(&tokenizer_path)?;
    if tokenizer.vocabulary() > config.vocabulary {
        let reason = format!(
            "it has {} tokens, the network {}",
            tokenizer.vocabulary(),
            config.vocabulary
        );
        return Err(LoadError::malformed(&tokenizer_path, reason));
    }
    let tokenizer_config: TokenizerConfig = read_json(&directory.join("tokenizer_config.json"))?;
    let template = template(directory, &tokenizer_config)?;
    let named = end_ids(directory, &config_file)?;
    let end_text = tokenizer_config.eos_token.as_ref().map(SpecialToken::text);
    let named = named
        .into_iter()
        .chain(end_text.and_then(|text| tokenizer.special_id(text)));
    let end_tokens = super::end_tokens(named, &tokenizer);

    let files = SafetensorsFiles::open(directory)?;
    let tied_head = config.tied_head || !files.contains("lm_head.weight");
    let config = LlamaConfig {
        tied_head,
        ..config
    };
    Ok(LanguageModel {
        name: directory
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        quantisation: files.main_dtype(),
        bytes: files.bytes(),
        config,
        tokenizer,
        template,
        end_tokens,
        weights: Box::new(files),
    })
}

/// The `model_type` of a `config.json`.
pub(crate) fn architecture(config_path: &Path) -> Result<String, LoadError> {
    #[derive(Deserialize)]
    struct Architecture {
        model_type: String,
    }
    Ok(read_json::<Architecture>(config_path)?.model_type)
}

/// Reads a JSON file of bounded length.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, LoadError> {
    let bytes = read_bounded(path)?;
    serde_json::from_slice(&bytes).map_err(|error| LoadError::malformed(path, error.to_string()))
}

/// Reads a file of bounded length.
pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, LoadError> {
    let bytes = std::fs::metadata(path)
        .map_err(|error| LoadError::io(path, error))?
        .len();
    if bytes > JSON_BYTES_MAX {
        return Err(LoadError::malformed(
            path,
            format!("{bytes} bytes are more than the {JSON_BYTES_MAX} believed"),
        ));
    }
    std::fs::read(path).map_err(|error| LoadError::io(path, error))
}

#[derive(Deserialize)]
struct ConfigFile {
    num_hidden_layers: usize,
    hidden_size: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    intermediate_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    rope_theta: Option<f64>,
    /// Since transformers 5: `rope_theta` and `rope_type` live here.
    rope_parameters: Option<Rope>,
    rope_scaling: Option<Rope>,
    rms_norm_eps: f64,
    #[serde(default)]
    tie_word_embeddings: bool,
    hidden_act: String,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    quantization_config: Option<Value>,
    eos_token_id: Option<Ids>,
}

#[derive(Deserialize)]
struct Rope {
    rope_theta: Option<f64>,
    #[serde(alias = "type")]
    rope_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ids {
    One(u32),
    Many(Vec<u32>),
}

impl Ids {
    fn into_vec(self) -> Vec<u32> {
        match self {
            Ids::One(id) => vec![id],
            Ids::Many(ids) => ids,
        }
    }
}

impl ConfigFile {
    fn refuse_what_is_not_done(&self) -> Result<(), String> {
        if self.hidden_act != "silu" {
            return Err(format!(
                "its activation is {:?}; \"silu\" is computed here",
                self.hidden_act
            ));
        }
        if self.attention_bias || self.mlp_bias {
            return Err("its layers have biases".into());
        }
        if self.quantization_config.is_some() {
            return Err(
                "its weights are quantised; give a GGUF file or the unquantised weights".into(),
            );
        }
        for rope in [&self.rope_parameters, &self.rope_scaling]
            .into_iter()
            .flatten()
        {
            if let Some(kind) = rope.rope_type.as_deref().filter(|kind| *kind != "default") {
                return Err(format!(
                    "its rotary embedding is scaled by the method {kind:?}"
                ));
            }
        }
        Ok(())
    }

    fn sizes(&self) -> LlamaConfig {
        let width = || {
            self.hidden_size
                .checked_div(self.num_attention_heads)
                .unwrap_or(0)
        };
        let rope_base = self.rope_theta.or(self
            .rope_parameters
            .as_ref()
            .and_then(|rope| rope.rope_theta));
        LlamaConfig {
            layers: self.num_hidden_layers,
            hidden: self.hidden_size,
            heads: self.num_attention_heads,
            kv_heads: self.num_key_value_heads.unwrap_or(self.num_attention_heads),
            head_width: self.head_dim.unwrap_or_else(width),
            feed_forward: self.intermediate_size,
            vocabulary: self.vocab_size,
            context_tokens: self.max_position_embeddings,
            rope_base: rope_base.unwrap_or(10_000.0),
            norm_epsilon: self.rms_norm_eps,
            tied_head: self.tie_word_embeddings,
        }
    }
}

#[derive(Deserialize)]
struct TokenizerConfig {
    bos_token: Option<SpecialToken>,
    eos_token: Option<SpecialToken>,
    chat_template: Option<TemplateField>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SpecialToken {
    Text(String),
    Object { content: String },
}

impl SpecialToken {
    fn text(&self) -> &str {
        match self {
            SpecialToken::Text(text) | SpecialToken::Object { content: text } => text,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TemplateField {
    One(String),
    Named(Vec<NamedTemplate>),
}

#[derive(Deserialize)]
struct NamedTemplate {
    name: String,
    template: String,
}

/// The template of `chat_template.jinja`, else the one of `tokenizer_config.json`.
fn template(directory: &Path, config: &TokenizerConfig) -> Result<ChatTemplate, LoadError> {
    let jinja_path = directory.join("chat_template.jinja");
    let source = if jinja_path.exists() {
        let text = String::from_utf8(read_bounded(&jinja_path)?);
        text.map_err(|_| LoadError::malformed(&jinja_path, "it is not UTF-8"))?
    } else {
        let source = match &config.chat_template {
            Some(TemplateField::One(source)) => Some(source),
            Some(TemplateField::Named(list)) => list
                .iter()
                .find(|one| one.name == "default")
                .map(|one| &one.template),
            None => None,
        };
        source
            .ok_or_else(|| LoadError::unsupported(directory, "it has no chat template"))?
            .clone()
    };
    let beginning = config.bos_token.as_ref().map(SpecialToken::text);
    let end = config.eos_token.as_ref().map(SpecialToken::text);
    ChatTemplate::new(&source, beginning, end)
        .map_err(|reason| LoadError::malformed(directory, reason))
}

/// The end tokens of `generation_config.json`, else of `config.json`.
fn end_ids(directory: &Path, config: &ConfigFile) -> Result<Vec<u32>, LoadError> {
    #[derive(Deserialize)]
    struct GenerationConfig {
        eos_token_id: Option<Ids>,
    }
    let path = directory.join("generation_config.json");
    if path.exists()
        && let Some(ids) = read_json::<GenerationConfig>(&path)?.eos_token_id
    {
        return Ok(ids.into_vec());
    }
    Ok(match &config.eos_token_id {
        None => Vec::new(),
        Some(Ids::One(id)) => vec![*id],
        Some(Ids::Many(ids)) => ids.clone(),
    })
}

#[cfg(test)]
mod tests;
