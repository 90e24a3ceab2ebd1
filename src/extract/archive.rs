//! ZIP archives: what one is by what is in it, and its parts under one limit for all that is unpacked.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::{Extracted, UNPACKED_BYTES_MAX, Unreadable};
use super::{chat, docx, epub};

/// Files of an archive: a chat of ten years has one for each day and channel.
const FILES_MAX: usize = 20_000;

/// An archive that is read; no part of it is ever a file.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    bytes_left: u64,
    what: &'static str,
}

/// Reads an archive as what it is by its parts.
pub(super) fn read(content: &[u8]) -> Result<Extracted, Unreadable> {
    let zip = ZipArchive::new(Cursor::new(content));
    let zip = zip.map_err(|error| Unreadable::damaged("a ZIP archive", error))?;
    if zip.len() > FILES_MAX {
        return Err(Unreadable::TooManyFiles { max: FILES_MAX });
    }
    let mut archive = Archive {
        zip,
        bytes_left: UNPACKED_BYTES_MAX,
        what: "a ZIP archive",
    };
    if archive.has("word/document.xml") {
        archive.what = "a text of Word";
        return docx::read(&mut archive);
    }
    if archive.has("META-INF/container.xml") {
        archive.what = "an EPUB";
        return epub::read(&mut archive);
    }
    if archive.has("users.json") && (archive.has("channels.json") || archive.has("dms.json")) {
        archive.what = "an export of Slack";
        return chat::slack::read(&mut archive);
    }
    Err(Unreadable::NotAccepted {
        found: "a ZIP archive of something else".to_owned(),
    })
}

impl Archive<'_> {
    /// Whether it has a part.
    pub(super) fn has(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some()
    }

    /// The names of all parts, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.zip.file_names().map(str::to_owned).collect();
        names.sort_unstable();
        names
    }

    /// The text of a part, in UTF-8 or UTF-16.
    pub(super) fn text(&mut self, name: &str) -> Result<String, Unreadable> {
        let what = self.what;
        let damaged = |error: &dyn std::fmt::Display| Unreadable::damaged(what, error);
        let part = match self.zip.by_name(name) {
            Ok(part) => part,
            Err(ZipError::UnsupportedArchive(reason)) if reason.contains("assword") => {
                return Err(Unreadable::Encrypted);
            }
            Err(error) => return Err(damaged(&error)),
        };
        if part.encrypted() {
            return Err(Unreadable::Encrypted);
        }
        let mut bytes = Vec::new();
        let read = part.take(self.bytes_left + 1).read_to_end(&mut bytes);
        read.map_err(|error| damaged(&error))?;
        self.bytes_left = (self.bytes_left)
            .checked_sub(bytes.len() as u64)
            .ok_or(Unreadable::TooMuchUnpacked)?;
        let (text, _, _) = encoding_rs::UTF_8.decode(&bytes);
        Ok(text.into_owned())
    }

    /// That it breaks the rules of its format.
    pub(super) fn damaged(&self, reason: impl std::fmt::Display) -> Unreadable {
        Unreadable::damaged(self.what, reason)
    }
}
