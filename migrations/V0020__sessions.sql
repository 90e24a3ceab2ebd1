-- What people see of their log-ins: from which program and system each came, in words, and when it was used last.
ALTER TABLE token_families ADD COLUMN program TEXT;
ALTER TABLE token_families ADD COLUMN system TEXT;
ALTER TABLE token_families ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
UPDATE token_families SET last_used_at = created_at;

-- The log-in that a browser subscribed with: it is told nothing any more when that is ended. None for a webhook. One that merely
-- runs out leaves the subscription.
ALTER TABLE notification_targets ADD COLUMN family_id BYTEA REFERENCES token_families (id) ON DELETE SET NULL;
CREATE INDEX notification_targets_family ON notification_targets (family_id) WHERE family_id IS NOT NULL;
