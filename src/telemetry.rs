//! The log: JSON lines with ids, never with message bodies, tokens or e-mail addresses.

use std::io::IsTerminal;
use std::sync::Once;

use tracing_subscriber::EnvFilter;

use crate::config::{Config, Environment};

/// Starts logging to the standard error stream, as JSON lines, or for people where a developer looks on.
///
/// Only the first call of a process has an effect.
pub fn start(config: &Config) {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter(config))
            .with_writer(std::io::stderr)
            .with_target(true);
        let is_looked_at = std::io::stderr().is_terminal();
        if is_looked_at && config.environment == Environment::Development {
            subscriber.compact().init();
        } else {
            let json = subscriber.json().flatten_event(true);
            json.with_span_list(false).init();
        }
        log_panics();
    });
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
}

/// Libraries that report each step of a start at level info.
const TALKATIVE: &[&str] = &["actix_server=warn", "refinery_core=warn"];

/// `LOG_LEVEL` for everything but talkative libraries, refined by `RUST_LOG`.
fn filter(config: &Config) -> EnvFilter {
    let level = config.log_level.as_str().to_ascii_lowercase();
    let mut directives = vec![level.as_str()];
    if config.log_level == tracing::Level::INFO {
        directives.extend(TALKATIVE);
    }
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
