//! The bus inside one process: the members of a hub hear one another as the nodes of a cluster do.

use std::collections::HashMap;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use protocol::{ConversationId, NodeId};

use crate::BusEvent;
use crate::limits::{EVENTS_BYTES_MAX, EVENTS_MAX};
use crate::metrics::{self, DropReason};
use crate::queue::{self, Receiver, Sender};

/// What connects the buses of one process; clones are the same hub.
#[derive(Debug, Clone, Default)]
pub struct Hub {
    followers: Arc<RwLock<Followers>>,
}

type Followers = HashMap<ConversationId, Vec<Follower>>;

#[derive(Debug)]
struct Follower {
    node: NodeId,
    events: Sender<BusEvent>,
}

impl Hub {
    /// A hub without members.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn join(&self, node: NodeId) -> (HubMember, Receiver<BusEvent>) {
        let (events, received) = queue::bounded(EVENTS_MAX, EVENTS_BYTES_MAX);
        let membership = Membership {
            hub: self.clone(),
            node,
            events,
        };
        let member = HubMember {
            membership: Arc::new(membership),
        };
        (member, received)
    }

    fn read(&self) -> RwLockReadGuard<'_, Followers> {
        self.followers
            .read()
            .expect("nothing panics while it holds the hub")
    }

    fn write(&self) -> RwLockWriteGuard<'_, Followers> {
        self.followers
            .write()
            .expect("nothing panics while it holds the hub")
    }
}

/// A node's membership; it leaves the hub when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct HubMember {
    membership: Arc<Membership>,
}

#[derive(Debug)]
struct Membership {
    hub: Hub,
    node: NodeId,
    events: Sender<BusEvent>,
}

impl HubMember {
    pub(crate) fn publish(&self, conversation_id: ConversationId, payload: &Bytes) {
        metrics::PUBLISHED.inc();
        let followers = self.membership.hub.read();
        let Some(following) = followers.get(&conversation_id) else {
            return;
        };
        for follower in following {
            if follower.node == self.membership.node {
                continue;
            }
            let payload = payload.clone();
            deliver(&follower.events, conversation_id, payload);
        }
    }

    pub(crate) fn is_heard(&self, conversation_id: ConversationId) -> bool {
        let followers = self.membership.hub.read();
        followers.get(&conversation_id).is_some_and(|following| {
            let node = self.membership.node;
            following.iter().any(|follower| follower.node != node)
        })
    }

    pub(crate) fn subscribe(&self, conversation_id: ConversationId) {
        let mut followers = self.membership.hub.write();
        let following = followers.entry(conversation_id).or_default();
        let node = self.membership.node;
        if following.iter().all(|follower| follower.node != node) {
            let events = self.membership.events.clone();
            following.push(Follower { node, events });
        }
    }

    pub(crate) fn unsubscribe(&self, conversation_id: ConversationId) {
        let mut followers = self.membership.hub.write();
        if let Some(following) = followers.get_mut(&conversation_id) {
            following.retain(|follower| follower.node != self.membership.node);
            if following.is_empty() {
                followers.remove(&conversation_id);
            }
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.hub.write().retain(|_, following| {
            following.retain(|follower| follower.node != self.node);
            !following.is_empty()
        });
    }
}

/// Hands a received event to the node's reader, or tells it that events are missing.
pub(crate) fn deliver(events: &Sender<BusEvent>, conversation_id: ConversationId, payload: Bytes) {
    metrics::RECEIVED.inc();
    let bytes = payload.len();
    let event = BusEvent::Event {
        conversation_id,
        payload,
    };
    if events.try_send(event, bytes).is_err() {
        metrics::dropped(DropReason::ReaderSlow, 1);
        events.report_loss();
    }
}
