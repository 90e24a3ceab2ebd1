-- Replies: where each came from, and how long it took.

ALTER TABLE messages ADD COLUMN adapter TEXT;
ALTER TABLE messages ADD COLUMN first_text_ms BIGINT;
ALTER TABLE messages ADD COLUMN whole_ms BIGINT;
