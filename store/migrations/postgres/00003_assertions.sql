-- +goose Up

ALTER TABLE clients ADD COLUMN jwks_uri text NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN assertion_audiences text NOT NULL DEFAULT '[]';
ALTER TABLE clients ADD COLUMN max_assertion_lifetime bigint NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN allow_assertions_without_jti boolean NOT NULL DEFAULT FALSE;

-- The secret itself, sealed; NULL where the client needs no more than its hash.
ALTER TABLE client_secrets ADD COLUMN sealed bytea;
ALTER TABLE client_secrets ADD COLUMN sealed_by text NOT NULL DEFAULT '';
CREATE INDEX client_secrets_by_master_key ON client_secrets (sealed_by) WHERE sealed_by <> '';

CREATE TABLE client_keys (
    id         text COLLATE "C" NOT NULL CONSTRAINT "client_keys.id" PRIMARY KEY,
    tenant_id  text COLLATE "C" NOT NULL,
    client_id  text COLLATE "C" NOT NULL,
    kid        text COLLATE "C" NOT NULL,
    alg        text             NOT NULL,
    thumbprint text COLLATE "C" NOT NULL,
    jwk        text             NOT NULL,
    source     text             NOT NULL,
    subject    text             NOT NULL,
    created_at timestamptz      NOT NULL,
    not_before timestamptz,
    expires_at timestamptz,
    CONSTRAINT "client_keys.thumbprint" UNIQUE (tenant_id, client_id, thumbprint),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);

-- What may be used once. Rows outlive their tenant and client: who makes them
-- anew does not make an assertion good again.
CREATE TABLE spent_assertions (
    tenant_id  text COLLATE "C" NOT NULL,
    digest     text COLLATE "C" NOT NULL,
    expires_at timestamptz      NOT NULL,
    CONSTRAINT "spent_assertions.digest" PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX spent_assertions_by_expiry ON spent_assertions (expires_at);

CREATE TABLE trusted_issuers (
    id                  text COLLATE "C" NOT NULL CONSTRAINT "trusted_issuers.id" PRIMARY KEY,
    tenant_id           text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    issuer              text COLLATE "C" NOT NULL,
    name                text             NOT NULL,
    name_fold           text COLLATE "C" NOT NULL,
    status              text             NOT NULL,
    jwks_uri            text             NOT NULL,
    jwks                text             NOT NULL,
    audiences           text             NOT NULL,
    signing_algs        text             NOT NULL,
    max_lifetime        bigint           NOT NULL,
    reusable_assertions boolean          NOT NULL,
    version             bigint           NOT NULL,
    created_at          timestamptz      NOT NULL,
    updated_at          timestamptz      NOT NULL,
    CONSTRAINT "trusted_issuers.issuer" UNIQUE (tenant_id, issuer)
);

-- A rule goes with the client and the user that it names.
CREATE TABLE trusted_issuer_rules (
    issuer_id text COLLATE "C" NOT NULL REFERENCES trusted_issuers (id) ON DELETE CASCADE,
    position  bigint           NOT NULL,
    tenant_id text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    user_id   text COLLATE "C",
    subject   text             NOT NULL,
    claims    text             NOT NULL,
    scopes    text,
    CONSTRAINT "trusted_issuer_rules.position" PRIMARY KEY (issuer_id, position),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX trusted_issuer_rules_by_client ON trusted_issuer_rules (tenant_id, client_id);
CREATE INDEX trusted_issuer_rules_by_user ON trusted_issuer_rules (tenant_id, user_id) WHERE user_id IS NOT NULL;
