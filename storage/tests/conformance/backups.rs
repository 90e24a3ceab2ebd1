//! What is known of backups.

use storage::{Backup, StorageError};

use crate::support::{NOW, TestDatabase, on_both_databases};

on_both_databases![backups_are_told_newest_first_with_what_was_verified];

async fn backups_are_told_newest_first_with_what_was_verified(db: TestDatabase) {
    assert_eq!(db.backups().await.unwrap(), []);
    let backup = |name: &str, taken_at: i64| Backup {
        name: name.to_owned(),
        taken_at,
        size_bytes: 4_321,
        verified_at: None,
    };
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
