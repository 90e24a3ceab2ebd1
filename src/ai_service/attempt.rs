//! One request for a text to one service, and the stream that answers it.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Response, StatusCode};
use inference::limits::REPLY_TOKENS_MAX;
use inference::{Drawn, GenerateRequest, Piece, StopReason, Usage, ValidGenerateRequest};
use tokio::time::{Instant, timeout, timeout_at};

use super::calls::{reason, whole};
use super::cluster::Cluster;
use super::dialect::{Chunk, FailureTold, TokensTold, WritingRequest};
use super::event_stream::EventStream;
use super::limits::{LIST_BYTES_MAX, REASON_CHARS_MAX, TEXT_BYTES_MAX};
use super::metrics::{self, Outcome};
use super::service::Service;

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) stop_reason: StopReason,
    /// As the service counts, if it does.
    pub(super) usage: Option<Usage>,
}

/// Why there was no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The request itself cannot be served, by nobody.
    Refused { reason: String, is_too_long: bool },
    /// The service has too much to do.
    Overloaded,
    /// The service could not do it, but may be well.
    Failed(String),
    /// The service is not there, or is not well.
    Gone(String),
}

/// Counts how a request ended, also one that is dropped.
pub(super) struct Counted {
    service: Arc<Service>,
    outcome: Outcome,
}

impl Counted {
    pub(super) fn begin(service: &Arc<Service>) -> Self {
        Self {
            service: service.clone(),
            outcome: Outcome::Cancelled,
        }
    }

    pub(super) fn ended(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::requested(&self.service.label, self.outcome);
    }
}

/// What is told of a stream as it comes.
pub(super) trait Told {
    /// The service has begun to answer.
    async fn begun(&mut self);

    /// More text.
    async fn text(&mut self, piece: Piece);
}

/// Asks a service to go on with a text of which so much is there.
pub(super) async fn attempt(
    cluster: &Cluster,
    service: &Arc<Service>,
    request: &ValidGenerateRequest,
    so_far: &Piece,
    told: &mut impl Told,
) -> Result<End, Failure> {
    let counted = Counted::begin(service);
    let _in_flight = service.begin();
    let mut stream = Stream {
        cluster,
        asked_at: Instant::now(),
        label: &service.label,
        bytes: 0,
        has_text: false,
    };
    let ended = stream.ask(service, request, so_far, told).await;
    counted.ended(match &ended {
        Ok(_) => Outcome::Answered,
        Err(Failure::Refused { .. }) => Outcome::Refused,
        Err(Failure::Overloaded) => Outcome::Overloaded,
        Err(_) if stream.has_text => Outcome::Broken,
        Err(_) => Outcome::Unreachable,
    });
    ended
}

struct Stream<'a> {
    cluster: &'a Cluster,
    asked_at: Instant,
    label: &'a str,
    bytes: usize,
    has_text: bool,
}

impl Stream<'_> {
    async fn ask(
        &mut self,
        service: &Service,
        request: &ValidGenerateRequest,
        so_far: &Piece,
        told: &mut impl Told,
    ) -> Result<End, Failure> {
        let Ok(_place) = service.places.try_acquire() else {
            return Err(Failure::Overloaded);
        };
        let language =
            (self.cluster.language()).expect("a cluster that is asked to write has a model");
        let body = match service.is_our_own() {
            true => {
                let beginning = format!("{}{}", request.beginning, so_far.text);
                let drawn = drawn(request, so_far, service.reads_drawn());
                let written = match so_far.tokens.len() {
                    0 => language.counter.count(&so_far.text),
                    drawn => drawn,
                };
                let left = request
                    .max_tokens
                    .saturating_sub(u32::try_from(written).unwrap_or(u32::MAX));
                let beginning = (beginning, drawn);
                WritingRequest::to_our_own(&language.info.name, request, beginning, left.max(1))
            }
            false if so_far.text.is_empty() && request.beginning.is_empty() => {
                WritingRequest::to_others(&language.info.name, request)
            }
            false => {
                return Err(Failure::Refused {
                    reason: format!(
                        "the inference service {} cannot go on from the middle of a reply",
                        self.label
                    ),
                    is_too_long: false,
                });
            }
        };
        let first_by = self.asked_at + self.cluster.config.first_token_within;
        let asked = async {
            self.cluster.settle(service).await?;
            self.cluster
                .calls
                .post(&service.url(body.path()), &body)
                .await
        };
        let answer = timeout_at(first_by, asked).await;
        let answer = answer
            .map_err(|_| self.gone(&late(self.cluster.config.first_token_within)))?
            .map_err(|reason| self.gone(&reason))?;
        if answer.status() != StatusCode::OK {
            let refused = timeout_at(first_by, self.refused(service, answer)).await;
            return Err(refused.unwrap_or_else(|_| self.gone("broke off its answer")));
        }
        told.begun().await;
        self.read(answer.into_body(), first_by, told).await
    }

    async fn read(
        &mut self,
        mut body: Incoming,
        first_by: Instant,
        told: &mut impl Told,
    ) -> Result<End, Failure> {
        let mut events = EventStream::default();
        let mut end: Option<StopReason> = None;
        let mut usage = None;
        loop {
            let next_within = self.cluster.config.next_token_within;
            let frame = match self.has_text {
                true => timeout(next_within, body.frame())
                    .await
                    .map_err(|_| late(next_within)),
                false => {
                    let within = self.cluster.config.first_token_within;
                    timeout_at(first_by, body.frame())
                        .await
                        .map_err(|_| late(within))
                }
            };
            let frame = frame.map_err(|reason| self.gone(&reason))?;
            let Some(frame) = frame else {
                // Not everybody says that this is all.
                return match end {
                    Some(stop_reason) => Ok(End { stop_reason, usage }),
                    None => Err(self.gone("broke off its answer")),
                };
            };
            let frame = frame.map_err(|error| self.gone(&reason(&error)))?;
            let bytes = frame.into_data().unwrap_or_default();
            let read = events.feed(&bytes);
            for data in read.map_err(|error| self.gone(&error.to_string()))? {
                if data == "[DONE]" {
                    let stop_reason = end.unwrap_or(StopReason::EndOfTurn);
                    return Ok(End { stop_reason, usage });
                }
                let chunk: Chunk = serde_json::from_str(&data)
                    .map_err(|_| self.gone("sent what is no chunk of a completion"))?;
                if chunk.error.is_some() {
                    return Err(Failure::Failed(format!(
                        "the inference service {} failed in the middle of its answer",
                        self.label
                    )));
                }
                usage = chunk.usage.map(counted).or(usage);
                for choice in chunk.choices.into_iter().take(1) {
                    let finish_reason = choice.finish_reason.clone();
                    self.tell(choice.into_piece(), told).await?;
                    if let Some(finish_reason) = finish_reason {
                        end.get_or_insert(match finish_reason.as_str() {
                            "length" => StopReason::Length,
                            _ => StopReason::EndOfTurn,
                        });
                    }
                }
                if let Some(told) = chunk.digital_twin {
                    end = Some(told.stop_reason.into());
                }
            }
        }
    }

    async fn tell(&mut self, piece: Piece, told: &mut impl Told) -> Result<(), Failure> {
        if piece.text.is_empty() {
            return Ok(());
        }
        self.bytes += piece.text.len() + size_of_val(&*piece.tokens);
        if self.bytes > TEXT_BYTES_MAX {
            return Err(self.gone(&format!("wrote more than {TEXT_BYTES_MAX} bytes")));
        }
        if !self.has_text {
            self.has_text = true;
            metrics::first_token(self.label, self.asked_at.elapsed());
        }
        told.text(piece).await;
        Ok(())
    }

    /// What an answer says that is no stream.
    async fn refused(&self, service: &Service, answer: Response<Incoming>) -> Failure {
        let status = answer.status();
        let body = whole(answer.into_body(), LIST_BYTES_MAX).await;
        let told: FailureTold =
            serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
        let error = told.error.unwrap_or_default();
        let code = error.code().unwrap_or_default();
        let is_overloaded = code == "overloaded" || status == StatusCode::TOO_MANY_REQUESTS;
        match status.as_u16() {
            _ if is_overloaded => Failure::Overloaded,
            400 | 413 | 422 => {
                let said = match service.is_our_own() {
                    true => error.sentence(REASON_CHARS_MAX),
                    false => format!(
                        "the inference service {} refused the request with status {}{}",
                        self.label,
                        status.as_u16(),
                        in_brackets(code)
                    ),
                };
                Failure::Refused {
                    reason: said,
                    is_too_long: code == "context_length_exceeded",
                }
            }
            500 => Failure::Failed(format!(
                "the inference service {} failed{}",
                self.label,
                in_brackets(code)
            )),
            _ => self.gone(&self.cluster.refusal(status)),
        }
    }

    fn gone(&self, reason: &str) -> Failure {
        Failure::Gone(format!("the inference service {} {reason}", self.label))
    }
}

/// The tokens of a beginning and of what was written after it, for a service that can read them.
fn drawn(request: &GenerateRequest, so_far: &Piece, is_read: bool) -> Drawn {
    let mut drawn = match request.drawn.tokens.is_empty() {
        true => Drawn {
            after: request.beginning.len(),
            tokens: Vec::new(),
        },
        false => request.drawn.clone(),
    };
    drawn.tokens.extend(&so_far.tokens);
    match is_read && drawn.tokens.len() <= REPLY_TOKENS_MAX as usize {
        true => drawn,
        false => Drawn::default(),
    }
}

fn in_brackets(code: &str) -> String {
    match code.is_empty() {
        true => String::new(),
        false => format!(" ({code})"),
    }
}

fn late(within: Duration) -> String {
    format!("said nothing for {} seconds", within.as_secs())
}

fn counted(told: TokensTold) -> Usage {
    Usage {
        prompt_tokens: told.prompt_tokens,
        completion_tokens: told.completion_tokens,
    }
}
