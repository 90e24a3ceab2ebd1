//! The clock of leases is the database's, so that nodes whose own clocks are wrong, or jump, agree on when a lease is over.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::engine::{Engine, only};
use crate::metrics::Call;
use crate::{Storage, StorageError};

const POSTGRES_NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// The time of the database; between two looks at it time passes as this machine's monotonic clock says.
pub(crate) struct LeaseClock {
    begun: Instant,
    /// What it was when this began, in UTC milliseconds.
    at_begin: AtomicI64,
}

impl LeaseClock {
    /// A clock that goes by this machine's, as it is now, until the database is asked.
    pub(crate) fn of_this_machine() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            begun: Instant::now(),
            at_begin: AtomicI64::new(millis(now.unwrap_or_default().as_millis())),
        }
    }

    fn now(&self) -> i64 {
        let passed = millis(self.begun.elapsed().as_millis());
        self.at_begin.load(Ordering::Relaxed).saturating_add(passed)
    }

    /// The database said this, when so much had passed.
    fn was(&self, now: i64, passed: i64) {
        self.at_begin.store(now - passed, Ordering::Relaxed);
    }
}

impl Storage {
    /// Now by the clock of leases, in milliseconds that mean something beside those of leases only.
    pub fn lease_now(&self) -> i64 {
        self.lease_clock().now()
    }

    /// Looks at the database's clock. A database in this process has none of its own: time passes as it did since it was opened.
    pub async fn look_at_lease_clock(&self) -> Result<(), StorageError> {
        let engine = self.engine();
        if !matches!(engine, Engine::Postgres(_)) {
            return Ok(());
        }
        let clock = self.lease_clock();
        let asked = clock.begun.elapsed();
        let told = self.call(Call::Read, async move {
            only(engine.read(vec![(POSTGRES_NOW, Vec::new())]).await?)
        });
        let Some(mut row) = told.await?.first() else {
            return Ok(());
        };
        let now = row.int()?;
        // It was so in the middle between the question and the answer.
        let passed = (asked + clock.begun.elapsed()) / 2;
        clock.was(now, millis(passed.as_millis()));
        Ok(())
    }
}

fn millis(millis: u128) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}
