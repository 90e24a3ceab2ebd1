//! Serving as a process: what it says, how it stops, and what it does not log.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::program;

/// A server in a process of its own.
pub(crate) struct Serving {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Serving {
    /// Starts the command `serve`, which must stand in the command already, and waits until it says where it is.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        output.read_line(&mut greeting).unwrap();
        let Some((_, url)) = greeting.trim().split_once(" serves ") else {
            child.kill().unwrap();
            let ended = child.wait_with_output().unwrap();
            panic!("{greeting:?} says not where it serves: {ended:?}");
        };
        let url = url.to_owned();
        Self { child, output, url }
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the end; gives the status, the rest of the output, and the log.
    pub(crate) fn end(mut self) -> (Option<i32>, String, String) {
        let (mut said, mut log) = (String::new(), String::new());
        self.output.read_to_string(&mut said).unwrap();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (self.child.wait().unwrap().code(), said, log)
    }
}

#[actix_web::test]
async fn either_signal_stops_the_server_with_status_0() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let serving = Serving::start(program(&folder).arg("serve"));
        let alive = Client::new()
            .get(format!("{}/healthz", serving.url))
            .send()
            .await
            .unwrap();
        assert_eq!(alive.status(), StatusCode::OK);
        serving.signal(signal);
        let (status, said, log) = serving.end();
        assert_eq!(status, Some(0), "{signal}: {log}");
        assert!(said.contains("Talk with Ada: digital-twin chat"), "{said}");
        assert!(log.contains("\"stopped\""), "{log}");
    }
}

#[actix_web::test]
async fn a_second_signal_stops_the_server_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(program(&folder).arg("serve"));
    // A log-in whose body never comes: the first signal waits for it.
    let address = serving.url.strip_prefix("http://").unwrap();
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 10\r\nExpect: 100-continue\r\n\r\n";
    socket.write_all(head.as_bytes()).unwrap();
    let mut begun = [0; 12];
    socket.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100");
    serving.signal("TERM");
    serving.signal("INT");
    let (status, _, log) = serving.end();
    assert_eq!(status, Some(1), "{log}");
    assert!(log.contains("stopping at once"), "{log}");
}

#[actix_web::test]
async fn the_log_is_json_and_has_no_address_password_token_or_text() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(program(&folder).arg("serve").env("LOG_LEVEL", "trace"));
    let client = Client::new();
    let url = |path: &str| format!("{}/api/v1{path}", serving.url);
    let person = json!({"email": "canary-address@example.com", "name": "canary-name", "password": "canary-password"});
    let response = client
        .post(url("/auth/register"))
        .json(&person)
        .send()
        .await
        .unwrap();
    let logged_in: Value = response.json().await.unwrap();
    let access_token = logged_in["access_token"].as_str().unwrap();
    let refresh_token = logged_in["refresh_token"].as_str().unwrap();
    let log_in = json!({"email": "canary-address@example.com", "password": "canary-wrong"});
    client
        .post(url("/auth/login"))
        .json(&log_in)
        .send()
        .await
        .unwrap();
    let refresh = json!({"refresh_token": refresh_token});
    client
        .post(url("/auth/refresh"))
        .json(&refresh)
        .send()
        .await
        .unwrap();
    let twin = json!({"name": "Ada", "persona": "canary-persona"});
    client
        .post(url("/twins"))
        .bearer_auth(access_token)
        .json(&twin)
        .send()
        .await
        .unwrap();
    serving.signal("TERM");
    let (_, _, log) = serving.end();

    let lines = log.lines().count();
    assert!(lines >= 4, "{log}");
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert!(
            entry["level"].is_string() && entry["timestamp"].is_string(),
            "{line}"
        );
    }
    for canary in ["canary", access_token, refresh_token] {
        let leak = log.lines().find(|line| line.contains(canary));
        assert_eq!(leak, None, "{canary}");
    }
}

#[actix_web::test]
async fn a_port_in_use_ends_the_program_with_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output = program(&folder)
        .args(["serve", "--port", &port])
        .output()
        .unwrap();
    let expected = format!(
        "digital-twin: port {port} of 127.0.0.1 is in use: stop what listens there, or choose another with --port or PORT\n"
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    assert_eq!(output.status.code(), Some(1));
}
