//! What people ask of a conversation: to send, to say that they write, and how far they have read.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll, ready};

use actix::prelude::*;
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use protocol::{Author, ClientId, Entry, MessageId, ServerFrame, UserId};
use storage::{Appended, Member, NewMessage, NewReplyOrder, ReplyOrder, Storage, StorageError};

use super::{Conversation, Refusal};
use crate::SharedFrame;
use crate::fan_out::RoomEvent;
use crate::later::{Answer, Later};
use crate::limits::LEASE;
use crate::node::now_ms;
use crate::turn_taking::answering_twins;

/// A person or a bot sends a message.
#[derive(Message)]
#[rtype(result = "Result<Acknowledged, Refusal>")]
pub(crate) struct Submit {
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) is_bot: bool,
    pub(crate) client_id: ClientId,
    pub(crate) text: String,
    pub(crate) reply_to: Option<MessageId>,
    pub(crate) thread: Option<MessageId>,
}

/// A message is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) seq: u64,
    pub(crate) message_id: MessageId,
}

/// Messages on their way into the log: they end in the order in which they came.
pub(super) type Appends = FuturesOrdered<Pin<Box<dyn Future<Output = Ended>>>>;

/// An append that has ended, and who waits for that.
pub(super) struct Ended {
    outcome: Result<Stored, StorageError>,
    answer: Answer<Result<Acknowledged, Refusal>>,
}

/// A message that is in the log.
struct Stored {
    appended: Appended,
    /// The replies that were ordered with it.
    orders: Vec<ReplyOrder>,
    /// The members, where they turned out to be others.
    members: Option<Vec<Member>>,
}

impl Handler<Submit> for Conversation {
    type Result = Later<Result<Acknowledged, Refusal>>;

    fn handle(&mut self, submit: Submit, context: &mut Self::Context) -> Self::Result {
        if !self.is_member(submit.user) {
            return Later::Now(Err(Refusal::no_conversation()));
        }
        let (id, name) = (submit.user, submit.name);
        let author = match submit.is_bot {
            true => Author::Bot { id, name },
            false => Author::User { id, name },
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
            thread: submit.thread,
            created_at: now,
            replies,
        };
        // The message is queued here and now, in the order in which the messages came.
        let storage = self.services.storage.clone();
        let appended = storage.append_message(new.clone());
        let appended = append_whoever_is_left(storage, new, appended);
        if self.appends.is_empty() {
            context.spawn(EndAppends);
        }
        let (answer, later) = Answer::later();
        self.appends.push_back(Box::pin(async move {
            let outcome = appended.await;
            Ended { outcome, answer }
        }));
        later
    }
}

/// Ends appends one after the other, while some are under way.
///
/// Entries of one batch so arrive in the order of the log; out of order each of them would look like a gap.
struct EndAppends;

impl ActorFuture<Conversation> for EndAppends {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        conversation: &mut Conversation,
        context: &mut Context<Conversation>,
        task: &mut task::Context<'_>,
    ) -> Poll<()> {
        while let Some(ended) = ready!(conversation.appends.poll_next_unpin(task)) {
            let Ended { outcome, answer } = ended;
            let acknowledged = outcome.map(|stored| conversation.stored(stored, context));
            answer.give(acknowledged.map_err(Refusal::from));
        }
        Poll::Ready(())
    }
}

impl Conversation {
    fn stored(&mut self, stored: Stored, context: &mut Context<Self>) -> Acknowledged {
        if let Some(members) = stored.members {
            self.members = members;
        }
        let (message, mut orders) = match stored.appended {
            Appended::New(message) => (message, stored.orders),
            Appended::Duplicate(message) => (message, Vec::new()),
        };
        let acknowledged = Acknowledged {
            seq: message.seq,
            message_id: message.message_id,
        };
        for order in &mut orders {
            order.thread = message.thread;
        }
        if self.is_heard() {
            self.publish_frame(&ServerFrame::Message(message.clone()));
        }
        self.arrive(Entry::Message(message), context);
        for order in orders {
            self.begin_reply(order, context);
        }
        acknowledged
    }
}

/// Waits for an append. One that fails because a twin that should reply is gone is made once more for the twins that
/// are left, and the members as they are now are returned with it.
async fn append_whoever_is_left(
    storage: Storage,
    mut new: NewMessage,
    appended: impl Future<Output = Result<Appended, StorageError>>,
) -> Result<Stored, StorageError> {
    let error = match appended.await {
        Ok(appended) => {
            return Ok(Stored {
                appended,
                orders: reply_orders(&new),
                members: None,
            });
        }
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
    Ok(Stored {
        appended,
        orders,
        members: Some(members),
    })
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
        // The root is known when the message is stored.
        thread: None,
    };
    new.replies.iter().map(order).collect()
}

/// Until when a lease holds that is taken or renewed now.
pub(super) fn lease_until(now: i64) -> i64 {
    now + i64::try_from(LEASE.as_millis()).expect("a lease is seconds long")
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
        self.tell(&RoomEvent::Droppable(SharedFrame::new(frame)), context);
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
            this.tell(&RoomEvent::Droppable(SharedFrame::new(frame)), context);
            Ok(())
        }))
    }
}
