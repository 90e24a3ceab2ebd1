//! What is counted of inference services.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry};

/// Requests by service (its host and port, as many as the settings name) and by what came of them.
static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let options = Opts::new(
        "twin_inference_service_requests_total",
        "Requests to inference services, by service and outcome",
    );
    IntCounterVec::new(options, &["service", "outcome"]).expect("the name and the labels are valid")
});

/// 1 for a service that is up, 0 for one that is down.
static UP: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    let options = Opts::new(
        "twin_inference_service_up",
        "Whether an inference service is asked for anything: 1, or 0 while it is down",
    );
    IntGaugeVec::new(options, &["service"]).expect("the name and the label are valid")
});

/// From a request to its first text, by service.
static FIRST_TOKEN: LazyLock<HistogramVec> = LazyLock::new(|| {
    let options = HistogramOpts::new(
        "twin_inference_service_first_token_seconds",
        "From a request to an inference service to its first text, by service",
    )
    // 5 ms to 82 s: as long as a service may take by default, and a little more.
    .buckets(prometheus::exponential_buckets(0.005, 2.0, 15).expect("the buckets are valid"));
    HistogramVec::new(options, &["service"]).expect("the name and the label are valid")
});

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was done.
    Answered,
    /// It was refused as what it is.
    Refused,
    /// There was too much to do already.
    Overloaded,
    /// No answer began, or none in time.
    Unreachable,
    /// The answer broke off.
    Broken,
    /// Nobody wanted it any more.
    Cancelled,
}

impl Outcome {
    const ALL: [Self; 6] = [
        Self::Answered,
        Self::Refused,
        Self::Overloaded,
        Self::Unreachable,
        Self::Broken,
        Self::Cancelled,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Overloaded => "overloaded",
            Self::Unreachable => "unreachable",
            Self::Broken => "broken",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Registers them; a second call for the same registry fails.
pub fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(REQUESTS.clone()))?;
    registry.register(Box::new(UP.clone()))?;
    registry.register(Box::new(FIRST_TOKEN.clone()))
}

/// There is this service: its series begin at zero.
pub(super) fn there_is(service: &str) {
    for outcome in Outcome::ALL {
        REQUESTS
            .with_label_values(&[service, outcome.as_str()])
            .inc_by(0);
    }
    UP.with_label_values(&[service]).set(0);
    FIRST_TOKEN.with_label_values(&[service]);
}

pub(super) fn requested(service: &str, outcome: Outcome) {
    REQUESTS
        .with_label_values(&[service, outcome.as_str()])
        .inc();
}

pub(super) fn is_up(service: &str, up: bool) {
    UP.with_label_values(&[service]).set(i64::from(up));
}

pub(super) fn first_token(service: &str, after: Duration) {
    FIRST_TOKEN
        .with_label_values(&[service])
        .observe(after.as_secs_f64());
}
