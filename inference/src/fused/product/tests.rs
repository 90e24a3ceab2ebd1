//! Products against plain arithmetic in f64 on the very numbers that the file has, for every size of a tile.

use half::f16;

use super::*;
use crate::model::{EightBitBlock, FourBitBlock, Rows};

/// Sums of f32 and, where the weights are bf16, of what those were rounded from.
const TOLERANCE: f64 = 1e-4;

fn whole(index: usize, salt: usize, below: usize) -> usize {
    (index * 7_919 + salt * 104_729 + index * index % 977) % below
}

fn half_number(index: usize, salt: usize) -> f16 {
    f16::from_f32(whole(index, salt, 2_000) as f32 / 10_000.0 - 0.1)
}

/// Rows of each encoding, and their numbers.
fn sources(count: usize, depth: usize) -> Vec<(Rows, Vec<f32>)> {
    let dense: Vec<bf16> = (0..count * depth)
        .map(|index| bf16::from_f32(whole(index, 1, 2_000) as f32 / 1_000.0 - 1.0))
        .collect();
    let numbers = dense.iter().map(|number| number.to_f32()).collect();
    let mut all = vec![(
        Rows::Dense {
            depth,
            numbers: dense,
        },
        numbers,
    )];
    if depth.is_multiple_of(32) {
        let blocks = 0..count * depth / 32;
        let four: Vec<FourBitBlock> = blocks
            .clone()
            .map(|block| FourBitBlock {
                scale: half_number(block, 2),
                minimum: half_number(block, 3),
                numbers: std::array::from_fn(|index| whole(block * 32 + index, 4, 16) as u8),
            })
            .collect();
        let numbers = four.iter().flat_map(|block| {
            block
                .numbers
                .map(|q| f32::from(q) * block.scale.to_f32() + block.minimum.to_f32())
        });
        let numbers = numbers.collect();
        all.push((
            Rows::FourBit {
                depth,
                blocks: four,
            },
            numbers,
        ));
        let eight: Vec<EightBitBlock> = blocks
            .map(|block| EightBitBlock {
                scale: half_number(block, 5),
                numbers: std::array::from_fn(|index| whole(block * 32 + index, 6, 256) as u8 as i8),
            })
            .collect();
        let numbers = eight
            .iter()
            .flat_map(|block| block.numbers.map(|q| f32::from(q) * block.scale.to_f32()));
        let numbers = numbers.collect();
        all.push((
            Rows::EightBit {
                depth,
                blocks: eight,
            },
            numbers,
        ));
    }
    all
}

fn activations(cpu: Avx512Bf16, rows_count: usize, depth: usize) -> (Activations, Vec<f32>) {
    let mut input = Activations::default();
    input.resize(rows_count, depth);
    let (numbers, sums) = input.parts_mut();
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = bf16::from_f32(whole(index, 7, 2_000) as f32 / 1_000.0 - 1.0);
    }
    if depth.is_multiple_of(GROUP) {
        rows::group_sums(cpu, numbers, sums);
    }
    let plain = numbers.iter().map(|number| number.to_f32()).collect();
    (input, plain)
}

fn exact(input: &[f32], weights: &[f32], depth: usize) -> Vec<f64> {
    let product = |a: &[f32], b: &[f32]| {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    let rows = input.chunks_exact(depth);
    rows.flat_map(|row| {
        weights
            .chunks_exact(depth)
            .map(move |column| product(row, column))
    })
    .collect()
}

fn assert_near(ours: &[f32], exact: &[f64], depth: usize) {
    assert_eq!(ours.len(), exact.len());
    for (ours, exact) in ours.iter().zip(exact) {
        let difference = (f64::from(*ours) - exact).abs();
        assert!(
            difference <= TOLERANCE * (depth as f64).sqrt(),
            "{ours} {exact}"
        );
    }
}

#[test]
fn every_encoding_and_size_gives_the_product_and_each_row_what_it_gives_alone() {
    let Some(cpu) = Avx512Bf16::detect() else {
        return println!("not tried: this processor has no AVX-512 BF16");
    };
    let mut pool = Pool::new(2).unwrap();
    for (columns, depth) in [(16, 32), (70, 64), (9 * 16, 96), (33, 6)] {
        for (source, weights) in sources(columns, depth) {
            let matrix = Matrix::join(&[source]);
            let mut alone: Vec<f32> = Vec::new();
            for count in 1..=26 {
                let (input, plain) = activations(cpu, count, depth);
                let mut output = vec![0.0; count * columns];
                let into = Into::Write {
                    output: &mut output,
                    bias: None,
                };
                multiply(cpu, &mut pool, &input, &matrix, into);
                assert_near(&output, &exact(&plain, &weights, depth), depth);
                // The rows are the same ones each time.
                assert!(output.starts_with(&alone), "{count} rows");
                alone = output;
            }
        }
    }
}

#[test]
fn parts_of_several_encodings_stand_side_by_side_and_biases_are_added() {
    let Some(cpu) = Avx512Bf16::detect() else {
        return println!("not tried: this processor has no AVX-512 BF16");
    };
    let (depth, count) = (64, 3);
    let (rows_of, weights): (Vec<Rows>, Vec<Vec<f32>>) = sources(20, depth).into_iter().unzip();
    let matrix = Matrix::join(&rows_of);
    let (input, plain) = activations(cpu, count, depth);
    let bias: Vec<f32> = (0..60).map(|column| column as f32).collect();
    let mut output = vec![0.0; count * 60];
    let into = Into::Write {
        output: &mut output,
        bias: Some(&bias),
    };
    let mut pool = Pool::new(1).unwrap();
    multiply(cpu, &mut pool, &input, &matrix, into);
    let biased: Vec<f64> = (exact(&plain, &weights.concat(), depth)
        .into_iter()
        .enumerate())
    .map(|(index, number)| number + (index % 60) as f64)
    .collect();
    assert_near(&output, &biased, depth);
    multiply(
        cpu,
        &mut pool,
        &input,
        &matrix,
        Into::Add {
            output: &mut output,
        },
    );
    let added: Vec<f64> = biased
        .iter()
        .zip(exact(&plain, &weights.concat(), depth))
        .map(|(a, b)| a + b)
        .collect();
    assert_near(&output, &added, depth);
}

#[test]
fn gate_and_its_factor_meet_although_their_columns_alternate() {
    let Some(cpu) = Avx512Bf16::detect() else {
        return println!("not tried: this processor has no AVX-512 BF16");
    };
    let (depth, count, columns) = (64, 5, 80);
    let mut pool = Pool::new(2).unwrap();
    let (input, plain) = activations(cpu, count, depth);
    let all = sources(2 * columns, depth);
    for (rows_of, weights) in all {
        let order = |first: usize| (first..first + columns).collect::<Vec<_>>();
        let (gate, up) = (
            rows_of.clone().reordered(&order(0)),
            rows_of.reordered(&order(columns)),
        );
        let matrix = Matrix::alternate(gate, up);
        let mut pairs = vec![0; count * columns / 2];
        let output = as_numbers_mut(&mut pairs);
        let into = Into::Gate {
            output,
            activation: Activation::Silu,
        };
        multiply(cpu, &mut pool, &input, &matrix, into);
        let products = exact(&plain, &weights, depth);
        for (index, ours) in as_numbers_mut(&mut pairs).iter().enumerate() {
            let at = index / columns * 2 * columns + index % columns;
            let (gate, up) = (products[at], products[at + columns]);
            let exact = gate / (1.0 + (-gate).exp()) * up;
            assert!(
                (ours.to_f64() - exact).abs() <= exact.abs() / 128.0 + 1e-3,
                "{ours} {exact}"
            );
        }
    }
}
