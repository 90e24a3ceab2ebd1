//! How long to wait before the next attempt to connect: doubling, capped and jittered.

use std::time::Duration;

use crate::limits::{BACKOFF_MAX, BACKOFF_MIN};

/// Waits that grow with each failure.
#[derive(Debug)]
pub(super) struct Backoff {
    longest: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self {
            longest: BACKOFF_MIN,
        }
    }

    /// The next wait: between half of the longest wait so far and all of it, so that the nodes of a cluster do not
    /// come back in step. `draw` is uniform in 0 to 1.
    pub(super) fn next(&mut self, draw: f64) -> Duration {
        let wait = self.longest.mul_f64(0.5 + draw / 2.0);
        self.longest = (self.longest * 2).min(BACKOFF_MAX);
        wait
    }

    /// Begins anew after a success.
    pub(super) fn reset(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new();
        let waits: Vec<u128> = (0..8).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(
            backoff.next(0.0),
            BACKOFF_MAX / 2,
            "jitter takes up to half"
        );
        backoff.reset();
        assert_eq!(backoff.next(1.0), BACKOFF_MIN);
    }
}
