//! Who was served how much: the virtual token counter of Sheng and others ("Fairness in serving large language models",
//! 2024), with a credit for those who come to a busy machine.

use std::collections::HashMap;

use crate::request::Account;

/// How far behind the others an account may begin, in tokens: about one long prompt. It is what a quiet account can have
/// computed before it must share with those who were there all along.
const CREDIT: u64 = 4_096;

/// What each account was served.
#[derive(Debug, Default)]
pub(super) struct Shares(HashMap<Account, Share>);

#[derive(Debug, Default)]
struct Share {
    served: u64,
    /// Requests of it that wait or run.
    requests: u32,
}

impl Shares {
    /// A request comes. An account without another one doesn't bring its old claims along, only [`CREDIT`].
    pub(super) fn enter(&mut self, accounts: [Account; 2]) {
        let active = self.0.values().filter(|share| share.requests > 0);
        let least = active.map(|share| share.served).min();
        let floor = least.map_or(0, |least| least.saturating_sub(CREDIT));
        for account in different(accounts) {
            let share = self.0.entry(account).or_default();
            if share.requests == 0 {
                share.served = share.served.max(floor);
            }
            share.requests += 1;
        }
    }

    /// A request is gone. What an account was served is forgotten when it no longer tells it from a new one.
    pub(super) fn leave(&mut self, accounts: [Account; 2]) {
        for account in different(accounts) {
            if let Some(share) = self.0.get_mut(&account) {
                share.requests = share.requests.saturating_sub(1);
            }
        }
        let active = self.0.values().filter(|share| share.requests > 0);
        match active.map(|share| share.served).min() {
            None => self.0.clear(),
            Some(least) => self
                .0
                .retain(|_, share| share.requests > 0 || share.served + CREDIT > least),
        }
    }

    /// A request was served so many tokens.
    pub(super) fn charge(&mut self, accounts: [Account; 2], tokens: u64) {
        for account in different(accounts) {
            self.0.entry(account).or_default().served += tokens;
        }
    }

    /// Where a request stands: the less, the sooner. The account that was served more counts first.
    pub(super) fn standing(&self, accounts: [Account; 2]) -> (u64, u64) {
        let served = accounts.map(|account| self.0.get(&account).map_or(0, |share| share.served));
        (served[0].max(served[1]), served[0].min(served[1]))
    }
}

/// The accounts, each once.
pub(super) fn different([first, second]: [Account; 2]) -> impl Iterator<Item = Account> {
    [Some(first), (second != first).then_some(second)]
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: [Account; 2] = [Account(1), Account(1)];
    const QUIET: [Account; 2] = [Account(2), Account(2)];

    #[test]
    fn who_comes_to_a_busy_machine_has_its_credit_and_no_more() {
        let mut shares = Shares::default();
        shares.enter(BUSY);
        shares.charge(BUSY, 100_000);
        shares.enter(QUIET);
        assert_eq!(shares.standing(QUIET).0, 100_000 - CREDIT);
        shares.charge(QUIET, CREDIT);
        assert_eq!(shares.standing(QUIET), shares.standing(BUSY));
    }

    #[test]
    fn debts_outlast_a_short_absence_and_not_an_empty_machine() {
        let mut shares = Shares::default();
        shares.enter(BUSY);
        shares.enter(QUIET);
        shares.charge(BUSY, 1_000);
        shares.leave(BUSY);
        shares.enter(BUSY);
        assert_eq!(shares.standing(BUSY).0, 1_000);
        shares.leave(BUSY);
        shares.leave(QUIET);
        shares.enter(BUSY);
        assert_eq!(shares.standing(BUSY).0, 0);
    }

    #[test]
    fn a_request_stands_where_the_busier_of_its_accounts_stands() {
        let mut shares = Shares::default();
        let both = [Account(1), Account(2)];
        shares.charge([Account(1), Account(1)], 5);
        shares.charge([Account(2), Account(2)], 3);
        assert_eq!(shares.standing(both), (5, 3));
        shares.charge(both, 1);
        assert_eq!(shares.standing(both), (6, 4));
    }
}
