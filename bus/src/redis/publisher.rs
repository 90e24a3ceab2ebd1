//! The one writer: takes events from the queue and publishes them in pipelines over one long-lived connection.

use bb8_redis::redis::{self, RedisError, aio::MultiplexedConnection};
use bytes::Bytes;
use protocol::ConversationId;
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use super::Server;
use super::backoff::Backoff;
use super::channel::Channels;
use crate::limits::{LOSS_NOTICE_INTERVAL, PIPELINE_EVENTS_MAX};
use crate::metrics::{self, Connection, DropReason};
use crate::queue::{Received, Receiver};

/// An event on its way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) conversation_id: ConversationId,
    pub(super) payload: Bytes,
    /// When it was handed to the bus.
    pub(super) handed_over: Instant,
}

/// Publishes what stands in the queue, in its order, until the last sender is gone.
///
/// 1. It waits for an event, takes up to [`PIPELINE_EVENTS_MAX`] that stand behind it, and sends them in one round trip.
/// 2. When Redis cannot be reached it drops what is in the queue and what comes, because the log has it all and old
///    hints are worth less than the memory they hold; meanwhile it tries to connect again.
/// 3. Whatever it dropped, or the full queue refused, the other nodes are told that something is missing.
pub(super) struct Publisher {
    server: Server,
    channels: Channels,
    outgoing: Receiver<Outgoing>,
    loss_notice: LossNotice,
}

impl Publisher {
    pub(super) fn new(server: Server, channels: Channels, outgoing: Receiver<Outgoing>) -> Self {
        Self {
            server,
            channels,
            outgoing,
            loss_notice: LossNotice::default(),
        }
    }

    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::new();
        let mut failing = false;
        loop {
            let error = match self.server.connect(&Server::connection_config()).await {
                Ok(connection) => {
                    if failing {
                        failing = false;
                        metrics::reconnected(Connection::Publisher);
                        info!(address = %self.server.address, connection = "publisher", "redis is back");
                    }
                    match self.serve(connection, &mut backoff).await {
                        Ok(()) => return,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            if !failing {
                failing = true;
                warn!(address = %self.server.address, connection = "publisher", %error, "redis is unavailable");
            }
            let until = Instant::now() + backoff.next(rand::random());
            if self.drop_events(until).await.is_none() {
                return;
            }
        }
    }

    /// Publishes until the queue is closed (`Ok`) or the connection fails.
    async fn serve(
        &mut self,
        mut connection: MultiplexedConnection,
        backoff: &mut Backoff,
    ) -> Result<(), RedisError> {
        let mut envelope = Vec::new();
        loop {
            let first = tokio::select! {
                biased;
                () = self.loss_notice.due() => None,
                received = self.outgoing.recv() => match received {
                    Some(Received::Item(first)) => Some(first),
                    Some(Received::Loss) => {
                        self.loss_notice.demand();
                        continue;
                    }
                    None => return Ok(()),
                },
            };
            let Some(first) = first else {
                self.channels.seal(&[], &mut envelope);
                publish(&mut connection, self.channels.loss(), &envelope).await?;
                self.loss_notice.given();
                continue;
            };

            let mut round = redis::pipe();
            let mut handed_over = Vec::new();
            let mut next = Some(first);
            while let Some(event) = next {
                self.channels.seal(&event.payload, &mut envelope);
                let channel = self.channels.conversation(event.conversation_id);
                round.publish(channel, &envelope[..]).ignore();
                handed_over.push(event.handed_over);
                next = match handed_over.len() {
                    PIPELINE_EVENTS_MAX => None,
                    _ => self.outgoing.try_recv(),
                };
            }
            match round.exec_async(&mut connection).await {
                Ok(()) => {
                    metrics::published(&handed_over);
                    backoff.reset();
                }
                Err(error) => {
                    self.lose(handed_over.len());
                    return Err(error);
                }
            }
        }
    }

    /// Drops what is queued and what comes until then; `None` when the queue is closed.
    async fn drop_events(&mut self, until: Instant) -> Option<()> {
        loop {
            tokio::select! {
                biased;
                () = sleep_until(until) => return Some(()),
                received = self.outgoing.recv() => match received? {
                    Received::Item(_) => self.lose(1),
                    Received::Loss => self.loss_notice.demand(),
                },
            }
        }
    }

    fn lose(&mut self, events: usize) {
        metrics::dropped(DropReason::Unavailable, events);
        self.loss_notice.demand();
    }
}

async fn publish(
    connection: &mut MultiplexedConnection,
    channel: &str,
    envelope: &[u8],
) -> Result<(), RedisError> {
    redis::cmd("PUBLISH")
        .arg(channel)
        .arg(envelope)
        .exec_async(connection)
        .await
}

/// When to tell the other nodes that events of this one are missing: soon, but not often, because each of them then
/// reads the logs of all its conversations.
#[derive(Debug, Default)]
struct LossNotice {
    demanded: bool,
    given_at: Option<Instant>,
}

impl LossNotice {
    fn demand(&mut self) {
        self.demanded = true;
    }

    fn given(&mut self) {
        self.demanded = false;
        self.given_at = Some(Instant::now());
    }

    /// Waits until a notice is due; for ever if none is demanded.
    async fn due(&self) {
        match (self.demanded, self.given_at) {
            (false, _) => std::future::pending().await,
            (true, None) => {}
            (true, Some(given_at)) => sleep_until(given_at + LOSS_NOTICE_INTERVAL).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn notices_of_a_loss_keep_their_distance() {
        let mut notice = LossNotice::default();
        let begin = Instant::now();
        notice.demand();
        notice.due().await;
        assert_eq!(
            begin.elapsed(),
            std::time::Duration::ZERO,
            "the first is given at once"
        );
        notice.given();
        notice.demand();
        notice.due().await;
        assert_eq!(begin.elapsed(), LOSS_NOTICE_INTERVAL);
    }
}
