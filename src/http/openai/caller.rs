//! Who calls `/v1`: the account of an API key, or a person who is logged in.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use protocol::{ErrorCode, UserId};

use super::super::Edge;
use super::super::caller::{Caller, bearer};
use super::super::problem::Problem;
use crate::auth::{API_KEY_MARK, ApiKeySecret};

/// An account that may call; taking one counts against its quota.
#[derive(Debug)]
pub(super) struct ApiCaller {
    /// The account.
    pub(super) user_id: UserId,
}

impl FromRequest for ApiCaller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let edge = web::Data::<Edge>::clone(Edge::of(request));
        let key = match bearer(request) {
            Ok(text) if text.starts_with(API_KEY_MARK) => Some(text.parse::<ApiKeySecret>()),
            // Caller says what is wrong.
            Ok(_) | Err(_) => None,
        };
        let logged_in = key
            .is_none()
            .then(|| Caller::from_request(request, payload));
        Box::pin(async move {
            let user_id = match (key, logged_in) {
                (Some(Ok(key)), _) => owner_of(&edge, &key).await?,
                (None, Some(caller)) => caller.await?.user_id,
                _ => return Err(useless()),
            };
            edge.rate_limits.check_api(user_id)?;
            Ok(Self { user_id })
        })
    }
}

async fn owner_of(edge: &Edge, secret: &ApiKeySecret) -> Result<UserId, Problem> {
    let key = edge.storage.api_key(&secret.hash()).await?;
    let key = key.ok_or_else(useless)?;
    let now = edge.clock.now_ms();
    if key.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(Problem::new(
            ErrorCode::TokenExpired,
            "the API key has expired: make another one",
        ));
    }
    if let Err(error) = edge.storage.note_api_key_use(&key, now).await {
        // Of use to its owner, but no reason to turn the program away.
        tracing::warn!(%error, key_id = %key.id, "the use of an API key could not be noted");
    }
    Ok(key.user_id)
}

fn useless() -> Problem {
    let detail = "the API key is not valid: it was revoked, or never given out";
    Problem::new(ErrorCode::Unauthenticated, detail)
}
