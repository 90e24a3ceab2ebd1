//! The bus over Redis at its limits.

use bb8_redis::redis::{ConnectionAddr, IntoConnectionInfo};
use bus::limits::{PAYLOAD_BYTES_MAX, PUBLISH_QUEUE_BYTES_MAX, PUBLISH_QUEUE_MAX};
use bus::{Bus, BusError, BusEvent, RedisConfig};
use bytes::Bytes;
use protocol::{ConversationId, NodeId};

use crate::{Node, event, fresh_app};

/// The Redis that the tests share.
pub(crate) fn test_redis() -> RedisConfig {
    let url = std::env::var("TEST_REDIS_URL")
        .expect("TEST_REDIS_URL names the Redis for the tests: run `make test`, which starts one");
    let info = url.into_connection_info().expect("a redis:// address");
    let ConnectionAddr::Tcp(host, port) = info.addr() else {
        panic!("TEST_REDIS_URL is not redis://HOST:PORT/DB");
    };
    RedisConfig {
        host: host.clone(),
        port: *port,
        db: u32::try_from(info.redis_settings().db()).unwrap(),
        password: info.redis_settings().password().map(str::to_owned),
    }
}

fn join(app: &str) -> Node {
    let (bus, events) = Bus::redis(&test_redis(), NodeId::new(), app).unwrap();
    Node { bus, events }
}

// Publishing does not wait, so on a runtime of one thread the writer cannot run before the queue is full.
#[tokio::test(flavor = "current_thread")]
async fn a_full_queue_answers_full_and_the_other_nodes_are_told() {
    let app = fresh_app();
    let [one, mut two] = [join(&app), join(&app)];
    let conversation_id = ConversationId::new();
    two.bus.subscribe(conversation_id).await.unwrap();
    for number in 0..PUBLISH_QUEUE_MAX {
        let payload = Bytes::from(number.to_string());
        assert_eq!(one.bus.publish(conversation_id, payload), Ok(()));
    }
    let refused = one
        .bus
        .publish(conversation_id, Bytes::from_static(b"one too many"));
    assert_eq!(refused, Err(BusError::Full));

    let mut lagged = 0;
    let mut number = 0;
    while number < PUBLISH_QUEUE_MAX || lagged == 0 {
        match two.hears().await.unwrap() {
            BusEvent::Lagged => lagged += 1,
            heard => {
                assert_eq!(heard, event(conversation_id, number.to_string()));
                number += 1;
            }
        }
    }
    assert_eq!(lagged, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_queue_is_full_by_bytes_before_it_is_full_by_events() {
    let one = join(&fresh_app());
    let payload = Bytes::from(vec![0; PAYLOAD_BYTES_MAX]);
    let mut taken = 0;
    while one
        .bus
        .publish(ConversationId::new(), payload.clone())
        .is_ok()
    {
        taken += 1;
    }
    assert_eq!(taken, PUBLISH_QUEUE_BYTES_MAX / PAYLOAD_BYTES_MAX);
}

#[tokio::test]
async fn a_configuration_that_could_never_work_is_refused() {
    let config = RedisConfig {
        host: String::new(),
        ..test_redis()
    };
    let no_host = Bus::redis(&config, NodeId::new(), "twin").map(|_| ());
    assert!(
        matches!(no_host, Err(BusError::InvalidConfig(_))),
        "{no_host:?}"
    );
    let no_app = Bus::redis(&test_redis(), NodeId::new(), "").map(|_| ());
    assert!(
        matches!(no_app, Err(BusError::InvalidConfig(_))),
        "{no_app:?}"
    );
}

#[tokio::test]
async fn the_metrics_are_there_from_the_start() {
    let registry = prometheus::Registry::new();
    bus::metrics::register(&registry).unwrap();
    let names: Vec<String> = registry
        .gather()
        .iter()
        .map(|family| family.name().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "twin_bus_dropped_total",
            "twin_bus_publish_seconds",
            "twin_bus_published_total",
            "twin_bus_received_total",
            "twin_bus_reconnects_total",
        ]
    );
    assert!(bus::metrics::register(&registry).is_err(), "twice");
}
