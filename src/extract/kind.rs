//! What a document is, told by its bytes. Names only tell apart formats that are all plain text.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Unreadable;
use super::mail;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Plain text.
    Plain,
    /// Markdown, along its headings.
    Markdown,
    /// A page of HTML.
    Html,
    /// A PDF.
    Pdf,
    /// A text of Word.
    Docx,
    /// A book.
    Epub,
    /// A table: values that are separated by commas or tabs.
    Table,
    /// A mail, or a mailbox.
    Mail,
    /// An exported chat of WhatsApp.
    WhatsApp,
    /// An export of Telegram.
    Telegram,
    /// An export of WeChat as WeClone takes it.
    WeChat,
    /// An export of Slack.
    Slack,
    /// An export of Discord by DiscordChatExporter.
    Discord,
}

impl Kind {
    /// The type in the words of HTTP.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Plain | Self::WhatsApp => "text/plain",
            Self::Markdown => "text/markdown",
            Self::Html => "text/html",
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Epub => "application/epub+zip",
            Self::Table | Self::WeChat => "text/csv",
            Self::Mail => "message/rfc822",
            Self::Telegram | Self::Discord => "application/json",
            Self::Slack => "application/zip",
        }
    }
}

/// How the bytes of a document are read.
pub(super) enum Sort<'a> {
    Pdf,
    Zip,
    Mailbox,
    Mail,
    Text(Cow<'a, str>),
}

/// What files begin with that people take for documents and that are none we read.
const SIGNATURES: &[(&[u8], &str)] = &[
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Office document",
    ),
    (b"{\\rtf", "a Rich Text document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "an audio, video or WebP file"),
    (b"ID3", "an MP3 file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xff\xfe\0\0", "text in UTF-32"),
    (b"\0\0\xfe\xff", "text in UTF-32"),
];

/// What files begin with that are documents, but no text.
const DOCUMENTS: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive, such as .docx, .odt or .epub"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
];

/// What bytes are that people take for text, if they begin like something that is none.
pub(crate) fn recognised(bytes: &[u8]) -> Option<&'static str> {
    not_accepted(bytes).or_else(|| begins_like(bytes, DOCUMENTS))
}

/// What bytes are, if they begin like something that no document is: to be said at once, before anything reads them.
pub(crate) fn not_accepted(bytes: &[u8]) -> Option<&'static str> {
    begins_like(bytes, SIGNATURES)
}

/// Control characters that no text file has.
pub(crate) fn is_binary(byte: u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)
}

fn begins_like(bytes: &[u8], table: &[(&[u8], &'static str)]) -> Option<&'static str> {
    let found = table.iter().find(|(start, _)| bytes.starts_with(start));
    found.map(|(_, found)| *found)
}

/// Says how bytes are read.
pub(super) fn sort(bytes: &[u8]) -> Result<Sort<'_>, Unreadable> {
    let not_accepted = |found: &str| Unreadable::NotAccepted {
        found: found.to_owned(),
    };
    if let Some(found) = self::not_accepted(bytes) {
        return Err(not_accepted(found));
    }
    if bytes.starts_with(b"%PDF-") {
        return Ok(Sort::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok(Sort::Zip);
    }
    // Mails name the encoding of each of their parts: as a whole they need not be text.
    if mail::is_mailbox(bytes) {
        return Ok(Sort::Mailbox);
    }
    if mail::is_message(bytes) {
        return Ok(Sort::Mail);
    }
    let text = text(bytes)?;
    let start: String = text.trim_start().chars().take(1_024).collect();
    let start = start.to_ascii_lowercase();
    let is_xml = start.starts_with("<?xml") || start.starts_with("<!--");
    if start.starts_with("<svg")
        || start.starts_with("<!doctype svg")
        || (is_xml && start.contains("<svg"))
    {
        return Err(not_accepted("an SVG image"));
    }
    Ok(Sort::Text(text))
}

/// The text of bytes in UTF-8, or in UTF-16 with a byte order mark; without that mark.
fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    for (mark, encoding) in [
        (b"\xff\xfe", encoding_rs::UTF_16LE),
        (b"\xfe\xff", encoding_rs::UTF_16BE),
    ] {
        if let Some(rest) = bytes.strip_prefix(mark) {
            let decoded = encoding.decode_without_bom_handling_and_without_replacement(rest);
            return decoded
                .filter(|text| !text.bytes().any(is_binary))
                .ok_or(Unreadable::NotUtf16);
        }
    }
    if let Some(offset) = bytes.iter().position(|byte| is_binary(*byte)) {
        let byte = bytes[offset];
        return Err(Unreadable::NotAccepted {
            found: format!("binary: it has the byte 0x{byte:02x} at offset {offset}"),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Unreadable::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    Ok(Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(bytes: &[u8]) -> Result<String, Unreadable> {
        sort(bytes).map(|sort| match sort {
            Sort::Text(text) => text.into_owned(),
            Sort::Pdf => "PDF".to_owned(),
            Sort::Zip => "ZIP".to_owned(),
            Sort::Mail => "mail".to_owned(),
            Sort::Mailbox => "mailbox".to_owned(),
        })
    }

    #[test]
    fn text_of_many_scripts_is_accepted_without_its_byte_order_mark() {
        for (bytes, expected) in [
            (&b"plain"[..], "plain"),
            ("\u{feff}marked".as_bytes(), "marked"),
            ("数字孪生".as_bytes(), "数字孪生"),
            (b"\xff\xfe\x70\x65\x57\x5b", "数字"),
            (b"\xfe\xff\x65\x70\x5b\x57", "数字"),
            (b"tab\tand\r\nlines\x0cpage", "tab\tand\r\nlines\u{c}page"),
        ] {
            assert_eq!(outcome(bytes), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn what_is_no_document_is_named() {
        for (bytes, found) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "a PNG image"),
            (b"PK\x05\x06rest", "an empty ZIP archive"),
            (b"\xff\xfe\0\0h\0\0\0", "UTF-32"),
            (b"a\0b", "0x00 at offset 1"),
            (b"bell \x07", "0x07 at offset 5"),
            (b"<svg onload=alert(1)>", "an SVG image"),
            (b"<?xml version='1.0'?>\n<svg/>", "an SVG image"),
        ] {
            let error = outcome(bytes).unwrap_err();
            assert!(matches!(error, Unreadable::NotAccepted { .. }), "{error}");
            assert!(error.to_string().contains(found), "{error}");
        }
    }

    #[test]
    fn the_first_byte_that_is_not_utf_8_is_named() {
        for (bytes, offset) in [(&b"caf\xe9 au lait"[..], 3), (b"cut \xe2\x82", 4)] {
            assert_eq!(outcome(bytes), Err(Unreadable::NotUtf8 { offset }));
        }
        assert_eq!(outcome(b"\xff\xfe\x70"), Err(Unreadable::NotUtf16));
    }
}
