//! The inference pool by itself, for a process that serves models and no people.

use std::fmt;
use std::sync::Arc;

use actix::prelude::*;
use inference::{GenerateRequest, Priority, TextForm};
use tokio::sync::oneshot;

use crate::completions::{Writing, pool_stopped};
use crate::inference_pool::{
    Embed, EmbedderAbout, EngineAbout, Forget, InferencePool, Models, PoolError,
};
use crate::limits::EMBED_TEXTS_MAX;
use crate::node::StartError;

/// A pool that runs on a thread of its own; clones share it.
#[derive(Clone)]
pub struct ModelPool {
    pool: Addr<InferencePool>,
    engine: Arc<EngineAbout>,
    embedder: Arc<EmbedderAbout>,
    core: ArbiterHandle,
}

impl ModelPool {
    /// Loads the models and starts the pool.
    ///
    /// # Errors
    /// [`StartError::Model`] when a model does not load.
    pub async fn start(models: Models) -> Result<Self, StartError> {
        let core = Arbiter::new().handle();
        let (started, pool) = oneshot::channel();
        core.spawn(async move {
            // The process waits for this; where it does not, it has given up.
            let _ = started.send(InferencePool::start(models).await);
        });
        let pool = pool.await.map_err(|_| StartError::Arbiter)?;
        let (pool, engine, embedder) = pool.map_err(StartError::Model)?;
        Ok(Self {
            pool,
            engine: Arc::new(engine),
            embedder: Arc::new(embedder),
            core,
        })
    }

    /// What the text engines are.
    pub fn engine(&self) -> &EngineAbout {
        &self.engine
    }

    /// What the embedder is.
    pub fn embedder(&self) -> &EmbedderAbout {
        &self.embedder
    }

    /// Has an engine write a text.
    ///
    /// # Errors
    /// What the pool says before it begins; what it says later is told by the [`Writing`].
    pub async fn write(&self, request: GenerateRequest) -> Result<Writing, PoolError> {
        Writing::begin(&self.pool, request).await
    }

    /// Embeds texts, in the order given: one L2-normalised vector each.
    ///
    /// # Errors
    /// What the pool says; `Overloaded` names when to try again.
    pub async fn embed(
        &self,
        form: TextForm,
        priority: Priority,
        texts: Vec<String>,
    ) -> Result<Vec<Vec<f32>>, PoolError> {
        embed_with(&self.pool, form, priority, texts).await
    }

    /// Makes the engines forget what they computed of the prompts of an owner; says whether all of them have.
    pub async fn forget(&self, owner: u128) -> bool {
        // A pool that has stopped has no engines any more.
        self.pool.send(Forget { owner }).await.unwrap_or(true)
    }

    /// Whether the pool still takes work.
    pub fn is_alive(&self) -> bool {
        self.pool.connected()
    }

    /// Ends the pool's thread.
    pub fn stop(&self) {
        self.core.stop();
    }
}

impl fmt::Debug for ModelPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = &self.engine.model.name;
        formatter.debug_tuple("ModelPool").field(model).finish()
    }
}

/// Embeds texts of any number, as many at a time as the pool takes.
pub(crate) async fn embed_with(
    pool: &Addr<InferencePool>,
    form: TextForm,
    priority: Priority,
    texts: Vec<String>,
) -> Result<Vec<Vec<f32>>, PoolError> {
    let mut vectors = Vec::with_capacity(texts.len());
    for batch in texts.chunks(EMBED_TEXTS_MAX) {
        let embed = Embed {
            form,
            priority,
            texts: batch.to_vec(),
        };
        let answer = pool.send(embed).await;
        vectors.extend(answer.unwrap_or_else(|_| Err(pool_stopped()))?);
    }
    Ok(vectors)
}
