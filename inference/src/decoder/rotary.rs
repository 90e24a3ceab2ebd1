//! Rotary position embedding (Su and others, 2021) in the half-rotation form of Hugging Face.

use tch::{Device, Kind, TchError, Tensor};

use crate::model::Rope;

/// Cosines and sines of every position of the context.
pub(super) struct Rotary {
    /// [context, w]
    cosines: Tensor,
    /// [context, w]; the first half is negated, so that turning needs no negation of its own.
    sines: Tensor,
}

/// Cosines and sines of the tokens of one step: [t, 1, w].
pub(super) struct Turns {
    cosines: Tensor,
    sines: Tensor,
    half: i64,
}

impl Rotary {
    pub(super) fn new(
        rope: &Rope,
        width: usize,
        context_tokens: usize,
        on: (Kind, Device),
    ) -> Result<Self, TchError> {
        let options = (Kind::Float, Device::Cpu);
        let frequencies = Tensor::f_from_slice(&rope.frequencies(width))?;
        let angles = Tensor::f_arange(context_tokens as i64, options)?.f_outer(&frequencies)?;
        let (cosine, sine) = (angles.f_cos()?, angles.f_sin()?);
        let (kind, device) = on;
        let place = |table: Tensor| table.f_to_kind(kind)?.f_to_device(device);
        Ok(Self {
            cosines: place(Tensor::f_cat(&[&cosine, &cosine], 1)?)?,
            sines: place(Tensor::f_cat(&[&sine.f_neg()?, &sine], 1)?)?,
        })
    }

    /// The turns of tokens at `positions` [t].
    pub(super) fn at(&self, positions: &Tensor) -> Result<Turns, TchError> {
        let rows = |table: &Tensor| table.f_index_select(0, positions)?.f_unsqueeze(1);
        Ok(Turns {
            cosines: rows(&self.cosines)?,
            sines: rows(&self.sines)?,
            half: self.cosines.size()[1] / 2,
        })
    }
}

impl Turns {
    /// Turns the heads of each token: [t, heads, w] -> [t, heads, w].
    pub(super) fn apply(&self, input: &Tensor) -> Result<Tensor, TchError> {
        let (first, second) = (
            input.f_narrow(2, 0, self.half)?,
            input.f_narrow(2, self.half, self.half)?,
        );
        let swapped = Tensor::f_cat(&[&second, &first], 2)?;
        let turned = input.f_mul(&self.cosines)?;
        turned.f_add(&swapped.f_mul(&self.sines)?)
    }
}
