//! The explicit stand-in for an engine, for tests that are not about the model; it is never a fall-back.

use std::time::{Duration, Instant};

use crate::text_stream::TextStream;
use crate::{
    Engine, EngineError, EngineEvent, EngineLoad, Generation, ModelInfo, Prompt, Role, StopReason,
    Ticket, TokenCounter, Usage, ValidGenerateRequest,
};

/// How long a step takes in which everybody only waits.
const WAIT_POLL: Duration = Duration::from_millis(2);

/// Requests that are written at once.
const RUNNING_MAX: usize = 16;

/// Answers by a small script, deterministically; a token is a word with the white space before it.
///
/// The *question* is the last line of the last user message. It may be an order:
///
/// | question   | what happens |
/// |------------|--------------|
/// | `!panic`   | panics, as a bug in an engine would |
/// | `!error`   | fails with [`EngineError::Scripted`] |
/// | `!slow N`  | writes `tick 1` … `tick N`, two tokens each, waiting on nothing |
/// | `!wait`    | writes nothing until it is cancelled |
/// | `!say T`   | writes `T` |
/// | `!late N T` | writes `T`, but its last word only `N` seconds after it began |
/// | `!spread N T` | writes `T`, one word after the other, the last one `N` seconds after it began |
///
/// Any other question is answered from the *notes*: all lines of the system messages and the other lines of the last user
/// message. The first of the notes that share the most words of four or more letters with the question is quoted,
/// trimmed of its list mark; if none shares any, the reply is `You said: ` and the question.
///
/// A reply that has begun with what the script would say goes on from there; after any other beginning it is said whole.
///
/// A prompt that is a text counts as one user message; it has no vocabulary, so that every prompt of tokens is refused.
///
/// Sixteen requests are written at once, a token of each in a step; the others wait in the order in which they came.
#[derive(Debug)]
pub struct ScriptedEngine {
    model: ModelInfo,
    /// In the order in which they came.
    jobs: Vec<Job>,
    /// What the next step tells before anything else.
    untold: Vec<(Ticket, EngineEvent)>,
}

impl ScriptedEngine {
    /// Requests that it holds, waiting or running; past it they fail as `overloaded`.
    pub const REQUESTS_MAX: usize = 80;

    /// An engine with a context of 8192 words.
    pub fn new() -> Self {
        Self::with_context(8192)
    }

    /// An engine whose prompts and replies together may have `context_tokens` words.
    pub fn with_context(context_tokens: usize) -> Self {
        let model = ModelInfo {
            name: "scripted".into(),
            architecture: "scripted".into(),
            context_tokens,
            vocabulary: 0,
            dtype: "none",
            forward: "scripted".into(),
            quantisation: "none".into(),
            bytes: 0,
        };
        Self {
            model,
            jobs: Vec::new(),
            untold: Vec::new(),
        }
    }
}

impl Default for ScriptedEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for ScriptedEngine {
    fn model(&self) -> &ModelInfo {
        &self.model
    }

    fn token_counter(&self) -> TokenCounter {
        TokenCounter::words()
    }

    fn submit(&mut self, ticket: Ticket, request: ValidGenerateRequest, deadline: Option<Instant>) {
        let prompt_tokens = texts(&request.prompt)
            .map(|(_, text)| self.count_tokens(text))
            .sum::<usize>()
            + self.count_tokens(&request.beginning);
        let refused = if let Prompt::Tokens(tokens) = &request.prompt {
            let token = tokens.first().copied().unwrap_or_default();
            let vocabulary = self.model.vocabulary;
            Some(EngineError::PromptToken { token, vocabulary })
        } else if prompt_tokens >= self.model.context_tokens {
            Some(EngineError::PromptTooLong {
                tokens: prompt_tokens,
                limit: self.model.context_tokens.saturating_sub(1),
            })
        } else if self.jobs.len() >= Self::REQUESTS_MAX {
            Some(EngineError::Overloaded)
        } else {
            None
        };
        if let Some(error) = refused {
            self.untold.push((ticket, EngineEvent::Failed(error)));
            return;
        }
        let tokens_max =
            (request.max_tokens as usize).min(self.model.context_tokens - prompt_tokens);
        let script = Script::of(&request);
        let words = match &script {
            Script::Reply(text) | Script::Late(text, _) | Script::Spread(text, _) => {
                let rest = text.strip_prefix(&request.beginning).unwrap_or(text);
                words(rest).map(str::to_owned).collect()
            }
            Script::Panic | Script::Error | Script::Wait => Vec::new(),
        };
        self.jobs.push(Job {
            ticket,
            deadline,
            script,
            words,
            prompt_tokens,
            tokens_max,
            began: None,
            written: 0,
            stream: TextStream::new(&request.stop),
        });
    }

    fn cancel(&mut self, ticket: Ticket) -> Option<Generation> {
        let index = self.jobs.iter().position(|job| job.ticket == ticket)?;
        Some(self.jobs.remove(index).end(StopReason::Cancelled))
    }

    fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.untold.is_empty()
    }

    fn step(&mut self, now: Instant) -> Result<Vec<(Ticket, EngineEvent)>, EngineError> {
        let mut events = std::mem::take(&mut self.untold);
        let late = |job: &mut Job| job.deadline.is_some_and(|deadline| deadline <= now);
        for job in self.jobs.extract_if(.., late) {
            let ticket = job.ticket;
            events.push((ticket, EngineEvent::Finished(job.end(StopReason::Deadline))));
        }
        let mut ended = Vec::new();
        for job in self.jobs.iter_mut().take(RUNNING_MAX) {
            if let Some(end) = job.write(&mut events) {
                ended.push((job.ticket, end));
            }
        }
        for (ticket, end) in ended {
            let index = self.jobs.iter().position(|job| job.ticket == ticket);
            let mut job = self.jobs.remove(index.expect("it has just been written"));
            let held_back = match end {
                Ok(StopReason::EndOfTurn | StopReason::Length) => job.stream.finish(),
                Ok(_) | Err(_) => "",
            };
            if !held_back.is_empty() {
                events.push((ticket, EngineEvent::Text(held_back.to_owned().into())));
            }
            events.push(match end {
                Ok(stop_reason) => (ticket, EngineEvent::Finished(job.end(stop_reason))),
                Err(error) => (ticket, EngineEvent::Failed(error)),
            });
        }
        if events.is_empty() && !self.jobs.is_empty() {
            #[expect(
                clippy::disallowed_methods,
                reason = "the time is the event; and a parked thread would not see that a test moves the clock"
            )]
            std::thread::sleep(WAIT_POLL);
        }
        Ok(events)
    }

    fn load(&self) -> EngineLoad {
        let running = self.jobs.len().min(RUNNING_MAX);
        EngineLoad {
            running,
            waiting: self.jobs.len() - running,
            step_tokens: running,
            ..EngineLoad::default()
        }
    }
}

/// A request as it is answered.
#[derive(Debug)]
struct Job {
    ticket: Ticket,
    deadline: Option<Instant>,
    script: Script,
    /// The reply.
    words: Vec<String>,
    prompt_tokens: usize,
    tokens_max: usize,
    /// When it left the queue.
    began: Option<Instant>,
    written: usize,
    stream: TextStream,
}

impl Job {
    /// Writes the next word, if it is time; tells how the reply ends when it does.
    fn write(
        &mut self,
        events: &mut Vec<(Ticket, EngineEvent)>,
    ) -> Option<Result<StopReason, EngineError>> {
        let began = *self.began.get_or_insert_with(|| {
            events.push((self.ticket, EngineEvent::Begun));
            Instant::now()
        });
        let last = self.words.len().saturating_sub(1);
        let due_after = match self.script {
            Script::Panic => panic!("the script asked for a panic"),
            Script::Error => return Some(Err(EngineError::Scripted)),
            Script::Wait => return None,
            Script::Late(_, after) if self.written == last => after,
            Script::Reply(_) | Script::Late(..) => Duration::ZERO,
            Script::Spread(_, over) => over.mul_f64(self.written as f64 / last.max(1) as f64),
        };
        let Some(word) = self.words.get(self.written) else {
            return Some(Ok(StopReason::EndOfTurn));
        };
        if self.written == self.tokens_max {
            return Some(Ok(StopReason::Length));
        }
        if began.elapsed() < due_after {
            return None;
        }
        self.written += 1;
        let piece = self.stream.push(word.as_bytes());
        if !piece.text.is_empty() {
            events.push((self.ticket, EngineEvent::Text(piece.text.to_owned().into())));
        }
        piece.stopped.then_some(Ok(StopReason::StopSequence))
    }

    fn end(self, stop_reason: StopReason) -> Generation {
        Generation {
            text: self.stream.into_text(),
            usage: Usage {
                prompt_tokens: self.prompt_tokens as u32,
                completion_tokens: self.written as u32,
            },
            stop_reason,
        }
    }
}

#[derive(Debug)]
enum Script {
    Panic,
    Error,
    Wait,
    Reply(String),
    Late(String, Duration),
    Spread(String, Duration),
}

impl Script {
    fn of(request: &ValidGenerateRequest) -> Self {
        let asked = texts(&request.prompt)
            .filter(|(role, _)| *role == Role::User)
            .last();
        let asked = asked.map_or("", |(_, text)| text.trim_end());
        let (before, question) = asked.rsplit_once('\n').unwrap_or(("", asked));
        let question = question.trim();
        let (order, argument) = question.split_once(' ').unwrap_or((question, ""));
        match order {
            "!panic" => Script::Panic,
            "!error" => Script::Error,
            "!wait" => Script::Wait,
            "!say" => Script::Reply(argument.to_owned()),
            "!late" | "!spread" => {
                let (seconds, text) = argument.split_once(' ').unwrap_or((argument, ""));
                let seconds = Duration::from_secs(seconds.parse().unwrap_or(0));
                match order {
                    "!late" => Script::Late(text.to_owned(), seconds),
                    _ => Script::Spread(text.to_owned(), seconds),
                }
            }
            "!slow" => {
                let count: u32 = argument.trim().parse().unwrap_or(0);
                let ticks: Vec<String> = (1..=count).map(|n| format!("tick {n}")).collect();
                Script::Reply(ticks.join(" "))
            }
            _ => Script::Reply(answer(request, before, question)),
        }
    }
}

fn answer(request: &ValidGenerateRequest, before: &str, question: &str) -> String {
    let wanted = significant_words(question);
    let system = texts(&request.prompt).filter(|(role, _)| *role == Role::System);
    let mut best: Option<(usize, &str)> = None;
    for line in system
        .flat_map(|(_, text)| text.lines())
        .chain(before.lines())
    {
        let shared = significant_words(line)
            .iter()
            .filter(|word| wanted.contains(word))
            .count();
        if shared > best.map_or(0, |(count, _)| count) {
            best = Some((shared, line));
        }
    }
    match best {
        Some((_, line)) => line
            .trim()
            .trim_start_matches(['-', '*'])
            .trim_start()
            .to_owned(),
        None => format!("You said: {question}"),
    }
}

/// What a prompt says and who says it; a text that stands for itself is one message of a user.
fn texts(prompt: &Prompt) -> impl Iterator<Item = (Role, &str)> {
    let (messages, text) = match prompt {
        Prompt::Conversation(messages) => (messages.as_slice(), None),
        Prompt::Text(text) => (&[][..], Some((Role::User, text.as_str()))),
        Prompt::Tokens(_) => (&[][..], None),
    };
    let messages = messages.iter();
    messages
        .map(|message| (message.role, message.content.as_str()))
        .chain(text)
}

fn significant_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= 4)
        .map(str::to_lowercase)
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Splits a text into words, each with the white space before it; joined, they are the text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let word_start = rest
            .find(|c: char| !c.is_whitespace())
            .unwrap_or(rest.len());
        let word = &rest[word_start..];
        let end = word_start + word.find(char::is_whitespace).unwrap_or(word.len());
        let (token, after) = rest.split_at(end);
        rest = after;
        (!token.is_empty()).then_some(token)
    })
}

#[cfg(test)]
mod tests;
