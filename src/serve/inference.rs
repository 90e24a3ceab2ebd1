//! A server of role inference: models for other nodes, and nothing of people.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpServer, web};
use actors::ModelPool;

use super::{REQUESTS_GRACE, SPARE_CONNECTIONS, listener, registry};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::{self, ModelService, ServiceKey};
use crate::models;

/// A running server.
pub struct RunningModels {
    address: SocketAddr,
    service: web::Data<ModelService>,
    handle: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
}

/// Starts a server; must be called inside an actix system.
///
/// # Errors
/// Says in one sentence what is missing or wrong, and how to mend it.
pub async fn start(config: &Config) -> anyhow::Result<RunningModels> {
    let listener = listener::bind(&config.http)?;
    let address = listener.local_addr()?;
    let models = models::models(config).await.map_err(anyhow::Error::msg)?;
    let pool = ModelPool::start(models).await?;
    let key = config.services.key.as_ref().map(ServiceKey::new);
    let service = ModelService::new(pool, key.transpose()?, Clock::System);
    let service = web::Data::new(service.map_err(anyhow::Error::msg)?);
    let registry = web::Data::new(registry()?);
    let data = service.clone();
    let workers = config.http.workers;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(registry.clone())
            .configure(http::readers)
            .configure(http::service_routes)
            .wrap(from_fn(http::observe))
    })
    .workers(workers)
    .max_connections(config.http.connections_max.div_ceil(workers) + SPARE_CONNECTIONS)
    .tcp_nodelay(true)
    // Any other small value leaves a connection open after its last answer.
    .client_disconnect_timeout(Duration::ZERO)
    // Who closes their side wants no answer any more: what is written for them stops at once.
    .h1_allow_half_closed(false)
    .disable_signals()
    // Replies that are written may end; what has not then is gone on with by another.
    .shutdown_timeout((config.drain + REQUESTS_GRACE).as_secs())
    .on_connect(|connection, _| listener::prepare(connection))
    .listen(listener)?
    .run();
    Ok(RunningModels {
        address,
        service,
        handle: server.handle(),
        serving: actix_web::rt::spawn(server),
    })
}

impl RunningModels {
    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The language model.
    pub fn model(&self) -> &inference::ModelInfo {
        &self.service.pool().engine().model
    }

    /// Serves nobody anew, lets what is written end, and stops.
    pub async fn stop(self) {
        self.service.stop_serving();
        self.handle.stop(true).await;
        if let Ok(Err(error)) = self.serving.await {
            tracing::error!(%error, "the server ended badly");
        }
        self.service.pool().stop();
    }
}
