//! Whether the process may be given work: the checks behind `/readyz`.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bus::Bus;
use serde::Serialize;
use storage::{Files, Storage};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::limits::{READINESS_FRESH, READINESS_TIMEOUT};
use crate::embeddings::Embeddings;

/// Whether the process may be given work, and what it needs for that.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether all checks passed.
    pub ready: bool,
    /// The checks by name: `database`, `bus`, `files`, `models` and `running`, which fails while the process stops.
    pub checks: BTreeMap<&'static str, Check>,
}

/// The outcome of a check.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Check {
    /// Whether it passed.
    ok: bool,
    /// Why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'static str>,
}

impl Check {
    /// One that passed, or did not because of this.
    pub(super) fn of(failed: Option<&'static str>) -> Self {
        Self {
            ok: failed.is_none(),
            reason: failed,
        }
    }
}

/// Runs the checks. Clones share the last result and the news of the stop.
#[derive(Debug, Clone)]
pub struct ReadinessChecks {
    storage: Storage,
    files: Files,
    bus: Bus,
    embeddings: Embeddings,
    draining: Arc<AtomicBool>,
    last: Arc<Mutex<Option<(Instant, Readiness)>>>,
}

impl ReadinessChecks {
    /// Checks of these parts.
    pub fn new(storage: Storage, files: Files, bus: Bus, embeddings: Embeddings) -> Self {
        Self {
            storage,
            files,
            bus,
            embeddings,
            draining: Arc::default(),
            last: Arc::default(),
        }
    }

    /// Says that the process stops: from now on it is not ready.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the process may be given work; a result of less than a second ago is told again.
    pub async fn check(&self) -> Readiness {
        let mut last = self.last.lock().await;
        let mut readiness = match &*last {
            Some((at, readiness)) if at.elapsed() < READINESS_FRESH => readiness.clone(),
            _ => {
                let readiness = self.check_parts().await;
                *last = Some((Instant::now(), readiness.clone()));
                readiness
            }
        };
        if self.draining.load(Ordering::Relaxed) {
            readiness.ready = false;
            let check = Check {
                ok: false,
                reason: Some("stopping"),
            };
            readiness.checks.insert("running", check);
        }
        readiness
    }

    async fn check_parts(&self) -> Readiness {
        let (database, bus, files, models) = futures::join!(
            timed("database", self.storage.ping()),
            timed("bus", self.bus.ping()),
            timed("files", self.files.check()),
            timed("models", self.embeddings.check()),
        );
        let checks = BTreeMap::from([
            ("database", database),
            ("bus", bus),
            ("files", files),
            ("models", models),
            (
                "running",
                Check {
                    ok: true,
                    reason: None,
                },
            ),
        ]);
        Readiness {
            ready: checks.values().all(|check| check.ok),
            checks,
        }
    }
}

/// Runs one check in bounded time. What failed exactly goes to the log: anybody may ask whether we are ready.
async fn timed<E: fmt::Display>(
    name: &'static str,
    check: impl Future<Output = Result<(), E>>,
) -> Check {
    let reason = match tokio::time::timeout(READINESS_TIMEOUT, check).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::warn!(check = name, error = %error, "not ready");
            Some("failed")
        }
        Err(_) => {
            tracing::warn!(check = name, "not ready: no answer in time");
            Some("no answer in time")
        }
    };
    Check {
        ok: reason.is_none(),
        reason,
    }
}
