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
