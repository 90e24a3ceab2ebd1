//! What happens around every request: its id, its log line, its metrics, and a problem document when it fails.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use futures::FutureExt;
use protocol::ErrorCode;
use tracing::Instrument;
use uuid::Uuid;

use super::limits::REQUEST_ID_CHARS_MAX;
use super::metrics;
use super::problem::{PROBLEM_JSON, Problem};

/// The header that carries a request's id in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Routes that machines call every few seconds; at level info they would be most of the log.
const PROBES: &[&str] = &["/healthz", "/readyz", "/metrics"];

/// The id of a request, as a handler may ask for it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Runs a request and sees to all that every request has in common.
pub async fn observe<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let request_id = request_id(&request);
    request
        .extensions_mut()
        .insert(RequestId(request_id.clone()));
    let method = metrics::method_label(request.method());
    // What answers GET answers HEAD; the HTTP layer leaves the body out, since it saw the method before us.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }

    let in_flight = metrics::InFlight::begin();
    let span = tracing::info_span!("request", request_id = %request_id);
    let outcome = AssertUnwindSafe(next.call(request))
        .catch_unwind()
        .instrument(span.clone())
        .await;
    drop(in_flight);

    let _entered = span.enter();
    let response = match outcome {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        Ok(Err(error)) => return Err(error),
        // The panic hook has logged it.
        Err(_) => return Err(failed_entirely(method, started).into()),
    };
    let mut response = as_problem(response, &request_id);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let pattern = response.request().match_pattern();
    let route = pattern.as_deref().unwrap_or("unmatched");
    let status = response.status();
    let elapsed = started.elapsed();
    metrics::request_ended(method, route, status, elapsed);
    let duration_ms = elapsed.as_micros() as f64 / 1_000.0;
    let status = status.as_u16();
    if PROBES.contains(&route) {
        tracing::debug!(method, route, status, duration_ms, "answered");
    } else {
        tracing::info!(method, route, status, duration_ms, "answered");
    }
    Ok(response)
}

/// A client's own id if it is harmless in a log, else a new one.
fn request_id(request: &ServiceRequest) -> String {
    let given = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    match given {
        Some(id)
            if (1..=REQUEST_ID_CHARS_MAX).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            id.to_owned()
        }
        _ => Uuid::now_v7().to_string(),
    }
}

fn failed_entirely(method: &'static str, started: Instant) -> Problem {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    metrics::request_ended(method, "unmatched", status, started.elapsed());
    Problem::new(ErrorCode::Internal, "the server failed; its log says why")
}

/// Puts a problem document into every failure that has none, and the request's id into every one.
fn as_problem(response: ServiceResponse, request_id: &str) -> ServiceResponse {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let error = response.response().error();
    let problem = match error.and_then(|error| error.as_error::<Problem>()) {
        Some(problem) => problem.clone(),
        None if is_own_answer(&response) => return response,
        None => stand_in(status, error),
    };
    let (request, old) = response.into_parts();
    let mut new = problem.response(request_id);
    for (name, value) in old.headers() {
        if name != CONTENT_TYPE && !new.headers().contains_key(name) {
            new.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, new)
}

/// Whether a handler chose this answer and its form: a refused handshake, or checks that fail.
fn is_own_answer(response: &ServiceResponse) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    let is_json = content_type.is_some_and(|value| {
        value == PROBLEM_JSON || value.as_bytes().starts_with(b"application/json")
    });
    is_json && response.response().error().is_none()
}

/// A problem for a failure of the framework.
fn stand_in(status: StatusCode, error: Option<&Error>) -> Problem {
    let code = match status {
        StatusCode::UNAUTHORIZED => ErrorCode::Unauthenticated,
        StatusCode::FORBIDDEN => ErrorCode::Forbidden,
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::CONFLICT => ErrorCode::Conflict,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMedia,
        StatusCode::UNPROCESSABLE_ENTITY => ErrorCode::Invalid,
        StatusCode::TOO_MANY_REQUESTS => ErrorCode::RateLimited,
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::Unavailable,
        status if status.is_client_error() => ErrorCode::Malformed,
        _ => ErrorCode::Internal,
    };
    match error {
        Some(error) if code == ErrorCode::Internal => Problem::internal(error),
        Some(error) => Problem::new(code, error.to_string()),
        None => Problem::new(code, "the request was refused"),
    }
}
