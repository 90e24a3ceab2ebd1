//! What a twin may tell nobody reaches nobody: canaries in documents, memories and cached prefixes, in random rooms.
//!
//! What is allowed is worked out here a second time, by sets of people, and compared with the prompts that the engine was given.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::sync::atomic::Ordering::SeqCst;

use protocol::{Author, GroupId, MemoryId, Role, What};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use storage::{
    Audience, Chunk, Document, DocumentState, FileKey, MemoryKind, NewMemory, PeopleGroup,
    TwinChange,
};

use super::*;
use crate::completions::{Sampling, TwinCompletion};
use crate::twin::TELL_EVERYBODY;

/// Each has a room, an audience, a document and a memory of its own, and a change of who takes part.
const CASES: usize = 1_000;
/// Cases until groups and visibility change.
const CASES_BETWEEN_CHANGES: usize = 50;
/// The filter is switched off for the whole process.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
const QUESTION: &str = "@Ada where does the canary sing at noon?";

/// Somebody who may take part, and whose ears these are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Guest {
    Person(UserId),
    Bot(UserId, UserId),
    Twin(TwinId, UserId),
}

impl Guest {
    fn hears(self) -> UserId {
        match self {
            Self::Person(person) | Self::Bot(_, person) | Self::Twin(_, person) => person,
        }
    }

    fn member(self) -> NewMember {
        match self {
            Self::Person(id) | Self::Bot(id, _) => NewMember::User(id),
            Self::Twin(id, _) => NewMember::Twin(id),
        }
    }

    fn author(self) -> Author {
        let name = "somebody".to_owned();
        match self {
            Self::Person(id) => Author::User { id, name },
            Self::Bot(id, _) => Author::Bot { id, name },
            Self::Twin(id, _) => Author::Twin { id, name },
        }
    }
}

struct Trial {
    house: House,
    random: StdRng,
    guests: Vec<Guest>,
    groups: HashMap<GroupId, Vec<UserId>>,
    visibility: Visibility,
    /// Whose prompts were computed under which scope.
    scopes: HashMap<u128, BTreeSet<UserId>>,
    leaks: Vec<String>,
    told: usize,
    withheld: usize,
}

impl Trial {
    async fn begin(seed: u64) -> Self {
        let house = House::with(|config| config.sends_per_minute = NonZeroU32::MAX).await;
        let (owner, storage) = (house.user, house.storage.clone());
        let lou = add_user(&storage, "lou@example.com", "Lou").await;
        let max = add_user(&storage, "max@example.com", "Max").await;
        let (own_bot, _) = house.bot("Weather").await;
        let bot_of_max = Bot {
            id: UserId::new(),
            owner_id: max,
            name: "Quiz".to_owned(),
            ..own_bot.clone()
        };
        storage
            .create_bot(bot_of_max.clone(), bot_token(bot_of_max.id), 10)
            .await
            .unwrap();
        let twin_of_lou = Twin {
            id: TwinId::new(),
            owner_id: lou,
            name: "Bo".to_owned(),
            ..storage.twin(house.twin).await.unwrap().unwrap()
        };
        storage.create_twin(twin_of_lou.clone(), 10).await.unwrap();
        let mut groups = HashMap::new();
        for name in ["family", "customers"] {
            let id = GroupId::new();
            let group = PeopleGroup {
                id,
                name: name.to_owned(),
                people: Vec::new(),
                created_at: 0,
            };
            storage.create_people_group(owner, group).await.unwrap();
            groups.insert(id, Vec::new());
        }
        Self {
            guests: vec![
                Guest::Person(lou),
                Guest::Person(max),
                Guest::Bot(own_bot.id, owner),
                Guest::Bot(bot_of_max.id, max),
                Guest::Twin(twin_of_lou.id, lou),
            ],
            house,
            random: StdRng::seed_from_u64(seed),
            groups,
            visibility: Visibility::Public,
            scopes: HashMap::new(),
            leaks: Vec::new(),
            told: 0,
            withheld: 0,
        }
    }

    fn people(&mut self) -> Vec<UserId> {
        let people: Vec<UserId> = self.guests.iter().map(|guest| guest.hears()).collect();
        let all = people.into_iter().chain([self.house.friend]);
        let random = &mut self.random;
        let some: BTreeSet<UserId> = all.filter(|_| random.random_bool(0.5)).collect();
        some.into_iter().collect()
    }

    /// Groups and who may talk with the twin are different from now on.
    async fn change_what_is_decided_by(&mut self) {
        let (storage, owner) = (self.house.storage.clone(), self.house.user);
        for id in self.groups.keys().copied().collect::<Vec<_>>() {
            let people = self.people();
            storage
                .change_people_group(owner, id, None, Some(people.clone()))
                .await
                .unwrap();
            self.groups.insert(id, people);
        }
        let all = [Visibility::Private, Visibility::Link, Visibility::Public];
        self.visibility = *all.choose(&mut self.random).unwrap();
        let change = TwinChange {
            visibility: Some(self.visibility),
            ..TwinChange::default()
        };
        let twin = self.house.twin;
        storage.update_twin(twin, change, 1).await.unwrap();
    }

    fn audience(&mut self) -> Audience {
        match self.random.random_range(0..6) {
            0 => Audience::Owner,
            1 => Audience::Link,
            2 => Audience::Public,
            _ => Audience::Named {
                people: self.people(),
                groups: {
                    let random = &mut self.random;
                    let groups = self.groups.keys().copied();
                    groups.filter(|_| random.random_bool(0.4)).collect()
                },
            },
        }
    }

    /// Whether all of these may be told: worked out from nothing but sets.
    fn may_hear(&self, audience: &Audience, hear: &BTreeSet<UserId>) -> bool {
        let others: BTreeSet<UserId> = hear
            .iter()
            .copied()
            .filter(|person| *person != self.house.user)
            .collect();
        if others.is_empty() {
            return true;
        }
        match audience {
            Audience::Owner => false,
            Audience::Public => true,
            Audience::Link => self.visibility != Visibility::Public,
            Audience::Named { people, groups } => {
                let mut may: BTreeSet<UserId> = people.iter().copied().collect();
                may.extend(groups.iter().flat_map(|group| &self.groups[group]));
                others.is_subset(&may)
            }
        }
    }

    async fn vector(&self, text: &str) -> Vec<f32> {
        let vectors = self.house.node.embed_document(vec![text.to_owned()]).await;
        vectors.unwrap().remove(0)
    }

    async fn add_document(
        &self,
        text: &str,
        vector: Vec<f32>,
        audience: Audience,
    ) -> protocol::DocumentId {
        let id = protocol::DocumentId::new();
        let mut sha256 = [0; 32];
        sha256[..16].copy_from_slice(id.as_bytes());
        let document = Document {
            id,
            twin_id: self.house.twin,
            name: "canary.md".to_owned(),
            media_type: "text/markdown".to_owned(),
            size_bytes: text.len() as u64,
            sha256,
            file_key: FileKey::new(),
            chunk_count: 1,
            created_at: 0,
            state: DocumentState::Ready,
            failure: None,
            audience,
        };
        let chunk = Chunk {
            id: protocol::ChunkId::new(),
            document_id: id,
            document_name: document.name.clone(),
            ordinal: 0,
            section: String::new(),
            text: text.to_owned(),
            vector,
        };
        let storage = &self.house.storage;
        storage
            .insert_document(document, vec![chunk], 10)
            .await
            .unwrap();
        id
    }

    async fn add_memory(&self, text: &str, audience: Audience) -> MemoryId {
        let memory = NewMemory {
            id: MemoryId::new(),
            twin_id: self.house.twin,
            about: self.house.user,
            // What overrules documents would leave the canary among them out.
            kind: MemoryKind::Said,
            text: text.to_owned(),
            vector: self.vector(text).await,
            audience,
            said_in: None,
            supersedes: None,
            created_at: 0,
        };
        let id = memory.id;
        self.house.storage.remember(memory).await.unwrap();
        id
    }

    /// Notes what of the canaries stands in the last prompt, and under which scope it was computed.
    fn check(
        &mut self,
        hear: &BTreeSet<UserId>,
        canaries: &[(&str, &Audience)],
        shown: Option<&Message>,
    ) {
        let prompt = self.house.asked.last_prompt().join("\n");
        let quotes: String = shown
            .and_then(|message| message.sources.as_deref())
            .unwrap_or_default()
            .iter()
            .map(|source| source.quote.as_str())
            .collect();
        for (canary, audience) in canaries {
            let may = self.may_hear(audience, hear);
            let stands = prompt.contains(canary) || quotes.contains(canary);
            match (may, stands) {
                (true, true) => self.told += 1,
                (false, false) => self.withheld += 1,
                (may, _) => self
                    .leaks
                    .push(format!("{canary} for {audience:?}: may {may}, {hear:?}")),
            }
        }
        let mut others = hear.clone();
        others.remove(&self.house.user);
        let scope = *self.house.asked.audiences.lock().unwrap().last().unwrap();
        let before = self.scopes.entry(scope).or_insert_with(|| others.clone());
        if *before != others {
            let shared = format!("a prefix of {before:?} is used for {others:?}");
            self.leaks.push(shared);
        }
    }

    async fn case(&mut self, number: usize) {
        let (in_document, in_memory) = (format!("D{number}D"), format!("M{number}M"));
        let by_words = format!("W{number}W");
        let (of_document, of_memory) = (self.audience(), self.audience());
        let of_words = self.audience();
        let text =
            |canary: &str| format!("The canary {canary} does sing at noon where the sea is.");
        let said = text(&in_document);
        let vector = self.vector(&said).await;
        let document = self.add_document(&said, vector, of_document.clone()).await;
        // Its vector is another model's: nothing but its words finds it.
        let worded = self
            .add_document(&text(&by_words), vec![1.0], of_words.clone())
            .await;
        let memory = self.add_memory(&text(&in_memory), of_memory.clone()).await;
        let canaries = [
            (in_document.as_str(), &of_document),
            (by_words.as_str(), &of_words),
            (in_memory.as_str(), &of_memory),
        ];

        let asker = *[self.house.user, self.house.friend]
            .choose(&mut self.random)
            .unwrap();
        let random = &mut self.random;
        let inside = self.guests.iter().copied();
        let mut inside: Vec<Guest> = inside.filter(|_| random.random_bool(0.2)).collect();
        let mut members = vec![NewMember::User(asker), NewMember::Twin(self.house.twin)];
        members.extend(inside.iter().map(|guest| guest.member()));
        let conversation = self.house.begun_by(asker, members).await;
        let client = self.house.follower_of(asker, conversation).await;
        let hear = |inside: &[Guest]| -> BTreeSet<UserId> {
            let inside = inside.iter().map(|guest| guest.hears());
            inside.chain([asker]).collect()
        };
        client.send(conversation, &format!("{number}a"), QUESTION);
        let reply = client.done().await;
        self.check(&hear(&inside), &canaries, Some(&reply));

        // Somebody comes or goes, and the next answer knows.
        let guest = *self.guests.choose(&mut self.random).unwrap();
        let member = guest.author();
        let what = match inside.iter().position(|inside| *inside == guest) {
            Some(place) => {
                inside.remove(place);
                What::Removed { member }
            }
            None => {
                inside.push(guest);
                let role = match guest {
                    Guest::Twin(..) => None,
                    Guest::Person(_) | Guest::Bot(..) => Some(Role::Member),
                };
                What::Joined { member, role }
            }
        };
        self.house.change(conversation, asker, what).await.unwrap();
        client.send(conversation, &format!("{number}b"), QUESTION);
        let reply = client.done().await;
        // What stands in the conversation already, everybody in it can read.
        let said_before = |canary: &str| {
            self.house.asked.last_prompt().len() > 2 && {
                let prompt = self.house.asked.last_prompt();
                prompt[..prompt.len() - 1]
                    .iter()
                    .any(|turn| turn.contains(canary))
            }
        };
        let new: Vec<(&str, &Audience)> = canaries
            .into_iter()
            .filter(|(canary, _)| !said_before(canary))
            .collect();
        self.check(&hear(&inside), &new, Some(&reply));

        // A program asks for somebody alone.
        let alone = match self.visibility {
            Visibility::Private => self.house.user,
            Visibility::Link | Visibility::Public => guest.hears(),
        };
        let completion = TwinCompletion {
            twin: self.house.twin,
            user: alone,
            history: Vec::new(),
            question: QUESTION.to_owned(),
            sampling: Sampling::default(),
        };
        let mut writing = self.house.node.ask_twin(completion).await.unwrap();
        let finished = async {
            while !matches!(
                writing.next().await,
                crate::GenerationEvent::Finished(_) | crate::GenerationEvent::Failed(_)
            ) {}
        };
        tokio::time::timeout(PATIENCE, finished).await.unwrap();
        self.check(&BTreeSet::from([alone]), &canaries, None);

        let storage = &self.house.storage;
        storage.delete_document(document, 0).await.unwrap();
        storage.delete_document(worded, 0).await.unwrap();
        storage
            .forget_memory(self.house.twin, memory, 0)
            .await
            .unwrap();
    }

    async fn run(seed: u64, cases: usize) -> Self {
        let mut trial = Self::begin(seed).await;
        for number in 0..cases {
            if number % CASES_BETWEEN_CHANGES == 0 {
                trial.change_what_is_decided_by().await;
            }
            trial.case(number).await;
        }
        trial
    }
}

#[actix::test]
async fn of_a_thousand_canaries_none_is_told_to_whom_it_may_not() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let trial = Trial::run(9, CASES).await;
    assert_eq!(trial.leaks, Vec::<String>::new());
    assert!(
        trial.told > CASES && trial.withheld > CASES,
        "{} told, {} withheld",
        trial.told,
        trial.withheld
    );
    println!(
        "{CASES} cases, {} told, {} withheld, leaks 0",
        trial.told, trial.withheld
    );
}

#[actix::test]
async fn a_twin_that_tells_everybody_everything_is_caught() {
    let _alone = ONE_AT_A_TIME.lock().await;
    TELL_EVERYBODY.store(true, SeqCst);
    let trial = Trial::run(9, 20).await;
    TELL_EVERYBODY.store(false, SeqCst);
    assert!(trial.leaks.len() > 10, "{:?}", trial.leaks);
}
