//! The audit log: one chain whoever writes it, and whatever is done to it by hand is found out.

use protocol::UserId;
use storage::{AuditAction, AuditFilter, AuditVerdict, Database, NewAudit, Storage};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{NOW, TestDatabase, beside, on_both_databases, sqlite_path, user_named};

on_both_databases![
    what_happened_is_read_back_newest_first_and_as_a_chain,
    of_two_processes_that_write_at_once_each_finds_its_place_in_the_chain,
    rows_are_found_by_what_happened_and_by_who_had_part_in_it,
    whoever_changes_a_row_or_takes_one_out_is_found_out,
    a_row_that_nobody_wrote_is_found_out,
    the_oldest_rows_are_forgotten_and_the_rest_is_whole,
    the_addresses_of_an_account_go_with_it_and_the_chain_stays_whole,
];

fn event(action: AuditAction, actor: Option<UserId>) -> NewAudit {
    NewAudit {
        at: NOW,
        action,
        actor,
        subject: None,
        context: None,
        address: None,
    }
}

async fn log_of(db: &Storage, rows: u64) {
    for number in 0..rows {
        let subject = Some(Uuid::from_u128(number.into()));
        let event = NewAudit {
            subject,
            address: Some(format!("192.0.2.{number}")),
            ..event(AuditAction::LoggedIn, Some(UserId::from_bytes([7; 16])))
        };
        db.note(event).await.unwrap();
    }
}

/// Runs a statement as somebody does who has the database.
async fn by_hand(database: &Database, sql: &str) {
    match database {
        Database::Sqlite { .. } => {
            let connection = rusqlite::Connection::open(sqlite_path(database)).unwrap();
            connection.execute_batch(sql).unwrap();
        }
        Database::Postgres { .. } => beside(database).await.batch_execute(sql).await.unwrap(),
    }
}

async fn broken_at(db: &TestDatabase) -> Option<u64> {
    match db.verify_audit().await.unwrap() {
        AuditVerdict::Whole { .. } => None,
        AuditVerdict::Broken { number, .. } => Some(number),
    }
}

async fn what_happened_is_read_back_newest_first_and_as_a_chain(db: TestDatabase) {
    let verdict = db.verify_audit().await.unwrap();
    assert!(matches!(
        verdict,
        AuditVerdict::Whole {
            first: 1,
            last: 0,
            ..
        }
    ));
    let ada = db.create_user(user_named("ada")).await.unwrap();
    let first = NewAudit {
        subject: Some(Uuid::from_u128(1)),
        context: Some(Uuid::from_u128(2)),
        address: Some("2001:db8::1".to_owned()),
        ..event(AuditAction::ModeChanged, Some(ada.id))
    };
    let second = NewAudit {
        at: NOW + 1,
        subject: Some(ada.id.into()),
        ..event(AuditAction::LogInFailed, None)
    };
    for event in [&first, &second] {
        db.note(event.clone()).await.unwrap();
    }
    let all = AuditFilter::default();
    let shown = db.audit_before(all, None, 10).await.unwrap();
    let events: Vec<&NewAudit> = shown.iter().map(|shown| &shown.row.event).collect();
    assert_eq!(events, [&second, &first]);
    let emails: Vec<_> = (shown.iter())
        .map(|shown| (shown.actor_email.as_deref(), shown.subject_email.as_deref()))
        .collect();
    let email = Some("ada@example.com");
    assert_eq!(emails, [(None, email), (email, None)]);
    let rows = db.audit_after(0, 10).await.unwrap();
    assert_eq!(rows[0].prev_hash, "0".repeat(64));
    assert_eq!(rows[1].prev_hash, rows[0].hash);
    let expected = AuditVerdict::Whole {
        first: 1,
        last: 2,
        hash: rows[1].hash.clone(),
    };
    assert_eq!(db.verify_audit().await.unwrap(), expected);
    assert_eq!(db.audit_before(all, Some(2), 10).await.unwrap().len(), 1);
    assert_eq!(db.audit_after(1, 10).await.unwrap(), rows[1..]);
}

async fn of_two_processes_that_write_at_once_each_finds_its_place_in_the_chain(db: TestDatabase) {
    const EACH: u64 = 60;
    let mut writers = JoinSet::new();
    for storage in [db.storage.clone(), db.open_again().await] {
        for _ in 0..EACH {
            let storage = storage.clone();
            let event = event(AuditAction::LoggedIn, None);
            writers.spawn(async move { storage.note(event).await.unwrap() });
        }
    }
    writers.join_all().await;
    let verdict = db.verify_audit().await.unwrap();
    let rows = 2 * EACH;
    assert!(
        matches!(verdict, AuditVerdict::Whole { first: 1, last, .. } if last == rows),
        "{verdict:?}"
    );
}

async fn rows_are_found_by_what_happened_and_by_who_had_part_in_it(db: TestDatabase) {
    let [ada, bo] = [1, 2].map(|byte| UserId::from_bytes([byte; 16]));
    db.note(event(AuditAction::LoggedIn, Some(ada)))
        .await
        .unwrap();
    db.note(event(AuditAction::LoggedIn, Some(bo)))
        .await
        .unwrap();
    let disabled = NewAudit {
        subject: Some(ada.into()),
        ..event(AuditAction::AccountDisabled, Some(bo))
    };
    db.note(disabled).await.unwrap();
    let found = async |action, person| {
        let filter = AuditFilter { action, person };
        let rows = db.audit_before(filter, None, 10).await.unwrap();
        let numbers = rows.iter().map(|shown| shown.row.number);
        numbers.collect::<Vec<_>>()
    };
    assert_eq!(found(None, None).await, [3, 2, 1]);
    assert_eq!(found(Some(AuditAction::LoggedIn), None).await, [2, 1]);
    assert_eq!(found(None, Some(ada)).await, [3, 1]);
    assert_eq!(found(Some(AuditAction::LoggedIn), Some(bo)).await, [2]);
}

async fn whoever_changes_a_row_or_takes_one_out_is_found_out(db: TestDatabase) {
    log_of(&db, 6).await;
    assert_eq!(broken_at(&db).await, None);
    // Each is done beside those before it, and comes before them in the log: the first that is wrong is named.
    let deeds = [
        // Nothing of the last row is wrong but that it is not there.
        ("DELETE FROM audit WHERE number = 6", 6),
        ("UPDATE audit SET actor_id = NULL WHERE number = 5", 5),
        ("UPDATE audit SET action = 'logged_out' WHERE number = 4", 4),
        ("UPDATE audit SET action = 'unheard_of' WHERE number = 4", 4),
        ("DELETE FROM audit WHERE number = 3", 3),
        (
            "UPDATE audit SET address = '192.0.2.99' WHERE number = 2",
            2,
        ),
        ("UPDATE audit SET at = at + 1 WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 1", 1),
    ];
    for (deed, number) in deeds {
        by_hand(&db.database, deed).await;
        assert_eq!(broken_at(&db).await, Some(number), "{deed}");
    }
}

async fn a_row_that_nobody_wrote_is_found_out(db: TestDatabase) {
    log_of(&db, 2).await;
    let copy = "INSERT INTO audit (number, at, action, prev_hash, hash) \
        SELECT 3, at, action, hash, hash FROM audit WHERE number = 2";
    by_hand(&db.database, copy).await;
    assert_eq!(broken_at(&db).await, Some(3));
    by_hand(&db.database, "UPDATE audit_ends SET number = 3").await;
    assert_eq!(broken_at(&db).await, Some(3));
}

async fn the_oldest_rows_are_forgotten_and_the_rest_is_whole(db: TestDatabase) {
    for at in [NOW, NOW + 1, NOW + 2, NOW] {
        let event = event(AuditAction::LoggedIn, None);
        db.note(NewAudit { at, ..event }).await.unwrap();
    }
    assert_eq!(db.forget_audit_before(NOW).await.unwrap(), 0);
    // The last is as old as the first, and stays behind one that is not.
    assert_eq!(db.forget_audit_before(NOW + 2).await.unwrap(), 2);
    assert_eq!(db.audit_after(0, 10).await.unwrap().len(), 2);
    let verdict = db.verify_audit().await.unwrap();
    assert!(
        matches!(
            verdict,
            AuditVerdict::Whole {
                first: 3,
                last: 4,
                ..
            }
        ),
        "{verdict:?}"
    );
    assert_eq!(db.forget_audit_before(NOW + 3).await.unwrap(), 2);
    db.note(event(AuditAction::LoggedOut, None)).await.unwrap();
    let verdict = db.verify_audit().await.unwrap();
    assert!(
        matches!(
            verdict,
            AuditVerdict::Whole {
                first: 5,
                last: 5,
                ..
            }
        ),
        "{verdict:?}"
    );
    by_hand(&db.database, "UPDATE audit_ends SET forgotten_number = 2").await;
    assert_eq!(broken_at(&db).await, Some(3));
}

async fn the_addresses_of_an_account_go_with_it_and_the_chain_stays_whole(db: TestDatabase) {
    let ada = db.create_user(user_named("ada")).await.unwrap().id;
    let bo = db.create_user(user_named("bo")).await.unwrap().id;
    let seen = |action, actor, subject: UserId| NewAudit {
        subject: Some(subject.into()),
        address: Some("192.0.2.1".to_owned()),
        ..event(action, actor)
    };
    let events = [
        seen(AuditAction::LoggedIn, Some(ada), ada),
        seen(AuditAction::LogInFailed, None, ada),
        // Bo's address.
        seen(AuditAction::AccountDisabled, Some(bo), ada),
        seen(AuditAction::LogInFailed, None, bo),
    ];
    for event in events {
        db.note(event).await.unwrap();
    }
    db.delete_user(ada, NOW).await.unwrap();
    let rows = db.audit_after(0, 10).await.unwrap();
    let kept: Vec<bool> = (rows.iter())
        .map(|row| row.event.address.is_some() && row.address_salt.is_some())
        .collect();
    assert_eq!(kept, [false, false, true, true]);
    assert_eq!(rows[0].event.actor, Some(ada));
    assert_eq!(broken_at(&db).await, None);
}
