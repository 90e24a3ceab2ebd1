//! What Redis may do to the bus: die, restart, freeze, cut connections, be absent.

use std::time::Duration;

use bus::{Bus, BusError, BusEvent, RedisConfig};
use bytes::Bytes;
use protocol::{ConversationId, NodeId};

use crate::Node;
use crate::event;
use crate::network_path::NetworkPath;
use crate::private_redis::PrivateRedis;

fn join(config: &RedisConfig) -> Node {
    let (bus, events) = Bus::redis(config, NodeId::new(), "twin").unwrap();
    Node { bus, events }
}

/// Two nodes of which the second follows the conversation and has heard the first.
async fn two_nodes(config: &RedisConfig, conversation_id: ConversationId) -> [Node; 2] {
    let [one, mut two] = [join(config), join(config)];
    two.bus.subscribe(conversation_id).await.unwrap();
    one.bus
        .publish(conversation_id, Bytes::from_static(b"before"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(conversation_id, "before")));
    [one, two]
}

/// Publishes again and again, as a busy node does, until the other node hears an event, and returns what that node
/// heard before it.
async fn publish_until_heard(
    publisher: &Node,
    listener: &mut Node,
    conversation_id: ConversationId,
) -> Vec<BusEvent> {
    let busy = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        loop {
            ticks.tick().await;
            publisher
                .bus
                .publish(conversation_id, Bytes::from_static(b"after"))
                .unwrap();
        }
    };
    let after = event(conversation_id, "after");
    let heard = async {
        let mut heard = Vec::new();
        loop {
            let next = listener.hears().await.unwrap();
            if next == after {
                return heard;
            }
            heard.push(next);
        }
    };
    tokio::select! {
        () = busy => unreachable!("it never ends"),
        heard = heard => heard,
    }
}

#[tokio::test]
async fn after_redis_was_killed_and_restarted_the_subscriptions_are_back_and_events_flow() {
    let mut redis = PrivateRedis::start();
    let conversation_id = ConversationId::new();
    let [one, mut two] = two_nodes(&redis.config(), conversation_id).await;

    redis.kill();
    // Publishing goes on without an error: the log has it all.
    one.bus
        .publish(conversation_id, Bytes::from_static(b"lost"))
        .unwrap();
    let down = two.bus.ping().await;
    assert!(
        matches!(down, Err(BusError::Unavailable { .. })),
        "{down:?}"
    );
    let refused = two.bus.subscribe(ConversationId::new()).await;
    assert!(
        matches!(refused, Err(BusError::Unavailable { .. })),
        "{refused:?}"
    );

    redis.restart();
    // The other node may be back first and say that something was missed.
    loop {
        match two.hears().await {
            Some(BusEvent::Reconnected) => break,
            heard => assert_eq!(heard, Some(BusEvent::Lagged)),
        }
    }
    publish_until_heard(&one, &mut two, conversation_id).await;
    assert_eq!(two.bus.ping().await, Ok(()));
}

#[tokio::test]
async fn a_subscriber_whose_connection_is_cut_hears_on_after_reconnected() {
    let redis = PrivateRedis::start();
    let conversation_id = ConversationId::new();
    let [one, mut two] = two_nodes(&redis.config(), conversation_id).await;

    redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
    assert_eq!(two.hears().await, Some(BusEvent::Reconnected));
    one.bus
        .publish(conversation_id, Bytes::from_static(b"after"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(conversation_id, "after")));
}

#[tokio::test]
async fn a_publisher_whose_connection_is_cut_tells_the_others_what_they_missed() {
    let redis = PrivateRedis::start();
    let conversation_id = ConversationId::new();
    let [one, mut two] = two_nodes(&redis.config(), conversation_id).await;

    redis.command(&["CLIENT", "KILL", "TYPE", "normal"]).await;
    one.bus
        .publish(conversation_id, Bytes::from_static(b"lost"))
        .unwrap();
    assert_eq!(two.hears().await, Some(BusEvent::Lagged));
    one.bus
        .publish(conversation_id, Bytes::from_static(b"after"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(conversation_id, "after")));
}

#[tokio::test]
async fn what_was_wished_while_redis_was_frozen_is_done_when_it_thaws() {
    let redis = PrivateRedis::start();
    let [conversation_id, wished] = [ConversationId::new(), ConversationId::new()];
    let [one, mut two] = two_nodes(&redis.config(), conversation_id).await;

    redis.freeze();
    let (down, refused) = tokio::join!(two.bus.ping(), two.bus.subscribe(wished));
    redis.thaw();
    assert!(
        matches!(down, Err(BusError::Unavailable { .. })),
        "{down:?}"
    );
    assert!(
        matches!(refused, Err(BusError::Unavailable { .. })),
        "{refused:?}"
    );
    assert_eq!(two.hears().await, Some(BusEvent::Reconnected));
    one.bus
        .publish(wished, Bytes::from_static(b"granted"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(wished, "granted")));
}

#[tokio::test]
async fn a_subscriber_whose_connection_went_silent_gives_it_up_and_connects_again() {
    let redis = PrivateRedis::start();
    let mut path = NetworkPath::open(redis.config().port).await;
    let config = RedisConfig {
        port: path.port,
        ..redis.config()
    };
    let conversation_id = ConversationId::new();
    let mut two = join(&config);
    two.bus.subscribe(conversation_id).await.unwrap();

    path.swallow();
    path.connection_given_up().await;
    path.carry();
    assert_eq!(two.hears().await, Some(BusEvent::Reconnected));
    let one = join(&redis.config());
    one.bus
        .publish(conversation_id, Bytes::from_static(b"after"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(conversation_id, "after")));
}

#[tokio::test]
async fn a_node_may_start_before_redis_does() {
    let mut redis = PrivateRedis::start();
    redis.kill();
    let conversation_id = ConversationId::new();
    let [one, mut two] = [join(&redis.config()), join(&redis.config())];
    let refused = two.bus.subscribe(conversation_id).await;
    let Err(BusError::Unavailable { address, reason }) = refused else {
        panic!("{refused:?}");
    };
    assert!(address.ends_with(&redis.config().port.to_string()));
    assert!(reason.contains("refused"), "{reason}");

    redis.restart();
    assert_eq!(two.hears().await, Some(BusEvent::Reconnected));
    publish_until_heard(&one, &mut two, conversation_id).await;
}

#[tokio::test]
async fn a_password_is_used_and_a_wrong_one_is_named() {
    let redis = PrivateRedis::start_with_password("open sesame");
    let right = join(&redis.config());
    assert_eq!(right.bus.ping().await, Ok(()));
    assert_eq!(right.bus.subscribe(ConversationId::new()).await, Ok(()));

    let mut config = redis.config();
    config.password = Some("open barley".to_owned());
    let refused = join(&config).bus.ping().await;
    let Err(BusError::Unavailable { reason, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.to_lowercase().contains("password"), "{reason}");
}

#[tokio::test]
async fn a_server_that_cannot_be_found_is_named() {
    let config = RedisConfig {
        host: "no-such-host.invalid".to_owned(),
        port: 6379,
        db: 0,
        password: None,
    };
    let refused = join(&config).bus.ping().await.unwrap_err();
    let text = refused.to_string();
    assert!(
        text.starts_with("redis at no-such-host.invalid:6379 is unavailable: "),
        "{text}"
    );
}
