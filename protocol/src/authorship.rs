//! Who wrote which part of a message that stands under a twin's name.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Who wrote a part of a twin's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    /// The twin's model.
    Twin,
    /// The person whose twin it is.
    Owner,
}

/// A part of a message that one of them wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Span {
    /// Who.
    pub by: Writer,
    /// How long it is, in Unicode code points; at least 1.
    pub chars: u64,
}

/// Who wrote a message, from its first code point to its last. No two spans beside each other are by the same writer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Authorship(Vec<Span>);

/// A text that is no stored authorship.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} says of nobody how many code points they wrote")]
pub struct InvalidAuthorship(String);

impl Writer {
    const fn letter(self) -> char {
        match self {
            Self::Twin => 't',
            Self::Owner => 'o',
        }
    }
}

impl Authorship {
    /// Of a text that one of them wrote.
    pub fn of(by: Writer, text: &str) -> Self {
        let mut authorship = Self::default();
        authorship.push(by, length(text));
        authorship
    }

    /// Its spans, in the order of the text.
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// Whether there is a text and one of them wrote all of it.
    pub fn is_all_by(&self, by: Writer) -> bool {
        matches!(self.0[..], [span] if span.by == by)
    }

    /// The same with a text behind it.
    #[must_use]
    pub fn then(mut self, by: Writer, text: &str) -> Self {
        self.push(by, length(text));
        self
    }

    /// Of what a text became when somebody edited it: what both have in common at the beginning and at the end stays with whoever
    /// wrote it, and all that stands between is the editor's.
    #[must_use]
    pub fn edited(&self, before: &str, after: &str, by: Writer) -> Self {
        let pairs = before.chars().zip(after.chars());
        let beginning = pairs.take_while(|(old, new)| old == new).count() as u64;
        let (old, new) = (length(before), length(after));
        let pairs = before.chars().rev().zip(after.chars().rev());
        let end = pairs.take_while(|(old, new)| old == new).count() as u64;
        let end = end.min(old.min(new) - beginning);
        let mut edited = Self::default();
        edited.extend(&self.0, 0, beginning);
        edited.push(by, new - beginning - end);
        edited.extend(&self.0, old - end, old);
        edited
    }

    /// The form in the database: `t12o30`.
    pub fn to_stored(&self) -> String {
        let mut stored = String::new();
        for Span { by, chars } in &self.0 {
            write!(stored, "{}{chars}", by.letter()).expect("a string takes whatever is written");
        }
        stored
    }

    /// Reads the form in the database.
    ///
    /// # Errors
    /// When it is another text.
    pub fn from_stored(stored: &str) -> Result<Self, InvalidAuthorship> {
        let invalid = || InvalidAuthorship(stored.chars().take(64).collect());
        let mut authorship = Self::default();
        let mut rest = stored;
        while let Some(letter) = rest.chars().next() {
            let by = [Writer::Twin, Writer::Owner]
                .into_iter()
                .find(|by| by.letter() == letter);
            let digits = &rest[letter.len_utf8()..];
            let end = digits
                .find(|digit: char| !digit.is_ascii_digit())
                .unwrap_or(digits.len());
            let chars = digits[..end].parse().map_err(|_| invalid())?;
            authorship.push(by.ok_or_else(invalid)?, chars);
            rest = &digits[end..];
        }
        Ok(authorship)
    }

    fn push(&mut self, by: Writer, chars: u64) {
        match self.0.last_mut() {
            _ if chars == 0 => {}
            Some(last) if last.by == by => last.chars += chars,
            _ => self.0.push(Span { by, chars }),
        }
    }

    /// Adds what spans have between two places of their text.
    fn extend(&mut self, spans: &[Span], from: u64, to: u64) {
        let mut begins = 0;
        for Span { by, chars } in spans {
            let ends = begins + chars;
            let part = to.min(ends).saturating_sub(from.max(begins));
            self.push(*by, part);
            begins = ends;
        }
    }
}

fn length(text: &str) -> u64 {
    text.chars().count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans(authorship: &Authorship) -> Vec<(Writer, u64)> {
        let spans = authorship.spans().iter();
        spans.map(|span| (span.by, span.chars)).collect()
    }

    #[test]
    fn an_edit_leaves_to_each_what_was_not_touched() {
        use Writer::{Owner, Twin};
        let begun = Authorship::of(Twin, "The key hangs").then(Owner, " in the hall.");
        assert_eq!(spans(&begun), [(Twin, 13), (Owner, 13)]);
        let cases = [
            ("The key hangs in the hall.", vec![(Twin, 13), (Owner, 13)]),
            (
                "The red key hangs in the hall.",
                vec![(Twin, 4), (Owner, 4), (Twin, 9), (Owner, 13)],
            ),
            ("The key hangs", vec![(Twin, 13)]),
            ("鑰匙", vec![(Owner, 2)]),
            ("", vec![]),
        ];
        for (after, expected) in cases {
            let edited = begun.edited("The key hangs in the hall.", after, Owner);
            assert_eq!(spans(&edited), expected, "{after}");
        }
    }

    #[test]
    fn other_texts_are_no_authorship() {
        for text in ["x1", "t", "t1o", "1", "t99999999999999999999999", "é1"] {
            assert!(Authorship::from_stored(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn spans_always_add_up_to_the_text(texts in proptest::collection::vec("[ab語]{0,6}", 1..6)) {
            let mut authorship = Authorship::of(Writer::Twin, &texts[0]);
            for pair in texts.windows(2) {
                authorship = authorship.edited(&pair[0], &pair[1], Writer::Owner);
                let chars: u64 = authorship.spans().iter().map(|span| span.chars).sum();
                prop_assert_eq!(chars, length(&pair[1]));
                prop_assert!(authorship.spans().windows(2).all(|pair| pair[0].by != pair[1].by));
                prop_assert!(authorship.spans().iter().all(|span| span.chars > 0));
                prop_assert_eq!(Authorship::from_stored(&authorship.to_stored()), Ok(authorship.clone()));
            }
        }
    }
}
