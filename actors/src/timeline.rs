//! The pure core of a conversation: puts entries of the log into their one order, and keeps the running replies.
//!
//! **Invariant**: no actor, no IO, no clock. What it releases is gapless: entry `n + 1` never comes before entry `n`.

use std::collections::BTreeMap;

use protocol::{Author, ConversationId, Entry, MessageId, ServerFrame};
use storage::ReplyOrder;

use crate::fan_out::RunningReply;
use crate::limits::{EARLY_ENTRIES_MAX, REPLY_BYTES_MAX, RUNNING_REPLIES_MAX};
use crate::shared_frame::SharedFrame;

/// What became of an entry that arrived.
#[derive(Debug, PartialEq)]
pub(crate) enum Arrival {
    /// These entries are next, in this order.
    Released(Vec<Entry>),
    /// An earlier entry is missing: read the log.
    Gap,
    /// It was released before.
    Known,
}

/// Where a reply belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplyPlace {
    /// The message that is answered.
    pub(crate) reply_to: MessageId,
    /// The root of the thread that it is written in.
    pub(crate) thread: Option<MessageId>,
    /// The first attempt at the same reply, when this is another one.
    pub(crate) variant_of: Option<MessageId>,
}

impl ReplyPlace {
    /// The place of a reply that was ordered.
    pub(crate) fn of(order: &ReplyOrder) -> Self {
        Self {
            reply_to: order.reply_to,
            thread: order.thread,
            variant_of: order.variant_of,
        }
    }

    /// A first reply outside of threads.
    #[cfg(test)]
    pub(crate) fn to(reply_to: MessageId) -> Self {
        Self {
            reply_to,
            thread: None,
            variant_of: None,
        }
    }
}

/// The order of one conversation.
#[derive(Debug)]
pub(crate) struct Timeline {
    conversation: ConversationId,
    last_seq: u64,
    early: BTreeMap<u64, Entry>,
    running: BTreeMap<MessageId, RunningReply>,
}

impl Timeline {
    /// Begins after the last entry that is known.
    pub(crate) fn new(conversation: ConversationId, last_seq: u64) -> Self {
        Self {
            conversation,
            last_seq,
            early: BTreeMap::new(),
            running: BTreeMap::new(),
        }
    }

    /// The last entry that was released.
    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The replies being written.
    pub(crate) fn running(&self) -> impl Iterator<Item = &RunningReply> {
        self.running.values()
    }

    /// Whether this reply is being written.
    pub(crate) fn is_running(&self, reply: MessageId) -> bool {
        self.running.contains_key(&reply)
    }

    /// Takes an entry of the log, from wherever it came.
    pub(crate) fn arrive(&mut self, entry: Entry) -> Arrival {
        if entry.seq() <= self.last_seq {
            return Arrival::Known;
        }
        if entry.seq() > self.last_seq + 1 {
            if self.early.len() < EARLY_ENTRIES_MAX {
                self.early.insert(entry.seq(), entry);
            }
            return Arrival::Gap;
        }
        let mut released = Vec::new();
        let mut next = Some(entry);
        while let Some(entry) = next {
            self.last_seq = entry.seq();
            if let Entry::Message(message) = &entry {
                self.running.remove(&message.message_id);
            }
            released.push(entry);
            next = self.early.remove(&(self.last_seq + 1));
        }
        Arrival::Released(released)
    }

    /// Begins a reply, or begins it anew; `None` when as many run as may.
    pub(crate) fn start(
        &mut self,
        message_id: MessageId,
        author: Author,
        place: ReplyPlace,
    ) -> Option<RunningReply> {
        if self.running.len() >= RUNNING_REPLIES_MAX && !self.is_running(message_id) {
            return None;
        }
        let start = SharedFrame::new(ServerFrame::MessageStart {
            conversation_id: self.conversation,
            message_id,
            ai_written: author.is_ai(),
            author,
            reply_to: place.reply_to,
            thread: place.thread,
            variant_of: place.variant_of,
        });
        let reply = RunningReply {
            message_id,
            start,
            text: String::new(),
        };
        self.running.insert(message_id, reply.clone());
        Some(reply)
    }

    /// Adds a piece to a running reply of this node, and returns its frame.
    pub(crate) fn append(&mut self, reply: MessageId, text: &str) -> Option<SharedFrame> {
        let running = self.running.get_mut(&reply)?;
        if running.text.len() + text.len() > REPLY_BYTES_MAX {
            return None;
        }
        let index = running.text.chars().count() as u64;
        running.text.push_str(text);
        Some(SharedFrame::new(ServerFrame::Delta {
            conversation_id: self.conversation,
            message_id: reply,
            index,
            text: text.to_owned(),
        }))
    }

    /// Adds a piece that another node wrote, if it follows what is here.
    pub(crate) fn append_remote(
        &mut self,
        reply: MessageId,
        index: u64,
        text: &str,
    ) -> Option<SharedFrame> {
        let running = self.running.get(&reply)?;
        if running.text.chars().count() as u64 != index {
            return None;
        }
        self.append(reply, text)
    }

    /// Who writes a running reply, and where it belongs.
    pub(crate) fn running_reply(&self, reply: MessageId) -> Option<(Author, ReplyPlace)> {
        match self.running.get(&reply)?.start.frame() {
            ServerFrame::MessageStart {
                author,
                reply_to,
                thread,
                variant_of,
                ..
            } => {
                let place = ReplyPlace {
                    reply_to: *reply_to,
                    thread: *thread,
                    variant_of: *variant_of,
                };
                Some((author.clone(), place))
            }
            _ => None,
        }
    }

    /// The text so far of a running reply.
    pub(crate) fn text(&self, reply: MessageId) -> &str {
        self.running.get(&reply).map_or("", |running| &running.text)
    }

    /// Forgets a reply that another node has taken over.
    pub(crate) fn forget(&mut self, reply: MessageId) {
        self.running.remove(&reply);
    }
}

/// How the members see a new entry of the log: a twin's message ends its stream.
pub(crate) fn entry_frame(entry: Entry) -> SharedFrame {
    SharedFrame::new(match entry {
        Entry::Message(message) if message.author.is_ai() => ServerFrame::MessageDone(message),
        Entry::Message(message) => ServerFrame::Message(message),
        Entry::Change(change) => ServerFrame::Change(change),
    })
}

#[cfg(test)]
mod tests;
