//! The processor's tiles (AMX), and all assembly that uses them.
//!
//! ```text
//! product         rows of activations with panels of weights
//! attend          query rows with keys, and their shares with values
//! ```
//!
//! A tile instruction adds up the products of even places of up to 32 numbers, those of odd places, and then both, for each row
//! and column by itself, and takes what is too small for a normal f32 for nought. So a row's result depends on no other row, as
//! everywhere in [`kernels`](super).
//!
//! Tiles belong to a thread, and nothing but the assembly here uses them: what the compiler makes has no tiles, and libtorch,
//! which may use them on the same thread, is not called while [`Tiles`] lives. Between [`begin_sums`] and [`end_sums`] tile 0 holds
//! sums; no other tile holds anything from one piece of assembly to the next.

pub(in crate::fused) mod attend;
pub(in crate::fused) mod product;

use std::arch::asm;
use std::marker::PhantomData;

use super::super::cpu::AmxBf16;
use super::product::{GROUP, PairLine};

/// Rows that a tile holds.
pub(crate) const ROWS_MAX: usize = 16;

/// Bytes of a row of a tile.
const ROW_BYTES: usize = 64;

/// Pairs of a row of a tile, and rows that hold as many pairs of 16 columns.
const PAIRS: usize = GROUP / 2;

/// Pairs of neighbouring tokens of a block of keys and values.
const TOKEN_PAIRS: usize = 8;

/// The tiles of this thread: 0 to 3 for what is added up, 4 for rows of 16 pairs and 5 for what these are multiplied with, 6 for
/// rows of 8 pairs and 7 for what these are multiplied with. They are given back when this is dropped, so that the system need
/// not save them with every change of threads.
pub(in crate::fused) struct Tiles {
    /// Of all tiles but 5 and 7; nothing is set up yet if there are none.
    rows: usize,
    /// Another thread has tiles of its own.
    of_this_thread: PhantomData<*const ()>,
}

/// What `ldtilecfg` reads.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

impl Tiles {
    pub(in crate::fused) fn new(_: AmxBf16) -> Self {
        Self {
            rows: 0,
            of_this_thread: PhantomData,
        }
    }

    /// Sets the tiles up for so many rows.
    fn set_up(&mut self, rows: usize) {
        assert!((1..=ROWS_MAX).contains(&rows));
        if self.rows == rows {
            return;
        }
        let mut configuration = Configuration {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            row_bytes: [0; 16],
            rows: [0; 16],
        };
        configuration.row_bytes[..8].fill(ROW_BYTES as u16);
        configuration.rows[..8].fill(rows as u8);
        configuration.rows[5] = PAIRS as u8;
        configuration.row_bytes[6] = TOKEN_PAIRS as u16 * 4;
        configuration.rows[7] = TOKEN_PAIRS as u8;
        // SAFETY: a `Tiles` proves that there are tiles, and the configuration is one that palette 1 permits.
        unsafe {
            asm!(
                "ldtilecfg [{}]",
                in(reg) &raw const configuration,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, readonly, preserves_flags)
            );
        }
        self.rows = rows;
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        if self.rows > 0 {
            // SAFETY: there are tiles, and nobody needs what is in them.
            unsafe {
                asm!(
                    "tilerelease",
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nomem, nostack, preserves_flags)
                );
            }
        }
    }
}

/// Rows of pairs, `stride` bytes apart: as many as the tiles are set up for.
#[derive(Clone, Copy)]
struct PairRows {
    start: *const u32,
    stride: usize,
}

/// Makes the sums of tile 0 nought.
///
/// # Safety
/// The tiles are set up.
#[inline]
unsafe fn begin_sums() {
    // SAFETY: the caller's promise.
    unsafe { asm!("tilezero tmm0", out("tmm0") _, options(nomem, nostack, preserves_flags)) };
}

/// Adds the products of 16 pairs of each row with 16 lines to the sums of tile 0.
///
/// # Safety
/// The tiles are set up, and rows and lines can be read.
#[inline]
unsafe fn add_products(rows: PairRows, lines: *const PairLine) {
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "tileloadd tmm4, [{rows} + {stride}]",
            "tileloadd tmm5, [{lines} + {line}]",
            "tdpbf16ps tmm0, tmm4, tmm5",
            rows = in(reg) rows.start,
            stride = in(reg) rows.stride,
            lines = in(reg) lines,
            line = in(reg) ROW_BYTES,
            out("tmm0") _, out("tmm4") _, out("tmm5") _,
            options(nostack, readonly, preserves_flags)
        );
    }
}

/// Writes the sums of tile 0 into rows of 16 numbers, `stride` bytes apart.
///
/// # Safety
/// The tiles are set up, and as many rows of sums can be written.
#[inline]
unsafe fn end_sums((sums, stride): (*mut f32, usize)) {
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "tilestored [{sums} + {stride}], tmm0",
            sums = in(reg) sums,
            stride = in(reg) stride,
            out("tmm0") _,
            options(nostack, preserves_flags)
        );
    }
}

/// The products of `parts` times 16 pairs of each row with as many lines, into rows of 16 numbers, `stride` bytes apart.
///
/// # Safety
/// The tiles are set up, `parts` is not nought, rows and lines can be read, and as many rows of products written.
#[inline]
unsafe fn multiply_parts(
    rows: PairRows,
    lines: *const u32,
    parts: usize,
    (products, stride): (*mut f32, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "tilezero tmm0",
            "2:",
            "tileloadd tmm4, [{rows} + {row}]",
            "tileloadd tmm5, [{lines} + {line}]",
            "tdpbf16ps tmm0, tmm4, tmm5",
            "add {rows}, 64",
            "add {lines}, 1024",
            "dec {parts}",
            "jnz 2b",
            "tilestored [{products} + {stride}], tmm0",
            rows = inout(reg) rows.start => _,
            row = in(reg) rows.stride,
            lines = inout(reg) lines => _,
            line = in(reg) ROW_BYTES,
            parts = inout(reg) parts => _,
            products = in(reg) products,
            stride = in(reg) stride,
            out("tmm0") _, out("tmm4") _, out("tmm5") _,
            options(nostack)
        );
    }
}

/// Blocks of 16 rows deep, each where its pointer leads: 8 lines of pairs, `stride` bytes apart.
#[derive(Clone, Copy)]
struct Blocks {
    pointers: *const *const u32,
    count: usize,
    stride: usize,
}

/// The products of 8 pairs of each row for each block with 32 columns of the blocks, added up over all of them, into rows of 32
/// numbers, `stride` bytes apart.
///
/// # Safety
/// The tiles are set up, there is a block, rows and, from `first` bytes on, blocks can be read, and as many rows of sums written.
#[inline]
unsafe fn add_up_two(
    rows: PairRows,
    blocks: Blocks,
    first: usize,
    (sums, stride): (*mut f32, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "2:",
            "mov {block}, [{pointers}]",
            "add {block}, {first}",
            "tileloadd tmm6, [{rows} + {row}]",
            "tileloadd tmm7, [{block} + {line}]",
            "tdpbf16ps tmm0, tmm6, tmm7",
            "tileloadd tmm7, [{block} + {line} + 64]",
            "tdpbf16ps tmm1, tmm6, tmm7",
            "add {rows}, 32",
            "add {pointers}, 8",
            "dec {count}",
            "jnz 2b",
            "tilestored [{sums} + {stride}], tmm0",
            "tilestored [{sums} + {stride} + 64], tmm1",
            rows = inout(reg) rows.start => _,
            row = in(reg) rows.stride,
            pointers = inout(reg) blocks.pointers => _,
            count = inout(reg) blocks.count => _,
            line = in(reg) blocks.stride,
            first = in(reg) first,
            block = out(reg) _,
            sums = in(reg) sums,
            stride = in(reg) stride,
            out("tmm0") _, out("tmm1") _, out("tmm6") _, out("tmm7") _,
            options(nostack)
        );
    }
}

/// The same for 64 columns.
///
/// # Safety
/// As of [`add_up_two`].
#[inline]
unsafe fn add_up_four(
    rows: PairRows,
    blocks: Blocks,
    first: usize,
    (sums, stride): (*mut f32, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            "mov {block}, [{pointers}]",
            "add {block}, {first}",
            "tileloadd tmm6, [{rows} + {row}]",
            "tileloadd tmm7, [{block} + {line}]",
            "tdpbf16ps tmm0, tmm6, tmm7",
            "tileloadd tmm7, [{block} + {line} + 64]",
            "tdpbf16ps tmm1, tmm6, tmm7",
            "tileloadd tmm7, [{block} + {line} + 128]",
            "tdpbf16ps tmm2, tmm6, tmm7",
            "tileloadd tmm7, [{block} + {line} + 192]",
            "tdpbf16ps tmm3, tmm6, tmm7",
            "add {rows}, 32",
            "add {pointers}, 8",
            "dec {count}",
            "jnz 2b",
            "tilestored [{sums} + {stride}], tmm0",
            "tilestored [{sums} + {stride} + 64], tmm1",
            "tilestored [{sums} + {stride} + 128], tmm2",
            "tilestored [{sums} + {stride} + 192], tmm3",
            rows = inout(reg) rows.start => _,
            row = in(reg) rows.stride,
            pointers = inout(reg) blocks.pointers => _,
            count = inout(reg) blocks.count => _,
            line = in(reg) blocks.stride,
            first = in(reg) first,
            block = out(reg) _,
            sums = in(reg) sums,
            stride = in(reg) stride,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _, out("tmm6") _, out("tmm7") _,
            options(nostack)
        );
    }
}

#[cfg(test)]
mod tests;
