//! `/api/v1/keys`: keys that programs call `/v1` with. A key opens nothing else, and is shown once.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, delete, get, post, web};
use protocol::ApiKeyId;
use serde::{Deserialize, Serialize};
use storage::{ApiKey, AuditAction};
use utoipa::ToSchema;

use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::json::optional_whole;
use super::limits::KEY_DAYS_MAX;
use super::paging::Page;
use super::problem::Problem;
use super::responses::{DeleteProblems, ReadProblems, WriteProblems};
use super::{Edge, fields};
use crate::auth::ApiKeySecret;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A key that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// What its owner calls it.
    #[schema(
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "notebook"
    )]
    name: String,
    /// After how many days it is of no use any more; never when absent.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 3_650)]
    expires_in_days: Option<u32>,
}

/// A key, without what makes it one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub(super) struct KeyDocument {
    /// The key's id.
    #[schema(value_type = Uuid)]
    id: ApiKeyId,
    /// What its owner calls it.
    #[schema(example = "notebook")]
    name: String,
    /// How the key begins.
    #[schema(example = "dtwin_Ab3xY9")]
    prefix: String,
    /// When it was made, in UTC milliseconds since 1970.
    created_at: i64,
    /// From when on it is of no use, in UTC milliseconds since 1970; null when it stays of use.
    #[schema(required = true)]
    expires_at: Option<i64>,
    /// When it was used last, in UTC milliseconds since 1970, to the minute; null when it never was.
    #[schema(required = true)]
    last_used_at: Option<i64>,
}

/// A key that has just been made.
#[derive(Serialize, ToSchema)]
#[schema(as = NewKeyAnswer)]
pub(super) struct MadeKey {
    /// The key itself. It cannot be had again.
    #[schema(example = "dtwin_kJ5p2N0vQmZ8rT1xYbWc3dEfGhIjKlMnOpQrStUvWxA")]
    secret: String,
    /// What is known of it later.
    key: KeyDocument,
}

/// Make a key for a program.
///
/// The answer is the only one that holds the key itself. It opens `/v1`, as this account, and nothing else.
#[utoipa::path(
    tag = "keys",
    request_body = NewKey,
    responses(
        (status = CREATED, description = "The key is made; it is shown this once", body = MadeKey),
        WriteProblems,
    )
)]
#[post("/keys")]
pub(super) async fn create_key(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    body: Body<NewKey>,
) -> Result<HttpResponse, Problem> {
    let name = fields::line("name", &body.name)?;
    let days = body.expires_in_days.map(i64::from);
    if days.is_some_and(|days| !(1..=KEY_DAYS_MAX).contains(&days)) {
        let reason = format!("must be a whole number from 1 to {KEY_DAYS_MAX}");
        return Err(Problem::invalid("expires_in_days", &reason));
    }
    let secret = ApiKeySecret::random().map_err(|error| Problem::internal(&error))?;
    let now = edge.clock.now_ms();
    let key = ApiKey {
        id: ApiKeyId::new(),
        user_id: caller.user_id,
        name,
        prefix: secret.prefix(),
        created_at: now,
        expires_at: days.map(|days| now + days * DAY_MS),
        last_used_at: None,
    };
    edge.storage
        .create_api_key(key.clone(), secret.hash(), edge.limits.keys_max)
        .await?;
    tracing::info!(user_id = %caller.user_id, key_id = %key.id, "an API key was made");
    let event = caller.origin.did(AuditAction::KeyCreated);
    edge.note(event.to(key.id)).await;
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(MadeKey {
            secret: secret.to_text(),
            key: key.into(),
        }))
}

/// List one's own keys, oldest first; the keys themselves are not known any more.
#[utoipa::path(
    tag = "keys",
    responses((status = OK, description = "All of them", body = Page<KeyDocument>), ReadProblems)
)]
#[get("/keys")]
pub(super) async fn list_keys(
    caller: Caller,
    edge: web::Data<Edge>,
) -> Result<web::Json<Page<KeyDocument>>, Problem> {
    let keys = edge.storage.api_keys_of(caller.user_id).await?;
    Ok(web::Json(Page {
        items: keys.into_iter().map(KeyDocument::from).collect(),
        next: None,
    }))
}

/// Revoke a key of one's own: from now on it opens nothing.
#[utoipa::path(
    tag = "keys",
    params(("key" = Uuid, Path, description = "The key's id")),
    responses((status = NO_CONTENT, description = "The key is revoked"), DeleteProblems)
)]
#[delete("/keys/{key}")]
pub(super) async fn delete_key(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<ApiKeyId>,
) -> Result<HttpResponse, Problem> {
    edge.storage.delete_api_key(caller.user_id, *path).await?;
    tracing::info!(user_id = %caller.user_id, key_id = %*path, "an API key was revoked");
    let event = caller.origin.did(AuditAction::KeyRevoked);
    edge.note(event.to(*path)).await;
    Ok(HttpResponse::NoContent().finish())
}

impl From<ApiKey> for KeyDocument {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}
