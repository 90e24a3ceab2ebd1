//! The two kinds of work that engines do: generate text, and embed texts.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use inference::{EngineError, ValidGenerateRequest};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::worker::Load;
use super::{Cancel, EmbedderFactory, EngineAbout, EngineFactory, GenerationEvent, PoolError};
use crate::limits::REPLY_DEADLINE;
use crate::metrics;

/// A text to generate.
pub(super) struct GenerateJob {
    pub(super) request: ValidGenerateRequest,
    pub(super) events: mpsc::Sender<GenerationEvent>,
    pub(super) cancel: Cancel,
}

/// Texts to embed.
pub(super) struct EmbedJob {
    pub(super) texts: Vec<String>,
    pub(super) answer: oneshot::Sender<Result<Vec<Vec<f32>>, PoolError>>,
}

/// Work for a text engine; the first one that loads says what it is.
pub(super) fn generator(
    factory: EngineFactory,
    about: Arc<OnceLock<EngineAbout>>,
) -> Load<GenerateJob> {
    Arc::new(move || {
        let mut engine = factory()?;
        about.get_or_init(|| EngineAbout {
            model: engine.model().clone(),
            counter: engine.token_counter(),
        });
        Ok(Box::new(move |job: GenerateJob| {
            generate(&mut *engine, job)
        }))
    })
}

/// Work for an embedder.
pub(super) fn embedder(factory: EmbedderFactory) -> Load<EmbedJob> {
    Arc::new(move || {
        let mut embedder = factory()?;
        Ok(Box::new(move |job: EmbedJob| {
            let texts: Vec<&str> = job.texts.iter().map(String::as_str).collect();
            let vectors = embedder.embed(&texts).map_err(|error| pool_error(&error));
            // Whoever asked may have gone.
            let _ = job.answer.send(vectors);
        }))
    })
}

fn generate(engine: &mut dyn inference::Engine, job: GenerateJob) {
    let deadline = Instant::now() + REPLY_DEADLINE;
    let began = Instant::now();
    let mut first_piece = true;
    // Text that found the channel full waits here and leaves with the next piece.
    let mut held = String::new();
    let result = engine.generate(&job.request, &mut |piece| {
        if job.cancel.is_cancelled() || job.events.is_closed() || Instant::now() > deadline {
            return ControlFlow::Break(());
        }
        held.push_str(piece);
        if held.is_empty() {
            return ControlFlow::Continue(());
        }
        if std::mem::take(&mut first_piece) {
            metrics::first_token(began.elapsed());
        }
        if let Err(TrySendError::Full(GenerationEvent::Piece(piece))) = job
            .events
            .try_send(GenerationEvent::Piece(std::mem::take(&mut held)))
        {
            held = piece;
        }
        ControlFlow::Continue(())
    });
    if !held.is_empty() {
        let _ = job.events.blocking_send(GenerationEvent::Piece(held));
    }
    let last = match result {
        Ok(generation) => {
            metrics::generated(&generation.usage, began.elapsed());
            GenerationEvent::Finished(generation)
        }
        Err(error) => GenerationEvent::Failed(pool_error(&error)),
    };
    // A receiver that is gone wanted no more.
    let _ = job.events.blocking_send(last);
}

fn pool_error(error: &EngineError) -> PoolError {
    PoolError::Failed(error.to_string())
}
