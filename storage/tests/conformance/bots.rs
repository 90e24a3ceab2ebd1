//! Bots: found by their tokens, counted, members like people, and deleted alone or with their owner.

use protocol::{Author, Emoji, UserId, What};
use storage::{
    Appended, Bot, Changed, DELETED_BOT, Member, NewChange, NewMember, NewMessage, StorageError,
    TokenHash,
};

use crate::support::{NOW, Scene, TestDatabase, begin, client, new, on_both_databases, user_named};

const FIRST: TokenHash = [1; 32];
const SECOND: TokenHash = [2; 32];

on_both_databases![
    a_bot_is_found_by_its_token_and_is_no_person,
    a_use_is_noted_to_the_minute,
    there_are_only_so_many_bots_of_a_person,
    what_a_bot_writes_is_a_bots,
    a_bot_is_deleted_by_its_owner_alone_and_what_it_wrote_stays,
    bots_and_their_words_go_with_their_owner,
];

fn bot_of(owner_id: UserId, name: &str) -> Bot {
    Bot {
        id: UserId::new(),
        owner_id,
        name: name.to_owned(),
        prefix: "dtbot_abcdef".to_owned(),
        created_at: NOW,
        last_used_at: None,
    }
}

async fn person(db: &TestDatabase, name: &str) -> UserId {
    db.create_user(user_named(name)).await.unwrap().id
}

async fn a_bot_is_found_by_its_token_and_is_no_person(db: TestDatabase) {
    let ada = person(&db, "ada").await;
    let (first, second) = (bot_of(ada, "Weather"), bot_of(ada, "Quiz"));
    db.create_bot(first.clone(), FIRST, 10).await.unwrap();
    db.create_bot(second.clone(), SECOND, 10).await.unwrap();
    assert_eq!(db.bot_by_token(&FIRST).await.unwrap(), Some(first.clone()));
    assert_eq!(db.bot_by_token(&[3; 32]).await.unwrap(), None);
    let among = db.bots_among(&[ada, second.id]).await.unwrap();
    assert_eq!(among, std::slice::from_ref(&second));
    assert_eq!(db.user(first.id).await.unwrap(), None);
    assert_eq!(db.bots_of(ada).await.unwrap(), [first, second]);
    assert_eq!(db.bots_of(person(&db, "bo").await).await.unwrap(), []);
}

async fn a_use_is_noted_to_the_minute(db: TestDatabase) {
    let bot = bot_of(person(&db, "ada").await, "Weather");
    db.create_bot(bot, FIRST, 10).await.unwrap();
    let mut noted = Vec::new();
    for used_at in [NOW, NOW + 60_000, NOW + 60_001] {
        let bot = db.bot_by_token(&FIRST).await.unwrap().unwrap();
        db.note_bot_use(&bot, used_at).await.unwrap();
        let bot = db.bot_by_token(&FIRST).await.unwrap().unwrap();
        noted.push(bot.last_used_at);
    }
    assert_eq!(noted, [Some(NOW), Some(NOW), Some(NOW + 60_001)]);
}

async fn there_are_only_so_many_bots_of_a_person(db: TestDatabase) {
    let ada = person(&db, "ada").await;
    db.create_bot(bot_of(ada, "Weather"), FIRST, 1)
        .await
        .unwrap();
    let second = db.create_bot(bot_of(ada, "Quiz"), SECOND, 1).await;
    assert!(
        matches!(second, Err(StorageError::LimitReached { max: 1, .. })),
        "{second:?}"
    );
    let of_nobody = db
        .create_bot(bot_of(UserId::new(), "Quiz"), SECOND, 1)
        .await;
    assert!(matches!(of_nobody, Err(StorageError::NotFound("account"))));
}

/// A bot of the scene's person in a room with the person, and a message that it wrote.
async fn speaking(db: &TestDatabase, scene: &Scene) -> (Bot, NewMessage) {
    let bot = bot_of(scene.user.id, "Weather");
    db.create_bot(bot.clone(), FIRST, 10).await.unwrap();
    let members = vec![NewMember::User(scene.user.id), NewMember::User(bot.id)];
    let conversation = begin(db, scene.user.id, members).await;
    let message = NewMessage {
        conversation_id: conversation.id,
        author: Author::Bot {
            id: bot.id,
            name: bot.name.clone(),
        },
        ..scene.says("1", "Storm at four.")
    };
    (bot, message)
}

async fn what_a_bot_writes_is_a_bots(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (bot, message) = speaking(&db, &scene).await;
    let stored = new(db.append_message(message.clone()).await.unwrap());
    assert_eq!(
        (&stored.author, stored.ai_written),
        (&message.author, false)
    );
    let again = db.append_message(message.clone()).await.unwrap();
    assert_eq!(again, Appended::Duplicate(stored.clone()));
    let reaction = NewChange {
        conversation_id: stored.conversation_id,
        user_id: bot.id,
        name: bot.name.clone(),
        is_bot: true,
        client_id: Some(client("2")),
        what: What::Reacted {
            message_id: stored.message_id,
            emoji: Emoji::try_from("⛈".to_owned()).unwrap(),
        },
        invitation: None,
        members_seq: None,
        created_at: NOW,
    };
    let Changed::New(change) = db.change(reaction).await.unwrap() else {
        panic!("the change is new");
    };
    assert_eq!(change.author, message.author);
    let log = db
        .entries_after(stored.conversation_id, 0, 10)
        .await
        .unwrap();
    assert_eq!(log[0].message().unwrap().author, message.author);
    assert_eq!(log[1], protocol::Entry::Change(change));
    let members = db.members(stored.conversation_id).await.unwrap();
    let bots: Vec<_> = members
        .iter()
        .map(|member| match member {
            Member::User { id, bot_of, .. } => (*id, *bot_of),
            Member::Twin { .. } => panic!("no twin takes part"),
        })
        .collect();
    assert_eq!(bots, [(scene.user.id, None), (bot.id, Some(scene.user.id))]);
}

async fn a_bot_is_deleted_by_its_owner_alone_and_what_it_wrote_stays(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (bot, message) = speaking(&db, &scene).await;
    let stored = new(db.append_message(message).await.unwrap());
    let bo = person(&db, "bo").await;
    for (owner, id) in [(bo, bot.id), (scene.user.id, UserId::new())] {
        let refused = db.delete_bot(owner, id).await;
        assert!(matches!(refused, Err(StorageError::NotFound("bot"))));
    }
    let itself = db.delete_bot(bo, bo).await;
    assert!(matches!(itself, Err(StorageError::NotFound("bot"))));
    db.delete_bot(scene.user.id, bot.id).await.unwrap();
    assert_eq!(db.bot_by_token(&FIRST).await.unwrap(), None);
    assert_eq!(db.members(stored.conversation_id).await.unwrap().len(), 1);
    let left = db.message(stored.message_id).await.unwrap().unwrap();
    let nobody = Author::Bot {
        id: bot.id,
        name: DELETED_BOT.to_owned(),
    };
    assert_eq!((left.author, left.text), (nobody, stored.text));
}

async fn bots_and_their_words_go_with_their_owner(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let (bot, message) = speaking(&db, &scene).await;
    let stored = new(db.append_message(message).await.unwrap());
    db.delete_user(scene.user.id, NOW).await.unwrap();
    assert_eq!(db.bot_by_token(&FIRST).await.unwrap(), None);
    assert_eq!(db.bots_among(&[bot.id]).await.unwrap(), []);
    assert_eq!(db.members(stored.conversation_id).await.unwrap(), []);
    assert_eq!(db.message(stored.message_id).await.unwrap(), None);
}
