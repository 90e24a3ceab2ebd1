//! `/api/v1/conversations/…`: who takes part in a room and as what, its title, its topic and what is kept in view.
//!
//! Every change goes through the room's actor, which decides who may and makes it an entry of the log.

use actix_web::{HttpResponse, delete, get, patch, post, put, web};
use actors::RoomChange;
use actors::permissions::{Denial, Operation, may};
use protocol::{
    Author, ConversationId, ErrorCode, Message, MessageId, Role, TwinId, TwinPolicy, UserId, What,
};
use serde::{Deserialize, Serialize};
use storage::{Member, MessageVersion};
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::{Caller, WritingCaller};
use super::conversations::ConversationEntry;
use super::json::Body;
use super::json::optional_whole;
use super::limits::MUTE_MINUTES_MAX;
use super::message_schema::{MessageSchema, RoleName, TwinPolicyName};
use super::paging::Page;
use super::problem::Problem;
use super::responses::{DeleteProblems, OwnerReadProblems, ReadProblems, WriteProblems};
use super::{Edge, fields};

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60 * 1_000;

/// What is to be different about a conversation; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationPatch {
    /// Its title; empty to take it away.
    #[schema(
        nullable = false,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"
    )]
    title: Option<String>,
    /// What it is about; empty to take it away.
    #[schema(nullable = false, max_length = 500, pattern = r"^[^\x00]*$")]
    topic: Option<String>,
}

/// Somebody who is to take part: a person, a twin or a bot.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMemberRequest {
    /// The person.
    #[schema(value_type = Option<Uuid>, nullable = false)]
    user_id: Option<UserId>,
    /// The twin: one's own, a public one, or one whose id one knows.
    #[schema(value_type = Option<Uuid>, nullable = false)]
    twin_id: Option<TwinId>,
    /// The bot: one's own.
    #[schema(value_type = Option<Uuid>, nullable = false)]
    bot_id: Option<UserId>,
    /// What the person or the bot may do; `member` when absent. A bot cannot be `owner`.
    #[schema(value_type = Option<RoleName>, nullable = false)]
    role: Option<Role>,
}

/// What a person may do from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleRequest {
    /// The role.
    #[schema(value_type = RoleName)]
    role: Role,
}

/// When a twin answers from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyRequest {
    /// The policy.
    #[schema(value_type = TwinPolicyName)]
    policy: TwinPolicy,
}

/// How long a person may not write.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MuteRequest {
    /// For so many minutes; for good when absent.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 525_600)]
    minutes: Option<u32>,
}

/// Somebody who may not come back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ban)]
pub(super) struct BanEntry {
    /// Who.
    #[schema(value_type = Uuid)]
    user_id: UserId,
    /// The person's name now.
    name: String,
    /// Who banned the person; the account may be gone.
    #[schema(value_type = Uuid)]
    banned_by: UserId,
    /// When, in UTC milliseconds since 1970.
    created_at: i64,
}

/// What a message said for a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageVersion)]
pub(super) struct VersionEntry {
    /// The `seq` of the edit; 0 for what was sent.
    changed_seq: u64,
    /// The text.
    text: String,
    /// Since when, in UTC milliseconds since 1970.
    created_at: i64,
}

/// Give a conversation another title or topic.
#[utoipa::path(
    tag = "rooms",
    params(("conversation" = Uuid, Path, description = "The conversation's id")),
    request_body = ConversationPatch,
    responses((status = OK, description = "The conversation as it is now", body = ConversationEntry), WriteProblems)
)]
#[patch("/conversations/{conversation}")]
pub(super) async fn describe_conversation(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
    body: Body<ConversationPatch>,
) -> Result<web::Json<ConversationEntry>, Problem> {
    let body = body.into_inner();
    let id = edge.joined_conversation(*path, caller.user_id).await?;
    let title = body.title.map(|title| match title.is_empty() {
        true => Ok(None),
        false => fields::line("title", &title).map(Some),
    });
    let topic = body.topic.map(|topic| match topic.is_empty() {
        true => Ok(None),
        false => fields::topic(&topic).map(Some),
    });
    let (title, topic) = (title.transpose()?, topic.transpose()?);
    if let Some(title) = title {
        edge.change_room(caller.user_id, id, What::Titled { title })
            .await?;
    }
    if let Some(topic) = topic {
        edge.change_room(caller.user_id, id, What::TopicSet { topic })
            .await?;
    }
    edge.conversation_entry(id).await
}

/// Bring a person, a twin or a bot of one's own into a room.
#[utoipa::path(
    tag = "rooms",
    params(("conversation" = Uuid, Path, description = "The room's id")),
    request_body = NewMemberRequest,
    responses((status = OK, description = "The room as it is now", body = ConversationEntry), WriteProblems)
)]
#[post("/conversations/{conversation}/members")]
pub(super) async fn add_member(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
    body: Body<NewMemberRequest>,
) -> Result<web::Json<ConversationEntry>, Problem> {
    let id = edge.joined_conversation(*path, caller.user_id).await?;
    let role = body.role.unwrap_or(Role::Member);
    let (member, role) = match (body.user_id, body.twin_id, body.bot_id) {
        (Some(user), None, None) => (edge.person(user).await?, Some(role)),
        (None, None, Some(bot)) => {
            let bot = edge.own_bot(caller.user_id, bot).await?;
            let (id, name) = (bot.id, bot.name);
            (Author::Bot { id, name }, Some(role))
        }
        (None, Some(_), None) if body.role.is_some() => {
            return Err(Problem::invalid("role", "a twin has none"));
        }
        (None, Some(twin), None) => {
            let twin = edge.visible_twin(twin, caller.user_id).await?;
            let (id, name) = (twin.id, twin.name);
            (Author::Twin { id, name }, None)
        }
        _ => {
            let reason = "name one of it, `twin_id` and `bot_id`";
            return Err(Problem::invalid("user_id", reason));
        }
    };
    edge.change_room(caller.user_id, id, What::Joined { member, role })
        .await?;
    edge.conversation_entry(id).await
}

/// Put a person, a twin or a bot out of a room, or leave it: with one's own id.
#[utoipa::path(
    tag = "rooms",
    params(
        ("conversation" = Uuid, Path, description = "The room's id"),
        ("member" = Uuid, Path, description = "The id of the person, the twin or the bot"),
    ),
    responses((status = NO_CONTENT, description = "The member takes part no longer"), DeleteProblems)
)]
#[delete("/conversations/{conversation}/members/{member}")]
pub(super) async fn remove_member(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let (id, member) = path.into_inner();
    let own = caller.user_id.as_uuid() == member;
    let member = edge.fellow_member(caller.user_id, id, member).await?;
    let what = match own {
        true => What::Left { member },
        false => What::Removed { member },
    };
    edge.change_room(caller.user_id, id, what).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Change what a person may do in a room.
#[utoipa::path(
    tag = "rooms",
    params(
        ("conversation" = Uuid, Path, description = "The room's id"),
        ("member" = Uuid, Path, description = "The person's id"),
    ),
    request_body = RoleRequest,
    responses((status = OK, description = "The room as it is now", body = ConversationEntry), WriteProblems)
)]
#[put("/conversations/{conversation}/members/{member}/role")]
pub(super) async fn set_role(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, Uuid)>,
    body: Body<RoleRequest>,
) -> Result<web::Json<ConversationEntry>, Problem> {
    let (id, member) = path.into_inner();
    let member = edge.fellow_member(caller.user_id, id, member).await?;
    let role = body.role;
    edge.change_room(caller.user_id, id, What::RoleSet { member, role })
        .await?;
    edge.conversation_entry(id).await
}

/// Say when a twin answers in a room: its owner may, and who keeps order there.
#[utoipa::path(
    tag = "rooms",
    params(
        ("conversation" = Uuid, Path, description = "The room's id"),
        ("twin" = Uuid, Path, description = "The twin's id"),
    ),
    request_body = PolicyRequest,
    responses((status = OK, description = "The room as it is now", body = ConversationEntry), WriteProblems)
)]
#[put("/conversations/{conversation}/twins/{twin}/policy")]
pub(super) async fn set_policy(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, Uuid)>,
    body: Body<PolicyRequest>,
) -> Result<web::Json<ConversationEntry>, Problem> {
    let (id, twin) = path.into_inner();
    let member = edge.fellow_member(caller.user_id, id, twin).await?;
    if !matches!(member, Author::Twin { .. }) {
        return Err(Problem::not_found("twin"));
    }
    let policy = body.policy;
    edge.change_room(caller.user_id, id, What::PolicySet { member, policy })
        .await?;
    edge.conversation_entry(id).await
}

/// Keep a person from writing in a room; reading goes on.
#[utoipa::path(
    tag = "rooms",
    params(
        ("conversation" = Uuid, Path, description = "The room's id"),
        ("member" = Uuid, Path, description = "The person's id"),
    ),
    request_body = MuteRequest,
    responses((status = OK, description = "The room as it is now", body = ConversationEntry), WriteProblems)
)]
#[put("/conversations/{conversation}/members/{member}/mute")]
pub(super) async fn mute_member(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, Uuid)>,
    body: Body<MuteRequest>,
) -> Result<web::Json<ConversationEntry>, Problem> {
    let minutes = body.minutes;
    if minutes.is_some_and(|minutes| !(1..=MUTE_MINUTES_MAX).contains(&minutes)) {
        let reason = format!("must be a whole number from 1 to {MUTE_MINUTES_MAX}");
        return Err(Problem::invalid("minutes", &reason));
    }
    let (id, member) = path.into_inner();
    let member = edge.fellow_member(caller.user_id, id, member).await?;
    let until = minutes.map(|minutes| edge.clock.now_ms() + i64::from(minutes) * MINUTE_MS);
    edge.change_room(caller.user_id, id, What::Muted { member, until })
        .await?;
    edge.conversation_entry(id).await
}

/// Let a person write in a room again.
#[utoipa::path(
    tag = "rooms",
    params(
        ("conversation" = Uuid, Path, description = "The room's id"),
        ("member" = Uuid, Path, description = "The person's id"),
    ),
    responses((status = NO_CONTENT, description = "The person may write"), DeleteProblems)
)]
#[delete("/conversations/{conversation}/members/{member}/mute")]
pub(super) async fn unmute_member(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let (id, member) = path.into_inner();
    let member = edge.fellow_member(caller.user_id, id, member).await?;
    edge.change_room(caller.user_id, id, What::Unmuted { member })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List those who may not come back to a room, the newest first.
#[utoipa::path(
    tag = "rooms",
    params(("conversation" = Uuid, Path, description = "The room's id")),
    responses((status = OK, description = "All of them", body = Page<BanEntry>), OwnerReadProblems)
)]
#[get("/conversations/{conversation}/bans")]
pub(super) async fn list_bans(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
) -> Result<web::Json<Page<BanEntry>>, Problem> {
    edge.permitted(*path, caller.user_id, Operation::Ban)
        .await?;
    let bans = edge.storage.bans(*path).await?;
    Ok(web::Json(Page {
        items: bans.into_iter().map(BanEntry::from).collect(),
        next: None,
    }))
}

/// Put a person out of a room for good, whether the person is in it or not.
#[utoipa::path(
    tag = "rooms",
    params(
        ("conversation" = Uuid, Path, description = "The room's id"),
        ("user" = Uuid, Path, description = "The person's id"),
    ),
    responses((status = NO_CONTENT, description = "The person may not come back"), WriteProblems)
)]
#[put("/conversations/{conversation}/bans/{user}")]
pub(super) async fn ban_member(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, UserId)>,
) -> Result<HttpResponse, Problem> {
    let (id, user) = path.into_inner();
    edge.change_ban(caller.user_id, id, user, |member| What::Banned { member })
        .await
}

/// Let a person come back to a room, by an invitation or because somebody brings them in.
#[utoipa::path(
    tag = "rooms",
    params(
        ("conversation" = Uuid, Path, description = "The room's id"),
        ("user" = Uuid, Path, description = "The person's id"),
    ),
    responses((status = NO_CONTENT, description = "The person may come back"), DeleteProblems)
)]
#[delete("/conversations/{conversation}/bans/{user}")]
pub(super) async fn unban_member(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, UserId)>,
) -> Result<HttpResponse, Problem> {
    let (id, user) = path.into_inner();
    edge.change_ban(caller.user_id, id, user, |member| What::Unbanned { member })
        .await
}

/// List the messages that a conversation keeps in view, those pinned last first.
#[utoipa::path(
    tag = "conversations",
    params(("conversation" = Uuid, Path, description = "The conversation's id")),
    responses((status = OK, description = "All of them", body = Page<MessageSchema>), ReadProblems)
)]
#[get("/conversations/{conversation}/pins")]
pub(super) async fn list_pins(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
) -> Result<web::Json<Page<Message>>, Problem> {
    let id = edge.joined_conversation(*path, caller.user_id).await?;
    Ok(web::Json(Page {
        items: edge.storage.pinned_messages(id).await?,
        next: None,
    }))
}

/// Read what a message has said, oldest first; for its author and for those who keep order.
#[utoipa::path(
    tag = "conversations",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("message" = Uuid, Path, description = "The message's id"),
    ),
    responses(
        (status = OK, description = "All versions; none of a message that was never edited", body = Page<VersionEntry>),
        OwnerReadProblems,
    )
)]
#[get("/conversations/{conversation}/messages/{message}/versions")]
pub(super) async fn list_versions(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, MessageId)>,
) -> Result<web::Json<Page<VersionEntry>>, Problem> {
    let (id, message) = path.into_inner();
    edge.joined_conversation(id, caller.user_id).await?;
    let message = edge.storage.message(message).await?;
    let message = message.filter(|message| message.conversation_id == id);
    let message = message.ok_or_else(|| Problem::not_found("message"))?;
    let wrote = matches!(message.author, Author::User { id, .. } if id == caller.user_id);
    if !wrote {
        let operation = Operation::ReadVersions;
        edge.permitted(id, caller.user_id, operation).await?;
    }
    let versions = edge.storage.message_versions(id, message.seq).await?;
    Ok(web::Json(Page {
        items: versions.into_iter().map(VersionEntry::from).collect(),
        next: None,
    }))
}

impl Edge {
    /// Has a room changed by somebody who takes part in it.
    pub(super) async fn change_room(
        &self,
        user: UserId,
        conversation: ConversationId,
        what: What,
    ) -> Result<(), Problem> {
        let account = self.storage.user(user).await?;
        let account = account.ok_or_else(|| Problem::not_found("account"))?;
        let change = RoomChange {
            conversation,
            user,
            name: account.name,
            what,
            invitation: None,
        };
        self.node.change_room(change).await?;
        Ok(())
    }

    async fn change_ban(
        &self,
        by: UserId,
        room: ConversationId,
        user: UserId,
        what: fn(Author) -> What,
    ) -> Result<HttpResponse, Problem> {
        let room = self.joined_conversation(room, by).await?;
        let member = self.person(user).await?;
        self.change_room(by, room, what(member)).await?;
        Ok(HttpResponse::NoContent().finish())
    }

    /// A person, as changes name one.
    pub(super) async fn person(&self, id: UserId) -> Result<Author, Problem> {
        let account = self.storage.user(id).await?;
        let account = account.ok_or_else(|| Problem::not_found("person"))?;
        let (id, name) = (account.id, account.name);
        Ok(Author::User { id, name })
    }

    /// A member of a conversation that the caller takes part in too, as changes name it.
    async fn fellow_member(
        &self,
        caller: UserId,
        conversation: ConversationId,
        id: Uuid,
    ) -> Result<Author, Problem> {
        let members = self.storage.members(conversation).await?;
        let find = |id: Uuid| {
            members.iter().find(|member| match member {
                Member::User { id: user, .. } => user.as_uuid() == id,
                Member::Twin { id: twin, .. } => twin.as_uuid() == id,
            })
        };
        find(caller.as_uuid()).ok_or_else(|| Problem::not_found("conversation"))?;
        let found = find(id).map(Member::as_author);
        found.ok_or_else(|| Problem::not_found("member"))
    }

    /// Whether a person's role in a conversation allows an operation.
    pub(super) async fn permitted(
        &self,
        conversation: ConversationId,
        user: UserId,
        operation: Operation,
    ) -> Result<Role, Problem> {
        let role = self.storage.role(conversation, user).await?;
        let role = role.ok_or_else(|| Problem::not_found("conversation"))?;
        match may(role, operation) {
            true => Ok(role),
            false => Err(Problem::new(
                ErrorCode::Forbidden,
                Denial::Role(role).to_string(),
            )),
        }
    }

    /// A conversation with its members, as it is now.
    pub(super) async fn conversation_entry(
        &self,
        id: ConversationId,
    ) -> Result<web::Json<ConversationEntry>, Problem> {
        let conversation = self.storage.conversation(id).await?;
        let conversation = conversation.ok_or_else(|| Problem::not_found("conversation"))?;
        let members = self.storage.members(id).await?;
        Ok(web::Json(ConversationEntry::new(conversation, members)))
    }
}

impl From<storage::Ban> for BanEntry {
    fn from(ban: storage::Ban) -> Self {
        Self {
            user_id: ban.user_id,
            name: ban.name,
            banned_by: ban.banned_by,
            created_at: ban.created_at,
        }
    }
}

impl From<MessageVersion> for VersionEntry {
    fn from(version: MessageVersion) -> Self {
        Self {
            changed_seq: version.changed_seq,
            text: version.text,
            created_at: version.created_at,
        }
    }
}
