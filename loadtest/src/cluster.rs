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
use crate::target::{Beside, Kind, Programs, Settings, Target};

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

    /// Starts the database, which is prepared, and the bus, both to be reached without lines.
    ///
    /// # Errors
    /// When one of them does not start, or the database cannot be prepared.
    pub(crate) async fn start_for(programs: &mut Programs) -> anyhow::Result<Self> {
        let cluster = Self::start(0).await?;
        programs.settings.extend(cluster.settings());
        programs.migrate(tempfile::tempdir()?.path()).await?;
        Ok(cluster)
    }

    /// Starts so many nodes that reach the database and the bus without lines.
    ///
    /// # Errors
    /// When one does not say where it listens.
    pub(crate) async fn target(
        &self,
        nodes: usize,
        programs: &Programs,
    ) -> anyhow::Result<Target> {
        let settings = vec![settings_of_bus(self.redis.port()); nodes];
        let mut target = Target::start_nodes(Kind::Product, programs, settings).await?;
        target.stands_beside(Beside {
            postgres: self.postgres.pid()?,
            redis: self.redis.pid()?,
        });
        Ok(target)
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
            settings.extend(settings_of_bus(lines.redis.port()));
            settings
        };
        self.lines.iter().map(settings).collect()
    }

    /// The lines of a node.
    pub(crate) fn lines(&self, node: usize) -> &Lines {
        &self.lines[node]
    }
}

fn settings_of_bus(port: u16) -> Settings {
    let host = ("REDIS_HOST".to_owned(), "127.0.0.1".to_owned());
    vec![host, ("REDIS_PORT".to_owned(), port.to_string())]
}
