-- +goose Up

CREATE INDEX first_uses_by_expiry ON first_uses (latest_expiry);
