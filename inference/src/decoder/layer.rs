//! The weights of one layer, joined where one product is cheaper than several.
//!
//! Names of dimensions as in the forward pass, and `f` feed-forward width.

use tch::Tensor;

use crate::LoadError;
use crate::model::{DecoderConfig, TensorReader};

pub(super) struct Layer {
    /// [h]
    pub(super) attention_norm: Tensor,
    /// [(q + 2k) w, h]: queries, keys and values in one matrix, since one product is cheaper than three.
    pub(super) qkv: Tensor,
    /// [(q + 2k) w]
    pub(super) qkv_bias: Option<Tensor>,
    /// [w] for query heads and [w] for key heads.
    pub(super) head_norms: Option<(Tensor, Tensor)>,
    /// [h, q w]
    pub(super) attention_out: Tensor,
    /// [h]
    pub(super) attention_post_norm: Option<Tensor>,
    /// [h]
    pub(super) feed_forward_norm: Tensor,
    /// [2 f, h]: gate and up in one matrix.
    pub(super) gate_up: Tensor,
    /// [h, f]
    pub(super) down: Tensor,
    /// [h]
    pub(super) feed_forward_post_norm: Option<Tensor>,
}

impl Layer {
    /// Reads the tensors of one layer and joins those that are multiplied with the same input.
    pub(super) fn load(
        config: &DecoderConfig,
        reader: &mut TensorReader<'_>,
        index: usize,
    ) -> Result<Self, LoadError> {
        let (h, f) = (config.hidden as i64, config.feed_forward as i64);
        let w = config.head_width as i64;
        let (q, k) = (config.heads as i64 * w, config.kv_heads as i64 * w);
        let mut read =
            |part: &str, shape: &[i64]| reader.read(&format!("layers.{index}.{part}"), shape);
        let attention_norm = read("attention_norm.weight", &[h])?;
        let qkv = [
            read("query.weight", &[q, h])?,
            read("key.weight", &[k, h])?,
            read("value.weight", &[k, h])?,
        ];
        let qkv_bias = match config.qkv_bias {
            false => None,
            true => Some([
                read("query.bias", &[q])?,
                read("key.bias", &[k])?,
                read("value.bias", &[k])?,
            ]),
        };
        let head_norms = match config.qk_norm {
            false => None,
            true => Some((
                read("query_norm.weight", &[w])?,
                read("key_norm.weight", &[w])?,
            )),
        };
        let attention_out = read("attention_out.weight", &[h, q])?;
        let mut read_post_norm = |part: &str| match config.post_norms {
            false => Ok(None),
            true => read(part, &[h]).map(Some),
        };
        let attention_post_norm = read_post_norm("attention_post_norm.weight")?;
        let feed_forward_post_norm = read_post_norm("feed_forward_post_norm.weight")?;
        let feed_forward_norm = read("feed_forward_norm.weight", &[h])?;
        let gate_up = [read("gate.weight", &[f, h])?, read("up.weight", &[f, h])?];
        let down = read("down.weight", &[h, f])?;
        Ok(Self {
            attention_norm,
            qkv: reader.join(&qkv)?,
            qkv_bias: qkv_bias.map(|parts| reader.join(&parts)).transpose()?,
            head_norms,
            attention_out,
            attention_post_norm,
            feed_forward_norm,
            gate_up: reader.join(&gate_up)?,
            down,
            feed_forward_post_norm,
        })
    }
}
