//! The seam between those who want replies and those who can write them, many at once.

use std::ops::ControlFlow;
use std::time::Instant;

use thiserror::Error;

use crate::{Ticket, TokenCounter, ValidGenerateRequest};

/// How many tokens went in and came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of the rendered conversation.
    pub prompt_tokens: u32,
    /// Tokens that the model wrote, the one that ended its turn included.
    pub completion_tokens: u32,
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// The model ended its turn.
    EndOfTurn,
    /// `max_tokens` or the end of the context was reached.
    Length,
    /// One of the request's stop texts came up.
    StopSequence,
    /// The caller wanted no more.
    Cancelled,
    /// Its deadline has passed.
    Deadline,
}

impl StopReason {
    /// The stable name used on the wire, in logs and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            StopReason::EndOfTurn => "end_of_turn",
            StopReason::Length => "length",
            StopReason::StopSequence => "stop_sequence",
            StopReason::Cancelled => "cancelled",
            StopReason::Deadline => "deadline",
        }
    }
}

/// A finished reply; its text is exactly the pieces that were handed out, joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// The whole text.
    pub text: String,
    /// What it took.
    pub usage: Usage,
    /// Why it ended.
    pub stop_reason: StopReason,
}

/// What a loaded model is, for `doctor`, `/v1/models` and logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// The name that the file gives itself, else the file's name.
    pub name: String,
    /// The family of the network, such as `llama`.
    pub architecture: String,
    /// The most tokens that prompt and reply may have together.
    pub context_tokens: usize,
    /// How many different tokens the model knows.
    pub vocabulary: usize,
    /// The number type that it computes in, such as `f32`.
    pub dtype: &'static str,
    /// Which forward pass computes, such as `plain f32`.
    pub forward: String,
    /// How the weights are stored in the file, such as `Q4_1`.
    pub quantisation: String,
    /// The size of the file or files that were read.
    pub bytes: u64,
}

/// Why a reply could not be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EngineError {
    /// As many wait as may, and this one had to go.
    #[error("too many requests wait for the engine")]
    Overloaded,
    /// The rendered conversation leaves no room for a reply.
    #[error("the prompt has {tokens} tokens, the limit is {limit}")]
    PromptTooLong {
        /// Tokens of the rendered conversation.
        tokens: usize,
        /// The most that a prompt may have.
        limit: usize,
    },
    /// The caller's tokens are not all of the model's vocabulary.
    #[error("prompt: the token {token} is not one of the model's, which are 0 to {}", vocabulary.saturating_sub(1))]
    PromptToken {
        /// The first token that is none.
        token: u32,
        /// How many different tokens the model knows.
        vocabulary: usize,
    },
    /// The model's own chat template refused the conversation.
    #[error("the chat template refused the conversation: {reason}")]
    Template {
        /// What the template said.
        reason: String,
    },
    /// The tokenizer failed.
    #[error("the tokenizer failed: {reason}")]
    Tokenizer {
        /// What it said.
        reason: String,
    },
    /// The tokenizer gave a token that the network has no embedding for: their files don't belong together.
    #[error("the tokenizer gave the token {token}, the model knows {vocabulary} tokens")]
    UnknownToken {
        /// The token's number.
        token: u32,
        /// How many tokens the network knows, from 0 on.
        vocabulary: usize,
    },
    /// The network gave no usable probabilities.
    #[error("the model gave logits that are not finite at position {position}")]
    NonFiniteLogits {
        /// The position in the sequence, prompt included.
        position: usize,
    },
    /// libtorch failed.
    #[error("libtorch failed: {reason}")]
    Torch {
        /// The first line of what it said.
        reason: String,
    },
    /// An inference service refused the request itself.
    #[error("{reason}")]
    Refused {
        /// Which one, and what it said.
        reason: String,
        /// Whether the prompt is longer than its model reads.
        is_too_long: bool,
    },
    /// No inference service wrote it, or wrote it to its end.
    #[error("{reason}")]
    Unavailable {
        /// Which ones were asked, and why each did not.
        reason: String,
    },
    /// A script asked for this.
    #[error("the script asked for an error")]
    Scripted,
}

impl EngineError {
    /// The stable name used in error codes, log fields and metric labels.
    pub fn code(&self) -> &'static str {
        match self {
            EngineError::Overloaded => "overloaded",
            EngineError::PromptTooLong { .. } => "prompt_too_long",
            EngineError::PromptToken { .. } => "prompt_token",
            EngineError::Template { .. } => "template_refused",
            EngineError::Tokenizer { .. } => "tokenizer_failed",
            EngineError::UnknownToken { .. } => "unknown_token",
            EngineError::NonFiniteLogits { .. } => "non_finite_logits",
            EngineError::Torch { .. } => "torch_failed",
            EngineError::Refused { .. } => "service_refused",
            EngineError::Unavailable { .. } => "service_unavailable",
            EngineError::Scripted => "scripted",
        }
    }
}

/// More of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// Whole valid UTF-8.
    pub text: String,
    /// The tokens that were drawn since the piece before; none where the engine does not know them.
    pub tokens: Vec<u32>,
}

impl Piece {
    /// Adds what comes next.
    pub fn push(&mut self, next: Piece) {
        self.text.push_str(&next.text);
        self.tokens.extend(next.tokens);
    }
}

impl From<String> for Piece {
    /// A piece of which nobody knows the tokens.
    fn from(text: String) -> Self {
        Self {
            text,
            tokens: Vec::new(),
        }
    }
}

/// What a step tells of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEvent {
    /// It has left the queue.
    Begun,
    /// More text; joined, the texts of the pieces are exactly [`Generation::text`]. A text that may be the beginning of a stop
    /// text is held back until that is known.
    Text(Piece),
    /// The end.
    Finished(Generation),
    /// The end, because of this; other requests go on.
    Failed(EngineError),
}

/// Refuses tokens that a network of `vocabulary` tokens has no embedding for: to libtorch they would be an index out of
/// bounds, and with it the end of the engine.
pub(crate) fn check_tokens(tokens: &[u32], vocabulary: usize) -> Result<(), EngineError> {
    match tokens.iter().find(|token| **token as usize >= vocabulary) {
        Some(token) => Err(EngineError::UnknownToken {
            token: *token,
            vocabulary,
        }),
        None => Ok(()),
    }
}

/// How much an engine has to do, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EngineLoad {
    /// Requests that run.
    pub running: usize,
    /// Requests that wait.
    pub waiting: usize,
    /// Tokens that the last step computed.
    pub step_tokens: usize,
    /// Blocks of the key-value cache that requests hold.
    pub blocks_used: usize,
    /// Blocks of the key-value cache.
    pub blocks_total: usize,
    /// Prompt tokens that were found in the cache instead of computed, since the engine was loaded.
    pub tokens_reused: u64,
    /// Requests that were put back into the queue for others, since the engine was loaded.
    pub preemptions: u64,
}

/// Writes many replies at once, a step of all of them at a time, on the thread that calls it.
pub trait Engine: Send {
    /// What it runs.
    fn model(&self) -> &ModelInfo;

    /// A counter that other threads may use while this engine is busy.
    fn token_counter(&self) -> TokenCounter;

    /// How many tokens a text has when it stands alone in a message.
    fn count_tokens(&self, text: &str) -> usize {
        self.token_counter().count(text)
    }

    /// Takes a request in, under a ticket that no other one has. Whatever becomes of it is told by [`Engine::step`].
    fn submit(&mut self, ticket: Ticket, request: ValidGenerateRequest, deadline: Option<Instant>);

    /// Takes a request out: when this returns, all that it held is free. Gives what was written so far, and tells no more of
    /// it; `None` when it has ended already.
    fn cancel(&mut self, ticket: Ticket) -> Option<Generation>;

    /// Forgets what it has computed of the prompts of an owner (see [`crate::CacheScope`]), so that nobody finds it any more;
    /// requests of that owner that are in here go on, and leave nothing behind. An engine that keeps nothing does nothing.
    fn forget(&mut self, owner: u128) {
        let _ = owner;
    }

    /// Whether no request is left, so that a step would do nothing.
    fn is_idle(&self) -> bool;

    /// Ends the requests whose deadline is not after `now`, writes at most one more token of each of the others, and tells what
    /// happened, the events of one request in their order.
    ///
    /// # Errors
    /// What makes this engine useless, [`EngineError::Torch`] for want of memory above all: it must be loaded anew, and all
    /// requests in it are lost.
    fn step(&mut self, now: Instant) -> Result<Vec<(Ticket, EngineEvent)>, EngineError>;

    /// How much there is to do.
    fn load(&self) -> EngineLoad;

    /// Writes one reply, on an engine that has nothing else to do.
    ///
    /// `on_text` is called once a step, with an empty piece when there is nothing to say, and a `Break` ends the reply before
    /// the next step with [`StopReason::Cancelled`].
    ///
    /// # Errors
    /// See [`EngineError`].
    fn generate(
        &mut self,
        request: &ValidGenerateRequest,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generation, EngineError> {
        const ONLY: Ticket = Ticket(0);
        self.submit(ONLY, request.clone(), None);
        loop {
            let mut piece = String::new();
            let mut end = None;
            for (_, event) in self.step(Instant::now())? {
                match event {
                    EngineEvent::Begun => {}
                    EngineEvent::Text(more) => piece.push_str(&more.text),
                    EngineEvent::Finished(generation) => end = Some(Ok(generation)),
                    EngineEvent::Failed(error) => end = Some(Err(error)),
                }
            }
            let flow = on_text(&piece);
            if let Some(end) = end {
                return end;
            }
            if flow.is_break()
                && let Some(generation) = self.cancel(ONLY)
            {
                return Ok(generation);
            }
        }
    }
}
