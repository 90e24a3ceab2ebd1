//! What a reply is built from, as it is kept beside it.

use inference::{ChatMessage, GenerateRequest, Prompt};
use sha2::{Digest, Sha256};
use storage::{NewOrigin, Persona, Twin};

use super::audience::Listeners;

/// What the reply to a request is built from, but for the turns, the memories and the recap.
pub(super) fn of(twin: &Twin, listeners: &Listeners, request: &GenerateRequest) -> NewOrigin {
    let messages: &[ChatMessage] = match &request.prompt {
        Prompt::Conversation(messages) => messages,
        Prompt::Text(_) | Prompt::Tokens(_) => &[],
    };
    let persona = Persona {
        name: twin.name.clone(),
        persona: twin.persona.clone(),
        language: twin.language.clone(),
    };
    NewOrigin {
        twin_id: twin.id,
        persona_hash: hash([&persona.name, &persona.persona, &persona.language]),
        persona,
        prompt_hash: hash_of(messages),
        temperature: request.temperature,
        tokens_max: request.max_tokens,
        listeners: listeners.others().len() as u64,
        turns: Vec::new(),
        memories: Vec::new(),
        recap: None,
    }
}

/// SHA-256 of a prompt.
pub(super) fn hash_of(messages: &[ChatMessage]) -> [u8; 32] {
    hash(messages.iter().map(|message| &message.content))
}

/// SHA-256 of texts, each after its length.
fn hash<'a>(texts: impl IntoIterator<Item = &'a String>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}
