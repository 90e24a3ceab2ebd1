//! Products on tiles: up to 16 rows of activations with panels of 16 columns, a group of 32 numbers at a time.
//!
//! Weights of four and eight bits are turned into the numbers that they stand for, rounded to bf16, so that a tile adds up a whole
//! column: to scale the sum of each group by itself, as vectors do, would take three times as long as the products.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::super::product::{
    EightBitGroup, FourBitGroup, GROUP, Numbers, PairLine, Panels, TileRows, Unpacked,
};
use super::{
    PAIRS, PairRows, ROW_BYTES, Tiles, add_products, begin_sums, end_sums, multiply_parts,
};
use crate::fused::kernels::LANES;

/// Groups that are unpacked before their turn, since a tile waits for what is being written.
const AHEAD: usize = 2;
/// How far ahead weights are asked for that were not read before: with one row a panel is over sooner than memory answers.
const BYTES_AHEAD: usize = 4096;
/// Groups whose lines have room where nobody keeps them; more than are unpacked and not yet multiplied.
const RING: usize = 4;

impl Tiles {
    /// Computes a tile of `input.rows` rows of bf16 and `panels` panels of weights that are whole groups deep: row by row, `panels *
    /// 16` numbers each.
    pub(in crate::fused) fn compute(
        &mut self,
        input: TileRows<'_>,
        weights: Panels<'_>,
        panels: usize,
        unpacked: Unpacked<'_>,
        output: &mut [f32],
    ) {
        let TileRows {
            numbers,
            rows,
            depth,
        } = input;
        let Numbers::Pairs { pairs, .. } = numbers else {
            unreachable!("rows in f32 are not multiplied with tiles")
        };
        let depth_groups = depth / GROUP;
        assert!(depth.is_multiple_of(GROUP) && depth > 0);
        assert!(pairs.len() >= rows * depth / 2 && output.len() >= rows * panels * LANES);
        let groups_total = panels * depth_groups;
        let lines_total = groups_total * PAIRS;
        let (kept, groups_ahead) = match unpacked {
            Unpacked::Once => (Kept::Nowhere, Some(0)),
            Unpacked::Keep(lines) => {
                assert!(lines.len() >= lines_total);
                (Kept::Here(lines.as_mut_ptr()), Some(0))
            }
            Unpacked::Kept { lines, next_soon } => {
                assert!(lines.len() >= lines_total);
                let groups_ahead = next_soon.then_some(groups_total);
                (Kept::Before(lines.as_ptr()), groups_ahead)
            }
        };
        self.set_up(rows);
        let job = Job {
            rows: PairRows {
                start: pairs.as_ptr(),
                stride: depth_groups * ROW_BYTES,
            },
            depth_groups,
            panels,
            groups_ahead,
            output: output.as_mut_ptr(),
        };
        // SAFETY: the processor has the instructions, and the tiles have as many rows; the assertions, here and below, hold rows,
        // weights, what is kept of them and the output to their sizes.
        unsafe {
            match weights {
                Panels::Single(_) => unreachable!("weights in f32 are not multiplied with tiles"),
                Panels::Dense(lines) => {
                    assert!(lines.len() >= lines_total);
                    let groups = lines.as_ptr().cast::<DenseGroup>();
                    compute_panels(job, groups, Kept::Before(lines.as_ptr()));
                }
                Panels::FourBit(groups) => {
                    assert!(groups.len() >= groups_total);
                    compute_panels(job, groups.as_ptr(), kept);
                }
                Panels::EightBit(groups) => {
                    assert!(groups.len() >= groups_total);
                    compute_panels(job, groups.as_ptr(), kept);
                }
            }
        }
    }
}

/// Activations, how deep they are, and what they are multiplied into.
#[derive(Clone, Copy)]
struct Job {
    rows: PairRows,
    depth_groups: usize,
    panels: usize,
    /// How far behind a group those weights are that are asked for in its turn, besides [`BYTES_AHEAD`]: none if the next
    /// weights were asked for before.
    groups_ahead: Option<usize>,
    output: *mut f32,
}

/// Where the bf16 of weights is.
#[derive(Clone, Copy)]
enum Kept {
    /// Unpacked for this tile only.
    Nowhere,
    /// To be unpacked to here.
    Here(*mut PairLine),
    /// Here already.
    Before(*const PairLine),
}

/// A group of 16 columns of weights.
trait Group {
    /// Writes the lines of bf16 that the group stands for.
    ///
    /// # Safety
    /// The group can be read, and 16 lines written.
    unsafe fn unpack(group: *const Self, lines: *mut PairLine);
}

/// Lines that need no unpacking.
type DenseGroup = [PairLine; PAIRS];

impl Group for DenseGroup {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn unpack(_: *const Self, _: *mut PairLine) {
        unreachable!("the lines of bf16 weights are there before");
    }
}

impl Group for FourBitGroup {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn unpack(group: *const Self, lines: *mut PairLine) {
        let numbers = _mm512_set_ps(
            15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0,
        );
        // SAFETY: the caller's promise; scales and minima are 32 bytes each.
        let (scales, minima) = unsafe {
            (
                twice(_mm512_cvtph_ps(_mm256_loadu_si256(
                    (&raw const (*group).scales).cast(),
                ))),
                twice(_mm512_cvtph_ps(_mm256_loadu_si256(
                    (&raw const (*group).minima).cast(),
                ))),
            )
        };
        for line in 0..4 {
            // SAFETY: the caller's promise.
            let mut words = unsafe { words_of(&raw const (*group).nibbles[line]) };
            for nibble in 0..4 {
                // A permutation looks at the lowest four bits of each word.
                let weight = |half: usize| {
                    let number = _mm512_permutexvar_ps(words[half], numbers);
                    _mm512_fmadd_ps(number, scales[half], minima[half])
                };
                // SAFETY: the caller's promise.
                unsafe { store_rounded([weight(0), weight(1)], lines.add(line * 4 + nibble)) };
                words = words.map(|words| _mm512_srli_epi32::<4>(words));
            }
        }
    }
}

impl Group for EightBitGroup {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn unpack(group: *const Self, lines: *mut PairLine) {
        // SAFETY: the caller's promise; scales are 64 bytes.
        let scales = twice(unsafe { _mm512_loadu_ps((&raw const (*group).scales).cast()) });
        for line in 0..8 {
            // SAFETY: the caller's promise.
            let words = unsafe { words_of(&raw const (*group).bytes[line]) };
            let weight = |half: usize, upper: __m512i| {
                let number = _mm512_cvtepi32_ps(_mm512_srai_epi32::<24>(upper));
                _mm512_mul_ps(number, scales[half])
            };
            let first = [0, 1].map(|half| weight(half, _mm512_slli_epi32::<24>(words[half])));
            let second = [0, 1].map(|half| weight(half, _mm512_slli_epi32::<16>(words[half])));
            // SAFETY: the caller's promise.
            unsafe {
                store_rounded(first, lines.add(line * 2));
                store_rounded(second, lines.add(line * 2 + 1));
            }
        }
    }
}

/// 32 words of 16 bits as those of 32 that they begin.
///
/// # Safety
/// The words can be read; they lie in one line of the cache.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn words_of(words: *const [u16; 32]) -> [__m512i; 2] {
    let halves = words.cast::<__m256i>();
    // SAFETY: the caller's promise.
    unsafe {
        [
            _mm512_cvtepu16_epi32(_mm256_load_si256(halves)),
            _mm512_cvtepu16_epi32(_mm256_load_si256(halves.add(1))),
        ]
    }
}

/// What belongs to 16 columns, for both numbers of each of their pairs.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn twice(columns: __m512) -> [__m512; 2] {
    let lower = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
    let upper = _mm512_add_epi32(lower, _mm512_set1_epi32(8));
    [
        _mm512_permutexvar_ps(lower, columns),
        _mm512_permutexvar_ps(upper, columns),
    ]
}

/// Writes 32 numbers as a line of bf16.
///
/// # Safety
/// The line can be written.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn store_rounded([lower, upper]: [__m512; 2], line: *mut PairLine) {
    let rounded = _mm512_cvtne2ps_pbh(upper, lower);
    // SAFETY: the caller's promise; both vectors are 64 bytes of any bits, and a line is as many and aligned.
    unsafe {
        let bits = std::mem::transmute::<__m512bh, __m512i>(rounded);
        _mm512_store_si512(line.cast(), bits);
    }
}

/// # Safety
/// The tiles are set up for the rows of the job, and these and its output are there; so are the groups of all panels, and 16 lines
/// for each where they are kept.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn compute_panels<G: Group>(job: Job, groups: *const G, kept: Kept) {
    let ahead = job.groups_ahead;
    // SAFETY: the caller's promise.
    unsafe {
        match kept {
            Kept::Nowhere => {
                let mut ring = MaybeUninit::<[PairLine; RING * PAIRS]>::uninit();
                let lines = Lines {
                    start: ring.as_mut_ptr().cast(),
                    mask: RING - 1,
                };
                compute_asking::<G, true>(job, groups, lines, ahead.unwrap_or(0));
            }
            Kept::Here(lines) => {
                compute_asking::<G, true>(job, groups, Lines::all(lines), ahead.unwrap_or(0));
            }
            Kept::Before(lines) => match ahead {
                // They are only read then.
                Some(ahead) => {
                    let lines = Lines::all(lines.cast_mut());
                    compute_asking::<G, false>(job, groups, lines, ahead);
                }
                None => {
                    for panel in 0..job.panels {
                        let lines = lines.add(panel * job.depth_groups * PAIRS).cast();
                        let output = (job.output.add(panel * LANES), job.panels * ROW_BYTES);
                        multiply_parts(job.rows, lines, job.depth_groups, output);
                    }
                }
            },
        }
    }
}

/// Lines of the groups of a product, of all or, by turns, of a few.
#[derive(Clone, Copy)]
struct Lines {
    start: *mut PairLine,
    /// Of the number of a group.
    mask: usize,
}

impl Lines {
    fn all(start: *mut PairLine) -> Self {
        Self {
            start,
            mask: usize::MAX,
        }
    }

    /// # Safety
    /// There is room for the lines of this group.
    unsafe fn of(self, group: usize) -> *mut PairLine {
        // SAFETY: the caller's promise.
        unsafe { self.start.add((group & self.mask) * PAIRS) }
    }
}

/// Asks for as many bytes as a group has, where they are needed soon.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn ask_for<G>(group: *const G) {
    for line in 0..size_of::<G>() / ROW_BYTES {
        // Nothing is read by this, so any address will do.
        let at = group
            .cast::<i8>()
            .wrapping_add(BYTES_AHEAD + line * ROW_BYTES);
        _mm_prefetch::<_MM_HINT_T1>(at);
    }
}

/// Computes all panels, and asks for other groups meanwhile, `ahead` behind these.
///
/// # Safety
/// As of [`compute_panels`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn compute_asking<G: Group, const UNPACKS: bool>(
    job: Job,
    groups: *const G,
    lines: Lines,
    ahead: usize,
) {
    let groups_total = job.panels * job.depth_groups;
    // SAFETY: groups, lines, rows and output are there by the caller's promise; panels lie one behind the other.
    unsafe {
        if UNPACKS {
            for group in 0..AHEAD.min(groups_total) {
                G::unpack(groups.add(group), lines.of(group));
            }
        }
        for panel in 0..job.panels {
            begin_sums();
            for g in 0..job.depth_groups {
                let group = panel * job.depth_groups + g;
                ask_for(groups.wrapping_add(ahead + group));
                if UNPACKS && group + AHEAD < groups_total {
                    G::unpack(groups.add(group + AHEAD), lines.of(group + AHEAD));
                }
                let rows = PairRows {
                    start: job.rows.start.add(g * PAIRS),
                    stride: job.rows.stride,
                };
                add_products(rows, lines.of(group));
            }
            end_sums((job.output.add(panel * LANES), job.panels * ROW_BYTES));
        }
    }
}
