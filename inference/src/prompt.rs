//! From what a caller gave to the tokens that the model continues.

use crate::model::{ChatTemplate, TextTokenizer};
use crate::{ChatMessage, EngineError, Prompt};

/// The tokens of a prompt, and of the reply's beginning after it, all of them of a vocabulary of this many.
pub(crate) fn encode(
    prompt: &Prompt,
    beginning: &str,
    template: &ChatTemplate,
    tokenizer: &TextTokenizer,
    vocabulary: usize,
) -> Result<Vec<u32>, EngineError> {
    match prompt {
        Prompt::Conversation(messages) => conversation(messages, beginning, template, tokenizer),
        Prompt::Text(text) => tokenizer
            .encode_alone(text)
            .map_err(|reason| EngineError::Tokenizer { reason }),
        Prompt::Tokens(tokens) => {
            match tokens.iter().find(|token| **token as usize >= vocabulary) {
                Some(token) => Err(EngineError::PromptToken {
                    token: *token,
                    vocabulary,
                }),
                None => Ok(tokens.clone()),
            }
        }
    }
}

/// Renders the conversation with the model's own template, lets the reply begin, and tokenizes both.
///
/// The text of a special token inside a message stays plain text, so nobody can end their turn and speak as somebody else.
pub(crate) fn conversation(
    messages: &[ChatMessage],
    beginning: &str,
    template: &ChatTemplate,
    tokenizer: &TextTokenizer,
) -> Result<Vec<u32>, EngineError> {
    let disarmed: Vec<String> = messages
        .iter()
        .map(|message| tokenizer.disarm(&message.content))
        .collect();
    let messages = messages
        .iter()
        .zip(&disarmed)
        .map(|(message, content)| (message.role, content.as_str()));
    let mut prompt = template
        .render(messages)
        .map_err(|reason| EngineError::Template { reason })?;
    prompt.push_str(&tokenizer.disarm(beginning));
    tokenizer
        .encode(&prompt)
        .map_err(|reason| EngineError::Tokenizer { reason })
}
