//! The forward pass of a decoder in plain libtorch operators, for the mixed batches of the scheduler. What differs between
//! the families it reads from [`DecoderConfig`].
//!
//! It runs on any CPU and is the oracle for every faster forward. Names of dimensions in the shapes below: `t` rows of this
//! step, each one token of some sequence; `h` hidden width, `q` query heads, `k` key-value heads, `w` head width.

mod batch;

mod layer;

mod paged_cache;
mod rotary;

use tch::{Device, Kind, TchError, Tensor};

use crate::LoadError;
use crate::model::{Activation, DecoderConfig, TensorReader, Weights};
use crate::scheduler::Segment;
use batch::{Attention, Batch, Group, Layout};
use layer::Layer;
pub(crate) use paged_cache::BLOCK_TOKENS;
use paged_cache::PagedCache;
use rotary::{Rotary, Turns};

/// Rows of one matrix product of the deterministic forward: of one size, so that each row is computed the same way whoever
/// stands beside it.
const TILE_ROWS: usize = 16;

/// The weights of a network and the keys and values of its sequences, on one device, owned by one thread at a time.
pub(crate) struct Decoder {
    config: DecoderConfig,
    device: Device,
    kind: Kind,
    /// Every row is computed by products and attentions whose sizes do not depend on the others in the step.
    deterministic: bool,
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
    cache: PagedCache,
}

/// How to compute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Computing {
    pub(crate) device: Device,
    pub(crate) kind: Kind,
    pub(crate) deterministic: bool,
    /// The most tokens that a sequence may have.
    pub(crate) context_tokens: usize,
}

impl Decoder {
    /// Reads all weights of a model and converts them.
    pub(crate) fn load(
        config: DecoderConfig,
        weights: &mut dyn Weights,
        computing: Computing,
    ) -> Result<Self, LoadError> {
        let Computing {
            device,
            kind,
            deterministic,
            context_tokens,
        } = computing;
        let mut reader = TensorReader::new(weights, kind, device);
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
            Rotary::new(rope, config.head_width, context_tokens, (kind, device))
                .map_err(|error| reader.torch(&error))
        };
        let sliding = config.sliding.as_ref();
        Ok(Self {
            rotary: rotary(&config.rope)?,
            sliding_rotary: sliding.map(|sliding| rotary(&sliding.rope)).transpose()?,
            cache: PagedCache::new(&config, (kind, device)),
            config,
            device,
            kind,
            deterministic,
            embedding,
            layers,
            norm,
            head,
        })
    }

    /// Computes a step: writes the keys and values of its tokens to their blocks, and gives the logits behind each segment that
    /// wants them, in their order and in memory: f32 [wanted, vocabulary].
    ///
    /// The segments keep to the context that the network was loaded for, and the caller has switched gradients off.
    pub(crate) fn forward(&mut self, segments: &[Segment]) -> Result<Tensor, TchError> {
        let batch = Batch::new(segments, &self.layout())?;
        self.cache.reserve(batch.blocks)?;
        let hidden = self.run_layers(&batch)?;
        if batch.wanted.is_empty() {
            return Tensor::f_zeros(
                [0, self.config.vocabulary as i64],
                (Kind::Float, Device::Cpu),
            );
        }
        let mut rows = batch.wanted.clone();
        rows.resize(rows.len().next_multiple_of(self.tile_rows()), rows[0]);
        let wanted = Tensor::f_from_slice(&rows)?.f_to_device(self.device)?;
        let last = hidden.f_index_select(0, &wanted)?;
        let last = self.normalise(&last, &self.norm)?;
        let logits = self
            .linear(&last, &self.head, None)?
            .f_narrow(0, 0, batch.wanted.len() as i64)?
            .f_to_kind(Kind::Float)?;
        let logits = match self.config.logit_softcap {
            None => logits,
            Some(cap) => logits.f_div_scalar(cap)?.f_tanh()?.f_mul_scalar(cap)?,
        };
        // The one transfer of a step back from the device.
        logits.f_to_device(Device::Cpu)
    }

    /// Makes every result not a number, for tests of what follows from that.
    #[cfg(test)]
    pub(crate) fn spoil(&mut self) {
        self.norm = self
            .norm
            .f_full_like(f64::NAN)
            .expect("a vector of the same size");
    }

    fn layout(&self) -> Layout {
        Layout {
            device: self.device,
            kind: self.kind,
            window_tokens: self.config.sliding.as_ref().map(|one| one.window_tokens),
            alone: self.deterministic,
            tile_rows: self.tile_rows(),
        }
    }

    fn tile_rows(&self) -> usize {
        match self.deterministic {
            true => TILE_ROWS,
            false => 1,
        }
    }

    /// The hidden state of every row: [t, h].
    fn run_layers(&mut self, batch: &Batch) -> Result<Tensor, TchError> {
        let mut hidden = self.embedding.f_index_select(0, &batch.tokens)?;
        if self.config.embedding_scale != 1.0 {
            hidden = hidden.f_mul_scalar(self.config.embedding_scale)?;
        }
        let turns = self.rotary.at(&batch.positions)?;
        let sliding_turns = match &self.sliding_rotary {
            None => None,
            Some(rotary) => Some(rotary.at(&batch.positions)?),
        };
        for index in 0..self.layers.len() {
            let turns = match self.config.window_tokens(index) {
                None => &turns,
                Some(_) => sliding_turns.as_ref().unwrap_or(&turns),
            };
            let attention = self.attention(index, &hidden, batch, turns)?;
            hidden = hidden.f_add(&attention)?;
            hidden = hidden.f_add(&self.feed_forward(&self.layers[index], &hidden)?)?;
        }
        Ok(hidden)
    }

    /// [t, h] -> [t, h]
    fn feed_forward(&self, layer: &Layer, hidden: &Tensor) -> Result<Tensor, TchError> {
        let normal = self.normalise(hidden, &layer.feed_forward_norm)?;
        let gate_up = self.linear(&normal, &layer.gate_up, None)?.f_chunk(2, 1)?;
        let gate = match self.config.activation {
            Activation::Silu => gate_up[0].f_silu()?,
            Activation::GeluTanh => gate_up[0].f_gelu("tanh")?,
        };
        let result = self.linear(&gate.f_mul(&gate_up[1])?, &layer.down, None)?;
        self.normalise_if(result, layer.feed_forward_post_norm.as_ref())
    }

    /// [t, h] -> [t, h]
    fn attention(
        &mut self,
        index: usize,
        hidden: &Tensor,
        batch: &Batch,
        turns: &Turns,
    ) -> Result<Tensor, TchError> {
        let layer = &self.layers[index];
        let (q, k) = (self.config.heads as i64, self.config.kv_heads as i64);
        let w = self.config.head_width as i64;
        let normal = self.normalise(hidden, &layer.attention_norm)?;
        // [t, q + 2k, w]
        let qkv = self
            .linear(&normal, &layer.qkv, layer.qkv_bias.as_ref())?
            .f_view([-1, q + 2 * k, w])?;
        let turning = match &layer.head_norms {
            None => qkv.f_narrow(1, 0, q + k)?,
            Some((query_norm, key_norm)) => {
                let queries = self.normalise(&qkv.f_narrow(1, 0, q)?, query_norm)?;
                let keys = self.normalise(&qkv.f_narrow(1, q, k)?, key_norm)?;
                Tensor::f_cat(&[queries, keys], 1)?
            }
        };
        let turned = turns.apply(&turning)?;
        let queries = turned.f_narrow(1, 0, q)?;
        let own = |all: &Tensor, head: i64| all.f_narrow(0, 0, batch.rows)?.f_narrow(1, head, k);
        self.cache
            .write(index, &batch.slots, &own(&turned, q)?, &own(&qkv, q + k)?)?;
        let mut attended = Vec::with_capacity(batch.groups.len() + 1);
        for group in &batch.groups {
            let (first, count) = group.rows;
            attended.push(self.attend(index, group, &queries.f_narrow(0, first, count)?)?);
        }
        let filling = hidden.size()[0] - batch.rows;
        if filling > 0 {
            attended.push(Tensor::f_zeros([filling, q * w], (self.kind, self.device))?);
        }
        let attended = match &attended[..] {
            [one] => one.shallow_clone(),
            several => Tensor::f_cat(several, 0)?,
        };
        let layer = &self.layers[index];
        let result = self.linear(&attended, &layer.attention_out, None)?;
        self.normalise_if(result, layer.attention_post_norm.as_ref())
    }

    /// The attention of one group: [rows, q, w] -> [rows, q w].
    fn attend(&self, index: usize, group: &Group, queries: &Tensor) -> Result<Tensor, TchError> {
        let (q, k) = (self.config.heads as i64, self.config.kv_heads as i64);
        let (w, rows) = (self.config.head_width as i64, group.rows.1);
        let window = self.config.window_tokens(index);
        let sequences = match group.attention {
            Attention::Rows { .. } => rows as usize,
            Attention::Row { .. } | Attention::Chunk { .. } => 1,
        };
        // [sequences, k, tokens, w]
        let (keys, values) = self.cache.read(index, &group.tables, sequences)?;
        // The query heads that share a key head are its rows: no copies of keys and values.
        let grouped = || queries.f_reshape([rows, k, q / k, w]);
        match &group.attention {
            Attention::Row { tokens } => {
                let seen = window.map_or(*tokens, |window| (window as i64).min(*tokens));
                let last = |all: &Tensor| all.f_narrow(2, tokens - seen, seen);
                self.scaled_dot_product(&grouped()?, &last(&keys)?, &last(&values)?, None, false)?
                    .f_reshape([1, q * w])
            }
            Attention::Rows { full, sliding } => {
                let mask = window.map_or(full, |_| sliding);
                self.scaled_dot_product(&grouped()?, &keys, &values, Some(mask), false)?
                    .f_reshape([rows, q * w])
            }
            Attention::Chunk {
                tokens,
                full,
                sliding,
            } => {
                let mask = window.map_or(full, |_| sliding).as_ref();
                let all = |all: &Tensor| all.f_narrow(2, 0, *tokens);
                let queries = queries.f_transpose(0, 1)?.f_unsqueeze(0)?;
                let causal = mask.is_none();
                self.scaled_dot_product(&queries, &all(&keys)?, &all(&values)?, mask, causal)?
                    .f_transpose(1, 2)?
                    .f_reshape([rows, q * w])
            }
        }
    }

    /// Scaled dot-product attention; query heads share key heads evenly.
    fn scaled_dot_product(
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

    /// [t, in] -> [t, out]
    fn linear(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor, TchError> {
        let rows = input.size()[0];
        if !self.deterministic || rows == TILE_ROWS as i64 {
            return input.f_linear(weight, bias);
        }
        let tiles: Result<Vec<Tensor>, TchError> = input
            .f_split(TILE_ROWS as i64, 0)?
            .iter()
            .map(|tile| tile.f_linear(weight, bias))
            .collect();
        Tensor::f_cat(&tiles?, 0)
    }

    /// Normalises vectors along the last dimension, which is as long as `weight`.
    fn normalise(&self, vectors: &Tensor, weight: &Tensor) -> Result<Tensor, TchError> {
        vectors.f_rms_norm(weight.size(), Some(weight), self.config.norm_epsilon)
    }

    fn normalise_if(&self, vectors: Tensor, weight: Option<&Tensor>) -> Result<Tensor, TchError> {
        match weight {
            None => Ok(vectors),
            Some(weight) => self.normalise(&vectors, weight),
        }
    }
}

#[cfg(test)]
mod tests;
