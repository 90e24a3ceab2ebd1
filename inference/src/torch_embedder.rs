//! The embedder that runs a sentence model (BERT, XLM-RoBERTa) through libtorch on the thread that calls it.

mod sentence_files;

use std::path::Path;
use std::sync::Arc;

use tch::{Kind, TchError, Tensor};
use tokenizers::Tokenizer;

use crate::bert::{Bert, BertConfig};
use crate::engine::check_tokens;
use crate::load_error::first_line;
use crate::model::hugging_face::{architecture, read_json};
use crate::model::memory;
use crate::model::safetensors_files::SafetensorsFiles;
use crate::{Device, Embedder, EngineError, EngineOptions, LoadError, TextForm, TokenCounter};
use sentence_files::{Pooling, Prompts};

/// Texts that run together: enough to fill a core, few enough that a long one pads few others.
const BATCH_TEXTS: usize = 32;

/// Runs a model in the directory layout of sentence-transformers.
pub struct TorchEmbedder {
    name: String,
    bert: Bert,
    tokenizer: Arc<Tokenizer>,
    pooling: Pooling,
    prompts: Prompts,
    dimensions: usize,
    vocabulary: usize,
    device: tch::Device,
    threads: i32,
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
        let device = options.device.tch();
        let bert = Bert::load(&config, &mut files, (kind, device))?;
        let name = directory
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        tracing::info!(
            model = name,
            device = %options.device,
            dimensions = config.hidden(),
            query_prefix = prompts.query,
            passage_prefix = prompts.passage,
            "embedding model loaded"
        );
        Ok(Self {
            name,
            bert,
            tokenizer: Arc::new(tokenizer),
            pooling,
            prompts,
            dimensions: config.hidden(),
            vocabulary: config.vocabulary(),
            device,
            threads: options.threads(),
        })
    }

    /// Embeds texts that were tokenized, in one batch.
    fn run(&self, batch: &[&[u32]]) -> Result<Vec<Vec<f32>>, TchError> {
        let texts = batch.len() as i64;
        let longest = batch.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let mut ids = vec![0_i64; batch.len() * longest];
        let mut mask = vec![false; batch.len() * longest];
        for (row, tokens) in batch.iter().enumerate() {
            for (column, token) in tokens.iter().enumerate() {
                ids[row * longest + column] = i64::from(*token);
                mask[row * longest + column] = true;
            }
        }
        let ids = Tensor::f_from_slice(&ids)?.f_to_device(self.device)?;
        let ids = ids.f_view([texts, -1])?;
        let mask = Tensor::f_from_slice(&mask)?.f_to_device(self.device)?;
        let mask = mask.f_view([texts, -1])?;
        let hidden = self.bert.forward(&ids, &mask)?.f_to_kind(Kind::Float)?;
        let pooled = match self.pooling {
            Pooling::FirstToken => hidden.f_select(1, 0)?,
            Pooling::Mean => {
                let weights = mask.f_to_kind(Kind::Float)?.f_unsqueeze(2)?;
                let sums = hidden
                    .f_mul(&weights)?
                    .f_sum_dim_intlist(1, false, Kind::Float)?;
                sums.f_div(&weights.f_sum_dim_intlist(1, false, Kind::Float)?)?
            }
        };
        // As sentence-transformers: divide by the length, or by this if the length is smaller.
        let lengths = pooled
            .f_norm_scalaropt_dim(2.0, 1, true)?
            .f_clamp_min(1e-12)?;
        let vectors = pooled.f_div(&lengths)?;
        let mut values = vec![0_f32; batch.len() * self.dimensions];
        vectors
            .f_to_device(tch::Device::Cpu)?
            .f_contiguous()?
            .f_view([-1])?
            .f_copy_data(&mut values, batch.len() * self.dimensions)?;
        Ok(values
            .chunks_exact(self.dimensions)
            .map(<[f32]>::to_vec)
            .collect())
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
        // Both settings belong to the calling thread, which may be another one each time.
        tch::set_num_threads(self.threads);
        let _no_grad = tch::no_grad_guard();
        let prompt = self.prompts.of(form);
        let mut encoded = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            let encoding = self.tokenizer.encode_fast(format!("{prompt}{text}"), true);
            let encoding = encoding.map_err(|error| EngineError::Tokenizer {
                reason: error.to_string(),
            })?;
            check_tokens(encoding.get_ids(), self.vocabulary)?;
            encoded.push((index, encoding.get_ids().to_vec()));
        }
        // Texts of like length run together, so that little is padded.
        encoded.sort_by_key(|(_, ids)| ids.len());
        let mut vectors = vec![Vec::new(); texts.len()];
        for batch in encoded.chunks(BATCH_TEXTS) {
            let ids: Vec<&[u32]> = batch.iter().map(|(_, ids)| ids.as_slice()).collect();
            let embedded = self.run(&ids).map_err(|error| EngineError::Torch {
                reason: first_line(&error),
            })?;
            for ((index, _), vector) in batch.iter().zip(embedded) {
                if !vector.iter().all(|number| number.is_finite()) {
                    return Err(EngineError::Torch {
                        reason: "an embedding has numbers that are not finite".into(),
                    });
                }
                vectors[*index] = vector;
            }
        }
        Ok(vectors)
    }
}

#[cfg(test)]
mod tests;
