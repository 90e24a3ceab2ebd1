//! The embedder that runs a sentence model of the BERT family through libtorch on the thread that calls it.

use std::path::Path;

use serde::Deserialize;
use tch::{Kind, TchError, Tensor};
use tokenizers::{Tokenizer, TruncationParams};

use crate::bert::{Bert, BertConfig};
use crate::load_error::first_line;
use crate::model::hugging_face::{architecture, read_bounded, read_json};
use crate::model::safetensors_files::SafetensorsFiles;
use crate::{Embedder, EngineError, EngineOptions, LoadError};

/// Texts that run together: enough to fill a core, few enough that a long one pads few others.
const BATCH_TEXTS: usize = 32;

/// Runs a model in the directory layout of sentence-transformers.
pub struct TorchEmbedder {
    name: String,
    bert: Bert,
    tokenizer: Tokenizer,
    pooling: Pooling,
    dimensions: usize,
    threads: i32,
}

/// How the vectors of the tokens become the vector of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pooling {
    Mean,
    FirstToken,
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
        if architecture != "bert" {
            return Err(LoadError::UnknownArchitecture {
                path: config_path,
                architecture,
                known: "bert",
            });
        }
        let config: BertConfig = read_json(&config_path)?;
        config
            .check()
            .map_err(|reason| LoadError::malformed(&config_path, reason))?;
        let pooling = pooling(directory, config.hidden())?;
        let tokenizer = tokenizer(directory, &config)?;
        let mut files = SafetensorsFiles::open(directory)?;
        let bert = Bert::load(&config, &mut files, options.dtype.embedding_kind())?;
        let name = directory
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        tracing::info!(
            model = name,
            dimensions = config.hidden(),
            "embedding model loaded"
        );
        Ok(Self {
            name,
            bert,
            tokenizer,
            pooling,
            dimensions: config.hidden(),
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
        let ids = Tensor::f_from_slice(&ids)?.f_view([texts, -1])?;
        let mask = Tensor::f_from_slice(&mask)?.f_view([texts, -1])?;
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

    fn embed(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError> {
        // Both settings belong to the calling thread, which may be another one each time.
        tch::set_num_threads(self.threads);
        let _no_grad = tch::no_grad_guard();
        let mut encoded = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            let encoding = self.tokenizer.encode_fast(*text, true);
            let encoding = encoding.map_err(|error| EngineError::Tokenizer {
                reason: error.to_string(),
            })?;
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

/// The pooling that `modules.json` leads to.
fn pooling(directory: &Path, hidden: usize) -> Result<Pooling, LoadError> {
    #[derive(Deserialize)]
    struct Module {
        path: String,
        r#type: String,
    }
    #[derive(Deserialize)]
    struct PoolingConfig {
        word_embedding_dimension: usize,
        #[serde(default)]
        pooling_mode_cls_token: bool,
        #[serde(default)]
        pooling_mode_mean_tokens: bool,
        #[serde(default)]
        pooling_mode_max_tokens: bool,
        #[serde(default)]
        pooling_mode_mean_sqrt_len_tokens: bool,
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
    let modes = (
        config.pooling_mode_mean_tokens,
        config.pooling_mode_cls_token,
        config.pooling_mode_max_tokens || config.pooling_mode_mean_sqrt_len_tokens,
    );
    match modes {
        (true, false, false) => Ok(Pooling::Mean),
        (false, true, false) => Ok(Pooling::FirstToken),
        _ => Err(LoadError::unsupported(
            &path,
            "it pools neither by the mean nor by the first token alone",
        )),
    }
}

/// The tokenizer, which cuts texts to the length that `sentence_bert_config.json` asks for.
fn tokenizer(directory: &Path, config: &BertConfig) -> Result<Tokenizer, LoadError> {
    #[derive(Deserialize)]
    struct Lengths {
        max_seq_length: Option<usize>,
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
    let lengths_path = directory.join("sentence_bert_config.json");
    let asked = if lengths_path.exists() {
        read_json::<Lengths>(&lengths_path)?.max_seq_length
    } else {
        None
    };
    let max_length = asked.unwrap_or(config.positions()).min(config.positions());
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

#[cfg(test)]
mod tests;
