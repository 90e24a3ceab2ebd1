//! `/api/v1/admin/users`: accounts, closing one, and ending its log-ins.

use actix_web::{HttpResponse, delete, get, patch, web};
use protocol::UserId;
use serde::{Deserialize, Serialize};
use storage::{Account, AccountsQuery, AuditAction};
use utoipa::ToSchema;

use super::super::Edge;
use super::super::json::Body;
use super::super::limits::EMAIL_CHARS_MAX;
use super::super::paging::{Page, page_limit};
use super::super::problem::Problem;
use super::super::responses::{DeleteProblems, OwnerListProblems, WriteProblems};
use super::{Admin, WritingAdmin};

/// An account, without anything that its person says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminUser)]
pub(in crate::http) struct UserEntry {
    /// The person's id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// The e-mail address.
    #[schema(example = "ada@example.com")]
    email: String,
    /// The name that others see.
    #[schema(example = "Ada")]
    name: String,
    /// When the account was made, in UTC milliseconds since 1970.
    created_at: i64,
    /// Whether the person administers this server.
    is_admin: bool,
    /// Since when the account is disabled, in UTC milliseconds since 1970; null where it is not.
    #[schema(required = true)]
    disabled_at: Option<i64>,
    /// When the account was used last, in UTC milliseconds since 1970, to the minute; null when no log-in of it is remembered.
    #[schema(required = true)]
    last_used_at: Option<i64>,
    /// How many log-ins hold.
    log_ins: u64,
    /// How many twins it has.
    twins: u64,
    /// How many bots it has.
    bots: u64,
}

/// Which accounts are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct UsersQuery {
    #[serde(default)]
    q: String,
    before: Option<UserId>,
    limit: Option<u32>,
}

/// What is to change in an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AdminUserPatch)]
pub(in crate::http) struct UserPatch {
    /// Whether nobody may use the account any more.
    disabled: bool,
}

/// List accounts, those made last first.
#[utoipa::path(
    tag = "admin",
    params(
        ("q" = Option<String>, Query, nullable = false, max_length = 254, pattern = r"^[^\x00]*$",
            description = "A part of the e-mail address or of the name, in any case, or the id"),
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, nullable = false, minimum = 1, maximum = 200, description = "How many entries at most; 50 when absent"),
    ),
    responses((status = OK, description = "A page of accounts", body = Page<UserEntry>), OwnerListProblems)
)]
#[get("/admin/users")]
pub(in crate::http) async fn list_users(
    _admin: Admin,
    edge: web::Data<Edge>,
    query: web::Query<UsersQuery>,
) -> Result<web::Json<Page<UserEntry>>, Problem> {
    let UsersQuery { q, before, limit } = query.into_inner();
    if q.chars().count() > EMAIL_CHARS_MAX {
        let reason = format!("must have at most {EMAIL_CHARS_MAX} characters");
        return Err(Problem::invalid("q", &reason));
    }
    let limit = page_limit(limit)?;
    let query = AccountsQuery {
        text: q.trim().to_owned(),
        before,
        limit: limit + 1,
    };
    let found = edge.storage.accounts(query, edge.clock.now_ms()).await?;
    let Page { items, next } = Page::cut(found, limit, |account| account.id.to_string());
    let items = items.into_iter().map(UserEntry::from).collect();
    Ok(web::Json(Page { items, next }))
}

/// Disable an account, or enable it again.
///
/// Nobody can use a disabled account: its log-ins have ended, its connections are closed at once, its bots and keys open nothing, its
/// twins answer nobody, and nothing of it is deleted. An administrator's cannot be disabled.
#[utoipa::path(
    tag = "admin",
    params(("user" = Uuid, Path, description = "The person's id")),
    request_body = UserPatch,
    responses((status = OK, description = "The account as it is now", body = UserEntry), WriteProblems)
)]
#[patch("/admin/users/{user}")]
pub(in crate::http) async fn change_user(
    admin: WritingAdmin,
    edge: web::Data<Edge>,
    path: web::Path<UserId>,
    body: Body<UserPatch>,
) -> Result<web::Json<UserEntry>, Problem> {
    let user = *path;
    let account = edge.account(user).await?;
    if body.disabled {
        account.check_may_be_disabled()?;
    }
    let action = match body.disabled {
        true => AuditAction::AccountDisabled,
        false => AuditAction::AccountEnabled,
    };
    edge.note_first(admin.origin.did(action).to(user)).await?;
    if body.disabled {
        let bots = edge.storage.bots_of(user).await?;
        let now = edge.clock.now_ms();
        edge.storage.disable_account(user, now).await?;
        let mut closed = vec![user];
        closed.extend(bots.iter().map(|bot| bot.id));
        edge.node.check_access(&closed);
    } else {
        edge.storage.enable_account(user).await?;
    }
    tracing::info!(user_id = %user, action = action.as_str(), "an administrator changed an account");
    Ok(web::Json(edge.account(user).await?.into()))
}

/// End all log-ins of an account: its connections are closed at once. Its bots and keys stay.
#[utoipa::path(
    tag = "admin",
    params(("user" = Uuid, Path, description = "The person's id")),
    responses((status = NO_CONTENT, description = "All have ended"), DeleteProblems)
)]
#[delete("/admin/users/{user}/sessions")]
pub(in crate::http) async fn end_user_sessions(
    admin: WritingAdmin,
    edge: web::Data<Edge>,
    path: web::Path<UserId>,
) -> Result<HttpResponse, Problem> {
    let user = *path;
    edge.account(user).await?;
    let event = admin.origin.did(AuditAction::AllLogInsEnded);
    edge.note_first(event.to(user)).await?;
    edge.storage.revoke_families_of(user).await?;
    edge.node.check_access(&[user]);
    tracing::info!(user_id = %user, "an administrator ended all log-ins of an account");
    Ok(HttpResponse::NoContent().finish())
}

impl Edge {
    async fn account(&self, id: UserId) -> Result<Account, Problem> {
        let account = self.storage.account(id, self.clock.now_ms()).await?;
        account.ok_or_else(|| Problem::not_found("account"))
    }
}

impl From<Account> for UserEntry {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            email: account.email,
            name: account.name,
            created_at: account.created_at,
            is_admin: account.is_admin,
            disabled_at: account.disabled_at,
            last_used_at: account.last_used_at,
            log_ins: account.log_ins,
            twins: account.twins,
            bots: account.bots,
        }
    }
}
