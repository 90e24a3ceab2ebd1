//! One inference service: how it is, what it has to do, and what it has still to forget.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use super::dialect::ListExtension;
use super::limits::{OWED_MAX, REQUESTS_MAX};
use super::metrics;
use super::routing::salt;

/// A service.
pub(super) struct Service {
    /// Its host and port, which errors, logs and metrics call it by.
    pub(super) label: String,
    /// The same number in every process.
    pub(super) salt: u64,
    /// Its address without the path of a route.
    base: String,
    /// Room for requests.
    pub(super) places: Arc<Semaphore>,
    /// Somebody would like to know how it is.
    pub(super) look: Notify,
    requests: AtomicUsize,
    is_our_own: AtomicBool,
    reads_drawn: AtomicBool,
    health: Mutex<Health>,
    owed: Mutex<Owed>,
}

/// How a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Health {
    /// It can be asked.
    Up,
    /// It cannot, because of this.
    Down(String),
}

/// What a service has still to forget.
#[derive(Default)]
struct Owed {
    owners: HashSet<u128>,
    /// There were more than anybody could remember: only a restart makes it forget them.
    too_many: bool,
    instance: Uuid,
}

impl Service {
    /// The service at an address, which is down until it has been looked at.
    pub(super) fn new(base: &str) -> Self {
        let url = url::Url::parse(base).ok();
        let label = url.and_then(|url| {
            let port = url.port_or_known_default()?;
            Some(format!("{}:{port}", url.host_str()?))
        });
        let label = label.unwrap_or_else(|| base.to_owned());
        metrics::there_is(&label);
        Self {
            salt: salt(&label),
            label,
            base: base.to_owned(),
            places: Arc::new(Semaphore::new(REQUESTS_MAX)),
            look: Notify::new(),
            requests: AtomicUsize::new(0),
            is_our_own: AtomicBool::new(false),
            reads_drawn: AtomicBool::new(false),
            health: Mutex::new(Health::Down("was not asked yet".to_owned())),
            owed: Mutex::default(),
        }
    }

    /// The address of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(super) fn health(&self) -> Health {
        lock(&self.health).clone()
    }

    pub(super) fn is_up(&self) -> bool {
        *lock(&self.health) == Health::Up
    }

    /// Notes how it is; says whether that is something new.
    pub(super) fn set_health(&self, health: Health) -> bool {
        let mut known = lock(&self.health);
        let (was_up, is_up) = (*known == Health::Up, health == Health::Up);
        match (&health, was_up) {
            (Health::Up, false) => {
                tracing::info!(service = self.label, "an inference service is up");
            }
            (Health::Down(reason), true) => {
                tracing::warn!(service = self.label, reason, "an inference service is down");
            }
            _ => {}
        }
        *known = health;
        metrics::is_up(&self.label, is_up);
        was_up != is_up
    }

    /// Whether it is a node of role inference.
    pub(super) fn is_our_own(&self) -> bool {
        self.is_our_own.load(Ordering::Relaxed)
    }

    /// Whether it is one that goes on from tokens.
    pub(super) fn reads_drawn(&self) -> bool {
        self.reads_drawn.load(Ordering::Relaxed)
    }

    /// Notes what it says of itself, which only nodes of role inference do.
    pub(super) fn set_our_own(&self, told: Option<ListExtension>) {
        let reads_drawn = told.as_ref().is_some_and(|told| told.reads_drawn);
        self.reads_drawn.store(reads_drawn, Ordering::Relaxed);
        self.is_our_own.store(told.is_some(), Ordering::Relaxed);
        let instance = told.map(|told| told.instance);
        let mut owed = lock(&self.owed);
        if let Some(instance) = instance
            && owed.instance != instance
        {
            // It has started anew and remembers nothing.
            *owed = Owed {
                instance,
                ..Owed::default()
            };
        }
    }

    /// Requests of this process that it has to do.
    pub(super) fn load(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Counts a request until this is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.requests.fetch_add(1, Ordering::Relaxed);
        InFlight(self.clone())
    }

    /// It has to forget the prompts of this owner before it is asked for anything else.
    pub(super) fn owe(&self, owner: u128) {
        let mut owed = lock(&self.owed);
        match owed.owners.len() < OWED_MAX {
            true => {
                owed.owners.insert(owner);
            }
            false => owed.too_many = true,
        }
    }

    /// Whose prompts it has to forget, or `None` when only a restart can make it.
    pub(super) fn owed(&self) -> Option<Vec<u128>> {
        let owed = lock(&self.owed);
        (!owed.too_many).then(|| owed.owners.iter().copied().collect())
    }

    /// It has forgotten the prompts of this owner.
    pub(super) fn forgot(&self, owner: u128) {
        lock(&self.owed).owners.remove(&owner);
    }
}

/// A request that counts until this is dropped.
pub(super) struct InFlight(Arc<Service>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(instance: Uuid) -> Option<ListExtension> {
        Some(ListExtension {
            instance,
            reads_drawn: true,
        })
    }

    #[test]
    fn what_it_has_to_forget_is_kept_until_it_has_or_has_started_anew() {
        let service = Service::new("http://one:8000");
        let first = Uuid::from_u128(1);
        service.set_our_own(told(first));
        service.owe(7);
        service.owe(7);
        service.owe(8);
        service.forgot(8);
        service.set_our_own(told(first));
        assert_eq!(service.owed(), Some(vec![7]));
        for owner in 0..=OWED_MAX as u128 {
            service.owe(owner + 100);
        }
        assert_eq!(service.owed(), None);
        service.set_our_own(told(Uuid::from_u128(2)));
        assert_eq!(service.owed(), Some(Vec::new()));
    }

    #[test]
    fn it_is_called_by_host_and_port_and_counts_its_requests() {
        let service = Arc::new(Service::new("https://example.com/api"));
        assert_eq!(service.label, "example.com:443");
        assert_eq!(
            service.url("/v1/models"),
            "https://example.com/api/v1/models"
        );
        let first = service.begin();
        let second = service.begin();
        drop(first);
        assert_eq!(service.load(), 1);
        drop(second);
        assert_eq!(service.load(), 0);
    }
}
