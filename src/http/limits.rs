//! The limits of the HTTP edge, each with its reason. Those that an operator may set stand in the settings.

use std::time::Duration;

/// Bytes of a JSON body: the longest persona and greeting fit several times over.
pub const JSON_BYTES_MAX: usize = 64 * 1024;

/// Bytes of a body of `/v1`: the engine takes a prompt of one mebibyte, which JSON may write twice as long.
pub const API_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Texts that are embedded by one request of `/v1`: some seconds of work.
pub const API_EMBED_TEXTS_MAX: usize = 256;

/// Public twins of others in the list of models: more would be no list that a person reads.
pub const API_PUBLIC_TWINS_MAX: u32 = 100;

/// Days that an API key may be made to last: who wants more makes one that never expires.
pub const KEY_DAYS_MAX: i64 = 3_650;

/// Bytes that a multipart body may have beyond its file: boundaries and the headers of one part.
pub const MULTIPART_OVERHEAD_BYTES_MAX: usize = 16 * 1024;

/// Uploads that are read and embedded at once: each holds a file in memory.
pub const UPLOADS_AT_ONCE_MAX: usize = 4;

/// Exports of accounts at once: each has a thread of its own.
pub const EXPORTS_AT_ONCE_MAX: usize = 4;

/// Attachments that are received at once: each holds half a megabyte in memory at most, and a slow line takes its time.
pub const ATTACHMENTS_AT_ONCE_MAX: usize = 64;

/// How long an upload may take to arrive: 10 MiB in this time is a very slow line.
pub const UPLOAD_TIMEOUT: Duration = Duration::from_secs(120);

/// Imports of accounts at once: each has a process of its own, a file on the disk, and lists of some tens of megabytes in memory.
pub const IMPORTS_AT_ONCE_MAX: usize = 3;

/// How long the archive of an import may take to arrive: a quarter of a gigabyte over a slow line.
pub const IMPORT_UPLOAD_TIMEOUT: Duration = Duration::from_secs(900);

/// As [`REQUEST_TIMEOUT`], for an import: what it brings is checked, and what twins remember is embedded.
pub const IMPORT_TIMEOUT: Duration = Duration::from_secs(1_800);

/// Memories of an import that are embedded at once: enough to fill the model's batch.
pub const IMPORT_EMBED_BATCH: usize = 32;

/// People whom an import names: as many as a hundred full groups.
pub const IMPORT_PEOPLE_MAX: usize = 50_000;

/// How far the clock of where an import comes from may be before ours, in milliseconds: a day.
pub const IMPORT_AHEAD_MS_MAX: i64 = 24 * 60 * 60 * 1_000;

/// How long a request may take in all, body included: an upload of the most pieces on a busy machine stays below it,
/// and a client that sends a byte a minute does not hold a connection for ever.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);

/// Characters of a person's or a twin's name, and of a title: what fits a line of a screen.
pub const NAME_CHARS_MAX: usize = 100;

/// Characters of an e-mail address (RFC 5321).
pub const EMAIL_CHARS_MAX: usize = 254;

/// Characters of a persona: it stands in every prompt, and the default model reads 2,048 tokens in all.
pub const PERSONA_CHARS_MAX: usize = 4_000;

/// Characters of a greeting: it is shown whole above an empty conversation.
pub const GREETING_CHARS_MAX: usize = 2_000;

/// Characters of the reason in feedback: a page, more is a letter to the twin's owner.
pub const REASON_CHARS_MAX: usize = 2_000;

/// Characters of a language tag (RFC 5646, section 4.4.1).
pub const LANGUAGE_CHARS_MAX: usize = 35;

/// Members that a conversation may begin with, people and twins together; a room may have more.
pub const MEMBERS_MAX: usize = 50;

/// Browsers in which one person is told; and one webhook beside them.
pub const NOTIFICATION_PLACES_MAX: u64 = 20;
/// Characters of a topic: some lines above a conversation.
pub const TOPIC_CHARS_MAX: usize = 500;

/// People, bots and twins that one person blocks: the list is told whole, and kept by every client.
pub const BLOCKS_MAX: u64 = 1_000;

/// Seconds of the longest wait between two messages: six hours.
pub const SLOW_MODE_SECONDS_MAX: u32 = 21_600;

/// Characters of the note in a report: what there is to say about one message.
pub const NOTE_CHARS_MAX: usize = 1_000;

/// Reports of one person that nobody has resolved: who has more floods those who review.
pub const OPEN_REPORTS_MAX: u64 = 50;

/// Minutes of the longest mute that ends: a year.
pub const MUTE_MINUTES_MAX: u32 = 525_600;

/// Hours that an invitation is good when nothing is asked for: a week.
pub const INVITATION_HOURS_DEFAULT: u32 = 168;

/// Hours that an invitation may be good: a year.
pub const INVITATION_HOURS_MAX: u32 = 8_760;

/// Uses of one invitation: as many as a room may have members.
pub const INVITATION_USES_MAX: u32 = 1_000;

/// Entries of a page when nothing is asked for.
pub const PAGE_ENTRIES_DEFAULT: u32 = 50;

/// Entries of the longest page: an answer stays under a megabyte.
pub const PAGE_ENTRIES_MAX: u32 = 200;

/// Hits of a page when nothing is asked for: what a person looks through.
pub const SEARCH_HITS_DEFAULT: u32 = 20;

/// Characters of a request id that a client gives: a UUID is 36.
pub const REQUEST_ID_CHARS_MAX: usize = 64;

/// How long a check of `/readyz` may take, and how long its result is told again: probes come often, from anybody.
pub const READINESS_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the result of the checks is told again.
pub const READINESS_FRESH: Duration = Duration::from_secs(1);

/// Characters of what a twin is to remember: some sentences; more is a document.
pub const MEMORY_CHARS_MAX: usize = 1_000;
