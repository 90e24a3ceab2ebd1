//! Memories, audiences and groups over HTTP, and why a twin said what it said.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::server::{Person, TestServer, problem, text};

async fn delete(server: &TestServer, person: &Person, path: &str) -> Response {
    let request = server
        .request(Method::DELETE, path)
        .bearer_auth(&person.token);
    request.send().await.unwrap()
}

async fn read(server: &TestServer, person: &Person, path: &str) -> Value {
    server.get(person, path).await.json().await.unwrap()
}

async fn remembered(server: &TestServer, person: &Person, twin: &str, body: &Value) -> Value {
    let path = format!("/api/v1/twins/{twin}/memories");
    let response = server.post(person, &path, body).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json().await.unwrap()
}

fn texts(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| text(&item["text"])).collect()
}

#[actix_web::test]
async fn an_owner_writes_changes_undoes_and_forgets_memories() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    let path = format!("/api/v1/twins/{twin}/memories");
    let body = json!({"text": "  I live in Bergen. "});
    let memory = remembered(&server, &ada, &twin, &body).await;
    let expected = json!({
        "id": memory["id"], "about": ada.id, "about_name": "Ada", "kind": "written", "text": "I live in Bergen.",
        "audience": {"kind": "owner"}, "said_in": null, "supersedes": null, "superseded_by": null, "revision": 1,
        "created_at": memory["created_at"], "changed_at": memory["changed_at"],
    });
    assert_eq!(memory, expected);
    let correction = json!({"text": "I live in Oslo.", "supersedes": memory["id"], "audience": {"kind": "public"}});
    let correction = remembered(&server, &ada, &twin, &correction).await;
    let page = read(&server, &ada, &path).await;
    assert_eq!(texts(&page), ["I live in Oslo.", "I live in Bergen."]);
    assert_eq!(page["items"][1]["superseded_by"], correction["id"]);

    let one = format!("{path}/{}", text(&memory["id"]));
    let change = json!({"text": "I lived in Bergen.", "audience": {"kind": "link"}});
    let changed = server.patch(&ada, &one, &change).await;
    let changed: Value = changed.json().await.unwrap();
    assert_eq!(
        (&changed["text"], &changed["audience"], &changed["revision"]),
        (
            &json!("I lived in Bergen."),
            &json!({"kind": "link"}),
            &json!(2)
        )
    );
    let undo = format!("{one}/undo");
    let undone = server.post(&ada, &undo, &json!({})).await;
    let undone: Value = undone.json().await.unwrap();
    assert_eq!(undone["text"], "I live in Bergen.");
    let nothing = server.post(&ada, &undo, &json!({})).await;
    assert_eq!(problem(nothing).await, (404, "not_found".to_owned()));

    assert_eq!(delete(&server, &ada, &one).await.status(), 200);
    assert_eq!(server.get(&ada, &one).await.status(), 404);
    let forgotten = delete(&server, &ada, &path).await;
    let forgotten: Value = forgotten.json().await.unwrap();
    assert_eq!(forgotten["memories"], json!(1));
    assert_eq!(texts(&read(&server, &ada, &path).await).len(), 0);
}

#[actix_web::test]
async fn what_cannot_be_a_memory_is_refused_by_name() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    let path = format!("/api/v1/twins/{twin}/memories");
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    for (body, expected) in [
        (json!({"text": " \n"}), (422, "invalid")),
        (json!({"text": "a".repeat(1_001)}), (422, "invalid")),
        (json!({"text": "a", "about": nobody}), (404, "not_found")),
        (
            json!({"text": "a", "supersedes": nobody}),
            (404, "not_found"),
        ),
        (
            json!({"text": "a", "audience": {"kind": "people", "people": [nobody]}}),
            (404, "not_found"),
        ),
        (
            json!({"text": "a", "audience": {"kind": "people", "groups": vec![nobody; 2]}}),
            (404, "not_found"),
        ),
        (
            json!({"text": "a", "audience": {"kind": "all"}}),
            (400, "malformed"),
        ),
    ] {
        let (status, code) = problem(server.post(&ada, &path, &body).await).await;
        assert_eq!((status, code.as_str()), expected, "{body}");
    }
    assert_eq!(texts(&read(&server, &ada, &path).await).len(), 0);
}

#[actix_web::test]
async fn a_document_is_told_to_whom_its_owner_says() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let sam = server.register("Sam").await;
    let twin = server.twin(&ada, "private").await;
    let uploaded = server
        .upload(&ada, &twin, "a.txt", b"My diary.".to_vec())
        .await;
    let document: Value = uploaded.json().await.unwrap();
    assert_eq!(document["audience"], json!({"kind": "owner"}));
    let group = json!({"name": "Family", "people": [sam.id]});
    let group = server.post(&ada, "/api/v1/groups", &group).await;
    assert_eq!(group.status(), StatusCode::CREATED);
    let group: Value = group.json().await.unwrap();
    let path = format!("/api/v1/twins/{twin}/documents/{}", text(&document["id"]));
    let audience = json!({"kind": "people", "people": [sam.id], "groups": [group["id"]]});
    let changed = server
        .patch(&ada, &path, &json!({"audience": audience}))
        .await;
    let changed: Value = changed.json().await.unwrap();
    assert_eq!(changed["audience"], audience);
    assert_eq!(read(&server, &ada, &path).await["audience"], audience);
    let of_another = json!({"audience": {"kind": "people", "groups": [sam.id]}});
    let refused = server.patch(&ada, &path, &of_another).await;
    assert_eq!(problem(refused).await, (404, "not_found".to_owned()));
}

#[actix_web::test]
async fn groups_are_made_changed_and_deleted_by_their_owner_only() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let sam = server.register("Sam").await;
    let body = json!({"name": "Family", "people": [sam.id, sam.id]});
    let made = server.post(&ada, "/api/v1/groups", &body).await;
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["people"], json!([sam.id]));
    let again = server
        .post(&ada, "/api/v1/groups", &json!({"name": "Family"}))
        .await;
    assert_eq!(problem(again).await, (409, "conflict".to_owned()));
    let path = format!("/api/v1/groups/{}", text(&made["id"]));
    let change = json!({"name": "Kin", "people": []});
    let refused = server.patch(&sam, &path, &change).await;
    assert_eq!(problem(refused).await, (404, "not_found".to_owned()));
    let changed: Value = server
        .patch(&ada, &path, &change)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&changed["name"], &changed["people"]),
        (&json!("Kin"), &json!([]))
    );
    assert_eq!(
        read(&server, &ada, "/api/v1/groups").await,
        json!({"items": [changed]})
    );
    assert_eq!(delete(&server, &sam, &path).await.status(), 404);
    assert_eq!(delete(&server, &ada, &path).await.status(), 204);
    assert_eq!(
        read(&server, &ada, "/api/v1/groups").await,
        json!({"items": []})
    );
}
