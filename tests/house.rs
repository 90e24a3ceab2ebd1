//! The house as it is described: who may know whom, and that the files of the walk-through exist.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read what it checks has failed"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Every edge between rooms; a new one is a change of the design.
const EDGES: &[(&str, &str)] = &[
    ("actors", "bus"),
    ("actors", "inference"),
    ("actors", "protocol"),
    ("actors", "storage"),
    ("bus", "protocol"),
    ("digital-twin", "actors"),
    ("digital-twin", "bus"),
    ("digital-twin", "inference"),
    ("digital-twin", "protocol"),
    ("digital-twin", "storage"),
    ("storage", "protocol"),
];

/// The technology of each room: only these rooms may depend on it.
const OWNERS: &[(&str, &[&str])] = &[
    ("actix", &["actors", "digital-twin"]),
    ("actix-web", &["digital-twin"]),
    ("actix-web-actors", &["digital-twin"]),
    ("bb8-postgres", &["storage"]),
    ("bb8-redis", &["bus"]),
    ("rmp-serde", &["protocol"]),
    // The load generator holds what the product keeps against the databases themselves.
    ("rusqlite", &["storage", "loadtest"]),
    ("tch", &["inference"]),
    ("tokenizers", &["inference"]),
    ("tokio-postgres", &["storage", "loadtest"]),
];

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
            "--locked",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Every dependency outside tests and builds, as (package, dependency).
fn dependencies() -> BTreeSet<(String, String)> {
    let mut edges = BTreeSet::new();
    for package in packages() {
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["kind"].is_null() {
                let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
                edges.insert((name(&package), name(dependency)));
            }
        }
    }
    edges
}

#[test]
fn rooms_know_each_other_exactly_as_designed() {
    let rooms: BTreeSet<String> = packages()
        .iter()
        .map(|package| package["name"].as_str().unwrap().to_owned())
        .collect();
    let between: BTreeSet<(String, String)> = dependencies()
        .into_iter()
        .filter(|(_, to)| rooms.contains(to))
        .collect();
    let designed: BTreeSet<(String, String)> = EDGES
        .iter()
        .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
        .collect();
    assert_eq!(between, designed);
}

#[test]
fn each_technology_has_its_room() {
    for (from, to) in dependencies() {
        if let Some((_, rooms)) = OWNERS.iter().find(|(technology, _)| *technology == to) {
            assert!(
                rooms.contains(&from.as_str()),
                "{from} depends on {to}; only {rooms:?} may"
            );
        }
    }
}

#[test]
fn every_file_that_the_documents_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let prose = without_code_blocks(&text);
        let named: Vec<&str> = links(&prose).chain(paths_in_code(&prose)).collect();
        assert!(!named.is_empty(), "{page} names files");
        for name in named {
            assert!(
                root.join(name).exists(),
                "{page} names {name}, which does not exist"
            );
        }
    }
}

#[test]
fn every_metric_is_told_in_the_documents_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = [
        "actors/src/metrics.rs",
        "actors/src/metrics/connections.rs",
        "actors/src/metrics/leases.rs",
        "bus/src/metrics.rs",
        "storage/src/metrics.rs",
        "src/ai_service/metrics.rs",
        "src/backup/metrics.rs",
        "src/delivery/metrics.rs",
        "src/http/metrics.rs",
        "src/ingest/metrics.rs",
    ];
    let sources: Vec<String> = files
        .iter()
        .map(|file| std::fs::read_to_string(root.join(file)).unwrap())
        .collect();
    let declared: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.split('"').skip(1).step_by(2))
        .filter(|text| is_metric(text))
        .collect();
    let page = std::fs::read_to_string(root.join("docs/METRICS.md")).unwrap();
    let told: BTreeSet<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| is_metric(code))
        .collect();
    assert!(declared.len() > 30, "{declared:?}");
    assert_eq!(declared, told);
}

fn is_metric(text: &str) -> bool {
    text.starts_with("twin_") && text.chars().all(|c| c == '_' || c.is_ascii_lowercase())
}

fn without_code_blocks(text: &str) -> String {
    let outside: Vec<&str> = text.split("```").step_by(2).collect();
    outside.concat()
}

/// The targets of links into the project.
fn links(prose: &str) -> impl Iterator<Item = &str> {
    let targets = prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with('#'))
}

/// What stands in backticks and is a path of the project.
fn paths_in_code(prose: &str) -> impl Iterator<Item = &str> {
    let made_later = ["target/", "data/", "application/", "text/"];
    prose
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.contains('/') && !code.starts_with(['/', '-', '.']))
        .filter(|code| !code.contains([' ', '\n', '*', '<', '{', '…', '$', ':']))
        .filter(move |code| !made_later.iter().any(|begin| code.starts_with(begin)))
}
