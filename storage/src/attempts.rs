//! Further attempts at a reply: ordered one at a time, so many of each, and one of them counts.

use protocol::{ConversationId, MessageId, NodeId, StopReason, TwinId, UserId};

use crate::append::lock;
use crate::engine::{DatabaseError, Engine, each, until_no_collision};
use crate::messages::stop_reason_of;
use crate::metrics::Call;
use crate::replies::{Progress, ReplyOrder, ReplyState};
use crate::value::{Row, params};
use crate::{Storage, StorageError};

/// Attempts at one reply, the first counted: a person looks through so many, and each is kept.
const ATTEMPTS_MAX: u64 = 10;
/// The turn of a further attempt: after all who reply to the same message for the first time.
const TURN_OF_OTHERS: u64 = 1_000;

/// A reply, what it answers, and the orders of all attempts at it.
const FIND: &str = "SELECT COALESCE(m.variant_of, m.message_id), m.author_id, m.reply_to, m.thread, m.text, m.stop_reason, \
     (SELECT COUNT(*) FROM messages q WHERE q.message_id = m.reply_to AND q.deleted_at IS NULL), \
     (SELECT COUNT(*) FROM members t WHERE t.conversation_id = $2 AND t.twin_id = m.author_id), \
     (SELECT COUNT(*) FROM blocks b WHERE b.blocked_twin = m.author_id AND (b.user_id = $3 \
     OR b.user_id = (SELECT q.author_id FROM messages q WHERE q.message_id = m.reply_to))) \
     FROM messages m WHERE m.message_id = $1 AND m.conversation_id = $2 \
     AND m.stop_reason IS NOT NULL AND m.deleted_at IS NULL";
const ATTEMPTS: &str = "SELECT state, attempt, cause, hops FROM reply_orders \
     WHERE message_id = $1 OR variant_of = $1 ORDER BY attempt";
const INSERT: &str = "INSERT INTO reply_orders (message_id, conversation_id, twin_id, reply_to, attempt, variant_of, \
     beginning, turn, cause, hops, state, node_id, lease_until, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', $11, $12, $13)";

/// How a further attempt begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// From nothing, with another seed.
    Anew,
    /// With what the reply says so far.
    WhereItEnded,
}

/// A further attempt at a reply.
#[derive(Debug, Clone)]
pub struct NewAttempt {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Who asks for it.
    pub user_id: UserId,
    /// Its id.
    pub message_id: MessageId,
    /// The attempt that it is made because of.
    pub of: MessageId,
    /// How it begins.
    pub beginning: Beginning,
    /// The node that will write it.
    pub node_id: NodeId,
    /// Until when other nodes leave it alone, in UTC milliseconds.
    pub lease_until: i64,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

impl Storage {
    /// Orders a further attempt at a reply; it is committed when this ends with `Ok`.
    ///
    /// `NotFound` when the reply, its question or its twin is not there any more, `Refused` while another attempt is written or
    /// when there is nothing to go on with, `LimitReached` when there are as many attempts as may be.
    pub async fn order_attempt(&self, attempt: NewAttempt) -> Result<ReplyOrder, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(order(&engine, &attempt))
        })
        .await
    }
}

async fn order(engine: &Engine, new: &NewAttempt) -> Result<ReplyOrder, DatabaseError> {
    // The conversation's row is locked by the first statement: what the others find stays as it is.
    let queries = vec![
        lock(new.conversation_id),
        (FIND, params![new.of, new.conversation_id, new.user_id]),
    ];
    let (mut transaction, results) = engine.begin(queries).await?;
    let [_, found] = each(results)?;
    let attempted = match found.first().map(Attempted::read).transpose() {
        Ok(Some(attempted)) => attempted,
        Ok(None) => {
            transaction.roll_back().await;
            return Err(StorageError::NotFound("reply").into());
        }
        Err(error) => {
            transaction.roll_back().await;
            return Err(error.into());
        }
    };
    let attempts = transaction
        .pipe(vec![(ATTEMPTS, params![attempted.first])])
        .await?;
    let [attempts] = each(attempts)?;
    let order = match attempted.next(new, attempts.map(Before::read)?) {
        Ok(order) => order,
        Err(refused) => {
            transaction.roll_back().await;
            return Err(refused.into());
        }
    };
    let insert = params![
        order.message_id,
        order.conversation_id,
        order.twin_id,
        order.reply_to,
        order.attempt,
        order.variant_of,
        &order.beginning,
        order.turn,
        order.cause,
        order.hops,
        order.node_id,
        order.lease_until,
        order.created_at,
    ];
    let inserted = transaction.commit(vec![(INSERT, insert)]).await;
    inserted.map_err(|error| error.conflict("message id").missing("twin"))?;
    Ok(order)
}

/// A reply at which another attempt is to be made.
struct Attempted {
    /// The first attempt.
    first: MessageId,
    twin: TwinId,
    question: MessageId,
    thread: Option<MessageId>,
    text: String,
    stop_reason: StopReason,
    question_is_there: bool,
    twin_is_there: bool,
    /// Whoever asked, or asks again, has blocked the twin.
    is_unwanted: bool,
}

/// An attempt that was ordered before.
struct Before {
    is_open: bool,
    attempt: u64,
    cause: Option<MessageId>,
    hops: u64,
}

impl Attempted {
    fn read(mut row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            first: row.id()?,
            twin: row.id()?,
            question: row.id()?,
            thread: row.optional_id()?,
            text: row.text()?,
            stop_reason: stop_reason_of(&row.text()?)?,
            question_is_there: row.int()? > 0,
            twin_is_there: row.int()? > 0,
            is_unwanted: row.int()? > 0,
        })
    }

    /// The next attempt, if there may be one.
    fn next(self, new: &NewAttempt, before: Vec<Before>) -> Result<ReplyOrder, StorageError> {
        if !self.question_is_there {
            return Err(StorageError::NotFound("question any more"));
        }
        if !self.twin_is_there {
            return Err(StorageError::NotFound("twin in this conversation any more"));
        }
        if self.is_unwanted {
            return Err(StorageError::Forbidden(
                "this twin does not answer that message any more",
            ));
        }
        if before.iter().any(|attempt| attempt.is_open) {
            return Err(StorageError::Refused(
                "another attempt at this reply is being written",
            ));
        }
        if before.len() as u64 >= ATTEMPTS_MAX {
            return Err(StorageError::LimitReached {
                what: "attempts at this reply",
                max: ATTEMPTS_MAX,
            });
        }
        let beginning = match new.beginning {
            Beginning::Anew => String::new(),
            Beginning::WhereItEnded if self.stop_reason == StopReason::EndOfTurn => {
                return Err(StorageError::Refused(
                    "the reply came to its end: there is nothing to go on with",
                ));
            }
            Beginning::WhereItEnded => self.text,
        };
        let first = before.first();
        let attempt = before.last().map_or(0, |last| last.attempt) + 1;
        Ok(ReplyOrder {
            message_id: new.message_id,
            conversation_id: new.conversation_id,
            twin_id: self.twin,
            reply_to: self.question,
            thread: self.thread,
            attempt,
            variant_of: Some(self.first),
            beginning,
            turn: TURN_OF_OTHERS + attempt,
            if_confident: false,
            cause: first.and_then(|first| first.cause),
            hops: first.map_or(1, |first| first.hops),
            tokens_max: None,
            state: ReplyState::Pending,
            epoch: 0,
            node_id: new.node_id,
            lease_until: new.lease_until,
            so_far: Progress::default(),
            created_at: new.created_at,
            taken_by: None,
        })
    }
}

impl Before {
    fn read(mut row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            is_open: row.text()? != "done",
            attempt: row.count()?,
            cause: row.optional_id()?,
            hops: row.count()?,
        })
    }
}
