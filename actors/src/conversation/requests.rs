//! What people ask of a conversation: to send, to say that they write, and how far they have read.

use std::future::Future;

use actix::prelude::*;
use protocol::{Author, ClientId, MessageId, ServerFrame, UserId};
use storage::{Appended, Member, NewMessage, NewReplyOrder, ReplyOrder, Storage, StorageError};

use super::{Conversation, Refusal};
use crate::SharedFrame;
use crate::fan_out::RoomEvent;
use crate::limits::LEASE;
use crate::node::now_ms;
use crate::turn_taking::answering_twins;

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
