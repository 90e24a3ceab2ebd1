//! One's own log-ins over HTTP: what each came from, and how it is ended from another.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::{Person, TestServer, person, problem, text};

const SESSIONS: &str = "/api/v1/me/sessions";

/// Logs a person in once more, as a program that calls itself so.
async fn log_in_as(server: &TestServer, person_: &Person, user_agent: &str) -> Person {
    let body = json!({"email": person_.email, "password": "correct horse"});
    let request = server.request(Method::POST, "/api/v1/auth/login");
    let answer = request.header("user-agent", user_agent).json(&body).send();
    person(&answer.await.unwrap().json().await.unwrap())
}

async fn sessions(server: &TestServer, person: &Person) -> Vec<Value> {
    let listed: Value = server.get(person, SESSIONS).await.json().await.unwrap();
    listed["items"].as_array().unwrap().clone()
}

/// Logs a person in once more and gives that log-in's id.
pub(crate) async fn other_session(server: &TestServer, person: &Person) -> String {
    log_in_as(server, person, "other").await;
    let listed = sessions(server, person).await;
    let other = listed.iter().find(|each| each["program"] == "other");
    text(&other.unwrap()["id"])
}

#[actix_web::test]
async fn log_ins_are_listed_with_what_they_came_from() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let phone = "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0";
    let phone = log_in_as(&server, &ada, phone).await;
    let listed = sessions(&server, &phone).await;
    let shown = |each: &Value| json!([each["program"], each["system"], each["is_current"]]);
    let shown: Vec<Value> = listed.iter().map(shown).collect();
    assert!(shown.contains(&json!(["Firefox", "Android", true])));
    assert!(shown.contains(&json!([null, null, false])));
    for each in &listed {
        let times = [&each["created_at"], &each["last_used_at"]].map(|at| at.as_i64().unwrap());
        assert!(times[0] > 1_700_000_000_000 && times[1] >= times[0]);
    }
    let bo = server.register("Bo").await;
    assert_eq!(sessions(&server, &bo).await.len(), 1);
}

#[actix_web::test]
async fn a_log_in_is_ended_from_another_and_opens_nothing_more() {
    let server = TestServer::start().await;
    let (ada, bo) = (server.register("Ada").await, server.register("Bo").await);
    let lost = log_in_as(&server, &ada, "lost").await;
    let listed = sessions(&server, &ada).await;
    let id = listed.iter().find(|each| each["program"] == "lost");
    let path = format!("{SESSIONS}/{}", text(&id.unwrap()["id"]));
    let not_found = (404, "not_found".to_owned());
    assert_eq!(problem(server.delete(&bo, &path).await).await, not_found);
    assert_eq!(server.delete(&ada, &path).await.status(), 204);
    assert_eq!(problem(server.delete(&ada, &path).await).await, not_found);
    let refused = server.get(&lost, "/api/v1/me").await.status();
    assert_eq!(refused, StatusCode::UNAUTHORIZED);
    let body = json!({"refresh_token": lost.refresh_token});
    let refused = server.post_as_nobody("/api/v1/auth/refresh", &body).await;
    assert_eq!(problem(refused).await, (401, "unauthenticated".to_owned()));
    assert_eq!(sessions(&server, &ada).await.len(), 1);
}

#[actix_web::test]
async fn all_other_log_ins_are_ended_at_once() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let others = [
        log_in_as(&server, &ada, "one").await,
        log_in_as(&server, &ada, "two").await,
    ];
    assert_eq!(server.delete(&ada, SESSIONS).await.status(), 204);
    for other in others {
        let refused = server.get(&other, "/api/v1/me").await.status();
        assert_eq!(refused, StatusCode::UNAUTHORIZED);
    }
    let left = sessions(&server, &ada).await;
    assert_eq!((left.len(), &left[0]["is_current"]), (1, &json!(true)));
}
