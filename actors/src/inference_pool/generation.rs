//! Texts to generate: many at once on one engine, a step at a time, each told to whoever asked for it.
//!
//! 1. A job goes to the engine at once; the engine's scheduler decides when it runs.
//! 2. Before each step those are taken out that nobody wants any more: cancelled, or without a receiver.
//! 3. What the step tells goes to the receivers. A slow one holds nobody up: its pieces are joined until it has room, and room
//!    for its last piece and its end is kept from the beginning.
//! 4. When the engine dies, jobs that have said something fail. The others go to the next one as suspects: it may have been
//!    any of them. Each has a trial there, alone in the engine and for its first token, before all that have passed go on
//!    together; one that sees an engine die again, in company, has the next one to itself until it ends. Who is alone with
//!    an engine that dies was the reason, and fails.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use inference::{
    Engine, EngineError, EngineEvent, EngineLoad, Generation, Piece, Priority, StopReason, Ticket,
    Usage, ValidGenerateRequest,
};
use tokio::sync::mpsc;
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::mpsc::error::TrySendError;
use tracing::Span;

use super::worker::{Desk, Gauge, Load, Place};
use super::{Cancel, EngineAbout, EngineFactory, GenerationEvent, PoolError, pool_error};
use crate::limits::{BACKGROUND_DEADLINE, REPLY_DEADLINE};
use crate::metrics;

/// A text to generate.
pub(super) struct GenerateJob {
    request: ValidGenerateRequest,
    events: mpsc::Sender<GenerationEvent>,
    cancel: Cancel,
    span: Span,
    accepted: Instant,
    deadline: Instant,
    /// Engines that have died with it while others were in them too.
    suspicions: u32,
}

impl GenerateJob {
    pub(super) fn new(
        request: ValidGenerateRequest,
        events: mpsc::Sender<GenerationEvent>,
        cancel: Cancel,
        span: Span,
    ) -> Self {
        let accepted = Instant::now();
        let patience = match request.origin.priority {
            Priority::Person => REPLY_DEADLINE,
            Priority::Background => BACKGROUND_DEADLINE,
        };
        Self {
            request,
            events,
            cancel,
            span,
            accepted,
            deadline: accepted + patience,
            suspicions: 0,
        }
    }
}

/// Loads the text engine of a worker; the first one that loads says what it is.
pub(super) fn generator(
    number: usize,
    factory: EngineFactory,
    about: Arc<OnceLock<EngineAbout>>,
) -> Load<GenerateJob> {
    Arc::new(move |gauge| {
        let engine = factory(number)?;
        about.get_or_init(|| EngineAbout {
            model: engine.model().clone(),
            counter: engine.token_counter(),
        });
        Ok(Box::new(GenerationDesk {
            engine,
            gauge,
            jobs: BTreeMap::new(),
            suspects: VecDeque::new(),
            cleared: Vec::new(),
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
    /// Jobs that are not in the engine, since they have to be alone there.
    suspects: VecDeque<Ticket>,
    /// Suspects that have passed their trial and wait for the others.
    cleared: Vec<Ticket>,
    tickets: u64,
    /// As of the last step.
    load: EngineLoad,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not in the engine: among the suspects or the cleared.
    Aside,
    /// Alone in the engine for its first token, which nobody is told.
    Trial,
    /// In the engine until it ends.
    Writing { alone: bool },
}

/// A job that this desk has taken.
struct Running {
    job: GenerateJob,
    place: Place,
    stage: Stage,
    /// When it left the engine's queue, and when its first text came.
    begun: Option<Instant>,
    first_text: Option<Instant>,
    /// Text that found the channel full; it leaves with the next piece.
    held: Piece,
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
        let is_suspect = job.suspicions > 0;
        let running = Running {
            job,
            place,
            stage: Stage::Aside,
            begun: None,
            first_text: None,
            held: Piece::default(),
            last_piece,
            end,
        };
        self.jobs.insert(ticket, running);
        match is_suspect {
            true => self.suspects.push_back(ticket),
            false => self.submit(ticket, Stage::Writing { alone: false }),
        }
    }

    fn has_room(&self) -> bool {
        let alone = |running: &Running| running.is_alone();
        self.suspects.is_empty() && self.cleared.is_empty() && !self.jobs.values().any(alone)
    }

    fn is_idle(&self) -> bool {
        self.engine.is_idle() && self.suspects.is_empty() && self.cleared.is_empty()
    }

    fn turn(&mut self) -> Result<(), String> {
        self.cancel_unwanted();
        if self.engine.is_idle() {
            self.submit_next();
        }
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

    fn forget(&mut self, owner: u128) {
        self.engine.forget(owner);
        metrics::owner_forgotten();
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
            let was_reason_or_spoke = running.is_alone() || running.first_text.is_some();
            if was_reason_or_spoke {
                let error = PoolError::Failed("the engine stopped unexpectedly".to_owned());
                running.finish(GenerationEvent::Failed(error));
                continue;
            }
            if running.stage != Stage::Aside {
                running.job.suspicions += 1;
                metrics::tried_again();
            }
            again.push((running.job, running.place));
        }
        again
    }
}

impl GenerationDesk {
    fn submit(&mut self, ticket: Ticket, stage: Stage) {
        let Some(running) = self.jobs.get_mut(&ticket) else {
            return;
        };
        running.stage = stage;
        let request = match stage {
            Stage::Trial => running.job.request.for_first_token(),
            Stage::Aside | Stage::Writing { .. } => running.job.request.clone(),
        };
        let deadline = Some(running.job.deadline);
        self.engine.submit(ticket, request, deadline);
    }

    /// Gives an empty engine the next suspect, or all that are cleared when there is none left.
    fn submit_next(&mut self) {
        let Some(ticket) = self.suspects.pop_front() else {
            for ticket in std::mem::take(&mut self.cleared) {
                self.submit(ticket, Stage::Writing { alone: false });
            }
            return;
        };
        let suspicions = self.jobs.get(&ticket).map(|one| one.job.suspicions);
        match suspicions {
            Some(1) => self.submit(ticket, Stage::Trial),
            _ => self.submit(ticket, Stage::Writing { alone: true }),
        }
    }

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
            self.suspects.retain(|other| *other != ticket);
            self.cleared.retain(|other| *other != ticket);
            let Some(running) = self.jobs.remove(&ticket) else {
                continue;
            };
            match (running.stage, generation) {
                (Stage::Writing { .. }, Some(generation)) => running.finished(generation),
                // It has ended, as the next step would have told.
                (Stage::Writing { .. }, None) => {}
                // What was written in a trial nobody was told.
                (Stage::Aside | Stage::Trial, _) => running.finished(unsaid(StopReason::Cancelled)),
            }
        }
    }

    fn tell(&mut self, ticket: Ticket, mut event: EngineEvent) {
        let Some(running) = self.jobs.get_mut(&ticket) else {
            return;
        };
        if running.stage == Stage::Trial {
            match event {
                EngineEvent::Begun | EngineEvent::Text(_) => return,
                EngineEvent::Finished(trial) if trial.stop_reason == StopReason::Deadline => {
                    event = EngineEvent::Finished(unsaid(StopReason::Deadline));
                }
                EngineEvent::Finished(_) => {
                    running.stage = Stage::Aside;
                    self.cleared.push(ticket);
                    return;
                }
                EngineEvent::Failed(_) => {}
            }
        }
        match event {
            EngineEvent::Begun => {
                running.begun = Some(Instant::now());
                let waited = running.job.accepted.elapsed();
                metrics::queue_waited(waited);
                let waited = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                running.job.span.record("queue_ms", waited);
            }
            EngineEvent::Text(piece) => {
                if running.first_text.is_none() {
                    running.first_text = Some(Instant::now());
                    metrics::first_token(running.job.accepted.elapsed());
                }
                running.held.push(piece);
            }
            EngineEvent::Finished(generation) => {
                if generation.stop_reason == StopReason::Deadline {
                    metrics::generation_cancelled("deadline");
                    let late = Instant::now().saturating_duration_since(running.job.deadline);
                    metrics::cancelled_and_freed(late);
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

/// The end of a reply of which nobody was told anything.
fn unsaid(stop_reason: StopReason) -> Generation {
    Generation {
        text: String::new(),
        usage: Usage::default(),
        stop_reason,
    }
}

impl Running {
    /// Whether nobody else is in the engine, so that it can be nobody else's doing if that dies.
    fn is_alone(&self) -> bool {
        matches!(self.stage, Stage::Trial | Stage::Writing { alone: true })
    }

    /// Hands out what there is, if there is room.
    fn flush(&mut self) {
        if self.held.text.is_empty() {
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
        let span = &self.job.span;
        span.record("prompt_tokens", generation.usage.prompt_tokens);
        span.record("completion_tokens", written);
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
        if !self.held.text.is_empty() {
            self.last_piece.send(GenerationEvent::Piece(self.held));
        }
        self.end.send(end);
    }
}
