//! How libtorch is to compute: number type, threads and the bound of the context.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use tch::Kind;

use crate::Device;

/// How to load and run a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineOptions {
    /// Where to compute.
    pub device: Device,
    /// The number type of weights and activations.
    pub dtype: Dtype,
    /// The most threads that compute; `None` takes all cores but one, which is left to the rest of the program. The fused
    /// forward pass does with one of them while other programs take the cores of the rest; in the plain one more threads than
    /// idle cores make everything several times slower.
    pub threads: Option<NonZeroUsize>,
    /// The most tokens of context to offer, however many the model has.
    pub context_tokens_max: usize,
    /// Bytes that keys and values may take in the device's memory; they always have room for one whole context.
    pub cache_bytes_max: usize,
    /// Replies that are written at once; the others wait.
    pub running_max: usize,
    /// Each reply is bit for bit what it would be if nothing else ran. Without it the rounding of a matrix product may depend
    /// on how many rows it has, and now and then a reply on what ran beside it. Slower, but for the fused forward pass, whose
    /// replies are so in any case.
    pub deterministic: bool,
    /// Models may be computed by a fused forward pass, where processor and network allow it: language models in bf16, embedding
    /// models in f32 and bf16.
    pub fused: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            device: Device::Cpu,
            dtype: Dtype::Auto,
            threads: None,
            context_tokens_max: 8192,
            cache_bytes_max: 1 << 29,
            running_max: 16,
            deterministic: false,
            fused: true,
        }
    }
}

/// A number type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dtype {
    /// Language models: bf16 on CUDA and where the processor multiplies it natively, else f32. Embeddings: f32, since vectors are
    /// kept and compared with those of other machines.
    #[default]
    Auto,
    /// 32-bit floats.
    F32,
    /// Brain floats: the range of f32 at half its size.
    Bf16,
}

impl Dtype {
    pub(crate) fn language_kind(self, device: Device) -> Kind {
        match self {
            Dtype::F32 => Kind::Float,
            Dtype::Bf16 => Kind::BFloat16,
            Dtype::Auto if device != Device::Cpu || multiplies_bf16() => Kind::BFloat16,
            Dtype::Auto => Kind::Float,
        }
    }

    pub(crate) fn embedding_kind(self) -> Kind {
        match self {
            Dtype::Bf16 => Kind::BFloat16,
            Dtype::Auto | Dtype::F32 => Kind::Float,
        }
    }
}

impl EngineOptions {
    pub(crate) fn threads(&self) -> i32 {
        let all_but_one =
            || available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1));
        self.threads.map_or_else(all_but_one, NonZeroUsize::get) as i32
    }
}

#[cfg(target_arch = "x86_64")]
fn multiplies_bf16() -> bool {
    is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn multiplies_bf16() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_models_compute_in_bf16_on_cuda_unless_f32_is_asked_for() {
        let cuda = Device::Cuda(0);
        assert_eq!(Dtype::Auto.language_kind(cuda), Kind::BFloat16);
        assert_eq!(Dtype::F32.language_kind(cuda), Kind::Float);
        assert_eq!(Dtype::Bf16.language_kind(Device::Cpu), Kind::BFloat16);
        assert_eq!(Dtype::Auto.embedding_kind(), Kind::Float);
    }
}
