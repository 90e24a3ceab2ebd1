//! An engine and an embedder that do what they are asked and remember it.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use inference::{
    Drawn, Embedder, Engine, EngineError, EngineEvent, EngineLoad, Generation, HashedEmbedder,
    ModelInfo, Priority, Prompt, ScriptedEngine, TextForm, Ticket, TokenCounter,
    ValidGenerateRequest,
};

/// What the models of a house were asked.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    /// What was embedded, and as what.
    pub(crate) embedded: Arc<Mutex<Vec<(TextForm, String)>>>,
    /// The prompts of the texts that were generated.
    pub(super) prompts: Arc<Mutex<Vec<Vec<String>>>>,
    /// How urgent the texts were that were generated.
    pub(super) priorities: Arc<Mutex<Vec<Priority>>>,
    /// What stood of them already.
    pub(super) beginnings: Arc<Mutex<Vec<(String, Drawn)>>>,
    /// Whose prompts they were, and the number of the engine that got each.
    pub(crate) owners: Arc<Mutex<Vec<(u128, usize)>>>,
    /// For whom what was computed may be used again.
    pub(super) audiences: Arc<Mutex<Vec<u128>>>,
    /// The owners that the engine was made to forget.
    pub(super) forgotten: Arc<Mutex<Vec<u128>>>,
}

impl Asked {
    /// The engine of this number.
    pub(crate) fn engine(&self, number: usize) -> Box<dyn Engine> {
        Box::new(RememberingEngine {
            inner: ScriptedEngine::new(),
            number,
            asked: self.clone(),
        })
    }

    /// The texts of the messages of the last prompt.
    pub(super) fn last_prompt(&self) -> Vec<String> {
        let prompts = self.prompts.lock().unwrap();
        prompts.last().expect("a text was generated").clone()
    }

    pub(crate) fn embedder(&self) -> Box<dyn Embedder> {
        Box::new(RememberingEmbedder {
            inner: HashedEmbedder::new(64),
            asked: self.clone(),
        })
    }
}

struct RememberingEngine {
    inner: ScriptedEngine,
    number: usize,
    asked: Asked,
}

impl Engine for RememberingEngine {
    fn model(&self) -> &ModelInfo {
        self.inner.model()
    }

    fn token_counter(&self) -> TokenCounter {
        self.inner.token_counter()
    }

    fn submit(&mut self, ticket: Ticket, request: ValidGenerateRequest, deadline: Option<Instant>) {
        if let Prompt::Conversation(messages) = &request.prompt {
            let texts = messages.iter().map(|message| message.content.clone());
            self.asked.prompts.lock().unwrap().push(texts.collect());
        }
        let mut priorities = self.asked.priorities.lock().unwrap();
        priorities.push(request.origin.priority);
        let mut audiences = self.asked.audiences.lock().unwrap();
        audiences.push(request.origin.scope.audience);
        let mut beginnings = self.asked.beginnings.lock().unwrap();
        beginnings.push((request.beginning.clone(), request.drawn.clone()));
        let mut owners = self.asked.owners.lock().unwrap();
        owners.push((request.origin.scope.owner, self.number));
        self.inner.submit(ticket, request, deadline);
    }

    fn cancel(&mut self, ticket: Ticket) -> Option<Generation> {
        self.inner.cancel(ticket)
    }

    fn forget(&mut self, owner: u128) {
        self.asked.forgotten.lock().unwrap().push(owner);
    }

    fn is_idle(&self) -> bool {
        self.inner.is_idle()
    }

    fn step(&mut self, now: Instant) -> Result<Vec<(Ticket, EngineEvent)>, EngineError> {
        self.inner.step(now)
    }

    fn load(&self) -> EngineLoad {
        self.inner.load()
    }
}

struct RememberingEmbedder {
    inner: HashedEmbedder,
    asked: Asked,
}

impl Embedder for RememberingEmbedder {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn dimensions(&self) -> usize {
        self.inner.dimensions()
    }

    fn token_counter(&self) -> TokenCounter {
        self.inner.token_counter()
    }

    fn embed_as(&mut self, form: TextForm, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError> {
        let with_form = texts.iter().map(|text| (form, (*text).to_owned()));
        self.asked.embedded.lock().unwrap().extend(with_form);
        self.inner.embed_as(form, texts)
    }
}
