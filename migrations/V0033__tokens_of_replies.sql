-- The tokens that were drawn for a reply that is being written, four bytes each: another node goes on from them.

ALTER TABLE reply_orders ADD COLUMN tokens BYTEA;
