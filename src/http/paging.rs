//! Pages of lists: how many entries, and where the next page begins.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::ConversationId;
use serde::{Deserialize, Serialize};
use storage::ActivityCursor;
use utoipa::ToSchema;

use super::limits::{PAGE_ENTRIES_DEFAULT, PAGE_ENTRIES_MAX};
use super::problem::Problem;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Ask with this as `before` for what follows; null when this is the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Which page is wanted, of a list whose places are of this kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery<C> {
    /// The `next` of the page before.
    pub(super) before: Option<C>,
    limit: Option<u32>,
}

impl<C> PageQuery<C> {
    /// How many entries are wanted.
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        page_limit(self.limit)
    }
}

/// How many entries of a page are wanted, when this is what was asked for.
pub(super) fn page_limit(asked: Option<u32>) -> Result<u32, Problem> {
    match asked {
        None => Ok(PAGE_ENTRIES_DEFAULT),
        Some(limit) if (1..=PAGE_ENTRIES_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::invalid(
            "limit",
            &format!("must be a whole number from 1 to {PAGE_ENTRIES_MAX}"),
        )),
    }
}

impl<T> Page<T> {
    /// Makes a page of one entry more than was wanted, if there are so many: the surplus says that there is more.
    pub(super) fn cut(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let next = (items.len() > limit).then(|| {
            items.truncate(limit);
            items.last().map(cursor)
        });
        Self {
            items,
            next: next.flatten(),
        }
    }
}

/// A place in a list of conversations, as an opaque text of 32 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ActivityText(pub ActivityCursor);

/// A text that is no place in a list of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the `next` of a page of conversations")]
pub(super) struct InvalidActivityText;

impl fmt::Display for ActivityText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.0.active_at.to_be_bytes());
        bytes[8..].copy_from_slice(self.0.conversation_id.as_bytes());
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for ActivityText {
    type Err = InvalidActivityText;

    fn from_str(text: &str) -> Result<Self, InvalidActivityText> {
        let mut bytes = [0; 24];
        let Ok(24) = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) else {
            return Err(InvalidActivityText);
        };
        let (active_at, id) = bytes.split_at(8);
        let active_at = active_at.try_into().expect("the first eight of 24 bytes");
        let id = id.try_into().expect("the last sixteen of 24 bytes");
        Ok(Self(ActivityCursor {
            active_at: i64::from_be_bytes(active_at),
            conversation_id: ConversationId::from_uuid(uuid::Uuid::from_bytes(id)),
        }))
    }
}

impl TryFrom<String> for ActivityText {
    type Error = InvalidActivityText;

    fn try_from(text: String) -> Result<Self, InvalidActivityText> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_list_reads_back_and_nothing_else_does() {
        let place = ActivityText(ActivityCursor {
            active_at: -5,
            conversation_id: ConversationId::new(),
        });
        let text = place.to_string();
        assert_eq!(text.parse(), Ok(place));
        for text in ["", "x", &text[1..], &format!("{text}A")] {
            assert_eq!(text.parse::<ActivityText>(), Err(InvalidActivityText));
        }
    }

    #[test]
    fn a_page_says_where_the_next_one_begins_only_when_there_is_one() {
        let cut = |items: Vec<u32>| {
            let page = Page::cut(items, 2, u32::to_string);
            (page.items, page.next)
        };
        assert_eq!(cut(vec![1, 2]), (vec![1, 2], None));
        assert_eq!(cut(vec![1, 2, 3]), (vec![1, 2], Some("2".to_owned())));
        assert_eq!(cut(vec![]), (vec![], None));
    }
}
