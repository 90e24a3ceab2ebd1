//! `/api/v1/admin/audit`: what happened, page by page, and all of it as a file.

use actix_web::http::header::{CONTENT_DISPOSITION, ContentDisposition};
use actix_web::{HttpResponse, get, web};
use bytes::Bytes;
use futures::stream::unfold;
use protocol::UserId;
use serde::{Deserialize, Serialize};
use storage::{AuditAction, AuditFilter, AuditRow, ShownAudit, StorageError};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::super::Edge;
use super::super::paging::{Page, page_limit};
use super::super::problem::Problem;
use super::super::responses::{ExportProblems, OwnerListProblems};
use super::{Admin, WritingAdmin};

/// The highest number of a row that one can ask with: every reader of JSON holds it.
const NUMBER_MAX: u64 = (1 << 53) - 1;

/// Rows that are read at a time for a file.
const EXPORT_ROWS: u32 = 1_000;

/// What can happen, by name.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub(in crate::http) struct ActionName(AuditAction);

/// A name that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an action of the audit log")]
pub(in crate::http) struct UnknownAction;

impl TryFrom<String> for ActionName {
    type Error = UnknownAction;

    fn try_from(name: String) -> Result<Self, UnknownAction> {
        AuditAction::from_name(&name).map(Self).ok_or(UnknownAction)
    }
}

impl From<ActionName> for &'static str {
    fn from(name: ActionName) -> Self {
        name.0.as_str()
    }
}

impl PartialSchema for ActionName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(AuditAction::ALL.iter().map(|action| action.as_str())))
            .description(Some("Something that is noted in the audit log"))
            .into()
    }
}

impl ToSchema for ActionName {
    fn name() -> std::borrow::Cow<'static, str> {
        "AuditAction".into()
    }
}

/// A row of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditRow)]
struct RowDocument {
    /// Its place in the log; the first is 1, and none is left out.
    number: u64,
    /// When it happened, in UTC milliseconds since 1970.
    at: i64,
    /// What happened.
    #[schema(value_type = ActionName)]
    action: ActionName,
    /// Who did it; null for somebody who was not logged in, and for the command line.
    #[schema(required = true, value_type = Option<Uuid>)]
    actor_id: Option<UserId>,
    /// What it was done to: an account, a log-in, a bot, a key or a twin, as the action says.
    #[schema(required = true)]
    subject_id: Option<Uuid>,
    /// In what it was done: the conversation of a change of mode, the log-in that a reused token was of.
    #[schema(required = true)]
    context_id: Option<Uuid>,
    /// From where; null where that is not known, and when the account of who did it is deleted.
    #[schema(required = true)]
    address: Option<String>,
    /// What is hashed before the address, in hexadecimal digits; it goes with the address.
    #[schema(required = true)]
    address_salt: Option<String>,
    /// SHA-256 of salt and address, in hexadecimal digits.
    #[schema(required = true)]
    address_hash: Option<String>,
    /// The hash of the row before, in hexadecimal digits.
    prev_hash: String,
    /// SHA-256 of the hash before and of what stands here, in hexadecimal digits.
    hash: String,
}

/// A row of the audit log, and whose accounts it is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(in crate::http) struct AuditEntry {
    /// The row.
    #[serde(flatten)]
    row: RowDocument,
    /// The e-mail address of who did it; null where there is no such account.
    #[schema(required = true)]
    actor_email: Option<String>,
    /// The e-mail address of the account that it was done to; null where that is none, or is gone.
    #[schema(required = true)]
    subject_email: Option<String>,
}

/// Which rows are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AuditQuery {
    action: Option<ActionName>,
    person: Option<UserId>,
    before: Option<u64>,
    limit: Option<u32>,
}

/// From where on rows are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ExportQuery {
    #[serde(default)]
    after: u64,
}

/// List what happened, newest first.
#[utoipa::path(
    tag = "admin",
    params(
        ("action" = Option<ActionName>, Query, nullable = false, description = "Only this"),
        ("person" = Option<Uuid>, Query, nullable = false, description = "Only what this person did, or what was done to the account"),
        ("before" = Option<u64>, Query, nullable = false, minimum = 0, maximum = 9_007_199_254_740_991_u64,
            description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, nullable = false, minimum = 1, maximum = 200, description = "How many entries at most; 50 when absent"),
    ),
    responses((status = OK, description = "A page of the log", body = Page<AuditEntry>), OwnerListProblems)
)]
#[get("/admin/audit")]
pub(in crate::http) async fn list_audit(
    _admin: Admin,
    edge: web::Data<Edge>,
    query: web::Query<AuditQuery>,
) -> Result<web::Json<Page<AuditEntry>>, Problem> {
    let query = query.into_inner();
    let limit = page_limit(query.limit)?;
    let before = query.before.map(|number| checked("before", number));
    let before = before.transpose()?;
    let filter = AuditFilter {
        action: query.action.map(|name| name.0),
        person: query.person,
    };
    let found = edge.storage.audit_before(filter, before, limit + 1).await?;
    let Page { items, next } = Page::cut(found, limit, |shown| shown.row.number.to_string());
    let items = items.into_iter().map(AuditEntry::from).collect();
    Ok(web::Json(Page { items, next }))
}

/// Take the log away: a JSON object (`AuditRow`) a line, oldest first. It can be checked without the server, as ADR 22 says.
#[utoipa::path(
    tag = "admin",
    params(
        ("after" = Option<u64>, Query, nullable = false, minimum = 0, maximum = 9_007_199_254_740_991_u64,
            description = "The last `number` that one has already; all rows when absent"),
    ),
    responses(
        (status = OK, description = "The log from there on", body = String, content_type = "application/x-ndjson"),
        ExportProblems,
    )
)]
#[get("/admin/audit/export")]
pub(in crate::http) async fn export_audit(
    admin: WritingAdmin,
    edge: web::Data<Edge>,
    query: web::Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let after = checked("after", query.after)?;
    edge.note_first(admin.origin.did(AuditAction::AuditExported))
        .await?;
    let lines = unfold(after, move |after| {
        let edge = edge.clone();
        async move {
            let rows = match edge.storage.audit_after(after, EXPORT_ROWS).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::warn!(%error, "an export of the audit log was cut short");
                    return Some((Err(error), after));
                }
            };
            let last = rows.last()?.number;
            Some((Ok::<_, StorageError>(as_lines(rows)), last))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header((
            CONTENT_DISPOSITION,
            ContentDisposition::attachment("audit.ndjson"),
        ))
        .streaming(lines))
}

fn checked(field: &str, number: u64) -> Result<u64, Problem> {
    match number {
        0..=NUMBER_MAX => Ok(number),
        _ => Err(Problem::invalid(field, "is beyond the longest log")),
    }
}

fn as_lines(rows: Vec<AuditRow>) -> Bytes {
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, &RowDocument::from(row))
            .expect("texts and numbers serialise");
        lines.push(b'\n');
    }
    lines.into()
}

impl From<AuditRow> for RowDocument {
    fn from(row: AuditRow) -> Self {
        Self {
            number: row.number,
            at: row.event.at,
            action: ActionName(row.event.action),
            actor_id: row.event.actor,
            subject_id: row.event.subject,
            context_id: row.event.context,
            address: row.event.address,
            address_salt: row.address_salt,
            address_hash: row.address_hash,
            prev_hash: row.prev_hash,
            hash: row.hash,
        }
    }
}

impl From<ShownAudit> for AuditEntry {
    fn from(shown: ShownAudit) -> Self {
        Self {
            row: shown.row.into(),
            actor_email: shown.actor_email,
            subject_email: shown.subject_email,
        }
    }
}
