//! Who follows a conversation now, on every node: what this node knows, and when to tell it. People who are invisible are known,
//! and told to nobody.
//!
//! 1. Each shard says who follows on its thread ([`Here`]), a little after somebody came or went.
//! 2. The node tells the others on the bus when its people change, and again now and then; a node that is silent for long has
//!    gone, and its people with it.
//! 3. Whoever wishes for presence is told all who are there, so that what was dropped is made good by the next telling.

use std::collections::HashMap;
use std::time::Instant;

use actix::prelude::*;
use protocol::{ConversationId, NodeId, ServerFrame, UserId};

use super::Conversation;
use crate::SharedFrame;
use crate::bus_event::NodeEvent;
use crate::fan_out::{Attendance, RoomEvent, ShardId, attend};
use crate::limits::{PRESENCE_EXPIRES, PRESENCE_NODES_MAX, PRESENCE_REFRESH};

/// What a conversation knows of who is there.
#[derive(Default)]
pub(super) struct Presence {
    here: HashMap<ShardId, Attendance>,
    elsewhere: HashMap<NodeId, (Attendance, Instant)>,
    online: Attendance,
    published: Option<(Attendance, Instant)>,
}

/// What is to be told after a change.
#[derive(Debug, Default, PartialEq, Eq)]
struct News {
    /// To the other nodes: who is here.
    publish: Option<Attendance>,
    /// To the local members: who is online.
    tell: bool,
}

impl Presence {
    fn shard_says(&mut self, shard: ShardId, people: Attendance) {
        self.here.insert(shard, people);
    }

    pub(super) fn shard_left(&mut self, shard: ShardId) {
        self.here.remove(&shard);
    }

    fn node_says(&mut self, node: NodeId, people: Attendance, now: Instant) {
        if people.is_empty() {
            self.elsewhere.remove(&node);
        } else if self.elsewhere.len() < PRESENCE_NODES_MAX || self.elsewhere.contains_key(&node) {
            self.elsewhere.insert(node, (people, now));
        }
    }

    /// The other nodes are to be told again.
    fn forget_published(&mut self) {
        self.published = None;
    }

    /// Counts anew who is there.
    fn refresh(&mut self, now: Instant, is_member: impl Fn(UserId) -> bool) -> News {
        self.elsewhere
            .retain(|_, (_, heard)| now.duration_since(*heard) < PRESENCE_EXPIRES);
        let mut here = Attendance::new();
        for (user, is_shown) in self.here.values().flatten() {
            attend(&mut here, *user, *is_shown);
        }
        here.retain(|user, _| is_member(*user));
        let mut online = here.clone();
        for (user, is_shown) in self.elsewhere.values().flat_map(|(people, _)| people) {
            attend(&mut online, *user, *is_shown);
        }
        online.retain(|user, _| is_member(*user));
        let mut news = News {
            publish: None,
            tell: shown(&online) != shown(&self.online),
        };
        self.online = online;
        let is_known = match &self.published {
            Some((told, at)) => {
                *told == here && (here.is_empty() || now.duration_since(*at) < PRESENCE_REFRESH)
            }
            None => here.is_empty(),
        };
        if !is_known {
            news.publish = Some(here.clone());
            self.published = Some((here, now));
        }
        news
    }

    /// Whether somebody follows the conversation, on any node, shown or not.
    pub(super) fn is_online(&self, user: UserId) -> bool {
        self.online.contains_key(&user)
    }

    /// What the members are told.
    pub(super) fn frame(&self, conversation_id: ConversationId) -> SharedFrame {
        SharedFrame::new(ServerFrame::Presence {
            conversation_id,
            online: shown(&self.online),
        })
    }
}

fn shown(people: &Attendance) -> Vec<UserId> {
    let shown = people.iter().filter(|(_, is_shown)| **is_shown);
    shown.map(|(user, _)| *user).collect()
}

impl Conversation {
    /// Tells whom it concerns when those who are there have changed.
    pub(super) fn refresh_presence(&mut self, context: &mut Context<Self>) {
        let members = &self.members;
        let is_member = |user| members.has(user);
        let news = self.presence.refresh(Instant::now(), is_member);
        if let Some(people) = news.publish {
            let node = self.services.config.node_id;
            self.publish(NodeEvent::Present { node, people }.encode());
        }
        if news.tell {
            let frame = self.presence.frame(self.id);
            self.tell(&RoomEvent::Presence(frame), context);
        }
    }

    /// Another node says who is there.
    pub(super) fn node_says(
        &mut self,
        node: NodeId,
        people: Attendance,
        context: &mut Context<Self>,
    ) {
        self.presence.node_says(node, people, Instant::now());
        self.refresh_presence(context);
    }

    /// Another node asks who is here.
    pub(super) fn say_who_is_here(&mut self, context: &mut Context<Self>) {
        self.presence.forget_published();
        self.refresh_presence(context);
    }
}

/// A shard says who follows on its thread now.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Here {
    pub(crate) shard: ShardId,
    pub(crate) people: Attendance,
}

impl Handler<Here> for Conversation {
    type Result = ();

    fn handle(&mut self, here: Here, context: &mut Self::Context) {
        self.presence.shard_says(here.shard, here.people);
        self.refresh_presence(context);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SHARD: ShardId = ShardId(1);

    fn user(number: u8) -> UserId {
        UserId::from_bytes([number; 16])
    }

    fn online(presence: &Presence) -> Vec<UserId> {
        shown(&presence.online)
    }

    fn people(numbers: &[u8]) -> Attendance {
        numbers.iter().map(|number| (user(*number), true)).collect()
    }

    #[test]
    fn each_change_is_told_once_and_published_once() {
        let mut presence = Presence::default();
        let now = Instant::now();
        assert_eq!(presence.refresh(now, |_| true), News::default());
        presence.shard_says(SHARD, people(&[1]));
        presence.shard_says(ShardId(2), people(&[1, 2]));
        let news = presence.refresh(now, |_| true);
        assert_eq!(news.publish, Some(people(&[1, 2])));
        assert!(news.tell);
        assert_eq!(presence.refresh(now, |_| true), News::default());
        // On another device the person is still there.
        presence.shard_left(SHARD);
        assert_eq!(presence.refresh(now, |_| true), News::default());
        presence.shard_left(ShardId(2));
        let news = presence.refresh(now, |_| true);
        assert_eq!((news.publish, news.tell), (Some(people(&[])), true));
        assert_eq!(online(&presence), []);
    }

    #[test]
    fn who_is_no_member_is_not_shown() {
        let mut presence = Presence::default();
        presence.shard_says(SHARD, people(&[1, 2]));
        presence.node_says(NodeId::new(), people(&[3]), Instant::now());
        presence.refresh(Instant::now(), |candidate| candidate == user(2));
        assert_eq!(online(&presence), [user(2)]);
    }

    #[test]
    fn who_is_invisible_is_known_and_published_and_never_told() {
        let mut presence = Presence::default();
        let now = Instant::now();
        presence.shard_says(SHARD, people(&[1]));
        presence.refresh(now, |_| true);
        let hidden = Attendance::from([(user(2), false)]);
        presence.shard_says(ShardId(2), hidden.clone());
        let news = presence.refresh(now, |_| true);
        let mut both = people(&[1]);
        both.extend(hidden.clone());
        // That somebody came would tell of it too.
        assert_eq!((news.publish, news.tell), (Some(both), false));
        assert!(presence.is_online(user(2)));
        assert_eq!(online(&presence), [user(1)]);
        // Where one device is not shown, none is.
        presence.node_says(NodeId::new(), people(&[2, 3]), now);
        assert!(presence.refresh(now, |_| true).tell);
        assert_eq!(online(&presence), [user(1), user(3)]);
    }

    #[test]
    fn the_people_of_a_node_that_falls_silent_are_gone() {
        let mut presence = Presence::default();
        let (first, second) = (NodeId::new(), NodeId::new());
        let start = Instant::now();
        presence.node_says(first, people(&[1]), start);
        presence.node_says(second, people(&[2]), start);
        presence.refresh(start, |_| true);
        assert_eq!(online(&presence), [user(1), user(2)]);
        let later = start + PRESENCE_REFRESH;
        presence.node_says(second, people(&[2]), later);
        let news = presence.refresh(start + PRESENCE_EXPIRES, |_| true);
        assert!(news.tell);
        assert_eq!(online(&presence), [user(2)]);
        presence.node_says(second, people(&[]), later);
        presence.refresh(later, |_| true);
        assert_eq!(online(&presence), []);
    }

    #[test]
    fn the_other_nodes_are_told_again_now_and_then_and_when_they_ask() {
        let mut presence = Presence::default();
        let start = Instant::now();
        presence.shard_says(SHARD, people(&[1]));
        let told = |news: News| news.publish.is_some();
        assert!(told(presence.refresh(start, |_| true)));
        assert!(!told(
            presence.refresh(start + Duration::from_secs(1), |_| true)
        ));
        assert!(told(presence.refresh(start + PRESENCE_REFRESH, |_| true)));
        presence.forget_published();
        assert!(told(presence.refresh(start + PRESENCE_REFRESH, |_| true)));
    }

    #[test]
    fn nodes_are_counted_up_to_a_limit() {
        let mut presence = Presence::default();
        for _ in 0..PRESENCE_NODES_MAX + 5 {
            presence.node_says(NodeId::new(), people(&[1]), Instant::now());
        }
        assert_eq!(presence.elsewhere.len(), PRESENCE_NODES_MAX);
    }
}
