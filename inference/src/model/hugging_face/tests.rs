//! What loading says to model directories and files that are not what they should be.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::model;
use crate::{Dtype, EngineOptions, LoadError, TorchEmbedder, TorchEngine, fixtures};

/// A copy of the small network that a test may spoil.
fn copy() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixtures::path("tiny-llama")).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, directory.path().join(from.file_name().unwrap())).unwrap();
    }
    directory
}

/// What loading says, with the directory written as `DIR`.
fn said(path: &Path, directory: &Path) -> String {
    match TorchEngine::load(path, &EngineOptions::default()) {
        Ok(_) => "loaded".into(),
        Err(error) => error
            .to_string()
            .replace(&directory.display().to_string(), "DIR"),
    }
}

fn edit_config(directory: &Path, edit: impl FnOnce(&mut Value)) {
    let path = directory.join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    edit(&mut config);
    fs::write(&path, config.to_string()).unwrap();
}

#[test]
fn an_unspoilt_copy_loads() {
    let directory = copy();
    assert_eq!(said(directory.path(), directory.path()), "loaded");
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(
        said(Path::new("no/such/model"), Path::new("-")),
        "no/such/model does not exist"
    );
    let missing = |name: &str| {
        let directory = copy();
        fs::remove_file(directory.path().join(name)).unwrap();
        assert_eq!(
            said(directory.path(), directory.path()),
            format!("DIR/{name} does not exist")
        );
    };
    missing("config.json");
    missing("tokenizer.json");
    missing("tokenizer_config.json");
    missing("model-00002-of-00002.safetensors");

    let directory = copy();
    fs::remove_file(directory.path().join("chat_template.jinja")).unwrap();
    assert_eq!(
        said(directory.path(), directory.path()),
        "DIR cannot be used: it has no chat template"
    );
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(
        said(empty.path(), empty.path()),
        "DIR/config.json does not exist"
    );
}

#[test]
fn another_architecture_is_refused_by_name() {
    let directory = copy();
    edit_config(directory.path(), |config| {
        config["model_type"] = "mamba".into()
    });
    let expected =
        r#"DIR/config.json has the architecture "mamba"; known here: llama, qwen2, qwen3, gemma3"#;
    assert_eq!(said(directory.path(), directory.path()), expected);
}

#[test]
fn what_this_program_does_not_compute_is_refused_in_words() {
    type Edit = fn(&mut Value);
    let cases: [(Edit, &str); 7] = [
        (
            |c| c["hidden_act"] = "gelu".into(),
            r#"cannot be used: its activation is "gelu"; "silu" and "gelu_pytorch_tanh" are computed here"#,
        ),
        (
            |c| c["attention_bias"] = true.into(),
            "cannot be used: its layers have biases",
        ),
        (
            |c| c["rope_parameters"] = serde_json::json!({"rope_type": "yarn", "factor": 8.0}),
            r#"cannot be used: its rotary embedding is scaled by the method "yarn""#,
        ),
        (
            |c| c["quantization_config"] = serde_json::json!({"bits": 4}),
            "cannot be used: its weights are quantised; give a GGUF file or the unquantised weights",
        ),
        (
            |c| c["num_key_value_heads"] = 3.into(),
            "is damaged or is not what it claims to be: its 4 heads cannot share 3 key-value heads evenly",
        ),
        (
            |c| c["num_hidden_layers"] = 0.into(),
            "is damaged or is not what it claims to be: the number 0 for its layers is not between 1 and 1024",
        ),
        (
            |c| c["num_hidden_layers"] = (-1).into(),
            "is damaged or is not what it claims to be: invalid value: integer `-1`, expected usize",
        ),
    ];
    for (edit, reason) in cases {
        let directory = copy();
        edit_config(directory.path(), edit);
        let said = said(directory.path(), directory.path());
        assert!(
            said.starts_with(&format!("DIR/config.json {reason}")),
            "{said}\ninstead of {reason}"
        );
    }
}

#[test]
fn every_end_token_that_the_files_name_ends_a_turn() {
    let ends = |generation: Option<&str>| {
        let directory = copy();
        edit_config(directory.path(), |config| config["eos_token_id"] = 9.into());
        let path = directory.path().join("generation_config.json");
        match generation {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        model::open(directory.path()).unwrap().end_tokens
    };
    // 0 and 2 are special tokens that can mean nothing else.
    assert_eq!(ends(Some(r#"{"eos_token_id": [7, 8]}"#)), [0, 2, 7, 8]);
    assert_eq!(ends(Some(r#"{"eos_token_id": 7}"#)), [0, 2, 7]);
    assert_eq!(ends(Some("{}")), [0, 2, 9]);
    assert_eq!(ends(None), [0, 2, 9]);
}

/// Gemma 3 as its models that see are saved: the decoder under another name, its sizes in a part of the configuration.
#[test]
fn the_text_part_of_a_model_that_sees_is_read() {
    let directory = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixtures::path("tiny-gemma3")).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, directory.path().join(from.file_name().unwrap())).unwrap();
    }
    edit_config(directory.path(), |config| {
        let text = config.take();
        *config = serde_json::json!({
            "model_type": "gemma3", "eos_token_id": [1, 5], "text_config": text, "vision_config": {}
        });
    });
    let path = directory.path().join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let sight = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], &[0; 4]);
    let named = tensors
        .iter()
        .map(|(name, view)| (format!("language_model.{name}"), view))
        .chain([("vision_tower.patches.weight".to_owned(), sight.unwrap())]);
    fs::write(&path, safetensors::serialize(named, None).unwrap()).unwrap();
    assert_eq!(said(directory.path(), directory.path()), "loaded");
}

#[test]
fn tensors_of_another_network_are_refused() {
    let directory = copy();
    edit_config(directory.path(), |config| config["hidden_size"] = 64.into());
    let wrong = said(directory.path(), directory.path());
    assert!(
        wrong.contains(
            "the tensor model.embed_tokens.weight has the shape [288, 32] instead of [288, 64]"
        ),
        "{wrong}"
    );

    let directory = copy();
    edit_config(directory.path(), |config| {
        config["num_hidden_layers"] = 3.into()
    });
    let missing = said(directory.path(), directory.path());
    assert!(
        missing.contains("the tensor model.layers.2.input_layernorm.weight is missing"),
        "{missing}"
    );

    let directory = copy();
    edit_config(directory.path(), |config| {
        config["num_hidden_layers"] = 1.into()
    });
    let unread = said(directory.path(), directory.path());
    assert!(
        unread.contains("cannot be used: it has a tensor model.layers.1."),
        "{unread}"
    );
}

#[test]
fn a_model_that_does_not_fit_in_memory_is_refused_before_it_is_read() {
    let directory = copy();
    edit_config(directory.path(), |config| {
        config["num_hidden_layers"] = 1024.into();
        config["hidden_size"] = (1 << 16).into();
        config["intermediate_size"] = (1 << 20).into();
    });
    let options = EngineOptions {
        dtype: Dtype::F32,
        ..EngineOptions::default()
    };
    let error = TorchEngine::load(directory.path(), &options).err().unwrap();
    assert!(
        matches!(
            error,
            LoadError::TooLarge {
                needed_mib: 805_855_376,
                available_mib: 1..100_000_000,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn weights_that_are_not_finite_are_refused_by_name() {
    for (number, dtype) in [(f32::NAN, "NaN"), (f32::NEG_INFINITY, "infinity")] {
        let directory = copy();
        let path = directory.path().join("model-00002-of-00002.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 4;
        bytes[last..].copy_from_slice(&number.to_le_bytes());
        fs::write(&path, bytes).unwrap();
        let said = said(directory.path(), directory.path());
        assert!(
            said.starts_with("DIR/model-00002-of-00002.safetensors is damaged")
                && said.ends_with(" has numbers that are not finite"),
            "{dtype}: {said}"
        );
    }
}

#[test]
fn a_shard_outside_the_directory_is_refused() {
    let directory = copy();
    let index = directory.path().join("model.safetensors.index.json");
    let text = fs::read_to_string(&index)
        .unwrap()
        .replace("model-00001-of-00002", "../model");
    fs::write(&index, text).unwrap();
    let said = said(directory.path(), directory.path());
    assert!(
        said.ends_with(r#""../model.safetensors" is not a shard beside it"#),
        "{said}"
    );
}

#[test]
fn a_damaged_json_file_is_named_with_the_place() {
    for name in [
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "generation_config.json",
    ] {
        let directory = copy();
        fs::write(directory.path().join(name), "{\"model_type\": ").unwrap();
        let said = said(directory.path(), directory.path());
        assert!(
            said.starts_with(&format!("DIR/{name} is damaged")) && said.contains("line 1"),
            "{said}"
        );
    }
}

#[test]
fn a_token_with_an_absurd_number_is_refused_before_memory_is_taken() {
    let directory = copy();
    let path = directory.path().join("tokenizer.json");
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("\"id\": 2,", "\"id\": 4294967295,");
    let text = text.replace("\"<|im_end|>\": 2,", "\"<|im_end|>\": 4294967295,");
    fs::write(&path, text).unwrap();
    let said = said(directory.path(), directory.path());
    assert!(
        said.ends_with("a token has the number 4294967295, the greatest believed is 2097152"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_no_model_is_told_so() {
    let directory = tempfile::tempdir().unwrap();
    let path: PathBuf = directory.path().join("model.gguf");
    fs::write(&path, "PK\u{3}\u{4} this is a zip file, perhaps").unwrap();
    let expected = "DIR/model.gguf is damaged or is not what it claims to be: it does not begin with the letters GGUF";
    assert_eq!(said(&path, directory.path()), expected);
}

#[test]
fn a_gguf_file_cut_short_is_refused_wherever_it_was_cut() {
    let whole = fixtures::cached_model("smollm2-135m-instruct.gguf");
    let length = fs::metadata(&whole).unwrap().len();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cut.gguf");
    fs::copy(&whole, &path).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    // From the end, since each cut shortens the same copy.
    for share in [length - 1, length / 2, length / 20, 100_000, 24, 4, 0] {
        file.set_len(share).unwrap();
        let said = said(&path, directory.path());
        assert!(
            said.starts_with("DIR/cut.gguf is damaged or is not what it claims to be: "),
            "{share}: {said}"
        );
    }
}

#[test]
fn the_embedder_refuses_a_language_model_and_a_missing_directory() {
    let refusal = |path: &Path| {
        TorchEmbedder::load(path, &EngineOptions::default())
            .err()
            .unwrap()
            .to_string()
    };
    assert!(
        refusal(&fixtures::path("tiny-llama"))
            .ends_with(r#"has the architecture "llama"; known here: bert, xlm-roberta"#)
    );
    assert_eq!(
        refusal(Path::new("no/such/model")),
        "no/such/model does not exist"
    );
}
