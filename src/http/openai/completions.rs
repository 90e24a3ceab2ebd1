//! `/v1/completions`: how the language model goes on with a text or with tokens, as they stand.

use actix_web::{HttpResponse, post, web};
use actors::{ModelCompletion, Writing};
use bytes::Bytes;
use inference::{Generation, Piece, Prompt};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use super::super::Edge;
use super::super::problem::Problem;
use super::body::{Asked, Call, Neutral, ignored, only_number, unsupported};
use super::error::ApiProblems;
use super::models::Model;
use super::sampling::{
    CompletionUsage, OneOrMany, StreamOptions, Wanted, finish_reason, includes_usage, only_one,
};
use super::stream::{Chunks, Head, event, streamed, whole};
use crate::ai_service::dialect::EndExtension;

/// Tokens of a completion when nobody says how many: so it is in the dialect.
const TOKENS_DEFAULT: u32 = 16;

/// A text that is to go on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CompletionRequest)]
pub(super) struct CompletionRequest {
    /// The name of the language model.
    model: String,
    /// What the model goes on with, without its chat template.
    prompt: RawPrompt,
    /// The most tokens that are written; 16 when absent.
    #[schema(nullable = false, minimum = 1, maximum = 32_768)]
    max_tokens: Option<u32>,
    /// How far to flatten the distribution; 1 when absent. 0 always takes the likeliest token.
    #[schema(nullable = false, minimum = 0, maximum = 2)]
    temperature: Option<f32>,
    /// Sample from the smallest set of tokens that together are at least this likely; 1 when absent.
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    top_p: Option<f32>,
    /// Only 1.
    #[schema(nullable = false, minimum = 1, maximum = 1)]
    n: Option<u32>,
    /// Only 1.
    #[schema(nullable = false, minimum = 1, maximum = 1)]
    best_of: Option<u32>,
    /// Equal seeds give equal texts to equal requests.
    #[schema(value_type = Option<i64>, nullable = false)]
    seed: Option<Number>,
    /// Texts that end what is written; they are not part of it.
    #[schema(nullable = false)]
    stop: Option<OneOrMany>,
    /// Whether the text comes in pieces, as server-sent events.
    #[serde(default)]
    stream: bool,
    /// How a stream is told.
    #[schema(nullable = false)]
    stream_options: Option<StreamOptions>,
}

impl Asked for CompletionRequest {
    const NEUTRAL: &'static [Neutral] = &[
        ignored("user"),
        unsupported("logprobs"),
        unsupported("echo"),
        unsupported("suffix"),
        unsupported("logit_bias"),
        only_number("frequency_penalty", 0.0),
        only_number("presence_penalty", 0.0),
    ];
}

/// What the model goes on with.
#[derive(Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "expected a text, a list of one text, a list of tokens, or a list of one list of tokens"
)]
#[schema(as = CompletionPrompt)]
enum RawPrompt {
    /// A text.
    Text(String),
    /// A list of one text.
    Texts(Vec<String>),
    /// Tokens of the model's vocabulary.
    Tokens(Vec<u64>),
    /// A list of one list of tokens.
    TokenLists(Vec<Vec<u64>>),
}

/// What the model wrote.
#[derive(Serialize, ToSchema)]
#[schema(as = Completion)]
struct CompletionAnswer<'a> {
    /// An id of this answer.
    id: &'a str,
    /// Always `text_completion`.
    object: &'static str,
    /// When it was asked for, in seconds since 1970.
    created: i64,
    /// The model, as it was asked for.
    model: &'a str,
    /// One, or in a stream none beside what it took.
    choices: Vec<CompletionChoice<'a>>,
    /// What it took; in a stream null in all chunks but the last, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = CompletionUsage, required = true)]
    usage: Option<Option<CompletionUsage>>,
    /// For nodes alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    digital_twin: Option<EndExtension>,
}

/// A text that was written.
#[derive(Serialize, ToSchema)]
#[schema(as = CompletionChoice)]
struct CompletionChoice<'a> {
    /// Always 0.
    index: u32,
    /// The text.
    text: &'a str,
    /// Always null.
    #[schema(value_type = Option<Object>, required = true)]
    logprobs: (),
    /// `stop`, or `length` when it was cut short; in a stream null before the end.
    #[schema(example = "stop", required = true)]
    finish_reason: Option<&'static str>,
}

/// Go on with a text.
///
/// With `stream` the answer is server-sent events: `data:` and a `text_completion` each, at last `data: [DONE]`. A client that
/// goes away stops the writing.
#[utoipa::path(
    tag = "openai",
    request_body = CompletionRequest,
    responses(
        (status = OK, description = "What was written, or a stream of its pieces", content(
            (CompletionAnswer = "application/json"),
            (String = "text/event-stream"),
        )),
        ApiProblems,
    )
)]
#[post("/completions")]
pub(super) async fn create_completion(
    edge: web::Data<Edge>,
    call: Call<CompletionRequest>,
) -> Result<HttpResponse, Problem> {
    let Call { user, request } = call;
    let refusal = match edge.model(&request.model, user).await? {
        Model::Language => None,
        Model::Twin(_) => Some("a twin answers conversations: use /v1/chat/completions"),
        Model::Embedding => Some("it embeds texts; it does not write any"),
    };
    if let Some(reason) = refusal {
        return Err(Problem::invalid("model", reason).at("model"));
    }
    let read = request.read()?;
    let completion = ModelCompletion {
        user,
        prompt: read.prompt,
        sampling: edge.sampling(read.wanted)?,
    };
    let place = edge.writing_places.take(user)?;
    let writing = edge.node.complete(completion).await?;
    let head = Head::new(&edge.clock, "cmpl", read.model, read.includes_usage);
    answered(head, read.stream, writing, place).await
}

/// A request as it is understood.
pub(super) struct ReadCompletion {
    pub(super) model: String,
    pub(super) prompt: Prompt,
    pub(super) wanted: Wanted,
    pub(super) stream: bool,
    pub(super) includes_usage: bool,
}

impl CompletionRequest {
    pub(super) fn read(self) -> Result<ReadCompletion, Problem> {
        only_one("n", self.n)?;
        only_one("best_of", self.best_of)?;
        Ok(ReadCompletion {
            includes_usage: includes_usage(self.stream, self.stream_options)?,
            wanted: Wanted {
                max_tokens: self.max_tokens.or(Some(TOKENS_DEFAULT)),
                temperature: self.temperature,
                top_p: self.top_p,
                seed: self.seed,
                stop: self.stop,
            },
            prompt: self.prompt.one()?,
            model: self.model,
            stream: self.stream,
        })
    }
}

/// Answers with a text, whole or as it comes, and holds a place until it has.
pub(super) async fn answered(
    head: Head,
    stream: bool,
    writing: Writing,
    place: impl Sized + 'static,
) -> Result<HttpResponse, Problem> {
    let answer = Answering(head);
    if stream {
        return streamed(answer, writing, place).await;
    }
    let generation = whole(writing).await?;
    let whole = CompletionAnswer {
        usage: Some(Some((&generation).into())),
        digital_twin: answer.0.extension(&generation),
        ..answer.chunk(&generation.text, Some(finish_reason(&generation)))
    };
    Ok(HttpResponse::Ok().json(whole))
}

impl RawPrompt {
    fn one(self) -> Result<Prompt, Problem> {
        let refused = |reason: &str| Problem::invalid("prompt", reason).at("prompt");
        match self {
            Self::Text(text) => Ok(Prompt::Text(text)),
            Self::Tokens(tokens) => as_tokens(tokens),
            Self::Texts(texts) => match <[String; 1]>::try_from(texts) {
                Ok([text]) => Ok(Prompt::Text(text)),
                Err(texts) if texts.is_empty() => Err(refused("must not be empty")),
                Err(_) => Err(refused("only one text at once is supported")),
            },
            Self::TokenLists(lists) => match <[Vec<u64>; 1]>::try_from(lists) {
                Ok([tokens]) => as_tokens(tokens),
                Err(_) => Err(refused("only one list of tokens at once is supported")),
            },
        }
    }
}

/// Whether they are of the model's vocabulary is for the engine to say, except of those that no vocabulary has.
fn as_tokens(tokens: Vec<u64>) -> Result<Prompt, Problem> {
    let narrow = |token| {
        u32::try_from(token).map_err(|_| {
            let reason = format!("the token {token} is not one of the model's");
            Problem::invalid("prompt", &reason).at("prompt")
        })
    };
    let tokens: Result<Vec<u32>, Problem> = tokens.into_iter().map(narrow).collect();
    tokens.map(Prompt::Tokens)
}

/// How a text that was written is told.
struct Answering(Head);

impl Answering {
    fn chunk<'a>(
        &'a self,
        text: &'a str,
        finish_reason: Option<&'static str>,
    ) -> CompletionAnswer<'a> {
        CompletionAnswer {
            id: &self.0.id,
            object: "text_completion",
            created: self.0.created,
            model: &self.0.model,
            choices: vec![CompletionChoice {
                index: 0,
                text,
                logprobs: (),
                finish_reason,
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
        None
    }

    fn piece(&self, piece: &Piece) -> Bytes {
        event(&self.chunk(&piece.text, None))
    }

    fn end(&self, generation: &Generation) -> Bytes {
        event(&CompletionAnswer {
            digital_twin: self.0.extension(generation),
            ..self.chunk("", Some(finish_reason(generation)))
        })
    }

    fn usage(&self, generation: &Generation) -> Bytes {
        event(&CompletionAnswer {
            choices: Vec::new(),
            usage: Some(Some(generation.into())),
            ..self.chunk("", None)
        })
    }
}
