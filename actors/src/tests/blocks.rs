//! Blocks: of two, neither writes nor learns whether the other is there, on any node; and a twin that is blocked is not asked.

use protocol::{Author, Emoji, TwinMode, What};
use storage::{Blocked, ReplyOrder, ReplyState};

use super::*;

/// Blocks that nobody comes near to.
const MANY: u64 = 100;

impl House {
    /// A conversation of two people that stays one.
    pub(super) async fn between_two(&self) -> ConversationId {
        let id = ConversationId::new();
        let new = NewConversation {
            id,
            kind: ConversationKind::Direct,
            title: None,
            created_by: self.user,
            created_at: 0,
        };
        let members = vec![NewMember::User(self.user), NewMember::User(self.friend)];
        let begun = self.storage.create_conversation(new, members).await;
        begun.unwrap();
        id
    }

    /// Somebody blocks somebody, and all nodes are told.
    pub(super) async fn blocks(&self, user: UserId, blocked: Blocked) {
        let done = self.storage.block(user, blocked, 0, MANY).await;
        self.node.blocks_changed(&done.unwrap());
    }

    async fn unblocks(&self, user: UserId) {
        let done = self.storage.unblock(self.user, user.as_uuid()).await;
        self.node.blocks_changed(&done.unwrap());
    }

    /// Waits until nothing is left to be answered in a conversation.
    async fn nothing_is_ordered(&self, conversation: ConversationId) {
        let ended = async {
            while !self
                .storage
                .open_replies(conversation)
                .await
                .unwrap()
                .is_empty()
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let ended = tokio::time::timeout(PATIENCE, ended).await;
        ended.expect("what was ordered ends in time");
    }
}

#[actix::test]
async fn of_two_of_whom_one_has_blocked_the_other_neither_writes_until_that_is_taken_back() {
    let house = House::new().await;
    let sibling = house.sibling().await;
    let conversation = house.between_two().await;
    let kim = house.follower_of(house.user, conversation).await;
    let mut sam = sibling.connect();
    sam.watch(house.friend, conversation).await;
    sam.send(conversation, "1", "hello");
    let (_, message_id) = sam.acknowledged().await;
    house.blocks(house.user, Blocked::User(house.friend)).await;
    let client_id = |text: &str| ClientId::try_from(text.to_owned()).unwrap();
    let all = |name: &str| {
        [
            ClientFrame::Send {
                conversation_id: conversation,
                client_id: client_id(&format!("{name}-sends")),
                text: "hello?".to_owned(),
                reply_to: None,
                thread: None,
                attachments: Vec::new(),
            },
            ClientFrame::Edit {
                conversation_id: conversation,
                client_id: client_id(&format!("{name}-edits")),
                message_id,
                text: "hello you".to_owned(),
            },
            ClientFrame::React {
                conversation_id: conversation,
                client_id: client_id(&format!("{name}-reacts")),
                message_id,
                emoji: Emoji::try_from("👍".to_owned()).unwrap(),
            },
            ClientFrame::Pin {
                conversation_id: conversation,
                client_id: client_id(&format!("{name}-pins")),
                message_id,
            },
            ClientFrame::Broadcast {
                conversation_id: conversation,
                event: "cursor".to_owned().try_into().unwrap(),
                data: String::new(),
            },
        ]
    };
    for (client, name) in [(&sam, "sam"), (&kim, "kim")] {
        for frame in all(name) {
            client.say(frame);
            assert_eq!(client.error().await, ErrorCode::Forbidden, "{name}");
        }
        client.say(ClientFrame::Typing {
            conversation_id: conversation,
        });
        assert_eq!(client.error().await, ErrorCode::Forbidden, "{name}");
    }
    // One's own may go, and what was said is still there to read.
    sam.say(ClientFrame::Delete {
        conversation_id: conversation,
        client_id: client_id("gone"),
        message_id,
    });
    sam.acknowledged().await;
    assert_eq!(house.log(conversation).await.len(), 1);
    house.unblocks(house.friend).await;
    // The other node has heard of it.
    sam.sees(&[house.user, house.friend]).await;
    sam.send(conversation, "sam-sends-again", "hello!");
    sam.acknowledged().await;
}

#[actix::test]
async fn a_node_that_has_not_heard_of_a_block_stores_nothing_for_who_is_blocked() {
    let house = House::new().await;
    let conversation = house.between_two().await;
    let sam = house.follower_of(house.friend, conversation).await;
    sam.send(conversation, "1", "hello");
    sam.acknowledged().await;
    let blocked = Blocked::User(house.friend);
    let done = house.storage.block(house.user, blocked, 0, MANY).await;
    done.unwrap();
    sam.send(conversation, "2", "are you there?");
    assert_eq!(sam.error().await, ErrorCode::Forbidden);
    assert_eq!(house.log(conversation).await.len(), 1);
}

#[actix::test]
async fn in_a_room_who_is_blocked_is_heard() {
    let house = House::new().await;
    let members = vec![NewMember::User(house.user), NewMember::User(house.friend)];
    let conversation = house.conversation_of(members).await;
    house.blocks(house.user, Blocked::User(house.friend)).await;
    let kim = house.follower_of(house.user, conversation).await;
    let sam = house.follower_of(house.friend, conversation).await;
    sam.send(conversation, "1", "hello all");
    sam.acknowledged().await;
    let heard = kim.next_that(|frame| match frame {
        ServerFrame::Message(message) => Some(message.text),
        _ => None,
    });
    assert_eq!(heard.await, "hello all");
}

#[actix::test]
async fn of_two_each_sees_only_themselves_while_one_has_blocked_the_other() {
    let house = House::new().await;
    let sibling = house.sibling().await;
    let conversation = house.between_two().await;
    let mut kim = house.connect();
    kim.watch(house.user, conversation).await;
    let mut sam = sibling.connect();
    sam.watch(house.friend, conversation).await;
    for client in [&kim, &sam] {
        client.sees(&[house.user, house.friend]).await;
    }
    house.blocks(house.user, Blocked::User(house.friend)).await;
    kim.sees(&[house.user]).await;
    sam.sees(&[house.friend]).await;
    house.unblocks(house.friend).await;
    for client in [&kim, &sam] {
        client.sees(&[house.user, house.friend]).await;
    }
}

#[actix::test]
async fn a_blocked_twin_does_not_answer_who_has_blocked_it_and_answers_the_others() {
    let house = House::new().await;
    let members = vec![
        NewMember::User(house.user),
        NewMember::User(house.friend),
        NewMember::Twin(house.twin),
    ];
    let conversation = house.conversation_of(members).await;
    house.blocks(house.user, Blocked::Twin(house.twin)).await;
    let kim = house.follower_of(house.user, conversation).await;
    let sam = house.follower_of(house.friend, conversation).await;
    kim.send(conversation, "1", "@Ada\n!say to Kim");
    kim.acknowledged().await;
    sam.send(conversation, "2", "@Ada\n!say to Sam");
    let (_, of_sam) = sam.acknowledged().await;
    let done = kim.done().await;
    assert_eq!((done.reply_to, done.text), (Some(of_sam), "to Sam".into()));
    house.nothing_is_ordered(conversation).await;
    let log = house.log(conversation).await;
    let answered: Vec<_> = log.iter().filter_map(|message| message.reply_to).collect();
    assert_eq!(answered, [of_sam]);
    // Nor does it say more because of who has blocked it.
    kim.say(ClientFrame::Regenerate {
        conversation_id: conversation,
        message_id: done.message_id,
    });
    assert_eq!(kim.error().await, ErrorCode::Forbidden);
}

#[actix::test]
async fn what_a_twin_writes_to_somebody_is_stopped_when_it_is_blocked() {
    let house = House::new().await;
    let sibling = house.sibling().await;
    let conversation = house.conversation().await;
    let kim = house.follower_of(house.user, conversation).await;
    kim.send(conversation, "1", "!wait");
    let reply = kim.next_that(|frame| match frame {
        ServerFrame::MessageStart { message_id, .. } => Some(message_id),
        _ => None,
    });
    let reply = reply.await;
    // Blocked on another node than the one that writes.
    sibling.blocks(house.user, Blocked::Twin(house.twin)).await;
    let done = kim.done().await;
    assert_eq!(done.message_id, reply);
    assert_eq!(done.stop_reason, Some(StopReason::Stopped));
    kim.send(conversation, "2", "@Ada are you there?");
    let (seq, _) = kim.acknowledged().await;
    house.nothing_is_ordered(conversation).await;
    let after = house.storage.entries_after(conversation, seq, 10).await;
    assert_eq!(after.unwrap(), [], "it is not answered");
}

#[actix::test]
#[expect(
    clippy::await_holding_lock,
    reason = "the embedder waits for it on a thread of its own"
)]
async fn what_a_twin_still_considers_is_not_written_to_who_blocks_it() {
    let house = House::new().await;
    let text = "The ferry has the colour of ripe apricots.";
    let vectors = house.node.embed(vec![text.to_owned()]).await.unwrap();
    super::chat::add_document(&house, text, vectors[0].clone()).await;
    let conversation = house.conversation().await;
    let member = Author::Twin {
        id: house.twin,
        name: "Ada".to_owned(),
    };
    let mode = What::ModeSet {
        member,
        mode: TwinMode::Ask,
    };
    house.change(conversation, house.user, mode).await.unwrap();
    let kim = house.follower(conversation).await;
    let embedded = Arc::clone(&house.asked.embedded);
    let considers = embedded.lock().unwrap();
    kim.send(
        conversation,
        "1",
        "the ferry has which colour of ripe apricots",
    );
    kim.acknowledged().await;
    let claimed = async {
        let is_claimed = |orders: Vec<ReplyOrder>| orders[0].state == ReplyState::Running;
        while !is_claimed(house.storage.open_replies(conversation).await.unwrap()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let claimed = tokio::time::timeout(PATIENCE, claimed).await;
    claimed.expect("the reply is claimed in time");
    house.blocks(house.user, Blocked::Twin(house.twin)).await;
    drop(considers);
    house.nothing_is_ordered(conversation).await;
    assert_eq!(house.log(conversation).await.len(), 1);
}
