//! Rooms: who may come in, what each may do, and that whoever is put out hears nothing more.

use protocol::{Author, Role, What};
use storage::{Changed, Invitation, NewChange};

use super::*;

/// A room of its owner, whose friend is a member.
async fn room(house: &House) -> ConversationId {
    let members = vec![
        NewMember::User(house.user),
        NewMember::User(house.friend),
        NewMember::Twin(house.twin),
    ];
    house.conversation_of(members).await
}

fn person(id: UserId) -> Author {
    let name = "somebody".to_owned();
    Author::User { id, name }
}

impl House {
    async fn client_of(&self, user: UserId, conversation: ConversationId) -> Client {
        let mut client = self.connect();
        client.identify(user).await;
        client.subscribe(conversation, Some(0)).await;
        client
    }
}

impl Client {
    /// The changes up to the `reset` that ends the conversation for this connection.
    async fn changes_until_reset(&self) -> Vec<What> {
        let mut changes = Vec::new();
        loop {
            match self.next().await {
                ServerFrame::Change(change) => changes.push(change.what),
                ServerFrame::Reset { code, .. } => {
                    assert_eq!(code, ErrorCode::NotFound);
                    return changes;
                }
                _ => {}
            }
        }
    }
}

#[actix::test]
async fn whoever_is_put_out_is_told_so_and_hears_nothing_more() {
    let house = House::new().await;
    let conversation = room(&house).await;
    let owner = house.client_of(house.user, conversation).await;
    let friend = house.client_of(house.friend, conversation).await;
    let member = person(house.friend);
    let removed = What::Removed { member };
    let change = house
        .change(conversation, house.user, removed.clone())
        .await;
    assert_eq!(change.unwrap().what, removed);
    assert_eq!(
        friend.changes_until_reset().await,
        std::slice::from_ref(&removed)
    );

    owner.send(conversation, "1", "now we are alone");
    owner.acknowledged().await;
    friend.send(conversation, "2", "let me in");
    assert_eq!(friend.error().await, ErrorCode::NotFound);
    friend.say(ClientFrame::Subscribe {
        conversation_id: conversation,
        after_seq: Some(0),
    });
    assert_eq!(friend.error().await, ErrorCode::NotFound);
    assert_eq!(
        friend.queued(),
        [],
        "nothing of what was said comes through"
    );
}

#[actix::test]
async fn who_leaves_a_room_hands_it_to_the_next() {
    let house = House::new().await;
    let conversation = room(&house).await;
    let member = person(house.user);
    let change = house.change(conversation, house.user, What::Left { member });
    change.await.unwrap();
    let role = house.storage.role(conversation, house.friend).await;
    assert_eq!(role.unwrap(), Some(Role::Owner));
    let title = Some("Mine now".to_owned());
    let titled = house.change(conversation, house.friend, What::Titled { title });
    titled.await.unwrap();
}

#[actix::test]
async fn who_is_muted_reads_and_may_not_write() {
    let house = House::new().await;
    let conversation = room(&house).await;
    let friend = house.client_of(house.friend, conversation).await;
    let owner = house.client_of(house.user, conversation).await;
    let member = person(house.friend);
    let muted = What::Muted {
        member: member.clone(),
        until: None,
    };
    house.change(conversation, house.user, muted).await.unwrap();
    friend.send(conversation, "1", "hello?");
    assert_eq!(friend.error().await, ErrorCode::Forbidden);
    owner.send(conversation, "2", "listen");
    owner.acknowledged().await;
    let heard = friend.next_that(|frame| match frame {
        ServerFrame::Message(message) => Some(message.text),
        _ => None,
    });
    assert_eq!(heard.await, "listen");
    let unmuted = What::Unmuted { member };
    house
        .change(conversation, house.user, unmuted)
        .await
        .unwrap();
    friend.send(conversation, "1", "hello?");
    friend.acknowledged().await;
}

#[actix::test]
async fn an_invitation_lets_as_many_in_as_it_says() {
    let house = House::new().await;
    let members = vec![NewMember::User(house.user), NewMember::Twin(house.twin)];
    let conversation = house.conversation_of(members).await;
    let invitation = Invitation {
        id: protocol::InvitationId::new(),
        conversation_id: conversation,
        created_by: house.user,
        role: Role::Guest,
        created_at: 0,
        expires_at: i64::MAX,
        uses: 0,
        uses_max: 1,
    };
    let made = house.storage.create_invitation(invitation.clone(), [7; 32]);
    made.await.unwrap();
    let join = |user: UserId| RoomChange {
        conversation,
        user,
        name: "somebody".to_owned(),
        what: What::Joined {
            member: person(user),
            role: Some(Role::Guest),
        },
        invitation: Some(invitation.id),
    };
    house.node.change_room(join(house.friend)).await.unwrap();
    let friend = house.client_of(house.friend, conversation).await;
    friend.send(conversation, "1", "hello");
    friend.acknowledged().await;
    friend.say(ClientFrame::Broadcast {
        conversation_id: conversation,
        event: "cursor".to_owned().try_into().unwrap(),
        data: String::new(),
    });
    assert_eq!(friend.error().await, ErrorCode::Forbidden, "a guest");
    let third = add_user(&house.storage, "third@example.com", "Third").await;
    let refused = house.node.change_room(join(third)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound, "it is used up");
}

/// Changes a room behind its actor's back, as another node does.
async fn elsewhere(house: &House, conversation: ConversationId, what: What) {
    let change = NewChange {
        conversation_id: conversation,
        user_id: house.user,
        name: "somebody".to_owned(),
        is_bot: false,
        client_id: None,
        what,
        invitation: None,
        members_seq: None,
        created_at: 0,
    };
    let changed = house.storage.change(change).await.unwrap();
    assert!(matches!(changed, Changed::New(_)));
}

#[actix::test]
async fn a_node_that_has_not_heard_of_a_joining_lets_who_joined_change_the_room() {
    let house = House::new().await;
    let members = vec![NewMember::User(house.user), NewMember::Twin(house.twin)];
    let conversation = house.conversation_of(members).await;
    let _owner = house.client_of(house.user, conversation).await;
    let joined = What::Joined {
        member: person(house.friend),
        role: Some(Role::Member),
    };
    elsewhere(&house, conversation, joined).await;
    let left = What::Left {
        member: person(house.friend),
    };
    let change = house.change(conversation, house.friend, left.clone()).await;
    assert_eq!(change.unwrap().what, left);
}

#[actix::test]
async fn a_node_that_has_not_heard_of_a_removal_stores_nothing_for_who_was_removed() {
    let house = House::new().await;
    let conversation = room(&house).await;
    let friend = house.client_of(house.friend, conversation).await;
    let member = person(house.friend);
    elsewhere(&house, conversation, What::Removed { member }).await;
    friend.send(conversation, "1", "am I still here?");
    assert_eq!(friend.error().await, ErrorCode::NotFound);
    assert!(house.log(conversation).await.is_empty());
}

#[actix::test]
async fn messages_keep_their_order_while_others_come_and_go() {
    let house = House::new().await;
    let people = vec![NewMember::User(house.user), NewMember::User(house.friend)];
    let conversation = house.conversation_of(people).await;
    let owner = house.client_of(house.user, conversation).await;
    let member = person(house.friend);
    let mut sent = 0..50;
    for _ in 0..5 {
        elsewhere(
            &house,
            conversation,
            What::Removed {
                member: member.clone(),
            },
        )
        .await;
        for number in sent.by_ref().take(5) {
            owner.send(conversation, &number.to_string(), &number.to_string());
        }
        let role = Some(Role::Member);
        let member = member.clone();
        elsewhere(&house, conversation, What::Joined { member, role }).await;
        for number in sent.by_ref().take(5) {
            owner.send(conversation, &number.to_string(), &number.to_string());
        }
    }
    for _ in 0..50 {
        owner
            .next_that(|frame| match frame {
                ServerFrame::Ack { .. } => Some(()),
                ServerFrame::Error { code, message, .. } => panic!("{code}: {message}"),
                _ => None,
            })
            .await;
    }
    let texts: Vec<String> = house
        .log(conversation)
        .await
        .into_iter()
        .map(|message| message.text)
        .collect();
    let expected: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    assert_eq!(texts, expected);
}

#[actix::test]
async fn the_other_node_puts_them_out_too() {
    let house = House::new().await;
    let conversation = room(&house).await;
    let sibling = house.sibling().await;
    let friend = sibling.client_of(house.friend, conversation).await;
    let member = person(house.friend);
    let banned = What::Banned { member };
    house
        .change(conversation, house.user, banned.clone())
        .await
        .unwrap();
    assert_eq!(friend.changes_until_reset().await, [banned]);
    let member = person(house.friend);
    let role = Some(Role::Member);
    let joined = What::Joined { member, role };
    let refused = house.change(conversation, house.user, joined).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Forbidden);
}

#[actix::test]
async fn nobody_acts_on_an_equal_or_grants_more_than_they_have() {
    let house = House::new().await;
    let conversation = room(&house).await;
    let (owner, friend) = (house.user, house.friend);
    let set = |member: UserId, role: Role| What::RoleSet {
        member: person(member),
        role,
    };
    let refused = house.change(conversation, friend, set(owner, Role::Guest));
    assert_eq!(refused.await.unwrap_err().code, ErrorCode::Forbidden);
    let refused = house.change(conversation, friend, set(friend, Role::Owner));
    assert_eq!(refused.await.unwrap_err().code, ErrorCode::Forbidden);
    let raised = house.change(conversation, owner, set(friend, Role::Moderator));
    raised.await.unwrap();
    let member = person(owner);
    let refused = house.change(conversation, friend, What::Banned { member });
    assert_eq!(refused.await.unwrap_err().code, ErrorCode::Forbidden);
    // Whoever has a higher place may step down from it.
    let lowered = house.change(conversation, friend, set(friend, Role::Guest));
    lowered.await.unwrap();
    let role = house.storage.role(conversation, friend).await.unwrap();
    assert_eq!(role, Some(Role::Guest));
}

#[actix::test]
async fn a_twin_that_is_removed_stops_writing() {
    let house = House::new().await;
    let conversation = room(&house).await;
    let owner = house.client_of(house.user, conversation).await;
    owner.send(conversation, "1", "@Ada tell me at length");
    let reply = owner.next_that(|frame| match frame {
        ServerFrame::MessageStart { message_id, .. } => Some(message_id),
        _ => None,
    });
    let reply = reply.await;
    let name = "Ada".to_owned();
    let member = Author::Twin {
        id: house.twin,
        name,
    };
    let removed = What::Removed { member };
    house
        .change(conversation, house.user, removed)
        .await
        .unwrap();
    let done = owner.done().await;
    assert_eq!(done.message_id, reply);
    owner.send(conversation, "2", "@Ada are you there?");
    let (seq, _) = owner.acknowledged().await;
    let log = house.storage.entries_after(conversation, seq, 10).await;
    assert!(log.unwrap().is_empty());
    let open = house.storage.open_replies(conversation).await.unwrap();
    assert!(open.is_empty(), "a twin that is not there is asked nothing");
}
