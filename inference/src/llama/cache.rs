//! The keys and values of one sequence, kept so that no token is computed twice.

use tch::{Device, Kind, TchError, Tensor};

/// The cache grows by this many tokens: rare enough not to cost, small enough not to waste.
const BLOCK_TOKENS: usize = 256;

/// The keys and values of one sequence in every layer.
pub(crate) struct KeyValueCache {
    /// Keys and values of each layer: [1, key-value heads, capacity, head width].
    layers: Vec<(Tensor, Tensor)>,
    tokens: usize,
    capacity: usize,
    heads: i64,
    width: i64,
    kind: Kind,
}

impl KeyValueCache {
    pub(super) fn new(layers: usize, heads: usize, width: usize, kind: Kind) -> Self {
        let layers = (0..layers)
            .map(|_| (Tensor::new(), Tensor::new()))
            .collect();
        Self {
            layers,
            tokens: 0,
            capacity: 0,
            heads: heads as i64,
            width: width as i64,
            kind,
        }
    }

    /// How many tokens are in it.
    pub(crate) fn tokens(&self) -> usize {
        self.tokens
    }

    /// Forgets all but the first `tokens`; the memory stays.
    pub(crate) fn truncate(&mut self, tokens: usize) {
        self.tokens = self.tokens.min(tokens);
    }

    /// Makes room for `count` more tokens.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), TchError> {
        let needed = self.tokens + count;
        if needed <= self.capacity {
            return Ok(());
        }
        let capacity = needed.next_multiple_of(BLOCK_TOKENS);
        let mut grown = Vec::with_capacity(self.layers.len());
        for (keys, values) in &self.layers {
            grown.push((self.grow(keys, capacity)?, self.grow(values, capacity)?));
        }
        self.layers = grown;
        self.capacity = capacity;
        Ok(())
    }

    fn grow(&self, old: &Tensor, capacity: usize) -> Result<Tensor, TchError> {
        // Zeros, since attention must never meet a stray NaN beyond its mask.
        let new = Tensor::f_zeros(
            [1, self.heads, capacity as i64, self.width],
            (self.kind, Device::Cpu),
        )?;
        if self.tokens > 0 {
            let kept = self.tokens as i64;
            new.f_narrow(2, 0, kept)?
                .f_copy_(&old.f_narrow(2, 0, kept)?)?;
        }
        Ok(new)
    }

    /// Writes keys and values [heads, t, width] behind those of a layer and gives all: [1, heads, s, width].
    pub(super) fn append(
        &mut self,
        layer: usize,
        new_keys: &Tensor,
        new_values: &Tensor,
    ) -> Result<(Tensor, Tensor), TchError> {
        let (keys, values) = &self.layers[layer];
        let (start, count) = (self.tokens as i64, new_keys.size()[1]);
        keys.f_narrow(2, start, count)?
            .f_copy_(&new_keys.f_unsqueeze(0)?)?;
        values
            .f_narrow(2, start, count)?
            .f_copy_(&new_values.f_unsqueeze(0)?)?;
        Ok((
            keys.f_narrow(2, 0, start + count)?,
            values.f_narrow(2, 0, start + count)?,
        ))
    }

    /// Counts tokens that every layer has appended.
    pub(super) fn advance(&mut self, count: usize) {
        self.tokens += count;
    }
}
