//! Whose turn it is: replies are claimed one after the other of those to one message, and each begins in the way in which its twin
//! writes here. Who was not addressed first says whether it knows something.

use std::collections::VecDeque;

use actix::prelude::*;
use protocol::{MessageId, TwinId, TwinMode};
use storage::{ReplyOrder, StorageError};

use super::super::Conversation;
use super::super::requests::lease_until;
use super::Audience;
use crate::metrics::{self, Claim};
use crate::node::Services;
use crate::twin::Knows;

/// The epoch of the first claim of a reply: nobody has written anything of it before.
const FIRST_EPOCH: u64 = 1;

/// When a reply was ordered.
#[derive(Debug, Clone, Copy)]
pub(in crate::conversation) enum Ordered {
    /// By a message that has just come.
    Now,
    /// Before this activation, or on a node that is gone.
    Before,
}

/// The replies to one message that wait until those before them are done.
pub(in crate::conversation) type Line = VecDeque<(ReplyOrder, Ordered)>;

/// A reply that is being claimed, asked whether it knows something, or declined.
pub(in crate::conversation) struct Claiming {
    /// The message that it answers.
    question: MessageId,
    /// It is to end without a word.
    stopped: bool,
}

impl Claiming {
    fn of(question: MessageId) -> Self {
        Self {
            question,
            stopped: false,
        }
    }
}

impl Conversation {
    /// Writes replies that were ordered before: a lease of this node is taken over at once, another's is left alone.
    pub(in crate::conversation) fn resume_replies(
        &mut self,
        orders: Vec<ReplyOrder>,
        context: &mut Context<Self>,
    ) {
        let (own, now) = (
            self.services.config.node_id,
            self.services.storage.lease_now(),
        );
        let is_free = |order: &ReplyOrder| order.node_id == own || order.lease_until <= now;
        let free = orders.into_iter().filter(is_free);
        self.line_up(
            free.map(|order| (order, Ordered::Before)).collect(),
            context,
        );
    }

    /// Has replies written that somebody has just asked for.
    pub(in crate::conversation) fn begin_replies(
        &mut self,
        orders: Vec<ReplyOrder>,
        context: &mut Context<Self>,
    ) {
        let now = orders.into_iter().map(|order| (order, Ordered::Now));
        self.line_up(now.collect(), context);
    }

    /// Puts replies, in the order of their turns, behind those to the same message, and begins each that is the first.
    fn line_up(&mut self, orders: Vec<(ReplyOrder, Ordered)>, context: &mut Context<Self>) {
        for (order, ordered) in orders {
            let reply = order.message_id;
            let is_known = |(waiting, _): &(ReplyOrder, Ordered)| waiting.message_id == reply;
            if self.claiming.contains_key(&reply) || self.replies.contains_key(&reply) {
                continue;
            }
            let question = order.reply_to;
            let line = self.waiting.entry(question).or_default();
            if !line.iter().any(is_known) {
                line.push_back((order, ordered));
            }
            self.begin_next(question, context);
        }
    }

    /// Begins the next reply to a message, if none is being written here.
    pub(super) fn begin_next(&mut self, question: MessageId, context: &mut Context<Self>) {
        let writes = self
            .replies
            .values()
            .any(|own| own.place.reply_to == question);
        let mut claimed = self.claiming.values();
        let mut claims = || claimed.any(|claimed| claimed.question == question);
        if writes || claims() {
            return;
        }
        let Some(line) = self.waiting.get_mut(&question) else {
            return;
        };
        let next = line.pop_front();
        if line.is_empty() {
            self.waiting.remove(&question);
        }
        if let Some((order, ordered)) = next {
            self.claim(order, ordered, context);
        }
    }

    fn claim(&mut self, order: ReplyOrder, ordered: Ordered, context: &mut Context<Self>) {
        if self.services.is_draining() {
            return;
        }
        let (reply, question) = (order.message_id, order.reply_to);
        self.claiming.insert(reply, Claiming::of(question));
        let storage = self.services.storage.clone();
        let node = self.services.config.node_id;
        let claimed = async move {
            let (now, until) = (storage.lease_now(), lease_until(&storage));
            let epoch = storage.claim_reply(reply, node, now, until);
            let Some(epoch) = epoch.await? else {
                return Ok(None);
            };
            // Whoever wrote it before may have written more down since the order was read.
            let order = match epoch {
                FIRST_EPOCH => order,
                _ => storage.reply_order(reply).await?.unwrap_or(order),
            };
            // After the claim: a block that comes later finds a reply that is being written, and has it stopped.
            let is_unwanted = storage.is_unwanted(reply).await?;
            Ok::<_, StorageError>(Some((order, epoch, is_unwanted)))
        };
        let begun = claimed.into_actor(self).map(move |claimed, this, context| {
            let is_stopped = this.was_stopped(reply);
            metrics::claimed(match &claimed {
                Ok(Some((_, epoch, _))) => Claim::with_epoch(*epoch),
                Ok(None) => Claim::Elsewhere,
                Err(_) => Claim::Failed,
            });
            match claimed {
                // The lease is given back with all others of this node.
                Ok(Some(_)) if this.services.is_draining() => {}
                // Whoever asked has blocked the twin.
                Ok(Some((order, epoch, is_unwanted))) if is_unwanted || is_stopped => {
                    this.decline(&order, epoch, context);
                }
                Ok(Some((order, epoch, _))) => this.claimed(order, ordered, epoch, context),
                // Whoever writes it, or those before it, goes on with the line.
                Ok(None) => {
                    this.waiting.remove(&question);
                    tracing::info!(%reply, "reply is written elsewhere");
                }
                // The order stands in the database: the sweep finds it when its lease is over.
                Err(error) => {
                    this.waiting.remove(&question);
                    tracing::warn!(%error, %reply, "reply cannot be claimed");
                }
            }
        });
        context.spawn(begun);
    }

    /// Begins a reply in the way in which its twin writes here.
    fn claimed(
        &mut self,
        order: ReplyOrder,
        ordered: Ordered,
        epoch: u64,
        context: &mut Context<Self>,
    ) {
        let mode = self.members.mode(order.twin_id);
        match mode {
            _ if order.taken_by.is_some() => self.resume_taken(order, epoch, context),
            TwinMode::Ask => self.consider(order, ordered, epoch, context),
            TwinMode::Draft | TwinMode::Auto if order.if_confident => {
                self.consider(order, ordered, epoch, context);
            }
            TwinMode::Draft => self.run_reply(order, ordered, epoch, Audience::Owner, context),
            TwinMode::Auto => self.run_reply(order, ordered, epoch, Audience::Everybody, context),
            // Whoever is paused, or takes no part any more, says nothing.
            TwinMode::Off => self.decline(&order, epoch, context),
        }
    }

    /// Asks a twin whether it knows something. If not, a reply that it was not asked for ends without a word, and any other is
    /// shown to its owner first.
    fn consider(
        &mut self,
        order: ReplyOrder,
        ordered: Ordered,
        epoch: u64,
        context: &mut Context<Self>,
    ) {
        let (reply, question, twin) = (order.message_id, order.reply_to, order.twin_id);
        self.claiming.insert(reply, Claiming::of(question));
        let services = self.services.clone();
        let knows = Knows {
            conversation: self.id,
            question,
        };
        let considered = async move { self::knows(&services, twin, knows).await };
        let decided = considered
            .into_actor(self)
            .map(move |knows, this, context| {
                let is_stopped = this.was_stopped(reply);
                if this.services.is_draining() {
                    return;
                }
                let audience = match this.members.mode(twin) {
                    TwinMode::Auto => Audience::Everybody,
                    TwinMode::Ask if knows => Audience::Everybody,
                    TwinMode::Ask | TwinMode::Draft | TwinMode::Off => Audience::Owner,
                };
                match !is_stopped && (knows || !order.if_confident) {
                    true => this.run_reply(order, ordered, epoch, audience, context),
                    false => this.decline(&order, epoch, context),
                }
            });
        context.spawn(decided);
    }

    /// Stops a reply that has not begun: it ends without a word.
    pub(in crate::conversation) fn stop_claimed_reply(&mut self, reply: MessageId) {
        if let Some(claiming) = self.claiming.get_mut(&reply) {
            claiming.stopped = true;
        }
    }

    /// Takes a reply from those that are being claimed; whether it was stopped in the meantime.
    fn was_stopped(&mut self, reply: MessageId) -> bool {
        let claiming = self.claiming.remove(&reply);
        claiming.is_some_and(|claiming| claiming.stopped)
    }

    /// Ends a reply without a word.
    fn decline(&mut self, order: &ReplyOrder, epoch: u64, context: &mut Context<Self>) {
        let (reply, question) = (order.message_id, order.reply_to);
        self.claiming.insert(reply, Claiming::of(question));
        let storage = self.services.storage.clone();
        let until = lease_until(&self.services.storage);
        let declined = async move { storage.decline_reply(reply, epoch, until).await };
        let noted = declined
            .into_actor(self)
            .map(move |declined, this, context| {
                this.claiming.remove(&reply);
                if let Err(error) = declined {
                    tracing::warn!(%error, %reply, "reply cannot be declined");
                }
                metrics::reply_ended("declined");
                this.begin_next(question, context);
            });
        context.spawn(noted);
    }
}

/// Whether a twin knows something about a question; one that cannot be asked does not.
async fn knows(services: &Services, twin: TwinId, knows: Knows) -> bool {
    let Ok(twin) = services.directory.twin(twin).await else {
        return false;
    };
    matches!(twin.send(knows).await, Ok(Ok(true)))
}
