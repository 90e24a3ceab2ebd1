//! Whose turn it is to reply, and how far machines set each other off.

use protocol::{Chain, ChainEnd, Message, MessageId, NodeId, TwinId};
use storage::{
    ChainLimits, ChainUse, Finished, FinishedReply, NewMember, NewMessage, NewReplyOrder,
    ReplyOrder, ReplyWhen, Twin,
};

use crate::support::{NOW, Scene, TestDatabase, begin, new, on_both_databases, twin_of};

const LEASE: i64 = 15_000;

/// Tokens of [`Scene::answer`].
const TOKENS: u64 = 7;

on_both_databases![
    those_who_reply_to_one_message_do_so_in_their_turns,
    a_reply_that_is_declined_leaves_nothing_and_lets_the_next_begin,
    a_reply_asks_for_replies_within_the_limits,
    each_limit_ends_a_chain_and_is_told,
    what_a_machine_writes_unasked_goes_back_to_what_a_person_said_last,
    of_those_who_may_have_been_answered_only_one_is_asked,
    a_twin_that_has_left_is_not_asked,
];

/// A room with a person and two twins.
struct Room {
    scene: Scene,
    bo: Twin,
}

impl Room {
    async fn set(db: &TestDatabase) -> Self {
        let mut scene = Scene::set(db).await;
        let bo = twin_of(scene.user.id, "Bo");
        db.create_twin(bo.clone(), 10).await.unwrap();
        let members = vec![
            NewMember::User(scene.user.id),
            NewMember::Twin(scene.twin.id),
            NewMember::Twin(bo.id),
        ];
        scene.conversation = begin(db, scene.user.id, members).await;
        Self { scene, bo }
    }

    /// A message that asks these twins.
    fn asks(&self, client_id: &str, twins: &[TwinId]) -> NewMessage {
        NewMessage {
            replies: twins.iter().map(|twin| wish(*twin)).collect(),
            ..self.scene.says(client_id, "What is the engine made of?")
        }
    }
}

fn wish(twin_id: TwinId) -> NewReplyOrder {
    NewReplyOrder {
        message_id: MessageId::new(),
        twin_id,
        when: ReplyWhen::Always,
        node_id: NodeId::new(),
        lease_until: NOW,
    }
}

const WIDE: ChainLimits = ChainLimits {
    hops_max: 100,
    replies_max: 100,
    tokens_max: 10_000,
    reply_tokens_max: 50,
};

async fn claim(db: &TestDatabase, order: MessageId) -> Option<u64> {
    let claimed = db.claim_reply(order, NodeId::new(), NOW, NOW + LEASE).await;
    claimed.unwrap()
}

/// Finishes a reply that asks these twins.
async fn finish(
    db: &TestDatabase,
    room: &Room,
    order: MessageId,
    twins: &[TwinId],
    chain: ChainLimits,
) -> (Message, Vec<ReplyOrder>) {
    let epoch = claim(db, order).await.unwrap();
    let answer = FinishedReply {
        replies: twins.iter().map(|twin| wish(*twin)).collect(),
        chain,
        lend_until: NOW + LEASE,
        ..room.scene.answer()
    };
    let Finished::Done(message) = db.finish_reply(order, epoch, answer).await.unwrap() else {
        panic!("the reply is not done");
    };
    assert_eq!(db.message(order).await.unwrap().as_ref(), Some(&message));
    let orders = db.replies_ordered_to(order).await.unwrap();
    (message, orders)
}

async fn those_who_reply_to_one_message_do_so_in_their_turns(db: TestDatabase) {
    let room = Room::set(&db).await;
    let question = room.asks("1", &[room.bo.id, room.scene.twin.id]);
    db.append_message(question.clone()).await.unwrap();
    let orders = db.replies_ordered_to(question.message_id).await.unwrap();
    let turns: Vec<(TwinId, u64)> = orders
        .iter()
        .map(|order| (order.twin_id, order.turn))
        .collect();
    assert_eq!(turns, [(room.bo.id, 0), (room.scene.twin.id, 1)]);
    let [first, second] = [orders[0].message_id, orders[1].message_id];
    assert_eq!(claim(&db, second).await, None);
    let expired = db.expired_replies(NOW + 1, 9).await.unwrap();
    assert_eq!(expired, orders[..1], "the second has no turn yet");
    finish(&db, &room, first, &[], WIDE).await;
    let expired = db.expired_replies(NOW + 1, 9).await.unwrap();
    assert_eq!(expired, [], "its lease begins with its turn");
    let expired = db.expired_replies(NOW + LEASE, 9).await.unwrap();
    assert_eq!(expired.len(), 1);
    assert_eq!(claim(&db, second).await, Some(1));
}

async fn a_reply_that_is_declined_leaves_nothing_and_lets_the_next_begin(db: TestDatabase) {
    let room = Room::set(&db).await;
    let mut question = room.asks("1", &[room.bo.id, room.scene.twin.id]);
    question.replies[0].when = ReplyWhen::AnsweredOrConfident;
    db.append_message(question.clone()).await.unwrap();
    let orders = db.replies_ordered_to(question.message_id).await.unwrap();
    let confident: Vec<bool> = orders.iter().map(|order| order.if_confident).collect();
    assert_eq!(confident, [true, false]);
    let first = orders[0].message_id;
    let epoch = claim(&db, first).await.unwrap();
    assert!(!db.decline_reply(first, epoch + 1, NOW).await.unwrap());
    assert!(db.decline_reply(first, epoch, NOW + LEASE).await.unwrap());
    assert!(!db.decline_reply(first, epoch, NOW).await.unwrap());
    assert_eq!(db.reply_order(first).await.unwrap(), None);
    assert_eq!(claim(&db, orders[1].message_id).await, Some(1));
}

async fn a_reply_asks_for_replies_within_the_limits(db: TestDatabase) {
    let room = Room::set(&db).await;
    let (ada, bo) = (room.scene.twin.id, room.bo.id);
    let question = room.asks("1", &[ada]);
    let cause = question.message_id;
    db.append_message(question.clone()).await.unwrap();
    let first = question.replies[0].message_id;
    let (message, orders) = finish(&db, &room, first, &[bo], WIDE).await;
    let expected = Chain {
        cause,
        hops: 1,
        tokens_left: 10_000 - TOKENS - 50,
        ended: None,
    };
    assert_eq!(message.chain, Some(expected));
    let [order] = &orders[..] else {
        panic!("{orders:?}")
    };
    assert_eq!(
        (order.cause, order.hops, order.tokens_max, order.reply_to),
        (Some(cause), 2, Some(50), first)
    );
    // What was reserved for it and not used can be used by others.
    let (message, orders) = finish(&db, &room, order.message_id, &[], WIDE).await;
    let expected = Chain {
        cause,
        hops: 2,
        tokens_left: 10_000 - 2 * TOKENS,
        ended: None,
    };
    assert_eq!((message.chain, orders), (Some(expected), Vec::new()));
    let used = ChainUse {
        replies: 2,
        tokens: 2 * TOKENS,
    };
    assert_eq!(db.chain_use(cause).await.unwrap(), used);
    // A reply that asks nobody tells nothing of chains.
    let alone = room.asks("2", &[ada]);
    db.append_message(alone.clone()).await.unwrap();
    let (message, _) = finish(&db, &room, alone.replies[0].message_id, &[], WIDE).await;
    assert_eq!(message.chain, None);
}

async fn each_limit_ends_a_chain_and_is_told(db: TestDatabase) {
    let room = Room::set(&db).await;
    let (ada, bo) = (room.scene.twin.id, room.bo.id);
    let cases = [
        (
            ChainLimits {
                hops_max: 1,
                ..WIDE
            },
            ChainEnd::Hops,
            0,
        ),
        (
            ChainLimits {
                replies_max: 2,
                ..WIDE
            },
            ChainEnd::Replies,
            1,
        ),
        (
            ChainLimits {
                tokens_max: TOKENS + 60,
                ..WIDE
            },
            ChainEnd::Tokens,
            2,
        ),
        (ChainLimits::NOTHING, ChainEnd::Hops, 0),
    ];
    for (number, (limits, ended, admitted)) in cases.into_iter().enumerate() {
        let question = room.asks(&number.to_string(), &[ada]);
        db.append_message(question.clone()).await.unwrap();
        let first = question.replies[0].message_id;
        let (message, orders) = finish(&db, &room, first, &[bo, ada, bo], limits).await;
        assert_eq!(message.chain.unwrap().ended, Some(ended));
        assert_eq!(orders.len(), admitted, "{ended:?}");
    }
}

async fn what_a_machine_writes_unasked_goes_back_to_what_a_person_said_last(db: TestDatabase) {
    let room = Room::set(&db).await;
    let said = new(db
        .append_message(room.scene.says("1", "hello"))
        .await
        .unwrap());
    let limits = ChainLimits {
        replies_max: 2,
        ..WIDE
    };
    let mut ended = Vec::new();
    for _ in 0..3 {
        let unasked = NewMessage {
            author: room.scene.twin_author(),
            client_id: None,
            chain: Some(limits),
            by_owner: false,
            message_id: MessageId::new(),
            ..room.asks("-", &[room.bo.id])
        };
        let id = unasked.message_id;
        let message = new(db.append_message(unasked).await.unwrap());
        let chain = message.chain.unwrap();
        assert_eq!((chain.cause, chain.hops), (said.message_id, 1));
        assert_eq!(db.message(id).await.unwrap(), Some(message));
        let orders = db.replies_ordered_to(id).await.unwrap();
        ended.push((orders.len(), chain.ended));
    }
    let expected = [(1, None), (1, None), (0, Some(ChainEnd::Replies))];
    assert_eq!(ended, expected);
    // Without limits a machine sets nobody off.
    let silent = NewMessage {
        author: room.scene.twin_author(),
        client_id: None,
        message_id: MessageId::new(),
        ..room.asks("-", &[room.bo.id])
    };
    let id = silent.message_id;
    db.append_message(silent).await.unwrap();
    assert_eq!(db.replies_ordered_to(id).await.unwrap(), []);
}

async fn of_those_who_may_have_been_answered_only_one_is_asked(db: TestDatabase) {
    let room = Room::set(&db).await;
    let (ada, bo) = (room.scene.twin.id, room.bo.id);
    let question = room.asks("1", &[ada]);
    db.append_message(question.clone()).await.unwrap();
    let reply = question.replies[0].message_id;
    finish(&db, &room, reply, &[], WIDE).await;
    for (number, reply_to, expected) in [
        ("2", Some(reply), vec![ada]),
        ("3", Some(question.message_id), vec![]),
    ] {
        let mut answer = room.asks(number, &[bo, ada]);
        answer.reply_to = reply_to;
        for wish in &mut answer.replies {
            wish.when = ReplyWhen::Answered;
        }
        db.append_message(answer.clone()).await.unwrap();
        let orders = db.replies_ordered_to(answer.message_id).await.unwrap();
        let asked: Vec<TwinId> = orders.iter().map(|order| order.twin_id).collect();
        assert_eq!(asked, expected);
    }
}

async fn a_twin_that_has_left_is_not_asked(db: TestDatabase) {
    let room = Room::set(&db).await;
    let stranger = twin_of(room.scene.user.id, "Cy");
    db.create_twin(stranger.clone(), 10).await.unwrap();
    let question = room.asks("1", &[room.scene.twin.id]);
    db.append_message(question.clone()).await.unwrap();
    let first = question.replies[0].message_id;
    let twins = [stranger.id, TwinId::new(), room.bo.id];
    let (_, orders) = finish(&db, &room, first, &twins, WIDE).await;
    let asked: Vec<TwinId> = orders.iter().map(|order| order.twin_id).collect();
    assert_eq!(asked, [room.bo.id]);
}
