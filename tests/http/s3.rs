//! Files in storage that speaks S3: to people they are as they are in a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep, timeout};

use crate::attachments::{attached, send};
use crate::conversations::begin;
use crate::export::exported;
use crate::server::{TestServer, problem, text};

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run `make test`, which starts S3 storage"))
}

/// A server whose files are in a bucket of its own, and where that bucket keeps them.
async fn server_and_bucket() -> (TestServer, PathBuf) {
    let bucket = format!("http-{}", uuid::Uuid::now_v7().simple());
    let kept_in = PathBuf::from(variable("TEST_S3_FOLDER")).join(&bucket);
    std::fs::create_dir(&kept_in).unwrap();
    let server = TestServer::with(&[
        ("S3_ENDPOINT", &variable("TEST_S3_ENDPOINT")),
        ("S3_BUCKET", &bucket),
        ("S3_ACCESS_KEY_ID", &variable("TEST_S3_ACCESS_KEY_ID")),
        (
            "S3_SECRET_ACCESS_KEY",
            &variable("TEST_S3_SECRET_ACCESS_KEY"),
        ),
    ])
    .await;
    (server, kept_in)
}

/// The files in a bucket, without what the server of the bucket keeps for itself and what ours asks it for.
fn names(kept_in: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(kept_in).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "probe" && !name.starts_with('.'))
        .collect()
}

#[actix_web::test]
async fn what_is_uploaded_is_read_in_parts_taken_away_and_deleted() {
    let (server, kept_in) = server_and_bucket().await;
    let ada = server.register("Ada").await;
    // One goes in one request, the other in parts.
    let long: Vec<u8> = (0..9_000_000)
        .map(|at| b'a' + (at / 7 % 26) as u8)
        .collect();
    let small = attached(&server, &ada, "small.txt", b"0123456789").await;
    let large = attached(&server, &ada, "large.txt", &long).await;
    assert_eq!(names(&kept_in).len(), 2);
    assert!(!server.folder.path().join("uploads").exists());

    let path = |file: &Value| format!("/api/v1/attachments/{}", text(&file["id"]));
    let part = server
        .request(Method::GET, &path(&large))
        .bearer_auth(&ada.token)
        .header("range", "bytes=8500000-8500099")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(
        part.headers()["content-range"],
        "bytes 8500000-8500099/9000000"
    );
    assert_eq!(part.bytes().await.unwrap(), long[8_500_000..8_500_100]);
    let whole = server.get(&ada, &path(&large)).await;
    assert_eq!(whole.headers()["content-length"], "9000000");
    assert!(whole.bytes().await.unwrap() == long);

    let bo = server.register("Bo").await;
    let body = json!({"title": "Files", "members": [bo.id]});
    let room = text(&begin(&server, &ada, &body).await["id"]);
    send(&server, &ada, &room, &large).await;
    let files = exported(&server, &ada).await;
    assert!(files.values().any(|content| *content == long));

    assert_eq!(server.delete(&ada, &path(&small)).await.status(), 204);
    server.running.edge().attachments.sweep().await.unwrap();
    assert_eq!(names(&kept_in).len(), 1);
    let gone = server.get(&ada, &path(&small)).await;
    assert_eq!(problem(gone).await, (404, "not_found".to_owned()));

    // What its row does not know of is found missing, and nothing else breaks by it.
    for name in names(&kept_in) {
        std::fs::remove_file(kept_in.join(name)).unwrap();
    }
    let missing = server.get(&ada, &path(&large)).await;
    assert_eq!(problem(missing).await, (404, "not_found".to_owned()));
}

#[actix_web::test]
async fn an_upload_that_is_broken_off_leaves_nothing_in_the_bucket() {
    let (server, kept_in) = server_and_bucket().await;
    let ada = server.register("Ada").await;
    // Something that is no text comes after the first part was sent.
    let broken = [vec![b'x'; 9_000_000], b"\0".to_vec()].concat();
    let part = reqwest::multipart::Part::bytes(broken).file_name("a.txt");
    let form = reqwest::multipart::Form::new().part("file", part);
    let request = server.request(Method::POST, "/api/v1/attachments");
    let refused = request.bearer_auth(&ada.token).multipart(form).send().await;
    let refused = problem(refused.unwrap()).await;
    assert_eq!(refused, (415, "unsupported_media".to_owned()));
    let is_empty = async {
        while !names(&kept_in).is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), is_empty).await.unwrap();
}
