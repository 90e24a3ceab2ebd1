//! Keys of programs: what one opens, how long, and that nobody but its owner ever has it.

use digital_twin::auth::ApiKeySecret;
use protocol::ApiKeyId;
use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::ApiKey;

use crate::server::{Person, TestServer, problem, text};

const KEYS: &str = "/api/v1/keys";

/// Makes a key; the answer's document, and somebody who calls with the key.
pub(crate) async fn key_of(server: &TestServer, person: &Person) -> (Value, Person) {
    let made = server.post(person, KEYS, &json!({"name": "bot"})).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    assert_eq!(made.headers()["cache-control"], "no-store");
    let made: Value = made.json().await.unwrap();
    let program = Person {
        token: text(&made["secret"]),
        ..person.clone()
    };
    (made["key"].clone(), program)
}

async fn opens(server: &TestServer, program: &Person) -> u16 {
    server.get(program, "/v1/models").await.status().as_u16()
}

async fn listed(server: &TestServer, person: &Person) -> Vec<Value> {
    let page: Value = server.get(person, KEYS).await.json().await.unwrap();
    assert_eq!(page["next"], Value::Null);
    page["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn a_key_is_shown_once_and_opens_v1_and_nothing_else() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let (key, program) = key_of(&server, &ada).await;
    assert!(program.token.starts_with(&text(&key["prefix"])));
    assert_eq!(listed(&server, &ada).await, std::slice::from_ref(&key));
    assert_eq!(opens(&server, &program).await, 200);
    let used = &listed(&server, &ada).await[0];
    assert!(used["last_used_at"].as_i64() >= key["created_at"].as_i64());
    for path in ["/api/v1/me", "/api/v1/twins", KEYS] {
        let refused = server.get(&program, path).await;
        let expected = (401, "unauthenticated".to_owned());
        assert_eq!(problem(refused).await, expected, "{path}");
    }
}

#[actix_web::test]
async fn neither_the_text_nor_the_bits_of_a_key_are_in_the_database() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let (key, program) = key_of(&server, &ada).await;
    let mut kept = Vec::new();
    for name in ["digital-twin.sqlite", "digital-twin.sqlite-wal"] {
        kept.extend(std::fs::read(server.folder.path().join(name)).unwrap_or_default());
    }
    let holds = |wanted: &[u8]| kept.windows(wanted.len()).any(|bytes| bytes == wanted);
    let (_, random) = program.token.split_once('_').unwrap();
    let engine = &base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let bits = base64::Engine::decode(engine, random).unwrap();
    assert!(holds(text(&key["prefix"]).as_bytes()));
    assert!(!holds(random.as_bytes()) && !holds(&bits));
}

#[actix_web::test]
async fn a_key_is_revoked_at_once_and_only_by_its_owner() {
    let server = TestServer::start().await;
    let (ada, bo) = (server.register("Ada").await, server.register("Bo").await);
    let (key, program) = key_of(&server, &ada).await;
    let path = format!("{KEYS}/{}", text(&key["id"]));
    let refused = server.delete(&bo, &path).await;
    assert_eq!(problem(refused).await, (404, "not_found".to_owned()));
    assert_eq!(opens(&server, &program).await, 200);
    let revoked = server.delete(&ada, &path).await;
    assert_eq!(revoked.status(), StatusCode::NO_CONTENT);
    assert_eq!(opens(&server, &program).await, 401);
    assert_eq!(listed(&server, &ada).await, [json!(null); 0]);
}

#[actix_web::test]
async fn an_expired_key_opens_nothing() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let storage = &server.running.edge().storage;
    let now = server.running.edge().clock.now_ms();
    let mut opened = Vec::new();
    for expires_at in [now - 1, now + 600_000] {
        let secret = ApiKeySecret::random().unwrap();
        let key = ApiKey {
            id: ApiKeyId::new(),
            user_id: ada.id.parse().unwrap(),
            name: "old".to_owned(),
            prefix: secret.prefix(),
            created_at: now - 2,
            expires_at: Some(expires_at),
            last_used_at: None,
        };
        storage
            .create_api_key(key, secret.hash(), 10)
            .await
            .unwrap();
        let token = secret.to_text();
        let program = Person {
            token,
            ..ada.clone()
        };
        opened.push(opens(&server, &program).await);
    }
    assert_eq!(opened, [401, 200]);
}

#[actix_web::test]
async fn there_are_only_so_many_keys_and_each_has_a_name_and_a_future() {
    let server = TestServer::with(&[("TWIN_KEYS_MAX", "1")]).await;
    let ada = server.register("Ada").await;
    for body in [
        json!({"name": " "}),
        json!({"name": "bot", "expires_in_days": 0}),
        json!({"name": "bot", "expires_in_days": 3_651}),
    ] {
        let refused = server.post(&ada, KEYS, &body).await;
        assert_eq!(
            problem(refused).await,
            (422, "invalid".to_owned()),
            "{body}"
        );
    }
    let body = json!({"name": "bot", "expires_in_days": 1.0});
    let made: Value = server.post(&ada, KEYS, &body).await.json().await.unwrap();
    let day_ms =
        made["key"]["expires_at"].as_i64().unwrap() - made["key"]["created_at"].as_i64().unwrap();
    assert_eq!(day_ms, 86_400_000);
    let refused = server.post(&ada, KEYS, &body).await;
    assert_eq!(problem(refused).await, (409, "limit_reached".to_owned()));
}

#[actix_web::test]
async fn keys_go_with_their_account() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let (_, program) = key_of(&server, &ada).await;
    server.delete(&ada, "/api/v1/me").await;
    assert_eq!(opens(&server, &program).await, 401);
}
