//! `/api/v1/attachments`: files that are uploaded, sent with a message, and read by those who may read the message.

use std::ops::Range;

use actix_files::HttpRange;
use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    self, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentDisposition, ContentRange,
    ContentRangeSpec, DispositionParam, DispositionType, ETag, EntityTag, IfNoneMatch, IfRange,
    LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, delete, get, post, web,
};
use futures::stream::unfold;
use protocol::AttachmentId;
use storage::KeptAttachment;

use super::Edge;
use super::caller::{Participant, WritingParticipant};
use super::documents::UploadForm;
use super::message_schema::AttachmentSchema;
use super::problem::Problem;
use super::responses::{DeleteProblems, FileProblems, UploadProblems};
use super::upload::{self, UploadLimits};

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
    let limits = UploadLimits::of_file(edge.limits.upload_bytes_max);
    let name = upload::receive(&request, body, limits, &mut receiving).await?;
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
    let KeptAttachment {
        attachment,
        file_key,
        ..
    } = kept;
    let mut response = head(attachment.media_type, attachment.name);
    let tag = EntityTag::new_strong(file_key.to_string());
    response.insert_header(ETag(tag.clone()));
    let (size_bytes, file) = (attachment.size_bytes, &edge.attachments);
    let content = match wanted(&request, &tag, size_bytes) {
        Wanted::Nothing => {
            return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
        }
        Wanted::NoSuchPart => return Err(Problem::no_such_range(size_bytes)),
        Wanted::Part(range) => {
            response.status(StatusCode::PARTIAL_CONTENT);
            let spec = ContentRangeSpec::Bytes {
                range: Some((range.start, range.end - 1)),
                instance_length: Some(size_bytes),
            };
            response.insert_header(ContentRange(spec));
            file.open_part(file_key, range).await?
        }
        Wanted::Whole => file.open(file_key).await?,
    };
    let bytes = content.size_bytes();
    let pieces = unfold(content, |mut content| async move {
        let next = content.next().await.transpose()?;
        let next = next.inspect_err(|error| tracing::warn!(%error, "a file was cut short"));
        Some((next.map_err(std::io::Error::other), content))
    });
    Ok(response.body(SizedStream::new(bytes, pieces)))
}

/// What a request asks for of a file that never changes.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// It is known already.
    Nothing,
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that there are not.
    NoSuchPart,
}

/// Of several parts the first: more than that nobody has to give.
fn wanted(request: &HttpRequest, tag: &EntityTag, size_bytes: u64) -> Wanted {
    let is_known = match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        None => false,
    };
    if is_known {
        return Wanted::Nothing;
    }
    let is_of_this = match request.get_header::<IfRange>() {
        Some(IfRange::EntityTag(known)) => known.strong_eq(tag),
        Some(IfRange::Date(_)) => false,
        None => !request.headers().contains_key(header::IF_RANGE),
    };
    let range = request.headers().get(header::RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    // Units that are not known are to be taken for nothing said.
    let Some(range) = range.filter(|range| is_of_this && range.starts_with("bytes=")) else {
        return Wanted::Whole;
    };
    match HttpRange::parse(range, size_bytes).as_deref() {
        Ok([part, ..]) => Wanted::Part(part.start..part.start + part.length),
        _ => Wanted::NoSuchPart,
    }
}

/// How every file is served: with its name and its kind, to be kept and not to be shown.
fn head(media_type: String, name: String) -> HttpResponseBuilder {
    let media_type = match &*media_type {
        "text/plain" => "text/plain; charset=utf-8".to_owned(),
        _ => media_type,
    };
    let extended = header::ExtendedValue {
        charset: header::Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.into_bytes(),
    };
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::FilenameExt(extended)],
    };
    let mut response = HttpResponse::Ok();
    response
        .content_type(media_type)
        .insert_header(disposition)
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CACHE_CONTROL, "private, no-cache"));
    response
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

#[cfg(test)]
mod tests {
    use actix_web::http::header::EntityTag;
    use actix_web::test::TestRequest;

    use super::{Wanted, wanted};

    #[test]
    fn what_is_asked_for_is_said_by_its_headers() {
        let tag = EntityTag::new_strong("this".to_owned());
        let part = |range| Wanted::Part(range);
        for (headers, expected) in [
            (&[][..], Wanted::Whole),
            (&[("range", "bytes=0-0")], part(0..1)),
            (&[("range", "bytes=4-99")], part(4..10)),
            (&[("range", "bytes=-3")], part(7..10)),
            (&[("range", "bytes=2-3,5-6")], part(2..4)),
            (&[("range", "bytes=10-")], Wanted::NoSuchPart),
            (&[("range", "bytes=what")], Wanted::NoSuchPart),
            (&[("range", "lines=1-2")], Wanted::Whole),
            (&[("if-none-match", "\"this\"")], Wanted::Nothing),
            (
                &[("if-none-match", "\"other\", W/\"this\"")],
                Wanted::Nothing,
            ),
            (&[("if-none-match", "*")], Wanted::Nothing),
            (&[("if-none-match", "\"other\"")], Wanted::Whole),
            (
                &[("range", "bytes=1-"), ("if-range", "\"this\"")],
                part(1..10),
            ),
            (
                &[("range", "bytes=1-"), ("if-range", "\"other\"")],
                Wanted::Whole,
            ),
            (
                &[("range", "bytes=1-"), ("if-range", "nonsense")],
                Wanted::Whole,
            ),
        ] {
            let mut request = TestRequest::get();
            for header in headers {
                request = request.insert_header(*header);
            }
            let found = wanted(&request.to_http_request(), &tag, 10);
            assert_eq!(found, expected, "{headers:?}");
        }
    }
}
