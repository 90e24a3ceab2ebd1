//! What is counted of connections: how far behind they are, who is cut off, and who comes back.

use std::sync::LazyLock;

use prometheus::local::LocalHistogram;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry, exponential_buckets,
};

/// From a conversation's telling to the outboxes of one worker thread, in seconds. No labels.
static FAN_OUT: LazyLock<Histogram> = LazyLock::new(|| {
    let options = HistogramOpts::new(
        "twin_fan_out_seconds",
        "From a conversation's telling to the moment when a worker thread's outboxes have it",
    )
    // 10 µs to 1.3 s: from an idle thread to one that is behind by its whole mailbox.
    .buckets(exponential_buckets(0.000_01, 2.0, 18).expect("the buckets are valid"));
    Histogram::with_opts(options).expect("the name is valid")
});

/// Frames in the outboxes of connections that had any when they were looked at. No labels.
static OUTBOX_FRAMES: LazyLock<Histogram> = LazyLock::new(|| {
    let options = HistogramOpts::new(
        "twin_outbox_frames",
        "Frames that waited in the outbox of a connection that had any, looked at once a second",
    )
    // Up to a full outbox.
    .buckets(exponential_buckets(1.0, 2.0, 9).expect("the buckets are valid"));
    Histogram::with_opts(options).expect("the name is valid")
});

/// Readers that were closed since their outbox was full. No labels.
static SLOW_READERS: LazyLock<IntCounter> = LazyLock::new(|| {
    counter(
        "twin_slow_readers_cut_off_total",
        "Connections that were closed since their outbox was full",
    )
});

/// Frames that may be lost and were, since an outbox was half full. No labels.
static OUTBOX_DROPPED: LazyLock<IntCounter> = LazyLock::new(|| {
    counter(
        "twin_outbox_dropped_total",
        "Frames that may be lost and that a half full outbox did not take",
    )
});

/// Conversations that a client came back to; `outcome` is one of [`Resume`].
static RESUMES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let options = Opts::new(
        "twin_resumes_total",
        "Conversations of resumes, by outcome: resumed or reset",
    );
    IntCounterVec::new(options, &["outcome"]).expect("the name and the label are valid")
});

/// What became of one conversation of a `resume`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resume {
    /// It goes on where the client was.
    Resumed,
    /// It cannot be continued; the client was told why.
    Reset,
}

impl Resume {
    const ALL: [Self; 2] = [Self::Resumed, Self::Reset];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Resumed => "resumed",
            Self::Reset => "reset",
        }
    }
}

/// Registers them; every label value is there from the start, at zero.
pub(super) fn register(registry: &Registry) -> prometheus::Result<()> {
    for outcome in Resume::ALL {
        RESUMES.with_label_values(&[outcome.as_str()]).inc_by(0);
    }
    registry.register(Box::new(FAN_OUT.clone()))?;
    registry.register(Box::new(OUTBOX_FRAMES.clone()))?;
    registry.register(Box::new(SLOW_READERS.clone()))?;
    registry.register(Box::new(OUTBOX_DROPPED.clone()))?;
    registry.register(Box::new(RESUMES.clone()))
}

/// A worker thread's own part of the times of fan-out, which it adds to the whole now and then: threads that share
/// a counter would wait for each other at every event.
pub(crate) fn fan_out() -> LocalHistogram {
    FAN_OUT.local()
}

pub(crate) fn outbox_looked_at(frames: usize) {
    if frames > 0 {
        OUTBOX_FRAMES.observe(frames as f64);
    }
}

pub(crate) fn slow_reader_cut_off() {
    SLOW_READERS.inc();
}

pub(crate) fn outbox_dropped() {
    OUTBOX_DROPPED.inc();
}

pub(crate) fn resumed(outcome: Resume) {
    RESUMES.with_label_values(&[outcome.as_str()]).inc();
}

fn counter(name: &str, help: &str) -> IntCounter {
    IntCounter::new(name, help).expect("the name is valid")
}
