//! Keys of programs: found by their hash, counted, revoked, and deleted with their account.

use protocol::{ApiKeyId, UserId};
use storage::{ApiKey, StorageError, TokenHash};
use tokio::task::JoinSet;

use crate::support::{NOW, TestDatabase, on_both_databases, user_named};

const FIRST: TokenHash = [1; 32];
const SECOND: TokenHash = [2; 32];

on_both_databases![
    a_key_is_found_by_its_hash_and_listed_oldest_first,
    a_use_is_noted_to_the_minute,
    of_many_made_at_once_only_as_many_as_allowed_stay,
    a_key_is_revoked_by_its_owner_alone_and_at_once,
    keys_go_with_their_account,
];

fn key_of(user_id: UserId, name: &str) -> ApiKey {
    ApiKey {
        id: ApiKeyId::new(),
        user_id,
        name: name.to_owned(),
        prefix: "dtwin_abcdef".to_owned(),
        created_at: NOW,
        expires_at: None,
        last_used_at: None,
    }
}

async fn person(db: &TestDatabase, name: &str) -> UserId {
    db.create_user(user_named(name)).await.unwrap().id
}

async fn a_key_is_found_by_its_hash_and_listed_oldest_first(db: TestDatabase) {
    let ada = person(&db, "ada").await;
    let first = key_of(ada, "notebook");
    let second = ApiKey {
        expires_at: Some(NOW + 5),
        ..key_of(ada, "bot")
    };
    db.create_api_key(first.clone(), FIRST, 10).await.unwrap();
    db.create_api_key(second.clone(), SECOND, 10).await.unwrap();
    assert_eq!(db.api_key(&FIRST).await.unwrap(), Some(first.clone()));
    assert_eq!(db.api_key(&[3; 32]).await.unwrap(), None);
    assert_eq!(db.api_keys_of(ada).await.unwrap(), [first, second]);
}

async fn a_use_is_noted_to_the_minute(db: TestDatabase) {
    let ada = person(&db, "ada").await;
    db.create_api_key(key_of(ada, "bot"), FIRST, 10)
        .await
        .unwrap();
    let mut noted = Vec::new();
    for used_at in [NOW, NOW + 60_000, NOW + 60_001] {
        let key = db.api_key(&FIRST).await.unwrap().unwrap();
        db.note_api_key_use(&key, used_at).await.unwrap();
        noted.push(db.api_key(&FIRST).await.unwrap().unwrap().last_used_at);
    }
    assert_eq!(noted, [Some(NOW), Some(NOW), Some(NOW + 60_001)]);
}

async fn of_many_made_at_once_only_as_many_as_allowed_stay(db: TestDatabase) {
    let ada = person(&db, "ada").await;
    let mut making = JoinSet::new();
    for number in 0..8 {
        let storage = db.storage.clone();
        let key = key_of(ada, "bot");
        making.spawn(async move { storage.create_api_key(key, [number; 32], 3).await });
    }
    let outcomes = making.join_all().await;
    let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(StorageError::LimitReached { max: 3, .. })));
    assert_eq!((made, refused.count()), (3, 5));
    let of_nobody = db.create_api_key(key_of(UserId::new(), "x"), [9; 32], 3);
    assert!(matches!(
        of_nobody.await,
        Err(StorageError::NotFound("account"))
    ));
}

async fn a_key_is_revoked_by_its_owner_alone_and_at_once(db: TestDatabase) {
    let (ada, bo) = (person(&db, "ada").await, person(&db, "bo").await);
    let key = key_of(ada, "bot");
    db.create_api_key(key.clone(), FIRST, 10).await.unwrap();
    for (user, id) in [(bo, key.id), (ada, ApiKeyId::new())] {
        let refused = db.delete_api_key(user, id).await;
        assert!(matches!(refused, Err(StorageError::NotFound("key"))));
    }
    db.delete_api_key(ada, key.id).await.unwrap();
    assert_eq!(db.api_key(&FIRST).await.unwrap(), None);
}

async fn keys_go_with_their_account(db: TestDatabase) {
    let ada = person(&db, "ada").await;
    db.create_api_key(key_of(ada, "bot"), FIRST, 10)
        .await
        .unwrap();
    db.delete_user(ada, NOW).await.unwrap();
    assert_eq!(db.api_key(&FIRST).await.unwrap(), None);
}
