//! Small random networks of each family against transformers, as Hugging Face directories and as quantised GGUF files.

use serde::Deserialize;

use super::*;
use crate::fixtures;
use crate::model;

/// The greatest difference of a logit from transformers' in f32; measured 7e-6.
const LOGIT_TOLERANCE: f32 = 1e-4;

#[derive(Deserialize)]
struct Network {
    name: String,
    ends: Vec<u32>,
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    prompt: Vec<u32>,
    /// Greedy tokens.
    tokens: Vec<u32>,
    /// Logits behind the prompt.
    first: Logits,
    /// Logits that chose the last token.
    last: Logits,
}

#[derive(Deserialize)]
struct Logits {
    ids: Vec<usize>,
    logits: Vec<f32>,
}

impl Logits {
    fn greatest_difference(&self, ours: &Tensor) -> f32 {
        let ours = Vec::<f32>::try_from(ours).unwrap();
        let pairs = self.ids.iter().zip(&self.logits);
        pairs
            .map(|(id, theirs)| (ours[*id] - theirs).abs())
            .fold(0.0, f32::max)
    }
}

/// Checks the greedy tokens of each reference, the prompt taken `chunk` tokens at a time; gives the greatest difference of a logit.
fn compare(network: &Network, chunk: usize) -> f32 {
    tch::set_num_threads(1);
    let _no_grad = tch::no_grad_guard();
    let mut opened = model::open(&fixtures::path(&network.name)).unwrap();
    assert!(
        network
            .ends
            .iter()
            .all(|end| opened.end_tokens.contains(end))
    );
    assert_eq!(opened.config.context_tokens, 512);
    let llama = Llama::load(opened.config, opened.weights.as_mut(), 512, Kind::Float).unwrap();
    let mut difference = 0_f32;
    for reference in &network.references {
        let mut cache = llama.cache();
        let mut chunks: Vec<&[u32]> = reference.prompt.chunks(chunk).collect();
        let last_chunk = chunks.pop().unwrap();
        for chunk in chunks {
            llama.prefill(chunk, &mut cache).unwrap();
        }
        let mut logits = llama.forward(last_chunk, &mut cache).unwrap();
        difference = difference.max(reference.first.greatest_difference(&logits));
        let mut tokens = Vec::new();
        loop {
            tokens.push(logits.argmax(0, false).int64_value(&[]) as u32);
            if tokens.len() == reference.tokens.len() {
                break;
            }
            logits = llama
                .forward(&tokens[tokens.len() - 1..], &mut cache)
                .unwrap();
        }
        assert_eq!(tokens, reference.tokens, "{}", network.name);
        difference = difference.max(reference.last.greatest_difference(&logits));
    }
    difference
}

/// Compares the networks whose names end so, with the prompt as a whole and in pieces.
fn compare_all(ending: &str, expected: usize) {
    let networks: Vec<Network> = fixtures::read("families.json");
    let chosen = networks
        .iter()
        .filter(|network| network.name.ends_with(".gguf") == (ending == ".gguf"));
    let mut compared = 0;
    for network in chosen {
        // Pieces longer than a window, and shorter.
        for chunk in [150, 40, 7] {
            let difference = compare(network, chunk);
            println!("{} in pieces of {chunk}: {difference:e}", network.name);
            assert!(
                difference <= LOGIT_TOLERANCE,
                "{}: a logit differs by {difference}",
                network.name
            );
        }
        compared += 1;
    }
    assert_eq!(compared, expected);
}

#[test]
fn directories_of_each_family_give_the_tokens_and_logits_of_transformers() {
    compare_all("", 4);
}

#[test]
fn quantised_gguf_files_of_each_family_give_the_tokens_and_logits_of_transformers() {
    compare_all(".gguf", 4);
}
