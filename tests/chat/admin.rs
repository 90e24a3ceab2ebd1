//! An account that an administrator disables: its connections end at once on every node, its bots' too, and its twins say why they
//! do not answer.

use protocol::{ErrorCode, StopReason};

use super::bots::{bot_of, put_out};
use super::nodes::two_nodes;
use super::*;

#[actix_web::test]
async fn everything_of_a_disabled_account_falls_silent_on_every_node() {
    let [left, right] = two_nodes().await;
    let root = left.register("Root").await;
    let storage = &left.running.edge().storage;
    storage.set_admin(&root.email, true).await.unwrap();
    let kim = left.register("Kim").await;
    let mo = left.register("Mo").await;
    let twin = left.twin(&kim, "link").await;
    let bot = bot_of(&left, &kim).await;
    let body = json!({"members": [mo.id], "twins": [twin], "bots": [bot.id]});
    let room = left.post(&kim, "/api/v1/conversations", &body).await;
    let room: Value = room.json().await.unwrap();
    let room: ConversationId = text(&room["id"]).parse().unwrap();

    let on_left = follow(&left, &kim, Codec::Json, room).await;
    let on_right = follow(&right, &kim, Codec::MessagePack, room).await;
    let of_bot = follow(&right, &bot, Codec::Json, room).await;
    let mut stays = follow(&right, &mo, Codec::Json, room).await;
    // The twin is awake when its owner's account is disabled.
    assert_eq!(
        ask(&mut stays, room, "@Ada\n!say hello").await.text,
        "hello"
    );

    let path = format!("/api/v1/admin/users/{}", kim.id);
    let disabled = left.patch(&root, &path, &json!({"disabled": true})).await;
    assert_eq!(disabled.status(), 200);
    put_out(on_left).await;
    put_out(on_right).await;
    put_out(of_bot).await;
    stays.send(room, "@Ada are you there?", None);
    let failed = next_that(&mut stays, |frame| match frame {
        ServerFrame::MessageDone(message) => Some(message.clone()),
        _ => None,
    });
    let failed = failed.await;
    let failure = failed.failure.unwrap();
    assert_eq!(
        (failed.stop_reason, failure.code, failure.message.as_str()),
        (
            Some(StopReason::Failed),
            ErrorCode::Forbidden,
            "the account of the twin's owner is disabled"
        )
    );
    let enabled = left.patch(&root, &path, &json!({"disabled": false})).await;
    assert_eq!(enabled.status(), 200);
    assert_eq!(ask(&mut stays, room, "@Ada\n!say back").await.text, "back");
    left.running.stop().await;
    right.running.stop().await;
}
