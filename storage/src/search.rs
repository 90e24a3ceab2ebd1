//! Searching the messages of one's own conversations.
//!
//! 1. The words of texts and of queries are made here, the same for both databases (`search/text.rs`, `search/query.rs`).
//! 2. Every 256 entries of a log are a block, and each block has one row that says which words stand in which of its messages
//!    (`search/block.rs`). The rows follow the log (`search/index.rs`); appending a message writes none.
//! 3. A search looks at the rows of the conversations that the person takes part in now, reads the messages that may be
//!    meant (`search/find.rs`), and holds each to the query itself (`search/criteria.rs`). What has no row yet is read from the log.
//!
//! **Invariant**: what is found was read from the messages as they are. The index decides only what is read, and what it lacks
//! is read as well.

mod block;
mod criteria;
mod date;
mod find;
mod forbidden_words;
mod index;
mod query;
mod snippet;
mod text;

use protocol::{Author, Authorship, ConversationId, MessageId, UserId};

pub use date::moment;
pub use forbidden_words::{
    FORBIDDEN_WORD_CHARS_MAX, FORBIDDEN_WORDS_MAX, Forbidden, ForbiddenWords,
    InvalidForbiddenWords, Screen,
};
pub(crate) use index::{Unindexed, first_at, forget_block, forget_block_at_first_reaction};
pub use query::{InvalidQuery, QUERY_CHARS_MAX, SearchFilter, SearchQuery};
pub use snippet::{Highlight, Snippet};

use crate::metrics::Call;
use crate::{Storage, StorageError};

/// Hits of one page at most: each is read, cut and shown by itself.
pub const SEARCH_PAGE_MAX: u32 = 100;

/// What somebody looks for.
#[derive(Debug, Clone)]
pub struct Search {
    /// Who searches: only in conversations that this person takes part in now is anything found.
    pub user: UserId,
    /// What is looked for.
    pub query: SearchQuery,
    /// What comes first.
    pub sort: SearchSort,
    /// Where the page before ended.
    pub after: Option<SearchCursor>,
    /// Hits of the page, at most [`SEARCH_PAGE_MAX`].
    pub limit: u32,
}

/// The order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SearchSort {
    /// The newest message first.
    #[default]
    Newest,
    /// Of the newest thousand hits, that message first in which the words make up most of the text.
    Best,
}

/// A place in a list of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchCursor {
    /// How good the last hit was; 0 in lists that are sorted by time.
    pub score: u32,
    /// When the last message was committed, in UTC milliseconds.
    pub created_at: i64,
    /// The last message.
    pub message_id: MessageId,
}

/// A page of hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPage {
    /// The hits, fewer than asked for where the search did not come further in the time that it has.
    pub hits: Vec<SearchHit>,
    /// Where the next page begins; `None` when there is none.
    pub next: Option<SearchCursor>,
}

/// A message that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The conversation that it stands in.
    pub conversation_id: ConversationId,
    /// Its place there.
    pub seq: u64,
    /// The message.
    pub message_id: MessageId,
    /// The root of the thread that it stands in.
    pub thread: Option<MessageId>,
    /// Who wrote it.
    pub author: Author,
    /// Who wrote which part of its text; absent when its author wrote all of it.
    pub authorship: Option<Authorship>,
    /// When it was committed, in UTC milliseconds.
    pub created_at: i64,
    /// The part of its text that shows why it was found.
    pub snippet: Snippet,
    /// How good it is, as in a cursor.
    pub score: u32,
}

impl SearchHit {
    /// Where the list goes on after this hit.
    pub fn cursor(&self) -> SearchCursor {
        SearchCursor {
            score: self.score,
            created_at: self.created_at,
            message_id: self.message_id,
        }
    }
}

impl Storage {
    /// Finds messages in the conversations that a person takes part in now.
    ///
    /// `NotFound` when the query names a conversation of others, `Unavailable` while too much of the logs has no index yet.
    pub async fn search(&self, search: Search) -> Result<SearchPage, StorageError> {
        let engine = self.engine();
        self.call(Call::Search, find::search(engine, search)).await
    }
}
