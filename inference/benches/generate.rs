//! Tokens a second of one conversation and texts a second of the embedder, on the models of the cache.
//!
//! `cargo bench -p inference` prints a table; `-- --threads 2` sets the threads. Each figure is the median of three runs.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use inference::{
    ChatMessage, Dtype, Embedder, Engine, EngineOptions, GenerateRequest, Role, TorchEmbedder,
    TorchEngine,
};

const RUNS: usize = 3;
const REPLY_TOKENS: u32 = 128;
const TEXTS: usize = 128;

fn main() {
    let threads = threads();
    println!(
        "threads: {}",
        threads.map_or("all cores but one".into(), |count| count.to_string())
    );
    for dtype in [Dtype::F32, Dtype::Bf16] {
        language_model(&EngineOptions {
            dtype,
            threads,
            ..EngineOptions::default()
        });
    }
    for dtype in [Dtype::F32, Dtype::Bf16] {
        embedder(&EngineOptions {
            dtype,
            threads,
            ..EngineOptions::default()
        });
    }
}

fn threads() -> Option<NonZeroUsize> {
    let mut arguments = std::env::args()
        .skip_while(|argument| argument != "--threads")
        .skip(1);
    arguments
        .next()
        .map(|count| count.parse().expect("--threads takes a count"))
}

fn language_model(options: &EngineOptions) {
    let started = Instant::now();
    let mut engine =
        TorchEngine::load(&model("smollm2-135m-instruct.gguf"), options).expect("the model loads");
    let load_seconds = started.elapsed().as_secs_f64();
    let (mut prefill, mut decode, mut first) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        // Another beginning each time, so that no run finds its prompt in the cache.
        let story =
            "We sailed along the coast until the wind turned to the north, and then we waited. "
                .repeat(26);
        let request = GenerateRequest {
            messages: vec![ChatMessage::new(
                Role::User,
                format!("{run}. {story} Tell the whole story again, longer."),
            )],
            max_tokens: REPLY_TOKENS,
            temperature: 0.8,
            seed: run as u64,
            ..GenerateRequest::default()
        };
        let request = request
            .validate()
            .expect("the request is within its bounds");
        let started = Instant::now();
        // The last announcement of a chunk comes before the prompt's last chunk, the first piece right behind it.
        let mut pieces = Vec::new();
        let generation = engine.generate(&request, &mut |piece| {
            pieces.push((started.elapsed().as_secs_f64(), piece.is_empty()));
            ControlFlow::Continue(())
        });
        let usage = generation.expect("the model writes").usage;
        let first_piece = pieces
            .iter()
            .position(|(_, empty)| !empty)
            .expect("the reply has a text");
        let (first_at, last_at) = (pieces[first_piece].0, pieces[pieces.len() - 1].0);
        first.push(first_at * 1000.0);
        prefill.push(f64::from(usage.prompt_tokens) / first_at);
        decode.push(f64::from(usage.completion_tokens - 1) / (last_at - first_at));
    }
    let model = engine.model();
    println!(
        "{} {} ({}): load {load_seconds:.1} s, prefill {:.0} tokens/s, first token {:.0} ms, decode {:.1} tokens/s",
        model.name,
        model.dtype,
        model.quantisation,
        median(prefill),
        median(first),
        median(decode)
    );
}

fn embedder(options: &EngineOptions) {
    let mut embedder =
        TorchEmbedder::load(&model("all-minilm-l6-v2"), options).expect("the model loads");
    let words = [
        "harbour",
        "barometer",
        "granary",
        "the",
        "rehearses",
        "of",
        "seven",
        "otter",
        "lantern",
        "and",
    ];
    // 10 to 40 words each.
    let texts: Vec<String> = (0..TEXTS)
        .map(|text| {
            (0..10 + text % 31)
                .map(|word| words[(text * 7 + word * 3) % words.len()])
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (mut together, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let started = Instant::now();
        embedder.embed(&texts).expect("the model embeds");
        together.push(TEXTS as f64 / started.elapsed().as_secs_f64());
        let started = Instant::now();
        for text in &texts {
            embedder.embed(&[text]).expect("the model embeds");
        }
        alone.push(TEXTS as f64 / started.elapsed().as_secs_f64());
    }
    println!(
        "{} {:?}: {:.0} texts/s together, {:.0} texts/s one at a time",
        embedder.name(),
        options.dtype,
        median(together),
        median(alone)
    );
}

fn model(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../.cache/models")
        .join(name);
    assert!(
        path.exists(),
        "{} is missing: run `make setup`",
        path.display()
    );
    path
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
