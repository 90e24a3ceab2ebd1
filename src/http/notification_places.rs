//! `/api/v1/me/…`: where and how a person is told of what the person has not seen.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, delete, get, put, web};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use protocol::{NotificationTargetId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::{
    NotificationSettings, NotificationTarget, NotifyLevel, QuietHours, TargetKind, TargetSort,
};
use utoipa::ToSchema;

use super::Edge;
use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::limits::NOTIFICATION_PLACES_MAX;
use super::notifications::Level;
use super::paging::Page;
use super::problem::Problem;
use super::responses::{DeleteProblems, ReadProblems, WriteProblems};
use crate::delivery::{AUTH_BYTES, is_public_key, is_time_zone};

/// Random bytes of the key that a webhook's calls are signed with.
const WEBHOOK_KEY_BYTES: usize = 32;

/// How one is told.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsDocument {
    /// What one is told of conversations that say nothing else. Null: everything between two, and in rooms what names one or
    /// answers one's message.
    level: Option<Level>,
    /// When nothing is sent; what comes then is sent at its end. Null for never.
    quiet_hours: Option<QuietDocument>,
    /// Whether what is sent may name who wrote and where. The text is never sent.
    names_shown: bool,
}

/// A time of day.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuietDocument {
    /// From when on, as hours and minutes.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "22:00")]
    from: String,
    /// Until when; earlier than `from` when the night lies between.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "07:30")]
    until: String,
    /// The time zone, by its IANA name.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    time_zone: String,
}

/// How one is told, and what a browser subscribes with.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettingsAnswer {
    /// What one is told of conversations that say nothing else.
    #[schema(required = true)]
    level: Option<Level>,
    /// When nothing is sent.
    #[schema(required = true)]
    quiet_hours: Option<QuietDocument>,
    /// Whether what is sent may name who wrote and where.
    names_shown: bool,
    /// The `applicationServerKey` of `PushManager.subscribe`.
    vapid_public_key: String,
}

/// A browser's subscription, as `PushSubscription.toJSON` gives it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubscriptionRequest {
    /// The address at the browser's push service.
    #[schema(max_length = 2_000, example = "https://push.example.com/send/f8a1")]
    endpoint: String,
    /// Not used: a subscription that has ended says so.
    #[serde(rename = "expirationTime", default)]
    #[schema(value_type = Option<f64>)]
    _expiration_time: Option<Value>,
    /// What encrypts for the browser.
    keys: SubscriptionKeys,
}

/// What encrypts for a browser.
#[derive(Deserialize, ToSchema)]
pub(super) struct SubscriptionKeys {
    /// The public key: a point on P-256 in base64url.
    #[schema(min_length = 87, max_length = 88)]
    p256dh: String,
    /// The shared secret: 16 bytes in base64url.
    #[schema(min_length = 22, max_length = 24)]
    auth: String,
}

/// A place where one is told, without its secrets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationPlace)]
pub(super) struct PlaceDocument {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: NotificationTargetId,
    /// The address.
    url: String,
    /// When it was made, in UTC milliseconds since 1970.
    created_at: i64,
    /// When something was sent there last, in UTC milliseconds since 1970; null when nothing was.
    #[schema(required = true)]
    told_at: Option<i64>,
    /// Times in a row that it failed.
    failures: u64,
}

/// A webhook that is to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookRequest {
    /// The address, by HTTPS and of the public internet.
    #[schema(max_length = 2_000, example = "https://example.com/hook")]
    url: String,
}

/// A webhook that was just set.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookAnswer {
    /// What its calls are signed with (standardwebhooks.com). It cannot be had again.
    #[schema(example = "whsec_q1dXpw3UpT5VOmu/cf/v6ih07Aems3njxI+JWgLcM94=")]
    secret: String,
    /// What is known of it later.
    webhook: PlaceDocument,
}

/// Read how one is told of what one has not seen.
#[utoipa::path(
    tag = "notifications",
    responses((status = OK, description = "How one is told", body = SettingsAnswer), ReadProblems)
)]
#[get("/me/notification-settings")]
pub(super) async fn read_settings(
    caller: Caller,
    edge: web::Data<Edge>,
) -> Result<web::Json<SettingsAnswer>, Problem> {
    let settings = edge.storage.notification_settings(caller.user_id).await?;
    Ok(web::Json(SettingsAnswer {
        level: settings.level.map(Level::from),
        quiet_hours: settings.quiet.map(QuietDocument::from),
        names_shown: settings.names_shown,
        vapid_public_key: edge.delivery.vapid().public().to_owned(),
    }))
}

/// Say how one is to be told of what one has not seen.
#[utoipa::path(
    tag = "notifications",
    request_body = SettingsDocument,
    responses((status = OK, description = "How one is told from now on", body = SettingsDocument), WriteProblems)
)]
#[put("/me/notification-settings")]
pub(super) async fn set_settings(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    body: Body<SettingsDocument>,
) -> Result<web::Json<SettingsDocument>, Problem> {
    let settings = NotificationSettings {
        level: body.level.map(NotifyLevel::from),
        quiet: body.quiet_hours.as_ref().map(quiet_hours).transpose()?,
        names_shown: body.names_shown,
    };
    edge.storage
        .set_notification_settings(caller.user_id, settings)
        .await?;
    Ok(web::Json(body.into_inner()))
}

/// List the browsers that one is told in.
#[utoipa::path(
    tag = "notifications",
    responses((status = OK, description = "All of them, oldest first", body = Page<PlaceDocument>), ReadProblems)
)]
#[get("/me/push-subscriptions")]
pub(super) async fn list_subscriptions(
    caller: Caller,
    edge: web::Data<Edge>,
) -> Result<web::Json<Page<PlaceDocument>>, Problem> {
    let places = edge
        .storage
        .notification_targets_of(caller.user_id, TargetSort::Push)
        .await?;
    Ok(web::Json(Page {
        items: places.into_iter().map(PlaceDocument::from).collect(),
        next: None,
    }))
}

/// Have oneself told in a browser by web push, for as long as the log-in is not ended. The same subscription again changes nothing
/// but its keys and its log-in.
#[utoipa::path(
    tag = "notifications",
    request_body = SubscriptionRequest,
    responses((status = OK, description = "The subscription is kept", body = PlaceDocument), WriteProblems)
)]
#[put("/me/push-subscriptions")]
pub(super) async fn put_subscription(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    body: Body<SubscriptionRequest>,
) -> Result<web::Json<PlaceDocument>, Problem> {
    edge.check_address("endpoint", &body.endpoint)?;
    let public_key = decoded(&body.keys.p256dh).filter(|bytes| is_public_key(bytes));
    let public_key = public_key.ok_or_else(|| {
        Problem::invalid(
            "keys.p256dh",
            "must be a point on P-256: 65 bytes in base64url",
        )
    })?;
    let secret = decoded(&body.keys.auth).filter(|bytes| bytes.len() == AUTH_BYTES);
    let secret =
        secret.ok_or_else(|| Problem::invalid("keys.auth", "must be 16 bytes in base64url"))?;
    let target = NotificationTarget {
        id: NotificationTargetId::new(),
        user_id: caller.user_id,
        url: body.endpoint.clone(),
        kind: TargetKind::Push { public_key },
        secret,
        created_at: edge.clock.now_ms(),
        told_at: None,
        failures: 0,
        log_in: Some(caller.log_in),
    };
    let kept = edge
        .storage
        .put_notification_target(target, NOTIFICATION_PLACES_MAX)
        .await?;
    Ok(web::Json(kept.into()))
}

/// Be told in a browser no more.
#[utoipa::path(
    tag = "notifications",
    params(("subscription" = Uuid, Path, description = "The subscription's id")),
    responses((status = NO_CONTENT, description = "The subscription is forgotten"), DeleteProblems)
)]
#[delete("/me/push-subscriptions/{subscription}")]
pub(super) async fn delete_subscription(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<NotificationTargetId>,
) -> Result<HttpResponse, Problem> {
    edge.storage
        .delete_notification_target(caller.user_id, TargetSort::Push, *path)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Read one's webhook.
#[utoipa::path(
    tag = "notifications",
    responses((status = OK, description = "The webhook, without what its calls are signed with", body = PlaceDocument), ReadProblems)
)]
#[get("/me/webhook")]
pub(super) async fn read_webhook(
    caller: Caller,
    edge: web::Data<Edge>,
) -> Result<web::Json<PlaceDocument>, Problem> {
    let webhook = edge.webhook_of(caller.user_id).await?;
    Ok(web::Json(webhook.into()))
}

/// Have oneself told by calls to a webhook; one that was set before is forgotten.
///
/// The answer is the only one that holds what the calls are signed with.
#[utoipa::path(
    tag = "notifications",
    request_body = WebhookRequest,
    responses((status = OK, description = "The webhook is set", body = WebhookAnswer), WriteProblems)
)]
#[put("/me/webhook")]
pub(super) async fn put_webhook(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    body: Body<WebhookRequest>,
) -> Result<HttpResponse, Problem> {
    edge.check_address("url", &body.url)?;
    let mut secret = vec![0; WEBHOOK_KEY_BYTES];
    getrandom::fill(&mut secret).map_err(|error| Problem::internal(&error))?;
    let target = NotificationTarget {
        id: NotificationTargetId::new(),
        user_id: caller.user_id,
        url: body.url.clone(),
        kind: TargetKind::Webhook,
        secret: secret.clone(),
        created_at: edge.clock.now_ms(),
        told_at: None,
        failures: 0,
        log_in: None,
    };
    // One more than there may be of browsers, so that there is always room for the one webhook.
    let kept = edge
        .storage
        .put_notification_target(target, NOTIFICATION_PLACES_MAX + 1)
        .await?;
    edge.storage
        .delete_other_notification_targets(caller.user_id, TargetSort::Webhook, kept.id)
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(WebhookAnswer {
            secret: format!("whsec_{}", STANDARD.encode(secret)),
            webhook: kept.into(),
        }))
}

/// Be told by a webhook no more.
#[utoipa::path(
    tag = "notifications",
    responses((status = NO_CONTENT, description = "The webhook is forgotten"), DeleteProblems)
)]
#[delete("/me/webhook")]
pub(super) async fn delete_webhook(
    caller: WritingCaller,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, Problem> {
    let user_id = caller.user_id;
    let webhook = edge.webhook_of(user_id).await?;
    edge.storage
        .delete_notification_target(user_id, TargetSort::Webhook, webhook.id)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

impl Edge {
    async fn webhook_of(&self, user: UserId) -> Result<NotificationTarget, Problem> {
        let webhooks = self
            .storage
            .notification_targets_of(user, TargetSort::Webhook)
            .await?;
        let newest = webhooks.into_iter().next_back();
        newest.ok_or_else(|| Problem::not_found("webhook"))
    }

    fn check_address(&self, field: &str, url: &str) -> Result<(), Problem> {
        let checked = self.delivery.outbound().check(url);
        checked.map_err(|error| Problem::invalid(field, &error.to_string()))
    }
}

/// Bytes in base64url, with or without padding.
fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

fn quiet_hours(document: &QuietDocument) -> Result<QuietHours, Problem> {
    if !is_time_zone(&document.time_zone) {
        let reason = "must be the IANA name of a time zone, such as Europe/Berlin";
        return Err(Problem::invalid("quiet_hours.time_zone", reason));
    }
    Ok(QuietHours {
        from: minutes("quiet_hours.from", &document.from)?,
        until: minutes("quiet_hours.until", &document.until)?,
        time_zone: document.time_zone.clone(),
    })
}

/// The minutes after midnight of a time such as 22:30.
fn minutes(field: &str, text: &str) -> Result<u32, Problem> {
    let read = |text: &str, below: u32| {
        let is_two_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: Option<u32> = is_two_digits.then(|| text.parse().ok()).flatten();
        number.filter(|number| *number < below)
    };
    let time = text
        .split_once(':')
        .and_then(|(hours, minutes)| Some(read(hours, 24)? * 60 + read(minutes, 60)?));
    time.ok_or_else(|| Problem::invalid(field, "must be a time such as 22:30"))
}

impl From<QuietHours> for QuietDocument {
    fn from(quiet: QuietHours) -> Self {
        let time = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        Self {
            from: time(quiet.from),
            until: time(quiet.until),
            time_zone: quiet.time_zone,
        }
    }
}

impl From<NotificationTarget> for PlaceDocument {
    fn from(target: NotificationTarget) -> Self {
        Self {
            id: target.id,
            url: target.url,
            created_at: target.created_at,
            told_at: target.told_at,
            failures: target.failures,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_have_hours_and_minutes() {
        assert_eq!(minutes("from", "00:00").unwrap(), 0);
        assert_eq!(minutes("from", "23:59").unwrap(), 24 * 60 - 1);
        for text in [
            "", "7:30", "24:00", "12:60", "12:3", "+1:30", "12-30", "12:30:00",
        ] {
            assert!(minutes("from", text).is_err(), "{text}");
        }
    }
}
