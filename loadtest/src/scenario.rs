//! What is measured: suites in JSON files, each a list of works that every server does in turn.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::baseline::Shape;
use crate::target::Kind;

/// A suite: every work is done by every server, round by round.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suite {
    /// Its name, for the report.
    pub(crate) name: String,
    /// Rounds; the report shows medians.
    pub(crate) rounds: usize,
    /// Seconds before the measurement begins.
    pub(crate) warm_up_seconds: f64,
    /// Seconds of the measurement.
    pub(crate) seconds: f64,
    /// Settings of the product, beside those that every measurement has.
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, String>,
    /// The works.
    pub(crate) works: Vec<Work>,
}

/// One row of the report.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Work {
    /// Its name, for the report.
    pub(crate) name: String,
    /// Another work of the suite: the report says how many times that one's latency this one's is.
    #[serde(default)]
    pub(crate) beside: Option<String>,
    /// Nodes of the product; other servers have one.
    #[serde(default = "one")]
    pub(crate) nodes: usize,
    /// What is done.
    #[serde(flatten)]
    pub(crate) kind: WorkKind,
}

const fn one() -> usize {
    1
}

/// What clients do.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(tag = "work", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum WorkKind {
    /// One member of each room publishes, and every member receives.
    FanOut {
        /// Rooms.
        rooms: usize,
        /// Connections in each room.
        members: usize,
        /// Bytes of each event's data.
        event_bytes: usize,
        /// How it is paced.
        pace: Pace,
        /// Connections that follow the first room beside its members and never read; the product only.
        #[serde(default)]
        never_reading: usize,
        /// Whether who publishes is at the first node and the members are at the last.
        #[serde(default)]
        apart: bool,
    },
    /// Every connection pings, and pings again as soon as it is answered.
    Echo {
        /// Connections.
        connections: usize,
    },
    /// Connections that have joined a room and do nothing; twice as many in all, of which the second half is measured.
    Idle {
        /// Connections in each half.
        connections: usize,
    },
    /// Connections that all come back at once, each from the beginning of a conversation; the product only. It ends when
    /// the last one has everything.
    ResumeStorm {
        /// Connections.
        connections: usize,
        /// Conversations that they share.
        conversations: usize,
        /// Messages of each conversation.
        messages: usize,
    },
    /// People who each talk with a twin, and ask again as soon as it has answered; the product only, with its scripted engine.
    Chat {
        /// People.
        people: usize,
        /// What they say.
        text: String,
    },
    /// People who write to each other, two and two; the product only. Counted from when a message was due are its
    /// acknowledgement and its arrival.
    People {
        /// Pairs.
        pairs: usize,
        /// Messages of all pairs in a second.
        messages_per_second: f64,
        /// Others who talk with a twin all the time, and what they say.
        talkers: usize,
        #[serde(default)]
        question: String,
    },
    /// People who write to each other, two and two, of whom who reads may be at another node; the product only. Counted from when a
    /// message was due is its arrival.
    Arrivals {
        /// Pairs.
        pairs: usize,
        /// Messages of all pairs in a second.
        messages_per_second: f64,
        /// Whether who writes is at the first node and who reads at the last.
        apart: bool,
    },
    /// Senders, one after the other at each node, that wait for the acknowledgement of each message; the product only.
    Durable {
        /// Senders.
        senders: usize,
        /// Conversations that they share.
        conversations: usize,
        /// Bytes of each text.
        text_bytes: usize,
    },
}

impl WorkKind {
    /// What this work is measured on, of the servers that are wished for: messages are kept by ours alone, and held against
    /// what the database can do by itself; an echo and idle connections are no work for a broker.
    pub(crate) fn measured_on(&self, wished: &[Kind], on_postgres: bool) -> Vec<Kind> {
        match self {
            Self::Durable { .. } if on_postgres => {
                vec![Kind::Product, Kind::OneTransaction, Kind::Pgbench]
            }
            Self::Durable { .. } => vec![Kind::Product, Kind::OneTransaction],
            Self::ResumeStorm { .. }
            | Self::Chat { .. }
            | Self::People { .. }
            | Self::Arrivals { .. } => vec![Kind::Product],
            Self::FanOut { never_reading, .. } if *never_reading > 0 => vec![Kind::Product],
            Self::FanOut { .. } => wished.to_vec(),
            Self::Echo { .. } | Self::Idle { .. } => {
                let servers = wished.iter().copied();
                servers.filter(|kind| *kind != Kind::Nats).collect()
            }
        }
    }

    /// The shape of messages that are kept; none for other works.
    pub(crate) fn shape(&self) -> Option<Shape> {
        match *self {
            Self::Durable {
                senders,
                conversations,
                text_bytes,
            } => Some(Shape {
                senders,
                conversations,
                text_bytes,
            }),
            _ => None,
        }
    }
}

/// When the next event is published.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pace {
    /// Closed loop: as soon as fewer than this many events of the room are on their way.
    InFlight(usize),
    /// Open loop: so many events a second over all rooms, whatever becomes of them. Latencies are measured from when an
    /// event was due, so that a server that falls behind is not spared.
    EventsPerSecond(f64),
}

impl Suite {
    /// Reads a suite.
    ///
    /// # Errors
    /// Names the file, and the line and field that is wrong.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let suite: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is no suite", path.display()))?;
        anyhow::ensure!(
            suite.rounds > 0,
            "{}: rounds must be 1 or more",
            path.display()
        );
        anyhow::ensure!(
            suite.seconds > 0.0,
            "{}: seconds must be more than 0",
            path.display()
        );
        for work in &suite.works {
            let known = |name: &String| suite.works.iter().any(|other| other.name == *name);
            anyhow::ensure!(
                work.beside.as_ref().is_none_or(known),
                "{}: {} stands beside a work that there is not",
                path.display(),
                work.name
            );
            anyhow::ensure!(
                work.nodes > 0,
                "{}: {} has no nodes",
                path.display(),
                work.name
            );
        }
        Ok(suite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_of_the_project_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut suites = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let suite = Suite::read(&entry.unwrap().path()).unwrap();
            assert!(!suite.works.is_empty(), "{} has works", suite.name);
            suites += 1;
        }
        assert!(suites > 0, "there are suites");
    }

    #[test]
    fn a_field_that_is_wrong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("suite.json");
        std::fs::write(&path, r#"{"name":"x","rounds":1,"warm_up":1}"#).unwrap();
        let error = format!("{:#}", Suite::read(&path).unwrap_err());
        assert!(error.contains("warm_up"), "{error}");
    }

    #[test]
    fn a_work_that_stands_beside_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("suite.json");
        let work = r#"{"name":"echo","beside":"idle","work":"echo","connections":1}"#;
        let head = r#""name":"x","rounds":1,"warm_up_seconds":0,"seconds":1"#;
        std::fs::write(&path, format!(r#"{{{head},"works":[{work}]}}"#)).unwrap();
        let error = format!("{:#}", Suite::read(&path).unwrap_err());
        assert!(error.contains("echo stands beside"), "{error}");
    }
}
