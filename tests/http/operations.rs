//! What operators rely on: health, readiness, metrics, limits, origins, and a stop that says so.

use digital_twin::serve::{self, Migrations};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::{TestServer, config, problem, settings};

#[actix_web::test]
async fn a_server_is_alive_ready_and_knows_its_version() {
    let server = TestServer::start().await;
    let json = async |path: &str| -> Value {
        let response = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    };
    assert_eq!(json("/healthz").await, json!({"status": "ok"}));
    assert_eq!(
        json("/version").await,
        json!({"name": "digital-twin", "version": env!("CARGO_PKG_VERSION")})
    );
    let ok = json!({"ok": true});
    let checks = json!({"bus": ok, "database": ok, "files": ok, "models": ok, "running": ok});
    assert_eq!(
        json("/readyz").await,
        json!({"ready": true, "checks": checks})
    );
}

#[actix_web::test]
async fn a_server_that_stops_is_alive_but_not_ready() {
    let server = TestServer::start().await;
    server.running.edge().readiness.drain();
    let alive = server
        .request(Method::GET, "/healthz")
        .send()
        .await
        .unwrap();
    assert_eq!(alive.status(), StatusCode::OK);
    let ready = server.request(Method::GET, "/readyz").send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let readiness: Value = ready.json().await.unwrap();
    assert_eq!(
        readiness["checks"]["running"],
        json!({"ok": false, "reason": "stopping"})
    );
}

#[actix_web::test]
async fn a_server_whose_files_cannot_be_written_is_not_ready() {
    let server = TestServer::start().await;
    // A folder in the way of a file cannot be overcome, not even by root.
    std::fs::remove_dir_all(server.folder.path().join("uploads")).unwrap();
    std::fs::write(server.folder.path().join("uploads"), "in the way").unwrap();
    let ready = server.request(Method::GET, "/readyz").send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let readiness: Value = ready.json().await.unwrap();
    assert_eq!(readiness["checks"]["files"]["ok"], false);
    assert_eq!(readiness["checks"]["database"]["ok"], true);
}

#[actix_web::test]
async fn metrics_count_requests_by_pattern_and_never_by_id() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    server.get(&ada, &format!("/api/v1/twins/{twin}")).await;
    server.get(&ada, "/no/such/path").await;
    let response = server
        .request(Method::GET, "/metrics")
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; version=0.0.4"
    );
    let text = response.text().await.unwrap();
    for expected in [
        "twin_http_requests_total{method=\"GET\",route=\"/api/v1/twins/{twin}\",status=\"200\"} 1",
        "twin_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} 1",
        "twin_http_request_seconds_count{method=\"GET\",route=\"/api/v1/twins/{twin}\"} 1",
        "twin_build_info{version=",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    assert!(
        !text.contains(&twin) && !text.contains("/no/such"),
        "{text}"
    );
}

#[actix_web::test]
async fn every_deletion_makes_the_engine_forget() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let (first, _second) = (
        server.twin(&ada, "private").await,
        server.twin(&ada, "private").await,
    );
    let response = server
        .upload(&ada, &first, "a.md", b"Something to know.".to_vec())
        .await;
    let document = response.headers()["location"].to_str().unwrap().to_owned();
    let twin = format!("/api/v1/twins/{first}");
    // The account has one twin left when it is deleted, and prompts of its own.
    for (path, forgotten) in [(&document[..], 1), (&twin[..], 2), ("/api/v1/me", 4)] {
        let deleted = server.delete(&ada, path).await;
        assert_eq!(deleted.status(), StatusCode::OK);
        let metrics = server.request(Method::GET, "/metrics").send().await;
        let text = metrics.unwrap().text().await.unwrap();
        let expected = format!("twin_owners_forgotten_total {forgotten}\n");
        assert!(text.contains(&expected), "{path}: {expected} in\n{text}");
    }
}

#[actix_web::test]
async fn the_description_is_served_and_is_about_this_program() {
    let server = TestServer::start().await;
    let response = server
        .request(Method::GET, "/api/v1/openapi.json")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let description: Value = response.json().await.unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    assert_eq!(description["info"]["title"], "digital-twin");
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let described = response["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty());
                assert!(described, "{method} {path} {status}");
            }
        }
    }
}

#[actix_web::test]
async fn more_than_the_quota_is_refused_with_a_time_to_come_back() {
    let server = TestServer::with(&[
        ("TWIN_QUOTA_LOGIN_ACCOUNT", "2/hour"),
        ("TWIN_QUOTA_WRITES", "1/hour"),
        ("TWIN_QUOTA_REGISTER_IP", "2/hour"),
    ])
    .await;
    let limited = (429, "rate_limited".to_owned());
    let ada = server.register("Ada").await;
    let body = json!({"email": "Ada@example.com", "password": "wrong horse"});
    for _ in 0..2 {
        let response = server.post_as_nobody("/api/v1/auth/login", &body).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
    // What a client says about its address changes nothing.
    let request = server
        .request(Method::POST, "/api/v1/auth/login")
        .json(&body);
    let forwarded = request
        .header("x-forwarded-for", "10.1.2.3")
        .header("forwarded", "for=10.1.2.3");
    assert_eq!(problem(forwarded.send().await.unwrap()).await, limited);

    server.twin(&ada, "private").await;
    let refused = server
        .post(&ada, "/api/v1/twins", &json!({"name": "Ada"}))
        .await;
    assert_eq!(problem(refused).await, limited);
    assert_eq!(
        server.get(&ada, "/api/v1/twins").await.status(),
        StatusCode::OK
    );

    server.register("Bo").await;
    let body = json!({"email": "cy@example.com", "name": "Cy", "password": "correct horse"});
    assert_eq!(
        problem(server.post_as_nobody("/api/v1/auth/register", &body).await).await,
        limited
    );
}

/// Tries to log in through a proxy that heard the request from this address, which the client says is another.
async fn log_in_behind_proxy(server: &TestServer, client: &str, account: usize) -> u16 {
    let body = json!({"email": format!("{account}@example.com"), "password": "wrong horse"});
    let forged = format!("10.{}.{}.1", account / 256, account % 256);
    let request = server
        .request(Method::POST, "/api/v1/auth/login")
        .header("x-forwarded-for", forged)
        .header("x-forwarded-for", client)
        .header("forwarded", "for=10.1.2.3")
        .header("x-real-ip", "10.1.2.3")
        .json(&body);
    request.send().await.unwrap().status().as_u16()
}

#[actix_web::test]
async fn a_client_behind_a_trusted_proxy_is_counted_by_its_own_address_whatever_it_says() {
    let server = TestServer::with(&[
        ("TRUSTED_PROXIES", "127.0.0.0/8"),
        ("TWIN_QUOTA_LOGIN_IP", "3/hour"),
    ])
    .await;
    let mut answers = Vec::new();
    for account in 0..1_000 {
        answers.push(log_in_behind_proxy(&server, "203.0.113.7", account).await);
    }
    let refused = answers.iter().filter(|status| **status == 429).count();
    assert_eq!((&answers[..3], refused), (&[401, 401, 401][..], 997));
    // Another client of the same proxy has a bucket of its own.
    assert_eq!(log_in_behind_proxy(&server, "203.0.113.8", 1).await, 401);
}

#[actix_web::test]
async fn only_listed_origins_are_told_that_they_may_read() {
    let server = TestServer::with(&[("CORS_ORIGINS", "https://app.example.com")]).await;
    for (origin, allowed) in [
        ("https://app.example.com", true),
        ("http://app.example.com", false),
        ("https://app.example.com:8443", false),
        ("https://app.example.com.evil.example", false),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let plain = server
            .request(Method::GET, "/healthz")
            .header("origin", origin);
        let plain = plain.send().await.unwrap();
        let preflight = server
            .request(Method::OPTIONS, "/api/v1/me")
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let preflight = preflight.send().await.unwrap();
        for response in [plain, preflight] {
            let told = response.headers().get("access-control-allow-origin");
            assert_eq!(
                told.is_some_and(|value| value == origin),
                allowed,
                "{origin}"
            );
            assert_eq!(told.is_some(), allowed, "{origin}");
            assert!(
                !response
                    .headers()
                    .contains_key("access-control-allow-credentials")
            );
        }
    }
}

#[actix_web::test]
async fn a_port_in_use_is_named_with_how_to_choose_another() {
    let server = TestServer::start().await;
    let port = server.running.address().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let config = config(&settings(&folder, &[("PORT", &port)]));
    let error = serve::start(&config, Migrations::EmbeddedOnly)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains(&port) && error.contains("--port"), "{error}");
}

#[actix_web::test]
async fn folders_that_cannot_be_written_are_named_with_how_to_choose_others() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "no folder").unwrap();
    let in_the_way = in_the_way.to_str().unwrap();
    for (name, advice) in [("DATA_DIR", "--data-dir"), ("UPLOAD_DIR", "--upload-dir")] {
        let config = config(&settings(&folder, &[(name, in_the_way)]));
        let error = serve::start(&config, Migrations::EmbeddedOnly)
            .await
            .err()
            .unwrap();
        let error = format!("{error:#}");
        assert!(
            error.contains(in_the_way) && error.contains(advice),
            "{error}"
        );
    }
}

#[actix_web::test]
async fn a_database_file_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("digital-twin.sqlite");
    std::fs::write(
        &file,
        "this is no database, but it is long enough to be taken for one",
    )
    .unwrap();
    let config = config(&settings(&folder, &[]));
    let error = serve::start(&config, Migrations::EmbeddedOnly)
        .await
        .err()
        .unwrap();
    let error = format!("{error:#}");
    assert!(error.contains("digital-twin.sqlite"), "{error}");
}
