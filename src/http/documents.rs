//! `/api/v1/twins/{twin}/documents`: what a twin knows; only its owner sees and changes it.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, LOCATION, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use protocol::{DocumentId, TwinId};
use serde::{Deserialize, Serialize};
use storage::Document;
use utoipa::ToSchema;

use super::Edge;
use super::audiences::{AudienceBody, NewAudience};
use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::paging::Page;
use super::problem::Problem;
use super::receipts::ReceiptEntry;
use super::responses::{
    DeleteProblems, OwnerListProblems, OwnerReadProblems, UploadProblems, WriteProblems,
};
use super::upload;
use crate::ingest::NewDocument;

/// A document of a twin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Document)]
pub(super) struct DocumentEntry {
    /// The document's id.
    #[schema(value_type = Uuid)]
    id: DocumentId,
    /// The twin that knows it.
    #[schema(value_type = Uuid)]
    twin_id: TwinId,
    /// The name that its owner gave it, without folders.
    #[schema(example = "lighthouses.md")]
    name: String,
    /// What it is, by its content, once it has been read; `application/octet-stream` before.
    #[schema(example = "text/markdown")]
    media_type: String,
    /// Bytes of the file.
    #[schema(minimum = 1)]
    size_bytes: u64,
    /// How many pieces it was cut into for retrieval; 0 until it is ready.
    chunk_count: u32,
    /// How far it is.
    #[schema(value_type = DocumentStateText)]
    state: &'static str,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    failure: Option<DocumentFailure>,
    /// When it was uploaded, in UTC milliseconds since 1970.
    created_at: i64,
    /// Whom the twin may tell what it says.
    audience: AudienceBody,
}

/// Whom the twin may tell what a new document says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadQuery {
    audience: Option<NewAudience>,
}

/// What is to be different about a document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentChange {
    /// Whom the twin may tell what it says, from now on.
    audience: AudienceBody,
}

/// How far a document is: it is read after its upload, and what a twin knows of it is there when it is `ready`.
#[derive(ToSchema)]
#[schema(as = DocumentState, rename_all = "snake_case")]
#[expect(dead_code, reason = "it only describes the names")]
pub(super) enum DocumentStateText {
    Processing,
    Ready,
    Failed,
}

/// Why a document could not be read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentFailure {
    /// A stable code.
    #[schema(example = "invalid")]
    code: &'static str,
    /// What is wrong, for a person to read.
    message: String,
}

/// How long to wait for a document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiting {
    #[serde(default)]
    wait: u64,
}

/// Seconds that a request may wait for a document.
const WAIT_SECONDS_MAX: u64 = 30;

/// An upload.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it only describes the form; the upload is read as a stream"
)]
pub(super) struct UploadForm {
    /// The file.
    #[schema(value_type = String, format = Binary, content_media_type = "text/plain")]
    file: Vec<u8>,
}

/// Upload a document in the form field `file`: text, Markdown, HTML, PDF, DOCX, EPUB, CSV, mail, or an export of a chat of
/// WhatsApp, Telegram, WeChat, Slack or Discord.
///
/// What it is is told by its content. It is kept at once and read afterwards: `job` frames and its `state` tell how far it is.
/// A twin has the same content once: what could not be read is begun anew when it is uploaded again, as a document of its own;
/// otherwise that is a `conflict`. Of an upload that breaks off nothing is kept.
#[utoipa::path(
    tag = "documents",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("audience" = Option<NewAudience>, Query, nullable = false,
            description = "Whom the twin may tell what it says; whoever may talk with the twin, without it. Who is named, is named later"),
    ),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = CREATED, description = "The document is kept and will be read", body = DocumentEntry,
            headers(("Location" = String, description = "The document"))),
        UploadProblems,
    )
)]
#[post("/twins/{twin}/documents")]
pub(super) async fn upload_document(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
    query: web::Query<UploadQuery>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let _slot = Edge::upload_slot(&edge.uploads)?;
    let file = upload::read(&request, body, edge.limits.upload_bytes_max).await?;
    let document = edge
        .ingest
        .add(NewDocument {
            twin_id: twin.id,
            file_name: file.name,
            content: file.content,
            audience: NewAudience::or_of(query.audience, twin.visibility),
        })
        .await?;
    let location = format!("/api/v1/twins/{}/documents/{}", twin.id, document.id);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .json(DocumentEntry::from(document)))
}

/// List a twin's documents, oldest first.
#[utoipa::path(
    tag = "documents",
    params(("twin" = Uuid, Path, description = "The twin's id")),
    responses((status = OK, description = "All documents", body = Page<DocumentEntry>), OwnerReadProblems)
)]
#[get("/twins/{twin}/documents")]
pub(super) async fn list_documents(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
) -> Result<web::Json<Page<DocumentEntry>>, Problem> {
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let documents = edge.storage.documents_of(twin.id).await?;
    let items = documents.into_iter().map(DocumentEntry::from).collect();
    Ok(web::Json(Page { items, next: None }))
}

/// Read about a document.
#[utoipa::path(
    tag = "documents",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("document" = Uuid, Path, description = "The document's id"),
        ("wait" = Option<u64>, Query, nullable = false, minimum = 0, maximum = 30,
            description = "Wait so many seconds at most until it is ready or failed"),
    ),
    responses((status = OK, description = "The document", body = DocumentEntry), OwnerListProblems)
)]
#[get("/twins/{twin}/documents/{document}")]
pub(super) async fn read_document(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, DocumentId)>,
    query: web::Query<Waiting>,
) -> Result<web::Json<DocumentEntry>, Problem> {
    let (twin, document) = path.into_inner();
    if query.wait > WAIT_SECONDS_MAX {
        let detail = format!("must be at most {WAIT_SECONDS_MAX}");
        return Err(Problem::invalid("wait", &detail));
    }
    let document = edge.own_document(twin, document, caller.user_id).await?;
    let within = Duration::from_secs(query.wait);
    let waited = edge.ingest.wait_for(document.id, within).await?;
    let document = waited.ok_or_else(|| Problem::not_found("document"))?;
    Ok(web::Json(document.into()))
}

/// Read what a document says. What a citation quotes stands in it, but for white space. Empty until it is ready.
#[utoipa::path(
    tag = "documents",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("document" = Uuid, Path, description = "The document's id"),
    ),
    responses((status = OK, description = "The text", body = String, content_type = "text/plain"), OwnerReadProblems)
)]
#[get("/twins/{twin}/documents/{document}/text")]
pub(super) async fn read_document_text(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, DocumentId)>,
) -> Result<HttpResponse, Problem> {
    let (twin, document) = path.into_inner();
    let document = edge.own_document(twin, document, caller.user_id).await?;
    let text = edge.ingest.text(&document).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .body(text))
}

/// Change whom the twin may tell what a document says. What it has told stays told.
#[utoipa::path(
    tag = "documents",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("document" = Uuid, Path, description = "The document's id"),
    ),
    request_body = DocumentChange,
    responses((status = OK, description = "The document as it is now", body = DocumentEntry), WriteProblems)
)]
#[patch("/twins/{twin}/documents/{document}")]
pub(super) async fn change_document(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, DocumentId)>,
    body: Body<DocumentChange>,
) -> Result<web::Json<DocumentEntry>, Problem> {
    let (twin, document) = path.into_inner();
    let document = edge.own_document(twin, document, caller.user_id).await?;
    let audience = body.into_inner().audience.checked()?;
    edge.storage
        .set_document_audience(document.id, audience.clone())
        .await?;
    Ok(web::Json(DocumentEntry::from(Document {
        audience,
        ..document
    })))
}

/// Delete a document with its file, its pieces, their embeddings and every quote of it under a reply. Work on it stops.
///
/// The receipt says how much that was; `GET /me/receipts` lists it later.
#[utoipa::path(
    tag = "documents",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("document" = Uuid, Path, description = "The document's id"),
    ),
    responses((status = OK, description = "The document is gone: how much that was", body = ReceiptEntry), DeleteProblems)
)]
#[delete("/twins/{twin}/documents/{document}")]
pub(super) async fn delete_document(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, DocumentId)>,
) -> Result<web::Json<ReceiptEntry>, Problem> {
    let (twin, document) = path.into_inner();
    let document = edge.own_document(twin, document, caller.user_id).await?;
    let forgotten = edge.ingest.delete(document.id).await?;
    edge.forgotten(forgotten).await
}

impl Edge {
    async fn own_document(
        &self,
        twin: TwinId,
        document: DocumentId,
        user: protocol::UserId,
    ) -> Result<Document, Problem> {
        let twin = self.own_twin(twin, user).await?;
        let found = self.storage.document(document).await?;
        found
            .filter(|document| document.twin_id == twin.id)
            .ok_or_else(|| Problem::not_found("document"))
    }
}

impl From<Document> for DocumentEntry {
    fn from(document: Document) -> Self {
        Self {
            id: document.id,
            twin_id: document.twin_id,
            name: document.name,
            media_type: document.media_type,
            size_bytes: document.size_bytes,
            chunk_count: document.chunk_count,
            state: document.state.as_str(),
            failure: document.failure.map(|failure| DocumentFailure {
                code: failure.code.as_str(),
                message: failure.message,
            }),
            created_at: document.created_at,
            audience: document.audience.into(),
        }
    }
}
