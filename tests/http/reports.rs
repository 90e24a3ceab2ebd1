//! Reports over HTTP: who makes them, who reviews them, and what each of those is shown.

use reqwest::Method;
use serde_json::{Value, json};

use crate::conversations::say;
use crate::feedback::replied;
use crate::server::{Person, TestServer, problem, text};

/// A room of an owner, a moderator, and two members, who have each said something.
struct Room {
    server: TestServer,
    id: String,
    owner: Person,
    moderator: Person,
    member: Person,
    other: Person,
}

impl Room {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let owner = server.register("Owner").await;
        let moderator = server.register("Moderator").await;
        let member = server.register("Member").await;
        let other = server.register("Other").await;
        let body = json!({"title": "Hall", "members": [moderator.id, member.id, other.id]});
        let begun = server.post(&owner, "/api/v1/conversations", &body).await;
        let begun: Value = begun.json().await.unwrap();
        let id = text(&begun["id"]);
        let path = format!("/api/v1/conversations/{id}/members/{}/role", moderator.id);
        let request = server.request(Method::PUT, &path).bearer_auth(&owner.token);
        let raised = request.json(&json!({"role": "moderator"})).send().await;
        assert_eq!(raised.unwrap().status(), 200);
        Self {
            server,
            id,
            owner,
            moderator,
            member,
            other,
        }
    }

    /// Somebody says something; the message's id.
    async fn said(&self, person: &Person, words: &str) -> String {
        say(&self.server, person, &self.id, words).await;
        let path = format!("/api/v1/conversations/{}/messages", self.id);
        let page: Value = self.server.get(person, &path).await.json().await.unwrap();
        let items = page["items"].as_array().unwrap();
        let found = items.iter().find(|one| one["text"] == words).unwrap();
        text(&found["message_id"])
    }

    async fn report(&self, person: &Person, message: &str, body: &Value) -> reqwest::Response {
        let path = format!(
            "/api/v1/conversations/{}/messages/{message}/reports",
            self.id
        );
        self.server.post(person, &path, body).await
    }

    async fn list(&self, person: &Person, query: &str) -> Value {
        let path = format!("/api/v1/conversations/{}/reports{query}", self.id);
        let listed = self.server.get(person, &path).await;
        assert_eq!(listed.status(), 200);
        listed.json().await.unwrap()
    }

    async fn resolve(&self, person: &Person, report: &str, resolution: &str) -> reqwest::Response {
        let path = format!("/api/v1/reports/{report}/resolution");
        let request = self.server.request(Method::PUT, &path);
        let request = request.bearer_auth(&person.token);
        let body = json!({"resolution": resolution});
        request.json(&body).send().await.unwrap()
    }
}

#[actix_web::test]
async fn who_keeps_order_reviews_what_members_report_and_decides_once() {
    let room = Room::new().await;
    let message = room.said(&room.member, "buy my watch").await;
    let body = json!({"reason": "spam", "note": " again "});
    let made = room.report(&room.other, &message, &body).await;
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    let again = room.report(&room.other, &message, &body).await;
    assert_eq!(problem(again).await.1, "conflict");
    let own = room.report(&room.member, &message, &body).await;
    assert_eq!(problem(own).await.1, "forbidden");
    let report = text(&made["id"]);
    let listed = room.list(&room.moderator, "").await;
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    let expected = json!({
        "id": report,
        "conversation_id": room.id,
        "message": {
            "id": message,
            "seq": 2,
            "author": {"kind": "user", "id": room.member.id, "name": "Ada"},
            "text": "buy my watch",
            "created_at": items[0]["message"]["created_at"],
            "deleted_at": null,
        },
        "reporter": {"id": room.other.id, "name": "Other"},
        "reason": "spam",
        "note": "again",
        "created_at": made["created_at"],
        "resolved": null,
    });
    assert_eq!(items[0], expected);
    for person in [&room.member, &room.other] {
        let refused = room.resolve(person, &report, "dismissed").await;
        assert_eq!(problem(refused).await.1, "not_found");
    }
    let resolved = room.resolve(&room.moderator, &report, "acted").await;
    assert_eq!(resolved.status(), 200);
    let resolved: Value = resolved.json().await.unwrap();
    assert_eq!(
        (
            &resolved["resolved"]["resolution"],
            &resolved["resolved"]["by"]
        ),
        (&json!("acted"), &json!(room.moderator.id))
    );
    let late = room.resolve(&room.owner, &report, "dismissed").await;
    assert_eq!(problem(late).await.1, "conflict");
    assert_eq!(room.list(&room.owner, "").await["items"], json!([]));
    let all = room.list(&room.owner, "?state=all&limit=1").await;
    assert_eq!(all["items"][0]["resolved"], resolved["resolved"]);
    let done = room.list(&room.owner, "?state=resolved").await;
    assert_eq!(done["items"], all["items"]);
}

#[actix_web::test]
async fn nobody_learns_who_reported_them_nor_decides_about_it() {
    let room = Room::new().await;
    let message = room.said(&room.moderator, "I am the law").await;
    let body = json!({"reason": "other", "note": "he is not"});
    let made = room.report(&room.member, &message, &body).await;
    let made: Value = made.json().await.unwrap();
    let shown = room.list(&room.moderator, "").await;
    assert_eq!(shown["items"][0]["reporter"], Value::Null);
    let id = text(&made["id"]);
    let refused = room.resolve(&room.moderator, &id, "dismissed").await;
    assert_eq!(problem(refused).await.1, "forbidden");
    let shown = room.list(&room.owner, "").await;
    assert_eq!(shown["items"][0]["reporter"]["name"], "Member");
    let resolved = room.resolve(&room.owner, &id, "dismissed").await;
    assert_eq!(resolved.status(), 200);
}

#[actix_web::test]
async fn the_owner_of_a_twin_reviews_what_it_wrote_without_learning_who_reported_it() {
    let room = Room::new().await;
    let twin = room.server.twin(&room.member, "public").await;
    let (direct, reply) = replied(&room.server, &room.other, &twin).await;
    let reports = format!("/api/v1/conversations/{direct}/messages/{reply}/reports");
    let body = json!({"reason": "misrepresentation"});
    let made = room.server.post(&room.other, &reports, &body).await;
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    let of_twin = format!("/api/v1/twins/{twin}/reports");
    let listed = room.server.get(&room.member, &of_twin).await;
    let listed: Value = listed.json().await.unwrap();
    let shown = &listed["items"][0];
    assert_eq!(
        (&shown["message"]["text"], &shown["reporter"]),
        (&json!("Hello."), &Value::Null)
    );
    let room_list = format!("/api/v1/conversations/{direct}/reports");
    let refused = room.server.get(&room.other, &room_list).await;
    assert_eq!(problem(refused).await.1, "forbidden");
    let id = text(&made["id"]);
    let refused = room.resolve(&room.other, &id, "dismissed").await;
    assert_eq!(problem(refused).await.1, "not_found");
    let resolved = room.resolve(&room.member, &id, "acted").await;
    assert_eq!(resolved.status(), 200);
    assert_eq!(
        resolved.json::<Value>().await.unwrap()["reporter"],
        Value::Null
    );
}

#[actix_web::test]
async fn a_report_says_why_in_bounds() {
    let room = Room::new().await;
    let message = room.said(&room.member, "hello").await;
    for (body, status) in [
        (json!({"reason": "boring"}), 400),
        (json!({"reason": "other", "note": "x".repeat(1_001)}), 422),
        (json!({}), 400),
    ] {
        let refused = room.report(&room.other, &message, &body).await;
        assert_eq!(refused.status(), status, "{body}");
    }
    let note = json!({"reason": "other", "note": "x".repeat(1_000)});
    let made = room.report(&room.other, &message, &note).await;
    assert_eq!(made.status(), 201);
}
