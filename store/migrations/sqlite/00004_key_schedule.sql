-- +goose Up

-- When the scheduler has something to do for a tenant's keys; NULL: never. What
-- is there already is looked at once.
ALTER TABLE key_sets ADD COLUMN due_at TIMESTAMP;
UPDATE key_sets SET due_at = 0;
CREATE INDEX key_sets_by_due ON key_sets (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX signing_keys_by_activation ON signing_keys (active_at);

ALTER TABLE tenants ADD COLUMN rotation_period INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN rotation_paused BOOLEAN NOT NULL DEFAULT FALSE;
