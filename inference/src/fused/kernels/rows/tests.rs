//! Each against plain arithmetic in f64.

use super::*;

/// Lengths with and without whole vectors and groups.
const LENGTHS: [usize; 4] = [8, 32, 80, 576];

/// One unit in the last place of bf16, relative.
const BF16_STEP: f64 = 1.0 / 128.0;

fn cpu() -> Option<Avx512Bf16> {
    let cpu = Avx512Bf16::detect();
    if cpu.is_none() {
        println!("not tried: this processor has no AVX-512 BF16");
    }
    cpu
}

/// Numbers from -4 to 4 in no order.
fn numbers(len: usize, salt: usize) -> Vec<f32> {
    let number = |index: usize| ((index * 7_919 + salt * 104_729) % 8_000) as f32 / 1_000.0 - 4.0;
    (0..len).map(number).collect()
}

fn assert_near(ours: &[f32], exact: impl Iterator<Item = f64>, tolerance: f64) {
    for (ours, exact) in ours.iter().zip(exact) {
        let difference = (f64::from(*ours) - exact).abs();
        assert!(
            difference <= tolerance * exact.abs().max(1e-3),
            "{ours} {exact}"
        );
    }
}

fn widened(values: &[bf16]) -> Vec<f32> {
    values.iter().map(|value| value.to_f32()).collect()
}

#[test]
fn norms_divide_by_the_root_of_the_mean_square() {
    let Some(cpu) = cpu() else { return };
    for len in LENGTHS {
        let (input, factors) = (numbers(len, 1), numbers(len, 2));
        let squares: f64 = input.iter().map(|x| f64::from(*x).powi(2)).sum();
        let root = (squares / len as f64 + 1e-5).sqrt();
        let exact = || {
            input
                .iter()
                .zip(&factors)
                .map(|(x, factor)| f64::from(*x) / root * f64::from(*factor))
        };
        let mut ours = input.clone();
        normalise(cpu, &mut ours, &factors, 1e-5);
        assert_near(&ours, exact(), 1e-6);
        let mut rounded = vec![bf16::ZERO; len];
        let mut sums = vec![0.0; len / GROUP];
        normalise_to_bf16(cpu, &input, &factors, 1e-5, &mut rounded);
        group_sums(cpu, &rounded, &mut sums);
        assert_near(&widened(&rounded), exact(), BF16_STEP);
        let rounded = widened(&rounded);
        let groups = rounded.chunks_exact(GROUP);
        assert_near(
            &sums,
            groups.map(|group| group.iter().map(|x| f64::from(*x)).sum()),
            1e-4,
        );
    }
}

#[test]
fn gates_are_silu_and_gelu_and_keep_what_is_not_a_number() {
    let Some(cpu) = cpu() else { return };
    let mut gates = numbers(48, 3);
    gates[..4].copy_from_slice(&[-200.0, 200.0, 0.0, -1e-9]);
    let ups = numbers(48, 4);
    let mut ours = vec![bf16::ZERO; 48];
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let silu = |x: f64| x * sigmoid(x);
    let z = |x: f64| (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
    let gelu = |x: f64| 0.5 * x * (1.0 + z(x).tanh());
    let both: [(Activation, &dyn Fn(f64) -> f64); 2] =
        [(Activation::Silu, &silu), (Activation::GeluTanh, &gelu)];
    for (activation, exact) in both {
        gate(cpu, activation, &gates, &ups, &mut ours);
        let exact = gates
            .iter()
            .zip(&ups)
            .map(|(gate, up)| exact(f64::from(*gate)) * f64::from(*up));
        assert_near(&widened(&ours), exact, BF16_STEP);
        gate(cpu, activation, &[f32::NAN], &[1.0], &mut ours[..1]);
        assert!(ours[0].is_nan());
    }
}

#[test]
fn layer_norms_take_the_mean_and_divide_by_the_root_of_the_variance() {
    let Some(cpu) = cpu() else { return };
    for len in LENGTHS {
        let (input, factors, biases) = (numbers(len, 1), numbers(len, 2), numbers(len, 9));
        let wide = || input.iter().map(|x| f64::from(*x));
        let mean = wide().sum::<f64>() / len as f64;
        let variance = wide().map(|x| (x - mean).powi(2)).sum::<f64>() / len as f64;
        let root = (variance + 1e-12).sqrt();
        let mut ours = input.clone();
        layer_norm(cpu, &mut ours, &factors, &biases, 1e-12);
        for (index, ours) in ours.iter().enumerate() {
            let normal = (f64::from(input[index]) - mean) / root;
            let exact = normal * f64::from(factors[index]) + f64::from(biases[index]);
            assert!((f64::from(*ours) - exact).abs() < 1e-5, "{ours} {exact}");
        }
    }
}

#[test]
fn exponentials_and_the_inverse_of_their_sum_are_the_shares_of_what_is_seen() {
    let Some(cpu) = cpu() else { return };
    for seen in [1, 7, 16, 17, 64, 300] {
        let mut scores = numbers(seen, 10);
        scores.resize(seen.next_multiple_of(LANES), 1_000.0);
        let powers: Vec<f64> = scores[..seen]
            .iter()
            .map(|score| (0.5 * f64::from(*score)).exp())
            .collect();
        let total: f64 = powers.iter().sum();
        let inverse = soften(cpu, &mut scores, seen, 0.5);
        scale(cpu, &mut scores, inverse);
        assert_near(
            &scores[..seen],
            powers.iter().map(|power| power / total),
            1e-5,
        );
    }
    let mut scores = [f32::NAN; LANES];
    assert!(soften(cpu, &mut scores, 2, 0.5).is_nan());
}

/// The error function by its series, which ends within the precision of f64 for what is asked here.
fn error_function(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

#[test]
fn gelu_is_that_of_the_error_function_and_keeps_what_is_not_a_number() {
    let Some(cpu) = cpu() else { return };
    let (values, biases) = (numbers(4_000, 11), numbers(4_000, 12));
    // Up to 3, where the series still has its digits.
    let values: Vec<f32> = values.iter().map(|value| value * 0.5).collect();
    let biases: Vec<f32> = biases.iter().map(|bias| bias * 0.25).collect();
    let mut ours = vec![0.0; values.len()];
    biased_gelu(cpu, &values, &biases, &mut ours);
    for ((ours, value), bias) in ours.iter().zip(&values).zip(&biases) {
        let x = f64::from(value + bias);
        let exact = 0.5 * x * (1.0 + error_function(x / 2.0_f64.sqrt()));
        assert!(
            (f64::from(*ours) - exact).abs() < 5e-7,
            "{x}: {ours} {exact}"
        );
    }
    let mut rounded = vec![bf16::ZERO; values.len()];
    biased_gelu_to_bf16(cpu, &values, &biases, &mut rounded);
    let nearest = ours.iter().map(|ours| bf16::from_f32(*ours));
    assert!(nearest.eq(rounded));
    let mut far = [0.0; 3];
    biased_gelu(cpu, &[-50.0, 50.0, f32::NAN], &[0.0; 3], &mut far);
    assert!(
        far[0] == 0.0 && far[1] == 50.0 && far[2].is_nan(),
        "{far:?}"
    );
}

#[test]
fn heads_turn_their_halves_together() {
    let Some(cpu) = cpu() else { return };
    for width in [8, 64, 80] {
        let head = numbers(width, 5);
        let angles = numbers(width / 2, 6);
        let cosines: Vec<f32> = angles.iter().map(|angle| angle.cos()).collect();
        let sines: Vec<f32> = angles.iter().map(|angle| angle.sin()).collect();
        let mut ours = head.clone();
        turn(cpu, &mut ours, &cosines, &sines);
        let exact = (0..width).map(|index| {
            let pair = index % (width / 2);
            let (a, b) = (f64::from(head[pair]), f64::from(head[pair + width / 2]));
            let (cosine, sine) = (f64::from(cosines[pair]), f64::from(sines[pair]));
            if index < width / 2 {
                a * cosine - b * sine
            } else {
                b * cosine + a * sine
            }
        });
        let far = ours
            .iter()
            .zip(exact)
            .map(|(ours, exact)| (f64::from(*ours) - exact).abs());
        assert!(far.fold(0.0, f64::max) < 1e-6);
    }
}

#[test]
fn sums_are_sums_and_bf16_is_rounded_to_nearest() {
    let Some(cpu) = cpu() else { return };
    for len in LENGTHS {
        let (a, b) = (numbers(len, 7), numbers(len, 8));
        let mut ours = a.clone();
        add(cpu, &mut ours, &b);
        let exact: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        assert_eq!(ours, exact);
        let mut rounded = vec![bf16::ZERO; len];
        to_bf16(cpu, &a, &mut rounded);
        let nearest: Vec<bf16> = a.iter().map(|a| bf16::from_f32(*a)).collect();
        assert_eq!(rounded, nearest);
    }
}
