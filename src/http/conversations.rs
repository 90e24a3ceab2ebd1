//! `/api/v1/conversations`: beginning, finding and reading conversations. Messages are sent over the WebSocket.

use std::collections::HashSet;

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, get, post, web};
use protocol::{ConversationId, Role, TwinId, TwinMode, TwinPolicy, UserId};
use serde::{Deserialize, Serialize};
use storage::{
    Conversation, ConversationKind, ConversationSummary, Member, NewConversation, NewMember,
};
use utoipa::ToSchema;

use super::caller::{Participant, WritingCaller};
use super::json::Body;
use super::limits::MEMBERS_MAX;
use super::message_schema::{AuthorSchema, RoleName, TwinModeName, TwinPolicyName};
use super::paging::{ActivityText, Page, PageQuery};
use super::problem::Problem;
use super::responses::{ListProblems, ReadProblems, WriteProblems};
use super::{Edge, fields};

/// A conversation that is to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationRequest {
    /// Its title; absent for a conversation that is known by its members.
    #[schema(
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    title: Option<String>,
    /// `direct` for a conversation of two that stays one, `room` for one that others may join. Absent, it is `direct` when two take
    /// part and it has no title.
    #[serde(default)]
    kind: Option<KindName>,
    /// People who take part, besides the one who begins it.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>, max_items = 49)]
    members: Vec<UserId>,
    /// Bots of one's own that take part.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>, max_items = 49)]
    bots: Vec<UserId>,
    /// Twins that take part: one's own, public ones, and those whose id one knows.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>, max_items = 49)]
    twins: Vec<TwinId>,
}

/// Who may take part in a conversation.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConversationKind)]
pub(super) enum KindName {
    /// The two who began with it.
    Direct,
    /// Those who are in it now.
    Room,
}

/// A conversation with its members.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conversation)]
pub(super) struct ConversationEntry {
    /// The conversation's id.
    #[schema(value_type = Uuid)]
    id: ConversationId,
    /// `direct` for a conversation of two that stays one, `room` for one that others may join.
    kind: KindName,
    /// Its title, if it has one.
    #[schema(required = true)]
    title: Option<String>,
    /// What it is about, if that is said.
    #[schema(required = true)]
    topic: Option<String>,
    /// Who began it; the account may be gone.
    #[schema(value_type = Uuid)]
    created_by: UserId,
    /// When it began, in UTC milliseconds since 1970.
    created_at: i64,
    /// The `seq` of the newest entry of its log; 0 when it has none.
    last_seq: u64,
    /// Who takes part, in the order of joining; in a list of conversations the first 20.
    members: Vec<MemberEntry>,
}

/// A conversation in a person's list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationSummary)]
pub(super) struct SummaryEntry {
    /// The conversation.
    #[serde(flatten)]
    conversation: ConversationEntry,
    /// How many take part.
    member_count: u64,
    /// Its newest message, if it has any.
    #[schema(required = true)]
    last_message: Option<PreviewEntry>,
    /// The last `seq` that one has read oneself.
    read_seq: u64,
    /// Messages of others that one has not read; counted up to 1,000.
    unread: u64,
    /// When something happened last, in UTC milliseconds since 1970.
    active_at: i64,
}

/// The beginning of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessagePreview)]
pub(super) struct PreviewEntry {
    /// Its place in the conversation.
    seq: u64,
    /// Who wrote it.
    #[schema(value_type = AuthorSchema)]
    author: protocol::Author,
    /// The beginning of its text.
    text: String,
    /// When it was committed, in UTC milliseconds since 1970.
    created_at: i64,
}

/// Who takes part.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = Member)]
pub(super) enum MemberEntry {
    /// A person.
    User {
        /// The person's id.
        #[schema(value_type = Uuid)]
        id: UserId,
        /// The person's name now.
        name: String,
        /// Since when, in UTC milliseconds since 1970.
        joined_at: i64,
        /// What the person may do.
        #[schema(value_type = RoleName)]
        role: Role,
        /// Until when the person may not write, in UTC milliseconds since 1970; absent for who may.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        muted_until: Option<i64>,
    },
    /// A twin.
    Twin {
        /// The twin's id.
        #[schema(value_type = Uuid)]
        id: TwinId,
        /// The twin's name now.
        name: String,
        /// Since when, in UTC milliseconds since 1970.
        joined_at: i64,
        /// When it answers in a room of more than two.
        #[schema(value_type = TwinPolicyName)]
        policy: TwinPolicy,
        /// How far it writes on its own here.
        #[schema(value_type = TwinModeName)]
        mode: TwinMode,
        /// Whether its owner may step in here.
        oversight: bool,
    },
    /// A bot.
    Bot {
        /// The bot's id.
        #[schema(value_type = Uuid)]
        id: UserId,
        /// The bot's name now.
        name: String,
        /// Whose bot it is.
        #[schema(value_type = Uuid)]
        owner_id: UserId,
        /// Since when, in UTC milliseconds since 1970.
        joined_at: i64,
        /// What the bot may do.
        #[schema(value_type = RoleName)]
        role: Role,
        /// Until when the bot may not write, in UTC milliseconds since 1970; absent for one that may.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        muted_until: Option<i64>,
    },
}

/// Begin a conversation.
#[utoipa::path(
    tag = "conversations",
    request_body = ConversationRequest,
    responses(
        (status = CREATED, description = "The conversation has begun", body = ConversationEntry,
            headers(("Location" = String, description = "The conversation"))),
        WriteProblems,
    )
)]
#[post("/conversations")]
pub(super) async fn begin_conversation(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    body: Body<ConversationRequest>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let title = body
        .title
        .map(|text| fields::line("title", &text))
        .transpose()?;
    let wanted = Wanted {
        people: &body.members,
        bots: &body.bots,
        twins: &body.twins,
    };
    let members = checked_members(&edge, caller.user_id, wanted).await?;
    let kind = match body.kind {
        Some(KindName::Direct) if members.len() != 2 => {
            let reason = "a direct conversation is one of two; leave it out for a room";
            return Err(Problem::invalid("kind", reason));
        }
        Some(kind) => kind.into(),
        None if members.len() == 2 && title.is_none() => ConversationKind::Direct,
        None => ConversationKind::Room,
    };
    let new = NewConversation {
        id: ConversationId::new(),
        kind,
        title,
        created_by: caller.user_id,
        created_at: edge.clock.now_ms(),
    };
    let conversation = edge.storage.create_conversation(new, members).await?;
    let members = edge.storage.members(conversation.id).await?;
    edge.node.conversation_begun(conversation.id, &members);
    let location = format!("/api/v1/conversations/{}", conversation.id);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .json(ConversationEntry::new(conversation, members)))
}

/// List one's own conversations, those with the newest activity first.
#[utoipa::path(
    tag = "conversations",
    params(
        ("before" = Option<String>, Query, nullable = false, pattern = "^[A-Za-z0-9_-]{32}$",
            description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, description = "How many entries at most; 50 when absent", nullable = false, minimum = 1, maximum = 200),
    ),
    responses((status = OK, description = "A page of conversations", body = Page<SummaryEntry>), ListProblems)
)]
#[get("/conversations")]
pub(super) async fn list_conversations(
    caller: Participant,
    edge: web::Data<Edge>,
    query: web::Query<PageQuery<ActivityText>>,
) -> Result<web::Json<Page<SummaryEntry>>, Problem> {
    let limit = query.limit()?;
    let before = query.before.map(|place| place.0);
    let summaries = edge
        .storage
        .conversations_of(caller.user_id, before, limit + 1)
        .await?;
    let page = Page::cut(summaries, limit, |summary| {
        ActivityText(summary.cursor()).to_string()
    });
    let items = page.items.into_iter().map(SummaryEntry::from).collect();
    let next = page.next;
    Ok(web::Json(Page { items, next }))
}

/// Read a conversation that one takes part in.
#[utoipa::path(
    tag = "conversations",
    params(("conversation" = Uuid, Path, description = "The conversation's id")),
    responses((status = OK, description = "The conversation", body = ConversationEntry), ReadProblems)
)]
#[get("/conversations/{conversation}")]
pub(super) async fn read_conversation(
    caller: Participant,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
) -> Result<web::Json<ConversationEntry>, Problem> {
    let id = edge.joined_conversation(*path, caller.user_id).await?;
    edge.conversation_entry(id).await
}

impl From<ConversationKind> for KindName {
    fn from(kind: ConversationKind) -> Self {
        match kind {
            ConversationKind::Direct => Self::Direct,
            ConversationKind::Room => Self::Room,
        }
    }
}

impl From<KindName> for ConversationKind {
    fn from(kind: KindName) -> Self {
        match kind {
            KindName::Direct => Self::Direct,
            KindName::Room => Self::Room,
        }
    }
}

impl Edge {
    /// A conversation that the person takes part in; others may not know that it exists.
    pub(super) async fn joined_conversation(
        &self,
        id: ConversationId,
        user: UserId,
    ) -> Result<ConversationId, Problem> {
        match self.storage.is_member(id, user).await? {
            true => Ok(id),
            false => Err(Problem::not_found("conversation")),
        }
    }
}

/// Who is to take part, besides the one who begins it.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    people: &'a [UserId],
    bots: &'a [UserId],
    twins: &'a [TwinId],
}

/// Everybody who is to take part, each once, the one who begins it first.
async fn checked_members(
    edge: &Edge,
    caller: UserId,
    wanted: Wanted<'_>,
) -> Result<Vec<NewMember>, Problem> {
    let Wanted {
        people,
        bots,
        twins,
    } = wanted;
    let users = people.iter().chain(bots).map(|id| NewMember::User(*id));
    let wanted = users.chain(twins.iter().map(|id| NewMember::Twin(*id)));
    let mut seen = HashSet::from([NewMember::User(caller)]);
    let mut members = vec![NewMember::User(caller)];
    members.extend(wanted.filter(|member| seen.insert(*member)));
    if members.len() == 1 {
        let reason = "name at least one other person, or one of `bots` or `twins`";
        return Err(Problem::invalid("members", reason));
    }
    if people.len() + bots.len() + twins.len() >= MEMBERS_MAX {
        let reason =
            format!("a conversation may have {MEMBERS_MAX} members, bots and twins included");
        return Err(Problem::invalid("members", &reason));
    }
    if !edge.storage.bots_among(people).await?.is_empty() {
        return Err(Problem::not_found("member"));
    }
    edge.check_own_bots(caller, bots).await?;
    for id in twins {
        edge.visible_twin(*id, caller).await?;
    }
    Ok(members)
}

impl ConversationEntry {
    pub(super) fn new(conversation: Conversation, members: Vec<Member>) -> Self {
        Self {
            id: conversation.id,
            kind: conversation.kind.into(),
            title: conversation.title,
            topic: conversation.topic,
            created_by: conversation.created_by,
            created_at: conversation.created_at,
            last_seq: conversation.last_seq,
            members: members.into_iter().map(MemberEntry::from).collect(),
        }
    }
}

impl From<ConversationSummary> for SummaryEntry {
    fn from(summary: ConversationSummary) -> Self {
        let last_message = summary.last_message.map(|message| PreviewEntry {
            seq: message.seq,
            author: message.author,
            text: message.text,
            created_at: message.created_at,
        });
        Self {
            conversation: ConversationEntry::new(summary.conversation, summary.members),
            member_count: summary.member_count,
            last_message,
            read_seq: summary.read_seq,
            unread: summary.unread,
            active_at: summary.active_at,
        }
    }
}

impl From<Member> for MemberEntry {
    fn from(member: Member) -> Self {
        match member {
            Member::User {
                id,
                name,
                bot_of: Some(owner_id),
                joined_at,
                role,
                muted_until,
            } => Self::Bot {
                id,
                name,
                owner_id,
                joined_at,
                role,
                muted_until,
            },
            Member::User {
                id,
                name,
                bot_of: None,
                joined_at,
                role,
                muted_until,
            } => Self::User {
                id,
                name,
                joined_at,
                role,
                muted_until,
            },
            Member::Twin {
                id,
                name,
                joined_at,
                policy,
                mode,
                oversight,
                ..
            } => Self::Twin {
                id,
                name,
                joined_at,
                policy,
                mode,
                oversight,
            },
        }
    }
}
