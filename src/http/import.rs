//! `/api/v1/me/import`: what an export holds, brought to one's account here.
//!
//! 1. The archive comes as a form and lies in a file without a name meanwhile (`crate::spool`).
//! 2. A process of its own checks all of it against its manifest and hands on what has a place here (`crate::extract`).
//! 3. The lists are read and judged as requests are, before anything is taken in (`reading.rs`).
//! 4. Each twin is taken in with its documents and memories in one transaction (`taking.rs`). What is here already stays as it is, so that
//!    an import that was cut off is sent again.
//!
//! **Invariant**: no id of the archive becomes an id here. One finds what its owner has under it, or another is made of it.

mod reading;
mod taking;

use actix_web::{HttpRequest, post, web};
use protocol::ErrorCode;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::Edge;
use super::caller::WritingCaller;
use super::documents::UploadForm;
use super::limits::{IMPORT_TIMEOUT, IMPORT_UPLOAD_TIMEOUT};
use super::problem::Problem;
use super::responses::UploadProblems;
use super::upload::{self, UploadLimits};
use crate::extract::{ExportError, NoExport};
use crate::ingest::code_of;
use crate::spool::Spool;
use taking::Import;

/// The path of the route, which takes longer than others.
pub(super) const IMPORT_PATH: &str = "/api/v1/me/import";

/// What became of an import.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct ImportReport {
    /// Groups of people; one that has the same name here is the same.
    groups: Counted,
    /// Twins.
    twins: Counted,
    /// Documents, which are read from now on as after an upload.
    documents: Counted,
    /// What the twins remember of oneself.
    memories: Counted,
    /// What was not taken in, and how much of it.
    left_out: Vec<LeftOut>,
}

/// How much of one kind came.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Counted {
    /// What is new here.
    taken: u64,
    /// What was here already, and stays as it is.
    here_already: u64,
}

/// Something that was not taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LeftOut {
    /// What.
    what: LeftOutKind,
    /// How much.
    #[schema(minimum = 1)]
    count: u64,
}

/// What an import leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LeftOutKind {
    /// Conversations: nobody here has heard what was said there, and an archive can be altered.
    Conversations,
    /// Files that were sent in conversations.
    Attachments,
    /// Where something was said that a twin remembers: the conversation is not here.
    Places,
    /// What twins remember of others: they said it there.
    MemoriesOfOthers,
    /// People who are named in groups or audiences and have no account here.
    People,
    /// Groups that audiences name and that are not in the archive, or for which there is no room.
    Groups,
    /// Bots, whose tokens are known to nobody.
    Bots,
    /// API keys, which are known to nobody.
    Keys,
    /// Whom one has blocked: they have no account here.
    Blocks,
    /// Drafts, whose conversations are not here.
    Drafts,
    /// Receipts of what was forgotten there.
    Receipts,
    /// Twins for which there is no room.
    TwinsOverLimit,
    /// Documents for which there is no room in their twin.
    DocumentsOverLimit,
    /// Memories for which there is no room in their twin.
    MemoriesOverLimit,
    /// Documents that are larger than an upload may be here.
    DocumentsTooLarge,
    /// Documents that are nothing that is read here.
    DocumentsNotAccepted,
    /// Documents whose file the archive does not have.
    DocumentsWithoutFile,
}

/// Bring what an export of one's account holds, from this server or another: the zip of `GET /me/export`, in the form field `file`.
///
/// Twins come with persona and settings, documents, and what they remember of oneself; groups come with those who have an account here.
/// What is here already stays as it is, so the same export may come again, also after an import that was cut off. The answer says what came, and
/// what was left out. An archive in which anything differs from its manifest is refused before anything is taken in.
#[utoipa::path(
    tag = "me",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = OK, description = "It is taken in: what came, and what was left out", body = ImportReport),
        UploadProblems,
    )
)]
#[post("/me/import")]
pub(super) async fn import_me(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<web::Json<ImportReport>, Problem> {
    let place = Edge::upload_slot(&edge.imports)?;
    let limits = UploadLimits {
        bytes_max: edge.limits.import_bytes_max,
        within: IMPORT_UPLOAD_TIMEOUT,
    };
    let mut spool = Spool::begin(&edge.spool_folder).await?;
    upload::receive(&request, body, limits, &mut spool).await?;
    let archive = spool.finish().await?;
    let (user, origin) = (caller.user_id, caller.origin);
    let import = Import::new(edge.into_inner(), user, origin);
    // On a task of its own: whoever hangs up must not leave files without their documents.
    let taken = tokio::spawn(async move {
        let _place = place;
        // Far less than a file may be without its document before the sweep takes it.
        let taken = timeout(IMPORT_TIMEOUT, import.take(archive)).await;
        taken.unwrap_or_else(|_| {
            let detail = format!("took longer than {} seconds", IMPORT_TIMEOUT.as_secs());
            Err(Problem::new(ErrorCode::Unavailable, detail))
        })
    });
    let report = taken.await.map_err(|error| Problem::internal(&error))??;
    Ok(web::Json(report))
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        let detail = error.to_string();
        let code = match &error {
            ExportError::NoExport(NoExport::NotZip { .. }) => ErrorCode::UnsupportedMedia,
            ExportError::NoExport(
                NoExport::TooManyFiles { .. }
                | NoExport::TooMuchUnpacked { .. }
                | NoExport::TooMuchListed { .. },
            ) => ErrorCode::TooLarge,
            ExportError::NoExport(_) => ErrorCode::Invalid,
            ExportError::Unreadable(unreadable) => code_of(unreadable),
            ExportError::Process(_) => return Self::internal(&detail),
        };
        Self::new(code, detail)
    }
}
