//! The table of settings: every name that may come from the environment, from a flag, or both.

/// A setting of the process.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in the environment, such as `DB_HOST`; the flag is the same in lower case with hyphens.
    pub name: &'static str,
    /// Its value when nobody says anything; absent where that has a meaning of its own.
    pub default: Option<&'static str>,
    /// Whether its value must never be shown, and may come from a file named by `NAME_FILE`.
    pub secret: bool,
    /// What it does, for `--help`.
    pub help: &'static str,
}

impl Setting {
    /// The flag without its hyphens: `TWIN_REPLY_TOKENS_MAX` is `--reply-tokens-max`.
    pub fn flag(&self) -> String {
        let name = self.name.strip_prefix(OWN_PREFIX).unwrap_or(self.name);
        name.to_ascii_lowercase().replace('_', "-")
    }

    /// The name of the variable that names a file with the value.
    pub fn file_variable(&self) -> Option<String> {
        self.secret.then(|| format!("{}_FILE", self.name))
    }
}

/// The prefix of the settings that are ours alone: a variable with it that is not in the table is a mistake.
pub const OWN_PREFIX: &str = "TWIN_";

/// The setting of this name.
pub fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

const fn value(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting {
        name,
        default: Some(default),
        secret: false,
        help,
    }
}

const fn optional(name: &'static str, help: &'static str) -> Setting {
    Setting {
        name,
        default: None,
        secret: false,
        help,
    }
}

const fn secret(name: &'static str, help: &'static str) -> Setting {
    Setting {
        name,
        default: None,
        secret: true,
        help,
    }
}

/// Every setting, in the order in which `config` prints them.
pub const SETTINGS: &[Setting] = &[
    value(
        "APP_NAME",
        "Digital Twin",
        "Name of this installation: issuer of its tokens and, in plain letters, prefix of its Redis channels",
    ),
    value(
        "APP_ENV",
        "development",
        "development, testing, staging or production; production refuses sample secrets",
    ),
    value(
        "DEBUG",
        "false",
        "Log at level debug unless LOG_LEVEL is set",
    ),
    optional(
        "LOG_LEVEL",
        "error, warn, info, debug or trace [default: info]; RUST_LOG, when set, refines it",
    ),
    optional(
        "TWIN_LOG_FILE",
        "File that the log is written to, as JSON lines, in place of the standard error stream",
    ),
    value(
        "TWIN_LOG_FILE_MIB",
        "100",
        "MiB at which another log file is begun, 1 to 10240; ten are kept beside it",
    ),
    value(
        "TWIN_LOG_FILE_DAYS",
        "14",
        "Days after which a log file is deleted when another is begun, 1 to 3650",
    ),
    optional(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "Where traces are sent, by OTLP over HTTP, such as http://127.0.0.1:4318; absent: nowhere",
    ),
    value(
        "OTEL_TRACES_SAMPLER_ARG",
        "1.0",
        "The share of traces that is sent, 0 to 1; all nodes send the same ones",
    ),
    value("HOST", "127.0.0.1", "Address to listen on"),
    value(
        "PORT",
        "8000",
        "Port to listen on; 0 takes any that is free",
    ),
    value(
        "CORS_ORIGINS",
        "http://localhost:3000,http://127.0.0.1:3000",
        "Origins of browser clients, exactly as browsers send them, separated by commas",
    ),
    optional(
        "TRUSTED_PROXIES",
        "Networks of proxies whose X-Forwarded-For says who a client is, such as 10.0.0.0/8,fd00::/8; absent: nobody is believed",
    ),
    value(
        "TWIN_WEB_DIR",
        "web/out",
        "Folder of the browser client as `make web` builds it; one that is not there is not served",
    ),
    value(
        "DATA_DIR",
        "data",
        "Folder of the embedded database, of uploads and of generated secrets",
    ),
    optional(
        "DB_HOST",
        "PostgreSQL host; absent: SQLite at DATA_DIR/digital-twin.sqlite",
    ),
    value("DB_PORT", "5432", "PostgreSQL port"),
    value("DB_USER", "digitaltwin", "PostgreSQL user"),
    secret("DB_PASSWORD", "PostgreSQL password"),
    value("DB_NAME", "digitaltwin", "PostgreSQL database"),
    value(
        "TWIN_DB_POOL_SIZE",
        "16",
        "PostgreSQL connections of this process, 1 to 500",
    ),
    optional(
        "REDIS_HOST",
        "Redis host; absent: the bus stays inside this process, which must then be the only one",
    ),
    value("REDIS_PORT", "6379", "Redis port"),
    value("REDIS_DB", "0", "Redis database number"),
    secret("REDIS_PASSWORD", "Redis password"),
    secret(
        "JWT_SECRET",
        "Key of access and refresh tokens, at least 32 bytes; absent: made once and kept in DATA_DIR/jwt-secret, but production refuses",
    ),
    value("JWT_ALGORITHM", "HS256", "Only HS256"),
    value(
        "JWT_ACCESS_TOKEN_EXPIRE_MINUTES",
        "60",
        "Minutes that an access token lasts, 1 to 1440",
    ),
    value(
        "JWT_REFRESH_TOKEN_EXPIRE_DAYS",
        "7",
        "Days that a log-in lasts without being used, 1 to 365",
    ),
    optional(
        "UPLOAD_DIR",
        "Folder of uploaded files, where S3_BUCKET is not set [default: DATA_DIR/uploads]",
    ),
    optional(
        "S3_BUCKET",
        "Bucket of uploaded files, in storage that speaks S3, which has nothing else in it; absent: they lie in UPLOAD_DIR, and other nodes must see the same folder",
    ),
    optional(
        "S3_ENDPOINT",
        "Address of that storage, such as http://127.0.0.1:9000; absent: Amazon's in the region",
    ),
    value("S3_REGION", "us-east-1", "Region of the bucket"),
    optional("S3_ACCESS_KEY_ID", "Who this process is in that storage"),
    secret(
        "S3_SECRET_ACCESS_KEY",
        "Secret that belongs to S3_ACCESS_KEY_ID",
    ),
    value(
        "S3_BUCKET_IN_HOST",
        "false",
        "Whether the bucket's name stands before the host of S3_ENDPOINT, as some storage wants it, instead of in the path",
    ),
    value(
        "MAX_UPLOAD_SIZE",
        "10485760",
        "Bytes of the largest upload, 1 to 1073741824",
    ),
    value(
        "TWIN_IMPORT_MIB",
        "256",
        "MiB of the largest export of an account that is taken in, 1 to 1048576; up to three lie in DATA_DIR meanwhile",
    ),
    value(
        "TWIN_UNSENT_UPLOADS_MAX",
        "20",
        "Files of one person or bot that are uploaded and not yet sent with a message, 1 to 10000",
    ),
    value(
        "TWIN_UNSENT_UPLOADS_MIB",
        "100",
        "MiB of them together, 1 to 1048576",
    ),
    value(
        "ROLE",
        "all",
        "all, chat: serves people and leaves the models to AI_SERVICE_URL, or inference: serves models to nodes of role chat and keeps nothing",
    ),
    optional(
        "AI_SERVICE_URL",
        "Inference services that write and embed in place of this process, such as http://inference-1:8000,http://inference-2:8000: nodes of role inference, or servers that speak the OpenAI dialect",
    ),
    secret(
        "AI_SERVICE_KEY",
        "What nodes of role inference and those that ask them share, at least 32 bytes; also the API key of other services",
    ),
    optional(
        "VECTOR_DB_URL",
        "Inference services that embed texts, where they are not those of AI_SERVICE_URL",
    ),
    optional(
        "TWIN_SERVICE_MODEL",
        "Language model that AI_SERVICE_URL is asked for [default: the first that it lists]",
    ),
    optional(
        "TWIN_SERVICE_EMBEDDING_MODEL",
        "Embedding model that VECTOR_DB_URL, or else AI_SERVICE_URL, is asked for [default: the one that a node of role inference names]",
    ),
    value(
        "TWIN_SERVICE_CONTEXT_TOKENS",
        "4096",
        "Tokens that prompt and reply may have together where the service does not say, 256 to 1048576",
    ),
    value(
        "TWIN_SERVICE_FIRST_TOKEN_SECONDS",
        "60",
        "Seconds that an inference service may take until its first token before another is asked, 1 to 300",
    ),
    value(
        "TWIN_SERVICE_NEXT_TOKEN_SECONDS",
        "20",
        "Seconds that it may take between two tokens, 1 to 300",
    ),
    value(
        "TWIN_ENGINE",
        "torch",
        "torch, or scripted: fixed replies without a model, for tests",
    ),
    value(
        "TWIN_MODEL",
        ".cache/models/smollm2-135m-instruct.gguf",
        "Language model: a Hugging Face folder or a .gguf file",
    ),
    value(
        "TWIN_EMBEDDING_MODEL",
        ".cache/models/all-minilm-l6-v2",
        "Embedding model: a Hugging Face folder",
    ),
    value(
        "TWIN_DTYPE",
        "auto",
        "Number type of the weights: auto, f32 or bf16",
    ),
    value(
        "TWIN_DEVICE",
        "auto",
        "Where models compute: cpu, cuda (all CUDA devices), devices such as cuda:0,cuda:1, or auto: CUDA if it can be used",
    ),
    optional(
        "TWIN_CUDA_LIBRARY",
        "libtorch_cuda.so of the same build of libtorch, or its folder [default: beside libtorch, then LD_LIBRARY_PATH]",
    ),
    optional(
        "TWIN_ENGINES",
        "Engines that write replies, 1 to 64, each with a model and a cache of its own [default: one for each device]",
    ),
    optional(
        "TWIN_INFERENCE_THREADS",
        "Threads of one step of the model, 1 to 256 [default: one fewer than the cores]; more than idle cores make it slower",
    ),
    value(
        "TWIN_RUNNING_MAX",
        "16",
        "Replies that the model writes at once, 1 to 256; the others wait",
    ),
    value(
        "TWIN_CACHE_MIB",
        "512",
        "Memory of each engine for the keys and values of conversations in MiB, 1 to 1048576; one whole context always has room",
    ),
    value(
        "TWIN_DETERMINISTIC",
        "false",
        "Each reply is bit for bit what it would be if nothing else ran: slower, except on processors with AVX-512 BF16",
    ),
    value(
        "TWIN_REPLY_TOKENS_MAX",
        "256",
        "Tokens of the longest reply, 1 to 4096",
    ),
    value(
        "TWIN_CHAIN_HOPS_MAX",
        "4",
        "Messages of twins and bots in a row, each an answer to the one before, after a person's message; 1 to 100",
    ),
    value(
        "TWIN_CHAIN_REPLIES_MAX",
        "8",
        "Replies of twins that go back to one message of a person, 1 to 1000; those that it asks for itself are always given",
    ),
    value(
        "TWIN_CHAIN_TOKENS_MAX",
        "2048",
        "Tokens of all those replies together, 1 to 1000000",
    ),
    optional(
        "TWIN_WORKERS",
        "Threads that serve HTTP and WebSockets, 1 to 256 [default: one fewer than the cores]",
    ),
    value(
        "TWIN_CONNECTIONS_MAX",
        "10000",
        "Connections that this process holds at once, 1 to 1000000",
    ),
    value("TWIN_TWINS_MAX", "50", "Twins of one person, 1 to 10000"),
    value(
        "TWIN_DOCUMENTS_MAX",
        "200",
        "Documents of one twin, 1 to 100000",
    ),
    secret(
        "TWIN_VAPID_PRIVATE_KEY",
        "Key that push services know this installation by: 32 bytes in base64url; made once and kept in DATA_DIR when absent",
    ),
    optional(
        "TWIN_VAPID_SUBJECT",
        "Whom push services write to when something is wrong: a mailto: or https: address",
    ),
    value(
        "TWIN_NOTIFY_AFTER_SECONDS",
        "10",
        "How long a message may be unread before those who are not there are told of it, 0 to 3600",
    ),
    value(
        "TWIN_NOTIFY_GAP_SECONDS",
        "20",
        "The shortest time between two notifications to one browser or webhook, 0 to 86400",
    ),
    value(
        "TWIN_NOTIFY_PRIVATE_ADDRESSES",
        "false",
        "Whether webhooks and browsers may have addresses of private networks, and http",
    ),
    value(
        "TWIN_AUDIT_DAYS",
        "365",
        "Days that the log of what happened to accounts is kept, 1 to 3650",
    ),
    value("TWIN_KEYS_MAX", "20", "API keys of one person, 1 to 1000"),
    value("TWIN_BOTS_MAX", "20", "Bots of one person, 1 to 1000"),
    value(
        "TWIN_API_WRITING_MAX",
        "8",
        "Texts that are written or embedded at once for one person over /v1, 1 to 1000",
    ),
    value(
        "TWIN_API_TOKENS_MAX",
        "1024",
        "Tokens of the longest text that is written over /v1, 1 to 32768",
    ),
    value(
        "TWIN_QUOTA_LOGIN_IP",
        "30/minute",
        "Log-ins and refreshes of one address, as COUNT/second, COUNT/minute or COUNT/hour",
    ),
    value(
        "TWIN_QUOTA_LOGIN_ACCOUNT",
        "10/minute",
        "Log-ins to one account, right or wrong",
    ),
    value(
        "TWIN_QUOTA_REGISTER_IP",
        "20/hour",
        "Registrations of one address",
    ),
    value(
        "TWIN_QUOTA_WRITES",
        "120/minute",
        "Changes over HTTP of one person",
    ),
    value(
        "TWIN_QUOTA_API",
        "120/minute",
        "Requests of one person to /v1, the OpenAI dialect",
    ),
    value(
        "TWIN_QUOTA_SEARCHES",
        "300/minute",
        "Searches of one person",
    ),
    value(
        "TWIN_QUOTA_BROADCASTS",
        "100/second",
        "Broadcasts of one person over WebSockets",
    ),
    value(
        "TWIN_SENDS_PER_MINUTE",
        "100",
        "Messages of one person over WebSockets in a minute, at least 1",
    ),
    value(
        "TWIN_HEARTBEAT_SECONDS",
        "20",
        "Seconds between two pings of a WebSocket, 1 to 3600; silent for two and a half times that, it is closed",
    ),
    optional(
        "TWIN_BACKUP_DIR",
        "Folder of backups [default: DATA_DIR/backups]",
    ),
    optional(
        "TWIN_BACKUP_RECIPIENTS",
        "Public keys of age, separated by commas, to which backups are encrypted: each of their identities opens them",
    ),
    secret(
        "TWIN_BACKUP_PASSPHRASE",
        "Passphrase that backups are encrypted with in place of public keys, at least 16 characters",
    ),
    value(
        "TWIN_DRAIN_SECONDS",
        "10",
        "Seconds that a stop waits for requests and replies in progress, 0 to 600",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::SETTINGS;

    #[test]
    fn names_and_flags_are_unique() {
        let names: HashSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        let flags: HashSet<_> = SETTINGS.iter().map(super::Setting::flag).collect();
        assert_eq!((names.len(), flags.len()), (SETTINGS.len(), SETTINGS.len()));
    }

    #[test]
    fn the_names_of_the_deployment_plan_are_all_accepted() {
        let plan = "APP_NAME APP_ENV DEBUG LOG_LEVEL CORS_ORIGINS DB_USER DB_PASSWORD DB_HOST DB_PORT DB_NAME \
                    REDIS_HOST REDIS_PORT REDIS_DB JWT_SECRET JWT_ALGORITHM JWT_ACCESS_TOKEN_EXPIRE_MINUTES \
                    JWT_REFRESH_TOKEN_EXPIRE_DAYS AI_SERVICE_URL VECTOR_DB_URL UPLOAD_DIR MAX_UPLOAD_SIZE";
        let missing: Vec<_> = plan
            .split_whitespace()
            .filter(|name| super::setting(name).is_none())
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
    }
}
