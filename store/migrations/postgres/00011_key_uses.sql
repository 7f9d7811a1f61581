-- +goose Up

ALTER TABLE client_keys ADD COLUMN last_used_at timestamptz;
