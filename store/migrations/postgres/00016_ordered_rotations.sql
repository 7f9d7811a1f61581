-- +goose Up

-- An order to rotate, which a pause of the schedule does not put off. The default
-- is for nodes of the earlier version, until they are restarted.
ALTER TABLE signing_keys ADD COLUMN ordered boolean NOT NULL DEFAULT false;
