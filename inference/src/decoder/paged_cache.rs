//! The keys and values of all sequences, in blocks that the scheduler hands out.

use tch::{Device, Kind, TchError, Tensor};

use crate::block_pool::BlockId;
use crate::model::DecoderConfig;

/// Tokens of a block: small enough that little of the last one is wasted, large enough to be copied as one piece.
pub(crate) const BLOCK_TOKENS: usize = 16;

/// The blocks of every layer. Memory grows as far as blocks were ever used at once.
pub(super) struct PagedCache {
    /// Keys and values of each layer: [blocks, block tokens, k, w].
    layers: Vec<(Tensor, Tensor)>,
    blocks: usize,
    heads: i64,
    width: i64,
    on: (Kind, Device),
}

impl PagedCache {
    pub(super) fn new(config: &DecoderConfig, on: (Kind, Device)) -> Self {
        Self {
            layers: (0..config.layers)
                .map(|_| (Tensor::new(), Tensor::new()))
                .collect(),
            blocks: 0,
            heads: config.kv_heads as i64,
            width: config.head_width as i64,
            on,
        }
    }

    /// Makes room for blocks below `blocks`.
    pub(super) fn reserve(&mut self, blocks: usize) -> Result<(), TchError> {
        if blocks <= self.blocks {
            return Ok(());
        }
        let room = blocks.max(self.blocks * 3 / 2).next_multiple_of(16);
        for index in 0..self.layers.len() {
            // One layer after the other, so that only one is in memory twice.
            let (keys, values) = &self.layers[index];
            self.layers[index] = (self.grow(keys, room)?, self.grow(values, room)?);
        }
        self.blocks = room;
        Ok(())
    }

    fn grow(&self, old: &Tensor, blocks: usize) -> Result<Tensor, TchError> {
        let size = [blocks as i64, BLOCK_TOKENS as i64, self.heads, self.width];
        // Zeros, since attention must never meet a stray NaN behind its mask.
        let new = Tensor::f_zeros(size, self.on)?;
        if old.defined() {
            new.f_narrow(0, 0, old.size()[0])?.f_copy_(old)?;
        }
        Ok(new)
    }

    /// Writes keys and values [t, k, w] to the slots [t] of a layer.
    pub(super) fn write(
        &mut self,
        layer: usize,
        slots: &Tensor,
        new_keys: &Tensor,
        new_values: &Tensor,
    ) -> Result<(), TchError> {
        let (keys, values) = &self.layers[layer];
        let flat = [-1, self.heads, self.width];
        let _ = keys.f_view(flat)?.f_index_copy_(0, slots, new_keys)?;
        (values.f_view(flat)?.f_index_copy_(0, slots, new_values)).map(drop)
    }

    /// Copies the blocks of `sequences` equally long tables together: keys and values [sequences, k, tokens, w].
    pub(super) fn read(
        &self,
        layer: usize,
        tables: &Tensor,
        sequences: usize,
    ) -> Result<(Tensor, Tensor), TchError> {
        let (keys, values) = &self.layers[layer];
        let gather = |all: &Tensor| {
            all.f_index_select(0, tables)?
                .f_view([sequences as i64, -1, self.heads, self.width])?
                .f_transpose(1, 2)
        };
        Ok((gather(keys)?, gather(values)?))
    }
}

/// The slot of a position of a sequence.
pub(super) fn slot(blocks: &[BlockId], position: usize) -> i64 {
    let block = blocks[position / BLOCK_TOKENS].index();
    (block * BLOCK_TOKENS + position % BLOCK_TOKENS) as i64
}
