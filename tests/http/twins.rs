//! Making, finding, changing and deleting twins, and who sees which.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::{Person, TestServer, problem, text};

async fn listed(server: &TestServer, person: &Person, query: &str) -> (Vec<String>, Value) {
    let page: Value = server
        .get(person, &format!("/api/v1/twins{query}"))
        .await
        .json()
        .await
        .unwrap();
    let ids = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|twin| text(&twin["id"]))
        .collect();
    (ids, page["next"].clone())
}

#[actix_web::test]
async fn a_twin_is_made_read_changed_and_deleted_by_its_owner() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let body = json!({
        "name": "Ada", "persona": "I mend lamps.", "greeting": "Hello.", "language": "sv", "visibility": "link",
    });
    let response = server.post(&ada, "/api/v1/twins", &body).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let made: Value = response.json().await.unwrap();
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&made[field], value, "{field}");
    }
    assert_eq!(made["owner_id"], ada.id);
    let read: Value = server.get(&ada, &location).await.json().await.unwrap();
    assert_eq!(read, made);

    let change = json!({"name": "Ada L.", "greeting": ""});
    let changed: Value = server
        .patch(&ada, &location, &change)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&changed["name"], &changed["greeting"]),
        (&json!("Ada L."), &json!(""))
    );
    assert_eq!(changed["persona"], "I mend lamps.");

    assert_eq!(
        server.delete(&ada, &location).await.status(),
        StatusCode::OK
    );
    let gone = server.get(&ada, &location).await;
    assert_eq!(problem(gone).await, (404, "not_found".to_owned()));
}

#[actix_web::test]
async fn a_twin_is_private_until_its_owner_says_otherwise() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let response = server
        .post(&ada, "/api/v1/twins", &json!({"name": "Ada"}))
        .await;
    let twin: Value = response.json().await.unwrap();
    assert_eq!(twin["visibility"], "private");
}

#[actix_web::test]
async fn others_see_no_private_twin_read_linked_ones_and_list_public_ones() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let own = server.twin(&bo, "private").await;
    let private = server.twin(&ada, "private").await;
    let linked = server.twin(&ada, "link").await;
    let public = server.twin(&ada, "public").await;

    assert_eq!(
        listed(&server, &bo, "").await,
        (vec![own, public.clone()], Value::Null)
    );
    let hidden = server.get(&bo, &format!("/api/v1/twins/{private}")).await;
    assert_eq!(problem(hidden).await, (404, "not_found".to_owned()));
    for id in [linked, public] {
        let twin: Value = server
            .get(&bo, &format!("/api/v1/twins/{id}"))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(twin["id"], id.as_str());
        assert_eq!(twin.get("persona"), None);
    }
}

#[actix_web::test]
async fn pages_of_public_twins_follow_one_another_without_gap_or_repetition() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.insert(0, server.twin(&ada, "public").await);
    }
    let mut seen = Vec::new();
    let mut query = "?limit=2".to_owned();
    for _ in 0..3 {
        let (mut ids, next) = listed(&server, &bo, &query).await;
        seen.append(&mut ids);
        match next.as_str() {
            Some(next) => query = format!("?limit=2&before={next}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
}

#[actix_web::test]
async fn one_twin_more_than_allowed_is_refused() {
    let server = TestServer::with(&[("TWIN_TWINS_MAX", "2")]).await;
    let ada = server.register("Ada").await;
    for _ in 0..2 {
        server.twin(&ada, "private").await;
    }
    let refused = server
        .post(&ada, "/api/v1/twins", &json!({"name": "Ada"}))
        .await;
    assert_eq!(problem(refused).await, (409, "limit_reached".to_owned()));
}

#[actix_web::test]
async fn a_field_that_is_not_allowed_is_named_and_nothing_changes() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    let path = format!("/api/v1/twins/{twin}");
    let before: Value = server.get(&ada, &path).await.json().await.unwrap();
    for (change, status) in [
        (json!({"name": ""}), 422),
        (json!({"persona": "x".repeat(4_001)}), 422),
        (json!({"persona": "nul\u{0}"}), 422),
        (json!({"greeting": "x".repeat(2_001)}), 422),
        (json!({"language": "German!"}), 422),
        (json!({"visibility": "secret"}), 400),
        (json!({"owner_id": ada.id}), 400),
    ] {
        let response = server.patch(&ada, &path, &change).await;
        assert_eq!(problem(response).await.0, status, "{change:.60}");
    }
    let after: Value = server.get(&ada, &path).await.json().await.unwrap();
    assert_eq!(after, before);
}
