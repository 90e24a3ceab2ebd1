//! What happens around every request: its id, its log line, its metrics, and a problem document when it fails.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::rt::time::timeout;
use actix_web::{Error, HttpMessage, HttpResponse};
use futures::FutureExt;
use protocol::ErrorCode;
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use super::import::IMPORT_PATH;
use super::limits::{IMPORT_TIMEOUT, REQUEST_ID_CHARS_MAX, REQUEST_TIMEOUT};
use super::metrics;
use super::openai;
use super::problem::{PROBLEM_JSON, Problem};

/// The header that carries a request's id in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header by which a caller names its trace.
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// Routes that machines call every few seconds; at level info they would be most of the log.
const PROBES: &[&str] = &["/healthz", "/readyz", "/metrics"];

/// When a request that took too long may come again.
const RETRY_AFTER_TIMEOUT: Duration = Duration::from_secs(30);

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
    let dialect = Dialect::of(request.path());
    // What answers GET answers HEAD; the HTTP layer leaves the body out, since it saw the method before us.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }

    let in_flight = metrics::InFlight::begin();
    let trace = Trace::of(&request);
    let span = tracing::info_span!(
        "request",
        request_id = %request_id,
        trace_id = %trace.id,
        parent_id = trace.parent.map(display),
        http.request.method = Empty,
        http.route = Empty,
        http.response.status_code = Empty,
    );
    let within = match request.path() {
        IMPORT_PATH => IMPORT_TIMEOUT,
        _ => REQUEST_TIMEOUT,
    };
    let answered = timeout(within, next.call(request));
    let outcome = AssertUnwindSafe(answered)
        .catch_unwind()
        .instrument(span.clone())
        .await;
    drop(in_flight);

    let _entered = span.enter();
    let response = match outcome {
        Ok(Ok(Ok(response))) => response.map_into_boxed_body(),
        Ok(Ok(Err(error))) => return Err(error),
        Ok(Err(_)) => {
            let detail = format!("took longer than {} seconds", within.as_secs());
            let problem = Problem::retry_after(ErrorCode::Unavailable, detail, RETRY_AFTER_TIMEOUT);
            return Err(unrouted(problem, dialect, method, started, &request_id));
        }
        Err(_) => {
            // The panic hook has logged it.
            let detail = "the server failed; its log says why";
            let problem = Problem::new(ErrorCode::Internal, detail);
            return Err(unrouted(problem, dialect, method, started, &request_id));
        }
    };
    let mut response = as_problem(response, dialect, &request_id);
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
    // After the line, which says the same.
    span.record("http.request.method", method);
    span.record("http.route", route);
    span.record("http.response.status_code", status);
    Ok(response)
}

/// The trace that a request belongs to.
#[derive(Debug, PartialEq, Eq)]
struct Trace {
    /// 32 hexadecimal digits.
    id: String,
    /// What the caller does meanwhile: 16 hexadecimal digits.
    parent: Option<String>,
}

impl Trace {
    /// The caller's, if it names one as W3C's Trace Context says, else a new one.
    fn of(request: &ServiceRequest) -> Self {
        let given = request.headers().get(TRACE_PARENT);
        let given = given.and_then(|value| Self::parse(value.to_str().ok()?));
        given.unwrap_or_else(|| Self {
            id: Uuid::now_v7().simple().to_string(),
            parent: None,
        })
    }

    fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let mut part = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            part.bytes().all(is_hex).then_some(part)
        };
        let (version, id, parent, _flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let is_something = |id: &str| id.bytes().any(|byte| byte != b'0');
        let is_known = match version {
            "00" => parts.next().is_none(),
            // Later versions may say more.
            _ => version != "ff",
        };
        (is_known && is_something(id) && is_something(parent)).then(|| Self {
            id: id.to_owned(),
            parent: Some(parent.to_owned()),
        })
    }
}

/// The form in which failures are told.
#[derive(Debug, Clone, Copy)]
enum Dialect {
    /// Problem documents.
    Own,
    /// OpenAI's.
    OpenAi,
}

impl Dialect {
    fn of(path: &str) -> Self {
        match openai::speaks(path) {
            true => Self::OpenAi,
            false => Self::Own,
        }
    }

    fn response(self, problem: &Problem, request_id: &str) -> HttpResponse {
        match self {
            Self::Own => problem.response(request_id),
            Self::OpenAi => openai::response(problem),
        }
    }
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

/// A failure instead of a route's answer: the request is gone, so its id is put in here.
fn unrouted(
    problem: Problem,
    dialect: Dialect,
    method: &'static str,
    started: Instant,
    request_id: &str,
) -> Error {
    let mut response = dialect.response(&problem, request_id);
    metrics::request_ended(method, "unmatched", response.status(), started.elapsed());
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    InternalError::from_response(problem, response).into()
}

/// Puts a problem document into every failure that has none, and the request's id into every one.
fn as_problem(response: ServiceResponse, dialect: Dialect, request_id: &str) -> ServiceResponse {
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
    let mut new = dialect.response(&problem, request_id);
    for (name, value) in old.headers() {
        if name != CONTENT_TYPE && !new.headers().contains_key(name) {
            new.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, new)
}

/// Whether a handler chose this answer and its form: a refused handshake, checks that fail, or a page that says that there is none.
fn is_own_answer(response: &ServiceResponse) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    let is_chosen = content_type.is_some_and(|value| {
        value == PROBLEM_JSON
            || value.as_bytes().starts_with(b"application/json")
            || value.as_bytes().starts_with(b"text/html")
    });
    is_chosen && response.response().error().is_none()
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

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpResponse, test, web};
    use serde_json::Value;

    use super::*;

    #[actix_web::test]
    async fn a_trace_is_taken_from_a_header_as_the_standard_has_it_and_from_no_other() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let taken = |header: &str| Trace::parse(header).map(|trace| trace.id);
        for header in [
            format!("00-{id}-00f067aa0ba902b7-01"),
            format!("01-{id}-00f067aa0ba902b7-01-later"),
        ] {
            assert_eq!(taken(&header), Some(id.to_owned()), "{header}");
        }
        for header in [
            String::new(),
            id.to_owned(),
            format!("ff-{id}-00f067aa0ba902b7-01"),
            format!("00-{id}-00f067aa0ba902b7-01-later"),
            format!("00-{}-00f067aa0ba902b7-01", id.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{id}-0000000000000000-01"),
            format!("00-{id}-00f067aa0ba902b7"),
        ] {
            assert_eq!(taken(&header), None, "{header}");
        }
    }

    async fn fail() -> HttpResponse {
        panic!("canary")
    }

    #[actix_web::test]
    async fn a_handler_that_panics_is_answered_with_a_problem_that_does_not_quote_it() {
        let app = App::new()
            .route("/", web::get().to(fail))
            .wrap(from_fn(observe));
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().insert_header((REQUEST_ID, "abc"));
        let error = test::try_call_service(&app, request.to_request())
            .await
            .unwrap_err();
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers().get(REQUEST_ID).unwrap(), "abc");
        let body = actix_web::body::to_bytes(response.into_body())
            .await
            .unwrap();
        let document: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&document["code"], &document["request_id"]),
            (&"internal".into(), &"abc".into())
        );
        assert!(!document.to_string().contains("canary"), "{document}");
    }
}
