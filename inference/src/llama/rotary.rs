//! Rotary position embedding (Su and others, 2021) in the half-rotation form of Hugging Face.

use tch::{Device, Kind, TchError, Tensor};

use crate::model::Rope;

/// Cosines and sines of every position of the context.
pub(super) struct Rotary {
    /// [context, width]
    cosines: Tensor,
    /// [context, width]; the first half is negated, so that turning needs no negation of its own.
    sines: Tensor,
    half: i64,
}

impl Rotary {
    pub(super) fn new(
        rope: &Rope,
        width: usize,
        context_tokens: usize,
        kind: Kind,
    ) -> Result<Self, TchError> {
        let half = width as i64 / 2;
        let options = (Kind::Float, Device::Cpu);
        let frequencies = Tensor::f_from_slice(&rope.frequencies(width))?;
        let angles = Tensor::f_arange(context_tokens as i64, options)?.f_outer(&frequencies)?;
        let (cosine, sine) = (angles.f_cos()?, angles.f_sin()?);
        let cosines = Tensor::f_cat(&[&cosine, &cosine], 1)?.f_to_kind(kind)?;
        let sines = Tensor::f_cat(&[&sine.f_neg()?, &sine], 1)?.f_to_kind(kind)?;
        Ok(Self {
            cosines,
            sines,
            half,
        })
    }

    /// Turns [heads, t, width] of the tokens that begin at `position`.
    pub(super) fn apply(&self, input: &Tensor, position: usize) -> Result<Tensor, TchError> {
        let (start, count) = (position as i64, input.size()[1]);
        let cosines = self.cosines.f_narrow(0, start, count)?;
        let sines = self.sines.f_narrow(0, start, count)?;
        let (first, second) = (
            input.f_narrow(2, 0, self.half)?,
            input.f_narrow(2, self.half, self.half)?,
        );
        let swapped = Tensor::f_cat(&[&second, &first], 2)?;
        input.f_mul(&cosines)?.f_add(&swapped.f_mul(&sines)?)
    }
}
