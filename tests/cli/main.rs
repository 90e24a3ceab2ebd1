//! The program as people start it: its commands, what they say, and the status that they end with.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests may fail as a test does"
)]

mod administration;
mod backups;
mod extract;
mod health;
mod migrations;
mod pages;
mod serving;
mod settings;
mod shared;
mod telemetry;

use std::process::{Command, Output};

use tempfile::TempDir;

/// The program with a folder of its own, the scripted engine and nothing of this process's environment.
fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_digital-twin"));
    command.env_clear();
    // Where libtorch is found, in case the run path does not lead there.
    for name in ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command
        .env("DATA_DIR", folder.path())
        .env("TWIN_ENGINE", "scripted")
        .env("PORT", "0")
        .env("TWIN_DRAIN_SECONDS", "5");
    command
}

/// What the program wrote to its standard output.
fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What the program complained about.
fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What a command said that must succeed.
fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", complained(&output));
    output
}
