//! How requests with a body are read: who asks before anything else, then the body: bounded, as JSON, with the path of what is wrong, and with what is not supported refused by name.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::{Decompress, Payload};
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest};
use bytes::BytesMut;
use futures::StreamExt;
use protocol::{ErrorCode, UserId};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::super::json::whole;
use super::super::limits::API_BYTES_MAX;
use super::super::problem::Problem;
use super::caller::ApiCaller;

/// A request of the dialect.
pub(super) trait Asked: DeserializeOwned {
    /// What is accepted where it changes nothing, and refused by name otherwise.
    const NEUTRAL: &'static [Neutral];
}

/// A parameter that is accepted only where it changes nothing.
pub(super) struct Neutral {
    /// Its name.
    name: &'static str,
    /// The values that change nothing, beside null and what is empty.
    values: Values,
}

enum Values {
    Any,
    No,
    Number(f64),
    Texts(&'static [&'static str]),
    /// An object with this `type` and nothing else.
    Type(&'static str),
    /// A list of this text.
    List(&'static str),
}

/// It changes no answer, whatever it is.
pub(super) const fn ignored(name: &'static str) -> Neutral {
    let values = Values::Any;
    Neutral { name, values }
}

/// It is not supported: only null, false and what is empty are accepted.
pub(super) const fn unsupported(name: &'static str) -> Neutral {
    let values = Values::No;
    Neutral { name, values }
}

/// Only this number is accepted.
pub(super) const fn only_number(name: &'static str, number: f64) -> Neutral {
    let values = Values::Number(number);
    Neutral { name, values }
}

/// Only these texts are accepted.
pub(super) const fn only_texts(name: &'static str, texts: &'static [&'static str]) -> Neutral {
    let values = Values::Texts(texts);
    Neutral { name, values }
}

/// Only an object of this `type` is accepted.
pub(super) const fn only_type(name: &'static str, kind: &'static str) -> Neutral {
    let values = Values::Type(kind);
    Neutral { name, values }
}

/// Only a list of this text is accepted.
pub(super) const fn only_list(name: &'static str, text: &'static str) -> Neutral {
    let values = Values::List(text);
    Neutral { name, values }
}

/// A request with a body of this shape.
pub(super) struct Call<T> {
    /// Who asks.
    pub(super) user: UserId,
    /// What is asked.
    pub(super) request: T,
}

impl<T: Asked + 'static> FromRequest for Call<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = ApiCaller::from_request(request, &mut Payload::None);
        let body = Body::of(request, payload);
        Box::pin(async move {
            let ApiCaller { user_id: user } = caller.await?;
            let request = parse(body.parameters().await?)?;
            Ok(Self { user, request })
        })
    }
}

/// A body that is read when it is known who asks.
pub(super) struct Body {
    refused: Option<Problem>,
    payload: Decompress<Payload>,
}

impl Body {
    pub(super) fn of(request: &HttpRequest, payload: &mut Payload) -> Self {
        Self {
            refused: check_head(request).err(),
            payload: Decompress::from_headers(payload.take(), request.headers()),
        }
    }

    /// All of it.
    pub(super) async fn parameters(self) -> Result<Map<String, Value>, Problem> {
        if let Some(problem) = self.refused {
            return Err(problem);
        }
        let body = collect(self.payload).await?;
        serde_json::from_slice(&body)
            .map_err(|error| Problem::new(ErrorCode::Malformed, format!("in the body: {error}")))
    }
}

fn check_head(request: &HttpRequest) -> Result<(), Problem> {
    let header = |name| {
        let value = request.headers().get(name)?;
        value.to_str().ok()
    };
    let content_type = header(CONTENT_TYPE).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let detail = "the body must be JSON, with `Content-Type: application/json`";
        return Err(Problem::new(ErrorCode::UnsupportedMedia, detail));
    }
    let length = header(CONTENT_LENGTH).and_then(|text| text.parse::<usize>().ok());
    match length.is_some_and(|bytes| bytes > API_BYTES_MAX) {
        true => Err(too_large()),
        false => Ok(()),
    }
}

async fn collect(mut payload: Decompress<Payload>) -> Result<BytesMut, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk
            .map_err(|_| Problem::new(ErrorCode::Malformed, "the body did not arrive whole"))?;
        if body.len() + chunk.len() > API_BYTES_MAX {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn too_large() -> Problem {
    let detail = format!("a body may have {API_BYTES_MAX} bytes");
    Problem::new(ErrorCode::TooLarge, detail)
}

/// What the parameters ask for.
pub(super) fn parse<T: Asked>(mut parameters: Map<String, Value>) -> Result<T, Problem> {
    for neutral in T::NEUTRAL {
        if let Some(value) = parameters.remove(neutral.name) {
            neutral.check_as(neutral.name, &value)?;
        }
    }
    // A null stands for what is absent.
    parameters.retain(|_, value| !value.is_null());
    serde_path_to_error::deserialize(whole(Value::Object(parameters))).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.inner().to_string();
        let begins = |beginning| reason.starts_with(beginning);
        let cause = match () {
            () if begins("missing field") => "missing_required_parameter",
            () if begins("unknown field") => "unknown_parameter",
            () if begins("unknown variant") => "invalid_value",
            () => "invalid_type",
        };
        // What is missing has no place of its own; its name stands in the reason.
        let named = reason.split('`').nth(1).map(str::to_owned);
        let (param, detail) = match (path.as_str(), named) {
            (".", Some(name)) => (name, reason),
            (".", None) => (String::new(), reason),
            _ => (path.clone(), format!("{path}: {reason}")),
        };
        let problem = Problem::new(ErrorCode::Malformed, detail).because(cause);
        match param.is_empty() {
            true => problem,
            false => problem.at(param),
        }
    })
}

impl Neutral {
    /// Refuses a value that would change something, under this name.
    pub(super) fn check_as(&self, name: &str, value: &Value) -> Result<(), Problem> {
        let is_empty = match value {
            Value::Null | Value::Bool(false) => true,
            Value::Array(entries) => entries.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        let reason = match &self.values {
            Values::Any => return Ok(()),
            _ if is_empty => return Ok(()),
            Values::Number(number) if value.as_f64() == Some(*number) => return Ok(()),
            Values::Texts(texts) if value.as_str().is_some_and(|text| texts.contains(&text)) => {
                return Ok(());
            }
            Values::Type(kind) if *value == json!({ "type": kind }) => return Ok(()),
            Values::List(text) if *value == json!([text]) => return Ok(()),
            Values::No => "is not supported".to_owned(),
            Values::Number(number) => format!("is not supported other than {number}"),
            Values::Texts(texts) => format!("is not supported other than {}", texts.join(", ")),
            Values::Type(text) | Values::List(text) => {
                format!("is not supported other than {text}")
            }
        };
        let problem = Problem::invalid(name, &reason);
        Err(problem.at(name).because("unsupported_parameter"))
    }
}
