//! Twins that come from elsewhere: whole or not at all, once, and never into what is another's.

use protocol::{DocumentId, GroupId, MemoryId, TwinId, UserId};
use storage::{
    Audience, Brought, Document, DocumentState, FileKey, ImportLimits, ImportedMemory,
    ImportedTwin, MemoryFilter, MemoryKind, PeopleGroup, StorageError, Tally, TwinTaken,
};

use crate::support::{NOW, TestDatabase, document_of, on_both_databases, twin_of, user_named};

on_both_databases![
    a_twin_comes_with_all_that_it_has_and_a_second_time_nothing_does,
    a_twin_that_cannot_come_whole_does_not_come_at_all,
    what_never_left_is_found_by_its_own_id_and_nobody_elses,
    there_is_no_more_room_for_what_comes_than_for_what_is_made,
    people_are_those_with_an_account,
];

const LIMITS: ImportLimits = ImportLimits {
    twins: 2,
    documents: 2,
};

fn tally(taken: u64, here: u64, no_room: u64) -> Tally {
    Tally {
        taken,
        here,
        no_room,
    }
}

fn memory(text: &str, supersedes: Option<Brought<MemoryId>>) -> ImportedMemory {
    ImportedMemory {
        id: Brought {
            there: MemoryId::new(),
            here: MemoryId::new(),
        },
        kind: MemoryKind::Said,
        text: text.to_owned(),
        vector: vec![1.0, 0.0],
        audience: Audience::Owner,
        supersedes,
        created_at: NOW - 10,
        changed_at: NOW - 5,
    }
}

fn unread(name: &str) -> Document {
    Document {
        state: DocumentState::Processing,
        chunk_count: 0,
        ..document_of(TwinId::new(), name)
    }
}

/// A twin with two documents and two memories, one in place of the other.
fn coming(owner: UserId) -> ImportedTwin {
    let bergen = memory("I live in Bergen.", None);
    let oslo = memory("I live in Oslo.", Some(bergen.id));
    ImportedTwin {
        twin: twin_of(owner, "Ada's twin"),
        there: TwinId::new(),
        documents: vec![unread("a.md"), unread("b.md")],
        memories: vec![bergen, oslo],
    }
}

fn keys(coming: &ImportedTwin) -> Vec<FileKey> {
    coming.documents.iter().map(|each| each.file_key).collect()
}

/// The same, as another upload brings it.
fn again(coming: &ImportedTwin) -> ImportedTwin {
    let anew = |document: &Document| Document {
        id: DocumentId::new(),
        file_key: FileKey::new(),
        ..document.clone()
    };
    ImportedTwin {
        documents: coming.documents.iter().map(anew).collect(),
        ..coming.clone()
    }
}

async fn a_twin_comes_with_all_that_it_has_and_a_second_time_nothing_does(db: TestDatabase) {
    let ada = db.create_user(user_named("ada")).await.unwrap();
    let group = PeopleGroup {
        id: GroupId::new(),
        name: "Family".to_owned(),
        people: vec![ada.id],
        created_at: NOW,
    };
    db.create_people_group(ada.id, group.clone()).await.unwrap();
    let mut coming = coming(ada.id);
    let named = Audience::Named {
        people: vec![ada.id],
        groups: vec![group.id],
    };
    coming.documents[1].audience = named.clone();
    coming.memories[0].audience = named.clone();
    for key in keys(&coming) {
        db.note_file(key, NOW).await.unwrap();
    }
    let taken = db.import_twin(coming.clone(), LIMITS).await.unwrap();
    let expected = TwinTaken {
        twin: tally(1, 0, 0),
        documents: tally(2, 0, 0),
        memories: tally(2, 0, 0),
        let_go: Vec::new(),
    };
    assert_eq!(taken, expected);
    let twin = coming.twin.id;
    assert_eq!(
        db.twins_of(ada.id).await.unwrap(),
        std::slice::from_ref(&coming.twin)
    );
    let documents = db.documents_of(twin).await.unwrap();
    let expected = coming.documents.iter().cloned();
    let expected: Vec<Document> = expected
        .map(|document| Document {
            twin_id: twin,
            ..document
        })
        .collect();
    assert_eq!(documents, expected);
    assert_eq!(db.due_documents(NOW, 9).await.unwrap().len(), 2);
    let bergen = coming.memories[0].id.here;
    let found = db.memory(twin, bergen).await.unwrap().unwrap();
    assert_eq!(
        (found.about, found.kind, found.audience, found.superseded_by),
        (
            ada.id,
            MemoryKind::Said,
            named,
            Some(coming.memories[1].id.here)
        )
    );
    assert_eq!((found.created_at, found.changed_at), (NOW - 10, NOW - 5));

    let second = again(&coming);
    let taken = db.import_twin(second.clone(), LIMITS).await.unwrap();
    let expected = TwinTaken {
        twin: tally(0, 1, 0),
        documents: tally(0, 2, 0),
        memories: tally(0, 2, 0),
        let_go: keys(&second),
    };
    assert_eq!(taken, expected);
    assert_eq!(db.documents_of(twin).await.unwrap(), documents);
    let remembered = db.memories_of(twin, MemoryFilter::default(), 9).await;
    assert_eq!(remembered.unwrap().len(), 2);
}

async fn a_twin_that_cannot_come_whole_does_not_come_at_all(db: TestDatabase) {
    let ada = db.create_user(user_named("ada")).await.unwrap();
    let mut coming = coming(ada.id);
    coming.memories[1].audience = Audience::Named {
        people: vec![UserId::new()],
        groups: Vec::new(),
    };
    let refused = db.import_twin(coming.clone(), LIMITS).await;
    assert!(
        matches!(refused, Err(StorageError::NotFound("person"))),
        "{refused:?}"
    );
    assert_eq!(db.twins_of(ada.id).await.unwrap(), []);
    assert_eq!(db.documents_of(coming.twin.id).await.unwrap(), []);
    coming.twin.owner_id = UserId::new();
    let refused = db.import_twin(coming, LIMITS).await;
    assert!(matches!(refused, Err(StorageError::NotFound("account"))));
}

async fn what_never_left_is_found_by_its_own_id_and_nobody_elses(db: TestDatabase) {
    let ada = db.create_user(user_named("ada")).await.unwrap();
    let eve = db.create_user(user_named("eve")).await.unwrap();
    let first = coming(ada.id);
    db.import_twin(first.clone(), LIMITS).await.unwrap();
    // What was exported here has the ids of here.
    let mut home = again(&first);
    home.there = first.twin.id;
    home.twin.id = TwinId::new();
    for memory in &mut home.memories {
        memory.id = Brought {
            there: memory.id.here,
            here: MemoryId::new(),
        };
    }
    let taken = db.import_twin(home.clone(), LIMITS).await.unwrap();
    let tallies = (taken.twin, taken.documents, taken.memories);
    assert_eq!(tallies, (tally(0, 1, 0), tally(0, 2, 0), tally(0, 2, 0)));

    let mut forged = again(&home);
    forged.twin.owner_id = eve.id;
    let taken = db.import_twin(forged.clone(), LIMITS).await.unwrap();
    let tallies = (taken.twin, taken.documents, taken.memories);
    assert_eq!(tallies, (tally(1, 0, 0), tally(2, 0, 0), tally(2, 0, 0)));
    assert_eq!(
        db.documents_of(first.twin.id).await.unwrap().len(),
        first.documents.len()
    );
    let hers: Vec<TwinId> = db
        .twins_of(eve.id)
        .await
        .unwrap()
        .iter()
        .map(|twin| twin.id)
        .collect();
    assert_eq!(hers, [forged.twin.id]);
}

async fn there_is_no_more_room_for_what_comes_than_for_what_is_made(db: TestDatabase) {
    let ada = db.create_user(user_named("ada")).await.unwrap();
    let mut first = coming(ada.id);
    first.documents.push(unread("c.md"));
    let taken = db.import_twin(first.clone(), LIMITS).await.unwrap();
    assert_eq!(taken.documents, tally(2, 0, 1));
    assert_eq!(taken.let_go, [first.documents[2].file_key]);
    db.create_twin(twin_of(ada.id, "other"), 2).await.unwrap();
    let third = coming(ada.id);
    let taken = db.import_twin(third.clone(), LIMITS).await.unwrap();
    let expected = TwinTaken {
        twin: tally(0, 0, 1),
        let_go: keys(&third),
        ..TwinTaken::default()
    };
    assert_eq!(taken, expected);
    assert_eq!(db.twins_of(ada.id).await.unwrap().len(), 2);
}

async fn people_are_those_with_an_account(db: TestDatabase) {
    let ada = db.create_user(user_named("ada")).await.unwrap();
    let mut asked: Vec<UserId> = (0..300).map(|_| UserId::new()).collect();
    asked.push(ada.id);
    let found = db.people_among(asked).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [ada.id]);
}
