//! The owner of a twin steps in: replies that wait for the owner's word, and replies that the owner takes over.

use protocol::{ConversationId, Message, MessageId, NodeId, TwinId, TwinMode, TwinPolicy, UserId};

use crate::conversations::{ConversationKind, read_kind};
use crate::engine::{DatabaseError, Engine, each, only, until_no_collision};
use crate::metrics::Call;
use crate::replies::LEND_TO_NEXT;
use crate::storage::{ABOVE_ALL, page};
use crate::value::{Row, params, word};
use crate::{Storage, StorageError};

/// Replies of one conversation that wait for their owner's word: of more, the oldest go.
const HELD_MAX: u64 = 100;

/// Another node that writes the reply loses it: the epoch is another one. The same node goes on with its own.
const TAKE_OVER: &str = "UPDATE reply_orders SET epoch = epoch + CASE WHEN node_id = $2 THEN 0 ELSE 1 END, node_id = $2, lease_until = $3, taken_by = $4 \
     WHERE message_id = $1 AND state = 'running' RETURNING epoch";
const HOLD: &str = "UPDATE reply_orders SET state = 'held', held = $3, text = '', tokens = NULL \
     WHERE message_id = $1 AND epoch = $2 AND state = 'running' RETURNING reply_to, conversation_id";
const FORGET_OLDEST: &str = "DELETE FROM reply_orders WHERE conversation_id = $1 AND state = 'held' AND message_id NOT IN \
     (SELECT message_id FROM reply_orders WHERE conversation_id = $1 AND state = 'held' ORDER BY message_id DESC LIMIT $2)";
const TAKE_HELD: &str = "UPDATE reply_orders SET state = 'running', epoch = epoch + 1, node_id = $3, lease_until = $4 \
     WHERE message_id = $1 AND conversation_id = $2 AND state = 'held' RETURNING epoch, held";
const FIND_HELD: &str = "SELECT held FROM reply_orders \
     WHERE message_id = $1 AND conversation_id = $2 AND state = 'held'";
const DISCARD: &str = "DELETE FROM reply_orders \
     WHERE message_id = $1 AND conversation_id = $2 AND state = 'held' RETURNING message_id";
/// Where the owner takes part: elsewhere the owner sees nothing.
const HELD_FOR: &str = "SELECT o.held FROM reply_orders o \
     JOIN members m ON m.conversation_id = o.conversation_id AND m.user_id = $2 \
     WHERE o.twin_id = $1 AND o.state = 'held' ORDER BY o.message_id LIMIT $3";
const CONVERSATIONS: &str = "SELECT c.id, c.kind, c.title, m.joined_at, p.policy, p.mode, t.oversight_since, \
     (SELECT COUNT(*) FROM members o WHERE o.conversation_id = c.id AND o.user_id = t.owner_id) \
     FROM members m JOIN conversations c ON c.id = m.conversation_id JOIN twins t ON t.id = m.twin_id \
     LEFT JOIN twin_policies p ON p.conversation_id = c.id AND p.twin_id = m.twin_id \
     WHERE m.twin_id = $1 AND c.id < $2 ORDER BY c.id DESC LIMIT $3";
const NAMES_BESIDE: &str = "SELECT COALESCE(u.name, t.name) FROM members m \
     LEFT JOIN users u ON u.id = m.user_id LEFT JOIN twins t ON t.id = m.twin_id \
     WHERE m.conversation_id = $1 AND (m.twin_id IS NULL OR m.twin_id <> $2) ORDER BY m.position LIMIT $3";
/// Names of those who take part in one conversation: as many as a line has room for.
const NAMES_MAX: usize = 4;

/// A conversation that a twin takes part in, as far as its owner may know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwinConversation {
    /// The conversation.
    pub id: ConversationId,
    /// Who may take part.
    pub kind: ConversationKind,
    /// Its title, where the owner takes part.
    pub title: Option<String>,
    /// Since when the twin takes part, in UTC milliseconds.
    pub joined_at: i64,
    /// When the twin answers.
    pub policy: TwinPolicy,
    /// How far the twin writes on its own.
    pub mode: TwinMode,
    /// Whether its owner may step in.
    pub oversight: bool,
    /// Whether its owner takes part.
    pub is_member: bool,
    /// Who takes part beside the twin, by name, where its owner may step in or takes part: the first four.
    pub names: Vec<String>,
    /// Whether there are more than are named.
    pub has_more: bool,
}

impl Storage {
    /// Makes a reply that is being written its twin's owner's. Returns the epoch that every write of it must carry from now on, or
    /// `None` when it is not being written.
    pub async fn take_over_reply(
        &self,
        reply: MessageId,
        owner: UserId,
        node: NodeId,
        lease_until: i64,
    ) -> Result<Option<u64>, StorageError> {
        let parameters = params![reply, node, lease_until, owner];
        let row = self.write(TAKE_OVER, parameters).await?.first();
        row.map(|mut row| row.count()).transpose()
    }

    /// Keeps a reply for its twin's owner to see first. `false` when the epoch is stale.
    pub async fn hold_reply(
        &self,
        epoch: u64,
        held: Message,
        lend_until: i64,
    ) -> Result<bool, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(hold(&engine, epoch, &held, lend_until))
        })
        .await
    }

    /// Takes a reply that was held, in order to finish it: the epoch that this must carry, and the reply.
    pub async fn take_held_reply(
        &self,
        conversation: ConversationId,
        reply: MessageId,
        node: NodeId,
        lease_until: i64,
    ) -> Result<Option<(u64, Message)>, StorageError> {
        let parameters = params![reply, conversation, node, lease_until];
        let row = self.write(TAKE_HELD, parameters).await?.first();
        row.map(|mut row| Ok((row.count()?, read_held(row)?)))
            .transpose()
    }

    /// A reply that is held.
    pub async fn held_reply(
        &self,
        conversation: ConversationId,
        reply: MessageId,
    ) -> Result<Option<Message>, StorageError> {
        let row = self.read(FIND_HELD, params![reply, conversation]).await?;
        row.first().map(read_held).transpose()
    }

    /// Forgets a reply that is held. `false` when it is not.
    pub async fn discard_held_reply(
        &self,
        conversation: ConversationId,
        reply: MessageId,
    ) -> Result<bool, StorageError> {
        let discarded = self.write(DISCARD, params![reply, conversation]).await?;
        Ok(!discarded.rows.is_empty())
    }

    /// The replies of a twin that are held in conversations that its owner takes part in, oldest first.
    pub async fn held_replies(
        &self,
        twin: TwinId,
        owner: UserId,
        limit: u32,
    ) -> Result<Vec<Message>, StorageError> {
        self.read(HELD_FOR, params![twin, owner, page(limit)])
            .await?
            .map(read_held)
    }

    /// The conversations that a twin takes part in, those begun last first, beginning after `before`.
    pub async fn conversations_of_twin(
        &self,
        twin: TwinId,
        before: Option<ConversationId>,
        limit: u32,
    ) -> Result<Vec<TwinConversation>, StorageError> {
        let before = before.map_or(ABOVE_ALL, |id| *id.as_bytes());
        let queries = vec![(CONVERSATIONS, params![twin, before, page(limit)])];
        let engine = self.engine();
        self.call(Call::Read, async move {
            let mut found = only(engine.read(queries).await?)?.map(read_conversation)?;
            // Who could not know, when the twin came, that its owner might look in, is not named.
            let mut known: Vec<&mut TwinConversation> = (found.iter_mut())
                .filter(|found| found.oversight || found.is_member)
                .collect();
            let names = |found: &&mut TwinConversation| {
                (NAMES_BESIDE, params![found.id, twin, NAMES_MAX + 1])
            };
            let read = match known.is_empty() {
                true => Vec::new(),
                false => engine.read(known.iter().map(names).collect()).await?,
            };
            for (found, rows) in known.iter_mut().zip(read) {
                found.names = rows.map(|mut row| row.text())?;
                found.has_more = found.names.len() > NAMES_MAX;
                found.names.truncate(NAMES_MAX);
            }
            Ok(found)
        })
        .await
    }
}

async fn hold(
    engine: &Engine,
    epoch: u64,
    held: &Message,
    lend_until: i64,
) -> Result<bool, DatabaseError> {
    let json = serde_json::to_string(held)
        .map_err(|error| StorageError::Internal(format!("a reply is no JSON: {error}")))?;
    let hold = vec![(HOLD, params![held.message_id, epoch, json])];
    let (transaction, held) = engine.begin(hold).await?;
    let [held] = each(held)?;
    let Some(mut row) = held.first() else {
        transaction.roll_back().await;
        return Ok(false);
    };
    let (question, conversation): (MessageId, ConversationId) = (row.id()?, row.id()?);
    let follow = vec![
        (FORGET_OLDEST, params![conversation, HELD_MAX]),
        (LEND_TO_NEXT, params![question, lend_until]),
    ];
    transaction.commit(follow).await?;
    Ok(true)
}

fn read_held(mut row: Row) -> Result<Message, StorageError> {
    let held = row.text()?;
    serde_json::from_str(&held)
        .map_err(|error| StorageError::Corrupt(format!("a held reply is none: {error}")))
}

fn read_conversation(mut row: Row) -> Result<TwinConversation, StorageError> {
    let id = row.id()?;
    let kind = read_kind(&mut row)?;
    let title = row.optional_text()?;
    let joined_at = row.int()?;
    let policy = word(row.optional_text()?)?.unwrap_or_default();
    let mode = word(row.optional_text()?)?.unwrap_or_default();
    let since = row.optional_int()?;
    let is_member = row.int()? > 0;
    Ok(TwinConversation {
        id,
        kind,
        title: title.filter(|_| is_member),
        joined_at,
        policy,
        mode,
        oversight: since.is_some_and(|since| since <= joined_at),
        is_member,
        names: Vec::new(),
        has_more: false,
    })
}
