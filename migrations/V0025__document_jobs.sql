-- A document is kept as it was uploaded, and read afterwards by one node: what a twin knows of it is there when it is ready.

ALTER TABLE documents ADD COLUMN state TEXT NOT NULL DEFAULT 'ready'
    CHECK (state IN ('processing', 'ready', 'failed'));
-- What it says; none where the file is that text, byte for byte.
ALTER TABLE documents ADD COLUMN text TEXT;
ALTER TABLE documents ADD COLUMN failure_code TEXT;
ALTER TABLE documents ADD COLUMN failure_message TEXT;
-- Rises with every claim; every write names it, and a write with an older one finds no row.
ALTER TABLE documents ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0;
CREATE INDEX documents_processing ON documents (lease_until) WHERE state = 'processing';
