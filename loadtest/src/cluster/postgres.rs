//! A PostgreSQL of our own, which may crash.

use std::net::Ipv4Addr;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, NoTls};

use super::redis::free_port;
use crate::machine::{Signal, signal};
use crate::target::Settings;

/// Where `setup/services.py` says that its programs are, and as which user and group they run.
const PROGRAMS: &str = "TEST_POSTGRES_PROGRAMS";
const OWNER: &str = "TEST_POSTGRES_OWNER";

const USER: &str = "digital_twin";
/// It trusts whoever comes from this machine; the product wants a password all the same.
const PASSWORD: &str = "trusted";

/// Connections that it takes: more than the pools of a few nodes.
const CONNECTIONS_MAX: &str = "max_connections=200";
/// It notes how long its disk takes.
const TIMES_FLUSHES: &str = "track_wal_io_timing=on";

const READY_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running PostgreSQL; it ends with this.
pub(crate) struct Postgres {
    programs: PathBuf,
    owner: Option<(u32, u32)>,
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl Postgres {
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let programs = std::env::var_os(PROGRAMS);
        let programs = programs.with_context(|| format!("{PROGRAMS} is not set"))?;
        let programs = PathBuf::from(programs);
        let owner = std::env::var(OWNER).ok().map(|owner| {
            let (user, group) = owner.split_once(':').context("not USER:GROUP")?;
            anyhow::Ok((user.parse()?, group.parse()?))
        });
        let owner = owner.transpose().context(OWNER)?;
        let folder = folder.join("postgres");
        std::fs::create_dir(&folder)?;
        if let Some((user, group)) = owner {
            let parent = folder.parent().context("a folder without a parent")?;
            chown(parent, Some(user), Some(group))?;
            chown(&folder, Some(user), Some(group))?;
        }
        let mut initdb = command(&programs.join("initdb"), owner, &folder);
        initdb.args(["--username", USER, "--auth", "trust", "--encoding", "UTF8"]);
        initdb.args(["--locale", "C.UTF-8", "--pgdata", "."]);
        let made = initdb.stderr(Stdio::piped()).output().await?;
        let said = String::from_utf8_lossy(&made.stderr);
        ensure!(made.status.success(), "initdb: {said}");
        let port = free_port()?;
        let child = postgres(&programs, owner, &folder, port)?;
        let postgres = Self {
            programs,
            owner,
            folder,
            port,
            child,
        };
        postgres.is_ready().await?;
        Ok(postgres)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("it has ended")
    }

    pub(super) fn settings(&self, host: Ipv4Addr, port: u16) -> Settings {
        let settings = [
            ("DB_HOST", host.to_string()),
            ("DB_PORT", port.to_string()),
            ("DB_USER", USER.to_owned()),
            ("DB_PASSWORD", PASSWORD.to_owned()),
            ("DB_NAME", "postgres".to_owned()),
        ];
        settings
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    /// Has it end at once, without writing anything down, and start again after a while.
    ///
    /// # Errors
    /// When it does not come back.
    pub(crate) async fn crash(&mut self, down: Duration) -> anyhow::Result<()> {
        signal(&self.child, Signal::SIGQUIT)?;
        self.child.wait().await?;
        sleep(down).await;
        self.child = postgres(&self.programs, self.owner, &self.folder, self.port)?;
        self.is_ready().await
    }

    /// Ends every connection to it, and gives how many there were.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub(crate) async fn terminate_backends(&self) -> anyhow::Result<i64> {
        let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        self.number(ended).await
    }

    /// A number that it is asked for.
    ///
    /// # Errors
    /// When it cannot be reached, or says something else.
    pub(crate) async fn number(&self, query: &str) -> anyhow::Result<i64> {
        let connected = self.connect().await?;
        Ok(connected.client.query_one(query, &[]).await?.try_get(0)?)
    }

    /// The texts that it is asked for.
    ///
    /// # Errors
    /// When it cannot be reached, or says something else.
    pub(crate) async fn texts(&self, query: &str) -> anyhow::Result<Vec<String>> {
        let connected = self.connect().await?;
        let rows = connected.client.query(query, &[]).await?;
        Ok(rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?)
    }

    /// Has it run statements.
    ///
    /// # Errors
    /// When it cannot be reached, or one fails.
    pub(crate) async fn execute(&self, statements: &str) -> anyhow::Result<()> {
        let connected = self.connect().await?;
        Ok(connected.client.batch_execute(statements).await?)
    }

    async fn connect(&self) -> anyhow::Result<Connected> {
        let settings = format!(
            "host=127.0.0.1 port={} user={USER} dbname=postgres",
            self.port
        );
        let (client, connection) = tokio_postgres::connect(&settings, NoTls).await?;
        let work = tokio::task::spawn_local(async move { drop(connection.await) });
        Ok(Connected { client, work })
    }

    async fn is_ready(&self) -> anyhow::Result<()> {
        let ready = async {
            while self.number("SELECT 1::bigint").await.is_err() {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(READY_WITHIN, ready)
            .await
            .context("it is not ready")
    }
}

/// A connection to it; it ends with this.
struct Connected {
    client: Client,
    work: JoinHandle<()>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.work.abort();
    }
}

fn postgres(
    programs: &Path,
    owner: Option<(u32, u32)>,
    folder: &Path,
    port: u16,
) -> anyhow::Result<Child> {
    let mut command = command(&programs.join("postgres"), owner, folder);
    command.args([
        "-D",
        ".",
        "-k",
        ".",
        "-h",
        "127.0.0.1",
        "-c",
        CONNECTIONS_MAX,
        "-c",
        TIMES_FLUSHES,
        "-p",
    ]);
    Ok(command.arg(port.to_string()).spawn()?)
}

fn command(program: &Path, owner: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}
