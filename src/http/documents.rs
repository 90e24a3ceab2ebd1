//! `/api/v1/twins/{twin}/documents`: what a twin knows; only its owner sees and changes it.

use actix_web::http::header::{CACHE_CONTROL, LOCATION, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use protocol::{DocumentId, TwinId};
use serde::Serialize;
use storage::Document;
use utoipa::ToSchema;

use super::Edge;
use super::caller::{Caller, WritingCaller};
use super::paging::Page;
use super::problem::Problem;
use super::responses::{DeleteProblems, OwnerReadProblems, UploadProblems};
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
    /// `text/markdown` or `text/plain`.
    #[schema(example = "text/markdown")]
    media_type: String,
    /// Bytes of the file.
    #[schema(minimum = 1)]
    size_bytes: u64,
    /// How many pieces it was cut into for retrieval.
    #[schema(minimum = 1)]
    chunk_count: u32,
    /// When it was uploaded, in UTC milliseconds since 1970.
    created_at: i64,
}

/// An upload.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it only describes the form; the upload is read as a stream"
)]
pub(super) struct UploadForm {
    /// The file: plain text or Markdown, in UTF-8.
    #[schema(value_type = String, format = Binary, content_media_type = "text/plain")]
    file: Vec<u8>,
}

/// Upload a document: plain text or Markdown, in UTF-8, in the form field `file`.
#[utoipa::path(
    tag = "documents",
    params(("twin" = Uuid, Path, description = "The twin's id")),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = CREATED, description = "The twin knows the document", body = DocumentEntry,
            headers(("Location" = String, description = "The document"))),
        UploadProblems,
    )
)]
#[post("/twins/{twin}/documents")]
pub(super) async fn upload_document(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
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
    ),
    responses((status = OK, description = "The document", body = DocumentEntry), OwnerReadProblems)
)]
#[get("/twins/{twin}/documents/{document}")]
pub(super) async fn read_document(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, DocumentId)>,
) -> Result<web::Json<DocumentEntry>, Problem> {
    let (twin, document) = path.into_inner();
    let document = edge.own_document(twin, document, caller.user_id).await?;
    Ok(web::Json(document.into()))
}

/// Read what a document says, as it was uploaded. What a citation quotes stands in it, but for white space.
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
    let text = edge.ingest.content(&document).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .body(text))
}

/// Delete a document, everything that was derived from it, and every quote of it under a reply.
#[utoipa::path(
    tag = "documents",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("document" = Uuid, Path, description = "The document's id"),
    ),
    responses((status = NO_CONTENT, description = "The document is gone"), DeleteProblems)
)]
#[delete("/twins/{twin}/documents/{document}")]
pub(super) async fn delete_document(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, DocumentId)>,
) -> Result<HttpResponse, Problem> {
    let (twin, document) = path.into_inner();
    let document = edge.own_document(twin, document, caller.user_id).await?;
    let file = edge.storage.delete_document(document.id).await?;
    edge.node.forget(&[twin]).await;
    edge.ingest.delete_files(vec![file]).await;
    Ok(HttpResponse::NoContent().finish())
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
            created_at: document.created_at,
        }
    }
}
