//! Whom people do not wish to hear from: people, bots and twins.
//!
//! Of a conversation of two, one of whom has blocked the other, the roster says so, and `rules_revision` makes older ones
//! stale. What a twin was asked by somebody who has blocked it is found when its reply is claimed ([`Storage::is_unwanted`]).

use protocol::{ConversationId, MessageId, TwinId, UserId};
use uuid::Uuid;

use crate::engine::{DatabaseError, Engine, Query, each, until_no_collision};
use crate::metrics::Call;
use crate::people::Room;
use crate::value::{Row, Value, params};
use crate::{Storage, StorageError};

const COUNT: &str = "SELECT COUNT(*) FROM blocks WHERE user_id = $1";
const INSERT: &str = "INSERT INTO blocks (user_id, blocked_user, blocked_twin, created_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const DELETE: &str = "DELETE FROM blocks \
     WHERE user_id = $1 AND (blocked_user = $2 OR blocked_twin = $2) RETURNING user_id";
const OF_USER: &str = "SELECT b.blocked_user, b.blocked_twin, u.owner_id, COALESCE(u.name, t.name), b.created_at \
     FROM blocks b LEFT JOIN users u ON u.id = b.blocked_user LEFT JOIN twins t ON t.id = b.blocked_twin \
     WHERE b.user_id = $1 ORDER BY b.created_at DESC, b.blocked_user, b.blocked_twin";
const HAS_BLOCKED: &str = "SELECT user_id FROM blocks \
     WHERE user_id = $1 AND (blocked_user = $2 OR blocked_twin = $2)";
/// People may know of each other; of bots and of twins that are private those may who meet them.
const FIND_USER: &str = "SELECT u.id FROM users u WHERE u.id = $2 AND (u.owner_id IS NULL OR EXISTS \
     (SELECT 1 FROM members m JOIN members o ON o.conversation_id = m.conversation_id \
     WHERE m.user_id = $1 AND o.user_id = u.id))";
const FIND_TWIN: &str = "SELECT t.id FROM twins t WHERE t.id = $2 \
     AND (t.owner_id = $1 OR t.visibility <> 'private' OR EXISTS \
     (SELECT 1 FROM members m JOIN members o ON o.conversation_id = m.conversation_id \
     WHERE m.user_id = $1 AND o.twin_id = t.id))";
/// Whoever has judged by the blocks before is to judge anew.
const COUNT_UP: &str = "UPDATE conversations SET rules_revision = rules_revision + 1 WHERE kind = 'direct' AND id IN \
     (SELECT m.conversation_id FROM members m JOIN members o ON o.conversation_id = m.conversation_id \
     WHERE m.user_id = $1 AND (o.user_id = $2 OR o.twin_id = $2)) RETURNING id";
const FORGET_NOTIFICATIONS: &str = "DELETE FROM notifications WHERE user_id = $1 AND EXISTS \
     (SELECT 1 FROM messages m WHERE m.conversation_id = notifications.conversation_id \
     AND m.seq = notifications.seq AND m.author_id = $2)";
const RUNNING: &str = "SELECT o.conversation_id, o.message_id FROM members m \
     JOIN reply_orders o ON o.conversation_id = m.conversation_id \
     JOIN messages q ON q.message_id = o.reply_to \
     WHERE m.user_id = $1 AND o.twin_id = $2 AND o.state = 'running' AND q.author_id = $1";
const IS_UNWANTED: &str = "SELECT b.user_id FROM reply_orders o JOIN messages q ON q.message_id = o.reply_to \
     JOIN blocks b ON b.user_id = q.author_id AND b.blocked_twin = o.twin_id WHERE o.message_id = $1";

/// Somebody whom a person does not wish to hear from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blocked {
    /// A person or a bot.
    User(UserId),
    /// A twin.
    Twin(TwinId),
}

/// Somebody whom a person has blocked, as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Who.
    pub blocked: Blocked,
    /// The name now.
    pub name: String,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// Since when, in UTC milliseconds.
    pub created_at: i64,
}

/// What a block, or its end, concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockConcerns {
    /// Conversations of the two, whose members are to be read anew.
    pub conversations: Vec<ConversationId>,
    /// Replies of the twin to the person that are being written, and are to be stopped.
    pub replies: Vec<(ConversationId, MessageId)>,
}

impl Blocked {
    fn id(self) -> Value {
        match self {
            Self::User(id) => id.into(),
            Self::Twin(id) => id.into(),
        }
    }
}

impl Storage {
    /// Who has this id and may be blocked by a person, who may know of them.
    pub async fn find_blockable(
        &self,
        user: UserId,
        id: Uuid,
    ) -> Result<Option<Blocked>, StorageError> {
        let engine = self.engine();
        let id = id.into_bytes();
        self.call(Call::Read, async move {
            let queries = vec![
                (FIND_USER, params![user, id]),
                (FIND_TWIN, params![user, id]),
            ];
            let [users, twins] = each(engine.read(queries).await?)?;
            Ok(match (users.first(), twins.first()) {
                (Some(mut row), _) => Some(Blocked::User(row.id()?)),
                (None, Some(mut row)) => Some(Blocked::Twin(row.id()?)),
                (None, None) => None,
            })
        })
        .await
    }

    /// Blocks somebody, and forgets the person's notifications of them; whoever is blocked already stays so. `LimitReached` when
    /// the person has blocked `blocks_max`, `NotFound` when either is gone.
    pub async fn block(
        &self,
        user: UserId,
        blocked: Blocked,
        now: i64,
        blocks_max: u64,
    ) -> Result<BlockConcerns, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(block(&engine, user, blocked, now, blocks_max))
        })
        .await
    }

    /// Takes the block of a person, a bot or a twin back. `NotFound` when there is none.
    pub async fn unblock(
        &self,
        user: UserId,
        blocked: Uuid,
    ) -> Result<BlockConcerns, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(unblock(&engine, user, blocked))
        })
        .await
    }

    /// Whom a person has blocked, those blocked last first.
    pub async fn blocks_of(&self, user: UserId) -> Result<Vec<Block>, StorageError> {
        self.read(OF_USER, params![user]).await?.map(|mut row| {
            let (user, twin) = (row.optional_id()?, row.optional_id()?);
            let owner: Option<UserId> = row.optional_id()?;
            Ok(Block {
                blocked: blocked_of(user, twin)?,
                is_bot: owner.is_some(),
                name: row.text()?,
                created_at: row.int()?,
            })
        })
    }

    /// Whether a person has blocked somebody.
    pub async fn has_blocked(&self, user: UserId, blocked: Blocked) -> Result<bool, StorageError> {
        let rows = self.read(HAS_BLOCKED, params![user, blocked.id()]).await?;
        Ok(!rows.rows.is_empty())
    }

    /// Whether whoever asked for a reply has blocked its twin.
    pub async fn is_unwanted(&self, reply: MessageId) -> Result<bool, StorageError> {
        let rows = self.read(IS_UNWANTED, params![reply]).await?;
        Ok(!rows.rows.is_empty())
    }
}

/// The statement that finds whether one has blocked the other.
pub(crate) fn has_blocked(user: UserId, blocked: Blocked) -> Query {
    (HAS_BLOCKED, params![user, blocked.id()])
}

async fn block(
    engine: &Engine,
    user: UserId,
    blocked: Blocked,
    now: i64,
    blocks_max: u64,
) -> Result<BlockConcerns, DatabaseError> {
    let room = Room {
        what: "blocks",
        count: COUNT,
        max: blocks_max,
    };
    let transaction = room.begin(engine, user).await?;
    let (person, twin) = match blocked {
        Blocked::User(id) => (Some(id), None),
        Blocked::Twin(id) => (None, Some(id)),
    };
    let both = || params![user, blocked.id()];
    let statements = vec![
        (INSERT, params![user, person, twin, now]),
        (COUNT_UP, both()),
        (FORGET_NOTIFICATIONS, both()),
        (RUNNING, both()),
    ];
    let done = transaction.commit(statements).await;
    let done = done.map_err(|error| error.missing("person, bot or twin"))?;
    let [_, conversations, _, replies] = each(done)?;
    Ok(BlockConcerns {
        conversations: conversations.map(|mut row| row.id())?,
        replies: replies.map(|mut row| Ok((row.id()?, row.id()?)))?,
    })
}

async fn unblock(
    engine: &Engine,
    user: UserId,
    blocked: Uuid,
) -> Result<BlockConcerns, DatabaseError> {
    let both = || params![user, blocked.into_bytes()];
    let (transaction, deleted) = engine.begin(vec![(DELETE, both())]).await?;
    let [deleted] = each(deleted)?;
    if deleted.rows.is_empty() {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("block").into());
    }
    let [conversations] = each(transaction.commit(vec![(COUNT_UP, both())]).await?)?;
    Ok(BlockConcerns {
        conversations: conversations.map(|mut row| row.id())?,
        replies: Vec::new(),
    })
}

fn blocked_of(user: Option<UserId>, twin: Option<TwinId>) -> Result<Blocked, StorageError> {
    match (user, twin) {
        (Some(user), None) => Ok(Blocked::User(user)),
        (None, Some(twin)) => Ok(Blocked::Twin(twin)),
        _ => Err(StorageError::Corrupt("a block is of nobody".into())),
    }
}

/// Reads who has blocked, and the id of whom.
pub(crate) fn read_block(mut row: Row) -> Result<(UserId, Uuid), StorageError> {
    let by = row.id()?;
    let blocked: UserId = row.id()?;
    Ok((by, blocked.as_uuid()))
}
