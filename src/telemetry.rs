//! The log: JSON lines with ids, never with message bodies, tokens or e-mail addresses.

use std::io::IsTerminal;
use std::sync::Once;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

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
            .with_span_events(FmtSpan::NONE);
        let is_looked_at = std::io::stderr().is_terminal();
        if is_looked_at && config.environment == Environment::Development {
            subscriber.compact().init();
        } else {
            subscriber.json().flatten_event(true).init();
        }
        log_panics();
    });
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
}

/// `LOG_LEVEL` for everything, refined by `RUST_LOG`.
fn filter(config: &Config) -> EnvFilter {
    let level = LevelFilter::from_level(config.log_level);
    let builder = EnvFilter::builder().with_default_directive(level.into());
    let refinements = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    match builder.parse(&refinements) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("RUST_LOG is {refinements:?}, which is no filter ({error}): it is ignored");
            EnvFilter::default().add_directive(level.into())
        }
    }
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
