//! The browser client that the server serves: its pages with their policies, what may be cached, and nothing else.

use std::fs;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::{TestServer, config, problem, settings};
use digital_twin::serve::{self, Migrations};

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'sha256-abc'";

/// A small client beside a secret that is not part of it.
fn client() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fs::create_dir_all(out.join("_next/static/chunks")).unwrap();
    let policies =
        json!({"index.html": PAGE_POLICY, "chat.html": PAGE_POLICY, "404.html": PAGE_POLICY});
    for (path, content) in [
        ("out/index.html", "<p>welcome"),
        ("out/chat.html", "<p>chat"),
        ("out/404.html", "<p>nothing here"),
        ("out/chat.txt", "0:chat"),
        ("out/_next/static/chunks/a1.js", "run()"),
        ("out/_next/static/chunks/a1.js.br", "in brotli"),
        ("out/_next/static/chunks/a1.js.gz", "in gzip"),
        ("out/policies.json", &policies.to_string()),
        ("secret.txt", "canary"),
    ] {
        fs::write(folder.path().join(path), content).unwrap();
    }
    folder
}

async fn serving(folder: &TempDir) -> TestServer {
    let out = folder.path().join("out");
    TestServer::with(&[("TWIN_WEB_DIR", out.to_str().unwrap())]).await
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[actix_web::test]
async fn pages_are_served_with_a_policy_and_are_asked_for_again() {
    let folder = client();
    let server = serving(&folder).await;
    for (path, body) in [
        ("/", "<p>welcome"),
        ("/chat?id=7", "<p>chat"),
        ("/chat.html", "<p>chat"),
    ] {
        let response = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers().clone();
        let said = [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", PAGE_POLICY),
            ("cache-control", "no-cache"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("x-frame-options", "DENY"),
        ];
        for (name, value) in said {
            assert_eq!(header(&headers, name), value, "{name} of {path}");
        }
        assert_eq!(response.text().await.unwrap(), body);
        let again = server
            .request(Method::GET, path)
            .header("if-none-match", header(&headers, "etag"))
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(
            header(again.headers(), "content-security-policy"),
            PAGE_POLICY
        );
    }
}

#[actix_web::test]
async fn files_that_are_named_by_their_content_are_kept_for_ever_and_run_nothing_themselves() {
    let folder = client();
    let server = serving(&folder).await;
    let script = server
        .request(Method::GET, "/_next/static/chunks/a1.js")
        .send()
        .await
        .unwrap();
    let headers = script.headers();
    assert_eq!(
        header(headers, "cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(
        header(headers, "content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        header(headers, "content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'"
    );
    let head = server.request(Method::HEAD, "/chat").send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.text().await.unwrap(), "");
}

#[actix_web::test]
async fn a_file_comes_in_the_shortest_form_that_the_browser_takes() {
    let folder = client();
    let server = serving(&folder).await;
    let path = "/_next/static/chunks/a1.js";
    let mut tags = std::collections::BTreeSet::new();
    for (accepted, encoding, body) in [
        ("gzip, deflate, br, zstd", "br", "in brotli"),
        ("gzip", "gzip", "in gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", "in gzip"),
        ("identity", "", "run()"),
        ("", "", "run()"),
        ("zstd", "", "run()"),
    ] {
        let ask = || match accepted {
            "" => server.request(Method::GET, path),
            _ => server
                .request(Method::GET, path)
                .header("accept-encoding", accepted),
        };
        let answer = ask().send().await.unwrap();
        let headers = answer.headers().clone();
        assert_eq!(header(&headers, "content-encoding"), encoding, "{accepted}");
        assert_eq!(
            header(&headers, "content-type"),
            "text/javascript; charset=utf-8"
        );
        assert!(header(&headers, "vary").starts_with("Accept-Encoding"));
        assert_eq!(answer.text().await.unwrap(), body, "{accepted}");
        let tag = header(&headers, "etag").to_owned();
        let known = ask().header("if-none-match", &tag).send().await.unwrap();
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED, "{accepted}");
        tags.insert(tag);
    }
    assert_eq!(tags.len(), 3, "each form has a tag of its own");
    let bare = server.request(Method::GET, &format!("{path}.br"));
    assert_eq!(bare.send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_browser_is_shown_a_page_where_there_is_none_and_a_program_gets_a_problem() {
    let folder = client();
    let server = serving(&folder).await;
    let page = server
        .request(Method::GET, "/no/such/page")
        .header("accept", "text/html,*/*")
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        header(page.headers(), "content-security-policy"),
        PAGE_POLICY
    );
    assert_eq!(page.text().await.unwrap(), "<p>nothing here");
    for path in [
        "/no/such/page",
        "/api/v1/nothing",
        "/policies.json",
        "/_next",
    ] {
        let answer = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(
            problem(answer).await,
            (404, "not_found".to_owned()),
            "{path}"
        );
    }
    let posted = server.request(Method::POST, "/chat").send().await.unwrap();
    assert_eq!(header(posted.headers(), "allow"), "GET, HEAD");
    assert_eq!(
        problem(posted).await,
        (405, "method_not_allowed".to_owned())
    );
}

#[actix_web::test]
async fn no_path_leads_out_of_the_folder() {
    let folder = client();
    let server = serving(&folder).await;
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    for path in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/_next/../../secret.txt",
        "/..\\secret.txt",
        "//secret.txt",
        "/chat/../../secret.txt",
        "/%00",
    ] {
        // By hand: clients tidy such paths up.
        let answer = raw_get(&address, path).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {answer}");
        assert!(!answer.contains("canary"), "{path}: {answer}");
    }
}

async fn raw_get(address: &str, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn a_server_without_a_client_serves_everything_else() {
    let server = TestServer::with(&[("TWIN_WEB_DIR", "/no/such/folder")]).await;
    let page = server
        .request(Method::GET, "/")
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(page).await, (404, "not_found".to_owned()));
    let alive = server
        .request(Method::GET, "/healthz")
        .send()
        .await
        .unwrap();
    assert_eq!(alive.status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_folder_that_is_no_finished_build_is_refused_at_the_start() {
    let folder = client();
    let out = folder.path().join("out");
    for (break_it, reason) in [
        (
            Box::new(|| fs::write(out.join("new.html"), "<p>").unwrap()) as Box<dyn Fn()>,
            "policies.json does not name new.html",
        ),
        (
            Box::new(|| fs::remove_file(out.join("policies.json")).unwrap()),
            "policies.json is missing",
        ),
    ] {
        break_it();
        let data = tempfile::tempdir().unwrap();
        let settings = settings(&data, &[("TWIN_WEB_DIR", out.to_str().unwrap())]);
        let refused = serve::start(&config(&settings), Migrations::EmbeddedOnly).await;
        let error = format!("{:#}", refused.err().unwrap());
        assert!(error.contains(reason), "{error}");
    }
}

#[actix_web::test]
async fn the_client_is_told_where_it_is_and_of_no_demo_account_that_is_not_there() {
    let server = TestServer::start().await;
    let response = server
        .request(Method::GET, "/config.json")
        .send()
        .await
        .unwrap();
    assert_eq!(header(response.headers(), "cache-control"), "no-store");
    let said: Value = response.json().await.unwrap();
    let expected =
        json!({"api_url": "", "websocket_url": "", "upload_bytes_max": 10 * 1024 * 1024});
    assert_eq!(said, expected);
}
