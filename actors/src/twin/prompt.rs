//! The prompt: built in one place, purely, from persona, knowledge, a recap and recent turns, within a budget of tokens.

use inference::{ChatMessage, Role};
use protocol::{Author, Message, MessageId, Source, StopReason, TwinId};
use storage::RememberedThen;

/// Tokens that the chat template adds around one message.
const TEMPLATE_TOKENS: usize = 8;

/// The share of the budget that passages may take, in percent: what is left is for persona and turns.
const PASSAGES_PERCENT: usize = 60;

/// The share of the budget that the text of attached files may take, in percent: a question comes with one or two, and the notes
/// are what the twin knows.
const FILES_PERCENT: usize = 40;

/// Tokens of a file's text that are worth showing: a line.
const FILE_TOKENS_MIN: usize = 12;

/// The share of the budget that a recap may take, in percent, before passages have theirs: of the usual 1,024 tokens as many as
/// a recap has.
const RECAP_PERCENT: usize = 20;

/// What stands before a recap. It is no part of the system message: it is made of what people said.
const RECAP_BEGIN: &str = "What was said before in this conversation, in short:\n";

/// What stands between a recap and what a person says next.
const RECAP_END: &str = "\n\nSince then:\n";

/// What stands before the notes. This layout, the best note first and nothing of it in the system message, made the
/// default model answer the most questions of those tried; it is measured in `docs/benchmarks.md`.
const NOTES_BEGIN: &str = "Answer the question using the notes.\n\nNotes:\n";

/// The only note where something was written, and nothing of it is about a question: who answers then is not to invent. Of the
/// wordings and places that were tried the default model heeds this one most often (`docs/benchmarks.md`).
const NOTHING_WRITTEN: &str = "I have not written about this.";

/// What ends a question, in whichever script.
const QUESTION_MARKS: [char; 4] = ['?', '？', '؟', '՞'];

/// What stands between the notes and the question.
const NOTES_END: &str = "\nQuestion: ";

/// What a prompt is built from.
#[derive(Clone)]
pub(super) struct PromptParts<'a> {
    /// The twin's name.
    pub(super) name: &'a str,
    /// Who the twin is, in its owner's words.
    pub(super) persona: &'a str,
    /// The language to answer in; empty for the language of the question.
    pub(super) language: &'a str,
    /// What is remembered that may hold the answer, best first.
    pub(super) memories: Vec<RememberedThen>,
    /// Passages that may hold the answer, best first.
    pub(super) passages: Vec<Source>,
    /// What was looked through for them.
    pub(super) looked: Looked,
    /// A recap of the turns before the newest ones.
    pub(super) recap: Option<RecapPart<'a>>,
    /// The turns before the question, oldest first.
    pub(super) history: Vec<ChatMessage>,
    /// The question.
    pub(super) question: &'a str,
    /// Who asks it, where several people speak, or something that is none.
    pub(super) asked_by: Option<&'a str>,
    /// Text files that came with it: their names, and how they begin.
    pub(super) files: &'a [(String, String)],
    /// Tokens that the prompt may have.
    pub(super) tokens_max: usize,
}

/// A recap that may stand in a prompt.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecapPart<'a> {
    /// What it says.
    pub(super) text: &'a str,
    /// Whether it tells of turns that are not among those that are given.
    pub(super) tells_more: bool,
}

/// What was looked through for an answer, of what all who listen may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looked {
    /// There is nothing: the twin is its persona alone.
    Nowhere,
    /// All that was written and is remembered.
    Everywhere,
}

/// A prompt, and what of it was looked up.
#[derive(Debug, PartialEq)]
pub(super) struct Prompt {
    /// The conversation as the model reads it.
    pub(super) messages: Vec<ChatMessage>,
    /// What the reply can be drawn from of documents, best first.
    pub(super) sources: Vec<Source>,
    /// What it can be drawn from of memories, best first.
    pub(super) memories: Vec<RememberedThen>,
    /// Whether the recap stands in it.
    pub(super) has_recap: bool,
    /// What found no room.
    pub(super) left_out: LeftOut,
}

/// How much of what there was found no room in a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LeftOut {
    /// Passages and memories.
    pub(super) passages: usize,
    /// The oldest of the turns that were given.
    pub(super) turns: usize,
}

/// Builds the prompt. Memories and then passages are taken best first and turns newest first, as far as the budget goes; persona and
/// question always stand, whole: where they alone are over the context, the engine refuses the prompt with the numbers. A recap
/// stands where turns that it tells of do not.
pub(super) fn build(parts: PromptParts<'_>, count: impl Fn(&str) -> usize) -> Prompt {
    let Some(recap) = parts.recap else {
        return assemble(parts, None, count);
    };
    if !recap.tells_more {
        let whole = assemble(parts.clone(), None, &count);
        if whole.left_out.turns == 0 {
            return whole;
        }
    }
    assemble(parts, Some(recap.text), count)
}

fn assemble(parts: PromptParts<'_>, recap: Option<&str>, count: impl Fn(&str) -> usize) -> Prompt {
    let cost = |text: &str| count(text) + TEMPLATE_TOKENS;
    let system = system_text(&parts);
    // A question that nothing is written about; what only tells something wants no source.
    let found_nothing = parts.looked == Looked::Everywhere
        && parts.memories.is_empty()
        && parts.passages.is_empty()
        && parts.files.is_empty()
        && parts.question.contains(QUESTION_MARKS);
    let question = match parts.asked_by {
        Some(name) => format!("{name} says:\n{}", parts.question),
        None => parts.question.to_owned(),
    };
    let mut fixed = cost(&system) + cost(&question) + count(NOTES_BEGIN) + count(NOTES_END);
    if found_nothing {
        fixed += cost(NOTHING_WRITTEN);
    }
    let mut left = parts.tokens_max.saturating_sub(fixed);

    let recap = recap.and_then(|text| recap_text(text, left * RECAP_PERCENT / 100, &count));
    left = left.saturating_sub(recap.as_deref().map_or(0, cost));

    let mut left_out = LeftOut::default();
    let mut sources = Vec::new();
    let mut memories = Vec::new();
    let mut for_passages = left * PASSAGES_PERCENT / 100;
    let mut finds_room = |text: &str| {
        let tokens = cost(text);
        if tokens > for_passages {
            left_out.passages += 1;
            return false;
        }
        for_passages -= tokens;
        left -= tokens;
        true
    };
    for memory in parts.memories {
        if finds_room(&memory.text) {
            memories.push(memory);
        }
    }
    for passage in parts.passages {
        if finds_room(&passage.quote) {
            sources.push(passage);
        }
    }

    let files = files_text(parts.files, left * FILES_PERCENT / 100, &count);
    left = left.saturating_sub(count(&files));

    let mut turns = Vec::new();
    let mut newest_first = parts.history.into_iter().rev();
    while let Some(turn) = newest_first.next() {
        let tokens = cost(&turn.content);
        if tokens > left {
            // Those before it stay out too, though shorter: nobody answers what is not there.
            left_out.turns = 1 + newest_first.count();
            break;
        }
        left -= tokens;
        turns.push(turn);
    }
    turns.reverse();

    let remembered = memories.iter().map(|memory| memory.text.as_str());
    let mut notes: Vec<&str> = remembered
        .chain(sources.iter().map(|source| source.quote.as_str()))
        .collect();
    if found_nothing {
        notes.push(NOTHING_WRITTEN);
    }
    turns.push(ChatMessage::new(
        Role::User,
        files + &question_text(question, &notes),
    ));
    let has_recap = recap.is_some();
    if let Some(recap) = recap {
        put_before(recap, &mut turns);
    }
    let mut messages = vec![ChatMessage::new(Role::System, system)];
    messages.extend(turns);
    Prompt {
        messages,
        sources,
        memories,
        has_recap,
        left_out,
    }
}

/// A recap as it stands in a prompt, as far as so many tokens go; none where there is no room for a line.
fn recap_text(text: &str, tokens_max: usize, count: impl Fn(&str) -> usize) -> Option<String> {
    let around = count(RECAP_BEGIN) + count(RECAP_END) + TEMPLATE_TOKENS;
    let for_text = tokens_max.saturating_sub(around);
    (for_text >= FILE_TOKENS_MIN).then(|| {
        let text = cut(text.trim(), for_text, count);
        format!("{RECAP_BEGIN}{text}{RECAP_END}")
    })
}

/// Puts a recap before turns. It joins the first one where that is a person's: there are templates in which nobody speaks twice in a row.
fn put_before(recap: String, turns: &mut Vec<ChatMessage>) {
    match turns.first_mut() {
        Some(first) if first.role == Role::User => first.content.insert_str(0, &recap),
        _ => turns.insert(0, ChatMessage::new(Role::User, recap.trim_end())),
    }
}

/// The turns of a conversation as the model of a twin reads them, people by their names where several speak.
pub(super) fn turns(history: &[Message], twin: TwinId, people: People) -> Vec<ChatMessage> {
    let turns = history
        .iter()
        .filter_map(|message| turn(message, twin, people));
    turns.collect()
}

/// The messages of [`turns`], which leaves some out.
pub(super) fn shown(history: &[Message], twin: TwinId) -> Vec<MessageId> {
    let shown = history
        .iter()
        .filter(|message| turn(message, twin, People::One).is_some());
    shown.map(|message| message.message_id).collect()
}

/// How many people speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum People {
    One,
    Several,
}

impl People {
    /// Those who wrote these messages.
    pub(super) fn who_wrote<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Self {
        let mut people = messages
            .into_iter()
            .filter_map(|message| match message.author {
                Author::User { id, .. } => Some(id),
                Author::Bot { .. } | Author::Twin { .. } => None,
            });
        let first = people.next();
        match people.any(|other| Some(other) != first) {
            true => Self::Several,
            false => Self::One,
        }
    }
}

/// The name by which the model is told who speaks, unless it is the only person: whoever else speaks is not to be taken for that one.
pub(super) fn speaker(author: &Author, people: People) -> Option<&str> {
    match author {
        Author::User { .. } if people == People::One => None,
        Author::User { name, .. } | Author::Twin { name, .. } | Author::Bot { name, .. } => {
            Some(name)
        }
    }
}

fn system_text(parts: &PromptParts<'_>) -> String {
    let persona = parts.persona.trim();
    let mut text = String::new();
    if !persona.contains(parts.name) {
        text.push_str(&format!("You are {}. ", parts.name));
    }
    text.push_str(persona);
    // The models speak English unless they are told otherwise; a small one only loses the thread over being told.
    if !parts.language.is_empty() && !parts.language.starts_with("en") {
        text.push_str(&format!(" You answer in the language {}.", parts.language));
    }
    text
}

/// The question, after the notes that it may be answered from, best first.
fn question_text(question: String, notes: &[&str]) -> String {
    if notes.is_empty() {
        return question;
    }
    let mut text = String::from(NOTES_BEGIN);
    for note in notes {
        text.push_str("- ");
        text.push_str(note.trim());
        text.push('\n');
    }
    text.push_str(NOTES_END);
    text.push_str(&question);
    text
}

/// What a message says and who says it, on one line, so that nobody writes another's; none of a reply that failed or is empty.
pub(super) fn line(message: &Message) -> Option<String> {
    let said = said(message);
    if message.stop_reason == Some(StopReason::Failed) || said.is_empty() {
        return None;
    }
    let words: Vec<&str> = said.split_whitespace().collect();
    let name: Vec<&str> = message.author.name().split_whitespace().collect();
    Some(format!("{}: {}", name.join(" "), words.join(" ")))
}

/// The text of files, as far as so many tokens go.
fn files_text(
    files: &[(String, String)],
    tokens_max: usize,
    count: impl Fn(&str) -> usize,
) -> String {
    let mut text = String::new();
    let mut left = tokens_max;
    for (name, beginning) in files {
        let heading = format!("The file {name} says:\n");
        let for_text = left.saturating_sub(count(&heading) + TEMPLATE_TOKENS);
        if for_text < FILE_TOKENS_MIN {
            break;
        }
        let shown = format!("{heading}{}\n\n", cut(beginning.trim(), for_text, &count));
        left = left.saturating_sub(count(&shown));
        text.push_str(&shown);
    }
    text
}

/// The beginning of a text that has so many tokens at most.
pub(super) fn cut(text: &str, tokens_max: usize, count: impl Fn(&str) -> usize) -> &str {
    let mut shown = text;
    loop {
        let tokens = count(shown);
        if tokens <= tokens_max {
            return shown;
        }
        // A tenth less than their share: tokens are not equally long.
        let bytes = shown.len() * tokens_max / tokens * 9 / 10;
        shown = &shown[..shown.floor_char_boundary(bytes)];
    }
}

/// What a message says, and which files came with it.
pub(super) fn said(message: &Message) -> String {
    let mut text = message.text.clone();
    for attachment in &message.attachments {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!(
            "[attached file: {}, {}]",
            attachment.name, attachment.media_type
        ));
    }
    text
}

/// A turn of the conversation as the model reads it; a reply that failed or is empty is left out.
fn turn(message: &Message, twin: TwinId, people: People) -> Option<ChatMessage> {
    let said = said(message);
    if message.stop_reason == Some(StopReason::Failed) || said.is_empty() {
        return None;
    }
    if matches!(message.author, Author::Twin { id, .. } if id == twin) {
        return Some(ChatMessage::new(Role::Assistant, said));
    }
    let said = match speaker(&message.author, people) {
        Some(name) => format!("{name}: {said}"),
        None => said,
    };
    Some(ChatMessage::new(Role::User, said))
}

#[cfg(test)]
mod tests;
