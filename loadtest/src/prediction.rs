//! What one node costs, what a simulation says from that of more senders and more nodes on this machine, and what is measured there.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cluster::Cluster;
use crate::report::median;
use crate::run::{self, Measured};
use crate::scenario::WorkKind;
use crate::simulation::{Costs, Outcome, Setting, simulate};
use crate::target::Programs;

/// Senders of the two measurements that the costs come from: alone, and so many that they share transactions.
const CALIBRATED_WITH: [usize; 2] = [1, 32];

/// Senders and nodes that are predicted, and measured too.
const PREDICTED: [(usize, usize); 6] = [(16, 1), (16, 2), (16, 3), (64, 1), (64, 2), (64, 3)];

/// A prime number, so that of many senders each conversation has some at every node.
const CONVERSATIONS: usize = 17;
const TEXT_BYTES: usize = 200;
const WARM_UP: Duration = Duration::from_secs(1);

/// Seconds that are simulated.
const SIMULATED: f64 = 20.0;

#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// Rounds; medians count
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Where prediction.md and prediction.json are written
    #[arg(long, default_value = "target/loadtest/cluster")]
    out: PathBuf,
}

/// One line of the report.
#[derive(Debug, Serialize)]
struct Line {
    setting: Setting,
    predicted: Outcome,
    measured: Outcome,
}

/// Measures, predicts, measures what was predicted, and prints both.
///
/// # Errors
/// When a server does not start, or a connection is lost.
pub(crate) async fn run(arguments: &Predict, mut programs: Programs) -> anyhow::Result<()> {
    let cluster = Cluster::start_for(&mut programs).await?;
    let mut calibrations: [Vec<Measured>; 2] = Default::default();
    let mut flushes = Vec::new();
    let mut measured: [Vec<Measured>; PREDICTED.len()] = Default::default();
    let duration = Duration::from_secs_f64(arguments.seconds);
    // Round by round, so that a machine that changes its speed changes it for all.
    for round in 1..=arguments.rounds.max(1) {
        let one = CALIBRATED_WITH.map(|senders| (senders, 1));
        let places = calibrations.iter_mut().chain(&mut measured);
        for ((senders, nodes), place) in one.into_iter().chain(PREDICTED).zip(places) {
            eprintln!("round {round} · {senders} senders, {nodes} nodes");
            let work = WorkKind::Durable {
                senders,
                conversations: CONVERSATIONS,
                text_bytes: TEXT_BYTES,
            };
            let target = cluster.target(nodes, &programs).await?;
            let before = flushed(&cluster).await?;
            place.push(run::run(&target, &work, WARM_UP, duration).await?);
            if senders == CALIBRATED_WITH[0] {
                let after = flushed(&cluster).await?;
                flushes.push((after.0 - before.0) / (after.1 - before.1).max(1.0));
            }
        }
    }
    let [alone, together] = &calibrations;
    let costs = costs(alone, together, median(flushes));
    let kept = kept(&cluster).await?;
    let processors = std::thread::available_parallelism()?.get();
    let lines: Vec<Line> = PREDICTED
        .into_iter()
        .zip(&measured)
        .map(|((senders, nodes), measured)| {
            let setting = Setting {
                processors,
                nodes,
                senders,
                conversations: CONVERSATIONS,
            };
            Line {
                setting,
                predicted: simulate(&costs, setting, SIMULATED, 1),
                measured: Outcome {
                    per_second: median_of(measured, |one| one.per_second),
                    p50_ms: median_of(measured, |one| one.p50_ms),
                    p99_ms: median_of(measured, |one| one.p99_ms),
                    batch: median_of(measured, |one| one.batch),
                },
            }
        })
        .collect();
    let page = page(&costs, kept, &lines);
    std::fs::create_dir_all(&arguments.out)?;
    std::fs::write(arguments.out.join("prediction.md"), &page)?;
    let data = serde_json::json!({
        "costs": costs, "bytes_of_a_message": kept, "lines": lines, "calibrations": calibrations, "measured": measured,
    });
    let data = serde_json::to_string_pretty(&data)?;
    std::fs::write(arguments.out.join("prediction.json"), data)?;
    println!("{page}");
    Ok(())
}

/// How many microseconds PostgreSQL has waited for its disk to flush the log so far, and how often.
async fn flushed(cluster: &Cluster) -> anyhow::Result<(f64, f64)> {
    let waited = "SELECT (wal_sync_time * 1000)::bigint FROM pg_stat_wal";
    let waited = cluster.postgres.number(waited).await?;
    let times = cluster.postgres.number("SELECT wal_sync FROM pg_stat_wal");
    Ok((waited as f64, times.await? as f64))
}

/// Bytes of a message in the database with its indexes, and in the write-ahead log.
async fn kept(cluster: &Cluster) -> anyhow::Result<(f64, f64)> {
    let number = async |query| anyhow::Ok(cluster.postgres.number(query).await? as f64);
    let messages = number("SELECT count(*) FROM messages").await?.max(1.0);
    let tables = number("SELECT pg_total_relation_size('messages')").await?;
    let log = number("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint").await?;
    Ok((tables / messages, log / messages))
}

fn median_of(rounds: &[Measured], of: impl Fn(&Measured) -> f64) -> f64 {
    median(rounds.iter().map(of).collect())
}

/// What messages cost, from one sender alone and from many that share transactions: what does not shrink with the transactions is
/// each message's own.
fn costs(alone: &[Measured], together: &[Measured], flush_us: f64) -> Costs {
    let batch = median_of(together, |one| one.batch).max(1.0);
    let split = |part: fn(&Measured) -> f64| {
        let (one, many) = (median_of(alone, part), median_of(together, part));
        // one = each + transaction, many = each + transaction / batch
        let transaction = ((one - many) / (1.0 - 1.0 / batch)).clamp(0.0, one);
        (one - transaction, transaction)
    };
    let (node_us, node_batch_us) = split(|one| one.parts_us.nodes);
    let (postgres_us, postgres_batch_us) = split(|one| one.parts_us.postgres);
    let generator_us = median_of(together, |one| one.parts_us.generator);
    let worked = node_us + node_batch_us + postgres_us + postgres_batch_us + generator_us;
    let alone_us = median_of(alone, |one| one.mean_ms) * 1_000.0;
    Costs {
        generator_us,
        node_us,
        node_batch_us,
        postgres_us,
        postgres_batch_us,
        redis_us: median_of(together, |one| one.parts_us.redis),
        flush_us,
        wait_us: (alone_us - worked - flush_us).max(0.0),
    }
}

fn page(costs: &Costs, (bytes, log_bytes): (f64, f64), lines: &[Line]) -> String {
    let [alone, together] = CALIBRATED_WITH;
    let mut page = format!(
        "# Predicted and measured\n\n\
         From 1 node with {alone} and with {together} senders: a message costs {:.1} µs of a processor in the node, {:.1} in PostgreSQL, {:.1} in \
         Redis and {:.1} in the load generator; a transaction {:.1} in the node and {:.1} in PostgreSQL, and waits {:.0} µs for the disk and {:.0} besides. A message has {bytes:.0} bytes in \
         its table and {log_bytes:.0} in the write-ahead log.\n\n\
         | senders | nodes | messages a second: predicted, measured | predicted to measured | p50 ms: predicted, measured | p99 ms | messages of a transaction |\n\
         |---|---|---|---|---|---|---|\n",
        costs.node_us,
        costs.postgres_us,
        costs.redis_us,
        costs.generator_us,
        costs.node_batch_us,
        costs.postgres_batch_us,
        costs.flush_us,
        costs.wait_us,
    );
    for line in lines {
        let (predicted, measured) = (&line.predicted, &line.measured);
        let _ = writeln!(
            page,
            "| {} | {} | {:.0}, {:.0} | {:.2} | {:.2}, {:.2} | {:.2}, {:.2} | {:.1}, {:.1} |",
            line.setting.senders,
            line.setting.nodes,
            predicted.per_second,
            measured.per_second,
            predicted.per_second / measured.per_second,
            predicted.p50_ms,
            measured.p50_ms,
            predicted.p99_ms,
            measured.p99_ms,
            predicted.batch,
            measured.batch,
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Counts;
    use crate::target::Parts;

    #[test]
    fn what_shrinks_with_the_transactions_is_the_transactions() {
        let measured = |batch: f64, mean_ms: f64| Measured {
            batch,
            mean_ms,
            parts_us: Parts {
                nodes: 20.0 + 60.0 / batch,
                postgres: 10.0 + 100.0 / batch,
                redis: 2.0,
                generator: 5.0,
            },
            ..Counts::new().unwrap().measured(Duration::from_secs(1))
        };
        let costs = costs(&[measured(1.0, 0.5)], &[measured(10.0, 2.0)], 200.0);
        let near = |is: f64, should: f64| assert!((is - should).abs() < 1e-6, "{costs:?}");
        near(costs.node_us, 20.0);
        near(costs.node_batch_us, 60.0);
        near(costs.postgres_us, 10.0);
        near(costs.postgres_batch_us, 100.0);
        near(costs.wait_us, 500.0 - 195.0 - 200.0);
    }
}
