-- Keys of programs: each opens the /v1 surface for its account, and nothing else. A revoked key has no row.

CREATE TABLE api_keys (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- How the key begins, so that its owner knows it again.
    prefix TEXT NOT NULL,
    -- SHA-256 of the key.
    hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX api_keys_user ON api_keys (user_id);
