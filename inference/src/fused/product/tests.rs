//! Products against plain arithmetic in f64 on the very numbers that the file has, for every size of a tile.

use half::f16;

use super::*;
use crate::model::{EightBitBlock, FourBitBlock, Rows};

/// Sums of f32 and, where the weights are bf16, of what those were rounded from.
const TOLERANCE: f64 = 1e-4;

/// With the processor's tiles, where it has any, and without.
fn processors() -> Vec<Avx512Bf16> {
    let Some(cpu) = Avx512Bf16::detect() else {
        println!("not tried: this processor has no AVX-512 BF16");
        return Vec::new();
    };
    if cpu.amx().is_none() {
        println!("not tried with tiles: this processor has none");
        return vec![cpu];
    }
    vec![cpu, cpu.without_tiles()]
}

fn whole(index: usize, salt: usize, below: usize) -> usize {
    (index * 7_919 + salt * 104_729 + index * index % 977) % below
}

fn half_number(index: usize, salt: usize) -> f16 {
    f16::from_f32(whole(index, salt, 2_000) as f32 / 10_000.0 - 0.1)
}

/// Rows of each encoding, and the numbers that this processor multiplies with: tiles round them to bf16.
fn sources(cpu: Avx512Bf16, count: usize, depth: usize) -> Vec<(Rows, Vec<f32>)> {
    let dense: Vec<bf16> = (0..count * depth)
        .map(|index| bf16::from_f32(whole(index, 1, 2_000) as f32 / 1_000.0 - 1.0))
        .collect();
    let numbers: Vec<f32> = dense.iter().map(|number| number.to_f32()).collect();
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
    if cpu.amx().is_some() {
        for (_, numbers) in &mut all {
            for number in numbers.iter_mut() {
                *number = bf16::from_f32(*number).to_f32();
            }
        }
    }
    all
}

/// Rows in f32, which only rows in f32 are multiplied with.
fn single_source(count: usize, depth: usize) -> (Rows, Vec<f32>) {
    let number = |index| whole(index, 8, 20_000) as f32 / 10_000.0 - 1.0;
    let numbers: Vec<f32> = (0..count * depth).map(number).collect();
    let source = Rows::Single {
        depth,
        numbers: numbers.clone(),
    };
    (source, numbers)
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

/// The rows as a product with weights of this encoding reads them.
fn input_for<'a>(source: &Rows, pairs: &'a Activations, plain: &'a [f32]) -> Input<'a> {
    match source {
        Rows::Single { depth, .. } => Input::singles(plain, *depth),
        _ => pairs.all(),
    }
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
    for cpu in processors() {
        let mut pool = Pool::new(2).unwrap();
        for (columns, depth) in [(16, 32), (70, 64), (9 * 16, 96), (33, 6)] {
            let all = sources(cpu, columns, depth);
            for (source, weights) in all.into_iter().chain([single_source(columns, depth)]) {
                let matrix = Matrix::join(std::slice::from_ref(&source));
                let mut alone: Vec<f32> = Vec::new();
                for count in (1..=35).chain([2 * BLOCK_ROWS_MIN, 2 * BLOCK_ROWS_MIN + 13]) {
                    let (pairs, plain) = activations(cpu, count, depth);
                    let input = input_for(&source, &pairs, &plain);
                    let mut output = vec![0.0; count * columns];
                    let into = Into::Write {
                        output: &mut output,
                        bias: None,
                    };
                    multiply(cpu, &mut pool, input, &matrix, into);
                    assert_near(&output, &exact(&plain, &weights, depth), depth);
                    // The rows are the same ones each time.
                    assert!(output.starts_with(&alone), "{count} rows");
                    alone = output;
                }
            }
        }
    }
}

#[test]
fn parts_of_several_encodings_stand_side_by_side_and_biases_are_added() {
    for cpu in processors() {
        let (depth, count) = (64, 3);
        let (rows_of, weights): (Vec<Rows>, Vec<Vec<f32>>) =
            sources(cpu, 20, depth).into_iter().unzip();
        let matrix = Matrix::join(&rows_of);
        let (input, plain) = activations(cpu, count, depth);
        let bias: Vec<f32> = (0..60).map(|column| column as f32).collect();
        let mut output = vec![0.0; count * 60];
        let into = Into::Write {
            output: &mut output,
            bias: Some(&bias),
        };
        let mut pool = Pool::new(1).unwrap();
        multiply(cpu, &mut pool, input.all(), &matrix, into);
        let biased: Vec<f64> = (exact(&plain, &weights.concat(), depth)
            .into_iter()
            .enumerate())
        .map(|(index, number)| number + (index % 60) as f64)
        .collect();
        assert_near(&output, &biased, depth);
        multiply(
            cpu,
            &mut pool,
            input.all(),
            &matrix,
            Into::Add {
                output: &mut output,
                bias: Some(&bias),
            },
        );
        let added: Vec<f64> = biased.iter().map(|number| 2.0 * number).collect();
        assert_near(&output, &added, depth);
    }
}

#[test]
fn gelu_of_a_product_and_its_bias_comes_as_f32_or_rounded_to_bf16() {
    for cpu in processors() {
        let (depth, count, columns) = (64, 5, 70);
        let (pairs, plain) = activations(cpu, count, depth);
        let bias: Vec<f32> = (0..columns)
            .map(|column| column as f32 / 35.0 - 1.0)
            .collect();
        let all = sources(cpu, columns, depth);
        for (source, _) in all.into_iter().chain([single_source(columns, depth)]) {
            let matrix = Matrix::join(std::slice::from_ref(&source));
            let input = input_for(&source, &pairs, &plain);
            let mut pool = Pool::new(2).unwrap();
            let mut sums = vec![0.0; count * columns];
            let into = Into::Write {
                output: &mut sums,
                bias: Some(&bias),
            };
            multiply(cpu, &mut pool, input, &matrix, into);
            let mut expected = vec![0.0; columns];
            let mut output = vec![0.0; count * columns];
            let into = Into::Gelu {
                output: &mut output,
                bias: &bias,
            };
            multiply(cpu, &mut pool, input, &matrix, into);
            let mut rounded = vec![bf16::ZERO; count * columns];
            let into = Into::GeluToBf16 {
                output: &mut rounded,
                bias: &bias,
            };
            multiply(cpu, &mut pool, input, &matrix, into);
            let (none, mut nearest) = (vec![0.0; columns], vec![bf16::ZERO; columns]);
            for (row, sums) in sums.chunks_exact(columns).enumerate() {
                rows::biased_gelu(cpu, sums, &none, &mut expected);
                let ours = row * columns..(row + 1) * columns;
                assert_eq!(output[ours.clone()], expected);
                rows::to_bf16(cpu, &expected, &mut nearest);
                assert_eq!(rounded[ours], nearest);
            }
        }
    }
}

#[test]
fn gate_and_its_factor_meet_although_their_columns_alternate() {
    for cpu in processors() {
        let (depth, count, columns) = (64, 5, 80);
        let mut pool = Pool::new(2).unwrap();
        let (input, plain) = activations(cpu, count, depth);
        let all = sources(cpu, 2 * columns, depth);
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
            multiply(cpu, &mut pool, input.all(), &matrix, into);
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
}
