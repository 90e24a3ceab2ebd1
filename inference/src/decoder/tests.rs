//! Small random networks of each family against transformers, as Hugging Face directories and as quantised GGUF files.

use std::collections::HashMap;

use super::*;
use crate::fixtures::{self, Network, Reference};
use crate::model;
use crate::request::Origin;
use crate::scheduler::{Arrival, Scheduler, SchedulerLimits, Ticket};

/// The greatest difference of a logit from transformers' in f32; measured 7e-6.
const LOGIT_TOLERANCE: f32 = 1e-4;

/// Checks the greedy tokens of all references, which run side by side, with `chunk` prompt tokens a step; gives the greatest
/// difference of a logit.
fn compare(network: &Network, chunk: usize, deterministic: bool) -> f32 {
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
    let computing = Computing {
        device: Device::Cpu,
        kind: Kind::Float,
        deterministic,
        context_tokens: 512,
    };
    let mut decoder = Decoder::load(opened.config, opened.weights.as_mut(), computing).unwrap();
    let mut scheduler = Scheduler::new(SchedulerLimits {
        block_tokens: BLOCK_TOKENS,
        blocks: 256,
        running_max: 8,
        waiting_max: 8,
        chunk_tokens: chunk,
        chunk_tokens_max: chunk,
    });
    let mut replies: HashMap<Ticket, (&Reference, Vec<u32>)> = HashMap::new();
    for (number, reference) in (0..).zip(&network.references) {
        scheduler.submit(Arrival {
            ticket: Ticket(number),
            origin: Origin::default(),
            prompt: reference.prompt.clone(),
            deadline: None,
        });
        replies.insert(Ticket(number), (reference, Vec::new()));
    }
    let mut difference = 0_f32;
    while !scheduler.is_idle() {
        let step = scheduler.plan();
        let logits = decoder.forward(&step.segments).unwrap();
        scheduler.computed(&step);
        let wanted = step.segments.iter().filter(|one| one.wants_logits);
        for (row, segment) in (0..).zip(wanted) {
            let row = Vec::<f32>::try_from(logits.select(0, row)).unwrap();
            let (reference, tokens) = replies.get_mut(&segment.ticket).unwrap();
            if tokens.is_empty() {
                difference = difference.max(reference.first.greatest_difference(&row));
            }
            let best = (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]));
            tokens.push(best.unwrap() as u32);
            if tokens.len() == reference.tokens.len() {
                assert_eq!(*tokens, reference.tokens, "{}", network.name);
                difference = difference.max(reference.last.greatest_difference(&row));
                scheduler.remove(segment.ticket);
            } else {
                scheduler.push(segment.ticket, tokens[tokens.len() - 1]);
            }
        }
    }
    difference
}

/// Compares the networks whose names end so, with the prompt as a whole and in pieces.
fn compare_all(ending: &str, expected: usize) {
    let networks = fixtures::families();
    let chosen = networks
        .iter()
        .filter(|network| network.name.ends_with(".gguf") == (ending == ".gguf"));
    let mut compared = 0;
    for network in chosen {
        // Pieces longer than a window, and shorter.
        for (chunk, deterministic) in [(150, false), (40, false), (7, false), (40, true)] {
            let difference = compare(network, chunk, deterministic);
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
