//! How long searches take: one person with 100,000 messages in 100 conversations, half of them English, half Chinese, beside as
//! many messages of others.
//!
//! `cargo bench -p storage --bench search` measures SQLite, and PostgreSQL where TEST_POSTGRES_URL names a server. It prints
//! how long it takes to make the index, how large it is, and percentiles of each kind of search, everything warm.

use std::time::{Duration, Instant};

use protocol::{Author, ConversationId, MessageId, UserId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::{
    Database, NewConversation, NewMember, NewMessage, Search, SearchSort, Storage, User,
};

#[path = "support/database.rs"]
mod database;

const MESSAGES: usize = 100_000;
const CONVERSATIONS: usize = 100;
const SEARCHES: usize = 500;
/// Words that texts are made of; the n-th is as frequent as 1/n, as words are.
const VOCABULARY: usize = 20_000;
/// Characters that Chinese texts are made of.
const CHARACTERS: usize = 3_000;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let path = folder.path().join("bench.db");
    measure("SQLite", &Database::Sqlite { path }).await;
    match std::env::var("TEST_POSTGRES_URL") {
        Ok(url) => measure("PostgreSQL", &database::postgres(&url, 16).await).await,
        Err(_) => println!("PostgreSQL: not measured, TEST_POSTGRES_URL is not set"),
    }
}

async fn measure(name: &str, database: &Database) {
    let storage = Storage::open(database).await.expect("the database opens");
    storage.migrate().await.expect("the migrations apply");
    let mut writer = Writer(StdRng::seed_from_u64(5));
    let ada = writer.fill(&storage, "ada").await;
    let others = writer.fill(&storage, "others").await;
    let begun = Instant::now();
    for conversation in ada.conversations.iter().chain(&others.conversations) {
        let indexed = storage.index_conversation(*conversation).await;
        assert!(indexed.expect("the index is made"));
    }
    let per_message = begun.elapsed() / (2 * MESSAGES as u32);
    println!("{name}: indexing a message takes {per_message:.1?}");
    type Make = fn(&mut Writer, &Person) -> String;
    let kinds: [(&str, SearchSort, Make); 8] = [
        ("a frequent word", SearchSort::Newest, |writer, _| {
            writer.word(0, 50)
        }),
        (
            "a frequent word, best first",
            SearchSort::Best,
            |writer, _| writer.word(0, 50),
        ),
        ("a rare word", SearchSort::Newest, |writer, _| {
            writer.word(5_000, VOCABULARY)
        }),
        ("two words", SearchSort::Newest, |writer, _| {
            format!("{} {}", writer.word(50, 2_000), writer.word(50, 2_000))
        }),
        ("a phrase of two words", SearchSort::Newest, |writer, _| {
            format!("\"{} {}\"", writer.word(0, 50), writer.word(0, 50))
        }),
        (
            "Chinese, two characters",
            SearchSort::Newest,
            |writer, _| writer.characters(2),
        ),
        (
            "Chinese, four characters",
            SearchSort::Newest,
            |writer, _| writer.characters(4),
        ),
        (
            "a word in one conversation",
            SearchSort::Newest,
            |writer, person| {
                let one = writer.0.random_range(0..CONVERSATIONS);
                format!(
                    "{} in:{}",
                    writer.word(50, 2_000),
                    person.conversations[one]
                )
            },
        ),
    ];
    let mut all = Vec::new();
    for (kind, sort, make) in kinds {
        let mut times = Vec::new();
        let mut hits = 0;
        for _ in 0..SEARCHES {
            let query = make(&mut writer, &ada);
            let search = Search {
                user: ada.id,
                query: query.parse().expect("the query can be read"),
                sort,
                after: None,
                limit: 20,
            };
            let begun = Instant::now();
            let page = storage.search(search).await.expect("the search succeeds");
            times.push(begun.elapsed());
            hits += page.hits.len();
        }
        println!(
            "{name}: {kind}: {}, {:.1} hits",
            Percentiles::of(&mut times),
            hits as f64 / SEARCHES as f64
        );
        all.extend(times);
    }
    println!("{name}: all of them: {}", Percentiles::of(&mut all));
    storage.close().await;
}

struct Percentiles {
    median: Duration,
    p99: Duration,
}

impl Percentiles {
    fn of(times: &mut [Duration]) -> Self {
        times.sort_unstable();
        Self {
            median: times[times.len() / 2],
            p99: times[times.len() * 99 / 100],
        }
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "p50 {:.2?} p99 {:.2?}", self.median, self.p99)
    }
}

struct Person {
    id: UserId,
    conversations: Vec<ConversationId>,
}

/// Writes texts by chance, the same in every run.
struct Writer(StdRng);

impl Writer {
    /// A word of these ranks, the frequent ones more often.
    fn word(&mut self, from: usize, to: usize) -> String {
        let (from, to) = (from as f64 + 1.0, to as f64 + 1.0);
        // Zipf's law: the logarithm of the rank is even.
        let rank = (from.ln() + self.0.random::<f64>() * (to / from).ln()).exp();
        format!("w{}", rank as usize)
    }

    fn characters(&mut self, count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            let rank = (self.0.random::<f64>() * (CHARACTERS as f64).ln()).exp() as u32;
            text.push(char::from_u32(0x4e00 + rank).expect("a Chinese character"));
        }
        text
    }

    fn text(&mut self) -> String {
        if self.0.random_bool(0.5) {
            let count = self.0.random_range(5..40);
            return self.characters(count);
        }
        let count = self.0.random_range(3..30);
        let words: Vec<String> = (0..count).map(|_| self.word(0, VOCABULARY)).collect();
        words.join(" ")
    }

    /// Somebody who has written in all of their conversations, in turns.
    async fn fill(&mut self, storage: &Storage, name: &str) -> Person {
        let user = User {
            id: UserId::new(),
            email: format!("{name}@example.com"),
            name: name.to_owned(),
            password_hash: "-".to_owned(),
            created_at: 0,
            invisible: false,
            is_admin: false,
            disabled_at: None,
        };
        let user = storage
            .create_user(user)
            .await
            .expect("the account is made");
        let mut person = Person {
            id: user.id,
            conversations: Vec::new(),
        };
        for _ in 0..CONVERSATIONS {
            let new = NewConversation {
                id: ConversationId::new(),
                kind: storage::ConversationKind::Room,
                title: None,
                created_by: user.id,
                created_at: 0,
            };
            let begun = storage.create_conversation(new, vec![NewMember::User(user.id)]);
            person
                .conversations
                .push(begun.await.expect("the conversation begins").id);
        }
        let mut appended = Vec::new();
        for number in 0..MESSAGES {
            let message = NewMessage {
                members_seq: None,
                conversation_id: person.conversations[self.0.random_range(0..CONVERSATIONS)],
                message_id: MessageId::new(),
                author: Author::User {
                    id: user.id,
                    name: user.name.clone(),
                },
                client_id: None,
                text: self.text(),
                reply_to: None,
                thread: None,
                attachments: Vec::new(),
                created_at: number as i64 * 1_000,
                replies: Vec::new(),
                rules: storage::MessageRules::default(),
                chain: None,
                by_owner: false,
            };
            appended.push(storage.append_message(message));
            if appended.len() == 500 {
                let all = futures::future::join_all(appended.drain(..)).await;
                assert!(all.iter().all(Result::is_ok));
            }
        }
        person
    }
}
