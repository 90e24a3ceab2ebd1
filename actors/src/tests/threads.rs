use super::*;

/// Waits for one's own message, and returns it.
async fn own(client: &Client, text: &str) -> Message {
    let wanted = |frame| match frame {
        ServerFrame::Message(message) if message.text == text => Some(message),
        _ => None,
    };
    client.next_that(wanted).await
}

#[actix::test]
async fn a_twin_that_is_asked_in_a_thread_answers_there_and_knows_nothing_else() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "1", "!say the root");
    let root = client.done().await;
    client.send(conversation, "2", "!say elsewhere");
    client.done().await;
    client.send_into(conversation, Some(root.message_id), "3", "!say within");
    let sent = own(&client, "!say within").await;
    assert_eq!(sent.thread, Some(root.message_id));
    let started = client
        .next_that(|frame| match frame {
            ServerFrame::MessageStart { thread, .. } => Some(thread),
            _ => None,
        })
        .await;
    assert_eq!(started, Some(root.message_id));
    let within = client.done().await;
    assert_eq!(within.thread, Some(root.message_id));

    // Whoever answers an answer stays in the one thread.
    client.send_into(conversation, Some(within.message_id), "4", "!say deeper");
    assert_eq!(
        own(&client, "!say deeper").await.thread,
        Some(root.message_id)
    );
    assert_eq!(client.done().await.thread, Some(root.message_id));
    client.send(conversation, "5", "!say outside");
    assert_eq!(client.done().await.thread, None);

    let log = house.log(conversation).await;
    let seqs: Vec<u64> = log.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, (1..=10).collect::<Vec<u64>>());
    let prompts = house.asked.prompts.lock().unwrap();
    let turns: Vec<Vec<&str>> = prompts
        .iter()
        .map(|prompt| prompt[1..].iter().map(String::as_str).collect())
        .collect();
    let expected = [
        vec!["!say the root"],
        vec!["!say the root", "the root", "!say elsewhere"],
        vec!["the root", "!say within"],
        vec!["the root", "!say within", "within", "!say deeper"],
        vec![
            "!say the root",
            "the root",
            "!say elsewhere",
            "elsewhere",
            "!say outside",
        ],
    ];
    assert_eq!(turns, expected);
}

#[actix::test]
async fn a_thread_under_nothing_is_refused() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let other = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(other, "1", "!say hello");
    let (_, elsewhere) = client.acknowledged().await;
    for (id, root) in [("2", MessageId::new()), ("3", elsewhere)] {
        client.send_into(conversation, Some(root), id, "!say hello");
        assert_eq!(client.error().await, ErrorCode::NotFound);
    }
    assert_eq!(house.log(conversation).await, []);
}

#[actix::test]
async fn a_message_sent_again_is_the_same_only_in_the_same_thread() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "1", "!say root");
    let root = client.done().await.message_id;
    client.send_into(conversation, Some(root), "2", "!say reply");
    let reply = client.acknowledged().await;
    client.done().await;
    // By the root or by any message of the thread.
    for named in [root, reply.1] {
        client.send_into(conversation, Some(named), "2", "!say reply");
        assert_eq!(client.acknowledged().await, reply);
    }
    client.send(conversation, "2", "!say reply");
    assert_eq!(client.error().await, ErrorCode::Conflict);
}
