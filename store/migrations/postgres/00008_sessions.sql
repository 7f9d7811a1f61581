-- +goose Up

ALTER TABLE tenants ADD COLUMN brand_color text NOT NULL DEFAULT '';
ALTER TABLE tenants ADD COLUMN background_color text NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN allowed_origins text NOT NULL DEFAULT '[]';

-- A browser in which a user is signed in. Its cookie is not here, only a keyed
-- hash of it.
CREATE TABLE sessions (
    id         text COLLATE "C" NOT NULL CONSTRAINT "sessions.id" PRIMARY KEY,
    tenant_id  text COLLATE "C" NOT NULL,
    user_id    text COLLATE "C" NOT NULL,
    hash       bytea            NOT NULL,
    address    text             NOT NULL,
    user_agent text             NOT NULL,
    created_at timestamptz      NOT NULL,
    seen_at    timestamptz      NOT NULL,
    expires_at timestamptz      NOT NULL,
    CONSTRAINT "sessions.hash" UNIQUE (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (tenant_id, user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Proofs of the session exchange that were used: each works once.
CREATE TABLE spent_proofs (
    tenant_id  text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    hash       bytea            NOT NULL,
    expires_at timestamptz      NOT NULL,
    CONSTRAINT "spent_proofs.hash" PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX spent_proofs_by_expiry ON spent_proofs (expires_at);

CREATE TABLE device_codes (
    id             text COLLATE "C" NOT NULL CONSTRAINT "device_codes.id" PRIMARY KEY,
    tenant_id      text COLLATE "C" NOT NULL,
    client_id      text COLLATE "C" NOT NULL,
    hash           bytea            NOT NULL,
    user_code_hash bytea            NOT NULL,
    audience       text             NOT NULL,
    scopes         text             NOT NULL,
    status         text             NOT NULL,
    session_id     text COLLATE "C" NOT NULL,
    user_id        text COLLATE "C" NOT NULL,
    signed_in_at   timestamptz,
    wait           bigint           NOT NULL,
    polled_at      timestamptz,
    created_at     timestamptz      NOT NULL,
    expires_at     timestamptz      NOT NULL,
    CONSTRAINT "device_codes.hash" UNIQUE (tenant_id, hash),
    CONSTRAINT "device_codes.user_code_hash" UNIQUE (tenant_id, user_code_hash),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);

-- Wrong user codes of a session or an address.
CREATE TABLE device_guesses (
    tenant_id  text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    source     text COLLATE "C" NOT NULL,
    failures   bigint           NOT NULL,
    updated_at timestamptz      NOT NULL,
    CONSTRAINT "device_guesses.source" PRIMARY KEY (tenant_id, source)
);
CREATE INDEX device_guesses_by_time ON device_guesses (updated_at);
