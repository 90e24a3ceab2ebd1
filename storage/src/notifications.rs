//! What people have not seen: found by looking through the log a little later, kept without texts until it is read.
//!
//! 1. A conversation that has gone on asks for what is new, who takes part and what they wish to be told ([`Storage::unnoticed`]).
//! 2. Whoever decides who has missed what hands that over with how far the log was looked through ([`Storage::notify`]). Of two
//!    that do so at once, one is refused: nobody is told twice.
//! 3. In the same transaction the places where a person is told become due (`notification_targets.rs`).

use std::collections::HashSet;

use protocol::{Author, ConversationId, MessageId, NotificationId, UserId};
use uuid::Uuid;

use crate::blocks::read_block;
use crate::engine::{DatabaseError, Engine, Query, each, only, until_no_collision};
use crate::messages::read_author;
use crate::metrics::Call;
use crate::notification_targets::MARK_DUE;
use crate::storage::{ABOVE_ALL, page};
use crate::value::{Row, names, params};
use crate::{Storage, StorageError};

/// Notifications that are kept for one person: who has so many has long stopped counting, and the oldest make room.
pub const NOTIFICATIONS_MAX: u64 = 500;
/// How long a notification is kept, in milliseconds: thirty days.
pub const NOTIFICATION_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Messages that are looked through at once: of more than these the newest.
const LOOKED_THROUGH_MAX: u32 = 200;

/// How far the log was looked through, and how far it can be now: up to the first message that is too new.
const CURSOR: &str = "SELECT noticed_seq, COALESCE((SELECT MIN(m.seq) - 1 FROM messages m \
     WHERE m.conversation_id = $1 AND m.seq > $2 AND m.seq > noticed_seq AND m.created_at > $3), last_seq) \
     FROM conversations WHERE id = $1";
const NEW_MESSAGES: &str = "SELECT m.seq, m.author_kind, m.author_id, m.author_name, m.text, r.author_id \
     FROM messages m LEFT JOIN messages r ON r.message_id = m.reply_to \
     WHERE m.conversation_id = $1 AND m.deleted_at IS NULL AND m.created_at <= $3 \
     AND m.seq > $2 AND m.seq > (SELECT noticed_seq FROM conversations WHERE id = $1) \
     ORDER BY m.seq DESC LIMIT $4";
/// Whom of those who wrote the new messages somebody who takes part has blocked.
const BLOCKS: &str = "SELECT b.user_id, COALESCE(b.blocked_user, b.blocked_twin) FROM members l \
     JOIN blocks b ON b.user_id = l.user_id WHERE l.conversation_id = $1 \
     AND COALESCE(b.blocked_user, b.blocked_twin) IN (SELECT m.author_id FROM messages m \
     WHERE m.conversation_id = $1 AND m.created_at <= $3 AND m.seq > $2 \
     AND m.seq > (SELECT noticed_seq FROM conversations WHERE id = $1))";
const LISTENERS: &str = "SELECT m.user_id, u.name, m.read_seq, COALESCE(m.notify, s.notify) \
     FROM members m JOIN users u ON u.id = m.user_id \
     LEFT JOIN notification_settings s ON s.user_id = m.user_id \
     WHERE m.conversation_id = $1 AND u.owner_id IS NULL AND m.role <> 'watcher' ORDER BY m.position";
/// Of two nodes that look at once, the second finds nothing to advance.
const ADVANCE: &str = "UPDATE conversations SET noticed_seq = $3 \
     WHERE id = $1 AND noticed_seq = $2 AND noticed_seq < $3 RETURNING id";
const ADVANCE_TO: &str =
    "UPDATE conversations SET noticed_seq = $2 WHERE id = $1 AND noticed_seq < $2";
const UNNOTICED: &str = "SELECT id FROM conversations \
     WHERE noticed_seq < last_seq AND active_at > $1 AND active_at <= $2 LIMIT $3";
const INSERT: &str = "INSERT INTO notifications (id, user_id, conversation_id, seq, kind, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
/// The oldest beyond the limit make room.
const MAKE_ROOM: &str = "DELETE FROM notifications WHERE user_id = $1 AND id <= \
     (SELECT id FROM notifications WHERE user_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
/// Of conversations that the person has left nothing is shown, nor what was read there or deleted.
const OF_USER: &str = "SELECT n.id, n.kind, n.conversation_id, c.title, n.seq, m.message_id, \
     m.author_kind, m.author_id, m.author_name, substr(m.text, 1, 200), m.created_at \
     FROM notifications n JOIN conversations c ON c.id = n.conversation_id \
     JOIN members p ON p.user_id = n.user_id AND p.conversation_id = n.conversation_id \
     JOIN messages m ON m.conversation_id = n.conversation_id AND m.seq = n.seq \
     WHERE n.user_id = $1 AND n.id < $2 AND n.seq > p.read_seq AND m.deleted_at IS NULL \
     ORDER BY n.id DESC LIMIT $3";
const DELETE: &str = "DELETE FROM notifications WHERE id = $1 AND user_id = $2 RETURNING id";
const DELETE_UP_TO: &str = "DELETE FROM notifications WHERE user_id = $1 AND id <= $2";
const FORGET_OLD: &str = "DELETE FROM notifications WHERE created_at < $1";
const FORGET_READ: &str = "DELETE FROM notifications WHERE NOT EXISTS \
     (SELECT 1 FROM members p WHERE p.user_id = notifications.user_id \
     AND p.conversation_id = notifications.conversation_id AND p.read_seq < notifications.seq)";

names! {
    /// What of a conversation a person is told.
    NotifyLevel {
        /// Every message.
        All = "all",
        /// What is meant for the person.
        Mentions = "mentions",
        /// Nothing.
        None = "none",
    }
}

names! {
    /// Why somebody is told of a message.
    NoticeKind {
        /// It names the person, or everybody.
        Mention = "mention",
        /// It answers the person's message.
        Reply = "reply",
        /// It is there.
        Message = "message",
    }
}

/// What has not been looked through of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unnoticed {
    /// How far it was looked through before.
    pub noticed_seq: u64,
    /// How far it is looked through with these messages.
    pub up_to_seq: u64,
    /// The newest messages since, newest first.
    pub messages: Vec<UnnoticedMessage>,
    /// The people who take part.
    pub listeners: Vec<Listener>,
    /// Whom of those who wrote they have blocked: who has, and the id of whom.
    pub blocks: HashSet<(UserId, Uuid)>,
}

/// A message that somebody may have missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnnoticedMessage {
    /// Its place in the conversation.
    pub seq: u64,
    /// Who wrote it.
    pub author: Author,
    /// Its text.
    pub text: String,
    /// Who wrote the message that it answers: the id of a person, a bot or a twin.
    pub answers: Option<UserId>,
}

/// A person who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The person.
    pub user: UserId,
    /// The person's name.
    pub name: String,
    /// The last `seq` that the person has read.
    pub read_seq: u64,
    /// What the person wishes to be told, if the person has said so.
    pub level: Option<NotifyLevel>,
}

/// Something that a person has missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// The person.
    pub user: UserId,
    /// The message.
    pub seq: u64,
    /// Why the person is told.
    pub kind: NoticeKind,
}

/// A notification, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// Why the person is told.
    pub kind: NoticeKind,
    /// Where.
    pub conversation_id: ConversationId,
    /// The conversation's title, if it has one.
    pub title: Option<String>,
    /// The message's place.
    pub seq: u64,
    /// The message.
    pub message_id: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// The beginning of its text.
    pub text: String,
    /// When the message was committed, in UTC milliseconds.
    pub created_at: i64,
}

impl Storage {
    /// What has not been looked through of a conversation beyond `after_seq`, of messages that were committed by `until`.
    pub async fn unnoticed(
        &self,
        conversation: ConversationId,
        after_seq: u64,
        until: i64,
    ) -> Result<Unnoticed, StorageError> {
        let engine = self.engine();
        self.call(Call::Read, async move {
            let queries = vec![
                (CURSOR, params![conversation, after_seq, until]),
                (
                    NEW_MESSAGES,
                    params![conversation, after_seq, until, LOOKED_THROUGH_MAX],
                ),
                (LISTENERS, params![conversation]),
                (BLOCKS, params![conversation, after_seq, until]),
            ];
            let [cursor, messages, listeners, blocks] = each(engine.read(queries).await?)?;
            let mut cursor = cursor
                .first()
                .ok_or(StorageError::NotFound("conversation"))?;
            let (noticed_seq, up_to_seq) = (cursor.count()?, cursor.count()?);
            // What was committed between the statements is for the next time.
            let mut messages = messages.map(read_message)?;
            messages.retain(|message| message.seq <= up_to_seq);
            Ok(Unnoticed {
                noticed_seq,
                up_to_seq,
                messages,
                listeners: listeners.map(read_listener)?,
                blocks: blocks.map(read_block)?.into_iter().collect(),
            })
        })
        .await
    }

    /// Keeps what people have missed up to `up_to_seq`, and makes their places due at `due_at`. `false`, and nothing is kept,
    /// when somebody else has looked through the conversation since it stood at `noticed_seq`.
    pub async fn notify(
        &self,
        conversation: ConversationId,
        (noticed_seq, up_to_seq): (u64, u64),
        notices: Vec<Notice>,
        now: i64,
    ) -> Result<bool, StorageError> {
        let engine = self.engine();
        let looked = Looked {
            conversation,
            noticed_seq,
            up_to_seq,
            notices,
            now,
        };
        self.call(Call::Write, async move {
            until_no_collision!(notify(&engine, &looked))
        })
        .await
    }

    /// Notes that nobody has missed anything up to `seq`.
    pub async fn notice_up_to(
        &self,
        conversation: ConversationId,
        seq: u64,
    ) -> Result<(), StorageError> {
        let advanced = self.write(ADVANCE_TO, params![conversation, seq]).await;
        advanced.map(drop)
    }

    /// Conversations that went on between these times and were not looked through: those of nodes that died.
    pub async fn unnoticed_conversations(
        &self,
        since: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<ConversationId>, StorageError> {
        let parameters = params![since, until, page(limit)];
        self.read(UNNOTICED, parameters)
            .await?
            .map(|mut row| row.id())
    }

    /// What a person has not seen, newest first, beginning after `before`.
    pub async fn notifications_of(
        &self,
        user: UserId,
        before: Option<NotificationId>,
        limit: u32,
    ) -> Result<Vec<Notification>, StorageError> {
        let before = before.map_or(ABOVE_ALL, |id| *id.as_bytes());
        let parameters = params![user, before, page(limit)];
        self.read(OF_USER, parameters).await?.map(read_notification)
    }

    /// Marks a person's notification as read: it is kept no longer. `NotFound` when there is none.
    pub async fn read_notification(
        &self,
        user: UserId,
        id: NotificationId,
    ) -> Result<(), StorageError> {
        let deleted = self.write(DELETE, params![id, user]).await?;
        match deleted.rows.is_empty() {
            false => Ok(()),
            true => Err(StorageError::NotFound("notification")),
        }
    }

    /// Marks a person's notifications as read: all, or those up to one.
    pub async fn read_notifications(
        &self,
        user: UserId,
        up_to: Option<NotificationId>,
    ) -> Result<(), StorageError> {
        let up_to = up_to.map_or(ABOVE_ALL, |id| *id.as_bytes());
        self.write(DELETE_UP_TO, params![user, up_to])
            .await
            .map(drop)
    }

    /// Forgets notifications that are too old, that were read in their conversations, or whose people have left. Returns how
    /// many they were.
    pub async fn forget_notifications(&self, now: i64) -> Result<u64, StorageError> {
        let old = self
            .write(FORGET_OLD, params![now - NOTIFICATION_KEPT_MS])
            .await?;
        let read = self.write(FORGET_READ, Vec::new()).await?;
        Ok(old.affected + read.affected)
    }
}

/// What was found when a conversation was looked through.
struct Looked {
    conversation: ConversationId,
    noticed_seq: u64,
    up_to_seq: u64,
    notices: Vec<Notice>,
    now: i64,
}

async fn notify(engine: &Engine, looked: &Looked) -> Result<bool, DatabaseError> {
    let advance = params![looked.conversation, looked.noticed_seq, looked.up_to_seq];
    let (transaction, advanced) = engine.begin(vec![(ADVANCE, advance)]).await?;
    if only(advanced)?.rows.is_empty() {
        transaction.roll_back().await;
        return Ok(false);
    }
    let mut queries: Vec<Query> = Vec::new();
    let mut users: Vec<UserId> = Vec::new();
    for notice in &looked.notices {
        let parameters = params![
            NotificationId::new(),
            notice.user,
            looked.conversation,
            notice.seq,
            notice.kind.as_str(),
            looked.now,
        ];
        queries.push((INSERT, parameters));
        users.push(notice.user);
    }
    // Every process locks the places of people in the same order.
    users.sort();
    users.dedup();
    for user in users {
        queries.push((MAKE_ROOM, params![user, NOTIFICATIONS_MAX]));
        queries.push((MARK_DUE, params![user, looked.now]));
    }
    let kept = transaction.commit(queries).await;
    // Somebody's account, or a message, is gone since: it is looked through again.
    kept.map_err(|error| match error {
        DatabaseError::ForeignKey => DatabaseError::Collision("somebody has gone".into()),
        error => error,
    })?;
    Ok(true)
}

fn read_message(mut row: Row) -> Result<UnnoticedMessage, StorageError> {
    Ok(UnnoticedMessage {
        seq: row.count()?,
        author: read_author(&mut row)?,
        text: row.text()?,
        answers: row.optional_id()?,
    })
}

fn read_listener(mut row: Row) -> Result<Listener, StorageError> {
    Ok(Listener {
        user: row.id()?,
        name: row.text()?,
        read_seq: row.count()?,
        level: read_level(&mut row)?,
    })
}

/// Reads a level that may be absent.
pub(crate) fn read_level(row: &mut Row) -> Result<Option<NotifyLevel>, StorageError> {
    let Some(name) = row.optional_text()? else {
        return Ok(None);
    };
    let level = NotifyLevel::from_name(&name);
    let level = level.ok_or_else(|| StorageError::Corrupt("a stored level is none".into()));
    level.map(Some)
}

fn read_notification(mut row: Row) -> Result<Notification, StorageError> {
    Ok(Notification {
        id: row.id()?,
        kind: row.parsed("kind of a notification", NoticeKind::from_name)?,
        conversation_id: row.id()?,
        title: row.optional_text()?,
        seq: row.count()?,
        message_id: row.id()?,
        author: read_author(&mut row)?,
        text: row.text()?,
        created_at: row.int()?,
    })
}
