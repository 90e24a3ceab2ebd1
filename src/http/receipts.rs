//! `/api/v1/me/receipts`: how much was forgotten on one's word. What forgets answers with a receipt.

use actix_web::{get, web};
use protocol::{DocumentId, MemoryId, ReceiptId, TwinId, UserId};
use serde::Serialize;
use storage::{Forgotten, Receipt, ReceiptKind};
use utoipa::ToSchema;

use super::Edge;
use super::caller::Caller;
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use super::responses::ListProblems;
use crate::hexadecimal::hexadecimal;

/// What somebody had forgotten.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReceiptKind)]
pub(super) enum ReceiptKindName {
    /// A document.
    Document,
    /// One memory.
    Memory,
    /// All memories of a twin, or all about one person.
    Memories,
    /// What a twin kept of a long conversation.
    Recap,
    /// A twin with all that it knew.
    Twin,
    /// An account with all that was kept of it.
    Account,
}

/// How much was forgotten: numbers and ids, and nothing of what it said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(super) struct ReceiptEntry {
    /// The receipt's id.
    #[schema(value_type = Uuid)]
    id: ReceiptId,
    /// What it was.
    kind: ReceiptKindName,
    /// When it was forgotten, in UTC milliseconds since 1970.
    at: i64,
    /// The twin that knew it; null where it was several.
    #[schema(value_type = Option<Uuid>, required = true)]
    twin_id: Option<TwinId>,
    /// The document; null where it was none, or all of a twin or an account.
    #[schema(value_type = Option<Uuid>, required = true)]
    document_id: Option<DocumentId>,
    /// The memory; null where it was not one.
    #[schema(value_type = Option<Uuid>, required = true)]
    memory_id: Option<MemoryId>,
    /// The person whom the memories were about; null where nobody was named.
    #[schema(value_type = Option<Uuid>, required = true)]
    about: Option<UserId>,
    /// Documents.
    documents: u64,
    /// Pieces that they were cut into.
    chunks: u64,
    /// Embeddings of pieces and of memories, also of what memories said before.
    vectors: u64,
    /// Memories. A document has none: twins remember what people say.
    memories: u64,
    /// Quotes under replies.
    citations: u64,
    /// Memories as they stood in prompts, kept beside replies.
    recollections: u64,
    /// Recaps of conversations, each step for itself.
    recaps: u64,
    /// Replies that waited for their owner's word, and might have been drawn from it.
    held_replies: u64,
    /// Messages whose text was taken away, with an account.
    messages: u64,
    /// Files of documents.
    files: u64,
    /// Their bytes together.
    file_bytes: u64,
    /// SHA-256 of the file, in hexadecimal; null where it was not one.
    #[schema(required = true, pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
    /// Whether the engines had dropped, before this was answered, what they had computed of prompts of the twins that knew it. Other
    /// nodes were told.
    prompts_dropped: bool,
}

/// List the receipts of what one had forgotten, newest first.
///
/// They hold numbers and ids, and go with the account.
#[utoipa::path(
    tag = "me",
    params(
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, nullable = false, minimum = 1, maximum = 200, description = "How many entries at most; 50 when absent"),
    ),
    responses((status = OK, description = "A page", body = Page<ReceiptEntry>), ListProblems)
)]
#[get("/me/receipts")]
pub(super) async fn list_receipts(
    caller: Caller,
    edge: web::Data<Edge>,
    query: web::Query<PageQuery<ReceiptId>>,
) -> Result<web::Json<Page<ReceiptEntry>>, Problem> {
    let limit = query.limit()?;
    let receipts = edge
        .storage
        .receipts_of(caller.user_id, query.before, limit + 1)
        .await?;
    let items = receipts.into_iter().map(ReceiptEntry::from).collect();
    let next = |entry: &ReceiptEntry| entry.id.to_string();
    Ok(web::Json(Page::cut(items, limit, next)))
}

impl Edge {
    /// Does what is left to do when the database has forgotten something: files, and what engines computed. Gives the receipt.
    pub(super) async fn forgotten(
        &self,
        forgotten: Forgotten,
    ) -> Result<web::Json<ReceiptEntry>, Problem> {
        let Forgotten {
            mut receipt,
            files,
            twins,
        } = forgotten;
        self.ingest.delete_files(&files).await;
        receipt.prompts_dropped = self.node.forget(&twins).await;
        if receipt.prompts_dropped {
            self.storage.note_prompts_dropped(receipt.id).await?;
        }
        Ok(web::Json(receipt.into()))
    }
}

impl From<ReceiptKind> for ReceiptKindName {
    fn from(kind: ReceiptKind) -> Self {
        match kind {
            ReceiptKind::Document => Self::Document,
            ReceiptKind::Memory => Self::Memory,
            ReceiptKind::Memories => Self::Memories,
            ReceiptKind::Recap => Self::Recap,
            ReceiptKind::Twin => Self::Twin,
            ReceiptKind::Account => Self::Account,
        }
    }
}

impl From<Receipt> for ReceiptEntry {
    fn from(receipt: Receipt) -> Self {
        let gone = receipt.gone;
        Self {
            id: receipt.id,
            kind: receipt.kind.into(),
            at: receipt.at,
            twin_id: receipt.twin_id,
            document_id: receipt.document_id,
            memory_id: receipt.memory_id,
            about: receipt.about,
            documents: gone.documents,
            chunks: gone.chunks,
            vectors: gone.vectors,
            memories: gone.memories,
            citations: gone.citations,
            recollections: gone.recollections,
            recaps: gone.recaps,
            held_replies: gone.held_replies,
            messages: gone.messages,
            files: gone.files,
            file_bytes: gone.file_bytes,
            sha256: gone.sha256.map(|hash| hexadecimal(&hash)),
            prompts_dropped: receipt.prompts_dropped,
        }
    }
}
