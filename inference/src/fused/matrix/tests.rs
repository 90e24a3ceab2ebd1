//! Packing gives back what was packed.

use half::{bf16, f16};

use super::*;
use crate::model::{EightBitBlock, FourBitBlock};

#[test]
fn a_column_is_the_row_that_it_was_packed_from() {
    let depth = 64;
    let dense: Vec<bf16> = (0..20 * depth)
        .map(|index| bf16::from_f32(index as f32))
        .collect();
    let four: Vec<FourBitBlock> = (0..40_usize)
        .map(|block| FourBitBlock {
            scale: f16::from_f32(block as f32),
            minimum: f16::from_f32(-(block as f32)),
            numbers: std::array::from_fn(|index| ((index * 7 + block) % 16) as u8),
        })
        .collect();
    let eight: Vec<EightBitBlock> = (0..40_usize)
        .map(|block| EightBitBlock {
            scale: f16::from_f32(block as f32 / 8.0),
            numbers: std::array::from_fn(|index| (index * 37 + block) as u8 as i8),
        })
        .collect();
    let sources = [
        Rows::Dense {
            depth,
            numbers: dense,
        },
        Rows::FourBit {
            depth,
            blocks: four.clone(),
        },
        Rows::EightBit {
            depth,
            blocks: eight.clone(),
        },
        Rows::Single {
            depth,
            numbers: (0..20 * depth)
                .map(|index| 1.0 / (index + 1) as f32)
                .collect(),
        },
    ];
    let matrix = Matrix::join(&sources);
    assert_eq!(matrix.columns, 80);
    let mut values = vec![0.0; depth];
    for column in 0..80 {
        matrix.column(column, &mut values);
        for (index, value) in values.iter().enumerate() {
            let block = column % 20 * 2 + index / 32;
            let expected = match column / 20 {
                0 => bf16::from_f32((column * depth + index) as f32).to_f32(),
                1 => {
                    f32::from(four[block].numbers[index % 32]) * four[block].scale.to_f32()
                        + four[block].minimum.to_f32()
                }
                2 => f32::from(eight[block].numbers[index % 32]) * eight[block].scale.to_f32(),
                _ => 1.0 / ((column - 60) * depth + index + 1) as f32,
            };
            assert_eq!(*value, expected, "column {column}, number {index}");
        }
    }
}

#[test]
fn chunks_cover_every_column_once() {
    for columns in [1, 16, 17, 576, 960] {
        let numbers = vec![bf16::ONE; columns * 2];
        let matrix = Matrix::join(&[Rows::Dense { depth: 2, numbers }]);
        for chunks in [matrix.few_rows(), matrix.many_rows()] {
            let mut next = 0;
            for chunk in chunks {
                assert_eq!(chunk.first_column, next);
                assert!(chunk.columns <= chunk.panels * LANES && chunk.panels <= PANELS_MAX);
                next += chunk.columns;
            }
            assert_eq!(next, columns);
        }
    }
}
