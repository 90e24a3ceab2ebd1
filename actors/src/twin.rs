//! A twin that is awake: its persona and knowledge in memory, ready to answer.
//!
//! 1. [`Reply`] names a question; a twin whose owner has changed it since reads itself anew first.
//! 2. The question is embedded, and the memories and passages most alike to it are found, of those that everybody who listens
//!    may be told (`twin/audience.rs`).
//! 3. The prompt is built (`twin/prompt.rs`) and handed to the inference pool, which streams to the conversation.
//! 4. What the person says in the question of themselves is remembered (`twin/remembering.rs`).
//! 5. After the reply, what was said in a conversation that has grown long is summed up ([`SumUp`], `twin/recaps.rs`).

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use inference::{
    Account, CacheScope, ChatMessage, Drawn, GenerateRequest, Generation, Origin, Priority, Prompt,
    StopReason, Usage,
};
use protocol::limits::SEED_MAX;
use protocol::{Author, ConversationId, ErrorCode, Failure, MessageId, Source, TwinId, UserId};
use storage::{NewOrigin, Storage, StorageError, TwinState, Visibility};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tracing::{Instrument, Span};

use crate::completions::{CompletionError, Sampling, TwinCompletion};
use crate::inference_pool::{Cancel, Generate, GenerationEvent, PoolError};
use crate::limits::{HISTORY_MESSAGES_MAX, TWIN_MAILBOX_MAX};
use crate::metrics;
use crate::node::Services;
use crate::supervisor::{LifeLine, WakeError};
use crate::trace;

mod audience;
mod index;
mod knowledge;
mod lexical;
mod memories;
mod origin;
mod prompt;
mod quotes;
mod recaps;
mod remembering;
mod replay;
mod retrieval;
mod statements;
mod words;

pub use audience::Listeners;
#[cfg(test)]
pub(crate) use audience::TELL_EVERYBODY;
pub use index::{Found, Query};
pub use knowledge::Knowledge;
pub use lexical::Asked;
use memories::Memories;
pub use replay::{RebuildError, Rebuilt, rebuild};

use prompt::{LeftOut, People, PromptParts, RecapPart};
use recaps::Talk;

/// Sampling when there are notes to answer from: a small model that is given a choice strays from them.
const TEMPERATURE_WITH_NOTES: f32 = 0.0;

/// A passage at least this alike to what a person says makes a twin confident that it can answer unasked: of 20 questions about the
/// demo twin's documents 16 reach it with all-MiniLM, and of 20 lines of small talk none (`docs/benchmarks.md`).
const CONFIDENT_SCORE_MIN: f32 = 0.4;

/// How often a twin looks whether it is still needed.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// What a twin is at one moment; replies that are being prepared keep the one that they began with.
struct Mind {
    state: TwinState,
    twin: storage::Twin,
    knowledge: Rc<Knowledge>,
    memories: Memories,
}

/// The actor.
pub(crate) struct Twin {
    id: TwinId,
    mind: Rc<Mind>,
    services: Services,
    preparing: usize,
    /// What is being summed up.
    summing_up: HashSet<Talk>,
    last_needed: Instant,
    pub(crate) life_line: Option<LifeLine<Self>>,
}

impl Twin {
    /// Loads the twin's persona and knowledge.
    pub(crate) async fn load(id: TwinId, services: Services) -> Result<Self, WakeError> {
        let mind = read_mind(id, &services, None)
            .await?
            .ok_or(WakeError::NotFound("twin"))?;
        Ok(Self {
            id,
            mind: Rc::new(mind),
            services,
            preparing: 0,
            summing_up: HashSet::new(),
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

/// Reads a twin as it is now; of one that was read before, only what has changed.
async fn read_mind(
    id: TwinId,
    services: &Services,
    before: Option<&Mind>,
) -> Result<Option<Mind>, StorageError> {
    let storage = &services.storage;
    // The revisions come first: a change while the rest is read makes the next question read it all anew.
    let Some(state) = storage.twin_state(id).await? else {
        return Ok(None);
    };
    let Some(twin) = storage.twin(id).await? else {
        return Ok(None);
    };
    let in_groups = storage.groups_of_twin(id).await?;
    let knowledge = match before.filter(|mind| mind.state.revision == state.revision) {
        Some(mind) => mind.knowledge.clone(),
        None => {
            let documents = storage.documents_of(id).await?;
            let chunks = storage.chunks_of(id).await?;
            let groups = in_groups.clone();
            let read = aside(move || Knowledge::new(&documents, chunks, &groups));
            Rc::new(read.await)
        }
    };
    let memories = storage.memories_in_force(id).await?;
    let memories = aside(move || Memories::new(memories, &in_groups)).await;
    Ok(Some(Mind {
        state,
        twin,
        knowledge,
        memories,
    }))
}

/// Reads texts on another thread. Finding the words of a thousand pages takes a second, in which other actors of this one go on.
async fn aside<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> T {
    let read = spawn_blocking(read).await;
    read.unwrap_or_else(|error| resume_unwind(error.into_panic()))
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
#[rtype(result = "Result<Plan, NoPlan>")]
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
    /// How the reply is to begin.
    pub(crate) beginning: String,
    /// What it says already: its beginning, and what was written after it before its node died.
    pub(crate) said: String,
    /// The tokens of what was written after its beginning.
    pub(crate) drawn: Drawn,
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
    /// Tokens of the reply that were written before and are read as a part of the prompt.
    pub(crate) tokens_before: u32,
    /// All of it, so that its owner can see why; none of a reply that others began.
    pub(crate) origin: Option<NewOrigin>,
}

/// Why nothing is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NoPlan {
    /// The database does not answer: another time it may be written.
    Unread(Failure),
    /// There is nothing to be written.
    Failed(Failure),
}

impl From<Unanswered> for NoPlan {
    fn from(unanswered: Unanswered) -> Self {
        let is_unread = matches!(
            unanswered,
            Unanswered::Storage(StorageError::Unavailable(_))
        );
        let failure = Failure::from(unanswered);
        match is_unread {
            true => Self::Unread(failure),
            false => Self::Failed(failure),
        }
    }
}

impl Handler<Reply> for Twin {
    type Result = ResponseActFuture<Self, Result<Plan, NoPlan>>;

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
        Box::pin(answered.map(|answered, _, _| answered.map_err(NoPlan::from)))
    }
}

/// Say whether the twin knows something about a question that it was not asked itself.
#[derive(Message)]
#[rtype(result = "Result<bool, Failure>")]
pub(crate) struct Knows {
    pub(crate) conversation: ConversationId,
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
            let listeners = listeners(&mind, &services, knows.conversation).await?;
            let best = retrieval::best_score(&mind, &services, &listeners, &said).await?;
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
            let listeners = Listeners::only(asker, &mind.twin);
            let question = Question::outside(complete, services.config.reply_tokens_max);
            let plan = write(&mind, &services, &listeners, question).await?;
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

/// A reply has ended: sum up what is too long to be read whole next time. With a full mailbox or too much under way it is done after
/// another reply.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct SumUp {
    pub(crate) conversation: ConversationId,
    pub(crate) thread: Option<MessageId>,
}

impl Handler<SumUp> for Twin {
    type Result = ();

    fn handle(&mut self, sum_up: SumUp, context: &mut Self::Context) {
        let talk = (sum_up.conversation, sum_up.thread);
        let places = self.services.recap_places.clone();
        let (Ok(place), false) = (places.try_acquire_owned(), self.services.is_draining()) else {
            metrics::recap("skipped");
            return;
        };
        if !self.summing_up.insert(talk) {
            return;
        }
        self.preparing += 1;
        let (id, mind, services) = (self.id, self.mind.clone(), self.services.clone());
        let summed_up = async move {
            recaps::sum_up(id, mind, &services, talk).await;
            drop(place);
        };
        context.spawn(summed_up.into_actor(self).map(move |(), this, _| {
            this.preparing -= 1;
            this.summing_up.remove(&talk);
        }));
    }
}

/// Let go of what the twin does not know any more.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct LetGo;

impl Handler<LetGo> for Twin {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: LetGo, _: &mut Self::Context) -> Self::Result {
        let (id, mind, services) = (self.id, self.mind.clone(), self.services.clone());
        let refreshed = async move { refreshed(id, mind, &services).await };
        Box::pin(
            refreshed
                .into_actor(self)
                .map(|refreshed, this, context| match refreshed {
                    Ok(mind) => this.mind = mind,
                    Err(Unanswered::Gone(_) | Unanswered::Disabled) => context.stop(),
                    Err(error) => {
                        let Failure { code, message } = error.into();
                        // It reads itself anew before it answers anybody.
                        tracing::info!(code = code.as_str(), message, twin = %this.id, "not let go yet");
                    }
                }),
        )
    }
}

/// A question, wherever it was asked.
struct Question {
    text: String,
    /// The message that asks it, in a conversation.
    asked_in: Option<MessageId>,
    /// Who asks it, where the model is to be told.
    asked_by: Option<String>,
    /// Text files that came with it: their names, and how they begin.
    files: Vec<(String, String)>,
    /// What the twin keeps of what was said before, in a conversation, and whether that tells of more than the turns.
    recap: Option<(storage::Recap, bool)>,
    /// The turns before it, oldest first.
    history: Vec<ChatMessage>,
    /// Their messages, in a conversation.
    turns: Vec<MessageId>,
    asker: Asker,
    /// The message that is written.
    message: u128,
    /// How it is to begin.
    beginning: String,
    /// What it says already, from its beginning on.
    said: String,
    /// The tokens of what was written after its beginning.
    drawn: Drawn,
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
            asked_in: None,
            turns: Vec::new(),
            asked_by: None,
            files: Vec::new(),
            recap: None,
            history: completion.history,
            asker: Asker::User(completion.user),
            message: 0,
            beginning: String::new(),
            said: String::new(),
            drawn: Drawn::default(),
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
    let listeners = listeners(&mind, services, reply.conversation).await?;
    let recap = recaps::before(storage, id, &question, &history).await?;
    let people = People::who_wrote(history.iter().chain([&question]));
    let mut turns = prompt::shown(&history, id);
    let mut history = prompt::turns(&history, id, people);
    if reply.after_others {
        let answers = storage
            .answers(reply.question, HISTORY_MESSAGES_MAX)
            .await?;
        let of_others = |message: &protocol::Message| !matches!(message.author, Author::Twin { id: author, .. } if author == id);
        let answers: Vec<_> = answers.into_iter().filter(of_others).collect();
        turns.extend(prompt::shown(&answers, id));
        history.extend(prompt::turns(&answers, id, people));
    }
    let usual = services.config.reply_tokens_max;
    let tokens_max = reply
        .tokens_max
        .and_then(|tokens| u32::try_from(tokens).ok());
    let files = said_files(storage, &question).await?;
    let asked = Question {
        text: prompt::said(&question),
        asked_in: Some(question.message_id),
        turns,
        asked_by: prompt::speaker(&question.author, people).map(str::to_owned),
        files,
        recap,
        history,
        asker: match question.author {
            Author::User { id, .. } | Author::Bot { id, .. } => Asker::User(id),
            Author::Twin { id, .. } => Asker::Twin(id),
        },
        message: u128::from_be_bytes(*reply.reply.as_bytes()),
        // Another attempt that were not sampled would say the same once more.
        keeps_to_notes: reply.is_first || !reply.beginning.is_empty(),
        beginning: reply.beginning,
        said: reply.said,
        drawn: reply.drawn,
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
    let plan = write(&mind, services, &listeners, asked).await?;
    remembering::remember(&mind, services, &listeners, &question).await;
    Ok((mind, plan))
}

/// The text files that came with a message: their names, and how they begin.
async fn said_files(
    storage: &Storage,
    message: &protocol::Message,
) -> Result<Vec<(String, String)>, StorageError> {
    match message.attachments.is_empty() {
        true => Ok(Vec::new()),
        false => storage.excerpts(message.message_id).await,
    }
}

/// Who takes part in a conversation now, and so hears what the twin says there.
async fn listeners(
    mind: &Mind,
    services: &Services,
    conversation: ConversationId,
) -> Result<Listeners, StorageError> {
    let members = services.storage.members(conversation).await?;
    Ok(Listeners::of(&members, &mind.twin))
}

/// Searches, builds the prompt, and has the pool write.
async fn write(
    mind: &Mind,
    services: &Services,
    listeners: &Listeners,
    question: Question,
) -> Result<Plan, Unanswered> {
    let notes = retrieval::notes(mind, services, listeners, &question).await?;
    let counter = &services.engine.counter;
    let beginning_tokens = counter.count(&question.beginning);
    let prompt = prompt::build(
        PromptParts {
            name: &mind.twin.name,
            persona: &mind.twin.persona,
            language: &mind.twin.language,
            memories: notes.memories,
            passages: notes.passages,
            looked: notes.looked,
            recap: question
                .recap
                .as_ref()
                .map(|(recap, tells_more)| RecapPart {
                    text: &recap.text,
                    tells_more: *tells_more,
                }),
            history: question.history,
            question: &question.text,
            asked_by: question.asked_by.as_deref(),
            files: &question.files,
            tokens_max: prompt_tokens_max(services).saturating_sub(beginning_tokens),
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
    // The prompt is that of the whole reply, so that what follows is what would have followed.
    let tokens_before = match question.drawn.tokens.len() {
        0 => counter
            .count(&question.said)
            .saturating_sub(beginning_tokens),
        drawn => drawn,
    };
    let tokens_before = u32::try_from(tokens_before).unwrap_or(u32::MAX);
    let mut request = GenerateRequest {
        origin: origin_of(&mind.twin, listeners, &question.asker, question.priority),
        prompt: Prompt::Conversation(prompt.messages),
        max_tokens: question.tokens_max.saturating_sub(tokens_before),
        message: question.message,
        beginning: question.said,
        drawn: question.drawn,
        ..GenerateRequest::default()
    };
    let has_notes = !(prompt.sources.is_empty() && prompt.memories.is_empty());
    if question.keeps_to_notes && has_notes {
        request.temperature = TEMPERATURE_WITH_NOTES;
    }
    question.sampling.apply(&mut request);
    let turns = question.turns.get(prompt.left_out.turns..);
    let recap = question.recap.filter(|_| prompt.has_recap);
    let origin = NewOrigin {
        turns: turns.unwrap_or_default().to_vec(),
        recap: recap.map(|(recap, _)| recap.id),
        memories: prompt.memories,
        tokens_max: question.tokens_max,
        ..origin::of(&mind.twin, listeners, &request)
    };
    if request.max_tokens == 0 {
        let end = end_at_limit(&request, tokens_before, |text| counter.count(text));
        // Whoever asked may be gone.
        let _ = question.events.send(end).await;
    } else {
        let generate = Generate {
            request,
            events: question.events,
            cancel: question.cancel,
            span: question.span,
        };
        let queued = services.pool.send(generate).await;
        queued
            .unwrap_or_else(|_| Err(PoolError::Failed("the inference pool stopped".to_owned())))?;
    }
    Ok(Plan {
        sources: prompt.sources,
        model: services.engine.model.name.clone(),
        seed,
        tokens_before,
        origin: Some(origin),
    })
}

/// The end of a reply that was as long as it may be when its node died.
fn end_at_limit(
    request: &GenerateRequest,
    tokens_before: u32,
    count: impl Fn(&str) -> usize,
) -> GenerationEvent {
    let prompt_tokens = match &request.prompt {
        Prompt::Conversation(turns) => turns.iter().map(|turn| count(&turn.content)).sum(),
        Prompt::Text(_) | Prompt::Tokens(_) => 0,
    };
    let prompt_tokens = u32::try_from(prompt_tokens).unwrap_or(u32::MAX);
    GenerationEvent::Finished(Generation {
        text: String::new(),
        usage: Usage {
            prompt_tokens: prompt_tokens.saturating_add(tokens_before),
            completion_tokens: 0,
        },
        stop_reason: StopReason::Length,
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
        Some(state) if state == mind.state => return Ok(mind),
        _ => {}
    }
    let mind = read_mind(id, services, Some(&mind))
        .await?
        .ok_or(Unanswered::Gone("the twin"))?;
    Ok(Rc::new(mind))
}

/// Tokens that a prompt may have: as configured, and never so many that the reply does not fit the context.
fn prompt_tokens_max(services: &Services) -> usize {
    let config = &services.config;
    config.prompt_tokens_max_for(
        services.engine.model.context_tokens,
        config.reply_tokens_max,
    )
}

/// For whom a reply is written: the twin and whoever asks it have a share of the engine each. Prompts of one twin may begin
/// with what others of it computed for the same listeners, and nobody else.
fn origin_of(
    twin: &storage::Twin,
    listeners: &Listeners,
    asks: &Asker,
    priority: Priority,
) -> Origin {
    let asker = match asks {
        Asker::User(id) => *id.as_bytes(),
        Asker::Twin(id) => *id.as_bytes(),
    };
    let twin = u128::from_be_bytes(*twin.id.as_bytes());
    Origin {
        accounts: [Account(twin), Account(u128::from_be_bytes(asker))],
        scope: CacheScope {
            owner: twin,
            audience: listeners.scope(),
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
