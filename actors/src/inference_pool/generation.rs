//! Texts to generate: many at once on one engine, a step at a time, each told to whoever asked for it.
//!
//! 1. A job goes to the engine at once; the engine's scheduler decides when it runs.
//! 2. Before each step those are taken out that nobody wants any more: cancelled, or without a receiver.
//! 3. What the step tells goes to the receivers. A slow one holds nobody up: its pieces are joined until it has room, and room
//!    for its last piece and its end is kept from the beginning.
//! 4. When the engine dies, jobs that have not said anything yet go to the next one, once; the others fail.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use inference::{
    Engine, EngineError, EngineEvent, EngineLoad, Generation, StopReason, Ticket,
    ValidGenerateRequest,
};
use tokio::sync::mpsc;
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::mpsc::error::TrySendError;

use super::worker::{Desk, Gauge, Load, Place};
use super::{Cancel, EngineAbout, EngineFactory, GenerationEvent, PoolError, pool_error};
use crate::limits::{ENGINE_ATTEMPTS_MAX, REPLY_DEADLINE};
use crate::metrics;

/// A text to generate.
pub(super) struct GenerateJob {
    request: ValidGenerateRequest,
    events: mpsc::Sender<GenerationEvent>,
    cancel: Cancel,
    accepted: Instant,
    /// Engines that have died with it.
    attempts: u32,
}

impl GenerateJob {
    pub(super) fn new(
        request: ValidGenerateRequest,
        events: mpsc::Sender<GenerationEvent>,
        cancel: Cancel,
    ) -> Self {
        Self {
            request,
            events,
            cancel,
            accepted: Instant::now(),
            attempts: 0,
        }
    }
}

/// Loads a text engine; the first one that loads says what it is.
pub(super) fn generator(
    factory: EngineFactory,
    about: Arc<OnceLock<EngineAbout>>,
) -> Load<GenerateJob> {
    Arc::new(move |gauge| {
        let engine = factory()?;
        about.get_or_init(|| EngineAbout {
            model: engine.model().clone(),
            counter: engine.token_counter(),
        });
        Ok(Box::new(GenerationDesk {
            engine,
            gauge,
            jobs: BTreeMap::new(),
            tickets: 0,
            load: EngineLoad::default(),
        }))
    })
}

/// An engine and the jobs that are in it.
struct GenerationDesk {
    engine: Box<dyn Engine>,
    gauge: Arc<Gauge>,
    jobs: BTreeMap<Ticket, Running>,
    tickets: u64,
    /// As of the last step.
    load: EngineLoad,
}

/// A job that is in the engine.
struct Running {
    job: GenerateJob,
    place: Place,
    /// When it left the engine's queue, and when its first text came.
    begun: Option<Instant>,
    first_text: Option<Instant>,
    /// Text that found the channel full; it leaves with the next piece.
    held: String,
    last_piece: OwnedPermit<GenerationEvent>,
    end: OwnedPermit<GenerationEvent>,
}

impl Desk<GenerateJob> for GenerationDesk {
    fn take(&mut self, job: GenerateJob, place: Place) {
        let permit = || job.events.clone().try_reserve_owned();
        let (Ok(last_piece), Ok(end)) = (permit(), permit()) else {
            // Nobody listens, or nobody could be told how it ends.
            metrics::generation_cancelled("gone");
            return;
        };
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let deadline = job.accepted + REPLY_DEADLINE;
        self.engine
            .submit(ticket, job.request.clone(), Some(deadline));
        let running = Running {
            job,
            place,
            begun: None,
            first_text: None,
            held: String::new(),
            last_piece,
            end,
        };
        self.jobs.insert(ticket, running);
    }

    fn is_idle(&self) -> bool {
        self.engine.is_idle()
    }

    fn turn(&mut self) -> Result<(), String> {
        self.cancel_unwanted();
        let events = self.engine.step(Instant::now());
        for (ticket, event) in events.map_err(|error| error.to_string())? {
            self.tell(ticket, event);
        }
        for running in self.jobs.values_mut() {
            running.flush();
        }
        let load = self.engine.load();
        metrics::engine_stepped(&self.load, &load);
        self.load = load;
        Ok(())
    }

    fn abandon(self: Box<Self>) -> Vec<(GenerateJob, Place)> {
        let nothing = EngineLoad {
            tokens_reused: self.load.tokens_reused,
            preemptions: self.load.preemptions,
            ..EngineLoad::default()
        };
        metrics::engine_stepped(&self.load, &nothing);
        // What is left of the engine may be anything, even its memory may be short: let it go first.
        drop(self.engine);
        let mut again = Vec::new();
        for (_, mut running) in self.jobs {
            running.job.attempts += 1;
            if running.first_text.is_some() || running.job.attempts >= ENGINE_ATTEMPTS_MAX {
                let error = PoolError::Failed("the engine stopped unexpectedly".to_owned());
                running.finish(GenerationEvent::Failed(error));
            } else {
                again.push((running.job, running.place));
            }
        }
        again
    }
}

impl GenerationDesk {
    /// Takes out what nobody wants any more; slots and blocks are free before the next step.
    fn cancel_unwanted(&mut self) {
        let unwanted: Vec<(Ticket, Option<Instant>)> = (self.jobs.iter())
            .filter_map(|(ticket, running)| match running.job.cancel.since() {
                Some(since) => Some((*ticket, Some(since))),
                None => running.job.events.is_closed().then_some((*ticket, None)),
            })
            .collect();
        for (ticket, since) in unwanted {
            let generation = self.engine.cancel(ticket);
            if let Some(since) = since {
                metrics::cancelled_and_freed(since.elapsed());
            }
            metrics::generation_cancelled(since.map_or("gone", |_| "stopped"));
            let running = self.jobs.remove(&ticket);
            if let (Some(running), Some(generation)) = (running, generation) {
                running.finished(generation);
            }
        }
    }

    fn tell(&mut self, ticket: Ticket, event: EngineEvent) {
        let Some(running) = self.jobs.get_mut(&ticket) else {
            return;
        };
        match event {
            EngineEvent::Begun => {
                running.begun = Some(Instant::now());
                metrics::queue_waited(running.job.accepted.elapsed());
            }
            EngineEvent::Text(text) => {
                if running.first_text.is_none() {
                    running.first_text = Some(Instant::now());
                    metrics::first_token(running.job.accepted.elapsed());
                }
                running.held.push_str(&text);
            }
            EngineEvent::Finished(generation) => {
                if generation.stop_reason == StopReason::Deadline {
                    metrics::generation_cancelled("deadline");
                    let late = running.job.accepted.elapsed();
                    metrics::cancelled_and_freed(late.saturating_sub(REPLY_DEADLINE));
                }
                if let Some(running) = self.jobs.remove(&ticket) {
                    running.finished(generation);
                }
            }
            EngineEvent::Failed(error) => {
                let error = match error {
                    EngineError::Overloaded => PoolError::Overloaded {
                        retry_after_ms: self.gauge.retry_after_ms(),
                    },
                    error => pool_error(&error),
                };
                if let Some(running) = self.jobs.remove(&ticket) {
                    running.finish(GenerationEvent::Failed(error));
                }
            }
        }
    }
}

impl Running {
    /// Hands out what there is, if there is room.
    fn flush(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let piece = GenerationEvent::Piece(std::mem::take(&mut self.held));
        if let Err(TrySendError::Full(GenerationEvent::Piece(piece))) =
            self.job.events.try_send(piece)
        {
            self.held = piece;
        }
    }

    fn finished(self, generation: Generation) {
        let written = generation.usage.completion_tokens;
        metrics::generated(
            &generation.usage,
            self.begun.map_or(Duration::ZERO, |begun| begun.elapsed()),
        );
        if let (Some(first), true) = (self.first_text, written > 1) {
            metrics::output_token(first.elapsed() / (written - 1));
        }
        self.finish(GenerationEvent::Finished(generation));
    }

    fn finish(self, end: GenerationEvent) {
        if !self.held.is_empty() {
            self.last_piece.send(GenerationEvent::Piece(self.held));
        }
        self.end.send(end);
    }
}
