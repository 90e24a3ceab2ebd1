//! Rules of rooms: each change of them is an entry, older ones are stale, and who must wait waits on every node.

use std::sync::Arc;

use protocol::{Attachment, AttachmentId, Entry, NodeId, What};
use storage::{
    Appended, Changed, FileKey, ForbiddenWords, MessageRules, NewMessage, NewUpload, Pace,
    RoomRules, Storage, StorageError, UnsentLimits,
};
use tokio::task::JoinSet;

use crate::support::{NOW, Scene, TestDatabase, new, on_both_databases};

on_both_databases![
    rules_are_entries_and_read_back_and_make_what_was_judged_before_stale,
    who_must_wait_waits_and_nobody_else_does,
    of_many_messages_at_once_one_is_sent,
    a_message_that_was_sent_before_is_not_too_soon,
    a_reply_that_was_judged_by_older_rules_is_judged_anew,
    files_are_held_to_the_words_by_their_names,
];

async fn makes(storage: &Storage, scene: &Scene, what: What) -> u64 {
    let change = scene.changes(what);
    match storage.change(change).await.unwrap() {
        Changed::New(change) => change.seq,
        Changed::Duplicate(change) => panic!("{change:?} is a duplicate"),
    }
}

async fn rules(storage: &Storage, scene: &Scene) -> (RoomRules, u64) {
    let roster = storage.roster(scene.conversation.id).await;
    let roster = roster.unwrap().unwrap();
    (roster.rules, roster.version)
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

async fn rules_are_entries_and_read_back_and_make_what_was_judged_before_stale(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (none, before) = rules(&db, &scene).await;
    assert_eq!((none, before), (RoomRules::default(), 0));
    let all = [
        What::WordsForbidden {
            words: words(&["free money", "赌博"]),
        },
        What::SlowModeSet { seconds: Some(30) },
        What::WordsForbidden { words: Vec::new() },
        What::SlowModeSet { seconds: None },
    ];
    let mut versions = vec![before];
    for (number, what) in all.iter().enumerate() {
        let seq = makes(&db, &scene, what.clone()).await;
        let (known, version) = rules(&db, &scene).await;
        assert_eq!(known.seq, seq);
        versions.push(version);
        let both = ForbiddenWords::new(words(&["free money", "赌博"])).unwrap();
        let expected = match number {
            0 => (both, None),
            1 => (both, Some(30)),
            2 => (ForbiddenWords::default(), Some(30)),
            _ => (ForbiddenWords::default(), None),
        };
        assert_eq!(
            (&*known.words, known.slow_mode_seconds),
            (&expected.0, expected.1)
        );
    }
    assert!(
        versions.is_sorted_by(|one, next| one < next),
        "{versions:?}"
    );
    let log = db.entries_after(scene.conversation.id, 0, 9).await.unwrap();
    let changes: Vec<What> = log
        .into_iter()
        .map(|entry| match entry {
            Entry::Change(change) => change.what,
            Entry::Message(message) => panic!("{message:?}"),
        })
        .collect();
    assert_eq!(changes, all);
    let stale = NewMessage {
        members_seq: Some(versions[3]),
        ..scene.says("1", "hello")
    };
    let refused = db.append_message(stale.clone()).await;
    assert!(
        matches!(refused, Err(StorageError::MembersChanged)),
        "{refused:?}"
    );
    let judged = NewMessage {
        members_seq: Some(versions[4]),
        ..stale
    };
    new(db.append_message(judged).await.unwrap());
}

fn paced(scene: &Scene, client_id: &str, at: i64) -> NewMessage {
    NewMessage {
        rules: MessageRules {
            pace: Some(Pace {
                user: scene.user.id,
                wait_ms: 30_000,
            }),
            ..MessageRules::default()
        },
        created_at: NOW + at,
        ..scene.says(client_id, client_id)
    }
}

async fn waits(storage: &Storage, message: NewMessage) -> u64 {
    match storage.append_message(message).await {
        Ok(Appended::New(_)) => 0,
        Err(StorageError::TooSoon { retry_after_ms }) => retry_after_ms,
        other => panic!("{other:?}"),
    }
}

async fn who_must_wait_waits_and_nobody_else_does(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    assert_eq!(waits(&db, paced(&scene, "1", 0)).await, 0);
    assert_eq!(waits(&db, paced(&scene, "2", 1_000)).await, 29_000);
    // Another node, and this one after a restart, know it too.
    let other = db.open_again().await;
    assert_eq!(waits(&other, paced(&scene, "3", 29_999)).await, 1);
    new(db
        .append_message(scene.says("4", "in no hurry"))
        .await
        .unwrap());
    assert_eq!(waits(&other, paced(&scene, "5", 30_000)).await, 0);
    assert_eq!(waits(&db, paced(&scene, "6", 30_001)).await, 29_999);
    // A clock that was far ahead keeps nobody waiting for longer.
    assert_eq!(waits(&db, paced(&scene, "7", 900_000)).await, 0);
    assert_eq!(waits(&db, paced(&scene, "8", 31_000)).await, 0);
    let off = What::SlowModeSet { seconds: None };
    makes(&db, &scene, off).await;
    assert_eq!(waits(&db, paced(&scene, "9", 31_001)).await, 0);
    let log = db.messages_after(scene.conversation.id, 0, 99).await;
    let texts: Vec<String> = log.unwrap().into_iter().map(|one| one.text).collect();
    assert_eq!(texts, ["1", "in no hurry", "5", "7", "8", "9"]);
    db.delete_user(scene.user.id, NOW).await.unwrap();
}

async fn of_many_messages_at_once_one_is_sent(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let mut sending = JoinSet::new();
    for number in 0..20 {
        let paced = paced(&scene, &number.to_string(), number);
        sending.spawn(db.append_message(paced));
        let free = scene.says(&format!("free-{number}"), "free");
        sending.spawn(db.append_message(free));
    }
    let mut sent = 0;
    while let Some(outcome) = sending.join_next().await {
        match outcome.unwrap() {
            Ok(Appended::New(message)) => sent += usize::from(message.text != "free"),
            Err(StorageError::TooSoon { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sent, 1);
    let log = db
        .entries_after(scene.conversation.id, 0, 99)
        .await
        .unwrap();
    let seqs: Vec<u64> = log.iter().map(Entry::seq).collect();
    assert_eq!(seqs, (1..=21).collect::<Vec<u64>>(), "no gap is left");
}

async fn a_message_that_was_sent_before_is_not_too_soon(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let first = paced(&scene, "1", 0);
    let sent = new(db.append_message(first.clone()).await.unwrap());
    let again = NewMessage {
        message_id: protocol::MessageId::new(),
        created_at: NOW + 5,
        ..first
    };
    let again = db.append_message(again).await.unwrap();
    assert_eq!(again, Appended::Duplicate(sent));
}

async fn a_reply_that_was_judged_by_older_rules_is_judged_anew(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let node = NodeId::new();
    let (question, reply) = scene.asks("1", node);
    db.append_message(question).await.unwrap();
    let epoch = db.claim_reply(reply, node, NOW, NOW + 9).await.unwrap();
    let epoch = epoch.unwrap();
    let (_, before) = rules(&db, &scene).await;
    let forbidden = What::WordsForbidden {
        words: words(&["brass"]),
    };
    makes(&db, &scene, forbidden).await;
    let mut answer = scene.answer();
    answer.members_seq = Some(before);
    let refused = db.finish_reply(reply, epoch, answer.clone()).await;
    assert!(
        matches!(refused, Err(StorageError::MembersChanged)),
        "{refused:?}"
    );
    let (known, now) = rules(&db, &scene).await;
    assert!(known.words.find(&answer.text).is_some());
    answer.members_seq = Some(now);
    answer.text = "Of gold.".to_owned();
    db.finish_reply(reply, epoch, answer).await.unwrap();
    let log = db
        .messages_after(scene.conversation.id, 0, 9)
        .await
        .unwrap();
    assert_eq!(log.last().unwrap().text, "Of gold.");
}

async fn files_are_held_to_the_words_by_their_names(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let upload = |name: &str| NewUpload {
        attachment: Attachment {
            id: AttachmentId::new(),
            name: name.to_owned(),
            media_type: "text/plain".to_owned(),
            size_bytes: 5,
            width: None,
            height: None,
        },
        user_id: scene.user.id,
        excerpt: None,
        file_key: FileKey::new(),
        created_at: NOW,
    };
    let limits = UnsentLimits {
        files: 9,
        bytes: 99,
    };
    let (plan, notes) = (upload("my-CASINO.txt"), upload("notes.txt"));
    for upload in [&plan, &notes] {
        db.note_file(upload.file_key, NOW).await.unwrap();
        db.keep_upload(upload.clone(), limits).await.unwrap();
    }
    let forbidden = ForbiddenWords::new(words(&["casino"])).unwrap();
    let sends = |client_id: &str, upload: &NewUpload| NewMessage {
        attachments: vec![upload.attachment.id],
        rules: MessageRules {
            words: Arc::new(forbidden.clone()),
            ..MessageRules::default()
        },
        ..scene.says(client_id, "")
    };
    let refused = db.append_message(sends("1", &plan)).await;
    assert!(
        matches!(refused, Err(StorageError::Forbidden(_))),
        "{refused:?}"
    );
    let sent = new(db.append_message(sends("2", &notes)).await.unwrap());
    assert_eq!(sent.attachments, [notes.attachment]);
}
