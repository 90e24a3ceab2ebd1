//! What a caller asks of an engine, and the checked form of it that an engine accepts.

use std::ops::Deref;

use thiserror::Error;

/// Who wrote a message of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Instructions that stand above the conversation.
    System,
    /// The person, bot or twin that is being answered.
    User,
    /// The model's own earlier replies.
    Assistant,
}

impl Role {
    /// The name that chat templates know the role by.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        }
    }
}

/// One message of the conversation that the model continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// Who wrote it.
    pub role: Role,
    /// Its text; the model sees special tokens in it as plain text, so a message cannot forge a turn.
    pub content: String,
}

impl ChatMessage {
    /// A message of the given role.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}

/// Somebody whose share of the machine is counted, such as a person or a twin; the number is the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Account(pub u128);

/// Within which computed beginnings of prompts may be used again: never by another owner, never for another audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CacheScope {
    /// Whose prompts these are, such as a twin's.
    pub owner: u128,
    /// Who may learn what stands in them.
    pub audience: u128,
}

/// What is more urgent, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// A person waits for it.
    #[default]
    Person,
    /// Nobody waits for it; it gives way to those that somebody waits for.
    Background,
}

/// For whom a reply is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// Each of these has a fair share of the machine, and the reply counts against both; they may be the same.
    pub accounts: [Account; 2],
    /// Whose computed beginnings it may use, and who may use those of its own.
    pub scope: CacheScope,
    /// How urgent it is.
    pub priority: Priority,
}

/// What the model continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// A conversation, oldest message first; the model's own chat template renders it.
    Conversation(Vec<ChatMessage>),
    /// A text as it stands, without the template; the texts of special tokens in it are special tokens.
    Text(String),
    /// Tokens of the model's vocabulary as they stand.
    Tokens(Vec<u32>),
}

/// Tokens that say the end of a reply's beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawn {
    /// Bytes of the beginning that stand before what they say.
    pub after: usize,
    /// The tokens; none where they are not known. Their text may go on behind the beginning. Where it does not say what the
    /// beginning says, as with another model, they are not used.
    pub tokens: Vec<u32>,
}

/// A reply that somebody wants: what it continues and how to sample the continuation.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    /// For whom it is.
    pub origin: Origin,
    /// What the model continues.
    pub prompt: Prompt,
    /// How the reply to a conversation begins: the model goes on from there, and what it writes is what follows. It has no place
    /// beside a prompt of another kind.
    pub beginning: String,
    /// The tokens that were drawn for the end of the beginning, where they are known: the same text can be written in other
    /// tokens, and what follows those is another text.
    pub drawn: Drawn,
    /// The most tokens that the reply may have.
    pub max_tokens: u32,
    /// How far to flatten the distribution; 0 always takes the likeliest token.
    pub temperature: f32,
    /// Sample from the smallest set of tokens that together are at least this likely.
    pub top_p: f32,
    /// Divides the positive logits (multiplies the negative ones) of tokens that this reply already used; 1 changes nothing.
    pub repetition_penalty: f32,
    /// Equal seeds give equal replies to equal requests on the same engine.
    pub seed: u64,
    /// The message that is written: with one seed, different messages draw different random numbers.
    pub message: u128,
    /// Texts that end the reply; they are not part of it.
    pub stop: Vec<String>,
}

impl Default for GenerateRequest {
    /// An empty conversation with mild sampling; the caller fills in the messages.
    fn default() -> Self {
        Self {
            origin: Origin::default(),
            prompt: Prompt::Conversation(Vec::new()),
            beginning: String::new(),
            drawn: Drawn::default(),
            max_tokens: 256,
            temperature: 0.7,
            top_p: 0.95,
            repetition_penalty: 1.1,
            seed: 0,
            message: 0,
            stop: Vec::new(),
        }
    }
}

/// The bounds of a request, each with its reason.
pub mod limits {
    use std::ops::RangeInclusive;

    /// Far above any chat window we build; bounds the template's work.
    pub const MESSAGES_MAX: usize = 1024;
    /// A prompt, all its messages together; bounds the tokenizer's work before the context limit can speak.
    pub const PROMPT_BYTES_MAX: usize = 1 << 20;
    /// No model that fits here has a longer context worth filling with one reply.
    pub const REPLY_TOKENS_MAX: u32 = 32_768;
    /// Beyond 2 the text is noise (the OpenAI API has the same bound).
    pub const TEMPERATURE: RangeInclusive<f32> = 0.0..=2.0;
    /// Below 0.5 or above 2 a penalty destroys the text.
    pub const REPETITION_PENALTY: RangeInclusive<f32> = 0.5..=2.0;
    /// Every stop text is looked for at every step.
    pub const STOP_TEXTS_MAX: usize = 8;
    /// A longer stop text would hold back that much of the reply.
    pub const STOP_TEXT_BYTES_MAX: usize = 128;
}

/// Why a request is refused; each text names the field.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum InvalidRequest {
    /// There is nothing to continue.
    #[error("messages: must not be empty")]
    NoMessages,
    /// More messages than [`limits::MESSAGES_MAX`].
    #[error("messages: {count} messages are more than the {limit} allowed")]
    TooManyMessages {
        /// How many there were.
        count: usize,
        /// How many may be.
        limit: usize,
    },
    /// A message without a visible character.
    #[error("messages[{index}].content: must not be blank")]
    BlankMessage {
        /// Its place in the conversation.
        index: usize,
    },
    /// Messages of more text than [`limits::PROMPT_BYTES_MAX`].
    #[error("messages: {bytes} bytes are more than the {limit} allowed")]
    PromptTooLarge {
        /// How many there were.
        bytes: usize,
        /// How many may be.
        limit: usize,
    },
    /// A prompt of no text or no tokens, or of more bytes than [`limits::PROMPT_BYTES_MAX`] (four a token).
    #[error("prompt: {bytes} bytes are not between 1 and {limit}")]
    RawPrompt {
        /// How many there were.
        bytes: usize,
        /// How many may be.
        limit: usize,
    },
    /// More drawn tokens than a reply may have.
    #[error("drawn: {count} tokens where a reply has {limit} at most")]
    TooManyDrawn {
        /// How many they are.
        count: usize,
        /// How many they may be.
        limit: u32,
    },
    /// A beginning of a reply, beside a prompt that is no conversation.
    #[error("beginning: only a reply to a conversation has one")]
    BeginningOfNoReply,
    /// A reply of no tokens, or of too many.
    #[error("max_tokens: {value} is not between 1 and {limit}")]
    MaxTokens {
        /// What was asked for.
        value: u32,
        /// The most that may be asked for.
        limit: u32,
    },
    /// Outside [`limits::TEMPERATURE`], or not a number.
    #[error("temperature: {value} is not between 0 and 2")]
    Temperature {
        /// What was asked for.
        value: f32,
    },
    /// Not above 0 and at most 1, or not a number.
    #[error("top_p: {value} is not above 0 and at most 1")]
    TopP {
        /// What was asked for.
        value: f32,
    },
    /// Outside [`limits::REPETITION_PENALTY`], or not a number.
    #[error("repetition_penalty: {value} is not between 0.5 and 2")]
    RepetitionPenalty {
        /// What was asked for.
        value: f32,
    },
    /// More stop texts than [`limits::STOP_TEXTS_MAX`].
    #[error("stop: {count} texts are more than the {limit} allowed")]
    TooManyStops {
        /// How many there were.
        count: usize,
        /// How many may be.
        limit: usize,
    },
    /// An empty stop text, or one over [`limits::STOP_TEXT_BYTES_MAX`].
    #[error("stop[{index}]: {bytes} bytes are not between 1 and {limit}")]
    StopText {
        /// Its place in the list.
        index: usize,
        /// Its length.
        bytes: usize,
        /// The greatest length allowed.
        limit: usize,
    },
}

impl InvalidRequest {
    /// The field of [`GenerateRequest`] that was wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NoMessages
            | Self::TooManyMessages { .. }
            | Self::BlankMessage { .. }
            | Self::PromptTooLarge { .. } => "messages",
            Self::RawPrompt { .. } => "prompt",
            Self::BeginningOfNoReply => "beginning",
            Self::TooManyDrawn { .. } => "drawn",
            Self::MaxTokens { .. } => "max_tokens",
            Self::Temperature { .. } => "temperature",
            Self::TopP { .. } => "top_p",
            Self::RepetitionPenalty { .. } => "repetition_penalty",
            Self::TooManyStops { .. } | Self::StopText { .. } => "stop",
        }
    }
}

/// A [`GenerateRequest`] whose every field is within its bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidGenerateRequest(GenerateRequest);

impl Deref for ValidGenerateRequest {
    type Target = GenerateRequest;

    fn deref(&self) -> &GenerateRequest {
        &self.0
    }
}

impl ValidGenerateRequest {
    /// The same request for the first token of its reply alone.
    pub fn for_first_token(&self) -> Self {
        Self(GenerateRequest {
            max_tokens: 1,
            ..self.0.clone()
        })
    }
}

impl GenerateRequest {
    /// Checks every field against [`limits`]; the first one that is wrong is named.
    pub fn validate(self) -> Result<ValidGenerateRequest, InvalidRequest> {
        match &self.prompt {
            Prompt::Conversation(messages) => check_messages(messages, &self.beginning)?,
            Prompt::Text(_) | Prompt::Tokens(_) if !self.beginning.is_empty() => {
                return Err(InvalidRequest::BeginningOfNoReply);
            }
            Prompt::Text(text) => check_raw(text.len())?,
            Prompt::Tokens(tokens) => check_raw(tokens.len() * size_of::<u32>())?,
        }
        let count = self.drawn.tokens.len();
        if count > limits::REPLY_TOKENS_MAX as usize {
            return Err(InvalidRequest::TooManyDrawn {
                count,
                limit: limits::REPLY_TOKENS_MAX,
            });
        }
        if !(1..=limits::REPLY_TOKENS_MAX).contains(&self.max_tokens) {
            return Err(InvalidRequest::MaxTokens {
                value: self.max_tokens,
                limit: limits::REPLY_TOKENS_MAX,
            });
        }
        if !limits::TEMPERATURE.contains(&self.temperature) {
            return Err(InvalidRequest::Temperature {
                value: self.temperature,
            });
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(InvalidRequest::TopP { value: self.top_p });
        }
        if !limits::REPETITION_PENALTY.contains(&self.repetition_penalty) {
            return Err(InvalidRequest::RepetitionPenalty {
                value: self.repetition_penalty,
            });
        }
        self.check_stop_texts()?;
        Ok(ValidGenerateRequest(self))
    }

    fn check_stop_texts(&self) -> Result<(), InvalidRequest> {
        let count = self.stop.len();
        if count > limits::STOP_TEXTS_MAX {
            return Err(InvalidRequest::TooManyStops {
                count,
                limit: limits::STOP_TEXTS_MAX,
            });
        }
        for (index, text) in self.stop.iter().enumerate() {
            let bytes = text.len();
            if !(1..=limits::STOP_TEXT_BYTES_MAX).contains(&bytes) {
                return Err(InvalidRequest::StopText {
                    index,
                    bytes,
                    limit: limits::STOP_TEXT_BYTES_MAX,
                });
            }
        }
        Ok(())
    }
}

fn check_messages(messages: &[ChatMessage], beginning: &str) -> Result<(), InvalidRequest> {
    let count = messages.len();
    if count == 0 {
        return Err(InvalidRequest::NoMessages);
    }
    if count > limits::MESSAGES_MAX {
        return Err(InvalidRequest::TooManyMessages {
            count,
            limit: limits::MESSAGES_MAX,
        });
    }
    let is_blank = |message: &ChatMessage| message.content.trim().is_empty();
    if let Some(index) = messages.iter().position(is_blank) {
        return Err(InvalidRequest::BlankMessage { index });
    }
    let bytes: usize = messages.iter().map(|message| message.content.len()).sum();
    let bytes = bytes + beginning.len();
    if bytes > limits::PROMPT_BYTES_MAX {
        return Err(InvalidRequest::PromptTooLarge {
            bytes,
            limit: limits::PROMPT_BYTES_MAX,
        });
    }
    Ok(())
}

fn check_raw(bytes: usize) -> Result<(), InvalidRequest> {
    match (1..=limits::PROMPT_BYTES_MAX).contains(&bytes) {
        true => Ok(()),
        false => Err(InvalidRequest::RawPrompt {
            bytes,
            limit: limits::PROMPT_BYTES_MAX,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Prompt {
        Prompt::Conversation(vec![ChatMessage::new(Role::User, text)])
    }

    fn request() -> GenerateRequest {
        GenerateRequest {
            prompt: says("hello"),
            ..GenerateRequest::default()
        }
    }

    #[test]
    fn a_request_within_its_bounds_is_accepted_unchanged() {
        let valid = request().validate().unwrap();
        assert_eq!(*valid, request());
    }

    #[test]
    fn each_field_out_of_its_bounds_is_refused_by_name() {
        type Spoil = fn(&mut GenerateRequest);
        let cases: [(&str, Spoil); 25] = [
            ("messages", |r| r.prompt = Prompt::Conversation(Vec::new())),
            ("messages", |r| r.prompt = says("")),
            ("messages", |r| r.prompt = says(" \n\t")),
            ("messages", |r| {
                let message = ChatMessage::new(Role::User, "hello");
                r.prompt = Prompt::Conversation(vec![message; limits::MESSAGES_MAX + 1]);
            }),
            ("messages", |r| {
                r.prompt = says(&"x".repeat(limits::PROMPT_BYTES_MAX + 1))
            }),
            ("messages", |r| {
                r.beginning = "x".repeat(limits::PROMPT_BYTES_MAX)
            }),
            ("beginning", |r| {
                r.prompt = Prompt::Text("hello".into());
                r.beginning = "x".into();
            }),
            ("drawn", |r| {
                r.drawn.tokens = vec![0; limits::REPLY_TOKENS_MAX as usize + 1]
            }),
            ("prompt", |r| r.prompt = Prompt::Text(String::new())),
            ("prompt", |r| {
                r.prompt = Prompt::Text("x".repeat(limits::PROMPT_BYTES_MAX + 1))
            }),
            ("prompt", |r| r.prompt = Prompt::Tokens(Vec::new())),
            ("max_tokens", |r| r.max_tokens = 0),
            ("max_tokens", |r| {
                r.max_tokens = limits::REPLY_TOKENS_MAX + 1
            }),
            ("temperature", |r| r.temperature = -0.1),
            ("temperature", |r| r.temperature = 2.1),
            ("temperature", |r| r.temperature = f32::NAN),
            ("top_p", |r| r.top_p = 0.0),
            ("top_p", |r| r.top_p = 1.01),
            ("top_p", |r| r.top_p = f32::NAN),
            ("repetition_penalty", |r| r.repetition_penalty = 0.4),
            ("repetition_penalty", |r| {
                r.repetition_penalty = f32::INFINITY
            }),
            ("repetition_penalty", |r| r.repetition_penalty = f32::NAN),
            ("stop", |r| r.stop = vec![String::new()]),
            ("stop", |r| {
                r.stop = vec!["x".repeat(limits::STOP_TEXT_BYTES_MAX + 1)]
            }),
            ("stop", |r| {
                r.stop = vec!["x".into(); limits::STOP_TEXTS_MAX + 1]
            }),
        ];
        for (index, (field, spoil)) in cases.into_iter().enumerate() {
            let mut spoilt = request();
            spoil(&mut spoilt);
            let error = spoilt.validate().expect_err("the request was spoilt");
            assert_eq!(error.field(), field, "case {index}: {error}");
            assert!(
                error.to_string().starts_with(field),
                "case {index}: {error}"
            );
        }
    }
}
