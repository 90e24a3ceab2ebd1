//! The index follows the log: a block of entries at a time, behind what people wait for.
//!
//! A block whose text changes loses its row in the transaction that changes it, and gets a new one later. A row is
//! written under the lock that numbers the conversation's entries, and only if no change was made since its texts were read: so
//! no row ever holds a word that is not there any more.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use protocol::{ConversationId, UserId};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::block::{BlockIndex, ENTRIES, block_of, first_of};
use super::criteria::has_link;
use super::text::{Term, hash, terms_of_message, words};
use crate::append::lock;
use crate::engine::{DatabaseError, Engine, Query, each, only};
use crate::metrics::Call;
use crate::value::{Row, params};
use crate::{Storage, StorageError};

const LAST_SEQ: &str = "SELECT last_seq FROM conversations WHERE id = $1";
const INDEXED: &str = "SELECT block, entries FROM search_blocks WHERE conversation_id = $1";
/// How many images a message `n` has, and how many other files.
macro_rules! images_and_files {
    () => {
        "CASE WHEN n.attached = 0 THEN 0 ELSE (SELECT COUNT(*) FROM attachments a \
         WHERE a.conversation_id = n.conversation_id AND a.seq = n.seq AND a.media_type LIKE 'image/%') END, \
         CASE WHEN n.attached = 0 THEN 0 ELSE (SELECT COUNT(*) FROM attachments a \
         WHERE a.conversation_id = n.conversation_id AND a.seq = n.seq AND a.media_type NOT LIKE 'image/%') END"
    };
}
pub(super) use images_and_files;

const TEXTS: &str = concat!(
    "SELECT n.seq, n.author_kind, n.author_id, n.created_at, n.reacted, ",
    images_and_files!(),
    ", n.text FROM messages n \
     WHERE n.conversation_id = $1 AND n.seq >= $2 AND n.seq <= $3 AND n.deleted_at IS NULL"
);
const TIMES: &str = "SELECT block, entries, newest_at FROM search_blocks \
     WHERE conversation_id = $1 ORDER BY block";
const FIRST_AT: &str = "SELECT seq FROM messages \
     WHERE conversation_id = $1 AND seq >= $2 AND created_at >= $3 ORDER BY seq LIMIT 1";
const CHANGES_SINCE: &str = "SELECT COUNT(*) FROM changes WHERE conversation_id = $1 AND seq > $2";
const STORE: &str = "INSERT INTO search_blocks \
     (conversation_id, block, entries, oldest_at, newest_at, filter, hits) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (conversation_id, block) DO UPDATE SET \
     entries = excluded.entries, oldest_at = excluded.oldest_at, newest_at = excluded.newest_at, \
     filter = excluded.filter, hits = excluded.hits WHERE search_blocks.entries <= excluded.entries";
const FORGET: &str = "DELETE FROM search_blocks WHERE conversation_id = $1 AND block = $2";
const FORGET_AT_FIRST_REACTION: &str = "DELETE FROM search_blocks WHERE conversation_id = $1 AND block = $2 \
     AND EXISTS (SELECT 1 FROM messages WHERE conversation_id = $1 AND seq = $3 AND reacted = 0)";
/// A page of conversations, and whether the index lacks something of each.
const BEHIND: &str = "SELECT c.id, CASE WHEN c.last_seq > COALESCE((SELECT CAST(SUM(b.entries) AS BIGINT) \
     FROM search_blocks b WHERE b.conversation_id = c.id), 0) THEN 1 ELSE 0 END \
     FROM (SELECT id, last_seq FROM conversations WHERE id > $1 ORDER BY id LIMIT $2) c ORDER BY c.id";

/// Conversations that wait to be indexed; those beyond are found by the next look at all of them.
const WAITING_MAX: usize = 16 * 1024;
/// How long entries may gather before they are indexed: each time, the whole block is.
const GATHER: Duration = Duration::from_secs(1);
/// How often all conversations are looked at: another node may have stopped before it indexed what it took.
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// Conversations of one look.
const LOOK_PAGE: u32 = 500;
/// How long indexing rests after each block, in times of what the block took: others need the machine more.
const REST: u32 = 4;
/// How long indexing rests when the database fails.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How often a block is read again because something in its conversation was changed meanwhile.
const ATTEMPTS_MAX: u32 = 3;

/// What a message has, as terms that no text has.
pub(super) const HAS_LINK: &[u8] = b"\0link";
pub(super) const HAS_REACTION: &[u8] = b"\0reaction";
pub(super) const HAS_SOURCE: &[u8] = b"\0source";
pub(super) const HAS_ATTACHMENT: &[u8] = b"\0attachment";
pub(super) const HAS_IMAGE: &[u8] = b"\0image";
pub(super) const HAS_FILE: &[u8] = b"\0file";

/// The term of everything that somebody wrote.
pub(super) fn author_term(id: &[u8; 16]) -> Term {
    let mut bytes = *b"\0author 0123456789abcdef";
    bytes[8..].copy_from_slice(id);
    Term(hash(&bytes))
}

/// Takes the index of the block away in which an entry stands: its text is about to change.
pub(crate) fn forget_block(conversation: ConversationId, seq: u64) -> Query {
    (FORGET, params![conversation, block_of(seq)])
}

/// As [`forget_block`], for a reaction that is about to be put beside a message, before that is noted: later ones say nothing new.
pub(crate) fn forget_block_at_first_reaction(conversation: ConversationId, seq: u64) -> Query {
    let parameters = params![conversation, block_of(seq), seq];
    (FORGET_AT_FIRST_REACTION, parameters)
}

/// The first message of a conversation that was committed at a moment or after it. The index says what need not be looked at.
pub(crate) async fn first_at(
    engine: &Engine,
    conversation: ConversationId,
    moment: i64,
) -> Result<Option<u64>, DatabaseError> {
    let blocks = only(engine.read(vec![(TIMES, params![conversation])]).await?)?;
    let mut next = 0;
    for mut row in blocks.rows {
        let (block, entries): (u64, u64) = (row.count()?, row.count()?);
        if block != next || entries < ENTRIES || row.int()? >= moment {
            break;
        }
        next += 1;
    }
    let first = (FIRST_AT, params![conversation, first_of(next), moment]);
    let first = only(engine.read(vec![first]).await?)?.first();
    Ok(first.map(|mut row| row.count()).transpose()?)
}

/// The conversations of which this process knows that their logs have more than the index.
#[derive(Debug, Default)]
pub(crate) struct Unindexed {
    waiting: Mutex<HashSet<ConversationId>>,
    came: Notify,
}

impl Unindexed {
    /// Notes that a conversation has something new.
    pub(crate) fn note(&self, conversation: ConversationId) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING_MAX && waiting.insert(conversation) {
            self.came.notify_one();
        }
    }

    fn take(&self) -> HashSet<ConversationId> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Storage {
    /// Keeps the index up with the logs, for as long as it is polled.
    pub async fn keep_index(&self) {
        loop {
            let looked = Instant::now();
            self.look_at_all().await;
            while let Some(left) = LOOK_EVERY.checked_sub(looked.elapsed()) {
                if timeout(left, self.unindexed().came.notified())
                    .await
                    .is_err()
                {
                    break;
                }
                sleep(GATHER).await;
                for conversation in self.unindexed().take() {
                    self.index_at_leisure(conversation).await;
                }
            }
        }
    }

    /// Indexes what the index lacks of a conversation. `false` when others changed it all the time meanwhile.
    pub async fn index_conversation(&self, id: ConversationId) -> Result<bool, StorageError> {
        loop {
            match self.index_block(id).await? {
                Step::Done => return Ok(true),
                Step::Indexed => {}
                Step::Changed => return Ok(false),
            }
        }
    }

    async fn look_at_all(&self) {
        let mut after = [0; 16];
        loop {
            let page = match self.read(BEHIND, params![after, LOOK_PAGE]).await {
                Ok(rows) => rows.map(|mut row| Ok((row.id::<ConversationId>()?, row.int()? == 1))),
                Err(error) => Err(error),
            };
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(%error, "what lacks an index cannot be read");
                    return sleep(REST_AFTER_FAILURE).await;
                }
            };
            let Some((last, _)) = page.last() else { return };
            after = *last.as_bytes();
            for (conversation, _) in page.into_iter().filter(|(_, is_behind)| *is_behind) {
                self.index_at_leisure(conversation).await;
            }
        }
    }

    async fn index_at_leisure(&self, conversation: ConversationId) {
        loop {
            let begun = Instant::now();
            let rest = match self.index_block(conversation).await {
                Ok(Step::Done) => return,
                Ok(Step::Indexed) => begun.elapsed() * REST,
                Ok(Step::Changed) => return self.unindexed().note(conversation),
                Err(error) => {
                    // Nothing is missing but time: a search reads the log where there is no index.
                    tracing::warn!(%error, %conversation, "messages cannot be indexed now");
                    self.unindexed().note(conversation);
                    return sleep(REST_AFTER_FAILURE).await;
                }
            };
            sleep(rest).await;
        }
    }

    async fn index_block(&self, id: ConversationId) -> Result<Step, StorageError> {
        let engine = self.engine();
        self.call(Call::Index, async move {
            for _ in 0..ATTEMPTS_MAX {
                match index_block(&engine, id).await {
                    Ok(Step::Changed) | Err(DatabaseError::Collision(_)) => {}
                    outcome => return outcome,
                }
            }
            Ok(Step::Changed)
        })
        .await
    }
}

/// What became of an attempt to index a block.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// The index has everything, or the conversation is gone.
    Done,
    /// One block more is indexed.
    Indexed,
    /// Something was changed meanwhile, and nothing was written.
    Changed,
}

/// Indexes the newest block of a conversation that lacks something.
async fn index_block(engine: &Engine, id: ConversationId) -> Result<Step, DatabaseError> {
    // How far the log goes is read before the texts: whatever changes them from now on has a greater number.
    let queries = vec![(LAST_SEQ, params![id]), (INDEXED, params![id])];
    let [last_seq, indexed] = each(engine.read(queries).await?)?;
    let Some(mut last_seq) = last_seq.first() else {
        return Ok(Step::Done);
    };
    let last_seq = last_seq.count()?;
    let indexed = indexed.map(|mut row| Ok((row.count()?, row.count()?)))?;
    let Some(block) = missing(last_seq, &indexed.into_iter().collect()).next_back() else {
        return Ok(Step::Done);
    };
    let last = last_of(block, last_seq);
    let texts = (TEXTS, params![id, first_of(block), last]);
    let texts = only(engine.read(vec![texts]).await?)?.map(read_text)?;
    let built = tokio::task::spawn_blocking(move || Built::new(first_of(block), &texts));
    let built = built
        .await
        .map_err(|_| StorageError::Internal("indexing panicked".into()))?;

    let guards = vec![lock(id), (CHANGES_SINCE, params![id, last_seq])];
    let (transaction, results) = engine.begin(guards).await?;
    let [locked, changes] = each(results)?;
    let is_gone = locked.rows.is_empty();
    let changes: u64 = match changes.first() {
        Some(mut row) => row.count()?,
        None => 0,
    };
    if is_gone || changes > 0 {
        transaction.roll_back().await;
        return Ok(if is_gone { Step::Done } else { Step::Changed });
    }
    let row = params![
        id,
        block,
        last + 1 - first_of(block),
        built.oldest_at,
        built.newest_at,
        built.index.filter,
        built.index.hits,
    ];
    transaction.commit(vec![(STORE, row)]).await?;
    Ok(Step::Indexed)
}

/// The last entry of a block, in a log of which this is the last one.
fn last_of(block: u64, last_seq: u64) -> u64 {
    (first_of(block) + ENTRIES - 1).min(last_seq)
}

/// The blocks of which the index lacks something, given how many entries it has of each.
fn missing(last_seq: u64, indexed: &HashMap<u64, u64>) -> impl DoubleEndedIterator<Item = u64> {
    let blocks = if last_seq == 0 {
        0
    } else {
        block_of(last_seq) + 1
    };
    (0..blocks).filter(move |block| {
        let entries = last_of(*block, last_seq) + 1 - first_of(*block);
        indexed.get(block).copied().unwrap_or_default() < entries
    })
}

/// The entries of a log that the index lacks, as ranges of `seq`, given how many entries it has of each block.
pub(super) fn unindexed(last_seq: u64, indexed: &HashMap<u64, u64>) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for block in missing(last_seq, indexed) {
        let first = first_of(block) + indexed.get(&block).copied().unwrap_or_default();
        let last = last_of(block, last_seq);
        match ranges.last_mut() {
            Some(range) if range.1 + 1 == first => range.1 = last,
            _ => ranges.push((first, last)),
        }
    }
    ranges
}

/// What the index needs of a message.
struct Text {
    seq: u64,
    is_reply: bool,
    author_id: [u8; 16],
    created_at: i64,
    reacted: bool,
    images: u64,
    files: u64,
    text: String,
}

fn read_text(mut row: Row) -> Result<Text, StorageError> {
    Ok(Text {
        seq: row.count()?,
        is_reply: row.text()? == "twin",
        author_id: *row.id::<UserId>()?.as_bytes(),
        created_at: row.int()?,
        reacted: row.int()? != 0,
        images: row.count()?,
        files: row.count()?,
        text: row.text()?,
    })
}

/// The index of a block, and of when its messages are.
struct Built {
    oldest_at: i64,
    newest_at: i64,
    index: BlockIndex,
}

impl Built {
    fn new(first_seq: u64, texts: &[Text]) -> Self {
        let mut found = Vec::new();
        for text in texts {
            let place = u8::try_from(text.seq - first_seq).expect("a block has 256 places");
            terms_of_message(&words(&text.text), |term| found.push((term, place)));
            found.push((author_term(&text.author_id), place));
            let facts = [
                (has_link(&text.text), HAS_LINK),
                (text.reacted, HAS_REACTION),
                (text.is_reply, HAS_SOURCE),
                (text.images + text.files > 0, HAS_ATTACHMENT),
                (text.images > 0, HAS_IMAGE),
                (text.files > 0, HAS_FILE),
            ];
            for (_, fact) in facts.iter().filter(|(is_so, _)| *is_so) {
                found.push((Term(hash(fact)), place));
            }
        }
        let times = || texts.iter().map(|text| text.created_at);
        Self {
            oldest_at: times().min().unwrap_or_default(),
            newest_at: times().max().unwrap_or_default(),
            index: BlockIndex::new(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_index_lacks_is_known_from_what_it_has() {
        for (last_seq, indexed, expected) in [
            (0, vec![], vec![]),
            (5, vec![], vec![(1, 5)]),
            (5, vec![(0, 5)], vec![]),
            (600, vec![], vec![(1, 600)]),
            (600, vec![(0, 256), (2, 80)], vec![(257, 512), (593, 600)]),
            (600, vec![(0, 200), (1, 256), (2, 88)], vec![(201, 256)]),
            (512, vec![(0, 256), (1, 10)], vec![(267, 512)]),
        ] {
            let indexed = indexed.into_iter().collect();
            assert_eq!(unindexed(last_seq, &indexed), expected, "{last_seq}");
        }
    }
}
