//! Random histories against a model that fits on one screen: what the log must be, on both databases.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use protocol::{ConversationId, MessageId};
use storage::{Appended, NewMember, NewMessage, Storage, StorageError};

use crate::support::{Scene, TestDatabase, begin, client, messages_after, on_both_databases};

on_both_databases![any_history_of_sends_gives_the_log_of_the_model];

/// One send: which conversation (the third does not exist), which client id, which text, which message it answers.
#[derive(Debug, Clone)]
struct Send {
    conversation: usize,
    client_id: Option<u8>,
    text: u8,
    answers: Option<usize>,
}

fn sends() -> impl Strategy<Value = Vec<Send>> {
    let send = (
        0..3_usize,
        proptest::option::weighted(0.9, 0..12_u8),
        0..3_u8,
        proptest::option::weighted(0.3, 0..8_usize),
    );
    let send = send.prop_map(|(conversation, client_id, text, answers)| Send {
        conversation,
        client_id,
        text,
        answers,
    });
    proptest::collection::vec(send, 1..40)
}

/// What was appended, in the model's words.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    seq: u64,
    message_id: MessageId,
    text: String,
    reply_to: Option<MessageId>,
}

#[derive(Debug, PartialEq)]
enum Expected {
    New(Entry),
    Duplicate(Entry),
    Conflict,
    NotFound,
}

#[derive(Default)]
struct Model {
    logs: HashMap<ConversationId, Vec<Entry>>,
    by_client_id: HashMap<String, (ConversationId, Entry)>,
}

impl Model {
    fn append(&mut self, message: &NewMessage) -> Expected {
        let key = message.client_id.as_ref().map(|id| id.as_str().to_owned());
        if let Some((conversation, entry)) = key.as_ref().and_then(|key| self.by_client_id.get(key))
        {
            let same = *conversation == message.conversation_id
                && entry.text == message.text
                && entry.reply_to == message.reply_to;
            return if same {
                Expected::Duplicate(entry.clone())
            } else {
                Expected::Conflict
            };
        }
        let Some(log) = self.logs.get_mut(&message.conversation_id) else {
            return Expected::NotFound;
        };
        if let Some(answered) = message.reply_to
            && !log.iter().any(|entry| entry.message_id == answered)
        {
            return Expected::NotFound;
        }
        let entry = Entry {
            seq: log.len() as u64 + 1,
            message_id: message.message_id,
            text: message.text.clone(),
            reply_to: message.reply_to,
        };
        log.push(entry.clone());
        if let Some(key) = key {
            self.by_client_id
                .insert(key, (message.conversation_id, entry.clone()));
        }
        Expected::New(entry)
    }
}

fn seen(outcome: Result<Appended, StorageError>) -> Expected {
    match outcome {
        Ok(Appended::New(message)) => Expected::New(entry(message)),
        Ok(Appended::Duplicate(message)) => Expected::Duplicate(entry(message)),
        Err(StorageError::Conflict(_)) => Expected::Conflict,
        Err(StorageError::NotFound(_)) => Expected::NotFound,
        Err(other) => panic!("{other}"),
    }
}

fn entry(message: protocol::Message) -> Entry {
    Entry {
        seq: message.seq,
        message_id: message.message_id,
        text: message.text,
        reply_to: message.reply_to,
    }
}

async fn any_history_of_sends_gives_the_log_of_the_model(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let strategy = sends();
    for case in 0..40 {
        let history = strategy.new_tree(&mut runner).unwrap().current();
        // Half of the histories are handed over at once, so that they share transactions.
        play(&db, &scene, case, &history, case % 2 == 0).await;
    }
}

async fn play(db: &Storage, scene: &Scene, case: u32, history: &[Send], at_once: bool) {
    let mut model = Model::default();
    let mut conversations = Vec::new();
    for _ in 0..2 {
        let members = vec![NewMember::User(scene.user.id)];
        let id = begin(db, scene.user.id, members).await.id;
        model.logs.insert(id, Vec::new());
        conversations.push(id);
    }
    conversations.push(ConversationId::new());
    let ids: Vec<MessageId> = history.iter().map(|_| MessageId::new()).collect();
    let messages: Vec<NewMessage> = history
        .iter()
        .zip(&ids)
        .map(|(send, id)| NewMessage {
            conversation_id: conversations[send.conversation],
            message_id: *id,
            client_id: send.client_id.map(|id| client(&format!("{case}-{id}"))),
            reply_to: send.answers.map(|index| ids[index % ids.len()]),
            ..scene.says("-", &format!("text {}", send.text))
        })
        .collect();
    let expected: Vec<Expected> = messages
        .iter()
        .map(|message| model.append(message))
        .collect();

    let mut outcomes = Vec::new();
    if at_once {
        let sends = messages
            .into_iter()
            .map(|message| db.append_message(message));
        outcomes.extend(futures::future::join_all(sends).await.into_iter().map(seen));
    } else {
        for message in messages {
            outcomes.push(seen(db.append_message(message).await));
        }
    }

    assert_eq!(outcomes, expected, "{history:?}");
    for (id, log) in model.logs {
        let stored = messages_after(db, id, 0, 1000).await.unwrap();
        assert!(stored.into_iter().map(entry).eq(log), "{history:?}");
    }
}
