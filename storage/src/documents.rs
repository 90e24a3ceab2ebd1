//! Documents of twins, the work of reading them, and the chunks that retrieval searches.

use protocol::{ChunkId, DocumentId, Failure, TwinId};

use crate::audiences::{self, Audience};
use crate::engine::{DatabaseError, Engine, Query, Rows, Transaction, each, until_no_collision};
use crate::messages::read_failure;
use crate::metrics::Call;
use crate::receipts::{
    Forgotten, Gone, Receipt, ReceiptKind, Statements, forget_documents, queries as forgetting,
};
use crate::value::{Row, names, params};
use crate::{FileKey, Storage, StorageError};
use crate::{attachments, twins};

macro_rules! columns {
    () => {
        "id, twin_id, name, media_type, size_bytes, sha256, file_key, chunk_count, created_at, \
         state, failure_code, failure_message, audience"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO documents (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
);
const INSERT_CHUNK: &str = "INSERT INTO chunks (id, document_id, ordinal, section, text, vector) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const FIND: &str = concat!("SELECT ", columns!(), " FROM documents WHERE id = $1");
const OF_TWIN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM documents WHERE twin_id = $1 ORDER BY id"
);
const COUNT_OF_TWIN: &str = "SELECT count(*) FROM documents WHERE twin_id = $1";
const SAME_IN_TWIN: &str = "SELECT id, state FROM documents WHERE twin_id = $1 AND sha256 = $2";
const CHUNKS_OF_TWIN: &str = "SELECT c.id, c.document_id, d.name, c.ordinal, c.section, c.text, c.vector \
     FROM documents d JOIN chunks c ON c.document_id = d.id WHERE d.twin_id = $1 \
     ORDER BY d.id, c.ordinal";
/// As [`twins::LOCK`], for the twin of a document.
const LOCK_TWIN: &str = "UPDATE twins SET revision = revision + 1 \
     WHERE id = (SELECT twin_id FROM documents WHERE id = $1)";
const SET_AUDIENCE: &str = "UPDATE documents SET audience = $2 WHERE id = $1";
const TWIN_AND_OWNER: &str =
    "SELECT t.id, t.owner_id FROM documents d JOIN twins t ON t.id = d.twin_id WHERE d.id = $1";
/// Replies that wait for their owner's word may be drawn from the document.
const FORGET_HELD: &str = "DELETE FROM reply_orders WHERE state = 'held' \
     AND twin_id = (SELECT twin_id FROM documents WHERE id = $1)";
const FORGET: Statements<4> = forget_documents!("id = $1");
pub(crate) const FORGET_DOCUMENTS_OF_TWIN: Statements<4> = forget_documents!("twin_id = $1");
pub(crate) const FORGET_DOCUMENTS_OF_OWNER: Statements<4> =
    forget_documents!("twin_id IN (SELECT id FROM twins WHERE owner_id = $1)");
const TEXT: &str = "SELECT text FROM documents WHERE id = $1";
const DUE: &str = "SELECT id FROM documents WHERE state = 'processing' AND lease_until <= $1 \
     ORDER BY lease_until, id LIMIT $2";
/// One statement decides: of two nodes that claim at once, the second finds the first's lease.
const CLAIM: &str = concat!(
    "UPDATE documents SET epoch = epoch + 1, lease_until = $3 \
     WHERE id = $1 AND state = 'processing' AND lease_until <= $2 RETURNING ",
    columns!(),
    ", epoch"
);
const KEEP_CLAIM: &str = "UPDATE documents SET lease_until = $3 \
     WHERE id = $1 AND epoch = $2 AND state = 'processing' RETURNING id";
const READY: &str = "UPDATE documents SET state = 'ready', media_type = $3, chunk_count = $4, text = $5, \
     lease_until = 0 WHERE id = $1 AND epoch = $2 AND state = 'processing' RETURNING id";
const FAILED: &str = "UPDATE documents SET state = 'failed', failure_code = $3, failure_message = $4, \
     lease_until = 0 WHERE id = $1 AND epoch = $2 AND state = 'processing' RETURNING id";
/// Chunks sent to the database at once: about half a megabyte of texts and vectors.
const CHUNKS_AT_ONCE: usize = 256;

/// A document of a twin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The document's id.
    pub id: DocumentId,
    /// The twin that knows it.
    pub twin_id: TwinId,
    /// The name that its owner gave it.
    pub name: String,
    /// Its media type, such as `text/plain`.
    pub media_type: String,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// SHA-256 of the file; one twin has it once.
    pub sha256: [u8; 32],
    /// Where the file is kept.
    pub file_key: FileKey,
    /// How many chunks it was cut into.
    pub chunk_count: u32,
    /// When it was uploaded, in UTC milliseconds.
    pub created_at: i64,
    /// How far it is.
    pub state: DocumentState,
    /// Why it could not be read.
    pub failure: Option<Failure>,
    /// Whom the twin may tell what it says.
    pub audience: Audience,
}

names! {
    /// How far a document is.
    DocumentState {
        /// It is kept and waits to be read, or is read now.
        Processing = "processing",
        /// The twin knows it.
        Ready = "ready",
        /// It cannot be read.
        Failed = "failed",
    }
}

/// A document that is read now, by nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedDocument {
    /// The document.
    pub document: Document,
    /// How often it was claimed; every write names it.
    pub epoch: u64,
}

/// What was read of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadDocument {
    /// Its media type, by its content.
    pub media_type: String,
    /// What it says; none where the file is that text, byte for byte.
    pub text: Option<String>,
    /// The pieces of that text.
    pub chunks: Vec<Chunk>,
}

/// A piece of a document, the unit of retrieval.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The chunk's id.
    pub id: ChunkId,
    /// The document that it is cut from.
    pub document_id: DocumentId,
    /// That document's name; read from the document, so its value does not matter when a chunk is stored.
    pub document_name: String,
    /// Its place in the document: 0, 1, 2, …
    pub ordinal: u32,
    /// The headings above it, outermost first, joined by " › "; empty where there are none.
    pub section: String,
    /// Its text.
    pub text: String,
    /// Its embedding.
    pub vector: Vec<f32>,
}

impl Storage {
    /// Stores a document with the chunks that it has already, or nothing; its file needs no note any more. It takes the place of the
    /// same content that could not be read, whose file is let go and returned.
    ///
    /// `Conflict` when the twin has the same content otherwise, `LimitReached` when it has `documents_max`, `NotFound` when the twin
    /// is gone.
    pub async fn insert_document(
        &self,
        document: Document,
        chunks: Vec<Chunk>,
        documents_max: u64,
    ) -> Result<Option<FileKey>, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(insert(&engine, &document, &chunks, documents_max))
        })
        .await
    }

    /// A twin's documents, oldest first.
    pub async fn documents_of(&self, twin: TwinId) -> Result<Vec<Document>, StorageError> {
        let named = audiences::named(&audiences::DOCUMENTS, twin);
        self.documents((OF_TWIN, params![twin]), named).await
    }

    /// The document with this id.
    pub async fn document(&self, id: DocumentId) -> Result<Option<Document>, StorageError> {
        let named = audiences::named_of_one(&audiences::DOCUMENTS, id);
        let found = self.documents((FIND, params![id]), named).await?;
        Ok(found.into_iter().next())
    }

    /// Documents, and those whom their audiences name.
    async fn documents(&self, query: Query, named: Query) -> Result<Vec<Document>, StorageError> {
        let engine = self.engine();
        let queries = vec![query, named];
        self.call(Call::Read, async move {
            let [documents, named] = each(engine.read(queries).await?)?;
            let mut documents = documents.map(read_document)?;
            let audiences = documents
                .iter_mut()
                .map(|document| (document.id, &mut document.audience));
            audiences::fill_in(audiences, named)?;
            Ok(documents)
        })
        .await
    }

    /// Changes whom a twin may tell what a document says. `NotFound` when the document or somebody who is named is not there.
    pub async fn set_document_audience(
        &self,
        id: DocumentId,
        audience: Audience,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(set_audience(&engine, id, &audience))
        })
        .await
    }

    /// What a document says, where that is not its file; `NotFound` when the document is gone.
    pub async fn document_text(&self, id: DocumentId) -> Result<Option<String>, StorageError> {
        let row = self.read(TEXT, params![id]).await?.first();
        row.ok_or(StorageError::NotFound("document"))?
            .optional_text()
    }

    /// Documents that are to be read and that nobody reads, the longest waiting first.
    pub async fn due_documents(
        &self,
        now: i64,
        limit: u32,
    ) -> Result<Vec<DocumentId>, StorageError> {
        self.read(DUE, params![now, i64::from(limit)])
            .await?
            .map(|mut row| row.id())
    }

    /// Claims a document that is to be read; `None` when somebody else has, or it is gone.
    pub async fn claim_document(
        &self,
        id: DocumentId,
        now: i64,
        lease_until: i64,
    ) -> Result<Option<ClaimedDocument>, StorageError> {
        let claimed = self.write(CLAIM, params![id, now, lease_until]).await?;
        let read = |mut row: Row| {
            Ok(ClaimedDocument {
                document: read_columns(&mut row)?,
                epoch: row.count()?,
            })
        };
        claimed.first().map(read).transpose()
    }

    /// Keeps a document for longer, or, with a time that is past, lets others have it. False when it is ours no more.
    pub async fn keep_document_claim(
        &self,
        claimed: &ClaimedDocument,
        lease_until: i64,
    ) -> Result<bool, StorageError> {
        let parameters = params![claimed.document.id, claimed.epoch, lease_until];
        let kept = self.write(KEEP_CLAIM, parameters).await?;
        Ok(!kept.rows.is_empty())
    }

    /// Makes a document ready with what was read of it, all or nothing. False when it is ours no more.
    pub async fn finish_document(
        &self,
        claimed: &ClaimedDocument,
        read: ReadDocument,
    ) -> Result<bool, StorageError> {
        let engine = self.engine();
        let (id, epoch) = (claimed.document.id, claimed.epoch);
        self.call(Call::Write, async move {
            until_no_collision!(finish(&engine, id, epoch, &read))
        })
        .await
    }

    /// Says why a document cannot be read. False when it is ours no more.
    pub async fn fail_document(
        &self,
        claimed: &ClaimedDocument,
        failure: &Failure,
    ) -> Result<bool, StorageError> {
        let parameters = params![
            claimed.document.id,
            claimed.epoch,
            failure.code.as_str(),
            &failure.message,
        ];
        let failed = self.write(FAILED, parameters).await?;
        Ok(!failed.rows.is_empty())
    }

    /// Deletes a document with its chunks and every quote of it under a reply, and gives its twin's owner a receipt. Its file is
    /// let go. `NotFound` when it is gone.
    pub async fn delete_document(
        &self,
        id: DocumentId,
        now: i64,
    ) -> Result<Forgotten, StorageError> {
        let engine = self.engine();
        let deleted = self.call(Call::Write, async move {
            until_no_collision!(delete(&engine, id, now))
        });
        let forgotten = deleted.await?;
        self.files_were_let_go();
        Ok(forgotten)
    }

    /// All chunks of a twin, document by document, in their order.
    pub async fn chunks_of(&self, twin: TwinId) -> Result<Vec<Chunk>, StorageError> {
        self.read(CHUNKS_OF_TWIN, params![twin])
            .await?
            .map(read_chunk)
    }
}

async fn insert(
    engine: &Engine,
    document: &Document,
    chunks: &[Chunk],
    documents_max: u64,
) -> Result<Option<FileKey>, DatabaseError> {
    // The twin stays locked from here on, so that two at once count one after the other.
    let mut queries = vec![(twins::LOCK, params![document.twin_id])];
    queries.extend(look_for_place(document));
    let (mut transaction, results) = engine.begin(queries).await?;
    let [twin, same, counted] = each(results)?;
    let place = match twin.rows.is_empty() {
        true => Err(StorageError::NotFound("twin")),
        false => Place::of(same, counted, documents_max),
    };
    let place = match place {
        Ok(place) => place,
        Err(error) => {
            transaction.roll_back().await;
            return Err(error.into());
        }
    };
    let let_go = place.clear(&mut transaction).await?;
    let mut transaction = put(transaction, document).await?;
    insert_chunks(&mut transaction, document.id, chunks).await?;
    transaction.commit(Vec::new()).await?;
    Ok(let_go)
}

/// The statements that find what [`Place::of`] reads; the twin is locked.
pub(crate) fn look_for_place(document: &Document) -> [Query; 2] {
    let twin = document.twin_id;
    [
        (SAME_IN_TWIN, params![twin, document.sha256]),
        (COUNT_OF_TWIN, params![twin]),
    ]
}

/// Where a new document finds room in its twin.
pub(crate) enum Place {
    /// Beside the others.
    Free,
    /// In place of the same content, which could not be read.
    OfFailed(DocumentId),
}

impl Place {
    /// `Conflict` when the twin has the same content, `LimitReached` when it has `documents_max`.
    pub(crate) fn of(same: Rows, counted: Rows, documents_max: u64) -> Result<Self, StorageError> {
        if let Some(mut same) = same.first() {
            let id = same.id()?;
            return match same.parsed("state of a document", DocumentState::from_name)? {
                DocumentState::Failed => Ok(Self::OfFailed(id)),
                DocumentState::Processing | DocumentState::Ready => {
                    Err(StorageError::Conflict("document"))
                }
            };
        }
        let count = match counted.first() {
            Some(mut row) => row.count::<u64>()?,
            None => 0,
        };
        match count < documents_max {
            true => Ok(Self::Free),
            false => Err(StorageError::LimitReached {
                what: "documents",
                max: documents_max,
            }),
        }
    }

    /// Takes away what stands there, and returns its file, which is let go. Its id goes with it, so that whoever still works on it
    /// finds no row.
    pub(crate) async fn clear(
        self,
        transaction: &mut Transaction,
    ) -> Result<Option<FileKey>, DatabaseError> {
        let Self::OfFailed(failed) = self else {
            return Ok(None);
        };
        let forgotten = transaction
            .pipe(forgetting(&FORGET, params![failed]))
            .await?;
        let files = Gone::default().add_documents(forgotten)?;
        Ok(files.into_iter().next())
    }
}

/// Puts a document without its chunks into its twin, and gives the transaction back.
pub(crate) async fn put(
    mut transaction: Transaction,
    document: &Document,
) -> Result<Transaction, DatabaseError> {
    let parameters = params![
        document.id,
        document.twin_id,
        &document.name,
        &document.media_type,
        document.size_bytes,
        document.sha256,
        document.file_key,
        document.chunk_count,
        document.created_at,
        document.state.as_str(),
        document
            .failure
            .as_ref()
            .map(|failure| failure.code.as_str()),
        document
            .failure
            .as_ref()
            .map(|failure| failure.message.as_str()),
        document.audience.as_str(),
    ];
    let inserted = transaction.pipe(vec![(INSERT, parameters)]).await;
    inserted.map_err(|error| error.conflict("document id or file key"))?;
    let named = audiences::name_them(
        transaction,
        &audiences::DOCUMENTS,
        document.id,
        &document.audience,
    );
    let mut transaction = named.await?;
    let noted = attachments::has_a_document(document.file_key);
    transaction.pipe(vec![noted]).await?;
    Ok(transaction)
}

async fn finish(
    engine: &Engine,
    id: DocumentId,
    epoch: u64,
    read: &ReadDocument,
) -> Result<bool, DatabaseError> {
    let parameters = params![
        id,
        epoch,
        &read.media_type,
        read.chunks.len() as u64,
        read.text.as_deref(),
    ];
    // The twin knows more from here on: those that are awake read it anew.
    let queries = vec![(LOCK_TWIN, params![id]), (READY, parameters)];
    let (mut transaction, results) = engine.begin(queries).await?;
    let [_, finished] = each(results)?;
    if finished.rows.is_empty() {
        transaction.roll_back().await;
        return Ok(false);
    }
    insert_chunks(&mut transaction, id, &read.chunks).await?;
    transaction.commit(Vec::new()).await?;
    Ok(true)
}

async fn insert_chunks(
    transaction: &mut Transaction,
    document: DocumentId,
    chunks: &[Chunk],
) -> Result<(), DatabaseError> {
    for some in chunks.chunks(CHUNKS_AT_ONCE) {
        let inserts = some
            .iter()
            .map(|chunk| insert_chunk(document, chunk))
            .collect();
        let inserted = transaction.pipe(inserts).await;
        inserted.map_err(|error| error.conflict("chunk"))?;
    }
    Ok(())
}

fn insert_chunk(document: DocumentId, chunk: &Chunk) -> Query {
    let vector = vector_bytes(&chunk.vector);
    let parameters = params![
        chunk.id,
        document,
        chunk.ordinal,
        &chunk.section,
        &chunk.text,
        vector,
    ];
    (INSERT_CHUNK, parameters)
}

async fn set_audience(
    engine: &Engine,
    id: DocumentId,
    audience: &Audience,
) -> Result<(), DatabaseError> {
    let queries = vec![
        (LOCK_TWIN, params![id]),
        (SET_AUDIENCE, params![id, audience.as_str()]),
    ];
    let (transaction, results) = engine.begin(queries).await?;
    let [_, changed] = each(results)?;
    if changed.affected == 0 {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("document").into());
    }
    let named = audiences::name_them(transaction, &audiences::DOCUMENTS, id, audience);
    let transaction = named.await?;
    transaction.commit(Vec::new()).await?;
    Ok(())
}

async fn delete(engine: &Engine, id: DocumentId, now: i64) -> Result<Forgotten, DatabaseError> {
    let queries = vec![
        (LOCK_TWIN, params![id]),
        (TWIN_AND_OWNER, params![id]),
        (FORGET_HELD, params![id]),
    ];
    let (mut transaction, results) = engine.begin(queries).await?;
    let [_, found, held] = each(results)?;
    let Some(mut found) = found.first() else {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("document").into());
    };
    let (twin, owner): (TwinId, _) = (found.id()?, found.id()?);
    let mut receipt = Receipt::new(owner, now, ReceiptKind::Document);
    receipt.twin_id = Some(twin);
    receipt.document_id = Some(id);
    receipt.gone.held_replies = held.affected;
    let forgotten = transaction.pipe(forgetting(&FORGET, params![id])).await?;
    let files = receipt.gone.add_documents(forgotten)?;
    transaction.commit(receipt.keep()).await?;
    Ok(Forgotten {
        receipt,
        files,
        twins: vec![twin],
    })
}

fn read_document(mut row: Row) -> Result<Document, StorageError> {
    read_columns(&mut row)
}

fn read_columns(row: &mut Row) -> Result<Document, StorageError> {
    Ok(Document {
        id: row.id()?,
        twin_id: row.id()?,
        name: row.text()?,
        media_type: row.text()?,
        size_bytes: row.count()?,
        sha256: row.hash()?,
        file_key: read_key(row)?,
        chunk_count: row.count()?,
        created_at: row.int()?,
        state: row.parsed("state of a document", DocumentState::from_name)?,
        failure: read_failure(row)?,
        audience: Audience::read(row)?,
    })
}

fn read_chunk(mut row: Row) -> Result<Chunk, StorageError> {
    Ok(Chunk {
        id: row.id()?,
        document_id: row.id()?,
        document_name: row.text()?,
        ordinal: row.count()?,
        section: row.text()?,
        text: row.text()?,
        vector: read_vector(&row.bytes()?)?,
    })
}

/// A vector as 32-bit floats, little-endian.
pub(crate) fn vector_bytes(vector: &[f32]) -> Vec<u8> {
    vector
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// Reads what [`vector_bytes`] wrote.
pub(crate) fn read_vector(bytes: &[u8]) -> Result<Vec<f32>, StorageError> {
    let (floats, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(StorageError::Corrupt(
            "a vector is not a list of 32-bit floats".into(),
        ));
    }
    Ok(floats
        .iter()
        .map(|float| f32::from_le_bytes(*float))
        .collect())
}

/// Reads a row that is a file key.
pub(crate) fn read_file_key(mut row: Row) -> Result<FileKey, StorageError> {
    read_key(&mut row)
}

/// Reads a file key.
pub(crate) fn read_key(row: &mut Row) -> Result<FileKey, StorageError> {
    row.parsed("file key", |text| text.parse().ok())
}
