//! How a GGUF file stores the numbers of a tensor, and back to f32.

mod blocks;
mod super_blocks;

use half::bf16;

use crate::model::{FourBitBlock, Rows};
use blocks::{half_at, put_q4_0, put_q4_1, put_q5_0, put_q5_1, put_q8_0, q4_0, q4_1, q8_0};
use super_blocks::{put_q4_k, put_q5_k, put_q6_k};

/// A storage format that this program reads. The layouts are those of ggml's `block_q*` structures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Encoding {
    F32,
    F16,
    Bf16,
    /// 32 values: a scale as f16, then nibbles; x = d (q - 8).
    Q4_0,
    /// 32 values: scale and minimum as f16, then nibbles; x = d q + m.
    Q4_1,
    /// 32 values: a scale as f16, the fifth bits, then nibbles; x = d (q - 16).
    Q5_0,
    /// 32 values: scale and minimum as f16, the fifth bits, then nibbles; x = d q + m.
    Q5_1,
    /// 32 values: a scale as f16, then signed bytes; x = d q.
    Q8_0,
    /// 256 values: two scales as f16, 8 scales and minima of 6 bits, then nibbles; x = (d s) q - (e m).
    Q4K,
    /// 256 values: the same with the fifth bits before the nibbles.
    Q5K,
    /// 256 values: nibbles, the upper 2 bits, 16 scales as signed bytes, a scale as f16; x = (d s) (q - 32).
    Q6K,
}

/// How many values share a block in the plain quantised formats.
const BLOCK: usize = 32;
/// How many values share a block in the K formats.
const SUPER_BLOCK: usize = 256;

impl Encoding {
    /// The formats that [`Encoding::from_code`] knows, for error texts.
    pub(crate) const KNOWN: &str =
        "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K";

    /// The format of a ggml type code; the name of the format, where it has one, if it is not read here.
    pub(crate) fn from_code(code: u32) -> Result<Self, String> {
        match code {
            0 => Ok(Self::F32),
            1 => Ok(Self::F16),
            2 => Ok(Self::Q4_0),
            3 => Ok(Self::Q4_1),
            8 => Ok(Self::Q8_0),
            6 => Ok(Self::Q5_0),
            7 => Ok(Self::Q5_1),
            12 => Ok(Self::Q4K),
            13 => Ok(Self::Q5K),
            14 => Ok(Self::Q6K),
            30 => Ok(Self::Bf16),
            10 | 11 | 15 => Err(format!("Q{}_K", code - 8)),
            16 | 17 | 22 | 28 => Err("IQ2".into()),
            18 | 21 => Err("IQ3".into()),
            19 | 29 => Err("IQ1".into()),
            20 | 23 => Err("IQ4".into()),
            39 => Err("MXFP4".into()),
            _ => Err(format!("type {code}")),
        }
    }

    /// The name that ggml gives the format.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q5_0 => "Q5_0",
            Self::Q5_1 => "Q5_1",
            Self::Q8_0 => "Q8_0",
            Self::Q4K => "Q4_K",
            Self::Q5K => "Q5_K",
            Self::Q6K => "Q6_K",
        }
    }

    /// Values in a block, and bytes that it takes.
    pub(crate) fn block(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Q4_0 => (BLOCK, 2 + BLOCK / 2),
            Self::Q4_1 => (BLOCK, 4 + BLOCK / 2),
            Self::Q5_0 => (BLOCK, 2 + 4 + BLOCK / 2),
            Self::Q5_1 => (BLOCK, 4 + 4 + BLOCK / 2),
            Self::Q8_0 => (BLOCK, 2 + BLOCK),
            Self::Q4K => (SUPER_BLOCK, 4 + 12 + SUPER_BLOCK / 2),
            Self::Q5K => (SUPER_BLOCK, 4 + 12 + SUPER_BLOCK / 8 + SUPER_BLOCK / 2),
            Self::Q6K => (SUPER_BLOCK, SUPER_BLOCK / 2 + SUPER_BLOCK / 4 + 16 + 2),
        }
    }

    /// The values that whole blocks hold, bit for bit those of ggml's own dequantisation.
    pub(crate) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        let (block_values, block_bytes) = self.block();
        let mut values = Vec::with_capacity(bytes.len() / block_bytes * block_values);
        let put: fn(&[u8], &mut Vec<f32>) = match self {
            Self::F32 => {
                |bytes, out| out.push(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            }
            Self::F16 => |bytes, out| out.push(half_at(bytes, 0)),
            Self::Bf16 => |bytes, out| out.push(bf16::from_le_bytes([bytes[0], bytes[1]]).to_f32()),
            Self::Q4_0 => put_q4_0,
            Self::Q4_1 => put_q4_1,
            Self::Q5_0 => put_q5_0,
            Self::Q5_1 => put_q5_1,
            Self::Q8_0 => put_q8_0,
            Self::Q4K => put_q4_k,
            Self::Q5K => put_q5_k,
            Self::Q6K => put_q6_k,
        };
        for block in bytes.chunks_exact(block_bytes) {
            put(block, &mut values);
        }
        values
    }

    /// Bytes of 32 numbers in memory where [`Encoding::rows`] keeps them as they are, or in bf16.
    pub(crate) fn packed_block_bytes(self) -> u64 {
        match self {
            // Scale and minimum as f16.
            Self::Q4_0 | Self::Q4_1 => 16 + 4,
            // The scale as f32.
            Self::Q8_0 => 32 + 4,
            _ => 64,
        }
    }

    /// Whole blocks as rows of `depth` numbers, which are a multiple of 32; `None` if [`Rows`] cannot hold the very numbers.
    pub(crate) fn rows(self, bytes: &[u8], depth: usize) -> Option<Rows> {
        let blocks = bytes.chunks_exact(self.block().1);
        match self {
            Self::Q4_0 => {
                let blocks: Vec<FourBitBlock> = blocks.map(q4_0).collect();
                // Eight times a scale near the end of f16's range is beyond it.
                let held = blocks
                    .iter()
                    .all(|block| block.minimum.is_finite() || !block.scale.is_finite());
                held.then_some(Rows::FourBit { depth, blocks })
            }
            Self::Q4_1 => Some(Rows::FourBit {
                depth,
                blocks: blocks.map(q4_1).collect(),
            }),
            Self::Q8_0 => Some(Rows::EightBit {
                depth,
                blocks: blocks.map(q8_0).collect(),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
