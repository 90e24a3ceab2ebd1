-- Other attempts at replies, what people think of them, and how far machines set each other off.

-- The first attempt at the same reply; none for the first itself.
ALTER TABLE messages ADD COLUMN variant_of BYTEA;
-- Another attempt is the one that counts.
ALTER TABLE messages ADD COLUMN superseded BIGINT NOT NULL DEFAULT 0;
CREATE INDEX messages_variants ON messages (variant_of) WHERE variant_of IS NOT NULL;

-- The person's message that a machine's message goes back to, how many machine's messages later it stands, and, where that
-- is worth telling, how many tokens are left for more and why there will be no more.
ALTER TABLE messages ADD COLUMN cause BYTEA;
ALTER TABLE messages ADD COLUMN hops BIGINT;
ALTER TABLE messages ADD COLUMN tokens_left BIGINT;
ALTER TABLE messages ADD COLUMN chain_ended TEXT;
CREATE INDEX messages_cause ON messages (cause) WHERE cause IS NOT NULL;

-- One question gets one first attempt of a twin, and may get more: the table is made anew, since SQLite drops no constraint.
CREATE TABLE reply_orders_with_attempts (
    -- The reply's id: the message has the same one when it is done.
    message_id BYTEA NOT NULL PRIMARY KEY,
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    twin_id BYTEA NOT NULL REFERENCES twins (id) ON DELETE CASCADE,
    reply_to BYTEA NOT NULL,
    -- 0 for the first.
    attempt BIGINT NOT NULL DEFAULT 0,
    -- The first attempt, for the others.
    variant_of BYTEA,
    -- What the reply says from the beginning: an attempt that goes on where another ended.
    beginning TEXT NOT NULL DEFAULT '',
    -- Those who reply to one message do so one after the other, in this order.
    turn BIGINT NOT NULL DEFAULT 0,
    -- The twin was not addressed: it answers if it knows, and says nothing otherwise.
    if_confident BIGINT NOT NULL DEFAULT 0,
    -- The person's message that it goes back to, how many machine's messages later it stands, and the tokens that it may have
    -- where those are fewer than a reply's.
    cause BYTEA,
    hops BIGINT NOT NULL DEFAULT 1,
    tokens_max BIGINT,
    -- 'pending', 'running' or 'done'; more will come.
    state TEXT NOT NULL,
    -- Rises with every claim; every write names it, and a write with an older one finds no row.
    epoch BIGINT NOT NULL DEFAULT 0,
    node_id BYTEA NOT NULL,
    lease_until BIGINT NOT NULL,
    -- The text so far; the message has it when the reply is done.
    text TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    UNIQUE (reply_to, twin_id, attempt)
);
INSERT INTO reply_orders_with_attempts
    (message_id, conversation_id, twin_id, reply_to, cause, state, epoch, node_id, lease_until, text, created_at)
    SELECT message_id, conversation_id, twin_id, reply_to, reply_to, state, epoch, node_id, lease_until, text, created_at
    FROM reply_orders;
DROP TABLE reply_orders;
ALTER TABLE reply_orders_with_attempts RENAME TO reply_orders;
CREATE INDEX reply_orders_twin ON reply_orders (twin_id);
CREATE INDEX reply_orders_open ON reply_orders (conversation_id) WHERE state <> 'done';
CREATE INDEX reply_orders_lease ON reply_orders (lease_until) WHERE state <> 'done';
CREATE INDEX reply_orders_cause ON reply_orders (cause);
CREATE INDEX reply_orders_variants ON reply_orders (variant_of) WHERE variant_of IS NOT NULL;

-- When a twin answers in a room; without a row, when it is addressed.
CREATE TABLE twin_policies (
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    twin_id BYTEA NOT NULL REFERENCES twins (id) ON DELETE CASCADE,
    policy TEXT NOT NULL,
    PRIMARY KEY (conversation_id, twin_id)
);
CREATE INDEX twin_policies_twin ON twin_policies (twin_id);

-- What people think of replies.
CREATE TABLE feedback (
    -- Another one each time that somebody says it anew: the newest are those with the highest.
    id BYTEA NOT NULL UNIQUE,
    conversation_id BYTEA NOT NULL,
    -- The reply's.
    seq BIGINT NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    twin_id BYTEA NOT NULL REFERENCES twins (id) ON DELETE CASCADE,
    rating TEXT NOT NULL,
    reason TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq, user_id),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
);
CREATE INDEX feedback_user ON feedback (user_id);
CREATE INDEX feedback_twin ON feedback (twin_id, id);
