//! Tokens a second of one and of sixteen conversations and texts a second of the embedder, on the models of the cache.
//!
//! `cargo bench -p inference` prints a table; `-- --threads 2` sets the threads, `--only bf16` the number type,
//! `--work "16 conversations"` takes only the work whose name has that in it. Each figure is the median of three runs. Decode is
//! measured from the step in which the last conversation has its first token.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use inference::{
    Account, CacheScope, ChatMessage, Dtype, Embedder, Engine, EngineEvent, EngineOptions,
    GenerateRequest, Origin, Prompt, Role, StepSplit, Ticket, TorchEmbedder, TorchEngine,
    ValidGenerateRequest,
};

const RUNS: usize = 3;
const REPLY_TOKENS: u32 = 64;
const TEXTS: usize = 128;

fn main() {
    let threads =
        argument("--threads").map(|count| count.parse().expect("--threads takes a count"));
    let only = argument("--only");
    println!(
        "threads: {}",
        threads.map_or("all cores but one".into(), |count: NonZeroUsize| count
            .to_string())
    );
    let dtypes = [("f32", Dtype::F32), ("bf16", Dtype::Bf16)];
    let chosen = dtypes
        .into_iter()
        .filter(|(name, _)| only.as_ref().is_none_or(|only| only == name))
        .map(|(_, dtype)| EngineOptions {
            dtype,
            threads,
            running_max: 32,
            ..EngineOptions::default()
        });
    chosen.clone().for_each(|options| language_model(&options));
    if argument("--work").is_none() {
        chosen.for_each(|options| embedder(&options));
    }
}

/// What follows a name on the command line.
fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}

fn language_model(options: &EngineOptions) {
    let started = Instant::now();
    let mut engine =
        TorchEngine::load(&model("smollm2-135m-instruct.gguf"), options).expect("the model loads");
    let load_seconds = started.elapsed().as_secs_f64();
    let info = engine.model().clone();
    println!(
        "{} {} ({}), {}: load {load_seconds:.1} s",
        info.name, info.dtype, info.quantisation, info.forward
    );
    let mut jobs = 0;
    let work = argument("--work").unwrap_or_default();
    let mut measure = |what: &str, talks: u128, prompt: usize, shared: bool, reply: u32| {
        if !what.contains(&work) {
            return;
        }
        let runs: Vec<Run> = (0..RUNS)
            .map(|_| {
                jobs += 1;
                let requests = (0..talks)
                    .map(|talk| request(&engine, jobs * 100 + talk, jobs, prompt, shared, reply));
                let requests = requests.collect();
                run(&mut engine, requests)
            })
            .collect();
        let of = |figure: fn(&Run) -> f64| median(runs.iter().map(figure).collect());
        println!(
            "  {what}: {:.2} s, prefill {:.0} tokens/s, decode {:.1} tokens/s, first token median {:.0} ms, last {:.0} ms",
            of(|run| run.seconds),
            of(|run| run.prompt_tokens / run.prefill_seconds),
            of(|run| run.decoded / run.decode_seconds),
            of(|run| run.first_ms[run.first_ms.len() / 2]),
            of(|run| run.first_ms[run.first_ms.len() - 1]),
        );
        if engine.step_split().is_some() {
            let phases: [(&str, StepsOf); 2] =
                [("before", |run| &run.prefill), ("after", |run| &run.decode)];
            for (phase, steps) in phases {
                let a_step = |part: fn(&Steps) -> Duration| {
                    let of = |run: &Run| {
                        part(steps(run)).as_secs_f64() * 1000.0 / steps(run).count.max(1.0)
                    };
                    median(runs.iter().map(of).collect())
                };
                println!(
                    "    a step {phase} the last first token: {:.2} ms, of it linear {:.2}, attention {:.2}, head {:.2}, rest {:.2}",
                    a_step(|steps| steps.took),
                    a_step(|steps| steps.split.linear),
                    a_step(|steps| steps.split.attention),
                    a_step(|steps| steps.split.head),
                    a_step(|steps| steps.split.rest),
                );
            }
        }
    };
    measure("1 conversation, prompt 512", 1, 512, false, REPLY_TOKENS);
    measure("1 conversation, prompt 64", 1, 64, false, REPLY_TOKENS);
    measure("4 conversations, prompt 64", 4, 64, false, REPLY_TOKENS);
    measure("16 conversations, prompt 64", 16, 64, false, REPLY_TOKENS);
    measure("32 conversations, prompt 64", 32, 64, false, REPLY_TOKENS);
    measure("1 conversation, prompt 256, reply 64", 1, 256, false, 64);
    measure("16 conversations, prompt 256, reply 64", 16, 256, false, 64);
    measure(
        "16 of one twin, three quarters of the prompt shared",
        16,
        256,
        true,
        64,
    );
}

/// What one run of several conversations took.
struct Run {
    seconds: f64,
    prompt_tokens: f64,
    /// Steps until every conversation had its first token, and those after.
    prefill_seconds: f64,
    decode_seconds: f64,
    /// Tokens that were written in the steps after.
    decoded: f64,
    /// From the beginning to each first token, in order.
    first_ms: Vec<f64>,
    /// Steps before and after every conversation had its first token.
    prefill: Steps,
    decode: Steps,
}

/// Some steps: what they took together, and where the forward pass says that it went.
#[derive(Default)]
struct Steps {
    count: f64,
    took: Duration,
    split: StepSplit,
}

type StepsOf = fn(&Run) -> &Steps;

impl Steps {
    fn add(&mut self, took: Duration, split: StepSplit) {
        self.count += 1.0;
        self.took += took;
        self.split.linear += split.linear;
        self.split.attention += split.attention;
        self.split.head += split.head;
        self.split.rest += split.rest;
    }
}

/// A prompt of about `tokens` tokens; of the conversations of one job that share, three quarters are the same.
fn request(
    engine: &TorchEngine,
    talk: u128,
    job: u128,
    tokens: usize,
    shared: bool,
    reply: u32,
) -> ValidGenerateRequest {
    let (common, owner) = if shared {
        (tokens * 3 / 4, job)
    } else {
        (0, talk)
    };
    let fill = |text: &mut String, number: u128, tokens: usize| {
        text.push_str(&format!("Log {number}."));
        while engine.count_tokens(text) < tokens {
            text.push_str(" We sailed along the coast until the wind turned.");
        }
    };
    let mut text = String::new();
    fill(&mut text, owner, common);
    // What the template adds.
    fill(&mut text, talk, tokens.saturating_sub(35));
    let request = GenerateRequest {
        origin: Origin {
            accounts: [Account(owner), Account(talk)],
            scope: CacheScope { owner, audience: 0 },
            ..Origin::default()
        },
        prompt: Prompt::Conversation(vec![ChatMessage::new(Role::User, text)]),
        max_tokens: reply,
        temperature: 0.8,
        seed: talk as u64,
        ..GenerateRequest::default()
    };
    request
        .validate()
        .expect("the request is within its bounds")
}

fn run(engine: &mut TorchEngine, requests: Vec<ValidGenerateRequest>) -> Run {
    let talks = requests.len();
    for (ticket, request) in (0..).zip(requests) {
        engine.submit(Ticket(ticket), request, None);
    }
    let started = Instant::now();
    let mut first: HashMap<Ticket, f64> = HashMap::new();
    let (mut prompt_tokens, mut decoded, mut prefill_seconds) = (0.0, 0.0, 0.0);
    let (mut prefill, mut decode) = (Steps::default(), Steps::default());
    while !engine.is_idle() {
        let all_begun = first.len() == talks;
        let running = engine.load().running;
        let step_started = Instant::now();
        let events = engine.step(step_started).expect("the model runs");
        let steps = if all_begun { &mut decode } else { &mut prefill };
        steps.add(
            step_started.elapsed(),
            engine.step_split().unwrap_or_default(),
        );
        let seconds = started.elapsed().as_secs_f64();
        if all_begun {
            decoded += running as f64;
        } else {
            prefill_seconds = seconds;
        }
        for (ticket, event) in events {
            match event {
                EngineEvent::Begun => {}
                EngineEvent::Text(_) => drop(first.entry(ticket).or_insert(seconds * 1000.0)),
                EngineEvent::Finished(generation) => {
                    first.entry(ticket).or_insert(seconds * 1000.0);
                    prompt_tokens += f64::from(generation.usage.prompt_tokens);
                }
                EngineEvent::Failed(error) => panic!("{error}"),
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let mut first_ms: Vec<f64> = first.into_values().collect();
    first_ms.sort_by(f64::total_cmp);
    Run {
        seconds,
        prompt_tokens,
        prefill_seconds,
        decode_seconds: seconds - prefill_seconds,
        decoded,
        first_ms,
        prefill,
        decode,
    }
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
