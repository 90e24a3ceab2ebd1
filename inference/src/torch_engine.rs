//! The engine that runs a language model through libtorch on the thread that calls it, many replies at once.
//!
//! 1. A request is rendered and tokenized as it comes, and waits in the scheduler.
//! 2. A step is what the scheduler plans; the decoder computes it as one mixed batch.
//! 3. Each row whose logits were wanted gets its next token, which becomes text or ends the reply.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tch::{Kind, TchError};

use crate::decoder::{BLOCK_TOKENS, Computing};
use crate::engine::check_tokens;
use crate::forward::{Forward, ForwardOptions, StepSplit};
use crate::load_error::first_line;
use crate::model::{self, CacheRoom, ChatTemplate, TextTokenizer};
use crate::sampling::Sampler;
use crate::scheduler::{Arrival, Scheduler, SchedulerLimits, Submitted, Ticket};
use crate::text_stream::TextStream;
use crate::torch_options::EngineOptions;
use crate::{
    Device, Engine, EngineError, EngineEvent, EngineLoad, Generation, LoadError, ModelInfo, Piece,
    StopReason, TokenCounter, Usage, ValidGenerateRequest, prompt,
};

/// Prompt tokens of one step for each who waits for a first word: some 50 ms on one core, which everyone who decodes waits for,
/// and anyone who cancels.
const CHUNK_TOKENS: usize = 64;

/// The same at most, and while nobody decodes: larger products are faster, and people read no faster than such steps write.
const CHUNK_TOKENS_MAX: usize = 256;

/// Requests that wait for a slot: more would wait longer than people do.
const WAITING_MAX: usize = 64;

/// Runs a model.
pub struct TorchEngine {
    info: ModelInfo,
    forward: Forward,
    tokenizer: Arc<TextTokenizer>,
    template: ChatTemplate,
    end_tokens: Vec<u32>,
    scheduler: Scheduler,
    replies: HashMap<Ticket, Reply>,
    /// What the next step tells before anything else.
    untold: Vec<(Ticket, EngineEvent)>,
    step_tokens: usize,
}

/// A reply as it is written.
struct Reply {
    prompt_tokens: usize,
    tokens_max: usize,
    written: usize,
    /// Tokens whose text is held back.
    untold: Vec<u32>,
    sampler: Sampler,
    stream: TextStream,
}

impl TorchEngine {
    /// Loads a GGUF file or a Hugging Face directory.
    ///
    /// # Errors
    /// [`LoadError`] names the file and what is wrong with it.
    pub fn load(path: &Path, options: &EngineOptions) -> Result<Self, LoadError> {
        // Loading computes too, and must not take cores that others were promised.
        tch::set_num_threads(options.threads());
        let kind = options.dtype.language_kind(options.device);
        let mut model = model::open(path)?;
        let context_tokens = model.config.context_tokens.min(options.context_tokens_max);
        let block_bytes = model.config.block_bytes(BLOCK_TOKENS, kind);
        let blocks_min = context_tokens.div_ceil(BLOCK_TOKENS);
        let room = CacheRoom {
            least: (blocks_min * block_bytes) as u64,
            wanted: options.cache_bytes_max as u64,
        };
        let forward_options = ForwardOptions {
            computing: Computing {
                device: options.device.tch(),
                kind,
                deterministic: options.deterministic,
                context_tokens,
            },
            threads: options.threads(),
            fused: options.fused && options.device == Device::Cpu,
        };
        let fused = Forward::is_fused(&model.config, &forward_options);
        let cache_bytes = model.check_memory(options.device, kind, fused, room)? as usize;
        let weights = model.weights.as_mut();
        let forward = Forward::load(model.config.clone(), weights, forward_options)?;
        let blocks = cache_bytes / block_bytes;
        let info = ModelInfo {
            name: model.name,
            architecture: model.family.name().into(),
            context_tokens,
            vocabulary: model.config.vocabulary,
            dtype: if kind == Kind::BFloat16 {
                "bf16"
            } else {
                "f32"
            },
            forward: forward.name(),
            quantisation: model.quantisation,
            bytes: model.bytes,
        };
        tracing::info!(
            model = info.name,
            device = %options.device,
            dtype = info.dtype,
            forward = info.forward,
            quantisation = info.quantisation,
            context_tokens,
            packed_mib = forward.packed_bytes().map(|bytes| bytes >> 20),
            cache_tokens = blocks * BLOCK_TOKENS,
            "language model loaded"
        );
        Ok(Self {
            info,
            forward,
            tokenizer: Arc::new(model.tokenizer),
            template: model.template,
            end_tokens: model.end_tokens,
            scheduler: Scheduler::new(SchedulerLimits {
                block_tokens: BLOCK_TOKENS,
                blocks: u32::try_from(blocks).unwrap_or(u32::MAX),
                running_max: options.running_max.max(1),
                waiting_max: WAITING_MAX,
                chunk_tokens: CHUNK_TOKENS,
                chunk_tokens_max: CHUNK_TOKENS_MAX,
            }),
            replies: HashMap::new(),
            untold: Vec::new(),
            step_tokens: 0,
        })
    }

    /// Where the time of the last step went, if the forward pass measures it.
    pub fn step_split(&self) -> Option<StepSplit> {
        self.forward.step_split()
    }

    /// Renders and queues a request.
    fn queue(
        &mut self,
        ticket: Ticket,
        request: &ValidGenerateRequest,
        deadline: Option<Instant>,
    ) -> Result<(), EngineError> {
        let (template, tokenizer) = (&self.template, &self.tokenizer);
        let begun = Begun::of(request, tokenizer, self.info.vocabulary);
        let mut prompt = prompt::encode(
            &request.prompt,
            begun.beginning,
            template,
            tokenizer,
            self.info.vocabulary,
        )?;
        prompt.extend(begun.drawn);
        check_tokens(&prompt, self.info.vocabulary)?;
        let limit = self.info.context_tokens.saturating_sub(1);
        let prompt_tokens = prompt.len();
        if prompt_tokens == 0 || prompt_tokens > limit {
            return Err(EngineError::PromptTooLong {
                tokens: prompt_tokens,
                limit,
            });
        }
        let mut sampler = Sampler::new(request);
        let beginning = tokenizer.encode(&tokenizer.disarm(begun.beginning));
        sampler.goes_on_from(&beginning.map_err(|reason| EngineError::Tokenizer { reason })?);
        sampler.goes_on_from(begun.drawn);
        let arrival = Arrival {
            ticket,
            origin: request.origin,
            prompt,
            deadline,
        };
        match self.scheduler.submit(arrival) {
            Submitted::Queued => {}
            Submitted::Full => return Err(EngineError::Overloaded),
            Submitted::InPlaceOf(other) => {
                self.replies.remove(&other);
                self.untold
                    .push((other, EngineEvent::Failed(EngineError::Overloaded)));
            }
        }
        let reply = Reply {
            prompt_tokens,
            tokens_max: (request.max_tokens as usize).min(self.info.context_tokens - prompt_tokens),
            written: 0,
            untold: Vec::new(),
            sampler,
            stream: begun.stream,
        };
        self.replies.insert(ticket, reply);
        if !begun.unsaid.is_empty() {
            let unsaid = Piece::from(begun.unsaid);
            self.untold.push((ticket, EngineEvent::Text(unsaid)));
        }
        Ok(())
    }

    /// Takes a reply out of everything.
    fn remove(&mut self, ticket: Ticket) -> Option<Reply> {
        self.scheduler.remove(ticket);
        self.replies.remove(&ticket)
    }

    /// Chooses the next token of a reply from the `row`th logits of the step.
    fn write(
        &mut self,
        ticket: Ticket,
        row: usize,
        events: &mut Vec<(Ticket, EngineEvent)>,
    ) -> Result<(), EngineError> {
        let Some(reply) = self.replies.get_mut(&ticket) else {
            return Ok(());
        };
        let position = reply.prompt_tokens + reply.written;
        let logits = self.forward.logits(row).map_err(torch)?;
        let token = match reply.sampler.choose(logits, position) {
            Ok(token) => token,
            Err(error) => {
                self.remove(ticket);
                events.push((ticket, EngineEvent::Failed(error)));
                return Ok(());
            }
        };
        reply.written += 1;
        let mut end = None;
        if self.end_tokens.contains(&token) {
            end = Some(StopReason::EndOfTurn);
        } else {
            reply.untold.push(token);
            let piece = reply.stream.push(self.tokenizer.bytes_of(token));
            if !piece.text.is_empty() {
                let piece = Piece {
                    text: piece.text.to_owned(),
                    tokens: std::mem::take(&mut reply.untold),
                };
                events.push((ticket, EngineEvent::Text(piece)));
            }
            if piece.stopped {
                end = Some(StopReason::StopSequence);
            } else if reply.written == reply.tokens_max {
                end = Some(StopReason::Length);
            }
        }
        let Some(stop_reason) = end else {
            self.scheduler.push(ticket, token);
            return Ok(());
        };
        let Some(mut reply) = self.remove(ticket) else {
            return Ok(());
        };
        if stop_reason != StopReason::StopSequence {
            let held_back = reply.stream.finish();
            if !held_back.is_empty() {
                let piece = Piece {
                    text: held_back.to_owned(),
                    tokens: std::mem::take(&mut reply.untold),
                };
                events.push((ticket, EngineEvent::Text(piece)));
            }
        }
        events.push((ticket, EngineEvent::Finished(reply.end(stop_reason))));
        Ok(())
    }
}

/// How the reply to a request begins.
struct Begun<'a> {
    /// What is read as text.
    beginning: &'a str,
    /// What was drawn behind it.
    drawn: &'a [u32],
    stream: TextStream,
    /// What the drawn tokens say and nobody was told.
    unsaid: String,
}

impl<'a> Begun<'a> {
    fn of(request: &'a ValidGenerateRequest, tokenizer: &TextTokenizer, vocabulary: usize) -> Self {
        let (beginning, drawn) = (&request.beginning, &request.drawn);
        let is_known = !drawn.tokens.is_empty() && check_tokens(&drawn.tokens, vocabulary).is_ok();
        let parts = beginning.split_at_checked(drawn.after);
        if let Some((beginning, said)) = parts.filter(|_| is_known) {
            let mut stream = TextStream::new(&request.stop);
            let tokens = drawn.tokens.iter().map(|token| tokenizer.bytes_of(*token));
            if let Some(unsaid) = stream.go_on(tokens, said).map(str::to_owned) {
                return Self {
                    beginning,
                    drawn: &drawn.tokens,
                    stream,
                    unsaid,
                };
            }
            tracing::warn!("the tokens of a reply do not say its text; it goes on from the text");
        }
        Self {
            beginning,
            drawn: &[],
            stream: TextStream::new(&request.stop),
            unsaid: String::new(),
        }
    }
}

impl Reply {
    fn end(self, stop_reason: StopReason) -> Generation {
        Generation {
            text: self.stream.into_text(),
            usage: Usage {
                prompt_tokens: self.prompt_tokens as u32,
                completion_tokens: self.written as u32,
            },
            stop_reason,
        }
    }
}

impl Engine for TorchEngine {
    fn model(&self) -> &ModelInfo {
        &self.info
    }

    fn token_counter(&self) -> TokenCounter {
        TokenCounter::of(Arc::clone(&self.tokenizer))
    }

    fn submit(&mut self, ticket: Ticket, request: ValidGenerateRequest, deadline: Option<Instant>) {
        if let Err(error) = self.queue(ticket, &request, deadline) {
            self.untold.push((ticket, EngineEvent::Failed(error)));
        }
    }

    fn cancel(&mut self, ticket: Ticket) -> Option<Generation> {
        let reply = self.remove(ticket)?;
        Some(reply.end(StopReason::Cancelled))
    }

    fn forget(&mut self, owner: u128) {
        self.scheduler.forget(owner);
    }

    fn is_idle(&self) -> bool {
        self.scheduler.is_idle() && self.untold.is_empty()
    }

    fn step(&mut self, now: Instant) -> Result<Vec<(Ticket, EngineEvent)>, EngineError> {
        let mut events = std::mem::take(&mut self.untold);
        for ticket in self.scheduler.expired(now) {
            if let Some(reply) = self.remove(ticket) {
                let generation = reply.end(StopReason::Deadline);
                events.push((ticket, EngineEvent::Finished(generation)));
            }
        }
        let step = self.scheduler.plan();
        self.step_tokens = step.segments.iter().map(|one| one.tokens.len()).sum();
        events.extend((step.begun.iter()).map(|ticket| (*ticket, EngineEvent::Begun)));
        if step.segments.is_empty() {
            return Ok(events);
        }
        self.forward.compute(&step.segments).map_err(torch)?;
        self.scheduler.computed(&step);
        let wanted = step.segments.iter().filter(|one| one.wants_logits);
        for (row, segment) in (0..).zip(wanted) {
            self.write(segment.ticket, row, &mut events)?;
        }
        Ok(events)
    }

    fn load(&self) -> EngineLoad {
        let load = self.scheduler.load();
        EngineLoad {
            running: load.running,
            waiting: load.waiting,
            step_tokens: self.step_tokens,
            blocks_used: load.blocks_used,
            blocks_total: load.blocks_total,
            tokens_reused: load.tokens_reused,
            preemptions: load.preemptions,
        }
    }
}

fn torch(error: TchError) -> EngineError {
    EngineError::Torch {
        reason: first_line(&error),
    }
}

#[cfg(test)]
mod tests;
