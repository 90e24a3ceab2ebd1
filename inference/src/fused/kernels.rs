//! The AVX-512 code. Each function is safe to call with the proof of [`Avx512Bf16`](super::cpu::Avx512Bf16): it checks that its
//! slices are long enough before anything is read through a pointer.
//!
//! A row's result never depends on the rows beside it: every kernel adds up in one order, whatever the number of rows that
//! it is made for. That is what makes replies independent of the load.

#![expect(
    unsafe_code,
    reason = "vector instructions read through pointers, and need a processor that has them"
)]

/// Calls a kernel that is compiled for each number of rows and panels that a tile may have.
macro_rules! for_size {
    ($rows:expr, $panels:expr, $kernel:ident $([$variant:ident])?, $($argument:expr),*) => {
        for_size!(@ $rows, $panels, $kernel, [$($variant)?], ($($argument),*),
            [1 1] [2 1] [3 1] [4 1] [5 1] [6 1] [7 1] [8 1] [9 1] [10 1] [11 1] [12 1]
            [1 2] [2 2] [3 2] [4 2] [5 2] [6 2] [7 2] [8 2] [9 2] [10 2] [11 2] [12 2]
            [1 3] [2 3] [3 3] [4 3] [5 3] [6 3] [7 3] [8 3]
            [1 4] [2 4] [3 4] [4 4] [5 4] [6 4])
    };
    (@ $rows:expr, $panels:expr, $kernel:ident, $variant:tt, $arguments:tt, $([$r:literal $p:literal])*) => {
        match ($rows, $panels) {
            $(($r, $p) => for_size!(@call $kernel, $r, $p, $variant, $arguments),)*
            (rows, panels) => unreachable!("no tile has {rows} rows of {panels} panels"),
        }
    };
    (@call $kernel:ident, $r:literal, $p:literal, [$($variant:ident)?], ($($argument:expr),*)) => {
        // SAFETY: the caller's promises are those of the kernel.
        unsafe { $kernel::<$r, $p $(, $variant)?>($($argument),*) }
    };
}

pub(super) mod attend;
pub(super) mod product;
pub(super) mod rows;
pub(super) mod single;
pub(super) mod tiles;

use std::arch::x86_64::*;

/// Lanes of a vector of f32.
pub(super) const LANES: usize = 16;

/// e^x within 2 units in the last place; 0 far below.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn exp(x: __m512) -> __m512 {
    // e^x = 2^n e^r with |r| <= ln 2 / 2; ln 2 in two parts, so that n ln 2 is subtracted without rounding.
    let x = _mm512_max_ps(x, _mm512_set1_ps(-104.0));
    let x = _mm512_min_ps(x, _mm512_set1_ps(88.7));
    let n = _mm512_roundscale_ps::<0>(_mm512_mul_ps(x, _mm512_set1_ps(std::f32::consts::LOG2_E)));
    let r = _mm512_fnmadd_ps(n, _mm512_set1_ps(355.0 / 512.0), x);
    let r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.121_944_4e-4), r);
    let mut power = _mm512_set1_ps(1.0 / 5040.0);
    for factor in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        power = _mm512_fmadd_ps(power, r, _mm512_set1_ps(factor));
    }
    _mm512_scalef_ps(power, n)
}

/// Where `x` is a number: x / (1 + e^-x).
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn silu(x: __m512) -> __m512 {
    let one = _mm512_set1_ps(1.0);
    let inverse = exp(_mm512_sub_ps(_mm512_setzero_ps(), x));
    let result = _mm512_div_ps(x, _mm512_add_ps(one, inverse));
    keep_nan(x, result)
}

/// GELU by its approximation with tanh, which is x sigmoid(2 z) with z = sqrt(2 / pi) (x + 0.044715 x^3).
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn gelu(x: __m512) -> __m512 {
    let cube = _mm512_mul_ps(_mm512_mul_ps(x, x), x);
    let inner = _mm512_fmadd_ps(cube, _mm512_set1_ps(0.044_715), x);
    let z = _mm512_mul_ps(inner, _mm512_set1_ps(-2.0 * 0.797_884_6));
    let result = _mm512_div_ps(x, _mm512_add_ps(_mm512_set1_ps(1.0), exp(z)));
    keep_nan(x, result)
}

/// GELU by the error function: x times the share of a normal distribution that lies below x. The share beyond |x| is that of
/// Abramowitz and Stegun, 7.1.26, which is off by 7.5e-8 at most.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn gelu_erf(x: __m512) -> __m512 {
    let one = _mm512_set1_ps(1.0);
    let z = _mm512_mul_ps(
        _mm512_abs_ps(x),
        _mm512_set1_ps(std::f32::consts::FRAC_1_SQRT_2),
    );
    let t = _mm512_div_ps(one, _mm512_fmadd_ps(z, _mm512_set1_ps(0.327_591_1), one));
    let mut power = _mm512_set1_ps(0.5 * 1.061_405_4);
    for factor in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6, 0.0] {
        power = _mm512_fmadd_ps(power, t, _mm512_set1_ps(0.5 * factor));
    }
    let square = _mm512_mul_ps(z, z);
    let beyond = _mm512_mul_ps(power, exp(_mm512_sub_ps(_mm512_setzero_ps(), square)));
    let negative = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(x, _mm512_setzero_ps());
    let below = _mm512_mask_mov_ps(_mm512_sub_ps(one, beyond), negative, beyond);
    keep_nan(x, _mm512_mul_ps(x, below))
}

/// `exp` bounds its argument, by which it would lose what is not a number.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
fn keep_nan(x: __m512, result: __m512) -> __m512 {
    _mm512_mask_mov_ps(result, _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(x, x), x)
}

/// The first `count` of 16 lanes.
fn first_lanes(count: usize) -> u16 {
    if count >= LANES {
        u16::MAX
    } else {
        (1 << count) - 1
    }
}
