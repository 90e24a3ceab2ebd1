//! The pool of connections for request/response commands.

use std::sync::Arc;

use bb8::{ErrorSink, ManageConnection, Pool, RunError};
use bb8_redis::redis::{self, RedisError, aio::MultiplexedConnection};
use tokio::sync::broadcast;

use super::Server;
use crate::BusError;
use crate::limits::{CONNECT_TIMEOUT, POOL_CONNECTIONS_MAX};

/// Connections for request/response commands.
///
/// They are not tried on every checkout, which would double the cost of each command. A command that fails marks its
/// connection broken instead, and the pool replaces it.
#[derive(Debug)]
pub(super) struct RedisPool {
    connections: Pool<Manager>,
    server: Server,
    failures: Failures,
}

impl RedisPool {
    pub(super) fn new(server: Server) -> Self {
        let failures = Failures(broadcast::Sender::new(1));
        let connections = Pool::builder()
            .max_size(POOL_CONNECTIONS_MAX)
            .connection_timeout(CONNECT_TIMEOUT)
            .test_on_check_out(false)
            .error_sink(Box::new(failures.clone()))
            .build_unchecked(Manager {
                server: server.clone(),
            });
        Self {
            connections,
            server,
            failures,
        }
    }

    /// Asks the server for a sign of life.
    pub(super) async fn ping(&self) -> Result<(), BusError> {
        let mut pooled = tokio::select! {
            pooled = self.connections.get() => pooled.map_err(|error| match error {
                RunError::User(error) => self.server.unavailable(error),
                RunError::TimedOut => self.server.unavailable("no connection in time"),
            })?,
            // The pool itself would try until the time runs out, and then not say why.
            error = self.failures.next() => return Err(self.server.unavailable(error)),
        };
        pooled.ping().await.map_err(|error| {
            pooled.broken = true;
            self.server.unavailable(error)
        })
    }
}

#[derive(Debug)]
struct Manager {
    server: Server,
}

#[derive(Debug)]
struct PooledConnection {
    connection: MultiplexedConnection,
    broken: bool,
}

impl PooledConnection {
    async fn ping(&mut self) -> Result<(), RedisError> {
        redis::cmd("PING").query_async(&mut self.connection).await
    }
}

impl ManageConnection for Manager {
    type Connection = PooledConnection;
    type Error = RedisError;

    async fn connect(&self) -> Result<PooledConnection, RedisError> {
        let connection = self.server.connect(&Server::connection_config()).await?;
        Ok(PooledConnection {
            connection,
            broken: false,
        })
    }

    async fn is_valid(&self, pooled: &mut PooledConnection) -> Result<(), RedisError> {
        pooled.ping().await
    }

    fn has_broken(&self, pooled: &mut PooledConnection) -> bool {
        pooled.broken
    }
}

/// Tells those who wait for a connection why the pool could not make one.
#[derive(Debug, Clone)]
struct Failures(broadcast::Sender<Arc<RedisError>>);

impl Failures {
    /// The pool's next failure to connect.
    async fn next(&self) -> Arc<RedisError> {
        match self.0.subscribe().recv().await {
            Ok(error) => error,
            // A later failure overtook it, or there will be none.
            Err(_) => std::future::pending().await,
        }
    }
}

impl ErrorSink<RedisError> for Failures {
    fn sink(&self, error: RedisError) {
        // Fails when nobody waits, who then needs no reason.
        let _ = self.0.send(Arc::new(error));
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<RedisError>> {
        Box::new(self.clone())
    }
}
