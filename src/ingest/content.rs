//! What the bytes of an upload are: text that is accepted, or a plain sentence about what was found instead.

/// How a document is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// Plain text.
    Plain,
    /// Markdown, along its headings.
    Markdown,
}

/// Why bytes are not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// There is nothing to read.
    #[error("the file is empty: it has no letters or digits")]
    Empty,
    /// It is something else than text.
    #[error("the file is {found}: plain text and Markdown are accepted")]
    Binary {
        /// What it is.
        found: String,
    },
    /// It is text of another encoding, or damaged.
    #[error("the file is not UTF-8: the byte at offset {offset} does not belong; save it as UTF-8")]
    NotUtf8 {
        /// The first byte that does not belong, counted from 0.
        offset: usize,
    },
}

/// What files begin with that people take for documents.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive, such as .docx, .odt or .epub"),
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
    (b"SQLite format 3\0", "a SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
];

impl MediaType {
    /// The type by the name's ending; the content has been checked to be text already.
    pub fn of(name: &str) -> Self {
        let ending = name
            .rsplit_once('.')
            .map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("md" | "markdown" | "mdown" | "mkd") => Self::Markdown,
            _ => Self::Plain,
        }
    }

    /// The type in the words of HTTP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "text/plain",
            Self::Markdown => "text/markdown",
        }
    }
}

/// What bytes are that people take for a document, if they begin like something that is none.
pub(crate) fn recognised(bytes: &[u8]) -> Option<&'static str> {
    let found = SIGNATURES
        .iter()
        .find(|(start, _)| bytes.starts_with(start));
    found.map(|(_, found)| *found)
}

/// The text of an upload, without a byte order mark.
///
/// # Errors
/// See [`ContentError`].
pub(super) fn text(bytes: &[u8]) -> Result<&str, ContentError> {
    let binary = |found: String| ContentError::Binary { found };
    if let Some(found) = recognised(bytes) {
        return Err(binary(found.to_owned()));
    }
    if let Some(offset) = bytes.iter().position(|byte| is_binary(*byte)) {
        let byte = bytes[offset];
        return Err(binary(format!(
            "binary: it has the byte 0x{byte:02x} at offset {offset}"
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| ContentError::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.chars().any(char::is_alphanumeric) {
        return Err(ContentError::Empty);
    }
    Ok(text)
}

/// Control characters that no text file has.
pub(crate) fn is_binary(byte: u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_many_scripts_is_accepted_without_its_byte_order_mark() {
        for (bytes, expected) in [
            ("plain", "plain"),
            ("\u{feff}marked", "marked"),
            ("数字孪生", "数字孪生"),
            ("tab\tand\r\nlines\u{c}page", "tab\tand\r\nlines\u{c}page"),
        ] {
            assert_eq!(text(bytes.as_bytes()), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, found) in [
            (&b"%PDF-1.7 ..."[..], "a PDF"),
            (b"PK\x03\x04rest", "a ZIP archive"),
            (b"\x89PNG\r\n\x1a\n", "a PNG image"),
            (b"\xff\xfeh\0i\0", "UTF-16"),
            (b"a\0b", "0x00 at offset 1"),
            (b"bell \x07", "0x07 at offset 5"),
        ] {
            let error = text(bytes).unwrap_err();
            assert!(matches!(error, ContentError::Binary { .. }), "{error}");
            assert!(error.to_string().contains(found), "{error}");
        }
    }

    #[test]
    fn the_first_byte_that_is_not_utf_8_is_named() {
        assert_eq!(
            text(b"caf\xe9 au lait"),
            Err(ContentError::NotUtf8 { offset: 3 })
        );
        assert_eq!(
            text(b"cut \xe2\x82"),
            Err(ContentError::NotUtf8 { offset: 4 })
        );
    }

    #[test]
    fn a_file_without_a_letter_is_empty() {
        for bytes in [&b""[..], b" \n\t ", b"\xef\xbb\xbf", b"--- *** ---"] {
            assert_eq!(text(bytes), Err(ContentError::Empty));
        }
    }

    #[test]
    fn the_ending_of_the_name_says_how_it_is_cut() {
        assert_eq!(MediaType::of("a.MD"), MediaType::Markdown);
        assert_eq!(MediaType::of("a.txt"), MediaType::Plain);
        assert_eq!(MediaType::of("markdown"), MediaType::Plain);
    }
}
