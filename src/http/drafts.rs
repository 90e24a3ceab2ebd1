//! `/api/v1/drafts` and the draft of a conversation: what one has begun to write, on all one's devices.

use actix_web::{HttpResponse, delete, get, put, web};
use protocol::limits::TEXT_BYTES_MAX;
use protocol::{ConversationId, ErrorCode, MessageId, ServerFrame};
use serde::{Deserialize, Serialize};
use storage::{Draft, NewDraft};
use utoipa::ToSchema;

use super::Edge;
use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::problem::Problem;
use super::responses::{DraftProblems, ReadProblems, WriteProblems};

/// A draft that is to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftRequest {
    /// The text so far, of at most 16,384 bytes in UTF-8.
    #[schema(pattern = r"^[^\x00]*$", max_length = 16384)]
    text: String,
    /// The message that it answers.
    #[schema(value_type = Option<Uuid>)]
    reply_to: Option<MessageId>,
    /// The `revision` that this one follows, 0 where there was none. Another one in its place is a `conflict`. Where this is
    /// absent, the last write wins.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    revision: Option<u64>,
}

/// What one has begun to write.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Draft)]
pub(super) struct DraftEntry {
    /// The conversation that it is for.
    #[schema(value_type = Uuid)]
    conversation_id: ConversationId,
    /// The text so far.
    text: String,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Uuid, required = false, nullable = false)]
    reply_to: Option<MessageId>,
    /// Rises with every change.
    revision: u64,
    /// When it was changed, in UTC milliseconds since 1970.
    changed_at: i64,
}

/// All one's drafts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DraftList {
    /// The drafts, those changed last first; at most 200.
    items: Vec<DraftEntry>,
}

/// Which draft is to be deleted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeletedDraft {
    revision: Option<u64>,
}

/// List all one's drafts.
#[utoipa::path(
    tag = "conversations",
    responses((status = OK, description = "The drafts", body = DraftList), ReadProblems)
)]
#[get("/drafts")]
pub(super) async fn list_drafts(
    caller: Caller,
    edge: web::Data<Edge>,
) -> Result<web::Json<DraftList>, Problem> {
    let drafts = edge.storage.drafts_of(caller.user_id).await?;
    let items = drafts.into_iter().map(DraftEntry::from).collect();
    Ok(web::Json(DraftList { items }))
}

/// Read one's draft in a conversation.
#[utoipa::path(
    tag = "conversations",
    params(("conversation" = Uuid, Path, description = "The conversation's id")),
    responses((status = OK, description = "The draft", body = DraftEntry), ReadProblems)
)]
#[get("/conversations/{conversation}/draft")]
pub(super) async fn read_draft(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
) -> Result<web::Json<DraftEntry>, Problem> {
    let id = edge.joined_conversation(*path, caller.user_id).await?;
    let draft = edge.storage.draft(caller.user_id, id).await?;
    let draft = draft.ok_or_else(|| Problem::not_found("draft"))?;
    Ok(web::Json(draft.into()))
}

/// Keep one's draft in a conversation, in place of the one before.
#[utoipa::path(
    tag = "conversations",
    params(("conversation" = Uuid, Path, description = "The conversation's id")),
    request_body = DraftRequest,
    responses((status = OK, description = "The draft as it is kept", body = DraftEntry), WriteProblems)
)]
#[put("/conversations/{conversation}/draft")]
pub(super) async fn keep_draft(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
    body: Body<DraftRequest>,
) -> Result<web::Json<DraftEntry>, Problem> {
    let body = body.into_inner();
    if body.text.len() > TEXT_BYTES_MAX {
        let detail = format!("text: may have {TEXT_BYTES_MAX} bytes");
        return Err(Problem::new(ErrorCode::TooLarge, detail));
    }
    if body.text.contains('\0') {
        return Err(Problem::invalid("text", "must not contain U+0000"));
    }
    let id = edge.joined_conversation(*path, caller.user_id).await?;
    let draft = NewDraft {
        user: caller.user_id,
        conversation_id: id,
        text: body.text,
        reply_to: body.reply_to,
        follows: body.revision,
        changed_at: edge.clock.now_ms(),
    };
    let draft = edge.storage.keep_draft(draft).await?;
    let told = ServerFrame::Draft {
        conversation_id: id,
        text: Some(draft.text.clone()),
        reply_to: draft.reply_to,
        revision: Some(draft.revision),
        changed_at: draft.changed_at,
    };
    edge.node.tell_person(caller.user_id, told);
    Ok(web::Json(draft.into()))
}

/// Delete one's draft in a conversation, as clients do when the message is sent. There need not be one.
#[utoipa::path(
    tag = "conversations",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("revision" = Option<u64>, Query, nullable = false, minimum = 0, maximum = 9_007_199_254_740_991_u64,
            description = "Only if it is this revision: what another device has written since stays, which is a `conflict`"),
    ),
    responses((status = NO_CONTENT, description = "There is no draft any more"), DraftProblems)
)]
#[delete("/conversations/{conversation}/draft")]
pub(super) async fn delete_draft(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
    query: web::Query<DeletedDraft>,
) -> Result<HttpResponse, Problem> {
    let id = edge.joined_conversation(*path, caller.user_id).await?;
    edge.storage
        .delete_draft(caller.user_id, id, query.revision)
        .await?;
    let gone = ServerFrame::Draft {
        conversation_id: id,
        text: None,
        reply_to: None,
        revision: None,
        changed_at: edge.clock.now_ms(),
    };
    edge.node.tell_person(caller.user_id, gone);
    Ok(HttpResponse::NoContent().finish())
}

impl From<Draft> for DraftEntry {
    fn from(draft: Draft) -> Self {
        Self {
            conversation_id: draft.conversation_id,
            text: draft.text,
            reply_to: draft.reply_to,
            revision: draft.revision,
            changed_at: draft.changed_at,
        }
    }
}
