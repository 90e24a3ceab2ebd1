//! From files on disk to what an engine needs: a configuration, tensors by name, a tokenizer and a chat template.
//!
//! A model is a `.gguf` file or a directory in the layout of Hugging Face. Both end in the same [`LanguageModel`].

mod decoder_config;
mod family;
mod rope;
mod rows;
mod weight_names;

pub(crate) mod memory;

mod gguf_model;
pub(crate) mod hugging_face;

pub(crate) mod gguf;
pub(crate) mod safetensors_files;

pub(crate) mod template;
pub(crate) mod text_tokenizer;

use std::path::Path;

use half::bf16;
use tch::{Kind, TchError, Tensor};

use crate::{Device, LoadError};
pub(crate) use decoder_config::{Activation, DecoderConfig};
pub(crate) use family::Family;
pub(crate) use memory::CacheRoom;
pub(crate) use rope::Rope;
pub(crate) use rows::{BLOCK_NUMBERS, EightBitBlock, FourBitBlock, Rows};
pub(crate) use template::ChatTemplate;
pub(crate) use text_tokenizer::{Spelling, TextTokenizer};

/// A language model whose small parts are in memory and whose tensors are still on disk.
pub(crate) struct LanguageModel {
    pub(crate) name: String,
    pub(crate) family: Family,
    pub(crate) config: DecoderConfig,
    pub(crate) quantisation: String,
    pub(crate) bytes: u64,
    pub(crate) tokenizer: TextTokenizer,
    pub(crate) template: ChatTemplate,
    /// Tokens that end the model's turn.
    pub(crate) end_tokens: Vec<u32>,
    /// The tensors by the names of `weight_names`.
    pub(crate) weights: Box<dyn Weights>,
}

impl LanguageModel {
    /// Refuses a model that does not fit in the memory that is available now, if it computes in `kind`, or `fused`. Gives the
    /// bytes that keys and values may take. On CUDA only what is read passes through memory, and libtorch does not tell what the
    /// device has left: a device that is too small fails when it is full.
    pub(crate) fn check_memory(
        &self,
        device: Device,
        kind: Kind,
        fused: bool,
        room: CacheRoom,
    ) -> Result<u64, LoadError> {
        let weights = memory::WeightCount::of(&self.config);
        let available = memory::available_bytes();
        if device != Device::Cpu {
            memory::check(self.weights.path(), weights.read_bytes(), available)?;
            return Ok(room.wanted.max(room.least));
        }
        let kept = match self.weights.packed_bytes() {
            Some(packed) if fused => packed,
            _ => weights.kept_bytes(kind),
        };
        memory::fit(
            self.weights.path(),
            kept,
            weights.read_bytes(),
            room,
            available,
        )
    }
}

/// The tensors of a model: a decoder's by the names of `weight_names`, an embedding model's by those of its file.
pub(crate) trait Weights {
    /// Reads a tensor that must be there and have the given shape; it comes in the file's number type, or in f32 if that is quantised.
    fn read(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, LoadError>;

    /// Reads a matrix in the numbers that the file has, as far as [`Rows`] has them too; `None` if it has others.
    fn read_blocks(&mut self, _name: &str, _shape: &[i64]) -> Result<Option<Rows>, LoadError> {
        Ok(None)
    }

    /// Bytes of all tensors if those that [`Rows`] holds in four or eight bits stay so and the others become bf16; `None` where
    /// all do.
    fn packed_bytes(&self) -> Option<u64> {
        None
    }

    /// The file's names of all tensors that were not read although they should be of use.
    fn unread(&self) -> Vec<&str>;

    /// The file or directory, for error texts.
    fn path(&self) -> &Path;
}

/// Reads the tensors of one network in the number type that it computes in, onto the device where it does.
pub(crate) struct TensorReader<'a> {
    weights: &'a mut dyn Weights,
    kind: Kind,
    device: tch::Device,
}

impl<'a> TensorReader<'a> {
    pub(crate) fn new(weights: &'a mut dyn Weights, kind: Kind, device: tch::Device) -> Self {
        Self {
            weights,
            kind,
            device,
        }
    }

    /// Reads a tensor that must be there and have the given shape.
    pub(crate) fn read(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, LoadError> {
        let tensor = self.weights.read(name, shape)?;
        tensor
            .f_to_kind(self.kind)
            .and_then(|tensor| tensor.f_to_device(self.device))
            .map_err(|error| self.torch(&error))
    }

    /// Reads a matrix that must be there and have the given shape; what is neither in four nor in eight bits becomes bf16.
    pub(crate) fn read_rows(
        &mut self,
        name: &str,
        count: usize,
        depth: usize,
    ) -> Result<Rows, LoadError> {
        let shape = [count as i64, depth as i64];
        if let Some(rows) = self.weights.read_blocks(name, &shape)? {
            return Ok(rows);
        }
        let tensor = self.weights.read(name, &shape)?;
        // tch cannot copy bf16 by that name.
        let mut bits = vec![0_i16; count * depth];
        tensor
            .f_to_kind(Kind::BFloat16)
            .and_then(|tensor| tensor.f_contiguous()?.f_view_dtype(Kind::Int16))
            .and_then(|tensor| tensor.f_copy_data(&mut bits, count * depth))
            .map_err(|error| self.torch(&error))?;
        let numbers = bits.iter().map(|bits| bf16::from_bits(*bits as u16));
        let numbers = numbers.collect();
        Ok(Rows::Dense { depth, numbers })
    }

    /// Reads a matrix that must be there and have the given shape, in f32.
    pub(crate) fn read_single_rows(
        &mut self,
        name: &str,
        count: usize,
        depth: usize,
    ) -> Result<Rows, LoadError> {
        let tensor = self.weights.read(name, &[count as i64, depth as i64])?;
        let mut numbers = vec![0_f32; count * depth];
        tensor
            .f_to_kind(Kind::Float)
            .and_then(|tensor| tensor.f_contiguous())
            .and_then(|tensor| tensor.f_copy_data(&mut numbers, count * depth))
            .map_err(|error| self.torch(&error))?;
        Ok(Rows::Single { depth, numbers })
    }

    pub(crate) fn path(&self) -> &Path {
        self.weights.path()
    }

    /// One matrix of the rows of several.
    pub(crate) fn join(&self, parts: &[Tensor]) -> Result<Tensor, LoadError> {
        Tensor::f_cat(parts, 0).map_err(|error| self.torch(&error))
    }

    /// Refuses a file with tensors that nobody read: it is another network than we take it for. Those whose names begin
    /// with one of `needless` may stay unread.
    pub(crate) fn finish(&self, needless: &[&str]) -> Result<(), LoadError> {
        let mut unread = self.weights.unread().into_iter();
        match unread.find(|name| !needless.iter().any(|beginning| name.starts_with(beginning))) {
            None => Ok(()),
            Some(name) => {
                let reason = format!("it has a tensor {name} of unknown use");
                Err(LoadError::unsupported(self.weights.path(), reason))
            }
        }
    }

    pub(crate) fn torch(&self, error: &TchError) -> LoadError {
        LoadError::torch(self.weights.path(), error)
    }
}

/// Refuses a tensor with numbers that are infinite or none: everything computed with it would be none.
fn check_finite(path: &Path, name: &str, tensor: &Tensor) -> Result<(), LoadError> {
    // Their sum is finite only if all are: no sum of real weights comes near the greatest f32.
    let sum = tensor
        .f_sum(Kind::Float)
        .and_then(|sum| sum.f_double_value(&[]));
    match sum.map_err(|error| LoadError::torch(path, &error))? {
        sum if sum.is_finite() => Ok(()),
        _ => {
            let reason = format!("the tensor {name} has numbers that are not finite");
            Err(LoadError::malformed(path, reason))
        }
    }
}

/// Opens a model file or directory.
pub(crate) fn open(path: &Path) -> Result<LanguageModel, LoadError> {
    let kind = std::fs::metadata(path).map_err(|error| LoadError::io(path, error))?;
    if kind.is_dir() {
        hugging_face::open(path)
    } else {
        gguf_model::open(path)
    }
}

/// Texts that end a turn in the chat formats that we know, whichever of them the file itself names.
const END_OF_TURN_TEXTS: [&str; 8] = [
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "<|end|>",
    "</s>",
];

/// The tokens that end a turn: those that the file names, and special tokens that can mean nothing else.
fn end_tokens(named: impl IntoIterator<Item = u32>, tokenizer: &TextTokenizer) -> Vec<u32> {
    let mut tokens: Vec<u32> = named.into_iter().collect();
    tokens.extend(
        END_OF_TURN_TEXTS
            .iter()
            .filter_map(|text| tokenizer.special_id(text)),
    );
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}
