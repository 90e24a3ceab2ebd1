//! Further attempts at a reply, because a person asks for one.

use actix::prelude::*;
use protocol::{MessageId, UserId};
use storage::{Beginning, NewAttempt};

use super::requests::lease_until;
use super::{Conversation, Refusal};
use crate::node::now_ms;
use crate::permissions::Operation;

/// A person has a twin make another attempt at a reply.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub(crate) struct Attempt {
    pub(crate) user: UserId,
    pub(crate) of: MessageId,
    pub(crate) beginning: Beginning,
}

impl Handler<Attempt> for Conversation {
    type Result = ResponseActFuture<Self, Result<(), Refusal>>;

    fn handle(&mut self, attempt: Attempt, _: &mut Self::Context) -> Self::Result {
        if let Err(refusal) = self.members.permit(attempt.user, Operation::Stop) {
            return Box::pin(actix::fut::err(refusal));
        }
        let now = now_ms();
        let new = NewAttempt {
            conversation_id: self.id,
            user_id: attempt.user,
            message_id: MessageId::new(),
            of: attempt.of,
            beginning: attempt.beginning,
            node_id: self.services.config.node_id,
            lease_until: lease_until(&self.services.storage),
            created_at: now,
        };
        let storage = self.services.storage.clone();
        let ordered = async move { storage.order_attempt(new).await };
        Box::pin(ordered.into_actor(self).map(|ordered, this, context| {
            this.begin_replies(vec![ordered?], context);
            Ok(())
        }))
    }
}
