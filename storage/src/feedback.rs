//! What people think of twins' replies: one opinion each, for themselves and the twin's owner.

use protocol::{ConversationId, FeedbackId, MessageId, TwinId, UserId};

use crate::engine::{DatabaseError, Engine, each, until_no_collision};
use crate::metrics::Call;
use crate::storage::{ABOVE_ALL, page};
use crate::value::{Row, names, params};
use crate::{Storage, StorageError};

/// Locks a reply that is there, against its being deleted meanwhile.
const LOCK: &str = "UPDATE messages SET reacted = reacted WHERE message_id = $1 AND conversation_id = $2 \
     AND stop_reason IS NOT NULL AND deleted_at IS NULL RETURNING seq, author_id";
const PUT: &str = "INSERT INTO feedback (id, conversation_id, seq, user_id, twin_id, rating, reason, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (conversation_id, seq, user_id) DO UPDATE SET \
     id = excluded.id, rating = excluded.rating, reason = excluded.reason, created_at = excluded.created_at";
const FIND: &str = "SELECT f.rating, f.reason, f.created_at FROM feedback f \
     JOIN messages m ON m.conversation_id = f.conversation_id AND m.seq = f.seq \
     WHERE m.message_id = $1 AND m.conversation_id = $2 AND f.user_id = $3";
const REMOVE: &str = "DELETE FROM feedback WHERE user_id = $3 AND conversation_id = $2 AND seq = \
     (SELECT seq FROM messages WHERE message_id = $1 AND conversation_id = $2)";
/// Goes when the reply is deleted.
pub(crate) const REMOVE_ALL: &str = "DELETE FROM feedback WHERE conversation_id = $1 AND seq = $2";
const OF_TWIN: &str = "SELECT f.rating, f.reason, f.created_at, f.id, f.conversation_id, m.message_id, \
     f.user_id, u.name FROM feedback f \
     JOIN messages m ON m.conversation_id = f.conversation_id AND m.seq = f.seq \
     JOIN users u ON u.id = f.user_id WHERE f.twin_id = $1 AND f.id < $2 ORDER BY f.id DESC LIMIT $3";

names! {
    /// Whether a reply was any good.
    Rating {
        /// It was.
        Up = "up",
        /// It was not.
        Down = "down",
    }
}

/// What a person thinks of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Whether it was any good.
    pub rating: Rating,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// When that was said last, in UTC milliseconds.
    pub created_at: i64,
}

/// What somebody thinks of a reply of one's twin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwinFeedback {
    /// What they think.
    pub feedback: Feedback,
    /// Its id; those given later sort later.
    pub id: FeedbackId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The reply.
    pub message_id: MessageId,
    /// Who.
    pub user_id: UserId,
    /// The person's name now.
    pub user_name: String,
}

impl Storage {
    /// Keeps what a person thinks of a reply, in place of what that person thought before. `NotFound` when the reply is not
    /// there any more.
    pub async fn put_feedback(
        &self,
        conversation: ConversationId,
        reply: MessageId,
        user: UserId,
        feedback: Feedback,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(put(&engine, conversation, reply, user, &feedback))
        })
        .await
    }

    /// What a person thinks of a reply.
    pub async fn feedback(
        &self,
        conversation: ConversationId,
        reply: MessageId,
        user: UserId,
    ) -> Result<Option<Feedback>, StorageError> {
        let rows = self.read(FIND, params![reply, conversation, user]).await?;
        rows.first()
            .map(|mut row| read_feedback(&mut row))
            .transpose()
    }

    /// Forgets what a person thinks of a reply. `NotFound` when nothing was kept.
    pub async fn remove_feedback(
        &self,
        conversation: ConversationId,
        reply: MessageId,
        user: UserId,
    ) -> Result<(), StorageError> {
        let parameters = params![reply, conversation, user];
        let removed = self.write(REMOVE, parameters).await?;
        match removed.affected {
            0 => Err(StorageError::NotFound("feedback")),
            _ => Ok(()),
        }
    }

    /// What people think of a twin's replies, newest first, beginning after `before`.
    pub async fn feedback_of_twin(
        &self,
        twin: TwinId,
        before: Option<FeedbackId>,
        limit: u32,
    ) -> Result<Vec<TwinFeedback>, StorageError> {
        let before = before.map_or(ABOVE_ALL, |id| *id.as_bytes());
        self.read(OF_TWIN, params![twin, before, page(limit)])
            .await?
            .map(read_of_twin)
    }
}

async fn put(
    engine: &Engine,
    conversation: ConversationId,
    reply: MessageId,
    user: UserId,
    feedback: &Feedback,
) -> Result<(), DatabaseError> {
    let lock = vec![(LOCK, params![reply, conversation])];
    let (transaction, locked) = engine.begin(lock).await?;
    let [locked] = each(locked)?;
    let Some(mut row) = locked.first() else {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("reply").into());
    };
    let seq: u64 = row.count()?;
    let twin: TwinId = row.id()?;
    let parameters = params![
        FeedbackId::new(),
        conversation,
        seq,
        user,
        twin,
        feedback.rating.as_str(),
        feedback.reason.as_ref(),
        feedback.created_at,
    ];
    let kept = transaction.commit(vec![(PUT, parameters)]).await;
    kept.map_err(|error| error.missing("account or twin"))?;
    Ok(())
}

fn read_feedback(row: &mut Row) -> Result<Feedback, StorageError> {
    Ok(Feedback {
        rating: row.parsed("rating", Rating::from_name)?,
        reason: row.optional_text()?,
        created_at: row.int()?,
    })
}

fn read_of_twin(mut row: Row) -> Result<TwinFeedback, StorageError> {
    Ok(TwinFeedback {
        feedback: read_feedback(&mut row)?,
        id: row.id()?,
        conversation_id: row.id()?,
        message_id: row.id()?,
        user_id: row.id()?,
        user_name: row.text()?,
    })
}
