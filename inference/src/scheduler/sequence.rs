//! One request as the scheduler sees it: its tokens, how many are computed, and the blocks that hold them.

use std::time::Instant;

use super::{Arrival, Ticket};
use crate::block_pool::BlockId;
use crate::prefix_cache::{Link, PrefixCache};
use crate::request::Origin;

#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) ticket: Ticket,
    pub(super) origin: Origin,
    /// The order in which requests came.
    pub(super) number: u64,
    pub(super) deadline: Option<Instant>,
    /// Those of the prompt and those written so far.
    pub(super) tokens: Vec<u32>,
    /// How many of the tokens have their keys and values in the blocks.
    pub(super) computed: usize,
    /// The blocks, as many as the tokens that are computed or planned need.
    pub(super) blocks: Vec<BlockId>,
    /// How many of the blocks are known to the prefix cache.
    known: usize,
    link: Link,
    /// It has run before.
    pub(super) begun: bool,
    /// What it computes from now on is for itself alone.
    pub(super) forgotten: bool,
}

impl Sequence {
    pub(super) fn new(arrival: Arrival, number: u64) -> Self {
        Self {
            ticket: arrival.ticket,
            origin: arrival.origin,
            number,
            deadline: arrival.deadline,
            tokens: arrival.prompt,
            computed: 0,
            blocks: Vec::new(),
            known: 0,
            link: Link::Start(arrival.origin.scope),
            begun: false,
            forgotten: false,
        }
    }

    /// How many tokens are to be computed before the next one can be chosen.
    pub(super) fn uncomputed(&self) -> usize {
        self.tokens.len() - self.computed
    }

    /// Takes blocks for all its tokens, those that are computed already from the cache. Gives how many tokens that spares.
    pub(super) fn take_blocks(&mut self, cache: &mut PrefixCache, block_tokens: usize) -> usize {
        debug_assert!(self.blocks.is_empty());
        // The last token is always computed: its logits are what is wanted.
        let reusable = &self.tokens[..self.tokens.len() - 1];
        let (blocks, link) = cache.find(self.origin.scope, reusable);
        self.blocks = blocks;
        self.known = self.blocks.len();
        self.link = link;
        self.computed = self.known * block_tokens;
        for _ in self.blocks.len()..self.tokens.len().div_ceil(block_tokens) {
            let block = cache.take().expect("whoever admits has counted the blocks");
            self.blocks.push(block);
        }
        self.computed
    }

    /// Uses blocks that others have computed since. Gives how many tokens that spares.
    pub(super) fn catch_up(&mut self, cache: &mut PrefixCache, block_tokens: usize) -> usize {
        let before = self.computed;
        while !self.forgotten
            && self.computed == self.known * block_tokens
            && self.uncomputed() > block_tokens
        {
            let next = &self.tokens[self.computed..self.computed + block_tokens];
            let Some((block, link)) = cache.next(self.link, next) else {
                break;
            };
            let own = std::mem::replace(&mut self.blocks[self.known], block);
            cache.release(&[own]);
            self.link = link;
            self.known += 1;
            self.computed += block_tokens;
        }
        self.computed - before
    }

    /// Notes that `count` more tokens are computed, and makes the blocks known that are full now, unless it is forgotten.
    pub(super) fn advance(&mut self, count: usize, cache: &mut PrefixCache, block_tokens: usize) {
        self.computed += count;
        while !self.forgotten && (self.known + 1) * block_tokens <= self.computed {
            let start = self.known * block_tokens;
            let tokens = &self.tokens[start..start + block_tokens];
            let own = self.blocks[self.known];
            let (block, link) = cache.publish(self.origin.scope, self.link, tokens, own);
            self.blocks[self.known] = block;
            self.link = link;
            self.known += 1;
        }
    }

    /// Lets all blocks go; what they held is computed anew, or found in the cache.
    pub(super) fn drop_blocks(&mut self, cache: &mut PrefixCache) {
        cache.release(&self.blocks);
        self.blocks.clear();
        self.computed = 0;
        self.known = 0;
        self.link = Link::Start(self.origin.scope);
    }
}
