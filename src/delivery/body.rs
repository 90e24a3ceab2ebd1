//! What is sent: how much waits, and who and where only for people who wish so. Never what was said.

use protocol::{Author, ConversationId, NotificationId};
use serde::Serialize;
use storage::{NoticeKind, Storage, StorageError, Waiting};

/// The only words: what a screen shows to whoever looks at it.
const TITLE: &str = "New message";

/// What is sent to a place.
#[derive(Debug, Serialize)]
pub(super) struct Body {
    title: &'static str,
    /// How many messages wait, up to a hundred.
    count: usize,
    /// The newest notification: the same body sent again has the same one.
    notification_id: NotificationId,
    /// Who and where, of the newest.
    #[serde(flatten)]
    names: Option<Names>,
}

#[derive(Debug, Serialize)]
struct Names {
    kind: &'static str,
    conversation_id: ConversationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    author: Author,
}

impl Body {
    /// How much waits; at least one does.
    pub(super) fn bare(waiting: &[Waiting]) -> Self {
        Self {
            title: TITLE,
            count: waiting.len(),
            notification_id: waiting[0].id,
            names: None,
        }
    }

    /// How much waits, and who and where, of the newest.
    pub(super) async fn named(
        waiting: &[Waiting],
        storage: &Storage,
    ) -> Result<Self, StorageError> {
        let newest = &waiting[0];
        let bare = Self::bare(waiting);
        let conversation = storage.conversation(newest.conversation_id).await?;
        let message = storage.message(newest.message_id).await?;
        let names = match (conversation, message) {
            (Some(conversation), Some(message)) => Some(Names {
                kind: NoticeKind::as_str(newest.kind),
                conversation_id: conversation.id,
                conversation: conversation.title,
                author: message.author,
            }),
            // It was deleted this moment.
            _ => None,
        };
        Ok(Self { names, ..bare })
    }

    /// The newest notification's id, as a text.
    pub(super) fn id(&self) -> String {
        self.notification_id.to_string()
    }

    /// The bytes that are sent.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("names and numbers serialise")
    }
}
