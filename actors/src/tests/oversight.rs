//! The owner of a twin steps in: watches, pauses it, decides what it says, and writes in its place.

use protocol::{Author, Authorship, Role, TwinMode, What, Writer};
use storage::{Blocked, TwinChange, TwinConversation};

use super::*;
use crate::limits;

/// A friend who talks with the twin of the user, and the user's house.
struct Talk {
    house: House,
    conversation: ConversationId,
    friend: Client,
}

impl Talk {
    /// Of two, and it stays so.
    async fn begin(oversight: bool) -> Self {
        Self::begin_in(House::new().await, oversight).await
    }

    async fn begin_in(house: House, oversight: bool) -> Self {
        let change = TwinChange {
            oversight: Some(oversight),
            ..TwinChange::default()
        };
        house
            .storage
            .update_twin(house.twin, change, 0)
            .await
            .unwrap();
        let conversation = ConversationId::new();
        let begun = NewConversation {
            id: conversation,
            kind: ConversationKind::Direct,
            title: None,
            created_by: house.friend,
            created_at: 0,
        };
        let members = vec![NewMember::User(house.friend), NewMember::Twin(house.twin)];
        house
            .storage
            .create_conversation(begun, members)
            .await
            .unwrap();
        let friend = house.follower_of(house.friend, conversation).await;
        Self {
            house,
            conversation,
            friend,
        }
    }

    fn twin(&self) -> Author {
        Author::Twin {
            id: self.house.twin,
            name: "Ada".to_owned(),
        }
    }

    async fn change(&self, user: UserId, what: What) -> Result<protocol::Change, Refusal> {
        self.house.change(self.conversation, user, what).await
    }

    async fn watch(&self, user: UserId) -> Result<protocol::Change, Refusal> {
        let (member, role) = (person(user), Some(Role::Watcher));
        self.change(user, What::Joined { member, role }).await
    }

    async fn owner_leaves(&self) {
        let member = person(self.house.user);
        let left = self.change(self.house.user, What::Left { member }).await;
        left.unwrap();
    }

    async fn set_mode(&self, mode: TwinMode) {
        let member = self.twin();
        let what = What::ModeSet { member, mode };
        self.change(self.house.user, what).await.unwrap();
    }

    /// The owner, who watches and follows.
    async fn owner(&self) -> Client {
        self.watch(self.house.user).await.unwrap();
        self.house
            .follower_of(self.house.user, self.conversation)
            .await
    }

    fn asks(&self, client_id: &str, text: &str) {
        self.friend.send(self.conversation, client_id, text);
    }
}

fn person(id: UserId) -> Author {
    let name = "Kim".to_owned();
    Author::User { id, name }
}

impl Client {
    fn take_over(&self, conversation_id: ConversationId, message_id: MessageId) {
        self.say(ClientFrame::TakeOver {
            conversation_id,
            message_id,
        });
    }

    fn speak(&self, talk: &Talk, client_id: &str, text: &str, message_id: Option<MessageId>) {
        self.say(ClientFrame::Speak {
            conversation_id: talk.conversation,
            client_id: client_id.to_owned().try_into().unwrap(),
            twin_id: talk.house.twin,
            text: text.to_owned(),
            message_id,
            reply_to: None,
        });
    }

    async fn next_change(&self) -> protocol::Change {
        self.next_that(|frame| match frame {
            ServerFrame::Change(change) => Some(change),
            _ => None,
        })
        .await
    }

    async fn proposal(&self) -> Message {
        self.next_that(|frame| match frame {
            ServerFrame::Proposal(message) => Some(message),
            _ => None,
        })
        .await
    }

    /// A reply that runs, once it says something.
    async fn running(&self) -> MessageId {
        let begun = self.next_that(|frame| match frame {
            ServerFrame::MessageStart { message_id, .. } => Some(message_id),
            _ => None,
        });
        let reply = begun.await;
        self.next_that(|frame| match frame {
            ServerFrame::Delta { message_id, .. } if message_id == reply => Some(reply),
            _ => None,
        })
        .await
    }

    /// Why the client is told of a conversation no more.
    async fn closed_from(&self, conversation: ConversationId) -> ErrorCode {
        self.next_that(|frame| match frame {
            ServerFrame::Reset {
                conversation_id,
                code,
                ..
            } if conversation_id == conversation => Some(code),
            _ => None,
        })
        .await
    }

    async fn taken_over(&self) -> (MessageId, u64) {
        self.next_that(|frame| match frame {
            ServerFrame::TakenOver {
                message_id, index, ..
            } => Some((message_id, index)),
            _ => None,
        })
        .await
    }
}

fn spans(message: &Message) -> Vec<(Writer, u64)> {
    let authorship = message.authorship.iter().flat_map(Authorship::spans);
    authorship.map(|span| (span.by, span.chars)).collect()
}

#[actix::test]
async fn an_owner_watches_where_that_could_be_known_and_everybody_sees_it() {
    let talk = Talk::begin(true).await;
    let stranger = add_user(&talk.house.storage, "eve@example.com", "Eve").await;
    let refused = talk.watch(stranger).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound);
    let owner = talk.owner().await;
    let seen = talk.friend.next_change().await;
    assert!(
        matches!(&seen.what, What::Joined { member: Author::User { id, .. }, role: Some(Role::Watcher) } if *id == talk.house.user),
        "{seen:?}"
    );
    // It is still a conversation of two: the twin answers unasked, and the owner only reads.
    talk.asks("1", "!say lighthouse");
    assert_eq!(talk.friend.done().await.text, "lighthouse");
    assert_eq!(owner.done().await.text, "lighthouse");
    owner.send(talk.conversation, "2", "hello");
    assert_eq!(owner.error().await, ErrorCode::Forbidden);
    talk.owner_leaves().await;
    assert_eq!(
        owner.closed_from(talk.conversation).await,
        ErrorCode::NotFound
    );
}

#[actix::test]
async fn nobody_watches_where_nobody_could_know_it() {
    let talk = Talk::begin(false).await;
    let refused = talk.watch(talk.house.user).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Forbidden);
    // What is said later does not make what was said before known.
    let change = TwinChange {
        oversight: Some(true),
        ..TwinChange::default()
    };
    let storage = &talk.house.storage;
    storage
        .update_twin(talk.house.twin, change, 1)
        .await
        .unwrap();
    let refused = talk.watch(talk.house.user).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Forbidden);
    let found = storage
        .conversations_of_twin(talk.house.twin, None, 9)
        .await
        .unwrap();
    let [
        TwinConversation {
            id,
            oversight,
            is_member,
            ref names,
            ..
        },
    ] = found[..]
    else {
        panic!("it talks in one conversation")
    };
    assert_eq!(
        (id, oversight, is_member, names.is_empty()),
        (talk.conversation, false, false, true)
    );
}

#[actix::test]
async fn a_twin_that_is_paused_says_nothing_until_it_goes_on() {
    let talk = Talk::begin(true).await;
    let refused = talk.change(
        talk.house.friend,
        What::ModeSet {
            member: talk.twin(),
            mode: TwinMode::Off,
        },
    );
    assert_eq!(refused.await.unwrap_err().code, ErrorCode::Forbidden);
    talk.asks("1", "!late 60 tick one tick two tick");
    talk.friend.running().await;
    // Its owner need not take part for that.
    talk.set_mode(TwinMode::Off).await;
    assert_eq!(
        talk.friend.done().await.stop_reason,
        Some(StopReason::Stopped)
    );
    talk.asks("2", "!say nobody hears this");
    talk.friend.acknowledged().await;
    talk.set_mode(TwinMode::Auto).await;
    talk.asks("3", "!say hello");
    assert_eq!(talk.friend.done().await.text, "hello");
    let storage = &talk.house.storage;
    assert_eq!(storage.open_replies(talk.conversation).await.unwrap(), []);
}

#[actix::test]
async fn a_draft_is_the_owners_until_the_owner_has_it_sent() {
    let talk = Talk::begin(true).await;
    let owner = talk.owner().await;
    talk.set_mode(TwinMode::Draft).await;
    talk.asks("1", "!say The key hangs here.");
    let draft = owner.proposal().await;
    assert_eq!((draft.text.as_str(), draft.seq), ("The key hangs here.", 0));
    let storage = &talk.house.storage;
    let held = storage
        .held_replies(talk.house.twin, talk.house.user, 9)
        .await;
    assert_eq!(held.unwrap(), std::slice::from_ref(&draft));
    // Nobody else decides, and nobody else has seen anything.
    let node = &talk.house.node;
    let refused = node.approve_reply(talk.conversation, talk.house.friend, draft.message_id, None);
    assert_eq!(refused.await.unwrap_err().code, ErrorCode::NotFound);
    let text = Some("The key hangs in the hall.".to_owned());
    let sent = node.approve_reply(talk.conversation, talk.house.user, draft.message_id, text);
    let sent = sent.await.unwrap();
    assert_eq!(sent.text, "The key hangs in the hall.");
    assert_eq!(
        spans(&sent),
        [(Writer::Twin, 14), (Writer::Owner, 11), (Writer::Twin, 1)]
    );
    assert_eq!((sent.model, sent.seed), (draft.model, draft.seed));
    let first = talk.friend.next_that(|frame| match frame {
        ServerFrame::MessageStart { .. } | ServerFrame::Delta { .. } => panic!("{frame:?}"),
        ServerFrame::Proposal(_) => panic!("{frame:?}"),
        ServerFrame::MessageDone(message) => Some(message),
        _ => None,
    });
    assert_eq!(first.await.message_id, draft.message_id);

    talk.asks("2", "!say nonsense");
    let draft = owner.proposal().await;
    let discarded = node.discard_reply(talk.conversation, talk.house.user, draft.message_id);
    discarded.await.unwrap();
    let again = node.approve_reply(talk.conversation, talk.house.user, draft.message_id, None);
    assert_eq!(again.await.unwrap_err().code, ErrorCode::NotFound);
    let held = storage
        .held_replies(talk.house.twin, talk.house.user, 9)
        .await;
    assert_eq!(held.unwrap(), []);
    let log = talk.house.log(talk.conversation).await;
    assert_eq!(log.len(), 3, "{log:?}");
}

#[actix::test]
async fn whoever_is_not_sure_asks_the_owner() {
    let talk = Talk::begin(true).await;
    let text = "The ferry has the colour of ripe apricots.";
    let vectors = talk.house.node.embed(vec![text.to_owned()]).await.unwrap();
    super::chat::add_document(&talk.house, text, vectors[0].clone()).await;
    let owner = talk.owner().await;
    talk.set_mode(TwinMode::Ask).await;
    talk.asks("1", "the ferry has which colour of ripe apricots");
    assert_eq!(talk.friend.done().await.text, text);
    talk.asks("2", "!say I wonder");
    assert_eq!(owner.proposal().await.text, "I wonder");
}

#[actix::test]
async fn an_owner_writes_the_rest_of_a_reply() {
    let talk = Talk::begin(true).await;
    let owner = talk.owner().await;
    talk.asks("1", "!late 60 tick one tick two tick");
    let reply = owner.running().await;
    talk.friend.take_over(talk.conversation, reply);
    assert_eq!(talk.friend.error().await, ErrorCode::Forbidden);
    owner.take_over(talk.conversation, reply);
    let (taken, index) = talk.friend.taken_over().await;
    assert_eq!(taken, reply);
    owner.speak(&talk, "own", " and so on.", Some(reply));
    let done = talk.friend.done().await;
    let chars = done.text.chars().count() as u64;
    assert_eq!(chars, index + 11);
    assert!(done.text.starts_with("tick") && done.text.ends_with(" and so on."));
    assert_eq!(spans(&done), [(Writer::Twin, index), (Writer::Owner, 11)]);
    assert_eq!(done.stop_reason, Some(StopReason::TakenOver));
    assert!(done.ai_written && done.model.is_some() && done.seed.is_some());
    let acknowledged = owner.acknowledged().await;
    assert_eq!(acknowledged, (done.seq, reply));
    // Said again it changes nothing; another text under the same id is another thing.
    owner.speak(&talk, "own", " and so on.", Some(reply));
    assert_eq!(owner.acknowledged().await, acknowledged);
    owner.speak(&talk, "own", " or not.", Some(reply));
    assert_eq!(owner.error().await, ErrorCode::Conflict);
    owner.speak(&talk, "other", " or not.", Some(reply));
    assert_eq!(owner.error().await, ErrorCode::NotFound);
    assert_eq!(talk.house.log(talk.conversation).await.len(), 2);
}

#[actix::test]
async fn an_owner_on_another_node_takes_the_reply_from_the_one_that_writes_it() {
    let talk = Talk::begin(true).await;
    talk.watch(talk.house.user).await.unwrap();
    let sibling = talk.house.sibling().await;
    let owner = sibling
        .follower_of(talk.house.user, talk.conversation)
        .await;
    talk.asks("1", "!late 60 tick one tick two tick");
    let reply = owner.running().await;
    owner.take_over(talk.conversation, reply);
    let (_, index) = owner.taken_over().await;
    owner.speak(&talk, "own", " That is all.", Some(reply));
    let acknowledged = owner.acknowledged().await;
    let done = talk.friend.done().await;
    assert_eq!(acknowledged, (done.seq, reply));
    assert_eq!(spans(&done), [(Writer::Twin, index), (Writer::Owner, 13)]);
    assert_eq!(talk.house.log(talk.conversation).await[1], done);
    let storage = &talk.house.storage;
    assert_eq!(storage.open_replies(talk.conversation).await.unwrap(), []);
}

#[actix::test]
async fn a_reply_that_was_taken_over_ends_when_somebody_stops_it_or_its_owner_goes() {
    let talk = Talk::begin(true).await;
    let owner = talk.owner().await;
    for (client_id, leaves) in [("1", false), ("2", true)] {
        talk.asks(client_id, "!late 60 tick one tick two tick");
        let reply = owner.running().await;
        owner.take_over(talk.conversation, reply);
        let (_, index) = owner.taken_over().await;
        if leaves {
            talk.owner_leaves().await;
        } else {
            talk.friend.say(ClientFrame::Stop {
                conversation_id: talk.conversation,
                message_id: reply,
            });
        }
        let done = talk.friend.done().await;
        assert_eq!(done.message_id, reply);
        assert_eq!(done.stop_reason, Some(StopReason::Stopped));
        assert_eq!(done.text.chars().count() as u64, index);
        assert_eq!(spans(&done), []);
    }
    assert!(limits::TAKEN_OVER_FOR > Duration::from_secs(60));
}

#[actix::test]
async fn what_an_owner_writes_or_edits_under_the_twins_name_says_so() {
    let talk = Talk::begin(true).await;
    let owner = talk.owner().await;
    talk.friend.speak(&talk, "no", "I am Ada", None);
    assert_eq!(talk.friend.error().await, ErrorCode::Forbidden);
    owner.speak(&talk, "own", "This is Kim.", None);
    let said = talk.friend.done().await;
    assert_eq!((&said.author, said.ai_written), (&talk.twin(), false));
    assert_eq!(spans(&said), [(Writer::Owner, 12)]);
    assert_eq!(owner.acknowledged().await, (said.seq, said.message_id));
    owner.speak(&talk, "own", "This is Kim.", None);
    assert_eq!(owner.acknowledged().await, (said.seq, said.message_id));

    talk.asks("1", "!say The red door.");
    let reply = talk.friend.done().await;
    let edit = |client_id: &str| ClientFrame::Edit {
        conversation_id: talk.conversation,
        client_id: client_id.to_owned().try_into().unwrap(),
        message_id: reply.message_id,
        text: "The blue door.".to_owned(),
    };
    talk.friend.say(edit("not-mine"));
    assert_eq!(talk.friend.error().await, ErrorCode::Forbidden);
    owner.say(edit("mine"));
    owner.acknowledged().await;
    let change = talk.friend.next_that(|frame| match frame {
        ServerFrame::Change(change) if change.what.message_id().is_some() => Some(change),
        _ => None,
    });
    let What::Edited { authorship, .. } = change.await.what else {
        panic!("it is an edit")
    };
    let log = talk.house.log(talk.conversation).await;
    let edited = log
        .iter()
        .find(|message| message.message_id == reply.message_id)
        .unwrap();
    assert_eq!(edited.authorship, authorship);
    assert_eq!(
        spans(edited),
        [(Writer::Twin, 4), (Writer::Owner, 4), (Writer::Twin, 6)]
    );
    assert!(edited.ai_written);
}

#[actix::test]
async fn nobody_speaks_for_a_twin_to_who_has_blocked_it() {
    let talk = Talk::begin(true).await;
    let owner = talk.owner().await;
    talk.asks("1", "!say The red door.");
    let said = owner.done().await;
    talk.set_mode(TwinMode::Draft).await;
    talk.asks("2", "!say The key hangs here.");
    let draft = owner.proposal().await;
    let (house, user) = (&talk.house, talk.house.user);
    // A quarrel with who watches is none of the two.
    house.blocks(house.friend, Blocked::User(user)).await;
    house.blocks(user, Blocked::User(house.friend)).await;
    owner.speak(&talk, "own", "This is Kim.", None);
    owner.acknowledged().await;
    house.blocks(house.friend, Blocked::Twin(house.twin)).await;
    owner.speak(&talk, "more", "Are you there?", None);
    assert_eq!(owner.error().await, ErrorCode::Forbidden);
    owner.say(ClientFrame::Edit {
        conversation_id: talk.conversation,
        client_id: "edit".to_owned().try_into().unwrap(),
        message_id: said.message_id,
        text: "The blue door.".to_owned(),
    });
    assert_eq!(owner.error().await, ErrorCode::Forbidden);
    let sent = house
        .node
        .approve_reply(talk.conversation, user, draft.message_id, None);
    assert_eq!(sent.await.unwrap_err().code, ErrorCode::Forbidden);
    talk.asks("3", "are you there?");
    assert_eq!(talk.friend.error().await, ErrorCode::Forbidden);
    let discarded = house
        .node
        .discard_reply(talk.conversation, user, draft.message_id);
    discarded.await.unwrap();
    assert_eq!(house.log(talk.conversation).await.len(), 4);
}

#[actix::test]
async fn a_draft_for_somebody_who_has_blocked_the_twin_is_not_sent_in_a_room_either() {
    let house = House::new().await;
    let members = [
        NewMember::User(house.user),
        NewMember::User(house.friend),
        NewMember::Twin(house.twin),
    ];
    let conversation = house.conversation_of(members.to_vec()).await;
    let owner = house.follower_of(house.user, conversation).await;
    let friend = house.follower_of(house.friend, conversation).await;
    let talk = Talk {
        house,
        conversation,
        friend,
    };
    talk.set_mode(TwinMode::Draft).await;
    talk.asks("1", "@Ada\n!say The key hangs here.");
    let draft = owner.proposal().await;
    let (house, user) = (&talk.house, talk.house.user);
    house.blocks(house.friend, Blocked::Twin(house.twin)).await;
    let sent = house
        .node
        .approve_reply(conversation, user, draft.message_id, None);
    assert_eq!(sent.await.unwrap_err().code, ErrorCode::Forbidden);
}
