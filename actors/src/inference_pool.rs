//! The inference pool: takes generations and texts to embed, and gives each to a worker.
//!
//! 1. [`Generate`] and [`Embed`] arrive; a full queue is answered [`PoolError::Overloaded`], never with silence.
//! 2. A generation goes to the engine that has computed the beginning of its prompt, or to the one with the least to do (`routing.rs`).
//! 3. The job goes to a [`Worker`] actor, which owns an engine on a thread of its own. A text engine writes many at once
//!    (`generation.rs`), an embedder does one call after the other (`embedding.rs`).
//! 4. The engine streams [`GenerationEvent`]s to whoever asked; a worker that dies is replaced.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use actix::prelude::*;
use inference::{
    Embedder, Engine, EngineError, GenerateRequest, Generation, ModelInfo, Piece, Priority,
    TextForm, TokenCounter,
};
use protocol::{ErrorCode, Failure, TwinId};
use tokio::sync::{mpsc, oneshot};
use tracing::Span;

use crate::limits::{
    EMBED_BACKGROUND_DEADLINE, EMBED_DEADLINE, EMBED_RETRY_AFTER_MS, EMBED_TEXTS_MAX,
};
use crate::metrics;
use crate::trace;

mod embedding;
mod generation;
mod routing;
mod worker;

use embedding::EmbedJob;
use generation::GenerateJob;
use routing::Router;
use worker::{Gauge, Job, Load, Worker};

/// Why the pool gives no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// The queue is full.
    #[error("the inference pool is full; try again in {retry_after_ms} ms")]
    Overloaded {
        /// When to try again, in milliseconds.
        retry_after_ms: u64,
    },
    /// The prompt does not fit the model's context.
    #[error("{0}")]
    TooLong(String),
    /// The request itself cannot be served.
    #[error("{0}")]
    Refused(String),
    /// The engine failed or stopped.
    #[error("{0}")]
    Failed(String),
    /// Nobody who could do it can be reached.
    #[error("{0}")]
    Unavailable(String),
}

impl PoolError {
    /// What the people in a conversation are told of it.
    pub(crate) fn failure(&self) -> Failure {
        let code = match self {
            Self::Overloaded { .. } => ErrorCode::Overloaded,
            Self::TooLong(_) | Self::Refused(_) => ErrorCode::Invalid,
            Self::Failed(_) => ErrorCode::Internal,
            Self::Unavailable(_) => ErrorCode::Unavailable,
        };
        Failure {
            code,
            message: self.to_string(),
        }
    }
}

/// Makes an engine for the worker of this number, counted from 0, each time that worker needs one; the error is for a person
/// to read.
pub type EngineFactory = Arc<dyn Fn(usize) -> Result<Box<dyn Engine>, String> + Send + Sync>;

/// Makes an embedder, each time a worker needs one; the error is for a person to read.
pub type EmbedderFactory = Arc<dyn Fn() -> Result<Box<dyn Embedder>, String> + Send + Sync>;

/// What the pool works with.
#[derive(Clone)]
pub struct Models {
    /// Makes a text engine.
    pub engine: EngineFactory,
    /// Makes an embedder.
    pub embedder: EmbedderFactory,
    /// How many workers generate text, each with an engine of its own.
    pub engine_workers: usize,
}

/// What the text engines are.
#[derive(Clone)]
pub struct EngineAbout {
    /// The model.
    pub model: ModelInfo,
    /// Counts its tokens, on any thread.
    pub counter: TokenCounter,
}

/// What the embedder is.
#[derive(Clone)]
pub struct EmbedderAbout {
    /// The model's name.
    pub name: String,
    /// How many numbers a vector has.
    pub dimensions: usize,
    /// Counts the tokens of a text as they are embedded, on any thread.
    pub counter: TokenCounter,
    /// The cosine that it gives to texts that have nothing to do with each other.
    pub unrelated_cosine: f32,
}

/// What an engine's error is to whoever asked.
fn pool_error(error: &EngineError) -> PoolError {
    match error {
        EngineError::PromptTooLong { .. }
        | EngineError::Refused {
            is_too_long: true, ..
        } => PoolError::TooLong(error.to_string()),
        EngineError::PromptToken { .. }
        | EngineError::Template { .. }
        | EngineError::Refused { .. } => PoolError::Refused(error.to_string()),
        EngineError::Unavailable { .. } => PoolError::Unavailable(error.to_string()),
        EngineError::Overloaded => PoolError::Overloaded {
            retry_after_ms: EMBED_RETRY_AFTER_MS,
        },
        error => PoolError::Failed(error.to_string()),
    }
}

/// Stops a generation: looked at before every step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancel(Arc<OnceLock<Instant>>);

impl Cancel {
    /// Asks the engine to stop.
    pub(crate) fn cancel(&self) {
        self.0.get_or_init(Instant::now);
    }

    /// When the engine was first asked to stop.
    fn since(&self) -> Option<Instant> {
        self.0.get().copied()
    }
}

/// What a generation tells whoever asked for it; the last one is `Finished` or `Failed`.
#[derive(Debug)]
pub enum GenerationEvent {
    /// More text.
    Piece(Piece),
    /// The end; the pieces add up to its text.
    Finished(Generation),
    /// The end, because of this.
    Failed(PoolError),
}

/// One worker as the pool holds it.
struct Link<J: Send + 'static> {
    kind: &'static str,
    load: Load<J>,
    gauge: Arc<Gauge>,
    worker: Addr<Worker<J>>,
}

impl<J: Send + 'static> Link<J> {
    /// Starts a worker and waits until it has loaded its engine.
    async fn start(kind: &'static str, load: Load<J>) -> Result<Self, String> {
        let gauge = Arc::new(Gauge::default());
        let (first_load, loaded) = oneshot::channel();
        let worker = Worker::new(kind, load.clone(), gauge.clone(), Some(first_load)).start();
        loaded
            .await
            .map_err(|_| format!("the {kind} worker stopped while loading"))??;
        Ok(Self {
            kind,
            load,
            gauge,
            worker,
        })
    }

    /// Gives the worker a job; a worker that has died is replaced first.
    fn give(&mut self, job: J) -> ResponseFuture<Result<(), PoolError>> {
        if !self.worker.connected() {
            metrics::restarted("worker");
            tracing::error!(kind = self.kind, "inference worker died; replacing it");
            let worker = Worker::new(self.kind, self.load.clone(), self.gauge.clone(), None);
            self.worker = worker.start();
        }
        let queued = self.worker.send(Job(job));
        Box::pin(async move {
            queued
                .await
                .unwrap_or_else(|_| Err(PoolError::Failed("the worker stopped".to_owned())))
        })
    }
}

/// The pool's actor.
pub(crate) struct InferencePool {
    generators: Vec<Link<GenerateJob>>,
    router: Router,
    embedder: Link<EmbedJob>,
}

impl InferencePool {
    /// Starts the workers and waits until each has loaded its engine.
    ///
    /// # Errors
    /// What the first engine that does not load says.
    pub(crate) async fn start(
        models: Models,
    ) -> Result<(Addr<Self>, EngineAbout, EmbedderAbout), String> {
        let about = Arc::new(OnceLock::new());
        let mut generators = Vec::new();
        for number in 0..models.engine_workers.max(1) {
            let load = generation::generator(number, models.engine.clone(), about.clone());
            generators.push(Link::start("generate", load).await?);
        }
        let embedder_about = Arc::new(OnceLock::new());
        let load = embedding::embedder(models.embedder, embedder_about.clone());
        let embedder = Link::start("embed", load).await?;
        let about = about.get().expect("an engine has loaded").clone();
        let embedder_about = embedder_about
            .get()
            .expect("an embedder has loaded")
            .clone();
        Ok((
            Self {
                generators,
                router: Router::default(),
                embedder,
            }
            .start(),
            about,
            embedder_about,
        ))
    }
}

impl Actor for InferencePool {
    type Context = Context<Self>;
}

/// Generate text: answered when the job is queued, then told as it goes.
#[derive(Message)]
#[rtype(result = "Result<(), PoolError>")]
pub(crate) struct Generate {
    /// What to generate.
    pub(crate) request: GenerateRequest,
    /// Who is told.
    pub(crate) events: mpsc::Sender<GenerationEvent>,
    /// Stops it.
    pub(crate) cancel: Cancel,
    /// What it is part of.
    pub(crate) span: Span,
}

impl Handler<Generate> for InferencePool {
    type Result = ResponseFuture<Result<(), PoolError>>;

    fn handle(&mut self, generate: Generate, _: &mut Self::Context) -> Self::Result {
        let request = match generate.request.validate() {
            Ok(request) => request,
            Err(error) => {
                return Box::pin(async move { Err(PoolError::Refused(error.to_string())) });
            }
        };
        let jobs: Vec<usize> = (self.generators.iter())
            .map(|link| link.gauge.burden())
            .collect();
        let route = self.router.route(request.origin.scope, &jobs);
        metrics::routed(route.by.as_str());
        let span = trace::generation(&generate.span);
        let job = GenerateJob::new(request, generate.events, generate.cancel, span);
        self.generators[route.engine].give(job)
    }
}

/// Forget what was computed of the prompts of an owner, in every engine: answered when all have, with whether they did.
#[derive(Message)]
#[rtype(result = "bool")]
pub(crate) struct Forget {
    /// As in the requests' [`inference::CacheScope`].
    pub(crate) owner: u128,
}

impl Forget {
    /// A twin's prompts are its own.
    pub(crate) fn of(twin: TwinId) -> Self {
        Self {
            owner: u128::from_be_bytes(*twin.as_bytes()),
        }
    }
}

impl Handler<Forget> for InferencePool {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, forget: Forget, _: &mut Self::Context) -> Self::Result {
        self.router.forget(forget.owner);
        let asked: Vec<_> = (self.generators.iter())
            .map(|link| link.worker.send(worker::Forget(forget.owner)))
            .collect();
        Box::pin(async move {
            let mut all = true;
            for answer in asked {
                // A worker that has stopped has no engine any more.
                all &= answer.await.unwrap_or(Ok(())).is_ok();
            }
            all
        })
    }
}

/// Embed texts: one L2-normalised vector each.
#[derive(Message)]
#[rtype(result = "Result<Vec<Vec<f32>>, PoolError>")]
pub(crate) struct Embed {
    /// What the texts are for.
    pub(crate) form: TextForm,
    /// How urgent it is.
    pub(crate) priority: Priority,
    /// The texts, at most [`EMBED_TEXTS_MAX`].
    pub(crate) texts: Vec<String>,
}

impl Handler<Embed> for InferencePool {
    type Result = ResponseFuture<Result<Vec<Vec<f32>>, PoolError>>;

    fn handle(&mut self, embed: Embed, _: &mut Self::Context) -> Self::Result {
        if embed.texts.len() > EMBED_TEXTS_MAX {
            let error = format!(
                "{} texts at once; at most {EMBED_TEXTS_MAX}",
                embed.texts.len()
            );
            return Box::pin(async { Err(PoolError::Refused(error)) });
        }
        let (answer, vectors) = oneshot::channel();
        let given = self.embedder.give(EmbedJob {
            form: embed.form,
            priority: embed.priority,
            texts: embed.texts,
            answer,
        });
        let patience = match embed.priority {
            Priority::Person => EMBED_DEADLINE,
            Priority::Background => EMBED_BACKGROUND_DEADLINE,
        };
        let retry_after_ms = self.embedder.gauge.retry_after_ms();
        Box::pin(async move {
            given.await?;
            // A job whose answer nobody waits for any more is passed over.
            match tokio::time::timeout(patience, vectors).await {
                Ok(Ok(vectors)) => vectors,
                Ok(Err(_)) => Err(PoolError::Failed("the embedder stopped".to_owned())),
                Err(_) => Err(PoolError::Overloaded { retry_after_ms }),
            }
        })
    }
}

#[cfg(test)]
mod tests;
