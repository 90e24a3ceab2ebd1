//! The owner of a twin steps in: replies that are taken over, and replies that wait for the owner's word.

use protocol::{
    Author, Authorship, Change, Message, MessageId, NodeId, Role, StopReason, TwinMode, UserId,
    What, Writer,
};
use storage::{
    Changed, Finished, FinishedReply, Member, NewMember, Progress, ReplyState, Twin, TwinChange,
};

use crate::support::{
    NOW, Scene, TestDatabase, begin, client, on_both_databases, twin_of, user_named, written,
};

on_both_databases![
    whoever_writes_a_reply_that_is_taken_over_can_write_no_more_of_it,
    a_reply_that_is_held_has_no_place_in_the_log_until_it_is_sent,
    of_too_many_replies_that_are_held_the_oldest_go,
    a_reply_that_is_held_goes_with_what_it_answers,
    what_an_owner_edits_is_the_owners,
    oversight_counts_where_the_twin_came_after_it,
    an_owner_is_told_who_talks_with_the_twin_where_they_could_know_it,
];

async fn running(db: &TestDatabase, scene: &Scene, client_id: &str) -> (MessageId, MessageId, u64) {
    let node = NodeId::new();
    let (question, reply) = scene.asks(client_id, node);
    let question_id = question.message_id;
    db.append_message(question).await.unwrap();
    let epoch = db.claim_reply(reply, node, NOW, NOW + 9).await.unwrap();
    (question_id, reply, epoch.unwrap())
}

fn held(scene: &Scene, question: MessageId, reply: MessageId) -> Message {
    let author = scene.answer().author;
    Message {
        reply_to: Some(question),
        stop_reason: Some(StopReason::EndOfTurn),
        model: Some("model".to_owned()),
        ..Message::new(scene.conversation.id, reply, author, "a draft".to_owned())
    }
}

async fn whoever_writes_a_reply_that_is_taken_over_can_write_no_more_of_it(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (_, reply, epoch) = running(&db, &scene, "1").await;
    let (owner, node) = (scene.user.id, NodeId::new());
    let taken = db
        .take_over_reply(reply, owner, node, NOW + 9)
        .await
        .unwrap();
    let taken = taken.expect("it is being written");
    assert!(taken > epoch);
    assert!(
        !db.progress_reply(reply, epoch, written("mine"), NOW + 9)
            .await
            .unwrap()
    );
    let stale = db.finish_reply(reply, epoch, scene.answer()).await.unwrap();
    assert_eq!(stale, Finished::Stale);
    assert_eq!(
        db.reply_order(reply).await.unwrap().unwrap().taken_by,
        Some(owner)
    );

    let authorship = Authorship::of(Writer::Twin, "It is ").then(Writer::Owner, "here.");
    let whole = FinishedReply {
        text: "It is here.".to_owned(),
        authorship: Some(authorship.clone()),
        client_id: Some(client("own")),
        stop_reason: StopReason::TakenOver,
        ..scene.answer()
    };
    let done = db.finish_reply(reply, taken, whole).await.unwrap();
    let Finished::Done(message) = done else {
        panic!("{done:?}")
    };
    assert_eq!(message.authorship, Some(authorship));
    assert_eq!(db.message(reply).await.unwrap(), Some(message));
    let again = db.take_over_reply(reply, owner, node, NOW + 9).await;
    assert_eq!(again.unwrap(), None);
}

async fn a_reply_that_is_held_has_no_place_in_the_log_until_it_is_sent(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let id = scene.conversation.id;
    let (question, reply, epoch) = running(&db, &scene, "1").await;
    let draft = held(&scene, question, reply);
    assert!(!db.hold_reply(epoch + 1, draft.clone(), NOW).await.unwrap());
    assert!(db.hold_reply(epoch, draft.clone(), NOW).await.unwrap());
    let order = db.reply_order(reply).await.unwrap().unwrap();
    assert_eq!(
        (order.state, order.so_far),
        (ReplyState::Held, Progress::default())
    );
    assert_eq!(db.open_replies(id).await.unwrap(), []);
    assert_eq!(db.expired_replies(i64::MAX, 9).await.unwrap(), []);
    let node = NodeId::new();
    let claimed = db.claim_reply(reply, node, i64::MAX, i64::MAX).await;
    assert_eq!(claimed.unwrap(), None);
    assert_eq!(db.messages_after(id, 1, 9).await.unwrap(), []);

    assert_eq!(db.held_reply(id, reply).await.unwrap(), Some(draft.clone()));
    let waiting = db.held_replies(scene.twin.id, scene.user.id, 9).await;
    assert_eq!(waiting.unwrap(), std::slice::from_ref(&draft));
    let stranger = UserId::new();
    let others = db.held_replies(scene.twin.id, stranger, 9).await;
    assert_eq!(others.unwrap(), []);

    let taken = db.take_held_reply(id, reply, node, NOW + 9).await.unwrap();
    let (epoch, taken) = taken.expect("it is held");
    assert_eq!(taken, draft);
    assert_eq!(
        db.take_held_reply(id, reply, node, NOW + 9).await.unwrap(),
        None
    );
    let done = db.finish_reply(reply, epoch, scene.answer()).await.unwrap();
    assert!(
        matches!(&done, Finished::Done(message) if message.seq == 2),
        "{done:?}"
    );
}

async fn of_too_many_replies_that_are_held_the_oldest_go(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let mut replies = Vec::new();
    for number in 0..102 {
        let (question, reply, epoch) = running(&db, &scene, &number.to_string()).await;
        let draft = held(&scene, question, reply);
        assert!(db.hold_reply(epoch, draft, NOW).await.unwrap());
        replies.push(reply);
    }
    let left = db
        .held_replies(scene.twin.id, scene.user.id, 200)
        .await
        .unwrap();
    let left: Vec<MessageId> = left.iter().map(|reply| reply.message_id).collect();
    replies.sort();
    assert_eq!(left, replies[2..]);
}

async fn a_reply_that_is_held_goes_with_what_it_answers(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (question, reply, epoch) = running(&db, &scene, "1").await;
    let draft = held(&scene, question, reply);
    assert!(db.hold_reply(epoch, draft, NOW).await.unwrap());
    change(
        &db,
        &scene,
        What::Deleted {
            message_id: question,
        },
    )
    .await;
    assert_eq!(
        db.held_reply(scene.conversation.id, reply).await.unwrap(),
        None
    );
    assert!(
        !db.discard_held_reply(scene.conversation.id, reply)
            .await
            .unwrap()
    );
}

async fn change(db: &TestDatabase, scene: &Scene, what: What) -> Change {
    let change = scene.changes(what);
    match db.change(change).await.unwrap() {
        Changed::New(change) => change,
        Changed::Duplicate(change) => panic!("{change:?}"),
    }
}

async fn what_an_owner_edits_is_the_owners(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (_, reply, epoch) = running(&db, &scene, "1").await;
    let answer = FinishedReply {
        text: "The red door.".to_owned(),
        ..scene.answer()
    };
    db.finish_reply(reply, epoch, answer).await.unwrap();
    let edit = |text: &str| What::Edited {
        message_id: reply,
        text: text.to_owned(),
        authorship: None,
    };
    let first = change(&db, &scene, edit("The blue door.")).await;
    let expected = Authorship::of(Writer::Twin, "The ")
        .then(Writer::Owner, "blue")
        .then(Writer::Twin, " door.");
    let What::Edited { authorship, .. } = &first.what else {
        panic!("{first:?}")
    };
    assert_eq!(authorship.as_ref(), Some(&expected));
    let stored = db.message(reply).await.unwrap().unwrap();
    assert_eq!(
        (stored.authorship.as_ref(), stored.ai_written),
        (Some(&expected), true)
    );
    // Nothing is left that the twin wrote.
    change(&db, &scene, edit("鑰匙")).await;
    let stored = db.message(reply).await.unwrap().unwrap();
    let owners = Authorship::of(Writer::Owner, "鑰匙");
    assert_eq!(
        (stored.authorship, stored.ai_written),
        (Some(owners), false)
    );
    change(&db, &scene, What::Deleted { message_id: reply }).await;
    let stored = db.message(reply).await.unwrap().unwrap();
    assert_eq!((stored.authorship, stored.ai_written), (None, true));
}

async fn oversight_counts_where_the_twin_came_after_it(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let set = async |oversight: bool, now: i64| {
        let change = TwinChange {
            oversight: Some(oversight),
            ..TwinChange::default()
        };
        db.update_twin(scene.twin.id, change, now)
            .await
            .unwrap()
            .oversight_since
    };
    let stands = async || {
        let members = db.members(scene.conversation.id).await.unwrap();
        let twin = members.into_iter().find_map(|member| match member {
            Member::Twin {
                joined_at,
                owner_id,
                mode,
                oversight,
                ..
            } => Some((joined_at, owner_id, mode, oversight)),
            Member::User { .. } => None,
        });
        twin.expect("the twin takes part")
    };
    let (joined_at, owner_id, mode, oversight) = stands().await;
    assert_eq!(
        (owner_id, mode, oversight),
        (scene.user.id, TwinMode::Auto, false)
    );
    assert_eq!(set(true, joined_at + 1).await, Some(joined_at + 1));
    assert!(!stands().await.3);
    // It is on already, since then.
    assert_eq!(set(true, joined_at + 2).await, Some(joined_at + 1));
    assert_eq!(set(false, joined_at + 3).await, None);
    assert_eq!(set(true, joined_at).await, Some(joined_at));
    assert!(stands().await.3);

    let member = Author::Twin {
        id: scene.twin.id,
        name: scene.twin.name.clone(),
    };
    let mode = TwinMode::Draft;
    change(&db, &scene, What::ModeSet { member, mode }).await;
    assert_eq!(stands().await.2, TwinMode::Draft);
    let found = db
        .conversations_of_twin(scene.twin.id, None, 9)
        .await
        .unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.id, one.mode, one.oversight))
        .collect();
    assert_eq!(found, [(scene.conversation.id, TwinMode::Draft, true)]);
    assert_eq!(
        db.role(scene.conversation.id, scene.user.id).await.unwrap(),
        Some(Role::Owner)
    );
}

async fn an_owner_is_told_who_talks_with_the_twin_where_they_could_know_it(db: TestDatabase) {
    let owner = db.create_user(user_named("owner")).await.unwrap().id;
    let mut people = Vec::new();
    for name in ["ada", "bo", "cy", "di", "ed"] {
        let id = db.create_user(user_named(name)).await.unwrap().id;
        people.push(NewMember::User(id));
    }
    let mut named = Vec::new();
    for oversight_since in [Some(NOW), None] {
        let twin = Twin {
            oversight_since,
            ..twin_of(owner, "Twin")
        };
        db.create_twin(twin.clone(), 10).await.unwrap();
        for count in [2, 5] {
            let mut members = people[..count].to_vec();
            members.insert(1, NewMember::Twin(twin.id));
            begin(&db, owner, members).await;
        }
        let found = db.conversations_of_twin(twin.id, None, 9).await.unwrap();
        let names = |found: storage::TwinConversation| (found.names.join(" "), found.has_more);
        named.extend(found.into_iter().map(names));
    }
    let expected = [
        ("ada bo cy di", true),
        ("ada bo", false),
        ("", false),
        ("", false),
    ];
    let expected = expected.map(|(names, has_more)| (names.to_owned(), has_more));
    assert_eq!(named, expected);
}
