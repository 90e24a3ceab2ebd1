//! The values of one block of the plain quantised formats of ggml.

use half::f16;

use crate::model::{BLOCK_NUMBERS, EightBitBlock, FourBitBlock};

/// The f16 at a place of a block.
pub(super) fn half_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

pub(super) fn put_q4_0(block: &[u8], values: &mut Vec<f32>) {
    let scale = half_at(block, 0);
    values.extend(nibbles(&block[2..]).map(|q| f32::from(q as i8 - 8) * scale));
}

pub(super) fn put_q4_1(block: &[u8], values: &mut Vec<f32>) {
    let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
    values.extend(nibbles(&block[4..]).map(|q| f32::from(q) * scale + minimum));
}

pub(super) fn put_q5_0(block: &[u8], values: &mut Vec<f32>) {
    let scale = half_at(block, 0);
    values.extend(fives(&block[2..]).map(|q| f32::from(q as i8 - 16) * scale));
}

pub(super) fn put_q5_1(block: &[u8], values: &mut Vec<f32>) {
    let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
    values.extend(fives(&block[4..]).map(|q| f32::from(q) * scale + minimum));
}

pub(super) fn put_q8_0(block: &[u8], values: &mut Vec<f32>) {
    let scale = half_at(block, 0);
    values.extend(block[2..].iter().map(|q| f32::from(*q as i8) * scale));
}

/// A block as it is: x = d q - 8 d.
pub(super) fn q4_0(block: &[u8]) -> FourBitBlock {
    let scale = f16::from_le_bytes([block[0], block[1]]);
    FourBitBlock {
        scale,
        minimum: f16::from_f32(scale.to_f32() * -8.0),
        numbers: four_bits(&block[2..]),
    }
}

/// A block as it is.
pub(super) fn q4_1(block: &[u8]) -> FourBitBlock {
    FourBitBlock {
        scale: f16::from_le_bytes([block[0], block[1]]),
        minimum: f16::from_le_bytes([block[2], block[3]]),
        numbers: four_bits(&block[4..]),
    }
}

/// A block as it is.
pub(super) fn q8_0(block: &[u8]) -> EightBitBlock {
    let mut numbers = [0; BLOCK_NUMBERS];
    for (number, byte) in numbers.iter_mut().zip(&block[2..]) {
        *number = *byte as i8;
    }
    EightBitBlock {
        scale: f16::from_le_bytes([block[0], block[1]]),
        numbers,
    }
}

fn four_bits(bytes: &[u8]) -> [u8; BLOCK_NUMBERS] {
    let mut numbers = [0; BLOCK_NUMBERS];
    for (number, nibble) in numbers.iter_mut().zip(nibbles(bytes)) {
        *number = nibble;
    }
    numbers
}

/// The low nibbles are the first half of the values, the high nibbles the second.
pub(super) fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let low = bytes.iter().map(|byte| byte & 0x0f);
    low.chain(bytes.iter().map(|byte| byte >> 4))
}

/// Numbers of five bits: the fifth bits of 32 values, lowest first, then their nibbles.
fn fives(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let fifth = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    nibbles(&bytes[4..])
        .enumerate()
        .map(move |(index, nibble)| nibble | ((fifth >> index & 1) as u8) << 4)
}
