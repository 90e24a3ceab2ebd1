//! The models that the configuration names: how to load them, for the pool, for `seed` and for `doctor`.

use std::path::Path;
use std::sync::Arc;

use actors::{EmbedderFactory, EngineFactory};
use inference::{
    Device, DevicesFound, Dtype, Embedder, Engine, EngineOptions, HashedEmbedder, LoadError,
    ScriptedEngine, TorchEmbedder, TorchEngine,
};

use crate::ai_service::{AiServices, START_WITHIN};
use crate::config::{Config, DataType, EngineKind, ModelsConfig, Role};

/// What the actors' pool works with: the models of this process, or those of the services that the settings name.
///
/// # Errors
/// Why the devices that were asked for cannot be had, or no service.
pub async fn models(config: &Config) -> Result<actors::Models, String> {
    let services = remote(config).await?;
    let writes = services.as_ref().is_some_and(AiServices::writes);
    let embeds = services.as_ref().is_some_and(AiServices::embeds);
    let own = match writes && embeds {
        true => None,
        false => Some(devices(&config.models)?),
    };
    let engine_workers = match (&own, writes) {
        (Some(devices), false) => config.models.engines.unwrap_or(devices.len()),
        // One talks with all services.
        _ => 1,
    };
    let engine = match (&services, &own, writes) {
        (Some(services), _, true) => remote_engine_factory(services.clone()),
        (_, Some(devices), _) => engine_factory(config.models.clone(), devices.clone()),
        _ => unreachable!("devices are looked for where services do not write"),
    };
    let embedder = match (&services, &own, embeds) {
        (Some(services), _, true) => remote_embedder_factory(services.clone()),
        (_, Some(devices), _) => embedder_factory(config.models.clone(), devices[0]),
        _ => unreachable!("devices are looked for where services do not embed"),
    };
    Ok(actors::Models {
        engine_workers,
        engine,
        embedder,
    })
}

/// The services that the settings name, if this process uses any. One of role chat has no models of its own, so that they must do
/// everything.
///
/// # Errors
/// Names each service and why it is of no use.
pub async fn remote(config: &Config) -> Result<Option<AiServices>, String> {
    if config.role == Role::Inference {
        return Ok(None);
    }
    let services = AiServices::connect(&config.services, START_WITHIN).await?;
    let embeds = services.as_ref().is_some_and(AiServices::embeds);
    match config.role == Role::Chat && !embeds {
        true => Err(
            "AI_SERVICE_URL names services without an embedding model: name it with TWIN_SERVICE_EMBEDDING_MODEL, or services that embed with VECTOR_DB_URL"
                .to_owned(),
        ),
        false => Ok(services),
    }
}

/// An embedder that nobody else uses, for commands that run without a server.
///
/// # Errors
/// Why there is none.
pub async fn own_embedder(config: &Config) -> Result<Box<dyn Embedder>, String> {
    let services = remote(config).await?;
    match services.and_then(|services| services.embedder()) {
        Some(embedder) => Ok(embedder),
        None => load_embedder(&config.models, devices(&config.models)?[0]),
    }
}

/// An engine that nobody else uses, for commands that run without a server.
///
/// # Errors
/// Why there is none.
pub async fn own_engine(config: &Config) -> Result<Box<dyn Engine>, String> {
    let services = remote(config).await?;
    match services.and_then(|services| services.engine()) {
        Some(engine) => Ok(engine),
        None => load_engine(&config.models, devices(&config.models)?[0]),
    }
}

fn devices(config: &ModelsConfig) -> Result<Vec<Device>, String> {
    let found = find_devices(config)?;
    if let Some(reason) = found.why_not_cuda {
        tracing::info!(reason, "models compute on the processor");
    }
    Ok(found.devices)
}

fn remote_engine_factory(services: AiServices) -> EngineFactory {
    let gone = || "the services do not write any more".to_owned();
    Arc::new(move |_| services.engine().ok_or_else(gone))
}

fn remote_embedder_factory(services: AiServices) -> EmbedderFactory {
    let gone = || "the services do not embed any more".to_owned();
    Arc::new(move || services.embedder().ok_or_else(gone))
}

/// Looks for the devices that are configured; must come before anything else that computes.
///
/// # Errors
/// Why they cannot be had.
pub fn find_devices(config: &ModelsConfig) -> Result<DevicesFound, String> {
    match config.engine {
        EngineKind::Scripted => Ok(DevicesFound {
            devices: vec![Device::Cpu],
            why_not_cuda: None,
        }),
        EngineKind::Torch => DevicesFound::look(&config.devices, config.cuda_library.as_deref())
            .map_err(|reason| format!("{reason} (TWIN_DEVICE)")),
    }
}

/// Loads the language model.
///
/// # Errors
/// A sentence that names the file and how to mend it.
pub fn load_engine(config: &ModelsConfig, device: Device) -> Result<Box<dyn Engine>, String> {
    match config.engine {
        EngineKind::Scripted => Ok(Box::new(ScriptedEngine::new())),
        EngineKind::Torch => match TorchEngine::load(&config.model, &options(config, device)) {
            Ok(engine) => Ok(Box::new(engine)),
            Err(error) => Err(advice("TWIN_MODEL", &config.model, &error)),
        },
    }
}

/// Loads the embedding model.
///
/// # Errors
/// A sentence that names the file and how to mend it.
pub fn load_embedder(config: &ModelsConfig, device: Device) -> Result<Box<dyn Embedder>, String> {
    match config.engine {
        EngineKind::Scripted => Ok(Box::new(HashedEmbedder::default())),
        EngineKind::Torch => {
            match TorchEmbedder::load(&config.embedding_model, &options(config, device)) {
                Ok(embedder) => Ok(Box::new(embedder)),
                Err(error) => Err(advice(
                    "TWIN_EMBEDDING_MODEL",
                    &config.embedding_model,
                    &error,
                )),
            }
        }
    }
}

/// The workers share the devices evenly.
fn engine_factory(config: ModelsConfig, devices: Vec<Device>) -> EngineFactory {
    Arc::new(move |worker| load_engine(&config, devices[worker % devices.len()]))
}

fn embedder_factory(config: ModelsConfig, device: Device) -> EmbedderFactory {
    Arc::new(move || load_embedder(&config, device))
}

fn options(config: &ModelsConfig, device: Device) -> EngineOptions {
    EngineOptions {
        device,
        dtype: match config.data_type {
            DataType::Auto => Dtype::Auto,
            DataType::F32 => Dtype::F32,
            DataType::Bf16 => Dtype::Bf16,
        },
        threads: config.threads,
        running_max: config.running_max,
        cache_bytes_max: config.cache_bytes_max,
        deterministic: config.deterministic,
        ..EngineOptions::default()
    }
}

fn advice(setting: &str, path: &Path, error: &LoadError) -> String {
    let mend = match path.starts_with(".cache/models") {
        true => {
            "`make setup` fetches the default models; run digital-twin in the folder that has .cache"
        }
        false => "check the path",
    };
    format!("{error} ({setting}; {mend})")
}
