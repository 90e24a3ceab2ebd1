//! What rooms forbid, held against replies: while they are written nothing forbidden is shown, and the text that becomes an entry is
//! held to the newest rules.

use actix::prelude::*;
use inference::Generation;
use protocol::{ErrorCode, Failure, MessageId, StopReason, Writer};
use storage::{FinishedReply, RoomRules};

use super::super::Conversation;
use super::own_reply::{Outcome, failure};

impl Conversation {
    /// Shows what of a reply may be shown after this piece of it.
    pub(super) fn piece(&mut self, reply: MessageId, text: &str, context: &mut Context<Self>) {
        match self.screened(reply, text) {
            Some(text) if text.is_empty() => {}
            Some(text) => self.show(reply, text, context),
            None => self.end_forbidden(reply, context),
        }
    }

    /// What of a reply may be shown after this piece of it; none when it says what the room forbids.
    pub(super) fn screened(&mut self, reply: MessageId, text: &str) -> Option<String> {
        let Some(own) = self.replies.get_mut(&reply) else {
            return Some(String::new());
        };
        own.screen.next(text, &self.members.rules().words)
    }

    /// Shows what was held back of a reply that has come to its end.
    pub(super) fn last_piece(
        &mut self,
        reply: MessageId,
        generation: Generation,
        context: &mut Context<Self>,
    ) {
        let Some(own) = self.replies.get_mut(&reply) else {
            return;
        };
        let Some(rest) = own.screen.end(&self.members.rules().words) else {
            return self.end_forbidden(reply, context);
        };
        own.outcome = Some(Outcome::Generated(generation));
        if !rest.is_empty() {
            self.show(reply, rest, context);
        }
        self.finish_if_complete(reply, context);
    }

    /// Ends a reply that was about to say what the room forbids.
    pub(super) fn end_forbidden(&mut self, reply: MessageId, context: &mut Context<Self>) {
        if let Some(own) = self.replies.get_mut(&reply) {
            own.outcome = Some(Outcome::Failed(forbidden_word()));
            self.finish_if_complete(reply, context);
        }
    }
}

/// Ends a finished reply before the first word that the room forbids, and takes away what it quotes with one.
pub(super) fn end_before_forbidden(finished: &mut FinishedReply, rules: &RoomRules) {
    let is_allowed = |text: &str| rules.words.find(text).is_none();
    finished.sources.retain(|source| {
        is_allowed(&source.quote) && is_allowed(&source.section) && is_allowed(&source.document)
    });
    let Some(forbidden) = rules.words.find(&finished.text) else {
        return;
    };
    let allowed = finished.text[..forbidden.at].to_owned();
    let authorship = finished.authorship.take();
    // Nobody writes anything new: what is left stays with whoever wrote it.
    finished.authorship =
        authorship.map(|authorship| authorship.edited(&finished.text, &allowed, Writer::Owner));
    finished.text = allowed;
    finished.stop_reason = StopReason::Failed;
    finished.failure = Some(forbidden_word());
    finished.replies.clear();
}

/// Why a reply ended in which a forbidden word stood; which it was would stand in the log.
fn forbidden_word() -> Failure {
    let message = "the twin was about to write a word that is forbidden in this room";
    failure(ErrorCode::Forbidden, message)
}
