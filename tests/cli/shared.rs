//! The program beside a PostgreSQL and a Redis that others share.

use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::serving::Serving;
use crate::{complained, program, said};

/// A new database on the PostgreSQL of `make test`, as settings: each test has its own, also where many run in one process.
pub(crate) async fn new_database() -> Vec<(&'static str, String)> {
    let url = std::env::var("TEST_POSTGRES_URL");
    let url: reqwest::Url = url
        .expect("TEST_POSTGRES_URL is not set: run `make test`, which starts a private PostgreSQL")
        .parse()
        .unwrap();
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("shared_{}_{number}", std::process::id());
    let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await.unwrap();
    tokio::spawn(connection);
    for statement in ["DROP DATABASE IF EXISTS", "CREATE DATABASE"] {
        client
            .batch_execute(&format!("{statement} {name}"))
            .await
            .unwrap();
    }
    vec![
        ("DB_HOST", url.host_str().unwrap().to_owned()),
        ("DB_PORT", url.port().unwrap().to_string()),
        ("DB_USER", url.username().to_owned()),
        ("DB_PASSWORD", url.password().unwrap_or_default().to_owned()),
        ("DB_NAME", name),
    ]
}

pub(crate) fn program_on(folder: &TempDir, database: &[(&'static str, String)]) -> Command {
    let mut command = program(folder);
    command.envs(database.iter().map(|(name, value)| (*name, value)));
    command
}

#[actix_web::test]
async fn a_shared_database_is_migrated_only_when_somebody_asks_for_it() {
    let database = new_database().await;
    let folder = tempfile::tempdir().unwrap();
    let refused = program_on(&folder, &database)
        .arg("serve")
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        complained(&refused).contains("run `digital-twin migrate`"),
        "{}",
        complained(&refused)
    );

    let pending = program_on(&folder, &database)
        .args(["migrate", "status"])
        .output()
        .unwrap();
    assert!(
        said(&pending).starts_with("pending  V0001"),
        "{}",
        said(&pending)
    );
    let applied = program_on(&folder, &database)
        .arg("migrate")
        .output()
        .unwrap();
    assert!(
        said(&applied).starts_with("Applied to the PostgreSQL database"),
        "{}",
        said(&applied)
    );
    let status = program_on(&folder, &database)
        .args(["migrate", "status"])
        .output()
        .unwrap();
    assert!(
        said(&status).starts_with("applied  V0001"),
        "{}",
        said(&status)
    );

    let serving = Serving::start(program_on(&folder, &database).arg("serve"));
    serving.signal("TERM");
    assert_eq!(serving.end().0, Some(0));
}

#[actix_web::test]
async fn serving_with_migrate_brings_a_shared_database_up_to_date() {
    let database = new_database().await;
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(program_on(&folder, &database).args(["serve", "--migrate"]));
    serving.signal("TERM");
    assert_eq!(serving.end().0, Some(0));
}

#[test]
fn doctor_names_services_that_do_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free a moment ago: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
        .to_string();
    let output = program(&folder)
        .args(["doctor", "--json"])
        .envs([("DB_HOST", "127.0.0.1"), ("DB_PORT", &port)])
        .envs([("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", &port)])
        .output()
        .unwrap();
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let wrong: Vec<_> = findings
        .iter()
        .filter(|finding| finding["ok"] == false)
        .map(|finding| finding["name"].as_str().unwrap())
        .collect();
    // Without a secret of its own, a node beside others is a mistake in the settings, too.
    assert_eq!(wrong, ["settings", "database (PostgreSQL)", "bus"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn doctor_names_a_bucket_whose_secret_is_wrong_and_no_server_starts_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let variable = |name: &str| std::env::var(name).expect("`make test` starts S3 storage");
    let secret = folder.path().join("secret");
    let program_with = |content: &str, command: &[&str]| {
        std::fs::write(&secret, content).unwrap();
        program(&folder)
            .args(command)
            .env("S3_ENDPOINT", variable("TEST_S3_ENDPOINT"))
            .env("S3_BUCKET", "doctor")
            .env("S3_ACCESS_KEY_ID", variable("TEST_S3_ACCESS_KEY_ID"))
            .env("S3_SECRET_ACCESS_KEY_FILE", &secret)
            .output()
            .unwrap()
    };
    let files = |content: &str| {
        let output = program_with(content, &["doctor", "--json"]);
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let found = findings.into_iter().find(|one| one["name"] == "files");
        found.unwrap()
    };
    let right = files(&variable("TEST_S3_SECRET_ACCESS_KEY"));
    assert_eq!(right["ok"], true, "{right}");
    let wrong = files("guessed");
    assert_eq!(wrong["ok"], false);
    let found = wrong["found"].as_str().unwrap();
    let place = format!("the bucket doctor at {}", variable("TEST_S3_ENDPOINT"));
    assert!(
        found.contains(&place) && found.contains("SignatureDoesNotMatch"),
        "{found}"
    );
    assert!(
        wrong["mend"]
            .as_str()
            .unwrap()
            .contains("S3_SECRET_ACCESS_KEY")
    );

    let refused = program_with("guessed", &["serve"]);
    assert_eq!(refused.status.code(), Some(1));
    let complained = complained(&refused);
    assert!(
        complained.contains("SignatureDoesNotMatch") && complained.contains("S3_BUCKET"),
        "{complained}"
    );
}
