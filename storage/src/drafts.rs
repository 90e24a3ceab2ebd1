//! What people have begun to write: one draft for each person in each conversation.

use protocol::{ConversationId, MessageId, UserId};

use crate::engine::{DatabaseError, Engine, each, until_no_collision};
use crate::metrics::Call;
use crate::people;
use crate::value::{Row, params};
use crate::{Storage, StorageError};

/// Drafts of one person: nobody writes in more conversations at once, and all of them make one list.
pub const DRAFTS_MAX: u64 = 200;

macro_rules! columns {
    () => {
        "conversation_id, text, reply_to, revision, changed_at"
    };
}
const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM drafts WHERE user_id = $1 AND conversation_id = $2"
);
const OF_USER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM drafts WHERE user_id = $1 ORDER BY changed_at DESC, conversation_id"
);
const COUNT: &str = "SELECT COUNT(*) FROM drafts WHERE user_id = $1";
const FIND_ANSWERED: &str =
    "SELECT seq FROM messages WHERE message_id = $1 AND conversation_id = $2";
const KEEP: &str = "INSERT INTO drafts \
     (user_id, conversation_id, text, reply_to, revision, changed_at) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (user_id, conversation_id) DO UPDATE SET text = excluded.text, \
     reply_to = excluded.reply_to, revision = excluded.revision, changed_at = excluded.changed_at";
const DELETE: &str = "DELETE FROM drafts WHERE user_id = $1 AND conversation_id = $2";

/// What somebody has begun to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The conversation that it is for.
    pub conversation_id: ConversationId,
    /// The text so far.
    pub text: String,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Rises with every change.
    pub revision: u64,
    /// When it was changed, in UTC milliseconds.
    pub changed_at: i64,
}

/// A draft that is to be kept.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// Whose it is.
    pub user: UserId,
    /// The conversation that it is for.
    pub conversation_id: ConversationId,
    /// The text so far.
    pub text: String,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// The revision that it follows, 0 for none; `None` follows whichever there is.
    pub follows: Option<u64>,
    /// Now, in UTC milliseconds.
    pub changed_at: i64,
}

impl Storage {
    /// Keeps a draft in place of the one before.
    ///
    /// `Conflict` when it follows another revision than the one that is there, `NotFound` when the person takes no part in the
    /// conversation or the answered message is not in it, `LimitReached` when there are too many.
    pub async fn keep_draft(&self, draft: NewDraft) -> Result<Draft, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(keep(&engine, &draft))
        })
        .await
    }

    /// The draft of a person in a conversation.
    pub async fn draft(
        &self,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<Option<Draft>, StorageError> {
        let rows = self.read(FIND, params![user, conversation]).await?;
        rows.first().map(read_draft).transpose()
    }

    /// All drafts of a person, those changed last first.
    pub async fn drafts_of(&self, user: UserId) -> Result<Vec<Draft>, StorageError> {
        self.read(OF_USER, params![user]).await?.map(read_draft)
    }

    /// Deletes a draft, if there is one. `Conflict` when there is another revision than this one.
    pub async fn delete_draft(
        &self,
        user: UserId,
        conversation: ConversationId,
        revision: Option<u64>,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(delete(&engine, user, conversation, revision))
        })
        .await
    }
}

async fn keep(engine: &Engine, new: &NewDraft) -> Result<Draft, DatabaseError> {
    let place = || params![new.user, new.conversation_id];
    // The account stays locked, so that two devices at once write one after the other.
    let queries = vec![
        (people::LOCK, params![new.user]),
        (FIND, place()),
        (COUNT, params![new.user]),
        (FIND_ANSWERED, params![new.reply_to, new.conversation_id]),
    ];
    let (transaction, results) = engine.begin(queries).await?;
    let [_, present, counted, answered] = each(results)?;
    let present = present.first().map(read_draft).transpose()?;
    let revision = present.as_ref().map_or(0, |draft| draft.revision);
    let count: u64 = match counted.first() {
        Some(mut row) => row.count()?,
        None => 0,
    };
    let refused = if new.follows.is_some_and(|follows| follows != revision) {
        Some(StorageError::Conflict("a newer revision of the draft"))
    } else if new.reply_to.is_some() && answered.rows.is_empty() {
        Some(StorageError::NotFound("message to answer"))
    } else if present.is_none() && count >= DRAFTS_MAX {
        Some(StorageError::LimitReached {
            what: "drafts",
            max: DRAFTS_MAX,
        })
    } else {
        None
    };
    if let Some(refused) = refused {
        transaction.roll_back().await;
        return Err(refused.into());
    }
    let now = u64::try_from(new.changed_at).unwrap_or_default();
    let draft = Draft {
        conversation_id: new.conversation_id,
        text: new.text.clone(),
        reply_to: new.reply_to,
        revision: now.max(revision + 1),
        changed_at: new.changed_at,
    };
    let parameters = params![
        new.user,
        draft.conversation_id,
        &draft.text,
        draft.reply_to,
        draft.revision,
        draft.changed_at,
    ];
    let kept = transaction.commit(vec![(KEEP, parameters)]).await;
    kept.map_err(|error| error.missing("conversation"))?;
    Ok(draft)
}

async fn delete(
    engine: &Engine,
    user: UserId,
    conversation: ConversationId,
    revision: Option<u64>,
) -> Result<(), DatabaseError> {
    let place = || params![user, conversation];
    let queries = vec![(people::LOCK, params![user]), (FIND, place())];
    let (transaction, results) = engine.begin(queries).await?;
    let [_, present] = each(results)?;
    let present = present.first().map(read_draft).transpose()?;
    let is_other = |draft: &Draft| revision.is_some_and(|revision| revision != draft.revision);
    if present.as_ref().is_some_and(is_other) {
        transaction.roll_back().await;
        return Err(StorageError::Conflict("a newer revision of the draft").into());
    }
    transaction.commit(vec![(DELETE, place())]).await?;
    Ok(())
}

fn read_draft(mut row: Row) -> Result<Draft, StorageError> {
    Ok(Draft {
        conversation_id: row.id()?,
        text: row.text()?,
        reply_to: row.optional_id()?,
        revision: row.count()?,
        changed_at: row.int()?,
    })
}
