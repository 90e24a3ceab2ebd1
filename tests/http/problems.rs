//! What is said when a request cannot be served, wherever it fails.

use reqwest::Method;
use serde_json::json;

use crate::server::{TestServer, problem};

#[actix_web::test]
async fn a_path_that_does_not_exist_is_not_found_for_every_method() {
    let server = TestServer::start().await;
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v2/me",
        "/healthz/",
        "/../etc/passwd",
    ] {
        for method in [Method::GET, Method::POST, Method::TRACE] {
            let response = server.request(method.clone(), path).send().await.unwrap();
            assert_eq!(
                problem(response).await,
                (404, "not_found".to_owned()),
                "{method} {path}"
            );
        }
    }
}

#[actix_web::test]
async fn a_method_that_a_path_lacks_is_refused_with_those_that_it_has() {
    let server = TestServer::start().await;
    let id = protocol::TwinId::new();
    let twin = format!("/api/v1/twins/{id}");
    for (method, path, allow) in [
        (Method::GET, "/api/v1/auth/login", "POST"),
        (Method::TRACE, "/api/v1/me", "GET, HEAD, PATCH, DELETE"),
        (Method::POST, "/api/v1/me", "GET, HEAD, PATCH, DELETE"),
        (Method::PUT, twin.as_str(), "GET, HEAD, PATCH, DELETE"),
        (Method::DELETE, "/api/v1/twins", "GET, HEAD, POST"),
        (Method::POST, "/healthz", "GET, HEAD"),
        (Method::POST, "/ws", "GET, HEAD"),
        (
            Method::from_bytes(b"BREW").unwrap(),
            "/version",
            "GET, HEAD",
        ),
    ] {
        let response = server.request(method.clone(), path).send().await.unwrap();
        assert_eq!(response.headers()["allow"], allow, "{method} {path}");
        assert_eq!(
            problem(response).await,
            (405, "method_not_allowed".to_owned())
        );
    }
}

#[actix_web::test]
async fn a_body_that_is_no_json_of_the_right_shape_is_named() {
    let server = TestServer::start().await;
    let deep = format!("{{\"email\":{}1{}}}", "[".repeat(600), "]".repeat(600));
    for body in [
        "",
        "{",
        "nonsense",
        "[]",
        "{}",
        r#"{"email":"a@b","password":1}"#,
        r#"{"email":"a@b","password":"x","password":"y"}"#,
        r#"{"email":"a@b","password":"x","admin":true}"#,
        &deep,
    ] {
        let request = server.request(Method::POST, "/api/v1/auth/login");
        let request = request
            .header("content-type", "application/json")
            .body(body.to_owned());
        let response = request.send().await.unwrap();
        assert_eq!(
            problem(response).await,
            (400, "malformed".to_owned()),
            "{body:.80}"
        );
    }
}

#[actix_web::test]
async fn a_body_of_another_type_is_refused() {
    let server = TestServer::start().await;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "nonsense",
    ] {
        let request = server.request(Method::POST, "/api/v1/auth/login");
        let request = request.header("content-type", content_type).body("{}");
        let response = request.send().await.unwrap();
        assert_eq!(
            problem(response).await,
            (415, "unsupported_media".to_owned()),
            "{content_type}"
        );
    }
}

#[actix_web::test]
async fn a_json_body_over_the_limit_is_refused() {
    let server = TestServer::start().await;
    let body = json!({"email": "a@b", "password": "x".repeat(64 * 1024)});
    let response = server.post_as_nobody("/api/v1/auth/login", &body).await;
    assert_eq!(problem(response).await, (413, "too_large".to_owned()));
}

#[actix_web::test]
async fn an_id_or_a_query_that_cannot_be_read_is_named() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    for (path, expected) in [
        ("/api/v1/twins/x", (400, "malformed")),
        ("/api/v1/twins/%00", (400, "malformed")),
        ("/api/v1/conversations/1/messages", (400, "malformed")),
        ("/api/v1/twins?limit=x", (400, "malformed")),
        ("/api/v1/twins?limit=0", (422, "invalid")),
        ("/api/v1/twins?limit=201", (422, "invalid")),
        ("/api/v1/twins?before=x", (400, "malformed")),
        ("/api/v1/conversations?before=x", (400, "malformed")),
        ("/api/v1/twins?colour=red", (400, "malformed")),
    ] {
        let response = server.get(&ada, path).await;
        assert_eq!(
            problem(response).await,
            (expected.0, expected.1.to_owned()),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn a_request_keeps_its_own_id_if_that_is_harmless() {
    let server = TestServer::start().await;
    let long = "x".repeat(65);
    for (given, kept) in [
        ("abc-123", true),
        ("a b", false),
        (long.as_str(), false),
        ("", false),
    ] {
        let request = server
            .request(Method::GET, "/healthz")
            .header("x-request-id", given);
        let response = request.send().await.unwrap();
        let id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(id == given, kept, "{given:?} became {id:?}");
        assert!(!id.is_empty());
    }
}

#[actix_web::test]
async fn head_is_answered_as_get_without_a_body() {
    let server = TestServer::start().await;
    let response = server
        .request(Method::HEAD, "/version")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_ne!(response.headers()["content-length"], "0");
    assert_eq!(response.text().await.unwrap(), "");
}
