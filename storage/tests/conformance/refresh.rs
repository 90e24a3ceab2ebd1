//! Refresh tokens: one use each, a grace for lost answers, and the end of the family for a stolen one.

use protocol::{TokenFamilyId, UserId};
use storage::{Device, NewRefresh, Rotation, Storage, TokenHash};
use tokio::task::JoinSet;

use crate::support::{NOW, TestDatabase, on_both_databases, user_named};

const GRACE: i64 = 30_000;
const LIFE: i64 = 1_000_000;
const FIRST: TokenHash = [1; 32];
const SECOND: TokenHash = [2; 32];
const THIRD: TokenHash = [3; 32];

on_both_databases![
    a_token_is_used_once_and_its_successor_goes_on,
    the_same_use_within_the_grace_is_repeated_and_after_it_ends_the_family,
    another_successor_within_the_grace_ends_the_family,
    an_expired_an_unknown_and_a_revoked_token_are_told_apart,
    of_twenty_uses_at_once_one_rotates_and_the_others_repeat_it,
    a_family_revoked_while_it_rotates_leaves_no_valid_token,
    a_change_of_password_revokes_all_families_of_that_person_only,
    forgetting_takes_expired_tokens_and_empty_families,
];

async fn log_in(db: &Storage, name: &str, hash: TokenHash) -> (UserId, TokenFamilyId) {
    let user = match db
        .user_by_email(&format!("{name}@example.com"))
        .await
        .unwrap()
    {
        Some(user) => user,
        None => db.create_user(user_named(name)).await.unwrap(),
    };
    let token = NewRefresh {
        hash,
        family: TokenFamilyId::new(),
        user_id: user.id,
        created_at: NOW,
        expires_at: NOW + LIFE,
        device: Device::default(),
    };
    db.insert_refresh(token.clone()).await.unwrap();
    (user.id, token.family)
}

async fn holds(db: &Storage, family: TokenFamilyId) -> bool {
    db.log_in_used_at(family).await.unwrap().is_some()
}

async fn rotate(db: &Storage, hash: TokenHash, successor: TokenHash, now: i64) -> Rotation {
    db.rotate_refresh(&hash, &successor, now, now + LIFE, GRACE)
        .await
        .unwrap()
}

async fn a_token_is_used_once_and_its_successor_goes_on(db: TestDatabase) {
    let (user_id, family) = log_in(&db, "ada", FIRST).await;
    assert!(holds(&db, family).await);
    assert_eq!(
        db.refresh_family(&FIRST).await.unwrap(),
        Some((user_id, family))
    );
    let rotated = Rotation::Rotated { user_id, family };
    assert_eq!(rotate(&db, FIRST, SECOND, NOW + 1).await, rotated);
    assert_eq!(rotate(&db, SECOND, THIRD, NOW + 2).await, rotated);
    assert_eq!(
        db.refresh_family(&THIRD).await.unwrap(),
        Some((user_id, family))
    );
}

async fn the_same_use_within_the_grace_is_repeated_and_after_it_ends_the_family(db: TestDatabase) {
    let (user_id, family) = log_in(&db, "ada", FIRST).await;
    rotate(&db, FIRST, SECOND, NOW).await;
    let repeated = Rotation::Repeated { user_id, family };
    assert_eq!(rotate(&db, FIRST, SECOND, NOW + GRACE).await, repeated);
    let reused = Rotation::Reused { user_id, family };
    assert_eq!(rotate(&db, FIRST, SECOND, NOW + GRACE + 1).await, reused);
    assert!(!holds(&db, family).await);
    assert_eq!(
        rotate(&db, SECOND, THIRD, NOW + GRACE + 2).await,
        Rotation::Revoked
    );
    assert_eq!(
        rotate(&db, FIRST, SECOND, NOW + GRACE + 3).await,
        Rotation::Revoked
    );
}

async fn another_successor_within_the_grace_ends_the_family(db: TestDatabase) {
    let (user_id, family) = log_in(&db, "ada", FIRST).await;
    rotate(&db, FIRST, SECOND, NOW).await;
    let reused = Rotation::Reused { user_id, family };
    assert_eq!(rotate(&db, FIRST, THIRD, NOW + 1).await, reused);
    assert!(!holds(&db, family).await);
}

async fn an_expired_an_unknown_and_a_revoked_token_are_told_apart(db: TestDatabase) {
    let (_, family) = log_in(&db, "ada", FIRST).await;
    assert_eq!(rotate(&db, SECOND, THIRD, NOW).await, Rotation::Unknown);
    assert_eq!(
        rotate(&db, FIRST, SECOND, NOW + LIFE).await,
        Rotation::Expired
    );
    assert!(holds(&db, family).await);
    let user = db.user_logged_in(family).await.unwrap().unwrap();
    assert_eq!(user.email, "ada@example.com");
    db.revoke_family(family).await.unwrap();
    assert_eq!(rotate(&db, FIRST, SECOND, NOW).await, Rotation::Revoked);
    assert!(!holds(&db, family).await);
    assert_eq!(db.user_logged_in(family).await.unwrap(), None);
    assert!(!holds(&db, TokenFamilyId::new()).await);
}

async fn of_twenty_uses_at_once_one_rotates_and_the_others_repeat_it(db: TestDatabase) {
    let (user_id, family) = log_in(&db, "ada", FIRST).await;
    let mut uses = JoinSet::new();
    for _ in 0..20 {
        let storage = db.storage.clone();
        uses.spawn(async move { rotate(&storage, FIRST, SECOND, NOW + 1).await });
    }
    let outcomes = uses.join_all().await;
    let rotated = outcomes
        .iter()
        .filter(|outcome| **outcome == Rotation::Rotated { user_id, family });
    assert_eq!(rotated.count(), 1);
    let repeated = outcomes
        .iter()
        .filter(|outcome| **outcome == Rotation::Repeated { user_id, family });
    assert_eq!(repeated.count(), 19);
    let next = rotate(&db, SECOND, THIRD, NOW + 2).await;
    assert_eq!(next, Rotation::Rotated { user_id, family });
}

async fn a_family_revoked_while_it_rotates_leaves_no_valid_token(db: TestDatabase) {
    let (_, family) = log_in(&db, "ada", FIRST).await;
    let (rotation, revocation) = tokio::join!(
        rotate(&db, FIRST, SECOND, NOW + 1),
        db.revoke_family(family)
    );
    revocation.unwrap();
    assert!(matches!(
        rotation,
        Rotation::Rotated { .. } | Rotation::Revoked
    ));
    let next = rotate(&db, SECOND, THIRD, NOW + 2).await;
    assert!(
        matches!(next, Rotation::Revoked | Rotation::Unknown),
        "{next:?}"
    );
}

async fn a_change_of_password_revokes_all_families_of_that_person_only(db: TestDatabase) {
    let (ada, first) = log_in(&db, "ada", FIRST).await;
    let (_, second) = log_in(&db, "ada", SECOND).await;
    let (_, other) = log_in(&db, "grace", THIRD).await;
    db.revoke_families_of(ada).await.unwrap();
    let mut active = Vec::new();
    for family in [first, second, other] {
        active.push(holds(&db, family).await);
    }
    assert_eq!(active, [false, false, true]);
}

async fn forgetting_takes_expired_tokens_and_empty_families(db: TestDatabase) {
    let (_, family) = log_in(&db, "ada", FIRST).await;
    rotate(&db, FIRST, SECOND, NOW + 10).await;
    assert_eq!(db.forget_refresh_before(NOW + LIFE).await.unwrap(), 0);
    assert_eq!(db.forget_refresh_before(NOW + LIFE + 1).await.unwrap(), 1);
    assert!(holds(&db, family).await);
    assert_eq!(
        rotate(&db, FIRST, SECOND, NOW + 11).await,
        Rotation::Unknown
    );
    assert_eq!(db.forget_refresh_before(i64::MAX).await.unwrap(), 1);
    assert!(!holds(&db, family).await);
}
