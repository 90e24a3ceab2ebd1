//! Where one is told: which addresses are taken, and whose they are.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::server::{Person, TestServer, problem, text};

async fn put(server: &TestServer, person: &Person, path: &str, body: &Value) -> Response {
    let request = server.request(Method::PUT, path).bearer_auth(&person.token);
    request.json(body).send().await.unwrap()
}

/// The public key of RFC 8291, appendix A.
const P256DH: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

fn subscription(endpoint: &str, p256dh: &str, auth: &str) -> Value {
    json!({"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}})
}

#[actix_web::test]
async fn addresses_of_private_networks_are_refused() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let auth = URL_SAFE_NO_PAD.encode([1; 16]);
    for url in [
        "http://example.com/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1:8443/",
        "ftp://example.com/",
        "hook",
    ] {
        let refused = put(&server, &ada, "/api/v1/me/webhook", &json!({"url": url})).await;
        assert_eq!(problem(refused).await, (422, "invalid".to_owned()), "{url}");
        let body = subscription(url, P256DH, &auth);
        let refused = put(&server, &ada, "/api/v1/me/push-subscriptions", &body).await;
        assert_eq!(problem(refused).await, (422, "invalid".to_owned()), "{url}");
    }
}

#[actix_web::test]
async fn subscriptions_are_kept_once_and_go_by_their_owners_hand_alone() {
    let server = TestServer::start().await;
    let (ada, bo) = (server.register("Ada").await, server.register("Bo").await);
    let path = "/api/v1/me/push-subscriptions";
    let endpoint = "https://push.example.com/send/abc";
    let auth = URL_SAFE_NO_PAD.encode([1; 16]);
    for (p256dh, auth) in [
        ("AAAA", auth.as_str()),
        (P256DH, "AAAA"),
        (&"A".repeat(87), &auth),
    ] {
        let refused = put(&server, &ada, path, &subscription(endpoint, p256dh, auth)).await;
        assert_eq!(problem(refused).await, (422, "invalid".to_owned()));
    }
    let mut ids = Vec::new();
    for _ in 0..2 {
        let kept = put(&server, &ada, path, &subscription(endpoint, P256DH, &auth)).await;
        let kept: Value = kept.json().await.unwrap();
        ids.push(text(&kept["id"]));
    }
    assert_eq!(ids[0], ids[1]);
    let one = format!("{path}/{}", ids[0]);
    let refused = server.delete(&bo, &one).await;
    assert_eq!(problem(refused).await, (404, "not_found".to_owned()));
    assert_eq!(server.delete(&ada, &one).await.status(), 204);
    let left: Value = server.get(&ada, path).await.json().await.unwrap();
    assert_eq!(left, json!({"items": [], "next": null}));
}

#[actix_web::test]
async fn settings_are_read_back_and_what_is_none_is_refused_by_name() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let path = "/api/v1/me/notification-settings";
    let night = |from: &str, zone: &str| {
        json!({
            "level": "mentions",
            "quiet_hours": {"from": from, "until": "07:30", "time_zone": zone},
            "names_shown": true,
        })
    };
    let good = night("22:00", "Asia/Shanghai");
    assert_eq!(put(&server, &ada, path, &good).await.status(), 200);
    let mut read: Value = server.get(&ada, path).await.json().await.unwrap();
    let key = read.as_object_mut().unwrap().remove("vapid_public_key");
    assert_eq!(text(&key.unwrap()).len(), 87);
    assert_eq!(read, good);
    for (from, zone) in [("25:00", "UTC"), ("22:00", "Mars/Olympus")] {
        let refused = put(&server, &ada, path, &night(from, zone)).await;
        assert_eq!(problem(refused).await, (422, "invalid".to_owned()));
    }
    let level = json!({"level": "loud"});
    let nowhere = format!("/api/v1/conversations/{}/notifications", ada.id);
    let refused = put(&server, &ada, &nowhere, &level).await;
    assert_eq!(problem(refused).await.0, 400);
    let refused = put(&server, &ada, &nowhere, &json!({"level": "all"})).await;
    assert_eq!(problem(refused).await, (404, "not_found".to_owned()));
}
