-- What people have begun to write: one text for each person in each conversation, on all their devices.

CREATE TABLE drafts (
    user_id BYTEA NOT NULL,
    conversation_id BYTEA NOT NULL,
    text TEXT NOT NULL,
    reply_to BYTEA,
    -- Rises with every change, also over a deletion: it is never less than the time of the change in milliseconds.
    revision BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, conversation_id),
    FOREIGN KEY (user_id, conversation_id) REFERENCES members (user_id, conversation_id) ON DELETE CASCADE
);
