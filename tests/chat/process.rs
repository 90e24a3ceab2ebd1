use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::*;

/// The program itself, serving on a free port.
pub(super) struct Program {
    pub(super) child: Child,
    pub(super) url: String,
    folder: TempDir,
}

impl Program {
    /// The folder that it keeps things in.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Runs another command of the program, in the same folder, to its good end.
    pub(super) async fn run(&self, command: &str, settings: &[(&str, &str)]) {
        run(&self.folder, command, settings).await;
    }

    /// Sends the process a signal, as `kill` names it.
    pub(super) async fn signal(&self, signal: &str) {
        let pid = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().await;
        assert!(sent.unwrap().success());
    }
}

fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_digital-twin"));
    command
        .current_dir(folder.path())
        .env("DATA_DIR", folder.path())
        .env("TWIN_ENGINE", "scripted")
        .env("PORT", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn seeded() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        run(&folder, "seed", &[]).await;
    }
    folder
}

/// Runs the program with these arguments, however it ends.
pub(super) async fn run_program(folder: &TempDir, arguments: &[&str]) -> std::process::Output {
    program(folder).args(arguments).output().await.unwrap()
}

/// Runs a command of the program to its good end.
pub(super) async fn run(folder: &TempDir, command: &str, settings: &[(&str, &str)]) {
    let mut program = program(folder);
    program.arg(command).envs(settings.iter().copied());
    let output = program.output().await.unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

async fn serve(folder: TempDir) -> Program {
    serve_with(folder, &[]).await
}

/// Serves with some settings of its own.
pub(super) async fn serve_with(folder: TempDir, settings: &[(&str, &str)]) -> Program {
    let mut command = program(&folder);
    command.arg("serve").envs(settings.iter().copied());
    // What it logs belongs to the test's output; in a pipe that nobody reads it would stop the server.
    command.stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(at) = line.find("http://127.0.0.1:") {
                return line[at..].split_whitespace().next().unwrap().to_owned();
            }
        }
        panic!("the program ended without an address");
    };
    let url = tokio::time::timeout(PATIENCE, address)
        .await
        .expect("the program starts in time");
    Program { child, url, folder }
}

async fn chat(program: &Program, arguments: &[&str]) -> std::process::Output {
    let mut command = self::program(&program.folder);
    command
        .args(["chat", "--url", &program.url])
        .args(arguments);
    tokio::time::timeout(PATIENCE, command.output())
        .await
        .expect("chat ends in time")
        .unwrap()
}

#[actix_web::test]
async fn a_newcomer_seeds_serves_and_talks_with_ada_and_sigterm_ends_it_cleanly() {
    let folder = seeded().await;
    let mut program = serve(folder).await;
    let answered = chat(&program, &["--twin", "ada", "!say hello from Ada"]).await;
    assert!(
        answered.status.success(),
        "{}",
        String::from_utf8_lossy(&answered.stderr)
    );
    let said = String::from_utf8_lossy(&answered.stdout);
    assert!(said.contains("hello from Ada"), "{said}");

    let nobody = chat(&program, &["--twin", "nobody", "hello"]).await;
    assert!(!nobody.status.success());
    assert!(
        String::from_utf8_lossy(&nobody.stderr).contains("Ada"),
        "it names who there is"
    );

    program.signal("-TERM").await;
    let ended = tokio::time::timeout(PATIENCE, program.child.wait()).await;
    assert_eq!(ended.expect("it ends in time").unwrap().code(), Some(0));
}

#[actix_web::test]
async fn a_client_is_told_to_come_back_when_the_server_stops() {
    let server = TestServer::start().await;
    let person = server.register("Kim").await;
    let twin = server.twin(&person, "private").await;
    let room = conversation(&server, &person, &twin).await;
    let mut client = follow(&server, &person, Codec::Json, room).await;
    let told = async {
        loop {
            match client.next_event().await {
                Ok(digital_twin::chat::connection::ClientEvent::Disconnected {
                    reason, ..
                }) => return reason,
                Ok(_) => {}
                Err(error) => return error.to_string(),
            }
        }
    };
    let (_, reason) = tokio::join!(server.running.stop(), told);
    assert!(
        reason.contains("1012") || reason.contains("restart"),
        "{reason}"
    );
}
