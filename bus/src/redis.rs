//! The bus over Redis: a channel per conversation, one connection that publishes, one that hears and a small pool
//! for request/response commands.

mod backoff;
mod channel;
mod pool;
mod publisher;
mod subscriber;

use std::fmt;
use std::sync::Arc;

use bb8_redis::redis::{
    self, AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion,
    RedisConnectionInfo, RedisError, io::tcp::TcpSettings,
};
use bytes::Bytes;
use protocol::{ConversationId, NodeId};
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::channel::Channels;
use self::pool::RedisPool;
use self::publisher::{Outgoing, Publisher};
use self::subscriber::{Order, Subscriber};
use crate::limits::{
    ANSWER_TIMEOUT, CONNECT_TIMEOUT, EVENTS_BYTES_MAX, EVENTS_MAX, ORDERS_MAX,
    PUBLISH_QUEUE_BYTES_MAX, PUBLISH_QUEUE_MAX,
};
use crate::metrics::{self, DropReason};
use crate::queue::{self, Full, Receiver, Sender};
use crate::{BusError, BusEvent};

/// Where Redis is.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// The host's name or address.
    pub host: String,
    /// The port, usually 6379.
    pub port: u16,
    /// The number of the database. Channels are shared by all databases of a server; keys are not.
    pub db: u32,
    /// The password, where the server asks for one.
    pub password: Option<String>,
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map(|_| "…");
        formatter
            .debug_struct("RedisConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("db", &self.db)
            .field("password", &password)
            .finish()
    }
}

/// A node's end of the bus over Redis.
#[derive(Debug)]
pub(crate) struct RedisBus {
    outgoing: Sender<Outgoing>,
    orders: mpsc::Sender<Order>,
    pool: RedisPool,
    server: Server,
}

impl RedisBus {
    pub(crate) fn start(
        config: &RedisConfig,
        node: NodeId,
        app: &str,
    ) -> Result<(Self, Receiver<BusEvent>), BusError> {
        let server = Server::new(config)?;
        let channels = Channels::new(app, node)?;
        let (outgoing, to_publish) = queue::bounded(PUBLISH_QUEUE_MAX, PUBLISH_QUEUE_BYTES_MAX);
        let (orders, to_subscribe) = mpsc::channel(ORDERS_MAX);
        let (events, received) = queue::bounded(EVENTS_MAX, EVENTS_BYTES_MAX);

        let publisher = Publisher::new(server.clone(), channels.clone(), to_publish);
        let subscriber = Subscriber::new(server.clone(), channels, to_subscribe, events);
        tokio::spawn(publisher.run());
        tokio::spawn(subscriber.run());
        let bus = Self {
            outgoing,
            orders,
            pool: RedisPool::new(server.clone()),
            server,
        };
        Ok((bus, received))
    }

    pub(crate) fn publish(
        &self,
        conversation_id: ConversationId,
        payload: Bytes,
    ) -> Result<(), BusError> {
        let bytes = payload.len();
        let outgoing = Outgoing {
            conversation_id,
            payload,
            handed_over: Instant::now(),
        };
        self.outgoing.try_send(outgoing, bytes).map_err(|Full| {
            metrics::dropped(DropReason::QueueFull, 1);
            self.outgoing.report_loss();
            BusError::Full
        })
    }

    pub(crate) async fn subscribe(&self, conversation_id: ConversationId) -> Result<(), BusError> {
        self.order(|done| Order::subscribe(conversation_id, done))
            .await
    }

    pub(crate) async fn unsubscribe(
        &self,
        conversation_id: ConversationId,
    ) -> Result<(), BusError> {
        self.order(|done| Order::unsubscribe(conversation_id, done))
            .await
    }

    pub(crate) async fn ping(&self) -> Result<(), BusError> {
        self.pool.ping().await
    }

    async fn order(&self, order: impl FnOnce(subscriber::Done) -> Order) -> Result<(), BusError> {
        let (done, answer) = tokio::sync::oneshot::channel();
        if self.orders.send(order(done)).await.is_err() {
            return Err(self.server.unavailable("the subscriber has ended"));
        }
        match answer.await {
            Ok(result) => result,
            Err(_) => Err(self.server.unavailable("the subscriber has ended")),
        }
    }
}

/// How to reach the server.
#[derive(Debug, Clone)]
struct Server {
    client: Client,
    address: Arc<str>,
}

impl Server {
    fn new(config: &RedisConfig) -> Result<Self, BusError> {
        if config.host.is_empty() {
            return Err(BusError::InvalidConfig("the host is empty".to_owned()));
        }
        let mut settings = RedisConnectionInfo::default()
            .set_db(i64::from(config.db))
            .set_protocol(ProtocolVersion::RESP3);
        if let Some(password) = &config.password {
            settings = settings.set_password(password);
        }
        let address = ConnectionAddr::Tcp(config.host.clone(), config.port);
        let invalid = |error: RedisError| BusError::InvalidConfig(error.to_string());
        let info = address
            .into_connection_info()
            .map_err(invalid)?
            .set_redis_settings(settings)
            .set_tcp_settings(TcpSettings::default().set_nodelay(true));
        Ok(Self {
            client: Client::open(info).map_err(invalid)?,
            address: format!("{}:{}", config.host, config.port).into(),
        })
    }

    /// What every connection has: a limit for connecting and one for each answer.
    fn connection_config() -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(ANSWER_TIMEOUT))
    }

    async fn connect(
        &self,
        config: &AsyncConnectionConfig,
    ) -> Result<redis::aio::MultiplexedConnection, RedisError> {
        self.client
            .get_multiplexed_async_connection_with_config(config)
            .await
    }

    fn unavailable(&self, reason: impl fmt::Display) -> BusError {
        BusError::Unavailable {
            address: self.address.to_string(),
            reason: reason.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let config = RedisConfig {
            host: "localhost".to_owned(),
            port: 6379,
            db: 0,
            password: Some("open sesame".to_owned()),
        };
        let server = Server::new(&config).unwrap();
        let printed = format!("{config:?} {server:?}");
        assert!(!printed.contains("sesame"), "{printed}");
    }
}
