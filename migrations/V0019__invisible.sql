-- Whether others are not told that the person is there.
ALTER TABLE users ADD COLUMN invisible BIGINT NOT NULL DEFAULT 0;
