//! The plain forward pass of BERT and XLM-RoBERTa, in libtorch's operators, and the configuration of both.
//!
//! Names of dimensions in the shapes below: `b` texts, `t` tokens of the longest, `h` hidden width, `f` feed-forward width.

use serde::Deserialize;
use tch::{Device, Kind, TchError, Tensor};

use crate::LoadError;
use crate::model::memory::WeightCount;
use crate::model::{TensorReader, Weights};

/// The `config.json` of a network of the BERT family.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BertConfig {
    model_type: BertKind,
    pub(crate) num_hidden_layers: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) vocab_size: usize,
    pub(crate) max_position_embeddings: usize,
    pub(crate) type_vocab_size: usize,
    pub(crate) layer_norm_eps: f64,
    hidden_act: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
    pad_token_id: Option<usize>,
}

/// The members of the family, by the names of their `model_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BertKind {
    Bert,
    /// Counts positions from behind the number of its padding token.
    XlmRoberta,
}

fn absolute() -> String {
    "absolute".into()
}

impl BertConfig {
    /// The values of `model_type` that are computed here.
    pub(crate) const KNOWN: [&str; 2] = ["bert", "xlm-roberta"];

    /// Refuses sizes that contradict each other and variants that are not computed here.
    pub(crate) fn check(&self) -> Result<(), String> {
        let sizes = [
            ("layers", self.num_hidden_layers, 1024),
            ("hidden width", self.hidden_size, 1 << 16),
            ("heads", self.num_attention_heads, 1024),
            ("feed-forward width", self.intermediate_size, 1 << 20),
            ("vocabulary", self.vocab_size, 1 << 21),
            ("positions", self.max_position_embeddings, 1 << 20),
            ("token types", self.type_vocab_size, 1 << 10),
        ];
        for (what, size, limit) in sizes {
            if !(1..=limit).contains(&size) {
                return Err(format!(
                    "the number {size} for its {what} is not between 1 and {limit}"
                ));
            }
        }
        if self.first_position() >= self.max_position_embeddings {
            return Err(format!(
                "its first position {} is not one of its {}",
                self.first_position(),
                self.max_position_embeddings
            ));
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let (width, heads) = (self.hidden_size, self.num_attention_heads);
            return Err(format!(
                "its hidden width {width} cannot be shared by {heads} heads"
            ));
        }
        if self.hidden_act != "gelu" {
            return Err(format!(
                "its activation is {:?}; \"gelu\" is computed here",
                self.hidden_act
            ));
        }
        if self.position_embedding_type != "absolute" {
            return Err(format!(
                "its positions are {:?}; \"absolute\" is computed here",
                self.position_embedding_type
            ));
        }
        if !(self.layer_norm_eps > 0.0 && self.layer_norm_eps < 1.0) {
            return Err(format!(
                "its norm epsilon {} is not between 0 and 1",
                self.layer_norm_eps
            ));
        }
        Ok(())
    }

    pub(crate) fn hidden(&self) -> usize {
        self.hidden_size
    }

    pub(crate) fn vocabulary(&self) -> usize {
        self.vocab_size
    }

    /// The most tokens that a text may have.
    pub(crate) fn positions(&self) -> usize {
        self.max_position_embeddings - self.first_position()
    }

    /// How many numbers the weights have.
    pub(crate) fn weight_count(&self) -> WeightCount {
        let (h, f) = (self.hidden_size as u64, self.intermediate_size as u64);
        let words = h * self.vocab_size as u64;
        let positions = h * self.max_position_embeddings as u64;
        let layer = 4 * h * h + 2 * h * f;
        WeightCount {
            all: words + positions + self.num_hidden_layers as u64 * layer,
            largest: words.max(positions).max(h * f).max(h * h),
        }
    }

    /// The row of the position embeddings that a text's first token has.
    pub(crate) fn first_position(&self) -> usize {
        match self.model_type {
            BertKind::Bert => 0,
            // A number beyond reason is caught by the check.
            BertKind::XlmRoberta => self.pad_token_id.unwrap_or(1).saturating_add(1),
        }
    }
}

/// The weights of a network.
pub(crate) struct Bert {
    kind: Kind,
    heads: i64,
    /// [vocabulary, h]
    words: Tensor,
    /// [positions, h] from the first that a text uses, the embedding of token type 0 added: we embed single texts only.
    positions: Tensor,
    embedding_norm: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    /// [3h, h]: queries, keys and values in one matrix.
    qkv: Linear,
    attention_out: Linear,
    attention_norm: Norm,
    inner: Linear,
    outer: Linear,
    norm: Norm,
}

struct Linear {
    weight: Tensor,
    bias: Tensor,
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl Bert {
    /// Reads all weights, converts them to `kind` and brings them to `device`.
    pub(crate) fn load(
        config: &BertConfig,
        weights: &mut dyn Weights,
        (kind, device): (Kind, Device),
    ) -> Result<Self, LoadError> {
        let epsilon = config.layer_norm_eps;
        let mut reader = TensorReader::new(weights, kind, device);
        let (h, f) = (config.hidden_size as i64, config.intermediate_size as i64);
        let words = reader.read(
            "embeddings.word_embeddings.weight",
            &[config.vocab_size as i64, h],
        )?;
        let places = config.max_position_embeddings as i64;
        let positions = reader.read("embeddings.position_embeddings.weight", &[places, h])?;
        let types = reader.read(
            "embeddings.token_type_embeddings.weight",
            &[config.type_vocab_size as i64, h],
        )?;
        let embedding_norm = read_norm(&mut reader, "embeddings.LayerNorm", h, epsilon)?;
        let mut layers = Vec::with_capacity(config.num_hidden_layers);
        for index in 0..config.num_hidden_layers {
            let name = |part: &str| format!("encoder.layer.{index}.{part}");
            let query = read_linear(&mut reader, &name("attention.self.query"), [h, h])?;
            let key = read_linear(&mut reader, &name("attention.self.key"), [h, h])?;
            let value = read_linear(&mut reader, &name("attention.self.value"), [h, h])?;
            layers.push(Layer {
                qkv: Linear {
                    weight: reader.join(&[query.weight, key.weight, value.weight])?,
                    bias: reader.join(&[query.bias, key.bias, value.bias])?,
                },
                attention_out: read_linear(&mut reader, &name("attention.output.dense"), [h, h])?,
                attention_norm: read_norm(
                    &mut reader,
                    &name("attention.output.LayerNorm"),
                    h,
                    epsilon,
                )?,
                inner: read_linear(&mut reader, &name("intermediate.dense"), [f, h])?,
                outer: read_linear(&mut reader, &name("output.dense"), [h, f])?,
                norm: read_norm(&mut reader, &name("output.LayerNorm"), h, epsilon)?,
            });
        }
        reader.finish(&["pooler."])?;
        let with_type = types
            .f_narrow(0, 0, 1)
            .and_then(|first| positions.f_add(&first))
            .and_then(|all| {
                let first = config.first_position() as i64;
                all.f_narrow(0, first, places - first)
            });
        let positions = with_type.map_err(|error| reader.torch(&error))?;
        Ok(Self {
            kind,
            heads: config.num_attention_heads as i64,
            words,
            positions,
            embedding_norm,
            layers,
        })
    }

    /// The last hidden states of texts of equal or padded length: ids [b, t] and mask [b, t] (true for tokens) to [b, t, h].
    pub(crate) fn forward(&self, ids: &Tensor, mask: &Tensor) -> Result<Tensor, TchError> {
        let (b, t) = ids.size2()?;
        let words = Tensor::f_embedding(&self.words, ids, -1, false, false)?;
        let mut hidden = self
            .embedding_norm
            .apply(&words.f_add(&self.positions.f_narrow(0, 0, t)?)?)?;
        // 0 for tokens and minus infinity for padding: [b, 1, 1, t]
        let padding = mask.f_logical_not()?.f_view([b, 1, 1, t])?;
        let bias = Tensor::f_zeros([b, 1, 1, t], (self.kind, ids.device()))?;
        let bias = bias.f_masked_fill(&padding, f64::NEG_INFINITY)?;
        for layer in &self.layers {
            let attention = layer
                .attention_out
                .apply(&self.attention(layer, &hidden, &bias)?)?;
            hidden = layer.attention_norm.apply(&hidden.f_add(&attention)?)?;
            let inner = layer.inner.apply(&hidden)?.f_gelu("none")?;
            hidden = layer
                .norm
                .apply(&hidden.f_add(&layer.outer.apply(&inner)?)?)?;
        }
        Ok(hidden)
    }

    /// [b, t, h] -> [b, t, h]
    fn attention(&self, layer: &Layer, hidden: &Tensor, bias: &Tensor) -> Result<Tensor, TchError> {
        let (b, t, h) = hidden.size3()?;
        // [3, b, heads, t, width]
        let split = layer
            .qkv
            .apply(hidden)?
            .f_view([b, t, 3, self.heads, h / self.heads])?
            .f_permute([2, 0, 3, 1, 4])?;
        let [queries, keys, values] = [0, 1, 2].map(|index| split.f_select(0, index));
        let attended = Tensor::f_scaled_dot_product_attention(
            &queries?,
            &keys?,
            &values?,
            Some(bias),
            0.0,
            false,
            None,
            false,
        )?;
        attended.f_transpose(1, 2)?.f_reshape([b, t, h])
    }
}

fn read_linear(
    reader: &mut TensorReader<'_>,
    name: &str,
    shape: [i64; 2],
) -> Result<Linear, LoadError> {
    Ok(Linear {
        weight: reader.read(&format!("{name}.weight"), &shape)?,
        bias: reader.read(&format!("{name}.bias"), &shape[..1])?,
    })
}

fn read_norm(
    reader: &mut TensorReader<'_>,
    name: &str,
    width: i64,
    epsilon: f64,
) -> Result<Norm, LoadError> {
    Ok(Norm {
        weight: reader.read(&format!("{name}.weight"), &[width])?,
        bias: reader.read(&format!("{name}.bias"), &[width])?,
        epsilon,
    })
}

impl Linear {
    fn apply(&self, input: &Tensor) -> Result<Tensor, TchError> {
        input.f_linear(&self.weight, Some(&self.bias))
    }
}

impl Norm {
    fn apply(&self, input: &Tensor) -> Result<Tensor, TchError> {
        input.f_layer_norm(
            self.weight.size(),
            Some(&self.weight),
            Some(&self.bias),
            self.epsilon,
            false,
        )
    }
}
