-- +goose Up

-- Text that lists are sorted by has the collation "C", so that they are sorted
-- as on SQLite. Constraints are named after the column that must be unique, as
-- SQLite names it in its errors. Columns named *_fold hold the text in one
-- letter case, for searches that ignore it.

CREATE TABLE tenants (
    id                        text COLLATE "C" NOT NULL CONSTRAINT "tenants.id" PRIMARY KEY,
    slug                      text COLLATE "C" NOT NULL CONSTRAINT "tenants.slug" UNIQUE,
    name                      text             NOT NULL,
    name_fold                 text COLLATE "C" NOT NULL,
    issuer                    text COLLATE "C" NOT NULL CONSTRAINT "tenants.issuer" UNIQUE,
    dialects                  text             NOT NULL,
    status                    text             NOT NULL,
    access_token_lifetime     bigint           NOT NULL,
    max_access_token_lifetime bigint           NOT NULL,
    signing_alg               text             NOT NULL,
    key_bits                  bigint           NOT NULL,
    version                   bigint           NOT NULL,
    created_at                timestamptz      NOT NULL,
    updated_at                timestamptz      NOT NULL
);

CREATE TABLE tenant_hosts (
    host      text COLLATE "C" NOT NULL CONSTRAINT "tenant_hosts.host" PRIMARY KEY,
    tenant_id text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    position  bigint           NOT NULL
);
CREATE INDEX tenant_hosts_by_tenant ON tenant_hosts (tenant_id, position);

CREATE TABLE apis (
    id                        text COLLATE "C" NOT NULL CONSTRAINT "apis.id" PRIMARY KEY,
    tenant_id                 text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    identifier                text COLLATE "C" NOT NULL,
    name                      text             NOT NULL,
    name_fold                 text COLLATE "C" NOT NULL,
    scopes                    text             NOT NULL,
    access_token_lifetime     bigint           NOT NULL,
    max_access_token_lifetime bigint           NOT NULL,
    signing_alg               text             NOT NULL,
    shared_host               boolean          NOT NULL,
    version                   bigint           NOT NULL,
    created_at                timestamptz      NOT NULL,
    updated_at                timestamptz      NOT NULL,
    CONSTRAINT "apis.identifier" UNIQUE (tenant_id, identifier)
);
CREATE INDEX apis_by_audience ON apis (identifier) WHERE shared_host;

CREATE TABLE clients (
    tenant_id                  text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client_id                  text COLLATE "C" NOT NULL,
    name                       text             NOT NULL,
    name_fold                  text COLLATE "C" NOT NULL,
    description                text             NOT NULL,
    status                     text             NOT NULL,
    grant_types                text             NOT NULL,
    token_endpoint_auth_method text             NOT NULL,
    apis                       text             NOT NULL,
    resource_server_for        text             NOT NULL,
    lifetimes                  text             NOT NULL,
    access_token_lifetime      bigint           NOT NULL,
    max_access_token_lifetime  bigint           NOT NULL,
    expires_at                 timestamptz,
    version                    bigint           NOT NULL,
    created_at                 timestamptz      NOT NULL,
    updated_at                 timestamptz      NOT NULL,
    CONSTRAINT "clients.client_id" PRIMARY KEY (tenant_id, client_id)
);
CREATE INDEX clients_by_client_id ON clients (client_id);

CREATE TABLE client_secrets (
    id         text COLLATE "C" NOT NULL CONSTRAINT "client_secrets.id" PRIMARY KEY,
    tenant_id  text COLLATE "C" NOT NULL,
    client_id  text COLLATE "C" NOT NULL,
    hash       bytea            NOT NULL,
    hint       text             NOT NULL,
    created_at timestamptz      NOT NULL,
    expires_at timestamptz,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX client_secrets_by_client ON client_secrets (tenant_id, client_id);

CREATE TABLE peppers (
    tenant_id text COLLATE "C" NOT NULL CONSTRAINT "peppers.tenant_id" PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    sealed    bytea            NOT NULL,
    sealed_by text             NOT NULL
);
CREATE INDEX peppers_by_master_key ON peppers (sealed_by);

CREATE TABLE key_sets (
    tenant_id text COLLATE "C" NOT NULL CONSTRAINT "key_sets.tenant_id" PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    version   bigint           NOT NULL
);

CREATE TABLE signing_keys (
    tenant_id    text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kid          text COLLATE "C" NOT NULL,
    alg          text             NOT NULL,
    bits         bigint           NOT NULL,
    published_at timestamptz      NOT NULL,
    active_at    timestamptz      NOT NULL,
    retire_at    timestamptz,
    remove_at    timestamptz,
    revoked_at   timestamptz,
    public       bytea            NOT NULL,
    sealed       bytea            NOT NULL,
    sealed_by    text             NOT NULL,
    CONSTRAINT "signing_keys.kid" PRIMARY KEY (tenant_id, kid)
);
CREATE INDEX signing_keys_by_master_key ON signing_keys (sealed_by);

-- Outlives its tenant, as audit_events does.
CREATE TABLE first_uses (
    tenant_id     text COLLATE "C" NOT NULL,
    kid           text COLLATE "C" NOT NULL,
    client_id     text COLLATE "C" NOT NULL,
    audience      text COLLATE "C" NOT NULL,
    hour          timestamptz      NOT NULL,
    count         bigint           NOT NULL,
    latest_expiry timestamptz      NOT NULL,
    CONSTRAINT "first_uses.hour" PRIMARY KEY (tenant_id, kid, client_id, audience, hour)
);

CREATE TABLE audit_events (
    id         text COLLATE "C" NOT NULL CONSTRAINT "audit_events.id" PRIMARY KEY,
    tenant_id  text COLLATE "C" NOT NULL,
    at         timestamptz      NOT NULL,
    actor      text             NOT NULL,
    action     text             NOT NULL,
    target     text             NOT NULL,
    details    text,
    request_id text             NOT NULL,
    address    text             NOT NULL
);
CREATE INDEX audit_events_by_tenant ON audit_events (tenant_id, id);

CREATE TABLE feed_head (
    id bigint NOT NULL CONSTRAINT "feed_head.id" PRIMARY KEY CHECK (id = 1),
    n  bigint NOT NULL
);
INSERT INTO feed_head (id, n) VALUES (1, 0);

CREATE TABLE feed_events (
    n          bigint           NOT NULL CONSTRAINT "feed_events.n" PRIMARY KEY,
    tenant_id  text COLLATE "C" NOT NULL,
    kind       text             NOT NULL,
    key        text             NOT NULL,
    created_at timestamptz      NOT NULL
);
CREATE INDEX feed_events_by_time ON feed_events (created_at);
