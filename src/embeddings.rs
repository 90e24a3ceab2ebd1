//! Vectors for texts: from the running node's pool, or, where no server runs, from an embedder of one's own.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actors::{Node, PoolError};
use inference::{Embedder, TextForm, TokenCounter};

/// When to try again after no inference service could be reached: such outages last seconds.
const UNAVAILABLE_RETRY_AFTER: Duration = Duration::from_secs(5);

/// Why there are no vectors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingError {
    /// The pool's queue is full, or no inference service can be reached.
    #[error("the queue of the model is full, or no inference service can be reached")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The model failed.
    #[error("the embedding model failed: {0}")]
    Failed(String),
}

/// Turns texts into vectors. Clones share the model.
#[derive(Clone)]
pub enum Embeddings {
    /// The pool of the running node.
    Node(Node),
    /// A model of this process alone: what `seed` uses.
    Own(Arc<Mutex<Box<dyn Embedder>>>),
}

impl Embeddings {
    /// Vectors of a model that nobody else uses.
    pub fn own(embedder: Box<dyn Embedder>) -> Self {
        Self::Own(Arc::new(Mutex::new(embedder)))
    }

    /// One vector of length 1 for each piece of a document, in the order of the pieces.
    ///
    /// # Errors
    /// See [`EmbeddingError`].
    pub async fn embed_document(
        &self,
        pieces: Vec<String>,
    ) -> Result<Vec<Vec<f32>>, EmbeddingError> {
        match self {
            Self::Node(node) => {
                let embedded = node.embed_document(pieces).await;
                embedded.map_err(EmbeddingError::from)
            }
            Self::Own(embedder) => {
                let embedder = Arc::clone(embedder);
                let embed = move || {
                    let mut embedder = embedder.lock().unwrap_or_else(|broken| broken.into_inner());
                    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
                    embedder.embed_as(TextForm::Passage, &pieces)
                };
                tokio::task::spawn_blocking(embed)
                    .await
                    .map_err(|error| EmbeddingError::Failed(error.to_string()))?
                    .map_err(|error| EmbeddingError::Failed(error.to_string()))
            }
        }
    }

    /// Counts the tokens of a text as they are embedded, on any thread.
    pub fn counter(&self) -> TokenCounter {
        match self {
            Self::Node(node) => node.embedder().counter.clone(),
            Self::Own(embedder) => {
                let embedder = embedder.lock().unwrap_or_else(|broken| broken.into_inner());
                embedder.token_counter()
            }
        }
    }

    /// Whether vectors can be had now.
    ///
    /// # Errors
    /// [`EmbeddingError::Failed`] when the pool has stopped.
    pub async fn check(&self) -> Result<(), EmbeddingError> {
        match self {
            Self::Node(node) if !node.is_pool_alive() => Err(EmbeddingError::Failed(
                "the inference pool has stopped".to_owned(),
            )),
            Self::Node(_) | Self::Own(_) => Ok(()),
        }
    }
}

impl From<PoolError> for EmbeddingError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Overloaded { retry_after_ms } => Self::Overloaded {
                retry_after: Duration::from_millis(retry_after_ms),
            },
            PoolError::Unavailable(_) => Self::Overloaded {
                retry_after: UNAVAILABLE_RETRY_AFTER,
            },
            PoolError::TooLong(reason) | PoolError::Refused(reason) | PoolError::Failed(reason) => {
                Self::Failed(reason)
            }
        }
    }
}

impl fmt::Debug for Embeddings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(_) => formatter.write_str("Node"),
            Self::Own(_) => formatter.write_str("Own"),
        }
    }
}
