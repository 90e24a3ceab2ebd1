//! What people have missed: a little after a message, those who have not read it and are not there are told.
//!
//! The database holds how far the log was looked through, so that nothing is forgotten when a node dies, and nobody is told
//! twice when several nodes look.

use std::time::{Duration, Instant};

use actix::prelude::*;
use protocol::{Entry, Role};
use storage::Member;

use super::Conversation;
use crate::limits::{NOTICE_AGAIN, NOTICED_WRITTEN_EVERY};
use crate::node::now_ms;
use crate::notices::{Callers, Size, missed};
use crate::permissions::{Operation, may};
use crate::turn_taking::takes_part;

/// Whether the log is to be looked through.
#[derive(Default)]
pub(super) struct Notices {
    /// A look is to come, or under way: there is never a second one.
    awaited: bool,
    /// Nobody has missed anything up to here.
    clear_seq: u64,
    written: Option<Instant>,
}

impl Conversation {
    /// Has the log looked through a little later, if that is not to come already.
    pub(super) fn await_notices(&mut self, entry: &Entry, context: &mut Context<Self>) {
        if entry.message().is_some() && !std::mem::replace(&mut self.notices.awaited, true) {
            context.run_later(self.services.config.notify_after, Self::notice);
        }
    }

    /// Whether every person who takes part follows the conversation now.
    fn everybody_is_here(&self) -> bool {
        self.members.list().iter().all(|member| match member {
            Member::User {
                role: Role::Watcher,
                ..
            } => true,
            Member::User {
                id, bot_of: None, ..
            } => self.presence.is_online(*id),
            Member::User { .. } | Member::Twin { .. } => true,
        })
    }

    /// Who may speak to everybody at once: those who keep order.
    fn callers(&self) -> Callers {
        let people = self.members.standings();
        let callers = people
            .of
            .iter()
            .filter(|(_, one)| may(one.role, Operation::MentionAll));
        callers.map(|(id, _)| *id).collect()
    }

    fn size(&self) -> Size {
        match takes_part(self.members.list()) {
            ..=2 => Size::Two,
            _ => Size::Room,
        }
    }

    /// Another look, since something was left.
    fn notice_again(&mut self, after: Duration, context: &mut Context<Self>) {
        self.notices.awaited = true;
        context.run_later(after, Self::notice);
    }

    /// Looks through the log for what people have missed.
    fn notice(&mut self, context: &mut Context<Self>) {
        if self.everybody_is_here() {
            self.notices.awaited = false;
            self.notices.clear_seq = self.timeline.last_seq();
            return self.write_clear_seq(context);
        }
        let after = self.services.config.notify_after;
        let until = now_ms() - i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
        let (storage, id) = (self.services.storage.clone(), self.id);
        let clear_seq = self.notices.clear_seq;
        let unnoticed = async move { storage.unnoticed(id, clear_seq, until).await };
        let decided = unnoticed.into_actor(self).then(move |unnoticed, this, _| {
            let storage = this.services.storage.clone();
            let decided = unnoticed.map(|unnoticed| {
                let notices = missed(
                    &unnoticed,
                    |user| this.presence.is_online(user),
                    &this.callers(),
                    this.size(),
                );
                ((unnoticed.noticed_seq, unnoticed.up_to_seq), notices)
            });
            let kept = async move {
                let ((noticed_seq, up_to_seq), notices) = decided?;
                if up_to_seq <= noticed_seq {
                    return Ok(noticed_seq);
                }
                let span = (noticed_seq, up_to_seq);
                let is_kept = storage.notify(id, span, notices, now_ms()).await?;
                // Another node has looked in the meantime: what it left is for the next look.
                Ok::<_, storage::StorageError>(if is_kept { up_to_seq } else { noticed_seq })
            };
            kept.into_actor(this)
        });
        let looked = decided.map(move |kept, this, context| match kept {
            Ok(up_to) => {
                this.notices.awaited = false;
                this.notices.clear_seq = this.notices.clear_seq.max(up_to);
                if up_to < this.timeline.last_seq() {
                    this.notice_again(after, context);
                }
            }
            Err(error) => {
                tracing::warn!(%error, conversation = %this.id, "nobody is told yet what they have missed");
                this.notice_again(NOTICE_AGAIN, context);
            }
        });
        context.spawn(looked);
    }

    /// Keeps, now and then, that nobody has missed anything.
    fn write_clear_seq(&mut self, context: &mut Context<Self>) {
        let is_recent = |written: Instant| written.elapsed() < NOTICED_WRITTEN_EVERY;
        if self.notices.written.is_some_and(is_recent) {
            return;
        }
        self.notices.written = Some(Instant::now());
        let (storage, id, seq) = (
            self.services.storage.clone(),
            self.id,
            self.notices.clear_seq,
        );
        let written = async move { storage.notice_up_to(id, seq).await };
        context.spawn(written.into_actor(self).map(|written, this, _| {
            if let Err(error) = written {
                tracing::warn!(%error, conversation = %this.id, "cannot write down that nobody missed anything");
            }
        }));
    }
}

/// The conversation was not looked through for what people have missed: do so soon.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Look;

impl Handler<Look> for Conversation {
    type Result = ();

    fn handle(&mut self, _: Look, context: &mut Self::Context) {
        if !self.notices.awaited {
            self.notice_again(self.services.config.notify_after, context);
        }
    }
}
