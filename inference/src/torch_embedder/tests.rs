//! The embedder against sentence-transformers.

use std::num::NonZeroUsize;

use serde::Deserialize;

use super::*;
use crate::{Dtype, fixtures};

/// The least cosine to sentence-transformers' vector in f32; measured 0.9999999.
const COSINE_MIN_F32: f64 = 0.9999;
/// The greatest difference of a number of a vector in f32; measured 5e-7.
const NUMBER_TOLERANCE_F32: f64 = 1e-5;
/// The least cosine in bf16; measured 0.99995 fused and 0.99984 plain.
const COSINE_MIN_BF16: f64 = 0.999;

#[derive(Deserialize)]
struct Embedded {
    text: String,
    vector: Vec<f32>,
}

fn minilm(dtype: Dtype) -> TorchEmbedder {
    minilm_by(dtype, true)
}

/// Through the fused forward pass, if this processor has one, or the plain one.
fn minilm_by(dtype: Dtype, fused: bool) -> TorchEmbedder {
    let options = EngineOptions {
        dtype,
        fused,
        threads: NonZeroUsize::new(1),
        ..EngineOptions::default()
    };
    TorchEmbedder::load(&fixtures::cached_model("all-minilm-l6-v2"), &options).unwrap()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum()
}

/// The least cosine and the greatest difference of a number, over all texts of the fixture at once.
fn compare(embedder: &mut TorchEmbedder) -> (f64, f64) {
    let references: Vec<Embedded> = fixtures::read("embeddings.json");
    assert!(references.len() >= 16);
    let texts: Vec<&str> = references
        .iter()
        .map(|reference| reference.text.as_str())
        .collect();
    let vectors = embedder.embed(&texts).unwrap();
    let (mut cosine, mut difference) = (1.0_f64, 0.0_f64);
    for (Embedded { vector, .. }, ours) in references.iter().zip(&vectors) {
        assert!(
            (dot(ours, ours) - 1.0).abs() < 1e-5,
            "a vector has length 1"
        );
        cosine = cosine.min(dot(vector, ours));
        difference = vector
            .iter()
            .zip(ours)
            .map(|(a, b)| f64::from((a - b).abs()))
            .fold(difference, f64::max);
    }
    (cosine, difference)
}

#[test]
fn vectors_in_f32_are_those_of_sentence_transformers() {
    for fused in [true, false] {
        let mut embedder = minilm_by(Dtype::F32, fused);
        let (cosine, difference) = compare(&mut embedder);
        println!("{}: cosine {cosine}, {difference:e}", embedder.forward());
        assert!(cosine >= COSINE_MIN_F32, "a cosine is {cosine}");
        assert!(
            difference <= NUMBER_TOLERANCE_F32,
            "a number differs by {difference}"
        );
    }
}

#[test]
fn vectors_in_bf16_stay_near() {
    for fused in [true, false] {
        let mut embedder = minilm_by(Dtype::Bf16, fused);
        let (cosine, _) = compare(&mut embedder);
        println!("{}: cosine {cosine}", embedder.forward());
        assert!(cosine >= COSINE_MIN_BF16, "a cosine is {cosine}");
    }
}

#[derive(Deserialize)]
struct Network {
    name: String,
    texts: Vec<String>,
    vectors: Vec<Vec<f32>>,
}

#[test]
fn small_networks_of_each_kind_and_pooling_give_the_vectors_of_sentence_transformers() {
    let networks: Vec<Network> = fixtures::read("embedders.json");
    let both = networks
        .iter()
        .flat_map(|network| [(network, true), (network, false)]);
    for (network, fused) in both {
        let Network {
            name,
            texts,
            vectors,
        } = network;
        let options = EngineOptions {
            dtype: Dtype::F32,
            fused,
            threads: NonZeroUsize::new(1),
            ..EngineOptions::default()
        };
        let mut embedder = TorchEmbedder::load(&fixtures::path(name), &options).unwrap();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let ours = embedder.embed(&texts).unwrap();
        let mut difference = 0.0_f64;
        for (a, b) in vectors.iter().flatten().zip(ours.iter().flatten()) {
            difference = difference.max(f64::from((a - b).abs()));
        }
        println!("{name}, {}: {difference:e}", embedder.forward());
        assert_eq!(ours.len(), vectors.len());
        assert!(
            difference <= NUMBER_TOLERANCE_F32,
            "{name}: a number differs by {difference}"
        );
    }
    assert_eq!(networks.len(), 2);
}

/// Tiny-bert with these prompts.
fn prompted(config: serde_json::Value) -> Result<TorchEmbedder, LoadError> {
    let folder = fixtures::copy("tiny-bert");
    let path = folder.path().join("config_sentence_transformers.json");
    std::fs::write(path, config.to_string()).unwrap();
    TorchEmbedder::load(folder.path(), &EngineOptions::default())
}

#[test]
fn questions_and_passages_have_the_prefixes_that_the_files_name() {
    let e5 = || serde_json::json!({ "query": "query: ", "passage": "passage: " });
    let cases = [
        (serde_json::json!({}), ["", "", ""]),
        (
            serde_json::json!({ "prompts": e5(), "default_prompt_name": null }),
            ["query: ", "passage: ", ""],
        ),
        (
            // Saved again by sentence-transformers 6.
            serde_json::json!({
                "prompts": { "query": "", "document": "", "passage": "passage: " },
                "default_prompt_name": "passage",
            }),
            ["", "passage: ", "passage: "],
        ),
        (
            serde_json::json!({ "prompts": { "query": "find: " } }),
            ["find: ", "", ""],
        ),
        (
            serde_json::json!({ "prompts": { "any": "text: " }, "default_prompt_name": "any" }),
            ["text: ", "text: ", "text: "],
        ),
    ];
    let text = "the spare key";
    let mut bare = prompted(serde_json::json!({})).unwrap();
    for (config, prefixes) in cases {
        let mut embedder = prompted(config).unwrap();
        let forms = [TextForm::Query, TextForm::Passage, TextForm::Plain];
        for (form, prefix) in forms.into_iter().zip(prefixes) {
            let written_out = format!("{prefix}{text}");
            assert_eq!(
                embedder.embed_as(form, &[text]).unwrap(),
                bare.embed(&[&written_out]).unwrap(),
                "{form:?} with {prefix:?}"
            );
        }
    }
}

#[test]
fn a_default_prompt_that_is_not_there_is_an_error_that_names_it() {
    let config = serde_json::json!({ "prompts": {}, "default_prompt_name": "missing" });
    let error = prompted(config).err().unwrap().to_string();
    assert!(
        error.ends_with("its default prompt \"missing\" is not there"),
        "{error}"
    );
}

#[test]
fn a_mean_that_leaves_the_prompt_out_is_refused() {
    let folder = fixtures::copy("tiny-bert");
    let path = folder.path().join("1_Pooling/config.json");
    let mut config = fixtures::read_json(&path);
    config["include_prompt"] = false.into();
    std::fs::write(&path, config.to_string()).unwrap();
    let loaded = TorchEmbedder::load(folder.path(), &EngineOptions::default());
    let error = loaded.err().unwrap().to_string();
    assert!(error.contains("leaves the prompt out"), "{error}");
}

#[test]
fn a_token_that_the_network_does_not_know_is_an_error_by_name() {
    let folder = fixtures::copy("tiny-bert");
    let path = folder.path().join("tokenizer.json");
    let mut tokenizer = fixtures::read_json(&path);
    let vocabulary = tokenizer["model"]["vocab"].as_object_mut().unwrap();
    *vocabulary.get_mut("key").unwrap() = 400.into();
    std::fs::write(&path, tokenizer.to_string()).unwrap();
    let mut embedder = TorchEmbedder::load(folder.path(), &EngineOptions::default()).unwrap();
    assert_eq!(
        embedder.embed(&["Where is the spare key?"]),
        Err(EngineError::UnknownToken {
            token: 400,
            vocabulary: 336
        })
    );
    assert!(embedder.embed(&["Where is the cat?"]).is_ok());
}

#[test]
fn a_vector_does_not_depend_on_its_company() {
    let mut embedder = minilm(Dtype::Auto);
    let texts = [
        "short",
        "a text that is quite a bit longer than the other one, so that the other is padded",
    ];
    let together = embedder.embed(&texts).unwrap();
    for (text, in_company) in texts.iter().zip(&together) {
        let alone = embedder.embed(&[text]).unwrap().remove(0);
        assert!(dot(&alone, in_company) > 0.999_999);
    }
    assert_eq!(embedder.embed(&[]).unwrap(), Vec::<Vec<f32>>::new());
    assert_eq!(
        (embedder.dimensions(), embedder.name()),
        (384, "all-minilm-l6-v2")
    );
}

#[test]
fn a_question_is_nearest_to_the_text_that_answers_it() {
    let texts = [
        "Where is the spare key?",
        "The spare key to the boathouse hangs behind the blue barometer.",
        "Our cat is called Pumpernickel.",
        "The choir rehearses every Thursday.",
    ];
    let vectors = minilm(Dtype::Auto).embed(&texts).unwrap();
    let scores: Vec<f64> = vectors[1..]
        .iter()
        .map(|vector| dot(&vectors[0], vector))
        .collect();
    assert!(scores[0] > scores[1] && scores[0] > scores[2], "{scores:?}");
}

#[test]
fn what_a_model_does_not_know_of_a_text_is_told_before_it_is_embedded() {
    let counter = minilm(Dtype::F32).token_counter();
    assert_eq!(counter.unknown_share("Where does the canary sing?"), 0.0);
    assert_eq!(counter.unknown_share(""), 0.0);
    assert_eq!(counter.unknown_share("灯塔什么时候"), 1.0);
    let share = counter.unknown_share("Debian 什么");
    assert!(share > 0.0 && share < 1.0, "{share}");
}
