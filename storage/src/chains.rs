//! How far machines set each other off: what replies may ask for more replies, counted from the person's message that they go
//! back to.
//!
//! **Invariant**: each reply that a machine's message asks for is admitted in the transaction that stores the message, under the
//! lock on the conversation's row. So for one cause there are never more replies, later ones or more tokens than the limits
//! say, besides the first replies, which the person asked for.

use protocol::{Chain, ChainEnd, ConversationId, MessageId, TwinId};

use crate::engine::{DatabaseError, Query, Rows, Transaction, each};
use crate::messages::{NewMessage, NewReplyOrder, ReplyWhen};
use crate::value::{Row, params};
use crate::{Storage, StorageError};

/// The replies that go back to a cause, and the tokens that are reserved for those that are not done.
const ORDERED: &str = "SELECT COUNT(*), \
     CAST(COALESCE(SUM(CASE WHEN state = 'done' THEN 0 ELSE COALESCE(tokens_max, $2) END), 0) AS BIGINT) \
     FROM reply_orders WHERE cause = $1";
/// The tokens of those that are done.
const SPENT: &str =
    "SELECT CAST(COALESCE(SUM(completion_tokens), 0) AS BIGINT) FROM messages WHERE cause = $1";
/// What a person said last.
const SAID_LAST: &str = "SELECT message_id FROM messages WHERE conversation_id = $1 AND author_kind = 'user' \
     ORDER BY seq DESC LIMIT 1";
/// When something was said last, by whomever.
const NEWEST_AT: &str =
    "SELECT created_at FROM messages WHERE conversation_id = $1 ORDER BY seq DESC LIMIT 1";
/// What was said first, where no person has said anything.
const SAID_FIRST: &str =
    "SELECT message_id FROM messages WHERE conversation_id = $1 ORDER BY seq LIMIT 1";
/// Who wrote a message, and where it stands in its chain.
pub(crate) const ANSWERED: &str = "SELECT author_kind, author_id, thread, cause, hops FROM messages \
     WHERE message_id = $1 AND conversation_id = $2";
macro_rules! insert_into_orders {
    ($before:literal, $after:literal) => {
        concat!(
            "INSERT INTO reply_orders (message_id, conversation_id, twin_id, reply_to, turn, if_confident, cause, hops, \
             tokens_max, state, node_id, lease_until, created_at) ",
            $before,
            "$1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10, $11, $12",
            $after
        )
    };
}
const INSERT_ORDER: &str = insert_into_orders!("VALUES (", ")");
/// A twin that has left meanwhile is not asked.
const INSERT_ORDER_OF_MEMBER: &str = insert_into_orders!(
    "SELECT ",
    " FROM members WHERE conversation_id = $2 AND twin_id = $3"
);

/// A machine that speaks up after so long a silence begins anew, in UTC milliseconds: what went before has ended, and a bot that
/// tells the news every hour is answered every hour.
const QUIET_MS: i64 = 10 * 60 * 1000;

/// How far machines may set each other off after one message of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainLimits {
    /// Messages of machines in a row, each an answer to the one before.
    pub hops_max: u64,
    /// Replies in all.
    pub replies_max: u64,
    /// Tokens that are generated for all of them.
    pub tokens_max: u64,
    /// Tokens of the longest reply, for those of which nothing less is known.
    pub reply_tokens_max: u64,
}

/// What has been used of the limits after one message of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainUse {
    /// Replies that were ordered.
    pub replies: u64,
    /// Tokens that were generated, and that are reserved for replies that are not done.
    pub tokens: u64,
}

/// What becomes of the replies that a machine's message asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The tokens that each may have of those that are admitted: the first of those asked for.
    pub tokens: Vec<u64>,
    /// What is used then.
    pub used: ChainUse,
    /// Why the others are not.
    pub ended: Option<ChainEnd>,
}

impl ChainLimits {
    /// Machines set nobody off.
    pub const NOTHING: Self = Self {
        hops_max: 0,
        replies_max: 0,
        tokens_max: 0,
        reply_tokens_max: 0,
    };

    /// Admits replies to a message that stands so many messages of machines after the person's, itself counted.
    pub fn admit(&self, hops: u64, mut used: ChainUse, wanted: usize) -> Admission {
        let mut tokens = Vec::new();
        let mut ended = None;
        for _ in 0..wanted {
            let left = self.tokens_max.saturating_sub(used.tokens);
            ended = if hops >= self.hops_max {
                Some(ChainEnd::Hops)
            } else if used.replies >= self.replies_max {
                Some(ChainEnd::Replies)
            } else if left == 0 {
                Some(ChainEnd::Tokens)
            } else {
                None
            };
            if ended.is_some() {
                break;
            }
            let reserved = left.min(self.reply_tokens_max);
            used.replies += 1;
            used.tokens += reserved;
            tokens.push(reserved);
        }
        Admission {
            tokens,
            used,
            ended,
        }
    }

    /// What is left of the tokens.
    pub fn tokens_left(&self, used: ChainUse) -> u64 {
        self.tokens_max.saturating_sub(used.tokens)
    }
}

/// Where a machine's message stands in its chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) cause: MessageId,
    pub(crate) hops: u64,
}

/// A message that another one answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    /// The twin that wrote it, if one did.
    pub(crate) twin: Option<TwinId>,
    /// The thread that it stands in.
    pub(crate) thread: Option<MessageId>,
    /// Where it stands in its chain, if it is a machine's.
    link: Option<Link>,
}

impl Answered {
    /// Reads what [`ANSWERED`] finds.
    pub(crate) fn read(mut row: Row) -> Result<Self, StorageError> {
        let kind = row.text()?;
        let twin: TwinId = row.id()?;
        let thread = row.optional_id()?;
        let cause = row.optional_id()?;
        let hops = row.optional_int()?;
        let link = cause.zip(hops).map(|(cause, hops)| Link {
            cause,
            hops: u64::try_from(hops).unwrap_or(u64::MAX),
        });
        Ok(Self {
            twin: (kind == "twin").then_some(twin),
            thread,
            link,
        })
    }
}

/// Those of the replies asked for that are to be ordered, and whether each is only to be given if its twin knows.
pub(crate) fn wanted(
    replies: &[NewReplyOrder],
    answered: Option<TwinId>,
) -> Vec<(&NewReplyOrder, bool)> {
    let is_answered = |reply: &NewReplyOrder| answered == Some(reply.twin_id);
    let judged = replies.iter().filter_map(|reply| match reply.when {
        ReplyWhen::Always => Some((reply, false)),
        ReplyWhen::Answered => is_answered(reply).then_some((reply, false)),
        ReplyWhen::AnsweredOrConfident => Some((reply, !is_answered(reply))),
    });
    judged.collect()
}

/// The message that replies are ordered to, and where they stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking {
    pub(crate) conversation: ConversationId,
    pub(crate) message: MessageId,
    pub(crate) created_at: i64,
    /// Of the replies.
    pub(crate) link: Link,
}

/// The statement that orders a reply, the `turn`th of those to its message; those to a machine's message have so many tokens.
pub(crate) fn insert_order(
    asking: Asking,
    turn: usize,
    (reply, if_confident): (&NewReplyOrder, bool),
    tokens_max: Option<u64>,
) -> Query {
    let parameters = params![
        reply.message_id,
        asking.conversation,
        reply.twin_id,
        asking.message,
        turn,
        i64::from(if_confident),
        asking.link.cause,
        asking.link.hops,
        tokens_max,
        reply.node_id,
        reply.lease_until,
        asking.created_at,
    ];
    match tokens_max {
        Some(_) => (INSERT_ORDER_OF_MEMBER, parameters),
        None => (INSERT_ORDER, parameters),
    }
}

/// A machine's message that is stored, and what it asks for.
pub(crate) struct Asked<'a> {
    pub(crate) conversation: ConversationId,
    pub(crate) message: MessageId,
    pub(crate) created_at: i64,
    /// Where it stands.
    pub(crate) link: Link,
    pub(crate) replies: Vec<(&'a NewReplyOrder, bool)>,
    /// Tokens that it cost itself.
    pub(crate) tokens: u64,
}

/// What a machine's message sets off.
pub(crate) struct SetOff {
    /// Where the message stands itself.
    pub(crate) link: Link,
    /// The statements that order the replies.
    pub(crate) orders: Vec<Query>,
    /// What is told of it, where there is something to tell.
    pub(crate) chain: Option<Chain>,
}

/// Admits the replies that a machine's message asks for. The conversation's row is locked, and the message not stored yet.
pub(crate) async fn set_off(
    transaction: &mut Transaction,
    limits: &ChainLimits,
    asked: Asked<'_>,
) -> Result<SetOff, DatabaseError> {
    let link = asked.link;
    let Link { cause, hops } = link;
    if asked.replies.is_empty() && hops < 2 {
        return Ok(SetOff {
            link,
            orders: Vec::new(),
            chain: None,
        });
    }
    let queries = vec![
        (ORDERED, params![cause, limits.reply_tokens_max]),
        (SPENT, params![cause]),
    ];
    let [ordered, spent] = each(transaction.pipe(queries).await?)?;
    let used = read_use(ordered, spent, asked.tokens)?;
    let Admission {
        tokens,
        used,
        ended,
    } = limits.admit(hops, used, asked.replies.len());
    let asking = Asking {
        conversation: asked.conversation,
        message: asked.message,
        created_at: asked.created_at,
        link: Link {
            cause,
            hops: hops + 1,
        },
    };
    let admitted = asked.replies.iter().zip(&tokens).enumerate();
    let orders =
        admitted.map(|(turn, (reply, tokens))| insert_order(asking, turn, *reply, Some(*tokens)));
    Ok(SetOff {
        link,
        orders: orders.collect(),
        chain: Some(Chain {
            cause,
            hops,
            tokens_left: limits.tokens_left(used),
            ended,
        }),
    })
}

fn read_use(ordered: Rows, spent: Rows, own_tokens: u64) -> Result<ChainUse, StorageError> {
    let nothing = || StorageError::Internal("a sum has no row".into());
    let mut ordered = ordered.first().ok_or_else(nothing)?;
    let mut spent = spent.first().ok_or_else(nothing)?;
    let replies = ordered.count()?;
    let reserved: u64 = ordered.count()?;
    Ok(ChainUse {
        replies,
        tokens: reserved + spent.count::<u64>()? + own_tokens,
    })
}

/// Where a message stands that a machine writes of its own accord: it goes back to what a person said last, or after a silence
/// to itself.
pub(crate) async fn link_of_message(
    transaction: &mut Transaction,
    message: &NewMessage,
    answered: Option<Answered>,
) -> Result<Link, DatabaseError> {
    let conversation = || params![message.conversation_id];
    let queries = vec![
        (NEWEST_AT, conversation()),
        (SAID_LAST, conversation()),
        (SAID_FIRST, conversation()),
    ];
    let [newest, last, first] = each(transaction.pipe(queries).await?)?;
    let newest_at = newest.first().map(|mut row| row.int()).transpose()?;
    let is_quiet = newest_at.is_none_or(|at| message.created_at.saturating_sub(at) >= QUIET_MS);
    let cause = match last.first().or_else(|| first.first()) {
        Some(mut row) if !is_quiet => row.id()?,
        _ => message.message_id,
    };
    let before = answered.and_then(|answered| answered.link);
    let hops = before
        .filter(|before| before.cause == cause)
        .map_or(1, |before| before.hops + 1);
    Ok(Link { cause, hops })
}

impl Storage {
    /// How many replies go back to a message of a person, and how many tokens they have cost.
    pub async fn chain_use(&self, cause: MessageId) -> Result<ChainUse, StorageError> {
        let nothing_reserved = 0_u64;
        let ordered = self.read(ORDERED, params![cause, nothing_reserved]).await?;
        let spent = self.read(SPENT, params![cause]).await?;
        read_use(ordered, spent, 0)
    }
}
