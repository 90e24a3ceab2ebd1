//! Products on tiles: up to 16 rows of activations with panels of 16 columns, a group of 32 numbers at a time.
//!
//! Each group begins at nought, and what it comes to is scaled and added in f32. Weights of bf16, which have no scales, are added up
//! in the same way.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::super::LANES;
use super::super::product::{
    EightBitGroup, FourBitGroup, GROUP, Numbers, PairLine, Panels, TileRows, Unpacked, byte_pairs,
    nibble_pairs, nibble_table,
};
use super::{PAIRS, PairRows, ROW_BYTES, ROWS_MAX, Tiles, multiply};

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
        let Numbers::Pairs { pairs, sums } = numbers else {
            unreachable!("rows in f32 are not multiplied with tiles")
        };
        let depth_groups = depth / GROUP;
        assert!(depth.is_multiple_of(GROUP) && depth > 0);
        assert!(pairs.len() >= rows * depth / 2 && output.len() >= rows * panels * LANES);
        let lines_total = panels * depth_groups * PAIRS;
        let new = !matches!(unpacked, Unpacked::Kept(_));
        let kept = match unpacked {
            Unpacked::Once => Kept::Nowhere,
            Unpacked::Keep(lines) => {
                assert!(lines.len() >= lines_total);
                Kept::Here(lines.as_mut_ptr())
            }
            Unpacked::Kept(lines) => {
                assert!(lines.len() >= lines_total);
                Kept::Before(lines.as_ptr())
            }
        };
        self.set_up(rows);
        let job = Job {
            pairs: pairs.as_ptr(),
            sums: sums.as_ptr(),
            depth_groups,
            panels,
            new,
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
                    of_rows(rows, job, groups, Kept::Before(lines.as_ptr()));
                }
                Panels::FourBit(groups) => {
                    assert!(groups.len() >= panels * depth_groups);
                    assert!(sums.len() >= rows * depth_groups);
                    of_rows(rows, job, groups.as_ptr(), kept);
                }
                Panels::EightBit(groups) => {
                    assert!(groups.len() >= panels * depth_groups);
                    of_rows(rows, job, groups.as_ptr(), kept);
                }
            }
        }
    }
}

/// Activations, how deep they are, and what they are multiplied into.
#[derive(Clone, Copy)]
struct Job {
    pairs: *const u32,
    sums: *const f32,
    depth_groups: usize,
    panels: usize,
    /// Nothing of the weights was read for this product before.
    new: bool,
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
    /// Writes the lines of bf16 of which the group is made.
    ///
    /// # Safety
    /// The group can be read, and 16 lines written.
    unsafe fn unpack(group: *const Self, lines: *mut PairLine);

    /// Adds the products of a group, scaled, to the totals of `R` rows.
    ///
    /// # Safety
    /// The group, `R` rows of products and, `depth_groups` apart, `R` sums of activations can be read.
    unsafe fn add<const R: usize>(
        group: *const Self,
        products: *const f32,
        sums: *const f32,
        depth_groups: usize,
        totals: &mut [__m512; R],
    );
}

/// Lines that need no unpacking.
type DenseGroup = [PairLine; PAIRS];

impl Group for DenseGroup {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn unpack(_: *const Self, _: *mut PairLine) {
        unreachable!("the lines of bf16 weights are there before");
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn add<const R: usize>(
        _: *const Self,
        products: *const f32,
        _: *const f32,
        _: usize,
        totals: &mut [__m512; R],
    ) {
        for (r, total) in totals.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *total = _mm512_add_ps(*total, unsafe { _mm512_loadu_ps(products.add(r * LANES)) });
        }
    }
}

impl Group for FourBitGroup {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn unpack(group: *const Self, lines: *mut PairLine) {
        let table = nibble_table();
        for line in 0..4 {
            // SAFETY: the caller's promise; lines are 64 bytes each and aligned.
            unsafe {
                let mut packed = _mm512_load_si512((&raw const (*group).nibbles[line]).cast());
                for nibble in 0..4 {
                    let pairs = nibble_pairs(&mut packed, table);
                    _mm512_store_si512(lines.add(line * 4 + nibble).cast(), pairs);
                }
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn add<const R: usize>(
        group: *const Self,
        products: *const f32,
        sums: *const f32,
        depth_groups: usize,
        totals: &mut [__m512; R],
    ) {
        // SAFETY: the caller's promise; scales and minima are 32 bytes each.
        let (scale, minimum) = unsafe {
            (
                _mm512_cvtph_ps(_mm256_loadu_si256((&raw const (*group).scales).cast())),
                _mm512_cvtph_ps(_mm256_loadu_si256((&raw const (*group).minima).cast())),
            )
        };
        for (r, total) in totals.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            let (product, sum) = unsafe {
                (
                    _mm512_loadu_ps(products.add(r * LANES)),
                    _mm512_set1_ps(*sums.add(r * depth_groups)),
                )
            };
            *total = _mm512_fmadd_ps(minimum, sum, _mm512_fmadd_ps(scale, product, *total));
        }
    }
}

impl Group for EightBitGroup {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn unpack(group: *const Self, lines: *mut PairLine) {
        for line in 0..8 {
            // SAFETY: the caller's promise; lines are 64 bytes each and aligned.
            unsafe {
                let packed = _mm512_load_si512((&raw const (*group).bytes[line]).cast());
                for byte in 0..2 {
                    let pairs = byte_pairs(packed, byte);
                    _mm512_store_si512(lines.add(line * 2 + byte).cast(), pairs);
                }
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn add<const R: usize>(
        group: *const Self,
        products: *const f32,
        _: *const f32,
        _: usize,
        totals: &mut [__m512; R],
    ) {
        // SAFETY: the caller's promise.
        let scale = unsafe { _mm512_loadu_ps((&raw const (*group).scales).cast()) };
        for (r, total) in totals.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            let product = unsafe { _mm512_loadu_ps(products.add(r * LANES)) };
            *total = _mm512_fmadd_ps(scale, product, *total);
        }
    }
}

/// Calls what is compiled for each number of rows.
///
/// # Safety
/// As of [`compute_panels`], for `rows` rows.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn of_rows<G: Group>(rows: usize, job: Job, groups: *const G, kept: Kept) {
    macro_rules! for_rows {
        ($($r:literal)*) => {
            match rows {
                // SAFETY: the caller's promise.
                $($r => unsafe { compute_panels::<$r, G>(job, groups, kept) },)*
                _ => unreachable!("no tile has {rows} rows"),
            }
        };
    }
    for_rows!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

/// # Safety
/// The tiles are set up for `R` rows. Of a job of `R` rows, pairs, output and, if the groups ask for them, sums are there; and so
/// are the groups of all panels, and 16 lines for each where they are kept.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn compute_panels<const R: usize, G: Group>(job: Job, groups: *const G, kept: Kept) {
    let depth_groups = job.depth_groups;
    for panel in 0..job.panels {
        let first = panel * depth_groups;
        // SAFETY: the caller's promise; a panel's groups and lines lie behind those of the panel before.
        let totals = unsafe {
            let groups = groups.add(first);
            match kept {
                Kept::Nowhere => {
                    let mut ring = MaybeUninit::<[PairLine; RING * PAIRS]>::uninit();
                    let lines = Lines {
                        start: ring.as_mut_ptr().cast(),
                        mask: RING - 1,
                    };
                    compute_panel::<R, G, true>(job, groups, lines)
                }
                Kept::Here(start) => {
                    let start = start.add(first * PAIRS);
                    compute_panel::<R, G, true>(job, groups, Lines::all(start))
                }
                Kept::Before(start) => {
                    // They are only read then.
                    let start = start.add(first * PAIRS).cast_mut();
                    compute_panel::<R, G, false>(job, groups, Lines::all(start))
                }
            }
        };
        for (r, total) in totals.iter().enumerate() {
            // SAFETY: the output is there.
            unsafe { _mm512_storeu_ps(job.output.add((r * job.panels + panel) * LANES), *total) };
        }
    }
}

/// Lines of the groups of a panel, of all or, by turns, of a few.
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

/// Two groups' products for all rows that there may be.
#[repr(align(64))]
struct Products(#[expect(dead_code, reason = "pointers lead there")] [f32; 2 * ROWS_MAX * LANES]);

/// # Safety
/// As of [`compute_panels`], for one panel.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn compute_panel<const R: usize, G: Group, const UNPACKS: bool>(
    job: Job,
    groups: *const G,
    lines: Lines,
) -> [__m512; R] {
    let depth_groups = job.depth_groups;
    // By turns, so that a group need not wait for the one before to be read.
    let mut products = MaybeUninit::<Products>::uninit();
    let products = products.as_mut_ptr().cast::<f32>();
    let mut totals = [_mm512_setzero_ps(); R];
    // SAFETY: groups, lines, pairs and sums of every group are there by the caller's promise, and `R` rows of products were
    // written before they are read.
    unsafe {
        if UNPACKS {
            for g in 0..AHEAD.min(depth_groups) {
                G::unpack(groups.add(g), lines.of(g));
            }
        }
        for g in 0..depth_groups {
            if job.new {
                ask_for(groups.wrapping_add(g));
            }
            if UNPACKS && g + AHEAD < depth_groups {
                G::unpack(groups.add(g + AHEAD), lines.of(g + AHEAD));
            }
            let rows = PairRows {
                start: job.pairs.add(g * PAIRS),
                stride: depth_groups * PAIRS * size_of::<u32>(),
            };
            let products = products.add(g % 2 * ROWS_MAX * LANES);
            multiply(rows, lines.of(g), products);
            let sums = job.sums.wrapping_add(g);
            G::add(groups.add(g), products, sums, depth_groups, &mut totals);
        }
    }
    totals
}
