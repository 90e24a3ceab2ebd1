//! Conversations: their members, their place in a person's list, and how far each has read.

use protocol::{Author, ConversationId, Role, TwinId, TwinMode, TwinPolicy, UserId};
use storage::{
    Conversation, ConversationKind, Member, MessagePreview, NewConversation, NewMember, NewMessage,
    StorageError,
};

use crate::support::{NOW, Scene, TestDatabase, begin, new, on_both_databases, user_named};

on_both_databases![
    a_conversation_has_each_member_once_in_the_order_given,
    a_conversation_with_somebody_who_does_not_exist_does_not_begin,
    the_list_shows_the_newest_activity_first_page_by_page,
    reading_only_advances_and_stops_at_the_newest_message,
];

async fn a_conversation_has_each_member_once_in_the_order_given(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let new = NewConversation {
        id: ConversationId::new(),
        kind: ConversationKind::Room,
        title: Some("Engines".to_owned()),
        created_by: scene.user.id,
        created_at: NOW + 1,
    };
    let twin = NewMember::Twin(scene.twin.id);
    let members = vec![twin, NewMember::User(scene.user.id), twin];
    let created = db.create_conversation(new.clone(), members).await.unwrap();
    let expected = Conversation {
        id: new.id,
        kind: new.kind,
        title: new.title,
        topic: None,
        created_by: scene.user.id,
        created_at: NOW + 1,
        last_seq: 0,
    };
    assert_eq!(created, expected);
    assert_eq!(db.conversation(new.id).await.unwrap(), Some(expected));
    let expected = [
        Member::Twin {
            id: scene.twin.id,
            name: scene.twin.name.clone(),
            joined_at: NOW + 1,
            owner_id: scene.user.id,
            policy: TwinPolicy::WhenAddressed,
            mode: TwinMode::Auto,
            oversight: false,
        },
        Member::User {
            id: scene.user.id,
            name: scene.user.name.clone(),
            bot_of: None,
            joined_at: NOW + 1,
            role: Role::Owner,
            muted_until: None,
        },
    ];
    assert_eq!(db.members(new.id).await.unwrap(), expected);
    assert!(db.is_member(new.id, scene.user.id).await.unwrap());
    assert!(!db.is_member(new.id, UserId::new()).await.unwrap());
    assert!(
        !db.is_member(ConversationId::new(), scene.user.id)
            .await
            .unwrap()
    );
}

async fn a_conversation_with_somebody_who_does_not_exist_does_not_begin(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    for stranger in [
        NewMember::User(UserId::new()),
        NewMember::Twin(TwinId::new()),
    ] {
        let new = NewConversation {
            id: ConversationId::new(),
            kind: ConversationKind::Room,
            title: None,
            created_by: scene.user.id,
            created_at: NOW,
        };
        let members = vec![NewMember::User(scene.user.id), stranger];
        let refused = db.create_conversation(new.clone(), members).await;
        assert!(
            matches!(refused, Err(StorageError::NotFound("member"))),
            "{refused:?}"
        );
        assert_eq!(db.conversation(new.id).await.unwrap(), None);
    }
}

async fn the_list_shows_the_newest_activity_first_page_by_page(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let stranger = db.create_user(user_named("grace")).await.unwrap();
    begin(&db, stranger.id, vec![NewMember::User(stranger.id)]).await;
    let mut expected = vec![scene.conversation.id];
    for _ in 0..4 {
        let members = vec![NewMember::User(scene.user.id)];
        expected.insert(0, begin(&db, scene.user.id, members).await.id);
    }
    let long = "ß".repeat(500);
    let newest = NewMessage {
        created_at: NOW + 60_000,
        ..scene.says("1", &long)
    };
    new(db.append_message(newest).await.unwrap());
    expected.rotate_right(1);

    let first = db.conversations_of(scene.user.id, None, 2).await.unwrap();
    let second = db
        .conversations_of(scene.user.id, Some(first[1].cursor()), 9)
        .await
        .unwrap();

    let listed: Vec<ConversationId> = first
        .iter()
        .chain(&second)
        .map(|entry| entry.conversation.id)
        .collect();
    assert_eq!(listed, expected);
    let preview = MessagePreview {
        seq: 1,
        author: Author::User {
            id: scene.user.id,
            name: scene.user.name.clone(),
        },
        text: "ß".repeat(200),
        created_at: NOW + 60_000,
    };
    assert_eq!(first[0].last_message, Some(preview));
    assert_eq!(first[0].conversation.last_seq, 1);
    assert_eq!(first[0].active_at, NOW + 60_000);
    assert_eq!(first[0].read_seq, 0);
    assert_eq!(
        first[0].members,
        db.members(scene.conversation.id).await.unwrap()
    );
    assert_eq!(first[1].last_message, None);
    assert_eq!(
        db.conversations_of(UserId::new(), None, 9).await.unwrap(),
        []
    );
}

async fn reading_only_advances_and_stops_at_the_newest_message(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    for number in 0..3 {
        db.append_message(scene.says(&number.to_string(), "hello"))
            .await
            .unwrap();
    }
    let conversation = scene.conversation.id;
    let mut read = Vec::new();
    for seq in [2, 1, 99, u64::MAX, 0] {
        read.push(db.set_read(conversation, scene.user.id, seq).await.unwrap());
    }
    assert_eq!(read, [2, 2, 3, 3, 3]);
    assert_eq!(db.reads(conversation).await.unwrap(), [(scene.user.id, 3)]);
    let stranger = db.set_read(conversation, UserId::new(), 1).await;
    assert!(matches!(stranger, Err(StorageError::NotFound("member"))));
}
