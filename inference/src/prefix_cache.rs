//! Remembers which blocks hold the beginning of which prompt, so that no beginning is computed twice within one scope.
//!
//! A full block is known by its tokens and by the block before it, the first by its scope: a chain. Tokens are compared,
//! not only their hashes, so nobody can be given another's block by a collision. Blocks that no sequence holds stay until
//! their room is needed; the one that was let go longest ago leaves first, and ends of chains before their beginnings.

use std::collections::{BTreeMap, HashMap};

use crate::block_pool::{BlockId, BlockPool};
use crate::request::CacheScope;

/// Where a chain stands: at its beginning, or behind a block that is in the cache or once was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Link {
    /// Nothing of the chain is known yet.
    Start(CacheScope),
    /// Behind the block of this number; numbers are never used twice.
    Behind(u64),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    behind: Link,
    tokens: Box<[u32]>,
}

#[derive(Debug)]
struct Entry {
    scope: CacheScope,
    key: Key,
    number: u64,
    /// When the last sequence let it go, by a counter; `None` while one holds it.
    idle_since: Option<u64>,
}

/// The blocks of the key-value cache together with what is known of their contents.
#[derive(Debug)]
pub(crate) struct PrefixCache {
    block_tokens: usize,
    pool: BlockPool,
    /// The cache itself is one holder of each block in here.
    known: HashMap<Key, BlockId>,
    entries: HashMap<BlockId, Entry>,
    /// Known blocks that no sequence holds, by when they were let go.
    idle: BTreeMap<u64, BlockId>,
    clock: u64,
}

impl PrefixCache {
    /// An empty cache of `blocks` blocks of `block_tokens` tokens.
    pub(crate) fn new(blocks: u32, block_tokens: usize) -> Self {
        Self {
            block_tokens,
            pool: BlockPool::new(blocks),
            known: HashMap::new(),
            entries: HashMap::new(),
            idle: BTreeMap::new(),
            clock: 0,
        }
    }

    /// How many blocks there are.
    pub(crate) fn total(&self) -> usize {
        self.pool.total()
    }

    /// How many blocks can be taken: those that are free, and those that are only remembered.
    pub(crate) fn available(&self) -> usize {
        self.pool.free() + self.idle.len()
    }

    /// A block to write to; the one remembered longest makes room when none is free. `None` when sequences hold all.
    pub(crate) fn take(&mut self) -> Option<BlockId> {
        if self.pool.free() == 0 {
            let (_, oldest) = self.idle.pop_first()?;
            let entry = self
                .entries
                .remove(&oldest)
                .expect("an idle block is known");
            self.known.remove(&entry.key);
            self.pool.release(oldest);
        }
        self.pool.take()
    }

    /// Holds the blocks that `tokens` begin with, as many as are known, and says where the chain stands then.
    pub(crate) fn find(&mut self, scope: CacheScope, tokens: &[u32]) -> (Vec<BlockId>, Link) {
        let (blocks, link) = self.look_up(scope, tokens);
        for block in &blocks {
            self.hold(*block);
        }
        (blocks, link)
    }

    /// Holds the block of the next tokens of a chain, if it is known, and says where the chain stands behind it.
    pub(crate) fn next(&mut self, behind: Link, tokens: &[u32]) -> Option<(BlockId, Link)> {
        let key = Key {
            behind,
            tokens: tokens.into(),
        };
        let block = *self.known.get(&key)?;
        self.hold(block);
        Some((block, Link::Behind(self.entries[&block].number)))
    }

    /// How many of the blocks that `tokens` begin with are known, and how many of these no sequence holds.
    pub(crate) fn count(&self, scope: CacheScope, tokens: &[u32]) -> (usize, usize) {
        let (blocks, _) = self.look_up(scope, tokens);
        let idle = |block: &&BlockId| self.entries[*block].idle_since.is_some();
        (blocks.len(), blocks.iter().filter(idle).count())
    }

    /// Makes a full block of a chain of `scope` known. Where another with the same content is known already, that one is held instead and
    /// `block` let go. Gives the block to go on with and where the chain stands behind it.
    pub(crate) fn publish(
        &mut self,
        scope: CacheScope,
        behind: Link,
        tokens: &[u32],
        block: BlockId,
    ) -> (BlockId, Link) {
        debug_assert_eq!(tokens.len(), self.block_tokens);
        let key = Key {
            behind,
            tokens: tokens.into(),
        };
        if let Some(same) = self.known.get(&key).copied() {
            if same != block {
                self.hold(same);
                self.pool.release(block);
            }
            return (same, Link::Behind(self.entries[&same].number));
        }
        self.pool.share(block);
        self.clock += 1;
        let entry = Entry {
            scope,
            key: key.clone(),
            number: self.clock,
            idle_since: None,
        };
        self.known.insert(key, block);
        self.entries.insert(block, entry);
        (block, Link::Behind(self.clock))
    }

    /// Forgets all that is known of an owner's prompts, whatever the audience: nobody finds it from now on. Blocks that
    /// sequences hold stay theirs until they let them go; the others are free.
    pub(crate) fn forget(&mut self, owner: u128) {
        let theirs = |(_, entry): &(BlockId, Entry)| entry.scope.owner == owner;
        let all = std::mem::take(&mut self.entries).into_iter();
        let (forgotten, kept): (Vec<_>, Vec<_>) = all.partition(theirs);
        self.entries = kept.into_iter().collect();
        for (block, entry) in forgotten {
            self.known.remove(&entry.key);
            if let Some(since) = entry.idle_since {
                self.idle.remove(&since);
            }
            self.pool.release(block);
        }
    }

    /// A sequence lets its blocks go, given in their order; the known ones stay until their room is needed.
    pub(crate) fn release(&mut self, blocks: &[BlockId]) {
        // The last first, so that the beginning of a chain is always idle for less time than what follows it.
        for block in blocks.iter().rev() {
            let holders = self.pool.release(*block);
            if let Some(entry) = self.entries.get_mut(block)
                && holders == 1
            {
                self.clock += 1;
                entry.idle_since = Some(self.clock);
                self.idle.insert(self.clock, *block);
            }
        }
    }

    fn look_up(&self, scope: CacheScope, tokens: &[u32]) -> (Vec<BlockId>, Link) {
        let mut link = Link::Start(scope);
        let mut blocks = Vec::new();
        for chunk in tokens.chunks_exact(self.block_tokens) {
            let key = Key {
                behind: link,
                tokens: chunk.into(),
            };
            let Some(block) = self.known.get(&key) else {
                break;
            };
            blocks.push(*block);
            link = Link::Behind(self.entries[block].number);
        }
        (blocks, link)
    }

    fn hold(&mut self, block: BlockId) {
        self.pool.share(block);
        let entry = self.entries.get_mut(&block);
        if let Some(since) = entry.and_then(|entry| entry.idle_since.take()) {
            self.idle.remove(&since);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scope(owner: u128, audience: u128) -> CacheScope {
        CacheScope { owner, audience }
    }

    /// Computes a whole prompt in two-token blocks and publishes it, as a sequence would.
    fn write(cache: &mut PrefixCache, scope: CacheScope, tokens: &[u32]) -> Vec<BlockId> {
        let (mut blocks, mut link) = cache.find(scope, tokens);
        for chunk in tokens.chunks_exact(2).skip(blocks.len()) {
            let block = cache.take().unwrap();
            let (block, next) = cache.publish(scope, link, chunk, block);
            blocks.push(block);
            link = next;
        }
        blocks
    }

    #[test]
    fn a_beginning_is_found_again_by_its_own_scope_only() {
        let mut cache = PrefixCache::new(8, 2);
        let blocks = write(&mut cache, scope(1, 1), &[1, 2, 3, 4, 5, 6]);
        assert_eq!(
            cache.find(scope(1, 1), &[1, 2, 3, 4, 9, 9]).0,
            blocks[..2],
            "as far as the tokens agree"
        );
        assert_eq!(cache.find(scope(1, 1), &[1, 2, 3]).0, blocks[..1]);
        assert_eq!(cache.find(scope(1, 1), &[3, 4, 5, 6]).0, []);
        assert_eq!(cache.find(scope(1, 2), &[1, 2, 3, 4]).0, [], "audience");
        assert_eq!(cache.find(scope(2, 1), &[1, 2, 3, 4]).0, [], "owner");
    }

    #[test]
    fn the_block_let_go_longest_ago_leaves_first_and_ends_before_beginnings() {
        let mut cache = PrefixCache::new(4, 2);
        let old = write(&mut cache, scope(1, 1), &[1, 1, 2, 2]);
        cache.release(&old);
        let young = write(&mut cache, scope(1, 1), &[3, 3, 4, 4]);
        cache.release(&young);
        assert_eq!((cache.available(), cache.total()), (4, 4));
        assert_eq!(cache.take(), Some(old[1]));
        assert_eq!(cache.count(scope(1, 1), &[1, 1, 2, 2]), (1, 1));
        // Being used again makes the old beginning the youngest.
        let (again, _) = cache.find(scope(1, 1), &[1, 1]);
        cache.release(&again);
        assert_eq!(cache.take(), Some(young[1]));
        assert_eq!(cache.take(), Some(young[0]));
        assert_eq!(cache.take(), Some(old[0]));
        assert_eq!(cache.take(), None);
    }

    #[test]
    fn two_that_compute_the_same_block_end_with_one() {
        let mut cache = PrefixCache::new(4, 2);
        let (first, second) = (cache.take().unwrap(), cache.take().unwrap());
        let start = Link::Start(scope(1, 1));
        let (kept, link) = cache.publish(scope(1, 1), start, &[1, 2], first);
        assert_eq!(
            cache.publish(scope(1, 1), start, &[1, 2], second),
            (kept, link)
        );
        assert_eq!(cache.available(), 3);
        cache.release(&[kept]);
        assert_eq!(cache.available(), 3, "the other still holds it");
        cache.release(&[kept]);
        assert_eq!(cache.available(), 4);
    }

    #[test]
    fn nothing_of_an_owner_is_found_once_it_is_forgotten_and_the_others_keep_theirs() {
        let mut cache = PrefixCache::new(8, 2);
        let held = write(&mut cache, scope(1, 1), &[1, 2, 3, 4]);
        let idle = write(&mut cache, scope(1, 2), &[1, 2]);
        let other = write(&mut cache, scope(2, 1), &[1, 2]);
        cache.release(&idle);
        cache.release(&other);
        cache.forget(1);
        assert_eq!(cache.find(scope(1, 1), &[1, 2, 3, 4]).0, []);
        assert_eq!(cache.find(scope(1, 2), &[1, 2]).0, []);
        assert_eq!(cache.count(scope(2, 1), &[1, 2]), (1, 1));
        assert_eq!(cache.available(), 6, "two are still held");
        cache.release(&held);
        assert_eq!(cache.available(), 8);
        // What was held is free at once, not remembered: the other owner's is the only one that makes room for others.
        assert_eq!(cache.pool.free(), 7);
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_was_written_and_nothing_leaks(
            prompts in proptest::collection::vec((0_u128..2, 0_u128..2, proptest::collection::vec(0_u32..2, 0..10)), 1..20),
            keep in proptest::collection::vec(any::<bool>(), 20),
            forget in proptest::collection::vec(proptest::option::weighted(0.2, 0_u128..2), 20),
        ) {
            let mut cache = PrefixCache::new(6, 2);
            let mut content: HashMap<BlockId, (CacheScope, Vec<u32>)> = HashMap::new();
            let mut held: Vec<Vec<BlockId>> = Vec::new();
            for (((owner, audience, tokens), keep), forget) in prompts.into_iter().zip(keep).zip(forget) {
                if let Some(owner) = forget {
                    cache.forget(owner);
                    for audience in 0..2 {
                        for token in 0..4 {
                            let known = cache.count(scope(owner, audience), &[token / 2, token % 2]);
                            prop_assert_eq!(known, (0, 0));
                        }
                    }
                }
                let scope = scope(owner, audience);
                let (mut blocks, mut link) = cache.find(scope, &tokens);
                for (index, block) in blocks.iter().enumerate() {
                    prop_assert_eq!(&content[block], &(scope, tokens[..2 * index + 2].to_vec()));
                }
                for index in blocks.len()..tokens.len() / 2 {
                    let Some(block) = cache.take() else { break };
                    prop_assert!(!held.iter().flatten().any(|other| *other == block));
                    prop_assert!(!blocks.contains(&block));
                    content.insert(block, (scope, tokens[..2 * index + 2].to_vec()));
                    let (block, next) = cache.publish(scope, link, &tokens[2 * index..2 * index + 2], block);
                    blocks.push(block);
                    link = next;
                }
                if keep && held.len() < 2 {
                    held.push(blocks);
                } else {
                    cache.release(&blocks);
                }
            }
            for blocks in held {
                cache.release(&blocks);
            }
            prop_assert_eq!(cache.available(), cache.total());
        }
    }
}
