//! The engine that runs a language model through libtorch on the thread that calls it.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use tch::{Kind, TchError, Tensor};

use crate::llama::{KeyValueCache, Llama};
use crate::load_error::first_line;
use crate::model::{self, ChatTemplate, TextTokenizer};
use crate::sampling::Sampler;
use crate::text_stream::TextStream;
use crate::torch_options::EngineOptions;
use crate::{
    Engine, EngineError, Generation, LoadError, ModelInfo, StopReason, TokenCounter, Usage,
    ValidGenerateRequest, prompt,
};

/// The prompt runs in chunks of this many tokens, so that a cancel is noticed between two of them (some 50 ms on one core).
/// Chunks always begin at a multiple of it, which makes a reused prefix bit for bit what a fresh run would compute.
const CHUNK_TOKENS: usize = 64;

/// Runs a model of one of the known families; one conversation at a time.
pub struct TorchEngine {
    info: ModelInfo,
    llama: Llama,
    tokenizer: Arc<TextTokenizer>,
    template: ChatTemplate,
    end_tokens: Vec<u32>,
    threads: i32,
    cache: KeyValueCache,
    /// The whole chunks of the last prompt, whose keys and values the cache begins with.
    cached: Vec<u32>,
}

impl TorchEngine {
    /// Loads a GGUF file or a Hugging Face directory.
    ///
    /// # Errors
    /// [`LoadError`] names the file and what is wrong with it.
    pub fn load(path: &Path, options: &EngineOptions) -> Result<Self, LoadError> {
        // Loading computes too, and must not take cores that others were promised.
        tch::set_num_threads(options.threads());
        let kind = options.dtype.language_kind();
        let mut model = model::open(path)?;
        model.check_memory(kind)?;
        let context_tokens = model.config.context_tokens.min(options.context_tokens_max);
        let llama = Llama::load(
            model.config.clone(),
            model.weights.as_mut(),
            context_tokens,
            kind,
        )?;
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
            quantisation: model.quantisation,
            bytes: model.bytes,
        };
        tracing::info!(
            model = info.name,
            dtype = info.dtype,
            quantisation = info.quantisation,
            context_tokens,
            "language model loaded"
        );
        Ok(Self {
            info,
            cache: llama.cache(),
            cached: Vec::new(),
            llama,
            tokenizer: Arc::new(model.tokenizer),
            template: model.template,
            end_tokens: model.end_tokens,
            threads: options.threads(),
        })
    }

    /// Runs the prompt but for its last token's logits, which it gives; `None` if the caller breaks off.
    fn run_prompt(
        &mut self,
        tokens: &[u32],
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Option<Tensor>, TchError> {
        let mut done = self.reuse(tokens);
        let last_chunk = (tokens.len() - 1) / CHUNK_TOKENS * CHUNK_TOKENS;
        while done < last_chunk {
            if on_text("").is_break() {
                return Ok(None);
            }
            let chunk = &tokens[done..done + CHUNK_TOKENS];
            self.llama.prefill(chunk, &mut self.cache)?;
            self.cached.extend_from_slice(chunk);
            done += CHUNK_TOKENS;
        }
        if on_text("").is_break() {
            return Ok(None);
        }
        self.llama
            .forward(&tokens[done..], &mut self.cache)
            .map(Some)
    }

    /// Keeps of the last prompt the whole chunks that this one begins with, and says how many tokens they are.
    fn reuse(&mut self, tokens: &[u32]) -> usize {
        let common = self
            .cached
            .iter()
            .zip(&tokens[..tokens.len() - 1])
            .take_while(|(a, b)| a == b)
            .count();
        let kept = common / CHUNK_TOKENS * CHUNK_TOKENS;
        self.cached.truncate(kept);
        self.cache.truncate(kept);
        kept
    }

    fn write(
        &mut self,
        request: &ValidGenerateRequest,
        tokens: &[u32],
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generation, EngineError> {
        let prompt_tokens = tokens.len();
        let tokens_max =
            (request.max_tokens as usize).min(self.info.context_tokens - prompt_tokens);
        let mut stream = TextStream::new(&request.stop);
        let mut sampler = Sampler::new(request);
        let mut scores = vec![0_f32; self.info.vocabulary];
        let mut written = 0;
        let stop_reason = match self.run_prompt(tokens, on_text).map_err(torch)? {
            None => StopReason::Cancelled,
            Some(mut logits) => loop {
                logits
                    .f_copy_data(&mut scores, self.info.vocabulary)
                    .map_err(torch)?;
                let token = sampler.choose(&mut scores, prompt_tokens + written)?;
                written += 1;
                if self.end_tokens.contains(&token) {
                    break StopReason::EndOfTurn;
                }
                let piece = stream.push(self.tokenizer.bytes_of(token));
                let stopped = piece.stopped;
                if on_text(piece.text).is_break() {
                    break StopReason::Cancelled;
                }
                if stopped {
                    break StopReason::StopSequence;
                }
                if written == tokens_max {
                    break StopReason::Length;
                }
                logits = self
                    .llama
                    .forward(&[token], &mut self.cache)
                    .map_err(torch)?;
            },
        };
        if matches!(stop_reason, StopReason::EndOfTurn | StopReason::Length) {
            // The reply is complete: a break has nothing left to cancel.
            let _ = on_text(stream.finish());
        }
        Ok(Generation {
            text: stream.into_text(),
            usage: Usage {
                prompt_tokens: prompt_tokens as u32,
                completion_tokens: written as u32,
            },
            stop_reason,
        })
    }
}

impl Engine for TorchEngine {
    fn model(&self) -> &ModelInfo {
        &self.info
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.token_counter().count(text)
    }

    fn token_counter(&self) -> TokenCounter {
        TokenCounter::of(Arc::clone(&self.tokenizer))
    }

    fn generate(
        &mut self,
        request: &ValidGenerateRequest,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generation, EngineError> {
        let tokens = prompt::encode(&request.messages, &self.template, &self.tokenizer)?;
        let limit = self.info.context_tokens.saturating_sub(1);
        if tokens.is_empty() || tokens.len() > limit {
            return Err(EngineError::PromptTooLong {
                tokens: tokens.len(),
                limit,
            });
        }
        // Both settings belong to the calling thread, which may be another one each time.
        tch::set_num_threads(self.threads);
        let _no_grad = tch::no_grad_guard();
        let result = self.write(request, &tokens, on_text);
        if result.is_err() {
            // The cache may hold a half-written chunk.
            self.cached.clear();
            self.cache.truncate(0);
        }
        result
    }
}

fn torch(error: TchError) -> EngineError {
    EngineError::Torch {
        reason: first_line(&error),
    }
}

#[cfg(test)]
mod tests;
