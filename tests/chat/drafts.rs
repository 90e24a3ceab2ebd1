//! Drafts told live over real WebSockets, in both encodings.

use reqwest::Method;

use super::*;

#[actix_web::test]
async fn what_one_device_saves_the_others_of_the_same_person_see_at_once() {
    let server = TestServer::start().await;
    let kim = server.register("Kim").await;
    let bo = server.register("Bo").await;
    let body = json!({"members": [bo.id], "title": "Drafts"});
    let begun = server.post(&kim, "/api/v1/conversations", &body).await;
    let begun: Value = begun.json().await.unwrap();
    let room: ConversationId = text(&begun["id"]).parse().unwrap();
    let mut phone = follow(&server, &kim, Codec::Json, room).await;
    let mut laptop = follow(&server, &kim, Codec::MessagePack, room).await;
    let mut other = follow(&server, &bo, Codec::Json, room).await;
    let path = format!("/api/v1/conversations/{room}/draft");
    let put = server.request(Method::PUT, &path).bearer_auth(&kim.token);
    let kept = put.json(&json!({"text": "Where is"})).send().await.unwrap();
    let kept: Value = kept.json().await.unwrap();
    let draft = |frame: &ServerFrame| match frame {
        ServerFrame::Draft { .. } => Some(frame.clone()),
        _ => None,
    };
    let expected = ServerFrame::Draft {
        conversation_id: room,
        text: Some("Where is".to_owned()),
        reply_to: None,
        revision: kept["revision"].as_u64(),
        changed_at: kept["changed_at"].as_i64().unwrap(),
    };
    for device in [&mut phone, &mut laptop] {
        assert_eq!(next_that(device, draft).await, expected);
    }
    assert_eq!(server.delete(&kim, &path).await.status(), 204);
    for device in [&mut phone, &mut laptop] {
        let gone = next_that(device, draft).await;
        let is_gone = matches!(
            gone,
            ServerFrame::Draft { conversation_id, text: None, revision: None, .. } if conversation_id == room
        );
        assert!(is_gone, "{gone:?}");
    }
    // Nobody else was told: what is sent now comes first.
    let send = ClientFrame::Send {
        conversation_id: room,
        client_id: "1".to_owned().try_into().unwrap(),
        text: "Where is it?".to_owned(),
        reply_to: None,
        thread: None,
        attachments: Vec::new(),
    };
    phone.request(send).await;
    loop {
        match other.next_frame().await.unwrap() {
            ServerFrame::Draft { .. } => panic!("a draft was told to somebody else"),
            ServerFrame::Message(message) => {
                assert_eq!(message.text, "Where is it?");
                break;
            }
            _ => {}
        }
    }
    server.running.stop().await;
}
