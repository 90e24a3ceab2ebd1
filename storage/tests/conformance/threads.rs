//! Threads: messages of the log that belong to one other message, whatever was named when they were sent.

use protocol::{Author, ConversationId, Message, MessageId, NodeId, ThreadSummary, What};
use storage::{Appended, HistoryPlace, NewChange, NewMember, NewMessage, StorageError};

use crate::support::{NOW, Scene, TestDatabase, begin, client, new, on_both_databases};

on_both_databases![
    a_message_goes_into_the_thread_of_the_root_of_what_it_names,
    a_thread_under_nothing_is_not_there,
    a_message_sent_again_is_known_by_its_thread,
    a_reply_stands_in_the_thread_of_its_question,
    a_root_tells_what_stands_in_its_thread,
    a_thread_is_read_page_by_page,
    what_is_said_in_a_thread_is_not_said_outside,
];

fn within(scene: &Scene, thread: MessageId, client_id: &str, text: &str) -> NewMessage {
    NewMessage {
        thread: Some(thread),
        ..scene.says(client_id, text)
    }
}

async fn append(db: &TestDatabase, message: NewMessage) -> Message {
    new(db.append_message(message).await.unwrap())
}

async fn a_message_goes_into_the_thread_of_the_root_of_what_it_names(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    // Once each by itself, once all in one transaction.
    for together in [false, true] {
        let root = scene.says(&format!("root {together}").replace(' ', "-"), "root");
        let first = within(&scene, root.message_id, &format!("1-{together}"), "first");
        let second = within(&scene, first.message_id, &format!("2-{together}"), "second");
        let third = within(&scene, second.message_id, &format!("3-{together}"), "third");
        let expected = Some(root.message_id);
        let messages = vec![root, first, second, third];
        let mut threads = Vec::new();
        if together {
            let appended = messages.into_iter().map(|one| db.append_message(one));
            for outcome in futures::future::join_all(appended).await {
                threads.push(new(outcome.unwrap()).thread);
            }
        } else {
            for message in messages {
                threads.push(append(&db, message).await.thread);
            }
        }
        assert_eq!(threads, [None, expected, expected, expected]);
    }
    let log = db
        .messages_after(scene.conversation.id, 0, 100)
        .await
        .unwrap();
    let threads: Vec<bool> = log.iter().map(|message| message.thread.is_some()).collect();
    assert_eq!(threads, [false, true, true, true, false, true, true, true]);
}

async fn a_thread_under_nothing_is_not_there(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let elsewhere = begin(&db, scene.user.id, vec![NewMember::User(scene.user.id)]).await;
    let foreign = NewMessage {
        conversation_id: elsewhere.id,
        ..scene.says("foreign", "foreign")
    };
    let foreign = append(&db, foreign).await.message_id;
    for (number, thread) in [foreign, MessageId::new()].into_iter().enumerate() {
        let message = within(&scene, thread, &number.to_string(), "text");
        let refused = db.append_message(message).await;
        assert!(
            matches!(refused, Err(StorageError::NotFound("thread"))),
            "{refused:?}"
        );
    }
    // Of a root that was deleted its place is left, and its thread.
    let root = append(&db, scene.says("root", "root")).await;
    delete(&db, &scene, &root).await;
    let message = append(&db, within(&scene, root.message_id, "late", "text")).await;
    assert_eq!(message.thread, Some(root.message_id));
}

async fn delete(db: &TestDatabase, scene: &Scene, message: &Message) {
    let change = NewChange {
        conversation_id: message.conversation_id,
        user_id: scene.user.id,
        is_bot: false,
        name: scene.user.name.clone(),
        client_id: Some(client(&MessageId::new().to_string())),
        what: What::Deleted {
            message_id: message.message_id,
        },
        invitation: None,
        members_seq: None,
        created_at: NOW,
    };
    db.change(change).await.unwrap();
}

async fn a_message_sent_again_is_known_by_its_thread(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let root = append(&db, scene.says("root", "root")).await;
    let sent = append(&db, within(&scene, root.message_id, "1", "text")).await;
    for named in [root.message_id, sent.message_id] {
        let again = db.append_message(within(&scene, named, "1", "text")).await;
        assert_eq!(again.unwrap(), Appended::Duplicate(sent.clone()));
    }
    for other in [
        scene.says("1", "text"),
        within(&scene, MessageId::new(), "1", "text"),
    ] {
        let refused = db.append_message(other).await;
        assert!(
            matches!(refused, Err(StorageError::Conflict("client id"))),
            "{refused:?}"
        );
    }
}

async fn a_reply_stands_in_the_thread_of_its_question(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let node = NodeId::new();
    let root = append(&db, scene.says("root", "root")).await;
    let (question, reply) = scene.asks("1", node);
    let question = NewMessage {
        thread: Some(root.message_id),
        ..question
    };
    append(&db, question).await;
    let order = db.reply_order(reply).await.unwrap().unwrap();
    assert_eq!(order.thread, Some(root.message_id));
    let epoch = db.claim_reply(reply, node, NOW, NOW + 1).await.unwrap();
    db.finish_reply(reply, epoch.unwrap(), scene.answer())
        .await
        .unwrap();
    let finished = db.message(reply).await.unwrap().unwrap();
    assert_eq!(finished.thread, Some(root.message_id));
}

async fn a_root_tells_what_stands_in_its_thread(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let root = append(&db, scene.says("root", "root")).await;
    let alone = append(&db, scene.says("alone", "alone")).await;
    let author = |name: &str| Author::User {
        id: protocol::UserId::new(),
        name: name.to_owned(),
    };
    let authors = ["a", "b", "c", "d", "e", "f"].map(author);
    let mut last = None;
    for (number, writer) in authors.iter().chain(&authors[..2]).enumerate() {
        let message = NewMessage {
            author: writer.clone(),
            ..within(&scene, root.message_id, &number.to_string(), "text")
        };
        last = Some(append(&db, message).await);
    }
    let gone = append(&db, within(&scene, root.message_id, "gone", "text")).await;
    delete(&db, &scene, &gone).await;
    let page = db.history(scene.conversation.id, HistoryPlace::Newest, 100);
    let page = page.await.unwrap();
    let expected = ThreadSummary {
        replies: 8,
        last_seq: last.unwrap().seq,
        participants: authors[..5].to_vec(),
    };
    let summaries: Vec<_> = page
        .messages
        .iter()
        .filter_map(|message| Some((message.message_id, message.thread_summary.clone()?)))
        .collect();
    assert_eq!(summaries, [(root.message_id, expected.clone())]);
    let thread = |message| db.thread(scene.conversation.id, message, HistoryPlace::Newest, 3);
    let found = thread(root.message_id).await.unwrap();
    assert_eq!(found.root.thread_summary, Some(expected));
    let nothing = thread(alone.message_id).await.unwrap();
    assert_eq!((nothing.root, nothing.page.messages), (alone, vec![]));
}

async fn a_thread_is_read_page_by_page(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let id = scene.conversation.id;
    let root = append(&db, scene.says("root", "root")).await;
    let mut expected = Vec::new();
    for number in 0..7 {
        let text = format!("within {number}");
        let message = within(&scene, root.message_id, &format!("within-{number}"), &text);
        expected.push(append(&db, message).await);
        append(&db, scene.says(&format!("outside-{number}"), "outside")).await;
    }
    let mut found = Vec::new();
    let mut place = HistoryPlace::Newest;
    loop {
        // Any message of the thread leads to it.
        let thread = db
            .thread(id, expected[2].message_id, place, 3)
            .await
            .unwrap();
        assert_eq!(thread.root.message_id, root.message_id);
        found.splice(0..0, thread.page.messages);
        match thread.page.older {
            Some(seq) => place = HistoryPlace::Before(seq),
            None => break,
        }
    }
    assert_eq!(found, expected);
    let after = HistoryPlace::After(expected[4].seq);
    let newer = db.thread(id, root.message_id, after, 1).await.unwrap().page;
    assert_eq!(newer.messages, [expected[5].clone()]);
    assert_eq!(
        (newer.older, newer.newer),
        (Some(expected[5].seq), Some(expected[5].seq))
    );
    for (conversation, message) in [
        (ConversationId::new(), root.message_id),
        (id, MessageId::new()),
    ] {
        let refused = db
            .thread(conversation, message, HistoryPlace::Newest, 3)
            .await;
        assert!(matches!(refused, Err(StorageError::NotFound("message"))));
    }
}

async fn what_is_said_in_a_thread_is_not_said_outside(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let id = scene.conversation.id;
    let root = append(&db, scene.says("1", "root")).await;
    let inside = append(&db, within(&scene, root.message_id, "2", "inside")).await;
    let outside = append(&db, scene.says("3", "outside")).await;
    let last = append(&db, within(&scene, root.message_id, "4", "last")).await;
    let of_thread = db.said_before(id, Some(root.message_id), last.seq, 9);
    assert_eq!(of_thread.await.unwrap(), [root.clone(), inside]);
    let of_none = db.said_before(id, None, u64::MAX, 9).await.unwrap();
    assert_eq!(of_none, [root, outside]);
}
