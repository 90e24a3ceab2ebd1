//! The configurations of published models, shortened to what matters.

use serde_json::{Value, json};

use super::*;

fn config(family: Family, value: Value) -> Result<DecoderConfig, String> {
    let file: ConfigFile = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let config = file.decoder_config(family)?;
    config.check().map(|()| config)
}

fn llama_3_2() -> Value {
    json!({
        "model_type": "llama", "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 8192,
        "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64,
        "vocab_size": 128256, "max_position_embeddings": 131072, "rms_norm_eps": 1e-5,
        "attention_bias": false, "mlp_bias": false, "tie_word_embeddings": true, "rope_theta": 500000.0,
        "rope_scaling": {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192},
        "eos_token_id": [128001, 128008, 128009]
    })
}

fn gemma_3_4b_text() -> Value {
    json!({
        "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
        "num_hidden_layers": 34, "sliding_window": 1024,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"}
    })
}

#[test]
fn llama_3_2_stretches_its_rotary_embedding() {
    let config = config(Family::Llama, llama_3_2()).unwrap();
    assert_eq!(
        config,
        DecoderConfig {
            layers: 16,
            hidden: 2048,
            heads: 32,
            kv_heads: 8,
            head_width: 64,
            feed_forward: 8192,
            vocabulary: 128_256,
            context_tokens: 131_072,
            norm_epsilon: 1e-5,
            activation: Activation::Silu,
            qkv_bias: false,
            qk_norm: false,
            post_norms: false,
            embedding_scale: 1.0,
            attention_scale: 0.125,
            logit_softcap: None,
            rope: Rope {
                base: 500_000.0,
                scaling: RopeScaling::Llama3 {
                    factor: 32.0,
                    low_frequency_factor: 1.0,
                    high_frequency_factor: 4.0,
                    original_context_tokens: 8192,
                },
            },
            sliding: None,
            tied_head: true,
        }
    );
}

#[test]
fn qwen_2_5_has_biases_and_a_window_only_if_it_uses_it() {
    let mut file = json!({
        "model_type": "qwen2", "hidden_act": "silu", "hidden_size": 896, "intermediate_size": 4864,
        "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
        "max_position_embeddings": 32768, "max_window_layers": 21, "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0, "sliding_window": 32768, "tie_word_embeddings": true,
        "use_sliding_window": false
    });
    let plain = config(Family::Qwen2, file.clone()).unwrap();
    assert_eq!(
        (
            plain.qkv_bias,
            plain.qk_norm,
            plain.head_width,
            &plain.sliding
        ),
        (true, false, 64, &None)
    );
    file["use_sliding_window"] = true.into();
    let sliding = config(Family::Qwen2, file).unwrap();
    assert_eq!(
        [20, 21].map(|layer| sliding.window_tokens(layer)),
        [None, Some(32_768)]
    );
    assert_eq!(&sliding.sliding.unwrap().rope, &Rope::plain(1_000_000.0));
}

#[test]
fn qwen_3_has_heads_wider_than_their_share() {
    let file = json!({
        "model_type": "qwen3", "attention_bias": false, "head_dim": 128, "hidden_act": "silu",
        "hidden_size": 1024, "intermediate_size": 3072, "max_position_embeddings": 40960,
        "max_window_layers": 28, "num_attention_heads": 16, "num_hidden_layers": 28,
        "num_key_value_heads": 8, "rms_norm_eps": 1e-6, "rope_scaling": null, "rope_theta": 1000000,
        "sliding_window": null, "tie_word_embeddings": true, "use_sliding_window": false,
        "vocab_size": 151936
    });
    let config = config(Family::Qwen3, file).unwrap();
    assert_eq!(
        (config.qkv_bias, config.qk_norm, config.head_width),
        (false, true, 128)
    );
    assert_eq!(config.rope, Rope::plain(1_000_000.0));
}

#[test]
fn gemma_3_leaves_much_to_be_understood() {
    let config = config(Family::Gemma3, gemma_3_4b_text()).unwrap();
    assert_eq!(
        (
            config.heads,
            config.kv_heads,
            config.head_width,
            config.vocabulary
        ),
        (8, 4, 256, 262_208)
    );
    assert_eq!(
        (config.activation, config.post_norms, config.tied_head),
        (Activation::GeluTanh, true, true)
    );
    assert_eq!(
        (config.attention_scale, config.embedding_scale),
        (0.0625, 2560_f64.sqrt())
    );
    assert_eq!(
        [4, 5, 6].map(|layer| config.window_tokens(layer)),
        [Some(1024), None, Some(1024)]
    );
    assert_eq!(&config.sliding.unwrap().rope, &Rope::plain(10_000.0));
    let stretched = Rope {
        base: 1_000_000.0,
        scaling: RopeScaling::Linear { factor: 8.0 },
    };
    assert_eq!(config.rope, stretched);
}

#[test]
fn the_form_of_transformers_5_means_the_same() {
    let mut llama = llama_3_2();
    let fields = llama.as_object_mut().unwrap();
    let mut rope = fields.remove("rope_scaling").unwrap();
    rope["rope_theta"] = fields.remove("rope_theta").unwrap();
    llama["rope_parameters"] = rope;
    assert_eq!(
        config(Family::Llama, llama),
        config(Family::Llama, llama_3_2())
    );

    let mut gemma = gemma_3_4b_text();
    gemma.as_object_mut().unwrap().remove("rope_scaling");
    gemma["rope_parameters"] = json!({
        "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}
    });
    let kinds: Vec<&str> = (1..=34)
        .map(|number| match number % 6 {
            0 => "full_attention",
            _ => "sliding_attention",
        })
        .collect();
    gemma["layer_types"] = json!(kinds);
    assert_eq!(
        config(Family::Gemma3, gemma),
        config(Family::Gemma3, gemma_3_4b_text())
    );
}

#[test]
fn what_is_not_computed_here_is_refused_in_words() {
    let cases = [
        (
            "hidden_act",
            json!("relu"),
            r#"its activation is "relu"; "silu" and "gelu_pytorch_tanh" are computed here"#,
        ),
        ("attention_bias", json!(true), "its layers have biases"),
        (
            "quantization_config",
            json!({}),
            "its weights are quantised; give a GGUF file or the unquantised weights",
        ),
        (
            "rope_scaling",
            json!({"type": "yarn", "factor": 4.0}),
            r#"its rotary embedding is scaled by the method "yarn""#,
        ),
        (
            "rope_scaling",
            json!({"type": "linear"}),
            "its rotary embedding does not say factor",
        ),
        (
            "attn_logit_softcapping",
            json!(50.0),
            "its attention bounds its logits (attn_logit_softcapping)",
        ),
        (
            "num_attention_heads",
            Value::Null,
            "it does not say num_attention_heads",
        ),
    ];
    for (field, value, reason) in cases {
        let mut file = llama_3_2();
        file[field] = value;
        assert_eq!(config(Family::Llama, file), Err(reason.to_owned()));
    }
    let mut gemma = gemma_3_4b_text();
    gemma["layer_types"] = json!(["linear_attention"]);
    assert_eq!(
        config(Family::Gemma3, gemma),
        Err(r#"it has layers of the kind "linear_attention""#.to_owned())
    );
}
