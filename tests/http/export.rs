//! What a person may take away: all of their own, nothing of others, and a manifest that holds.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::attachments::{attached, send};
use crate::conversations::{begin, say};
use crate::server::{Person, TestServer, text};

/// The files of the archive, checked against its manifest.
pub(crate) async fn exported(server: &TestServer, person: &Person) -> BTreeMap<String, Vec<u8>> {
    unpacked(&archive_of(server, person).await)
}

/// The archive as it comes.
pub(crate) async fn archive_of(server: &TestServer, person: &Person) -> Vec<u8> {
    let response = server.get(person, "/api/v1/me/export").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/zip");
    assert_eq!(response.headers()["cache-control"], "no-store");
    response.bytes().await.unwrap().to_vec()
}

/// The files of an archive, checked against its manifest.
pub(crate) fn unpacked(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        assert!(files.insert(file.name().to_owned(), content).is_none());
    }
    let manifest = read(&files, "manifest.json");
    assert_eq!(manifest["format"], "digital-twin-export/1");
    let listed = manifest["files"].as_array().unwrap();
    assert_eq!(listed.len(), files.len() - 1);
    for entry in listed {
        let content = &files[&text(&entry["path"])];
        assert_eq!(entry["bytes"], content.len());
        let hash = Sha256::digest(content);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(entry["sha256"], hash);
    }
    files
}

pub(crate) fn read(files: &BTreeMap<String, Vec<u8>>, path: &str) -> Value {
    serde_json::from_slice(&files[path]).unwrap()
}

pub(crate) fn lines(files: &BTreeMap<String, Vec<u8>>, path: &str) -> Vec<Value> {
    let lines = files[path].split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

#[actix_web::test]
async fn a_person_takes_everything_of_their_own_away_and_nothing_of_others() {
    let server = TestServer::start().await;
    let (ada, ben) = (server.register("Ada").await, server.register("Ben").await);
    let (twin, others) = (
        server.twin(&ada, "private").await,
        server.twin(&ben, "public").await,
    );
    let document = server
        .uploaded(
            &ada,
            &twin,
            "../my lamp.md",
            b"The lamp burns oil.".to_vec(),
        )
        .await;
    let shared = begin(&server, &ada, &json!({"members": [ben.id]})).await;
    let shared = text(&shared["id"]);
    for number in 0..250 {
        say(&server, &ada, &shared, &format!("word {number}")).await;
    }
    say(&server, &ben, &shared, "an answer").await;
    let sent = attached(&server, &ada, "notes.txt", b"kept by Ada").await;
    send(&server, &ada, &shared, &sent).await;
    let received = attached(&server, &ben, "secret.txt", b"kept by Ben").await;
    send(&server, &ben, &shared, &received).await;
    let alone = begin(&server, &ben, &json!({"twins": [others]})).await;
    say(&server, &ben, &text(&alone["id"]), "not for Ada").await;

    let files = exported(&server, &ada).await;
    assert_eq!(read(&files, "account.json")["email"], "ada@example.com");
    assert_eq!(
        read(&files, "sessions.json")["items"][0]["is_current"],
        true
    );
    let twins = read(&files, "twins.json");
    assert_eq!(twins["items"].as_array().unwrap().len(), 1);
    assert_eq!(twins["items"][0]["id"], twin);
    for list in ["bots", "keys", "blocks", "drafts", "groups"] {
        assert_eq!(read(&files, &format!("{list}.json"))["items"], json!([]));
    }
    let document = text(&document["id"]);
    let content = &files[&format!("twins/{twin}/{document}/my lamp.md")];
    assert_eq!(content, b"The lamp burns oil.");
    let conversations = lines(&files, "conversations.ndjson");
    assert_eq!(conversations.len(), 1);
    assert_eq!(conversations[0]["id"], shared);
    let messages = lines(&files, &format!("conversations/{shared}/messages.ndjson"));
    assert_eq!(messages.len(), 253);
    let said = |message: &Value| text(&message["text"]);
    assert_eq!(said(&messages[0]), "word 0");
    assert_eq!(said(&messages[249]), "word 249");
    assert_eq!(said(&messages[250]), "an answer");
    let sent = text(&sent["id"]);
    assert_eq!(
        files[&format!("attachments/{sent}/notes.txt")],
        b"kept by Ada"
    );
    for (path, content) in &files {
        let content = String::from_utf8_lossy(content);
        for foreign in ["not for Ada", "kept by Ben", "ben@example.com"] {
            assert!(!content.contains(foreign), "{path} has {foreign:?}");
        }
    }
}

#[actix_web::test]
async fn an_export_is_in_the_audit_log_and_needs_a_log_in() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let request = server.request(reqwest::Method::GET, "/api/v1/me/export");
    let refused = request.send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    exported(&server, &ada).await;
    let storage = &server.running.edge().storage;
    let rows = storage.audit_after(0, 10).await.unwrap();
    let actions: Vec<String> = rows
        .iter()
        .map(|row| row.event.action.as_str().to_owned())
        .collect();
    assert_eq!(actions, ["registered", "account_exported"]);
}
