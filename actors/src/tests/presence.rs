use storage::UserChange;

use super::*;

impl Client {
    pub(super) async fn watch(&mut self, user: UserId, conversation: ConversationId) {
        self.wish_for_presence(user).await;
        self.subscribe(conversation, None).await;
    }

    async fn wish_for_presence(&self, user: UserId) {
        self.say(ClientFrame::Identify {
            token: user.to_string(),
            presence: true,
        });
        assert!(matches!(self.next().await, ServerFrame::Ready { .. }));
    }

    /// Waits until exactly these people are said to be there.
    pub(super) async fn sees(&self, users: &[UserId]) {
        let mut users = users.to_vec();
        users.sort();
        self.next_that(|frame| match frame {
            ServerFrame::Presence { online, .. } => (online == users).then_some(()),
            _ => None,
        })
        .await;
    }
}

impl House {
    async fn be_invisible(&self, invisible: bool) {
        let change = UserChange {
            invisible: Some(invisible),
            ..UserChange::default()
        };
        self.storage.update_user(self.friend, change).await.unwrap();
        self.node.check_access(&[self.friend]);
    }

    async fn with_friend(&self) -> ConversationId {
        let members = vec![
            NewMember::User(self.user),
            NewMember::User(self.friend),
            NewMember::Twin(self.twin),
        ];
        self.conversation_of(members).await
    }
}

#[actix::test]
async fn people_on_two_nodes_see_each_other_come_and_go() {
    let left = House::new().await;
    let right = left.sibling().await;
    let conversation = left.with_friend().await;
    let mut first = left.connect();
    first.watch(left.user, conversation).await;
    first.sees(&[left.user]).await;
    let mut second = right.connect();
    second.watch(left.friend, conversation).await;
    for client in [&first, &second] {
        client.sees(&[left.user, left.friend]).await;
    }
    drop(second);
    first.sees(&[left.user]).await;
}

#[actix::test]
async fn who_is_on_two_devices_is_there_until_both_are_gone() {
    let house = House::new().await;
    let conversation = house.with_friend().await;
    let mut watching = house.connect();
    watching.watch(house.user, conversation).await;
    let mut devices = [house.connect(), house.connect()];
    for device in &mut devices {
        device.watch(house.friend, conversation).await;
    }
    watching.sees(&[house.user, house.friend]).await;
    let [first, second] = devices;
    drop(first);
    second.say(ClientFrame::Unsubscribe {
        conversation_id: conversation,
    });
    watching.sees(&[house.user]).await;
}

#[actix::test]
async fn who_is_invisible_sees_others_and_is_not_seen_on_any_node() {
    let left = House::new().await;
    let right = left.sibling().await;
    let conversation = left.with_friend().await;
    let mut watching = left.connect();
    watching.watch(left.user, conversation).await;
    let mut devices = [left.connect(), right.connect()];
    for device in &mut devices {
        device.watch(left.friend, conversation).await;
    }
    watching.sees(&[left.user, left.friend]).await;
    left.be_invisible(true).await;
    watching.sees(&[left.user]).await;
    for device in &devices {
        device.sees(&[left.user]).await;
        device.say(ClientFrame::Typing {
            conversation_id: conversation,
        });
    }
    devices[1].send(conversation, "1", "I am not here");
    watching
        .next_that(|frame| match frame {
            ServerFrame::Typing { .. } | ServerFrame::Presence { .. } => {
                panic!("the friend is seen: {frame:?}")
            }
            ServerFrame::Message(_) => Some(()),
            _ => None,
        })
        .await;
    let another = right.connect();
    another.wish_for_presence(left.friend).await;
    another.say(ClientFrame::Subscribe {
        conversation_id: conversation,
        after_seq: None,
    });
    another.sees(&[left.user]).await;
    left.be_invisible(false).await;
    watching.sees(&[left.user, left.friend]).await;
}

#[actix::test]
async fn a_peer_that_is_dead_is_not_there_any_more() {
    let house = House::with(|config| config.heartbeat = Duration::from_millis(400)).await;
    let conversation = house.with_friend().await;
    let mut watching = house.connect();
    watching.watch(house.user, conversation).await;
    let mut dead = house.connect();
    dead.watch(house.friend, conversation).await;
    watching.sees(&[house.user, house.friend]).await;
    let answering = async {
        loop {
            let pong = watching.sender.unbounded_send(Inbound::Pong);
            pong.expect("the connection lives");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let alone = [house.user];
    tokio::select! {
        () = answering => {}
        () = watching.sees(&alone) => {}
    }
    let closed = std::iter::from_fn(|| dead.outbox.try_next()).last();
    let code = protocol::CloseCode::Silent;
    assert!(matches!(closed, Some(Outgoing::Close(found, _)) if found == code));
}
