//! The owner of a twin steps in: approves replies, takes them over, and writes in the twin's place.
//!
//! 1. A reply that is taken over from another node gets another epoch in the database, as when that node dies: it can write
//!    nothing more of it. What was told of the reply until then is what the twin said.
//! 2. The owner's text is told behind it, and the whole becomes an entry of the log that says who wrote which part.
//! 3. A reply that waits for the owner's word has no place in the log; approved, it is finished like any other.

use std::time::Instant;

use actix::prelude::*;
use protocol::{
    Author, Authorship, ClientId, ErrorCode, Latency, Message as Said, MessageId, ServerFrame,
    StopReason, TwinId, UserId, Writer,
};
use storage::{ChainLimits, FinishedReply, ReplyOrder, ReplyState};

use super::replies::{OwnReply, Taken};
use super::requests::{Acknowledged, lease_until};
use super::{Conversation, Refusal};
use crate::SharedFrame;
use crate::bus_event::NodeEvent;
use crate::fan_out::RoomEvent;
use crate::limits::TAKEN_OVER_FOR;
use crate::node::now_ms;
use crate::timeline::ReplyPlace;
use crate::twin::{Plan, seed_of};

/// When a reply is to be tried again that is not being written yet, in milliseconds.
const NOT_YET_MS: u64 = 1_000;

/// The owner of a twin takes a reply over that is being written, or says once more that it is the owner's.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct TakeOver {
    pub(crate) user: UserId,
    pub(crate) reply: MessageId,
}

/// The owner of a twin writes the rest of a reply, and takes it over first if that has not happened.
#[derive(Message)]
#[rtype(result = "Result<Acknowledged, Refusal>")]
pub(crate) struct Complete {
    pub(crate) user: UserId,
    pub(crate) client_id: ClientId,
    pub(crate) twin: TwinId,
    pub(crate) reply: MessageId,
    pub(crate) text: String,
}

/// The owner of a twin has a reply sent that waits for the owner's word, as it is or with another text.
#[derive(Message)]
#[rtype(result = "Result<Said, Refusal>")]
pub(crate) struct Approve {
    pub(crate) user: UserId,
    pub(crate) reply: MessageId,
    pub(crate) text: Option<String>,
}

/// The owner of a twin does not want a reply sent that waits for the owner's word.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct Discard {
    pub(crate) user: UserId,
    pub(crate) reply: MessageId,
}

impl Handler<TakeOver> for Conversation {
    type Result = ResponseActFuture<Self, Result<(), Refusal>>;

    fn handle(
        &mut self,
        TakeOver { user, reply }: TakeOver,
        _: &mut Self::Context,
    ) -> Self::Result {
        Box::pin(self.take_over(user, reply))
    }
}

impl Handler<Complete> for Conversation {
    type Result = ResponseActFuture<Self, Result<Acknowledged, Refusal>>;

    fn handle(&mut self, complete: Complete, _: &mut Self::Context) -> Self::Result {
        if let Err(refusal) = self
            .members
            .permit_stepping_in(complete.user, complete.twin)
        {
            return Box::pin(actix::fut::err(refusal));
        }
        let taken = self.take_over(complete.user, complete.reply);
        let completed = taken.then(move |taken, this, context| {
            let completed: ResponseActFuture<Self, _> = match taken {
                Ok(()) => Box::pin(this.complete(complete, context)),
                Err(refusal) => Box::pin(this.completed_before(complete, refusal)),
            };
            completed
        });
        Box::pin(completed)
    }
}

impl Handler<Approve> for Conversation {
    type Result = ResponseActFuture<Self, Result<Said, Refusal>>;

    fn handle(&mut self, approve: Approve, _: &mut Self::Context) -> Self::Result {
        let Approve { user, reply, text } = approve;
        let (storage, id) = (self.services.storage.clone(), self.id);
        let held = async move { storage.held_reply(id, reply).await };
        let new_text = text.clone();
        let taken = held.into_actor(self).then(move |held, this, _| {
            let permitted = this.permit_deciding(user, held).and_then(|(twin, held)| {
                let text = new_text.unwrap_or(held.text);
                this.members.permit_in_place(user, twin, &text)
            });
            let (storage, id) = (this.services.storage.clone(), this.id);
            let (node, until) = (
                this.services.config.node_id,
                lease_until(&this.services.storage),
            );
            let taken = async move {
                permitted?;
                if storage.is_unwanted(reply).await? {
                    return Err(unwanted());
                }
                let taken = storage.take_held_reply(id, reply, node, until).await?;
                taken.ok_or_else(nothing_waits)
            };
            taken.into_actor(this)
        });
        let sent = taken.then(move |taken, this, _| {
            let sent: ResponseActFuture<Self, Result<Said, Refusal>> = match taken {
                Ok((epoch, held)) => {
                    let stored = this.send_held_reply(held, epoch, text);
                    Box::pin(stored.map(|stored, _, _| stored.ok_or_else(not_stored)))
                }
                Err(refusal) => Box::pin(actix::fut::err(refusal)),
            };
            sent
        });
        Box::pin(sent)
    }
}

impl Handler<Discard> for Conversation {
    type Result = ResponseActFuture<Self, Result<(), Refusal>>;

    fn handle(&mut self, Discard { user, reply }: Discard, _: &mut Self::Context) -> Self::Result {
        let (storage, id) = (self.services.storage.clone(), self.id);
        let held = async move { storage.held_reply(id, reply).await };
        let discarded = held.into_actor(self).then(move |held, this, _| {
            let permitted = this.permit_deciding(user, held);
            let (storage, id) = (this.services.storage.clone(), this.id);
            let discarded = async move {
                permitted?;
                match storage.discard_held_reply(id, reply).await? {
                    true => Ok(()),
                    false => Err(nothing_waits()),
                }
            };
            discarded.into_actor(this)
        });
        Box::pin(discarded)
    }
}

fn nothing_waits() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "no such reply waits for your word")
}

fn not_running() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "no such reply is being written")
}

fn unwanted() -> Refusal {
    Refusal::new(ErrorCode::Forbidden, "whoever asked has blocked this twin")
}

fn not_stored() -> Refusal {
    Refusal::new(
        ErrorCode::Unavailable,
        "the message could not be stored; send it again",
    )
}

fn twin_of(author: &Author) -> Option<TwinId> {
    match author {
        Author::Twin { id, .. } => Some(*id),
        Author::User { .. } | Author::Bot { .. } => None,
    }
}

impl Conversation {
    /// The twin and the reply that was held, if a person may say what becomes of it.
    fn permit_deciding(
        &self,
        user: UserId,
        held: Result<Option<Said>, storage::StorageError>,
    ) -> Result<(TwinId, Said), Refusal> {
        let held = held?.ok_or_else(nothing_waits)?;
        let twin = twin_of(&held.author).ok_or_else(nothing_waits)?;
        // Whoever may not know of it is told that there is none.
        self.members
            .permit_stepping_in(user, twin)
            .map_err(|refusal| match refusal.code {
                ErrorCode::Forbidden => nothing_waits(),
                _ => refusal,
            })?;
        Ok((twin, held))
    }

    /// Makes a running reply its twin's owner's.
    fn take_over(
        &mut self,
        user: UserId,
        reply: MessageId,
    ) -> ResponseActFuture<Self, Result<(), Refusal>> {
        let Some((author, place)) = self.timeline.running_reply(reply) else {
            return self.not_running_yet(user, reply);
        };
        let Some(twin) = twin_of(&author) else {
            return Box::pin(actix::fut::err(not_running()));
        };
        if let Err(refusal) = self.members.permit_stepping_in(user, twin) {
            return Box::pin(actix::fut::err(refusal));
        }
        if let Some(own) = self.replies.get_mut(&reply) {
            match &mut own.taken {
                _ if own.finishing => return Box::pin(actix::fut::err(not_running())),
                Some(taken) => {
                    taken.at = Instant::now();
                    return Box::pin(actix::fut::ok(()));
                }
                // Here and now: no further token counts.
                None => {
                    own.taken = Some(Taken {
                        by: user,
                        at: Instant::now(),
                    });
                    own.cancel.cancel();
                }
            }
        }
        let (storage, node) = (self.services.storage.clone(), self.services.config.node_id);
        let until = lease_until(&self.services.storage);
        let taken = async move { storage.take_over_reply(reply, user, node, until).await };
        Box::pin(taken.into_actor(self).map(move |epoch, this, context| {
            let Some(epoch) = epoch? else {
                this.give_up(reply);
                return Err(not_running());
            };
            this.taken_over(reply, (author, place), user, epoch, context);
            Ok(())
        }))
    }

    /// Refuses to have a reply taken over that nobody writes: for good, or until it is gone on with when its node has stopped.
    fn not_running_yet(
        &self,
        user: UserId,
        reply: MessageId,
    ) -> ResponseActFuture<Self, Result<(), Refusal>> {
        let storage = self.services.storage.clone();
        let ordered = async move { storage.reply_order(reply).await };
        Box::pin(ordered.into_actor(self).map(move |order, this, _| {
            let is_to_come = |order: &ReplyOrder| {
                order.conversation_id == this.id
                    && matches!(order.state, ReplyState::Pending | ReplyState::Running)
            };
            let Some(order) = order?.filter(is_to_come) else {
                return Err(not_running());
            };
            this.members.permit_stepping_in(user, order.twin_id)?;
            let refusal = Refusal::new(
                ErrorCode::Unavailable,
                "nobody writes the reply now; say it again a little later",
            );
            Err(refusal.again_after(NOT_YET_MS))
        }))
    }

    /// Stops whoever writes a reply, and tells everybody that its twin's owner does from now on.
    fn taken_over(
        &mut self,
        reply: MessageId,
        (author, place): (Author, ReplyPlace),
        by: UserId,
        epoch: u64,
        context: &mut Context<Self>,
    ) {
        let said = self.timeline.text(reply).to_owned();
        if let Some(own) = self.replies.get_mut(&reply) {
            own.epoch = epoch;
        } else {
            let taken = Taken {
                by,
                at: Instant::now(),
            };
            self.publish(NodeEvent::TakenOver(reply).encode());
            self.own_taken(reply, (author.clone(), place), taken, epoch);
            // What another node has told after this is not what the reply says.
            self.tell_start(reply, author, place, context);
            self.tell_piece(reply, said.clone(), context);
        }
        let frame = ServerFrame::TakenOver {
            conversation_id: self.id,
            message_id: reply,
            index: said.chars().count() as u64,
        };
        self.publish_frame(&frame);
        self.tell(&RoomEvent::Droppable(SharedFrame::new(frame)), context);
    }

    /// A reply of which others wrote the beginning.
    fn own_taken(
        &mut self,
        reply: MessageId,
        (author, place): (Author, ReplyPlace),
        taken: Taken,
        epoch: u64,
    ) {
        let mut own = OwnReply::new(author, place, epoch);
        own.taken = Some(taken);
        own.plan = Some(Plan {
            // Only the node that began it knows from what.
            sources: Vec::new(),
            model: self.services.engine.model.name.clone(),
            seed: seed_of(reply),
            tokens_before: 0,
            origin: None,
        });
        self.replies.insert(reply, own);
    }

    /// Goes on with a reply that was taken over before its node stopped: what was said is told, and its owner writes the rest.
    pub(super) fn resume_taken(
        &mut self,
        order: ReplyOrder,
        epoch: u64,
        context: &mut Context<Self>,
    ) {
        let Some(by) = order.taken_by else { return };
        let reply = order.message_id;
        let author = self.members.twin_author(order.twin_id);
        let place = ReplyPlace::of(&order);
        let taken = Taken {
            by,
            at: Instant::now(),
        };
        self.own_taken(reply, (author.clone(), place), taken, epoch);
        if self.tell_start(reply, author, place, context) {
            self.tell_piece(reply, order.so_far.text, context);
        } else {
            self.end_taken(reply, context);
        }
    }

    /// Finishes a reply that was taken over with its owner's text.
    fn complete(
        &mut self,
        complete: Complete,
        context: &mut Context<Self>,
    ) -> ResponseActFuture<Self, Result<Acknowledged, Refusal>> {
        let Complete {
            user,
            twin,
            reply,
            text,
            client_id,
        } = complete;
        let said = self.timeline.text(reply).to_owned();
        let whole = format!("{said}{text}");
        let own = self
            .replies
            .get(&reply)
            .filter(|own| twin_of(&own.author) == Some(twin));
        let is_open = own.is_some_and(|own| own.taken.is_some() && !own.finishing);
        if !is_open {
            return Box::pin(actix::fut::err(not_running()));
        }
        if let Err(refusal) = self.members.permit_in_place(user, twin, &whole) {
            return Box::pin(actix::fut::err(refusal));
        }
        if !self.tell_piece(reply, text.clone(), context) {
            let refusal = Refusal::new(
                ErrorCode::TooLarge,
                "the reply would be longer than a reply may be",
            );
            return Box::pin(actix::fut::err(refusal));
        }
        let Some(own) = self.replies.get_mut(&reply) else {
            return Box::pin(actix::fut::err(not_running()));
        };
        own.finishing = true;
        let mut finished = own.finished(whole);
        finished.authorship = Some(Authorship::of(Writer::Twin, &said).then(Writer::Owner, &text));
        finished.client_id = Some(client_id);
        finished.stop_reason = StopReason::TakenOver;
        finished.failure = None;
        Box::pin(self.store(reply, finished).map(|stored, _, _| {
            let message = stored.ok_or_else(not_stored)?;
            Ok(Acknowledged {
                seq: message.seq,
                message_id: message.message_id,
            })
        }))
    }

    /// The answer to whoever completes a reply once more.
    fn completed_before(
        &self,
        complete: Complete,
        refusal: Refusal,
    ) -> ResponseActFuture<Self, Result<Acknowledged, Refusal>> {
        let (storage, id) = (self.services.storage.clone(), self.id);
        let before = async move {
            let found = storage.message(complete.reply).await?;
            let found = found.filter(|message| {
                message.conversation_id == id
                    && message.client_id.as_ref() == Some(&complete.client_id)
            });
            match found {
                Some(message)
                    if message.edited_at.is_some() || message.text.ends_with(&complete.text) =>
                {
                    Ok(Acknowledged {
                        seq: message.seq,
                        message_id: message.message_id,
                    })
                }
                Some(_) => Err(Refusal::new(
                    ErrorCode::Conflict,
                    "this client id was used for another text",
                )),
                None => Err(refusal),
            }
        };
        Box::pin(before.into_actor(self))
    }

    /// Ends a reply that was taken over with what the twin said.
    pub(super) fn end_taken(&mut self, reply: MessageId, context: &mut Context<Self>) {
        let said = self.timeline.text(reply).to_owned();
        let Some(own) = self.replies.get_mut(&reply) else {
            return;
        };
        if std::mem::replace(&mut own.finishing, true) {
            return;
        }
        own.stop();
        let mut finished = own.finished(said);
        finished.stop_reason = StopReason::Stopped;
        finished.failure = None;
        let stored = self.store(reply, finished);
        context.spawn(stored.map(|_, _, _| ()));
    }

    /// Ends the replies that were taken over and of which nobody has written the rest for long.
    pub(super) fn end_abandoned_replies(&mut self, context: &mut Context<Self>) {
        let is_abandoned = |own: &OwnReply| {
            own.taken.is_some_and(|taken| {
                taken.at.elapsed() > TAKEN_OVER_FOR || !self.members.has(taken.by)
            })
        };
        let abandoned = self.replies.iter().filter(|(_, own)| is_abandoned(own));
        let abandoned: Vec<MessageId> = abandoned.map(|(reply, _)| *reply).collect();
        for reply in abandoned {
            self.end_taken(reply, context);
        }
    }

    /// A reply as its twin's owner is to see it first.
    pub(super) fn proposal(
        &self,
        reply: MessageId,
        place: ReplyPlace,
        finished: FinishedReply,
    ) -> Said {
        Said {
            created_at: finished.created_at,
            reply_to: Some(place.reply_to),
            thread: place.thread,
            variant_of: place.variant_of,
            sources: Some(finished.sources),
            usage: finished.usage,
            stop_reason: Some(finished.stop_reason),
            model: finished.model,
            adapter: finished.adapter,
            seed: finished.seed,
            latency: Some(finished.latency),
            failure: finished.failure,
            ..Said::new(self.id, reply, finished.author, finished.text)
        }
    }

    /// Tells the owner of a twin, who takes part, of a reply that waits for the owner's word.
    pub(super) fn tell_owner(&self, proposal: Said) {
        let owner = twin_of(&proposal.author).and_then(|twin| self.members.owner_of(twin));
        if let Some(owner) = owner.filter(|owner| self.members.has(*owner)) {
            let frame = ServerFrame::Proposal(proposal);
            self.services.tell_person(owner, frame);
        }
    }

    /// Makes a reply that was held an entry of the log.
    fn send_held_reply(
        &mut self,
        held: Said,
        epoch: u64,
        text: Option<String>,
    ) -> impl ActorFuture<Self, Output = Option<Said>> + 'static {
        let reply = held.message_id;
        let place = ReplyPlace {
            reply_to: held.reply_to.unwrap_or(reply),
            thread: held.thread,
            variant_of: held.variant_of,
        };
        let mut own = OwnReply::new(held.author.clone(), place, epoch);
        own.finishing = true;
        self.replies.insert(reply, own);
        let text = text.unwrap_or_else(|| held.text.clone());
        let by_twin = Authorship::of(Writer::Twin, &held.text);
        // What failed did not, with its owner's text.
        let (stop_reason, failure) = match held.stop_reason {
            Some(StopReason::Failed) if text != held.text => (StopReason::Stopped, None),
            Some(StopReason::Failed) => (StopReason::Failed, held.failure),
            Some(reason) => (reason, None),
            None => (StopReason::EndOfTurn, None),
        };
        let finished = FinishedReply {
            authorship: Some(by_twin.edited(&held.text, &text, Writer::Owner)),
            author: held.author,
            text,
            client_id: None,
            sources: held.sources.unwrap_or_default(),
            usage: held.usage,
            stop_reason,
            model: held.model,
            failure,
            adapter: held.adapter,
            seed: held.seed,
            origin: None,
            latency: held.latency.unwrap_or(Latency {
                first_text_ms: None,
                whole_ms: 0,
            }),
            replies: Vec::new(),
            chain: ChainLimits::NOTHING,
            lend_until: 0,
            members_seq: None,
            created_at: now_ms(),
        };
        self.store(reply, finished)
    }
}
