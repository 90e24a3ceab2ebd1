//! `/api/v1/notifications`: what a person has not seen, kept until it is read.

use actix_web::{HttpResponse, delete, get, put, web};
use protocol::{Author, ConversationId, MessageId, NotificationId};
use serde::{Deserialize, Serialize};
use storage::{Notification, NotifyLevel};
use utoipa::ToSchema;

use super::Edge;
use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::message_schema::AuthorSchema;
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use super::responses::{DeleteProblems, ListProblems, ReadProblems, WriteProblems};

/// Something that a person has not seen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification)]
pub(super) struct NotificationDocument {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: NotificationId,
    /// Why one is told: `mention` names one or everybody, `reply` answers one's message, `message` is any other.
    #[schema(example = "mention")]
    kind: &'static str,
    /// Where.
    #[schema(value_type = Uuid)]
    conversation_id: ConversationId,
    /// The conversation's title, if it has one.
    #[schema(required = true)]
    title: Option<String>,
    /// The message's place in the conversation.
    seq: u64,
    /// The message.
    #[schema(value_type = Uuid)]
    message_id: MessageId,
    /// Who wrote it.
    #[schema(value_type = AuthorSchema)]
    author: Author,
    /// The beginning of its text.
    text: String,
    /// When it was committed, in UTC milliseconds since 1970.
    created_at: i64,
}

/// What has been read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadQuery {
    /// The newest notification that has been read, and with it all before.
    up_to: Option<NotificationId>,
}

/// What of a conversation one is told.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelDocument {
    /// What one is told; null for what one is told of conversations in general.
    level: Option<Level>,
}

/// What somebody is told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// Every message.
    All,
    /// What names one, or answers one's message.
    Mentions,
    /// Nothing.
    None,
}

/// List what one has not seen, newest first.
///
/// A message is listed a little after it was sent, if one was not there and has not read it. It goes when it is marked as read
/// here, when one reads the conversation, and by itself after thirty days; the newest 500 are kept.
#[utoipa::path(
    tag = "notifications",
    params(
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, description = "How many entries at most; 50 when absent", nullable = false, minimum = 1, maximum = 200),
    ),
    responses((status = OK, description = "A page of notifications", body = Page<NotificationDocument>), ListProblems)
)]
#[get("/notifications")]
pub(super) async fn list_notifications(
    caller: Caller,
    edge: web::Data<Edge>,
    query: web::Query<PageQuery<NotificationId>>,
) -> Result<web::Json<Page<NotificationDocument>>, Problem> {
    let limit = query.limit()?;
    let found = edge
        .storage
        .notifications_of(caller.user_id, query.before, limit + 1)
        .await?;
    let page = Page::cut(found, limit, |notification| notification.id.to_string());
    let items = page.items.into_iter().map(NotificationDocument::from);
    Ok(web::Json(Page {
        items: items.collect(),
        next: page.next,
    }))
}

/// Mark notifications as read: all, or all up to one.
#[utoipa::path(
    tag = "notifications",
    params(
        ("up_to" = Option<Uuid>, Query, nullable = false,
            description = "The newest notification that has been read, and with it all before; all there are when it is absent"),
    ),
    responses((status = NO_CONTENT, description = "They are read, and listed no more"), DeleteProblems)
)]
#[delete("/notifications")]
pub(super) async fn read_notifications(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    query: web::Query<ReadQuery>,
) -> Result<HttpResponse, Problem> {
    edge.storage
        .read_notifications(caller.user_id, query.up_to)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Mark one notification as read.
#[utoipa::path(
    tag = "notifications",
    params(("notification" = Uuid, Path, description = "The notification's id")),
    responses((status = NO_CONTENT, description = "It is read, and listed no more"), DeleteProblems)
)]
#[delete("/notifications/{notification}")]
pub(super) async fn read_notification(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<NotificationId>,
) -> Result<HttpResponse, Problem> {
    edge.storage
        .read_notification(caller.user_id, *path)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Read what of a conversation one is told.
#[utoipa::path(
    tag = "notifications",
    params(("conversation" = Uuid, Path, description = "The conversation's id")),
    responses((status = OK, description = "What one is told", body = LevelDocument), ReadProblems)
)]
#[get("/conversations/{conversation}/notifications")]
pub(super) async fn read_level(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
) -> Result<web::Json<LevelDocument>, Problem> {
    let level = edge.storage.notify_level(caller.user_id, *path).await?;
    let level = level.map(Level::from);
    Ok(web::Json(LevelDocument { level }))
}

/// Say what of a conversation one is to be told.
#[utoipa::path(
    tag = "notifications",
    params(("conversation" = Uuid, Path, description = "The conversation's id")),
    request_body = LevelDocument,
    responses((status = OK, description = "What one is told from now on", body = LevelDocument), WriteProblems)
)]
#[put("/conversations/{conversation}/notifications")]
pub(super) async fn set_level(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
    body: Body<LevelDocument>,
) -> Result<web::Json<LevelDocument>, Problem> {
    let level = body.level.map(NotifyLevel::from);
    edge.storage
        .set_notify_level(caller.user_id, *path, level)
        .await?;
    Ok(web::Json(body.into_inner()))
}

impl From<Notification> for NotificationDocument {
    fn from(notification: Notification) -> Self {
        Self {
            id: notification.id,
            kind: notification.kind.as_str(),
            conversation_id: notification.conversation_id,
            title: notification.title,
            seq: notification.seq,
            message_id: notification.message_id,
            author: notification.author,
            text: notification.text,
            created_at: notification.created_at,
        }
    }
}

impl From<NotifyLevel> for Level {
    fn from(level: NotifyLevel) -> Self {
        match level {
            NotifyLevel::All => Self::All,
            NotifyLevel::Mentions => Self::Mentions,
            NotifyLevel::None => Self::None,
        }
    }
}

impl From<Level> for NotifyLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::All => Self::All,
            Level::Mentions => Self::Mentions,
            Level::None => Self::None,
        }
    }
}
