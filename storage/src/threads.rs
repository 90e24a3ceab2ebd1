//! Threads: messages of the log that belong to one other message, the root.

use std::collections::HashMap;

use protocol::{Author, ConversationId, Message, MessageId, ThreadSummary};

use crate::engine::{DatabaseError, Engine, each, only};
use crate::history::{History, HistoryPlace, page_of};
use crate::messages::{complete, read_author, read_message, stored_columns};
use crate::metrics::Call;
use crate::storage::page;
use crate::value::params;
use crate::{Storage, StorageError};

/// People and twins that a summary names.
const PARTICIPANTS_MAX: usize = 5;

const BEFORE: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE conversation_id = $1 AND thread = $4 AND seq < $2 ORDER BY seq DESC LIMIT $3"
);
const FROM: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE conversation_id = $1 AND thread = $4 AND seq >= $2 ORDER BY seq LIMIT $3"
);
/// What counts of what was said.
const SAID_BEFORE: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE conversation_id = $1 AND thread = $4 AND seq < $2 AND superseded = 0 AND deleted_at IS NULL \
     ORDER BY seq DESC LIMIT $3"
);
const FIND: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE message_id = $1 AND conversation_id = $2"
);
/// Who wrote how much in the threads of a range of messages.
const SUMMARIES: &str = "SELECT t.thread, COUNT(*), MAX(t.seq), t.author_kind, t.author_id, MAX(t.author_name) \
     FROM messages r JOIN messages t ON t.conversation_id = r.conversation_id AND t.thread = r.message_id \
     WHERE r.conversation_id = $1 AND r.seq >= $2 AND r.seq <= $3 AND t.thread IS NOT NULL \
     AND t.deleted_at IS NULL AND t.superseded = 0 \
     GROUP BY t.thread, t.author_kind, t.author_id ORDER BY MIN(t.seq)";

/// A page of a thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    /// The message that the thread belongs to, with its summary.
    pub root: Message,
    /// Messages of the thread.
    pub page: History,
}

impl Storage {
    /// A page of the thread of a message: of the root, or of any message that stands in the thread.
    /// `NotFound` when the message is not there.
    pub async fn thread(
        &self,
        conversation: ConversationId,
        message: MessageId,
        place: HistoryPlace,
        limit: u32,
    ) -> Result<Thread, StorageError> {
        let engine = self.engine();
        self.call(
            Call::Read,
            read(engine, conversation, message, place, page(limit)),
        )
        .await
    }
}

async fn read(
    engine: Engine,
    conversation: ConversationId,
    message: MessageId,
    place: HistoryPlace,
    limit: u32,
) -> Result<Thread, DatabaseError> {
    let mut root = find(&engine, conversation, message).await?;
    if let Some(thread) = root.thread {
        root = find(&engine, conversation, thread).await?;
    }
    summarise(&engine, std::slice::from_mut(&mut root)).await?;
    let statements = (BEFORE, FROM, params![root.message_id]);
    let page = page_of(&engine, conversation, place, limit, statements).await?;
    Ok(Thread { root, page })
}

async fn find(
    engine: &Engine,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Message, DatabaseError> {
    let rows = engine.read(vec![(FIND, params![message, conversation])]);
    let found = only(rows.await?)?.map(read_message)?;
    let found = complete(engine, found).await?.into_iter().next();
    Ok(found.ok_or(StorageError::NotFound("message"))?)
}

/// The newest messages of a thread before an entry that count, newest first, and its root at last.
pub(crate) async fn said_in_thread(
    engine: Engine,
    conversation: ConversationId,
    root: MessageId,
    before_seq: u64,
    limit: u32,
) -> Result<Vec<Message>, DatabaseError> {
    let queries = vec![
        (SAID_BEFORE, params![conversation, before_seq, limit, root]),
        (FIND, params![root, conversation]),
    ];
    let [messages, root] = each(engine.read(queries).await?)?;
    let mut messages = messages.map(read_message)?;
    messages.extend(root.map(read_message)?);
    let mut said = complete(&engine, messages).await?;
    said.retain(|message| message.deleted_at.is_none());
    Ok(said)
}

/// Adds to messages of one conversation what stands in their threads.
pub(crate) async fn summarise(
    engine: &Engine,
    messages: &mut [Message],
) -> Result<(), DatabaseError> {
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else {
        return Ok(());
    };
    let range = params![first.conversation_id, first.seq, last.seq];
    let rows = only(engine.read(vec![(SUMMARIES, range)]).await?)?;
    let mut summaries: HashMap<MessageId, ThreadSummary> = HashMap::new();
    for mut row in rows.rows {
        let root: MessageId = row.id()?;
        let (replies, last_seq): (u64, u64) = (row.count()?, row.count()?);
        let author: Author = read_author(&mut row)?;
        let summary = summaries.entry(root).or_insert_with(|| ThreadSummary {
            replies: 0,
            last_seq: 0,
            participants: Vec::new(),
        });
        summary.replies += replies;
        summary.last_seq = summary.last_seq.max(last_seq);
        if summary.participants.len() < PARTICIPANTS_MAX {
            summary.participants.push(author);
        }
    }
    for message in messages {
        message.thread_summary = summaries.remove(&message.message_id);
    }
    Ok(())
}
