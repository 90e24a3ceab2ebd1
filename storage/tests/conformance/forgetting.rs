//! Forgetting: receipts count what went, what an account said goes with it, and a scrub leaves no bytes of what was deleted.

use protocol::{Author, Entry, Message, NodeId, Source, What};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::{
    DELETED_ACCOUNT, Erased, Files, FinishedReply, Gone, NewMember, NewMessage, Receipt,
    ReceiptKind, StorageError,
};

use crate::support::{
    NOW, Scene, TestDatabase, begin, chunks_of, document_of, new, on_both_databases, sqlite_path,
    twin_of, user_named,
};

on_both_databases![
    a_receipt_counts_what_went_with_a_document_and_its_owner_keeps_it,
    a_file_that_is_let_go_is_deleted_by_the_sweep_where_nobody_else_did,
    what_an_account_said_goes_with_it_and_the_logs_say_so,
    a_conversation_that_nobody_else_is_in_goes_with_the_account,
    a_scrub_is_due_when_something_was_deleted_and_leaves_the_rest,
];

async fn says(db: &TestDatabase, scene: &Scene, client_id: &str, text: &str) -> Message {
    new(db
        .append_message(scene.says(client_id, text))
        .await
        .unwrap())
}

async fn a_receipt_counts_what_went_with_a_document_and_its_owner_keeps_it(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let document = document_of(scene.twin.id, "notes.md");
    db.insert_document(document.clone(), chunks_of(&document), 10)
        .await
        .unwrap();
    let node = NodeId::new();
    let (question, reply) = scene.asks("1", node);
    db.append_message(question).await.unwrap();
    let epoch = db.claim_reply(reply, node, NOW, NOW + 9).await;
    let source = Source {
        document_id: document.id,
        document: document.name.clone(),
        section: "Engine".to_owned(),
        quote: "of brass".to_owned(),
        score: 0.5,
    };
    let answer = FinishedReply {
        sources: vec![source],
        ..scene.answer()
    };
    let epoch = epoch.unwrap().unwrap();
    db.finish_reply(reply, epoch, answer).await.unwrap();

    let forgotten = db.delete_document(document.id, NOW + 5).await.unwrap();

    assert_eq!(forgotten.files, [document.file_key]);
    let receipt = forgotten.receipt;
    let expected = Receipt {
        id: receipt.id,
        user_id: scene.user.id,
        at: NOW + 5,
        kind: ReceiptKind::Document,
        twin_id: Some(scene.twin.id),
        document_id: Some(document.id),
        memory_id: None,
        about: None,
        gone: Gone {
            documents: 1,
            chunks: 2,
            vectors: 2,
            citations: 1,
            files: 1,
            file_bytes: document.size_bytes,
            sha256: Some(document.sha256),
            ..Gone::default()
        },
        prompts_dropped: false,
    };
    assert_eq!(receipt, expected);
    db.note_prompts_dropped(receipt.id).await.unwrap();
    let kept = Receipt {
        prompts_dropped: true,
        ..receipt
    };
    let owner = scene.user.id;
    let listed = db.receipts_of(owner, None, 9).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&kept));
    let older = db.receipts_of(owner, Some(kept.id), 9).await.unwrap();
    assert_eq!(older, []);
    let other = db.create_user(user_named("bo")).await.unwrap();
    assert!(db.receipts_of(other.id, None, 9).await.unwrap().is_empty());
}

async fn a_file_that_is_let_go_is_deleted_by_the_sweep_where_nobody_else_did(db: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(folder.path()).await.unwrap();
    let scene = Scene::set(&db).await;
    let document = document_of(scene.twin.id, "notes.md");
    // As an upload does it: the note is older than any file that is begun may be.
    db.note_file(document.file_key, 0).await.unwrap();
    files
        .put(document.file_key, "of brass".into())
        .await
        .unwrap();
    db.insert_document(document.clone(), Vec::new(), 10)
        .await
        .unwrap();
    assert_eq!(db.sweep_files(&files, NOW).await.unwrap(), 0);
    // The process that deletes it dies before it comes to the file.
    db.delete_document(document.id, NOW).await.unwrap();
    assert_eq!(db.sweep_files(&files, NOW).await.unwrap(), 1);
    let gone = files.get(document.file_key).await;
    assert!(matches!(gone, Err(StorageError::NotFound("file"))));
    // So is one that was written by a process that died before its document was stored.
    let lost = document_of(scene.twin.id, "lost.md");
    db.note_file(lost.file_key, 0).await.unwrap();
    files.put(lost.file_key, "lost".into()).await.unwrap();
    assert_eq!(db.sweep_files(&files, NOW).await.unwrap(), 1);
}

async fn what_an_account_said_goes_with_it_and_the_logs_say_so(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let members = vec![
        NewMember::User(bo.id),
        NewMember::User(scene.user.id),
        NewMember::Twin(scene.twin.id),
    ];
    let room = begin(&db, bo.id, members).await;
    let scene = Scene {
        conversation: room.clone(),
        ..scene
    };
    let first = says(&db, &scene, "1", "hello").await;
    let of_bo = NewMessage {
        author: Author::User {
            id: bo.id,
            name: bo.name.clone(),
        },
        ..scene.says("bo", "good day")
    };
    let of_bo = new(db.append_message(of_bo).await.unwrap());
    let of_twin = NewMessage {
        author: scene.twin_author(),
        ..scene.says("twin", "I am of brass")
    };
    let of_twin = new(db.append_message(of_twin).await.unwrap());
    let edited = What::Edited {
        message_id: first.message_id,
        text: "hallo".to_owned(),
        authorship: None,
    };
    db.change(scene.changes(edited)).await.unwrap();

    let deleted = db.delete_user(scene.user.id, NOW + 7).await.unwrap();

    // Two messages here; the conversation with the twin alone had none.
    assert_eq!(deleted.receipt.gone.messages, 2);
    let newest = Erased {
        conversation_id: room.id,
        seq: 6,
        message_id: of_twin.message_id,
    };
    assert_eq!(deleted.erased, [newest]);
    let log = db.entries_after(room.id, 0, 20).await.unwrap();
    let seqs: Vec<u64> = log.iter().map(Entry::seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);
    let told: Vec<_> = log
        .iter()
        .filter_map(|entry| match entry {
            Entry::Change(change) => {
                Some((change.seq, change.what.message_id(), change.author.name()))
            }
            Entry::Message(_) => None,
        })
        .collect();
    let expected = [
        (4, Some(first.message_id), DELETED_ACCOUNT),
        (5, Some(first.message_id), DELETED_ACCOUNT),
        (6, Some(of_twin.message_id), DELETED_ACCOUNT),
    ];
    assert_eq!(told, expected);
    let messages = db.messages_after(room.id, 0, 9).await.unwrap();
    let texts: Vec<_> = messages
        .iter()
        .map(|message| (message.text.as_str(), message.deleted_at))
        .collect();
    assert_eq!(
        texts,
        [("", Some(NOW + 7)), ("good day", None), ("", Some(NOW + 7))]
    );
    let versions = db.message_versions(room.id, first.seq).await.unwrap();
    assert_eq!(versions, []);
    // Others go on where the log ends now.
    let next = NewMessage {
        message_id: protocol::MessageId::new(),
        client_id: None,
        author: of_bo.author.clone(),
        ..scene.says("next", "anybody?")
    };
    assert_eq!(new(db.append_message(next).await.unwrap()).seq, 7);
}

async fn a_conversation_that_nobody_else_is_in_goes_with_the_account(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let of_bo = twin_of(bo.id, "Bo's twin");
    db.create_twin(of_bo.clone(), 10).await.unwrap();
    says(&db, &scene, "1", "hello, me").await;
    let members = vec![NewMember::User(scene.user.id), NewMember::Twin(of_bo.id)];
    let with_his_twin = begin(&db, scene.user.id, members).await;
    let members = vec![NewMember::User(bo.id), NewMember::Twin(of_bo.id)];
    let of_others = begin(&db, bo.id, members).await;

    let deleted = db.delete_user(scene.user.id, NOW).await.unwrap();

    assert_eq!(deleted.receipt.gone.messages, 1);
    assert_eq!(deleted.erased, []);
    for (conversation, is_there) in [
        (scene.conversation.id, false),
        (with_his_twin.id, false),
        (of_others.id, true),
    ] {
        let found = db.conversation(conversation).await.unwrap();
        assert_eq!(found.is_some(), is_there);
    }
}

async fn a_scrub_is_due_when_something_was_deleted_and_leaves_the_rest(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let document = document_of(scene.twin.id, "notes.md");
    let kept = document_of(scene.twin.id, "kept.md");
    for document in [&document, &kept] {
        db.insert_document(document.clone(), chunks_of(document), 10)
            .await
            .unwrap();
    }
    assert!(!db.is_scrub_due().await.unwrap());
    db.delete_document(document.id, NOW).await.unwrap();
    assert!(db.is_scrub_due().await.unwrap());
    let scrubbed = db.scrub().await.unwrap();
    assert!(scrubbed.tables > 30, "{scrubbed:?}");
    assert!(!db.is_scrub_due().await.unwrap());
    let left = db.documents_of(scene.twin.id).await.unwrap();
    assert_eq!(left, [kept]);
    let message = says(&db, &scene, "1", "hello").await;
    db.change(scene.changes(What::Deleted {
        message_id: message.message_id,
    }))
    .await
    .unwrap();
    assert!(db.is_scrub_due().await.unwrap());
}

/// How often a word stands in a file. Another process reads it: whoever opens a SQLite file here and closes it again takes the locks of the
/// connections away.
fn occurrences(path: &std::path::Path, word: &str) -> usize {
    let read = std::process::Command::new("cat")
        .arg(path)
        .output()
        .unwrap();
    let windows = read.stdout.windows(word.len());
    windows.filter(|window| *window == word.as_bytes()).count()
}

/// Messages of all lengths, of which some are edited, so that cells move and pages are split.
#[tokio::test]
async fn a_scrub_takes_copies_that_secure_delete_does_not_know_of() {
    const CANARY: &str = "qzcanaryqz";
    let db = TestDatabase::sqlite().await;
    let scene = Scene::set(&db).await;
    let mut random = StdRng::seed_from_u64(7);
    let mut written = Vec::new();
    for number in 0..600 {
        let has_canary = random.random_ratio(1, 4);
        let text = |random: &mut StdRng| {
            let before = "x".repeat(random.random_range(1..400));
            let after = "y".repeat(random.random_range(1..400));
            match has_canary {
                true => format!("{before} {CANARY} {after}"),
                false => format!("{before} {after}"),
            }
        };
        let said = text(&mut random);
        let message = says(&db, &scene, &number.to_string(), &said).await;
        written.push((message.message_id, has_canary));
        if random.random_ratio(1, 2) {
            let edited = What::Edited {
                message_id: message.message_id,
                text: text(&mut random),
                authorship: None,
            };
            db.change(scene.changes(edited)).await.unwrap();
        }
    }
    let path = sqlite_path(&db.database);
    let log = std::path::PathBuf::from(format!("{}-wal", path.display()));
    assert!(occurrences(&path, CANARY) + occurrences(&log, CANARY) > 100);
    for (message_id, has_canary) in written {
        if has_canary {
            db.change(scene.changes(What::Deleted { message_id }))
                .await
                .unwrap();
        }
    }
    db.scrub().await.unwrap();
    assert_eq!(occurrences(&path, CANARY) + occurrences(&log, CANARY), 0);
    let length = std::fs::metadata(&log).map_or(0, |log| log.len());
    // The mark that the scrub is done came after it.
    assert!(length < 100_000, "{length}");
}
