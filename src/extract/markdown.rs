//! The sections of a Markdown document: what stands under which headings.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use super::Section;
use super::draft::trimmed;

/// What joins the headings above a piece.
const JOINT: &str = " › ";

/// Characters of the headings above a piece: more is no heading but a paragraph.
const PATH_CHARS_MAX: usize = 300;

/// The headings that are open, outermost first.
#[derive(Debug, Default)]
pub(super) struct Path(Vec<(u8, String)>);

impl Path {
    /// Closes the headings of this level and below, and opens another.
    pub(super) fn enter(&mut self, level: u8, title: String) {
        self.0.retain(|(open, _)| *open < level);
        self.0.push((level, title));
    }

    /// All of them in one line.
    pub(super) fn joined(&self) -> String {
        let titles: Vec<&str> = (self.0.iter())
            .map(|(_, title)| title.trim())
            .filter(|title| !title.is_empty())
            .collect();
        titles.join(JOINT).chars().take(PATH_CHARS_MAX).collect()
    }
}

/// Cuts a document at its headings; what stands before the first has no path.
pub(super) fn sections(text: &str) -> Vec<Section> {
    let mut open = Path::default();
    let mut sections = Vec::new();
    let mut body_start = 0;
    let mut end_section = |open: &Path, place: Range<usize>| {
        let place = trimmed(text, place);
        if !place.is_empty() {
            let path = open.joined();
            sections.push(Section { path, place });
        }
    };
    for heading in headings(text) {
        end_section(&open, body_start..heading.place.start);
        open.enter(heading.level as u8, heading.title);
        body_start = heading.place.end;
    }
    end_section(&open, body_start..text.len());
    sections
}

struct Heading {
    level: HeadingLevel,
    title: String,
    place: Range<usize>,
}

fn headings(text: &str) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut current: Option<Heading> = None;
    // A heading inside a quotation or a list is part of what is said there.
    let mut depth = 0_usize;
    for (event, place) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                current = Some(Heading {
                    level,
                    title: String::new(),
                    place,
                });
            }
            Event::End(TagEnd::Heading(_)) => headings.extend(current.take()),
            Event::Start(Tag::BlockQuote(_) | Tag::List(_)) => depth += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_)) => depth = depth.saturating_sub(1),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut current {
                    heading.title.push_str(&words);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(heading) = &mut current {
                    heading.title.push(' ');
                }
            }
            _ => {}
        }
    }
    headings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(String, &str)> {
        sections(text)
            .into_iter()
            .map(|section| (section.path, &text[section.place]))
            .collect()
    }

    fn expected<'a>(pairs: &[(&str, &'a str)]) -> Vec<(String, &'a str)> {
        pairs
            .iter()
            .map(|(path, body)| ((*path).to_owned(), *body))
            .collect()
    }

    #[test]
    fn headings_nest_by_their_level() {
        let text = "before\n# A\nin a\n## B\nin b\n### C\nin c\n## D\nin d\n# E\nin e\n";
        assert_eq!(
            cut(text),
            expected(&[
                ("", "before"),
                ("A", "in a"),
                ("A › B", "in b"),
                ("A › B › C", "in c"),
                ("A › D", "in d"),
                ("E", "in e"),
            ])
        );
    }

    #[test]
    fn underlined_headings_and_code_in_headings_count() {
        let text = "Title\n=====\nbody\n\nThe `fog` horn\n---\nloud\n";
        assert_eq!(
            cut(text),
            expected(&[("Title", "body"), ("Title › The fog horn", "loud")])
        );
    }

    #[test]
    fn what_only_looks_like_a_heading_is_none() {
        let text = "# Real\n```\n# code\n```\n> # quoted\n\n- # listed\n\n#nospace\n";
        assert_eq!(cut(text).len(), 1);
    }

    #[test]
    fn a_text_without_headings_is_one_section() {
        assert_eq!(cut("just text"), expected(&[("", "just text")]));
    }
}
