//! The composition root: every part of a server, wired from sink to source, and its end.

mod housekeeping;
pub mod inference;
mod listener;
#[cfg(unix)]
mod service_manager;
mod welcome;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, Request};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, map_config};
use actix_web::dev::{AppConfig, Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::sleep;
use actix_web::{App, web};
use actors::{Node, NodeConfig};
use anyhow::Context;
use bus::{Bus, Events, Hub};
use prometheus::Registry;
use protocol::NodeId;
use tokio::sync::Semaphore;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;

use crate::attachments::Attachments;
use crate::auth::{AccessTokens, Accounts, AccountsParts, Passwords, RefreshKey, jwt_secret};
use crate::clock::Clock;
use crate::config::{BusConfig, Config, HttpConfig, Role};
use crate::delivery::{self, Delivery, DeliveryParts, Outbound, vapid_key};
use crate::embeddings::Embeddings;
use crate::http::limits::{
    ATTACHMENTS_AT_ONCE_MAX, EXPORTS_AT_ONCE_MAX, IMPORTS_AT_ONCE_MAX, UPLOADS_AT_ONCE_MAX,
};
use crate::http::{
    self, Edge, OPENAPI_PATH, RateLimits, ReadinessChecks, Routes, SETTINGS_PATH, WebClient,
    WebFiles, WritingPlaces,
};
use crate::ingest::{self, Ingest, IngestParts};
use crate::transport::Upgrading;
use crate::transport::route::{WEBSOCKET_PATH, WebSocketEdge, serve_upgrade, without_upgrade};
use crate::{ai_service, backup, database, file_store, models};

/// Connections of each worker beyond its share of the limit: a full server must still answer probes and refusals.
const SPARE_CONNECTIONS: usize = 256;

/// How long a stop waits for requests in progress after the connections of clients have gone.
const REQUESTS_GRACE: Duration = Duration::from_secs(5);

/// How long a connection that was made just before the end may still bring its request: a proxy has chosen this server
/// already, and may not repeat at another what may have been done.
const FIRST_REQUEST_GRACE: Duration = Duration::from_millis(500);

/// How a server is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrations {
    /// An embedded database is migrated; a shared one must be up to date.
    EmbeddedOnly,
    /// Every database is migrated.
    Always,
}

/// A running server.
pub struct Running {
    address: SocketAddr,
    node: Node,
    edge: web::Data<Edge>,
    handle: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    housekeeping: Vec<JoinHandle<()>>,
    drain: Duration,
}

/// Starts a server; must be called inside an actix system.
///
/// # Errors
/// Says in one sentence what is missing or wrong, and how to mend it.
pub async fn start(config: &Config, migrations: Migrations) -> anyhow::Result<Running> {
    let listener = listener::bind(&config.http)?;
    let address = listener.local_addr()?;

    let storage = database::open(config).await?;
    let migrate_shared = migrations == Migrations::Always;
    database::prepare_schema(&storage, &config.database, migrate_shared).await?;
    let files = file_store::open(config).await?;

    let clock = Clock::System;
    let secret = jwt_secret(config)?;
    let access_tokens = AccessTokens::new(
        &secret,
        &config.app_name,
        config.accounts.access_token_lifetime,
    );
    let accounts = Accounts::new(AccountsParts {
        storage: storage.clone(),
        passwords: Passwords::new()?,
        access_tokens: access_tokens.clone(),
        refresh_key: RefreshKey::new(&secret),
        refresh_lifetime: config.accounts.refresh_token_lifetime,
        clock: clock.clone(),
    });

    let node_id = NodeId::new();
    let (bus, events) = open_bus(config, node_id)?;
    let node = Node::start(
        node_config(config, node_id),
        storage.clone(),
        bus.clone(),
        events,
        models::models(config).await.map_err(anyhow::Error::msg)?,
        Arc::new(access_tokens),
    )
    .await?;

    let delivery = Delivery::new(DeliveryParts {
        storage: storage.clone(),
        clock: clock.clone(),
        outbound: Outbound::new(config.delivery.private_addresses),
        vapid: vapid_key(config)?,
        gap: config.delivery.gap,
    });
    let embeddings = Embeddings::Node(node.clone());
    let ingest = Ingest::new(IngestParts {
        storage: storage.clone(),
        files: files.clone(),
        embeddings: embeddings.clone(),
        clock: clock.clone(),
        documents_max: config.limits.documents_max,
        extractor: config.program.clone(),
    });
    let attachments = Attachments::new(
        storage.clone(),
        files.clone(),
        clock.clone(),
        config.limits.unsent,
    );
    let edge = web::Data::new(Edge {
        accounts,
        readiness: ReadinessChecks::new(storage.clone(), files, bus, embeddings.clone()),
        storage,
        ingest,
        attachments,
        delivery,
        node: node.clone(),
        trusted_proxies: config.http.trusted_proxies.clone(),
        rate_limits: RateLimits::new(&config.limits),
        limits: config.limits.clone(),
        writing_places: WritingPlaces::new(config.limits.api_writing_max),
        started_at: clock.now_ms(),
        audit_kept: config.accounts.audit_kept,
        database: database::describe(&config.database),
        bus: config.bus.to_string(),
        clock,
        uploads: Arc::new(Semaphore::new(UPLOADS_AT_ONCE_MAX)),
        receiving: Arc::new(Semaphore::new(ATTACHMENTS_AT_ONCE_MAX)),
        exports: Arc::new(Semaphore::new(EXPORTS_AT_ONCE_MAX)),
        imports: Arc::new(Semaphore::new(IMPORTS_AT_ONCE_MAX)),
        spool_folder: config.data_dir.clone(),
    });
    let server = server(config, listener, &node, &edge)?;
    let handle = server.handle();
    Ok(Running {
        address,
        node,
        housekeeping: housekeeping::start(&edge),
        edge,
        handle,
        serving: actix_web::rt::spawn(server),
        drain: config.drain,
    })
}

/// Serves until a signal comes, then drains.
///
/// # Errors
/// Those of [`start`].
pub async fn run(config: &Config, migrations: Migrations) -> anyhow::Result<()> {
    // From here on a signal is never lost: one that comes while the parts start stops them once they stand.
    let mut signals = Signals::new()?;
    if config.role == Role::Inference {
        let running = inference::start(config).await?;
        welcome::print_models(config, running.address(), running.model());
        signals.wait(running.address()).await;
        signals.stopped(running.stop()).await;
        return Ok(());
    }
    let running = start(config, migrations).await?;
    welcome::print(config, &running).await;
    signals.wait(running.address).await;
    signals.stopped(running.stop()).await;
    Ok(())
}

/// Where a client on this machine finds the server of these settings.
///
/// # Errors
/// When the settings name no address of this machine.
pub fn url(http: &HttpConfig) -> anyhow::Result<String> {
    Ok(welcome::url(listener::resolve(http)?))
}

impl Running {
    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The actors.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The HTTP edge.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Says that it is not ready, sends every client elsewhere, lets what is in progress end, and stops.
    pub async fn stop(self) {
        self.edge.readiness.drain();
        self.node.drain(self.drain).await;
        self.edge.ingest.hand_over().await;
        for task in &self.housekeeping {
            task.abort();
        }
        self.handle.stop(true).await;
        if let Ok(Err(error)) = self.serving.await {
            tracing::error!(%error, "the server ended badly");
        }
        // What was asked for while the others went is nobody's now, and may still be on its way to the log.
        self.edge.storage.stop_appending().await;
        self.node.release_replies().await;
        self.edge.storage.close().await;
        self.node.stop();
    }
}

fn server(
    config: &Config,
    listener: std::net::TcpListener,
    node: &Node,
    edge: &web::Data<Edge>,
) -> anyhow::Result<Server> {
    let registry = web::Data::new(registry()?);
    let sockets = WebSocketEdge {
        origins: config.http.cors_origins.clone(),
        connections_max: config.http.connections_max as u64,
    };
    let description = web::Data::new(describe());
    let undescribed = [OPENAPI_PATH, WEBSOCKET_PATH, SETTINGS_PATH];
    let described = Routes::new(&description, &undescribed);
    let described = web::Data::new(described);
    let web_client = web::Data::new(web_client(config)?);
    let origins = config.http.cors_origins.clone();
    let (edge, node) = (edge.clone(), node.clone());
    let app = move || {
        let (app, _) = App::new()
            .into_utoipa_app()
            .app_data(edge.clone())
            .app_data(registry.clone())
            .app_data(description.clone())
            .app_data(described.clone())
            .app_data(web_client.clone())
            .configure(http::routes)
            .split_for_parts();
        app.configure(http::readers)
            .route(WEBSOCKET_PATH, web::get().to(without_upgrade))
            .route(SETTINGS_PATH, web::get().to(http::settings))
            .default_service(web::to(http::serve))
            .wrap(http::cors(&origins))
            .wrap(from_fn(http::observe))
    };
    let workers = config.http.workers;
    let builder = Server::build()
        .workers(workers)
        .max_concurrent_connections(
            config.http.connections_max.div_ceil(workers) + SPARE_CONNECTIONS,
        )
        // Signals are handled above, where clients are told before their connections go.
        .disable_signals()
        .shutdown_timeout(REQUESTS_GRACE.as_secs());
    let stopping = builder.graceful_shutdown_signal();
    let server = builder.listen("digital-twin", listener, move || {
        let (sockets, worker) = (sockets.clone(), node.worker());
        let stopping = stopping.clone();
        let app = app().into_factory().map_err(|error| error.error_response());
        HttpService::build()
            .tcp_nodelay(true)
            // Any other small value leaves a connection open after its last answer.
            .client_disconnect_timeout(Duration::ZERO)
            // Who closes their side wants no answer any more: what is written for them stops at once.
            .h1_allow_half_closed(false)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move {
                    stopping.notified().await;
                    sleep(FIRST_REQUEST_GRACE).await;
                }
            })
            .on_connect_ext(|connection: &TcpStream, _| listener::prepare(connection))
            .upgrade(move |(request, socket): (Request, Upgrading)| {
                let (sockets, worker) = (sockets.clone(), worker.clone());
                async move {
                    let served = serve_upgrade(request, socket, &sockets, &worker).await;
                    served.map_err(actix_web::Error::from)
                }
            })
            .finish(map_config(app, |()| AppConfig::default()))
            .tcp()
    })?;
    Ok(server.run())
}

/// The description of the API, with the routes as they are registered.
pub fn describe() -> OpenApi {
    let (_, description) = App::new()
        .into_utoipa_app()
        .openapi(http::description())
        .configure(http::routes)
        .split_for_parts();
    description
}

fn web_client(config: &Config) -> anyhow::Result<WebClient> {
    let folder = &config.http.web_dir;
    let files = match folder.is_dir() {
        true => Some(WebFiles::read(folder).with_context(|| {
            let folder = folder.display();
            format!("the browser client in {folder} cannot be served; name another folder with --web-dir or TWIN_WEB_DIR")
        })?),
        false => {
            tracing::info!(folder = %folder.display(), "there is no browser client to serve");
            None
        }
    };
    Ok(WebClient {
        files,
        environment: config.environment,
    })
}

fn open_bus(config: &Config, node: NodeId) -> anyhow::Result<(Bus, Events)> {
    match &config.bus {
        BusConfig::InProcess => Ok(Bus::in_process(&Hub::new(), node)),
        BusConfig::Redis(redis) => Ok(Bus::redis(redis, node, &config.bus_name())?),
    }
}

fn node_config(config: &Config, node: NodeId) -> NodeConfig {
    NodeConfig {
        heartbeat: config.http.heartbeat,
        notify_after: config.delivery.after,
        sends_per_minute: config.limits.sends_per_minute,
        broadcasts: config.limits.broadcasts_per_user.as_governor(),
        reply_tokens_max: config.models.reply_tokens_max,
        chain_hops_max: config.models.chain_hops_max,
        chain_replies_max: config.models.chain_replies_max,
        chain_tokens_max: config.models.chain_tokens_max,
        ..NodeConfig::new(node)
    }
}

fn registry() -> anyhow::Result<Registry> {
    let registry = Registry::new();
    http::metrics::register(&registry)?;
    delivery::metrics::register(&registry)?;
    ingest::metrics::register(&registry)?;
    backup::metrics::register(&registry)?;
    ai_service::metrics::register(&registry)?;
    actors::metrics::register(&registry)?;
    bus::metrics::register(&registry)?;
    storage::metrics::register(&registry)?;
    #[cfg(target_os = "linux")]
    {
        let process = prometheus::process_collector::ProcessCollector::for_self();
        registry.register(Box::new(process))?;
    }
    Ok(registry)
}

/// The signals that stop a server.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    #[cfg(not(unix))]
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Says that the process serves, until a signal comes.
    async fn wait(&mut self, address: SocketAddr) {
        tracing::info!(%address, "serving");
        #[cfg(unix)]
        service_manager::serving();
        let name = self.next().await;
        #[cfg(unix)]
        service_manager::stopping();
        tracing::info!(signal = name, "stopping; a second signal stops at once");
    }

    /// Waits for the end, unless another signal comes before it.
    async fn stopped(&mut self, end: impl Future<Output = ()>) {
        tokio::select! {
            () = end => tracing::info!("stopped"),
            name = self.next() => {
                tracing::warn!(signal = name, "stopping at once");
                std::process::exit(1);
            }
        }
    }

    #[cfg(unix)]
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> &'static str {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            Err(_) => "no signals",
        }
    }
}
