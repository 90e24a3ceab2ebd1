//! The limits of the wire, each with its reason.

/// Bytes of one WebSocket frame from a client, and of one message joined from fragments: the longest text with its
/// envelope fits four times over, and a connection can never hold more than this in its decoder. What the server sends
/// may be longer: a reply with its sources.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Bytes of UTF-8 in one message's text: about eight printed pages, more is a document and belongs in an upload.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Nested arrays and maps in one frame, its own map counted: our deepest frame needs three, and an unlimited decoder
/// overflows its stack.
pub const DEPTH_MAX: usize = 64;

/// Files that belong to one message: as many as a screen shows beside each other.
pub const ATTACHMENTS_MAX: usize = 10;

/// Bytes of a client's own id for a message: a UUID is 36, and the id is kept for ever.
pub const CLIENT_ID_BYTES_MAX: usize = 64;

/// Bytes of a request's `ref`: it is echoed, never kept.
pub const REF_BYTES_MAX: usize = 64;

/// Bytes of what a broadcast carries: it goes to everybody who follows, many times a second.
pub const BROADCAST_BYTES_MAX: usize = 4 * 1024;

/// Bytes of the name of a broadcast's event: a word, not a message.
pub const EVENT_NAME_BYTES_MAX: usize = 64;

/// Bytes of an emoji beside a message: the longest of Unicode, a family of four with their skins, has 41; a short name such as
/// `:wave:` is an emoji too.
pub const EMOJI_BYTES_MAX: usize = 64;

/// Bytes of an access token: ours are under 400, and a proxy's header limit is 8 KiB.
pub const TOKEN_BYTES_MAX: usize = 4 * 1024;

/// Conversations that one connection may follow at once: each costs the connection's node a list entry, and a
/// `resume` that names them all must fit a frame.
pub const SUBSCRIPTIONS_MAX: usize = 500;

/// The highest `seq` that a client may name: what every JSON reader holds exactly, in particular a browser's.
pub const SEQ_MAX: u64 = (1 << 53) - 1;

/// The highest seed of a reply: what every JSON reader holds exactly.
pub const SEED_MAX: u64 = (1 << 53) - 1;

/// Characters of the explanation in an error about a frame: it may quote the frame, which may be long.
pub const EXPLANATION_CHARS_MAX: usize = 300;
