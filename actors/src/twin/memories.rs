//! What a twin remembers of people, searched exactly, as far as those who listen may be told.

use std::collections::HashMap;

use protocol::{GroupId, MessageId, UserId};
use storage::{Memory, MemoryKind, RememberedThen};

use super::audience::{Listeners, Told};
use super::knowledge::{SAME_MATTER_SCORE_MIN, dot};

/// Memories that say the same thing twice.
const SAME_SCORE_MIN: f32 = 0.95;

/// What nothing stands in the place of.
#[derive(Default)]
pub(super) struct Memories {
    memories: Vec<(Memory, Told)>,
}

/// A memory that may stand in a prompt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recalled {
    /// The memory, in the words that stand in the prompt.
    pub(super) then: RememberedThen,
    /// What its owner corrected or wrote down counts for more than what documents say: this is its vector then.
    pub(super) overrules: Option<Vec<f32>>,
}

impl Memories {
    /// Takes what is in force of one twin, newest first; vectors are L2-normalised.
    pub(super) fn new(memories: Vec<Memory>, in_groups: &HashMap<GroupId, Vec<UserId>>) -> Self {
        let told = memories.into_iter().map(|memory| {
            let told = Told::of(&memory.audience, in_groups);
            (memory, told)
        });
        Self {
            memories: told.collect(),
        }
    }

    /// Whether nothing is there that those who listen may be told.
    pub(super) fn is_empty_for(&self, listeners: &Listeners) -> bool {
        !self
            .memories
            .iter()
            .any(|(_, told)| told.reaches(listeners))
    }

    /// The at most `count` memories most alike to a normalised query, best first, none under `score_min` and none of what the
    /// question says itself. Those who listen may all be told.
    pub(super) fn search(
        &self,
        query: &[f32],
        listeners: &Listeners,
        question: Option<MessageId>,
        (count, score_min): (usize, f32),
    ) -> Vec<Recalled> {
        let may_stand = self.memories.iter().filter(|(memory, told)| {
            let of_question = memory.said_in.map(|said_in| said_in.message_id) == question;
            told.reaches(listeners) && !(of_question && question.is_some())
        });
        let mut scored: Vec<(f32, &Memory)> = may_stand
            .map(|(memory, _)| (dot(query, &memory.vector), memory))
            .filter(|(score, _)| *score >= score_min)
            .collect();
        // Of two that are as alike the newer one comes first: the sort is stable.
        scored.sort_by(|(left, _), (right, _)| right.total_cmp(left));
        scored.truncate(count);
        scored
            .into_iter()
            .map(|(_, memory)| recall(memory))
            .collect()
    }

    /// What a new statement about a person stands in the place of: what it corrects, or what says the same.
    pub(super) fn superseded_by(
        &self,
        about: UserId,
        vector: &[f32],
        corrects: bool,
    ) -> Option<&Memory> {
        let score_min = match corrects {
            true => SAME_MATTER_SCORE_MIN,
            false => SAME_SCORE_MIN,
        };
        let about_them = self.memories.iter().map(|(memory, _)| memory);
        let scored = about_them
            .filter(|memory| memory.about == about)
            .map(|memory| (dot(vector, &memory.vector), memory))
            .filter(|(score, _)| *score >= score_min);
        let best = scored.max_by(|(left, _), (right, _)| left.total_cmp(right));
        best.map(|(_, memory)| memory)
    }
}

fn recall(memory: &Memory) -> Recalled {
    let of_owner = memory.about == memory.owner_id;
    let text = match of_owner || memory.kind == MemoryKind::Written {
        true => memory.text.clone(),
        false => format!("{} told you: {}", memory.about_name, memory.text),
    };
    let overrules = of_owner && memory.kind != MemoryKind::Said;
    Recalled {
        then: RememberedThen {
            memory_id: memory.id,
            text,
        },
        overrules: overrules.then(|| memory.vector.clone()),
    }
}
