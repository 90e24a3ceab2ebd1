//! The actor that brings what conversations publish to one worker thread.
//!
//! 1. A conversation sends a [`Publish`] to each shard that has members of it.
//! 2. The shard applies it to its thread's rooms, which push shared bytes into outboxes.
//! 3. Now and then it tells conversations who follows them here.
//! 4. Connections that missed an entry are told to catch up from the log, and all of them when the server stops.

use std::sync::Arc;
use std::time::Instant;

use actix::prelude::*;
use prometheus::local::LocalHistogram;
use protocol::{ConversationId, UserId};

use super::{LocalRooms, RoomEvent};
use crate::conversation::{Attach, Conversation, Detach, Here};
use crate::directory::Directory;
use crate::limits::{PRESENCE_EVERY, SHARD_MAILBOX_MAX};
use crate::metrics;
use crate::shared_frame::SharedFrame;

/// Which shard: one number for each worker thread of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShardId(pub(crate) u64);

/// The worker threads that have members in one room; replaced as a whole.
pub(crate) type Shards = Arc<[(ShardId, Addr<RoomShard>)]>;

/// One worker thread's share of the fan-out.
pub(crate) struct RoomShard {
    id: ShardId,
    rooms: LocalRooms,
    directory: Arc<Directory>,
    /// How long its events took since the last time that it said who is here.
    times: LocalHistogram,
}

impl RoomShard {
    /// Makes the shard of this thread.
    pub(crate) fn new(id: ShardId, rooms: LocalRooms, directory: Arc<Directory>) -> Self {
        Self {
            id,
            rooms,
            directory,
            times: metrics::fan_out(),
        }
    }

    fn tell_now_and_then(&mut self, _: &mut Context<Self>) {
        self.times.flush();
        self.say_who_is_here();
    }

    fn say_who_is_here(&mut self) {
        let changed = self.rooms.borrow_mut().take_changed();
        for (conversation, people) in changed {
            let here = Here {
                shard: self.id,
                people,
            };
            let told = self
                .directory
                .awake_conversation(conversation)
                .is_some_and(|addr| addr.try_send(here).is_ok());
            if !told {
                // It is being restarted, or has too much to do.
                self.rooms.borrow_mut().mark_changed(conversation);
            }
        }
    }
}

impl Actor for RoomShard {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(SHARD_MAILBOX_MAX);
        context.run_interval(PRESENCE_EVERY, Self::tell_now_and_then);
    }
}

/// Something happened in a conversation.
#[derive(Message, Clone)]
#[rtype(result = "()")]
pub(crate) struct Publish {
    /// Where.
    pub(crate) conversation: ConversationId,
    /// The conversation's actor, told when nobody here follows it any more.
    pub(crate) from: Addr<Conversation>,
    /// What.
    pub(crate) event: RoomEvent,
    /// When the conversation told it.
    pub(crate) told: Instant,
}

impl Handler<Publish> for RoomShard {
    type Result = ();

    fn handle(&mut self, publish: Publish, _: &mut Self::Context) {
        if !self.rooms.borrow().has(publish.conversation) {
            // A `Detach` was lost to a full mailbox: say it again.
            let _ = publish.from.try_send(Detach { shard: self.id });
            return;
        }
        self.rooms
            .borrow_mut()
            .apply(publish.conversation, publish.event);
        self.times.observe(publish.told.elapsed().as_secs_f64());
    }
}

/// A connection of another thread tells everybody who follows a conversation something that may be lost.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Relay {
    /// Where.
    pub(crate) conversation: ConversationId,
    /// What the members see.
    pub(crate) frame: SharedFrame,
}

impl Handler<Relay> for RoomShard {
    type Result = ();

    fn handle(&mut self, relay: Relay, _: &mut Self::Context) {
        let event = RoomEvent::Droppable(relay.frame);
        self.rooms.borrow_mut().apply(relay.conversation, event);
    }
}

/// A conversation's actor was replaced: the shard attaches to the new one if it has members there.
#[derive(Message, Clone)]
#[rtype(result = "()")]
pub(crate) struct ConversationRestarted {
    /// Which.
    pub(crate) conversation: ConversationId,
    /// Its new actor.
    pub(crate) addr: Addr<Conversation>,
}

impl Handler<ConversationRestarted> for RoomShard {
    type Result = ();

    fn handle(&mut self, restarted: ConversationRestarted, context: &mut Self::Context) {
        if !self.rooms.borrow().has(restarted.conversation) {
            return;
        }
        self.rooms.borrow_mut().lose_touch(restarted.conversation);
        self.rooms.borrow_mut().mark_changed(restarted.conversation);
        let attach = Attach {
            shard: self.id,
            events: context.address(),
        };
        if restarted.addr.try_send(attach).is_err() {
            tracing::error!(conversation = %restarted.conversation, "restarted conversation refused its members");
        }
    }
}

/// An account was changed, a log-in ended, or a bot deleted: the connections ask who they are, and whether they may still be here.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
pub(crate) struct CheckAccess {
    /// Whose.
    pub(crate) user: UserId,
}

impl Handler<CheckAccess> for RoomShard {
    type Result = ();

    fn handle(&mut self, check: CheckAccess, _: &mut Self::Context) {
        self.rooms.borrow().check_access(check.user);
    }
}

/// Somebody alone is told something that may be lost, on all devices.
#[derive(Message, Clone)]
#[rtype(result = "()")]
pub(crate) struct TellPerson {
    /// Who.
    pub(crate) user: UserId,
    /// What the person sees.
    pub(crate) frame: SharedFrame,
}

impl Handler<TellPerson> for RoomShard {
    type Result = ();

    fn handle(&mut self, tell: TellPerson, _: &mut Self::Context) {
        self.rooms.borrow().tell_person(tell.user, &tell.frame);
    }
}

/// The server is about to stop: every connection is told to come back elsewhere.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
pub(crate) struct Drain;

impl Handler<Drain> for RoomShard {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {
        self.rooms.borrow_mut().drain();
    }
}
