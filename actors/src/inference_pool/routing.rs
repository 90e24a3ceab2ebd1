//! Which engine a generation goes to: the one that has computed the beginning of its prompt, unless that has too much to do.
//! Pure: it is told how much each engine has to do.

use std::collections::HashMap;

use inference::CacheScope;

use crate::limits::{AFFINITY_JOBS_MAX, ROUTED_SCOPES_MAX};

/// Remembers where prompts of which scope were computed.
#[derive(Debug, Default)]
pub(super) struct Router {
    homes: HashMap<CacheScope, Home>,
    clock: u64,
}

/// The engines that have computed prompts of one scope.
#[derive(Debug, Default)]
struct Home {
    engines: Vec<usize>,
    last_used: u64,
}

/// Where a generation goes, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) engine: usize,
    pub(super) by: RoutedBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoutedBy {
    /// It has computed prompts of this scope.
    Affinity,
    /// It has the least to do.
    Load,
}

impl RoutedBy {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            RoutedBy::Affinity => "affinity",
            RoutedBy::Load => "load",
        }
    }
}

impl Router {
    /// The engine for a prompt of `scope`, if the engines have `jobs` to do: at least one of them.
    pub(super) fn route(&mut self, scope: CacheScope, jobs: &[usize]) -> Route {
        let least = (0..jobs.len())
            .min_by_key(|engine| jobs[*engine])
            .expect("the pool has at least one engine");
        self.clock += 1;
        let clock = self.clock;
        if !self.homes.contains_key(&scope) && self.homes.len() >= ROUTED_SCOPES_MAX {
            self.drop_oldest();
        }
        let home = self.homes.entry(scope).or_default();
        home.last_used = clock;
        let known = home.engines.iter().copied();
        let nearest = known.min_by_key(|engine| jobs[*engine]);
        match nearest {
            Some(engine) if jobs[engine] <= jobs[least] + AFFINITY_JOBS_MAX => Route {
                engine,
                by: RoutedBy::Affinity,
            },
            _ => {
                home.engines.push(least);
                Route {
                    engine: least,
                    by: RoutedBy::Load,
                }
            }
        }
    }

    /// Forgets where prompts of an owner were computed.
    pub(super) fn forget(&mut self, owner: u128) {
        self.homes.retain(|scope, _| scope.owner != owner);
    }

    fn drop_oldest(&mut self) {
        let oldest = self.homes.iter().min_by_key(|(_, home)| home.last_used);
        if let Some(scope) = oldest.map(|(scope, _)| *scope) {
            self.homes.remove(&scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scope(owner: u128) -> CacheScope {
        CacheScope { owner, audience: 0 }
    }

    #[test]
    fn prompts_of_one_scope_stay_together_and_others_go_where_there_is_least_to_do() {
        let mut router = Router::default();
        let engines: Vec<Route> = [(1, [0, 0]), (2, [1, 0]), (1, [1, 1]), (2, [2, 1])]
            .into_iter()
            .map(|(owner, jobs)| router.route(scope(owner), &jobs))
            .collect();
        let expected = [
            (0, RoutedBy::Load),
            (1, RoutedBy::Load),
            (0, RoutedBy::Affinity),
            (1, RoutedBy::Affinity),
        ];
        assert_eq!(engines, expected.map(|(engine, by)| Route { engine, by }));
        let other_audience = CacheScope {
            owner: 1,
            audience: 1,
        };
        assert_eq!(router.route(other_audience, &[2, 1]).engine, 1);
    }

    #[test]
    fn an_engine_with_too_much_to_do_is_relieved_by_one_that_is_then_a_home_too() {
        let mut router = Router::default();
        let route = |router: &mut Router, jobs: [usize; 2]| router.route(scope(1), &jobs);
        assert_eq!(route(&mut router, [0, 0]).engine, 0);
        let as_many_as_may_be = route(&mut router, [AFFINITY_JOBS_MAX, 0]);
        assert_eq!(as_many_as_may_be.engine, 0);
        let relieved = route(&mut router, [AFFINITY_JOBS_MAX + 1, 0]);
        let by = RoutedBy::Load;
        assert_eq!(relieved, Route { engine: 1, by });
        let by = RoutedBy::Affinity;
        assert_eq!(route(&mut router, [3, 2]), Route { engine: 1, by });
        assert_eq!(route(&mut router, [2, 3]), Route { engine: 0, by });
    }

    #[test]
    fn what_is_forgotten_goes_anywhere_again() {
        let mut router = Router::default();
        router.route(scope(1), &[0, 1]);
        router.forget(1);
        assert_eq!(router.route(scope(1), &[1, 0]).by, RoutedBy::Load);
    }

    #[test]
    fn the_scope_that_was_used_longest_ago_is_dropped_first() {
        let mut router = Router::default();
        for owner in 0..ROUTED_SCOPES_MAX as u128 {
            router.route(scope(owner), &[0, 0]);
        }
        router.route(scope(0), &[0, 0]);
        router.route(scope(u128::MAX), &[0, 0]);
        assert_eq!(router.homes.len(), ROUTED_SCOPES_MAX);
        assert_eq!(router.route(scope(0), &[0, 0]).by, RoutedBy::Affinity);
        assert_eq!(router.route(scope(1), &[0, 0]).by, RoutedBy::Load);
    }

    proptest! {
        #[test]
        fn no_engine_gets_more_than_the_bound_above_the_least_busy_one(
            owners in proptest::collection::vec(0_u128..4, 1..200),
            engines in 1_usize..5,
        ) {
            let mut router = Router::default();
            let mut jobs = vec![0; engines];
            for owner in owners {
                let route = router.route(scope(owner), &jobs);
                jobs[route.engine] += 1;
                let (least, most) = (jobs.iter().min().unwrap(), jobs.iter().max().unwrap());
                prop_assert!(most - least <= AFFINITY_JOBS_MAX + 1, "{jobs:?}");
            }
        }
    }
}
