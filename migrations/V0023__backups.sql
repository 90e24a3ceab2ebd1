-- Backups that were written: when the newest was, and the newest that is known to restore.

CREATE TABLE backups (
    -- The archive's file name, which it says of itself.
    name TEXT NOT NULL PRIMARY KEY,
    -- When its snapshot was taken.
    taken_at BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    -- When it was restored to look at; none before that.
    verified_at BIGINT
);
CREATE INDEX backups_newest ON backups (taken_at);
