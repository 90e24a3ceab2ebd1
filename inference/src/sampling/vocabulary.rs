//! What sampling does to every token of a vocabulary, in loops that become vector code: with sixteen replies at once, and
//! calling for each exponential, it would take a quarter of a step.
//!
//! Each function is compiled once for every processor and once for those with AVX-512. Both round alike, since nothing here is
//! fused or reordered: the same logits give the same token on either.

#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "code for a processor that was asked what it can do"
    )
)]

/// Sums that go on side by side, so that they become lanes.
const LANES: usize = 16;

/// Defines a function by a body that is compiled twice.
macro_rules! compiled_twice {
    ($(#[$comment:meta])* $name:ident, $body:ident, ($($argument:ident: $type:ty),*) -> $result:ty) => {
        $(#[$comment])*
        pub(super) fn $name($($argument: $type),*) -> $result {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn wide($($argument: $type),*) -> $result {
                    $body($($argument),*)
                }
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    // SAFETY: the processor has the instructions.
                    return unsafe { wide($($argument),*) };
                }
            }
            $body($($argument),*)
        }
    };
}

compiled_twice!(
    /// Whether every number is one.
    all_finite, all_finite_body, (values: &[f32]) -> bool
);
compiled_twice!(
    /// The greatest of finite numbers; minus infinity of none.
    greatest, greatest_body, (values: &[f32]) -> f32
);
compiled_twice!(
    /// Fills `weights` with e^((logit - greatest) / temperature), which is at most 1 and above 0; gives their sum.
    weigh, weigh_body, (logits: &[f32], temperature: f32, weights: &mut Vec<f32>) -> f64
);
compiled_twice!(
    /// The sum of the weights that are at least `bound`.
    sum_from, sum_from_body, (weights: &[f32], bound: f32) -> f64
);
compiled_twice!(
    /// Adds tokens and weights that are at least `bound`, in the order of the tokens.
    collect_from, collect_from_body, (weights: &[f32], bound: f32, chosen: &mut Vec<(u32, f32)>) -> ()
);

#[inline(always)]
fn all_finite_body(values: &[f32]) -> bool {
    // The bits of infinity and of what is no number are the greatest.
    let greatest = values.iter().map(|value| value.to_bits() & 0x7fff_ffff);
    greatest.fold(0, u32::max) < f32::INFINITY.to_bits()
}

#[inline(always)]
fn greatest_body(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::NEG_INFINITY, f32::max)
}

#[inline(always)]
fn weigh_body(logits: &[f32], temperature: f32, weights: &mut Vec<f32>) -> f64 {
    let greatest = greatest_body(logits);
    let inverse = 1.0 / temperature;
    weights.clear();
    weights.extend(logits.iter().map(|logit| exp((logit - greatest) * inverse)));
    sum_from_body(weights, 0.0)
}

#[inline(always)]
fn sum_from_body(weights: &[f32], bound: f32) -> f64 {
    let mut lanes = [0.0_f64; LANES];
    let (chunks, rest) = weights.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, weight) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(if *weight >= bound { *weight } else { 0.0 });
        }
    }
    let rest = rest.iter().filter(|weight| **weight >= bound);
    lanes.iter().sum::<f64>() + rest.map(|weight| f64::from(*weight)).sum::<f64>()
}

#[inline(always)]
fn collect_from_body(weights: &[f32], bound: f32, chosen: &mut Vec<(u32, f32)>) {
    for (first, chunk) in (0..).step_by(64).zip(weights.chunks(64)) {
        // Nearly all chunks have none.
        if chunk
            .iter()
            .fold(false, |any, weight| any | (*weight >= bound))
        {
            let tokens = (first..).zip(chunk);
            chosen.extend(
                tokens
                    .filter(|(_, weight)| **weight >= bound)
                    .map(|(token, weight)| (token, *weight)),
            );
        }
    }
}

/// e^x for x from -87 to 0, lower ones as -87; within 2e-7 of it, relatively.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Added to a small number it leaves the nearest whole number in the last bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x > -87.0 { x } else { -87.0 };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    // x = n ln 2 + r, with ln 2 in two parts so that n times the first is exact.
    let r = x - n * (355.0 / 512.0) - n * -2.121_944_4e-4;
    let mut power = 1.0 / 720.0;
    for factor in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        power = power * r + factor;
    }
    let exponent = (rounded.to_bits().wrapping_sub(ROUND.to_bits())).wrapping_add(127) << 23;
    power * f32::from_bits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from -30 to 30 in no order; their count is no multiple of the lanes.
    fn logits() -> Vec<f32> {
        (0..1_003)
            .map(|index| ((index * 7_919) % 6_001) as f32 / 100.0 - 30.0)
            .collect()
    }

    #[test]
    fn exponentials_are_those_of_the_library() {
        for index in 0..=87_000 {
            let x = -(index as f32) / 1_000.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "{x}");
        }
        assert_eq!(exp(-1e30), exp(-87.0));
    }

    #[test]
    fn both_compilations_of_each_give_the_same() {
        let logits = logits();
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        assert_eq!(
            weigh(&logits, 0.7, &mut ours),
            weigh_body(&logits, 0.7, &mut plain)
        );
        assert_eq!(ours, plain);
        for bound in [0.0, 1e-3, 1.0, 2.0] {
            assert_eq!(sum_from(&ours, bound), sum_from_body(&ours, bound));
            let (mut chosen, mut expected) = (Vec::new(), Vec::new());
            collect_from(&ours, bound, &mut chosen);
            for (token, weight) in (0..).zip(&ours) {
                if *weight >= bound {
                    expected.push((token, *weight));
                }
            }
            assert_eq!(chosen, expected);
        }
        let greatest_of = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        assert_eq!(greatest(&logits), greatest_of);
    }

    #[test]
    fn one_number_that_is_none_is_found_wherever_it_stands() {
        let mut values = logits();
        assert!(all_finite(&values));
        for at in [0, 500, 1_002] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let good = std::mem::replace(&mut values[at], bad);
                assert!(!all_finite(&values));
                values[at] = good;
            }
        }
    }
}
