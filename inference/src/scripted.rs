//! The explicit stand-in for an engine, for tests that are not about the model; it is never a fall-back.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::text_stream::TextStream;
use crate::{
    Engine, EngineError, Generation, ModelInfo, Role, StopReason, TokenCounter, Usage,
    ValidGenerateRequest,
};

/// How long `!wait` and `!late` pause between two looks at whether their caller still wants them.
const WAIT_POLL: Duration = Duration::from_millis(2);

/// Answers by a small script, deterministically; a token is a word with the white space before it.
///
/// The *question* is the last line of the last user message. It may be an order:
///
/// | question   | what happens |
/// |------------|--------------|
/// | `!panic`   | panics, as a bug in an engine would |
/// | `!error`   | fails with [`EngineError::Scripted`] |
/// | `!slow N`  | writes `tick 1` … `tick N`, two tokens each, waiting on nothing |
/// | `!wait`    | writes nothing until its caller breaks off |
/// | `!say T`   | writes `T` |
/// | `!late N T` | writes `T`, but its last word only `N` seconds after it began |
///
/// Any other question is answered from the *notes*: all lines of the system messages and the other lines of the last user
/// message. The first of the notes that share the most words of four or more letters with the question is quoted,
/// trimmed of its list mark; if none shares any, the reply is `You said: ` and the question.
#[derive(Debug, Clone)]
pub struct ScriptedEngine {
    model: ModelInfo,
}

impl ScriptedEngine {
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
            quantisation: "none".into(),
            bytes: 0,
        };
        Self { model }
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

    fn count_tokens(&self, text: &str) -> usize {
        self.token_counter().count(text)
    }

    fn token_counter(&self) -> TokenCounter {
        TokenCounter::words()
    }

    fn generate(
        &mut self,
        request: &ValidGenerateRequest,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generation, EngineError> {
        let prompt_tokens = request
            .messages
            .iter()
            .map(|message| self.count_tokens(&message.content))
            .sum::<usize>();
        if prompt_tokens >= self.model.context_tokens {
            return Err(EngineError::PromptTooLong {
                tokens: prompt_tokens,
                limit: self.model.context_tokens.saturating_sub(1),
            });
        }
        let began = Instant::now();
        let (reply, last_word_after) = match Script::of(request) {
            Script::Panic => panic!("the script asked for a panic"),
            Script::Error => return Err(EngineError::Scripted),
            Script::Wait => {
                while on_text("").is_continue() {
                    std::thread::park_timeout(WAIT_POLL);
                }
                return Ok(Generation {
                    text: String::new(),
                    usage: Usage {
                        prompt_tokens: prompt_tokens as u32,
                        completion_tokens: 0,
                    },
                    stop_reason: StopReason::Cancelled,
                });
            }
            Script::Reply(reply) => (reply, Duration::ZERO),
            Script::Late(reply, after) => (reply, after),
        };
        let tokens_max =
            (request.max_tokens as usize).min(self.model.context_tokens - prompt_tokens);
        let mut stream = TextStream::new(&request.stop);
        let mut completion_tokens = 0;
        let mut stop_reason = StopReason::EndOfTurn;
        let mut tokens = words(&reply).peekable();
        while let Some(token) = tokens.next() {
            if completion_tokens == tokens_max {
                stop_reason = StopReason::Length;
                break;
            }
            if tokens.peek().is_none() && wait_until(began, last_word_after, on_text).is_break() {
                stop_reason = StopReason::Cancelled;
                break;
            }
            completion_tokens += 1;
            let piece = stream.push(token.as_bytes());
            if on_text(piece.text).is_break() {
                stop_reason = StopReason::Cancelled;
                break;
            }
            if piece.stopped {
                stop_reason = StopReason::StopSequence;
                break;
            }
        }
        if matches!(stop_reason, StopReason::EndOfTurn | StopReason::Length) {
            // Nothing follows that could still be cancelled.
            let _ = on_text(stream.finish());
        }
        Ok(Generation {
            text: stream.into_text(),
            usage: Usage {
                prompt_tokens: prompt_tokens as u32,
                completion_tokens: completion_tokens as u32,
            },
            stop_reason,
        })
    }
}

enum Script {
    Panic,
    Error,
    Wait,
    Reply(String),
    Late(String, Duration),
}

impl Script {
    fn of(request: &ValidGenerateRequest) -> Self {
        let asked = request
            .messages
            .iter()
            .rfind(|message| message.role == Role::User);
        let asked = asked.map_or("", |message| message.content.trim_end());
        let (before, question) = asked.rsplit_once('\n').unwrap_or(("", asked));
        let question = question.trim();
        let (order, argument) = question.split_once(' ').unwrap_or((question, ""));
        match order {
            "!panic" => Script::Panic,
            "!error" => Script::Error,
            "!wait" => Script::Wait,
            "!say" => Script::Reply(argument.to_owned()),
            "!late" => {
                let (seconds, text) = argument.split_once(' ').unwrap_or((argument, ""));
                let after = Duration::from_secs(seconds.parse().unwrap_or(0));
                Script::Late(text.to_owned(), after)
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

/// Waits until so much time has passed; breaks when the caller wants no more.
fn wait_until(
    began: Instant,
    after: Duration,
    on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> ControlFlow<()> {
    while began.elapsed() < after {
        on_text("")?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the time is the event; and a parked thread would not see that a test moves the clock"
        )]
        std::thread::sleep(WAIT_POLL);
    }
    ControlFlow::Continue(())
}

fn answer(request: &ValidGenerateRequest, before: &str, question: &str) -> String {
    let wanted = significant_words(question);
    let system = request
        .messages
        .iter()
        .filter(|message| message.role == Role::System);
    let mut best: Option<(usize, &str)> = None;
    for line in system
        .flat_map(|message| message.content.lines())
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
