//! Pages of a conversation's messages, in both directions from any place.

use protocol::{ConversationId, Message, MessageId};

use crate::engine::{DatabaseError, Engine, each, only};
use crate::messages::{complete, read_message, stored_columns};
use crate::metrics::Call;
use crate::search::first_at;
use crate::storage::page;
use crate::threads::summarise;
use crate::value::{Value, params};
use crate::{Storage, StorageError};

const BEFORE: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE conversation_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"
);
const FROM: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE conversation_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3"
);
const FIND_SEQ: &str = "SELECT seq FROM messages WHERE message_id = $1 AND conversation_id = $2";

/// Where a page of messages is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryPlace {
    /// At the end.
    Newest,
    /// Before an entry of the log.
    Before(u64),
    /// After an entry of the log.
    After(u64),
    /// Around an entry of the log.
    Around(u64),
    /// Around a message.
    AroundMessage(MessageId),
    /// From the first message on that was committed at a moment, in UTC milliseconds, or after it.
    From(i64),
}

/// A page of messages, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The messages. Their `seq` may skip numbers: changes have some.
    pub messages: Vec<Message>,
    /// Before which `seq` there are older ones, if there are any.
    pub older: Option<u64>,
    /// After which `seq` there are newer ones, if there are any.
    pub newer: Option<u64>,
}

impl Storage {
    /// A page of a conversation's messages. `NotFound` when it is to be around a message that is not there.
    pub async fn history(
        &self,
        conversation: ConversationId,
        place: HistoryPlace,
        limit: u32,
    ) -> Result<History, StorageError> {
        let engine = self.engine();
        self.call(Call::Read, async move {
            let statements = (BEFORE, FROM, Vec::new());
            let mut history =
                page_of(&engine, conversation, place, page(limit), statements).await?;
            summarise(&engine, &mut history.messages).await?;
            Ok(history)
        })
        .await
    }
}

/// The statements that read messages before an entry, newest first, and from one on, and what they need besides the
/// conversation, the entry and the limit.
pub(crate) type Statements = (&'static str, &'static str, Vec<Value>);

/// Reads a page of the messages that these statements read.
pub(crate) async fn page_of(
    engine: &Engine,
    conversation: ConversationId,
    place: HistoryPlace,
    limit: u32,
    statements: Statements,
) -> Result<History, DatabaseError> {
    // So many messages before an entry, and so many from it on.
    let around = |seq| (seq, limit / 2, limit - limit / 2);
    let (seq, before, from) = match place {
        HistoryPlace::Newest => (u64::MAX, limit, 0),
        HistoryPlace::Before(seq) => (seq, limit, 0),
        HistoryPlace::After(seq) => (seq.saturating_add(1), 0, limit),
        HistoryPlace::Around(seq) => around(seq),
        HistoryPlace::AroundMessage(id) => {
            let found = engine.read(vec![(FIND_SEQ, params![id, conversation])]);
            let found = only(found.await?)?.first();
            around(found.ok_or(StorageError::NotFound("message"))?.count()?)
        }
        HistoryPlace::From(moment) => match first_at(engine, conversation, moment).await? {
            Some(seq) => (seq, 0, limit),
            None => (u64::MAX, 0, limit),
        },
    };
    // One more on each side says whether there are more.
    let (before_sql, from_sql, more) = statements;
    let with = |limit: u32| [params![conversation, seq, limit], more.clone()].concat();
    let queries = vec![(before_sql, with(before + 1)), (from_sql, with(from + 1))];
    let [older, newer] = each(engine.read(queries).await?)?;
    let mut older = older.map(read_message)?;
    let mut newer = newer.map(read_message)?;
    let is_more = (older.len() > before as usize, newer.len() > from as usize);
    older.truncate(before as usize);
    newer.truncate(from as usize);
    older.reverse();
    older.extend(newer);
    let messages = complete(engine, older).await?;
    let first = messages.first().map_or(seq, |message| message.seq);
    let last = messages
        .last()
        .map_or(seq.saturating_sub(1), |message| message.seq);
    Ok(History {
        older: is_more.0.then_some(first),
        newer: is_more.1.then_some(last),
        messages,
    })
}
