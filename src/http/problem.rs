//! What a client is told when something fails: RFC 9457 problem documents with the codes of the one error vocabulary.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CONTENT_RANGE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, ResponseError};
use actors::Refusal;
use protocol::ErrorCode;
use serde::Serialize;
use storage::StorageError;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::attachments::{AttachmentError, KindError};
use crate::auth::{AccountError, PasswordError};
use crate::embeddings::EmbeddingError;
use crate::ingest::{IngestError, code_of};

/// The media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// When to come back after the database or a model was out of reach: such outages last seconds.
const UNAVAILABLE_RETRY_AFTER: Duration = Duration::from_secs(5);

/// When to come back after a disk was full: somebody has to make room first.
const STORAGE_FULL_RETRY_AFTER: Duration = Duration::from_secs(60);

/// A failure that a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: ErrorCode,
    detail: String,
    retry_after: Option<Duration>,
    instead: Option<Instead>,
    param: Option<String>,
    cause: Option<&'static str>,
}

/// What would have been possible.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Instead {
    /// These methods.
    Methods(String),
    /// Parts of so many bytes.
    Range(u64),
}

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// A name of this kind of problem; it never changes.
    #[schema(example = "urn:digital-twin:problem:invalid")]
    r#type: String,
    /// This kind of problem in words.
    #[schema(example = "A field has a value that is not allowed")]
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 422)]
    status: u16,
    /// What was wrong this time.
    #[schema(example = "name: must have 1 to 100 characters")]
    detail: &'a str,
    /// A stable code.
    #[schema(value_type = ProblemCode)]
    code: ErrorCode,
    /// The id under which the server's log knows the request.
    request_id: &'a str,
    /// When to try again, in milliseconds from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_ms: Option<u64>,
}

/// The codes of problems, for the description of the API.
pub struct ProblemCode;

impl PartialSchema for ProblemCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(ErrorCode::ALL.iter().map(|code| code.as_str())))
            .description(Some(
                "A stable code; the title of a problem says what it means",
            ))
            .into()
    }
}

impl ToSchema for ProblemCode {}

impl Problem {
    /// A problem of this kind.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after: None,
            instead: None,
            param: None,
            cause: None,
        }
    }

    /// A problem that goes away by itself.
    pub fn retry_after(code: ErrorCode, detail: impl Into<String>, after: Duration) -> Self {
        Self {
            retry_after: Some(after),
            ..Self::new(code, detail)
        }
    }

    /// The method is not one of those that the path allows.
    pub fn method_not_allowed(method: &str, allow: String) -> Self {
        Self {
            instead: Some(Instead::Methods(allow)),
            ..Self::new(
                ErrorCode::MethodNotAllowed,
                format!("{method} is not allowed on this path"),
            )
        }
    }

    /// Whether there is no such thing.
    pub fn is_not_found(&self) -> bool {
        self.code == ErrorCode::NotFound
    }

    /// `Range` names a part that a file of so many bytes has not.
    pub fn no_such_range(size_bytes: u64) -> Self {
        let reason = format!("the file has {size_bytes} bytes, and not this part");
        Self {
            instead: Some(Instead::Range(size_bytes)),
            ..Self::invalid("Range", &reason)
        }
    }

    /// A field has a value that is not allowed.
    pub fn invalid(field: &str, reason: &str) -> Self {
        Self::new(ErrorCode::Invalid, format!("{field}: {reason}"))
    }

    /// There is no such thing, or the person may not know that there is.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no such {what}"))
    }

    /// A fault of the server; what it was goes to the log, not to the client.
    pub fn internal(error: &dyn fmt::Display) -> Self {
        tracing::error!(error = %error, "a request failed");
        Self::new(ErrorCode::Internal, "the server failed; its log says why")
    }

    /// The same problem, about this parameter of a request in the OpenAI dialect.
    pub fn at(self, param: impl Into<String>) -> Self {
        let param = Some(param.into());
        Self { param, ..self }
    }

    /// The same problem, under a code that the OpenAI dialect has for it.
    pub fn because(self, cause: &'static str) -> Self {
        let cause = Some(cause);
        Self { cause, ..self }
    }

    /// What was wrong.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// See [`Problem::at`].
    pub fn param(&self) -> Option<&str> {
        self.param.as_deref()
    }

    /// See [`Problem::because`].
    pub fn cause(&self) -> Option<&'static str> {
        self.cause
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The answer for a request of this id.
    pub fn response(&self, request_id: &str) -> HttpResponse {
        let status = self.status_code();
        let document = ProblemDocument {
            r#type: format!("urn:digital-twin:problem:{}", self.code),
            title: title(self.code),
            status: status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
            retry_after_ms: self
                .retry_after
                .map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        };
        let body = serde_json::to_vec(&document).expect("texts and numbers serialise");
        let mut response = HttpResponse::build(status);
        response.content_type(PROBLEM_JSON);
        for (name, value) in self.headers() {
            response.insert_header((name, value));
        }
        response.body(body)
    }

    /// The headers that say more of it.
    pub(super) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = Vec::new();
        if let Some(after) = self.retry_after {
            let seconds = after.as_millis().div_ceil(1_000).max(1);
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            headers.push((RETRY_AFTER, HeaderValue::from(seconds)));
        }
        let instead = self.instead.as_ref().map(|instead| match instead {
            Instead::Methods(allow) => (ALLOW, allow.clone()),
            Instead::Range(size) => (CONTENT_RANGE, format!("bytes */{size}")),
        });
        if let Some((name, text)) = instead
            && let Ok(value) = text.parse()
        {
            headers.push((name, value));
        }
        let challenge = match self.code {
            ErrorCode::Unauthenticated => Some("Bearer"),
            ErrorCode::TokenExpired => {
                Some(r#"Bearer error="invalid_token", error_description="the token has expired""#)
            }
            _ => None,
        };
        if let Some(challenge) = challenge {
            headers.push((WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
        }
        headers
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self.code {
            ErrorCode::Malformed | ErrorCode::UnknownOp => StatusCode::BAD_REQUEST,
            ErrorCode::Invalid if matches!(self.instead, Some(Instead::Range(_))) => {
                StatusCode::RANGE_NOT_SATISFIABLE
            }
            ErrorCode::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::Unauthenticated | ErrorCode::TokenExpired => StatusCode::UNAUTHORIZED,
            ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::Conflict | ErrorCode::LimitReached => StatusCode::CONFLICT,
            ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Overloaded | ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
            ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        self.response("")
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error.code() {
            ErrorCode::Internal => Self::internal(&error),
            code @ (ErrorCode::Unavailable | ErrorCode::Overloaded) => {
                tracing::warn!(error = %error, "storage refused a request");
                let detail = "the database or the file store cannot be reached now";
                Self::retry_after(code, detail, UNAVAILABLE_RETRY_AFTER)
            }
            code @ ErrorCode::StorageFull => {
                tracing::error!(error = %error, "a file found no room");
                Self::retry_after(code, error.to_string(), STORAGE_FULL_RETRY_AFTER)
            }
            code => Self::new(code, error.to_string()),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let problem = Self::new(refusal.code, refusal.message);
        Self {
            retry_after: refusal.retry_after_ms.map(Duration::from_millis),
            ..problem
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let detail = error.to_string();
        match error {
            AccountError::WrongCredentials { .. }
            | AccountError::RefreshRefused
            | AccountError::RefreshReused { .. } => Self::new(ErrorCode::Unauthenticated, detail),
            AccountError::Disabled { .. } => Self::new(ErrorCode::Forbidden, detail),
            AccountError::RefreshExpired => Self::new(ErrorCode::TokenExpired, detail),
            AccountError::Password(PasswordError::Overloaded { retry_after }) => {
                Self::retry_after(ErrorCode::Overloaded, detail, retry_after)
            }
            AccountError::Storage(error) => error.into(),
            AccountError::Password(PasswordError::Failed(_)) | AccountError::Random(_) => {
                Self::internal(&detail)
            }
        }
    }
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        let detail = error.to_string();
        match error {
            IngestError::Unreadable(unreadable) => Self::new(code_of(&unreadable), detail),
            IngestError::TooManyPieces => Self::new(ErrorCode::TooLarge, detail),
            IngestError::Embedding(EmbeddingError::Overloaded { retry_after }) => {
                Self::retry_after(ErrorCode::Overloaded, detail, retry_after)
            }
            IngestError::Storage(error) => error.into(),
            IngestError::Embedding(EmbeddingError::Failed(_)) | IngestError::Task(_) => {
                Self::internal(&detail)
            }
        }
    }
}

impl From<AttachmentError> for Problem {
    fn from(error: AttachmentError) -> Self {
        let detail = error.to_string();
        match error {
            AttachmentError::Kind(KindError::Empty) => Self::new(ErrorCode::Invalid, detail),
            AttachmentError::Kind(KindError::NotAccepted { .. }) => {
                Self::new(ErrorCode::UnsupportedMedia, detail)
            }
            AttachmentError::Storage(error) => error.into(),
            AttachmentError::Task(_) => Self::internal(&detail),
        }
    }
}

fn title(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Malformed => "The request cannot be read",
        ErrorCode::UnknownOp => "The operation is not known",
        ErrorCode::Invalid => "A field has a value that is not allowed",
        ErrorCode::Unauthenticated => "Nobody is logged in",
        ErrorCode::TokenExpired => "The token has expired",
        ErrorCode::Forbidden => "This is not allowed",
        ErrorCode::NotFound => "There is no such thing",
        ErrorCode::Conflict => "It contradicts what is there",
        ErrorCode::TooLarge => "It is larger than its limit",
        ErrorCode::UnsupportedMedia => "This kind of content is not accepted",
        ErrorCode::LimitReached => "There are as many as there may be",
        ErrorCode::RateLimited => "Too many requests",
        ErrorCode::Overloaded => "Too much is waiting",
        ErrorCode::Unavailable => "Something that this needs cannot be reached",
        ErrorCode::StorageFull => "There is no room for the file",
        ErrorCode::MethodNotAllowed => "The method is not allowed on this path",
        ErrorCode::Internal => "The server failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_an_error_status_and_a_title_of_its_own() {
        let mut titles: Vec<_> = ErrorCode::ALL.iter().map(|code| title(*code)).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            let status = Problem::new(*code, "x").status_code();
            assert!(
                status.is_client_error() || status.is_server_error(),
                "{code}"
            );
        }
    }

    #[test]
    fn a_time_to_come_back_is_rounded_up_to_whole_seconds() {
        let problem =
            |ms| Problem::retry_after(ErrorCode::RateLimited, "x", Duration::from_millis(ms));
        let header = |ms| {
            problem(ms)
                .response("")
                .headers()
                .get(RETRY_AFTER)
                .cloned()
                .unwrap()
        };
        assert_eq!([header(1), header(1_000), header(1_001)], ["1", "1", "2"]);
    }

    #[test]
    fn a_fault_of_the_server_does_not_say_what_it_was() {
        let problem = Problem::from(StorageError::Internal("password=canary".to_owned()));
        assert!(!problem.to_string().contains("canary"), "{problem}");
    }
}
