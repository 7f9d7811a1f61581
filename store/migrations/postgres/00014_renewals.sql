-- +goose Up

-- Of a family that a session began: it ends with that.
ALTER TABLE refresh_families ADD COLUMN session_id TEXT NOT NULL DEFAULT '';
