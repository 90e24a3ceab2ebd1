//! The log: JSON lines with ids, never with message bodies, tokens or e-mail addresses; and traces, where a collector is named.

use std::io::IsTerminal;
use std::sync::OnceLock;

use anyhow::Context;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::config::{Config, Environment};

mod log_file;
mod traces;

use traces::Traces;

/// Where the traces of this process go, if anywhere; set when it has started to log.
static TRACES: OnceLock<Option<Traces>> = OnceLock::new();

/// Starts logging to the standard error stream, as JSON lines, or for people where a developer looks on; or to a file; and sending
/// traces.
///
/// Only the first call of a process has an effect.
///
/// # Errors
/// When the log's file cannot be written, or traces cannot be sent.
pub fn start(config: &Config) -> anyhow::Result<()> {
    if TRACES.get().is_none() {
        let log = log(config)?.with_filter(filter(config));
        let traces = config.traces.as_ref();
        let traces = traces.map(|to| Traces::new(to, config.environment));
        let traces = traces.transpose().context("traces cannot be sent")?;
        let heeded = |traces: Traces| traces.with_filter(filter_fn(Traces::heeds));
        let layers = tracing_subscriber::registry()
            .with(log)
            .with(traces.clone().map(heeded));
        if TRACES.set(traces).is_ok() {
            layers.init();
            log_panics();
        }
    }
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Sends the traces that are left; the process is about to end.
pub fn stop() {
    if let Some(Some(traces)) = TRACES.get() {
        traces.stop();
    }
}

/// Writes the log to where it belongs.
fn log(config: &Config) -> anyhow::Result<Box<dyn Layer<Registry> + Send + Sync>> {
    let layer = fmt::layer().with_target(true);
    if let Some(to) = &config.log_file {
        let file = log_file::open(to)
            .with_context(|| format!("the log cannot be written to {}", to.path.display()))?;
        return Ok(as_json(layer.with_ansi(false).with_writer(file)));
    }
    let layer = layer.with_writer(std::io::stderr);
    let is_looked_at = std::io::stderr().is_terminal();
    Ok(
        match is_looked_at && config.environment == Environment::Development {
            true => layer.compact().boxed(),
            false => as_json(layer),
        },
    )
}

fn as_json<W>(
    layer: fmt::Layer<Registry, fmt::format::DefaultFields, fmt::format::Format, W>,
) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'writer> fmt::MakeWriter<'writer> + Send + Sync + 'static,
{
    let json = layer.json().flatten_event(true);
    json.with_span_list(false).boxed()
}

/// Libraries that report each step of a start at level info.
const TALKATIVE: &[&str] = &["actix_server=warn", "refinery_core=warn"];

/// A library that reports at level debug what it is given: the parameters of each statement, and so what people say.
const TELLTALE: &str = "tokio_postgres";

/// `LOG_LEVEL` for everything but talkative libraries, refined by `RUST_LOG`.
fn filter(config: &Config) -> EnvFilter {
    let level = config.log_level.as_str().to_ascii_lowercase();
    let mut directives = vec![level.as_str()];
    if config.log_level == tracing::Level::INFO {
        directives.extend(TALKATIVE);
    }
    let quiet = config.log_level.min(tracing::Level::INFO);
    let telltale = format!("{TELLTALE}={quiet}");
    directives.push(&telltale);
    let refinements = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let plain = directives.join(",");
    if refinements.is_empty() {
        return EnvFilter::new(plain);
    }
    // Of two directives for the same target the later counts.
    EnvFilter::try_new(format!("{plain},{refinements}")).unwrap_or_else(|error| {
        eprintln!("RUST_LOG is {refinements:?}, which is no filter ({error}): it is ignored");
        EnvFilter::new(plain)
    })
}

/// One log line for a panic, in place of the standard message: what panicked may quote what it was given, so the place
/// is logged and the words only at level debug.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        let words = panic.payload_as_str().unwrap_or("no words");
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(
            place = place.as_deref().unwrap_or("unknown"),
            thread = thread.name().unwrap_or("unnamed"),
            %backtrace,
            "panicked"
        );
        tracing::debug!(words, "the words of the panic");
    }));
}
