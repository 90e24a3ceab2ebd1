//! What a document says: its text, the sections in it and, of a chat, who said what when. And what an export of an account holds.
//!
//! Foreign bytes are read by parsers that others wrote, and some of them can be made to panic, to fill the memory or to go on
//! for ever. So they are read in a process of its own:
//!
//! 1. `Extractor` starts this same program as `digital-twin extract` with an empty environment, hands it the bytes, and ends it
//!    when it takes too long or says too much (`process.rs`).
//! 2. The process gives up what it might do harm with before it reads the first byte (`confined.rs`).
//! 3. `kind.rs` says by the content what a document is; each format has its file; all write into a `Draft` (`draft.rs`).
//! 4. The answer is JSON on the standard output: an [`Extracted`], or an [`Unreadable`] that says why there is none.
//!
//! An export is a file that the process may go back in; what it holds is handed on when all of it was checked (`export.rs`).
//!
//! **Invariant**: nothing outside this module calls a parser of documents.

pub(crate) mod kind;

mod archive;
mod chat;
mod confined;
mod docx;
mod draft;
mod epub;
mod export;
mod html;
mod mail;
mod markdown;
mod pdf;
mod process;
mod table;
mod text;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use confined::{run, run_export};
pub use export::{EXPORT_FORMAT, LISTS_BYTES_MAX, ListedFile, MANIFEST, NoExport};
pub use kind::Kind;
pub use process::{ExportError, ExportPart, ExportReader, ExtractError, Extractor};

/// Bytes of text of one document: more makes more pieces than a twin may keep of one.
pub const TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Bytes that the parts of an archive may have together when they are unpacked.
const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What a document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// What it is.
    pub kind: Kind,
    /// Its text, from the first word to the last.
    pub text: String,
    /// The parts of the text that belong together, in their order; they do not overlap.
    pub sections: Vec<Section>,
    /// Who said what when, in the order of the document; empty where it is no chat.
    pub said: Vec<Said>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The headings above it, outermost first, joined by " › ".
    pub path: String,
    /// Where it stands, in bytes.
    pub place: Range<usize>,
}

/// Something that somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who.
    pub who: String,
    /// When, as the document has it: `2024-03-01T18:30:00`, without a time zone.
    pub when: String,
    /// Where what was said stands in the text, in bytes.
    pub place: Range<usize>,
}

/// Why nothing can be read from a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "unreadable", rename_all = "snake_case")]
pub enum Unreadable {
    /// There is nothing to read.
    #[error("the file is empty: it has no letters or digits")]
    Empty,
    /// It is pictures of text.
    #[error("the PDF has no text, perhaps pictures of pages: have its text recognised first")]
    NoTextLayer,
    /// It is something else.
    #[error(
        "the file is {found}: text, Markdown, HTML, PDF, DOCX, EPUB, CSV, mail and exports of chats are accepted"
    )]
    NotAccepted {
        /// What it is.
        found: String,
    },
    /// It is text of another encoding, or damaged.
    #[error("the file is not UTF-8: the byte at offset {offset} does not belong; save it as UTF-8")]
    NotUtf8 {
        /// The first byte that does not belong, counted from 0.
        offset: usize,
    },
    /// It is in UTF-16 and damaged.
    #[error("the file is not UTF-16, although it begins like it; save it as UTF-8")]
    NotUtf16,
    /// It can only be opened with a password.
    #[error("the file is encrypted: save it without a password")]
    Encrypted,
    /// It breaks the rules of its format.
    #[error("the file cannot be read as {what}: {reason}")]
    Damaged {
        /// What it claims to be.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// There is more text than a twin may keep of one document.
    #[error("the document has more than {} MB of text: split it", TEXT_BYTES_MAX / 1024 / 1024)]
    TooMuchText,
    /// An archive unpacks to too much.
    #[error("the file unpacks to more than {} MB", UNPACKED_BYTES_MAX / 1024 / 1024)]
    TooMuchUnpacked,
    /// An archive has too many parts.
    #[error("the archive has more than {max} files")]
    TooManyFiles {
        /// How many it may have.
        max: usize,
    },
    /// The parser took too long.
    #[error("the file takes more than {seconds} seconds to read")]
    TooSlow {
        /// How long it may take.
        seconds: u64,
    },
    /// The parser needed too much memory.
    #[error("the file takes more than {megabytes} MB of memory to read")]
    TooMuchMemory {
        /// How much it may take.
        megabytes: u64,
    },
    /// The parser went too deep.
    #[error("what is in the file is nested too deeply")]
    TooDeep,
    /// The parser failed.
    #[error("the file is damaged: reading it failed ({how})")]
    Crashed {
        /// How, as far as it is known.
        how: String,
    },
}

impl Unreadable {
    /// A file that breaks the rules of its format, with at most a line of what is wrong.
    fn damaged(what: &str, reason: impl std::fmt::Display) -> Self {
        let reason = reason.to_string();
        let line = reason.lines().next().unwrap_or_default();
        Self::Damaged {
            what: what.to_owned(),
            reason: line
                .chars()
                .filter(|char| !char.is_control())
                .take(160)
                .collect(),
        }
    }
}

/// Reads a document, in this process. `ending` is that of its name, in lower case and without the dot.
fn extract(content: &[u8], ending: &str) -> Result<Extracted, Unreadable> {
    let extracted = match kind::sort(content)? {
        kind::Sort::Pdf => pdf::read(content),
        kind::Sort::Zip => archive::read(content),
        kind::Sort::Mailbox => mail::read_mailbox(content),
        kind::Sort::Mail => mail::read_message(content),
        kind::Sort::Text(text) => text::read(&text, ending),
    }?;
    match extracted.text.chars().any(char::is_alphanumeric) {
        true => Ok(extracted),
        false if extracted.kind == Kind::Pdf => Err(Unreadable::NoTextLayer),
        false => Err(Unreadable::Empty),
    }
}

/// The sections of a text in Markdown.
#[cfg(test)]
pub(crate) fn markdown_sections(text: &str) -> Vec<Section> {
    markdown::sections(text)
}
