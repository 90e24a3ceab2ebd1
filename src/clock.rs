//! What time it is: the system's clock, or one that a test turns by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock; clones of a manual one are turned together.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The system's.
    #[default]
    System,
    /// One that stands still until it is set, in UTC milliseconds.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// Now, in UTC milliseconds.
    pub fn now_ms(&self) -> i64 {
        match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, as_millis),
            Self::Manual(now) => now.load(Ordering::Relaxed),
        }
    }
}

/// A duration in milliseconds, as the database keeps times.
pub fn as_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
