//! `/api/v1/auth`: registering, logging in, staying logged in, logging out.

use std::net::IpAddr;

use actix_web::http::header::{CACHE_CONTROL, LOCATION, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, post, web};
use protocol::ErrorCode;
use serde::{Deserialize, Serialize};
use storage::{AuditAction, Device};
use utoipa::ToSchema;

use super::audit::Origin;
use super::client_address::client_address;
use super::json::Body;
use super::me::Person;
use super::metrics::{self, LogInOutcome};
use super::problem::Problem;
use super::responses::{LogInProblems, PasswordProblems, PublicProblems};
use super::{Edge, fields};
use crate::auth::{AccountError, Granted, NewAccount, RefreshToken, device};

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    /// The e-mail address; each has one account, whatever the case.
    #[schema(
        max_length = 254,
        pattern = "^[!-?A-~]+@[!-?A-~]+$",
        example = "ada@example.com"
    )]
    email: String,
    /// The name that others see.
    #[schema(
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "Ada"
    )]
    name: String,
    /// The password: 8 to 256 characters.
    #[schema(min_length = 8, max_length = 256, format = Password, example = "correct horse battery staple")]
    password: String,
}

/// Who wants in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    /// The e-mail address.
    #[schema(
        max_length = 254,
        pattern = "^[!-?A-~]+@[!-?A-~]+$",
        example = "ada@example.com"
    )]
    email: String,
    /// The password.
    #[schema(max_length = 256, format = Password, example = "correct horse battery staple")]
    password: String,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    /// The newest refresh token of the log-in.
    #[schema(
        min_length = 43,
        max_length = 43,
        example = "kJ5p2N0vQmZ8rT1xYbWc3dEfGhIjKlMnOpQrStUvWxA"
    )]
    refresh_token: String,
}

/// What a log-in or a refresh hands out.
#[derive(Serialize, ToSchema)]
pub(super) struct LoggedIn {
    /// Goes into `Authorization: Bearer …` and into the `identify` frame.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 3600)]
    expires_in: u64,
    /// Buys the next pair of tokens, once.
    refresh_token: String,
    /// Who is logged in.
    user: Person,
}

/// Register: makes an account and logs it in.
#[utoipa::path(
    tag = "auth",
    request_body = Registration,
    responses(
        (status = CREATED, description = "The account is made and logged in", body = LoggedIn,
            headers(("Location" = String, description = "The account"))),
        PublicProblems,
    ),
    security(()),
)]
#[post("/auth/register")]
pub(super) async fn register(
    request: HttpRequest,
    edge: web::Data<Edge>,
    body: Body<Registration>,
) -> Result<HttpResponse, Problem> {
    edge.rate_limits.check_register(peer(&request, &edge))?;
    let Registration {
        email,
        name,
        password,
    } = body.into_inner();
    let account = NewAccount {
        email: fields::email(&email)?,
        name: fields::line("name", &name)?,
        password: fields::new_password("password", password)?,
    };
    let granted = edge.accounts.register(account, device_of(&request)).await?;
    tracing::info!(user_id = %granted.user.id, "registered");
    let origin = Origin::of(&request).by(granted.user.id);
    edge.note(origin.did(AuditAction::Registered).to(granted.family))
        .await;
    let mut response = HttpResponse::Created();
    response.insert_header((LOCATION, "/api/v1/me"));
    Ok(logged_in(response, granted))
}

/// Log in.
#[utoipa::path(
    tag = "auth",
    request_body = LogIn,
    responses((status = OK, description = "Logged in", body = LoggedIn), PasswordProblems),
    security(()),
)]
#[post("/auth/login")]
pub(super) async fn log_in(
    request: HttpRequest,
    edge: web::Data<Edge>,
    body: Body<LogIn>,
) -> Result<HttpResponse, Problem> {
    let LogIn { email, password } = body.into_inner();
    edge.rate_limits
        .check_log_in(peer(&request, &edge), &email)?;
    let email = fields::email(&email)?;
    let password = fields::claimed_password("password", password)?;
    let device = device_of(&request);
    let outcome = edge.accounts.log_in(&email, password, device).await;
    metrics::log_in_ended(match &outcome {
        Ok(_) => LogInOutcome::Granted,
        Err(AccountError::WrongCredentials { .. } | AccountError::Disabled { .. }) => {
            LogInOutcome::Refused
        }
        Err(_) => LogInOutcome::Failed,
    });
    note_log_in(&edge, Origin::of(&request), &outcome).await;
    Ok(logged_in(HttpResponse::Ok(), outcome?))
}

/// Refresh: exchanges a refresh token for a new pair of tokens.
///
/// The same token may be sent again for 30 seconds, and gets the same successor; later that ends the whole log-in.
#[utoipa::path(
    tag = "auth",
    request_body = Refresh,
    responses((status = OK, description = "A new pair of tokens", body = LoggedIn), LogInProblems),
    security(()),
)]
#[post("/auth/refresh")]
pub(super) async fn refresh(
    request: HttpRequest,
    edge: web::Data<Edge>,
    body: Body<Refresh>,
) -> Result<HttpResponse, Problem> {
    edge.rate_limits.check_refresh(peer(&request, &edge))?;
    let token = refresh_token(&body)?;
    let outcome = edge.accounts.refresh(&token).await;
    if let Err(AccountError::RefreshReused { user_id, family }) = &outcome {
        // Whoever sent it is not known to be the person.
        let event = Origin::of(&request).did(AuditAction::RefreshReused);
        edge.note(event.to(*user_id).within(*family)).await;
        edge.node.check_access(&[*user_id]);
    }
    Ok(logged_in(HttpResponse::Ok(), outcome?))
}

/// Log out: ends the log-in with all its tokens.
#[utoipa::path(
    tag = "auth",
    request_body = Refresh,
    responses((status = NO_CONTENT, description = "Logged out"), LogInProblems),
    security(()),
)]
#[post("/auth/logout")]
pub(super) async fn log_out(
    request: HttpRequest,
    edge: web::Data<Edge>,
    body: Body<Refresh>,
) -> Result<HttpResponse, Problem> {
    edge.rate_limits.check_refresh(peer(&request, &edge))?;
    let token = refresh_token(&body)?;
    if let Some((user, family)) = edge.accounts.log_out(&token).await? {
        edge.node.check_access(&[user]);
        let origin = Origin::of(&request).by(user);
        edge.note(origin.did(AuditAction::LoggedOut).to(family))
            .await;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Notes how a log-in ended.
async fn note_log_in(edge: &Edge, origin: Origin, outcome: &Result<Granted, AccountError>) {
    let event = match outcome {
        Ok(granted) => {
            let origin = origin.by(granted.user.id);
            origin.did(AuditAction::LoggedIn).to(granted.family)
        }
        Err(AccountError::WrongCredentials { account: None }) => {
            origin.did(AuditAction::LogInFailed)
        }
        Err(
            AccountError::WrongCredentials {
                account: Some(account),
            }
            | AccountError::Disabled { account },
        ) => origin.did(AuditAction::LogInFailed).to(*account),
        Err(_) => return,
    };
    edge.note(event).await;
}

fn refresh_token(body: &Refresh) -> Result<RefreshToken, Problem> {
    body.refresh_token.parse().map_err(|_| {
        let detail = "the refresh token is not valid: log in again";
        Problem::new(ErrorCode::Unauthenticated, detail)
    })
}

/// Whom the request counts against.
fn peer(request: &HttpRequest, edge: &Edge) -> Option<IpAddr> {
    client_address(request, &edge.trusted_proxies)
}

/// What the person says to log in with.
fn device_of(request: &HttpRequest) -> Device {
    let said = request.headers().get(USER_AGENT);
    device(said.and_then(|said| said.to_str().ok()).unwrap_or_default())
}

fn logged_in(mut response: actix_web::HttpResponseBuilder, granted: Granted) -> HttpResponse {
    // RFC 6749, section 5.1: what holds a token is not for caches.
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(LoggedIn {
            access_token: granted.access_token,
            token_type: "Bearer",
            expires_in: granted.access_token_lifetime.as_secs(),
            refresh_token: granted.refresh_token.to_text(),
            user: Person::from(granted.user),
        })
}
