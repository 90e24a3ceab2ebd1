//! A twin that is awake: its persona and knowledge in memory, ready to answer.
//!
//! 1. [`Reply`] names a question; a twin whose owner has changed it since reads itself anew first.
//! 2. The question is embedded, and the passages most alike to it are found.
//! 3. The prompt is built (`twin/prompt.rs`) and handed to the inference pool, which streams to the conversation.

use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use inference::{
    Account, CacheScope, ChatMessage, GenerateRequest, Origin, Priority, Prompt, TextForm,
};
use protocol::limits::SEED_MAX;
use protocol::{Author, ConversationId, ErrorCode, Failure, MessageId, Source, TwinId, UserId};
use storage::{StorageError, TwinState, Visibility};
use tokio::sync::mpsc;
use tracing::{Instrument, Span};

use crate::completions::{CompletionError, Sampling, TwinCompletion};
use crate::inference_pool::{Cancel, Embed, Generate, GenerationEvent, PoolError};
use crate::limits::{EMBED_TEXTS_MAX, HISTORY_MESSAGES_MAX, TWIN_MAILBOX_MAX};
use crate::metrics;
use crate::node::Services;
use crate::supervisor::{LifeLine, WakeError};
use crate::trace;

mod knowledge;
mod prompt;

use knowledge::{Knowledge, cut_to_sentences, sentences};
use prompt::{LeftOut, People, PromptParts};

/// Passages that are looked at more closely, sentence by sentence.
const PASSAGES_MAX: usize = 3;

/// Passages that may stand in a prompt: a small model loses the thread among more.
const NOTES_MAX: usize = 2;

/// Sentences that are looked at: more than three passages have, unless they are lists of fragments.
const SENTENCES_MAX: usize = EMBED_TEXTS_MAX;

/// Sampling when there are notes to answer from: a small model that is given a choice strays from them.
const TEMPERATURE_WITH_NOTES: f32 = 0.0;

/// Passages less alike to the question than this are not shown: all-MiniLM gives unrelated texts about 0 to 0.2.
const PASSAGE_SCORE_MIN: f32 = 0.25;

/// A passage at least this alike to what a person says makes a twin confident that it can answer unasked: of 20 questions about the
/// demo twin's documents 16 reach it with all-MiniLM, and of 20 lines of small talk none (`docs/benchmarks.md`).
const CONFIDENT_SCORE_MIN: f32 = 0.4;

/// How often a twin looks whether it is still needed.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// What a twin is at one moment; replies that are being prepared keep the one that they began with.
struct Mind {
    revision: u64,
    twin: storage::Twin,
    knowledge: Knowledge,
}

/// The actor.
pub(crate) struct Twin {
    id: TwinId,
    mind: Rc<Mind>,
    services: Services,
    preparing: usize,
    last_needed: Instant,
    pub(crate) life_line: Option<LifeLine<Self>>,
}

impl Twin {
    /// Loads the twin's persona and knowledge.
    pub(crate) async fn load(id: TwinId, services: Services) -> Result<Self, WakeError> {
        let mind = read_mind(id, &services)
            .await?
            .ok_or(WakeError::NotFound("twin"))?;
        Ok(Self {
            id,
            mind: Rc::new(mind),
            services,
            preparing: 0,
            last_needed: Instant::now(),
            life_line: None,
        })
    }

    /// Answers, and keeps the mind that it was done with.
    fn answering(
        &mut self,
        answered: impl Future<Output = Result<(Rc<Mind>, Plan), Unanswered>> + 'static,
    ) -> ResponseActFuture<Self, Result<Plan, Unanswered>> {
        self.preparing += 1;
        self.last_needed = Instant::now();
        Box::pin(answered.into_actor(self).map(|answered, this, _| {
            this.preparing -= 1;
            let (mind, plan) = answered?;
            this.mind = mind;
            Ok(plan)
        }))
    }

    fn housekeeping(&mut self, context: &mut Context<Self>) {
        if self.preparing > 0 {
            self.last_needed = Instant::now();
        } else if self.last_needed.elapsed() > self.services.config.idle_after {
            context.stop();
        }
    }
}

async fn read_mind(id: TwinId, services: &Services) -> Result<Option<Mind>, StorageError> {
    // The revision comes first: a change while the rest is read makes the next question read it all anew.
    let Some(TwinState { revision, .. }) = services.storage.twin_state(id).await? else {
        return Ok(None);
    };
    let Some(twin) = services.storage.twin(id).await? else {
        return Ok(None);
    };
    let knowledge = Knowledge::new(services.storage.chunks_of(id).await?);
    Ok(Some(Mind {
        revision,
        twin,
        knowledge,
    }))
}

impl Actor for Twin {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(TWIN_MAILBOX_MAX);
        context.run_interval(HOUSEKEEPING, Self::housekeeping);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        if let Some(life_line) = &mut self.life_line {
            life_line.stopping();
        }
    }
}

/// Answer a question: the text goes to `events`, what it is drawn from is the result.
#[derive(Message)]
#[rtype(result = "Result<Plan, Failure>")]
pub(crate) struct Reply {
    pub(crate) conversation: ConversationId,
    pub(crate) reply: MessageId,
    pub(crate) question: MessageId,
    /// Nobody has tried before.
    pub(crate) is_first: bool,
    /// Others may have answered the question before.
    pub(crate) after_others: bool,
    /// Tokens that it may have, where those are fewer than usual.
    pub(crate) tokens_max: Option<u64>,
    /// What the reply says already.
    pub(crate) beginning: String,
    pub(crate) priority: Priority,
    pub(crate) events: mpsc::Sender<GenerationEvent>,
    pub(crate) cancel: Cancel,
    /// What it is part of.
    pub(crate) span: Span,
}

/// What a reply is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// Passages that stand in the prompt.
    pub(crate) sources: Vec<Source>,
    /// The model that writes.
    pub(crate) model: String,
    /// The seed of the sampling.
    pub(crate) seed: u64,
}

impl Handler<Reply> for Twin {
    type Result = ResponseActFuture<Self, Result<Plan, Failure>>;

    fn handle(&mut self, reply: Reply, _: &mut Self::Context) -> Self::Result {
        let (id, mind, services) = (self.id, self.mind.clone(), self.services.clone());
        let span = trace::prompt(&reply.span);
        let answered = async move {
            let events = reply.events.clone();
            let answered = answer(id, mind, &services, reply).await;
            if let Err(Unanswered::Pool(error)) = &answered {
                // The stream says why it ends, whichever arrives first.
                let _ = events.try_send(GenerationEvent::Failed(error.clone()));
            }
            answered
        };
        let answered = self.answering(answered.instrument(span));
        Box::pin(answered.map(|answered, _, _| answered.map_err(Failure::from)))
    }
}

/// Say whether the twin knows something about a question that it was not asked itself.
#[derive(Message)]
#[rtype(result = "Result<bool, Failure>")]
pub(crate) struct Knows {
    pub(crate) question: MessageId,
}

impl Handler<Knows> for Twin {
    type Result = ResponseActFuture<Self, Result<bool, Failure>>;

    fn handle(&mut self, knows: Knows, _: &mut Self::Context) -> Self::Result {
        let (id, mind, services) = (self.id, self.mind.clone(), self.services.clone());
        self.preparing += 1;
        self.last_needed = Instant::now();
        let known = async move {
            let mind = refreshed(id, mind, &services).await?;
            let question = services.storage.message(knows.question).await?;
            let question = question
                .filter(|question| question.deleted_at.is_none())
                .ok_or(Unanswered::Gone("the question"))?;
            let said = prompt::said(&question);
            let best = best_score(&mind.knowledge, &services, &said).await?;
            Ok::<_, Unanswered>((mind, best))
        };
        Box::pin(known.into_actor(self).map(|known, this, _| {
            this.preparing -= 1;
            let (mind, best) = known.map_err(Failure::from)?;
            this.mind = mind;
            Ok(best.is_some_and(|score| score >= CONFIDENT_SCORE_MIN))
        }))
    }
}

/// Answer a question that was asked outside of any conversation: the text goes to `events`.
#[derive(Message)]
#[rtype(result = "Result<(), CompletionError>")]
pub(crate) struct Complete {
    pub(crate) completion: TwinCompletion,
    pub(crate) events: mpsc::Sender<GenerationEvent>,
    pub(crate) cancel: Cancel,
    /// What it is part of.
    pub(crate) span: Span,
}

impl Handler<Complete> for Twin {
    type Result = ResponseActFuture<Self, Result<(), CompletionError>>;

    fn handle(&mut self, complete: Complete, _: &mut Self::Context) -> Self::Result {
        let (id, mind, services) = (self.id, self.mind.clone(), self.services.clone());
        let span = trace::prompt(&complete.span);
        let answered = async move {
            let mind = refreshed(id, mind, &services).await?;
            let asker = complete.completion.user;
            if mind.twin.visibility == Visibility::Private && mind.twin.owner_id != asker {
                return Err(Unanswered::Gone("the twin"));
            }
            let question = Question::outside(complete, services.config.reply_tokens_max);
            let plan = write(&mind, &services, question).await?;
            Ok((mind, plan))
        };
        let answered = self.answering(answered.instrument(span));
        Box::pin(answered.map(|answered, _, _| match answered {
            Ok(_) => Ok(()),
            Err(Unanswered::Gone(_) | Unanswered::Disabled) => Err(CompletionError::NoTwin),
            Err(Unanswered::Storage(error)) => Err(error.into()),
            Err(Unanswered::Pool(error)) => Err(error.into()),
        }))
    }
}

/// A question, wherever it was asked.
struct Question {
    text: String,
    /// Who asks it, where the model is to be told.
    asked_by: Option<String>,
    /// Text files that came with it: their names, and how they begin.
    files: Vec<(String, String)>,
    /// The turns before it, oldest first.
    history: Vec<ChatMessage>,
    asker: Asker,
    /// The message that is written.
    message: u128,
    /// What it says already.
    beginning: String,
    /// Tokens that it may have.
    tokens_max: u32,
    /// Whether to stay close to the notes, where there are some.
    keeps_to_notes: bool,
    sampling: Sampling,
    priority: Priority,
    events: mpsc::Sender<GenerationEvent>,
    cancel: Cancel,
    span: Span,
}

/// Who asks a twin.
enum Asker {
    User(UserId),
    Twin(TwinId),
}

impl Question {
    fn outside(complete: Complete, reply_tokens_max: u32) -> Self {
        let completion = complete.completion;
        Self {
            text: completion.question,
            asked_by: None,
            files: Vec::new(),
            history: completion.history,
            asker: Asker::User(completion.user),
            message: 0,
            beginning: String::new(),
            tokens_max: reply_tokens_max,
            keeps_to_notes: true,
            sampling: completion.sampling,
            priority: Priority::Person,
            events: complete.events,
            cancel: complete.cancel,
            span: complete.span,
        }
    }
}

/// Why a question cannot be answered.
enum Unanswered {
    Gone(&'static str),
    /// The account of the twin's owner is disabled.
    Disabled,
    Storage(StorageError),
    Pool(PoolError),
}

impl From<StorageError> for Unanswered {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<PoolError> for Unanswered {
    fn from(error: PoolError) -> Self {
        Self::Pool(error)
    }
}

impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Gone(what) => Self {
                code: ErrorCode::NotFound,
                message: format!("{what} is gone"),
            },
            Unanswered::Disabled => Self {
                code: ErrorCode::Forbidden,
                message: "the account of the twin's owner is disabled".to_owned(),
            },
            Unanswered::Storage(error) => Self {
                code: error.code(),
                message: error.to_string(),
            },
            Unanswered::Pool(error) => error.failure(),
        }
    }
}

async fn answer(
    id: TwinId,
    mind: Rc<Mind>,
    services: &Services,
    reply: Reply,
) -> Result<(Rc<Mind>, Plan), Unanswered> {
    let mind = refreshed(id, mind, services).await?;
    let question = services.storage.message(reply.question).await?;
    let question = question
        .filter(|question| question.deleted_at.is_none())
        .ok_or(Unanswered::Gone("the question"))?;
    let storage = &services.storage;
    let history = storage
        .said_before(
            reply.conversation,
            question.thread,
            question.seq,
            HISTORY_MESSAGES_MAX,
        )
        .await?;
    let people = People::who_wrote(history.iter().chain([&question]));
    let mut history = prompt::turns(&history, id, people);
    if reply.after_others {
        let answers = storage
            .answers(reply.question, HISTORY_MESSAGES_MAX)
            .await?;
        let of_others = |message: &protocol::Message| !matches!(message.author, Author::Twin { id: author, .. } if author == id);
        let answers: Vec<_> = answers.into_iter().filter(of_others).collect();
        history.extend(prompt::turns(&answers, id, people));
    }
    let usual = services.config.reply_tokens_max;
    let tokens_max = reply
        .tokens_max
        .and_then(|tokens| u32::try_from(tokens).ok());
    let files = match question.attachments.is_empty() {
        true => Vec::new(),
        false => storage.excerpts(question.message_id).await?,
    };
    let asked = Question {
        text: prompt::said(&question),
        asked_by: prompt::speaker(&question.author, people).map(str::to_owned),
        files,
        history,
        asker: match question.author {
            Author::User { id, .. } | Author::Bot { id, .. } => Asker::User(id),
            Author::Twin { id, .. } => Asker::Twin(id),
        },
        message: u128::from_be_bytes(*reply.reply.as_bytes()),
        // Another attempt that were not sampled would say the same once more.
        keeps_to_notes: reply.is_first || !reply.beginning.is_empty(),
        beginning: reply.beginning,
        tokens_max: tokens_max.map_or(usual, |tokens| tokens.min(usual)),
        sampling: Sampling {
            seed: seed_of(reply.reply),
            ..Sampling::default()
        },
        priority: reply.priority,
        events: reply.events,
        cancel: reply.cancel,
        span: reply.span,
    };
    let plan = write(&mind, services, asked).await?;
    Ok((mind, plan))
}

/// Searches, builds the prompt, and has the pool write.
async fn write(mind: &Mind, services: &Services, question: Question) -> Result<Plan, Unanswered> {
    let passages = passages(&mind.knowledge, services, &question.text).await?;
    let counter = &services.engine.counter;
    let prompt = prompt::build(
        PromptParts {
            name: &mind.twin.name,
            persona: &mind.twin.persona,
            language: &mind.twin.language,
            passages,
            history: question.history,
            question: &question.text,
            asked_by: question.asked_by.as_deref(),
            files: &question.files,
            tokens_max: prompt_tokens_max(services)
                .saturating_sub(counter.count(&question.beginning)),
        },
        |text| counter.count(text),
    );
    if prompt.left_out != LeftOut::default() {
        let LeftOut { passages, turns } = prompt.left_out;
        metrics::left_out_of_prompt(passages, turns);
        let twin = mind.twin.id;
        tracing::debug!(%twin, passages, turns, "left out of a prompt for want of room");
    }
    let seed = question.sampling.seed;
    let mut request = GenerateRequest {
        origin: origin_of(&mind.twin, &question.asker, question.priority),
        prompt: Prompt::Conversation(prompt.messages),
        max_tokens: question.tokens_max,
        message: question.message,
        beginning: question.beginning,
        ..GenerateRequest::default()
    };
    if question.keeps_to_notes && !prompt.sources.is_empty() {
        request.temperature = TEMPERATURE_WITH_NOTES;
    }
    question.sampling.apply(&mut request);
    let generate = Generate {
        request,
        events: question.events,
        cancel: question.cancel,
        span: question.span,
    };
    let queued = services.pool.send(generate).await;
    queued.unwrap_or_else(|_| Err(PoolError::Failed("the inference pool stopped".to_owned())))?;
    Ok(Plan {
        sources: prompt.sources,
        model: services.engine.model.name.clone(),
        seed,
    })
}

/// The twin as it is now: read anew if its owner has changed it, on whichever node.
async fn refreshed(
    id: TwinId,
    mind: Rc<Mind>,
    services: &Services,
) -> Result<Rc<Mind>, Unanswered> {
    let state = services.storage.twin_state(id).await?;
    match state {
        Some(state) if state.is_disabled => return Err(Unanswered::Disabled),
        Some(state) if state.revision == mind.revision => return Ok(mind),
        _ => {}
    }
    let mind = read_mind(id, services)
        .await?
        .ok_or(Unanswered::Gone("the twin"))?;
    Ok(Rc::new(mind))
}

async fn passages(
    knowledge: &Knowledge,
    services: &Services,
    question: &str,
) -> Result<Vec<Source>, Unanswered> {
    if knowledge.is_empty() {
        return Ok(Vec::new());
    }
    let query = query_vector(services, question).await?;
    let passages = knowledge.search(&query, PASSAGES_MAX, PASSAGE_SCORE_MIN);
    let sentences: Vec<String> = passages
        .iter()
        .flat_map(|passage| sentences(&passage.quote))
        .take(SENTENCES_MAX)
        .collect();
    if sentences.is_empty() {
        return Ok(passages);
    }
    let vectors = embed(services, TextForm::Passage, sentences).await?;
    let mut notes = cut_to_sentences(passages, &query, &vectors);
    notes.truncate(NOTES_MAX);
    Ok(notes)
}

/// How alike the best passage is to a question; none when there is no passage.
async fn best_score(
    knowledge: &Knowledge,
    services: &Services,
    question: &str,
) -> Result<Option<f32>, Unanswered> {
    if knowledge.is_empty() {
        return Ok(None);
    }
    let query = query_vector(services, question).await?;
    let best = knowledge.search(&query, 1, PASSAGE_SCORE_MIN);
    Ok(best.first().map(|passage| passage.score))
}

/// A question as a vector to search with.
async fn query_vector(services: &Services, question: &str) -> Result<Vec<f32>, PoolError> {
    let vectors = embed(services, TextForm::Query, vec![question.to_owned()]).await?;
    Ok(vectors.into_iter().next().unwrap_or_default())
}

async fn embed(
    services: &Services,
    form: TextForm,
    texts: Vec<String>,
) -> Result<Vec<Vec<f32>>, PoolError> {
    let embed = Embed {
        form,
        priority: Priority::Person,
        texts,
    };
    let answer = services.pool.send(embed).await;
    answer.unwrap_or_else(|_| Err(PoolError::Failed("the inference pool stopped".to_owned())))
}

/// Tokens that a prompt may have: as configured, and never so many that the reply does not fit the context.
fn prompt_tokens_max(services: &Services) -> usize {
    let reply = services.config.reply_tokens_max as usize;
    let context = services.engine.model.context_tokens.saturating_sub(reply);
    services.config.prompt_tokens_max.min(context)
}

/// For whom a reply is written: the twin and whoever asks it have a share of the engine each. Prompts of one twin may begin
/// with what others of it computed; its owner's are kept apart from everybody else's.
fn origin_of(twin: &storage::Twin, asks: &Asker, priority: Priority) -> Origin {
    let (asker, owner) = match asks {
        Asker::User(id) => (*id.as_bytes(), *id == twin.owner_id),
        Asker::Twin(id) => (*id.as_bytes(), false),
    };
    let twin = u128::from_be_bytes(*twin.id.as_bytes());
    Origin {
        accounts: [Account(twin), Account(u128::from_be_bytes(asker))],
        scope: CacheScope {
            owner: twin,
            audience: u128::from(owner),
        },
        priority,
    }
}

/// The seed of a reply: of the random half of its id, so that writing it anew gives the same text, as many bits as every
/// reader of JSON holds.
pub(crate) fn seed_of(reply: MessageId) -> u64 {
    let half: [u8; 8] = reply.as_bytes()[8..]
        .try_into()
        .expect("an id has 16 bytes");
    u64::from_le_bytes(half) & SEED_MAX
}

/// Tests make the actor panic with this.
#[cfg(test)]
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Panic;

#[cfg(test)]
impl Handler<Panic> for Twin {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("a test asked for it");
    }
}
