//! A language model in one GGUF file: its keys become a configuration, its tensors get their Hugging Face names.

use std::collections::BTreeSet;
use std::path::Path;

use tch::Tensor;

use super::gguf::{Gguf, Value};
use super::text_tokenizer::{GgufVocabulary, TokenKind};
use super::{
    ChatTemplate, KNOWN_ARCHITECTURES, LanguageModel, LlamaConfig, TextTokenizer, Weights,
};
use crate::LoadError;

/// Opens a `.gguf` file.
pub(super) fn open(path: &Path) -> Result<LanguageModel, LoadError> {
    let gguf = Gguf::open(path)?;
    let architecture = gguf.text("general.architecture")?;
    if architecture != "llama" {
        return Err(LoadError::UnknownArchitecture {
            path: path.to_owned(),
            architecture: architecture.to_owned(),
            known: KNOWN_ARCHITECTURES,
        });
    }
    let config = config(&gguf)?;
    config
        .check()
        .map_err(|reason| LoadError::malformed(path, reason))?;
    let tokenizer = tokenizer(&gguf)?;
    if tokenizer.vocabulary() > config.vocabulary {
        let reason = format!(
            "its tokenizer has {} tokens, its network {}",
            tokenizer.vocabulary(),
            config.vocabulary
        );
        return Err(LoadError::malformed(path, reason));
    }
    let end_tokens = super::end_tokens(named_end_tokens(&gguf), &tokenizer);
    Ok(LanguageModel {
        name: name(&gguf),
        quantisation: gguf
            .main_encoding()
            .map_or("none", |encoding| encoding.name())
            .to_owned(),
        bytes: gguf.bytes(),
        template: template(&gguf, &tokenizer)?,
        end_tokens,
        tokenizer,
        weights: Box::new(GgufWeights {
            config: config.clone(),
            gguf,
            read: BTreeSet::new(),
        }),
        config,
    })
}

fn name(gguf: &Gguf) -> String {
    let stem = || {
        gguf.path()
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    gguf.text("general.name")
        .map_or_else(|_| stem(), str::to_owned)
}

fn config(gguf: &Gguf) -> Result<LlamaConfig, LoadError> {
    let path = gguf.path();
    let hidden = gguf.count("llama.embedding_length")?;
    let heads = gguf.count("llama.attention.head_count")?;
    let optional = |key: &str, default: usize| match gguf.key(key) {
        None => Ok(default),
        Some(_) => gguf.count(key),
    };
    let head_width = optional(
        "llama.attention.key_length",
        hidden.checked_div(heads).unwrap_or(0),
    )?;
    let vocabulary = gguf
        .shape("token_embd.weight")
        .map_or(0, |shape| shape[0] as usize);

    if optional("llama.expert_count", 0)? != 0 {
        return Err(LoadError::unsupported(path, "it is a mixture of experts"));
    }
    if let Some(Value::Text(scaling)) = gguf.key("llama.rope.scaling.type")
        && scaling != "none"
    {
        return Err(LoadError::unsupported(
            path,
            format!("its rotary embedding is scaled by the method {scaling:?}"),
        ));
    }
    if gguf.has_tensor("rope_freqs.weight") {
        return Err(LoadError::unsupported(
            path,
            "its rotary embedding has scaled frequencies (rope_freqs.weight)",
        ));
    }
    for key in ["llama.rope.dimension_count", "llama.attention.value_length"] {
        let width = optional(key, head_width)?;
        if width != head_width {
            let reason = format!("{key} is {width}, but its heads are {head_width} wide");
            return Err(LoadError::unsupported(path, reason));
        }
    }
    Ok(LlamaConfig {
        layers: gguf.count("llama.block_count")?,
        hidden,
        heads,
        kv_heads: optional("llama.attention.head_count_kv", heads)?,
        head_width,
        feed_forward: gguf.count("llama.feed_forward_length")?,
        vocabulary,
        context_tokens: gguf.count("llama.context_length")?,
        rope_base: if gguf.key("llama.rope.freq_base").is_some() {
            gguf.float("llama.rope.freq_base")?
        } else {
            10_000.0
        },
        norm_epsilon: gguf.float("llama.attention.layer_norm_rms_epsilon")?,
        tied_head: !gguf.has_tensor("output.weight"),
    })
}

fn tokenizer(gguf: &Gguf) -> Result<TextTokenizer, LoadError> {
    let path = gguf.path();
    let model = gguf.text("tokenizer.ggml.model")?;
    if model != "gpt2" {
        let reason = format!(
            "its tokenizer is of the kind {model:?}; known here: \"gpt2\" (byte-level BPE)"
        );
        return Err(LoadError::unsupported(path, reason));
    }
    let tokens = gguf.texts("tokenizer.ggml.tokens")?;
    let merges = gguf.texts("tokenizer.ggml.merges")?;
    let kinds = match gguf.key("tokenizer.ggml.token_type") {
        Some(Value::Integers(kinds)) if kinds.len() == tokens.len() => kinds,
        found => {
            return Err(gguf.wrong_key("tokenizer.ggml.token_type", "one integer a token", found));
        }
    };
    let kinds = kinds.iter().map(|kind| match kind {
        3 => TokenKind::Special,
        4 => TokenKind::Added,
        _ => TokenKind::Normal,
    });
    let vocabulary = GgufVocabulary {
        tokens: tokens.iter().map(String::as_str).zip(kinds).collect(),
        merges,
        pre_tokenizer: gguf.text("tokenizer.ggml.pre")?,
    };
    TextTokenizer::from_gguf(path, &vocabulary)
}

fn named_end_tokens(gguf: &Gguf) -> impl Iterator<Item = u32> {
    ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"]
        .into_iter()
        .filter_map(|key| gguf.count(key).ok())
        .filter_map(|id| u32::try_from(id).ok())
}

fn template(gguf: &Gguf, tokenizer: &TextTokenizer) -> Result<ChatTemplate, LoadError> {
    let Ok(source) = gguf.text("tokenizer.chat_template") else {
        return Err(LoadError::unsupported(
            gguf.path(),
            "it has no chat template (tokenizer.chat_template)",
        ));
    };
    let token = |key: &str| {
        gguf.count(key)
            .ok()
            .and_then(|id| tokenizer.special_text(id as u32))
    };
    let beginning = token("tokenizer.ggml.bos_token_id");
    let end = token("tokenizer.ggml.eos_token_id");
    ChatTemplate::new(source, beginning, end)
        .map_err(|reason| LoadError::malformed(gguf.path(), reason))
}

struct GgufWeights {
    config: LlamaConfig,
    gguf: Gguf,
    /// GGUF names of the tensors that were read.
    read: BTreeSet<String>,
}

impl Weights for GgufWeights {
    fn read(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, LoadError> {
        let gguf_name = gguf_name(name);
        let values = self.gguf.read(&gguf_name, shape)?;
        let path = self.gguf.path();
        let torch = |error| LoadError::torch(path, &error);
        let tensor = Tensor::f_from_slice(&values)
            .and_then(|tensor| tensor.f_view(shape))
            .map_err(torch)?;
        let tensor = match () {
            () if gguf_name.ends_with("attn_q.weight") => {
                half_rotation(&tensor, self.config.heads).map_err(torch)?
            }
            () if gguf_name.ends_with("attn_k.weight") => {
                half_rotation(&tensor, self.config.kv_heads).map_err(torch)?
            }
            () => tensor,
        };
        self.read.insert(gguf_name);
        Ok(tensor)
    }

    fn contains(&self, name: &str) -> bool {
        self.gguf.has_tensor(&gguf_name(name))
    }

    fn unread(&self) -> Vec<&str> {
        self.gguf
            .tensor_names()
            .filter(|name| !self.read.contains(*name))
            .collect()
    }

    fn path(&self) -> &Path {
        self.gguf.path()
    }
}

/// GGUF files of the llama architecture store the rows of q and k for rotating neighbours; we rotate halves, as Hugging Face does.
fn half_rotation(weight: &Tensor, heads: usize) -> Result<Tensor, tch::TchError> {
    let (rows, columns) = weight.size2()?;
    let heads = heads as i64;
    weight
        .f_view([heads, rows / heads / 2, 2, columns])?
        .f_transpose(1, 2)?
        .f_reshape([rows, columns])
}

fn gguf_name(name: &str) -> String {
    let Some(rest) = name.strip_prefix("model.layers.") else {
        return match name {
            "model.embed_tokens.weight" => "token_embd.weight".into(),
            "model.norm.weight" => "output_norm.weight".into(),
            "lm_head.weight" => "output.weight".into(),
            other => other.into(),
        };
    };
    let (layer, part) = rest.split_once('.').unwrap_or((rest, ""));
    let part = match part {
        "input_layernorm.weight" => "attn_norm.weight",
        "self_attn.q_proj.weight" => "attn_q.weight",
        "self_attn.k_proj.weight" => "attn_k.weight",
        "self_attn.v_proj.weight" => "attn_v.weight",
        "self_attn.o_proj.weight" => "attn_output.weight",
        "post_attention_layernorm.weight" => "ffn_norm.weight",
        "mlp.gate_proj.weight" => "ffn_gate.weight",
        "mlp.up_proj.weight" => "ffn_up.weight",
        "mlp.down_proj.weight" => "ffn_down.weight",
        other => other,
    };
    format!("blk.{layer}.{part}")
}

#[cfg(test)]
mod tests;
