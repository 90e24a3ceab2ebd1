//! What an export brings to another server: all that has a place there, once, and nothing of an archive that is not what it says.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use protocol::MemoryId;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use storage::{Audience, MemoryKind, NewMemory};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::conversations::{begin, say};
use crate::export::{archive_of, exported, lines, read, unpacked};
use crate::server::{Person, TestServer, problem, text};

type Files = BTreeMap<String, Vec<u8>>;

async fn sent(server: &TestServer, person: &Person, archive: Vec<u8>) -> Response {
    let part = reqwest::multipart::Part::bytes(archive).file_name("export.zip");
    let form = reqwest::multipart::Form::new().part("file", part);
    let request = server
        .request(Method::POST, "/api/v1/me/import")
        .bearer_auth(&person.token);
    request.multipart(form).send().await.unwrap()
}

async fn taken(server: &TestServer, person: &Person, archive: Vec<u8>) -> Value {
    let response = sent(server, person, archive).await;
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

async fn json_of(server: &TestServer, person: &Person, path: &str) -> Value {
    server.get(person, path).await.json().await.unwrap()
}

/// Waits until every document of a twin has been read.
async fn read_all(server: &TestServer, person: &Person, twin: &str) {
    let documents = format!("/api/v1/twins/{twin}/documents");
    let page = json_of(server, person, &documents).await;
    for document in page["items"].as_array().unwrap() {
        let path = format!("{documents}/{}?wait=30", text(&document["id"]));
        assert_eq!(json_of(server, person, &path).await["state"], "ready");
    }
}

/// An archive of these files with a manifest that is true of them.
fn packed(files: &Files) -> Vec<u8> {
    let listed: Vec<Value> = files
        .iter()
        .map(|(path, content)| {
            let hash = Sha256::digest(content);
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"path": path, "bytes": content.len(), "sha256": hash})
        })
        .collect();
    let manifest = json!({"format": "digital-twin-export/1", "program": "a test", "files": listed});
    packed_with(files, &manifest)
}

fn packed_with(files: &Files, manifest: &Value) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let manifest = (
        "manifest.json".to_owned(),
        manifest.to_string().into_bytes(),
    );
    for (path, content) in files.clone().into_iter().chain([manifest]) {
        zip.start_file(path, SimpleFileOptions::default()).unwrap();
        zip.write_all(&content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const TWIN: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const NOTES: &str = "01890a5d-ac97-774b-bcce-b302099a8058";
const PERSON: &str = "01890a5d-ac95-774b-bcce-b302099a8059";

/// The files of a small export.
fn small() -> Files {
    let twin = json!({
        "id": TWIN, "owner_id": PERSON, "name": "Ada", "persona": "I am Ada.", "greeting": "", "language": "",
        "visibility": "private", "oversight": false, "created_at": 1_790_000_000_000_i64, "updated_at": 1_790_000_000_001_i64,
    });
    let notes = json!({
        "id": NOTES, "name": "notes.md", "created_at": 1_790_000_000_002_i64, "audience": {"kind": "owner"},
    });
    let lamps = json!({
        "id": NOTES, "about": PERSON, "kind": "said", "text": "I like lamps.", "audience": {"kind": "owner"},
        "said_in": {}, "supersedes": null, "created_at": 1_790_000_000_003_i64, "changed_at": 1_790_000_000_004_i64,
    });
    let files = [
        ("account.json".to_owned(), json!({"id": PERSON}).to_string()),
        (
            "twins.json".to_owned(),
            json!({"items": [twin]}).to_string(),
        ),
        (
            format!("twins/{TWIN}/documents.json"),
            json!({"items": [notes]}).to_string(),
        ),
        (
            format!("twins/{TWIN}/memories.ndjson"),
            format!("{lamps}\n"),
        ),
        (
            format!("twins/{TWIN}/{NOTES}/notes.md"),
            "The lamp burns oil.".to_owned(),
        ),
    ];
    files
        .into_iter()
        .map(|(path, content)| (path, content.into_bytes()))
        .collect()
}

/// What an export says of its person, without what differs from server to server: ids, and the places where memories were said, whose
/// number of changes begins anew. Of those who are named only the person is left.
fn shape(files: &Files) -> Value {
    let account = text(&read(files, "account.json")["id"]);
    let groups = read(files, "groups.json");
    let groups = groups["items"].as_array().unwrap();
    let own = |people: &Value| {
        let people = people.as_array().unwrap().iter();
        json!(people.filter(|person| **person == account.as_str()).count())
    };
    let audience = |audience: &Value| {
        let mut audience = audience.clone();
        if audience["kind"] == "people" {
            let named = audience["groups"].as_array().unwrap().iter();
            let names =
                named.map(|id| &groups.iter().find(|group| group["id"] == *id).unwrap()["name"]);
            audience =
                json!({"people": own(&audience["people"]), "groups": names.collect::<Vec<_>>()});
        }
        audience
    };
    let mut twins = Vec::new();
    for mut twin in read(files, "twins.json")["items"]
        .as_array()
        .unwrap()
        .clone()
    {
        let folder = format!("twins/{}", text(&twin["id"]));
        let documents = read(files, &format!("{folder}/documents.json"));
        let mut contents = Vec::new();
        for mut document in documents["items"].as_array().unwrap().clone() {
            let path = format!(
                "{folder}/{}/{}",
                text(&document["id"]),
                text(&document["name"])
            );
            let content = String::from_utf8(files[&path].clone()).unwrap();
            document["id"] = json!(null);
            document["twin_id"] = json!(null);
            document["audience"] = audience(&document["audience"]);
            contents.push(json!([document, content]));
        }
        let all = lines(files, &format!("{folder}/memories.ndjson"));
        let text_of = |id: &Value| {
            all.iter()
                .find(|memory| memory["id"] == *id)
                .map(|found| found["text"].clone())
        };
        let own_memories = all
            .iter()
            .filter(|memory| memory["about"] == account.as_str());
        let memories = own_memories.map(|memory| {
            json!([
                memory["text"],
                memory["kind"],
                audience(&memory["audience"]),
                text_of(&memory["supersedes"]),
                text_of(&memory["superseded_by"]),
                memory["created_at"],
                memory["changed_at"],
                memory["about_name"],
            ])
        });
        let memories: Vec<Value> = memories.collect();
        twin["id"] = json!(null);
        twin["owner_id"] = json!(null);
        twins.push(json!([twin, contents, memories]));
    }
    let groups = groups.iter();
    let groups =
        groups.map(|group| json!([group["name"], group["created_at"], own(&group["people"])]));
    json!({"twins": twins, "groups": groups.collect::<Vec<_>>()})
}

/// A person with all that has a place elsewhere, and some that has none.
async fn furnished(server: &TestServer) -> Person {
    let (ada, ben) = (server.register("Ada").await, server.register("Ben").await);
    let group = json!({"name": "Family", "people": [ada.id, ben.id]});
    let group: Value = server
        .post(&ada, "/api/v1/groups", &group)
        .await
        .json()
        .await
        .unwrap();
    let first = server.twin(&ada, "link").await;
    let change =
        json!({"name": "Ada's twin", "greeting": "Good day.", "language": "en", "oversight": true});
    server
        .patch(&ada, &format!("/api/v1/twins/{first}"), &change)
        .await;
    server.twin(&ada, "private").await;
    for (name, content) in [
        ("灯.md", "# Lamps\n\nThe lamp burns oil."),
        ("b.txt", "Brass rings."),
    ] {
        let document = server.uploaded(&ada, &first, name, content.into()).await;
        let path = format!("/api/v1/twins/{first}/documents/{}", text(&document["id"]));
        let audience =
            json!({"audience": {"kind": "people", "people": [ben.id], "groups": [group["id"]]}});
        server.patch(&ada, &path, &audience).await;
    }
    let memories = format!("/api/v1/twins/{first}/memories");
    let bergen: Value = server
        .post(&ada, &memories, &json!({"text": "I live in Bergen."}))
        .await
        .json()
        .await
        .unwrap();
    let oslo = json!({"text": "I live in Oslo.", "supersedes": bergen["id"], "audience": {"kind": "public"}});
    server.post(&ada, &memories, &oslo).await;
    server
        .patch(
            &ada,
            &format!("{memories}/{}", text(&bergen["id"])),
            &json!({"text": "I lived in Bergen."}),
        )
        .await;
    server
        .post(
            &ada,
            &memories,
            &json!({"text": "Ben likes fish.", "about": ben.id}),
        )
        .await;
    let talk = begin(server, &ada, &json!({"twins": [first]})).await;
    let talk = text(&talk["id"]);
    say(server, &ada, &talk, "I keep bees.").await;
    let messages = json_of(
        server,
        &ada,
        &format!("/api/v1/conversations/{talk}/messages"),
    )
    .await;
    let edge = server.running.edge();
    let vectors = edge
        .node
        .embed_document(vec!["I keep bees.".to_owned()])
        .await
        .unwrap();
    let said = NewMemory {
        id: MemoryId::new(),
        twin_id: first.parse().unwrap(),
        about: ada.id.parse().unwrap(),
        kind: MemoryKind::Said,
        text: "I keep bees.".to_owned(),
        vector: vectors[0].clone(),
        audience: Audience::Owner,
        said_in: Some((
            text(&messages["items"][0]["message_id"]).parse().unwrap(),
            0,
        )),
        supersedes: None,
        created_at: edge.clock.now_ms(),
    };
    assert!(edge.storage.remember(said).await.unwrap());
    let bot = server
        .post(&ada, "/api/v1/bots", &json!({"name": "Clock"}))
        .await;
    assert_eq!(bot.status(), StatusCode::CREATED);
    ada
}

#[actix_web::test]
async fn an_export_brings_all_that_has_a_place_to_another_server_and_nothing_twice() {
    let there = TestServer::start().await;
    let ada = furnished(&there).await;
    let archive = archive_of(&there, &ada).await;
    let before = unpacked(&archive);

    let here = TestServer::start().await;
    let other = here.register("Ada").await;
    let report = taken(&here, &other, archive.clone()).await;
    let came =
        |taken: u64, here_already: u64| json!({"taken": taken, "here_already": here_already});
    let left_out = json!([
        {"what": "conversations", "count": 1},
        {"what": "places", "count": 1},
        {"what": "memories_of_others", "count": 1},
        {"what": "people", "count": 1},
        {"what": "bots", "count": 1},
    ]);
    let expected = json!({
        "groups": came(1, 0), "twins": came(2, 0), "documents": came(2, 0), "memories": came(3, 0), "left_out": left_out,
    });
    assert_eq!(report, expected);
    let twins = json_of(&here, &other, "/api/v1/twins").await;
    read_all(&here, &other, &text(&twins["items"][0]["id"])).await;
    let after = exported(&here, &other).await;
    assert_eq!(shape(&after), shape(&before));
    for id in ["id", "owner_id"] {
        let ids = |files: &Files| read(files, "twins.json")["items"][0][id].clone();
        assert_ne!(ids(&after), ids(&before));
    }

    let again = taken(&here, &other, archive.clone()).await;
    let nothing_new = json!({
        "groups": came(0, 1), "twins": came(0, 2), "documents": came(0, 2), "memories": came(0, 3), "left_out": left_out,
    });
    assert_eq!(again, nothing_new);
    assert_eq!(shape(&exported(&here, &other).await), shape(&before));
    assert_eq!(here.kept_files(), 2);
    // Where it comes from all is there under its own id, and those who are named have accounts.
    let at_home = taken(&there, &ada, archive).await;
    assert_eq!(at_home["twins"], came(0, 2));
    assert_eq!(at_home["documents"], came(0, 2));
    assert_eq!(at_home["memories"], came(0, 3));
    assert_eq!(
        unpacked(&archive_of(&there, &ada).await)["twins.json"],
        before["twins.json"]
    );

    let rows = here
        .running
        .edge()
        .storage
        .audit_after(0, 10)
        .await
        .unwrap();
    let actions: Vec<&str> = rows.iter().map(|row| row.event.action.as_str()).collect();
    let expected = [
        "registered",
        "account_imported",
        "account_exported",
        "account_imported",
        "account_exported",
    ];
    assert_eq!(actions, expected);
}

#[actix_web::test]
async fn what_was_deleted_comes_back_and_what_failed_is_begun_anew() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let archive = packed(&small());
    taken(&server, &ada, archive.clone()).await;
    let twins = json_of(&server, &ada, "/api/v1/twins").await;
    let twin = text(&twins["items"][0]["id"]);
    assert_ne!(twin, TWIN);
    read_all(&server, &ada, &twin).await;
    let documents = format!("/api/v1/twins/{twin}/documents");
    let document = json_of(&server, &ada, &documents).await["items"][0].clone();
    let deleted = server
        .delete(&ada, &format!("{documents}/{}", text(&document["id"])))
        .await;
    assert_eq!(deleted.status(), 200);
    let report = taken(&server, &ada, archive.clone()).await;
    assert_eq!(report["documents"], json!({"taken": 1, "here_already": 0}));
    assert_eq!(report["twins"], json!({"taken": 0, "here_already": 1}));
    read_all(&server, &ada, &twin).await;
    assert_eq!(server.kept_files(), 1);

    let mut damaged = small();
    damaged.insert(
        format!("twins/{TWIN}/{NOTES}/notes.md"),
        b"%PDF-1.7\n".to_vec(),
    );
    let archive = packed(&damaged);
    for _ in 0..2 {
        let report = taken(&server, &ada, archive.clone()).await;
        assert_eq!(report["documents"], json!({"taken": 1, "here_already": 0}));
        let all = json_of(&server, &ada, &documents).await;
        let failing = text(&all["items"][1]["id"]);
        let read = json_of(&server, &ada, &format!("{documents}/{failing}?wait=30")).await;
        assert_eq!(read["state"], "failed");
        assert_eq!(all["items"].as_array().unwrap().len(), 2);
    }
    assert_eq!(server.kept_files(), 2);
}

#[actix_web::test]
async fn nobody_reaches_what_is_another_persons_with_its_ids() {
    let server = TestServer::start().await;
    let (ada, eve) = (server.register("Ada").await, server.register("Eve").await);
    let twin = server.twin(&ada, "private").await;
    let group = json!({"name": "Family", "people": [eve.id]});
    let group: Value = server
        .post(&ada, "/api/v1/groups", &group)
        .await
        .json()
        .await
        .unwrap();
    let mut forged = Files::new();
    for (path, content) in small() {
        let content = String::from_utf8(content).unwrap().replace(TWIN, &twin);
        let content = content.replace(
            r#"{"kind":"owner"}"#,
            &json!({"kind": "people", "people": [ada.id], "groups": [group["id"]]}).to_string(),
        );
        forged.insert(path.replace(TWIN, &twin), content.into_bytes());
    }
    // About somebody else here it says nothing, whatever it claims.
    let lamps = forged
        .get_mut(&format!("twins/{twin}/memories.ndjson"))
        .unwrap();
    let of_ada = String::from_utf8(lamps.clone())
        .unwrap()
        .replace(PERSON, &ada.id)
        .replace(NOTES, TWIN);
    lamps.extend(of_ada.bytes());
    let report = taken(&server, &eve, packed(&forged)).await;
    let left_out = json!([
        {"what": "places", "count": 1}, {"what": "memories_of_others", "count": 1}, {"what": "groups", "count": 1},
    ]);
    assert_eq!(report["left_out"], left_out);
    let hers = json_of(&server, &eve, "/api/v1/twins").await["items"][0].clone();
    assert_ne!(hers["id"], twin.as_str());
    assert_eq!(hers["owner_id"], eve.id.as_str());
    let path = format!("/api/v1/twins/{twin}/documents");
    assert_eq!(json_of(&server, &ada, &path).await["items"], json!([]));
    assert_eq!(
        json_of(&server, &ada, "/api/v1/me/memories").await["items"],
        json!([])
    );
    let path = format!("/api/v1/twins/{}/documents", text(&hers["id"]));
    let document = json_of(&server, &eve, &path).await["items"][0].clone();
    let expected = json!({"kind": "people", "people": [ada.id], "groups": []});
    assert_eq!(document["audience"], expected);
}

/// The small export with one of its files written anew.
fn altered(path: &str, from: &str, to: &str) -> Vec<u8> {
    let mut files = small();
    let content = files.get_mut(path).unwrap();
    let altered = String::from_utf8(content.clone())
        .unwrap()
        .replace(from, to);
    assert_ne!(altered.as_bytes(), &content[..], "{path} has no {from:?}");
    *content = altered.into_bytes();
    packed(&files)
}

#[actix_web::test]
async fn an_archive_that_is_not_what_it_says_is_refused_by_name_and_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let documents = format!("twins/{TWIN}/documents.json");
    let memories = format!("twins/{TWIN}/memories.ndjson");
    let notes = format!("twins/{TWIN}/{NOTES}/notes.md");
    let with = |path: &str, content: &[u8]| {
        let mut files = small();
        files.insert(path.to_owned(), content.to_vec());
        packed(&files)
    };
    let without = |path: &str| {
        let mut files = small();
        files.remove(path);
        packed(&files)
    };
    let manifest =
        |format: &str| packed_with(&Files::new(), &json!({"format": format, "files": []}));
    let mut cut = packed(&small());
    cut.truncate(cut.len() / 2);
    let mut flipped = packed(&small());
    let at = flipped
        .windows(8)
        .position(|bytes| bytes == b"notes.md")
        .unwrap()
        + 12;
    flipped[at] ^= 0xff;
    let deep = format!("{{\"x\": {}", "[".repeat(100_000));
    let (invalid, media) = ((422, "invalid"), (415, "unsupported_media"));
    for (archive, expected, detail) in [
        (Vec::new(), media, "no ZIP archive"),
        (b"words".to_vec(), media, "no ZIP archive"),
        (cut, media, "no ZIP archive"),
        (flipped, invalid, "notes.md"),
        (
            manifest("digital-twin-export/2"),
            invalid,
            "\"digital-twin-export/2\"",
        ),
        (
            manifest("digital-twin-export/1"),
            invalid,
            "account.json: the export lacks it",
        ),
        (with("../../etc/passwd", b"x"), invalid, "leads out of it"),
        (with("/etc/passwd", b"x"), invalid, "leads out of it"),
        (
            without("account.json"),
            invalid,
            "account.json: the export lacks it",
        ),
        (
            with("twins.json", deep.as_bytes()),
            invalid,
            "twins.json: EOF while parsing",
        ),
        (
            with("groups.json", b"{\"items\": [{}]}"),
            invalid,
            "groups.json: missing field `id`",
        ),
        (
            with(&format!("twins/{NOTES}/documents.json"), b"{\"items\": []}"),
            invalid,
            "belongs to nothing",
        ),
        (
            with(&format!("twins/{TWIN}/{TWIN}/x"), b"x"),
            invalid,
            "no document of the export's lists",
        ),
        (with("twins/x/y/z", b"x"), invalid, "is not an id"),
        (
            altered("twins.json", "I am Ada.", &"x".repeat(4_001)),
            invalid,
            "twins.json: persona: must have at most 4000",
        ),
        (
            altered("twins.json", "\"private\"", "\"secret\""),
            invalid,
            "twins.json: unknown variant `secret`",
        ),
        (
            altered("twins.json", "1790000000000", "9790000000000"),
            invalid,
            "9790000000000 is no time in the past",
        ),
        (
            altered("twins.json", "1790000000000", "-1"),
            invalid,
            "-1 is no time in the past",
        ),
        (
            altered(&documents, "\"owner\"", "\"everybody\""),
            invalid,
            "documents.json: unknown variant",
        ),
        (
            altered(&memories, "I like lamps.", " "),
            invalid,
            "memories.ndjson: text: must not be blank",
        ),
        (
            altered(&memories, "}\n", "}\n7\n"),
            invalid,
            "memories.ndjson, line 2: ",
        ),
    ] {
        let response = sent(&server, &ada, archive).await;
        let status = response.status().as_u16();
        let told: Value = response.json().await.unwrap();
        let found = (status, told["code"].as_str().unwrap());
        assert_eq!(found, expected, "{detail}: {told}");
        let said = text(&told["detail"]);
        assert!(said.contains(detail), "{detail}: {said}");
        assert!(said.len() < 500, "{said}");
    }
    // One that is not named twice in its list, and one that a list names and the archive lacks.
    let report = taken(&server, &ada, without(&notes)).await;
    assert_eq!(report["documents"], json!({"taken": 0, "here_already": 0}));
    assert_eq!(
        report["left_out"][1],
        json!({"what": "documents_without_file", "count": 1})
    );
    let twins = json_of(&server, &ada, "/api/v1/twins").await;
    assert_eq!(twins["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.kept_files(), 0);
}

#[actix_web::test]
async fn limits_here_are_kept_and_told() {
    let settings = [
        ("TWIN_TWINS_MAX", "1"),
        ("MAX_UPLOAD_SIZE", "100"),
        ("TWIN_IMPORT_MIB", "1"),
    ];
    let server = TestServer::with(&settings).await;
    let ada = server.register("Ada").await;
    let too_large = sent(&server, &ada, vec![0; 1_048_577]).await;
    assert_eq!(problem(too_large).await, (413, "too_large".to_owned()));
    let mut files = small();
    files.insert(format!("twins/{TWIN}/{NOTES}/notes.md"), vec![b'x'; 101]);
    let report = taken(&server, &ada, packed(&files)).await;
    let left_out =
        json!([{"what": "places", "count": 1}, {"what": "documents_too_large", "count": 1}]);
    assert_eq!(report["left_out"], left_out);
    let another = |content: &str| content.replace(TWIN, PERSON);
    let files: Files = small()
        .into_iter()
        .map(|(path, content)| {
            (
                another(&path),
                another(&String::from_utf8(content).unwrap()).into_bytes(),
            )
        })
        .collect();
    let report = taken(&server, &ada, packed(&files)).await;
    assert_eq!(report["twins"], json!({"taken": 0, "here_already": 0}));
    let left_out =
        json!([{"what": "places", "count": 1}, {"what": "twins_over_limit", "count": 1}]);
    assert_eq!(report["left_out"], left_out);
    assert_eq!(server.kept_files(), 0);
    let mut picture = small();
    picture.insert(
        format!("twins/{TWIN}/{NOTES}/notes.md"),
        b"\x89PNG\r\n\x1a\n\0\0".to_vec(),
    );
    let report = taken(&server, &ada, packed(&picture)).await;
    let left_out =
        json!([{"what": "places", "count": 1}, {"what": "documents_not_accepted", "count": 1}]);
    assert_eq!(report["left_out"], left_out);
}

#[actix_web::test]
async fn two_imports_at_once_bring_everything_once() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let archive = packed(&small());
    let (one, other) = tokio::join!(
        taken(&server, &ada, archive.clone()),
        taken(&server, &ada, archive)
    );
    for kind in ["twins", "documents", "memories"] {
        let count = |report: &Value, what: &str| report[kind][what].as_u64().unwrap();
        for what in ["taken", "here_already"] {
            assert_eq!(count(&one, what) + count(&other, what), 1, "{kind} {what}");
        }
    }
    assert_eq!(server.kept_files(), 1);
}

#[actix_web::test]
async fn an_archive_that_does_not_arrive_whole_leaves_nothing_behind() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let before = files_below(server.folder.path());
    let request = format!(
        "POST /api/v1/me/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 1000000\r\n\
         Content-Type: multipart/form-data; boundary=B\r\n\r\n--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nPK",
        ada.token
    );
    // More than there are places for imports.
    for _ in 0..5 {
        let address = server.running.address();
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        let _ = socket.read_to_end(&mut Vec::new()).await;
    }
    assert_eq!(files_below(server.folder.path()), before);
    let report = taken(&server, &ada, packed(&small())).await;
    assert_eq!(report["twins"]["taken"], 1);
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
