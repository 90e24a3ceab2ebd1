//! The load generator: does the same work on digital-twin and on other servers, in the same run, and reports the ratios;
//! and the torture test, which breaks connections and servers and checks that no promise is broken.

mod baseline;
mod capacity;
mod cluster;
mod connection;
mod history;
mod machine;
mod nats;
mod people;
mod prediction;
mod report;
mod run;
mod scenario;
mod simulation;
mod target;
mod torture;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use reqwest::Url;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use capacity::Capacity;
use cluster::Cluster;
use machine::{DISTURBED_MAX, FOREIGN_SHARE_MAX};
use prediction::Predict;
use report::Results;
use scenario::Suite;
use target::{Kind, Programs, Target};
use torture::Torture;

/// Puts digital-twin under load.
#[derive(Debug, Parser)]
struct Arguments {
    /// The product's program
    #[arg(long, global = true, default_value = "target/release/digital-twin")]
    server: PathBuf,
    /// The folder of the peers, with their packages installed
    #[arg(long, global = true, default_value = "loadtest/peers")]
    peers: PathBuf,
    /// The processors that servers run on, as taskset takes them; all if absent
    #[arg(long, global = true, default_value = "")]
    server_cpus: String,
    /// A setting of the product, NAME=VALUE; may be repeated
    #[arg(long, global = true)]
    set: Vec<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures digital-twin, and other servers beside it
    Measure(Measure),
    /// Measures what a kept message costs on one node, says from that how many nodes on this machine take, and measures those too
    Predict(Predict),
    /// Says from costs that were measured how many nodes, databases and so on so many people need, and what runs out first
    Capacity(Capacity),
    /// Cuts connections and kills the server while clients write, and checks that nothing was lost
    Torture(Torture),
}

#[derive(Debug, Args)]
struct Measure {
    /// The suite, such as loadtest/scenarios/peers.json
    suite: PathBuf,
    /// The servers to measure, by name: digital-twin, socket.io, ws, bun, nats
    #[arg(long, value_delimiter = ',', default_value = "digital-twin")]
    servers: Vec<String>,
    /// The PostgreSQL to keep messages in, postgres://USER:PASSWORD@HOST:PORT/DATABASE, which must be empty; SQLite if absent
    #[arg(long)]
    postgres: Option<Url>,
    /// Keep messages in a PostgreSQL of its own, and have nodes hear of each other over a Redis of its own
    #[arg(long, conflicts_with = "postgres")]
    cluster: bool,
    /// Rounds, instead of what the suite says
    #[arg(long)]
    rounds: Option<usize>,
    /// Only works whose names hold this text
    #[arg(long)]
    only: Option<String>,
    /// Where report.md, report.json and plot.svg are written
    #[arg(long, default_value = "target/loadtest")]
    out: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let settings = arguments.set.iter().map(|setting| {
        let pair = setting.split_once('=');
        let (name, value) = pair.with_context(|| format!("--set {setting}: not NAME=VALUE"))?;
        Ok((name.to_owned(), value.to_owned()))
    });
    let mut programs = Programs {
        product: arguments.server,
        peers: arguments.peers,
        server_cpus: arguments.server_cpus,
        settings: settings.collect::<anyhow::Result<_>>()?,
    };
    let work = async {
        match arguments.command {
            Command::Measure(arguments) => {
                if let Some(postgres) = &arguments.postgres {
                    programs.use_postgres(postgres).await?;
                }
                Box::pin(measure(arguments, programs)).await
            }
            Command::Predict(arguments) => Box::pin(prediction::run(&arguments, programs)).await,
            Command::Capacity(arguments) => capacity::run(&arguments),
            Command::Torture(arguments) => Box::pin(torture::run(&arguments, programs)).await,
        }
    };
    let work = async {
        tokio::select! {
            done = work => done,
            interruption = interrupted() => Err(interruption),
        }
    };
    tokio::task::LocalSet::new().run_until(work).await
}

/// Waits until somebody wants this to end: then what was started ends too.
async fn interrupted() -> anyhow::Error {
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => tokio::select! {
            _ = ctrl_c() => {}
            _ = terminated.recv() => {}
        },
        Err(error) => return error.into(),
    }
    anyhow::anyhow!("interrupted")
}

async fn measure(arguments: Measure, mut programs: Programs) -> anyhow::Result<()> {
    let mut suite = Suite::read(&arguments.suite)?;
    // What the command line sets comes later, and counts.
    programs.settings.splice(0..0, suite.settings.clone());
    suite.rounds = arguments.rounds.unwrap_or(suite.rounds).max(1);
    if let Some(only) = &arguments.only {
        suite.works.retain(|work| work.name.contains(only));
    }
    let kinds = kinds(&arguments.servers)?;
    let cluster = match arguments.cluster {
        true => Some(Cluster::start_for(&mut programs).await?),
        false => None,
    };
    let on_postgres = arguments.postgres.is_some();
    let mut results = Results::default();
    let warm_up = Duration::from_secs_f64(suite.warm_up_seconds);
    let duration = Duration::from_secs_f64(suite.seconds);
    // Round by round, so that a machine that changes its speed changes it for all.
    for round in 1..=suite.rounds {
        for (number, work) in suite.works.iter().enumerate() {
            let measured_on = match &cluster {
                Some(_) => vec![Kind::Product],
                None => work.kind.measured_on(&kinds, on_postgres),
            };
            for kind in measured_on {
                eprintln!("{} · round {round} · {}", work.name, kind.name());
                let measured = match (kind, work.kind.shape()) {
                    (Kind::OneTransaction, Some(shape)) => {
                        let postgres = arguments.postgres.as_ref();
                        baseline::one_transaction_each(
                            &programs, postgres, shape, warm_up, duration,
                        )
                        .await?
                    }
                    (Kind::Pgbench, Some(shape)) => {
                        let postgres = arguments.postgres.as_ref();
                        let postgres = postgres.context("pgbench needs --postgres")?;
                        baseline::pgbench(postgres, shape, duration).await?
                    }
                    _ => {
                        let mut attempts = 0;
                        loop {
                            let target = match &cluster {
                                Some(cluster) => cluster.target(work.nodes, &programs).await?,
                                None => Target::start(kind, &programs).await?,
                            };
                            let measured = run::run(&target, &work.kind, warm_up, duration).await?;
                            attempts += 1;
                            if measured.foreign_share <= FOREIGN_SHARE_MAX
                                || attempts > DISTURBED_MAX
                            {
                                break measured;
                            }
                            let share = measured.foreign_share * 100.0;
                            eprintln!("  others used {share:.0} % of the processors: again");
                        }
                    }
                };
                eprintln!(
                    "  {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {:.2} µs, {:.0} bytes",
                    measured.per_second,
                    measured.p50_ms,
                    measured.p99_ms,
                    measured.server_cpu_us,
                    measured.server_bytes,
                );
                results.add(number, kind, measured);
            }
        }
    }
    let page = results.markdown(&suite);
    std::fs::create_dir_all(&arguments.out)?;
    std::fs::write(arguments.out.join("report.md"), &page)?;
    let data = serde_json::to_string_pretty(&results.json(&suite))?;
    std::fs::write(arguments.out.join("report.json"), data)?;
    std::fs::write(arguments.out.join("plot.svg"), results.svg(&suite))?;
    println!("{page}");
    Ok(())
}

fn kinds(names: &[String]) -> anyhow::Result<Vec<Kind>> {
    let kind = |name: &String| {
        let known = Kind::SERVERS.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| {
            let known = Kind::SERVERS.map(Kind::name).join(", ");
            anyhow::anyhow!("no server {name:?}; known are {known}")
        })
    };
    names.iter().map(kind).collect()
}
