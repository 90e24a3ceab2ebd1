//! What administrators see and do: accounts are found, closed to everybody, and opened again.

use protocol::{ApiKeyId, TokenFamilyId, UserId};
use storage::{
    AccountsQuery, ApiKey, Bot, Device, NewRefresh, StorageError, TwinState, User, Visibility,
};

use crate::support::{NOW, Scene, TestDatabase, new, on_both_databases, twin_of, user_named};

on_both_databases![
    accounts_are_found_by_parts_of_what_they_are_called_newest_first,
    an_account_says_how_much_it_has_and_nothing_that_is_said,
    a_disabled_account_opens_nothing_and_its_twins_are_not_listed,
    an_administrator_cannot_be_disabled_and_is_none_when_that_is_taken_away,
    how_much_there_is_and_waits_is_counted,
];

async fn person(db: &TestDatabase, name: &str) -> UserId {
    db.create_user(user_named(name)).await.unwrap().id
}

async fn found(db: &TestDatabase, text: &str) -> Vec<String> {
    let query = AccountsQuery {
        text: text.to_owned(),
        before: None,
        limit: 10,
    };
    let accounts = db.accounts(query, NOW).await.unwrap();
    accounts.into_iter().map(|account| account.name).collect()
}

async fn log_in(db: &TestDatabase, user_id: UserId, byte: u8) -> TokenFamilyId {
    let token = NewRefresh {
        hash: [byte; 32],
        family: TokenFamilyId::new(),
        user_id,
        created_at: NOW,
        expires_at: NOW + 1_000,
        device: Device::default(),
    };
    db.insert_refresh(token.clone()).await.unwrap();
    token.family
}

async fn accounts_are_found_by_parts_of_what_they_are_called_newest_first(db: TestDatabase) {
    let people = [
        ("ada@example.com", "Ada Lovelace"),
        ("b_o@example.org", "Ünal 100%"),
        ("bxo@example.org", "李明"),
    ];
    let mut ids = Vec::new();
    for (email, name) in people {
        let user = User {
            email: email.to_owned(),
            ..user_named(name)
        };
        ids.push(db.create_user(user).await.unwrap().id);
    }
    let all = ["李明", "Ünal 100%", "Ada Lovelace"];
    assert_eq!(found(&db, "").await, all);
    assert_eq!(found(&db, "EXAMPLE.ORG").await, all[..2]);
    assert_eq!(found(&db, "love").await, ["Ada Lovelace"]);
    assert_eq!(found(&db, "李").await, ["李明"]);
    assert_eq!(found(&db, "Ünal").await, ["Ünal 100%"]);
    assert_eq!(found(&db, &ids[0].to_string()).await, ["Ada Lovelace"]);
    // Signs that patterns are made of stand for themselves.
    assert_eq!(found(&db, "b_o").await, ["Ünal 100%"]);
    assert_eq!(found(&db, "%").await, ["Ünal 100%"]);
    assert_eq!(found(&db, "!").await, Vec::<String>::new());
    let page = AccountsQuery {
        before: Some(ids[2]),
        limit: 1,
        ..AccountsQuery::default()
    };
    let page = db.accounts(page, NOW).await.unwrap();
    assert_eq!((page.len(), page[0].id), (1, ids[1]));
}

async fn an_account_says_how_much_it_has_and_nothing_that_is_said(db: TestDatabase) {
    let ada = person(&db, "ada").await;
    db.create_twin(twin_of(ada, "Ada"), 10).await.unwrap();
    db.create_bot(bot_of(ada), [1; 32], 10).await.unwrap();
    log_in(&db, ada, 1).await;
    let ended = log_in(&db, ada, 2).await;
    db.revoke_family(ended).await.unwrap();
    let account = db.account(ada, NOW).await.unwrap().unwrap();
    assert_eq!((account.log_ins, account.twins, account.bots), (1, 1, 1));
    assert_eq!(account.last_used_at, Some(NOW));
    let account = db.account(ada, NOW + 1_000).await.unwrap().unwrap();
    assert_eq!(account.log_ins, 0);
    assert_eq!(db.account(UserId::new(), NOW).await.unwrap(), None);
}

fn bot_of(owner_id: UserId) -> Bot {
    Bot {
        id: UserId::new(),
        owner_id,
        name: "Weather".to_owned(),
        prefix: "dtbot_abcdef".to_owned(),
        created_at: NOW,
        last_used_at: None,
    }
}

async fn a_disabled_account_opens_nothing_and_its_twins_are_not_listed(db: TestDatabase) {
    let ada = person(&db, "ada").await;
    let twin = storage::Twin {
        visibility: Visibility::Public,
        ..twin_of(ada, "Ada")
    };
    db.create_twin(twin.clone(), 10).await.unwrap();
    db.create_bot(bot_of(ada), [1; 32], 10).await.unwrap();
    let key = ApiKey {
        id: ApiKeyId::new(),
        user_id: ada,
        name: "notebook".to_owned(),
        prefix: "dtwin_abcdef".to_owned(),
        created_at: NOW,
        expires_at: None,
        last_used_at: None,
    };
    db.create_api_key(key, [1; 32], 10).await.unwrap();
    let family = log_in(&db, ada, 1).await;
    let opened = async || {
        [
            db.log_in_used_at(family).await.unwrap().is_some(),
            db.user_logged_in(family).await.unwrap().is_some(),
            db.bot_by_token(&[1; 32]).await.unwrap().is_some(),
            db.api_key(&[1; 32]).await.unwrap().is_some(),
            !db.public_twins(None, 10).await.unwrap().is_empty(),
        ]
    };
    let twin_is_disabled = async || {
        let state = db.twin_state(twin.id).await.unwrap();
        matches!(
            state,
            Some(TwinState {
                is_disabled: true,
                ..
            })
        )
    };
    assert_eq!(
        (opened().await, twin_is_disabled().await),
        ([true; 5], false)
    );

    db.disable_account(ada, NOW + 5).await.unwrap();
    assert_eq!(
        (opened().await, twin_is_disabled().await),
        ([false; 5], true)
    );
    // A log-in that got through at the same moment opens nothing either.
    let late = log_in(&db, ada, 2).await;
    assert_eq!(db.log_in_used_at(late).await.unwrap(), None);
    assert_eq!(db.user_logged_in(late).await.unwrap(), None);
    db.disable_account(ada, NOW + 9).await.unwrap();
    let user = db.user(ada).await.unwrap().unwrap();
    assert_eq!(user.disabled_at, Some(NOW + 5));

    db.enable_account(ada).await.unwrap();
    // What was a log-in before has ended.
    assert_eq!(
        (opened().await, twin_is_disabled().await),
        ([false, false, true, true, true], false)
    );
    assert_eq!(db.user(ada).await.unwrap().unwrap().disabled_at, None);
    let gone = db.disable_account(UserId::new(), NOW).await;
    assert!(matches!(gone, Err(StorageError::NotFound("account"))));
}

async fn an_administrator_cannot_be_disabled_and_is_none_when_that_is_taken_away(db: TestDatabase) {
    let ada = person(&db, "ada").await;
    assert_eq!(db.admins().await.unwrap(), []);
    let admin = db.set_admin("ADA@example.com", true).await.unwrap();
    assert!(admin.is_admin);
    assert_eq!(db.admins().await.unwrap(), [admin]);
    let refused = db.disable_account(ada, NOW).await;
    assert!(matches!(refused, Err(StorageError::Refused(_))));
    assert_eq!(db.user(ada).await.unwrap().unwrap().disabled_at, None);
    db.set_admin("ada@example.com", false).await.unwrap();
    assert_eq!(db.admins().await.unwrap(), []);
    db.disable_account(ada, NOW).await.unwrap();
    let nobody = db.set_admin("nobody@example.com", true).await;
    assert!(matches!(nobody, Err(StorageError::NotFound("account"))));
}

async fn how_much_there_is_and_waits_is_counted(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = person(&db, "bo").await;
    db.create_bot(bot_of(bo), [1; 32], 10).await.unwrap();
    db.disable_account(bo, NOW).await.unwrap();
    let (message, _) = scene.asks("1", protocol::NodeId::new());
    new(db.append_alone(message).await.unwrap());
    let counts = db.counts().await.unwrap();
    let people = (counts.accounts, counts.disabled_accounts, counts.bots);
    assert_eq!(people, (2, 1, 1));
    let things = (counts.twins, counts.documents, counts.conversations);
    assert_eq!((things, counts.entries), ((1, 0, 1), 1));
    assert_eq!(counts.audit_rows, 0);
    let backlog = db.backlog(NOW).await.unwrap();
    assert_eq!(
        (backlog.replies_waiting, backlog.waiting_since),
        (1, Some(NOW))
    );
    assert_eq!((backlog.replies_running, backlog.calls_due), (0, 0));
}
