//! Who follows a conversation on this node: the shards that have members, what they are told, and when to listen to other
//! nodes.

use std::time::Instant;

use actix::prelude::*;
use protocol::UserId;

use super::{Conversation, Refusal};
use crate::bus_event::NodeEvent;
use crate::fan_out::{Publish, RoomEvent, RoomShard, ShardId, Shards};
use crate::metrics;
use crate::permissions::Operation;

/// A shard with members in this conversation.
pub(super) struct ShardLink {
    pub(super) addr: Addr<RoomShard>,
    /// It missed an event: it gets a snapshot as soon as its mailbox has room.
    pub(super) missed: bool,
}

impl Conversation {
    /// Tells the local members.
    pub(super) fn tell(&mut self, event: &RoomEvent, context: &mut Context<Self>) {
        let (from, told) = (context.address(), Instant::now());
        for link in self.shards.values_mut() {
            let publish = Publish {
                conversation: self.id,
                from: from.clone(),
                event: event.clone(),
                told,
            };
            if !link.missed && link.addr.try_send(publish).is_err() {
                metrics::dropped("shard_event");
                link.missed = true;
            }
        }
    }

    pub(super) fn snapshot(&self) -> RoomEvent {
        RoomEvent::Snapshot {
            last_seq: self.timeline.last_seq(),
            running: self.timeline.running().cloned().collect(),
            shards: self.shards(),
            presence: self.presence.frame(self.id),
            standings: self.members.standings(),
        }
    }

    fn shards(&self) -> Shards {
        let shards = self.shards.iter();
        shards.map(|(id, link)| (*id, link.addr.clone())).collect()
    }

    /// Sends a snapshot to a shard; where its mailbox is full, housekeeping tries again.
    pub(super) fn send_snapshot(&mut self, shard: ShardId, context: &mut Context<Self>) {
        let event = self.snapshot();
        if let Some(link) = self.shards.get_mut(&shard) {
            let publish = Publish {
                conversation: self.id,
                from: context.address(),
                event,
                told: Instant::now(),
            };
            link.missed = link.addr.try_send(publish).is_err();
        }
    }

    /// Listens to the other nodes exactly while somebody here follows.
    pub(super) fn align_subscription(&mut self, context: &mut Context<Self>) {
        let wanted = !self.shards.is_empty();
        if self.aligning || self.subscribed == wanted {
            return;
        }
        self.aligning = true;
        let (bus, id) = (self.services.bus.clone(), self.id);
        let changed = async move {
            if wanted {
                bus.subscribe(id).await
            } else {
                bus.unsubscribe(id).await
            }
        };
        let aligned = changed.into_actor(self).map(move |changed, this, context| {
            this.aligning = false;
            match changed {
                Ok(()) => this.subscribed = wanted,
                Err(error) => {
                    // Housekeeping tries again.
                    tracing::warn!(%error, conversation = %this.id, "subscription cannot be changed");
                    return;
                }
            }
            if wanted {
                // What other nodes appended before the subscription stood is in the log.
                this.read_log(context);
                this.publish(NodeEvent::WhoIsThere.encode());
            }
            this.align_subscription(context);
        });
        context.spawn(aligned);
    }

    pub(super) fn attach(
        &mut self,
        shard: ShardId,
        addr: Addr<RoomShard>,
        context: &mut Context<Self>,
    ) {
        self.shards.insert(
            shard,
            ShardLink {
                addr,
                missed: false,
            },
        );
        self.send_snapshot(shard, context);
        self.tell(&RoomEvent::Shards(self.shards()), context);
        self.align_subscription(context);
    }
}

/// A person wants to follow: the shard is attached, if the person is a member.
#[derive(Message)]
#[rtype(result = "Result<Entered, Refusal>")]
pub(crate) struct Enter {
    pub(crate) user: UserId,
    pub(crate) shard: ShardId,
    pub(crate) events: Addr<RoomShard>,
    /// The shard has no snapshot yet.
    pub(crate) needs_snapshot: bool,
}

/// How things stood when a person was let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entered {
    /// The change of the members by which the person is one.
    pub(crate) members_seq: u64,
    /// The last entry of the log: what was acknowledged before is missed by nobody who comes now, though the shard may hear of it
    /// later.
    pub(crate) last_seq: u64,
}

impl Handler<Enter> for Conversation {
    type Result = Result<Entered, Refusal>;

    fn handle(&mut self, enter: Enter, context: &mut Self::Context) -> Self::Result {
        self.members.permit(enter.user, Operation::Read)?;
        if enter.needs_snapshot || !self.shards.contains_key(&enter.shard) {
            self.attach(enter.shard, enter.events, context);
        }
        Ok(Entered {
            members_seq: self.members.seq(),
            last_seq: self.timeline.last_seq(),
        })
    }
}

/// A shard with members attaches to a conversation that was started again.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Attach {
    pub(crate) shard: ShardId,
    pub(crate) events: Addr<RoomShard>,
}

impl Handler<Attach> for Conversation {
    type Result = ();

    fn handle(&mut self, attach: Attach, context: &mut Self::Context) {
        self.attach(attach.shard, attach.events, context);
    }
}

/// The last member of a shard has left.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Detach {
    pub(crate) shard: ShardId,
}

impl Handler<Detach> for Conversation {
    type Result = ();

    fn handle(&mut self, detach: Detach, context: &mut Self::Context) {
        self.shards.remove(&detach.shard);
        self.presence.shard_left(detach.shard);
        self.refresh_presence(context);
        self.tell(&RoomEvent::Shards(self.shards()), context);
        self.align_subscription(context);
    }
}
