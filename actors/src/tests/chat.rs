use inference::TextForm;
use protocol::{ChunkId, DocumentId};
use storage::{Chunk, Document, DocumentState, FileKey};

use super::*;

#[actix::test]
async fn a_message_is_acknowledged_once_committed_and_the_reply_streams_and_adds_up() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "Where does the spare key hang?");
    let mut frames = Vec::new();
    let done = loop {
        match client.next().await {
            ServerFrame::MessageDone(message) => break message,
            frame => frames.push(frame),
        }
    };
    let mut text = String::new();
    let mut deltas = 0;
    for frame in &frames {
        if let ServerFrame::Delta {
            index, text: piece, ..
        } = frame
        {
            assert_eq!(*index, text.chars().count() as u64);
            text.push_str(piece);
            deltas += 1;
        }
    }
    assert!(deltas > 3, "the reply came in {deltas} pieces");
    assert_eq!(text, done.text);
    assert_eq!(done.text, "The spare key hangs behind the blue barometer.");
    assert_eq!(
        (done.seq, done.ai_written, done.stop_reason),
        (2, true, Some(StopReason::EndOfTurn))
    );
    let acknowledged = frames
        .iter()
        .any(|frame| matches!(frame, ServerFrame::Ack { seq: 1, .. }));
    assert!(acknowledged, "{frames:?}");
    assert_eq!(house.log(conversation).await.last(), Some(&done));
}

#[actix::test]
async fn what_was_acknowledged_before_is_told_though_the_thread_has_not_heard_of_it() {
    let house = House::new().await;
    let conversation = house
        .conversation_of(vec![NewMember::User(house.user)])
        .await;
    let writer = house.follower(conversation).await;
    for client_id in ["1", "2"] {
        writer.send(conversation, client_id, "hello");
        writer.acknowledged().await;
    }
    let late = || house.worker.rooms().borrow_mut().fall_back(conversation, 0);
    late();
    let mut reader = house.connect();
    reader.identify(house.user).await;
    reader.say(ClientFrame::Subscribe {
        conversation_id: conversation,
        after_seq: Some(0),
    });
    for seq in [1, 2] {
        let message = |frame| match frame {
            ServerFrame::Message(message) => Some(message.seq),
            _ => None,
        };
        assert_eq!(reader.next_that(message).await, seq);
    }
    let subscribed = |frame| match frame {
        ServerFrame::Subscribed { last_seq, .. } => Some(last_seq),
        _ => None,
    };
    assert_eq!(reader.next_that(subscribed).await, 2);
    late();
    let mut newcomer = house.connect();
    newcomer.identify(house.user).await;
    newcomer.say(ClientFrame::Subscribe {
        conversation_id: conversation,
        after_seq: None,
    });
    assert_eq!(newcomer.next_that(subscribed).await, 2);
}

#[actix::test]
async fn a_reply_says_where_it_comes_from() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!say hello");
    let done = client.done().await;
    assert_eq!(done.model.as_deref(), Some("scripted"));
    assert!(done.seed.unwrap() <= protocol::limits::SEED_MAX);
    assert_eq!(done.usage.unwrap().completion_tokens, 1);
    let latency = done.latency.unwrap();
    assert!(latency.first_text_ms.unwrap() <= latency.whole_ms);
    client.send(conversation, "two", "!error");
    let failed = client.done().await;
    assert_eq!((failed.usage, &failed.adapter), (None, &None));
    assert_eq!(failed.latency.unwrap().first_text_ms, None);
    let log = house.log(conversation).await;
    assert_eq!([&log[1], &log[3]], [&done, &failed]);
}

#[actix::test]
async fn sending_again_is_harmless_and_another_text_under_the_same_id_is_a_conflict() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!say hello");
    let first = client.acknowledged().await;
    client.done().await;
    client.send(conversation, "one", "!say hello");
    assert_eq!(client.acknowledged().await, first);
    client.send(conversation, "one", "!say something else");
    assert_eq!(client.error().await, ErrorCode::Conflict);
    assert_eq!(house.log(conversation).await.len(), 2);
}

#[actix::test]
async fn messages_of_one_sender_keep_their_order() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    for number in 0..40 {
        client.send(
            conversation,
            &format!("id-{number}"),
            &format!("!say {number}"),
        );
    }
    for _ in 0..40 {
        client.done().await;
    }
    let log = house.log(conversation).await;
    let seqs: Vec<u64> = log.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, (1..=80).collect::<Vec<u64>>());
    let sent: Vec<String> = log
        .iter()
        .filter(|message| !message.ai_written)
        .map(|message| message.text.clone())
        .collect();
    assert_eq!(
        sent,
        (0..40)
            .map(|number| format!("!say {number}"))
            .collect::<Vec<_>>()
    );
}

#[actix::test]
async fn who_comes_back_gets_what_was_missed_and_the_text_so_far() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let first = house.follower(conversation).await;
    first.send(conversation, "one", "!say hello");
    first.done().await;
    first.send(conversation, "two", "!wait");
    let running = first
        .next_that(|frame| match frame {
            ServerFrame::MessageStart { message_id, .. } => Some(message_id),
            _ => None,
        })
        .await;
    let second = house.connect();
    let cursors = vec![Cursor {
        conversation_id: conversation,
        after_seq: 1,
    }];
    second.say(ClientFrame::Resume {
        token: house.user.to_string(),
        cursors,
        presence: false,
    });
    assert!(matches!(second.next().await, ServerFrame::Ready { .. }));
    for seq in [2, 3] {
        let ServerFrame::Message(message) = second.next().await else {
            panic!("a message")
        };
        assert_eq!(message.seq, seq);
    }
    let ServerFrame::MessageStart { message_id, .. } = second.next().await else {
        panic!("a start")
    };
    assert_eq!(message_id, running);
    let ServerFrame::Subscribed { last_seq, .. } = second.next().await else {
        panic!("subscribed")
    };
    assert_eq!(last_seq, 3);
    second.say(ClientFrame::Stop {
        conversation_id: conversation,
        message_id: running,
    });
    assert_eq!(second.done().await.stop_reason, Some(StopReason::Stopped));
    assert_eq!(first.done().await.message_id, running);
}

#[actix::test]
async fn a_stopped_reply_keeps_what_was_said() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!slow 100000");
    let reply = client
        .next_that(|frame| match frame {
            ServerFrame::Delta { message_id, .. } => Some(message_id),
            _ => None,
        })
        .await;
    client.say(ClientFrame::Stop {
        conversation_id: conversation,
        message_id: reply,
    });
    let done = client.done().await;
    assert!(done.text.starts_with("tick"), "{}", done.text);
    assert!(matches!(
        done.stop_reason,
        Some(StopReason::Stopped | StopReason::Length)
    ));
}

#[actix::test]
async fn nothing_is_served_before_identify_and_nothing_to_strangers() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.connect();
    client.send(conversation, "one", "hello");
    assert_eq!(client.error().await, ErrorCode::Unauthenticated);

    let others = ConversationId::new();
    let owner = add_user(&house.storage, "mo@example.com", "Mo").await;
    let theirs = NewConversation {
        id: others,
        kind: ConversationKind::Room,
        title: None,
        created_by: owner,
        created_at: 0,
    };
    house
        .storage
        .create_conversation(theirs, vec![NewMember::User(owner)])
        .await
        .unwrap();
    let client = house.follower(conversation).await;
    for conversation_id in [others, ConversationId::new()] {
        let frames = [
            ClientFrame::Subscribe {
                conversation_id,
                after_seq: None,
            },
            ClientFrame::Send {
                conversation_id,
                client_id: ClientId::try_from("x".to_owned()).unwrap(),
                text: "let me in".to_owned(),
                reply_to: None,
                thread: None,
                attachments: Vec::new(),
            },
            ClientFrame::Typing { conversation_id },
            ClientFrame::Read {
                conversation_id,
                seq: 1,
            },
            ClientFrame::Stop {
                conversation_id,
                message_id: MessageId::new(),
            },
        ];
        for frame in frames {
            client.say(frame);
            assert_eq!(client.error().await, ErrorCode::NotFound);
        }
    }
    assert_eq!(house.log(others).await, []);
}

#[actix::test]
async fn a_refused_token_closes_the_connection() {
    let house = House::new().await;
    for (token, expected) in [
        ("forged".to_owned(), ErrorCode::Unauthenticated),
        (format!("expired {}", house.user), ErrorCode::TokenExpired),
        (UserId::new().to_string(), ErrorCode::Unauthenticated),
    ] {
        let client = house.connect();
        client.say(ClientFrame::Identify {
            token,
            presence: false,
        });
        assert_eq!(client.error().await, expected);
        let close = client.next_outgoing().await;
        let code = protocol::CloseCode::Unauthenticated;
        assert_eq!(close, Some(Outgoing::Close(code, "not authenticated")));
    }
}

#[actix::test]
async fn two_nodes_on_one_database_and_bus_see_each_others_messages_and_replies() {
    let left = House::new().await;
    let right = left.sibling().await;
    let conversation = left.conversation().await;
    let on_left = left.follower(conversation).await;
    let on_right = right.follower(conversation).await;
    on_left.send(conversation, "one", "!say from the left");
    let seen = on_right.done().await;
    assert_eq!((seen.seq, seen.text.as_str()), (2, "from the left"));
    on_right.send(conversation, "two", "!say from the right");
    let mut seen = on_left.done().await;
    if seen.seq == 2 {
        seen = on_left.done().await;
    }
    assert_eq!((seen.seq, seen.text.as_str()), (4, "from the right"));
}

#[actix::test]
async fn bad_texts_are_refused_with_what_is_wrong() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    let long = "x".repeat(protocol::limits::TEXT_BYTES_MAX + 1);
    for (text, expected) in [
        ("", ErrorCode::Invalid),
        (" \n\t ", ErrorCode::Invalid),
        ("nul \0 inside", ErrorCode::Invalid),
        (long.as_str(), ErrorCode::TooLarge),
    ] {
        client.send(conversation, "bad", text);
        assert_eq!(client.error().await, expected, "{:?}", text.len());
    }
    assert_eq!(house.log(conversation).await, []);
}

#[actix::test]
async fn one_person_who_floods_is_told_when_to_go_on() {
    let house =
        House::with(|config| config.sends_per_minute = std::num::NonZeroU32::new(3).unwrap()).await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    for number in 0..4 {
        client.send(conversation, &format!("id-{number}"), "!say hello");
    }
    let retry_after_ms = client
        .next_that(|frame| match frame {
            ServerFrame::Error {
                code: ErrorCode::RateLimited,
                retry_after_ms,
                ..
            } => retry_after_ms,
            _ => None,
        })
        .await;
    assert!((1..=20_001).contains(&retry_after_ms), "{retry_after_ms}");
}

#[actix::test]
async fn a_twin_that_is_awake_knows_what_its_owner_has_just_added_and_forgets_what_was_deleted() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "Which colour has the ferry?");
    assert_eq!(client.done().await.sources, Some(vec![]));

    let text = "The ferry has the colour of ripe apricots.";
    let vectors = house.node.embed(vec![text.to_owned()]).await.unwrap();
    let document = add_document(&house, text, vectors[0].clone()).await;
    client.send(conversation, "two", "Which colour has the ferry?");
    let answered = client.done().await;
    assert_eq!(answered.text, text);
    let quotes: Vec<String> = answered
        .sources
        .unwrap()
        .into_iter()
        .map(|source| source.quote)
        .collect();
    assert_eq!(quotes, [text]);

    house.storage.delete_document(document, 0).await.unwrap();
    client.send(conversation, "three", "Which colour has the ferry?");
    assert_eq!(client.done().await.sources, Some(vec![]));
}

#[actix::test]
async fn a_question_is_embedded_as_a_query_and_what_may_answer_it_as_passages() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    let text = "The ferry has the colour of ripe apricots.";
    let vectors = house.node.embed(vec![text.to_owned()]).await.unwrap();
    add_document(&house, text, vectors[0].clone()).await;
    house.asked.embedded.lock().unwrap().clear();
    let question = "Which colour has the ferry?";
    client.send(conversation, "one", question);
    assert_eq!(client.done().await.text, text);
    assert_eq!(
        *house.asked.embedded.lock().unwrap(),
        [
            (TextForm::Query, question.to_owned()),
            (TextForm::Passage, text.to_owned()),
        ]
    );
}

#[actix::test]
async fn every_node_forgets_what_was_deleted_on_one() {
    let house = House::new().await;
    let sibling = house.sibling().await;
    // The sibling listens as soon as it takes part; what it is asked for before goes to nobody.
    let conversation = house.conversation().await;
    sibling.follower(conversation).await;
    house.node.forget(&[house.twin]).await;
    let owner = u128::from_be_bytes(*house.twin.as_bytes());
    assert_eq!(*house.asked.forgotten.lock().unwrap(), [owner]);
    while sibling.asked.forgotten.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(*sibling.asked.forgotten.lock().unwrap(), [owner]);
}

pub(super) async fn add_document(house: &House, text: &str, vector: Vec<f32>) -> DocumentId {
    let id = DocumentId::new();
    let document = Document {
        id,
        twin_id: house.twin,
        name: "ferry.md".to_owned(),
        media_type: "text/markdown".to_owned(),
        size_bytes: text.len() as u64,
        sha256: [7; 32],
        file_key: FileKey::new(),
        chunk_count: 1,
        created_at: 0,
        state: DocumentState::Ready,
        failure: None,
        audience: storage::Audience::Public,
    };
    let chunk = Chunk {
        id: ChunkId::new(),
        document_id: id,
        document_name: "ferry.md".to_owned(),
        ordinal: 0,
        section: String::new(),
        text: text.to_owned(),
        vector,
    };
    house
        .storage
        .insert_document(document, vec![chunk], 10)
        .await
        .unwrap();
    id
}

#[actix::test]
async fn a_client_that_resumes_learns_which_conversations_it_cannot_follow() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let nowhere = ConversationId::new();
    let client = house.connect();
    let cursor = |conversation_id, after_seq| Cursor {
        conversation_id,
        after_seq,
    };
    let ahead = house.conversation().await;
    let cursors = vec![
        cursor(nowhere, 0),
        cursor(ahead, 7),
        cursor(conversation, 0),
    ];
    let token = house.user.to_string();
    client.say(ClientFrame::Resume {
        token,
        cursors,
        presence: false,
    });
    assert!(matches!(client.next().await, ServerFrame::Ready { .. }));
    let mut resets = Vec::new();
    let mut subscribed = Vec::new();
    loop {
        match client.next().await {
            ServerFrame::Reset {
                conversation_id,
                code,
                ..
            } => resets.push((conversation_id, code)),
            ServerFrame::Subscribed {
                conversation_id, ..
            } => subscribed.push(conversation_id),
            ServerFrame::Resumed { .. } => break,
            frame => panic!("{frame:?}"),
        }
    }
    resets.sort_by_key(|(id, _)| *id != nowhere);
    let expected = [(nowhere, ErrorCode::NotFound), (ahead, ErrorCode::Conflict)];
    assert_eq!(
        (resets, subscribed),
        (expected.to_vec(), vec![conversation])
    );
}

#[actix::test]
async fn a_broadcast_reaches_all_who_follow_and_only_followers_may_send_one() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let other = house.conversation().await;
    let sender = house.follower(conversation).await;
    let reader = house.follower(conversation).await;
    let broadcast = |conversation_id| ClientFrame::Broadcast {
        conversation_id,
        event: "cursor".to_owned().try_into().unwrap(),
        data: "12,7".to_owned(),
    };
    sender.say(broadcast(other));
    assert_eq!(sender.error().await, ErrorCode::Forbidden);
    sender.say(broadcast(conversation));
    for client in [&sender, &reader] {
        let ServerFrame::Broadcast {
            conversation_id,
            user_id,
            data,
            ..
        } = client.next().await
        else {
            panic!("everybody who follows is told")
        };
        let told = (conversation_id, user_id, data.as_str());
        assert_eq!(told, (conversation, house.user, "12,7"));
    }
}

#[actix::test]
async fn a_person_can_go_on_writing_when_the_twin_is_deleted() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!say hello");
    client.done().await;
    house.storage.delete_twin(house.twin, 0).await.unwrap();
    client.send(conversation, "two", "are you still there?");
    assert_eq!(client.acknowledged().await.0, 3);
    client.send(conversation, "three", "good-bye");
    assert_eq!(client.acknowledged().await.0, 4);
    assert_eq!(house.log(conversation).await.len(), 4);
}
