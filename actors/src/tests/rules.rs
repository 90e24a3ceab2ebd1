//! Rules of rooms: what is forbidden reaches no log, whoever writes it, and who must wait waits on every node.

use protocol::{Author, Role, TwinMode, What};

use super::attachments::{upload, with};
use super::*;

/// Seconds between two messages, longer than any test takes.
const SLOW: u32 = 3_600;

impl House {
    /// A room of the user with the friend, who is a member, and the twin.
    async fn room_with_twin(&self) -> ConversationId {
        let members = vec![
            NewMember::User(self.user),
            NewMember::User(self.friend),
            NewMember::Twin(self.twin),
        ];
        self.conversation_of(members).await
    }

    async fn forbid(&self, conversation: ConversationId, words: &[&str]) {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let what = What::WordsForbidden { words };
        let forbidden = self.change(conversation, self.user, what).await;
        forbidden.unwrap();
    }
}

impl Client {
    /// The reply that says this, once it has.
    async fn is_told(&self, word: &str) -> MessageId {
        let mut shown = String::new();
        loop {
            if let ServerFrame::Delta {
                text, message_id, ..
            } = self.next().await
            {
                shown.push_str(&text);
                if shown.contains(word) {
                    return message_id;
                }
            }
        }
    }

    /// The code, the text and the wait of the next refusal.
    async fn refusal(&self) -> (ErrorCode, String, Option<u64>) {
        self.next_that(|frame| match frame {
            ServerFrame::Error {
                code,
                message,
                retry_after_ms,
                ..
            } => Some((code, message, retry_after_ms)),
            _ => None,
        })
        .await
    }
}

#[actix::test]
async fn a_forbidden_word_is_refused_whoever_writes_it_and_on_every_node() {
    let house = House::new().await;
    let sibling = house.sibling().await;
    let conversation = house.room_with_twin().await;
    let kim = house.follower_of(house.user, conversation).await;
    let sam = sibling.follower_of(house.friend, conversation).await;
    sam.send(conversation, "1", "a class act");
    let (_, message_id) = sam.acknowledged().await;
    let what = What::WordsForbidden {
        words: vec!["ass".to_owned()],
    };
    let refused = house.change(conversation, house.friend, what).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Forbidden, "a member");
    house.forbid(conversation, &["Ass", "赌博"]).await;
    for (client, name) in [(&sam, "sam"), (&kim, "kim")] {
        client.send(conversation, name, "you ASS, where is everybody?");
        let (code, message, _) = client.refusal().await;
        assert_eq!(code, ErrorCode::Forbidden, "{name}");
        assert_eq!(message, "\"Ass\" is forbidden in this room");
    }
    let client_id = |text: &str| ClientId::try_from(text.to_owned()).unwrap();
    sam.say(ClientFrame::Edit {
        conversation_id: conversation,
        client_id: client_id("edit"),
        message_id,
        text: "网上赌博网站".to_owned(),
    });
    assert_eq!(sam.refusal().await.0, ErrorCode::Forbidden);
    let (bot, token) = house.bot("Quiz").await;
    let member = Author::Bot {
        id: bot.id,
        name: bot.name,
    };
    let role = Some(Role::Member);
    let joined = house.change(conversation, house.user, What::Joined { member, role });
    joined.await.unwrap();
    let mut program = house.connect();
    program.identify_by(token).await;
    program.send(conversation, "4", "ass");
    assert_eq!(program.refusal().await.0, ErrorCode::Forbidden, "a bot");
    sam.send(conversation, "2", "still a class act");
    sam.acknowledged().await;
    house.forbid(conversation, &[]).await;
    sam.next_that(|frame| match frame {
        ServerFrame::Change(change) => {
            (change.what == What::WordsForbidden { words: Vec::new() }).then_some(())
        }
        _ => None,
    })
    .await;
    sam.send(conversation, "3", "you ass");
    sam.acknowledged().await;
    let texts: Vec<String> = house
        .log(conversation)
        .await
        .into_iter()
        .map(|message| message.text)
        .collect();
    assert_eq!(texts, ["a class act", "still a class act", "you ass"]);
}

#[actix::test]
async fn a_twin_ends_before_a_forbidden_word_which_nobody_sees() {
    let house = House::new().await;
    let conversation = house.room_with_twin().await;
    house.forbid(conversation, &["barometer"]).await;
    let kim = house.follower_of(house.user, conversation).await;
    kim.send(conversation, "1", "@Ada\nWhere does the spare key hang?");
    let mut streamed = String::new();
    let done = loop {
        match kim.next().await {
            ServerFrame::Delta { text, .. } => streamed.push_str(&text),
            ServerFrame::MessageDone(message) => break message,
            _ => {}
        }
    };
    assert_eq!(done.text, "The spare key hangs behind the ");
    assert_eq!(streamed, done.text, "the pieces add up to the text");
    let failure = done.failure.unwrap();
    assert_eq!(
        (done.stop_reason, failure.code),
        (Some(StopReason::Failed), ErrorCode::Forbidden)
    );
    assert!(!failure.message.contains("barometer"));
    assert_eq!(done.sources, Some(Vec::new()));
    let log = house.log(conversation).await;
    assert!(
        log.iter()
            .all(|message| !message.text.contains("barometer"))
    );
}

#[actix::test]
async fn a_word_that_is_forbidden_while_a_twin_writes_does_not_reach_the_log() {
    let house = House::new().await;
    let sibling = house.sibling().await;
    let conversation = house.room_with_twin().await;
    let kim = house.follower_of(house.user, conversation).await;
    kim.send(
        conversation,
        "1",
        "@Ada\n!late 60 here lies the treasure of Kim",
    );
    let reply = kim.is_told("treasure").await;
    // Forbidden on another node than the one that writes.
    sibling.forbid(conversation, &["treasure"]).await;
    kim.say(ClientFrame::Stop {
        conversation_id: conversation,
        message_id: reply,
    });
    let done = kim.done().await;
    assert_eq!(done.text, "here lies the ");
    assert_eq!(done.stop_reason, Some(StopReason::Failed));
}

#[actix::test]
async fn what_an_owner_writes_under_the_twins_name_is_held_to_the_rules() {
    let house = House::new().await;
    let conversation = house.room_with_twin().await;
    let kim = house.follower_of(house.user, conversation).await;
    kim.send(conversation, "1", "@Ada\n!say The red door.");
    let said = kim.done().await.message_id;
    let member = Author::Twin {
        id: house.twin,
        name: "Ada".to_owned(),
    };
    let mode = |mode| What::ModeSet {
        member: member.clone(),
        mode,
    };
    let user = house.user;
    house
        .change(conversation, user, mode(TwinMode::Draft))
        .await
        .unwrap();
    kim.send(conversation, "2", "@Ada\n!say Into the casino.");
    let draft = kim.next_that(|frame| match frame {
        ServerFrame::Proposal(message) => Some(message.message_id),
        _ => None,
    });
    let draft = draft.await;
    house
        .change(conversation, user, mode(TwinMode::Auto))
        .await
        .unwrap();
    house.forbid(conversation, &["casino", "red door"]).await;

    let speak = |client_id: &str, text: &str, message_id| ClientFrame::Speak {
        conversation_id: conversation,
        client_id: client_id.to_owned().try_into().unwrap(),
        twin_id: house.twin,
        text: text.to_owned(),
        message_id,
        reply_to: None,
    };
    kim.say(speak("new", "Meet me at the casino", None));
    assert_eq!(kim.error().await, ErrorCode::Forbidden);
    kim.say(ClientFrame::Edit {
        conversation_id: conversation,
        client_id: "edit".to_owned().try_into().unwrap(),
        message_id: said,
        text: "The casino door.".to_owned(),
    });
    assert_eq!(kim.error().await, ErrorCode::Forbidden);
    for text in [None, Some("To the Casino!".to_owned())] {
        let sent = house.node.approve_reply(conversation, user, draft, text);
        assert_eq!(sent.await.unwrap_err().code, ErrorCode::Forbidden);
    }
    let text = Some("Into the sea.".to_owned());
    let sent = house
        .node
        .approve_reply(conversation, user, draft, text)
        .await;
    assert_eq!(sent.unwrap().text, "Into the sea.");

    kim.send(conversation, "3", "@Ada\n!late 60 it is red and old");
    let reply = kim.is_told("red").await;
    kim.say(ClientFrame::TakeOver {
        conversation_id: conversation,
        message_id: reply,
    });
    kim.next_that(|frame| matches!(frame, ServerFrame::TakenOver { .. }).then_some(()))
        .await;
    kim.say(speak("rest", " like a casino", Some(reply)));
    assert_eq!(kim.error().await, ErrorCode::Forbidden);
    kim.say(speak("rest", " like a barn", Some(reply)));
    assert!(kim.done().await.text.ends_with(" like a barn"));
}

#[actix::test]
async fn reactions_and_files_alone_are_held_to_the_rules() {
    let house = House::new().await;
    let conversation = house.room_with_twin().await;
    house.forbid(conversation, &["casino"]).await;
    let slow = What::SlowModeSet {
        seconds: Some(SLOW),
    };
    house.change(conversation, house.user, slow).await.unwrap();
    let sam = house.follower_of(house.friend, conversation).await;
    let plan = upload(&house, house.friend, "plan of the Casino.txt", None).await;
    sam.say(with(conversation, "1", "", &[&plan]));
    assert_eq!(sam.error().await, ErrorCode::Forbidden);
    let photo = upload(&house, house.friend, "porch.png", None).await;
    sam.say(with(conversation, "2", "", &[&photo]));
    let (_, message_id) = sam.acknowledged().await;
    sam.say(ClientFrame::React {
        conversation_id: conversation,
        client_id: "react".to_owned().try_into().unwrap(),
        message_id,
        emoji: "casino".to_owned().try_into().unwrap(),
    });
    assert_eq!(sam.error().await, ErrorCode::Forbidden);
    let other = upload(&house, house.friend, "hall.png", None).await;
    sam.say(with(conversation, "3", "", &[&other]));
    assert_eq!(sam.error().await, ErrorCode::RateLimited);
}

#[actix::test]
async fn who_speaks_for_a_twin_waits_like_everybody_else() {
    let house = House::new().await;
    let members = vec![
        NewMember::User(house.friend),
        NewMember::User(house.user),
        NewMember::Twin(house.twin),
    ];
    let conversation = house.begun_by(house.friend, members).await;
    let slow = What::SlowModeSet {
        seconds: Some(SLOW),
    };
    house
        .change(conversation, house.friend, slow)
        .await
        .unwrap();
    let kim = house.follower_of(house.user, conversation).await;
    kim.send(conversation, "1", "hello");
    kim.acknowledged().await;
    kim.say(ClientFrame::Speak {
        conversation_id: conversation,
        client_id: "speak".to_owned().try_into().unwrap(),
        twin_id: house.twin,
        text: "hello again".to_owned(),
        message_id: None,
        reply_to: None,
    });
    assert_eq!(kim.error().await, ErrorCode::RateLimited);
}

#[actix::test]
async fn in_slow_mode_members_wait_on_every_node_and_who_keeps_order_does_not() {
    let house = House::new().await;
    let sibling = house.sibling().await;
    let conversation = house.room_with_twin().await;
    let slow = What::SlowModeSet {
        seconds: Some(SLOW),
    };
    house.change(conversation, house.user, slow).await.unwrap();
    let kim = house.follower_of(house.user, conversation).await;
    let here = house.follower_of(house.friend, conversation).await;
    let there = sibling.follower_of(house.friend, conversation).await;
    here.send(conversation, "1", "one");
    here.acknowledged().await;
    for (number, client) in ["2", "3"].into_iter().zip([&here, &there]) {
        client.send(conversation, number, "another");
        let (code, _, wait) = client.refusal().await;
        assert_eq!(code, ErrorCode::RateLimited);
        let wait = wait.unwrap();
        assert!((1..=u64::from(SLOW) * 1_000).contains(&wait), "{wait} ms");
    }
    for number in ["4", "5"] {
        kim.send(conversation, number, "order");
        kim.acknowledged().await;
    }
    // Who moderates from now on need not wait either.
    let member = Author::User {
        id: house.friend,
        name: "Sam".to_owned(),
    };
    let role = Role::Moderator;
    let raised = house.change(conversation, house.user, What::RoleSet { member, role });
    raised.await.unwrap();
    there.send(conversation, "6", "order");
    there.acknowledged().await;
    assert_eq!(house.log(conversation).await.len(), 4);
}

#[actix::test]
async fn a_conversation_of_two_has_no_rules() {
    let house = House::new().await;
    let conversation = house.between_two().await;
    let slow = What::SlowModeSet { seconds: Some(1) };
    let refused = house.change(conversation, house.user, slow).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Forbidden);
}
