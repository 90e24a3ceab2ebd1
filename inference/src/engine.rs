//! The seam between those who want a reply and those who can write one.

use std::ops::ControlFlow;

use thiserror::Error;

use crate::{TokenCounter, ValidGenerateRequest};

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
}

impl StopReason {
    /// The stable name used on the wire, in logs and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            StopReason::EndOfTurn => "end_of_turn",
            StopReason::Length => "length",
            StopReason::StopSequence => "stop_sequence",
            StopReason::Cancelled => "cancelled",
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
    /// How the weights are stored in the file, such as `Q4_1`.
    pub quantisation: String,
    /// The size of the file or files that were read.
    pub bytes: u64,
}

/// Why a reply could not be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EngineError {
    /// The rendered conversation leaves no room for a reply.
    #[error("the prompt has {tokens} tokens, the limit is {limit}")]
    PromptTooLong {
        /// Tokens of the rendered conversation.
        tokens: usize,
        /// The most that a prompt may have.
        limit: usize,
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
    /// A script asked for this.
    #[error("the script asked for an error")]
    Scripted,
}

impl EngineError {
    /// The stable name used in error codes, log fields and metric labels.
    pub fn code(&self) -> &'static str {
        match self {
            EngineError::PromptTooLong { .. } => "prompt_too_long",
            EngineError::Template { .. } => "template_refused",
            EngineError::Tokenizer { .. } => "tokenizer_failed",
            EngineError::NonFiniteLogits { .. } => "non_finite_logits",
            EngineError::Torch { .. } => "torch_failed",
            EngineError::Scripted => "scripted",
        }
    }
}

/// Writes replies, one at a time, on the thread that calls it.
pub trait Engine: Send {
    /// What it runs.
    fn model(&self) -> &ModelInfo;

    /// How many tokens a text has when it stands alone in a message.
    fn count_tokens(&self, text: &str) -> usize;

    /// A counter that other threads may use while this engine is busy.
    fn token_counter(&self) -> TokenCounter;

    /// Writes the reply to a conversation.
    ///
    /// `on_text` gets whole valid UTF-8 pieces; joined, they are exactly [`Generation::text`]. A text that may be the
    /// beginning of a stop text is held back until that is known. It is called at least once a decode step and once a
    /// chunk of the prompt, with an empty piece when there is nothing to say, and a `Break` ends the reply before the
    /// next step with [`StopReason::Cancelled`].
    ///
    /// # Errors
    /// See [`EngineError`]. The engine stays usable after an error.
    fn generate(
        &mut self,
        request: &ValidGenerateRequest,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generation, EngineError>;
}
