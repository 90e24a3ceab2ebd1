//! `/api/v1/me`: a person's own account.

use actix_web::{delete, get, patch, web};
use protocol::{ErrorCode, UserId};
use serde::{Deserialize, Serialize};
use storage::{AuditAction, User, UserChange};
use utoipa::ToSchema;

use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::problem::Problem;
use super::receipts::ReceiptEntry;
use super::responses::{DeleteProblems, ReadProblems, WriteProblems};
use super::{Edge, fields};

/// A person, as only that person sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Person {
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
    #[schema(example = 1_790_000_000_000_i64)]
    created_at: i64,
    /// Whether others are not told that the person is there, or writing.
    invisible: bool,
    /// Whether the person administers this server.
    is_admin: bool,
}

/// What is to change in an account; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonPatch {
    /// The new name.
    #[schema(
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    /// The new password; all log-ins end, this one too.
    #[schema(min_length = 8, max_length = 256, format = Password)]
    password: Option<String>,
    /// The present password; needed to change it.
    #[schema(max_length = 256, format = Password)]
    current_password: Option<String>,
    /// Whether others are not told any more that the person is there, or writing: on all devices.
    invisible: Option<bool>,
}

/// Read one's own account.
#[utoipa::path(
    tag = "me",
    responses((status = OK, description = "The account", body = Person), ReadProblems)
)]
#[get("/me")]
pub(super) async fn read_me(
    caller: Caller,
    edge: web::Data<Edge>,
) -> Result<web::Json<Person>, Problem> {
    let user = own_account(&edge, caller.user_id).await?;
    Ok(web::Json(user.into()))
}

/// Change one's own account.
#[utoipa::path(
    tag = "me",
    request_body = PersonPatch,
    responses((status = OK, description = "The account as it is now", body = Person), WriteProblems)
)]
#[patch("/me")]
pub(super) async fn change_me(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    body: Body<PersonPatch>,
) -> Result<web::Json<Person>, Problem> {
    let PersonPatch {
        name,
        password,
        current_password,
        invisible,
    } = body.into_inner();
    let name = name.map(|name| fields::line("name", &name)).transpose()?;
    let current_password = current_password
        .map(|current| fields::claimed_password("current_password", current))
        .transpose()?;
    let password_hash = match password {
        Some(new) => {
            Some(checked_new_password(&edge, caller.user_id, new, current_password).await?)
        }
        None => None,
    };
    let ends_log_ins = password_hash.is_some();
    let change = UserChange {
        name,
        password_hash,
        invisible,
    };
    let user = edge.storage.update_user(caller.user_id, change).await?;
    if ends_log_ins {
        edge.storage.revoke_families_of(caller.user_id).await?;
        let event = caller.origin.did(AuditAction::PasswordChanged);
        edge.note(event.to(caller.user_id)).await;
    }
    edge.node.check_access(&[caller.user_id]);
    Ok(web::Json(user.into()))
}

/// Delete one's own account with its twins, their documents and memories, its bots, every log-in, and what all of them said.
///
/// In conversations with others each of the messages keeps its place, as one that was deleted; conversations that nobody else is in
/// go. The receipt is kept nowhere.
#[utoipa::path(
    tag = "me",
    responses((status = OK, description = "The account is gone: how much that was", body = ReceiptEntry), DeleteProblems)
)]
#[delete("/me")]
pub(super) async fn delete_me(
    caller: WritingCaller,
    edge: web::Data<Edge>,
) -> Result<web::Json<ReceiptEntry>, Problem> {
    let twins = edge.storage.twins_told_by(caller.user_id).await?;
    let bots = edge.storage.bots_of(caller.user_id).await?;
    let now = edge.clock.now_ms();
    let deleted = edge.storage.delete_user(caller.user_id, now).await?;
    let mut gone = vec![caller.user_id];
    gone.extend(bots.iter().map(|bot| bot.id));
    edge.node.check_access(&gone);
    edge.node
        .tell_erased(caller.user_id, &deleted.erased, deleted.receipt.at);
    edge.ingest.delete_files(&deleted.files).await;
    let mut receipt = deleted.receipt;
    receipt.prompts_dropped =
        edge.node.forget(&twins).await & edge.node.forget_completions_of(caller.user_id).await;
    tracing::info!(user_id = %caller.user_id, "an account was deleted");
    let event = caller.origin.did(AuditAction::AccountDeleted);
    edge.note(event.to(caller.user_id).without_address()).await;
    Ok(web::Json(receipt.into()))
}

async fn own_account(edge: &Edge, id: UserId) -> Result<User, Problem> {
    let user = edge.storage.user(id).await?;
    user.ok_or_else(|| Problem::new(ErrorCode::Unauthenticated, "the account is gone"))
}

async fn checked_new_password(
    edge: &Edge,
    id: UserId,
    new: String,
    current: Option<String>,
) -> Result<String, Problem> {
    let new = fields::new_password("password", new)?;
    let Some(current) = current else {
        return Err(Problem::invalid(
            "current_password",
            "is needed to change the password",
        ));
    };
    let user = own_account(edge, id).await?;
    // A stolen access token must not be able to guess the password at the speed of other changes.
    edge.rate_limits.check_password_change(&user.email)?;
    if !edge.accounts.is_password_of(&user, current).await? {
        return Err(Problem::new(
            ErrorCode::Forbidden,
            "current_password: is not the password",
        ));
    }
    Ok(edge.accounts.hash_password(new).await?)
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            created_at: user.created_at,
            invisible: user.invisible,
            is_admin: user.is_admin,
        }
    }
}
