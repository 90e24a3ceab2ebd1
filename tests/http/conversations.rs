//! Beginning, listing and reading conversations over HTTP.

use protocol::{Author, ConversationId, MessageId, UserId};
use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::NewMessage;

use crate::server::{Person, TestServer, problem, text};

pub(crate) async fn begin(server: &TestServer, person: &Person, body: &Value) -> Value {
    let response = server.post(person, "/api/v1/conversations", body).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json().await.unwrap()
}

pub(crate) async fn say(server: &TestServer, person: &Person, conversation: &str, words: &str) {
    say_into(server, person, conversation, None, words).await;
}

async fn say_into(
    server: &TestServer,
    person: &Person,
    conversation: &str,
    thread: Option<&str>,
    words: &str,
) {
    let id: UserId = person.id.parse().unwrap();
    let conversation_id: ConversationId = conversation.parse().unwrap();
    let message = NewMessage {
        conversation_id,
        message_id: MessageId::new(),
        author: Author::User {
            id,
            name: "Ada".to_owned(),
        },
        client_id: None,
        text: words.to_owned(),
        reply_to: None,
        thread: thread.map(|id| id.parse().unwrap()),
        attachments: Vec::new(),
        created_at: 1,
        members_seq: None,
        replies: Vec::new(),
        rules: storage::MessageRules::default(),
        chain: None,
        by_owner: false,
    };
    server
        .running
        .edge()
        .storage
        .append_message(message)
        .await
        .unwrap();
}

#[actix_web::test]
async fn a_conversation_begins_with_everybody_named_once() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let twin = server.twin(&bo, "link").await;
    let body = json!({"title": "Lamps", "members": [bo.id, bo.id, ada.id], "twins": [twin, twin]});
    let response = server.post(&ada, "/api/v1/conversations", &body).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let begun: Value = response.json().await.unwrap();
    let members: Vec<_> = begun["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| text(&member["id"]))
        .collect();
    assert_eq!(members, [ada.id.clone(), bo.id.clone(), twin]);
    assert_eq!(begun["title"], "Lamps");
    let read: Value = server.get(&bo, &location).await.json().await.unwrap();
    assert_eq!(read, begun);
}

#[actix_web::test]
async fn nobody_is_drawn_into_a_conversation_with_what_they_may_not_know_of() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let private = server.twin(&bo, "private").await;
    let ids: Vec<_> = (0..50).map(|_| UserId::new().to_string()).collect();
    for (body, expected) in [
        (json!({}), (422, "invalid")),
        (json!({"members": [ada.id]}), (422, "invalid")),
        (json!({"members": ids}), (422, "invalid")),
        (json!({"members": ["x"]}), (400, "malformed")),
        (json!({"members": [UserId::new()]}), (404, "not_found")),
        (json!({"twins": [private]}), (404, "not_found")),
        (json!({"twins": [UserId::new()]}), (404, "not_found")),
        (json!({"title": "", "members": [bo.id]}), (422, "invalid")),
    ] {
        let response = server.post(&ada, "/api/v1/conversations", &body).await;
        assert_eq!(
            problem(response).await,
            (expected.0, expected.1.to_owned()),
            "{body:.80}"
        );
    }
}

#[actix_web::test]
async fn conversations_are_listed_by_activity_page_by_page() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let mut begun = Vec::new();
    for number in 0..3 {
        let body = json!({"title": format!("Number {number}"), "members": [bo.id]});
        begun.insert(0, text(&begin(&server, &ada, &body).await["id"]));
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/conversations?limit=2".to_owned();
    for _ in 0..2 {
        let page: Value = server.get(&bo, &path).await.json().await.unwrap();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| text(&entry["id"])),
        );
        if let Some(next) = page["next"].as_str() {
            path = format!("/api/v1/conversations?limit=2&before={next}");
        }
    }
    assert_eq!(seen, begun);
    let stranger = server.register("Cy").await;
    let page: Value = server
        .get(&stranger, "/api/v1/conversations")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(page, json!({"items": [], "next": null}));
}

#[actix_web::test]
async fn history_is_read_backwards_page_by_page() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let id = text(&begin(&server, &ada, &json!({"members": [bo.id]})).await["id"]);
    for number in 1..=5 {
        say(&server, &ada, &id, &format!("message {number}")).await;
    }
    let path = format!("/api/v1/conversations/{id}/messages?limit=2");
    let newest: Value = server.get(&bo, &path).await.json().await.unwrap();
    let seqs = |page: &Value| -> Vec<u64> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["seq"].as_u64().unwrap())
            .collect()
    };
    assert_eq!((seqs(&newest), &newest["next"]), (vec![4, 5], &json!("4")));
    let older: Value = server
        .get(&bo, &format!("{path}&before=4"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!((seqs(&older), &older["next"]), (vec![2, 3], &json!("2")));
    let oldest: Value = server
        .get(&bo, &format!("{path}&before=2"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!((seqs(&oldest), &oldest["next"]), (vec![1], &Value::Null));
    assert_eq!(oldest["items"][0]["text"], "message 1");
    assert_eq!(oldest["items"][0]["ai_written"], false);

    let list: Value = server
        .get(&ada, "/api/v1/conversations")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(list["items"][0]["last_message"]["text"], "message 5");
}

#[actix_web::test]
async fn history_goes_on_in_both_directions_from_a_message_or_a_day() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let id = text(&begin(&server, &ada, &json!({"members": [bo.id]})).await["id"]);
    for number in 1..=5 {
        say(&server, &ada, &id, &format!("message {number}")).await;
    }
    let path = format!("/api/v1/conversations/{id}/messages?limit=2");
    let all: Value = server.get(&bo, &path).await.json().await.unwrap();
    let fourth = text(&all["items"][0]["message_id"]);
    for (query, expected, next, previous) in [
        (String::new(), vec![4, 5], json!("4"), Value::Null),
        ("&after=0".to_owned(), vec![1, 2], Value::Null, json!("2")),
        ("&after=3".to_owned(), vec![4, 5], json!("4"), Value::Null),
        ("&around=3".to_owned(), vec![2, 3], json!("2"), json!("3")),
        (
            format!("&around={fourth}"),
            vec![3, 4],
            json!("3"),
            json!("4"),
        ),
        (
            "&date=1970-01-01".to_owned(),
            vec![1, 2],
            Value::Null,
            json!("2"),
        ),
        (
            "&date=1970-01-02".to_owned(),
            vec![],
            json!("2147483647"),
            Value::Null,
        ),
        (
            "&before=2147483647".to_owned(),
            vec![4, 5],
            json!("4"),
            Value::Null,
        ),
    ] {
        let page: Value = server
            .get(&bo, &format!("{path}{query}"))
            .await
            .json()
            .await
            .unwrap();
        let seqs: Vec<u64> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["seq"].as_u64().unwrap())
            .collect();
        let found = (seqs, &page["next"], &page["previous"]);
        assert_eq!(found, (expected, &next, &previous), "{query}");
    }
    for (query, status, code) in [
        ("&before=1&after=1", 422, "invalid"),
        ("&around=x", 422, "invalid"),
        ("&date=today", 422, "invalid"),
        ("&after=2147483648", 422, "invalid"),
        (
            "&around=01890a5d-ac96-774b-bcce-b302099a8057",
            404,
            "not_found",
        ),
        ("&after=-1", 400, "malformed"),
    ] {
        let response = server.get(&bo, &format!("{path}{query}")).await;
        assert_eq!(
            problem(response).await,
            (status, code.to_owned()),
            "{query}"
        );
    }
}

#[actix_web::test]
async fn a_thread_is_read_with_its_root_which_tells_of_it() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let id = text(&begin(&server, &ada, &json!({"members": [bo.id]})).await["id"]);
    say(&server, &ada, &id, "root").await;
    let path = format!("/api/v1/conversations/{id}/messages");
    let page: Value = server.get(&bo, &path).await.json().await.unwrap();
    let root = text(&page["items"][0]["message_id"]);
    for number in 1..=3 {
        say_into(&server, &bo, &id, Some(&root), &format!("reply {number}")).await;
    }
    let page: Value = server.get(&bo, &path).await.json().await.unwrap();
    let author = json!({"kind": "user", "id": bo.id, "name": "Ada"});
    let summary = json!({"replies": 3, "last_seq": 4, "participants": [author]});
    assert_eq!(page["items"][0]["thread_summary"], summary);
    assert_eq!(page["items"][3]["thread"], json!(root));
    let path = format!("{path}/{root}/thread?limit=2");
    let thread: Value = server.get(&ada, &path).await.json().await.unwrap();
    let texts: Vec<&Value> = thread["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["text"])
        .collect();
    assert_eq!(texts, ["reply 2", "reply 3"]);
    assert_eq!(
        (&thread["next"], &thread["previous"]),
        (&json!("3"), &Value::Null)
    );
    assert_eq!(thread["root"]["thread_summary"], summary);
}
