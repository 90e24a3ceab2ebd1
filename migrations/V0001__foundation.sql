-- People, twins and their documents, conversations and their logs, orders to reply.
-- One text serves PostgreSQL and SQLite: ids are 16 bytes, times are UTC milliseconds, flags are 0 or 1.

CREATE TABLE users (
    id BYTEA NOT NULL PRIMARY KEY,
    -- Folded to lower case by the program.
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A family is the chain of refresh tokens that began with one log-in. It is revoked here, in one row, so that a
-- rotation at the same moment cannot leave a valid successor behind.
CREATE TABLE token_families (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    revoked BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);
CREATE INDEX token_families_user ON token_families (user_id);

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token.
    hash BYTEA NOT NULL PRIMARY KEY,
    family_id BYTEA NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    successor_hash BYTEA
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE twins (
    id BYTEA NOT NULL PRIMARY KEY,
    owner_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    persona TEXT NOT NULL,
    greeting TEXT NOT NULL,
    language TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('private', 'link', 'public')),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- Rises with every change of the twin or of what it knows, so that twins that are awake read themselves anew.
    revision BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX twins_owner ON twins (owner_id);
CREATE INDEX twins_public ON twins (id) WHERE visibility = 'public';

CREATE TABLE documents (
    id BYTEA NOT NULL PRIMARY KEY,
    twin_id BYTEA NOT NULL REFERENCES twins (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    file_key TEXT NOT NULL UNIQUE,
    chunk_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (twin_id, sha256)
);

CREATE TABLE chunks (
    id BYTEA NOT NULL PRIMARY KEY,
    document_id BYTEA NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal BIGINT NOT NULL,
    section TEXT NOT NULL,
    text TEXT NOT NULL,
    -- The embedding: 32-bit floats, little-endian.
    vector BYTEA NOT NULL,
    UNIQUE (document_id, ordinal)
);

CREATE TABLE conversations (
    id BYTEA NOT NULL PRIMARY KEY,
    title TEXT,
    -- No reference: the conversation outlives the account.
    created_by BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    -- The newest message's seq; counted up in the transaction that inserts the message.
    last_seq BIGINT NOT NULL DEFAULT 0,
    active_at BIGINT NOT NULL
);

CREATE TABLE members (
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    user_id BYTEA REFERENCES users (id) ON DELETE CASCADE,
    twin_id BYTEA REFERENCES twins (id) ON DELETE CASCADE,
    joined_at BIGINT NOT NULL,
    read_seq BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, position),
    UNIQUE (user_id, conversation_id),
    UNIQUE (twin_id, conversation_id),
    CHECK ((user_id IS NULL) <> (twin_id IS NULL))
);

CREATE TABLE messages (
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    message_id BYTEA NOT NULL UNIQUE,
    author_kind TEXT NOT NULL CHECK (author_kind IN ('user', 'twin')),
    -- No reference: the message outlives its author.
    author_id BYTEA NOT NULL,
    author_name TEXT NOT NULL,
    -- The sender's own id: a message sent twice is stored once, for ever.
    client_id TEXT,
    text TEXT NOT NULL,
    reply_to BYTEA,
    created_at BIGINT NOT NULL,
    -- The rest belongs to replies of twins.
    prompt_tokens BIGINT,
    completion_tokens BIGINT,
    stop_reason TEXT CHECK (stop_reason IN ('end_of_turn', 'length', 'stopped', 'failed')),
    model TEXT,
    failure_code TEXT,
    failure_message TEXT,
    -- The 64 bits of the seed, as a signed number.
    seed BIGINT,
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (author_id, client_id)
);

-- Quotes under a twin's reply: rows of their own, so that they go when the document goes.
CREATE TABLE message_sources (
    conversation_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    document_id BYTEA NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    document TEXT NOT NULL,
    section TEXT NOT NULL,
    quote TEXT NOT NULL,
    -- The 32 bits of the score, a floating-point number, so that it comes back exactly.
    score_bits BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq, ordinal),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
);
CREATE INDEX message_sources_document ON message_sources (document_id);

CREATE TABLE reply_orders (
    -- The reply's id: the message has the same one when it is done.
    message_id BYTEA NOT NULL PRIMARY KEY,
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    twin_id BYTEA NOT NULL REFERENCES twins (id) ON DELETE CASCADE,
    reply_to BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done')),
    -- Rises with every claim; every write names it, and a write with an older one finds no row.
    epoch BIGINT NOT NULL DEFAULT 0,
    node_id BYTEA NOT NULL,
    lease_until BIGINT NOT NULL,
    -- The text so far; the message has it when the reply is done.
    text TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    UNIQUE (reply_to, twin_id)
);
CREATE INDEX reply_orders_twin ON reply_orders (twin_id);
CREATE INDEX reply_orders_open ON reply_orders (conversation_id) WHERE state <> 'done';
CREATE INDEX reply_orders_lease ON reply_orders (lease_until) WHERE state <> 'done';
