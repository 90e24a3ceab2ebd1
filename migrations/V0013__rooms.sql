-- Rooms: who may do what, who is kept out, and by which links people come in.

-- 'direct' for a conversation of two that stays one; 'room' for one that others may join.
ALTER TABLE conversations ADD COLUMN kind TEXT NOT NULL DEFAULT 'room';
ALTER TABLE conversations ADD COLUMN topic TEXT;
-- The seq of the newest change of who takes part and as what: whoever decides by an older state is refused.
ALTER TABLE conversations ADD COLUMN members_seq BIGINT NOT NULL DEFAULT 0;
UPDATE conversations SET kind = 'direct' WHERE title IS NULL
    AND (SELECT COUNT(*) FROM members m WHERE m.conversation_id = conversations.id) = 2;

-- None for a twin.
ALTER TABLE members ADD COLUMN role TEXT;
ALTER TABLE members ADD COLUMN muted_until BIGINT;
UPDATE members SET role = CASE
    WHEN user_id = (SELECT c.created_by FROM conversations c WHERE c.id = members.conversation_id) THEN 'owner'
    ELSE 'member' END
    WHERE user_id IS NOT NULL;

CREATE TABLE bans (
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- No reference: the ban outlives who spoke it.
    banned_by BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX bans_user ON bans (user_id);

CREATE TABLE invitations (
    id BYTEA NOT NULL PRIMARY KEY,
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    created_by BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the code in the link.
    hash BYTEA NOT NULL UNIQUE,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    uses BIGINT NOT NULL DEFAULT 0,
    uses_max BIGINT NOT NULL
);
CREATE INDEX invitations_conversation ON invitations (conversation_id);
CREATE INDEX invitations_creator ON invitations (created_by);

-- The seq of the change that pinned it.
ALTER TABLE messages ADD COLUMN pinned_seq BIGINT;
CREATE INDEX messages_pinned ON messages (conversation_id, pinned_seq) WHERE pinned_seq IS NOT NULL;

-- Changes of rooms are about no message, and more kinds will come: the table is made anew without what forbids both.
CREATE TABLE changes_of_rooms (
    conversation_id BYTEA NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    author_kind TEXT NOT NULL,
    -- No reference: the change outlives its author.
    author_id BYTEA NOT NULL,
    author_name TEXT NOT NULL,
    client_id TEXT,
    kind TEXT NOT NULL,
    message_id BYTEA,
    -- Whose place is different: no reference, as for the author.
    member_kind TEXT,
    member_id BYTEA,
    member_name TEXT,
    -- An emoji, a role, a title or a topic.
    value TEXT,
    -- When a mute ends, in UTC milliseconds.
    until BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (author_id, client_id)
);
INSERT INTO changes_of_rooms
    (conversation_id, seq, author_kind, author_id, author_name, client_id, kind, message_id, value, created_at)
    SELECT conversation_id, seq, author_kind, author_id, author_name, client_id, kind, message_id, emoji, created_at FROM changes;
DROP TABLE changes;
ALTER TABLE changes_of_rooms RENAME TO changes;
CREATE INDEX changes_member ON changes (member_id) WHERE member_id IS NOT NULL;
