//! Rooms: who takes part and as what, who is kept out, invitations, and that each change is an entry of the log.

use protocol::{Author, Entry, InvitationId, Role, UserId, What};
use storage::{
    Appended, Changed, DELETED_ACCOUNT, Invitation, Member, NewChange, NewMessage, StorageError,
    TokenHash, User,
};
use tokio::task::JoinSet;

use crate::support::{NOW, Scene, TestDatabase, new, on_both_databases, user_named};

const CODE: TokenHash = [3; 32];

on_both_databases![
    every_change_of_a_room_is_an_entry_and_reads_back,
    who_was_muted_and_comes_back_is_muted_still,
    who_joins_has_nothing_unread_and_who_is_banned_does_not_join,
    what_is_decided_by_old_members_is_refused,
    an_invitation_is_used_as_often_as_it_says,
    an_invitation_ends,
    pins_stand_until_their_message_is_deleted,
    names_in_changes_go_with_their_account,
];

fn of(user: &User) -> Author {
    Author::User {
        id: user.id,
        name: user.name.clone(),
    }
}

fn change(scene: &Scene, what: What) -> NewChange {
    NewChange {
        created_at: NOW + 1,
        ..scene.changes(what)
    }
}

async fn makes(db: &TestDatabase, scene: &Scene, what: What) -> u64 {
    match db.change(change(scene, what)).await.unwrap() {
        Changed::New(change) => change.seq,
        Changed::Duplicate(change) => panic!("{change:?} is a duplicate"),
    }
}

async fn roster(db: &TestDatabase, scene: &Scene) -> (Vec<(UserId, Role, Option<i64>)>, u64) {
    let roster = db.roster(scene.conversation.id).await.unwrap().unwrap();
    let people = roster.members.iter().filter_map(|member| match member {
        Member::User {
            id,
            role,
            muted_until,
            ..
        } => Some((*id, *role, *muted_until)),
        Member::Twin { .. } => None,
    });
    (people.collect(), roster.seq)
}

async fn who_was_muted_and_comes_back_is_muted_still(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let member = || of(&bo);
    let joins = || What::Joined {
        member: member(),
        role: Some(Role::Member),
    };
    let mute = |until| What::Muted {
        member: member(),
        until,
    };
    makes(&db, &scene, joins()).await;
    let unmute = What::Unmuted { member: member() };
    let leave = What::Left { member: member() };
    for (change, expected) in [
        (mute(None), Some(i64::MAX)),
        (mute(Some(NOW + 9)), Some(NOW + 9)),
        // It is over.
        (mute(Some(NOW)), None),
        (mute(None), Some(i64::MAX)),
        (unmute, None),
    ] {
        makes(&db, &scene, change).await;
        makes(&db, &scene, leave.clone()).await;
        makes(&db, &scene, joins()).await;
        let (people, _) = roster(&db, &scene).await;
        let (.., muted_until) = people.into_iter().find(|(id, ..)| *id == bo.id).unwrap();
        assert_eq!(muted_until, expected);
    }
}

async fn every_change_of_a_room_is_an_entry_and_reads_back(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let member = of(&bo);
    let role = Role::Moderator;
    let all = [
        What::Joined {
            member: member.clone(),
            role: Some(Role::Guest),
        },
        What::RoleSet {
            member: member.clone(),
            role,
        },
        What::Muted {
            member: member.clone(),
            until: Some(NOW + 9),
        },
        What::Unmuted {
            member: member.clone(),
        },
        What::Muted {
            member: member.clone(),
            until: None,
        },
        What::Titled {
            title: Some("Engines".to_owned()),
        },
        What::Titled { title: None },
        What::TopicSet {
            topic: Some("Brass\nand steam".to_owned()),
        },
        What::Removed {
            member: member.clone(),
        },
        What::Banned {
            member: member.clone(),
        },
        What::Unbanned { member },
        What::Removed {
            member: scene.twin_author(),
        },
        What::Joined {
            member: scene.twin_author(),
            role: None,
        },
        What::Left {
            member: scene.author(),
        },
    ];
    for (number, what) in (1..).zip(&all) {
        assert_eq!(makes(&db, &scene, what.clone()).await, number, "{what:?}");
    }
    let log = db.entries_after(scene.conversation.id, 0, 100).await;
    let log: Vec<What> = log
        .unwrap()
        .into_iter()
        .map(|entry| match entry {
            Entry::Change(change) => change.what,
            Entry::Message(message) => panic!("{message:?}"),
        })
        .collect();
    assert_eq!(log, all);
    let conversation = db.conversation(scene.conversation.id).await.unwrap();
    let conversation = conversation.unwrap();
    assert_eq!(conversation.title, None);
    assert_eq!(conversation.topic.as_deref(), Some("Brass\nand steam"));
    assert_eq!(conversation.last_seq, 14);
    assert_eq!(roster(&db, &scene).await, (vec![], 14));
}

async fn who_joins_has_nothing_unread_and_who_is_banned_does_not_join(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    new(db.append_message(scene.says("1", "before")).await.unwrap());
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let joined = What::Joined {
        member: of(&bo),
        role: Some(Role::Member),
    };
    makes(&db, &scene, joined.clone()).await;
    let twice = db.change(change(&scene, joined.clone())).await;
    assert!(matches!(twice, Err(StorageError::Conflict(_))), "{twice:?}");
    let unread = |list: Vec<storage::ConversationSummary>| (list[0].unread, list[0].member_count);
    let list = db.conversations_of(bo.id, None, 10).await.unwrap();
    assert_eq!(unread(list), (0, 3));
    new(db.append_message(scene.says("2", "after")).await.unwrap());
    let list = db.conversations_of(bo.id, None, 10).await.unwrap();
    assert_eq!(unread(list), (1, 3));

    makes(&db, &scene, What::Banned { member: of(&bo) }).await;
    assert!(!db.is_member(scene.conversation.id, bo.id).await.unwrap());
    let bans = db.bans(scene.conversation.id).await.unwrap();
    assert_eq!(bans.len(), 1);
    assert_eq!((bans[0].user_id, bans[0].banned_by), (bo.id, scene.user.id));
    let refused = db.change(change(&scene, joined.clone())).await;
    assert!(
        matches!(refused, Err(StorageError::Forbidden(_))),
        "{refused:?}"
    );
    makes(&db, &scene, What::Unbanned { member: of(&bo) }).await;
    makes(&db, &scene, joined).await;
    let missing = db
        .change(change(&scene, What::Unbanned { member: of(&bo) }))
        .await;
    assert!(
        matches!(missing, Err(StorageError::NotFound("ban"))),
        "{missing:?}"
    );
}

async fn what_is_decided_by_old_members_is_refused(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let by = |seq: u64, id: &str| NewMessage {
        members_seq: Some(seq),
        ..scene.says(id, "hello")
    };
    new(db.append_message(by(0, "1")).await.unwrap());
    let joined = What::Joined {
        member: of(&bo),
        role: Some(Role::Member),
    };
    let seq = makes(&db, &scene, joined).await;
    // Several at once share a transaction; each is judged for itself.
    let mut appended = JoinSet::new();
    for number in 2..20 {
        let known = if number % 3 == 0 { 0 } else { seq };
        let append = db.append_message(by(known, &number.to_string()));
        appended.spawn(async move { (known, append.await) });
    }
    while let Some(outcome) = appended.join_next().await {
        let (known, outcome) = outcome.unwrap();
        match outcome {
            Ok(Appended::New(_)) => assert_eq!(known, seq),
            Err(StorageError::MembersChanged) => assert_eq!(known, 0),
            other => panic!("{other:?}"),
        }
    }
    let log = db
        .entries_after(scene.conversation.id, 0, 100)
        .await
        .unwrap();
    let seqs: Vec<u64> = log.iter().map(Entry::seq).collect();
    assert_eq!(seqs, (1..=14).collect::<Vec<u64>>(), "no gap is left");
    let old = NewChange {
        members_seq: Some(0),
        ..change(&scene, What::Titled { title: None })
    };
    let refused = db.change(old).await;
    assert!(
        matches!(refused, Err(StorageError::MembersChanged)),
        "{refused:?}"
    );
}

fn invitation(scene: &Scene, uses_max: u64) -> Invitation {
    Invitation {
        id: InvitationId::new(),
        conversation_id: scene.conversation.id,
        created_by: scene.user.id,
        role: Role::Member,
        created_at: NOW,
        expires_at: NOW + 100,
        uses: 0,
        uses_max,
    }
}

async fn an_invitation_is_used_as_often_as_it_says(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let made = invitation(&scene, 3);
    db.create_invitation(made.clone(), CODE).await.unwrap();
    assert_eq!(db.invitation(&CODE, NOW).await.unwrap(), Some(made.clone()));
    let mut joining = JoinSet::new();
    for number in 0..8 {
        let user = db.create_user(user_named(&format!("p{number}"))).await;
        let user = user.unwrap();
        let join = NewChange {
            user_id: user.id,
            name: user.name.clone(),
            invitation: Some(made.id),
            ..change(
                &scene,
                What::Joined {
                    member: of(&user),
                    role: Some(Role::Member),
                },
            )
        };
        let storage = db.storage.clone();
        joining.spawn(async move { storage.change(join).await });
    }
    let mut joined = 0;
    while let Some(outcome) = joining.join_next().await {
        match outcome.unwrap() {
            Ok(_) => joined += 1,
            Err(StorageError::NotFound("invitation")) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(joined, 3);
    assert_eq!(roster(&db, &scene).await.0.len(), 4);
    assert_eq!(db.invitation(&CODE, NOW).await.unwrap(), None);
    let left = db.invitations_to(scene.conversation.id, NOW).await.unwrap();
    assert_eq!(left, []);
}

async fn an_invitation_ends(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let made = invitation(&scene, 3);
    db.create_invitation(made.clone(), CODE).await.unwrap();
    assert_eq!(db.invitation(&CODE, NOW + 100).await.unwrap(), None);
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let late = NewChange {
        invitation: Some(made.id),
        created_at: NOW + 100,
        ..change(
            &scene,
            What::Joined {
                member: of(&bo),
                role: Some(Role::Member),
            },
        )
    };
    let refused = db.change(late).await;
    assert!(
        matches!(refused, Err(StorageError::NotFound("invitation"))),
        "{refused:?}"
    );
    db.delete_invitation(scene.conversation.id, made.id)
        .await
        .unwrap();
    let again = db.delete_invitation(scene.conversation.id, made.id).await;
    assert!(matches!(again, Err(StorageError::NotFound("invitation"))));
    assert_eq!(db.invitation(&CODE, NOW).await.unwrap(), None);
}

async fn pins_stand_until_their_message_is_deleted(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let message = scene.says(&number.to_string(), &format!("message {number}"));
        let message = new(db.append_message(message).await.unwrap());
        let message_id = message.message_id;
        makes(&db, &scene, What::Pinned { message_id }).await;
        ids.push(message_id);
    }
    let pinned = || async {
        let pinned = db.pinned_messages(scene.conversation.id).await.unwrap();
        assert!(pinned.iter().all(|message| message.pinned));
        pinned
            .into_iter()
            .map(|message| message.message_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(pinned().await, [ids[2], ids[1], ids[0]]);
    let message_id = ids[0];
    let twice = db.change(change(&scene, What::Pinned { message_id })).await;
    assert!(matches!(twice, Err(StorageError::Conflict(_))), "{twice:?}");
    makes(&db, &scene, What::Unpinned { message_id }).await;
    makes(&db, &scene, What::Deleted { message_id: ids[1] }).await;
    assert_eq!(pinned().await, [ids[2]]);
    let missing = db
        .change(change(&scene, What::Unpinned { message_id }))
        .await;
    assert!(
        matches!(missing, Err(StorageError::NotFound("pin"))),
        "{missing:?}"
    );
}

async fn names_in_changes_go_with_their_account(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let joined = What::Joined {
        member: of(&bo),
        role: Some(Role::Member),
    };
    makes(&db, &scene, joined).await;
    db.delete_user(bo.id, NOW).await.unwrap();
    let log = db
        .entries_after(scene.conversation.id, 0, 10)
        .await
        .unwrap();
    let Entry::Change(change) = &log[0] else {
        panic!("{log:?}");
    };
    let Some(Author::User { name, .. }) = change.what.member() else {
        panic!("{change:?}");
    };
    assert_eq!(name, DELETED_ACCOUNT);
}
