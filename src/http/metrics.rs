//! What the HTTP edge counts.

use std::sync::LazyLock;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::{
    Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry,
};

use super::rate_limits::QUOTAS;

struct Metrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
    in_flight: IntGauge,
    build: GaugeVec,
    clock: Gauge,
    log_ins: IntCounterVec,
    quota_refusals: IntCounterVec,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| Metrics {
    requests: IntCounterVec::new(
        Opts::new(
            "twin_http_requests_total",
            "HTTP requests answered, by method, route pattern and status",
        ),
        &["method", "route", "status"],
    )
    .expect("the name and the labels are valid"),
    seconds: HistogramVec::new(
        HistogramOpts::new(
            "twin_http_request_seconds",
            "Time from a request's head to its answer's head, by method and route pattern",
        )
        // 0.5 ms to 30 s: from a cached answer to an upload of many pieces.
        .buckets(vec![
            0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
            30.0,
        ]),
        &["method", "route"],
    )
    .expect("the name and the labels are valid"),
    in_flight: IntGauge::new(
        "twin_http_requests_in_flight",
        "HTTP requests that are being answered now",
    )
    .expect("the name is valid"),
    build: GaugeVec::new(
        Opts::new(
            "twin_build_info",
            "Always 1; the label says which program runs",
        ),
        &["version"],
    )
    .expect("the name and the label are valid"),
    clock: Gauge::new(
        "twin_clock_seconds",
        "What time it is for this node, in seconds since 1970",
    )
    .expect("the name is valid"),
    log_ins: IntCounterVec::new(
        Opts::new(
            "twin_log_ins_total",
            "Log-ins with a password, by outcome: granted, refused or failed",
        ),
        &["outcome"],
    )
    .expect("the name and the label are valid"),
    quota_refusals: IntCounterVec::new(
        Opts::new(
            "twin_quota_refusals_total",
            "Requests that were refused for coming too often, by the quota that says so",
        ),
        &["quota"],
    )
    .expect("the name and the label are valid"),
});

/// What became of a log-in with a password.
#[derive(Debug, Clone, Copy)]
pub(super) enum LogInOutcome {
    /// It was right.
    Granted,
    /// There is no such account, or the password is wrong.
    Refused,
    /// It could not be checked.
    Failed,
}

impl LogInOutcome {
    const ALL: [Self; 3] = [Self::Granted, Self::Refused, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Registers the edge's metrics, which all servers of this process share; every label value that is known beforehand is there
/// from the start, at zero. A second call for the same registry fails.
pub fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    METRICS
        .build
        .with_label_values(&[env!("CARGO_PKG_VERSION")])
        .set(1.0);
    for outcome in LogInOutcome::ALL {
        let counter = METRICS.log_ins.with_label_values(&[outcome.as_str()]);
        counter.inc_by(0);
    }
    for quota in QUOTAS {
        METRICS.quota_refusals.with_label_values(&[quota]).inc_by(0);
    }
    registry.register(Box::new(METRICS.clock.clone()))?;
    registry.register(Box::new(METRICS.log_ins.clone()))?;
    registry.register(Box::new(METRICS.quota_refusals.clone()))?;
    registry.register(Box::new(METRICS.requests.clone()))?;
    registry.register(Box::new(METRICS.seconds.clone()))?;
    registry.register(Box::new(METRICS.in_flight.clone()))?;
    registry.register(Box::new(METRICS.build.clone()))
}

/// The node's clock is looked at.
pub(super) fn clock_is(now_ms: i64) {
    METRICS.clock.set(now_ms as f64 / 1_000.0);
}

pub(super) fn log_in_ended(outcome: LogInOutcome) {
    METRICS.log_ins.with_label_values(&[outcome.as_str()]).inc();
}

pub(super) fn quota_refused(quota: &'static str) {
    METRICS.quota_refusals.with_label_values(&[quota]).inc();
}

/// A request that is being answered; counted until it is dropped.
pub(super) struct InFlight(());

impl InFlight {
    pub(super) fn begin() -> Self {
        METRICS.in_flight.inc();
        Self(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        METRICS.in_flight.dec();
    }
}

pub(crate) fn request_ended(
    method: &'static str,
    route: &str,
    status: StatusCode,
    elapsed: Duration,
) {
    METRICS
        .requests
        .with_label_values(&[method, route, status.as_str()])
        .inc();
    METRICS
        .seconds
        .with_label_values(&[method, route])
        .observe(elapsed.as_secs_f64());
}

/// The method as a label: a client can invent methods, but not labels.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
