//! Products of all rows of a step with a weight matrix, cut into tasks of some columns each.

#![expect(unsafe_code, reason = "tasks write disjoint columns of the same rows")]

use std::cell::RefCell;

use half::bf16;

use super::cpu::{AmxBf16, Avx512Bf16};
use super::kernels::product::{
    GROUP, Numbers, PANELS_MAX, PairLine, TILE_MAX, Tile, TileRows, Unpacked, compute,
};
use super::kernels::tiles::{ROWS_MAX, Tiles};
use super::kernels::{LANES, rows};
use super::matrix::{Chunk, Matrix};
use super::pool::Pool;
use super::shared_slice::SharedSlice;
use crate::model::Activation;

thread_local! {
    /// Room for the unpacked weights of a chunk, kept from task to task.
    static UNPACKED: RefCell<Vec<PairLine>> = RefCell::default();
}

/// Rows that a thread takes for itself at the least, with all columns: it unpacks all weights then, which other threads do as well.
const BLOCK_ROWS_MIN: usize = 96;

/// Rows in bf16, with the sums of each group of 32 numbers.
#[derive(Debug, Default)]
pub(super) struct Activations {
    pub(super) rows: usize,
    pub(super) depth: usize,
    /// Row after row, the last line filled up.
    lines: Vec<Line>,
    sums: Vec<f32>,
}

/// Pairs of bf16 numbers that lie in one line of the first cache: a row of a tile that is spread over two costs a third more.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([u32; GROUP / 2]);

impl Activations {
    /// Makes room for rows, whose numbers are then to be written.
    pub(super) fn resize(&mut self, rows: usize, depth: usize) {
        (self.rows, self.depth) = (rows, depth);
        let lines = (rows * depth).div_ceil(GROUP);
        self.lines.resize(lines, Line([0; GROUP / 2]));
        self.sums.resize(rows * (depth / GROUP), 0.0);
    }

    /// The numbers of all rows, and the sums of their groups.
    pub(super) fn parts_mut(&mut self) -> (&mut [bf16], &mut [f32]) {
        // SAFETY: a line is 32 bf16 of any bits.
        let (before, numbers, _) = unsafe { self.lines.align_to_mut::<bf16>() };
        assert!(
            before.is_empty(),
            "a line is aligned like a number or better"
        );
        (&mut numbers[..self.rows * self.depth], &mut self.sums)
    }

    fn pairs(&self) -> &[u32] {
        // SAFETY: a line is 16 pairs of any bits.
        let (before, pairs, _) = unsafe { self.lines.align_to::<u32>() };
        assert!(before.is_empty(), "a line is aligned like a pair or better");
        &pairs[..self.rows * self.depth / 2]
    }

    /// All rows, as a product reads them.
    pub(super) fn all(&self) -> Input<'_> {
        Input {
            numbers: Numbers::Pairs {
                pairs: self.pairs(),
                sums: &self.sums,
            },
            rows: self.rows,
            depth: self.depth,
        }
    }
}

/// Rows that are multiplied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    numbers: Numbers<'a>,
    rows: usize,
    depth: usize,
}

impl<'a> Input<'a> {
    /// Rows of f32.
    pub(super) fn singles(numbers: &'a [f32], depth: usize) -> Self {
        Self {
            numbers: Numbers::Single(numbers),
            rows: numbers.len() / depth,
            depth,
        }
    }

    /// What computes with these rows: the processor's tiles, if there are any for them, or its vectors.
    fn unit(&self, cpu: Avx512Bf16) -> Unit {
        match (self.numbers, cpu.amx()) {
            (Numbers::Pairs { .. }, Some(amx)) if self.depth.is_multiple_of(GROUP) => {
                Unit::Tiles(amx)
            }
            _ => Unit::Vectors,
        }
    }

    fn tile(&self, first: usize, rows: usize) -> TileRows<'a> {
        let (depth, groups) = (self.depth, self.depth / GROUP);
        let numbers = match self.numbers {
            Numbers::Single(numbers) => Numbers::Single(&numbers[first * depth..][..rows * depth]),
            Numbers::Pairs { pairs, sums } => Numbers::Pairs {
                pairs: &pairs[first * depth / 2..][..rows * depth / 2],
                sums: &sums[first * groups..][..rows * groups],
            },
        };
        TileRows {
            numbers,
            rows,
            depth,
        }
    }
}

/// A part of the processor that multiplies.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Vectors,
    Tiles(AmxBf16),
}

impl Unit {
    /// The most rows of a tile of so many panels.
    fn rows_max(self, panels: usize) -> usize {
        match self {
            Self::Vectors => (TILE_MAX / panels).min(12),
            Self::Tiles(_) => ROWS_MAX,
        }
    }
}

/// Pairs as the numbers that they are.
pub(super) fn as_numbers_mut(pairs: &mut [u32]) -> &mut [bf16] {
    // SAFETY: a u32 is two bf16 of any bits.
    let (before, numbers, behind) = unsafe { pairs.align_to_mut::<bf16>() };
    assert!(
        before.is_empty() && behind.is_empty(),
        "a pair is aligned like two numbers"
    );
    numbers
}

/// Where a product goes.
pub(super) enum Into<'a> {
    /// Rows of f32, each as long as the matrix has columns, to which a bias is added.
    Write {
        output: &'a mut [f32],
        bias: Option<&'a [f32]>,
    },
    /// As above, added to what is there.
    Add {
        output: &'a mut [f32],
        bias: Option<&'a [f32]>,
    },
    /// GELU (by the error function) of the sum with a bias, as f32.
    Gelu {
        output: &'a mut [f32],
        bias: &'a [f32],
    },
    /// The same, as bf16.
    GeluToBf16 {
        output: &'a mut [bf16],
        bias: &'a [f32],
    },
    /// The matrix is a gate and its factor by turns: rows of half as many bf16.
    Gate {
        output: &'a mut [bf16],
        activation: Activation,
    },
}

/// The same, as tasks share it.
enum Target<'a> {
    Write(SharedSlice<'a, f32>, Option<&'a [f32]>),
    Add(SharedSlice<'a, f32>, Option<&'a [f32]>),
    Gelu(SharedSlice<'a, f32>, &'a [f32]),
    GeluToBf16(SharedSlice<'a, bf16>, &'a [f32]),
    Gate(SharedSlice<'a, bf16>, Activation),
}

/// Multiplies all rows of `input` with `matrix`.
pub(super) fn multiply(
    cpu: Avx512Bf16,
    pool: &mut Pool,
    input: Input<'_>,
    matrix: &Matrix,
    into: Into<'_>,
) {
    assert_eq!(
        input.depth, matrix.depth,
        "rows and columns are equally long"
    );
    let target = match into {
        Into::Write { output, bias } => Target::Write(SharedSlice::new(output), bias),
        Into::Add { output, bias } => Target::Add(SharedSlice::new(output), bias),
        Into::Gelu { output, bias } => Target::Gelu(SharedSlice::new(output), bias),
        Into::GeluToBf16 { output, bias } => Target::GeluToBf16(SharedSlice::new(output), bias),
        Into::Gate { output, activation } => Target::Gate(SharedSlice::new(output), activation),
    };
    let unit = input.unit(cpu);
    let chunks = match unit {
        // Narrower ones gain nothing here, and of a gate they would be half a line of the cache, which two threads write by turns.
        Unit::Tiles(_) => matrix.few_rows(),
        Unit::Vectors if input.rows <= unit.rows_max(PANELS_MAX) => matrix.few_rows(),
        Unit::Vectors => matrix.many_rows(),
    };
    let blocks = match unit {
        Unit::Tiles(_) => (input.rows / BLOCK_ROWS_MIN).clamp(1, pool.active()),
        Unit::Vectors => 1,
    };
    pool.run(blocks * chunks.len(), &|task| {
        let (block, chunk) = (task / chunks.len(), &chunks[task % chunks.len()]);
        let panels = matrix.panels(chunk);
        let mut first = block * input.rows / blocks;
        let end = (block + 1) * input.rows / blocks;
        let tiles = (end - first).div_ceil(unit.rows_max(chunk.panels));
        let mut tile = Tile([0.0; ROWS_MAX * PANELS_MAX * LANES]);
        let mut tiles_of_thread = match unit {
            Unit::Vectors => None,
            Unit::Tiles(amx) => Some(Tiles::new(amx)),
        };
        UNPACKED.with_borrow_mut(|lines| {
            let lines = room_for(lines, chunk.panels * matrix.depth / 2);
            for index in 0..tiles {
                // As even as it can be.
                let count = (end - first).div_ceil(tiles - index);
                let rows = input.tile(first, count);
                let unpacked = match index {
                    0 if tiles == 1 => Unpacked::Once,
                    0 => Unpacked::Keep(lines),
                    _ => Unpacked::Kept {
                        lines,
                        next_soon: index == 1,
                    },
                };
                match &mut tiles_of_thread {
                    None => compute(cpu, rows, panels, chunk.panels, unpacked, &mut tile),
                    Some(tiles) => {
                        tiles.compute(rows, panels, chunk.panels, unpacked, &mut tile.0);
                    }
                }
                let values = tile.0.chunks_exact(chunk.panels * LANES).take(count);
                for (row, values) in values.enumerate() {
                    // SAFETY: each task has its own columns.
                    unsafe { target.put(cpu, matrix.columns, chunk, first + row, values) };
                }
                first += count;
            }
        });
    });
}

/// The first lines of a room, which grows as far as it must.
fn room_for(room: &mut Vec<PairLine>, lines: usize) -> &mut [PairLine] {
    if room.len() < lines {
        room.resize(lines, PairLine([0; 32]));
    }
    &mut room[..lines]
}

impl Target<'_> {
    /// Takes what was computed of one row of a chunk.
    ///
    /// # Safety
    /// Nobody else puts the same row of the same chunk at the same time.
    unsafe fn put(
        &self,
        cpu: Avx512Bf16,
        columns: usize,
        chunk: &Chunk,
        row: usize,
        values: &[f32],
    ) {
        let Chunk {
            first_column: first,
            columns: count,
            ..
        } = *chunk;
        match self {
            Self::Write(output, bias) => {
                // SAFETY: the caller's promise.
                let output = unsafe { output.piece(row * columns + first, count) };
                output.copy_from_slice(&values[..count]);
                if let Some(bias) = bias {
                    rows::add(cpu, output, &bias[first..first + count]);
                }
            }
            Self::Add(output, bias) => {
                // SAFETY: the caller's promise.
                let output = unsafe { output.piece(row * columns + first, count) };
                rows::add(cpu, output, &values[..count]);
                if let Some(bias) = bias {
                    rows::add(cpu, output, &bias[first..first + count]);
                }
            }
            Self::Gelu(output, bias) => {
                // SAFETY: the caller's promise.
                let output = unsafe { output.piece(row * columns + first, count) };
                rows::biased_gelu(cpu, &values[..count], &bias[first..first + count], output);
            }
            Self::GeluToBf16(output, bias) => {
                // SAFETY: the caller's promise.
                let output = unsafe { output.piece(row * columns + first, count) };
                let bias = &bias[first..first + count];
                rows::biased_gelu_to_bf16(cpu, &values[..count], bias, output);
            }
            Self::Gate(output, activation) => {
                for (index, both) in values.chunks_exact(2 * LANES).enumerate() {
                    let (gate, up) = both.split_at(LANES);
                    let at = row * columns / 2 + first / 2 + index * LANES;
                    // SAFETY: the caller's promise.
                    let output = unsafe { output.piece(at, LANES) };
                    rows::gate(cpu, *activation, gate, up, output);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
