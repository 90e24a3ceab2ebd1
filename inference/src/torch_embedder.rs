//! The embedder that runs a sentence model (BERT, XLM-RoBERTa) on the thread that calls it.

mod encoder;
mod sentence_files;

use std::path::Path;
use std::sync::Arc;

use tokenizers::Tokenizer;

use crate::bert::BertConfig;
use crate::engine::check_tokens;
use crate::load_error::first_line;
use crate::model::hugging_face::{architecture, read_json};
use crate::model::memory;
use crate::model::safetensors_files::SafetensorsFiles;
use crate::{Device, Embedder, EngineError, EngineOptions, LoadError, TextForm, TokenCounter};
use encoder::Encoder;
use sentence_files::{Pooling, Prompts};

/// Runs a model in the directory layout of sentence-transformers.
pub struct TorchEmbedder {
    name: String,
    encoder: Encoder,
    tokenizer: Arc<Tokenizer>,
    pooling: Pooling,
    prompts: Prompts,
    dimensions: usize,
    vocabulary: usize,
}

impl TorchEmbedder {
    /// Loads a directory with config.json, modules.json, tokenizer.json and model.safetensors.
    ///
    /// # Errors
    /// [`LoadError`] names the file and what is wrong with it.
    pub fn load(directory: &Path, options: &EngineOptions) -> Result<Self, LoadError> {
        // Loading computes too, and must not take cores that others were promised.
        tch::set_num_threads(options.threads());
        std::fs::metadata(directory).map_err(|error| LoadError::io(directory, error))?;
        let config_path = directory.join("config.json");
        let architecture = architecture(&config_path)?;
        if !BertConfig::KNOWN.contains(&architecture.as_str()) {
            return Err(LoadError::UnknownArchitecture {
                path: config_path,
                architecture,
                known: "bert, xlm-roberta",
            });
        }
        let config: BertConfig = read_json(&config_path)?;
        config
            .check()
            .map_err(|reason| LoadError::malformed(&config_path, reason))?;
        let prompts = sentence_files::prompts(directory)?;
        let pooling = sentence_files::pooling(directory, config.hidden(), &prompts)?;
        let tokenizer = sentence_files::tokenizer(directory, &config)?;
        let kind = options.dtype.embedding_kind();
        let weights = config.weight_count();
        let needed = match options.device {
            Device::Cpu => weights.load_bytes(kind),
            Device::Cuda(_) => weights.read_bytes(),
        };
        memory::check(directory, needed, memory::available_bytes())?;
        let mut files = SafetensorsFiles::open(directory)?;
        let encoder = Encoder::load(&config, &mut files, options)?;
        let name = directory
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        tracing::info!(
            model = name,
            device = %options.device,
            forward = encoder.name(),
            dimensions = config.hidden(),
            query_prefix = prompts.query,
            passage_prefix = prompts.passage,
            "embedding model loaded"
        );
        Ok(Self {
            name,
            encoder,
            tokenizer: Arc::new(tokenizer),
            pooling,
            prompts,
            dimensions: config.hidden(),
            vocabulary: config.vocabulary(),
        })
    }

    /// Which forward pass computes, such as `plain f32`.
    pub fn forward(&self) -> String {
        self.encoder.name()
    }
}

impl Embedder for TorchEmbedder {
    fn name(&self) -> &str {
        &self.name
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn token_counter(&self) -> TokenCounter {
        TokenCounter::of_sentences(Arc::clone(&self.tokenizer))
    }

    fn embed_as(&mut self, form: TextForm, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError> {
        let prompt = self.prompts.of(form);
        let mut encoded = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            let encoding = self.tokenizer.encode_fast(format!("{prompt}{text}"), true);
            let encoding = encoding.map_err(|error| EngineError::Tokenizer {
                reason: error.to_string(),
            })?;
            if encoding.get_ids().is_empty() {
                let reason = "a text came out without a token".into();
                return Err(EngineError::Tokenizer { reason });
            }
            check_tokens(encoding.get_ids(), self.vocabulary)?;
            encoded.push((index, encoding.get_ids().to_vec()));
        }
        // Texts of like length run together, so that little is padded.
        encoded.sort_by_key(|(_, ids)| ids.len());
        let ids: Vec<&[u32]> = encoded.iter().map(|(_, ids)| ids.as_slice()).collect();
        let embedded = self.encoder.vectors(&ids, self.pooling);
        let embedded = embedded.map_err(|error| EngineError::Torch {
            reason: first_line(&error),
        })?;
        let mut vectors = vec![Vec::new(); texts.len()];
        for ((index, _), vector) in encoded.iter().zip(embedded) {
            if !vector.iter().all(|number| number.is_finite()) {
                return Err(EngineError::Torch {
                    reason: "an embedding has numbers that are not finite".into(),
                });
            }
            vectors[*index] = vector;
        }
        Ok(vectors)
    }
}

#[cfg(test)]
mod tests;
