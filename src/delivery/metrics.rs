//! What is counted of calls to the places where people wish to be notified.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};
use storage::TargetKind;

use super::NotCalled;

/// Calls that were made or refused, by the kind of place and by what came of them.
static CALLS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let options = Opts::new(
        "twin_notification_calls_total",
        "Calls to places that people wish to be notified at, by kind and outcome",
    );
    IntCounterVec::new(options, &["kind", "outcome"]).expect("the name and the labels are valid")
});

/// How long calls took, those that failed included; `kind` as above.
static SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    let options = HistogramOpts::new(
        "twin_notification_call_seconds",
        "Time of a call to a place, by kind",
    )
    // 5 ms to 10 s, which is the longest that a call may take.
    .buckets(vec![
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    ]);
    HistogramVec::new(options, &["kind"]).expect("the name and the label are valid")
});

/// Places that were forgotten since nobody is there any more, or too many calls in a row have failed; `kind` as above.
static GIVEN_UP: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let options = Opts::new(
        "twin_notification_places_given_up_total",
        "Places that were forgotten since they are gone or failed too often, by kind",
    );
    IntCounterVec::new(options, &["kind"]).expect("the name and the label are valid")
});

const KINDS: [&str; 2] = ["web_push", "webhook"];
const OUTCOMES: [&str; 6] = [
    "taken",
    "gone",
    "refused",
    "unreachable",
    "forbidden",
    "unusable",
];

/// Registers them; every label value is there from the start, at zero. A second call for the same registry fails.
pub fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    for kind in KINDS {
        for outcome in OUTCOMES {
            CALLS.with_label_values(&[kind, outcome]).inc_by(0);
        }
        SECONDS.with_label_values(&[kind]);
        GIVEN_UP.with_label_values(&[kind]).inc_by(0);
    }
    registry.register(Box::new(CALLS.clone()))?;
    registry.register(Box::new(SECONDS.clone()))?;
    registry.register(Box::new(GIVEN_UP.clone()))
}

pub(super) fn called(kind: &TargetKind, outcome: &Result<(), NotCalled>, elapsed: Duration) {
    let outcome = match outcome {
        Ok(()) => "taken",
        Err(NotCalled::Gone) => "gone",
        Err(NotCalled::Refused(_)) => "refused",
        Err(NotCalled::Unreachable(_)) => "unreachable",
        Err(NotCalled::Forbidden(_)) => "forbidden",
        Err(NotCalled::Unusable(_)) => "unusable",
    };
    let kind = label(kind);
    CALLS.with_label_values(&[kind, outcome]).inc();
    SECONDS
        .with_label_values(&[kind])
        .observe(elapsed.as_secs_f64());
}

pub(super) fn given_up(kind: &TargetKind) {
    GIVEN_UP.with_label_values(&[label(kind)]).inc();
}

const fn label(kind: &TargetKind) -> &'static str {
    match kind {
        TargetKind::Push { .. } => "web_push",
        TargetKind::Webhook => "webhook",
    }
}
