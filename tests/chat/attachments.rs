//! Attachments over real WebSockets, in both encodings: sent by people and bots, told to everybody, and gone when they are deleted.

use protocol::{Attachment, AttachmentId, ErrorCode, MessageId};

use super::*;
use crate::bots::bot_of;

/// The beginning of a PNG of 640 × 480 pixels.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0\0\0\0\0";

async fn upload(server: &TestServer, person: &Person, name: &str, content: &[u8]) -> Attachment {
    let part = reqwest::multipart::Part::bytes(content.to_vec()).file_name(name.to_owned());
    let form = reqwest::multipart::Form::new().part("file", part);
    let request = server.request(reqwest::Method::POST, "/api/v1/attachments");
    let request = request.bearer_auth(&person.token).multipart(form);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    response.json().await.unwrap()
}

/// Sends files; gives the message's id, or why there is none.
async fn send(
    client: &mut Client,
    room: ConversationId,
    client_id: &str,
    attachments: &[AttachmentId],
) -> Result<MessageId, ErrorCode> {
    let frame = ClientFrame::Send {
        conversation_id: room,
        client_id: client_id.to_owned().try_into().unwrap(),
        text: String::new(),
        reply_to: None,
        thread: None,
        attachments: attachments.to_vec(),
    };
    let request_ref = client.request(frame).await;
    let answered = async {
        loop {
            match client.next_frame().await.unwrap() {
                ServerFrame::Ack {
                    request_ref: answered,
                    message_id,
                    ..
                } if answered == request_ref => return Ok(message_id),
                ServerFrame::Error {
                    request_ref: answered,
                    code,
                    ..
                } if answered == request_ref => return Err(code),
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.unwrap()
}

async fn told(client: &mut Client, id: MessageId) -> Message {
    next_that(client, |frame| match frame {
        ServerFrame::Message(message) if message.message_id == id => Some(message.clone()),
        _ => None,
    })
    .await
}

#[actix_web::test]
async fn files_go_with_a_message_to_everybody_and_with_its_deletion_from_the_disk() {
    let server = TestServer::start().await;
    let kim = server.register("Kim").await;
    let bo = server.register("Bo").await;
    let bot = bot_of(&server, &kim).await;
    let body = json!({"title": "Files", "members": [bo.id], "bots": [bot.id]});
    let begun = server.post(&kim, "/api/v1/conversations", &body).await;
    let begun: Value = begun.json().await.unwrap();
    let room: ConversationId = text(&begun["id"]).parse().unwrap();
    for codec in [Codec::Json, Codec::MessagePack] {
        let mut reader = follow(&server, &bo, codec, room).await;
        for sender in [&kim, &bot] {
            let mut client = follow(&server, sender, codec, room).await;
            let photo = upload(&server, sender, "porch.png", PNG).await;
            let notes = upload(&server, sender, "notes.txt", b"words").await;
            let name = format!("{codec:?}-{}", sender.id);
            let ids = [photo.id, notes.id];
            let message = send(&mut client, room, &name, &ids).await.unwrap();
            let told = told(&mut reader, message).await;
            assert_eq!(told.attachments, [photo.clone(), notes.clone()]);
            assert_eq!((photo.width, photo.height), (Some(640), Some(480)));
            // Sent again it is the same message; something else under its id it is not.
            assert_eq!(send(&mut client, room, &name, &ids).await, Ok(message));
            let other = send(&mut client, room, &name, &ids[..1]).await;
            assert_eq!(other, Err(ErrorCode::Conflict));
            // Whoever comes back finds it, and reads its files.
            let mut again = follow(&server, &bo, codec, room).await;
            let missed = next_in_log(&mut again, &server, &bo, room, message).await;
            assert_eq!(missed, told);
            let path = format!("/api/v1/attachments/{}", photo.id);
            assert_eq!(server.get(&bo, &path).await.bytes().await.unwrap(), PNG);

            let delete = ClientFrame::Delete {
                conversation_id: room,
                client_id: format!("{name}-gone").try_into().unwrap(),
                message_id: message,
            };
            client.request(delete).await;
            next_that(&mut reader, |frame| match frame {
                ServerFrame::Change(change) => {
                    (change.what.message_id() == Some(message)).then_some(())
                }
                _ => None,
            })
            .await;
            assert_eq!(server.get(&bo, &path).await.status(), 404);
            server.running.edge().attachments.sweep().await.unwrap();
            assert_eq!(server.kept_files(), 0);
        }
    }
    server.running.stop().await;
}

/// The message as the log has it.
async fn next_in_log(
    client: &mut Client,
    server: &TestServer,
    person: &Person,
    room: ConversationId,
    id: MessageId,
) -> Message {
    assert!(client.last_seq(room).is_some());
    let log = log(server, person, room).await;
    let found = log
        .into_iter()
        .find(|message| message["message_id"] == id.to_string());
    serde_json::from_value(found.unwrap()).unwrap()
}

#[actix_web::test]
async fn an_upload_of_somebody_else_or_one_that_was_sent_is_not_there() {
    let server = TestServer::start().await;
    let kim = server.register("Kim").await;
    let bo = server.register("Bo").await;
    let body = json!({"title": "Files", "members": [bo.id]});
    let begun = server.post(&kim, "/api/v1/conversations", &body).await;
    let begun: Value = begun.json().await.unwrap();
    let room: ConversationId = text(&begun["id"]).parse().unwrap();
    for codec in [Codec::Json, Codec::MessagePack] {
        let mut client = follow(&server, &kim, codec, room).await;
        let own = upload(&server, &kim, "own.txt", b"own").await;
        let foreign = upload(&server, &bo, "foreign.txt", b"foreign").await;
        let id = |name: &str| format!("{codec:?}-{name}");
        for (name, ids) in [
            ("foreign", vec![foreign.id]),
            ("both", vec![own.id, foreign.id]),
            ("none", vec![AttachmentId::new()]),
        ] {
            let refused = send(&mut client, room, &id(name), &ids).await;
            assert_eq!(refused, Err(ErrorCode::NotFound), "{name}");
        }
        let too_many = vec![own.id; 2];
        let refused = send(&mut client, room, &id("twice"), &too_many).await;
        assert_eq!(refused, Err(ErrorCode::Invalid));
        send(&mut client, room, &id("first"), &[own.id])
            .await
            .unwrap();
        let second = send(&mut client, room, &id("second"), &[own.id]).await;
        assert_eq!(second, Err(ErrorCode::NotFound));
        // Without a file an empty text is none.
        let empty = send(&mut client, room, &id("empty"), &[]).await;
        assert_eq!(empty, Err(ErrorCode::Invalid));
    }
    server.running.stop().await;
}
