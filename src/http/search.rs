//! `/api/v1/search`: finding messages in one's own conversations.

use std::fmt;

use actix_web::{get, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::{Author, Authorship, ConversationId, MessageId};
use serde::{Deserialize, Serialize};
use storage::{
    InvalidQuery, SEARCH_PAGE_MAX, Search, SearchCursor, SearchFilter, SearchHit, SearchQuery,
    SearchSort,
};
use utoipa::ToSchema;

use super::Edge;
use super::caller::Caller;
use super::limits::SEARCH_HITS_DEFAULT;
use super::message_schema::{AuthorSchema, SpanSchema};
use super::problem::Problem;
use super::responses::SearchProblems;

/// What is looked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchParameters {
    #[serde(default)]
    q: String,
    from: Option<String>,
    r#in: Option<ConversationId>,
    before: Option<String>,
    after: Option<String>,
    has: Option<String>,
    #[serde(default)]
    sort: Sort,
    cursor: Option<Cursor>,
    limit: Option<u32>,
}

/// What comes first.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SearchSort)]
pub(super) enum Sort {
    /// The newest message.
    #[default]
    Newest,
    /// Of the newest thousand hits, the message in which the words make up most of the text.
    Best,
}

/// A page of hits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchPage)]
pub(super) struct HitsPage {
    /// The hits. There may be fewer than `limit` though more follow.
    items: Vec<HitEntry>,
    /// Ask with this as `cursor` for what follows; null when this is the end.
    #[schema(required = true)]
    next: Option<String>,
}

/// A message that was found. It is at `messages?around=` of its conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchHit)]
pub(super) struct HitEntry {
    /// The conversation that the message stands in.
    #[schema(value_type = Uuid)]
    conversation_id: ConversationId,
    /// Its place there.
    #[schema(minimum = 1)]
    seq: u64,
    /// The message's id.
    #[schema(value_type = Uuid)]
    message_id: MessageId,
    /// The message in whose thread it stands; absent outside of threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Uuid, required = false, nullable = false)]
    thread: Option<MessageId>,
    /// Who wrote it.
    #[schema(value_type = AuthorSchema)]
    author: Author,
    /// Whether a model wrote it, or a part of it.
    ai_written: bool,
    /// Who wrote which part of the whole text of a twin's message; absent when its author wrote all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<SpanSchema>, required = false, nullable = false)]
    authorship: Option<Authorship>,
    /// When it was committed, in UTC milliseconds since 1970.
    created_at: i64,
    /// The part of its text that shows why it was found.
    snippet: SnippetEntry,
}

/// A part of a message's text. Places are counted in Unicode code points, not in bytes and not in UTF-16 units.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Snippet)]
pub(super) struct SnippetEntry {
    /// The part: plain text or Markdown as it was written, never HTML of the server's.
    text: String,
    /// Where the part begins in the whole text.
    begins_at: u64,
    /// How long the whole text is.
    of_length: u64,
    /// What was looked for, in order and apart from each other; empty where nothing but filters were given.
    highlights: Vec<HighlightEntry>,
}

/// A place in a snippet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Highlight)]
pub(super) struct HighlightEntry {
    /// The first code point.
    start: u64,
    /// The first code point after it.
    end: u64,
}

/// Search the messages of the conversations that one takes part in.
///
/// A query has words, all of which stand in the message (`spare key`), phrases (`"under the pot"`) and exclusions
/// (`-key`, `-"the pot"`), and filters: `from:me`, `from:Ada` (a person or a twin, by a part of the name or by the id),
/// `in:Keys` (a conversation, by a part of the title or by the id), `before:2026-01-31`, `after:2026-01-01T18:30Z` and
/// `has:link`, `has:reaction`, `has:source`, `has:attachment`, `has:image` or `has:file`; all but the dates several times if wanted, and with `-` before them for the opposite.
/// Several `from:` mean any of them, and so do several `in:`. The parameters of the same names narrow the search further.
/// Case, accents and width do not count, and neither does punctuation. Chinese, Japanese, Korean and Thai are found by
/// any part of what was written.
/// A message is found as it is now: what was deleted, or said before an edit, is not.
#[utoipa::path(
    tag = "conversations",
    params(
        ("q" = Option<String>, Query, nullable = false, max_length = 1_000, description = "What is looked for"),
        ("from" = Option<String>, Query, nullable = false, description = "Who wrote it: `me`, an id, or a part of a name"),
        ("in" = Option<Uuid>, Query, nullable = false, description = "The conversation that it stands in"),
        ("before" = Option<String>, Query, nullable = false,
            description = "Only older ones: a day (its beginning in UTC), a moment as in RFC 3339, or UTC milliseconds"),
        ("after" = Option<String>, Query, nullable = false, description = "Only those of this moment or newer, as `before`"),
        ("has" = Option<String>, Query, nullable = false, description = "What it has: `link`, `reaction`, `source`, `attachment`, `image` or `file`"),
        ("sort" = Option<Sort>, Query, nullable = false, description = "What comes first; `newest` when absent"),
        ("cursor" = Option<String>, Query, nullable = false, pattern = "^[A-Za-z0-9_-]{38}$", description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, nullable = false, minimum = 1, maximum = 100, description = "How many hits at most; 20 when absent"),
    ),
    responses((status = OK, description = "A page of hits", body = HitsPage), SearchProblems)
)]
#[get("/search")]
pub(super) async fn search_messages(
    caller: Caller,
    edge: web::Data<Edge>,
    parameters: web::Query<SearchParameters>,
) -> Result<web::Json<HitsPage>, Problem> {
    edge.rate_limits.check_search(caller.user_id)?;
    let parameters = parameters.into_inner();
    let limit = match parameters.limit {
        None => SEARCH_HITS_DEFAULT,
        Some(limit) if (1..=SEARCH_PAGE_MAX).contains(&limit) => limit,
        Some(_) => {
            let reason = format!("must be a whole number from 1 to {SEARCH_PAGE_MAX}");
            return Err(Problem::invalid("limit", &reason));
        }
    };
    let search = Search {
        user: caller.user_id,
        query: parameters.query()?,
        sort: match parameters.sort {
            Sort::Newest => SearchSort::Newest,
            Sort::Best => SearchSort::Best,
        },
        after: parameters.cursor.map(|Cursor(place)| place),
        limit,
    };
    let page = edge.storage.search(search).await?;
    Ok(web::Json(HitsPage {
        items: page.hits.into_iter().map(HitEntry::from).collect(),
        next: page.next.map(|place| Cursor(place).to_string()),
    }))
}

impl SearchParameters {
    fn query(&self) -> Result<SearchQuery, Problem> {
        let in_query = |error: InvalidQuery| Problem::invalid("q", &error.to_string());
        let mut query: SearchQuery = self.q.parse().map_err(in_query)?;
        let within = self.r#in.map(|id| id.to_string());
        let filters = [
            (SearchFilter::From, &self.from),
            (SearchFilter::In, &within),
            (SearchFilter::Before, &self.before),
            (SearchFilter::After, &self.after),
            (SearchFilter::Has, &self.has),
        ];
        for (filter, value) in filters {
            if let Some(value) = value {
                query.narrow(filter, value).map_err(|error| match error {
                    InvalidQuery::Filter { .. } => {
                        Problem::new(protocol::ErrorCode::Invalid, error.to_string())
                    }
                    error => in_query(error),
                })?;
            }
        }
        query.check().map_err(in_query)?;
        Ok(query)
    }
}

impl From<SearchHit> for HitEntry {
    fn from(hit: SearchHit) -> Self {
        let snippet = hit.snippet;
        let highlights = snippet.highlights.into_iter().map(|place| HighlightEntry {
            start: place.start,
            end: place.end,
        });
        Self {
            conversation_id: hit.conversation_id,
            seq: hit.seq,
            message_id: hit.message_id,
            thread: hit.thread,
            ai_written: hit.author.is_ai_with(hit.authorship.as_ref()),
            authorship: hit.authorship,
            author: hit.author,
            created_at: hit.created_at,
            snippet: SnippetEntry {
                text: snippet.text,
                begins_at: snippet.begins_at,
                of_length: snippet.of_length,
                highlights: highlights.collect(),
            },
        }
    }
}

/// A place in a list of hits, as an opaque text of 38 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Cursor(SearchCursor);

/// A text that is no place in a list of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the `next` of a page of hits")]
struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 28];
        bytes[..4].copy_from_slice(&self.0.score.to_be_bytes());
        bytes[4..12].copy_from_slice(&self.0.created_at.to_be_bytes());
        bytes[12..].copy_from_slice(self.0.message_id.as_bytes());
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl TryFrom<String> for Cursor {
    type Error = InvalidCursor;

    fn try_from(text: String) -> Result<Self, InvalidCursor> {
        let mut bytes = [0; 28];
        let Ok(28) = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) else {
            return Err(InvalidCursor);
        };
        let (score, rest) = bytes.split_at(4);
        let (created_at, message_id) = rest.split_at(8);
        let is_long_enough = "28 bytes are 4, 8 and 16";
        Ok(Self(SearchCursor {
            score: u32::from_be_bytes(score.try_into().expect(is_long_enough)),
            created_at: i64::from_be_bytes(created_at.try_into().expect(is_long_enough)),
            message_id: MessageId::from_bytes(message_id.try_into().expect(is_long_enough)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_hits_reads_back_and_nothing_else_does() {
        let place = Cursor(SearchCursor {
            score: 7,
            created_at: -5,
            message_id: MessageId::new(),
        });
        let text = place.to_string();
        assert_eq!(text.len(), 38);
        assert_eq!(Cursor::try_from(text.clone()), Ok(place));
        for text in ["", "x", &text[1..], &format!("{text}A")] {
            assert_eq!(Cursor::try_from(text.to_owned()), Err(InvalidCursor));
        }
    }
}
