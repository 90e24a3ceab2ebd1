//! A fresh database for each test, and the things that tests put into it.

use std::path::PathBuf;

use protocol::{
    Author, ClientId, ConversationId, DocumentId, Entry, Message, MessageId, NodeId, TwinId,
    UserId, What,
};
use storage::{
    Appended, Chunk, Conversation, ConversationKind, Database, Document, DocumentState, FileKey,
    FinishedReply, NewChange, NewConversation, NewMember, NewMessage, NewReplyOrder, Progress,
    ReplyWhen, Storage, StorageError, Twin, User, Visibility,
};
use tokio_postgres::NoTls;
use uuid::Uuid;

/// Makes each test of a module into two: one on SQLite, one on PostgreSQL.
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test($crate::support::TestDatabase::sqlite().await).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test($crate::support::TestDatabase::postgres().await).await;
                }
            )+
        }
    };
}
pub(crate) use on_both_databases;

/// The time of everything that a test does, unless the test is about time.
pub(crate) const NOW: i64 = 1_800_000_000_000;

/// A reply as far as it is written, in three tokens.
pub(crate) fn written(text: &str) -> Progress {
    Progress {
        text: text.to_owned(),
        tokens: vec![0, 7, u32::MAX],
    }
}

/// A database of this test's own, empty and migrated.
pub(crate) struct TestDatabase {
    pub(crate) database: Database,
    pub(crate) storage: Storage,
    _folder: Option<tempfile::TempDir>,
}

impl std::ops::Deref for TestDatabase {
    type Target = Storage;

    fn deref(&self) -> &Storage {
        &self.storage
    }
}

impl TestDatabase {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = sqlite_in(&folder);
        Self::migrated(database, Some(folder)).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::migrated(empty_postgres(4).await, None).await
    }

    pub(crate) async fn postgres_with_pool(pool_size: u32) -> Self {
        Self::migrated(empty_postgres(pool_size).await, None).await
    }

    async fn migrated(database: Database, folder: Option<tempfile::TempDir>) -> Self {
        let storage = Storage::open(&database).await.unwrap();
        storage.migrate().await.unwrap();
        Self {
            database,
            storage,
            _folder: folder,
        }
    }

    /// The messages among the entries that follow one.
    pub(crate) async fn messages_after(
        &self,
        conversation: ConversationId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<Message>, StorageError> {
        messages_after(&self.storage, conversation, after_seq, limit).await
    }

    /// The same database, opened once more, as another process would.
    pub(crate) async fn open_again(&self) -> Storage {
        Storage::open(&self.database).await.unwrap()
    }
}

pub(crate) async fn messages_after(
    storage: &Storage,
    conversation: ConversationId,
    after_seq: u64,
    limit: u32,
) -> Result<Vec<Message>, StorageError> {
    let entries = storage
        .entries_after(conversation, after_seq, limit)
        .await?;
    let messages = entries.into_iter().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message),
        Entry::Change(_) => None,
    });
    Ok(messages.collect())
}

pub(crate) fn sqlite_in(folder: &tempfile::TempDir) -> Database {
    Database::Sqlite {
        path: folder.path().join("digital-twin.db"),
    }
}

pub(crate) fn sqlite_path(database: &Database) -> PathBuf {
    match database {
        Database::Sqlite { path } => path.clone(),
        Database::Postgres { .. } => panic!("{database:?} is not SQLite"),
    }
}

/// A database that this test makes on the server of TEST_POSTGRES_URL.
pub(crate) async fn empty_postgres(size: u32) -> Database {
    let url = std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL is not set: run `make test`, which starts a private PostgreSQL");
    let server: tokio_postgres::Config = url.parse().unwrap();
    let name = format!("test_{}", Uuid::now_v7().simple());
    let client = connect(&server).await;
    client
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let [tokio_postgres::config::Host::Tcp(host)] = server.get_hosts() else {
        panic!("TEST_POSTGRES_URL names no host and port");
    };
    Database::Postgres {
        host: host.clone(),
        port: server.get_ports()[0],
        user: server.get_user().unwrap().to_owned(),
        password: String::from_utf8(server.get_password().unwrap().to_vec()).unwrap(),
        database: name,
        pool_size: size,
    }
}

/// A connection to a test's PostgreSQL database beside the one that is tested.
pub(crate) async fn beside(database: &Database) -> tokio_postgres::Client {
    let Database::Postgres {
        host,
        port,
        user,
        password,
        database,
        ..
    } = database
    else {
        panic!("{database:?} is not PostgreSQL");
    };
    let mut config = tokio_postgres::Config::new();
    config
        .host(host)
        .port(*port)
        .user(user)
        .password(password)
        .dbname(database);
    config.application_name("beside");
    connect(&config).await
}

async fn connect(config: &tokio_postgres::Config) -> tokio_postgres::Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) fn user_named(name: &str) -> User {
    User {
        id: UserId::new(),
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        password_hash: "$argon2id$v=19$…".to_owned(),
        created_at: NOW,
        invisible: false,
        is_admin: false,
        disabled_at: None,
    }
}

pub(crate) fn twin_of(owner: UserId, name: &str) -> Twin {
    Twin {
        id: TwinId::new(),
        owner_id: owner,
        name: name.to_owned(),
        persona: "a mathematician".to_owned(),
        greeting: "Good day.".to_owned(),
        language: "en".to_owned(),
        visibility: Visibility::Private,
        created_at: NOW,
        updated_at: NOW,
        oversight_since: None,
    }
}

pub(crate) fn document_of(twin: TwinId, name: &str) -> Document {
    let id = DocumentId::new();
    let mut sha256 = [0; 32];
    sha256[..16].copy_from_slice(id.as_bytes());
    Document {
        id,
        twin_id: twin,
        name: name.to_owned(),
        media_type: "text/plain".to_owned(),
        size_bytes: 1234,
        sha256,
        file_key: FileKey::new(),
        chunk_count: 2,
        created_at: NOW,
        state: DocumentState::Ready,
        failure: None,
        audience: storage::Audience::Public,
    }
}

pub(crate) fn chunks_of(document: &Document) -> Vec<Chunk> {
    (0..document.chunk_count)
        .map(|ordinal| Chunk {
            id: protocol::ChunkId::new(),
            document_id: document.id,
            document_name: document.name.clone(),
            ordinal,
            section: "Engine › Notes".to_owned(),
            text: format!("chunk {ordinal}"),
            vector: vec![0.1, -1.5e-30, f32::MAX, ordinal as f32],
        })
        .collect()
}

/// One person, their twin, and a conversation of the two.
pub(crate) struct Scene {
    pub(crate) user: User,
    pub(crate) twin: Twin,
    pub(crate) conversation: Conversation,
}

impl Scene {
    /// A change that its person makes.
    pub(crate) fn changes(&self, what: What) -> NewChange {
        NewChange {
            conversation_id: self.conversation.id,
            user_id: self.user.id,
            name: self.user.name.clone(),
            is_bot: false,
            client_id: None,
            what,
            invitation: None,
            members_seq: None,
            created_at: NOW,
        }
    }

    pub(crate) async fn set(storage: &Storage) -> Self {
        let user = storage.create_user(user_named("ada")).await.unwrap();
        let twin = twin_of(user.id, "Ada's twin");
        storage.create_twin(twin.clone(), 10).await.unwrap();
        let members = vec![NewMember::User(user.id), NewMember::Twin(twin.id)];
        let conversation = begin(storage, user.id, members).await;
        Self {
            user,
            twin,
            conversation,
        }
    }

    pub(crate) fn author(&self) -> Author {
        Author::User {
            id: self.user.id,
            name: self.user.name.clone(),
        }
    }

    pub(crate) fn twin_author(&self) -> Author {
        Author::Twin {
            id: self.twin.id,
            name: self.twin.name.clone(),
        }
    }

    /// A message of the person.
    pub(crate) fn says(&self, client_id: &str, text: &str) -> NewMessage {
        NewMessage {
            conversation_id: self.conversation.id,
            message_id: MessageId::new(),
            author: self.author(),
            client_id: Some(client(client_id)),
            text: text.to_owned(),
            reply_to: None,
            thread: None,
            attachments: Vec::new(),
            created_at: NOW,
            members_seq: None,
            replies: Vec::new(),
            rules: storage::MessageRules::default(),
            chain: None,
            by_owner: false,
        }
    }

    /// A message of the person that asks the twin for a reply, and the reply's id.
    pub(crate) fn asks(&self, client_id: &str, node: NodeId) -> (NewMessage, MessageId) {
        let reply = MessageId::new();
        let order = NewReplyOrder {
            message_id: reply,
            twin_id: self.twin.id,
            when: ReplyWhen::Always,
            node_id: node,
            lease_until: NOW + 15_000,
        };
        let message = NewMessage {
            replies: vec![order],
            ..self.says(client_id, "What is the engine made of?")
        };
        (message, reply)
    }

    /// What the twin answers.
    pub(crate) fn answer(&self) -> FinishedReply {
        FinishedReply {
            authorship: None,
            client_id: None,
            author: self.twin_author(),
            text: "Of brass. 🧮".to_owned(),
            sources: Vec::new(),
            usage: Some(protocol::Usage {
                prompt_tokens: 120,
                completion_tokens: 7,
            }),
            stop_reason: protocol::StopReason::EndOfTurn,
            model: Some("smollm2-135m-instruct".to_owned()),
            failure: None,
            adapter: Some("charles-2026-11".to_owned()),
            seed: Some(protocol::limits::SEED_MAX),
            origin: None,
            latency: protocol::Latency {
                first_text_ms: Some(310),
                whole_ms: 1_240,
            },
            replies: Vec::new(),
            chain: storage::ChainLimits::NOTHING,
            members_seq: None,
            lend_until: 0,
            created_at: NOW + 2_000,
        }
    }
}

pub(crate) async fn begin(
    storage: &Storage,
    creator: UserId,
    members: Vec<NewMember>,
) -> Conversation {
    let new = NewConversation {
        id: ConversationId::new(),
        kind: ConversationKind::Room,
        title: None,
        created_by: creator,
        created_at: NOW,
    };
    storage.create_conversation(new, members).await.unwrap()
}

pub(crate) fn client(id: &str) -> ClientId {
    ClientId::try_from(id.to_owned()).unwrap()
}

/// The message that was appended now.
pub(crate) fn new(appended: Appended) -> Message {
    match appended {
        Appended::New(message) => message,
        Appended::Duplicate(message) => panic!("{message:?} is a duplicate"),
    }
}
