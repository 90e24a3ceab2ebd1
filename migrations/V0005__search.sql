-- Which words stand in which messages. The rows follow the log, and the log says what is true: what has no row is read from it.

CREATE TABLE search_blocks (
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    -- 256 entries of the log: block 0 begins with seq 1.
    block BIGINT NOT NULL,
    -- How many of its entries the row knows, from the first on.
    entries BIGINT NOT NULL,
    -- When its messages were committed; both 0 when it has none.
    oldest_at BIGINT NOT NULL,
    newest_at BIGINT NOT NULL,
    -- Numbers of words, never the words themselves (storage/src/search/block.rs).
    filter BYTEA NOT NULL,
    hits BYTEA NOT NULL,
    PRIMARY KEY (conversation_id, block)
);
