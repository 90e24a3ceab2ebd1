//! HTML: what a page says, along its headings and paragraphs. Nothing of it is run or fetched.

use ego_tree::iter::Edge;
use scraper::Html;
use scraper::node::Element;
use scraper::node::Node;

use super::draft::Draft;
use super::{Extracted, Kind, Unreadable};

/// Whether a text begins like a page.
pub(super) fn is_page(text: &str) -> bool {
    let mut start = text.trim_start();
    // An XML declaration and comments may stand before the page.
    while let Some(rest) = start
        .strip_prefix("<?")
        .or_else(|| start.strip_prefix("<!--"))
    {
        let Some((_, after)) = rest.split_once('>') else {
            return false;
        };
        start = after.trim_start();
    }
    let start: String = start.chars().take(14).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// Reads a page.
pub(super) fn read(text: &str) -> Result<Extracted, Unreadable> {
    let mut draft = Draft::default();
    read_into(&mut draft, text)?;
    Ok(draft.finish(Kind::Html))
}

/// Adds what a page says.
pub(super) fn read_into(draft: &mut Draft, text: &str) -> Result<(), Unreadable> {
    let page = Html::parse_document(text);
    let mut reading = Reading {
        draft,
        words: String::new(),
        unread: 0,
        kept_as_it_is: 0,
    };
    for edge in page.tree.root().traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Element(element) => reading.begin(element)?,
                Node::Text(text) => reading.text(text),
                _ => {}
            },
            Edge::Close(node) => {
                if let Node::Element(element) = node.value() {
                    reading.end(element)?;
                }
            }
        }
    }
    reading.end_paragraph()
}

/// A page that is read, element by element: pages may be nested deeper than a stack is.
struct Reading<'a> {
    draft: &'a mut Draft,
    words: String,
    unread: usize,
    kept_as_it_is: usize,
}

impl Reading<'_> {
    fn begin(&mut self, element: &Element) -> Result<(), Unreadable> {
        let name = element.name();
        if is_unread(name) {
            self.unread += 1;
        }
        match name {
            "br" => self.words.push('\n'),
            "pre" | "textarea" => self.kept_as_it_is += 1,
            _ => {}
        }
        match is_block(name) {
            true => self.end_paragraph(),
            false => Ok(()),
        }
    }

    fn text(&mut self, text: &str) {
        if self.unread > 0 {
            return;
        }
        if self.kept_as_it_is > 0 {
            self.words.push_str(text);
            return;
        }
        // White space is one space, and none after another.
        if text.starts_with(char::is_whitespace) && !self.words.ends_with(char::is_whitespace) {
            self.words.push(' ');
        }
        for (index, word) in text.split_whitespace().enumerate() {
            if index > 0 {
                self.words.push(' ');
            }
            self.words.push_str(word);
        }
        if text.ends_with(char::is_whitespace) && !self.words.ends_with(char::is_whitespace) {
            self.words.push(' ');
        }
    }

    fn end(&mut self, element: &Element) -> Result<(), Unreadable> {
        let name = element.name();
        if is_unread(name) {
            self.unread = self.unread.saturating_sub(1);
        }
        if matches!(name, "pre" | "textarea") {
            self.kept_as_it_is = self.kept_as_it_is.saturating_sub(1);
        }
        if let Some(level) = heading_level(name) {
            let title = std::mem::take(&mut self.words);
            return self.draft.heading(level, &title);
        }
        match name {
            "td" | "th" => {
                self.words.push_str(" | ");
                Ok(())
            }
            "tr" | "li" | "dt" | "dd" => {
                let line = std::mem::take(&mut self.words);
                self.draft.line(line.trim().trim_end_matches('|'))
            }
            name if is_block(name) => self.end_paragraph(),
            _ => Ok(()),
        }
    }

    fn end_paragraph(&mut self) -> Result<(), Unreadable> {
        let words = std::mem::take(&mut self.words);
        self.draft.paragraph(&words)
    }
}

fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

/// What stands in a page and is not said by it.
fn is_unread(name: &str) -> bool {
    matches!(
        name,
        "head"
            | "script"
            | "style"
            | "template"
            | "noscript"
            | "svg"
            | "math"
            | "iframe"
            | "object"
            | "audio"
            | "video"
            | "canvas"
            | "select"
            | "nav"
    )
}

/// What stands in lines of its own.
fn is_block(name: &str) -> bool {
    heading_level(name).is_some()
        || matches!(
            name,
            "address"
                | "article"
                | "aside"
                | "blockquote"
                | "body"
                | "caption"
                | "details"
                | "dialog"
                | "div"
                | "dl"
                | "fieldset"
                | "figcaption"
                | "figure"
                | "footer"
                | "form"
                | "header"
                | "hr"
                | "main"
                | "ol"
                | "p"
                | "pre"
                | "section"
                | "summary"
                | "table"
                | "ul"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_along_its_headings_and_without_its_scripts() {
        let page = "<!DOCTYPE html><html><head><title>T</title><style>p{}</style></head><body>\
            <script>alert('x')</script><h1>Lamps &amp; lenses</h1><p>The <b>first</b>\n lamp.</p>\
            <h2>More</h2><ul><li>one</li><li>two</li></ul>\
            <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></body></html>";
        let read = read(page).unwrap();
        assert_eq!(
            read.text,
            "Lamps & lenses\n\nThe first lamp.\n\nMore\n\none\ntwo\na | b\n1 | 2"
        );
        let paths: Vec<&str> = read
            .sections
            .iter()
            .map(|section| section.path.as_str())
            .collect();
        assert_eq!(paths, ["Lamps & lenses", "Lamps & lenses › More"]);
    }

    #[test]
    fn pages_are_known_by_how_they_begin() {
        for text in [
            "<!doctype HTML><p>x",
            " \n<html lang=en>",
            "<?xml version='1.0'?>\n<!-- x --><html>",
        ] {
            assert!(is_page(text), "{text}");
        }
        for text in [
            "<p>only a part",
            "text <html>",
            "<?xml version='1.0'?><book/>",
        ] {
            assert!(!is_page(text), "{text}");
        }
    }
}
