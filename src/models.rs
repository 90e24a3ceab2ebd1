//! The models that the configuration names: how to load them, for the pool, for `seed` and for `doctor`.

use std::path::Path;
use std::sync::Arc;

use actors::{EmbedderFactory, EngineFactory};
use inference::{
    Dtype, Embedder, Engine, EngineOptions, HashedEmbedder, LoadError, ScriptedEngine,
    TorchEmbedder, TorchEngine,
};

use crate::config::{DataType, EngineKind, ModelsConfig};

/// Workers that write replies, each with a model of its own. One writes many replies at once, so more than one only helps
/// where a step leaves cores idle.
const ENGINE_WORKERS: usize = 1;

/// What the actors' pool works with.
pub fn models(config: &ModelsConfig) -> actors::Models {
    actors::Models {
        engine: engine_factory(config.clone()),
        embedder: embedder_factory(config.clone()),
        engine_workers: ENGINE_WORKERS,
    }
}

/// Loads the language model.
///
/// # Errors
/// A sentence that names the file and how to mend it.
pub fn load_engine(config: &ModelsConfig) -> Result<Box<dyn Engine>, String> {
    match config.engine {
        EngineKind::Scripted => Ok(Box::new(ScriptedEngine::new())),
        EngineKind::Torch => match TorchEngine::load(&config.model, &options(config)) {
            Ok(engine) => Ok(Box::new(engine)),
            Err(error) => Err(advice("TWIN_MODEL", &config.model, &error)),
        },
    }
}

/// Loads the embedding model.
///
/// # Errors
/// A sentence that names the file and how to mend it.
pub fn load_embedder(config: &ModelsConfig) -> Result<Box<dyn Embedder>, String> {
    match config.engine {
        EngineKind::Scripted => Ok(Box::new(HashedEmbedder::default())),
        EngineKind::Torch => match TorchEmbedder::load(&config.embedding_model, &options(config)) {
            Ok(embedder) => Ok(Box::new(embedder)),
            Err(error) => Err(advice(
                "TWIN_EMBEDDING_MODEL",
                &config.embedding_model,
                &error,
            )),
        },
    }
}

fn engine_factory(config: ModelsConfig) -> EngineFactory {
    Arc::new(move || load_engine(&config))
}

fn embedder_factory(config: ModelsConfig) -> EmbedderFactory {
    Arc::new(move || load_embedder(&config))
}

fn options(config: &ModelsConfig) -> EngineOptions {
    EngineOptions {
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
