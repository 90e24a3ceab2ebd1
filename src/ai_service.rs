//! Inference services: models that other processes compute, behind the seams of our own engines and embedders.
//!
//! ```text
//! cluster         the services that a setting names: which model they have, and which one is asked next
//!   health          asks each how it is, every few seconds or seldom
//!   service         one of them: its health, what it has to do, what it has to forget
//!   routing         which one for which twin                                          (pure)
//! remote_engine   replies, behind `inference::Engine`
//!   writing         one reply: on another service where one fails, from where it stands
//!   attempt         one request and the stream that answers it
//!   event_stream    bytes -> server-sent events, within limits                        (pure)
//! remote_embedder vectors, behind `inference::Embedder`
//! calls           HTTP with TLS, connections that are kept, and limits
//! dialect         what goes over the wire, and what nodes of role inference understand beyond OpenAI's dialect
//! ```
//!
//! **Invariant**: what another server says is never trusted: every wait, line, answer and number has a limit, and no text of a prompt
//! comes into an error or the log.

pub(crate) mod dialect;
pub mod metrics;

mod cluster;
mod health;
mod service;

mod routing;

mod remote_engine;

mod writing;

mod attempt;

mod event_stream;

mod remote_embedder;

mod calls;
mod limits;

pub use limits::START_WITHIN;

use std::sync::Arc;
use std::time::Duration;

use inference::{Embedder, Engine};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::config::ServicesConfig;
use cluster::{Cluster, ClusterParts, Purpose};
use remote_embedder::RemoteEmbedder;
use remote_engine::RemoteEngine;

/// The services of a configuration; clones share them.
#[derive(Clone)]
pub struct AiServices {
    writing: Option<Arc<Cluster>>,
    embedding: Option<Arc<Cluster>>,
    network: Arc<Network>,
}

impl AiServices {
    /// Finds out what the services are that the settings name, if they name any. Waits so long for the first of them.
    ///
    /// # Errors
    /// Names each service and why it is of no use.
    pub async fn connect(
        config: &ServicesConfig,
        within: Duration,
    ) -> Result<Option<Self>, String> {
        if config.urls.is_empty() && config.embedding_urls.is_empty() {
            return Ok(None);
        }
        let network = Arc::new(Network::new()?);
        let embeds_elsewhere = !config.embedding_urls.is_empty();
        let writing = Purpose {
            writes: true,
            embeds: !embeds_elsewhere,
        };
        let embedding = Purpose {
            writes: false,
            embeds: true,
        };
        let parts = |setting, urls: &[String], purpose| ClusterParts {
            setting,
            urls: urls.to_vec(),
            purpose,
            config: config.clone(),
            within,
        };
        let writing = parts("AI_SERVICE_URL", &config.urls, writing);
        let writing = cluster(writing, &network).await?;
        let embedding = parts("VECTOR_DB_URL", &config.embedding_urls, embedding);
        let embedding = match embeds_elsewhere {
            true => cluster(embedding, &network).await?,
            false => writing
                .clone()
                .filter(|cluster| cluster.embedding().is_some()),
        };
        Ok(Some(Self {
            writing,
            embedding,
            network,
        }))
    }

    /// Whether they write.
    pub fn writes(&self) -> bool {
        self.writing.is_some()
    }

    /// Whether they embed.
    pub fn embeds(&self) -> bool {
        self.embedding.is_some()
    }

    /// An engine that they are, if they write.
    pub fn engine(&self) -> Option<Box<dyn Engine>> {
        let cluster = self.writing.clone()?;
        Some(Box::new(RemoteEngine::new(cluster, self.network.clone())))
    }

    /// An embedder that they are, if they embed.
    pub fn embedder(&self) -> Option<Box<dyn Embedder>> {
        let cluster = self.embedding.clone()?;
        let embedder = RemoteEmbedder::new(cluster, self.network.clone())?;
        Some(Box::new(embedder))
    }
}

async fn cluster(parts: ClusterParts, network: &Network) -> Result<Option<Arc<Cluster>>, String> {
    if parts.urls.is_empty() {
        return Ok(None);
    }
    let connecting = network.handle().spawn(Cluster::connect(parts));
    let connected = connecting.await.map_err(|error| error.to_string())?;
    connected.map(Some)
}

/// The thread that talks with the services: neither a web worker's, which serve people, nor an engine's.
struct Network(Option<Runtime>);

impl Network {
    fn new() -> Result<Self, String> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("ai-service")
            .enable_all()
            .build();
        runtime
            .map(|runtime| Self(Some(runtime)))
            .map_err(|error| format!("the thread of inference services: {error}"))
    }

    fn handle(&self) -> &Handle {
        let runtime = self.0.as_ref().expect("it is there until it is dropped");
        runtime.handle()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Waiting for its tasks would block whichever thread was the last to need it.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
