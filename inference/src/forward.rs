//! The seam between the engine and its forward passes: the plain one, and the fused one where processor and network allow it.

use std::time::Duration;

use tch::{Kind, TchError, Tensor};

use crate::LoadError;
use crate::decoder::{Computing, Decoder};
#[cfg(target_arch = "x86_64")]
use crate::fused::{Avx512Bf16, FusedDecoder};
#[cfg(target_arch = "x86_64")]
use crate::model::TensorReader;
use crate::model::{DecoderConfig, Weights};
use crate::scheduler::Segment;

/// Where the time of a step went.
#[derive(Debug, Clone, Copy, Default)]
pub struct StepSplit {
    /// Products with the weights of the layers.
    pub linear: Duration,
    /// Rotary turns, the cache and attention.
    pub attention: Duration,
    /// The last norm and the product with the output layer.
    pub head: Duration,
    /// Embeddings and norms.
    pub rest: Duration,
}

/// A forward pass with its weights and the keys and values of its sequences.
pub(crate) enum Forward {
    /// libtorch's operators.
    Plain {
        decoder: Box<Decoder>,
        kind: Kind,
        threads: i32,
        /// Of the last step.
        logits: Tensor,
        /// Logits of one row; kept to spare the allocation.
        scores: Vec<f32>,
    },
    /// Our own vector code.
    #[cfg(target_arch = "x86_64")]
    Fused(Box<FusedDecoder>),
}

/// Which forward pass runs, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForwardOptions {
    pub(crate) computing: Computing,
    pub(crate) threads: i32,
    /// Whether the fused one may be taken.
    pub(crate) fused: bool,
}

impl Forward {
    /// Whether networks of these sizes run fused here.
    pub(crate) fn is_fused(config: &DecoderConfig, options: &ForwardOptions) -> bool {
        #[cfg(target_arch = "x86_64")]
        let possible = Avx512Bf16::detect().is_some() && FusedDecoder::supports(config);
        #[cfg(not(target_arch = "x86_64"))]
        let possible = false;
        options.fused && options.computing.kind == Kind::BFloat16 && possible
    }

    /// Reads the weights of a model.
    pub(crate) fn load(
        config: DecoderConfig,
        weights: &mut dyn Weights,
        options: ForwardOptions,
    ) -> Result<Self, LoadError> {
        let ForwardOptions {
            computing, threads, ..
        } = options;
        #[cfg(target_arch = "x86_64")]
        if Self::is_fused(&config, &options)
            && let Some(cpu) = Avx512Bf16::detect()
        {
            let reader = TensorReader::new(weights, Kind::Float, tch::Device::Cpu);
            let threads = threads.unsigned_abs() as usize;
            let fused = FusedDecoder::load(cpu, config, reader, computing.context_tokens, threads)?;
            return Ok(Self::Fused(Box::new(fused)));
        }
        Ok(Self::Plain {
            decoder: Box::new(Decoder::load(config, weights, computing)?),
            kind: computing.kind,
            threads,
            logits: Tensor::new(),
            scores: Vec::new(),
        })
    }

    /// What runs, for people: such as `plain f32`.
    pub(crate) fn name(&self) -> String {
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

    /// Where the time of the last step went; the plain one does not measure it.
    pub(crate) fn step_split(&self) -> Option<StepSplit> {
        match self {
            Self::Plain { .. } => None,
            #[cfg(target_arch = "x86_64")]
            Self::Fused(fused) => Some(fused.split()),
        }
    }

    /// Bytes of the weights in memory, as far as they were packed by us.
    pub(crate) fn packed_bytes(&self) -> Option<usize> {
        match self {
            Self::Plain { .. } => None,
            #[cfg(target_arch = "x86_64")]
            Self::Fused(fused) => Some(fused.weight_bytes()),
        }
    }

    /// Computes a step: writes the keys and values of its tokens to their blocks, and keeps the logits behind each segment that
    /// wants them.
    pub(crate) fn compute(&mut self, segments: &[Segment]) -> Result<(), TchError> {
        match self {
            Self::Plain {
                decoder,
                threads,
                logits,
                ..
            } => {
                // Both settings belong to the calling thread, which may be another one each time.
                tch::set_num_threads(*threads);
                let _no_grad = tch::no_grad_guard();
                *logits = decoder.forward(segments)?;
            }
            #[cfg(target_arch = "x86_64")]
            Self::Fused(fused) => fused.forward(segments),
        }
        Ok(())
    }

    /// The logits of the `row`th segment that wanted them.
    pub(crate) fn logits(&mut self, row: usize) -> Result<&mut [f32], TchError> {
        match self {
            Self::Plain { logits, scores, .. } => {
                let row = logits.f_select(0, row as i64)?;
                let vocabulary = row.numel();
                scores.resize(vocabulary, 0.0);
                row.f_copy_data(scores, vocabulary)?;
                Ok(scores)
            }
            #[cfg(target_arch = "x86_64")]
            Self::Fused(fused) => Ok(fused.logits(row)),
        }
    }

    /// Makes every result not a number, for tests of what follows from that.
    #[cfg(test)]
    pub(crate) fn spoil(&mut self) {
        match self {
            Self::Plain { decoder, .. } => decoder.spoil(),
            #[cfg(target_arch = "x86_64")]
            Self::Fused(fused) => fused.spoil(),
        }
    }
}
