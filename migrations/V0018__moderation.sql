-- Whom people do not wish to hear from, what rooms forbid, and what was reported.

CREATE TABLE blocks (
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- A person or a bot, or a twin.
    blocked_user BYTEA REFERENCES users (id) ON DELETE CASCADE,
    blocked_twin BYTEA REFERENCES twins (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, blocked_user),
    UNIQUE (user_id, blocked_twin),
    CHECK ((blocked_user IS NULL) <> (blocked_twin IS NULL))
);
CREATE INDEX blocks_of_user ON blocks (blocked_user) WHERE blocked_user IS NOT NULL;
CREATE INDEX blocks_of_twin ON blocks (blocked_twin) WHERE blocked_twin IS NOT NULL;

-- Rises when one of two blocks the other or no longer does, and with every change of a room's rules: together with members_seq it
-- says by what somebody was judged.
ALTER TABLE conversations ADD COLUMN rules_revision BIGINT NOT NULL DEFAULT 0;

CREATE TABLE room_rules (
    conversation_id BYTEA NOT NULL PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    -- The seq of the newest change of them.
    changed_seq BIGINT NOT NULL,
    -- 0 when nobody need wait between two messages.
    slow_mode_seconds BIGINT NOT NULL DEFAULT 0,
    -- What nobody may write: one a line.
    words TEXT NOT NULL DEFAULT ''
);

-- When somebody sent the last message in a room with slow mode; it outlives their place there.
CREATE TABLE last_sent (
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX last_sent_user ON last_sent (user_id);

-- What somebody thinks is out of place. The text is the message's: where that is gone, nothing is kept of it here.
CREATE TABLE reports (
    id BYTEA NOT NULL PRIMARY KEY,
    conversation_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    -- The twin that wrote the message, for its owner.
    twin_id BYTEA REFERENCES twins (id) ON DELETE SET NULL,
    reporter_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    note TEXT,
    created_at BIGINT NOT NULL,
    resolution TEXT,
    -- No reference: what was decided outlives who did.
    resolved_by BYTEA,
    resolved_at BIGINT,
    UNIQUE (conversation_id, seq, reporter_id),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
);
CREATE INDEX reports_conversation ON reports (conversation_id, id);
CREATE INDEX reports_twin ON reports (twin_id, id) WHERE twin_id IS NOT NULL;
CREATE INDEX reports_reporter ON reports (reporter_id);
