//! Who calls: the person of the access token, or a bot where it may read, checked before a handler runs.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use actors::{AuthenticationError, Identity};
use protocol::{ErrorCode, TokenFamilyId, UserId};

use super::Edge;
use super::audit::Origin;
use super::problem::Problem;
use crate::auth::{API_KEY_MARK, BOT_TOKEN_MARK, BotToken};

/// A person who is logged in.
#[derive(Debug)]
pub(super) struct Caller {
    /// The person's id.
    pub user_id: UserId,
    /// The log-in that the access token is of.
    pub log_in: TokenFamilyId,
    /// Who, and from where.
    pub origin: Origin,
}

/// A person who is logged in and may change something now; taking one counts against the person's quota.
#[derive(Debug)]
pub(super) struct WritingCaller(Caller);

impl Deref for WritingCaller {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

/// Whoever takes part in conversations: a person who is logged in, or a bot.
#[derive(Debug)]
pub(super) struct Participant {
    /// The person's id, or the bot's.
    pub user_id: UserId,
}

/// Whoever takes part in conversations and may change something now; taking one counts against the quota.
#[derive(Debug)]
pub(super) struct WritingParticipant {
    /// The person's id, or the bot's.
    pub user_id: UserId,
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let edge = web::Data::<Edge>::clone(Edge::of(request));
        let identity = bearer(request).and_then(|token| identify(&edge, token));
        let origin = Origin::of(request);
        Box::pin(async move {
            let identity = identity?;
            // A log-out or a deleted account ends an access token at once, not when it expires.
            let log_in = identity.family;
            let Some(used_at) = edge.storage.log_in_used_at(log_in).await? else {
                let detail = "this log-in has ended: log in again";
                return Err(Problem::new(ErrorCode::Unauthenticated, detail));
            };
            let now = edge.clock.now_ms();
            if let Err(error) = edge.storage.note_log_in_use(log_in, used_at, now).await {
                // Of use to its person, but no reason to turn the person away.
                tracing::warn!(%error, %log_in, "the use of a log-in could not be noted");
            }
            Ok(Self {
                user_id: identity.user_id,
                log_in,
                origin: origin.by(identity.user_id),
            })
        })
    }
}

impl FromRequest for WritingCaller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let edge = web::Data::<Edge>::clone(Edge::of(request));
        let caller = Caller::from_request(request, payload);
        Box::pin(async move {
            let caller = caller.await?;
            edge.rate_limits.check_write(caller.user_id)?;
            Ok(Self(caller))
        })
    }
}

impl FromRequest for Participant {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let edge = web::Data::<Edge>::clone(Edge::of(request));
        let bot = match bearer(request) {
            Ok(text) if text.starts_with(BOT_TOKEN_MARK) => Some(text.parse::<BotToken>()),
            // Caller says what is wrong.
            Ok(_) | Err(_) => None,
        };
        let logged_in = bot
            .is_none()
            .then(|| Caller::from_request(request, payload));
        Box::pin(async move {
            let user_id = match (bot, logged_in) {
                (Some(Ok(token)), _) => {
                    let bot = edge.storage.bot_by_token(&token.hash()).await?;
                    bot.ok_or_else(no_bot)?.id
                }
                (None, Some(caller)) => caller.await?.user_id,
                _ => return Err(no_bot()),
            };
            Ok(Self { user_id })
        })
    }
}

impl FromRequest for WritingParticipant {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let edge = web::Data::<Edge>::clone(Edge::of(request));
        let participant = Participant::from_request(request, payload);
        Box::pin(async move {
            let Participant { user_id } = participant.await?;
            edge.rate_limits.check_write(user_id)?;
            Ok(Self { user_id })
        })
    }
}

fn no_bot() -> Problem {
    let detail = "the bot's token is not valid: the bot was deleted, or never made";
    Problem::new(ErrorCode::Unauthenticated, detail)
}

fn identify(edge: &Edge, token: &str) -> Result<Identity, Problem> {
    if token.starts_with(BOT_TOKEN_MARK) {
        let detail = "a bot reads its conversations and uploads what it sends, and nothing else: this takes the access token of a log-in";
        return Err(Problem::new(ErrorCode::Unauthenticated, detail));
    }
    if token.starts_with(API_KEY_MARK) {
        let detail = "an API key opens /v1 only: this takes the access token of a log-in";
        return Err(Problem::new(ErrorCode::Unauthenticated, detail));
    }
    edge.accounts
        .access_tokens()
        .verify(token)
        .map_err(|error| {
            let code = match error {
                AuthenticationError::Invalid => ErrorCode::Unauthenticated,
                AuthenticationError::Expired => ErrorCode::TokenExpired,
            };
            Problem::new(code, error.to_string())
        })
}

/// The token of the only `Authorization` header.
pub(super) fn bearer(request: &HttpRequest) -> Result<&str, Problem> {
    let missing = || {
        let detail = "an access token is needed, as `Authorization: Bearer TOKEN`";
        Problem::new(ErrorCode::Unauthenticated, detail)
    };
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return Err(missing());
    };
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(missing)?;
    match scheme.eq_ignore_ascii_case("bearer") {
        true => Ok(token.trim_start()),
        false => Err(missing()),
    }
}
