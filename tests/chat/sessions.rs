//! A log-in that is ended elsewhere: its connections are closed at once, on whichever node.

use super::bots::put_out;
use super::nodes::two_nodes;
use super::*;

#[actix_web::test]
async fn connections_of_a_log_in_end_on_every_node_when_it_is_ended_elsewhere() {
    let [left, right] = two_nodes().await;
    let kim = left.register("Kim").await;
    let mo = left.register("Mo").await;
    let room = left
        .post(&kim, "/api/v1/conversations", &json!({"members": [mo.id]}))
        .await;
    let room: Value = room.json().await.unwrap();
    let room: ConversationId = text(&room["id"]).parse().unwrap();
    let body = json!({"email": kim.email, "password": "correct horse"});
    let elsewhere = right.post_as_nobody("/api/v1/auth/login", &body).await;
    let elsewhere = server::person(&elsewhere.json().await.unwrap());

    let mut stays = follow(&left, &kim, Codec::Json, room).await;
    let on_left = follow(&left, &elsewhere, Codec::Json, room).await;
    let on_right = follow(&right, &elsewhere, Codec::MessagePack, room).await;
    let ended = left.delete(&kim, "/api/v1/me/sessions").await;
    assert_eq!(ended.status(), 204);
    put_out(on_left).await;
    put_out(on_right).await;
    stays.send(room, "still here", None);
    let said = next_that(&mut stays, |frame| match frame {
        ServerFrame::Message(message) => Some(message.text.clone()),
        _ => None,
    });
    assert_eq!(said.await, "still here");
    left.running.stop().await;
    right.running.stop().await;
}
