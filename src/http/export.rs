//! `/api/v1/me/export`: all that is kept of a person, as one archive that is made while it is sent.
//!
//! Lists are JSON as the routes of the API answer them, so that what reads the API reads the archive. `manifest.json` comes last and
//! names every other file with its size and hash.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, ContentDisposition};
use actix_web::{HttpResponse, get, web};
use bytes::{Bytes, BytesMut};
use futures::stream::{Stream, unfold};
use protocol::{Author, Message, TokenFamilyId, TwinId, UserId};
use serde::Serialize;
use sha2::{Digest, Sha256};
use storage::{AuditAction, Conversation, HistoryPlace, MemoryFilter, Receipt, StorageError, Twin};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

use super::Edge;
use super::blocks::BlockEntry;
use super::bots::BotDocument;
use super::caller::WritingCaller;
use super::conversations::SummaryEntry;
use super::documents::DocumentEntry;
use super::drafts::DraftEntry;
use super::groups::GroupEntry;
use super::keys::KeyDocument;
use super::me::Person;
use super::memories::MemoryEntry;
use super::problem::Problem;
use super::receipts::ReceiptEntry;
use super::responses::ExportProblems;
use super::sessions::SessionEntry;
use super::twins::TwinDocument;
use crate::extract::{EXPORT_FORMAT, ListedFile, MANIFEST};
use crate::file_store::WaitingReader;
use crate::hexadecimal::hexadecimal;

/// Bytes that are sent at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Pieces that wait for a slow reader; with more, the archive waits.
const PIECES_WAITING_MAX: usize = 4;

/// How long a piece waits for a reader who has not gone, before the archive is cut short: others want the place.
const PIECE_WAIT_MAX: Duration = Duration::from_secs(30);

/// Entries of a page of what is read from the database.
const PAGE: u32 = 200;

/// Characters of a file's name in the archive.
const NAME_CHARS_MAX: usize = 100;

/// Take everything away that is kept of oneself: a zip of JSON and files.
///
/// `account.json`, `sessions.json`, `twins.json`, `bots.json`, `keys.json`, `blocks.json`, `drafts.json`, `groups.json` and `receipts.json`
/// hold what the routes of those names answer; `twins/{id}/` the twin's `documents.json`, the documents, and `memories.ndjson`, a memory a line.
/// `conversations.ndjson` has a conversation a line, and `conversations/{id}/messages.ndjson` a message a line, all that one may read;
/// `attachments/{id}/` the files that one sent. `manifest.json` comes last, with the size and the SHA-256 of each. An archive without it was
/// cut short. `POST /me/import` takes it in, here or elsewhere.
#[utoipa::path(
    tag = "me",
    responses(
        (status = OK, description = "The archive", body = String, content_type = "application/zip"),
        ExportProblems,
    )
)]
#[get("/me/export")]
pub(super) async fn export_me(
    caller: WritingCaller,
    edge: web::Data<Edge>,
) -> Result<HttpResponse, Problem> {
    let place = edge.export_place().await?;
    edge.note_first(caller.origin.did(AuditAction::AccountExported))
        .await?;
    let (pieces, waiting) = mpsc::channel(PIECES_WAITING_MAX);
    let runtime = Handle::current();
    let export = Export {
        edge: edge.into_inner(),
        user: caller.user_id,
        log_in: caller.log_in,
        archive: Archive::new(Pieces {
            waiting: BytesMut::new(),
            sender: pieces,
            runtime: runtime.clone(),
        }),
        runtime,
    };
    tokio::task::spawn_blocking(move || export.send(place));
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((
            CONTENT_DISPOSITION,
            ContentDisposition::attachment("digital-twin-export.zip"),
        ))
        .streaming(body_of(waiting)))
}

/// The pieces up to an empty one. Where that is missing the connection breaks, or the reader would take what came for the whole.
fn body_of(waiting: mpsc::Receiver<Bytes>) -> impl Stream<Item = io::Result<Bytes>> {
    unfold(Some(waiting), |waiting| async move {
        let mut waiting = waiting?;
        match waiting.recv().await {
            Some(piece) if piece.is_empty() => None,
            Some(piece) => Some((Ok(piece), Some(waiting))),
            None => Some((Err(io::Error::other("the export was cut short")), None)),
        }
    })
}

/// Why an archive was cut short.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Archive(#[from] zip::result::ZipError),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("the account is gone")]
    Gone,
}

/// The making of an archive, on a thread that may wait.
struct Export {
    edge: Arc<Edge>,
    user: UserId,
    log_in: TokenFamilyId,
    runtime: Handle,
    archive: Archive,
}

impl Export {
    /// Makes the whole archive. When that fails, the reader sees the connection break.
    fn send(mut self, _place: OwnedSemaphorePermit) {
        let user = self.user;
        let ended = self.fill().and_then(|()| self.archive.finish());
        if let Err(error) = ended {
            tracing::warn!(%error, user_id = %user, "an export of an account was cut short");
        }
    }

    fn read<T>(
        &self,
        reading: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        self.runtime.block_on(reading)
    }

    fn fill(&mut self) -> Result<(), ExportError> {
        let (edge, user) = (Arc::clone(&self.edge), self.user);
        let storage = &edge.storage;
        let account = self.read(storage.user(user))?.ok_or(ExportError::Gone)?;
        self.archive.json("account.json", &Person::from(account))?;
        let log_ins = self.read(storage.log_ins_of(user, edge.clock.now_ms()))?;
        let sessions = log_ins.into_iter();
        let sessions = sessions.map(|log_in| SessionEntry::of(log_in, self.log_in));
        self.archive.json("sessions.json", &Items::of(sessions))?;
        let bots = self.read(storage.bots_of(user))?.into_iter();
        let bots = Items::of(bots.map(BotDocument::from));
        self.archive.json("bots.json", &bots)?;
        let keys = self.read(storage.api_keys_of(user))?.into_iter();
        let keys = Items::of(keys.map(KeyDocument::from));
        self.archive.json("keys.json", &keys)?;
        let blocks = self.read(storage.blocks_of(user))?.into_iter();
        let blocks = Items::of(blocks.map(BlockEntry::from));
        self.archive.json("blocks.json", &blocks)?;
        let drafts = self.read(storage.drafts_of(user))?.into_iter();
        let drafts = Items::of(drafts.map(DraftEntry::from));
        self.archive.json("drafts.json", &drafts)?;
        let groups = self.read(storage.people_groups_of(user))?.into_iter();
        let groups = Items::of(groups.map(GroupEntry::from));
        self.archive.json("groups.json", &groups)?;
        let receipts = self.receipts()?.into_iter();
        let receipts = Items::of(receipts.map(ReceiptEntry::from));
        self.archive.json("receipts.json", &receipts)?;
        self.twins()?;
        for conversation in self.conversations()? {
            self.messages(&conversation)?;
        }
        Ok(())
    }

    /// All of the person's receipts, newest first.
    fn receipts(&self) -> Result<Vec<Receipt>, ExportError> {
        let mut all: Vec<Receipt> = Vec::new();
        loop {
            let before = all.last().map(|receipt| receipt.id);
            let page = self.edge.storage.receipts_of(self.user, before, PAGE);
            let page = self.read(page)?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    fn twins(&mut self) -> Result<(), ExportError> {
        let edge = Arc::clone(&self.edge);
        let twins = self.read(edge.storage.twins_of(self.user))?;
        let shown = |twin: &Twin| TwinDocument::seen_by(self.user, twin.clone());
        let items = Items::of(twins.iter().map(shown));
        self.archive.json("twins.json", &items)?;
        for twin in &twins {
            let documents = self.read(edge.storage.documents_of(twin.id))?;
            let folder = format!("twins/{}", twin.id);
            let items = Items::of(documents.iter().cloned().map(DocumentEntry::from));
            self.archive
                .json(&format!("{folder}/documents.json"), &items)?;
            self.memories(twin.id)?;
            for document in documents {
                let path = format!("{folder}/{}/{}", document.id, in_archive(&document.name));
                match self.read(edge.ingest.content(&document)) {
                    Ok(content) => self.archive.file(&path, &mut &content[..])?,
                    Err(StorageError::NotFound(_)) => {
                        let document = document.id;
                        tracing::info!(%document, "a document went while it was exported");
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Writes what a twin remembers, newest first.
    fn memories(&mut self, twin: TwinId) -> Result<(), ExportError> {
        let edge = Arc::clone(&self.edge);
        let path = format!("twins/{twin}/memories.ndjson");
        self.archive.begin(&path)?;
        let mut filter = MemoryFilter::default();
        loop {
            let page = self.read(edge.storage.memories_of(twin, filter, PAGE))?;
            let Some(last) = page.last() else {
                break;
            };
            filter.before = Some(last.id);
            for memory in page {
                self.archive.line(&MemoryEntry::from(memory))?;
            }
        }
        self.archive.end();
        Ok(())
    }

    /// Writes the list of conversations, and gives them.
    fn conversations(&mut self) -> Result<Vec<Conversation>, ExportError> {
        let edge = Arc::clone(&self.edge);
        self.archive.begin("conversations.ndjson")?;
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = edge.storage.conversations_of(self.user, before, PAGE);
            let page = self.read(page)?;
            let Some(last) = page.last() else {
                break;
            };
            before = Some(last.cursor());
            for summary in page {
                all.push(summary.conversation.clone());
                self.archive.line(&SummaryEntry::from(summary))?;
            }
        }
        self.archive.end();
        Ok(all)
    }

    /// Writes what was said in a conversation, and the files that the person sent there.
    fn messages(&mut self, conversation: &Conversation) -> Result<(), ExportError> {
        let edge = Arc::clone(&self.edge);
        let folder = format!("conversations/{}", conversation.id);
        self.archive.begin(&format!("{folder}/messages.ndjson"))?;
        let (mut after, mut files) = (0, Vec::new());
        loop {
            // Who is put out meanwhile reads no further.
            if !self.read(edge.storage.is_member(conversation.id, self.user))? {
                break;
            }
            let page = edge
                .storage
                .history(conversation.id, HistoryPlace::After(after), PAGE);
            let page = self.read(page)?;
            for message in page.messages {
                if self.wrote(&message) {
                    files.extend(message.attachments.iter().map(|file| file.id));
                }
                self.archive.line(&message)?;
            }
            match page.newer {
                Some(newer) => after = newer,
                None => break,
            }
        }
        self.archive.end();
        for id in files {
            let Some(kept) = self.read(edge.storage.attachment(id))? else {
                continue;
            };
            let path = format!("attachments/{id}/{}", in_archive(&kept.attachment.name));
            match self.read(edge.attachments.open(kept.file_key)) {
                Ok(file) => {
                    let mut content = WaitingReader::new(file, self.runtime.clone());
                    self.archive.file(&path, &mut content)?;
                }
                Err(StorageError::NotFound(_)) => {
                    tracing::info!(attachment = %id, "a file went while it was exported");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn wrote(&self, message: &Message) -> bool {
        matches!(&message.author, Author::User { id, .. } if *id == self.user)
    }
}

/// A list as the API answers it.
#[derive(Serialize)]
struct Items<T> {
    items: Vec<T>,
}

impl<T> Items<T> {
    fn of(items: impl Iterator<Item = T>) -> Self {
        Self {
            items: items.collect(),
        }
    }
}

/// What `manifest.json` says.
#[derive(Serialize)]
struct Manifest<'a> {
    format: &'static str,
    program: &'static str,
    files: &'a [ListedFile],
}

/// A zip that is written from its beginning to its end, and what it holds.
struct Archive {
    zip: ZipWriter<StreamWriter<Pieces>>,
    files: Vec<ListedFile>,
    hash: Sha256,
    bytes: u64,
    path: String,
}

impl Archive {
    fn new(pieces: Pieces) -> Self {
        Self {
            zip: ZipWriter::new_stream(pieces),
            files: Vec::new(),
            hash: Sha256::new(),
            bytes: 0,
            path: String::new(),
        }
    }

    fn begin(&mut self, path: &str) -> Result<(), ExportError> {
        // Nobody knows yet whether it will be larger than 4 GiB.
        let options = SimpleFileOptions::default().large_file(true);
        self.zip.start_file(path, options)?;
        (self.hash, self.bytes) = (Sha256::new(), 0);
        path.clone_into(&mut self.path);
        Ok(())
    }

    fn line(&mut self, entry: &impl Serialize) -> Result<(), ExportError> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        Ok(self.write_all(&line)?)
    }

    fn end(&mut self) {
        let hash = std::mem::take(&mut self.hash).finalize();
        self.files.push(ListedFile {
            path: std::mem::take(&mut self.path),
            bytes: self.bytes,
            sha256: hexadecimal(&hash),
        });
    }

    fn json(&mut self, path: &str, content: &impl Serialize) -> Result<(), ExportError> {
        self.begin(path)?;
        self.write_all(&serde_json::to_vec_pretty(content)?)?;
        self.end();
        Ok(())
    }

    fn file(&mut self, path: &str, content: &mut impl Read) -> Result<(), ExportError> {
        self.begin(path)?;
        io::copy(content, self)?;
        self.end();
        Ok(())
    }

    /// Writes the manifest and the end of the zip.
    fn finish(mut self) -> Result<(), ExportError> {
        let files = std::mem::take(&mut self.files);
        let manifest = Manifest {
            format: EXPORT_FORMAT,
            program: concat!("digital-twin ", env!("CARGO_PKG_VERSION")),
            files: &files,
        };
        self.json(MANIFEST, &manifest)?;
        let mut pieces = self.zip.finish()?.into_inner();
        pieces.flush()?;
        // An empty one is the end.
        Ok(pieces.send()?)
    }
}

/// Into the file that was begun.
impl Write for Archive {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        let written = self.zip.write(content)?;
        self.hash.update(&content[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.flush()
    }
}

/// Where the zip goes: to the connection, in pieces of [`PIECE_BYTES`] and more.
struct Pieces {
    waiting: BytesMut,
    sender: mpsc::Sender<Bytes>,
    runtime: Handle,
}

impl Pieces {
    fn send(&mut self) -> io::Result<()> {
        let piece = self.waiting.split().freeze();
        let sending = self.sender.send_timeout(piece, PIECE_WAIT_MAX);
        self.runtime.block_on(sending).map_err(|error| match error {
            SendTimeoutError::Timeout(_) => io::ErrorKind::TimedOut.into(),
            SendTimeoutError::Closed(_) => io::ErrorKind::BrokenPipe.into(),
        })
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    /// Only the end is worth a small piece: the zip flushes after each file.
    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.send()
    }
}

/// A file's name as every system can keep it: what means something to one of them becomes `_`.
fn in_archive(name: &str) -> String {
    let is_plain = |symbol: char| symbol.is_alphanumeric() || " ._-()".contains(symbol);
    let plain = name.chars().take(NAME_CHARS_MAX);
    let plain: String = plain
        .map(|symbol| if is_plain(symbol) { symbol } else { '_' })
        .collect();
    match plain.trim_matches(['.', ' ']) {
        "" => "file".to_owned(),
        plain => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_archive;

    #[test]
    fn names_lead_nowhere_and_stay_readable() {
        for (name, expected) in [
            ("notes.md", "notes.md"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("C:\\windows\\a.txt", "C__windows_a.txt"),
            ("日记 2026.txt", "日记 2026.txt"),
            ("..", "file"),
            ("a\u{0}b\n", "a_b_"),
            (".hidden. ", "hidden"),
        ] {
            assert_eq!(in_archive(name), expected, "{name:?}");
        }
        assert_eq!(in_archive(&"x".repeat(500)).len(), 100);
    }
}
