//! With or without workers: decided from step to step by the time that was lost to workers without a core.

use std::time::Duration;

/// A step that loses more than one part in this many is a bad one.
const LOST_SHARE: u32 = 5;
/// So many bad steps one after the other make the engine work alone: one may be chance.
const BAD_STEPS: u32 = 2;
/// How long the engine works alone the first time, and at most.
const ALONE_FIRST: Duration = Duration::from_millis(100);
const ALONE_MAX: Duration = Duration::from_secs(2);

/// Works alone for a while after bad steps, twice as long each time that the workers then turn out to be as slow as before.
#[derive(Debug, Default)]
pub(super) struct Pace {
    bad_steps: u32,
    good_steps: u32,
    /// How much longer to work alone; zero with workers.
    alone_left: Duration,
    alone_last: Duration,
}

impl Pace {
    pub(super) fn is_alone(&self) -> bool {
        self.alone_left > Duration::ZERO
    }

    /// Notes that a step took `took`, of which the caller `lost` some waiting for workers that had no core.
    pub(super) fn note(&mut self, took: Duration, lost: Duration) {
        if self.is_alone() {
            self.alone_left = self.alone_left.saturating_sub(took);
            // After working alone one bad step is enough to go back to it.
            self.bad_steps = BAD_STEPS - 1;
            self.good_steps = 0;
        } else if lost * LOST_SHARE > took {
            self.bad_steps += 1;
            self.good_steps = 0;
            if self.bad_steps >= BAD_STEPS {
                self.alone_last = (self.alone_last * 2).clamp(ALONE_FIRST, ALONE_MAX);
                self.alone_left = self.alone_last;
            }
        } else {
            self.bad_steps = 0;
            self.good_steps += 1;
            if self.good_steps >= 20 {
                self.alone_last = Duration::ZERO;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(10);

    /// Notes steps until the engine works with others again; gives their time.
    fn time_alone(pace: &mut Pace) -> Duration {
        let mut time = Duration::ZERO;
        while pace.is_alone() {
            pace.note(STEP, Duration::ZERO);
            time += STEP;
        }
        time
    }

    #[test]
    fn one_bad_step_is_chance_and_two_are_a_busy_machine() {
        let mut pace = Pace::default();
        for _ in 0..5 {
            pace.note(STEP, STEP / 2);
            assert!(!pace.is_alone());
            pace.note(STEP, Duration::ZERO);
        }
        pace.note(STEP, STEP / 2);
        pace.note(STEP, STEP / 2);
        assert!(pace.is_alone());
    }

    #[test]
    fn it_tries_the_workers_again_ever_more_seldom_while_they_are_slow() {
        let mut pace = Pace::default();
        pace.note(STEP, STEP / 2);
        let mut times = Vec::new();
        for _ in 0..7 {
            pace.note(STEP, STEP / 2);
            times.push(time_alone(&mut pace).as_millis());
        }
        assert_eq!(times, [100, 200, 400, 800, 1600, 2000, 2000]);
        for _ in 0..20 {
            pace.note(STEP, Duration::ZERO);
        }
        pace.note(STEP, STEP / 2);
        pace.note(STEP, STEP / 2);
        assert_eq!(time_alone(&mut pace), ALONE_FIRST);
    }
}
