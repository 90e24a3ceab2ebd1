//! What the bus counts, over all the buses of the process.

use std::sync::LazyLock;

use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry, exponential_buckets,
};
use tokio::time::Instant;

/// Events that were handed to the other nodes: to Redis, or to the in-process hub. No labels.
pub(crate) static PUBLISHED: LazyLock<IntCounter> = LazyLock::new(|| {
    counter(
        "twin_bus_published_total",
        "Events handed to the bus for the other nodes",
    )
});

/// From an event's hand-over to the bus until Redis has it, in seconds. No labels.
static PUBLISH: LazyLock<Histogram> = LazyLock::new(|| {
    let options = HistogramOpts::new(
        "twin_bus_publish_seconds",
        "From an event's hand-over to the bus until Redis has it",
    )
    // 0.1 ms to 3.3 s: from a Redis beside the node to one that is about to be given up.
    .buckets(exponential_buckets(0.000_1, 2.0, 16).expect("the buckets are valid"));
    Histogram::with_opts(options).expect("the name is valid")
});

/// Events that were lost; `reason` is one of [`DropReason`].
static DROPPED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let options = Opts::new(
        "twin_bus_dropped_total",
        "Events lost on the bus, to be read from the log instead",
    );
    IntCounterVec::new(options, &["reason"]).expect("the name and the label are valid")
});

/// Events of other nodes that were received. No labels.
pub(crate) static RECEIVED: LazyLock<IntCounter> = LazyLock::new(|| {
    counter(
        "twin_bus_received_total",
        "Events received from other nodes",
    )
});

/// Times that a lost connection to Redis was made anew; `connection` is `publisher` or `subscriber`.
static RECONNECTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let options = Opts::new(
        "twin_bus_reconnects_total",
        "Connections to Redis made anew after a loss",
    );
    IntCounterVec::new(options, &["connection"]).expect("the name and the label are valid")
});

/// Why an event was lost.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DropReason {
    /// The queue to Redis was full.
    QueueFull,
    /// Redis could not be reached.
    Unavailable,
    /// This node read too slowly.
    ReaderSlow,
}

impl DropReason {
    const ALL: [Self; 3] = [Self::QueueFull, Self::Unavailable, Self::ReaderSlow];

    const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Unavailable => "unavailable",
            Self::ReaderSlow => "reader_slow",
        }
    }
}

/// A connection that the bus holds to Redis for as long as it lives.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Connection {
    /// The writer's.
    Publisher,
    /// The one that hears.
    Subscriber,
}

impl Connection {
    const ALL: [Self; 2] = [Self::Publisher, Self::Subscriber];

    /// The connection's name in labels and logs.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Subscriber => "subscriber",
        }
    }
}

/// Counts events that Redis has, each with how long that took since it was handed over.
pub(crate) fn published(handed_over: &[Instant]) {
    PUBLISHED.inc_by(handed_over.len() as u64);
    let now = Instant::now();
    for at in handed_over {
        PUBLISH.observe(now.duration_since(*at).as_secs_f64());
    }
}

/// Counts lost events.
pub(crate) fn dropped(reason: DropReason, events: usize) {
    let events = u64::try_from(events).expect("a count of events fits 64 bits");
    DROPPED.with_label_values(&[reason.as_str()]).inc_by(events);
}

/// Counts a connection that was lost and made anew.
pub(crate) fn reconnected(connection: Connection) {
    RECONNECTS.with_label_values(&[connection.as_str()]).inc();
}

/// Registers the bus's metrics; every label value is there from the start, at zero.
///
/// # Errors
/// When they are registered there already.
pub fn register(registry: &Registry) -> prometheus::Result<()> {
    for reason in DropReason::ALL {
        dropped(reason, 0);
    }
    for connection in Connection::ALL {
        RECONNECTS
            .with_label_values(&[connection.as_str()])
            .inc_by(0);
    }
    registry.register(Box::new(PUBLISHED.clone()))?;
    registry.register(Box::new(PUBLISH.clone()))?;
    registry.register(Box::new(DROPPED.clone()))?;
    registry.register(Box::new(RECEIVED.clone()))?;
    registry.register(Box::new(RECONNECTS.clone()))
}

fn counter(name: &str, help: &str) -> IntCounter {
    IntCounter::new(name, help).expect("the name is valid")
}
