//! The forward pass of the Llama family in plain libtorch operators, one sequence at a time.
//!
//! It runs on any CPU and is the oracle for every faster forward. Names of dimensions in the shapes below: `t` tokens of
//! this call, `s` tokens in the cache with them, `h` hidden width, `q` query heads, `k` key-value heads, `w` head width.

mod cache;
mod rotary;

use tch::{Device, Kind, TchError, Tensor};

use crate::LoadError;
use crate::model::{LlamaConfig, TensorReader, Weights};
pub(crate) use cache::KeyValueCache;
use rotary::Rotary;

/// The weights of a network, on one device, owned by one thread at a time.
pub(crate) struct Llama {
    config: LlamaConfig,
    kind: Kind,
    /// [vocabulary, h]
    embedding: Tensor,
    layers: Vec<Layer>,
    /// [h]
    norm: Tensor,
    /// [vocabulary, h]
    head: Tensor,
    rotary: Rotary,
}

struct Layer {
    /// [h]
    attention_norm: Tensor,
    /// [(q + 2k) w, h]: queries, keys and values in one matrix, since one product is cheaper than three.
    qkv: Tensor,
    /// [h, q w]
    attention_out: Tensor,
    /// [h]
    feed_forward_norm: Tensor,
    /// [2 f, h]: gate and up in one matrix.
    gate_up: Tensor,
    /// [h, f]
    down: Tensor,
}

impl Llama {
    /// Reads all weights of a model and converts them to `kind`; sequences may have up to `context_tokens` tokens.
    pub(crate) fn load(
        config: LlamaConfig,
        weights: &mut dyn Weights,
        context_tokens: usize,
        kind: Kind,
    ) -> Result<Self, LoadError> {
        let mut reader = TensorReader::new(weights, kind);
        let (h, f) = (config.hidden as i64, config.feed_forward as i64);
        let (q, k) = (
            (config.heads * config.head_width) as i64,
            (config.kv_heads * config.head_width) as i64,
        );
        let vocabulary = config.vocabulary as i64;

        let embedding = reader.read("model.embed_tokens.weight", &[vocabulary, h])?;
        let mut layers = Vec::with_capacity(config.layers);
        for index in 0..config.layers {
            let name = |part: &str| format!("model.layers.{index}.{part}.weight");
            let queries = reader.read(&name("self_attn.q_proj"), &[q, h])?;
            let keys = reader.read(&name("self_attn.k_proj"), &[k, h])?;
            let values = reader.read(&name("self_attn.v_proj"), &[k, h])?;
            let gate = reader.read(&name("mlp.gate_proj"), &[f, h])?;
            let up = reader.read(&name("mlp.up_proj"), &[f, h])?;
            layers.push(Layer {
                attention_norm: reader.read(&name("input_layernorm"), &[h])?,
                qkv: reader.join(&[queries, keys, values])?,
                attention_out: reader.read(&name("self_attn.o_proj"), &[h, q])?,
                feed_forward_norm: reader.read(&name("post_attention_layernorm"), &[h])?,
                gate_up: reader.join(&[gate, up])?,
                down: reader.read(&name("mlp.down_proj"), &[h, f])?,
            });
        }
        let norm = reader.read("model.norm.weight", &[h])?;
        let head = match config.tied_head {
            true => embedding.shallow_clone(),
            false => reader.read("lm_head.weight", &[vocabulary, h])?,
        };
        // Some exporters save a tied head a second time.
        reader.finish(if config.tied_head { &["lm_head."] } else { &[] })?;
        let rotary = Rotary::new(config.head_width, config.rope_base, context_tokens, kind);
        let rotary = rotary.map_err(|error| reader.torch(&error))?;
        Ok(Self {
            config,
            kind,
            embedding,
            layers,
            norm,
            head,
            rotary,
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
        linear(&last, &self.head)?
            .f_view([-1])?
            .f_to_kind(Kind::Float)
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
        let mask = self.mask(count, cache.tokens())?;
        for (index, layer) in self.layers.iter().enumerate() {
            let normal = self.normalise(&hidden, &layer.attention_norm)?;
            let attention = self.attention(index, layer, &normal, mask.as_ref(), cache)?;
            hidden = hidden.f_add(&attention)?;
            let normal = self.normalise(&hidden, &layer.feed_forward_norm)?;
            let gate_up = linear(&normal, &layer.gate_up)?.f_chunk(2, 1)?;
            let inner = gate_up[0].f_silu()?.f_mul(&gate_up[1])?;
            hidden = hidden.f_add(&linear(&inner, &layer.down)?)?;
        }
        cache.advance(count);
        Ok(hidden)
    }

    /// [t, h] -> [t, h]
    fn attention(
        &self,
        index: usize,
        layer: &Layer,
        normal: &Tensor,
        mask: Option<&Tensor>,
        cache: &mut KeyValueCache,
    ) -> Result<Tensor, TchError> {
        let (q, k) = (self.config.heads as i64, self.config.kv_heads as i64);
        let (t, w) = (normal.size()[0], self.config.head_width as i64);
        // [q + 2k, t, w]
        let qkv = linear(normal, &layer.qkv)?
            .f_view([t, q + 2 * k, w])?
            .f_transpose(0, 1)?;
        let rotated = self
            .rotary
            .apply(&qkv.f_narrow(0, 0, q + k)?, cache.tokens())?;
        let queries = rotated.f_narrow(0, 0, q)?;
        let (keys, values) = cache.append(
            index,
            &rotated.f_narrow(0, q, k)?,
            &qkv.f_narrow(0, q + k, k)?,
        )?;
        let attended = if t == 1 {
            // The query heads that share a key head are its rows: no copies of keys and values, no mask.
            let rows = queries.f_reshape([1, k, q / k, w])?;
            attend(&rows, &keys, &values, None, false)?.f_reshape([1, q * w])?
        } else {
            let causal = mask.is_none();
            let attended = attend(&queries.f_unsqueeze(0)?, &keys, &values, mask, causal)?;
            attended.f_transpose(1, 2)?.f_reshape([t, q * w])?
        };
        linear(&attended, &layer.attention_out)
    }

    /// What `t` tokens behind `before` others may look at: [t, before + t], 0 where they may. None needs no mask of its own.
    fn mask(&self, t: usize, before: usize) -> Result<Option<Tensor>, TchError> {
        if t == 1 || before == 0 {
            return Ok(None);
        }
        let size = [t as i64, (before + t) as i64];
        let all = Tensor::f_full(size, f64::NEG_INFINITY, (self.kind, Device::Cpu))?;
        all.f_triu(before as i64 + 1).map(Some)
    }

    fn normalise(&self, hidden: &Tensor, weight: &Tensor) -> Result<Tensor, TchError> {
        hidden.f_rms_norm(
            [self.config.hidden as i64],
            Some(weight),
            self.config.norm_epsilon,
        )
    }
}

fn linear(input: &Tensor, weight: &Tensor) -> Result<Tensor, TchError> {
    input.f_linear(weight, None::<&Tensor>)
}

/// Scaled dot-product attention; query heads share key heads evenly.
fn attend(
    queries: &Tensor,
    keys: &Tensor,
    values: &Tensor,
    mask: Option<&Tensor>,
    causal: bool,
) -> Result<Tensor, TchError> {
    let shared = queries.size()[1] != keys.size()[1];
    Tensor::f_scaled_dot_product_attention(queries, keys, values, mask, 0.0, causal, None, shared)
}
