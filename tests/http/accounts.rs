//! Registering, logging in, staying logged in, logging out, and what ends a log-in.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use digital_twin::auth::{
    AccessTokens, AccountError, Accounts, AccountsParts, Passwords, REFRESH_GRACE, RefreshKey,
};
use digital_twin::clock::Clock;
use futures::future::join_all;
use protocol::{TokenFamilyId, UserId};
use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};
use storage::Device;

use crate::server::{Person, SECRET, TestServer, person, problem, text};

async fn refresh(server: &TestServer, token: &str) -> reqwest::Response {
    let body = json!({"refresh_token": token});
    server.post_as_nobody("/api/v1/auth/refresh", &body).await
}

async fn log_in(server: &TestServer, email: &str, password: &str) -> reqwest::Response {
    let body = json!({"email": email, "password": password});
    server.post_as_nobody("/api/v1/auth/login", &body).await
}

async fn is_logged_in(server: &TestServer, person: &Person) -> bool {
    server.get(person, "/api/v1/me").await.status() == StatusCode::OK
}

#[actix_web::test]
async fn a_person_registers_and_is_logged_in_at_once() {
    let server = TestServer::start().await;
    let body = json!({"email": "Ada@Example.com", "name": " Ada ", "password": "correct horse"});
    let response = server.post_as_nobody("/api/v1/auth/register", &body).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["location"], "/api/v1/me");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let logged_in: Value = response.json().await.unwrap();
    assert_eq!(logged_in["token_type"], "Bearer");
    assert_eq!(logged_in["expires_in"], 3600);

    let me: Value = server
        .get(&person(&logged_in), "/api/v1/me")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&me["name"], &me["email"]),
        (&json!("Ada"), &json!("ada@example.com"))
    );
    assert_eq!(me, logged_in["user"]);
}

#[actix_web::test]
async fn an_address_has_one_account_whatever_its_case() {
    let server = TestServer::start().await;
    server.register("Ada").await;
    let body = json!({"email": "ADA@example.COM", "name": "Other", "password": "correct horse"});
    let response = server.post_as_nobody("/api/v1/auth/register", &body).await;
    assert_eq!(problem(response).await, (409, "conflict".to_owned()));
}

#[actix_web::test]
async fn what_an_account_may_not_have_is_refused() {
    let server = TestServer::start().await;
    let long = "x".repeat(101);
    for (email, name, password) in [
        ("no address", "Ada", "correct horse"),
        ("ada@example.com", " ", "correct horse"),
        ("ada@example.com", long.as_str(), "correct horse"),
        ("ada@example.com", "A\nda", "correct horse"),
        ("ada@example.com", "Ada", "short"),
        ("ada@example.com", "Ada", &"x".repeat(257)),
    ] {
        let body = json!({"email": email, "name": name, "password": password});
        let response = server.post_as_nobody("/api/v1/auth/register", &body).await;
        assert_eq!(
            problem(response).await,
            (422, "invalid".to_owned()),
            "{body}"
        );
    }
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let mut answers = HashSet::new();
    for (email, password) in [
        (ada.email.as_str(), "wrong horse"),
        ("nobody@example.com", "correct horse"),
    ] {
        let response = log_in(&server, email, password).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        let document: Value = response.json().await.unwrap();
        answers.insert((text(&document["code"]), text(&document["detail"])));
    }
    assert_eq!(answers.len(), 1);
    assert_eq!(
        log_in(&server, &ada.email, "correct horse").await.status(),
        StatusCode::OK
    );
}

#[actix_web::test]
async fn log_ins_survive_a_restart_without_a_configured_secret() {
    let server = TestServer::with(&[]).await;
    let ada = server.register("Ada").await;
    let server = server.restart().await;
    assert!(is_logged_in(&server, &ada).await);
    assert_eq!(
        refresh(&server, &ada.refresh_token).await.status(),
        StatusCode::OK
    );
}

#[actix_web::test]
async fn many_refreshes_at_once_all_get_the_same_successor() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let responses = join_all((0..20).map(|_| refresh(&server, &ada.refresh_token))).await;
    let mut successors = HashSet::new();
    for response in responses {
        assert_eq!(response.status(), StatusCode::OK);
        let logged_in: Value = response.json().await.unwrap();
        successors.insert(text(&logged_in["refresh_token"]));
    }
    assert_eq!(successors.len(), 1);
    let successor = successors.iter().next().unwrap();
    assert_eq!(refresh(&server, successor).await.status(), StatusCode::OK);
}

/// Accounts over a server's database whose clock is turned by hand.
fn accounts_at(server: &TestServer, now_ms: &Arc<AtomicI64>) -> Accounts {
    let secret = SecretString::from(SECRET);
    let hour = Duration::from_secs(3_600);
    Accounts::new(AccountsParts {
        storage: server.running.edge().storage.clone(),
        passwords: Passwords::new().unwrap(),
        access_tokens: AccessTokens::new(&secret, "Digital Twin", hour),
        refresh_key: RefreshKey::new(&secret),
        refresh_lifetime: hour,
        clock: Clock::Manual(Arc::clone(now_ms)),
    })
}

#[actix_web::test]
async fn a_token_that_is_used_again_after_the_grace_ends_the_whole_log_in() {
    let server = TestServer::start().await;
    server.register("Ada").await;
    let now = Arc::new(AtomicI64::new(1_000_000));
    let accounts = accounts_at(&server, &now);
    let log_in = async || {
        let granted = accounts
            .log_in(
                "ada@example.com",
                "correct horse".to_owned(),
                Device::default(),
            )
            .await
            .unwrap();
        granted.refresh_token
    };
    let grace_ms = i64::try_from(REFRESH_GRACE.as_millis()).unwrap();
    for (later_ms, is_theft) in [(grace_ms - 1, false), (grace_ms + 1, true)] {
        let first = log_in().await;
        let second = accounts.refresh(&first).await.unwrap().refresh_token;
        now.fetch_add(later_ms, Ordering::Relaxed);
        let again = accounts.refresh(&first).await;
        let refused = matches!(again, Err(AccountError::RefreshReused { .. }));
        assert_eq!(refused, is_theft, "{later_ms}");
        let newest = accounts.refresh(&second).await;
        let refused = matches!(newest, Err(AccountError::RefreshRefused));
        assert_eq!(refused, is_theft, "{later_ms}");
    }
}

#[actix_web::test]
async fn a_refresh_token_lasts_as_long_as_configured_from_its_last_use() {
    let server = TestServer::start().await;
    server.register("Ada").await;
    let now = Arc::new(AtomicI64::new(1_000_000));
    let accounts = accounts_at(&server, &now);
    let granted = accounts
        .log_in(
            "ada@example.com",
            "correct horse".to_owned(),
            Device::default(),
        )
        .await
        .unwrap();
    now.fetch_add(3_599_000, Ordering::Relaxed);
    let granted = accounts.refresh(&granted.refresh_token).await.unwrap();
    now.fetch_add(3_599_000, Ordering::Relaxed);
    let granted = accounts.refresh(&granted.refresh_token).await.unwrap();
    now.fetch_add(3_601_000, Ordering::Relaxed);
    let late = accounts.refresh(&granted.refresh_token).await;
    assert!(
        matches!(late, Err(AccountError::RefreshExpired)),
        "{late:?}"
    );
}

#[actix_web::test]
async fn a_log_out_ends_both_kinds_of_token_at_once_and_may_be_repeated() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let elsewhere = person(
        &log_in(&server, &ada.email, "correct horse")
            .await
            .json()
            .await
            .unwrap(),
    );
    let body = json!({"refresh_token": ada.refresh_token});
    for _ in 0..2 {
        let response = server.post_as_nobody("/api/v1/auth/logout", &body).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
    }
    let refreshed = refresh(&server, &ada.refresh_token).await;
    assert_eq!(
        problem(refreshed).await,
        (401, "unauthenticated".to_owned())
    );
    assert!(!is_logged_in(&server, &ada).await);
    assert!(is_logged_in(&server, &elsewhere).await);
}

#[actix_web::test]
async fn what_is_no_refresh_token_is_refused() {
    let server = TestServer::start().await;
    for token in ["", "x", &"A".repeat(43), &"A".repeat(5_000)] {
        let response = refresh(&server, token).await;
        assert_eq!(
            problem(response).await,
            (401, "unauthenticated".to_owned()),
            "{token}"
        );
    }
}

#[actix_web::test]
async fn an_expired_access_token_says_so_and_a_forged_one_does_not() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let hour = Duration::from_secs(3_600);
    let tokens =
        |secret: &str| AccessTokens::new(&SecretString::from(secret), "Digital Twin", hour);
    let user: UserId = ada.id.parse().unwrap();
    let issue = |secret: &str| tokens(secret).issue(user, TokenFamilyId::new(), 0);
    for (token, code) in [
        (issue(SECRET), "token_expired"),
        (
            issue("another secret of more than thirty-two bytes"),
            "unauthenticated",
        ),
        (ada.refresh_token.clone(), "unauthenticated"),
        ("null".to_owned(), "unauthenticated"),
    ] {
        let person = Person {
            token,
            ..ada.clone()
        };
        let response = server.get(&person, "/api/v1/me").await;
        assert_eq!(problem(response).await, (401, code.to_owned()));
    }
}

#[actix_web::test]
async fn a_token_counts_only_as_a_bearer_in_one_header() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let good = format!("Bearer {}", ada.token);
    for headers in [
        vec![],
        vec![ada.token.clone()],
        vec![format!("Basic {}", ada.token)],
        vec![format!("Bearer{}", ada.token)],
        vec!["Bearer ".to_owned()],
        vec![good.clone(), good.clone()],
    ] {
        let mut request = server.request(reqwest::Method::GET, "/api/v1/me");
        for header in &headers {
            request = request.header("authorization", header);
        }
        let response = request.send().await.unwrap();
        assert_eq!(
            problem(response).await,
            (401, "unauthenticated".to_owned()),
            "{headers:?}"
        );
    }
}

#[actix_web::test]
async fn a_changed_password_ends_every_log_in() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let elsewhere = person(
        &log_in(&server, &ada.email, "correct horse")
            .await
            .json()
            .await
            .unwrap(),
    );

    let change = json!({"password": "battery staple", "current_password": "wrong horse"});
    let refused = server.patch(&ada, "/api/v1/me", &change).await;
    assert_eq!(problem(refused).await, (403, "forbidden".to_owned()));
    let refused = server
        .patch(&ada, "/api/v1/me", &json!({"password": "battery staple"}))
        .await;
    assert_eq!(problem(refused).await, (422, "invalid".to_owned()));

    let change = json!({"current_password": "x".repeat(257)});
    let refused = server.patch(&ada, "/api/v1/me", &change).await;
    assert_eq!(problem(refused).await, (422, "invalid".to_owned()));

    let change = json!({"password": "battery staple", "current_password": "correct horse"});
    assert_eq!(
        server.patch(&ada, "/api/v1/me", &change).await.status(),
        StatusCode::OK
    );
    assert!(!is_logged_in(&server, &ada).await);
    assert!(!is_logged_in(&server, &elsewhere).await);
    assert_eq!(
        log_in(&server, &ada.email, "correct horse").await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        log_in(&server, &ada.email, "battery staple").await.status(),
        StatusCode::OK
    );
}

#[actix_web::test]
async fn a_person_may_be_invisible_and_a_change_leaves_what_it_does_not_name() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let me = async |change: &Value| -> Value {
        let changed = server.patch(&ada, "/api/v1/me", change).await;
        assert_eq!(changed.status(), StatusCode::OK);
        let me: Value = server.get(&ada, "/api/v1/me").await.json().await.unwrap();
        json!([me["name"], me["invisible"]])
    };
    assert_eq!(me(&json!({})).await, json!(["Ada", false]));
    assert_eq!(me(&json!({"invisible": true})).await, json!(["Ada", true]));
    assert_eq!(me(&json!({"name": "Kim"})).await, json!(["Kim", true]));
    assert_eq!(
        me(&json!({"invisible": false})).await,
        json!(["Kim", false])
    );
    let change = json!({"invisible": "yes"});
    let refused = server.patch(&ada, "/api/v1/me", &change);
    assert_eq!(refused.await.status(), StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn a_deleted_account_is_gone_with_its_twins_files_and_log_ins() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "public").await;
    server
        .uploaded(&ada, &twin, "a.md", b"# A\n\nSomething to know.".to_vec())
        .await;
    assert_eq!(server.kept_files(), 1);

    assert_eq!(
        server.delete(&ada, "/api/v1/me").await.status(),
        StatusCode::OK
    );
    assert_eq!(server.kept_files(), 0);
    assert!(!is_logged_in(&server, &ada).await);
    assert_eq!(
        log_in(&server, &ada.email, "correct horse").await.status(),
        StatusCode::UNAUTHORIZED
    );
    let bo = server.register("Bo").await;
    let response = server.get(&bo, &format!("/api/v1/twins/{twin}")).await;
    assert_eq!(problem(response).await, (404, "not_found".to_owned()));
    server.register("Ada").await;
}
