//! `/v1/chat/completions`: the next message of a conversation, from the language model or from a twin.

mod answer;

use actix_web::{HttpResponse, post, web};
use actors::limits::HISTORY_MESSAGES_MAX;
use actors::{ModelCompletion, TwinCompletion, Writing};
use inference::{ChatMessage, Prompt, Role};
use protocol::{TwinId, UserId};
use serde::Deserialize;
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;

use answer::{Answering, ChatAnswer};

use super::super::Edge;
use super::super::problem::Problem;
use super::body::{
    Asked, Call, Neutral, ignored, only_list, only_number, only_texts, only_type, unsupported,
};
use super::error::ApiProblems;
use super::models::Model;
use super::sampling::{OneOrMany, StreamOptions, Wanted, includes_usage, only_one};
use super::stream::{Head, streamed, whole};

/// A conversation whose next message is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChatCompletionRequest)]
pub(super) struct ChatRequest {
    /// The name of the language model, or the id of a twin.
    model: String,
    /// The conversation, oldest message first. A twin has instructions of its own: it takes none, and answers the last one,
    /// which must be the user's.
    #[schema(min_items = 1, max_items = 1_024)]
    messages: Vec<MessageText>,
    /// The most tokens that the message may have; as many as the server allows when absent, or as the twin's replies have.
    #[schema(nullable = false, minimum = 1, maximum = 32_768)]
    max_completion_tokens: Option<u32>,
    /// The older name of `max_completion_tokens`.
    #[schema(nullable = false, minimum = 1, maximum = 32_768)]
    max_tokens: Option<u32>,
    /// How far to flatten the distribution; 1 when absent, or as the twin does. 0 always takes the likeliest token.
    #[schema(nullable = false, minimum = 0, maximum = 2)]
    temperature: Option<f32>,
    /// Sample from the smallest set of tokens that together are at least this likely; 1 when absent, or as the twin does.
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    top_p: Option<f32>,
    /// Only 1.
    #[schema(nullable = false, minimum = 1, maximum = 1)]
    n: Option<u32>,
    /// Equal seeds give equal messages to equal requests.
    #[schema(value_type = Option<i64>, nullable = false)]
    seed: Option<Number>,
    /// Texts that end the message; they are not part of it.
    #[schema(nullable = false)]
    stop: Option<OneOrMany>,
    /// Whether the message comes in pieces, as server-sent events.
    #[serde(default)]
    stream: bool,
    /// How a stream is told.
    #[schema(nullable = false)]
    stream_options: Option<StreamOptions>,
}

impl Asked for ChatRequest {
    const NEUTRAL: &'static [Neutral] = &[
        ignored("user"),
        ignored("safety_identifier"),
        ignored("prompt_cache_key"),
        ignored("prompt_cache_retention"),
        ignored("metadata"),
        ignored("parallel_tool_calls"),
        ignored("prediction"),
        unsupported("tools"),
        unsupported("functions"),
        unsupported("logprobs"),
        unsupported("top_logprobs"),
        unsupported("logit_bias"),
        unsupported("audio"),
        unsupported("store"),
        unsupported("reasoning_effort"),
        unsupported("web_search_options"),
        only_texts("tool_choice", &["none", "auto"]),
        only_texts("function_call", &["none", "auto"]),
        only_texts("service_tier", &["auto", "default"]),
        only_texts("verbosity", &["medium"]),
        only_number("frequency_penalty", 0.0),
        only_number("presence_penalty", 0.0),
        only_type("response_format", "text"),
        only_list("modalities", "text"),
    ];
}

/// What may stand in a message beside its role and its text: what is null or empty, as in a message that a completion gave.
const BESIDE_TEXT: Neutral = unsupported("a message's other fields");

/// A message of the conversation.
#[derive(Deserialize, ToSchema)]
#[schema(as = ChatCompletionMessage)]
pub(super) struct MessageText {
    /// Who wrote it.
    role: RoleText,
    /// Its text, whole or in parts.
    content: Content,
    /// See [`BESIDE_TEXT`].
    #[serde(flatten)]
    #[schema(ignore)]
    others: Map<String, Value>,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChatCompletionRole)]
enum RoleText {
    /// Instructions.
    System,
    /// Instructions, by their newer name.
    Developer,
    /// The person or program that is being answered.
    User,
    /// The model or the twin.
    Assistant,
}

/// The text of a message.
#[derive(Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a text or a list of parts")]
#[schema(as = ChatCompletionContent)]
enum Content {
    /// Whole.
    Whole(String),
    /// In parts, which are joined by line breaks.
    Parts(Vec<Part>),
}

/// A part of a message.
#[derive(Deserialize, ToSchema)]
#[schema(as = ChatCompletionPart)]
struct Part {
    /// Only `text`.
    #[schema(pattern = "^text$", example = "text")]
    r#type: String,
    /// The text.
    #[serde(default)]
    #[schema(required = true)]
    text: String,
}

/// Write the next message of a conversation.
///
/// With `stream` the answer is server-sent events: `data:` and a `chat.completion.chunk` each, at last `data: [DONE]`. A
/// client that goes away stops the writing.
#[utoipa::path(
    tag = "openai",
    request_body = ChatRequest,
    responses(
        (status = OK, description = "The message, or a stream of its pieces", content(
            (ChatAnswer = "application/json"),
            (String = "text/event-stream"),
        )),
        ApiProblems,
    )
)]
#[post("/chat/completions")]
pub(super) async fn create_chat_completion(
    edge: web::Data<Edge>,
    call: Call<ChatRequest>,
) -> Result<HttpResponse, Problem> {
    let Call { user, request } = call;
    let model = edge.model(&request.model, user).await?;
    let read = request.read()?;
    let place = edge.writing_places.take(user)?;
    let writing = match model {
        Model::Language => ask_model(&edge, user, read.messages, read.wanted).await?,
        Model::Twin(twin) => ask_twin(&edge, twin, user, read.messages, read.wanted).await?,
        Model::Embedding => {
            let reason = "it embeds texts; it does not chat";
            return Err(Problem::invalid("model", reason).at("model"));
        }
    };
    let head = Head::new(&edge.clock, "chatcmpl", read.model, read.includes_usage);
    answered(head, read.stream, writing, place).await
}

/// A request as it is understood.
pub(super) struct ReadChat {
    pub(super) model: String,
    messages: Vec<(RoleText, String)>,
    pub(super) wanted: Wanted,
    pub(super) stream: bool,
    pub(super) includes_usage: bool,
}

impl ChatRequest {
    pub(super) fn read(self) -> Result<ReadChat, Problem> {
        only_one("n", self.n)?;
        Ok(ReadChat {
            includes_usage: includes_usage(self.stream, self.stream_options)?,
            wanted: Wanted {
                max_tokens: only_limit(self.max_tokens, self.max_completion_tokens)?,
                temperature: self.temperature,
                top_p: self.top_p,
                seed: self.seed,
                stop: self.stop,
            },
            messages: read_messages(self.messages)?,
            model: self.model,
            stream: self.stream,
        })
    }
}

impl ReadChat {
    /// What the language model continues.
    pub(super) fn prompt(&mut self) -> Prompt {
        prompt(std::mem::take(&mut self.messages))
    }
}

fn prompt(messages: Vec<(RoleText, String)>) -> Prompt {
    let messages = messages
        .into_iter()
        .map(|(role, content)| ChatMessage::new(role.into(), content));
    Prompt::Conversation(messages.collect())
}

/// Answers with a message, whole or as it comes, and holds a place until it has.
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
    Ok(HttpResponse::Ok().json(answer.whole(&generation)))
}

async fn ask_model(
    edge: &Edge,
    user: UserId,
    messages: Vec<(RoleText, String)>,
    wanted: Wanted,
) -> Result<Writing, Problem> {
    let mut sampling = edge.sampling(wanted)?;
    sampling.max_tokens = sampling.max_tokens.or(Some(edge.limits.api_tokens_max));
    let completion = ModelCompletion {
        user,
        prompt: prompt(messages),
        sampling,
    };
    Ok(edge.node.complete(completion).await?)
}

async fn ask_twin(
    edge: &Edge,
    twin: TwinId,
    user: UserId,
    mut messages: Vec<(RoleText, String)>,
    wanted: Wanted,
) -> Result<Writing, Problem> {
    let instructs = |(role, _): &(RoleText, String)| Role::from(*role) == Role::System;
    if let Some(index) = messages.iter().position(instructs) {
        let param = format!("messages[{index}].role");
        let reason = "a twin has instructions of its own and takes no others";
        return Err(Problem::invalid(&param, reason).at(param));
    }
    let Some((RoleText::User, question)) = messages.pop() else {
        let reason = "the last one must be the user's, for the twin to answer it";
        return Err(Problem::invalid("messages", reason).at("messages"));
    };
    // As many turns as the twin reads in a conversation.
    let turns = HISTORY_MESSAGES_MAX as usize;
    let history = messages.split_off(messages.len().saturating_sub(turns));
    let history = history
        .into_iter()
        .map(|(role, content)| ChatMessage::new(role.into(), content));
    let completion = TwinCompletion {
        twin,
        user,
        history: history.collect(),
        question,
        sampling: edge.sampling(wanted)?,
    };
    Ok(edge.node.ask_twin(completion).await?)
}

/// One limit under two names.
fn only_limit(older: Option<u32>, newer: Option<u32>) -> Result<Option<u32>, Problem> {
    match (older, newer) {
        (Some(older), Some(newer)) if older != newer => {
            let reason = "says something else than `max_completion_tokens`";
            Err(Problem::invalid("max_tokens", reason).at("max_tokens"))
        }
        (older, newer) => Ok(newer.or(older)),
    }
}

fn read_messages(messages: Vec<MessageText>) -> Result<Vec<(RoleText, String)>, Problem> {
    let read = messages.into_iter().enumerate().map(|(index, message)| {
        for (name, value) in &message.others {
            let param = format!("messages[{index}].{name}");
            BESIDE_TEXT.check_as(&param, value)?;
        }
        let content = match message.content {
            Content::Whole(text) => text,
            Content::Parts(parts) => joined(index, parts)?,
        };
        if content.trim().is_empty() {
            let param = format!("messages[{index}].content");
            return Err(Problem::invalid(&param, "must not be blank").at(param));
        }
        Ok((message.role, content))
    });
    read.collect()
}

fn joined(index: usize, parts: Vec<Part>) -> Result<String, Problem> {
    let mut texts = Vec::with_capacity(parts.len());
    for (place, part) in parts.into_iter().enumerate() {
        if part.r#type != "text" {
            let param = format!("messages[{index}].content[{place}].type");
            let problem = Problem::invalid(&param, "only text is supported");
            return Err(problem.at(param).because("unsupported_parameter"));
        }
        texts.push(part.text);
    }
    Ok(texts.join("\n"))
}

impl From<RoleText> for Role {
    fn from(role: RoleText) -> Self {
        match role {
            RoleText::System | RoleText::Developer => Self::System,
            RoleText::User => Self::User,
            RoleText::Assistant => Self::Assistant,
        }
    }
}
