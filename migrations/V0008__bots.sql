-- Bots: programs that take part like people. Each has a row among them, without a way to log in, and the hash of its token.

ALTER TABLE users ALTER COLUMN email DROP NOT NULL;
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;
-- Whose bot it is; none for a person.
ALTER TABLE users ADD COLUMN owner_id BYTEA REFERENCES users (id) ON DELETE CASCADE;
CREATE INDEX users_owner ON users (owner_id) WHERE owner_id IS NOT NULL;

CREATE TABLE bot_tokens (
    bot_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- How the token begins, so that the owner knows it again.
    prefix TEXT NOT NULL,
    -- SHA-256 of the token.
    hash BYTEA NOT NULL UNIQUE,
    last_used_at BIGINT
);

-- Bots write too: the column is made anew without what forbids it.
ALTER TABLE messages ADD COLUMN author_sort TEXT NOT NULL DEFAULT 'user';
UPDATE messages SET author_sort = author_kind WHERE author_kind <> 'user';
ALTER TABLE messages DROP COLUMN author_kind;
ALTER TABLE messages RENAME COLUMN author_sort TO author_kind;

ALTER TABLE changes ADD COLUMN author_kind TEXT NOT NULL DEFAULT 'user';
