//! The tensors of a decoder in a GGUF file, by our names.

use std::collections::BTreeSet;
use std::path::Path;

use tch::Tensor;

use crate::LoadError;
use crate::model::gguf::Gguf;
use crate::model::weight_names::gguf_name;
use crate::model::{DecoderConfig, Family, Rows, Weights, check_finite};

/// The parts of models that see, which Ollama keeps in the same file.
const SIGHT: [&str; 2] = ["v.", "mm."];
/// Read with the configuration.
const ROPE_DIVISORS: &str = "rope_freqs.weight";

/// The tensors of a decoder in an open file.
pub(super) struct GgufWeights {
    gguf: Gguf,
    family: Family,
    heads: i64,
    kv_heads: i64,
    /// GGUF names of the tensors that were read.
    read: BTreeSet<String>,
}

impl GgufWeights {
    pub(super) fn new(gguf: Gguf, family: Family, config: &DecoderConfig) -> Self {
        Self {
            gguf,
            family,
            heads: config.heads as i64,
            kv_heads: config.kv_heads as i64,
            read: BTreeSet::new(),
        }
    }

    /// How many heads the rows of a matrix must be turned for; none if they are in our order.
    fn interleaved_heads(&self, gguf_name: &str) -> Option<i64> {
        match () {
            () if self.family != Family::Llama => None,
            () if gguf_name.ends_with("attn_q.weight") => Some(self.heads),
            () if gguf_name.ends_with("attn_k.weight") => Some(self.kv_heads),
            () => None,
        }
    }
}

impl Weights for GgufWeights {
    fn read(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, LoadError> {
        let gguf_name = gguf_name(name);
        let values = self.gguf.read(&gguf_name, shape)?;
        let tensor = Tensor::f_from_slice(&values).and_then(|tensor| tensor.f_view(shape));
        let ordered = match self.interleaved_heads(&gguf_name) {
            Some(heads) => tensor.and_then(|tensor| half_rotation(&tensor, heads)),
            None => tensor,
        };
        let tensor = ordered.map_err(|error| LoadError::torch(self.gguf.path(), &error))?;
        check_finite(self.gguf.path(), &gguf_name, &tensor)?;
        self.read.insert(gguf_name);
        Ok(tensor)
    }

    fn read_blocks(&mut self, name: &str, shape: &[i64]) -> Result<Option<Rows>, LoadError> {
        let gguf_name = gguf_name(name);
        let Some(rows) = self.gguf.read_blocks(&gguf_name, shape)? else {
            return Ok(None);
        };
        if !rows.is_finite() {
            let reason = format!("the tensor {gguf_name} has numbers that are not finite");
            return Err(LoadError::malformed(self.gguf.path(), reason));
        }
        let ordered = match self.interleaved_heads(&gguf_name) {
            Some(heads) => {
                let order = half_rotation_order(rows.count(), heads as usize);
                rows.reordered(&order)
            }
            None => rows,
        };
        self.read.insert(gguf_name);
        Ok(Some(ordered))
    }

    fn packed_bytes(&self) -> Option<u64> {
        Some(self.gguf.packed_bytes())
    }

    fn unread(&self) -> Vec<&str> {
        let needless = |name: &str| {
            name == ROPE_DIVISORS
                || (self.family == Family::Gemma3
                    && SIGHT.iter().any(|part| name.starts_with(part)))
        };
        self.gguf
            .tensor_names()
            .filter(|name| !self.read.contains(*name) && !needless(name))
            .collect()
    }

    fn path(&self) -> &Path {
        self.gguf.path()
    }
}

/// GGUF files of the llama architecture store the rows of q and k for rotating neighbours; we rotate halves, as Hugging Face does.
fn half_rotation(weight: &Tensor, heads: i64) -> Result<Tensor, tch::TchError> {
    let (rows, columns) = weight.size2()?;
    weight
        .f_view([heads, rows / heads / 2, 2, columns])?
        .f_transpose(1, 2)?
        .f_reshape([rows, columns])
}

/// Which row of the file each of our rows is, as [`half_rotation`] orders them.
fn half_rotation_order(rows: usize, heads: usize) -> Vec<usize> {
    let width = rows / heads;
    let of_head = |row: usize| 2 * (row % (width / 2)) + row / (width / 2);
    (0..rows)
        .map(|row| row / width * width + of_head(row % width))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_rows_are_ordered_like_their_numbers() {
        let numbers: Vec<f32> = (0..24).map(|number| number as f32).collect();
        let rows = Tensor::from_slice(&numbers).view([24, 1]);
        let ordered = Vec::<f32>::try_from(half_rotation(&rows, 3).unwrap().view([-1])).unwrap();
        let order: Vec<usize> = ordered.iter().map(|row| *row as usize).collect();
        assert_eq!(half_rotation_order(24, 3), order);
    }
}
