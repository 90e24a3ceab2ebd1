//! Our side of the comparison with other engines: one process with one model, told what to do by the lines of its input, so
//! that rounds of ours and of others alternate without loading anything twice.
//!
//! `make bench-inference` drives it (`compare.py`); without `--worker` it does nothing. A line holds one [`Order`] in JSON and is
//! answered by one line. Whatever goes wrong ends the process with its reason.

mod writer;

mod cancel;
mod machine;
mod prompts;

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use inference::{Devices, DevicesFound, Dtype, Embedder, Engine, EngineOptions, TorchEmbedder};
use serde::Deserialize;
use serde_json::{Value, json};
use tch::Kind;

use writer::Writer;

/// What the process is told to do.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    /// Loads a language model.
    Open(Model),
    /// Loads a sentence model.
    OpenEmbedder(Model),
    /// Continues conversations together; measured are the steps in which all of them write.
    Decode {
        conversations: usize,
        prompt: usize,
        tokens: usize,
    },
    /// Computes a prompt that nothing is known of.
    Prefill { tokens: usize },
    /// Conversations that come at once, from the first one's arrival to the last one's end.
    Job {
        conversations: usize,
        prompt: usize,
        tokens: u32,
        /// Tokens at the beginning that all have in common.
        shared: usize,
        /// All at once, else one after the other.
        together: bool,
    },
    /// Cancels replies at any moment of a step, while as many run as may.
    Cancel { cancels: usize, seed: u64 },
    /// Turns texts into vectors, all in one call or each in its own.
    Embed { texts: Vec<String>, together: bool },
    /// What the machine can do: bytes that it reads and operations of a matrix product, each in a second.
    Limits { threads: usize },
}

/// What is loaded, and how.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    path: PathBuf,
    dtype: String,
    /// As many as the engine thinks right, if absent.
    threads: Option<NonZeroUsize>,
    /// Where to compute, if not on the processor: `cuda:0`, with the CUDA part of libtorch.
    device: Option<String>,
    cuda_library: Option<PathBuf>,
    /// Replies that are written at once, if not as many as usual.
    running_max: Option<usize>,
    /// Bytes for keys and values, if not as many as usual.
    cache_bytes_max: Option<usize>,
}

impl Model {
    fn options(&self) -> EngineOptions {
        let usual = EngineOptions::default();
        // Before anything computes: libtorch looks for CUDA once.
        let wanted = self.device.as_deref().map_or(Ok(Devices::Cpu), str::parse);
        let wanted = wanted.unwrap_or_else(|error| panic!("device is not {error}"));
        let found = DevicesFound::look(&wanted, self.cuda_library.as_deref());
        let found = found.unwrap_or_else(|error| panic!("{error}"));
        EngineOptions {
            device: found.devices[0],
            dtype: match self.dtype.as_str() {
                "auto" => Dtype::Auto,
                "f32" => Dtype::F32,
                "bf16" => Dtype::Bf16,
                other => panic!("dtype {other} is not auto, f32 or bf16"),
            },
            threads: self.threads,
            running_max: self.running_max.unwrap_or(usual.running_max),
            cache_bytes_max: self.cache_bytes_max.unwrap_or(usual.cache_bytes_max),
            ..usual
        }
    }
}

fn main() {
    if !std::env::args().any(|argument| argument == "--worker") {
        println!("the comparison with other engines is driven by `make bench-inference`");
        return;
    }
    let mut worker = Worker::default();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("orders are UTF-8");
        let order = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let answer = worker.follow(order);
        println!("{answer}");
        std::io::stdout().flush().expect("somebody reads");
    }
}

/// The models that are open.
#[derive(Default)]
struct Worker {
    writer: Option<Writer>,
    embedder: Option<TorchEmbedder>,
}

impl Worker {
    fn follow(&mut self, order: Order) -> Value {
        match order {
            Order::Open(model) => {
                let writer = Writer::open(&model);
                let info = writer.engine.model().clone();
                self.writer = Some(writer);
                json!({ "model": info.name, "dtype": info.dtype, "forward": info.forward, "quantisation": info.quantisation })
            }
            Order::OpenEmbedder(model) => {
                let embedder = TorchEmbedder::load(&model.path, &model.options());
                let embedder = embedder.expect("the model loads");
                let answer = json!({ "forward": embedder.forward() });
                self.embedder = Some(embedder);
                answer
            }
            Order::Decode {
                conversations,
                prompt,
                tokens,
            } => self.writer().decode(conversations, prompt, tokens),
            Order::Prefill { tokens } => self.writer().prefill(tokens),
            Order::Job {
                conversations,
                prompt,
                tokens,
                shared,
                together,
            } => {
                let prompts = self.writer().prompts(conversations, prompt, shared);
                self.writer().job(&prompts, tokens, together)
            }
            Order::Cancel { cancels, seed } => self.writer().cancel_many(cancels, seed),
            Order::Embed { texts, together } => {
                let embedder = self.embedder.as_mut().expect("a sentence model is open");
                embed(embedder, &texts, together)
            }
            Order::Limits { threads } => json!({
                "bytes_per_second": machine::bytes_per_second(threads),
                "bf16_flops": machine::operations_per_second(Kind::BFloat16, threads),
                "f32_flops": machine::operations_per_second(Kind::Float, threads),
            }),
        }
    }

    fn writer(&mut self) -> &mut Writer {
        self.writer.as_mut().expect("a language model is open")
    }
}

fn embed(embedder: &mut TorchEmbedder, texts: &[String], together: bool) -> Value {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let calls = if together { texts.len() } else { 1 };
    let since = Instant::now();
    for call in texts.chunks(calls) {
        black_box(embedder.embed(call).expect("the model embeds"));
    }
    json!({ "texts": texts.len(), "seconds": since.elapsed().as_secs_f64() })
}
