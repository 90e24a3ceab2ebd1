//! The configuration of a process: read once at the start from flags and the environment, checked as a whole.

mod reader;
mod report;
mod setting;
mod sources;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use bus::RedisConfig;
use inference::Devices;
use ipnet::IpNet;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use storage::{Database, FileStore, S3Config, UnsentLimits};

pub use report::report;
pub use setting::{OWN_PREFIX, SETTINGS, Setting, setting};
pub use sources::{Origin, Sources};
pub use value::{DataType, EngineKind, Environment, Quota, Role};

use crate::backup::Seal;
use crate::extract::Extractor;
use reader::Reader;

/// Bytes that `JWT_SECRET` must have: a shorter key is easier to guess than HMAC-SHA256 is to break.
pub const SECRET_BYTES_MIN: usize = 32;

/// Characters that the passphrase of backups must have: whoever finds an archive may guess for years.
pub const PASSPHRASE_CHARS_MIN: usize = 16;

/// Secrets that stand in published examples; production refuses them.
pub const SAMPLE_SECRETS: &[&str] = &["your-secure-jwt-secret", "securepassword"];

/// Bytes of the installation's name on the bus; it is sent with every event.
const BUS_NAME_BYTES_MAX: usize = 32;

/// Everything that a process is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The installation's name.
    pub app_name: String,
    /// What the process is for.
    pub environment: Environment,
    /// The least severe level that is logged.
    pub log_level: tracing::Level,
    /// The files that the log is written to, if not to the standard error stream.
    pub log_file: Option<LogFile>,
    /// Where traces are sent.
    pub traces: Option<TracesConfig>,
    /// Folder of the embedded database, uploads and generated secrets.
    pub data_dir: PathBuf,
    /// Where uploaded files are kept.
    pub files: FileStore,
    /// The HTTP edge.
    pub http: HttpConfig,
    /// The database.
    pub database: Database,
    /// The bus.
    pub bus: BusConfig,
    /// Log-ins and tokens.
    pub accounts: AccountsConfig,
    /// What the process serves.
    pub role: Role,
    /// The models.
    pub models: ModelsConfig,
    /// Where others compute them.
    pub services: ServicesConfig,
    /// How much and how often.
    pub limits: LimitsConfig,
    /// Notifications.
    pub delivery: DeliveryConfig,
    /// Backups.
    pub backup: BackupConfig,
    /// How long a stop waits for what is in progress.
    pub drain: Duration,
    /// This program, which is started anew to read foreign documents; no setting, but tests run inside another.
    pub program: PathBuf,
    /// What is odd about the configuration, for the log.
    pub warnings: Vec<String>,
    /// Where each value came from, by the setting's name.
    origins: BTreeMap<&'static str, Origin>,
    shown: BTreeMap<&'static str, Option<String>>,
}

/// Where the log goes, and how much of it is kept.
#[derive(Debug, Clone)]
pub struct LogFile {
    /// The file that is written.
    pub path: PathBuf,
    /// How large it grows before another is begun.
    pub bytes_max: usize,
    /// How long those before it are kept at most.
    pub kept: Duration,
}

/// Where traces are sent.
#[derive(Debug, Clone)]
pub struct TracesConfig {
    /// The collector, which speaks OTLP over HTTP.
    pub endpoint: String,
    /// The share of traces that is sent, from 0 to 1.
    pub share: f64,
}

/// The HTTP edge.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Address or name to listen on.
    pub host: String,
    /// Port to listen on; 0 takes any that is free.
    pub port: u16,
    /// Origins of browser clients.
    pub cors_origins: Vec<String>,
    /// Networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Folder of the browser client as it was built; one that is not there is not served.
    pub web_dir: PathBuf,
    /// Threads that serve.
    pub workers: usize,
    /// Connections held at once.
    pub connections_max: usize,
    /// How often a WebSocket is pinged.
    pub heartbeat: Duration,
}

/// The bus between nodes.
#[derive(Debug, Clone)]
pub enum BusConfig {
    /// Inside this process.
    InProcess,
    /// Over Redis.
    Redis(RedisConfig),
}

/// Log-ins and tokens.
#[derive(Debug, Clone)]
pub struct AccountsConfig {
    /// The key of the tokens; absent means one that is made once and kept in `data_dir`.
    pub jwt_secret: Option<SecretString>,
    /// How long an access token lasts.
    pub access_token_lifetime: Duration,
    /// How long a refresh token lasts.
    pub refresh_token_lifetime: Duration,
    /// How long the audit log is kept.
    pub audit_kept: Duration,
}

/// The models.
#[derive(Debug, Clone)]
pub struct ModelsConfig {
    /// Which engine writes the replies.
    pub engine: EngineKind,
    /// The language model.
    pub model: PathBuf,
    /// The embedding model.
    pub embedding_model: PathBuf,
    /// Where they compute.
    pub devices: Devices,
    /// libtorch's CUDA library or its folder, if it is not where it is looked for.
    pub cuda_library: Option<PathBuf>,
    /// Engines that write replies; absent means one for each device.
    pub engines: Option<usize>,
    /// The number type of the weights.
    pub data_type: DataType,
    /// Threads of one step of the model; absent means all cores but one.
    pub threads: Option<NonZeroUsize>,
    /// Replies that are written at once.
    pub running_max: usize,
    /// Bytes of the key-value cache.
    pub cache_bytes_max: usize,
    /// Each reply is what it would be if nothing else ran.
    pub deterministic: bool,
    /// Tokens of the longest reply.
    pub reply_tokens_max: u32,
    /// Messages of machines in a row after a person's.
    pub chain_hops_max: u32,
    /// Replies that go back to one message of a person.
    pub chain_replies_max: u32,
    /// Tokens of all of them.
    pub chain_tokens_max: u32,
}

/// Inference services.
#[derive(Debug, Clone)]
pub struct ServicesConfig {
    /// Those that write; none means that this process does.
    pub urls: Vec<String>,
    /// Those that embed; none means that those that write do, or this process.
    pub embedding_urls: Vec<String>,
    /// What they know us by, and what a node of role inference knows others by.
    pub key: Option<SecretString>,
    /// The language model that is asked for.
    pub model: Option<String>,
    /// The embedding model that is asked for.
    pub embedding_model: Option<String>,
    /// Tokens of a context whose size nobody says.
    pub context_tokens: usize,
    /// How long a service may take until its first token.
    pub first_token_within: Duration,
    /// How long it may take between two tokens.
    pub next_token_within: Duration,
}

/// Where backups go, and who can open them.
#[derive(Debug, Clone)]
pub struct BackupConfig {
    /// Their folder.
    pub folder: PathBuf,
    /// Who can open them; none where nobody has said.
    pub seal: Option<Seal>,
}

/// How people are told of what they have not seen.
#[derive(Debug, Clone)]
pub struct DeliveryConfig {
    /// The key that push services know us by; absent means one that is made once and kept in `data_dir`.
    pub vapid_private_key: Option<SecretString>,
    /// Whom push services write to.
    pub vapid_subject: Option<String>,
    /// How long a message may be unread before anybody is told.
    pub after: Duration,
    /// The shortest time between two calls to one place.
    pub gap: Duration,
    /// Whether addresses of private networks are called.
    pub private_addresses: bool,
}

/// How much and how often.
#[derive(Debug, Clone)]
pub struct LimitsConfig {
    /// Bytes of the largest upload.
    pub upload_bytes_max: usize,
    /// Bytes of the largest export that is taken in.
    pub import_bytes_max: usize,
    /// Uploads of one account that were not sent.
    pub unsent: UnsentLimits,
    /// Twins of one person.
    pub twins_max: u64,
    /// Documents of one twin.
    pub documents_max: u64,
    /// Log-ins and refreshes of one address.
    pub login_per_address: Quota,
    /// Log-ins to one account.
    pub login_per_account: Quota,
    /// Registrations of one address.
    pub register_per_address: Quota,
    /// Changes over HTTP of one person.
    pub writes_per_user: Quota,
    /// API keys of one person.
    pub keys_max: u64,
    /// Bots of one person.
    pub bots_max: u64,
    /// Requests to `/v1` of one person.
    pub api_per_user: Quota,
    /// Searches of one person.
    pub searches_per_user: Quota,
    /// Texts that are written at once over `/v1` for one person.
    pub api_writing_max: usize,
    /// Tokens of the longest text that is written over `/v1`.
    pub api_tokens_max: u32,
    /// Broadcasts of one person.
    pub broadcasts_per_user: Quota,
    /// Messages of one person in a minute.
    pub sends_per_minute: NonZeroU32,
}

/// Everything that is wrong with a configuration, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(Vec<String>);

impl Config {
    /// Reads and checks every setting.
    ///
    /// # Errors
    /// Names each setting that is malformed or not allowed, and what is allowed.
    pub fn resolve(sources: &Sources) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(sources);
        let config = reader.config();
        match reader.problems.is_empty() {
            true => Ok(config),
            false => Err(ConfigError(reader.problems)),
        }
    }

    /// Where a setting's value came from.
    pub fn origin(&self, name: &str) -> Origin {
        self.origins.get(name).cloned().unwrap_or(Origin::Default)
    }

    /// The name of this installation on a bus that it may share: [`Config::app_name`] in lower case and ASCII.
    ///
    /// Names that differ only in what was lost differ in the hash at the end.
    pub fn bus_name(&self) -> String {
        let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, ' ' | '-' | '_');
        let is_lossy =
            self.app_name.len() > BUS_NAME_BYTES_MAX || !self.app_name.chars().all(plain);
        let slug: String = self
            .app_name
            .chars()
            .filter(|char| plain(*char))
            .map(|char| {
                if char == ' ' {
                    '-'
                } else {
                    char.to_ascii_lowercase()
                }
            })
            .take(BUS_NAME_BYTES_MAX)
            .collect();
        if !is_lossy {
            return slug;
        }
        let hash = Sha256::digest(&self.app_name);
        format!(
            "{slug}-{:02x}{:02x}{:02x}{:02x}",
            hash[0], hash[1], hash[2], hash[3]
        )
    }

    /// Whether sample and short secrets are refused.
    pub fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }
}

impl Reader<'_> {
    fn config(&mut self) -> Config {
        let environment = self.required("APP_ENV", value::environment);
        let production = environment == Environment::Production;
        let debug = self.required("DEBUG", value::boolean);
        let app_name = self.required("APP_NAME", value::text);
        self.required("JWT_ALGORITHM", value::algorithm);
        let data_dir = PathBuf::from(self.required("DATA_DIR", value::text));
        let log_level = self
            .optional("LOG_LEVEL", value::log_level)
            .unwrap_or(if debug {
                tracing::Level::DEBUG
            } else {
                tracing::Level::INFO
            });
        self.show_default("LOG_LEVEL", log_level.as_str().to_ascii_lowercase());
        let files = self.files(&data_dir);
        let log_file = self.log_file();
        let traces = self.traces();
        let http = self.http(production);
        self.show_default("TWIN_WORKERS", http.workers);
        let database = self.database(&data_dir, production);
        let bus = self.bus();
        let role = self.required("ROLE", value::role);
        let accounts = self.accounts(production && role != Role::Inference);
        let models = self.models();
        let services = self.services(role, production);
        let limits = self.limits();
        let delivery = self.delivery();
        let backup = self.backup(&data_dir);
        let drain = Duration::from_secs(self.number("TWIN_DRAIN_SECONDS", 0, 600));
        let mut warnings = self.warnings(environment, &accounts, &database, &bus, &delivery);
        if role == Role::Inference && services.key.is_none() {
            warnings.push(
                "AI_SERVICE_KEY is not set: whoever reaches this port may use the models"
                    .to_owned(),
            );
        }
        Config {
            app_name,
            environment,
            log_level,
            log_file,
            traces,
            data_dir,
            files,
            http,
            database,
            bus,
            accounts,
            role,
            models,
            services,
            limits,
            delivery,
            backup,
            drain,
            program: Extractor::this_program(),
            warnings,
            origins: std::mem::take(&mut self.origins),
            shown: std::mem::take(&mut self.shown),
        }
    }

    fn files(&mut self, data_dir: &std::path::Path) -> FileStore {
        let folder = self.optional("UPLOAD_DIR", value::text);
        let folder = folder.map_or_else(|| data_dir.join("uploads"), PathBuf::from);
        self.show_default("UPLOAD_DIR", folder.display());
        let endpoint = self.optional("S3_ENDPOINT", value::web_address);
        let region = self.required("S3_REGION", value::text);
        let access_key_id = self.optional("S3_ACCESS_KEY_ID", value::text);
        let secret_access_key = self.secret("S3_SECRET_ACCESS_KEY");
        let bucket_in_host = self.required("S3_BUCKET_IN_HOST", value::boolean);
        let Some(bucket) = self.optional("S3_BUCKET", value::bucket) else {
            return FileStore::Folder(folder);
        };
        let (Some(access_key_id), Some(secret_access_key)) = (access_key_id, secret_access_key)
        else {
            self.problems.push(
                "S3_BUCKET is set without S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY: set both"
                    .to_owned(),
            );
            return FileStore::Folder(folder);
        };
        FileStore::S3(S3Config {
            endpoint,
            bucket,
            region,
            access_key_id,
            secret_access_key,
            bucket_in_host,
        })
    }

    fn log_file(&mut self) -> Option<LogFile> {
        let mebibytes = self.number("TWIN_LOG_FILE_MIB", 1, 10_240);
        let days = self.number("TWIN_LOG_FILE_DAYS", 1, 3_650);
        let path = self.optional("TWIN_LOG_FILE", value::text)?;
        Some(LogFile {
            path: PathBuf::from(path),
            bytes_max: to_usize(mebibytes * 1024 * 1024),
            kept: Duration::from_secs(days * 24 * 60 * 60),
        })
    }

    fn traces(&mut self) -> Option<TracesConfig> {
        let share = self.required("OTEL_TRACES_SAMPLER_ARG", value::share);
        let endpoint = self.optional("OTEL_EXPORTER_OTLP_ENDPOINT", value::collector)?;
        Some(TracesConfig { endpoint, share })
    }

    fn http(&mut self, production: bool) -> HttpConfig {
        let mut cors_origins = self.required("CORS_ORIGINS", value::origins);
        let cors_is_default = self.origins.get("CORS_ORIGINS") == Some(&Origin::Default);
        if production && cors_is_default {
            // The default is a developer's browser client, which has no business with a production server.
            cors_origins.clear();
            self.shown.insert("CORS_ORIGINS", Some(String::new()));
        }
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        HttpConfig {
            host: self.required("HOST", value::text),
            port: self.required("PORT", value::port),
            cors_origins,
            trusted_proxies: self
                .optional("TRUSTED_PROXIES", value::networks)
                .unwrap_or_default(),
            web_dir: PathBuf::from(self.required("TWIN_WEB_DIR", value::text)),
            workers: self
                .optional("TWIN_WORKERS", |text| value::number(text, 1..=256))
                // The engine's thread takes a core; web workers that compete with it slow every token.
                .map_or(cores.saturating_sub(1).max(1), to_usize),
            connections_max: to_usize(self.number("TWIN_CONNECTIONS_MAX", 1, 1_000_000)),
            heartbeat: Duration::from_secs(self.number("TWIN_HEARTBEAT_SECONDS", 1, 3_600)),
        }
    }

    fn database(&mut self, data_dir: &std::path::Path, production: bool) -> Database {
        let host = self.optional("DB_HOST", value::text);
        let port = self.required("DB_PORT", value::port);
        let user = self.required("DB_USER", value::text);
        let password = self.secret("DB_PASSWORD").unwrap_or_default();
        let database = self.required("DB_NAME", value::text);
        let pool_size = u32::try_from(self.number("TWIN_DB_POOL_SIZE", 1, 500))
            .expect("the setting's range fits");
        let Some(host) = host else {
            return Database::Sqlite {
                path: data_dir.join("digital-twin.sqlite"),
            };
        };
        if production && SAMPLE_SECRETS.contains(&password.as_str()) {
            self.problems.push(
                "DB_PASSWORD is the sample of the documentation: production needs one of its own"
                    .to_owned(),
            );
        }
        Database::Postgres {
            host,
            port,
            user,
            password,
            database,
            pool_size,
        }
    }

    fn bus(&mut self) -> BusConfig {
        let host = self.optional("REDIS_HOST", value::text);
        let port = self.required("REDIS_PORT", value::port);
        let db =
            u32::try_from(self.number("REDIS_DB", 0, 65_535)).expect("the setting's range fits");
        let password = self.secret("REDIS_PASSWORD");
        match host {
            None => BusConfig::InProcess,
            Some(host) => BusConfig::Redis(RedisConfig {
                host,
                port,
                db,
                password,
            }),
        }
    }

    fn accounts(&mut self, production: bool) -> AccountsConfig {
        let minutes = self.number("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", 1, 1_440);
        let days = self.number("JWT_REFRESH_TOKEN_EXPIRE_DAYS", 1, 365);
        let audit_days = self.number("TWIN_AUDIT_DAYS", 1, 3_650);
        let secret = self.secret("JWT_SECRET");
        let problem = match &secret {
            None if production => Some(
                "JWT_SECRET is not set: production needs one, such as from `openssl rand -base64 48`"
                    .to_owned(),
            ),
            Some(text) if production && SAMPLE_SECRETS.contains(&text.as_str()) => Some(
                "JWT_SECRET is the sample of the documentation: production needs one of its own, \
                 such as from `openssl rand -base64 48`"
                    .to_owned(),
            ),
            Some(text) if production && text.len() < SECRET_BYTES_MIN => Some(format!(
                "JWT_SECRET has {} bytes: production needs at least {SECRET_BYTES_MIN}, \
                 such as from `openssl rand -base64 48`",
                text.len()
            )),
            _ => None,
        };
        self.problems.extend(problem);
        AccountsConfig {
            jwt_secret: secret.map(SecretString::from),
            access_token_lifetime: Duration::from_secs(minutes * 60),
            refresh_token_lifetime: Duration::from_secs(days * 24 * 60 * 60),
            audit_kept: Duration::from_secs(audit_days * 24 * 60 * 60),
        }
    }

    fn models(&mut self) -> ModelsConfig {
        ModelsConfig {
            engine: self.required("TWIN_ENGINE", value::engine),
            model: PathBuf::from(self.required("TWIN_MODEL", value::text)),
            embedding_model: PathBuf::from(self.required("TWIN_EMBEDDING_MODEL", value::text)),
            devices: self.required("TWIN_DEVICE", value::devices),
            cuda_library: self
                .optional("TWIN_CUDA_LIBRARY", value::text)
                .map(PathBuf::from),
            engines: self
                .optional("TWIN_ENGINES", |text| value::number(text, 1..=64))
                .map(to_usize),
            data_type: self.required("TWIN_DTYPE", value::data_type),
            threads: self
                .optional("TWIN_INFERENCE_THREADS", |text| {
                    value::number(text, 1..=256)
                })
                .and_then(|threads| NonZeroUsize::new(to_usize(threads))),
            running_max: to_usize(self.number("TWIN_RUNNING_MAX", 1, 256)),
            cache_bytes_max: to_usize(self.number("TWIN_CACHE_MIB", 1, 1 << 20) << 20),
            deterministic: self.required("TWIN_DETERMINISTIC", value::boolean),
            reply_tokens_max: u32::try_from(self.number("TWIN_REPLY_TOKENS_MAX", 1, 4_096))
                .expect("the setting's range fits"),
            chain_hops_max: u32::try_from(self.number("TWIN_CHAIN_HOPS_MAX", 1, 100))
                .expect("the setting's range fits"),
            chain_replies_max: u32::try_from(self.number("TWIN_CHAIN_REPLIES_MAX", 1, 1_000))
                .expect("the setting's range fits"),
            chain_tokens_max: u32::try_from(self.number("TWIN_CHAIN_TOKENS_MAX", 1, 1_000_000))
                .expect("the setting's range fits"),
        }
    }

    fn services(&mut self, role: Role, production: bool) -> ServicesConfig {
        let mut list = |name| self.optional(name, value::services).unwrap_or_default();
        let urls = list("AI_SERVICE_URL");
        let embedding_urls = list("VECTOR_DB_URL");
        let key = self.secret("AI_SERVICE_KEY");
        let seconds = |reader: &mut Self, name| Duration::from_secs(reader.number(name, 1, 300));
        let services = ServicesConfig {
            urls,
            embedding_urls,
            model: self.optional("TWIN_SERVICE_MODEL", value::text),
            embedding_model: self.optional("TWIN_SERVICE_EMBEDDING_MODEL", value::text),
            context_tokens: to_usize(self.number("TWIN_SERVICE_CONTEXT_TOKENS", 256, 1 << 20)),
            first_token_within: seconds(self, "TWIN_SERVICE_FIRST_TOKEN_SECONDS"),
            next_token_within: seconds(self, "TWIN_SERVICE_NEXT_TOKEN_SECONDS"),
            key: key.clone().map(SecretString::from),
        };
        let problem = match (role, &key) {
            (Role::Chat, _) if services.urls.is_empty() => Some(
                "ROLE is chat, but AI_SERVICE_URL is not set: name the inference services, or choose the role all"
                    .to_owned(),
            ),
            (Role::Inference, None) if production => Some(
                "AI_SERVICE_KEY is not set: in production a node of role inference needs one, \
                 such as from `openssl rand -base64 48`"
                    .to_owned(),
            ),
            (Role::Inference, Some(key)) if production && key.len() < SECRET_BYTES_MIN => {
                Some(format!(
                    "AI_SERVICE_KEY has {} bytes: in production a node of role inference needs at least {SECRET_BYTES_MIN}, \
                     such as from `openssl rand -base64 48`",
                    key.len()
                ))
            }
            _ => None,
        };
        self.problems.extend(problem);
        services
    }

    fn limits(&mut self) -> LimitsConfig {
        LimitsConfig {
            upload_bytes_max: to_usize(self.number("MAX_UPLOAD_SIZE", 1, 1 << 30)),
            import_bytes_max: to_usize(self.number("TWIN_IMPORT_MIB", 1, 1 << 20) << 20),
            unsent: UnsentLimits {
                files: self.number("TWIN_UNSENT_UPLOADS_MAX", 1, 10_000),
                bytes: self.number("TWIN_UNSENT_UPLOADS_MIB", 1, 1 << 20) << 20,
            },
            twins_max: self.number("TWIN_TWINS_MAX", 1, 10_000),
            documents_max: self.number("TWIN_DOCUMENTS_MAX", 1, 100_000),
            login_per_address: self.required("TWIN_QUOTA_LOGIN_IP", value::quota),
            login_per_account: self.required("TWIN_QUOTA_LOGIN_ACCOUNT", value::quota),
            register_per_address: self.required("TWIN_QUOTA_REGISTER_IP", value::quota),
            writes_per_user: self.required("TWIN_QUOTA_WRITES", value::quota),
            keys_max: self.number("TWIN_KEYS_MAX", 1, 1_000),
            bots_max: self.number("TWIN_BOTS_MAX", 1, 1_000),
            api_per_user: self.required("TWIN_QUOTA_API", value::quota),
            searches_per_user: self.required("TWIN_QUOTA_SEARCHES", value::quota),
            api_writing_max: to_usize(self.number("TWIN_API_WRITING_MAX", 1, 1_000)),
            api_tokens_max: u32::try_from(self.number("TWIN_API_TOKENS_MAX", 1, 32_768))
                .expect("the setting's range fits"),
            broadcasts_per_user: self.required("TWIN_QUOTA_BROADCASTS", value::quota),
            sends_per_minute: self.required("TWIN_SENDS_PER_MINUTE", value::count),
        }
    }

    fn delivery(&mut self) -> DeliveryConfig {
        DeliveryConfig {
            vapid_private_key: self
                .secret("TWIN_VAPID_PRIVATE_KEY")
                .map(SecretString::from),
            vapid_subject: self.optional("TWIN_VAPID_SUBJECT", value::contact),
            after: Duration::from_secs(self.number("TWIN_NOTIFY_AFTER_SECONDS", 0, 3_600)),
            gap: Duration::from_secs(self.number("TWIN_NOTIFY_GAP_SECONDS", 0, 86_400)),
            private_addresses: self.required("TWIN_NOTIFY_PRIVATE_ADDRESSES", value::boolean),
        }
    }

    fn backup(&mut self, data_dir: &std::path::Path) -> BackupConfig {
        let folder = self.optional("TWIN_BACKUP_DIR", value::text);
        let folder = folder.map_or_else(|| data_dir.join("backups"), PathBuf::from);
        self.show_default("TWIN_BACKUP_DIR", folder.display());
        let recipients = self.optional("TWIN_BACKUP_RECIPIENTS", value::recipients);
        let passphrase = self.secret("TWIN_BACKUP_PASSPHRASE");
        if recipients.is_some() && passphrase.is_some() {
            self.problems.push(
                "TWIN_BACKUP_RECIPIENTS and TWIN_BACKUP_PASSPHRASE are both set: set one of them"
                    .to_owned(),
            );
        }
        if passphrase
            .as_ref()
            .is_some_and(|text| text.chars().count() < PASSPHRASE_CHARS_MIN)
        {
            self.problems.push(format!(
                "TWIN_BACKUP_PASSPHRASE is too short: it needs at least {PASSPHRASE_CHARS_MIN} characters"
            ));
        }
        let passphrase = passphrase.map(|text| Seal::Passphrase(SecretString::from(text)));
        BackupConfig {
            folder,
            seal: recipients.map(Seal::Recipients).or(passphrase),
        }
    }

    fn warnings(
        &mut self,
        environment: Environment,
        accounts: &AccountsConfig,
        database: &Database,
        bus: &BusConfig,
        delivery: &DeliveryConfig,
    ) -> Vec<String> {
        let mut warnings = self.sources.unknown_variables();
        let postgres = matches!(database, Database::Postgres { .. });
        if postgres && accounts.jwt_secret.is_none() {
            warnings.push(
                "JWT_SECRET is not set: processes that share a database must also share JWT_SECRET"
                    .to_owned(),
            );
        }
        if postgres && delivery.vapid_private_key.is_none() {
            warnings.push(
                "TWIN_VAPID_PRIVATE_KEY is not set: processes that share a database must also share the key of web push"
                    .to_owned(),
            );
        }
        if matches!(bus, BusConfig::Redis(_)) && !postgres {
            warnings.push(
                "REDIS_HOST is set without DB_HOST: several processes cannot share a SQLite file"
                    .to_owned(),
            );
        }
        let debug_in_production = environment == Environment::Production
            && self.shown.get("DEBUG").is_some_and(|shown| {
                shown
                    .as_deref()
                    .is_some_and(|text| value::boolean(text) == Ok(true))
            });
        if debug_in_production {
            warnings.push("DEBUG is on in production: the log will be long".to_owned());
        }
        warnings
    }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).expect("a checked range fits a 64-bit machine")
}

impl fmt::Display for BusConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InProcess => formatter.write_str("in this process"),
            Self::Redis(redis) => write!(formatter, "Redis at {}:{}", redis.host, redis.port),
        }
    }
}

#[cfg(test)]
mod tests;
