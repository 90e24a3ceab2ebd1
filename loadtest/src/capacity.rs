//! The capacity model: from what things cost, and what people do, how many machines of each kind so many connections need, and what
//! runs out first when there are ten times as many.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Deserialize;

/// Connections that are looked at: each power of ten up to ten million.
const CONNECTIONS: [f64; 5] = [1e3, 1e4, 1e5, 1e6, 1e7];

const GIB: f64 = (1_u64 << 30) as f64;
const SECONDS_OF_A_DAY: f64 = 86_400.0;

#[derive(Debug, Args)]
pub(crate) struct Capacity {
    /// The costs, the people and the machines
    #[arg(default_value = "loadtest/capacity.json")]
    model: PathBuf,
}

/// What goes in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    costs: Costs,
    people: People,
    machines: Machines,
}

/// What was measured, in microseconds of one processor unless it says otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Costs {
    /// Memory of a node for each connection, its sockets' in the kernel too, in bytes.
    connection_bytes: f64,
    /// A sign of life of one connection.
    heartbeat_us: f64,
    /// One event to one follower.
    delivery_us: f64,
    /// A kept message: in its node and in PostgreSQL.
    message_node_us: f64,
    message_postgres_us: f64,
    /// What it is on PostgreSQL's disk, and in its write-ahead log, in bytes.
    message_bytes: f64,
    message_wal_bytes: f64,
    /// An event that another node hears: in both nodes, and in Redis.
    hop_node_us: f64,
    hop_redis_us: f64,
    /// A reply, without the model's work and its pieces: in its node and in PostgreSQL.
    reply_node_us: f64,
    reply_postgres_us: f64,
}

/// What people do; assumptions, each to be put right by an installation's own metrics.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    /// Messages of a connection in an hour.
    messages_per_hour: f64,
    /// The share of messages that a twin answers.
    answered_share: f64,
    /// Connections that follow a conversation, its writer's too.
    followers: f64,
    /// Other nodes on which a conversation has followers, on average; never more than there are.
    other_nodes: f64,
    /// Tokens that a reply is written in, each a piece to each follower, and tokens of its prompt that are not computed already.
    reply_tokens: f64,
    prompt_tokens: f64,
    /// Seconds between two signs of life.
    heartbeat_seconds: f64,
}

/// What one machine of each kind has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Machines {
    /// The share of each that is used on purpose.
    used: f64,
    node_processors: f64,
    node_memory_gib: f64,
    /// Redis works on one processor.
    redis_processors: f64,
    postgres_processors: f64,
    postgres_disk_gib: f64,
    /// Days that messages are kept.
    kept_days: f64,
    /// Tokens that one inference machine writes and reads in a second.
    inference_decode_per_second: f64,
    inference_prefill_per_second: f64,
}

/// What so many connections need, as machines of each kind, not yet rounded.
#[derive(Debug, Clone, PartialEq)]
struct Need {
    connections: f64,
    messages_per_second: f64,
    deliveries_per_second: f64,
    replies_per_second: f64,
    tokens_per_second: f64,
    disk_gib_per_day: f64,
    wal_mib_per_second: f64,
    /// By the name of what there may be too little of.
    machines: [(&'static str, f64); 6],
}

/// Prints the model's table.
///
/// # Errors
/// Names the file and the field that is wrong.
pub(crate) fn run(arguments: &Capacity) -> anyhow::Result<()> {
    println!("{}", page(&Model::read(&arguments.model)?));
    Ok(())
}

impl Model {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let model: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is no capacity model", path.display()))?;
        let used = model.machines.used;
        anyhow::ensure!(
            used > 0.0 && used <= 1.0,
            "{}: used must be a share, more than 0 and at most 1",
            path.display()
        );
        Ok(model)
    }

    fn need(&self, connections: f64) -> Need {
        let (costs, people, machines) = (&self.costs, &self.people, &self.machines);
        let messages = connections * people.messages_per_hour / 3_600.0;
        let replies = messages * people.answered_share;
        // A reply is a message too, and its pieces are events that are not kept.
        let kept = messages + replies;
        let pieces = replies * people.reply_tokens;
        let deliveries = (kept + pieces) * people.followers;
        let heartbeats = connections / people.heartbeat_seconds;
        let seconds = |per_second: f64, microseconds: f64| per_second * microseconds / 1e6;
        let without_hops = seconds(messages, costs.message_node_us)
            + seconds(replies, costs.reply_node_us)
            + seconds(deliveries, costs.delivery_us)
            + seconds(heartbeats, costs.heartbeat_us);
        let memory = connections * costs.connection_bytes / GIB;
        let of_processors = |processors: f64, each: f64| processors / (each * machines.used);
        let by_memory = of_processors(memory, machines.node_memory_gib);
        // One node hears of no other; many hear at most of what is assumed.
        let alone = of_processors(without_hops, machines.node_processors).max(by_memory);
        let other_nodes = people.other_nodes.min((alone.ceil() - 1.0).max(0.0));
        let hops = (kept + pieces) * other_nodes;
        let at_nodes = without_hops + seconds(hops, costs.hop_node_us);
        let at_redis = seconds(hops, costs.hop_redis_us);
        let at_postgres = seconds(messages, costs.message_postgres_us)
            + seconds(replies, costs.reply_postgres_us);
        let disk_gib_per_day = kept * costs.message_bytes * SECONDS_OF_A_DAY / GIB;
        let inference = replies * people.reply_tokens / machines.inference_decode_per_second
            + replies * people.prompt_tokens / machines.inference_prefill_per_second;
        Need {
            connections,
            messages_per_second: messages,
            deliveries_per_second: deliveries,
            replies_per_second: replies,
            tokens_per_second: replies * people.reply_tokens,
            disk_gib_per_day,
            wal_mib_per_second: kept * costs.message_wal_bytes / (1 << 20) as f64,
            machines: [
                (
                    "nodes' processors",
                    of_processors(at_nodes, machines.node_processors),
                ),
                ("nodes' memory", by_memory),
                ("Redis", of_processors(at_redis, machines.redis_processors)),
                (
                    "PostgreSQL's processors",
                    of_processors(at_postgres, machines.postgres_processors),
                ),
                (
                    "PostgreSQL's disk",
                    of_processors(
                        disk_gib_per_day * machines.kept_days,
                        machines.postgres_disk_gib,
                    ),
                ),
                ("inference", inference / machines.used),
            ],
        }
    }
}

impl Need {
    /// Of the machines that so many fewer connections need: what is too little now, by name, and how many times over it is needed,
    /// the scarcest first; where nothing is, what is nearest to it.
    fn run_out(&self, before: &Self) -> Vec<(&'static str, f64)> {
        let both = self.machines.iter().zip(&before.machines);
        let mut times: Vec<_> = both
            .map(|((name, now), (_, before))| (*name, now / before.ceil().max(1.0)))
            .collect();
        times.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let scarce = times.iter().filter(|(_, times)| *times > 1.0).count();
        times.truncate(scarce.max(1));
        times
    }
}

fn page(model: &Model) -> String {
    let mut page = String::from(
        "| connections | messages a second | deliveries | replies | tokens written | disk a day | write-ahead log | nodes | Redis | PostgreSQL | inference machines | of what was there, needed |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let mut before = model.need(0.0);
    for connections in CONNECTIONS {
        let need = model.need(connections);
        let machines = |names: [usize; 2]| {
            let most = names.map(|place| need.machines[place].1);
            most[0].max(most[1]).ceil().max(1.0)
        };
        let run_out = need.run_out(&before);
        let run_out: Vec<String> = run_out
            .iter()
            .map(|(name, times)| format!("{name} {times:.1}"))
            .collect();
        let _ = writeln!(
            page,
            "| {:.0} | {:.1} | {:.0} | {:.2} | {:.0} | {:.2} GiB | {:.3} MiB/s | {:.0} | {:.0} | {:.0} | {:.0} | {} |",
            need.connections,
            need.messages_per_second,
            need.deliveries_per_second,
            need.replies_per_second,
            need.tokens_per_second,
            need.disk_gib_per_day,
            need.wal_mib_per_second,
            machines([0, 1]),
            machines([2, 2]),
            machines([3, 4]),
            machines([5, 5]),
            run_out.join(", "),
        );
        before = need;
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("capacity.json");
        Model::read(&folder).unwrap()
    }

    #[test]
    fn what_is_needed_grows_with_the_connections() {
        let model = model();
        let (few, many) = (model.need(1e5), model.need(1e6));
        let times = many.messages_per_second / few.messages_per_second;
        assert!((times - 10.0).abs() < 1e-9, "{times}");
        for ((name, few), (_, many)) in few.machines.iter().zip(&many.machines) {
            assert!(many >= few, "{name}: {few} {many}");
        }
    }

    #[test]
    fn one_node_has_nothing_on_redis() {
        let need = model().need(100.0);
        assert_eq!(need.machines[2], ("Redis", 0.0));
    }

    #[test]
    fn what_is_scarcest_comes_first() {
        let need = |inference: f64, redis: f64| Need {
            machines: [
                ("nodes' processors", 1.0),
                ("nodes' memory", 1.0),
                ("Redis", redis),
                ("PostgreSQL's processors", 0.1),
                ("PostgreSQL's disk", 0.1),
                ("inference", inference),
            ],
            ..model().need(1.0)
        };
        // Ten inference machines were there, and one Redis.
        let run_out = need(30.0, 4.0).run_out(&need(9.5, 0.4));
        assert_eq!(run_out, [("Redis", 4.0), ("inference", 3.0)]);
        let enough = need(0.5, 0.2).run_out(&need(0.4, 0.1));
        assert_eq!(enough[..], [("nodes' processors", 1.0)]);
    }
}
