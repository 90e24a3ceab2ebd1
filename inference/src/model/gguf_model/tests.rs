//! A whole small model forged as GGUF, and what loading says when a part of it is wrong.

use std::fs;

use crate::model;
use crate::model::gguf::tests::{Forge, text};
use crate::{EngineOptions, TorchEngine};

const LAYERS: usize = 1;
const HIDDEN: u64 = 16;
const HEADS: u32 = 2;
const FEED_FORWARD: u64 = 24;

fn texts(texts: &[&str]) -> Vec<u8> {
    let mut bytes = [
        &8_u32.to_le_bytes()[..],
        &(texts.len() as u64).to_le_bytes(),
    ]
    .concat();
    texts.iter().for_each(|one| bytes.extend(text(one)));
    bytes
}

fn integers(integers: &[i32]) -> Vec<u8> {
    let mut bytes = [
        &5_u32.to_le_bytes()[..],
        &(integers.len() as u64).to_le_bytes(),
    ]
    .concat();
    integers
        .iter()
        .for_each(|one| bytes.extend(one.to_le_bytes()));
    bytes
}

/// A network of one layer whose weights are all 0.01, with a vocabulary of 6 tokens.
fn model() -> Forge {
    let mut forge = Forge {
        keys: Vec::new(),
        tensors: Vec::new(),
    };
    let tokens = ["<|im_start|>", "<|im_end|>", "a", "b", "ab", "Ċ"];
    forge.key("general.architecture", 8, &text("llama"));
    forge.key("general.name", 8, &text("forged"));
    for (name, value) in [
        ("llama.block_count", LAYERS as u32),
        ("llama.context_length", 64),
        ("llama.embedding_length", HIDDEN as u32),
        ("llama.feed_forward_length", FEED_FORWARD as u32),
        ("llama.attention.head_count", HEADS),
        ("tokenizer.ggml.bos_token_id", 0),
        ("tokenizer.ggml.eos_token_id", 1),
    ] {
        forge.key(name, 4, &value.to_le_bytes());
    }
    forge.key(
        "llama.attention.layer_norm_rms_epsilon",
        6,
        &1e-5_f32.to_le_bytes(),
    );
    forge.key("tokenizer.ggml.model", 8, &text("gpt2"));
    forge.key("tokenizer.ggml.pre", 8, &text("gpt-2"));
    forge.key("tokenizer.ggml.tokens", 9, &texts(&tokens));
    forge.key(
        "tokenizer.ggml.token_type",
        9,
        &integers(&[3, 3, 1, 1, 1, 1]),
    );
    forge.key("tokenizer.ggml.merges", 9, &texts(&["a b"]));
    forge.key(
        "tokenizer.chat_template",
        8,
        &text("{{ bos_token }}{{ messages[0].content }}"),
    );

    let mut tensor = |name: &str, sizes: &[u64]| {
        forge.tensor(
            name,
            sizes,
            &vec![0.01; sizes.iter().product::<u64>() as usize],
        );
    };
    tensor("token_embd.weight", &[HIDDEN, tokens.len() as u64]);
    tensor("output_norm.weight", &[HIDDEN]);
    for part in ["attn_norm", "ffn_norm"] {
        tensor(&format!("blk.0.{part}.weight"), &[HIDDEN]);
    }
    for part in ["attn_q", "attn_k", "attn_v", "attn_output"] {
        tensor(&format!("blk.0.{part}.weight"), &[HIDDEN, HIDDEN]);
    }
    for part in ["ffn_gate", "ffn_up"] {
        tensor(&format!("blk.0.{part}.weight"), &[HIDDEN, FEED_FORWARD]);
    }
    tensor("blk.0.ffn_down.weight", &[FEED_FORWARD, HIDDEN]);
    forge
}

fn set(forge: &mut Forge, name: &str, kind: u32, value: &[u8]) {
    forge.keys.retain(|(key, _)| key != name);
    forge.key(name, kind, value);
}

/// What loading the file says, without the file's name.
fn said(forge: &Forge) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("forged.gguf");
    fs::write(&path, forge.bytes()).unwrap();
    match TorchEngine::load(&path, &EngineOptions::default()) {
        Ok(_) => "loaded".into(),
        Err(error) => error
            .to_string()
            .replace(&path.display().to_string(), "FILE")
            .replace("is damaged or is not what it claims to be:", "is damaged:"),
    }
}

#[test]
fn a_whole_forged_model_loads() {
    assert_eq!(said(&model()), "loaded");
}

#[test]
fn what_is_wrong_with_a_model_is_said_in_words() {
    type Spoil = fn(&mut Forge);
    let cases: [(Spoil, &str); 18] = [
        (
            |f| f.tensors[1].data[..4].copy_from_slice(&f32::NAN.to_le_bytes()),
            "FILE is damaged: the tensor output_norm.weight has numbers that are not finite",
        ),
        (
            |f| f.tensors[0].code = 10,
            "FILE cannot be used: its tensor token_embd.weight is stored as Q2_K; read here are F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K",
        ),
        (
            |f| set(f, "general.architecture", 8, &text("mamba")),
            r#"FILE has the architecture "mamba"; known here: llama, qwen2, qwen3, gemma3"#,
        ),
        (
            |f| f.keys.retain(|(key, _)| key != "general.architecture"),
            "FILE is damaged: the key general.architecture should hold a text, but holds nothing",
        ),
        (
            |f| set(f, "llama.block_count", 8, &text("thirty")),
            "FILE is damaged: the key llama.block_count should hold a count, but holds a text",
        ),
        (
            |f| set(f, "llama.block_count", 4, &2_u32.to_le_bytes()),
            "FILE is damaged: the tensor blk.1.attn_norm.weight is missing",
        ),
        (
            |f| set(f, "llama.attention.head_count", 4, &0_u32.to_le_bytes()),
            "FILE is damaged: the number 0 for its heads is not between 1 and 1024",
        ),
        (
            |f| set(f, "llama.embedding_length", 4, &u32::MAX.to_le_bytes()),
            "FILE is damaged: the number 4294967295 for its hidden width is not between 1 and 65536",
        ),
        (
            |f| set(f, "llama.feed_forward_length", 4, &25_u32.to_le_bytes()),
            "FILE is damaged: the tensor blk.0.ffn_gate.weight has the shape [24, 16] instead of [25, 16]",
        ),
        (
            |f| f.key("llama.expert_count", 4, &8_u32.to_le_bytes()),
            "FILE cannot be used: it is a mixture of experts",
        ),
        (
            |f| f.key("llama.rope.scaling.type", 8, &text("yarn")),
            r#"FILE cannot be used: its rotary embedding is scaled by the method "yarn""#,
        ),
        (
            |f| f.key("llama.rope.dimension_count", 4, &4_u32.to_le_bytes()),
            "FILE cannot be used: llama.rope.dimension_count is 4, but its heads are 8 wide",
        ),
        (
            |f| f.tensor("blk.0.attn_q.bias", &[HIDDEN], &[0.0; HIDDEN as usize]),
            "FILE cannot be used: it has a tensor blk.0.attn_q.bias of unknown use",
        ),
        (
            |f| set(f, "tokenizer.ggml.model", 8, &text("t5")),
            r#"FILE cannot be used: its tokenizer is of the kind "t5"; known here: "gpt2" (byte-level BPE), "llama" and "gemma" (SentencePiece)"#,
        ),
        (
            |f| set(f, "tokenizer.ggml.pre", 8, &text("jais")),
            r#"FILE cannot be used: its texts are split in the way "jais"; known here: "default", "gpt-2", "smollm", "llama-bpe", "qwen2""#,
        ),
        (
            |f| set(f, "tokenizer.ggml.token_type", 9, &integers(&[3, 3])),
            "FILE is damaged: the key tokenizer.ggml.token_type should hold one integer a token, but holds an array of integers",
        ),
        (
            |f| f.keys.retain(|(key, _)| key != "tokenizer.chat_template"),
            "FILE cannot be used: it has no chat template (tokenizer.chat_template)",
        ),
        (
            |f| {
                let tokens = ["<|im_start|>", "<|im_end|>", "a", "b", "ab", "Ċ", "c"];
                set(f, "tokenizer.ggml.tokens", 9, &texts(&tokens));
                set(
                    f,
                    "tokenizer.ggml.token_type",
                    9,
                    &integers(&[3, 3, 1, 1, 1, 1, 1]),
                );
            },
            "FILE is damaged: its tokenizer has 7 tokens, its network 6",
        ),
    ];
    for (spoil, expected) in cases {
        let mut forge = model();
        spoil(&mut forge);
        assert_eq!(said(&forge), expected);
    }
}

#[test]
fn every_end_token_that_the_file_names_ends_a_turn() {
    let mut forge = model();
    set(
        &mut forge,
        "tokenizer.ggml.eot_token_id",
        4,
        &3_u32.to_le_bytes(),
    );
    set(
        &mut forge,
        "tokenizer.ggml.eos_token_ids",
        9,
        &integers(&[2, 4, -1]),
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("forged.gguf");
    fs::write(&path, forge.bytes()).unwrap();
    assert_eq!(model::open(&path).unwrap().end_tokens, [1, 2, 3, 4]);
}
