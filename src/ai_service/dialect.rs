//! What goes over the wire: OpenAI's dialect as we ask for it and read it, and beneath `digital_twin` what nodes of role inference
//! understand beyond it ([ADR 28](../../docs/adr/0028-chat-nodes-need-no-gpu.md)).

use inference::{
    Account, CacheScope, Drawn, GenerateRequest, ModelInfo, Origin, Piece, Priority, Prompt,
    StopReason, TextForm,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a request for a text says beyond the dialect, so that the text is the same on any node, from any place on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WritingExtension {
    /// How the reply begins: what is written is what follows.
    pub(crate) beginning: String,
    /// The tokens of its end, where they are known; see [`GenerateRequest::drawn`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) drawn: Option<DrawnExtension>,
    /// See [`GenerateRequest::repetition_penalty`].
    pub(crate) repetition_penalty: f32,
    /// See [`GenerateRequest::message`].
    pub(crate) message: Uuid,
    /// Whose share of the machine it counts against.
    pub(crate) accounts: [Uuid; 2],
    /// Whose prompt it is.
    pub(crate) owner: Uuid,
    /// Who may learn what stands in it.
    pub(crate) audience: Uuid,
    /// How urgent it is.
    pub(crate) priority: Urgency,
}

/// See [`Drawn`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrawnExtension {
    after: usize,
    tokens: Vec<u32>,
}

/// What a request for vectors says beyond the dialect; a text that is too long is cut off, not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmbeddingExtension {
    /// What the texts are for.
    pub(crate) form: Form,
}

/// See [`Priority`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Urgency {
    Person,
    Background,
}

/// See [`TextForm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    Query,
    Passage,
    Plain,
}

/// What the end of a text says beyond the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndExtension {
    /// Why it ended.
    pub(crate) stop_reason: Ending,
}

/// See [`StopReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    EndOfTurn,
    Length,
    StopSequence,
    Cancelled,
    Deadline,
}

/// What the list of models says of the process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ListExtension {
    /// Another one each time the process starts.
    pub(crate) instance: Uuid,
    /// It goes on from tokens that were drawn.
    #[serde(default)]
    pub(crate) reads_drawn: bool,
}

/// What the list of models says of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ModelExtension {
    /// It writes.
    Language {
        /// See [`ModelInfo`], as all that follows.
        architecture: String,
        context_tokens: usize,
        vocabulary: usize,
        forward: String,
        quantisation: String,
        bytes: u64,
    },
    /// It embeds.
    Embedding {
        /// How many numbers a vector has.
        dimensions: usize,
    },
}

impl ModelExtension {
    /// What is told of a language model.
    pub(crate) fn of(model: &ModelInfo) -> Self {
        Self::Language {
            architecture: model.architecture.clone(),
            context_tokens: model.context_tokens,
            vocabulary: model.vocabulary,
            forward: model.forward.clone(),
            quantisation: model.quantisation.clone(),
            bytes: model.bytes,
        }
    }
}

impl WritingExtension {
    fn of(request: &GenerateRequest, beginning: String, drawn: Drawn) -> Self {
        let [first, second] = request.origin.accounts;
        let scope = request.origin.scope;
        Self {
            beginning,
            drawn: (!drawn.tokens.is_empty()).then_some(DrawnExtension {
                after: drawn.after,
                tokens: drawn.tokens,
            }),
            repetition_penalty: request.repetition_penalty,
            message: Uuid::from_u128(request.message),
            accounts: [Uuid::from_u128(first.0), Uuid::from_u128(second.0)],
            owner: Uuid::from_u128(scope.owner),
            audience: Uuid::from_u128(scope.audience),
            priority: request.origin.priority.into(),
        }
    }

    /// Puts what it says into a request.
    pub(crate) fn apply(self, request: &mut GenerateRequest) {
        request.beginning = self.beginning;
        if let Some(DrawnExtension { after, tokens }) = self.drawn {
            request.drawn = Drawn { after, tokens };
        }
        request.repetition_penalty = self.repetition_penalty;
        request.message = self.message.as_u128();
        request.origin = Origin {
            accounts: self.accounts.map(|account| Account(account.as_u128())),
            scope: CacheScope {
                owner: self.owner.as_u128(),
                audience: self.audience.as_u128(),
            },
            priority: self.priority.into(),
        };
    }
}

impl From<Priority> for Urgency {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Person => Self::Person,
            Priority::Background => Self::Background,
        }
    }
}

impl From<Urgency> for Priority {
    fn from(urgency: Urgency) -> Self {
        match urgency {
            Urgency::Person => Self::Person,
            Urgency::Background => Self::Background,
        }
    }
}

impl From<TextForm> for Form {
    fn from(form: TextForm) -> Self {
        match form {
            TextForm::Query => Self::Query,
            TextForm::Passage => Self::Passage,
            TextForm::Plain => Self::Plain,
        }
    }
}

impl From<Form> for TextForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Query => Self::Query,
            Form::Passage => Self::Passage,
            Form::Plain => Self::Plain,
        }
    }
}

impl From<StopReason> for Ending {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::EndOfTurn => Self::EndOfTurn,
            StopReason::Length => Self::Length,
            StopReason::StopSequence => Self::StopSequence,
            StopReason::Cancelled => Self::Cancelled,
            StopReason::Deadline => Self::Deadline,
        }
    }
}

impl From<Ending> for StopReason {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::EndOfTurn => Self::EndOfTurn,
            Ending::Length => Self::Length,
            Ending::StopSequence => Self::StopSequence,
            Ending::Cancelled => Self::Cancelled,
            Ending::Deadline => Self::Deadline,
        }
    }
}

/// A request for a text, as it is sent.
#[derive(Serialize)]
pub(super) struct WritingRequest<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<SentMessage<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<SentPrompt<'a>>,
    max_tokens: u32,
    temperature: f32,
    top_p: f32,
    seed: u64,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    stream: bool,
    stream_options: SentStreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    digital_twin: Option<WritingExtension>,
}

#[derive(Serialize)]
struct SentMessage<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum SentPrompt<'a> {
    Text(&'a str),
    Tokens(&'a [u32]),
}

#[derive(Serialize)]
struct SentStreamOptions {
    include_usage: bool,
}

/// The bits of a seed that every server takes: a positive 32-bit number.
const FOREIGN_SEED_MAX: u64 = i32::MAX as u64;

impl<'a> WritingRequest<'a> {
    /// To a node of role inference, which goes on from this beginning, whose end was drawn in these tokens.
    pub(super) fn to_our_own(
        model: &'a str,
        request: &'a GenerateRequest,
        (beginning, drawn): (String, Drawn),
        max_tokens: u32,
    ) -> Self {
        Self {
            max_tokens,
            seed: request.seed,
            digital_twin: Some(WritingExtension::of(request, beginning, drawn)),
            ..Self::to_others(model, request)
        }
    }

    /// To any server of the dialect.
    pub(super) fn to_others(model: &'a str, request: &'a GenerateRequest) -> Self {
        let (messages, prompt) = match &request.prompt {
            Prompt::Conversation(messages) => {
                let messages = messages.iter().map(|message| SentMessage {
                    role: message.role.as_str(),
                    content: &message.content,
                });
                (Some(messages.collect()), None)
            }
            Prompt::Text(text) => (None, Some(SentPrompt::Text(text))),
            Prompt::Tokens(tokens) => (None, Some(SentPrompt::Tokens(tokens))),
        };
        Self {
            model,
            messages,
            prompt,
            max_tokens: request.max_tokens,
            temperature: request.temperature,
            top_p: request.top_p,
            seed: request.seed & FOREIGN_SEED_MAX,
            stop: &request.stop,
            stream: true,
            stream_options: SentStreamOptions {
                include_usage: true,
            },
            digital_twin: None,
        }
    }

    /// Where it is sent.
    pub(super) fn path(&self) -> &'static str {
        match self.messages {
            Some(_) => "/v1/chat/completions",
            None => "/v1/completions",
        }
    }
}

/// An event of a stream, of either kind of completion.
#[derive(Debug, Deserialize)]
pub(super) struct Chunk {
    #[serde(default)]
    pub(super) choices: Vec<ChunkChoice>,
    pub(super) usage: Option<TokensTold>,
    pub(super) error: Option<serde_json::Value>,
    pub(super) digital_twin: Option<EndExtension>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChunkChoice {
    delta: Option<ChunkDelta>,
    text: Option<String>,
    pub(super) finish_reason: Option<String>,
    /// Nodes of role inference say so.
    #[serde(default)]
    token_ids: Vec<u32>,
}

#[derive(Debug, Deserialize)]
struct ChunkDelta {
    content: Option<String>,
}

impl ChunkChoice {
    /// What it brings.
    pub(super) fn into_piece(self) -> Piece {
        let content = self.delta.and_then(|delta| delta.content);
        Piece {
            text: content.or(self.text).unwrap_or_default(),
            tokens: self.token_ids,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct TokensTold {
    #[serde(default)]
    pub(super) prompt_tokens: u32,
    #[serde(default)]
    pub(super) completion_tokens: u32,
}

/// The list of models.
#[derive(Debug, Deserialize)]
pub(super) struct ModelsTold {
    pub(super) data: Vec<ModelTold>,
    pub(super) digital_twin: Option<ListExtension>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ModelTold {
    pub(super) id: String,
    /// vLLM says so.
    pub(super) max_model_len: Option<usize>,
    pub(super) digital_twin: Option<ModelExtension>,
}

/// What failed, where the server says so in the dialect's form.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FailureTold {
    pub(super) error: Option<FailureBody>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct FailureBody {
    message: Option<String>,
    code: Option<serde_json::Value>,
}

impl FailureBody {
    /// The code, if it is a plain name.
    pub(super) fn code(&self) -> Option<&str> {
        let code = self.code.as_ref()?.as_str()?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        (code.len() <= 64 && code.bytes().all(plain)).then_some(code)
    }

    /// The sentence, on one line; only our own services keep texts of prompts out of it.
    pub(super) fn sentence(&self, chars_max: usize) -> String {
        let message = self.message.as_deref().unwrap_or_default();
        let line = message.lines().next().unwrap_or_default();
        line.chars().take(chars_max).collect()
    }
}

/// A request for vectors.
#[derive(Serialize)]
pub(super) struct EmbeddingRequest<'a> {
    pub(super) model: &'a str,
    pub(super) input: &'a [&'a str],
    pub(super) encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digital_twin: Option<EmbeddingExtension>,
}

/// Vectors.
#[derive(Debug, Deserialize)]
pub(super) struct VectorsTold {
    pub(super) data: Vec<VectorTold>,
}

#[derive(Debug, Deserialize)]
pub(super) struct VectorTold {
    pub(super) index: usize,
    pub(super) embedding: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_arrives_as_it_was_sent() {
        let sent = GenerateRequest {
            prompt: Prompt::Text("hello".to_owned()),
            beginning: "so far".to_owned(),
            drawn: Drawn {
                after: 3,
                tokens: vec![7, u32::MAX],
            },
            repetition_penalty: 1.3,
            message: u128::MAX - 1,
            origin: Origin {
                accounts: [Account(1), Account(u128::MAX)],
                scope: CacheScope {
                    owner: 3,
                    audience: 4,
                },
                priority: Priority::Background,
            },
            ..GenerateRequest::default()
        };
        let extension = WritingExtension::of(&sent, sent.beginning.clone(), sent.drawn.clone());
        let json = serde_json::to_string(&extension).unwrap();
        let arrived: WritingExtension = serde_json::from_str(&json).unwrap();
        let mut request = GenerateRequest {
            prompt: sent.prompt.clone(),
            ..GenerateRequest::default()
        };
        arrived.apply(&mut request);
        assert_eq!(request, sent);
    }

    #[test]
    fn others_are_sent_nothing_but_the_dialect() {
        let request = GenerateRequest {
            seed: u64::MAX,
            ..GenerateRequest::default()
        };
        let sent = serde_json::to_value(WritingRequest::to_others("m", &request)).unwrap();
        let mut names: Vec<&String> = sent.as_object().unwrap().keys().collect();
        names.sort_unstable();
        let expected = [
            "max_tokens",
            "messages",
            "model",
            "seed",
            "stream",
            "stream_options",
            "temperature",
            "top_p",
        ];
        assert_eq!(names, expected);
        assert_eq!(sent["seed"], i32::MAX);
    }

    #[test]
    fn of_what_others_say_went_wrong_only_a_plain_code_is_believed() {
        for (code, plain) in [
            (
                r#""context_length_exceeded""#,
                Some("context_length_exceeded"),
            ),
            (r#""the prompt: hello""#, None),
            ("400", None),
            ("null", None),
        ] {
            let told = format!(r#"{{"error": {{"message": "a\nb", "code": {code}}}}}"#);
            let told: FailureTold = serde_json::from_str(&told).unwrap();
            let error = told.error.unwrap();
            assert_eq!((error.code(), error.sentence(9).as_str()), (plain, "a"));
        }
    }
}
