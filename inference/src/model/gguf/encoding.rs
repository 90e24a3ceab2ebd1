//! How a GGUF file stores the numbers of a tensor, and back to f32.

use half::{bf16, f16};

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
    /// 32 values: a scale as f16, then signed bytes; x = d q.
    Q8_0,
}

/// How many values share a block in the quantised formats.
const BLOCK: usize = 32;

impl Encoding {
    /// The formats that [`Encoding::from_code`] knows, for error texts.
    pub(crate) const KNOWN: &str = "F32, F16, BF16, Q4_0, Q4_1 and Q8_0";

    /// The format of a ggml type code; the name of the format, where it has one, if it is not read here.
    pub(crate) fn from_code(code: u32) -> Result<Self, String> {
        match code {
            0 => Ok(Self::F32),
            1 => Ok(Self::F16),
            2 => Ok(Self::Q4_0),
            3 => Ok(Self::Q4_1),
            8 => Ok(Self::Q8_0),
            30 => Ok(Self::Bf16),
            6 => Err("Q5_0".into()),
            7 => Err("Q5_1".into()),
            10..=15 => Err(format!("Q{}_K", code - 8)),
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
            Self::Q8_0 => "Q8_0",
        }
    }

    /// Values in a block, and bytes that it takes.
    pub(crate) fn block(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Q4_0 => (BLOCK, 2 + BLOCK / 2),
            Self::Q4_1 => (BLOCK, 4 + BLOCK / 2),
            Self::Q8_0 => (BLOCK, 2 + BLOCK),
        }
    }

    /// The values that whole blocks hold.
    pub(crate) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        let (block_values, block_bytes) = self.block();
        let mut values = Vec::with_capacity(bytes.len() / block_bytes * block_values);
        for block in bytes.chunks_exact(block_bytes) {
            match self {
                Self::F32 => {
                    values.push(f32::from_le_bytes([block[0], block[1], block[2], block[3]]))
                }
                Self::F16 => values.push(half_at(block, 0)),
                Self::Bf16 => values.push(bf16::from_le_bytes([block[0], block[1]]).to_f32()),
                Self::Q4_0 => {
                    let scale = half_at(block, 0);
                    values.extend(nibbles(&block[2..]).map(|q| f32::from(q as i8 - 8) * scale));
                }
                Self::Q4_1 => {
                    let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
                    values.extend(nibbles(&block[4..]).map(|q| f32::from(q) * scale + minimum));
                }
                Self::Q8_0 => {
                    let scale = half_at(block, 0);
                    values.extend(block[2..].iter().map(|q| f32::from(*q as i8) * scale));
                }
            }
        }
        values
    }
}

fn half_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// The low nibbles are the first half of the block, the high nibbles the second.
fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes
        .iter()
        .map(|byte| byte & 0x0f)
        .chain(bytes.iter().map(|byte| byte >> 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half(value: f32) -> [u8; 2] {
        f16::from_f32(value).to_le_bytes()
    }

    #[test]
    fn plain_numbers_are_read_as_they_are() {
        let f32s: Vec<u8> = [1.5_f32, -2.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        assert_eq!(Encoding::F32.decode(&f32s), [1.5, -2.0]);
        assert_eq!(
            Encoding::F16.decode(&[half(0.25), half(-3.0)].concat()),
            [0.25, -3.0]
        );
        assert_eq!(
            Encoding::Bf16.decode(&bf16::from_f32(-96.0).to_le_bytes()),
            [-96.0]
        );
    }

    #[test]
    fn low_nibbles_come_first_and_each_format_has_its_own_zero() {
        let mut nibbles = [0x88_u8; 16];
        nibbles[0] = 0xf0; // value 0 is 0, value 16 is 15
        let mut q4_0 = half(0.5).to_vec();
        q4_0.extend(nibbles);
        let values = Encoding::Q4_0.decode(&q4_0);
        assert_eq!(
            (values.len(), values[0], values[1], values[16]),
            (32, -4.0, 0.0, 3.5)
        );

        let mut q4_1 = [half(0.5), half(-1.0)].concat();
        q4_1.extend(nibbles);
        let values = Encoding::Q4_1.decode(&q4_1);
        assert_eq!(
            (values.len(), values[0], values[1], values[16]),
            (32, -1.0, 3.0, 6.5)
        );

        let mut q8_0 = half(0.25).to_vec();
        q8_0.extend((0..32).map(|i| (i as i8 - 16) as u8));
        let values = Encoding::Q8_0.decode(&q8_0);
        assert_eq!(
            (values.len(), values[0], values[16], values[31]),
            (32, -4.0, 0.0, 3.75)
        );
    }

    #[test]
    fn formats_that_are_not_read_are_named() {
        assert_eq!(Encoding::from_code(12), Err("Q4_K".into()));
        assert_eq!(Encoding::from_code(14), Err("Q6_K".into()));
        assert_eq!(Encoding::from_code(999), Err("type 999".into()));
    }
}
