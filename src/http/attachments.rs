//! `/api/v1/attachments`: files that are uploaded, sent with a message, and read by those who may read the message.

use actix_files::NamedFile;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    self, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentDisposition, DispositionParam,
    DispositionType, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use protocol::AttachmentId;
use storage::KeptAttachment;

use super::Edge;
use super::caller::{Participant, WritingParticipant};
use super::documents::UploadForm;
use super::message_schema::AttachmentSchema;
use super::problem::Problem;
use super::responses::{DeleteProblems, FileProblems, UploadProblems};
use super::upload;

/// Upload a file, in the form field `file`, that is to be sent with a message.
///
/// `send` names it by its id. What it is is told by its bytes. It can be sent once, by whoever uploaded it, within a day.
#[utoipa::path(
    tag = "conversations",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = CREATED, description = "The file is there", body = AttachmentSchema,
            headers(("Location" = String, description = "The file"))),
        UploadProblems,
    )
)]
#[post("/attachments")]
pub(super) async fn upload_attachment(
    caller: WritingParticipant,
    edge: web::Data<Edge>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let _slot = Edge::upload_slot(&edge.receiving)?;
    let mut receiving = edge.attachments.begin(caller.user_id).await?;
    let bytes_max = edge.limits.upload_bytes_max;
    let name = upload::receive(&request, body, bytes_max, &mut receiving).await?;
    let attachment = receiving.finish(name.as_deref()).await?;
    let location = format!("/api/v1/attachments/{}", attachment.id);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .json(attachment))
}

/// Read the bytes of a file: of one's own before it is sent, and of every message that one may read.
///
/// Ranges and conditions (`Range`, `If-None-Match`, `If-Range`) are served. The answer never is a page for a browser.
#[utoipa::path(
    tag = "conversations",
    params(("attachment" = Uuid, Path, description = "The file's id")),
    responses(
        (status = OK, description = "The file", body = String, content_type = "*/*"),
        (status = PARTIAL_CONTENT, description = "The part that was asked for", body = String, content_type = "*/*"),
        FileProblems,
    )
)]
#[get("/attachments/{attachment}")]
pub(super) async fn read_attachment(
    caller: Participant,
    edge: web::Data<Edge>,
    path: web::Path<AttachmentId>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let kept = edge.storage.attachment(*path).await?;
    let kept = kept.ok_or_else(|| Problem::not_found("attachment"))?;
    let may_read = match kept.conversation_id {
        Some(conversation) => edge.storage.is_member(conversation, caller.user_id).await?,
        None => kept.user_id == caller.user_id,
    };
    if !may_read {
        return Err(Problem::not_found("attachment"));
    }
    let file = edge.attachments.open(kept.file_key).await?;
    let size_bytes = kept.attachment.size_bytes;
    let mut response = served(file, kept)?.into_response(&request);
    if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        return Err(Problem::no_such_range(size_bytes));
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (CACHE_CONTROL, "private, no-cache"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Delete a file of one's own that was not sent. What was sent goes with its message.
#[utoipa::path(
    tag = "conversations",
    params(("attachment" = Uuid, Path, description = "The file's id")),
    responses((status = NO_CONTENT, description = "The file is gone"), DeleteProblems)
)]
#[delete("/attachments/{attachment}")]
pub(super) async fn delete_attachment(
    caller: WritingParticipant,
    edge: web::Data<Edge>,
    path: web::Path<AttachmentId>,
) -> Result<HttpResponse, Problem> {
    edge.storage.delete_upload(caller.user_id, *path).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The file as it is served: with its name and its kind, to be kept and not to be shown.
fn served(file: std::fs::File, kept: KeptAttachment) -> Result<NamedFile, Problem> {
    let attachment = kept.attachment;
    let internal = |error: &dyn std::fmt::Display| Problem::internal(error);
    let media_type = attachment.media_type.parse();
    let media_type = media_type.map_err(|error| internal(&error))?;
    let extended = header::ExtendedValue {
        charset: header::Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: attachment.name.into_bytes(),
    };
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::FilenameExt(extended)],
    };
    let file = NamedFile::from_file(file, kept.file_key.to_string());
    let file = file.map_err(|error| internal(&error))?;
    Ok(file
        .set_content_type(media_type)
        .set_content_disposition(disposition))
}
