//! Long conversations: what no longer fits a prompt is summed up after replies, kept once, given to the model, and forgotten.

use inference::{Priority, TokenCounter};
use protocol::What;
use storage::Recap;

use super::*;
use crate::limits::RECAPS_AT_ONCE_MAX;
use crate::rebuild;
use crate::twin::SumUp;

/// The words of the order to sum up: the scripted engine quotes the line that shares the most with it.
const TOLD: &str = "Write in short sentences the new summary: the boat is the Heron.";
const BEGIN: &str = "What was said before in this conversation, in short:\n";

/// One after the other, each with its answer.
async fn talk(client: &Client, conversation: ConversationId, texts: &[String]) -> Vec<Message> {
    let mut answers = Vec::new();
    for text in texts {
        client.send(conversation, &MessageId::new().to_string(), text);
        answers.push(client.done().await);
    }
    answers
}

/// Lines of small talk.
fn lines(count: usize) -> Vec<String> {
    (0..count).map(|line| format!("!say tick {line}")).collect()
}

/// The newest recap of what stands in no thread.
async fn newest(house: &House, conversation: ConversationId) -> Option<Recap> {
    let talk = (conversation, None);
    let found = house.storage.recap_before(house.twin, talk, u64::MAX).await;
    found.unwrap().0
}

/// Has a twin sum up what is to be summed up, and waits until it has.
async fn sum_up(house: &House, conversation: ConversationId) {
    let services = house.worker.services();
    let twin = services.directory.twin(house.twin).await.unwrap();
    let thread = None;
    let asked = twin.send(SumUp {
        conversation,
        thread,
    });
    asked.await.unwrap();
    let all = services
        .recap_places
        .acquire_many(RECAPS_AT_ONCE_MAX as u32);
    let all = tokio::time::timeout(PATIENCE, all).await;
    drop(all.expect("it is summed up in time"));
}

/// Waits until a recap reaches up to a message at least.
async fn recap_to(house: &House, conversation: ConversationId, seq: u64) -> Recap {
    let reached = async {
        loop {
            match newest(house, conversation).await {
                Some(recap) if recap.to_seq >= seq => return recap,
                _ => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, reached)
        .await
        .expect("it is summed up in time")
}

/// A conversation of which the boat was said first, and everything up to `seq` is summed up.
async fn long_talk(house: &House) -> (ConversationId, Client, Recap) {
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    talk(&client, conversation, &[TOLD.to_owned()]).await;
    talk(&client, conversation, &lines(5)).await;
    let recap = recap_to(house, conversation, 8).await;
    (conversation, client, recap)
}

#[actix::test]
async fn what_no_longer_fits_a_prompt_is_summed_up_in_steps_and_known_in_the_next_ones() {
    let house = House::new().await;
    let (conversation, client, first) = long_talk(&house).await;
    assert_eq!(
        (first.from_seq, first.to_seq, first.model.as_str()),
        (1, 8, "scripted")
    );
    assert!(
        first.text.contains("the boat is the Heron"),
        "{}",
        first.text
    );
    let priority = house.asked.priorities.lock().unwrap().last().copied();
    assert_eq!(priority, Some(Priority::Background));

    // All of it stands there word for word: a recap would say it twice.
    let short = talk(&client, conversation, &["!say one".to_owned()]).await;
    let origin = house.storage.origin(short[0].message_id).await.unwrap();
    let origin = origin.unwrap();
    assert_eq!((origin.recap, origin.turns.len()), (None, 12));
    let answer = talk(&client, conversation, &["!say two".to_owned()]).await;
    let answer = &answer[0];
    let prompts = house.asked.prompts.lock().unwrap().clone();
    let prompt = prompts
        .iter()
        .rfind(|prompt| prompt.last().unwrap() == "!say two");
    let given = &prompt.unwrap()[1];
    let expected = format!("{BEGIN}{}\n\nSince then:\n", first.text);
    assert!(given.starts_with(&expected), "{given}");

    // It is known what the answer was given, and the prompt can be built once more.
    let origin = house.storage.origin(answer.message_id).await.unwrap();
    assert_eq!(origin.unwrap().recap, Some(first.id));
    let counter = TokenCounter::words();
    let rebuilt = rebuild(&house.storage, &counter, 1_024, answer.message_id).await;
    assert!(rebuilt.unwrap().is_same_prompt);

    // The next step goes on from the recap, not from the beginning.
    talk(&client, conversation, &lines(2)).await;
    let second = recap_to(&house, conversation, first.to_seq + 1).await;
    assert_eq!(second.from_seq, 1);
    assert!(
        second.text.contains("the boat is the Heron"),
        "{}",
        second.text
    );
    let prompts = house.asked.prompts.lock().unwrap().clone();
    let order = prompts
        .iter()
        .rfind(|prompt| prompt[0].starts_with("You keep the summary"));
    let order = &order.unwrap()[1];
    assert!(
        order.starts_with(&format!("Summary so far:\n{}\n", first.text)),
        "{order}"
    );
    assert!(!order.contains("Kim: Write in short"), "{order}");
}

#[actix::test]
async fn a_short_conversation_is_not_summed_up() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    talk(&client, conversation, &lines(5)).await;
    sum_up(&house, conversation).await;
    assert_eq!(newest(&house, conversation).await, None);
    let prompts = house.asked.prompts.lock().unwrap().len();
    assert_eq!(prompts, 5);
}

#[actix::test]
async fn of_two_nodes_that_sum_up_at_once_one_keeps_what_it_wrote() {
    let house = House::new().await;
    let sibling = house.sibling().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    talk(&client, conversation, &lines(5)).await;
    for number in 0..4 {
        say(&house, conversation, &format!("line {number}")).await;
    }
    futures::join!(sum_up(&house, conversation), sum_up(&sibling, conversation));
    let kept = newest(&house, conversation).await.unwrap();
    let talk = (conversation, None);
    let step_before = house.storage.recap_before(house.twin, talk, kept.to_seq);
    assert_eq!(step_before.await.unwrap().0, None);
}

/// Something that is said while no twin is asked to answer.
async fn say(house: &House, conversation_id: ConversationId, text: &str) {
    let author = protocol::Author::User {
        id: house.user,
        name: "Kim".to_owned(),
    };
    let message = storage::NewMessage {
        conversation_id,
        message_id: MessageId::new(),
        author,
        client_id: None,
        text: text.to_owned(),
        reply_to: None,
        thread: None,
        attachments: Vec::new(),
        created_at: 0,
        members_seq: None,
        replies: Vec::new(),
        rules: storage::MessageRules::default(),
        chain: None,
        by_owner: false,
    };
    house.storage.append_message(message).await.unwrap();
}

#[actix::test]
async fn a_message_that_is_deleted_is_in_no_recap_any_more() {
    let house = House::new().await;
    let (conversation, client, _) = long_talk(&house).await;
    let log = house.log(conversation).await;
    for message in &log[..2] {
        client.say(ClientFrame::Delete {
            conversation_id: conversation,
            message_id: message.message_id,
            client_id: ClientId::try_from(message.message_id.to_string()).unwrap(),
        });
        client
            .next_that(|frame| match frame {
                ServerFrame::Change(change) => {
                    matches!(change.what, What::Deleted { .. }).then_some(())
                }
                _ => None,
            })
            .await;
    }
    assert_eq!(newest(&house, conversation).await, None);
    let already = house.asked.prompts.lock().unwrap().len();
    talk(&client, conversation, &lines(3)).await;
    let anew = recap_to(&house, conversation, 1).await;
    assert!(!anew.text.contains("Heron"), "{}", anew.text);
    let prompts = house.asked.prompts.lock().unwrap().clone();
    for prompt in &prompts[already..] {
        assert!(!prompt.concat().contains("Heron"), "{prompt:?}");
    }
}

#[actix::test]
async fn a_recap_stays_in_its_conversation() {
    let house = House::new().await;
    let (_, _, kept) = long_talk(&house).await;
    let elsewhere = house.conversation().await;
    let client = house.follower(elsewhere).await;
    talk(&client, elsewhere, &lines(4)).await;
    let prompts = house.asked.prompts.lock().unwrap().clone();
    for prompt in prompts.iter().rev().take(4) {
        assert!(!prompt.concat().contains(&kept.text), "{prompt:?}");
    }
}

#[actix::test]
async fn while_enough_is_summed_up_replies_go_on_and_it_is_done_after_a_later_one() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    let places = house.worker.services().recap_places.clone();
    let taken = places.acquire_many_owned(RECAPS_AT_ONCE_MAX as u32).await;
    let taken = taken.unwrap();
    talk(&client, conversation, &lines(7)).await;
    assert_eq!(newest(&house, conversation).await, None);
    drop(taken);
    talk(&client, conversation, &lines(1)).await;
    recap_to(&house, conversation, 1).await;
}
