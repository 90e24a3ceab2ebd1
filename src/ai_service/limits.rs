//! The limits of inference services, each with its reason.

use std::time::Duration;

/// How long a connection may take to be made: services stand in one data centre.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// How long a service may take to say which models it has.
pub(super) const LOOK_WITHIN: Duration = Duration::from_secs(3);

/// How long a process that starts waits for the first of its services: a model on a slow disk takes its time.
pub const START_WITHIN: Duration = Duration::from_secs(60);

/// How often a service is asked how it is.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The first wait before one is asked again that is down; doubles up to [`LOOK_AGAIN_MAX`].
pub(super) const LOOK_AGAIN_MIN: Duration = Duration::from_millis(250);

/// The longest wait before one is asked again that is down.
pub(super) const LOOK_AGAIN_MAX: Duration = Duration::from_secs(10);

/// However many requests would like to know, a service is not asked more often than this.
pub(super) const LOOK_GAP: Duration = Duration::from_millis(100);

/// How long a request waits for a service to come back when none is up.
pub(super) const RECOVERY_WITHIN: Duration = Duration::from_secs(3);

/// Services that a request is given to, one after the other, without a token of any: what kills one should not kill all.
pub(super) const ATTEMPTS_MAX: usize = 3;

/// Requests of this process in one service: its own queue is fair, ours would not be.
pub(super) const REQUESTS_MAX: usize = 256;

/// Requests of this process in all services; past it they fail as `overloaded`.
pub(super) const REPLIES_MAX: usize = 1_024;

/// Requests that a service may have beyond the least busy one's before it no longer gets those whose beginnings it has computed.
pub(super) const STICKY_MAX: usize = 8;

/// Connections to one service that are kept although nobody uses them.
pub(super) const IDLE_CONNECTIONS_MAX: usize = 32;

/// How long such a connection is kept.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(20);

/// Bytes of a line of a stream: a token takes some hundred, an error some thousand.
pub(super) const LINE_BYTES_MAX: usize = 64 * 1024;

/// Bytes of a whole stream: the longest reply, some hundred bytes of JSON around each of its tokens.
pub(super) const STREAM_BYTES_MAX: usize = 64 << 20;

/// Bytes of a reply's text.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 20;

/// Bytes of a list of models, or of an answer that says what was wrong.
pub(super) const LIST_BYTES_MAX: usize = 1 << 20;

/// Bytes of a tokenizer: the largest vocabularies take some 20 MiB.
pub(super) const TOKENIZER_BYTES_MAX: usize = 64 << 20;

/// How long a tokenizer may take to come.
pub(super) const TOKENIZER_WITHIN: Duration = Duration::from_secs(30);

/// Bytes of an answer with vectors: 64 of 8,192 numbers.
pub(super) const VECTORS_BYTES_MAX: usize = 16 << 20;

/// How long a service may take to embed what a person waits for; a document's pieces have as long.
pub(super) const EMBED_WITHIN: Duration = Duration::from_secs(30);

/// Numbers of the widest vector believed.
pub(super) const DIMENSIONS_MAX: usize = 65_536;

/// Characters of what our own services say of a failure that are passed on.
pub(super) const REASON_CHARS_MAX: usize = 300;

/// Owners of prompts that a service has still to forget: past it, it must be restarted before it is asked for anything.
pub(super) const OWED_MAX: usize = 65_536;

/// How long a deletion waits for the services to forget; what they have not forgotten then they forget before their next request.
pub(super) const FORGET_WITHIN: Duration = Duration::from_secs(1);

/// Events that may wait between the services and the engine's thread.
pub(super) const EVENTS_MAX: usize = 1_024;

/// How long the engine's thread waits for an event before it looks whether a reply was stopped.
pub(super) const EVENT_WITHIN: Duration = Duration::from_millis(5);
