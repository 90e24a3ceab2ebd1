//! Changes of messages: each made once, numbered with the messages, and what is deleted stays deleted.

use protocol::{Change, Emoji, Entry, Message, MessageId, UserId, What};
use storage::{Appended, Changed, DELETED_ACCOUNT, NewChange, NewMessage, StorageError};
use tokio::task::JoinSet;

use crate::support::{NOW, Scene, TestDatabase, client, new, on_both_databases, user_named};

on_both_databases![
    an_edit_changes_the_message_and_is_an_entry_of_the_log,
    a_deleted_message_leaves_its_place_and_nothing_else,
    reactions_stand_beside_their_message_in_their_order,
    a_change_sent_again_is_the_same_change_and_another_under_its_id_is_refused,
    a_message_sent_again_is_known_by_the_text_that_it_was_sent_with,
    what_is_not_there_cannot_be_changed,
    edits_and_reactions_have_limits,
    messages_and_changes_at_once_leave_no_gap,
    a_list_shows_the_newest_message_whatever_was_changed_since,
    what_others_wrote_and_one_has_not_read_is_counted,
    changes_outlive_their_author_without_a_name,
];

fn emoji(text: &str) -> Emoji {
    text.to_owned().try_into().unwrap()
}

fn edited(message: &Message, text: &str) -> What {
    What::Edited {
        message_id: message.message_id,
        text: text.to_owned(),
        authorship: None,
    }
}

fn deleted(message: &Message) -> What {
    What::Deleted {
        message_id: message.message_id,
    }
}

fn reacted(message: &Message, text: &str) -> What {
    What::Reacted {
        message_id: message.message_id,
        emoji: emoji(text),
    }
}

fn unreacted(message: &Message, text: &str) -> What {
    What::Unreacted {
        message_id: message.message_id,
        emoji: emoji(text),
    }
}

fn change(scene: &Scene, client_id: &str, what: What) -> NewChange {
    NewChange {
        client_id: Some(client(client_id)),
        created_at: NOW + 1,
        ..scene.changes(what)
    }
}

async fn makes(db: &TestDatabase, scene: &Scene, client_id: &str, what: What) -> Change {
    match db.change(change(scene, client_id, what)).await.unwrap() {
        Changed::New(change) => change,
        Changed::Duplicate(change) => panic!("{change:?} was there before"),
    }
}

async fn says(db: &TestDatabase, scene: &Scene, client_id: &str, text: &str) -> Message {
    new(db
        .append_message(scene.says(client_id, text))
        .await
        .unwrap())
}

async fn log(db: &TestDatabase, scene: &Scene) -> Vec<Entry> {
    db.entries_after(scene.conversation.id, 0, 1000)
        .await
        .unwrap()
}

async fn read(db: &TestDatabase, message: &Message) -> Message {
    db.message(message.message_id).await.unwrap().unwrap()
}

async fn an_edit_changes_the_message_and_is_an_entry_of_the_log(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let message = says(&db, &scene, "1", "helo").await;
    let first = makes(&db, &scene, "2", edited(&message, "hallo")).await;
    let second = makes(&db, &scene, "3", edited(&message, "hello")).await;
    let next = says(&db, &scene, "4", "next").await;
    assert_eq!((first.seq, second.seq, next.seq), (2, 3, 4));
    assert_eq!(first.author, scene.author());
    let now = Message {
        text: "hello".to_owned(),
        edited_at: Some(NOW + 1),
        ..message
    };
    assert_eq!(read(&db, &now).await, now);
    // What the log tells of the first edit is what the message says now.
    let first = Change {
        what: edited(&now, "hello"),
        ..first
    };
    let expected = [
        Entry::Message(now.clone()),
        Entry::Change(first),
        Entry::Change(second.clone()),
        Entry::Message(next),
    ];
    assert_eq!(log(&db, &scene).await, expected);
    let page = db.entries_after(scene.conversation.id, 2, 1).await;
    assert_eq!(page.unwrap(), [Entry::Change(second)]);
    let older = db.said_before(scene.conversation.id, None, 4, 1).await;
    assert_eq!(older.unwrap(), [now]);
}

async fn a_deleted_message_leaves_its_place_and_nothing_else(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let message = says(&db, &scene, "1", "a secret").await;
    makes(&db, &scene, "2", edited(&message, "another secret")).await;
    makes(&db, &scene, "3", reacted(&message, "👀")).await;
    let gone = makes(&db, &scene, "4", deleted(&message)).await;
    let expected = Message {
        text: String::new(),
        deleted_at: Some(NOW + 1),
        ..message.clone()
    };
    assert_eq!(read(&db, &message).await, expected);
    let entries = log(&db, &scene).await;
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[0], Entry::Message(expected));
    assert_eq!(entries[3], Entry::Change(gone));
    assert!(!format!("{entries:?}").contains("secret"));
    for (client_id, what) in [
        ("5", edited(&message, "back")),
        ("6", deleted(&message)),
        ("7", reacted(&message, "👀")),
        ("8", unreacted(&message, "👀")),
    ] {
        let refused = db.change(change(&scene, client_id, what)).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, StorageError::NotFound("message")));
    }
    assert_eq!(log(&db, &scene).await.len(), 4);
}

async fn reactions_stand_beside_their_message_in_their_order(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let friend = db.create_user(user_named("bo")).await.unwrap();
    let of_friend = |client_id, what| NewChange {
        user_id: friend.id,
        ..change(&scene, client_id, what)
    };
    let message = says(&db, &scene, "1", "hello").await;
    let other = says(&db, &scene, "2", "other").await;
    makes(&db, &scene, "3", reacted(&message, "👋")).await;
    makes(&db, &scene, "4", reacted(&other, "👍🏽")).await;
    db.change(of_friend("5", reacted(&message, "🎉")))
        .await
        .unwrap();
    db.change(of_friend("6", reacted(&message, "👋")))
        .await
        .unwrap();
    let beside = |message: Message| -> Vec<(String, Vec<UserId>)> {
        let reactions = message.reactions.into_iter();
        reactions
            .map(|one| (one.emoji.to_string(), one.users))
            .collect()
    };
    let both = vec![
        ("👋".to_owned(), vec![scene.user.id, friend.id]),
        ("🎉".to_owned(), vec![friend.id]),
    ];
    assert_eq!(beside(read(&db, &message).await), both);
    let page = db
        .said_before(scene.conversation.id, None, u64::MAX, 10)
        .await;
    let [first, second] = page.unwrap().try_into().unwrap();
    assert_eq!(beside(first), both);
    assert_eq!(beside(second), [("👍🏽".to_owned(), vec![scene.user.id])]);
    makes(&db, &scene, "7", unreacted(&message, "👋")).await;
    let left = [
        ("🎉".to_owned(), vec![friend.id]),
        ("👋".to_owned(), vec![friend.id]),
    ];
    assert_eq!(beside(read(&db, &message).await), left);
    let again = db.change(of_friend("8", reacted(&message, "🎉"))).await;
    assert!(matches!(
        again,
        Err(StorageError::Conflict("this reaction"))
    ));
    let gone = change(&scene, "9", unreacted(&message, "👋"));
    let gone = db.change(gone).await;
    assert!(matches!(gone, Err(StorageError::NotFound("reaction"))));
    db.delete_user(friend.id, NOW).await.unwrap();
    assert_eq!(beside(read(&db, &message).await), []);
}

async fn a_change_sent_again_is_the_same_change_and_another_under_its_id_is_refused(
    db: TestDatabase,
) {
    let scene = Scene::set(&db).await;
    let message = says(&db, &scene, "1", "one").await;
    let other = says(&db, &scene, "2", "two").await;
    let edit = makes(&db, &scene, "e", edited(&message, "1")).await;
    let reaction = makes(&db, &scene, "r", reacted(&message, "👋")).await;
    makes(&db, &scene, "e2", edited(&message, "I")).await;
    let again = |client_id, what| db.change(change(&scene, client_id, what));
    let found = again("e", edited(&message, "1")).await.unwrap();
    let Changed::Duplicate(found) = found else {
        panic!("{found:?} is new");
    };
    assert_eq!(found.seq, edit.seq);
    let found = again("r", reacted(&message, "👋")).await.unwrap();
    assert_eq!(found, Changed::Duplicate(reaction));
    for (client_id, what) in [
        ("e", edited(&message, "I")),
        ("e", edited(&other, "1")),
        ("e", deleted(&message)),
        ("r", reacted(&message, "🎉")),
        ("r", unreacted(&message, "👋")),
    ] {
        let refused = again(client_id, what).await;
        assert!(matches!(refused, Err(StorageError::Conflict("client id"))));
    }
    // Of many at once one is made, and all learn its place.
    let mut sends = JoinSet::new();
    for _ in 0..16 {
        let (storage, new) = (db.storage.clone(), change(&scene, "m", deleted(&other)));
        sends.spawn(async move { storage.change(new).await.unwrap() });
    }
    let outcomes = sends.join_all().await;
    let fresh = outcomes.iter().filter(|one| matches!(one, Changed::New(_)));
    assert_eq!(fresh.count(), 1);
    assert_eq!(log(&db, &scene).await.len(), 6);
    // Its text is gone: whatever comes under its id is taken for the edit that it was.
    makes(&db, &scene, "d", deleted(&message)).await;
    let found = again("e", edited(&message, "1")).await.unwrap();
    assert!(matches!(found, Changed::Duplicate(found) if found.seq == edit.seq));
}

async fn a_message_sent_again_is_known_by_the_text_that_it_was_sent_with(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let message = says(&db, &scene, "1", "helo").await;
    makes(&db, &scene, "2", edited(&message, "hello")).await;
    let again = db.append_message(scene.says("1", "helo")).await.unwrap();
    assert!(matches!(again, Appended::Duplicate(found) if found.seq == message.seq));
    let other = db.append_message(scene.says("1", "hello")).await;
    assert!(matches!(other, Err(StorageError::Conflict("client id"))));
    makes(&db, &scene, "3", deleted(&message)).await;
    let again = db.append_message(scene.says("1", "helo")).await.unwrap();
    let Appended::Duplicate(found) = again else {
        panic!("{again:?} is new");
    };
    assert_eq!((found.seq, found.text.as_str()), (message.seq, ""));
}

async fn what_is_not_there_cannot_be_changed(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let message = says(&db, &scene, "1", "hello").await;
    let unknown = What::Deleted {
        message_id: MessageId::new(),
    };
    let elsewhere = NewChange {
        conversation_id: protocol::ConversationId::new(),
        ..change(&scene, "3", deleted(&message))
    };
    for refused in [change(&scene, "2", unknown), elsewhere] {
        let refused = db.change(refused).await;
        assert!(matches!(refused, Err(StorageError::NotFound("message"))));
    }
    let nul = change(&scene, "4", edited(&message, "a\0b"));
    assert!(matches!(
        db.change(nul).await,
        Err(StorageError::Invalid(_))
    ));
    assert_eq!(log(&db, &scene).await, [Entry::Message(message)]);
    assert_eq!(says(&db, &scene, "5", "next").await.seq, 2);
}

async fn edits_and_reactions_have_limits(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let message = says(&db, &scene, "1", "0").await;
    for number in 1..=100 {
        let text = number.to_string();
        makes(&db, &scene, &format!("e{number}"), edited(&message, &text)).await;
    }
    let refused = change(&scene, "e101", edited(&message, "101"));
    let refused = db.change(refused).await.unwrap_err();
    assert_eq!(refused.code(), protocol::ErrorCode::LimitReached);
    for number in 0..20 {
        let client_id = format!("r{number}");
        makes(
            &db,
            &scene,
            &client_id,
            reacted(&message, &format!(":{number}:")),
        )
        .await;
    }
    let refused = change(&scene, "r20", reacted(&message, ":20:"));
    let refused = db.change(refused).await.unwrap_err();
    assert_eq!(refused.code(), protocol::ErrorCode::LimitReached);
    makes(&db, &scene, "u", unreacted(&message, ":7:")).await;
    makes(&db, &scene, "r21", reacted(&message, ":21:")).await;
}

async fn messages_and_changes_at_once_leave_no_gap(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let message = says(&db, &scene, "0", "0").await;
    let other_process = db.open_again().await;
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let storage = match number % 2 {
            0 => db.storage.clone(),
            _ => other_process.clone(),
        };
        let edit = change(&scene, &format!("e{number}"), edited(&message, "text"));
        let sent = scene.says(&format!("s{number}"), "text");
        tasks.spawn(async move {
            let (edit, sent) = tokio::join!(storage.change(edit), storage.append_message(sent));
            edit.unwrap();
            sent.unwrap();
        });
    }
    tasks.join_all().await;
    let seqs: Vec<u64> = log(&db, &scene).await.iter().map(Entry::seq).collect();
    assert_eq!(seqs, (1..=41).collect::<Vec<u64>>());
}

async fn a_list_shows_the_newest_message_whatever_was_changed_since(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    says(&db, &scene, "1", "one").await;
    let two = says(&db, &scene, "2", "two").await;
    makes(&db, &scene, "3", edited(&two, "zwei")).await;
    makes(&db, &scene, "4", reacted(&two, "👋")).await;
    let list = db.conversations_of(scene.user.id, None, 10).await.unwrap();
    let last = list[0].last_message.as_ref().unwrap();
    assert_eq!((last.seq, last.text.as_str()), (2, "zwei"));
    assert_eq!(list[0].conversation.last_seq, 4);
    // Only messages are activity.
    assert_eq!(list[0].active_at, NOW);
}

async fn what_others_wrote_and_one_has_not_read_is_counted(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let unread = || async {
        let list = db.conversations_of(scene.user.id, None, 10).await.unwrap();
        list[0].unread
    };
    let mine = says(&db, &scene, "1", "mine").await;
    assert_eq!(unread().await, 0);
    let mut of_twin = Vec::new();
    for text in ["one", "two", "three"] {
        let answer = NewMessage {
            author: scene.twin_author(),
            client_id: None,
            ..scene.says("-", text)
        };
        of_twin.push(new(db.append_message(answer).await.unwrap()));
    }
    makes(&db, &scene, "2", reacted(&mine, "👋")).await;
    assert_eq!(unread().await, 3);
    makes(&db, &scene, "3", deleted(&of_twin[2])).await;
    assert_eq!(unread().await, 2);
    db.set_read(scene.conversation.id, scene.user.id, of_twin[0].seq)
        .await
        .unwrap();
    assert_eq!(unread().await, 1);
}

async fn changes_outlive_their_author_without_a_name(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let friend = db.create_user(user_named("bo")).await.unwrap();
    let sent = NewMessage {
        author: protocol::Author::User {
            id: friend.id,
            name: friend.name.clone(),
        },
        ..scene.says("1", "hello")
    };
    let message = new(db.append_message(sent).await.unwrap());
    let edit = NewChange {
        user_id: friend.id,
        name: friend.name.clone(),
        ..change(&scene, "2", edited(&message, "hallo"))
    };
    db.change(edit).await.unwrap();
    db.delete_user(friend.id, NOW).await.unwrap();
    let entries = log(&db, &scene).await;
    let Entry::Change(change) = &entries[1] else {
        panic!("{entries:?}");
    };
    let protocol::Author::User { name, .. } = &change.author else {
        panic!("{change:?}");
    };
    assert_eq!(name, DELETED_ACCOUNT);
}
