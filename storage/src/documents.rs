//! Documents of twins and the chunks that retrieval searches.

use protocol::{ChunkId, DocumentId, TwinId};

use crate::engine::{DatabaseError, Engine, Query, each, until_no_collision};
use crate::metrics::Call;
use crate::twins;
use crate::value::{Row, params};
use crate::{FileKey, Storage, StorageError};

macro_rules! columns {
    () => {
        "id, twin_id, name, media_type, size_bytes, sha256, file_key, chunk_count, created_at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO documents (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
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
const SAME_IN_TWIN: &str = "SELECT id FROM documents WHERE twin_id = $1 AND sha256 = $2";
const CHUNKS_OF_TWIN: &str = "SELECT c.id, c.document_id, d.name, c.ordinal, c.section, c.text, c.vector \
     FROM documents d JOIN chunks c ON c.document_id = d.id WHERE d.twin_id = $1 \
     ORDER BY d.id, c.ordinal";
/// As [`twins::LOCK`], for the twin of a document.
const LOCK_TWIN: &str = "UPDATE twins SET revision = revision + 1 \
     WHERE id = (SELECT twin_id FROM documents WHERE id = $1)";
const DELETE: &str = "DELETE FROM documents WHERE id = $1 RETURNING file_key";
/// Replies that wait for their owner's word may be drawn from the document.
const FORGET_HELD: &str = "DELETE FROM reply_orders WHERE state = 'held' \
     AND twin_id = (SELECT twin_id FROM documents WHERE id = $1)";
pub(crate) const DELETE_DOCUMENTS_OF_TWIN: &str =
    "DELETE FROM documents WHERE twin_id = $1 RETURNING file_key";
pub(crate) const DELETE_DOCUMENTS_OF_OWNER: &str = "DELETE FROM documents \
     WHERE twin_id IN (SELECT id FROM twins WHERE owner_id = $1) RETURNING file_key";
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
    /// Stores a document with all its chunks, or nothing. `Conflict` when the twin has the same file already,
    /// `LimitReached` when it has `documents_max`, `NotFound` when the twin is gone.
    pub async fn insert_document(
        &self,
        document: Document,
        chunks: Vec<Chunk>,
        documents_max: u64,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(insert(&engine, &document, &chunks, documents_max))
        })
        .await
    }

    /// A twin's documents, oldest first.
    pub async fn documents_of(&self, twin: TwinId) -> Result<Vec<Document>, StorageError> {
        self.read(OF_TWIN, params![twin]).await?.map(read_document)
    }

    /// The document with this id.
    pub async fn document(&self, id: DocumentId) -> Result<Option<Document>, StorageError> {
        let rows = self.read(FIND, params![id]).await?;
        rows.first().map(read_document).transpose()
    }

    /// Deletes a document with its chunks and every quote of it under a reply. Returns its file. `NotFound` when
    /// it is gone.
    pub async fn delete_document(&self, id: DocumentId) -> Result<FileKey, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(delete(&engine, id))
        })
        .await
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
) -> Result<(), DatabaseError> {
    // The twin stays locked from here on, so that two at once count one after the other.
    let queries = vec![
        (twins::LOCK, params![document.twin_id]),
        (SAME_IN_TWIN, params![document.twin_id, document.sha256]),
        (COUNT_OF_TWIN, params![document.twin_id]),
    ];
    let (mut transaction, results) = engine.begin(queries).await?;
    let [twin, same, counted] = each(results)?;
    let count = match counted.first() {
        Some(mut row) => row.count::<u64>()?,
        None => 0,
    };
    let refused = if twin.rows.is_empty() {
        Some(StorageError::NotFound("twin"))
    } else if !same.rows.is_empty() {
        Some(StorageError::Conflict("document"))
    } else if count >= documents_max {
        Some(StorageError::LimitReached {
            what: "documents",
            max: documents_max,
        })
    } else {
        None
    };
    if let Some(error) = refused {
        transaction.roll_back().await;
        return Err(error.into());
    }
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
    ];
    let inserted = transaction.pipe(vec![(INSERT, parameters)]).await;
    inserted.map_err(|error| error.conflict("document id or file key"))?;
    for some in chunks.chunks(CHUNKS_AT_ONCE) {
        let inserts = some
            .iter()
            .map(|chunk| insert_chunk(document.id, chunk))
            .collect();
        let inserted = transaction.pipe(inserts).await;
        inserted.map_err(|error| error.conflict("chunk"))?;
    }
    transaction.commit(Vec::new()).await?;
    Ok(())
}

fn insert_chunk(document: DocumentId, chunk: &Chunk) -> Query {
    let vector: Vec<u8> = chunk
        .vector
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
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

async fn delete(engine: &Engine, id: DocumentId) -> Result<FileKey, DatabaseError> {
    let queries = vec![
        (LOCK_TWIN, params![id]),
        (FORGET_HELD, params![id]),
        (DELETE, params![id]),
    ];
    let (transaction, results) = engine.begin(queries).await?;
    let Some(row) = results.into_iter().nth(2).and_then(|rows| rows.first()) else {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("document").into());
    };
    let key = read_file_key(row)?;
    transaction.commit(Vec::new()).await?;
    Ok(key)
}

fn read_document(mut row: Row) -> Result<Document, StorageError> {
    Ok(Document {
        id: row.id()?,
        twin_id: row.id()?,
        name: row.text()?,
        media_type: row.text()?,
        size_bytes: row.count()?,
        sha256: row.hash()?,
        file_key: read_key(&mut row)?,
        chunk_count: row.count()?,
        created_at: row.int()?,
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

fn read_vector(bytes: &[u8]) -> Result<Vec<f32>, StorageError> {
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

fn read_key(row: &mut Row) -> Result<FileKey, StorageError> {
    row.parsed("file key", |text| text.parse().ok())
}
