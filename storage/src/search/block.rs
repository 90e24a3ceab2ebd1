//! What the index keeps of a block of the log: which terms stand in which of its messages.
//!
//! The *filter* (a Bloom filter) says of most terms that no message of the block has them. The *hits* say of each
//! term which messages have it: for each, in the order of their numbers, the difference to the number before, how many messages
//! have it, and their places in the block, as bytes or, when they are many, as one bit for each message of the block.

use super::text::Term;
use crate::StorageError;

/// Entries of the log that share a block: their places are bytes.
pub(super) const ENTRIES: u64 = 256;
/// Bits of the filter for each term, before they are rounded up to a power of two: with four places for each
/// term, about one in a hundred is let through that is not there.
const BITS_PER_TERM: usize = 10;
/// Bits of the smallest filter.
const BITS_MIN: usize = 64;
const PLACES_PER_TERM: u64 = 4;
/// Where bits take less room than bytes.
const BYTES_MAX: u64 = ENTRIES / 8;

/// Messages of a block, one bit for each place.
pub(super) type Places = [u64; 4];

/// No message and every message.
pub(super) const NOWHERE: Places = [0; 4];
pub(super) const EVERYWHERE: Places = [u64::MAX; 4];

/// The block that an entry stands in.
pub(super) const fn block_of(seq: u64) -> u64 {
    seq.saturating_sub(1) / ENTRIES
}

/// The first entry of a block.
pub(super) const fn first_of(block: u64) -> u64 {
    block * ENTRIES + 1
}

/// The index of a block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BlockIndex {
    pub(super) filter: Vec<u8>,
    pub(super) hits: Vec<u8>,
}

impl BlockIndex {
    /// Indexes messages, each given as a term and its place in the block, in any order.
    pub(super) fn new(mut found: Vec<(Term, u8)>) -> Self {
        found.sort_unstable();
        found.dedup();
        Self {
            filter: filter(&found),
            hits: hits(&found),
        }
    }
}

fn filter(found: &[(Term, u8)]) -> Vec<u8> {
    let terms = found.chunk_by(|one, other| one.0 == other.0);
    let bits = (terms.clone().count() * BITS_PER_TERM)
        .next_power_of_two()
        .max(BITS_MIN);
    let mut filter = vec![0; bits / 8];
    for term in terms {
        for (byte, bit) in bits_of(term[0].0, filter.len()) {
            filter[byte] |= bit;
        }
    }
    filter
}

/// Whether a filter lets a term through: it does so with every term of the block.
pub(super) fn may_have(filter: &[u8], term: Term) -> bool {
    filter.len().is_power_of_two()
        && bits_of(term, filter.len()).all(|(byte, bit)| filter[byte] & bit != 0)
}

/// The places of a term in a filter of so many bytes, a power of two.
fn bits_of(Term(number): Term, bytes: usize) -> impl Iterator<Item = (usize, u8)> {
    let (first, step) = (number, (number >> 32) | 1);
    let last = bytes as u64 * 8 - 1;
    (0..PLACES_PER_TERM).map(move |place| {
        let bit = first.wrapping_add(place.wrapping_mul(step)) & last;
        ((bit / 8) as usize, 1 << (bit % 8))
    })
}

/// What stands for a term among the hits.
fn key(Term(number): Term) -> u64 {
    number >> 32
}

fn hits(found: &[(Term, u8)]) -> Vec<u8> {
    let mut hits = Vec::with_capacity(found.len() * 3);
    let mut last = 0;
    for same in found.chunk_by(|one, other| key(one.0) == key(other.0)) {
        let mut places = NOWHERE;
        for (_, place) in same {
            places[usize::from(place / 64)] |= 1 << (place % 64);
        }
        let key = key(same[0].0);
        let count = each(&places).count() as u64;
        write_number(&mut hits, key - last);
        write_number(&mut hits, count);
        if count <= BYTES_MAX {
            hits.extend(each(&places));
        } else {
            hits.extend(places.iter().flat_map(|word| word.to_le_bytes()));
        }
        last = key;
    }
    hits
}

/// The places of each of these terms; of a term that is not there, none.
pub(super) fn find(hits: &[u8], terms: &[Term]) -> Result<Vec<Places>, StorageError> {
    let mut found = vec![NOWHERE; terms.len()];
    let mut rest = hits;
    let mut key_here = 0_u64;
    while !rest.is_empty() {
        key_here = read_number(&mut rest)?.saturating_add(key_here);
        let count = read_number(&mut rest)?;
        let bytes = count.min(BYTES_MAX) as usize;
        let (places, after) = rest.split_at_checked(bytes).ok_or_else(corrupt)?;
        rest = after;
        for (term, found) in terms.iter().zip(&mut found) {
            if key(*term) == key_here {
                *found = read_places(places, count)?;
            }
        }
    }
    Ok(found)
}

fn read_places(bytes: &[u8], count: u64) -> Result<Places, StorageError> {
    let mut places = NOWHERE;
    if count <= BYTES_MAX {
        for place in bytes {
            places[usize::from(place / 64)] |= 1 << (place % 64);
        }
    } else {
        for (word, bytes) in places.iter_mut().zip(bytes.chunks(8)) {
            *word = u64::from_le_bytes(bytes.try_into().map_err(|_| corrupt())?);
        }
    }
    Ok(places)
}

/// The places, in order.
pub(super) fn each(places: &Places) -> impl Iterator<Item = u8> {
    let is_there = |place: &u8| places[usize::from(place / 64)] >> (place % 64) & 1 == 1;
    (0..=u8::MAX).filter(is_there)
}

/// Those that are in both.
pub(super) fn both(one: Places, other: Places) -> Places {
    std::array::from_fn(|word| one[word] & other[word])
}

/// Those that are in either.
pub(super) fn either(one: Places, other: Places) -> Places {
    std::array::from_fn(|word| one[word] | other[word])
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow (LEB128).
fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Result<u64, StorageError> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or_else(corrupt)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(corrupt())
}

fn corrupt() -> StorageError {
    StorageError::Corrupt("a block of the index cannot be read".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::text::hash;
    use super::*;

    fn term(number: u16) -> Term {
        Term(hash(&number.to_le_bytes()))
    }

    #[test]
    fn entries_share_blocks_from_the_first_on() {
        let blocks = [1, 256, 257, 512, 513].map(block_of);
        assert_eq!(blocks, [0, 0, 1, 1, 2]);
        assert_eq!([0, 1].map(first_of), [1, 257]);
    }

    proptest! {
        #[test]
        fn what_was_indexed_is_found_where_it_stands(
            pairs in proptest::collection::vec((0..300_u16, any::<u8>()), 0..3000),
        ) {
            let found = pairs.iter().map(|(number, place)| (term(*number), *place)).collect();
            let index = BlockIndex::new(found);
            let terms: Vec<Term> = (0..300).map(term).collect();
            let places = find(&index.hits, &terms).unwrap();
            for (number, places) in (0_u16..).zip(places) {
                let mut expected: Vec<u8> = pairs
                    .iter()
                    .filter(|(other, _)| *other == number)
                    .map(|(_, place)| *place)
                    .collect();
                expected.sort_unstable();
                expected.dedup();
                prop_assert!(expected.is_empty() || may_have(&index.filter, term(number)));
                prop_assert_eq!(each(&places).collect::<Vec<u8>>(), expected);
            }
        }

        #[test]
        fn what_is_no_index_is_an_error_and_no_panic(bytes in any::<Vec<u8>>()) {
            let _ = find(&bytes, &[term(1)]);
            let _ = may_have(&bytes, term(1));
        }
    }

    #[test]
    fn a_filter_stops_most_of_what_is_not_there() {
        for terms in [1, 10, 1000, 4000_u16] {
            let index = BlockIndex::new((0..terms).map(|number| (term(number), 0)).collect());
            let passed =
                (terms..terms + 10_000).filter(|number| may_have(&index.filter, term(*number)));
            let passed = passed.count();
            assert!(passed <= 200, "{passed} of 10,000 beside {terms}");
        }
    }
}
