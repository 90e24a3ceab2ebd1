//! Prompts of exactly so many tokens, through the engine's own counter.

use inference::{
    Account, CacheScope, ChatMessage, Engine, GenerateRequest, Origin, Role, TorchEngine,
    ValidGenerateRequest,
};

/// What prompts are made of.
pub(crate) const SENTENCE: &str = " We sailed along the coast until the wind turned.";

/// A text of one token that fills a prompt up to its length.
const FILLER: &str = " sea";

/// Ends a prompt; the reply to it is long.
pub(crate) const TASK: &str = "\n\nWrite a very long story about this journey, with every detail.";

/// A text, and in whose name it is computed.
#[derive(Clone)]
pub(crate) struct Prompt {
    pub(crate) text: String,
    /// Those of one owner may share what is computed of a common beginning.
    pub(crate) owner: u128,
    pub(crate) talk: u128,
}

impl Prompt {
    pub(crate) fn request(&self, reply: u32) -> ValidGenerateRequest {
        let request = GenerateRequest {
            origin: Origin {
                accounts: [Account(self.owner), Account(self.talk)],
                scope: CacheScope {
                    owner: self.owner,
                    audience: 0,
                },
                ..Origin::default()
            },
            prompt: inference::Prompt::Conversation(vec![ChatMessage::new(
                Role::User,
                self.text.clone(),
            )]),
            max_tokens: reply,
            // The likeliest token, as the others take it.
            temperature: 0.0,
            repetition_penalty: 1.0,
            ..GenerateRequest::default()
        };
        request.validate().expect("it is within its bounds")
    }
}

/// Fills the middle of a text with sentences, so that it has so many tokens.
pub(crate) fn filled(engine: &TorchEngine, head: &str, tail: &str, tokens: usize) -> String {
    let mut middle = String::new();
    let count = |middle: &str| engine.count_tokens(&format!("{head}{middle}{tail}"));
    let sentence = engine.count_tokens(SENTENCE);
    while count(&middle) + sentence <= tokens {
        middle.push_str(SENTENCE);
    }
    while count(&middle) < tokens {
        middle.push_str(FILLER);
    }
    let exact = count(&middle);
    assert_eq!(exact, tokens, "a text of {tokens} tokens cannot be made");
    format!("{head}{middle}{tail}")
}
