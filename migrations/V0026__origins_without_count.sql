-- The reply itself says how many tokens its prompt had.
ALTER TABLE reply_origins DROP COLUMN prompt_tokens;
