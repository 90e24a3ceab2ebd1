//! Orders to reply: rows written with the message that caused them, so that a reply survives its node.

use protocol::{
    Author, Authorship, ClientId, ConversationId, Failure, Latency, Message, MessageId, NodeId,
    Source, StopReason, TwinId, Usage, UserId,
};

use crate::append::COUNT_UP;
use crate::chains::{self, Answered, ChainLimits, Link};
use crate::engine::{DatabaseError, Engine, Query, each, until_no_collision};
use crate::messages::{self, NewReplyOrder, insert_reply, note_authorship};
use crate::metrics::Call;
use crate::origins::{self, NewOrigin};
use crate::storage::page;
use crate::value::{Row, params};
use crate::{Storage, StorageError};

macro_rules! columns {
    () => {
        "message_id, conversation_id, twin_id, reply_to, attempt, variant_of, beginning, turn, if_confident, cause, \
         hops, tokens_max, state, epoch, node_id, lease_until, text, tokens, created_at, taken_by, \
         (SELECT q.thread FROM messages q WHERE q.message_id = reply_orders.reply_to)"
    };
}

/// It is nobody else's turn: those who reply to one message do so one after the other.
macro_rules! has_its_turn {
    () => {
        "NOT EXISTS (SELECT 1 FROM reply_orders o WHERE o.reply_to = reply_orders.reply_to \
         AND o.turn < reply_orders.turn AND o.state <> 'done' AND o.state <> 'held')"
    };
}

/// One statement decides: of two nodes that claim at once, the second finds the first's lease.
const CLAIM: &str = concat!(
    "UPDATE reply_orders SET state = 'running', epoch = epoch + 1, node_id = $2, \
     lease_until = $4 WHERE message_id = $1 AND state <> 'done' AND state <> 'held' \
     AND (state = 'pending' OR lease_until <= $3 OR node_id = $2) AND ",
    has_its_turn!(),
    " RETURNING epoch"
);
const PROGRESS: &str = "UPDATE reply_orders SET text = $3, tokens = $4, lease_until = $5 \
     WHERE message_id = $1 AND epoch = $2 AND state = 'running'";
const RENEW: &str = "UPDATE reply_orders SET lease_until = $3 \
     WHERE message_id = $1 AND epoch = $2 AND state = 'running'";
const RELEASE: &str = "UPDATE reply_orders SET lease_until = $2 \
     WHERE node_id = $1 AND state <> 'done' AND state <> 'held' AND lease_until > $2";
const FINISH: &str = "UPDATE reply_orders SET state = 'done', text = '', tokens = NULL \
     WHERE message_id = $1 AND epoch = $2 AND state = 'running' \
     RETURNING conversation_id, reply_to, variant_of, cause, hops";
/// Whoever is next gets a lease from now on: until now it was not its turn.
pub(crate) const LEND_TO_NEXT: &str = "UPDATE reply_orders SET lease_until = $2 \
     WHERE reply_to = $1 AND state = 'pending' AND lease_until < $2";
/// A reply that is not to be given leaves nothing behind.
const DECLINE: &str = "DELETE FROM reply_orders \
     WHERE message_id = $1 AND epoch = $2 AND state = 'running' RETURNING reply_to";
/// Replies to a message that is gone are not begun.
pub(crate) const FORGET_PENDING: &str =
    "DELETE FROM reply_orders WHERE reply_to = $1 AND (state = 'pending' OR state = 'held')";
/// How a reply began that is deleted.
pub(crate) const FORGET_BEGINNING: &str =
    "UPDATE reply_orders SET beginning = '' WHERE message_id = $1 AND state = 'done'";
const ORDERED_TO: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM reply_orders WHERE reply_to = $1 AND state <> 'done' ORDER BY turn"
);
/// Of the attempts at a reply the newest counts.
const SUPERSEDE: &str = "UPDATE messages SET superseded = 1 WHERE conversation_id = $1 \
     AND (message_id = $2 OR variant_of = $2) AND deleted_at IS NULL";
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
    " FROM reply_orders WHERE conversation_id = $1 AND state <> 'done' AND state <> 'held' \
     ORDER BY reply_to, turn"
);
const EXPIRED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM reply_orders WHERE state <> 'done' AND state <> 'held' AND lease_until <= $1 AND ",
    has_its_turn!(),
    " ORDER BY lease_until LIMIT $2"
);
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
    /// Its twin's owner is to say whether it is sent.
    Held,
    /// It is a message of the log.
    Done,
}

/// A reply as far as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Its text.
    pub text: String,
    /// The tokens of the text behind the reply's beginning, and of what is not told of it yet; none where they are not known.
    pub tokens: Vec<u32>,
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
    /// Which attempt it is; 0 for the first.
    pub attempt: u64,
    /// The first attempt, for the others.
    pub variant_of: Option<MessageId>,
    /// What it says from the beginning.
    pub beginning: String,
    /// Its place among those to the same message.
    pub turn: u64,
    /// It is only to be given if the twin knows something.
    pub if_confident: bool,
    /// The person's message that it goes back to.
    pub cause: Option<MessageId>,
    /// How many messages of machines it stands after that, itself counted.
    pub hops: u64,
    /// The tokens that it may have, where those are fewer than a reply's.
    pub tokens_max: Option<u64>,
    /// How far it has come.
    pub state: ReplyState,
    /// Rises with every claim; a write with an older one is refused.
    pub epoch: u64,
    /// The node that writes it, or should.
    pub node_id: NodeId,
    /// Until when other nodes leave it alone, in UTC milliseconds.
    pub lease_until: i64,
    /// What was written of it so far.
    pub so_far: Progress,
    /// When it was ordered, in UTC milliseconds.
    pub created_at: i64,
    /// The owner of the twin who writes the rest of it.
    pub taken_by: Option<UserId>,
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
    /// Who wrote which part of it; absent when the twin wrote all.
    pub authorship: Option<Authorship>,
    /// The id that its owner gave it who wrote the rest: the same one again writes nothing.
    pub client_id: Option<ClientId>,
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
    /// What it was built from beside its sources; `None` when nothing was generated.
    pub origin: Option<NewOrigin>,
    /// How long it took.
    pub latency: Latency,
    /// The version of the roster by whose rules it was judged; absent when it was not.
    pub members_seq: Option<u64>,
    /// The replies that it asks for; they are ordered in the same transaction, as far as the limits go.
    pub replies: Vec<NewReplyOrder>,
    /// How far machines may set each other off.
    pub chain: ChainLimits,
    /// Until when other nodes leave whoever is next alone, in UTC milliseconds.
    pub lend_until: i64,
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

    /// Stores what is written so far and extends the lease. `false` when the epoch is stale: stop writing.
    pub async fn progress_reply(
        &self,
        reply: MessageId,
        epoch: u64,
        so_far: Progress,
        lease_until: i64,
    ) -> Result<bool, StorageError> {
        let tokens: Vec<u8> = so_far
            .tokens
            .iter()
            .flat_map(|token| token.to_le_bytes())
            .collect();
        let text = storable(&so_far.text);
        let parameters = params![reply, epoch, text, tokens, lease_until];
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

    /// Ends the leases of all replies that a node has or was to begin: they are free for others from now on. Gives how many.
    pub async fn release_replies(&self, node: NodeId, now: i64) -> Result<u64, StorageError> {
        Ok(self.write(RELEASE, params![node, now]).await?.affected)
    }

    /// Ends a reply that is not to be given, without a message. `false` when the epoch is stale.
    pub async fn decline_reply(
        &self,
        reply: MessageId,
        epoch: u64,
        lend_until: i64,
    ) -> Result<bool, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(decline(&engine, reply, epoch, lend_until))
        })
        .await
    }

    /// The replies to a message that are ordered and not done, in the order of their turns.
    pub async fn replies_ordered_to(
        &self,
        message: MessageId,
    ) -> Result<Vec<ReplyOrder>, StorageError> {
        self.read(ORDERED_TO, params![message])
            .await?
            .map(read_order)
    }

    /// Makes a reply a message of the log, if the epoch is not stale. `MembersChanged` when the caller knows an older state of the
    /// rules.
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

    /// The replies of a conversation that are not done: those to one message together, in the order of their turns.
    pub async fn open_replies(
        &self,
        conversation: ConversationId,
    ) -> Result<Vec<ReplyOrder>, StorageError> {
        self.read(OPEN, params![conversation])
            .await?
            .map(read_order)
    }

    /// Replies that are not done, whose lease is over and whose turn it is, those waiting longest first.
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
    let variant_of: Option<MessageId> = order.optional_id()?;
    let link = Link {
        cause: order.optional_id()?.unwrap_or(reply_to),
        hops: order.count()?,
    };
    let count_up = (
        COUNT_UP,
        params![conversation_id, 1_u64, finished.created_at],
    );
    let answered = (chains::ANSWERED, params![reply_to, conversation_id]);
    let [counted, answered] = each(transaction.pipe(vec![count_up, answered]).await?)?;
    let row = counted.first();
    let mut row = row.ok_or(StorageError::NotFound("conversation"))?;
    let (seq, version): (u64, u64) = (row.count()?, row.count()?);
    if finished.members_seq.is_some_and(|known| known != version) {
        transaction.roll_back().await;
        return Err(StorageError::MembersChanged.into());
    }
    let answered = answered.first().map(Answered::read).transpose()?;
    let asked = chains::Asked {
        conversation: conversation_id,
        message: reply,
        created_at: finished.created_at,
        link,
        replies: chains::wanted(
            &finished.replies,
            answered.and_then(|answered| answered.twin),
        ),
        tokens: finished
            .usage
            .map_or(0, |usage| u64::from(usage.completion_tokens)),
    };
    let set_off = chains::set_off(&mut transaction, &finished.chain, asked).await?;

    let text = storable(&finished.text);
    // An attempt that failed, or was stopped before it began, is kept and does not count by itself.
    let says_something = finished.stop_reason != StopReason::Failed && !text.is_empty();
    let mut message = Message {
        seq,
        created_at: finished.created_at,
        reply_to: Some(reply_to),
        thread: answered.and_then(|answered| answered.thread),
        client_id: finished.client_id.clone(),
        variant_of,
        superseded: variant_of.is_some() && !says_something,
        usage: finished.usage,
        stop_reason: Some(finished.stop_reason),
        model: finished.model.clone(),
        adapter: finished.adapter.clone(),
        seed: finished.seed,
        latency: Some(finished.latency),
        chain: set_off.chain,
        failure: finished.failure.clone(),
        ..Message::new(conversation_id, reply, finished.author.clone(), text)
    };
    message.set_authorship(finished.authorship.clone());
    let mut inserts = Vec::new();
    if let Some(first) = variant_of.filter(|_| says_something) {
        inserts.push((SUPERSEDE, params![conversation_id, first]));
    }
    let before = inserts.len() + 1;
    inserts.push(insert_reply(&message, set_off.link));
    for (ordinal, source) in finished.sources.iter().enumerate() {
        inserts.push(insert_source(&message, ordinal, source));
    }
    if let Some(origin) = &finished.origin {
        inserts.extend(origins::keep(reply, origin));
    }
    inserts.extend(note_authorship(&message));
    inserts.extend(set_off.orders);
    inserts.push((LEND_TO_NEXT, params![reply_to, finished.lend_until]));
    let inserted = transaction
        .commit(inserts)
        .await
        .map_err(|error| match error {
            // A document or a twin was deleted between the look and the insert: looked at again, it is gone.
            DatabaseError::ForeignKey => DatabaseError::Collision("something was deleted".into()),
            error => error.conflict("message id"),
        })?;
    let stored = finished.sources.iter().zip(inserted.iter().skip(before));
    message.sources = Some(
        stored
            .filter(|(_, rows)| rows.affected > 0)
            .map(|(source, _)| source.clone())
            .collect(),
    );
    Ok(Finished::Done(message))
}

async fn decline(
    engine: &Engine,
    reply: MessageId,
    epoch: u64,
    lend_until: i64,
) -> Result<bool, DatabaseError> {
    let declined = vec![(DECLINE, params![reply, epoch])];
    let (transaction, declined) = engine.begin(declined).await?;
    let [declined] = each(declined)?;
    let Some(mut row) = declined.first() else {
        transaction.roll_back().await;
        return Ok(false);
    };
    let question: MessageId = row.id()?;
    let lent = vec![(LEND_TO_NEXT, params![question, lend_until])];
    transaction.commit(lent).await?;
    Ok(true)
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

/// Tokens are kept in four bytes each, the least significant first.
fn read_tokens(bytes: Vec<u8>) -> Result<Vec<u32>, StorageError> {
    let (tokens, rest) = bytes.as_chunks::<4>();
    match rest.is_empty() {
        true => Ok(tokens
            .iter()
            .map(|token| u32::from_le_bytes(*token))
            .collect()),
        false => Err(StorageError::Corrupt(
            "the tokens of a reply are cut off".into(),
        )),
    }
}

fn read_order(mut row: Row) -> Result<ReplyOrder, StorageError> {
    Ok(ReplyOrder {
        message_id: row.id()?,
        conversation_id: row.id()?,
        twin_id: row.id()?,
        reply_to: row.id()?,
        attempt: row.count()?,
        variant_of: row.optional_id()?,
        beginning: row.text()?,
        turn: row.count()?,
        if_confident: row.int()? != 0,
        cause: row.optional_id()?,
        hops: row.count()?,
        tokens_max: row
            .optional_int()?
            .map(|tokens| u64::try_from(tokens).unwrap_or_default()),
        state: row.parsed("reply state", |name| match name {
            "pending" => Some(ReplyState::Pending),
            "running" => Some(ReplyState::Running),
            "held" => Some(ReplyState::Held),
            "done" => Some(ReplyState::Done),
            _ => None,
        })?,
        epoch: row.count()?,
        node_id: row.id()?,
        lease_until: row.int()?,
        so_far: Progress {
            text: row.text()?,
            tokens: read_tokens(row.optional_bytes()?.unwrap_or_default())?,
        },
        created_at: row.int()?,
        taken_by: row.optional_id()?,
        thread: row.optional_id()?,
    })
}
