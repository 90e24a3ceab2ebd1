//! Drafts: one for each person in each conversation, the last write wins unless it says what it follows.

use protocol::{MessageId, UserId};
use storage::{DRAFTS_MAX, Draft, NewDraft, NewMember, StorageError};

use crate::support::{NOW, Scene, TestDatabase, begin, new, on_both_databases, user_named};

on_both_databases![
    a_draft_is_kept_changed_and_deleted,
    a_write_that_follows_another_revision_is_refused,
    devices_that_write_at_once_follow_each_other,
    a_draft_is_for_who_takes_part_and_answers_what_is_there,
    drafts_have_a_limit_and_make_one_list,
    drafts_go_with_their_account,
];

fn draft(scene: &Scene, text: &str) -> NewDraft {
    NewDraft {
        user: scene.user.id,
        conversation_id: scene.conversation.id,
        text: text.to_owned(),
        reply_to: None,
        follows: None,
        changed_at: NOW,
    }
}

async fn a_draft_is_kept_changed_and_deleted(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (user, conversation) = (scene.user.id, scene.conversation.id);
    assert_eq!(db.draft(user, conversation).await.unwrap(), None);
    let message = new(db.append_message(scene.says("1", "Hello")).await.unwrap());
    db.keep_draft(draft(&scene, "Wh")).await.unwrap();
    let second = NewDraft {
        reply_to: Some(message.message_id),
        ..draft(&scene, "Where?")
    };
    let kept = db.keep_draft(second).await.unwrap();
    let expected = Draft {
        conversation_id: conversation,
        text: "Where?".to_owned(),
        reply_to: Some(message.message_id),
        revision: NOW as u64 + 1,
        changed_at: NOW,
    };
    assert_eq!(kept, expected);
    assert_eq!(db.draft(user, conversation).await.unwrap(), Some(expected));
    for _ in 0..2 {
        db.delete_draft(user, conversation, None).await.unwrap();
        assert_eq!(db.draft(user, conversation).await.unwrap(), None);
    }
}

async fn a_write_that_follows_another_revision_is_refused(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (user, conversation) = (scene.user.id, scene.conversation.id);
    let following = |follows, text: &str| NewDraft {
        follows: Some(follows),
        ..draft(&scene, text)
    };
    let is_stale = |outcome: &Result<Draft, StorageError>| {
        matches!(
            outcome,
            Err(StorageError::Conflict("a newer revision of the draft"))
        )
    };
    assert!(is_stale(&db.keep_draft(following(7, "stale")).await));
    let first = db.keep_draft(following(0, "first")).await.unwrap();
    assert!(is_stale(&db.keep_draft(following(0, "stale")).await));
    let second = db.keep_draft(following(first.revision, "second")).await;
    let second = second.unwrap();
    assert!(is_stale(
        &db.keep_draft(following(first.revision, "stale")).await
    ));
    let refused = db.delete_draft(user, conversation, Some(first.revision));
    assert!(matches!(refused.await, Err(StorageError::Conflict(_))));
    assert_eq!(
        db.draft(user, conversation).await.unwrap(),
        Some(second.clone())
    );
    db.delete_draft(user, conversation, Some(second.revision))
        .await
        .unwrap();
    // A revision is never there twice, not even after a deletion.
    let later = NewDraft {
        changed_at: NOW + 5,
        ..following(0, "third")
    };
    assert!(db.keep_draft(later).await.unwrap().revision > second.revision);
}

async fn devices_that_write_at_once_follow_each_other(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let writes = (0..20).map(|_| db.keep_draft(draft(&scene, "text")));
    let kept = futures::future::join_all(writes).await;
    let mut revisions: Vec<u64> = kept
        .into_iter()
        .map(|kept| kept.unwrap().revision)
        .collect();
    revisions.sort_unstable();
    let expected: Vec<u64> = (NOW as u64..NOW as u64 + 20).collect();
    assert_eq!(revisions, expected);
}

async fn a_draft_is_for_who_takes_part_and_answers_what_is_there(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let stranger = NewDraft {
        user: bo.id,
        ..draft(&scene, "text")
    };
    let refused = db.keep_draft(stranger).await;
    assert!(matches!(
        refused,
        Err(StorageError::NotFound("conversation"))
    ));
    let answers_nothing = NewDraft {
        reply_to: Some(MessageId::new()),
        ..draft(&scene, "text")
    };
    let refused = db.keep_draft(answers_nothing).await;
    assert!(matches!(
        refused,
        Err(StorageError::NotFound("message to answer"))
    ));
    assert_eq!(db.drafts_of(bo.id).await.unwrap(), []);
}

async fn drafts_have_a_limit_and_make_one_list(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let mut expected = Vec::new();
    for number in 0..=DRAFTS_MAX {
        let room = begin(&db, scene.user.id, vec![NewMember::User(scene.user.id)]).await;
        let new = NewDraft {
            conversation_id: room.id,
            changed_at: NOW + number as i64,
            ..draft(&scene, "text")
        };
        let kept = db.keep_draft(new.clone()).await;
        if number < DRAFTS_MAX {
            expected.insert(0, kept.unwrap());
        } else {
            assert!(matches!(kept, Err(StorageError::LimitReached { .. })));
        }
    }
    // One that is there may still be changed.
    let again = NewDraft {
        conversation_id: expected[3].conversation_id,
        changed_at: expected[3].changed_at,
        ..draft(&scene, "changed")
    };
    expected[3] = db.keep_draft(again).await.unwrap();
    assert_eq!(db.drafts_of(scene.user.id).await.unwrap(), expected);
    assert_eq!(db.drafts_of(UserId::new()).await.unwrap(), []);
}

async fn drafts_go_with_their_account(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    db.keep_draft(draft(&scene, "text")).await.unwrap();
    db.delete_user(scene.user.id, NOW).await.unwrap();
    assert_eq!(db.drafts_of(scene.user.id).await.unwrap(), []);
}
