//! One room on one worker thread: its connections, how far each is, and what each is told.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::task::Waker;

use protocol::{Codec, ConversationId, MessageId, ServerFrame, SessionId, UserId};

use super::{RoomEvent, RunningReply, Shards};
use crate::outbox::Outbox;
use crate::permissions::Standings;
use crate::shared_frame::{SharedFrame, encode_outgoing};

/// One connection in one room.
pub(super) struct Subscriber {
    pub(super) user: UserId,
    pub(super) outbox: Outbox,
    pub(super) codec: Codec,
    pub(super) presence: PresenceWish,
    /// Others are told that its person is there.
    pub(super) is_shown: bool,
    /// The last entry of the log that was queued for the connection.
    pub(super) cursor: u64,
    pub(super) live: bool,
    /// It has been live once, so the conversation has found its person to be a member.
    pub(super) admitted: bool,
    /// The change of the members by which the conversation let its person in, once it has.
    pub(super) entered: Option<u64>,
    /// It is told of running replies. A connection that has read more of the log than the room has heard of waits with
    /// them: some of those that run here may be finished there.
    pub(super) streams: bool,
}

/// What a connection is still to be told of who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PresenceWish {
    /// It does not wish to know.
    None,
    /// It knows the latest.
    Told,
    /// It is to be told as soon as its queue has room.
    Due,
}

pub(super) struct Room {
    /// False until the conversation's snapshot has come.
    pub(super) synchronised: bool,
    pub(super) last_seq: u64,
    pub(super) running: BTreeMap<MessageId, RunningReply>,
    pub(super) subscribers: HashMap<SessionId, Subscriber>,
    pub(super) waiting: Vec<Waker>,
    pub(super) shards: Shards,
    pub(super) presence: Option<SharedFrame>,
    pub(super) standings: Arc<Standings>,
    /// It is of two, one of whom has blocked the other.
    pub(super) is_cut_off: bool,
}

/// Connections to be told of what an event brought about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Affected {
    /// They must catch up from the log.
    pub(super) behind: Vec<SessionId>,
    /// Their people take no part any more.
    pub(super) put_out: Vec<SessionId>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            synchronised: false,
            last_seq: 0,
            running: BTreeMap::new(),
            subscribers: HashMap::new(),
            waiting: Vec::new(),
            shards: Shards::from([]),
            presence: None,
            standings: Arc::default(),
            is_cut_off: false,
        }
    }
}

impl Subscriber {
    /// Whether its person was put out after the conversation had let it in.
    pub(super) fn is_out(&self, standings: &Standings) -> bool {
        let heard_since = self.entered.is_some_and(|entered| standings.seq > entered);
        heard_since && !standings.of.contains_key(&self.user)
    }

    /// Tells every running reply, once the room has heard of all that the connection has read.
    pub(super) fn begin_streams(
        &mut self,
        conversation: ConversationId,
        last_seq: u64,
        running: &BTreeMap<MessageId, RunningReply>,
    ) {
        if !self.live || self.streams || self.cursor > last_seq {
            return;
        }
        self.streams = true;
        for reply in running.values() {
            tell_running(self, conversation, reply);
        }
    }

    /// Tells who is there, if that is wished for and not told yet; a queue that is half full gets it later, and so does a
    /// connection whose own person is not counted yet. Of two of whom one has blocked the other, each is told of itself only.
    pub(super) fn tell_presence(&mut self, frame: &SharedFrame, is_cut_off: bool) {
        let ServerFrame::Presence {
            conversation_id,
            online,
        } = frame.frame()
        else {
            return;
        };
        let is_counted = online.contains(&self.user);
        if self.presence != PresenceWish::Due || (self.is_shown && !is_counted) {
            return;
        }
        let outgoing = match is_cut_off {
            true => {
                let alone = ServerFrame::Presence {
                    conversation_id: *conversation_id,
                    online: is_counted.then_some(self.user).into_iter().collect(),
                };
                encode_outgoing(self.codec, &alone)
            }
            false => frame.outgoing(self.codec),
        };
        if self.outbox.push_droppable(outgoing) {
            self.presence = PresenceWish::Told;
        }
    }
}

impl Room {
    /// Applies one event.
    pub(super) fn apply(&mut self, conversation: ConversationId, event: RoomEvent) -> Affected {
        let mut affected = Affected::default();
        match event {
            RoomEvent::Snapshot {
                last_seq,
                running,
                shards,
                presence,
                standings,
            } => {
                self.shards = shards;
                affected.put_out = self.standings_are(standings);
                self.presence_is(presence);
                affected.behind = self.snapshot(conversation, last_seq, running);
            }
            RoomEvent::Standings(standings) => affected.put_out = self.standings_are(standings),
            RoomEvent::Shards(shards) => self.shards = shards,
            RoomEvent::Entry {
                seq,
                message_id,
                frame,
            } => affected.behind = self.entry(conversation, seq, message_id, &frame),
            RoomEvent::Started(reply) => {
                for subscriber in self.streaming() {
                    tell_running(subscriber, conversation, &reply);
                }
                self.running.insert(reply.message_id, reply);
            }
            RoomEvent::Delta {
                message_id,
                text,
                frame,
            } => {
                let Some(reply) = self.running.get_mut(&message_id) else {
                    return affected;
                };
                reply.text.push_str(&text);
                for subscriber in self.streaming() {
                    let _ = subscriber.outbox.push(frame.outgoing(subscriber.codec));
                }
            }
            RoomEvent::Droppable(frame) => self.tell_droppable(&frame),
            RoomEvent::Presence(frame) => self.presence_is(frame),
        }
        affected
    }

    /// Keeps who takes part, and puts out whose person does not.
    fn standings_are(&mut self, standings: Arc<Standings>) -> Vec<SessionId> {
        let put_out = self
            .subscribers
            .extract_if(|_, subscriber| subscriber.is_out(&standings));
        let put_out = put_out.map(|(session, _)| session).collect();
        let is_cut_off = standings.of.values().any(|standing| standing.is_cut_off);
        self.standings = standings;
        if std::mem::replace(&mut self.is_cut_off, is_cut_off) != is_cut_off
            && let Some(presence) = self.presence.clone()
        {
            self.presence_is(presence);
        }
        self.waiting.drain(..).for_each(Waker::wake);
        put_out
    }

    /// Keeps who is there, and tells those who wish to know.
    fn presence_is(&mut self, frame: SharedFrame) {
        for subscriber in self.subscribers.values_mut() {
            if subscriber.presence == PresenceWish::Told {
                subscriber.presence = PresenceWish::Due;
            }
            if subscriber.live {
                subscriber.tell_presence(&frame, self.is_cut_off);
            }
        }
        self.presence = Some(frame);
    }

    pub(super) fn tell_droppable(&mut self, frame: &SharedFrame) {
        for subscriber in self.live() {
            subscriber
                .outbox
                .push_droppable(frame.outgoing(subscriber.codec));
        }
    }

    fn live(&mut self) -> impl Iterator<Item = &mut Subscriber> {
        self.subscribers
            .values_mut()
            .filter(|subscriber| subscriber.live)
    }

    fn streaming(&mut self) -> impl Iterator<Item = &mut Subscriber> {
        self.live().filter(|subscriber| subscriber.streams)
    }

    fn snapshot(
        &mut self,
        conversation: ConversationId,
        last_seq: u64,
        running: Vec<RunningReply>,
    ) -> Vec<SessionId> {
        self.synchronised = true;
        self.last_seq = self.last_seq.max(last_seq);
        let before = std::mem::take(&mut self.running);
        for reply in running {
            let unchanged = before
                .get(&reply.message_id)
                .is_some_and(|old| old.text == reply.text);
            if !unchanged {
                for subscriber in self.streaming() {
                    tell_running(subscriber, conversation, &reply);
                }
            }
            self.running.insert(reply.message_id, reply);
        }
        for subscriber in self.subscribers.values_mut() {
            subscriber.begin_streams(conversation, self.last_seq, &self.running);
        }
        self.waiting.drain(..).for_each(Waker::wake);
        self.fall_behind(|cursor, last_seq| cursor < last_seq)
    }

    fn entry(
        &mut self,
        conversation: ConversationId,
        seq: u64,
        message_id: Option<MessageId>,
        frame: &SharedFrame,
    ) -> Vec<SessionId> {
        self.last_seq = self.last_seq.max(seq);
        if let Some(message_id) = message_id {
            self.running.remove(&message_id);
        }
        for subscriber in self.subscribers.values_mut() {
            subscriber.begin_streams(conversation, self.last_seq, &self.running);
            if subscriber.live && seq == subscriber.cursor + 1 {
                subscriber.cursor = seq;
                // An overflow closes the connection; it comes back and resumes from its cursor.
                let _ = subscriber.outbox.push(frame.outgoing(subscriber.codec));
                if let Some(presence) = &self.presence {
                    // It may have been dropped.
                    subscriber.tell_presence(presence, self.is_cut_off);
                }
            }
        }
        self.fall_behind(|cursor, _| cursor < seq)
    }

    /// Takes live connections for which `missing(cursor, last_seq)` holds out of the live ones, and names them.
    fn fall_behind(&mut self, missing: impl Fn(u64, u64) -> bool) -> Vec<SessionId> {
        let last_seq = self.last_seq;
        let mut behind = Vec::new();
        for (session, subscriber) in &mut self.subscribers {
            if subscriber.live && missing(subscriber.cursor, last_seq) {
                subscriber.live = false;
                behind.push(*session);
            }
        }
        behind
    }
}

fn tell_running(subscriber: &Subscriber, conversation: ConversationId, reply: &RunningReply) {
    let _ = subscriber
        .outbox
        .push(reply.start.outgoing(subscriber.codec));
    if reply.text.is_empty() {
        return;
    }
    let delta = ServerFrame::Delta {
        conversation_id: conversation,
        message_id: reply.message_id,
        index: 0,
        text: reply.text.clone(),
    };
    let _ = subscriber
        .outbox
        .push(encode_outgoing(subscriber.codec, &delta));
}
