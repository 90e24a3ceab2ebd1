//! Opening, migrating and closing, with everything that can be wrong about a database.

use std::path::Path;
use std::process::Command;

use protocol::ErrorCode;
use storage::{Database, MigrationStatus, Storage, StorageError};
use tokio::task::JoinSet;

use crate::support::{
    TestDatabase, beside, empty_postgres, on_both_databases, sqlite_in, sqlite_path, user_named,
};

/// Set in the processes that a test starts of itself: the SQLite file, or the PostgreSQL database's name.
const CHILD: &str = "STORAGE_TEST_CHILD";

on_both_databases![
    a_second_migration_applies_nothing,
    a_database_without_tables_says_how_to_get_them,
    a_newer_schema_is_refused,
    what_another_program_did_to_the_schema_is_told,
    a_ping_is_answered,
];

async fn a_second_migration_applies_nothing(db: TestDatabase) {
    let status = db.migration_status().await.unwrap();
    assert_eq!(status.applied.first().unwrap(), "V0001__foundation");
    assert_eq!(status.pending, Vec::<String>::new());
    assert_eq!(db.migrate().await.unwrap(), Vec::<String>::new());
}

async fn a_database_without_tables_says_how_to_get_them(db: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let empty = match &db.database {
        Database::Sqlite { .. } => sqlite_in(&folder),
        Database::Postgres { .. } => empty_postgres(2).await,
    };
    let storage = Storage::open(&empty).await.unwrap();
    let status = storage.migration_status().await.unwrap();
    assert_eq!(status.applied, Vec::<String>::new());
    assert_eq!(status.pending, db.migration_status().await.unwrap().applied);
    let refused = storage.create_user(user_named("ada")).await;
    assert!(
        matches!(refused, Err(StorageError::SchemaMissing)),
        "{refused:?}"
    );
    let refused = storage.user_by_email("ada@example.com").await;
    assert!(
        matches!(refused, Err(StorageError::SchemaMissing)),
        "{refused:?}"
    );
    assert_eq!(storage.migrate().await.unwrap(), status.pending);
    storage.create_user(user_named("ada")).await.unwrap();
}

/// Does something to the database that the program would not do.
async fn meddle(database: &Database, sql: &str) {
    match database {
        Database::Sqlite { path } => {
            let connection = rusqlite::Connection::open(path).unwrap();
            connection.execute_batch(sql).unwrap();
        }
        postgres @ Database::Postgres { .. } => {
            beside(postgres).await.batch_execute(sql).await.unwrap();
        }
    }
}

const NEWER: &str = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
     VALUES (9999, 'from_the_future', '2026-01-01T00:00:00Z', '1')";

async fn what_another_program_did_to_the_schema_is_told(db: TestDatabase) {
    let mut applied = db.migration_status().await.unwrap().applied;
    meddle(&db.database, NEWER).await;
    let otherwise = "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2";
    meddle(&db.database, otherwise).await;
    let status = Storage::migration_status_of(&db.database).await.unwrap();
    let expected = MigrationStatus {
        changed: vec![applied.remove(1)],
        applied,
        pending: Vec::new(),
        unknown: vec!["V9999__from_the_future".to_owned()],
    };
    assert_eq!(status, expected);
}

async fn a_newer_schema_is_refused(db: TestDatabase) {
    meddle(&db.database, NEWER).await;
    let refused = Storage::open(&db.database).await.unwrap_err();
    assert!(
        matches!(refused, StorageError::SchemaNewer { found: 9999, .. }),
        "{refused}"
    );
    let refused = db.migrate().await.unwrap_err();
    assert!(
        matches!(refused, StorageError::SchemaNewer { found: 9999, .. }),
        "{refused}"
    );
}

async fn a_ping_is_answered(db: TestDatabase) {
    db.ping().await.unwrap();
}

/// Eight at once on an empty database: each migration is applied once.
async fn migrate_eight_times_at_once(database: Database) {
    let mut migrations = JoinSet::new();
    for _ in 0..8 {
        let database = database.clone();
        migrations.spawn(async move {
            Storage::open(&database)
                .await
                .unwrap()
                .migrate()
                .await
                .unwrap()
        });
    }
    let applied = migrations.join_all().await.concat();
    let storage = Storage::open(&database).await.unwrap();
    let status = storage.migration_status().await.unwrap();
    assert_eq!(applied, status.applied);
    assert_eq!(status.pending, Vec::<String>::new());
}

#[tokio::test]
async fn eight_tasks_may_migrate_one_sqlite_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    migrate_eight_times_at_once(sqlite_in(&folder)).await;
}

#[tokio::test]
async fn eight_tasks_may_migrate_one_postgres_database_at_once() {
    migrate_eight_times_at_once(empty_postgres(2).await).await;
}

/// Starts this test four times as a process of its own, and waits for all.
async fn start_four_of(test: &str, child: &str) {
    let program = std::env::current_exe().unwrap();
    let children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(&program)
                .args(["--exact", test, "--nocapture"])
                .env(CHILD, child)
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        let status = tokio::task::spawn_blocking(move || child.wait())
            .await
            .unwrap()
            .unwrap();
        assert!(status.success());
    }
}

async fn migrate_as_a_child(database: &Database) {
    let storage = Storage::open(database).await.unwrap();
    storage.migrate().await.unwrap();
    storage.ping().await.unwrap();
}

#[tokio::test]
async fn four_processes_may_migrate_one_sqlite_file_at_once() {
    if let Some(path) = std::env::var_os(CHILD) {
        let path = path.into();
        return migrate_as_a_child(&Database::Sqlite { path }).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let database = sqlite_in(&folder);
    let path = sqlite_path(&database);
    start_four_of(
        "lifecycle::four_processes_may_migrate_one_sqlite_file_at_once",
        path.to_str().unwrap(),
    )
    .await;
    let storage = Storage::open(&database).await.unwrap();
    assert_eq!(storage.migrate().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn four_processes_may_migrate_one_postgres_database_at_once() {
    if let Ok(name) = std::env::var(CHILD) {
        return migrate_as_a_child(&renamed(empty_postgres(2).await, &name)).await;
    }
    let database = empty_postgres(2).await;
    let Database::Postgres { database: name, .. } = &database else {
        panic!("{database:?} is not PostgreSQL");
    };
    start_four_of(
        "lifecycle::four_processes_may_migrate_one_postgres_database_at_once",
        name,
    )
    .await;
    let storage = Storage::open(&database).await.unwrap();
    assert_eq!(storage.migrate().await.unwrap(), Vec::<String>::new());
}

fn renamed(database: Database, name: &str) -> Database {
    match database {
        Database::Postgres {
            host,
            port,
            user,
            password,
            pool_size,
            ..
        } => Database::Postgres {
            host,
            port,
            user,
            password,
            database: name.to_owned(),
            pool_size,
        },
        sqlite @ Database::Sqlite { .. } => sqlite,
    }
}

async fn refused(path: &Path) -> StorageError {
    let path = path.to_owned();
    Storage::open(&Database::Sqlite { path }).await.unwrap_err()
}

#[tokio::test]
async fn a_path_that_cannot_be_a_database_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("letter.txt");
    std::fs::write(&text, "Dear Charles, this is no database at all.").unwrap();
    let short = folder.path().join("short.txt");
    std::fs::write(&short, "SQLite").unwrap();
    for (path, reason) in [
        (folder.path().to_owned(), "it is a folder"),
        (
            folder.path().join("no/such/folder/x.db"),
            "its folder does not exist",
        ),
        (text.join("x.db"), "unable to open database file"),
        (text.clone(), "is not a SQLite database"),
        (short, "is not a SQLite database"),
    ] {
        let error = refused(&path).await.to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
        assert!(error.contains(reason), "{error}");
    }
    let untouched = std::fs::read_to_string(&text).unwrap();
    assert_eq!(untouched, "Dear Charles, this is no database at all.");
}

#[tokio::test]
async fn a_damaged_file_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.db");
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.resize(8192, 0xa5);
    std::fs::write(&path, bytes).unwrap();
    let error = refused(&path).await.to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_database_can_be_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let db = TestDatabase::sqlite().await;
    db.create_user(user_named("ada")).await.unwrap();
    let folder = sqlite_path(&db.database).parent().unwrap().to_owned();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn closing_folds_the_log_into_the_file() {
    let db = TestDatabase::sqlite().await;
    db.create_user(user_named("ada")).await.unwrap();
    let log = sqlite_path(&db.database).with_extension("db-wal");
    assert!(log.exists());
    db.close().await;
    assert!(!log.exists());
    db.close().await;
}

#[tokio::test]
async fn a_server_that_refuses_is_named_and_the_password_is_not() {
    let Database::Postgres {
        host,
        port,
        user,
        database,
        ..
    } = empty_postgres(1).await
    else {
        panic!("no PostgreSQL");
    };
    let wrong_password = Database::Postgres {
        host: host.clone(),
        port,
        user: user.clone(),
        password: "Sesame-123".to_owned(),
        database: database.clone(),
        pool_size: 1,
    };
    let nobody_listens = Database::Postgres {
        host,
        port: 1,
        user,
        password: "Sesame-123".to_owned(),
        database,
        pool_size: 1,
    };
    for (database, reason) in [
        (wrong_password, "password authentication failed"),
        (nobody_listens, "127.0.0.1:1"),
    ] {
        assert!(!format!("{database:?}").contains("Sesame"), "{database:?}");
        let error = Storage::open(&database).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unavailable);
        assert!(error.to_string().contains(reason), "{error}");
        assert!(!error.to_string().contains("Sesame"), "{error}");
    }
}

#[tokio::test]
async fn a_migration_is_never_forgotten_in_the_program() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
        .collect();
    names.sort();
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::open(&sqlite_in(&folder)).await.unwrap();
    assert_eq!(storage.migrate().await.unwrap(), names);
}
