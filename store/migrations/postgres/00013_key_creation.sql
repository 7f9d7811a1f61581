-- +goose Up

-- When a key was made: published_at is set back for the keys that sign at once.
-- The default is for nodes of the earlier version, until they are restarted.
ALTER TABLE signing_keys ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();
UPDATE signing_keys SET created_at = published_at;
