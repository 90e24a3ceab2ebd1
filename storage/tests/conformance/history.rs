//! Pages of messages: from every place, in both directions, nothing twice and nothing left out.

use protocol::{ConversationId, Message, MessageId, What};
use storage::{History, HistoryPlace, NewChange, NewMessage, StorageError};

use crate::support::{NOW, Scene, TestDatabase, client, new, on_both_databases};

on_both_databases![
    a_page_says_how_to_go_on_in_both_directions,
    pages_from_any_place_show_every_message_once,
    a_moment_leads_to_the_first_message_from_then_on,
    a_message_that_is_not_there_leads_nowhere,
];

/// Writes messages, with a change between every two, so that their `seq` are 1, 3, 5, …
async fn log(db: &TestDatabase, scene: &Scene, messages: i64) -> Vec<Message> {
    let mut log = Vec::new();
    for number in 0..messages {
        let message = NewMessage {
            created_at: NOW + number * 1_000,
            ..scene.says(&number.to_string(), &format!("message {number}"))
        };
        let message = new(db.append_message(message).await.unwrap());
        let change = NewChange {
            conversation_id: scene.conversation.id,
            user_id: scene.user.id,
            is_bot: false,
            name: scene.user.name.clone(),
            client_id: Some(client(&format!("change {number}").replace(' ', "-"))),
            what: What::Reacted {
                message_id: message.message_id,
                emoji: "👀".to_owned().try_into().unwrap(),
            },
            invitation: None,
            members_seq: None,
            created_at: NOW,
        };
        db.change(change).await.unwrap();
        log.push(message);
    }
    log
}

fn seqs(page: &History) -> Vec<u64> {
    page.messages.iter().map(|message| message.seq).collect()
}

async fn a_page_says_how_to_go_on_in_both_directions(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let id = scene.conversation.id;
    let empty = db.history(id, HistoryPlace::Newest, 3).await.unwrap();
    assert_eq!(
        (seqs(&empty), empty.older, empty.newer),
        (vec![], None, None)
    );
    let log = log(&db, &scene, 5).await;
    for (place, limit, messages, older, newer) in [
        (HistoryPlace::Newest, 2, vec![7, 9], Some(7), None),
        (HistoryPlace::Newest, 5, vec![1, 3, 5, 7, 9], None, None),
        (HistoryPlace::Before(7), 2, vec![3, 5], Some(3), Some(5)),
        (HistoryPlace::Before(4), 2, vec![1, 3], None, Some(3)),
        (HistoryPlace::Before(1), 2, vec![], None, Some(0)),
        (HistoryPlace::After(0), 2, vec![1, 3], None, Some(3)),
        (HistoryPlace::After(5), 2, vec![7, 9], Some(7), None),
        (HistoryPlace::After(10), 2, vec![], Some(11), None),
        (
            HistoryPlace::After(u64::MAX),
            2,
            vec![],
            Some(u64::MAX),
            None,
        ),
        (HistoryPlace::Around(5), 3, vec![3, 5, 7], Some(3), Some(7)),
        (HistoryPlace::Around(6), 2, vec![5, 7], Some(5), Some(7)),
        (HistoryPlace::Around(1), 3, vec![1, 3], None, Some(3)),
        (
            HistoryPlace::AroundMessage(log[2].message_id),
            1,
            vec![5],
            Some(5),
            Some(5),
        ),
        (
            HistoryPlace::From(NOW + 2_500),
            2,
            vec![7, 9],
            Some(7),
            None,
        ),
        (
            HistoryPlace::From(NOW + 4_001),
            2,
            vec![],
            Some(u64::MAX),
            None,
        ),
    ] {
        let page = db.history(id, place, limit).await.unwrap();
        let found = (seqs(&page), page.older, page.newer);
        assert_eq!(found, (messages, older, newer), "{place:?}");
    }
    let page = db.history(id, HistoryPlace::Newest, 1).await.unwrap();
    assert_eq!(page.messages[0].text, "message 4");
    assert_eq!(page.messages[0].reactions.len(), 1);
}

async fn pages_from_any_place_show_every_message_once(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let id = scene.conversation.id;
    log(&db, &scene, 23).await;
    let expected: Vec<u64> = (0..23).map(|number| number * 2 + 1).collect();
    for begin in [1, 20, 45] {
        let middle = db
            .history(id, HistoryPlace::Around(begin), 4)
            .await
            .unwrap();
        let mut found = seqs(&middle);
        let mut older = middle.older;
        while let Some(seq) = older {
            let page = db.history(id, HistoryPlace::Before(seq), 3).await.unwrap();
            found.splice(0..0, seqs(&page));
            older = page.older;
        }
        let mut newer = middle.newer;
        while let Some(seq) = newer {
            let page = db.history(id, HistoryPlace::After(seq), 3).await.unwrap();
            found.extend(seqs(&page));
            newer = page.newer;
        }
        assert_eq!(found, expected, "from {begin}");
    }
}

async fn a_moment_leads_to_the_first_message_from_then_on(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let id = scene.conversation.id;
    // Three blocks of the index, and clocks that differ by up to two seconds.
    let mut times = Vec::new();
    for number in 0..600_i64 {
        let created_at = NOW + number * 1_000 + (number * 7919 % 5 - 2) * 1_000;
        let message = NewMessage {
            created_at,
            ..scene.says(&number.to_string(), "tick")
        };
        db.append_message(message).await.unwrap();
        times.push(created_at);
    }
    for _ in 0..2 {
        for second in (-5..610).step_by(41) {
            let moment = NOW + second * 1_000;
            let page = db.history(id, HistoryPlace::From(moment), 1).await.unwrap();
            let expected = times.iter().position(|time| *time >= moment);
            let expected: Vec<u64> = expected.map(|at| at as u64 + 1).into_iter().collect();
            assert_eq!(seqs(&page), expected, "{second}");
        }
        assert!(db.index_conversation(id).await.unwrap());
    }
}

async fn a_message_that_is_not_there_leads_nowhere(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let log = log(&db, &scene, 1).await;
    for (conversation, message) in [
        (scene.conversation.id, MessageId::new()),
        (ConversationId::new(), log[0].message_id),
    ] {
        let place = HistoryPlace::AroundMessage(message);
        let refused = db.history(conversation, place, 9).await;
        assert!(
            matches!(refused, Err(StorageError::NotFound("message"))),
            "{refused:?}"
        );
    }
}
