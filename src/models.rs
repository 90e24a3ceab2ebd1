//! The models that the configuration names: how to load them, for the pool, for `seed` and for `doctor`.

use std::path::Path;
use std::sync::Arc;

use actors::{EmbedderFactory, EngineFactory};
use inference::{
    Device, DevicesFound, Dtype, Embedder, Engine, EngineOptions, HashedEmbedder, LoadError,
    ScriptedEngine, TorchEmbedder, TorchEngine,
};

use crate::config::{DataType, EngineKind, ModelsConfig};

/// What the actors' pool works with.
///
/// # Errors
/// Why the devices that were asked for cannot be had.
pub fn models(config: &ModelsConfig) -> Result<actors::Models, String> {
    let found = find_devices(config)?;
    if let Some(reason) = found.why_not_cuda {
        tracing::info!(reason, "models compute on the processor");
    }
    let devices = found.devices;
    Ok(actors::Models {
        engine_workers: config.engines.unwrap_or(devices.len()),
        engine: engine_factory(config.clone(), devices.clone()),
        embedder: embedder_factory(config.clone(), devices[0]),
    })
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
