//! Twins of people.

use protocol::{TwinId, UserId};

use crate::documents::FORGET_DOCUMENTS_OF_TWIN;
use crate::engine::{DatabaseError, Engine, Query, each, until_no_collision};
use crate::memories::FORGET_MEMORIES_OF_TWIN;
use crate::metrics::Call;
use crate::people::{Room, TAKE_NAME_OFF_PLACES};
use crate::recaps::FORGET_RECAPS_OF_TWIN;
use crate::receipts::{Forgotten, ReceiptKind, begin_forgetting, queries as forgetting};
use crate::storage::{ABOVE_ALL, page};
use crate::value::{Row, names, params};
use crate::{Storage, StorageError};

/// The author's name on messages of a twin that was deleted.
pub const DELETED_TWIN: &str = "deleted twin";

macro_rules! columns {
    () => {
        "id, owner_id, name, persona, greeting, language, visibility, created_at, updated_at, oversight_since"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO twins (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
);
const FIND: &str = concat!("SELECT ", columns!(), " FROM twins WHERE id = $1");
const OF_OWNER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM twins WHERE owner_id = $1 ORDER BY id"
);
const TOLD_BY: &str = "SELECT id FROM twins WHERE owner_id = $1 UNION \
     SELECT t.twin_id FROM members m JOIN members t ON t.conversation_id = m.conversation_id \
     WHERE m.user_id = $1 AND t.twin_id IS NOT NULL";
pub(crate) const COUNT_OF_OWNER: &str = "SELECT count(*) FROM twins WHERE owner_id = $1";
const PUBLIC: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM twins WHERE visibility = 'public' AND id < $1 \
     AND owner_id NOT IN (SELECT id FROM users WHERE disabled_at IS NOT NULL) ORDER BY id DESC LIMIT $2"
);
const UPDATE: &str = concat!(
    "UPDATE twins SET name = COALESCE($2, name), persona = COALESCE($3, persona), \
     greeting = COALESCE($4, greeting), language = COALESCE($5, language), \
     visibility = COALESCE($6, visibility), oversight_since = CASE WHEN CAST($8 AS BIGINT) = 1 THEN COALESCE(oversight_since, $7) \
     WHEN CAST($8 AS BIGINT) = 0 THEN NULL ELSE oversight_since END, updated_at = $7, revision = revision + 1 WHERE id = $1 RETURNING ",
    columns!()
);
/// As `people::LOCK`. It also notes that what the twin knows is about to change.
pub(crate) const LOCK: &str = "UPDATE twins SET revision = revision + 1 WHERE id = $1 RETURNING id";
const STATE: &str = "SELECT t.revision, t.memories_revision, u.disabled_at FROM twins t JOIN users u ON u.id = t.owner_id \
     WHERE t.id = $1";
const TAKE_NAME_OFF: &str = "UPDATE messages SET author_name = $2 WHERE author_id = $1";
const DELETE: &str = "DELETE FROM twins WHERE id = $1";

names! {
    /// Who may find a twin and talk with it.
    Visibility {
        /// Its owner only.
        Private = "private",
        /// Whoever knows its id.
        Link = "link",
        /// Everybody; it is listed.
        Public = "public",
    }
}

/// A twin of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// The twin's id.
    pub id: TwinId,
    /// Whose twin it is.
    pub owner_id: UserId,
    /// The name that others see.
    pub name: String,
    /// Who the twin is, in words for the model.
    pub persona: String,
    /// What the twin says first; empty when it waits.
    pub greeting: String,
    /// The language it speaks, as a BCP 47 tag; empty when it follows its partner.
    pub language: String,
    /// Who may find it and talk with it.
    pub visibility: Visibility,
    /// When it was made, in UTC milliseconds.
    pub created_at: i64,
    /// When it was changed last, in UTC milliseconds.
    pub updated_at: i64,
    /// Since when whoever talks with it can know that its owner may step in, in UTC milliseconds; none where the owner may not.
    pub oversight_since: Option<i64>,
}

/// What is to change in a twin; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct TwinChange {
    /// The new name.
    pub name: Option<String>,
    /// The new persona.
    pub persona: Option<String>,
    /// The new greeting.
    pub greeting: Option<String>,
    /// The new language.
    pub language: Option<String>,
    /// The new visibility.
    pub visibility: Option<Visibility>,
    /// Whether its owner may step in from now on.
    pub oversight: Option<bool>,
}

/// What may change while a twin is awake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwinState {
    /// A number that rises with every change of the twin or its documents.
    pub revision: u64,
    /// A number that rises with every change of what it remembers.
    pub memories_revision: u64,
    /// Whether its owner's account is disabled: then it answers nobody.
    pub is_disabled: bool,
}

impl Storage {
    /// Makes a twin. `LimitReached` when its owner has `twins_max` already, `NotFound` when the owner is gone.
    pub async fn create_twin(&self, twin: Twin, twins_max: u64) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(create(&engine, &twin, twins_max))
        })
        .await
    }

    /// The twin with this id.
    pub async fn twin(&self, id: TwinId) -> Result<Option<Twin>, StorageError> {
        let rows = self.read(FIND, params![id]).await?;
        rows.first().map(read_twin).transpose()
    }

    /// What a twin that is awake asks before each answer; `None` when the twin is gone.
    pub async fn twin_state(&self, id: TwinId) -> Result<Option<TwinState>, StorageError> {
        let row = self.read(STATE, params![id]).await?.first();
        let read = |mut row: Row| {
            Ok(TwinState {
                revision: row.count()?,
                memories_revision: row.count()?,
                is_disabled: row.optional_int()?.is_some(),
            })
        };
        row.map(read).transpose()
    }

    /// A person's twins, oldest first.
    pub async fn twins_of(&self, owner: UserId) -> Result<Vec<Twin>, StorageError> {
        self.read(OF_OWNER, params![owner]).await?.map(read_twin)
    }

    /// The twins that a person has told something: that person's own, and those in that person's conversations.
    pub async fn twins_told_by(&self, user: UserId) -> Result<Vec<TwinId>, StorageError> {
        let rows = self.read(TOLD_BY, params![user]).await?;
        rows.map(|mut row| row.id())
    }

    /// Public twins, newest first, beginning after `before`; none of accounts that are disabled.
    pub async fn public_twins(
        &self,
        before: Option<TwinId>,
        limit: u32,
    ) -> Result<Vec<Twin>, StorageError> {
        let before = before.map_or(ABOVE_ALL, |id| *id.as_bytes());
        self.read(PUBLIC, params![before, page(limit)])
            .await?
            .map(read_twin)
    }

    /// Changes a twin and returns it as it is then. `NotFound` when it is gone.
    pub async fn update_twin(
        &self,
        id: TwinId,
        change: TwinChange,
        now: i64,
    ) -> Result<Twin, StorageError> {
        let parameters = params![
            id,
            change.name,
            change.persona,
            change.greeting,
            change.language,
            change.visibility.map(Visibility::as_str),
            now,
            change.oversight.map(i64::from),
        ];
        let row = self.write(UPDATE, parameters).await?.first();
        read_twin(row.ok_or(StorageError::NotFound("twin"))?)
    }

    /// Deletes a twin with its documents, chunks, memories, memberships and unfinished replies, and gives its owner a receipt. Files
    /// are let go. `NotFound` when it is gone.
    pub async fn delete_twin(&self, id: TwinId, now: i64) -> Result<Forgotten, StorageError> {
        let engine = self.engine();
        let deleted = self.call(Call::Write, async move {
            until_no_collision!(delete(&engine, id, now))
        });
        let forgotten = deleted.await?;
        self.files_were_let_go();
        Ok(forgotten)
    }
}

async fn create(engine: &Engine, twin: &Twin, twins_max: u64) -> Result<(), DatabaseError> {
    let room = Room {
        what: "twins",
        count: COUNT_OF_OWNER,
        max: twins_max,
    };
    let transaction = room.begin(engine, twin.owner_id).await?;
    let inserted = transaction.commit(vec![insert(twin)]).await;
    inserted.map_err(|error| error.conflict("twin id"))?;
    Ok(())
}

/// The statement that makes a twin.
pub(crate) fn insert(twin: &Twin) -> Query {
    let parameters = params![
        twin.id,
        twin.owner_id,
        &twin.name,
        &twin.persona,
        &twin.greeting,
        &twin.language,
        twin.visibility.as_str(),
        twin.created_at,
        twin.updated_at,
        twin.oversight_since,
    ];
    (INSERT, parameters)
}

async fn delete(engine: &Engine, id: TwinId, now: i64) -> Result<Forgotten, DatabaseError> {
    let begun = begin_forgetting(engine, LOCK, id, now, ReceiptKind::Twin).await?;
    let (mut transaction, mut receipt) = begun;
    let gone = &mut receipt.gone;
    let documents = forgetting(&FORGET_DOCUMENTS_OF_TWIN, params![id]);
    let files = gone.add_documents(transaction.pipe(documents).await?)?;
    let memories = forgetting(&FORGET_MEMORIES_OF_TWIN, params![id]);
    gone.add_memories(transaction.pipe(memories).await?)?;
    let recaps = vec![(FORGET_RECAPS_OF_TWIN, params![id])];
    let [recaps] = each(transaction.pipe(recaps).await?)?;
    gone.recaps = recaps.affected;
    let mut last = vec![
        (TAKE_NAME_OFF, params![id, DELETED_TWIN]),
        (TAKE_NAME_OFF_PLACES, params![id, DELETED_TWIN]),
        (DELETE, params![id]),
    ];
    last.extend(receipt.keep_always());
    transaction.commit(last).await?;
    Ok(Forgotten {
        receipt,
        files,
        twins: vec![id],
    })
}

fn read_twin(mut row: Row) -> Result<Twin, StorageError> {
    Ok(Twin {
        id: row.id()?,
        owner_id: row.id()?,
        name: row.text()?,
        persona: row.text()?,
        greeting: row.text()?,
        language: row.text()?,
        visibility: row.parsed("visibility", Visibility::from_name)?,
        created_at: row.int()?,
        updated_at: row.int()?,
        oversight_since: row.optional_int()?,
    })
}
