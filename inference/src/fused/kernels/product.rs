//! Products of a few rows of activations with some panels of 16 columns of a weight matrix.
//!
//! Activations of weights in f32 are f32 ([`single`](super::single)), all others are bf16, row by row, seen as pairs of neighbours; weights hold the same pairs of 16 columns side by side, so
//! that one instruction adds 16 x 2 products. Weights with scales are multiplied as the small whole numbers that
//! they are, which bf16 holds exactly, and each group's sum is scaled in f32. [Tiles](super::tiles::product) do otherwise.

use std::arch::x86_64::*;

use super::super::cpu::Avx512Bf16;
use super::LANES;
use super::single::{self, SingleLine, SingleRows};
use super::tiles::ROWS_MAX;

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

/// Panels of the widest chunk.
pub(crate) const PANELS_MAX: usize = 4;

/// What a tile is computed into: row by row, `panels * 16` numbers each.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Tile(pub(crate) [f32; ROWS_MAX * PANELS_MAX * LANES]);

const _: () = assert!(TILE_MAX <= ROWS_MAX * PANELS_MAX);

/// Some rows of activations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TileRows<'a> {
    pub(crate) numbers: Numbers<'a>,
    pub(crate) rows: usize,
    /// Numbers of a row.
    pub(crate) depth: usize,
}

/// Numbers of rows, from the first row on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Numbers<'a> {
    Single(&'a [f32]),
    Pairs {
        /// bf16 pairs.
        pairs: &'a [u32],
        /// Sums of each group of 32.
        sums: &'a [f32],
    },
}

/// Some panels that lie one behind the other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Panels<'a> {
    Single(&'a [SingleLine]),
    Dense(&'a [PairLine]),
    FourBit(&'a [FourBitGroup]),
    EightBit(&'a [EightBitGroup]),
}

/// What becomes of weights that were turned into bf16: the second and every later tile of the same panels finds them done.
#[derive(Debug)]
pub(crate) enum Unpacked<'a> {
    /// There is but one tile.
    Once,
    /// The first tile of several leaves them here: half as many lines for each panel as it is deep.
    Keep(&'a mut [PairLine]),
    /// Left by the first tile.
    Kept {
        lines: &'a [PairLine],
        /// The weights behind these ones are the next to be unpacked, and may be asked for now.
        next_soon: bool,
    },
}

/// The same for kernels.
const ONCE: u8 = 0;
const KEEP: u8 = 1;
const KEPT: u8 = 2;

/// Computes a tile of `input.rows` rows and `panels` panels.
pub(crate) fn compute(
    cpu: Avx512Bf16,
    input: TileRows<'_>,
    weights: Panels<'_>,
    panels: usize,
    unpacked: Unpacked<'_>,
    tile: &mut Tile,
) {
    let TileRows {
        numbers,
        rows,
        depth,
    } = input;
    let size = (rows, panels);
    assert!(rows * panels <= TILE_MAX && rows > 0 && panels > 0);
    let (pairs, sums) = match (numbers, weights) {
        (Numbers::Single(numbers), Panels::Single(lines)) => {
            let rows = SingleRows {
                numbers,
                stride: depth,
                rows,
                depth,
            };
            return single::compute(cpu, rows, lines, panels, &mut tile.0, panels * LANES);
        }
        (Numbers::Pairs { pairs, sums }, _) => (pairs, sums),
        (Numbers::Single(_), _) => unreachable!("rows in f32 are multiplied with weights in f32"),
    };
    assert!(pairs.len() >= rows * depth / 2);
    let (pairs, out) = (pairs.as_ptr(), tile.0.as_mut_ptr());
    let depth_groups = depth / GROUP;
    let kept_len = panels * depth_groups * GROUP / 2;
    let (variant, kept) = match unpacked {
        Unpacked::Once => (ONCE, std::ptr::null_mut()),
        Unpacked::Keep(lines) => {
            assert!(lines.len() >= kept_len);
            (KEEP, lines.as_mut_ptr())
        }
        Unpacked::Kept { lines, .. } => {
            assert!(lines.len() >= kept_len);
            // It is only read then.
            (KEPT, lines.as_ptr().cast_mut())
        }
    };
    match weights {
        Panels::Single(_) => unreachable!("weights in f32 are multiplied with rows in f32"),
        Panels::Dense(lines) => {
            assert!(lines.len() >= panels * depth / 2);
            // SAFETY: the processor has the instructions; the assertions hold rows, weights and tile to their sizes.
            unsafe { dense(size, pairs, depth / 2, lines.as_ptr(), out) }
        }
        Panels::FourBit(groups) => {
            assert!(groups.len() >= panels * depth_groups && sums.len() >= rows * depth_groups);
            let (sums, groups) = (sums.as_ptr(), groups.as_ptr());
            // SAFETY: as above, for the sums of groups, and for what is kept.
            unsafe {
                four_bit(
                    size,
                    variant,
                    (pairs, sums),
                    depth_groups,
                    groups,
                    kept,
                    out,
                )
            }
        }
        Panels::EightBit(groups) => {
            assert!(groups.len() >= panels * depth_groups);
            let groups = groups.as_ptr();
            // SAFETY: as above.
            unsafe { eight_bit(size, variant, pairs, depth_groups, groups, kept, out) }
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn dense(
    (rows, panels): (usize, usize),
    pairs: *const u32,
    steps: usize,
    lines: *const PairLine,
    out: *mut f32,
) {
    for_size!(rows, panels, dense_tile, pairs, steps, lines, out)
}

/// Calls the tile of a kernel for what is kept of the weights, and for its size.
macro_rules! for_variant {
    ($variant:expr, $rows:expr, $panels:expr, $tile:ident, $($argument:expr),*) => {
        match $variant {
            ONCE => for_size!($rows, $panels, $tile[ONCE], $($argument),*),
            KEEP => for_size!($rows, $panels, $tile[KEEP], $($argument),*),
            _ => for_size!($rows, $panels, $tile[KEPT], $($argument),*),
        }
    };
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn four_bit(
    (rows, panels): (usize, usize),
    variant: u8,
    input: (*const u32, *const f32),
    depth_groups: usize,
    groups: *const FourBitGroup,
    kept: *mut PairLine,
    out: *mut f32,
) {
    for_variant!(
        variant,
        rows,
        panels,
        four_bit_tile,
        input,
        depth_groups,
        groups,
        kept,
        out
    )
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn eight_bit(
    (rows, panels): (usize, usize),
    variant: u8,
    pairs: *const u32,
    depth_groups: usize,
    groups: *const EightBitGroup,
    kept: *mut PairLine,
    out: *mut f32,
) {
    for_variant!(
        variant,
        rows,
        panels,
        eight_bit_tile,
        pairs,
        depth_groups,
        groups,
        kept,
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

/// What [`nibble_pairs`] looks nibbles up in.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn nibble_table() -> __m512i {
    // SAFETY: 64 aligned bytes.
    unsafe { _mm512_load_si512(NIBBLES.0.as_ptr().cast()) }
}

/// The pairs of the lowest nibbles, which then are gone.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn nibble_pairs(packed: &mut __m512i, table: __m512i) -> __m512i {
    let pairs = _mm512_permutexvar_epi16(*packed, table);
    *packed = _mm512_srli_epi16::<4>(*packed);
    pairs
}

/// The pairs of the lower (0) or the upper (1) bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn byte_pairs(packed: __m512i, byte: usize) -> __m512i {
    let upper = _mm512_set1_epi32(0xffff_0000_u32 as i32);
    // The byte of the even and of the odd weight of each pair, to the top, and down again with its sign.
    let (even, odd) = match byte {
        0 => (
            _mm512_slli_epi32::<24>(packed),
            _mm512_slli_epi32::<8>(packed),
        ),
        _ => (_mm512_slli_epi32::<16>(packed), packed),
    };
    let float = |bits| _mm512_castps_si512(_mm512_cvtepi32_ps(_mm512_srai_epi32::<24>(bits)));
    // Whole numbers of eight bits need no rounding: the upper half of an f32 is the bf16.
    let even = _mm512_srli_epi32::<16>(float(even));
    _mm512_or_si512(even, _mm512_and_si512(float(odd), upper))
}

/// The line of pairs at a place of what is kept: read from there, or unpacked, and left there if others need it.
///
/// # Safety
/// The line is there, unless the variant is `ONCE`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn line_of<const VARIANT: u8>(
    kept: *mut PairLine,
    place: usize,
    unpack: impl FnOnce() -> __m512i,
) -> __m512bh {
    if VARIANT == KEPT {
        // SAFETY: the caller's promise; lines are aligned.
        return as_pairs(unsafe { _mm512_load_si512(kept.add(place).cast()) });
    }
    let pairs = unpack();
    if VARIANT == KEEP {
        // SAFETY: as above.
        unsafe { _mm512_store_si512(kept.add(place).cast(), pairs) };
    }
    as_pairs(pairs)
}

/// # Safety
/// `R` rows of `depth_groups` groups of 16 pairs and as many sums, `P` panels of `depth_groups` groups, a tile of that size and,
/// unless the variant is `ONCE`, 16 lines for each group of each panel are there.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn four_bit_tile<const R: usize, const P: usize, const VARIANT: u8>(
    (pairs, input_sums): (*const u32, *const f32),
    depth_groups: usize,
    groups: *const FourBitGroup,
    kept: *mut PairLine,
    out: *mut f32,
) {
    let table = nibble_table();
    let steps = depth_groups * GROUP / 2;
    let mut sums = [[_mm512_setzero_ps(); P]; R];
    for g in 0..depth_groups {
        let mut group_sums = [[_mm512_setzero_ps(); P]; R];
        for line in 0..4 {
            let mut packed = [_mm512_setzero_si512(); P];
            if VARIANT != KEPT {
                for (p, packed) in packed.iter_mut().enumerate() {
                    // SAFETY: group `g` of panel `p` is there; its lines are 64 bytes each and aligned.
                    *packed = unsafe {
                        let group = groups.add(p * depth_groups + g);
                        _mm512_load_si512((&raw const (*group).nibbles[line]).cast())
                    };
                }
            }
            for nibble in 0..4 {
                let step = g * GROUP / 2 + line * 4 + nibble;
                let mut weights = [as_pairs(_mm512_setzero_si512()); P];
                for (p, (weight, packed)) in weights.iter_mut().zip(&mut packed).enumerate() {
                    // SAFETY: the caller's promise.
                    *weight = unsafe {
                        line_of::<VARIANT>(kept, p * steps + step, || nibble_pairs(packed, table))
                    };
                }
                for (r, row) in group_sums.iter_mut().enumerate() {
                    // SAFETY: this pair of row `r` is there.
                    let pair = unsafe { broadcast(pairs.add(r * steps + step)) };
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
unsafe fn eight_bit_tile<const R: usize, const P: usize, const VARIANT: u8>(
    pairs: *const u32,
    depth_groups: usize,
    groups: *const EightBitGroup,
    kept: *mut PairLine,
    out: *mut f32,
) {
    let steps = depth_groups * GROUP / 2;
    let mut sums = [[_mm512_setzero_ps(); P]; R];
    for g in 0..depth_groups {
        let mut group_sums = [[_mm512_setzero_ps(); P]; R];
        for line in 0..8 {
            let mut packed = [_mm512_setzero_si512(); P];
            if VARIANT != KEPT {
                for (p, packed) in packed.iter_mut().enumerate() {
                    // SAFETY: group `g` of panel `p` is there; its lines are 64 bytes each and aligned.
                    *packed = unsafe {
                        let group = groups.add(p * depth_groups + g);
                        _mm512_load_si512((&raw const (*group).bytes[line]).cast())
                    };
                }
            }
            for byte in 0..2 {
                let step = g * GROUP / 2 + line * 2 + byte;
                let mut weights = [as_pairs(_mm512_setzero_si512()); P];
                for (p, (weight, packed)) in weights.iter_mut().zip(packed).enumerate() {
                    // SAFETY: the caller's promise.
                    *weight = unsafe {
                        line_of::<VARIANT>(kept, p * steps + step, || byte_pairs(packed, byte))
                    };
                }
                for (r, row) in group_sums.iter_mut().enumerate() {
                    // SAFETY: this pair of row `r` is there.
                    let pair = unsafe { broadcast(pairs.add(r * steps + step)) };
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
