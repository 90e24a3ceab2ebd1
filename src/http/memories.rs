//! `/api/v1/twins/{twin}/memories`: what a twin remembers, for its owner; `/api/v1/me/memories`: what others' twins remember of oneself.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use protocol::{ConversationId, MemoryId, MessageId, TwinId, UserId};
use serde::{Deserialize, Serialize};
use storage::{Memory, MemoryChange, MemoryFilter, MemoryKind, NewMemory};
use utoipa::ToSchema;

use super::audiences::AudienceBody;
use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::paging::{Page, PageQuery, page_limit};
use super::problem::Problem;
use super::receipts::ReceiptEntry;
use super::responses::{
    DeleteProblems, ListProblems, OwnerListProblems, OwnerReadProblems, WriteProblems,
};
use super::{Edge, fields};

/// Something that a twin is to remember.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenMemory {
    /// What it is to remember, as the twin may say it.
    #[schema(
        min_length = 1,
        max_length = 1_000,
        pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
    )]
    text: String,
    /// Whom it is about; oneself where this is absent.
    #[schema(value_type = Option<Uuid>)]
    about: Option<UserId>,
    /// Whom the twin may tell it; nobody but oneself where this is absent.
    audience: Option<AudienceBody>,
    /// The memory in whose place it stands.
    #[schema(value_type = Option<Uuid>)]
    supersedes: Option<MemoryId>,
}

/// What is to be different about a memory; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryPatch {
    /// What it says from now on; what it said before is kept, for `undo`.
    #[schema(
        min_length = 1,
        max_length = 1_000,
        pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
    )]
    text: Option<String>,
    /// Whom the twin may tell it from now on.
    audience: Option<AudienceBody>,
}

/// Which memories are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoriesQuery {
    about: Option<UserId>,
    before: Option<MemoryId>,
    limit: Option<u32>,
}

/// Which memories are to be forgotten.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ForgetQuery {
    about: Option<UserId>,
}

/// How a twin came by a memory.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MemoryKind)]
pub(super) enum MemoryKindName {
    /// The person said it.
    Said,
    /// The person said that it is so, and not as it was remembered or written.
    Corrected,
    /// The twin's owner wrote it down.
    Written,
}

/// Where something was said.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SaidIn {
    /// The conversation.
    #[schema(value_type = Uuid)]
    conversation_id: ConversationId,
    /// The message.
    #[schema(value_type = Uuid)]
    message_id: MessageId,
    /// The message's place in the conversation.
    seq: u64,
}

/// Something that one's twin remembers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Memory)]
pub(super) struct MemoryEntry {
    /// The memory's id.
    #[schema(value_type = Uuid)]
    id: MemoryId,
    /// Whom it is about.
    #[schema(value_type = Uuid)]
    about: UserId,
    /// That person's name.
    about_name: String,
    /// How the twin came by it.
    kind: MemoryKindName,
    /// What is remembered.
    text: String,
    /// Whom the twin may tell it.
    audience: AudienceBody,
    /// Where it was said; null for what one wrote oneself.
    #[schema(required = true)]
    said_in: Option<SaidIn>,
    /// The memory in whose place it stands; null where there is none.
    #[schema(value_type = Option<Uuid>, required = true)]
    supersedes: Option<MemoryId>,
    /// The memory that stands in its place, and is used instead; null where there is none.
    #[schema(value_type = Option<Uuid>, required = true)]
    superseded_by: Option<MemoryId>,
    /// Rises with every change of its text.
    revision: u64,
    /// Since when it is remembered, in UTC milliseconds since 1970.
    created_at: i64,
    /// When it was changed last, in UTC milliseconds since 1970.
    changed_at: i64,
}

/// Something that somebody else's twin remembers of oneself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemoryOfMe)]
pub(super) struct MemoryOfMeEntry {
    /// The memory's id.
    #[schema(value_type = Uuid)]
    id: MemoryId,
    /// The twin that remembers it.
    #[schema(value_type = Uuid)]
    twin_id: TwinId,
    /// The twin's name.
    twin_name: String,
    /// How the twin came by it.
    kind: MemoryKindName,
    /// What is remembered.
    text: String,
    /// Where one said it; null for what the twin's owner wrote.
    #[schema(required = true)]
    said_in: Option<SaidIn>,
    /// Since when it is remembered, in UTC milliseconds since 1970.
    created_at: i64,
    /// When it was changed last, in UTC milliseconds since 1970.
    changed_at: i64,
}

/// List what one's twin remembers, newest first.
#[utoipa::path(
    tag = "memories",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("about" = Option<Uuid>, Query, nullable = false, description = "Only what is about this person"),
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, nullable = false, minimum = 1, maximum = 200, description = "How many entries at most; 50 when absent"),
    ),
    responses((status = OK, description = "A page", body = Page<MemoryEntry>), OwnerListProblems)
)]
#[get("/twins/{twin}/memories")]
pub(super) async fn list_memories(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
    query: web::Query<MemoriesQuery>,
) -> Result<web::Json<Page<MemoryEntry>>, Problem> {
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let limit = page_limit(query.limit)?;
    let filter = MemoryFilter {
        about: query.about,
        before: query.before,
    };
    let memories = edge.storage.memories_of(twin.id, filter, limit + 1).await?;
    let items = memories.into_iter().map(MemoryEntry::from).collect();
    Ok(web::Json(Page::cut(items, limit, |entry: &MemoryEntry| {
        entry.id.to_string()
    })))
}

/// Have one's twin remember something.
#[utoipa::path(
    tag = "memories",
    params(("twin" = Uuid, Path, description = "The twin's id")),
    request_body = WrittenMemory,
    responses((status = CREATED, description = "It is remembered", body = MemoryEntry), WriteProblems)
)]
#[post("/twins/{twin}/memories")]
pub(super) async fn write_memory(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
    body: Body<WrittenMemory>,
) -> Result<HttpResponse, Problem> {
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let body = body.into_inner();
    let text = fields::memory(&body.text)?;
    let audience = body.audience.unwrap_or(AudienceBody::Owner).checked()?;
    let vector = edge.memory_vector(&text).await?;
    let memory = NewMemory {
        id: MemoryId::new(),
        twin_id: twin.id,
        about: body.about.unwrap_or(caller.user_id),
        kind: MemoryKind::Written,
        text,
        vector,
        audience,
        said_in: None,
        supersedes: body.supersedes,
        created_at: edge.clock.now_ms(),
    };
    let id = memory.id;
    edge.storage.remember(memory).await?;
    let memory = edge.storage.memory(twin.id, id).await?;
    let memory = memory.ok_or_else(|| Problem::not_found("memory"))?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/twins/{}/memories/{id}", twin.id)))
        .json(MemoryEntry::from(memory)))
}

/// Read a memory of one's twin.
#[utoipa::path(
    tag = "memories",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("memory" = Uuid, Path, description = "The memory's id"),
    ),
    responses((status = OK, description = "The memory", body = MemoryEntry), OwnerReadProblems)
)]
#[get("/twins/{twin}/memories/{memory}")]
pub(super) async fn read_memory(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, MemoryId)>,
) -> Result<web::Json<MemoryEntry>, Problem> {
    let (twin, id) = path.into_inner();
    let twin = edge.own_twin(twin, caller.user_id).await?;
    let memory = edge.storage.memory(twin.id, id).await?;
    let memory = memory.ok_or_else(|| Problem::not_found("memory"))?;
    Ok(web::Json(memory.into()))
}

/// Change a memory of one's twin: what it says, or whom the twin may tell it.
#[utoipa::path(
    tag = "memories",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("memory" = Uuid, Path, description = "The memory's id"),
    ),
    request_body = MemoryPatch,
    responses((status = OK, description = "The memory as it is now", body = MemoryEntry), WriteProblems)
)]
#[patch("/twins/{twin}/memories/{memory}")]
pub(super) async fn change_memory(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, MemoryId)>,
    body: Body<MemoryPatch>,
) -> Result<web::Json<MemoryEntry>, Problem> {
    let (twin, id) = path.into_inner();
    let twin = edge.own_twin(twin, caller.user_id).await?;
    let MemoryPatch { text, audience } = body.into_inner();
    let text = match text {
        Some(text) => {
            let text = fields::memory(&text)?;
            let vector = edge.memory_vector(&text).await?;
            Some((text, vector))
        }
        None => None,
    };
    let change = MemoryChange {
        text,
        audience: audience.map(AudienceBody::checked).transpose()?,
    };
    let now = edge.clock.now_ms();
    let memory = edge.storage.change_memory(twin.id, id, change, now).await?;
    Ok(web::Json(memory.into()))
}

/// Undo the last change of what a memory of one's twin says.
#[utoipa::path(
    tag = "memories",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("memory" = Uuid, Path, description = "The memory's id"),
    ),
    responses((status = OK, description = "The memory as it is now", body = MemoryEntry), DeleteProblems)
)]
#[post("/twins/{twin}/memories/{memory}/undo")]
pub(super) async fn undo_memory(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, MemoryId)>,
) -> Result<web::Json<MemoryEntry>, Problem> {
    let (twin, id) = path.into_inner();
    let twin = edge.own_twin(twin, caller.user_id).await?;
    let now = edge.clock.now_ms();
    let memory = edge.storage.undo_memory(twin.id, id, now).await?;
    Ok(web::Json(memory.into()))
}

/// Have one's twin forget something: what it said before its changes goes too, and what replies kept of it.
///
/// A memory in whose place it stood counts again.
#[utoipa::path(
    tag = "memories",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("memory" = Uuid, Path, description = "The memory's id"),
    ),
    responses((status = OK, description = "It is forgotten: how much that was", body = ReceiptEntry), DeleteProblems)
)]
#[delete("/twins/{twin}/memories/{memory}")]
pub(super) async fn forget_memory(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, MemoryId)>,
) -> Result<web::Json<ReceiptEntry>, Problem> {
    let (twin, id) = path.into_inner();
    let twin = edge.own_twin(twin, caller.user_id).await?;
    let now = edge.clock.now_ms();
    let forgotten = edge.storage.forget_memory(twin.id, id, now).await?;
    edge.forgotten(forgotten).await
}

/// Have one's twin forget all that it remembers, or all about one person.
#[utoipa::path(
    tag = "memories",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("about" = Option<Uuid>, Query, nullable = false, description = "Only what is about this person"),
    ),
    responses((status = OK, description = "How much that was", body = ReceiptEntry), DeleteProblems)
)]
#[delete("/twins/{twin}/memories")]
pub(super) async fn forget_memories(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
    query: web::Query<ForgetQuery>,
) -> Result<web::Json<ReceiptEntry>, Problem> {
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let now = edge.clock.now_ms();
    let forgotten = edge.storage.forget_memories(twin.id, query.about, now);
    edge.forgotten(forgotten.await?).await
}

/// List what twins of others remember of oneself, newest first.
#[utoipa::path(
    tag = "memories",
    params(
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, nullable = false, minimum = 1, maximum = 200, description = "How many entries at most; 50 when absent"),
    ),
    responses((status = OK, description = "A page", body = Page<MemoryOfMeEntry>), ListProblems)
)]
#[get("/me/memories")]
pub(super) async fn list_memories_of_me(
    caller: Caller,
    edge: web::Data<Edge>,
    query: web::Query<PageQuery<MemoryId>>,
) -> Result<web::Json<Page<MemoryOfMeEntry>>, Problem> {
    let limit = query.limit()?;
    let memories = edge
        .storage
        .memories_about(caller.user_id, query.before, limit + 1)
        .await?;
    let items = memories.into_iter().map(MemoryOfMeEntry::from).collect();
    let next = |entry: &MemoryOfMeEntry| entry.id.to_string();
    Ok(web::Json(Page::cut(items, limit, next)))
}

/// Have somebody else's twin forget something that it remembers of oneself.
#[utoipa::path(
    tag = "memories",
    params(("memory" = Uuid, Path, description = "The memory's id")),
    responses((status = OK, description = "It is forgotten: how much that was", body = ReceiptEntry), DeleteProblems)
)]
#[delete("/me/memories/{memory}")]
pub(super) async fn forget_memory_of_me(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<MemoryId>,
) -> Result<web::Json<ReceiptEntry>, Problem> {
    edge.forget_about(caller.user_id, Some(*path)).await
}

/// Have the twins of others forget all that they remember of oneself.
#[utoipa::path(
    tag = "memories",
    responses((status = OK, description = "How much that was", body = ReceiptEntry), DeleteProblems)
)]
#[delete("/me/memories")]
pub(super) async fn forget_me(
    caller: WritingCaller,
    edge: web::Data<Edge>,
) -> Result<web::Json<ReceiptEntry>, Problem> {
    edge.forget_about(caller.user_id, None).await
}

impl Edge {
    /// What a memory is found by.
    async fn memory_vector(&self, text: &str) -> Result<Vec<f32>, Problem> {
        let vectors = self.node.embed_document(vec![text.to_owned()]).await?;
        Ok(vectors.into_iter().next().unwrap_or_default())
    }

    async fn forget_about(
        &self,
        person: UserId,
        memory: Option<MemoryId>,
    ) -> Result<web::Json<ReceiptEntry>, Problem> {
        let now = self.clock.now_ms();
        let forgotten = self.storage.forget_about(person, memory, now);
        self.forgotten(forgotten.await?).await
    }
}

impl From<MemoryKind> for MemoryKindName {
    fn from(kind: MemoryKind) -> Self {
        match kind {
            MemoryKind::Said => Self::Said,
            MemoryKind::Corrected => Self::Corrected,
            MemoryKind::Written => Self::Written,
        }
    }
}

impl From<MemoryKindName> for MemoryKind {
    fn from(kind: MemoryKindName) -> Self {
        match kind {
            MemoryKindName::Said => Self::Said,
            MemoryKindName::Corrected => Self::Corrected,
            MemoryKindName::Written => Self::Written,
        }
    }
}

impl From<storage::RememberedIn> for SaidIn {
    fn from(said_in: storage::RememberedIn) -> Self {
        Self {
            conversation_id: said_in.conversation_id,
            message_id: said_in.message_id,
            seq: said_in.seq,
        }
    }
}

impl From<Memory> for MemoryEntry {
    fn from(memory: Memory) -> Self {
        Self {
            id: memory.id,
            about: memory.about,
            about_name: memory.about_name,
            kind: memory.kind.into(),
            text: memory.text,
            audience: memory.audience.into(),
            said_in: memory.said_in.map(SaidIn::from),
            supersedes: memory.supersedes,
            superseded_by: memory.superseded_by,
            revision: memory.revision,
            created_at: memory.created_at,
            changed_at: memory.changed_at,
        }
    }
}

impl From<Memory> for MemoryOfMeEntry {
    fn from(memory: Memory) -> Self {
        Self {
            id: memory.id,
            twin_id: memory.twin_id,
            twin_name: memory.twin_name,
            kind: memory.kind.into(),
            text: memory.text,
            said_in: memory.said_in.map(SaidIn::from),
            created_at: memory.created_at,
            changed_at: memory.changed_at,
        }
    }
}
