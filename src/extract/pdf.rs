//! PDF: the text of each page, as a section.

use pdf_extract::OutputError;

use super::draft::Draft;
use super::{Extracted, Kind, Unreadable};

/// Reads the text of each page.
pub(super) fn read(content: &[u8]) -> Result<Extracted, Unreadable> {
    let pages = pdf_extract::extract_text_from_mem_by_pages(content).map_err(|error| {
        let reason = error.to_string();
        match error {
            OutputError::PdfError(_) if reason.to_lowercase().contains("encrypt") => {
                Unreadable::Encrypted
            }
            OutputError::PdfError(_) if reason.to_lowercase().contains("password") => {
                Unreadable::Encrypted
            }
            _ => Unreadable::damaged("a PDF", reason),
        }
    })?;
    let mut draft = Draft::default();
    for (number, page) in (1..).zip(&pages) {
        if !page.chars().any(char::is_alphanumeric) {
            continue;
        }
        draft.heading(1, &format!("Page {number}"))?;
        for paragraph in page.split("\n\n") {
            draft.paragraph(paragraph)?;
        }
    }
    Ok(draft.finish(Kind::Pdf))
}
