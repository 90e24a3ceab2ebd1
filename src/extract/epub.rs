//! EPUB: the chapters of a book in their order, each read as the page of HTML that it is.

use std::collections::HashMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::archive::Archive;
use super::draft::Draft;
use super::{Extracted, Kind, Unreadable, html};

/// Reads the chapters that the book's spine names.
pub(super) fn read(archive: &mut Archive<'_>) -> Result<Extracted, Unreadable> {
    let container = archive.text("META-INF/container.xml")?;
    let package = elements(&container, b"rootfile")
        .map_err(|error| archive.damaged(error))?
        .into_iter()
        .find_map(|mut file| file.remove("full-path"))
        .ok_or_else(|| archive.damaged("it does not say where its package is"))?;
    let folder = package.rsplit_once('/').map_or("", |(folder, _)| folder);
    let text = archive.text(&package)?;
    let mut items = HashMap::new();
    for mut item in elements(&text, b"item").map_err(|error| archive.damaged(error))? {
        if let (Some(id), Some(href)) = (item.remove("id"), item.remove("href")) {
            items.insert(id, href);
        }
    }
    let spine = elements(&text, b"itemref").map_err(|error| archive.damaged(error))?;
    let mut draft = Draft::default();
    for chapter in spine {
        let href = chapter.get("idref").and_then(|id| items.get(id));
        let Some(name) = href.and_then(|href| part_name(folder, href)) else {
            continue;
        };
        if archive.has(&name) {
            html::read_into(&mut draft, &archive.text(&name)?)?;
        }
    }
    Ok(draft.finish(Kind::Epub))
}

/// The text of a reference in XML: a character, or one of the five names that XML knows. Others are left out, so that none can
/// stand for a great deal.
pub(super) fn referred(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(char)) = reference.resolve_char_ref() {
        return char.to_string();
    }
    let name = reference.decode().unwrap_or_default();
    let known = quick_xml::escape::resolve_predefined_entity(&name);
    known.unwrap_or_default().to_owned()
}

/// The attributes of each element of this name.
fn elements(xml: &str, name: &[u8]) -> Result<Vec<HashMap<String, String>>, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event()? {
            Event::Start(element) | Event::Empty(element)
                if element.local_name().as_ref() == name =>
            {
                found.push(attributes(&element));
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

fn attributes(element: &BytesStart<'_>) -> HashMap<String, String> {
    let pair = |attribute: quick_xml::events::attributes::Attribute<'_>| {
        let name = String::from_utf8(attribute.key.local_name().as_ref().to_vec()).ok()?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        Some((name, value.into_owned()))
    };
    element.attributes().flatten().filter_map(pair).collect()
}

/// The part of the archive that a link in the package means, if it is inside.
fn part_name(folder: &str, href: &str) -> Option<String> {
    let base = url::Url::parse("epub://book/").ok()?.join(&match folder {
        "" => String::new(),
        folder => format!("{folder}/"),
    });
    let url = base.ok()?.join(href).ok()?;
    let path = url.path().strip_prefix('/')?;
    Some(percent_decoded(path))
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_parts_of_the_book_and_never_out_of_it() {
        for (folder, href, part) in [
            ("OEBPS", "chapter%201.xhtml", "OEBPS/chapter 1.xhtml"),
            ("OEBPS", "../text/a.xhtml#start", "text/a.xhtml"),
            ("", "../../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(part_name(folder, href).as_deref(), Some(part));
        }
    }
}
