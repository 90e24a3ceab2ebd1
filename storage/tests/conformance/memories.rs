//! Memories and audiences: remembered once, seen, changed, undone and forgotten, with all that was kept of them.

use protocol::{GroupId, MemoryId, MessageId, NodeId, UserId, What};
use storage::{
    Audience, Finished, FinishedReply, Gone, MEMORIES_OF_PERSON_MAX, Memory, MemoryChange,
    MemoryFilter, MemoryKind, NewMemory, NewOrigin, PeopleGroup, Persona, RememberedIn,
    RememberedThen, StorageError,
};

use crate::support::{
    NOW, Scene, TestDatabase, document_of, new, on_both_databases, twin_of, user_named,
};

on_both_databases![
    what_a_message_says_is_remembered_once_and_goes_with_it,
    a_correction_stands_in_the_place_of_a_memory_until_it_goes,
    a_memory_is_changed_and_changed_back,
    who_it_is_about_sees_and_forgets_what_twins_of_others_remember,
    an_audience_names_people_and_own_groups_only,
    a_group_is_told_about_and_gone_with_its_people,
    one_person_does_not_fill_the_memory,
    a_reply_knows_what_it_was_built_from_until_that_is_forgotten,
];

fn written(scene: &Scene, about: UserId, text: &str) -> NewMemory {
    NewMemory {
        id: MemoryId::new(),
        twin_id: scene.twin.id,
        about,
        kind: MemoryKind::Written,
        text: text.to_owned(),
        vector: vec![0.6, 0.8],
        audience: Audience::Owner,
        said_in: None,
        supersedes: None,
        created_at: NOW,
    }
}

fn said(scene: &Scene, message: MessageId, text: &str) -> NewMemory {
    NewMemory {
        kind: MemoryKind::Said,
        said_in: Some((message, 0)),
        ..written(scene, scene.user.id, text)
    }
}

async fn all(db: &TestDatabase, scene: &Scene) -> Vec<Memory> {
    let filter = MemoryFilter::default();
    db.memories_of(scene.twin.id, filter, 100).await.unwrap()
}

fn texts(memories: &[Memory]) -> Vec<&str> {
    memories.iter().map(|memory| memory.text.as_str()).collect()
}

async fn what_a_message_says_is_remembered_once_and_goes_with_it(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let message = new(db
        .append_message(scene.says("1", "I moved to Oslo."))
        .await
        .unwrap());
    let before = db.twin_state(scene.twin.id).await.unwrap().unwrap();
    let memory = said(&scene, message.message_id, "I moved to Oslo.");
    assert!(db.remember(memory.clone()).await.unwrap());
    let again = NewMemory {
        id: MemoryId::new(),
        ..memory.clone()
    };
    assert!(!db.remember(again).await.unwrap());
    let expected = Memory {
        id: memory.id,
        twin_id: scene.twin.id,
        twin_name: scene.twin.name.clone(),
        owner_id: scene.user.id,
        about: scene.user.id,
        about_name: scene.user.name.clone(),
        kind: MemoryKind::Said,
        text: "I moved to Oslo.".to_owned(),
        vector: vec![0.6, 0.8],
        audience: Audience::Owner,
        said_in: Some(RememberedIn {
            conversation_id: scene.conversation.id,
            message_id: message.message_id,
            seq: message.seq,
        }),
        supersedes: None,
        superseded_by: None,
        revision: 1,
        created_at: NOW,
        changed_at: NOW,
    };
    assert_eq!(all(&db, &scene).await, [expected]);
    let after = db.twin_state(scene.twin.id).await.unwrap().unwrap();
    assert_eq!(after.revision, before.revision);
    assert!(after.memories_revision > before.memories_revision);

    let message_id = message.message_id;
    let deleted = scene.changes(What::Deleted { message_id });
    db.change(deleted).await.unwrap();
    assert_eq!(all(&db, &scene).await, []);
    let gone = db
        .remember(NewMemory {
            id: MemoryId::new(),
            ..memory
        })
        .await;
    assert!(
        !gone.unwrap(),
        "a message that was deleted is not remembered"
    );
    let last = db.twin_state(scene.twin.id).await.unwrap().unwrap();
    assert!(last.memories_revision > after.memories_revision);
}

async fn a_correction_stands_in_the_place_of_a_memory_until_it_goes(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let old = written(&scene, scene.user.id, "I live in Bergen.");
    let correction = NewMemory {
        supersedes: Some(old.id),
        kind: MemoryKind::Corrected,
        ..written(&scene, scene.user.id, "I live in Oslo.")
    };
    assert!(db.remember(old.clone()).await.unwrap());
    assert!(db.remember(correction.clone()).await.unwrap());
    let in_force = db.memories_in_force(scene.twin.id).await.unwrap();
    assert_eq!(texts(&in_force), ["I live in Oslo."]);
    let both = all(&db, &scene).await;
    assert_eq!(both[1].superseded_by, Some(correction.id));
    assert_eq!(both[0].supersedes, Some(old.id));
    db.forget_memory(scene.twin.id, correction.id, NOW)
        .await
        .unwrap();
    let in_force = db.memories_in_force(scene.twin.id).await.unwrap();
    assert_eq!(texts(&in_force), ["I live in Bergen."]);
    let of_nothing = NewMemory {
        supersedes: Some(MemoryId::new()),
        ..written(&scene, scene.user.id, "I live.")
    };
    let refused = db.remember(of_nothing).await;
    assert!(
        matches!(refused, Err(StorageError::NotFound("memory to supersede"))),
        "{refused:?}"
    );
}

async fn a_memory_is_changed_and_changed_back(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let memory = written(&scene, scene.user.id, "I have a dog.");
    db.remember(memory.clone()).await.unwrap();
    let change = |text: &str| MemoryChange {
        text: Some((text.to_owned(), vec![1.0, 0.0])),
        audience: None,
    };
    let (twin, id) = (scene.twin.id, memory.id);
    for text in ["I have two dogs.", "I have three dogs."] {
        let changed = db.change_memory(twin, id, change(text), NOW + 1).await;
        assert_eq!(changed.unwrap().text, text);
    }
    let undone = db.undo_memory(twin, id, NOW + 2).await.unwrap();
    assert_eq!(undone.text, "I have two dogs.");
    let undone = db.undo_memory(twin, id, NOW + 3).await.unwrap();
    assert_eq!(
        (undone.text.as_str(), undone.vector, undone.changed_at),
        ("I have a dog.", vec![0.6, 0.8], NOW + 3)
    );
    let refused = db.undo_memory(twin, id, NOW + 4).await;
    assert!(
        matches!(
            refused,
            Err(StorageError::NotFound("earlier text of this memory"))
        ),
        "{refused:?}"
    );
    let refused = db.change_memory(twin, MemoryId::new(), change("?"), NOW);
    let refused = refused.await;
    assert!(matches!(refused, Err(StorageError::NotFound("memory"))));
}

async fn who_it_is_about_sees_and_forgets_what_twins_of_others_remember(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bob = db.create_user(user_named("bob")).await.unwrap();
    for (about, text) in [
        (bob.id, "Bob sings."),
        (bob.id, "Bob sails."),
        (scene.user.id, "Ada reckons."),
    ] {
        db.remember(written(&scene, about, text)).await.unwrap();
    }
    let seen = db.memories_about(bob.id, None, 10).await.unwrap();
    assert_eq!(texts(&seen), ["Bob sails.", "Bob sings."]);
    let of_own_twin = db.memories_about(scene.user.id, None, 10).await.unwrap();
    assert_eq!(of_own_twin, []);
    let only_bobs = MemoryFilter {
        about: Some(bob.id),
        before: Some(seen[0].id),
    };
    let only_bobs = db.memories_of(scene.twin.id, only_bobs, 10).await.unwrap();
    assert_eq!(texts(&only_bobs), ["Bob sings."]);

    let of_another = db.forget_about(scene.user.id, Some(seen[0].id), NOW).await;
    assert!(
        matches!(of_another, Err(StorageError::NotFound("memory"))),
        "{of_another:?}"
    );
    let one = db.forget_about(bob.id, Some(seen[0].id), NOW).await;
    let one = one.unwrap();
    assert_eq!(
        (one.receipt.gone.memories, &one.twins[..]),
        (1, &[scene.twin.id][..])
    );
    let rest = db.forget_about(bob.id, None, NOW + 1).await.unwrap();
    assert_eq!(rest.receipt.gone.memories, 1);
    let nothing = db.forget_about(bob.id, None, NOW + 2).await.unwrap();
    assert_eq!(nothing.receipt.gone, Gone::default());
    // Whoever had it forgotten has the receipts, newest first, and none of nothing.
    let receipts = db.receipts_of(bob.id, None, 10).await.unwrap();
    assert_eq!(receipts, [rest.receipt, one.receipt]);
    assert_eq!(texts(&all(&db, &scene).await), ["Ada reckons."]);
    let all_of_it = db.forget_memories(scene.twin.id, None, NOW).await.unwrap();
    assert_eq!(all_of_it.receipt.gone.memories, 1);
    let receipts = db.receipts_of(scene.user.id, None, 10).await.unwrap();
    assert_eq!(receipts, [all_of_it.receipt]);
}

async fn an_audience_names_people_and_own_groups_only(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bob = db.create_user(user_named("bob")).await.unwrap();
    let group = |owner: &str| PeopleGroup {
        id: GroupId::new(),
        name: format!("friends of {owner}"),
        people: vec![bob.id],
        created_at: NOW,
    };
    let (own, of_bob) = (group("ada"), group("bob"));
    db.create_people_group(scene.user.id, own.clone())
        .await
        .unwrap();
    db.create_people_group(bob.id, of_bob.clone())
        .await
        .unwrap();
    let document = document_of(scene.twin.id, "diary.md");
    db.insert_document(document.clone(), Vec::new(), 10)
        .await
        .unwrap();
    let named = |people: Vec<UserId>, groups: Vec<GroupId>| Audience::Named { people, groups };
    let audience = named(vec![bob.id], vec![own.id]);
    db.set_document_audience(document.id, audience.clone())
        .await
        .unwrap();
    let memory = NewMemory {
        audience: audience.clone(),
        ..written(&scene, scene.user.id, "It rained.")
    };
    db.remember(memory).await.unwrap();
    let stored = db.document(document.id).await.unwrap().unwrap();
    assert_eq!(stored.audience, audience);
    assert_eq!(all(&db, &scene).await[0].audience, audience);

    for (refused, what) in [
        (named(Vec::new(), vec![of_bob.id]), "group"),
        (named(vec![UserId::new()], Vec::new()), "person"),
    ] {
        let refused = db.set_document_audience(document.id, refused).await;
        assert!(
            matches!(refused, Err(StorageError::NotFound(missing)) if missing == what),
            "{refused:?}"
        );
    }
    let stored = db.document(document.id).await.unwrap().unwrap();
    assert_eq!(stored.audience, audience, "a refused change leaves it");
    db.set_document_audience(document.id, Audience::Link)
        .await
        .unwrap();
    let stored = db.document(document.id).await.unwrap().unwrap();
    assert_eq!(stored.audience, Audience::Link);
}

async fn a_group_is_told_about_and_gone_with_its_people(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bob = db.create_user(user_named("bob")).await.unwrap();
    let eve = db.create_user(user_named("eve")).await.unwrap();
    let mut group = PeopleGroup {
        id: GroupId::new(),
        name: "family".to_owned(),
        people: vec![bob.id],
        created_at: NOW,
    };
    let owner = scene.user.id;
    db.create_people_group(owner, group.clone()).await.unwrap();
    let same_name = PeopleGroup {
        id: GroupId::new(),
        ..group.clone()
    };
    let refused = db.create_people_group(owner, same_name).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))));
    let before = db.twin_state(scene.twin.id).await.unwrap().unwrap();
    group.people = vec![bob.id, eve.id];
    let people = Some(group.people.clone());
    let changed = db.change_people_group(owner, group.id, None, people).await;
    assert_eq!(changed.unwrap(), group);
    let after = db.twin_state(scene.twin.id).await.unwrap().unwrap();
    assert!(after.revision > before.revision);
    let groups = db.groups_of_twin(scene.twin.id).await.unwrap();
    assert_eq!(groups[&group.id].len(), 2);
    let refused = db.change_people_group(bob.id, group.id, None, None).await;
    assert!(matches!(refused, Err(StorageError::NotFound("group"))));
    db.delete_user(eve.id, NOW).await.unwrap();
    group.people = vec![bob.id];
    assert_eq!(db.people_groups_of(owner).await.unwrap(), [group.clone()]);
    db.delete_people_group(owner, group.id).await.unwrap();
    assert_eq!(db.people_groups_of(owner).await.unwrap(), []);
}

async fn one_person_does_not_fill_the_memory(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bob = db.create_user(user_named("bob")).await.unwrap();
    for number in 0..MEMORIES_OF_PERSON_MAX {
        let memory = written(&scene, bob.id, &number.to_string());
        db.remember(memory).await.unwrap();
    }
    let refused = db.remember(written(&scene, bob.id, "more")).await;
    assert!(
        matches!(refused, Err(StorageError::LimitReached { .. })),
        "{refused:?}"
    );
    let of_another = written(&scene, scene.user.id, "mine");
    assert!(db.remember(of_another).await.unwrap());
}

async fn a_reply_knows_what_it_was_built_from_until_that_is_forgotten(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let node = NodeId::new();
    let (question, reply) = scene.asks("1", node);
    let question = new(db.append_message(question).await.unwrap());
    let memory = written(&scene, scene.user.id, "The engine is of brass.");
    db.remember(memory.clone()).await.unwrap();
    let epoch = db.claim_reply(reply, node, NOW, NOW + 15_000).await;
    let origin = NewOrigin {
        twin_id: scene.twin.id,
        persona: Persona {
            name: scene.twin.name.clone(),
            persona: scene.twin.persona.clone(),
            language: "en".to_owned(),
        },
        persona_hash: [1; 32],
        prompt_hash: [2; 32],
        temperature: 0.7,
        tokens_max: 256,
        listeners: 0,
        turns: vec![question.message_id],
        recap: None,
        memories: vec![RememberedThen {
            memory_id: memory.id,
            text: memory.text.clone(),
        }],
    };
    let answer = FinishedReply {
        origin: Some(origin.clone()),
        ..scene.answer()
    };
    let epoch = epoch.unwrap().unwrap();
    let finished = db.finish_reply(reply, epoch, answer).await.unwrap();
    assert!(matches!(finished, Finished::Done(_)), "{finished:?}");
    let kept = db.origin(reply).await.unwrap().unwrap();
    assert_eq!(
        (kept.persona, kept.temperature, kept.turns, kept.memories),
        (origin.persona, 0.7, origin.turns, origin.memories)
    );
    db.forget_memory(scene.twin.id, memory.id, NOW)
        .await
        .unwrap();
    let kept = db.origin(reply).await.unwrap().unwrap();
    assert_eq!(kept.memories, []);
    let message_id = reply;
    db.change(scene.changes(What::Deleted { message_id }))
        .await
        .unwrap();
    assert_eq!(db.origin(reply).await.unwrap(), None);
    let other = twin_of(scene.user.id, "other");
    assert_eq!(db.twin_state(other.id).await.unwrap(), None);
}
