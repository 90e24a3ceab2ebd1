//! `/api/v1/blocks`: people, bots and twins whom one does not wish to hear from.

use actix_web::{HttpResponse, delete, get, put, web};
use protocol::ErrorCode;
use serde::Serialize;
use storage::{Block, Blocked};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Edge;
use super::caller::{Caller, WritingCaller};
use super::limits::BLOCKS_MAX;
use super::paging::Page;
use super::problem::Problem;
use super::responses::{DeleteProblems, ReadProblems, WriteProblems};

/// Somebody whom one has blocked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Block)]
pub(super) struct BlockEntry {
    /// What it is.
    kind: BlockedKind,
    /// The id of the person, the bot or the twin.
    id: Uuid,
    /// The name now.
    name: String,
    /// Since when, in UTC milliseconds since 1970.
    created_at: i64,
}

/// What somebody is who is blocked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BlockedKind {
    /// A person.
    User,
    /// A twin.
    Twin,
    /// A bot.
    Bot,
}

/// List whom one has blocked, those blocked last first; at most 1,000.
#[utoipa::path(
    tag = "blocks",
    responses((status = OK, description = "All of them", body = Page<BlockEntry>), ReadProblems)
)]
#[get("/blocks")]
pub(super) async fn list_blocks(
    caller: Caller,
    edge: web::Data<Edge>,
) -> Result<web::Json<Page<BlockEntry>>, Problem> {
    let blocks = edge.storage.blocks_of(caller.user_id).await?;
    Ok(web::Json(Page {
        items: blocks.into_iter().map(BlockEntry::from).collect(),
        next: None,
    }))
}

/// Block a person, a bot or a twin.
///
/// Of a conversation of two, one of whom has blocked the other, neither writes any more, nor is told whether the other is there. Who
/// is blocked begins no conversation with one and brings one into no room. In rooms that both are in one is not notified of their
/// messages, which stay in the log: whether to show them is the client's choice, which knows this list. A twin that is blocked
/// answers one no more.
#[utoipa::path(
    tag = "blocks",
    params(("id" = Uuid, Path, description = "The id of the person, the bot or the twin")),
    responses((status = NO_CONTENT, description = "One does not hear from them any more"), WriteProblems)
)]
#[put("/blocks/{id}")]
pub(super) async fn put_block(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let user = caller.user_id;
    if user.as_uuid() == *path {
        let detail = "nobody can block themselves";
        return Err(Problem::new(ErrorCode::Forbidden, detail));
    }
    let blocked = edge.storage.find_blockable(user, *path).await?;
    let blocked = blocked.ok_or_else(|| Problem::not_found("person, bot or twin"))?;
    let now = edge.clock.now_ms();
    let concerns = edge.storage.block(user, blocked, now, BLOCKS_MAX).await?;
    edge.node.blocks_changed(&concerns);
    Ok(HttpResponse::NoContent().finish())
}

/// Hear from somebody again.
#[utoipa::path(
    tag = "blocks",
    params(("id" = Uuid, Path, description = "The id of the person, the bot or the twin")),
    responses((status = NO_CONTENT, description = "They are blocked no longer"), DeleteProblems)
)]
#[delete("/blocks/{id}")]
pub(super) async fn delete_block(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let concerns = edge.storage.unblock(caller.user_id, *path).await?;
    edge.node.blocks_changed(&concerns);
    Ok(HttpResponse::NoContent().finish())
}

impl From<Block> for BlockEntry {
    fn from(block: Block) -> Self {
        let (kind, id) = match block.blocked {
            Blocked::User(id) if block.is_bot => (BlockedKind::Bot, id.as_uuid()),
            Blocked::User(id) => (BlockedKind::User, id.as_uuid()),
            Blocked::Twin(id) => (BlockedKind::Twin, id.as_uuid()),
        };
        Self {
            kind,
            id,
            name: block.name,
            created_at: block.created_at,
        }
    }
}
