//! `/api/v1/conversations/{id}/messages`: what was said, page by page in both directions.

use actix_web::{get, web};
use protocol::{ConversationId, Message, MessageId};
use serde::{Deserialize, Serialize};
use storage::{History, HistoryPlace, moment};
use utoipa::ToSchema;

use super::Edge;
use super::caller::Participant;
use super::message_schema::MessageSchema;
use super::paging::page_limit;
use super::problem::Problem;
use super::responses::ListProblems;

/// The last `seq` that a conversation can ask for: two thousand million entries, far beyond any.
const SEQ_MAX: u32 = 2_147_483_647;

/// Which page of messages is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryQuery {
    before: Option<u32>,
    after: Option<u32>,
    around: Option<String>,
    date: Option<String>,
    limit: Option<u32>,
}

/// A page of messages, oldest first. Their `seq` may skip numbers: changes have some.
#[derive(Serialize, ToSchema)]
pub(super) struct MessagesPage {
    /// The messages.
    #[schema(value_type = Vec<MessageSchema>)]
    items: Vec<Message>,
    /// Ask with this as `before` for older messages; null when there are none.
    #[schema(required = true)]
    next: Option<String>,
    /// Ask with this as `after` for newer messages; null when there are none.
    #[schema(required = true)]
    previous: Option<String>,
}

/// Read the messages of a conversation that one takes part in: the newest page, or one somewhere else.
///
/// At most one of `before`, `after`, `around` and `date` says where. `around` is a link to a message: by its id, or by a
/// `seq`, which an entry of the log has that need not be a message.
#[utoipa::path(
    tag = "conversations",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("before" = Option<u32>, Query, nullable = false, minimum = 0, maximum = 2_147_483_647,
            description = "The `next` of another page: only messages with a smaller `seq`"),
        ("after" = Option<u32>, Query, nullable = false, minimum = 0, maximum = 2_147_483_647,
            description = "The `previous` of another page: only messages with a greater `seq`"),
        ("around" = Option<String>, Query, nullable = false,
            pattern = "^([0-9]{1,9}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$",
            description = "A message's id, or a `seq`: as many messages before it as from it on"),
        ("date" = Option<String>, Query, nullable = false,
            description = "From the first message on of this moment or after it: a day (its beginning in UTC), a moment as in \
                RFC 3339, or UTC milliseconds"),
        ("limit" = Option<u32>, Query, description = "How many entries at most; 50 when absent", nullable = false, minimum = 1, maximum = 200),
    ),
    responses((status = OK, description = "A page of messages", body = MessagesPage), ListProblems)
)]
#[get("/conversations/{conversation}/messages")]
pub(super) async fn list_messages(
    caller: Participant,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
    query: web::Query<HistoryQuery>,
) -> Result<web::Json<MessagesPage>, Problem> {
    let limit = page_limit(query.limit)?;
    let place = query.place()?;
    let id = edge.joined_conversation(*path, caller.user_id).await?;
    let page = edge.storage.history(id, place, limit).await?;
    Ok(web::Json(page.into()))
}

/// A page of a thread.
#[derive(Serialize, ToSchema)]
pub(super) struct ThreadPage {
    /// The message that the thread belongs to.
    #[schema(value_type = MessageSchema)]
    root: Message,
    /// Messages of the thread, oldest first.
    #[serde(flatten)]
    page: MessagesPage,
}

/// Which page of a thread is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThreadQuery {
    before: Option<u32>,
    after: Option<u32>,
    limit: Option<u32>,
}

/// Read the thread of a message: its root, and the newest page of what stands in it, or another.
///
/// At most one of `before` and `after` says where the page is. A message that stands in a thread itself leads to that thread.
#[utoipa::path(
    tag = "conversations",
    params(
        ("conversation" = Uuid, Path, description = "The conversation's id"),
        ("message" = Uuid, Path, description = "The message's id"),
        ("before" = Option<u32>, Query, nullable = false, minimum = 0, maximum = 2_147_483_647,
            description = "The `next` of another page: only messages with a smaller `seq`"),
        ("after" = Option<u32>, Query, nullable = false, minimum = 0, maximum = 2_147_483_647,
            description = "The `previous` of another page: only messages with a greater `seq`"),
        ("limit" = Option<u32>, Query, description = "How many entries at most; 50 when absent", nullable = false, minimum = 1, maximum = 200),
    ),
    responses((status = OK, description = "A page of the thread", body = ThreadPage), ListProblems)
)]
#[get("/conversations/{conversation}/messages/{message}/thread")]
pub(super) async fn read_thread(
    caller: Participant,
    edge: web::Data<Edge>,
    path: web::Path<(ConversationId, MessageId)>,
    query: web::Query<ThreadQuery>,
) -> Result<web::Json<ThreadPage>, Problem> {
    let (conversation, message) = path.into_inner();
    let place = HistoryQuery {
        before: query.before,
        after: query.after,
        around: None,
        date: None,
        limit: query.limit,
    };
    let limit = page_limit(query.limit)?;
    let place = place.place()?;
    let id = edge
        .joined_conversation(conversation, caller.user_id)
        .await?;
    let thread = edge.storage.thread(id, message, place, limit).await?;
    Ok(web::Json(ThreadPage {
        root: thread.root,
        page: thread.page.into(),
    }))
}

impl HistoryQuery {
    fn place(&self) -> Result<HistoryPlace, Problem> {
        let places = [
            self.before
                .map(|seq| Ok(HistoryPlace::Before(checked("before", seq)?))),
            self.after
                .map(|seq| Ok(HistoryPlace::After(checked("after", seq)?))),
            self.around.as_deref().map(around),
            self.date.as_deref().map(date),
        ];
        let mut places = places.into_iter().flatten();
        let place = places.next().unwrap_or(Ok(HistoryPlace::Newest));
        if places.next().is_some() {
            let reason =
                "at most one of `before`, `after`, `around` and `date` says where the page is";
            return Err(Problem::new(protocol::ErrorCode::Invalid, reason));
        }
        place
    }
}

fn checked(field: &str, seq: u32) -> Result<u64, Problem> {
    match seq {
        0..=SEQ_MAX => Ok(u64::from(seq)),
        _ => Err(Problem::invalid(
            field,
            "is beyond the longest conversation",
        )),
    }
}

fn around(text: &str) -> Result<HistoryPlace, Problem> {
    if let Ok(id) = text.parse::<MessageId>() {
        return Ok(HistoryPlace::AroundMessage(id));
    }
    match text.parse() {
        Ok(seq) => Ok(HistoryPlace::Around(checked("around", seq)?)),
        Err(_) => Err(Problem::invalid(
            "around",
            "must be a message's id or a `seq`",
        )),
    }
}

fn date(text: &str) -> Result<HistoryPlace, Problem> {
    let reason =
        "must be a day such as 2026-01-31, a moment such as 2026-01-31T18:30Z, or UTC milliseconds";
    let moment = moment(text).ok_or_else(|| Problem::invalid("date", reason))?;
    Ok(HistoryPlace::From(moment))
}

impl From<History> for MessagesPage {
    fn from(history: History) -> Self {
        Self {
            items: history.messages,
            next: history.older.map(cursor),
            previous: history.newer.map(cursor),
        }
    }
}

/// A place as a client may ask with it.
fn cursor(seq: u64) -> String {
    seq.min(u64::from(SEQ_MAX)).to_string()
}
