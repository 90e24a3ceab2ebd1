use inference::{Drawn, Priority, ScriptedEngine};
use protocol::Author;
use storage::{NewMessage, NewReplyOrder, Progress, ReplyWhen};

use super::*;
use crate::limits::{OUTBOX_FRAMES_MAX, RECONNECT_AFTER, RECONNECT_SPREAD_MIN};

#[actix::test]
async fn an_engine_that_panics_is_replaced_and_its_caller_gets_a_failed_reply() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!panic");
    let failed = client.done().await;
    assert_eq!(failed.stop_reason, Some(StopReason::Failed));
    assert_eq!(
        failed.failure.map(|failure| failure.code),
        Some(ErrorCode::Internal)
    );
    client.send(conversation, "two", "!say back again");
    assert_eq!(client.done().await.text, "back again");
}

#[actix::test]
async fn an_engine_that_fails_gives_a_failed_reply() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!error");
    assert_eq!(client.done().await.stop_reason, Some(StopReason::Failed));
}

#[actix::test]
async fn a_twin_that_panics_is_replaced() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    let directory = &house.worker.services().directory;
    let twin = directory.twin(house.twin).await.unwrap();
    assert!(
        twin.send(crate::twin::Panic).await.is_err(),
        "its caller gets an error"
    );
    until(|| !twin.connected()).await;
    client.send(conversation, "one", "!say awake again");
    assert_eq!(client.done().await.text, "awake again");
}

#[actix::test]
async fn a_twin_that_does_not_ask_an_engine_says_why_itself() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!say awake");
    assert_eq!(client.done().await.text, "awake");
    let disabled = house.storage.disable_account(house.user, 1).await;
    disabled.unwrap();
    // Its stream and its answer end in any order, and more than once in every one of them.
    for number in 0..50 {
        client.send(conversation, &format!("id-{number}"), "are you there?");
        let failure = client.done().await.failure;
        let why = failure.map(|failure| (failure.code, failure.message));
        let expected = "the account of the twin's owner is disabled";
        assert_eq!(why, Some((ErrorCode::Forbidden, expected.to_owned())));
    }
}

#[actix::test]
async fn a_conversation_that_panics_is_restarted_for_those_who_follow_it() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    let directory = house.worker.services().directory.clone();
    let before = directory.conversation(conversation).await.unwrap();
    assert!(
        before.send(crate::conversation::Panic).await.is_err(),
        "its caller gets an error"
    );
    let restarted = || {
        directory
            .awake_conversation(conversation)
            .is_some_and(|addr| addr != before)
    };
    until(restarted).await;
    client.send(conversation, "one", "!say still here");
    assert_eq!(client.done().await.text, "still here");
}

#[actix::test]
async fn a_reply_that_was_running_when_its_conversation_died_is_written_anew() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!slow 200");
    client.acknowledged().await;
    let directory = house.worker.services().directory.clone();
    let before = directory.conversation(conversation).await.unwrap();
    let _ = before.send(crate::conversation::Panic).await;
    let done = client.done().await;
    assert_eq!(
        done.text
            .split_whitespace()
            .filter(|word| *word == "tick")
            .count(),
        128
    );
    let log = house.log(conversation).await;
    assert_eq!(log.len(), 2, "one question, one reply");
}

/// A question whose reply another node was to write, and did not: its lease is over.
async fn left_unfinished(house: &House, conversation: ConversationId, text: &str) -> MessageId {
    ordered(house, conversation, text, (NodeId::new(), 0)).await
}

/// A question whose reply a node is to write, and has not begun.
async fn ordered(
    house: &House,
    conversation: ConversationId,
    text: &str,
    (node_id, lease_until): (NodeId, i64),
) -> MessageId {
    let reply = MessageId::new();
    let left = NewReplyOrder {
        message_id: reply,
        twin_id: house.twin,
        when: ReplyWhen::Always,
        node_id,
        lease_until,
    };
    let question = NewMessage {
        conversation_id: conversation,
        message_id: MessageId::new(),
        author: Author::User {
            id: house.user,
            name: "Kim".to_owned(),
        },
        client_id: None,
        text: text.to_owned(),
        reply_to: None,
        thread: None,
        attachments: Vec::new(),
        created_at: 0,
        members_seq: None,
        replies: vec![left],
        rules: storage::MessageRules::default(),
        chain: None,
        by_owner: false,
    };
    house.storage.append_alone(question).await.unwrap();
    reply
}

/// A reply of which a node wrote this much down before it died.
async fn torn(house: &House, conversation: ConversationId, so_far: Progress) -> (MessageId, u64) {
    let reply = left_unfinished(house, conversation, "!say one two three four five").await;
    let claimed = house.storage.claim_reply(reply, NodeId::new(), 0, 0).await;
    let epoch = claimed.unwrap().expect("nobody else has it");
    let written = house.storage.progress_reply(reply, epoch, so_far, 0).await;
    assert!(written.unwrap());
    (reply, epoch)
}

#[actix::test]
async fn a_reply_goes_on_from_what_was_written_down_of_it_when_its_node_died() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let said = "one two three ";
    let so_far = Progress {
        text: said.to_owned(),
        tokens: vec![10, 20, 30],
    };
    let (reply, epoch) = torn(&house, conversation, so_far).await;
    let client = house.follower(conversation).await;
    let done = client.done().await;
    assert_eq!(done.text, "one two three four five");
    let usage = done.usage.expect("it was generated");
    assert_eq!(usage.completion_tokens, 5);
    let drawn = Drawn {
        after: 0,
        tokens: vec![10, 20, 30],
    };
    assert_eq!(
        *house.asked.beginnings.lock().unwrap(),
        [(said.to_owned(), drawn)]
    );
    let order = house.storage.reply_order(reply).await.unwrap().unwrap();
    assert_eq!(
        (order.epoch, order.so_far),
        (epoch + 1, Progress::default())
    );
}

#[actix::test]
async fn a_reply_that_was_as_long_as_it_may_be_when_its_node_died_gets_no_token_more() {
    let house = House::with(|config| config.reply_tokens_max = 3).await;
    for (tokens, whole) in [
        (vec![10, 20, 30], "one two "),
        (vec![10, 20], "one two three"),
    ] {
        let so_far = Progress {
            text: "one two ".to_owned(),
            tokens,
        };
        let conversation = house.conversation().await;
        torn(&house, conversation, so_far).await;
        let done = house.follower(conversation).await.done().await;
        assert_eq!(done.text, whole);
        assert_eq!(done.stop_reason, Some(StopReason::Length));
        assert_eq!(done.usage.map(|usage| usage.completion_tokens), Some(3));
    }
}

#[actix::test]
async fn a_reply_that_was_left_unfinished_is_urgent_only_if_somebody_follows() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    left_unfinished(&house, conversation, "!say at last").await;
    let awake = house
        .worker
        .services()
        .directory
        .conversation(conversation)
        .await;
    assert!(awake.is_ok());
    while house.asked.priorities.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let client = house.follower(conversation).await;
    client.send(conversation, "two", "!say now");
    while client.done().await.text != "now" {}
    assert_eq!(
        *house.asked.priorities.lock().unwrap(),
        [Priority::Background, Priority::Person]
    );
}

#[actix::test]
async fn a_full_inference_pool_says_so_at_once() {
    let house = House::new().await;
    let mut clients = Vec::new();
    // Some run, as many as fit wait, and the next is told.
    for number in 0..=ScriptedEngine::REQUESTS_MAX {
        let conversation = house.conversation().await;
        let client = house.follower(conversation).await;
        client.send(conversation, &format!("id-{number}"), "!wait");
        client.acknowledged().await;
        clients.push(client);
    }
    let overloaded = clients.last().unwrap().done().await;
    assert_eq!(
        overloaded.failure.map(|failure| failure.code),
        Some(ErrorCode::Overloaded)
    );
}

#[actix::test]
async fn a_reader_that_stops_reading_is_cut_off_and_the_others_are_not() {
    let house =
        House::with(|config| config.sends_per_minute = std::num::NonZeroU32::new(10_000).unwrap())
            .await;
    let conversation = house.conversation().await;
    let reader = house.follower(conversation).await;
    let sleeper = house.follower(conversation).await;
    let mut number = 0;
    while !sleeper.outbox.is_closing() {
        reader.send(conversation, &format!("id-{number}"), "!say hello");
        reader.done().await;
        number += 1;
        assert!(number < 1_000, "the reader is never cut off");
    }
    let queued = sleeper.queued();
    assert_eq!(queued.len(), OUTBOX_FRAMES_MAX + 1);
    let last = queued.last();
    assert!(
        matches!(
            last,
            Some(Outgoing::Close(protocol::CloseCode::TryLater, _))
        ),
        "{last:?}"
    );
}

#[actix::test]
async fn a_drain_tells_everybody_to_come_back_and_leaves_running_replies_to_the_next_node() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!wait");
    client
        .next_that(|frame| matches!(frame, ServerFrame::MessageStart { .. }).then_some(()))
        .await;
    let node = house.node.clone();
    let drained = async move { node.drain(PATIENCE).await };
    let told = async {
        let after_ms = client
            .next_that(|frame| match frame {
                ServerFrame::Reconnect { after_ms } => Some(after_ms),
                _ => None,
            })
            .await;
        let soonest = RECONNECT_AFTER.as_millis() as u64;
        let latest = (RECONNECT_AFTER + RECONNECT_SPREAD_MIN).as_millis() as u64;
        assert!((soonest..=latest).contains(&after_ms), "{after_ms}");
        let close = client.next_outgoing().await;
        assert!(matches!(
            close,
            Some(Outgoing::Close(protocol::CloseCode::Restart, _))
        ));
        client.sender.unbounded_send(Inbound::Closed).unwrap();
    };
    futures::join!(drained, told);
    assert_eq!(house.node.connections(), 0);
    let open = house
        .storage
        .expired_replies(crate::node::now_ms() + 1, 10)
        .await
        .unwrap();
    assert_eq!(open.len(), 1, "the reply is free for the next node");
}

#[actix::test]
async fn a_drain_leaves_replies_that_have_not_begun_to_the_next_node_too() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let now = house.storage.lease_now();
    let lease = (house.node.services().config.node_id, now + 60_000);
    let reply = ordered(&house, conversation, "!say hello", lease).await;
    assert_eq!(house.storage.expired_replies(now, 10).await.unwrap(), []);
    house.node.drain(PATIENCE).await;
    let now = house.storage.lease_now();
    let open = house.storage.expired_replies(now, 10).await.unwrap();
    let open: Vec<_> = open
        .iter()
        .map(|order| (order.message_id, order.epoch))
        .collect();
    assert_eq!(open, [(reply, 0)], "it is free for the next node");
}
