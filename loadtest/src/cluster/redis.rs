//! A Redis of our own, which may be killed, and forget everything.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

const READY_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running Redis; it ends with this.
pub(crate) struct Redis {
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl Redis {
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let redis = Self {
            folder: folder.to_owned(),
            port,
            child: redis(folder, port)?,
        };
        redis.is_ready().await?;
        Ok(redis)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("it has ended")
    }

    /// Kills it, and starts it again after a while.
    ///
    /// # Errors
    /// When it does not come back.
    pub(crate) async fn kill(&mut self, down: Duration) -> anyhow::Result<()> {
        self.child.kill().await?;
        sleep(down).await;
        self.child = redis(&self.folder, self.port)?;
        self.is_ready().await
    }

    /// Has it do something.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) async fn tell(&self, command: &str) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream
            .write_all(format!("{command}\r\n").as_bytes())
            .await?;
        let mut answer = [0; 64];
        let length = timeout(READY_WITHIN, stream.read(&mut answer)).await??;
        let answer = String::from_utf8_lossy(&answer[..length]);
        ensure!(answer.starts_with(['+', ':']), "{command}: {answer}");
        Ok(())
    }

    async fn is_ready(&self) -> anyhow::Result<()> {
        let ready = async {
            while self.tell("PING").await.is_err() {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(READY_WITHIN, ready)
            .await
            .context("it is not ready")
    }
}

fn redis(folder: &Path, port: u16) -> anyhow::Result<Child> {
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--port", &port.to_string(), "--dir"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    Ok(command.spawn()?)
}

/// A port of this machine that nobody listens on.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
