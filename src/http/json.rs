//! How bodies, paths and queries are read, and what is said when they cannot be.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, ResponseError, web};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use protocol::ErrorCode;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::limits::JSON_BYTES_MAX;
use super::problem::Problem;

/// Reads JSON bodies up to their limit.
pub(super) fn json_config() -> web::JsonConfig {
    web::JsonConfig::default()
        .limit(JSON_BYTES_MAX)
        .error_handler(|error, _| json_problem(&error).into())
}

/// A JSON body that is an object. Serde alone would also take a list, for the values of its fields one after the other.
pub(super) struct Body<T>(T);

impl<T> Body<T> {
    /// What the body says.
    pub(super) fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Body<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let read = web::Json::<Object<T>>::from_request(request, payload);
        read.map(|read| read.map(|body| Self(body.into_inner().0)))
            .boxed_local()
    }
}

/// An object, read as what its fields make.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields))
            }
        }

        let fields = deserializer.deserialize_map(Fields(PhantomData));
        fields.map(Self)
    }
}

/// Writes every number without a fraction as a whole one: to JSON, and to its schemas, `7.0` is an integer as good as `7`.
pub(super) fn whole(value: Value) -> Value {
    /// Up to here a floating-point number knows whole ones exactly.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT_MAX => {
                Value::from(float as i64)
            }
            _ => Value::Number(number),
        },
        Value::Array(entries) => entries.into_iter().map(whole).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.map(|(name, value)| (name, whole(value))).collect()
        }
        other => other,
    }
}

/// Reads a field that may be a whole number, however it is written.
pub(super) fn optional_whole<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u32>, D::Error> {
    let value = whole(Value::deserialize(deserializer)?);
    Option::<u32>::deserialize(value).map_err(D::Error::custom)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_without_a_fraction_is_whole_however_it_is_written() {
        let value = json!({"a": [7.0, 0.5, -3.0, 8], "b": {"c": 1e300, "d": "7.0"}});
        let expected = json!({"a": [7, 0.5, -3, 8], "b": {"c": 1e300, "d": "7.0"}});
        assert_eq!(whole(value), expected);
    }

    #[test]
    fn an_object_is_no_list_of_its_values() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Change {
            name: Option<String>,
        }

        let read = |text| serde_json::from_str::<Object<Change>>(text).map(|Object(change)| change);
        let name = Some("Kin".to_owned());
        assert_eq!(read(r#"{"name": "Kin"}"#).unwrap(), Change { name });
        assert_eq!(read("{}").unwrap(), Change { name: None });
        for text in ["[null]", "[\"Kin\"]", "[]", "null", "\"Kin\""] {
            let refused = read(text).unwrap_err().to_string();
            assert!(refused.contains("expected an object"), "{refused}");
        }
    }
}
