//! Failures in the dialect's form: `{"error": {"message", "type", "param", "code"}}`.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use actors::{CompletionError, PoolError};
use protocol::ErrorCode;
use serde::Serialize;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use super::super::problem::Problem;

/// When to come back after no inference service could be reached: they are asked again about that often.
const SERVICES_RETRY_AFTER: Duration = Duration::from_secs(5);

/// A failure.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiError)]
pub(in crate::http) struct ErrorDocument<'a> {
    error: ErrorBody<'a>,
}

/// What failed.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiErrorBody)]
struct ErrorBody<'a> {
    /// What was wrong, for a person to read.
    message: &'a str,
    /// The kind of failure.
    #[schema(example = "invalid_request_error")]
    r#type: &'static str,
    /// The parameter that was wrong; null when none was.
    #[schema(required = true)]
    param: Option<&'a str>,
    /// A stable code: one of the dialect's where it has one, else one of this server's.
    #[schema(example = "model_not_found")]
    code: &'a str,
}

/// A problem in the dialect's form.
pub(in crate::http) fn response(problem: &Problem) -> HttpResponse {
    let mut response = HttpResponse::build(status(problem));
    for header in problem.headers() {
        response.insert_header(header);
    }
    response.json(document(problem))
}

/// A problem in the dialect's form, for the middle of a stream.
pub(super) fn document(problem: &Problem) -> ErrorDocument<'_> {
    let kind = match status(problem).as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        400..500 => "invalid_request_error",
        _ => "server_error",
    };
    ErrorDocument {
        error: ErrorBody {
            message: problem.detail(),
            r#type: kind,
            param: problem.param(),
            code: problem.cause().unwrap_or_else(|| code(problem.code())),
        },
    }
}

/// Clients of the dialect know 400 for a value that is not allowed.
fn status(problem: &Problem) -> StatusCode {
    match problem.code() {
        ErrorCode::Invalid => StatusCode::BAD_REQUEST,
        _ => problem.status_code(),
    }
}

fn code(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Unauthenticated | ErrorCode::TokenExpired => "invalid_api_key",
        ErrorCode::RateLimited => "rate_limit_exceeded",
        code => code.as_str(),
    }
}

impl From<PoolError> for Problem {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Overloaded { retry_after_ms } => {
                let after = Duration::from_millis(retry_after_ms);
                Self::retry_after(ErrorCode::Overloaded, "too much waits for the model", after)
            }
            PoolError::TooLong(reason) => {
                Self::new(ErrorCode::Invalid, reason).because("context_length_exceeded")
            }
            PoolError::Refused(reason) => {
                // The reason begins with the parameter that it is about, if it is about one.
                let param = reason.split_once(": ").map(|(param, _)| param.to_owned());
                let param = param.filter(|param| !param.contains(' '));
                let problem = Self::new(ErrorCode::Invalid, reason);
                match param {
                    Some(param) => problem.at(param),
                    None => problem,
                }
            }
            PoolError::Unavailable(reason) => {
                Self::retry_after(ErrorCode::Unavailable, reason, SERVICES_RETRY_AFTER)
            }
            PoolError::Failed(reason) => Self::internal(&reason),
        }
    }
}

impl From<CompletionError> for Problem {
    fn from(error: CompletionError) -> Self {
        match error {
            CompletionError::NoTwin => no_model(),
            CompletionError::Storage(error) => error.into(),
            CompletionError::Pool(error) => error.into(),
            CompletionError::Asleep(_) => {
                let after = Duration::from_secs(1);
                Self::retry_after(ErrorCode::Unavailable, error.to_string(), after)
            }
        }
    }
}

/// There is no such model, or the caller may not know that there is.
pub(super) fn no_model() -> Problem {
    let detail = "model: there is no such model, or it is not one that you may use";
    Problem::new(ErrorCode::NotFound, detail)
        .at("model")
        .because("model_not_found")
}

/// The failures of the dialect's routes, for the description of the API.
pub(super) struct ApiProblems;

impl IntoResponses for ApiProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [400, 401, 403, 404, 413, 415, 429, 500, 503]
            .into_iter()
            .map(described)
            .collect()
    }
}

fn described(status: u16) -> (String, RefOr<Response>) {
    let description = match status {
        400 => "A parameter is missing, unknown, not supported or not allowed; `param` names it",
        401 => "There is no API key and no access token, or it is of no use: `invalid_api_key`",
        403 => "The caller has blocked the twin: `forbidden`",
        404 => "There is no such model, or not for the caller: `model_not_found`",
        413 => "The body is larger than its limit: `too_large`",
        415 => "The body is no JSON: `unsupported_media`",
        429 => "Too many requests; `Retry-After` says when to come back: `rate_limit_exceeded`",
        500 => "A fault of the server: `internal`",
        _ => "Too much is waiting, or something cannot be reached: `overloaded`, `unavailable`",
    };
    let content = Content::new(Some(Ref::from_schema_name("OpenAiError")));
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/json", content)
        .build();
    (status.to_string(), response.into())
}
