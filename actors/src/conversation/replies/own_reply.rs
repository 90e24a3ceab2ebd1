//! One reply that this node writes: what is known of it, and what it becomes in the log.

use std::time::{Duration, Instant};

use inference::Generation;
use protocol::{Author, ErrorCode, Failure, Latency, MessageId, StopReason, Usage};
use storage::{ChainLimits, FinishedReply};

use crate::inference_pool::Cancel;
use crate::node::now_ms;
use crate::supervisor::WakeError;
use crate::twin::Plan;

/// A reply that this node writes.
pub(in crate::conversation) struct OwnReply {
    pub(super) author: Author,
    /// The message that it answers.
    pub(super) question: MessageId,
    /// Others may answer it.
    pub(super) sets_off: bool,
    pub(super) epoch: u64,
    pub(super) cancel: Cancel,
    /// When its twin was asked.
    pub(super) asked: Instant,
    /// How long it was until its first text.
    pub(super) first_text: Option<Duration>,
    pub(super) stopped: bool,
    pub(super) plan: Option<Plan>,
    pub(super) outcome: Option<Outcome>,
    pub(super) finishing: bool,
    pub(super) writing_down: bool,
    pub(super) written_down: Instant,
}

/// How the writing of a reply ended.
pub(super) enum Outcome {
    Generated(Generation),
    Failed(Failure),
}

impl OwnReply {
    /// What was said is kept.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.cancel.cancel();
    }

    pub(super) fn finished(&self, text: String) -> FinishedReply {
        let (usage, stop_reason, failure) = match &self.outcome {
            Some(Outcome::Generated(generation)) => self.generated_end(generation),
            Some(Outcome::Failed(failure)) => (None, StopReason::Failed, Some(failure.clone())),
            None => (None, StopReason::Stopped, None),
        };
        let plan = self.plan.clone();
        FinishedReply {
            author: self.author.clone(),
            text,
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
            seed: plan.map(|plan| plan.seed),
            latency: Latency {
                first_text_ms: self.first_text.map(milliseconds),
                whole_ms: milliseconds(self.asked.elapsed()),
            },
            replies: Vec::new(),
            chain: ChainLimits::NOTHING,
            lend_until: 0,
            created_at: now_ms(),
        }
    }

    fn generated_end(
        &self,
        generation: &Generation,
    ) -> (Option<Usage>, StopReason, Option<Failure>) {
        let usage = Usage {
            prompt_tokens: generation.usage.prompt_tokens,
            completion_tokens: generation.usage.completion_tokens,
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
        StopReason::Failed => "failed",
    }
}

pub(super) fn failure(code: ErrorCode, message: impl Into<String>) -> Failure {
    Failure {
        code,
        message: message.into(),
    }
}

pub(super) fn wake_failure(error: WakeError) -> Failure {
    let code = match error {
        WakeError::NotFound(_) => ErrorCode::NotFound,
        WakeError::Unavailable(_) | WakeError::Stopping => ErrorCode::Unavailable,
    };
    failure(code, error.to_string())
}
