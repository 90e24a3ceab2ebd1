//! What several nodes of the product share, as processes that can be hurt: PostgreSQL, Redis, and the lines between them and each node.

mod line;
mod postgres;
mod redis;

use anyhow::Context;
use tempfile::TempDir;

use self::line::Line;
pub(crate) use self::line::State;
use self::postgres::Postgres;
use self::redis::Redis;
use crate::target::Settings;

/// The database and the bus of some nodes, each of which reaches them over lines of its own.
pub(crate) struct Cluster {
    /// Where the log is.
    pub(crate) postgres: Postgres,
    /// What carries events between nodes.
    pub(crate) redis: Redis,
    lines: Vec<Lines>,
    _folder: TempDir,
}

/// The lines of one node.
pub(crate) struct Lines {
    /// To the database.
    pub(crate) postgres: Line,
    /// To the bus.
    pub(crate) redis: Line,
}

impl Cluster {
    /// Starts the database and the bus for so many nodes.
    ///
    /// # Errors
    /// When one of them does not start.
    pub(crate) async fn start(nodes: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let postgres = Postgres::start(folder.path()).await;
        let postgres = postgres.context("PostgreSQL does not start")?;
        let redis = Redis::start(folder.path()).await;
        let redis = redis.context("Redis does not start")?;
        let mut lines = Vec::new();
        for _ in 0..nodes {
            lines.push(Lines {
                postgres: Line::to(postgres.port()).await?,
                redis: Line::to(redis.port()).await?,
            });
        }
        Ok(Self {
            postgres,
            redis,
            lines,
            _folder: folder,
        })
    }

    /// Settings with which the database is reached without a line.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = self.postgres.settings(self.postgres.port());
        // A day, so that tokens outlive clocks that are wrong.
        let lasts = "JWT_ACCESS_TOKEN_EXPIRE_MINUTES";
        settings.push((lasts.to_owned(), "1440".to_owned()));
        settings
    }

    /// The settings of each node.
    pub(crate) fn settings_of_nodes(&self) -> Vec<Settings> {
        let settings = |lines: &Lines| {
            let mut settings = self.postgres.settings(lines.postgres.port());
            settings.push(("REDIS_HOST".to_owned(), "127.0.0.1".to_owned()));
            settings.push(("REDIS_PORT".to_owned(), lines.redis.port().to_string()));
            settings
        };
        self.lines.iter().map(settings).collect()
    }

    /// The lines of a node.
    pub(crate) fn lines(&self, node: usize) -> &Lines {
        &self.lines[node]
    }
}
