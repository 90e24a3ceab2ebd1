//! The keys of a GGUF file that say what a decoder computes.

use crate::LoadError;
use crate::model::Family;
use crate::model::decoder_config::{Activation, DecoderConfig, Sliding};
use crate::model::gguf::{Gguf, Value};
use crate::model::hugging_face::every_but;
use crate::model::rope::{Rope, RopeScaling};

/// Gemma 3 27B, known by its layers, scales attention by the share of a head in the hidden width instead of by its width.
const GEMMA_27B_LAYERS: usize = 62;
/// Where a Gemma 3 file does not say it, each sixth layer sees everything.
const GEMMA_PERIOD: usize = 6;
/// Where a Gemma 3 file does not say it, the rotary base of the layers that slide.
const GEMMA_SLIDING_BASE: f64 = 10_000.0;

/// What the forward pass reads, not checked yet.
pub(super) fn decoder_config(gguf: &mut Gguf, family: Family) -> Result<DecoderConfig, LoadError> {
    let keys = Keys { gguf, family };
    let hidden = keys.due("embedding_length")?;
    let heads = keys.due("attention.head_count")?;
    let shared_width = hidden.checked_div(heads).unwrap_or(0);
    let head_width = keys.count("attention.key_length")?.unwrap_or(shared_width);
    let layers = keys.due("block_count")?;
    keys.refuse_what_is_not_done(head_width)?;

    let gemma = family == Family::Gemma3;
    let attention_width = match gemma && layers == GEMMA_27B_LAYERS {
        true => hidden as f64 / heads as f64,
        false => head_width as f64,
    };
    let vocabulary = keys.gguf.shape("token_embd.weight");
    let config = DecoderConfig {
        layers,
        hidden,
        heads,
        kv_heads: keys.count("attention.head_count_kv")?.unwrap_or(heads),
        head_width,
        feed_forward: keys.due("feed_forward_length")?,
        vocabulary: vocabulary.map_or(0, |shape| shape[0] as usize),
        context_tokens: keys.due("context_length")?,
        norm_epsilon: keys
            .gguf
            .float(&keys.name("attention.layer_norm_rms_epsilon"))?,
        activation: match gemma {
            true => Activation::GeluTanh,
            false => Activation::Silu,
        },
        qkv_bias: family == Family::Qwen2,
        qk_norm: matches!(family, Family::Qwen3 | Family::Gemma3),
        post_norms: gemma,
        embedding_scale: match gemma {
            true => (hidden as f64).sqrt(),
            false => 1.0,
        },
        attention_scale: attention_width.powf(-0.5),
        logit_softcap: keys.float(&["final_logit_softcapping"])?,
        rope: keys.rope()?,
        sliding: match gemma {
            true => keys.sliding(layers)?,
            false => None,
        },
        tied_head: !keys.gguf.has_tensor("output.weight"),
    };
    with_divisors(gguf, config)
}

/// Llama 3's stretched frequencies stand in a tensor of their own.
fn with_divisors(gguf: &mut Gguf, config: DecoderConfig) -> Result<DecoderConfig, LoadError> {
    const NAME: &str = "rope_freqs.weight";
    if !gguf.has_tensor(NAME) {
        return Ok(config);
    }
    if config.rope.scaling != RopeScaling::None {
        let reason = format!("its rotary embedding is stretched twice (rope.scaling and {NAME})");
        return Err(LoadError::unsupported(gguf.path(), reason));
    }
    let divisors = gguf.read(NAME, &[config.head_width as i64 / 2])?;
    Ok(DecoderConfig {
        rope: Rope {
            base: config.rope.base,
            scaling: RopeScaling::Divisors(divisors),
        },
        ..config
    })
}

/// The keys that begin with the name of the family.
struct Keys<'a> {
    gguf: &'a Gguf,
    family: Family,
}

impl Keys<'_> {
    fn name(&self, key: &str) -> String {
        format!("{}.{key}", self.family.name())
    }

    fn due(&self, key: &str) -> Result<usize, LoadError> {
        self.gguf.count(&self.name(key))
    }

    fn count(&self, key: &str) -> Result<Option<usize>, LoadError> {
        let name = self.name(key);
        match self.gguf.key(&name) {
            None => Ok(None),
            Some(_) => self.gguf.count(&name).map(Some),
        }
    }

    /// The number under the first of these keys that is there.
    fn float(&self, keys: &[&str]) -> Result<Option<f64>, LoadError> {
        let mut names = keys.iter().map(|key| self.name(key));
        match names.find(|name| self.gguf.key(name).is_some()) {
            None => Ok(None),
            Some(name) => self.gguf.float(&name).map(Some),
        }
    }

    fn refuse_what_is_not_done(&self, head_width: usize) -> Result<(), LoadError> {
        let path = self.gguf.path();
        if self.count("expert_count")?.unwrap_or(0) != 0 {
            return Err(LoadError::unsupported(path, "it is a mixture of experts"));
        }
        if self.float(&["attn_logit_softcapping"])?.is_some() {
            let reason = "its attention bounds its logits (attn_logit_softcapping)";
            return Err(LoadError::unsupported(path, reason));
        }
        for key in ["rope.dimension_count", "attention.value_length"] {
            let width = self.count(key)?.unwrap_or(head_width);
            if width != head_width {
                let name = self.name(key);
                let reason = format!("{name} is {width}, but its heads are {head_width} wide");
                return Err(LoadError::unsupported(path, reason));
            }
        }
        Ok(())
    }

    /// The rotary embedding of the layers that see everything.
    fn rope(&self) -> Result<Rope, LoadError> {
        // The second name is Ollama's.
        let base = self.float(&["rope.freq_base", "rope.global.freq_base"])?;
        let default = match self.family {
            Family::Gemma3 => 1_000_000.0,
            _ => 10_000.0,
        };
        let scaling = match self.gguf.key(&self.name("rope.scaling.type")) {
            Some(Value::Text(kind)) if kind == "linear" => RopeScaling::Linear {
                factor: self.gguf.float(&self.name("rope.scaling.factor"))?,
            },
            Some(Value::Text(kind)) if kind != "none" => {
                let reason = format!("its rotary embedding is scaled by the method {kind:?}");
                return Err(LoadError::unsupported(self.gguf.path(), reason));
            }
            _ => RopeScaling::None,
        };
        Ok(Rope {
            base: base.unwrap_or(default),
            scaling,
        })
    }

    fn sliding(&self, layers: usize) -> Result<Option<Sliding>, LoadError> {
        let Some(window_tokens) = self.count("attention.sliding_window")? else {
            return Ok(None);
        };
        let pattern = self.name("attention.sliding_window_pattern");
        let sliding_layers = match self.gguf.key(&pattern) {
            Some(Value::Bools(layers)) => layers.clone(),
            Some(_) => every_but(layers, self.gguf.count(&pattern)?),
            None => every_but(layers, GEMMA_PERIOD),
        };
        let base = self.float(&["rope.freq_base_swa", "rope.local.freq_base"])?;
        Ok(Some(Sliding {
            window_tokens,
            rope: Rope::plain(base.unwrap_or(GEMMA_SLIDING_BASE)),
            layers: sliding_layers,
        }))
    }
}
