//! Blocks: whom people do not wish to hear from, and what that keeps from happening.

use protocol::{Author, MessageId, NodeId, Role, UserId, What};
use storage::{
    Beginning, BlockConcerns, Blocked, Bot, Conversation, ConversationKind, NewAttempt, NewChange,
    NewConversation, NewMember, NewMessage, Notice, NoticeKind, Storage, StorageError, User,
    Visibility,
};

use crate::support::{
    NOW, Scene, TestDatabase, begin, new, on_both_databases, twin_of, user_named,
};

on_both_databases![
    blocks_are_listed_and_taken_back_and_go_with_either,
    people_know_only_of_some_whom_they_may_block,
    who_is_blocked_begins_nothing_and_brings_nobody_in,
    of_two_a_block_makes_what_was_judged_before_stale,
    nobody_is_told_of_what_somebody_wrote_whom_they_have_blocked,
    what_a_blocked_twin_was_asked_is_unwanted,
    a_twin_is_one_of_two_and_who_watches_is_none,
];

/// Blocks that nobody comes near to.
const MANY: u64 = 100;

async fn begin_direct(
    storage: &Storage,
    creator: UserId,
    other: NewMember,
) -> Result<Conversation, StorageError> {
    let new = NewConversation {
        id: protocol::ConversationId::new(),
        kind: ConversationKind::Direct,
        title: None,
        created_by: creator,
        created_at: NOW,
    };
    let members = vec![NewMember::User(creator), other];
    storage.create_conversation(new, members).await
}

fn is_forbidden<T: std::fmt::Debug>(outcome: Result<T, StorageError>) -> bool {
    match outcome {
        Err(StorageError::Forbidden(_)) => true,
        other => panic!("{other:?}"),
    }
}

async fn blocks_are_listed_and_taken_back_and_go_with_either(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let ada = scene.user.id;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let bot = Bot {
        id: UserId::new(),
        owner_id: bo.id,
        name: "Quiz".to_owned(),
        prefix: "p".to_owned(),
        created_at: NOW,
        last_used_at: None,
    };
    db.create_bot(bot.clone(), [1; 32], 9).await.unwrap();
    let twin = Blocked::Twin(scene.twin.id);
    for (number, blocked) in [Blocked::User(bo.id), Blocked::User(bot.id), twin]
        .into_iter()
        .enumerate()
    {
        let now = NOW + number as i64;
        let concerns = db.block(ada, blocked, now, 3).await.unwrap();
        assert_eq!(concerns, BlockConcerns::default());
        assert!(db.has_blocked(ada, blocked).await.unwrap());
    }
    assert!(!db.has_blocked(bo.id, Blocked::User(ada)).await.unwrap());
    let listed = || async {
        let blocks = db.blocks_of(ada).await.unwrap();
        let described = blocks.into_iter();
        described
            .map(|block| (block.name, block.is_bot, block.created_at - NOW))
            .collect::<Vec<_>>()
    };
    let named = |name: &str, is_bot: bool, since: i64| (name.to_owned(), is_bot, since);
    let of_twin = named("Ada's twin", false, 2);
    assert_eq!(
        listed().await,
        [
            of_twin.clone(),
            named("Quiz", true, 1),
            named("bo", false, 0)
        ]
    );
    let cy = db.create_user(user_named("cy")).await.unwrap();
    let full = db.block(ada, Blocked::User(cy.id), NOW, 3).await;
    assert!(
        matches!(full, Err(StorageError::LimitReached { max: 3, .. })),
        "{full:?}"
    );
    let gone = db.block(ada, Blocked::User(UserId::new()), NOW, 9).await;
    assert!(matches!(gone, Err(StorageError::NotFound(_))), "{gone:?}");
    // Who is blocked already stays so, since then.
    let again = db.block(ada, Blocked::User(bo.id), NOW + 9, MANY).await;
    again.unwrap();
    assert_eq!(listed().await.len(), 3);
    db.unblock(ada, bo.id.as_uuid()).await.unwrap();
    let none = db.unblock(ada, bo.id.as_uuid()).await;
    assert!(
        matches!(none, Err(StorageError::NotFound("block"))),
        "{none:?}"
    );
    db.delete_user(bo.id, NOW).await.unwrap();
    assert_eq!(listed().await, [of_twin], "the bot went with its owner");
    db.delete_user(ada, NOW).await.unwrap();
    assert_eq!(listed().await, []);
}

async fn people_know_only_of_some_whom_they_may_block(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let public = storage::Twin {
        visibility: Visibility::Public,
        ..twin_of(scene.user.id, "Public")
    };
    db.create_twin(public.clone(), 9).await.unwrap();
    let private = scene.twin.id;
    let find = |user: UserId, id: uuid::Uuid| db.find_blockable(user, id);
    let found = find(bo.id, scene.user.id.as_uuid()).await.unwrap();
    assert_eq!(found, Some(Blocked::User(scene.user.id)));
    let found = find(bo.id, public.id.as_uuid()).await.unwrap();
    assert_eq!(found, Some(Blocked::Twin(public.id)));
    assert_eq!(find(bo.id, private.as_uuid()).await.unwrap(), None);
    let found = find(scene.user.id, private.as_uuid()).await.unwrap();
    assert_eq!(found, Some(Blocked::Twin(private)), "one's own");
    let members = vec![
        NewMember::User(scene.user.id),
        NewMember::User(bo.id),
        NewMember::Twin(private),
    ];
    begin(&db, scene.user.id, members).await;
    let found = find(bo.id, private.as_uuid()).await.unwrap();
    assert_eq!(found, Some(Blocked::Twin(private)), "they have met");
    assert_eq!(find(bo.id, uuid::Uuid::now_v7()).await.unwrap(), None);
}

fn joins(scene: &Scene, author: &User, member: &User) -> NewChange {
    let joined = What::Joined {
        member: Author::User {
            id: member.id,
            name: member.name.clone(),
        },
        role: Some(Role::Member),
    };
    NewChange {
        user_id: author.id,
        name: author.name.clone(),
        ..scene.changes(joined)
    }
}

async fn who_is_blocked_begins_nothing_and_brings_nobody_in(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let (ada, blocked) = (scene.user.id, Blocked::User(scene.user.id));
    db.block(bo.id, blocked, NOW, MANY).await.unwrap();
    let other = NewMember::User(bo.id);
    assert!(is_forbidden(begin_direct(&db, ada, other).await));
    let back = NewMember::User(ada);
    assert!(
        is_forbidden(begin_direct(&db, bo.id, back).await),
        "whoever has blocked somebody takes that back first"
    );
    let room = NewConversation {
        id: protocol::ConversationId::new(),
        kind: ConversationKind::Room,
        title: None,
        created_by: ada,
        created_at: NOW,
    };
    let members = vec![NewMember::User(ada), other, NewMember::Twin(scene.twin.id)];
    assert!(is_forbidden(db.create_conversation(room, members).await));
    assert!(is_forbidden(
        db.change(joins(&scene, &scene.user, &bo)).await
    ));
    // One's own choice is another matter, and so is what somebody else does.
    begin(&db, bo.id, vec![other, back]).await;
    let cy = db.create_user(user_named("cy")).await.unwrap();
    db.change(joins(&scene, &cy, &bo)).await.unwrap();
    let twin = Blocked::Twin(scene.twin.id);
    db.block(bo.id, twin, NOW, MANY).await.unwrap();
    let with_twin = NewMember::Twin(scene.twin.id);
    assert!(is_forbidden(begin_direct(&db, bo.id, with_twin).await));
}

async fn of_two_a_block_makes_what_was_judged_before_stale(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let other = NewMember::User(bo.id);
    let direct = begin_direct(&db, scene.user.id, other).await.unwrap();
    let room = begin(&db, bo.id, vec![other, NewMember::User(scene.user.id)]).await;
    let version = |id| {
        let roster = db.roster(id);
        async move {
            let roster = roster.await.unwrap().unwrap();
            (roster.version, roster.is_cut_off)
        }
    };
    let (before, cut_off) = version(direct.id).await;
    assert!(!cut_off);
    let says = |id, version, number: &str| NewMessage {
        conversation_id: id,
        members_seq: Some(version),
        ..scene.says(number, "hello")
    };
    let first = db.append_message(says(direct.id, before, "1")).await;
    new(first.unwrap());
    let concerns = db
        .block(bo.id, Blocked::User(scene.user.id), NOW, MANY)
        .await
        .unwrap();
    assert_eq!(concerns.conversations, [direct.id]);
    let stale = db.append_message(says(direct.id, before, "2")).await;
    assert!(
        matches!(stale, Err(StorageError::MembersChanged)),
        "{stale:?}"
    );
    let (blocked, cut_off) = version(direct.id).await;
    assert!(blocked > before && cut_off);
    assert_eq!(version(room.id).await, (0, false));
    let in_room = db.append_message(says(room.id, 0, "3")).await;
    new(in_room.unwrap());
    let concerns = db.unblock(bo.id, scene.user.id.as_uuid()).await.unwrap();
    assert_eq!(concerns.conversations, [direct.id]);
    let (unblocked, cut_off) = version(direct.id).await;
    assert!(unblocked > blocked && !cut_off);
    let again = db.append_message(says(direct.id, unblocked, "2")).await;
    new(again.unwrap());
}

async fn nobody_is_told_of_what_somebody_wrote_whom_they_have_blocked(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let members = vec![NewMember::User(scene.user.id), NewMember::User(bo.id)];
    let room = begin(&db, bo.id, members).await;
    let says = |number: &str| NewMessage {
        conversation_id: room.id,
        ..scene.says(number, "hello")
    };
    new(db.append_message(says("1")).await.unwrap());
    let notice = Notice {
        user: bo.id,
        seq: 1,
        kind: NoticeKind::Message,
    };
    assert!(db.notify(room.id, (0, 1), vec![notice], NOW).await.unwrap());
    assert_eq!(db.notifications_of(bo.id, None, 9).await.unwrap().len(), 1);
    let blocked = Blocked::User(scene.user.id);
    db.block(bo.id, blocked, NOW, MANY).await.unwrap();
    assert_eq!(db.notifications_of(bo.id, None, 9).await.unwrap(), []);
    let unnoticed = db.unnoticed(room.id, 0, NOW).await.unwrap();
    assert!(unnoticed.blocks.is_empty(), "nothing new was written");
    new(db.append_message(says("2")).await.unwrap());
    let unnoticed = db.unnoticed(room.id, 0, NOW).await.unwrap();
    let pair = (bo.id, scene.user.id.as_uuid());
    assert_eq!(unnoticed.blocks, [pair].into_iter().collect());
}

async fn what_a_blocked_twin_was_asked_is_unwanted(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let node = NodeId::new();
    let (first, done) = scene.asks("1", node);
    db.append_message(first).await.unwrap();
    let epoch = db.claim_reply(done, node, NOW, NOW + 9).await.unwrap();
    let answer = scene.answer();
    db.finish_reply(done, epoch.unwrap(), answer).await.unwrap();
    let (second, running) = scene.asks("2", node);
    db.append_message(second).await.unwrap();
    db.claim_reply(running, node, NOW, NOW + 9).await.unwrap();
    let (third, pending) = scene.asks("3", node);
    db.append_message(third).await.unwrap();
    assert!(!db.is_unwanted(running).await.unwrap());
    let blocked = Blocked::Twin(scene.twin.id);
    let concerns = db.block(scene.user.id, blocked, NOW, MANY).await.unwrap();
    assert_eq!(concerns.conversations, []);
    assert_eq!(concerns.replies, [(scene.conversation.id, running)]);
    assert!(db.is_unwanted(running).await.unwrap());
    assert!(db.is_unwanted(pending).await.unwrap());
    let again = NewAttempt {
        conversation_id: scene.conversation.id,
        user_id: scene.user.id,
        message_id: MessageId::new(),
        of: done,
        beginning: Beginning::Anew,
        node_id: node,
        lease_until: NOW + 9,
        created_at: NOW,
    };
    assert!(is_forbidden(db.order_attempt(again.clone()).await));
    let twin = scene.twin.id.as_uuid();
    db.unblock(scene.user.id, twin).await.unwrap();
    assert!(!db.is_unwanted(pending).await.unwrap());
    // Nor does it answer who asks again about somebody else's question.
    let bo = db.create_user(user_named("bo")).await.unwrap();
    db.block(bo.id, blocked, NOW, MANY).await.unwrap();
    let of_bo = NewAttempt {
        user_id: bo.id,
        ..again.clone()
    };
    assert!(is_forbidden(db.order_attempt(of_bo).await));
    db.order_attempt(again).await.unwrap();
}

async fn a_twin_is_one_of_two_and_who_watches_is_none(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (ada, twin) = (&scene.user, Blocked::Twin(scene.twin.id));
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let other = NewMember::Twin(scene.twin.id);
    let direct = begin_direct(&db, bo.id, other).await.unwrap();
    let mut watches = joins(&scene, ada, ada);
    watches.conversation_id = direct.id;
    if let What::Joined { role, .. } = &mut watches.what {
        *role = Some(Role::Watcher);
    }
    db.change(watches).await.unwrap();
    let is_cut_off = || async { db.roster(direct.id).await.unwrap().unwrap().is_cut_off };
    for (user, blocked) in [(ada.id, bo.id), (bo.id, ada.id)] {
        let quarrel = db.block(user, Blocked::User(blocked), NOW, MANY).await;
        quarrel.unwrap();
    }
    assert!(!is_cut_off().await);
    let concerns = db.block(bo.id, twin, NOW, MANY).await.unwrap();
    assert_eq!(concerns.conversations, [direct.id]);
    assert!(is_cut_off().await);
    db.unblock(bo.id, scene.twin.id.as_uuid()).await.unwrap();
    assert!(!is_cut_off().await);
}
