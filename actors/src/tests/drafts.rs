use super::*;

/// A draft of this text.
fn draft(conversation_id: ConversationId, text: &str) -> ServerFrame {
    ServerFrame::Draft {
        conversation_id,
        text: Some(text.to_owned()),
        reply_to: None,
        revision: Some(1),
        changed_at: 1,
    }
}

#[actix::test]
async fn a_draft_is_told_on_all_devices_of_its_writer_on_every_node_and_to_nobody_else() {
    let house = House::new().await;
    let sibling = house.sibling().await;
    let conversation = house.conversation().await;
    let mut devices = [house.connect(), house.connect(), sibling.connect()];
    devices[0].identify(house.user).await;
    devices[1].identify(house.user).await;
    devices[2].identify(sibling.user).await;
    let mut other = house.connect();
    other.identify(house.friend).await;
    let stranger = house.connect();
    for (number, from) in [&house, &sibling].into_iter().enumerate() {
        let told = draft(conversation, &format!("Where {number}"));
        from.node.tell_person(house.user, told.clone());
        for device in &devices {
            assert_eq!(device.next().await, told);
        }
        // Had they been told too, it would have come before this.
        for nobody in [&other, &stranger] {
            nobody.say(ClientFrame::Ping);
            assert_eq!(nobody.next().await, ServerFrame::Pong { request_ref: None });
        }
    }
}
