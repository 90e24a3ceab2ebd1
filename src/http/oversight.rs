//! The owner of a twin steps in: sees where the twin talks, watches, says how far it writes on its own, and decides on its replies.

use actix_web::{HttpResponse, delete, get, post, put, web};
use protocol::{
    Author, ConversationId, Message, MessageId, Role, TwinId, TwinMode, TwinPolicy, What,
};
use serde::{Deserialize, Serialize};
use storage::{AuditAction, TwinConversation};
use utoipa::ToSchema;

use super::Edge;
use super::caller::{Caller, WritingCaller};
use super::conversations::{ConversationEntry, KindName};
use super::json::Body;
use super::message_schema::{MessageSchema, TwinModeName, TwinPolicyName};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use super::responses::{DeleteProblems, OwnerListProblems, WriteProblems};

/// A conversation that a twin of one's own takes part in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TwinConversation)]
pub(super) struct TwinConversationEntry {
    /// The conversation.
    #[schema(value_type = Uuid)]
    id: ConversationId,
    /// Who may take part.
    kind: KindName,
    /// Its title; null where it has none, and where one takes no part oneself.
    #[schema(required = true)]
    title: Option<String>,
    /// Since when the twin takes part, in UTC milliseconds since 1970.
    joined_at: i64,
    /// When the twin answers there.
    #[schema(value_type = TwinPolicyName)]
    policy: TwinPolicy,
    /// How far the twin writes on its own there.
    #[schema(value_type = TwinModeName)]
    mode: TwinMode,
    /// Whether one may step in: those who take part could know it when the twin came.
    oversight: bool,
    /// Whether one takes part oneself.
    is_member: bool,
    /// Who takes part beside the twin, by name: four at most. Empty where one may not step in and takes no part.
    names: Vec<String>,
    /// Whether there are more than are named.
    has_more: bool,
}

/// How far a twin writes on its own from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModeRequest {
    /// The mode.
    #[schema(value_type = TwinModeName)]
    mode: TwinMode,
}

/// What becomes of a reply that waits for one's word.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalRequest {
    /// What it says instead; as it is when absent. The message says which part is whose.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 4_096,
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$"
    )]
    text: Option<String>,
}

/// List the conversations of a twin of one's own, those begun last first: where and how it talks, and not what is said.
#[utoipa::path(
    tag = "twins",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, description = "How many entries at most; 50 when absent", nullable = false, minimum = 1, maximum = 200),
    ),
    responses((status = OK, description = "A page of conversations", body = Page<TwinConversationEntry>), OwnerListProblems)
)]
#[get("/twins/{twin}/conversations")]
pub(super) async fn list_twin_conversations(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
    query: web::Query<PageQuery<ConversationId>>,
) -> Result<web::Json<Page<TwinConversationEntry>>, Problem> {
    let limit = query.limit()?;
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let found = edge
        .storage
        .conversations_of_twin(twin.id, query.before, limit + 1)
        .await?;
    let Page { items, next } = Page::cut(found, limit, |entry| entry.id.to_string());
    let items = items.into_iter().map(TwinConversationEntry::from).collect();
    Ok(web::Json(Page { items, next }))
}

/// Watch a conversation of a twin of one's own: everybody there sees it.
#[utoipa::path(
    tag = "twins",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("twin" = Uuid, Path, description = "The twin's id"),
    ),
    responses((status = OK, description = "The conversation as it is now", body = ConversationEntry), WriteProblems)
)]
#[put("/conversations/{conversation}/twins/{twin}/watch")]
pub(super) async fn watch(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, TwinId)>,
) -> Result<web::Json<ConversationEntry>, Problem> {
    let (conversation, twin) = path.into_inner();
    edge.own_twin_there(conversation, twin, &caller).await?;
    let what = What::Joined {
        member: edge.person(caller.user_id).await?,
        role: Some(Role::Watcher),
    };
    edge.change_room(caller.user_id, conversation, what).await?;
    edge.conversation_entry(conversation).await
}

/// Watch a conversation no longer.
#[utoipa::path(
    tag = "twins",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("twin" = Uuid, Path, description = "The twin's id"),
    ),
    responses((status = NO_CONTENT, description = "One takes no part any more"), DeleteProblems)
)]
#[delete("/conversations/{conversation}/twins/{twin}/watch")]
pub(super) async fn stop_watching(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, TwinId)>,
) -> Result<HttpResponse, Problem> {
    let (conversation, twin) = path.into_inner();
    edge.own_twin_there(conversation, twin, &caller).await?;
    let role = edge.storage.role(conversation, caller.user_id).await?;
    if role != Some(Role::Watcher) {
        return Err(Problem::not_found("place of a watcher"));
    }
    let what = What::Left {
        member: edge.person(caller.user_id).await?,
    };
    edge.change_room(caller.user_id, conversation, what).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Say how far a twin of one's own writes on its own in a conversation: everybody there sees it.
#[utoipa::path(
    tag = "twins",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("twin" = Uuid, Path, description = "The twin's id"),
    ),
    request_body = ModeRequest,
    responses((status = OK, description = "The mode as it is now", body = ModeDocument), WriteProblems)
)]
#[put("/conversations/{conversation}/twins/{twin}/mode")]
pub(super) async fn set_mode(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, TwinId)>,
    body: Body<ModeRequest>,
) -> Result<web::Json<ModeDocument>, Problem> {
    let (conversation, twin) = path.into_inner();
    let member = edge.own_twin_there(conversation, twin, &caller).await?;
    let mode = body.mode;
    edge.change_room(caller.user_id, conversation, What::ModeSet { member, mode })
        .await?;
    let event = caller.origin.did(AuditAction::ModeChanged);
    edge.note(event.to(twin).within(conversation)).await;
    Ok(web::Json(ModeDocument { mode }))
}

/// How far a twin writes on its own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TwinModeDocument)]
pub(super) struct ModeDocument {
    /// The mode.
    #[schema(value_type = TwinModeName)]
    mode: TwinMode,
}

/// The replies of a twin that wait for its owner's word.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Proposals)]
pub(super) struct ProposalList {
    /// The replies, oldest first, in conversations that one takes part in; they have no `seq` yet.
    #[schema(value_type = Vec<MessageSchema>)]
    items: Vec<Message>,
}

/// Replies of one list at most.
const PROPOSALS_MAX: u32 = 200;

/// List the replies of a twin of one's own that wait for one's word.
#[utoipa::path(
    tag = "twins",
    params(("twin" = Uuid, Path, description = "The twin's id")),
    responses((status = OK, description = "The replies that have waited longest, at most 200", body = ProposalList), OwnerListProblems)
)]
#[get("/twins/{twin}/proposals")]
pub(super) async fn list_proposals(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
) -> Result<web::Json<ProposalList>, Problem> {
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let items = edge
        .storage
        .held_replies(twin.id, caller.user_id, PROPOSALS_MAX)
        .await?;
    Ok(web::Json(ProposalList { items }))
}

/// Have a reply sent that waits for one's word.
#[utoipa::path(
    tag = "twins",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("message" = Uuid, Path, description = "The reply's id"),
    ),
    request_body = ApprovalRequest,
    responses((status = OK, description = "The reply, in the log now", body = MessageSchema), WriteProblems)
)]
#[post("/conversations/{conversation}/proposals/{message}")]
pub(super) async fn approve_proposal(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, MessageId)>,
    body: Body<ApprovalRequest>,
) -> Result<web::Json<Message>, Problem> {
    let (conversation, reply) = path.into_inner();
    let text = body.into_inner().text;
    let sent = edge
        .node
        .approve_reply(conversation, caller.user_id, reply, text)
        .await?;
    Ok(web::Json(sent))
}

/// Do not have a reply sent that waits for one's word.
#[utoipa::path(
    tag = "twins",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("message" = Uuid, Path, description = "The reply's id"),
    ),
    responses((status = NO_CONTENT, description = "It is forgotten"), DeleteProblems)
)]
#[delete("/conversations/{conversation}/proposals/{message}")]
pub(super) async fn discard_proposal(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, MessageId)>,
) -> Result<HttpResponse, Problem> {
    let (conversation, reply) = path.into_inner();
    edge.node
        .discard_reply(conversation, caller.user_id, reply)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

impl Edge {
    /// A twin of the caller's own that takes part in a conversation, as changes name it.
    async fn own_twin_there(
        &self,
        conversation: ConversationId,
        twin: TwinId,
        caller: &WritingCaller,
    ) -> Result<Author, Problem> {
        let twin = self.own_twin(twin, caller.user_id).await?.id;
        let members = self.storage.members(conversation).await?;
        let mut members = members.iter().map(storage::Member::as_author);
        let found = members.find(|member| matches!(member, Author::Twin { id, .. } if *id == twin));
        found.ok_or_else(|| Problem::not_found("conversation of this twin"))
    }
}

impl From<TwinConversation> for TwinConversationEntry {
    fn from(found: TwinConversation) -> Self {
        Self {
            id: found.id,
            kind: found.kind.into(),
            title: found.title,
            joined_at: found.joined_at,
            policy: found.policy,
            mode: found.mode,
            oversight: found.oversight,
            is_member: found.is_member,
            names: found.names,
            has_more: found.has_more,
        }
    }
}
