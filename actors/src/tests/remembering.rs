//! An engine and an embedder that do what they are asked and remember it.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use inference::{
    Embedder, Engine, EngineError, EngineEvent, EngineLoad, Generation, HashedEmbedder, ModelInfo,
    Priority, ScriptedEngine, TextForm, Ticket, TokenCounter, ValidGenerateRequest,
};

/// What the models of a house were asked.
#[derive(Clone, Default)]
pub(super) struct Asked {
    /// What was embedded, and as what.
    pub(super) embedded: Arc<Mutex<Vec<(TextForm, String)>>>,
    /// How urgent the texts were that were generated.
    pub(super) priorities: Arc<Mutex<Vec<Priority>>>,
    /// The owners that the engine was made to forget.
    pub(super) forgotten: Arc<Mutex<Vec<u128>>>,
}

impl Asked {
    pub(super) fn engine(&self) -> Box<dyn Engine> {
        Box::new(RememberingEngine {
            inner: ScriptedEngine::new(),
            asked: self.clone(),
        })
    }

    pub(super) fn embedder(&self) -> Box<dyn Embedder> {
        Box::new(RememberingEmbedder {
            inner: HashedEmbedder::new(64),
            asked: self.clone(),
        })
    }
}

struct RememberingEngine {
    inner: ScriptedEngine,
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
        let mut priorities = self.asked.priorities.lock().unwrap();
        priorities.push(request.origin.priority);
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
