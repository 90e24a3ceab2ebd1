//! Bots over HTTP: how one is made and deleted, what its token opens, and who brings one into a conversation.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::conversations::begin;
use crate::server::{Person, TestServer, problem, text};

const BOTS: &str = "/api/v1/bots";

/// Makes a bot; the answer's document, and the bot as one who calls.
pub(crate) async fn bot_of(server: &TestServer, owner: &Person) -> (Value, Person) {
    let made = server
        .post(owner, BOTS, &json!({"name": " Weather "}))
        .await;
    assert_eq!(made.status(), StatusCode::CREATED);
    assert_eq!(made.headers()["cache-control"], "no-store");
    let made: Value = made.json().await.unwrap();
    let program = Person {
        id: text(&made["bot"]["id"]),
        token: text(&made["token"]),
        ..owner.clone()
    };
    (made["bot"].clone(), program)
}

#[actix_web::test]
async fn a_bots_token_is_shown_once_and_opens_what_the_bot_reads_and_nothing_else() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let (bot, program) = bot_of(&server, &ada).await;
    assert_eq!(
        (&bot["name"], &bot["last_used_at"]),
        (&json!("Weather"), &Value::Null)
    );
    assert!(program.token.starts_with(&text(&bot["prefix"])));
    let listed: Value = server.get(&ada, BOTS).await.json().await.unwrap();
    assert_eq!(listed, json!({"items": [bot], "next": null}));
    let begun = server
        .post(
            &ada,
            "/api/v1/conversations",
            &json!({"bots": [program.id]}),
        )
        .await;
    let begun: Value = begun.json().await.unwrap();
    let id = text(&begun["id"]);
    let member = &begun["members"][1];
    assert_eq!(
        (&member["kind"], &member["id"], &member["owner_id"]),
        (&json!("bot"), &json!(program.id), &json!(ada.id))
    );
    for path in [
        "/api/v1/conversations".to_owned(),
        format!("/api/v1/conversations/{id}"),
        format!("/api/v1/conversations/{id}/messages"),
    ] {
        assert_eq!(server.get(&program, &path).await.status(), 200, "{path}");
    }
    for path in ["/api/v1/me", "/api/v1/twins", BOTS, "/v1/models"] {
        let refused = server.get(&program, path).await.status();
        assert_eq!(refused, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in [BOTS, "/api/v1/twins", "/api/v1/conversations"] {
        let refused = server.post(&program, path, &json!({"name": "Quiz"})).await;
        let expected = (401, "unauthenticated".to_owned());
        assert_eq!(problem(refused).await, expected, "{path}");
    }
}

#[actix_web::test]
async fn nobody_brings_somebody_elses_bot_in_and_nobody_takes_it_for_a_person() {
    let server = TestServer::start().await;
    let (ada, bo) = (server.register("Ada").await, server.register("Bo").await);
    let (_, program) = bot_of(&server, &ada).await;
    for (person, body) in [
        (&bo, json!({"bots": [program.id]})),
        (&bo, json!({"members": [program.id]})),
        (&ada, json!({"members": [program.id]})),
        (&ada, json!({"bots": [bo.id]})),
    ] {
        let refused = server.post(person, "/api/v1/conversations", &body).await;
        assert_eq!(
            problem(refused).await,
            (404, "not_found".to_owned()),
            "{body}"
        );
    }
    let log_in = json!({"email": program.id, "password": "correct horse"});
    let refused = server.post_as_nobody("/api/v1/auth/login", &log_in).await;
    assert!(refused.status().is_client_error());
}

#[actix_web::test]
async fn a_bot_is_deleted_by_its_owner_alone_and_its_token_opens_nothing_then() {
    let server = TestServer::start().await;
    let (ada, bo) = (server.register("Ada").await, server.register("Bo").await);
    let (bot, program) = bot_of(&server, &ada).await;
    let path = format!("{BOTS}/{}", text(&bot["id"]));
    let refused = server.delete(&bo, &path).await;
    assert_eq!(problem(refused).await, (404, "not_found".to_owned()));
    let conversations = "/api/v1/conversations";
    assert_eq!(server.get(&program, conversations).await.status(), 200);
    let deleted = server.delete(&ada, &path).await;
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    let refused = server.get(&program, conversations).await;
    assert_eq!(problem(refused).await, (401, "unauthenticated".to_owned()));
    let again = server.delete(&ada, &path).await;
    assert_eq!(problem(again).await, (404, "not_found".to_owned()));
}

#[actix_web::test]
async fn there_are_only_so_many_bots_and_each_has_a_name() {
    let server = TestServer::with(&[("TWIN_BOTS_MAX", "1")]).await;
    let ada = server.register("Ada").await;
    let refused = server.post(&ada, BOTS, &json!({"name": " "})).await;
    assert_eq!(problem(refused).await, (422, "invalid".to_owned()));
    bot_of(&server, &ada).await;
    let refused = server.post(&ada, BOTS, &json!({"name": "Quiz"})).await;
    assert_eq!(problem(refused).await, (409, "limit_reached".to_owned()));
}

#[actix_web::test]
async fn a_member_brings_a_bot_of_ones_own_into_a_room_and_it_never_owns_one() {
    let server = TestServer::start().await;
    let (ada, bo) = (server.register("Ada").await, server.register("Bo").await);
    let (bot, _) = bot_of(&server, &bo).await;
    let body = json!({"title": "Quiz", "members": [bo.id]});
    let room = begin(&server, &ada, &body).await;
    let room = format!("/api/v1/conversations/{}", text(&room["id"]));
    let members = format!("{room}/members");
    let id = &bot["id"];
    for (person, body, expected) in [
        (&ada, json!({"bot_id": id}), (404, "not_found")),
        (&bo, json!({"bot_id": bo.id}), (404, "not_found")),
        (&bo, json!({"user_id": id}), (404, "not_found")),
        (
            &bo,
            json!({"bot_id": id, "user_id": ada.id}),
            (422, "invalid"),
        ),
        (
            &bo,
            json!({"bot_id": id, "role": "moderator"}),
            (403, "forbidden"),
        ),
        (
            &bo,
            json!({"bot_id": id, "role": "owner"}),
            (403, "forbidden"),
        ),
    ] {
        let refused = server.post(person, &members, &body).await;
        let expected = (expected.0, expected.1.to_owned());
        assert_eq!(problem(refused).await, expected, "{body}");
    }
    let place = format!("{members}/{}", text(id));
    for _ in 0..2 {
        let added = server.post(&bo, &members, &json!({"bot_id": id})).await;
        assert_eq!(added.status(), 200);
        let added: Value = added.json().await.unwrap();
        let member = &added["members"][2];
        assert_eq!(
            (&member["kind"], &member["id"], &member["role"]),
            (&json!("bot"), id, &json!("member"))
        );
        // Whose bot it is may take it out again, whatever else one may do.
        assert_eq!(server.delete(&bo, &place).await.status(), 204);
    }
    server.post(&bo, &members, &json!({"bot_id": id})).await;
    let role = format!("{place}/role");
    for (wanted, expected) in [("owner", 403), ("moderator", 200)] {
        let request = server.request(Method::PUT, &role).bearer_auth(&ada.token);
        let answer = request.json(&json!({"role": wanted})).send().await;
        assert_eq!(answer.unwrap().status(), expected, "{wanted}");
    }
    // The owner leaves: the bot is higher than the person who stays, and yet the room is the person's.
    let place = format!("{members}/{}", ada.id);
    assert_eq!(server.delete(&ada, &place).await.status(), 204);
    let left: Value = server.get(&bo, &room).await.json().await.unwrap();
    let roles: Vec<(&Value, &Value)> = left["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (&member["kind"], &member["role"]))
        .collect();
    assert_eq!(
        roles,
        [
            (&json!("user"), &json!("owner")),
            (&json!("bot"), &json!("moderator"))
        ]
    );
}
