//! The limits of the actors, each with its reason.

use std::time::Duration;

/// Frames that may wait for one connection's socket: a reader further behind than this is cut off and resumes.
pub const OUTBOX_FRAMES_MAX: usize = 256;

/// Bytes that may wait for one connection's socket, so that a thousand stuck readers cost at most 1 GiB.
pub const OUTBOX_BYTES_MAX: usize = 1024 * 1024;

/// Bytes handed to the socket at a time: one system call's worth, so that frames that wait together leave together.
pub const OUTBOX_CHUNK_BYTES_MAX: usize = 32 * 1024;

/// Events that may wait for one worker thread's shard; past it the room is synchronised anew from the log.
pub const SHARD_MAILBOX_MAX: usize = 4_096;

/// Requests that may wait for one conversation; past it senders are told `overloaded`.
pub const CONVERSATION_MAILBOX_MAX: usize = 1_024;

/// Wake-ups and obituaries that may wait for the supervisor.
pub const SUPERVISOR_MAILBOX_MAX: usize = 4_096;

/// Replies that may wait for one twin; past it they fail as `overloaded`.
pub const TWIN_MAILBOX_MAX: usize = 64;

/// How soon a client comes back at the earliest when a node drains: another node should have its replies by then.
pub(crate) const RECONNECT_AFTER: Duration = Duration::from_millis(100);
/// For each connection of a node that drains its clients come back over this much more time: some 4,000 can resume in a second.
pub(crate) const RECONNECT_SPREAD_EACH: Duration = Duration::from_millis(1);
/// See [`RECONNECT_SPREAD_EACH`].
pub(crate) const RECONNECT_SPREAD_MIN: Duration = Duration::from_millis(400);
/// See [`RECONNECT_SPREAD_EACH`]: a person waits no longer.
pub(crate) const RECONNECT_SPREAD_MAX: Duration = Duration::from_secs(10);

/// Control messages (drain, resynchronise) that may wait for one connection.
pub const SESSION_MAILBOX_MAX: usize = 64;

/// Requests of one connection whose answers are still to come; past it they are answered `overloaded`.
pub const SESSION_REQUESTS_MAX: usize = 64;

/// Jobs that may come while an engine takes one step; it has a queue of its own, which is fair.
pub const ENGINE_QUEUE_MAX: usize = 64;

/// Jobs that an engine may have beyond the least busy one's before it no longer gets those whose beginnings it has computed: they
/// would wait longer than computing it anew takes.
pub const AFFINITY_JOBS_MAX: usize = 8;

/// Scopes of prompts of which the pool remembers which engine computed them: more than engines have room for.
pub const ROUTED_SCOPES_MAX: usize = 4_096;

/// Owners that an engine may have to forget before its next step: each is a deletion that somebody waits for.
pub const FORGET_QUEUE_MAX: usize = 256;

/// Twins in one event that tells the other nodes whom to forget: 16 KiB.
pub const FORGET_TWINS_MAX: usize = 1_024;

/// How long a deletion waits for the engines to forget: several steps. What they have not forgotten then they forget before
/// they do anything else.
pub const FORGET_WITHIN: Duration = Duration::from_secs(5);

/// Pieces of text that may wait between an engine and a conversation; past it they are joined, never dropped.
pub const GENERATION_EVENTS_MAX: usize = 256;

/// Texts in one call of the embedder.
pub const EMBED_TEXTS_MAX: usize = 64;

/// Log entries read at a time while a client catches up.
pub const CATCH_UP_PAGE: u32 = 100;

/// Log entries that may wait for an earlier one; past it the conversation reads the log instead.
pub const EARLY_ENTRIES_MAX: usize = 1_024;

/// Replies that a conversation may have running at once, here and on other nodes.
pub const RUNNING_REPLIES_MAX: usize = 64;

/// Twins that answer one message: each waits for those before it, and nobody reads more.
pub const REPLIES_TO_ONE_MAX: usize = 16;

/// Bytes of a reply's text, several times what the longest allowed reply in tokens gives.
pub const REPLY_BYTES_MAX: usize = 64 * 1024;

/// Log entries that a twin reads before it answers; the prompt's token budget then takes what fits.
pub const HISTORY_MESSAGES_MAX: u32 = 12;

/// Conversations that twins of one node sum up at once: nobody waits for it, and engines have others to serve.
pub const RECAPS_AT_ONCE_MAX: usize = 2;

/// How long summing up may take, all its steps together.
pub const RECAP_WITHIN: Duration = Duration::from_secs(300);

/// Steps that are made after one reply; where that is not enough, it goes on after the next.
pub const RECAP_STEPS_MAX: usize = 4;

/// Log entries that are summed up: who comes to a longer conversation begins with the newest of so many.
pub const RECAP_MESSAGES_MAX: u64 = 100;

/// Tokens of a recap.
pub const RECAP_TOKENS_MAX: u32 = 160;

/// A reply that a person waits for is refused its next step after this long.
pub const REPLY_DEADLINE: Duration = Duration::from_secs(300);

/// The same for one that nobody waits for, and which gives way to all others.
pub const BACKGROUND_DEADLINE: Duration = Duration::from_secs(3_600);

/// Calls of the embedder that may wait beside those in its worker's queue, of persons and of the background each.
pub const EMBED_WAITING_MAX: usize = 64;

/// How long a question waits to be embedded before it is answered `overloaded`.
pub const EMBED_DEADLINE: Duration = Duration::from_secs(30);

/// The same for the pieces of a document, which give way to questions.
pub const EMBED_BACKGROUND_DEADLINE: Duration = Duration::from_secs(600);

/// When texts may be embedded again that an embedder had no room for, in milliseconds: one call takes about that long.
pub(crate) const EMBED_RETRY_AFTER_MS: u64 = 1_000;

/// How often a reply's text so far is written down, so that another node can go on from it.
pub const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// How long a node may be silent before another takes its replies over.
pub const LEASE: Duration = Duration::from_secs(15);

/// How often a node looks for replies that were left unfinished.
pub const SWEEP_EVERY: Duration = Duration::from_secs(2);

/// How often a node looks how far the logs of its conversations go, where the bus may lose what tells it, and of how many at once.
pub const LOG_SWEEP_EVERY: Duration = Duration::from_secs(5);
/// See [`LOG_SWEEP_EVERY`].
pub const LOG_SWEEP_CONVERSATIONS: usize = 256;

/// How often a worker thread says who follows on it: many who come at once are told once.
pub const PRESENCE_EVERY: Duration = Duration::from_millis(500);

/// How often a node repeats for the others who is there.
pub const PRESENCE_REFRESH: Duration = Duration::from_secs(10);

/// After this long without a word from a node, its people are gone.
pub const PRESENCE_EXPIRES: Duration = Duration::from_secs(30);

/// Nodes whose people are counted in one conversation.
pub const PRESENCE_NODES_MAX: usize = 256;

/// The first wait before a crashed actor or engine is started again; doubles up to [`BACK_OFF_MAX`].
pub const BACK_OFF_MIN: Duration = Duration::from_millis(100);

/// The longest wait before a crashed actor or engine is started again.
pub const BACK_OFF_MAX: Duration = Duration::from_secs(10);

/// A child that lived this long has proved itself: its next crash starts at the first wait again.
pub const BACK_OFF_RESET: Duration = Duration::from_secs(60);

/// People and bots in one word to the other nodes about whose connections to look at: 4 KiB.
pub(crate) const CHECK_ACCESS_USERS_MAX: usize = 256;

/// How long to wait before a conversation is looked through again that could not be.
pub(crate) const NOTICE_AGAIN: Duration = Duration::from_secs(15);

/// How often it is written down that nobody has missed anything: what a node that dies has not, is told once more to those who
/// did not say that they had read it.
pub(crate) const NOTICED_WRITTEN_EVERY: Duration = Duration::from_secs(60);

/// How often is looked for conversations that nobody looked through: the database reads all of them for that.
pub(crate) const NOTICE_SWEEP_EVERY: Duration = Duration::from_secs(300);

/// How much longer than usual a conversation must have waited to be looked for: its own node is first.
pub(crate) const NOTICE_SWEEP_AFTER: Duration = Duration::from_secs(90);

/// How long ago the newest message may be: who has not looked for a day finds the count of unread messages.
pub(crate) const NOTICE_SWEEP_SINCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Conversations that are woken at once to be looked through; the rest wait for the next time.
pub(crate) const NOTICE_SWEEP_MAX: u32 = 256;
/// Messages of one conversation that wait until it is known who takes part: some of each of many connections.
pub const HELD_MESSAGES_MAX: usize = 2_048;

/// How long the owner of a twin may be silent who has taken a reply over, until it ends with what the twin said.
pub const TAKEN_OVER_FOR: Duration = Duration::from_secs(300);

/// How often who takes part is read again for one request. Each time somebody else has come or gone since the last reading, so
/// that as many must come and go, one after the other, before a request is refused as `unavailable`.
pub const MEMBERS_READS_MAX: u32 = 32;
