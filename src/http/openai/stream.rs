//! A text as it is told: whole, or piece by piece as server-sent events.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actors::{GenerationEvent, Writing};
use bytes::Bytes;
use futures::stream::unfold;
use inference::{Generation, Piece};
use serde::Serialize;
use uuid::Uuid;

use super::super::problem::Problem;
use super::error::document;
use crate::ai_service::dialect::EndExtension;
use crate::clock::Clock;

/// What all parts of one answer have in common.
pub(super) struct Head {
    /// An id of the answer.
    pub(super) id: String,
    /// When it was asked for, in seconds since 1970.
    pub(super) created: i64,
    /// The model, as it was asked for.
    pub(super) model: String,
    /// Whether a stream ends with what the text took.
    pub(super) includes_usage: bool,
    /// Whether a node of this kind asks, which is told why exactly the text ended.
    pub(super) is_for_node: bool,
}

impl Head {
    /// The head of an answer whose id begins like this.
    pub(super) fn new(clock: &Clock, kind: &str, model: String, includes_usage: bool) -> Self {
        Self {
            id: format!("{kind}-{}", Uuid::now_v7().simple()),
            created: clock.now_ms() / 1_000,
            model,
            includes_usage,
            is_for_node: false,
        }
    }

    /// The same for a node.
    pub(super) fn for_node(self) -> Self {
        Self {
            is_for_node: true,
            ..self
        }
    }

    /// What a node is told of the end beyond the dialect.
    pub(super) fn extension(&self, generation: &Generation) -> Option<EndExtension> {
        self.is_for_node.then(|| EndExtension {
            stop_reason: generation.stop_reason.into(),
        })
    }
}

/// How the events of one kind of stream look; see [`event`].
pub(super) trait Chunks: 'static {
    /// What they have in common.
    fn head(&self) -> &Head;

    /// What comes before the first piece, if anything does.
    fn first(&self) -> Option<Bytes>;

    /// A piece of text.
    fn piece(&self, piece: &Piece) -> Bytes;

    /// The end.
    fn end(&self, generation: &Generation) -> Bytes;

    /// What it took.
    fn usage(&self, generation: &Generation) -> Bytes;
}

/// Waits for the whole text.
///
/// # Errors
/// Why there is none.
pub(super) async fn whole(mut writing: Writing) -> Result<Generation, Problem> {
    loop {
        match writing.next().await {
            GenerationEvent::Piece(_) => {}
            GenerationEvent::Finished(generation) => return Ok(generation),
            GenerationEvent::Failed(error) => return Err(error.into()),
        }
    }
}

/// What a stream goes on with.
struct Telling<C, P> {
    chunks: C,
    writing: Writing,
    /// What has come already and was not told.
    next: Option<GenerationEvent>,
    _place: P,
}

/// Answers with the text as it comes, and holds a place until it has. What fails before its first piece is an answer of its own; whoever goes away stops
/// the writing, since that drops the stream.
///
/// # Errors
/// Why there is no first piece.
pub(super) async fn streamed(
    chunks: impl Chunks,
    mut writing: Writing,
    place: impl Sized + 'static,
) -> Result<HttpResponse, Problem> {
    let next = match writing.next().await {
        GenerationEvent::Failed(error) => return Err(error.into()),
        begun => Some(begun),
    };
    let first = chunks.first();
    let telling = Telling {
        chunks,
        writing,
        next,
        _place: place,
    };
    let events = unfold((Some(telling), first), async |(telling, first)| {
        match (telling, first) {
            (telling, Some(first)) => Some((first, (telling, None))),
            (Some(telling), None) => {
                let (bytes, left) = telling.tell().await;
                Some((bytes, (left, None)))
            }
            (None, None) => None,
        }
    });
    let events = futures::StreamExt::map(events, Ok::<_, Problem>);
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-cache"))
        // nginx would hold the pieces back.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(events))
}

impl<C: Chunks, P> Telling<C, P> {
    /// The next bytes, and what is left to tell.
    async fn tell(mut self) -> (Bytes, Option<Self>) {
        let event_now = match self.next.take() {
            Some(begun) => begun,
            None => self.writing.next().await,
        };
        match event_now {
            GenerationEvent::Piece(piece) => (self.chunks.piece(&piece), Some(self)),
            GenerationEvent::Finished(generation) => (self.ending(&generation), None),
            // The head is gone: what failed is said in its own event, and nothing says that the text is done.
            GenerationEvent::Failed(error) => (event(&document(&error.into())), None),
        }
    }

    fn ending(&self, generation: &Generation) -> Bytes {
        let mut bytes = self.chunks.end(generation).to_vec();
        if self.chunks.head().includes_usage {
            bytes.extend(self.chunks.usage(generation));
        }
        bytes.extend(b"data: [DONE]\n\n");
        bytes.into()
    }
}

/// A server-sent event with this as its data.
pub(super) fn event(data: &impl Serialize) -> Bytes {
    let json = serde_json::to_string(data).expect("texts and numbers serialise");
    format!("data: {json}\n\n").into()
}
