//! What twins remember of people: sentences that they said, with where and when, and what owners wrote or corrected.

use protocol::{ConversationId, MemoryId, MessageId, TwinId, UserId};

use crate::audiences::{self, Audience};
use crate::documents::{read_vector, vector_bytes};
use crate::engine::{DatabaseError, Engine, Query, Transaction, each, until_no_collision};
use crate::metrics::Call;
use crate::receipts::{
    Forgotten, Receipt, ReceiptKind, Statements, begin_forgetting, forget_memories,
    queries as forgetting,
};
use crate::storage::{ABOVE_ALL, page};
use crate::value::{Row, names, params};
use crate::{Storage, StorageError};

/// Memories of one twin: their vectors are held while it is awake.
pub const MEMORIES_MAX: u64 = 10_000;

/// Memories of one person in one twin, so that nobody fills it.
pub const MEMORIES_OF_PERSON_MAX: u64 = 1_000;

macro_rules! select {
    () => {
        "SELECT m.id, m.twin_id, m.about_id, u.name, m.kind, m.text, m.vector, m.audience, m.message_id, \
         n.conversation_id, n.seq, m.supersedes, (SELECT s.id FROM memories s WHERE s.supersedes = m.id ORDER BY s.id LIMIT 1), m.revision, \
         m.created_at, m.changed_at, t.name, t.owner_id \
         FROM memories m JOIN users u ON u.id = m.about_id JOIN twins t ON t.id = m.twin_id \
         LEFT JOIN messages n ON n.message_id = m.message_id "
    };
}

const OF_TWIN: &str = concat!(
    select!(),
    "WHERE m.twin_id = $1 AND m.id < $2 AND m.about_id = COALESCE($3, m.about_id) ORDER BY m.id DESC LIMIT $4"
);
const IN_FORCE: &str = concat!(
    select!(),
    "WHERE m.twin_id = $1 AND NOT EXISTS (SELECT 1 FROM memories s WHERE s.supersedes = m.id) ORDER BY m.id DESC LIMIT $2"
);
const FIND: &str = concat!(select!(), "WHERE m.id = $1 AND m.twin_id = $2");
const ABOUT: &str = concat!(
    select!(),
    "WHERE m.about_id = $1 AND t.owner_id <> $1 AND m.id < $2 ORDER BY m.id DESC LIMIT $3"
);
/// Locks the twin, and notes that what it remembers is about to change.
pub(crate) const NOTE: &str =
    "UPDATE twins SET memories_revision = memories_revision + 1 WHERE id = $1 RETURNING id";
/// What a message was remembered of goes when its text does.
pub(crate) const NOTE_MESSAGE: &str = "UPDATE twins SET memories_revision = memories_revision + 1 \
     WHERE id IN (SELECT twin_id FROM memories WHERE message_id = $1)";
pub(crate) const FORGET_MESSAGE: &str = "DELETE FROM memories WHERE message_id = $1";
pub(crate) const COUNTS: &str = "SELECT (SELECT COUNT(*) FROM memories WHERE twin_id = $1), \
     (SELECT COUNT(*) FROM memories WHERE twin_id = $1 AND about_id = $2)";
/// A message that was deleted is not remembered.
const INSERT_SAID: &str = "INSERT INTO memories (id, twin_id, about_id, kind, text, vector, audience, message_id, ordinal, supersedes, \
     created_at, changed_at) SELECT $1, $2, $3, $4, $5, $6, $7, n.message_id, $9, $10, $11, $11 FROM messages n \
     WHERE n.message_id = $8 AND n.deleted_at IS NULL ON CONFLICT (twin_id, message_id, ordinal) DO NOTHING";
const INSERT_WRITTEN: &str = "INSERT INTO memories (id, twin_id, about_id, kind, text, vector, audience, ordinal, supersedes, \
     created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)";
const KEEP_VERSION: &str = "INSERT INTO memory_versions (memory_id, revision, text, vector, changed_at) \
     SELECT id, revision, text, vector, changed_at FROM memories WHERE id = $1";
const SET_TEXT: &str = "UPDATE memories SET text = $2, vector = $3, revision = revision + 1, changed_at = $4 WHERE id = $1";
const SET_AUDIENCE: &str = "UPDATE memories SET audience = $2, changed_at = $3 WHERE id = $1";
const VERSIONS: &str = "SELECT COUNT(*) FROM memory_versions WHERE memory_id = $1";
const NEWEST_VERSION: &str = "SELECT revision, text, vector FROM memory_versions WHERE memory_id = $1 \
     ORDER BY revision DESC LIMIT 1";
const DELETE_VERSION: &str = "DELETE FROM memory_versions WHERE memory_id = $1 AND revision = $2";
const FORGET: Statements<3> = forget_memories!("id = $2 AND twin_id = $1");
const FORGET_SOME: Statements<3> =
    forget_memories!("twin_id = $1 AND about_id = COALESCE($2, about_id)");
pub(crate) const FORGET_MEMORIES_OF_TWIN: Statements<3> = forget_memories!("twin_id = $1");
/// What a person's twins remember, and what twins of others remember of the person.
pub(crate) const FORGET_MEMORIES_OF_ACCOUNT: Statements<3> =
    forget_memories!("about_id = $1 OR twin_id IN (SELECT id FROM twins WHERE owner_id = $1)");
const NOTE_ABOUT: &str = "UPDATE twins SET memories_revision = memories_revision + 1 \
     WHERE id IN (SELECT twin_id FROM memories WHERE about_id = $1 AND id = COALESCE($2, id))";
/// As [`NOTE_ABOUT`], for everything about a person.
pub(crate) const NOTE_ALL_ABOUT: &str = "UPDATE twins SET memories_revision = memories_revision + 1 \
     WHERE id IN (SELECT twin_id FROM memories WHERE about_id = $1)";
const FORGET_ABOUT: Statements<3> = forget_memories!(
    "about_id = $1 AND id = COALESCE($2, id) AND twin_id NOT IN (SELECT id FROM twins WHERE owner_id = $1)"
);
pub(crate) const FORGET_HELD_ABOUT: &str = "DELETE FROM reply_orders WHERE state = 'held' AND twin_id IN \
     (SELECT twin_id FROM memories WHERE about_id = $1 AND id = COALESCE($2, id) \
     AND twin_id NOT IN (SELECT id FROM twins WHERE owner_id = $1))";

/// Changes of one memory that can be undone.
const VERSIONS_MAX: u64 = 100;

names! {
    /// How a twin came by a memory.
    MemoryKind {
        /// The person said it.
        Said = "said",
        /// The person said that it is so, and not as it was remembered or written.
        Corrected = "corrected",
        /// The twin's owner wrote it down.
        Written = "written",
    }
}

/// Where something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RememberedIn {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message.
    pub message_id: MessageId,
    /// The message's place in the conversation.
    pub seq: u64,
}

/// Something that a twin remembers of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    /// The memory's id.
    pub id: MemoryId,
    /// The twin that remembers it.
    pub twin_id: TwinId,
    /// The twin's name.
    pub twin_name: String,
    /// Whose twin it is.
    pub owner_id: UserId,
    /// Whom it is about.
    pub about: UserId,
    /// The person's name.
    pub about_name: String,
    /// How the twin came by it.
    pub kind: MemoryKind,
    /// What is remembered, in the person's words or the owner's.
    pub text: String,
    /// Its embedding.
    pub vector: Vec<f32>,
    /// Whom the twin may tell it.
    pub audience: Audience,
    /// Where it was said; none for what the owner wrote.
    pub said_in: Option<RememberedIn>,
    /// The memory in whose place it stands.
    pub supersedes: Option<MemoryId>,
    /// The memory that stands in its place: while there is one, this one is not used.
    pub superseded_by: Option<MemoryId>,
    /// Rises with every change of its text.
    pub revision: u64,
    /// Since when it is remembered, in UTC milliseconds.
    pub created_at: i64,
    /// When it was changed last, in UTC milliseconds.
    pub changed_at: i64,
}

/// Something that is to be remembered.
#[derive(Debug, Clone)]
pub struct NewMemory {
    /// The memory's id.
    pub id: MemoryId,
    /// The twin.
    pub twin_id: TwinId,
    /// Whom it is about.
    pub about: UserId,
    /// How the twin comes by it.
    pub kind: MemoryKind,
    /// What is remembered.
    pub text: String,
    /// Its embedding.
    pub vector: Vec<f32>,
    /// Whom the twin may tell it.
    pub audience: Audience,
    /// The message in which it was said, and its place among what is remembered of that; none for what the owner writes.
    pub said_in: Option<(MessageId, u32)>,
    /// The memory in whose place it stands.
    pub supersedes: Option<MemoryId>,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

/// What is to change in a memory; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct MemoryChange {
    /// The new text and its embedding.
    pub text: Option<(String, Vec<f32>)>,
    /// Whom the twin may tell it from now on.
    pub audience: Option<Audience>,
}

/// Which memories of a twin are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryFilter {
    /// Only those about this person.
    pub about: Option<UserId>,
    /// Only those before this one.
    pub before: Option<MemoryId>,
}

impl Storage {
    /// Remembers something. `false` when it was remembered before or its message is gone: a message is remembered once.
    ///
    /// `LimitReached` when there is too much, `NotFound` when the twin, the person, what it supersedes or somebody in its audience
    /// is not there.
    pub async fn remember(&self, memory: NewMemory) -> Result<bool, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(insert(&engine, &memory))
        })
        .await
    }

    /// What a twin remembers, newest first.
    pub async fn memories_of(
        &self,
        twin: TwinId,
        filter: MemoryFilter,
        limit: u32,
    ) -> Result<Vec<Memory>, StorageError> {
        let before = filter.before.map_or(ABOVE_ALL, |id| *id.as_bytes());
        let of_twin = (OF_TWIN, params![twin, before, filter.about, page(limit)]);
        self.memories(of_twin, named(twin)).await
    }

    /// What a twin remembers and nothing stands in the place of, newest first.
    pub async fn memories_in_force(&self, twin: TwinId) -> Result<Vec<Memory>, StorageError> {
        self.memories((IN_FORCE, params![twin, MEMORIES_MAX]), named(twin))
            .await
    }

    /// A memory of a twin.
    pub async fn memory(&self, twin: TwinId, id: MemoryId) -> Result<Option<Memory>, StorageError> {
        let named = audiences::named_of_one(&audiences::MEMORIES, id);
        let found = self.memories((FIND, params![id, twin]), named).await?;
        Ok(found.into_iter().next())
    }

    /// Memories, and those whom their audiences name.
    async fn memories(&self, query: Query, named: Query) -> Result<Vec<Memory>, StorageError> {
        let engine = self.engine();
        let queries = vec![query, named];
        self.call(Call::Read, async move {
            let [memories, named] = each(engine.read(queries).await?)?;
            let mut memories = memories.map(read_memory)?;
            let audiences = memories
                .iter_mut()
                .map(|memory| (memory.id, &mut memory.audience));
            audiences::fill_in(audiences, named)?;
            Ok(memories)
        })
        .await
    }

    /// What twins of others remember of a person, newest first; whom they may tell is theirs to know, and not read.
    pub async fn memories_about(
        &self,
        person: UserId,
        before: Option<MemoryId>,
        limit: u32,
    ) -> Result<Vec<Memory>, StorageError> {
        let before = before.map_or(ABOVE_ALL, |id| *id.as_bytes());
        self.read(ABOUT, params![person, before, page(limit)])
            .await?
            .map(read_memory)
    }

    /// Changes a memory; its text before is kept. `NotFound` when it is not there or somebody in its audience is not,
    /// `LimitReached` when it was changed too often.
    pub async fn change_memory(
        &self,
        twin: TwinId,
        id: MemoryId,
        change: MemoryChange,
        now: i64,
    ) -> Result<Memory, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(self::change(&engine, twin, id, &change, now))
        })
        .await?;
        let memory = self.memory(twin, id).await?;
        memory.ok_or(StorageError::NotFound("memory"))
    }

    /// Gives a memory the text back that it had before its last change. `NotFound` when it is not there or was never changed.
    pub async fn undo_memory(
        &self,
        twin: TwinId,
        id: MemoryId,
        now: i64,
    ) -> Result<Memory, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(undo(&engine, twin, id, now))
        })
        .await?;
        let memory = self.memory(twin, id).await?;
        memory.ok_or(StorageError::NotFound("memory"))
    }

    /// Forgets a memory with all that it has said, also under replies, and gives the twin's owner a receipt. `NotFound` when it is
    /// not there.
    pub async fn forget_memory(
        &self,
        twin: TwinId,
        id: MemoryId,
        now: i64,
    ) -> Result<Forgotten, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(forget_one(&engine, twin, id, now))
        })
        .await
    }

    /// Forgets all that a twin remembers, or all about one person, and gives the twin's owner a receipt. `NotFound` when the twin is
    /// gone.
    pub async fn forget_memories(
        &self,
        twin: TwinId,
        about: Option<UserId>,
        now: i64,
    ) -> Result<Forgotten, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(forget_some(&engine, twin, about, now))
        })
        .await
    }

    /// Has twins of others forget something about a person who wishes it, or everything, and gives that person a receipt. `NotFound`
    /// when there is no such memory.
    pub async fn forget_about(
        &self,
        person: UserId,
        id: Option<MemoryId>,
        now: i64,
    ) -> Result<Forgotten, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(forget_of_others(&engine, person, id, now))
        })
        .await
    }
}

/// Who is named of all that a twin remembers.
fn named(twin: TwinId) -> Query {
    audiences::named(&audiences::MEMORIES, twin)
}

async fn insert(engine: &Engine, memory: &NewMemory) -> Result<bool, DatabaseError> {
    let twin = memory.twin_id;
    let (mut transaction, results) = engine
        .begin(vec![
            (NOTE, params![twin]),
            (COUNTS, params![twin, memory.about]),
        ])
        .await?;
    let [found, counts] = each(results)?;
    let mut counts = counts.first().ok_or(StorageError::NotFound("twin"))?;
    let (of_twin, of_person): (u64, u64) = (counts.count()?, counts.count()?);
    let refused = if found.rows.is_empty() {
        Some(StorageError::NotFound("twin"))
    } else if of_twin >= MEMORIES_MAX {
        Some(StorageError::LimitReached {
            what: "memories",
            max: MEMORIES_MAX,
        })
    } else if of_person >= MEMORIES_OF_PERSON_MAX {
        Some(StorageError::LimitReached {
            what: "memories of this person",
            max: MEMORIES_OF_PERSON_MAX,
        })
    } else {
        None
    };
    if let Some(refused) = refused {
        transaction.roll_back().await;
        return Err(refused.into());
    }
    if let Some(superseded) = memory.supersedes {
        let [found] = each(
            transaction
                .pipe(vec![(FIND, params![superseded, twin])])
                .await?,
        )?;
        if found.rows.is_empty() {
            transaction.roll_back().await;
            return Err(StorageError::NotFound("memory to supersede").into());
        }
    }
    let vector = vector_bytes(&memory.vector);
    let kind = memory.kind.as_str();
    let audience = memory.audience.as_str();
    let insert = match memory.said_in {
        Some((message, ordinal)) => (
            INSERT_SAID,
            params![
                memory.id,
                twin,
                memory.about,
                kind,
                &memory.text,
                vector,
                audience,
                message,
                ordinal,
                memory.supersedes,
                memory.created_at,
            ],
        ),
        None => (
            INSERT_WRITTEN,
            params![
                memory.id,
                twin,
                memory.about,
                kind,
                &memory.text,
                vector,
                audience,
                0_i64,
                memory.supersedes,
                memory.created_at,
            ],
        ),
    };
    let inserted = transaction.pipe(vec![insert]).await;
    let [inserted] = each(inserted.map_err(|error| error.missing("person"))?)?;
    if inserted.affected == 0 {
        transaction.roll_back().await;
        return Ok(false);
    }
    let named = audiences::name_them(
        transaction,
        &audiences::MEMORIES,
        memory.id,
        &memory.audience,
    );
    let transaction = named.await?;
    transaction.commit(Vec::new()).await?;
    Ok(true)
}

async fn change(
    engine: &Engine,
    twin: TwinId,
    id: MemoryId,
    change: &MemoryChange,
    now: i64,
) -> Result<(), DatabaseError> {
    let (mut transaction, results) = engine
        .begin(vec![
            (NOTE, params![twin]),
            (FIND, params![id, twin]),
            (VERSIONS, params![id]),
        ])
        .await?;
    let [_, found, versions] = each(results)?;
    let versions: u64 = match versions.first() {
        Some(mut row) => row.count()?,
        None => 0,
    };
    let refused = if found.rows.is_empty() {
        Some(StorageError::NotFound("memory"))
    } else if change.text.is_some() && versions >= VERSIONS_MAX {
        Some(StorageError::LimitReached {
            what: "changes of this memory",
            max: VERSIONS_MAX,
        })
    } else {
        None
    };
    if let Some(refused) = refused {
        transaction.roll_back().await;
        return Err(refused.into());
    }
    if let Some((text, vector)) = &change.text {
        let set = params![id, text, vector_bytes(vector), now];
        transaction
            .pipe(vec![(KEEP_VERSION, params![id]), (SET_TEXT, set)])
            .await?;
    }
    if let Some(audience) = &change.audience {
        let set = (SET_AUDIENCE, params![id, audience.as_str(), now]);
        transaction.pipe(vec![set]).await?;
        let named = audiences::name_them(transaction, &audiences::MEMORIES, id, audience);
        transaction = named.await?;
    }
    transaction.commit(Vec::new()).await?;
    Ok(())
}

async fn undo(engine: &Engine, twin: TwinId, id: MemoryId, now: i64) -> Result<(), DatabaseError> {
    let (transaction, results) = engine
        .begin(vec![
            (NOTE, params![twin]),
            (FIND, params![id, twin]),
            (NEWEST_VERSION, params![id]),
        ])
        .await?;
    let [_, found, version] = each(results)?;
    let missing = match found.rows.is_empty() {
        true => "memory",
        false => "earlier text of this memory",
    };
    let Some(mut version) = version.first().filter(|_| missing != "memory") else {
        transaction.roll_back().await;
        return Err(StorageError::NotFound(missing).into());
    };
    let revision: u64 = version.count()?;
    let (text, vector) = (version.text()?, version.bytes()?);
    let back = vec![
        (SET_TEXT, params![id, text, vector, now]),
        (DELETE_VERSION, params![id, revision]),
    ];
    transaction.commit(back).await?;
    Ok(())
}

async fn forget_one(
    engine: &Engine,
    twin: TwinId,
    id: MemoryId,
    now: i64,
) -> Result<Forgotten, DatabaseError> {
    let found = begin_forgetting(engine, NOTE, twin, now, ReceiptKind::Memory).await?;
    let (mut transaction, mut receipt) = found;
    receipt.memory_id = Some(id);
    let forgotten = forgetting(&FORGET, params![twin, id]);
    receipt
        .gone
        .add_memories(transaction.pipe(forgotten).await?)?;
    if receipt.gone.memories == 0 {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("memory").into());
    }
    finish_forgetting(transaction, receipt, vec![twin]).await
}

async fn forget_some(
    engine: &Engine,
    twin: TwinId,
    about: Option<UserId>,
    now: i64,
) -> Result<Forgotten, DatabaseError> {
    let found = begin_forgetting(engine, NOTE, twin, now, ReceiptKind::Memories).await?;
    let (mut transaction, mut receipt) = found;
    receipt.about = about;
    let forgotten = forgetting(&FORGET_SOME, params![twin, about]);
    receipt
        .gone
        .add_memories(transaction.pipe(forgotten).await?)?;
    finish_forgetting(transaction, receipt, vec![twin]).await
}

async fn forget_of_others(
    engine: &Engine,
    person: UserId,
    id: Option<MemoryId>,
    now: i64,
) -> Result<Forgotten, DatabaseError> {
    let parameters = params![person, id];
    let queries = vec![
        (NOTE_ABOUT, parameters.clone()),
        (FORGET_HELD_ABOUT, parameters.clone()),
    ];
    let (mut transaction, results) = engine.begin(queries).await?;
    let [_, held] = each(results)?;
    let kind = match id {
        Some(_) => ReceiptKind::Memory,
        None => ReceiptKind::Memories,
    };
    let mut receipt = Receipt::new(person, now, kind);
    receipt.memory_id = id;
    receipt.about = Some(person);
    receipt.gone.held_replies = held.affected;
    let forgotten = forgetting(&FORGET_ABOUT, parameters);
    let twins = receipt
        .gone
        .add_memories(transaction.pipe(forgotten).await?)?;
    if id.is_some() && twins.is_empty() {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("memory").into());
    }
    if let [twin] = twins[..] {
        receipt.twin_id = Some(twin);
    }
    finish_forgetting(transaction, receipt, twins).await
}

async fn finish_forgetting(
    transaction: Transaction,
    receipt: Receipt,
    twins: Vec<TwinId>,
) -> Result<Forgotten, DatabaseError> {
    transaction.commit(receipt.keep()).await?;
    Ok(Forgotten {
        receipt,
        files: Vec::new(),
        twins,
    })
}

fn read_memory(mut row: Row) -> Result<Memory, StorageError> {
    let id = row.id()?;
    let twin_id = row.id()?;
    let about = row.id()?;
    let about_name = row.text()?;
    let kind = row.parsed("kind of memory", MemoryKind::from_name)?;
    let text = row.text()?;
    let vector = read_vector(&row.bytes()?)?;
    let audience = Audience::read(&mut row)?;
    let message: Option<MessageId> = row.optional_id()?;
    let conversation: Option<ConversationId> = row.optional_id()?;
    let seq = row.optional_int()?;
    let said_in = match (message, conversation, seq) {
        (Some(message_id), Some(conversation_id), Some(seq)) => Some(RememberedIn {
            conversation_id,
            message_id,
            seq: u64::try_from(seq).unwrap_or_default(),
        }),
        _ => None,
    };
    Ok(Memory {
        id,
        twin_id,
        about,
        about_name,
        kind,
        text,
        vector,
        audience,
        said_in,
        supersedes: row.optional_id()?,
        superseded_by: row.optional_id()?,
        revision: row.count()?,
        created_at: row.int()?,
        changed_at: row.int()?,
        twin_name: row.text()?,
        owner_id: row.id()?,
    })
}
