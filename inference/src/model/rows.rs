//! The rows of a weight matrix in the numbers that its file has, for forwards that compute with those.

use half::{bf16, f16};

/// How many numbers share a scale.
pub(crate) const BLOCK_NUMBERS: usize = 32;

/// A matrix row by row, all rows equally long.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rows {
    /// f32.
    Single { depth: usize, numbers: Vec<f32> },
    /// bf16, or what was rounded to it.
    Dense { depth: usize, numbers: Vec<bf16> },
    /// Q4_0 and Q4_1.
    FourBit {
        depth: usize,
        blocks: Vec<FourBitBlock>,
    },
    /// Q8_0.
    EightBit {
        depth: usize,
        blocks: Vec<EightBitBlock>,
    },
}

/// 32 neighbours of a row: x = scale q + minimum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FourBitBlock {
    pub(crate) scale: f16,
    pub(crate) minimum: f16,
    /// 0 to 15.
    pub(crate) numbers: [u8; BLOCK_NUMBERS],
}

/// 32 neighbours of a row: x = scale q.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EightBitBlock {
    pub(crate) scale: f16,
    pub(crate) numbers: [i8; BLOCK_NUMBERS],
}

impl Rows {
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Single { depth, .. }
            | Self::Dense { depth, .. }
            | Self::FourBit { depth, .. }
            | Self::EightBit { depth, .. } => *depth,
        }
    }

    pub(crate) fn count(&self) -> usize {
        let numbers = match self {
            Self::Single { numbers, .. } => numbers.len(),
            Self::Dense { numbers, .. } => numbers.len(),
            Self::FourBit { blocks, .. } => blocks.len() * BLOCK_NUMBERS,
            Self::EightBit { blocks, .. } => blocks.len() * BLOCK_NUMBERS,
        };
        numbers / self.depth().max(1)
    }

    /// Equal for matrices of one encoding.
    pub(crate) fn encoding(&self) -> std::mem::Discriminant<Self> {
        std::mem::discriminant(self)
    }

    /// The numbers of one row, of rows that are neither in four nor in eight bits.
    pub(crate) fn widen(&self, row: usize, values: &mut [f32]) {
        let depth = self.depth();
        match self {
            Self::Single { numbers, .. } => {
                values.copy_from_slice(&numbers[row * depth..][..depth]);
            }
            Self::Dense { numbers, .. } => {
                let numbers = &numbers[row * depth..][..depth];
                for (value, number) in values.iter_mut().zip(numbers) {
                    *value = number.to_f32();
                }
            }
            Self::FourBit { .. } | Self::EightBit { .. } => {
                unreachable!("tables of embeddings are read in f32 or bf16")
            }
        }
    }

    /// The same rows rounded to bf16.
    pub(crate) fn into_dense(self) -> Self {
        let depth = self.depth();
        let numbers = match self {
            Self::Single { numbers, .. } => numbers.into_iter().map(bf16::from_f32).collect(),
            Self::Dense { numbers, .. } => numbers,
            Self::FourBit { blocks, .. } => blocks
                .iter()
                .flat_map(FourBitBlock::values)
                .map(bf16::from_f32)
                .collect(),
            Self::EightBit { blocks, .. } => blocks
                .iter()
                .flat_map(EightBitBlock::values)
                .map(bf16::from_f32)
                .collect(),
        };
        Self::Dense { depth, numbers }
    }

    /// The rows in another order: row `i` of the result is row `order[i]`.
    pub(crate) fn reordered(self, order: &[usize]) -> Self {
        fn pick<T: Copy>(all: &[T], order: &[usize], per_row: usize) -> Vec<T> {
            order
                .iter()
                .flat_map(|row| &all[row * per_row..][..per_row])
                .copied()
                .collect()
        }
        match self {
            Self::Single { depth, numbers } => Self::Single {
                numbers: pick(&numbers, order, depth),
                depth,
            },
            Self::Dense { depth, numbers } => Self::Dense {
                numbers: pick(&numbers, order, depth),
                depth,
            },
            Self::FourBit { depth, blocks } => Self::FourBit {
                blocks: pick(&blocks, order, depth / BLOCK_NUMBERS),
                depth,
            },
            Self::EightBit { depth, blocks } => Self::EightBit {
                blocks: pick(&blocks, order, depth / BLOCK_NUMBERS),
                depth,
            },
        }
    }

    /// Whether every number is one.
    pub(crate) fn is_finite(&self) -> bool {
        match self {
            Self::Single { numbers, .. } => numbers.iter().all(|number| number.is_finite()),
            Self::Dense { numbers, .. } => numbers.iter().all(|number| number.is_finite()),
            Self::FourBit { blocks, .. } => blocks
                .iter()
                .all(|block| block.scale.is_finite() && block.minimum.is_finite()),
            Self::EightBit { blocks, .. } => blocks.iter().all(|block| block.scale.is_finite()),
        }
    }
}

impl FourBitBlock {
    fn values(&self) -> impl Iterator<Item = f32> {
        let (scale, minimum) = (self.scale.to_f32(), self.minimum.to_f32());
        self.numbers
            .iter()
            .map(move |q| f32::from(*q) * scale + minimum)
    }
}

impl EightBitBlock {
    fn values(&self) -> impl Iterator<Item = f32> {
        let scale = self.scale.to_f32();
        self.numbers.iter().map(move |q| f32::from(*q) * scale)
    }
}
