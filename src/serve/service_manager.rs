//! What a service manager such as systemd is told: that the server serves, that it lives, and that it stops.

use actix_web::rt::time::interval;
use sd_notify::NotifyState;

/// Says that the server serves, and from now on that it lives, as often as the service manager wishes.
pub(super) fn serving() {
    tell(NotifyState::Ready);
    if let Some(patience) = sd_notify::watchdog_enabled() {
        actix_web::rt::spawn(async move {
            let mut ticks = interval(patience / 2);
            loop {
                ticks.tick().await;
                tell(NotifyState::Watchdog);
            }
        });
    }
}

/// Says that the server stops.
pub(super) fn stopping() {
    tell(NotifyState::Stopping);
}

/// Without a service manager nobody is told.
fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
