//! The keys and values of all sequences in the order in which the attention kernel reads them.
//!
//! Of one head of one layer: `[blocks][width / 2][16 tokens][2]` keys and `[blocks][8 pairs of tokens][width][2]` values, the width of
//! the latter filled up to whole vectors. Blocks that follow each other in a sequence mostly do so here, and are read in one stream.

use half::bf16;

use crate::decoder::BLOCK_TOKENS;
use crate::fused::kernels::LANES;
use crate::fused::shared_slice::SharedSlice;

/// The blocks of every layer. Memory grows as far as blocks were ever used at once.
pub(super) struct BlockCache {
    /// All heads of the first layer, then those of the next.
    heads: Vec<HeadCache>,
    pub(super) shape: BlockShape,
    blocks: usize,
}

/// Keys and values of one head of one layer, as bf16 pairs.
#[derive(Default)]
pub(super) struct HeadCache {
    pub(super) keys: Vec<u32>,
    pub(super) values: Vec<u32>,
}

/// The sizes of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockShape {
    pub(super) heads: usize,
    pub(super) width: usize,
}

impl BlockShape {
    /// Vectors that the values of one token fill.
    pub(super) fn value_vectors(self) -> usize {
        self.width.div_ceil(LANES)
    }

    /// Pairs of the keys of one head.
    fn head_keys(self) -> usize {
        self.width / 2 * BLOCK_TOKENS
    }

    fn head_values(self) -> usize {
        self.value_vectors() * LANES * BLOCK_TOKENS / 2
    }

    /// Where the keys of a block begin among those of a head.
    pub(super) fn key_place(self, block: usize) -> usize {
        block * self.head_keys()
    }

    pub(super) fn value_place(self, block: usize) -> usize {
        block * self.head_values()
    }
}

impl BlockCache {
    pub(super) fn new(layers: usize, shape: BlockShape) -> Self {
        Self {
            heads: (0..layers * shape.heads)
                .map(|_| HeadCache::default())
                .collect(),
            shape,
            blocks: 0,
        }
    }

    /// Makes room for blocks below `blocks`.
    pub(super) fn reserve(&mut self, blocks: usize) {
        if blocks <= self.blocks {
            return;
        }
        let room = blocks.max(self.blocks * 3 / 2).next_multiple_of(16);
        for head in &mut self.heads {
            // One after the other, so that only one is in memory twice.
            let grow = |pairs: &mut Vec<u32>, len: usize| {
                pairs.reserve_exact(len - pairs.len());
                pairs.resize(len, 0);
            };
            grow(&mut head.keys, self.shape.key_place(room));
            grow(&mut head.values, self.shape.value_place(room));
        }
        self.blocks = room;
    }

    pub(super) fn head(&self, layer: usize, head: usize) -> &HeadCache {
        &self.heads[layer * self.shape.heads + head]
    }

    /// The heads of one layer, to be written by several threads.
    pub(super) fn layer_mut(&mut self, index: usize) -> Vec<SharedHead<'_>> {
        let (heads, shape) = (self.shape.heads, self.shape);
        let heads = self.heads[index * heads..][..heads].iter_mut();
        heads
            .map(|HeadCache { keys, values }| SharedHead {
                keys: SharedSlice::new(keys),
                values: SharedSlice::new(values),
                shape,
            })
            .collect()
    }
}

/// A head whose slots are written by several threads, each its own.
pub(super) struct SharedHead<'a> {
    keys: SharedSlice<'a, u32>,
    values: SharedSlice<'a, u32>,
    shape: BlockShape,
}

impl SharedHead<'_> {
    /// Writes key and value of the token at a place of a block.
    ///
    /// # Safety
    /// Nobody else writes the same pair of neighbouring tokens at the same time.
    #[expect(
        unsafe_code,
        reason = "which tokens a thread writes is known to the caller"
    )]
    pub(super) unsafe fn write(
        &self,
        (block, place): (usize, usize),
        key: &[bf16],
        value: &[bf16],
    ) {
        let shape = self.shape;
        let first = shape.key_place(block);
        for (pair, numbers) in key.chunks_exact(2).enumerate() {
            // SAFETY: the caller's promise.
            let slot = unsafe { self.keys.piece(first + pair * BLOCK_TOKENS + place, 1) };
            let [low, high] = [numbers[0], numbers[1]].map(|number| u32::from(number.to_bits()));
            slot[0] = low | high << 16;
        }
        let first = shape.value_place(block) + place / 2 * shape.value_vectors() * LANES;
        // SAFETY: the caller's promise.
        let slots = unsafe { self.values.piece(first, value.len()) };
        let (shift, other) = if place % 2 == 0 {
            (0, 0xffff_0000)
        } else {
            (16, 0x0000_ffff)
        };
        for (slot, number) in slots.iter_mut().zip(value) {
            *slot = *slot & other | u32::from(number.to_bits()) << shift;
        }
    }
}
