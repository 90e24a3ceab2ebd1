//! A whole server on a free port, with a folder of its own and the scripted engine.

use std::collections::BTreeMap;

use digital_twin::config::{Config, Sources};
use digital_twin::serve::{self, Migrations, Running};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The key of tokens, so that a test can make its own.
pub(crate) const SECRET: &str = "a secret of tests, with more than thirty-two bytes";

/// A running server; its folder goes with it.
pub(crate) struct TestServer {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) folder: TempDir,
    pub(crate) running: Running,
    settings: BTreeMap<String, String>,
}

/// Somebody with an account.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

/// The settings of a test server: quotas out of the way, no model, everything in one folder.
pub(crate) fn settings(folder: &TempDir, more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let data_dir = folder
        .path()
        .to_str()
        .expect("a temporary folder has a plain name");
    let common = [
        ("DATA_DIR", data_dir),
        ("PORT", "0"),
        ("JWT_SECRET", SECRET),
        ("TWIN_ENGINE", "scripted"),
        ("TWIN_WORKERS", "2"),
        // Whatever has been built on this machine is no part of the test.
        ("TWIN_WEB_DIR", "no/browser/client"),
        ("TWIN_DRAIN_SECONDS", "5"),
        ("TWIN_QUOTA_LOGIN_IP", "1000000/second"),
        ("TWIN_QUOTA_LOGIN_ACCOUNT", "1000000/second"),
        ("TWIN_QUOTA_REGISTER_IP", "1000000/second"),
        ("TWIN_QUOTA_WRITES", "1000000/second"),
        ("TWIN_QUOTA_API", "1000000/second"),
        ("TWIN_QUOTA_SEARCHES", "1000000/second"),
    ];
    let pairs = common.iter().chain(more);
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The configuration that these settings make.
pub(crate) fn config(settings: &BTreeMap<String, String>) -> Config {
    let sources = Sources {
        flags: settings.clone(),
        environment: BTreeMap::new(),
    };
    let mut config = Config::resolve(&sources).expect("the settings of tests are allowed");
    // This process is the test.
    config.program = env!("CARGO_BIN_EXE_digital-twin").into();
    config
}

impl TestServer {
    /// A server with the common settings.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A server with some settings of its own.
    pub(crate) async fn with(more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder, more);
        Self::on(folder, settings).await
    }

    /// Stops this server, and gives what it ran on.
    pub(crate) async fn stopped(self) -> (TempDir, BTreeMap<String, String>) {
        self.running.stop().await;
        (self.folder, self.settings)
    }

    /// Stops this server and starts another on the same folder.
    pub(crate) async fn restart(self) -> Self {
        let (folder, settings) = self.stopped().await;
        Self::on(folder, settings).await
    }

    async fn on(folder: TempDir, settings: BTreeMap<String, String>) -> Self {
        let migrations = match settings.contains_key("DB_HOST") {
            true => Migrations::Always,
            false => Migrations::EmbeddedOnly,
        };
        let running = serve::start(&config(&settings), migrations).await.unwrap();
        Self {
            url: format!("http://{}", running.address()),
            client: Client::new(),
            folder,
            running,
            settings,
        }
    }

    /// A request to a path of the API.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// GET of a path, as this person.
    pub(crate) async fn get(&self, person: &Person, path: &str) -> Response {
        let request = self.request(Method::GET, path).bearer_auth(&person.token);
        request.send().await.unwrap()
    }

    /// POST of a JSON body, as this person.
    pub(crate) async fn post(&self, person: &Person, path: &str, body: &Value) -> Response {
        let request = self.request(Method::POST, path).bearer_auth(&person.token);
        request.json(body).send().await.unwrap()
    }

    /// PATCH with a JSON body, as this person.
    pub(crate) async fn patch(&self, person: &Person, path: &str, body: &Value) -> Response {
        let request = self.request(Method::PATCH, path).bearer_auth(&person.token);
        request.json(body).send().await.unwrap()
    }

    /// DELETE of a path, as this person.
    pub(crate) async fn delete(&self, person: &Person, path: &str) -> Response {
        let request = self
            .request(Method::DELETE, path)
            .bearer_auth(&person.token);
        request.send().await.unwrap()
    }

    /// POST of a JSON body, as nobody.
    pub(crate) async fn post_as_nobody(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path)
            .json(body)
            .send()
            .await
            .unwrap()
    }

    /// Makes an account with the password `correct horse`.
    pub(crate) async fn register(&self, name: &str) -> Person {
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({"email": email, "name": name, "password": "correct horse"});
        let response = self.post_as_nobody("/api/v1/auth/register", &body).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        person(&response.json().await.unwrap())
    }

    /// Makes a twin and returns its id.
    pub(crate) async fn twin(&self, owner: &Person, visibility: &str) -> String {
        let body = json!({"name": "Ada", "persona": "secret persona", "visibility": visibility});
        let response = self.post(owner, "/api/v1/twins", &body).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let twin: Value = response.json().await.unwrap();
        text(&twin["id"])
    }

    /// Uploads a file.
    pub(crate) async fn upload(
        &self,
        owner: &Person,
        twin: &str,
        name: &str,
        content: Vec<u8>,
    ) -> Response {
        let part = reqwest::multipart::Part::bytes(content).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        let path = format!("/api/v1/twins/{twin}/documents");
        let request = self.request(Method::POST, &path).bearer_auth(&owner.token);
        request.multipart(form).send().await.unwrap()
    }

    /// Uploads a file and waits until it has been read; the document as it is then.
    pub(crate) async fn uploaded(
        &self,
        owner: &Person,
        twin: &str,
        name: &str,
        content: Vec<u8>,
    ) -> Value {
        let response = self.upload(owner, twin, name, content).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{name}");
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        let read = self.get(owner, &format!("{location}?wait=30")).await;
        read.json().await.unwrap()
    }

    /// How many uploaded files are kept.
    pub(crate) fn kept_files(&self) -> usize {
        let folder = self.folder.path().join("uploads");
        let mut waiting = vec![folder];
        let mut files = 0;
        while let Some(folder) = waiting.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                match entry.file_type().unwrap().is_dir() {
                    true => waiting.push(entry.path()),
                    false => files += 1,
                }
            }
        }
        files
    }
}

/// The person of an answer to a log-in.
pub(crate) fn person(logged_in: &Value) -> Person {
    Person {
        id: text(&logged_in["user"]["id"]),
        email: text(&logged_in["user"]["email"]),
        token: text(&logged_in["access_token"]),
        refresh_token: text(&logged_in["refresh_token"]),
    }
}

/// A JSON text.
pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

/// Status and `code` of a problem; checks what every problem has.
pub(crate) async fn problem(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let content_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let request_id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let has_retry_after = response.headers().contains_key("retry-after");
    let document: Value = response.json().await.unwrap();
    let code = text(&document["code"]);
    assert_eq!(content_type, "application/problem+json");
    assert_eq!(document["status"], status);
    assert_eq!(document["request_id"], request_id.as_str());
    assert_eq!(document["type"], format!("urn:digital-twin:problem:{code}"));
    assert!(!text(&document["title"]).is_empty() && !text(&document["detail"]).is_empty());
    assert_eq!(has_retry_after, document.get("retry_after_ms").is_some());
    (status, code)
}
