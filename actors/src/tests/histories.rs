//! The pure core together (timeline, fan-out, outbox) under random histories: entries come in any order or not at all, events
//! to the worker thread are lost, replies stream, readers come, go, read slowly, are cut off and resume.
//!
//! Whatever happens, each reader has in the end every entry once and in order, and the text of each running reply.

use std::collections::BTreeMap;

use proptest::prelude::*;
use protocol::{Author, Change, Entry, SessionId, What};

use super::*;
use crate::fan_out::{Follower, GoLive, RoomEvent, Rooms, Shards};
use crate::shared_frame::SharedFrame;
use crate::timeline::{Arrival, ReplyPlace, Timeline, entry_frame};

/// Readers of one history.
const READERS: usize = 3;

/// Entries read from the log at a time.
const PAGE: usize = 7;

/// What can happen.
#[derive(Debug, Clone)]
enum Step {
    /// So many messages are committed; what is published of them is on its way.
    Append(usize),
    /// A change is committed, and on its way like a message.
    Change,
    /// One of the published entries arrives.
    Deliver(usize),
    /// One of the published entries is lost on its way.
    Lose(usize),
    /// The worker thread's mailbox is full: it misses what comes until it is sent a snapshot.
    Miss,
    /// The worker thread is sent a snapshot.
    Repair,
    /// A reply begins.
    Start,
    /// A piece of a running reply.
    Piece(usize, String),
    /// A running reply is committed.
    Finish(usize),
    /// A reader connects, or comes back with its cursor.
    Join(usize),
    /// A reader is served from the log, or goes live.
    CatchUp(usize),
    /// A reader reads so many frames.
    Read(usize, usize),
    /// A reader's connection is lost, with all that it has not read.
    Cut(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let any = 0..1_000_usize;
    let reader = 0..READERS;
    prop_oneof![
        6 => prop_oneof![9 => 1..4_usize, 1 => 100..200_usize].prop_map(Step::Append),
        2 => Just(Step::Change),
        12 => any.clone().prop_map(Step::Deliver),
        2 => any.clone().prop_map(Step::Lose),
        1 => Just(Step::Miss),
        2 => Just(Step::Repair),
        2 => Just(Step::Start),
        6 => (any.clone(), "[a-zé🙂]{1,3}").prop_map(|(which, text)| Step::Piece(which, text)),
        2 => any.prop_map(Step::Finish),
        3 => reader.clone().prop_map(Step::Join),
        8 => reader.clone().prop_map(Step::CatchUp),
        8 => (reader.clone(), 1..40_usize).prop_map(|(reader, frames)| Step::Read(reader, frames)),
        1 => reader.prop_map(Step::Cut),
    ]
}

/// A reader: its connection while it has one, and what it has seen over all of them.
#[derive(Default)]
struct Reader {
    connection: Option<(SessionId, Outbox)>,
    seen: u64,
    streams: BTreeMap<MessageId, String>,
}

struct World {
    conversation: ConversationId,
    log: Vec<Entry>,
    on_the_way: Vec<Entry>,
    timeline: Timeline,
    rooms: Rooms,
    missed: bool,
    /// The text so far of each running reply.
    replies: BTreeMap<MessageId, String>,
    readers: [Reader; READERS],
}

impl World {
    fn new() -> Self {
        let conversation = ConversationId::new();
        Self {
            conversation,
            log: Vec::new(),
            on_the_way: Vec::new(),
            timeline: Timeline::new(conversation, 0),
            rooms: Rooms::default(),
            missed: false,
            replies: BTreeMap::new(),
            readers: Default::default(),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append(count) => {
                for _ in 0..count {
                    let user = UserId::from_bytes([1; 16]);
                    let author = Author::User {
                        id: user,
                        name: String::new(),
                    };
                    let text = format!("entry {}", self.log.len() + 1);
                    self.commit(MessageId::new(), author, text);
                }
            }
            Step::Change => {
                let change = Change {
                    conversation_id: self.conversation,
                    seq: self.log.len() as u64 + 1,
                    author: twin(),
                    created_at: 0,
                    client_id: None,
                    what: What::Deleted {
                        message_id: MessageId::new(),
                    },
                };
                self.commit_entry(Entry::Change(change));
            }
            Step::Deliver(which) => {
                if let Some(entry) = pick(&mut self.on_the_way, which) {
                    self.arrive(entry);
                }
            }
            Step::Lose(which) => drop(pick(&mut self.on_the_way, which)),
            Step::Miss => self.missed = true,
            Step::Repair => self.repair(),
            Step::Start => {
                let reply = MessageId::new();
                if let Some(started) =
                    self.timeline
                        .start(reply, twin(), ReplyPlace::to(MessageId::new()))
                {
                    self.replies.insert(reply, String::new());
                    self.tell(RoomEvent::Started(started));
                }
            }
            Step::Piece(which, text) => {
                let Some(message_id) = self.running(which) else {
                    return;
                };
                let frame = self.timeline.append(message_id, &text);
                let frame = frame.expect("the reply runs and is short");
                self.replies.entry(message_id).or_default().push_str(&text);
                self.tell(RoomEvent::Delta {
                    message_id,
                    text,
                    frame,
                });
            }
            Step::Finish(which) => {
                if let Some(reply) = self.running(which) {
                    let text = self.replies.remove(&reply).unwrap_or_default();
                    self.commit(reply, twin(), text);
                    // Its own node knows of it at once.
                    let entry = self.on_the_way.pop().expect("it was just committed");
                    self.arrive(entry);
                }
            }
            Step::Join(reader) => self.join(reader),
            Step::CatchUp(reader) => self.catch_up(reader),
            Step::Read(reader, frames) => self.read(reader, frames),
            Step::Cut(reader) => self.disconnect(reader),
        }
    }

    fn running(&self, which: usize) -> Option<MessageId> {
        let count = self.replies.len().max(1);
        self.replies.keys().nth(which % count).copied()
    }

    fn commit(&mut self, message_id: MessageId, author: Author, text: String) {
        let message = Message {
            seq: self.log.len() as u64 + 1,
            ..Message::new(self.conversation, message_id, author, text)
        };
        self.commit_entry(Entry::Message(message));
    }

    fn commit_entry(&mut self, entry: Entry) {
        self.log.push(entry.clone());
        self.on_the_way.push(entry);
    }

    /// As the conversation's actor does it: what is released goes to the worker thread, a gap is read from the log.
    fn arrive(&mut self, entry: Entry) {
        match self.timeline.arrive(entry) {
            Arrival::Released(entries) => {
                for entry in entries {
                    self.tell(RoomEvent::Entry {
                        seq: entry.seq(),
                        message_id: entry.message().map(|message| message.message_id),
                        frame: entry_frame(entry),
                    });
                }
            }
            Arrival::Gap => {
                self.read_log();
            }
            Arrival::Known => {}
        }
    }

    fn read_log(&mut self) {
        let after = self.timeline.last_seq() as usize;
        let rest = self.log[after..].to_vec();
        for entry in rest {
            self.arrive(entry);
        }
    }

    fn tell(&mut self, event: RoomEvent) {
        if !self.missed {
            self.rooms.apply(self.conversation, event);
        }
    }

    fn repair(&mut self) {
        self.missed = false;
        let conversation_id = self.conversation;
        self.tell(RoomEvent::Snapshot {
            last_seq: self.timeline.last_seq(),
            running: self.timeline.running().cloned().collect(),
            shards: Shards::from([]),
            presence: SharedFrame::new(ServerFrame::Presence {
                conversation_id,
                online: Vec::new(),
            }),
            standings: Arc::default(),
        });
    }

    fn join(&mut self, number: usize) {
        if self.readers[number].connection.is_some() {
            return;
        }
        let (session, outbox) = (SessionId::new(), Outbox::new());
        let follower = Follower {
            user: UserId::from_bytes([1; 16]),
            outbox: outbox.clone(),
            codec: Codec::Json,
            wants_presence: false,
            is_shown: true,
        };
        let needs_snapshot = self.rooms.join(self.conversation, session, follower);
        if needs_snapshot {
            self.repair();
        }
        let seen = self.readers[number].seen;
        self.rooms.caught_up_to(self.conversation, session, seen);
        self.readers[number].connection = Some((session, outbox));
    }

    /// As a session does it: a page of the log, while the connection has room for it.
    fn catch_up(&mut self, number: usize) {
        let Some((session, outbox)) = self.readers[number].connection.clone() else {
            return;
        };
        let Some(cursor) = self.rooms.cursor(self.conversation, session) else {
            return;
        };
        if self.rooms.is_live(self.conversation, session) {
            return;
        }
        if self.rooms.go_live(self.conversation, session) != GoLive::Behind {
            return;
        }
        for entry in self.log.iter().skip(cursor as usize).take(PAGE) {
            if outbox.room().now_or_never().is_none() {
                return;
            }
            let _ = outbox.push(entry_frame(entry.clone()).outgoing(Codec::Json));
            self.rooms
                .caught_up_to(self.conversation, session, entry.seq());
        }
    }

    fn read(&mut self, number: usize, frames: usize) {
        let Some((_, outbox)) = self.readers[number].connection.clone() else {
            return;
        };
        for _ in 0..frames {
            match outbox.try_next() {
                Some(Outgoing::Text(bytes)) => {
                    let frame = protocol::decode_server(Codec::Json, &bytes).unwrap();
                    self.readers[number].see(frame, &self.log);
                }
                Some(Outgoing::Close(code, _)) => {
                    assert_eq!(code, protocol::CloseCode::TryLater);
                    return self.disconnect(number);
                }
                Some(other) => panic!("unexpected {other:?}"),
                None => return,
            }
        }
    }

    fn disconnect(&mut self, number: usize) {
        let reader = &mut self.readers[number];
        reader.streams.clear();
        if let Some((session, _)) = reader.connection.take() {
            self.rooms.leave(self.conversation, session);
        }
    }

    /// Nothing is lost any more, and everybody reads: what is left is what the promise is about.
    fn settle(&mut self) {
        self.read_log();
        if self.missed {
            self.repair();
        }
        for number in 0..READERS {
            let rounds = self.log.len() + 10;
            for _ in 0..rounds {
                self.join(number);
                self.catch_up(number);
                self.read(number, usize::MAX);
            }
        }
    }
}

impl Reader {
    /// Takes a frame as a client does, and holds it to the promises.
    fn see(&mut self, frame: ServerFrame, log: &[Entry]) {
        match frame {
            ServerFrame::Message(message) | ServerFrame::MessageDone(message) => {
                self.streams.remove(&message.message_id);
                self.see_entry(Entry::Message(message), log);
            }
            ServerFrame::Change(change) => self.see_entry(Entry::Change(change), log),
            ServerFrame::MessageStart { message_id, .. } => {
                self.streams.insert(message_id, String::new());
            }
            ServerFrame::Delta {
                message_id,
                index,
                text,
                ..
            } => {
                let stream = self.streams.get_mut(&message_id);
                let stream = stream.expect("a piece comes after its start");
                if index == 0 {
                    stream.clear();
                }
                assert_eq!(index, stream.chars().count() as u64, "no piece is missing");
                stream.push_str(&text);
            }
            other => panic!("unexpected {other:?}"),
        }
    }

    fn see_entry(&mut self, entry: Entry, log: &[Entry]) {
        assert_eq!(entry.seq(), self.seen + 1, "every entry once, in order");
        assert_eq!(entry, log[self.seen as usize]);
        self.seen = entry.seq();
    }
}

fn pick(entries: &mut Vec<Entry>, which: usize) -> Option<Entry> {
    let count = entries.len();
    (count > 0).then(|| entries.remove(which % count))
}

fn twin() -> Author {
    Author::Twin {
        id: TwinId::from_bytes([2; 16]),
        name: "Ada".to_owned(),
    }
}

proptest! {
    #[test]
    fn every_reader_has_every_entry_once_in_order_and_every_running_reply_whole(
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.settle();
        for reader in &world.readers {
            prop_assert_eq!(reader.seen, world.log.len() as u64);
            prop_assert_eq!(&reader.streams, &world.replies);
        }
    }
}
