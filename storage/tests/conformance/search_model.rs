//! Random histories and random queries: what is found is what a plain look at every message finds, on both databases.

use std::collections::HashMap;

use protocol::{Author, ConversationId, Entry, Message, MessageId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use storage::{Conversation, NewConversation, NewMember, NewMessage, SearchSort, Storage, User};

use crate::search::{delete, edit, index, page, react};
use crate::support::{NOW, TestDatabase, on_both_databases, user_named};

on_both_databases![any_query_finds_what_a_look_at_every_message_finds];

/// Words of the corpus, with what becomes of them when they are compared.
const WORDS: &[(&str, &str)] = &[
    ("spare", "spare"),
    ("Key", "key"),
    ("KEYS", "keys"),
    ("café", "cafe"),
    ("wo", "wo"),
    ("知", "知"),
    ("识", "识"),
    ("图", "图"),
];
/// What stands between words.
const GAPS: &[&str] = &[" ", " ", " ", ", ", "\n"];
const LINK: &str = "https://example.com";
const PEOPLE: usize = 3;
const ROOMS: usize = 4;

struct World {
    rng: StdRng,
    people: Vec<User>,
    rooms: Vec<Conversation>,
    /// Who takes part in which room.
    members: Vec<Vec<usize>>,
    time: i64,
}

impl World {
    async fn new(db: &Storage, seed: u64) -> Self {
        let mut people = Vec::new();
        for name in ["ada lovelace", "bo", "cy"] {
            people.push(db.create_user(user_named(name)).await.unwrap());
        }
        let members = vec![vec![0], vec![0, 1], vec![0, 1, 2], vec![1, 2]];
        let mut rooms = Vec::new();
        for (room, members) in members.iter().enumerate() {
            let conversation = NewConversation {
                id: ConversationId::new(),
                kind: storage::ConversationKind::Room,
                title: (room < 2).then(|| format!("Room {room}, spare")),
                created_by: people[0].id,
                created_at: NOW,
            };
            let of_room = members.iter().map(|one| NewMember::User(people[*one].id));
            let begun = db.create_conversation(conversation, of_room.collect());
            rooms.push(begun.await.unwrap());
        }
        Self {
            rng: StdRng::seed_from_u64(seed),
            people,
            rooms,
            members,
            time: NOW,
        }
    }

    fn text(&mut self, words: std::ops::Range<usize>) -> String {
        let mut text = String::new();
        for word in 0..self.rng.random_range(words) {
            if word > 0 {
                text.push_str(GAPS.choose(&mut self.rng).unwrap());
            }
            let (word, _) = WORDS.choose(&mut self.rng).unwrap();
            text.push_str(word);
            // Chinese words follow each other without a blank.
            if !word.is_ascii() && self.rng.random_bool(0.5) {
                text.push_str(WORDS[self.rng.random_range(5..8)].0);
            }
        }
        if self.rng.random_bool(0.05) {
            text.push(' ');
            text.push_str(LINK);
        }
        text
    }

    /// Does something to a log.
    async fn act(&mut self, db: &Storage) {
        let room = self.rng.random_range(0..ROOMS);
        let conversation = self.rooms[room].id;
        let who = *self.members[room].choose(&mut self.rng).unwrap();
        let user = self.people[who].clone();
        // Clocks of nodes differ: what comes later may say that it is older.
        self.time += self.rng.random_range(-3..10) * 1_000;
        match self.rng.random_range(0..100) {
            0..88 => {
                let message = NewMessage {
                    members_seq: None,
                    conversation_id: conversation,
                    message_id: MessageId::new(),
                    author: Author::User {
                        id: user.id,
                        name: user.name.clone(),
                    },
                    client_id: None,
                    text: self.text(1..7),
                    reply_to: None,
                    thread: None,
                    attachments: Vec::new(),
                    created_at: self.time,
                    replies: Vec::new(),
                    rules: storage::MessageRules::default(),
                    chain: None,
                    by_owner: false,
                };
                db.append_message(message).await.unwrap();
            }
            88..98 => {
                let messages = messages_of(db, conversation).await;
                let Some(message) = messages.choose(&mut self.rng) else {
                    return;
                };
                match self.rng.random_range(0..3) {
                    0 => edit(db, &user, message, &self.text(1..7)).await,
                    1 => delete(db, &user, message).await,
                    _ if message.reactions.is_empty() => react(db, &user, message).await,
                    _ => {}
                }
            }
            _ => index(db, conversation).await,
        }
    }

    /// A query, as parts that the naive look understands too.
    fn query(&mut self) -> Vec<Part> {
        let parts = self.rng.random_range(1..4);
        let mut query: Vec<Part> = (0..parts).map(|_| self.part()).collect();
        if !query.iter().any(|part| matches!(part, Part::Has(_))) {
            query.push(Part::Has(WORDS.choose(&mut self.rng).unwrap().0.to_owned()));
        }
        query
    }

    fn part(&mut self) -> Part {
        let phrase = self.text(1..4).replace(LINK, "").trim().to_owned();
        match self.rng.random_range(0..12) {
            0..5 => Part::Has(phrase),
            5 => Part::HasNot(phrase),
            6 => Part::From(self.rng.random_range(0..PEOPLE)),
            7 => Part::NotFrom(self.rng.random_range(0..PEOPLE)),
            8 => Part::In(self.rng.random_range(0..3)),
            9 => Part::Before(self.moment()),
            10 => Part::After(self.moment()),
            _ => match self.rng.random_bool(0.5) {
                true => Part::Link,
                false => Part::Reaction,
            },
        }
    }

    fn moment(&mut self) -> i64 {
        self.rng.random_range(NOW..=self.time.max(NOW))
    }
}

#[derive(Debug, Clone)]
enum Part {
    Has(String),
    HasNot(String),
    From(usize),
    NotFrom(usize),
    In(usize),
    Before(i64),
    After(i64),
    Link,
    Reaction,
}

impl Part {
    fn written(&self, world: &World) -> String {
        match self {
            Self::Has(text) => format!("\"{text}\""),
            Self::HasNot(text) => format!("-\"{text}\""),
            Self::From(0) => "from:LOVELACE".to_owned(),
            Self::From(who) => format!("from:{}", world.people[*who].id),
            Self::NotFrom(who) => format!("-from:{}", world.people[*who].id),
            Self::In(0) => "in:\"room 0\"".to_owned(),
            Self::In(room) => format!("in:{}", world.rooms[*room].id),
            Self::Before(at) => format!("before:{at}"),
            Self::After(at) => format!("after:{at}"),
            Self::Link => "has:link".to_owned(),
            Self::Reaction => "has:reaction".to_owned(),
        }
    }

    fn holds(&self, world: &World, message: &Message) -> bool {
        let is_by = |who: &usize| match message.author {
            Author::User { id, .. } => id == world.people[*who].id,
            _ => false,
        };
        match self {
            Self::Has(text) => contains(&message.text, text),
            Self::HasNot(text) => !contains(&message.text, text),
            Self::From(who) => is_by(who),
            Self::NotFrom(who) => !is_by(who),
            Self::In(room) => message.conversation_id == world.rooms[*room].id,
            Self::Before(at) => message.created_at < *at,
            Self::After(at) => message.created_at >= *at,
            Self::Link => message.text.contains(LINK),
            Self::Reaction => !message.reactions.is_empty(),
        }
    }
}

/// The words of a text of the corpus, by another way than that of the product.
fn naive_words(text: &str) -> Vec<String> {
    let mut spaced = text.replace("https://example.com", "https example com");
    for (written, compared) in WORDS {
        let is_character = "知识图".contains(written);
        let compared = if is_character {
            &format!(" {compared} ")
        } else {
            *compared
        };
        spaced = spaced.replace(written, compared);
    }
    let words = spaced.split([' ', ',', '\n']);
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn contains(text: &str, phrase: &str) -> bool {
    let (text, phrase) = (naive_words(text), naive_words(phrase));
    text.windows(phrase.len()).any(|window| window == phrase)
}

async fn messages_of(db: &Storage, conversation: ConversationId) -> Vec<Message> {
    let entries = db.entries_after(conversation, 0, 1000).await.unwrap();
    assert!(entries.len() < 1000);
    let messages = entries.into_iter().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message),
        Entry::Change(_) => None,
    });
    messages
        .filter(|message| message.deleted_at.is_none())
        .collect()
}

async fn any_query_finds_what_a_look_at_every_message_finds(db: TestDatabase) {
    let mut world = World::new(&db, 5).await;
    let mut found = 0;
    for round in 0..45 {
        for _ in 0..30 {
            world.act(&db).await;
        }
        if round % 15 == 14 {
            for room in &world.rooms {
                index(&db, room.id).await;
            }
        }
        let mut logs = HashMap::new();
        for room in &world.rooms {
            logs.insert(room.id, messages_of(&db, room.id).await);
        }
        for _ in 0..8 {
            let parts = world.query();
            let who = world.rng.random_range(0..PEOPLE);
            let is_foreign = |part: &Part| matches!(part, Part::In(room) if *room > 0 && !world.members[*room].contains(&who));
            if parts.iter().any(is_foreign) {
                continue;
            }
            let written: Vec<String> = parts.iter().map(|part| part.written(&world)).collect();
            let written = written.join(" ");
            let rooms = world.rooms.iter().zip(&world.members);
            let rooms = rooms.filter(|(_, members)| members.contains(&who));
            let is_in = |part: &&Part| matches!(part, Part::In(_));
            let mut expected: Vec<&Message> = rooms
                .flat_map(|(room, _)| &logs[&room.id])
                .filter(|message| {
                    let holds = |part: &Part| part.holds(&world, message);
                    // Several conversations are one or the other; everything else is all of it.
                    let mut places = parts.iter().filter(is_in).peekable();
                    let is_there = places.peek().is_none() || places.any(holds);
                    let mut authors = parts
                        .iter()
                        .filter(|part| matches!(part, Part::From(_)))
                        .peekable();
                    let is_by = authors.peek().is_none() || authors.any(holds);
                    let rest = parts
                        .iter()
                        .filter(|part| !matches!(part, Part::In(_) | Part::From(_)));
                    is_there && is_by && rest.into_iter().all(holds)
                })
                .collect();
            expected
                .sort_by_key(|message| std::cmp::Reverse((message.created_at, message.message_id)));
            found += expected.len();
            let expected: Vec<(MessageId, u64, ConversationId)> = expected
                .into_iter()
                .map(|message| (message.message_id, message.seq, message.conversation_id))
                .collect();

            let limit = world.rng.random_range(1..40);
            let mut hits = Vec::new();
            let mut after = None;
            loop {
                let user = world.people[who].id;
                let (page, next) = page(&db, user, &written, SearchSort::Newest, after, limit)
                    .await
                    .unwrap();
                hits.extend(page);
                after = next;
                if after.is_none() {
                    break;
                }
            }
            let hits: Vec<_> = hits
                .iter()
                .map(|hit| (hit.message_id, hit.seq, hit.conversation_id))
                .collect();
            assert_eq!(hits, expected, "{written} for {who} in round {round}");
        }
    }
    // The queries are such that there is something to find.
    assert!(found > 1_500, "{found}");
}
