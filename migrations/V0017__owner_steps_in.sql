-- The owner of a twin steps in: watches, approves, and writes in its place.

-- Since when whoever talks with the twin can know that its owner may step in; none where the owner may not.
ALTER TABLE twins ADD COLUMN oversight_since BIGINT;

-- How far the twin writes on its own in this conversation; none where it does so altogether.
ALTER TABLE twin_policies ADD COLUMN mode TEXT;

-- Who wrote which part of a twin's message, as `t12o30`; none where its author wrote all of it.
ALTER TABLE messages ADD COLUMN authorship TEXT;

-- The owner who writes the rest of the reply.
ALTER TABLE reply_orders ADD COLUMN taken_by BYTEA;
-- The message, as JSON, that waits for the owner's word, in the state 'held'.
ALTER TABLE reply_orders ADD COLUMN held TEXT;
CREATE INDEX reply_orders_held ON reply_orders (twin_id, message_id) WHERE state = 'held';
