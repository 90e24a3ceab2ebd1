//! What `digital-twin doctor` looks at, and how each thing that is wrong is mended.

use std::fmt::Display;
use std::future::Future;
use std::net::TcpListener;
use std::time::Duration;

use bus::{Bus, Hub};
use inference::Device;
use protocol::NodeId;
use secrecy::ExposeSecret;
use serde::Serialize;
use storage::{Database, FileStore, Files, Storage};

use crate::ai_service::AiServices;
use crate::clock::Clock;
use crate::config::{
    BusConfig, Config, EngineKind, ModelsConfig, Role, SAMPLE_SECRETS, SECRET_BYTES_MIN, Sources,
};
use crate::{auth, database, file_store, models};

/// How long one thing may take to answer; a model on a slow disk takes the longest.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long an inference service may take to say what it is.
const SERVICES_PATIENCE: Duration = Duration::from_secs(5);

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// How old the newest verified backup may be, as the alert has it: one a night, and two hours for it.
const BACKUP_HOURS_MAX: i64 = 26;

/// What was found about one thing.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    name: &'static str,
    /// Whether it is as it should be.
    ok: bool,
    /// What was found.
    found: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Finding {
    /// Whether nothing needs mending.
    pub fn is_fine(&self) -> bool {
        self.ok
    }

    fn fine(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            ok: true,
            found: found.into(),
            mend: None,
        }
    }

    fn wrong(name: &'static str, found: impl Display, mend: impl Into<String>) -> Self {
        Self {
            name,
            ok: false,
            found: found.to_string(),
            mend: Some(mend.into()),
        }
    }
}

/// Looks at everything that a server needs; changes nothing but the data folder, which it makes.
pub async fn examine(sources: &Sources) -> Vec<Finding> {
    let config = match Config::resolve(sources) {
        Ok(config) => config,
        Err(error) => {
            let mend = "correct these settings; `digital-twin config --help` says what each may be";
            return vec![Finding::wrong("settings", error, mend)];
        }
    };
    let mut findings = vec![settings(&config)];
    if config.role == Role::Inference {
        findings.extend(examine_models(&config).await);
        findings.push(port(&config));
        return findings;
    }
    findings.push(secret(&config));
    findings.extend(examine_models(&config).await);
    findings.extend(examine_database(&config).await);
    findings.push(patiently("bus", examine_bus(&config)).await);
    findings.push(patiently("files", examine_files(&config.files)).await);
    findings.push(port(&config));
    findings
}

/// One line for each finding, and one more for how to mend it.
pub fn as_text(findings: &[Finding]) -> String {
    let mut lines = Vec::new();
    for finding in findings {
        let sign = if finding.ok { '✓' } else { '✗' };
        let found = finding.found.replace('\n', "\n    ");
        lines.push(format!("{sign} {}: {found}", finding.name));
        lines.extend(finding.mend.iter().map(|mend| format!("    → {mend}")));
    }
    lines.join("\n")
}

/// The findings as a JSON list.
pub fn as_json(findings: &[Finding]) -> String {
    serde_json::to_string_pretty(findings).expect("texts serialise")
}

fn settings(config: &Config) -> Finding {
    match config.warnings.is_empty() {
        true => Finding::fine("settings", "well-formed and allowed"),
        false => Finding::wrong(
            "settings",
            config.warnings.join("\n"),
            "correct or remove these; the server starts all the same",
        ),
    }
}

fn secret(config: &Config) -> Finding {
    const NAME: &str = "secret of log-ins";
    let secret = match auth::jwt_secret(config) {
        Ok(secret) => secret,
        Err(error) => {
            return Finding::wrong(
                NAME,
                error,
                "set JWT_SECRET, or a DATA_DIR that can be written",
            );
        }
    };
    let text = secret.expose_secret();
    let mend = "set JWT_SECRET to the output of `openssl rand -base64 48`";
    if SAMPLE_SECRETS.contains(&text) {
        return Finding::wrong(NAME, "it is the sample of the documentation", mend);
    }
    match text.len() {
        bytes if bytes < SECRET_BYTES_MIN => Finding::wrong(
            NAME,
            format!("it has {bytes} bytes of at least {SECRET_BYTES_MIN}"),
            mend,
        ),
        bytes => Finding::fine(
            NAME,
            format!("{bytes} bytes, from: {}", config.origin("JWT_SECRET")),
        ),
    }
}

async fn examine_models(config: &Config) -> Vec<Finding> {
    match examine_services(config).await {
        Some((services, true)) => vec![services],
        Some((services, false)) => {
            let mut findings = vec![services];
            findings.extend(examine_own_models(config).await);
            findings
        }
        None => examine_own_models(config).await,
    }
}

/// Whether the inference services that the settings name can be asked, if they name any, and whether they are all the models that
/// there need be.
async fn examine_services(config: &Config) -> Option<(Finding, bool)> {
    const NAME: &str = "inference services";
    if config.role == Role::Inference {
        return None;
    }
    match AiServices::connect(&config.services, SERVICES_PATIENCE).await {
        Ok(services) => {
            let services = services?;
            let engine = services.engine();
            let embedder = services.embedder();
            let found = [
                engine.map(|engine| {
                    let model = engine.model();
                    format!(
                        "{} ({} tokens of context)",
                        model.name, model.context_tokens
                    )
                }),
                embedder.map(|embedder| {
                    format!("{} ({} dimensions)", embedder.name(), embedder.dimensions())
                }),
            ];
            let found: Vec<String> = found.into_iter().flatten().collect();
            let is_all = config.role == Role::Chat || found.len() == 2;
            Some((Finding::fine(NAME, found.join(", ")), is_all))
        }
        Err(reason) => {
            let mend = "check AI_SERVICE_URL, VECTOR_DB_URL and AI_SERVICE_KEY, and that they run";
            Some((Finding::wrong(NAME, reason, mend), true))
        }
    }
}

async fn examine_own_models(config: &Config) -> Vec<Finding> {
    if config.models.engine == EngineKind::Scripted {
        return vec![Finding::fine("models", "scripted: no model is needed")];
    }
    // Before anything computes: libtorch looks once whether it has CUDA.
    let (devices, device) = examine_devices(&config.models);
    let mut findings = vec![devices];
    findings.extend([
        patiently("libtorch", blocking("libtorch", examine_libtorch)).await,
        patiently("language model", {
            let models = config.models.clone();
            blocking("language model", move || {
                match models::load_engine(&models, device) {
                    Ok(engine) => {
                        let about = engine.model();
                        let found = format!(
                            "{} ({}, {}, {} tokens of context)",
                            about.name, about.architecture, about.forward, about.context_tokens
                        );
                        Finding::fine("language model", found)
                    }
                    Err(reason) => Finding::wrong(
                        "language model",
                        reason,
                        "set TWIN_MODEL or run `make setup`",
                    ),
                }
            })
        })
        .await,
        patiently("embedding model", {
            let models = config.models.clone();
            blocking("embedding model", move || {
                match models::load_embedder(&models, device) {
                    Ok(embedder) => {
                        let found =
                            format!("{} ({} dimensions)", embedder.name(), embedder.dimensions());
                        Finding::fine("embedding model", found)
                    }
                    Err(reason) => Finding::wrong(
                        "embedding model",
                        reason,
                        "set TWIN_EMBEDDING_MODEL or run `make setup`",
                    ),
                }
            })
        })
        .await,
    ]);
    findings
}

/// Which devices are used, and the first of them; the processor where those that are configured cannot be had.
fn examine_devices(models: &ModelsConfig) -> (Finding, Device) {
    const NAME: &str = "devices";
    match models::find_devices(models) {
        Ok(found) => {
            let names: Vec<String> = found.devices.iter().map(Device::to_string).collect();
            let mut text = names.join(", ");
            if let Some(reason) = found.why_not_cuda {
                text.push_str(&format!(" (no CUDA: {reason})"));
            }
            (Finding::fine(NAME, text), found.devices[0])
        }
        Err(reason) => {
            let mend = "set TWIN_DEVICE to auto or cpu, or TWIN_CUDA_LIBRARY to libtorch_cuda.so; README.md tells where it comes from";
            (Finding::wrong(NAME, reason, mend), Device::Cpu)
        }
    }
}

fn examine_libtorch() -> Finding {
    match inference::check_libtorch() {
        Ok(found) => Finding::fine("libtorch", found),
        Err(error) => Finding::wrong(
            "libtorch",
            error,
            "run `make setup`, which unpacks it anew if it is damaged",
        ),
    }
}

async fn examine_database(config: &Config) -> Vec<Finding> {
    let name = match config.database {
        Database::Sqlite { .. } => "database (SQLite)",
        Database::Postgres { .. } => "database (PostgreSQL)",
    };
    let mend = match config.database {
        Database::Sqlite { .. } => "choose a folder that can be written with DATA_DIR",
        Database::Postgres { .. } => {
            "check DB_HOST, DB_PORT, DB_USER, DB_PASSWORD and DB_NAME, and that it runs"
        }
    };
    let storage = match tokio::time::timeout(PATIENCE, database::open(config)).await {
        Ok(Ok(storage)) => storage,
        Ok(Err(error)) => return vec![Finding::wrong(name, format!("{error:#}"), mend)],
        Err(_) => return vec![Finding::wrong(name, "no answer in time", mend)],
    };
    let schema = match storage.migration_status().await {
        Ok(status) if status.pending.is_empty() => Finding::fine(
            "schema",
            format!("up to date, {} migrations", status.applied.len()),
        ),
        Ok(status) => {
            let found = format!("lacks {}", status.pending.join(", "));
            Finding::wrong("schema", found, "run `digital-twin migrate`")
        }
        Err(error) => Finding::wrong("schema", error, mend),
    };
    let backups = examine_backups(config, &storage).await;
    storage.close().await;
    vec![
        Finding::fine(name, database::describe(&config.database)),
        schema,
        backups,
    ]
}

/// Whether there is a backup that would bring back what was said; only production must have one.
async fn examine_backups(config: &Config, storage: &Storage) -> Finding {
    const NAME: &str = "backups";
    let backups = match storage.backups().await {
        Ok(backups) => backups,
        // What is the matter stands beside the schema.
        Err(error) => return Finding::fine(NAME, format!("unknown: {error}")),
    };
    let verified = backups.iter().find(|backup| backup.verified_at.is_some());
    let hours = verified.map(|backup| (Clock::System.now_ms() - backup.taken_at) / HOUR_MS);
    let found = match hours {
        Some(hours) => format!("the newest that was seen to restore is {hours} hours old"),
        None => "there is none that was seen to restore".to_owned(),
    };
    let is_recent = hours.is_some_and(|hours| hours <= BACKUP_HOURS_MAX);
    match is_recent || !config.is_production() {
        true => Finding::fine(NAME, found),
        false => Finding::wrong(
            NAME,
            found,
            "run `digital-twin backup --verify` each night; docs/BACKUP.md tells how",
        ),
    }
}

async fn examine_bus(config: &Config) -> Finding {
    let node = NodeId::new();
    let opened = match &config.bus {
        BusConfig::InProcess => Ok(Bus::in_process(&Hub::new(), node)),
        BusConfig::Redis(redis) => Bus::redis(redis, node, &config.bus_name()),
    };
    let answer = match &opened {
        Ok((bus, _)) => bus.ping().await,
        Err(error) => Err(error.clone()),
    };
    match answer {
        Ok(()) => Finding::fine("bus", config.bus.to_string()),
        Err(error) => {
            let mend = "check REDIS_HOST, REDIS_PORT and REDIS_PASSWORD, and that it runs";
            Finding::wrong("bus", error, mend)
        }
    }
}

async fn examine_files(store: &FileStore) -> Finding {
    match Files::open(store).await {
        Ok(_) => Finding::fine("files", format!("{store} can be written")),
        Err(error) => Finding::wrong("files", error, file_store::advice(store)),
    }
}

fn port(config: &Config) -> Finding {
    let (host, port) = (config.http.host.as_str(), config.http.port);
    match TcpListener::bind((host, port)) {
        Ok(_) => Finding::fine("port", format!("{host}:{port} is free")),
        Err(error) => Finding::wrong(
            "port",
            format!("{host}:{port}: {error}"),
            "stop what listens there (perhaps this server, which is fine), or choose another with PORT",
        ),
    }
}

async fn blocking(name: &'static str, look: impl FnOnce() -> Finding + Send + 'static) -> Finding {
    let looked = tokio::task::spawn_blocking(look).await;
    looked.unwrap_or_else(|error| {
        let mend = "report this, with what the log says above";
        Finding::wrong(name, format!("looking at it failed: {error}"), mend)
    })
}

async fn patiently(name: &'static str, look: impl Future<Output = Finding>) -> Finding {
    let looked = tokio::time::timeout(PATIENCE, look).await;
    looked.unwrap_or_else(|_| {
        let found = format!("no answer within {} seconds", PATIENCE.as_secs());
        Finding::wrong(
            name,
            found,
            "see what keeps this machine busy, and try again",
        )
    })
}
