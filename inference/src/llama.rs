//! The forward pass of Llama and its kin in plain libtorch operators, one sequence at a time. What differs between the
//! families it reads from [`DecoderConfig`].
//!
//! It runs on any CPU and is the oracle for every faster forward. Names of dimensions in the shapes below: `t` tokens of
//! this call, `s` tokens in the cache with them, `h` hidden width, `q` query heads, `k` key-value heads, `w` head width.

mod layer;

mod cache;
mod rotary;

use tch::{Device, Kind, TchError, Tensor};

use crate::LoadError;
use crate::model::{Activation, DecoderConfig, TensorReader, Weights};
pub(crate) use cache::KeyValueCache;
use layer::Layer;
use rotary::Rotary;

/// The weights of a network, on one device, owned by one thread at a time.
pub(crate) struct Llama {
    config: DecoderConfig,
    kind: Kind,
    /// [vocabulary, h]
    embedding: Tensor,
    layers: Vec<Layer>,
    /// [h]
    norm: Tensor,
    /// [vocabulary, h]
    head: Tensor,
    rotary: Rotary,
    /// Of the layers that see only the last tokens.
    sliding_rotary: Option<Rotary>,
}

/// What the tokens of one call may look at: [t, s], 0 where they may and minus infinity elsewhere; `None` needs no mask.
struct Masks {
    full: Option<Tensor>,
    sliding: Option<Tensor>,
}

impl Llama {
    /// Reads all weights of a model and converts them to `kind`; sequences may have up to `context_tokens` tokens.
    pub(crate) fn load(
        config: DecoderConfig,
        weights: &mut dyn Weights,
        context_tokens: usize,
        kind: Kind,
    ) -> Result<Self, LoadError> {
        let mut reader = TensorReader::new(weights, kind);
        let (h, vocabulary) = (config.hidden as i64, config.vocabulary as i64);
        let embedding = reader.read("embedding.weight", &[vocabulary, h])?;
        let mut layers = Vec::with_capacity(config.layers);
        for index in 0..config.layers {
            layers.push(Layer::load(&config, &mut reader, index)?);
        }
        let norm = reader.read("norm.weight", &[h])?;
        let head = match config.tied_head {
            true => embedding.shallow_clone(),
            false => reader.read("head.weight", &[vocabulary, h])?,
        };
        reader.finish(&[])?;
        let rotary = |rope| {
            Rotary::new(rope, config.head_width, context_tokens, kind)
                .map_err(|error| reader.torch(&error))
        };
        let sliding = config.sliding.as_ref();
        Ok(Self {
            rotary: rotary(&config.rope)?,
            sliding_rotary: sliding.map(|sliding| rotary(&sliding.rope)).transpose()?,
            config,
            kind,
            embedding,
            layers,
            norm,
            head,
        })
    }

    /// An empty cache for one sequence of this network.
    pub(crate) fn cache(&self) -> KeyValueCache {
        KeyValueCache::new(
            self.config.layers,
            self.config.kv_heads,
            self.config.head_width,
            self.kind,
        )
    }

    /// Runs `tokens` behind those in the cache and adds them to it. Gives the logits that follow the last one: f32 [vocabulary].
    ///
    /// The caller keeps to the context that the network was loaded for, and has switched gradients off.
    pub(crate) fn forward(
        &self,
        tokens: &[u32],
        cache: &mut KeyValueCache,
    ) -> Result<Tensor, TchError> {
        let hidden = self.run_layers(tokens, cache)?;
        let last = hidden.f_narrow(0, tokens.len() as i64 - 1, 1)?;
        let last = self.normalise(&last, &self.norm)?;
        let logits = linear(&last, &self.head)?
            .f_view([-1])?
            .f_to_kind(Kind::Float)?;
        match self.config.logit_softcap {
            None => Ok(logits),
            Some(cap) => logits.f_div_scalar(cap)?.f_tanh()?.f_mul_scalar(cap),
        }
    }

    /// Like [`Llama::forward`], for tokens whose logits nobody needs.
    pub(crate) fn prefill(
        &self,
        tokens: &[u32],
        cache: &mut KeyValueCache,
    ) -> Result<(), TchError> {
        self.run_layers(tokens, cache).map(|_| ())
    }

    /// Makes every result not a number, for tests of what follows from that.
    #[cfg(test)]
    pub(crate) fn spoil(&mut self) {
        self.norm = self
            .norm
            .f_full_like(f64::NAN)
            .expect("a vector of the same size");
    }

    /// [t] -> [t, h]
    fn run_layers(&self, tokens: &[u32], cache: &mut KeyValueCache) -> Result<Tensor, TchError> {
        let count = tokens.len();
        cache.reserve(count)?;
        let ids: Vec<i64> = tokens.iter().map(|token| i64::from(*token)).collect();
        let mut hidden = self
            .embedding
            .f_index_select(0, &Tensor::f_from_slice(&ids)?)?;
        if self.config.embedding_scale != 1.0 {
            hidden = hidden.f_mul_scalar(self.config.embedding_scale)?;
        }
        let masks = self.masks(count, cache.tokens())?;
        for (index, layer) in self.layers.iter().enumerate() {
            let normal = self.normalise(&hidden, &layer.attention_norm)?;
            let attention = self.attention(index, layer, &normal, &masks, cache)?;
            hidden =
                hidden.f_add(&self.normalise_if(attention, layer.attention_post_norm.as_ref())?)?;
            let normal = self.normalise(&hidden, &layer.feed_forward_norm)?;
            let result = self.feed_forward(layer, &normal)?;
            hidden =
                hidden.f_add(&self.normalise_if(result, layer.feed_forward_post_norm.as_ref())?)?;
        }
        cache.advance(count);
        Ok(hidden)
    }

    /// [t, h] -> [t, h]
    fn feed_forward(&self, layer: &Layer, normal: &Tensor) -> Result<Tensor, TchError> {
        let gate_up = linear(normal, &layer.gate_up)?.f_chunk(2, 1)?;
        let gate = match self.config.activation {
            Activation::Silu => gate_up[0].f_silu()?,
            Activation::GeluTanh => gate_up[0].f_gelu("tanh")?,
        };
        linear(&gate.f_mul(&gate_up[1])?, &layer.down)
    }

    /// [t, h] -> [t, h]
    fn attention(
        &self,
        index: usize,
        layer: &Layer,
        normal: &Tensor,
        masks: &Masks,
        cache: &mut KeyValueCache,
    ) -> Result<Tensor, TchError> {
        let (q, k) = (self.config.heads as i64, self.config.kv_heads as i64);
        let (t, w) = (normal.size()[0], self.config.head_width as i64);
        let window = self.config.window_tokens(index);
        let (rotary, mask) = match window {
            None => (&self.rotary, masks.full.as_ref()),
            Some(_) => (
                self.sliding_rotary.as_ref().unwrap_or(&self.rotary),
                masks.sliding.as_ref(),
            ),
        };
        // [q + 2k, t, w]
        let qkv = normal
            .f_linear(&layer.qkv, layer.qkv_bias.as_ref())?
            .f_view([t, q + 2 * k, w])?
            .f_transpose(0, 1)?;
        let turning = match &layer.head_norms {
            None => qkv.f_narrow(0, 0, q + k)?,
            Some((query_norm, key_norm)) => {
                let queries = self.normalise(&qkv.f_narrow(0, 0, q)?, query_norm)?;
                let keys = self.normalise(&qkv.f_narrow(0, q, k)?, key_norm)?;
                Tensor::f_cat(&[queries, keys], 0)?
            }
        };
        let rotated = rotary.apply(&turning, cache.tokens())?;
        let queries = rotated.f_narrow(0, 0, q)?;
        let (keys, values) = cache.append(
            index,
            &rotated.f_narrow(0, q, k)?,
            &qkv.f_narrow(0, q + k, k)?,
        )?;
        let attended = if t == 1 {
            // The query heads that share a key head are its rows: no copies of keys and values, no mask.
            let rows = queries.f_reshape([1, k, q / k, w])?;
            let (keys, values) = (last(&keys, window)?, last(&values, window)?);
            self.attend(&rows, &keys, &values, None, false)?
                .f_reshape([1, q * w])?
        } else {
            let causal = mask.is_none();
            let attended = self.attend(&queries.f_unsqueeze(0)?, &keys, &values, mask, causal)?;
            attended.f_transpose(1, 2)?.f_reshape([t, q * w])?
        };
        linear(&attended, &layer.attention_out)
    }

    /// What `t` tokens behind `before` others may look at.
    fn masks(&self, t: usize, before: usize) -> Result<Masks, TchError> {
        let size = [t as i64, (before + t) as i64];
        let all = || Tensor::f_full(size, f64::NEG_INFINITY, (self.kind, Device::Cpu));
        let later = || all()?.f_triu(before as i64 + 1);
        let full = match t == 1 || before == 0 {
            true => None,
            false => Some(later()?),
        };
        let window = self.config.sliding.as_ref().map(|one| one.window_tokens);
        let sliding = match window {
            Some(window) if t > 1 && before + t > window => {
                let left_behind = all()?.f_tril(before as i64 - window as i64)?;
                Some(later()?.f_add(&left_behind)?)
            }
            _ => full.as_ref().map(Tensor::shallow_clone),
        };
        Ok(Masks { full, sliding })
    }

    /// Scaled dot-product attention; query heads share key heads evenly.
    fn attend(
        &self,
        queries: &Tensor,
        keys: &Tensor,
        values: &Tensor,
        mask: Option<&Tensor>,
        causal: bool,
    ) -> Result<Tensor, TchError> {
        let shared = queries.size()[1] != keys.size()[1];
        let scale = self.config.attention_scale;
        Tensor::f_scaled_dot_product_attention(
            queries, keys, values, mask, 0.0, causal, scale, shared,
        )
    }

    /// Normalises vectors along the last dimension, which is as long as `weight`.
    fn normalise(&self, vectors: &Tensor, weight: &Tensor) -> Result<Tensor, TchError> {
        vectors.f_rms_norm(weight.size(), Some(weight), self.config.norm_epsilon)
    }

    fn normalise_if(&self, vectors: Tensor, weight: Option<&Tensor>) -> Result<Tensor, TchError> {
        weight.map_or(Ok(vectors.shallow_clone()), |weight| {
            self.normalise(&vectors, weight)
        })
    }
}

/// The last `window` tokens of [1, k, s, w]; all of them without a window.
fn last(tokens: &Tensor, window: Option<usize>) -> Result<Tensor, TchError> {
    let count = tokens.size()[2];
    match window.map(|window| window as i64) {
        Some(window) if window < count => tokens.f_narrow(2, count - window, window),
        _ => Ok(tokens.shallow_clone()),
    }
}

fn linear(input: &Tensor, weight: &Tensor) -> Result<Tensor, TchError> {
    input.f_linear(weight, None::<&Tensor>)
}

#[cfg(test)]
mod tests;
