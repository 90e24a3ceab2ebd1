//! The in-process hub at its limits.

use bus::limits::EVENTS_MAX;
use bus::{Bus, BusEvent, Hub};
use bytes::Bytes;
use protocol::{ConversationId, NodeId};

use crate::{Node, event};

fn join(hub: &Hub) -> Node {
    let (bus, events) = Bus::in_process(hub, NodeId::new());
    Node { bus, events }
}

#[tokio::test]
async fn a_node_is_heard_only_while_another_one_follows() {
    let hub = Hub::new();
    let [one, two] = [join(&hub), join(&hub)];
    let conversation_id = ConversationId::new();
    one.bus.subscribe(conversation_id).await.unwrap();
    assert!(!one.bus.is_heard(conversation_id));
    assert!(two.bus.is_heard(conversation_id));
    two.bus.subscribe(conversation_id).await.unwrap();
    assert!(one.bus.is_heard(conversation_id));
    drop(two);
    assert!(!one.bus.is_heard(conversation_id));
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_told_that_it_missed_events_and_reads_on() {
    let hub = Hub::new();
    let [one, mut two] = [join(&hub), join(&hub)];
    let conversation_id = ConversationId::new();
    two.bus.subscribe(conversation_id).await.unwrap();
    for number in 0..EVENTS_MAX + 10 {
        let payload = Bytes::from(number.to_string());
        one.bus.publish(conversation_id, payload).unwrap();
    }
    assert_eq!(two.hears().await, Some(BusEvent::Lagged));
    for number in 0..EVENTS_MAX {
        assert_eq!(
            two.hears().await,
            Some(event(conversation_id, number.to_string()))
        );
    }
    one.bus
        .publish(conversation_id, Bytes::from_static(b"live again"))
        .unwrap();
    assert_eq!(
        two.hears().await,
        Some(event(conversation_id, "live again"))
    );
}

#[tokio::test]
async fn a_node_alone_publishes_to_nobody() {
    let hub = Hub::new();
    let mut only = join(&hub);
    let conversation_id = ConversationId::new();
    only.bus.subscribe(conversation_id).await.unwrap();
    for _ in 0..3 * EVENTS_MAX {
        only.bus
            .publish(conversation_id, Bytes::from_static(b"x"))
            .unwrap();
    }
    let guest = join(&hub);
    guest
        .bus
        .publish(conversation_id, Bytes::from_static(b"first"))
        .unwrap();
    assert_eq!(only.hears().await, Some(event(conversation_id, "first")));
}
