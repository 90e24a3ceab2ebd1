//! Bots: how they come in, as whom they speak, and how they are put out.

use protocol::{Author, CloseCode};

use super::*;

impl Client {
    /// The code that the server closes the connection with.
    async fn closed(&self) -> CloseCode {
        loop {
            match self.next_outgoing().await {
                Some(Outgoing::Close(code, _)) => return code,
                Some(_) => {}
                None => panic!("the queue ended without a close"),
            }
        }
    }
}

#[actix::test]
async fn a_bot_speaks_as_a_bot_under_the_limits_of_people() {
    let house = House::with(|config| {
        config.sends_per_minute = std::num::NonZeroU32::new(2).unwrap();
    })
    .await;
    let (bot, token) = house.bot("Weather").await;
    let members = vec![NewMember::User(house.user), NewMember::User(bot.id)];
    let conversation = house.conversation_of(members).await;
    let person = house.follower(conversation).await;
    let mut program = house.connect();
    program.identify_by(token).await;
    for number in 1..=3 {
        program.send(conversation, &number.to_string(), "storm at four");
    }
    assert_eq!(program.error().await, ErrorCode::RateLimited);
    let told = person
        .next_that(|frame| match frame {
            ServerFrame::Message(message) => Some(message),
            _ => None,
        })
        .await;
    let author = Author::Bot {
        id: bot.id,
        name: "Weather".to_owned(),
    };
    assert_eq!((told.author, told.ai_written), (author, false));
    let used = house.storage.bots_of(house.user).await.unwrap();
    assert!(used[0].last_used_at.is_some());
}

#[actix::test]
async fn a_bot_is_answered_by_a_twin_that_it_mentions() {
    let house = House::new().await;
    let (bot, token) = house.bot("Quiz").await;
    let members = vec![
        NewMember::User(house.user),
        NewMember::User(bot.id),
        NewMember::Twin(house.twin),
    ];
    let conversation = house.conversation_of(members).await;
    let mut program = house.connect();
    program.identify_by(token).await;
    program.subscribe(conversation, Some(0)).await;
    program.send(conversation, "1", "@Ada\n!say hello");
    let (_, question) = program.acknowledged().await;
    let reply = program.done().await;
    assert_eq!(
        (reply.reply_to, reply.text.as_str()),
        (Some(question), "hello")
    );
}

#[actix::test]
async fn a_bot_reads_no_conversation_in_which_it_takes_no_part() {
    let house = House::new().await;
    let (_, token) = house.bot("Weather").await;
    let conversation = house.conversation().await;
    let mut program = house.connect();
    program.identify_by(token).await;
    program.say(ClientFrame::Subscribe {
        conversation_id: conversation,
        after_seq: Some(0),
    });
    assert_eq!(program.error().await, ErrorCode::NotFound);
}

#[actix::test]
async fn whoever_may_stay_no_longer_is_put_out_on_every_node() {
    let house = House::new().await;
    let sibling = house.sibling().await;
    let (bot, token) = house.bot("Weather").await;
    let (other, other_token) = house.bot("Quiz").await;
    let mut staying = house.connect();
    staying.identify_by(other_token).await;
    let mut leaving = Vec::new();
    for place in [&house, &sibling] {
        let mut program = place.connect();
        program.identify_by(token.clone()).await;
        let mut person = place.connect();
        person.identify(place.friend).await;
        leaving.extend([program, person]);
    }
    house.storage.delete_bot(house.user, bot.id).await.unwrap();
    house.storage.delete_user(house.friend, 0).await.unwrap();
    house.node.check_access(&[bot.id, house.friend, other.id]);
    for client in leaving {
        assert_eq!(client.error().await, ErrorCode::Unauthenticated);
        assert_eq!(client.closed().await, CloseCode::Unauthenticated);
    }
    staying.say(ClientFrame::Ping);
    assert!(matches!(staying.next().await, ServerFrame::Pong { .. }));
}

#[actix::test]
async fn a_token_of_no_bot_is_refused() {
    let house = House::new().await;
    let client = house.connect();
    client.say(ClientFrame::Identify {
        token: format!("bot {}", UserId::new()),
        presence: false,
    });
    assert_eq!(client.error().await, ErrorCode::Unauthenticated);
    assert_eq!(client.closed().await, CloseCode::Unauthenticated);
}
