//! What a file is, told by its bytes alone: neither its name nor what the client says counts.

use infer::MatcherType;

use crate::extract::Unreadable;
use crate::extract::kind::{is_binary, recognised};

/// Bytes by which a file is known: archives of office documents name their parts within them, and images their size.
pub(super) const HEAD_BYTES: usize = 64 * 1024;

/// The media types that are accepted, each with the ending of a nameless file: what people show each other, and nothing that
/// runs. Whatever is text is `text/plain`, HTML and SVG too, so that no browser takes it for a page.
pub const ACCEPTED: &[(&str, &str)] = &[
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("image/avif", "avif"),
    ("image/heif", "heic"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg"),
    ("audio/opus", "opus"),
    ("audio/m4a", "m4a"),
    ("audio/x-flac", "flac"),
    ("audio/x-wav", "wav"),
    ("video/mp4", "mp4"),
    ("video/webm", "webm"),
    ("video/quicktime", "mov"),
    ("application/pdf", "pdf"),
    ("application/epub+zip", "epub"),
    ("application/zip", "zip"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "pptx",
    ),
    ("application/vnd.oasis.opendocument.text", "odt"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.presentation", "odp"),
    ("text/plain", "txt"),
];

/// Why a file is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is nothing that is accepted.
    #[error(
        "the file is {found}: accepted are images, audio, video, PDF, office documents, ZIP archives and plain text in UTF-8"
    )]
    NotAccepted {
        /// What it is.
        found: String,
    },
}

/// One of the accepted kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    media_type: &'static str,
    ending: &'static str,
}

impl Kind {
    /// Plain text, whatever is written in it.
    pub(super) const TEXT: Self = Self {
        media_type: "text/plain",
        ending: "txt",
    };

    /// The kind of a file that begins with these bytes. Whether all of a text is text is for [`TextCheck`] to say.
    pub(super) fn of(head: &[u8]) -> Result<Self, KindError> {
        if head.is_empty() {
            return Err(KindError::Empty);
        }
        let Some(found) = infer::get(head) else {
            return Self::of_unknown(head);
        };
        if found.matcher_type() == MatcherType::Text {
            return Ok(Self::TEXT);
        }
        let accepted = ACCEPTED
            .iter()
            .find(|(media_type, _)| *media_type == found.mime_type());
        match accepted {
            Some((media_type, ending)) => Ok(Self { media_type, ending }),
            None => Err(KindError::NotAccepted {
                found: found.mime_type().to_owned(),
            }),
        }
    }

    /// Text, or something that at least can be named.
    fn of_unknown(head: &[u8]) -> Result<Self, KindError> {
        match recognised(head) {
            Some(found) => Err(KindError::NotAccepted {
                found: found.to_owned(),
            }),
            None => Ok(Self::TEXT),
        }
    }

    pub(super) const fn media_type(self) -> &'static str {
        self.media_type
    }

    /// The name of a file whose client gave none that could be shown.
    pub(super) fn nameless(self) -> &'static str {
        match self.media_type.split_once('/') {
            Some(("image", _)) => "image",
            Some(("audio", _)) => "audio",
            Some(("video", _)) => "video",
            _ => "file",
        }
    }

    /// Pixels from left to right and from top to bottom, where it is an image whose first bytes say so.
    pub(super) fn dimensions(self, head: &[u8]) -> Option<(u32, u32)> {
        if !self.media_type.starts_with("image/") {
            return None;
        }
        let size = imagesize::blob_size(head).ok()?;
        let pixels = |count: usize| u32::try_from(count).ok().filter(|count| *count > 0);
        Some((pixels(size.width)?, pixels(size.height)?))
    }
}

/// Holds a text to be one while its pieces come.
#[derive(Debug, Default)]
pub(super) struct TextCheck {
    /// Bytes of a character that the last piece cut in two.
    begun: Vec<u8>,
    checked: u64,
}

impl TextCheck {
    /// Checks the next piece.
    pub(super) fn check(&mut self, piece: &[u8]) -> Result<(), KindError> {
        let joined;
        let bytes = match self.begun.is_empty() {
            true => piece,
            false => {
                joined = [self.begun.as_slice(), piece].concat();
                &joined
            }
        };
        if let Some(offset) = bytes.iter().position(|byte| is_binary(*byte)) {
            let byte = bytes[offset];
            let offset = self.checked + offset as u64;
            let found = format!("binary: it has the byte 0x{byte:02x} at offset {offset}");
            return Err(KindError::NotAccepted { found });
        }
        let whole = match std::str::from_utf8(bytes) {
            Ok(_) => bytes.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(error) => return Err(self.not_utf8(error.valid_up_to())),
        };
        let begun = bytes[whole..].to_vec();
        self.checked += whole as u64;
        self.begun = begun;
        Ok(())
    }

    /// Checks that the last character is whole.
    pub(super) fn check_end(&self) -> Result<(), KindError> {
        match self.begun.is_empty() {
            true => Ok(()),
            false => Err(self.not_utf8(0)),
        }
    }

    fn not_utf8(&self, valid: usize) -> KindError {
        let offset = usize::try_from(self.checked).unwrap_or(usize::MAX) + valid;
        let found = Unreadable::NotUtf8 { offset }.to_string();
        // Without the subject, which the sentence has already.
        let found = found.trim_start_matches("the file is ").to_owned();
        KindError::NotAccepted { found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] =
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0\0\0\0\0";

    #[test]
    fn a_kind_is_told_by_the_bytes() {
        for (head, media_type) in [
            (PNG, "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF89a\x01\0\x01\0", "image/gif"),
            (b"%PDF-1.7\n", "application/pdf"),
            (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
            (b"PK\x03\x04\x14\0\0\0\0\0", "application/zip"),
            (b"just words", "text/plain"),
            (b"<!DOCTYPE html><script>1</script>", "text/plain"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain"),
            (b"#!/bin/sh\n", "text/plain"),
        ] {
            let kind = Kind::of(head).unwrap();
            assert_eq!(kind.media_type(), media_type, "{head:?}");
        }
    }

    #[test]
    fn what_is_not_accepted_is_named() {
        for (head, found) in [
            (&b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"[..], "application/x-executable"),
            (b"MZ\x90\0", "executable"),
            (b"\x1f\x8b\x08\0", "application/gzip"),
            (b"SQLite format 3\0", "sqlite"),
        ] {
            let error = Kind::of(head).unwrap_err();
            assert!(error.to_string().contains(found), "{error}");
        }
        assert_eq!(Kind::of(b""), Err(KindError::Empty));
    }

    #[test]
    fn every_accepted_kind_has_a_name_of_its_own() {
        let mut endings: Vec<_> = ACCEPTED.iter().map(|(_, ending)| *ending).collect();
        endings.sort_unstable();
        endings.dedup();
        assert_eq!(endings.len(), ACCEPTED.len());
    }

    #[test]
    fn an_image_says_how_large_it_is() {
        let dimensions = |head| Kind::of(head).unwrap().dimensions(head);
        assert_eq!(dimensions(PNG), Some((640, 480)));
        assert_eq!(dimensions(b"GIF89a\x03\0\x02\0\0\0\0;"), Some((3, 2)));
        assert_eq!(dimensions(&PNG[..10]), None);
        assert_eq!(dimensions(b"words"), None);
    }

    fn checked(pieces: &[&[u8]]) -> Result<(), KindError> {
        let mut check = TextCheck::default();
        for piece in pieces {
            check.check(piece)?;
        }
        check.check_end()
    }

    #[test]
    fn text_is_utf_8_however_it_is_cut() {
        let text = "caf\u{e9} 数字 🦊\n".as_bytes();
        for cut in 0..text.len() {
            assert_eq!(checked(&[&text[..cut], &text[cut..]]), Ok(()), "{cut}");
        }
        let each: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(checked(&each), Ok(()));
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_place() {
        for (pieces, place) in [
            (&[&b"abc"[..], b"d\0e"][..], "0x00 at offset 4"),
            (&[b"caf\xe9", b" au lait"], "offset 3"),
            (&[b"cut \xe2", b"\x82"], "offset 4"),
            (&[b"\xff\xfeh\0"], "0x00 at offset 3"),
        ] {
            let error = checked(pieces).unwrap_err().to_string();
            assert!(error.contains(place), "{error}");
        }
    }
}
