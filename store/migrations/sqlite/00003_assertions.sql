-- +goose Up

ALTER TABLE clients ADD COLUMN jwks_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN assertion_audiences TEXT NOT NULL DEFAULT '[]';
ALTER TABLE clients ADD COLUMN max_assertion_lifetime INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN allow_assertions_without_jti BOOLEAN NOT NULL DEFAULT FALSE;

-- The secret itself, sealed; NULL where the client needs no more than its hash.
ALTER TABLE client_secrets ADD COLUMN sealed BLOB;
ALTER TABLE client_secrets ADD COLUMN sealed_by TEXT NOT NULL DEFAULT '';
CREATE INDEX client_secrets_by_master_key ON client_secrets (sealed_by) WHERE sealed_by <> '';

CREATE TABLE client_keys (
    id         TEXT      NOT NULL PRIMARY KEY,
    tenant_id  TEXT      NOT NULL,
    client_id  TEXT      NOT NULL,
    kid        TEXT      NOT NULL,
    alg        TEXT      NOT NULL,
    thumbprint TEXT      NOT NULL,
    jwk        TEXT      NOT NULL,
    source     TEXT      NOT NULL,
    subject    TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL,
    not_before TIMESTAMP,
    expires_at TIMESTAMP,
    UNIQUE (tenant_id, client_id, thumbprint),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);

-- What may be used once. Rows outlive their tenant and client: who makes them
-- anew does not make an assertion good again.
CREATE TABLE spent_assertions (
    tenant_id  TEXT      NOT NULL,
    digest     TEXT      NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, digest)
) WITHOUT ROWID;
CREATE INDEX spent_assertions_by_expiry ON spent_assertions (expires_at);

CREATE TABLE trusted_issuers (
    id                  TEXT      NOT NULL PRIMARY KEY,
    tenant_id           TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    issuer              TEXT      NOT NULL,
    name                TEXT      NOT NULL,
    name_fold           TEXT      NOT NULL,
    status              TEXT      NOT NULL,
    jwks_uri            TEXT      NOT NULL,
    jwks                TEXT      NOT NULL,
    audiences           TEXT      NOT NULL,
    signing_algs        TEXT      NOT NULL,
    max_lifetime        INTEGER   NOT NULL,
    reusable_assertions BOOLEAN   NOT NULL,
    version             INTEGER   NOT NULL,
    created_at          TIMESTAMP NOT NULL,
    updated_at          TIMESTAMP NOT NULL,
    UNIQUE (tenant_id, issuer)
);

-- A rule goes with the client and the user that it names.
CREATE TABLE trusted_issuer_rules (
    issuer_id TEXT    NOT NULL REFERENCES trusted_issuers (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    tenant_id TEXT    NOT NULL,
    client_id TEXT    NOT NULL,
    user_id   TEXT,
    subject   TEXT    NOT NULL,
    claims    TEXT    NOT NULL,
    scopes    TEXT,
    PRIMARY KEY (issuer_id, position),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX trusted_issuer_rules_by_client ON trusted_issuer_rules (tenant_id, client_id);
CREATE INDEX trusted_issuer_rules_by_user ON trusted_issuer_rules (tenant_id, user_id) WHERE user_id IS NOT NULL;
