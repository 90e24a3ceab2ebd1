//! One step as rows: which token stands where, and which rows attend together.

use std::ops::Range;

use crate::decoder::BLOCK_TOKENS;
use crate::model::DecoderConfig;
use crate::scheduler::Segment;

/// A step, laid out.
pub(super) struct Batch<'a> {
    pub(super) rows: Vec<Row>,
    /// Attention, one task for each and each key-value head.
    pub(super) tiles: Vec<Tile<'a>>,
    /// The rows whose logits are wanted, in the order of the segments.
    pub(super) wanted: Vec<usize>,
    /// Blocks below this one are used.
    pub(super) blocks: usize,
}

/// One token of a sequence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) token: u32,
    pub(super) position: usize,
    /// The block of its key and value, and its place there.
    pub(super) slot: (usize, usize),
}

/// Neighbouring rows of one sequence, and some of the query heads that share a key-value head.
#[derive(Debug, Clone)]
pub(super) struct Tile<'a> {
    pub(super) segment: &'a Segment,
    /// Rows of the step.
    pub(super) rows: Range<usize>,
    /// Query heads, counted from the first that shares the key-value head.
    pub(super) heads: Range<usize>,
}

impl<'a> Batch<'a> {
    /// Lays segments out in their order, with up to `tile_rows_max` query rows in a tile. With few of them heads are split
    /// further, so that `threads` have something to do.
    pub(super) fn new(
        segments: &'a [Segment],
        config: &DecoderConfig,
        threads: usize,
        tile_rows_max: usize,
    ) -> Self {
        let sharing = config.heads / config.kv_heads;
        let (mut rows, mut tiles, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
        let mut blocks = 0;
        let few = segments.len() * config.kv_heads < 4 * threads;
        for segment in segments {
            let first_row = rows.len();
            for (position, token) in (segment.start..).zip(&segment.tokens) {
                let block = segment.blocks[position / BLOCK_TOKENS].index();
                rows.push(Row {
                    token: *token,
                    position,
                    slot: (block, position % BLOCK_TOKENS),
                });
            }
            blocks = (segment.blocks.iter())
                .map(|block| block.index() + 1)
                .fold(blocks, usize::max);
            let heads_together = match segment.tokens.len() {
                1 if few => 1,
                _ => sharing.min(tile_rows_max),
            };
            let rows_together = (tile_rows_max / heads_together).max(1);
            for start in (first_row..rows.len()).step_by(rows_together) {
                for head in (0..sharing).step_by(heads_together) {
                    tiles.push(Tile {
                        segment,
                        rows: start..(start + rows_together).min(rows.len()),
                        heads: head..(head + heads_together).min(sharing),
                    });
                }
            }
            if segment.wants_logits {
                wanted.push(rows.len() - 1);
            }
        }
        Self {
            rows,
            tiles,
            wanted,
            blocks,
        }
    }
}
