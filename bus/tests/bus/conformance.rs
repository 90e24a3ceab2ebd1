//! What every transport promises: the same tests over the in-process hub and over Redis.

use bus::limits::PAYLOAD_BYTES_MAX;
use bus::{Bus, BusError, BusEvent, Hub, RedisConfig};
use bytes::Bytes;
use protocol::{ConversationId, NodeId};

use crate::{Node, event, fresh_app};

/// A cluster that nodes join.
enum Cluster {
    InProcess(Hub),
    Redis { config: RedisConfig, app: String },
}

impl Cluster {
    fn in_process() -> Self {
        Self::InProcess(Hub::new())
    }

    fn redis() -> Self {
        Self::Redis {
            config: crate::redis_limits::test_redis(),
            app: fresh_app(),
        }
    }

    fn join(&self) -> Node {
        let node = NodeId::new();
        let (bus, events) = match self {
            Self::InProcess(hub) => Bus::in_process(hub, node),
            Self::Redis { config, app } => {
                Bus::redis(config, node, app).expect("the configuration is valid")
            }
        };
        Node { bus, events }
    }
}

macro_rules! conformance {
    ($($test:ident),+ $(,)?) => {
        mod in_process {
            use super::Cluster;
            $(#[tokio::test] async fn $test() { super::$test(Cluster::in_process()).await; })+
        }
        mod redis {
            use super::Cluster;
            $(#[tokio::test] async fn $test() { super::$test(Cluster::redis()).await; })+
        }
    };
}

conformance! {
    two_nodes_hear_each_other_and_not_themselves,
    every_node_that_follows_a_conversation_hears_it,
    a_node_hears_only_what_it_follows,
    a_node_that_stopped_following_hears_nothing_more,
    following_twice_is_following_once,
    events_of_one_publisher_keep_their_order,
    orders_given_at_once_are_all_carried_out,
    a_payload_is_carried_unchanged_up_to_the_limit_and_refused_above_it,
    a_bus_whose_handles_are_all_dropped_ends,
    a_node_that_left_leaves_the_others_alone,
    a_bus_that_can_be_reached_answers_a_ping,
    installations_do_not_hear_each_other,
}

async fn two_nodes_hear_each_other_and_not_themselves(cluster: Cluster) {
    let [mut one, mut two] = [cluster.join(), cluster.join()];
    let conversation_id = ConversationId::new();
    for node in [&one, &two] {
        node.bus.subscribe(conversation_id).await.unwrap();
    }
    one.bus
        .publish(conversation_id, Bytes::from_static(b"from one"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(conversation_id, "from one")));
    two.bus
        .publish(conversation_id, Bytes::from_static(b"from two"))
        .unwrap();
    // Had it heard itself, that would have come first.
    assert_eq!(one.hears().await, Some(event(conversation_id, "from two")));
}

async fn every_node_that_follows_a_conversation_hears_it(cluster: Cluster) {
    let publisher = cluster.join();
    let mut followers = [cluster.join(), cluster.join(), cluster.join()];
    let conversation_id = ConversationId::new();
    for follower in &followers {
        follower.bus.subscribe(conversation_id).await.unwrap();
    }
    publisher
        .bus
        .publish(conversation_id, Bytes::from_static(b"all"))
        .unwrap();
    for follower in &mut followers {
        assert_eq!(follower.hears().await, Some(event(conversation_id, "all")));
    }
}

async fn a_node_hears_only_what_it_follows(cluster: Cluster) {
    let [one, mut two] = [cluster.join(), cluster.join()];
    let [followed, other] = [ConversationId::new(), ConversationId::new()];
    two.bus.subscribe(followed).await.unwrap();
    one.bus
        .publish(other, Bytes::from_static(b"elsewhere"))
        .unwrap();
    one.bus
        .publish(followed, Bytes::from_static(b"here"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(followed, "here")));
}

async fn a_node_that_stopped_following_hears_nothing_more(cluster: Cluster) {
    let [one, mut two] = [cluster.join(), cluster.join()];
    let [followed, left] = [ConversationId::new(), ConversationId::new()];
    two.bus.subscribe(followed).await.unwrap();
    two.bus.subscribe(left).await.unwrap();
    two.bus.unsubscribe(left).await.unwrap();
    one.bus
        .publish(left, Bytes::from_static(b"too late"))
        .unwrap();
    one.bus
        .publish(followed, Bytes::from_static(b"here"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(followed, "here")));

    two.bus.subscribe(left).await.unwrap();
    one.bus.publish(left, Bytes::from_static(b"again")).unwrap();
    assert_eq!(two.hears().await, Some(event(left, "again")));
}

async fn following_twice_is_following_once(cluster: Cluster) {
    let [one, mut two] = [cluster.join(), cluster.join()];
    let [twice, other] = [ConversationId::new(), ConversationId::new()];
    for conversation_id in [twice, twice, other] {
        two.bus.subscribe(conversation_id).await.unwrap();
    }
    one.bus.publish(twice, Bytes::from_static(b"once")).unwrap();
    one.bus
        .publish(other, Bytes::from_static(b"first mark"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(twice, "once")));
    assert_eq!(two.hears().await, Some(event(other, "first mark")));

    two.bus.unsubscribe(twice).await.unwrap();
    two.bus.unsubscribe(twice).await.unwrap();
    one.bus
        .publish(twice, Bytes::from_static(b"nothing"))
        .unwrap();
    one.bus
        .publish(other, Bytes::from_static(b"second mark"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(other, "second mark")));
}

async fn events_of_one_publisher_keep_their_order(cluster: Cluster) {
    let [one, mut two] = [cluster.join(), cluster.join()];
    let conversations = [(); 3].map(|()| ConversationId::new());
    for conversation_id in conversations {
        two.bus.subscribe(conversation_id).await.unwrap();
    }
    // Several pipelines long; the conversations take turns, because the order holds across them as well.
    let sent: Vec<BusEvent> = (0..1_000_usize)
        .map(|number| event(conversations[number % 3], number.to_string()))
        .collect();
    for sending in &sent {
        if let BusEvent::Event {
            conversation_id,
            payload,
        } = sending
        {
            one.bus.publish(*conversation_id, payload.clone()).unwrap();
        }
    }
    let mut heard = Vec::new();
    while heard.len() < sent.len() {
        heard.push(two.hears().await.unwrap());
    }
    assert_eq!(heard, sent);
}

async fn orders_given_at_once_are_all_carried_out(cluster: Cluster) {
    let [one, mut two] = [cluster.join(), cluster.join()];
    let conversations: Vec<ConversationId> = (0..500).map(|_| ConversationId::new()).collect();
    let orders = conversations.iter().map(|&conversation_id| {
        let bus = two.bus.clone();
        tokio::spawn(async move { bus.subscribe(conversation_id).await })
    });
    for order in Vec::from_iter(orders) {
        order.await.unwrap().unwrap();
    }
    for &conversation_id in &conversations {
        one.bus
            .publish(conversation_id, Bytes::from_static(b"x"))
            .unwrap();
    }
    for &conversation_id in &conversations {
        assert_eq!(two.hears().await, Some(event(conversation_id, "x")));
    }
}

async fn a_payload_is_carried_unchanged_up_to_the_limit_and_refused_above_it(cluster: Cluster) {
    let [one, mut two] = [cluster.join(), cluster.join()];
    let conversation_id = ConversationId::new();
    two.bus.subscribe(conversation_id).await.unwrap();
    let every_byte: Bytes = (0..=255).collect();
    let longest: Bytes = std::iter::repeat_n(0xA5, PAYLOAD_BYTES_MAX).collect();
    for payload in [Bytes::new(), every_byte, longest] {
        one.bus.publish(conversation_id, payload.clone()).unwrap();
        assert_eq!(two.hears().await, Some(event(conversation_id, payload)));
    }
    let bytes = PAYLOAD_BYTES_MAX + 1;
    let refused = one
        .bus
        .publish(conversation_id, Bytes::from(vec![0; bytes]));
    assert_eq!(refused, Err(BusError::TooLarge { bytes }));
}

async fn a_bus_whose_handles_are_all_dropped_ends(cluster: Cluster) {
    let mut node = cluster.join();
    let conversation_id = ConversationId::new();
    node.bus.subscribe(conversation_id).await.unwrap();
    let other_handle = node.bus.clone();
    other_handle.unsubscribe(conversation_id).await.unwrap();
    drop(other_handle);
    node.bus.subscribe(conversation_id).await.unwrap();
    let Node { bus, events } = &mut node;
    let ended = async {
        *bus = Cluster::in_process().join().bus;
        events.recv().await
    };
    assert_eq!(ended.await, None);
}

async fn a_node_that_left_leaves_the_others_alone(cluster: Cluster) {
    let [one, mut two, left] = [cluster.join(), cluster.join(), cluster.join()];
    let conversation_id = ConversationId::new();
    for node in [&two, &left] {
        node.bus.subscribe(conversation_id).await.unwrap();
    }
    drop(left);
    one.bus
        .publish(conversation_id, Bytes::from_static(b"still here"))
        .unwrap();
    assert_eq!(
        two.hears().await,
        Some(event(conversation_id, "still here"))
    );
}

async fn a_bus_that_can_be_reached_answers_a_ping(cluster: Cluster) {
    assert_eq!(cluster.join().bus.ping().await, Ok(()));
}

async fn installations_do_not_hear_each_other(cluster: Cluster) {
    let other_cluster = match &cluster {
        Cluster::InProcess(_) => Cluster::in_process(),
        Cluster::Redis { config, .. } => Cluster::Redis {
            config: config.clone(),
            app: fresh_app(),
        },
    };
    let [one, mut two] = [cluster.join(), cluster.join()];
    let [other_one, mut other_two] = [other_cluster.join(), other_cluster.join()];
    let conversation_id = ConversationId::new();
    for node in [&two, &other_two] {
        node.bus.subscribe(conversation_id).await.unwrap();
    }
    let elsewhere = Bytes::from_static(b"from elsewhere");
    other_one
        .bus
        .publish(conversation_id, elsewhere.clone())
        .unwrap();
    // Once this node has heard it, every node that should has.
    assert_eq!(
        other_two.hears().await,
        Some(event(conversation_id, elsewhere))
    );
    one.bus
        .publish(conversation_id, Bytes::from_static(b"from here"))
        .unwrap();
    assert_eq!(two.hears().await, Some(event(conversation_id, "from here")));
}
