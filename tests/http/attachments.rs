//! Attachments over HTTP: what is taken in and what is not, how it is read, by whom, and that nothing is left behind.

use protocol::{AttachmentId, Author, ConversationId, MessageId, UserId};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use storage::NewMessage;

use crate::bots::bot_of;
use crate::conversations::begin;
use crate::server::{Person, TestServer, problem, text};

const ATTACHMENTS: &str = "/api/v1/attachments";

/// The beginning of a PNG of 640 × 480 pixels.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0\0\0\0\0";

async fn attach(server: &TestServer, person: &Person, name: &str, content: &[u8]) -> Response {
    let part = reqwest::multipart::Part::bytes(content.to_vec()).file_name(name.to_owned());
    let form = reqwest::multipart::Form::new().part("file", part);
    let request = server.request(Method::POST, ATTACHMENTS);
    let request = request.bearer_auth(&person.token).multipart(form);
    request.send().await.unwrap()
}

pub(crate) async fn attached(
    server: &TestServer,
    person: &Person,
    name: &str,
    content: &[u8],
) -> Value {
    let response = attach(server, person, name, content).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json().await.unwrap()
}

fn path(attachment: &Value) -> String {
    format!("{ATTACHMENTS}/{}", text(&attachment["id"]))
}

/// Sends an upload into a conversation; gives the message's id.
pub(crate) async fn send(
    server: &TestServer,
    person: &Person,
    room: &str,
    attachment: &Value,
) -> MessageId {
    let id: UserId = person.id.parse().unwrap();
    let conversation_id: ConversationId = room.parse().unwrap();
    let attachment: AttachmentId = text(&attachment["id"]).parse().unwrap();
    let message_id = MessageId::new();
    let message = NewMessage {
        conversation_id,
        message_id,
        author: Author::User {
            id,
            name: "somebody".to_owned(),
        },
        client_id: None,
        text: String::new(),
        reply_to: None,
        thread: None,
        attachments: vec![attachment],
        created_at: 1,
        members_seq: None,
        rules: storage::MessageRules::default(),
        replies: Vec::new(),
        by_owner: false,
        chain: None,
    };
    let storage = &server.running.edge().storage;
    storage.append_message(message).await.unwrap();
    message_id
}

/// The files that are left when what is let go has been deleted.
async fn files_left(server: &TestServer) -> usize {
    server.running.edge().attachments.sweep().await.unwrap();
    server.kept_files()
}

#[actix_web::test]
async fn a_file_is_what_its_bytes_say_whatever_its_name_says() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    for (given, content, name, media_type) in [
        ("notes.png", &b"just words"[..], "notes.png", "text/plain"),
        (
            "../../page.html",
            b"<!DOCTYPE html><script>1</script>",
            "page.html",
            "text/plain",
        ),
        ("photo.txt", PNG, "photo.txt", "image/png"),
        ("..", b"%PDF-1.7\n", "file", "application/pdf"),
        (
            "履歴\u{202e}書.md",
            "# 数字".as_bytes(),
            "履歴書.md",
            "text/plain",
        ),
    ] {
        let attachment = attached(&server, &ada, given, content).await;
        let mut expected = json!({
            "id": attachment["id"], "name": name, "media_type": media_type, "size_bytes": content.len(),
        });
        if media_type == "image/png" {
            expected["width"] = json!(640);
            expected["height"] = json!(480);
        }
        assert_eq!(attachment, expected, "{given}");
    }
    assert_eq!(files_left(&server).await, 5);
}

#[actix_web::test]
async fn what_is_not_accepted_is_refused_by_name_and_leaves_nothing_behind() {
    let server = TestServer::with(&[("MAX_UPLOAD_SIZE", "300000")]).await;
    let ada = server.register("Ada").await;
    let program = [b"\x7fELF\x02\x01\x01\0".as_slice(), &[0; 60]].concat();
    // The last character of what is read first is cut in two, and something that is no text comes much later.
    let late = ["é".repeat(100_000).as_bytes(), b"\0"].concat();
    let whole = "é".repeat(100_000);
    for (content, expected, detail) in [
        (&b""[..], (422, "invalid"), "empty"),
        (
            &program,
            (415, "unsupported_media"),
            "application/x-executable",
        ),
        (b"\x1f\x8b\x08\0\0", (415, "unsupported_media"), "gzip"),
        (b"MZ\x90\0\x03", (415, "unsupported_media"), "executable"),
        (b"caf\xe9 au lait", (415, "unsupported_media"), "offset 3"),
        (&late, (415, "unsupported_media"), "offset 200000"),
        (&[b'x'; 300_001], (413, "too_large"), "300000 bytes"),
    ] {
        let response = attach(&server, &ada, "photo.png", content).await;
        let status = response.status().as_u16();
        let document: Value = response.json().await.unwrap();
        let found = (status, document["code"].as_str().unwrap());
        assert_eq!(found, expected, "{document}");
        assert!(text(&document["detail"]).contains(detail), "{document}");
        // What was begun is deleted on a thread of its own.
        until(|| server.kept_files() == 0).await;
    }
    attached(&server, &ada, "long.txt", whole.as_bytes()).await;
    assert_eq!(files_left(&server).await, 1);
}

#[actix_web::test]
async fn a_file_is_read_whole_and_in_parts_and_is_never_a_page() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let attachment = attached(&server, &ada, "a \"b\" 数.txt", b"0123456789").await;
    let get = |name: &'static str, value: String| {
        let request = server.request(Method::GET, &path(&attachment));
        let request = request.bearer_auth(&ada.token).header(name, value);
        async move { request.send().await.unwrap() }
    };
    let whole = server.get(&ada, &path(&attachment)).await;
    assert_eq!(whole.status(), 200);
    let header = |name: &str| whole.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        header("content-disposition"),
        "attachment; filename*=UTF-8''a%20%22b%22%20%E6%95%B0.txt"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(
        header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    assert_eq!(header("cache-control"), "private, no-cache");
    assert_eq!(header("accept-ranges"), "bytes");
    let etag = header("etag");
    assert_eq!(whole.text().await.unwrap(), "0123456789");

    let part = get("range", "bytes=2-4".to_owned()).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 2-4/10");
    assert_eq!(part.headers()["x-content-type-options"], "nosniff");
    assert_eq!(part.text().await.unwrap(), "234");
    let end = get("range", "bytes=-3".to_owned()).await;
    assert_eq!(end.text().await.unwrap(), "789");
    let beyond = get("range", "bytes=10-".to_owned()).await;
    assert_eq!(beyond.headers()["content-range"], "bytes */10");
    assert_eq!(problem(beyond).await, (416, "invalid".to_owned()));
    let known = get("if-none-match", etag).await;
    assert_eq!(known.status(), 304);
}

#[actix_web::test]
async fn a_file_is_read_by_its_owner_and_then_by_those_who_read_its_message_and_by_nobody_else() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let cem = server.register("Cem").await;
    let (_, bot) = bot_of(&server, &ada).await;
    let body = json!({"title": "Files", "members": [bo.id], "bots": [bot.id]});
    let room = text(&begin(&server, &ada, &body).await["id"]);
    let attachment = attached(&server, &ada, "a.txt", b"words").await;
    let path = path(&attachment);
    let statuses = async || {
        let mut statuses = Vec::new();
        for person in [&ada, &bo, &bot, &cem] {
            statuses.push(server.get(person, &path).await.status().as_u16());
        }
        statuses
    };
    assert_eq!(statuses().await, [200, 404, 404, 404]);
    for person in [&bo, &bot, &cem] {
        let refused = server.delete(person, &path).await;
        assert_eq!(problem(refused).await, (404, "not_found".to_owned()));
    }
    send(&server, &ada, &room, &attachment).await;
    assert_eq!(statuses().await, [200, 200, 200, 404]);
    let sent = server.delete(&ada, &path).await;
    assert_eq!(problem(sent).await, (404, "not_found".to_owned()));
    let out = format!("/api/v1/conversations/{room}/members/{}", bo.id);
    assert_eq!(server.delete(&ada, &out).await.status(), 204);
    assert_eq!(statuses().await, [200, 404, 200, 404]);
    let out = format!("/api/v1/conversations/{room}/members/{}", ada.id);
    assert_eq!(server.delete(&ada, &out).await.status(), 204);
    assert_eq!(statuses().await, [404, 404, 200, 404]);
}

#[actix_web::test]
async fn what_waits_to_be_sent_is_bounded_and_can_be_deleted() {
    let settings = [
        ("TWIN_UNSENT_UPLOADS_MAX", "3"),
        ("TWIN_UNSENT_UPLOADS_MIB", "1"),
    ];
    let server = TestServer::with(&settings).await;
    let ada = server.register("Ada").await;
    let (_, bot) = bot_of(&server, &ada).await;
    let half = vec![b'x'; 512 * 1024];
    let first = attached(&server, &ada, "1.txt", &half).await;
    attached(&server, &ada, "2.txt", &half[1..]).await;
    let too_many_bytes = attach(&server, &ada, "3.txt", b"xx").await;
    assert_eq!(
        problem(too_many_bytes).await,
        (409, "limit_reached".to_owned())
    );
    attached(&server, &ada, "3.txt", b"x").await;
    let too_many = attach(&server, &ada, "4.txt", b"x").await;
    assert_eq!(problem(too_many).await, (409, "limit_reached".to_owned()));
    // A bot has a share of its own.
    attached(&server, &bot, "bot.txt", b"x").await;
    assert_eq!(server.delete(&ada, &path(&first)).await.status(), 204);
    assert_eq!(server.get(&ada, &path(&first)).await.status(), 404);
    attached(&server, &ada, "4.txt", b"x").await;
    assert_eq!(files_left(&server).await, 4);
}

#[actix_web::test]
async fn files_go_with_their_account() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let (_, bot) = bot_of(&server, &ada).await;
    let body = json!({"title": "Files", "members": [bo.id], "bots": [bot.id]});
    let room = text(&begin(&server, &ada, &body).await["id"]);
    for (person, name) in [(&ada, "ada"), (&bo, "bo"), (&bot, "bot")] {
        let attachment = attached(&server, person, name, name.as_bytes()).await;
        send(&server, person, &room, &attachment).await;
        attached(&server, person, "unsent", name.as_bytes()).await;
    }
    assert_eq!(files_left(&server).await, 6);
    assert_eq!(server.delete(&ada, "/api/v1/me").await.status(), 200);
    assert_eq!(files_left(&server).await, 2);
    let messages = format!("/api/v1/conversations/{room}/messages");
    let page: Value = server.get(&bo, &messages).await.json().await.unwrap();
    let names: Vec<&Value> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["attachments"][0]["name"])
        .collect();
    assert_eq!(names, [&Value::Null, &json!("bo"), &Value::Null]);
}

#[actix_web::test]
async fn a_client_that_hangs_up_leaves_nothing_behind() {
    use tokio::io::AsyncWriteExt;

    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let address = server.running.address();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {ATTACHMENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=B\r\nContent-Length: 1000000\r\n\r\n\
         --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n",
        ada.token
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&[b'x'; 500_000]).await.unwrap();
    // The file is begun when enough of it has come.
    until(|| server.kept_files() == 1).await;
    drop(socket);
    until(|| server.kept_files() == 0).await;
    attached(&server, &ada, "b.txt", b"words").await;
    assert_eq!(files_left(&server).await, 1);
}

/// Waits until something is so.
async fn until(mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let patience = std::time::Duration::from_secs(20);
    tokio::time::timeout(patience, wait).await.unwrap();
}
