//! What group commit gains: 64 senders, each waiting for its answer, in 16 conversations, with it and without.
//!
//! Meanwhile the messages are indexed for searches, as in a running server; beside it stands the same without.
//!
//! `cargo bench -p storage --bench append` measures SQLite, and PostgreSQL where TEST_POSTGRES_URL names a server. The two ways take
//! turns, so that whatever else the machine does meets both; what counts is the ratio of each pair.

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::{Author, ConversationId, MessageId, UserId};
use storage::{ConversationKind, Database, NewConversation, NewMember, NewMessage, Storage, User};
use tokio::task::JoinSet;

#[path = "support/database.rs"]
mod database;

const SENDERS: usize = 64;
const CONVERSATIONS: usize = 16;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(3);
const POOL_SIZE: u32 = 16;
const TEXT: &str = "A hundred bytes of text, as chat messages are: long enough to say something, short enough to be read.";

#[derive(Clone, Copy)]
enum Way {
    Together,
    Alone,
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let path = folder.path().join("bench.db");
    measure("SQLite", &Database::Sqlite { path }).await;
    match std::env::var("TEST_POSTGRES_URL") {
        Ok(url) => measure("PostgreSQL", &database::postgres(&url, POOL_SIZE).await).await,
        Err(_) => println!("PostgreSQL: not measured, TEST_POSTGRES_URL is not set"),
    }
}

async fn measure(name: &str, database: &Database) {
    let storage = Storage::open(database).await.expect("the database opens");
    storage.migrate().await.expect("the migrations apply");
    let scene = Arc::new(Scene::set(&storage).await);
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let indexed = storage.clone();
        let indexing = tokio::spawn(async move { indexed.keep_index().await });
        let together = run(&storage, &scene, Way::Together).await;
        indexing.abort();
        let unindexed = run(&storage, &scene, Way::Together).await;
        let alone = run(&storage, &scene, Way::Alone).await;
        let ratio = together.per_second / alone.per_second;
        let of_index = together.per_second / unindexed.per_second;
        println!(
            "{name} round {round}: together {together}; without the index {unindexed}, ratio {of_index:.2}; \
             alone {alone}, ratio {ratio:.1}"
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{name}: group commit is {:.1} times as fast (median of {ROUNDS})",
        ratios[ROUNDS / 2]
    );
    storage.close().await;
}

struct Figures {
    per_second: f64,
    median: Duration,
    p99: Duration,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            per_second,
            median,
            p99,
        } = self;
        write!(
            formatter,
            "{per_second:.0} messages/s, answer p50 {median:.1?} p99 {p99:.1?}"
        )
    }
}

async fn run(storage: &Storage, scene: &Arc<Scene>, way: Way) -> Figures {
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let (storage, scene) = (storage.clone(), Arc::clone(scene));
        senders.spawn(async move {
            let mut times = Vec::new();
            while begun.elapsed() < ROUND {
                let message = scene.message(sender % CONVERSATIONS);
                let sent = Instant::now();
                let outcome = match way {
                    Way::Together => storage.append_message(message).await,
                    Way::Alone => storage.append_alone(message).await,
                };
                outcome.expect("the message is appended");
                times.push(sent.elapsed());
            }
            times
        });
    }
    let mut times = senders.join_all().await.concat();
    let per_second = times.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort();
    Figures {
        per_second,
        median: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
    }
}

struct Scene {
    author: Author,
    conversations: Vec<ConversationId>,
}

impl Scene {
    async fn set(storage: &Storage) -> Self {
        let user = User {
            id: UserId::new(),
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
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
        let mut conversations = Vec::new();
        for _ in 0..CONVERSATIONS {
            let new = NewConversation {
                id: ConversationId::new(),
                kind: ConversationKind::Room,
                title: None,
                created_by: user.id,
                created_at: 0,
            };
            let members = vec![NewMember::User(user.id)];
            let begun = storage.create_conversation(new, members).await;
            conversations.push(begun.expect("the conversation begins").id);
        }
        let author = Author::User {
            id: user.id,
            name: user.name,
        };
        Self {
            author,
            conversations,
        }
    }

    fn message(&self, conversation: usize) -> NewMessage {
        let message_id = MessageId::new();
        NewMessage {
            conversation_id: self.conversations[conversation],
            message_id,
            author: self.author.clone(),
            client_id: message_id.to_string().try_into().ok(),
            text: TEXT.to_owned(),
            reply_to: None,
            thread: None,
            attachments: Vec::new(),
            created_at: 0,
            members_seq: None,
            replies: Vec::new(),
            rules: storage::MessageRules::default(),
            chain: None,
            by_owner: false,
        }
    }
}
