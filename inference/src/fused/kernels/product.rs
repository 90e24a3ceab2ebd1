//! Products of a few rows of activations with some panels of 16 columns of a weight matrix.
//!
//! Activations are bf16, row by row, seen as pairs of neighbours; weights hold the same pairs of 16 columns side by side, so
//! that one instruction adds 16 x 2 products. Weights with scales are multiplied as the small whole numbers that
//! they are, which bf16 holds exactly, and each group's sum is scaled in f32.

use std::arch::x86_64::*;

use super::super::cpu::Avx512Bf16;
use super::LANES;

/// 32 bf16 numbers: a pair of each of 16 columns.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct PairLine(pub(crate) [u16; 32]);

/// 32 rows deep of 16 columns in four bits. Nibble `j` of number `2 column + e` of line `l` is weight `2 (4 l + j) + e`.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct FourBitGroup {
    pub(crate) nibbles: [[u16; 32]; 4],
    /// f16; x = scale q + minimum.
    pub(crate) scales: [u16; LANES],
    pub(crate) minima: [u16; LANES],
}

/// 32 rows deep of 16 columns in eight bits. Byte `j` of number `2 column + e` of line `l` is weight `2 (2 l + j) + e`.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct EightBitGroup {
    pub(crate) bytes: [[u16; 32]; 8],
    /// x = scale q.
    pub(crate) scales: [f32; LANES],
}

/// Depth of a group.
pub(crate) const GROUP: usize = 32;

/// Rows times panels that one call computes, so that all sums stay in registers.
pub(crate) const TILE_MAX: usize = 24;

/// What a tile is computed into: row by row, `panels * 16` numbers each.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Tile(pub(crate) [f32; TILE_MAX * LANES]);

/// Some rows of activations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TileRows<'a> {
    /// bf16 pairs of the first row on.
    pub(crate) pairs: &'a [u32],
    /// Sums of each group of 32, from the first row on.
    pub(crate) sums: &'a [f32],
    pub(crate) rows: usize,
    /// Numbers of a row.
    pub(crate) depth: usize,
}

/// Some panels that lie one behind the other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Panels<'a> {
    Dense(&'a [PairLine]),
    FourBit(&'a [FourBitGroup]),
    EightBit(&'a [EightBitGroup]),
}

/// Computes a tile of `rows.rows` rows and `panels` panels.
pub(crate) fn compute(
    _: Avx512Bf16,
    rows: TileRows<'_>,
    weights: Panels<'_>,
    panels: usize,
    tile: &mut Tile,
) {
    let TileRows {
        pairs,
        sums,
        rows,
        depth,
    } = rows;
    assert!(rows * panels <= TILE_MAX && rows > 0 && panels > 0);
    assert!(pairs.len() >= rows * depth / 2);
    let out = tile.0.as_mut_ptr();
    match weights {
        Panels::Dense(lines) => {
            assert!(lines.len() >= panels * depth / 2);
            // SAFETY: the processor has the instructions; the assertions hold rows, weights and tile to their sizes.
            unsafe { dense(rows, panels, pairs.as_ptr(), depth / 2, lines.as_ptr(), out) }
        }
        Panels::FourBit(groups) => {
            let depth_groups = depth / GROUP;
            assert!(groups.len() >= panels * depth_groups && sums.len() >= rows * depth_groups);
            // SAFETY: as above, and for the sums of groups.
            unsafe {
                four_bit(
                    rows,
                    panels,
                    pairs.as_ptr(),
                    sums.as_ptr(),
                    depth_groups,
                    groups.as_ptr(),
                    out,
                )
            }
        }
        Panels::EightBit(groups) => {
            let depth_groups = depth / GROUP;
            assert!(groups.len() >= panels * depth_groups);
            // SAFETY: as above.
            unsafe {
                eight_bit(
                    rows,
                    panels,
                    pairs.as_ptr(),
                    depth_groups,
                    groups.as_ptr(),
                    out,
                )
            }
        }
    }
}

/// Calls a kernel that is compiled for each number of rows and panels that a tile may have.
macro_rules! for_size {
    ($rows:expr, $panels:expr, $kernel:ident, $($argument:expr),*) => {
        for_size!(@ $rows, $panels, $kernel, ($($argument),*),
            [1 1] [2 1] [3 1] [4 1] [5 1] [6 1] [7 1] [8 1] [9 1] [10 1] [11 1] [12 1]
            [1 2] [2 2] [3 2] [4 2] [5 2] [6 2] [7 2] [8 2] [9 2] [10 2] [11 2] [12 2]
            [1 3] [2 3] [3 3] [4 3] [5 3] [6 3] [7 3] [8 3]
            [1 4] [2 4] [3 4] [4 4] [5 4] [6 4])
    };
    (@ $rows:expr, $panels:expr, $kernel:ident, $arguments:tt, $([$r:literal $p:literal])*) => {
        match ($rows, $panels) {
            $(($r, $p) => for_size!(@call $kernel, $r, $p, $arguments),)*
            (rows, panels) => unreachable!("no tile has {rows} rows of {panels} panels"),
        }
    };
    (@call $kernel:ident, $r:literal, $p:literal, ($($argument:expr),*)) => {
        // SAFETY: the caller's promises are those of the kernel.
        unsafe { $kernel::<$r, $p>($($argument),*) }
    };
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn dense(
    rows: usize,
    panels: usize,
    pairs: *const u32,
    steps: usize,
    lines: *const PairLine,
    out: *mut f32,
) {
    for_size!(rows, panels, dense_tile, pairs, steps, lines, out)
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn four_bit(
    rows: usize,
    panels: usize,
    pairs: *const u32,
    sums: *const f32,
    depth_groups: usize,
    groups: *const FourBitGroup,
    out: *mut f32,
) {
    for_size!(
        rows,
        panels,
        four_bit_tile,
        pairs,
        sums,
        depth_groups,
        groups,
        out
    )
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn eight_bit(
    rows: usize,
    panels: usize,
    pairs: *const u32,
    depth_groups: usize,
    groups: *const EightBitGroup,
    out: *mut f32,
) {
    for_size!(
        rows,
        panels,
        eight_bit_tile,
        pairs,
        depth_groups,
        groups,
        out
    )
}

/// A pair of activations in every lane.
///
/// # Safety
/// `pair` can be read.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn broadcast(pair: *const u32) -> __m512bh {
    // SAFETY: the caller's promise; both types are 64 bytes of any bits.
    unsafe { as_pairs(_mm512_set1_epi32(*pair as i32)) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn as_pairs(bits: __m512i) -> __m512bh {
    // SAFETY: both types are 64 bytes of any bits.
    unsafe { std::mem::transmute::<__m512i, __m512bh>(bits) }
}

/// # Safety
/// `sums` rows of `P` panels fit into `out`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn put<const R: usize, const P: usize>(sums: &[[__m512; P]; R], out: *mut f32) {
    for (r, row) in sums.iter().enumerate() {
        for (p, sum) in row.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { _mm512_storeu_ps(out.add((r * P + p) * LANES), *sum) };
        }
    }
}

/// # Safety
/// `R` rows of `steps` pairs, `P` panels of `steps` lines and a tile of that size are there.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn dense_tile<const R: usize, const P: usize>(
    pairs: *const u32,
    steps: usize,
    lines: *const PairLine,
    out: *mut f32,
) {
    let mut sums = [[_mm512_setzero_ps(); P]; R];
    for step in 0..steps {
        let mut weights = [as_pairs(_mm512_setzero_si512()); P];
        for (p, weight) in weights.iter_mut().enumerate() {
            // SAFETY: line `step` of panel `p` is there.
            *weight = as_pairs(unsafe { _mm512_load_si512(lines.add(p * steps + step).cast()) });
        }
        for (r, row) in sums.iter_mut().enumerate() {
            // SAFETY: pair `step` of row `r` is there.
            let pair = unsafe { broadcast(pairs.add(r * steps + step)) };
            for (sum, weight) in row.iter_mut().zip(weights) {
                *sum = _mm512_dpbf16_ps(*sum, weight, pair);
            }
        }
    }
    // SAFETY: the tile is there.
    unsafe { put(&sums, out) };
}

/// The whole numbers from 0 to 15 as bf16, twice: the fifth bit of an index is of no account.
static NIBBLES: PairLine = PairLine([
    0, 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0, 0x40c0, 0x40e0, 0x4100, 0x4110, 0x4120, 0x4130,
    0x4140, 0x4150, 0x4160, 0x4170, 0, 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0, 0x40c0, 0x40e0,
    0x4100, 0x4110, 0x4120, 0x4130, 0x4140, 0x4150, 0x4160, 0x4170,
]);

/// # Safety
/// `R` rows of `depth_groups` groups of 16 pairs and as many sums, `P` panels of `depth_groups` groups and a tile of that
/// size are there.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn four_bit_tile<const R: usize, const P: usize>(
    pairs: *const u32,
    input_sums: *const f32,
    depth_groups: usize,
    groups: *const FourBitGroup,
    out: *mut f32,
) {
    // SAFETY: 64 aligned bytes.
    let table = unsafe { _mm512_load_si512(NIBBLES.0.as_ptr().cast()) };
    let steps = depth_groups * GROUP / 2;
    let mut sums = [[_mm512_setzero_ps(); P]; R];
    for g in 0..depth_groups {
        let mut group_sums = [[_mm512_setzero_ps(); P]; R];
        for line in 0..4 {
            let mut packed = [_mm512_setzero_si512(); P];
            for (p, packed) in packed.iter_mut().enumerate() {
                // SAFETY: group `g` of panel `p` is there; its lines are 64 bytes each and aligned.
                *packed = unsafe {
                    _mm512_load_si512(
                        (&raw const (*groups.add(p * depth_groups + g)).nibbles[line]).cast(),
                    )
                };
            }
            for nibble in 0..4 {
                let mut weights = [as_pairs(_mm512_setzero_si512()); P];
                for (weight, packed) in weights.iter_mut().zip(&mut packed) {
                    *weight = as_pairs(_mm512_permutexvar_epi16(*packed, table));
                    *packed = _mm512_srli_epi16::<4>(*packed);
                }
                for (r, row) in group_sums.iter_mut().enumerate() {
                    let place = r * steps + g * GROUP / 2 + line * 4 + nibble;
                    // SAFETY: this pair of row `r` is there.
                    let pair = unsafe { broadcast(pairs.add(place)) };
                    for (sum, weight) in row.iter_mut().zip(weights) {
                        *sum = _mm512_dpbf16_ps(*sum, weight, pair);
                    }
                }
            }
        }
        for p in 0..P {
            // SAFETY: as above; scales and minima are 32 bytes each.
            let (scale, minimum) = unsafe {
                let group = groups.add(p * depth_groups + g);
                (
                    _mm512_cvtph_ps(_mm256_loadu_si256((&raw const (*group).scales).cast())),
                    _mm512_cvtph_ps(_mm256_loadu_si256((&raw const (*group).minima).cast())),
                )
            };
            for r in 0..R {
                // SAFETY: the sum of this group of row `r` is there.
                let input_sum = _mm512_set1_ps(unsafe { *input_sums.add(r * depth_groups + g) });
                let sum = _mm512_fmadd_ps(scale, group_sums[r][p], sums[r][p]);
                sums[r][p] = _mm512_fmadd_ps(minimum, input_sum, sum);
            }
        }
    }
    // SAFETY: the tile is there.
    unsafe { put(&sums, out) };
}

/// # Safety
/// As of [`four_bit_tile`], without the sums.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn eight_bit_tile<const R: usize, const P: usize>(
    pairs: *const u32,
    depth_groups: usize,
    groups: *const EightBitGroup,
    out: *mut f32,
) {
    let steps = depth_groups * GROUP / 2;
    let upper = _mm512_set1_epi32(0xffff_0000_u32 as i32);
    let mut sums = [[_mm512_setzero_ps(); P]; R];
    for g in 0..depth_groups {
        let mut group_sums = [[_mm512_setzero_ps(); P]; R];
        for line in 0..8 {
            let mut packed = [_mm512_setzero_si512(); P];
            for (p, packed) in packed.iter_mut().enumerate() {
                // SAFETY: group `g` of panel `p` is there; its lines are 64 bytes each and aligned.
                *packed = unsafe {
                    _mm512_load_si512(
                        (&raw const (*groups.add(p * depth_groups + g)).bytes[line]).cast(),
                    )
                };
            }
            for byte in 0..2 {
                let mut weights = [as_pairs(_mm512_setzero_si512()); P];
                for (weight, packed) in weights.iter_mut().zip(&packed) {
                    // The byte of the even and of the odd weight of each pair, to the top, and down again with its sign.
                    let (even, odd) = match byte {
                        0 => (
                            _mm512_slli_epi32::<24>(*packed),
                            _mm512_slli_epi32::<8>(*packed),
                        ),
                        _ => (_mm512_slli_epi32::<16>(*packed), *packed),
                    };
                    let float = |bits| {
                        _mm512_castps_si512(_mm512_cvtepi32_ps(_mm512_srai_epi32::<24>(bits)))
                    };
                    // Whole numbers of eight bits need no rounding: the upper half of an f32 is the bf16.
                    let even = _mm512_srli_epi32::<16>(float(even));
                    *weight = as_pairs(_mm512_or_si512(even, _mm512_and_si512(float(odd), upper)));
                }
                for (r, row) in group_sums.iter_mut().enumerate() {
                    let place = r * steps + g * GROUP / 2 + line * 2 + byte;
                    // SAFETY: this pair of row `r` is there.
                    let pair = unsafe { broadcast(pairs.add(place)) };
                    for (sum, weight) in row.iter_mut().zip(weights) {
                        *sum = _mm512_dpbf16_ps(*sum, weight, pair);
                    }
                }
            }
        }
        for p in 0..P {
            // SAFETY: as above.
            let scale = unsafe {
                _mm512_loadu_ps((&raw const (*groups.add(p * depth_groups + g)).scales).cast())
            };
            for r in 0..R {
                sums[r][p] = _mm512_fmadd_ps(scale, group_sums[r][p], sums[r][p]);
            }
        }
    }
    // SAFETY: the tile is there.
    unsafe { put(&sums, out) };
}
