-- What was forgotten on somebody's word: how much of what, never what it said.

CREATE TABLE receipts (
    id BYTEA NOT NULL PRIMARY KEY,
    -- Who had it forgotten. The receipts go with the account.
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    -- 'document', 'memory', 'memories' or 'twin'.
    kind TEXT NOT NULL,
    -- No references: these are gone, or may go.
    twin_id BYTEA,
    document_id BYTEA,
    memory_id BYTEA,
    about_id BYTEA,
    documents BIGINT NOT NULL,
    chunks BIGINT NOT NULL,
    vectors BIGINT NOT NULL,
    memories BIGINT NOT NULL,
    citations BIGINT NOT NULL,
    recollections BIGINT NOT NULL,
    held_replies BIGINT NOT NULL,
    files BIGINT NOT NULL,
    file_bytes BIGINT NOT NULL,
    -- SHA-256 of the file, where it was one.
    sha256 BYTEA,
    -- 1 when this node's engines had dropped what they had computed of it.
    prompts_dropped BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX receipts_user ON receipts (user_id, id);

-- Whether something was deleted of which the database's files may still have the bytes (storage/src/scrub.rs).
CREATE TABLE scrub (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    -- 0: no; 1: yes; 2: yes, and somebody is at it.
    due BIGINT NOT NULL
);
INSERT INTO scrub (one, due) VALUES (1, 0);
