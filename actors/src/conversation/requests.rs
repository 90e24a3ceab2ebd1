//! What people ask of a conversation: to send, to say that they write, and how far they have read.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll, ready};

use actix::prelude::*;
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use protocol::{
    AttachmentId, Author, ClientId, Entry, ErrorCode, MessageId, ServerFrame, TwinId, UserId,
};
use storage::{
    Appended, NewMessage, NewReplyOrder, Progress, ReplyOrder, ReplyWhen, Storage, StorageError,
};
use tracing::Instrument;

use super::{Conversation, Refusal};
use crate::SharedFrame;
use crate::fan_out::RoomEvent;
use crate::later::{Answer, Later};
use crate::limits::{HELD_MESSAGES_MAX, LEASE, MEMBERS_READS_MAX};
use crate::node::now_ms;
use crate::permissions::Operation;
use crate::trace;
use crate::turn_taking::{Said, answering_twins};

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
    /// The twin of the person in whose place the person writes.
    pub(crate) in_place_of: Option<TwinId>,
    pub(crate) attachments: Vec<AttachmentId>,
}

/// A message is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) seq: u64,
    pub(crate) message_id: MessageId,
}

/// A message on its way into the log, and who waits for that.
pub(super) struct Sending {
    pub(super) submit: Submit,
    pub(super) answer: Answer<Result<Acknowledged, Refusal>>,
    /// How often it was refused because others take part than was known.
    refused: u32,
}

/// Messages on their way into the log: they end in the order in which they came.
pub(super) type Appends = FuturesOrdered<Pin<Box<dyn Future<Output = Ended>>>>;

/// An append that has ended.
pub(super) struct Ended {
    sending: Sending,
    outcome: Result<Appended, StorageError>,
    /// The replies that were ordered with it.
    orders: Vec<ReplyOrder>,
}

impl Handler<Submit> for Conversation {
    type Result = Later<Result<Acknowledged, Refusal>>;

    fn handle(&mut self, submit: Submit, context: &mut Self::Context) -> Self::Result {
        let stale = self.members.are_stale();
        if !stale && let Err(refusal) = self.permit_submit(&submit) {
            return Later::Now(Err(refusal));
        }
        if stale && self.held.len() >= HELD_MESSAGES_MAX {
            let refusal = Refusal::new(ErrorCode::Overloaded, "too many messages wait");
            return Later::Now(Err(refusal.again_after(500)));
        }
        let (answer, later) = Answer::later();
        let sending = Sending {
            submit,
            answer,
            refused: 0,
        };
        if stale {
            self.held.push(sending);
        } else {
            self.append(sending, context);
        }
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
            conversation.append_ended(ended, context);
        }
        conversation.send_held(context);
        Poll::Ready(())
    }
}

impl Conversation {
    /// Whether a message may be sent now.
    pub(super) fn permit_submit(&self, submit: &Submit) -> Result<(), Refusal> {
        match submit.in_place_of {
            Some(twin) => self
                .members
                .permit_in_place(submit.user, twin, &submit.text),
            None => self.members.permit_text(submit.user, &submit.text),
        }
    }

    /// Appends a message, with the orders to reply that it asks for.
    pub(super) fn append(&mut self, sending: Sending, context: &mut Context<Self>) {
        let submit = &sending.submit;
        let (id, name) = (submit.user, submit.name.clone());
        let author = match (submit.in_place_of, submit.is_bot) {
            (Some(twin), _) => self.members.twin_author(twin),
            (None, true) => Author::Bot { id, name },
            (None, false) => Author::User { id, name },
        };
        let now = now_ms();
        let replies = self.replies_to(Said {
            author: &author,
            text: &submit.text,
            answers: submit.reply_to.is_some(),
        });
        let new = NewMessage {
            conversation_id: self.id,
            message_id: MessageId::new(),
            author,
            client_id: Some(submit.client_id.clone()),
            text: submit.text.clone(),
            reply_to: submit.reply_to,
            thread: submit.thread,
            attachments: submit.attachments.clone(),
            created_at: now,
            members_seq: Some(self.members.version()),
            rules: self.members.rules_for(submit.user),
            replies,
            by_owner: submit.in_place_of.is_some(),
            chain: submit.is_bot.then(|| self.services.config.chain_limits()),
        };
        let orders = Orders::of(&new);
        let span = trace::message(self.id, new.message_id);
        // The message is queued here and now, in the order in which the messages came.
        let storage = self.services.storage.clone();
        let appended = storage.append_message(new);
        if self.appends.is_empty() {
            context.spawn(EndAppends);
        }
        let append = async move {
            let outcome = appended.await;
            let orders = match &outcome {
                Ok(Appended::New(message)) => orders.read(&storage, message.message_id).await,
                _ => orders.all,
            };
            Ended {
                sending,
                outcome,
                orders,
            }
        };
        self.appends.push_back(Box::pin(append.instrument(span)));
    }

    fn append_ended(&mut self, ended: Ended, context: &mut Context<Self>) {
        let Ended {
            mut sending,
            outcome,
            orders,
        } = ended;
        let acknowledged = match outcome {
            Ok(appended) => Ok(self.stored(appended, orders, context)),
            Err(error) if sending.is_worth_another_look(&error, &orders) => {
                sending.refused += 1;
                self.refused.push(sending);
                return self.refresh_members(context);
            }
            Err(error) => Err(error.into()),
        };
        sending.answer.give(acknowledged);
    }

    fn stored(
        &mut self,
        appended: Appended,
        orders: Vec<ReplyOrder>,
        context: &mut Context<Self>,
    ) -> Acknowledged {
        let (message, mut orders) = match appended {
            Appended::New(message) => (message, orders),
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
        self.begin_replies(orders, context);
        acknowledged
    }
}

impl Sending {
    /// Whether the message may be stored once it is known who takes part now: others do, or a twin that should reply is gone.
    fn is_worth_another_look(&self, error: &StorageError, orders: &[ReplyOrder]) -> bool {
        match error {
            StorageError::MembersChanged => self.refused < MEMBERS_READS_MAX,
            StorageError::NotFound(_) => self.refused == 0 && !orders.is_empty(),
            _ => false,
        }
    }
}

/// The orders that a message asks for.
struct Orders {
    all: Vec<ReplyOrder>,
    /// Whether storage decides which of them it writes.
    are_conditional: bool,
}

impl Orders {
    fn of(new: &NewMessage) -> Self {
        let order = |(turn, reply): (usize, &NewReplyOrder)| ReplyOrder {
            message_id: reply.message_id,
            conversation_id: new.conversation_id,
            twin_id: reply.twin_id,
            reply_to: new.message_id,
            // The root is known when the message is stored.
            thread: None,
            attempt: 0,
            variant_of: None,
            beginning: String::new(),
            turn: turn as u64,
            if_confident: reply.when == ReplyWhen::AnsweredOrConfident,
            cause: Some(new.message_id),
            hops: 1,
            tokens_max: None,
            state: storage::ReplyState::Pending,
            epoch: 0,
            node_id: reply.node_id,
            lease_until: reply.lease_until,
            so_far: Progress::default(),
            created_at: new.created_at,
            taken_by: None,
        };
        let conditional = |reply: &NewReplyOrder| reply.when != ReplyWhen::Always;
        Self {
            all: new.replies.iter().enumerate().map(order).collect(),
            are_conditional: new.chain.is_some()
                || new.reply_to.is_some() && new.replies.iter().any(conditional),
        }
    }

    /// Those that were written with the message.
    async fn read(self, storage: &Storage, message: MessageId) -> Vec<ReplyOrder> {
        if !self.are_conditional {
            return self.all;
        }
        // Those that cannot be read are found when their leases are over.
        storage
            .replies_ordered_to(message)
            .await
            .unwrap_or_default()
    }
}

impl Conversation {
    /// The replies that a message asks for.
    pub(super) fn replies_to(&self, said: Said<'_>) -> Vec<NewReplyOrder> {
        let until = lease_until(&self.services.storage);
        let answering = answering_twins(self.members.list(), said).into_iter();
        let order = answering.map(|(twin_id, when)| NewReplyOrder {
            message_id: MessageId::new(),
            twin_id,
            when,
            node_id: self.services.config.node_id,
            lease_until: until,
        });
        order.collect()
    }
}

/// Until when a lease holds that is taken or renewed now.
pub(super) fn lease_until(storage: &Storage) -> i64 {
    storage.lease_now() + i64::try_from(LEASE.as_millis()).expect("a lease is seconds long")
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
        self.members.permit(typing.user, Operation::Type)?;
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
        if let Err(refusal) = self.members.permit(read.user, Operation::Read) {
            return Box::pin(actix::fut::err(refusal));
        }
        let (storage, id) = (self.services.storage.clone(), self.id);
        let noted = async move { storage.set_read(id, read.user, read.seq).await };
        Box::pin(noted.into_actor(self).map(move |noted, this, context| {
            let seq = noted?;
            if this.members.are_cut_off() {
                return Ok(());
            }
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
