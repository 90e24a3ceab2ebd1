//! Forgetting: what was deleted is in no file any more: not in the database, its log, the uploads or the server's own log.
//!
//! A word that stands nowhere else, a canary, is put into each thing that is forgotten, and looked for in the bytes of all files.

use std::path::{Path, PathBuf};

use digital_twin::chat::connection::{Client, ClientConfig};
use reqwest::Method;
use storage::{Database, Storage};

use super::faults::Postgres;
use super::process::{Program, run, serve_with};
use super::*;

/// In a document: in its name and in its text.
const IN_DOCUMENT: &str = "qzdocumentcanaryqz";
/// In a memory that the twin's owner writes, and in what it said before.
const IN_MEMORY: &str = "qzmemorycanaryqz";
/// In everything that somebody gives who then leaves.
const IN_ACCOUNT: &str = "qzaccountcanaryqz";
/// In what stays, so that the search can be seen to find.
const STAYS: &str = "qzstayscanaryqz";

/// A running program, and where everything is that it writes.
struct Place {
    program: Program,
    database: Database,
    settings: Vec<(String, String)>,
    /// Folders whose files are searched.
    folders: Vec<PathBuf>,
    client: reqwest::Client,
}

/// Somebody with an account here.
struct Somebody {
    id: String,
    token: String,
}

impl Place {
    /// On SQLite, in the program's own folder.
    async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite {
            path: folder.path().join("digital-twin.sqlite"),
        };
        Self::with(folder, database, Vec::new(), Vec::new()).await
    }

    /// On a PostgreSQL that deletes files of its log rather than using them again.
    async fn on_postgres(postgres: &Postgres) -> Self {
        postgres.sql("ALTER SYSTEM SET wal_recycle = off");
        postgres.sql("SELECT pg_reload_conf()");
        let folder = tempfile::tempdir().unwrap();
        let settings = postgres.settings();
        run(&folder, "migrate", &settings).await;
        let owned = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let database = Database::Postgres {
            host: postgres.socket().to_owned(),
            port: 5432,
            user: "digital_twin".to_owned(),
            password: String::new(),
            database: "postgres".to_owned(),
            pool_size: 2,
        };
        Self::with(folder, database, owned, postgres.folders()).await
    }

    async fn with(
        folder: tempfile::TempDir,
        database: Database,
        mut settings: Vec<(String, String)>,
        mut folders: Vec<PathBuf>,
    ) -> Self {
        let log = folder.path().join("log").join("server.log");
        std::fs::create_dir(log.parent().unwrap()).unwrap();
        folders.push(folder.path().to_owned());
        settings.push(("LOG_LEVEL".to_owned(), "DEBUG".to_owned()));
        settings.push(("TWIN_LOG_FILE".to_owned(), log.display().to_string()));
        let named: Vec<(&str, &str)> = settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let program = serve_with(folder, &named).await;
        Self {
            program,
            database,
            settings,
            folders,
            // While files are searched, the server closes what is idle.
            client: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
        }
    }

    async fn asked(
        &self,
        who: &Somebody,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Value {
        let url = format!("{}/api/v1{path}", self.program.url);
        let mut request = self.client.request(method, url).bearer_auth(&who.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        assert!(status.is_success(), "{path}: {status}");
        response.json().await.unwrap()
    }

    async fn get(&self, who: &Somebody, path: &str) -> Value {
        self.asked(who, Method::GET, path, None).await
    }

    async fn post(&self, who: &Somebody, path: &str, body: Value) -> Value {
        self.asked(who, Method::POST, path, Some(body)).await
    }

    /// What a twin keeps of long conversations, once it has summed one up.
    async fn recaps(&self, owner: &Somebody, twin: &str) -> Value {
        let path = format!("/twins/{twin}/recaps");
        let summed_up = async {
            loop {
                let recaps = self.get(owner, &path).await;
                if recaps["items"] != json!([]) {
                    return recaps;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, summed_up)
            .await
            .expect("it is summed up in time")
    }

    async fn delete(&self, who: &Somebody, path: &str) -> Value {
        self.asked(who, Method::DELETE, path, None).await
    }

    async fn register(&self, name: &str) -> Somebody {
        let nobody = Somebody {
            id: String::new(),
            token: String::new(),
        };
        let body = json!({
            "email": format!("{name}@example.com"),
            "name": name,
            "password": "correct horse",
        });
        let made = self.post(&nobody, "/auth/register", body).await;
        Somebody {
            id: text(&made["user"]["id"]),
            token: text(&made["access_token"]),
        }
    }

    async fn twin(&self, owner: &Somebody, persona: &str) -> String {
        let body = json!({"name": "Ada", "persona": persona, "visibility": "public"});
        text(&self.post(owner, "/twins", body).await["id"])
    }

    /// Uploads a document and waits until the twin knows it.
    async fn upload(&self, owner: &Somebody, twin: &str, name: &str, content: String) -> String {
        let part = reqwest::multipart::Part::bytes(content.into_bytes()).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        let url = format!("{}/api/v1/twins/{twin}/documents", self.program.url);
        let request = self.client.post(url).bearer_auth(&owner.token);
        let kept: Value = request
            .multipart(form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let id = text(&kept["id"]);
        let path = format!("/twins/{twin}/documents/{id}?wait=30");
        assert_eq!(self.get(owner, &path).await["state"], "ready");
        id
    }

    /// Begins a conversation and follows it.
    async fn talk(&self, who: &Somebody, body: Value) -> (ConversationId, Client) {
        let begun = self.post(who, "/conversations", body).await;
        let id = text(&begun["id"]).parse().unwrap();
        (id, self.follow(who, id).await)
    }

    async fn follow(&self, who: &Somebody, conversation: ConversationId) -> Client {
        let mut client = Client::connect(ClientConfig {
            url: format!("{}/ws", self.program.url.replacen("http", "ws", 1)),
            codec: Codec::Json,
            token: who.token.clone(),
        })
        .await
        .unwrap();
        client.subscribe(conversation, Some(0)).await;
        next_that(&mut client, |frame| {
            matches!(frame, ServerFrame::Subscribed { .. }).then_some(())
        })
        .await;
        client
    }

    /// What the database has of the embeddings of a twin's passages.
    async fn vectors(&self, twin: &str) -> Vec<Vec<u8>> {
        let storage = Storage::open(&self.database).await.unwrap();
        let chunks = storage.chunks_of(twin.parse().unwrap()).await.unwrap();
        storage.close().await;
        let bytes = chunks.iter().map(|chunk| {
            let floats = chunk.vector.iter().flat_map(|float| float.to_le_bytes());
            floats.collect()
        });
        bytes.collect()
    }

    /// Takes what was deleted out of the database's files, as an operator does.
    async fn scrub(&self) {
        let named: Vec<(&str, &str)> = self
            .settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.program.run("scrub", &named).await;
    }

    /// The files that have these bytes.
    fn files_with(&self, wanted: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut waiting = self.folders.clone();
        while let Some(folder) = waiting.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => waiting.push(path),
                    false if has(&path, wanted) => found.push(path),
                    false => {}
                }
            }
        }
        found
    }

    /// No file has the word any more.
    fn is_gone(&self, word: &str) {
        let found = self.files_with(word.as_bytes());
        assert!(found.is_empty(), "{word} is in {found:?}");
    }

    /// Whether some file has a word.
    fn is_anywhere(&self, word: &str) -> bool {
        !self.files_with(word.as_bytes()).is_empty()
    }
}

/// Whether a file has these bytes. One that has just gone has none.
fn has(path: &Path, wanted: &[u8]) -> bool {
    let Ok(content) = std::fs::read(path) else {
        return false;
    };
    let first = wanted[0];
    let starts = content.iter().enumerate();
    let mut starts = starts.filter(|(_, byte)| **byte == first);
    starts.any(|(at, _)| content[at..].starts_with(wanted))
}

fn is_upload(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "uploads")
}

fn is_log(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "log")
}

/// What each receipt must not say.
fn says_nothing(receipt: &Value) {
    let written = receipt.to_string();
    for canary in [IN_DOCUMENT, IN_MEMORY, IN_ACCOUNT] {
        assert!(!written.contains(canary), "{written}");
    }
}

/// A document and a memory are used in replies and then forgotten. The database takes its samples of values before.
async fn a_document_and_a_memory_leave_no_trace(place: &Place, sample: impl Fn()) {
    let ada = place.register("ada").await;
    let sam = place.register("sam").await;
    let twin = place.twin(&ada, "a keeper of boats").await;
    let kept = format!("The lamp of the harbour burns {STAYS} oil.");
    place.upload(&ada, &twin, "kept.md", kept).await;
    let secret =
        format!("# The boathouse\n\nThe spare key hangs behind the {IN_DOCUMENT} barometer.");
    let name = format!("{IN_DOCUMENT}.md");
    let document = place.upload(&ada, &twin, &name, secret.clone()).await;
    let memories = format!("/twins/{twin}/memories");
    let memory =
        json!({"text": format!("My boat is called {IN_MEMORY}."), "audience": {"kind": "public"}});
    let memory = text(&place.post(&ada, &memories, memory).await["id"]);
    let memory = format!("{memories}/{memory}");
    let again = json!({"text": format!("My blue boat is called {IN_MEMORY}.")});
    place.asked(&ada, Method::PATCH, &memory, Some(again)).await;

    let (room, mut client) = place.talk(&sam, json!({"twins": [twin]})).await;
    // The twin says nothing of it: what it says is the conversation's.
    let question = "Where does the spare key of the boathouse hang, and what is my boat called?\n!say Somewhere.";
    let reply = ask(&mut client, room, question).await;
    let quotes = serde_json::to_string(&reply.sources).unwrap();
    assert!(quotes.contains(IN_DOCUMENT), "{quotes}");
    let origin = format!("/twins/{twin}/replies/{}/origin", reply.message_id);
    let before = place.get(&ada, &origin).await.to_string();
    assert!(before.contains(IN_MEMORY), "{before}");
    let vectors = place.vectors(&twin).await;

    // All of it is in files, but not in the log.
    sample();
    let with_document = place.files_with(IN_DOCUMENT.as_bytes());
    assert!(
        with_document.iter().any(|path| is_upload(path)),
        "{with_document:?}"
    );
    assert!(
        with_document.iter().any(|path| !is_upload(path)),
        "{with_document:?}"
    );
    assert!(
        !with_document.iter().any(|path| is_log(path)),
        "{with_document:?}"
    );
    assert!(place.is_anywhere(IN_MEMORY));
    for vector in &vectors {
        assert!(!place.files_with(vector).is_empty());
    }

    let receipt = place
        .delete(&ada, &format!("/twins/{twin}/documents/{document}"))
        .await;
    says_nothing(&receipt);
    let counted = [
        "documents",
        "chunks",
        "vectors",
        "citations",
        "files",
        "file_bytes",
        "memories",
    ];
    let counted = counted.map(|what| receipt[what].as_u64().unwrap());
    assert_eq!(counted, [1, 1, 1, 1, 1, secret.len() as u64, 0]);
    assert_eq!(
        (
            &receipt["kind"],
            &receipt["document_id"],
            &receipt["prompts_dropped"]
        ),
        (&json!("document"), &json!(document), &json!(true))
    );
    let forgotten = place.delete(&ada, &memory).await;
    says_nothing(&forgotten);
    let counted = ["memories", "vectors", "recollections"];
    let counted = counted.map(|what| forgotten[what].as_u64().unwrap());
    assert_eq!(counted, [1, 2, 1]);
    let receipts = place.get(&ada, "/me/receipts").await;
    assert_eq!(receipts["items"], json!([forgotten, receipt]));

    // Whoever reads the reply again finds no word of either.
    let messages = place
        .get(&sam, &format!("/conversations/{room}/messages"))
        .await;
    let origin = place.get(&ada, &origin).await;
    for read in [&messages, &origin] {
        let read = read.to_string();
        assert!(
            !read.contains(IN_DOCUMENT) && !read.contains(IN_MEMORY),
            "{read}"
        );
    }
    if let Database::Postgres { .. } = place.database {
        // PostgreSQL has it still, where it is not scrubbed.
        assert!(place.is_anywhere(IN_DOCUMENT));
    }
    place.scrub().await;
    place.is_gone(IN_DOCUMENT);
    place.is_gone(IN_MEMORY);
    let left = place.vectors(&twin).await;
    for vector in vectors {
        assert_eq!(
            !place.files_with(&vector).is_empty(),
            left.contains(&vector)
        );
    }
    assert_eq!(left.len(), 1);
    assert!(place.is_anywhere(STAYS));
}

/// Somebody gives what can be given, and leaves.
async fn an_account_leaves_no_trace(place: &Place, sample: impl Fn()) {
    let bo = place.register("bo").await;
    let eve = place.register(IN_ACCOUNT).await;
    let of_bo = place.twin(&bo, "a keeper of lamps").await;
    let persona = format!("a keeper of {IN_ACCOUNT}");
    let twin = place.twin(&eve, &persona).await;
    let notes = format!("The lighthouse of {IN_ACCOUNT} has nine steps.");
    place.upload(&eve, &twin, "notes.md", notes).await;
    let change = json!({"persona": format!("an old keeper of {IN_ACCOUNT}")});
    let path = format!("/twins/{twin}");
    place.asked(&eve, Method::PATCH, &path, Some(change)).await;

    // With her own twin, with somebody else's, and among people.
    let (alone, mut client) = place.talk(&eve, json!({"twins": [twin]})).await;
    ask(&mut client, alone, "How many steps has the lighthouse?").await;
    let (with_his, mut client) = place.talk(&eve, json!({"twins": [of_bo]})).await;
    let said = format!("My dog is called {IN_ACCOUNT}.");
    ask(&mut client, with_his, &said).await;
    let body = json!({"title": "Harbour", "members": [bo.id], "twins": [twin]});
    let (room, mut client) = place.talk(&eve, body).await;
    let asked = format!("@Ada How many steps has the lighthouse of {IN_ACCOUNT}?");
    ask(&mut client, room, &asked).await;
    // So much with his twin among people that it is summed up.
    let body = json!({"title": "Quay", "members": [bo.id], "twins": [of_bo]});
    let (long, mut client) = place.talk(&eve, body).await;
    for number in 0..6 {
        let asked = format!("@Ada {number}: write a summary in short sentences of {IN_ACCOUNT}");
        ask(&mut client, long, &asked).await;
    }
    let recaps = place.recaps(&bo, &of_bo).await;
    assert!(recaps.to_string().contains(IN_ACCOUNT), "{recaps}");
    let draft = json!({"text": format!("And {IN_ACCOUNT}?"), "revision": 0});
    let path = format!("/conversations/{room}/draft");
    place.asked(&eve, Method::PUT, &path, Some(draft)).await;
    let mut of_his = place.follow(&bo, room).await;
    let remembered = format!("/twins/{of_bo}/memories");
    let before = place.get(&bo, &remembered).await;
    assert!(before.to_string().contains(IN_ACCOUNT), "{before}");
    sample();
    let found = place.files_with(IN_ACCOUNT.as_bytes());
    assert!(found.iter().any(|path| is_upload(path)), "{found:?}");
    assert!(found.iter().any(|path| !is_upload(path)), "{found:?}");
    assert!(!found.iter().any(|path| is_log(path)), "{found:?}");

    let receipt = place.delete(&eve, "/me").await;
    says_nothing(&receipt);
    let counted = ["documents", "memories", "files", "recaps"];
    let counted = counted.map(|what| receipt[what].as_u64().unwrap());
    assert_eq!(counted, [1, 1, 1, 1]);
    assert!(receipt["messages"].as_u64().unwrap() >= 6, "{receipt}");
    // Who is in the room is told of each message that is gone.
    for _ in 0..2 {
        next_that(&mut of_his, |frame| {
            let ServerFrame::Change(change) = frame else {
                return None;
            };
            matches!(change.what, protocol::What::Deleted { .. }).then_some(())
        })
        .await;
    }
    let messages = place
        .get(&bo, &format!("/conversations/{room}/messages"))
        .await;
    assert!(!messages.to_string().contains(IN_ACCOUNT), "{messages}");
    let mut texts = messages["items"].as_array().unwrap().iter();
    assert!(texts.all(|message| message["text"] == ""), "{messages}");
    assert_eq!(place.get(&bo, &remembered).await["items"], json!([]));
    let recaps = place.get(&bo, &format!("/twins/{of_bo}/recaps")).await;
    assert_eq!(recaps["items"], json!([]));
    place.scrub().await;
    place.is_gone(IN_ACCOUNT);
}

#[actix_web::test]
async fn on_sqlite_what_was_forgotten_is_in_no_file() {
    let place = Place::on_sqlite().await;
    a_document_and_a_memory_leave_no_trace(&place, || {}).await;
    an_account_leaves_no_trace(&place, || {}).await;
}

#[actix_web::test]
async fn on_postgres_what_was_forgotten_is_in_no_file() {
    let (tables, log) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let postgres = Postgres::start(tables.path(), log.path()).await;
    let place = Place::on_postgres(&postgres).await;
    let sample = || postgres.sql("ANALYZE");
    a_document_and_a_memory_leave_no_trace(&place, sample).await;
    an_account_leaves_no_trace(&place, sample).await;
}
