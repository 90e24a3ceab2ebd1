//! What `migrate status` says of a database.

use crate::{done, program, said};

#[test]
fn migrate_status_says_by_its_exit_status_how_things_stand() {
    let folder = tempfile::tempdir().unwrap();
    let status = || {
        program(&folder)
            .args(["migrate", "status"])
            .output()
            .unwrap()
    };
    let pending = status();
    assert_eq!(pending.status.code(), Some(3));
    assert!(
        said(&pending).starts_with("pending  V0001__foundation\n"),
        "{}",
        said(&pending)
    );
    done(program(&folder).arg("migrate"));
    let applied = status();
    assert_eq!(applied.status.code(), Some(0));
    assert!(
        said(&applied).starts_with("applied  V0001__foundation\n"),
        "{}",
        said(&applied)
    );
    let database = rusqlite::Connection::open(folder.path().join("digital-twin.sqlite")).unwrap();
    database
        .execute_batch(
            "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2;
             INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
             VALUES (9999, 'from_the_future', '2026-01-01T00:00:00Z', '1')",
        )
        .unwrap();
    let other = status();
    assert_eq!(other.status.code(), Some(4));
    assert!(
        said(&other).contains("changed  V0002__add_api_keys\n"),
        "{}",
        said(&other)
    );
    assert!(
        said(&other).contains("unknown  V9999__from_the_future\n"),
        "{}",
        said(&other)
    );
}
