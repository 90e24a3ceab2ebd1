//! How bodies, paths and queries are read, and what is said when they cannot be.

use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::{ResponseError, web};
use protocol::ErrorCode;

use super::limits::JSON_BYTES_MAX;
use super::problem::Problem;

/// Reads JSON bodies up to their limit.
pub(super) fn json_config() -> web::JsonConfig {
    web::JsonConfig::default()
        .limit(JSON_BYTES_MAX)
        .error_handler(|error, _| json_problem(&error).into())
}

/// Reads the ids of paths.
pub(super) fn path_config() -> web::PathConfig {
    web::PathConfig::default().error_handler(|error, _| {
        let detail = match &error {
            PathError::Deserialize(reason) => format!("in the path: {reason}"),
            _ => "the path cannot be read".to_owned(),
        };
        Problem::new(ErrorCode::Malformed, detail).into()
    })
}

/// Reads queries.
pub(super) fn query_config() -> web::QueryConfig {
    web::QueryConfig::default().error_handler(|error, _| {
        let detail = match &error {
            QueryPayloadError::Deserialize(reason) => format!("in the query: {reason}"),
            _ => "the query cannot be read".to_owned(),
        };
        Problem::new(ErrorCode::Malformed, detail).into()
    })
}

fn json_problem(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            let detail = format!("a JSON body may have {JSON_BYTES_MAX} bytes");
            Problem::new(ErrorCode::TooLarge, detail)
        }
        JsonPayloadError::ContentType => {
            let detail = "the body must be JSON, with `Content-Type: application/json`";
            Problem::new(ErrorCode::UnsupportedMedia, detail)
        }
        JsonPayloadError::Payload(error)
            if error.status_code() == StatusCode::PAYLOAD_TOO_LARGE =>
        {
            let detail = format!("a JSON body may have {JSON_BYTES_MAX} bytes");
            Problem::new(ErrorCode::TooLarge, detail)
        }
        JsonPayloadError::Payload(_) => {
            Problem::new(ErrorCode::Malformed, "the body did not arrive whole")
        }
        JsonPayloadError::Deserialize(error) => {
            Problem::new(ErrorCode::Malformed, format!("in the body: {error}"))
        }
        _ => Problem::new(ErrorCode::Malformed, "the body cannot be read"),
    }
}
