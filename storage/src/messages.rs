//! The log of each conversation: gapless, in one order, and each message once.

use std::collections::HashMap;
use std::sync::LazyLock;

use protocol::limits::SEED_MAX;
use protocol::{
    AttachmentId, Author, Authorship, Chain, ChainEnd, ClientId, ConversationId, Emoji, Entry,
    ErrorCode, Failure, Latency, Message, MessageId, NodeId, Reaction, Source, StopReason, TwinId,
    Usage, UserId,
};

use uuid::Uuid;

use crate::attachments;
use crate::chains::{ChainLimits, Link};
use crate::changes::{self, read_change};
use crate::engine::{DatabaseError, Engine, Query, each, only};
use crate::metrics::Call;
use crate::rules::MessageRules;
use crate::storage::page;
use crate::threads::said_in_thread;
use crate::value::{Row, Value, params};
use crate::{Storage, StorageError};

/// The columns that every message is inserted with, in the order of `message_parameters`.
macro_rules! message_columns {
    () => {
        "conversation_id, seq, message_id, author_kind, author_id, author_name, text, created_at, \
         client_id, reply_to, thread"
    };
}
pub(crate) use message_columns;

/// The columns that a reply is inserted with besides, in the order of `reply_parameters`.
macro_rules! reply_columns {
    () => {
        "prompt_tokens, completion_tokens, stop_reason, model, failure_code, failure_message, \
         adapter, seed, first_text_ms, whole_ms, variant_of, superseded, \
         cause, hops, tokens_left, chain_ended"
    };
}
pub(crate) use reply_columns;

/// The columns of a message, in the order of `read_message`.
macro_rules! stored_columns {
    () => {
        concat!(
            crate::messages::message_columns!(),
            ", ",
            crate::messages::reply_columns!(),
            ", edited_at, deleted_at, pinned_seq, reacted, authorship, attached"
        )
    };
}
pub(crate) use stored_columns;

/// The parameters of one message.
const MESSAGE_PARAMETERS: usize = 11;
/// The statements that insert 1, 2, 4, … messages.
static INSERT_MESSAGES: LazyLock<[String; 6]> =
    LazyLock::new(|| std::array::from_fn(|power| insert_statement(1 << power)));
const INSERT_REPLY: &str = concat!(
    "INSERT INTO messages (",
    message_columns!(),
    ", ",
    reply_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
     $23, $24, $25, $26, $27)"
);
const NOTE_LINK: &str = "UPDATE messages SET cause = $2, hops = $3, tokens_left = $4, chain_ended = $5 \
     WHERE message_id = $1";
const NOTE_AUTHORSHIP: &str = "UPDATE messages SET authorship = $2 WHERE message_id = $1";
/// What others answered to a message, as far as it counts.
const ANSWERS: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE message_id IN (SELECT message_id FROM reply_orders WHERE reply_to = $1 AND state = 'done') \
     AND superseded = 0 AND deleted_at IS NULL ORDER BY seq LIMIT $2"
);
/// The log is gapless, so that a page of it is a range.
const AFTER: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE conversation_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq"
);
/// What counts of what was said.
const SAID_BEFORE: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE conversation_id = $1 AND thread IS NULL AND seq < $2 AND superseded = 0 AND deleted_at IS NULL \
     ORDER BY seq DESC LIMIT $3"
);
const FIND: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE message_id = $1"
);
const PINNED: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM messages WHERE conversation_id = $1 AND pinned_seq IS NOT NULL ORDER BY pinned_seq DESC"
);
const SOURCES: &str = "SELECT seq, document_id, document, section, quote, score_bits \
     FROM message_sources WHERE conversation_id = $1 AND seq >= $2 AND seq <= $3 \
     ORDER BY seq, ordinal";
const REACTIONS: &str = "SELECT seq, emoji, user_id FROM reactions \
     WHERE conversation_id = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq, changed_seq";

const VERSIONS: &str = "SELECT changed_seq, text, created_at FROM message_versions \
     WHERE conversation_id = $1 AND seq = $2 ORDER BY changed_seq";

/// What a message said for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageVersion {
    /// The `seq` of the edit; 0 for what was sent.
    pub changed_seq: u64,
    /// The text.
    pub text: String,
    /// Since when, in UTC milliseconds.
    pub created_at: i64,
}

/// A message that is to be appended.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message's id.
    pub message_id: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// The sender's own id for it: the same one again appends nothing.
    pub client_id: Option<ClientId>,
    /// The text.
    pub text: String,
    /// The message of the same conversation that it answers.
    pub reply_to: Option<MessageId>,
    /// The message of the same conversation into whose thread it goes; of one that stands in a thread, that thread.
    pub thread: Option<MessageId>,
    /// Uploads of its author that belong to it.
    pub attachments: Vec<AttachmentId>,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
    /// The version of the roster that the sender's right to write was judged by; absent when it was not.
    pub members_seq: Option<u64>,
    /// What the room asks of it besides.
    pub rules: MessageRules,
    /// The replies that it asks for; they are ordered in the same transaction.
    pub replies: Vec<NewReplyOrder>,
    /// The owner of the twin wrote it in its place.
    pub by_owner: bool,
    /// How far a machine's message may set others off: not at all when absent.
    pub chain: Option<ChainLimits>,
}

/// A twin's reply to the message that is appended with it.
#[derive(Debug, Clone)]
pub struct NewReplyOrder {
    /// The reply's id.
    pub message_id: MessageId,
    /// The twin that is to reply.
    pub twin_id: TwinId,
    /// When it is to.
    pub when: ReplyWhen,
    /// The node that will write it.
    pub node_id: NodeId,
    /// Until when other nodes leave it alone, in UTC milliseconds.
    pub lease_until: i64,
}

/// When a twin is to reply to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyWhen {
    /// In any case.
    Always,
    /// If the message answers one of the twin's.
    Answered,
    /// If the message answers one of the twin's or, failing that, if it turns out that the twin knows something.
    AnsweredOrConfident,
}

/// What became of a message; it is committed in both cases.
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    /// It is new.
    New(Message),
    /// Its author had sent it before: this is what was stored then.
    Duplicate(Message),
}

impl Storage {
    /// Appends a message; it is committed when this ends with `Ok`, with every message that shares its transaction.
    ///
    /// The message takes its place among the others when this is called, whenever the future is polled first: what one
    /// task hands over one after the other is stored in that order.
    ///
    /// `Conflict` when its author has used the client id for something else, `NotFound` when the conversation, the
    /// message that it answers, the thread, an upload or a twin that should reply is gone, `MembersChanged` when the caller knows an older
    /// state of the members, `TooSoon` and `Forbidden` when its rules do not allow it, `Overloaded` when too many messages wait.
    pub fn append_message(
        &self,
        message: NewMessage,
    ) -> impl Future<Output = Result<Appended, StorageError>> + use<> {
        self.appender().append(message)
    }

    /// Appends a message in a transaction of its own: what the benchmark measures group commit against.
    #[doc(hidden)]
    pub async fn append_alone(&self, message: NewMessage) -> Result<Appended, StorageError> {
        let engine = self.engine();
        self.call(Call::Append, async move {
            crate::append::append_alone(&engine, message).await
        })
        .await
    }

    /// The entries of the log after `after_seq`, oldest first. Messages are as they stand now.
    pub async fn entries_after(
        &self,
        conversation: ConversationId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, StorageError> {
        let engine = self.engine();
        let last_seq = after_seq.saturating_add(u64::from(page(limit)));
        self.call(
            Call::Read,
            read_entries(engine, conversation, after_seq, last_seq),
        )
        .await
    }

    /// The newest messages before `before_seq` that count, oldest first: of a thread with its root, or of none. What was deleted
    /// does not count, and of each reply the attempt does that was chosen.
    pub async fn said_before(
        &self,
        conversation: ConversationId,
        thread: Option<MessageId>,
        before_seq: u64,
        limit: u32,
    ) -> Result<Vec<Message>, StorageError> {
        let engine = self.engine();
        let limit = page(limit);
        let newest_first = self.call(Call::Read, async move {
            match thread {
                Some(root) => said_in_thread(engine, conversation, root, before_seq, limit).await,
                None => {
                    let parameters = params![conversation, before_seq, limit];
                    read_messages(engine, SAID_BEFORE, parameters).await
                }
            }
        });
        let mut messages = newest_first.await?;
        messages.reverse();
        Ok(messages)
    }

    /// The messages of a conversation that are kept in view, those pinned last first.
    pub async fn pinned_messages(
        &self,
        conversation: ConversationId,
    ) -> Result<Vec<Message>, StorageError> {
        let engine = self.engine();
        self.call(
            Call::Read,
            read_messages(engine, PINNED, params![conversation]),
        )
        .await
    }

    /// What a message has said, oldest first; nothing of one that was never edited, or was deleted.
    pub async fn message_versions(
        &self,
        conversation: ConversationId,
        seq: u64,
    ) -> Result<Vec<MessageVersion>, StorageError> {
        let rows = self.read(VERSIONS, params![conversation, seq]).await?;
        rows.map(|mut row| {
            Ok(MessageVersion {
                changed_seq: row.count()?,
                text: row.text()?,
                created_at: row.int()?,
            })
        })
    }

    /// What twins have answered to a message, oldest first, as far as it counts.
    pub async fn answers(
        &self,
        message: MessageId,
        limit: u32,
    ) -> Result<Vec<Message>, StorageError> {
        let (engine, parameters) = (self.engine(), params![message, page(limit)]);
        self.call(Call::Read, read_messages(engine, ANSWERS, parameters))
            .await
    }

    /// The message with this id.
    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, StorageError> {
        let engine = self.engine();
        let found = self
            .call(Call::Read, read_messages(engine, FIND, params![id]))
            .await?;
        Ok(found.into_iter().next())
    }
}

/// Reads the entries after one and up to another.
async fn read_entries(
    engine: Engine,
    conversation: ConversationId,
    after_seq: u64,
    last_seq: u64,
) -> Result<Vec<Entry>, DatabaseError> {
    let queries = vec![
        (AFTER, params![conversation, after_seq, last_seq]),
        (changes::AFTER, params![conversation, after_seq, last_seq]),
    ];
    let [messages, changes] = each(engine.read(queries).await?)?;
    let messages = complete(&engine, messages.map(read_message)?).await?;
    let changes = changes.map(read_change)?;
    let messages = messages.into_iter().map(Entry::Message);
    let mut entries: Vec<Entry> = messages
        .chain(changes.into_iter().map(Entry::Change))
        .collect();
    entries.sort_by_key(Entry::seq);
    // The two are not read at the same moment: a change may be seen without the messages that got their numbers before it.
    let count = gapless(after_seq, entries.iter().map(Entry::seq));
    entries.truncate(count);
    Ok(entries)
}

/// How many of these follow a number without a gap.
fn gapless(after_seq: u64, seqs: impl Iterator<Item = u64>) -> usize {
    let places = (1..).zip(seqs);
    let follows = |(place, seq): &(u64, u64)| after_seq.checked_add(*place) == Some(*seq);
    places.take_while(follows).count()
}

/// Reads messages of one conversation, in the order of the statement.
pub(crate) async fn read_messages(
    engine: Engine,
    sql: &'static str,
    parameters: Vec<Value>,
) -> Result<Vec<Message>, DatabaseError> {
    let rows = only(engine.read(vec![(sql, parameters)]).await?)?;
    complete(&engine, rows.map(read_message)?).await
}

/// Adds sources, attachments and reactions to messages of one conversation.
pub(crate) async fn complete(
    engine: &Engine,
    messages: Vec<StoredMessage>,
) -> Result<Vec<Message>, DatabaseError> {
    let range = |wanted: fn(&StoredMessage) -> bool, sql| {
        let seqs = messages.iter().filter(|stored| wanted(stored));
        let seqs: Vec<u64> = seqs.map(|stored| stored.message.seq).collect();
        let (first, last) = (seqs.iter().min()?, seqs.iter().max()?);
        let conversation = messages[0].message.conversation_id;
        Some((sql, params![conversation, *first, *last]))
    };
    let of_replies = range(|stored| stored.message.sources.is_some(), SOURCES);
    let beside = range(|stored| stored.reacted, REACTIONS);
    let attached = range(|stored| stored.attached, attachments::OF_RANGE);
    let mut sources: HashMap<u64, Vec<Source>> = HashMap::new();
    if let Some(query) = of_replies {
        for (seq, source) in only(engine.read(vec![query]).await?)?.map(read_source)? {
            sources.entry(seq).or_default().push(source);
        }
    }
    let mut reactions: HashMap<u64, Vec<Reaction>> = HashMap::new();
    if let Some(query) = beside {
        let rows = only(engine.read(vec![query]).await?)?;
        for (seq, emoji, user) in rows.map(read_reaction)? {
            let reactions = reactions.entry(seq).or_default();
            match reactions.iter_mut().find(|one| one.emoji == emoji) {
                Some(reaction) => reaction.users.push(user),
                None => reactions.push(Reaction {
                    emoji,
                    users: vec![user],
                }),
            }
        }
    }
    let mut attachments = match attached {
        Some(query) => attachments::of_messages(engine, query).await?,
        None => HashMap::new(),
    };
    let completed = messages
        .into_iter()
        .map(|StoredMessage { mut message, .. }| {
            if let Some(found) = sources.remove(&message.seq) {
                message.sources = Some(found);
            }
            if let Some(found) = attachments.remove(&message.seq) {
                message.attachments = found;
            }
            if let Some(found) = reactions.remove(&message.seq) {
                message.reactions = found;
            }
            message
        });
    Ok(completed.collect())
}

/// The statement that inserts so many messages.
fn insert_statement(messages: usize) -> String {
    let row = |number: usize| {
        let first = number * MESSAGE_PARAMETERS + 1;
        let parameters: Vec<String> = (first..first + MESSAGE_PARAMETERS)
            .map(|parameter| format!("${parameter}"))
            .collect();
        format!("({})", parameters.join(", "))
    };
    let rows: Vec<String> = (0..messages).map(row).collect();
    let columns = concat!("INSERT INTO messages (", message_columns!(), ") VALUES ");
    format!("{columns}{}", rows.join(", "))
}

/// The statement that inserts a reply which stands at this place of its chain.
pub(crate) fn insert_reply(reply: &Message, link: Link) -> Query {
    let chain = [params![link.cause, link.hops], chain_parameters(reply)].concat();
    let parameters = [message_parameters(reply), reply_parameters(reply), chain].concat();
    (INSERT_REPLY, parameters)
}

/// The statement that notes where a machine's message stands in its chain.
pub(crate) fn note_link(message: &Message, link: Link) -> Query {
    let place = params![message.message_id, link.cause, link.hops];
    (NOTE_LINK, [place, chain_parameters(message)].concat())
}

/// The statement that notes who wrote which part of a message, where it was not its author alone.
pub(crate) fn note_authorship(message: &Message) -> Option<Query> {
    let authorship = message.authorship.as_ref()?.to_stored();
    Some((NOTE_AUTHORSHIP, params![message.message_id, authorship]))
}

fn chain_parameters(message: &Message) -> Vec<Value> {
    let chain = message.chain.as_ref();
    params![
        chain.map(|chain| chain.tokens_left),
        chain.and_then(|chain| chain.ended).map(ChainEnd::as_str),
    ]
}

/// The statements that insert messages, given by their parameters, in order and at most so many in one.
pub(crate) fn insert_messages(messages: Vec<Vec<Value>>, together_max: usize) -> Vec<Query> {
    let mut left = messages.len();
    let mut messages = messages.into_iter();
    let mut queries = Vec::new();
    while left > 0 {
        let power = left.min(together_max).ilog2() as usize;
        let power = power.min(INSERT_MESSAGES.len() - 1);
        let together = 1 << power;
        let parameters = messages.by_ref().take(together).flatten().collect();
        queries.push((INSERT_MESSAGES[power].as_str(), parameters));
        left -= together;
    }
    queries
}

/// The parameters of a message that is inserted.
pub(crate) fn message_parameters(message: &Message) -> Vec<Value> {
    let (author_id, author_name) = author_parts(&message.author);
    params![
        message.conversation_id,
        message.seq,
        message.message_id,
        author_kind(&message.author),
        author_id.into_bytes(),
        author_name,
        &message.text,
        message.created_at,
        message.client_id.as_ref(),
        message.reply_to,
        message.thread,
    ]
}

/// The parameters of a reply that is inserted, besides those of every message.
fn reply_parameters(reply: &Message) -> Vec<Value> {
    let failure = reply.failure.as_ref();
    params![
        reply.usage.map(|usage| usage.prompt_tokens),
        reply.usage.map(|usage| usage.completion_tokens),
        reply.stop_reason.map(stop_reason_name),
        reply.model.as_ref(),
        failure.map(|failure| failure.code.as_str()),
        failure.map(|failure| &failure.message),
        reply.adapter.as_ref(),
        reply.seed,
        reply.latency.and_then(|latency| latency.first_text_ms),
        reply.latency.map(|latency| latency.whole_ms),
        reply.variant_of,
        i64::from(reply.superseded),
    ]
}

/// A message as its row has it: a reply lacks its sources, and all lack their attachments and reactions.
pub(crate) struct StoredMessage {
    pub(crate) message: Message,
    /// There may be reactions.
    reacted: bool,
    /// There may be attachments.
    pub(crate) attached: bool,
}

pub(crate) fn read_message(mut row: Row) -> Result<StoredMessage, StorageError> {
    read_message_from(&mut row)
}

/// Reads a message from the front of a row.
pub(crate) fn read_message_from(row: &mut Row) -> Result<StoredMessage, StorageError> {
    let conversation_id = row.id()?;
    let seq = row.count()?;
    let message_id = row.id()?;
    let author = read_author(row)?;
    let text = row.text()?;
    let created_at = row.int()?;
    let client_id = row.optional_text()?;
    let reply_to = row.optional_id()?;
    let thread = row.optional_id()?;
    let prompt_tokens = row.optional_int()?;
    let completion_tokens = row.optional_int()?;
    let stop_reason = match row.optional_text()? {
        Some(name) => Some(stop_reason_of(&name)?),
        None => None,
    };
    let model = row.optional_text()?;
    let failure = read_failure(row)?;
    let adapter = row.optional_text()?;
    // Seeds had 64 bits once; those that a JSON reader would round are not told.
    let seed = row
        .optional_int()?
        .and_then(|seed| u64::try_from(seed).ok());
    let seed = seed.filter(|seed| *seed <= SEED_MAX);
    let first_text_ms = optional_count(row)?;
    let latency = optional_count(row)?.map(|whole_ms| Latency {
        first_text_ms,
        whole_ms,
    });
    let variant_of = row.optional_id()?;
    let superseded = row.int()? != 0;
    let chain = read_chain(row)?;
    let usage = match (prompt_tokens, completion_tokens) {
        (Some(prompt), Some(completion)) => Some(Usage {
            prompt_tokens: tokens(prompt)?,
            completion_tokens: tokens(completion)?,
        }),
        _ => None,
    };
    let client_id = client_id.map(read_client_id).transpose()?;
    let stop_reason = match stop_reason {
        Some(StopReason::Stopped) if client_id.is_some() => Some(StopReason::TakenOver),
        reason => reason,
    };
    let mut message = Message {
        seq,
        created_at,
        client_id,
        reply_to,
        thread,
        variant_of,
        superseded,
        // A reply has an end; whatever it quoted is read beside it.
        sources: stop_reason.map(|_| Vec::new()),
        usage,
        stop_reason,
        model,
        adapter,
        seed,
        latency,
        chain,
        failure,
        edited_at: row.optional_int()?,
        deleted_at: row.optional_int()?,
        pinned: row.optional_int()?.is_some(),
        ..Message::new(conversation_id, message_id, author, text)
    };
    let reacted = row.int()? != 0;
    message.set_authorship(read_authorship(row)?);
    let attached = row.int()? != 0;
    Ok(StoredMessage {
        message,
        reacted,
        attached,
    })
}

pub(crate) fn read_authorship(row: &mut Row) -> Result<Option<Authorship>, StorageError> {
    let stored = row.optional_text()?;
    let read = stored.map(|stored| Authorship::from_stored(&stored));
    read.transpose()
        .map_err(|error| StorageError::Corrupt(error.to_string()))
}

/// The kind of an author.
pub(crate) const fn author_kind(author: &Author) -> &'static str {
    match author {
        Author::User { .. } => "user",
        Author::Twin { .. } => "twin",
        Author::Bot { .. } => "bot",
    }
}

/// The id and the name of an author.
pub(crate) fn author_parts(author: &Author) -> (Uuid, &str) {
    match author {
        Author::User { id, name } | Author::Bot { id, name } => (id.as_uuid(), name),
        Author::Twin { id, name } => (id.as_uuid(), name),
    }
}

/// Reads kind, id and name of an author.
pub(crate) fn read_author(row: &mut Row) -> Result<Author, StorageError> {
    match row.text()?.as_str() {
        "user" => Ok(Author::User {
            id: row.id()?,
            name: row.text()?,
        }),
        "twin" => Ok(Author::Twin {
            id: row.id()?,
            name: row.text()?,
        }),
        "bot" => Ok(Author::Bot {
            id: row.id()?,
            name: row.text()?,
        }),
        _ => Err(StorageError::Corrupt(
            "an author is neither person nor twin nor bot".into(),
        )),
    }
}

fn read_source(mut row: Row) -> Result<(u64, Source), StorageError> {
    let seq = row.count()?;
    let source = Source {
        document_id: row.id()?,
        document: row.text()?,
        section: row.text()?,
        quote: row.text()?,
        score: f32::from_bits(row.count()?),
    };
    Ok((seq, source))
}

fn read_reaction(mut row: Row) -> Result<(u64, Emoji, UserId), StorageError> {
    Ok((row.count()?, read_emoji(row.text()?)?, row.id()?))
}

pub(crate) fn read_emoji(text: String) -> Result<Emoji, StorageError> {
    let emoji = Emoji::try_from(text);
    emoji.map_err(|_| StorageError::Corrupt("a stored emoji is none".into()))
}

pub(crate) fn read_client_id(text: String) -> Result<ClientId, StorageError> {
    let client_id = ClientId::try_from(text);
    client_id.map_err(|_| StorageError::Corrupt("a stored client id is none".into()))
}

/// The reason in the words of the database, which allows no others: a reply that its twin's owner took over is one that was
/// stopped, and of replies only those have a client id, the owner's.
const fn stop_reason_name(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndOfTurn => "end_of_turn",
        StopReason::Length => "length",
        StopReason::Stopped | StopReason::TakenOver => "stopped",
        StopReason::Failed => "failed",
    }
}

pub(crate) fn stop_reason_of(name: &str) -> Result<StopReason, StorageError> {
    let all = [
        StopReason::EndOfTurn,
        StopReason::Length,
        StopReason::Stopped,
        StopReason::Failed,
    ];
    let found = all
        .into_iter()
        .find(|reason| stop_reason_name(*reason) == name);
    found.ok_or_else(|| StorageError::Corrupt("a stored stop reason is none".into()))
}

/// Reads why something failed, where it did: a code and a sentence.
pub(crate) fn read_failure(row: &mut Row) -> Result<Option<Failure>, StorageError> {
    let (code, message) = (row.optional_text()?, row.optional_text()?);
    let Some((code, message)) = code.zip(message) else {
        return Ok(None);
    };
    let code = code_of(&code)?;
    Ok(Some(Failure { code, message }))
}

fn code_of(text: &str) -> Result<ErrorCode, StorageError> {
    let found = ErrorCode::ALL.iter().find(|code| code.as_str() == text);
    found
        .copied()
        .ok_or_else(|| StorageError::Corrupt("a stored error code is none".into()))
}

fn read_chain(row: &mut Row) -> Result<Option<Chain>, StorageError> {
    let cause = row.optional_id()?;
    let hops = optional_count(row)?;
    let tokens_left = optional_count(row)?;
    let ended = match row.optional_text()? {
        Some(name) => {
            let found = ChainEnd::ALL.into_iter().find(|end| end.as_str() == name);
            let none = || StorageError::Corrupt("a stored end of a chain is none".into());
            Some(found.ok_or_else(none)?)
        }
        None => None,
    };
    let (Some(cause), Some(hops), Some(tokens_left)) = (cause, hops, tokens_left) else {
        return Ok(None);
    };
    Ok(Some(Chain {
        cause,
        hops,
        tokens_left,
        ended,
    }))
}

fn optional_count(row: &mut Row) -> Result<Option<u64>, StorageError> {
    let number = row.optional_int()?;
    number
        .map(|number| u64::try_from(number).map_err(|_| out_of_range(number)))
        .transpose()
}

fn out_of_range(number: i64) -> StorageError {
    StorageError::Corrupt(format!("{number} is out of range for a count"))
}

fn tokens(count: i64) -> Result<u32, StorageError> {
    u32::try_from(count).map_err(|_| StorageError::Corrupt(format!("{count} tokens")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_gap_is_not_read() {
        for (seqs, count) in [
            (vec![], 0),
            (vec![3, 4, 5], 3),
            (vec![3, 4, 6, 7], 2),
            (vec![5], 0),
        ] {
            assert_eq!(gapless(2, seqs.into_iter()), count);
        }
    }

    #[test]
    fn messages_are_inserted_in_order_by_as_few_statements_as_may_be() {
        let messages = |count: i64| -> Vec<Vec<Value>> {
            let row = |number| vec![Value::Int(number); MESSAGE_PARAMETERS];
            (0..count).map(row).collect()
        };
        for (count, together, sizes) in [
            (0, 32, vec![]),
            (1, 32, vec![1]),
            (3, 1, vec![1, 1, 1]),
            (7, 32, vec![4, 2, 1]),
            (100, 32, vec![32, 32, 32, 4]),
        ] {
            let queries = insert_messages(messages(count), together);
            let values: Vec<Value> = queries.iter().flat_map(|query| query.1.clone()).collect();
            let inserted: Vec<usize> = queries
                .iter()
                .map(|(sql, values)| {
                    let rows = values.len() / MESSAGE_PARAMETERS;
                    assert_eq!(*sql, insert_statement(rows));
                    rows
                })
                .collect();
            assert_eq!(inserted, sizes, "{count} messages, {together} together");
            assert_eq!(values, messages(count).concat());
        }
    }
}
