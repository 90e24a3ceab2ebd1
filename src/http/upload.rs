//! Reading an upload: the one file of a form, as a stream that stops at the limit.

use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use protocol::ErrorCode;

use super::limits::{MULTIPART_OVERHEAD_BYTES_MAX, UPLOAD_TIMEOUT};
use super::problem::Problem;
use crate::attachments::Receiving;
use crate::spool::Spool;

/// The form field that carries the file.
const FIELD: &str = "file";

/// A file as it arrived; its name is not yet fit to be shown.
#[derive(Debug)]
pub(super) struct UploadedFile {
    /// The name that the client gave, if any.
    pub name: Option<String>,
    /// The content.
    pub content: Bytes,
}

/// What takes the bytes of a file as they come.
pub(super) trait Receiver {
    /// Takes the next bytes.
    async fn take(&mut self, piece: Bytes) -> Result<(), Problem>;
}

impl Receiver for BytesMut {
    async fn take(&mut self, piece: Bytes) -> Result<(), Problem> {
        self.extend_from_slice(&piece);
        Ok(())
    }
}

impl Receiver for Receiving {
    async fn take(&mut self, piece: Bytes) -> Result<(), Problem> {
        Ok(Self::take(self, &piece).await?)
    }
}

impl Receiver for Spool {
    async fn take(&mut self, piece: Bytes) -> Result<(), Problem> {
        Ok(self.write(&piece).await?)
    }
}

/// How much may come, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct UploadLimits {
    /// Bytes of the file.
    pub bytes_max: usize,
    /// How long it may take to arrive.
    pub within: Duration,
}

impl UploadLimits {
    /// Of a document or an attachment.
    pub(super) fn of_file(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            within: UPLOAD_TIMEOUT,
        }
    }
}

/// Reads the form's only field.
pub(super) async fn read(
    request: &HttpRequest,
    body: web::Payload,
    bytes_max: usize,
) -> Result<UploadedFile, Problem> {
    let mut content = BytesMut::new();
    let limits = UploadLimits::of_file(bytes_max);
    let name = receive(request, body, limits, &mut content).await?;
    Ok(UploadedFile {
        name,
        content: content.freeze(),
    })
}

/// Hands over the bytes of the form's only field as they come, and gives its name, if it has any.
pub(super) async fn receive(
    request: &HttpRequest,
    body: web::Payload,
    limits: UploadLimits,
    receiver: &mut impl Receiver,
) -> Result<Option<String>, Problem> {
    let UploadLimits { bytes_max, within } = limits;
    refuse_announced_excess(request, bytes_max)?;
    let form = Multipart::new(request.headers(), body);
    match tokio::time::timeout(within, only_file(form, bytes_max, receiver)).await {
        Ok(file) => file,
        Err(_) => Err(Problem::new(
            ErrorCode::Malformed,
            format!(
                "the upload did not arrive within {} seconds",
                within.as_secs()
            ),
        )),
    }
}

fn refuse_announced_excess(request: &HttpRequest, bytes_max: usize) -> Result<(), Problem> {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced: Option<usize> = announced
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    match announced {
        Some(bytes) if bytes > bytes_max + MULTIPART_OVERHEAD_BYTES_MAX => {
            Err(too_large(bytes_max))
        }
        _ => Ok(()),
    }
}

async fn only_file(
    mut form: Multipart,
    bytes_max: usize,
    receiver: &mut impl Receiver,
) -> Result<Option<String>, Problem> {
    let mut file = None;
    while let Some(field) = form.next().await {
        let field = field.map_err(|error| multipart_problem(&error))?;
        if field.name() != Some(FIELD) {
            let name: String = field.name().unwrap_or_default().chars().take(64).collect();
            return Err(malformed(&format!(
                "the form has a field {name:?}; it may only have {FIELD:?}"
            )));
        }
        if file.is_some() {
            return Err(malformed(
                "the form has more than one file; upload them one by one",
            ));
        }
        file = Some(read_field(field, bytes_max, receiver).await?);
    }
    file.ok_or_else(|| malformed("the form lacks the field \"file\""))
}

async fn read_field(
    mut field: Field,
    bytes_max: usize,
    receiver: &mut impl Receiver,
) -> Result<Option<String>, Problem> {
    let name = field.content_disposition().and_then(|disposition| {
        let extended = disposition
            .get_filename_ext()
            .and_then(|name| String::from_utf8(name.value.clone()).ok());
        extended.or_else(|| disposition.get_filename().map(str::to_owned))
    });
    let mut received = 0;
    while let Some(piece) = field.next().await {
        let piece = piece.map_err(|error| multipart_problem(&error))?;
        received += piece.len();
        if received > bytes_max {
            return Err(too_large(bytes_max));
        }
        receiver.take(piece).await?;
    }
    Ok(name)
}

fn multipart_problem(error: &MultipartError) -> Problem {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible
        | MultipartError::BoundaryMissing => Problem::new(
            ErrorCode::UnsupportedMedia,
            format!("{CONTENT_TYPE} must be multipart/form-data with a boundary"),
        ),
        MultipartError::Incomplete | MultipartError::Payload(_) => {
            malformed("the upload did not arrive whole")
        }
        error => malformed(&format!("the form cannot be read: {error}")),
    }
}

fn malformed(detail: &str) -> Problem {
    Problem::new(ErrorCode::Malformed, detail)
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(
        ErrorCode::TooLarge,
        format!("a file may have {bytes_max} bytes"),
    )
}
