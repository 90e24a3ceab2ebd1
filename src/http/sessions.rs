//! `/api/v1/me/sessions`: one's own log-ins, on whichever devices, and their end.

use actix_web::{HttpResponse, delete, get, web};
use protocol::TokenFamilyId;
use serde::Serialize;
use storage::{AuditAction, LogIn};
use utoipa::ToSchema;

use super::Edge;
use super::caller::{Caller, WritingCaller};
use super::paging::Page;
use super::problem::Problem;
use super::responses::{DeleteProblems, ReadProblems};

/// A log-in that holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionEntry {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: TokenFamilyId,
    /// The browser or program that it was made with, in words; null when it said nothing that is known.
    #[schema(required = true, example = "Firefox")]
    program: Option<String>,
    /// The system that it was made on, in words; null when it said nothing that is known.
    #[schema(required = true, example = "Android")]
    system: Option<String>,
    /// When it was made, in UTC milliseconds since 1970.
    created_at: i64,
    /// When it was used last, in UTC milliseconds since 1970, to the minute.
    last_used_at: i64,
    /// Whether it is the one that asks.
    is_current: bool,
}

/// List one's own log-ins, those used last first; at most 200.
#[utoipa::path(
    tag = "me",
    responses((status = OK, description = "All that hold", body = Page<SessionEntry>), ReadProblems)
)]
#[get("/me/sessions")]
pub(super) async fn list_sessions(
    caller: Caller,
    edge: web::Data<Edge>,
) -> Result<web::Json<Page<SessionEntry>>, Problem> {
    let now = edge.clock.now_ms();
    let log_ins = edge.storage.log_ins_of(caller.user_id, now).await?;
    let entry = |log_in| SessionEntry::of(log_in, caller.log_in);
    Ok(web::Json(Page {
        items: log_ins.into_iter().map(entry).collect(),
        next: None,
    }))
}

/// End a log-in of one's own: its tokens open nothing any more, its connections are closed, and its browser is told nothing.
#[utoipa::path(
    tag = "me",
    params(("session" = Uuid, Path, description = "The log-in's id")),
    responses((status = NO_CONTENT, description = "The log-in has ended"), DeleteProblems)
)]
#[delete("/me/sessions/{session}")]
pub(super) async fn end_session(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<TokenFamilyId>,
) -> Result<HttpResponse, Problem> {
    edge.storage.end_log_in(caller.user_id, *path).await?;
    edge.node.check_access(&[caller.user_id]);
    tracing::info!(user_id = %caller.user_id, log_in = %*path, "a log-in was ended");
    let event = caller.origin.did(AuditAction::LogInEnded);
    edge.note(event.to(*path)).await;
    Ok(HttpResponse::NoContent().finish())
}

/// End all log-ins of one's own but the one that asks.
#[utoipa::path(
    tag = "me",
    responses((status = NO_CONTENT, description = "The others have ended"), DeleteProblems)
)]
#[delete("/me/sessions")]
pub(super) async fn end_other_sessions(
    caller: WritingCaller,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, Problem> {
    let storage = &edge.storage;
    storage
        .end_other_log_ins(caller.user_id, caller.log_in)
        .await?;
    edge.node.check_access(&[caller.user_id]);
    tracing::info!(user_id = %caller.user_id, "all other log-ins were ended");
    let event = caller.origin.did(AuditAction::OtherLogInsEnded);
    edge.note(event.to(caller.log_in)).await;
    Ok(HttpResponse::NoContent().finish())
}

impl SessionEntry {
    pub(super) fn of(log_in: LogIn, current: TokenFamilyId) -> Self {
        Self {
            id: log_in.id,
            program: log_in.device.program,
            system: log_in.device.system,
            created_at: log_in.created_at,
            last_used_at: log_in.last_used_at,
            is_current: log_in.id == current,
        }
    }
}
