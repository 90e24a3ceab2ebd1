//! The weights of one layer, packed for the kernels.
//!
//! Names of dimensions as in the plain forward pass, and `f` feed-forward width.

use crate::LoadError;
use crate::fused::matrix::Matrix;
use crate::fused::vector;
use crate::model::{DecoderConfig, TensorReader};

pub(super) struct Layer {
    /// [h]
    pub(super) attention_norm: Vec<f32>,
    /// Queries, keys and values: (q + 2k) w columns.
    pub(super) qkv: Matrix,
    /// [(q + 2k) w]
    pub(super) qkv_bias: Option<Vec<f32>>,
    /// [w] for query heads and [w] for key heads.
    pub(super) head_norms: Option<(Vec<f32>, Vec<f32>)>,
    /// h columns.
    pub(super) attention_out: Matrix,
    /// [h]
    pub(super) attention_post_norm: Option<Vec<f32>>,
    /// [h]
    pub(super) feed_forward_norm: Vec<f32>,
    /// 2 f columns, by turns 16 of the gate and 16 of its factor.
    pub(super) gate_up: Matrix,
    /// h columns.
    pub(super) down: Matrix,
    /// [h]
    pub(super) feed_forward_post_norm: Option<Vec<f32>>,
}

impl Layer {
    pub(super) fn load(
        config: &DecoderConfig,
        reader: &mut TensorReader<'_>,
        index: usize,
    ) -> Result<Self, LoadError> {
        let (h, f, w) = (config.hidden, config.feed_forward, config.head_width);
        let (q, k) = (config.heads * w, config.kv_heads * w);
        let name = |part: &str| format!("layers.{index}.{part}");
        let attention_norm = vector(reader, &name("attention_norm.weight"), h)?;
        let mut rows =
            |part: &str, count: usize, depth: usize| reader.read_rows(&name(part), count, depth);
        let qkv = [
            rows("query.weight", q, h)?,
            rows("key.weight", k, h)?,
            rows("value.weight", k, h)?,
        ];
        let attention_out = rows("attention_out.weight", h, q)?;
        let (gate, up) = (rows("gate.weight", f, h)?, rows("up.weight", f, h)?);
        let down = rows("down.weight", h, f)?;
        let qkv_bias = match config.qkv_bias {
            false => None,
            true => {
                let mut bias = vector(reader, &name("query.bias"), q)?;
                bias.extend(vector(reader, &name("key.bias"), k)?);
                bias.extend(vector(reader, &name("value.bias"), k)?);
                Some(bias)
            }
        };
        let head_norms = match config.qk_norm {
            false => None,
            true => Some((
                vector(reader, &name("query_norm.weight"), w)?,
                vector(reader, &name("key_norm.weight"), w)?,
            )),
        };
        let mut post_norm = |part: &str| match config.post_norms {
            false => Ok(None),
            true => vector(reader, &name(part), h).map(Some),
        };
        Ok(Self {
            attention_norm,
            qkv: Matrix::join(&qkv),
            qkv_bias,
            head_norms,
            attention_out: Matrix::join(&[attention_out]),
            attention_post_norm: post_norm("attention_post_norm.weight")?,
            feed_forward_post_norm: post_norm("feed_forward_post_norm.weight")?,
            feed_forward_norm: vector(reader, &name("feed_forward_norm.weight"), h)?,
            gate_up: Matrix::alternate(gate, up),
            down: Matrix::join(&[down]),
        })
    }

    pub(super) fn matrices(&self) -> [&Matrix; 4] {
        [&self.qkv, &self.attention_out, &self.gate_up, &self.down]
    }
}
