//! What comes over HTTP and concerns conversations: changes of rooms, and words on replies that wait for one, which go through the
//! conversation's actor like everything that is said; and blocks, which are told to all nodes.

use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::prelude::*;
use protocol::{
    Author, Change, ConversationId, ErrorCode, InvitationId, MessageId, Role, ServerFrame, UserId,
    What,
};
use storage::{BlockConcerns, Member};

use crate::bus_event::NodeEvent;
use crate::conversation::{Administer, Approve, BusArrived, Conversation, Discard, Refusal};
use crate::metrics;
use crate::node::Node;
use crate::session::check_text;
use crate::supervisor::WakeError;

/// How long a conversation may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A change of a room that somebody wishes for.
#[derive(Debug, Clone)]
pub struct RoomChange {
    /// The room.
    pub conversation: ConversationId,
    /// Who wishes for it.
    pub user: UserId,
    /// The name of who wishes for it.
    pub name: String,
    /// What is to be different.
    pub what: What,
    /// The invitation by which the person joins.
    pub invitation: Option<InvitationId>,
}

impl Node {
    /// Changes a room, if whoever wishes for it may; the change is committed when this ends with `Ok`. Whose place in it is another
    /// now is told, on all devices.
    ///
    /// # Errors
    /// Why it is refused; with `Unavailable` it is not known whether it was made.
    pub async fn change_room(&self, wish: RoomChange) -> Result<Change, Refusal> {
        let conversation = wish.conversation;
        let order = Administer {
            user: wish.user,
            name: wish.name,
            what: wish.what,
            invitation: wish.invitation,
        };
        let change: Change = self.ask(conversation, order).await?;
        if let Some((member, role)) = membership(&change.what) {
            self.tell_membership(conversation, member, role);
        }
        Ok(change)
    }

    /// Tells everybody who takes part in a conversation that has just begun, on all devices.
    pub fn conversation_begun(&self, conversation: ConversationId, members: &[Member]) {
        for member in members {
            if let Member::User { id, role, .. } = member {
                self.tell_membership(conversation, *id, Some(*role));
            }
        }
    }

    fn tell_membership(&self, conversation_id: ConversationId, user: UserId, role: Option<Role>) {
        let told = ServerFrame::Membership {
            conversation_id,
            role,
        };
        self.tell_person(user, told);
    }

    /// Has a reply sent that waits for the word of its twin's owner, as it is or with another text.
    ///
    /// # Errors
    /// Why it is refused; with `Unavailable` it is not known whether it was sent.
    pub async fn approve_reply(
        &self,
        conversation: ConversationId,
        user: UserId,
        reply: MessageId,
        text: Option<String>,
    ) -> Result<protocol::Message, Refusal> {
        text.as_deref().map_or(Ok(()), check_text)?;
        self.ask(conversation, Approve { user, reply, text }).await
    }

    /// Forgets a reply that waits for the word of its twin's owner.
    ///
    /// # Errors
    /// Why it is refused; with `Unavailable` it is not known whether it was forgotten.
    pub async fn discard_reply(
        &self,
        conversation: ConversationId,
        user: UserId,
        reply: MessageId,
    ) -> Result<(), Refusal> {
        self.ask(conversation, Discard { user, reply }).await
    }

    /// Asks a conversation, which is woken if need be.
    async fn ask<M, T>(&self, conversation: ConversationId, message: M) -> Result<T, Refusal>
    where
        M: Message<Result = Result<T, Refusal>> + Send + 'static,
        T: Send + 'static,
        Conversation: Handler<M>,
        <Conversation as Actor>::Context: ToEnvelope<Conversation, M>,
    {
        let woken = self.services().directory.conversation(conversation).await;
        let conversation = woken.map_err(|error| match error {
            WakeError::NotFound(_) => Refusal::no_conversation(),
            WakeError::Unavailable(_) | WakeError::Stopping => unavailable(&error.to_string()),
        })?;
        let answer = conversation.send(message).timeout(ANSWER_WITHIN).await;
        answer.unwrap_or_else(|_| Err(unavailable("the conversation was interrupted")))
    }

    /// Has the conversations of two, one of whom has blocked the other or no longer does, read that anew, and stops what a twin
    /// writes to somebody who has blocked it: on this node, and on the others.
    pub fn blocks_changed(&self, concerns: &BlockConcerns) {
        for conversation in &concerns.conversations {
            self.tell_all_nodes(*conversation, &NodeEvent::BlocksChanged);
        }
        for (conversation, reply) in &concerns.replies {
            self.tell_all_nodes(*conversation, &NodeEvent::Stop(*reply));
        }
    }

    fn tell_all_nodes(&self, conversation: ConversationId, event: &NodeEvent) {
        let payload = event.encode();
        let services = self.services();
        if let Some(awake) = services.directory.awake_conversation(conversation)
            && awake.try_send(BusArrived(payload.clone())).is_err()
        {
            metrics::dropped("blocks_changed");
        }
        if services.bus.publish(conversation, payload).is_err() {
            metrics::dropped("bus_publish");
        }
    }
}

/// The person or bot whose place in a room a change makes another, and what it is now: none for who takes part no longer.
fn membership(what: &What) -> Option<(UserId, Option<Role>)> {
    let (member, role) = match what {
        What::Joined { member, role } => (member, *role),
        What::RoleSet { member, role } => (member, Some(*role)),
        What::Left { member } | What::Removed { member } | What::Banned { member } => {
            (member, None)
        }
        _ => return None,
    };
    match member {
        Author::User { id, .. } | Author::Bot { id, .. } => Some((*id, role)),
        Author::Twin { .. } => None,
    }
}

fn unavailable(message: &str) -> Refusal {
    Refusal::new(ErrorCode::Unavailable, message).again_after(1_000)
}
