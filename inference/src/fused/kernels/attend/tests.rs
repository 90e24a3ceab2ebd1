//! Against softmax in f64 over a cache that is laid out by the same description but by other code.

use half::bf16;

use super::*;

/// bf16 shares and results: the greatest difference, where values are between -1 and 1.
const TOLERANCE: f64 = 0.01;

fn number(index: usize, salt: usize) -> bf16 {
    let whole = (index * 7_919 + salt * 104_729) % 2_001;
    bf16::from_f32(whole as f32 / 1_000.0 - 1.0)
}

struct Case {
    width: usize,
    /// Tokens that each row sees: from, to.
    rows: Vec<(usize, usize)>,
}

fn pair(low: bf16, high: bf16) -> u32 {
    u32::from(low.to_bits()) | u32::from(high.to_bits()) << 16
}

/// Compares a case, with `stray` wherever nobody has written.
fn compare(cpu: Avx512Bf16, case: &Case, stray: bf16) {
    let Case { width, rows } = case;
    let tokens = rows.iter().map(|(_, to)| *to).max().unwrap();
    let blocks = tokens.div_ceil(LANES);
    let value_vectors = width.div_ceil(LANES);
    let padded = value_vectors * LANES;
    let known = |token: usize, index: usize, salt: usize| match token < tokens {
        true => number(token * 1_000 + index, salt),
        false => stray,
    };
    // The sequence's blocks lie in the cache the other way round, with a foreign block between any two.
    let place = |block: usize| 2 * (blocks - 1 - block);
    let stray_pair = pair(stray, stray);
    let mut keys = vec![stray_pair; 2 * blocks * width / 2 * LANES];
    let mut values = vec![stray_pair; 2 * blocks * padded * LANES / 2];
    for token in 0..blocks * LANES {
        let (block, lane) = (place(token / LANES), token % LANES);
        for index in 0..width / 2 {
            keys[block * width / 2 * LANES + index * LANES + lane] =
                pair(known(token, 2 * index, 1), known(token, 2 * index + 1, 1));
        }
        for index in 0..padded {
            let slot = &mut values[block * padded * LANES / 2 + lane / 2 * padded + index];
            let value = if index < *width {
                known(token, index, 2)
            } else {
                bf16::ZERO
            };
            *slot = match lane % 2 {
                0 => pair(value, bf16::from_bits((*slot >> 16) as u16)),
                _ => pair(bf16::from_bits(*slot as u16), value),
            };
        }
    }
    let queries: Vec<Vec<u32>> = (0..rows.len())
        .map(|row| {
            (0..width / 2)
                .map(|index| pair(number(2 * index, 10 + row), number(2 * index + 1, 10 + row)))
                .collect()
        })
        .collect();
    let key_places: Vec<usize> = (0..blocks)
        .map(|block| place(block) * width / 2 * LANES)
        .collect();
    let value_places: Vec<usize> = (0..blocks)
        .map(|block| place(block) * padded * LANES / 2)
        .collect();
    let head = HeadBlocks {
        keys: &keys,
        values: &values,
        key_places: &key_places,
        value_places: &value_places,
        width_pairs: width / 2,
        value_vectors,
    };
    let query_rows: Vec<QueryRow<'_>> = (rows.iter().zip(&queries))
        .map(|((from, to), query)| QueryRow {
            query,
            from: *from,
            to: *to,
        })
        .collect();
    let run = |rows: &[QueryRow<'_>]| {
        let mut output = vec![0.0; rows.len() * padded];
        attend(cpu, head, rows, 0.3, &mut Scratch::default(), &mut output);
        output
    };
    let together = run(&query_rows);
    for (row, (from, to)) in rows.iter().enumerate() {
        let scores: Vec<f64> = (*from..*to)
            .map(|token| {
                let products = (0..*width).map(|index| {
                    number(token * 1_000 + index, 1).to_f64() * number(index, 10 + row).to_f64()
                });
                (0.3 * products.sum::<f64>()).exp()
            })
            .collect();
        let total: f64 = scores.iter().sum();
        let ours = &together[row * padded..][..padded];
        for (index, ours) in ours.iter().take(*width).enumerate() {
            let shares = scores.iter().zip(*from..*to);
            let exact = shares
                .map(|(score, token)| score / total * number(token * 1_000 + index, 2).to_f64())
                .sum::<f64>();
            assert!(
                (f64::from(*ours) - exact).abs() < TOLERANCE,
                "{ours} {exact}"
            );
        }
        // Bit for bit what the row is alone.
        assert_eq!(run(&query_rows[row..=row]), ours);
    }
}

#[test]
fn rows_see_their_part_of_the_blocks_and_nothing_else() {
    let Some(cpu) = Avx512Bf16::detect() else {
        return println!("not tried: this processor has no AVX-512 BF16");
    };
    if cpu.amx().is_none() {
        println!("not tried on tiles: this processor has none");
    }
    let neighbours = (0..16).map(|row| (row * 3, 60 + row)).collect();
    for width in [8, 16, 32, 64, 80, 96, 128] {
        for rows in [
            vec![(0, 1)],
            vec![(0, 16), (0, 17), (0, 18)],
            vec![(3, 40), (4, 41), (5, 42), (17, 43), (42, 44), (0, 45)],
            vec![(0, 300), (250, 300)],
            Vec::clone(&neighbours),
        ] {
            for cpu in [cpu, cpu.without_tiles()] {
                let mut rows = rows.clone();
                rows.truncate(rows_max(cpu, width / 2));
                let case = Case { width, rows };
                compare(cpu, &case, bf16::ZERO);
                compare(cpu, &case, bf16::NAN);
            }
        }
    }
}
