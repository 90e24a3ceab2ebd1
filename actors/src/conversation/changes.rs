//! Changes of messages: who may make which, and how each becomes an entry of the log.

use std::sync::Arc;

use actix::prelude::*;
use protocol::{Author, ClientId, Entry, ErrorCode, MessageId, ServerFrame, UserId, What};
use storage::{Changed, NewChange, Storage};

use super::requests::Acknowledged;
use super::{Conversation, Refusal};
use crate::node::now_ms;

/// A person or a bot changes a message.
#[derive(Message)]
#[rtype(result = "Result<Acknowledged, Refusal>")]
pub(crate) struct Alter {
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) is_bot: bool,
    pub(crate) client_id: ClientId,
    pub(crate) what: What,
}

impl Handler<Alter> for Conversation {
    type Result = ResponseActFuture<Self, Result<Acknowledged, Refusal>>;

    fn handle(&mut self, alter: Alter, _: &mut Self::Context) -> Self::Result {
        if !self.is_member(alter.user) {
            return Box::pin(actix::fut::err(Refusal::no_conversation()));
        }
        let storage = self.services.storage.clone();
        let began = alter.user == self.created_by;
        let new = NewChange {
            conversation_id: self.id,
            user_id: alter.user,
            name: alter.name,
            is_bot: alter.is_bot,
            client_id: alter.client_id,
            what: alter.what,
            created_at: now_ms(),
        };
        // Whoever came first is first in this line too.
        let turn = Arc::clone(&self.changing).lock_owned();
        let made = async move {
            let _turn = turn.await;
            check(&storage, &new, began).await?;
            Ok::<_, Refusal>(storage.change(new).await?)
        };
        Box::pin(made.into_actor(self).map(|made, this, context| {
            let (change, is_new) = match made? {
                Changed::New(change) => (change, true),
                Changed::Duplicate(change) => (change, false),
            };
            let acknowledged = Acknowledged {
                seq: change.seq,
                message_id: change.what.message_id(),
            };
            if is_new {
                this.publish_frame(&ServerFrame::Change(change.clone()));
                this.arrive(Entry::Change(change), context);
            }
            Ok(acknowledged)
        }))
    }
}

/// Whether the person may change the message like this.
async fn check(storage: &Storage, new: &NewChange, began: bool) -> Result<(), Refusal> {
    let id: MessageId = new.what.message_id();
    let found = storage.message(id).await?;
    let found = found.filter(|message| message.conversation_id == new.conversation_id);
    let no_message = || Refusal::new(ErrorCode::NotFound, "there is no such message");
    let message = found.ok_or_else(no_message)?;
    let owner = match (&message.author, &new.what) {
        (Author::Twin { id, .. }, What::Deleted { .. }) => {
            storage.twin(*id).await?.map(|twin| twin.owner_id)
        }
        _ => None,
    };
    let hand = Hand {
        wrote: matches!(message.author, Author::User { id, .. } | Author::Bot { id, .. } if id == new.user_id),
        owns_author: owner == Some(new.user_id),
        began,
    };
    match hand.may(&new.what) {
        true => Ok(()),
        false => Err(Refusal::new(
            ErrorCode::Forbidden,
            "this is not your message",
        )),
    }
}

/// What a person has to do with a message.
#[derive(Debug, Clone, Copy)]
struct Hand {
    /// Wrote it.
    wrote: bool,
    /// Owns the twin that wrote it.
    owns_author: bool,
    /// Began the conversation.
    began: bool,
}

impl Hand {
    fn may(self, what: &What) -> bool {
        match what {
            What::Edited { .. } => self.wrote,
            What::Deleted { .. } => self.wrote || self.owns_author || self.began,
            What::Reacted { .. } | What::Unreacted { .. } => true,
        }
    }
}
