-- Threads: messages that belong to another one, the root.

ALTER TABLE messages ADD COLUMN thread BYTEA;
CREATE INDEX messages_thread ON messages (conversation_id, thread, seq) WHERE thread IS NOT NULL;
