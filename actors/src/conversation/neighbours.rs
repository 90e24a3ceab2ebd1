//! The other nodes: what this one publishes for them, and what they published.

use actix::prelude::*;
use bytes::Bytes;
use protocol::{Entry, ServerFrame};

use super::Conversation;
use crate::SharedFrame;
use crate::bus_event::{self, NodeEvent};
use crate::fan_out::RoomEvent;
use crate::metrics;
use crate::timeline::ReplyPlace;

impl Conversation {
    /// Tells the other nodes.
    pub(super) fn publish(&self, payload: Bytes) {
        if self.services.bus.publish(self.id, payload).is_err() {
            // The log has everything that matters; other nodes notice the gap at the next entry.
            metrics::dropped("bus_publish");
        }
    }

    /// Tells the other nodes what the members see.
    pub(super) fn publish_frame(&self, frame: &ServerFrame) {
        if self.is_heard() {
            self.publish(bus_event::encode_frame(frame));
        }
    }

    /// Whether another node may hear what this one publishes.
    pub(super) fn is_heard(&self) -> bool {
        self.services.bus.is_heard(self.id)
    }
}

/// Another node published something about this conversation.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct BusArrived(pub(crate) Bytes);

impl Handler<BusArrived> for Conversation {
    type Result = ();

    fn handle(&mut self, BusArrived(payload): BusArrived, context: &mut Self::Context) {
        match NodeEvent::decode(&payload) {
            Some(NodeEvent::Frame(frame)) => self.frame_arrived(*frame, context),
            Some(NodeEvent::Stop(reply)) => {
                if !self.stop_own_reply(reply, context) {
                    self.stop_claimed_reply(reply);
                }
            }
            Some(NodeEvent::TakenOver(reply)) => self.give_up(reply),
            Some(NodeEvent::Present { node, people }) => self.node_says(node, people, context),
            Some(NodeEvent::WhoIsThere) => self.say_who_is_here(context),
            Some(NodeEvent::BlocksChanged) => self.refresh_members(context),
            // No conversation's concern.
            Some(NodeEvent::Forget(_) | NodeEvent::CheckAccess(_) | NodeEvent::ToPerson { .. }) => {
            }
            None => metrics::dropped("bus_unknown"),
        }
    }
}

impl Conversation {
    fn frame_arrived(&mut self, frame: ServerFrame, context: &mut Context<Self>) {
        match frame {
            // Another node has not heard yet that the reply is written here.
            ServerFrame::MessageStart { message_id, .. }
            | ServerFrame::Delta { message_id, .. }
                if self.replies.contains_key(&message_id) => {}
            ServerFrame::Message(message) | ServerFrame::MessageDone(message) => {
                self.arrive(Entry::Message(message), context);
            }
            ServerFrame::Change(change) => self.arrive(Entry::Change(change), context),
            ServerFrame::MessageStart {
                message_id,
                author,
                reply_to,
                thread,
                variant_of,
                ..
            } => {
                let place = ReplyPlace {
                    reply_to,
                    thread,
                    variant_of,
                };
                let started = self.timeline.start(message_id, author, place);
                if let Some(reply) = started {
                    self.tell(&RoomEvent::Started(reply), context);
                }
            }
            ServerFrame::Delta {
                message_id,
                index,
                text,
                ..
            } => {
                if let Some(frame) = self.timeline.append_remote(message_id, index, &text) {
                    self.tell(
                        &RoomEvent::Delta {
                            message_id,
                            text,
                            frame,
                        },
                        context,
                    );
                }
            }
            frame @ (ServerFrame::Typing { .. }
            | ServerFrame::Broadcast { .. }
            | ServerFrame::TakenOver { .. }
            | ServerFrame::Receipt { .. }) => {
                self.tell(&RoomEvent::Droppable(SharedFrame::new(frame)), context);
            }
            _ => metrics::dropped("bus_unknown"),
        }
    }
}

/// The log goes as far as this at least: what is not here yet is read.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct LogReaches(pub(crate) u64);

impl Handler<LogReaches> for Conversation {
    type Result = ();

    fn handle(&mut self, LogReaches(seq): LogReaches, context: &mut Self::Context) {
        if seq > self.timeline.last_seq() {
            self.read_log(context);
        }
    }
}

/// Events of other nodes were missed: read the log, and who has blocked whom, which no entry tells.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct CatchUpWithLog;

impl Handler<CatchUpWithLog> for Conversation {
    type Result = ();

    fn handle(&mut self, _: CatchUpWithLog, context: &mut Self::Context) {
        self.read_log(context);
        self.refresh_members(context);
    }
}
