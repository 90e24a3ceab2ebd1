//! Which twins answer a message, and in which order: pure, decided from the members and the message alone.
//!
//! Between two a twin always answers; whoever only watches is not counted. One that is paused never does. In a room it answers when it is mentioned (`@Name`), when one of its messages is answered,
//! and, where its policy says so, when it knows something about what a person says. What machines write is answered like what
//! people write, as far as storage lets machines set each other off ([`storage::ChainLimits`]).

use protocol::{Author, Role, TwinId, TwinMode, TwinPolicy};
use storage::{Member, ReplyWhen};

use crate::limits::REPLIES_TO_ONE_MAX;

/// A message, as far as it matters who answers it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    /// Who wrote it.
    pub(crate) author: &'a Author,
    /// What it says.
    pub(crate) text: &'a str,
    /// It answers another message.
    pub(crate) answers: bool,
}

/// The twins that answer a message, in their order: first those that are mentioned, as they are mentioned; then those of which
/// only the database knows whether one of their messages is answered; then those that may know something.
pub(crate) fn answering_twins(members: &[Member], said: Said<'_>) -> Vec<(TwinId, ReplyWhen)> {
    let others = members.iter().filter_map(|member| match member {
        Member::Twin {
            id,
            name,
            policy,
            mode,
            ..
        } if !is_author(said.author, *id) && *mode != TwinMode::Off => {
            Some((*id, name.as_str(), *policy))
        }
        Member::Twin { .. } | Member::User { .. } => None,
    });
    let others: Vec<(TwinId, &str, TwinPolicy)> = others.collect();
    if takes_part(members) == 2
        && let [(twin, ..)] = others[..]
    {
        return vec![(twin, ReplyWhen::Always)];
    }
    let text = said.text.to_lowercase();
    let mut mentioned = Vec::new();
    let mut answered = Vec::new();
    let mut confident = Vec::new();
    for (twin, name, policy) in others {
        if policy == TwinPolicy::Never {
            continue;
        }
        let speaks_up = policy == TwinPolicy::WhenConfident && !said.author.is_machine();
        if let Some(at) = mention(&text, name) {
            mentioned.push((at, twin));
        } else if speaks_up && confident.len() < REPLIES_TO_ONE_MAX {
            confident.push((twin, ReplyWhen::AnsweredOrConfident));
        } else if said.answers {
            answered.push((twin, ReplyWhen::Answered));
        }
    }
    mentioned.sort_by_key(|(at, _)| *at);
    let mentioned = mentioned.into_iter();
    let mut answering: Vec<(TwinId, ReplyWhen)> = mentioned
        .map(|(_, twin)| (twin, ReplyWhen::Always))
        .take(REPLIES_TO_ONE_MAX)
        .collect();
    confident.truncate(REPLIES_TO_ONE_MAX - answering.len());
    answering.extend(answered);
    answering.extend(confident);
    answering
}

/// How many take part, besides those who only watch.
pub(crate) fn takes_part(members: &[Member]) -> usize {
    let watches = |member: &&Member| member.role() == Some(Role::Watcher);
    members.iter().filter(|member| !watches(member)).count()
}

fn is_author(author: &Author, twin: TwinId) -> bool {
    matches!(author, Author::Twin { id, .. } if *id == twin)
}

/// Whether a text in lower case mentions a name.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    mention(text, name).is_some()
}

/// Where a text in lower case mentions a name first: `@name`, standing as a word of its own.
fn mention(text: &str, name: &str) -> Option<usize> {
    let mention = format!("@{}", name.to_lowercase());
    let in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = text.match_indices(&mention).map(|(at, _)| at);
    found.find(|at| {
        !text[..*at].ends_with(in_word) && !text[at + mention.len()..].starts_with(in_word)
    })
}

#[cfg(test)]
mod tests;
