//! A language model at work: decode, prefill and whole jobs, each measured.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::slice;
use std::time::{Duration, Instant};

use inference::{Engine, EngineEvent, Ticket, TorchEngine};
use serde_json::{Value, json};

use crate::Model;
use crate::prompts::{Prompt, SENTENCE, TASK, filled};

/// Where the numbers of the conversations begin whose prompts the cache is to know from the round before.
const KNOWN_TALKS: u128 = 1 << 32;

/// Tokens of a reply that outlasts the prompts of all others.
pub(crate) const LONG_REPLY: u32 = 512;

/// Requests that wait in the engine; a full queue would refuse more.
const WAITING_MAX: usize = 32;

/// A language model, and how much was asked of it so far.
pub(crate) struct Writer {
    pub(crate) engine: TorchEngine,
    pub(crate) running_max: usize,
    /// Tokens that the template adds to a text.
    template_tokens: usize,
    tickets: u64,
    talks: u128,
}

/// What a step told.
struct Told {
    /// Tokens of the replies that have ended.
    tokens: u32,
    /// The replies that said something or have ended.
    spoke: HashSet<Ticket>,
}

impl Writer {
    pub(crate) fn open(model: &Model) -> Self {
        let options = model.options();
        let mut engine = TorchEngine::load(&model.path, &options).expect("the model loads");
        let prompt = Prompt {
            text: SENTENCE.trim().to_owned(),
            owner: 0,
            talk: 0,
        };
        let generation = engine
            .generate(&prompt.request(1), &mut |_| ControlFlow::Continue(()))
            .expect("the model runs");
        Self {
            template_tokens: generation.usage.prompt_tokens as usize
                - engine.count_tokens(&prompt.text),
            running_max: options.running_max,
            engine,
            tickets: 0,
            talks: 0,
        }
    }

    /// Prompts of exactly so many tokens, of which the first ones are the same; nothing of them is in the cache.
    pub(crate) fn prompts(
        &mut self,
        conversations: usize,
        tokens: usize,
        shared: usize,
    ) -> Vec<Prompt> {
        let first = self.talks + 1;
        self.talks += conversations as u128;
        let mut common = String::new();
        if shared > 0 {
            let tokens = shared.saturating_sub(self.template_tokens);
            common = filled(&self.engine, &format!("Log {first}."), "", tokens) + " ";
        }
        (first..=self.talks)
            .map(|talk| Prompt {
                text: filled(
                    &self.engine,
                    &format!("{common}Log {talk}."),
                    TASK,
                    tokens - self.template_tokens,
                ),
                owner: if shared == 0 { talk } else { first },
                talk,
            })
            .collect()
    }

    pub(crate) fn submit(&mut self, prompt: &Prompt, reply: u32) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.engine.submit(ticket, prompt.request(reply), None);
        ticket
    }

    /// Submits as many as the engine's queue has room for.
    fn submit_some(&mut self, prompts: &mut slice::Iter<'_, Prompt>, reply: u32) -> Vec<Ticket> {
        let mut tickets = Vec::new();
        while self.engine.load().waiting < WAITING_MAX
            && let Some(prompt) = prompts.next()
        {
            tickets.push(self.submit(prompt, reply));
        }
        tickets
    }

    /// Tokens a second of the steps in which all conversations write and nobody's prompt is computed.
    pub(crate) fn decode(&mut self, conversations: usize, prompt: usize, tokens: usize) -> Value {
        let talks = std::mem::replace(&mut self.talks, KNOWN_TALKS);
        let prompts = self.prompts(conversations, prompt, 0);
        self.talks = talks;
        // The cache has the prompts then, and the replies begin at nearly the same time.
        self.job(&prompts, 1, true);
        let mut unsent = prompts.iter();
        let mut tickets = Vec::new();
        let (mut steps, mut time) = (0, Duration::ZERO);
        while steps < tokens {
            tickets.extend(self.submit_some(&mut unsent, LONG_REPLY));
            if self.engine.is_idle() {
                break;
            }
            let running = self.engine.load().running;
            let since = Instant::now();
            self.step();
            if running == conversations && self.engine.load().step_tokens == conversations {
                steps += 1;
                time += since.elapsed();
            }
        }
        for ticket in tickets {
            self.engine.cancel(ticket);
        }
        assert!(
            steps >= tokens / 2,
            "a reply ended after {steps} steps instead of {tokens}: these prompts are no good"
        );
        json!({
            "tokens": steps * conversations, "steps": steps, "seconds": time.as_secs_f64(),
        })
    }

    /// The time to the first token of a prompt.
    pub(crate) fn prefill(&mut self, tokens: usize) -> Value {
        let prompts = self.prompts(1, tokens, 0);
        let answer = self.job(&prompts, 1, true);
        json!({ "tokens": tokens, "seconds": answer["seconds"] })
    }

    /// The time from the first one's arrival to the last one's end.
    pub(crate) fn job(&mut self, prompts: &[Prompt], tokens: u32, together: bool) -> Value {
        let since = Instant::now();
        let (mut written, mut first_ms) = (0, Vec::new());
        let mut spoke = HashSet::new();
        for group in prompts.chunks(if together { prompts.len() } else { 1 }) {
            let mut unsent = group.iter();
            loop {
                self.submit_some(&mut unsent, tokens);
                if self.engine.is_idle() {
                    break;
                }
                let told = self.step();
                written += told.tokens;
                let now_ms = since.elapsed().as_secs_f64() * 1000.0;
                let new = told.spoke.into_iter().filter(|one| spoke.insert(*one));
                first_ms.extend(new.map(|_| now_ms));
            }
        }
        json!({
            "tokens": written,
            "seconds": since.elapsed().as_secs_f64(),
            "first_token_ms": first_ms[first_ms.len() / 2],
        })
    }

    fn step(&mut self) -> Told {
        let events = self.engine.step(Instant::now()).expect("the model runs");
        let mut told = Told {
            tokens: 0,
            spoke: HashSet::new(),
        };
        for (ticket, event) in events {
            match event {
                EngineEvent::Begun => continue,
                EngineEvent::Text(_) => {}
                EngineEvent::Finished(generation) => {
                    told.tokens += generation.usage.completion_tokens;
                }
                EngineEvent::Failed(error) => panic!("a reply failed: {error}"),
            }
            told.spoke.insert(ticket);
        }
        told
    }
}
