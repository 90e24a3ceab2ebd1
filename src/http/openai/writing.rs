//! How many texts one account has written for it at once over `/v1`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::{ErrorCode, UserId};

use super::super::problem::Problem;

/// When a request that found no place may come again: a short answer takes about that long.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The places of all accounts; clones share them.
#[derive(Debug, Clone)]
pub struct WritingPlaces {
    taken: Arc<Mutex<HashMap<UserId, usize>>>,
    max: usize,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct WritingPlace {
    places: WritingPlaces,
    user: UserId,
}

impl WritingPlaces {
    /// This many for each account.
    pub fn new(max: usize) -> Self {
        Self {
            taken: Arc::default(),
            max,
        }
    }

    /// Takes one of an account's places.
    pub(super) fn take(&self, user: UserId) -> Result<WritingPlace, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let places = taken.entry(user).or_default();
        if *places >= self.max {
            let detail = format!("{} texts are written for this account already", self.max);
            return Err(Problem::retry_after(
                ErrorCode::RateLimited,
                detail,
                RETRY_AFTER,
            ));
        }
        *places += 1;
        Ok(WritingPlace {
            places: self.clone(),
            user,
        })
    }
}

impl Drop for WritingPlace {
    fn drop(&mut self) {
        let mut taken = (self.places.taken.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = taken.get_mut(&self.user) {
            *places -= 1;
            if *places == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_its_own_places_and_gets_them_back() {
        let places = WritingPlaces::new(2);
        let (ada, bo) = (UserId::new(), UserId::new());
        let first = places.take(ada).unwrap();
        let second = places.take(ada).unwrap();
        let refused = places.take(ada).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::RateLimited);
        places.take(bo).unwrap();
        drop(first);
        let third = places.take(ada).unwrap();
        drop((second, third));
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
