//! The values of one block of the plain quantised formats of ggml.

use half::f16;

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
