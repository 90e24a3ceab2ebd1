//! What a twin remembers of people, searched by meaning and by words like its passages, as far as those who listen may be told.

use std::collections::HashMap;

use protocol::{GroupId, MessageId, UserId};
use storage::{Memory, MemoryKind, RememberedThen};

use super::audience::{Listeners, Told};
use super::index::{Index, IndexBuilder, Query, SAME_MATTER_MIN, alike, dot};

/// Memories that say the same thing twice, as [`alike`] tells it.
const SAME_MIN: f32 = 0.95;

/// Memories at least this alike to the question are shown: all-MiniLM gives unrelated texts about 0 to 0.2.
const ALIKE_MIN: f32 = 0.25;

/// What nothing stands in the place of.
#[derive(Default)]
pub(super) struct Memories {
    memories: Vec<(Memory, Told)>,
    index: Index,
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
    /// Takes what is in force of one twin, newest first; vectors are L2-normalised. It takes a while where that is much.
    pub(super) fn new(memories: Vec<Memory>, in_groups: &HashMap<GroupId, Vec<UserId>>) -> Self {
        let mut index = IndexBuilder::default();
        for memory in &memories {
            index.add(&[&memory.text], &memory.vector);
        }
        let told = memories.into_iter().map(|memory| {
            let told = Told::of(&memory.audience, in_groups);
            (memory, told)
        });
        Self {
            memories: told.collect(),
            index: index.finish(),
        }
    }

    /// Whether nothing is there that those who listen may be told.
    pub(super) fn is_empty_for(&self, listeners: &Listeners) -> bool {
        !self
            .memories
            .iter()
            .any(|(_, told)| told.reaches(listeners))
    }

    /// The at most `count` memories that answer a question best, best first, of those that are alike to it or of this relevance at
    /// least, and none of what the question says itself. Those who listen may all be told.
    pub(super) fn search(
        &self,
        query: Query<'_>,
        listeners: &Listeners,
        question: Option<MessageId>,
        (count, relevance_min): (usize, f32),
    ) -> Vec<Recalled> {
        let may_stand: Vec<bool> = (self.memories.iter())
            .map(|(memory, told)| {
                let of_question = memory.said_in.map(|said_in| said_in.message_id) == question;
                told.reaches(listeners) && !(of_question && question.is_some())
            })
            .collect();
        let parts = |place: u32| {
            let (memory, _): &(Memory, Told) = &self.memories[place as usize];
            [memory.text.as_str()]
        };
        let all = self.memories.len();
        let may_search = |place: u32| may_stand[place as usize];
        let (_, found) = self.index.search(query, may_search, parts, all);
        let shown = found.into_iter().filter(|found| {
            let is_alike = alike(found.cosine, query.unrelated_cosine) >= ALIKE_MIN;
            found.relevance >= relevance_min || (is_alike && query.is_read())
        });
        shown
            .take(count)
            .map(|found| recall(&self.memories[found.place as usize].0))
            .collect()
    }

    /// What a new statement about a person stands in the place of: what it corrects, or what says the same. Vectors are of a model with
    /// this cosine of unrelated texts.
    pub(super) fn superseded_by(
        &self,
        about: UserId,
        (vector, unrelated): (&[f32], f32),
        corrects: bool,
    ) -> Option<&Memory> {
        let alike_min = match corrects {
            true => SAME_MATTER_MIN,
            false => SAME_MIN,
        };
        let about_them = self.memories.iter().map(|(memory, _)| memory);
        let scored = about_them
            .filter(|memory| memory.about == about)
            .map(|memory| (alike(dot(vector, &memory.vector), unrelated), memory))
            .filter(|(score, _)| *score >= alike_min);
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

#[cfg(test)]
mod tests {
    use protocol::{MemoryId, TwinId};
    use storage::Audience;

    use super::*;

    /// As of multilingual models, whose cosines are all high.
    const UNRELATED: f32 = 0.75;

    fn memory(about: UserId, text: &str, vector: [f32; 2], audience: Audience) -> Memory {
        Memory {
            id: MemoryId::new(),
            twin_id: TwinId::new(),
            twin_name: "Ada".to_owned(),
            owner_id: about,
            about,
            about_name: "Kim".to_owned(),
            kind: MemoryKind::Said,
            text: text.to_owned(),
            vector: vector.to_vec(),
            audience,
            said_in: None,
            supersedes: None,
            superseded_by: None,
            revision: 1,
            created_at: 0,
            changed_at: 0,
        }
    }

    fn found(
        memories: &Memories,
        text: &str,
        vector: &[f32],
        listeners: &Listeners,
    ) -> Vec<String> {
        let query = Query {
            text,
            vector,
            unknown_share: 0.0,
            unrelated_cosine: 0.077,
        };
        let found = memories.search(query, listeners, None, (2, 0.45));
        found.into_iter().map(|found| found.then.text).collect()
    }

    #[test]
    fn a_memory_is_found_by_its_words_where_its_meaning_is_none_and_by_its_meaning_without_a_word()
    {
        let kim = UserId::new();
        let memories = Memories::new(
            vec![
                memory(kim, "My boat is the QX4471.", [0.3, 0.954], Audience::Owner),
                memory(kim, "I like bees.", [0.0, 1.0], Audience::Owner),
                memory(kim, "I fish on Sundays.", [0.8, 0.6], Audience::Owner),
            ],
            &HashMap::new(),
        );
        let owner = Listeners::nobody();
        let asked = |text| found(&memories, text, &[1.0, 0.0], &owner);
        let both = ["My boat is the QX4471.", "I fish on Sundays."];
        assert_eq!(asked("QX4471?"), both);
        assert_eq!(asked("hobbies?"), [both[1], both[0]]);
        let asked = found(&memories, "bees?", &[-0.6, -0.8], &owner);
        assert_eq!(asked.len(), 0);
    }

    #[test]
    fn what_somebody_may_not_be_told_is_found_by_no_word() {
        let (kim, sam) = (UserId::new(), UserId::new());
        let secret = memory(kim, "The QX4471 is sold.", [0.0, 1.0], Audience::Owner);
        let told = memory(kim, "The QX4471 is blue.", [0.0, 1.0], Audience::Public);
        let memories = Memories::new(vec![secret, told], &HashMap::new());
        let listeners = Listeners::some(&[sam], true);
        let found = found(&memories, "QX4471?", &[0.6, 0.8], &listeners);
        assert_eq!(found, ["The QX4471 is blue."]);
    }

    #[test]
    fn with_a_model_whose_cosines_are_all_high_another_matter_is_not_taken_for_the_same() {
        let kim = UserId::new();
        let bees = memory(kim, "I like bees.", [1.0, 0.0], Audience::Owner);
        let memories = Memories::new(vec![bees], &HashMap::new());
        let superseded = |cosine: f32, corrects| {
            let vector = [cosine, (1.0 - cosine * cosine).sqrt()];
            let vector = (&vector[..], UNRELATED);
            memories.superseded_by(kim, vector, corrects).is_some()
        };
        assert_eq!(
            (superseded(0.8, true), superseded(0.9, true)),
            (false, true)
        );
        assert_eq!(
            (superseded(0.96, false), superseded(0.99, false)),
            (false, true)
        );
    }
}
