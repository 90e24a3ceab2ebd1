//! Telling people of what they have not seen, where they wish: web push to browsers, signed calls to webhooks.
//!
//! 1. A place that is due is claimed, so that no other node sends to it too ([`Storage::claim_notification_target`]).
//! 2. In the quiet hours of its person it waits for their end. Otherwise everything that waits becomes one body (`body.rs`),
//!    which never holds a text.
//! 3. It is sent to an address that may be called (`outbound.rs`), encrypted (`web_push.rs`) or signed (`webhook.rs`).
//! 4. A place that fails is tried again later and later, and forgotten when it is gone or has failed too often.

mod body;
pub mod metrics;
mod outbound;
mod quiet_hours;
mod vapid;
mod web_push;
mod webhook;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::interval;
use futures::stream::{self, StreamExt};
use protocol::NotificationTargetId;
use storage::{ClaimedTarget, Storage, StorageError, TargetKind};

use crate::clock::{Clock, as_millis};
use body::Body;
pub use outbound::{NotCalled, Outbound};
pub use quiet_hours::{is_time_zone, quiet_until};
pub use vapid::{VapidError, VapidKey, vapid_key};
pub(crate) use web_push::{AUTH_BYTES, is_public_key};

/// How often is looked for places that are due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Places that are taken up in one look; more wait for the next.
const PLACES_MAX: u32 = 64;

/// Places that are sent to at once: each holds a connection.
const AT_ONCE_MAX: usize = 16;

/// How long a place is ours: far longer than a call may take.
const LEASE: Duration = Duration::from_secs(60);

/// The wait after a first failure; each further one is twice as long.
const BACK_OFF_MIN: Duration = Duration::from_secs(15);

/// The longest wait after a failure.
const BACK_OFF_MAX: Duration = Duration::from_secs(6 * 60 * 60);

/// Failures in a row after which a place is forgotten: with the waits between them, some days.
const FAILURES_MAX: u64 = 20;

/// Sends what is due. Clones share everything.
#[derive(Clone, Debug)]
pub struct Delivery {
    parts: Arc<DeliveryParts>,
}

/// What a delivery is built from.
#[derive(Debug)]
pub struct DeliveryParts {
    /// The database.
    pub storage: Storage,
    /// What time it is.
    pub clock: Clock,
    /// Makes the calls.
    pub outbound: Outbound,
    /// Says who we are to push services.
    pub vapid: VapidKey,
    /// The shortest time between two calls to one place.
    pub gap: Duration,
}

impl Delivery {
    /// Puts the parts together.
    pub fn new(parts: DeliveryParts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// The public key that browsers subscribe with.
    pub fn vapid(&self) -> &VapidKey {
        &self.parts.vapid
    }

    /// Whether addresses of private networks may be called.
    pub fn outbound(&self) -> &Outbound {
        &self.parts.outbound
    }

    /// Sends what is due, for as long as the handle is not aborted.
    pub fn start(&self) -> JoinHandle<()> {
        let delivery = self.clone();
        actix_web::rt::spawn(async move {
            let mut tick = interval(LOOK_EVERY);
            loop {
                tick.tick().await;
                if let Err(error) = delivery.look().await {
                    tracing::warn!(%error, "places to notify cannot be looked for");
                }
            }
        })
    }

    /// Sends to every place that is due now.
    async fn look(&self) -> Result<(), StorageError> {
        let now = self.parts.clock.now_ms();
        let due = self.parts.storage.due_notification_targets(now, PLACES_MAX);
        stream::iter(due.await?)
            .for_each_concurrent(AT_ONCE_MAX, |place| async move {
                if let Err(error) = self.send_to(place).await {
                    // The lease runs out, and it is tried again.
                    tracing::warn!(%error, %place, "a place to notify is left for later");
                }
            })
            .await;
        Ok(())
    }

    async fn send_to(&self, place: NotificationTargetId) -> Result<(), StorageError> {
        let (storage, now) = (&self.parts.storage, self.parts.clock.now_ms());
        let lease_until = now + as_millis(LEASE);
        let claimed = storage
            .claim_notification_target(place, now, lease_until)
            .await?;
        let Some(claimed) = claimed else {
            return Ok(());
        };
        let target = &claimed.target;
        let settings = storage.notification_settings(target.user_id).await?;
        let quiet = settings.quiet.as_ref();
        if let Some(end) = quiet.and_then(|quiet| quiet_until(quiet, now)) {
            return storage
                .postpone_notification_target(&claimed, end, false)
                .await;
        }
        let after_gap = target.told_at.map(|told| told + as_millis(self.parts.gap));
        if let Some(next) = after_gap.filter(|next| *next > now) {
            return storage
                .postpone_notification_target(&claimed, next, false)
                .await;
        }
        let waiting = storage.waiting_notifications(&claimed).await?;
        let Some(newest) = waiting.first().map(|waiting| waiting.id) else {
            return storage.nothing_for_notification_target(&claimed, now).await;
        };
        let body = match settings.names_shown {
            false => Body::bare(&waiting),
            true => Body::named(&waiting, storage).await?,
        };
        let began = Instant::now();
        let outcome = self.call(&claimed, &body, now).await;
        metrics::called(&target.kind, &outcome, began.elapsed());
        match outcome {
            Ok(()) => {
                let next = now + as_millis(self.parts.gap);
                storage
                    .told_notification_target(&claimed, newest, now, next)
                    .await
            }
            Err(error) => self.failed(&claimed, &error, now).await,
        }
    }

    async fn call(&self, claimed: &ClaimedTarget, body: &Body, now: i64) -> Result<(), NotCalled> {
        let target = &claimed.target;
        let call = match &target.kind {
            TargetKind::Push { public_key } => {
                web_push::call(&self.parts.vapid, target, public_key, body, now)?
            }
            TargetKind::Webhook => webhook::call(target, body, now)?,
        };
        self.parts.outbound.send(call).await
    }

    async fn failed(
        &self,
        claimed: &ClaimedTarget,
        error: &NotCalled,
        now: i64,
    ) -> Result<(), StorageError> {
        let (storage, target) = (&self.parts.storage, &claimed.target);
        let failures = target.failures + 1;
        tracing::info!(place = %target.id, failures, %error, "a place could not be notified");
        if matches!(error, NotCalled::Gone) || failures >= FAILURES_MAX {
            metrics::given_up(&target.kind);
            return storage.give_notification_target_up(claimed).await;
        }
        let wait = as_millis(back_off(target.failures));
        storage
            .postpone_notification_target(claimed, now + wait, true)
            .await
    }
}

/// How long to wait after so many failures before this one.
fn back_off(failures: u64) -> Duration {
    let doublings = u32::try_from(failures).unwrap_or(u32::MAX).min(31);
    BACK_OFF_MIN
        .saturating_mul(1 << doublings)
        .min(BACK_OFF_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_limit() {
        let waits: Vec<u64> = (0..4)
            .map(|failures| back_off(failures).as_secs())
            .collect();
        assert_eq!(waits, [15, 30, 60, 120]);
        assert_eq!(back_off(u64::MAX), BACK_OFF_MAX);
        let all: Duration = (0..FAILURES_MAX - 1).map(back_off).sum();
        assert!(all > Duration::from_secs(2 * 24 * 60 * 60), "{all:?}");
    }
}
