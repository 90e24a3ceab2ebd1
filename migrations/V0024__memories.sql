-- Whom a twin may tell what it knows, what it remembers of people, and what each reply was built from.

-- Groups of people, as the owner of a twin names them: family, customers.
CREATE TABLE people_groups (
    id BYTEA NOT NULL PRIMARY KEY,
    owner_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (owner_id, name)
);
CREATE TABLE people_group_members (
    group_id BYTEA NOT NULL REFERENCES people_groups (id) ON DELETE CASCADE,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX people_group_members_user ON people_group_members (user_id);

-- 'owner', 'people' (named below), 'link' or 'public'. Until now everything was told to everybody who could ask.
ALTER TABLE documents ADD COLUMN audience TEXT NOT NULL DEFAULT 'owner';
UPDATE documents SET audience = 'public';
CREATE TABLE document_people (
    document_id BYTEA NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (document_id, user_id)
);
CREATE INDEX document_people_user ON document_people (user_id);
CREATE TABLE document_groups (
    document_id BYTEA NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    group_id BYTEA NOT NULL REFERENCES people_groups (id) ON DELETE CASCADE,
    PRIMARY KEY (document_id, group_id)
);
CREATE INDEX document_groups_group ON document_groups (group_id);

-- Rises with every change of what a twin remembers, apart from `revision`, so that its documents are not read again for that.
ALTER TABLE twins ADD COLUMN memories_revision BIGINT NOT NULL DEFAULT 0;

CREATE TABLE memories (
    id BYTEA NOT NULL PRIMARY KEY,
    twin_id BYTEA NOT NULL REFERENCES twins (id) ON DELETE CASCADE,
    -- Whom it is about: the twin's owner or who talks with the twin. It goes with the account.
    about_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- 'said', 'corrected' (said in place of something else) or 'written' (by the owner).
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    -- The embedding: 32-bit floats, little-endian.
    vector BYTEA NOT NULL,
    audience TEXT NOT NULL,
    -- Where it was said; none for what the owner wrote. It goes with the message.
    message_id BYTEA REFERENCES messages (message_id) ON DELETE CASCADE,
    -- Its place among what is remembered of the message.
    ordinal BIGINT NOT NULL,
    -- The memory in whose place it stands; that one counts again when this one goes.
    supersedes BYTEA REFERENCES memories (id) ON DELETE SET NULL,
    revision BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (twin_id, message_id, ordinal)
);
CREATE INDEX memories_about ON memories (about_id, id);
CREATE INDEX memories_message ON memories (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX memories_supersedes ON memories (supersedes) WHERE supersedes IS NOT NULL;

-- What a memory said before its owner changed it.
CREATE TABLE memory_versions (
    memory_id BYTEA NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
    revision BIGINT NOT NULL,
    text TEXT NOT NULL,
    vector BYTEA NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (memory_id, revision)
);
CREATE TABLE memory_people (
    memory_id BYTEA NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (memory_id, user_id)
);
CREATE INDEX memory_people_user ON memory_people (user_id);
CREATE TABLE memory_groups (
    memory_id BYTEA NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
    group_id BYTEA NOT NULL REFERENCES people_groups (id) ON DELETE CASCADE,
    PRIMARY KEY (memory_id, group_id)
);
CREATE INDEX memory_groups_group ON memory_groups (group_id);

-- Who a twin was, once for each of its descriptions.
CREATE TABLE twin_personas (
    twin_id BYTEA NOT NULL REFERENCES twins (id) ON DELETE CASCADE,
    -- SHA-256 of what follows.
    hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    persona TEXT NOT NULL,
    language TEXT NOT NULL,
    PRIMARY KEY (twin_id, hash)
);

-- What a reply was built from, beside its passages in message_sources.
CREATE TABLE reply_origins (
    message_id BYTEA NOT NULL PRIMARY KEY REFERENCES messages (message_id) ON DELETE CASCADE,
    twin_id BYTEA NOT NULL REFERENCES twins (id) ON DELETE CASCADE,
    persona_hash BYTEA NOT NULL,
    -- SHA-256 of the prompt.
    prompt_hash BYTEA NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    -- The 32 bits of the temperature.
    temperature_bits BIGINT NOT NULL,
    tokens_max BIGINT NOT NULL,
    -- Who could hear it, other than the twin's owner, when it was begun.
    listeners BIGINT NOT NULL
);
CREATE INDEX reply_origins_twin ON reply_origins (twin_id);
CREATE TABLE reply_turns (
    message_id BYTEA NOT NULL REFERENCES reply_origins (message_id) ON DELETE CASCADE,
    ordinal BIGINT NOT NULL,
    -- No reference: that the message was there stays true.
    turn_id BYTEA NOT NULL,
    PRIMARY KEY (message_id, ordinal)
);
CREATE TABLE reply_memories (
    message_id BYTEA NOT NULL REFERENCES reply_origins (message_id) ON DELETE CASCADE,
    ordinal BIGINT NOT NULL,
    memory_id BYTEA NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
    -- As it stood in the prompt.
    text TEXT NOT NULL,
    PRIMARY KEY (message_id, ordinal)
);
CREATE INDEX reply_memories_memory ON reply_memories (memory_id);
