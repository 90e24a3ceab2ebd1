//! Attention within each text: every token sees all tokens of its text, and none of another.
//!
//! Keys and values of a head are laid out as panels of weights are, so that both products are those of the f32 kernel.

#![expect(
    unsafe_code,
    reason = "tasks write disjoint heads and rows of the same buffers"
)]

use std::cell::RefCell;
use std::ops::Range;

use half::bf16;
use tch::Kind;

use super::{How, Numbers};
use crate::fused::cpu::Avx512Bf16;
use crate::fused::kernels::product::TILE_MAX;
use crate::fused::kernels::single::{SingleLine, SingleRows, compute};
use crate::fused::kernels::{LANES, rows};
use crate::fused::pool::Pool;
use crate::fused::shared_slice::SharedSlice;

/// Panels and rows of a tile.
const PANELS: usize = 2;
const ROWS: usize = TILE_MAX / PANELS;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Room for one head of one text, kept from task to task.
#[derive(Default)]
struct Scratch {
    /// By panels of 16 tokens, a line for each number of a key.
    keys: Vec<SingleLine>,
    /// By panels of 16 numbers of a value, a line for each token.
    values: Vec<SingleLine>,
    /// Of some rows: scores of all tokens, then their exponentials.
    scores: Vec<f32>,
    /// Of some rows: what they see of the values.
    seen: Vec<f32>,
}

/// Writes what each token sees of the values of its text, by its queries: [t, 3h] to [t, h].
pub(super) fn attend(
    how: How,
    pool: &mut Pool,
    places: &[Range<usize>],
    qkv: &[f32],
    output: &mut Numbers,
) {
    let How {
        cpu, kind, heads, ..
    } = how;
    let tokens: usize = places.iter().map(Range::len).sum();
    if tokens == 0 {
        return;
    }
    let h = qkv.len() / tokens / 3;
    let output = match kind {
        Kind::Float => Output::Single(SharedSlice::new(&mut output.singles)),
        _ => Output::Bf16(SharedSlice::new(output.pairs.parts_mut().0)),
    };
    pool.run(places.len() * heads, &|task| {
        let (text, head) = (&places[task / heads], task % heads);
        let job = HeadOfText {
            qkv: &qkv[text.start * 3 * h..text.end * 3 * h],
            tokens: text.len(),
            h,
            first: head * (h / heads),
            width: h / heads,
        };
        SCRATCH.with_borrow_mut(|scratch| {
            job.compute(cpu, scratch, |row, numbers| {
                // SAFETY: each head of each text is one task's.
                unsafe { output.put(cpu, (text.start + row) * h + job.first, numbers) };
            });
        });
    });
}

/// Where the result goes.
enum Output<'a> {
    Single(SharedSlice<'a, f32>),
    Bf16(SharedSlice<'a, bf16>),
}

impl Output<'_> {
    /// Writes numbers from a place on.
    ///
    /// # Safety
    /// Nobody else writes these places at the same time.
    unsafe fn put(&self, cpu: Avx512Bf16, place: usize, numbers: &[f32]) {
        match self {
            Self::Single(all) => {
                // SAFETY: the caller's promise.
                unsafe { all.piece(place, numbers.len()) }.copy_from_slice(numbers);
            }
            Self::Bf16(all) => {
                // SAFETY: the caller's promise.
                rows::to_bf16(cpu, numbers, unsafe { all.piece(place, numbers.len()) });
            }
        }
    }
}

/// One head of one text.
struct HeadOfText<'a> {
    /// [tokens, 3h]
    qkv: &'a [f32],
    tokens: usize,
    h: usize,
    /// The head's first number of a query, and how many it has.
    first: usize,
    width: usize,
}

impl HeadOfText<'_> {
    /// Gives each row's result to `put`.
    fn compute(&self, cpu: Avx512Bf16, scratch: &mut Scratch, put: impl Fn(usize, &[f32])) {
        let (tokens, width) = (self.tokens, self.width);
        let Scratch {
            keys,
            values,
            scores,
            seen,
        } = scratch;
        self.lay_out(keys, values);
        let scale = 1.0 / (width as f32).sqrt();
        let (key_panels, value_panels) = (tokens.div_ceil(LANES), width.div_ceil(LANES));
        let (score_stride, seen_stride) = (key_panels * LANES, value_panels * LANES);
        scores.resize(ROWS * score_stride, 0.0);
        seen.resize(ROWS * seen_stride, 0.0);
        let tiles = tokens.div_ceil(ROWS);
        let mut first = 0;
        for index in 0..tiles {
            // As even as it can be.
            let count = (tokens - first).div_ceil(tiles - index);
            let queries = SingleRows {
                numbers: &self.qkv[first * 3 * self.h + self.first..],
                stride: 3 * self.h,
                rows: count,
                depth: width,
            };
            multiply(cpu, queries, keys, scores, score_stride);
            let mut inverses = [0.0; ROWS];
            for (inverse, scores) in inverses
                .iter_mut()
                .zip(scores.chunks_exact_mut(score_stride))
                .take(count)
            {
                *inverse = rows::soften(cpu, scores, tokens, scale);
            }
            let shares = SingleRows {
                numbers: scores,
                stride: score_stride,
                rows: count,
                depth: tokens,
            };
            multiply(cpu, shares, values, seen, seen_stride);
            for (row, seen) in seen.chunks_exact_mut(seen_stride).take(count).enumerate() {
                let seen = &mut seen[..width];
                rows::scale(cpu, seen, inverses[row]);
                put(first + row, seen);
            }
            first += count;
        }
    }

    /// Lays keys and values out as panels, what fills them up being zero.
    fn lay_out(&self, keys: &mut Vec<SingleLine>, values: &mut Vec<SingleLine>) {
        let (tokens, width) = (self.tokens, self.width);
        const EMPTY: SingleLine = SingleLine([0.0; LANES]);
        let key_lines = tokens.div_ceil(LANES) * width;
        keys.resize(key_lines, EMPTY);
        if !tokens.is_multiple_of(LANES) {
            keys[key_lines - width..].fill(EMPTY);
        }
        values.resize(width.div_ceil(LANES) * tokens, EMPTY);
        for (token, row) in self.qkv.chunks_exact(3 * self.h).enumerate() {
            let key = &row[self.h + self.first..][..width];
            let lines = &mut keys[token / LANES * width..][..width];
            for (line, number) in lines.iter_mut().zip(key) {
                line.0[token % LANES] = *number;
            }
            let value = &row[2 * self.h + self.first..][..width];
            for (panel, numbers) in value.chunks(LANES).enumerate() {
                let line = &mut values[panel * tokens + token].0;
                line[..numbers.len()].copy_from_slice(numbers);
                line[numbers.len()..].fill(0.0);
            }
        }
    }
}

/// The products of some rows with all panels of `lines`.
fn multiply(
    cpu: Avx512Bf16,
    input: SingleRows<'_>,
    lines: &[SingleLine],
    output: &mut [f32],
    stride: usize,
) {
    for (index, lines) in lines.chunks(PANELS * input.depth).enumerate() {
        let panels = lines.len() / input.depth;
        compute(
            cpu,
            input,
            lines,
            panels,
            &mut output[index * PANELS * LANES..],
            stride,
        );
    }
}
