//! A language model in a directory of the layout of Hugging Face.

mod config_file;
mod decoder_weights;

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::safetensors_files::SafetensorsFiles;
use super::{ChatTemplate, Family, LanguageModel, TextTokenizer};
use crate::LoadError;
use config_file::ConfigFile;
pub(super) use config_file::every_but;
use decoder_weights::DecoderWeights;

/// The longest JSON file believed; tokenizer.json, the longest of real ones, has some tens of megabytes.
const JSON_BYTES_MAX: u64 = 128 << 20;

/// Opens a model directory.
pub(super) fn open(directory: &Path) -> Result<LanguageModel, LoadError> {
    let config_path = directory.join("config.json");
    let architecture = architecture(&config_path)?;
    let family =
        Family::from_model_type(&architecture).ok_or_else(|| LoadError::UnknownArchitecture {
            path: config_path.clone(),
            architecture,
            known: Family::KNOWN,
        })?;
    let config_file = config_file(&config_path)?;
    let config = config_file
        .decoder_config(family)
        .map_err(|reason| LoadError::unsupported(&config_path, reason))?;
    config
        .check()
        .map_err(|reason| LoadError::malformed(&config_path, reason))?;

    let tokenizer_path = directory.join("tokenizer.json");
    let tokenizer = TextTokenizer::from_file(&tokenizer_path)?;
    tokenizer
        .check_fits(config.vocabulary)
        .map_err(|reason| LoadError::malformed(&tokenizer_path, reason))?;
    let tokenizer_config: TokenizerConfig = read_json(&directory.join("tokenizer_config.json"))?;
    let template = template(directory, &tokenizer_config)?;
    let named = end_ids(directory, &config_file)?;
    let end_text = tokenizer_config.eos_token.as_ref().map(SpecialToken::text);
    let named = named
        .into_iter()
        .chain(end_text.and_then(|text| tokenizer.special_id(text)));
    let end_tokens = super::end_tokens(named, &tokenizer);

    let files = SafetensorsFiles::open(directory)?;
    Ok(LanguageModel {
        name: directory
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        quantisation: files.main_dtype(),
        bytes: files.bytes(),
        family,
        tokenizer,
        template,
        end_tokens,
        weights: Box::new(DecoderWeights::new(files, family, config.tied_head)),
        config,
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

/// The configuration of the decoder: the whole file, or the part of it on text if the model sees too.
fn config_file(config_path: &Path) -> Result<ConfigFile, LoadError> {
    let mut file: Value = read_json(config_path)?;
    if let Some(text) = file.get_mut("text_config").map(Value::take) {
        // What ends a turn is said of the whole model.
        let end = file["eos_token_id"].take();
        file = text;
        if let Some(fields) = file.as_object_mut()
            && !end.is_null()
        {
            fields.insert("eos_token_id".into(), end);
        }
    }
    serde_json::from_value(file)
        .map_err(|error| LoadError::malformed(config_path, error.to_string()))
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
#[serde(untagged)]
pub(super) enum Ids {
    One(u32),
    Many(Vec<u32>),
}

impl Ids {
    fn to_vec(&self) -> Vec<u32> {
        match self {
            Ids::One(id) => vec![*id],
            Ids::Many(ids) => ids.clone(),
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
        return Ok(ids.to_vec());
    }
    Ok(config
        .eos_token_id
        .as_ref()
        .map_or_else(Vec::new, Ids::to_vec))
}

#[cfg(test)]
mod tests;
