//! The actors of one server process, wired from sink to source, and the handle that the process holds on them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix::prelude::*;
use bus::{Bus, BusEvent, Events};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use inference::{Priority, TextForm};
use protocol::{Author, Change, NodeId, ServerFrame, TwinId, UserId, What};
use storage::{ChainLimits, DELETED_ACCOUNT, Erased, Storage};
use tokio::sync::{Semaphore, oneshot};

use crate::bus_event::{self, NodeEvent, all_nodes};
use crate::conversation::{BusArrived, CatchUpWithLog, HandOver, LogReaches, Look, ResumeReplies};
use crate::directory::Directory;
use crate::fan_out::{CheckAccess, Drain, LocalRooms, RoomShard, ShardId, TellPerson};
use crate::inference_pool::{EmbedderAbout, EngineAbout, Forget, InferencePool, Models, PoolError};
use crate::limits::{
    CHECK_ACCESS_USERS_MAX, FORGET_TWINS_MAX, FORGET_WITHIN, LOG_SWEEP_CONVERSATIONS,
    LOG_SWEEP_EVERY, NOTICE_SWEEP_AFTER, NOTICE_SWEEP_EVERY, NOTICE_SWEEP_MAX, NOTICE_SWEEP_SINCE,
    RECAPS_AT_ONCE_MAX, SWEEP_EVERY,
};
use crate::metrics;
use crate::model_pool::embed_with;
use crate::session::Authenticate;
use crate::shared_frame::SharedFrame;
use crate::supervisor::Supervisor;
use crate::twin::LetGo;

/// What a process decides about its actors.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// This process.
    pub node_id: NodeId,
    /// The server pings each connection this often and gives up after two and a half times that.
    pub heartbeat: Duration,
    /// A new connection must identify itself within this time.
    pub identify_within: Duration,
    /// A twin or conversation that nobody has needed for this long is retired.
    pub idle_after: Duration,
    /// How long a message may be unread before those who are not there are told of it.
    pub notify_after: Duration,
    /// Messages that one person may send per minute, all connections together.
    pub sends_per_minute: std::num::NonZeroU32,
    /// Broadcasts that one person may send, all connections together.
    pub broadcasts: Quota,
    /// Tokens of the longest reply.
    pub reply_tokens_max: u32,
    /// Tokens of the longest prompt.
    pub prompt_tokens_max: usize,
    /// Messages of machines in a row, each an answer to the one before, after a message of a person.
    pub chain_hops_max: u32,
    /// Replies to a message of a person and to the machines that answer it, all together.
    pub chain_replies_max: u32,
    /// Tokens that are generated for those replies.
    pub chain_tokens_max: u32,
}

impl NodeConfig {
    /// The settings that fit most: a heartbeat below the 60 s after which proxies cut idle connections, and with which a
    /// dead peer is found within 60 s.
    pub fn new(node_id: NodeId) -> Self {
        Self {
            node_id,
            heartbeat: Duration::from_secs(20),
            identify_within: Duration::from_secs(10),
            idle_after: Duration::from_secs(300),
            notify_after: Duration::from_secs(10),
            sends_per_minute: std::num::NonZeroU32::new(100).expect("100 is not zero"),
            broadcasts: Quota::per_second(std::num::NonZeroU32::new(100).expect("100 is not zero")),
            reply_tokens_max: 256,
            prompt_tokens_max: 1_024,
            chain_hops_max: 4,
            chain_replies_max: 8,
            chain_tokens_max: 2_048,
        }
    }

    /// How far machines may set each other off.
    pub(crate) fn chain_limits(&self) -> ChainLimits {
        ChainLimits {
            hops_max: self.chain_hops_max.into(),
            replies_max: self.chain_replies_max.into(),
            tokens_max: self.chain_tokens_max.into(),
            reply_tokens_max: self.reply_tokens_max.into(),
        }
    }

    /// Tokens that a prompt may have with a model of so many: never so many that a reply of this length does not fit.
    pub fn prompt_tokens_max_for(&self, context_tokens: usize, reply_tokens_max: u32) -> usize {
        let context = context_tokens.saturating_sub(reply_tokens_max as usize);
        self.prompt_tokens_max.min(context)
    }
}

/// Why the actors cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A model does not load.
    #[error("the model cannot be loaded: {0}")]
    Model(String),
    /// The thread of the actors ended.
    #[error("the actors' thread ended while starting")]
    Arbiter,
}

/// What every actor of this node may use; clones share it.
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) config: Arc<NodeConfig>,
    pub(crate) storage: Storage,
    pub(crate) bus: Bus,
    pub(crate) directory: Arc<Directory>,
    pub(crate) pool: Addr<InferencePool>,
    pub(crate) engine: Arc<EngineAbout>,
    pub(crate) embedder: Arc<EmbedderAbout>,
    /// For what is summed up at once.
    pub(crate) recap_places: Arc<Semaphore>,
    draining: Arc<AtomicBool>,
}

impl Services {
    /// Whether the node is about to end: it takes no connections, and begins no replies.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Tells one person something that is for nobody else and may be lost, on all devices and nodes.
    pub(crate) fn tell_person(&self, user: UserId, frame: ServerFrame) {
        let event = NodeEvent::ToPerson {
            user,
            frame: Box::new(frame.clone()),
        };
        self.tell_person_here(user, frame);
        if self.bus.publish(all_nodes(), event.encode()).is_err() {
            metrics::dropped("bus_publish");
        }
    }

    /// Has a twin let go of what it does not know any more, if it is awake.
    fn let_go(&self, id: TwinId) {
        if let Some(twin) = self.directory.awake_twin(id) {
            // One that has no time now reads itself anew before it answers.
            let _ = twin.try_send(LetGo);
        }
    }

    fn tell_person_here(&self, user: UserId, frame: ServerFrame) {
        let frame = SharedFrame::new(frame);
        for shard in &self.directory.shards {
            let tell = TellPerson {
                user,
                frame: frame.clone(),
            };
            if shard.try_send(tell).is_err() {
                metrics::dropped("tell_person");
            }
        }
    }

    fn check_access(&self, users: &[UserId]) {
        for shard in &self.directory.shards {
            for user in users {
                if shard.try_send(CheckAccess { user: *user }).is_err() {
                    metrics::dropped("check_access");
                }
            }
        }
    }
}

/// The running actors; clones share them.
#[derive(Clone)]
pub struct Node {
    services: Services,
    authenticate: Arc<dyn Authenticate>,
    sends: Arc<DefaultKeyedRateLimiter<UserId>>,
    broadcasts: Arc<DefaultKeyedRateLimiter<UserId>>,
    connections: Arc<AtomicU64>,
    next_shard: Arc<AtomicU64>,
    core: ArbiterHandle,
}

impl Node {
    /// Loads the models and starts the actors, on a thread of their own.
    ///
    /// # Errors
    /// [`StartError::Model`] when a model does not load.
    pub async fn start(
        config: NodeConfig,
        storage: Storage,
        bus: Bus,
        events: Events,
        models: Models,
        authenticate: Arc<dyn Authenticate>,
    ) -> Result<Self, StartError> {
        let sends = Arc::new(RateLimiter::keyed(Quota::per_minute(
            config.sends_per_minute,
        )));
        let broadcasts = Arc::new(RateLimiter::keyed(config.broadcasts));
        let core = Arbiter::new().handle();
        let (started, services) = oneshot::channel();
        core.spawn(async move {
            // The process waits for this; where it does not, it has given up.
            let _ = started.send(start_actors(config, storage, bus, events, models).await);
        });
        let services = services.await.map_err(|_| StartError::Arbiter)??;
        Ok(Self {
            services,
            authenticate,
            sends,
            broadcasts,
            connections: Arc::default(),
            next_shard: Arc::default(),
            core,
        })
    }

    /// The part of the fan-out that serves the calling thread; each worker thread calls this once.
    pub fn worker(&self) -> WorkerNode {
        let id = ShardId(self.next_shard.fetch_add(1, Ordering::Relaxed));
        let rooms = LocalRooms::default();
        let shard = RoomShard::new(id, rooms.clone(), self.services.directory.clone()).start();
        self.services.directory.shards.insert(id, shard.clone());
        if self.is_draining() {
            let _ = shard.try_send(Drain);
        }
        WorkerNode {
            node: self.clone(),
            id,
            rooms,
            shard,
        }
    }

    /// Embeds texts, in the order given: one L2-normalised vector each.
    ///
    /// # Errors
    /// What the pool says; `Overloaded` names when to try again.
    pub async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, PoolError> {
        self.embed_as(TextForm::Plain, Priority::Person, texts)
            .await
    }

    /// Embeds the pieces of a document, as passages; questions go before them.
    ///
    /// # Errors
    /// As [`Node::embed`].
    pub async fn embed_document(&self, pieces: Vec<String>) -> Result<Vec<Vec<f32>>, PoolError> {
        self.embed_as(TextForm::Passage, Priority::Background, pieces)
            .await
    }

    async fn embed_as(
        &self,
        form: TextForm,
        priority: Priority,
        texts: Vec<String>,
    ) -> Result<Vec<Vec<f32>>, PoolError> {
        embed_with(&self.services.pool, form, priority, texts).await
    }

    /// Makes the engines forget what they computed of the prompts of these twins: their personas, passages and conversations.
    /// Twins that are awake let go of what they do not know any more.
    ///
    /// Waits until the engines of this node have forgotten, at most [`FORGET_WITHIN`], and says whether they have; the other nodes are
    /// told.
    pub async fn forget(&self, twins: &[TwinId]) -> bool {
        for some in twins.chunks(FORGET_TWINS_MAX) {
            let event = NodeEvent::Forget(some.to_vec());
            if let Err(error) = self.services.bus.publish(all_nodes(), event.encode()) {
                tracing::warn!(%error, "other nodes are not told what to forget");
            }
        }
        for twin in twins {
            self.services.let_go(*twin);
        }
        let asked: Vec<_> = (twins.iter())
            .map(|twin| self.services.pool.send(Forget::of(*twin)))
            .collect();
        let all = async {
            let mut all = true;
            for answer in asked {
                // A pool that has stopped has no engines any more.
                all &= answer.await.unwrap_or(true);
            }
            all
        };
        let forgotten = tokio::time::timeout(FORGET_WITHIN, all).await == Ok(true);
        if !forgotten {
            tracing::warn!(twins = twins.len(), "engines are late to forget");
        }
        forgotten
    }

    /// Tells those who follow conversations, on every node, what was erased there with an account.
    pub fn tell_erased(&self, account: UserId, erased: &[Erased], at: i64) {
        for newest in erased {
            let id = newest.conversation_id;
            let change = Change {
                conversation_id: id,
                seq: newest.seq,
                author: Author::User {
                    id: account,
                    name: DELETED_ACCOUNT.to_owned(),
                },
                created_at: at,
                client_id: None,
                what: What::Deleted {
                    message_id: newest.message_id,
                },
            };
            // The others see a gap before it, and read the log.
            let payload = bus_event::encode_frame(&ServerFrame::Change(change));
            if self.services.bus.publish(id, payload).is_err() {
                metrics::dropped("bus_publish");
            }
            if let Some(conversation) = self.services.directory.awake_conversation(id) {
                // One that has no time now is told by the next look at the logs.
                let _ = conversation.try_send(LogReaches(newest.seq));
            }
        }
    }

    /// Has the connections of people whose accounts were changed or whose log-ins were ended, and of bots that were deleted, ask
    /// who they are and whether they may stay: those of this node, and of the others. Connections ask by themselves too, but seldom.
    pub fn check_access(&self, users: &[UserId]) {
        self.services.check_access(users);
        for some in users.chunks(CHECK_ACCESS_USERS_MAX) {
            let event = NodeEvent::CheckAccess(some.to_vec());
            if let Err(error) = self.services.bus.publish(all_nodes(), event.encode()) {
                tracing::warn!(%error, "other nodes learn late which connections to close");
            }
        }
    }

    /// Tells one person something that is for nobody else and may be lost, on all devices and nodes.
    pub fn tell_person(&self, user: UserId, frame: ServerFrame) {
        self.services.tell_person(user, frame);
    }

    /// This process.
    pub fn id(&self) -> NodeId {
        self.services.config.node_id
    }

    /// What the text engines are.
    pub fn engine(&self) -> &EngineAbout {
        &self.services.engine
    }

    /// What the embedder is.
    pub fn embedder(&self) -> &EmbedderAbout {
        &self.services.embedder
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// Whether the pool still takes work.
    pub fn is_pool_alive(&self) -> bool {
        self.services.pool.connected()
    }

    /// Whether [`Node::drain`] has begun: no new connections.
    pub fn is_draining(&self) -> bool {
        self.services.is_draining()
    }

    /// Connections that are open now.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Tells every connection to come back elsewhere, hands the running replies over, and waits until the connections
    /// have gone, at most `within`.
    pub async fn drain(&self, within: Duration) {
        self.services.draining.store(true, Ordering::Release);
        for shard in &self.services.directory.shards {
            let _ = shard.try_send(Drain);
        }
        let handed_over: Vec<_> = self
            .services
            .directory
            .conversations
            .iter()
            .map(|conversation| conversation.send(HandOver))
            .collect();
        let all = async {
            for conversation in handed_over {
                // A conversation that has stopped has nothing to hand over.
                let _ = conversation.await;
            }
            self.release_replies().await;
            let mut look = tokio::time::interval(Duration::from_millis(20));
            while self.connections() > 0 {
                look.tick().await;
            }
        };
        if tokio::time::timeout(within, all).await.is_err() {
            tracing::warn!(
                connections = self.connections(),
                "connections were still open at the end of the drain"
            );
        }
    }

    /// Gives back the leases of all replies of this node, begun or not, so that other nodes need not wait until they are over.
    pub async fn release_replies(&self) {
        let storage = &self.services.storage;
        let node = self.services.config.node_id;
        let released = storage.release_replies(node, storage.lease_now()).await;
        if let Err(error) = released {
            tracing::warn!(%error, "replies cannot be handed over before their leases are over");
        }
    }

    /// Ends the actors' thread.
    pub fn stop(&self) {
        self.core.stop();
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = &self.services.config.node_id;
        formatter.debug_tuple("Node").field(node).finish()
    }
}

/// A node as one worker thread sees it.
#[derive(Clone)]
pub struct WorkerNode {
    node: Node,
    id: ShardId,
    rooms: LocalRooms,
    shard: Addr<RoomShard>,
}

impl WorkerNode {
    /// The whole node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    pub(crate) fn services(&self) -> &Services {
        &self.node.services
    }

    pub(crate) fn authenticate(&self) -> &dyn Authenticate {
        &*self.node.authenticate
    }

    pub(crate) fn sends(&self) -> &DefaultKeyedRateLimiter<UserId> {
        &self.node.sends
    }

    pub(crate) fn broadcasts(&self) -> &DefaultKeyedRateLimiter<UserId> {
        &self.node.broadcasts
    }

    pub(crate) fn shard_id(&self) -> ShardId {
        self.id
    }

    pub(crate) fn rooms(&self) -> &LocalRooms {
        &self.rooms
    }

    pub(crate) fn shard(&self) -> &Addr<RoomShard> {
        &self.shard
    }

    pub(crate) fn count_connection(&self) -> ConnectionCount {
        self.node.connections.fetch_add(1, Ordering::Relaxed);
        ConnectionCount(self.node.connections.clone())
    }
}

/// Counts one connection for as long as it lives.
pub(crate) struct ConnectionCount(Arc<AtomicU64>);

impl Drop for ConnectionCount {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The wall clock in UTC milliseconds since 1970: for display, never for order, nor for leases.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

async fn start_actors(
    config: NodeConfig,
    storage: Storage,
    bus: Bus,
    events: Events,
    models: Models,
) -> Result<Services, StartError> {
    let (pool, engine, embedder) = InferencePool::start(models)
        .await
        .map_err(StartError::Model)?;
    let services = Services {
        config: Arc::new(config),
        storage,
        bus,
        directory: Arc::default(),
        pool,
        engine: Arc::new(engine),
        embedder: Arc::new(embedder),
        recap_places: Arc::new(Semaphore::new(RECAPS_AT_ONCE_MAX)),
        draining: Arc::default(),
    };
    let supervisor = Supervisor::new(services.clone()).start();
    services.directory.set_supervisor(supervisor);
    actix::spawn(listen_to_bus(services.clone(), events));
    actix::spawn(sweep(services.clone()));
    if services.bus.may_lose() {
        actix::spawn(sweep_logs(services.clone()));
    }
    actix::spawn(sweep_for_notices(services.clone()));
    Ok(services)
}

/// Brings what other nodes published to the conversations that are awake here.
async fn listen_to_bus(services: Services, mut events: Events) {
    let bus = services.bus.clone();
    actix::spawn(async move {
        if let Err(error) = bus.subscribe(all_nodes()).await {
            // The bus makes the subscription when it is back.
            tracing::warn!(%error, "what other nodes delete is not heard yet");
        }
    });
    while let Some(event) = events.recv().await {
        match event {
            BusEvent::Event {
                conversation_id,
                payload,
            } if conversation_id == all_nodes() => match NodeEvent::decode(&payload) {
                Some(NodeEvent::Forget(twins)) => {
                    for twin in twins {
                        services.let_go(twin);
                        if services.pool.try_send(Forget::of(twin)).is_err() {
                            metrics::dropped("forget");
                        }
                    }
                }
                Some(NodeEvent::CheckAccess(users)) => services.check_access(&users),
                Some(NodeEvent::ToPerson { user, frame }) => {
                    services.tell_person_here(user, *frame);
                }
                _ => {}
            },
            BusEvent::Event {
                conversation_id,
                payload,
            } => {
                let Some(addr) = services.directory.awake_conversation(conversation_id) else {
                    continue;
                };
                if addr.try_send(BusArrived(payload)).is_err() {
                    // It reads the log at the next gap; what is lost is at most a piece of a reply.
                    metrics::dropped("bus_event");
                }
            }
            BusEvent::Reconnected | BusEvent::Lagged => {
                for conversation in &services.directory.conversations {
                    let _ = conversation.try_send(CatchUpWithLog);
                }
            }
        }
    }
}

/// Finds replies that were ordered and never finished, here or on a node that died, and has them written.
async fn sweep(services: Services) {
    let mut tick = tokio::time::interval(SWEEP_EVERY);
    loop {
        tick.tick().await;
        if services.is_draining() {
            return;
        }
        // A clock that cannot be looked at now goes on as it did.
        if let Err(error) = services.storage.look_at_lease_clock().await {
            tracing::warn!(%error, "the database's clock cannot be looked at");
        }
        let now = services.storage.lease_now();
        let expired = match services.storage.expired_replies(now, 64).await {
            Ok(expired) => expired,
            Err(error) => {
                tracing::warn!(%error, "unfinished replies cannot be looked for");
                continue;
            }
        };
        for order in expired {
            match services.directory.conversation(order.conversation_id).await {
                Ok(conversation) => {
                    let _ = conversation.try_send(ResumeReplies);
                }
                Err(error) => {
                    tracing::warn!(%error, conversation = %order.conversation_id, "unfinished reply")
                }
            }
        }
    }
}

/// Looks how far the logs of the conversations go that are awake here: other nodes' events may be lost, or late for as long as the bus is
/// gone.
async fn sweep_logs(services: Services) {
    let mut tick = tokio::time::interval(LOG_SWEEP_EVERY);
    loop {
        tick.tick().await;
        let conversations = services.directory.conversations.iter();
        let awake: Vec<_> = conversations.map(|one| *one.key()).collect();
        for some in awake.chunks(LOG_SWEEP_CONVERSATIONS) {
            let seqs = match services.storage.last_seqs(some).await {
                Ok(seqs) => seqs,
                Err(error) => {
                    tracing::warn!(%error, "it cannot be looked how far the logs go");
                    break;
                }
            };
            for (id, seq) in some.iter().zip(seqs) {
                if let Some(conversation) = services.directory.awake_conversation(*id) {
                    // One that has no time now is told the next time.
                    let _ = conversation.try_send(LogReaches(seq));
                }
            }
        }
    }
}

/// Finds conversations that nobody has looked through for what people have missed, since their node died, and wakes them.
async fn sweep_for_notices(services: Services) {
    let mut tick = tokio::time::interval(NOTICE_SWEEP_EVERY);
    loop {
        tick.tick().await;
        let age = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let until = now_ms() - age(services.config.notify_after + NOTICE_SWEEP_AFTER);
        let since = until - age(NOTICE_SWEEP_SINCE);
        let found = services
            .storage
            .unnoticed_conversations(since, until, NOTICE_SWEEP_MAX);
        let found = match found.await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "what people have missed cannot be looked for");
                continue;
            }
        };
        for id in found {
            match services.directory.conversation(id).await {
                Ok(conversation) => {
                    let _ = conversation.try_send(Look);
                }
                Err(error) => {
                    tracing::warn!(%error, conversation = %id, "nobody is told what they have missed")
                }
            }
        }
    }
}
