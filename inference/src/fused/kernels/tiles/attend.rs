//! Attention on tiles: up to 16 query rows over the blocks of one key-value head, which lie as tiles read them.

use std::arch::x86_64::*;

use super::super::LANES;
use super::super::attend::{HeadBlocks, QueryRow, ROWS_THAT_WAIT, Scratch, ask_ahead, soften};
use super::{Blocks, PAIRS, PairRows, ROW_BYTES, ROWS_MAX, TOKEN_PAIRS, Tiles};
use super::{add_up_four, add_up_two, multiply_parts};

/// Whether heads so wide can be attended on tiles.
pub(crate) fn fits(width_pairs: usize) -> bool {
    width_pairs.is_multiple_of(PAIRS)
}

/// Computes the attention of up to [`ROWS_MAX`] rows into `output`.
///
/// # Safety
/// The processor has the instructions, and the sizes are those that [`attend`](super::super::attend::attend) asserts; scores
/// and shares have room for all rows and tokens.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(in crate::fused) unsafe fn attend_rows(
    tiles: &mut Tiles,
    head: HeadBlocks<'_>,
    rows: &[QueryRow<'_>],
    scale: f32,
    scratch: &mut Scratch,
    output: &mut [f32],
) {
    assert!(rows.len() <= ROWS_MAX && fits(head.width_pairs));
    tiles.set_up(rows.len());
    let blocks = head.key_places.len();
    let tokens = blocks * LANES;
    let queries = &mut scratch.queries;
    queries.clear();
    for row in rows {
        queries.extend_from_slice(row.query);
    }
    let queries = PairRows {
        start: scratch.queries.as_ptr(),
        stride: head.width_pairs * size_of::<u32>(),
    };
    for (block, place) in head.key_places.iter().enumerate() {
        if rows.len() <= ROWS_THAT_WAIT {
            ask_ahead(&head, block);
        }
        // SAFETY: the tiles are set up; the keys of the block are there, as many lines as a query has pairs, and so are the
        // scores of the block in each row.
        unsafe {
            let scores = scratch.scores.as_mut_ptr().add(block * LANES);
            multiply_parts(
                queries,
                head.keys.as_ptr().add(*place),
                head.width_pairs / PAIRS,
                (scores, tokens * size_of::<f32>()),
            );
        }
    }
    let mut inverses = [0.0; ROWS_MAX];
    for (r, (inverse, row)) in inverses.iter_mut().zip(rows).enumerate() {
        // SAFETY: the caller's promise: scores and shares have room for all rows.
        *inverse = unsafe {
            let scores = scratch.scores.as_ptr().add(r * tokens);
            let shares = scratch.shares.as_mut_ptr().add(r * tokens / 2);
            soften(scores, shares, tokens, row, scale)
        };
    }
    let end = rows.iter().map(|row| row.to).max().unwrap_or(0);
    find_values(head, end, scratch);
    let line = head.value_vectors * LANES * size_of::<u32>();
    let shares = PairRows {
        start: scratch.shares.as_ptr(),
        stride: tokens / 2 * size_of::<u32>(),
    };
    let values = Blocks {
        pointers: scratch.values.as_ptr(),
        // Of a last block of which no row sees a token there would be nothing to add.
        count: scratch.values.len(),
        stride: line,
    };
    let mut vector = 0;
    while vector < head.value_vectors {
        // SAFETY: the tiles are set up; shares and values of all blocks are there, and room for the sums: a width that fits is an
        // even number of vectors.
        unsafe {
            let sums = (output.as_mut_ptr().add(vector * LANES), line);
            if head.value_vectors - vector >= 4 {
                add_up_four(shares, values, vector * ROW_BYTES, sums);
                vector += 4;
            } else {
                add_up_two(shares, values, vector * ROW_BYTES, sums);
                vector += 2;
            }
        }
    }
    for (row, inverse) in output
        .chunks_exact_mut(head.value_vectors * LANES)
        .zip(inverses)
    {
        for sums in row.chunks_exact_mut(LANES) {
            // SAFETY: 16 numbers.
            unsafe {
                let sum = _mm512_loadu_ps(sums.as_ptr());
                _mm512_storeu_ps(
                    sums.as_mut_ptr(),
                    _mm512_mul_ps(sum, _mm512_set1_ps(inverse)),
                );
            }
        }
    }
}

/// Notes where the values of the blocks up to `end` lie: of the last block in a copy, if that holds tokens from `end` on, whose
/// places may hold anything, of which even nothing could be no number.
fn find_values(head: HeadBlocks<'_>, end: usize, scratch: &mut Scratch) {
    let pairs = head.value_vectors * LANES;
    let blocks = &head.value_places[..end.div_ceil(LANES)];
    scratch.values.clear();
    let pointers = blocks.iter().map(|place| head.values[*place..].as_ptr());
    scratch.values.extend(pointers);
    let seen = end % LANES;
    if seen == 0 {
        return;
    }
    let last = blocks[blocks.len() - 1];
    scratch.last_block.clear();
    scratch
        .last_block
        .extend_from_slice(&head.values[last..][..seen.div_ceil(2) * pairs]);
    if seen % 2 == 1 {
        for pair in &mut scratch.last_block[seen / 2 * pairs..] {
            *pair &= 0xffff;
        }
    }
    scratch.last_block.resize(TOKEN_PAIRS * pairs, 0);
    scratch.values.pop();
    scratch.values.push(scratch.last_block.as_ptr());
}
