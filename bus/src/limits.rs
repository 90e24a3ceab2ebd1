//! The limits of the bus, each with its reason.

use std::time::Duration;

/// Bytes of one payload: the largest event is a finished reply, whose text (16 KiB) and quoted sources fit four
/// times over.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// Events that wait to be published: a tenth of a second at the highest rate that one writer reaches, so a queue
/// that is full means a Redis that does not keep up.
pub const PUBLISH_QUEUE_MAX: usize = 8 * 1024;

/// Bytes of the events that wait to be published: what a stalled Redis may cost this process.
pub const PUBLISH_QUEUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Events in one round trip of the publisher: beyond 64 a round takes longer and carries hardly more (measured).
pub const PIPELINE_EVENTS_MAX: usize = 64;

/// Events that were received and are not yet read: a reader further behind is faster served by the log.
pub const EVENTS_MAX: usize = 8 * 1024;

/// Bytes of the events that were received and are not yet read.
pub const EVENTS_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Orders to subscribe and unsubscribe that wait for the subscriber: more of them wait in their callers.
pub const ORDERS_MAX: usize = 1024;

/// Channels in one SUBSCRIBE after a reconnection: one command of about 60 KiB, so that Redis is never held long.
pub const RESUBSCRIBE_CHANNELS_MAX: usize = 1024;

/// Connections for request/response commands: `/readyz` and the leases ask seldom.
pub const POOL_CONNECTIONS_MAX: u32 = 4;

/// How long to wait for a connection to Redis.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long to wait for an answer of Redis: far above its slowest honest answer, below a person's patience.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// How often a silent subscription is checked: a peer that vanished without a word is found within this time and
/// [`ANSWER_TIMEOUT`].
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(5);

/// The first wait before connecting again; each further one is twice as long.
pub const BACKOFF_MIN: Duration = Duration::from_millis(50);

/// The longest wait before connecting again: nodes catch up within five seconds after Redis is back.
pub const BACKOFF_MAX: Duration = Duration::from_secs(2);

/// The least time between two notices that events of this node are missing: each makes every node read its logs.
pub const LOSS_NOTICE_INTERVAL: Duration = Duration::from_secs(1);
