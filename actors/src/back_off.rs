//! How long to wait before something that crashed is started again: pure.

use std::time::Duration;

use crate::limits::{BACK_OFF_MAX, BACK_OFF_MIN, BACK_OFF_RESET};

/// The waits of one thing that crashes now and then: doubling, bounded, and forgotten after a good run.
#[derive(Debug, Default, Clone)]
pub(crate) struct BackOff {
    crashes: u32,
}

impl BackOff {
    /// Notes a crash after this long a life, and says how long to wait.
    pub(crate) fn crashed(&mut self, lived: Duration) -> Duration {
        if lived >= BACK_OFF_RESET {
            self.crashes = 0;
        }
        let doubled = BACK_OFF_MIN.saturating_mul(1 << self.crashes.min(16));
        self.crashes = self.crashes.saturating_add(1);
        doubled.min(BACK_OFF_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_a_good_run() {
        let mut back_off = BackOff::default();
        let waits: Vec<u128> = (0..9)
            .map(|_| back_off.crashed(Duration::ZERO).as_millis())
            .collect();
        assert_eq!(
            waits,
            [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]
        );
        assert_eq!(back_off.crashed(BACK_OFF_RESET), BACK_OFF_MIN);
    }
}
