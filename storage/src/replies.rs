//! Orders to reply: rows written with the message that caused them, so that a reply survives its node.

use protocol::{
    Author, ConversationId, Failure, Latency, Message, MessageId, NodeId, Source, StopReason,
    TwinId, Usage,
};

use crate::append::COUNT_UP;
use crate::engine::{DatabaseError, Engine, Query, each, until_no_collision};
use crate::messages::{self, insert_reply};
use crate::metrics::Call;
use crate::storage::page;
use crate::value::{Row, params};
use crate::{Storage, StorageError};

macro_rules! columns {
    () => {
        "message_id, conversation_id, twin_id, reply_to, state, epoch, node_id, lease_until, text, \
         created_at, \
         (SELECT q.thread FROM messages q WHERE q.message_id = reply_orders.reply_to)"
    };
}

/// One statement decides: of two nodes that claim at once, the second finds the first's lease.
const CLAIM: &str = "UPDATE reply_orders SET state = 'running', epoch = epoch + 1, node_id = $2, \
     lease_until = $4 WHERE message_id = $1 AND state <> 'done' \
     AND (state = 'pending' OR lease_until <= $3 OR node_id = $2) RETURNING epoch";
const PROGRESS: &str = "UPDATE reply_orders SET text = $3, lease_until = $4 \
     WHERE message_id = $1 AND epoch = $2 AND state = 'running'";
const RENEW: &str = "UPDATE reply_orders SET lease_until = $3 \
     WHERE message_id = $1 AND epoch = $2 AND state = 'running'";
const FINISH: &str = "UPDATE reply_orders SET state = 'done', text = '' \
     WHERE message_id = $1 AND epoch = $2 AND state = 'running' \
     RETURNING conversation_id, reply_to";
/// The document goes along, so that a quote of one that was deleted meanwhile is not stored.
const INSERT_SOURCE: &str = "INSERT INTO message_sources \
     (conversation_id, seq, ordinal, document_id, document, section, quote, score_bits) \
     SELECT $1, $2, $3, id, $5, $6, $7, $8 FROM documents WHERE id = $4";
const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM reply_orders WHERE message_id = $1"
);
const OPEN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM reply_orders WHERE conversation_id = $1 AND state <> 'done' ORDER BY message_id"
);
const EXPIRED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM reply_orders WHERE state <> 'done' AND lease_until <= $1 ORDER BY lease_until LIMIT $2"
);
const THREAD_OF: &str = "SELECT thread FROM messages WHERE message_id = $1";
const FIND_MESSAGE: &str = concat!(
    "SELECT ",
    crate::messages::stored_columns!(),
    " FROM messages WHERE message_id = $1"
);

/// How far a reply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyState {
    /// No node has begun it.
    Pending,
    /// A node writes it.
    Running,
    /// It is a message of the log.
    Done,
}

/// An order to reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyOrder {
    /// The reply's id.
    pub message_id: MessageId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The twin that replies.
    pub twin_id: TwinId,
    /// The message that is answered.
    pub reply_to: MessageId,
    /// How far it has come.
    pub state: ReplyState,
    /// Rises with every claim; a write with an older one is refused.
    pub epoch: u64,
    /// The node that writes it, or should.
    pub node_id: NodeId,
    /// Until when other nodes leave it alone, in UTC milliseconds.
    pub lease_until: i64,
    /// The text so far.
    pub text: String,
    /// When it was ordered, in UTC milliseconds.
    pub created_at: i64,
    /// The root of the thread that the answered message stands in, and the reply will.
    pub thread: Option<MessageId>,
}

/// A reply that is complete, or failed for good.
#[derive(Debug, Clone)]
pub struct FinishedReply {
    /// The twin, with the name that it has now.
    pub author: Author,
    /// The whole text.
    pub text: String,
    /// What it was drawn from.
    pub sources: Vec<Source>,
    /// What it cost; `None` when nothing was generated.
    pub usage: Option<Usage>,
    /// Why it ended.
    pub stop_reason: StopReason,
    /// The model that wrote it; `None` when none was reached.
    pub model: Option<String>,
    /// Why it failed, when it did.
    pub failure: Option<Failure>,
    /// The adapter that it was written with; `None` when there was none.
    pub adapter: Option<String>,
    /// The seed that it was sampled with; `None` when nothing was sampled.
    pub seed: Option<u64>,
    /// How long it took.
    pub latency: Latency,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

/// What became of a finished reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// It is a message of the log now.
    Done(Message),
    /// Another node has claimed it since, or it is gone: nothing was written.
    Stale,
    /// It was finished before, and this is the message.
    AlreadyDone(Message),
}

impl Storage {
    /// Claims a reply that nobody writes: one that is pending, whose lease is over, or that is this node's already.
    /// Returns the epoch that every write of it must carry, or `None` when it is another's, done or gone.
    pub async fn claim_reply(
        &self,
        reply: MessageId,
        node: NodeId,
        now: i64,
        lease_until: i64,
    ) -> Result<Option<u64>, StorageError> {
        let parameters = params![reply, node, now, lease_until];
        let row = self.write(CLAIM, parameters).await?.first();
        row.map(|mut row| row.count()).transpose()
    }

    /// Stores the text so far and extends the lease. `false` when the epoch is stale: stop writing.
    pub async fn progress_reply(
        &self,
        reply: MessageId,
        epoch: u64,
        text_so_far: &str,
        lease_until: i64,
    ) -> Result<bool, StorageError> {
        let parameters = params![reply, epoch, storable(text_so_far), lease_until];
        let rows = self.write(PROGRESS, parameters).await?;
        Ok(rows.affected > 0)
    }

    /// Extends the lease. `false` when the epoch is stale: stop writing.
    pub async fn renew_reply(
        &self,
        reply: MessageId,
        epoch: u64,
        lease_until: i64,
    ) -> Result<bool, StorageError> {
        let rows = self
            .write(RENEW, params![reply, epoch, lease_until])
            .await?;
        Ok(rows.affected > 0)
    }

    /// Makes a reply a message of the log, if the epoch is not stale.
    pub async fn finish_reply(
        &self,
        reply: MessageId,
        epoch: u64,
        finished: FinishedReply,
    ) -> Result<Finished, StorageError> {
        let engine = self.engine();
        let finished = self.call(Call::Write, async move {
            until_no_collision!(finish(&engine, reply, epoch, &finished))
        });
        let finished = finished.await?;
        if let Finished::Done(message) = &finished {
            self.unindexed().note(message.conversation_id);
        }
        Ok(finished)
    }

    /// The order with this id, done or not.
    pub async fn reply_order(&self, reply: MessageId) -> Result<Option<ReplyOrder>, StorageError> {
        let rows = self.read(FIND, params![reply]).await?;
        rows.first().map(read_order).transpose()
    }

    /// The replies of a conversation that are not done, oldest first.
    pub async fn open_replies(
        &self,
        conversation: ConversationId,
    ) -> Result<Vec<ReplyOrder>, StorageError> {
        self.read(OPEN, params![conversation])
            .await?
            .map(read_order)
    }

    /// Replies that are not done and whose lease is over, those waiting longest first.
    pub async fn expired_replies(
        &self,
        now: i64,
        limit: u32,
    ) -> Result<Vec<ReplyOrder>, StorageError> {
        self.read(EXPIRED, params![now, page(limit)])
            .await?
            .map(read_order)
    }
}

async fn finish(
    engine: &Engine,
    reply: MessageId,
    epoch: u64,
    finished: &FinishedReply,
) -> Result<Finished, DatabaseError> {
    let orders = vec![(FINISH, params![reply, epoch]), (FIND, params![reply])];
    let (mut transaction, results) = engine.begin(orders).await?;
    let [done, found] = each(results)?;
    let Some(mut order) = done.first() else {
        transaction.roll_back().await;
        let is_done = match found.first().map(read_order).transpose()? {
            Some(order) => order.state == ReplyState::Done,
            None => false,
        };
        return if is_done {
            already_done(engine, reply).await
        } else {
            Ok(Finished::Stale)
        };
    };
    let conversation_id = order.id()?;
    let reply_to: MessageId = order.id()?;
    let count_up = (
        COUNT_UP,
        params![conversation_id, 1_u64, finished.created_at],
    );
    let queries = vec![count_up, (THREAD_OF, params![reply_to])];
    let [counted, answered] = each(transaction.pipe(queries).await?)?;
    let row = counted.first();
    let seq = row.ok_or(StorageError::NotFound("conversation"))?.count()?;
    let thread = match answered.first() {
        Some(mut row) => row.optional_id()?,
        None => None,
    };

    let text = storable(&finished.text);
    let mut message = Message {
        seq,
        created_at: finished.created_at,
        reply_to: Some(reply_to),
        thread,
        usage: finished.usage,
        stop_reason: Some(finished.stop_reason),
        model: finished.model.clone(),
        adapter: finished.adapter.clone(),
        seed: finished.seed,
        latency: Some(finished.latency),
        failure: finished.failure.clone(),
        ..Message::new(conversation_id, reply, finished.author.clone(), text)
    };
    let mut inserts = vec![insert_reply(&message)];
    for (ordinal, source) in finished.sources.iter().enumerate() {
        inserts.push(insert_source(&message, ordinal, source));
    }
    let inserted = transaction
        .commit(inserts)
        .await
        .map_err(|error| match error {
            // A document was deleted between the look and the insert: looked at again, it is gone.
            DatabaseError::ForeignKey => DatabaseError::Collision("a document was deleted".into()),
            error => error.conflict("message id"),
        })?;
    let stored = finished.sources.iter().zip(inserted.iter().skip(1));
    message.sources = Some(
        stored
            .filter(|(_, rows)| rows.affected > 0)
            .map(|(source, _)| source.clone())
            .collect(),
    );
    Ok(Finished::Done(message))
}

async fn already_done(engine: &Engine, reply: MessageId) -> Result<Finished, DatabaseError> {
    let found = messages::read_messages(engine.clone(), FIND_MESSAGE, params![reply]).await?;
    match found.into_iter().next() {
        Some(message) => Ok(Finished::AlreadyDone(message)),
        None => Err(StorageError::Corrupt("a reply is done and has no message".into()).into()),
    }
}

fn insert_source(message: &Message, ordinal: usize, source: &Source) -> Query {
    let parameters = params![
        message.conversation_id,
        message.seq,
        ordinal,
        source.document_id,
        &source.document,
        &source.section,
        &source.quote,
        source.score.to_bits(),
    ];
    (INSERT_SOURCE, parameters)
}

/// A model can write the character that neither database stores: it is shown as what cannot be shown.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn read_order(mut row: Row) -> Result<ReplyOrder, StorageError> {
    Ok(ReplyOrder {
        message_id: row.id()?,
        conversation_id: row.id()?,
        twin_id: row.id()?,
        reply_to: row.id()?,
        state: row.parsed("reply state", |name| match name {
            "pending" => Some(ReplyState::Pending),
            "running" => Some(ReplyState::Running),
            "done" => Some(ReplyState::Done),
            _ => None,
        })?,
        epoch: row.count()?,
        node_id: row.id()?,
        lease_until: row.int()?,
        text: row.text()?,
        created_at: row.int()?,
        thread: row.optional_id()?,
    })
}
