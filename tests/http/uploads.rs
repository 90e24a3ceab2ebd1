//! Documents: what is taken in, what is refused and why, and that nothing is left behind.

use protocol::DocumentId;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use storage::{Document, DocumentState, FileKey};

use crate::server::{Person, TestServer, problem, text};

async fn documents(server: &TestServer, owner: &Person, twin: &str) -> Vec<Value> {
    let path = format!("/api/v1/twins/{twin}/documents");
    let page: Value = server.get(owner, &path).await.json().await.unwrap();
    page["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn a_document_is_taken_in_listed_read_and_deleted_with_its_file() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    let content = "# Lamps\n\nThe first lamp is blue.\n\n## More\n\nThe second is green.\n";
    let response = server.upload(&ada, &twin, "lamps.md", content.into()).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let kept: Value = response.json().await.unwrap();
    assert_eq!(kept["name"], "lamps.md");
    assert_eq!(kept["state"], "processing");
    assert_eq!(kept["size_bytes"], content.len());
    let read = server.get(&ada, &format!("{location}?wait=30")).await;
    let document: Value = read.json().await.unwrap();
    assert_eq!(document["id"], kept["id"]);
    assert_eq!(document["state"], "ready");
    assert_eq!(document["media_type"], "text/markdown");
    assert_eq!(document["chunk_count"], 2);

    let listed = documents(&server, &ada, &twin).await;
    assert_eq!(listed, std::slice::from_ref(&document));
    let read: Value = server.get(&ada, &location).await.json().await.unwrap();
    assert_eq!(read, document);
    let said = server.get(&ada, &format!("{location}/text")).await;
    assert_eq!(said.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(said.headers()["x-content-type-options"], "nosniff");
    assert_eq!(said.text().await.unwrap(), content);
    assert_eq!(server.kept_files(), 1);

    assert_eq!(
        server.delete(&ada, &location).await.status(),
        StatusCode::OK
    );
    assert_eq!(server.kept_files(), 0);
    for path in [location.clone(), format!("{location}/text")] {
        let gone = server.get(&ada, &path).await;
        assert_eq!(problem(gone).await, (404, "not_found".to_owned()));
    }
}

#[actix_web::test]
async fn what_no_document_begins_like_is_refused_and_leaves_nothing_behind() {
    let server = TestServer::with(&[("MAX_UPLOAD_SIZE", "1000")]).await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    for (name, content, expected, detail) in [
        ("empty.md", &b""[..], (422, "invalid"), "empty"),
        (
            "image.md",
            b"\x89PNG\r\n\x1a\n\0\0",
            (415, "unsupported_media"),
            "a PNG image",
        ),
        ("big.txt", &[b'x'; 1_001], (413, "too_large"), "1000 bytes"),
        (
            "huge.txt",
            &[b'x'; 200_000],
            (413, "too_large"),
            "1000 bytes",
        ),
    ] {
        let response = server.upload(&ada, &twin, name, content.to_vec()).await;
        let status = response.status().as_u16();
        let document: Value = response.json().await.unwrap();
        let found = (status, document["code"].as_str().unwrap());
        assert_eq!(found, expected, "{name}");
        assert!(
            text(&document["detail"]).contains(detail),
            "{name}: {document}"
        );
    }
    assert_eq!(documents(&server, &ada, &twin).await, Vec::<Value>::new());
    assert_eq!(server.kept_files(), 0);
    let fits = server
        .upload(&ada, &twin, "fits.txt", vec![b'x'; 1_000])
        .await;
    assert_eq!(fits.status(), StatusCode::CREATED);
}

#[actix_web::test]
async fn what_cannot_be_read_fails_with_the_reason_and_can_be_deleted() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    for (name, content, code, message) in [
        ("blank.md", &b" \n\n "[..], "invalid", "empty"),
        ("book.txt", b"%PDF-1.7\n", "invalid", "a PDF"),
        (
            "nul.txt",
            b"text\0text",
            "unsupported_media",
            "0x00 at offset 4",
        ),
        ("latin.txt", b"caf\xe9 au lait", "invalid", "offset 3"),
    ] {
        let document = server.uploaded(&ada, &twin, name, content.to_vec()).await;
        assert_eq!(document["state"], "failed", "{name}");
        assert_eq!(document["failure"]["code"], code, "{name}");
        let told = text(&document["failure"]["message"]);
        assert!(told.contains(message), "{name}: {told}");
        let path = format!("/api/v1/twins/{twin}/documents/{}", text(&document["id"]));
        let said = server.get(&ada, &format!("{path}/text")).await;
        assert_eq!(said.text().await.unwrap(), "");
        assert_eq!(server.delete(&ada, &path).await.status(), 200);
    }
    assert_eq!(server.kept_files(), 0);
}

#[actix_web::test]
async fn what_cannot_be_read_is_begun_anew_when_it_is_uploaded_again() {
    let server = TestServer::with(&[("TWIN_DOCUMENTS_MAX", "1")]).await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    let damaged = b"%PDF-1.7\n".to_vec();
    let first = server.uploaded(&ada, &twin, "book.pdf", damaged.clone());
    let first = first.await;
    let second = server.uploaded(&ada, &twin, "again.pdf", damaged.clone());
    let second = second.await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(
        (&second["name"], &second["state"]),
        (&json!("again.pdf"), &json!("failed"))
    );
    assert_eq!(documents(&server, &ada, &twin).await, [second]);
    assert_eq!(server.kept_files(), 1);
    let path = format!("/api/v1/twins/{twin}/documents/{}", text(&first["id"]));
    let gone = server.get(&ada, &path).await;
    assert_eq!(problem(gone).await, (404, "not_found".to_owned()));
}

#[actix_web::test]
async fn an_upload_that_breaks_off_leaves_nothing_behind_and_can_be_sent_again() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    let begin =
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nThe lamp";
    let request = format!(
        "POST /api/v1/twins/{twin}/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=B\r\nContent-Length: 1000\r\n\r\n{begin}",
        ada.token
    );
    // More than there are places for uploads.
    for _ in 0..5 {
        let address = server.running.address();
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        // The server has noticed when it closes its side too.
        let _ = socket.read_to_end(&mut Vec::new()).await;
    }
    assert_eq!(documents(&server, &ada, &twin).await, Vec::<Value>::new());
    assert_eq!(server.kept_files(), 0);
    let content = b"The lamp burns oil.".to_vec();
    let sent = server.uploaded(&ada, &twin, "a.txt", content).await;
    assert_eq!(sent["state"], "ready");
}

#[actix_web::test]
async fn a_document_that_a_dead_process_left_unread_is_read_after_a_restart() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    // What a process leaves behind that was killed after the upload: a claim whose time is over.
    let (storage, files) = (&server.running.edge().storage, FileKey::new());
    let now = server.running.edge().clock.now_ms();
    let folder = server.folder.path().join("uploads");
    std::fs::write(folder.join(files.to_string()), "The lamp burns oil.").unwrap();
    let document = Document {
        id: DocumentId::new(),
        twin_id: twin.parse().unwrap(),
        name: "lamp.txt".to_owned(),
        media_type: "application/octet-stream".to_owned(),
        size_bytes: 19,
        sha256: [7; 32],
        file_key: files,
        chunk_count: 0,
        created_at: now,
        state: DocumentState::Processing,
        failure: None,
        audience: storage::Audience::Public,
    };
    let id = document.id;
    storage
        .insert_document(document, Vec::new(), 10)
        .await
        .unwrap();
    storage.claim_document(id, now, now).await.unwrap();
    let server = server.restart().await;
    let path = format!("/api/v1/twins/{twin}/documents/{id}?wait=30");
    let read: Value = server.get(&ada, &path).await.json().await.unwrap();
    assert_eq!(
        (&read["state"], &read["chunk_count"]),
        (&json!("ready"), &json!(1))
    );
}

#[actix_web::test]
async fn an_answer_is_waited_for_no_longer_than_is_allowed() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    let document = server
        .uploaded(&ada, &twin, "a.txt", b"words".to_vec())
        .await;
    let path = format!("/api/v1/twins/{twin}/documents/{}", text(&document["id"]));
    let refused = server.get(&ada, &format!("{path}?wait=31")).await;
    assert_eq!(problem(refused).await, (422, "invalid".to_owned()));
}

#[actix_web::test]
async fn a_name_is_shown_without_its_path_and_never_used_as_one() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    for (index, (given, shown)) in [
        ("../../x", "x"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("履歴書.md", "履歴書.md"),
        ("..", "document.txt"),
    ]
    .into_iter()
    .enumerate()
    {
        let content = format!("Document number {index}.");
        let response = server.upload(&ada, &twin, given, content.into()).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{given}");
        let document: Value = response.json().await.unwrap();
        assert_eq!(document["name"], shown, "{given}");
    }
    assert_eq!(server.kept_files(), 5);
}

#[actix_web::test]
async fn the_same_file_twice_and_one_too_many_are_refused_without_a_trace() {
    let server = TestServer::with(&[("TWIN_DOCUMENTS_MAX", "2")]).await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    server.upload(&ada, &twin, "one.txt", b"one".to_vec()).await;
    let again = server.upload(&ada, &twin, "uno.txt", b"one".to_vec()).await;
    assert_eq!(problem(again).await, (409, "conflict".to_owned()));
    server.upload(&ada, &twin, "two.txt", b"two".to_vec()).await;
    let third = server
        .upload(&ada, &twin, "three.txt", b"three".to_vec())
        .await;
    assert_eq!(problem(third).await, (409, "limit_reached".to_owned()));
    assert_eq!(server.kept_files(), 2);
}

#[actix_web::test]
async fn a_form_that_is_not_one_file_is_refused() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    let part = |name: &str, rest: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\nwords\r\n")
    };
    let file = part("file", "; filename=\"a.txt\"");
    for (content_type, body, expected) in [
        ("text/plain", "words".to_owned(), (415, "unsupported_media")),
        (
            "multipart/form-data",
            format!("{file}--B--\r\n"),
            (415, "unsupported_media"),
        ),
        (
            "multipart/form-data; boundary=B",
            String::new(),
            (400, "malformed"),
        ),
        (
            "multipart/form-data; boundary=B",
            "--B--\r\n".to_owned(),
            (400, "malformed"),
        ),
        (
            "multipart/form-data; boundary=B",
            file.clone(),
            (400, "malformed"),
        ),
        (
            "multipart/form-data; boundary=B",
            format!("{file}{file}--B--\r\n"),
            (400, "malformed"),
        ),
        (
            "multipart/form-data; boundary=B",
            format!("{}--B--\r\n", part("other", "")),
            (400, "malformed"),
        ),
        (
            "multipart/form-data; boundary=B",
            "--C\r\n\r\nwords\r\n--C--\r\n".to_owned(),
            (400, "malformed"),
        ),
    ] {
        let path = format!("/api/v1/twins/{twin}/documents");
        let request = server.request(Method::POST, &path).bearer_auth(&ada.token);
        let request = request
            .header("content-type", content_type)
            .body(body.clone());
        let response = request.send().await.unwrap();
        assert_eq!(
            problem(response).await,
            (expected.0, expected.1.to_owned()),
            "{content_type} {body}"
        );
    }
    assert_eq!(server.kept_files(), 0);
}

#[actix_web::test]
async fn a_stream_of_unknown_length_is_cut_off_at_the_limit() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let server = TestServer::with(&[("MAX_UPLOAD_SIZE", "100000")]).await;
    let ada = server.register("Ada").await;
    let twin = server.twin(&ada, "private").await;
    let mut socket = tokio::net::TcpStream::connect(server.running.address())
        .await
        .unwrap();
    let head = format!(
        "POST /api/v1/twins/{twin}/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=B\r\nTransfer-Encoding: chunked\r\n\r\n",
        ada.token
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let start = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n";
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    socket.write_all(chunk(start).as_bytes()).await.unwrap();
    // Just over the limit, and then nothing: the answer must come without the end of the body.
    let words = chunk(&"x".repeat(10_000));
    for _ in 0..11 {
        socket.write_all(words.as_bytes()).await.unwrap();
    }
    let mut answer = vec![0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "HTTP/1.1 413");
    assert_eq!(server.kept_files(), 0);
}
