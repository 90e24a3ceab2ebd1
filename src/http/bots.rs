//! `/api/v1/bots`: programs that take part in conversations as their owner's bots. A token is shown once.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, delete, get, post, web};
use protocol::UserId;
use serde::{Deserialize, Serialize};
use storage::{AuditAction, Bot};
use utoipa::ToSchema;

use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::paging::Page;
use super::problem::Problem;
use super::responses::{DeleteProblems, ReadProblems, WriteProblems};
use super::{Edge, fields};
use crate::auth::BotToken;

/// A bot that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBot {
    /// The name that others see.
    #[schema(
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "Weather"
    )]
    name: String,
}

/// A bot, without its token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Bot)]
pub(super) struct BotDocument {
    /// The bot's id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// The name that others see.
    #[schema(example = "Weather")]
    name: String,
    /// How its token begins.
    #[schema(example = "dtbot_Ab3xY9")]
    prefix: String,
    /// When it was made, in UTC milliseconds since 1970.
    created_at: i64,
    /// When it identified itself last, in UTC milliseconds since 1970, to the minute; null when it never did.
    #[schema(required = true)]
    last_used_at: Option<i64>,
}

/// A bot that has just been made.
#[derive(Serialize, ToSchema)]
#[schema(as = NewBotAnswer)]
pub(super) struct MadeBot {
    /// Goes into the `identify` frame. It cannot be had again.
    #[schema(example = "dtbot_kJ5p2N0vQmZ8rT1xYbWc3dEfGhIjKlMnOpQrStUvWxA")]
    token: String,
    /// What is known of the bot later.
    bot: BotDocument,
}

/// Make a bot.
///
/// The answer is the only one that holds its token. With it a program identifies over the WebSocket and reads, over HTTP, the
/// conversations that the bot takes part in; it opens nothing else.
#[utoipa::path(
    tag = "bots",
    request_body = NewBot,
    responses(
        (status = CREATED, description = "The bot is made; its token is shown this once", body = MadeBot),
        WriteProblems,
    )
)]
#[post("/bots")]
pub(super) async fn create_bot(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    body: Body<NewBot>,
) -> Result<HttpResponse, Problem> {
    let name = fields::line("name", &body.name)?;
    let token = BotToken::random().map_err(|error| Problem::internal(&error))?;
    let bot = Bot {
        id: UserId::new(),
        owner_id: caller.user_id,
        name,
        prefix: token.prefix(),
        created_at: edge.clock.now_ms(),
        last_used_at: None,
    };
    edge.storage
        .create_bot(bot.clone(), token.hash(), edge.limits.bots_max)
        .await?;
    tracing::info!(user_id = %caller.user_id, bot_id = %bot.id, "a bot was made");
    let event = caller.origin.did(AuditAction::BotCreated);
    edge.note(event.to(bot.id)).await;
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(MadeBot {
            token: token.to_text(),
            bot: bot.into(),
        }))
}

/// List one's own bots, oldest first; their tokens are not known any more.
#[utoipa::path(
    tag = "bots",
    responses((status = OK, description = "All of them", body = Page<BotDocument>), ReadProblems)
)]
#[get("/bots")]
pub(super) async fn list_bots(
    caller: Caller,
    edge: web::Data<Edge>,
) -> Result<web::Json<Page<BotDocument>>, Problem> {
    let bots = edge.storage.bots_of(caller.user_id).await?;
    Ok(web::Json(Page {
        items: bots.into_iter().map(BotDocument::from).collect(),
        next: None,
    }))
}

/// Delete a bot of one's own: its token opens nothing any more, its connections are closed, and what it wrote stays.
#[utoipa::path(
    tag = "bots",
    params(("bot" = Uuid, Path, description = "The bot's id")),
    responses((status = NO_CONTENT, description = "The bot is gone"), DeleteProblems)
)]
#[delete("/bots/{bot}")]
pub(super) async fn delete_bot(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<UserId>,
) -> Result<HttpResponse, Problem> {
    edge.storage.delete_bot(caller.user_id, *path).await?;
    edge.node.check_access(&[*path]);
    tracing::info!(user_id = %caller.user_id, bot_id = %*path, "a bot was deleted");
    let event = caller.origin.did(AuditAction::BotDeleted);
    edge.note(event.to(*path)).await;
    Ok(HttpResponse::NoContent().finish())
}

impl Edge {
    /// A bot of the person's own.
    pub(super) async fn own_bot(&self, owner: UserId, id: UserId) -> Result<Bot, Problem> {
        let found = self.storage.bots_among(&[id]).await?.into_iter().next();
        let own = found.filter(|bot| bot.owner_id == owner);
        own.ok_or_else(|| Problem::not_found("bot"))
    }

    /// Refuses bots that are not the person's own; nobody else may know that they exist.
    pub(super) async fn check_own_bots(
        &self,
        owner: UserId,
        bots: &[UserId],
    ) -> Result<(), Problem> {
        let found = self.storage.bots_among(bots).await?;
        let is_own = |id: &UserId| {
            found
                .iter()
                .any(|bot| bot.id == *id && bot.owner_id == owner)
        };
        match bots.iter().all(is_own) {
            true => Ok(()),
            false => Err(Problem::not_found("bot")),
        }
    }
}

impl From<Bot> for BotDocument {
    fn from(bot: Bot) -> Self {
        Self {
            id: bot.id,
            name: bot.name,
            prefix: bot.prefix,
            created_at: bot.created_at,
            last_used_at: bot.last_used_at,
        }
    }
}
