//! Reports: of a message by whoever sees it, and their review by those who keep order in the room and by the twin's owner.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, put, web};
use actors::permissions::{Operation, may};
use protocol::{ConversationId, ErrorCode, MessageId, ReportId, TwinId, UserId};
use serde::Deserialize;
use storage::{ConversationKind, NewReport, Report, Resolved};

use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::limits::OPEN_REPORTS_MAX;
use super::paging::{Page, page_limit};
use super::problem::Problem;
use super::responses::{OwnerListProblems, WriteProblems};
use super::{Edge, fields};

mod entry;

pub(super) use entry::StateName;
use entry::{ReportEntry, ReportReceipt, ReportRequest, ResolutionRequest};

/// Which page of reports is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportQuery {
    before: Option<ReportId>,
    limit: Option<u32>,
    #[serde(default)]
    state: StateName,
}

/// Report a message that one sees: in a room to those who keep order there, and what a twin wrote also to its owner.
///
/// Each person reports a message once. What was reported is the message itself: when it is edited or deleted, so is what is
/// reviewed. Between two only what a twin wrote can be reported.
#[utoipa::path(
    tag = "moderation",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("message" = Uuid, Path, description = "The message's id"),
    ),
    request_body = ReportRequest,
    responses((status = CREATED, description = "It is kept", body = ReportReceipt), WriteProblems)
)]
#[post("/conversations/{conversation}/messages/{message}/reports")]
pub(super) async fn report_message(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, MessageId)>,
    body: Body<ReportRequest>,
) -> Result<HttpResponse, Problem> {
    let (conversation, message_id) = path.into_inner();
    let conversation_id = edge
        .joined_conversation(conversation, caller.user_id)
        .await?;
    let ReportRequest { reason, note } = body.into_inner();
    let note = note.map(|text| fields::note(&text)).transpose()?;
    let report = NewReport {
        id: ReportId::new(),
        conversation_id,
        message_id,
        reporter_id: caller.user_id,
        reason: reason.into(),
        note: note.filter(|note| !note.is_empty()),
        created_at: edge.clock.now_ms(),
    };
    let (id, created_at) = (report.id, report.created_at);
    edge.storage.report(report, OPEN_REPORTS_MAX).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(ReportReceipt { id, created_at }))
}

/// List the reports of a room's messages, newest first, for those who keep order there.
#[utoipa::path(
    tag = "moderation",
    params(
        ("conversation" = Uuid, Path, description = "The room's id"),
        ("state" = Option<StateName>, Query, nullable = false, description = "Which are wanted; `open` when absent"),
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, description = "How many entries at most; 50 when absent", nullable = false, minimum = 1, maximum = 200),
    ),
    responses((status = OK, description = "A page of reports", body = Page<ReportEntry>), OwnerListProblems)
)]
#[get("/conversations/{conversation}/reports")]
pub(super) async fn list_room_reports(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
    query: web::Query<ReportQuery>,
) -> Result<web::Json<Page<ReportEntry>>, Problem> {
    let limit = page_limit(query.limit)?;
    edge.permitted(*path, caller.user_id, Operation::Review)
        .await?;
    if !edge.is_room(*path).await? {
        let detail = "a conversation of two has nobody who keeps order";
        return Err(Problem::new(ErrorCode::Forbidden, detail));
    }
    let state = query.state.into();
    let reports = edge
        .storage
        .reports_of_conversation(*path, state, query.before, limit + 1)
        .await?;
    Ok(web::Json(page_of(reports, limit, caller.user_id)))
}

/// List the reports of what a twin of one's own wrote, newest first. Who made them is not said.
#[utoipa::path(
    tag = "moderation",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("state" = Option<StateName>, Query, nullable = false, description = "Which are wanted; `open` when absent"),
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, description = "How many entries at most; 50 when absent", nullable = false, minimum = 1, maximum = 200),
    ),
    responses((status = OK, description = "A page of reports", body = Page<ReportEntry>), OwnerListProblems)
)]
#[get("/twins/{twin}/reports")]
pub(super) async fn list_twin_reports(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
    query: web::Query<ReportQuery>,
) -> Result<web::Json<Page<ReportEntry>>, Problem> {
    let limit = page_limit(query.limit)?;
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let state = query.state.into();
    let reports = edge
        .storage
        .reports_of_twin(twin.id, state, query.before, limit + 1)
        .await?;
    Ok(web::Json(page_of(reports, limit, caller.user_id)))
}

/// Decide about a report, once: those who keep order in the room may, and the owner of the twin; not who wrote the message.
#[utoipa::path(
    tag = "moderation",
    params(("report" = Uuid, Path, description = "The report's id")),
    request_body = ResolutionRequest,
    responses((status = OK, description = "The report as it is now", body = ReportEntry), WriteProblems)
)]
#[put("/reports/{report}/resolution")]
pub(super) async fn resolve_report(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<ReportId>,
    body: Body<ResolutionRequest>,
) -> Result<web::Json<ReportEntry>, Problem> {
    let user = caller.user_id;
    let no_report = || Problem::not_found("report");
    let report = edge.storage.find_report(*path).await?;
    let report = report.ok_or_else(no_report)?;
    let is_of_own_twin = report.twin_id.is_some() && report.is_about(user);
    if !is_of_own_twin && !edge.moderates(report.conversation_id, user).await? {
        return Err(no_report());
    }
    if !is_of_own_twin && report.is_about(user) {
        let detail = "somebody else decides about what you wrote";
        return Err(Problem::new(ErrorCode::Forbidden, detail));
    }
    let resolved = Resolved {
        resolution: body.resolution.into(),
        by: user,
        at: edge.clock.now_ms(),
    };
    edge.storage.resolve_report(report.id, resolved).await?;
    let report = Report {
        resolved: Some(resolved),
        ..report
    };
    Ok(web::Json(ReportEntry::seen_by(user, report)))
}

fn page_of(reports: Vec<Report>, limit: u32, viewer: UserId) -> Page<ReportEntry> {
    let Page { items, next } = Page::cut(reports, limit, |report| report.id.to_string());
    let shown = items.into_iter();
    let items = shown
        .map(|report| ReportEntry::seen_by(viewer, report))
        .collect();
    Page { items, next }
}

impl Edge {
    async fn is_room(&self, id: ConversationId) -> Result<bool, Problem> {
        let conversation = self.storage.conversation(id).await?;
        Ok(conversation.is_some_and(|one| one.kind == ConversationKind::Room))
    }

    /// Whether a person keeps order in a room.
    async fn moderates(&self, room: ConversationId, user: UserId) -> Result<bool, Problem> {
        let role = self.storage.role(room, user).await?;
        let keeps_order = role.is_some_and(|role| may(role, Operation::Review));
        Ok(keeps_order && self.is_room(room).await?)
    }
}
