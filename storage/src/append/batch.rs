//! One transaction that appends messages: look for those stored before, if need be, count the conversations up, insert.

use std::collections::{BTreeMap, HashMap, HashSet};

use protocol::{
    Attachment, AttachmentId, Authorship, ClientId, ConversationId, Message, MessageId, Writer,
};
use uuid::Uuid;

use super::{Outcome, same_content};
use crate::StorageError;
use crate::attachments::{self, Found};
use crate::chains::{self, Answered, Asking, ChainLimits, Link};
use crate::engine::{DatabaseError, Engine, Query, Rows, Transaction, only};
use crate::messages::{
    Appended, NewMessage, NewReplyOrder, StoredMessage, author_parts, insert_messages,
    message_parameters, note_authorship, note_link, read_message_from,
};
use crate::rules::Paced;
use crate::value::{Row, Value, params};

/// A message, and the text that it was sent with.
macro_rules! sent_columns {
    () => {
        concat!(
            crate::messages::stored_columns!(),
            ", COALESCE((SELECT v.text FROM message_versions v \
             WHERE v.conversation_id = messages.conversation_id AND v.seq = messages.seq \
             AND v.changed_seq = 0), text)"
        )
    };
}
const FIND_BY_CLIENT_ID: &str = concat!(
    "SELECT ",
    sent_columns!(),
    " FROM messages WHERE author_id = $1 AND client_id = $2"
);
const FIND_BY_ID: &str = concat!(
    "SELECT ",
    sent_columns!(),
    " FROM messages WHERE message_id = $1"
);
const FIND_THREAD: &str =
    "SELECT thread FROM messages WHERE message_id = $1 AND conversation_id = $2";
/// Counts a conversation up; its row stays locked until the commit, which makes the seqs gapless and their order the
/// order of the commits.
pub(crate) const COUNT_UP: &str = "UPDATE conversations SET last_seq = last_seq + $2, \
     active_at = CASE WHEN $3 > active_at THEN $3 ELSE active_at END WHERE id = $1 \
     RETURNING last_seq, members_seq + rules_revision";

/// The statement that locks a conversation's row until the end of its transaction, and counts nothing.
pub(crate) fn lock(conversation: ConversationId) -> Query {
    let nothing = 0_i64;
    (COUNT_UP, params![conversation, nothing, nothing])
}

/// What is known of a message while its batch is under way.
enum Fate {
    /// It will be inserted, into the thread of this message.
    New(Option<MessageId>),
    /// It is the same as an earlier one of the batch, and shares its fate.
    SameAs(usize),
    /// It is decided.
    Decided(Box<Outcome>),
}

impl Fate {
    fn decided(outcome: Outcome) -> Self {
        Self::Decided(Box::new(outcome))
    }
}

/// Whether messages are looked for among those that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// They are taken for new: one that is not is refused by a unique index, and with it the whole transaction. Those that
    /// answer a message are looked for all the same: what they answer has to be.
    None,
    /// Each is looked for.
    Each {
        /// They were appended before, and that may have been committed: a stored message with the same id is then no
        /// duplicate but this very one.
        unknown_end: bool,
    },
}

impl Look {
    /// A first look at each.
    pub(super) const EACH: Self = Self::Each { unknown_end: false };

    /// After an error each is looked for.
    pub(super) fn after(&mut self, error: &DatabaseError) {
        let unknown = matches!(error, DatabaseError::Lost(_) | DatabaseError::Silent(_));
        *self = Self::Each {
            unknown_end: unknown || self.unknown_end(),
        };
    }

    fn is_for(self, message: &NewMessage) -> bool {
        self != Self::None
            || message.reply_to.is_some()
            || message.thread.is_some()
            || !message.attachments.is_empty()
    }

    fn unknown_end(self) -> bool {
        matches!(self, Self::Each { unknown_end: true })
    }
}

/// Appends messages in one transaction.
pub(super) async fn append(
    engine: &Engine,
    messages: &[NewMessage],
    look: Look,
) -> Result<Vec<Outcome>, DatabaseError> {
    let lookups = lookups(messages, look);
    let mut begun = None;
    let mut found = Vec::new();
    if !lookups.is_empty() {
        let (transaction, rows) = engine.begin(lookups).await?;
        (begun, found) = (Some(transaction), rows);
    }
    let Decisions {
        mut fates,
        answered,
        mut uploads,
    } = decide(messages, found, look)?;
    let counts = count_new(messages, &fates);
    if counts.is_empty() {
        if let Some(transaction) = begun {
            transaction.roll_back().await;
        }
        return Ok(outcomes(fates, HashMap::new()));
    }
    let mut count_up: Vec<Query> = counts
        .iter()
        .map(|(id, (count, newest))| (COUNT_UP, params![*id, *count, *newest]))
        .collect();
    let new = messages.iter().zip(&fates);
    let new = new.filter(|(_, fate)| matches!(fate, Fate::New(_)));
    let paced: Vec<Paced> = new.filter_map(|(message, _)| Paced::of(message)).collect();
    count_up.extend(paced.iter().map(|paced| paced.note()));
    let (mut transaction, mut counted) = match begun {
        Some(mut transaction) => {
            let counted = transaction.pipe(count_up).await?;
            (transaction, counted)
        }
        None => engine.begin(count_up).await?,
    };
    let noted = counted.split_off(counts.len());
    let mut too_soon = paced.into_iter().zip(noted);
    let too_soon = too_soon.find_map(|(paced, noted)| noted.rows.is_empty().then_some(paced));
    let mut next_seqs = HashMap::new();
    let mut members_seqs: HashMap<ConversationId, u64> = HashMap::new();
    for ((id, (count, _)), rows) in counts.iter().zip(counted) {
        if let Some(mut row) = rows.first() {
            next_seqs.insert(*id, row.count::<u64>()? + 1 - count);
            members_seqs.insert(*id, row.count()?);
        }
    }
    let members_changed = messages.iter().zip(&fates).any(|(message, fate)| {
        let known = message.members_seq;
        let now = members_seqs.get(&message.conversation_id).copied();
        matches!(fate, Fate::New(_)) && known.is_some() && now.is_some() && known != now
    });
    let one_by_one = next_seqs.len() < counts.len() || members_changed || too_soon.is_some();
    if one_by_one && (messages.len() > 1 || look == Look::None) {
        // A message that cannot be stored must not decide what becomes of a later one with its client id, nor hide that its
        // own was used before: one by one, each is judged by what is stored.
        transaction.roll_back().await;
        return Err(DatabaseError::ForeignKey);
    }
    if members_changed {
        transaction.roll_back().await;
        return Ok(vec![Err(StorageError::MembersChanged)]);
    }
    if let Some(paced) = too_soon {
        let last = only(transaction.pipe(vec![paced.last()]).await?)?.first();
        transaction.roll_back().await;
        let last_sent_at = last.map_or(Ok(0), |mut row| row.int())?;
        return Ok(vec![Err(paced.too_soon(last_sent_at))]);
    }

    let mut rows = Vec::new();
    // What follows the messages: the orders to reply to them, and where they stand.
    let mut more = Vec::new();
    let mut stored = HashMap::new();
    for (index, message) in messages.iter().enumerate() {
        let Fate::New(thread) = fates[index] else {
            continue;
        };
        let Some(next_seq) = next_seqs.get_mut(&message.conversation_id) else {
            fates[index] = Fate::decided(Err(StorageError::NotFound("conversation")));
            continue;
        };
        let mut numbered = Message {
            thread,
            attachments: std::mem::take(&mut uploads[index]),
            ..with_seq(message, *next_seq)
        };
        *next_seq += 1;
        if message.by_owner {
            numbered.set_authorship(Some(Authorship::of(Writer::Owner, &message.text)));
            more.extend(note_authorship(&numbered));
        }
        if message.author.is_machine() && !message.by_owner {
            // What the messages before it ask for counts too.
            let before = inserts(engine, std::mem::take(&mut rows), std::mem::take(&mut more));
            if !before.is_empty() {
                transaction.pipe(before).await?;
            }
            let set_off = set_off(&mut transaction, message, answered[index]).await?;
            numbered.chain = set_off.chain;
            more.push(note_link(&numbered, set_off.link));
            more.extend(set_off.orders);
        } else {
            more.extend(orders(message, answered[index]));
        }
        rows.push(message_parameters(&numbered));
        more.extend(attachments::attach(&numbered));
        stored.insert(index, numbered);
    }
    commit(transaction, inserts(engine, rows, more)).await?;
    Ok(outcomes(fates, stored))
}

fn inserts(engine: &Engine, rows: Vec<Vec<Value>>, more: Vec<Query>) -> Vec<Query> {
    let mut inserts = insert_messages(rows, engine.rows_together());
    inserts.extend(more);
    inserts
}

/// What a machine's message sets off.
async fn set_off(
    transaction: &mut Transaction,
    message: &NewMessage,
    answered: Option<Answered>,
) -> Result<chains::SetOff, DatabaseError> {
    let (conversation, id) = (message.conversation_id, message.message_id);
    let link = chains::link_of_message(transaction, message, answered).await?;
    let asked = chains::Asked {
        conversation,
        message: id,
        created_at: message.created_at,
        link,
        replies: wanted(message, answered),
        tokens: 0,
    };
    let limits = message.chain.unwrap_or(ChainLimits::NOTHING);
    chains::set_off(transaction, &limits, asked).await
}

fn wanted(message: &NewMessage, answered: Option<Answered>) -> Vec<(&NewReplyOrder, bool)> {
    chains::wanted(
        &message.replies,
        answered.and_then(|answered| answered.twin),
    )
}

#[cfg(not(feature = "ack-before-commit"))]
async fn commit(transaction: Transaction, queries: Vec<Query>) -> Result<(), DatabaseError> {
    transaction.commit(queries).await.map(drop)
}

/// Lets others believe that it is committed, as a server would that writes behind: what is lost is what nobody noticed.
#[cfg(feature = "ack-before-commit")]
async fn commit(transaction: Transaction, queries: Vec<Query>) -> Result<(), DatabaseError> {
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        transaction.commit(queries).await
    });
    Ok(())
}

/// For each message the statement that finds it, where it is looked for, and the one that finds what it answers.
fn lookups(messages: &[NewMessage], look: Look) -> Vec<Query> {
    let mut queries: Vec<Query> = Vec::new();
    for message in messages {
        if look.is_for(message) {
            let (author, _) = author_parts(&message.author);
            queries.push(match &message.client_id {
                Some(client_id) => (FIND_BY_CLIENT_ID, params![author.into_bytes(), client_id]),
                None => (FIND_BY_ID, params![message.message_id]),
            });
        }
        if let Some(answered) = message.reply_to {
            queries.push((chains::ANSWERED, params![answered, message.conversation_id]));
        }
        if let Some(named) = message.thread {
            queries.push((FIND_THREAD, params![named, message.conversation_id]));
        }
        let (author, _) = author_parts(&message.author);
        queries.extend(attachments::lookups(
            author.into_bytes(),
            message.client_id.as_ref(),
            message.message_id,
            &message.attachments,
        ));
    }
    queries
}

/// What is decided of each message of a batch, in their order.
struct Decisions {
    fates: Vec<Fate>,
    /// What it answers, if that is stored.
    answered: Vec<Option<Answered>>,
    /// The uploads that go with it.
    uploads: Vec<Vec<Attachment>>,
}

fn decide(
    messages: &[NewMessage],
    found: Vec<Rows>,
    look: Look,
) -> Result<Decisions, DatabaseError> {
    let mut found = found.into_iter();
    let mut next_found = || {
        let rows = found.next();
        rows.ok_or_else(|| StorageError::Internal("a look-up has no result".into()))
    };
    let mut by_client_id: HashMap<(Uuid, &ClientId), usize> = HashMap::new();
    // With the threads that they are in.
    let mut new_ids: HashMap<(ConversationId, MessageId), Option<MessageId>> = HashMap::new();
    let mut fates = Vec::with_capacity(messages.len());
    let mut all_answered = Vec::with_capacity(messages.len());
    let mut used: HashSet<AttachmentId> = HashSet::new();
    let mut all_uploads = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        let stored = match look.is_for(message) {
            true => next_found()?.first().map(read_sent).transpose()?,
            false => None,
        };
        let answered = match message.reply_to {
            Some(_) => next_found()?.first().map(Answered::read).transpose()?,
            None => None,
        };
        let answers_nothing = answered.is_none()
            && message.reply_to.is_some_and(|answered| {
                !new_ids.contains_key(&(message.conversation_id, answered))
            });
        all_answered.push(answered);
        // The root: of a message that stands in a thread itself, that one's.
        let (thread, has_no_root) = match message.thread {
            Some(named) => {
                let stored = next_found()?.first();
                let stored = stored.map(|mut row| row.optional_id()).transpose()?;
                let new = || new_ids.get(&(message.conversation_id, named)).copied();
                let found = stored.or_else(new);
                (found.map(|thread| thread.unwrap_or(named)), found.is_none())
            }
            None => (None, false),
        };
        let Found { sent, uploads } = Found::read(&mut next_found, message.attachments.len())?;
        let stored = stored.map(|stored| Sent {
            stored: Message {
                attachments: sent,
                ..stored.stored
            },
            ..stored
        });
        let lacks_uploads = uploads.len() < message.attachments.len()
            || uploads.iter().any(|upload| used.contains(&upload.id));
        let (author, _) = author_parts(&message.author);
        let key = message
            .client_id
            .as_ref()
            .map(|client_id| (author, client_id));
        let earlier = key.and_then(|key| by_client_id.get(&key).copied());
        let fate = match (stored, earlier) {
            (Some(sent), _)
                if look.unknown_end() && sent.stored.message_id == message.message_id =>
            {
                Fate::decided(Ok(Appended::New(sent.stored)))
            }
            (Some(sent), _) if same_content(&sent, message, thread) => {
                Fate::decided(Ok(Appended::Duplicate(sent.stored)))
            }
            (Some(_), _) => Fate::decided(Err(StorageError::Conflict("client id"))),
            (None, Some(earlier)) if same_request(&messages[earlier], message) => {
                Fate::SameAs(earlier)
            }
            (None, Some(_)) => Fate::decided(Err(StorageError::Conflict("client id"))),
            (None, None) if answers_nothing => {
                Fate::decided(Err(StorageError::NotFound("message to answer")))
            }
            (None, None) if has_no_root => Fate::decided(Err(StorageError::NotFound("thread"))),
            (None, None) if lacks_uploads => Fate::decided(Err(StorageError::NotFound("upload"))),
            (None, None) => match message.rules.check_names(&uploads) {
                Err(forbidden) => Fate::decided(Err(forbidden)),
                Ok(()) => {
                    if let Some(key) = key {
                        by_client_id.insert(key, index);
                    }
                    new_ids.insert((message.conversation_id, message.message_id), thread);
                    used.extend(uploads.iter().map(|upload| upload.id));
                    Fate::New(thread)
                }
            },
        };
        fates.push(fate);
        all_uploads.push(uploads);
    }
    Ok(Decisions {
        fates,
        answered: all_answered,
        uploads: all_uploads,
    })
}

/// A message that was stored before.
pub(super) struct Sent {
    pub(super) stored: Message,
    /// The text that it was sent with, whatever it says now.
    pub(super) text: String,
    /// There are attachments: read where the message that is appended has some too.
    attached: bool,
}

impl Sent {
    /// Whether it was sent with these, in this order.
    pub(super) fn has_attachments(&self, ids: &[AttachmentId]) -> bool {
        let stored = self.stored.attachments.iter().map(|one| one.id);
        self.attached != ids.is_empty() && stored.eq(ids.iter().copied())
    }
}

fn read_sent(mut row: Row) -> Result<Sent, StorageError> {
    let StoredMessage {
        message, attached, ..
    } = read_message_from(&mut row)?;
    Ok(Sent {
        stored: message,
        attached,
        text: row.text()?,
    })
}

fn same_request(one: &NewMessage, other: &NewMessage) -> bool {
    one.conversation_id == other.conversation_id
        && one.text == other.text
        && one.reply_to == other.reply_to
        && one.thread == other.thread
        && one.attachments == other.attachments
}

/// How many new messages each conversation gets, and the newest one's time; in the order of the ids, in which every
/// process locks them.
fn count_new(messages: &[NewMessage], fates: &[Fate]) -> BTreeMap<ConversationId, (u64, i64)> {
    let mut counts = BTreeMap::new();
    for (message, fate) in messages.iter().zip(fates) {
        if matches!(fate, Fate::New(_)) {
            let (count, newest) = counts
                .entry(message.conversation_id)
                .or_insert((0, message.created_at));
            *count += 1;
            *newest = message.created_at.max(*newest);
        }
    }
    counts
}

fn with_seq(message: &NewMessage, seq: u64) -> Message {
    Message {
        seq,
        created_at: message.created_at,
        client_id: message.client_id.clone(),
        reply_to: message.reply_to,
        ..Message::new(
            message.conversation_id,
            message.message_id,
            message.author.clone(),
            message.text.clone(),
        )
    }
}

/// The orders to reply to a person's message, which is the cause of all that follows.
fn orders(message: &NewMessage, answered: Option<Answered>) -> impl Iterator<Item = Query> + '_ {
    let asking = Asking {
        conversation: message.conversation_id,
        message: message.message_id,
        created_at: message.created_at,
        link: Link {
            cause: message.message_id,
            hops: 1,
        },
    };
    let wanted = wanted(message, answered).into_iter().enumerate();
    wanted.map(move |(turn, reply)| chains::insert_order(asking, turn, reply, None))
}

fn outcomes(fates: Vec<Fate>, mut stored: HashMap<usize, Message>) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(fates.len());
    for (index, fate) in fates.into_iter().enumerate() {
        let outcome = match fate {
            Fate::Decided(outcome) => *outcome,
            Fate::New(_) => match stored.remove(&index) {
                Some(message) => Ok(Appended::New(message)),
                None => Err(StorageError::Internal("a message has no seq".into())),
            },
            Fate::SameAs(earlier) => outcomes[earlier].clone().map(|appended| match appended {
                Appended::New(message) | Appended::Duplicate(message) => {
                    Appended::Duplicate(message)
                }
            }),
        };
        outcomes.push(outcome);
    }
    outcomes
}
