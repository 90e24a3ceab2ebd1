//! The log-ins of a person: listed while they hold, ended one by one or all others at once, with what they subscribed to.

use protocol::{NotificationTargetId, TokenFamilyId, UserId};
use storage::{
    Device, LogIn, NewRefresh, NotificationTarget, Storage, StorageError, TargetKind, TargetSort,
    TokenHash,
};

use crate::support::{NOW, TestDatabase, on_both_databases, user_named};

const LIFE: i64 = 1_000_000;
const GRACE: i64 = 30_000;

on_both_databases![
    log_ins_that_hold_are_listed_those_used_last_first,
    a_use_is_noted_once_in_a_minute_and_each_exchange_is_one,
    one_ends_ones_own_log_ins_only_and_each_once,
    all_others_end_and_one_stays,
    a_browser_is_told_nothing_when_its_log_in_is_ended_and_stays_when_it_runs_out,
];

async fn person(db: &Storage, name: &str) -> UserId {
    db.create_user(user_named(name)).await.unwrap().id
}

fn firefox() -> Device {
    Device {
        program: Some("Firefox".to_owned()),
        system: None,
    }
}

async fn log_in(db: &Storage, user: UserId, hash: TokenHash, now: i64) -> TokenFamilyId {
    let token = NewRefresh {
        hash,
        family: TokenFamilyId::new(),
        user_id: user,
        created_at: now,
        expires_at: now + LIFE,
        device: firefox(),
    };
    db.insert_refresh(token.clone()).await.unwrap();
    token.family
}

async fn listed(db: &Storage, user: UserId, now: i64) -> Vec<TokenFamilyId> {
    let log_ins = db.log_ins_of(user, now).await.unwrap();
    log_ins.iter().map(|log_in| log_in.id).collect()
}

async fn log_ins_that_hold_are_listed_those_used_last_first(db: TestDatabase) {
    let (ada, bo) = (person(&db, "ada").await, person(&db, "bo").await);
    let first = log_in(&db, ada, [1; 32], NOW).await;
    let second = log_in(&db, ada, [2; 32], NOW + 1).await;
    log_in(&db, bo, [3; 32], NOW).await;
    assert_eq!(listed(&db, ada, NOW + 2).await, [second, first]);
    db.rotate_refresh(&[1; 32], &[4; 32], NOW + 2, NOW + 2 + LIFE, GRACE)
        .await
        .unwrap();
    let expected = LogIn {
        id: first,
        device: firefox(),
        created_at: NOW,
        last_used_at: NOW + 2,
    };
    assert_eq!(db.log_ins_of(ada, NOW + 3).await.unwrap()[0], expected);
    // The second has not been exchanged, and has run out.
    assert_eq!(listed(&db, ada, NOW + 1 + LIFE).await, [first]);
}

async fn a_use_is_noted_once_in_a_minute_and_each_exchange_is_one(db: TestDatabase) {
    let ada = person(&db, "ada").await;
    let id = log_in(&db, ada, [1; 32], NOW).await;
    let noted = async |now: i64| {
        let before = db.log_in_used_at(id).await.unwrap().unwrap();
        db.note_log_in_use(id, before, now).await.unwrap();
        db.log_in_used_at(id).await.unwrap().unwrap()
    };
    assert_eq!(noted(NOW + 60_000).await, NOW);
    assert_eq!(noted(NOW + 60_001).await, NOW + 60_001);
    // What another request has noted in the meantime is not taken back.
    db.note_log_in_use(id, NOW, NOW + 61_000).await.unwrap();
    assert_eq!(db.log_in_used_at(id).await.unwrap(), Some(NOW + 60_001));
    db.rotate_refresh(&[1; 32], &[2; 32], NOW + 60_002, NOW + LIFE, GRACE)
        .await
        .unwrap();
    assert_eq!(db.log_in_used_at(id).await.unwrap(), Some(NOW + 60_002));
}

async fn one_ends_ones_own_log_ins_only_and_each_once(db: TestDatabase) {
    let (ada, bo) = (person(&db, "ada").await, person(&db, "bo").await);
    let id = log_in(&db, ada, [1; 32], NOW).await;
    let other = log_in(&db, ada, [2; 32], NOW).await;
    let mut refused = Vec::new();
    for who in [bo, ada, ada] {
        let ended = db.end_log_in(who, id).await;
        refused.push(matches!(ended, Err(StorageError::NotFound("log-in"))));
    }
    assert_eq!(refused, [true, false, true]);
    assert_eq!(db.log_in_used_at(id).await.unwrap(), None);
    assert_eq!(listed(&db, ada, NOW).await, [other]);
}

async fn all_others_end_and_one_stays(db: TestDatabase) {
    let (ada, bo) = (person(&db, "ada").await, person(&db, "bo").await);
    let kept = log_in(&db, ada, [1; 32], NOW).await;
    log_in(&db, ada, [2; 32], NOW).await;
    log_in(&db, ada, [3; 32], NOW).await;
    let of_bo = log_in(&db, bo, [4; 32], NOW).await;
    db.end_other_log_ins(ada, kept).await.unwrap();
    assert_eq!(listed(&db, ada, NOW).await, [kept]);
    assert_eq!(listed(&db, bo, NOW).await, [of_bo]);
}

async fn a_browser_is_told_nothing_when_its_log_in_is_ended_and_stays_when_it_runs_out(
    db: TestDatabase,
) {
    let ada = person(&db, "ada").await;
    let subscribe = async |log_in: Option<TokenFamilyId>, place: u8| {
        let target = NotificationTarget {
            id: NotificationTargetId::new(),
            user_id: ada,
            url: format!("https://push.example.com/{place}"),
            kind: TargetKind::Push {
                public_key: vec![4; 65],
            },
            secret: vec![7; 16],
            created_at: NOW,
            told_at: None,
            failures: 0,
            log_in,
        };
        db.put_notification_target(target, 10).await.unwrap();
    };
    let places = async || {
        let places = db.notification_targets_of(ada, TargetSort::Push).await;
        let ending = |target: &NotificationTarget| target.url.chars().last().unwrap();
        places.unwrap().iter().map(ending).collect::<String>()
    };
    let mut log_ins = Vec::new();
    for number in 0..5_u8 {
        let id = log_in(&db, ada, [number; 32], NOW).await;
        subscribe(Some(id), number).await;
        log_ins.push(id);
    }
    subscribe(None, 9).await;
    assert_eq!(places().await, "012349");
    db.end_log_in(ada, log_ins[0]).await.unwrap();
    assert_eq!(places().await, "12349");
    db.revoke_family(log_ins[1]).await.unwrap();
    assert_eq!(places().await, "2349");
    // A token that is used twice takes its log-in down.
    for successor in [[12; 32], [13; 32]] {
        db.rotate_refresh(&[2; 32], &successor, NOW, NOW + LIFE, 0)
            .await
            .unwrap();
    }
    assert_eq!(places().await, "349");
    db.end_other_log_ins(ada, log_ins[3]).await.unwrap();
    assert_eq!(places().await, "39");
    db.forget_refresh_before(i64::MAX).await.unwrap();
    assert_eq!(places().await, "39");
    let last = log_in(&db, ada, [9; 32], NOW).await;
    subscribe(Some(last), 3).await;
    db.revoke_families_of(ada).await.unwrap();
    assert_eq!(places().await, "9");
}
