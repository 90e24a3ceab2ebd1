//! Documents: stored whole or not at all, within the limit, and gone with every quote.

use protocol::{DocumentId, ErrorCode, Failure, NodeId, Source, TwinId};
use storage::{
    Chunk, Document, DocumentState, Finished, FinishedReply, ReadDocument, StorageError,
};
use tokio::task::JoinSet;

use crate::support::{NOW, Scene, TestDatabase, chunks_of, document_of, on_both_databases};

on_both_databases![
    a_document_comes_back_with_its_chunks_in_order_and_its_vectors_to_the_bit,
    a_document_that_cannot_be_stored_whole_is_not_stored_at_all,
    the_same_file_is_refused_twice_in_one_twin_only,
    what_could_not_be_read_is_begun_anew_once_by_the_same_content,
    a_twin_has_no_more_documents_than_the_limit_however_fast_they_come,
    a_document_of_a_thousand_chunks_is_stored,
    deleting_a_document_deletes_its_quotes_under_replies,
    one_node_reads_a_document_and_only_its_last_claim_counts,
    a_document_that_fails_says_why_and_one_that_is_deleted_is_nobodys,
];

async fn a_document_comes_back_with_its_chunks_in_order_and_its_vectors_to_the_bit(
    db: TestDatabase,
) {
    let scene = Scene::set(&db).await;
    let document = document_of(scene.twin.id, "engine 引擎.md");
    let chunks = chunks_of(&document);
    let shuffled: Vec<Chunk> = chunks.iter().rev().cloned().collect();
    db.insert_document(document.clone(), shuffled, 10)
        .await
        .unwrap();
    assert_eq!(
        db.document(document.id).await.unwrap(),
        Some(document.clone())
    );
    assert_eq!(db.documents_of(scene.twin.id).await.unwrap(), [document]);
    assert_eq!(db.chunks_of(scene.twin.id).await.unwrap(), chunks);
    assert_eq!(db.chunks_of(TwinId::new()).await.unwrap(), []);
}

async fn a_document_that_cannot_be_stored_whole_is_not_stored_at_all(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let document = document_of(scene.twin.id, "notes.md");
    let mut chunks = chunks_of(&document);
    chunks[1].ordinal = chunks[0].ordinal;
    let refused = db.insert_document(document.clone(), chunks, 10).await;
    assert!(
        matches!(refused, Err(StorageError::Conflict("chunk"))),
        "{refused:?}"
    );
    assert_eq!(db.document(document.id).await.unwrap(), None);
    assert_eq!(db.chunks_of(scene.twin.id).await.unwrap(), []);
    let orphan = document_of(TwinId::new(), "orphan.md");
    let refused = db
        .insert_document(orphan.clone(), chunks_of(&orphan), 10)
        .await;
    assert!(matches!(refused, Err(StorageError::NotFound("twin"))));
}

async fn the_same_file_is_refused_twice_in_one_twin_only(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let document = document_of(scene.twin.id, "notes.md");
    db.insert_document(document.clone(), Vec::new(), 10)
        .await
        .unwrap();
    let same = Document {
        sha256: document.sha256,
        ..document_of(scene.twin.id, "copy.md")
    };
    let refused = db.insert_document(same.clone(), Vec::new(), 10).await;
    assert!(matches!(refused, Err(StorageError::Conflict("document"))));
    let other = crate::support::twin_of(scene.user.id, "other");
    db.create_twin(other.clone(), 10).await.unwrap();
    let elsewhere = Document {
        twin_id: other.id,
        ..same
    };
    db.insert_document(elsewhere, Vec::new(), 10).await.unwrap();
}

async fn what_could_not_be_read_is_begun_anew_once_by_the_same_content(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let failing = unread(&scene, "a.pdf");
    // The twin has no room for another: it is the same one.
    let insert = |document: Document| db.storage.insert_document(document, Vec::new(), 1);
    assert_eq!(insert(failing.clone()).await.unwrap(), None);
    let again = |number: u32| Document {
        sha256: failing.sha256,
        ..unread(&scene, &number.to_string())
    };
    let refused = insert(again(0)).await;
    assert!(matches!(refused, Err(StorageError::Conflict("document"))));
    let dead = db.claim_document(failing.id, NOW, NOW + 9).await.unwrap();
    let dead = dead.unwrap();
    let failure = Failure {
        code: ErrorCode::Internal,
        message: "it was cut off".to_owned(),
    };
    assert!(db.fail_document(&dead, &failure).await.unwrap());

    let mut attempts = JoinSet::new();
    for number in 0..5 {
        let (storage, document) = (db.storage.clone(), again(number));
        attempts.spawn(async move {
            let key = document.file_key;
            (key, storage.insert_document(document, Vec::new(), 1).await)
        });
    }
    let (mut begun, mut refused) = (Vec::new(), 0);
    for (key, outcome) in attempts.join_all().await {
        match outcome {
            Ok(let_go) => begun.push((key, let_go)),
            Err(StorageError::Conflict("document")) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    let documents = db.documents_of(scene.twin.id).await.unwrap();
    assert_eq!(documents.len(), 1);
    let (state, key) = (documents[0].state, documents[0].file_key);
    assert_eq!(state, DocumentState::Processing);
    assert_eq!((begun, refused), (vec![(key, Some(failing.file_key))], 4));
    // Whoever still works on what failed finds no row.
    assert!(!db.keep_document_claim(&dead, NOW + 99).await.unwrap());
    assert_eq!(db.due_documents(NOW, 9).await.unwrap(), [documents[0].id]);
}

async fn a_twin_has_no_more_documents_than_the_limit_however_fast_they_come(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let mut attempts = JoinSet::new();
    for number in 0..10 {
        let storage = db.storage.clone();
        let document = document_of(scene.twin.id, &number.to_string());
        attempts.spawn(async move {
            let chunks = chunks_of(&document);
            storage.insert_document(document, chunks, 3).await
        });
    }
    let outcomes = attempts.join_all().await;
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(StorageError::LimitReached { max: 3, .. })));
    assert_eq!(refused.count(), 7);
    assert_eq!(db.documents_of(scene.twin.id).await.unwrap().len(), 3);
    assert_eq!(db.chunks_of(scene.twin.id).await.unwrap().len(), 6);
}

async fn a_document_of_a_thousand_chunks_is_stored(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let document = Document {
        chunk_count: 1000,
        ..document_of(scene.twin.id, "long.md")
    };
    db.insert_document(document.clone(), chunks_of(&document), 10)
        .await
        .unwrap();
    let chunks = db.chunks_of(scene.twin.id).await.unwrap();
    assert!(chunks.iter().map(|chunk| chunk.ordinal).eq(0..1000));
}

async fn deleting_a_document_deletes_its_quotes_under_replies(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let mut sources = Vec::new();
    for name in ["gone.md", "kept.md"] {
        let document = document_of(scene.twin.id, name);
        db.insert_document(document.clone(), Vec::new(), 10)
            .await
            .unwrap();
        sources.push(Source {
            document_id: document.id,
            document: name.to_owned(),
            section: "Engine".to_owned(),
            quote: "of brass".to_owned(),
            score: 0.1 + 0.2,
        });
    }
    let never_stored = Source {
        document_id: DocumentId::new(),
        ..sources[0].clone()
    };
    let node = NodeId::new();
    let (question, reply) = scene.asks("1", node);
    db.append_message(question).await.unwrap();
    let epoch = db
        .claim_reply(reply, node, NOW, NOW + 9)
        .await
        .unwrap()
        .unwrap();
    let answer = FinishedReply {
        sources: vec![sources[0].clone(), never_stored, sources[1].clone()],
        ..scene.answer()
    };
    let Finished::Done(done) = db.finish_reply(reply, epoch, answer).await.unwrap() else {
        panic!("the reply is not done");
    };
    assert_eq!(done.sources, Some(sources.clone()));
    assert_eq!(db.message(reply).await.unwrap(), Some(done));

    db.delete_document(sources[0].document_id, NOW)
        .await
        .unwrap();

    let left = db
        .messages_after(scene.conversation.id, 1, 10)
        .await
        .unwrap();
    assert_eq!(left[0].sources, Some(vec![sources[1].clone()]));
    assert_eq!(left[0].text, scene.answer().text);
    let again = db.delete_document(sources[0].document_id, NOW).await;
    assert!(matches!(again, Err(StorageError::NotFound("document"))));
}

fn unread(scene: &Scene, name: &str) -> Document {
    Document {
        state: DocumentState::Processing,
        chunk_count: 0,
        ..document_of(scene.twin.id, name)
    }
}

async fn one_node_reads_a_document_and_only_its_last_claim_counts(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let document = unread(&scene, "notes.pdf");
    db.insert_document(document.clone(), Vec::new(), 10)
        .await
        .unwrap();
    assert_eq!(db.due_documents(NOW, 9).await.unwrap(), [document.id]);
    let dead = db.claim_document(document.id, NOW, NOW + 9).await.unwrap();
    let dead = dead.unwrap();
    assert_eq!((&dead.document, dead.epoch), (&document, 1));
    // It is lent until its time is over.
    assert_eq!(db.due_documents(NOW + 8, 9).await.unwrap(), []);
    assert_eq!(
        db.claim_document(document.id, NOW + 8, NOW + 20)
            .await
            .unwrap(),
        None
    );
    let claimed = db.claim_document(document.id, NOW + 9, NOW + 20).await;
    let claimed = claimed.unwrap().unwrap();
    assert_eq!(claimed.epoch, 2);
    let read = ReadDocument {
        media_type: "application/pdf".to_owned(),
        text: Some("Page 1\n\nof brass".to_owned()),
        chunks: chunks_of(&document_of(scene.twin.id, "notes.pdf")),
    };
    assert!(!db.keep_document_claim(&dead, NOW + 99).await.unwrap());
    assert!(!db.finish_document(&dead, read.clone()).await.unwrap());
    assert_eq!(db.chunks_of(scene.twin.id).await.unwrap(), []);
    assert!(db.keep_document_claim(&claimed, NOW + 99).await.unwrap());
    assert!(db.finish_document(&claimed, read.clone()).await.unwrap());
    assert!(!db.finish_document(&claimed, read.clone()).await.unwrap());

    let ready = Document {
        state: DocumentState::Ready,
        media_type: read.media_type,
        chunk_count: read.chunks.len() as u32,
        ..document
    };
    assert_eq!(db.document(ready.id).await.unwrap(), Some(ready.clone()));
    assert_eq!(db.document_text(ready.id).await.unwrap(), read.text);
    let chunks = db.chunks_of(scene.twin.id).await.unwrap();
    assert_eq!(chunks.len(), read.chunks.len());
    assert_eq!(db.due_documents(NOW + 999, 9).await.unwrap(), []);
}

async fn a_document_that_fails_says_why_and_one_that_is_deleted_is_nobodys(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (failing, deleted) = (unread(&scene, "a.pdf"), unread(&scene, "b.pdf"));
    let failure = Failure {
        code: ErrorCode::Invalid,
        message: "the file is encrypted".to_owned(),
    };
    for document in [&failing, &deleted] {
        db.insert_document(document.clone(), Vec::new(), 10)
            .await
            .unwrap();
    }
    let claimed = db.claim_document(failing.id, NOW, NOW + 9).await.unwrap();
    let failed = db.fail_document(&claimed.unwrap(), &failure).await;
    assert!(failed.unwrap());
    let found = db.document(failing.id).await.unwrap().unwrap();
    assert_eq!(
        (found.state, found.failure),
        (DocumentState::Failed, Some(failure.clone()))
    );
    let claimed = db.claim_document(deleted.id, NOW, NOW + 9).await.unwrap();
    let claimed = claimed.unwrap();
    db.delete_document(deleted.id, NOW).await.unwrap();
    assert!(!db.keep_document_claim(&claimed, NOW + 99).await.unwrap());
    assert!(!db.fail_document(&claimed, &failure).await.unwrap());
    let gone = db.document_text(deleted.id).await;
    assert!(matches!(gone, Err(StorageError::NotFound("document"))));
}
