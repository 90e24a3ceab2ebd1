//! Between nodes: events of conversations are published to, and heard from, the other nodes of the cluster.
//!
//! The database is the log and the bus is a hint. An event may be lost (a full queue, a Redis that restarts), never
//! altered and never overtaken by a later event of the same node. Whoever listens is told that events may be
//! missing ([`BusEvent::Reconnected`], [`BusEvent::Lagged`]) and then reads the log.
//!
//! **Invariant**: nothing here knows what a payload means, and a node never receives what it published itself.

mod hub;
pub mod limits;
pub mod metrics;
mod queue;
mod redis;

use std::sync::Arc;

use bytes::Bytes;
use protocol::{ConversationId, NodeId};

pub use crate::hub::Hub;
pub use crate::redis::RedisConfig;

use crate::hub::HubMember;
use crate::limits::PAYLOAD_BYTES_MAX;
use crate::queue::{Received, Receiver};
use crate::redis::RedisBus;

/// One node's end of the bus; clones are cheap and share it. The node leaves the bus when the last one is dropped.
#[derive(Debug, Clone)]
pub struct Bus {
    transport: Transport,
}

#[derive(Debug, Clone)]
enum Transport {
    Hub(HubMember),
    Redis(Arc<RedisBus>),
}

impl Bus {
    /// Joins the bus inside this process: a server of one node, or several nodes of a test.
    pub fn in_process(hub: &Hub, node: NodeId) -> (Self, Events) {
        let (member, received) = hub.join(node);
        let transport = Transport::Hub(member);
        (Self { transport }, Events { received })
    }

    /// Joins the bus of a Redis server; must be called inside a Tokio runtime, which will run its two tasks.
    ///
    /// It does not wait for the connections: a Redis that cannot be reached now is tried again for as long as the
    /// bus lives, and [`ping`](Self::ping) tells how it stands. `app` goes before the name of every channel, so that
    /// several installations may share a server.
    ///
    /// # Errors
    /// [`BusError::InvalidConfig`] for a configuration that could never work.
    pub fn redis(
        config: &RedisConfig,
        node: NodeId,
        app: &str,
    ) -> Result<(Self, Events), BusError> {
        let (bus, received) = RedisBus::start(config, node, app)?;
        let transport = Transport::Redis(Arc::new(bus));
        Ok((Self { transport }, Events { received }))
    }

    /// Publishes an event to the other nodes that follow the conversation. It never waits: an `Ok` says that the
    /// event was queued, not that it arrived.
    ///
    /// # Errors
    /// [`BusError::Full`] when the queue to Redis is full (the in-process bus has no such queue), and
    /// [`BusError::TooLarge`]. The other nodes are told that events are missing as soon as there is room.
    pub fn publish(&self, conversation_id: ConversationId, payload: Bytes) -> Result<(), BusError> {
        let bytes = payload.len();
        if bytes > PAYLOAD_BYTES_MAX {
            return Err(BusError::TooLarge { bytes });
        }
        match &self.transport {
            Transport::Hub(member) => {
                member.publish(conversation_id, &payload);
                Ok(())
            }
            Transport::Redis(bus) => bus.publish(conversation_id, payload),
        }
    }

    /// Whether another node may hear what is published; false only where it is certain that none does, so that whoever has
    /// nobody to tell need not encode it.
    pub fn is_heard(&self, conversation_id: ConversationId) -> bool {
        match &self.transport {
            Transport::Hub(member) => member.is_heard(conversation_id),
            Transport::Redis(_) => true,
        }
    }

    /// Whether what is published may be lost on its way, without anybody noticing at once: the bus goes between processes.
    pub fn may_lose(&self) -> bool {
        matches!(self.transport, Transport::Redis(_))
    }

    /// Follows a conversation. When it returns `Ok`, what others publish from now on is heard. Subscriptions are
    /// not counted: one `unsubscribe` ends any number of them.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when Redis cannot be reached. The wish is remembered: the subscription is made
    /// when Redis is back, before [`BusEvent::Reconnected`].
    pub async fn subscribe(&self, conversation_id: ConversationId) -> Result<(), BusError> {
        match &self.transport {
            Transport::Hub(member) => {
                member.subscribe(conversation_id);
                Ok(())
            }
            Transport::Redis(bus) => bus.subscribe(conversation_id).await,
        }
    }

    /// Stops following a conversation; events that were received before may still come.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when Redis cannot be reached, which ends the subscription as well.
    pub async fn unsubscribe(&self, conversation_id: ConversationId) -> Result<(), BusError> {
        match &self.transport {
            Transport::Hub(member) => {
                member.unsubscribe(conversation_id);
                Ok(())
            }
            Transport::Redis(bus) => bus.unsubscribe(conversation_id).await,
        }
    }

    /// Asks whether the bus can be reached now.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when Redis does not answer in time; the in-process bus always does.
    pub async fn ping(&self) -> Result<(), BusError> {
        match &self.transport {
            Transport::Hub(_) => Ok(()),
            Transport::Redis(bus) => bus.ping().await,
        }
    }
}

/// What a node hears: one reader, who has to keep up with [`limits::EVENTS_MAX`] events.
#[derive(Debug)]
pub struct Events {
    received: Receiver<BusEvent>,
}

impl Events {
    /// Waits for the next event; `None` once every clone of the node's [`Bus`] is dropped.
    pub async fn recv(&mut self) -> Option<BusEvent> {
        let received = self.received.recv().await?;
        Some(match received {
            Received::Item(event) => event,
            Received::Loss => BusEvent::Lagged,
        })
    }
}

/// What a node hears from the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusEvent {
    /// Another node published this.
    Event {
        /// The conversation that the event belongs to.
        conversation_id: ConversationId,
        /// What was published.
        payload: Bytes,
    },
    /// The subscriptions were lost and are all back: what was published in between is missing, so read the log.
    Reconnected,
    /// Events were dropped, because this node read too slowly or because another node could not publish them: read
    /// the log.
    Lagged,
}

/// Why the bus refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// The queue to Redis is full.
    #[error("the bus's queue of events to publish is full")]
    Full,
    /// The payload is over [`limits::PAYLOAD_BYTES_MAX`].
    #[error("a bus payload of {bytes} bytes is over the limit of {PAYLOAD_BYTES_MAX}")]
    TooLarge {
        /// The payload's size.
        bytes: usize,
    },
    /// Redis cannot be reached, or does not answer in time.
    #[error("redis at {address} is unavailable: {reason}")]
    Unavailable {
        /// Host and port.
        address: String,
        /// What went wrong.
        reason: String,
    },
    /// The configuration could never work.
    #[error("redis configuration: {0}")]
    InvalidConfig(String),
}
