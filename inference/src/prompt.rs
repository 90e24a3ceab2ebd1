//! From a conversation to the tokens that the model continues.

use crate::model::{ChatTemplate, TextTokenizer};
use crate::{ChatMessage, EngineError};

/// Renders the conversation with the model's own template and tokenizes it.
///
/// The text of a special token inside a message stays plain text, so nobody can end their turn and speak as somebody else.
pub(crate) fn encode(
    messages: &[ChatMessage],
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
    let prompt = template
        .render(messages)
        .map_err(|reason| EngineError::Template { reason })?;
    tokenizer
        .encode(&prompt)
        .map_err(|reason| EngineError::Tokenizer { reason })
}
