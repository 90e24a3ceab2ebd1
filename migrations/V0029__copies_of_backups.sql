-- Backups that are copied away: when their copying began last, and when it was done.

ALTER TABLE backups ADD COLUMN copy_begun_at BIGINT;
ALTER TABLE backups ADD COLUMN copied_at BIGINT;
