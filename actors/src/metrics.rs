//! What the actors count: each metric with its meaning, unit and labels.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use inference::{EngineLoad, Usage};
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};
use protocol::{ClientFrame, ErrorCode};

mod connections;
mod leases;

pub(crate) use connections::{
    Resume, fan_out, outbox_dropped, outbox_looked_at, resumed, slow_reader_cut_off,
};
pub(crate) use leases::{Claim, Renewal, claimed, renewed};

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
    queue_wait: Histogram,
    first_token: Histogram,
    output_token: Histogram,
    generation: Histogram,
    generations: IntGaugeVec,
    step_tokens: Histogram,
    cache_blocks: IntGaugeVec,
    tokens_reused: IntCounter,
    preemptions: IntCounter,
    cancellations: IntCounterVec,
    cancel_to_free: Histogram,
    left_out: IntCounterVec,
    recaps: IntCounterVec,
    forgotten: IntCounter,
    routed: IntCounterVec,
    tried_again: IntCounter,
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
    let counter = |name: &str, help: &str| {
        IntCounter::with_opts(opts(name, help)).expect("the metric's name is valid")
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
        queue_wait: seconds(
            "twin_queue_wait_seconds",
            "From a generation's arrival at the pool to its first step",
            exponential(0.001, 16),
        ),
        first_token: seconds(
            "twin_first_token_seconds",
            "From a generation's arrival at the pool to its first text",
            exponential(0.01, 12),
        ),
        output_token: seconds(
            "twin_output_token_seconds",
            "Time for each token of a reply behind its first one",
            exponential(0.001, 12),
        ),
        generation: seconds(
            "twin_generation_seconds",
            "How long an engine worked on one reply",
            exponential(0.05, 13),
        ),
        generations: IntGaugeVec::new(
            opts(
                "twin_generations",
                "Generations in engines, by state: running or waiting",
            ),
            &["state"],
        )
        .expect("the metric's name is valid"),
        step_tokens: seconds(
            "twin_step_tokens",
            "Tokens that an engine computed in one step, of all generations together",
            exponential(1.0, 10),
        ),
        cache_blocks: IntGaugeVec::new(
            opts(
                "twin_cache_blocks",
                "Blocks of the key-value cache, by state: used by generations, or total",
            ),
            &["state"],
        )
        .expect("the metric's name is valid"),
        tokens_reused: counter(
            "twin_prompt_tokens_reused_total",
            "Prompt tokens that were found in the key-value cache instead of computed",
        ),
        preemptions: counter(
            "twin_preemptions_total",
            "Generations that were put back into the queue for others",
        ),
        cancellations: vec(
            "twin_generations_cancelled_total",
            "Generations that ended early, by reason: stopped, gone (nobody listens) or deadline",
            "reason",
        ),
        cancel_to_free: seconds(
            "twin_cancel_to_free_seconds",
            "From a stop or a deadline to the moment when slot and memory are free",
            exponential(0.000_1, 16),
        ),
        left_out: vec(
            "twin_prompt_left_out_total",
            "Passages and turns that found no room in a prompt, by what: passages or turns",
            "what",
        ),
        recaps: vec(
            "twin_recaps_total",
            "Steps in which a conversation was summed up, by outcome: kept, outdated (by an edit, a deletion, its owner or another node), failed or skipped",
            "outcome",
        ),
        forgotten: counter(
            "twin_owners_forgotten_total",
            "Twins whose prompts an engine was made to forget by a deletion, counted by each engine",
        ),
        tried_again: counter(
            "twin_generations_tried_again_total",
            "Generations whose engine died before they had said anything",
        ),
        routed: vec(
            "twin_generations_routed_total",
            "Generations that were given to an engine, by why to that one: affinity (it has computed such prompts) or load",
            "by",
        ),
    }
});

/// Registers the actors' metrics; every label value that is known beforehand is there from the start, at zero.
///
/// # Errors
/// When the registry has metrics of the same names already.
pub fn register(registry: &Registry) -> prometheus::Result<()> {
    let metrics = &*METRICS;
    begin_at_zero(metrics);
    connections::register(registry)?;
    leases::register(registry)?;
    registry.register(Box::new(metrics.sessions.clone()))?;
    registry.register(Box::new(metrics.frames.clone()))?;
    registry.register(Box::new(metrics.errors.clone()))?;
    registry.register(Box::new(metrics.acknowledgement.clone()))?;
    registry.register(Box::new(metrics.awake.clone()))?;
    registry.register(Box::new(metrics.restarts.clone()))?;
    registry.register(Box::new(metrics.dropped.clone()))?;
    registry.register(Box::new(metrics.replies.clone()))?;
    registry.register(Box::new(metrics.tokens.clone()))?;
    registry.register(Box::new(metrics.queue_wait.clone()))?;
    registry.register(Box::new(metrics.first_token.clone()))?;
    registry.register(Box::new(metrics.output_token.clone()))?;
    registry.register(Box::new(metrics.generations.clone()))?;
    registry.register(Box::new(metrics.step_tokens.clone()))?;
    registry.register(Box::new(metrics.cache_blocks.clone()))?;
    registry.register(Box::new(metrics.tokens_reused.clone()))?;
    registry.register(Box::new(metrics.preemptions.clone()))?;
    registry.register(Box::new(metrics.cancellations.clone()))?;
    registry.register(Box::new(metrics.cancel_to_free.clone()))?;
    registry.register(Box::new(metrics.left_out.clone()))?;
    registry.register(Box::new(metrics.recaps.clone()))?;
    registry.register(Box::new(metrics.forgotten.clone()))?;
    registry.register(Box::new(metrics.routed.clone()))?;
    registry.register(Box::new(metrics.tried_again.clone()))?;
    registry.register(Box::new(metrics.generation.clone()))
}

/// How replies end.
const ENDS: [&str; 7] = [
    "end_of_turn",
    "length",
    "stopped",
    "taken_over",
    "failed",
    "held",
    "declined",
];

/// What is replaced when it dies.
const RESTARTED: [&str; 4] = ["conversation", "twin", "worker", "engine"];

/// Queues that drop events when they are full.
const QUEUES: [&str; 9] = [
    "shard_event",
    "bus_publish",
    "bus_unknown",
    "bus_event",
    "tell_person",
    "check_access",
    "forget",
    "blocks_changed",
    "broadcast",
];

/// Why generations end early.
const REASONS: [&str; 3] = ["stopped", "gone", "deadline"];

/// A counter that appears with its first event has no rate at that event: `rate()` needs what was before.
fn begin_at_zero(metrics: &Metrics) {
    LazyLock::force(&FRAMES);
    let codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    let counters: [(&IntCounterVec, &[&str]); 9] = [
        (&metrics.errors, &codes),
        (&metrics.restarts, &RESTARTED),
        (&metrics.dropped, &QUEUES),
        (&metrics.replies, &ENDS),
        (&metrics.tokens, &["read", "written"]),
        (&metrics.cancellations, &REASONS),
        (&metrics.left_out, &["passages", "turns"]),
        (&metrics.recaps, &["kept", "outdated", "failed", "skipped"]),
        (&metrics.routed, &["affinity", "load"]),
    ];
    for (counter, labels) in counters {
        for label in labels {
            counter.with_label_values(&[label]).inc_by(0);
        }
    }
    let gauges: [(&IntGaugeVec, &[&str]); 3] = [
        (&metrics.awake, &["conversation", "twin"]),
        (&metrics.generations, &["running", "waiting"]),
        (&metrics.cache_blocks, &["used", "total"]),
    ];
    for (gauge, labels) in gauges {
        for label in labels {
            gauge.with_label_values(&[label]).add(0);
        }
    }
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
    debug_assert!(RESTARTED.contains(&kind), "{kind}");
    METRICS.restarts.with_label_values(&[kind]).inc();
}

pub(crate) fn dropped(queue: &'static str) {
    debug_assert!(QUEUES.contains(&queue), "{queue}");
    METRICS.dropped.with_label_values(&[queue]).inc();
}

pub(crate) fn reply_ended(end: &'static str) {
    debug_assert!(ENDS.contains(&end), "{end}");
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

pub(crate) fn queue_waited(took: Duration) {
    METRICS.queue_wait.observe(took.as_secs_f64());
}

pub(crate) fn output_token(took: Duration) {
    METRICS.output_token.observe(took.as_secs_f64());
}

pub(crate) fn generation_cancelled(reason: &'static str) {
    debug_assert!(REASONS.contains(&reason), "{reason}");
    METRICS.cancellations.with_label_values(&[reason]).inc();
}

pub(crate) fn cancelled_and_freed(took: Duration) {
    METRICS.cancel_to_free.observe(took.as_secs_f64());
}

pub(crate) fn left_out_of_prompt(passages: usize, turns: usize) {
    for (what, count) in [("passages", passages), ("turns", turns)] {
        let counter = METRICS.left_out.with_label_values(&[what]);
        counter.inc_by(count as u64);
    }
}

pub(crate) fn recap(outcome: &'static str) {
    METRICS.recaps.with_label_values(&[outcome]).inc();
}

pub(crate) fn tried_again() {
    METRICS.tried_again.inc();
}

pub(crate) fn routed(by: &'static str) {
    METRICS.routed.with_label_values(&[by]).inc();
}

pub(crate) fn owner_forgotten() {
    METRICS.forgotten.inc();
}

/// An engine has taken a step: what it holds before and after. The gauges add up what all engines hold.
pub(crate) fn engine_stepped(before: &EngineLoad, after: &EngineLoad) {
    if after.step_tokens > 0 {
        METRICS.step_tokens.observe(after.step_tokens as f64);
    }
    let change = |gauge: &IntGaugeVec, state: &str, before: usize, after: usize| {
        gauge
            .with_label_values(&[state])
            .add(after as i64 - before as i64);
    };
    let (generations, blocks) = (&METRICS.generations, &METRICS.cache_blocks);
    change(generations, "running", before.running, after.running);
    change(generations, "waiting", before.waiting, after.waiting);
    change(blocks, "used", before.blocks_used, after.blocks_used);
    change(blocks, "total", before.blocks_total, after.blocks_total);
    let reused = after.tokens_reused.saturating_sub(before.tokens_reused);
    METRICS.tokens_reused.inc_by(reused);
    let preemptions = after.preemptions.saturating_sub(before.preemptions);
    METRICS.preemptions.inc_by(preemptions);
}
