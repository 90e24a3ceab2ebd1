//! The `config.json` of a decoder: what each family calls its sizes, and what it leaves to be understood.

use serde::Deserialize;
use serde_json::Value;

use crate::model::decoder_config::{Activation, DecoderConfig, Sliding};
use crate::model::rope::{Rope, RopeScaling};
use crate::model::{Family, hugging_face::Ids};

/// The fields of a `config.json`, or of the `text_config` in it, that change what is computed.
#[derive(Deserialize)]
pub(super) struct ConfigFile {
    num_hidden_layers: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_attention_heads: Option<usize>,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    vocab_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    rms_norm_eps: Option<f64>,
    tie_word_embeddings: Option<bool>,
    hidden_act: Option<String>,
    /// Gemma's word for the same.
    hidden_activation: Option<String>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    quantization_config: Option<Value>,

    rope_theta: Option<f64>,
    rope_local_base_freq: Option<f64>,
    rope_scaling: Option<RopeFields>,
    /// Since transformers 5, in the place of the three above.
    rope_parameters: Option<RopeParameters>,

    use_sliding_window: Option<bool>,
    sliding_window: Option<usize>,
    /// Every so many layers one sees the whole context.
    sliding_window_pattern: Option<usize>,
    /// The same, as some versions of transformers save it.
    #[serde(rename = "_sliding_window_pattern")]
    sliding_window_period: Option<usize>,
    /// From this layer on they slide.
    max_window_layers: Option<usize>,
    layer_types: Option<Vec<String>>,

    query_pre_attn_scalar: Option<f64>,
    attn_logit_softcapping: Option<f64>,
    final_logit_softcapping: Option<f64>,
    use_bidirectional_attention: Option<bool>,

    pub(super) eos_token_id: Option<Ids>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RopeParameters {
    ByKind {
        full_attention: RopeFields,
        sliding_attention: RopeFields,
    },
    Same(RopeFields),
}

#[derive(Deserialize)]
struct RopeFields {
    rope_theta: Option<f64>,
    rope_type: Option<String>,
    /// The same in old files; newer ones may have both.
    r#type: Option<String>,
    factor: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    original_max_position_embeddings: Option<usize>,
}

impl ConfigFile {
    /// What the forward pass reads; the error says what it cannot compute. The sizes are not checked yet.
    pub(super) fn decoder_config(&self, family: Family) -> Result<DecoderConfig, String> {
        if self.quantization_config.is_some() {
            return Err(
                "its weights are quantised; give a GGUF file or the unquantised weights".into(),
            );
        }
        if self.attention_bias == Some(true) || self.mlp_bias == Some(true) {
            return Err("its layers have biases".into());
        }
        if self.attn_logit_softcapping.is_some() {
            return Err("its attention bounds its logits (attn_logit_softcapping)".into());
        }
        if self.use_bidirectional_attention == Some(true) {
            return Err("its attention looks ahead (use_bidirectional_attention)".into());
        }
        let gemma = family == Family::Gemma3;
        // Gemma's files may leave out what equals the default of transformers' configuration class.
        let default = |gemmas: usize| gemma.then_some(gemmas);
        let due = |field: Option<usize>, gemmas: usize, name: &str| {
            field
                .or(default(gemmas))
                .ok_or_else(|| format!("it does not say {name}"))
        };
        let heads = due(self.num_attention_heads, 8, "num_attention_heads")?;
        let shared_width = self.hidden_size.checked_div(heads).unwrap_or(0);
        let head_width = self
            .head_dim
            .or(default(256))
            .or((family == Family::Qwen3).then_some(128))
            .unwrap_or(shared_width);
        let attention_scalar = match gemma {
            true => self.query_pre_attn_scalar.unwrap_or(256.0),
            false => head_width as f64,
        };
        Ok(DecoderConfig {
            layers: self.num_hidden_layers,
            hidden: self.hidden_size,
            heads,
            kv_heads: self.num_key_value_heads.or(default(4)).unwrap_or(heads),
            head_width,
            feed_forward: self.intermediate_size,
            vocabulary: due(self.vocab_size, 262_208, "vocab_size")?,
            context_tokens: due(
                self.max_position_embeddings,
                131_072,
                "max_position_embeddings",
            )?,
            norm_epsilon: self.rms_norm_eps.unwrap_or(1e-6),
            activation: self.activation(gemma)?,
            qkv_bias: family == Family::Qwen2,
            qk_norm: matches!(family, Family::Qwen3 | Family::Gemma3),
            post_norms: gemma,
            embedding_scale: match gemma {
                true => (self.hidden_size as f64).sqrt(),
                false => 1.0,
            },
            attention_scale: attention_scalar.powf(-0.5),
            logit_softcap: self.final_logit_softcapping,
            rope: self.rope(gemma)?,
            sliding: self.sliding(gemma)?,
            tied_head: self.tie_word_embeddings.unwrap_or(gemma),
        })
    }

    fn activation(&self, gemma: bool) -> Result<Activation, String> {
        let default = if gemma { "gelu_pytorch_tanh" } else { "silu" };
        let named = self.hidden_activation.as_ref().or(self.hidden_act.as_ref());
        match named.map_or(default, String::as_str) {
            "silu" => Ok(Activation::Silu),
            "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
            other => Err(format!(
                "its activation is {other:?}; \"silu\" and \"gelu_pytorch_tanh\" are computed here"
            )),
        }
    }

    /// The rotary embedding of the layers that see everything.
    fn rope(&self, gemma: bool) -> Result<Rope, String> {
        let fields = match &self.rope_parameters {
            Some(RopeParameters::Same(fields)) => Some(fields),
            Some(RopeParameters::ByKind { full_attention, .. }) => Some(full_attention),
            None => self.rope_scaling.as_ref(),
        };
        let default = if gemma { 1_000_000.0 } else { 10_000.0 };
        let base = fields.and_then(|fields| fields.rope_theta);
        Ok(Rope {
            base: base.or(self.rope_theta).unwrap_or(default),
            scaling: fields.map_or(Ok(RopeScaling::None), RopeFields::scaling)?,
        })
    }

    /// The layers that slide, and how.
    fn sliding(&self, gemma: bool) -> Result<Option<Sliding>, String> {
        if !gemma && self.use_sliding_window != Some(true) {
            return Ok(None);
        }
        let layers: Vec<bool> = match &self.layer_types {
            Some(kinds) => kinds
                .iter()
                .map(|kind| slides(kind))
                .collect::<Result<_, _>>()?,
            None if gemma => {
                let period = self.sliding_window_pattern.or(self.sliding_window_period);
                every_but(self.num_hidden_layers, period.unwrap_or(6))
            }
            None => {
                let first = self.max_window_layers.unwrap_or(0);
                // More than are believed is refused by the check of the sizes.
                (0..self.num_hidden_layers.min(1 << 16))
                    .map(|layer| layer >= first)
                    .collect()
            }
        };
        if !layers.contains(&true) {
            return Ok(None);
        }
        let window_tokens = self.sliding_window.or(gemma.then_some(4096));
        let rope = match &self.rope_parameters {
            Some(RopeParameters::ByKind {
                sliding_attention: fields,
                ..
            }) => Rope {
                base: fields.rope_theta.unwrap_or(10_000.0),
                scaling: fields.scaling()?,
            },
            _ if gemma => Rope::plain(self.rope_local_base_freq.unwrap_or(10_000.0)),
            _ => self.rope(gemma)?,
        };
        Ok(Some(Sliding {
            window_tokens: window_tokens.ok_or("it does not say sliding_window")?,
            rope,
            layers,
        }))
    }
}

fn slides(kind: &str) -> Result<bool, String> {
    match kind {
        "full_attention" => Ok(false),
        "sliding_attention" => Ok(true),
        other => Err(format!("it has layers of the kind {other:?}")),
    }
}

/// All layers but each `period`-th slide.
pub(in crate::model) fn every_but(layers: usize, period: usize) -> Vec<bool> {
    // More than are believed is refused by the check of the sizes.
    (1..=layers.min(1 << 16))
        .map(|number| !number.is_multiple_of(period))
        .collect()
}

impl RopeFields {
    fn scaling(&self) -> Result<RopeScaling, String> {
        let kind = self.rope_type.as_ref().or(self.r#type.as_ref());
        let kind = kind.map_or("default", String::as_str);
        let due = |field: Option<f64>, name: &str| {
            field.ok_or_else(|| format!("its rotary embedding does not say {name}"))
        };
        match kind {
            "default" => Ok(RopeScaling::None),
            "linear" => Ok(RopeScaling::Linear {
                factor: due(self.factor, "factor")?,
            }),
            "llama3" => Ok(RopeScaling::Llama3 {
                factor: due(self.factor, "factor")?,
                low_frequency_factor: due(self.low_freq_factor, "low_freq_factor")?,
                high_frequency_factor: due(self.high_freq_factor, "high_freq_factor")?,
                original_context_tokens: self
                    .original_max_position_embeddings
                    .ok_or("its rotary embedding does not say original_max_position_embeddings")?,
            }),
            _ => Err(format!(
                "its rotary embedding is scaled by the method {kind:?}"
            )),
        }
    }
}

#[cfg(test)]
mod tests;
