//! The language of searches: words, "phrases", -exclusions, and filters such as `from:ada`.

use std::ops::Range;
use std::str::FromStr;

use protocol::ConversationId;
use uuid::Uuid;

use super::date::moment;
use super::text::{Term, Word, occurrences, terms_of_phrase, words};

/// Characters of a query: more than anybody types, few enough to be looked for in one go.
pub const QUERY_CHARS_MAX: usize = 1_000;
/// Words, phrases and filters of a query.
const PARTS_MAX: usize = 32;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchQuery {
    /// All of these stand in the message.
    pub(super) phrases: Vec<Phrase>,
    /// None of these does.
    pub(super) without: Vec<Phrase>,
    /// One of these wrote it; nobody in particular when there are none.
    pub(super) from: Vec<Who>,
    /// None of these did.
    pub(super) not_from: Vec<Who>,
    /// It stands in one of these; anywhere when there are none.
    pub(super) within: Vec<Place>,
    /// It stands in none of these.
    pub(super) not_within: Vec<Place>,
    /// It is older than this moment, in UTC milliseconds.
    pub(super) before: Option<i64>,
    /// It is of this moment or newer, in UTC milliseconds.
    pub(super) after: Option<i64>,
    /// It has all of these.
    pub(super) has: Vec<Has>,
    /// It has none of these.
    pub(super) has_not: Vec<Has>,
}

/// Words that stand one after the other: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phrase {
    words: Vec<u64>,
    /// What the index knows every message by in which it stands.
    pub(super) terms: Vec<Term>,
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// Whoever searches.
    Me,
    /// The person or the twin with this id.
    Id(Uuid),
    /// Everybody with this in the name.
    Named(Phrase),
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The conversation with this id.
    Id(ConversationId),
    /// Every conversation with this in its title.
    Titled(Phrase),
}

/// What a message may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Has {
    /// A web address in its text.
    Link,
    /// An emoji that somebody put beside it.
    Reaction,
    /// A place in a document that it was drawn from.
    Source,
    /// A file.
    Attachment,
    /// A file that is an image.
    Image,
    /// A file that is no image.
    File,
}

/// A filter of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchFilter {
    /// Who wrote it: `me`, an id, or a part of a name.
    From,
    /// Where it stands: an id, or a part of a title.
    In,
    /// Older than a moment.
    Before,
    /// Of a moment or newer.
    After,
    /// What it has: `link`, `reaction`, `source`, `attachment`, `image` or `file`.
    Has,
}

/// A query that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuery {
    /// Nothing in it says what to look for.
    #[error("names no word and no filter")]
    Empty,
    /// It is longer than anybody types.
    #[error("must have at most {QUERY_CHARS_MAX} characters")]
    TooLong,
    /// It has too many words and filters.
    #[error("must have at most {PARTS_MAX} words, phrases and filters")]
    TooManyParts,
    /// A filter has a value that is none.
    #[error("{filter}: `{value}` is no {wanted}")]
    Filter {
        /// The filter's name.
        filter: &'static str,
        /// What was written.
        value: String,
        /// What it should have been.
        wanted: &'static str,
    },
}

impl SearchFilter {
    /// Every filter.
    pub const ALL: [Self; 5] = [Self::From, Self::In, Self::Before, Self::After, Self::Has];

    /// The filter's name, in a query and as a parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::In => "in",
            Self::Before => "before",
            Self::After => "after",
            Self::Has => "has",
        }
    }
}

impl FromStr for SearchQuery {
    type Err = InvalidQuery;

    /// Reads a query as people type it.
    fn from_str(text: &str) -> Result<Self, InvalidQuery> {
        if text.chars().count() > QUERY_CHARS_MAX {
            return Err(InvalidQuery::TooLong);
        }
        let mut query = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (part, after) = Part::read(rest);
            query.add(part)?;
            rest = after.trim_start();
        }
        query.check_size()?;
        Ok(query)
    }
}

impl SearchQuery {
    /// Narrows the query by one filter more.
    ///
    /// # Errors
    /// Says what the value should have been.
    pub fn narrow(&mut self, filter: SearchFilter, value: &str) -> Result<(), InvalidQuery> {
        let filter = Some(filter);
        let is_excluded = false;
        self.add(Part {
            filter,
            value,
            is_excluded,
        })?;
        self.check_size()
    }

    /// Whether it says what to look for: something that a message has, not only what it has not.
    ///
    /// # Errors
    /// Says that it does not.
    pub fn check(&self) -> Result<(), InvalidQuery> {
        let says_nothing = self.phrases.is_empty()
            && self.from.is_empty()
            && self.within.is_empty()
            && self.has.is_empty()
            && self.before.is_none()
            && self.after.is_none();
        match says_nothing {
            true => Err(InvalidQuery::Empty),
            false => Ok(()),
        }
    }

    /// Whether names have to be known to carry it out.
    pub(super) fn names_somebody(&self) -> bool {
        let mut people = self.from.iter().chain(&self.not_from);
        people.any(|who| matches!(who, Who::Named(_)))
    }

    fn check_size(&self) -> Result<(), InvalidQuery> {
        let parts = self.phrases.len()
            + self.without.len()
            + self.from.len()
            + self.not_from.len()
            + self.within.len()
            + self.not_within.len()
            + self.has.len()
            + self.has_not.len();
        match parts > PARTS_MAX {
            true => Err(InvalidQuery::TooManyParts),
            false => Ok(()),
        }
    }

    fn add(&mut self, part: Part<'_>) -> Result<(), InvalidQuery> {
        let Part {
            filter,
            value,
            is_excluded,
        } = part;
        match filter {
            None => {
                // Punctuation by itself says nothing.
                if let Some(phrase) = Phrase::of(value) {
                    list(is_excluded, &mut self.phrases, &mut self.without).push(phrase);
                }
            }
            Some(SearchFilter::From) => {
                let who = Who::of(value)?;
                list(is_excluded, &mut self.from, &mut self.not_from).push(who);
            }
            Some(SearchFilter::In) => {
                let place = Place::of(value)?;
                list(is_excluded, &mut self.within, &mut self.not_within).push(place);
            }
            Some(SearchFilter::Has) => {
                let has = Has::of(value)?;
                list(is_excluded, &mut self.has, &mut self.has_not).push(has);
            }
            Some(filter @ (SearchFilter::Before | SearchFilter::After)) => {
                let wanted =
                    "day such as 2026-01-31, moment such as 2026-01-31T18:30Z, or UTC milliseconds";
                let at = moment(value).ok_or_else(|| invalid(filter, value, wanted))?;
                // What is not before a moment is after it.
                match (filter == SearchFilter::Before) != is_excluded {
                    true => self.before = Some(self.before.map_or(at, |before| before.min(at))),
                    false => self.after = Some(self.after.map_or(at, |after| after.max(at))),
                }
            }
        }
        Ok(())
    }
}

/// The list that a part belongs to.
fn list<'a, T>(
    is_excluded: bool,
    wanted: &'a mut Vec<T>,
    unwanted: &'a mut Vec<T>,
) -> &'a mut Vec<T> {
    if is_excluded { unwanted } else { wanted }
}

fn invalid(filter: SearchFilter, value: &str, wanted: &'static str) -> InvalidQuery {
    InvalidQuery::Filter {
        filter: filter.name(),
        value: value.chars().take(64).collect(),
        wanted,
    }
}

/// A word, a phrase or a filter as it was typed.
struct Part<'a> {
    filter: Option<SearchFilter>,
    value: &'a str,
    is_excluded: bool,
}

impl<'a> Part<'a> {
    /// Reads the part that a text begins with, and returns what follows it.
    fn read(text: &'a str) -> (Self, &'a str) {
        let (is_excluded, text) = match text.strip_prefix('-') {
            Some(rest) if rest.starts_with(|next: char| !next.is_whitespace()) => (true, rest),
            _ => (false, text),
        };
        let (filter, text) = match SearchFilter::ALL
            .into_iter()
            .find_map(|filter| Some((filter, after_name(text, filter)?)))
        {
            Some((filter, value)) => (Some(filter), value),
            None => (None, text),
        };
        let (value, rest) = match text.strip_prefix(is_quote) {
            // A quote that is not closed goes to the end.
            Some(quoted) => quoted.split_once(is_quote).unwrap_or((quoted, "")),
            None => {
                let end = |next: char| next.is_whitespace() || is_quote(next);
                text.split_at(text.find(end).unwrap_or(text.len()))
            }
        };
        let part = Self {
            filter,
            value,
            is_excluded,
        };
        (part, rest)
    }
}

/// What follows a filter's name and its colon, where a text begins with them and something follows.
fn after_name(text: &str, filter: SearchFilter) -> Option<&str> {
    let name = text.get(..filter.name().len())?;
    if !name.eq_ignore_ascii_case(filter.name()) {
        return None;
    }
    // A Chinese keyboard has a colon of its own.
    let value = text[name.len()..].strip_prefix([':', '：'])?;
    value
        .starts_with(|next: char| !next.is_whitespace())
        .then_some(value)
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '„')
}

impl Phrase {
    /// The words of a text, if it has any.
    fn of(text: &str) -> Option<Self> {
        let words = words(text);
        (!words.is_empty()).then(|| Self {
            terms: terms_of_phrase(&words),
            words: words.into_iter().map(|word| word.hash).collect(),
        })
    }

    /// Where it stands in a text, in code points; places may overlap.
    pub(super) fn places(&self, text: &[Word]) -> Vec<Range<usize>> {
        occurrences(text, &self.words)
    }

    /// Whether it stands in a text.
    pub(super) fn stands_in(&self, text: &[Word]) -> bool {
        !self.places(text).is_empty()
    }
}

impl Who {
    fn of(text: &str) -> Result<Self, InvalidQuery> {
        if text.eq_ignore_ascii_case("me") {
            return Ok(Self::Me);
        }
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Self::Id(id));
        }
        let named = Phrase::of(text).map(Self::Named);
        named.ok_or_else(|| invalid(SearchFilter::From, text, "name, id or `me`"))
    }
}

impl Place {
    fn of(text: &str) -> Result<Self, InvalidQuery> {
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Self::Id(ConversationId::from_uuid(id)));
        }
        let titled = Phrase::of(text).map(Self::Titled);
        titled.ok_or_else(|| invalid(SearchFilter::In, text, "title or id of a conversation"))
    }
}

impl Has {
    fn of(text: &str) -> Result<Self, InvalidQuery> {
        match text.to_ascii_lowercase().as_str() {
            "link" => Ok(Self::Link),
            "reaction" => Ok(Self::Reaction),
            "source" => Ok(Self::Source),
            "attachment" => Ok(Self::Attachment),
            "image" => Ok(Self::Image),
            "file" => Ok(Self::File),
            _ => {
                let wanted = "`link`, `reaction`, `source`, `attachment`, `image` or `file`";
                Err(invalid(SearchFilter::Has, text, wanted))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(text: &str) -> Phrase {
        Phrase::of(text).unwrap()
    }

    fn read(text: &str) -> SearchQuery {
        text.parse().unwrap()
    }

    #[test]
    fn words_phrases_and_exclusions_are_read() {
        let expected = SearchQuery {
            phrases: vec![phrase("spare"), phrase("blue pot"), phrase("知识")],
            without: vec![phrase("key"), phrase("the porch")],
            ..SearchQuery::default()
        };
        for text in [
            r#"spare "blue pot" 知识 -key -"the porch""#,
            r#"  SPARE“blue, pot”知识  -Key - & -"the porch"#,
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn filters_are_read() {
        let id = Uuid::from_u128(7);
        let text = format!(
            r#"from:Me FROM:"Ada L" from:{id} in：Keys in:{id} -in:old before:2026-01-02 before:2026-01-03
               after:1000000000 has:link -has:Reaction -from:bo from: x from:"#
        );
        let expected = SearchQuery {
            phrases: vec![phrase("from"), phrase("x"), phrase("from")],
            from: vec![Who::Me, Who::Named(phrase("ada l")), Who::Id(id)],
            not_from: vec![Who::Named(phrase("bo"))],
            within: vec![
                Place::Titled(phrase("keys")),
                Place::Id(ConversationId::from_uuid(id)),
            ],
            not_within: vec![Place::Titled(phrase("old"))],
            before: moment("2026-01-02"),
            after: Some(1_000_000_000),
            has: vec![Has::Link],
            has_not: vec![Has::Reaction],
            ..SearchQuery::default()
        };
        assert_eq!(read(&text), expected);
    }

    #[test]
    fn what_says_nothing_or_something_else_is_refused() {
        for (text, expected) in [
            (
                "has:money",
                "has: `money` is no `link`, `reaction`, `source`, `attachment`, `image` or `file`",
            ),
            (
                "before:yesterday",
                "before: `yesterday` is no day such as 2026-01-31, moment such as 2026-01-31T18:30Z, or UTC milliseconds",
            ),
            ("from:...", "from: `...` is no name, id or `me`"),
            (
                &"x".repeat(QUERY_CHARS_MAX + 1),
                "must have at most 1000 characters",
            ),
            (
                &"x ".repeat(PARTS_MAX + 1),
                "must have at most 32 words, phrases and filters",
            ),
        ] {
            let refused = text.parse::<SearchQuery>().unwrap_err();
            assert_eq!(refused.to_string(), expected);
        }
        for text in ["", " ", "-spare", "...", "-from:ada -has:link"] {
            assert_eq!(read(text).check(), Err(InvalidQuery::Empty), "{text}");
        }
    }
}
