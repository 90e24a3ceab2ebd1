//! Edits, deletions and reactions: who may make them, and who learns of them.

use protocol::{Author, Change, Emoji, What};

use super::*;

fn client_id(text: &str) -> ClientId {
    text.to_owned().try_into().unwrap()
}

fn wave() -> Emoji {
    "👋".to_owned().try_into().unwrap()
}

impl Client {
    fn edit(&self, conversation_id: ConversationId, id: &str, message_id: MessageId, text: &str) {
        self.say(ClientFrame::Edit {
            conversation_id,
            client_id: client_id(id),
            message_id,
            text: text.to_owned(),
        });
    }

    fn delete(&self, conversation_id: ConversationId, id: &str, message_id: MessageId) {
        self.say(ClientFrame::Delete {
            conversation_id,
            client_id: client_id(id),
            message_id,
        });
    }

    fn react(&self, conversation_id: ConversationId, id: &str, message_id: MessageId) {
        self.say(ClientFrame::React {
            conversation_id,
            client_id: client_id(id),
            message_id,
            emoji: wave(),
        });
    }

    async fn change(&self) -> Change {
        self.next_that(|frame| match frame {
            ServerFrame::Change(change) => Some(change),
            _ => None,
        })
        .await
    }
}

async fn two_people(house: &House) -> ConversationId {
    let members = vec![NewMember::User(house.user), NewMember::User(house.friend)];
    house.conversation_of(members).await
}

async fn client_of(house: &House, user: UserId, conversation: ConversationId) -> Client {
    let mut client = house.connect();
    client.identify(user).await;
    client.subscribe(conversation, Some(0)).await;
    client
}

#[actix::test]
async fn changes_are_told_to_all_and_to_those_who_come_back() {
    let house = House::new().await;
    let conversation = two_people(&house).await;
    let author = client_of(&house, house.user, conversation).await;
    let friend = client_of(&house, house.friend, conversation).await;
    author.send(conversation, "1", "helo");
    let (_, message_id) = author.acknowledged().await;
    author.edit(conversation, "2", message_id, "hello");
    assert_eq!(author.acknowledged().await, (2, message_id));
    friend.react(conversation, "3", message_id);
    assert_eq!(friend.acknowledged().await, (3, message_id));
    author.delete(conversation, "4", message_id);
    let deletion = What::Deleted { message_id };
    let edit = What::Edited {
        message_id,
        text: "hello".to_owned(),
        authorship: None,
    };
    let told = friend
        .next_that(|frame| match frame {
            ServerFrame::Change(change) if change.what == deletion => Some(change),
            _ => None,
        })
        .await;
    assert_eq!(told.seq, 4);
    let mut back = house.connect();
    back.identify(house.friend).await;
    back.say(ClientFrame::Subscribe {
        conversation_id: conversation,
        after_seq: Some(0),
    });
    let message = back
        .next_that(|frame| match frame {
            ServerFrame::Message(message) => Some(message),
            _ => None,
        })
        .await;
    assert_eq!((message.seq, message.text.as_str()), (1, ""));
    assert!(message.deleted_at.is_some());
    let mut kinds = Vec::new();
    for seq in 2..=4 {
        let change = back.change().await;
        assert_eq!(change.seq, seq);
        kinds.push(change.what);
    }
    let erased = What::Edited {
        message_id,
        text: String::new(),
        authorship: None,
    };
    let reaction = What::Reacted {
        message_id,
        emoji: wave(),
    };
    assert_ne!(kinds[0], edit, "a deleted text does not come back");
    assert_eq!(kinds, [erased, reaction, deletion]);
}

#[actix::test]
async fn changes_of_one_sender_are_made_in_their_order() {
    let house = House::new().await;
    let conversation = two_people(&house).await;
    let client = client_of(&house, house.user, conversation).await;
    client.send(conversation, "0", "0");
    let (_, message_id) = client.acknowledged().await;
    for number in 1..=40 {
        client.edit(
            conversation,
            &format!("e{number}"),
            message_id,
            &number.to_string(),
        );
    }
    for number in 1..=40_u64 {
        let change = client.change().await;
        let what = What::Edited {
            message_id,
            text: number.to_string(),
            authorship: None,
        };
        assert_eq!((change.seq, change.what), (number + 1, what));
    }
    assert_eq!(house.log(conversation).await[0].text, "40");
}

#[actix::test]
async fn people_change_what_is_theirs() {
    let house = House::new().await;
    let conversation = two_people(&house).await;
    let owner = client_of(&house, house.user, conversation).await;
    let friend = client_of(&house, house.friend, conversation).await;
    owner.send(conversation, "1", "mine");
    let (_, of_owner) = owner.acknowledged().await;
    friend.send(conversation, "1", "mine too");
    let (_, of_friend) = friend.acknowledged().await;

    friend.edit(conversation, "2", of_owner, "yours");
    assert_eq!(friend.error().await, ErrorCode::Forbidden);
    friend.delete(conversation, "3", of_owner);
    assert_eq!(friend.error().await, ErrorCode::Forbidden);
    owner.edit(conversation, "4", of_friend, "yours");
    assert_eq!(owner.error().await, ErrorCode::Forbidden);
    friend.edit(conversation, "5", of_friend, "  ");
    assert_eq!(friend.error().await, ErrorCode::Invalid);
    friend.edit(conversation, "6", MessageId::new(), "none");
    assert_eq!(friend.error().await, ErrorCode::NotFound);
    // Who began the conversation keeps order in it.
    owner.delete(conversation, "7", of_friend);
    owner.acknowledged().await;

    let elsewhere = house.conversation().await;
    friend.react(elsewhere, "8", of_owner);
    assert_eq!(friend.error().await, ErrorCode::NotFound);
    owner.react(elsewhere, "9", of_owner);
    assert_eq!(owner.error().await, ErrorCode::NotFound);
}

#[actix::test]
async fn the_owner_of_a_twin_edits_and_deletes_what_it_wrote() {
    let house = House::new().await;
    let members = vec![
        NewMember::User(house.friend),
        NewMember::User(house.user),
        NewMember::Twin(house.twin),
    ];
    let conversation = house.begun_by(house.friend, members).await;
    let owner = client_of(&house, house.user, conversation).await;
    owner.send(conversation, "1", "@Ada !say something odd");
    let done = owner.done().await;
    assert!(matches!(done.author, Author::Twin { .. }));
    let friend = client_of(&house, house.friend, conversation).await;
    friend.edit(conversation, "2", done.message_id, "something worse");
    assert_eq!(friend.error().await, ErrorCode::Forbidden);
    owner.edit(conversation, "2", done.message_id, "something better");
    owner.acknowledged().await;
    owner.delete(conversation, "3", done.message_id);
    owner.acknowledged().await;
    assert_eq!(house.log(conversation).await[1].text, "");
}

#[actix::test]
async fn a_reply_to_a_message_that_is_deleted_is_stopped() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    client.send(conversation, "1", "!wait");
    let (_, question) = client.acknowledged().await;
    client
        .next_that(|frame| matches!(frame, ServerFrame::MessageStart { .. }).then_some(()))
        .await;
    client.delete(conversation, "2", question);
    let done = client.done().await;
    assert_ne!(done.stop_reason, Some(StopReason::EndOfTurn));
    assert_eq!(done.text, "");
}
