//! Settings from flags and the environment, as a person meets them.

use crate::{complained, program, said};

#[test]
fn a_wrong_setting_ends_the_program_with_status_78_and_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, expected) in [
        (
            "PORT",
            "http",
            "digital-twin: PORT is \"http\": allowed is a port: a whole number from 0 to 65535\n",
        ),
        (
            "TWIN_ENGINE",
            "gpt",
            "digital-twin: TWIN_ENGINE is \"gpt\": allowed is torch or scripted\n",
        ),
    ] {
        for command in ["serve", "migrate", "seed", "config"] {
            let output = program(&folder)
                .arg(command)
                .env(name, value)
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(78), "{command}");
            assert_eq!(complained(&output), expected, "{command}");
        }
    }
}

#[test]
fn a_secret_that_is_not_allowed_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(&folder)
        .args(["config", "check"])
        .env("APP_ENV", "production")
        .env("JWT_SECRET", "canary-secret")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(
        complained(&output).contains("JWT_SECRET has 13 bytes"),
        "{}",
        complained(&output)
    );
    assert!(!complained(&output).contains("canary"));
}

#[test]
fn an_unknown_flag_or_command_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["serve", "--colour", "red"][..], &["dance"]] {
        let output = program(&folder).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn config_prints_values_with_their_origin_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(&folder)
        .args(["config", "--db-name", "twins"])
        .env("DB_PASSWORD", "canary-password")
        .env("TWIN_WORKRES", "3")
        .output()
        .unwrap();
    let text = said(&output);
    let line = |name: &str| -> String {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name}=")));
        line.unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(line("DB_NAME"), "DB_NAME=twins (flag)");
    assert_eq!(line("TWIN_ENGINE"), "TWIN_ENGINE=scripted (environment)");
    assert_eq!(line("DB_PORT"), "DB_PORT=5432 (default)");
    assert_eq!(
        line("DB_PASSWORD"),
        "DB_PASSWORD=[redacted, 15 bytes] (environment)"
    );
    assert!(
        complained(&output).contains("did you mean TWIN_WORKERS?"),
        "{}",
        complained(&output)
    );
}

#[test]
fn production_has_no_demo_account() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(&folder)
        .arg("seed")
        .env("APP_ENV", "production")
        .env("JWT_SECRET", "x".repeat(32))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        complained(&output).contains("production refuses it"),
        "{}",
        complained(&output)
    );
}

#[test]
fn migrating_and_seeding_twice_changes_nothing_the_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let run = |command: &str| {
        let output = program(&folder).arg(command).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
        said(&output)
    };
    assert!(run("migrate").starts_with("Applied to the SQLite database"));
    assert!(run("migrate").starts_with("Nothing to do"));
    assert!(run("seed").contains("with the twin Ada (5 documents taken in now)"));
    assert!(run("seed").starts_with("Nothing to do"));
}

#[test]
fn doctor_says_what_is_wrong_and_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let examine = |port: &str| {
        let output = program(&folder)
            .args(["doctor", "--json"])
            .env("PORT", port)
            .output()
            .unwrap();
        let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
        let wrong: Vec<_> = findings
            .into_iter()
            .filter(|finding| finding["ok"] == false)
            .map(|finding| {
                assert!(finding["mend"].is_string(), "{finding}");
                finding["name"].as_str().unwrap().to_owned()
            })
            .collect();
        (output.status.code(), wrong)
    };
    assert_eq!(examine("0"), (Some(1), vec!["schema".to_owned()]));
    assert_eq!(
        program(&folder)
            .arg("migrate")
            .output()
            .unwrap()
            .status
            .code(),
        Some(0)
    );
    assert_eq!(examine("0"), (Some(0), vec![]));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_eq!(examine(&port), (Some(1), vec!["port".to_owned()]));
}

#[test]
fn doctor_says_where_models_compute_and_what_cuda_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let devices = |device: &str, library: &str| {
        let output = program(&folder)
            .args(["doctor", "--json", "--engine", "torch", "--device", device])
            .env("TWIN_MODEL", "absent.gguf")
            .env("TWIN_EMBEDDING_MODEL", "absent")
            .env("TWIN_CUDA_LIBRARY", library)
            .output()
            .unwrap();
        let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
        let found = findings
            .iter()
            .find(|finding| finding["name"] == "devices")
            .unwrap();
        let text = found["found"].as_str().unwrap().to_owned();
        (found["ok"] == true, text)
    };
    let missing = folder.path().join("libtorch_cuda.so");
    let missing = missing.to_str().unwrap();
    assert_eq!(devices("cpu", missing), (true, "cpu".to_owned()));
    let lacks = format!("{missing} does not exist");
    assert_eq!(
        devices("auto", missing),
        (true, format!("cpu (no CUDA: {lacks})"))
    );
    assert_eq!(
        devices("cuda:0", missing),
        (false, format!("{lacks} (TWIN_DEVICE)"))
    );
}

#[test]
fn doctor_names_a_model_that_is_missing_cut_short_or_of_an_unknown_family() {
    let folder = tempfile::tempdir().unwrap();
    let models = tempfile::tempdir().unwrap();
    let cut_short = models.path().join("short.gguf");
    std::fs::write(&cut_short, b"GGUF\x03\0\0\0").unwrap();
    let unknown = models.path().join("unknown");
    std::fs::create_dir(&unknown).unwrap();
    std::fs::write(
        unknown.join("config.json"),
        r#"{"model_type": "perceptron"}"#,
    )
    .unwrap();
    for path in [models.path().join("absent"), cut_short, unknown] {
        let output = program(&folder)
            .args(["doctor", "--json", "--engine", "torch", "--model"])
            .arg(&path)
            .output()
            .unwrap();
        let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
        let model = findings
            .iter()
            .find(|finding| finding["name"] == "language model")
            .unwrap();
        assert_eq!(model["ok"], false, "{model}");
        assert!(
            model["found"]
                .as_str()
                .unwrap()
                .contains(path.to_str().unwrap()),
            "{model}"
        );
    }
}
