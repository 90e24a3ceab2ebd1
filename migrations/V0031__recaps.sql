-- What twins keep of conversations that have grown long: rolling summaries, each made of the one before and what was said next.

CREATE TABLE recaps (
    id BYTEA NOT NULL PRIMARY KEY,
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    twin_id BYTEA NOT NULL REFERENCES twins (id) ON DELETE CASCADE,
    -- The root of the thread that it sums up; none for what stands in no thread.
    thread BYTEA,
    -- The first and the last message that it sums up. It goes when one of those between is edited or deleted.
    from_seq BIGINT NOT NULL,
    to_seq BIGINT NOT NULL,
    -- Empty: the twin's owner had it forgotten, and what was said up to here is not summed up again.
    text TEXT NOT NULL,
    model TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX recaps_newest ON recaps (conversation_id, twin_id, to_seq);
CREATE INDEX recaps_twin ON recaps (twin_id, id);

-- The recap that stood in the prompt of a reply.
ALTER TABLE reply_origins ADD COLUMN recap_id BYTEA REFERENCES recaps (id) ON DELETE SET NULL;
CREATE INDEX reply_origins_recap ON reply_origins (recap_id) WHERE recap_id IS NOT NULL;

ALTER TABLE receipts ADD COLUMN recaps BIGINT NOT NULL DEFAULT 0;
