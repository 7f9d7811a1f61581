-- +goose Up

ALTER TABLE tenants ADD COLUMN refresh_token_idle_lifetime INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN refresh_token_lifetime INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN refresh_token_grace INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN refresh_token_idle_lifetime INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN refresh_token_lifetime INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN refresh_token_grace INTEGER NOT NULL DEFAULT 0;

-- Families refer to nothing that may be deleted: with a client go more of them
-- than one transaction can delete. refresh_cutoffs keeps them from working at
-- once, and the janitor deletes them by and by.
CREATE TABLE refresh_families (
    id         TEXT      NOT NULL PRIMARY KEY,
    tenant_id  TEXT      NOT NULL,
    client_id  TEXT      NOT NULL,
    user_id    TEXT      NOT NULL,
    grant_type TEXT      NOT NULL,
    audience   TEXT      NOT NULL,
    scopes     TEXT      NOT NULL,
    claims     TEXT      NOT NULL,
    epoch      INTEGER   NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);
CREATE INDEX refresh_families_by_client ON refresh_families (tenant_id, client_id, epoch);
CREATE INDEX refresh_families_by_user ON refresh_families (tenant_id, user_id, epoch);
CREATE INDEX refresh_families_by_expiry ON refresh_families (expires_at);

CREATE TABLE refresh_tokens (
    tenant_id   TEXT      NOT NULL,
    hash        BLOB      NOT NULL,
    family_id   TEXT      NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
    predecessor BLOB,
    created_at  TIMESTAMP NOT NULL,
    spent_at    TIMESTAMP,
    successor   BLOB,
    sealed      BLOB,
    PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

-- No family works whose epoch is below that of the row of its client, its user
-- or its tenant. An empty id stands for all of them.
CREATE TABLE refresh_cutoffs (
    tenant_id  TEXT      NOT NULL,
    client_id  TEXT      NOT NULL,
    user_id    TEXT      NOT NULL,
    epoch      INTEGER   NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, client_id, user_id)
);
