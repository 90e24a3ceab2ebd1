//! The one listener: holds the subscriptions, and makes them anew when its connection is lost.

use std::collections::HashSet;
use std::sync::Arc;

use bb8_redis::redis::{self, PushInfo, PushKind, RedisError, Value, aio::MultiplexedConnection};
use bytes::Bytes;
use protocol::ConversationId;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, info, warn};

use super::Server;
use super::backoff::Backoff;
use super::channel::{Channels, Incoming};
use crate::hub::deliver;
use crate::limits::{HEALTH_INTERVAL, RESUBSCRIBE_CHANNELS_MAX};
use crate::metrics::{self, Connection};
use crate::queue::{Full, Sender};
use crate::{BusError, BusEvent};

/// How an order is answered.
pub(super) type Done = oneshot::Sender<Result<(), BusError>>;

/// An order to follow a conversation or to follow it no longer.
#[derive(Debug)]
pub(super) struct Order {
    conversation_id: ConversationId,
    follow: Follow,
    done: Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follow {
    Begin,
    End,
}

impl Order {
    pub(super) fn subscribe(conversation_id: ConversationId, done: Done) -> Self {
        Self {
            conversation_id,
            follow: Follow::Begin,
            done,
        }
    }

    pub(super) fn unsubscribe(conversation_id: ConversationId, done: Done) -> Self {
        Self {
            conversation_id,
            follow: Follow::End,
            done,
        }
    }
}

/// Holds the dedicated connection that hears.
///
/// 1. It connects and subscribes to everything that is followed; after a loss it then says `Reconnected`.
/// 2. It carries out orders and answers them when Redis has confirmed; events go straight from the connection to the
///    node's queue.
/// 3. When the connection is lost, or a silent one does not answer, it begins again after a wait, in which orders are
///    remembered and answered with `Unavailable`.
pub(super) struct Subscriber {
    server: Server,
    channels: Channels,
    orders: mpsc::Receiver<Order>,
    events: Sender<BusEvent>,
    followed: HashSet<ConversationId>,
}

/// Why the subscriber stopped listening.
enum Stopped {
    /// The last bus handle is gone.
    Finished,
    /// The connection is lost.
    Lost(RedisError),
}

impl Subscriber {
    pub(super) fn new(
        server: Server,
        channels: Channels,
        orders: mpsc::Receiver<Order>,
        events: Sender<BusEvent>,
    ) -> Self {
        Self {
            server,
            channels,
            orders,
            events,
            followed: HashSet::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::new();
        let mut failing = false;
        loop {
            let error = match self.listen(&mut failing, &mut backoff).await {
                Stopped::Finished => return,
                Stopped::Lost(error) => error,
            };
            if !failing {
                failing = true;
                warn!(address = %self.server.address, connection = "subscriber", %error, "redis is unavailable");
            }
            let until = Instant::now() + backoff.next(rand::random());
            if self.refuse_orders(until, &error).await.is_none() {
                return;
            }
        }
    }

    async fn listen(&mut self, failing: &mut bool, backoff: &mut Backoff) -> Stopped {
        let disconnected = Arc::new(Notify::new());
        let mut connection = match self.connect(&disconnected).await {
            Ok(connection) => connection,
            Err(error) => return Stopped::Lost(error),
        };
        if *failing {
            *failing = false;
            metrics::reconnected(Connection::Subscriber);
            info!(address = %self.server.address, connection = "subscriber", "redis is back");
            if let Err(Full) = self.events.try_send(BusEvent::Reconnected, 0) {
                self.events.report_loss();
            }
        }
        let mut orders = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = disconnected.notified() => return Stopped::Lost(connection_lost()),
                taken = self.orders.recv_many(&mut orders, RESUBSCRIBE_CHANNELS_MAX) => {
                    if taken == 0 {
                        return Stopped::Finished;
                    }
                    if let Err(error) = self.carry_out(&mut connection, &mut orders).await {
                        return Stopped::Lost(error);
                    }
                    backoff.reset();
                }
                () = sleep(HEALTH_INTERVAL) => {
                    let alive: Result<(), RedisError> = redis::cmd("PING").query_async(&mut connection).await;
                    if let Err(error) = alive {
                        return Stopped::Lost(error);
                    }
                    backoff.reset();
                }
            }
        }
    }

    /// Connects, and subscribes to everything that is followed.
    async fn connect(
        &self,
        disconnected: &Arc<Notify>,
    ) -> Result<MultiplexedConnection, RedisError> {
        let ear = Ear {
            channels: self.channels.clone(),
            events: self.events.clone(),
            disconnected: Arc::clone(disconnected),
        };
        let hear = move |push: PushInfo| {
            ear.hear(push);
            Ok::<(), redis::aio::SendError>(())
        };
        let config = Server::connection_config().set_push_sender(hear);
        let mut connection = self.server.connect(&config).await?;
        let followed = self.followed.iter().copied();
        let mut channels: Vec<String> = followed.map(|id| self.channels.conversation(id)).collect();
        channels.push(self.channels.loss().to_owned());
        for some in channels.chunks(RESUBSCRIBE_CHANNELS_MAX) {
            connection.subscribe(some).await?;
        }
        Ok(connection)
    }

    /// Carries out orders that came together with at most one command of each kind. The last order about a
    /// conversation counts: those before it were not yet answered, so nobody has relied on them.
    async fn carry_out(
        &mut self,
        connection: &mut MultiplexedConnection,
        orders: &mut Vec<Order>,
    ) -> Result<(), RedisError> {
        let before: HashSet<ConversationId> = orders
            .iter()
            .map(|order| order.conversation_id)
            .filter(|conversation_id| self.followed.contains(conversation_id))
            .collect();
        for order in &*orders {
            self.remember(order);
        }
        let mut begin = HashSet::new();
        let mut end = HashSet::new();
        for conversation_id in orders.iter().map(|order| order.conversation_id) {
            match (
                before.contains(&conversation_id),
                self.followed.contains(&conversation_id),
            ) {
                (false, true) => begin.insert(self.channels.conversation(conversation_id)),
                (true, false) => end.insert(self.channels.conversation(conversation_id)),
                (true, true) | (false, false) => false,
            };
        }
        let result = async {
            if !begin.is_empty() {
                connection.subscribe(Vec::from_iter(begin)).await?;
            }
            if !end.is_empty() {
                connection.unsubscribe(Vec::from_iter(end)).await?;
            }
            Ok(())
        }
        .await;
        for order in orders.drain(..) {
            self.answer(order, &result);
        }
        result
    }

    /// Remembers and refuses orders until then; `None` when the last bus handle is gone.
    async fn refuse_orders(&mut self, until: Instant, error: &RedisError) -> Option<()> {
        loop {
            tokio::select! {
                biased;
                () = sleep_until(until) => return Some(()),
                order = self.orders.recv() => {
                    let order = order?;
                    self.remember(&order);
                    self.answer(order, &Err(error.clone()));
                }
            }
        }
    }

    fn remember(&mut self, order: &Order) {
        match order.follow {
            Follow::Begin => self.followed.insert(order.conversation_id),
            Follow::End => self.followed.remove(&order.conversation_id),
        };
    }

    fn answer(&self, order: Order, result: &Result<(), RedisError>) {
        let answer = match result {
            Ok(()) => Ok(()),
            Err(error) => Err(self.server.unavailable(error)),
        };
        if order.done.send(answer).is_err() {
            debug!(conversation_id = %order.conversation_id, "nobody waits for a subscription any more");
        }
    }
}

/// What the connection calls, on its own task, for whatever the server sends unasked.
struct Ear {
    channels: Channels,
    events: Sender<BusEvent>,
    disconnected: Arc<Notify>,
}

impl Ear {
    fn hear(&self, push: PushInfo) {
        match push.kind {
            PushKind::Message => self.hear_message(push.data),
            PushKind::Disconnection => self.disconnected.notify_one(),
            _ => {}
        }
    }

    fn hear_message(&self, data: Vec<Value>) {
        let Ok([Value::BulkString(channel), Value::BulkString(envelope)]) =
            <[Value; 2]>::try_from(data)
        else {
            return;
        };
        match self.channels.open(&channel, Bytes::from(envelope)) {
            Incoming::Event {
                conversation_id,
                payload,
            } => deliver(&self.events, conversation_id, payload),
            Incoming::Loss => self.events.report_loss(),
            Incoming::Own => {}
            Incoming::Foreign => {
                let channel = String::from_utf8_lossy(&channel);
                debug!(%channel, "a message on the bus is not ours");
            }
        }
    }
}

fn connection_lost() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()
}
