use proptest::prelude::*;
use protocol::{Author, ServerFrame, TwinId};
use std::sync::Arc;

use super::*;
use crate::outbox::Outgoing;

fn entry(conversation: ConversationId, seq: u64) -> RoomEvent {
    let message_id = MessageId::new();
    let frame = SharedFrame::new(ServerFrame::Receipt {
        conversation_id: conversation,
        user_id: protocol::UserId::new(),
        seq,
    });
    RoomEvent::Entry {
        seq,
        message_id: Some(message_id),
        frame,
    }
}

fn started(conversation: ConversationId, message_id: MessageId, text: &str) -> RunningReply {
    let start = SharedFrame::new(ServerFrame::MessageStart {
        conversation_id: conversation,
        message_id,
        author: Author::Twin {
            id: TwinId::new(),
            name: "Ada".to_owned(),
        },
        ai_written: true,
        reply_to: MessageId::new(),
        thread: None,
        variant_of: None,
    });
    RunningReply {
        message_id,
        start,
        text: text.to_owned(),
    }
}

/// What a connection was told: `seq`s of entries and texts of pieces.
fn told(outbox: &Outbox) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(Outgoing::Text(bytes)) = outbox.try_next() {
        told.push(
            match protocol::decode_server(Codec::Json, &bytes).unwrap() {
                ServerFrame::Receipt { seq, .. } => seq.to_string(),
                ServerFrame::MessageStart { .. } => "start".to_owned(),
                ServerFrame::Delta { index, text, .. } => format!("{index}:{text}"),
                ServerFrame::Presence { online, .. } => format!("{} online", online.len()),
                other => panic!("unexpected {other:?}"),
            },
        );
    }
    told
}

struct Scene {
    rooms: Rooms,
    conversation: ConversationId,
    session: SessionId,
    outbox: Outbox,
}

const USER: UserId = UserId::from_bytes([1; 16]);

fn follower(outbox: &Outbox) -> Follower {
    Follower {
        user: USER,
        outbox: outbox.clone(),
        codec: Codec::Json,
        wants_presence: true,
        is_shown: true,
    }
}

fn scene() -> Scene {
    let mut rooms = Rooms::default();
    let (conversation, session, outbox) = (ConversationId::new(), SessionId::new(), Outbox::new());
    assert!(rooms.join(conversation, session, follower(&outbox)));
    Scene {
        rooms,
        conversation,
        session,
        outbox,
    }
}

fn presence(conversation_id: ConversationId, online: &[UserId]) -> SharedFrame {
    SharedFrame::new(ServerFrame::Presence {
        conversation_id,
        online: online.to_vec(),
    })
}

impl Scene {
    fn apply(&mut self, event: RoomEvent) {
        self.rooms.apply(self.conversation, event);
    }

    fn snapshot(&mut self, last_seq: u64, running: Vec<RunningReply>) {
        self.apply(RoomEvent::Snapshot {
            last_seq,
            running,
            shards: [].into(),
            presence: presence(self.conversation, &[]),
            standings: Arc::default(),
        });
    }

    fn caught_up_to(&mut self, seq: u64) {
        self.rooms
            .caught_up_to(self.conversation, self.session, seq);
    }

    fn go_live(&mut self) -> GoLive {
        self.rooms.go_live(self.conversation, self.session)
    }
}

#[test]
fn nobody_goes_live_before_the_snapshot_or_behind_it() {
    let mut scene = scene();
    assert_eq!(scene.go_live(), GoLive::Behind);
    scene.snapshot(3, vec![]);
    assert_eq!(scene.go_live(), GoLive::Behind);
    scene.caught_up_to(3);
    assert_eq!(scene.go_live(), GoLive::Live);
    let entry = entry(scene.conversation, 4);
    scene.apply(entry);
    assert_eq!(told(&scene.outbox), ["4"]);
}

#[test]
fn who_goes_live_in_the_middle_of_a_reply_gets_the_text_so_far_and_what_follows() {
    let mut scene = scene();
    let reply = MessageId::new();
    let running = started(scene.conversation, reply, "so far");
    scene.snapshot(0, vec![running]);
    assert_eq!(scene.go_live(), GoLive::Live);
    let frame = SharedFrame::new(ServerFrame::Delta {
        conversation_id: scene.conversation,
        message_id: reply,
        index: 6,
        text: " so good".to_owned(),
    });
    scene.apply(RoomEvent::Delta {
        message_id: reply,
        text: " so good".to_owned(),
        frame,
    });
    assert_eq!(told(&scene.outbox), ["start", "0:so far", "6: so good"]);
}

#[test]
fn a_connection_that_has_read_on_waits_with_streams_until_the_room_has_heard_of_it_all() {
    let mut scene = scene();
    let reply = MessageId::new();
    let running = started(scene.conversation, reply, "old news");
    scene.snapshot(0, vec![running]);
    scene.caught_up_to(1);
    assert_eq!(scene.go_live(), GoLive::Live);
    assert_eq!(told(&scene.outbox), Vec::<String>::new());
    // Another one begins before the room hears that the log has the end of the first.
    let other = started(scene.conversation, MessageId::new(), "news");
    scene.apply(RoomEvent::Started(other));
    assert_eq!(told(&scene.outbox), Vec::<String>::new());
    let end = RoomEvent::Entry {
        seq: 1,
        message_id: Some(reply),
        frame: presence(scene.conversation, &[]),
    };
    scene.apply(end);
    assert_eq!(told(&scene.outbox), ["start", "0:news"]);
}

#[test]
fn a_snapshot_that_repairs_a_loss_starts_changed_replies_anew() {
    let mut scene = scene();
    let (unchanged, changed) = (MessageId::new(), MessageId::new());
    let first = [(unchanged, "same"), (changed, "one")];
    let second = [(unchanged, "same"), (changed, "one two")];
    for replies in [first, second] {
        let running = replies
            .map(|(reply, text)| started(scene.conversation, reply, text))
            .to_vec();
        scene.snapshot(0, running);
        assert_eq!(scene.go_live(), GoLive::Live);
        told(&scene.outbox).clear();
    }
    scene.rooms.leave(scene.conversation, scene.session);
    let outbox = Outbox::new();
    let follower = follower(&outbox);
    scene
        .rooms
        .join(scene.conversation, scene.session, follower);
    let running = first
        .map(|(reply, text)| started(scene.conversation, reply, text))
        .to_vec();
    scene.snapshot(0, running);
    assert_eq!(scene.go_live(), GoLive::Live);
    told(&outbox).clear();
    let running = second
        .map(|(reply, text)| started(scene.conversation, reply, text))
        .to_vec();
    scene.snapshot(0, running);
    assert_eq!(told(&outbox), ["start", "0:one two"]);
}

#[test]
fn presence_is_told_once_and_made_good_when_it_was_dropped() {
    let mut scene = scene();
    scene.snapshot(0, vec![]);
    assert_eq!(scene.go_live(), GoLive::Live);
    assert_eq!(
        told(&scene.outbox),
        [""; 0],
        "its own person is not counted yet"
    );
    assert_eq!(
        scene.rooms.take_changed(),
        [(scene.conversation, Attendance::from([(USER, true)]))]
    );
    assert_eq!(scene.rooms.take_changed(), []);
    let frame = |scene: &Scene, online: &[UserId]| {
        RoomEvent::Presence(presence(scene.conversation, online))
    };
    let both = [USER, UserId::from_bytes([2; 16])];
    scene.apply(frame(&scene, &both));
    assert_eq!(told(&scene.outbox), ["2 online"]);
    assert_eq!(scene.go_live(), GoLive::Live);
    assert_eq!(told(&scene.outbox), [""; 0]);

    while scene.outbox.push_droppable(Outgoing::Ping) {}
    scene.apply(frame(&scene, &both[..1]));
    while scene.outbox.try_next().is_some() {}
    let entry = entry(scene.conversation, 1);
    scene.apply(entry);
    assert_eq!(told(&scene.outbox), ["1", "1 online"]);
}

proptest! {
    /// Entries get lost, doubled and mixed up on their way; the connection reads the log whenever it is behind.
    #[test]
    fn a_connection_gets_every_entry_once_in_order_whatever_is_lost_on_the_way(
        arrivals in proptest::collection::vec(1_u64..30, 0..80),
        snapshots in proptest::collection::vec(0_usize..80, 0..6),
    ) {
        let mut scene = scene();
        let mut received: Vec<u64> = Vec::new();
        let mut newest = 0;
        scene.snapshot(0, vec![]);
        for (step, seq) in arrivals.iter().enumerate() {
            newest = newest.max(*seq);
            let event = entry(scene.conversation, *seq);
            scene.apply(event);
            if snapshots.contains(&step) {
                scene.snapshot(newest, vec![]);
            }
            received.extend(told(&scene.outbox).iter().map(|seq| seq.parse::<u64>().unwrap()));
            if scene.go_live() == GoLive::Behind {
                let cursor = scene.rooms.cursor(scene.conversation, scene.session).unwrap();
                received.extend(cursor + 1..=newest);
                scene.caught_up_to(newest);
                prop_assert_eq!(scene.go_live(), GoLive::Live);
            }
        }
        prop_assert_eq!(received, (1..=newest).collect::<Vec<u64>>());
    }
}
