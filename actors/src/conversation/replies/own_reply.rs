//! One reply that this node writes: what is known of it, and what it becomes in the log.

use std::time::{Duration, Instant};

use inference::Generation;
use protocol::{Author, ErrorCode, Failure, Latency, StopReason, Usage, UserId};
use storage::{ChainLimits, FinishedReply, Screen};
use tracing::Span;

use crate::inference_pool::Cancel;
use crate::node::now_ms;
use crate::supervisor::WakeError;
use crate::timeline::ReplyPlace;
use crate::twin::{NoPlan, Plan};

/// A reply that this node writes.
pub(in crate::conversation) struct OwnReply {
    pub(in crate::conversation) author: Author,
    /// Where it belongs.
    pub(in crate::conversation) place: ReplyPlace,
    /// Others may answer it.
    pub(in crate::conversation) sets_off: bool,
    /// What every write of it carries.
    pub(in crate::conversation) epoch: u64,
    /// The epoch at which its text was asked for: no other stream is heeded.
    pub(super) stream: u64,
    /// Its text so far, where only its twin's owner sees it.
    pub(super) hidden: Option<String>,
    /// The tokens that were drawn for it behind its beginning, as far as they are known.
    pub(super) tokens: Vec<u32>,
    /// The twin's owner writes the rest.
    pub(in crate::conversation) taken: Option<Taken>,
    pub(in crate::conversation) cancel: Cancel,
    /// When its twin was asked.
    pub(super) asked: Instant,
    /// How long it was until its first text.
    pub(super) first_text: Option<Duration>,
    pub(super) stopped: bool,
    pub(in crate::conversation) plan: Option<Plan>,
    pub(super) outcome: Option<Outcome>,
    /// Nothing comes any more from where its text came from.
    pub(super) stream_ended: bool,
    pub(in crate::conversation) finishing: bool,
    pub(super) writing_down: bool,
    pub(super) written_down: Instant,
    /// Holds back what the room forbids.
    pub(super) screen: Screen,
    /// What happens because of it.
    pub(super) span: Span,
}

/// A reply that its twin's owner has taken over.
#[derive(Debug, Clone, Copy)]
pub(in crate::conversation) struct Taken {
    pub(in crate::conversation) by: UserId,
    /// When the owner said so last.
    pub(in crate::conversation) at: Instant,
}

/// How the writing of a reply ended.
pub(super) enum Outcome {
    Generated(Generation),
    Failed(Failure),
}

impl OwnReply {
    /// A reply that is about to be asked for.
    pub(in crate::conversation) fn new(author: Author, place: ReplyPlace, epoch: u64) -> Self {
        Self {
            author,
            place,
            sets_off: place.variant_of.is_none(),
            epoch,
            stream: epoch,
            hidden: None,
            tokens: Vec::new(),
            taken: None,
            cancel: Cancel::default(),
            asked: Instant::now(),
            first_text: None,
            stopped: false,
            plan: None,
            outcome: None,
            stream_ended: false,
            finishing: false,
            writing_down: false,
            written_down: Instant::now(),
            screen: Screen::default(),
            span: Span::none(),
        }
    }

    /// What was said is kept.
    pub(in crate::conversation) fn stop(&mut self) {
        self.stopped = true;
        self.cancel.cancel();
    }

    pub(in crate::conversation) fn finished(&self, text: String) -> FinishedReply {
        let (usage, stop_reason, failure) = match &self.outcome {
            Some(Outcome::Generated(generation)) => self.generated_end(generation),
            Some(Outcome::Failed(failure)) => (None, StopReason::Failed, Some(failure.clone())),
            None => (None, StopReason::Stopped, None),
        };
        let plan = self.plan.clone();
        FinishedReply {
            author: self.author.clone(),
            text,
            authorship: None,
            client_id: None,
            sources: plan
                .as_ref()
                .map(|plan| plan.sources.clone())
                .unwrap_or_default(),
            usage,
            stop_reason,
            model: plan.as_ref().map(|plan| plan.model.clone()),
            failure,
            // Twins have no adapters of their own yet.
            adapter: None,
            seed: plan.as_ref().map(|plan| plan.seed),
            origin: plan.and_then(|plan| plan.origin),
            latency: Latency {
                first_text_ms: self.first_text.map(milliseconds),
                whole_ms: milliseconds(self.asked.elapsed()),
            },
            replies: Vec::new(),
            chain: ChainLimits::NOTHING,
            lend_until: 0,
            members_seq: None,
            created_at: now_ms(),
        }
    }

    fn generated_end(
        &self,
        generation: &Generation,
    ) -> (Option<Usage>, StopReason, Option<Failure>) {
        let before = self.plan.as_ref().map_or(0, |plan| plan.tokens_before);
        let usage = Usage {
            prompt_tokens: generation.usage.prompt_tokens.saturating_sub(before),
            completion_tokens: generation.usage.completion_tokens.saturating_add(before),
        };
        match generation.stop_reason {
            inference::StopReason::EndOfTurn | inference::StopReason::StopSequence => {
                (Some(usage), StopReason::EndOfTurn, None)
            }
            inference::StopReason::Length => (Some(usage), StopReason::Length, None),
            inference::StopReason::Cancelled if self.stopped => {
                (Some(usage), StopReason::Stopped, None)
            }
            inference::StopReason::Cancelled => {
                let large = failure(ErrorCode::Unavailable, "the reply grew too large");
                (Some(usage), StopReason::Failed, Some(large))
            }
            inference::StopReason::Deadline => {
                let late = failure(ErrorCode::Unavailable, "the reply took too long");
                (Some(usage), StopReason::Failed, Some(late))
            }
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn reply_end(finished: &FinishedReply) -> &'static str {
    match finished.stop_reason {
        StopReason::EndOfTurn => "end_of_turn",
        StopReason::Length => "length",
        StopReason::Stopped => "stopped",
        StopReason::TakenOver => "taken_over",
        StopReason::Failed => "failed",
    }
}

pub(super) fn failure(code: ErrorCode, message: impl Into<String>) -> Failure {
    Failure {
        code,
        message: message.into(),
    }
}

/// Why a twin that is not awake writes nothing.
pub(super) fn not_awake(error: WakeError) -> NoPlan {
    let reason = error.to_string();
    match error {
        WakeError::NotFound(_) => NoPlan::Failed(failure(ErrorCode::NotFound, reason)),
        WakeError::Unavailable(_) | WakeError::Stopping => {
            NoPlan::Unread(failure(ErrorCode::Unavailable, reason))
        }
    }
}
