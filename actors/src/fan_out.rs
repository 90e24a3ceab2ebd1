//! Fan-out on one worker thread: which connections of this thread follow which conversation, and how far each is.
//!
//! The state is confined to its thread: the shard's actor applies what conversations publish, and the sessions of
//! the same thread join, catch up and go live by calling it directly. A connection is *live* in a room only while it
//! has every entry of the log up to its cursor; an entry that does not follow the cursor makes it catch up from the
//! log again, so a hole is never silent.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use actix::prelude::*;
use protocol::{Codec, ConversationId, ErrorCode, MessageId, SessionId, UserId};

use crate::conversation::Refusal;
use crate::node::now_ms;
use crate::outbox::Outbox;
use crate::permissions::{Operation, Standings};
use crate::shared_frame::SharedFrame;

mod room;
mod shard;

use room::{PresenceWish, Room, Subscriber};
pub(crate) use shard::{
    CheckAccess, ConversationRestarted, Drain, Publish, Relay, RoomShard, ShardId, Shards,
    TellPerson,
};

/// What a conversation tells the shards that have members in it.
#[derive(Debug, Clone)]
pub(crate) enum RoomEvent {
    /// How things stand: sent when a shard joins, and again when it may have missed something.
    Snapshot {
        /// The last entry of the log.
        last_seq: u64,
        /// The replies being written.
        running: Vec<RunningReply>,
        /// The worker threads that have members in the room.
        shards: Shards,
        /// Who is there.
        presence: SharedFrame,
        /// Who takes part.
        standings: Arc<Standings>,
    },
    /// Others take part now, or as something else: who takes no part is put out.
    Standings(Arc<Standings>),
    /// Other worker threads have members in the room now.
    Shards(Shards),
    /// A new entry of the log; every entry after the snapshot comes, in order.
    Entry {
        /// Its place in the log.
        seq: u64,
        /// The message, if it is one: ends the running reply of that id.
        message_id: Option<MessageId>,
        /// What the members see.
        frame: SharedFrame,
    },
    /// A reply begins, or begins anew.
    Started(RunningReply),
    /// A piece of a running reply.
    Delta {
        /// The reply.
        message_id: MessageId,
        /// The piece.
        text: String,
        /// What the members see.
        frame: SharedFrame,
    },
    /// Something that may be lost.
    Droppable(SharedFrame),
    /// Who is there now.
    Presence(SharedFrame),
}

/// A reply that is being written, as far as it has come.
#[derive(Debug, Clone)]
pub(crate) struct RunningReply {
    /// The reply.
    pub(crate) message_id: MessageId,
    /// Its `message_start` frame.
    pub(crate) start: SharedFrame,
    /// Its text so far.
    pub(crate) text: String,
}

/// What became of an attempt to go live.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum GoLive {
    /// The connection is live.
    Live,
    /// The log goes on after the cursor: read more of it first.
    Behind,
    /// The connection no longer follows the conversation.
    Gone,
}

/// The rooms of one worker thread.
#[derive(Default)]
pub(crate) struct Rooms {
    rooms: HashMap<ConversationId, Room>,
    sessions: HashMap<SessionId, SessionLink>,
    /// The connections of each person and bot.
    connections: BTreeSet<(UserId, SessionId)>,
    /// Rooms that somebody has entered or left since this was asked for.
    changed: HashSet<ConversationId>,
    draining: bool,
}

/// A connection as a room sees it.
pub(crate) struct Follower {
    /// Its person.
    pub(crate) user: UserId,
    /// Its queue.
    pub(crate) outbox: Outbox,
    /// Its encoding.
    pub(crate) codec: Codec,
    /// Whether it wishes to know who is there.
    pub(crate) wants_presence: bool,
    /// Whether others are told that its person is there.
    pub(crate) is_shown: bool,
}

/// How a thread's connections are reached for what is about no room, or is for them to do.
pub(crate) struct SessionLink {
    /// Its queue.
    pub(crate) outbox: Outbox,
    /// Its encoding.
    pub(crate) codec: Codec,
    /// Where it is told what to do.
    pub(crate) orders: Recipient<Order>,
}

/// What a connection is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub(crate) enum Order {
    /// It missed an entry of this conversation: read it from the log.
    CatchUp(ConversationId),
    /// Its person takes no part in this conversation any more: do not follow it from now on.
    PutOut(ConversationId),
    /// Ask who its person is, and whether it may still be here.
    CheckAccess,
    /// The server stops: come back elsewhere.
    Drain,
}

/// Who is in a room, and whether others are told so.
pub(crate) type Attendance = BTreeMap<UserId, bool>;

/// Adds somebody; who is not to be shown in one place is not shown at all.
pub(crate) fn attend(attendance: &mut Attendance, user: UserId, is_shown: bool) {
    let shown = attendance.entry(user).or_insert(is_shown);
    *shown &= is_shown;
}

/// A handle on the rooms of this thread; clones share them.
pub(crate) type LocalRooms = Rc<RefCell<Rooms>>;

impl Rooms {
    /// Registers a connection of this thread.
    pub(crate) fn open(&mut self, session: SessionId, link: SessionLink) {
        if self.draining {
            let _ = link.orders.try_send(Order::Drain);
        }
        self.sessions.insert(session, link);
    }

    /// Notes whose a connection of this thread is.
    pub(crate) fn identified(&mut self, session: SessionId, user: UserId) {
        self.connections.insert((user, session));
    }

    /// Forgets a connection of this thread, which may be somebody's; it has left its rooms before.
    pub(crate) fn close(&mut self, session: SessionId, user: Option<UserId>) {
        self.sessions.remove(&session);
        if let Some(user) = user {
            self.connections.remove(&(user, session));
        }
    }

    fn connections_of(&self, user: UserId) -> impl Iterator<Item = &SessionLink> {
        let all = SessionId::from_bytes([0; 16])..=SessionId::from_bytes([u8::MAX; 16]);
        let those = self
            .connections
            .range((user, *all.start())..=(user, *all.end()));
        those.filter_map(|(_, session)| self.sessions.get(session))
    }

    /// Has the connections of somebody ask who they are, and whether they may still be here.
    pub(crate) fn check_access(&self, user: UserId) {
        for link in self.connections_of(user) {
            // A session whose mailbox is full asks by itself before long.
            let _ = link.orders.try_send(Order::CheckAccess);
        }
    }

    /// Tells the connections of somebody what is for nobody else and may be lost.
    pub(crate) fn tell_person(&self, user: UserId, frame: &SharedFrame) {
        for link in self.connections_of(user) {
            link.outbox.push_droppable(frame.outgoing(link.codec));
        }
    }

    /// Tells every connection, and those to come, that the server stops.
    pub(crate) fn drain(&mut self) {
        self.draining = true;
        for link in self.sessions.values() {
            // A session whose mailbox is full is stuck; its heartbeat ends it.
            let _ = link.orders.try_send(Order::Drain);
        }
    }

    /// The last entry of the room's log that is known here.
    pub(crate) fn last_seq(&self, conversation: ConversationId) -> u64 {
        self.rooms
            .get(&conversation)
            .map_or(0, |room| room.last_seq)
    }

    /// Adds a connection to a room, not live yet, and says whether the room still needs a snapshot.
    pub(crate) fn join(
        &mut self,
        conversation: ConversationId,
        session: SessionId,
        follower: Follower,
    ) -> bool {
        let room = self.rooms.entry(conversation).or_default();
        let before = room.subscribers.get(&session);
        let subscriber = Subscriber {
            user: follower.user,
            outbox: follower.outbox,
            codec: follower.codec,
            presence: match follower.wants_presence {
                true => PresenceWish::Due,
                false => PresenceWish::None,
            },
            is_shown: follower.is_shown,
            cursor: 0,
            live: false,
            admitted: before.is_some_and(|before| before.admitted),
            entered: None,
            streams: false,
        };
        room.subscribers.insert(session, subscriber);
        !room.synchronised
    }

    /// Notes that the conversation let a connection in, its members being those of the change `seq`; `false` when its person has
    /// been put out since.
    pub(crate) fn entered(
        &mut self,
        conversation: ConversationId,
        session: SessionId,
        seq: u64,
    ) -> bool {
        let room = self.rooms.get_mut(&conversation);
        let Some((room, subscriber)) = room.and_then(|room| {
            let subscriber = room.subscribers.get_mut(&session)?;
            Some((&room.standings, subscriber))
        }) else {
            return false;
        };
        subscriber.entered = Some(seq);
        !subscriber.is_out(room)
    }

    /// Removes a connection, and says whether the room is empty now and gone.
    pub(crate) fn leave(&mut self, conversation: ConversationId, session: SessionId) -> bool {
        let Some(room) = self.rooms.get_mut(&conversation) else {
            return false;
        };
        room.subscribers.remove(&session);
        room.waiting.drain(..).for_each(Waker::wake);
        if !room.subscribers.is_empty() {
            self.changed.insert(conversation);
            return false;
        }
        self.rooms.remove(&conversation);
        true
    }

    /// Notes whether others are told that the person of a connection is in a room.
    pub(crate) fn show(
        &mut self,
        conversation: ConversationId,
        session: SessionId,
        is_shown: bool,
    ) {
        let room = self.rooms.get_mut(&conversation);
        if let Some(subscriber) = room.and_then(|room| room.subscribers.get_mut(&session)) {
            subscriber.is_shown = is_shown;
            self.changed.insert(conversation);
        }
    }

    /// Takes the rooms that somebody has entered or left since the last time, with those who are there now: each person
    /// once.
    pub(crate) fn take_changed(&mut self) -> Vec<(ConversationId, Attendance)> {
        let mut changed = Vec::new();
        for conversation in self.changed.drain() {
            if let Some(room) = self.rooms.get(&conversation) {
                let mut here = Attendance::new();
                for one in room.subscribers.values().filter(|one| one.admitted) {
                    attend(&mut here, one.user, one.is_shown);
                }
                changed.push((conversation, here));
            }
        }
        changed
    }

    /// Has the room named again by [`Rooms::take_changed`].
    pub(crate) fn mark_changed(&mut self, conversation: ConversationId) {
        self.changed.insert(conversation);
    }

    /// Whether this thread has members in the room.
    pub(crate) fn has(&self, conversation: ConversationId) -> bool {
        self.rooms.contains_key(&conversation)
    }

    /// Marks the room as out of touch until its conversation sends a snapshot.
    pub(crate) fn lose_touch(&mut self, conversation: ConversationId) {
        if let Some(room) = self.rooms.get_mut(&conversation) {
            room.synchronised = false;
        }
    }

    /// Whether a connection gets what comes, rather than reading the log.
    #[cfg(test)]
    pub(crate) fn is_live(&self, conversation: ConversationId, session: SessionId) -> bool {
        let subscriber = self.rooms[&conversation].subscribers.get(&session);
        subscriber.is_some_and(|subscriber| subscriber.live)
    }

    /// Has the room know no more of the log than so much, as one that hears of it late.
    #[cfg(test)]
    pub(crate) fn fall_back(&mut self, conversation: ConversationId, last_seq: u64) {
        let room = self.rooms.get_mut(&conversation);
        room.expect("the room is there").last_seq = last_seq;
    }

    /// The cursor of a connection in a room.
    pub(crate) fn cursor(&self, conversation: ConversationId, session: SessionId) -> Option<u64> {
        let room = self.rooms.get(&conversation)?;
        room.subscribers
            .get(&session)
            .map(|subscriber| subscriber.cursor)
    }

    /// Moves a connection that catches up to where it has read.
    pub(crate) fn caught_up_to(
        &mut self,
        conversation: ConversationId,
        session: SessionId,
        seq: u64,
    ) {
        let room = self.rooms.get_mut(&conversation);
        if let Some(subscriber) = room.and_then(|room| room.subscribers.get_mut(&session)) {
            subscriber.cursor = seq;
        }
    }

    /// Waits for the room's snapshot; returns at once where it has come or the connection has left.
    pub(crate) fn poll_synchronised(
        &mut self,
        conversation: ConversationId,
        session: SessionId,
        waker: &Waker,
    ) -> Poll<()> {
        let Some(room) = self.rooms.get_mut(&conversation) else {
            return Poll::Ready(());
        };
        if room.synchronised || !room.subscribers.contains_key(&session) {
            return Poll::Ready(());
        }
        room.waiting.push(waker.clone());
        Poll::Pending
    }

    /// Makes a connection live if nothing of the log is missing between its cursor and the room.
    ///
    /// It is told every running reply first: `message_start`, and the text so far as one `delta` with index 0; where the room
    /// is behind the connection, as soon as it is not.
    pub(crate) fn go_live(&mut self, conversation: ConversationId, session: SessionId) -> GoLive {
        let Some(room) = self.rooms.get_mut(&conversation) else {
            return GoLive::Gone;
        };
        let Some(subscriber) = room.subscribers.get_mut(&session) else {
            return GoLive::Gone;
        };
        if !room.synchronised || room.last_seq > subscriber.cursor {
            return GoLive::Behind;
        }
        subscriber.live = true;
        if !std::mem::replace(&mut subscriber.admitted, true) {
            self.changed.insert(conversation);
        }
        if let Some(frame) = &room.presence {
            subscriber.tell_presence(frame, room.is_cut_off);
        }
        subscriber.streams = false;
        subscriber.begin_streams(conversation, room.last_seq, &room.running);
        GoLive::Live
    }

    /// Tells everybody of this thread who follows a conversation something that may be lost, and names the threads that have
    /// members in it.
    ///
    /// This is the short way of what is never kept: the conversation's actor has no part in it.
    ///
    /// # Errors
    /// When the connection does not follow it, or its person may not tell.
    pub(crate) fn broadcast(
        &mut self,
        conversation: ConversationId,
        from: SessionId,
        frame: SharedFrame,
    ) -> Result<Shards, Refusal> {
        let refused = |message: &str| Refusal::new(ErrorCode::Forbidden, message);
        let not_followed = || refused("broadcast: subscribe to the conversation first");
        let room = self.rooms.get_mut(&conversation);
        let room = room.ok_or_else(not_followed)?;
        let from = room.subscribers.get(&from).filter(|from| from.admitted);
        let from = from.ok_or_else(not_followed)?;
        // Of somebody who has just come in this thread may not have heard.
        if let Some(standing) = room.standings.of.get(&from.user) {
            let permitted = standing.permit(Operation::Broadcast, now_ms());
            permitted.map_err(|denial| refused(&denial.to_string()))?;
        }
        room.tell_droppable(&frame);
        Ok(room.shards.clone())
    }

    /// Applies what a conversation published. Connections that missed an entry are told to catch up from the log, and those whose
    /// people take no part any more, that they do not follow it.
    pub(crate) fn apply(&mut self, conversation: ConversationId, event: RoomEvent) {
        let Some(room) = self.rooms.get_mut(&conversation) else {
            return;
        };
        let affected = room.apply(conversation, event);
        // A session whose mailbox is full is stuck; its heartbeat ends it.
        for session in affected.behind {
            if let Some(link) = self.sessions.get(&session) {
                let _ = link.orders.try_send(Order::CatchUp(conversation));
            }
        }
        for session in affected.put_out {
            self.changed.insert(conversation);
            if let Some(link) = self.sessions.get(&session) {
                let _ = link.orders.try_send(Order::PutOut(conversation));
            }
        }
    }
}

#[cfg(test)]
mod tests;
