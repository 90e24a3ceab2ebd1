use proptest::prelude::*;
use protocol::{Message, TwinId, UserId};

use super::*;

fn message(conversation: ConversationId, seq: u64) -> Message {
    let author = Author::User {
        id: UserId::new(),
        name: "Kim".to_owned(),
    };
    let (id, text) = (MessageId::new(), format!("message {seq}"));
    Message {
        seq,
        ..Message::new(conversation, id, author, text)
    }
}

fn twin() -> Author {
    Author::Twin {
        id: TwinId::new(),
        name: "Ada".to_owned(),
    }
}

proptest! {
    #[test]
    fn entries_in_any_order_and_number_are_released_once_and_without_a_gap(
        order in proptest::collection::vec(1_u64..40, 0..200),
    ) {
        let conversation = ConversationId::new();
        let mut timeline = Timeline::new(conversation, 0);
        let mut released = Vec::new();
        for seq in &order {
            if let Arrival::Released(entries) = timeline.arrive(Entry::Message(message(conversation, *seq))) {
                released.extend(entries.iter().map(Entry::seq));
            }
        }
        let complete = (1..).take_while(|seq| order.contains(seq)).collect::<Vec<u64>>();
        prop_assert_eq!(&released, &complete);
        prop_assert_eq!(timeline.last_seq(), complete.len() as u64);
    }

    #[test]
    fn the_pieces_of_a_reply_add_up_and_carry_their_place_in_code_points(
        pieces in proptest::collection::vec("\\PC{1,8}", 1..40),
    ) {
        let mut timeline = Timeline::new(ConversationId::new(), 0);
        let reply = MessageId::new();
        timeline.start(reply, twin(), ReplyPlace::to(MessageId::new())).unwrap();
        let mut text = String::new();
        for piece in &pieces {
            let frame = timeline.append(reply, piece).unwrap();
            let ServerFrame::Delta { index, text: piece, .. } = frame.frame() else { panic!() };
            prop_assert_eq!(*index, text.chars().count() as u64);
            text.push_str(piece);
        }
        prop_assert_eq!(timeline.text(reply), text);
    }
}

#[test]
fn an_entry_ends_its_running_reply() {
    let conversation = ConversationId::new();
    let mut timeline = Timeline::new(conversation, 0);
    let done = message(conversation, 1);
    timeline
        .start(done.message_id, twin(), ReplyPlace::to(MessageId::new()))
        .unwrap();
    timeline.arrive(Entry::Message(done));
    assert_eq!(timeline.running().count(), 0);
}

#[test]
fn a_piece_of_another_node_that_does_not_follow_is_left_out() {
    let mut timeline = Timeline::new(ConversationId::new(), 0);
    let reply = MessageId::new();
    timeline
        .start(reply, twin(), ReplyPlace::to(MessageId::new()))
        .unwrap();
    assert!(timeline.append_remote(reply, 0, "two").is_some());
    assert!(timeline.append_remote(reply, 5, "lost before").is_none());
    assert_eq!(timeline.text(reply), "two");
}

#[test]
fn no_more_replies_run_at_once_than_may() {
    let mut timeline = Timeline::new(ConversationId::new(), 0);
    for _ in 0..RUNNING_REPLIES_MAX {
        assert!(
            timeline
                .start(MessageId::new(), twin(), ReplyPlace::to(MessageId::new()))
                .is_some()
        );
    }
    assert!(
        timeline
            .start(MessageId::new(), twin(), ReplyPlace::to(MessageId::new()))
            .is_none()
    );
}
