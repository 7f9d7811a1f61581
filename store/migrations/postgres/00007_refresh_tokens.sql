-- +goose Up

ALTER TABLE tenants ADD COLUMN refresh_token_idle_lifetime bigint NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN refresh_token_lifetime bigint NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN refresh_token_grace bigint NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN refresh_token_idle_lifetime bigint NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN refresh_token_lifetime bigint NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN refresh_token_grace bigint NOT NULL DEFAULT 0;

-- Families refer to nothing that may be deleted: with a client go more of them
-- than one transaction can delete. refresh_cutoffs keeps them from working at
-- once, and the janitor deletes them by and by.
CREATE TABLE refresh_families (
    id          text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id   text COLLATE "C" NOT NULL,
    client_id   text COLLATE "C" NOT NULL,
    user_id     text COLLATE "C" NOT NULL,
    grant_type  text             NOT NULL,
    audience    text             NOT NULL,
    scopes      text             NOT NULL,
    claims      text             NOT NULL,
    epoch       bigint           NOT NULL,
    created_at  timestamptz      NOT NULL,
    expires_at  timestamptz      NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX refresh_families_by_client ON refresh_families (tenant_id, client_id, epoch);
CREATE INDEX refresh_families_by_user ON refresh_families (tenant_id, user_id, epoch);
CREATE INDEX refresh_families_by_expiry ON refresh_families (expires_at);

CREATE TABLE refresh_tokens (
    tenant_id   text COLLATE "C" NOT NULL,
    hash        bytea            NOT NULL,
    family_id   text COLLATE "C" NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
    predecessor bytea,
    created_at  timestamptz      NOT NULL,
    spent_at    timestamptz,
    successor   bytea,
    sealed      bytea,
    PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

-- No family works whose epoch is below that of the row of its client, its user
-- or its tenant. An empty id stands for all of them.
CREATE TABLE refresh_cutoffs (
    tenant_id   text COLLATE "C" NOT NULL,
    client_id   text COLLATE "C" NOT NULL,
    user_id     text COLLATE "C" NOT NULL,
    epoch       bigint           NOT NULL,
    created_at  timestamptz      NOT NULL,
    PRIMARY KEY (tenant_id, client_id, user_id)
);
