//! What is known of backups.

use storage::{Backup, StorageError};

use crate::support::{NOW, TestDatabase, on_both_databases};

on_both_databases![
    backups_are_told_newest_first_with_what_was_verified,
    a_backup_is_copied_once,
];

fn backup(name: &str, taken_at: i64) -> Backup {
    Backup {
        name: name.to_owned(),
        taken_at,
        size_bytes: 4_321,
        verified_at: None,
        copy_begun_at: None,
        copied_at: None,
    }
}

async fn backups_are_told_newest_first_with_what_was_verified(db: TestDatabase) {
    assert_eq!(db.backups().await.unwrap(), []);
    for (name, taken_at) in [("one", NOW), ("three", NOW + 2), ("two", NOW + 1)] {
        db.note_backup(name, taken_at, 4_321).await.unwrap();
    }
    let again = db.note_backup("one", NOW, 1).await;
    assert!(matches!(again, Err(StorageError::Conflict(_))), "{again:?}");
    assert!(db.note_verified_backup("two", NOW + 10).await.unwrap());
    assert!(!db.note_verified_backup("four", NOW + 10).await.unwrap());
    db.forget_backup("one").await.unwrap();
    let two = Backup {
        verified_at: Some(NOW + 10),
        ..backup("two", NOW + 1)
    };
    assert_eq!(db.backups().await.unwrap(), [backup("three", NOW + 2), two]);
}

async fn a_backup_is_copied_once(db: TestDatabase) {
    for (name, taken_at) in [("one", NOW), ("two", NOW + 1), ("three", NOW + 2)] {
        db.note_backup(name, taken_at, 4_321).await.unwrap();
    }
    let names = ["one", "two", "of another database"].map(str::to_owned);
    db.note_copying_backups(&names, NOW + 10).await.unwrap();
    db.note_copied_backups(&names[..1], NOW + 11).await.unwrap();
    db.note_copying_backups(&names, NOW + 20).await.unwrap();
    db.note_copied_backups(&names[..1], NOW + 21).await.unwrap();
    let one = Backup {
        copy_begun_at: Some(NOW + 10),
        copied_at: Some(NOW + 11),
        ..backup("one", NOW)
    };
    let two = Backup {
        copy_begun_at: Some(NOW + 20),
        ..backup("two", NOW + 1)
    };
    let told = db.backups().await.unwrap();
    assert_eq!(told, [backup("three", NOW + 2), two, one]);
}
