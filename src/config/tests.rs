//! Tests of the configuration as a whole.

use std::collections::BTreeMap;

use super::{Config, Origin, Sources, report};

fn sources(environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Sources {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    Sources {
        environment: map(environment),
        flags: map(flags),
    }
}

fn resolve(environment: &[(&str, &str)]) -> Result<Config, String> {
    Config::resolve(&sources(environment, &[])).map_err(|error| error.to_string())
}

const STRONG: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn with_nothing_set_everything_is_embedded() {
    let config = resolve(&[]).unwrap();
    assert!(
        matches!(config.database, storage::Database::Sqlite { ref path } if path.ends_with("data/digital-twin.sqlite"))
    );
    assert!(matches!(config.bus, super::BusConfig::InProcess));
    assert_eq!(config.http.port, 8000);
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn a_flag_wins_over_the_environment() {
    let sources = sources(&[("PORT", "9000")], &[("PORT", "9001")]);
    let config = Config::resolve(&sources).unwrap();
    assert_eq!(
        (config.http.port, config.origin("PORT")),
        (9001, Origin::Flag)
    );
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let config = resolve(&[("REDIS_HOST", ""), ("PORT", " ")]).unwrap();
    assert!(matches!(config.bus, super::BusConfig::InProcess));
    assert_eq!(config.origin("PORT"), Origin::Default);
}

#[test]
fn a_malformed_value_is_refused_with_its_name_its_value_and_what_is_allowed() {
    for (name, value, allowed) in [
        ("PORT", "99999", "a whole number from 0 to 65535"),
        ("DB_PORT", "five", "a whole number from 0 to 65535"),
        (
            "APP_ENV",
            "prod",
            "development, testing, staging or production",
        ),
        ("DEBUG", "maybe", "true or false"),
        ("LOG_LEVEL", "loud", "error, warn, info, debug or trace"),
        ("JWT_ALGORITHM", "none", "HS256"),
        ("JWT_ALGORITHM", "RS256", "HS256"),
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "0", "from 1 to 1440"),
        ("MAX_UPLOAD_SIZE", "-1", "a whole number"),
        ("MAX_UPLOAD_SIZE", "10MB", "a whole number"),
        ("TWIN_ENGINE", "gpt", "torch or scripted"),
        ("TWIN_DTYPE", "int3", "auto, f32 or bf16"),
        ("TWIN_DEVICE", "gpu", "auto, cpu, cuda, or CUDA devices"),
        ("TWIN_ENGINES", "0", "a whole number from 1 to 64"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "localhost:4318",
            "begins with http://",
        ),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5", "a number from 0 to 1"),
        ("TWIN_LOG_FILE_MIB", "0", "a whole number from 1 to 10240"),
        ("CORS_ORIGINS", "*", "origins such as"),
        ("TWIN_QUOTA_WRITES", "many", "COUNT/second"),
        ("TRUSTED_PROXIES", "nginx", "addresses or networks such as"),
    ] {
        let error = resolve(&[(name, value)]).unwrap_err();
        assert!(
            error.contains(name) && error.contains(value) && error.contains(allowed),
            "{error}"
        );
    }
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let error = resolve(&[("PORT", "x"), ("DEBUG", "y")]).unwrap_err();
    assert_eq!(error.lines().count(), 2, "{error}");
}

#[test]
fn a_malformed_flag_is_named_as_a_flag() {
    let error = Config::resolve(&sources(&[], &[("TWIN_ENGINE", "x")])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "--engine is \"x\": allowed is torch or scripted"
    );
}

#[test]
fn production_refuses_missing_sample_and_short_secrets() {
    let production = ("APP_ENV", "production");
    for (pairs, expected) in [
        (vec![production], "JWT_SECRET is not set"),
        (
            vec![production, ("JWT_SECRET", "your-secure-jwt-secret")],
            "sample",
        ),
        (
            vec![
                production,
                ("JWT_SECRET", "0123456789abcdef0123456789abcde"),
            ],
            "31 bytes",
        ),
        (
            vec![
                production,
                ("JWT_SECRET", STRONG),
                ("DB_HOST", "db"),
                ("DB_PASSWORD", "securepassword"),
            ],
            "DB_PASSWORD is the sample",
        ),
    ] {
        let error = resolve(&pairs).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    assert!(resolve(&[production, ("JWT_SECRET", STRONG)]).is_ok());
}

#[test]
fn production_allows_no_browser_origin_by_default() {
    let config = resolve(&[("APP_ENV", "production"), ("JWT_SECRET", STRONG)]).unwrap();
    assert_eq!(config.http.cors_origins, Vec::<String>::new());
}

#[test]
fn a_mistyped_own_variable_is_met_with_the_nearest_name() {
    let config = resolve(&[("TWIN_ENGNE", "torch")]).unwrap();
    assert_eq!(
        config.warnings,
        ["TWIN_ENGNE is not a setting: did you mean TWIN_ENGINE?"]
    );
}

#[test]
fn the_file_of_an_own_secret_is_no_mistyped_variable() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let config = resolve(&[("TWIN_VAPID_PRIVATE_KEY_FILE", path)]).unwrap();
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn a_node_for_chat_needs_services_and_in_production_a_node_for_inference_a_key() {
    let production = ("APP_ENV", "production");
    let inference = ("ROLE", "inference");
    for (pairs, expected) in [
        (vec![("ROLE", "chat")], "AI_SERVICE_URL is not set"),
        (vec![("ROLE", "gpu")], "all, chat or inference"),
        (vec![production, inference], "AI_SERVICE_KEY is not set"),
        (
            vec![production, inference, ("AI_SERVICE_KEY", "short")],
            "AI_SERVICE_KEY has 5 bytes",
        ),
        (vec![("AI_SERVICE_URL", "ai:5000")], "addresses such as"),
    ] {
        let error = resolve(&pairs).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    // It has no log-ins.
    let config = resolve(&[production, inference, ("AI_SERVICE_KEY", STRONG)]).unwrap();
    assert_eq!(config.warnings, Vec::<String>::new());
    let config = resolve(&[
        ("ROLE", "chat"),
        ("AI_SERVICE_URL", "http://ai:5000,http://ai-2:5000/v1"),
    ])
    .unwrap();
    assert_eq!(config.services.urls, ["http://ai:5000", "http://ai-2:5000"]);
    assert_eq!(resolve(&[inference]).unwrap().warnings.len(), 1);
}

#[test]
fn the_name_on_the_bus_is_plain_and_tells_installations_apart() {
    let name = |app: &str| resolve(&[("APP_NAME", app)]).unwrap().bus_name();
    assert_eq!(name("Digital Twin"), "digital-twin");
    assert_eq!(name("DigitalTwin"), "digitaltwin");
    let odd = [
        name("数字孪生"),
        name("数字"),
        name("Twin!"),
        name("Twin?"),
        name(&"x".repeat(90)),
    ];
    for (index, one) in odd.iter().enumerate() {
        assert!(
            one.bytes().all(|byte| byte.is_ascii_graphic()) && one.len() <= 48,
            "{one}"
        );
        assert!(!odd[..index].contains(one), "{one}");
    }
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{STRONG}\n")).unwrap();
    let path = file.path().to_str().unwrap();
    let config = resolve(&[("JWT_SECRET_FILE", path), ("APP_ENV", "production")]).unwrap();
    assert_eq!(config.origin("JWT_SECRET"), Origin::File(path.to_owned()));

    let both = resolve(&[("JWT_SECRET_FILE", path), ("JWT_SECRET", STRONG)]).unwrap_err();
    assert_eq!(
        both,
        "JWT_SECRET and JWT_SECRET_FILE are both set: set one of them"
    );
}

#[test]
fn no_secret_is_ever_shown() {
    let canary = "canary-canary-canary-canary-canary";
    let pairs = [
        ("JWT_SECRET", canary),
        ("DB_PASSWORD", canary),
        ("REDIS_PASSWORD", canary),
        ("S3_SECRET_ACCESS_KEY", canary),
        ("DB_HOST", "db"),
        ("REDIS_HOST", "redis"),
        ("S3_BUCKET", "files"),
        ("S3_ACCESS_KEY_ID", "ours"),
    ];
    let config = resolve(&pairs).unwrap();
    let shown = format!("{}{config:?}", report(&config));
    assert!(!shown.contains(canary), "{shown}");
    assert!(shown.contains("JWT_SECRET=[redacted, 34 bytes]"), "{shown}");
}

#[test]
fn files_are_in_a_bucket_when_one_is_named_with_who_may_use_it() {
    use storage::{FileStore, S3Config};

    let folder = resolve(&[
        ("UPLOAD_DIR", "/srv/files"),
        ("S3_ENDPOINT", "http://s3:9000"),
    ]);
    assert_eq!(
        folder.unwrap().files,
        FileStore::Folder("/srv/files".into())
    );
    let pairs = [
        ("S3_BUCKET", "files"),
        ("S3_ENDPOINT", "https://s3.example.com/"),
        ("S3_REGION", "eu-west-1"),
        ("S3_ACCESS_KEY_ID", "ours"),
        ("S3_SECRET_ACCESS_KEY", "hush"),
        ("S3_BUCKET_IN_HOST", "true"),
    ];
    let expected = S3Config {
        endpoint: Some("https://s3.example.com".to_owned()),
        bucket: "files".to_owned(),
        region: "eu-west-1".to_owned(),
        access_key_id: "ours".to_owned(),
        secret_access_key: "hush".to_owned(),
        bucket_in_host: true,
    };
    assert_eq!(resolve(&pairs).unwrap().files, FileStore::S3(expected));
    assert_eq!(
        resolve(&pairs[..4]).unwrap_err(),
        "S3_BUCKET is set without S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY: set both"
    );
    for (name, value) in [
        ("S3_BUCKET", "No_Bucket"),
        ("S3_BUCKET", "ab"),
        ("S3_ENDPOINT", "s3.example.com"),
        ("S3_ENDPOINT", "ftp://s3.example.com"),
        ("S3_ENDPOINT", "https://s3.example.com/files"),
    ] {
        let refused = resolve(&[(name, value)]).unwrap_err();
        assert!(
            refused.contains(name) && refused.contains(value),
            "{refused}"
        );
    }
}

#[test]
fn every_setting_is_read_and_reported() {
    let config = resolve(&[]).unwrap();
    let unread: Vec<_> = super::SETTINGS
        .iter()
        .filter(|setting| !config.shown.contains_key(setting.name))
        .map(|setting| setting.name)
        .collect();
    assert_eq!(unread, Vec::<&str>::new());
}

#[test]
fn backups_are_encrypted_to_every_key_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let key = crate::backup::generate_identity(&folder.path().join("identity")).unwrap();
    let keys = format!(" {key}, {key}");
    let config = resolve(&[("TWIN_BACKUP_RECIPIENTS", &keys)]).unwrap();
    let Some(crate::backup::Seal::Recipients(recipients)) = config.backup.seal else {
        panic!("{:?}", config.backup);
    };
    assert_eq!(recipients.len(), 2);
    assert!(config.backup.folder.ends_with("data/backups"));
    assert!(resolve(&[]).unwrap().backup.seal.is_none());
}
