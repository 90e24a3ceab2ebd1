//! Recaps: rolling summaries that twins keep of long conversations, each made of the one before and what was said next.
//!
//! Every step is kept, so that a reply knows what it was given, and what is made anew begins where nothing has changed. **Invariant**:
//! no recap sums up a message that was edited or deleted since.

use protocol::{ConversationId, MessageId, RecapId, TwinId};

use crate::append::lock;
use crate::engine::{DatabaseError, Engine, each, until_no_collision};
use crate::memories::NOTE;
use crate::metrics::Call;
use crate::receipts::{Forgotten, ReceiptKind, begin_forgetting};
use crate::storage::{ABOVE_ALL, page};
use crate::value::{Row, params};
use crate::{Storage, StorageError};

macro_rules! select {
    () => {
        "SELECT r.id, r.twin_id, r.conversation_id, r.thread, r.from_seq, r.to_seq, r.text, r.model, r.created_at, \
         (SELECT COUNT(*) FROM members m WHERE m.conversation_id = r.conversation_id AND m.user_id = t.owner_id) \
         FROM recaps r JOIN twins t ON t.id = r.twin_id "
    };
}

/// The recaps of a twin `$2` of a conversation `$1`, and there of a thread `$3` or of what stands in none.
macro_rules! of_talk {
    () => {
        "conversation_id = $1 AND twin_id = $2 AND COALESCE(thread, conversation_id) = COALESCE($3, conversation_id)"
    };
}

const NEWEST: &str = concat!(
    select!(),
    "WHERE r.id = (SELECT id FROM recaps WHERE ",
    of_talk!(),
    " AND to_seq < $4 ORDER BY to_seq DESC LIMIT 1)"
);
const LAST_SEQ: &str = "SELECT last_seq FROM conversations WHERE id = $1";
/// With an id of no recap for "none", which two nulls would not be equal by. Nothing is kept where another node, the twin's owner or a deletion was first, or where what is summed up reads differently now.
const INSERT: &str = concat!(
    "INSERT INTO recaps (id, conversation_id, twin_id, thread, from_seq, to_seq, text, model, created_at) \
     SELECT $4, $1, id, $3, $5, $6, $7, $8, $9 FROM twins WHERE id = $2 \
     AND COALESCE((SELECT id FROM recaps WHERE ",
    of_talk!(),
    " ORDER BY to_seq DESC LIMIT 1), $2) = COALESCE($10, $2) \
     AND NOT EXISTS (SELECT 1 FROM changes c JOIN messages m ON m.message_id = c.message_id \
     WHERE c.conversation_id = $1 AND c.seq > $11 AND (c.kind = 'edited' OR c.kind = 'deleted') AND m.seq <= $6)"
);
const OF_TWIN: &str = concat!(
    select!(),
    "WHERE r.twin_id = $1 AND r.id < $2 AND r.text <> '' AND NOT EXISTS (SELECT 1 FROM recaps n \
     WHERE n.conversation_id = r.conversation_id AND n.twin_id = r.twin_id \
     AND COALESCE(n.thread, n.conversation_id) = COALESCE(r.thread, r.conversation_id) AND n.to_seq > r.to_seq) \
     ORDER BY r.id DESC LIMIT $3"
);
const FIND: &str = concat!(select!(), "WHERE r.id = $1 AND r.twin_id = $2");
/// What was summed up is not summed up again.
const CLOSE: &str = concat!(
    "INSERT INTO recaps (id, conversation_id, twin_id, thread, from_seq, to_seq, text, model, created_at) \
     SELECT $4, $1, $2, $3, MIN(from_seq), MAX(to_seq), '', '', $5 FROM recaps WHERE ",
    of_talk!(),
    " AND text <> '' HAVING COUNT(*) > 0"
);
const FORGET_OF_TALK: &str = concat!("DELETE FROM recaps WHERE ", of_talk!(), " AND text <> ''");
pub(crate) const FORGET_RECAPS_OF_TWIN: &str =
    "DELETE FROM recaps WHERE twin_id = $1 AND text <> ''";
/// The recaps of a conversation that sum up this message of it.
pub(crate) const FORGET_RECAPS_OF_MESSAGE: &str = "DELETE FROM recaps WHERE conversation_id = $1 AND from_seq <= $2 AND to_seq >= $2 \
     AND text <> ''";

/// What a twin keeps of a conversation up to some message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recap {
    /// The recap's id.
    pub id: RecapId,
    /// The twin.
    pub twin_id: TwinId,
    /// The conversation: it is used in no other.
    pub conversation_id: ConversationId,
    /// The root of the thread that it sums up; none for what stands in no thread.
    pub thread: Option<MessageId>,
    /// The place of the first message that it sums up.
    pub from_seq: u64,
    /// The place of the last one.
    pub to_seq: u64,
    /// What it says; empty where the twin's owner had it forgotten.
    pub text: String,
    /// The model that wrote it.
    pub model: String,
    /// When, in UTC milliseconds.
    pub created_at: i64,
    /// Whether the twin's owner takes part in the conversation, and so may read what was said there.
    pub owner_takes_part: bool,
}

/// A recap that was made.
#[derive(Debug, Clone)]
pub struct NewRecap {
    /// The recap's id.
    pub id: RecapId,
    /// The twin.
    pub twin_id: TwinId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The root of the thread that it sums up.
    pub thread: Option<MessageId>,
    /// The recap that it goes on from: the newest one when it is kept.
    pub previous: Option<RecapId>,
    /// The place of the first message that it sums up.
    pub from_seq: u64,
    /// The place of the last one.
    pub to_seq: u64,
    /// How far the log went before any of them was read.
    pub known_seq: u64,
    /// What it says.
    pub text: String,
    /// The model that wrote it.
    pub model: String,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

impl Storage {
    /// The newest recap of a twin that sums up nothing of what was said from `before_seq` on, of a thread or of what stands in none;
    /// and how far the log of the conversation went before it was read. `NotFound` when the conversation is gone.
    pub async fn recap_before(
        &self,
        twin: TwinId,
        (conversation, thread): (ConversationId, Option<MessageId>),
        before_seq: u64,
    ) -> Result<(Option<Recap>, u64), StorageError> {
        let engine = self.engine();
        let queries = vec![
            (LAST_SEQ, params![conversation]),
            (NEWEST, params![conversation, twin, thread, before_seq]),
        ];
        self.call(Call::Read, async move {
            let [last_seq, newest] = each(engine.read(queries).await?)?;
            let mut last_seq = last_seq
                .first()
                .ok_or(StorageError::NotFound("conversation"))?;
            let newest = newest.first().map(read_recap).transpose()?;
            Ok((newest, last_seq.count()?))
        })
        .await
    }

    /// Keeps a recap. `false` when it does not go on from the newest one any more, when what it sums up was edited or deleted since it
    /// was read, or when twin or conversation is gone.
    pub async fn keep_recap(&self, recap: NewRecap) -> Result<bool, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(keep(&engine, &recap))
        })
        .await
    }

    /// The newest recap of each conversation and thread of a twin, those made last first.
    pub async fn recaps_of(
        &self,
        twin: TwinId,
        before: Option<RecapId>,
        limit: u32,
    ) -> Result<Vec<Recap>, StorageError> {
        let before = before.map_or(ABOVE_ALL, |id| *id.as_bytes());
        self.read(OF_TWIN, params![twin, before, page(limit)])
            .await?
            .map(read_recap)
    }

    /// A recap of a twin.
    pub async fn recap(&self, twin: TwinId, id: RecapId) -> Result<Option<Recap>, StorageError> {
        let found = self.read(FIND, params![id, twin]).await?;
        found.first().map(read_recap).transpose()
    }

    /// Forgets what a twin keeps of a conversation or thread that it has this recap of, also under replies, and gives its owner a
    /// receipt: what was summed up is not summed up again. `NotFound` when there is no such recap.
    pub async fn forget_recap(
        &self,
        twin: TwinId,
        id: RecapId,
        now: i64,
    ) -> Result<Forgotten, StorageError> {
        let recap = self.recap(twin, id).await?;
        let recap = recap.filter(|recap| !recap.text.is_empty());
        let recap = recap.ok_or(StorageError::NotFound("recap"))?;
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(forget(&engine, &recap, now))
        })
        .await
    }
}

async fn keep(engine: &Engine, recap: &NewRecap) -> Result<bool, DatabaseError> {
    // Whoever edits or deletes a message locks the conversation, too.
    let (mut transaction, locked) = engine.begin(vec![lock(recap.conversation_id)]).await?;
    let [locked] = each(locked)?;
    let mut kept = false;
    if !locked.rows.is_empty() {
        let insert = params![
            recap.conversation_id,
            recap.twin_id,
            recap.thread,
            recap.id,
            recap.from_seq,
            recap.to_seq,
            &recap.text,
            &recap.model,
            recap.created_at,
            recap.previous,
            recap.known_seq,
        ];
        let [inserted] = each(transaction.pipe(vec![(INSERT, insert)]).await?)?;
        kept = inserted.affected > 0;
    }
    if !kept {
        transaction.roll_back().await;
        return Ok(false);
    }
    transaction.commit(Vec::new()).await?;
    Ok(true)
}

async fn forget(engine: &Engine, recap: &Recap, now: i64) -> Result<Forgotten, DatabaseError> {
    let twin = recap.twin_id;
    let begun = begin_forgetting(engine, NOTE, twin, now, ReceiptKind::Recap).await?;
    let (mut transaction, mut receipt) = begun;
    let talk = params![recap.conversation_id, twin, recap.thread];
    let closing = [talk.clone(), params![RecapId::new(), now]].concat();
    let queries = vec![
        lock(recap.conversation_id),
        (CLOSE, closing),
        (FORGET_OF_TALK, talk),
    ];
    let [_, _, forgotten] = each(transaction.pipe(queries).await?)?;
    receipt.gone.recaps = forgotten.affected;
    if forgotten.affected == 0 {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("recap").into());
    }
    transaction.commit(receipt.keep()).await?;
    Ok(Forgotten {
        receipt,
        files: Vec::new(),
        twins: vec![twin],
    })
}

fn read_recap(mut row: Row) -> Result<Recap, StorageError> {
    Ok(Recap {
        id: row.id()?,
        twin_id: row.id()?,
        conversation_id: row.id()?,
        thread: row.optional_id()?,
        from_seq: row.count()?,
        to_seq: row.count()?,
        text: row.text()?,
        model: row.text()?,
        created_at: row.int()?,
        owner_takes_part: row.int()? > 0,
    })
}
