//! `/api/v1/twins/{twin}/recaps`: what a twin keeps of long conversations, for its owner.

use actix_web::{delete, get, web};
use protocol::{ConversationId, MessageId, RecapId, TwinId};
use serde::Serialize;
use storage::Recap;
use utoipa::ToSchema;

use super::Edge;
use super::caller::{Caller, WritingCaller};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use super::receipts::ReceiptEntry;
use super::responses::{DeleteProblems, OwnerListProblems};

/// A rolling summary of what was said in a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recap)]
pub(super) struct RecapEntry {
    /// The recap's id.
    #[schema(value_type = Uuid)]
    id: RecapId,
    /// The conversation: it is used in no other.
    #[schema(value_type = Uuid)]
    conversation_id: ConversationId,
    /// The message whose thread it sums up; null where that is what stands in no thread.
    #[schema(value_type = Option<Uuid>, required = true)]
    thread: Option<MessageId>,
    /// The place of the first message that it sums up.
    from_seq: u64,
    /// The place of the last message that it sums up.
    to_seq: u64,
    /// What it says; null where one takes no part in the conversation, and may not read what was said there.
    #[schema(required = true)]
    text: Option<String>,
    /// The model that wrote it.
    model: String,
    /// When, in UTC milliseconds since 1970.
    created_at: i64,
}

/// List what one's twin keeps of long conversations, those summed up last first: of each conversation and thread the newest.
#[utoipa::path(
    tag = "memories",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, nullable = false, minimum = 1, maximum = 200, description = "How many entries at most; 50 when absent"),
    ),
    responses((status = OK, description = "A page", body = Page<RecapEntry>), OwnerListProblems)
)]
#[get("/twins/{twin}/recaps")]
pub(super) async fn list_recaps(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
    query: web::Query<PageQuery<RecapId>>,
) -> Result<web::Json<Page<RecapEntry>>, Problem> {
    let limit = query.limit()?;
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let recaps = edge.storage.recaps_of(twin.id, query.before, limit + 1);
    let items = recaps.await?.into_iter().map(RecapEntry::from).collect();
    let next = |entry: &RecapEntry| entry.id.to_string();
    Ok(web::Json(Page::cut(items, limit, next)))
}

/// Have one's twin forget what it keeps of a conversation or a thread, all steps of it.
///
/// What was said until then is not summed up again: it is known to the twin only as far as it is read whole.
#[utoipa::path(
    tag = "memories",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("recap" = Uuid, Path, description = "The recap's id"),
    ),
    responses((status = OK, description = "It is forgotten: how much that was", body = ReceiptEntry), DeleteProblems)
)]
#[delete("/twins/{twin}/recaps/{recap}")]
pub(super) async fn forget_recap(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, RecapId)>,
) -> Result<web::Json<ReceiptEntry>, Problem> {
    let (twin, id) = path.into_inner();
    let twin = edge.own_twin(twin, caller.user_id).await?;
    let now = edge.clock.now_ms();
    let forgotten = edge.storage.forget_recap(twin.id, id, now).await?;
    edge.forgotten(forgotten).await
}

impl From<Recap> for RecapEntry {
    fn from(recap: Recap) -> Self {
        Self {
            id: recap.id,
            conversation_id: recap.conversation_id,
            thread: recap.thread,
            from_seq: recap.from_seq,
            to_seq: recap.to_seq,
            text: recap.owner_takes_part.then_some(recap.text),
            model: recap.model,
            created_at: recap.created_at,
        }
    }
}
