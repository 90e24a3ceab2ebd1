//! `…/messages/{message}/feedback` and `/api/v1/twins/{twin}/feedback`: what people think of twins' replies.

use actix_web::{HttpResponse, delete, get, put, web};
use protocol::{ConversationId, FeedbackId, MessageId, TwinId, UserId};
use serde::{Deserialize, Serialize};
use storage::{Feedback, Rating, TwinFeedback};
use utoipa::ToSchema;

use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use super::responses::{DeleteProblems, OwnerListProblems, ReadProblems, WriteProblems};
use super::{Edge, fields};

/// Whether a reply was any good.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Rating)]
pub(super) enum RatingText {
    /// It was.
    Up,
    /// It was not.
    Down,
}

/// What a person thinks of a reply.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedbackRequest {
    /// Whether it was any good.
    rating: RatingText,
    /// Why.
    #[schema(
        max_length = 2_000,
        pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
    )]
    reason: Option<String>,
}

/// What one thinks of a reply oneself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Feedback)]
pub(super) struct FeedbackDocument {
    /// Whether it was any good.
    rating: RatingText,
    /// Why; null when that was not said.
    #[schema(required = true)]
    reason: Option<String>,
    /// When that was said last, in UTC milliseconds since 1970.
    created_at: i64,
}

/// What somebody thinks of a reply of one's twin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TwinFeedback)]
pub(super) struct TwinFeedbackEntry {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: FeedbackId,
    /// The conversation.
    #[schema(value_type = Uuid)]
    conversation_id: ConversationId,
    /// The reply.
    #[schema(value_type = Uuid)]
    message_id: MessageId,
    /// Who.
    #[schema(value_type = Uuid)]
    user_id: UserId,
    /// The person's name now.
    user_name: String,
    /// What they think.
    #[serde(flatten)]
    feedback: FeedbackDocument,
}

/// Say what one thinks of a twin's reply, in place of what one said before.
///
/// Only oneself and the twin's owner can read it. It is gone when the reply is deleted.
#[utoipa::path(
    tag = "conversations",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("message" = Uuid, Path, description = "The reply's id"),
    ),
    request_body = FeedbackRequest,
    responses((status = OK, description = "It is kept", body = FeedbackDocument), WriteProblems)
)]
#[put("/conversations/{conversation}/messages/{message}/feedback")]
pub(super) async fn give_feedback(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, MessageId)>,
    body: Body<FeedbackRequest>,
) -> Result<web::Json<FeedbackDocument>, Problem> {
    let (conversation, reply) = path.into_inner();
    let conversation = edge
        .joined_conversation(conversation, caller.user_id)
        .await?;
    let FeedbackRequest { rating, reason } = body.into_inner();
    let reason = reason.map(|text| fields::reason(&text)).transpose()?;
    let feedback = Feedback {
        rating: rating.into(),
        reason: reason.filter(|reason| !reason.is_empty()),
        created_at: edge.clock.now_ms(),
    };
    edge.storage
        .put_feedback(conversation, reply, caller.user_id, feedback.clone())
        .await?;
    Ok(web::Json(feedback.into()))
}

/// Read what one thinks of a twin's reply oneself.
#[utoipa::path(
    tag = "conversations",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("message" = Uuid, Path, description = "The reply's id"),
    ),
    responses((status = OK, description = "What one said last", body = FeedbackDocument), ReadProblems)
)]
#[get("/conversations/{conversation}/messages/{message}/feedback")]
pub(super) async fn read_feedback(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, MessageId)>,
) -> Result<web::Json<FeedbackDocument>, Problem> {
    let (conversation, reply) = path.into_inner();
    let conversation = edge
        .joined_conversation(conversation, caller.user_id)
        .await?;
    let feedback = edge
        .storage
        .feedback(conversation, reply, caller.user_id)
        .await?;
    let feedback = feedback.ok_or_else(|| Problem::not_found("feedback"))?;
    Ok(web::Json(feedback.into()))
}

/// Take back what one thinks of a twin's reply.
#[utoipa::path(
    tag = "conversations",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("message" = Uuid, Path, description = "The reply's id"),
    ),
    responses((status = NO_CONTENT, description = "It is forgotten"), DeleteProblems)
)]
#[delete("/conversations/{conversation}/messages/{message}/feedback")]
pub(super) async fn take_feedback_back(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, MessageId)>,
) -> Result<HttpResponse, Problem> {
    let (conversation, reply) = path.into_inner();
    let conversation = edge
        .joined_conversation(conversation, caller.user_id)
        .await?;
    edge.storage
        .remove_feedback(conversation, reply, caller.user_id)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List what people think of the replies of a twin of one's own, newest first.
#[utoipa::path(
    tag = "twins",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, description = "How many entries at most; 50 when absent", nullable = false, minimum = 1, maximum = 200),
    ),
    responses((status = OK, description = "A page of feedback", body = Page<TwinFeedbackEntry>), OwnerListProblems)
)]
#[get("/twins/{twin}/feedback")]
pub(super) async fn list_feedback(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
    query: web::Query<PageQuery<FeedbackId>>,
) -> Result<web::Json<Page<TwinFeedbackEntry>>, Problem> {
    let limit = query.limit()?;
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let given = edge
        .storage
        .feedback_of_twin(twin.id, query.before, limit + 1)
        .await?;
    let Page { items, next } = Page::cut(given, limit, |entry| entry.id.to_string());
    let items = items.into_iter().map(TwinFeedbackEntry::from).collect();
    Ok(web::Json(Page { items, next }))
}

impl From<RatingText> for Rating {
    fn from(text: RatingText) -> Self {
        match text {
            RatingText::Up => Self::Up,
            RatingText::Down => Self::Down,
        }
    }
}

impl From<Rating> for RatingText {
    fn from(rating: Rating) -> Self {
        match rating {
            Rating::Up => Self::Up,
            Rating::Down => Self::Down,
        }
    }
}

impl From<Feedback> for FeedbackDocument {
    fn from(feedback: Feedback) -> Self {
        Self {
            rating: feedback.rating.into(),
            reason: feedback.reason,
            created_at: feedback.created_at,
        }
    }
}

impl From<TwinFeedback> for TwinFeedbackEntry {
    fn from(entry: TwinFeedback) -> Self {
        Self {
            id: entry.id,
            conversation_id: entry.conversation_id,
            message_id: entry.message_id,
            user_id: entry.user_id,
            user_name: entry.user_name,
            feedback: entry.feedback.into(),
        }
    }
}
