//! What the actors count: each metric with its meaning, unit and labels.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use inference::Usage;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};
use protocol::ClientFrame;

struct Metrics {
    sessions: IntGauge,
    frames: IntCounterVec,
    errors: IntCounterVec,
    acknowledgement: Histogram,
    awake: IntGaugeVec,
    restarts: IntCounterVec,
    dropped: IntCounterVec,
    replies: IntCounterVec,
    tokens: IntCounterVec,
    first_token: Histogram,
    generation: Histogram,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let opts = |name: &str, help: &str| Opts::new(name, help);
    let vec = |name: &str, help: &str, label: &str| {
        IntCounterVec::new(opts(name, help), &[label]).expect("the metric's name is valid")
    };
    let seconds = |name: &str, help: &str, buckets: Vec<f64>| {
        let opts = HistogramOpts::new(name, help).buckets(buckets);
        Histogram::with_opts(opts).expect("the metric's name is valid")
    };
    let exponential = |start: f64, count: usize| {
        prometheus::exponential_buckets(start, 2.0, count).expect("the buckets are valid")
    };
    Metrics {
        sessions: IntGauge::with_opts(opts("twin_sessions", "WebSocket connections that are open"))
            .expect("the metric's name is valid"),
        frames: vec(
            "twin_client_frames_total",
            "Frames that clients sent, by op",
            "op",
        ),
        errors: vec(
            "twin_errors_total",
            "Error frames that clients were sent, by code",
            "code",
        ),
        acknowledgement: seconds(
            "twin_acknowledgement_seconds",
            "From a message's arrival to its acknowledgement after the commit",
            exponential(0.000_5, 14),
        ),
        awake: IntGaugeVec::new(
            opts("twin_actors_awake", "Actors that are awake, by kind"),
            &["kind"],
        )
        .expect("the metric's name is valid"),
        restarts: vec(
            "twin_actor_restarts_total",
            "Actors and engines that died and were replaced, by kind",
            "kind",
        ),
        dropped: vec(
            "twin_events_dropped_total",
            "Events that found a full queue and are repaired from the log, by queue",
            "queue",
        ),
        replies: vec("twin_replies_total", "Replies that ended, by how", "end"),
        tokens: vec(
            "twin_tokens_total",
            "Tokens that engines read and wrote, by direction",
            "direction",
        ),
        first_token: seconds(
            "twin_first_token_seconds",
            "From the begin of a generation to its first text",
            exponential(0.01, 12),
        ),
        generation: seconds(
            "twin_generation_seconds",
            "How long an engine worked on one reply",
            exponential(0.05, 13),
        ),
    }
});

/// Registers the actors' metrics.
///
/// # Errors
/// When the registry has metrics of the same names already.
pub fn register(registry: &Registry) -> prometheus::Result<()> {
    let metrics = &*METRICS;
    registry.register(Box::new(metrics.sessions.clone()))?;
    registry.register(Box::new(metrics.frames.clone()))?;
    registry.register(Box::new(metrics.errors.clone()))?;
    registry.register(Box::new(metrics.acknowledgement.clone()))?;
    registry.register(Box::new(metrics.awake.clone()))?;
    registry.register(Box::new(metrics.restarts.clone()))?;
    registry.register(Box::new(metrics.dropped.clone()))?;
    registry.register(Box::new(metrics.replies.clone()))?;
    registry.register(Box::new(metrics.tokens.clone()))?;
    registry.register(Box::new(metrics.first_token.clone()))?;
    registry.register(Box::new(metrics.generation.clone()))
}

pub(crate) fn session_opened() {
    METRICS.sessions.inc();
}

pub(crate) fn session_closed() {
    METRICS.sessions.dec();
}

/// The counters of frames by op, found once: there is one for each frame that comes.
static FRAMES: LazyLock<HashMap<&'static str, IntCounter>> = LazyLock::new(|| {
    let ops = ClientFrame::OPS.iter().chain([&INVALID]);
    ops.map(|op| (*op, METRICS.frames.with_label_values(&[op])))
        .collect()
});

/// The op of frames that cannot be read.
pub(crate) const INVALID: &str = "invalid";

pub(crate) fn frame(op: &'static str) {
    if let Some(counter) = FRAMES.get(op) {
        counter.inc();
    }
}

pub(crate) fn error(code: protocol::ErrorCode) {
    METRICS.errors.with_label_values(&[code.as_str()]).inc();
}

pub(crate) fn acknowledged(took: Duration) {
    METRICS.acknowledgement.observe(took.as_secs_f64());
}

pub(crate) fn awake(kind: &'static str, count: usize) {
    METRICS
        .awake
        .with_label_values(&[kind])
        .set(i64::try_from(count).unwrap_or(i64::MAX));
}

pub(crate) fn restarted(kind: &'static str) {
    METRICS.restarts.with_label_values(&[kind]).inc();
}

pub(crate) fn dropped(queue: &'static str) {
    METRICS.dropped.with_label_values(&[queue]).inc();
}

pub(crate) fn reply_ended(end: &'static str) {
    METRICS.replies.with_label_values(&[end]).inc();
}

pub(crate) fn first_token(took: Duration) {
    METRICS.first_token.observe(took.as_secs_f64());
}

pub(crate) fn generated(usage: &Usage, took: Duration) {
    METRICS
        .tokens
        .with_label_values(&["read"])
        .inc_by(usage.prompt_tokens.into());
    METRICS
        .tokens
        .with_label_values(&["written"])
        .inc_by(usage.completion_tokens.into());
    METRICS.generation.observe(took.as_secs_f64());
}
