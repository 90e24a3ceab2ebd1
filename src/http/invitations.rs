//! `/api/v1/…/invitations`: links by which people join a room, good for a time and a number of uses.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, delete, get, post, web};
use actors::RoomChange;
use actors::permissions::{Operation, may, may_grant};
use protocol::{Author, ConversationId, ErrorCode, InvitationId, Role, UserId, What};
use serde::{Deserialize, Serialize};
use storage::{ConversationKind, Invitation};
use utoipa::ToSchema;

use super::Edge;
use super::caller::{Caller, WritingCaller};
use super::conversations::ConversationEntry;
use super::json::Body;
use super::json::optional_whole;
use super::limits::{INVITATION_HOURS_DEFAULT, INVITATION_HOURS_MAX, INVITATION_USES_MAX};
use super::message_schema::RoleName;
use super::paging::Page;
use super::problem::Problem;
use super::responses::{DeleteProblems, OwnerReadProblems, ReadProblems, WriteProblems};
use crate::auth::InvitationCode;

/// Milliseconds of an hour.
const HOUR_MS: i64 = 60 * 60 * 1_000;

/// An invitation that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvitation {
    /// What who comes by it may do; `member` when absent.
    #[schema(value_type = Option<RoleName>, nullable = false)]
    role: Option<Role>,
    /// For how many hours it is good; a week when absent.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 8_760)]
    expires_in_hours: Option<u32>,
    /// How many may come by it; as many as want to when absent.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 1_000)]
    uses_max: Option<u32>,
}

/// An invitation, without the code that makes it one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(super) struct InvitationEntry {
    /// The invitation's id.
    #[schema(value_type = Uuid)]
    id: InvitationId,
    /// Who made it.
    #[schema(value_type = Uuid)]
    created_by: UserId,
    /// What who comes by it may do.
    #[schema(value_type = RoleName)]
    role: Role,
    /// When it was made, in UTC milliseconds since 1970.
    created_at: i64,
    /// From when on it is of no use, in UTC milliseconds since 1970.
    expires_at: i64,
    /// How many have come by it.
    uses: u64,
    /// How many may.
    uses_max: u64,
}

/// An invitation that has just been made.
#[derive(Serialize, ToSchema)]
#[schema(as = NewInvitationAnswer)]
pub(super) struct MadeInvitation {
    /// What goes into the link. It cannot be had again.
    #[schema(example = "q7Jp2N0vQmZ8rT1xYbWc3dEf")]
    code: String,
    /// What is known of it later.
    invitation: InvitationEntry,
}

/// What an invitation leads to, for who holds its code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationPreview)]
pub(super) struct InvitationPreview {
    /// The room.
    #[schema(value_type = Uuid)]
    conversation_id: ConversationId,
    /// Its title, if it has one.
    #[schema(required = true)]
    title: Option<String>,
    /// What it is about, if that is said.
    #[schema(required = true)]
    topic: Option<String>,
    /// How many take part; who joins can read what they have said.
    member_count: u64,
    /// What who comes may do.
    #[schema(value_type = RoleName)]
    role: Role,
    /// From when on the invitation is of no use, in UTC milliseconds since 1970.
    expires_at: i64,
    /// Whether one takes part already.
    is_member: bool,
}

/// Make a link by which people join a room.
///
/// The answer is the only one that holds the code.
#[utoipa::path(
    tag = "rooms",
    params(("conversation" = Uuid, Path, description = "The room's id")),
    request_body = NewInvitation,
    responses((status = CREATED, description = "The invitation is made", body = MadeInvitation), WriteProblems)
)]
#[post("/conversations/{conversation}/invitations")]
pub(super) async fn create_invitation(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
    body: Body<NewInvitation>,
) -> Result<HttpResponse, Problem> {
    let own = edge
        .permitted(*path, caller.user_id, Operation::Invite)
        .await?;
    let conversation = edge.storage.conversation(*path).await?;
    let conversation = conversation.ok_or_else(|| Problem::not_found("conversation"))?;
    let forbidden = |detail: String| Err(Problem::new(ErrorCode::Forbidden, detail));
    if conversation.kind == ConversationKind::Direct {
        return forbidden("a conversation of two stays one; begin a room".to_owned());
    }
    let role = body.role.unwrap_or(Role::Member);
    if matches!(role, Role::Owner | Role::Watcher) {
        return Err(Problem::invalid(
            "role",
            "nobody becomes an owner or a watcher by a link",
        ));
    }
    if !may_grant(own, role) {
        return forbidden(format!("you may not make anybody a {role} here"));
    }
    let hours = within(
        "expires_in_hours",
        body.expires_in_hours,
        INVITATION_HOURS_MAX,
    )?;
    let uses_max = within("uses_max", body.uses_max, INVITATION_USES_MAX)?;
    let code = InvitationCode::random().map_err(|error| Problem::internal(&error))?;
    let now = edge.clock.now_ms();
    let hours = i64::from(hours.unwrap_or(INVITATION_HOURS_DEFAULT));
    let invitation = Invitation {
        id: InvitationId::new(),
        conversation_id: conversation.id,
        created_by: caller.user_id,
        role,
        created_at: now,
        expires_at: now + hours * HOUR_MS,
        uses: 0,
        uses_max: u64::from(uses_max.unwrap_or(INVITATION_USES_MAX)),
    };
    edge.storage
        .create_invitation(invitation.clone(), code.hash())
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(MadeInvitation {
            code: code.to_string(),
            invitation: invitation.into(),
        }))
}

/// List the invitations to a room that are good now, oldest first; their codes are not known any more.
#[utoipa::path(
    tag = "rooms",
    params(("conversation" = Uuid, Path, description = "The room's id")),
    responses((status = OK, description = "All of them", body = Page<InvitationEntry>), OwnerReadProblems)
)]
#[get("/conversations/{conversation}/invitations")]
pub(super) async fn list_invitations(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
) -> Result<web::Json<Page<InvitationEntry>>, Problem> {
    edge.permitted(*path, caller.user_id, Operation::Invite)
        .await?;
    let now = edge.clock.now_ms();
    let invitations = edge.storage.invitations_to(*path, now).await?;
    Ok(web::Json(Page {
        items: invitations.into_iter().map(InvitationEntry::from).collect(),
        next: None,
    }))
}

/// Take an invitation back: one's own, or anybody's for who keeps order.
#[utoipa::path(
    tag = "rooms",
    params(
        ("conversation" = Uuid, Path, description = "The room's id"),
        ("invitation" = Uuid, Path, description = "The invitation's id"),
    ),
    responses((status = NO_CONTENT, description = "Nobody joins by it any more"), DeleteProblems)
)]
#[delete("/conversations/{conversation}/invitations/{invitation}")]
pub(super) async fn delete_invitation(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, InvitationId)>,
) -> Result<HttpResponse, Problem> {
    let (room, id) = path.into_inner();
    let own = edge
        .permitted(room, caller.user_id, Operation::Invite)
        .await?;
    let now = edge.clock.now_ms();
    let invitations = edge.storage.invitations_to(room, now).await?;
    let invitation = invitations.iter().find(|invitation| invitation.id == id);
    let invitation = invitation.ok_or_else(|| Problem::not_found("invitation"))?;
    if invitation.created_by != caller.user_id && !may(own, Operation::RevokeInvitations) {
        let detail = "this is not your invitation";
        return Err(Problem::new(ErrorCode::Forbidden, detail));
    }
    edge.storage.delete_invitation(room, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Look at what an invitation leads to.
#[utoipa::path(
    tag = "rooms",
    params(("code" = String, Path, description = "The code of the link", pattern = "^[A-Za-z0-9_-]{24}$")),
    responses((status = OK, description = "The room", body = InvitationPreview), ReadProblems)
)]
#[get("/invitations/{code}")]
pub(super) async fn read_invitation(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<String>,
) -> Result<web::Json<InvitationPreview>, Problem> {
    let invitation = edge.invitation(&path).await?;
    let room = invitation.conversation_id;
    let conversation = edge.storage.conversation(room).await?;
    let conversation = conversation.ok_or_else(|| Problem::not_found("invitation"))?;
    let members = edge.storage.members(room).await?;
    Ok(web::Json(InvitationPreview {
        conversation_id: room,
        title: conversation.title,
        topic: conversation.topic,
        member_count: members.len() as u64,
        role: invitation.role,
        expires_at: invitation.expires_at,
        is_member: edge.storage.is_member(room, caller.user_id).await?,
    }))
}

/// Join a room by an invitation.
#[utoipa::path(
    tag = "rooms",
    params(("code" = String, Path, description = "The code of the link", pattern = "^[A-Za-z0-9_-]{24}$")),
    responses((status = OK, description = "The room, in which one takes part now", body = ConversationEntry), WriteProblems)
)]
#[post("/invitations/{code}")]
pub(super) async fn accept_invitation(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<String>,
) -> Result<web::Json<ConversationEntry>, Problem> {
    let invitation = edge.invitation(&path).await?;
    let room = invitation.conversation_id;
    if !edge.storage.is_member(room, caller.user_id).await? {
        let account = edge.storage.user(caller.user_id).await?;
        let account = account.ok_or_else(|| Problem::not_found("account"))?;
        let (user, name) = (account.id, account.name);
        let member = Author::User {
            id: user,
            name: name.clone(),
        };
        let change = RoomChange {
            conversation: room,
            user,
            name,
            what: What::Joined {
                member,
                role: Some(invitation.role),
            },
            invitation: Some(invitation.id),
        };
        edge.node.change_room(change).await?;
    }
    edge.conversation_entry(room).await
}

impl Edge {
    /// The invitation that a code leads to, if it is good now.
    async fn invitation(&self, code: &str) -> Result<Invitation, Problem> {
        let none = || Problem::not_found("invitation");
        let code: InvitationCode = code.parse().map_err(|_| none())?;
        let now = self.clock.now_ms();
        let found = self.storage.invitation(&code.hash(), now).await?;
        found.ok_or_else(none)
    }
}

fn within(field: &str, number: Option<u32>, max: u32) -> Result<Option<u32>, Problem> {
    match number {
        Some(number) if !(1..=max).contains(&number) => Err(Problem::invalid(
            field,
            &format!("must be a whole number from 1 to {max}"),
        )),
        number => Ok(number),
    }
}

impl From<Invitation> for InvitationEntry {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            created_by: invitation.created_by,
            role: invitation.role,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            uses: invitation.uses,
            uses_max: invitation.uses_max,
        }
    }
}
