//! A Redis server of one test's own, which the test may kill.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use bus::RedisConfig;
use tempfile::TempDir;

/// A running server; it is killed when the test ends.
pub(crate) struct PrivateRedis {
    folder: TempDir,
    port: u16,
    password: Option<&'static str>,
    process: Child,
}

impl PrivateRedis {
    /// Starts a server on a free port.
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// Starts a server that asks for a password.
    pub(crate) fn start_with_password(password: &'static str) -> Self {
        Self::start_with(Some(password))
    }

    fn start_with(password: Option<&'static str>) -> Self {
        let folder = TempDir::new().unwrap();
        let probe = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = probe.local_addr().unwrap().port();
        drop(probe);
        let process = run_server(&folder, port, password);
        Self {
            folder,
            port,
            password,
            process,
        }
    }

    /// Where the server is.
    pub(crate) fn config(&self) -> RedisConfig {
        RedisConfig {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            db: 0,
            password: self.password.map(str::to_owned),
        }
    }

    /// Kills the server as a crash does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts a killed server again, on the same port.
    pub(crate) fn restart(&mut self) {
        self.process = run_server(&self.folder, self.port, self.password);
    }

    /// Stops the server's process in its tracks: its connections stay open and are silent.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets a frozen server go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Runs a command of the server on a connection of its own.
    pub(crate) async fn command(&self, words: &[&str]) {
        let client =
            bb8_redis::redis::Client::open(format!("redis://127.0.0.1:{}/", self.port)).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = bb8_redis::redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.exec_async(&mut connection).await.unwrap();
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([name, &self.process.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success(), "kill {name}");
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        // Both fail only if the server is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run_server(folder: &TempDir, port: u16, password: Option<&str>) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::piped());
    if let Some(password) = password {
        command.args(["--requirepass", password]);
    }
    let mut process = command
        .spawn()
        .expect("redis-server can be started: run `make test`, which installs it");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut said = String::new();
    let ready = lines.any(|line| {
        let line = line.unwrap();
        said = format!("{said}{line}\n");
        line.contains("Ready to accept connections")
    });
    assert!(ready, "redis-server did not start:\n{said}");
    process
}
