//! The replies that this node writes: claimed, streamed, written down as they go, finished or failed for all to see.
//!
//! 1. A reply is claimed: from then on every write of it carries the claim's epoch, and a stale one is refused. Where somebody has
//!    written a part of it down before, it goes on from there.
//! 2. Its twin builds the prompt and hands it to the inference pool; pieces come back as a stream.
//! 3. Those who reply to one message do so one after the other (`replies/turns.rs`).
//! 4. Each piece is told at once, and written down at most [`PROGRESS_EVERY`] apart; where words are forbidden, each word when it has
//!    ended (`replies/rules.rs`).
//! 5. The finished reply becomes an entry of the log, with the orders to reply to it, as far as machines may set each other off.
//!    Whatever goes wrong becomes a failed reply, never silence.

use std::time::{Duration, Instant};

use actix::prelude::*;
use futures::stream::{self, Stream, StreamExt};
use inference::{Drawn, Priority};
use protocol::{Author, Entry, ErrorCode, Latency, MessageId, ServerFrame, TwinId, UserId};
use storage::{Finished, FinishedReply, Progress, ReplyOrder, StorageError};
use tokio::sync::mpsc;
use tracing::Span;

use super::requests::lease_until;
use super::{Conversation, Refusal};
use crate::bus_event::NodeEvent;
use crate::fan_out::RoomEvent;
use crate::inference_pool::GenerationEvent;
use crate::limits::{
    GENERATION_EVENTS_MAX, LEASE, MEMBERS_READS_MAX, PROGRESS_EVERY, REPLY_BYTES_MAX,
    REPLY_DEADLINE,
};
use crate::metrics::{self, Renewal};
use crate::node::now_ms;
use crate::permissions::Operation;
use crate::timeline::ReplyPlace;
use crate::trace;
use crate::turn_taking::Said;
use crate::twin::{NoPlan, Reply, SumUp};

mod own_reply;
mod rules;
mod turns;

use own_reply::{Outcome, failure, not_awake, reply_end};
pub(super) use own_reply::{OwnReply, Taken};
use rules::end_before_forbidden;
use turns::Ordered;
pub(super) use turns::{Claiming, Line};

/// Attempts to write a finished reply; after the last the lease runs out and the reply is written anew.
const FINISH_ATTEMPTS: u32 = 5;

/// Who sees a reply while it is written, and before somebody says that it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// All who take part.
    Everybody,
    /// Its twin's owner, who decides.
    Owner,
}

/// Something about one reply, from the engine's stream; `None` marks the stream's end.
struct ReplyEvent {
    reply: MessageId,
    epoch: u64,
    event: Option<GenerationEvent>,
}

impl Conversation {
    fn run_reply(
        &mut self,
        order: ReplyOrder,
        ordered: Ordered,
        epoch: u64,
        audience: Audience,
        context: &mut Context<Self>,
    ) {
        let (reply, twin_id, question) = (order.message_id, order.twin_id, order.reply_to);
        let ordered_at = order.created_at;
        if self.replies.contains_key(&reply) {
            return;
        }
        let author = self.members.twin_author(twin_id);
        let place = ReplyPlace::of(&order);
        let mut own = OwnReply::new(author.clone(), place, epoch);
        own.hidden = (audience == Audience::Owner).then(String::new);
        own.span = trace::reply(&order);
        let span = own.span.clone();
        span.record("epoch", epoch);
        let cancel = own.cancel.clone();
        self.replies.insert(reply, own);
        if audience == Audience::Everybody && !self.tell_start(reply, author, place, context) {
            self.fail(
                reply,
                ErrorCode::LimitReached,
                "too many replies run in this conversation",
                context,
            );
            return;
        }
        let (said, drawn) = said_before(&order);
        if let Some(own) = self.replies.get_mut(&reply) {
            own.tokens.clone_from(&drawn.tokens);
        }
        match self.screened(reply, &said) {
            None => return self.end_forbidden(reply, context),
            Some(said) if said.is_empty() => {}
            Some(said) => {
                if !self.tell_piece(reply, said, context) {
                    self.fail(
                        reply,
                        ErrorCode::TooLarge,
                        "the reply is as long as a reply may be",
                        context,
                    );
                    return;
                }
            }
        }

        let (events, stream) = mpsc::channel(GENERATION_EVENTS_MAX);
        context.add_stream(reply_stream(reply, epoch, stream));
        let services = self.services.clone();
        let ask = Reply {
            conversation: self.id,
            reply,
            question,
            is_first: order.attempt == 0,
            after_others: order.turn > 0,
            tokens_max: order.tokens_max,
            beginning: order.beginning,
            said,
            drawn,
            priority: match ordered {
                // Whoever was to read it may be back, or may never come.
                Ordered::Before if self.shards.is_empty() => Priority::Background,
                Ordered::Before | Ordered::Now => Priority::Person,
            },
            events,
            cancel,
            span,
        };
        let asked = async move {
            let twin = services.directory.twin(twin_id).await.map_err(not_awake)?;
            let plan = twin.send(ask).await;
            plan.unwrap_or_else(|_| {
                let stopped = failure(ErrorCode::Internal, "the twin stopped unexpectedly");
                Err(NoPlan::Failed(stopped))
            })
        };
        let planned = asked.into_actor(self).map(move |plan, this, context| {
            let Some(own) = this
                .replies
                .get_mut(&reply)
                .filter(|own| own.stream == epoch)
            else {
                return;
            };
            match plan {
                Ok(plan) => own.plan = Some(plan),
                Err(NoPlan::Unread(failure)) if !is_late(ordered_at) => {
                    own.span.in_scope(
                        || tracing::warn!(reason = failure.message, %reply, "reply is put off"),
                    );
                    return this.put_off(reply);
                }
                Err(NoPlan::Unread(failure) | NoPlan::Failed(failure)) => {
                    own.outcome = Some(Outcome::Failed(failure));
                }
            }
            this.finish_if_complete(reply, context);
        });
        context.spawn(planned);
    }

    /// Tells everybody that a reply begins; `false` when as many run as may.
    pub(super) fn tell_start(
        &mut self,
        reply: MessageId,
        author: Author,
        place: ReplyPlace,
        context: &mut Context<Self>,
    ) -> bool {
        let Some(running) = self.timeline.start(reply, author, place) else {
            return false;
        };
        self.publish_frame(running.start.frame());
        self.tell(&RoomEvent::Started(running), context);
        true
    }

    /// The text so far of a reply that this node writes.
    pub(super) fn text_so_far(&self, reply: MessageId) -> String {
        let hidden = self.replies.get(&reply).and_then(|own| own.hidden.clone());
        hidden.unwrap_or_else(|| self.timeline.text(reply).to_owned())
    }

    fn show(&mut self, reply: MessageId, text: String, context: &mut Context<Self>) {
        let told = self.tell_piece(reply, text, context);
        let Some(own) = self.replies.get_mut(&reply) else {
            return;
        };
        if !told {
            tracing::warn!(%reply, "reply is longer than a reply may be; stopping it");
            own.cancel.cancel();
            return;
        }
        let asked = own.asked;
        own.first_text.get_or_insert_with(|| asked.elapsed());
        if own.written_down.elapsed() >= PROGRESS_EVERY {
            self.write_down(reply, context);
        }
    }

    /// Tells everybody who may see it a piece of a reply; `false` when the reply would be longer than it may be.
    pub(super) fn tell_piece(
        &mut self,
        reply: MessageId,
        text: String,
        context: &mut Context<Self>,
    ) -> bool {
        if let Some(own) = self.replies.get_mut(&reply)
            && let Some(hidden) = &mut own.hidden
        {
            let fits = hidden.len() + text.len() <= REPLY_BYTES_MAX;
            if fits {
                hidden.push_str(&text);
            }
            return fits;
        }
        let Some(frame) = self.timeline.append(reply, &text) else {
            return false;
        };
        self.publish_frame(frame.frame());
        self.tell(
            &RoomEvent::Delta {
                message_id: reply,
                text,
                frame,
            },
            context,
        );
        true
    }

    /// Writes the text so far down and renews the lease.
    fn write_down(&mut self, reply: MessageId, context: &mut Context<Self>) {
        let text = self.text_so_far(reply);
        let Some(own) = self.replies.get_mut(&reply) else {
            return;
        };
        if own.writing_down || own.finishing {
            return;
        }
        own.writing_down = true;
        own.written_down = Instant::now();
        let (epoch, tokens) = (own.epoch, own.tokens.clone());
        let storage = self.services.storage.clone();
        let until = lease_until(&self.services.storage);
        let so_far = Progress { text, tokens };
        let written = async move { storage.progress_reply(reply, epoch, so_far, until).await };
        let noted = written.into_actor(self).map(move |written, this, _| {
            let Some(own) = this
                .replies
                .get_mut(&reply)
                .filter(|own| own.epoch == epoch)
            else {
                return;
            };
            own.writing_down = false;
            match written {
                Ok(true) => metrics::renewed(Renewal::Renewed),
                Ok(false) => {
                    metrics::renewed(Renewal::Lost);
                    this.give_up(reply);
                }
                Err(error) => {
                    metrics::renewed(Renewal::Failed);
                    tracing::warn!(%error, %reply, "reply so far cannot be written down");
                }
            }
        });
        context.spawn(noted);
    }

    /// Renews the leases of replies that wait for their next piece.
    pub(super) fn keep_leases(&mut self, context: &mut Context<Self>) {
        let due = |own: &OwnReply| own.written_down.elapsed() >= LEASE / 3;
        let replies: Vec<MessageId> = self
            .replies
            .iter()
            .filter(|(_, own)| due(own))
            .map(|(reply, _)| *reply)
            .collect();
        for reply in replies {
            self.write_down(reply, context);
        }
    }

    /// Leaves a reply to the node that has taken it over.
    pub(super) fn give_up(&mut self, reply: MessageId) {
        if let Some(own) = self.replies.remove(&reply) {
            own.cancel.cancel();
            // Whoever has taken it over goes on with those that wait for it.
            self.waiting.remove(&own.place.reply_to);
            self.timeline.forget(reply);
            metrics::reply_ended("taken_over");
            own.span
                .in_scope(|| tracing::warn!(%reply, "reply was taken over by another node"));
        }
    }

    /// Leaves a reply, and those behind it, to whoever finds that its lease is over: the order stands in the database.
    fn put_off(&mut self, reply: MessageId) {
        if let Some(own) = self.replies.remove(&reply) {
            own.cancel.cancel();
            self.waiting.remove(&own.place.reply_to);
        }
    }

    fn fail(
        &mut self,
        reply: MessageId,
        code: ErrorCode,
        message: &str,
        context: &mut Context<Self>,
    ) {
        if let Some(own) = self.replies.get_mut(&reply) {
            own.outcome
                .get_or_insert(Outcome::Failed(failure(code, message)));
            self.finish_if_complete(reply, context);
        }
    }

    /// Finishes a reply whose end is known, together with what it was drawn from.
    fn finish_if_complete(&mut self, reply: MessageId, context: &mut Context<Self>) {
        let text = self.text_so_far(reply);
        let Some(own) = self.replies.get_mut(&reply) else {
            return;
        };
        // A twin that asks no engine ends the stream as well: until it answers, nobody knows why it ended.
        if own.stream_ended && own.plan.is_some() && own.taken.is_none() {
            let stopped = || failure(ErrorCode::Internal, "the engine stopped unexpectedly");
            own.outcome
                .get_or_insert_with(|| Outcome::Failed(stopped()));
        }
        let complete = match &own.outcome {
            Some(Outcome::Failed(_)) => true,
            Some(Outcome::Generated(_)) => own.plan.is_some(),
            None => false,
        };
        if own.taken.is_some() || !complete || std::mem::replace(&mut own.finishing, true) {
            return;
        }
        own.cancel.cancel();
        let finished = own.finished(text);
        if own.hidden.is_some() {
            return self.hold(reply, finished, context);
        }
        let stored = self.store(reply, finished);
        context.spawn(stored.map(|_, _, _| ()));
    }

    /// Makes a reply an entry of the log, with the orders to reply to it, and goes on with those who wait; none when that fails.
    pub(super) fn store(
        &self,
        reply: MessageId,
        mut finished: FinishedReply,
    ) -> impl ActorFuture<Self, Output = Option<protocol::Message>> + 'static {
        let own = self.replies.get(&reply);
        let (epoch, question) = own.map_or_else(Default::default, |own| {
            (own.epoch, Some(own.place.reply_to))
        });
        finished.chain = self.services.config.chain_limits();
        finished.lend_until = lease_until(&self.services.storage);
        finished.members_seq = Some(self.members.version());
        end_before_forbidden(&mut finished, self.members.rules());
        if own.is_some_and(|own| own.sets_off) && finished.stop_reason.is_whole() {
            finished.replies = self.replies_to(Said {
                author: &finished.author,
                text: &finished.text,
                answers: true,
            });
        }
        let asks = !finished.replies.is_empty();
        let end = reply_end(&finished);
        metrics::reply_ended(end);
        let span = own.map_or_else(Span::none, |own| own.span.clone());
        span.in_scope(|| {
            let tokens = finished.usage.map(|usage| usage.completion_tokens);
            let Latency {
                first_text_ms,
                whole_ms,
            } = finished.latency;
            tracing::info!(end, tokens, first_text_ms, whole_ms, "reply ended");
        });
        let (storage, id) = (self.services.storage.clone(), self.id);
        let written = async move {
            let (mut attempt, mut reads) = (1, 0);
            loop {
                match storage.finish_reply(reply, epoch, finished.clone()).await {
                    // Somebody has come or gone, or the rules are others.
                    Err(StorageError::MembersChanged) if reads < MEMBERS_READS_MAX => {
                        reads += 1;
                        if let Ok(Some(roster)) = storage.roster(id).await {
                            finished.members_seq = Some(roster.version);
                            end_before_forbidden(&mut finished, &roster.rules);
                        }
                    }
                    Err(StorageError::Unavailable(_)) if attempt < FINISH_ATTEMPTS => {
                        attempt += 1;
                        tokio::time::sleep(Duration::from_millis(500)).await;
                    }
                    outcome => {
                        // Those that cannot be read are found when their leases are over.
                        let orders = match asks {
                            true => storage.replies_ordered_to(reply).await.unwrap_or_default(),
                            false => Vec::new(),
                        };
                        return (outcome, orders);
                    }
                }
            }
        };
        written
            .into_actor(self)
            .map(move |(written, orders), this, context| match written {
                Ok(Finished::Done(message) | Finished::AlreadyDone(message)) => {
                    this.replies.remove(&reply);
                    this.publish_frame(&ServerFrame::MessageDone(message.clone()));
                    this.arrive(Entry::Message(message.clone()), context);
                    if let Some(question) = question {
                        this.begin_next(question, context);
                    }
                    this.begin_replies(orders, context);
                    this.have_summed_up(&message);
                    Some(message)
                }
                Ok(Finished::Stale) => {
                    this.give_up(reply);
                    None
                }
                Err(error) => {
                    span.in_scope(
                        || tracing::error!(%error, %reply, "finished reply cannot be written"),
                    );
                    this.put_off(reply);
                    None
                }
            })
    }

    /// Has the twin sum up what is too long to be read whole, now that nobody waits for its reply.
    fn have_summed_up(&self, reply: &protocol::Message) {
        let Author::Twin { id, .. } = reply.author else {
            return;
        };
        if let Some(twin) = self.services.directory.awake_twin(id) {
            let (conversation, thread) = (self.id, reply.thread);
            // One with a full mailbox does so after another reply.
            let _ = twin.try_send(SumUp {
                conversation,
                thread,
            });
        }
    }

    /// Keeps a reply for its twin's owner to see first, and goes on with those who wait.
    fn hold(&mut self, reply: MessageId, finished: FinishedReply, context: &mut Context<Self>) {
        let Some(own) = self.replies.get(&reply) else {
            return;
        };
        let (epoch, place) = (own.epoch, own.place);
        let held = self.proposal(reply, place, finished);
        metrics::reply_ended("held");
        let until = lease_until(&self.services.storage);
        let storage = self.services.storage.clone();
        let stored = async move {
            let stored = storage.hold_reply(epoch, held.clone(), until).await;
            stored.map(|is_held| is_held.then_some(held))
        };
        let told = stored
            .into_actor(self)
            .map(move |held, this, context| match held {
                Ok(Some(held)) => {
                    this.replies.remove(&reply);
                    this.tell_owner(held);
                    this.begin_next(place.reply_to, context);
                }
                Ok(None) => this.put_off(reply),
                Err(error) => {
                    tracing::error!(%error, %reply, "reply cannot be held");
                    this.put_off(reply);
                }
            });
        context.spawn(told);
    }

    /// Stops the replies to a message that this node writes; those that wait are gone from the database.
    pub(super) fn stop_replies_to(&mut self, question: MessageId, context: &mut Context<Self>) {
        self.waiting.remove(&question);
        self.stop_those(|own| own.place.reply_to == question, context);
    }

    /// Stops the replies of a twin that this node writes.
    pub(super) fn stop_replies_of(&mut self, twin: TwinId, context: &mut Context<Self>) {
        let is_its = |own: &OwnReply| matches!(own.author, Author::Twin { id, .. } if id == twin);
        self.stop_those(is_its, context);
    }

    fn stop_those(&mut self, which: impl Fn(&OwnReply) -> bool, context: &mut Context<Self>) {
        let replies = self.replies.iter().filter(|(_, own)| which(own));
        let replies: Vec<MessageId> = replies.map(|(reply, _)| *reply).collect();
        for reply in replies {
            self.stop_own_reply(reply, context);
        }
    }

    /// Stops a reply that this node writes; `false` when it writes no such reply.
    pub(super) fn stop_own_reply(&mut self, reply: MessageId, context: &mut Context<Self>) -> bool {
        let Some(own) = self.replies.get_mut(&reply) else {
            return false;
        };
        own.stop();
        // Nobody generates what its twin's owner writes: it ends here and now.
        if own.taken.is_some() {
            self.end_taken(reply, context);
        }
        true
    }
}

/// Whether a reply was ordered so long ago that nobody waits for it any more.
fn is_late(ordered_at: i64) -> bool {
    let waited = u64::try_from(now_ms() - ordered_at).unwrap_or_default();
    Duration::from_millis(waited) > REPLY_DEADLINE
}

/// What an order's reply says before anything more is written, and the tokens of what was drawn of it: what was written down of
/// it, and at least its beginning.
fn said_before(order: &ReplyOrder) -> (String, Drawn) {
    let so_far = &order.so_far;
    match so_far.text.starts_with(&order.beginning) {
        true => {
            let drawn = Drawn {
                after: order.beginning.len(),
                tokens: so_far.tokens.clone(),
            };
            (so_far.text.clone(), drawn)
        }
        false => (order.beginning.clone(), Drawn::default()),
    }
}

fn reply_stream(
    reply: MessageId,
    epoch: u64,
    mut events: mpsc::Receiver<GenerationEvent>,
) -> impl Stream<Item = ReplyEvent> + 'static {
    let pieces = stream::poll_fn(move |context| events.poll_recv(context));
    pieces
        .map(Some)
        .chain(stream::iter([None]))
        .map(move |event| ReplyEvent {
            reply,
            epoch,
            event,
        })
}

impl StreamHandler<ReplyEvent> for Conversation {
    fn handle(
        &mut self,
        ReplyEvent {
            reply,
            epoch,
            event,
        }: ReplyEvent,
        context: &mut Self::Context,
    ) {
        let Some(own) = self
            .replies
            .get_mut(&reply)
            .filter(|own| own.stream == epoch)
        else {
            return;
        };
        if own.outcome.is_some() {
            return;
        }
        match event {
            // What it cost is still of interest.
            Some(GenerationEvent::Finished(generation)) if own.taken.is_some() => {
                own.outcome = Some(Outcome::Generated(generation));
            }
            _ if own.taken.is_some() => {}
            Some(GenerationEvent::Piece(piece)) => {
                own.tokens.extend(piece.tokens);
                self.piece(reply, &piece.text, context);
            }
            Some(GenerationEvent::Finished(generation)) => {
                self.last_piece(reply, generation, context);
            }
            Some(GenerationEvent::Failed(error)) => {
                own.outcome = Some(Outcome::Failed(error.failure()));
                self.finish_if_complete(reply, context);
            }
            None => {
                own.stream_ended = true;
                self.finish_if_complete(reply, context);
            }
        }
    }

    /// The end of one reply's stream is not the end of the conversation.
    fn finished(&mut self, _: &mut Self::Context) {}
}

/// A person stops a reply.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct Stop {
    pub(crate) user: UserId,
    pub(crate) reply: MessageId,
}

impl Handler<Stop> for Conversation {
    type Result = Result<(), Refusal>;

    fn handle(&mut self, stop: Stop, context: &mut Self::Context) -> Self::Result {
        self.members.permit(stop.user, Operation::Stop)?;
        if self.stop_own_reply(stop.reply, context) {
            return Ok(());
        }
        if !self.timeline.is_running(stop.reply) {
            return Err(Refusal::new(
                ErrorCode::NotFound,
                "no such reply is being written",
            ));
        }
        self.publish(NodeEvent::Stop(stop.reply).encode());
        Ok(())
    }
}

/// Replies of this conversation were left unfinished: write those that are free.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct ResumeReplies;

impl Handler<ResumeReplies> for Conversation {
    type Result = ();

    fn handle(&mut self, _: ResumeReplies, context: &mut Self::Context) {
        let (storage, id) = (self.services.storage.clone(), self.id);
        let open = async move { storage.open_replies(id).await };
        let resumed = open.into_actor(self).map(|open, this, context| match open {
            Ok(open) => this.resume_replies(open, context),
            Err(error) => {
                tracing::warn!(%error, conversation = %this.id, "unfinished replies cannot be read")
            }
        });
        context.spawn(resumed);
    }
}

/// The server stops: leave the running replies to whoever comes next, with what they say so far.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct HandOver;

impl Handler<HandOver> for Conversation {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: HandOver, _: &mut Self::Context) -> Self::Result {
        let storage = self.services.storage.clone();
        let unfinished: Vec<_> = self
            .replies
            .extract_if(|_, own| !own.finishing)
            .map(|(reply, own)| {
                own.cancel.cancel();
                let text = own
                    .hidden
                    .unwrap_or_else(|| self.timeline.text(reply).to_owned());
                let tokens = own.tokens;
                (reply, own.epoch, Progress { text, tokens })
            })
            .collect();
        let released = async move {
            for (reply, epoch, so_far) in unfinished {
                // A lease that ends now is free for the next node; one that cannot be given back runs out.
                let until = storage.lease_now();
                if let Err(error) = storage.progress_reply(reply, epoch, so_far, until).await {
                    tracing::warn!(%error, %reply, "reply cannot be handed over");
                }
            }
        };
        Box::pin(released.into_actor(self))
    }
}
