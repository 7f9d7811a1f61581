-- +goose Up

ALTER TABLE tenants ADD COLUMN brand_color TEXT NOT NULL DEFAULT '';
ALTER TABLE tenants ADD COLUMN background_color TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN allowed_origins TEXT NOT NULL DEFAULT '[]';

-- A browser in which a user is signed in. Its cookie is not here, only a keyed
-- hash of it.
CREATE TABLE sessions (
    id         TEXT      NOT NULL PRIMARY KEY,
    tenant_id  TEXT      NOT NULL,
    user_id    TEXT      NOT NULL,
    hash       BLOB      NOT NULL,
    address    TEXT      NOT NULL,
    user_agent TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at    TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    UNIQUE (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (tenant_id, user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Proofs of the session exchange that were used: each works once.
CREATE TABLE spent_proofs (
    tenant_id  TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    hash       BLOB      NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX spent_proofs_by_expiry ON spent_proofs (expires_at);

CREATE TABLE device_codes (
    id             TEXT      NOT NULL PRIMARY KEY,
    tenant_id      TEXT      NOT NULL,
    client_id      TEXT      NOT NULL,
    hash           BLOB      NOT NULL,
    user_code_hash BLOB      NOT NULL,
    audience       TEXT      NOT NULL,
    scopes         TEXT      NOT NULL,
    status         TEXT      NOT NULL,
    session_id     TEXT      NOT NULL,
    user_id        TEXT      NOT NULL,
    signed_in_at   TIMESTAMP,
    wait           INTEGER   NOT NULL,
    polled_at      TIMESTAMP,
    created_at     TIMESTAMP NOT NULL,
    expires_at     TIMESTAMP NOT NULL,
    UNIQUE (tenant_id, hash),
    UNIQUE (tenant_id, user_code_hash),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);

-- Wrong user codes of a session or an address.
CREATE TABLE device_guesses (
    tenant_id  TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    source     TEXT      NOT NULL,
    failures   INTEGER   NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, source)
);
CREATE INDEX device_guesses_by_time ON device_guesses (updated_at);
