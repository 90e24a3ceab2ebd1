-- Notifications: what people have not seen, where they are told of it, and how loud each room is for them.

-- How far the log has been looked through for what people have not seen.
ALTER TABLE conversations ADD COLUMN noticed_seq BIGINT NOT NULL DEFAULT 0;
UPDATE conversations SET noticed_seq = last_seq;

-- What of this conversation the person is told: 'all', 'mentions' or 'none'; without it, what the person is told of all.
ALTER TABLE members ADD COLUMN notify TEXT;

CREATE TABLE notification_settings (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- What of conversations that say nothing else the person is told.
    notify TEXT,
    -- Minutes after midnight in the time zone, between which nothing is sent.
    quiet_from BIGINT,
    quiet_until BIGINT,
    time_zone TEXT,
    -- Whether what is sent may name who and where.
    names_shown BIGINT NOT NULL DEFAULT 0
);

-- What a person has not seen: no texts, which stay in the log and go with it.
CREATE TABLE notifications (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, conversation_id, seq),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
);
CREATE INDEX notifications_newest ON notifications (user_id, id);
CREATE INDEX notifications_message ON notifications (conversation_id, seq);
CREATE INDEX notifications_age ON notifications (created_at);

-- Where a person is told: browsers that take web push, and a webhook. What is to be sent is one mark on the row, so that what
-- comes in the meantime is told with it.
CREATE TABLE notification_targets (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    -- The browser's public key; none for a webhook.
    public_key BYTEA,
    -- The secret that the browser shares with us, or the key that a webhook's calls are signed with.
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    -- When to send next; none when there is nothing to send.
    due_at BIGINT,
    -- Counts what made it due, so that what comes while something is sent is not taken for sent.
    marks BIGINT NOT NULL DEFAULT 0,
    -- The newest notification that was told.
    told BYTEA,
    told_at BIGINT,
    -- Times in a row that it failed.
    failures BIGINT NOT NULL DEFAULT 0,
    -- Rises with every claim; every write names it, and a write with an older one finds no row.
    epoch BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT NOT NULL DEFAULT 0,
    UNIQUE (user_id, kind, url)
);
CREATE INDEX notification_targets_due ON notification_targets (due_at) WHERE due_at IS NOT NULL;
