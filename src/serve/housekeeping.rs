//! What a running server does beside its requests: reading documents, telling people what they have missed, forgetting what nobody needs any
//! more, deleting files, and indexing what was said.

use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::{interval, sleep};
use actix_web::web;

use crate::backup;
use crate::clock::as_millis;
use crate::http::Edge;

/// How often full token buckets are forgotten: each is some hundred bytes.
const BUCKETS_EVERY: Duration = Duration::from_secs(60);

/// How often expired refresh tokens are forgotten.
const REFRESH_EVERY: Duration = Duration::from_secs(60 * 60);

/// How often rows of the audit log are forgotten that are too old.
const AUDIT_EVERY: Duration = Duration::from_secs(60 * 60);

/// How often notifications are forgotten that were read or are too old.
const NOTIFICATIONS_EVERY: Duration = Duration::from_secs(60 * 60);

/// How often uploads are forgotten that nobody sent, and files looked for that another process was to delete.
const UPLOADS_EVERY: Duration = Duration::from_secs(10 * 60);

/// How often it is looked which backups there are: another process takes them.
const BACKUPS_EVERY: Duration = Duration::from_secs(30);

/// How often it is looked whether something was deleted that the database's files may still have.
const SCRUB_EVERY: Duration = Duration::from_secs(60);

/// How long a scrub is followed by none, in times of what it took: nobody can write meanwhile.
const SCRUB_REST: u32 = 100;

/// How long it rests when it failed: there may be no room for it.
const SCRUB_REST_AFTER_FAILURE: Duration = Duration::from_secs(10 * 60);

/// How long an expired refresh token is remembered, so that its owner is told that it has expired.
const REFRESH_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Starts the tasks; they end when their handles are aborted or the server's thread ends.
pub(super) fn start(edge: &web::Data<Edge>) -> Vec<JoinHandle<()>> {
    vec![
        actix_web::rt::spawn(forget_buckets(edge.clone())),
        actix_web::rt::spawn(forget_refresh_tokens(edge.clone())),
        actix_web::rt::spawn(forget_audit(edge.clone())),
        actix_web::rt::spawn(keep_index(edge.clone())),
        actix_web::rt::spawn(forget_notifications(edge.clone())),
        actix_web::rt::spawn(sweep_files(edge.clone())),
        actix_web::rt::spawn(scrub(edge.clone())),
        actix_web::rt::spawn(tell_of_backups(edge.clone())),
        edge.delivery.start(),
        edge.ingest.start(),
    ]
}

async fn forget_buckets(edge: web::Data<Edge>) {
    let mut tick = interval(BUCKETS_EVERY);
    loop {
        tick.tick().await;
        edge.rate_limits.forget_full();
    }
}

async fn keep_index(edge: web::Data<Edge>) {
    edge.storage.keep_index().await;
}

async fn forget_refresh_tokens(edge: web::Data<Edge>) {
    let mut tick = interval(REFRESH_EVERY);
    loop {
        tick.tick().await;
        let before = edge.clock.now_ms() - as_millis(REFRESH_KEPT);
        match edge.storage.forget_refresh_before(before).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "forgot expired refresh tokens"),
            Err(error) => tracing::warn!(%error, "expired refresh tokens could not be forgotten"),
        }
    }
}

async fn forget_audit(edge: web::Data<Edge>) {
    let mut tick = interval(AUDIT_EVERY);
    loop {
        tick.tick().await;
        let before = edge.clock.now_ms() - as_millis(edge.audit_kept);
        loop {
            match edge.storage.forget_audit_before(before).await {
                Ok(0) => break,
                Ok(forgotten) => tracing::info!(forgotten, "forgot rows of the audit log"),
                Err(error) => {
                    tracing::warn!(%error, "old rows of the audit log could not be forgotten");
                    break;
                }
            }
        }
    }
}

async fn forget_notifications(edge: web::Data<Edge>) {
    let mut tick = interval(NOTIFICATIONS_EVERY);
    loop {
        tick.tick().await;
        match edge.storage.forget_notifications(edge.clock.now_ms()).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "forgot notifications"),
            Err(error) => tracing::warn!(%error, "notifications could not be forgotten"),
        }
    }
}

async fn tell_of_backups(edge: web::Data<Edge>) {
    let mut tick = interval(BACKUPS_EVERY);
    loop {
        tick.tick().await;
        match edge.storage.backups().await {
            Ok(backups) => backup::metrics::there_are(&backups),
            Err(error) => tracing::warn!(%error, "it cannot be told which backups there are"),
        }
    }
}

/// Deletes files as soon as nothing refers to them any more.
async fn sweep_files(edge: web::Data<Edge>) {
    loop {
        let now = edge.clock.now_ms();
        if let Err(error) = edge.storage.let_old_uploads_go(now).await {
            tracing::warn!(%error, "old uploads could not be forgotten");
        }
        let begun = Instant::now();
        while let Some(left) = UPLOADS_EVERY.checked_sub(begun.elapsed()) {
            match edge.attachments.sweep().await {
                Ok(0) => {}
                Ok(deleted) => tracing::info!(deleted, "deleted files of attachments"),
                Err(error) => tracing::warn!(%error, "files could not be deleted now"),
            }
            edge.storage.files_let_go(left).await;
        }
    }
}

/// Takes what was deleted out of the files of an embedded database. On PostgreSQL `digital-twin scrub` does, when somebody says so.
async fn scrub(edge: web::Data<Edge>) {
    if !edge.storage.is_scrubbed_in_use() {
        return;
    }
    loop {
        let begun = Instant::now();
        let scrubbed = async {
            match edge.storage.is_scrub_due().await? {
                true => edge.storage.scrub().await.map(drop),
                false => Ok(()),
            }
        };
        let scrubbed = scrubbed.await;
        let mut rest = SCRUB_EVERY.max(begun.elapsed() * SCRUB_REST);
        if let Err(error) = scrubbed {
            tracing::warn!(%error, "what was deleted is not out of the database's files yet");
            rest = rest.max(SCRUB_REST_AFTER_FAILURE);
        }
        sleep(rest).await;
    }
}
