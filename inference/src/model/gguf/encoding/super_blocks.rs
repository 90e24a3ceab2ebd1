//! The values of one block of ggml's K formats: 256 values in groups that have scales of their own.

use super::blocks::{half_at, nibbles};

/// Values that share a scale and a minimum in Q4_K and Q5_K.
const GROUP: usize = 32;

pub(super) fn put_q4_k(block: &[u8], values: &mut Vec<f32>) {
    let groups = groups(block);
    for (pair, bytes) in block[16..].chunks_exact(GROUP).enumerate() {
        for (index, nibble) in nibbles(bytes).enumerate() {
            values.push(groups[2 * pair + index / GROUP].value(nibble));
        }
    }
}

pub(super) fn put_q5_k(block: &[u8], values: &mut Vec<f32>) {
    let groups = groups(block);
    let fifth = &block[16..16 + GROUP];
    for (pair, bytes) in block[16 + GROUP..].chunks_exact(GROUP).enumerate() {
        for (index, nibble) in nibbles(bytes).enumerate() {
            let group = 2 * pair + index / GROUP;
            let bit = fifth[index % GROUP] >> group & 1;
            values.push(groups[group].value(nibble | bit << 4));
        }
    }
}

pub(super) fn put_q6_k(block: &[u8], values: &mut Vec<f32>) {
    let (low, upper, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let scale = half_at(block, 208);
    for half in 0..2 {
        let upper = &upper[half * 32..][..32];
        for (index, nibble) in nibbles(&low[half * 64..][..64]).enumerate() {
            let bits = upper[index % 32] >> (2 * (index / 32)) & 3;
            let q = (nibble | bits << 4) as i8 - 32;
            let own_scale = scales[half * 8 + index / 16] as i8;
            values.push(scale * f32::from(own_scale) * f32::from(q));
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Group {
    scale: f32,
    minimum: f32,
}

impl Group {
    fn value(self, q: u8) -> f32 {
        self.scale * f32::from(q) - self.minimum
    }
}

/// The scales of the eight groups: two factors as f16, then 6 bits each for scales and minima, packed in 12 bytes.
fn groups(block: &[u8]) -> [Group; 8] {
    let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
    let packed = &block[4..16];
    let mut groups = [Group::default(); 8];
    for index in 0..4 {
        let (a, b, c) = (packed[index], packed[index + 4], packed[index + 8]);
        let pairs = [
            (index, a & 63, b & 63),
            (index + 4, c & 15 | (a >> 6) << 4, c >> 4 | (b >> 6) << 4),
        ];
        for (group, own_scale, own_minimum) in pairs {
            groups[group] = Group {
                scale: scale * f32::from(own_scale),
                minimum: minimum * f32::from(own_minimum),
            };
        }
    }
    groups
}
