//! Rotary position embedding (Su and others, 2021): cosines and sines of every position of the context, in f32.

use crate::model::Rope;

pub(super) struct Rotary {
    half: usize,
    /// [context, w / 2]
    cosines: Vec<f32>,
    /// [context, w / 2]
    sines: Vec<f32>,
}

impl Rotary {
    pub(super) fn new(rope: &Rope, width: usize, context_tokens: usize) -> Self {
        let frequencies = rope.frequencies(width);
        let angles: Vec<f32> = (0..context_tokens)
            .flat_map(|position| {
                frequencies
                    .iter()
                    .map(move |frequency| position as f32 * frequency)
            })
            .collect();
        Self {
            half: width / 2,
            cosines: angles.iter().map(|angle| angle.cos()).collect(),
            sines: angles.iter().map(|angle| angle.sin()).collect(),
        }
    }

    /// Cosines and sines of a position.
    pub(super) fn at(&self, position: usize) -> (&[f32], &[f32]) {
        let place = position * self.half..(position + 1) * self.half;
        (&self.cosines[place.clone()], &self.sines[place])
    }
}
