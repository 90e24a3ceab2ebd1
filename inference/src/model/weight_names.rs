//! The names of a decoder's tensors: ours, the same for every family, and those in the files.
//!
//! With `h` hidden width, `f` feed-forward width, `q` query heads, `k` key-value heads and `w` head width:
//!
//! ```text
//! embedding.weight                             [vocabulary, h]
//! layers.{i}.attention_norm.weight             [h]        before attention
//! layers.{i}.query.weight                      [q w, h]   rows for rotating halves; .bias [q w] with `qkv_bias`
//! layers.{i}.key.weight                        [k w, h]   the same; .bias [k w]
//! layers.{i}.value.weight                      [k w, h]   .bias [k w]
//! layers.{i}.query_norm.weight                 [w]        with `qk_norm`
//! layers.{i}.key_norm.weight                   [w]        with `qk_norm`
//! layers.{i}.attention_out.weight              [h, q w]
//! layers.{i}.attention_post_norm.weight        [h]        with `post_norms`
//! layers.{i}.feed_forward_norm.weight          [h]        before the feed-forward network
//! layers.{i}.gate.weight, layers.{i}.up.weight [f, h]
//! layers.{i}.down.weight                       [h, f]
//! layers.{i}.feed_forward_post_norm.weight     [h]        with `post_norms`
//! norm.weight                                  [h]        before the head
//! head.weight                                  [vocabulary, h]  unless `tied_head`
//! ```

use super::Family;

/// Our name of a part of a layer, Hugging Face's and GGUF's.
const LAYER_PARTS: [(&str, &str, &str); 13] = [
    ("attention_norm", "input_layernorm", "attn_norm"),
    ("query", "self_attn.q_proj", "attn_q"),
    ("key", "self_attn.k_proj", "attn_k"),
    ("value", "self_attn.v_proj", "attn_v"),
    ("query_norm", "self_attn.q_norm", "attn_q_norm"),
    ("key_norm", "self_attn.k_norm", "attn_k_norm"),
    ("attention_out", "self_attn.o_proj", "attn_output"),
    (
        "attention_post_norm",
        "post_attention_layernorm",
        "post_attention_norm",
    ),
    ("feed_forward_norm", "pre_feedforward_layernorm", "ffn_norm"),
    ("gate", "mlp.gate_proj", "ffn_gate"),
    ("up", "mlp.up_proj", "ffn_up"),
    ("down", "mlp.down_proj", "ffn_down"),
    (
        "feed_forward_post_norm",
        "post_feedforward_layernorm",
        "post_ffw_norm",
    ),
];

/// The same for what is not in a layer.
const OTHER_PARTS: [(&str, &str, &str); 3] = [
    ("embedding", "embed_tokens", "token_embd"),
    ("norm", "norm", "output_norm"),
    ("head", "lm_head", "output"),
];

/// The name in a Hugging Face file, but for what stands before `layers`.
pub(crate) fn hugging_face_name(name: &str, family: Family) -> String {
    match split(name) {
        Name::Layer(layer, part, end) => {
            let part = match part {
                // Where nothing is normalised behind attention, this is the norm of that place.
                "feed_forward_norm" if family != Family::Gemma3 => "post_attention_layernorm",
                part => find(&LAYER_PARTS, part).1,
            };
            format!("layers.{layer}.{part}.{end}")
        }
        Name::Other(part, end) => format!("{}.{end}", find(&OTHER_PARTS, part).1),
    }
}

/// The name in a GGUF file.
pub(crate) fn gguf_name(name: &str) -> String {
    match split(name) {
        Name::Layer(layer, part, end) => {
            format!("blk.{layer}.{}.{end}", find(&LAYER_PARTS, part).2)
        }
        Name::Other(part, end) => format!("{}.{end}", find(&OTHER_PARTS, part).2),
    }
}

/// Whether a tensor of ours is the weight of a norm.
pub(crate) fn is_norm(name: &str) -> bool {
    name.ends_with("norm.weight")
}

enum Name<'a> {
    /// Number of the layer, part, `weight` or `bias`.
    Layer(&'a str, &'a str, &'a str),
    Other(&'a str, &'a str),
}

fn split(name: &str) -> Name<'_> {
    let pieces: Vec<&str> = name.split('.').collect();
    match pieces[..] {
        ["layers", layer, part, end] => Name::Layer(layer, part, end),
        [part, end] => Name::Other(part, end),
        _ => panic!("{name} is not a name of a tensor"),
    }
}

fn find(
    parts: &'static [(&'static str, &'static str, &'static str)],
    name: &str,
) -> &'static (&'static str, &'static str, &'static str) {
    let found = parts.iter().find(|(ours, _, _)| *ours == name);
    found.expect("the forward pass asks for the names above")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_names_become_those_of_the_files() {
        let hugging_face = |name, family| hugging_face_name(name, family);
        let norm = "layers.3.feed_forward_norm.weight";
        assert_eq!(
            hugging_face(norm, Family::Qwen2),
            "layers.3.post_attention_layernorm.weight"
        );
        assert_eq!(
            hugging_face(norm, Family::Gemma3),
            "layers.3.pre_feedforward_layernorm.weight"
        );
        assert_eq!(
            hugging_face("layers.0.query.bias", Family::Qwen2),
            "layers.0.self_attn.q_proj.bias"
        );
        assert_eq!(hugging_face("head.weight", Family::Llama), "lm_head.weight");
        assert_eq!(gguf_name(norm), "blk.3.ffn_norm.weight");
        assert_eq!(
            gguf_name("layers.12.key_norm.weight"),
            "blk.12.attn_k_norm.weight"
        );
        assert_eq!(gguf_name("embedding.weight"), "token_embd.weight");
    }

    #[test]
    fn norms_are_told_from_other_weights() {
        assert!(is_norm("norm.weight") && is_norm("layers.1.query_norm.weight"));
        assert!(!is_norm("layers.1.query.weight") && !is_norm("layers.1.query.bias"));
    }
}
