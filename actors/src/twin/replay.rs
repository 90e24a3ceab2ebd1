//! Building the prompt of a reply once more, from what was kept of it.

use inference::{GenerateRequest, TokenCounter};
use protocol::{Message, MessageId};
use storage::{Storage, StorageError};

use super::prompt::{self, Looked, People, PromptParts, RecapPart};
use super::{origin, said_files};

/// A reply, and what would have to give it once more.
#[derive(Debug)]
pub struct Rebuilt {
    /// The reply as it is.
    pub reply: Message,
    /// What the model is asked.
    pub request: GenerateRequest,
    /// Whether the prompt is the one of then, to the letter.
    pub is_same_prompt: bool,
    /// Messages that stood in it and are gone.
    pub turns_gone: usize,
}

/// Why a prompt cannot be built once more.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is no such reply, nothing was generated for it, or it was forgotten what it was built from.
    #[error("nothing is kept of what message {0} was built from")]
    Unknown(MessageId),
    /// The question is gone.
    #[error("the message that was answered is gone")]
    NoQuestion,
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Builds the prompt of a reply once more, with the budget of tokens that prompts have.
///
/// # Errors
/// See [`RebuildError`].
pub async fn rebuild(
    storage: &Storage,
    counter: &TokenCounter,
    tokens_max: usize,
    reply: MessageId,
) -> Result<Rebuilt, RebuildError> {
    let unknown = || RebuildError::Unknown(reply);
    let origin = storage.origin(reply).await?.ok_or_else(unknown)?;
    let message = storage.message(reply).await?.ok_or_else(unknown)?;
    let question = match message.reply_to {
        Some(question) => storage.message(question).await?,
        None => None,
    };
    let question = question.filter(|question| question.deleted_at.is_none());
    let question = question.ok_or(RebuildError::NoQuestion)?;
    let mut turns = Vec::new();
    for turn in &origin.turns {
        let turn = storage.message(*turn).await?;
        turns.extend(turn.filter(|turn| turn.deleted_at.is_none()));
    }
    let order = storage.reply_order(reply).await?;
    let beginning = order.map(|order| order.beginning).unwrap_or_default();
    // What others answered to the same question does not tell how many people speak.
    let said_before = turns.iter().filter(|turn| turn.seq < question.seq);
    let people = People::who_wrote(said_before.chain([&question]));
    let files = said_files(storage, &question).await?;
    let recap = match origin.recap {
        Some(recap) => storage.recap(origin.twin_id, recap).await?,
        None => None,
    };
    // What is known of it stood there.
    let recap = recap.as_ref().map(|recap| RecapPart {
        text: &recap.text,
        tells_more: true,
    });
    let build = |looked| {
        prompt::build(
            PromptParts {
                name: &origin.persona.name,
                persona: &origin.persona.persona,
                language: &origin.persona.language,
                memories: origin.memories.clone(),
                passages: message.sources.clone().unwrap_or_default(),
                looked,
                recap,
                history: prompt::turns(&turns, origin.twin_id, people),
                question: &prompt::said(&question),
                asked_by: prompt::speaker(&question.author, people),
                files: &files,
                tokens_max: tokens_max.saturating_sub(counter.count(&beginning)),
            },
            |text| counter.count(text),
        )
    };
    let is_same = |built: &prompt::Prompt| origin::hash_of(&built.messages) == origin.prompt_hash;
    // What was looked through in vain leaves no trace but the prompt.
    let mut built = build(Looked::Nowhere);
    if !is_same(&built) {
        let other = build(Looked::Everywhere);
        if is_same(&other) {
            built = other;
        }
    }
    let is_same_prompt = is_same(&built);
    Ok(Rebuilt {
        request: GenerateRequest {
            prompt: inference::Prompt::Conversation(built.messages),
            max_tokens: origin.tokens_max,
            message: u128::from_be_bytes(*message.message_id.as_bytes()),
            beginning,
            temperature: origin.temperature,
            seed: message.seed.unwrap_or_default(),
            ..GenerateRequest::default()
        },
        is_same_prompt,
        turns_gone: origin.turns.len() - turns.len(),
        reply: message,
    })
}
