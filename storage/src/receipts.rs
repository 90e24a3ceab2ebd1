//! Receipts: what was forgotten on somebody's word, in numbers and ids, never in words.

use protocol::{DocumentId, MemoryId, ReceiptId, TwinId, UserId};

use crate::engine::{DatabaseError, Engine, Query, Rows, Transaction, each};
use crate::scrub;
use crate::storage::{ABOVE_ALL, page};
use crate::value::{Row, Value, names, params};
use crate::{FileKey, Storage, StorageError};

macro_rules! columns {
    () => {
        "id, user_id, at, kind, twin_id, document_id, memory_id, about_id, documents, chunks, vectors, memories, \
         citations, recollections, recaps, held_replies, files, file_bytes, sha256, prompts_dropped"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO receipts (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
);
const OF_USER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM receipts WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
);
const OWNER: &str = "SELECT owner_id FROM twins WHERE id = $1";
/// Replies that wait for their owner's word may be drawn from what goes.
const FORGET_HELD: &str = "DELETE FROM reply_orders WHERE state = 'held' AND twin_id = $1";
const NOTE_DROPPED: &str = "UPDATE receipts SET prompts_dropped = 1 WHERE id = $1";

names! {
    /// What somebody had forgotten.
    ReceiptKind {
        /// A document.
        Document = "document",
        /// One memory.
        Memory = "memory",
        /// All memories of a twin, or all about one person.
        Memories = "memories",
        /// What a twin kept of a long conversation.
        Recap = "recap",
        /// A twin with all that it knew.
        Twin = "twin",
        /// An account with all that was kept of it.
        Account = "account",
    }
}

/// What says how much was forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The receipt's id.
    pub id: ReceiptId,
    /// Who had it forgotten.
    pub user_id: UserId,
    /// When, in UTC milliseconds.
    pub at: i64,
    /// What it was.
    pub kind: ReceiptKind,
    /// The twin that knew it; none where it was several or all.
    pub twin_id: Option<TwinId>,
    /// The document.
    pub document_id: Option<DocumentId>,
    /// The memory.
    pub memory_id: Option<MemoryId>,
    /// The person whom the memories were about.
    pub about: Option<UserId>,
    /// How much went.
    pub gone: Gone,
    /// Whether the engines of the node that was asked had dropped what they had computed of it.
    pub prompts_dropped: bool,
}

/// How much went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// Documents.
    pub documents: u64,
    /// The pieces that they were cut into.
    pub chunks: u64,
    /// Embeddings: of pieces, of memories and of what memories said before.
    pub vectors: u64,
    /// Memories.
    pub memories: u64,
    /// Quotes under replies.
    pub citations: u64,
    /// Memories as they stood in prompts, which replies kept.
    pub recollections: u64,
    /// Recaps of conversations, each step for itself.
    pub recaps: u64,
    /// Replies that waited for their owner's word.
    pub held_replies: u64,
    /// Messages whose text was taken away. Only an account's receipt has them, which is kept nowhere.
    pub messages: u64,
    /// Files of documents.
    pub files: u64,
    /// Their bytes together.
    pub file_bytes: u64,
    /// SHA-256 of the file, where it was one.
    pub sha256: Option<[u8; 32]>,
}

/// What was forgotten, and what is still to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// How much it was.
    pub receipt: Receipt,
    /// Files that nothing refers to any more. The sweep deletes what nobody else does.
    pub files: Vec<FileKey>,
    /// The twins that knew it.
    pub twins: Vec<TwinId>,
}

impl Receipt {
    /// A receipt of nothing yet.
    pub(crate) fn new(user_id: UserId, at: i64, kind: ReceiptKind) -> Self {
        Self {
            id: ReceiptId::new(),
            user_id,
            at,
            kind,
            twin_id: None,
            document_id: None,
            memory_id: None,
            about: None,
            gone: Gone::default(),
            prompts_dropped: false,
        }
    }

    /// The statements that keep it, the last of their transaction. Of nothing there is nothing to keep.
    pub(crate) fn keep(&self) -> Vec<Query> {
        match self.gone == Gone::default() {
            true => Vec::new(),
            false => self.keep_always(),
        }
    }

    /// As [`Receipt::keep`], of what is something even where nothing of it can be counted.
    pub(crate) fn keep_always(&self) -> Vec<Query> {
        vec![self.insert(), scrub::mark()]
    }

    fn insert(&self) -> Query {
        let gone = &self.gone;
        let parameters = params![
            self.id,
            self.user_id,
            self.at,
            self.kind.as_str(),
            self.twin_id,
            self.document_id,
            self.memory_id,
            self.about,
            gone.documents,
            gone.chunks,
            gone.vectors,
            gone.memories,
            gone.citations,
            gone.recollections,
            gone.recaps,
            gone.held_replies,
            gone.files,
            gone.file_bytes,
            gone.sha256,
            i64::from(self.prompts_dropped),
        ];
        (INSERT, parameters)
    }
}

/// Statements that take things away, one after the other, and how their results are counted.
pub(crate) type Statements<const N: usize> = [&'static str; N];

/// The statements that take away the documents of which this holds, with all that was drawn from them. Their files are let go.
macro_rules! forget_documents {
    ($which:literal) => {
        [
            concat!("DELETE FROM message_sources WHERE document_id IN (SELECT id FROM documents WHERE ", $which, ")"),
            concat!("DELETE FROM chunks WHERE document_id IN (SELECT id FROM documents WHERE ", $which, ")"),
            concat!(
                "INSERT INTO attachment_files (file_key, kept, noted_at) SELECT file_key, 0, 0 FROM documents WHERE ",
                $which
            ),
            concat!("DELETE FROM documents WHERE ", $which, " RETURNING file_key, size_bytes, sha256"),
        ]
    };
}
pub(crate) use forget_documents;

/// The statements that take away the memories of which this holds, with what they said before and what replies kept of them.
macro_rules! forget_memories {
    ($which:literal) => {
        [
            concat!(
                "DELETE FROM reply_memories WHERE memory_id IN (SELECT id FROM memories WHERE ",
                $which,
                ")"
            ),
            concat!(
                "DELETE FROM memory_versions WHERE memory_id IN (SELECT id FROM memories WHERE ",
                $which,
                ")"
            ),
            concat!("DELETE FROM memories WHERE ", $which, " RETURNING twin_id"),
        ]
    };
}
pub(crate) use forget_memories;

/// The statements, each with the same parameters.
pub(crate) fn queries<const N: usize>(
    statements: &Statements<N>,
    parameters: Vec<Value>,
) -> Vec<Query> {
    let queries = statements.iter().zip(std::iter::repeat(parameters));
    queries
        .map(|(sql, parameters)| (*sql, parameters))
        .collect()
}

/// Begins to take something away that a twin knew: notes it in the twin's row by this statement, which locks it, and takes away what waits
/// for its owner's word. Gives the owner's receipt of that. `NotFound` when the twin is gone.
pub(crate) async fn begin_forgetting(
    engine: &Engine,
    note: &'static str,
    twin: TwinId,
    now: i64,
    kind: ReceiptKind,
) -> Result<(Transaction, Receipt), DatabaseError> {
    let queries = vec![
        (note, params![twin]),
        (OWNER, params![twin]),
        (FORGET_HELD, params![twin]),
    ];
    let (transaction, results) = engine.begin(queries).await?;
    let [_, owner, held] = each(results)?;
    let Some(mut owner) = owner.first() else {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("twin").into());
    };
    let mut receipt = Receipt::new(owner.id()?, now, kind);
    receipt.twin_id = Some(twin);
    receipt.gone.held_replies = held.affected;
    Ok((transaction, receipt))
}

impl Gone {
    /// Counts what the statements of [`forget_documents`] took away. Returns the files.
    pub(crate) fn add_documents(
        &mut self,
        results: Vec<Rows>,
    ) -> Result<Vec<FileKey>, DatabaseError> {
        let [citations, chunks, _, documents] = each(results)?;
        self.citations += citations.affected;
        self.chunks += chunks.affected;
        self.vectors += chunks.affected;
        let files = documents.map(|mut row| {
            let file = crate::documents::read_key(&mut row)?;
            self.file_bytes += row.count::<u64>()?;
            self.sha256 = Some(row.hash()?);
            Ok(file)
        })?;
        self.documents += files.len() as u64;
        self.files += files.len() as u64;
        if self.files > 1 {
            self.sha256 = None;
        }
        Ok(files)
    }

    /// Counts what the statements of [`forget_memories`] took away. Returns the twins that remembered, each once.
    pub(crate) fn add_memories(
        &mut self,
        results: Vec<Rows>,
    ) -> Result<Vec<TwinId>, DatabaseError> {
        let [recollections, versions, memories] = each(results)?;
        self.recollections += recollections.affected;
        self.memories += memories.affected;
        self.vectors += memories.affected + versions.affected;
        let mut twins = memories.map(|mut row| row.id())?;
        twins.sort_unstable();
        twins.dedup();
        Ok(twins)
    }
}

impl Storage {
    /// The receipts of a person, newest first.
    pub async fn receipts_of(
        &self,
        user: UserId,
        before: Option<ReceiptId>,
        limit: u32,
    ) -> Result<Vec<Receipt>, StorageError> {
        let before = before.map_or(ABOVE_ALL, |id| *id.as_bytes());
        self.read(OF_USER, params![user, before, page(limit)])
            .await?
            .map(read_receipt)
    }

    /// Notes that the engines have dropped what they had computed of what was forgotten.
    pub async fn note_prompts_dropped(&self, id: ReceiptId) -> Result<(), StorageError> {
        self.write(NOTE_DROPPED, params![id]).await.map(drop)
    }
}

fn read_receipt(mut row: Row) -> Result<Receipt, StorageError> {
    Ok(Receipt {
        id: row.id()?,
        user_id: row.id()?,
        at: row.int()?,
        kind: row.parsed("kind of receipt", ReceiptKind::from_name)?,
        twin_id: row.optional_id()?,
        document_id: row.optional_id()?,
        memory_id: row.optional_id()?,
        about: row.optional_id()?,
        gone: Gone {
            documents: row.count()?,
            chunks: row.count()?,
            vectors: row.count()?,
            memories: row.count()?,
            citations: row.count()?,
            recollections: row.count()?,
            recaps: row.count()?,
            held_replies: row.count()?,
            messages: 0,
            files: row.count()?,
            file_bytes: row.count()?,
            sha256: row.optional_hash()?,
        },
        prompts_dropped: row.int()? != 0,
    })
}
