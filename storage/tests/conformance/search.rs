//! Searching: what is found, how it is shown, and what is never found.

use protocol::{Author, ConversationId, Message, MessageId, Reaction, UserId, What};
use storage::{
    Conversation, Highlight, NewChange, NewMember, NewMessage, Search, SearchCursor, SearchHit,
    SearchQuery, SearchSort, Snippet, Storage, StorageError, User,
};

use crate::support::{
    NOW, Scene, TestDatabase, begin, client, new, on_both_databases, user_named, written,
};

on_both_databases![
    words_are_found_however_they_are_written,
    what_was_found_is_shown_with_its_places,
    who_takes_no_part_any_more_finds_nothing,
    a_deleted_text_is_never_found_and_leaves_no_trace,
    an_edited_message_is_found_by_what_it_says_now,
    a_reply_is_found_when_it_is_finished,
    a_message_is_found_by_its_reactions_and_sources,
    pages_follow_each_other_in_both_orders,
    a_conversation_of_others_is_not_there,
    an_index_is_not_made_of_texts_that_changed_meanwhile,
    the_index_of_an_account_that_is_deleted_says_nothing_of_it,
    much_without_an_index_is_not_searched_by_halves,
];

async fn search(db: &Storage, user: UserId, query: &str) -> Result<Vec<SearchHit>, StorageError> {
    page(db, user, query, SearchSort::Newest, None, 100)
        .await
        .map(|(hits, _)| hits)
}

pub(crate) async fn page(
    db: &Storage,
    user: UserId,
    query: &str,
    sort: SearchSort,
    after: Option<SearchCursor>,
    limit: u32,
) -> Result<(Vec<SearchHit>, Option<SearchCursor>), StorageError> {
    let search = Search {
        user,
        query: query.parse::<SearchQuery>().unwrap(),
        sort,
        after,
        limit,
    };
    let page = db.search(search).await?;
    Ok((page.hits, page.next))
}

/// The texts that a search finds, the newest first.
async fn texts(db: &Storage, user: UserId, query: &str) -> Vec<String> {
    let hits = search(db, user, query).await.unwrap();
    hits.into_iter().map(|hit| hit.snippet.text).collect()
}

async fn change(db: &Storage, user: &User, message: &Message, what: What) {
    let change = NewChange {
        conversation_id: message.conversation_id,
        user_id: user.id,
        is_bot: false,
        name: user.name.clone(),
        client_id: Some(client(&MessageId::new().to_string())),
        what,
        invitation: None,
        members_seq: None,
        created_at: NOW,
    };
    db.change(change).await.unwrap();
}

pub(crate) async fn edit(db: &Storage, user: &User, message: &Message, text: &str) {
    let (message_id, text) = (message.message_id, text.to_owned());
    change(
        db,
        user,
        message,
        What::Edited {
            message_id,
            text,
            authorship: None,
        },
    )
    .await;
}

pub(crate) async fn delete(db: &Storage, user: &User, message: &Message) {
    let message_id = message.message_id;
    change(db, user, message, What::Deleted { message_id }).await;
}

pub(crate) async fn react(db: &Storage, user: &User, message: &Message) {
    let (message_id, emoji) = (message.message_id, "👀".to_owned().try_into().unwrap());
    change(db, user, message, What::Reacted { message_id, emoji }).await;
}

pub(crate) async fn index(db: &Storage, conversation: ConversationId) {
    assert!(db.index_conversation(conversation).await.unwrap());
}

async fn says(db: &Storage, scene: &Scene, text: &str) -> Message {
    let id = MessageId::new().to_string();
    new(db.append_message(scene.says(&id, text)).await.unwrap())
}

async fn words_are_found_however_they_are_written(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let user = scene.user.id;
    says(&db, &scene, "Der Schlüssel liegt unter dem BLAUEN Topf.").await;
    says(&db, &scene, "我在上海的知识图谱公司工作").await;
    says(&db, &scene, "ガードをｶﾞｰﾄﾞと書く").await;
    says(&db, &scene, "키는 화분 아래에").await;
    // Once from the log, once from the index.
    for _ in 0..2 {
        for (query, expected) in [
            ("schlussel", 1),
            ("blauen TOPF", 1),
            ("\"blauen topf\"", 1),
            ("\"topf blauen\"", 0),
            ("blau", 0),
            ("知识图谱", 1),
            ("图谱公司", 1),
            ("识图", 1),
            ("谱", 1),
            ("图识", 0),
            ("上海 工作", 1),
            ("上海 -工作", 0),
            ("ガード", 1),
            ("ｶﾞｰﾄﾞ", 1),
            ("화분", 1),
            ("from:me", 4),
            ("from:ada from:bo", 4),
            ("from:nobody", 0),
            ("-from:ada topf", 0),
            ("in:nothing topf", 0),
        ] {
            let found = search(&db, user, query).await.unwrap();
            assert_eq!(found.len(), expected, "{query}");
        }
        index(&db, scene.conversation.id).await;
    }
}

async fn what_was_found_is_shown_with_its_places(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let text = "🧮 <b>Keys</b>: 钥匙 and keys";
    let message = says(&db, &scene, text).await;
    let mut hits = search(&db, scene.user.id, "keys 钥匙").await.unwrap();
    let hit = hits.remove(0);
    let place = |start, end| Highlight { start, end };
    let expected = SearchHit {
        conversation_id: scene.conversation.id,
        seq: 1,
        message_id: message.message_id,
        thread: None,
        authorship: None,
        author: scene.author(),
        created_at: NOW,
        snippet: Snippet {
            text: text.to_owned(),
            begins_at: 0,
            of_length: 26,
            highlights: vec![place(5, 9), place(15, 17), place(22, 26)],
        },
        score: hit.score,
    };
    assert_eq!(hit, expected);
    assert!(hit.score > 0);
}

async fn who_takes_no_part_any_more_finds_nothing(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let members = vec![NewMember::User(scene.user.id), NewMember::User(bo.id)];
    let room = begin(&db, scene.user.id, members).await;
    let said = NewMessage {
        conversation_id: room.id,
        ..scene.says("1", "the spare key")
    };
    db.append_message(said).await.unwrap();
    says(&db, &scene, "another spare key").await;
    for _ in 0..2 {
        assert_eq!(texts(&db, bo.id, "key").await, ["the spare key"]);
        assert_eq!(texts(&db, scene.user.id, "key").await.len(), 2);
        assert_eq!(texts(&db, UserId::new(), "key").await.len(), 0);
        index(&db, room.id).await;
        index(&db, scene.conversation.id).await;
    }
    leaves(&db, &room, &bo).await;
    assert_eq!(texts(&db, bo.id, "key").await.len(), 0);
    assert_eq!(texts(&db, scene.user.id, "key").await.len(), 2);
}

/// Takes a person out of a conversation, as whoever may do that would.
async fn leaves(db: &TestDatabase, room: &Conversation, user: &User) {
    let sql = "DELETE FROM members WHERE conversation_id = $1 AND user_id = $2";
    let ids = [room.id.as_bytes(), user.id.as_bytes()];
    assert_eq!(beside::run(&db.database, sql, &ids).await, 1);
}

async fn a_deleted_text_is_never_found_and_leaves_no_trace(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let user = scene.user.id;
    says(&db, &scene, "keys are kept elsewhere").await;
    let before = {
        index(&db, scene.conversation.id).await;
        beside::blocks(&db.database).await
    };
    let message = says(&db, &scene, "the canary sings of keys").await;
    index(&db, scene.conversation.id).await;
    edit(&db, &scene.user, &message, "the parrot sings of keys").await;
    index(&db, scene.conversation.id).await;
    assert_eq!(texts(&db, user, "canary").await.len(), 0);
    assert_eq!(texts(&db, user, "parrot").await.len(), 1);
    delete(&db, &scene.user, &message).await;
    // Before it is indexed again, and after.
    for _ in 0..2 {
        for query in ["canary", "parrot", "sings"] {
            assert_eq!(texts(&db, user, query).await.len(), 0, "{query}");
        }
        assert_eq!(texts(&db, user, "keys").await, ["keys are kept elsewhere"]);
        index(&db, scene.conversation.id).await;
    }
    // What the index holds is what it held before the message came.
    assert_eq!(beside::blocks(&db.database).await, before);
}

async fn an_edited_message_is_found_by_what_it_says_now(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let user = scene.user.id;
    let message = says(&db, &scene, "the red pot").await;
    index(&db, scene.conversation.id).await;
    edit(&db, &scene.user, &message, "the blue pot").await;
    for _ in 0..2 {
        assert_eq!(texts(&db, user, "blue").await, ["the blue pot"]);
        assert_eq!(texts(&db, user, "red").await.len(), 0);
        index(&db, scene.conversation.id).await;
    }
}

async fn a_reply_is_found_when_it_is_finished(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let node = protocol::NodeId::new();
    let (question, reply) = scene.asks("1", node);
    db.append_message(question).await.unwrap();
    let epoch = db
        .claim_reply(reply, node, NOW, NOW + 1)
        .await
        .unwrap()
        .unwrap();
    db.progress_reply(reply, epoch, written("Of brass."), NOW + 1)
        .await
        .unwrap();
    index(&db, scene.conversation.id).await;
    assert_eq!(texts(&db, scene.user.id, "brass").await.len(), 0);
    db.finish_reply(reply, epoch, scene.answer()).await.unwrap();
    for _ in 0..2 {
        for query in ["brass", "brass from:\"ada's twin\"", "brass -from:me"] {
            let found = texts(&db, scene.user.id, query).await;
            assert_eq!(found, ["Of brass. 🧮"], "{query}");
        }
        index(&db, scene.conversation.id).await;
    }
}

async fn a_message_is_found_by_its_reactions_and_sources(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let user = scene.user.id;
    let document = crate::support::document_of(scene.twin.id, "house.md");
    let chunks = crate::support::chunks_of(&document);
    db.insert_document(document.clone(), chunks, 10)
        .await
        .unwrap();
    let node = protocol::NodeId::new();
    let (question, reply) = scene.asks("1", node);
    let question = new(db.append_message(question).await.unwrap());
    let epoch = db
        .claim_reply(reply, node, NOW, NOW + 1)
        .await
        .unwrap()
        .unwrap();
    let mut answer = scene.answer();
    answer.sources = vec![protocol::Source {
        document_id: document.id,
        document: document.name.clone(),
        section: String::new(),
        quote: "brass".to_owned(),
        score: 0.5,
    }];
    db.finish_reply(reply, epoch, answer).await.unwrap();
    index(&db, scene.conversation.id).await;
    react(&db, &scene.user, &question).await;
    for _ in 0..2 {
        for (query, expected) in [
            ("has:reaction", vec!["What is the engine made of?"]),
            ("has:source", vec!["Of brass. 🧮"]),
            ("engine -has:reaction", vec![]),
            ("brass -has:source", vec![]),
            ("has:link", vec![]),
        ] {
            assert_eq!(texts(&db, user, query).await, expected, "{query}");
        }
        index(&db, scene.conversation.id).await;
    }
    let reactions: Vec<Reaction> = db
        .message(question.message_id)
        .await
        .unwrap()
        .unwrap()
        .reactions;
    let emoji = reactions[0].emoji.clone();
    let message_id = question.message_id;
    change(
        &db,
        &scene.user,
        &question,
        What::Unreacted { message_id, emoji },
    )
    .await;
    db.delete_document(document.id, NOW).await.unwrap();
    for query in ["has:reaction", "has:source"] {
        assert_eq!(texts(&db, user, query).await.len(), 0, "{query}");
    }
}

async fn pages_follow_each_other_in_both_orders(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    for number in 0..300_i64 {
        let words = "word ".repeat((number % 7) as usize);
        let message = NewMessage {
            created_at: NOW + number / 2,
            ..scene.says(&number.to_string(), &format!("{words}key {number}"))
        };
        db.append_message(message).await.unwrap();
    }
    index(&db, scene.conversation.id).await;
    let user = scene.user.id;
    for sort in [SearchSort::Newest, SearchSort::Best] {
        let mut hits = Vec::new();
        let mut after = None;
        let mut pages = 0;
        loop {
            let (found, next) = page(&db, user, "key", sort, after, 70).await.unwrap();
            hits.extend(found);
            pages += 1;
            after = next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((hits.len(), pages), (300, 5), "{sort:?}");
        let rank = |hit: &SearchHit| match sort {
            SearchSort::Newest => (0, hit.created_at, hit.message_id),
            SearchSort::Best => (hit.score, hit.created_at, hit.message_id),
        };
        assert!(
            hits.windows(2).all(|pair| rank(&pair[0]) > rank(&pair[1])),
            "{sort:?}"
        );
        let of_one_kind = |hit: &SearchHit| hit.snippet.text.starts_with("key");
        assert_eq!(
            sort == SearchSort::Best,
            hits[..43].iter().all(of_one_kind),
            "{sort:?}"
        );
    }
}

async fn a_conversation_of_others_is_not_there(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    for id in [scene.conversation.id, ConversationId::new()] {
        let refused = search(&db, bo.id, &format!("in:{id} key")).await;
        let is_not_there = matches!(refused, Err(StorageError::NotFound("conversation")));
        assert!(is_not_there, "{refused:?}");
    }
}

async fn an_index_is_not_made_of_texts_that_changed_meanwhile(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let mut messages = Vec::new();
    for number in 0..40 {
        messages.push(says(&db, &scene, &format!("secret {number}")).await);
    }
    // Deletions and indexing at once, in whatever order they come.
    let indexing = async {
        for _ in 0..40 {
            db.index_conversation(scene.conversation.id).await.unwrap();
        }
    };
    let deleting = async {
        for message in &messages {
            delete(&db, &scene.user, message).await;
        }
    };
    futures::future::join(indexing, deleting).await;
    index(&db, scene.conversation.id).await;
    let expected = {
        let other = TestDatabase::sqlite().await;
        let scene = Scene::set(&other).await;
        let message = says(&other, &scene, "secret").await;
        delete(&other, &scene.user, &message).await;
        index(&other, scene.conversation.id).await;
        beside::blocks(&other.database).await
    };
    // A block with nothing but deleted messages holds what every such block holds.
    let entries = |blocks: Vec<(i64, Vec<u8>, Vec<u8>)>| -> Vec<(Vec<u8>, Vec<u8>)> {
        blocks
            .into_iter()
            .map(|(_, filter, hits)| (filter, hits))
            .collect()
    };
    assert_eq!(
        entries(beside::blocks(&db.database).await),
        entries(expected)
    );
}

async fn the_index_of_an_account_that_is_deleted_says_nothing_of_it(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let bo = db.create_user(user_named("bo")).await.unwrap();
    let members = vec![NewMember::User(scene.user.id), NewMember::User(bo.id)];
    let room = begin(&db, bo.id, members).await;
    let said = NewMessage {
        conversation_id: room.id,
        author: Author::User {
            id: bo.id,
            name: "bo".to_owned(),
        },
        ..scene.says("1", "the spare key")
    };
    db.append_message(said).await.unwrap();
    index(&db, room.id).await;
    assert_eq!(texts(&db, scene.user.id, "from:bo").await.len(), 1);
    db.delete_user(bo.id, NOW).await.unwrap();
    // What the account said goes with it.
    assert_eq!(texts(&db, scene.user.id, "from:bo").await.len(), 0);
    assert_eq!(texts(&db, scene.user.id, "key").await.len(), 0);
    assert_eq!(texts(&db, bo.id, "key").await.len(), 0);
}

async fn much_without_an_index_is_not_searched_by_halves(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let user = scene.user.id;
    says(&db, &scene, "key").await;
    beside::lengthen(&db.database, scene.conversation.id, 20_001).await;
    let refused = search(&db, user, "key").await;
    assert!(
        matches!(refused, Err(StorageError::Unavailable(_))),
        "{refused:?}"
    );
    beside::lengthen(&db.database, scene.conversation.id, 20_000).await;
    assert_eq!(texts(&db, user, "key").await, ["key"]);
}

/// Another connection to a test's database, for what the product has no way to do or to show.
mod beside {
    use protocol::ConversationId;
    use storage::Database;

    use crate::support::{beside, sqlite_path};

    /// Runs a statement with ids, and returns how many rows it changed.
    pub(super) async fn run(database: &Database, sql: &str, ids: &[&[u8; 16]]) -> usize {
        match database {
            Database::Sqlite { .. } => {
                let connection = rusqlite::Connection::open(sqlite_path(database)).unwrap();
                let sql = sql.replace('$', "?");
                let ids = ids.iter().map(|id| id.to_vec());
                connection
                    .execute(&sql, rusqlite::params_from_iter(ids))
                    .unwrap()
            }
            Database::Postgres { .. } => {
                let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_slice()).collect();
                let ids: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = ids
                    .iter()
                    .map(|id| id as &(dyn tokio_postgres::types::ToSql + Sync))
                    .collect();
                let client = beside(database).await;
                client.execute(sql, &ids).await.unwrap() as usize
            }
        }
    }

    /// Makes a log say that it is this long.
    pub(super) async fn lengthen(database: &Database, id: ConversationId, entries: u64) {
        let sql = format!("UPDATE conversations SET last_seq = {entries} WHERE id = $1");
        assert_eq!(run(database, &sql, &[id.as_bytes()]).await, 1);
    }

    /// How long and what the blocks of all indexes are.
    pub(super) async fn blocks(database: &Database) -> Vec<(i64, Vec<u8>, Vec<u8>)> {
        let sql =
            "SELECT newest_at, filter, hits FROM search_blocks ORDER BY conversation_id, block";
        match database {
            Database::Sqlite { .. } => {
                let connection = rusqlite::Connection::open(sqlite_path(database)).unwrap();
                let mut statement = connection.prepare(sql).unwrap();
                let rows = statement
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                    .unwrap();
                rows.map(Result::unwrap).collect()
            }
            Database::Postgres { .. } => {
                let client = beside(database).await;
                let rows = client.query(sql, &[]).await.unwrap();
                rows.iter()
                    .map(|row| (row.get(0), row.get(1), row.get(2)))
                    .collect()
            }
        }
    }
}
