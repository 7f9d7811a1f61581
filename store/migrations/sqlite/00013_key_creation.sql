-- +goose Up

-- When a key was made: published_at is set back for the keys that sign at once.
ALTER TABLE signing_keys ADD COLUMN created_at TIMESTAMP NOT NULL DEFAULT 0;
UPDATE signing_keys SET created_at = published_at;
