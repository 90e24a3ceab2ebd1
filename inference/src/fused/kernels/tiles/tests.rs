//! What tiles do against their description, number by number.

use half::bf16;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::LANES;
use super::super::product::{Numbers, Panels, TileRows, Unpacked};
use super::*;
use crate::fused::cpu::Avx512Bf16;

/// A number as the tiles see it: too small for a normal f32 is nought.
fn flushed(number: f32) -> f32 {
    match number.is_subnormal() {
        true => 0.0_f32.copysign(number),
        false => number,
    }
}

/// `a b + c`, rounded once.
fn fused(a: bf16, b: bf16, c: f32) -> f32 {
    let wide = |number: bf16| flushed(number.to_f32());
    flushed(wide(a).mul_add(wide(b), c))
}

/// What Intel's description of TDPBF16PS makes of a row of 32 numbers and a column of them, from nought on.
fn described(row: &[bf16], column: impl Fn(usize) -> bf16) -> f32 {
    let (mut even, mut odd) = (0.0, 0.0);
    for place in (0..GROUP).step_by(2) {
        even = fused(row[place], column(place), even);
        odd = fused(row[place + 1], column(place + 1), odd);
    }
    flushed(0.0 + flushed(even + odd))
}

/// Numbers near one, and at times ones that are large, small, too small for a normal number, or nought with either sign.
fn number() -> impl Strategy<Value = bf16> {
    let near_one = (-2.0_f32..2.0).prop_map(bf16::from_f32);
    const EDGES: [u16; 13] = [
        0x0000, 0x8000, 0x0001, 0x8001, 0x007f, 0x807f, 0x0080, 0x8080, 0x2000, 0xa000, 0x1f81,
        0x5f00, 0xdf00,
    ];
    let edge = select(&EDGES[..]).prop_map(bf16::from_bits);
    prop_oneof![3 => near_one, 1 => edge]
}

fn as_pairs_of(numbers: &[bf16]) -> Vec<u32> {
    let pair = |pair: &[bf16]| u32::from(pair[0].to_bits()) | u32::from(pair[1].to_bits()) << 16;
    numbers.chunks_exact(2).map(pair).collect()
}

proptest! {
    #[test]
    fn a_group_is_added_up_as_described_in_every_row(
        rows in 1..=ROWS_MAX,
        numbers in prop::collection::vec(number(), ROWS_MAX * GROUP),
        weights in prop::collection::vec(number(), GROUP * LANES),
    ) {
        let Some(amx) = Avx512Bf16::detect().and_then(Avx512Bf16::amx) else {
            println!("not tried: this processor has no tiles");
            return Ok(());
        };
        let numbers = &numbers[..rows * GROUP];
        let mut lines = vec![PairLine([0; 32]); PAIRS];
        for (place, weights) in weights.chunks_exact(LANES).enumerate() {
            for (column, weight) in weights.iter().enumerate() {
                lines[place / 2].0[2 * column + place % 2] = weight.to_bits();
            }
        }
        let pairs = as_pairs_of(numbers);
        let input = TileRows {
            numbers: Numbers::Pairs { pairs: &pairs, sums: &[] },
            rows,
            depth: GROUP,
        };
        let mut output = vec![f32::NAN; rows * LANES];
        Tiles::new(amx).compute(input, Panels::Dense(&lines), 1, Unpacked::Once, &mut output);
        for (row, output) in numbers.chunks_exact(GROUP).zip(output.chunks_exact(LANES)) {
            for (column, ours) in output.iter().enumerate() {
                let described = described(row, |place| weights[place * LANES + column]);
                // Both noughts are the same: the last addition, to a total of nought, is outside of the tile.
                prop_assert_eq!(*ours, described, "column {}", column);
            }
        }
    }
}

#[test]
fn tiles_can_be_set_up_by_many_threads_at_once_and_again() {
    let Some(amx) = Avx512Bf16::detect().and_then(Avx512Bf16::amx) else {
        return println!("not tried: this processor has no tiles");
    };
    let lines = vec![PairLine([0x3f80; 32]); PAIRS];
    let pairs = vec![0x3f80_3f80; ROWS_MAX * GROUP / 2];
    let count = || {
        for rows in (1..=ROWS_MAX).cycle().take(500) {
            let input = TileRows {
                numbers: Numbers::Pairs {
                    pairs: &pairs,
                    sums: &[],
                },
                rows,
                depth: GROUP,
            };
            let mut output = vec![0.0; rows * LANES];
            let mut tiles = Tiles::new(amx);
            for _ in 0..2 {
                tiles.compute(input, Panels::Dense(&lines), 1, Unpacked::Once, &mut output);
            }
            assert!(output.iter().all(|sum| *sum == GROUP as f32));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(count);
        }
    });
}
