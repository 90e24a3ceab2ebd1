//! What is done to one row at a time: norms, bf16 with the sums of groups, rotary turns, activations, and the ways in which a
//! tile of a product ends.

use std::arch::x86_64::*;

use half::bf16;

use super::super::cpu::Avx512Bf16;
use super::product::GROUP;
use super::{LANES, exp, first_lanes, gelu, gelu_erf, keep_nan, silu};
use crate::model::Activation;

/// Writes `input` (times `factors`, over the root of its mean square) as bf16.
pub(crate) fn normalise_to_bf16(
    _: Avx512Bf16,
    input: &[f32],
    factors: &[f32],
    epsilon: f32,
    output: &mut [bf16],
) {
    assert!(input.len() == factors.len() && input.len() == output.len());
    // SAFETY: the processor has the instructions.
    unsafe { normalise_to_bf16_inner(input, factors, epsilon, output) }
}

/// Normalises in place.
pub(crate) fn normalise(_: Avx512Bf16, values: &mut [f32], factors: &[f32], epsilon: f32) {
    assert!(values.len() == factors.len());
    // SAFETY: the processor has the instructions.
    unsafe { normalise_inner(values, factors, epsilon) }
}

/// Adds up each group of 32.
pub(crate) fn group_sums(_: Avx512Bf16, values: &[bf16], sums: &mut [f32]) {
    assert!(sums.len() == values.len() / GROUP);
    // SAFETY: the processor has the instructions.
    unsafe { group_sums_inner(values, sums) }
}

/// Takes the mean from `values`, divides them by the root of their variance, and applies factors and biases, in place.
pub(crate) fn layer_norm(
    _: Avx512Bf16,
    values: &mut [f32],
    factors: &[f32],
    biases: &[f32],
    epsilon: f32,
) {
    assert!(values.len() == factors.len() && values.len() == biases.len());
    // SAFETY: the processor has the instructions.
    unsafe { layer_norm_inner(values, factors, biases, epsilon) }
}

/// Puts the exponentials of the first `seen` scores, times `scale` and against the greatest, in their place; gives the inverse
/// of their sum.
pub(crate) fn soften(_: Avx512Bf16, scores: &mut [f32], seen: usize, scale: f32) -> f32 {
    assert!(scores.len().is_multiple_of(LANES) && (1..=scores.len()).contains(&seen));
    // SAFETY: the processor has the instructions.
    unsafe { soften_inner(scores, seen, scale) }
}

/// Multiplies `values` by `factor`.
pub(crate) fn scale(_: Avx512Bf16, values: &mut [f32], factor: f32) {
    // SAFETY: the processor has the instructions.
    unsafe { scale_inner(values, factor) }
}

/// Writes GELU (by the error function) of the sums of `values` and `biases`.
pub(crate) fn biased_gelu(_: Avx512Bf16, values: &[f32], biases: &[f32], output: &mut [f32]) {
    assert!(values.len() == biases.len() && values.len() == output.len());
    // SAFETY: the processor has the instructions.
    unsafe { biased_gelu_inner(values, biases, output) }
}

/// The same, as bf16.
pub(crate) fn biased_gelu_to_bf16(
    _: Avx512Bf16,
    values: &[f32],
    biases: &[f32],
    output: &mut [bf16],
) {
    assert!(values.len() == biases.len() && values.len() == output.len());
    // SAFETY: the processor has the instructions.
    unsafe { biased_gelu_to_bf16_inner(values, biases, output) }
}

/// Adds `addend` to `values`.
pub(crate) fn add(_: Avx512Bf16, values: &mut [f32], addend: &[f32]) {
    assert!(values.len() == addend.len());
    // SAFETY: the processor has the instructions.
    unsafe { add_inner(values, addend) }
}

/// Writes the product of the activated gate and `up`, as bf16.
pub(crate) fn gate(
    _: Avx512Bf16,
    activation: Activation,
    gate: &[f32],
    up: &[f32],
    output: &mut [bf16],
) {
    assert!(gate.len() == up.len() && output.len() == gate.len());
    // SAFETY: the processor has the instructions.
    unsafe { gate_inner(activation, gate, up, output) }
}

/// Turns a head in place: number `i` together with number `i + width / 2`.
pub(crate) fn turn(_: Avx512Bf16, head: &mut [f32], cosines: &[f32], sines: &[f32]) {
    assert!(head.len() == 2 * cosines.len() && cosines.len() == sines.len());
    // SAFETY: the processor has the instructions.
    unsafe { turn_inner(head, cosines, sines) }
}

/// Rounds to bf16.
pub(crate) fn to_bf16(_: Avx512Bf16, input: &[f32], output: &mut [bf16]) {
    assert!(input.len() == output.len());
    // SAFETY: the processor has the instructions.
    unsafe { to_bf16_inner(input, output) }
}

/// Up to 16 numbers of a slice from `at` on, zeros behind its end.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn load(values: &[f32], at: usize) -> __m512 {
    let rest = &values[at..];
    // SAFETY: lanes behind the end are masked.
    unsafe { _mm512_maskz_loadu_ps(first_lanes(rest.len()), rest.as_ptr()) }
}

/// Up to 16 numbers into a slice from `at` on.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn store(values: &mut [f32], at: usize, vector: __m512) {
    let rest = &mut values[at..];
    // SAFETY: lanes behind the end are masked.
    unsafe { _mm512_mask_storeu_ps(rest.as_mut_ptr(), first_lanes(rest.len()), vector) }
}

/// Up to 16 numbers, rounded, into a slice from `at` on; gives them as they are now.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn store_bf16(values: &mut [bf16], at: usize, vector: __m512) -> __m512 {
    let rest = &mut values[at..];
    // SAFETY: both types are 32 bytes of any bits.
    let rounded = unsafe { std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(vector)) };
    // SAFETY: lanes behind the end are masked.
    unsafe { _mm256_mask_storeu_epi16(rest.as_mut_ptr().cast(), first_lanes(rest.len()), rounded) };
    _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(rounded)))
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn inverse_root_mean_square(values: &[f32], epsilon: f32) -> f32 {
    let mut sum = _mm512_setzero_ps();
    for at in (0..values.len()).step_by(LANES) {
        let value = load(values, at);
        sum = _mm512_fmadd_ps(value, value, sum);
    }
    1.0 / (_mm512_reduce_add_ps(sum) / values.len() as f32 + epsilon).sqrt()
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn normalise_to_bf16_inner(input: &[f32], factors: &[f32], epsilon: f32, output: &mut [bf16]) {
    let inverse = _mm512_set1_ps(inverse_root_mean_square(input, epsilon));
    for at in (0..input.len()).step_by(LANES) {
        let normal = _mm512_mul_ps(_mm512_mul_ps(load(input, at), inverse), load(factors, at));
        store_bf16(output, at, normal);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn normalise_inner(values: &mut [f32], factors: &[f32], epsilon: f32) {
    let inverse = _mm512_set1_ps(inverse_root_mean_square(values, epsilon));
    for at in (0..values.len()).step_by(LANES) {
        let normal = _mm512_mul_ps(_mm512_mul_ps(load(values, at), inverse), load(factors, at));
        store(values, at, normal);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn group_sums_inner(values: &[bf16], sums: &mut [f32]) {
    for (group, sum) in values.chunks_exact(GROUP).zip(sums) {
        // SAFETY: a group is 64 bytes.
        let pairs = unsafe { _mm512_loadu_si512(group.as_ptr().cast()) };
        let upper = _mm512_and_si512(pairs, _mm512_set1_epi32(0xffff_0000_u32 as i32));
        let odd = _mm512_castsi512_ps(upper);
        let even = _mm512_castsi512_ps(_mm512_slli_epi32::<16>(pairs));
        *sum = _mm512_reduce_add_ps(_mm512_add_ps(even, odd));
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn layer_norm_inner(values: &mut [f32], factors: &[f32], biases: &[f32], epsilon: f32) {
    let mut sum = _mm512_setzero_ps();
    for at in (0..values.len()).step_by(LANES) {
        sum = _mm512_add_ps(sum, load(values, at));
    }
    let mean = _mm512_set1_ps(_mm512_reduce_add_ps(sum) / values.len() as f32);
    let mut squares = _mm512_setzero_ps();
    for at in (0..values.len()).step_by(LANES) {
        let there = first_lanes(values.len() - at);
        let difference = _mm512_maskz_sub_ps(there, load(values, at), mean);
        squares = _mm512_fmadd_ps(difference, difference, squares);
    }
    let variance = _mm512_reduce_add_ps(squares) / values.len() as f32;
    let inverse = _mm512_set1_ps(1.0 / (variance + epsilon).sqrt());
    for at in (0..values.len()).step_by(LANES) {
        let normal = _mm512_mul_ps(_mm512_sub_ps(load(values, at), mean), inverse);
        let biased = _mm512_fmadd_ps(normal, load(factors, at), load(biases, at));
        store(values, at, biased);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn soften_inner(scores: &mut [f32], seen: usize, scale: f32) -> f32 {
    let mut greatest = _mm512_set1_ps(f32::NEG_INFINITY);
    for at in (0..seen).step_by(LANES) {
        let score = load(scores, at);
        greatest = _mm512_mask_max_ps(greatest, first_lanes(seen - at), greatest, score);
    }
    let greatest = _mm512_set1_ps(_mm512_reduce_max_ps(greatest));
    let scale = _mm512_set1_ps(scale);
    let mut sum = _mm512_setzero_ps();
    for at in (0..seen).step_by(LANES) {
        let difference = _mm512_mul_ps(_mm512_sub_ps(load(scores, at), greatest), scale);
        let power = keep_nan(difference, exp(difference));
        let power = _mm512_maskz_mov_ps(first_lanes(seen - at), power);
        sum = _mm512_add_ps(sum, power);
        store(scores, at, power);
    }
    1.0 / _mm512_reduce_add_ps(sum)
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn scale_inner(values: &mut [f32], factor: f32) {
    for at in (0..values.len()).step_by(LANES) {
        let product = _mm512_mul_ps(load(values, at), _mm512_set1_ps(factor));
        store(values, at, product);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn biased_gelu_inner(values: &[f32], biases: &[f32], output: &mut [f32]) {
    for at in (0..values.len()).step_by(LANES) {
        let sum = _mm512_add_ps(load(values, at), load(biases, at));
        store(output, at, gelu_erf(sum));
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn biased_gelu_to_bf16_inner(values: &[f32], biases: &[f32], output: &mut [bf16]) {
    for at in (0..values.len()).step_by(LANES) {
        let sum = _mm512_add_ps(load(values, at), load(biases, at));
        store_bf16(output, at, gelu_erf(sum));
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn add_inner(values: &mut [f32], addend: &[f32]) {
    for at in (0..values.len()).step_by(LANES) {
        let sum = _mm512_add_ps(load(values, at), load(addend, at));
        store(values, at, sum);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn gate_inner(activation: Activation, gate: &[f32], up: &[f32], output: &mut [bf16]) {
    for at in (0..gate.len()).step_by(LANES) {
        let gate = load(gate, at);
        let active = match activation {
            Activation::Silu => silu(gate),
            Activation::GeluTanh => gelu(gate),
        };
        store_bf16(output, at, _mm512_mul_ps(active, load(up, at)));
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn turn_inner(head: &mut [f32], cosines: &[f32], sines: &[f32]) {
    let (first, second) = head.split_at_mut(cosines.len());
    for at in (0..first.len()).step_by(LANES) {
        let (cosine, sine) = (load(cosines, at), load(sines, at));
        let (a, b) = (load(first, at), load(second, at));
        store(
            first,
            at,
            _mm512_fmsub_ps(a, cosine, _mm512_mul_ps(b, sine)),
        );
        store(
            second,
            at,
            _mm512_fmadd_ps(b, cosine, _mm512_mul_ps(a, sine)),
        );
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn to_bf16_inner(input: &[f32], output: &mut [bf16]) {
    for at in (0..input.len()).step_by(LANES) {
        store_bf16(output, at, load(input, at));
    }
}

#[cfg(test)]
mod tests;
