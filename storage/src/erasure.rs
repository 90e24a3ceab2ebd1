//! What goes with an account beside its rows: what it said, what its bots and twins said, and conversations that nobody else is in.
//!
//! In a conversation with others each message keeps its place, as one that was deleted, and the log says so: whoever was away learns of
//! it like of any other change.

use protocol::{ConversationId, MessageId, UserId};

use crate::engine::{DatabaseError, Query, Transaction, each};
use crate::people::DELETED_ACCOUNT;
use crate::value::params;

/// Conversations `c` in which the account or a bot of its is, and no other person and no bot of another.
macro_rules! alone {
    () => {
        "c.id IN (SELECT m.conversation_id FROM members m JOIN users u ON u.id = m.user_id \
         WHERE u.id = $1 OR u.owner_id = $1) \
         AND NOT EXISTS (SELECT 1 FROM members o JOIN users u ON u.id = o.user_id \
         WHERE o.conversation_id = c.id AND u.id <> $1 AND COALESCE(u.owner_id, u.id) <> $1)"
    };
}

/// Messages that the account, a bot or a twin of its wrote, and that say something still.
macro_rules! own {
    () => {
        "author_id IN (SELECT id FROM users WHERE id = $1 OR owner_id = $1 \
         UNION ALL SELECT id FROM twins WHERE owner_id = $1) AND deleted_at IS NULL"
    };
}

/// The rows that belong to these messages.
macro_rules! of_own {
    () => {
        concat!(
            "(conversation_id, seq) IN (SELECT conversation_id, seq FROM messages WHERE ",
            own!(),
            ")"
        )
    };
}

const LET_FILES_OF_ALONE_GO: &str = concat!(
    "UPDATE attachment_files SET kept = 0, noted_at = 0 WHERE file_key IN (SELECT file_key FROM attachments \
     WHERE conversation_id IN (SELECT c.id FROM conversations c WHERE ",
    alone!(),
    "))"
);
const COUNT_OF_ALONE: &str = concat!(
    "SELECT COUNT(*) FROM messages WHERE deleted_at IS NULL \
     AND conversation_id IN (SELECT c.id FROM conversations c WHERE ",
    alone!(),
    ")"
);
const DELETE_ALONE: &str = concat!(
    "DELETE FROM conversations WHERE id IN (SELECT c.id FROM conversations c WHERE ",
    alone!(),
    ")"
);

/// What twins of the account keep of conversations, and what others do of those in which it said something, or was alone.
const FORGET_RECAPS: &str = concat!(
    "DELETE FROM recaps WHERE text <> '' AND (twin_id IN (SELECT id FROM twins WHERE owner_id = $1) \
     OR conversation_id IN (SELECT c.id FROM conversations c WHERE ",
    alone!(),
    ") OR (conversation_id IN (SELECT conversation_id FROM messages WHERE ",
    own!(),
    ") AND EXISTS (SELECT 1 FROM messages WHERE messages.conversation_id = recaps.conversation_id \
     AND seq >= from_seq AND seq <= to_seq AND ",
    own!(),
    ")))"
);

/// Makes room in the logs for as many entries as messages go, and keeps the conversations locked.
const COUNT_UP: &str = concat!(
    "UPDATE conversations SET last_seq = last_seq + (SELECT COUNT(*) FROM messages \
     WHERE conversation_id = conversations.id AND ",
    own!(),
    ") WHERE id IN (SELECT conversation_id FROM messages WHERE ",
    own!(),
    ")"
);
/// An entry for each message, in their order, at the end of the log.
const SAY_SO: &str = concat!(
    "INSERT INTO changes (conversation_id, seq, author_kind, author_id, author_name, kind, message_id, created_at) \
     SELECT m.conversation_id, c.last_seq - COUNT(*) OVER (PARTITION BY m.conversation_id) \
     + ROW_NUMBER() OVER (PARTITION BY m.conversation_id ORDER BY m.seq), 'user', $1, $2, 'deleted', m.message_id, $3 \
     FROM (SELECT conversation_id, seq, message_id FROM messages WHERE ",
    own!(),
    ") m JOIN conversations c ON c.id = m.conversation_id RETURNING conversation_id, seq, message_id"
);
const FORGET_INDEX: &str = concat!(
    "DELETE FROM search_blocks WHERE conversation_id IN (SELECT conversation_id FROM messages WHERE ",
    own!(),
    ")"
);
const DELETE_VERSIONS: &str = concat!("DELETE FROM message_versions WHERE ", of_own!());
const DELETE_SOURCES: &str = concat!("DELETE FROM message_sources WHERE ", of_own!());
const DELETE_REACTIONS: &str = concat!("DELETE FROM reactions WHERE ", of_own!());
const DELETE_FEEDBACK: &str = concat!("DELETE FROM feedback WHERE ", of_own!());
const LET_FILES_GO: &str = concat!(
    "UPDATE attachment_files SET kept = 0, noted_at = 0 WHERE file_key IN (SELECT file_key FROM attachments WHERE ",
    of_own!(),
    ")"
);
const DELETE_ATTACHMENTS: &str = concat!("DELETE FROM attachments WHERE ", of_own!());
const DELETE_ORIGINS: &str = concat!(
    "DELETE FROM reply_origins WHERE message_id IN (SELECT message_id FROM messages WHERE ",
    own!(),
    ")"
);
const DELETE_ORDERS: &str = concat!(
    "DELETE FROM reply_orders WHERE (state = 'pending' OR state = 'held') \
     AND reply_to IN (SELECT message_id FROM messages WHERE ",
    own!(),
    ")"
);
const ERASE: &str = concat!(
    "UPDATE messages SET text = '', authorship = NULL, edited_at = NULL, deleted_at = $2, reacted = 0, attached = 0, \
     pinned_seq = NULL, failure_message = CASE WHEN failure_message IS NULL THEN NULL ELSE '' END WHERE ",
    own!()
);

/// The last entry of a log that says that a message is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The entry's place.
    pub seq: u64,
    /// The message.
    pub message_id: MessageId,
}

/// What became of what an account said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Erasure {
    /// Messages whose text is gone.
    pub(crate) messages: u64,
    /// Recaps of conversations.
    pub(crate) recaps: u64,
    /// Of each conversation that others are in, the newest entry.
    pub(crate) newest: Vec<Erased>,
}

/// Takes away what an account, its bots and its twins said, before they go themselves.
pub(crate) async fn erase(
    transaction: &mut Transaction,
    account: UserId,
    now: i64,
) -> Result<Erasure, DatabaseError> {
    let own = || params![account];
    let queries: Vec<Query> = vec![
        (COUNT_OF_ALONE, own()),
        (LET_FILES_OF_ALONE_GO, own()),
        // From here on nothing more is summed up of what goes.
        (COUNT_UP, own()),
        (FORGET_RECAPS, own()),
        (DELETE_ALONE, own()),
        (SAY_SO, params![account, DELETED_ACCOUNT, now]),
        (FORGET_INDEX, own()),
        (DELETE_VERSIONS, own()),
        (DELETE_SOURCES, own()),
        (DELETE_REACTIONS, own()),
        (DELETE_FEEDBACK, own()),
        (LET_FILES_GO, own()),
        (DELETE_ATTACHMENTS, own()),
        (DELETE_ORIGINS, own()),
        (DELETE_ORDERS, own()),
        (ERASE, params![account, now]),
    ];
    let mut results = transaction.pipe(queries).await?;
    let rest = results.split_off(6);
    let [alone, _, _, recaps, _, said] = each(results)?;
    let mut messages = match alone.first() {
        Some(mut row) => row.count::<u64>()?,
        None => 0,
    };
    messages += rest.last().map_or(0, |erased| erased.affected);
    let mut entries = said.map(|mut row| {
        Ok(Erased {
            conversation_id: row.id()?,
            seq: row.count()?,
            message_id: row.id()?,
        })
    })?;
    entries.sort_unstable_by_key(|entry| (entry.conversation_id, std::cmp::Reverse(entry.seq)));
    entries.dedup_by_key(|entry| entry.conversation_id);
    Ok(Erasure {
        messages,
        recaps: recaps.affected,
        newest: entries,
    })
}
