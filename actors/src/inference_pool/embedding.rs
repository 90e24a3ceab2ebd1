//! Texts to embed, one call of the embedder after the other.

use std::sync::Arc;

use inference::{Embedder, TextForm};
use tokio::sync::oneshot;

use super::worker::{Desk, Load, Place};
use super::{EmbedderFactory, PoolError, pool_error};

/// Texts to embed.
pub(super) struct EmbedJob {
    pub(super) form: TextForm,
    pub(super) texts: Vec<String>,
    pub(super) answer: oneshot::Sender<Result<Vec<Vec<f32>>, PoolError>>,
}

/// Loads an embedder.
pub(super) fn embedder(factory: EmbedderFactory) -> Load<EmbedJob> {
    Arc::new(move |_| {
        let embedder = factory()?;
        Ok(Box::new(EmbedDesk { embedder }))
    })
}

/// Embeds as soon as it is asked.
struct EmbedDesk {
    embedder: Box<dyn Embedder>,
}

impl Desk<EmbedJob> for EmbedDesk {
    fn take(&mut self, job: EmbedJob, _: Place) {
        let texts: Vec<&str> = job.texts.iter().map(String::as_str).collect();
        let vectors = self.embedder.embed_as(job.form, &texts);
        // Whoever asked may have gone.
        let _ = job.answer.send(vectors.map_err(|error| pool_error(&error)));
    }

    fn is_idle(&self) -> bool {
        true
    }

    fn turn(&mut self) -> Result<(), String> {
        Ok(())
    }

    fn abandon(self: Box<Self>) -> Vec<(EmbedJob, Place)> {
        Vec::new()
    }
}
