//! Further attempts at a reply: another seed, going on where one ended, and which of them counts.

use protocol::{Change, What};

use super::*;

impl Client {
    fn regenerate(&self, conversation_id: ConversationId, message_id: MessageId) {
        self.say(ClientFrame::Regenerate {
            conversation_id,
            message_id,
        });
    }

    fn goes_on(&self, conversation_id: ConversationId, message_id: MessageId) {
        self.say(ClientFrame::Continue {
            conversation_id,
            message_id,
        });
    }

    fn choose(&self, conversation_id: ConversationId, id: &str, message_id: MessageId) {
        self.say(ClientFrame::Choose {
            conversation_id,
            client_id: id.to_owned().try_into().unwrap(),
            message_id,
        });
    }

    /// The next reply that begins, and which one it is another attempt at.
    async fn started(&self) -> (MessageId, Option<MessageId>) {
        self.next_that(|frame| match frame {
            ServerFrame::MessageStart {
                message_id,
                variant_of,
                ..
            } => Some((message_id, variant_of)),
            _ => None,
        })
        .await
    }

    async fn first_piece(&self) -> (u64, String) {
        self.next_that(|frame| match frame {
            ServerFrame::Delta { index, text, .. } => Some((index, text)),
            _ => None,
        })
        .await
    }
}

/// Three replies of so many pieces fit the queue of a client that comes to read none of them in between.
fn short_replies(config: &mut NodeConfig) {
    config.reply_tokens_max = 64;
}

/// Which of the messages of a conversation count.
async fn counting(house: &House, conversation: ConversationId) -> Vec<bool> {
    let log = house.log(conversation).await;
    log.iter().map(|message| !message.superseded).collect()
}

#[actix::test]
async fn another_attempt_has_another_seed_and_counts_in_place_of_the_first() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!say lighthouse");
    let first = client.done().await;
    client.regenerate(conversation, first.message_id);
    let (message_id, variant_of) = client.started().await;
    let second = client.done().await;
    assert_eq!(
        (second.message_id, second.variant_of, variant_of),
        (message_id, Some(first.message_id), Some(first.message_id))
    );
    assert_eq!((second.reply_to, second.seq), (first.reply_to, 3));
    assert_ne!(second.seed, first.seed);
    // The first attempt is named, whichever is tried again.
    client.regenerate(conversation, second.message_id);
    let third = client.done().await;
    assert_eq!(third.variant_of, Some(first.message_id));
    assert_eq!(
        counting(&house, conversation).await,
        [true, false, false, true]
    );
}

#[actix::test]
async fn only_the_attempt_that_counts_is_read_by_the_twin_later_on() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!slow 3");
    let first = client.done().await;
    client.regenerate(conversation, first.message_id);
    let second = client.done().await;
    client.choose(conversation, "two", first.message_id);
    client.acknowledged().await;
    assert_eq!(counting(&house, conversation).await, [true, true, false]);
    client.send(conversation, "three", "!say hello");
    client.done().await;
    let said = house.asked.last_prompt();
    assert_eq!(said.iter().filter(|text| **text == first.text).count(), 1);
    client.choose(conversation, "four", first.message_id);
    assert_eq!(client.error().await, ErrorCode::Conflict);
    client.choose(conversation, "five", second.message_id);
    let change = client
        .next_that(|frame| match frame {
            ServerFrame::Change(Change {
                what: What::Chosen { message_id },
                ..
            }) => Some(message_id),
            _ => None,
        })
        .await;
    assert_eq!(change, second.message_id);
}

#[actix::test]
async fn a_reply_that_was_cut_off_goes_on_with_what_it_says() {
    let house = House::with(short_replies).await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!slow 40");
    let cut = client.done().await;
    assert_eq!(cut.stop_reason, Some(StopReason::Length));
    client.goes_on(conversation, cut.message_id);
    client.started().await;
    assert_eq!(client.first_piece().await, (0, cut.text.clone()));
    let whole = client.done().await;
    assert_eq!(whole.stop_reason, Some(StopReason::EndOfTurn));
    let ticks: Vec<String> = (1..=40).map(|number| format!("tick {number}")).collect();
    assert_eq!(whole.text, ticks.join(" "));
    assert_eq!(whole.usage.unwrap().completion_tokens, 2 * (40 - 32));
    // There is nothing to go on with.
    client.goes_on(conversation, whole.message_id);
    assert_eq!(client.error().await, ErrorCode::Conflict);
}

#[actix::test]
async fn an_attempt_that_goes_on_begins_the_same_way_when_its_conversation_died() {
    let house = House::with(short_replies).await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!slow 100");
    let cut = client.done().await;
    client.goes_on(conversation, cut.message_id);
    client.started().await;
    let directory = house.worker.services().directory.clone();
    let before = directory.conversation(conversation).await.unwrap();
    let _ = before.send(crate::conversation::Panic).await;
    let done = client.done().await;
    let ticks: Vec<String> = (1..=64).map(|number| format!("tick {number}")).collect();
    assert_eq!(done.text, ticks.join(" "));
    assert_eq!(house.log(conversation).await.len(), 3);
}

#[actix::test]
async fn there_is_one_attempt_at_a_time_and_ten_in_all() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!wait");
    let (first, _) = client.started().await;
    client.regenerate(conversation, first);
    assert_eq!(
        client.error().await,
        ErrorCode::NotFound,
        "it is no message yet"
    );
    client.say(ClientFrame::Stop {
        conversation_id: conversation,
        message_id: first,
    });
    client.done().await;
    for _ in 1..10 {
        client.regenerate(conversation, first);
        let (attempt, _) = client.started().await;
        client.regenerate(conversation, first);
        assert_eq!(client.error().await, ErrorCode::Conflict);
        client.say(ClientFrame::Stop {
            conversation_id: conversation,
            message_id: attempt,
        });
        client.done().await;
    }
    client.regenerate(conversation, first);
    assert_eq!(client.error().await, ErrorCode::LimitReached);
    // None of them says anything, so that the first still counts.
    let counting = counting(&house, conversation).await;
    assert_eq!(counting[..2], [true, true]);
    assert!(!counting[2..].contains(&true));
}

#[actix::test]
async fn what_is_no_reply_is_not_tried_again() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let elsewhere = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!say hello");
    let reply = client.done().await;
    let question = reply.reply_to.unwrap();
    client.regenerate(conversation, question);
    assert_eq!(client.error().await, ErrorCode::NotFound);
    client.regenerate(elsewhere, reply.message_id);
    assert_eq!(client.error().await, ErrorCode::NotFound);
    client.choose(conversation, "two", reply.message_id);
    assert_eq!(
        client.error().await,
        ErrorCode::NotFound,
        "it has no variant"
    );
    client.say(ClientFrame::Delete {
        conversation_id: conversation,
        client_id: "three".to_owned().try_into().unwrap(),
        message_id: question,
    });
    client.acknowledged().await;
    client.regenerate(conversation, reply.message_id);
    assert_eq!(
        client.error().await,
        ErrorCode::NotFound,
        "its question is gone"
    );
}

#[actix::test]
async fn when_the_attempt_that_counts_is_deleted_the_newest_that_is_left_does() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "one", "!say hello");
    let first = client.done().await;
    let mut newest = first.message_id;
    for _ in 0..2 {
        client.regenerate(conversation, first.message_id);
        newest = client.done().await.message_id;
    }
    client.say(ClientFrame::Delete {
        conversation_id: conversation,
        client_id: "two".to_owned().try_into().unwrap(),
        message_id: newest,
    });
    client.acknowledged().await;
    let log = house.log(conversation).await;
    let counting: Vec<u64> = log
        .iter()
        .filter(|message| !message.superseded && message.deleted_at.is_none())
        .map(|message| message.seq)
        .collect();
    assert_eq!(counting, [1, 3]);
}
