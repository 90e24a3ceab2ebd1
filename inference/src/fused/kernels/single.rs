//! Products in f32: a few rows of activations with some panels of 16 columns.

use std::arch::x86_64::*;

use super::super::cpu::Avx512Bf16;
use super::LANES;
use super::product::TILE_MAX;

/// A number of each of 16 columns.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct SingleLine(pub(crate) [f32; LANES]);

/// Some rows of activations, which may be parts of longer ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SingleRows<'a> {
    /// From the first number of the first row on.
    pub(crate) numbers: &'a [f32],
    /// Numbers from one row's beginning to the next one's.
    pub(crate) stride: usize,
    pub(crate) rows: usize,
    /// Numbers of a row.
    pub(crate) depth: usize,
}

/// Writes the products of the rows with `panels` panels, which lie one behind the other; the rows of `output` begin
/// `output_stride` numbers apart.
pub(crate) fn compute(
    _: Avx512Bf16,
    input: SingleRows<'_>,
    lines: &[SingleLine],
    panels: usize,
    output: &mut [f32],
    output_stride: usize,
) {
    let SingleRows {
        numbers,
        stride,
        rows,
        depth,
    } = input;
    assert!(rows * panels <= TILE_MAX && rows > 0 && panels > 0);
    assert!(depth <= stride && numbers.len() >= (rows - 1) * stride + depth);
    assert!(lines.len() >= panels * depth);
    let width = panels * LANES;
    assert!(width <= output_stride && output.len() >= (rows - 1) * output_stride + width);
    // SAFETY: the processor has the instructions; the assertions hold rows, weights and output to their sizes.
    unsafe {
        of_size(
            (rows, panels),
            (numbers.as_ptr(), stride),
            depth,
            lines.as_ptr(),
            (output.as_mut_ptr(), output_stride),
        );
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn of_size(
    (rows, panels): (usize, usize),
    input: (*const f32, usize),
    depth: usize,
    lines: *const SingleLine,
    output: (*mut f32, usize),
) {
    for_size!(rows, panels, single_tile, input, depth, lines, output)
}

/// # Safety
/// `R` rows of `depth` numbers, `P` panels of `depth` lines and `R` rows of `P` vectors of output are there.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
unsafe fn single_tile<const R: usize, const P: usize>(
    (numbers, stride): (*const f32, usize),
    depth: usize,
    lines: *const SingleLine,
    (output, output_stride): (*mut f32, usize),
) {
    let mut sums = [[_mm512_setzero_ps(); P]; R];
    for step in 0..depth {
        let mut weights = [_mm512_setzero_ps(); P];
        for (p, weight) in weights.iter_mut().enumerate() {
            // SAFETY: line `step` of panel `p` is there, and aligned.
            *weight = unsafe { _mm512_load_ps(lines.add(p * depth + step).cast()) };
        }
        for (r, row) in sums.iter_mut().enumerate() {
            // SAFETY: number `step` of row `r` is there.
            let number = _mm512_set1_ps(unsafe { *numbers.add(r * stride + step) });
            for (sum, weight) in row.iter_mut().zip(weights) {
                *sum = _mm512_fmadd_ps(number, weight, *sum);
            }
        }
    }
    for (r, row) in sums.iter().enumerate() {
        for (p, sum) in row.iter().enumerate() {
            // SAFETY: vector `p` of row `r` is there.
            unsafe { _mm512_storeu_ps(output.add(r * output_stride + p * LANES), *sum) };
        }
    }
}
