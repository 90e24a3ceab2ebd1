//! Hands out the blocks of the key-value cache, and counts how many hold each.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A block of the key-value cache: room for the keys and values of a fixed number of tokens in every layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BlockId(u32);

impl BlockId {
    /// Its place in the cache, from 0.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Every block, free or held. A block is free again when everyone who held it has let it go.
#[derive(Debug)]
pub(crate) struct BlockPool {
    /// How many hold each block.
    holders: Vec<u32>,
    /// The lowest is taken first, so that the cache's memory grows only as far as it was ever needed at once.
    free: BinaryHeap<Reverse<BlockId>>,
}

impl BlockPool {
    /// A pool of `count` free blocks.
    pub(crate) fn new(count: u32) -> Self {
        Self {
            holders: vec![0; count as usize],
            free: (0..count).map(|index| Reverse(BlockId(index))).collect(),
        }
    }

    /// How many blocks there are.
    pub(crate) fn total(&self) -> usize {
        self.holders.len()
    }

    /// How many nobody holds.
    pub(crate) fn free(&self) -> usize {
        self.free.len()
    }

    /// How many hold a block.
    pub(crate) fn holders(&self, block: BlockId) -> u32 {
        self.holders[block.index()]
    }

    /// A free block for one holder; `None` when there is none.
    pub(crate) fn take(&mut self) -> Option<BlockId> {
        let Reverse(block) = self.free.pop()?;
        self.holders[block.index()] = 1;
        Some(block)
    }

    /// One more holds a block that is held already.
    pub(crate) fn share(&mut self, block: BlockId) {
        let holders = &mut self.holders[block.index()];
        assert!(*holders > 0, "only a block that is held can be shared");
        *holders += 1;
    }

    /// One holder lets a block go; says how many are left.
    pub(crate) fn release(&mut self, block: BlockId) -> u32 {
        let holders = &mut self.holders[block.index()];
        assert!(*holders > 0, "only a block that is held can be let go");
        *holders -= 1;
        if *holders == 0 {
            self.free.push(Reverse(block));
        }
        self.holders(block)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Order {
        Take,
        Share(usize),
        Release(usize),
    }

    fn orders() -> impl Strategy<Value = Vec<Order>> {
        let order = prop_oneof![
            3 => Just(Order::Take),
            1 => any::<usize>().prop_map(Order::Share),
            3 => any::<usize>().prop_map(Order::Release),
        ];
        proptest::collection::vec(order, 0..60)
    }

    proptest! {
        #[test]
        fn no_block_leaks_and_none_is_given_to_two(count in 0_u32..12, orders in orders()) {
            let mut pool = BlockPool::new(count);
            // One entry for each holder.
            let mut held: Vec<BlockId> = Vec::new();
            for order in orders {
                match order {
                    Order::Take => match pool.take() {
                        Some(block) => {
                            prop_assert!(!held.contains(&block), "{block:?} was held");
                            held.push(block);
                        }
                        None => prop_assert_eq!(pool.free(), 0),
                    },
                    Order::Share(which) if !held.is_empty() => {
                        let block = held[which % held.len()];
                        pool.share(block);
                        held.push(block);
                    }
                    Order::Release(which) if !held.is_empty() => {
                        let block = held.swap_remove(which % held.len());
                        let left = held.iter().filter(|other| **other == block).count();
                        prop_assert_eq!(pool.release(block) as usize, left);
                    }
                    Order::Share(_) | Order::Release(_) => {}
                }
                let mut different = held.clone();
                different.sort();
                different.dedup();
                prop_assert_eq!(pool.free() + different.len(), count as usize);
            }
            for block in held {
                pool.release(block);
            }
            prop_assert_eq!(pool.free(), pool.total());
        }
    }

    #[test]
    fn the_lowest_free_block_is_taken_first() {
        let mut pool = BlockPool::new(3);
        let blocks = [pool.take(), pool.take(), pool.take(), pool.take()];
        assert_eq!(
            blocks,
            [Some(BlockId(0)), Some(BlockId(1)), Some(BlockId(2)), None]
        );
        pool.release(BlockId(2));
        pool.release(BlockId(0));
        assert_eq!(pool.take(), Some(BlockId(0)));
    }
}
