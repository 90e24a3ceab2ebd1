//! Changes of rooms that come over HTTP: they go through the conversation's actor like everything that is said.

use std::time::Duration;

use protocol::{Change, ConversationId, ErrorCode, InvitationId, UserId, What};

use crate::conversation::{Administer, Refusal};
use crate::node::Node;
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
    /// Changes a room, if whoever wishes for it may; the change is committed when this ends with `Ok`.
    ///
    /// # Errors
    /// Why it is refused; with `Unavailable` it is not known whether it was made.
    pub async fn change_room(&self, wish: RoomChange) -> Result<Change, Refusal> {
        let woken = self
            .services()
            .directory
            .conversation(wish.conversation)
            .await;
        let conversation = woken.map_err(|error| match error {
            WakeError::NotFound(_) => Refusal::no_conversation(),
            WakeError::Unavailable(_) | WakeError::Stopping => unavailable(&error.to_string()),
        })?;
        let order = Administer {
            user: wish.user,
            name: wish.name,
            what: wish.what,
            invitation: wish.invitation,
        };
        let answer = conversation.send(order).timeout(ANSWER_WITHIN).await;
        answer.unwrap_or_else(|_| Err(unavailable("the conversation was interrupted")))
    }
}

fn unavailable(message: &str) -> Refusal {
    Refusal {
        retry_after_ms: Some(1_000),
        ..Refusal::new(ErrorCode::Unavailable, message)
    }
}
