-- +goose Up

-- The rows of a key are read page by page, newest hour first: without this each
-- page would sort all that the key has signed.
CREATE INDEX first_uses_by_hour ON first_uses (tenant_id, kid, hour DESC, client_id, audience);
