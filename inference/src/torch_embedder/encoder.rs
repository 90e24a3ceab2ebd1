//! The seam between the embedder and its forward passes: the plain one, and the fused one where processor and network allow it.

use tch::{Kind, TchError, Tensor};

use super::sentence_files::Pooling;
use crate::bert::{Bert, BertConfig};
#[cfg(target_arch = "x86_64")]
use crate::fused::{Avx512Bf16, FusedEncoder};
#[cfg(target_arch = "x86_64")]
use crate::model::TensorReader;
use crate::model::Weights;
use crate::{Device, EngineOptions, LoadError};

/// Texts that run together in the plain forward: enough to fill a core, few enough that a long one pads few others.
const PLAIN_TEXTS: usize = 32;

/// Tokens that run together in the fused forward, unless a single text has more: the weights are read once for all of them, and
/// what lies between two products stays near the processor.
#[cfg(target_arch = "x86_64")]
const FUSED_TOKENS: usize = 512;

/// As sentence-transformers: a vector is divided by its length, or by this if that is smaller.
const LENGTH_MIN: f64 = 1e-12;

/// A forward pass with its weights.
pub(super) enum Encoder {
    /// libtorch's operators.
    Plain {
        bert: Bert,
        kind: Kind,
        device: tch::Device,
        threads: i32,
    },
    /// Our own vector code.
    #[cfg(target_arch = "x86_64")]
    Fused(Box<FusedEncoder>),
}

impl Encoder {
    /// Reads the weights of a network.
    pub(super) fn load(
        config: &BertConfig,
        weights: &mut dyn Weights,
        options: &EngineOptions,
    ) -> Result<Self, LoadError> {
        let kind = options.dtype.embedding_kind();
        #[cfg(target_arch = "x86_64")]
        if options.fused
            && options.device == Device::Cpu
            && FusedEncoder::supports(config)
            && let Some(cpu) = Avx512Bf16::detect()
        {
            let reader = TensorReader::new(weights, Kind::Float, tch::Device::Cpu);
            let threads = options.threads().unsigned_abs() as usize;
            let fused = FusedEncoder::load(cpu, config, reader, kind, threads)?;
            return Ok(Self::Fused(Box::new(fused)));
        }
        let device = options.device.tch();
        Ok(Self::Plain {
            bert: Bert::load(config, weights, (kind, device))?,
            kind,
            device,
            threads: options.threads(),
        })
    }

    /// What runs, for people: such as `plain f32`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Plain {
                kind: Kind::BFloat16,
                ..
            } => "plain bf16".into(),
            Self::Plain { .. } => "plain f32".into(),
            #[cfg(target_arch = "x86_64")]
            Self::Fused(fused) => fused.name(),
        }
    }

    /// One vector of length 1 for each text, given as tokens. Texts of like length should be neighbours.
    pub(super) fn vectors(
        &mut self,
        texts: &[&[u32]],
        pooling: Pooling,
    ) -> Result<Vec<Vec<f32>>, TchError> {
        let mut vectors = Vec::with_capacity(texts.len());
        match self {
            Self::Plain {
                bert,
                device,
                threads,
                ..
            } => {
                // Both settings belong to the calling thread, which may be another one each time.
                tch::set_num_threads(*threads);
                let _no_grad = tch::no_grad_guard();
                for batch in texts.chunks(PLAIN_TEXTS) {
                    vectors.extend(plain(bert, *device, batch, pooling)?);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Fused(fused) => {
                let mut rest = texts;
                while !rest.is_empty() {
                    let (batch, later) = rest.split_at(batch_len(rest));
                    vectors.extend(self::fused(fused, batch, pooling));
                    rest = later;
                }
            }
        }
        Ok(vectors)
    }
}

/// How many of the first texts run together: at least one.
#[cfg(target_arch = "x86_64")]
fn batch_len(texts: &[&[u32]]) -> usize {
    let mut tokens = 0;
    let fitting = texts.iter().take_while(|text| {
        tokens += text.len();
        tokens <= FUSED_TOKENS
    });
    fitting.count().max(1)
}

/// Embeds texts in one batch, filled up to the longest.
fn plain(
    bert: &Bert,
    device: tch::Device,
    batch: &[&[u32]],
    pooling: Pooling,
) -> Result<Vec<Vec<f32>>, TchError> {
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
    let ids = Tensor::f_from_slice(&ids)?.f_to_device(device)?;
    let ids = ids.f_view([texts, -1])?;
    let mask = Tensor::f_from_slice(&mask)?.f_to_device(device)?;
    let mask = mask.f_view([texts, -1])?;
    let hidden = bert.forward(&ids, &mask)?.f_to_kind(Kind::Float)?;
    let pooled = match pooling {
        Pooling::FirstToken => hidden.f_select(1, 0)?,
        Pooling::Mean => {
            let weights = mask.f_to_kind(Kind::Float)?.f_unsqueeze(2)?;
            let sums = hidden
                .f_mul(&weights)?
                .f_sum_dim_intlist(1, false, Kind::Float)?;
            sums.f_div(&weights.f_sum_dim_intlist(1, false, Kind::Float)?)?
        }
    };
    let lengths = pooled
        .f_norm_scalaropt_dim(2.0, 1, true)?
        .f_clamp_min(LENGTH_MIN)?;
    let vectors = pooled.f_div(&lengths)?;
    let numbers = vectors.numel();
    let mut values = vec![0_f32; numbers];
    vectors
        .f_to_device(tch::Device::Cpu)?
        .f_contiguous()?
        .f_view([-1])?
        .f_copy_data(&mut values, numbers)?;
    let dimensions = numbers / batch.len();
    Ok(values
        .chunks_exact(dimensions)
        .map(<[f32]>::to_vec)
        .collect())
}

/// Embeds texts in one batch, one behind the other.
#[cfg(target_arch = "x86_64")]
fn fused(fused: &mut FusedEncoder, batch: &[&[u32]], pooling: Pooling) -> Vec<Vec<f32>> {
    let dimensions = fused.hidden_size();
    let mut rest = fused.forward(batch);
    let of_text = |text: &&[u32]| {
        let (states, later) = rest.split_at(text.len() * dimensions);
        rest = later;
        let mut vector = vec![0.0; dimensions];
        let pooled = match pooling {
            Pooling::FirstToken => &states[..dimensions.min(states.len())],
            Pooling::Mean => states,
        };
        for state in pooled.chunks_exact(dimensions) {
            for (sum, number) in vector.iter_mut().zip(state) {
                *sum += number;
            }
        }
        // The mean has the direction of the sum.
        let squares = vector.iter().map(|number| f64::from(*number).powi(2));
        let length = squares.sum::<f64>().sqrt().max(LENGTH_MIN);
        vector
            .iter_mut()
            .for_each(|number| *number = (f64::from(*number) / length) as f32);
        vector
    };
    batch.iter().map(of_text).collect()
}

#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests;
