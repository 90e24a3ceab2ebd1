//! Recaps of long conversations: kept once, step by step, and gone with what they sum up.

use protocol::{ConversationId, Message, MessageId, NodeId, RecapId, UserId, What};
use storage::{
    Finished, FinishedReply, Gone, NewMember, NewOrigin, NewRecap, Persona, Recap, ReceiptKind,
    StorageError,
};

use crate::support::{
    NOW, Scene, TestDatabase, begin, new, on_both_databases, twin_of, user_named,
};

on_both_databases![
    a_recap_is_kept_by_one_of_two_who_go_on_from_the_same,
    what_changed_while_it_was_summed_up_is_not_kept,
    a_message_that_is_edited_or_deleted_takes_the_recaps_of_it_along,
    a_thread_has_recaps_of_its_own,
    what_the_owner_has_forgotten_is_not_summed_up_again,
    a_reply_knows_the_recap_that_it_was_given,
    recaps_go_with_an_account_and_with_a_twin,
];

async fn say(db: &TestDatabase, scene: &Scene, count: usize) -> Vec<Message> {
    let mut said = Vec::new();
    for number in 0..count {
        let message = scene.says(&MessageId::new().to_string(), &format!("number {number}"));
        said.push(new(db.append_message(message).await.unwrap()));
    }
    said
}

fn recap(scene: &Scene, previous: Option<&NewRecap>, to_seq: u64, text: &str) -> NewRecap {
    NewRecap {
        id: RecapId::new(),
        twin_id: scene.twin.id,
        conversation_id: scene.conversation.id,
        thread: None,
        previous: previous.map(|recap| recap.id),
        from_seq: 1,
        to_seq,
        known_seq: to_seq,
        text: text.to_owned(),
        model: "scripted".to_owned(),
        created_at: NOW,
    }
}

async fn newest(db: &TestDatabase, scene: &Scene) -> Option<String> {
    before(db, scene, u64::MAX).await
}

async fn before(db: &TestDatabase, scene: &Scene, seq: u64) -> Option<String> {
    let talk = (scene.conversation.id, None);
    let (recap, _) = db.recap_before(scene.twin.id, talk, seq).await.unwrap();
    recap.map(|recap| recap.text)
}

async fn a_recap_is_kept_by_one_of_two_who_go_on_from_the_same(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    say(&db, &scene, 6).await;
    let first = recap(&scene, None, 2, "one and two");
    let other = recap(&scene, None, 3, "one to three");
    let (kept, kept_too) = tokio::join!(db.keep_recap(first.clone()), db.keep_recap(other.clone()));
    let (kept, kept_too) = (kept.unwrap(), kept_too.unwrap());
    assert_ne!(kept, kept_too);
    let first = if kept { first } else { other };
    let second = recap(&scene, Some(&first), 4, "one to four");
    assert!(db.keep_recap(second.clone()).await.unwrap());
    assert!(
        !db.keep_recap(recap(&scene, Some(&first), 5, "late"))
            .await
            .unwrap()
    );
    assert!(
        !db.keep_recap(recap(&scene, None, 6, "later"))
            .await
            .unwrap()
    );
    let expected = Recap {
        id: second.id,
        twin_id: scene.twin.id,
        conversation_id: scene.conversation.id,
        thread: None,
        from_seq: 1,
        to_seq: 4,
        text: "one to four".to_owned(),
        model: "scripted".to_owned(),
        created_at: NOW,
        owner_takes_part: true,
    };
    let talk = (scene.conversation.id, None);
    let found = db.recap_before(scene.twin.id, talk, 5).await.unwrap();
    assert_eq!(found, (Some(expected.clone()), 6));
    // A question sees nothing of what was said after it.
    assert_eq!(before(&db, &scene, 4).await, Some(first.text));
    assert_eq!(before(&db, &scene, 2).await, None);
    let listed = db.recaps_of(scene.twin.id, None, 9).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&expected));
    let older = db.recaps_of(scene.twin.id, Some(expected.id), 9).await;
    assert_eq!(older.unwrap(), []);
    let nowhere = (ConversationId::new(), None);
    let nowhere = db.recap_before(scene.twin.id, nowhere, 5).await;
    assert!(
        matches!(nowhere, Err(StorageError::NotFound("conversation"))),
        "{nowhere:?}"
    );
    let gone = NewRecap {
        conversation_id: ConversationId::new(),
        ..recap(&scene, None, 2, "gone")
    };
    assert!(!db.keep_recap(gone).await.unwrap());
}

async fn edit(db: &TestDatabase, scene: &Scene, message: &Message) {
    let what = What::Edited {
        message_id: message.message_id,
        text: "another number".to_owned(),
        authorship: None,
    };
    db.change(scene.changes(what)).await.unwrap();
}

async fn delete(db: &TestDatabase, scene: &Scene, message: &Message) {
    let message_id = message.message_id;
    let what = What::Deleted { message_id };
    db.change(scene.changes(what)).await.unwrap();
}

async fn what_changed_while_it_was_summed_up_is_not_kept(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let said = say(&db, &scene, 6).await;
    let known = |to_seq| NewRecap {
        known_seq: 6,
        ..recap(&scene, None, to_seq, "as it was")
    };
    edit(&db, &scene, &said[3]).await;
    assert!(!db.keep_recap(known(4)).await.unwrap());
    // What stands behind it is not summed up.
    assert!(db.keep_recap(known(3)).await.unwrap());
    let first = newest(&db, &scene).await;
    assert_eq!(first.as_deref(), Some("as it was"));
    delete(&db, &scene, &said[1]).await;
    assert_eq!(newest(&db, &scene).await, None);
    assert!(!db.keep_recap(known(3)).await.unwrap());
    let read_anew = NewRecap {
        known_seq: 8,
        ..known(3)
    };
    assert!(db.keep_recap(read_anew).await.unwrap());
}

async fn a_message_that_is_edited_or_deleted_takes_the_recaps_of_it_along(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let said = say(&db, &scene, 8).await;
    let first = recap(&scene, None, 2, "to two");
    let second = recap(&scene, Some(&first), 4, "to four");
    let third = recap(&scene, Some(&second), 6, "to six");
    for recap in [&first, &second, &third] {
        assert!(db.keep_recap(recap.clone()).await.unwrap());
    }
    edit(&db, &scene, &said[6]).await;
    assert_eq!(newest(&db, &scene).await.as_deref(), Some("to six"));
    edit(&db, &scene, &said[4]).await;
    assert_eq!(newest(&db, &scene).await.as_deref(), Some("to four"));
    delete(&db, &scene, &said[3]).await;
    // What is not touched is gone on from.
    assert_eq!(newest(&db, &scene).await.as_deref(), Some("to two"));
    delete(&db, &scene, &said[0]).await;
    assert_eq!(newest(&db, &scene).await, None);
}

async fn a_thread_has_recaps_of_its_own(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let said = say(&db, &scene, 4).await;
    let root = Some(said[0].message_id);
    let in_thread = NewRecap {
        thread: root,
        ..recap(&scene, None, 3, "of the thread")
    };
    assert!(db.keep_recap(in_thread).await.unwrap());
    assert_eq!(newest(&db, &scene).await, None);
    assert!(
        db.keep_recap(recap(&scene, None, 2, "of the rest"))
            .await
            .unwrap()
    );
    let talk = (scene.conversation.id, root);
    let (found, _) = db.recap_before(scene.twin.id, talk, 9).await.unwrap();
    assert_eq!(found.unwrap().text, "of the thread");
    assert_eq!(newest(&db, &scene).await.as_deref(), Some("of the rest"));
    let listed = db.recaps_of(scene.twin.id, None, 9).await.unwrap();
    assert_eq!(listed.len(), 2);
}

async fn what_the_owner_has_forgotten_is_not_summed_up_again(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let said = say(&db, &scene, 8).await;
    let first = recap(&scene, None, 2, "to two");
    let second = recap(&scene, Some(&first), 4, "to four");
    for recap in [&first, &second] {
        assert!(db.keep_recap(recap.clone()).await.unwrap());
    }
    let other = db.create_user(user_named("bo")).await.unwrap();
    let of_bo = twin_of(other.id, "Bo's twin");
    db.create_twin(of_bo.clone(), 10).await.unwrap();
    let refused = db.forget_recap(of_bo.id, second.id, NOW).await;
    assert!(
        matches!(refused, Err(StorageError::NotFound("recap"))),
        "{refused:?}"
    );

    let forgotten = db
        .forget_recap(scene.twin.id, second.id, NOW + 5)
        .await
        .unwrap();

    let receipt = &forgotten.receipt;
    let gone = Gone {
        recaps: 2,
        ..Gone::default()
    };
    assert_eq!(
        (
            receipt.kind,
            receipt.twin_id,
            &receipt.gone,
            &forgotten.twins
        ),
        (
            ReceiptKind::Recap,
            Some(scene.twin.id),
            &gone,
            &vec![scene.twin.id]
        )
    );
    let kept = db.receipts_of(scene.user.id, None, 9).await.unwrap();
    assert_eq!(kept, std::slice::from_ref(receipt));
    assert!(db.is_scrub_due().await.unwrap());
    assert_eq!(db.recaps_of(scene.twin.id, None, 9).await.unwrap(), []);
    let again = db.forget_recap(scene.twin.id, second.id, NOW).await;
    assert!(
        matches!(again, Err(StorageError::NotFound("recap"))),
        "{again:?}"
    );
    // What was under way then is not kept, nor what a deletion would make begin anew.
    assert!(
        !db.keep_recap(recap(&scene, Some(&second), 6, "to six"))
            .await
            .unwrap()
    );
    delete(&db, &scene, &said[0]).await;
    let talk = (scene.conversation.id, None);
    let (closed, _) = db.recap_before(scene.twin.id, talk, 9).await.unwrap();
    let closed = closed.unwrap();
    assert_eq!((closed.to_seq, closed.text.as_str()), (4, ""));
    let next = NewRecap {
        previous: Some(closed.id),
        from_seq: 5,
        known_seq: 9,
        ..recap(&scene, None, 6, "five and six")
    };
    assert!(db.keep_recap(next).await.unwrap());
    let listed = db.recaps_of(scene.twin.id, None, 9).await.unwrap();
    assert_eq!(listed.len(), 1);
}

async fn a_reply_knows_the_recap_that_it_was_given(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let said = say(&db, &scene, 4).await;
    let kept = recap(&scene, None, 2, "one and two");
    db.keep_recap(kept.clone()).await.unwrap();
    let node = NodeId::new();
    for is_there in [true, false] {
        let (question, reply) = scene.asks(&MessageId::new().to_string(), node);
        db.append_message(question).await.unwrap();
        let epoch = db.claim_reply(reply, node, NOW, NOW + 15_000).await;
        let origin = NewOrigin {
            twin_id: scene.twin.id,
            persona: Persona {
                name: String::new(),
                persona: String::new(),
                language: String::new(),
            },
            persona_hash: [1; 32],
            prompt_hash: [2; 32],
            temperature: 0.7,
            tokens_max: 256,
            listeners: 0,
            turns: Vec::new(),
            recap: Some(kept.id),
            memories: Vec::new(),
        };
        let answer = FinishedReply {
            origin: Some(origin),
            ..scene.answer()
        };
        let finished = db
            .finish_reply(reply, epoch.unwrap().unwrap(), answer)
            .await;
        assert!(matches!(finished.unwrap(), Finished::Done(_)));
        let origin = db.origin(reply).await.unwrap().unwrap();
        assert_eq!(origin.recap, is_there.then_some(kept.id));
        let found = db.recap(scene.twin.id, kept.id).await.unwrap();
        assert_eq!(found.is_some(), is_there);
        if is_there {
            delete(&db, &scene, &said[1]).await;
        }
        let origin = db.origin(reply).await.unwrap().unwrap();
        assert_eq!(origin.recap, None);
    }
}

/// A room of the person, another one and the other one's twin, which has summed up what both said.
async fn room(db: &TestDatabase, scene: &Scene, bo: UserId) -> Scene {
    let of_bo = twin_of(bo, "Bo's twin");
    db.create_twin(of_bo.clone(), 10).await.unwrap();
    let members = vec![
        NewMember::User(bo),
        NewMember::User(scene.user.id),
        NewMember::Twin(of_bo.id),
    ];
    Scene {
        user: scene.user.clone(),
        twin: of_bo,
        conversation: begin(db, bo, members).await,
    }
}

async fn recaps_go_with_an_account_and_with_a_twin(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    // One in which the person says something, one in which only Bo does, and one alone with the person's own twin.
    let (said_here, silent) = (
        room(&db, &scene, bo.id).await,
        room(&db, &scene, bo.id).await,
    );
    let of_bo = Scene {
        user: bo.clone(),
        twin: silent.twin.clone(),
        conversation: silent.conversation.clone(),
    };
    for (scene, text) in [(&said_here, "here"), (&of_bo, "silent"), (&scene, "alone")] {
        say(&db, scene, 3).await;
        assert!(db.keep_recap(recap(scene, None, 2, text)).await.unwrap());
    }
    let deleted = db.delete_user(scene.user.id, NOW).await.unwrap();
    assert_eq!(deleted.receipt.gone.recaps, 2);
    assert_eq!(newest(&db, &said_here).await, None);
    assert_eq!(newest(&db, &silent).await.as_deref(), Some("silent"));
    let forgotten = db.delete_twin(silent.twin.id, NOW).await.unwrap();
    assert_eq!(forgotten.receipt.gone.recaps, 1);
    assert_eq!(newest(&db, &silent).await, None);
}
