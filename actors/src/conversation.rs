//! A conversation that somebody follows or writes in: gives its messages their order and tells everybody.
//!
//! 1. [`Submit`]: membership is checked, the message appended to the log, and only then acknowledged.
//! 2. The entry is released in order to the shards that have members, and published for the other nodes.
//! 3. Each reply that the message asks for is claimed, handed to its twin, and streamed (`replies.rs`).
//! 4. What other nodes publish arrives as [`BusArrived`]; a gap is filled from the log.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use actix::prelude::*;
use bytes::Bytes;
use protocol::{
    Author, ClientId, ConversationId, ErrorCode, Message as LogMessage, MessageId, ServerFrame,
    UserId,
};
use storage::{Appended, Member, NewMessage, NewReplyOrder, ReplyOrder, Storage, StorageError};

use crate::bus_event::{self, NodeEvent};
use crate::fan_out::{Publish, RoomEvent, RoomShard, ShardId};
use crate::limits::{CATCH_UP_PAGE, CONVERSATION_MAILBOX_MAX, LEASE};
use crate::metrics;
use crate::node::{Services, now_ms};
use crate::supervisor::{LifeLine, WakeError};
use crate::timeline::{Arrival, Timeline, entry_frame};
use crate::turn_taking::answering_twins;

mod replies;

use replies::OwnReply;
pub(crate) use replies::{HandOver, ResumeReplies, Stop};

/// How often a conversation looks whether it is still needed, and repairs shards that missed something.
const HOUSEKEEPING: Duration = Duration::from_millis(500);

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) retry_after_ms: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// A conversation that is not there, or not for this person: the two look the same.
    pub(crate) fn no_conversation() -> Self {
        Self::new(ErrorCode::NotFound, "there is no such conversation")
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        let code = error.code();
        let retry = matches!(code, ErrorCode::Unavailable | ErrorCode::Overloaded);
        let retry_after_ms = retry.then_some(1_000);
        Self {
            code,
            message: error.to_string(),
            retry_after_ms,
        }
    }
}

/// A shard with members in this conversation.
struct ShardLink {
    addr: Addr<RoomShard>,
    /// It missed an event: it gets a snapshot as soon as its mailbox has room.
    missed: bool,
}

/// The actor.
pub(crate) struct Conversation {
    id: ConversationId,
    members: Vec<Member>,
    timeline: Timeline,
    shards: HashMap<ShardId, ShardLink>,
    replies: HashMap<MessageId, OwnReply>,
    submitting: usize,
    reading_log: bool,
    subscribed: bool,
    aligning: bool,
    handing_over: bool,
    last_needed: Instant,
    services: Services,
    /// Replies that were ordered before this activation.
    unfinished: Vec<ReplyOrder>,
    pub(crate) life_line: Option<LifeLine<Self>>,
}

impl Conversation {
    /// Loads the conversation's state.
    pub(crate) async fn load(id: ConversationId, services: Services) -> Result<Self, WakeError> {
        let conversation = services.storage.conversation(id).await?;
        let conversation = conversation.ok_or(WakeError::NotFound("conversation"))?;
        let members = services.storage.members(id).await?;
        let unfinished = services.storage.open_replies(id).await?;
        Ok(Self {
            id,
            members,
            timeline: Timeline::new(id, conversation.last_seq),
            shards: HashMap::new(),
            replies: HashMap::new(),
            submitting: 0,
            reading_log: false,
            subscribed: false,
            aligning: false,
            handing_over: false,
            last_needed: Instant::now(),
            services,
            unfinished,
            life_line: None,
        })
    }

    fn is_member(&self, user: UserId) -> bool {
        self.members
            .iter()
            .any(|member| matches!(member, Member::User { id, .. } if *id == user))
    }

    /// Tells the local members.
    fn tell(&mut self, event: &RoomEvent, context: &mut Context<Self>) {
        let from = context.address();
        for link in self.shards.values_mut() {
            let publish = Publish {
                conversation: self.id,
                from: from.clone(),
                event: event.clone(),
            };
            if !link.missed && link.addr.try_send(publish).is_err() {
                metrics::dropped("shard_event");
                link.missed = true;
            }
        }
    }

    /// Tells the other nodes.
    fn publish(&self, payload: Bytes) {
        if self.services.bus.publish(self.id, payload).is_err() {
            // The log has everything that matters; other nodes notice the gap at the next entry.
            metrics::dropped("bus_publish");
        }
    }

    fn publish_frame(&self, frame: &ServerFrame) {
        self.publish(bus_event::encode_frame(frame));
    }

    /// Takes an entry of the log, from wherever it came, and tells the local members what is next.
    fn arrive(&mut self, message: LogMessage, context: &mut Context<Self>) {
        match self.timeline.arrive(message) {
            Arrival::Released(messages) => {
                for message in messages {
                    let (seq, message_id) = (message.seq, message.message_id);
                    let frame = entry_frame(message);
                    self.tell(
                        &RoomEvent::Entry {
                            seq,
                            message_id,
                            frame,
                        },
                        context,
                    );
                }
            }
            Arrival::Gap => self.read_log(context),
            Arrival::Known => {}
        }
    }

    /// Reads what the log has after the last entry that was released.
    fn read_log(&mut self, context: &mut Context<Self>) {
        if std::mem::replace(&mut self.reading_log, true) {
            return;
        }
        let storage = self.services.storage.clone();
        let (id, after) = (self.id, self.timeline.last_seq());
        let read = async move { storage.messages_after(id, after, CATCH_UP_PAGE).await };
        let arrived = read.into_actor(self).map(|page, this, context| {
            this.reading_log = false;
            match page {
                Ok(page) => {
                    let more = page.len() == CATCH_UP_PAGE as usize;
                    for message in page {
                        this.arrive(message, context);
                    }
                    if more {
                        this.read_log(context);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, conversation = %this.id, "log cannot be read; trying again");
                    context.run_later(Duration::from_secs(1), Self::read_log);
                }
            }
        });
        context.spawn(arrived);
    }

    fn snapshot(&self) -> RoomEvent {
        RoomEvent::Snapshot {
            last_seq: self.timeline.last_seq(),
            running: self.timeline.running().cloned().collect(),
        }
    }

    /// Sends a snapshot to a shard; where its mailbox is full, housekeeping tries again.
    fn send_snapshot(&mut self, shard: ShardId, context: &mut Context<Self>) {
        let event = self.snapshot();
        if let Some(link) = self.shards.get_mut(&shard) {
            let publish = Publish {
                conversation: self.id,
                from: context.address(),
                event,
            };
            link.missed = link.addr.try_send(publish).is_err();
        }
    }

    /// Listens to the other nodes exactly while somebody here follows.
    fn align_subscription(&mut self, context: &mut Context<Self>) {
        let wanted = !self.shards.is_empty();
        if self.aligning || self.subscribed == wanted {
            return;
        }
        self.aligning = true;
        let (bus, id) = (self.services.bus.clone(), self.id);
        let changed = async move {
            if wanted {
                bus.subscribe(id).await
            } else {
                bus.unsubscribe(id).await
            }
        };
        let aligned = changed.into_actor(self).map(move |changed, this, context| {
            this.aligning = false;
            match changed {
                Ok(()) => this.subscribed = wanted,
                Err(error) => {
                    // Housekeeping tries again.
                    tracing::warn!(%error, conversation = %this.id, "subscription cannot be changed");
                    return;
                }
            }
            if wanted {
                // What other nodes appended before the subscription stood is in the log.
                this.read_log(context);
            }
            this.align_subscription(context);
        });
        context.spawn(aligned);
    }

    fn attach(&mut self, shard: ShardId, addr: Addr<RoomShard>, context: &mut Context<Self>) {
        self.shards.insert(
            shard,
            ShardLink {
                addr,
                missed: false,
            },
        );
        self.send_snapshot(shard, context);
        self.align_subscription(context);
    }

    fn housekeeping(&mut self, context: &mut Context<Self>) {
        let missed: Vec<ShardId> = self
            .shards
            .iter()
            .filter(|(_, link)| link.missed)
            .map(|(id, _)| *id)
            .collect();
        for shard in missed {
            self.send_snapshot(shard, context);
        }
        self.shards.retain(|_, link| link.addr.connected());
        self.align_subscription(context);
        self.keep_leases(context);
        let needed = !self.shards.is_empty()
            || self.submitting > 0
            || self.reading_log
            || self.subscribed
            || !self.replies.is_empty();
        if needed {
            self.last_needed = Instant::now();
        } else if self.last_needed.elapsed() > self.services.config.idle_after {
            context.stop();
        }
    }
}

impl Actor for Conversation {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(CONVERSATION_MAILBOX_MAX);
        context.run_interval(HOUSEKEEPING, Self::housekeeping);
        for order in std::mem::take(&mut self.unfinished) {
            self.resume_reply(order, context);
        }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        if let Some(life_line) = &mut self.life_line {
            life_line.stopping();
        }
    }
}

/// A person sends a message.
#[derive(Message)]
#[rtype(result = "Result<Acknowledged, Refusal>")]
pub(crate) struct Submit {
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) client_id: ClientId,
    pub(crate) text: String,
    pub(crate) reply_to: Option<MessageId>,
}

/// A message is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) seq: u64,
    pub(crate) message_id: MessageId,
}

impl Handler<Submit> for Conversation {
    type Result = ResponseActFuture<Self, Result<Acknowledged, Refusal>>;

    fn handle(&mut self, submit: Submit, _: &mut Self::Context) -> Self::Result {
        if !self.is_member(submit.user) {
            return Box::pin(actix::fut::err(Refusal::no_conversation()));
        }
        let author = Author::User {
            id: submit.user,
            name: submit.name,
        };
        let now = now_ms();
        let replies = answering_twins(&self.members, &author, &submit.text)
            .into_iter()
            .map(|twin_id| NewReplyOrder {
                message_id: MessageId::new(),
                twin_id,
                node_id: self.services.config.node_id,
                lease_until: lease_until(now),
            })
            .collect();
        let new = NewMessage {
            conversation_id: self.id,
            message_id: MessageId::new(),
            author,
            client_id: Some(submit.client_id),
            text: submit.text,
            reply_to: submit.reply_to,
            created_at: now,
            replies,
        };
        self.submitting += 1;
        // The message is queued here and now, in the order in which the messages came: actix polls futures in another.
        let appended = self.services.storage.append_message(new.clone());
        let appended = append_whoever_is_left(self.services.storage.clone(), new, appended);
        Box::pin(
            appended
                .into_actor(self)
                .map(move |appended, this, context| {
                    this.submitting -= 1;
                    let (appended, orders, members) = appended?;
                    if let Some(members) = members {
                        this.members = members;
                    }
                    let (message, orders) = match appended {
                        Appended::New(message) => (message, orders),
                        Appended::Duplicate(message) => (message, Vec::new()),
                    };
                    let acknowledged = Acknowledged {
                        seq: message.seq,
                        message_id: message.message_id,
                    };
                    this.publish_frame(&ServerFrame::Message(message.clone()));
                    this.arrive(message, context);
                    for order in orders {
                        this.begin_reply(order, context);
                    }
                    Ok(acknowledged)
                }),
        )
    }
}

/// Waits for an append. One that fails because a twin that should reply is gone is made once more for the twins that
/// are left, and the members as they are now are returned with it.
async fn append_whoever_is_left(
    storage: Storage,
    mut new: NewMessage,
    appended: impl Future<Output = Result<Appended, StorageError>>,
) -> Result<(Appended, Vec<ReplyOrder>, Option<Vec<Member>>), StorageError> {
    let error = match appended.await {
        Ok(appended) => return Ok((appended, reply_orders(&new), None)),
        Err(error) => error,
    };
    if !matches!(error, StorageError::NotFound(_)) || new.replies.is_empty() {
        return Err(error);
    }
    let members = storage.members(new.conversation_id).await?;
    let ordered = new.replies.len();
    new.replies.retain(|reply| {
        members
            .iter()
            .any(|member| matches!(member, Member::Twin { id, .. } if *id == reply.twin_id))
    });
    if new.replies.len() == ordered {
        return Err(error);
    }
    let orders = reply_orders(&new);
    let appended = storage.append_message(new).await?;
    Ok((appended, orders, Some(members)))
}

/// The orders that storage writes for a new message, as it will give them back.
fn reply_orders(new: &NewMessage) -> Vec<ReplyOrder> {
    let order = |reply: &NewReplyOrder| ReplyOrder {
        message_id: reply.message_id,
        conversation_id: new.conversation_id,
        twin_id: reply.twin_id,
        reply_to: new.message_id,
        state: storage::ReplyState::Pending,
        epoch: 0,
        node_id: reply.node_id,
        lease_until: reply.lease_until,
        text: String::new(),
        created_at: new.created_at,
    };
    new.replies.iter().map(order).collect()
}

/// Until when a lease holds that is taken or renewed now.
fn lease_until(now: i64) -> i64 {
    now + i64::try_from(LEASE.as_millis()).expect("a lease is seconds long")
}

/// A person wants to follow: the shard is attached, if the person is a member.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct Enter {
    pub(crate) user: UserId,
    pub(crate) shard: ShardId,
    pub(crate) events: Addr<RoomShard>,
    /// The shard has no snapshot yet.
    pub(crate) needs_snapshot: bool,
}

impl Handler<Enter> for Conversation {
    type Result = Result<(), Refusal>;

    fn handle(&mut self, enter: Enter, context: &mut Self::Context) -> Self::Result {
        if !self.is_member(enter.user) {
            return Err(Refusal::no_conversation());
        }
        if enter.needs_snapshot || !self.shards.contains_key(&enter.shard) {
            self.attach(enter.shard, enter.events, context);
        }
        Ok(())
    }
}

/// A shard with members attaches to a conversation that was started again.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Attach {
    pub(crate) shard: ShardId,
    pub(crate) events: Addr<RoomShard>,
}

impl Handler<Attach> for Conversation {
    type Result = ();

    fn handle(&mut self, attach: Attach, context: &mut Self::Context) {
        self.attach(attach.shard, attach.events, context);
    }
}

/// The last member of a shard has left.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Detach {
    pub(crate) shard: ShardId,
}

impl Handler<Detach> for Conversation {
    type Result = ();

    fn handle(&mut self, detach: Detach, context: &mut Self::Context) {
        self.shards.remove(&detach.shard);
        self.align_subscription(context);
    }
}

/// A person is writing.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct Typing {
    pub(crate) user: UserId,
}

impl Handler<Typing> for Conversation {
    type Result = Result<(), Refusal>;

    fn handle(&mut self, typing: Typing, context: &mut Self::Context) -> Self::Result {
        if !self.is_member(typing.user) {
            return Err(Refusal::no_conversation());
        }
        let frame = ServerFrame::Typing {
            conversation_id: self.id,
            user_id: typing.user,
        };
        self.publish_frame(&frame);
        self.tell(
            &RoomEvent::Droppable(crate::SharedFrame::new(frame)),
            context,
        );
        Ok(())
    }
}

/// A person has read this far.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct Read {
    pub(crate) user: UserId,
    pub(crate) seq: u64,
}

impl Handler<Read> for Conversation {
    type Result = ResponseActFuture<Self, Result<(), Refusal>>;

    fn handle(&mut self, read: Read, _: &mut Self::Context) -> Self::Result {
        if !self.is_member(read.user) {
            return Box::pin(actix::fut::err(Refusal::no_conversation()));
        }
        let (storage, id) = (self.services.storage.clone(), self.id);
        let noted = async move { storage.set_read(id, read.user, read.seq).await };
        Box::pin(noted.into_actor(self).map(move |noted, this, context| {
            let seq = noted?;
            let frame = ServerFrame::Receipt {
                conversation_id: this.id,
                user_id: read.user,
                seq,
            };
            this.publish_frame(&frame);
            this.tell(
                &RoomEvent::Droppable(crate::SharedFrame::new(frame)),
                context,
            );
            Ok(())
        }))
    }
}

/// Another node published something about this conversation.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct BusArrived(pub(crate) Bytes);

impl Handler<BusArrived> for Conversation {
    type Result = ();

    fn handle(&mut self, BusArrived(payload): BusArrived, context: &mut Self::Context) {
        match NodeEvent::decode(&payload) {
            Some(NodeEvent::Frame(frame)) => self.frame_arrived(*frame, context),
            Some(NodeEvent::Stop(reply)) => {
                self.stop_own_reply(reply);
            }
            None => metrics::dropped("bus_unknown"),
        }
    }
}

impl Conversation {
    fn frame_arrived(&mut self, frame: ServerFrame, context: &mut Context<Self>) {
        match frame {
            ServerFrame::Message(message) | ServerFrame::MessageDone(message) => {
                self.arrive(message, context);
            }
            ServerFrame::MessageStart {
                message_id,
                author,
                reply_to,
                ..
            } => {
                if let Some(reply) = self.timeline.start(message_id, author, reply_to) {
                    self.tell(&RoomEvent::Started(reply), context);
                }
            }
            ServerFrame::Delta {
                message_id,
                index,
                text,
                ..
            } => {
                if let Some(frame) = self.timeline.append_remote(message_id, index, &text) {
                    self.tell(
                        &RoomEvent::Delta {
                            message_id,
                            text,
                            frame,
                        },
                        context,
                    );
                }
            }
            frame @ (ServerFrame::Typing { .. } | ServerFrame::Receipt { .. }) => {
                self.tell(
                    &RoomEvent::Droppable(crate::SharedFrame::new(frame)),
                    context,
                );
            }
            _ => metrics::dropped("bus_unknown"),
        }
    }
}

/// Events of other nodes were missed: read the log.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct CatchUpWithLog;

impl Handler<CatchUpWithLog> for Conversation {
    type Result = ();

    fn handle(&mut self, _: CatchUpWithLog, context: &mut Self::Context) {
        self.read_log(context);
    }
}

/// Tests make the actor panic with this.
#[cfg(test)]
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Panic;

#[cfg(test)]
impl Handler<Panic> for Conversation {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("a test asked for it");
    }
}
