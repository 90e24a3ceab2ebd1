//! Orders to reply: claimed by one node at a time, written under its epoch, finished once.

use protocol::{ErrorCode, Failure, Message, MessageId, NodeId, StopReason};
use storage::{Finished, FinishedReply, Progress, ReplyOrder, ReplyState};
use tokio::task::JoinSet;

use crate::support::{NOW, Scene, TestDatabase, new, on_both_databases, written};

const LEASE: i64 = 15_000;

on_both_databases![
    an_order_goes_from_pending_over_running_to_done,
    a_running_reply_is_claimed_only_by_its_node_until_the_lease_is_over,
    of_many_nodes_that_claim_at_once_one_gets_the_reply,
    every_write_with_a_stale_epoch_is_refused,
    a_finished_reply_is_a_message_of_the_log_and_is_finished_once,
    of_many_that_finish_at_once_one_does_and_the_others_get_its_message,
    a_failed_reply_comes_back_with_its_reason,
    orders_whose_lease_is_over_are_found_oldest_first,
    a_node_gives_back_all_its_leases_and_no_other,
    a_character_that_cannot_be_stored_does_not_stop_a_reply,
];

async fn an_order_goes_from_pending_over_running_to_done(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let node = NodeId::new();
    let (question, reply) = scene.asks("1", node);
    new(db.append_message(question.clone()).await.unwrap());
    let pending = ReplyOrder {
        message_id: reply,
        conversation_id: scene.conversation.id,
        twin_id: scene.twin.id,
        reply_to: question.message_id,
        attempt: 0,
        variant_of: None,
        beginning: String::new(),
        turn: 0,
        if_confident: false,
        cause: Some(question.message_id),
        hops: 1,
        tokens_max: None,
        state: ReplyState::Pending,
        epoch: 0,
        node_id: node,
        lease_until: NOW + LEASE,
        so_far: Progress::default(),
        created_at: NOW,
        taken_by: None,
        thread: None,
    };
    assert_eq!(db.reply_order(reply).await.unwrap(), Some(pending.clone()));

    let epoch = db.claim_reply(reply, node, NOW, NOW + LEASE).await.unwrap();
    assert_eq!(epoch, Some(1));
    assert!(
        db.progress_reply(reply, 1, written("Of br"), NOW + 20_000)
            .await
            .unwrap()
    );
    assert!(db.renew_reply(reply, 1, NOW + 25_000).await.unwrap());
    let running = ReplyOrder {
        state: ReplyState::Running,
        epoch: 1,
        lease_until: NOW + 25_000,
        so_far: written("Of br"),
        ..pending
    };
    assert_eq!(
        db.open_replies(scene.conversation.id).await.unwrap(),
        std::slice::from_ref(&running)
    );

    let finished = db.finish_reply(reply, 1, scene.answer()).await.unwrap();
    assert!(matches!(finished, Finished::Done(_)));
    let done = ReplyOrder {
        state: ReplyState::Done,
        so_far: Progress::default(),
        ..running
    };
    assert_eq!(db.reply_order(reply).await.unwrap(), Some(done));
    assert_eq!(db.open_replies(scene.conversation.id).await.unwrap(), []);
    assert_eq!(
        db.claim_reply(reply, node, NOW, NOW + LEASE).await.unwrap(),
        None
    );
    let nothing = MessageId::new();
    assert_eq!(
        db.claim_reply(nothing, node, NOW, NOW + LEASE)
            .await
            .unwrap(),
        None
    );
    assert_eq!(db.reply_order(nothing).await.unwrap(), None);
}

async fn a_running_reply_is_claimed_only_by_its_node_until_the_lease_is_over(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (owner, other) = (NodeId::new(), NodeId::new());
    let (question, reply) = scene.asks("1", owner);
    db.append_message(question).await.unwrap();
    let mut epochs = Vec::new();
    for (node, now) in [
        (owner, NOW),
        (other, NOW),
        (owner, NOW + 1),
        (other, NOW + LEASE),
        (other, NOW + 1 + LEASE),
        (owner, NOW + 2 + LEASE),
    ] {
        epochs.push(db.claim_reply(reply, node, now, now + LEASE).await.unwrap());
    }
    assert_eq!(epochs, [Some(1), None, Some(2), None, Some(3), None]);
}

async fn of_many_nodes_that_claim_at_once_one_gets_the_reply(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (question, reply) = scene.asks("1", NodeId::new());
    db.append_message(question).await.unwrap();
    let mut claims = JoinSet::new();
    for _ in 0..12 {
        let storage = db.storage.clone();
        claims.spawn(async move {
            storage
                .claim_reply(reply, NodeId::new(), NOW, NOW + LEASE)
                .await
                .unwrap()
        });
    }
    let epochs: Vec<u64> = claims.join_all().await.into_iter().flatten().collect();
    assert_eq!(epochs, [1]);
}

async fn every_write_with_a_stale_epoch_is_refused(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (slow, quick) = (NodeId::new(), NodeId::new());
    let (question, reply) = scene.asks("1", slow);
    db.append_message(question).await.unwrap();
    let stale = db
        .claim_reply(reply, slow, NOW, NOW + LEASE)
        .await
        .unwrap()
        .unwrap();
    assert!(
        db.progress_reply(reply, stale, written("Of"), NOW + LEASE)
            .await
            .unwrap()
    );
    let later = NOW + LEASE;
    let epoch = db
        .claim_reply(reply, quick, later, later + LEASE)
        .await
        .unwrap()
        .unwrap();

    assert!(
        !db.progress_reply(reply, stale, written("nonsense"), later + 99_999)
            .await
            .unwrap()
    );
    assert!(!db.renew_reply(reply, stale, later + 99_999).await.unwrap());
    let finished = db.finish_reply(reply, stale, scene.answer()).await.unwrap();
    assert_eq!(finished, Finished::Stale);
    let order = db.reply_order(reply).await.unwrap().unwrap();
    assert_eq!(order.so_far, written("Of"));
    assert_eq!(
        (order.epoch, order.node_id, order.lease_until),
        (epoch, quick, later + LEASE)
    );
    assert_eq!(
        db.messages_after(scene.conversation.id, 1, 9)
            .await
            .unwrap(),
        []
    );
    let unknown = db
        .finish_reply(MessageId::new(), 1, scene.answer())
        .await
        .unwrap();
    assert_eq!(unknown, Finished::Stale);
    // What was written so far is where the next node goes on.
    assert!(
        db.progress_reply(reply, epoch, written("Of brass"), later + LEASE)
            .await
            .unwrap()
    );
    let finished = db.finish_reply(reply, epoch, scene.answer()).await.unwrap();
    assert!(matches!(finished, Finished::Done(message) if message.seq == 2));
}

async fn a_finished_reply_is_a_message_of_the_log_and_is_finished_once(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let node = NodeId::new();
    let (question, reply) = scene.asks("1", node);
    db.append_message(question.clone()).await.unwrap();
    db.append_message(scene.says("2", "meanwhile"))
        .await
        .unwrap();
    let epoch = db
        .claim_reply(reply, node, NOW, NOW + LEASE)
        .await
        .unwrap()
        .unwrap();
    let text = "Of brass. 🧮".to_owned();
    let expected = Message {
        seq: 3,
        created_at: NOW + 2_000,
        reply_to: Some(question.message_id),
        sources: Some(Vec::new()),
        usage: scene.answer().usage,
        stop_reason: Some(StopReason::EndOfTurn),
        model: scene.answer().model,
        adapter: scene.answer().adapter,
        seed: scene.answer().seed,
        latency: Some(scene.answer().latency),
        ..Message::new(scene.conversation.id, reply, scene.twin_author(), text)
    };
    let finished = db.finish_reply(reply, epoch, scene.answer()).await.unwrap();
    assert_eq!(finished, Finished::Done(expected.clone()));
    assert_eq!(
        db.messages_after(expected.conversation_id, 2, 9)
            .await
            .unwrap(),
        std::slice::from_ref(&expected)
    );
    let other = FinishedReply {
        text: "Of tin.".to_owned(),
        ..scene.answer()
    };
    for stale_or_not in [epoch, epoch + 1] {
        let again = db
            .finish_reply(reply, stale_or_not, other.clone())
            .await
            .unwrap();
        assert_eq!(again, Finished::AlreadyDone(expected.clone()));
    }
    let conversation = db
        .conversation(expected.conversation_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(conversation.last_seq, 3);
}

async fn of_many_that_finish_at_once_one_does_and_the_others_get_its_message(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let node = NodeId::new();
    let (question, reply) = scene.asks("1", node);
    db.append_message(question).await.unwrap();
    let epoch = db
        .claim_reply(reply, node, NOW, NOW + LEASE)
        .await
        .unwrap()
        .unwrap();
    let mut ends = JoinSet::new();
    for _ in 0..12 {
        let storage = db.storage.clone();
        let answer = scene.answer();
        ends.spawn(async move { storage.finish_reply(reply, epoch, answer).await.unwrap() });
    }
    let ends = ends.join_all().await;
    let done = ends.iter().filter(|end| matches!(end, Finished::Done(_)));
    assert_eq!(done.count(), 1);
    let log = db
        .messages_after(scene.conversation.id, 1, 9)
        .await
        .unwrap();
    assert_eq!(log.len(), 1);
    for end in ends {
        assert!(matches!(
            end,
            Finished::Done(message) | Finished::AlreadyDone(message) if message == log[0]
        ));
    }
}

async fn a_failed_reply_comes_back_with_its_reason(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    for (number, code) in ErrorCode::ALL.iter().enumerate() {
        let node = NodeId::new();
        let (question, reply) = scene.asks(&number.to_string(), node);
        db.append_message(question).await.unwrap();
        let epoch = db
            .claim_reply(reply, node, NOW, NOW + LEASE)
            .await
            .unwrap()
            .unwrap();
        let failure = Failure {
            code: *code,
            message: "the model's queue is full".to_owned(),
        };
        let failed = FinishedReply {
            text: String::new(),
            usage: None,
            model: None,
            stop_reason: StopReason::Failed,
            failure: Some(failure.clone()),
            ..scene.answer()
        };
        let finished = db.finish_reply(reply, epoch, failed).await.unwrap();
        let stored = db.message(reply).await.unwrap().unwrap();
        assert_eq!(stored.failure, Some(failure));
        assert_eq!(stored.stop_reason, Some(StopReason::Failed));
        assert_eq!((stored.usage, &stored.model), (None, &None));
        assert_eq!(finished, Finished::Done(stored));
    }
}

async fn orders_whose_lease_is_over_are_found_oldest_first(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let node = NodeId::new();
    let mut replies = Vec::new();
    for number in 0..5_i64 {
        let (mut question, reply) = scene.asks(&number.to_string(), node);
        question.replies[0].lease_until = NOW + 100 - number;
        db.append_message(question).await.unwrap();
        replies.insert(0, reply);
    }
    let done = replies.remove(0);
    let epoch = db.claim_reply(done, node, NOW, NOW).await.unwrap().unwrap();
    db.finish_reply(done, epoch, scene.answer()).await.unwrap();
    let ids = |orders: Vec<ReplyOrder>| -> Vec<MessageId> {
        orders.iter().map(|order| order.message_id).collect()
    };
    assert_eq!(ids(db.expired_replies(NOW + 96, 9).await.unwrap()), []);
    assert_eq!(
        ids(db.expired_replies(NOW + 99, 9).await.unwrap()),
        replies[..3]
    );
    assert_eq!(
        ids(db.expired_replies(NOW + 100, 2).await.unwrap()),
        replies[..2]
    );
}

async fn a_node_gives_back_all_its_leases_and_no_other(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (node, other) = (NodeId::new(), NodeId::new());
    let later = NOW + 1_000;
    let mut ordered = Vec::new();
    for (number, node) in [node, node, node, other].into_iter().enumerate() {
        let (mut question, reply) = scene.asks(&number.to_string(), node);
        question.replies[0].lease_until = later;
        db.append_message(question).await.unwrap();
        ordered.push(reply);
    }
    let [pending, running, done, others] = ordered[..] else {
        unreachable!("four were ordered");
    };
    let epoch = async |reply| {
        db.claim_reply(reply, node, NOW, later)
            .await
            .unwrap()
            .unwrap()
    };
    epoch(running).await;
    db.finish_reply(done, epoch(done).await, scene.answer())
        .await
        .unwrap();
    assert_eq!(db.expired_replies(NOW, 9).await.unwrap(), []);
    assert_eq!(db.release_replies(node, NOW).await.unwrap(), 2);
    let free = db.expired_replies(NOW, 9).await.unwrap();
    let mut free: Vec<MessageId> = free.iter().map(|order| order.message_id).collect();
    free.sort();
    let mut expected = [pending, running];
    expected.sort();
    assert_eq!(free, expected, "{others} is another node's");
    assert_eq!(db.release_replies(node, NOW).await.unwrap(), 0);
}

async fn a_character_that_cannot_be_stored_does_not_stop_a_reply(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let node = NodeId::new();
    let (question, reply) = scene.asks("1", node);
    db.append_message(question).await.unwrap();
    let epoch = db
        .claim_reply(reply, node, NOW, NOW + LEASE)
        .await
        .unwrap()
        .unwrap();
    assert!(
        db.progress_reply(reply, epoch, written("a\0"), NOW + LEASE)
            .await
            .unwrap()
    );
    assert_eq!(
        db.reply_order(reply).await.unwrap().unwrap().so_far.text,
        "a\u{fffd}"
    );
    let answer = FinishedReply {
        text: "a\0b".to_owned(),
        ..scene.answer()
    };
    let finished = db.finish_reply(reply, epoch, answer).await.unwrap();
    assert!(matches!(finished, Finished::Done(message) if message.text == "a\u{fffd}b"));
}
