-- Changes of messages: entries of the log, beside the messages, that share their numbers.

ALTER TABLE messages ADD COLUMN edited_at BIGINT;
ALTER TABLE messages ADD COLUMN deleted_at BIGINT;
-- Whether a look for reactions may find some.
ALTER TABLE messages ADD COLUMN reacted BIGINT NOT NULL DEFAULT 0;

CREATE TABLE changes (
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    -- No reference: the change outlives its author.
    author_id BYTEA NOT NULL,
    author_name TEXT NOT NULL,
    client_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('edited', 'deleted', 'reacted', 'unreacted')),
    message_id BYTEA NOT NULL,
    emoji TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (author_id, client_id)
);

-- The texts of a message that was edited; they go when it is deleted.
CREATE TABLE message_versions (
    conversation_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    -- The seq of the edit; 0 for the text that was sent.
    changed_seq BIGINT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq, changed_seq),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
);

CREATE TABLE reactions (
    conversation_id BYTEA NOT NULL,
    -- The message's.
    seq BIGINT NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    emoji TEXT NOT NULL,
    -- The seq of the change, by which reactions stand in their order.
    changed_seq BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq, user_id, emoji),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
);
CREATE INDEX reactions_user ON reactions (user_id);
