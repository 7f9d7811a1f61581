-- +goose Up

-- An order to rotate, which a pause of the schedule does not put off.
ALTER TABLE signing_keys ADD COLUMN ordered BOOLEAN NOT NULL DEFAULT FALSE;
