//! The bus as its users see it: what every transport promises, and what Redis may do to it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod conformance;
mod faults;
mod hub_limits;
mod network_path;
mod private_redis;
mod redis_limits;

use std::time::Duration;

use bus::{Bus, BusEvent, Events};
use bytes::Bytes;
use protocol::{ConversationId, NodeId};

/// A node of a cluster.
struct Node {
    bus: Bus,
    events: Events,
}

impl Node {
    /// The next thing the node hears; the longest wait of any test, so that one that hangs fails instead.
    async fn hears(&mut self) -> Option<BusEvent> {
        tokio::time::timeout(Duration::from_secs(20), self.events.recv())
            .await
            .expect("something is heard in time")
    }
}

fn event(conversation_id: ConversationId, payload: impl Into<Bytes>) -> BusEvent {
    BusEvent::Event {
        conversation_id,
        payload: payload.into(),
    }
}

/// An application's name that no other test uses, so that tests may share a server.
fn fresh_app() -> String {
    format!("test-{}", NodeId::new())
}
