//! The supervisor: finds, starts, restarts and retires conversations and twins.
//!
//! 1. [`Wake`] names a child; one that is awake is answered at once, several that ask together wait for one start.
//! 2. The child's state is loaded from storage by its own factory, [`Child::wake`].
//! 3. A child that stops leaves the directory. One that died of a panic is noticed by its [`LifeLine`], and the next
//!    start waits a little longer each time; a conversation that people follow is started again at once.
//!
//! `actix::Supervisor` does not restart an actor that panicked, so this one owns the factories itself.

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::time::{Duration, Instant};

use actix::prelude::*;
use dashmap::DashMap;
use futures::future::LocalBoxFuture;
use protocol::{ConversationId, TwinId};
use storage::StorageError;
use tokio::sync::oneshot;

use crate::back_off::BackOff;
use crate::conversation::Conversation;
use crate::directory::Directory;
use crate::fan_out::ConversationRestarted;
use crate::limits::SUPERVISOR_MAILBOX_MAX;
use crate::metrics;
use crate::node::Services;
use crate::twin::Twin;

/// Why an actor cannot be woken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WakeError {
    /// There is no such conversation or twin.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Its state cannot be loaded now.
    #[error("{0}")]
    Unavailable(String),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
}

impl From<StorageError> for WakeError {
    fn from(error: StorageError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// An actor that the supervisor starts from storage.
pub(crate) trait Child: Actor<Context = Context<Self>> {
    /// What names it.
    type Key: Copy + Eq + Hash + Debug + Display + Send + Unpin + 'static;
    /// What it is called in logs and metrics.
    const KIND: &'static str;
    /// Whether it is started again at once when it dies, rather than when it is next asked for.
    const RESTART: bool;

    /// Loads its state.
    fn wake(key: Self::Key, services: Services)
    -> LocalBoxFuture<'static, Result<Self, WakeError>>;

    /// Tells those who depend on it that it was started again.
    fn restarted(key: Self::Key, addr: Addr<Self>, directory: &Directory);

    /// Takes the line that tells the supervisor of its end.
    fn hold(&mut self, life_line: LifeLine<Self>);

    /// Where its addresses stand.
    fn directory(directory: &Directory) -> &DashMap<Self::Key, Addr<Self>>;

    /// Where the supervisor keeps those that are starting.
    fn nursery(supervisor: &mut Supervisor) -> &mut Nursery<Self>;
}

/// Somebody who waits for a child to start.
type Waiter<C> = oneshot::Sender<Result<Addr<C>, WakeError>>;

/// The children of one kind that are starting, and the waits of those that crashed.
pub(crate) struct Nursery<C: Child> {
    starting: HashMap<C::Key, Vec<Waiter<C>>>,
    crashed: HashMap<C::Key, Crashed>,
}

struct Crashed {
    back_off: BackOff,
    not_before: Instant,
}

impl<C: Child> Default for Nursery<C> {
    fn default() -> Self {
        Self {
            starting: HashMap::new(),
            crashed: HashMap::new(),
        }
    }
}

impl<C: Child> Nursery<C> {
    /// Notes a crash and says how long the next start must wait.
    fn note_crash(&mut self, key: C::Key, lived: Duration) -> Duration {
        let now = Instant::now();
        let crashed = self.crashed.entry(key).or_insert_with(|| Crashed {
            back_off: BackOff::default(),
            not_before: now,
        });
        let wait = crashed.back_off.crashed(lived);
        crashed.not_before = now + wait;
        wait
    }

    fn wait(&self, key: C::Key) -> Duration {
        let until = self.crashed.get(&key).map(|crashed| crashed.not_before);
        until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }
}

/// Held by a child: when it is dropped, the supervisor learns whether the child stopped or died.
pub(crate) struct LifeLine<C: Child> {
    key: C::Key,
    supervisor: Addr<Supervisor>,
    born: Instant,
    stopped: bool,
}

impl<C: Child> LifeLine<C> {
    /// Says that the child stops of its own will. (actix calls `stopped` while a panic unwinds, too.)
    pub(crate) fn stopping(&mut self) {
        self.stopped = !std::thread::panicking();
    }
}

impl<C: Child> Drop for LifeLine<C> {
    fn drop(&mut self) {
        let gone = Gone::<C> {
            key: self.key,
            crashed: !self.stopped,
            lived: self.born.elapsed(),
        };
        // A supervisor that is gone needs no word of it.
        let _ = self.supervisor.try_send(gone);
    }
}

/// The actor.
pub(crate) struct Supervisor {
    services: Services,
    conversations: Nursery<Conversation>,
    twins: Nursery<Twin>,
}

impl Supervisor {
    /// Makes the supervisor of this node.
    pub(crate) fn new(services: Services) -> Self {
        Self {
            services,
            conversations: Nursery::default(),
            twins: Nursery::default(),
        }
    }

    fn start_child<C: Child>(&mut self, key: C::Key, context: &mut Context<Self>) {
        let wait = C::nursery(self).wait(key);
        let supervisor = context.address();
        let services = self.services.clone();
        let loaded = async move {
            tokio::time::sleep(wait).await;
            C::wake(key, services).await
        };
        let started = loaded.into_actor(self).map(move |loaded, this, _| {
            let outcome = loaded.map(|mut child: C| {
                child.hold(LifeLine {
                    key,
                    supervisor,
                    born: Instant::now(),
                    stopped: false,
                });
                let addr = child.start();
                let directory = C::directory(&this.services.directory);
                directory.insert(key, addr.clone());
                metrics::awake(C::KIND, directory.len());
                addr
            });
            for waiter in C::nursery(this).starting.remove(&key).unwrap_or_default() {
                // Whoever asked may have gone.
                let _ = waiter.send(outcome.clone());
            }
        });
        context.spawn(started);
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(SUPERVISOR_MAILBOX_MAX);
    }
}

/// Gives the child's address, starting it if need be.
pub(crate) struct Wake<C: Child>(pub(crate) C::Key);

impl<C: Child> Message for Wake<C> {
    type Result = Result<Addr<C>, WakeError>;
}

impl<C: Child> Handler<Wake<C>> for Supervisor {
    type Result = ResponseFuture<Result<Addr<C>, WakeError>>;

    fn handle(&mut self, Wake(key): Wake<C>, context: &mut Self::Context) -> Self::Result {
        let awake = C::directory(&self.services.directory)
            .get(&key)
            .map(|addr| addr.clone());
        if let Some(addr) = awake.filter(Addr::connected) {
            return Box::pin(async { Ok(addr) });
        }
        let (waiter, started) = oneshot::channel();
        let waiters = C::nursery(self).starting.entry(key).or_default();
        waiters.push(waiter);
        if waiters.len() == 1 {
            self.start_child::<C>(key, context);
        }
        Box::pin(async { started.await.unwrap_or(Err(WakeError::Stopping)) })
    }
}

/// A child has stopped or died.
pub(crate) struct Gone<C: Child> {
    key: C::Key,
    crashed: bool,
    lived: Duration,
}

impl<C: Child> Message for Gone<C> {
    type Result = ();
}

impl<C: Child> Handler<Gone<C>> for Supervisor {
    type Result = ();

    fn handle(&mut self, gone: Gone<C>, context: &mut Self::Context) {
        let directory = C::directory(&self.services.directory);
        directory.remove_if(&gone.key, |_, addr| !addr.connected());
        metrics::awake(C::KIND, directory.len());
        if !gone.crashed {
            C::nursery(self).crashed.remove(&gone.key);
            return;
        }
        let wait = C::nursery(self).note_crash(gone.key, gone.lived);
        metrics::restarted(C::KIND);
        tracing::error!(kind = C::KIND, id = %gone.key, wait_ms = wait.as_millis(), "actor died");
        if C::RESTART {
            let woken = context.address().send(Wake::<C>(gone.key));
            let services = self.services.clone();
            let told = async move {
                if let Ok(Ok(addr)) = woken.await {
                    C::restarted(gone.key, addr, &services.directory);
                }
            };
            context.spawn(told.into_actor(self));
        }
    }
}

impl Child for Conversation {
    type Key = ConversationId;
    const KIND: &'static str = "conversation";
    const RESTART: bool = true;

    fn wake(
        key: ConversationId,
        services: Services,
    ) -> LocalBoxFuture<'static, Result<Self, WakeError>> {
        Box::pin(Self::load(key, services))
    }

    fn hold(&mut self, life_line: LifeLine<Self>) {
        self.life_line = Some(life_line);
    }

    fn restarted(key: ConversationId, addr: Addr<Self>, directory: &Directory) {
        for shard in &directory.shards {
            // A shard whose mailbox is full gets the word by the next publish, which finds its rooms out of step.
            let _ = shard.try_send(ConversationRestarted {
                conversation: key,
                addr: addr.clone(),
            });
        }
    }

    fn directory(directory: &Directory) -> &DashMap<ConversationId, Addr<Self>> {
        &directory.conversations
    }

    fn nursery(supervisor: &mut Supervisor) -> &mut Nursery<Self> {
        &mut supervisor.conversations
    }
}

impl Child for Twin {
    type Key = TwinId;
    const KIND: &'static str = "twin";
    const RESTART: bool = false;

    fn wake(key: TwinId, services: Services) -> LocalBoxFuture<'static, Result<Self, WakeError>> {
        Box::pin(Self::load(key, services))
    }

    fn hold(&mut self, life_line: LifeLine<Self>) {
        self.life_line = Some(life_line);
    }

    fn restarted(_: TwinId, _: Addr<Self>, _: &Directory) {}

    fn directory(directory: &Directory) -> &DashMap<TwinId, Addr<Self>> {
        &directory.twins
    }

    fn nursery(supervisor: &mut Supervisor) -> &mut Nursery<Self> {
        &mut supervisor.twins
    }
}
