//! The load generator: does the same work on digital-twin and on other servers, in the same run, and reports the ratios.

mod connection;
mod report;
mod run;
mod scenario;
mod target;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use report::Results;
use scenario::{Suite, WorkKind};
use target::{Kind, Programs, Target};

/// Measures digital-twin, and other servers beside it.
#[derive(Debug, Parser)]
struct Arguments {
    /// The suite, such as loadtest/scenarios/peers.json
    suite: PathBuf,
    /// The product's program
    #[arg(long, default_value = "target/release/digital-twin")]
    server: PathBuf,
    /// The servers to measure, by name: digital-twin, socket.io, ws, bun
    #[arg(long, value_delimiter = ',', default_value = "digital-twin")]
    servers: Vec<String>,
    /// The folder of the peers, with their packages installed
    #[arg(long, default_value = "loadtest/peers")]
    peers: PathBuf,
    /// The processors that servers run on, as taskset takes them; all if absent
    #[arg(long, default_value = "")]
    server_cpus: String,
    /// A setting of the product, NAME=VALUE; may be repeated
    #[arg(long)]
    set: Vec<String>,
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
    tokio::task::LocalSet::new()
        .run_until(measure(arguments))
        .await
}

async fn measure(arguments: Arguments) -> anyhow::Result<()> {
    let mut suite = Suite::read(&arguments.suite)?;
    suite.rounds = arguments.rounds.unwrap_or(suite.rounds).max(1);
    if let Some(only) = &arguments.only {
        suite.works.retain(|work| work.name.contains(only));
    }
    let kinds = kinds(&arguments.servers)?;
    let settings = arguments.set.iter().map(|setting| {
        let pair = setting.split_once('=');
        let (name, value) =
            pair.ok_or_else(|| anyhow::anyhow!("--set {setting}: not NAME=VALUE"))?;
        Ok((name.to_owned(), value.to_owned()))
    });
    let programs = Programs {
        product: arguments.server,
        peers: arguments.peers,
        server_cpus: arguments.server_cpus,
        settings: settings.collect::<anyhow::Result<_>>()?,
    };
    let mut results = Results::default();
    let warm_up = Duration::from_secs_f64(suite.warm_up_seconds);
    let duration = Duration::from_secs_f64(suite.seconds);
    for (number, work) in suite.works.iter().enumerate() {
        for round in 1..=suite.rounds {
            // Round by round, so that a machine that changes its speed changes it for all.
            for kind in kinds.iter().copied() {
                if matches!(work.kind, WorkKind::Durable { .. }) && kind != Kind::Product {
                    continue;
                }
                let target = Target::start(kind, &programs).await?;
                let measured = run::run(&target, &work.kind, warm_up, duration).await?;
                eprintln!(
                    "{} · round {round} · {}: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {:.2} µs, {:.0} bytes",
                    work.name,
                    kind.name(),
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
        let known = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| {
            let known = Kind::ALL.map(Kind::name).join(", ");
            anyhow::anyhow!("no server {name:?}; known are {known}")
        })
    };
    names.iter().map(kind).collect()
}
