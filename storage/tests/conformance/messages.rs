//! The log: each message once, gapless, in one order, whoever sends and however often.

use std::collections::BTreeSet;

use futures::future::join_all;
use protocol::{Author, ConversationId, Message, MessageId, NodeId, TwinId};
use storage::{Appended, NewMember, NewMessage, StorageError};
use tokio::task::JoinSet;

use crate::support::{
    NOW, Scene, TestDatabase, begin, client, messages_after, new, on_both_databases,
};

on_both_databases![
    a_message_comes_back_as_it_was_appended,
    of_many_who_send_the_same_client_id_one_is_stored_and_all_get_its_seq,
    the_same_client_id_for_something_else_is_refused_for_ever,
    the_same_client_id_of_another_author_is_another_message,
    eight_senders_at_once_leave_no_gap_and_each_keeps_its_order,
    two_processes_at_once_leave_no_gap_and_no_duplicate,
    messages_sent_again_are_found_among_new_ones,
    what_one_task_hands_over_is_stored_in_that_order,
    one_bad_message_does_not_fail_those_beside_it,
    an_answer_must_answer_a_message_of_the_same_conversation,
    orders_to_reply_are_stored_with_their_message_or_not_at_all,
    pages_join_without_overlap_in_both_directions,
    a_message_with_a_nul_is_refused_alone,
    everything_is_there_after_opening_again,
];

async fn a_message_comes_back_as_it_was_appended(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let sent = scene.says("first-1", "**Grüße** 👩🏽‍🔬\n\u{202e}שלום 你好 $1 ?2 '");
    let expected = Message {
        seq: 1,
        created_at: NOW,
        client_id: sent.client_id.clone(),
        ..Message::new(
            sent.conversation_id,
            sent.message_id,
            sent.author.clone(),
            sent.text.clone(),
        )
    };
    let appended = db.append_message(sent.clone()).await.unwrap();
    assert_eq!(appended, Appended::New(expected.clone()));
    assert_eq!(
        db.message(sent.message_id).await.unwrap(),
        Some(expected.clone())
    );
    let log = db
        .messages_after(sent.conversation_id, 0, 10)
        .await
        .unwrap();
    assert_eq!(log, [expected]);
    let answer = NewMessage {
        author: scene.twin_author(),
        client_id: None,
        reply_to: Some(sent.message_id),
        ..scene.says("-", "Good day.")
    };
    let answer = new(db.append_message(answer).await.unwrap());
    assert!(answer.ai_written);
    assert_eq!(answer.seq, 2);
    assert_eq!(db.message(answer.message_id).await.unwrap(), Some(answer));
    assert_eq!(db.message(MessageId::new()).await.unwrap(), None);
}

async fn of_many_who_send_the_same_client_id_one_is_stored_and_all_get_its_seq(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let other_process = db.open_again().await;
    let mut sends = JoinSet::new();
    for number in 0..40 {
        let storage = if number % 2 == 0 {
            db.storage.clone()
        } else {
            other_process.clone()
        };
        let message = scene.says("once", "hello");
        sends.spawn(async move { storage.append_message(message).await.unwrap() });
    }
    let outcomes = sends.join_all().await;
    let fresh = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Appended::New(_)));
    assert_eq!(fresh.count(), 1);
    let log = db
        .messages_after(scene.conversation.id, 0, 100)
        .await
        .unwrap();
    assert_eq!(log.len(), 1);
    for outcome in outcomes {
        let (Appended::New(message) | Appended::Duplicate(message)) = outcome;
        assert_eq!(message, log[0]);
    }
}

async fn the_same_client_id_for_something_else_is_refused_for_ever(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let first = new(db.append_message(scene.says("1", "first")).await.unwrap());
    let members = vec![NewMember::User(scene.user.id)];
    let elsewhere = begin(&db, scene.user.id, members).await;
    let others = [
        scene.says("1", "another text"),
        NewMessage {
            conversation_id: elsewhere.id,
            ..scene.says("1", "first")
        },
        NewMessage {
            reply_to: Some(first.message_id),
            ..scene.says("1", "first")
        },
    ];
    for other in others {
        let refused = db.append_message(other).await;
        assert!(
            matches!(refused, Err(StorageError::Conflict("client id"))),
            "{refused:?}"
        );
    }
    // The same holds for two that come at once.
    let (one, other) = tokio::join!(
        db.append_message(scene.says("2", "one")),
        db.append_message(scene.says("2", "other"))
    );
    assert!(one.is_ok() != other.is_ok());
    assert_eq!(
        db.messages_after(scene.conversation.id, 0, 9)
            .await
            .unwrap()
            .len(),
        2
    );
}

async fn the_same_client_id_of_another_author_is_another_message(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    new(db.append_message(scene.says("1", "hello")).await.unwrap());
    let twins = NewMessage {
        author: scene.twin_author(),
        ..scene.says("1", "hello")
    };
    assert_eq!(new(db.append_message(twins).await.unwrap()).seq, 2);
}

async fn eight_senders_at_once_leave_no_gap_and_each_keeps_its_order(db: TestDatabase) {
    send_and_check(&db, [db.storage.clone(), db.storage.clone()]).await;
}

async fn two_processes_at_once_leave_no_gap_and_no_duplicate(db: TestDatabase) {
    send_and_check(&db, [db.storage.clone(), db.open_again().await]).await;
}

/// Eight senders, each with its own numbers, every fourth message sent twice, in two conversations.
async fn send_and_check(db: &TestDatabase, processes: [storage::Storage; 2]) {
    const EACH: usize = 25;
    let scene = Scene::set(db).await;
    let members = vec![NewMember::User(scene.user.id)];
    let second = begin(db, scene.user.id, members).await;
    let mut senders = JoinSet::new();
    for sender in 0..8 {
        let storage = processes[sender % 2].clone();
        let conversations = [scene.conversation.id, second.id];
        let author = scene.author();
        senders.spawn(async move {
            for number in 0..EACH {
                for conversation_id in conversations {
                    let message = NewMessage {
                        conversation_id,
                        message_id: MessageId::new(),
                        author: author.clone(),
                        client_id: Some(client(&format!("{sender}-{number}-{conversation_id}"))),
                        text: format!("{sender} {number}"),
                        reply_to: None,
                        thread: None,
                        attachments: Vec::new(),
                        created_at: NOW,
                        members_seq: None,
                        replies: Vec::new(),
                        rules: storage::MessageRules::default(),
                        chain: None,
                        by_owner: false,
                    };
                    let repeated = NewMessage {
                        message_id: MessageId::new(),
                        ..message.clone()
                    };
                    let seq = new(storage.append_message(message).await.unwrap()).seq;
                    if number % 4 == 0 {
                        let again = storage.append_message(repeated).await.unwrap();
                        assert!(matches!(again, Appended::Duplicate(same) if same.seq == seq));
                    }
                }
            }
        });
    }
    senders.join_all().await;
    for conversation_id in [scene.conversation.id, second.id] {
        let log = db.messages_after(conversation_id, 0, 1000).await.unwrap();
        assert!(
            log.iter()
                .map(|message| message.seq)
                .eq(1..=8 * EACH as u64)
        );
        for sender in 0..8 {
            let prefix = format!("{sender} ");
            let numbers = log
                .iter()
                .filter_map(|message| message.text.strip_prefix(&prefix));
            let in_order = (0..EACH).map(|number| number.to_string());
            assert!(numbers.eq(in_order), "sender {sender} is out of order");
        }
        let conversation = db.conversation(conversation_id).await.unwrap().unwrap();
        assert_eq!(conversation.last_seq, 8 * EACH as u64);
    }
}

async fn what_one_task_hands_over_is_stored_in_that_order(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let mut sends: Vec<_> = (1..=300)
        .map(|number| db.append_message(scene.says(&number.to_string(), "hello")))
        .collect();
    // Waited for backwards, they are stored forwards.
    sends.reverse();
    let mut seqs = Vec::new();
    for send in sends {
        seqs.push(new(send.await.unwrap()).seq);
    }
    assert!(seqs.into_iter().rev().eq(1..=300));
}

async fn messages_sent_again_are_found_among_new_ones(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let send = |number: u64| db.append_message(scene.says(&number.to_string(), "hello"));
    for outcome in join_all((1..=20).map(send)).await {
        new(outcome.unwrap());
    }
    for (number, outcome) in (1..=60).zip(join_all((1..=60).map(send)).await) {
        let outcome = outcome.unwrap();
        assert_eq!(matches!(outcome, Appended::Duplicate(_)), number <= 20);
        let (Appended::New(message) | Appended::Duplicate(message)) = outcome;
        assert_eq!(message.seq, number);
    }
}

async fn one_bad_message_does_not_fail_those_beside_it(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let sends = (0..60).map(|number| {
        let (mut message, _) = scene.asks(&number.to_string(), NodeId::new());
        match number {
            7 => message.conversation_id = ConversationId::new(),
            // Refused by a constraint in the middle of the batch's transaction.
            21 => message.replies[0].twin_id = TwinId::new(),
            35 => message.reply_to = Some(MessageId::new()),
            42 => message.text = "a\0b".to_owned(),
            _ => {}
        }
        db.append_message(message)
    });
    let outcomes = join_all(sends).await;
    let mut seqs = BTreeSet::new();
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match number {
            7 => assert!(matches!(
                outcome,
                Err(StorageError::NotFound("conversation"))
            )),
            21 => assert!(matches!(outcome, Err(StorageError::NotFound("twin")))),
            35 => assert!(matches!(
                outcome,
                Err(StorageError::NotFound("message to answer"))
            )),
            42 => assert!(matches!(outcome, Err(StorageError::Invalid(_)))),
            _ => assert!(seqs.insert(new(outcome.unwrap()).seq)),
        }
    }
    assert!(seqs.into_iter().eq(1..=56));
    assert_eq!(
        db.open_replies(scene.conversation.id).await.unwrap().len(),
        56
    );
}

async fn an_answer_must_answer_a_message_of_the_same_conversation(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let members = vec![NewMember::User(scene.user.id)];
    let elsewhere = begin(&db, scene.user.id, members).await;
    let foreign = NewMessage {
        conversation_id: elsewhere.id,
        ..scene.says("1", "over there")
    };
    let foreign = new(db.append_message(foreign).await.unwrap());
    for answered in [foreign.message_id, MessageId::new()] {
        let answer = NewMessage {
            reply_to: Some(answered),
            ..scene.says("2", "answer")
        };
        let refused = db.append_message(answer).await;
        assert!(matches!(
            refused,
            Err(StorageError::NotFound("message to answer"))
        ));
    }
    let own = new(db.append_message(scene.says("3", "here")).await.unwrap());
    let answer = NewMessage {
        reply_to: Some(own.message_id),
        ..scene.says("4", "answer")
    };
    assert_eq!(new(db.append_message(answer).await.unwrap()).seq, 2);
}

async fn orders_to_reply_are_stored_with_their_message_or_not_at_all(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (question, reply) = scene.asks("1", NodeId::new());
    let mut bad = scene.asks("2", NodeId::new()).0;
    bad.replies.push(storage::NewReplyOrder {
        twin_id: TwinId::new(),
        message_id: MessageId::new(),
        ..bad.replies[0].clone()
    });
    new(db.append_message(question.clone()).await.unwrap());
    assert!(db.append_message(bad).await.is_err());
    let again = NewMessage {
        message_id: MessageId::new(),
        ..scene.asks("1", NodeId::new()).0
    };
    assert!(matches!(
        db.append_message(again).await.unwrap(),
        Appended::Duplicate(_)
    ));
    let open = db.open_replies(scene.conversation.id).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].message_id, open[0].reply_to),
        (reply, question.message_id)
    );
    assert_eq!(
        db.messages_after(scene.conversation.id, 0, 9)
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn pages_join_without_overlap_in_both_directions(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    for number in 1..=25 {
        db.append_message(scene.says(&number.to_string(), &number.to_string()))
            .await
            .unwrap();
    }
    let id = scene.conversation.id;
    let seqs =
        |page: Vec<Message>| -> Vec<u64> { page.iter().map(|message| message.seq).collect() };
    let mut forwards = Vec::new();
    while let Some(page) = Some(seqs(
        db.messages_after(id, forwards.last().copied().unwrap_or(0), 10)
            .await
            .unwrap(),
    ))
    .filter(|page| !page.is_empty())
    {
        forwards.extend(page);
    }
    assert!(forwards.iter().copied().eq(1..=25));
    let newest = seqs(db.said_before(id, None, u64::MAX, 10).await.unwrap());
    assert!(newest.iter().copied().eq(16..=25));
    let older = seqs(db.said_before(id, None, 16, 100).await.unwrap());
    assert!(older.iter().copied().eq(1..=15));
    assert_eq!(db.messages_after(id, u64::MAX, 10).await.unwrap(), []);
    assert_eq!(db.said_before(id, None, 0, 10).await.unwrap(), []);
    let last = db.said_before(id, None, u64::MAX, 1).await.unwrap();
    assert_eq!(last[0].seq, 25);
}

async fn a_message_with_a_nul_is_refused_alone(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let named = NewMessage {
        author: Author::User {
            id: scene.user.id,
            name: "a\0b".to_owned(),
        },
        ..scene.says("1", "hello")
    };
    for bad in [scene.says("1", "\0"), named] {
        let refused = db.append_message(bad).await;
        assert!(matches!(refused, Err(StorageError::Invalid(_))));
    }
    assert_eq!(
        new(db.append_message(scene.says("1", "hello")).await.unwrap()).seq,
        1
    );
}

async fn everything_is_there_after_opening_again(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (question, reply) = scene.asks("1", NodeId::new());
    db.append_message(question.clone()).await.unwrap();
    db.append_message(scene.says("2", "and more"))
        .await
        .unwrap();
    let id = scene.conversation.id;
    let before = (
        db.messages_after(id, 0, 10).await.unwrap(),
        db.reply_order(reply).await.unwrap(),
        db.conversations_of(scene.user.id, None, 10).await.unwrap(),
    );
    db.close().await;
    let refused = db.append_message(scene.says("3", "too late")).await;
    assert!(matches!(refused, Err(StorageError::Unavailable(_))));
    assert!(matches!(
        db.message(reply).await,
        Err(StorageError::Unavailable(_))
    ));

    let again = db.open_again().await;

    let after = (
        messages_after(&again, id, 0, 10).await.unwrap(),
        again.reply_order(reply).await.unwrap(),
        again
            .conversations_of(scene.user.id, None, 10)
            .await
            .unwrap(),
    );
    assert_eq!(before, after);
    let duplicate = again
        .append_message(scene.asks("1", NodeId::new()).0)
        .await
        .unwrap();
    assert!(matches!(duplicate, Appended::Duplicate(message) if message.seq == 1));
    assert_eq!(
        new(again.append_message(scene.says("4", "next")).await.unwrap()).seq,
        3
    );
}
