-- +goose Up

-- Times are integers: microseconds since 1970, UTC. Columns named *_fold hold
-- the text in one letter case, for searches that ignore it.

CREATE TABLE tenants (
    id                        TEXT      NOT NULL PRIMARY KEY,
    slug                      TEXT      NOT NULL UNIQUE,
    name                      TEXT      NOT NULL,
    name_fold                 TEXT      NOT NULL,
    issuer                    TEXT      NOT NULL UNIQUE,
    dialects                  TEXT      NOT NULL,
    status                    TEXT      NOT NULL,
    access_token_lifetime     INTEGER   NOT NULL,
    max_access_token_lifetime INTEGER   NOT NULL,
    signing_alg               TEXT      NOT NULL,
    key_bits                  INTEGER   NOT NULL,
    version                   INTEGER   NOT NULL,
    created_at                TIMESTAMP NOT NULL,
    updated_at                TIMESTAMP NOT NULL
);

CREATE TABLE tenant_hosts (
    host      TEXT    NOT NULL PRIMARY KEY,
    tenant_id TEXT    NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL
);
CREATE INDEX tenant_hosts_by_tenant ON tenant_hosts (tenant_id, position);

CREATE TABLE apis (
    id                        TEXT      NOT NULL PRIMARY KEY,
    tenant_id                 TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    identifier                TEXT      NOT NULL,
    name                      TEXT      NOT NULL,
    name_fold                 TEXT      NOT NULL,
    scopes                    TEXT      NOT NULL,
    access_token_lifetime     INTEGER   NOT NULL,
    max_access_token_lifetime INTEGER   NOT NULL,
    signing_alg               TEXT      NOT NULL,
    shared_host               BOOLEAN   NOT NULL,
    version                   INTEGER   NOT NULL,
    created_at                TIMESTAMP NOT NULL,
    updated_at                TIMESTAMP NOT NULL,
    UNIQUE (tenant_id, identifier)
);
CREATE INDEX apis_by_audience ON apis (identifier) WHERE shared_host;

CREATE TABLE clients (
    tenant_id                  TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client_id                  TEXT      NOT NULL,
    name                       TEXT      NOT NULL,
    name_fold                  TEXT      NOT NULL,
    description                TEXT      NOT NULL,
    status                     TEXT      NOT NULL,
    grant_types                TEXT      NOT NULL,
    token_endpoint_auth_method TEXT      NOT NULL,
    apis                       TEXT      NOT NULL,
    resource_server_for        TEXT      NOT NULL,
    lifetimes                  TEXT      NOT NULL,
    access_token_lifetime      INTEGER   NOT NULL,
    max_access_token_lifetime  INTEGER   NOT NULL,
    expires_at                 TIMESTAMP,
    version                    INTEGER   NOT NULL,
    created_at                 TIMESTAMP NOT NULL,
    updated_at                 TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, client_id)
);
CREATE INDEX clients_by_client_id ON clients (client_id);

CREATE TABLE client_secrets (
    id         TEXT      NOT NULL PRIMARY KEY,
    tenant_id  TEXT      NOT NULL,
    client_id  TEXT      NOT NULL,
    hash       BLOB      NOT NULL,
    hint       TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX client_secrets_by_client ON client_secrets (tenant_id, client_id);

CREATE TABLE peppers (
    tenant_id TEXT NOT NULL PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    sealed    BLOB NOT NULL,
    sealed_by TEXT NOT NULL
);
CREATE INDEX peppers_by_master_key ON peppers (sealed_by);

CREATE TABLE key_sets (
    tenant_id TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    version   INTEGER NOT NULL
);

CREATE TABLE signing_keys (
    tenant_id    TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kid          TEXT      NOT NULL,
    alg          TEXT      NOT NULL,
    bits         INTEGER   NOT NULL,
    published_at TIMESTAMP NOT NULL,
    active_at    TIMESTAMP NOT NULL,
    retire_at    TIMESTAMP,
    remove_at    TIMESTAMP,
    revoked_at   TIMESTAMP,
    public       BLOB      NOT NULL,
    sealed       BLOB      NOT NULL,
    sealed_by    TEXT      NOT NULL,
    PRIMARY KEY (tenant_id, kid)
);
CREATE INDEX signing_keys_by_master_key ON signing_keys (sealed_by);

-- Outlives its tenant, as audit_events does.
CREATE TABLE first_uses (
    tenant_id     TEXT      NOT NULL,
    kid           TEXT      NOT NULL,
    client_id     TEXT      NOT NULL,
    audience      TEXT      NOT NULL,
    hour          TIMESTAMP NOT NULL,
    count         INTEGER   NOT NULL,
    latest_expiry TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, kid, client_id, audience, hour)
);

CREATE TABLE audit_events (
    id         TEXT      NOT NULL PRIMARY KEY,
    tenant_id  TEXT      NOT NULL,
    at         TIMESTAMP NOT NULL,
    actor      TEXT      NOT NULL,
    action     TEXT      NOT NULL,
    target     TEXT      NOT NULL,
    details    TEXT,
    request_id TEXT      NOT NULL,
    address    TEXT      NOT NULL
);
CREATE INDEX audit_events_by_tenant ON audit_events (tenant_id, id);

CREATE TABLE feed_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    n  INTEGER NOT NULL
);
INSERT INTO feed_head (id, n) VALUES (1, 0);

CREATE TABLE feed_events (
    n          INTEGER   NOT NULL PRIMARY KEY,
    tenant_id  TEXT      NOT NULL,
    kind       TEXT      NOT NULL,
    key        TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX feed_events_by_time ON feed_events (created_at);
