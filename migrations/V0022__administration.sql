-- Who runs the server, which accounts are closed, and what happened to accounts.

-- Whether the person may use the pages and routes of administration; only the command line grants it.
ALTER TABLE users ADD COLUMN is_admin BIGINT NOT NULL DEFAULT 0;
-- Since when nobody may log in to the account; none where everything is as usual.
ALTER TABLE users ADD COLUMN disabled_at BIGINT;
CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL;

-- What happened, in a chain: each row has the hash of the one before (storage/src/audit.rs). Rows are added, and the oldest are
-- forgotten; none is changed but for the address, which goes with the account.
CREATE TABLE audit (
    -- Gapless, from 1 on.
    number BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    action TEXT NOT NULL,
    -- No references: what happened outlives those whom it concerns.
    actor_id BYTEA,
    subject_id BYTEA,
    context_id BYTEA,
    -- The address and its salt are no part of the chain, so that they can be forgotten; the hash of both is.
    address TEXT,
    address_salt BYTEA,
    address_hash BYTEA,
    prev_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL
);
CREATE INDEX audit_actor ON audit (actor_id, number);
CREATE INDEX audit_subject ON audit (subject_id, number);

-- Both ends of the chain, in one row: who adds to the log locks it, so that of any number of processes one writes after the other.
CREATE TABLE audit_ends (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    -- The newest row; 0 and nothing when there was none yet.
    number BIGINT NOT NULL,
    hash BYTEA,
    -- The newest row that was forgotten; 0 and nothing when none was.
    forgotten_number BIGINT NOT NULL,
    forgotten_hash BYTEA
);
INSERT INTO audit_ends (one, number, forgotten_number) VALUES (1, 0, 0);
