//! Searching over HTTP.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::conversations::{begin, say};
use crate::server::{Person, TestServer, problem, text};

/// The answer to a search with these parameters.
async fn search(server: &TestServer, person: &Person, parameters: &[(&str, &str)]) -> Value {
    let request = server
        .request(reqwest::Method::GET, "/api/v1/search")
        .bearer_auth(&person.token)
        .query(parameters);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{parameters:?}");
    response.json().await.unwrap()
}

fn texts(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|hit| text(&hit["snippet"]["text"]))
        .collect()
}

#[actix_web::test]
async fn what_was_said_is_found_by_those_who_take_part() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let cy = server.register("Cy").await;
    let room = json!({"members": [bo.id], "title": "Spare keys"});
    let room = text(&begin(&server, &ada, &room).await["id"]);
    say(&server, &ada, &room, "Where is the <spare> key?").await;
    say(&server, &ada, &room, "备用钥匙在哪里？ https://example.com").await;

    let found = search(&server, &bo, &[("q", "SPARE key")]).await;
    let hit = &found["items"][0];
    let expected = json!({
        "items": [{
            "conversation_id": room,
            "seq": 1,
            "message_id": hit["message_id"],
            "author": {"kind": "user", "id": ada.id, "name": "Ada"},
            "ai_written": false,
            "created_at": 1,
            "snippet": {
                "text": "Where is the <spare> key?",
                "begins_at": 0,
                "of_length": 25,
                "highlights": [{"start": 14, "end": 19}, {"start": 21, "end": 24}],
            },
        }],
        "next": null,
    });
    assert_eq!(found, expected);
    for (parameters, found) in [
        (vec![("q", "钥匙")], 1),
        (vec![("q", "key -spare")], 0),
        (vec![("from", "ada"), ("has", "link")], 1),
        (vec![("from", "me")], 0),
        (vec![("in", &room)], 2),
        (vec![("q", "in:keys")], 2),
        (vec![("q", "key"), ("before", "1970-01-02")], 1),
        (vec![("q", "key"), ("after", "1970-01-02")], 0),
    ] {
        let page = search(&server, &bo, &parameters).await;
        assert_eq!(texts(&page).len(), found, "{parameters:?}");
    }
    assert_eq!(texts(&search(&server, &cy, &[("q", "key")]).await).len(), 0);
    let path = format!("/api/v1/search?q=key&in={room}");
    let others = server.get(&cy, &path).await;
    assert_eq!(problem(others).await, (404, "not_found".to_owned()));
}

#[actix_web::test]
async fn hits_come_page_by_page() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let room = text(&begin(&server, &ada, &json!({"members": [bo.id]})).await["id"]);
    for number in 1..=5 {
        say(
            &server,
            &ada,
            &room,
            &format!("{} key", "a ".repeat(number)),
        )
        .await;
    }
    for (sort, expected) in [("newest", [5, 4, 3, 2, 1]), ("best", [1, 2, 3, 4, 5])] {
        let mut seqs = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut parameters = vec![("q", "key"), ("sort", sort), ("limit", "2")];
            parameters.extend(next.iter().map(|next| ("cursor", next.as_str())));
            let page = search(&server, &bo, &parameters).await;
            let items = page["items"].as_array().unwrap();
            seqs.extend(items.iter().map(|hit| hit["seq"].as_u64().unwrap()));
            next = page["next"].as_str().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seqs, expected, "{sort}");
    }
}

#[actix_web::test]
async fn a_search_that_cannot_be_is_refused_and_says_why() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    for (query, status, code, detail) in [
        ("", 422, "invalid", "q: names no word and no filter"),
        ("q=-x", 422, "invalid", "q: names no word and no filter"),
        (
            "q=before:noon",
            422,
            "invalid",
            "q: before: `noon` is no day",
        ),
        ("q=x&has=money", 422, "invalid", "has: `money` is no `link`"),
        ("q=x&limit=101", 422, "invalid", "limit: "),
        ("q=x&sort=worst", 400, "malformed", "in the query: "),
        ("q=x&cursor=x", 400, "malformed", "in the query: "),
        ("q=x&in=x", 400, "malformed", "in the query: "),
        ("q=x&page=2", 400, "malformed", "in the query: "),
    ] {
        let response = server.get(&ada, &format!("/api/v1/search?{query}")).await;
        assert_eq!(response.status().as_u16(), status, "{query}");
        let document: Value = response.json().await.unwrap();
        assert_eq!(document["code"], code, "{query}");
        let said = text(&document["detail"]);
        assert!(said.starts_with(detail), "{query}: {said}");
    }
}

#[actix_web::test]
async fn more_searches_than_the_quota_are_refused() {
    let server = TestServer::with(&[("TWIN_QUOTA_SEARCHES", "1/hour")]).await;
    let ada = server.register("Ada").await;
    assert_eq!(texts(&search(&server, &ada, &[("q", "x")]).await).len(), 0);
    let refused = server.get(&ada, "/api/v1/search?q=x").await;
    assert_eq!(problem(refused).await, (429, "rate_limited".to_owned()));
}
