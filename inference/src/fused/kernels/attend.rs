//! Attention of some query rows over the blocks of one key-value head, which are read where they lie.
//!
//! A block holds 16 tokens, one in each lane: keys as pairs of neighbouring numbers of the 16 tokens, values as the pairs of
//! neighbouring tokens of each number.

use std::arch::x86_64::*;

use super::super::cpu::Avx512Bf16;
use super::product::as_pairs;
use super::tiles::{self, Tiles};
use super::{LANES, exp, first_lanes};
use crate::decoder::BLOCK_TOKENS;

const _: () = assert!(BLOCK_TOKENS == LANES);

/// Query rows that one call computes in vectors.
const VECTOR_ROWS_MAX: usize = 6;

/// Query rows of heads of so many pairs that one call computes.
pub(crate) fn rows_max(cpu: Avx512Bf16, width_pairs: usize) -> usize {
    match cpu.amx() {
        Some(_) if tiles::attend::fits(width_pairs) => tiles::ROWS_MAX,
        _ => VECTOR_ROWS_MAX,
    }
}

/// The keys and values of one head in one layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadBlocks<'a> {
    /// bf16 pairs of all blocks of the layer.
    pub(crate) keys: &'a [u32],
    pub(crate) values: &'a [u32],
    /// Where the head's part of each of the sequence's blocks begins in them: one for each block that is looked at.
    pub(crate) key_places: &'a [usize],
    pub(crate) value_places: &'a [usize],
    /// Pairs of a head's width.
    pub(crate) width_pairs: usize,
    /// Vectors of 16 that values are filled up to.
    pub(crate) value_vectors: usize,
}

/// With so few rows attention waits for memory, not for arithmetic, and asks for what comes next beforehand.
pub(super) const ROWS_THAT_WAIT: usize = 3;

/// Blocks whose keys are asked for before their turn: 2 KB each where a head is 64 wide.
const BLOCKS_AHEAD: usize = 4;

/// One query row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueryRow<'a> {
    /// bf16 pairs.
    pub(crate) query: &'a [u32],
    /// It sees the tokens from this one on (counted from the first block looked at)
    pub(crate) from: usize,
    /// up to but without this one.
    pub(crate) to: usize,
}

/// Room for intermediate results, to be used again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(super) scores: Vec<f32>,
    /// bf16 pairs of neighbouring tokens.
    pub(super) shares: Vec<u32>,
    /// bf16 pairs of the queries, one row behind the other, for tiles only, as what follows.
    pub(super) queries: Vec<u32>,
    /// Where the values of each block lie while a call lasts.
    pub(super) values: Vec<*const u32>,
    /// The values of a block that has no values for all of its tokens.
    pub(super) last_block: Vec<u32>,
}

/// Computes the attention of up to [`rows_max`] rows; `output` gets `value_vectors * 16` numbers a row.
pub(crate) fn attend(
    cpu: Avx512Bf16,
    head: HeadBlocks<'_>,
    rows: &[QueryRow<'_>],
    scale: f32,
    scratch: &mut Scratch,
    output: &mut [f32],
) {
    let blocks = head.key_places.len();
    assert!((1..=rows_max(cpu, head.width_pairs)).contains(&rows.len()));
    assert!(blocks == head.value_places.len());
    assert!(head.width_pairs.is_multiple_of(2));
    assert!(output.len() == rows.len() * head.value_vectors * LANES);
    let (key_pairs, value_pairs) = (
        head.width_pairs * LANES,
        head.value_vectors * LANES * LANES / 2,
    );
    let within = |places: &[usize], pairs: usize, all: &[u32]| {
        places
            .iter()
            .all(|place| place.checked_add(pairs).is_some_and(|end| end <= all.len()))
    };
    assert!(
        within(head.key_places, key_pairs, head.keys)
            && within(head.value_places, value_pairs, head.values)
    );
    for row in rows {
        assert!(row.query.len() == head.width_pairs);
        assert!(row.from < row.to && row.to <= blocks * LANES);
    }
    scratch.scores.resize(rows.len() * blocks * LANES, 0.0);
    scratch.shares.resize(rows.len() * blocks * LANES / 2, 0);
    // SAFETY: the processor has the instructions; the assertions hold queries, blocks, scratch and output to their sizes.
    unsafe {
        if let Some(amx) = cpu.amx()
            && tiles::attend::fits(head.width_pairs)
        {
            let tiles = &mut Tiles::new(amx);
            return tiles::attend::attend_rows(tiles, head, rows, scale, scratch, output);
        }
        match rows.len() {
            1 => attend_rows::<1>(head, rows, scale, scratch, output),
            2 => attend_rows::<2>(head, rows, scale, scratch, output),
            3 => attend_rows::<3>(head, rows, scale, scratch, output),
            4 => attend_rows::<4>(head, rows, scale, scratch, output),
            5 => attend_rows::<5>(head, rows, scale, scratch, output),
            _ => attend_rows::<6>(head, rows, scale, scratch, output),
        }
    }
}

/// # Safety
/// The sizes are those that [`attend`] asserts.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn attend_rows<const R: usize>(
    head: HeadBlocks<'_>,
    rows: &[QueryRow<'_>],
    scale: f32,
    scratch: &mut Scratch,
    output: &mut [f32],
) {
    let tokens = head.key_places.len() * LANES;
    let (scores, shares) = (scratch.scores.as_mut_ptr(), scratch.shares.as_mut_ptr());
    // SAFETY: the caller's promise, for all three; scores and shares have room for R rows of all tokens.
    unsafe {
        score::<R>(head, rows, scores);
        let mut inverses = [0.0; R];
        for (r, (inverse, row)) in inverses.iter_mut().zip(rows).enumerate() {
            *inverse = soften(
                scores.add(r * tokens),
                shares.add(r * tokens / 2),
                tokens,
                row,
                scale,
            );
        }
        let mut vector = 0;
        while vector < head.value_vectors {
            let step = match head.value_vectors - vector {
                1 => 1,
                2 | 3 => 2,
                _ => 4,
            };
            match step {
                1 => add_up::<R, 1>(head, vector, rows, shares, &inverses, output),
                2 => add_up::<R, 2>(head, vector, rows, shares, &inverses, output),
                _ => add_up::<R, 4>(head, vector, rows, shares, &inverses, output),
            }
            vector += step;
        }
    }
}

/// Asks for so many vectors from a place on, which are needed soon.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn ask_for<const HINT: i32>(all: &[u32], place: usize, vectors: usize) {
    for vector in 0..vectors {
        // Nothing is read by this, so any address will do.
        let at = all.as_ptr().wrapping_add(place + vector * LANES);
        _mm_prefetch::<HINT>(at.cast());
    }
}

/// Asks for the values of a block, which are looked at when all scores are known, and for the keys of a later one.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn ask_ahead(head: &HeadBlocks<'_>, block: usize) {
    if block == 0 {
        for place in head.key_places.iter().take(BLOCKS_AHEAD) {
            ask_for::<_MM_HINT_T0>(head.keys, *place, head.width_pairs);
        }
    }
    if let Some(later) = head.key_places.get(block + BLOCKS_AHEAD) {
        ask_for::<_MM_HINT_T0>(head.keys, *later, head.width_pairs);
    }
    ask_for::<_MM_HINT_T1>(
        head.values,
        head.value_places[block],
        head.value_vectors * LANES / 2,
    );
}

/// Products of queries and keys.
///
/// # Safety
/// As of [`attend_rows`]; `scores` has room for `R` rows of all tokens.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn score<const R: usize>(head: HeadBlocks<'_>, rows: &[QueryRow<'_>], scores: *mut f32) {
    let tokens = head.key_places.len() * LANES;
    let mut queries = [std::ptr::null(); R];
    for (query, row) in queries.iter_mut().zip(rows) {
        *query = row.query.as_ptr();
    }
    for (block, place) in head.key_places.iter().enumerate() {
        if R <= ROWS_THAT_WAIT {
            ask_ahead(&head, block);
        }
        // Two sums each, of even and of odd pairs, since one would wait for itself.
        let mut sums = [[_mm512_setzero_ps(); 2]; R];
        for pair in (0..head.width_pairs).step_by(2) {
            for half in 0..2 {
                // SAFETY: the head's keys of the block are there.
                let keys = unsafe { head.keys.as_ptr().add(place + (pair + half) * LANES) };
                // SAFETY: as above.
                let keys = as_pairs(unsafe { _mm512_loadu_si512(keys.cast()) });
                for (sums, query) in sums.iter_mut().zip(queries) {
                    // SAFETY: a query has as many pairs.
                    let query =
                        as_pairs(_mm512_set1_epi32(unsafe { *query.add(pair + half) } as i32));
                    sums[half] = _mm512_dpbf16_ps(sums[half], keys, query);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            let sum = _mm512_add_ps(sums[0], sums[1]);
            // SAFETY: there is room for R rows of all tokens.
            unsafe { _mm512_storeu_ps(scores.add(r * tokens + block * LANES), sum) };
        }
    }
}

/// The exponentials of a row of scores, times `scale` and against the greatest, as bf16, and nought for what the row does not
/// see; gives the inverse of their sum.
///
/// # Safety
/// `scores` has `tokens` numbers, a multiple of 16, and `shares` room for half as many pairs.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) unsafe fn soften(
    scores: *const f32,
    shares: *mut u32,
    tokens: usize,
    row: &QueryRow<'_>,
    scale: f32,
) -> f32 {
    let scale = _mm512_set1_ps(scale);
    let seen_at = |at: usize| {
        first_lanes(row.to.saturating_sub(at)) & !first_lanes(row.from.saturating_sub(at))
    };
    let mut greatest = _mm512_set1_ps(f32::NEG_INFINITY);
    for at in (0..tokens).step_by(LANES) {
        // SAFETY: the caller's promise.
        let score = _mm512_mul_ps(unsafe { _mm512_loadu_ps(scores.add(at)) }, scale);
        greatest = _mm512_mask_max_ps(greatest, seen_at(at), greatest, score);
    }
    let greatest = _mm512_set1_ps(_mm512_reduce_max_ps(greatest));
    let mut sum = _mm512_setzero_ps();
    for at in (0..tokens).step_by(LANES) {
        // SAFETY: the caller's promise.
        let score = _mm512_mul_ps(unsafe { _mm512_loadu_ps(scores.add(at)) }, scale);
        let difference = _mm512_sub_ps(score, greatest);
        let seen = seen_at(at);
        let power = _mm512_maskz_mov_ps(seen, exp(difference));
        // What is not a number stays so.
        let unknown = _mm512_mask_cmp_ps_mask::<_CMP_UNORD_Q>(seen, difference, difference);
        let power = _mm512_mask_mov_ps(power, unknown, difference);
        sum = _mm512_add_ps(sum, power);
        // SAFETY: both types are 32 bytes of any bits; half as many pairs as tokens have room.
        unsafe {
            let rounded = std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(power));
            _mm256_storeu_si256(shares.add(at / 2).cast(), rounded);
        }
    }
    1.0 / _mm512_reduce_add_ps(sum)
}

/// The values of all tokens by their shares, for `V` vectors from `vector` on.
///
/// # Safety
/// As of [`attend_rows`]; `shares` has `R` rows of pairs of all tokens.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn add_up<const R: usize, const V: usize>(
    head: HeadBlocks<'_>,
    vector: usize,
    rows: &[QueryRow<'_>],
    shares: *const u32,
    inverses: &[f32; R],
    output: &mut [f32],
) {
    let row_pairs = head.value_places.len() * LANES / 2;
    let end = rows.iter().map(|row| row.to).max().unwrap_or(0);
    let mut sums = [[_mm512_setzero_ps(); V]; R];
    for (block, place) in head.value_places.iter().enumerate() {
        for pair in 0..LANES / 2 {
            let token = block * LANES + pair * 2;
            if token >= end {
                break;
            }
            let mut values = [as_pairs(_mm512_setzero_si512()); V];
            for (v, values) in values.iter_mut().enumerate() {
                let at = place + (pair * head.value_vectors + vector + v) * LANES;
                // SAFETY: the head's values of the block are there.
                let both = unsafe { _mm512_loadu_si512(head.values.as_ptr().add(at).cast()) };
                // The place of a token that is not there yet may hold anything, of which even nothing could be no number.
                let known = if token + 1 < end {
                    u32::MAX
                } else {
                    0x5555_5555
                };
                *values = as_pairs(_mm512_maskz_mov_epi16(known, both));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                // SAFETY: the shares of row `r` are there.
                let share = unsafe { *shares.add(r * row_pairs + block * LANES / 2 + pair) };
                let share = as_pairs(_mm512_set1_epi32(share as i32));
                for (sum, values) in sums.iter_mut().zip(values) {
                    *sum = _mm512_dpbf16_ps(*sum, values, share);
                }
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        for (v, sum) in sums.iter().enumerate() {
            let at = (r * head.value_vectors + vector + v) * LANES;
            let place = &mut output[at..at + LANES];
            // SAFETY: 16 numbers.
            unsafe {
                _mm512_storeu_ps(
                    place.as_mut_ptr(),
                    _mm512_mul_ps(*sum, _mm512_set1_ps(inverses[r])),
                )
            };
        }
    }
}

#[cfg(test)]
mod tests;
