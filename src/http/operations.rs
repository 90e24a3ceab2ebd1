//! What operators ask: is it alive, is it ready, what does it measure, which version is it.

use actix_web::{HttpResponse, get, web};
use prometheus::{Registry, TextEncoder};
use serde::Serialize;
use utoipa::ToSchema;

use super::Edge;
use super::problem::Problem;
use super::readiness::Readiness;
use crate::clock::Clock;

/// That the process is alive.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Which program runs.
#[derive(Serialize, ToSchema)]
pub(super) struct Version {
    /// The program.
    #[schema(example = "digital-twin")]
    name: &'static str,
    /// Its version.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Is the process alive? Asks nothing of anything else.
#[utoipa::path(
    tag = "operations",
    responses((status = OK, description = "It is", body = Alive)),
    security(()),
)]
#[get("/healthz")]
pub(super) async fn alive() -> web::Json<Alive> {
    web::Json(Alive { status: "ok" })
}

/// May the process be given work? Each thing that it needs is named with its state.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = OK, description = "It may", body = Readiness),
        (status = SERVICE_UNAVAILABLE, description = "It is stopping, or something it needs is missing", body = Readiness),
    ),
    security(()),
)]
#[get("/readyz")]
pub(super) async fn ready(edge: web::Data<Edge>) -> HttpResponse {
    let readiness = edge.readiness.check().await;
    match readiness.ready {
        true => HttpResponse::Ok().json(readiness),
        false => HttpResponse::ServiceUnavailable().json(readiness),
    }
}

/// What the process measures, for Prometheus.
#[utoipa::path(
    tag = "operations",
    responses((status = OK, description = "Metrics in the text format", body = String, content_type = "text/plain")),
    security(()),
)]
#[get("/metrics")]
pub(super) async fn metrics(
    edge: web::Data<Edge>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Problem> {
    told(&registry, &edge.clock)
}

/// What there is to tell Prometheus now.
pub(super) fn told(registry: &Registry, clock: &Clock) -> Result<HttpResponse, Problem> {
    super::metrics::clock_is(clock.now_ms());
    let text = TextEncoder::new()
        .encode_to_string(&registry.gather())
        .map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok()
        .content_type(prometheus::TEXT_FORMAT)
        .body(text))
}

/// Which version is it?
#[utoipa::path(
    tag = "operations",
    responses((status = OK, description = "The version", body = Version)),
    security(()),
)]
#[get("/version")]
pub(super) async fn version() -> web::Json<Version> {
    web::Json(Version {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
    })
}
