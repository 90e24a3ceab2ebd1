//! Twins that come from another installation: each with all that it brings, in one transaction.

use std::collections::HashSet;

use protocol::{MemoryId, TwinId, UserId};

use crate::audiences::{self, Audience};
use crate::documents::{Document, Place, look_for_place, put, vector_bytes};
use crate::engine::{DatabaseError, Engine, Query, Rows, Transaction, each, until_no_collision};
use crate::memories::{self, MEMORIES_MAX, MEMORIES_OF_PERSON_MAX, MemoryKind};
use crate::metrics::Call;
use crate::people;
use crate::twins::{self, Twin};
use crate::value::params;
use crate::{FileKey, Storage, StorageError};

/// A bot hears what its owner hears, and is nobody whom one names.
const PERSON: &str = "SELECT id FROM users WHERE id = $1 AND owner_id IS NULL";
const TWIN_HERE: &str = "SELECT id FROM twins WHERE owner_id = $1 AND id IN ($2, $3)";
const MEMORY_HERE: &str = "SELECT id FROM memories WHERE twin_id = $1 AND id IN ($2, $3)";
const INSERT_MEMORY: &str = "INSERT INTO memories (id, twin_id, about_id, kind, text, vector, audience, ordinal, supersedes, \
     created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10)";

/// People who are looked for at once.
const PEOPLE_AT_ONCE: usize = 256;

/// An id where something comes from, and the one that it has here when it was brought from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brought<T> {
    /// The id there. When the twin's owner has it here under that id, it never left.
    pub there: T,
    /// The id here.
    pub here: T,
}

/// A twin that comes with what it knows and remembers.
#[derive(Debug, Clone)]
pub struct ImportedTwin {
    /// The twin; its id is the one that it has here when it was brought.
    pub twin: Twin,
    /// Its id where it comes from.
    pub there: TwinId,
    /// Its documents, whose files are noted and written; whichever of its ids the twin has here is put into them.
    pub documents: Vec<Document>,
    /// What it remembers of its owner, each after that in whose place it stands.
    pub memories: Vec<ImportedMemory>,
}

/// Something that a twin remembers of its owner and brings.
#[derive(Debug, Clone)]
pub struct ImportedMemory {
    /// Its ids.
    pub id: Brought<MemoryId>,
    /// How the twin came by it.
    pub kind: MemoryKind,
    /// What is remembered.
    pub text: String,
    /// Its embedding.
    pub vector: Vec<f32>,
    /// Whom the twin may tell it.
    pub audience: Audience,
    /// The memory in whose place it stands; one that is not here is left out.
    pub supersedes: Option<Brought<MemoryId>>,
    /// Since when it is remembered, in UTC milliseconds.
    pub created_at: i64,
    /// When it was changed last, in UTC milliseconds.
    pub changed_at: i64,
}

/// How many there may be.
#[derive(Debug, Clone, Copy)]
pub struct ImportLimits {
    /// Twins of the owner.
    pub twins: u64,
    /// Documents of the twin.
    pub documents: u64,
}

/// What became of things of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many are new here.
    pub taken: u64,
    /// How many were here already.
    pub here: u64,
    /// For how many there is no room.
    pub no_room: u64,
}

/// What became of a twin that came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TwinTaken {
    /// The twin itself.
    pub twin: Tally,
    /// Its documents; none where there was no room for the twin.
    pub documents: Tally,
    /// What it remembers; none where there was no room for the twin.
    pub memories: Tally,
    /// The files that no document has: they are let go.
    pub let_go: Vec<FileKey>,
}

impl Storage {
    /// Takes in a twin with its documents and memories, all or nothing. What is here already stays as it is, so that the same twin may
    /// come again: the twin and its memories by their ids, documents by their content.
    ///
    /// `NotFound` when the owner or somebody in an audience is gone.
    pub async fn import_twin(
        &self,
        imported: ImportedTwin,
        limits: ImportLimits,
    ) -> Result<TwinTaken, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(import(&engine, &imported, limits))
        })
        .await
    }

    /// Which of these are people with an account here.
    pub async fn people_among(&self, ids: Vec<UserId>) -> Result<HashSet<UserId>, StorageError> {
        let engine = self.engine();
        self.call(Call::Read, async move {
            let mut people = HashSet::new();
            for some in ids.chunks(PEOPLE_AT_ONCE) {
                let queries = some.iter().map(|id| (PERSON, params![*id])).collect();
                for found in engine.read(queries).await? {
                    people.extend(found.map(|mut row| row.id::<UserId>())?);
                }
            }
            Ok(people)
        })
        .await
    }
}

async fn import(
    engine: &Engine,
    imported: &ImportedTwin,
    limits: ImportLimits,
) -> Result<TwinTaken, DatabaseError> {
    let twin = &imported.twin;
    // The account stays locked: of two imports at once the second finds what the first has brought.
    let queries = vec![
        (people::LOCK, params![twin.owner_id]),
        (twins::COUNT_OF_OWNER, params![twin.owner_id]),
        (TWIN_HERE, params![twin.owner_id, imported.there, twin.id]),
    ];
    let (mut transaction, results) = engine.begin(queries).await?;
    let [account, counted, here] = each(results)?;
    let count = match counted.first() {
        Some(mut row) => row.count::<u64>()?,
        None => 0,
    };
    if account.rows.is_empty() {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("account").into());
    }
    let mut taken = TwinTaken::default();
    let id = match found(here, imported.there)? {
        Some(id) => {
            taken.twin.here = 1;
            id
        }
        None if count >= limits.twins => {
            transaction.roll_back().await;
            taken.twin.no_room = 1;
            taken.let_go = imported
                .documents
                .iter()
                .map(|each| each.file_key)
                .collect();
            return Ok(taken);
        }
        None => {
            let inserted = transaction.pipe(vec![twins::insert(twin)]).await;
            inserted.map_err(|error| error.conflict("twin id"))?;
            taken.twin.taken = 1;
            twin.id
        }
    };
    let notes: Vec<Query> = vec![(twins::LOCK, params![id]), (memories::NOTE, params![id])];
    transaction.pipe(notes).await?;
    for document in &imported.documents {
        let document = Document {
            twin_id: id,
            ..document.clone()
        };
        transaction = take_document(transaction, &document, limits.documents, &mut taken).await?;
    }
    for memory in &imported.memories {
        let of_twin = (id, twin.owner_id);
        transaction = take_memory(transaction, of_twin, memory, &mut taken.memories).await?;
    }
    transaction.commit(Vec::new()).await?;
    Ok(taken)
}

/// Under which of its ids something is here.
fn found<T: crate::value::Id + PartialEq + Copy>(
    rows: Rows,
    there: T,
) -> Result<Option<T>, StorageError> {
    let ids: Vec<T> = rows.map(|mut row| row.id())?;
    let never_left = ids.iter().find(|id| **id == there);
    Ok(never_left.or(ids.first()).copied())
}

async fn take_document(
    mut transaction: Transaction,
    document: &Document,
    documents_max: u64,
    taken: &mut TwinTaken,
) -> Result<Transaction, DatabaseError> {
    let looked = transaction.pipe(look_for_place(document).into()).await?;
    let [same, counted] = each(looked)?;
    match Place::of(same, counted, documents_max) {
        Ok(place) => {
            taken.let_go.extend(place.clear(&mut transaction).await?);
            taken.documents.taken += 1;
            return put(transaction, document).await;
        }
        Err(StorageError::Conflict(_)) => taken.documents.here += 1,
        Err(StorageError::LimitReached { .. }) => taken.documents.no_room += 1,
        Err(error) => return Err(error.into()),
    }
    taken.let_go.push(document.file_key);
    Ok(transaction)
}

async fn take_memory(
    mut transaction: Transaction,
    (twin, owner): (TwinId, UserId),
    memory: &ImportedMemory,
    tally: &mut Tally,
) -> Result<Transaction, DatabaseError> {
    let Brought { there, here } = memory.id;
    let superseded = memory.supersedes.unwrap_or(memory.id);
    let queries = vec![
        (MEMORY_HERE, params![twin, there, here]),
        (
            MEMORY_HERE,
            params![twin, superseded.there, superseded.here],
        ),
        (memories::COUNTS, params![twin, owner]),
    ];
    let [same, superseded_here, counts] = each(transaction.pipe(queries).await?)?;
    let mut counts = counts.first().ok_or(StorageError::NotFound("twin"))?;
    let (of_twin, of_person): (u64, u64) = (counts.count()?, counts.count()?);
    if found(same, there)?.is_some() {
        tally.here += 1;
        return Ok(transaction);
    }
    if of_twin >= MEMORIES_MAX || of_person >= MEMORIES_OF_PERSON_MAX {
        tally.no_room += 1;
        return Ok(transaction);
    }
    let parameters = params![
        here,
        twin,
        owner,
        memory.kind.as_str(),
        &memory.text,
        vector_bytes(&memory.vector),
        memory.audience.as_str(),
        found(superseded_here, superseded.there)?,
        memory.created_at,
        memory.changed_at,
    ];
    let inserted = transaction.pipe(vec![(INSERT_MEMORY, parameters)]).await;
    inserted.map_err(|error| error.conflict("memory id"))?;
    tally.taken += 1;
    audiences::name_them(transaction, &audiences::MEMORIES, here, &memory.audience).await
}
