//! Which service a request goes to: its owner's first choice, unless that has much more to do than another. Pure: it is told how much
//! each has to do.

use super::limits::STICKY_MAX;

/// A service that may be asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    /// Its number.
    pub(super) service: usize,
    /// A number of its own that is the same in every process.
    pub(super) salt: u64,
    /// Requests that it has to do.
    pub(super) load: usize,
}

/// Chooses by the highest random weight: every process chooses the same for an owner, and when a service goes, only its owners move.
/// So the beginnings of an owner's prompts stay where they were computed.
pub(super) fn choose(owner: u128, candidates: &[Candidate]) -> Option<usize> {
    let least = candidates.iter().map(|one| one.load).min()?;
    let chosen = candidates
        .iter()
        .filter(|one| one.load <= least + STICKY_MAX)
        .max_by_key(|one| weight(owner, one.salt))?;
    Some(chosen.service)
}

/// A number of a name.
pub(super) fn salt(name: &str) -> u64 {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, fold)
}

/// SplitMix64 of owner and service.
fn weight(owner: u128, salt: u64) -> u64 {
    let owner = owner.to_be_bytes();
    let (high, low) = owner.split_at(8);
    let half = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |half, byte| half << 8 | u64::from(*byte))
    };
    mixed(mixed(mixed(salt) ^ half(high)) ^ half(low))
}

fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(loads: &[usize]) -> Vec<Candidate> {
        let numbered = loads.iter().enumerate();
        numbered
            .map(|(service, load)| Candidate {
                service,
                salt: salt(&format!("inference-{service}:8000")),
                load: *load,
            })
            .collect()
    }

    #[test]
    fn owners_spread_evenly_and_only_those_of_a_service_that_goes_move() {
        let all = candidates(&[0, 0, 0]);
        let mut owners = [0; 3];
        for owner in 0..3_000 {
            let home = choose(owner, &all).unwrap();
            owners[home] += 1;
            let left: Vec<Candidate> = all.iter().copied().filter(|one| one.service != 1).collect();
            let then = choose(owner, &left).unwrap();
            assert!(home == 1 || then == home, "owner {owner} moved");
        }
        assert!(
            owners.iter().all(|count| (900..1_100).contains(count)),
            "{owners:?}"
        );
        assert_eq!(choose(1, &[]), None);
    }

    #[test]
    fn one_that_has_much_more_to_do_than_another_is_relieved() {
        let home = choose(7, &candidates(&[0, 0])).unwrap();
        let busy = |jobs| {
            let mut loads = [0, 0];
            loads[home] = jobs;
            choose(7, &candidates(&loads)).unwrap()
        };
        assert_eq!(busy(STICKY_MAX), home);
        assert_eq!(busy(STICKY_MAX + 1), 1 - home);
    }
}
