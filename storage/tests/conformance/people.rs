//! Accounts: made once, found in any case, changed, and gone when they are deleted.

use protocol::{NodeId, Role, TokenFamilyId, UserId};
use storage::{
    DELETED_ACCOUNT, DELETED_TWIN, Device, Finished, Member, NewMember, NewRefresh, Rotation,
    StorageError, User, UserChange,
};
use tokio::task::JoinSet;

use crate::support::{
    NOW, Scene, TestDatabase, begin, chunks_of, document_of, new, on_both_databases, user_named,
};

on_both_databases![
    an_account_is_found_by_its_id_and_by_its_email_in_any_case,
    of_eight_who_want_one_email_address_one_gets_it,
    a_change_leaves_what_it_does_not_name,
    texts_of_every_script_come_back_as_they_were,
    a_text_with_a_nul_is_refused_and_nothing_is_stored,
    deleting_an_account_takes_everything_of_it_along_and_leaves_the_conversation,
];

async fn an_account_is_found_by_its_id_and_by_its_email_in_any_case(db: TestDatabase) {
    let user = User {
        email: "Ada.LÖVELACE@Example.com".to_owned(),
        ..user_named("ada")
    };
    let stored = db.create_user(user.clone()).await.unwrap();
    assert_eq!(stored.email, "ada.lövelace@example.com");
    assert_eq!(db.user(user.id).await.unwrap(), Some(stored.clone()));
    let found = db.user_by_email("ADA.lÖvelace@EXAMPLE.com").await.unwrap();
    assert_eq!(found, Some(stored));
    assert_eq!(db.user(UserId::new()).await.unwrap(), None);
    assert_eq!(db.user_by_email("nobody@example.com").await.unwrap(), None);
}

async fn of_eight_who_want_one_email_address_one_gets_it(db: TestDatabase) {
    let mut attempts = JoinSet::new();
    for _ in 0..8 {
        let storage = db.storage.clone();
        attempts.spawn(async move { storage.create_user(user_named("ada")).await });
    }
    let outcomes = attempts.join_all().await;
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(StorageError::Conflict("e-mail address"))));
    assert_eq!(refused.count(), 7);
    let user = outcomes.into_iter().find_map(Result::ok).unwrap();
    assert_eq!(db.user_by_email(&user.email).await.unwrap(), Some(user));
}

async fn a_change_leaves_what_it_does_not_name(db: TestDatabase) {
    let user = db.create_user(user_named("ada")).await.unwrap();
    let change = UserChange {
        name: Some("Ada King".to_owned()),
        ..UserChange::default()
    };
    let changed = db.update_user(user.id, change).await.unwrap();
    let expected = User {
        name: "Ada King".to_owned(),
        ..user
    };
    assert_eq!(changed, expected);
    let change = UserChange {
        invisible: Some(true),
        ..UserChange::default()
    };
    let invisible = db.update_user(expected.id, change).await.unwrap();
    let expected = User {
        invisible: true,
        ..expected
    };
    assert_eq!(invisible, expected);
    let unchanged = db.update_user(expected.id, UserChange::default()).await;
    assert_eq!(unchanged.unwrap(), expected);
    let nobody = db.update_user(UserId::new(), UserChange::default()).await;
    assert!(matches!(nobody, Err(StorageError::NotFound("account"))));
}

async fn texts_of_every_script_come_back_as_they_were(db: TestDatabase) {
    for (number, name) in [
        "艾达·洛夫莱斯",
        "עדה לאבלייס",
        "👩🏽‍🔬 e\u{301} \u{10ffff}",
        "'; DROP TABLE users; --",
        "a\\b%c_d\n\t\u{feff}$1?1",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        let user = User {
            name: name.to_owned(),
            ..user_named(&number.to_string())
        };
        let stored = db.create_user(user).await.unwrap();
        assert_eq!(db.user(stored.id).await.unwrap().unwrap().name, name);
    }
}

async fn a_text_with_a_nul_is_refused_and_nothing_is_stored(db: TestDatabase) {
    let user = User {
        name: "a\0b".to_owned(),
        ..user_named("ada")
    };
    let refused = db.create_user(user.clone()).await;
    assert!(
        matches!(refused, Err(StorageError::Invalid(_))),
        "{refused:?}"
    );
    assert_eq!(db.user(user.id).await.unwrap(), None);
}

async fn deleting_an_account_takes_everything_of_it_along_and_leaves_the_conversation(
    db: TestDatabase,
) {
    let scene = Scene::set(&db).await;
    let other = db.create_user(user_named("grace")).await.unwrap();
    let members = vec![
        NewMember::User(scene.user.id),
        NewMember::User(other.id),
        NewMember::Twin(scene.twin.id),
    ];
    let conversation = begin(&db, other.id, members).await;
    let scene = Scene {
        conversation,
        ..scene
    };
    let document = document_of(scene.twin.id, "notes.md");
    db.insert_document(document.clone(), chunks_of(&document), 10)
        .await
        .unwrap();
    let node = NodeId::new();
    let (question, reply) = scene.asks("1", node);
    new(db.append_message(question).await.unwrap());
    let epoch = db
        .claim_reply(reply, node, NOW, NOW + 9)
        .await
        .unwrap()
        .unwrap();
    let finished = db.finish_reply(reply, epoch, scene.answer()).await.unwrap();
    assert!(matches!(finished, Finished::Done(_)));
    let token = NewRefresh {
        hash: [1; 32],
        family: TokenFamilyId::new(),
        user_id: scene.user.id,
        created_at: NOW,
        expires_at: NOW + 1000,
        device: Device::default(),
    };
    db.insert_refresh(token.clone()).await.unwrap();

    let deleted = db.delete_user(scene.user.id, NOW).await.unwrap();

    assert_eq!(deleted.files, [document.file_key]);
    assert_eq!(db.user(scene.user.id).await.unwrap(), None);
    assert_eq!(db.twin(scene.twin.id).await.unwrap(), None);
    assert_eq!(db.document(document.id).await.unwrap(), None);
    assert_eq!(db.chunks_of(scene.twin.id).await.unwrap(), []);
    let used_at = db.log_in_used_at(token.family).await;
    assert_eq!(used_at.unwrap(), None);
    let used = db
        .rotate_refresh(&[1; 32], &[2; 32], NOW, NOW + 1000, 0)
        .await
        .unwrap();
    assert_eq!(used, Rotation::Unknown);
    let grace = Member::User {
        id: other.id,
        name: other.name.clone(),
        bot_of: None,
        joined_at: NOW,
        // She is the last who is left.
        role: Role::Owner,
        muted_until: None,
    };
    assert_eq!(db.members(scene.conversation.id).await.unwrap(), [grace]);
    let left = db
        .messages_after(scene.conversation.id, 0, 10)
        .await
        .unwrap();
    let names: Vec<&str> = left.iter().map(|message| message.author.name()).collect();
    assert_eq!(names, [DELETED_ACCOUNT, DELETED_TWIN]);
    let says_something = |message: &protocol::Message| !message.text.is_empty();
    assert!(!left.iter().any(says_something), "{left:?}");
    let again = db.delete_user(scene.user.id, NOW).await;
    assert!(matches!(again, Err(StorageError::NotFound("account"))));
}
