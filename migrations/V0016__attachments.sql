-- Attachments: files that people and bots upload, and then send with a message.

-- Every file that was begun, so that none is left on the disk when a process dies: a row is written before the file, and goes
-- after it.
CREATE TABLE attachment_files (
    file_key TEXT NOT NULL PRIMARY KEY,
    -- 1 while an attachment has the file; without one it is deleted.
    kept BIGINT NOT NULL DEFAULT 0,
    -- When the file was begun; 0 when it is let go.
    noted_at BIGINT NOT NULL
);
CREATE INDEX attachment_files_loose ON attachment_files (noted_at) WHERE kept = 0;

CREATE TABLE attachments (
    id BYTEA NOT NULL PRIMARY KEY,
    -- Who uploaded it; only the same may send it.
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The message that it was sent with, and its place there; none before that.
    conversation_id BYTEA,
    seq BIGINT,
    ordinal BIGINT,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    width BIGINT,
    height BIGINT,
    -- How a text file begins, for twins that are shown it.
    excerpt TEXT,
    file_key TEXT NOT NULL UNIQUE REFERENCES attachment_files (file_key),
    created_at BIGINT NOT NULL,
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
);
CREATE INDEX attachments_message ON attachments (conversation_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX attachments_user ON attachments (user_id);
CREATE INDEX attachments_unsent ON attachments (created_at) WHERE seq IS NULL;

-- Whether a look for attachments may find some.
ALTER TABLE messages ADD COLUMN attached BIGINT NOT NULL DEFAULT 0;
