//! Further attempts at a reply, and what people think of replies.

use protocol::{ClientId, MessageId, NodeId, StopReason, UserId, What};
use storage::{
    Beginning, Changed, Feedback, Finished, FinishedReply, NewAttempt, NewChange, Rating,
    ReplyOrder, StorageError,
};
use tokio::task::JoinSet;

use crate::support::{NOW, Scene, TestDatabase, client, on_both_databases, user_named};

on_both_databases![
    attempts_are_ordered_one_at_a_time_however_many_ask,
    an_attempt_that_goes_on_knows_what_was_said,
    of_several_attempts_the_newest_that_says_something_counts_until_another_is_chosen,
    feedback_is_kept_once_a_person_and_goes_with_the_reply,
    feedback_is_listed_for_the_twin_newest_first,
    feedback_goes_with_the_account_and_with_the_twin,
];

impl Scene {
    fn attempt(&self, of: MessageId, beginning: Beginning) -> NewAttempt {
        NewAttempt {
            conversation_id: self.conversation.id,
            user_id: self.user.id,
            message_id: MessageId::new(),
            of,
            beginning,
            node_id: NodeId::new(),
            lease_until: NOW + 15_000,
            created_at: NOW,
        }
    }
}

/// A reply that is done.
async fn replied(
    db: &TestDatabase,
    scene: &Scene,
    client_id: &str,
    answer: FinishedReply,
) -> MessageId {
    let (question, reply) = scene.asks(client_id, NodeId::new());
    db.append_message(question).await.unwrap();
    finish(db, reply, answer).await;
    reply
}

async fn finish(db: &TestDatabase, reply: MessageId, answer: FinishedReply) -> protocol::Message {
    let node = NodeId::new();
    let epoch = db.claim_reply(reply, node, NOW, NOW + 9).await.unwrap();
    match db.finish_reply(reply, epoch.unwrap(), answer).await {
        Ok(Finished::Done(message)) => message,
        other => panic!("{other:?}"),
    }
}

async fn change(db: &TestDatabase, scene: &Scene, id: ClientId, what: What) -> Changed {
    let change = NewChange {
        client_id: Some(id),
        ..scene.changes(what)
    };
    db.change(change).await.unwrap()
}

async fn attempts_are_ordered_one_at_a_time_however_many_ask(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let reply = replied(&db, &scene, "1", scene.answer()).await;
    let mut asked = JoinSet::new();
    for _ in 0..8 {
        let (storage, attempt) = (db.storage.clone(), scene.attempt(reply, Beginning::Anew));
        asked.spawn(async move { storage.order_attempt(attempt).await });
    }
    let mut ordered: Vec<ReplyOrder> = Vec::new();
    for outcome in asked.join_all().await {
        match outcome {
            Ok(order) => ordered.push(order),
            Err(error) => assert!(matches!(error, StorageError::Refused(_)), "{error}"),
        }
    }
    let [order] = &ordered[..] else {
        panic!("{ordered:?}")
    };
    assert_eq!(
        (order.attempt, order.variant_of, order.beginning.as_str()),
        (1, Some(reply), "")
    );
    assert_eq!(
        db.reply_order(order.message_id).await.unwrap().as_ref(),
        Some(order)
    );
    let done = finish(&db, order.message_id, scene.answer()).await;
    assert_eq!(
        (done.variant_of, done.reply_to),
        (Some(reply), Some(order.reply_to))
    );
    for attempt in 2..10 {
        let next = scene.attempt(done.message_id, Beginning::Anew);
        let order = db.order_attempt(next).await.unwrap();
        assert_eq!((order.attempt, order.variant_of), (attempt, Some(reply)));
        finish(&db, order.message_id, scene.answer()).await;
    }
    let refused = db
        .order_attempt(scene.attempt(reply, Beginning::Anew))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, StorageError::LimitReached { max: 10, .. }),
        "{refused}"
    );
}

async fn an_attempt_that_goes_on_knows_what_was_said(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let ended = replied(&db, &scene, "1", scene.answer()).await;
    let on = scene.attempt(ended, Beginning::WhereItEnded);
    let refused = db.order_attempt(on).await.unwrap_err();
    assert!(matches!(refused, StorageError::Refused(_)), "{refused}");
    let cut_off = FinishedReply {
        stop_reason: StopReason::Length,
        ..scene.answer()
    };
    let reply = replied(&db, &scene, "2", cut_off).await;
    let on = scene.attempt(reply, Beginning::WhereItEnded);
    let order = db.order_attempt(on).await.unwrap();
    assert_eq!(order.beginning, scene.answer().text);
    let open = db.open_replies(scene.conversation.id).await.unwrap();
    assert_eq!(open, [order]);
    for nothing in [MessageId::new(), open[0].reply_to] {
        let of_nothing = scene.attempt(nothing, Beginning::Anew);
        let refused = db.order_attempt(of_nothing).await.unwrap_err();
        assert!(
            matches!(refused, StorageError::NotFound("reply")),
            "{refused}"
        );
    }
}

async fn of_several_attempts_the_newest_that_says_something_counts_until_another_is_chosen(
    db: TestDatabase,
) {
    let scene = Scene::set(&db).await;
    let first = replied(&db, &scene, "1", scene.answer()).await;
    let failed = FinishedReply {
        stop_reason: StopReason::Failed,
        ..scene.answer()
    };
    let mut attempts = vec![first];
    for answer in [scene.answer(), failed] {
        let next = scene.attempt(first, Beginning::Anew);
        let order = db.order_attempt(next).await.unwrap();
        finish(&db, order.message_id, answer).await;
        attempts.push(order.message_id);
    }
    let superseded = async || {
        let log = db
            .messages_after(scene.conversation.id, 1, 9)
            .await
            .unwrap();
        log.iter()
            .map(|message| message.superseded)
            .collect::<Vec<bool>>()
    };
    assert_eq!(superseded().await, [true, false, true]);
    let said = db
        .said_before(scene.conversation.id, None, 99, 9)
        .await
        .unwrap();
    let said: Vec<u64> = said.iter().map(|message| message.seq).collect();
    assert_eq!(said, [1, 3]);

    let choose = |message_id| What::Chosen { message_id };
    let chosen = change(&db, &scene, client("c1"), choose(first)).await;
    assert!(matches!(&chosen, Changed::New(change) if change.what == choose(first)));
    assert_eq!(superseded().await, [false, true, true]);
    let again = change(&db, &scene, client("c1"), choose(first)).await;
    assert!(matches!(again, Changed::Duplicate(_)));

    let delete = What::Deleted { message_id: first };
    change(&db, &scene, client("c2"), delete).await;
    assert_eq!(superseded().await, [false, false, true]);
}

fn thumb(rating: Rating, reason: Option<&str>) -> Feedback {
    Feedback {
        rating,
        reason: reason.map(str::to_owned),
        created_at: NOW,
    }
}

async fn feedback_is_kept_once_a_person_and_goes_with_the_reply(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (conversation, user) = (scene.conversation.id, scene.user.id);
    let reply = replied(&db, &scene, "1", scene.answer()).await;
    let question = db.message(reply).await.unwrap().unwrap().reply_to.unwrap();
    let bad = thumb(Rating::Down, Some("it is of steel"));
    for of in [question, MessageId::new()] {
        let refused = db.put_feedback(conversation, of, user, bad.clone()).await;
        assert!(matches!(refused, Err(StorageError::NotFound("reply"))));
    }
    let good = thumb(Rating::Up, None);
    for opinion in [bad, good.clone()] {
        db.put_feedback(conversation, reply, user, opinion)
            .await
            .unwrap();
    }
    let kept = db.feedback(conversation, reply, user).await.unwrap();
    assert_eq!(kept, Some(good.clone()));
    let stranger = UserId::new();
    assert_eq!(
        db.feedback(conversation, reply, stranger).await.unwrap(),
        None
    );
    db.remove_feedback(conversation, reply, user).await.unwrap();
    let again = db.remove_feedback(conversation, reply, user).await;
    assert!(matches!(again, Err(StorageError::NotFound("feedback"))));

    db.put_feedback(conversation, reply, user, good.clone())
        .await
        .unwrap();
    let delete = What::Deleted { message_id: reply };
    change(&db, &scene, client("c1"), delete).await;
    assert_eq!(db.feedback(conversation, reply, user).await.unwrap(), None);
    let refused = db.put_feedback(conversation, reply, user, good).await;
    assert!(matches!(refused, Err(StorageError::NotFound("reply"))));
}

async fn feedback_is_listed_for_the_twin_newest_first(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let mut replies = Vec::new();
    for number in 0..3 {
        let reply = replied(&db, &scene, &number.to_string(), scene.answer()).await;
        let opinion = thumb(Rating::Up, None);
        let id = scene.conversation.id;
        db.put_feedback(id, reply, scene.user.id, opinion)
            .await
            .unwrap();
        replies.insert(0, reply);
    }
    let page = db.feedback_of_twin(scene.twin.id, None, 2).await.unwrap();
    let rest = db
        .feedback_of_twin(scene.twin.id, page.last().map(|entry| entry.id), 2)
        .await
        .unwrap();
    let listed: Vec<MessageId> = page
        .iter()
        .chain(&rest)
        .map(|entry| entry.message_id)
        .collect();
    assert_eq!(listed, replies);
    assert_eq!(page[0].user_name, scene.user.name);
}

async fn feedback_goes_with_the_account_and_with_the_twin(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let reply = replied(&db, &scene, "1", scene.answer()).await;
    let friend = db.create_user(user_named("charles")).await.unwrap();
    let conversation = scene.conversation.id;
    for user in [scene.user.id, friend.id] {
        let opinion = thumb(Rating::Down, Some("it is of steel"));
        db.put_feedback(conversation, reply, user, opinion)
            .await
            .unwrap();
    }
    db.delete_user(friend.id, NOW).await.unwrap();
    let left = db.feedback_of_twin(scene.twin.id, None, 9).await.unwrap();
    assert_eq!(left.len(), 1);
    db.delete_twin(scene.twin.id, NOW).await.unwrap();
    let kept = db
        .feedback(conversation, reply, scene.user.id)
        .await
        .unwrap();
    assert_eq!(kept, None);
}
