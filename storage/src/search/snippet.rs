//! The part of a message that shows why it was found.

use std::ops::Range;

/// Code points of a snippet: two lines on a screen.
const CHARS_MAX: usize = 240;
/// Code points that stand before the first highlight, where there are so many.
const CHARS_BEFORE: usize = 60;
/// Highlights of a snippet: more say nothing more.
const HIGHLIGHTS_MAX: usize = 32;

/// A part of a text, and what in it was looked for. Places are counted in Unicode code points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The part.
    pub text: String,
    /// Where it begins in the whole text.
    pub begins_at: u64,
    /// How long the whole text is.
    pub of_length: u64,
    /// What was looked for, in order and apart from each other.
    pub highlights: Vec<Highlight>,
}

/// A place in a snippet, in Unicode code points from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Highlight {
    /// Where it begins.
    pub start: u64,
    /// Where it ends: the first code point after it.
    pub end: u64,
}

impl Snippet {
    /// Cuts a text around the first of these places.
    pub(super) fn new(text: &str, mut places: Vec<Range<usize>>) -> Self {
        places.sort_unstable_by_key(|place| (place.start, place.end));
        let of_length = text.chars().count();
        let first = places.first().map_or(0, |place| place.start);
        let begin = beginning(text, first);
        let end = (begin + CHARS_MAX).min(of_length);
        let mut shown: Vec<Range<usize>> = Vec::new();
        for place in places {
            let place = place.start.max(begin)..place.end.min(end);
            if place.is_empty() || shown.len() == HIGHLIGHTS_MAX {
                break;
            }
            match shown.last_mut() {
                Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
                _ => shown.push(place),
            }
        }
        let highlights = shown.into_iter().map(|place| Highlight {
            start: (place.start - begin) as u64,
            end: (place.end - begin) as u64,
        });
        Self {
            text: text.chars().skip(begin).take(end - begin).collect(),
            begins_at: begin as u64,
            of_length: of_length as u64,
            highlights: highlights.collect(),
        }
    }
}

/// Where a snippet begins that shows this place: at the beginning of a word, where there is one near.
fn beginning(text: &str, first: usize) -> usize {
    let earliest = first.saturating_sub(CHARS_BEFORE);
    if earliest == 0 {
        return 0;
    }
    let before = text.chars().skip(earliest - 1).take(CHARS_BEFORE / 3);
    let blank = before
        .enumerate()
        .find(|(_, before)| before.is_whitespace());
    blank.map_or(earliest, |(at, _)| earliest + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(snippet: &Snippet) -> Vec<String> {
        let highlight = |place: &Highlight| {
            let characters = snippet.text.chars().skip(place.start as usize);
            characters
                .take((place.end - place.start) as usize)
                .collect()
        };
        snippet.highlights.iter().map(highlight).collect()
    }

    #[test]
    fn a_short_text_is_shown_whole_with_what_was_looked_for() {
        let snippet = Snippet::new("知识 <b>图谱</b> 🧮", vec![6..8, 0..2, 1..2]);
        let expected = Snippet {
            text: "知识 <b>图谱</b> 🧮".to_owned(),
            begins_at: 0,
            of_length: 14,
            highlights: vec![
                Highlight { start: 0, end: 2 },
                Highlight { start: 6, end: 8 },
            ],
        };
        assert_eq!(snippet, expected);
        assert_eq!(shown(&snippet), ["知识", "图谱"]);
    }

    #[test]
    fn a_long_text_is_cut_before_a_word_near_the_first_place() {
        let text = "word ".repeat(100) + "KEY" + &" word".repeat(100);
        let snippet = Snippet::new(&text, vec![500..503, 990..999]);
        assert_eq!(snippet.begins_at, 440);
        assert_eq!(snippet.of_length, 1003);
        assert_eq!(snippet.text.chars().count(), CHARS_MAX);
        assert!(snippet.text.starts_with("word word"));
        assert_eq!(shown(&snippet), ["KEY"]);
    }

    #[test]
    fn what_reaches_beyond_the_snippet_is_cut_with_it() {
        let text = "图".repeat(1000);
        let snippet = Snippet::new(&text, vec![100..500, 400..900]);
        assert_eq!(snippet.begins_at, 40);
        assert_eq!(
            snippet.highlights,
            [Highlight {
                start: 60,
                end: 240
            }]
        );
        assert_eq!(Snippet::new("", Vec::new()).text, "");
        assert_eq!(Snippet::new(&text, Vec::new()).begins_at, 0);
    }
}
