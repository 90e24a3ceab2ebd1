//! Several twins in one room: one after the other, and set off by each other until it ends.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use protocol::{ChainEnd, TwinPolicy, What};
use storage::ChainUse;

use super::*;
use crate::conversation::Administer;

/// A twin that says this to whatever is said.
async fn add_twin(house: &House, name: &str, line: &str) -> TwinId {
    let id = TwinId::new();
    let twin = Twin {
        id,
        owner_id: house.user,
        name: name.to_owned(),
        persona: format!("You are {name}.\n{line}"),
        greeting: String::new(),
        language: String::new(),
        visibility: Visibility::Public,
        created_at: 0,
        updated_at: 0,
        oversight_since: None,
    };
    house.storage.create_twin(twin, 100).await.unwrap();
    id
}

async fn room(house: &House, twins: &[TwinId]) -> ConversationId {
    let mut members = vec![NewMember::User(house.user), NewMember::User(house.friend)];
    members.extend(twins.iter().map(|twin| NewMember::Twin(*twin)));
    house.conversation_of(members).await
}

async fn set_policy(house: &House, conversation: ConversationId, twin: TwinId, policy: TwinPolicy) {
    let directory = &house.worker.services().directory;
    let room = directory.conversation(conversation).await.unwrap();
    let members = house.storage.members(conversation).await.unwrap();
    let member = members
        .iter()
        .map(storage::Member::as_author)
        .find(|member| matches!(member, protocol::Author::Twin { id, .. } if *id == twin));
    let order = Administer {
        user: house.user,
        name: "Kim".to_owned(),
        what: What::PolicySet {
            member: member.unwrap(),
            policy,
        },
        invitation: None,
    };
    room.send(order).await.unwrap().unwrap();
}

/// The log, once nothing is being written any more.
async fn settled(house: &House, conversation: ConversationId) -> Vec<Message> {
    let quiet = async {
        while !house
            .storage
            .open_replies(conversation)
            .await
            .unwrap()
            .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, quiet)
        .await
        .expect("it ends");
    house.log(conversation).await
}

fn texts(log: &[Message]) -> Vec<&str> {
    log.iter().map(|message| message.text.as_str()).collect()
}

#[actix::test]
async fn those_who_are_asked_together_answer_one_after_the_other_and_hear_each_other() {
    let house = House::new().await;
    let bo = add_twin(&house, "Bo", "The barometer hangs in the hall.").await;
    let cy = add_twin(&house, "Cy", "Each barometer tells the weather.").await;
    let conversation = room(&house, &[bo, cy]).await;
    let client = house.follower(conversation).await;
    client.send(conversation, "1", "@Cy and @Bo: where is the barometer?");
    let mut running = Vec::new();
    let mut order = Vec::new();
    while order.len() < 2 {
        match client.next().await {
            ServerFrame::MessageStart { message_id, .. } => {
                running.push(message_id);
                assert_eq!(running.len(), 1, "nobody talks over another");
            }
            ServerFrame::MessageDone(message) => {
                running.retain(|reply| *reply != message.message_id);
                order.push(message.author.clone());
            }
            _ => {}
        }
    }
    let names: Vec<bool> = order
        .iter()
        .map(|author| matches!(author, protocol::Author::Twin { id, .. } if *id == cy))
        .collect();
    assert_eq!(
        names,
        [true, false],
        "in the order in which they were asked"
    );
    let heard = house.asked.last_prompt();
    assert!(
        heard.contains(&"Cy: Each barometer tells the weather.".to_owned()),
        "{heard:?}"
    );
}

#[actix::test]
async fn a_twin_whose_message_is_answered_answers() {
    let house = House::new().await;
    let bo = add_twin(&house, "Bo", "The barometer hangs in the hall.").await;
    let conversation = room(&house, &[bo, house.twin]).await;
    let client = house.follower(conversation).await;
    client.send(conversation, "1", "@Bo where is the barometer?");
    let said = client.done().await;
    client.say(ClientFrame::Send {
        conversation_id: conversation,
        client_id: "2".to_owned().try_into().unwrap(),
        text: "which barometer?".to_owned(),
        reply_to: Some(said.message_id),
        thread: None,
        attachments: Vec::new(),
    });
    let answered = client.done().await;
    assert_eq!(answered.author, said.author);
    client.send(conversation, "3", "nobody is asked");
    client.acknowledged().await;
    assert_eq!(settled(&house, conversation).await.len(), 5);
}

#[actix::test]
async fn a_policy_keeps_a_twin_silent_or_lets_it_speak_up_where_it_knows() {
    let house = House::new().await;
    let bo = add_twin(&house, "Bo", "The barometer hangs in the hall.").await;
    let conversation = room(&house, &[bo, house.twin]).await;
    let client = house.follower(conversation).await;
    set_policy(&house, conversation, bo, TwinPolicy::Never).await;
    client.send(conversation, "1", "@Bo where is the barometer?");
    client.acknowledged().await;
    assert_eq!(settled(&house, conversation).await.len(), 1);

    let text = "The ferry has the colour of ripe apricots.";
    let vectors = house.node.embed(vec![text.to_owned()]).await.unwrap();
    super::chat::add_document(&house, text, vectors[0].clone()).await;
    set_policy(&house, conversation, house.twin, TwinPolicy::WhenConfident).await;
    client.send(conversation, "2", "Good morning, everybody!");
    client.acknowledged().await;
    assert_eq!(settled(&house, conversation).await.len(), 2);
    client.send(
        conversation,
        "3",
        "the ferry has which colour of ripe apricots",
    );
    assert_eq!(client.done().await.text, text);
    // It may look like silence only to those who follow: nothing is left behind.
    assert_eq!(house.storage.open_replies(conversation).await.unwrap(), []);
}

#[actix::test]
async fn twins_set_each_other_off_until_the_limit_which_the_last_message_tells() {
    let house = House::with(|config| config.chain_hops_max = 3).await;
    let bo = add_twin(&house, "Bo", "hello @Cy").await;
    let cy = add_twin(&house, "Cy", "hello @Bo").await;
    let conversation = room(&house, &[bo, cy]).await;
    let client = house.follower(conversation).await;
    client.send(conversation, "1", "@Bo hello");
    client.acknowledged().await;
    let log = settled(&house, conversation).await;
    assert_eq!(
        texts(&log),
        ["@Bo hello", "hello @Cy", "hello @Bo", "hello @Cy"]
    );
    let cause = log[0].message_id;
    let chains: Vec<_> = log
        .iter()
        .skip(1)
        .map(|message| message.chain.expect("it asks for an answer"))
        .collect();
    let told: Vec<_> = chains
        .iter()
        .map(|chain| (chain.cause, chain.hops, chain.ended))
        .collect();
    assert_eq!(
        told,
        [
            (cause, 1, None),
            (cause, 2, None),
            (cause, 3, Some(ChainEnd::Hops)),
        ]
    );
    assert_eq!(chains[2].tokens_left, 2_048 - 6);
    // A person's next message is a cause of its own.
    client.send(conversation, "2", "@Cy hello");
    client.acknowledged().await;
    assert_eq!(settled(&house, conversation).await.len(), 8);
}

#[actix::test]
async fn a_reply_that_was_stopped_sets_nobody_off() {
    let house = House::new().await;
    let bo = add_twin(&house, "Bo", "nothing").await;
    let conversation = room(&house, &[house.twin, bo]).await;
    let client = house.follower(conversation).await;
    set_policy(&house, conversation, bo, TwinPolicy::Never).await;
    client.send(conversation, "1", "@Ada\n!late 60 @Bo @Bo stop");
    let reply = client
        .next_that(|frame| match frame {
            ServerFrame::Delta { message_id, .. } => Some(message_id),
            _ => None,
        })
        .await;
    set_policy(&house, conversation, bo, TwinPolicy::WhenAddressed).await;
    client.say(ClientFrame::Stop {
        conversation_id: conversation,
        message_id: reply,
    });
    let done = client.done().await;
    assert!(done.text.contains("@Bo"), "{}", done.text);
    assert_eq!(settled(&house, conversation).await.len(), 2);
}

#[actix::test]
async fn when_a_question_is_deleted_those_who_waited_to_answer_do_not() {
    let house = House::new().await;
    let bo = add_twin(&house, "Bo", "nothing").await;
    let conversation = room(&house, &[house.twin, bo]).await;
    let client = house.follower(conversation).await;
    client.send(conversation, "1", "@Ada @Bo\n!wait");
    let (_, question) = client.acknowledged().await;
    client
        .next_that(|frame| matches!(frame, ServerFrame::MessageStart { .. }).then_some(()))
        .await;
    client.say(ClientFrame::Delete {
        conversation_id: conversation,
        client_id: "2".to_owned().try_into().unwrap(),
        message_id: question,
    });
    client.done().await;
    let log = settled(&house, conversation).await;
    assert_eq!(log.len(), 2, "{log:?}");
}

#[actix::test]
async fn those_who_wait_go_on_when_their_conversation_died() {
    let house = House::new().await;
    let bo = add_twin(&house, "Bo", "nothing").await;
    let conversation = room(&house, &[house.twin, bo]).await;
    let client = house.follower(conversation).await;
    client.send(conversation, "1", "@Ada @Bo\n!slow 100");
    client.acknowledged().await;
    let directory = house.worker.services().directory.clone();
    let before = directory.conversation(conversation).await.unwrap();
    let _ = before.send(crate::conversation::Panic).await;
    let log = settled(&house, conversation).await;
    let authors: Vec<_> = log
        .iter()
        .skip(1)
        .map(|message| message.author.clone())
        .collect();
    assert!(
        matches!(authors[..], [protocol::Author::Twin { id: first, .. }, protocol::Author::Twin { id: second, .. }]
            if (first, second) == (house.twin, bo)),
        "{authors:?}"
    );
}

/// Random rooms of twins that mention each other in any way: each ends within its limits.
#[actix::test]
async fn whoever_mentions_whom_it_ends_within_the_limits() {
    let mut runner = TestRunner::deterministic();
    let graphs = proptest::collection::vec(proptest::collection::vec(0..5_usize, 0..4), 5);
    let limits = (1..6_u32, 1..12_u32, 1..60_u32);
    for _ in 0..8 {
        let graph = graphs.new_tree(&mut runner).unwrap().current();
        let (hops, replies, tokens) = limits.new_tree(&mut runner).unwrap().current();
        let house = House::with(|config| {
            config.chain_hops_max = hops;
            config.chain_replies_max = replies;
            config.chain_tokens_max = tokens;
            config.reply_tokens_max = 8;
        })
        .await;
        let mut twins = Vec::new();
        for (number, mentions) in graph.iter().enumerate() {
            let mentions: Vec<String> = mentions.iter().map(|other| format!("@T{other}")).collect();
            let line = format!("hello {}", mentions.join(" "));
            twins.push(add_twin(&house, &format!("T{number}"), &line).await);
        }
        let conversation = room(&house, &twins).await;
        let client = house.follower(conversation).await;
        client.send(conversation, "1", "@T0 @T1 hello");
        let (_, cause) = client.acknowledged().await;
        let log = settled(&house, conversation).await;
        let of_chain = log.iter().filter(|message| message.ai_written);
        let count = of_chain.clone().count() as u64;
        let spent: u64 = of_chain
            .clone()
            .map(|message| {
                message
                    .usage
                    .map_or(0, |usage| usage.completion_tokens.into())
            })
            .sum();
        let deepest = of_chain
            .filter_map(|message| message.chain)
            .map(|chain| chain.hops)
            .max();
        assert!(
            count <= u64::from(replies).max(2),
            "{count} of {replies}: {graph:?}"
        );
        assert!(
            spent <= u64::from(tokens).max(16),
            "{spent} of {tokens}: {graph:?}"
        );
        assert!(
            deepest.unwrap_or(1) <= u64::from(hops),
            "{deepest:?} of {hops}: {graph:?}"
        );
        let used = house.storage.chain_use(cause).await.unwrap();
        assert_eq!(
            used,
            ChainUse {
                replies: count,
                tokens: spent
            }
        );
    }
}
