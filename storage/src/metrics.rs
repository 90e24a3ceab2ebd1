//! What storage measures.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry,
    exponential_buckets,
};

use crate::StorageError;

/// A call on storage, as the metrics tell calls apart.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    /// Reads only.
    Read,
    /// Changes something.
    Write,
    /// Appends a message: from hand-over to commit.
    Append,
    /// Searches messages: from the first statement to the last.
    Search,
    /// Indexes a block of messages.
    Index,
}

impl Call {
    const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::Append,
        Self::Search,
        Self::Index,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Append => "append",
            Self::Search => "search",
            Self::Index => "index",
        }
    }
}

struct Metrics {
    call_seconds: HistogramVec,
    failures: IntCounterVec,
    append_batch_messages: Histogram,
    connections_in_use: IntGauge,
    connections_max: IntGauge,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    Metrics {
    call_seconds: HistogramVec::new(
        HistogramOpts::new(
            "twin_storage_call_seconds",
            "Time of a call on storage, waiting included, by kind: read, write, append, search, index",
        )
        // 0.1 ms to 6.5 s: from a cached read to just over the statement limit.
        .buckets(exponential_buckets(0.0001, 2.0, 17).expect("the buckets ascend")),
        &["kind"],
    )
    .expect("name and label are valid"),
    failures: IntCounterVec::new(
        Opts::new(
            "twin_storage_failures_total",
            "Calls at which storage failed, rather than refused what was asked, by kind",
        ),
        &["kind"],
    )
    .expect("name and label are valid"),
    append_batch_messages: Histogram::with_opts(
        HistogramOpts::new(
            "twin_storage_append_batch_messages",
            "Messages that shared one transaction",
        )
        .buckets(exponential_buckets(1.0, 2.0, 9).expect("the buckets ascend")),
    )
    .expect("the name is valid"),
    connections_in_use: IntGauge::new(
        "twin_storage_connections_in_use",
        "PostgreSQL connections that are at work now",
    )
    .expect("the name is valid"),
    connections_max: IntGauge::new(
        "twin_storage_connections_max",
        "PostgreSQL connections that there may be at most; 0 without PostgreSQL",
    )
    .expect("the name is valid"),
}
});

/// Registers storage's metrics, which all databases of this process share; every kind of call is there from the start, at zero.
/// A second call for the same registry fails.
pub fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    for kind in Call::ALL {
        METRICS
            .failures
            .with_label_values(&[kind.label()])
            .inc_by(0);
        METRICS.call_seconds.with_label_values(&[kind.label()]);
    }
    registry.register(Box::new(METRICS.call_seconds.clone()))?;
    registry.register(Box::new(METRICS.failures.clone()))?;
    registry.register(Box::new(METRICS.connections_max.clone()))?;
    registry.register(Box::new(METRICS.append_batch_messages.clone()))?;
    registry.register(Box::new(METRICS.connections_in_use.clone()))
}

pub(crate) fn called(call: Call, time: Duration) {
    METRICS
        .call_seconds
        .with_label_values(&[call.label()])
        .observe(time.as_secs_f64());
}

/// Counts a call if storage failed at it, rather than refused what was asked.
pub(crate) fn failed(call: Call, error: &StorageError) {
    if error.is_failure() {
        METRICS.failures.with_label_values(&[call.label()]).inc();
    }
}

pub(crate) fn pool_opened(size: u32) {
    METRICS.connections_max.set(size.into());
}

pub(crate) fn batch_committed(messages: usize) {
    METRICS.append_batch_messages.observe(messages as f64);
}

pub(crate) fn connection_lent() {
    METRICS.connections_in_use.inc();
}

pub(crate) fn connection_returned() {
    METRICS.connections_in_use.dec();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_takes_the_metrics_once() {
        let registry = Registry::new();
        register(&registry).unwrap();
        assert!(register(&registry).is_err());
        batch_committed(3);
        called(Call::Read, Duration::from_millis(1));
        let names: Vec<String> = registry
            .gather()
            .iter()
            .map(|family| family.name().to_owned())
            .collect();
        assert_eq!(
            names,
            [
                "twin_storage_append_batch_messages",
                "twin_storage_call_seconds",
                "twin_storage_connections_in_use",
                "twin_storage_connections_max",
                "twin_storage_failures_total",
            ]
        );
    }
}
