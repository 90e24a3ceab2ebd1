//! How often somebody may log in, register or change something: token buckets by address, account or person.

use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};
use protocol::{ErrorCode, UserId};

use super::metrics;
use super::problem::Problem;
use crate::config::{LimitsConfig, Quota};

const LOGIN_IP: &str = "login_ip";
const LOGIN_ACCOUNT: &str = "login_account";
const REGISTER_IP: &str = "register_ip";
const WRITES: &str = "writes";
const API: &str = "api";
const SEARCHES: &str = "searches";

/// The quotas, named as their settings are (`TWIN_QUOTA_…`).
pub(super) const QUOTAS: [&str; 6] = [LOGIN_IP, LOGIN_ACCOUNT, REGISTER_IP, WRITES, API, SEARCHES];

/// The buckets of this process.
#[derive(Debug)]
pub struct RateLimits {
    login_per_address: Limiter<Address>,
    login_per_account: Limiter<String>,
    register_per_address: Limiter<Address>,
    writes_per_user: Limiter<UserId>,
    api_per_user: Limiter<UserId>,
    searches_per_user: Limiter<UserId>,
}

/// Whom an address belongs to: an IPv6 customer has a whole /64, so that is one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Address([u8; 8]);

#[derive(Debug)]
struct Limiter<K: Hash + Eq + Clone> {
    buckets: DefaultKeyedRateLimiter<K>,
    name: &'static str,
    what: &'static str,
}

impl RateLimits {
    /// Full buckets of these sizes.
    pub fn new(limits: &LimitsConfig) -> Self {
        Self {
            login_per_address: Limiter::new(
                limits.login_per_address,
                LOGIN_IP,
                "log-ins from this address",
            ),
            login_per_account: Limiter::new(
                limits.login_per_account,
                LOGIN_ACCOUNT,
                "log-ins to this account",
            ),
            register_per_address: Limiter::new(
                limits.register_per_address,
                REGISTER_IP,
                "registrations from this address",
            ),
            writes_per_user: Limiter::new(limits.writes_per_user, WRITES, "changes"),
            api_per_user: Limiter::new(limits.api_per_user, API, "requests to /v1"),
            searches_per_user: Limiter::new(limits.searches_per_user, SEARCHES, "searches"),
        }
    }

    /// Counts a log-in to an account. The address comes first, so that one address cannot fill the map of accounts.
    pub fn check_log_in(&self, address: Option<IpAddr>, email: &str) -> Result<(), Problem> {
        self.login_per_address.check(&Address::of(address))?;
        self.login_per_account.check(&email.to_lowercase())
    }

    /// Counts a change of password against the log-ins to the account.
    pub fn check_password_change(&self, email: &str) -> Result<(), Problem> {
        self.login_per_account.check(&email.to_lowercase())
    }

    /// Counts a refresh or a log-out.
    pub fn check_refresh(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        self.login_per_address.check(&Address::of(address))
    }

    /// Counts a registration.
    pub fn check_register(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        self.register_per_address.check(&Address::of(address))
    }

    /// Counts a change.
    pub fn check_write(&self, user: UserId) -> Result<(), Problem> {
        self.writes_per_user.check(&user)
    }

    /// Counts a request to `/v1`.
    pub fn check_api(&self, user: UserId) -> Result<(), Problem> {
        self.api_per_user.check(&user)
    }

    /// Counts a search.
    pub fn check_search(&self, user: UserId) -> Result<(), Problem> {
        self.searches_per_user.check(&user)
    }

    /// Forgets buckets that are full again, which is what a bucket that was never used is.
    pub fn forget_full(&self) {
        self.login_per_address.forget_full();
        self.login_per_account.forget_full();
        self.register_per_address.forget_full();
        self.writes_per_user.forget_full();
        self.api_per_user.forget_full();
        self.searches_per_user.forget_full();
    }
}

impl Address {
    fn of(address: Option<IpAddr>) -> Self {
        let bits = match address {
            // Mapped addresses keep their IPv4 bits, in a range that no IPv6 network has.
            Some(IpAddr::V4(v4)) => v4.to_bits().into(),
            Some(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
                Some(v4) => v4.to_bits().into(),
                None => (v6.to_bits() >> 64) as u64,
            },
            None => u64::MAX,
        };
        Self(bits.to_be_bytes())
    }
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(quota: Quota, name: &'static str, what: &'static str) -> Self {
        Self {
            buckets: RateLimiter::dashmap(quota.as_governor()),
            name,
            what,
        }
    }

    fn check(&self, key: &K) -> Result<(), Problem> {
        self.buckets.check_key(key).map_err(|not_until| {
            metrics::quota_refused(self.name);
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            let detail = format!("too many {}", self.what);
            let wait = wait.max(Duration::from_millis(1));
            Problem::retry_after(ErrorCode::RateLimited, detail, wait)
        })
    }

    fn forget_full(&self) {
        self.buckets.retain_recent();
        self.buckets.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    fn limits() -> RateLimits {
        let flags = [
            ("TWIN_QUOTA_LOGIN_IP", "3/hour"),
            ("TWIN_QUOTA_LOGIN_ACCOUNT", "2/hour"),
        ];
        let sources = Sources {
            flags: flags
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            ..Sources::default()
        };
        RateLimits::new(&Config::resolve(&sources).unwrap().limits)
    }

    fn code(outcome: Result<(), Problem>) -> Option<ErrorCode> {
        outcome.err().map(|problem| problem.code())
    }

    #[test]
    fn an_account_is_limited_whatever_the_address_and_the_case() {
        let limits = limits();
        let addresses: [IpAddr; 3] =
            ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map(|text| text.parse().unwrap());
        assert_eq!(
            code(limits.check_log_in(Some(addresses[0]), "ada@example.com")),
            None
        );
        assert_eq!(
            code(limits.check_log_in(Some(addresses[1]), "Ada@example.com")),
            None
        );
        assert_eq!(
            code(limits.check_log_in(Some(addresses[2]), "ADA@example.com")),
            Some(ErrorCode::RateLimited)
        );
    }

    #[test]
    fn an_address_is_limited_whatever_the_account() {
        let limits = limits();
        let address = Some("10.0.0.1".parse().unwrap());
        for account in ["a@b", "c@d", "e@f"] {
            assert_eq!(code(limits.check_log_in(address, account)), None);
        }
        assert_eq!(
            code(limits.check_log_in(address, "g@h")),
            Some(ErrorCode::RateLimited)
        );
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address_and_a_mapped_one_as_ipv4() {
        let of = |text: &str| Address::of(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
