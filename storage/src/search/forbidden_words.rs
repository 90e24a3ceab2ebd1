//! Words that a room forbids, found in texts as the search finds words: whole words, folded; of scripts without blanks between words
//! any characters that follow each other.

use std::collections::HashMap;

use super::text::{unfinished, words};

/// Words that one room forbids: each message is held to all of them.
pub const FORBIDDEN_WORDS_MAX: usize = 200;
/// Characters of one of them: a phrase at most.
pub const FORBIDDEN_WORD_CHARS_MAX: usize = 50;
/// Bytes of a word that is being written that are held back: no forbidden word is as long.
const HELD_BYTES_MAX: usize = 1_024;

/// Why something cannot be forbidden.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidForbiddenWords {
    /// There are too many.
    #[error("a room may forbid {FORBIDDEN_WORDS_MAX} words")]
    TooMany,
    /// One has no letter or digit, is too long, or has more than one line.
    #[error(
        "{0:?} must be one line of 1 to {FORBIDDEN_WORD_CHARS_MAX} characters with a word in it"
    )]
    NoWord(String),
}

/// The words that a room forbids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForbiddenWords {
    list: Vec<String>,
    /// The folded words of each, by the first of them, and where it stands in the list.
    by_first: HashMap<u64, Vec<(Vec<u64>, usize)>>,
    /// Folded words of the longest.
    longest: usize,
}

/// A forbidden word in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forbidden<'a> {
    /// The word, as the room forbids it.
    pub word: &'a str,
    /// Where it begins, in bytes of the text.
    pub at: usize,
}

impl ForbiddenWords {
    /// Forbids these, each once.
    ///
    /// # Errors
    /// Which cannot be forbidden, and why.
    pub fn new(list: Vec<String>) -> Result<Self, InvalidForbiddenWords> {
        if list.len() > FORBIDDEN_WORDS_MAX {
            return Err(InvalidForbiddenWords::TooMany);
        }
        let mut forbidden = Self::default();
        for word in list {
            let word = word.trim().to_owned();
            let folded: Vec<u64> = words(&word).into_iter().map(|word| word.hash).collect();
            let is_line = !word.chars().any(char::is_control);
            let is_short = word.chars().count() <= FORBIDDEN_WORD_CHARS_MAX;
            let Some(first) = folded.first().filter(|_| is_line && is_short) else {
                let shown = word.chars().take(FORBIDDEN_WORD_CHARS_MAX).collect();
                return Err(InvalidForbiddenWords::NoWord(shown));
            };
            let alike = forbidden.by_first.entry(*first).or_default();
            if alike.iter().any(|(known, _)| *known == folded) {
                continue;
            }
            forbidden.longest = forbidden.longest.max(folded.len());
            alike.push((folded, forbidden.list.len()));
            forbidden.list.push(word);
        }
        Ok(forbidden)
    }

    /// The words, as they were given.
    pub fn list(&self) -> &[String] {
        &self.list
    }

    /// Whether nothing is forbidden.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first forbidden word that stands in a text.
    pub fn find(&self, text: &str) -> Option<Forbidden<'_>> {
        if self.is_empty() {
            return None;
        }
        let words = words(text);
        let hashes: Vec<u64> = words.iter().map(|word| word.hash).collect();
        let (first, word) = self.first_in(&hashes)?;
        let place = words[first].place.start;
        let at = text.char_indices().nth(place);
        Some(Forbidden {
            word,
            at: at.map_or(text.len(), |(at, _)| at),
        })
    }

    /// The first forbidden word among folded ones, and where it begins.
    fn first_in(&self, hashes: &[u64]) -> Option<(usize, &str)> {
        hashes.iter().enumerate().find_map(|(first, hash)| {
            let alike = self.by_first.get(hash)?;
            let found = alike
                .iter()
                .find(|(folded, _)| hashes[first..].starts_with(folded))?;
            Some((first, self.list[found.1].as_str()))
        })
    }
}

/// Holds a text that is being written to what is forbidden, piece by piece: a word is shown when it has ended.
#[derive(Debug, Clone, Default)]
pub struct Screen {
    /// Folded words that were shown last.
    shown: Vec<u64>,
    /// The word that is being written.
    held: String,
}

impl Screen {
    /// What of the text may be shown after this piece; `None` when a forbidden word stands in it, which is not shown.
    pub fn next(&mut self, piece: &str, forbidden: &ForbiddenWords) -> Option<String> {
        self.held.push_str(piece);
        let ended = match unfinished(&self.held) {
            _ if forbidden.is_empty() || self.held.len() > HELD_BYTES_MAX => self.held.len(),
            None => self.held.len(),
            Some(at) => at,
        };
        let held = self.held.split_off(ended);
        let shown = std::mem::replace(&mut self.held, held);
        self.show(shown, forbidden)
    }

    /// What was held back, at the end of the text; `None` when it is forbidden.
    pub fn end(&mut self, forbidden: &ForbiddenWords) -> Option<String> {
        let shown = std::mem::take(&mut self.held);
        self.show(shown, forbidden)
    }

    fn show(&mut self, text: String, forbidden: &ForbiddenWords) -> Option<String> {
        self.shown
            .extend(words(&text).into_iter().map(|word| word.hash));
        if forbidden.first_in(&self.shown).is_some() {
            return None;
        }
        let known = self.shown.len().saturating_sub(forbidden.longest);
        self.shown.drain(..known);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbidden(list: &[&str]) -> ForbiddenWords {
        let list = list.iter().map(|word| (*word).to_owned());
        ForbiddenWords::new(list.collect()).unwrap()
    }

    #[test]
    fn whole_words_are_found_however_they_are_written_and_parts_of_words_are_not() {
        let words = forbidden(&["Ass", "free money", "赌博", "カジノ", "straße", "привет"]);
        for (text, found) in [
            ("you ASS!", Some(("Ass", 4))),
            ("a bass in the class", None),
            ("ässe", None),
            ("Free -- MONEY here", Some(("free money", 0))),
            ("money free", None),
            ("网上赌博网站", Some(("赌博", 6))),
            ("赌一博", None),
            ("このカジノで", Some(("カジノ", 6))),
            ("in der STRASSE", Some(("straße", 7))),
            ("as\u{ad}s", Some(("Ass", 0))),
            ("ＡＳＳ", Some(("Ass", 0))),
            ("Привет", Some(("привет", 0))),
            ("приветы", None),
            ("", None),
        ] {
            let expected = found.map(|(word, at)| Forbidden { word, at });
            assert_eq!(words.find(text), expected, "{text}");
        }
        assert_eq!(ForbiddenWords::default().find("anything"), None);
    }

    #[test]
    fn only_words_can_be_forbidden_each_once_and_only_so_many() {
        assert_eq!(forbidden(&[" a ", "A", "á", "b"]).list(), ["a", "b"]);
        for word in ["", "  ", "--", "a\nb", &"x".repeat(51)] {
            let refused = ForbiddenWords::new(vec![word.to_owned()]);
            let is_named = matches!(refused, Err(InvalidForbiddenWords::NoWord(_)));
            assert!(is_named, "{word:?}: {refused:?}");
        }
        let many = |count: usize| (0..count).map(|number| format!("w{number}")).collect();
        assert!(ForbiddenWords::new(many(FORBIDDEN_WORDS_MAX)).is_ok());
        let refused = ForbiddenWords::new(many(FORBIDDEN_WORDS_MAX + 1));
        assert_eq!(refused, Err(InvalidForbiddenWords::TooMany));
    }

    /// What is shown of a text that comes in these pieces, and whether it came to its end.
    fn shown(words: &ForbiddenWords, pieces: &[&str]) -> (String, bool) {
        let mut screen = Screen::default();
        let mut shown = String::new();
        for piece in pieces {
            match screen.next(piece, words) {
                Some(text) => shown.push_str(&text),
                None => return (shown, false),
            }
        }
        match screen.end(words) {
            Some(text) => (shown + &text, true),
            None => (shown, false),
        }
    }

    #[test]
    fn of_a_text_that_is_being_written_nothing_forbidden_is_shown() {
        let words = forbidden(&["ass", "free money", "赌博"]);
        for (pieces, expected, ended) in [
            (&["a ", "cl", "ass", " of"][..], "a class of", true),
            (&["an ", "as", "s"], "an ", false),
            (&["an as", "s!"], "an ", false),
            (&["ass", "ess"], "assess", true),
            (&["as\u{ad}", "s "], "", false),
            (&["for free", " ", "mon", "ey", "!"], "for free ", false),
            (&["for free", " ", "mon", "keys"], "for free monkeys", true),
            (&["去赌", "博"], "去赌", false),
            (&["你", "好"], "你好", true),
        ] {
            assert_eq!(
                shown(&words, pieces),
                (expected.to_owned(), ended),
                "{pieces:?}"
            );
        }
        // Where nothing is forbidden nothing is held back.
        let mut screen = Screen::default();
        let none = ForbiddenWords::default();
        assert_eq!(screen.next("as", &none), Some("as".to_owned()));
    }

    proptest::proptest! {
        #[test]
        fn cut_anyhow_a_text_is_shown_whole_or_ends_before_what_is_forbidden(
            text in "(ass|free|money|赌|博|x|é| |-){0,12}",
            cuts in proptest::collection::vec(0_usize..40, 0..6),
        ) {
            let words = forbidden(&["ass", "free money", "赌博"]);
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut)).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&text[from..cut]);
                from = cut;
            }
            pieces.push(&text[from..]);
            let (shown, ended) = shown(&words, &pieces);
            match words.find(&text) {
                None => proptest::prop_assert_eq!((shown.as_str(), ended), (text.as_str(), true)),
                Some(_) => {
                    proptest::prop_assert!(!ended);
                    proptest::prop_assert!(text.starts_with(&shown));
                    proptest::prop_assert_eq!(words.find(&shown), None);
                }
            }
        }
    }
}
