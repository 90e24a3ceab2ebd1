//! Drafts over HTTP.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::conversations::begin;
use crate::server::{Person, TestServer, problem, text};

async fn put(server: &TestServer, person: &Person, path: &str, body: &Value) -> Response {
    let request = server.request(Method::PUT, path).bearer_auth(&person.token);
    request.json(body).send().await.unwrap()
}

#[actix_web::test]
async fn a_draft_follows_its_writer_from_device_to_device() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let room = text(&begin(&server, &ada, &json!({"members": [bo.id]})).await["id"]);
    let path = format!("/api/v1/conversations/{room}/draft");
    let absent = server.get(&ada, &path).await;
    assert_eq!(problem(absent).await, (404, "not_found".to_owned()));

    let kept = put(
        &server,
        &ada,
        &path,
        &json!({"text": "Where is", "revision": 0}),
    )
    .await;
    assert_eq!(kept.status(), StatusCode::OK);
    let kept: Value = kept.json().await.unwrap();
    let expected = json!({
        "conversation_id": room,
        "text": "Where is",
        "revision": kept["revision"],
        "changed_at": kept["changed_at"],
    });
    assert_eq!(kept, expected);
    let read: Value = server.get(&ada, &path).await.json().await.unwrap();
    assert_eq!(read, kept);
    let all: Value = server
        .get(&ada, "/api/v1/drafts")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(all, json!({"items": [kept]}));

    // Another device has not seen it; one that has goes on.
    let stale = put(
        &server,
        &ada,
        &path,
        &json!({"text": "When", "revision": 0}),
    )
    .await;
    assert_eq!(problem(stale).await, (409, "conflict".to_owned()));
    let body = json!({"text": "Where is it?", "revision": kept["revision"]});
    let next: Value = put(&server, &ada, &path, &body).await.json().await.unwrap();
    let stale = format!("{path}?revision={}", kept["revision"]);
    assert_eq!(
        problem(server.delete(&ada, &stale).await).await,
        (409, "conflict".to_owned())
    );
    let sent = format!("{path}?revision={}", next["revision"]);
    for _ in 0..2 {
        assert_eq!(
            server.delete(&ada, &sent).await.status(),
            StatusCode::NO_CONTENT
        );
    }
    let all: Value = server
        .get(&ada, "/api/v1/drafts")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(all, json!({"items": []}));
}

#[actix_web::test]
async fn a_draft_is_nobody_elses_and_no_longer_than_a_message() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let cy = server.register("Cy").await;
    let room = text(&begin(&server, &ada, &json!({"members": [bo.id]})).await["id"]);
    let path = format!("/api/v1/conversations/{room}/draft");
    put(&server, &ada, &path, &json!({"text": "secret"})).await;
    for (who, status) in [(&bo, 404), (&cy, 404)] {
        assert_eq!(server.get(who, &path).await.status().as_u16(), status);
    }
    for (body, status, code) in [
        (json!({"text": "x".repeat(16_385)}), 413, "too_large"),
        (json!({"text": "a\0b"}), 422, "invalid"),
        (json!({"text": "x", "reply_to": room}), 404, "not_found"),
        (json!({"text": "x", "more": 1}), 400, "malformed"),
        (json!({}), 400, "malformed"),
    ] {
        let refused = put(&server, &ada, &path, &body).await;
        assert_eq!(
            problem(refused).await,
            (status, code.to_owned()),
            "{body:.60}"
        );
    }
    let longest = json!({"text": "é".repeat(8_192)});
    assert_eq!(
        put(&server, &ada, &path, &longest).await.status(),
        StatusCode::OK
    );
}
