//! How a message that was written is told: whole, or in chunks.

use bytes::Bytes;
use inference::{Generation, Piece};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::sampling::{CompletionUsage, finish_reason};
use super::super::stream::{Chunks, Head, event};
use crate::ai_service::dialect::EndExtension;

/// The next message of the conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatCompletion)]
pub(super) struct ChatAnswer<'a> {
    /// An id of this answer.
    id: &'a str,
    /// Always `chat.completion`.
    object: &'static str,
    /// When it was asked for, in seconds since 1970.
    created: i64,
    /// The model or the twin, as it was asked for.
    model: &'a str,
    /// One.
    choices: [ChatChoice<'a>; 1],
    /// What it took.
    usage: CompletionUsage,
}

/// A message that was written.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatCompletionChoice)]
struct ChatChoice<'a> {
    /// Always 0.
    index: u32,
    /// The message.
    message: Written<'a>,
    /// Always null.
    #[schema(value_type = Option<Object>, required = true)]
    logprobs: (),
    /// `stop`, or `length` when it was cut short.
    #[schema(example = "stop")]
    finish_reason: &'static str,
}

/// A message of the model or the twin.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatCompletionAnswerMessage)]
struct Written<'a> {
    /// Always `assistant`.
    #[schema(example = "assistant")]
    role: &'static str,
    /// Its text.
    content: &'a str,
    /// Always null.
    #[schema(value_type = Option<String>, required = true)]
    refusal: (),
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    annotations: [(); 0],
}

/// How a message that was written is told.
pub(super) struct Answering(pub(super) Head);

/// A part of a stream.
#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<ChunkChoice<'a>>,
    /// Null in all chunks but the last, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<CompletionUsage>>,
    /// For nodes alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    digital_twin: Option<EndExtension>,
}

#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: u32,
    delta: Delta<'a>,
    logprobs: (),
    finish_reason: Option<&'static str>,
    /// For nodes alone; called as vLLM calls it.
    #[serde(skip_serializing_if = "<[u32]>::is_empty")]
    token_ids: &'a [u32],
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

impl Answering {
    /// The answer that comes whole.
    pub(super) fn whole<'a>(&'a self, generation: &'a Generation) -> ChatAnswer<'a> {
        ChatAnswer {
            id: &self.0.id,
            object: "chat.completion",
            created: self.0.created,
            model: &self.0.model,
            choices: [ChatChoice {
                index: 0,
                message: Written {
                    role: "assistant",
                    content: &generation.text,
                    refusal: (),
                    annotations: [],
                },
                logprobs: (),
                finish_reason: finish_reason(generation),
            }],
            usage: generation.into(),
        }
    }

    fn chunk<'a>(&'a self, delta: Delta<'a>, finish_reason: Option<&'static str>) -> Chunk<'a> {
        Chunk {
            id: &self.0.id,
            object: "chat.completion.chunk",
            created: self.0.created,
            model: &self.0.model,
            choices: vec![ChunkChoice {
                index: 0,
                delta,
                logprobs: (),
                finish_reason,
                token_ids: &[],
            }],
            usage: self.0.includes_usage.then_some(None),
            digital_twin: None,
        }
    }
}

impl Chunks for Answering {
    fn head(&self) -> &Head {
        &self.0
    }

    fn first(&self) -> Option<Bytes> {
        let delta = Delta {
            role: Some("assistant"),
            content: Some(""),
        };
        Some(event(&self.chunk(delta, None)))
    }

    fn piece(&self, piece: &Piece) -> Bytes {
        let delta = Delta {
            content: Some(&piece.text),
            ..Delta::default()
        };
        let mut chunk = self.chunk(delta, None);
        if self.0.is_for_node {
            chunk.choices[0].token_ids = &piece.tokens;
        }
        event(&chunk)
    }

    fn end(&self, generation: &Generation) -> Bytes {
        event(&Chunk {
            digital_twin: self.0.extension(generation),
            ..self.chunk(Delta::default(), Some(finish_reason(generation)))
        })
    }

    fn usage(&self, generation: &Generation) -> Bytes {
        event(&Chunk {
            choices: Vec::new(),
            usage: Some(Some(generation.into())),
            ..self.chunk(Delta::default(), None)
        })
    }
}
