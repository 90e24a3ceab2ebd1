//! The fused forward pass against transformers on small networks of each family, and against our own f32 on the real model.

use std::num::NonZeroUsize;

use tch::Kind;

use super::*;
use crate::block_pool::{BlockId, BlockPool};
use crate::decoder::{BLOCK_TOKENS, Computing};
use crate::fixtures::{self, Network, Reference};
use crate::forward::{Forward, ForwardOptions};
use crate::model;
use crate::scheduler::Ticket;

/// The greatest difference of a small network's logit from transformers' in f32; measured 0.094 where logits go up to 5.
const LOGIT_TOLERANCE: f32 = 0.2;
/// The least share of the small networks' likeliest tokens that are transformers'; measured 255 of 256.
const AGREEMENT: f64 = 0.95;
/// How much worse a held text may be foretold than in f32; measured 0.9997.
const PERPLEXITY_RATIO_MAX: f64 = 1.01;
/// The greatest difference of a logit of the real model from f32; measured 0.65.
const REAL_LOGIT_TOLERANCE: f32 = 1.0;
/// The least share of places of the held text at which both take the same token for the likeliest; measured 652 of 655.
const REAL_AGREEMENT: f64 = 0.95;

fn load(path: &std::path::Path, kind: Kind, threads: usize) -> Forward {
    let mut model = model::open(path).unwrap();
    let options = ForwardOptions {
        computing: Computing {
            device: tch::Device::Cpu,
            kind,
            deterministic: false,
            context_tokens: 1024,
        },
        threads: NonZeroUsize::new(threads).unwrap().get() as i32,
        fused: true,
    };
    Forward::load(model.config, model.weights.as_mut(), options).unwrap()
}

/// The fused forward pass of a network, if this processor has one.
fn fused(path: &std::path::Path, threads: usize) -> Option<Forward> {
    let forward = load(path, Kind::BFloat16, threads);
    if matches!(forward, Forward::Fused(_)) {
        return Some(forward);
    }
    assert!(
        Avx512Bf16::detect().is_none(),
        "{} runs fused",
        path.display()
    );
    println!("not tried: this processor has no AVX-512 BF16");
    None
}

/// The same with the processor's tiles, if it has any, and without.
fn fused_both_ways(path: &std::path::Path, threads: usize) -> Vec<Forward> {
    let tiles = fused(path, threads);
    if Avx512Bf16::detect().and_then(Avx512Bf16::amx).is_none() {
        println!("not tried with tiles: this processor has none");
        return tiles.into_iter().collect();
    }
    let vectors = fused(path, threads).map(|mut forward| {
        if let Forward::Fused(fused) = &mut forward {
            fused.leave_tiles();
        }
        forward
    });
    tiles.into_iter().chain(vectors).collect()
}

/// Blocks that lie in the cache in no order.
fn scattered_blocks(tokens: usize) -> Vec<BlockId> {
    let count = tokens.div_ceil(BLOCK_TOKENS);
    let mut pool = BlockPool::new(2 * count as u32 + 3);
    let all: Vec<BlockId> = std::iter::from_fn(|| pool.take()).collect();
    (0..count)
        .map(|index| all[(index * 2 + 3) % all.len()])
        .collect()
}

/// The logits behind every token from `from` on, of a text that is computed in pieces of `chunk`.
fn logits(forward: &mut Forward, tokens: &[u32], from: usize, chunk: usize) -> Vec<Vec<f32>> {
    let blocks = scattered_blocks(tokens.len());
    let segment = |start: usize, end: usize, wants_logits: bool| Segment {
        ticket: Ticket(0),
        start,
        tokens: tokens[start..end].to_vec(),
        blocks: blocks[..end.div_ceil(BLOCK_TOKENS)].to_vec(),
        wants_logits,
    };
    for start in (0..from).step_by(chunk) {
        forward
            .compute(&[segment(start, from.min(start + chunk), false)])
            .unwrap();
    }
    let mut rows = Vec::new();
    for start in (from..tokens.len()).step_by(chunk) {
        // Each token a row of its own: all of a step are written before any attends.
        let places = start..tokens.len().min(start + chunk);
        let segments: Vec<Segment> = places
            .map(|place| segment(place, place + 1, true))
            .collect();
        forward.compute(&segments).unwrap();
        rows.extend((0..segments.len()).map(|row| forward.logits(row).unwrap().to_vec()));
    }
    rows
}

fn likeliest(row: &[f32]) -> usize {
    let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.unwrap().0
}

#[test]
fn small_networks_of_each_family_stay_near_transformers() {
    let networks = fixtures::families();
    assert_eq!(networks.len(), 8);
    let (mut agreed, mut asked) = (0, 0);
    for network in networks {
        let Network {
            name, references, ..
        } = network;
        for mut forward in fused_both_ways(&fixtures::path(&name), 1) {
            for Reference {
                prompt,
                tokens,
                first,
                last,
            } in &references
            {
                let text = [&prompt[..], &tokens[..tokens.len() - 1]].concat();
                let rows = logits(&mut forward, &text, prompt.len() - 1, 40);
                assert_eq!(rows.len(), tokens.len());
                for (reference, row) in [(first, &rows[0]), (last, &rows[rows.len() - 1])] {
                    let difference = reference.greatest_difference(row);
                    println!(
                        "{name}, {}: {difference}, greatest logit {}",
                        forward.name(),
                        row[likeliest(row)]
                    );
                    assert!(
                        difference <= LOGIT_TOLERANCE,
                        "{name}: a logit differs by {difference}"
                    );
                }
                let same = rows
                    .iter()
                    .zip(tokens)
                    .filter(|(row, token)| likeliest(row) == **token as usize);
                agreed += same.count();
                asked += tokens.len();
            }
        }
    }
    println!("{agreed} of {asked} tokens agree");
    assert!(
        agreed as f64 >= AGREEMENT * asked as f64,
        "{agreed} of {asked}"
    );
}

#[test]
fn pieces_and_threads_do_not_change_a_bit() {
    for network in fixtures::families() {
        let Network {
            name, references, ..
        } = network;
        let path = fixtures::path(&name);
        let prompt = &references[1].prompt;
        let (ones, threes) = (fused_both_ways(&path, 1), fused_both_ways(&path, 3));
        for (mut one, mut three) in ones.into_iter().zip(threes) {
            let alone = logits(&mut one, prompt, 1, 1);
            for chunk in [7, 40, 150] {
                assert!(
                    logits(&mut three, prompt, 1, chunk) == alone,
                    "{name}, {}, in pieces of {chunk}",
                    one.name()
                );
            }
        }
    }
}

/// The logarithm of the perplexity of the tokens behind the first.
fn negative_log_likelihood(rows: &[Vec<f32>], tokens: &[u32]) -> f64 {
    let of = |(row, token): (&Vec<f32>, &u32)| {
        let greatest = f64::from(row[likeliest(row)]);
        let total: f64 = row
            .iter()
            .map(|logit| (f64::from(*logit) - greatest).exp())
            .sum();
        total.ln() + greatest - f64::from(row[*token as usize])
    };
    let all = rows.iter().zip(&tokens[1..]).map(of);
    all.sum::<f64>() / (tokens.len() - 1) as f64
}

#[test]
fn a_held_text_is_foretold_as_well_as_in_f32() {
    let path = fixtures::cached_model("smollm2-135m-instruct.gguf");
    let text = std::fs::read_to_string(fixtures::path("held_text.txt")).unwrap();
    let tokens = model::open(&path).unwrap().tokenizer.encode(&text).unwrap();
    assert!(tokens.len() > 300, "{}", tokens.len());
    let forwards = fused_both_ways(&path, 1);
    if forwards.is_empty() {
        return;
    }
    let exact = logits(&mut load(&path, Kind::Float, 1), &tokens, 0, 64);
    let exact_nll = negative_log_likelihood(&exact, &tokens);
    for mut forward in forwards {
        let ours = logits(&mut forward, &tokens, 0, 64);
        let ours_nll = negative_log_likelihood(&ours, &tokens);
        let pairs = || ours.iter().zip(&exact);
        let same = pairs()
            .filter(|(a, b)| likeliest(a) == likeliest(b))
            .count();
        let differences = pairs().flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).abs()));
        let worst = differences.fold(0.0, f32::max);
        println!(
            "{}: perplexity {:.4} against {:.4} in f32, {same} of {} likeliest tokens agree, worst logit difference {worst:.3}",
            forward.name(),
            ours_nll.exp(),
            exact_nll.exp(),
            tokens.len()
        );
        assert!(ours_nll - exact_nll <= PERPLEXITY_RATIO_MAX.ln());
        assert!(same as f64 >= REAL_AGREEMENT * tokens.len() as f64);
        assert!(worst <= REAL_LOGIT_TOLERANCE);
    }
}

#[test]
fn packed_weights_take_the_memory_that_was_counted_before() {
    let path = fixtures::cached_model("smollm2-135m-instruct.gguf");
    let Some(forward) = fused(&path, 1) else {
        return;
    };
    let counted = model::open(&path).unwrap().weights.packed_bytes().unwrap();
    let taken = forward.packed_bytes().unwrap() as u64;
    // Norms are counted and not packed.
    assert!(
        (taken..taken + taken / 100).contains(&counted),
        "{counted} {taken}"
    );
}

#[test]
fn blocks_that_were_used_before_are_as_good_as_new_ones() {
    let Some(mut forward) = fused(&fixtures::path("tiny-llama3"), 1) else {
        return;
    };
    let tokens: Vec<u32> = (0..40).collect();
    let expected = logits(&mut forward, &tokens, 0, 40);
    // Fills the same blocks with other tokens, further than the text will reach.
    let others: Vec<u32> = (100..164).collect();
    logits(&mut forward, &others, 0, 64);
    assert!(logits(&mut forward, &tokens, 0, 40) == expected);
}
