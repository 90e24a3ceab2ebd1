//! The weights of one layer of an encoder, packed for the kernels.
//!
//! Names of dimensions as in the plain forward pass.

use tch::Kind;

use crate::LoadError;
use crate::bert::BertConfig;
use crate::fused::matrix::Matrix;
use crate::fused::vector;
use crate::model::{Rows, TensorReader};

pub(super) struct Layer {
    /// Queries, keys and values: 3h columns.
    pub(super) qkv: Linear,
    /// h columns.
    pub(super) attention_out: Linear,
    pub(super) attention_norm: Norm,
    /// f columns.
    pub(super) inner: Linear,
    /// h columns.
    pub(super) outer: Linear,
    pub(super) norm: Norm,
}

pub(super) struct Linear {
    pub(super) weight: Matrix,
    pub(super) bias: Vec<f32>,
}

pub(super) struct Norm {
    /// [h]
    pub(super) factors: Vec<f32>,
    /// [h]
    pub(super) biases: Vec<f32>,
}

impl Layer {
    /// Reads a layer; its matrices become f32 or bf16.
    pub(super) fn load(
        config: &BertConfig,
        reader: &mut TensorReader<'_>,
        index: usize,
        kind: Kind,
    ) -> Result<Self, LoadError> {
        let (h, f) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let mut linear = |parts: &[&str], count: usize, depth: usize| {
            let (mut rows_of, mut bias) = (Vec::new(), Vec::new());
            for part in parts {
                let name = name(part);
                rows_of.push(rows(
                    reader,
                    &format!("{name}.weight"),
                    (count, depth),
                    kind,
                )?);
                bias.extend(vector(reader, &format!("{name}.bias"), count)?);
            }
            let weight = Matrix::join(&rows_of);
            Ok::<Linear, LoadError>(Linear { weight, bias })
        };
        let parts = ["query", "key", "value"].map(|part| format!("attention.self.{part}"));
        let qkv = linear(&parts.each_ref().map(String::as_str), h, h)?;
        let attention_out = linear(&["attention.output.dense"], h, h)?;
        let inner = linear(&["intermediate.dense"], f, h)?;
        let outer = linear(&["output.dense"], h, f)?;
        Ok(Self {
            qkv,
            attention_out,
            attention_norm: Norm::load(reader, &name("attention.output.LayerNorm"), h)?,
            inner,
            outer,
            norm: Norm::load(reader, &name("output.LayerNorm"), h)?,
        })
    }
}

impl Norm {
    pub(super) fn load(
        reader: &mut TensorReader<'_>,
        name: &str,
        width: usize,
    ) -> Result<Self, LoadError> {
        Ok(Self {
            factors: vector(reader, &format!("{name}.weight"), width)?,
            biases: vector(reader, &format!("{name}.bias"), width)?,
        })
    }
}

/// Reads a matrix in f32, or rounds it to bf16.
pub(super) fn rows(
    reader: &mut TensorReader<'_>,
    name: &str,
    (count, depth): (usize, usize),
    kind: Kind,
) -> Result<Rows, LoadError> {
    match kind {
        Kind::Float => reader.read_single_rows(name, count, depth),
        _ => reader.read_rows(name, count, depth),
    }
}
