//! Texts that programs ask for outside of any conversation: from the model itself, or from a twin.
//!
//! Both go through the same pool as replies do, as their asker's own: they count against the asker's share of the engine, and
//! what is computed for them is never shared with anybody else.

use actix::Addr;
use inference::{Account, CacheScope, ChatMessage, GenerateRequest, Origin, Priority, Prompt};
use protocol::{TwinId, UserId};
use storage::StorageError;
use tokio::sync::mpsc;
use tracing::Span;

use crate::inference_pool::{Cancel, Generate, GenerationEvent, InferencePool, PoolError};
use crate::limits::GENERATION_EVENTS_MAX;
use crate::node::Node;
use crate::supervisor::WakeError;
use crate::twin::Complete;

/// How a text is sampled and where it ends; what is absent is chosen by whoever writes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sampling {
    /// The most tokens that the text may have.
    pub max_tokens: Option<u32>,
    /// How far to flatten the distribution; 0 always takes the likeliest token.
    pub temperature: Option<f32>,
    /// Sample from the smallest set of tokens that together are at least this likely.
    pub top_p: Option<f32>,
    /// Equal seeds give equal texts to equal requests.
    pub seed: u64,
    /// Texts that end the text; they are not part of it.
    pub stop: Vec<String>,
}

impl Sampling {
    /// Puts what was asked for in the place of what a request has.
    pub fn apply(self, request: &mut GenerateRequest) {
        request.max_tokens = self.max_tokens.unwrap_or(request.max_tokens);
        request.temperature = self.temperature.unwrap_or(request.temperature);
        request.top_p = self.top_p.unwrap_or(request.top_p);
        request.seed = self.seed;
        request.stop = self.stop;
    }
}

/// A text that the model itself is to write.
#[derive(Debug)]
pub struct ModelCompletion {
    /// Who asks.
    pub user: UserId,
    /// What the model continues.
    pub prompt: Prompt,
    /// How; without a word the distribution is left as the model gives it.
    pub sampling: Sampling,
}

/// An answer that a twin is to give.
#[derive(Debug)]
pub struct TwinCompletion {
    /// The twin.
    pub twin: TwinId,
    /// Who asks.
    pub user: UserId,
    /// The turns before the question, oldest first.
    pub history: Vec<ChatMessage>,
    /// The question.
    pub question: String,
    /// How; without a word as the twin answers in a conversation.
    pub sampling: Sampling,
}

/// Why there is no text.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CompletionError {
    /// There is no such twin, or the asker may not know that there is.
    #[error("there is no such twin")]
    NoTwin,
    /// What this needs cannot be reached now.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The twin cannot be woken now.
    #[error("the twin cannot be woken: {0}")]
    Asleep(String),
    /// The pool's answer.
    #[error(transparent)]
    Pool(#[from] PoolError),
}

/// A text as it is written. Dropping it stops the writing before the next step.
#[derive(Debug)]
pub struct Writing {
    events: mpsc::Receiver<GenerationEvent>,
}

impl Writing {
    /// What happens next; the last event is the end or why there is none.
    pub async fn next(&mut self) -> GenerationEvent {
        let stopped = || PoolError::Failed("the engine stopped unexpectedly".to_owned());
        let event = self.events.recv().await;
        event.unwrap_or_else(|| GenerationEvent::Failed(stopped()))
    }
}

impl Writing {
    /// Has a pool write.
    pub(crate) async fn begin(
        pool: &Addr<InferencePool>,
        request: GenerateRequest,
    ) -> Result<Self, PoolError> {
        let (sender, events) = mpsc::channel(GENERATION_EVENTS_MAX);
        let generate = Generate {
            request,
            events: sender,
            cancel: Cancel::default(),
            span: Span::current(),
        };
        let queued = pool.send(generate).await;
        queued.unwrap_or_else(|_| Err(pool_stopped()))?;
        Ok(Self { events })
    }
}

impl Node {
    /// Has the model itself write a text.
    ///
    /// # Errors
    /// What the pool says before it begins; what it says later is told by the [`Writing`].
    pub async fn complete(&self, completion: ModelCompletion) -> Result<Writing, PoolError> {
        let mut request = GenerateRequest {
            origin: origin_of(completion.user),
            prompt: completion.prompt,
            temperature: 1.0,
            top_p: 1.0,
            repetition_penalty: 1.0,
            ..GenerateRequest::default()
        };
        completion.sampling.apply(&mut request);
        Writing::begin(&self.services().pool, request).await
    }

    /// Has a twin answer, if it may be asked by whoever asks.
    ///
    /// # Errors
    /// Why it does not begin; what goes wrong later is told by the [`Writing`].
    pub async fn ask_twin(&self, completion: TwinCompletion) -> Result<Writing, CompletionError> {
        let twin = self.services().directory.twin(completion.twin).await;
        let twin = twin.map_err(|error| match error {
            WakeError::NotFound(_) => CompletionError::NoTwin,
            WakeError::Unavailable(_) | WakeError::Stopping => {
                CompletionError::Asleep(error.to_string())
            }
        })?;
        let (sender, events) = mpsc::channel(GENERATION_EVENTS_MAX);
        let complete = Complete {
            completion,
            events: sender,
            cancel: Cancel::default(),
            span: Span::current(),
        };
        let begun = twin.send(complete).await;
        begun.unwrap_or_else(|_| Err(CompletionError::Asleep("it has just stopped".to_owned())))?;
        Ok(Writing { events })
    }

    /// Makes the engines forget what a person's programs asked of the model itself; see [`Node::forget`].
    pub async fn forget_completions_of(&self, user: UserId) -> bool {
        // Engines know owners of prompts by their numbers alone, and no twin has a person's.
        self.forget(&[TwinId::from_uuid(user.as_uuid())]).await
    }
}

/// What a program of somebody's asks for is theirs alone.
fn origin_of(user: UserId) -> Origin {
    let user = u128::from_be_bytes(*user.as_bytes());
    Origin {
        accounts: [Account(user); 2],
        scope: CacheScope {
            owner: user,
            audience: 0,
        },
        priority: Priority::Person,
    }
}

pub(crate) fn pool_stopped() -> PoolError {
    PoolError::Failed("the inference pool stopped".to_owned())
}
