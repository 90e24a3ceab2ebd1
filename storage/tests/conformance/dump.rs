//! Dumps: everything at one moment, from either database into either, and all of it or nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use storage::{
    ColumnKind, Existing, MigrationStatus, PIECE_BYTES, Piece, Snapshot, Storage, StorageError,
    Table,
};

use crate::support::{Scene, TestDatabase, empty_postgres, on_both_databases, sqlite_in};

on_both_databases![
    every_table_of_every_migration_is_dumped_and_loads_into_either_database,
    what_people_said_loads_into_either_database,
    a_snapshot_is_of_one_moment_whatever_is_written_meanwhile,
    a_large_table_comes_in_pieces,
    the_files_that_rows_refer_to_are_named,
    rows_keep_a_dump_out_unless_they_are_to_go,
    a_load_that_is_dropped_leaves_nothing,
    what_does_not_fit_together_is_refused_and_leaves_nothing,
    a_dump_of_other_tables_is_refused,
    a_dump_of_an_older_schema_loads_and_is_brought_up_to_date,
];

/// The rest of a snapshot: the rows of all tables.
async fn rest_of(mut snapshot: Snapshot) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some(piece) = snapshot.next().await.unwrap() {
        pieces.push(piece);
    }
    pieces
}

async fn all(storage: &Storage) -> Vec<Piece> {
    rest_of(storage.snapshot().await.unwrap()).await
}

async fn tables(storage: &Storage) -> Vec<Table> {
    storage.snapshot().await.unwrap().tables().to_vec()
}

async fn load(storage: &Storage, pieces: &[Piece], existing: Existing) -> Result<(), StorageError> {
    let mut load = storage.load(tables(storage).await, existing).await?;
    for piece in pieces {
        load.add(piece.clone()).await?;
    }
    load.commit().await
}

/// One row for each table, which all refer to each other: every id has the same bytes, and every number is 1.
fn one_row_each(tables: &[Table]) -> Vec<Piece> {
    let row = |table: &Table| {
        let values = table.columns.iter().map(|column| {
            match (table.name.as_str(), column.name.as_str(), column.kind) {
                (_, "visibility", _) => json!("private"),
                ("documents", "state", _) => json!("ready"),
                (_, "stop_reason", _)
                | ("members", "twin_id", _)
                | ("blocks", "blocked_twin", _) => Value::Null,
                (_, "file_key", _) => json!("11111111111111111111111111111111"),
                (_, _, ColumnKind::Int) => json!(1),
                (_, _, ColumnKind::Text) => json!("x"),
                (_, _, ColumnKind::Bytes) => json!("EREREREREREREREREREREQ=="),
            }
        });
        format!("{}\n", Value::Array(values.collect()))
    };
    let rows = tables.iter().enumerate().map(|(place, table)| Piece {
        table: place,
        lines: row(table).into_bytes(),
    });
    rows.collect()
}

/// The tables that the migrations make, as their text says.
fn tables_of_migrations() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut tables = BTreeSet::new();
    for file in files {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let words: Vec<&str> = line.trim_end_matches(';').split(' ').collect();
            match words[..] {
                ["CREATE", "TABLE", name, ..] => assert!(tables.insert(name.to_owned())),
                ["DROP", "TABLE", name] => assert!(tables.remove(name)),
                ["ALTER", "TABLE", name, "RENAME", "TO", new] => {
                    assert!(tables.remove(name) && tables.insert(new.to_owned()));
                }
                _ => {}
            }
        }
    }
    tables
}

async fn every_table_of_every_migration_is_dumped_and_loads_into_either_database(db: TestDatabase) {
    let tables = tables(&db).await;
    let names: BTreeSet<String> = tables.iter().map(|table| table.name.clone()).collect();
    assert_eq!(names, tables_of_migrations());
    let rows = one_row_each(&tables);
    load(&db, &rows, Existing::Refuse).await.unwrap();
    assert_eq!(all(&db).await, rows);
    for other in [TestDatabase::sqlite().await, TestDatabase::postgres().await] {
        load(&other, &all(&db).await, Existing::Refuse)
            .await
            .unwrap();
        assert_eq!(all(&other).await, rows);
    }
}

async fn what_people_said_loads_into_either_database(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    for (number, text) in [
        "**Grüße** 👩🏽‍🔬\n\u{202e}שלום 你好 \"$1\" ?2 '\\",
        "\t\u{1}",
        "",
    ]
    .iter()
    .enumerate()
    {
        let said = scene.says(&format!("{number}"), text);
        db.append_message(said).await.unwrap();
    }
    let said = db
        .messages_after(scene.conversation.id, 0, 10)
        .await
        .unwrap();
    let dump = all(&db).await;
    for other in [TestDatabase::sqlite().await, TestDatabase::postgres().await] {
        load(&other, &dump, Existing::Refuse).await.unwrap();
        let found = other
            .messages_after(scene.conversation.id, 0, 10)
            .await
            .unwrap();
        assert_eq!(found, said);
        // And it goes on where it ended.
        let next = other
            .append_message(scene.says("next", "And on."))
            .await
            .unwrap();
        assert_eq!(crate::support::new(next).seq, said.len() as u64 + 1);
    }
}

async fn a_snapshot_is_of_one_moment_whatever_is_written_meanwhile(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    for number in 0..5 {
        db.append_message(scene.says(&format!("{number}"), "before"))
            .await
            .unwrap();
    }
    let before = all(&db).await;
    let snapshot = db.snapshot().await.unwrap();
    for number in 5..9 {
        db.append_message(scene.says(&format!("{number}"), "after"))
            .await
            .unwrap();
    }
    db.delete_twin(scene.twin.id, 0).await.unwrap();
    assert_eq!(rest_of(snapshot).await, before);
    assert_ne!(all(&db).await, before);
}

async fn a_large_table_comes_in_pieces(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let long = "a long way behind ".repeat(6_000);
    for number in 0..32 {
        db.append_message(scene.says(&format!("{number}"), &long))
            .await
            .unwrap();
    }
    let dump = all(&db).await;
    let place = tables(&db)
        .await
        .iter()
        .position(|table| table.name == "messages")
        .unwrap();
    let messages: Vec<&Piece> = dump.iter().filter(|piece| piece.table == place).collect();
    assert_eq!(messages.len(), 4);
    for piece in &messages {
        assert!(piece.lines.len() < PIECE_BYTES + 2 * long.len());
        assert_eq!(piece.lines.last(), Some(&b'\n'));
    }
    let other = TestDatabase::sqlite().await;
    load(&other, &dump, Existing::Refuse).await.unwrap();
    assert_eq!(all(&other).await, dump);
}

async fn the_files_that_rows_refer_to_are_named(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let document = crate::support::document_of(scene.twin.id, "notes.md");
    db.insert_document(document.clone(), Vec::new(), 10)
        .await
        .unwrap();
    // It was begun, and nothing has it.
    db.note_file(storage::FileKey::new(), 0).await.unwrap();
    let snapshot = db.snapshot().await.unwrap();
    assert_eq!(snapshot.files(), [document.file_key]);
    let applied = db.migration_status().await.unwrap().applied;
    assert_eq!(snapshot.schema(), applied);
}

async fn rows_keep_a_dump_out_unless_they_are_to_go(db: TestDatabase) {
    let rows = one_row_each(&tables(&db).await);
    Scene::set(&db).await;
    let before = all(&db).await;
    let refused = load(&db, &rows, Existing::Refuse).await;
    assert!(
        matches!(
            refused,
            Err(StorageError::Refused("the database is not empty"))
        ),
        "{refused:?}"
    );
    assert_eq!(all(&db).await, before);
    load(&db, &rows, Existing::Replace).await.unwrap();
    assert_eq!(all(&db).await, rows);
    // References are there again.
    let orphan = crate::support::document_of(protocol::TwinId::new(), "orphan.md");
    let refused = db.insert_document(orphan, Vec::new(), 10).await;
    assert!(
        matches!(refused, Err(StorageError::NotFound("twin"))),
        "{refused:?}"
    );
}

async fn a_load_that_is_dropped_leaves_nothing(db: TestDatabase) {
    let tables = tables(&db).await;
    let rows = one_row_each(&tables);
    let mut half = db.load(tables, Existing::Refuse).await.unwrap();
    for piece in &rows[..rows.len() / 2] {
        half.add(piece.clone()).await.unwrap();
    }
    drop(half);
    // It waits until the other is undone, and finds nothing of it.
    load(&db, &rows, Existing::Refuse).await.unwrap();
    assert_eq!(all(&db).await, rows);
}

async fn what_does_not_fit_together_is_refused_and_leaves_nothing(db: TestDatabase) {
    let tables = tables(&db).await;
    let rows = one_row_each(&tables);
    let place = |name: &str| tables.iter().position(|table| table.name == name).unwrap();
    let twins = rows[place("twins")].clone();
    let users = rows[place("users")].clone();
    let broken = Piece {
        lines: b"[1]\n".to_vec(),
        ..users.clone()
    };
    for pieces in [vec![twins], vec![users.clone(), users], vec![broken]] {
        let refused = load(&db, &pieces, Existing::Refuse).await;
        assert!(
            matches!(refused, Err(StorageError::Corrupt(_))),
            "{refused:?}"
        );
    }
    // Each waits until the one before is undone.
    load(&db, &[], Existing::Refuse).await.unwrap();
    assert_eq!(all(&db).await, []);
}

async fn a_dump_of_other_tables_is_refused(db: TestDatabase) {
    let mut others = tables(&db).await;
    others[0].columns.pop();
    let refused = db.load(others, Existing::Refuse).await;
    assert!(
        matches!(refused, Err(StorageError::Refused(_))),
        "{refused:?}"
    );
    let fewer = tables(&db).await[1..].to_vec();
    let refused = db.load(fewer, Existing::Refuse).await;
    assert!(
        matches!(refused, Err(StorageError::Refused(_))),
        "{refused:?}"
    );
}

async fn a_dump_of_an_older_schema_loads_and_is_brought_up_to_date(db: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let empty = match &db.database {
        storage::Database::Sqlite { .. } => sqlite_in(&folder),
        storage::Database::Postgres { .. } => empty_postgres(2).await,
    };
    let known = storage::known_migrations();
    let older = known
        .iter()
        .position(|name| name == "V0019__invisible")
        .unwrap();
    let storage = Storage::open(&empty).await.unwrap();
    // Not a table, and no row.
    assert_eq!(all(&storage).await, []);
    assert_eq!(tables(&storage).await, []);
    storage.migrate_to(&known[older]).await.unwrap();
    let rows = one_row_each(&tables(&storage).await);
    load(&storage, &rows, Existing::Refuse).await.unwrap();
    let expected = MigrationStatus {
        applied: known[..=older].to_vec(),
        pending: known[older + 1..].to_vec(),
        ..MigrationStatus::default()
    };
    assert_eq!(storage.migration_status().await.unwrap(), expected);
    storage.migrate().await.unwrap();
    // V0020 saw the row: it says of every log-in that it was used last when it was made.
    let brought_up = tables(&storage).await;
    assert_eq!(brought_up, tables(&db).await);
    let log_ins = brought_up
        .iter()
        .position(|table| table.name == "token_families")
        .unwrap();
    let column = |column: &storage::Column| column.name == "last_used_at";
    let column = brought_up[log_ins].columns.iter().position(column).unwrap();
    let dump = all(&storage).await;
    let piece = dump.iter().find(|piece| piece.table == log_ins).unwrap();
    let row: Value = serde_json::from_slice(&piece.lines).unwrap();
    assert_eq!(row[column], json!(1));
    let refused = storage.migrate_to("V9999__from_the_future").await;
    assert!(
        matches!(refused, Err(StorageError::NotFound("migration"))),
        "{refused:?}"
    );
}
