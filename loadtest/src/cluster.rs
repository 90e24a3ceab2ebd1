//! What several nodes of the product share, as processes that can be hurt: PostgreSQL, Redis, the lines between them and each node, and
//! each node's network.

mod line;
mod network;
mod postgres;
mod redis;

use std::net::Ipv4Addr;

use anyhow::Context;
use tempfile::TempDir;

use self::line::Line;
pub(crate) use self::line::State;
pub(crate) use self::network::{Lost, Network};
pub(crate) use self::postgres::Postgres;
use self::redis::Redis;
use crate::target::{Beside, Kind, NodeSettings, Programs, Settings, Target};

/// The database and the bus of some nodes, each of which reaches them over lines of its own.
pub(crate) struct Cluster {
    /// Where the log is.
    pub(crate) postgres: Postgres,
    /// What carries events between nodes.
    pub(crate) redis: Redis,
    lines: Vec<Lines>,
    /// The network of each node; none where no networks can be made.
    networks: Vec<Network>,
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
    /// Starts the database and the bus for so many nodes, each in a network of its own where one can be made.
    ///
    /// # Errors
    /// When one of them does not start.
    pub(crate) async fn start(nodes: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let postgres = Postgres::start(folder.path()).await;
        let postgres = postgres.context("PostgreSQL does not start")?;
        let redis = Redis::start(folder.path()).await;
        let redis = redis.context("Redis does not start")?;
        let mut networks = Vec::new();
        // Nodes without lines are where this machine's database and bus are.
        if nodes > 0 {
            networks = Network::of_nodes(nodes).unwrap_or_else(|reason| {
                eprintln!("nodes have no networks of their own, and faults that take those are left out: {reason:#}");
                Vec::new()
            });
        }
        let mut lines = Vec::new();
        for node in 0..nodes {
            let near = near(&networks, node);
            lines.push(Lines {
                postgres: Line::to(postgres.port(), near).await?,
                redis: Line::to(redis.port(), near).await?,
            });
        }
        Ok(Self {
            postgres,
            redis,
            lines,
            networks,
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
    pub(crate) async fn target(&self, nodes: usize, programs: &Programs) -> anyhow::Result<Target> {
        let node = NodeSettings {
            settings: settings_of_bus(Ipv4Addr::LOCALHOST, self.redis.port()),
            namespace: None,
        };
        let nodes = vec![node; nodes];
        let mut target = Target::start_nodes(Kind::Product, programs, nodes).await?;
        target.stands_beside(Beside {
            postgres: self.postgres.pid()?,
            redis: self.redis.pid()?,
        });
        Ok(target)
    }

    /// Settings with which the database is reached without a line.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = self
            .postgres
            .settings(Ipv4Addr::LOCALHOST, self.postgres.port());
        // A day, so that tokens outlive clocks that are wrong.
        let lasts = "JWT_ACCESS_TOKEN_EXPIRE_MINUTES";
        settings.push((lasts.to_owned(), "1440".to_owned()));
        settings
    }

    /// The settings of each node.
    pub(crate) fn settings_of_nodes(&self) -> Vec<NodeSettings> {
        let settings = |(node, lines): (usize, &Lines)| {
            let near = near(&self.networks, node);
            let mut settings = self.postgres.settings(near, lines.postgres.port());
            settings.extend(settings_of_bus(near, lines.redis.port()));
            let network = self.networks.get(node);
            if let Some(network) = network {
                settings.push(("HOST".to_owned(), network.there().to_string()));
            }
            NodeSettings {
                settings,
                namespace: network.map(|network| network.namespace().to_owned()),
            }
        };
        self.lines.iter().enumerate().map(settings).collect()
    }

    /// The lines of a node.
    pub(crate) fn lines(&self, node: usize) -> &Lines {
        &self.lines[node]
    }

    /// The network of a node, if it has one of its own.
    pub(crate) fn network(&self, node: usize) -> Option<&Network> {
        self.networks.get(node)
    }
}

/// The address of this machine that is next to a node.
fn near(networks: &[Network], node: usize) -> Ipv4Addr {
    networks
        .get(node)
        .map_or(Ipv4Addr::LOCALHOST, Network::here)
}

fn settings_of_bus(host: Ipv4Addr, port: u16) -> Settings {
    let host = ("REDIS_HOST".to_owned(), host.to_string());
    vec![host, ("REDIS_PORT".to_owned(), port.to_string())]
}
