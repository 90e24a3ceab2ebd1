//! How long a cancelled reply keeps its place: somebody asks at any moment, and the loop looks between two steps, as the
//! inference pool's does.

use std::collections::VecDeque;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use inference::{Engine, EngineEvent};
use serde_json::{Value, json};

use crate::writer::{LONG_REPLY, Writer};

/// Somebody asks so often, in milliseconds: from at once to some steps later.
const ASK_AFTER_MS_MAX: u64 = 200;

/// Tokens of a prompt.
const PROMPT: usize = 64;

impl Writer {
    /// Cancels so many replies, one after the other, while as many run as may. Gives the 99th percentile from the question
    /// until the blocks are free: in milliseconds, and in steps of the length of that which ran.
    pub(crate) fn cancel_many(&mut self, cancels: usize, seed: u64) -> Value {
        let mut waiting: VecDeque<_> = self.prompts(cancels + self.running_max, PROMPT, 0).into();
        let (asked, asks) = mpsc::channel();
        let (stop, stopped) = mpsc::channel::<()>();
        let asker = std::thread::spawn(move || {
            let mut random = seed;
            while stopped.recv_timeout(after(&mut random)) == Err(RecvTimeoutError::Timeout) {
                let _ = asked.send(Instant::now());
            }
        });
        let mut running = VecDeque::new();
        let (mut in_steps, mut in_ms) = (Vec::new(), Vec::new());
        while in_steps.len() < cancels {
            while running.len() < self.running_max {
                let prompt = waiting.pop_front().expect("there is one for each");
                running.push_back(self.submit(&prompt, LONG_REPLY));
            }
            let since = Instant::now();
            let events = self.engine.step(since).expect("the model runs");
            let step = since.elapsed();
            for (_, event) in events {
                let goes_on = matches!(event, EngineEvent::Begun | EngineEvent::Text(_));
                assert!(goes_on, "a reply ended before it was cancelled: {event:?}");
            }
            if self.engine.load().running < self.running_max {
                // Not under full load: who asks now is not heard.
                asks.try_iter().for_each(drop);
                continue;
            }
            for asked_at in asks.try_iter().take(cancels - in_steps.len()) {
                let blocks = self.engine.load().blocks_used;
                let ticket = running.pop_front().expect("as many run as may");
                self.engine.cancel(ticket).expect("it was still written");
                let took = asked_at.elapsed().as_secs_f64();
                let now = self.engine.load().blocks_used;
                assert!(now < blocks, "a cancelled reply still holds its blocks");
                in_steps.push(took / step.as_secs_f64());
                in_ms.push(took * 1000.0);
            }
        }
        drop(stop);
        asker.join().expect("the asker ends");
        for ticket in running {
            self.engine.cancel(ticket);
        }
        json!({
            "cancels": cancels,
            "p99_steps": percentile_99(in_steps),
            "p99_ms": percentile_99(in_ms),
        })
    }
}

/// Knuth's linear congruential generator, whose high bits are random enough here.
fn after(random: &mut u64) -> Duration {
    *random = random
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    Duration::from_millis((*random >> 33) % ASK_AFTER_MS_MAX)
}

fn percentile_99(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() * 99).div_ceil(100) - 1]
}
