//! Administration over HTTP: what administrators see and do, what they never see, and what is noted of it.

use digital_twin::auth::RefreshToken;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::bots::bot_of;
use crate::keys::key_of;
use crate::server::{Person, TestServer, person, problem, text};

const USERS: &str = "/api/v1/admin/users";
const AUDIT: &str = "/api/v1/admin/audit";

/// An administrator.
pub(crate) async fn admin_of(server: &TestServer) -> Person {
    let admin = server.register("Root").await;
    let storage = &server.running.edge().storage;
    storage.set_admin(&admin.email, true).await.unwrap();
    admin
}

async fn items(server: &TestServer, admin: &Person, path: &str) -> Vec<Value> {
    let answer = server.get(admin, path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let page: Value = answer.json().await.unwrap();
    page["items"].as_array().unwrap().clone()
}

/// What happened, oldest first: the action, whether somebody known did it, and the subject.
async fn happened(server: &TestServer, admin: &Person) -> Vec<(String, Value, Value)> {
    let mut rows = items(server, admin, AUDIT).await;
    rows.reverse();
    let row = |row: Value| {
        (
            text(&row["action"]),
            row["actor_email"].clone(),
            row["subject_id"].clone(),
        )
    };
    rows.into_iter().map(row).collect()
}

async fn log_in(server: &TestServer, email: &str, password: &str) -> reqwest::Response {
    let body = json!({"email": email, "password": password});
    server.post_as_nobody("/api/v1/auth/login", &body).await
}

#[actix_web::test]
async fn an_account_is_found_and_nothing_that_its_person_says() {
    let server = TestServer::start().await;
    let admin = admin_of(&server).await;
    let ada = server.register("Ada").await;
    server.twin(&ada, "private").await;
    bot_of(&server, &ada).await;
    let me: Value = server.get(&admin, "/api/v1/me").await.json().await.unwrap();
    assert_eq!(me["is_admin"], true);
    assert_eq!(items(&server, &admin, USERS).await.len(), 2);
    let found = items(&server, &admin, &format!("{USERS}?q=ADA%40")).await;
    let mut found = found[0].clone();
    for at in ["created_at", "last_used_at"] {
        assert!(found[at].take().as_i64().unwrap() > 1_700_000_000_000);
    }
    let expected = json!({
        "id": ada.id, "email": ada.email, "name": "Ada", "created_at": null, "is_admin": false,
        "disabled_at": null, "last_used_at": null, "log_ins": 1, "twins": 1, "bots": 1,
    });
    assert_eq!(found, expected);
    let first: Value = server
        .get(&admin, &format!("{USERS}?limit=1"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(first["items"][0]["email"], json!(ada.email));
    let next = format!("{USERS}?limit=1&before={}", text(&first["next"]));
    assert_eq!(
        items(&server, &admin, &next).await[0]["email"],
        json!(admin.email)
    );
    let long = format!("{USERS}?q={}", "x".repeat(255));
    let refused = problem(server.get(&admin, &long).await).await;
    assert_eq!(refused, (422, "invalid".to_owned()));
}

#[actix_web::test]
async fn a_disabled_account_is_closed_to_everybody_until_it_is_enabled_again() {
    let server = TestServer::start().await;
    let admin = admin_of(&server).await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let twin = server.twin(&ada, "link").await;
    let (_, bot) = bot_of(&server, &ada).await;
    let (_, program) = key_of(&server, &ada).await;
    let (_, of_bo) = key_of(&server, &bo).await;
    let question = json!({"model": twin, "messages": [{"role": "user", "content": "!say hello"}]});
    let asked = async || {
        let answer = server.post(&of_bo, "/v1/chat/completions", &question).await;
        answer.status().as_u16()
    };
    let opened = async || {
        let mut statuses = Vec::new();
        for (who, path) in [
            (&ada, "/api/v1/me"),
            (&bot, "/api/v1/conversations"),
            (&program, "/v1/models"),
        ] {
            statuses.push(server.get(who, path).await.status().as_u16());
        }
        statuses
    };
    assert_eq!((opened().await, asked().await), (vec![200; 3], 200));

    let path = format!("{USERS}/{}", ada.id);
    let disabled = server
        .patch(&admin, &path, &json!({"disabled": true}))
        .await;
    assert_eq!(disabled.status(), StatusCode::OK);
    let disabled: Value = disabled.json().await.unwrap();
    assert!(disabled["disabled_at"].as_i64().is_some());
    assert_eq!(disabled["log_ins"], 0);
    assert_eq!((opened().await, asked().await), (vec![401; 3], 404));
    let refresh = json!({"refresh_token": ada.refresh_token});
    let refused = server
        .post_as_nobody("/api/v1/auth/refresh", &refresh)
        .await;
    assert_eq!(problem(refused).await, (401, "unauthenticated".to_owned()));
    // Who has the password is told; nobody else learns that there is such an account.
    let right = problem(log_in(&server, &ada.email, "correct horse").await).await;
    assert_eq!(right, (403, "forbidden".to_owned()));
    let wrong = problem(log_in(&server, &ada.email, "wrong").await).await;
    assert_eq!(wrong, (401, "unauthenticated".to_owned()));

    let enabled = server
        .patch(&admin, &path, &json!({"disabled": false}))
        .await;
    assert_eq!(enabled.status(), StatusCode::OK);
    assert_eq!((opened().await, asked().await), (vec![401, 200, 200], 200));
    let again = log_in(&server, &ada.email, "correct horse").await;
    assert_eq!(again.status(), StatusCode::OK);

    let own = format!("{USERS}/{}", admin.id);
    let refused = server.patch(&admin, &own, &json!({"disabled": true})).await;
    assert_eq!(problem(refused).await, (409, "conflict".to_owned()));
    let noted = format!("{AUDIT}?action=account_disabled&person={}", admin.id);
    let noted = items(&server, &admin, &noted).await;
    let subjects: Vec<_> = noted.iter().map(|row| text(&row["subject_id"])).collect();
    assert_eq!(subjects, [ada.id.as_str()], "what is refused is not noted");
    let nobody = format!("{USERS}/01890a5d-ac96-774b-bcce-b302099a8057");
    let refused = server
        .patch(&admin, &nobody, &json!({"disabled": true}))
        .await;
    assert_eq!(problem(refused).await, (404, "not_found".to_owned()));
}

#[actix_web::test]
async fn an_administrator_signs_somebody_out_everywhere() {
    let server = TestServer::start().await;
    let admin = admin_of(&server).await;
    let ada = server.register("Ada").await;
    let path = format!("{USERS}/{}/sessions", ada.id);
    assert_eq!(server.delete(&admin, &path).await.status(), 204);
    assert_eq!(server.get(&ada, "/api/v1/me").await.status(), 401);
    let again = log_in(&server, &ada.email, "correct horse").await;
    assert_eq!(again.status(), StatusCode::OK);
}

#[actix_web::test]
async fn who_is_no_administrator_any_more_sees_nothing_at_once() {
    let server = TestServer::start().await;
    let admin = admin_of(&server).await;
    let storage = &server.running.edge().storage;
    assert_eq!(server.get(&admin, USERS).await.status(), 200);
    storage.set_admin(&admin.email, false).await.unwrap();
    for path in [
        USERS,
        AUDIT,
        "/api/v1/admin/audit/export",
        "/api/v1/admin/health",
    ] {
        let refused = problem(server.get(&admin, path).await).await;
        assert_eq!(refused, (403, "forbidden".to_owned()), "{path}");
    }
}

#[actix_web::test]
async fn health_says_how_the_node_is_how_much_there_is_and_what_waits() {
    let server = TestServer::start().await;
    let admin = admin_of(&server).await;
    server.twin(&admin, "private").await;
    let health = server.get(&admin, "/api/v1/admin/health").await;
    let health: Value = health.json().await.unwrap();
    assert_eq!(health["readiness"]["ready"], true);
    assert_eq!(health["readiness"]["checks"]["database"]["ok"], true);
    assert_eq!(health["node"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(health["node"]["connections"], 0);
    assert!(text(&health["database"]["about"]).starts_with("the SQLite database"));
    assert_eq!(health["database"]["pending"], json!([]));
    assert!(text(&health["database"]["schema"]).starts_with('V'));
    let counts = &health["counts"];
    assert_eq!(
        (&counts["accounts"], &counts["twins"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(health["backlog"]["replies_waiting"], 0);
    assert_eq!(health["backlog"]["waiting_since"], Value::Null);
}

#[actix_web::test]
async fn what_happens_to_accounts_is_noted_with_who_did_it_and_never_what_was_said() {
    let server = TestServer::start().await;
    let admin = admin_of(&server).await;
    let ada = server.register("Ada").await;
    let email = json!(ada.email);
    log_in(&server, &ada.email, "canary-password").await;
    log_in(&server, "canary@example.com", "canary-password").await;
    let other = log_in(&server, &ada.email, "correct horse").await;
    let other = person(&other.json().await.unwrap());
    let body = json!({"refresh_token": other.refresh_token});
    server.post_as_nobody("/api/v1/auth/logout", &body).await;
    let (bot, _) = bot_of(&server, &ada).await;
    let (key, _) = key_of(&server, &ada).await;
    for path in [
        format!("/api/v1/bots/{}", text(&bot["id"])),
        format!("/api/v1/keys/{}", text(&key["id"])),
        "/api/v1/me/sessions".to_owned(),
    ] {
        assert_eq!(server.delete(&ada, &path).await.status(), 204, "{path}");
    }
    let twin = server.twin(&ada, "private").await;
    let begun = server
        .post(&ada, "/api/v1/conversations", &json!({"twins": [twin]}))
        .await;
    let conversation = text(&begun.json::<Value>().await.unwrap()["id"]);
    let mode = format!("/api/v1/conversations/{conversation}/twins/{twin}/mode");
    let put = server.request(Method::PUT, &mode).bearer_auth(&ada.token);
    let set = put.json(&json!({"mode": "auto"})).send().await.unwrap();
    assert_eq!(set.status(), 200);
    let password = json!({"password": "new canary-password", "current_password": "correct horse"});
    assert_eq!(
        server.patch(&ada, "/api/v1/me", &password).await.status(),
        200
    );
    let path = format!("{USERS}/{}", ada.id);
    for disabled in [true, false] {
        let body = json!({"disabled": disabled});
        assert_eq!(server.patch(&admin, &path, &body).await.status(), 200);
    }
    let path = format!("{path}/sessions");
    assert_eq!(server.delete(&admin, &path).await.status(), 204);

    let rows = happened(&server, &admin).await;
    // Of log-ins the id is not known here.
    let rows: Vec<_> = rows
        .iter()
        .map(|(action, actor, subject)| {
            let known = [&ada.id, &text(&bot["id"]), &text(&key["id"]), &twin];
            let known = known.iter().position(|id| subject == *id);
            (action.as_str(), actor, known)
        })
        .collect();
    let root = json!(admin.email);
    let nobody = Value::Null;
    let expected = [
        ("registered", &root, None),
        ("registered", &email, None),
        ("log_in_failed", &nobody, Some(0)),
        ("log_in_failed", &nobody, None),
        ("logged_in", &email, None),
        ("logged_out", &email, None),
        ("bot_created", &email, Some(1)),
        ("key_created", &email, Some(2)),
        ("bot_deleted", &email, Some(1)),
        ("key_revoked", &email, Some(2)),
        ("other_log_ins_ended", &email, None),
        ("mode_changed", &email, Some(3)),
        ("password_changed", &email, Some(0)),
        ("account_disabled", &root, Some(0)),
        ("account_enabled", &root, Some(0)),
        ("all_log_ins_ended", &root, Some(0)),
    ];
    assert_eq!(rows, expected);

    let failed = items(&server, &admin, &format!("{AUDIT}?action=log_in_failed")).await;
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[0]["address"], "127.0.0.1");
    let of_ada = format!("{AUDIT}?person={}&limit=2", ada.id);
    let page: Value = server.get(&admin, &of_ada).await.json().await.unwrap();
    assert_eq!(page["items"][1]["action"], "account_enabled");
    let next = format!("{of_ada}&before={}", text(&page["next"]));
    let older = items(&server, &admin, &next).await;
    assert_eq!(older[0]["action"], "account_disabled");
    let unknown = server.get(&admin, &format!("{AUDIT}?action=sneezed")).await;
    assert_eq!(problem(unknown).await, (400, "malformed".to_owned()));
    let everything = server.get(&admin, AUDIT).await.text().await.unwrap();
    assert!(!everything.contains("canary"), "{everything}");
}

#[actix_web::test]
async fn the_log_has_the_address_of_a_client_behind_a_trusted_proxy_and_nobody_elses_word() {
    for (trusted, noted) in [("127.0.0.0/8", "203.0.113.9"), ("10.0.0.0/8", "127.0.0.1")] {
        let server = TestServer::with(&[("TRUSTED_PROXIES", trusted)]).await;
        let admin = admin_of(&server).await;
        let body = json!({"email": admin.email, "password": "wrong"});
        let refused = server
            .request(Method::POST, "/api/v1/auth/login")
            .header("x-forwarded-for", "6.6.6.6, 203.0.113.9")
            .json(&body);
        assert_eq!(refused.send().await.unwrap().status(), 401);
        let rows = items(&server, &admin, &format!("{AUDIT}?action=log_in_failed")).await;
        assert_eq!(rows[0]["address"], noted, "{trusted}");
    }
}

#[actix_web::test]
async fn a_refresh_token_that_comes_twice_is_noted_and_a_deleted_account_leaves_ids_alone() {
    let server = TestServer::start().await;
    let admin = admin_of(&server).await;
    let ada = server.register("Ada").await;
    let storage = &server.running.edge().storage;
    // Somebody else has used it, and got another successor than the server derives.
    let token: RefreshToken = ada.refresh_token.parse().unwrap();
    let now = server.running.edge().clock.now_ms();
    storage
        .rotate_refresh(&token.hash(), &[9; 32], now, now + 60_000, 0)
        .await
        .unwrap();
    let body = json!({"refresh_token": ada.refresh_token});
    let reused = server.post_as_nobody("/api/v1/auth/refresh", &body).await;
    assert_eq!(problem(reused).await, (401, "unauthenticated".to_owned()));
    let noted = happened(&server, &admin).await;
    let expected = ("refresh_reused".to_owned(), Value::Null, json!(ada.id));
    assert_eq!(noted.last(), Some(&expected));
    let body = json!({"email": ada.email, "password": "correct horse"});
    let back = server.post_as_nobody("/api/v1/auth/login", &body).await;
    let back = person(&back.json().await.unwrap());
    assert_eq!(server.delete(&back, "/api/v1/me").await.status(), 200);
    let of_ada = format!("{AUDIT}?person={}", ada.id);
    let left = items(&server, &admin, &of_ada).await;
    assert_eq!(left[0]["action"], "account_deleted");
    for row in &left {
        let gone = [&row["actor_email"], &row["subject_email"], &row["address"]];
        assert_eq!(gone, [&Value::Null; 3], "{row}");
    }
    let verdict = storage.verify_audit().await.unwrap();
    assert!(
        matches!(verdict, storage::AuditVerdict::Whole { .. }),
        "{verdict:?}"
    );
}

#[actix_web::test]
async fn the_log_is_taken_away_line_by_line_and_each_follows_the_one_before() {
    let server = TestServer::start().await;
    let admin = admin_of(&server).await;
    server.register("Ada").await;
    let export = server.get(&admin, "/api/v1/admin/audit/export").await;
    assert_eq!(export.headers()["content-type"], "application/x-ndjson");
    let lines = export.text().await.unwrap();
    let rows: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let actions: Vec<_> = rows.iter().map(|row| text(&row["action"])).collect();
    assert_eq!(actions, ["registered", "registered", "audit_exported"]);
    assert_eq!(rows[0]["prev_hash"], "0".repeat(64));
    for pair in rows.windows(2) {
        assert_eq!(pair[1]["prev_hash"], pair[0]["hash"]);
    }
    let rest = server
        .get(&admin, "/api/v1/admin/audit/export?after=3")
        .await;
    let rest = rest.text().await.unwrap();
    let rest: Vec<&str> = rest.lines().collect();
    assert_eq!(rest.len(), 1);
    assert!(rest[0].starts_with(r#"{"number":4,"#), "{}", rest[0]);
    for path in [
        "/api/v1/admin/audit/export?after",
        "/api/v1/admin/audit?before",
    ] {
        let beyond = format!("{path}=9007199254740992");
        let refused = problem(server.get(&admin, &beyond).await).await;
        assert_eq!(refused, (422, "invalid".to_owned()), "{path}");
    }
}
