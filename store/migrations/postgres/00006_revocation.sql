-- +goose Up

ALTER TABLE tenants ADD COLUMN excess_lifetime text NOT NULL DEFAULT 'clamp';
ALTER TABLE apis ADD COLUMN token_format text NOT NULL DEFAULT 'jwt';
ALTER TABLE apis ADD COLUMN claims text NOT NULL DEFAULT '{}';
ALTER TABLE clients ADD COLUMN token_format text NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN claims text NOT NULL DEFAULT '{}';
ALTER TABLE clients ADD COLUMN last_used_at timestamptz;
ALTER TABLE client_secrets ADD COLUMN last_used_at timestamptz;
CREATE INDEX clients_by_expiry ON clients (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX client_secrets_by_expiry ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;

-- Access tokens that ended before their time: one by its jti, or all that a
-- client, a user or the tenant had at an instant.
CREATE TABLE revocations (
    tenant_id  text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind       text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL,
    not_before timestamptz      NOT NULL,
    expires_at timestamptz      NOT NULL,
    CONSTRAINT "revocations.key" PRIMARY KEY (tenant_id, kind, key)
);
CREATE INDEX revocations_by_expiry ON revocations (expires_at);

CREATE TABLE opaque_tokens (
    tenant_id  text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    hash       bytea            NOT NULL,
    claims     bytea            NOT NULL,
    expires_at timestamptz      NOT NULL,
    CONSTRAINT "opaque_tokens.hash" PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX opaque_tokens_by_expiry ON opaque_tokens (expires_at);

-- Who was warned that something ends: one row for each threshold.
CREATE TABLE expiry_warnings (
    tenant_id  text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind       text COLLATE "C" NOT NULL,
    thing      text COLLATE "C" NOT NULL,
    expires_at timestamptz      NOT NULL,
    days       bigint           NOT NULL,
    CONSTRAINT "expiry_warnings.thing" PRIMARY KEY (tenant_id, kind, thing, expires_at, days)
);
CREATE INDEX expiry_warnings_by_expiry ON expiry_warnings (expires_at);
