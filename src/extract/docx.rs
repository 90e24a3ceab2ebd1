//! DOCX: the paragraphs of a text of Word under its headings, and its tables row by row.

use std::collections::HashMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::archive::Archive;
use super::draft::Draft;
use super::{Extracted, Kind, Unreadable};

/// The deepest heading that Word has.
const LEVEL_MAX: u8 = 9;

/// Reads the main text; notes, comments and what was struck out are no part of it.
pub(super) fn read(archive: &mut Archive<'_>) -> Result<Extracted, Unreadable> {
    let levels = match archive.has("word/styles.xml") {
        true => {
            let styles = archive.text("word/styles.xml")?;
            heading_styles(&styles).map_err(|error| archive.damaged(error))?
        }
        false => HashMap::new(),
    };
    let document = archive.text("word/document.xml")?;
    let mut reader = Reader::from_str(&document);
    let mut text = Text::default();
    loop {
        let event = reader
            .read_event()
            .map_err(|error| archive.damaged(error))?;
        match event {
            Event::Start(element) | Event::Empty(element)
                if element.local_name().as_ref() == b"pStyle" =>
            {
                let style = attribute(&element, b"val");
                text.level = style.and_then(|style| levels.get(&style).copied());
            }
            Event::Start(element) => text.begin(element.local_name().as_ref()),
            Event::Empty(element) => {
                text.begin(element.local_name().as_ref());
                text.end(element.local_name().as_ref())?;
            }
            Event::End(element) => text.end(element.local_name().as_ref())?,
            Event::Text(words) if text.takes_text => {
                let words = words.decode().map_err(|error| archive.damaged(error))?;
                text.paragraph.push_str(&words);
            }
            Event::CData(words) if text.takes_text => {
                let words = words.decode().map_err(|error| archive.damaged(error))?;
                text.paragraph.push_str(&words);
            }
            Event::GeneralRef(reference) if text.takes_text => {
                text.paragraph.push_str(&super::epub::referred(&reference));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(text.draft.finish(Kind::Docx))
}

/// The text so far, and what is open in it.
#[derive(Default)]
struct Text {
    draft: Draft,
    paragraph: String,
    level: Option<u8>,
    takes_text: bool,
    tables: usize,
    cells: Vec<String>,
    cell: String,
}

impl Text {
    fn begin(&mut self, name: &[u8]) {
        match name {
            b"t" => self.takes_text = true,
            b"tbl" => self.tables += 1,
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8]) -> Result<(), Unreadable> {
        match name {
            b"t" => self.takes_text = false,
            b"tab" => self.paragraph.push('\t'),
            b"br" | b"cr" => self.paragraph.push('\n'),
            b"p" => self.end_paragraph()?,
            b"tc" => self.cells.push(std::mem::take(&mut self.cell)),
            b"tr" => {
                let row = std::mem::take(&mut self.cells).join(" | ");
                self.draft.line(&row)?;
            }
            b"tbl" => self.tables = self.tables.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }

    fn end_paragraph(&mut self) -> Result<(), Unreadable> {
        let paragraph = std::mem::take(&mut self.paragraph);
        let level = self.level.take();
        if self.tables > 0 {
            if !self.cell.is_empty() {
                self.cell.push(' ');
            }
            self.cell.push_str(paragraph.trim());
            return Ok(());
        }
        match level {
            Some(level) => self.draft.heading(level, &paragraph),
            None => self.draft.paragraph(&paragraph),
        }
    }
}

/// The styles of headings, by their ids, with their levels: ids are in the language of whoever wrote, names are not.
fn heading_styles(styles: &str) -> Result<HashMap<String, u8>, quick_xml::Error> {
    let mut reader = Reader::from_str(styles);
    let mut levels = HashMap::new();
    let mut style = None;
    loop {
        match reader.read_event()? {
            Event::Start(element) if element.local_name().as_ref() == b"style" => {
                style = attribute(&element, b"styleId");
            }
            Event::Start(element) | Event::Empty(element)
                if element.local_name().as_ref() == b"name" =>
            {
                let name = attribute(&element, b"val").unwrap_or_default();
                if let (Some(level), Some(style)) = (level_of(&name), style.take()) {
                    levels.insert(style, level);
                }
            }
            Event::Eof => return Ok(levels),
            _ => {}
        }
    }
}

fn level_of(style_name: &str) -> Option<u8> {
    let name = style_name.to_ascii_lowercase();
    if name == "title" {
        return Some(1);
    }
    let level: u8 = name.strip_prefix("heading ")?.parse().ok()?;
    // The title stands above the headings.
    (1..=LEVEL_MAX).contains(&level).then_some(level + 1)
}

fn attribute(element: &BytesStart<'_>, name: &[u8]) -> Option<String> {
    let attribute = (element.attributes().flatten())
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(value.into_owned())
}
