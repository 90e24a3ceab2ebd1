//! Documents that are text: which of its formats one is, and the two that need no more reading than that.

use super::chat;
use super::{Extracted, Kind, Section, TEXT_BYTES_MAX, Unreadable};
use super::{html, markdown, table};

/// Reads a text; `ending` tells apart what content cannot.
pub(super) fn read(text: &str, ending: &str) -> Result<Extracted, Unreadable> {
    if let Some(chat) = chat::read(text) {
        return chat;
    }
    if html::is_page(text) || matches!(ending, "html" | "htm" | "xhtml") {
        return html::read(text);
    }
    match ending {
        "csv" => return table::read(text, b','),
        "tsv" | "tab" => return table::read(text, b'\t'),
        _ => {}
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(Unreadable::TooMuchText);
    }
    let (kind, sections) = match ending {
        "md" | "markdown" | "mdown" | "mkd" => (Kind::Markdown, markdown::sections(text)),
        _ => (Kind::Plain, Vec::new()),
    };
    let whole = Section {
        path: String::new(),
        place: 0..text.len(),
    };
    Ok(Extracted {
        kind,
        text: text.to_owned(),
        // Of headings alone, they are all that the document says.
        sections: match sections.is_empty() {
            true => vec![whole],
            false => sections,
        },
        said: Vec::new(),
    })
}
