-- +goose Up

ALTER TABLE tenants ADD COLUMN excess_lifetime TEXT NOT NULL DEFAULT 'clamp';
ALTER TABLE apis ADD COLUMN token_format TEXT NOT NULL DEFAULT 'jwt';
ALTER TABLE apis ADD COLUMN claims TEXT NOT NULL DEFAULT '{}';
ALTER TABLE clients ADD COLUMN token_format TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN claims TEXT NOT NULL DEFAULT '{}';
ALTER TABLE clients ADD COLUMN last_used_at TIMESTAMP;
ALTER TABLE client_secrets ADD COLUMN last_used_at TIMESTAMP;
CREATE INDEX clients_by_expiry ON clients (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX client_secrets_by_expiry ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;

-- Access tokens that ended before their time: one by its jti, or all that a
-- client, a user or the tenant had at an instant.
CREATE TABLE revocations (
    tenant_id  TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind       TEXT      NOT NULL,
    key        TEXT      NOT NULL,
    not_before TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, kind, key)
);
CREATE INDEX revocations_by_expiry ON revocations (expires_at);

CREATE TABLE opaque_tokens (
    tenant_id  TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    hash       BLOB      NOT NULL,
    claims     BLOB      NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX opaque_tokens_by_expiry ON opaque_tokens (expires_at);

-- Who was warned that something ends: one row for each threshold.
CREATE TABLE expiry_warnings (
    tenant_id  TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind       TEXT      NOT NULL,
    thing      TEXT      NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    days       INTEGER   NOT NULL,
    PRIMARY KEY (tenant_id, kind, thing, expires_at, days)
);
CREATE INDEX expiry_warnings_by_expiry ON expiry_warnings (expires_at);
