//! How a search is carried out.
//!
//! 1. The conversations that the person takes part in now, and how far each is indexed.
//! 2. What has no index is read from the log.
//! 3. Blocks, those with the newest messages first: what their filters let through, what their hits then name, is read.
//! 4. Every message that was read is held to the query itself. It ends when the page is full and no block has anything newer.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use protocol::{ConversationId, MessageId, UserId};

use super::block::{ENTRIES, Places, each as each_place, first_of};
use super::criteria::{Criteria, MESSAGES, hits};
use super::index::unindexed;
use super::query::Place;
use super::text::words;
use super::{SEARCH_PAGE_MAX, Search, SearchCursor, SearchHit, SearchPage, SearchSort};
use crate::StorageError;
use crate::engine::{DatabaseError, Engine, Query, Rows, only};
use crate::value::{Row, Value, params};

const CONVERSATIONS: &str = "SELECT c.id, c.last_seq, c.title FROM members m \
     JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = $1";
const BLOCKS: &str = "SELECT b.conversation_id, b.block, b.entries, b.oldest_at, b.newest_at \
     FROM members m JOIN search_blocks b ON b.conversation_id = m.conversation_id \
     WHERE m.user_id = $1 AND m.conversation_id >= $2 AND m.conversation_id <= $3";
const FILTERS: &str = "SELECT b.conversation_id, b.block, b.filter \
     FROM members m JOIN search_blocks b ON b.conversation_id = m.conversation_id \
     WHERE m.user_id = $1 AND m.conversation_id >= $2 AND m.conversation_id <= $3 \
     AND b.newest_at >= $4 AND b.newest_at <= $5";
const HITS: &str = "SELECT hits FROM search_blocks WHERE conversation_id = $1 AND block = $2";

/// Hits among which the best are looked for.
const BEST_OF: usize = 1_000;
/// Entries without an index that a search reads: those of some seconds in which very much is written.
const UNINDEXED_MAX: u64 = 20_000;
/// Messages that a search reads by what the index says, before it says how far it came.
const MESSAGES_MAX: usize = 20_000;
/// Blocks that a search looks at, before it says how far it came: four million entries.
const BLOCKS_MAX: usize = 16_384;
/// Blocks whose filters are read together: few at first, as most searches end there.
const WINDOW_MIN: usize = 8;
const WINDOW_MAX: usize = 512;
/// Blocks whose messages are read together.
const BLOCKS_TOGETHER: usize = 8;
/// Entries that one statement reads.
const RANGE_MAX: u64 = 1_024;
/// Statements that are sent at once: their rows are in memory together.
const STATEMENTS_TOGETHER: usize = 64;
/// Messages between two that are meant that are rather read as well than left out by another statement.
const GAP_MAX: u64 = 16;

/// Finds a page of messages.
pub(super) async fn search(engine: Engine, search: Search) -> Result<SearchPage, DatabaseError> {
    let conversations = conversations(&engine, &search).await?;
    let criteria = Criteria::new(&engine, &search).await?;
    let limit = search.limit.min(SEARCH_PAGE_MAX) as usize;
    let mut finding = Finding {
        engine,
        user: search.user,
        scope: Scope::of(&conversations),
        criteria: Arc::new(criteria),
        wanted: match search.sort {
            SearchSort::Newest => limit + 1,
            SearchSort::Best => BEST_OF,
        },
        found: BTreeMap::new(),
        messages_read: 0,
    };
    let blocks = finding.blocks(&conversations).await?;
    let reached = finding.find_in_blocks(&blocks).await?;
    Ok(match search.sort {
        SearchSort::Newest => newest(finding.found, reached, limit),
        SearchSort::Best => best(finding.found, search.after, limit),
    })
}

/// The newest hits. What is older than `reached` was not looked at.
fn newest(found: Found, reached: Option<i64>, limit: usize) -> SearchPage {
    let is_reached = |hit: &SearchHit| reached.is_none_or(|reached| hit.created_at > reached);
    let newest_first = found.into_values().rev();
    let mut hits: Vec<SearchHit> = newest_first.take_while(is_reached).collect();
    if hits.len() > limit {
        hits.truncate(limit);
        let next = hits.last().map(SearchHit::cursor);
        return SearchPage { hits, next };
    }
    let next = reached.map(|created_at| SearchCursor {
        score: 0,
        created_at,
        message_id: MessageId::from_bytes([0xff; 16]),
    });
    SearchPage { hits, next }
}

/// The best hits after a place, the newer of two that are alike first.
fn best(found: Found, after: Option<SearchCursor>, limit: usize) -> SearchPage {
    let rank = |place: SearchCursor| (place.score, place.created_at, place.message_id);
    let mut hits: Vec<SearchHit> = found.into_values().collect();
    hits.sort_by_key(|hit| std::cmp::Reverse(rank(hit.cursor())));
    hits.retain(|hit| after.is_none_or(|after| rank(hit.cursor()) < rank(after)));
    let is_more = hits.len() > limit;
    hits.truncate(limit);
    let next = hits.last().filter(|_| is_more).map(SearchHit::cursor);
    SearchPage { hits, next }
}

/// A conversation that may be searched.
struct Searched {
    id: ConversationId,
    last_seq: u64,
}

/// The conversations of the person in which the query looks.
async fn conversations(engine: &Engine, search: &Search) -> Result<Vec<Searched>, DatabaseError> {
    let query = &search.query;
    let rows = only(
        engine
            .read(vec![(CONVERSATIONS, params![search.user])])
            .await?,
    )?;
    let mut unknown: HashSet<ConversationId> = query.within.iter().filter_map(Place::id).collect();
    let mut conversations = Vec::new();
    for mut row in rows.rows {
        let conversation = Searched {
            id: row.id()?,
            last_seq: row.count()?,
        };
        let title = words(&row.optional_text()?.unwrap_or_default());
        unknown.remove(&conversation.id);
        let is_at = |place: &Place| match place {
            Place::Id(id) => *id == conversation.id,
            Place::Titled(phrase) => phrase.stands_in(&title),
        };
        let is_within = query.within.is_empty() || query.within.iter().any(is_at);
        if is_within && !query.not_within.iter().any(is_at) {
            conversations.push(conversation);
        }
    }
    match unknown.is_empty() {
        true => Ok(conversations),
        false => Err(StorageError::NotFound("conversation").into()),
    }
}

impl Place {
    fn id(&self) -> Option<ConversationId> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Titled(_) => None,
        }
    }
}

/// The range of ids that the conversations of a search lie in: one of them alone, or any.
#[derive(Clone, Copy)]
struct Scope([[u8; 16]; 2]);

impl Scope {
    fn of(conversations: &[Searched]) -> Self {
        match conversations {
            [only] => Self([*only.id.as_bytes(); 2]),
            _ => Self([[0; 16], [0xff; 16]]),
        }
    }
}

/// A block of an index, without what it holds.
#[derive(Clone, Copy)]
struct Block {
    conversation: ConversationId,
    number: u64,
    oldest_at: i64,
    newest_at: i64,
}

/// Hits in the order of time.
type Found = BTreeMap<(i64, MessageId), SearchHit>;

/// A search that is under way.
struct Finding {
    engine: Engine,
    user: UserId,
    scope: Scope,
    criteria: Arc<Criteria>,
    /// Hits that are wanted, the newest.
    wanted: usize,
    found: Found,
    messages_read: usize,
}

impl Finding {
    /// Reads what has no index, and returns the blocks that have one, those with the newest messages first.
    async fn blocks(&mut self, conversations: &[Searched]) -> Result<Vec<Block>, DatabaseError> {
        let mut indexed: HashMap<ConversationId, HashMap<u64, u64>> = HashMap::new();
        let mut blocks = Vec::new();
        for mut row in self.read(BLOCKS, &[]).await?.rows {
            let (conversation, number) = (row.id()?, row.count()?);
            let of_conversation = indexed.entry(conversation).or_default();
            of_conversation.insert(number, row.count()?);
            blocks.push(Block {
                conversation,
                number,
                oldest_at: row.int()?,
                newest_at: row.int()?,
            });
        }
        let nothing = HashMap::new();
        let mut ranges = Vec::new();
        let mut entries = 0;
        for conversation in conversations {
            let indexed = indexed.get(&conversation.id).unwrap_or(&nothing);
            for (first, last) in unindexed(conversation.last_seq, indexed) {
                entries += last + 1 - first;
                ranges.push((conversation.id, first, last));
            }
        }
        if entries > UNINDEXED_MAX {
            let reason = "the index of the messages is still being made";
            return Err(StorageError::Unavailable(reason.into()).into());
        }
        self.find_in_ranges(&ranges).await?;
        let wanted: HashSet<ConversationId> = conversations.iter().map(|one| one.id).collect();
        let (oldest_at, newest_at) = self.criteria.times();
        blocks.retain(|block| {
            wanted.contains(&block.conversation)
                && block.oldest_at <= newest_at
                && block.newest_at >= oldest_at
        });
        blocks.sort_by_key(|block| {
            std::cmp::Reverse((block.newest_at, block.conversation, block.number))
        });
        Ok(blocks)
    }

    /// Looks at blocks, the newest first. Returns the time from which on nothing was looked at, where it had to end before.
    async fn find_in_blocks(&mut self, blocks: &[Block]) -> Result<Option<i64>, DatabaseError> {
        let mut rest = blocks;
        let mut window = WINDOW_MIN;
        while let Some(next) = rest.first() {
            if self.is_complete(next) {
                return Ok(None);
            }
            if blocks.len() - rest.len() > BLOCKS_MAX && self.comes_further(next) {
                return Ok(Some(next.newest_at));
            }
            let (these, others) = rest.split_at(window_of(rest, window));
            let candidates = self.filtered(these).await?;
            for together in candidates.chunks(BLOCKS_TOGETHER) {
                if self.is_complete(&together[0]) {
                    return Ok(None);
                }
                if self.messages_read > MESSAGES_MAX && self.comes_further(&together[0]) {
                    return Ok(Some(together[0].newest_at));
                }
                let ranges = self.ranges(together).await?;
                self.find_in_ranges(&ranges).await?;
            }
            rest = others;
            window = (window * 4).min(WINDOW_MAX);
        }
        Ok(None)
    }

    /// Whether no block from this one on has a message that is newer than those that were found.
    fn is_complete(&self, next: &Block) -> bool {
        let oldest = self.found.first_key_value();
        self.found.len() >= self.wanted
            && oldest.is_some_and(|((created_at, _), _)| *created_at > next.newest_at)
    }

    /// Whether a page that ends before this block comes further than the one before it.
    fn comes_further(&self, next: &Block) -> bool {
        let (_, newest_at) = self.criteria.times();
        next.newest_at < newest_at
    }

    /// The blocks whose filters let the query through.
    async fn filtered(&self, blocks: &[Block]) -> Result<Vec<Block>, DatabaseError> {
        let (Some(newest), Some(oldest)) = (blocks.first(), blocks.last()) else {
            return Ok(Vec::new());
        };
        if !self.criteria.are_indexed() {
            return Ok(blocks.to_vec());
        }
        let times = params![oldest.newest_at, newest.newest_at];
        let mut filters = HashMap::new();
        for mut row in self.read(FILTERS, &times).await?.rows {
            let block: (ConversationId, u64) = (row.id()?, row.count()?);
            filters.insert(block, row.bytes()?);
        }
        let passes = |block: &&Block| {
            let filter = filters.get(&(block.conversation, block.number));
            // One that has lost its index since may have anything.
            filter.is_none_or(|filter| self.criteria.may_be_in(filter))
        };
        Ok(blocks.iter().filter(passes).copied().collect())
    }

    /// The entries of blocks that may be meant.
    async fn ranges(
        &self,
        blocks: &[Block],
    ) -> Result<Vec<(ConversationId, u64, u64)>, DatabaseError> {
        let whole = |block: &Block| {
            let first = first_of(block.number);
            (block.conversation, first, first + ENTRIES - 1)
        };
        if !self.criteria.are_indexed() {
            return Ok(blocks.iter().map(whole).collect());
        }
        let queries = blocks
            .iter()
            .map(|block| (HITS, params![block.conversation, block.number]));
        let results = self.engine.read(queries.collect()).await?;
        let mut ranges = Vec::new();
        for (block, rows) in blocks.iter().zip(results) {
            match rows.first() {
                Some(mut row) => {
                    let places = self.criteria.places(&row.bytes()?)?;
                    let of_block = ranges_of(first_of(block.number), &places);
                    ranges.extend(of_block.map(|(first, last)| (block.conversation, first, last)));
                }
                None => ranges.push(whole(block)),
            }
        }
        Ok(ranges)
    }

    /// Reads entries and keeps those that are what is looked for.
    async fn find_in_ranges(
        &mut self,
        ranges: &[(ConversationId, u64, u64)],
    ) -> Result<(), DatabaseError> {
        let (mut oldest_at, newest_at) = self.criteria.times();
        // Where enough was found, nothing older is wanted any more.
        if let (true, Some(((created_at, _), _))) = (
            self.found.len() >= self.wanted,
            self.found.first_key_value(),
        ) {
            oldest_at = oldest_at.max(*created_at);
        }
        let mut queries: Vec<Query> = Vec::new();
        for (conversation, first, last) in ranges {
            for first in (*first..=*last).step_by(RANGE_MAX as usize) {
                let last = (first + RANGE_MAX - 1).min(*last);
                let parameters =
                    params![self.user, *conversation, first, last, oldest_at, newest_at];
                queries.push((MESSAGES, parameters));
            }
        }
        while !queries.is_empty() {
            let together = queries.drain(..queries.len().min(STATEMENTS_TOGETHER));
            let results = self.engine.read(together.collect()).await?;
            let rows: Vec<Row> = results.into_iter().flat_map(|rows| rows.rows).collect();
            self.messages_read += rows.len();
            let criteria = Arc::clone(&self.criteria);
            // Not in the thread that every other call on the database needs.
            let held = tokio::task::spawn_blocking(move || hits(&criteria, rows));
            let hits = held
                .await
                .map_err(|_| StorageError::Internal("a search panicked".into()))?;
            for hit in hits? {
                self.found.insert((hit.created_at, hit.message_id), hit);
            }
            while self.found.len() > self.wanted {
                self.found.pop_first();
            }
        }
        Ok(())
    }

    async fn read(&self, sql: &'static str, more: &[Value]) -> Result<Rows, DatabaseError> {
        let Scope([first, last]) = self.scope;
        let parameters = [params![self.user, first, last], more.to_vec()].concat();
        only(self.engine.read(vec![(sql, parameters)]).await?)
    }
}

/// How many of these blocks make a window: as many as are wanted, and those that end at the same moment as the last of them.
fn window_of(blocks: &[Block], wanted: usize) -> usize {
    let Some(last) = blocks.get(wanted - 1) else {
        return blocks.len();
    };
    let alike = |block: &&Block| block.newest_at == last.newest_at;
    wanted + blocks[wanted..].iter().take_while(alike).count()
}

/// Ranges of entries in which these places of a block lie.
fn ranges_of(first_seq: u64, places: &Places) -> impl Iterator<Item = (u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for place in each_place(places) {
        let seq = first_seq + u64::from(place);
        match ranges.last_mut() {
            Some((_, last)) if seq - *last <= GAP_MAX => *last = seq,
            _ => ranges.push((seq, seq)),
        }
    }
    ranges.into_iter()
}

#[cfg(test)]
mod tests {
    use super::super::block::{EVERYWHERE, NOWHERE};
    use super::*;

    #[test]
    fn places_that_are_near_are_read_together() {
        let mut places = NOWHERE;
        for place in [0_u8, 3, 19, 40, 255] {
            places[usize::from(place / 64)] |= 1 << (place % 64);
        }
        let ranges: Vec<_> = ranges_of(257, &places).collect();
        assert_eq!(ranges, [(257, 276), (297, 297), (512, 512)]);
        assert_eq!(ranges_of(1, &EVERYWHERE).collect::<Vec<_>>(), [(1, 256)]);
        assert_eq!(ranges_of(1, &NOWHERE).count(), 0);
    }

    #[test]
    fn blocks_of_one_moment_are_never_parted() {
        let block = |newest_at| Block {
            conversation: ConversationId::from_bytes([0; 16]),
            number: 0,
            oldest_at: 0,
            newest_at,
        };
        let blocks = [9, 8, 8, 8, 7].map(block);
        let windows = [1, 2, 3, 4, 5, 6].map(|wanted| window_of(&blocks, wanted));
        assert_eq!(windows, [1, 4, 4, 4, 5, 5]);
    }
}
