//! One learns at once that one was brought into a conversation, has another role there, or was put out, on every device.

use protocol::Role;
use reqwest::Method;

use super::bots::bot_of;
use super::nodes::two_nodes;
use super::*;

/// The next word on one's place in a conversation.
async fn place(client: &mut Client) -> (ConversationId, Option<Role>) {
    next_that(client, |frame| match frame {
        ServerFrame::Membership {
            conversation_id,
            role,
        } => Some((*conversation_id, *role)),
        _ => None,
    })
    .await
}

/// Begins a conversation.
async fn begin(server: &TestServer, person: &Person, body: Value) -> ConversationId {
    let begun = server.post(person, "/api/v1/conversations", &body).await;
    assert_eq!(begun.status(), 201);
    let begun: Value = begun.json().await.unwrap();
    text(&begun["id"]).parse().unwrap()
}

#[actix_web::test]
async fn whoever_is_brought_in_or_put_out_learns_it_on_every_device_and_node() {
    let [left, right] = two_nodes().await;
    let kim = left.register("Kim").await;
    let mo = right.register("Mo").await;
    let bo = left.register("Bo").await;
    let bot = bot_of(&left, &kim).await;
    let mut kims = connect(&right, &kim, Codec::Json).await;
    let mut phone = connect(&left, &mo, Codec::Json).await;
    let mut laptop = connect(&right, &mo, Codec::MessagePack).await;
    let mut program = connect(&right, &bot, Codec::MessagePack).await;
    let mut bystander = connect(&right, &bo, Codec::Json).await;

    let room = begin(&left, &kim, json!({"title": "New", "members": [mo.id]})).await;
    assert_eq!(place(&mut kims).await, (room, Some(Role::Owner)));
    for device in [&mut phone, &mut laptop] {
        assert_eq!(place(device).await, (room, Some(Role::Member)));
    }

    let members = format!("/api/v1/conversations/{room}/members");
    let added = left.post(&kim, &members, &json!({"bot_id": bot.id})).await;
    assert_eq!(added.status(), 200);
    assert_eq!(place(&mut program).await, (room, Some(Role::Member)));

    let role = format!("{members}/{}/role", mo.id);
    let put = left.request(Method::PUT, &role).bearer_auth(&kim.token);
    let put = put
        .json(&json!({"role": "moderator"}))
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), 200);
    for device in [&mut phone, &mut laptop] {
        assert_eq!(place(device).await, (room, Some(Role::Moderator)));
    }

    let out = left.delete(&kim, &format!("{members}/{}", mo.id)).await;
    assert_eq!(out.status(), 204);
    for device in [&mut phone, &mut laptop] {
        assert_eq!(place(device).await, (room, None));
    }

    // Nobody else was told of any of it: the first that is heard of is one's own.
    let own = begin(&left, &kim, json!({"members": [bo.id]})).await;
    assert_eq!(place(&mut bystander).await.0, own);
    left.running.stop().await;
    right.running.stop().await;
}
