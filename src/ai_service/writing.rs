//! One reply: asked of one service, and of another where that fails; what was written already is gone on from where the service is
//! our own, so that whoever reads sees one text.

use inference::{
    EngineError, EngineEvent, Generation, Piece, StopReason, Ticket, Usage, ValidGenerateRequest,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::attempt::{Failure, Told, attempt};
use super::cluster::{Cluster, NoService};
use super::limits::ATTEMPTS_MAX;

/// Where the events of one reply go.
pub(super) struct Outlet {
    pub(super) ticket: Ticket,
    pub(super) events: mpsc::Sender<(Ticket, EngineEvent)>,
}

impl Outlet {
    async fn tell(&self, event: EngineEvent) {
        // An engine that is gone has nobody to tell.
        let _ = self.events.send((self.ticket, event)).await;
    }
}

/// A reply as far as it is written.
struct Written<'a> {
    outlet: &'a Outlet,
    so_far: Piece,
    has_begun: bool,
}

impl Told for Written<'_> {
    async fn begun(&mut self) {
        if !self.has_begun {
            self.has_begun = true;
            self.outlet.tell(EngineEvent::Begun).await;
        }
    }

    async fn text(&mut self, piece: Piece) {
        self.so_far.push(piece.clone());
        self.outlet.tell(EngineEvent::Text(piece)).await;
    }
}

/// Has a reply written, and tells how it goes and how it ends.
pub(super) async fn write(
    cluster: &Cluster,
    request: &ValidGenerateRequest,
    deadline: Option<Instant>,
    outlet: Outlet,
) {
    let mut written = Written {
        outlet: &outlet,
        so_far: Piece::default(),
        has_begun: false,
    };
    let writing = write_somewhere(cluster, request, &mut written);
    let ended = match deadline {
        Some(deadline) => timeout_at(deadline, writing).await,
        None => Ok(writing.await),
    };
    let ended = ended.unwrap_or_else(|_| {
        let usage = counted(cluster, request, &written.so_far.text);
        Ok((StopReason::Deadline, usage))
    });
    let event = match ended {
        Ok((stop_reason, usage)) => EngineEvent::Finished(Generation {
            text: written.so_far.text,
            usage,
            stop_reason,
        }),
        Err(error) => EngineEvent::Failed(error),
    };
    outlet.tell(event).await;
}

async fn write_somewhere(
    cluster: &Cluster,
    request: &ValidGenerateRequest,
    written: &mut Written<'_>,
) -> Result<(StopReason, Usage), EngineError> {
    let owner = request.origin.scope.owner;
    let mut tried = Vec::new();
    let mut failures: Vec<Failure> = Vec::new();
    while failures.len() < ATTEMPTS_MAX {
        let goes_on = !written.so_far.text.is_empty();
        let chosen = match cluster.service_for(owner, &tried, goes_on).await {
            Ok(chosen) => chosen,
            Err(NoService::AllTried) => break,
            Err(NoService::NoneUp(reason)) => {
                let reason = match goes_on {
                    true => format!("the reply broke off, and {reason}"),
                    false => reason,
                };
                return Err(EngineError::Unavailable { reason });
            }
        };
        let service = cluster.services[chosen].clone();
        let before = written.so_far.clone();
        let ended = attempt(cluster, &service, request, &before, written).await;
        let failure = match ended {
            Ok(end) => {
                let usage = match end.usage {
                    Some(usage) => in_all(cluster, usage, &before.text),
                    None => counted(cluster, request, &written.so_far.text),
                };
                return Ok((end.stop_reason, usage));
            }
            Err(Failure::Refused {
                reason,
                is_too_long,
            }) => {
                return Err(EngineError::Refused {
                    reason,
                    is_too_long,
                });
            }
            Err(failure) => failure,
        };
        if let Failure::Gone(reason) = &failure {
            cluster.failed(&service, reason);
        }
        tracing::warn!(
            service = service.label,
            ?failure,
            "an inference service did not write a reply to its end"
        );
        if written.so_far.text.len() > before.text.len() {
            // It got on: those that failed before have another chance.
            tried.clear();
            failures.clear();
        }
        if !written.so_far.text.is_empty() && !service.is_our_own() {
            let (Failure::Failed(reason) | Failure::Gone(reason)) = failure else {
                break;
            };
            return Err(EngineError::Unavailable { reason });
        }
        tried.push(chosen);
        failures.push(failure);
    }
    Err(why(failures))
}

/// Why something was not done, when as many services as may were asked for it.
pub(super) fn why(failures: Vec<Failure>) -> EngineError {
    let mut reasons = Vec::new();
    for failure in failures {
        match failure {
            Failure::Failed(reason) | Failure::Gone(reason) => reasons.push(reason),
            Failure::Overloaded | Failure::Refused { .. } => {}
        }
    }
    match reasons.is_empty() {
        true => EngineError::Overloaded,
        false => EngineError::Unavailable {
            reason: reasons.join("; "),
        },
    }
}

/// What a service counted, together with what others wrote before it.
fn in_all(cluster: &Cluster, usage: Usage, before: &str) -> Usage {
    let before = tokens(cluster, before);
    Usage {
        prompt_tokens: usage.prompt_tokens.saturating_sub(before),
        completion_tokens: usage.completion_tokens.saturating_add(before),
    }
}

/// What a reply took, where no service says so.
pub(super) fn counted(cluster: &Cluster, request: &ValidGenerateRequest, text: &str) -> Usage {
    let prompt = match &request.prompt {
        inference::Prompt::Conversation(messages) => messages
            .iter()
            .map(|message| tokens(cluster, &message.content))
            .sum(),
        inference::Prompt::Text(prompt) => tokens(cluster, prompt),
        inference::Prompt::Tokens(prompt) => u32::try_from(prompt.len()).unwrap_or(u32::MAX),
    };
    Usage {
        prompt_tokens: prompt,
        completion_tokens: tokens(cluster, text),
    }
}

fn tokens(cluster: &Cluster, text: &str) -> u32 {
    let count = cluster
        .language()
        .map_or(0, |language| language.counter.count(text));
    u32::try_from(count).unwrap_or(u32::MAX)
}
