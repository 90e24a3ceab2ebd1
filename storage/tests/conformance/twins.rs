//! Twins: as many as a person may have, listed when they are public, gone with all they know.

use protocol::{Author, NodeId, TwinId, UserId};
use storage::{DELETED_TWIN, NewMember, StorageError, Twin, TwinChange, Visibility};
use tokio::task::JoinSet;

use crate::support::{
    NOW, Scene, TestDatabase, begin, chunks_of, document_of, new, on_both_databases, twin_of,
    user_named,
};

on_both_databases![
    a_twin_comes_back_as_it_was_made_and_changes_only_where_told,
    a_person_has_no_more_twins_than_the_limit_however_fast_they_are_made,
    public_twins_are_listed_newest_first_page_by_page,
    deleting_a_twin_takes_its_documents_its_orders_and_its_name_along,
    a_person_has_told_own_twins_and_those_of_own_conversations_once_each,
];

async fn a_twin_comes_back_as_it_was_made_and_changes_only_where_told(db: TestDatabase) {
    let user = db.create_user(user_named("ada")).await.unwrap();
    let twin = twin_of(user.id, "Ada");
    db.create_twin(twin.clone(), 1).await.unwrap();
    assert_eq!(db.twin(twin.id).await.unwrap(), Some(twin.clone()));
    let change = TwinChange {
        persona: Some("a poet of science".to_owned()),
        visibility: Some(Visibility::Link),
        ..TwinChange::default()
    };
    let changed = db.update_twin(twin.id, change, NOW + 5).await.unwrap();
    let expected = Twin {
        persona: "a poet of science".to_owned(),
        visibility: Visibility::Link,
        updated_at: NOW + 5,
        oversight_since: None,
        ..twin
    };
    assert_eq!(changed, expected);
    assert_eq!(db.twins_of(user.id).await.unwrap(), [expected]);
    let nobody = db
        .update_twin(TwinId::new(), TwinChange::default(), NOW)
        .await;
    assert!(matches!(nobody, Err(StorageError::NotFound("twin"))));
    let homeless = db.create_twin(twin_of(UserId::new(), "nobody's"), 1).await;
    assert!(matches!(homeless, Err(StorageError::NotFound("account"))));
}

async fn a_person_has_no_more_twins_than_the_limit_however_fast_they_are_made(db: TestDatabase) {
    let user = db.create_user(user_named("ada")).await.unwrap();
    let mut attempts = JoinSet::new();
    for number in 0..10 {
        let storage = db.storage.clone();
        let twin = twin_of(user.id, &number.to_string());
        attempts.spawn(async move { storage.create_twin(twin, 3).await });
    }
    let outcomes = attempts.join_all().await;
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(StorageError::LimitReached { max: 3, .. })));
    assert_eq!(refused.count(), 7);
    assert_eq!(db.twins_of(user.id).await.unwrap().len(), 3);
}

async fn public_twins_are_listed_newest_first_page_by_page(db: TestDatabase) {
    let user = db.create_user(user_named("ada")).await.unwrap();
    let mut public = Vec::new();
    for number in 0..5 {
        let twin = Twin {
            visibility: Visibility::Public,
            ..twin_of(user.id, &number.to_string())
        };
        db.create_twin(twin.clone(), 10).await.unwrap();
        public.insert(0, twin);
    }
    db.create_twin(twin_of(user.id, "private"), 10)
        .await
        .unwrap();
    let first = db.public_twins(None, 3).await.unwrap();
    assert_eq!(first, public[..3]);
    let second = db.public_twins(Some(first[2].id), 3).await.unwrap();
    assert_eq!(second, public[3..]);
}

async fn a_person_has_told_own_twins_and_those_of_own_conversations_once_each(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let unasked = twin_of(scene.user.id, "unasked");
    db.create_twin(unasked.clone(), 10).await.unwrap();
    let other = db.create_user(user_named("bo")).await.unwrap();
    let theirs = twin_of(other.id, "theirs");
    let stranger = twin_of(other.id, "stranger");
    for twin in [&theirs, &stranger] {
        db.create_twin(twin.clone(), 10).await.unwrap();
    }
    let room = [scene.twin.id, theirs.id].map(NewMember::Twin);
    let members = [NewMember::User(scene.user.id)].into_iter().chain(room);
    begin(&db, scene.user.id, members.collect()).await;

    let mut told = db.twins_told_by(scene.user.id).await.unwrap();
    told.sort();
    let mut expected = vec![scene.twin.id, unasked.id, theirs.id];
    expected.sort();
    assert_eq!(told, expected);
    let mut told_by_other = db.twins_told_by(other.id).await.unwrap();
    told_by_other.sort();
    let mut expected = vec![theirs.id, stranger.id];
    expected.sort();
    assert_eq!(told_by_other, expected);
}

async fn deleting_a_twin_takes_its_documents_its_orders_and_its_name_along(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let kept = twin_of(scene.user.id, "kept");
    db.create_twin(kept.clone(), 10).await.unwrap();
    let document = document_of(scene.twin.id, "notes.md");
    db.insert_document(document.clone(), chunks_of(&document), 10)
        .await
        .unwrap();
    let greeting = storage::NewMessage {
        author: scene.twin_author(),
        ..scene.says("greeting", "Good day.")
    };
    db.append_message(greeting).await.unwrap();
    let (question, reply) = scene.asks("1", NodeId::new());
    new(db.append_message(question).await.unwrap());

    let forgotten = db.delete_twin(scene.twin.id, NOW).await.unwrap();

    assert_eq!(forgotten.files, [document.file_key]);
    assert_eq!(
        db.twins_of(scene.user.id).await.unwrap(),
        std::slice::from_ref(&kept)
    );
    assert_eq!(db.document(document.id).await.unwrap(), None);
    assert_eq!(db.reply_order(reply).await.unwrap(), None);
    assert_eq!(db.members(scene.conversation.id).await.unwrap().len(), 1);
    let greeting = &db
        .messages_after(scene.conversation.id, 0, 1)
        .await
        .unwrap()[0];
    let expected = Author::Twin {
        id: scene.twin.id,
        name: DELETED_TWIN.to_owned(),
    };
    assert_eq!(greeting.author, expected);
    let again = db.delete_twin(scene.twin.id, NOW).await;
    assert!(matches!(again, Err(StorageError::NotFound("twin"))));
    begin(&db, scene.user.id, vec![NewMember::Twin(kept.id)]).await;
}
